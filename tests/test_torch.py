"""PyTorch's forward pass and gradient are ours; weights go there and back."""

import numpy as np
import pandas as pd
import pytest
from families import PROBABILITIES
from sklearn.pipeline import make_pipeline

from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS, Activation, LeakyReLU, get_activation
from skneuron.design import DesignMatrix
from skneuron.losses import SoftmaxLogLoss, get_loss
from skneuron.objective import Objective, Regularization

torch = pytest.importorskip("torch", reason="needs the extra torch")
from torch import nn  # noqa: E402

from skneuron.interop.torch import from_torch, to_torch  # noqa: E402


def _neuron(activation, n_classes=2, dtype=np.float64):
    rng = np.random.default_rng(0)
    coef = rng.normal(size=(1 if n_classes == 2 else n_classes, 4))
    bias = rng.normal(size=len(coef))
    classes = list("abcdefghijkl"[:n_classes])
    return NeuronClassifier.from_weights(
        coef.astype(dtype), bias, activation=activation, classes=classes
    )


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("activation", [*ACTIVATIONS, LeakyReLU(alpha=0.3)])
def test_three_ways_forward_agree(activation, n_classes):
    """By hand with tensors, by nn.Linear, by the neuron."""
    neuron = _neuron(activation, n_classes)
    X = np.random.default_rng(1).normal(size=(500, 4)) * 3
    model = to_torch(neuron)
    through = model(torch.from_numpy(X)).detach().numpy()
    output = neuron.activate(X).reshape(through.shape)
    np.testing.assert_allclose(through, output, rtol=1e-12, atol=1e-300)
    w, b = torch.from_numpy(neuron.coef_), torch.from_numpy(neuron.intercept_)
    z = torch.from_numpy(X) @ w.T + b
    np.testing.assert_allclose(z.numpy(), model[0](torch.from_numpy(X)).detach(), rtol=1e-12)
    by_hand = z.softmax(dim=1) if activation == "sigmoid" and n_classes > 2 else model[1](z)
    np.testing.assert_allclose(by_hand.numpy(), output, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("activation", [*ACTIVATIONS, LeakyReLU(alpha=0.3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_there_and_back(activation, n_classes, dtype):
    neuron = _neuron(activation, n_classes, dtype)
    back = from_torch(to_torch(neuron), neuron.classes_, feature_names=list("pqrs"))
    np.testing.assert_array_equal(back.coef_, neuron.coef_)
    assert back.coef_.dtype == dtype
    assert repr(back.activation_) == repr(neuron.activation_)
    X = np.random.default_rng(2).normal(size=(50, 4)).astype(dtype)
    frame = pd.DataFrame(X, columns=list("pqrs"))
    np.testing.assert_allclose(back.activate(frame), neuron.activate(X), rtol=1e-4)
    np.testing.assert_array_equal(back.classes_, neuron.classes_)
    assert list(back.feature_names_in_) == list("pqrs")


def _objective(X, y, loss, C):
    n = len(y)
    return Objective.of_data(
        DesignMatrix(X), y, loss, np.full(n, 1 / n), Regularization(1 / (C * n)), True
    )


def _check_gradient(objective, params, loss_of):
    """Ours in its own coordinates; autograd's in raw weights, brought there by the chain rule."""
    value, gradient = objective.value_gradient(params)
    coef, bias = objective.coordinates.to_weights(params)
    w, b = (torch.tensor(part, requires_grad=True) for part in (coef, bias))
    loss = loss_of(w, b)
    loss.backward()
    raw = np.concatenate([w.grad.numpy().ravel(), b.grad.numpy().ravel()])
    expected = np.empty_like(gradient)
    for k, unit in enumerate(np.eye(len(params))):
        coef_k, bias_k = objective.coordinates.to_weights(unit)
        expected[k] = raw @ np.concatenate([coef_k.ravel(), bias_k.ravel()])
    assert value == pytest.approx(loss.item(), rel=1e-12)
    np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", PROBABILITIES)
def test_gradient_of_the_log_loss(name):
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(200, 4)) * [1, 10, 0.1, 1] + 3, rng.integers(0, 2, 200)
    activation = get_activation(name)
    objective = _objective(X, y, get_loss("log_loss", activation), C=0.7)
    f = to_torch(NeuronClassifier.from_weights(np.zeros(4), activation=name))[1]
    data, is_one = torch.from_numpy(X), torch.from_numpy(y == 1)

    def loss_of(w, b):
        """F, written down with tensors."""
        proba = f(data @ w[0] + b)
        if name == "tanh":
            proba = (1 + proba) / 2
        log_loss = -torch.where(is_one, proba, 1 - proba).log().mean()
        return log_loss + (w**2).sum() / (2 * 0.7 * 200)

    _check_gradient(objective, rng.normal(size=5) * 0.2, loss_of)


def test_gradient_of_a_softmax_layer():
    rng = np.random.default_rng(4)
    X, y = rng.normal(size=(200, 4)) * [1, 10, 0.1, 1] + 3, rng.integers(0, 3, 200)
    objective = _objective(X, y, SoftmaxLogLoss(3), C=2.0)
    data, labels = torch.from_numpy(X), torch.from_numpy(y)

    def loss_of(w, b):
        """F, by PyTorch's own cross entropy."""
        penalty = (w**2).sum() / (2 * 2.0 * 200)
        return nn.functional.cross_entropy(data @ w.T + b, labels) + penalty

    _check_gradient(objective, rng.normal(size=15) * 0.2, loss_of)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_linear_784_10_and_a_layer_exchange_weights(dtype):
    torch.manual_seed(0)
    linear = nn.Linear(784, 10, dtype=dtype)
    X = torch.rand(20, 784, dtype=dtype)
    neuron = from_torch(linear, classes=range(10))
    expected = linear(X).softmax(dim=1).detach().numpy()
    np.testing.assert_allclose(neuron.predict_proba(X.numpy()), expected, rtol=1e-5)
    np.testing.assert_array_equal(neuron.predict(X.numpy()), linear(X).argmax(dim=1).numpy())
    again = to_torch(neuron)[0]
    assert torch.equal(again.weight, linear.weight)
    assert torch.equal(again.bias, linear.bias)
    assert again.weight.dtype == dtype


def test_softmax_of_two_is_one_neuron():
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(3, 2, dtype=torch.float64), nn.Softmax(dim=1))
    X = torch.rand(10, 3, dtype=torch.float64)
    neuron = from_torch(model, classes=["no", "yes"])
    assert neuron.coef_.shape == (1, 3)
    np.testing.assert_allclose(neuron.predict_proba(X.numpy()), model(X).detach(), rtol=1e-12)


def test_training_goes_on_there():
    """The weights of the module are its own."""
    neuron = _neuron("sigmoid")
    before = neuron.coef_.copy()
    model = to_torch(neuron, dtype=torch.float32)
    model(torch.ones(1, 4)).sum().backward()
    with torch.no_grad():
        model[0].weight -= model[0].weight.grad
    np.testing.assert_array_equal(neuron.coef_, before)


def test_no_bias():
    neuron = from_torch(nn.Linear(3, 1, bias=False), classes=[0, 1])
    assert neuron.intercept_.tolist() == [0.0]


class _Own(Activation):
    def value(self, z):
        return z

    def derivative(self, z):
        return np.ones_like(z)


@pytest.mark.parametrize(
    ("module", "classes", "match"),
    [
        (nn.Conv1d(1, 1, 1), [0, 1], "Expected nn.Linear"),
        (nn.Sequential(), [0, 1], "Expected nn.Linear"),
        (nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1)), [0, 1], "Expected nn.Linear"),
        (nn.Sequential(nn.Linear(2, 1), nn.GELU()), [0, 1], "Got the activation GELU"),
        (nn.Sequential(nn.Linear(2, 3), nn.Sigmoid()), [0, 1, 2], "Expected nn.Softmax"),
        (nn.Linear(2, 3), [0, 1], "coef has shape"),
    ],
)
def test_what_is_no_neuron_is_refused(module, classes, match):
    with pytest.raises(ValueError, match=match):
        from_torch(module, classes)


def test_an_activation_of_ones_own_is_refused():
    with pytest.raises(ValueError, match="no counterpart in PyTorch"):
        to_torch(NeuronClassifier.from_weights([1.0], activation=_Own()))


def test_a_pipeline_is_refused_with_the_way_out():
    with pytest.raises(
        TypeError, match=r"Pipeline. Expected a fitted NeuronClassifier.*pipe\[-1\]"
    ):
        to_torch(make_pipeline(NeuronClassifier()))
