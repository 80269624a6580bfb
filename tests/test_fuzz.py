"""Random problems and settings: what must hold of every fit. ``python tests/fuzz.py`` runs more."""

from collections import Counter

import numpy as np
import pytest
from families import trainable
from fuzz import lines
from fuzzing.attempt import Attempt, Report
from fuzzing.checks import check_seed
from fuzzing.columns import DEPENDENT, KINDS, LAYOUTS, dense
from fuzzing.draw import MODES, NAMES, Problem, draw
from fuzzing.exact import EXTENDED, LOG_PROBA, losses
from fuzzing.objective import check_objective
from fuzzing.slopes import derivatives
from mpmath import mp

from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS

SEEDS = 300

# Seeds of one test, so that the tests can be run by several processes.
CHUNK = 10

#: Seeds with an open fault of the package, and the fault. Delete a seed when its fault is mended.
OPEN: dict[int, str] = {}

#: Seeds beyond the first that found a fault, and the fault. It is mended, and its family too.
MENDED = {
    594: "a fill value of 1e38: the gap is looked at by 100 steps of no use",
    721: "newton-cg: products do not see all of a Hessian",
    1051: "an offset of 1e13 hides the slope of an intercept",
    1097: "F of a wide offset and of columns that cancel has other bits than predictions",
    2157: "newton-cg: a fill value of 1e100 hides the intercept",
    2726: "L1 penalty: steps are too short or too long where the loss is far from quadratic",
    2787: "lbfgs: rounding errors move the coefficients of constant columns, and F with them",
    2808: "a column, and what rounding has left of it: the gap leaves their difference out",
    3233: "a working set without columns has no length",
    3374: "the log-probability of a held-out row overflows float32",
    3393: "L1 penalty on the same column in two units: damping hides a gap",
    3991: "SVDs of a root with as many rows as parameters take seconds",
    4398: "bounds: as 2726",
    4889: "the ridge of a column of 1e225 underflows",
    5060: "F of rows of zero weight has other bits than predictions",
    5086: "a step along flat intercepts is as short as the curved part of the step",
    5208: "L1 penalty: each step attains its prediction, and the next one predicts as much",
    5365: "loglog: the tail is so steep that a short step changes its curvature",
    5405: "Adam moves the coefficient of a constant column",
    5465: "a fit goes on although its steps change F by rounding errors only",
    5492: "F of several classes has other bits than predictions",
    5517: "F overflows at every start",
    5544: "steps along directions without curvature stay short",
    5618: "a fit goes on while F stays the same",
    5830: "softmax: the curvature of common shifts hides that of saturated samples",
    5883: "bounds: as 3393 and 5365",
    5963: "no intercept: a fill value of 1e18 hides the ordinary values",
    6166: "a fit creeps along the non-differentiable points of an offset",
    6167: "F of a chunk overflows",
    6369: "a gap of -7e-33",
    6613: "a fit creeps, 0.4 % of F in 100 iterations",
    6632: "L1 penalty and squared error: Gauss-Newton converges linearly",
    6671: "a step of infinite length and factor zero is no number",
    6763: "a fit creeps along the non-differentiable points of a wide offset",
    7367: "NumPy warns about the sum of a chunk of 3e38",
    7443: "rounding to float32 moved a stalled fit to the minimum",
    7674: "as 6613, with bounds that exclude zero",
    8101: "lbfgs: rounds of no length are repeated",
    8179: "working set: as 8101",
    8421: "a gradient that is no number",
    8477: "newton-cg, one neuron per class: as 721",
    8631: "one of five neurons is at rounding, all five are not",
    9224: "L1 penalty and bounds: as 2726",
    9336: "a warm start with bounds that exclude zero ends above its start",
    9602: "as 3991, and the SVD does not converge",
    10201: "at z = 0 for every sample, the smaller slope of a rectifier hides what it can gain",
}

needs_extended = pytest.mark.skipif(not EXTENDED, reason="np.longdouble is a float64 here")


