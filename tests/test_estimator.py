"""What the estimator promises beyond its numbers."""

import numpy as np
import pytest
from families import trainable
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import RidgeClassifier

from skneuron import NeuronClassifier
from skneuron.activations import Activation, get_activation
from skneuron.solvers import GD, LBFGS, Newton

X, Y = load_breast_cancer(return_X_y=True)
IRIS, SPECIES = load_iris(return_X_y=True)
GATE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def test_float32_stays_float32():
    neuron = NeuronClassifier().fit(X.astype(np.float32), Y)
    for values in (
        neuron.coef_, neuron.intercept_, neuron.predict_proba(X.astype(np.float32)),
        neuron.decision_function(X.astype(np.float32)), neuron.activate(X.astype(np.float32)),
    ):  # fmt: skip
        assert values.dtype == np.float32
    double = NeuronClassifier().fit(X.astype(np.float32).astype(float), Y)
    np.testing.assert_allclose(neuron.coef_, double.coef_, rtol=1e-6)


def test_orders_and_memory_maps_are_read_as_they_lie(tmp_path):
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    expected = NeuronClassifier().fit(X, Y).coef_
    for data in (np.asfortranarray(X), mapped, X[:, ::-1][:, ::-1]):
        np.testing.assert_allclose(NeuronClassifier().fit(data, Y).coef_, expected, rtol=1e-8)


def test_integer_weights_are_repetitions_and_zero_weights_absence():
    weights = np.random.default_rng(0).integers(0, 4, len(Y))
    weighted = NeuronClassifier().fit(X, Y, weights)
    repeated = NeuronClassifier().fit(np.repeat(X, weights, axis=0), np.repeat(Y, weights))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-7)
    hidden = X.copy()
    hidden[weights == 0] = 1e300  # rows of zero weight do not even scale the columns
    np.testing.assert_array_equal(NeuronClassifier().fit(hidden, Y, weights).coef_, weighted.coef_)


def test_decision_is_positive_exactly_where_the_positive_class_is_predicted():
    for activation, loss, solver in trainable():
        neuron = NeuronClassifier(activation, loss=loss, solver=solver, tol=1e-6)
        neuron.fit(IRIS[:100], SPECIES[:100])
        decision = neuron.decision_function(IRIS[:100])
        np.testing.assert_array_equal(neuron.predict(IRIS[:100]), (decision > 0).astype(int))
        z = IRIS[:100] @ neuron.coef_[0] + neuron.intercept_[0]
        np.testing.assert_allclose(decision, z - neuron.activation_.threshold, atol=1e-10)
        np.testing.assert_allclose(
            neuron.activate(IRIS[:100]), neuron.activation_.value(z), atol=1e-10
        )


def test_cloglog_changes_its_mind_where_its_probability_is_one_half():
    neuron = NeuronClassifier.from_weights([1.0], activation="cloglog")
    z0 = np.log(np.log(2))
    np.testing.assert_allclose(neuron.predict_proba([[z0]]), [[0.5, 0.5]])
    np.testing.assert_array_equal(neuron.predict([[z0 - 1e-6], [z0 + 1e-6]]), [0, 1])


@pytest.mark.parametrize("activation", ["sigmoid", "probit", "cloglog", "cauchit", "tanh"])
def test_layers(activation):
    neuron = NeuronClassifier(activation).fit(IRIS, np.array(["a", "b", "c"])[SPECIES])
    assert neuron.coef_.shape == (3, 4)
    proba = neuron.predict_proba(IRIS)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_array_equal(neuron.classes_[proba.argmax(axis=1)], neuron.predict(IRIS))
    np.testing.assert_allclose(np.log(proba), neuron.predict_log_proba(IRIS), atol=1e-9)
    if activation != "sigmoid":
        one = NeuronClassifier(activation).fit(IRIS, SPECIES == 1)
        np.testing.assert_allclose(neuron.coef_[1], one.coef_[0], rtol=1e-7)
        assert len(neuron.history_["objective"]) == neuron.n_iter_.max()


