"""The warning about separated classes."""

from __future__ import annotations

from collections.abc import Sequence

from sklearn.exceptions import ConvergenceWarning

from skneuron._common import AnyArray
from skneuron.separation._detect import Separation

__all__ = ["SeparationWarning", "explain"]

# Maximum number of names in the text, which then has the number of further names.
_MAX_NAMES = 5


class SeparationWarning(ConvergenceWarning):
    """A hyperplane separates the classes, and the likelihood has no finite maximum.

    Examples
    --------
    >>> import warnings
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.separation import SeparationWarning
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     neuron = NeuronClassifier(C=float("inf")).fit([[1.0], [2.0], [3.0]], [0, 0, 1])
    >>> caught[0].category.__name__, neuron.converged_
    ('SeparationWarning', False)
    """


def explain(
    found: Sequence[tuple[int | None, Separation]],
    classes: AnyArray,
    names: AnyArray | None,
    *,
    stopped: bool,
    penalty_factor: bool = False,
) -> str:
    """Return the text of the warning.

    Parameters
    ----------
    found : sequence of (int or None, Separation)
        Number of the class that is separated from the rest. None for one of two or for all.
        Features are column numbers.
    classes : ndarray of shape (n_classes,)
    names : ndarray of shape (n_features,) or None
        Names of the columns.
    stopped : bool
        Whether the fit was stopped, or a penalty has kept the coefficients finite.
    penalty_factor : bool, default=False
        Whether features have different penalties. Only those without a penalty separate.
    """
    of_class, separation = found[0]
    separated = "the classes" if of_class is None else f"class {classes[[of_class]].tolist()[0]!r}"
    if len(found) > 1:
        separated += f" (and {len(found) - 1} more)"
    if of_class is not None:
        separated += " from the rest"
    end = (
        "The fit was stopped, and its coefficients are no maximum likelihood estimates"
        if stopped
        else "Only the penalty, which is very weak, keeps them finite"
    )
    if penalty_factor:
        remedy, subset = "Use a positive penalty_factor for these features", " without a penalty"
    else:
        remedy, subset = "Use a penalty such as C=1.0", ""
        if stopped and len(classes) == 2:
            remedy += " or bias_reduction='mean' for finite estimates with intervals"
    return (
        f"A hyperplane separates {separated} ({separation.kind} separation), so the likelihood has "
        f"no finite maximum, and {_listed(separation, names)} without end{subset}. {end}. "
        f"{remedy}, leave out or merge features, or look at "
        "print(skneuron.separation.detect_separation(X, y))."
    )


def _listed(separation: Separation, names: AnyArray | None) -> str:
    """Return the text that names the growing coefficients."""
    columns = [int(column) for column in separation.features]
    if not columns:
        return "the intercept grows"
    shown = columns if names is None else names[columns]
    listed = ", ".join(str(name) for name in shown[:_MAX_NAMES])
    if len(columns) > _MAX_NAMES:
        listed += f" and {len(columns) - _MAX_NAMES} more"
    unnamed = "" if names is not None else "column " if len(columns) == 1 else "columns "
    noun, verb = ("coefficient", "grows") if len(columns) == 1 else ("coefficients", "grow")
    return f"the {noun} of {unnamed}{listed} {verb}"
