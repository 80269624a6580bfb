"""The three copies of each activation agree: NumPy's, PyTorch's and the page's formulas."""

import operator

import numpy as np
import pytest
from families import PROBABILITIES
from scipy.special import ndtr

from skneuron.activations import ACTIVATIONS, Sigmoid, get_activation

pytest.importorskip("altair", reason="needs the extra playground")
from skneuron.playground import _formulas
from skneuron.playground._formulas import f_of, log_proba_of, threshold_of

Z = np.concatenate(
    [np.linspace(-45, 45, 181), [-1e300, -1e9, -1e3, -200, 200, 1e3, 1e9, 1e300, 1e-9, -1e-9]]
)

FUNCTIONS = {
    "exp": np.exp,
    "log": np.log,
    "pow": np.power,
    "atan2": np.arctan2,
    "abs": abs,
    "min": min,
    "max": max,
    "cumulativeNormal": ndtr,
    "PI": np.pi,
    "LN2": np.log(2),
    "null": None,
}


def _split(text):
    """Return the parts of ``a ? b : c`` outside of all parentheses; None if there are none."""
    depth, question, nested = 0, None, 0
    for i, letter in enumerate(text):
        depth += (letter in "(") - (letter in ")")
        if depth:
            continue
        if letter == "?":
            question, nested = (i, 0) if question is None else (question, nested + 1)
        elif letter == ":" and question is not None:
            if not nested:
                return text[:question], text[question + 1 : i], text[i + 1 :]
            nested -= 1
    return None


def _python(text):
    """Return a Vega expression as a Python expression: only ``a ? b : c`` differs."""
    parts = _split(text)
    if parts:
        condition, yes, no = map(_python, parts)
        return f"(({yes}) if ({condition}) else ({no}))"
    out, depth, begin = "", 0, 0
    for i, letter in enumerate(text):
        if letter == "(":
            if not depth:
                out, begin = out + text[begin : i + 1], i + 1
            depth += 1
        elif letter == ")":
            depth -= 1
            if not depth:
                inner = [_python(part) for part in _arguments(text[begin:i])]
                out, begin = out + ", ".join(inner), i
    return (out + text[begin:]).strip()


def _arguments(text):
    """Split the arguments of a call at commas outside of all parentheses."""
    depth, parts, begin = 0, [], 0
    for i, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            parts.append(text[begin:i])
            begin = i + 1
    return [*parts, text[begin:]]


def _evaluated(expression, activation):
    code = compile(_python(expression), "<page>", "eval")
    names = {**FUNCTIONS, "activation": activation, "alpha": 0.01}
    with np.errstate(all="ignore"):
        return [eval(code, names | {"z": z}) for z in Z]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_formulas_of_the_page_are_the_activation(name):
    activation = get_activation(name)
    with np.errstate(all="ignore"):
        expected = activation.value(Z)
    np.testing.assert_allclose(_evaluated(f_of("z"), name), expected, rtol=1e-9, atol=1e-300)
    assert _evaluated(threshold_of(activation), name)[0] == activation.threshold


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_logarithms_of_the_page_are_those_of_the_activation(name):
    found = [_evaluated(expression, name) for expression in log_proba_of("z")]
    if name not in PROBABILITIES:
        assert all(value is None for values in found for value in values)
        return
    with np.errstate(all="ignore"):
        expected = np.array(get_activation(name).log_proba(Z))
    finite = np.isfinite(expected) & (np.abs(expected) < 1e300)
    np.testing.assert_allclose(np.array(found, float)[finite], expected[finite], rtol=1e-9)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_functions_of_pytorch_are_the_activation(name):
    torch = pytest.importorskip("torch", reason="needs the extra torch")
    from skneuron import NeuronClassifier
    from skneuron.interop.torch import to_torch

    function = to_torch(NeuronClassifier.from_weights([1.0], activation=name))[1]
    with np.errstate(all="ignore"):
        expected = get_activation(name).value(Z)
    np.testing.assert_allclose(function(torch.tensor(Z)).numpy(), expected, rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("table", ["_VALUES", "_LOG_P"])
def test_an_activation_without_a_formula_is_named(monkeypatch, table):
    """A new member of ``ACTIVATIONS`` does not become null in the page."""
    from skneuron import NeuronClassifier
    from skneuron.playground import playground

    class New(Sigmoid):
        pass

    monkeypatch.setitem(ACTIVATIONS, "new", New)
    if table == "_LOG_P":
        monkeypatch.setitem(_formulas._VALUES, "new", _formulas._VALUES["sigmoid"])
    X, y = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 2
    with pytest.raises(NotImplementedError, match=f"'new'.*{table} in skneuron/playground"):
        playground(NeuronClassifier().fit(X, y), X, y)


def test_the_translation_of_expressions():
    assert eval(_python("(1 > 2 ? 3 : 4 > 3 ? max(5, 6) : 7)"), {"max": max}) == 6
    assert operator.index(eval(_python("1 ? 2 ? 3 : 4 : 5"))) == 3
