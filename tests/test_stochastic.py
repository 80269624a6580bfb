"""Stochastic solvers: what a step is, where they end, and that chance has a seed."""

import math
import pickle
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from skneuron import NeuronClassifier
from skneuron._threads import blas_on_one_thread
from skneuron.design import DesignMatrix
from skneuron.losses import LogisticLoss, SoftmaxLogLoss
from skneuron.objective import Objective, Regularization
from skneuron.solvers import SGD, SOLVERS, Adam, Solver
from skneuron.solvers.schedules import Constant, Cosine, InverseScaling, Schedule, StepDecay
from skneuron.solvers.stochastic._batches import Batches

STREAMING = [name for name, cls in SOLVERS.items() if cls.streams and "gradient" in cls.needs]
SCHEDULES = Schedule.__subclasses__()


def _generated(n=3_000, d=6, seed=0):
    """Correlated columns of very different scale, far from zero."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) @ (np.eye(d) + 0.3 * rng.standard_normal((d, d)))
    y = (X @ rng.standard_normal(d) + rng.logistic(size=n) > 0).astype(int)
    return X * 10.0 ** rng.integers(-4, 5, d) + 5 * 10.0 ** rng.integers(-4, 5, d), y


def _data(name):
    if name == "generated":
        return _generated()
    X, y = load_breast_cancer(return_X_y=True)
    return (StandardScaler().fit_transform(X) if name == "standardized" else X), y


def _objective(X, y, loss=None, weights=None, fit_intercept=True):
    n = len(y)
    weights = np.broadcast_to(1 / n, n) if weights is None else weights
    none = Regularization(1 / n)
    return Objective.of_data(
        DesignMatrix(X), y, loss or LogisticLoss(), weights, none, fit_intercept
    )


# --- where they end -----------------------------------------------------------------------


@pytest.mark.parametrize("solver", STREAMING)
@pytest.mark.parametrize("data", ["raw", "standardized", "generated"])
@pytest.mark.parametrize("tol", [None, 1e-10, 1e-18])
def test_reaches_newtons_optimum(solver, data, tol):
    X, y = _data(data)
    exact = NeuronClassifier(solver="newton").fit(X, y)
    neuron = NeuronClassifier(solver=solver, tol=tol, random_state=0).fit(X, y)
    assert neuron.converged_
    measured = (neuron.objective_ - exact.objective_) / np.log(2)
    assert measured <= 10 * neuron.gap_ + 1e-14
    assert neuron.gap_ <= (SOLVERS[solver].default_tol if tol is None else tol) <= 1e-4
    if tol == 1e-18:
        # Each column's own deviation makes weights comparable.
        size = X.std(axis=0)
        np.testing.assert_allclose(neuron.coef_ * size, exact.coef_ * size, atol=1e-6)


@pytest.mark.parametrize("solver", STREAMING)
@pytest.mark.parametrize("seed", range(5))
def test_a_small_gap_takes_few_epochs(solver, seed):
    for data in ("raw", "standardized", "generated"):
        X, y = _data(data)
        neuron = NeuronClassifier(solver=solver, tol=1e-4, random_state=seed, max_iter=60)
        assert neuron.fit(X, y).gap_ <= 1e-4


@pytest.mark.parametrize("solver", STREAMING)
@pytest.mark.parametrize("seed", range(3))
def test_one_epoch_of_many_rows_comes_near(solver, seed):
    """An average over plain steps errs by about one part in as many rows as weights have."""
    X, y = _generated(60_000)
    best = NeuronClassifier().fit(X, y).objective_
    neuron = NeuronClassifier(solver=solver, max_iter=1, tol=1e-3, random_state=seed).fit(X, y)
    assert neuron.converged_
    assert (neuron.objective_ - best) / np.log(2) < 1e-3


@pytest.mark.parametrize("solver", STREAMING)
def test_layers_weights_and_no_bias(solver):
    X, y = load_iris(return_X_y=True)
    weight = np.random.default_rng(0).uniform(0.1, 3.0, len(y))
    for params in ({}, {"fit_intercept": False}, {"activation": "probit"}):
        exact = NeuronClassifier(**params, solver="newton").fit(X, y, weight)
        neuron = NeuronClassifier(**params, solver=solver, tol=1e-12, random_state=0)
        neuron.fit(X, y, weight)
        assert neuron.converged_
        np.testing.assert_allclose(neuron.predict_proba(X), exact.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("solver", STREAMING)
@pytest.mark.parametrize("share", [0.05, 0.5])
def test_the_same_from_every_layout(solver, share):
    """Dense, column-wise, float32, CSR and CSC; few elements stored, and many."""
    rng = np.random.default_rng(0)
    X = rng.integers(1, 5, (1_000, 12)) * (rng.random((1_000, 12)) < share) * 0.5
    y = (X @ rng.standard_normal(12) + rng.logistic(size=len(X)) > 0).astype(int)
    exact = NeuronClassifier().fit(X, y)
    for layout in (X, np.asfortranarray(X), X.astype(np.float32), *map(_sparse, "rc", [X, X])):
        neuron = NeuronClassifier(solver=solver, tol=1e-10, random_state=0).fit(layout, y)
        assert neuron.converged_
        np.testing.assert_allclose(neuron.coef_, exact.coef_, atol=1e-3)


def _sparse(kind, X):
    return sparse.csr_array(X) if kind == "r" else sparse.csc_array(X)


def test_plain_steps_with_averaging_come_near():
    """Without variance reduction the average still falls below what one iterate does."""
    X, y = _generated(20_000)
    best = NeuronClassifier().fit(X, y).objective_
    for solver in (SGD(variance_reduction=False), Adam(variance_reduction=False)):
        neuron = NeuronClassifier(solver=solver, tol=1e-5, max_iter=100, random_state=0)
        assert neuron.fit(X, y).converged_
        assert (neuron.objective_ - best) / np.log(2) <= 1e-4


def test_a_rate_that_is_too_large_is_told():
    X, y = _data("standardized")
    neuron = NeuronClassifier("identity", solver=SGD(learning_rate=100.0), random_state=0)
    with pytest.warns(ConvergenceWarning, match="diverged: the learning rate is too large"):
        neuron.fit(X, y)
    assert np.isfinite(neuron.objective_)


# --- what a step is -----------------------------------------------------------------------


def _standardized(X, y):
    scale = np.sqrt(X.var(axis=0) + 4 / len(y))
    rows = np.column_stack([(X - X.mean(axis=0)) / scale, np.ones(len(y))])
    ridge = np.append(1 / len(y) / scale**2, 0.0)

    def gradient(v):
        p = 1 / (1 + np.exp(-rows @ v))
        return rows.T @ (p - y) / len(y) + ridge * v

    return gradient, scale


def _after(solver, epochs, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        neuron = NeuronClassifier(solver=solver, max_iter=epochs, random_state=0).fit(X, y)
    assert np.all(np.diff(neuron.history_["objective"]) < 0)
    return neuron.coef_[0]


@pytest.mark.parametrize("reduced", [False, True])
def test_adam_steps_as_kingma_and_ba_wrote_them(reduced):
    X, y = _data("raw")
    gradient, scale = _standardized(X, y)
    theta, m, v = np.zeros(31), np.zeros(31), np.zeros(31)
    for t in range(1, 5):
        g = gradient(theta)
        m = 0.8 * m + 0.2 * g
        v = 0.95 * v + 0.05 * g**2
        theta = theta - 0.01 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.95**t)) + 1e-3)
    solver = Adam(0.01, batch_size=1_000, beta1=0.8, beta2=0.95, epsilon=1e-3,
                  variance_reduction=reduced, averaging=False)  # fmt: skip
    np.testing.assert_allclose(_after(solver, 4, X, y) * scale, theta[:-1], rtol=1e-9)


@pytest.mark.parametrize("nesterov", [False, True])
def test_sgd_steps_as_pytorch_does(nesterov):
    """torch.optim.SGD: buffer = m · buffer + g; the step is g + m · buffer for Nesterov's."""
    X, y = _data("raw")
    gradient, scale = _standardized(X, y)
    theta, buffer = np.zeros(31), np.zeros(31)
    for epoch in range(4):
        g = gradient(theta)
        buffer = 0.7 * buffer + g
        theta = theta - 0.05 / (1 + epoch) * (g + 0.7 * buffer if nesterov else buffer)
    solver = SGD(InverseScaling(0.05, power=1.0), batch_size=1_000, momentum=0.7,
                 nesterov=nesterov, variance_reduction=False, averaging=False)  # fmt: skip
    np.testing.assert_allclose(_after(solver, 4, X, y) * scale, theta[:-1], rtol=1e-9)


