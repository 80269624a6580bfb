"""A copy of an estimator for a fit, and its take-over in one assignment."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Generic, TypeVar

__all__ = ["Draft"]

# Placeholder for an attribute that an object does not have.
_MISSING = object()

E_co = TypeVar("E_co", covariant=True)


class Draft(Generic[E_co]):
    """A copy of an estimator that a fit changes. The estimator takes the changes over at the end.

    Parameters
    ----------
    estimator : object

    Attributes
    ----------
    estimator : object
        The estimator, unchanged until :meth:`take_over`.
    copy : object
        The copy.

    Examples
    --------
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.fitting._draft import Draft
    >>> neuron = NeuronClassifier()
    >>> draft = Draft(neuron)
    >>> draft.copy.n_iter_ = 3
    >>> hasattr(neuron, "n_iter_")
    False
    >>> draft.take_over()
    >>> neuron.n_iter_
    3
    """

    def __init__(self, estimator: E_co) -> None:
        self.estimator = estimator
        self._before = dict(vars(estimator))
        self.copy = copy.copy(estimator)

    def attributes(self, more: Mapping[str, object] | None = None) -> dict[str, object]:
        """Return the attributes of the estimator with all changes of the copy.

        Attributes that other code has set on the estimator meanwhile stay, such as the attributes
        of scikit-learn's callbacks.

        Parameters
        ----------
        more : dict or None
            Further changes.
        """
        after = vars(self.copy) | dict(more or {})
        gone = self._before.keys() - after.keys()
        changed = {
            name: value
            for name, value in after.items()
            if self._before.get(name, _MISSING) is not value
        }
        kept = {name: value for name, value in vars(self.estimator).items() if name not in gone}
        return kept | changed

    def take_over(self) -> None:
        """Make the changes on the estimator, all at once.

        An interrupt waits until the changes are made, which takes microseconds.
        """
        try:
            after = self.attributes()
        except KeyboardInterrupt:
            self.estimator.__dict__ = self.attributes()
            raise
        self.estimator.__dict__ = after
