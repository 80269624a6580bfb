"""A class whose samples all have zero weight: the neuron never predicts it, and says so."""

import warnings

import numpy as np
import pytest
from families import losses_of, trainable
from scipy import sparse
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression

from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS, Activation
from skneuron.fitting import AbsentClassWarning, StopAfter
from skneuron.fitting._single_class import single_class_solver
from skneuron.losses import get_loss, resolve_loss_name
from skneuron.separation import detect_separation

X3, Y3 = load_iris(return_X_y=True)
X3 += [0.0, 100.0, -50.0, 0.0]
X, Y = X3[:100], Y3[:100]
# Rows far beyond those of the fit, in every direction.
FAR = np.concatenate([X3, 1e3 * X3, -1e3 * X3, 1e4 * np.random.default_rng(0).normal(size=(99, 4))])

# (samples, which classes are absent)
ABSENT = [(100, (0,)), (100, (1,)), (150, (0,)), (150, (1,)), (150, (2,)), (150, (0, 1)), (150, (1, 2))]  # fmt: skip

quiet = pytest.mark.filterwarnings("ignore::skneuron.fitting.AbsentClassWarning")
unfinished = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def weights_without(absent, n):
    return (~np.isin(Y3[:n], absent)).astype(float)


def check(neuron, absent, rows=FAR):
    """All that is said of a neuron that never predicts these classes."""
    absent = list(absent)
    assert not np.isin(neuron.predict(rows), absent).any()
    outputs = [
        neuron.coef_,
        neuron.intercept_,
        neuron.decision_function(rows),
        neuron.activate(rows),
    ]
    if hasattr(neuron, "predict_proba"):
        proba = neuron.predict_proba(rows)
        outputs += [proba, neuron.predict_log_proba(rows)]
        assert proba[:, absent].max() < 1e-15
        np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)
    outputs += [neuron.objective_, neuron.gap_, *neuron.history_.values()]
    assert all(np.isfinite(values).all() for values in outputs)
    assert {len(column) for column in neuron.history_.values()} == {neuron.n_iter_.max()}


@unfinished
@pytest.mark.parametrize(("activation", "loss", "solver"), trainable())
@pytest.mark.parametrize(("n", "absent"), ABSENT)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_neuron_never_predicts_it(activation, loss, solver, n, absent, dtype):
    neuron = NeuronClassifier(activation, loss=loss, solver=solver, max_iter=50, tol=1e-5)
    with pytest.warns(AbsentClassWarning) as caught:
        neuron.fit(X3[:n].astype(dtype), Y3[:n], weights_without(absent, n))
    assert [w.category for w in caught].count(AbsentClassWarning) == 1
    (note,) = [w for w in caught if w.category is AbsentClassWarning]
    assert note.filename == __file__
    labels = repr(absent[0]) if len(absent) == 1 else repr(list(absent))
    assert labels in str(note.message)
    assert "never predicts" in str(note.message)
    check(neuron, absent, FAR.astype(dtype))
    assert neuron.coef_.dtype == dtype
    assert neuron.classes_.tolist() == list(range(n // 50))
    if n // 50 - len(absent) == 1:
        # One class is left: there is nothing to search for.
        assert neuron.converged_
        assert neuron.n_iter_.max() == 1
        assert neuron.gap_ <= 1e-18


@quiet
@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "step"])
@pytest.mark.parametrize(
    ("n", "absent"), [case for case in ABSENT if case[0] == 150 and len(case[1]) == 1]
)
def test_the_other_classes_learn_as_if_it_were_not_there(activation, n, absent):
    """For a softmax and one-vs-rest: the rows of the others are those of a fit without it.

    Two classes with a neuron each have the coefficients of one neuron between them: of a
    softmax half, with twice the penalty on it (w/2 twice is ‖w‖²/2).
    """
    kept = absent[0] != Y3
    neuron = NeuronClassifier(activation, C=0.1, tol=1e-14).fit(X3, Y3, kept.astype(float))
    rows = np.delete(np.arange(3), absent[0])
    if activation == "sigmoid":
        alone = NeuronClassifier(activation, C=0.2, tol=1e-14).fit(X3[kept], Y3[kept])
        expected = np.concatenate([-alone.coef_, alone.coef_]) / 2
    else:
        ones = [
            NeuronClassifier(activation, C=0.1, tol=1e-14).fit(X3[kept], Y3[kept] == k)
            for k in rows
        ]
        expected = np.concatenate([one.coef_ for one in ones])
        assert neuron.objective_ == pytest.approx(sum(one.objective_ for one in ones), rel=1e-8)
    np.testing.assert_allclose(neuron.coef_[rows], expected, rtol=1e-4, atol=1e-7)
    assert not np.any(neuron.coef_[absent[0]])
    assert neuron.converged_


