"""Array types that every module uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "AnyArray",
    "Bounds",
    "Curvatures",
    "DeviceArray",
    "FloatArray",
    "Interval",
    "LayerCurvature",
    "Matrix",
    "MatrixLike",
    "PenaltyFactor",
    "TableLike",
]

FloatArray: TypeAlias = NDArray[np.float64]
AnyArray: TypeAlias = NDArray[Any]

#: An array of another library than NumPy. The array API standard has no static type.
DeviceArray: TypeAlias = Any


class TableLike(Protocol):
    """A data frame or a sparse matrix."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of rows and of columns."""
        ...


class Matrix(Protocol):
    """A checked X: a dense array or a CSR/CSC matrix, of float32 or float64."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of rows and of columns."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
        ...

    def __getitem__(self, key: Any, /) -> Any:
        """Return some of the rows and columns."""
        ...

    def astype(self, dtype: Any, /) -> Any:
        """Return the matrix with elements of another type."""
        ...

    def __matmul__(self, other: AnyArray, /) -> Any:
        """Return the product with an array."""
        ...


#: X as a user passes it: dense, sparse or a data frame.
MatrixLike: TypeAlias = ArrayLike | TableLike

#: Lower and upper bound of a coefficient, None for an unbounded side.
Interval: TypeAlias = tuple[float | None, float | None]

#: Bounds as a user passes them: one interval for all, one per feature, or a dict.
Bounds: TypeAlias = Interval | Sequence[Interval] | ArrayLike | Mapping[str | int, Interval] | None

#: Factors of the penalty as a user passes them: one per feature, or a dict.
PenaltyFactor: TypeAlias = ArrayLike | Mapping[str | int, float] | None


class LayerCurvature(NamedTuple):
    """One K × K matrix per sample: a diagonal, and -cₖcₗ off it.

    Attributes
    ----------
    diagonal, cross : ndarray of shape (n_samples, n_outputs)
    """

    diagonal: FloatArray
    cross: FloatArray


#: One weight per sample for a single output, a matrix per sample for a layer.
Curvatures: TypeAlias = FloatArray | LayerCurvature
