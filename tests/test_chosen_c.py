"""The chosen C against an exhaustive search, whose fits and scores use no code of the package."""

import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from fuzzing.exact import LD, LOG_PROBA
from sklearn.model_selection import StratifiedKFold

from skneuron import NeuronClassifierCV

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
from benchmark_utils.path_tables import path_tables

CS = np.logspace(-3, 3, 7)
FOLDS = StratifiedKFold(3)
TABLES = path_tables(60)

# Step of differences of fourth order: in extended precision the slopes have 13 digits.
STEP = LD("1e-3")


def _losses(activation, y, z):
    low, high = LOG_PROBA[activation](z.astype(LD))
    return -np.where(y, high, low)


def _derivatives(activation, y, z):
    """Return loss, slope and curvature of each row, by differences in extended precision."""
    far, near, here, up, top = (_losses(activation, y, z + k * STEP) for k in (-2, -1, 0, 1, 2))
    slope = (8 * (up - near) - (top - far)) / (12 * STEP)
    curvature = (16 * (up + near) - (top + far) - 30 * here) / (12 * STEP**2)
    return here, slope, curvature


def _minimum(activation, X, y, weights, offset, C):
    """Return coefficients and intercept at the minimum, by damped Newton steps from zero."""
    center, scale = X.mean(axis=0), X.std(axis=0)
    scale = np.where(scale > 1e-9 * np.abs(center), scale, 1.0)
    A = np.column_stack([(X - center) / scale, np.ones(len(X))])
    share = weights / weights.sum()
    ridge = np.append(1 / (C * weights.sum() * scale**2), 0.0)
    v = np.zeros(A.shape[1])

    def value(v):
        return share @ _losses(activation, y, A @ v + offset) + ridge @ v**2 / 2

    current = value(v)
    for _ in range(200):
        _, slope, curvature = _derivatives(activation, y, A @ v + offset)
        gradient = (A.T @ (share * slope) + ridge * v).astype(float)
        hessian = (A.T * (share * curvature).astype(float)) @ A + np.diag(ridge)
        step = np.linalg.lstsq(hessian, gradient, rcond=1e-15)[0]
        if gradient @ step < 1e-22:
            break
        length = 1.0
        while (new := value(v - length * step)) > current and length > 1e-12:
            length /= 2
        v, current = v - length * step, new
    coef = v[:-1] / scale
    return coef, v[-1] - coef @ center


@pytest.mark.parametrize("name", TABLES)
def test_choices_and_scores_are_those_of_an_exhaustive_search(name):
    X, y, activation, arguments = TABLES[name]
    weights = arguments.get("sample_weight", np.ones(len(y)))
    offset = arguments.get("offset", np.zeros(len(y)))
    folds = list(FOLDS.split(X, y))
    scores, held_out = np.empty((len(folds), len(CS))), np.empty(len(folds))
    for i, (train, test) in enumerate(folds):
        held_out[i] = weights[test].sum()
        for j, C in enumerate(CS):
            fit = activation, X[train], y[train], weights[train], offset[train], C
            coef, intercept = _minimum(*fit)
            z = X[test] @ coef + intercept + offset[test]
            scores[i, j] = -np.average(_losses(activation, y[test], z), weights=weights[test])
    mean = held_out @ scores / held_out.sum()
    error = np.sqrt(held_out @ (scores - mean) ** 2 / held_out.sum() / (len(folds) - 1))
    best = int(mean.argmax())
    one_se = np.flatnonzero(mean >= mean[best] - error[best])[0]
    with warnings.catch_warnings():
        # Nearly collinear columns may stop the gap at the precision of float64.
        warnings.filterwarnings("ignore", message=".*converged, but the terms of w")
        search = NeuronClassifierCV(activation, Cs=CS, cv=folds).fit(X, y, **arguments)
    # A loss of 1000 with an error of 1e-6 has nine exact digits.
    np.testing.assert_allclose(search.scores_[:, 0], scores, rtol=1e-6, atol=1e-6)
    assert CS[best] == search.C_
    assert CS[one_se] == search.C_one_se_