@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array, sparse.csc_array])
@pytest.mark.parametrize("weighted", [False, True])
def test_batches_add_up_to_the_whole(n_outputs, layout, weighted):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((1_001, 7)) * (rng.random((1_001, 7)) < 0.08)
    y = rng.integers(0, max(2, n_outputs), len(X))
    weights = rng.uniform(0.5, 2.0, len(X)) if weighted else None
    weights = weights / weights.sum() if weighted else None
    loss = SoftmaxLogLoss(3) if n_outputs == 3 else None
    for fit_intercept in (True, False):
        F = _objective(layout(X), y, loss, weights, fit_intercept)
        batches = Batches(F, 50)
        there, here = rng.standard_normal((2, F.dims.n_params))
        expected = F.value_gradient(here)[1]
        for snapshot in (False, True):
            if snapshot:
                value, gradient = batches.snapshot(there)
                np.testing.assert_allclose(gradient, F.value_gradient(there)[1], atol=1e-14)
                assert value == pytest.approx(F.value_gradient(there)[0], rel=1e-14)
            gradients = np.array([g.copy() for g in batches.gradients(here, rng)])
            assert len(gradients) == batches.n_batches == 20
            # 1,001 rows in 20 batches: one has a row more, within its part of the mean.
            np.testing.assert_allclose(gradients.mean(axis=0), expected, atol=2e-3)
        exact = np.array([g.copy() for g in batches.gradients(there, rng)])
        np.testing.assert_allclose(exact - F.value_gradient(there)[1], 0, atol=1e-13)


