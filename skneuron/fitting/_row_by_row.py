"""Parameters that need the samples one by one, for X on workers or on a device."""

from __future__ import annotations

import scipy

from skneuron.solvers import SOLVERS
from skneuron.validation import Settings

__all__ = ["check_device_settings", "refuse_row_by_row", "supports_devices"]

# Whether scikit-learn's option array_api_dispatch can be switched on: SciPy has to be that new.
_CAN_DISPATCH = tuple(map(int, scipy.__version__.split(".")[:2])) >= (1, 14)


def check_device_settings(settings: Settings) -> None:
    """Raise ``ValueError`` for parameters that need the rows themselves, with X on a device."""
    refuse_row_by_row(settings, "X on a device", "device", "X.cpu() in PyTorch, X.get() in CuPy")


def refuse_row_by_row(settings: Settings, given: str, where: str, in_memory: str) -> None:
    """Raise ``ValueError`` for parameters that need more than sums over all samples.

    Parameters
    ----------
    settings : Settings
    given, where, in_memory : str
        What ``fit`` got, where X is, and the code that brings X to memory.
    """
    if settings.bias_reduction is not None:
        raise ValueError(
            f"The fit got {given} with bias_reduction={settings.bias_reduction!r}. Expected None, "
            f"because the leverages of all samples are not computed on the {where}. "
            f"Use bias_reduction=None, or fit in memory: {in_memory}."
        )
    solver = settings.solver
    if settings.loss == "perceptron" or (solver is not None and solver.streams):
        name = "activation='step'" if solver is None else type(solver).__name__
        raise ValueError(
            f"The fit got {given} with {name}, which reads samples one by one. Expected a "
            "solver that needs sums over all samples only. Use solver='auto' and a "
            f"differentiable activation such as 'sigmoid', or fit in memory: {in_memory}."
        )


def supports_devices(solver: object, activation: object, bias_reduction: object) -> bool:
    """Return whether ``fit`` takes an X on a device with these parameters, unchecked."""
    kind = SOLVERS.get(solver) if isinstance(solver, str) else solver
    has_slope = activation != "step" and getattr(activation, "differentiable", True)
    streams = getattr(kind, "streams", False)
    return _CAN_DISPATCH and bias_reduction is None and bool(has_slope) and not streams
