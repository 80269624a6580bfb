"""The objective: the one place that knows the bias and the weights of samples.

Conventions
-----------
F(w, b) = Σᵢ sᵢ ℓ(yᵢ, zᵢ) / S + λ [(1-ρ)/2 ‖w‖² + ρ ‖w‖₁], with z = w·x + b, S = Σᵢ sᵢ,
λ = 1/(C·S) and ρ the ``l1_ratio``; w may have bounds.

Solvers work on parameters v of shape (n_outputs * n_coordinates,), per output the
weights first and the bias last. They belong to standardized columns,
v = scale · w, with scale² = variance + 4λ(1-ρ): then every column has a curvature of
order one, whatever its unit, and the penalty, exactly the one on w, is
Σ ½ λ(1-ρ)/scale² · v² + λρ/scale · |v|.
"""

from __future__ import annotations

from skneuron._typing import set_public_module
from skneuron.objective._coordinates import Coordinates, Regularization
from skneuron.objective._objective import Objective
from skneuron.objective._raw_rows import RawRows
from skneuron.objective._surrogate import Memory

__all__ = ["Coordinates", "Memory", "Objective", "RawRows", "Regularization"]

set_public_module(globals())
