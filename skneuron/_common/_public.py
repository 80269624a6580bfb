"""The public path of public names."""

from __future__ import annotations

from types import FunctionType
from typing import Any

__all__ = ["set_public_module"]


def set_public_module(namespace: dict[str, Any]) -> None:
    """Set ``__module__`` of the classes and functions that a package exports to the package.

    A package calls this function once, after ``__all__``. Pickles, tracebacks and the security
    lists of other tools (skops) then name the public path. Private modules can move without
    breaking a stored model.

    Parameters
    ----------
    namespace : dict
        ``globals()`` of the package, with ``__name__`` and ``__all__``.

    Examples
    --------
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.activations import Sigmoid
    >>> Sigmoid.__module__, NeuronClassifier.__module__
    ('skneuron.activations', 'skneuron')
    """
    package = namespace["__name__"]
    for name in namespace["__all__"]:
        # A name that the package defines after this call has the right path already.
        member = namespace.get(name)
        # A name that comes from another package keeps its own path.
        if isinstance(member, type | FunctionType) and member.__module__.startswith(f"{package}."):
            member.__module__ = package
