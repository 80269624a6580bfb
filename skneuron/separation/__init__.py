"""Can a hyperplane separate the classes? Then maximum likelihood has no finite answer."""

from __future__ import annotations

from skneuron.separation._detect import Separation, detect_separation

__all__ = ["Separation", "detect_separation"]
