"""Names for the array types that every floor uses."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["AnyArray", "Curvatures", "FloatArray", "LayerCurvature"]

FloatArray: TypeAlias = NDArray[np.float64]
AnyArray: TypeAlias = NDArray[Any]


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
