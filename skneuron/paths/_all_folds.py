"""The paths of all folds at once, where it pays."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.classifier import NeuronClassifier
from skneuron.fitting._callbacks import FoldTasks
from skneuron.fitting._fold_layer import FoldLayer, LayerFit, log_loss_of
from skneuron.paths._folds import FoldResult
from skneuron.paths._scores import Scorer
from skneuron.paths._spread_folds import SpreadFolds
from skneuron.validation import Samples, Settings

__all__ = ["solve_folds_at_once"]

# Number of samples for each feature from which on the fits of the folds are near each other: few
# features, for which the work of each fit takes the time, and many.
_SAMPLES_PER_FEATURE = {"few": 5, "many": 20}

# Number of features that are few.
_FEW = 50

# Number of features above which factors of the Hessian take longer than a pass.
_MAX_FEATURES = 500

# Number of elements that the fits of all folds may store beyond X: 128 MB.
_MAX_ELEMENTS = 2**24

# Largest C, without unit, up to which the penalty keeps the fits of the folds near each other.
_MAX_C = 1e6

# Relative gap of each fit by default: the default of Newton's method.
_GAP = 1e-18

# Relative gap of the start, a fit to all samples with the first C.
_GAP_OF_START = 1e-6


def solve_folds_at_once(
    neuron: NeuronClassifier,
    samples: Samples | SpreadFolds,
    folds: list[tuple[tuple[Any, Any], FoldTasks]],
    settings: list[Settings],
    Cs: FloatArray,
    scorer: Scorer | None,
) -> list[FoldResult] | None:
    """Return the paths of all folds, or None if they do not suit, or do not converge together.

    Parameters
    ----------
    neuron : NeuronClassifier
        Holds the parameters that all fits have in common.
    samples : Samples or SpreadFolds
    folds : list of ((train, test), FoldTasks)
    settings : list of Settings
        One per ``l1_ratio``.
    Cs : ndarray of shape (n_cs,)
    scorer : callable or None
    """
    one, loss = settings[0], log_loss_of(settings[0])
    pairs = [fold for fold, _ in folds]
    plain = len(settings) == 1 and one.l1_ratio == 0 and one.solver is None and scorer is None
    if loss is None or not plain or not isinstance(samples, Samples):
        return None
    if not _suits(neuron, samples, pairs) or Cs.max() > _MAX_C:
        return None
    n = len(samples.y)
    weights = np.ones(n) if samples.weights is None else samples.weights
    X: Any = samples.X
    layer = FoldLayer(X, samples.y, weights, samples.offset, pairs, loss, neuron.fit_intercept)
    if not layer.is_suited:
        return None
    order = np.argsort(Cs, kind="stable")
    first = NeuronClassifier(**neuron.get_params(deep=False))
    first.set_params(C=float(Cs[order[0]]), tol=_GAP_OF_START, random_state=one.seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first.fit(X, samples.y, samples.weights, offset=samples.offset)
    tol = _GAP if one.tol is None else one.tol
    paths = layer.paths(Cs[order], tol, first.coef_[0], float(first.intercept_[0]))
    fits: list[LayerFit] = []
    for fit in paths:
        if fit is None:
            return None
        fits.append(fit)
    for _, task in folds:
        task.begin()
        for C in Cs[order]:
            task.fit_ended(f"C={C:.6g}")
        task.end()
    back = np.argsort(order)
    scores, gaps, coefs, intercepts = (
        np.stack([getattr(fits[j], name) for j in back], axis=1)[:, None]
        for name in ("scores", "gaps", "coef", "intercept")
    )
    n_iter = np.array([[fits[j].n_iter for j in back]], np.int32)
    held_out = [float(weights[test].sum()) for _, test in pairs]
    parts = zip(scores, gaps, coefs, intercepts, held_out, strict=True)
    return [
        FoldResult(own, gap, n_iter, coef[:, :, None], intercept[:, :, None], [], weight)
        for own, gap, coef, intercept, weight in parts
    ]


def _suits(
    neuron: NeuronClassifier, samples: Samples, folds: list[tuple[AnyArray, AnyArray]]
) -> bool:
    """Return whether X is dense with more samples than features, and each fold has both classes."""
    X: Any = samples.X
    n, d = X.shape
    enough = _SAMPLES_PER_FEATURE["few" if d <= _FEW else "many"]
    is_large = n >= enough * d and d <= _MAX_FEATURES
    is_dense = isinstance(X, np.ndarray) and X.dtype == np.float64
    is_short = neuron.max_iter < NeuronClassifier().max_iter
    given = neuron.class_weight, neuron.bounds, neuron.penalty_factor
    if not (is_large and is_dense and len(folds) > 1 and len(samples.classes) == 2):
        return False
    if is_short or any(value is not None for value in given):
        return False
    if samples.weights is not None and not np.all(samples.weights > 0):
        return False
    if samples.offset is not None and samples.offset.ndim > 1:
        return False
    # A sample weight and a linear predictor for each sample and fold.
    if 2 * len(folds) * n > max(X.size, _MAX_ELEMENTS):
        return False
    both = all(len(np.unique(samples.y[train])) == 2 for train, _ in folds)
    return both and all(len(samples.y[test]) for _, test in folds)
