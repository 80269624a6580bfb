"""Arrays of other libraries as users pass them, with scikit-learn's ``array_api_dispatch=True``."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from sklearn import get_config

from skneuron._common import DeviceArray, DeviceMatrix, Home, MatrixLike, is_foreign, to_numpy

__all__ = [
    "Homes",
    "check_home",
    "host_copy",
    "in_numpy",
    "readable",
    "refuse_elsewhere",
    "refuse_foreign",
]

_Neuron = TypeVar("_Neuron")

# Code of the memory of the host in DLPack, by which libraries share arrays.
_CPU = 1

# Attributes of a fitted neuron that may be arrays of another library.
_ARRAYS = ("classes_", "coef_", "intercept_", "n_iter_")


def _dispatches(values: object) -> bool:
    """Return whether scikit-learn's setting asks for results in the library of the values."""
    return is_foreign(values) and bool(get_config()["array_api_dispatch"])


@dataclass(frozen=True)
class Homes:
    """Where fitted attributes go: to the library and the device of X, and the classes to y's.

    None stands for NumPy.
    """

    of_rows: Home | None
    of_labels: Home | None

    @classmethod
    def of(cls, X: object, y: object) -> Homes:
        """Return the homes of the arguments of ``fit``."""
        return cls(*(Home.of(values) if _dispatches(values) else None for values in (X, y)))

    def put(self, attributes: Mapping[str, object]) -> dict[str, object]:
        """Return attributes with each array in its home."""
        out = dict(attributes)
        for name in _ARRAYS:
            home, value = self.of_labels if name == "classes_" else self.of_rows, out.get(name)
            if home is not None and isinstance(value, np.ndarray):
                out[name] = home.put(value)
        return out


def in_numpy(values: object) -> Any:
    """Return an argument in NumPy if it is an array of another library and they are allowed."""
    return to_numpy(values) if _dispatches(values) else values


def readable(values: MatrixLike) -> Any:
    """Return an argument as skneuron reads it.

    Returns
    -------
    DeviceMatrix, ndarray or object
        An array of two dimensions on a device with float64 stays there. NumPy reads arrays in
        the memory of the host without a copy, and gets a copy of all others. Without
        ``array_api_dispatch=True``, and for other objects, the argument itself.
    """
    return _readable(values) if _dispatches(values) else values


def _readable(values: DeviceArray) -> Any:
    home = Home.of(values)
    if hasattr(values, "detach"):  # PyTorch records no gradient of such a tensor.
        values = values.detach()
    if values.ndim != 2 or not home.has_float64 or is_on_host(values):
        return to_numpy(values)
    xp = home.xp
    if not xp.isdtype(values.dtype, ("bool", "integral", "real floating")):
        raise ValueError(
            f"Complex data not supported: X has the type {values.dtype}. Expected real numbers. "
            "Use for example xp.real(X)."
        )
    if values.dtype not in (xp.float32, xp.float64):
        if values.dtype == xp.int64 or values.dtype == xp.uint64:
            return to_numpy(values)
        values = xp.astype(values, xp.float64)
    return DeviceMatrix(values, home)


def is_on_host(values: DeviceArray) -> bool:
    """Return whether NumPy reads the values without a copy."""
    if int(values.__dlpack_device__()[0]) != _CPU:
        return False
    try:
        np.asarray(values[:0, ...])
    except (TypeError, ValueError, RuntimeError):
        return False
    return True


def host_copy(neuron: _Neuron) -> _Neuron:
    """Return the neuron itself, or a copy with attributes in NumPy if they are elsewhere."""
    found = {name: vars(neuron).get(name) for name in _ARRAYS}
    if not any(map(is_foreign, found.values())):
        return neuron
    out = copy.copy(neuron)
    vars(out).update({name: to_numpy(v) for name, v in found.items() if is_foreign(v)})
    return out


def check_home(neuron: Any, X: object, method: str) -> Home | None:
    """Return the home of X, to which a prediction returns. None stands for NumPy.

    Raises
    ------
    ValueError
        If the coefficients are in another library or on another device than X. A neuron with
        coefficients in NumPy predicts for all arrays.
    """
    home, coef = Home.of(X) if _dispatches(X) else None, neuron.coef_
    if not _dispatches(coef) or Home.of(coef) == home:
        return home
    raise ValueError(
        f"Inputs passed to {type(neuron).__name__}.{method}() must use the same namespace and the "
        f"same device as those passed to fit(), {Home.of(coef)}. Expected X there, and got "
        f"{home or type(X).__name__}. Use X = xp.asarray(X, device=neuron.coef_.device), with the "
        "functions xp of this library."
    )


def refuse_foreign(values: object, name: str) -> None:
    """Raise ``ValueError`` for an array of another library where only NumPy can be used."""
    if _dispatches(values):
        raise ValueError(
            f"{name} is an array of {Home.of(values)}. Expected NumPy, because with "
            "array_api_dispatch=True only fit, partial_fit, score and the predictions of "
            "NeuronClassifier take arrays of other libraries. Copy the array to the host first: "
            f"{name}.cpu().numpy() in PyTorch, {name}.get() in CuPy."
        )


def refuse_elsewhere(values: object, name: str) -> None:
    """Raise ``TypeError`` for an array that is on a device, without ``array_api_dispatch=True``."""
    if is_foreign(values):
        device = getattr(values, "device", None)
        raise TypeError(
            f"{name} is a {type(values).__name__} on the device {str(device)!r}, which NumPy "
            "cannot read. Expected an array in the memory of the host, or scikit-learn's option "
            "for devices. Use sklearn.set_config(array_api_dispatch=True), or copy the array: "
            f"{name}.cpu().numpy() in PyTorch, {name}.get() in CuPy."
        )
