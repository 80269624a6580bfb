"""Standard error types: the kind of covariance, clusters, and corrections for small samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import column_or_1d

from skneuron._common import AnyArray, one_of, wrong_value
from skneuron.inference._few_clusters import POWERS
from skneuron.inference._observations import Observations
from skneuron.validation import check_labels, check_unmasked, is_missing

__all__ = ["Correction", "ErrorType", "Kind"]

Kind = Literal["expected", "observed", "robust", "robust-expected"]
Correction = Literal["groups", "HC1", "HC2", "HC3"] | None


@dataclass(frozen=True)
class ErrorType:
    """A checked standard error type.

    Attributes
    ----------
    kind : str
    groups : ndarray of int of shape (n_samples,) or None
        Number of the cluster of each row, from 0.
    correction : {"groups", "HC1", "HC2", "HC3"} or None
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
            robust kind, if a correction does not apply, or if there are fewer than two clusters.
        """
        if kind not in get_args(Kind):
            raise ValueError(wrong_value("kind", kind, one_of(get_args(Kind)), "kind='robust'"))
        if correction not in ("groups", "HC1", *POWERS, None):
            expected = "None, 'groups', 'HC1', 'HC2' or 'HC3'"
            raise ValueError(wrong_value("correction", correction, expected, "correction='HC1'"))
        given = "correction" if groups is None else "groups"
        if (groups is not None or correction) and not kind.startswith("robust"):
            raise ValueError(
                f"{given} changes robust standard errors only, and kind={kind!r} has none. "
                "Expected kind='robust' or kind='robust-expected'. Pass kind='robust'."
            )
        if groups is None and correction in POWERS:
            raise ValueError(
                f"Got correction={correction!r} for clusters, and no groups. Expected "
                "the cluster of each row. Pass groups=np.arange(len(y)) for independent rows."
            )
        if correction in POWERS and observations.is_layer:
            raise ValueError(
                f"Got correction={correction!r} for two classes, and the neuron has "
                f"{observations.n_classes}. Expected None, 'groups' or 'HC1'. Use correction='HC1'."
            )
        if groups is None:
            return cls(kind, correction=correction)
        codes = _codes(groups, len(observations.y))
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
        if self.correction is None or self.correction in POWERS:
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


def _codes(groups: ArrayLike, n: int) -> AnyArray:
    """Return the number of the cluster of each row."""
    if isinstance(groups, str):
        raise ValueError(
            f"Got groups={groups!r}. Expected the cluster of each row of X. Pass a column of "
            f"labels, for example groups=data[{groups!r}]."
        )
    if np.ndim(groups) != 1 and np.shape(groups) != (n, 1):
        raise ValueError(
            f"groups has shape {np.shape(groups)}. Expected ({n},), the cluster of each row of X. "
            "Pass one column of labels."
        )
    check_unmasked(groups, "groups")
    # NumPy turns a list such as [1, "a"] into strings.
    is_list = not hasattr(groups, "dtype") and not isinstance(groups, np.ndarray)
    given = np.array(groups, dtype=object) if is_list else groups
    labels = column_or_1d(given)
    if len(labels) != n:
        raise ValueError(
            f"groups has {len(labels)} labels. Expected {n}, the cluster of each row of X."
        )
    is_object = labels.dtype == object
    missing = np.array([is_missing(label) for label in labels]) if is_object else labels != labels
    if missing.any():
        raise ValueError(
            f"groups has no label in row {int(np.argmax(missing))}. Expected the cluster of each "
            "row. Give each row of an unknown cluster a cluster of its own."
        )
    if is_object:
        check_labels(labels.tolist(), "groups")
    return np.asarray(np.unique(labels, return_inverse=True)[1])
