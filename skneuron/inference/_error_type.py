"""Standard error types: the kind of covariance, clusters, and corrections for small samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import column_or_1d

from skneuron._common import AnyArray, one_of, wrong_value
from skneuron.inference._observations import Observations

__all__ = ["Correction", "ErrorType", "Kind"]

Kind = Literal["expected", "observed", "robust", "robust-expected"]
Correction = Literal["groups", "HC1"] | None


@dataclass(frozen=True)
class ErrorType:
    """A checked standard error type.

    Attributes
    ----------
    kind : str
    groups : ndarray of int of shape (n_samples,) or None
        Number of the cluster of each row, from 0.
    correction : {"groups", "HC1"} or None
    """

    kind: Kind = "expected"
    groups: AnyArray | None = None
    correction: Correction = None

    @classmethod
    def of(
        cls,
        kind: Kind,
        observations: Observations,
        groups: ArrayLike | None = None,
        correction: Correction = None,
    ) -> ErrorType:
        """Check the arguments.

        Raises
        ------
        ValueError
            If an argument has an unknown value, if clusters or a correction come without a
            robust kind, or if there are fewer than two clusters.
        """
        if kind not in get_args(Kind):
            raise ValueError(wrong_value("kind", kind, one_of(get_args(Kind)), "kind='robust'"))
        if correction not in ("groups", "HC1", None):
            raise ValueError(
                wrong_value("correction", correction, "None, 'groups' or 'HC1'", "correction='HC1'")
            )
        given = "correction" if groups is None else "groups"
        if (groups is not None or correction) and not kind.startswith("robust"):
            raise ValueError(
                f"{given} changes robust standard errors only, and kind={kind!r} has none. "
                "Expected kind='robust' or kind='robust-expected'. Pass kind='robust'."
            )
        if groups is None:
            return cls(kind, correction=correction)
        labels = column_or_1d(groups)
        n = len(observations.y)
        if len(labels) != n:
            raise ValueError(
                f"groups has {len(labels)} labels. Expected {n}, the cluster of each row of X."
            )
        missing = labels != labels
        if labels.dtype == object:
            missing = missing | np.array([label is None for label in labels])
        if np.any(missing):
            row = int(np.flatnonzero(missing)[0])
            raise ValueError(
                f"groups has no label in row {row}. Expected the cluster of each row. "
                "Give each row of an unknown cluster a cluster of its own."
            )
        codes = np.unique(labels, return_inverse=True)[1]
        if len(np.unique(codes[observations.weights > 0])) < 2:
            raise ValueError(
                "groups has one cluster. Expected at least two, and 30 or more for standard "
                "errors that are close to correct. Leave out groups for independent rows."
            )
        return cls(kind, codes, correction)

    def factor(self, observations: Observations, n_parameters: int) -> float:
        """Return the factor of the covariance that corrects for a small sample.

        Rows without clusters are clusters of one observation.
        """
        if self.correction is None:
            return 1.0
        n_observations = g = observations.total_weight
        if self.groups is not None:
            g = float(len(np.unique(self.groups[observations.weights > 0])))
        for_parameters = n_observations - n_parameters
        if for_parameters <= 0 and self.correction == "HC1":
            raise ValueError(
                f"The correction 'HC1' divides by n - k, and n={n_observations:g} observations "
                f"have k={n_parameters} parameters. Expected more observations than parameters. "
                "Use correction='groups' or None."
            )
        if self.correction == "HC1":
            return g / (g - 1) * (n_observations - 1) / for_parameters
        return g / (g - 1)
