"""Neurons and pipelines under ONNX Runtime: the same probabilities and labels."""

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.ensemble import VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)

from skneuron import NeuronClassifier, NeuronClassifierCV
from skneuron.activations import ACTIVATIONS, Activation, LeakyReLU

pytest.importorskip("skl2onnx")
onnxruntime = pytest.importorskip("onnxruntime")

import skl2onnx  # noqa: E402
from skl2onnx.common.data_types import (  # noqa: E402
    DoubleTensorType,
    FloatTensorType,
    StringTensorType,
)
from skl2onnx.common.shape_calculator import (  # noqa: E402
    calculate_linear_classifier_output_shapes,
)
from skl2onnx.operator_converters.linear_classifier import (  # noqa: E402
    convert_sklearn_linear_classifier,
)

from skneuron.interop.onnx import register, to_onnx  # noqa: E402

# Protocol buffers' own types, made by their C extension.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

BREAST = load_breast_cancer(return_X_y=True)
IRIS = load_iris(return_X_y=True)
WINE = load_wine(return_X_y=True)
PROBABILITIES = [name for name, kind in ACTIVATIONS.items() if kind.is_probability]
TOLERANCE = {np.float32: 1e-6, np.float64: 1e-12}


def run(model, inputs):
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, inputs)


def ours(model, X):
    """Return probabilities, or the decision function in the form of the second output."""
    if hasattr(model, "predict_proba"):
        return model.predict_proba(X)
    scores = model.decision_function(X)
    return np.stack([-scores, scores], axis=1) if scores.ndim == 1 else scores


# --- a neuron ----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_neurons", [1, 4])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_neuron(activation, n_neurons, dtype):
    rng = np.random.default_rng(0)
    for size in (0.3, 3.0, 100.0, 1e5):
        coef, intercept = rng.normal(size=(n_neurons, 6)), rng.normal(size=n_neurons)
        neuron = NeuronClassifier.from_weights(
            size * coef, intercept, activation=activation, classes=range(max(2, n_neurons))
        )
        X = rng.normal(size=(300, 6)).astype(dtype)
        label, second = run(to_onnx(neuron, dtype=dtype), {"X": X})
        np.testing.assert_array_equal(label, neuron.predict(X))
        assert second.dtype == dtype
        # Scores, unlike probabilities, have the size of z.
        scale = 1.0 if activation in PROBABILITIES else size
        np.testing.assert_allclose(
            second, ours(neuron, X), rtol=TOLERANCE[dtype], atol=scale * TOLERANCE[dtype]
        )


@pytest.mark.parametrize("activation", PROBABILITIES)
def test_probabilities_that_underflow_are_normalised(activation):
    z = np.array([[-800.0, -900, -1000], [-1e5, -2e5, -3e5], [700, 800, 900], [-1e160, -2e160, 0]])
    neuron = NeuronClassifier.from_weights(np.eye(3), activation=activation, classes=[0, 1, 2])
    _, found = run(to_onnx(neuron), {"X": z})
    np.testing.assert_allclose(found, neuron.predict_proba(z), rtol=0, atol=1e-12)