# --- schedules ----------------------------------------------------------------------------


def test_schedules_have_their_closed_forms():
    for e in (0.0, 0.5, 1.0, 7.25, 40.0):
        assert Constant(0.3)(e) == 0.3
        assert InverseScaling(0.3, power=0.7, delay=4.0)(e) == pytest.approx(
            0.3 * (4 / (4 + e)) ** 0.7
        )
        way = 0.1 + 0.2 * math.cos(math.pi * e / 16) ** 2 if e < 8 else 0.1
        assert Cosine(0.3, epochs=8, final=0.1)(e) == pytest.approx(way)
        assert StepDecay(0.3, factor=0.5, every=2)(e) == pytest.approx(0.3 / 2 ** int(e / 2))


@pytest.mark.parametrize("cls", SCHEDULES)
def test_every_schedule_trains_and_refuses(cls):
    X, y = _data("standardized")
    neuron = NeuronClassifier(solver=SGD(cls(0.05)), tol=1e-2, max_iter=200, random_state=0)
    assert neuron.fit(X, y).converged_
    for name in cls.constraints:
        for bad in (-1.0, np.inf, "fast", None, True):
            solver = SGD(cls(**{name: bad}))
            with pytest.raises(
                ValueError, match=rf"{cls.__name__} got {name}=.*. Expected a .*number"
            ):
                NeuronClassifier(solver=solver).fit(X, y)


def test_a_grid_goes_through_solver_and_schedule():
    X, y = _data("standardized")
    neuron = NeuronClassifier(solver=SGD(Constant()), tol=1e-2, random_state=0)
    grid = {"solver__learning_rate__rate": [0.01, 0.1], "solver__batch_size": [32, 64]}
    search = GridSearchCV(neuron, grid, cv=2).fit(X, y)
    assert search.best_score_ > 0.95
    assert search.best_estimator_.solver.learning_rate.rate in (0.01, 0.1)


# --- chance -------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", STREAMING)
def test_a_seed_gives_the_same_bits_on_any_number_of_threads(solver):
    # Enough elements that a pass is shared out, by hand too.
    X, y = _generated(110_000, 20)
    found = []
    for threads, seed in ((1, 0), (2, 0), (3, 0), (2, 1)):
        neuron = NeuronClassifier(solver=solver, max_iter=3, random_state=seed)
        with threadpool_limits(threads, user_api="blas"), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            neuron.fit(X, y)
        found.append((neuron.coef_.tobytes(), neuron.intercept_.tobytes(), neuron.gap_))
    assert found[0] == found[1] == found[2]
    assert found[1] != found[3]