@pytest.mark.parametrize("value", [1.0, 0.1, 3.3e20, 7.7e149])
@pytest.mark.parametrize("convert", [np.asarray, sparse.csc_array])
@pytest.mark.parametrize("solver", ["newton", "lbfgs", "gd"])
def test_a_constant_column_changes_nothing(value, convert, solver):
    """Whatever its size, and though the rounding of its mean is a number."""
    rng = np.random.default_rng(0)
    data, weights = rng.normal(size=(300, 1)), rng.uniform(0.1, 1, 300)
    y = (data[:, 0] + rng.normal(size=300) > 0).astype(int)
    alone = NeuronClassifier(solver=solver).fit(data, y, weights)
    constant = convert(np.c_[data, np.full(300, value)])
    both = NeuronClassifier(solver=solver).fit(constant, y, weights)
    assert both.converged_
    np.testing.assert_allclose(both.coef_[0], [alone.coef_[0, 0], 0], rtol=1e-7)
    np.testing.assert_allclose(both.intercept_, alone.intercept_, rtol=1e-7)


def test_log_probabilities_far_out():
    cloglog = NeuronClassifier.from_weights([1.0], activation="cloglog")
    np.testing.assert_allclose(cloglog.predict_log_proba([[10.0]])[0, 0], -np.exp(10.0))
    assert cloglog.predict_log_proba([[1e9]])[0, 0] == -np.finfo(float).max
    assert cloglog.predict_proba([[1e9]]).min() > 0
    neuron = NeuronClassifier.from_weights([1.0])
    np.testing.assert_array_equal(neuron.predict_log_proba([[-1e9]]), [[0, -1e9]])
    np.testing.assert_allclose(
        NeuronClassifier.from_weights([1.0], activation="probit").predict_log_proba([[-10.0]])[
            0, 1
        ],
        -53.23128515051247,
    )  # log Φ(-10), Abramowitz & Stegun's function by mpmath 1.3
    # One-vs-rest probabilities are normalised in logarithms: far out too they sum to 1.
    layer = NeuronClassifier.from_weights(
        [[1.0], [1.0], [1.0]], [0.0, 1.0, 2.0], activation="probit", classes=[0, 1, 2]
    )
    np.testing.assert_allclose(layer.predict_proba([[-100.0]]).sum(), 1)


def test_identity_is_ridge_regression_of_the_labels():
    """RidgeClassifier has targets of -1 and 1, twice as far apart: its weights are double."""
    ridge = RidgeClassifier(alpha=0.5, solver="cholesky").fit(X, Y)
    neuron = NeuronClassifier("identity", C=2.0).fit(X, Y)
    assert neuron.n_iter_.max() == 1
    np.testing.assert_allclose(2 * neuron.coef_, np.atleast_2d(ridge.coef_), rtol=1e-6)
    np.testing.assert_allclose(
        2 * neuron.decision_function(X), ridge.decision_function(X), atol=1e-8
    )


@pytest.mark.parametrize(("activation", "loss", "solver"), trainable())
def test_history_has_one_entry_per_iteration(activation, loss, solver, capsys):
    neuron = NeuronClassifier(activation, loss=loss, solver=solver, tol=1e-6, C=0.1)
    neuron.set_params(verbose=1).fit(IRIS[:100], SPECIES[:100])
    lines = capsys.readouterr().out.splitlines()
    history = neuron.history_
    columns = {"objective", "gradient_norm", "step", "n_passes", "seconds"}
    # A step has no slope that could saturate, but mistakes.
    own = {"mistakes", "margin"} if activation == "step" else {"saturation"}
    assert set(history) == columns | own
    assert {len(values) for values in history.values()} == {neuron.n_iter_.max()} == {len(lines)}
    assert np.all(np.diff(history["seconds"]) >= 0)
    assert history["objective"][-1] == pytest.approx(neuron.objective_, rel=1e-6)
    if solver in ("newton", "lbfgs"):
        rounding = 1e-14 * history["objective"][0]
        assert np.all(np.diff(history["objective"]) <= rounding)


