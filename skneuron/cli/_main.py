"""Arguments in, report out, errors in one line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from sklearn.base import clone
from sklearn.datasets import load_breast_cancer

from skneuron import NeuronClassifier, __version__
from skneuron.activations import ACTIVATIONS
from skneuron.cli._compare import compare
from skneuron.cli._predictions import check_destination, same_file, write_predictions
from skneuron.cli._streams import complain, printable, say
from skneuron.cli._table import Table, TableError, as_model_input, first_line, read_table

__all__ = ["main"]


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as all errors of the command."""

    def error(self, message: str) -> NoReturn:
        """Print the message in one line, and end with code 2."""
        complain(f"{message}. For all options: {self.prog} --help")
        raise SystemExit(2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        ``sys.argv`` without the program's name by default.

    Returns
    -------
    int
        2 for input that cannot be used, 1 if the report cannot be printed, 141 if the reader of
        a pipe has closed it (a file of predictions is written all the same), otherwise 0.
    """
    options = _parse(arguments)
    try:
        if options.predict is not None:
            check_destination(options.predict)
        neuron = NeuronClassifier(activation=options.activation, C=options.C)
        table = (
            _breast_cancer() if options.file is None else read_table(options.file, options.target)
        )
        code = say(compare(neuron, table))
        if options.predict is not None:
            model = as_model_input(clone(neuron), table).fit(table.X, table.y)
            write_predictions(model, table, options.predict)
            done = f"Wrote the predictions of {len(table.y)} rows to {printable(options.predict)}"
            code = max(code, say(f"\n{done}"))
    except TableError as error:
        complain(str(error))
        return 2
    except (ValueError, MemoryError) as error:
        complain(first_line(error))
        return 2
    return code


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


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options, if they go together."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.file is None and (options.target is not None or options.predict is not None):
        parser.error("--target and --predict go with a FILE.csv")
    if options.file is not None and options.target is None:
        parser.error("FILE.csv needs --target COLUMN, the column to predict")
    if options.predict is not None and same_file(options.predict, options.file):
        parser.error(
            f"--predict {options.predict} is FILE.csv itself, perhaps by a link: name another file"
        )
    return options


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
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
        "--predict",
        metavar="OUT.csv",
        help="write class and probability of each row of FILE.csv; a text label that a "
        "spreadsheet takes for a formula gets a leading apostrophe",
    )
    parser.add_argument("--version", action="version", version=f"skneuron {__version__}")
    return parser
