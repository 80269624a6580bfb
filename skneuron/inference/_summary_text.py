"""Cells of a table as text."""

from __future__ import annotations

from typing import Any

import numpy as np

from skneuron.inference._p_value import TOO_SMALL, is_too_small

__all__ = ["columns_of", "p_text", "text_table"]


def p_text(p: float) -> str:
    """Return a p-value with three significant digits."""
    return TOO_SMALL if is_too_small(p) else f"{p:.3g}"


def columns_of(table: Any) -> list[list[str]]:
    """Return the header and the rows of a coefficient table as text.

    Columns of notes without text are left out.
    """
    names = list(table.columns)
    cells = {name: np.asarray(table[name]).tolist() for name in names}
    names = [name for name in names if name != "note" or any(cells[name])]
    rows = [["", *names]]
    for k, label in enumerate(table.index):
        own = " ".join(map(str, label)) if isinstance(label, tuple) else str(label)
        rows.append([own, *(_cell(name, cells[name][k]) for name in names)])
    return rows


def text_table(table: Any) -> str:
    """Return a coefficient table as text, aligned to the right, with notes to the left."""
    rows = columns_of(table)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    is_text = [name in ("", "note") for name in rows[0]]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if left else cell.rjust(width)
            for cell, width, left in zip(row, widths, is_text, strict=True)
        ).rstrip()
        for row in rows
    )


def _cell(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if np.isnan(value):
        return "—"
    return p_text(value) if name == "p_value" else f"{value:.4g}"