@pytest.mark.parametrize("solver", STREAMING)
def test_a_stream_remembers_and_converges(solver):
    X, y = _generated(60_000)
    whole = _objective(X, y)
    best = NeuronClassifier().fit(X, y).objective_
    instance = SOLVERS[solver]()

    def learn(pickled, seed=0):
        params, state, gaps = whole.at_zero(), None, []
        for k in range(30):
            rows = np.random.default_rng(k).integers(0, len(y), 2_000)
            weights = np.broadcast_to(1 / len(rows), len(rows))
            chunk = Objective(whole.rows.take(rows, weights), whole.coordinates)
            with blas_on_one_thread():
                params, state = instance.epoch(chunk, params, state, seed + k)
            if pickled:
                state = pickle.loads(pickle.dumps(state))
            gaps.append((whole.value_gradient(params)[0] - best) / np.log(2))
        return params, gaps

    params, gaps = learn(pickled=False)
    assert params.tobytes() == learn(pickled=True)[0].tobytes()
    assert params.tobytes() != learn(pickled=False, seed=100)[0].tobytes()
    assert gaps[-1] < 1e-3
    assert gaps[-1] < gaps[0]


def test_other_solvers_say_that_they_do_not_stream():
    for name in (name for name, cls in SOLVERS.items() if not cls.streams):
        solver = SOLVERS[name]()
        assert isinstance(solver, Solver)
        with pytest.raises(NotImplementedError, match="cannot learn from chunks"):
            solver.epoch(None, np.zeros(1), None, 0)


# --- bad parameters -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("solver", "message"),
    [
        (SGD(0.0), "SGD got learning_rate=0.0. Expected 'auto', a positive, finite number, or"),
        (SGD("fast"), "SGD got learning_rate='fast'. Expected 'auto'"),
        (Adam(np.nan), "Adam got learning_rate=nan. Expected 'auto'"),
        (SGD(batch_size=0), "SGD got batch_size=0. Expected 'auto' or a positive integer"),
        (Adam(batch_size=2.5), "Adam got batch_size=2.5. Expected"),
        (SGD(momentum=1.0), r"SGD got momentum=1.0. Expected a number in \[0, 1\)"),
        (SGD(nesterov="yes"), "SGD got nesterov='yes'. Expected True or False"),
        (SGD(averaging=None), "SGD got averaging=None. Expected 'auto', True or False"),
        (Adam(variance_reduction=2), "Adam got variance_reduction=2. Expected True or False"),
        (Adam(beta1=-0.1), r"Adam got beta1=-0.1. Expected a number in \[0, 1\)"),
        (Adam(beta2=1), r"Adam got beta2=1. Expected a number in \[0, 1\)"),
        (Adam(epsilon=0), "Adam got epsilon=0. Expected a positive, finite number"),
    ],
)
def test_bad_parameters_are_shown(solver, message):
    X, y = _data("raw")
    with pytest.raises(ValueError, match=message):
        NeuronClassifier(solver=solver).fit(X, y)


@pytest.mark.parametrize("solver", STREAMING)
@pytest.mark.parametrize("epochs", [1, 3])
def test_the_weights_of_a_layer_sum_to_zero(solver, epochs):
    """Where the penalty is least, from the first epoch on."""
    X, y = load_iris(return_X_y=True)
    neuron = NeuronClassifier(solver=solver, max_iter=epochs, tol=0.0, random_state=0)
    with pytest.warns(ConvergenceWarning):
        neuron.fit(X, y)
    np.testing.assert_allclose(neuron.coef_.sum(axis=0), 0.0, atol=1e-12)


@pytest.mark.parametrize("solver", STREAMING)
def test_every_epoch_starts_without_noise(monkeypatch, solver):
    """Where the variance was reduced last: also after an epoch that was made undone.

    The first one has nothing to be reduced by.
    """
    gradients = Batches.gradients
    compared = []

    def spied(self, params, rng):
        exact = self.objective.value_gradient(params)[1]
        for k, gradient in enumerate(gradients(self, params, rng)):
            if k == 0:
                compared.append(np.abs(gradient - exact).max() / np.abs(exact).max())
            yield gradient

    monkeypatch.setattr(Batches, "gradients", spied)
    X, y = _data("raw")
    neuron = NeuronClassifier(solver=solver, tol=1e-10, random_state=0).fit(X, y)
    assert (neuron.history_["step"] == 0).any()
    assert max(compared[1:]) < 1e-6 < compared[0]
    assert len(compared) == neuron.n_iter_.max()