def test_verbose_prints_every_so_many_iterations(capsys):
    neuron = NeuronClassifier(verbose=2).fit(X, Y)
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == neuron.n_iter_.max() // 2
    assert printed[0].startswith("iteration     2  objective ")


@pytest.mark.parametrize("solver", ["newton", "lbfgs", "gd"])
def test_warm_start_goes_on_from_the_last_weights(solver):
    neuron = NeuronClassifier(C=1.0, solver=solver, warm_start=True, tol=1e-10).fit(X, Y)
    cold = neuron.n_iter_.max()
    neuron.set_params(C=1.01).fit(X, Y)
    assert neuron.n_iter_.max() < cold
    fresh = NeuronClassifier(C=1.01, solver=solver, tol=1e-10).fit(X, Y)
    assert neuron.objective_ == pytest.approx(fresh.objective_, rel=1e-9)
    layer = NeuronClassifier(solver=solver, warm_start=True, tol=1e-10).fit(IRIS, SPECIES)
    cold = layer.n_iter_.max()
    assert layer.fit(IRIS, SPECIES).n_iter_.max() < cold


def test_names_and_objects_are_the_same_thing():
    for name, solver in (("newton", Newton()), ("lbfgs", LBFGS()), ("gd", GD())):
        one = NeuronClassifier(solver=name, tol=1e-6).fit(IRIS, SPECIES)
        other = NeuronClassifier(solver=solver, tol=1e-6).fit(IRIS, SPECIES)
        np.testing.assert_array_equal(one.coef_, other.coef_)
        assert one.solver_ == other.solver_ == name


def test_auto_chooses_and_says_so():
    for activation, solver in (
        ("sigmoid", "newton"), ("relu", "gd"), ("identity", "newton"), ("step", "perceptron"),
    ):  # fmt: skip
        neuron = NeuronClassifier(activation, tol=1e-6).fit(IRIS[:100], SPECIES[:100])
        assert neuron.solver_ == solver


def test_learning_rate_and_momentum_matter():
    def n_iter(**params):
        neuron = NeuronClassifier(solver=GD(**params), tol=1e-4, C=0.1, max_iter=100_000)
        return neuron.fit(IRIS[:100], SPECIES[:100]).n_iter_.max()

    assert n_iter(learning_rate=1.0, momentum=0.0) < n_iter(learning_rate=0.1, momentum=0.0)
    assert n_iter(learning_rate=0.1, momentum=0.9) < n_iter(learning_rate=0.1, momentum=0.0)


def test_automatic_learning_rate_follows_a_falling_curvature():
    """Nearly separable: the rate of the bound alone, without growing, takes 24,282 steps."""
    from sklearn.datasets import load_wine

    neuron = NeuronClassifier(solver="gd", C=1e3, max_iter=20_000)
    assert neuron.fit(*load_wine(return_X_y=True)).converged_


def test_a_learning_rate_that_is_too_large_diverges_and_says_so():
    neuron = NeuronClassifier("identity", solver=GD(learning_rate=100.0), C=1.0)
    with pytest.warns(ConvergenceWarning, match="learning rate is too large"):
        neuron.fit(X, Y)
    assert np.all(np.isfinite(neuron.coef_))
    assert not neuron.converged_


@pytest.mark.parametrize("rate", [1e3, 1e9])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_divergence_in_the_first_step_is_a_fit_of_one_iteration(rate, n_classes):
    neuron = NeuronClassifier("identity", solver=GD(learning_rate=rate))
    with pytest.warns(ConvergenceWarning, match="learning rate is too large"):
        neuron.fit(IRIS[: 50 * n_classes], SPECIES[: 50 * n_classes])
    assert neuron.n_iter_.max() >= 1
    assert len(neuron.history_["objective"]) == neuron.n_iter_.max()


