"""Pipelines: missing values filled, text encoded, numbers scaled, and a model. Saved and loaded."""

from __future__ import annotations

import warnings
from copy import copy
from importlib import import_module

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skneuron._common import AnyArray, MatrixLike
from skneuron.cli._errors import TableError, first_line, reason_of
from skneuron.cli._file_table import InputTable
from skneuron.cli._parser import ColumnParser

__all__ = ["load_pipeline", "make_model", "predict", "save_pipeline", "with_parser"]

# A text column with more values than this keeps the most frequent ones. The others share a
# column.
_MAX_CATEGORIES = 50


def make_model(model: BaseEstimator, table: InputTable, *, scaled: bool) -> Pipeline:
    """Return a pipeline that prepares the parsed columns of a table for a model.

    Parameters
    ----------
    model : estimator
    table : InputTable
    scaled : bool
        Whether numbers are standardised.

    Returns
    -------
    Pipeline
    """
    scaler = [StandardScaler()] if scaled else []
    if table.parser is None:
        return make_pipeline(*scaler, model)
    kinds = table.parser.kinds_
    numbers = [name for name in table.X.columns if kinds[name] != "text"]
    texts = [name for name in table.X.columns if kinds[name] == "text"]
    fill = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    encode = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="(missing)", missing_values=None),
        OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=_MAX_CATEGORIES),
    )
    columns = make_column_transformer((make_pipeline(*scaler, fill), numbers), (encode, texts))
    return make_pipeline(columns, model)


def with_parser(fitted: Pipeline, table: InputTable) -> Pipeline:
    """Return a fitted pipeline that takes the cells of a file, with the table's parser first."""
    parser = copy(table.parser)
    if parser is not None:
        del parser.columns_  # they have values of the data
    return Pipeline([("columnparser", parser), *fitted.steps])


def predict(fitted: Pipeline, X: MatrixLike) -> tuple[AnyArray, bool]:
    """Return probabilities and True, or decisions and False if the model has no likelihood."""
    likelihood = hasattr(fitted[-1], "predict_proba")
    scores = fitted.predict_proba(X) if likelihood else fitted.decision_function(X)
    return np.asarray(scores), likelihood


def save_pipeline(pipeline: Pipeline | None, path: str) -> None:
    """Write a fitted pipeline with joblib."""
    import_module("joblib").dump(pipeline, path)


def load_pipeline(path: str) -> Pipeline:
    """Read a pipeline that ``--save`` wrote.

    Parameters
    ----------
    path : str
        A file that you trust: to load it can run any code.

    Returns
    -------
    Pipeline

    Raises
    ------
    TableError
        If the file cannot be read or has another object.
    """
    try:
        with warnings.catch_warnings():
            # scikit-learn warns of each step that another version has saved.
            warnings.simplefilter("ignore")
            pipeline = import_module("joblib").load(path)
    except FileNotFoundError as error:
        raise TableError(
            f"{path or repr(path)}: no such file. Expected a model that --save has written."
        ) from error
    except OSError as error:
        raise TableError(f"{path} cannot be read: {reason_of(error)}.") from error
    except Exception as error:  # bytes that are no pickle raise many types
        raise TableError(
            f"{path} cannot be read as a model: {first_line(error)}. Expected a file that "
            f"--save has written: python -m skneuron FILE.csv --target COLUMN --save {path}"
        ) from error
    if not isinstance(pipeline, Pipeline) or not isinstance(pipeline[0], ColumnParser):
        raise TableError(
            f"{path} has a {type(pipeline).__name__}. Expected the pipeline that --save writes: "
            f"python -m skneuron FILE.csv --target COLUMN --save {path}"
        )
    return pipeline
