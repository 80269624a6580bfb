"""Estimates, their covariance, and a note on each parameter without a variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skneuron._typing import AnyArray, FloatArray

__all__ = ["Estimates"]


@dataclass(frozen=True)
class Estimates:
    """One per feature and, if there is one, the intercept last.

    Attributes
    ----------
    names : list of str or of (class, str)
        Names of features. With more than two classes, a class and a name.
    values : ndarray of shape (p,)
    covariance : ndarray of shape (p, p)
    notes : ndarray of str of shape (p,)
        Reason that a parameter has no variance. Empty for the others. Its row and column of the
        covariance are NaN. Its value is NaN if the data do not determine it.
    n_parameters : int
        Number of parameters that the data determine.
    """

    names: list[Any]
    values: FloatArray
    covariance: FloatArray
    notes: AnyArray
    n_parameters: int

    @property
    def known(self) -> AnyArray:
        """Indices of the parameters with a variance."""
        return np.flatnonzero(self.notes == "")

    @property
    def errors(self) -> FloatArray:
        """Standard errors."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))
