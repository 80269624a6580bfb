"""Checks of parameters and data, which raise before any other work is done."""

from __future__ import annotations

from skneuron._common import set_public_module
from skneuron.validation._bias_reduction import can_stream, require_bias_reducible
from skneuron.validation._bounds import with_bounds
from skneuron.validation._chunk import check_chunk, check_classes
from skneuron.validation._data import (
    FLOATS,
    Samples,
    TrainingData,
    check_finite,
    check_rows,
    check_samples,
    check_training_data,
    check_weights,
    refuse_not_finite,
    times_class_weight,
    training_data,
)
from skneuron.validation._fitted import FittedNeuron, check_in_numpy, check_neuron, dense_coef
from skneuron.validation._foreign import Homes, check_home, host_copy, in_numpy, readable
from skneuron.validation._grouped_targets import grouped
from skneuron.validation._integers import check_distinct
from skneuron.validation._labels import check_labels, encode, is_missing
from skneuron.validation._masked import check_unmasked
from skneuron.validation._numbers import check_numbers
from skneuron.validation._offset import check_offset
from skneuron.validation._penalty_factor import penalty_factors, with_penalty_factor
from skneuron.validation._settings import Settings, check_parameters
from skneuron.validation._unknown_parameters import check_known, with_known_parameters
from skneuron.validation._validation_set import (
    ValidationSet,
    check_validation_set,
    explain_no_split,
    has_validation_set,
    split_off,
)

__all__ = [
    "FLOATS",
    "FittedNeuron",
    "Homes",
    "Samples",
    "Settings",
    "TrainingData",
    "ValidationSet",
    "can_stream",
    "check_chunk",
    "check_classes",
    "check_distinct",
    "check_finite",
    "check_home",
    "check_in_numpy",
    "check_known",
    "check_labels",
    "check_neuron",
    "check_numbers",
    "check_offset",
    "check_parameters",
    "check_rows",
    "check_samples",
    "check_training_data",
    "check_unmasked",
    "check_validation_set",
    "check_weights",
    "dense_coef",
    "encode",
    "explain_no_split",
    "grouped",
    "has_validation_set",
    "host_copy",
    "in_numpy",
    "is_missing",
    "penalty_factors",
    "readable",
    "refuse_not_finite",
    "require_bias_reducible",
    "split_off",
    "times_class_weight",
    "training_data",
    "with_bounds",
    "with_known_parameters",
    "with_penalty_factor",
]

set_public_module(globals())
