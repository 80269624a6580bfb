"""Streams: one chunk after another against one fit of all."""

import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss

from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS
from skneuron.separation import SeparationWarning
from skneuron.solvers import GD, SOLVERS

X, Y = load_breast_cancer(return_X_y=True)
STREAMING = [name for name, cls in SOLVERS.items() if cls.streams and "gradient" in cls.needs]
X3, Y3 = load_iris(return_X_y=True)
SMOOTH = [name for name, cls in ACTIVATIONS.items() if cls.smooth and cls.differentiable]


def stream(neuron, data, y, size, classes=None, weights=None):
    classes = np.unique(y) if classes is None else classes
    for first in range(0, len(y), size):
        rows = slice(first, first + size)
        w = None if weights is None else weights[rows]
        neuron.partial_fit(data[rows], y[rows], classes=classes, sample_weight=w)
    return neuron


def generated(n=20_000, d=8, seed=0):
    """Overlapping classes on columns of very different scale and location."""
    data, y = make_classification(
        n, d, n_informative=d - 2, class_sep=0.5, flip_y=0.1, random_state=seed
    )
    return data * np.geomspace(1e-3, 1e4, d) + np.geomspace(1e-2, 1e5, d), y


# --- one chunk ------------------------------------------------------------------------


@pytest.mark.parametrize("C", [1e-2, 1.0, 1e3])
@pytest.mark.parametrize("activation", SMOOTH)
def test_one_chunk_is_a_fit(activation, C):
    rows = np.random.default_rng(0).permutation(len(Y))[:300]
    whole = NeuronClassifier(activation, C=C).fit(X[rows], Y[rows])
    chunk = NeuronClassifier(activation, C=C).partial_fit(X[rows], Y[rows], classes=[0, 1])
    np.testing.assert_allclose(chunk.coef_, whole.coef_, atol=1e-6 * np.abs(whole.coef_).max())
    assert chunk.objective_ == pytest.approx(whole.objective_, rel=1e-12)


@pytest.mark.parametrize("solver", ["newton", "lbfgs", "gd", "newton-cg", "subsampled-newton"])
def test_every_solver_finds_the_same_second_chunk(solver):
    data, y = generated(600)
    expected = stream(NeuronClassifier(), data, y, 300)
    found = stream(NeuronClassifier(solver=solver), data, y, 300)
    assert found.solver_ == solver
    scale = np.abs(expected.coef_).max()
    np.testing.assert_allclose(found.coef_, expected.coef_, atol=1e-6 * scale)


# --- many chunks ----------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["sigmoid", "probit", "cloglog", "tanh"])
@pytest.mark.parametrize("size", [100, 1000, 7000])
def test_a_shuffled_stream_comes_close_to_the_fit(activation, size):
    data, y = generated()
    whole = NeuronClassifier(activation).fit(data, y)
    passed = stream(NeuronClassifier(activation), data, y, size)
    excess = log_loss(y, passed.predict_proba(data)) - log_loss(y, whole.predict_proba(data))
    assert excess < 1e-4
    assert passed.n_samples_seen_ == len(y)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("size", [100, 1000])
def test_a_stream_sorted_by_class_survives(order, size):
    data, y = generated()
    by_class = np.argsort(order * y, kind="stable")
    data, y = data[by_class], y[by_class]
    whole = NeuronClassifier().fit(data, y)
    passed = stream(NeuronClassifier(), data, y, size)
    excess = log_loss(y, passed.predict_proba(data)) - log_loss(y, whole.predict_proba(data))
    assert excess < 0.05


@pytest.mark.parametrize("activation", [n for n in ACTIVATIONS if ACTIVATIONS[n].differentiable])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_three_classes_in_chunks_without_some(activation):
    rows = np.random.default_rng(0).permutation(150)
    rows = np.concatenate([rows[Y3[rows] < 2], rows[Y3[rows] == 2]])
    mixed = np.random.default_rng(1).permutation(150)
    whole = NeuronClassifier(activation).fit(X3, Y3).score(X3, Y3)
    passed = stream(NeuronClassifier(activation), X3[mixed], Y3[mixed], 20)
    assert passed.score(X3, Y3) > whole - 0.05
    late = stream(NeuronClassifier(activation), X3[rows], Y3[rows], 20)
    assert np.isfinite(late.coef_).all()
    assert late.score(X3, Y3) > 0.6


