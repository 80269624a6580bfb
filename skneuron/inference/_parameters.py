"""Estimates, their covariance, and a note on each parameter without a variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.inference._passes import Coordinates

__all__ = ["Estimates", "lengths"]


@dataclass(frozen=True)
class Estimates:
    """One per feature and, if there is one, the intercept last.

    Attributes
    ----------
    names : list of str or of (class, str)
        Names of features. With more than two classes, a class and a name.
    values : ndarray of shape (p,)
        NaN for a parameter that the data do not determine.
    notes : ndarray of str of shape (p,)
        Reason that a parameter has no variance. Empty for the others.
    n_parameters : int
        Number of parameters that the data determine.
    coordinates : Coordinates
        Free columns, centered and scaled. For more than two classes, the same for each class.
    root : ndarray of shape (n_outputs * coordinates.size, r)
        The covariance of the parameters in these coordinates is ``root @ root.T``. A variance is
        then the squared length of a vector. A quadratic form of the covariance of w and b would
        lose the digits of columns with a large mean.
    """

    names: list[Any]
    values: FloatArray
    notes: AnyArray
    n_parameters: int
    coordinates: Coordinates
    root: FloatArray

    @property
    def known(self) -> AnyArray:
        """Indices of the parameters with a variance."""
        return np.flatnonzero(self.notes == "")

    @property
    def n_outputs(self) -> int:
        """Number of linear predictors: 1 for two classes, K - 1 for K classes."""
        return max(1, len(self.root) // max(1, self.coordinates.size))

    @property
    def errors(self) -> FloatArray:
        """Standard errors, NaN for a parameter without a variance."""
        out = np.full(len(self.names), np.nan)
        out[self.known] = lengths(self._by_parameter())
        return out

    @property
    def covariance(self) -> FloatArray:
        """Covariance of the parameters with a variance.

        Raises
        ------
        ValueError
            If a variance overflows or underflows float64.
        """
        rows = self._by_parameter()
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            out = rows @ rows.T
        variances = np.diag(out)
        is_wrong = ~np.isfinite(variances) | (variances < np.finfo(float).tiny)
        is_wrong &= lengths(rows) > 0
        if is_wrong.any():
            k = int(self.known[np.flatnonzero(is_wrong)[0]])
            error = float(self.errors[k])
            raise ValueError(
                f"The coefficient of {self.names[k]!r} has the standard error {error:.3g}, whose "
                "square is outside of float64. Expected columns with deviations between 1e-150 "
                f"and 1e150. Fit in other units, for example {'1e200' if error > 1 else '1e-200'} "
                "* X."
            )
        return np.asarray(out)

    def contrasts(self, rows: FloatArray) -> FloatArray:
        """Return vectors with the covariance of linear combinations as their products.

        Parameters
        ----------
        rows : ndarray of shape (q, p)
            Coefficients of the combinations, 0 for parameters without a variance.
        """
        columns, has_bias = self.coordinates.columns, self.coordinates.has_bias
        blocks = rows.reshape(len(rows), self.n_outputs, len(self.names) // self.n_outputs)
        out = np.zeros((len(rows), self.n_outputs, self.coordinates.size))
        mean = self.coordinates.mean * blocks[:, :, -1:] if has_bias else 0.0
        out[:, :, : len(columns)] = (blocks[:, :, columns] - mean) / self.coordinates.scale
        if has_bias:
            out[:, :, -1] = blocks[:, :, -1]
        return np.asarray(out.reshape(len(rows), len(self.root)) @ self.root)

    def require_distinct_names(self, name: str) -> None:
        """Raise ``ValueError`` if a feature is named as the intercept. ``name`` is the caller."""
        if len(set(self.names)) < len(self.names):
            raise ValueError(
                f"A feature and the intercept have the name 'intercept'. {name} expected distinct "
                "names. Fit to other names: X.rename(columns={'intercept': 'constant'})."
            )

    def complete(self, name: str) -> Estimates:
        """Return the estimates if only fixed coefficients have no variance.

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
        return self

    def _by_parameter(self) -> FloatArray:
        """Return a vector for each parameter with a variance, see :meth:`contrasts`."""
        return self.contrasts(np.eye(len(self.names))[self.known])


def lengths(rows: FloatArray) -> FloatArray:
    """Return the Euclidean length of each row, without overflow of the squares."""
    largest = np.abs(rows).max(axis=1, initial=0.0)
    unit = np.where(largest > 0, largest, 1.0)
    return np.asarray(unit * np.linalg.norm(rows / unit[:, None], axis=1))
