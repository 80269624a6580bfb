"""Arguments of the command, and which of them go together."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from skneuron import __version__
from skneuron.activations import ACTIVATIONS
from skneuron.cli._destination import same_file
from skneuron.cli._errors import quoted
from skneuron.cli._reading import ReadOptions
from skneuron.cli._streams import complain

__all__ = ["parse_options", "read_options"]

# Words for separators that a shell makes hard to type.
_SEPARATORS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "space": " ", "bar": "|"}

# Options that need a FILE.csv.
_WITH_FILE = [
    *("target", "predict", "save", "model", "drop", "keep"),
    *("sep", "encoding", "decimal", "thousands", "na"),
]

_EXAMPLES = """\
examples:
  python -m skneuron                                            compare on example data
  python -m skneuron FILE.csv --target COLUMN                   compare on a file
  python -m skneuron FILE.csv --target COLUMN --save MODEL      fit and save the scaled neuron
  python -m skneuron NEW.csv --model MODEL --predict OUT.csv    predict the rows of a new file
"""


class _Parser(argparse.ArgumentParser):
    """A parser with errors of one line, as all errors of the command."""

    def error(self, message: str) -> NoReturn:
        """Print the message in one line, and end with code 2."""
        complain(f"{message}. For all options: {self.prog} --help")
        raise SystemExit(2)


def parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options, if they go together.

    Parameters
    ----------
    arguments : sequence of str or None
        ``sys.argv`` without the name of the program if None.

    Returns
    -------
    Namespace

    Raises
    ------
    SystemExit
        With code 2, after one line on the standard error.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    problem = _mismatch(options) or _shared_files(options)
    if problem:
        parser.error(problem)
    return options


def read_options(options: argparse.Namespace) -> ReadOptions:
    """Return the options of reading a file."""
    return ReadOptions(
        options.sep,
        options.encoding,
        options.decimal,
        options.thousands,
        tuple(options.na),
        options.header,
    )


def _mismatch(options: argparse.Namespace) -> str | None:
    """Return why options do not go together, if they do not."""
    start = "python -m skneuron"
    if options.file is None:
        lonely = [name for name in _WITH_FILE if getattr(options, name)]
        if lonely:
            listed = " and ".join(f"--{name}" for name in lonely)
            verb = "goes" if len(lonely) == 1 else "go"
            return f"{listed} {verb} with a FILE.csv. Type: {start} FILE.csv --target COLUMN"
        return None
    if options.model is None and options.target is None:
        return (
            "FILE.csv needs --target COLUMN, the column to predict. "
            f"Type: {start} {quoted(options.file)} --target COLUMN"
        )
    if options.model is not None:
        unused = [name for name in ("target", "save", "drop", "keep") if getattr(options, name)]
        if unused:
            return (
                f"--model and --{unused[0]} do not go together, because the model is fitted "
                f"already: leave --{unused[0]} out"
            )
        if options.predict is None:
            return (
                "--model needs --predict OUT.csv. Type: "
                f"{start} {quoted(options.file)} --model {quoted(options.model)} --predict OUT.csv"
            )
    return None


def _shared_files(options: argparse.Namespace) -> str | None:
    """Return which file would be written although the command reads or writes it already."""
    known = [("FILE.csv", options.file), ("MODEL", options.model)]
    for name in ("predict", "save"):
        path = getattr(options, name)
        if path is None:
            continue
        for other, taken in known:
            if taken is not None and same_file(path, taken):
                return f"--{name} {path} is {other} itself, perhaps by a link: name another file"
        known.append((f"the file of --{name}", path))
    return None


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not value > 0:
        raise argparse.ArgumentTypeError(
            f"got {text!r}. Expected a positive number or inf, for example 1.0."
        )
    return value


def _separator(text: str) -> str:
    sep = _SEPARATORS.get(text, text)
    if len(sep) != 1:
        raise argparse.ArgumentTypeError(
            f"got {text!r}. Expected one character, for example ';' or tab."
        )
    return sep


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m skneuron",
        description="Cross-validate one artificial neuron and scikit-learn's LogisticRegression, "
        "raw and scaled: on the breast cancer data by default, or on a table of yours.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("file", nargs="?", metavar="FILE.csv", help="table, also compressed (.gz, .zip, ...)")
    add(
        "--target",
        metavar="COLUMN",
        help="column of FILE.csv to predict; its number, from 1, in a file without a header",
    )
    add(
        "--activation",
        default="sigmoid",
        choices=list(ACTIVATIONS),
        metavar="NAME",
        help=f"one of {', '.join(ACTIVATIONS)} (default: sigmoid)",
    )
    add("--C", type=_positive, default=1.0, help="inverse penalty, inf for none (default: 1)")
    add("--version", action="version", version=f"skneuron {__version__}")
    _add_models(parser)
    _add_columns(parser)
    _add_reading(parser)
    return parser


def _add_models(parser: argparse.ArgumentParser) -> None:
    """Add the options about saved models and predictions."""
    add = parser.add_argument_group("models and predictions").add_argument
    add("--save", metavar="MODEL", help="write the scaled neuron, fitted on all rows, with joblib")
    add("--model", metavar="MODEL", help="file of --save; load only files that you trust")
    add(
        "--predict",
        metavar="OUT.csv",
        help="write identifiers, class and probabilities of each row. With --target each row is "
        "predicted by a model that was fitted without it. A text that a spreadsheet takes for a "
        "formula gets a leading apostrophe",
    )


def _add_columns(parser: argparse.ArgumentParser) -> None:
    """Add the options about columns that the model uses or leaves out."""
    add = parser.add_argument_group("columns").add_argument
    add(
        "--drop",
        action="append",
        default=[],
        metavar="COLUMN",
        help="leave a column out; may be repeated",
    )
    add(
        "--keep",
        action="append",
        default=[],
        metavar="COLUMN",
        help="use an identifier, index or constant; may be repeated",
    )


def _add_reading(parser: argparse.ArgumentParser) -> None:
    """Add the options about the format of the file."""
    reading = parser.add_argument_group(
        "reading FILE.csv", "By default separator, encoding, decimal mark and header are detected."
    )
    add = reading.add_argument
    add("--sep", type=_separator, metavar="CHAR", help="separator of cells, such as ';' or tab")
    add("--encoding", metavar="NAME", help="utf-8, utf-16, cp1252, latin-1, ...")
    add("--decimal", choices=[".", ","], help="decimal mark of numbers")
    add("--thousands", metavar="CHAR", type=_separator, help="separator of thousands")
    add(
        "--na",
        action="append",
        default=[],
        metavar="TEXT",
        help="read TEXT as a missing value; may be repeated",
    )
    add(
        "--no-header",
        dest="header",
        action="store_false",
        help="the first line has data; columns are called 1, 2, 3, ...",
    )
