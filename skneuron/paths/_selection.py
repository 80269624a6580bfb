"""The choice of ``C`` and ``l1_ratio`` from the scores of the folds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from skneuron._common import AnyArray, FloatArray, wrong_value

__all__ = ["Choice", "best_of_fold", "check_selection", "choose"]

_SELECTIONS = ("best", "one_se")


def check_selection(selection: object, refit: object, owner: str) -> None:
    """Raise ``ValueError`` if a parameter of the choice is not valid, or both together."""
    if not isinstance(refit, bool | np.bool_):
        raise ValueError(wrong_value("refit", refit, "True or False", "refit=True", owner))
    if selection not in _SELECTIONS:
        expected, example = "'best' or 'one_se'", "selection='one_se'"
        raise ValueError(wrong_value("selection", selection, expected, example, owner))
    if selection == "one_se" and not refit:
        raise ValueError(
            f"{owner} got selection='one_se' with refit=False, and a single fold has no standard "
            "error. Expected refit=True. Use for example NeuronClassifierCV(selection='one_se')."
        )


class Choice(NamedTuple):
    """Means and standard errors of the scores, and indices of the choices.

    Attributes
    ----------
    mean, standard_error : ndarray of shape (n_l1_ratios, n_cs)
    best, one_se : (int, int)
        Index of the l1_ratio and of the C.
    """

    mean: FloatArray
    standard_error: FloatArray
    best: tuple[int, int]
    one_se: tuple[int, int]


def choose(scores: FloatArray, weights: FloatArray, Cs: FloatArray) -> Choice:
    """Return the best mean score, and the strongest penalty within one standard error of it.

    R's ``cv.glmnet`` has the same formulas: means over the folds are weighted by the
    held-out sample weight, and the standard error is the root of the weighted variance of the
    folds divided by their number less one.

    Parameters
    ----------
    scores : ndarray of shape (n_folds, n_l1_ratios, n_cs)
    weights : ndarray of shape (n_folds,)
    Cs : ndarray of shape (n_cs,)

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.paths._selection import choose
    >>> scores = np.array([[[0.7, 0.9, 0.8]], [[0.8, 0.8, 0.9]]])
    >>> choice = choose(scores, np.ones(2), np.array([1.0, 2.0, 3.0]))
    >>> choice.best, choice.standard_error.round(3).tolist()
    ((0, 1), [[0.05, 0.05, 0.05]])
    """
    mean = np.average(scores, axis=0, weights=weights)
    n_folds = len(scores)
    variance = np.average((scores - mean) ** 2, axis=0, weights=weights)
    # One fold has no variance.
    error = np.sqrt(variance / (n_folds - 1)) if n_folds > 1 else np.full(mean.shape, np.nan)
    ratio, best = best_of_fold(mean, Cs)
    bound = mean[ratio, best] - (error[ratio, best] if n_folds > 1 else 0.0)
    within = np.flatnonzero((mean[ratio] >= bound) & (Cs <= Cs[best]))
    one_se = int(within[np.argmin(Cs[within])])
    return Choice(mean, error, (ratio, best), (ratio, one_se))


def best_of_fold(scores: AnyArray, Cs: FloatArray) -> tuple[int, int]:
    """Return the index of the highest score of (n_l1_ratios, n_cs): of equals the smallest C."""
    order = np.argsort(Cs, kind="stable")
    position, ratio = np.unravel_index(np.argmax(scores[:, order].T), scores.T.shape)
    return int(ratio), int(order[position])
