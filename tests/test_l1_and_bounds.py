"""L1 penalty, elastic net and bounds, against solvers that we did not write."""

import warnings

import numpy as np
import pandas as pd
import pytest
from families import CONVEX
from scipy import optimize, sparse
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from skneuron import NeuronClassifier
from skneuron.activations import get_activation
from skneuron.solvers import SOLVERS
from skneuron.solvers.proximal._faces import L1Box
from skneuron.solvers.proximal._quadratic import DenseQuadratic

RAW, Y = load_breast_cancer(return_X_y=True)
X = StandardScaler().fit_transform(RAW)
NONSMOOTH = [name for name, cls in SOLVERS.items() if cls.supports_nonsmooth]


def _value(coef, intercept, data, y, C, l1_ratio, activation="sigmoid"):
    """The objective times the number of samples, as it is defined."""
    low, high = get_activation(activation).log_proba(data @ np.ravel(coef) + intercept)
    penalty = (1 - l1_ratio) / 2 * np.sum(coef**2) + l1_ratio * np.sum(np.abs(coef))
    return -np.where(y, high, low).sum() + penalty / C


def _split_solve(data, y, C, l1_ratio, bounds=(None, None), activation="sigmoid"):
    """SciPy's L-BFGS-B on positive and negative parts; the best of two starts."""
    d = data.shape[1]
    resolved = get_activation(activation)

    def function(parts):
        positive, negative, bias = parts[:d], parts[d:-1], parts[-1]
        w = positive - negative
        z = data @ w + bias
        low, high = resolved.log_proba(z)
        slow, shigh = resolved.log_proba_derivative(z)
        slopes = -np.where(y, shigh, slow)
        g = data.T @ slopes + (1 - l1_ratio) / C * w
        value = -np.where(y, high, low).sum()
        value += ((1 - l1_ratio) / 2 * w @ w + l1_ratio * parts[:-1].sum()) / C
        return value, np.concatenate([g + l1_ratio / C, l1_ratio / C - g, [slopes.sum()]])

    low, high = bounds
    limits = [(max(low or 0, 0) if low is not None else 0, high if high is None else max(high, 0))]
    limits = limits * d + [(0, None if low is None else max(-low, 0))] * d + [(None, None)]
    start = np.zeros(2 * d + 1)
    for _ in range(3):
        options = {"maxiter": 50_000, "maxfun": 10**6, "ftol": 1e-16, "gtol": 1e-11, "maxcor": 50}
        start = optimize.minimize(
            function, start, jac=True, method="L-BFGS-B", bounds=limits, options=options
        ).x
    return start[:d] - start[d:-1], start[-1]


@pytest.mark.parametrize("solver", NONSMOOTH)
@pytest.mark.parametrize("l1_ratio", [0.3, 1.0])
@pytest.mark.parametrize("C", [0.01, 0.1, 0.3])
def test_elastic_net_against_saga(solver, l1_ratio, C):
    neuron = NeuronClassifier(C=C, l1_ratio=l1_ratio, solver=solver).fit(X, Y)
    assert neuron.converged_
    with warnings.catch_warnings():
        # scikit-learn 1.8 has deprecated ``penalty``, which 1.7 needs.
        warnings.simplefilter("ignore", FutureWarning)
        saga = LogisticRegression(
            penalty="elasticnet",
            solver="saga",
            C=C,
            l1_ratio=l1_ratio,
            tol=1e-10,
            max_iter=100_000,
            random_state=0,
        ).fit(X, Y)
    ours = _value(neuron.coef_, neuron.intercept_, X, Y, C, l1_ratio)
    theirs = _value(saga.coef_, saga.intercept_, X, Y, C, l1_ratio)
    assert ours <= theirs * (1 + 1e-12)
    assert theirs <= ours * (1 + 1e-6)
    np.testing.assert_array_equal(neuron.coef_ == 0, saga.coef_ == 0)


