"""Layers of many weights: conjugate gradients, what divides them, and what they reach."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from skneuron import NeuronClassifier
from skneuron.design import DesignMatrix, ReadyDesign
from skneuron.losses import SoftmaxLogLoss
from skneuron.objective import Objective, Regularization
from skneuron.results import Status
from skneuron.solvers._iterate import Iterate, StoppingCriteria
from skneuron.solvers._stopping import StoppingRule
from skneuron.solvers.newton import _preconditioner
from skneuron.solvers.newton._conjugate import conjugate_gradients, settled
from skneuron.solvers.newton._newton_cg import NewtonCG
from skneuron.solvers.newton._preconditioner import BlockPreconditioner


def _layer(rng, *, sparse_rows=False, fit_intercept=True):
    X, weights = rng.normal(size=(50, 5)) + 1.0, rng.uniform(0.1, 1, 50)
    design = DesignMatrix(sparse.csr_matrix(X) if sparse_rows else X)
    y = np.arange(50) % 3
    return Objective.of_data(
        design, y, SoftmaxLogLoss(3), weights / weights.sum(), Regularization(0.1), fit_intercept
    )


def test_conjugate_gradients_solve_and_tell_the_gap():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(12, 12))
    H, g = root @ root.T + np.eye(12), rng.normal(size=12)
    diagonal = np.diag(H)
    step, gap, products, residual = conjugate_gradients(
        H.dot, g, lambda u: u / diagonal, lambda _: False, max_products=12
    )
    exact = np.linalg.solve(H, -g)
    np.testing.assert_allclose(step, exact, rtol=1e-6, atol=1e-9)
    assert gap == pytest.approx(-0.5 * g @ exact, rel=1e-9)
    assert products == 12
    np.testing.assert_allclose(residual, -g - H @ step, atol=1e-9)


def test_settled_looks_at_the_last_terms():
    assert not settled([1.0, 0.01], 2)
    assert settled([1.0, 0.01, 0.01], 2)
    assert not settled([1.0, 0.3, 0.01], 2)


def _blocks_by_differences(objective, params):
    """The Hessian from gradients alone, an output's rows and columns side by side."""
    h = 1e-5

    def slopes(at):
        return objective.value_gradient(at)[1]

    columns = [
        (slopes(params + h * e) - slopes(params - h * e)) / (2 * h)
        for e in np.eye(objective.dims.n_params)
    ]
    m = objective.dims.n_params // 3
    hessian = np.array(columns).reshape(3, m, 3, m)
    return [hessian[k, :, k] for k in range(3)]


def _with_summary(objective, params):
    return Objective(objective.rows, objective.coordinates, objective.summarize(params))