def _violations(seed):
    """Return the lines of a seed. The time of a fit depends on the machine: only its end counts."""
    return [line for line in lines(seed)[0] if "kind='time'" not in line or "not ended" in line]


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_what_must_hold_of_every_fit(first):
    seeds = [seed for seed in range(first, first + CHUNK) if seed not in OPEN]
    found = [line for seed in seeds for line in _violations(seed)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("seed", MENDED)
def test_mended_faults_stay_mended(seed):
    assert _violations(seed) == []


# --- the fuzzer itself: it draws all there is, and a wrong fit is seen ------------------------


def test_seeds_draw_all_there_is():
    problems = [draw(seed) for seed in range(1000)]
    tags = {tag for problem in problems for tag in problem.tags}
    assert {problem.mode for problem in problems} == set(MODES)
    assert {problem.layout for problem in problems} == set(LAYOUTS)
    assert tags >= (set(KINDS) | set(DEPENDENT) | set(NAMES)) - {"plain"}
    drawn = {
        tuple(problem.params[name] for name in ("activation", "loss", "solver"))
        for problem in problems
    }
    assert {activation for activation, _, _ in drawn} == set(ACTIVATIONS)
    assert {(activation, solver) for activation, _, solver in trainable()} <= {
        (a, s) for a, _, s in drawn
    }
    for name in ("sample_weight", "offset", "X_val"):
        assert any(name in problem.fit for problem in problems)
    assert any(problem.dense.shape[1] > problem.dense.shape[0] for problem in problems)


def test_a_seed_draws_the_same_problem_again():
    for seed in range(40):
        a, b = draw(seed), draw(seed)
        assert str(a) == str(b)
        np.testing.assert_array_equal(a.dense, b.dense)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_hold_the_table(layout):
    X = np.random.default_rng(0).integers(0, 3, size=(6, 4)).astype(float)
    expected = np.sort(X, axis=0)[3] < X if layout == "bool" else X
    np.testing.assert_array_equal(dense(LAYOUTS[layout](X)), expected)


def _problem(**params):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    y = (X[:, 0] + rng.logistic(size=60) > 0).astype(int)
    settings = {"activation": "sigmoid", "tol": None, "C": 1.0} | params
    return Problem(0, "fit", "C", X, y, y, np.array([0, 1]), settings, {})


def _kinds(problem, spoil):
    """Return what is reported of a fit that was spoiled."""
    attempt = Attempt(problem)
    spoil(attempt.neuron)
    report = Report()
    z = attempt.neuron.decision_function(problem.X)
    check_objective(report, problem, attempt, z)
    return {kind for kind, _ in report.violations}


def _moved(neuron):
    neuron.coef_ = neuron.coef_ + 1e-4


def _told_otherwise(neuron):
    neuron.objective_ *= 1 + 1e-9


def _too_sure(neuron):
    neuron.gap_ = 1e-9 * neuron.gap_


@needs_extended
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"l1_ratio": 1.0, "C": 0.1},
        {"bounds": (0, 0.2)},
        {"activation": "probit"},
        {"activation": "identity"},
    ],
)
def test_a_right_fit_is_right(params):
    problem = _problem(**params)
    assert _kinds(problem, lambda neuron: None) == set()
    assert check_seed(problem).violations == []


@needs_extended
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"l1_ratio": 1.0, "C": 0.1},
        {"activation": "cauchit"},
        {"activation": "tanh", "loss": "squared_error"},
    ],
)
def test_a_wrong_fit_is_seen(params):
    problem = _problem(**params)
    assert "objective" in _kinds(problem, _told_otherwise)
    moved = _kinds(problem, _moved)
    assert "objective" in moved
    assert moved & {"gap", "gap, not convex"}
    if params.get("l1_ratio"):
        return  # Newton ends at the vertex whatever tol is, and its gap is zero.
    rough = _problem(**params, tol=1e-3)
    assert _kinds(rough, _too_sure) & {"gap", "gap, not convex"}


@needs_extended
@pytest.mark.parametrize("name", LOG_PROBA)
def test_losses_of_the_fuzzer_hold_in_many_digits(name):
    """mpmath's distribution functions, in 40 digits."""
    cdf = {
        "sigmoid": lambda z: 1 / (1 + mp.exp(-z)),
        "tanh": lambda z: (1 + mp.tanh(z)) / 2,
        "probit": lambda z: mp.erfc(-z / mp.sqrt(2)) / 2,
        "cloglog": lambda z: -mp.expm1(-mp.exp(z)),
        "loglog": lambda z: mp.exp(-mp.exp(-z)),
        "cauchit": lambda z: mp.atan2(1, -z) / mp.pi,
    }[name]
    points = np.array([-30.5, -5.25, -0.625, 0.0, 0.3, 2.0, 4.5])
    with mp.workdps(60):
        exact = [-mp.log(cdf(mp.mpf(z))) for z in points]
    found = losses(name, "log_loss", np.ones(len(points)), points.astype(np.longdouble))
    # What SciPy computes of the probit is a float64.
    np.testing.assert_allclose(found.astype(float), [float(v) for v in exact], rtol=1e-14)


def test_counts_show_an_assertion_that_is_never_reached():
    report = Report()
    report.check("a", True)
    report.check("b", False, "why")
    assert report.reached == Counter(a=1, b=1)
    assert report.violations == [("b", "why")]


def test_a_fit_of_the_estimator_is_what_is_fuzzed():
    attempt = Attempt(_problem())
    assert isinstance(attempt.neuron, NeuronClassifier)
    assert attempt.error is None


@pytest.mark.parametrize("loss", ["log_loss", "squared_error"])
def test_a_new_activation_needs_its_derivatives(loss):
    """No activation borrows the formula of another one."""
    y, z = np.array([0, 1]), np.array([0.5, 2.0], np.longdouble)
    with pytest.raises(KeyError, match="arctan"):
        derivatives("arctan", loss, y, z)
    assert np.all(np.isfinite(derivatives("loglog", loss, y, z)))