@pytest.mark.parametrize("activation", CONVEX)
@pytest.mark.parametrize("l1_ratio", [0.5, 1.0])
def test_every_link_against_a_split_problem(activation, l1_ratio):
    data = X[:, :6]
    neuron = NeuronClassifier(activation, C=0.2, l1_ratio=l1_ratio).fit(data, Y)
    assert neuron.converged_
    w, b = _split_solve(data, Y, 0.2, l1_ratio, activation=activation)
    best = _value(w, b, data, Y, 0.2, l1_ratio, activation)
    ours = _value(neuron.coef_, neuron.intercept_, data, Y, 0.2, l1_ratio, activation)
    assert ours == pytest.approx(best, rel=1e-8)
    assert ours <= best * (1 + 1e-10)
    np.testing.assert_array_equal(neuron.coef_[0] == 0, np.abs(w) < 1e-6)


@pytest.mark.parametrize("solver", NONSMOOTH)
@pytest.mark.parametrize("bounds", [(0, None), (None, 0), (-0.1, 0.3)])
def test_bounds_against_a_bounded_solve(solver, bounds):
    neuron = NeuronClassifier(bounds=bounds, solver=solver).fit(X, Y)
    assert neuron.converged_
    low, high = (
        limit if limit is not None else np.inf * side
        for limit, side in zip(bounds, (-1, 1), strict=True)
    )
    assert np.all((neuron.coef_ >= low) & (neuron.coef_ <= high))
    w, b = _split_solve(X, Y, 1.0, 0.0, bounds)
    ours, best = (_value(*at, X, Y, 1.0, 0.0) for at in ((neuron.coef_, neuron.intercept_), (w, b)))
    assert ours == pytest.approx(best, rel=1e-8)
    # A coefficient at a bound equals it exactly.
    np.testing.assert_array_equal(neuron.coef_[0] == low, np.abs(w - low) < 1e-7)
    np.testing.assert_array_equal(neuron.coef_[0] == high, np.abs(w - high) < 1e-7)


def test_bounds_and_l1_together_with_raw_columns():
    """The same model in other units: weights scale, bounds and penalties with them."""
    unit = np.array([1e-3, 1.0, 50.0, 1e4])
    data = X[:, :4]
    plain = NeuronClassifier(C=np.inf, bounds=(-0.5, 2.0)).fit(data, Y)
    pairs = np.outer(1 / unit, [-0.5, 2.0])
    scaled = NeuronClassifier(C=np.inf, bounds=pairs).fit(data * unit + 7 * unit, Y)
    np.testing.assert_allclose(scaled.coef_ * unit, plain.coef_, rtol=1e-7, atol=1e-9)


def test_bounds_by_name_array_and_number():
    frame = pd.DataFrame(X[:, :3], columns=["radius", "texture", "perimeter"])
    by_name = NeuronClassifier(bounds={"texture": (0, None)}).fit(frame, Y)
    pairs = [(None, None), (0, None), (None, None)]
    by_list = NeuronClassifier(bounds=pairs).fit(X[:, :3], Y)
    by_array = NeuronClassifier(
        bounds=np.array([[-np.inf, np.inf], [0, np.inf], [-np.inf, np.inf]])
    ).fit(X[:, :3], Y)
    by_number = NeuronClassifier(bounds={1: (0, None)}).fit(X[:, :3], Y)
    for other in (by_list, by_array, by_number):
        np.testing.assert_allclose(other.coef_, by_name.coef_, rtol=1e-8)
    assert by_name.coef_[0, 1] == 0
    assert NeuronClassifier().fit(frame, Y).coef_[0, 1] < 0
    with pytest.raises(
        ValueError, match=r"key 'area' of bounds is no feature of X. Expected one of 'radius'"
    ):
        NeuronClassifier(bounds={"area": (0, 1)}).fit(frame, Y)


def test_a_constant_column_is_kept_within_its_bounds():
    data = np.column_stack([X[:, 0], np.full(len(X), 3.0)])
    neuron = NeuronClassifier(bounds=[(None, None), (0.5, 1.0)]).fit(data, Y)
    assert neuron.converged_
    assert neuron.coef_[0, 1] == 0.5
    free = NeuronClassifier().fit(data, Y)
    assert free.coef_[0, 1] == 0
    np.testing.assert_allclose(neuron.predict_proba(data), free.predict_proba(data), atol=1e-8)


