"""The activations as Vega expressions: f(z), z₀ and both logarithms, accurate in the tails.

Vega has ``exp``, ``log``, ``atan2`` and ``cumulativeNormal``, but neither ``log1p`` nor ``expm1``
nor ``tanh``, which this module builds from the others. Each function takes and returns the text of
an expression.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from skneuron.activations import ACTIVATIONS, Activation, LeakyReLU

__all__ = ["check_formulas", "f_of", "log_proba_of", "threshold_of"]

Formula = Callable[[str], str]

_LARGEST = "1.7976931348623157e308"

# Largest argument with a finite exp in float64.
_LOG_LARGEST = "709.782712893384"

# Largest z for which Φ(z) comes from the continued fraction of the Mills ratio (Abramowitz & Stegun
# 26.2.14). Below -4 Vega's cumulativeNormal loses digits, and below -37 it is 0.
_FRACTION_FROM = -4

# Number of terms of the continued fraction, which are accurate to rounding from |z| = 4 on.
_TERMS = 24


def _log1p(t: str) -> str:
    """Return log(1 + t). A ratio corrects the rounding error of 1 + t (W. Kahan)."""
    return f"(1 + ({t}) == 1 ? ({t}) : log(1 + ({t})) * ({t}) / ((1 + ({t})) - 1))"


def _expm1(t: str) -> str:
    """Return exp(t) - 1 for t ≤ 0, with the same correction."""
    e = f"exp({t})"
    return f"({e} == 1 ? ({t}) : {e} - 1 == -1 ? -1 : ({e} - 1) * ({t}) / log({e}))"


def _sigmoid(z: str) -> str:
    return f"(1 / (1 + exp(-({z}))))"


def _log_sigmoid(z: str) -> str:
    return f"(min({z}, 0) - {_log1p(f'exp(-abs({z}))')})"


def _tanh(z: str) -> str:
    up = _expm1(f"-2 * abs({z})")
    return f"((({z}) < 0 ? 1 : -1) * {up} / (2 + {up}))"


def _log_tanh(z: str) -> str:
    return _log_sigmoid(f"2 * ({z})")


def _log_left_tail(z: str) -> str:
    """Return log Φ(z) for z below ``_FRACTION_FROM``."""
    x = f"(-({z}))"
    fraction = x
    for k in range(_TERMS, 0, -1):
        fraction = f"({x} + {k} / {fraction})"
    half_log_2pi = repr(0.5 * math.log(2 * math.pi))
    return f"max(-pow({z}, 2) / 2 - {half_log_2pi} - log({fraction}), -{_LARGEST})"


def _probit(z: str) -> str:
    return f"(({z}) < {_FRACTION_FROM} ? exp({_log_left_tail(z)}) : cumulativeNormal({z}))"


def _log_probit(z: str) -> str:
    near = f"log(cumulativeNormal({z}))"
    above = _log1p(f"-{_probit(f'-({z})')}")
    return f"(({z}) < {_FRACTION_FROM} ? {_log_left_tail(z)} : ({z}) < 0 ? {near} : {above})"


def _cauchit(z: str) -> str:
    return f"(atan2(1, -({z})) / PI)"


def _log_cauchit(z: str) -> str:
    above = _log1p(f"-atan2(1, {z}) / PI")
    return f"(({z}) > 0 ? {above} : log(atan2(1, -({z})) / PI))"


def _exp(z: str) -> str:
    """Return exp(z), at most the largest float64."""
    return f"(({z}) < {_LOG_LARGEST} ? exp({z}) : {_LARGEST})"


def _cloglog(z: str) -> str:
    return f"(-{_expm1(f'-{_exp(z)}')})"


def _log_cloglog(z: str) -> str:
    t = _exp(z)
    small = f"log(-{_expm1(f'-{t}')})"
    large = _log1p(f"-exp(-{t})")
    return f"(({z}) < -37 ? ({z}) - {t} / 2 : {t} < LN2 ? {small} : {large})"


def _loglog(z: str) -> str:
    return f"exp(-{_exp(f'-({z})')})"


def _log_loglog(z: str) -> str:
    return f"(-{_exp(f'-({z})')})"


_VALUES: dict[str, Formula] = {
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "probit": _probit,
    "cloglog": _cloglog,
    "loglog": _loglog,
    "cauchit": _cauchit,
    "relu": "max({0}, 0)".format,
    "leaky_relu": "(({0}) > 0 ? ({0}) : alpha * ({0}))".format,
    "identity": "({0})".format,
    "step": "(({0}) >= 0 ? 1 : 0)".format,
}

# log P(y=1).
_LOG_P: dict[str, Formula] = {
    "sigmoid": _log_sigmoid,
    "tanh": _log_tanh,
    "probit": _log_probit,
    "cloglog": _log_cloglog,
    "loglog": _log_loglog,
    "cauchit": _log_cauchit,
}

# log P(y=0), if it is not log P(y=1) at -z.
_LOG_Q: dict[str, Formula] = {
    "cloglog": lambda z: _log_loglog(f"-({z})"),
    "loglog": lambda z: _log_cloglog(f"-({z})"),
}


def _chosen(expressions: dict[str, str], otherwise: str) -> str:
    """Return the expression for the value of ``activation`` in the page."""
    cases = "".join(f"activation == '{name}' ? {text} : " for name, text in expressions.items())
    return cases + otherwise


def check_formulas() -> None:
    """Raise ``NotImplementedError`` if a named activation has no formula in the page."""
    probabilities = {name for name, kind in ACTIVATIONS.items() if kind().is_probability}
    for table, place, names in (
        (_VALUES, "_VALUES", ACTIVATIONS.keys()),
        (_LOG_P, "_LOG_P", probabilities),
    ):
        missing = sorted(names - table.keys())
        if missing:
            raise NotImplementedError(
                f"The page has no formula for the activation {missing[0]!r}. Expected a Vega "
                "expression for each member of skneuron.activations.ACTIVATIONS. Add it to "
                f"{place} in skneuron/playground/_formulas.py."
            )


def f_of(z: str) -> str:
    """Return the expression of f(z) for the chosen activation."""
    return _chosen({name: formula(z) for name, formula in _VALUES.items()}, "null")


def log_proba_of(z: str) -> tuple[str, str]:
    """Return the expressions of (log(1 - p), log p), or null for an f that is no probability."""
    low = {
        name: _LOG_Q[name](z) if name in _LOG_Q else formula(f"-({z})")
        for name, formula in _LOG_P.items()
    }
    high = {name: formula(z) for name, formula in _LOG_P.items()}
    return _chosen(low, "null"), _chosen(high, "null")


def threshold_of(own: Activation) -> str:
    """Return the expression of z₀. Here ``own`` is the neuron's activation with its parameters."""
    activations = {name: kind() for name, kind in ACTIVATIONS.items()}
    if isinstance(own, LeakyReLU):
        activations["leaky_relu"] = own
    return _chosen({name: repr(float(a.threshold)) for name, a in activations.items()}, "0")
