"""Which rows a subsample has, and what they weigh."""

import numpy as np
import pytest
from scipy import sparse

from skneuron import NeuronClassifier
from skneuron.design import DesignMatrix, StandardizedDesign
from skneuron.losses import LogisticLoss
from skneuron.objective import Objective, Regularization
from skneuron.objective._sampling import sample_rows


def _one_hot(n=20_000, seed=0):
    """Two numeric columns that are mostly zero, 40 places of which some are rare, a class of 20 %."""
    rng = np.random.default_rng(seed)
    share = np.geomspace(1, 3e-4, 40)
    place = rng.choice(40, n, p=share / share.sum())
    hot = sparse.csr_array((np.ones(n), place, np.arange(n + 1)), shape=(n, 40))
    numeric = sparse.random(n, 2, density=0.05, random_state=rng, format="csr")
    effect = rng.normal(size=40)
    y = (effect[place] - 1.5 + numeric.toarray().sum(axis=1) + rng.logistic(size=n) > 0).astype(int)
    return sparse.hstack([hot, numeric], format="csr"), y


def _objective(X, y, weights=None):
    weights = np.full(len(y), 1 / len(y)) if weights is None else weights
    return Objective.of_data(
        DesignMatrix(X), y, LogisticLoss(), weights, Regularization(1e-3), True
    )


@pytest.mark.parametrize("by_share", [False, True])
def test_sums_over_drawn_rows_are_right_on_average(by_share):
    rng = np.random.default_rng(0)
    y = (rng.random(3_000) < 0.02).astype(int)
    values, weights = rng.lognormal(sigma=2, size=3_000), rng.uniform(0.5, 2, 3_000)
    totals = np.bincount(y, weights)
    shares = values / values.sum() if by_share else None
    sums = []
    for draw in range(400):
        rows, drawn = sample_rows(y, weights, totals, 400, np.random.default_rng(draw), shares)
        assert np.all(np.diff(rows) > 0)
        np.testing.assert_allclose(np.bincount(y[rows], drawn), totals, rtol=1e-12)
        assert 300 < len(rows) < 550
        sums.append(drawn @ values[rows])
    exact = weights @ values
    error = np.std(sums) / np.sqrt(400)
    # Four standard errors, and the bias of ratios, of order 1 / 400 rows.
    assert abs(np.mean(sums) - exact) < 4 * error + exact / 400
    # Drawn by its share, a long tail is not left to chance.
    assert (np.std(sums) < 0.1 * exact) == by_share


def test_rows_of_no_class_weight_do_not_disturb():
    y = np.array([0] * 50 + [1] * 50)
    weights = np.array([0.0] * 50 + [0.02] * 50)
    rows, drawn = sample_rows(y, weights, np.array([0.0, 1.0]), 20, np.random.default_rng(0))
    assert drawn.sum() == pytest.approx(1)
    assert np.all(drawn[y[rows] == 0] == 0)


@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array, sparse.csc_array])
@pytest.mark.parametrize("density", [0.05, 1.0])
def test_squares_of_rows_are_those_of_scaled_columns(convert, density):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(500, 6)) * (rng.random((500, 6)) < density) * np.logspace(-3, 3, 6)
    center, scale = X.mean(axis=0), X.std(axis=0)
    column_weights = rng.uniform(0.5, 2, 6)
    expected = ((X - center) / scale) ** 2 @ column_weights
    design = StandardizedDesign(DesignMatrix(convert(X)), center, scale, scale)
    np.testing.assert_allclose(design.squares(column_weights), expected, rtol=1e-9)
    ready = StandardizedDesign(DesignMatrix(X), center, scale, scale).take(slice(None))
    np.testing.assert_allclose(ready.squares(column_weights), expected, rtol=1e-9)


@pytest.mark.parametrize("convert", [sparse.csr_array, sparse.csc_array])
def test_no_column_is_left_out(convert):
    X, y = _one_hot()
    whole = _objective(convert(X), y)
    places = np.asarray(X.sum(axis=0))[:40]
    assert places.min() < 10
    for seed in range(20):
        part = whole.sample(2_000, np.random.default_rng(seed))
        seen = part.rows.second_moments()
        # Of the rarest places the even draw would hold one row of ten, or none.
        assert np.all(seen > 0.2 * whole.coordinates.variance)
        assert np.all(seen < 4 * whole.coordinates.variance)


def test_outliers_of_dense_columns_are_drawn():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(20_000, 4))
    X[rng.choice(20_000, 5, replace=False), 0] = 1e4
    y = (X[:, 1] + rng.logistic(size=20_000) > 0).astype(int)
    whole = _objective(X, y)
    for seed in range(10):
        part = whole.sample(2_000, np.random.default_rng(seed))
        assert part.rows.second_moments()[0] > 0.5 * whole.coordinates.variance[0]


@pytest.mark.parametrize("tol", [1e-3, 1e-6])
def test_gap_of_one_hot_columns_over_twenty_random_states(tol):
    X, y = _one_hot(60_000)
    exact = NeuronClassifier(solver="newton").fit(X, y)
    for seed in range(20):
        neuron = NeuronClassifier(tol=tol, random_state=seed).fit(X, y)
        assert neuron.solver_ == "subsampled-newton"
        margin = (2 * y - 1) * (X @ neuron.coef_[0] + neuron.intercept_[0])
        value = np.logaddexp(0, -margin).mean() + 0.5 * np.sum(neuron.coef_**2) / len(y)
        measured = (value - exact.objective_) / np.log(2)
        assert neuron.gap_ <= tol
        assert measured / 10 <= neuron.gap_ <= 10 * measured
