"""What code written for ``LogisticRegression`` finds: ``n_iter_``, ``sparsify``, ``max_iter=0``."""

import pickle

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression

from skneuron import NeuronClassifier, NeuronClassifierCV
from skneuron.activations import ACTIVATIONS
from skneuron.inference import coefficient_table
from skneuron.plotting import DescentDisplay, WeightDisplay

X, Y = load_breast_cancer(return_X_y=True)
IRIS, SPECIES = load_iris(return_X_y=True)
ONE_EACH = [name for name in ACTIVATIONS if name != "sigmoid"]


# --- n_iter_ ---------------------------------------------------------------------------


def test_iterations_have_the_shape_of_logistic_regression():
    for data, y in ((X, Y), (IRIS, SPECIES)):
        peer = LogisticRegression(max_iter=10_000).fit(data, y)
        neuron = NeuronClassifier().fit(data, y)
        assert neuron.n_iter_.shape == peer.n_iter_.shape == (1,)
        assert neuron.n_iter_.dtype == peer.n_iter_.dtype


@pytest.mark.parametrize("activation", ONE_EACH)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_one_number_of_iterations_for_each_neuron(activation):
    layer = NeuronClassifier(activation, max_iter=30).fit(IRIS, SPECIES)
    assert layer.n_iter_.shape == (3,)
    alone = [
        NeuronClassifier(activation, max_iter=30).fit(IRIS, k == SPECIES).n_iter_[0]
        for k in range(3)
    ]
    np.testing.assert_array_equal(layer.n_iter_, alone)
    assert len(layer.history_["objective"]) == max(alone)


@pytest.mark.filterwarnings("ignore::skneuron.fitting.AbsentClassWarning")
def test_a_class_without_weight_has_no_iterations():
    layer = NeuronClassifier("probit").fit(IRIS, SPECIES, (SPECIES != 1).astype(float))
    assert layer.n_iter_.shape == (3,)
    assert layer.n_iter_[1] == 0 < layer.n_iter_[0]


# --- sparsify --------------------------------------------------------------------------


@pytest.mark.parametrize(("data", "y"), [(X, Y), (IRIS, SPECIES)], ids=["one", "three"])
def test_sparse_coefficients_change_no_number(data, y):
    neuron = NeuronClassifier(l1_ratio=1.0, C=0.02).fit(data, y)
    thin = pickle.loads(pickle.dumps(neuron)).sparsify()
    assert sparse.issparse(thin.coef_)
    assert 0 < thin.coef_.nnz < neuron.coef_.size
    for rows in (data, sparse.csr_array(data), data.astype(np.float32)):
        np.testing.assert_array_equal(thin.predict_proba(rows), neuron.predict_proba(rows))
    assert str(thin.trace(data[0])) == str(neuron.trace(data[0]))
    np.testing.assert_array_equal(
        WeightDisplay.from_estimator(thin).weights, WeightDisplay.from_estimator(neuron).weights
    )
    again = pickle.loads(pickle.dumps(thin))
    np.testing.assert_array_equal(again.densify().coef_, neuron.coef_)
    assert isinstance(again.densify().coef_, np.ndarray)


def test_fits_and_tables_after_sparsify():
    neuron = NeuronClassifier(C=np.inf).fit(X[:, :3], Y)
    table = coefficient_table(neuron, X[:, :3], Y)
    pd.testing.assert_frame_equal(coefficient_table(neuron.sparsify(), X[:, :3], Y), table)
    streams = [NeuronClassifier().partial_fit(X[:200], Y[:200], classes=[0, 1]) for _ in range(2)]
    streams[1].sparsify()
    for stream in streams:
        stream.partial_fit(X[200:], Y[200:])
    np.testing.assert_array_equal(streams[0].coef_, streams[1].coef_)
    warm = NeuronClassifier(warm_start=True).fit(X, Y).sparsify().fit(X, Y)
    assert isinstance(warm.coef_, np.ndarray)


