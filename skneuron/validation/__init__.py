"""What is checked before any work is done: parameters, data, weights."""

from __future__ import annotations

from skneuron._typing import set_public_module
from skneuron.validation._bounds import with_bounds
from skneuron.validation._chunk import check_chunk, check_classes
from skneuron.validation._data import (
    FLOATS,
    TrainingData,
    check_finite,
    check_rows,
    check_training_data,
    check_weights,
    refuse_not_finite,
)
from skneuron.validation._held_out import (
    HeldOut,
    check_held_out,
    explain_no_split,
    split_off,
)
from skneuron.validation._numbers import check_numbers
from skneuron.validation._offset import check_offset
from skneuron.validation._params import Plan, check_parameters

__all__ = [
    "FLOATS",
    "HeldOut",
    "Plan",
    "TrainingData",
    "check_chunk",
    "check_classes",
    "check_finite",
    "check_held_out",
    "check_numbers",
    "check_offset",
    "check_parameters",
    "check_rows",
    "check_training_data",
    "check_weights",
    "explain_no_split",
    "refuse_not_finite",
    "split_off",
    "with_bounds",
]

set_public_module(globals())