@pytest.mark.parametrize("solver", STREAMING)
@pytest.mark.parametrize("size", [500, 2000])
def test_stochastic_solvers_come_near_in_one_pass(solver, size):
    data, y = generated()
    whole = NeuronClassifier().fit(data, y)
    passed = stream(NeuronClassifier(solver=solver, random_state=0), data, y, size)
    excess = log_loss(y, passed.predict_proba(data)) - log_loss(y, whole.predict_proba(data))
    assert excess < 2e-3
    # What is reported is the mean loss of the last chunk, with its penalty.
    rows = slice(len(y) - size, None)
    assert passed.objective_ == pytest.approx(
        log_loss(y[rows], passed.predict_proba(data[rows])), rel=1e-2
    )


def test_a_stream_may_change_its_solver():
    data, y = generated(2000)
    neuron = stream(NeuronClassifier(random_state=0), data[:1000], y[:1000], 500)
    for solver in ("sgd", "newton"):
        neuron.set_params(solver=solver).partial_fit(data[1000:], y[1000:])
        assert neuron.solver_ == solver
        assert neuron.score(data, y) > 0.6


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_perceptron_reports_its_chunk():
    neuron = NeuronClassifier("step")
    stream(neuron, X[:400], Y[:400], 200)
    wrong = np.mean(neuron.predict(X[200:400]) != Y[200:400])
    assert neuron.objective_ == pytest.approx(wrong, abs=1e-12)


@pytest.mark.parametrize("activation", ["sigmoid", "probit"])
def test_the_objective_is_that_of_all_rows(activation):
    data, y = generated(4000)
    whole = NeuronClassifier(activation, C=1e-2).fit(data, y)
    passed = stream(NeuronClassifier(activation, C=1e-2), data, y, 1000)
    assert passed.objective_ == pytest.approx(whole.objective_, rel=1e-3)
    # The gap is a share of the loss at zero weights of all rows, not of the chunk's.
    short = stream(NeuronClassifier(activation, C=1e-2), data[:3000], y[:3000], 1000)
    with pytest.warns(ConvergenceWarning):
        short.set_params(max_iter=1, solver=GD(learning_rate=1e-9)).partial_fit(
            data[3000:], y[3000:]
        )
    excess = short.objective_ - passed.objective_
    assert short.gap_ == pytest.approx(excess / np.log(2), rel=0.02)


def test_quadratic_losses_are_remembered_exactly():
    """Of least squares an expansion is no approximation, with any solver and penalty."""
    data, y = generated(900)
    data = (data - data.mean(axis=0)) / data.std(axis=0)
    for params in (
        {"solver": "newton"},
        {"solver": "newton-cg"},
        {"solver": "working-set", "l1_ratio": 1.0, "C": 0.05},
        {"bounds": (0, 0.05)},
    ):
        whole = NeuronClassifier("identity", **params).fit(data, y)
        passed = stream(NeuronClassifier("identity", **params), data, y, 300)
        np.testing.assert_allclose(passed.coef_, whole.coef_, atol=1e-9)
        assert passed.objective_ == pytest.approx(whole.objective_, rel=1e-10)


def test_warnings_point_at_the_caller():
    with pytest.warns(ConvergenceWarning) as caught:
        NeuronClassifier(max_iter=1).partial_fit(X, Y, classes=[0, 1])
    assert caught[0].filename == __file__


def test_the_penalty_counts_once():
    data, y = generated(4000)
    whole = NeuronClassifier(C=1e-3).fit(data, y)
    passed = stream(NeuronClassifier(C=1e-3), data, y, 200)
    scale = data.std(axis=0)
    shrunk = np.linalg.norm(passed.coef_ * scale) / np.linalg.norm(whole.coef_ * scale)
    assert shrunk == pytest.approx(1.0, abs=0.02)


