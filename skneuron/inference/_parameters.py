"""Estimates, their covariance, and a note on each parameter without a variance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skneuron._common import AnyArray, FloatArray

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

    def complete(self, name: str) -> Estimates:
        """Return estimates with a covariance of 0 for fixed coefficients.

        Raises
        ------
        ValueError
            If another coefficient has no standard error. ``name`` names the caller.
        """
        is_fixed = np.array([str(note).startswith("fixed") for note in self.notes], dtype=bool)
        without = (self.notes != "") & ~is_fixed
        if without.any():
            k = int(np.flatnonzero(without)[0])
            raise ValueError(
                f"The coefficient of {self.names[k]!r} has no standard error: {self.notes[k]}. "
                f"{name} expected standard errors of all coefficients. Leave out this feature, "
                "or features that separate the classes."
            )
        covariance = np.where(np.isnan(self.covariance), 0.0, self.covariance)
        return replace(self, covariance=covariance)
