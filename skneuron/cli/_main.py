"""Arguments in, report out, errors in one line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from sklearn.datasets import load_breast_cancer

from skneuron import NeuronClassifier
from skneuron.cli._compare import Comparison, compare
from skneuron.cli._destination import check_destination, write_file
from skneuron.cli._errors import TableError, first_line, quoted
from skneuron.cli._file_table import InputTable, build_table, identifiers
from skneuron.cli._options import parse_options, read_options
from skneuron.cli._pipelines import load_pipeline, predict, save_pipeline, with_parser
from skneuron.cli._predictions import prediction_columns, write_columns
from skneuron.cli._reading import RawTable, read_csv
from skneuron.cli._report import describe, report
from skneuron.cli._streams import complain, printable, say

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        ``sys.argv`` without the program's name by default.

    Returns
    -------
    int
        2 for input that cannot be used, 1 if the report cannot be printed, 141 if the reader of
        a pipe has closed it (files are written all the same), otherwise 0.
    """
    options = parse_options(arguments)
    try:
        _check_destinations(options)
        if options.model is not None:
            return _predict_new(options)
        return _compare_on_table(options)
    except TableError as error:
        complain(str(error))
    except (ValueError, MemoryError) as error:
        complain(first_line(error))
    return 2


def _check_destinations(options: argparse.Namespace) -> None:
    """Check before any work that all files can be written."""
    if options.predict is not None:
        check_destination(
            "--predict", options.predict, "predictions.csv", lambda path: write_columns({}, path)
        )
    if options.save is not None:
        check_destination(
            "--save", options.save, "model.joblib", lambda path: save_pipeline(None, path)
        )


def _compare_on_table(options: argparse.Namespace) -> int:
    """Compare the models on a file or on the example data, and write the files of the options."""
    neuron = NeuronClassifier(activation=options.activation, C=options.C)
    raw = None
    if options.file is None:
        table = _breast_cancer()
    else:
        raw = read_csv(options.file, read_options(options), [options.target])
        table = build_table(raw, options.target, options.drop, options.keep)
    code = say(f"{describe(table)}\n")
    if code and options.predict is None and options.save is None:
        return code  # nobody reads the report
    comparison = compare(neuron, table)
    code = code or say(report(neuron, table, comparison))
    if options.predict is not None and raw is not None:
        written = _write_out_of_fold(options.predict, raw, table, comparison)
        code = code or say(written)
    if options.save is not None:
        saved = _write_model(options.save, table, comparison)
        code = code or say(saved)
    return code


def _write_model(path: str, table: InputTable, comparison: Comparison) -> str:
    """Write the scaled neuron that was fitted on all rows, and return a sentence about it."""
    pipeline = with_parser(comparison.fitted, table)
    write_file(path, lambda draft: save_pipeline(pipeline, draft))
    shown = printable(path)
    return (
        f"\nWrote the scaled neuron, fitted on all rows, to {shown}. Predict new rows:\n"
        f"python -m skneuron NEW.csv --model {quoted(shown)} --predict OUT.csv"
    )


def _write_out_of_fold(path: str, raw: RawTable, table: InputTable, comparison: Comparison) -> str:
    """Write predictions for rows that the model was not fitted on, and return a sentence."""
    columns = prediction_columns(
        identifiers(table.raw, table.parser),
        comparison.fitted.classes_,
        comparison.out_of_fold,
        likelihood=hasattr(comparison.fitted[-1], "predict_proba"),
    )
    write_file(path, lambda draft: write_columns(columns, draft, raw.sep, raw.decimal))
    return (
        f"\nWrote the out-of-fold predictions of {len(table.y)} rows to {printable(path)}:\n"
        "the scaled neuron that predicts a row was fitted without the fold of the row."
    )


def _predict_new(options: argparse.Namespace) -> int:
    """Write the predictions of a saved model for a new file."""
    pipeline = load_pipeline(options.model)
    wanted = pipeline[0].feature_names_in_.tolist()
    raw = read_csv(options.file, read_options(options), wanted)
    parser = pipeline[0].set_params(decimal=raw.decimal, thousands=raw.thousands)
    scores, likelihood = predict(pipeline, raw.frame)
    columns = prediction_columns(
        identifiers(raw.frame, parser), pipeline.classes_, scores, likelihood=likelihood
    )
    write_file(options.predict, lambda path: write_columns(columns, path, raw.sep, raw.decimal))
    return say(
        f"{printable(raw.path)}: {len(raw.frame)} rows, read as {raw.described}.\n"
        f"Wrote the predictions of {len(raw.frame)} rows to {printable(options.predict)}."
    )


def _breast_cancer() -> InputTable:
    X, y = load_breast_cancer(return_X_y=True)
    return InputTable("Breast cancer data of scikit-learn", X, y)
