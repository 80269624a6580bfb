"""From measurements to a CSV and a markdown table."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import pandas as pd

from benchmark_utils.contest import OURS, Contest, Entrant, Measurement

HEADER = ["data set", "n x d", "penalty", "solver", "setting", "seconds", "gap", "ratio to ours"]


def rows_of(contest: Contest, problem: dict[str, str]) -> list[dict[str, Any]]:
    """Return the table's rows of one problem, the fastest solver first.

    Parameters
    ----------
    contest : Contest
        After ``run``.
    problem : dict of str to str
        The columns "data set", "n x d" and "penalty".

    Returns
    -------
    list of dict
        One per solver, its keys those of ``HEADER`` and a number to sort by.
    """
    ours = next((e for n, e in contest.entrants.items() if n.startswith(OURS)), None)
    base = _seconds(contest, OURS, ours) if ours and ours.chosen else None
    rows = [
        problem | _row(contest, name, entrant, base) for name, entrant in contest.entrants.items()
    ]
    return sorted(rows, key=lambda row: row["order"])


def _seconds(contest: Contest, name: str, entrant: Entrant) -> float:
    """Return the median time of the chosen setting, repeated or, if never, once."""
    assert entrant.chosen is not None
    repeats = [m.seconds for m in contest.measurements if (m.solver, m.phase) == (name, "repeat")]
    return statistics.median(repeats or [entrant.chosen.seconds])


def _largest_gap(contest: Contest, chosen: Measurement) -> float:
    """Return the largest gap at the chosen setting: some solvers draw random numbers."""
    return max(
        contest.gap(m)
        for m in contest.measurements
        if (m.solver, m.tolerance) == (chosen.solver, chosen.tolerance)
    )


def _row(contest: Contest, name: str, entrant: Entrant, base: float | None) -> dict[str, Any]:
    if entrant.chosen is not None:
        seconds = _seconds(contest, name, entrant)
        return {
            "solver": name,
            "setting": f"tol={entrant.chosen.tolerance:.0e}",
            "seconds": f"{seconds:.3g}",
            "gap": f"{_largest_gap(contest, entrant.chosen):.0e}",
            "ratio to ours": f"{seconds / base:.2f}" if base else "–",
            "order": seconds,
        }
    tried = [m for m in contest.measurements if m.solver == name]
    row = {"solver": name, "setting": "–", "seconds": "–", "gap": "–", "order": float("inf")}
    if tried:
        nearest = min(tried, key=lambda m: m.objective)
        row["setting"] = f"tol={nearest.tolerance:.0e}"
        row["seconds"] = f"{nearest.seconds:.3g}"
        row["gap"] = f"{contest.gap(nearest):.0e}"
    return row | {"ratio to ours": f"not reached: {entrant.ended}"}


def measurements_of(contest: Contest, problem: dict[str, str]) -> pd.DataFrame:
    """Return every fit of one problem, in the order in which they were made.

    Returns
    -------
    DataFrame
        Columns of the problem, then solver, phase ("reference", "ladder" or "repeat"),
        tolerance, seconds, objective, relative gap.
    """
    lines = [
        problem | vars(measurement) | {"gap": contest.gap(measurement)}
        for measurement in contest.measurements
    ]
    return pd.DataFrame(lines)


def write_markdown(
    path: Path, machine: str, rows: list[dict[str, Any]], skipped: list[dict[str, str]]
) -> None:
    """Write the table, and below it who was skipped and why.

    Parameters
    ----------
    path : Path
    machine : str
        One paragraph: processor and versions.
    rows : list of dict
        See :func:`rows_of`.
    skipped : list of dict
        "data set", "solver", "reason".
    """
    lines = [
        "# Time to a relative gap of 1e-6\n",
        "Seconds: median of whole calls of `fit`, at the loosest tolerance that reached the "
        "gap. Gap: `(F - F*) / F(0)` at that setting, with F* the lowest objective any fit "
        "found. Ratio: seconds over those of `skneuron` in the same run; above 1 the neuron "
        'is faster. "not reached" gives the nearest fit and why there is none nearer.\n',
        machine + "\n",
        _line(HEADER),
        _line(["---"] * len(HEADER)),
        *[_line([row[column] for column in HEADER]) for row in rows],
    ]
    if skipped:
        reasons = pd.DataFrame(skipped).groupby(["solver", "reason"], sort=True)["data set"]
        lines += ["\n## Skipped\n", _line(["solver", "why", "data sets"]), _line(["---"] * 3)]
        lines += [_line([*key, ", ".join(names)]) for key, names in reasons]
    path.write_text("\n".join(lines) + "\n")


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "/") for cell in cells) + " |"
