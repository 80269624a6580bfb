"""Arguments in, report out, errors in one line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sklearn.base import clone
from sklearn.datasets import load_breast_cancer

from skneuron import NeuronClassifier, __version__
from skneuron.activations import ACTIVATIONS
from skneuron.cli._compare import compare
from skneuron.cli._table import Table, TableError, as_model_input, read_table, write_predictions

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code, 2 for input that cannot be used.

    Parameters
    ----------
    arguments : sequence of str, optional
        ``sys.argv`` without the program's name by default.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.file is None and (options.target or options.predict):
        parser.error("--target and --predict go with a FILE.csv")
    if options.file is not None and options.target is None:
        parser.error("FILE.csv needs --target COLUMN, the column to predict")
    if options.predict and Path(options.predict).resolve() == Path(options.file).resolve():
        parser.error("--predict OUT.csv is FILE.csv itself: name another file")
    try:
        neuron = NeuronClassifier(activation=options.activation, C=options.C)
        table = (
            _breast_cancer() if options.file is None else read_table(options.file, options.target)
        )
        print(compare(neuron, table))
        if options.predict:
            model = as_model_input(clone(neuron), table).fit(table.X, table.y)
            write_predictions(model, table, options.predict)
            print(f"\nWrote class and probability of {len(table.y)} rows to {options.predict}")
    except (TableError, ValueError) as error:
        first_line = str(error).strip().splitlines()[0]
        print(f"skneuron: {first_line}", file=sys.stderr)
        return 2
    return 0


def _breast_cancer() -> Table:
    X, y = load_breast_cancer(return_X_y=True)
    return Table("breast cancer, raw columns (sklearn.datasets)", X, y, [], 0)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a positive number or inf")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m skneuron",
        description="Cross-validate one artificial neuron beside scikit-learn's "
        "LogisticRegression: on the breast cancer data by default, or on a table of yours.",
    )
    parser.add_argument("file", nargs="?", metavar="FILE.csv", help="table with a header line")
    parser.add_argument("--target", metavar="COLUMN", help="column of FILE.csv to predict")
    parser.add_argument(
        "--activation",
        default="sigmoid",
        choices=list(ACTIVATIONS),
        metavar="NAME",
        help=f"one of {', '.join(ACTIVATIONS)} (default: sigmoid)",
    )
    parser.add_argument(
        "--C", type=_positive, default=1.0, help="inverse penalty, inf for none (default: 1)"
    )
    parser.add_argument(
        "--predict", metavar="OUT.csv", help="write class and probability of each row of FILE.csv"
    )
    parser.add_argument("--version", action="version", version=f"skneuron {__version__}")
    return parser
