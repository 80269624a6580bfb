"""Pickles that carry the version of skneuron, in the form of scikit-learn's."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from skneuron import __version__
from skneuron.fitting._warnings import VersionWarning

__all__ = ["VersionedMixin"]

# Stands in a pickle only, never among the attributes of an estimator.
_KEY = "_skneuron_version"


class VersionedMixin:
    """Adds the version to the state of an estimator, and compares it when the state comes back."""

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()  # type: ignore[assignment]
        return {**state, _KEY: __version__}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        state = dict(state)
        original = state.pop(_KEY, None)
        if original != __version__:
            name = type(self).__name__
            warnings.warn(
                VersionWarning(name, current=__version__, original=original), stacklevel=2
            )
        super().__setstate__(state)  # type: ignore[misc]
