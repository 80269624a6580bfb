"""A transformer that turns columns of text into numbers, dates and categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skneuron._common import AnyArray
from skneuron.cli._dates import days
from skneuron.cli._errors import TableError, pandas
from skneuron.cli._kinds import LEFT_OUT, Column, classify, numbers_or_error

__all__ = ["ColumnParser"]


class ColumnParser(TransformerMixin, BaseEstimator):
    """Recognise and parse the columns of a data frame that was read as text.

    ``python -m skneuron FILE.csv --save MODEL`` writes a pipeline with a
    ``ColumnParser`` as its first step, so the pipeline takes new rows as they stand in a file.

    Parameters
    ----------
    keep : sequence of str, default=()
        Columns that are used although they are identifiers, indices or constants.
    drop : sequence of str, default=()
        Columns that are left out.
    decimal : str, default="."
        Decimal mark of numbers that are stored as text.
    thousands : str, optional
        Separator of thousands. By default a comma (a point if ``decimal=","``), a space or
        an apostrophe between groups of three digits is accepted.

    Attributes
    ----------
    kinds_ : dict
        For each column "number", "date", "text", "identifier", "index", "constant",
        "empty" or "dropped". The last five are left out.
    date_formats_ : dict
        For each column of dates its format.
    columns_ : dict
        For each column the findings that the report shows, with values of the data. A saved
        pipeline lacks them.
    feature_names_in_ : ndarray of str
    n_features_in_ : int

    Examples
    --------
    >>> import pandas as pd
    >>> from skneuron.cli import ColumnParser
    >>> frame = pd.DataFrame({"price": ["$1,000.00", "?"], "paid": ["2024-02-01", "2024-02-03"]})
    >>> ColumnParser().fit_transform(frame).values.tolist()
    [[1000.0, 19754.0], [nan, 19756.0]]
    """

    def __init__(
        self,
        *,
        keep: Sequence[str] = (),
        drop: Sequence[str] = (),
        decimal: str = ".",
        thousands: str | None = None,
    ) -> None:
        self.keep = keep
        self.drop = drop
        self.decimal = decimal
        self.thousands = thousands

    def fit(self, X: Any, y: Any = None) -> ColumnParser:
        """Recognise the kind of each column.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        ColumnParser

        Raises
        ------
        ValueError
            If a column of numbers has a word or an infinite number.
        """
        self.columns_ = {
            name: Column("dropped")
            if name in tuple(self.drop)
            else classify(
                X[name], name, self.decimal, self.thousands, keep=name in tuple(self.keep)
            )
            for name in X.columns
        }
        self.kinds_ = {name: column.kind for name, column in self.columns_.items()}
        self.date_formats_ = {
            name: column.date_format
            for name, column in self.columns_.items()
            if column.date_format is not None
        }
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)
        return self

    def transform(self, X: Any) -> Any:
        """Return numbers and dates as float64, and text as objects with None if missing.

        Parameters
        ----------
        X : DataFrame of shape (n_samples, n_features)
            Further columns are ignored.

        Returns
        -------
        DataFrame

        Raises
        ------
        ValueError
            If a column is missing, or if a column of numbers has a word or an infinite number.
        """
        check_is_fitted(self)
        pd = pandas()
        used = self.get_feature_names_out().tolist()
        missing = [name for name in used if name not in X.columns]
        if missing:
            raise TableError(
                f"The table has no column {', '.join(map(repr, missing[:5]))}. Expected the "
                f"columns of the table that the model was fitted on: {', '.join(used[:20])}."
            )
        return pd.DataFrame({name: self._parse(X[name], name) for name in used}, index=X.index)

    def get_feature_names_out(self, input_features: Any = None) -> AnyArray:
        """Return the names of the columns that are not left out.

        Parameters
        ----------
        input_features : ignored

        Returns
        -------
        ndarray of str
        """
        check_is_fitted(self)
        names = [name for name, kind in self.kinds_.items() if kind not in LEFT_OUT]
        return np.asarray(names, dtype=object)

    def _parse(self, cells: Any, name: str) -> Any:
        kind = self.kinds_[name]
        if kind == "number":
            return numbers_or_error(cells, name, self.decimal, self.thousands)
        if kind == "date":
            return days(cells, self.date_formats_[name])
        cells = cells.astype(object)
        return cells.where(cells.notna(), None)