def test_columns_that_vary_later_are_learned():
    """A level of a one-hot column that the first chunk does not have."""
    rng = np.random.default_rng(0)
    data = np.c_[rng.standard_normal(4000), np.zeros(4000)]
    data[1000:, 1] = rng.random(3000) < 0.3
    y = (data[:, 0] + 2 * data[:, 1] + rng.logistic(size=4000) > 0).astype(int)
    whole = NeuronClassifier().fit(data, y)
    passed = stream(NeuronClassifier(), data, y, 500)
    np.testing.assert_allclose(passed.coef_, whole.coef_, rtol=0.02)


def test_sparse_chunks_are_dense_chunks():
    data = np.where(np.random.default_rng(0).random((900, 30)) < 0.05, 1.0, 0.0)
    y = (data[:, :15].sum(axis=1) + np.random.default_rng(1).random(900) > 1).astype(int)
    dense = stream(NeuronClassifier(), data, y, 300)
    thin = stream(NeuronClassifier(), sparse.csr_array(data), y, 300)
    np.testing.assert_allclose(thin.coef_, dense.coef_, atol=1e-8)


def test_above_two_thousand_parameters_a_diagonal_is_remembered():
    data = sparse.csr_array(sparse.random(1200, 2500, density=0.01, random_state=0, format="csr"))
    y = (np.asarray(data[:, :50].sum(axis=1)).ravel() > 0.2).astype(int)
    neuron = stream(NeuronClassifier(), data, y, 300)
    assert neuron._stream.kept[0].curvature.shape == (2501,)
    assert neuron.score(data, y) > 0.75
    # What is remembered of the diagonal is that of the matrix.
    few = stream(NeuronClassifier(), data[:, :100], y, 300)
    assert few._stream.kept[0].curvature.shape == (101, 101)


def test_the_diagonal_is_that_of_the_matrix(monkeypatch):
    import skneuron.objective._objective as views

    for classes, data, y in ((2, X, Y), (3, X3, Y3)):
        whole = NeuronClassifier().partial_fit(data, y, classes=range(classes))
        monkeypatch.setattr(views, "_DENSE_SUMMARY", 1)
        part = NeuronClassifier().partial_fit(data, y, classes=range(classes))
        monkeypatch.undo()
        expected = np.diagonal(whole._stream.kept[0].curvature)
        np.testing.assert_allclose(part._stream.kept[0].curvature, expected, rtol=1e-6)


def test_bounds_and_l1_hold_all_through():
    data, y = generated(3000)
    bounded = stream(NeuronClassifier(bounds=(0, None)), data, y, 500)
    assert bounded.coef_.min() == 0.0
    whole = NeuronClassifier(l1_ratio=1.0, C=0.02).fit(data, y)
    passed = stream(NeuronClassifier(l1_ratio=1.0, C=0.02), data, y, 500)
    np.testing.assert_array_equal(passed.coef_ == 0, whole.coef_ == 0)


# --- weights --------------------------------------------------------------------------


def test_weights_are_repetitions():
    data, y = generated(400)
    weights = np.random.default_rng(0).integers(0, 4, 400)
    weighted = stream(NeuronClassifier(), data, y, 400, weights=weights.astype(float))
    again = np.repeat(np.arange(400), weights)
    repeated = stream(NeuronClassifier(), data[again], y[again], len(again))
    scale = np.abs(repeated.coef_).max()
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=1e-6 * scale)


def test_rows_of_no_weight_are_not_looked_at():
    data, y = generated(400)
    far = data.copy()
    far[::2] = 1e300
    weights = np.arange(400) % 2 * 1.0
    seen = stream(NeuronClassifier(), far, y, 200, weights=weights)
    alone = stream(NeuronClassifier(), data[1::2], y[1::2], 100)
    np.testing.assert_array_equal(seen.coef_, alone.coef_)
    assert seen.n_samples_seen_ == 200


def test_class_weights_are_sample_weights():
    data, y = generated(900)
    by_class = stream(NeuronClassifier(class_weight={0: 2.0}), data, y, 300)
    by_sample = stream(NeuronClassifier(), data, y, 300, weights=np.where(y == 0, 2.0, 1.0))
    np.testing.assert_allclose(by_class.coef_, by_sample.coef_, rtol=1e-9)


