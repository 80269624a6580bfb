"""Predictions of ``python -m skneuron`` whose labels a spreadsheet takes for formulas."""

import csv

import numpy as np
import pandas as pd
import pytest
from command_line import labelled_table
from hypothesis import given
from hypothesis import strategies as st

from skneuron.cli import main
from skneuron.cli._predictions import _cell

# What OWASP's page "CSV Injection" warns of, beginnings that hide it, and separators within.
FORMULAS = [
    "=cmd|' /C calc'!A0",
    "=1+1",
    "+1+1",
    "-1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    '=HYPERLINK("http://localhost","click")',
    "=",
    "-",
    "-inf",
    "-1_000",
    "＝1+1",
    "＋1",
    "－1",
    "＠a",
    "'=1+1",
    "''=1+1",
    "\t=1+1",
    "\rcmd",
    "\ncmd",
    "\x01=1+1",
]


HARMLESS = ["yes", "a=b", "a;=1+1", 'b",=1+1', "'quoted'", "3 - 4", "e@mail", "a\n=1+1"]


NUMBERS = ["-1", "+1", "-1.5", "-.5", "-1e-5", "+2E3", "1"]


def _as_spreadsheets_do(cell):
    """Return whether the cell begins as a formula does, by OWASP's list."""
    return cell.startswith(tuple("=+-@\t\r\n＝＋－＠"))


@pytest.mark.parametrize("first", range(0, len(FORMULAS), 7))
def test_labels_like_formulas(tmp_path, first):
    """Read back, each is a text with one apostrophe more; others are as they were."""
    labels = [*FORMULAS[first : first + 7], *HARMLESS, *NUMBERS]
    table, out = tmp_path / "table.csv", tmp_path / "out.csv"
    # Each label is a value of a text column, too, so that each is predicted.
    frame = pd.DataFrame({"x": labels, "y": labels}).loc[np.tile(np.arange(len(labels)), 8)]
    frame.to_csv(table, index=False, quoting=csv.QUOTE_ALL)
    assert main([str(table), "--target", "y", "--predict", str(out)]) == 0
    with open(out, newline="", encoding="utf-8") as lines:
        head, *rows = csv.reader(lines)
    assert head[:2] == ["class", "probability"]
    assert sorted(head[2:]) == sorted(f"probability of {label}" for label in labels)
    written = {f"'{label}" if label in FORMULAS else label for label in labels}
    assert {row[0] for row in rows} == written
    for text in [*head, *(row[0] for row in rows)]:
        assert not _as_spreadsheets_do(text) or text in NUMBERS
    # In a spreadsheet that separates by semicolons, too, texts end at their quotes.
    assert out.read_text(encoding="utf-8").startswith('"class","probability","probability of ')


def test_labels_that_differ_by_an_apostrophe(tmp_path):
    """They stay different, and without one apostrophe each is the label of the table."""
    labels = np.repeat(["=1+1", "'=1+1", "''=1+1"], 20)
    table, out = tmp_path / "table.csv", tmp_path / "out.csv"
    pd.DataFrame({"x": labels, "y": labels}).to_csv(table, index=False)
    assert main([str(table), "--target", "y", "--predict", str(out)]) == 0
    assert [cell.removeprefix("'") for cell in pd.read_csv(out)["class"]] == labels.tolist()


@pytest.mark.parametrize(
    "labels", [[-1, 1], [-2, -1, 0], [-1.0, 1.0], [0, 1], [False, True], ["-1", "+1e3"]]
)
def test_numbers_stay_numbers(tmp_path, labels):
    table, out = labelled_table(tmp_path / "table.csv", labels), tmp_path / "out.csv"
    assert main([str(table), "--target", "y", "--predict", str(out)]) == 0
    truth, written = pd.read_csv(table)["y"], pd.read_csv(out)["class"]
    assert written.dtype == truth.dtype
    assert set(written) <= set(truth)


def _assert_number(cell):
    float(cell)
    assert set(cell) <= set("0123456789.eE+-")


@given(st.text(), st.text())
def test_cells_of_any_labels(first, second):
    """No cell is a formula, only numbers have a sign, and different labels stay different."""
    cells = [_cell(first), _cell(second)]
    assert (cells[0] == cells[1]) == (first == second)
    for label, cell in zip((first, second), cells, strict=True):
        assert cell in (label, f"'{label}")
        if _as_spreadsheets_do(cell):
            _assert_number(cell)


@given(st.sampled_from("=+-@\t\r\n＝＋－＠"), st.text())
def test_cells_of_labels_that_start_as_formulas(start, rest):
    label = start + rest
    if _cell(label) == label:
        _assert_number(label)
    else:
        assert _cell(label) == f"'{label}"


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**300), 10**300),
)
def test_no_number_is_changed(decimal, whole):
    for number in (decimal, whole, repr(decimal), repr(whole), f"{decimal:+e}", f"{whole:+d}"):
        assert _cell(number) is number
