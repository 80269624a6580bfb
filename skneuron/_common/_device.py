"""Arrays of other libraries: recognise them, copy them to the host, and put results back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skneuron._common._arrays import AnyArray, DeviceArray

__all__ = ["DeviceMatrix", "Home", "is_foreign", "to_numpy"]


def is_foreign(values: object) -> bool:
    """Return whether the values are an array of another library than NumPy, such as PyTorch.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron._common import is_foreign
    >>> is_foreign(np.ones(2)), is_foreign([1.0, 2.0])
    (False, False)
    """
    if isinstance(values, np.ndarray | np.generic):
        return False
    return all(hasattr(values, name) for name in ("__dlpack__", "device", "dtype", "shape"))


def to_numpy(values: DeviceArray) -> DeviceArray:
    """Return an array of another library as a NumPy array, and other values unchanged.

    NumPy reads arrays in the memory of the host without a copy. Arrays on a device are copied.
    """
    if not is_foreign(values):
        return values
    if hasattr(values, "detach"):  # PyTorch shares only tensors without a gradient.
        values = values.detach()
    try:
        return np.asarray(values)
    except (TypeError, ValueError, RuntimeError):
        compat = _compat(values)
        xp = compat.array_namespace(values)
        is_strict = compat.is_array_api_strict_namespace(xp)
        host = xp.Device("CPU_DEVICE") if is_strict else "cpu"
        return np.asarray(compat.to_device(values, host))


def _compat(values: object) -> DeviceArray:
    """Return the package ``array_api_compat``."""
    try:
        import array_api_compat
    except ImportError as error:
        raise ImportError(
            f"Got a {type(values).__name__} with array_api_dispatch=True, and the package "
            "array-api-compat is not installed. Expected this package for arrays of other "
            "libraries than NumPy. Install it: pip install 'skneuron[array-api]'."
        ) from error
    return array_api_compat


@dataclass(frozen=True)
class Home:
    """The library and the device of an array, to which results return.

    Attributes
    ----------
    xp : module
        Functions of the array API standard.
    device : object
    has_float64 : bool
        Whether the device computes in float64.
    """

    xp: Any
    device: Any
    has_float64: bool = True

    @classmethod
    def of(cls, values: DeviceArray) -> Home:
        """Return the home of an array of another library."""
        compat = _compat(values)
        xp, device = compat.array_namespace(values), compat.device(values)
        types = xp.__array_namespace_info__().dtypes(kind="real floating", device=device)
        return cls(xp, device, "float64" in types)

    def __str__(self) -> str:
        name = self.xp.__name__.rpartition("array_api_compat.")[2]
        return f"{name} on the device {str(self.device)!r}"

    def put(self, values: AnyArray) -> DeviceArray:
        """Return a copy of a NumPy array here, in float32 if the device has no float64."""
        if values.dtype == np.float64 and not self.has_float64:
            values = values.astype(np.float32)
        # PyTorch warns about arrays that cannot be written to.
        return self.xp.asarray(np.array(values, order="C"), device=self.device)


class DeviceMatrix:
    """X on a device that NumPy cannot read, with the indices and the types of NumPy.

    Parameters
    ----------
    array : array of shape (n_samples, n_features)
        float32 or float64.
    home : Home
    """

    def __init__(self, array: DeviceArray, home: Home) -> None:
        self.array, self.home = array, home
        self.shape: tuple[int, int] = tuple(array.shape)  # type: ignore[assignment]
        is_double = array.dtype == home.xp.float64
        self.dtype = np.dtype(np.float64 if is_double else np.float32)

    def __getitem__(self, key: Any) -> DeviceMatrix:
        """Return some rows, or some rows and columns."""
        xp, array = self.home.xp, self.array
        for axis, part in enumerate(key if isinstance(key, tuple) else (key,)):
            if isinstance(part, slice):
                array = array[part, :] if axis == 0 else array[:, part]
                continue
            numbers = np.asarray(part)
            numbers = np.flatnonzero(numbers) if numbers.dtype == bool else numbers
            array = xp.take(array, self.home.put(numbers.astype(np.int64)), axis=axis)
        return DeviceMatrix(array, self.home)

    def astype(self, dtype: Any, *, copy: bool = True) -> AnyArray:
        """Return a copy on the host, of this type. There is always a copy."""
        return np.asarray(to_numpy(self.array).astype(dtype))

    def __matmul__(self, other: AnyArray) -> AnyArray:
        """Return the product with an array of the host, which crosses to the host."""
        kind = np.result_type(self.dtype, other.dtype)
        return np.array(to_numpy(self.in_type(kind) @ self.home.put(other.astype(kind))))

    def in_type(self, dtype: Any) -> DeviceArray:
        """Return the array on the device in float32 or float64."""
        xp = self.home.xp
        wanted = xp.float64 if np.dtype(dtype) == np.float64 else xp.float32
        return xp.astype(self.array, wanted, copy=False)
