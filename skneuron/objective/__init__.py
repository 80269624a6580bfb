"""The objective: the one place that knows the intercept and the sample weights.

Conventions
-----------
F(w, b) = Σᵢ sᵢ ℓ(yᵢ, zᵢ) / S + λ [(1-ρ)/2 ‖w‖² + ρ ‖w‖₁], with z = w·x + b, S = Σᵢ sᵢ,
λ = 1/(C·S) and ρ the ``l1_ratio``. The coefficients w may have bounds.

Solvers work on parameters v of shape (n_outputs * n_coordinates,), per output the
coefficients first and the intercept last. They belong to standardised columns,
v = scale · w, with scale² = variance + 4λ(1-ρ): then every column has a curvature of
order one, whatever its unit, and the penalty, exactly the one on w, is
Σ ½ λ(1-ρ)/scale² · v² + λρ/scale · |v|.

:class:`MemoryRows` add up over samples and know no penalty. :class:`SpreadRows` do the same for
blocks of samples elsewhere, such as the chunks of a Dask array. :class:`Objective` has rows,
:class:`SolverCoordinates` with the penalty, and the :class:`QuadraticSummary` of past chunks.
"""

from __future__ import annotations

from skneuron._common import set_public_module
from skneuron.objective._base_rows import Rows
from skneuron.objective._coordinates import Dimensions, Regularization, SolverCoordinates
from skneuron.objective._hessian import Hessian
from skneuron.objective._objective import Objective
from skneuron.objective._penalty import Penalty, strength_from_C
from skneuron.objective._rows import MemoryRows
from skneuron.objective._spread_rows import SpreadRows
from skneuron.objective._spread_samples import BlockSamples, SpreadSamples, stacked
from skneuron.objective._surrogate import QuadraticSummary

__all__ = [
    "BlockSamples",
    "Dimensions",
    "Hessian",
    "MemoryRows",
    "Objective",
    "Penalty",
    "QuadraticSummary",
    "Regularization",
    "Rows",
    "SolverCoordinates",
    "SpreadRows",
    "SpreadSamples",
    "stacked",
    "strength_from_C",
]

set_public_module(globals())
