"""Arrays of other libraries, with scikit-learn's array_api_dispatch: the same neuron as in NumPy.

The device of array-api-strict stands for a GPU: NumPy cannot read it. NumPy reads the CPU tensors
of PyTorch, so most tests pretend that it cannot.
"""

import copy
import pickle
import sys
import warnings

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils import estimator_checks, get_tags

import skneuron._common._device as device_module
import skneuron.design._device_design as design_module
import skneuron.objective._device_rows as rows_module
import skneuron.validation._foreign as foreign_module
from skneuron import NeuronClassifier, NeuronClassifierCV
from skneuron._common import DeviceMatrix, Home, to_numpy
from skneuron.design import DesignMatrix, DeviceDesign, StandardizedDesign, design_of
from skneuron.inference import coefficient_table
from skneuron.losses import LogisticLoss, SoftmaxLogLoss, loss_on_device
from skneuron.paths import neuron_path

pytest.importorskip("array_api_compat")
strict = pytest.importorskip("array_api_strict")
try:
    import torch
except ImportError:
    torch = None

INF = np.inf


@pytest.fixture(autouse=True)
def _dispatch(monkeypatch):
    """scikit-learn asks for the variable before it allows the option."""
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    with config_context(array_api_dispatch=True):
        yield


def _on_strict(values):
    return strict.asarray(np.asarray(values), device=strict.Device("device1"))


def _on_torch(values):
    return torch.asarray(np.array(values))


@pytest.fixture(params=["strict", "torch"])
def put(request, monkeypatch):
    """Return a function that puts NumPy arrays on a device."""
    if request.param == "strict":
        return _on_strict
    if torch is None:
        pytest.skip("needs PyTorch")
    monkeypatch.setattr(foreign_module, "is_on_host", lambda values: False)
    return _on_torch


