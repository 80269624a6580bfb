"""Conversion of a neuron to PyTorch, as ``nn.Linear`` and an activation, and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skneuron._common import shown
from skneuron.activations import (
    ACTIVATIONS,
    Activation,
    Cauchit,
    CLogLog,
    Identity,
    LeakyReLU,
    LogLog,
    Probit,
    ReLU,
    Sigmoid,
    Step,
    Tanh,
)
from skneuron.classifier import NeuronClassifier
from skneuron.validation import check_neuron, dense_coef

try:
    import torch
    from torch import nn
except ImportError as error:
    raise ImportError(
        "skneuron.interop.torch needs PyTorch, which is not installed. "
        "Type: python -m pip install torch"
    ) from error

__all__ = ["Pointwise", "from_torch", "to_torch"]


def _probit(z: torch.Tensor) -> torch.Tensor:
    # torch.special.ndtr has no correct digit at z = -10.
    return torch.special.erfc(-z / math.sqrt(2)) / 2


def _cloglog(z: torch.Tensor) -> torch.Tensor:
    return -torch.expm1(-torch.exp(z))


def _loglog(z: torch.Tensor) -> torch.Tensor:
    return torch.exp(-torch.exp(-z))


def _cauchit(z: torch.Tensor) -> torch.Tensor:
    # ½ + atan(z)/π, without the loss of its digits in the lower tail.
    return torch.atan2(torch.ones_like(z), -z) / math.pi


def _step(z: torch.Tensor) -> torch.Tensor:
    return (z >= 0).to(z.dtype)


_FUNCTIONS: dict[type[Activation], Callable[[torch.Tensor], torch.Tensor]] = {
    Probit: _probit,
    CLogLog: _cloglog,
    LogLog: _loglog,
    Cauchit: _cauchit,
    Step: _step,
}

_MODULES: dict[type[Activation], Any] = {
    Sigmoid: nn.Sigmoid,
    Tanh: nn.Tanh,
    ReLU: nn.ReLU,
    Identity: nn.Identity,
}


class Pointwise(nn.Module):
    """An activation of skneuron as a module, if PyTorch has none.

    Parameters
    ----------
    activation : Activation
        Probit, CLogLog, LogLog, Cauchit or Step.

    Examples
    --------
    >>> import torch
    >>> from skneuron.activations import CLogLog
    >>> from skneuron.interop.torch import Pointwise
    >>> round(float(Pointwise(CLogLog())(torch.tensor(0.0))), 4)
    0.6321
    """

    def __init__(self, activation: Activation) -> None:
        super().__init__()
        self.activation = activation

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Return f(z), a tensor of the shape of z."""
        return _FUNCTIONS[type(self.activation)](z)

    def extra_repr(self) -> str:
        """Return the text inside the parentheses of the repr."""
        return repr(self.activation)


def to_torch(neuron: NeuronClassifier, *, dtype: torch.dtype | None = None) -> nn.Sequential:
    """Return the neuron as ``nn.Sequential(nn.Linear, activation)``.

    Parameters
    ----------
    neuron : NeuronClassifier
        Fitted.
    dtype : torch.dtype, default=None
        ``torch.float64`` or ``torch.float32``. None is the dtype of the coefficients.

    Returns
    -------
    torch.nn.Sequential
        From (n_samples, n_features) to the output of ``activate``, of shape (n_samples, 1), or
        (n_samples, K) for K neurons.

    Raises
    ------
    ValueError
        If the activation is a class of your own, which has no counterpart in PyTorch.

    Examples
    --------
    >>> import torch
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.interop.torch import to_torch
    >>> model = to_torch(NeuronClassifier.from_weights([0.2, 0.8, -0.5], intercept=0.4))
    >>> model
    Sequential(
      (0): Linear(in_features=3, out_features=1, bias=True)
      (1): Sigmoid()
    )
    >>> round(model(torch.tensor([[1.0, 0.5, 1.8]], dtype=torch.float64)).item(), 4)
    0.525
    """
    check_neuron(neuron)
    # The trace of any sample names the function of the neurons.
    function = neuron.trace([0.0] * neuron.n_features_in_).function
    last = nn.Softmax(dim=1) if function == "softmax" else _module_of(neuron.activation_)
    weight = torch.as_tensor(dense_coef(neuron), dtype=dtype).clone()
    bias = torch.as_tensor(neuron.intercept_, dtype=dtype).clone()
    linear = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
    linear.weight, linear.bias = nn.Parameter(weight), nn.Parameter(bias)
    return nn.Sequential(linear, last)


