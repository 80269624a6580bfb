"""``gap_`` against the gap that an independent solve measures."""

import warnings
from functools import cache

import mpmath
import numpy as np
import pytest
import statsmodels.api as sm
from families import PROBABILITIES
from scipy import optimize, special, stats
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import PolynomialFeatures

from skneuron import NeuronClassifier
from skneuron.activations import get_activation
from skneuron.design import DesignMatrix
from skneuron.losses import get_loss
from skneuron.objective import Objective, Regularization
from skneuron.solvers import SOLVERS
from skneuron.solvers.newton._directions import directions_of

# log f(z) and log(1 - f(z)), from SciPy alone.
LOG_PROBA = {
    "sigmoid": (special.log_expit, lambda z: special.log_expit(-z)),
    "tanh": (lambda z: special.log_expit(2 * z), lambda z: special.log_expit(-2 * z)),
    "probit": (stats.norm.logcdf, stats.norm.logsf),
    "cloglog": (stats.gumbel_l.logcdf, stats.gumbel_l.logsf),
    "loglog": (stats.gumbel_r.logcdf, stats.gumbel_r.logsf),
    "cauchit": (stats.cauchy.logcdf, stats.cauchy.logsf),
}
GENERAL = [name for name, cls in SOLVERS.items() if "mistakes" not in cls.needs]


def test_every_probability_activation_has_its_reference():
    assert set(LOG_PROBA) == set(PROBABILITIES)


def _data():
    X, y = load_breast_cancer(return_X_y=True)
    X = X[:, [0, 1, 4, 5]]
    return (X - X.mean(axis=0)) / X.std(axis=0), y


def _objective(activation, X, y, C):
    log_p, log_q = LOG_PROBA[activation]
    sign = y == 1

    def value(v):
        z = X @ v[:-1] + v[-1]
        with np.errstate(over="ignore", divide="ignore"):
            losses = -np.where(sign, log_p(z), log_q(z))
        return np.mean(losses) + v[:-1] @ v[:-1] / (2 * C * len(y))

    return value


@cache
def _minimum(activation, C):
    """Return F at its minimum by SciPy's own minimizers, on values alone, from zero weights."""
    X, y = _data()
    value = _objective(activation, X, y, C)
    best = np.zeros(5)
    for method, options in (
        ("BFGS", {"gtol": 1e-10}),
        ("Nelder-Mead", {"xatol": 1e-10, "fatol": 1e-15, "maxiter": 20_000, "maxfev": 20_000}),
        ("BFGS", {"gtol": 1e-10}),
    ):
        best = optimize.minimize(value, best, method=method, options=options).x
    return value(best)


@pytest.mark.parametrize("activation", PROBABILITIES)
@pytest.mark.parametrize("solver", GENERAL)
@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-6])
def test_gap_is_the_measured_one_within_a_factor_of_ten(activation, solver, C, tol):
    X, y = _data()
    neuron = NeuronClassifier(activation, C=C, solver=solver, tol=tol, max_iter=100_000).fit(X, y)
    assert neuron.converged_
    assert neuron.gap_ <= tol
    value = _objective(activation, X, y, C)
    here = np.append(neuron.coef_[0], neuron.intercept_)
    assert neuron.objective_ == pytest.approx(value(here), rel=1e-12)
    zero = value(np.zeros(5))
    measured = (value(here) - _minimum(activation, C)) / zero
    # Values of F carry rounding of about 1e-15; smaller gaps are measured below.
    assert measured <= 10 * neuron.gap_ + 1e-14
    assert neuron.gap_ <= 10 * measured + 1e-13


