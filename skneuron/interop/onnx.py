"""Conversion of a neuron to ONNX, alone or as a step of a pipeline.

The import of this module registers :class:`skneuron.NeuronClassifier` and
:class:`skneuron.NeuronClassifierCV` with skl2onnx, so that ``skl2onnx.to_onnx`` converts pipelines,
searches and ensembles of neurons as well.

The graph computes z and the probabilities in float64, whatever the type of its input, because ONNX
Runtime and ``predict_proba`` then agree in all digits. ONNX Runtime has no float64 kernel for the
error function and the arcus tangent. The graph evaluates polynomials instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial
from numpy.typing import DTypeLike
from scipy.special import erfcx

from skneuron import NeuronClassifier, NeuronClassifierCV
from skneuron._common import FloatArray
from skneuron.activations import (
    ACTIVATIONS,
    Activation,
    Cauchit,
    CLogLog,
    LogLog,
    Probit,
    Sigmoid,
    Tanh,
)
from skneuron.validation import check_neuron, dense_coef

try:
    import skl2onnx
    from skl2onnx.algebra import onnx_ops
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
    from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes
    from skl2onnx.common.utils_classifier import get_label_classes
except ImportError as error:
    raise ImportError(
        "skneuron.interop.onnx needs skl2onnx, which is not installed. "
        "Type: python -m pip install onnx skl2onnx onnxruntime"
    ) from error

__all__ = ["register", "to_onnx"]

# Degree of the polynomial for probit, with an error near the rounding of float64.
_PROBIT_DEGREE = 24

# Degree of the polynomial for cauchit, with an error near the rounding of float64.
_CAUCHIT_DEGREE = 32

# Below this z, log(1 - exp(-t)) with t = e^z is z - t/2 up to the rounding of float64.
_CLOGLOG_LINEAR = -30.0

# Logarithms below this one, near the range of float64, are replaced in the order of z.
_LOWEST_LOG = -float(np.finfo(np.float64).max) / 4


def to_onnx(neuron: NeuronClassifier, *, dtype: DTypeLike | None = None) -> Any:
    """Return the neuron as an ONNX model.

    Parameters
    ----------
    neuron : NeuronClassifier
        Fitted.
    dtype : numpy.float32 or numpy.float64, default=None
        Type of the input ``X`` and of the second output. None is the dtype of the coefficients.

    Returns
    -------
    onnx.ModelProto
        From ``X`` of shape (n_samples, n_features) to ``label`` of shape (n_samples,) and
        ``probabilities`` of shape (n_samples, n_classes). A neuron without a likelihood has
        ``scores`` instead: the decision function, in two columns of opposite sign for two
        classes. The model does not check X: a row with NaN has probabilities of NaN. It has no
        offset: add an offset to z outside of the model.

    Raises
    ------
    ValueError
        If the activation is a class of your own that has a likelihood, or ``dtype`` is
        another one.

    Examples
    --------
    >>> import numpy as np
    >>> from onnxruntime import InferenceSession
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.interop.onnx import to_onnx
    >>> neuron = NeuronClassifier.from_weights([0.2, 0.8, -0.5], intercept=0.4)
    >>> session = InferenceSession(to_onnx(neuron).SerializeToString())
    >>> label, probabilities = session.run(None, {"X": np.array([[1.0, 0.5, 1.8]])})
    >>> label.tolist(), probabilities.round(4).tolist()
    ([1], [[0.475, 0.525]])
    """
    check_neuron(neuron)
    kind = np.dtype(neuron.coef_.dtype if dtype is None else dtype)
    types = {"float32": FloatTensorType, "float64": DoubleTensorType}
    if kind.name not in types:
        raise ValueError(
            f"Got dtype={dtype!r}. Expected np.float32 or np.float64. "
            "Use for example to_onnx(neuron, dtype=np.float32)."
        )
    second = "probabilities" if hasattr(neuron, "predict_proba") else "scores"
    return skl2onnx.convert_sklearn(
        neuron,
        initial_types=[("X", types[kind.name]([None, neuron.n_features_in_]))],
        final_types=[("label", None), (second, None)],
        options={id(neuron): {"zipmap": False}},
    )


def register() -> None:
    """Register the converter of neurons and of ``NeuronClassifierCV`` with skl2onnx.

    The import of this module calls it. ``skl2onnx.to_onnx`` then accepts its options ``zipmap``,
    ``nocl``, ``output_class_labels`` and ``raw_scores`` for a neuron.

    Examples
    --------
    >>> import skl2onnx
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> import skneuron.interop.onnx
    >>> from skneuron import NeuronClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), NeuronClassifier("probit")).fit(X, y)
    >>> onnx_model = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})
    >>> [output.name for output in onnx_model.graph.output]
    ['label', 'probabilities']
    """
    for kind in (NeuronClassifier, NeuronClassifierCV):
        skl2onnx.update_registered_converter(
            kind,
            f"Skneuron{kind.__name__}",
            calculate_linear_classifier_output_shapes,
            _convert,
            options={
                "zipmap": [True, False, "columns"],
                "nocl": [True, False],
                "output_class_labels": [False, True],
                "raw_scores": [True, False],
            },
        )


def _convert(scope: Any, operator: Any, container: Any) -> None:
    """Add the nodes of a neuron to the graph, as skl2onnx calls its converters."""
    model = operator.raw_operator
    neuron = model.best_estimator_ if isinstance(model, NeuronClassifierCV) else model
    graph = _Graph(container.target_opset)
    label, second = (output.full_name for output in operator.outputs)
    raw = container.get_options(model, {"raw_scores": False})["raw_scores"]
    # The trace of any sample has the function of the neurons and their threshold.
    sample = neuron.trace([0.0] * neuron.n_features_in_)
    softmax = sample.function == "softmax"
    coef, intercept = dense_coef(neuron).astype(np.float64), neuron.intercept_.astype(np.float64)
    exact = graph("Cast", operator.inputs[0], to=_type_code(np.float64))
    z = graph("Add", graph("MatMul", exact, coef.T), intercept)
    scores = z if softmax else graph("Sub", z, np.array([sample.threshold]))
    if len(coef) == 1:
        index = graph("Cast", graph("Greater", scores, np.zeros(1)), to=_type_code(np.int64))
        index = graph("Reshape", index, np.array([-1]))
        scores = graph("Concat", graph("Neg", scores), scores, axis=1)
    else:
        index = graph("ArgMax", z, axis=1, keepdims=0)
    if raw or not hasattr(neuron, "predict_proba"):
        values = scores
    else:
        activation = None if softmax else neuron.activation_
        values = _probabilities(graph, activation, z, n_neurons=len(coef))
    single = not isinstance(operator.inputs[0].type, DoubleTensorType)
    kind = np.float32 if single else np.float64
    ends = [
        graph("Gather", _labels(get_label_classes(scope, model)), index, name=label),
        graph("Cast", values, to=_type_code(kind), name=second),
    ]
    for end in ends:
        end.add_to(scope, container)


register()


class _Graph:
    """Makes nodes of one opset: ``graph("Add", a, b)``."""

    def __init__(self, opset: int) -> None:
        self._opset = opset

    def __call__(self, kind: str, *inputs: Any, name: str | None = None, **attributes: Any) -> Any:
        """Return a node of this kind. ``name`` is the name of its output."""
        make = getattr(onnx_ops, f"Onnx{kind}")
        names = None if name is None else [name]
        return make(*inputs, op_version=self._opset, output_names=names, **attributes)


def _type_code(dtype: DTypeLike) -> int:
    """Return the number by which ONNX names an element type."""
    codes = {"float32": 1, "int64": 7, "float64": 11}
    return codes[np.dtype(dtype).name]


def _labels(classes: Any) -> Any:
    """Return class labels as ONNX has them: integers of 64 bits, or strings."""
    labels = np.asarray(classes)
    if labels.dtype.kind in "OU":
        return labels.astype(str)
    integers = labels.astype(np.int64)
    if labels.dtype.kind not in "biuf" or not np.array_equal(integers, labels):
        raise ValueError(
            f"The classes {labels.tolist()!r} have no type in ONNX. Expected integers or strings. "
            "Fit with such labels: neuron.fit(X, y.astype(str))."
        )
    return integers


def _probabilities(graph: _Graph, activation: Activation | None, z: Any, n_neurons: int) -> Any:
    """Return the probabilities of all classes. None as the activation is a softmax."""
    if activation is None:
        return graph("Softmax", z, axis=1)
    log_proba = _LOG_PROBA.get(type(activation))
    if log_proba is None:
        raise ValueError(
            f"The activation {activation!r} has no counterpart in ONNX. Expected one of "
            f"{', '.join(ACTIVATIONS)}. Convert the decision function with "
            "options={id(neuron): {'raw_scores': True}}."
        )
    low, high = log_proba(graph, z)
    if n_neurons == 1:
        return graph("Exp", graph("Concat", low, high, axis=1))
    # Normalised probabilities are the softmax of their logarithms. Logarithms that overflow keep
    # the order of z, as in predict_proba.
    # Half of each z, as the difference of two z may overflow.
    half = graph("Mul", z, np.array([0.5]))
    behind = graph("Sub", graph("ReduceMaxApi18", half, axes=[1], keepdims=1), half)
    share = graph("Div", behind, graph("Add", behind, np.array([0.5])))
    ordered = graph("Mul", graph("Add", share, np.ones(1)), np.array([_LOWEST_LOG]))
    is_finite = graph("Greater", high, np.array([_LOWEST_LOG]))
    return graph("Softmax", graph("Where", is_finite, high, ordered), axis=1)


# --- logarithms of 1 - f(z) and f(z) -----------------------------------------------------


def _sigmoid(graph: _Graph, z: Any) -> tuple[Any, Any]:
    # Not Softplus, of which ONNX Runtime has no float64 kernel.
    minus, zero = graph("Neg", z), np.zeros(1)
    tail = graph("Log", graph("Add", graph("Exp", graph("Neg", graph("Abs", z))), np.ones(1)))
    low = graph("Sub", graph("Min", minus, zero), tail)
    return low, graph("Sub", graph("Min", z, zero), tail)


def _tanh(graph: _Graph, z: Any) -> tuple[Any, Any]:
    return _sigmoid(graph, graph("Add", z, z))


def _cloglog(graph: _Graph, z: Any) -> tuple[Any, Any]:
    t = graph("Exp", z)
    half = graph("Mul", t, np.array([0.5]))
    # 1 - exp(-t) = tanh(t/2) (1 + exp(-t)), without cancellation.
    tail = graph("Log", graph("Add", graph("Exp", graph("Neg", t)), np.ones(1)))
    log_p = graph("Add", graph("Log", graph("Tanh", half)), tail)
    is_far = graph("Less", z, np.array([_CLOGLOG_LINEAR]))
    return graph("Neg", t), graph("Where", is_far, graph("Sub", z, half), log_p)


def _loglog(graph: _Graph, z: Any) -> tuple[Any, Any]:
    low, high = _cloglog(graph, graph("Neg", z))
    return high, low


def _probit(graph: _Graph, z: Any) -> tuple[Any, Any]:
    # With s = |z|, Φ(-s) = ½ exp(-s²/2) erfcx(s/√2), and (1 + s) erfcx(s/√2) is close to a
    # polynomial in (s - 4)/(s + 4) (Shepherd & Laframboise, Math. Comp. 36, 1981).
    scaled = _rational(graph, z, _PROBIT, near=4.0)
    exponent = graph("Mul", graph("Mul", z, z), np.array([-0.5]))
    log_tail = graph("Add", graph("Log", scaled), exponent)
    return _both_tails(graph, z, log_tail, graph("Mul", scaled, graph("Exp", exponent)))


def _cauchit(graph: _Graph, z: Any) -> tuple[Any, Any]:
    # With s = |z|, 1 - f(s) = atan2(1, s)/π, and 1 + s times it is close to a polynomial.
    tail = _rational(graph, z, _CAUCHIT, near=1.0)
    return _both_tails(graph, z, graph("Log", tail), tail)


_LOG_PROBA: dict[type[Activation], Callable[[_Graph, Any], tuple[Any, Any]]] = {
    Sigmoid: _sigmoid,
    Tanh: _tanh,
    Probit: _probit,
    CLogLog: _cloglog,
    LogLog: _loglog,
    Cauchit: _cauchit,
}


def _both_tails(graph: _Graph, z: Any, log_tail: Any, tail: Any) -> tuple[Any, Any]:
    """Return the logarithms of 1 - f(z) and f(z) of a symmetric f, given f(-|z|)."""
    rest = graph("Log", graph("Sub", np.ones(1), tail))
    is_low = graph("Less", z, np.zeros(1))
    return graph("Where", is_low, rest, log_tail), graph("Where", is_low, log_tail, rest)


def _coefficients(f: Callable[[FloatArray], FloatArray], near: float, degree: int) -> FloatArray:
    """Return the coefficients of a polynomial in t = (s - near)/(s + near) close to (1 + s) f(s).

    t goes from -1 to 1 as s goes from 0 to ∞.
    """

    def scaled(t: FloatArray) -> FloatArray:
        """Return (1 + s) f(s) at s = near (1 + t)/(1 - t)."""
        s = near * (1 + t) / (1 - t)
        return (1 + s) * f(s)

    return np.asarray(Chebyshev.interpolate(scaled, degree).convert(kind=Polynomial).coef)


_PROBIT = _coefficients(lambda s: erfcx(s / np.sqrt(2)) / 2, 4.0, _PROBIT_DEGREE)
_CAUCHIT = _coefficients(lambda s: np.arctan2(1.0, s) / np.pi, 1.0, _CAUCHIT_DEGREE)


def _rational(graph: _Graph, z: Any, coefficients: FloatArray, near: float) -> Any:
    """Return the polynomial at t = (s - near)/(s + near), divided by 1 + s, with s = |z|."""
    s = graph("Abs", z)
    t = graph("Div", graph("Sub", s, np.array([near])), graph("Add", s, np.array([near])))
    powers = graph(
        "Pow", graph("UnsqueezeApi11", t, axes=[-1]), np.arange(len(coefficients), dtype=float)
    )
    total = graph("SqueezeApi11", graph("MatMul", powers, coefficients[:, None]), axes=[-1])
    return graph("Div", total, graph("Add", s, np.ones(1)))
