"""Approximate leave-one-out: the scores of all samples from the leverages of one fit per C."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from skneuron._common import AnyArray, FloatArray, wrong_value
from skneuron.classifier import NeuronClassifier
from skneuron.fitting._callbacks import FoldTasks
from skneuron.fitting._one_left_out import OneLeftOut
from skneuron.fitting._result import FitResult
from skneuron.fitting._solve_path import solve_path
from skneuron.fitting._subproblems import subproblems
from skneuron.fitting._train import Columns
from skneuron.paths._fits import FitWarning, warnings_of
from skneuron.paths._folds import FoldResult
from skneuron.validation import Settings, TrainingData

__all__ = [
    "LeaveOneOut",
    "LeverageWarning",
    "check_leave_one_out",
    "is_leave_one_out",
    "leave_one_out",
]

# Largest leverage without a warning. The curvature without a sample of a larger leverage is less
# than a fifth of the curvature with the sample, and one Newton step is then a poor step.
_MAX_LEVERAGE = 0.8

# Largest estimated error without a warning, in standard errors of the mean score.
_MAX_ERROR = 0.15

# Estimated error, in standard errors, from which on its digits have no meaning.
_LARGE_ERROR = 10.0

# Largest number of parameters: the matrices then take 100 MB.
_MAX_PARAMS = 2000


class LeverageWarning(UserWarning):
    """The scores of ``cv="loo"`` may be off by more than 0.2 standard errors of their mean.

    Examples
    --------
    >>> import warnings
    >>> from skneuron import NeuronClassifierCV
    >>> from skneuron.paths import LeverageWarning
    >>> X, y = [[0.0], [1.0], [2.0], [3.0], [4.0], [50.0]], [0, 1, 0, 1, 0, 1]
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     search = NeuronClassifierCV(Cs=[100.0], cv="loo").fit(X, y)
    >>> caught[0].category.__name__
    'LeverageWarning'
    """


@dataclass(frozen=True)
class LeaveOneOut:
    """Scores of all samples, each by a fit without this sample.

    Attributes
    ----------
    fits : FoldResult
        Of all samples, with their mean scores.
    scores : ndarray of shape (n_samples, n_l1_ratios, n_cs)
    max_leverages : ndarray of shape (n_l1_ratios, n_cs)
    """

    fits: FoldResult
    scores: FloatArray
    max_leverages: FloatArray


def _warning(leverage: float, error: float) -> LeverageWarning | None:
    """Return a warning if the scores of a fit may be far off."""
    if leverage <= _MAX_LEVERAGE and error <= _MAX_ERROR:
        return None
    by = f"about {error:.2g}" if error < _LARGE_ERROR else "many"
    return LeverageWarning(
        f"The largest leverage is {leverage:.2f}, and the mean leave-one-out score is off by {by} "
        f"standard errors. Expected at most {_MAX_LEVERAGE}, and at most {_MAX_ERROR} standard "
        "errors. Use smaller Cs, or cv=LeaveOneOut() of sklearn.model_selection for exact scores."
    )


def is_leave_one_out(cv: object, owner: str) -> bool:
    """Return whether ``cv`` is "loo", and raise ``ValueError`` for any other string."""
    if isinstance(cv, str) and cv != "loo":
        expected = "a number of folds, a splitter, pairs of training and held-out rows, or 'loo'"
        raise ValueError(wrong_value("cv", cv, expected, "cv='loo'", owner))
    return isinstance(cv, str)


def check_leave_one_out(
    neuron: NeuronClassifier,
    data: TrainingData,
    settings: list[Settings],
    *,
    plain: bool,
) -> None:
    """Raise ``ValueError`` if the leverages of one fit do not give leave-one-out scores.

    Parameters
    ----------
    neuron : NeuronClassifier
    data : TrainingData
    settings : list of Settings
    plain : bool
        Whether there is neither a scorer, nor groups, nor ``refit=False``.
    """
    first = settings[0]
    found = ""
    if not plain:
        found = "a scorer, groups or refit=False"
    elif first.loss != "log_loss" or not first.activation.convex_nll:
        found = f"activation={neuron.activation!r} with loss={first.loss!r}"
    elif any(one.l1_ratio > 0 for one in settings) or data.low is not None:
        found = "an L1 penalty or bounds"
    elif isinstance(neuron.class_weight, str):
        found = "class_weight='balanced', which differs between the fits"
    elif data.is_layer:
        found = f"{len(data.classes)} classes"
    elif data.X.shape[1] >= _MAX_PARAMS:
        found = f"{data.X.shape[1]} features"
    if found:
        raise ValueError(
            f"NeuronClassifierCV got cv='loo' with {found}. Expected the log loss of two classes "
            "with a convex activation, a ridge penalty, fewer than 2000 features and scoring=None. "
            "Use cv=LeaveOneOut() of sklearn.model_selection, or cv=5."
        )
    counts = np.bincount(data.y, minlength=2)
    if counts.min() < 2:
        label = data.classes[[np.argmin(counts)]].tolist()[0]
        raise ValueError(
            f"NeuronClassifierCV got cv='loo' and the class {label!r} with {counts.min()} "
            "sample(s) of positive weight. Expected at least two, because each fit needs both "
            "classes. Drop the class, or collect more of its samples."
        )


def leave_one_out(
    data: TrainingData,
    settings: list[Settings],
    Cs: FloatArray,
    columns: Columns,
    names: AnyArray | None,
    weights: FloatArray,
    tasks: FoldTasks,
) -> LeaveOneOut:
    """Return the scores of all samples without themselves, from one fit per C.

    Parameters
    ----------
    data : TrainingData
    settings : list of Settings
        One per ``l1_ratio``.
    Cs : ndarray of shape (n_cs,)
    columns : (DesignMatrix, Moments)
    names : ndarray of str of shape (n_features,) or None
    weights : ndarray of shape (n_samples,)
        Sample weights, without class weights.
    tasks : FoldTasks
    """
    tasks.begin()
    shape = len(settings), len(Cs)
    scores = np.empty((len(data.y), *shape))
    leverages = np.empty(shape)
    results: dict[tuple[int, ...], FitResult] = {}
    notes: list[FitWarning] = []
    for i, one in enumerate(settings):
        for j, result in solve_path(data, one, Cs, columns):
            results[i, j] = result
            at_C = replace(one, C=float(Cs[j]))
            parts = subproblems(data, at_C, *columns, center_offset=one.fit_intercept)
            fit = OneLeftOut(next(parts), result)
            scores[:, i, j] = fit.scores
            leverages[i, j] = fit.leverage.max()
            name = f"C={Cs[j]:.6g}"
            notes += warnings_of(name, data, result, one, names)
            poor = _warning(leverages[i, j], fit.error(weights))
            notes += [] if poor is None else [(name, poor)]
            tasks.fit_ended(name)
    tasks.end()
    ordered = [results[at] for at in np.ndindex(shape)]
    coefs = np.stack([result.coef for result in ordered])
    fits = FoldResult(
        scores=np.average(scores, axis=0, weights=weights),
        gaps=np.array([result.gap for result in ordered]).reshape(shape),
        n_iter=np.array([result.n_iter.max() for result in ordered]).reshape(shape),
        coefs=coefs.reshape(*shape, *coefs.shape[1:]),
        intercepts=np.stack([result.intercept for result in ordered]).reshape(*shape, -1),
        warnings=notes,
    )
    return LeaveOneOut(fits, scores, leverages)
