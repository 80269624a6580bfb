"""Odds ratios and hazard ratios: exponentials of the coefficients of some links."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.activations import Activation, CLogLog, Sigmoid, Tanh

__all__ = ["Ratio", "as_ratios", "ratio_of"]


class Ratio(NamedTuple):
    """The meaning of an exponentiated coefficient.

    Attributes
    ----------
    name : str
        Name of the column in a table.
    factor : float
        The ratio is exp(factor · coefficient).
    """

    name: str
    factor: float


_RATIOS: dict[type[Activation], Ratio] = {
    Sigmoid: Ratio("odds_ratio", 1.0),
    # f(z) = tanh z is the sigmoid of 2z on another scale.
    Tanh: Ratio("odds_ratio", 2.0),
    CLogLog: Ratio("hazard_ratio", 1.0),
}


def ratio_of(activation: Activation) -> Ratio:
    """Return the meaning of an exponentiated coefficient.

    Raises
    ------
    ValueError
        If the exponential of a coefficient has no meaning for this link.
    """
    for kind, ratio in _RATIOS.items():
        if isinstance(activation, kind):
            return ratio
    raise ValueError(
        f"The option exponentiate=True has no meaning for activation={activation!r}: a unit of "
        "a feature changes no ratio by a constant factor. Expected 'sigmoid' or 'tanh' (odds "
        "ratios) or 'cloglog' (hazard ratios). For other links use marginal_effects(neuron, X, y)."
    )


def as_ratios(columns: dict[str, AnyArray], ratio: Ratio) -> dict[str, AnyArray]:
    """Return the columns of a coefficient table with ratios and their intervals.

    z and the p-value still test that the coefficient is 0, the ratio 1. The standard error
    of a ratio is the ratio times the error of its logarithm (delta method).
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        ratios: FloatArray = np.exp(ratio.factor * columns["estimate"])
        changed = {
            "estimate": ratios,
            "standard_error": ratios * ratio.factor * columns["standard_error"],
            "lower": np.exp(ratio.factor * columns["lower"]),
            "upper": np.exp(ratio.factor * columns["upper"]),
        }
    return {
        ratio.name if name == "estimate" else name: changed.get(name, values)
        for name, values in columns.items()
    }