def test_a_search_is_sparse_and_dense_as_its_neuron():
    search = NeuronClassifierCV(Cs=[0.02], l1_ratios=[1.0], cv=2).fit(IRIS, SPECIES)
    coef, expected = search.coef_, search.predict_proba(IRIS)
    assert search.sparsify() is search
    assert sparse.issparse(search.coef_)
    assert sparse.issparse(search.best_estimator_.coef_)
    np.testing.assert_array_equal(search.predict_proba(IRIS), expected)
    np.testing.assert_array_equal(search.densify().coef_, coef)
    for unfitted in (NeuronClassifierCV(), NeuronClassifier()):
        for method in (unfitted.sparsify, unfitted.densify):
            with pytest.raises(NotFittedError):
                method()


# --- max_iter=0 ------------------------------------------------------------------------


def test_no_iterations_return_the_start_as_logistic_regression():
    with pytest.warns(ConvergenceWarning):
        peer = LogisticRegression(max_iter=0, solver="newton-cg").fit(X, Y)
    with pytest.warns(ConvergenceWarning, match="after 0 iterations"):
        neuron = NeuronClassifier(max_iter=0).fit(X, Y)
    np.testing.assert_array_equal(neuron.coef_, peer.coef_)
    np.testing.assert_array_equal(neuron.intercept_, peer.intercept_)
    assert neuron.n_iter_.tolist() == [0]
    assert not neuron.converged_
    assert neuron.objective_ == pytest.approx(np.log(2))
    assert all(len(column) == 0 for column in neuron.history_.values())


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("of", [(X, Y), (IRIS, SPECIES)], ids=["one", "three"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_no_iterations_return_the_last_fit(activation, of):
    neuron = NeuronClassifier(activation, max_iter=3, warm_start=True, restart=2).fit(*of)
    coef, intercept = neuron.coef_, neuron.intercept_
    neuron.set_params(max_iter=0).fit(*of)
    # Columns are scaled and scaled back.
    np.testing.assert_allclose(neuron.coef_, coef, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(neuron.intercept_, intercept, rtol=1e-12, atol=1e-12)
    assert not neuron.n_iter_.any()


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "step"])
def test_no_iterations_return_given_coefficients_with_a_higher_objective(activation):
    """Other fits start at zero then. This one measures the loss of the coefficients."""
    neuron = NeuronClassifier.from_weights([5.0, -3.0, 2.0, 1.0], 0.5, activation=activation)
    loss = neuron.set_params(C=np.inf).loss_
    neuron.set_params(max_iter=0, warm_start=True)
    with pytest.warns(ConvergenceWarning, match="after 0 iterations"):
        neuron.fit(IRIS[50:], SPECIES[50:] - 1)
    np.testing.assert_allclose(neuron.coef_, [[5.0, -3.0, 2.0, 1.0]], rtol=1e-12)
    np.testing.assert_allclose(neuron.intercept_, [0.5], rtol=1e-11)
    if loss == "log_loss":
        logs = neuron.predict_log_proba(IRIS[50:])[np.arange(100), SPECIES[50:] - 1]
        assert neuron.objective_ == pytest.approx(-logs.mean(), rel=1e-9)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_picture_of_an_empty_history():
    fits = {"none": NeuronClassifier(max_iter=0).fit(X, Y), "all": NeuronClassifier().fit(X, Y)}
    for neurons in (fits, fits["none"]):
        display = DescentDisplay.from_estimator(neurons)
        assert len(display.lines_[0].get_xdata()) == 0
        plt.close(display.figure_)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_no_iterations_with_bounds_and_streams():
    bounded = NeuronClassifier(max_iter=0, bounds=(0.5, None)).fit(X, Y)
    np.testing.assert_allclose(bounded.coef_, 0.5)
    stream = NeuronClassifier(max_iter=0).partial_fit(X, Y, classes=[0, 1])
    assert not stream.coef_.any()


# --- chunks without weight -------------------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_chunk_without_weight_leaves_the_stream_as_it_was(activation):
    stream = NeuronClassifier(activation, max_iter=50).partial_fit(X[:300], Y[:300], classes=[0, 1])
    before = pickle.dumps(stream)
    assert stream.partial_fit(X[300:], Y[300:], sample_weight=np.zeros(269)) is stream
    assert pickle.dumps(stream) == before
    stream.set_params(class_weight={0: 0.0})
    stream.partial_fit(X[Y == 0], Y[Y == 0])
    assert stream.set_params(class_weight=None).n_samples_seen_ == 300
    assert pickle.dumps(stream) == before


def test_a_first_chunk_without_weight_leaves_the_neuron_unfitted():
    neuron = NeuronClassifier()
    neuron.partial_fit(X, Y, classes=[0, 1], sample_weight=np.zeros(569))
    assert vars(neuron) == vars(NeuronClassifier())
    with pytest.raises(ValueError, match="NaN"):
        neuron.partial_fit([[np.nan]], [0], classes=[0, 1], sample_weight=[0.0])


# --- labels ----------------------------------------------------------------------------

WORDS = ["no", "yes"] * 10
HOLE = [*WORDS[:7], None, *WORDS[8:]]
SMALL = X[:20, :2]


@pytest.mark.parametrize(
    "y",
    [
        HOLE,
        np.array(HOLE, dtype=object),
        np.array([*WORDS[:7], np.nan, *WORDS[8:]], dtype=object),
        pd.Series(HOLE),
        pd.Series(HOLE, dtype="string"),
        pd.Series(HOLE, dtype="category"),
        pl.Series(HOLE),
    ],
    ids=["list", "objects", "nan", "pandas", "string", "category", "polars"],
)
def test_missing_labels_are_named(y):
    for call in (
        lambda: NeuronClassifier().fit(SMALL, y),
        lambda: NeuronClassifier().partial_fit(SMALL, y, classes=["no", "yes"]),
        lambda: NeuronClassifier().fit(SMALL, WORDS, X_val=SMALL, y_val=y),
    ):
        with pytest.raises(ValueError, match=r"missing label .* in row 7. Expected a label"):
            call()


@pytest.mark.parametrize("kind", [list, lambda y: np.array(y, dtype=object), pd.Series])
def test_labels_of_several_types_are_named(kind):
    mixed = kind([1, *WORDS[1:]])
    with pytest.raises(ValueError, match="types int, str, such as 1 in row 0 and 'yes' in row 1"):
        NeuronClassifier().fit(SMALL, mixed)
    remedy = [str(label) for label in mixed]
    assert NeuronClassifier().fit(SMALL, remedy).classes_.tolist() == ["1", "no", "yes"]


def test_classes_of_several_types():
    with pytest.raises(ValueError, match="classes has labels of the types int, str"):
        NeuronClassifier().partial_fit(SMALL, WORDS, classes=[0, "yes"])


def test_numbers_as_objects():
    y = np.array([0, 1] * 10, dtype=object)
    with pytest.raises(ValueError, match=r"Python objects of the type int.*np.asarray\(y.tolist"):
        NeuronClassifier().fit(SMALL, y)
    assert NeuronClassifier().fit(SMALL, np.asarray(y.tolist())).classes_.tolist() == [0, 1]


@pytest.mark.parametrize("unit", ["D", "ns"])
def test_missing_dates_are_no_class(unit):
    dates = np.array(["2024-05-01", "2024-06-01"] * 10, dtype=f"M8[{unit}]")
    assert len(NeuronClassifier().fit(SMALL, dates).classes_) == 2
    dates[3] = "NaT"
    for y in (dates, pd.Series(dates), pl.Series(dates.astype("M8[ns]"))):
        with pytest.raises(ValueError, match=r"missing label .* in row 3"):
            NeuronClassifier().fit(SMALL, y)


def test_numpy_text_of_any_length():
    """scikit-learn raises a TypeError without a remedy."""
    kind = getattr(np.dtypes, "StringDType", None)
    if kind is None:
        pytest.skip("NumPy 1 has no StringDType")
    y = np.array(WORDS, dtype=kind())
    with pytest.raises(ValueError, match=r"y has the type StringDType.*y\.tolist\(\)"):
        NeuronClassifier().fit(SMALL, y)
    assert NeuronClassifier().fit(SMALL, y.tolist()).classes_.tolist() == ["no", "yes"]
