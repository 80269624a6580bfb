"""The global maximum of an increasing plus a decreasing function of one number."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

__all__ = ["LARGEST_T", "Highest", "highest"]

#: The argument is sinh(t) with |t| at most this number: sinh(709) = 4e307 is close to the largest
#: float64. Equal steps of t change a large argument by equal factors.
LARGEST_T = 709.0

# The first interval of t, which doubles until it encloses the maximum: sinh(4) = 27.
_FIRST_T = 4.0

# Start a maximization at each peak that differs from the best value by at most this fraction.
_CLOSE = 1e-3

# Values at the ends of a maximization differ from the best value by at most this fraction.
_BRACKET = 0.1

# Relative error of the argument after the maximization over t.
_ROUGH = 1e-5

# Length of the last interval of a maximization, as a fraction of the first interval.
_LAST_LENGTH = 1e-15

# Maximum number of steps of one maximization. 5,000 halvings reach any float64.
_MAX_STEPS = 5000

# Maximum number of arguments that the exclusion of intervals tries. Ordinary data need about 100
# at a slack of 1e-3, and 1,000 at a slack of 1e-5.
_MAX_TRIED = 20_000


class Highest(NamedTuple):
    """An argument, and the value of the sum there."""

    argument: float
    value: float


def highest(parts: Callable[[float], tuple[float, float]], slack: float) -> Highest | None:
    """Return the global maximum of an increasing plus a decreasing function.

    On an interval, each function is at most its value at one end. This bound excludes all
    intervals except those around the maxima. SciPy then finds the maxima to the last digit.

    Parameters
    ----------
    parts : callable
        Returns the increasing and the decreasing function, both at most 0.
    slack : float
        A maximum can be missed if it exceeds the one that is found by less than this fraction.
        The number of calls grows with ``slack ** -0.5``.

    Returns
    -------
    Highest or None
        None if the search does not converge.

    Examples
    --------
    >>> from skneuron.inference._highest import highest
    >>> found = highest(lambda b: (3 * min(0.0, b - 2), min(0.0, 1 - b)), 1e-3)
    >>> round(found.argument, 6), round(found.value, 6)
    (2.0, -1.0)
    """
    search = _IntervalSearch(parts)
    search.enclose()
    if not search.exclude(slack):
        return None
    found = max((search.climb(*peak) for peak in search.peaks()), key=_value_of, default=None)
    return found if found is not None and found.value > -np.inf else None


def _value_of(point: Highest) -> float:
    return point.value


def _sum(parts: tuple[float, float]) -> float:
    """Return the sum, or -inf if the sum is NaN."""
    return -np.inf if np.isnan(sum(parts)) else sum(parts)


def _or_zero(part: float) -> float:
    """Return a part of the sum, or its bound 0 if the part is NaN."""
    return 0.0 if np.isnan(part) else part


class _IntervalSearch:
    """Values of t that were tried, and the intervals between them that are not excluded."""

    def __init__(self, parts: Callable[[float], tuple[float, float]]) -> None:
        self._parts = parts
        self._tried: dict[float, tuple[float, float]] = {}
        self._intervals: list[tuple[float, float, float]] = []
        self._best = -np.inf

    def enclose(self) -> None:
        """Double an interval until no point outside can exceed the best value inside."""
        self._try(0.0)
        right = _FIRST_T
        while True:
            self._try(-right)
            self._try(right)
            # Outside, the other function is at most 0.
            outside = _or_zero(self._tried[-right][0]), _or_zero(self._tried[right][1])
            if max(outside) <= self._best or right == LARGEST_T:
                break
            right = min(2 * right, LARGEST_T)
        t = sorted(self._tried)
        self._intervals = [self._bounded(*pair) for pair in pairwise(t)]
        heapq.heapify(self._intervals)

    def exclude(self, slack: float) -> bool:
        """Halve intervals until none can exceed the best value by more than the slack."""
        while self._intervals and -self._intervals[0][0] > (1 - slack) * self._best:
            _, left, right = heapq.heappop(self._intervals)
            middle = (left + right) / 2
            if not left < middle < right:
                continue
            if len(self._tried) == _MAX_TRIED:
                return False
            self._try(middle)
            for half in ((left, middle), (middle, right)):
                heapq.heappush(self._intervals, self._bounded(*half))
        return True

    def peaks(self) -> list[tuple[float, float, float]]:
        """Return each peak that is close to the best value, between its neighbours."""
        t = sorted(self._tried)
        values = np.array([self._value(key) for key in t])
        padded = np.concatenate([[-np.inf], values, [-np.inf]])
        close = values >= (1 + _CLOSE) * self._best
        is_peak = close & (values >= padded[:-2]) & (values >= padded[2:])
        found = np.flatnonzero(is_peak).tolist()
        return [(t[max(k - 1, 0)], t[k], t[min(k + 1, len(t) - 1)]) for k in found]

    def climb(self, left: float, start: float, right: float) -> Highest:
        """Return the maximum between two values of t."""
        left, start, right = self._bracket(left, start, right)
        first = Highest(float(np.sinh(start)), self._value(start))
        rough = self._maximum(lambda t: float(np.sinh(t)), left, right)
        point = max(first, rough, key=_value_of)
        # SciPy finds half of the digits of its argument. Steps from the rough maximum have more.
        near = _ROUGH * float(np.cosh(np.arcsinh(point.argument)))
        fine = self._maximum(lambda step: point.argument + step, -near, near)
        return max(point, fine, key=_value_of)

    def _try(self, t: float) -> None:
        self._tried[t] = self._parts(float(np.sinh(t)))
        self._best = max(self._best, self._value(t))

    def _value(self, t: float) -> float:
        return _sum(self._tried[t] if t in self._tried else self._parts(float(np.sinh(t))))

    def _bounded(self, left: float, right: float) -> tuple[float, float, float]:
        """Return an interval after minus the bound of the sum there."""
        bound = _or_zero(self._tried[right][0]) + _or_zero(self._tried[left][1])
        return -bound, left, right

    def _bracket(self, left: float, start: float, right: float) -> tuple[float, float, float]:
        """Halve the distances to both ends until the values there are close to the best one."""
        ends, values = [left, right], [self._value(left), self._value(right)]
        best = self._value(start)
        while min(values) < (1 + _BRACKET) * best:
            lower = int(values[1] < values[0])
            middle = (ends[lower] + start) / 2
            if middle in (ends[lower], start):
                break
            value = self._value(middle)
            if value > best:
                ends[1 - lower], values[1 - lower] = start, best
                start, best = middle, value
            else:
                ends[lower], values[lower] = middle, value
        return ends[0], start, ends[1]

    def _maximum(self, place: Callable[[float], float], low: float, high: float) -> Highest:
        """Return the maximum over ``place(step)`` for steps in an interval."""
        with np.errstate(all="ignore"):
            found = minimize_scalar(
                lambda step: float(np.nan_to_num(-_sum(self._parts(place(step))))),
                bounds=(low, high),
                method="bounded",
                options={"xatol": _LAST_LENGTH * (high - low), "maxiter": _MAX_STEPS},
            )
        argument = place(float(found.x))
        return Highest(argument, _sum(self._parts(argument)))
