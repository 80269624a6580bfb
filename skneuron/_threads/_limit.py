"""The limit of a BLAS library: one thread while fits run, the user's own afterwards."""

from __future__ import annotations

from typing import Any

from skneuron._threads._libraries import Library

__all__ = ["Limit"]


class Limit:
    """Hold a library to one thread while there are holders.

    A period begins when a holder finds the library on more than one thread. It ends when the
    holders that have joined it are gone. Periods are stacked, as code of the user inside a
    holder's block may allow more threads and enter a block again.

    Parameters
    ----------
    library : Library

    Attributes
    ----------
    allowed : int
        Number of threads that the user allows, 1 without holders.
    """

    def __init__(self, library: Library) -> None:
        self.allowed = 1
        self._library = library
        self._periods: list[_Period] = []

    def settle(self, holders: set[Any]) -> None:
        """Hold the library for these holders, and end the periods that have none.

        A second call completes a call that an interrupt has ended.
        """
        for period in reversed(self._periods[:]):
            period.holders &= holders
            if not period.holders:
                self._end(period)
        newcomers = holders.difference(*(period.holders for period in self._periods))
        if newcomers:
            self._admit(newcomers)
        self.allowed = self._periods[-1].before if self._periods else 1

    def _admit(self, newcomers: set[Any]) -> None:
        """Let newcomers join the last period, or begin one if the library is not held."""
        before = self._library.get()
        if before == 1 and self._periods:
            self._periods[-1].holders |= newcomers
            return
        self._periods.append(_Period(newcomers, before))
        if before != 1:
            self._library.set(1)

    def _end(self, period: _Period) -> None:
        """Give back the threads of a period. A limit that was set meanwhile stays."""
        if period is self._periods[-1] and period.before != 1 and self._library.get() == 1:
            self._library.set(period.before)
        self._periods.remove(period)


class _Period:
    """Holders, and the number of threads of the library before the first of them came."""

    def __init__(self, holders: set[Any], before: int) -> None:
        self.holders = holders
        self.before = before
