"""Array types, sentences of messages and public paths: every module uses them."""

from skneuron._common._arrays import (
    AnyArray,
    Bounds,
    Curvatures,
    FloatArray,
    Interval,
    LayerCurvature,
    Matrix,
    MatrixLike,
    PenaltyFactor,
    TableLike,
)
from skneuron._common._dask import is_dask, refuse_dask
from skneuron._common._messages import not_a_neuron, one_of, shown, wrong_value
from skneuron._common._public import set_public_module

__all__ = [
    "AnyArray",
    "Bounds",
    "Curvatures",
    "FloatArray",
    "Interval",
    "LayerCurvature",
    "Matrix",
    "MatrixLike",
    "PenaltyFactor",
    "TableLike",
    "is_dask",
    "not_a_neuron",
    "one_of",
    "refuse_dask",
    "set_public_module",
    "shown",
    "wrong_value",
]
