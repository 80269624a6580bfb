"""An offset is a column whose weight is 1: in every solver, on every way in and out."""

import warnings

import numpy as np
import pytest
import sklearn
import statsmodels.api as sm
from families import CONVEX, PROBABILITIES, trainable
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from test_links import LINKS

from skneuron import NeuronClassifier
from skneuron.activations import get_activation

LIKELIHOODS = [
    (activation, solver)
    for activation, loss, solver in trainable()
    if activation in PROBABILITIES and loss == "auto"
]


def _data(n=600, activation="sigmoid", seed=0):
    """Rows whose probability depends on an exposure that is known."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3)) * [1.0, 10.0, 0.1] + [0.0, 5.0, 1.0]
    offset = rng.normal(size=n) - 0.5
    z = X @ [0.8, 0.05, -3.0] + 2.5 + offset
    proba = np.exp(get_activation(activation).log_proba(z)[1])
    return X, (rng.random(n) < proba).astype(int), offset


@pytest.mark.parametrize(("activation", "solver"), LIKELIHOODS)
@pytest.mark.parametrize("C", [1.0, np.inf])
def test_is_a_column_of_weight_one(activation, solver, C):
    """The other one holds the weight by bounds, with the solver that knows bounds."""
    X, y, offset = _data(activation=activation)
    bounds = np.array([(-np.inf, np.inf)] * 3 + [(1.0, 1.0)])
    held = NeuronClassifier(activation, C=C, bounds=bounds).fit(np.c_[X, offset], y)
    neuron = NeuronClassifier(activation, C=C, solver=solver, tol=1e-18, max_iter=20_000)
    neuron.fit(X, y, offset=offset)
    assert neuron.converged_
    np.testing.assert_allclose(neuron.coef_[0], held.coef_[0, :3], rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(neuron.intercept_, held.intercept_, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(
    ("activation", "loss", "solver"), [case for case in trainable() if case[0] != "step"]
)
def test_a_constant_one_is_taken_off_the_bias(activation, loss, solver):
    X, y, _ = _data()
    settings = {"activation": activation, "loss": loss, "solver": solver, "random_state": 0}
    plain = NeuronClassifier(**settings).fit(X, y)
    moved = NeuronClassifier(**settings).fit(X, y, offset=np.full(len(y), 0.75))
    precise = np.sqrt(max(plain.gap_, moved.gap_, 1e-16))
    np.testing.assert_allclose(moved.coef_, plain.coef_, rtol=30 * precise, atol=30 * precise)
    z = X @ plain.coef_[0] + plain.intercept_
    shifted = X @ moved.coef_[0] + moved.intercept_ + 0.75
    np.testing.assert_allclose(shifted, z, atol=100 * precise)


@pytest.mark.parametrize(
    ("activation", "loss", "solver"), [case for case in trainable() if case[0] == "step"]
)
def test_perceptrons_separate_what_only_the_offset_makes_separable(activation, loss, solver):
    """Where their steps of fixed length, ‖x‖², are short beside the margin of 30."""
    rng = np.random.default_rng(6)
    X, offset = rng.normal(size=(300, 3)), 300 * rng.normal(size=300)
    z = X @ [80.0, 50.0, -30.0] + 25 + offset
    far = np.abs(z) > 30
    X, offset, y = X[far], offset[far], (z > 0)[far]
    neuron = NeuronClassifier(activation, loss=loss, solver=solver, random_state=0)
    neuron.fit(X, y, offset=offset)
    assert neuron.converged_
    assert neuron.score(X, y, offset=offset) == 1
    with pytest.warns(ConvergenceWarning):
        neuron.fit(X, y)


@pytest.mark.parametrize("activation", LINKS)
@pytest.mark.parametrize("weighted", [False, True])
def test_statsmodels(activation, weighted):
    X, y, offset = _data(activation=activation, seed=1)
    weights = np.arange(len(y)) % 3 + 1.0 if weighted else np.ones(len(y))
    family = sm.families.Binomial(LINKS[activation]())
    reference = sm.GLM(y, sm.add_constant(X), family, offset=offset, freq_weights=weights)
    expected = reference.fit(tol=1e-14, maxiter=1000)
    neuron = NeuronClassifier(activation, C=np.inf).fit(X, y, weights, offset=offset)
    np.testing.assert_allclose(
        np.r_[neuron.intercept_, neuron.coef_[0]], expected.params, rtol=1e-6
    )
    proba = neuron.predict_proba(X, offset=offset)[:, 1]
    np.testing.assert_allclose(proba, expected.fittedvalues, rtol=1e-6)


def test_softmax_layer():
    """Against a minimum that SciPy finds of a likelihood written down here."""
    rng = np.random.default_rng(3)
    X, y, offset = rng.normal(size=(300, 2)), rng.integers(0, 3, 300), rng.normal(size=(300, 3))

    def loss(params):
        """Penalized negative log-likelihood."""
        weights = params.reshape(3, 3)
        z = X @ weights[:, :2].T + weights[:, 2] + offset
        return (weights[:, :2] ** 2).sum() / 2 - log_softmax(z, axis=1)[np.arange(300), y].sum()

    expected = minimize(loss, np.zeros(9), method="BFGS", options={"gtol": 1e-6}).fun
    for solver in ("newton", "lbfgs", "newton-cg", "gd", "subsampled-newton"):
        neuron = NeuronClassifier(solver=solver).fit(X, y, offset=offset)
        found = np.column_stack([neuron.coef_, neuron.intercept_])
        assert loss(found.ravel()) == pytest.approx(expected, rel=1e-9)
        proba = neuron.predict_proba(X, offset=offset)
        z = X @ neuron.coef_.T + neuron.intercept_ + offset
        np.testing.assert_allclose(proba, np.exp(log_softmax(z, axis=1)), rtol=1e-9)


@pytest.mark.parametrize("activation", CONVEX)
def test_one_neuron_per_class_has_its_own(activation):
    if activation == "sigmoid":
        activation = "tanh"  # of a sigmoid the classes share a softmax
    rng = np.random.default_rng(4)
    X, y, offset = rng.normal(size=(300, 2)), rng.integers(0, 3, 300), rng.normal(size=(300, 3))
    layer = NeuronClassifier(activation).fit(X, y, offset=offset)
    for k in range(3):
        alone = NeuronClassifier(activation).fit(X, y == k, offset=offset[:, k])
        np.testing.assert_allclose(layer.coef_[k], alone.coef_[0], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("container", [np.asfortranarray, sparse.csr_array, sparse.csc_array])
def test_many_rows_of_every_kind(container):
    """Subsamples take the offsets of their rows along."""
    X, y, offset = _data(40_000)
    expected = NeuronClassifier(solver="newton").fit(X, y, offset=offset)
    for solver in ("auto", "subsampled-newton", "lbfgs", "newton-cg"):
        neuron = NeuronClassifier(solver=solver, random_state=0)
        neuron.fit(container(X), y, offset=offset)
        assert neuron.converged_
        np.testing.assert_allclose(neuron.coef_, expected.coef_, rtol=1e-6)


def test_float32():
    X, y, offset = _data()
    neuron = NeuronClassifier().fit(X.astype(np.float32), y, offset=offset)
    expected = NeuronClassifier().fit(X, y, offset=offset)
    np.testing.assert_allclose(neuron.coef_, expected.coef_, rtol=1e-4)
    proba = neuron.predict_proba(X.astype(np.float32), offset=offset)
    assert proba.dtype == np.float32
    np.testing.assert_allclose(proba, expected.predict_proba(X, offset=offset), atol=1e-5)


@pytest.mark.parametrize("activation", PROBABILITIES)
def test_predictions(activation):
    X, y, offset = _data(activation=activation)
    neuron = NeuronClassifier(activation).fit(X, y, offset=offset)
    z = X @ neuron.coef_[0] + neuron.intercept_ + offset
    f = get_activation(activation)
    decision = neuron.decision_function(X, offset=offset)
    np.testing.assert_allclose(decision, z - f.threshold, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(neuron.predict(X, offset=offset), (decision > 0).astype(int))
    np.testing.assert_allclose(neuron.activate(X, offset=offset), f.value(z), rtol=1e-9)
    log_proba = neuron.predict_log_proba(X, offset=offset)
    np.testing.assert_allclose(log_proba, np.stack(f.log_proba(z), axis=1), rtol=1e-9)
    assert neuron.score(X, y, offset=offset) == np.mean((decision > 0) == y)
    assert neuron.score(X, y, offset=offset) > neuron.score(X, y)


def test_what_a_frozen_model_knows_is_not_learned_again():
    X, y, _ = _data()
    frozen = NeuronClassifier(C=np.inf).fit(X, y)
    more = NeuronClassifier(C=np.inf).fit(X, y, offset=frozen.decision_function(X))
    np.testing.assert_allclose(more.coef_, 0, atol=1e-8)
    assert more.objective_ == pytest.approx(frozen.objective_, rel=1e-12)


@pytest.mark.parametrize("solver", ["auto", "sgd", "adam"])
def test_streams(solver):
    X, y, offset = _data(6000)
    batch = NeuronClassifier(C=np.inf).fit(X, y, offset=offset)
    stream = NeuronClassifier(C=np.inf, solver=solver, random_state=0)
    for first in range(0, 6000, 500):
        rows = slice(first, first + 500)
        stream.partial_fit(X[rows], y[rows], classes=[0, 1], offset=offset[rows])

    def loss(neuron):
        """Mean log loss on all rows."""
        return -neuron.predict_log_proba(X, offset=offset)[np.arange(6000), y].mean()

    assert loss(stream) < loss(batch) + (1e-5 if solver == "auto" else 0.05)
    with_none = NeuronClassifier(C=np.inf).fit(X, y)
    assert loss(batch) < -with_none.predict_log_proba(X)[np.arange(6000), y].mean() - 0.05


def test_validation_sets_have_their_own():
    X, y, offset = _data(1000)
    train, val = slice(0, 700), slice(700, None)
    neuron = NeuronClassifier(C=np.inf, solver="gd", early_stopping=True)
    neuron.fit(
        X[train], y[train], offset=offset[train], X_val=X[val], y_val=y[val], offset_val=offset[val]
    )
    kept = neuron.history_["validation_loss"].min()
    log_proba = neuron.predict_log_proba(X[val], offset=offset[val])
    assert -log_proba[np.arange(300), y[val]].mean() == pytest.approx(kept, rel=1e-9)
    split = NeuronClassifier(early_stopping=True, random_state=0).fit(X, y, offset=offset)
    assert split.history_["validation_loss"][-1] < 0.62


def test_rows_of_no_weight_take_theirs_away():
    X, y, offset = _data()
    weights = (np.arange(len(y)) % 2).astype(float)
    some = NeuronClassifier().fit(X, y, weights, offset=offset)
    half = NeuronClassifier().fit(X[1::2], y[1::2], offset=offset[1::2])
    np.testing.assert_allclose(some.coef_, half.coef_, rtol=1e-8)


def test_metadata_routing():
    X, y, offset = _data()
    with sklearn.config_context(enable_metadata_routing=True):
        neuron = NeuronClassifier().set_fit_request(offset=True).set_score_request(offset=True)
        neuron.set_predict_proba_request(offset=True)
        pipeline = make_pipeline(StandardScaler(), neuron)
        search = GridSearchCV(pipeline, {"neuronclassifier__C": [1e-6, 1.0]}, cv=3)
        search.fit(X, y, offset=offset)
        alone = GridSearchCV(neuron, {"C": [1.0]}, cv=3).fit(
            StandardScaler().fit_transform(X), y, offset=offset
        )
        proba = cross_val_predict(
            pipeline, X, y, cv=3, method="predict_proba", params={"offset": offset}
        )
    assert search.best_params_ == {"neuronclassifier__C": 1.0}
    np.testing.assert_allclose(
        search.best_estimator_[-1].coef_, alone.best_estimator_.coef_, rtol=1e-8
    )
    assert np.mean((proba[:, 1] > 0.5) == y) > 0.65


@pytest.mark.parametrize(
    ("offset", "match"),
    [
        ([1.0, 2.0], r"offset has shape \(2,\). Expected \(600,\), one number per row of X"),
        (3.0, r"offset has shape \(\). Expected \(600,\)"),
        (np.full(600, np.nan), "offset contains NaN"),
        (np.zeros((600, 2)), r"offset has shape \(600, 2\)"),
        (["a"] * 600, "could not convert"),
    ],
)
def test_bad_ones_are_refused_before_any_work(offset, match):
    X, y, good = _data()
    neuron = NeuronClassifier()
    for call in (neuron.fit, lambda *a, **k: neuron.partial_fit(*a, classes=[0, 1], **k)):
        with pytest.raises(ValueError, match=match):
            call(X, y, offset=offset)
        with pytest.raises(NotFittedError):
            neuron.predict(X)
    neuron.fit(X, y, offset=good)
    before = neuron.coef_.copy()
    with pytest.raises(ValueError, match=match):
        neuron.predict_proba(X, offset=offset)
    with pytest.raises(ValueError, match=match):
        neuron.fit(X, y, offset=offset)
    np.testing.assert_array_equal(neuron.coef_, before)


def test_a_validation_set_without_one_is_refused():
    X, y, offset = _data()
    neuron = NeuronClassifier()
    with pytest.raises(ValueError, match="offset was passed without offset_val"):
        neuron.fit(X, y, offset=offset, X_val=X, y_val=y)
    with pytest.raises(ValueError, match="offset_val was passed without offset"):
        neuron.fit(X, y, X_val=X, y_val=y, offset_val=offset)
    with pytest.raises(ValueError, match="offset_val was passed without X_val and y_val"):
        neuron.fit(X, y, offset=offset, offset_val=offset)
    with pytest.raises(ValueError, match="offset_val has shape"):
        neuron.fit(X, y, offset=offset, X_val=X, y_val=y, offset_val=offset[:5])


def test_more_than_two_classes_want_one_per_class():
    X, _, offset = _data()
    y = np.arange(600) % 3
    with pytest.raises(ValueError, match=r"Expected \(600, 3\), one number per row of X and class"):
        NeuronClassifier().fit(X, y, offset=offset)


def test_a_certain_row_by_its_offset_is_no_separation():
    """All losses can be small although the weights separate nothing."""
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(100, 2)), rng.integers(0, 2, 100)
    offset = np.where(y == 1, 20.0, -20.0)
    neuron = NeuronClassifier(C=np.inf).fit(X, y, offset=offset)
    assert np.all(np.isfinite(neuron.coef_))


@pytest.mark.parametrize("solver", ["newton", "lbfgs", "gd", "sgd", "adam", "newton-cg"])
@pytest.mark.parametrize("tol", [1e-3, 1e-6])
def test_the_gap_is_that_with_the_offset(solver, tol):
    X, y, offset = _data()
    best = NeuronClassifier("probit").fit(X, y, offset=offset)
    neuron = NeuronClassifier("probit", solver=solver, tol=tol).fit(X, y, offset=offset)
    zero = -np.mean(np.where(y == 1, *get_activation("probit").log_proba(offset)[::-1]))
    measured = (neuron.objective_ - best.objective_) / zero
    assert measured <= 10 * neuron.gap_ + 1e-14
    assert neuron.gap_ <= 10 * measured + 1e-13


@pytest.mark.parametrize("size", [-1e6, -1e3, 100.0, 1e3, 1e15])
@pytest.mark.parametrize("activation", PROBABILITIES)
def test_what_all_rows_have_in_common_is_taken_by_the_bias(activation, size):
    """With z = 1,000 in every row each sample is saturated; the fit is the one without."""
    X, y, _ = _data(activation=activation)
    plain = NeuronClassifier(activation, C=np.inf).fit(X, y)
    moved = NeuronClassifier(activation, C=np.inf).fit(X, y, offset=np.full(len(y), size))
    assert moved.converged_
    np.testing.assert_allclose(moved.coef_, plain.coef_, rtol=1e-7)
    rounding = np.spacing(abs(size)) + 1e-7
    assert moved.intercept_[0] + size == pytest.approx(plain.intercept_[0], abs=rounding)
    assert moved.objective_ == pytest.approx(plain.objective_, rel=1e-12)


@pytest.mark.parametrize("solver", sorted({solver for _, solver in LIKELIHOODS}))
def test_no_solver_takes_saturation_for_convergence(solver):
    """Offsets of thousands: most samples have no curvature, and half of them a slope.

    A loss of a hundredth of z, taken a hundred times, is above the loss, by 100 log 2 at most:
    that problem is an easy one, and its minimum judges this one.
    """
    X, y, _ = _data(n=100)
    spread = 3000 * np.random.default_rng(1).standard_normal(len(y))
    easy = NeuronClassifier(C=np.inf).fit(X, y, offset=spread / 100)
    assert easy.converged_
    highest = 100 * easy.objective_
    neuron = NeuronClassifier(C=np.inf, solver=solver, max_iter=200, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        neuron.fit(X, y, offset=spread)
    assert neuron.objective_ > highest - 100 * np.log(2)
    zero = np.logaddexp(0, (1 - 2 * y) * (spread - spread.mean())).mean()
    assert neuron.gap_ >= 0.1 * (neuron.objective_ - highest) / zero
    if neuron.converged_:
        assert neuron.objective_ < highest


def test_an_offset_that_leaves_no_digit_is_refused():
    X, y, _ = _data()
    with pytest.raises(
        ValueError, match=r"offset has the value -1e\+16. Expected magnitudes up to 1e\+15"
    ):
        NeuronClassifier().fit(X, y, offset=np.full(len(y), -1e16))
