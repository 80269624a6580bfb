"""Activations: the f of ``y = f(w·x + b)``, by name, as objects, or your own subclass."""

from __future__ import annotations

from difflib import get_close_matches

from skneuron._common import one_of, set_public_module, wrong_value
from skneuron.activations._activation import Activation
from skneuron.activations._cauchit import Cauchit
from skneuron.activations._extreme import CLogLog, LogLog
from skneuron.activations._logistic import Sigmoid, Tanh
from skneuron.activations._piecewise import Identity, LeakyReLU, ReLU, Step
from skneuron.activations._probit import Probit

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "CLogLog",
    "Cauchit",
    "Identity",
    "LeakyReLU",
    "LogLog",
    "Probit",
    "ReLU",
    "Sigmoid",
    "Step",
    "Tanh",
    "get_activation",
]

set_public_module(globals())

#: Every activation with a name, in the order of the documentation.
ACTIVATIONS: dict[str, type[Activation]] = {
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "probit": Probit,
    "cloglog": CLogLog,
    "loglog": LogLog,
    "cauchit": Cauchit,
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "identity": Identity,
    "step": Step,
}


# Names of activations in other packages.
_OTHER_NAMES = {
    "logistic": "sigmoid",
    "logit": "sigmoid",
    "softmax": "sigmoid",
    "linear": "identity",
    "heaviside": "step",
    "cauchy": "cauchit",
}


def get_activation(activation: str | Activation) -> Activation:
    """Return the activation of that name, or the object itself, its parameters checked.

    Parameters
    ----------
    activation : str or Activation

    Returns
    -------
    Activation

    Raises
    ------
    ValueError
        If the name is unknown, or the object is none or has an impossible parameter.

    Examples
    --------
    >>> from skneuron.activations import get_activation
    >>> get_activation("probit")
    Probit()
    """
    if isinstance(activation, Activation):
        activation.check_parameters()
        if activation.is_probability and type(activation).log_proba is Activation.log_proba:
            raise ValueError(
                f"{type(activation).__name__} has is_probability=True and no log_proba. Expected "
                "the logarithms of both probabilities. Define log_proba(self, z), which returns "
                "(log(1 - f(z)), log(f(z)))."
            )
        _ = activation.threshold  # raises if f never decides
        return activation
    if isinstance(activation, str) and activation in ACTIVATIONS:
        return ACTIVATIONS[activation]()
    raise ValueError(
        wrong_value(
            "activation",
            activation,
            f"{one_of(ACTIVATIONS)}, or an object of a subclass of skneuron.activations.Activation",
            f"activation={_similar(activation)!r}",
        )
    )


def _similar(activation: object) -> str:
    """Return the name of the activation that a wrong value may mean, or else the default."""
    found = get_close_matches(str(activation).lower(), [*ACTIVATIONS, *_OTHER_NAMES], 1)
    name = found[0] if found else "sigmoid"
    return _OTHER_NAMES.get(name, name)
