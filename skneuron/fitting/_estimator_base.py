"""The conventions of scikit-learn that all estimators of skneuron share."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Self

from sklearn.base import BaseEstimator
from sklearn.utils import Tags

from skneuron import __version__
from skneuron.fitting._warnings import VersionWarning
from skneuron.validation import check_known

__all__ = ["EstimatorBase"]

# Key of the version in a pickle. It never becomes an attribute of an estimator.
_KEY = "_skneuron_version"


class EstimatorBase(BaseEstimator):  # type: ignore[misc]
    """An estimator for dense and sparse X, with checked parameter names.

    Its pickles carry the version of skneuron, in the form of scikit-learn's.
    """

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name, as scikit-learn's ``BaseEstimator`` does.

        Raises
        ------
        ValueError
            If there is no such parameter. For a parameter of ``LogisticRegression`` the message
            says what to write instead.
        """
        check_known(self, params)
        super().set_params(**params)
        return self

    def __getstate__(self) -> dict[str, object]:
        return {**super().__getstate__(), _KEY: __version__}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        state = dict(state)
        original = state.pop(_KEY, None)
        if original != __version__:
            name = type(self).__name__
            warning = VersionWarning(name, current=__version__, original=original)
            warnings.warn(warning, stacklevel=2)
        super().__setstate__(state)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