def test_step_predicts_what_it_fires():
    """By hand: z = 0 on the line counts as firing, and as the positive class."""
    for dtype in (np.float64, np.float32):
        gate = NeuronClassifier.from_weights(np.array([1, 1], dtype), -2.0, activation="step")
        data = GATE.astype(dtype)
        assert gate.predict(data).tolist() == gate.activate(data).tolist() == [0, 0, 0, 1]
        assert np.all((gate.decision_function(data) > 0) == gate.predict(data))


def test_gates():
    for target in ([0, 0, 0, 1], [0, 1, 1, 1]):
        step = NeuronClassifier("step").fit(GATE, target)
        assert step.predict(GATE).tolist() == target
        assert step.converged_
        assert step.objective_ == 0
    xor = NeuronClassifier("step")
    with pytest.warns(
        ConvergenceWarning, match="perhaps because no hyperplane separates the classes"
    ):
        xor.fit(GATE, [0, 1, 1, 0])
    assert not xor.converged_
    assert xor.n_iter_.max() == 1  # all mistakes cancel: it cannot ever move
    assert xor.gap_ == xor.objective_ == pytest.approx(xor_error(xor))


def xor_error(neuron):
    """Mistakes as the perceptron counts them: a sample on the line is one."""
    sign = np.array([-1, 1, 1, -1])
    return np.mean(sign * neuron.decision_function(GATE) <= 1e-15)


def test_perceptron_keeps_the_weights_with_the_fewest_mistakes():
    neuron = NeuronClassifier("step")
    with pytest.warns(ConvergenceWarning, match="samples stay on the wrong side"):
        neuron.fit(IRIS, SPECIES == 1)
    assert neuron.objective_ == pytest.approx(neuron.history_["objective"].min())
    assert 1 - neuron.score(IRIS, SPECIES == 1) <= neuron.objective_ + 1e-12


def test_perceptron_takes_one_step_by_hand():
    """From zero weights all samples are wrong: w = Σ s y x̃ / S, b = Σ s y / S."""
    data, y, s = np.array([[0.0], [2.0], [4.0]]), np.array([0, 1, 1]), np.array([1.0, 2.0, 1.0])
    neuron = NeuronClassifier("step", max_iter=1, fit_intercept=True).fit(data, y, s)
    mean = (s @ data[:, 0]) / 4
    scaled = (data[:, 0] - mean) / np.sqrt(s @ (data[:, 0] - mean) ** 2 / 4)
    sign = np.array([-1, 1, 1])
    z = data[:, 0] * neuron.coef_[0, 0] + neuron.intercept_[0]
    np.testing.assert_allclose(z, scaled * (s @ (sign * scaled)) / 4 + s @ sign / 4, rtol=1e-12)


def test_a_users_activation_trains_like_a_built_in():
    class Mine(Activation):
        """The normal distribution, with no second derivatives and no convexity declared."""

        def value(self, z):
            return get_activation("probit").value(z)

        def derivative(self, z):
            return get_activation("probit").derivative(z)

        def log_proba(self, z):
            return get_activation("probit").log_proba(z)

    for solver in ("newton", "lbfgs", "gd"):
        mine = NeuronClassifier(Mine(), solver=solver, tol=1e-12, C=0.1).fit(
            IRIS[50:], SPECIES[50:]
        )
        probit = NeuronClassifier("probit", C=0.1).fit(IRIS[50:], SPECIES[50:])
        np.testing.assert_allclose(mine.coef_, probit.coef_, rtol=1e-4)
        assert mine.converged_
        assert mine.predict_proba(IRIS).shape == (150, 2)


def test_from_weights_carries_names_and_labels():
    neuron = NeuronClassifier.from_weights(
        [0.5, -1.0], 0.25, classes=["no", "yes"], feature_names=["a", "b"]
    )
    import pandas as pd

    frame = pd.DataFrame({"a": [1.0], "b": [0.5]})
    assert neuron.predict(frame).tolist() == ["yes"]
    np.testing.assert_allclose(neuron.decision_function(frame), [0.25])
    neuron.set_params(warm_start=True).fit(pd.DataFrame(GATE, columns=["a", "b"]),
                                           ["no", "no", "no", "yes"])  # fmt: skip
    assert neuron.converged_