@pytest.mark.parametrize("l1_ratio", [0.5, 1.0])
def test_softmax_against_saga(l1_ratio):
    data, y = load_iris(return_X_y=True)
    data = StandardScaler().fit_transform(data)
    neuron = NeuronClassifier(C=0.5, l1_ratio=l1_ratio).fit(data, y)
    assert neuron.converged_
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        saga = LogisticRegression(
            penalty="elasticnet",
            solver="saga",
            C=0.5,
            l1_ratio=l1_ratio,
            tol=1e-10,
            max_iter=100_000,
        ).fit(data, y)
    np.testing.assert_array_equal(neuron.coef_ == 0, saga.coef_ == 0)
    np.testing.assert_allclose(neuron.coef_, saga.coef_, atol=1e-6)


@pytest.mark.parametrize("l1_ratio", [0.5, 1.0])
def test_columns_that_stand_twice(l1_ratio):
    neuron = NeuronClassifier(C=0.1, l1_ratio=l1_ratio).fit(np.hstack([X, X]), Y)
    assert neuron.converged_
    once = NeuronClassifier(C=0.1, l1_ratio=l1_ratio).fit(X, Y)
    if l1_ratio == 1:
        assert neuron.objective_ == pytest.approx(once.objective_, rel=1e-10)
    else:
        # Two halves have half the ridge of a whole.
        assert neuron.objective_ < once.objective_
        np.testing.assert_allclose(neuron.coef_[0, :30], neuron.coef_[0, 30:], atol=1e-7)


@pytest.mark.parametrize("C", [0.3, 10.0])
@pytest.mark.parametrize("settings", [{"l1_ratio": 1.0}, {"l1_ratio": 0.4}, {"bounds": (0, None)}])
def test_more_weights_than_a_hessian_is_formed_for(settings, C):
    rng = np.random.default_rng(0)
    data = sparse.random(300, 2500, density=0.02, random_state=rng, format="csr")
    y = (np.asarray(data[:, :40].sum(axis=1)).ravel() + 0.3 * rng.normal(size=300) > 0.4).astype(
        int
    )
    neuron = NeuronClassifier(C=C, **settings).fit(data, y)
    assert neuron.solver_ == "working-set"
    assert neuron.converged_
    ratio = settings.get("l1_ratio", 0.0)
    w, b = _split_solve(data.toarray(), y, C, ratio, settings.get("bounds", (None, None)))
    best = _value(w, b, data, y, C, ratio)
    ours = _value(neuron.coef_, neuron.intercept_, data, y, C, ratio)
    assert ours == pytest.approx(best, rel=1e-8)
    np.testing.assert_array_equal(neuron.coef_[0] == 0, np.abs(w) < 1e-6)


@pytest.mark.parametrize("l1_ratio", [0.4, 1.0])
@pytest.mark.parametrize("alike", [False, True])
def test_faces_and_factored_hessians_agree(l1_ratio, alike):
    """Columns that are nearly alike make conjugate gradients slow: others take over."""
    rng = np.random.default_rng(1)
    data = rng.normal(size=(400, 60))
    if alike:
        data = np.hstack([data, data + 1e-3 * rng.normal(size=data.shape)])
    y = (data[:, :10].sum(axis=1) + rng.normal(size=400) > 0).astype(int)
    settings = {"C": 10.0, "l1_ratio": l1_ratio, "tol": 1e-12}
    by_products = NeuronClassifier(solver="working-set", **settings).fit(data, y)
    factored = NeuronClassifier(solver="newton", **settings).fit(data, y)
    assert by_products.converged_
    assert by_products.objective_ == pytest.approx(factored.objective_, rel=1e-11)
    np.testing.assert_array_equal(by_products.coef_ == 0, factored.coef_ == 0)


@pytest.mark.parametrize("solver", NONSMOOTH)
@pytest.mark.parametrize("settings", [{"l1_ratio": 1.0}, {"bounds": (0, 0.5)}])
def test_gap_of_a_loose_fit(solver, settings):
    best = NeuronClassifier(C=0.5, **settings).fit(X, Y).objective_
    for tol in (1e-2, 1e-4, 1e-6):
        neuron = NeuronClassifier(C=0.5, tol=tol, solver=solver, **settings).fit(X, Y)
        measured = (neuron.objective_ - best) / np.log(2)
        assert neuron.gap_ <= tol
        assert measured <= 10 * neuron.gap_ + 1e-13
        assert neuron.gap_ <= 10 * measured + 1e-13


