"""The result of a test with a χ² distribution."""

from __future__ import annotations

from dataclasses import dataclass

from skneuron.inference._p_value import TOO_SMALL, is_too_small

__all__ = ["ChiSquareTest"]


@dataclass(frozen=True, repr=False)
class ChiSquareTest:
    """Statistic, degrees of freedom and p-value.

    Attributes
    ----------
    statistic : float
    df : int
        Degrees of freedom.
    p_value : float
        Probability of a larger statistic under χ² with ``df`` degrees of freedom. It is never 0. A
        p-value below 1e-300 is printed as ``< 1e-300``.
    """

    statistic: float
    df: int
    p_value: float

    def __repr__(self) -> str:
        p = f" {TOO_SMALL}" if is_too_small(self.p_value) else f"={self.p_value!r}"
        return f"{type(self).__name__}(statistic={self.statistic!r}, df={self.df!r}, p_value{p})"
