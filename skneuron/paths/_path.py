"""The coefficients of a neuron along one regularisation path."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from skneuron._common import AnyArray, FloatArray, MatrixLike, is_dask, not_a_neuron
from skneuron.classifier import NeuronClassifier
from skneuron.fitting._fit import NumpyErrorsRestored
from skneuron.fitting._solve_path import solve_path
from skneuron.fitting._spread import check_spread_labels, check_spread_settings
from skneuron.fitting._spread_parts import SpreadPart, whole_part
from skneuron.fitting._train import columns_of
from skneuron.paths._fits import data_of, first_of_each_kind, warnings_of
from skneuron.paths._grid import check_Cs, data_grid
from skneuron.validation import Samples, check_parameters, check_samples

__all__ = ["NeuronPath", "neuron_path"]


@dataclass(frozen=True)
class NeuronPath:
    """Coefficients for several values of ``C``.

    Attributes
    ----------
    Cs : ndarray of shape (n_cs,)
    coefs : ndarray of shape (n_cs, n_neurons, n_features)
        One neuron for two classes, and one neuron per class otherwise.
    intercepts : ndarray of shape (n_cs, n_neurons)
    gaps : ndarray of shape (n_cs,)
        Relative gap of each fit, see ``gap_`` of :class:`skneuron.NeuronClassifier`.
    n_iter : ndarray of int of shape (n_cs,)
        Iterations of each fit.
    classes : ndarray of shape (n_classes,)
    """

    Cs: FloatArray
    coefs: AnyArray
    intercepts: AnyArray
    gaps: FloatArray
    n_iter: AnyArray
    classes: AnyArray


def neuron_path(
    X: MatrixLike,
    y: ArrayLike,
    Cs: int | ArrayLike = 10,
    *,
    neuron: NeuronClassifier | None = None,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
) -> NeuronPath:
    """Return the coefficients of a neuron for several values of ``C``.

    Each fit starts from the coefficients of the next stronger penalty. The coefficients equal
    the results of separate fits of ``NeuronClassifier``.

    Parameters
    ----------
    X : array-like, CSR/CSC matrix, or Dask array or data frame of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    Cs : int or array-like of shape (n_cs,), default=10
        Values of ``C``. An integer is the number of values on a grid in the units of the data.
        With an L1 penalty the grid starts where the first coefficient enters.
    neuron : NeuronClassifier or None, default=None
        Holds all other parameters, such as ``l1_ratio``. The function does not change it.
        ``early_stopping`` must be False, and ``C`` and ``warm_start`` have no effect.
    sample_weight : array-like of shape (n_samples,), default=None
    offset : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
        Added to each pre-activation.

    Returns
    -------
    NeuronPath

    Raises
    ------
    TypeError
        If ``neuron`` is not a ``NeuronClassifier``.
    ValueError
        If a parameter, X, y or the sample weights are not valid.

    Warns
    -----
    ConvergenceWarning, SeparationWarning, AbsentClassWarning
        Once for the whole path, with the first fit that has the problem.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.paths import neuron_path
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> path = neuron_path(X, y, [0.001, 0.01, 0.1], neuron=NeuronClassifier(l1_ratio=1.0))
    >>> (path.coefs != 0).sum(axis=(1, 2)).tolist()
    [2, 5, 6]
    """
    neuron = NeuronClassifier() if neuron is None else neuron
    if not isinstance(neuron, NeuronClassifier):
        raise TypeError(not_a_neuron(neuron))
    # The checks set column attributes, on an estimator of this function's own.
    own = NeuronClassifier(**neuron.get_params(deep=False))
    Cs = check_Cs(Cs, "neuron_path")
    settings = check_parameters(vars(own))
    if settings.patience is not None:
        raise ValueError(
            "The neuron has early_stopping=True. Expected early_stopping=False, "
            "because each fit of a path goes on to its minimum. Use neuron.set_params("
            "early_stopping=False)."
        )
    if settings.bias_reduction is not None:
        raise ValueError(
            "The neuron has bias_reduction='mean'. Expected bias_reduction=None, because a path "
            "has penalties and the adjusted score has none. Use neuron.set_params("
            "bias_reduction=None)."
        )
    with NumpyErrorsRestored():
        given = own, X, y, sample_weight, offset
        if is_dask(X) or is_dask(y):
            check_spread_settings(settings)
            samples: Samples | SpreadPart = whole_part(check_spread_labels(*given))
        else:
            samples = check_samples(*given)
        names = getattr(own, "feature_names_in_", None)
        data = data_of(own, samples, names)
        columns = columns_of(data, settings.fit_intercept)
        values = data_grid(Cs, data, [settings], columns) if isinstance(Cs, int) else Cs
        found = dict(solve_path(data, settings, values, columns))
    results = [found[index] for index in range(len(values))]
    notes = [
        note
        for C, result in zip(values, results, strict=True)
        for note in warnings_of(f"At C={C:.6g}", data, result, settings, names)
    ]
    for _, fit, first in first_of_each_kind(notes):
        warnings.warn(type(first)(f"{fit}: {first}"), stacklevel=2)
    return NeuronPath(
        Cs=values,
        coefs=np.stack([result.coef for result in results]),
        intercepts=np.stack([result.intercept for result in results]),
        gaps=np.array([result.gap for result in results]),
        n_iter=np.array([result.n_iter.max() for result in results]),
        classes=data.classes,
    )
