"""Pickles that carry the version of skneuron, in the form of scikit-learn's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skneuron import __version__
from skneuron.fitting._warnings import VersionWarning

__all__ = ["add_version", "split_version"]

# Key of the version in a pickle. It never becomes an attribute of an estimator.
_KEY = "_skneuron_version"


def add_version(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state of an estimator with the version of skneuron."""
    return {**state, _KEY: __version__}


def split_version(
    state: Mapping[str, Any], name: str
) -> tuple[dict[str, Any], VersionWarning | None]:
    """Return the state without the version, and a warning if another version wrote it.

    Parameters
    ----------
    state : mapping
        From :func:`add_version`, or without a version.
    name : str
        Name of the estimator's class.
    """
    state = dict(state)
    original = state.pop(_KEY, None)
    if original == __version__:
        return state, None
    return state, VersionWarning(name, current=__version__, original=original)