# --- what users do --------------------------------------------------------------------


def test_classes_are_needed_first_and_only_first():
    neuron = NeuronClassifier()
    with pytest.raises(ValueError, match=r"classes=None on the first call.*classes=\[0, 1\]"):
        neuron.partial_fit(X, Y)
    neuron.partial_fit(X[:300], Y[:300], classes=[1, 0]).partial_fit(X[300:], Y[300:])
    with pytest.raises(
        ValueError, match=r"classes=\[0, 2\]. Expected None or the classes of the first call"
    ):
        neuron.partial_fit(X, Y, classes=[0, 2])
    with pytest.raises(ValueError, match="at least two classes"):
        NeuronClassifier().partial_fit(X, Y, classes=[1])


def test_a_first_chunk_of_one_class_predicts_it():
    ones = X[Y == 1]
    neuron = NeuronClassifier().partial_fit(ones, np.ones(len(ones)), classes=[0, 1])
    assert (neuron.predict(ones) == 1).all()
    assert neuron.predict_proba(ones)[:, 1].min() > 0.5
    assert not neuron.converged_


def test_fit_forgets_the_stream_and_a_stream_forgets_the_fit():
    data, y = generated(600)
    neuron = stream(NeuronClassifier(), data, y, 300).fit(X, Y)
    np.testing.assert_array_equal(neuron.coef_, NeuronClassifier().fit(X, Y).coef_)
    assert not hasattr(neuron, "_stream")
    after = neuron.partial_fit(X[:200], Y[:200])
    alone = NeuronClassifier().partial_fit(X[:200], Y[:200], classes=[0, 1])
    scale = np.abs(alone.coef_).max()
    np.testing.assert_allclose(after.coef_, alone.coef_, atol=1e-6 * scale)


@pytest.mark.parametrize("solver", list(SOLVERS))
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_stream_goes_on_from_a_pickle_bit_for_bit(solver):
    activation = "step" if "perceptron" in solver else "sigmoid"
    neuron = stream(
        NeuronClassifier(activation, solver=solver, random_state=0), X[:400], Y[:400], 200
    )
    resumed = pickle.loads(pickle.dumps(neuron))
    for one in (neuron, resumed):
        one.partial_fit(X[400:], Y[400:])
    np.testing.assert_array_equal(neuron.coef_, resumed.coef_)
    np.testing.assert_array_equal(neuron.intercept_, resumed.intercept_)


def test_ten_classes_of_digits():
    data, y = load_digits(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(y))
    whole = NeuronClassifier(C=0.01).fit(data, y)
    passed = stream(NeuronClassifier(C=0.01, tol=1e-8), data[rows], y[rows], 600)
    excess = log_loss(y, passed.predict_proba(data)) - log_loss(y, whole.predict_proba(data))
    assert excess < 0.01


def test_float32_stays_float32():
    neuron = stream(NeuronClassifier(), X.astype(np.float32), Y, 200)
    assert neuron.coef_.dtype == np.float32
    np.testing.assert_allclose(
        neuron.coef_, stream(NeuronClassifier(), X, Y, 200).coef_, rtol=2e-2, atol=1e-3
    )


def test_a_separated_stream_warns_until_a_sample_overlaps():
    """Without a penalty the coefficients of separated classes have no finite best value."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 3))
    y = (X[:, 0] > 0).astype(int)
    neuron = NeuronClassifier(C=np.inf)
    for rows in np.split(np.arange(150), 3):
        with pytest.warns(SeparationWarning, match="separates the classes"):
            neuron.partial_fit(X[rows], y[rows], classes=[0, 1])
        assert not neuron.converged_
    overlapping = X[:, 0] + rng.logistic(size=150) > 0
    one = NeuronClassifier(C=np.inf).partial_fit(X[:100], overlapping[:100], [False, True])
    assert one.converged_
    # Nor does a separated chunk separate a stream of overlapping ones.
    one.partial_fit(X[100:], y[100:] == 1)
    assert one.converged_