def from_torch(
    module: nn.Module, classes: ArrayLike, *, feature_names: ArrayLike | None = None
) -> NeuronClassifier:
    """Return a neuron with the coefficients of a PyTorch module.

    Parameters
    ----------
    module : torch.nn.Linear, or torch.nn.Sequential of it and an activation
        A linear map alone gives logits. It becomes a sigmoid, or a softmax if it has more than
        one output. A softmax of two outputs becomes the equivalent single neuron.
    classes : array-like of shape (n_classes,)
        Sorted labels.
    feature_names : array-like of str of shape (n_features,), default=None

    Returns
    -------
    NeuronClassifier

    Raises
    ------
    ValueError
        If the module has another form, or the number of classes does not match its outputs.

    Examples
    --------
    >>> from torch import nn
    >>> from skneuron.interop.torch import from_torch
    >>> neuron = from_torch(nn.Linear(784, 10), classes=range(10))
    >>> neuron.coef_.shape
    (10, 784)
    """
    parts = list(module) if isinstance(module, nn.Sequential) else [module]
    if not parts or len(parts) > 2 or not isinstance(parts[0], nn.Linear):
        raise ValueError(
            f"Got {shown(module)}. Expected nn.Linear, or nn.Sequential of nn.Linear and an "
            "activation. Use for example nn.Sequential(nn.Linear(4, 1), nn.Sigmoid())."
        )
    linear = parts[0]
    weight = linear.weight.detach().cpu().numpy().copy()
    bias = weight[:, 0] * 0 if linear.bias is None else linear.bias.detach().cpu().numpy().copy()
    last = parts[1] if len(parts) == 2 else None
    softmax = isinstance(last, nn.Softmax | nn.LogSoftmax) or (last is None and len(weight) > 1)
    activation = Sigmoid() if softmax or last is None else _activation_of(last)
    if len(weight) > 1 and isinstance(last, nn.Sigmoid):
        raise ValueError(
            f"Got nn.Sigmoid over {len(weight)} outputs. Expected nn.Softmax, because the sigmoid "
            "neurons of several classes share a softmax in skneuron. Use nn.Softmax(dim=1)."
        )
    if softmax and len(weight) == 2:
        weight, bias = weight[1:] - weight[:1], bias[1:] - bias[:1]
    return NeuronClassifier.from_weights(
        weight,
        bias,
        activation=activation,
        classes=np.asarray(classes),
        feature_names=feature_names,
    )


def _module_of(activation: Activation) -> nn.Module:
    kind = type(activation)
    if isinstance(activation, LeakyReLU):
        return nn.LeakyReLU(activation.alpha)
    if kind in _MODULES:
        return _MODULES[kind]()  # type: ignore[no-any-return]
    if kind in _FUNCTIONS:
        return Pointwise(activation)
    raise ValueError(
        f"The activation {activation!r} has no counterpart in PyTorch. Expected one of "
        f"{', '.join(ACTIVATIONS)}. Put nn.Linear with coef_ and intercept_ before a module of "
        "your own."
    )


def _activation_of(module: nn.Module) -> Activation:
    if isinstance(module, Pointwise):
        return module.activation
    if isinstance(module, nn.LeakyReLU):
        return LeakyReLU(alpha=module.negative_slope)
    for activation, known in _MODULES.items():
        if type(module) is known:
            return activation()
    raise ValueError(
        f"Got the activation {shown(module)}. Expected nn.Sigmoid, nn.Tanh, nn.ReLU, nn.LeakyReLU, "
        "nn.Identity, nn.Softmax or skneuron.interop.torch.Pointwise. Use for example "
        "nn.Sequential(nn.Linear(4, 1), nn.Sigmoid())."
    )
