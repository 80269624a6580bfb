"""The perceptron rule, on all rows at once and on one after another."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Perceptron as Peer
from sklearn.linear_model import SGDClassifier
from sklearn.preprocessing import StandardScaler

from skneuron import NeuronClassifier
from skneuron.solvers import SGD, SOLVERS, OnlinePerceptron, Perceptron

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

COUNTING = [name for name, cls in SOLVERS.items() if "mistakes" in cls.needs]
XOR = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])


def _shuffled(loader):
    X, y = loader(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(y))
    return X[rows], y[rows]


X, Y = _shuffled(load_breast_cancer)
X3, Y3 = _shuffled(load_iris)
DATA = {
    "raw": (X, Y),
    "standardized": (StandardScaler().fit_transform(X), Y),
    "three classes": (X3, Y3),
}


def _online(**params):
    return NeuronClassifier("step", solver=OnlinePerceptron(shuffle=False, **params))


def _assert_same(neuron, peer):
    size = np.abs(peer.coef_).max()
    np.testing.assert_allclose(neuron.coef_, peer.coef_, atol=1e-12 * size)
    np.testing.assert_allclose(neuron.intercept_, peer.intercept_, rtol=1e-9, atol=1e-9)


def _separable(margin, n=300, d=4, seed=0):
    """Rows of (x̃, 1), a unit vector that separates them with at least this margin, and y."""
    rng = np.random.default_rng(seed)
    X = StandardScaler().fit_transform(rng.standard_normal((n, d)))
    direction = rng.standard_normal(d + 1)
    direction /= np.linalg.norm(direction)
    z = np.c_[X, np.ones(n)] @ direction
    kept = np.abs(z) > margin
    return X[kept], (z[kept] > 0).astype(int), direction


# --- beside scikit-learn ------------------------------------------------------------------


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("epochs", [1, 4, 40])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_online_rule_has_the_weights_of_scikit_learns(data, epochs, fit_intercept):
    data, y = DATA[data]
    peer = Peer(shuffle=False, tol=None, max_iter=epochs, fit_intercept=fit_intercept)
    neuron = _online(keep="last").set_params(max_iter=epochs, fit_intercept=fit_intercept)
    _assert_same(neuron.fit(data, y), peer.fit(data, y))
    np.testing.assert_array_equal(neuron.predict(data), peer.predict(data))


@pytest.mark.parametrize("epochs", [1, 10])
def test_its_average_is_that_of_scikit_learns_averaged_perceptron(epochs):
    for data, y in (DATA["raw"], DATA["standardized"]):
        peer = SGDClassifier(
            loss="perceptron", penalty=None, learning_rate="constant", eta0=1.0, average=True,
            shuffle=False, tol=None, max_iter=epochs,
        )  # fmt: skip
        neuron = _online(keep="average").set_params(max_iter=epochs)
        _assert_same(neuron.fit(data, y), peer.fit(data, y))


def test_weights_of_samples_and_classes_scale_the_corrections():
    """The largest counts as 1."""
    weights = np.random.default_rng(0).integers(1, 9, len(Y)) / 8.0
    peer = Peer(shuffle=False, tol=None, max_iter=5, class_weight={0: 2.0, 1: 1.0})
    neuron = _online(keep="last").set_params(max_iter=5, class_weight={0: 2.0, 1: 1.0})
    neuron.fit(X, Y, weights)
    peer.fit(X, Y, sample_weight=weights)
    largest = (weights * np.where(Y == 0, 2.0, 1.0)).max()
    np.testing.assert_allclose(
        neuron.coef_ * largest, peer.coef_, atol=1e-9 * abs(peer.coef_).max()
    )


def test_a_stream_of_chunks_is_scikit_learns_too():
    for data, y in DATA.values():
        peer, neuron, average = Peer(shuffle=False), _online(), _online(keep="average")
        for first in range(0, len(y), 60):
            rows = slice(first, first + 60)
            for model in (peer, neuron, average):
                model.partial_fit(data[rows], y[rows], classes=np.unique(y))
        _assert_same(neuron, peer)
        if len(np.unique(y)) == 2:
            whole = _online(keep="average").set_params(max_iter=1).fit(data, y)
            _assert_same(average, whole)


def test_a_constant_column_counts_as_bias():
    data = np.c_[X[:, :5], np.full(len(Y), 7.0)]
    peer = Peer(shuffle=False, tol=None, max_iter=5).fit(data, Y)
    neuron = _online(keep="last").set_params(max_iter=5).fit(data, Y)
    size = np.abs(peer.coef_).max()
    np.testing.assert_allclose(neuron.coef_[0, :5], peer.coef_[0, :5], atol=1e-12 * size)
    assert neuron.coef_[0, 5] == 0
    bias = peer.intercept_ + 7 * peer.coef_[0, 5]
    np.testing.assert_allclose(neuron.intercept_, bias, rtol=1e-9)


def test_the_same_from_every_layout():
    rng = np.random.default_rng(0)
    data = rng.integers(-4, 5, (800, 12)) * (rng.random((800, 12)) < 0.06) * 0.5
    y = (data @ rng.standard_normal(12) + rng.logistic(size=800) > 0).astype(int)
    for keep in ("pocket", "average", "last"):
        expected = _online(keep=keep).set_params(max_iter=4).fit(data, y)
        for layout in (np.asfortranarray, np.float32, sparse.csr_array, sparse.csc_array):
            found = _online(keep=keep).set_params(max_iter=4).fit(layout(data), y)
            np.testing.assert_allclose(found.coef_, expected.coef_, atol=1e-6)
            assert found.history_["n_passes"] == pytest.approx(expected.history_["n_passes"])


# --- where it ends ------------------------------------------------------------------------


@pytest.mark.parametrize("margin", [0.02, 0.1])
@pytest.mark.parametrize("seed", range(3))
def test_separable_rows_are_learned_within_novikoffs_bound(margin, seed):
    X, y, direction = _separable(margin, seed=seed)
    rows = np.c_[X, np.ones(len(X))] * np.where(y, 1, -1)[:, None]
    # One unit vector that separates is enough for a bound; the best has a lower one.
    bound = (np.linalg.norm(rows, axis=1).max() / (rows @ direction).min()) ** 2
    online = NeuronClassifier("step", solver="online-perceptron", random_state=seed).fit(X, y)
    assert online.converged_
    assert online.score(X, y) == 1
    corrections = 0
    weights = np.zeros(rows.shape[1])
    for epoch in range(1, online.n_iter_.max() + 1):
        after = _online(keep="last").set_params(max_iter=epoch).fit(X, y)
        # From epoch to epoch, by hand.
        for row in rows:
            if row @ weights <= 0:
                weights, corrections = weights + row, corrections + 1
        found = np.append(after.coef_[0], after.intercept_)
        np.testing.assert_allclose(found, weights, atol=1e-9)
    assert 0 < corrections <= bound

    # In steps that add up shares of mistakes, the shares are what adds up to the bound. The
    # columns that are left have a mean and a deviation of their own.
    scaler = StandardScaler().fit(X)
    scaled = np.c_[scaler.transform(X), np.ones(len(X))] * np.where(y, 1, -1)[:, None]
    moved = np.append(direction[:-1] * scaler.scale_, direction[-1] + scaler.mean_ @ direction[:-1])
    least = (scaled @ (moved / np.linalg.norm(moved))).min()
    bound = (np.linalg.norm(scaled, axis=1).max() / least) ** 2
    batch = NeuronClassifier("step").fit(X, y)
    assert batch.converged_
    assert batch.history_["mistakes"][-1] == 0
    assert 1 + batch.history_["objective"][:-1].sum() <= bound


@pytest.mark.parametrize("solver", COUNTING)
def test_what_no_line_separates_keeps_its_pocket_and_says_so(solver):
    neuron = NeuronClassifier("step", solver=solver, random_state=0)
    with pytest.warns(
        ConvergenceWarning, match="perhaps because no hyperplane separates the classes"
    ):
        neuron.fit(X3, Y3 == 1)
    assert not neuron.converged_
    assert (
        neuron.objective_ == neuron.history_["objective"].min() < neuron.history_["objective"][-1]
    )
    assert 1 - neuron.score(X3, Y3 == 1) == pytest.approx(neuron.objective_)


@pytest.mark.parametrize("solver", COUNTING)
def test_an_answer_that_is_not_the_pocket_is_that_of_the_last_iteration(solver):
    for keep in ("last", "average"):
        neuron = NeuronClassifier("step", solver=SOLVERS[solver](keep=keep), max_iter=30)
        neuron.fit(X3, Y3 == 1)
        assert neuron.n_iter_.max() == 30
        assert neuron.objective_ == neuron.history_["objective"][-1]


def test_the_average_over_steps_is_their_mean():
    def after(steps, keep):
        neuron = NeuronClassifier("step", solver=Perceptron(keep=keep), max_iter=steps)
        neuron.fit(X3, Y3 == 1)
        return np.append(neuron.coef_[0], neuron.intercept_)

    mean = np.mean([after(steps, "last") for steps in range(1, 8)], axis=0)
    np.testing.assert_allclose(after(7, "average"), mean, rtol=1e-10)


def test_patience_ends_a_fit():
    for solver in (Perceptron(patience=7), OnlinePerceptron(patience=7)):
        neuron = NeuronClassifier("step", solver=solver, random_state=0).fit(X3, Y3 == 1)
        assert neuron.n_iter_.max() == neuron.history_["objective"].argmin() + 1 + 7


def test_orders_have_a_seed():
    found = [
        NeuronClassifier("step", solver="online-perceptron", random_state=seed, max_iter=3)
        .fit(X, Y)
        .coef_.tobytes()
        for seed in (0, 0, 1)
    ]
    assert found[0] == found[1] != found[2]


# --- what it tells ------------------------------------------------------------------------


@pytest.mark.parametrize("solver", COUNTING)
def test_mistakes_and_margin_are_those_of_the_weights(solver):
    for k in (1, 2, 9):
        neuron = NeuronClassifier(
            "step", solver=SOLVERS[solver](keep="last"), max_iter=k, random_state=0
        ).fit(X, Y)
        distances = np.where(Y, 1, -1) * neuron.decision_function(X) / np.linalg.norm(neuron.coef_)
        assert neuron.history_["mistakes"][-1] == (distances <= 0).sum() > 0
        assert neuron.history_["margin"][-1] == pytest.approx(distances.min(), rel=1e-6)


@pytest.mark.parametrize("solver", COUNTING)
def test_a_separating_line_has_a_positive_margin(solver):
    X, y, _ = _separable(0.1)
    neuron = NeuronClassifier("step", solver=solver, random_state=0).fit(X, y)
    assert neuron.history_["mistakes"][-1] == 0 < neuron.history_["margin"][-1]
    assert (neuron.history_["margin"][:-1] < 0).all()


def test_three_neurons_add_their_mistakes_up_and_have_the_least_margin():
    for solver in COUNTING:
        params = {"solver": solver, "max_iter": 4, "random_state": 0}
        layer = NeuronClassifier("step", **params).fit(X3, Y3).history_
        alone = [NeuronClassifier("step", **params).fit(X3, k == Y3).history_ for k in range(3)]
        last = {name: [h[name][-1] for h in alone] for name in ("mistakes", "margin")}
        assert layer["mistakes"][-1] == sum(last["mistakes"])
        assert layer["margin"][-1] == pytest.approx(min(last["margin"]))


def test_weights_of_zero_have_no_margin():
    """XOR: all mistakes cancel, nothing moves."""
    neuron = NeuronClassifier("step").fit(*XOR)
    assert neuron.history_["mistakes"].tolist() == [4]
    assert neuron.history_["margin"].tolist() == [0.0]


@pytest.mark.parametrize(
    ("solver", "message"),
    [
        (
            Perceptron(keep="best"),
            "Perceptron got keep='best'. Expected one of 'pocket', 'average'",
        ),
        (OnlinePerceptron(keep=None), "OnlinePerceptron got keep=None. Expected one of"),
        (
            OnlinePerceptron(patience=True),
            "OnlinePerceptron got patience=True. Expected a positive",
        ),
        (OnlinePerceptron(shuffle="no"), "shuffle='no'. Expected True or False"),
    ],
)
def test_bad_parameters_are_shown(solver, message):
    with pytest.raises(ValueError, match=message):
        NeuronClassifier("step", solver=solver).fit(X, Y)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("sgd", "adam"),
        ("adam", "sgd"),
        ("perceptron", "online-perceptron"),
    ],
)
def test_a_stream_that_changes_its_solver_goes_on_from_the_weights(before, after):
    def neuron(name):
        solver = SGD(1e-12) if name == "sgd" else name
        return {"activation": "step" if "perceptron" in name else "sigmoid", "solver": solver}

    changed = NeuronClassifier(**neuron(before), random_state=0)
    changed.partial_fit(X[:300], Y[:300], classes=[0, 1])
    weights = changed.coef_.copy()
    changed.set_params(**neuron(after)).partial_fit(X[300:], Y[300:])
    assert np.isfinite(changed.coef_).all()
    assert not np.array_equal(changed.coef_, weights)
    if after == "sgd":
        # A rate of next to nothing: the weights are still there.
        np.testing.assert_allclose(
            changed.coef_, weights, rtol=1e-3, atol=1e-6 * abs(weights).max()
        )