def _data(n=3000, d=4, n_classes=2, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * np.arange(1, d + 1) + rng.normal(size=d)
    W = rng.normal(size=(d, n_classes)) / np.arange(1, d + 1)[:, None]
    return X, (X @ W + rng.gumbel(size=(n, n_classes))).argmax(axis=1)


def _case(name):
    """Return X, y, parameters and arguments of ``fit``."""
    X, y = _data(n_classes=3 if "classes" in name else 2)
    rng = np.random.default_rng(1)
    weights = rng.random(len(y))
    weights[::7] = 0.0
    own, more = {}, {}
    if name == "weights":
        more = {"sample_weight": weights}
    elif name == "offset":
        more = {"offset": rng.normal(size=len(y))}
    elif name == "3 classes, offset":
        more = {"offset": rng.normal(size=(len(y), 3)), "sample_weight": weights}
    elif name == "an outlier":
        X[5, 1] = 1e6
    elif name == "a far mean":
        X = np.c_[X + 1e8, np.ones(len(y))]
    elif name == "collinear":
        X, own = np.c_[X, X[:, 0] + X[:, 1]], {"C": INF}
    elif name == "binary columns":
        X = (X > 0) * 1.0
    elif name == "integers":
        X = (10 * X).astype(np.int32)
    elif name == "strings":
        y = np.array(["no", "yes"])[y]
    elif name == "many rows":
        X, y = _data(n=60_000)
    elif name == "an absent class of 3 classes":
        more = {"sample_weight": (y < 2) * 1.0}
    else:
        own = _PARAMETERS[name]
    return X, y, own, more


_PARAMETERS = {
    "dense": {},
    "3 classes": {},
    "C=1e-3": {"C": 1e-3},
    "C=inf": {"C": INF},
    "3 classes, C=inf": {"C": INF},
    "class weights": {"class_weight": "balanced"},
    "bounds": {"bounds": (0, None)},
    "L1": {"C": 0.01, "l1_ratio": 0.7},
    "L1, 3 classes": {"C": 0.01, "l1_ratio": 0.7},
    "no intercept": {"fit_intercept": False},
    "probit": {"activation": "probit"},
    "cloglog": {"activation": "cloglog"},
    "probit, 3 classes": {"activation": "probit"},
    "relu": {"activation": "relu"},
    "squared error": {"loss": "squared_error"},
    "newton": {"solver": "newton"},
    "newton-cg": {"solver": "newton-cg"},
    "newton-cg, 3 classes": {"solver": "newton-cg"},
    "subsampled": {"solver": "subsampled-newton"},
    "working-set": {"solver": "working-set", "C": 0.01, "l1_ratio": 0.7},
    "lbfgs": {"solver": "lbfgs"},
    "gd": {"solver": "gd"},
}
_CASES = [
    *_PARAMETERS,
    "weights",
    "offset",
    "3 classes, offset",
    "an outlier",
    "a far mean",
    "collinear",
    "binary columns",
    "integers",
    "strings",
    "many rows",
    "an absent class of 3 classes",
]


def _fit(X, y, own, more):
    """Fit closely, so that two fits agree to more digits than the tolerance."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return NeuronClassifier(random_state=0, tol=1e-22).set_params(**own).fit(X, y, **more)


@pytest.mark.parametrize("name", _CASES)
def test_coefficients_are_those_of_numpy(name, put):
    X, y, own, more = _case(name)
    expected = _fit(X, y, own, more)
    data = put(X)
    neuron = _fit(data, y if y.dtype.kind == "U" else put(y), own, more)
    assert type(neuron.coef_) is type(data)
    assert neuron.coef_.device == neuron.intercept_.device == data.device
    scale = np.abs(expected.coef_).max()
    np.testing.assert_allclose(to_numpy(neuron.coef_), expected.coef_, rtol=0, atol=1e-8 * scale)
    assert neuron.converged_ == expected.converged_
    assert neuron.objective_ == pytest.approx(expected.objective_, rel=1e-9)
    offset = {name: more[name] for name in more if name == "offset"}
    for method in ("decision_function", "activate", "predict_proba", "predict_log_proba"):
        if hasattr(expected, method):
            out = getattr(neuron, method)(data, **offset)
            assert type(out) is type(data)
            assert out.device == data.device
            reference = getattr(expected, method)(X, **offset)
            np.testing.assert_allclose(to_numpy(out), reference, rtol=1e-6, atol=1e-6)
    labels = to_numpy(neuron.predict(data, **offset))
    np.testing.assert_array_equal(labels, expected.predict(X, **offset))
    assert neuron.score(data, y, **offset) == expected.score(X, y, **offset)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_float32_has_the_contract_of_numpy(n_classes, put):
    X, y = _data(n_classes=n_classes)
    X = X.astype(np.float32)
    neuron, expected = NeuronClassifier().fit(put(X), put(y)), NeuronClassifier().fit(X, y)
    for name in ("coef_", "intercept_"):
        found = to_numpy(getattr(neuron, name))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, getattr(expected, name), rtol=1e-6)
    assert neuron.converged_
    # F is the one of the rounded coefficients.
    assert neuron.gap_ == pytest.approx(expected.gap_, rel=0.1)
    proba = neuron.predict_proba(put(X))
    assert to_numpy(proba).dtype == np.float32
    np.testing.assert_allclose(to_numpy(proba), expected.predict_proba(X), rtol=1e-5)


# --- scikit-learn's checks ------------------------------------------------------------------------

_PLACES = [
    ("array_api_strict", "CPU_DEVICE", "float64"),
    ("array_api_strict", "device1", "float64"),
    ("array_api_strict", "device1", "float32"),
    ("array_api_strict", "no_float64", "float32"),
    ("torch", "cpu", "float64"),
    ("torch", "cpu", "float32"),
]
_NEURONS = [
    NeuronClassifier(),
    NeuronClassifier("probit"),
    NeuronClassifier("relu"),
    NeuronClassifier(solver="lbfgs"),
    NeuronClassifier(l1_ratio=0.5),
]


@pytest.mark.parametrize("with_weights", [False, True])
@pytest.mark.parametrize("place", _PLACES, ids="-".join)
@pytest.mark.parametrize("neuron", _NEURONS, ids=repr)
@pytest.mark.parametrize("check", ["check_array_api_input", "check_array_api_input_and_values"])
def test_checks_of_scikit_learn(check, neuron, place, with_weights):
    if place[0] == "torch" and torch is None:
        pytest.skip("needs PyTorch")
    with config_context(array_api_dispatch=False):  # The checks switch it on themselves.
        function = getattr(estimator_checks, check)
        function("NeuronClassifier", neuron, *place, check_sample_weight=with_weights)


@pytest.mark.parametrize("neuron", _NEURONS, ids=repr)
def test_every_check_of_scikit_learn_for_arrays(neuron):
    checks = [
        (estimator, check)
        for estimator, check in estimator_checks.estimator_checks_generator(neuron)
        if "array_api" in check.func.__name__
    ]
    assert len(checks) > 5
    for estimator, check in checks:
        with config_context(array_api_dispatch=False), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                check(estimator)
            except estimator_checks.SkipTest:
                continue  # A library or a device that is not here.


@pytest.mark.parametrize(
    ("params", "supported"),
    [
        ({}, True),
        ({"activation": "probit"}, True),
        ({"activation": "step"}, False),
        ({"solver": "sgd"}, False),
        ({"solver": "online-perceptron", "activation": "step"}, False),
        ({"bias_reduction": "mean", "C": INF}, False),
    ],
)
def test_the_tag_says_what_a_fit_does(params, supported):
    neuron = NeuronClassifier(**params)
    assert get_tags(neuron).array_api_support is supported
    X, y = map(_on_strict, _data(n=100))
    if supported:
        neuron.fit(X, y)
    else:
        with pytest.raises(ValueError, match=r"The fit got X on a device with .* Use .*X\.cpu\(\)"):
            neuron.fit(X, y)


# --- what crosses ---------------------------------------------------------------------------------


@pytest.fixture
def crossings(monkeypatch):
    """Return a list of the shapes of all arrays that cross between device and host."""
    found = []

    def counted(function):
        def count(*args):
            found.append(np.shape(args[-1]) if not hasattr(args[-1], "shape") else args[-1].shape)
            return function(*args)

        return count

    to_host = counted(device_module.to_numpy)
    for module in (device_module, design_module, rows_module):
        monkeypatch.setattr(module, "to_numpy", to_host)
    monkeypatch.setattr(Home, "put", counted(Home.put))
    return found


@pytest.mark.parametrize("solver", ["newton", "subsampled-newton", "newton-cg", "lbfgs", "gd"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_no_vector_of_a_pass_crosses_for_sigmoid_and_softmax(n_classes, solver, crossings):
    X, y = _data(n_classes=n_classes)
    X, n = _on_strict(X), len(y)
    weights = np.random.default_rng(0).random(n)
    for C in (1.0, 1e-3):
        crossings.clear()
        neuron = NeuronClassifier(C=C, solver=solver, random_state=0)
        neuron.fit(X, y, weights)
        large = [shape for shape in crossings if shape and shape[0] >= n]
        assert neuron.history_["n_passes"][-1] > 5
        # Once a fit: labels and sample weights, and the weights of the column moments.
        assert len(large) == 3, large


@pytest.mark.parametrize(("activation", "with_hessian"), [("probit", True), ("relu", False)])
def test_z_and_slopes_cross_for_other_links(activation, with_hessian, crossings):
    X, y = _data()
    X, n = _on_strict(X), len(y)
    solver = "newton" if with_hessian else "gd"
    neuron = NeuronClassifier(activation, solver=solver).fit(X, y)
    large = [shape for shape in crossings if shape and shape[0] >= n]
    per_pass = 3 if with_hessian else 2
    assert len(large) <= 6 + per_pass * neuron.history_["n_passes"][-1]
    assert all(shape == (n,) for shape in large)


def test_predictions_of_sigmoid_and_softmax_stay_on_the_device(crossings):
    for n_classes in (2, 3):
        X, y = _data(n_classes=n_classes)
        neuron = NeuronClassifier().fit(X, y)
        data = _on_strict(X)
        crossings.clear()
        for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
            getattr(neuron, method)(data)
        assert max((shape[0] for shape in crossings if shape), default=0) < len(y)


def test_only_rows_of_a_subsample_come_to_the_host(crossings):
    X, y = _data(n=60_000)
    NeuronClassifier(solver="subsampled-newton").fit(_on_strict(X), y)
    matrices = [shape for shape in crossings if len(shape) == 2 and shape[1] == X.shape[1]]
    assert sum(rows for rows, _ in matrices) < len(y) / 2


# --- memory of the host ---------------------------------------------------------------------------


def test_numpy_reads_arrays_in_the_memory_of_the_host_without_a_copy(monkeypatch):
    X, y = _data()
    data = strict.asarray(X)
    seen = []
    monkeypatch.setattr(
        "skneuron.fitting._train.design_of", lambda X: seen.append(X) or design_of(X)
    )
    neuron = NeuronClassifier().fit(data, strict.asarray(y))
    assert np.shares_memory(seen[0], np.asarray(data))
    expected = NeuronClassifier().fit(X, y)
    np.testing.assert_array_equal(to_numpy(neuron.coef_), expected.coef_)


@pytest.mark.skipif(torch is None, reason="needs PyTorch")
@pytest.mark.parametrize("solver", ["auto", "sgd"])
def test_tensors_on_the_cpu_have_the_bits_of_numpy(solver):
    X, y = _data()
    neuron = NeuronClassifier(solver=solver, random_state=0)
    expected = clone(neuron).fit(X, y)
    neuron.fit(torch.tensor(X, requires_grad=True), torch.tensor(y))
    np.testing.assert_array_equal(neuron.coef_.numpy(), expected.coef_)
    proba = neuron.predict_proba(torch.tensor(X))
    assert isinstance(proba, torch.Tensor)
    np.testing.assert_array_equal(proba.numpy(), expected.predict_proba(X))
    assert isinstance(neuron.classes_, torch.Tensor)


def test_a_device_without_float64_gets_its_results_in_float32():
    X, y = _data()
    device = strict.Device("no_float64")
    data = strict.asarray(X.astype(np.float32), device=device)
    neuron = NeuronClassifier().fit(data, strict.asarray(y, device=device))
    expected = NeuronClassifier().fit(X.astype(np.float32), y)
    assert neuron.coef_.device == device
    np.testing.assert_array_equal(to_numpy(neuron.coef_), expected.coef_)


# --- the parts ------------------------------------------------------------------------------------

_EXTREME = np.array([-1e9, -800.0, -40.0, -1e-9, 0.0, 1e-9, 3.0, 40.0, 800.0, 1e9])


@pytest.mark.parametrize("equal", [True, False])
def test_the_log_loss_of_the_sigmoid_on_a_device(equal, put):
    z = np.tile(_EXTREME, 2)
    y = np.repeat([0, 1], len(_EXTREME))
    weights = np.full(len(z), 0.3) if equal else np.linspace(0.1, 1.0, len(z))
    loss = LogisticLoss()
    there = loss_on_device(loss, Home.of(put(z)).xp)
    labels = put(there.encode(y))
    with np.errstate(all="ignore"):
        found = there.sums(labels, put(z), 0.3 if equal else put(weights), curvature=True)
        there_slopes = to_numpy(there.slopes(labels, put(z)))
        expected = loss.sums(loss.encode(y), z.copy(), weights, curvature=True)
        slopes = loss.slopes(loss.encode(y), z.copy())
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(to_numpy(one), other, rtol=1e-14, atol=0)
    np.testing.assert_allclose(there_slopes, slopes, rtol=1e-14)


@pytest.mark.parametrize("equal", [True, False])
def test_the_log_loss_of_the_softmax_on_a_device(equal, put):
    rng = np.random.default_rng(0)
    z = np.concatenate([rng.normal(size=(40, 3)) * size for size in (1, 50, 1e3, 1e9)])
    z = np.concatenate([z, np.zeros((3, 3)), np.array([[7.0, 7.0, -9.0]] * 3)])
    y = np.arange(len(z)) % 3
    weights = np.full(len(z), 0.3) if equal else np.linspace(0.1, 1.0, len(z))
    loss = SoftmaxLogLoss(3)
    there = loss_on_device(loss, Home.of(put(z)).xp)
    labels = put(there.encode(y))
    found = there.sums(labels, put(z), 0.3 if equal else put(weights), curvature=True)
    expected = loss.sums(y, z.copy(), weights, curvature=True)
    for one, other in zip(found[:2], expected[:2], strict=True):
        np.testing.assert_allclose(to_numpy(one), other, rtol=1e-13, atol=0)
    for one, other in zip(found[2], expected[2], strict=True):
        np.testing.assert_allclose(to_numpy(one), other, rtol=1e-13, atol=1e-300)
    step = rng.normal(size=z.shape)
    state = loss.curvature_state(y, z)
    np.testing.assert_allclose(
        to_numpy(there.curvature_product(there.curvature_state(put(z)), put(step))),
        loss.curvature_product(state, step),
        rtol=1e-12,
        atol=1e-15,
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("far", [False, True])
@pytest.mark.parametrize("k", [1, 3])
def test_passes_in_several_blocks_equal_those_in_memory(k, far, dtype, put, monkeypatch):
    monkeypatch.setattr(design_module, "_BLOCK_ELEMENTS", 500)
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(301, 4)) + 1e5 * far).astype(dtype)
    exact = X.astype(float)
    at = exact.mean(axis=0), exact.std(axis=0), exact.std(axis=0)
    data = put(X)
    there = DeviceDesign(design_of(DeviceMatrix(data, Home.of(data))), *at)
    here = StandardizedDesign(DesignMatrix(X), *at)
    coef = rng.normal(size=(k, 5))
    state = rng.random(301)

    def function(rows, z):
        """Sum squares, so that z is the slope."""
        h = None if k > 1 else state[rows]
        return float(np.sum(z**2)), z, h

    found, expected = (design.sums(coef, function, gram=k == 1) for design in (there, here))
    assert found.value == pytest.approx(expected.value, rel=1e-9)
    np.testing.assert_allclose(found.slopes, expected.slopes, rtol=1e-9, atol=1e-7)
    if k == 1:
        np.testing.assert_allclose(found.gram, expected.gram, rtol=1e-9, atol=1e-7)
    np.testing.assert_allclose(there.forward(coef), here.forward(coef), rtol=1e-9, atol=1e-9)
    ones = rng.random(4)
    np.testing.assert_allclose(there.squares(ones), here.squares(ones), rtol=1e-9)
    weights = np.full(301, 1 / 301)
    moments = [design.second_moments(weights) for design in (there, here)]
    np.testing.assert_allclose(*moments, rtol=1e-9)
    rows = np.array([3, 300, 17])
    np.testing.assert_allclose(there.take(rows).rows, here.take(rows).rows, rtol=1e-12)
    assert there.counter.rows == here.counter.rows


def test_a_fit_in_several_blocks(put, monkeypatch):
    X, y = _data(n_classes=3)
    expected = NeuronClassifier(tol=1e-22).fit(X, y)
    monkeypatch.setattr(design_module, "_BLOCK_ELEMENTS", 4 * 700)
    for solver in ("newton", "newton-cg"):
        neuron = NeuronClassifier(tol=1e-22, solver=solver).fit(put(X), put(y))
        np.testing.assert_allclose(to_numpy(neuron.coef_), expected.coef_, atol=1e-8)


def test_a_matrix_on_a_device_has_the_indices_of_numpy(put):
    X = np.arange(12.0).reshape(4, 3)
    data = put(X)
    there = DeviceMatrix(data, Home.of(data))
    keys = [
        slice(1, 3),
        slice(None, None, 2),
        np.array([2, 0]),
        np.array([True, False, True, False]),
        (slice(None), np.array([2, 1])),
        (slice(0, 2), slice(0, 2)),
    ]
    for key in keys:
        np.testing.assert_array_equal(there[key].astype(float), X[key])
    np.testing.assert_allclose(there @ np.ones((3, 2)), X @ np.ones((3, 2)))


# --- as with any other X --------------------------------------------------------------------------


def test_classes_are_those_of_y():
    X, y = _data()
    data = _on_strict(X)
    assert NeuronClassifier().fit(data, y).classes_.tolist() == [0, 1]
    there = NeuronClassifier().fit(data, _on_strict(y)).classes_
    assert there.device == data.device
    words = np.array(["no", "yes"])[y]
    neuron = NeuronClassifier().fit(data, words)
    assert neuron.classes_.tolist() == ["no", "yes"]
    assert neuron.predict(data).tolist() == NeuronClassifier().fit(X, words).predict(X).tolist()
    # y alone on a device
    neuron = NeuronClassifier().fit(X, _on_strict(y))
    assert isinstance(neuron.coef_, np.ndarray)
    assert neuron.score(X, _on_strict(y)) > 0.6


def test_a_fit_is_like_any_other(put, capsys):
    X, y = _data()
    data, labels = put(X), put(y)
    neuron = NeuronClassifier(warm_start=True, verbose=1)
    first = neuron.fit(data, labels).n_iter_
    assert "iteration" in capsys.readouterr().out
    assert int(to_numpy(neuron.fit(data, labels).n_iter_)[0]) <= int(to_numpy(first)[0])
    again = pickle.loads(pickle.dumps(neuron))
    np.testing.assert_array_equal(to_numpy(again.coef_), to_numpy(neuron.coef_))
    copied = copy.deepcopy(neuron)
    assert type(copied.coef_) is type(neuron.coef_)
    assert neuron.trace(X[0]).predicted in (0, 1)


def test_early_stopping_and_a_validation_set(put):
    X, y = _data()
    for more in ({}, {"X_val": X[:500], "y_val": y[:500], "sample_weight_val": np.ones(500)}):
        neuron = NeuronClassifier(early_stopping=True, solver="gd", random_state=0)
        there = clone(neuron).fit(put(X), put(y), **{name: put(v) for name, v in more.items()})
        neuron.fit(X, y, **more)
        np.testing.assert_allclose(
            there.history_["validation_loss"], neuron.history_["validation_loss"], rtol=1e-9
        )


def test_a_stream_of_chunks(put):
    X, y = _data()
    there, here = NeuronClassifier(), NeuronClassifier()
    for rows in (slice(0, 1000), slice(1000, 3000)):
        there.partial_fit(put(X[rows]), put(y[rows]), classes=put(np.array([0, 1])))
        here.partial_fit(X[rows], y[rows], classes=[0, 1])
    assert type(there.coef_) is type(put(X))
    np.testing.assert_allclose(to_numpy(there.coef_), here.coef_, rtol=1e-12)


@pytest.mark.filterwarnings("ignore::skneuron.separation.SeparationWarning")
@pytest.mark.parametrize("n_classes", [2, 3])
def test_separated_classes(n_classes, put):
    X, _ = _data(n=200)
    y = np.digitize(X[:, 0], [0.0, 1.0][: n_classes - 1])
    there = NeuronClassifier(C=INF).fit(put(X), put(y))
    assert not there.converged_
    assert there.score(put(X), y) == 1.0


def test_a_search_on_tensors():
    if torch is None:
        pytest.skip("needs PyTorch")
    X, y = _data(n=300)
    search = GridSearchCV(NeuronClassifier(), {"C": [0.01, 1.0]}, cv=3)
    there = search.fit(torch.tensor(X), torch.tensor(y))
    scores = there.cv_results_["mean_test_score"]
    expected = clone(search).fit(X, y).cv_results_["mean_test_score"]
    np.testing.assert_allclose(np.asarray(scores), expected)


def test_sparse_and_dense_coefficients(put):
    X, y = _data()
    data = put(X)
    neuron = NeuronClassifier(C=0.01, l1_ratio=1.0).fit(data, put(y))
    proba = to_numpy(neuron.predict_proba(data))
    np.testing.assert_array_equal(to_numpy(neuron.sparsify().predict_proba(data)), proba)
    for name in ("coef_", "intercept_", "classes_", "n_iter_"):
        assert isinstance(getattr(neuron.densify(), name), np.ndarray)
    np.testing.assert_allclose(neuron.predict_proba(X), proba, rtol=1e-12)


def test_a_neuron_of_numpy_predicts_on_every_device(put):
    X, y = _data()
    neuron, data = NeuronClassifier().fit(X, y), put(X)
    proba = neuron.predict_proba(data)
    assert proba.device == data.device
    np.testing.assert_allclose(to_numpy(proba), neuron.predict_proba(X), rtol=1e-12)


def test_a_z_beyond_float32(put):
    X, y = _data()
    neuron = NeuronClassifier().fit(X.astype(np.float32), y)
    huge = np.full((1, 4), 3e38, np.float32)
    found = neuron.predict_proba(put(huge))
    np.testing.assert_array_equal(to_numpy(found), neuron.predict_proba(huge))


# --- messages -------------------------------------------------------------------------------------


def test_another_library_than_in_fit(put):
    X, y = _data()
    neuron = NeuronClassifier().fit(put(X), put(y))
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        with pytest.raises(ValueError, match=rf"NeuronClassifier\.{method}\(\) must use the same"):
            getattr(neuron, method)(X)


def test_values_that_cannot_be_used(put):
    X, y = _data(n=100)
    with pytest.raises(ValueError, match="X contains NaN"):
        NeuronClassifier().fit(put(np.where(X > 3, np.nan, X)), put(y))
    with pytest.raises(ValueError, match="Expected one label per row"):
        NeuronClassifier().fit(put(X), put(y[:50]))
    with pytest.raises(ValueError, match="Complex data not supported"):
        NeuronClassifier().fit(put(X + 1j), put(y))
    neuron = NeuronClassifier().fit(put(X), put(y))
    with pytest.raises(ValueError, match="Pass the features of the fit"):
        neuron.predict(put(X[:, :2]))
    with pytest.raises(ValueError, match=r"row 0|contains NaN"):
        neuron.predict(put(np.full((1, 4), np.nan)))


def test_what_is_for_numpy_only(put):
    X, y = _data(n=100)
    data, labels = put(X), put(y)
    for call in (
        lambda: NeuronClassifierCV().fit(data, labels),
        lambda: neuron_path(data, labels),
        lambda: coefficient_table(NeuronClassifier(C=INF).fit(X, y), data, y),
    ):
        with pytest.raises(ValueError, match=r"X is an array of .* Copy the array to the host"):
            call()
    neuron = NeuronClassifier(C=INF).fit(data, labels)
    with pytest.raises(ValueError, match=r"Use neuron\.densify\(\)"):
        coefficient_table(neuron, X, y)
    expected = coefficient_table(NeuronClassifier(C=INF).fit(X, y), X, y)
    found = coefficient_table(neuron.densify(), X, y)
    np.testing.assert_allclose(found["standard_error"], expected["standard_error"], rtol=1e-6)


def test_without_the_option_the_message_names_it():
    X, y = _data(n=100)
    with (
        config_context(array_api_dispatch=False),
        pytest.raises(TypeError, match=r"set_config\(array_api_dispatch=True\)"),
    ):
        NeuronClassifier().fit(_on_strict(X), y)


def test_without_the_package_the_message_names_the_extra(monkeypatch):
    X, y = _data(n=100)
    monkeypatch.setitem(sys.modules, "array_api_compat", None)
    with pytest.raises(ImportError, match=r"pip install 'skneuron\[array-api\]'"):
        NeuronClassifier().fit(_on_strict(X), y)