def test_a_fit_that_was_ended_says_so():
    with pytest.warns(ConvergenceWarning, match="max_iter ended the fit"):
        neuron = NeuronClassifier(l1_ratio=1.0, max_iter=1).fit(X, Y)
    best = NeuronClassifier(l1_ratio=1.0).fit(X, Y).objective_
    measured = (neuron.objective_ - best) / np.log(2)
    assert measured / 10 <= neuron.gap_ <= 10 * measured


@pytest.mark.parametrize("solver", [name for name in SOLVERS if name not in NONSMOOTH])
def test_other_solvers_refuse(solver):
    activation = "step" if "perceptron" in solver else "sigmoid"
    for settings, named in (({"l1_ratio": 0.5}, "l1_ratio=0.5"), ({"bounds": (0, 1)}, "bounds")):
        neuron = NeuronClassifier(activation, solver=solver, **settings)
        with pytest.raises(
            ValueError, match=f"cannot take {named}\\. .*Use solver=.newton. or .auto."
        ):
            neuron.fit(X, Y)
    with pytest.raises(ValueError, match="bounds needs second derivatives, and ReLU is not twice"):
        NeuronClassifier("relu", bounds=(0, 1)).fit(X, Y)


# SLSQP of SciPy 1.11 steps out of its bounds by rounding, and says that it steps back.
@pytest.mark.filterwarnings("ignore:Values in x were outside bounds")
def test_quadratic_model_against_a_general_solver():
    """Random models, collinear ones too, and every kind of bound."""
    rng = np.random.default_rng(0)
    n = 8
    constraints = [
        {"type": "ineq", "fun": lambda p: p[n:] - p[:n]},
        {"type": "ineq", "fun": lambda p: p[n:] + p[:n]},
    ]
    for trial in range(60):
        root = rng.normal(size=(n if trial % 3 else 4, n))
        hessian = root.T @ root + (0 if trial % 2 else 0.1) * np.eye(n)
        gradient, lasso = rng.normal(size=n), rng.uniform(0, 1, n) * (trial % 4 > 0)
        low = np.where(rng.random(n) < 0.5, -rng.uniform(0, 1, n), -2.0)
        high = np.where(rng.random(n) < 0.5, rng.uniform(0, 1, n), 2.0)
        start = np.clip(rng.normal(size=n), low, high)

        def model(u, g=gradient, h=hessian, v=start, weights=lasso):
            return g @ (u - v) + 0.5 * (u - v) @ h @ (u - v) + weights @ np.abs(u)

        q = DenseQuadratic(hessian, gradient, start, L1Box(lasso, low, high))
        step = q.step()
        u, decrease = step.params, step.decrease
        assert np.all((u >= low) & (u <= high))
        assert decrease == pytest.approx(model(start) - model(u), abs=1e-9)
        general = optimize.minimize(
            lambda p, f=model, weights=lasso: f(p[:n]) - weights @ np.abs(p[:n]) + weights @ p[n:],
            np.append(start, np.abs(start)),
            method="SLSQP",
            bounds=[*zip(low, high, strict=True), *[(0, 3)] * n],
            constraints=constraints,
            options={"maxiter": 1000, "ftol": 1e-14},
        )
        assert model(u) <= model(general.x[:n]) + 1e-7


