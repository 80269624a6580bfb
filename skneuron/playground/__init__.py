"""A page on which you move the coefficients of a neuron by hand (extra ``playground``)."""

from __future__ import annotations

try:
    import altair  # noqa: F401
    import vl_convert  # noqa: F401
except ImportError as error:
    raise ImportError(
        "skneuron.playground needs Altair and vl-convert, which are not installed. "
        "Type: python -m pip install altair vl-convert-python"
    ) from error

from skneuron._common import set_public_module
from skneuron.playground._playground import Playground, playground

__all__ = ["Playground", "playground"]

set_public_module(globals())
