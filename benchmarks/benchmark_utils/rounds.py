"""Timing by turns, so that a slow minute of the machine slows everybody."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any


def by_turns(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Return the median seconds of each call, after one call of each that does not count.

    Parameters
    ----------
    calls : dict of str to callable
    rounds : int

    Returns
    -------
    dict of str to float
    """
    for call in calls.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