@pytest.mark.parametrize("twice", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_the_minimum_of_a_quadratic_meets_its_conditions(seed, twice):
    """Also where every column stands twice, and the Hessian is singular."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    rows = rng.normal(size=(2 * n, n)) @ (np.eye(n) + 0.5 * rng.normal(size=(n, n)))
    if twice:
        rows, n = np.hstack([rows, rows]), 2 * n
    hessian, gradient = rows.T @ rows / n, 2 * rng.normal(size=n)
    if twice:
        gradient[n // 2 :] = gradient[: n // 2]
    lasso = np.where(rng.random(n) < 0.7, rng.random(n), 0.0)
    bounded = rng.random((2, n)) < 0.3
    low = np.where(bounded[0], -rng.integers(0, 2, n) * rng.random(n), -np.inf)
    high = np.where(bounded[1], rng.integers(0, 2, n) * rng.random(n), np.inf)
    start = np.clip(rng.normal(size=n) * rng.integers(0, 2, n), low, high)
    q = DenseQuadratic(hessian, gradient, start, L1Box(lasso, low, high))
    u = q.step().params
    assert np.all((u >= low) & (u <= high))
    slope = gradient + hessian @ (u - start)
    # The directional derivatives to the right and to the left; none of them leads down.
    right = slope + lasso * np.where(u >= 0, 1, -1)
    left = -slope - lasso * np.where(u > 0, 1, -1)
    tolerance = (1e-7 if twice else 1e-11) * (np.abs(gradient).max() + np.abs(hessian).sum())
    assert np.all(right[u < high] >= -tolerance)
    assert np.all(left[u > low] >= -tolerance)


@pytest.mark.parametrize("l1_ratio", [0.5, 1.0])
def test_the_l1_penalty_chooses_the_cheapest_unit(l1_ratio):
    """Columns in other units are the same column: the largest one has the smallest penalty.

    At C=1e8 its coefficient is that of the column alone, and F is lower by 1e-13 and less.
    """
    rng = np.random.default_rng(0)
    x = rng.normal(size=40)
    y = x + rng.logistic(size=40) > 0
    settings = {"C": 1e8, "l1_ratio": l1_ratio}
    alone = NeuronClassifier(**settings).fit(1000 * x[:, None], y)
    all_units = np.c_[x, 2 * x, 1000 * x, 500 * x + 3]
    neuron = NeuronClassifier(**settings).fit(all_units, y)
    assert neuron.converged_
    np.testing.assert_allclose(neuron.coef_[0], [0, 0, alone.coef_[0, 0], 0], rtol=1e-6)


@pytest.mark.parametrize(
    ("activation", "loss"),
    [("cauchit", "log_loss"), ("sigmoid", "squared_error"), ("cloglog", "squared_error")],
)
def test_losses_that_are_not_convex_converge_quickly(activation, loss):
    """Fisher's curvature and Gauss-Newton's took up to 103 iterations."""
    for seed in range(12):
        rng = np.random.default_rng(seed)
        data = rng.normal(size=(60, 8))
        y = data[:, 0] + rng.standard_cauchy(60) > 0
        neuron = NeuronClassifier(activation, loss=loss, l1_ratio=1.0, C=10.0).fit(data, y)
        assert neuron.converged_
        assert neuron.n_iter_.max() <= 30, seed


def test_bounds_that_make_w_x_overflow_are_refused():
    """The ridge of a column of 1e225 underflows, and F would leave the penalty out."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 1))
    y = x[:, 0] > 0
    neuron = NeuronClassifier("tanh", loss="squared_error", bounds=(0.5, None))
    with pytest.raises(ValueError, match=r"bounds of the coefficient of column 0 .* Rescale X"):
        neuron.fit(1e225 * x, y)
    assert neuron.fit(x, y).converged_


@pytest.mark.parametrize("activation", ["cloglog", "loglog"])
@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
@pytest.mark.parametrize("bounds", [(1, 5), (-5, -1)])
def test_a_start_deep_in_an_exponential_tail_takes_few_iterations(activation, l1_ratio, bounds):
    """Bounds exclude zero, so F is 1e100 and more where the fit starts."""
    rng = np.random.default_rng(0)
    X, y = 100 * rng.normal(size=(95, 4)), rng.random(95) < 0.5
    neuron = NeuronClassifier(activation, l1_ratio=l1_ratio, bounds=bounds).fit(X, y)
    assert neuron.history_["objective"][0] > 1e100
    assert neuron.converged_
    # A Newton step on an exponential lowers F by a factor of e: 230 steps for 1e100 alone.
    assert neuron.n_iter_[0] < 200
    assert np.all((neuron.coef_ >= bounds[0]) & (neuron.coef_ <= bounds[1]))
