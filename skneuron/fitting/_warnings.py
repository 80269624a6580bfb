"""Warnings of skneuron that have no other home."""

from __future__ import annotations

from sklearn.exceptions import InconsistentVersionWarning

__all__ = ["AbsentClassWarning", "EarlyStoppingWarning", "VersionWarning"]


class AbsentClassWarning(UserWarning):
    """All samples of a class have zero weight, and the neuron never predicts the class.

    Bootstrap samples of a rare class are the usual reason.

    Examples
    --------
    >>> import warnings
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.fitting import AbsentClassWarning
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     neuron = NeuronClassifier().fit([[1.0], [2.0], [3.0]], [0, 0, 1], [1.0, 1.0, 0.0])
    >>> caught[0].category.__name__, neuron.predict([[9.0]]).tolist()
    ('AbsentClassWarning', [0])
    """


class EarlyStoppingWarning(UserWarning):
    """A class has too few samples to hold one out, and the fit has no early stopping.

    Examples
    --------
    >>> import warnings
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.fitting import EarlyStoppingWarning
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     neuron = NeuronClassifier(early_stopping=True).fit([[1.0], [2.0], [3.0]], [0, 0, 1])
    >>> caught[0].category.__name__, neuron.converged_
    ('EarlyStoppingWarning', True)
    """


class VersionWarning(InconsistentVersionWarning):  # type: ignore[misc]
    """Another version of skneuron has pickled the estimator that is loaded.

    Parameters
    ----------
    estimator_name : str
    current : str
        Version of skneuron that loads the estimator.
    original : str or None
        Version of skneuron that has pickled the estimator, None if the pickle has no version.

    Examples
    --------
    >>> from skneuron.fitting import VersionWarning
    >>> print(VersionWarning("NeuronClassifier", current="0.2.0", original="0.1.0"))
    NeuronClassifier was pickled with skneuron 0.1.0 and is loaded with skneuron 0.2.0. \
Expected the same version, as another one can give other results or errors. Fit the estimator \
again, or run: pip install skneuron==0.1.0
    """

    def __init__(self, estimator_name: str, *, current: str, original: str | None) -> None:
        # scikit-learn's names of the two versions, for programs that read them.
        super().__init__(
            estimator_name=estimator_name,
            current_sklearn_version=current,
            original_sklearn_version=original,
        )

    def __str__(self) -> str:
        original = self.original_sklearn_version
        past = f"skneuron {original}" if original else "an unknown version of skneuron"
        install = f", or run: pip install skneuron=={original}" if original else "."
        return (
            f"{self.estimator_name} was pickled with {past} and is loaded with skneuron "
            f"{self.current_sklearn_version}. Expected the same version, as another one can give "
            f"other results or errors. Fit the estimator again{install}"
        )
