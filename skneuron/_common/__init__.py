"""Array types, sentences of messages and public paths: every module uses them."""

from skneuron._common._arrays import (
    AnyArray,
    Bounds,
    Curvatures,
    DeviceArray,
    FloatArray,
    Interval,
    LayerCurvature,
    Matrix,
    MatrixLike,
    PenaltyFactor,
    TableLike,
)
from skneuron._common._dask import is_dask, refuse_dask
from skneuron._common._device import DeviceMatrix, Home, is_foreign, to_numpy
from skneuron._common._messages import not_a_neuron, one_of, shown, wrong_value
from skneuron._common._public import set_public_module

__all__ = [
    "AnyArray",
    "Bounds",
    "Curvatures",
    "DeviceArray",
    "DeviceMatrix",
    "FloatArray",
    "Home",
    "Interval",
    "LayerCurvature",
    "Matrix",
    "MatrixLike",
    "PenaltyFactor",
    "TableLike",
    "is_dask",
    "is_foreign",
    "not_a_neuron",
    "one_of",
    "refuse_dask",
    "set_public_module",
    "shown",
    "to_numpy",
    "wrong_value",
]