@pytest.mark.parametrize("solver", GENERAL)
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "probit"])
@pytest.mark.parametrize("C", [1.0, 100.0, 1e4])
def test_gap_where_the_quadratic_model_is_poor(solver, activation, C):
    """Raw, collinear, nearly separable: half of gᵀH⁻¹g alone is wrong by up to 38 times here.

    The minimum is that of Newton at the default, which test_logistic_regression.py and
    test_links.py hold against others.
    """
    X, y = load_breast_cancer(return_X_y=True)
    X = PolynomialFeatures(2, include_bias=False).fit_transform(X[:, :4])
    best = NeuronClassifier(activation, C=C).fit(X, y).objective_
    for tol in (1e-3, 1e-4, 1e-5):
        neuron = NeuronClassifier(activation, C=C, solver=solver, tol=tol, max_iter=3000)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            neuron.fit(X, y)
        measured = (neuron.objective_ - best) / np.log(2)
        assert neuron.gap_ <= 10 * measured + 1e-13
        assert measured <= 10 * neuron.gap_ + 1e-13


@pytest.mark.parametrize("solver", GENERAL)
def test_gap_far_below_the_rounding_of_the_objective(solver):
    """In 50 digits: an exact Newton solve from the weights that were reached."""
    X, y = _data()
    X, y = X[:60, :2], y[:60]
    neuron = NeuronClassifier(C=1.0, solver=solver, tol=1e-18).fit(X, y)
    mpmath.mp.dps = 50
    rows = [[mpmath.mpf(float(v)) for v in row] + [mpmath.mpf(1)] for row in X]
    signs = [2 * int(label) - 1 for label in y]

    def evaluate(v):
        n, value = len(rows), mpmath.mpf(0)
        gradient, hessian = mpmath.zeros(3, 1), mpmath.zeros(3, 3)
        for row, sign in zip(rows, signs, strict=True):
            margin = sign * sum(a * b for a, b in zip(row, v, strict=True))
            p = 1 / (1 + mpmath.exp(margin))
            value += mpmath.log1p(mpmath.exp(-margin)) / n
            for i in range(3):
                gradient[i] -= sign * p * row[i] / n
                for j in range(3):
                    hessian[i, j] += p * (1 - p) * row[i] * row[j] / n
        for i in range(2):
            value += v[i] ** 2 / (2 * n)
            gradient[i] += v[i] / n
            hessian[i, i] += mpmath.mpf(1) / n
        return value, gradient, hessian

    v = mpmath.matrix([*map(float, neuron.coef_[0]), float(neuron.intercept_[0])])
    here = evaluate(v)[0]
    for _ in range(6):
        _, gradient, hessian = evaluate(v)
        v = v - mpmath.lu_solve(hessian, gradient)
    measured = float((here - evaluate(v)[0]) / mpmath.log(2))
    # Rounding the raw weights to doubles alone costs about 1e-32.
    assert neuron.gap_ <= 1e-18
    assert measured <= 10 * neuron.gap_ + 1e-30
    assert neuron.gap_ <= 10 * measured + 1e-30


def test_conjugate_gradients_estimate_the_gap_that_factoring_gives(monkeypatch):
    """The way taken above 1,000 parameters, on a problem where the other can be taken too."""
    X, y = load_breast_cancer(return_X_y=True)
    for tol in (1e-3, 1e-6, 1e-9):
        factored = NeuronClassifier(solver="gd", tol=tol).fit(X, y)
        monkeypatch.setattr("skneuron.solvers._gap.DENSE_PARAMS", 0)
        conjugate = NeuronClassifier(solver="gd", tol=factored.tol, max_iter=factored.n_iter_.max())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            conjugate.fit(X, y)
        monkeypatch.undo()
        if conjugate.n_iter_.max() == factored.n_iter_.max():
            assert factored.gap_ / 10 <= conjugate.gap_ <= 10 * factored.gap_
        else:
            best = NeuronClassifier().fit(X, y).objective_
            measured = (conjugate.objective_ - best) / np.log(2)
            assert measured / 10 <= conjugate.gap_ <= 10 * measured


def test_gap_of_a_layer_is_that_of_the_sum():
    X, y = load_iris(return_X_y=True)
    layer = NeuronClassifier("probit", tol=1e-3).fit(X, y)
    exact = NeuronClassifier("probit").fit(X, y)
    zero = 3 * np.log(2)
    measured = (layer.objective_ - exact.objective_) / zero
    assert measured / 10 <= layer.gap_ <= 10 * measured


