"""Losses, pointwise in the pre-activation z."""

from __future__ import annotations

from skneuron._common import one_of, set_public_module, wrong_value
from skneuron.activations import Activation, Sigmoid
from skneuron.losses._device_losses import DeviceLoss, loss_on_device
from skneuron.losses._log_loss import LogLoss
from skneuron.losses._logistic_loss import LogisticLoss
from skneuron.losses._loss import Loss
from skneuron.losses._perceptron_loss import PerceptronRule
from skneuron.losses._softmax import SoftmaxLogLoss
from skneuron.losses._squared_error import SquaredError

__all__ = [
    "LOSSES",
    "DeviceLoss",
    "LogLoss",
    "LogisticLoss",
    "Loss",
    "PerceptronRule",
    "SoftmaxLogLoss",
    "SquaredError",
    "get_loss",
    "loss_on_device",
    "resolve_loss_name",
]

set_public_module(globals())

#: The values of ``loss``.
LOSSES = ("auto", "log_loss", "squared_error")


def resolve_loss_name(loss: str, activation: Activation) -> str:
    """Return what trains the activation: ``"log_loss"``, ``"squared_error"`` or ``"perceptron"``.

    Parameters
    ----------
    loss : {"auto", "log_loss", "squared_error"}
    activation : Activation

    Raises
    ------
    ValueError
        If the name is unknown or the activation cannot be trained by it.

    Examples
    --------
    >>> from skneuron.activations import ReLU
    >>> from skneuron.losses import resolve_loss_name
    >>> resolve_loss_name("auto", ReLU())
    'squared_error'
    """
    name = type(activation).__name__
    if not isinstance(loss, str) or loss not in LOSSES:
        raise ValueError(wrong_value("loss", loss, one_of(LOSSES), "loss='auto'"))
    if not activation.differentiable:
        if loss != "auto":
            raise ValueError(
                f"The loss {loss!r} needs an activation with a slope, and {name} has none. "
                "Expected loss='auto', which uses the perceptron rule. Use: "
                "NeuronClassifier('step')."
            )
        return "perceptron"
    if loss == "log_loss" and not activation.is_probability:
        raise ValueError(
            f"The loss 'log_loss' needs a distribution function, and {name} is none. Expected a "
            "probability activation. Use for example activation='sigmoid', or loss='squared_error'."
        )
    if loss == "auto":
        return "log_loss" if activation.is_probability else "squared_error"
    return loss


def get_loss(name: str, activation: Activation) -> Loss:
    """Return the pointwise loss of a name that :func:`resolve_loss_name` gave."""
    if name == "perceptron":
        return PerceptronRule()
    if name == "squared_error":
        return SquaredError(activation)
    return LogisticLoss() if type(activation) is Sigmoid else LogLoss(activation)
