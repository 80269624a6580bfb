"""The design matrix: passes over blocks of rows of X, on standardised columns."""

from __future__ import annotations

from skneuron._common import set_public_module
from skneuron.design._center import resolve_ordinary_values
from skneuron.design._device_design import DeviceDesign, DeviceFunction, design_of
from skneuron.design._executor import DaskExecutor, Executor, ListExecutor
from skneuron.design._linear_predictor import forward
from skneuron.design._matrix import DesignMatrix, RowCounter, rows_of
from skneuron.design._moments import Moments, column_moments, merged_moments
from skneuron.design._standardized import StandardizedDesign
from skneuron.design._sums import ReadyDesign, RowFunction, Sums

__all__ = [
    "DaskExecutor",
    "DesignMatrix",
    "DeviceDesign",
    "DeviceFunction",
    "Executor",
    "ListExecutor",
    "Moments",
    "ReadyDesign",
    "RowCounter",
    "RowFunction",
    "StandardizedDesign",
    "Sums",
    "column_moments",
    "design_of",
    "forward",
    "merged_moments",
    "resolve_ordinary_values",
    "rows_of",
]

set_public_module(globals())