def test_float32_reports_the_gap_of_its_rounded_weights():
    X, y = _data()
    neuron = NeuronClassifier(C=100.0).fit(X.astype(np.float32), y)
    assert neuron.coef_.dtype == np.float32
    value = _objective("sigmoid", X.astype(np.float32).astype(float), y, 100.0)
    exact = NeuronClassifier(C=100.0).fit(X.astype(np.float32).astype(float), y)
    rounded = np.append(neuron.coef_[0], neuron.intercept_).astype(float)
    best = np.append(exact.coef_[0], exact.intercept_)
    assert neuron.gap_ > 1e-18
    # A second difference of F along the rounding error, large enough to be seen.
    grown = best + 1e4 * (rounded - best)
    measured = (value(grown) - value(best)) / 1e8 / np.log(2)
    assert measured / 10 <= neuron.gap_ <= 10 * measured


def test_weights_that_float32_cannot_hold_are_told():
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(200, 2)) + np.array([1e6, 0.0])).astype(np.float32)
    y = (X[:, 0] - 1e6 + rng.normal(size=200) > 0).astype(int)
    neuron = NeuronClassifier()
    with pytest.warns(ConvergenceWarning, match="float32 cannot hold the coefficients"):
        neuron.fit(X, y)
    assert not neuron.converged_
    assert NeuronClassifier().fit(X.astype(float), y).converged_


@pytest.mark.parametrize("solver", GENERAL)
def test_a_fit_that_was_ended_says_so_and_how_far_it_came(solver):
    X, y = load_breast_cancer(return_X_y=True)
    neuron = NeuronClassifier(solver=solver, max_iter=2)
    with pytest.warns(ConvergenceWarning, match=r"max_iter ended the fit\..*reached \d"):
        neuron.fit(X, y)
    assert not neuron.converged_
    assert neuron.n_iter_.max() == 2
    exact = NeuronClassifier().fit(X, y)
    measured = (neuron.objective_ - exact.objective_) / np.log(2)
    assert neuron.gap_ > measured / 10


@pytest.mark.parametrize("factor", [1.8, 1 / 60])
def test_rounding_of_a_second_unit_is_in_the_gap(factor):
    """Times in two units, without a penalty: their difference is rounding, and lowers F.

    The minimum is that of statsmodels on the times and on the difference, which have the same span.
    """
    rng = np.random.default_rng(0)
    seconds = 1e9 + np.round(1e5 * rng.normal(size=60))
    y = seconds - 1e9 + 1e5 * rng.logistic(size=60) > 0
    other = factor * seconds + 32
    with pytest.warns(ConvergenceWarning, match="drop nearly collinear columns"):
        neuron = NeuronClassifier(C=np.inf).fit(np.c_[seconds, other], y)
    exact = np.longdouble(factor) * seconds.astype(np.longdouble) + 32
    Z = np.c_[seconds, (other - exact).astype(float)]
    Z = (Z - Z.mean(axis=0)) / Z.std(axis=0)
    lowest = -sm.Logit(y, sm.add_constant(Z)).fit(disp=0).llf / len(y)
    measured = (neuron.objective_ - lowest) / np.log(2)
    assert measured / 10 <= neuron.gap_ <= 10 * measured
    one = NeuronClassifier(C=np.inf).fit(seconds[:, None], y)
    assert one.converged_
    np.testing.assert_allclose(neuron.coef_[0] @ [1, factor], one.coef_[0, 0], rtol=1e-7)