@pytest.mark.parametrize("activation", PROBABILITIES)
def test_small_probabilities_have_the_right_size(activation):
    X = np.linspace(-20, 20, 81)[:, None]
    neuron = NeuronClassifier.from_weights([1.0], activation=activation)
    _, found = run(to_onnx(neuron), {"X": X})
    expected = neuron.predict_proba(X)
    small = expected < 0.1
    # One minus a probability keeps 16 digits after the point only.
    np.testing.assert_allclose(found[small], expected[small], rtol=1e-6, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_labels_of_ties(activation, dtype):
    """Small integers and halves: z is exact, and often exactly the threshold."""
    rng = np.random.default_rng(1)
    half = 0.5 if activation in ("identity", "relu", "leaky_relu") else 0.0
    X = rng.integers(-3, 4, (500, 4)).astype(dtype)
    one = NeuronClassifier.from_weights([1.0, -1, 2, 1], half, activation=activation)
    z = X @ one.coef_[0] + half
    at_threshold = np.isclose(z, one.activation_.threshold)
    assert at_threshold.any() or activation in ("cloglog", "loglog")
    three = NeuronClassifier.from_weights(
        [[1.0, -1, 2, 1], [1, 1, 0, 0], [0, 0, 1, 1]], activation=activation, classes=range(3)
    )
    largest = np.sort(three.decision_function(X))
    assert (largest[:, -1] == largest[:, -2]).any()
    for neuron in (one, three):
        np.testing.assert_array_equal(
            run(to_onnx(neuron, dtype=dtype), {"X": X})[0], neuron.predict(X)
        )


def test_neuron_in_float32():
    X = StandardScaler().fit_transform(BREAST[0]).astype(np.float32)
    neuron = NeuronClassifier("probit").fit(X, BREAST[1])
    model = to_onnx(neuron)
    label, found = run(model, {"X": X})
    assert found.dtype == np.float32
    np.testing.assert_array_equal(label, neuron.predict(X))
    np.testing.assert_allclose(found, neuron.predict_proba(X), rtol=0, atol=1e-6)


@pytest.mark.parametrize("classes", [["no", "yes"], [-3, 7], [False, True], [0.0, 1.0]])
def test_labels_of_every_type(classes):
    neuron = NeuronClassifier.from_weights([1.0], classes=classes)
    label, _ = run(to_onnx(neuron), {"X": np.array([[-1.0], [1.0]])})
    assert label.tolist() == classes


def test_sparse_coefficients():
    neuron = NeuronClassifier(l1_ratio=1.0, C=0.01).fit(*BREAST)
    dense = run(to_onnx(neuron), {"X": BREAST[0]})
    for before, after in zip(dense, run(to_onnx(neuron.sparsify()), {"X": BREAST[0]}), strict=True):
        np.testing.assert_array_equal(before, after)


def test_no_counterpart():
    class Own(Activation):
        range = (0.0, 1.0)
        is_probability = True

        def value(self, z):
            return 0.5 + np.arctan(z) / np.pi

        def derivative(self, z):
            return 1 / (np.pi * (1 + z**2))

        def log_proba(self, z):
            return np.log(self.value(-z)), np.log(self.value(z))

    own = NeuronClassifier.from_weights([1.0], activation=Own())
    with pytest.raises(ValueError, match="no counterpart in ONNX"):
        to_onnx(own)
    with pytest.raises(ValueError, match=r"Got dtype='float16'\. Expected"):
        to_onnx(NeuronClassifier.from_weights([1.0]), dtype="float16")
    with pytest.raises(ValueError, match="have no type in ONNX"):
        to_onnx(NeuronClassifier.from_weights([1.0], classes=[0.25, 0.5]))
    with pytest.raises(TypeError, match="Pipeline"):
        to_onnx(make_pipeline(NeuronClassifier()).fit(*IRIS))


@pytest.mark.parametrize("opset", [13, 17, 18, 21])
@pytest.mark.parametrize("activation", PROBABILITIES)
def test_older_and_newer_operators(activation, opset):
    """The axes of some operators are attributes up to opset 17, and inputs from 18 on."""
    for X, y in (BREAST, IRIS):
        neuron = NeuronClassifier(activation).fit(X, y)
        graph = skl2onnx.to_onnx(neuron, X[:1], options={"zipmap": False}, target_opset=opset)
        _, found = run(graph, {"X": X})
        np.testing.assert_allclose(found, neuron.predict_proba(X), rtol=0, atol=1e-12)


def test_options_of_skl2onnx():
    neuron = NeuronClassifier("tanh").fit(IRIS[0], np.array(["a", "b", "c"])[IRIS[1]])
    X = IRIS[0].astype(np.float32)
    expected = neuron.predict_proba(X)

    def converted(**options):
        return run(skl2onnx.to_onnx(neuron, X[:1], options=options), {"X": X})

    label, rows = converted(zipmap=True)
    np.testing.assert_array_equal(label, neuron.predict(X))
    np.testing.assert_allclose([list(row.values()) for row in rows], expected, rtol=0, atol=1e-6)
    _, *columns = converted(zipmap="columns")
    np.testing.assert_allclose(np.stack(columns, axis=1), expected, rtol=0, atol=1e-6)
    label, _ = converted(zipmap=False, nocl=True)
    np.testing.assert_array_equal(
        label, IRIS[1][label >= 0] * 0 + neuron.decision_function(X).argmax(1)
    )
    _, scores = converted(zipmap=False, raw_scores=True)
    np.testing.assert_allclose(scores, neuron.decision_function(X), rtol=1e-5)
    assert converted(zipmap=False, output_class_labels=True)[2].tolist() == ["a", "b", "c"]


def test_a_leaky_relu_of_its_own():
    neuron = NeuronClassifier(LeakyReLU(0.3)).fit(*IRIS)
    label, scores = run(to_onnx(neuron), {"X": IRIS[0]})
    np.testing.assert_array_equal(label, neuron.predict(IRIS[0]))
    np.testing.assert_allclose(scores, neuron.decision_function(IRIS[0]), rtol=0, atol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.filterwarnings("ignore::skneuron.fitting.AbsentClassWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_neurons_that_lack_samples_of_a_class(activation):
    X, y = IRIS

    def neuron():
        return NeuronClassifier(activation, max_iter=50)

    for model in (
        neuron().fit(X, y, (y != 1).astype(float)),
        neuron().fit(X, y > 0, (y > 0).astype(float)),
        neuron().partial_fit(X[y == 1], y[y == 1], classes=[0, 1]),
        neuron().partial_fit(X[y == 1], y[y == 1], classes=[0, 1, 2]),
        neuron().partial_fit(X[y != 1], y[y != 1], classes=[0, 1, 2]),
    ):
        label, second = run(to_onnx(model), {"X": X})
        np.testing.assert_array_equal(label, model.predict(X))
        np.testing.assert_allclose(second, ours(model, X), rtol=1e-12, atol=1e-12)


def test_a_graph_has_no_offset():
    """The page: add the offset to the decision function, outside of the graph."""
    offset = np.linspace(-1, 1, 569)
    neuron = NeuronClassifier("probit").fit(BREAST[0][:, :3], BREAST[1], offset=offset)
    options = {"zipmap": False, "raw_scores": True}
    graph = skl2onnx.to_onnx(neuron, BREAST[0][:1, :3], options=options)
    _, scores = run(graph, {"X": BREAST[0][:, :3]})
    np.testing.assert_allclose(
        scores[:, 1] + offset, neuron.decision_function(BREAST[0][:, :3], offset=offset), rtol=1e-12
    )


def test_a_search_has_the_options_of_its_neuron():
    search = NeuronClassifierCV(Cs=3, cv=3).fit(*IRIS)
    options = {NeuronClassifierCV: {"zipmap": False, "raw_scores": True}}
    _, scores = run(skl2onnx.to_onnx(search, IRIS[0][:1], options=options), {"X": IRIS[0]})
    np.testing.assert_allclose(scores, search.decision_function(IRIS[0]), rtol=0, atol=1e-12)
    with pytest.raises(TypeError, match=r"NeuronClassifierCV.*search\.best_estimator_"):
        to_onnx(search)


# --- pipelines ---------------------------------------------------------------------------

RNG = np.random.default_rng(2)
TOWNS, KINDS = np.array(["Bern", "Genève", "Zürich", "Uri"]), np.array(["x", "y"])
WORDS = np.array(["red", "green", "blue", "warm", "cold", "dry", "wet"])
TABLE = pd.DataFrame(
    {
        "size": RNG.normal(3, 1, 400),
        "age": RNG.uniform(0, 60, 400),
        "town": TOWNS[RNG.integers(0, 4, 400)],
        "kind": KINDS[RNG.integers(0, 2, 400)],
        "text": [" ".join(WORDS[RNG.integers(0, 7, 6)]) for _ in range(400)],
    }
)
GAPS = BREAST[0].copy()
GAPS[RNG.uniform(size=GAPS.shape) < 0.1] = np.nan
SCORE = (
    TABLE["size"] - 3 + TABLE["age"] / 60 + (TABLE["town"] == "Uri") * 2
    - 0.4 * TABLE["text"].str.count("cold") + 0.4 * TABLE["text"].str.count("warm")
    + RNG.normal(size=400)
)  # fmt: skip
TWO = np.where(SCORE.median() < SCORE, "yes", "no")
THREE = pd.cut(SCORE, 3, labels=[5, 10, 20]).astype(int).to_numpy()


def mixed(neuron, *, encoder=None, text=None, scaler=None):
    """Return a pipeline over numbers, categories and text."""
    text = text or CountVectorizer(lowercase=False)
    return make_pipeline(
        make_column_transformer(
            (scaler or StandardScaler(), ["size", "age"]),
            (encoder or OneHotEncoder(), ["town", "kind"]),
            (text, "text"),
        ),
        neuron,
    )


N = NeuronClassifier
ORDINAL = OrdinalEncoder()
PIPELINES = {
    "standard": (make_pipeline(StandardScaler(), N()), BREAST),
    "standard, probit": (make_pipeline(StandardScaler(), N("probit")), BREAST),
    "robust, cauchit": (make_pipeline(RobustScaler(), N("cauchit")), BREAST),
    "min and max, cloglog": (make_pipeline(MinMaxScaler(), N("cloglog")), BREAST),
    "largest, loglog": (make_pipeline(MaxAbsScaler(), N("loglog")), BREAST),
    "imputed, tanh": (make_pipeline(SimpleImputer(), StandardScaler(), N("tanh")), (GAPS, BREAST[1])),
    "components, softmax": (make_pipeline(StandardScaler(), PCA(5), N()), WINE),
    "selected, probit": (make_pipeline(SelectKBest(k=4), StandardScaler(), N("probit")), WINE),
    "bins, cloglog": (make_pipeline(KBinsDiscretizer(4, encode="onehot-dense", quantile_method="averaged_inverted_cdf"), N("cloglog")), IRIS),
    "products, cauchit": (make_pipeline(MinMaxScaler(), PolynomialFeatures(2), N("cauchit")), IRIS),
    "lengths, loglog": (make_pipeline(Normalizer(), N("loglog")), IRIS),
    "identity": (make_pipeline(StandardScaler(), N("identity")), IRIS),
    "search": (GridSearchCV(make_pipeline(StandardScaler(), N("tanh")), {"neuronclassifier__C": [0.1, 1]}, cv=3), IRIS),
    "categories": (make_pipeline(OneHotEncoder(), N("probit")), (TABLE[["town", "kind"]], TWO)),
    "ordinals": (make_pipeline(ORDINAL, N("cloglog")), (TABLE[["town", "kind"]], THREE)),
    "text": (make_pipeline(CountVectorizer(lowercase=False), N("tanh")), (TABLE["text"].to_numpy(), TWO)),
    "mixed, sigmoid": (mixed(N(), text=TfidfVectorizer(lowercase=False)), (TABLE, TWO)),
    "mixed, softmax": (mixed(N(), scaler=RobustScaler()), (TABLE, THREE)),
    "mixed, probit": (mixed(N("probit"), encoder=OneHotEncoder(handle_unknown="ignore")), (TABLE, TWO)),
    "mixed, cloglog": (mixed(N("cloglog"), text=CountVectorizer(binary=True, lowercase=False)), (TABLE, THREE)),
    "mixed, L1": (mixed(N(l1_ratio=1.0)), (TABLE, THREE)),
    "mixed, tanh": (mixed(N("tanh"), text=TfidfVectorizer(lowercase=False)), (TABLE, THREE)),
    "mixed, identity": (mixed(N("identity"), scaler=MinMaxScaler()), (TABLE, TWO)),
    "standard, loglog": (make_pipeline(StandardScaler(), N("loglog", C=0.1)), WINE),
    "vote": (VotingClassifier([("a", make_pipeline(StandardScaler(), N())), ("b", make_pipeline(StandardScaler(), N("probit")))], voting="soft", flatten_transform=False), IRIS),
    "calibrated step": (CalibratedClassifierCV(N("step", max_iter=200), cv=3), (IRIS[0][:100], IRIS[1][:100])),
    "chosen, probit": (make_pipeline(StandardScaler(), NeuronClassifierCV("probit", Cs=3, cv=3)), IRIS),
    "chosen, softmax": (NeuronClassifierCV(Cs=3, l1_ratios=(0.0, 1.0), cv=3), IRIS),
    "mixed, chosen": (mixed(NeuronClassifierCV(Cs=3, cv=3)), (TABLE, TWO)),
    "chosen, identity": (make_pipeline(MinMaxScaler(), NeuronClassifierCV("identity", Cs=3, cv=3)), BREAST),
    "penalty factors": (make_pipeline(StandardScaler(), N(penalty_factor={0: 0, 1: 5})), BREAST),
    "squared error": (make_pipeline(StandardScaler(), N(loss="squared_error")), IRIS),
    "one against the rest": (make_pipeline(StandardScaler(), OneVsRestClassifier(N("probit"))), IRIS),
}  # fmt: skip
# Steps of scikit-learn that have no float64 in ONNX Runtime 1.32 and skl2onnx 1.20.
ONLY_FLOAT = {
    "imputed, tanh": "ONNX Runtime has no float64 kernel of Imputer",
    "mixed, sigmoid": "ONNX Runtime has no float64 kernel of TfIdfVectorizer",
    "mixed, tanh": "ONNX Runtime has no float64 kernel of TfIdfVectorizer",
    "categories": "skl2onnx gives graphs of strings alone an output of float32",
    "ordinals": "skl2onnx gives graphs of strings alone an output of float32",
    "text": "skl2onnx gives graphs of strings alone an output of float32",
    "products, cauchit": "skl2onnx joins float32 powers with float64 columns",
}


def inputs_of(X, tensor, dtype):
    """Return the types and the values of the inputs of a graph."""
    if isinstance(X, pd.DataFrame):
        text = {name: X[name].dtype.kind == "O" for name in X}
        types = [
            (name, StringTensorType([None, 1]) if text[name] else tensor([None, 1])) for name in X
        ]
        values = {name: X[[name]].to_numpy(dtype=object if text[name] else dtype) for name in X}
        return types, values
    if X.dtype.kind in "OU":
        return [("X", StringTensorType([None]))], {"X": X.astype(object)}
    return [("X", tensor([None, X.shape[1]]))], {"X": X.astype(dtype)}


@pytest.mark.parametrize(
    ("name", "dtype"),
    [(name, np.float32) for name in PIPELINES]
    + [(name, np.float64) for name in PIPELINES if name not in ONLY_FLOAT],
)
@pytest.mark.filterwarnings("ignore:The solver 'perceptron' did not converge")
def test_pipeline(name, dtype):
    model, (X, y) = PIPELINES[name]
    tensor = FloatTensorType if dtype == np.float32 else DoubleTensorType
    types, values = inputs_of(X, tensor, dtype)
    if isinstance(X, pd.DataFrame):
        numbers = X.select_dtypes("number").columns
        X = X.astype(dict.fromkeys(numbers, dtype))
    elif X.dtype.kind == "f":
        X = X.astype(dtype)
    model.fit(X, y)
    graph = skl2onnx.convert_sklearn(model, initial_types=types, options={"zipmap": False})
    label, second = run(graph, values)
    np.testing.assert_array_equal(label, model.predict(X))
    np.testing.assert_allclose(second, ours(model, X), rtol=0, atol=TOLERANCE[dtype])


def test_the_converter_of_linear_classifiers_is_wrong_for_neurons():
    """The trap that this module closes: a softmax of ±z, which is σ(2z), instead of σ(z)."""
    X, y = load_breast_cancer(return_X_y=True)
    neuron = NeuronClassifier(C=1e-3).fit(X[:, :5], y)
    expected, inputs = neuron.predict_proba(X[:, :5]), {"X": X[:, :5]}
    skl2onnx.update_registered_converter(
        NeuronClassifier,
        "LinearNeuron",
        calculate_linear_classifier_output_shapes,
        convert_sklearn_linear_classifier,
        options={name: [True, False] for name in ("zipmap", "nocl", "raw_scores")},
    )
    try:
        _, wrong = run(to_onnx(neuron), inputs)
    finally:
        register()
    assert np.abs(wrong - expected).max() > 0.1
    _, right = run(to_onnx(neuron), inputs)
    np.testing.assert_allclose(right, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("activation", [name for name in PROBABILITIES if name != "sigmoid"])
@pytest.mark.parametrize("x", [9e307, -1.7e308])
def test_differences_of_z_that_overflow(activation, x):
    neuron = NeuronClassifier.from_weights(
        [[1.0], [0.0], [-1.0]], [0.0] * 3, activation=activation, classes=[0, 1, 2]
    )
    _, probabilities = run(to_onnx(neuron), {"X": np.array([[x]])})
    np.testing.assert_allclose(probabilities, neuron.predict_proba([[x]]), rtol=1e-12, atol=1e-300)
