"""A copy on which an estimator learns, and its take-over in one assignment."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

__all__ = ["Draft"]

# Stands for an attribute that an object does not have.
_NONE = object()


class Draft:
    """A copy of an estimator that a fit may change, and the way back.

    Parameters
    ----------
    estimator : object

    Attributes
    ----------
    estimator : object
        The estimator, as it is until :meth:`take_over`.
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

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator
        self._before = dict(vars(estimator))
        self.copy = copy.copy(estimator)

    def attributes(self, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the attributes of the estimator with all changes that the copy has seen.

        Attributes that others have set on the estimator meanwhile stay, such as those of
        scikit-learn's callbacks.

        Parameters
        ----------
        more : dict or None
            Changes that are still to come.
        """
        after = vars(self.copy) | dict(more or {})
        gone = self._before.keys() - after.keys()
        changed = {
            name: value
            for name, value in after.items()
            if self._before.get(name, _NONE) is not value
        }
        kept = {name: value for name, value in vars(self.estimator).items() if name not in gone}
        return kept | changed

    def take_over(self) -> None:
        """Make the changes on the estimator, all at once.

        An interrupt waits: the changes are complete, and gathering them takes no time.
        """
        try:
            after = self.attributes()
        except KeyboardInterrupt:
            self.estimator.__dict__ = self.attributes()
            raise
        self.estimator.__dict__ = after