@pytest.mark.parametrize("activation", ["cloglog", "loglog"])
def test_a_step_in_a_steep_tail_is_not_short(activation):
    """At |z| = 3.8 the curvature of -log(1 - f) changes by a factor of 2.7 within 0.0227."""
    side = 1 if activation == "cloglog" else -1
    cdf = {"cloglog": lambda z: -mpmath.expm1(-mpmath.exp(z)),
           "loglog": lambda z: mpmath.exp(-mpmath.exp(-z))}[activation]  # fmt: skip
    X, y = np.array([[0.0], [1.0]]), np.array([0, 1])
    label = 1 if activation == "cloglog" else 0

    def loss(z):
        return -mpmath.log(cdf(z) if label else 1 - cdf(z))

    start, step = side * mpmath.mpf("3.8"), side * mpmath.mpf("0.0227")
    with mpmath.workdps(60):
        expected = abs(mpmath.log(mpmath.diff(loss, start + step, 2) / mpmath.diff(loss, start, 2)))
    log_loss = get_loss("log_loss", get_activation(activation))
    none = Regularization(0.0)
    F = Objective.of_data(DesignMatrix(X), y, log_loss, np.full(2, 0.5), none, True)
    found = F.max_change(np.array([0.0, float(step)]), np.array([0.0, float(start)]))
    assert found == pytest.approx(float(expected), rel=1e-6)
    assert found > 0.9
    assert F.max_change_bound(np.array([0.0, float(step)])) >= found


@pytest.mark.parametrize("tiny", [(), (1e-9, 1e-12), (1e-9, 1e-12, 0.0, 0.0)])
def test_directions_of_tiny_curvature_take_the_hessian_apart(tiny):
    """RᵀR from the parts is the RᵀR that was drawn, and the tiny directions are those drawn."""
    rng = np.random.default_rng(0)
    values = np.r_[np.geomspace(1, 0.1, 20 - len(tiny)), tiny]
    basis = np.linalg.qr(rng.normal(size=(20, 20)))[0]
    root = np.linalg.qr(values[:, None] * basis, mode="r")
    parts = directions_of(root, 0.0)
    assert len(parts.order) == 20 - len(tiny)
    np.testing.assert_allclose(parts.values, tiny, rtol=1e-3, atol=1e-15)
    np.testing.assert_allclose(parts.vectors @ parts.vectors.T, np.eye(len(tiny)), atol=1e-12)
    inside = parts.vectors @ basis[20 - len(tiny) :].T
    np.testing.assert_allclose(np.linalg.norm(inside, axis=1), 1, rtol=1e-7)
    together = np.vstack([np.eye(20)[parts.order], parts.vectors])
    apart = np.diag(np.r_[np.zeros(len(parts.order)), parts.values**2])
    apart[: len(parts.order), : len(parts.order)] = parts.leading.T @ parts.leading
    np.testing.assert_allclose(together @ (root.T @ root) @ together.T, apart, atol=1e-14)


def test_duplicates_among_many_columns_share_their_coefficient():
    """Without a penalty the coefficients have the least norm, and the gap is that without them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 25))
    y = (X[:, :3] @ rng.normal(size=(3, 3)) + rng.gumbel(size=(400, 3))).argmax(axis=1)
    one = NeuronClassifier(C=np.inf).fit(X, y)
    both = NeuronClassifier(C=np.inf).fit(np.c_[X, X[:, :2]], y)
    assert both.converged_
    assert both.objective_ == pytest.approx(one.objective_, rel=1e-14)
    np.testing.assert_allclose(both.coef_[:, 25:], both.coef_[:, :2], rtol=1e-7)
    np.testing.assert_allclose(2 * both.coef_[:, :2], one.coef_[:, :2], rtol=1e-7)


def test_constant_columns_do_not_move_f():
    """Few rows, and many columns that are constant: F of the stored weights is the one reported."""
    rng = np.random.default_rng(0)
    X = np.zeros((6, 120))
    X[:, :60] = rng.integers(0, 2, (6, 60))
    y = np.array([0, 1, 0, 1, 0, 1])
    neuron = NeuronClassifier("probit", solver="lbfgs", C=np.inf, max_iter=20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        neuron.fit(X, y)
    z = neuron.decision_function(X)
    expected = -np.mean(np.where(y, stats.norm.logcdf(z), stats.norm.logsf(z)))
    assert neuron.objective_ == pytest.approx(expected, rel=1e-12)