@quiet
@pytest.mark.parametrize("C", [1.0, np.inf])
@pytest.mark.parametrize(("n", "absent"), ABSENT)
def test_class_weights_of_zero(C, n, absent):
    neuron = NeuronClassifier(C=C, class_weight=dict.fromkeys(absent, 0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some pairs of species are separated
        neuron.fit(X3[:n], Y3[:n])
        by_rows = NeuronClassifier(C=C).fit(X3[:n], Y3[:n], weights_without(absent, n))
    check(neuron, absent)
    np.testing.assert_array_equal(neuron.coef_, by_rows.coef_)


@quiet
@pytest.mark.parametrize(("n", "absent"), ABSENT)
@pytest.mark.parametrize(
    "params",
    [
        {"bounds": (0, None)},
        {"bounds": (1, 2)},
        {"l1_ratio": 1.0},
        {"l1_ratio": 0.5, "bounds": (-1, 1)},
    ],
)
@pytest.mark.parametrize("activation", ["sigmoid", "probit", "cloglog"])
def test_bounds_and_l1_penalties(n, absent, params, activation):
    neuron = NeuronClassifier(activation, tol=1e-6, **params)
    neuron.fit(X3[:n], Y3[:n], weights_without(absent, n))
    check(neuron, absent, X3)
    low, high = params.get("bounds", (None, None))
    assert low is None or neuron.coef_.min() >= low
    assert high is None or neuron.coef_.max() <= high


@quiet
@unfinished
@pytest.mark.parametrize(("n", "absent"), ABSENT)
@pytest.mark.parametrize("activation", ["sigmoid", "probit", "cauchit", "tanh", "step"])
def test_offsets_that_reach_far(n, absent, activation):
    """Also of rows that have no weight, and of new ones."""
    rng = np.random.default_rng(0)
    shape = (n,) if n == 100 else (n, 3)
    offset, later = 50 * rng.normal(size=shape), 1e6 * rng.normal(size=shape)
    neuron = NeuronClassifier(activation, tol=1e-6, max_iter=100)
    neuron.fit(X3[:n], Y3[:n], weights_without(absent, n), offset=offset)
    for values in (offset, later):
        assert not np.isin(neuron.predict(X3[:n], offset=values), absent).any()


@quiet
@pytest.mark.parametrize("loss", ["log_loss", "squared_error"])
def test_sparse_rows(loss):
    weights = weights_without((1,), 150)
    neuron = NeuronClassifier(loss=loss).fit(sparse.csr_array(X3), Y3, weights)
    check(neuron, (1,))
    dense = NeuronClassifier(loss=loss).fit(X3, Y3, weights)
    assert neuron.intercept_[1] == dense.intercept_[1]
    np.testing.assert_allclose(neuron.coef_, dense.coef_, rtol=1e-6, atol=1e-9)


@quiet
@unfinished
@pytest.mark.parametrize(("n", "absent"), ABSENT)
@pytest.mark.parametrize("activation", ["sigmoid", "probit", "step"])
def test_validation_sets_callbacks_and_printed_lines(n, absent, activation, capsys):
    weights = weights_without(absent, n)
    neuron = NeuronClassifier(activation, early_stopping=True, verbose=1)
    neuron.fit(X3[:n], Y3[:n], weights, X_val=X3[:n], y_val=Y3[:n])
    assert len(neuron.history_["validation_loss"]) == neuron.n_iter_.max()
    # Rows of a class that is not there say nothing of the others: they are left out.
    alone = NeuronClassifier(activation, early_stopping=True)
    alone.fit(X3[:n], Y3[:n], weights, X_val=X3[:n][weights > 0], y_val=Y3[:n][weights > 0])
    np.testing.assert_array_equal(neuron.coef_, alone.coef_)
    assert capsys.readouterr().out.count("objective") >= neuron.n_iter_.max()
    nothing = NeuronClassifier(activation, early_stopping=True)
    nothing.fit(X3[:n], Y3[:n], weights, X_val=X3[:n][weights == 0], y_val=Y3[:n][weights == 0])
    assert "validation_loss" not in nothing.history_
    split = NeuronClassifier(activation, early_stopping=True, random_state=0)
    check(split.fit(X3[:n], Y3[:n], weights), absent)
    if hasattr(neuron, "set_callbacks"):
        stopped = NeuronClassifier(activation).set_callbacks(StopAfter(iterations=1))
        check(stopped.fit(X3[:n], Y3[:n], weights), absent)
        assert stopped.n_iter_.max() == 1


@pytest.mark.parametrize("solver", ["newton", "lbfgs", "gd", "newton-cg"])
@pytest.mark.parametrize(("n", "absent"), ABSENT)
def test_the_next_fit_does_not_start_at_an_intercept_without_end(solver, n, absent):
    neuron = NeuronClassifier(solver=solver, warm_start=True, tol=1e-10)
    weights = weights_without(absent, n)
    with pytest.warns(AbsentClassWarning):
        neuron.fit(X3[:n], Y3[:n], weights)
    first = neuron.n_iter_.max()
    with pytest.warns(AbsentClassWarning):
        assert neuron.fit(X3[:n], Y3[:n], weights).n_iter_.max() <= max(first, 2)
    neuron.fit(X3[:n], Y3[:n])
    plain = NeuronClassifier(solver=solver, tol=1e-10).fit(X3[:n], Y3[:n])
    assert neuron.objective_ == pytest.approx(plain.objective_, rel=1e-8)
    with pytest.warns(AbsentClassWarning):
        streamed = NeuronClassifier(solver=solver).fit(X3[:n], Y3[:n], weights)
    streamed.partial_fit(X3[:n], Y3[:n])
    assert streamed.score(X3[:n], Y3[:n]) > 0.9


def test_streams_without_a_class():
    """``class_weight`` keeps it out of every chunk: the others learn as in a stream of two."""
    order = np.random.default_rng(0).permutation(150)
    chunks = np.array_split(order, 3)
    neuron = NeuronClassifier("probit", class_weight={1: 0})
    with pytest.warns(AbsentClassWarning, match="class 1 have zero sample weight"):
        neuron.partial_fit(X3[chunks[0]], Y3[chunks[0]], classes=[0, 1, 2])
    for rows in chunks[1:]:
        neuron.partial_fit(X3[rows], Y3[rows])  # it has been said
    check(neuron, (1,))
    assert neuron.converged_
    assert neuron.score(X3[Y3 != 1], Y3[Y3 != 1]) == 1
    with pytest.raises(ValueError, match="classes with weight"):
        neuron.set_params(class_weight=None).partial_fit(X3, Y3)


@unfinished
@pytest.mark.parametrize(("activation", "loss", "solver"), trainable())
def test_streams_of_any_neuron_never_predict_it(activation, loss, solver):
    for n, absent in ABSENT:
        neuron = NeuronClassifier(
            activation, loss=loss, solver=solver, max_iter=20, class_weight=dict.fromkeys(absent, 0)
        )
        rows = np.random.default_rng(0).permutation(n)
        with pytest.warns(AbsentClassWarning):
            neuron.partial_fit(X3[rows], Y3[rows], classes=range(n // 50))
        neuron.partial_fit(X3[rows], Y3[rows])
        check(neuron, absent)
        assert neuron.n_samples_seen_ == 2 * weights_without(absent, n).sum()


# --- without an intercept, with a minimum ---------------------------------------------


@pytest.mark.parametrize("absent", [0, 1])
def test_without_an_intercept_the_objective_decides(absent):
    """Nothing but w can say no: the fit is that of LogisticRegression."""
    weights = weights_without((absent,), 100)
    neuron = NeuronClassifier(fit_intercept=False)
    with pytest.warns(AbsentClassWarning, match="may still predict this class"):
        neuron.fit(X, Y, weights)
    peer = LogisticRegression(fit_intercept=False, solver="newton-cholesky", tol=1e-12)
    peer.fit(X, Y, weights)
    np.testing.assert_allclose(neuron.coef_, peer.coef_, rtol=1e-5)
    assert neuron.converged_


def test_squared_error_with_an_offset_has_a_minimum():
    offset = np.random.default_rng(0).normal(size=100)
    neuron = NeuronClassifier("identity")
    with pytest.warns(AbsentClassWarning, match="may still predict this class"):
        neuron.fit(X, Y, weights_without((1,), 100), offset=offset)
    assert neuron.converged_


class Softsign(Activation):
    """Saturates slowly."""

    range = (-1.0, 1.0)

    def value(self, z):
        return z / (1 + np.abs(z))

    def derivative(self, z):
        return 1 / (1 + np.abs(z)) ** 2


class Cubic(Activation):
    """Does not saturate; its targets are 0 and 1."""

    def value(self, z):
        return z**3 + 7

    def derivative(self, z):
        return 3 * z**2


class HeavyTails(Activation):
    """A distribution function with tails of z^-¼, which cost something everywhere."""

    def value(self, z):
        return np.exp(self.log_proba(z)[1])

    def derivative(self, z):
        return 0.125 * (1 + np.abs(z)) ** -1.25

    def log_proba(self, z):
        tail = 0.5 * (1 + np.abs(z)) ** -0.25
        low, high = np.log(tail), np.log1p(-tail)
        return np.where(z > 0, low, high), np.where(z > 0, high, low)


@quiet
@pytest.mark.parametrize("absent", [0, 1])
@pytest.mark.parametrize("activation", [Softsign(), Cubic(), HeavyTails()])
def test_activations_of_a_user(activation, absent):
    neuron = NeuronClassifier(activation).fit(X, Y, weights_without((absent,), 100))
    assert not np.any(neuron.predict(FAR) == absent)
    assert np.isfinite(neuron.intercept_).all()
    # A loss is left of such tails: no intercept is the best, and that is no convergence.
    assert neuron.converged_ == (not isinstance(activation, HeavyTails))
    if neuron.converged_:
        assert neuron.objective_ < 1e-18


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("label", [0, 1])
def test_far_is_where_the_loss_vanishes(activation, label):
    """By the loss itself, at the intercept and, where f saturates, at twice of it."""
    from skneuron.activations import get_activation
    from skneuron.design import DesignMatrix
    from skneuron.objective import Objective, Regularization

    f = get_activation(activation)
    for name in losses_of(activation):
        loss = get_loss(resolve_loss_name(name, f), f)
        y = np.full(100, label)
        objective = Objective.of_data(
            DesignMatrix(X), y, loss, np.full(100, 0.01), Regularization(0.01), True
        )
        found = single_class_solver(objective, y)
        bias = found.params[-1]
        assert not np.any(found.params[:-1])
        assert loss.value(np.array([label]), np.array([bias]))[0] <= 1e-20
        assert abs(bias) <= 2.0**100


# --- who needs it ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_bags_without_a_rare_class(seed):
    """3 of 200 positives, as reported: 13 of these seeds had raised."""
    rng = np.random.default_rng(0)
    data = rng.normal(size=(200, 3))
    y = np.zeros(200, int)
    y[:3] = 1
    bag = BaggingClassifier(NeuronClassifier(), random_state=seed)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        bag.fit(data, y)
    assert {w.category for w in caught} <= {AbsentClassWarning}
    peer = BaggingClassifier(LogisticRegression(), random_state=seed).fit(data, y)
    # A far intercept is as good as a very far one, as both are averaged.
    np.testing.assert_allclose(bag.predict_proba(data), peer.predict_proba(data), atol=2e-3)


def test_one_class_in_y_is_still_refused():
    for y in (np.zeros(100), np.full(100, "a")):
        with pytest.raises(ValueError, match="one class only"):
            NeuronClassifier().fit(X, y)
    with pytest.raises(ValueError, match="zero for every sample"):
        NeuronClassifier().fit(X, Y, np.zeros(100))
    with pytest.raises(ValueError, match="every sample has a weight of zero"):
        NeuronClassifier(class_weight={0: 0, 1: 0}).fit(X, Y)
    with pytest.raises(ValueError, match=r"Only the class \[1\] has samples of positive weight"):
        detect_separation(X, Y, Y.astype(float))


def test_the_text_says_what_and_how():
    with pytest.warns(AbsentClassWarning) as caught:
        NeuronClassifier().fit(X3, np.array(["a", "b", "c"])[Y3], weights_without((1,), 150))
    assert str(caught[0].message) == (
        "All samples of class 'b' have zero sample weight, or a weight that rounds to zero next "
        "to the largest. NeuronClassifier never predicts this class. "
        "Expected a positive sample weight in each class; if this is intended, run: "
        "warnings.simplefilter('ignore', skneuron.fitting.AbsentClassWarning)"
    )


def test_probabilities_beyond_float64_are_in_the_order_of_z():
    """log P of loglog at z = -800 is -exp(800), and at -801 e times as much."""
    layer = NeuronClassifier.from_weights(
        [[1.0], [0.0], [0.0]], [0.0, -801.0, -802.0], activation="loglog", classes=[0, 1, 2]
    )
    proba = layer.predict_proba([[-800.0], [-801.5], [0.0]])
    assert proba.argmax(axis=1).tolist() == layer.predict([[-800.0], [-801.5], [0.0]]).tolist()
    assert proba.argmax(axis=1).tolist() == [0, 1, 0]
    np.testing.assert_allclose(proba.max(axis=1), 1)
    assert np.isfinite(layer.predict_log_proba([[-800.0], [-1e300]])).all()
