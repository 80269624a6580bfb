"""A table of measures, each beside its limit."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

#: The checkout that the scripts measure.
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Measure:
    """One figure and the largest value that it should have.

    Attributes
    ----------
    name : str
    value : float or None
        None if a tool that counts it is not installed.
    limit : float
    found : sequence of str
        The places that the figure counts, for ``--verbose``.
    """

    name: str
    value: float | None
    limit: float
    found: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        """Whether the value is known and at most the limit."""
        return self.value is not None and self.value <= self.limit


def _number(value: float | None) -> str:
    """Return a count with separators, a fraction with one decimal."""
    if value is None:
        return "unknown"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def table(measures: Sequence[Measure]) -> str:
    """Return one line per measure: its name, today's value, its limit, "above" if it is above."""
    width = max(len(measure.name) for measure in measures)
    lines = [f"{'measure':{width}}  {'today':>8}  {'limit':>7}"]
    for measure in measures:
        verdict = "" if measure.holds else "above" if measure.value is not None else "not measured"
        lines.append(
            f"{measure.name:{width}}  {_number(measure.value):>8}  "
            f"{_number(measure.limit):>7}  {verdict}".rstrip()
        )
    return "\n".join(lines)


def main(description: str, measure: Callable[[], list[Measure]]) -> None:
    """Print the table; with ``--check``, exit with 1 if a measure does not hold."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a limit is exceeded")
    parser.add_argument("--verbose", action="store_true", help="list the places that are counted")
    args = parser.parse_args()
    measures = measure()
    print(table(measures))
    if args.verbose:
        for one in measures:
            if not one.holds and one.found:
                print(f"\n{one.name}:")
                print("\n".join(f"  {place}" for place in one.found))
    missed = sum(not one.holds for one in measures)
    print(f"\n{len(measures) - missed} of {len(measures)} measures are within their limits.")
    sys.exit(int(args.check and missed > 0))
