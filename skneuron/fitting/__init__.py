"""Fitting: from checked data to the attributes of a fitted estimator."""

from __future__ import annotations

from skneuron._common import set_public_module
from skneuron.fitting._stop_after import StopAfter
from skneuron.fitting._stream import Stream
from skneuron.fitting._warnings import AbsentClassWarning, EarlyStoppingWarning, VersionWarning

__all__ = ["AbsentClassWarning", "EarlyStoppingWarning", "StopAfter", "Stream", "VersionWarning"]

set_public_module(globals())
