"""Columns of a formula, by the package formulaic."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np

from skneuron._common import TableLike
from skneuron.validation import check_numbers

__all__ = ["from_formula"]

_INTERCEPT = "Intercept"

# Maximum number of columns that an error lists.
_MAX_NAMES = 20


def from_formula(
    formula: str,
    frame: TableLike,
    *,
    new: TableLike | None = None,
    fit_intercept: bool = True,
) -> tuple[Any, ...]:
    """Return the columns X and the labels y of a formula, as in R's ``glm``.

    Parameters
    ----------
    formula : str
        For example ``"low ~ age + C(race) + age:smoke"``. formulaic's grammar is close to R's: a
        dot stands for all other columns, ``"low ~ ."``. X has no column for the intercept, because
        the neuron has one.
    frame : pandas.DataFrame
        Without missing values in the columns of the formula.
    new : pandas.DataFrame, default=None
        Rows to predict. They get the columns of ``frame``, with the same levels of each category.
    fit_intercept : bool, default=True
        The parameter of the neuron. False expects a formula without an intercept (``"- 1"``).

    Returns
    -------
    X : pandas.DataFrame of shape (n_samples, n_features)
        Float64, with the names of the terms.
    y : pandas.Series of shape (n_samples,)
        The column of the left side, unchanged if it is a name.
    X_new : pandas.DataFrame of shape (n_new, n_features)
        If ``new`` is given.

    Raises
    ------
    ImportError
        If formulaic is not installed.
    ValueError
        If the formula has no left side, several parts or another syntax, if its columns have
        missing values, dates or complex numbers,
        if the intercept disagrees with ``fit_intercept``, or if ``new`` has an unknown category.

    Examples
    --------
    >>> import pandas as pd
    >>> from skneuron.inference import from_formula
    >>> births = pd.DataFrame({"low": [0, 1, 1], "age": [19, 33, 20], "race": [1, 2, 3]})
    >>> X, y = from_formula("low ~ age + C(race)", births)
    >>> X
        age  C(race)[T.2]  C(race)[T.3]
    0  19.0           0.0           0.0
    1  33.0           1.0           0.0
    2  20.0           0.0           1.0
    """
    try:
        import formulaic
    except ImportError as error:
        raise ImportError(
            "from_formula needs formulaic, which is not installed. "
            "Type: python -m pip install formulaic pandas"
        ) from error
    matrices = _matrices(formulaic, formula, frame)
    _require_intercept(formula, list(map(str, matrices.rhs.columns)), fit_intercept)
    X = _without_intercept(matrices.rhs)
    left = str(matrices.model_spec.lhs.formula).strip("`")
    y = _labels(formula, left, matrices.lhs, frame)
    if new is None:
        return X, y
    with warnings.catch_warnings():
        warnings.simplefilter("error", formulaic.errors.DataMismatchWarning)
        try:
            rows = matrices.model_spec.rhs.get_model_matrix(new, na_action="raise")
        except (formulaic.errors.FormulaicError, Warning, TypeError, ValueError) as error:
            raise ValueError(
                f"The package formulaic reports for new: {_line(error)}. Expected the columns of "
                "frame, without missing values and without categories that frame lacks. Remove "
                "rows with missing values by new.dropna()."
            ) from error
    return X, y, _without_intercept(rows)


def _matrices(formulaic: Any, formula: str, frame: TableLike) -> Any:
    """Return the matrices of both sides of a formula."""
    if isinstance(formula, str) and re.search(r"\bI\([^()]*\^", formula):
        raise ValueError(
            f"In the formula {formula!r}, ^ inside of I() is Python's exclusive or. Expected ** "
            "for a power. Use for example I(age ** 2)."
        )
    if not hasattr(frame, "columns"):
        raise TypeError(
            f"Got a {type(frame).__name__}. Expected a pandas.DataFrame with the columns of the "
            "formula. Pass pandas.DataFrame(data)."
        )
    try:
        matrices = formulaic.model_matrix(formula, frame, na_action="raise")
    except formulaic.errors.FormulaicError as error:
        names = ", ".join(map(str, list(frame.columns)[:_MAX_NAMES]))
        more = ", …" if len(frame.columns) > _MAX_NAMES else ""
        raise ValueError(
            f"The package formulaic reports for {formula!r}: {_line(error)}. Expected a formula of "
            f"columns of the frame: {names}{more}. Write for example 'y ~ x1 + C(x2)', with C(x) "
            "for R's factor(x)."
        ) from error
    except ValueError as error:
        raise ValueError(
            f"The package formulaic reports for {formula!r}: {_line(error)}. Expected columns "
            "without missing values. Remove rows with missing values by frame.dropna()."
        ) from error
    except TypeError as error:
        raise ValueError(
            f"The package formulaic cannot compute the terms of {formula!r}: {_line(error)}. "
            "Expected columns of numbers or text. Use for dates the time since the first: "
            "(dates - dates.min()) / np.timedelta64(1, 'D')."
        ) from error
    if not hasattr(matrices, "lhs"):
        raise ValueError(
            f"The formula {formula!r} has no left side. Expected a label, for example "
            f"'y ~ {formula.lstrip(' ~')}'."
        )
    for side, part in (("left", matrices.lhs), ("right", matrices.rhs)):
        if isinstance(part, tuple):
            raise ValueError(
                f"The {side} side of {formula!r} has {len(part)} parts, which | separates. "
                "Expected one part. Join its terms by +, for example 'y ~ a + g'."
            )
    return matrices


def _line(error: BaseException) -> str:
    """Return the first line of a message of formulaic, without its full stop."""
    return str(error).partition("\n")[0].rstrip(".")


def _require_intercept(formula: str, names: list[str], fit_intercept: bool) -> None:
    """Raise ``ValueError`` if only one of the formula and the neuron has an intercept."""
    if (_INTERCEPT in names) != fit_intercept:
        has, change = ("no", "remove '- 1'") if fit_intercept else ("an", "add '- 1'")
        raise ValueError(
            f"The formula {formula!r} has {has} intercept, and fit_intercept={fit_intercept!r}. "
            f"Expected both or none. Either {change}, or pass fit_intercept={not fit_intercept!r} "
            "to from_formula and to NeuronClassifier."
        )


def _without_intercept(matrix: Any) -> Any:
    """Return a plain data frame of float64 without the column of ones."""
    import pandas

    plain = pandas.DataFrame(matrix)
    check_numbers(plain, "X")
    return plain.drop(columns=[_INTERCEPT], errors="ignore").astype(np.float64)


def _labels(formula: str, left: str, matrix: Any, table: Any) -> Any:
    """Return the labels: a column of the table, or the value of an expression."""
    import pandas

    if left in table.columns:
        return table[left]
    plain = pandas.DataFrame(matrix)
    if plain.shape[1] != 1:
        raise ValueError(
            f"The left side of {formula!r} has {plain.shape[1]} columns. Expected one label per "
            "row. Add a column of labels to the data frame, and write its name."
        )
    return plain.iloc[:, 0].rename(left)