def _centered(rng, objective):
    params = 0.3 * rng.normal(size=(3, objective.dims.n_params // 3))
    return (params - params.mean(axis=0)).ravel()


@pytest.mark.parametrize("sparse_rows", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("remembers", [False, True])
def test_the_shared_matrix_is_the_mean_of_the_outputs_own_blocks(
    sparse_rows, fit_intercept, remembers
):
    rng = np.random.default_rng(1)
    objective = _layer(rng, sparse_rows=sparse_rows, fit_intercept=fit_intercept)
    if remembers:
        objective = _with_summary(objective, np.zeros(objective.dims.n_params))
    params = _centered(rng, objective)
    blocks = _blocks_by_differences(objective, params)
    matrix = objective.curvature(params).mean_block()
    np.testing.assert_allclose(matrix, sum(blocks) / 3, rtol=1e-5, atol=1e-7)
    if not remembers:
        own = list(objective.curvature(params).own_blocks())
        np.testing.assert_allclose(own, blocks, rtol=1e-5, atol=1e-7)


def _apart(vector):
    outputs = vector.reshape(3, -1)
    return outputs - outputs.mean(axis=0)


def test_a_layer_is_divided_by_its_blocks_where_outputs_move_apart():
    rng = np.random.default_rng(2)
    objective = _layer(rng)
    params = _centered(rng, objective)
    vector = rng.normal(size=objective.dims.n_params)
    divided = BlockPreconditioner(objective).at(params).solve(vector)
    blocks = objective.curvature(params).own_blocks()
    exact = [np.linalg.solve(b, u) for b, u in zip(blocks, _apart(vector), strict=True)]
    np.testing.assert_allclose(
        divided.reshape(3, -1), _apart(np.array(exact)), rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("reason", ["at zero", "too large", "a memory"])
def test_one_matrix_is_divided_by_where_blocks_are_alike_too_large_or_remembered(
    reason, monkeypatch
):
    rng = np.random.default_rng(3)
    objective = _layer(rng)
    params = np.zeros(objective.dims.n_params)
    if reason == "too large":
        monkeypatch.setattr(_preconditioner, "_MAX_ELEMENTS", 3 * 6 * 6 - 1)
        params = _centered(rng, objective)
    vector = rng.normal(size=objective.dims.n_params)
    if reason == "a memory":
        objective = _with_summary(objective, params)
        params = _centered(rng, objective)
    divided = BlockPreconditioner(objective).at(params).solve(vector).reshape(3, -1)
    back = (objective.curvature(params).mean_block() @ divided.T).T
    # A memory may be of other classes: then all of the vector counts.
    kept = vector.reshape(3, -1) if reason == "a memory" else _apart(vector)
    np.testing.assert_allclose(back, kept, rtol=1e-6, atol=1e-9)


def test_no_curvature_along_a_gradient_is_no_gap_of_zero():
    gradient = np.array([1.0, 2.0])
    flat = conjugate_gradients(np.zeros_like, gradient, np.copy, lambda _: False, max_products=2)
    assert flat.gap == np.inf
    there = conjugate_gradients(np.copy, 0 * gradient, np.copy, lambda _: False, max_products=2)
    assert there.gap == 0


def test_blocks_take_fewer_products_than_their_mean(monkeypatch):
    X, y = load_digits(return_X_y=True)
    fit = NeuronClassifier(tol=1e-3).fit(X, y)
    held = Regularization(1 / len(y))
    objective = Objective.of_data(
        DesignMatrix(X), y, SoftmaxLogLoss(10), np.full(len(y), 1 / len(y)), held, True
    )
    params = objective.coordinates.from_weights(fit.coef_, fit.intercept_)
    point = Iterate.at(objective, params)
    exact = objective.curvature(params)

    def products():
        """Return how many take all but a hundredth of the gap."""
        taken = []

        def enough(terms):
            taken[:] = np.cumsum(terms)
            return False

        divide = BlockPreconditioner(objective).at(params).solve
        conjugate_gradients(exact, point.gradient, divide, enough, max_products=100)
        return int(np.argmax(taken > 0.99 * np.array(taken[-1]))) + 1

    blocks = products()
    monkeypatch.setattr(_preconditioner, "_MAX_ELEMENTS", 0)
    assert blocks <= products() / 2


@pytest.mark.filterwarnings("ignore:a hyperplane")
@pytest.mark.parametrize("C", [1e4, 1e8, 1e12])
@pytest.mark.parametrize("tol", [1e-4, 1e-8])
def test_small_penalties_of_wide_columns_divide_no_rounding(C, tol):
    """What classes have in common is rounding; the ridge of the widest column is 1e-20 here."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(800, 60))
    z = X @ rng.normal(size=(60, 4)) * 10 / np.sqrt(60)
    y = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    X = X * 10.0 ** np.linspace(-8, 8, 60)
    exact = NeuronClassifier(C=C, solver="newton").fit(X, y)
    fit = NeuronClassifier(C=C, solver="newton-cg", tol=tol).fit(X, y)
    assert fit.converged_
    measured = (fit.objective_ - exact.objective_) / np.log(4)
    assert measured <= 10 * fit.gap_ + 1e-13
    assert fit.gap_ <= 10 * measured + 1e-13
    size = abs(fit.coef_).max(axis=0)
    assert np.all(abs(fit.coef_.sum(axis=0)) <= 1e-10 * size)


@pytest.mark.parametrize("tol", [1e-1, 1e-2, 1e-4, 1e-6])
def test_gaps_of_collinear_columns_with_hardly_any_penalty(tol):
    """The last few terms of conjugate gradients are small there before all is found."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(800, 60))
    z = X @ (rng.normal(size=(4, 60)) * 3 / np.sqrt(60)).T
    y = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    X = np.hstack([X, X[:, :15], X[:, :3] + 1e-7 * rng.normal(size=(800, 3))])
    with warnings.catch_warnings():
        # Rounding errors may be above 1e-13, but not above a hundredth of the gaps here.
        warnings.filterwarnings(
            "ignore", "The solver 'newton-cg' converged, but", ConvergenceWarning
        )
        exact = NeuronClassifier(C=1e15, solver="newton-cg", tol=1e-14).fit(X, y)
    assert exact.gap_ < 1e-8
    fit = NeuronClassifier(C=1e15, solver="newton-cg", tol=tol).fit(X, y)
    measured = (fit.objective_ - exact.objective_) / np.log(4)
    assert fit.converged_
    assert measured / 10 <= fit.gap_ <= 10 * measured


@pytest.mark.parametrize("value", [0.5, -5.0])
def test_a_fit_is_stuck_if_neither_gap_nor_objective_falls(value):
    """Also below zero, where the summary of past chunks may have brought F."""
    stopping = StoppingRule(_layer(np.random.default_rng(5)), value, patience=5)
    stopping.is_stuck(value, 1e-3)
    assert not any(stopping.is_stuck(value, 1e-3) for _ in range(4))
    assert not any(stopping.is_stuck(value - 1e-3, 1e-3) for _ in range(5))
    assert stopping.is_stuck(value - 1e-3, 1e-3)


@pytest.mark.filterwarnings("ignore:a hyperplane separates")
def test_no_gap_is_above_the_objective():
    """Without a curvature that could be divided by, F is all that can be left."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(800, 60))
    z = X @ (rng.normal(size=(4, 60)) * 10 / np.sqrt(60)).T
    y = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    fit = NeuronClassifier(C=1e20, solver="newton-cg", tol=1e-18).fit(X, y)
    assert 0 < fit.gap_ <= fit.objective_ / np.log(4) < 1e-15


@pytest.mark.filterwarnings("ignore:a hyperplane separates")
@pytest.mark.parametrize("C", [1e8, 1e10])
def test_separable_digits_go_on_while_the_objective_falls(C):
    """Gaps promised on the way rise and fall there, by more than a factor of ten."""
    X, y = load_digits(return_X_y=True)
    fit = NeuronClassifier(C=C, solver="newton-cg", tol=1e-10, max_iter=500).fit(X, y)
    assert fit.converged_
    assert fit.objective_ < 1e-8


@pytest.mark.parametrize("C", [1.0, 100.0])
def test_digits_reach_the_optimum_and_tell_the_gap(C):
    X, y = load_digits(return_X_y=True)
    exact = NeuronClassifier(C=C, solver="newton", tol=1e-12).fit(X, y).objective_
    fit = NeuronClassifier(C=C, solver="newton-cg", tol=1e-5).fit(X, y)
    measured = (fit.objective_ - exact) / np.log(10)
    assert fit.converged_
    assert measured <= 1e-5
    assert measured / 10 <= fit.gap_ + 1e-12
    assert fit.gap_ <= 10 * measured + 1e-12


def test_a_layer_of_many_weights_agrees_with_logistic_regression():
    X, y = load_digits(return_X_y=True)
    fit = NeuronClassifier().fit(X, y)
    peer = LogisticRegression(tol=1e-8, solver="newton-cg", max_iter=1000).fit(X, y)
    np.testing.assert_allclose(fit.predict_proba(X), peer.predict_proba(X), atol=1e-4)


def test_reads_of_a_kept_copy_are_counted(monkeypatch):
    """A small table is standardized once. Passes over rows of that copy count like rows of X."""
    passes = []
    for name in ("sums", "forward"):
        method = getattr(ReadyDesign, name)

        def counted(self, *args, method=method, **kwargs):
            passes.append(len(self.rows) / 1797)
            return method(self, *args, **kwargs)

        monkeypatch.setattr(ReadyDesign, name, counted)
    X, y = load_digits(return_X_y=True)
    design = DesignMatrix(X)
    held, weights = Regularization(1 / len(y)), np.full(len(y), 1 / len(y))
    objective = Objective.of_data(design, y, SoftmaxLogLoss(10), weights, held, True)
    before = objective.n_passes
    fit = NewtonCG().solve(
        objective, np.zeros(objective.dims.n_params), StoppingCriteria(1e-4, 100)
    )
    assert fit.status is Status.CONVERGED
    assert sum(passes) > 40
    # The first pass and the one that copies read X itself.
    assert objective.n_passes - before == pytest.approx(sum(passes) + 2)


@pytest.mark.parametrize("C", [1.0, 100.0])
@pytest.mark.parametrize("tol", [1e-9, 1e-18])
def test_correlated_columns_of_few_rows_converge(C, tol):
    """Solutions that each end after few products creep: F falls by less in each step."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 5)) @ rng.normal(size=(5, 1500)) + 0.1 * rng.normal(size=(300, 1500))
    y = X[:, 0] + rng.logistic(size=300) > 0
    fit = NeuronClassifier(C=C, tol=tol, solver="newton-cg").fit(X, y)
    exact = NeuronClassifier(C=C, tol=1e-18, solver="newton").fit(X, y)
    assert fit.converged_
    assert fit.n_iter_.max() < 100
    measured = (fit.objective_ - exact.objective_) / np.log(2)
    assert measured / 2 - 1e-13 <= fit.gap_ <= 2 * measured + 1e-13


@pytest.mark.parametrize("C", [1.0, 100.0])
def test_sparse_tables_of_a_thousand_columns_need_no_hessian(C):
    """The gap of conjugate gradients is the measured one, although one-hot columns are collinear."""
    rng = np.random.default_rng(0)
    codes = rng.integers(50, size=(4000, 20)) + 50 * np.arange(20)
    X = sparse.csr_matrix((np.ones(codes.size), codes.ravel(), np.arange(0, codes.size + 1, 20)))
    y = X @ rng.normal(size=1000) / 2 + rng.logistic(size=4000) > 0
    exact = NeuronClassifier(C=C, solver="newton").fit(X, y)
    for tol in (1e-5, 1e-7, 1e-9):
        fit = NeuronClassifier(C=C, tol=tol).fit(X, y)
        assert fit.solver_ == "newton-cg"
        measured = (fit.objective_ - exact.objective_) / np.log(2)
        assert fit.gap_ <= tol
        assert measured / 2 - 1e-13 <= fit.gap_ <= 2 * measured + 1e-13
    # Without a penalty products may miss flat directions.
    with pytest.warns(ConvergenceWarning):
        assert NeuronClassifier(C=np.inf, max_iter=0).fit(X, y).solver_ != "newton-cg"
