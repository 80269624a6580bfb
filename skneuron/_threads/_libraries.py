"""The BLAS libraries of the process, and the two functions of each that matter here."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from itertools import product
from typing import Any, NamedTuple

from threadpoolctl import ThreadpoolController

__all__ = ["Library", "find_libraries"]

# Builds of OpenBLAS decorate the names of their functions.
_PREFIXES = ("", "scipy_")
_SUFFIXES = ("", "64_", "_64")

# Opens a library only if the process has loaded it. Windows has no such mode.
_NO_LOAD: int = getattr(os, "RTLD_NOLOAD", ctypes.DEFAULT_MODE)


class Library(NamedTuple):
    """The functions that read and set how many threads a BLAS library may use."""

    get: Callable[[], int]
    set: Callable[[int], Any]


def find_libraries() -> tuple[list[Library], list[Library]]:
    """Return libraries with one limit per process, and libraries with one limit per thread."""
    shared: list[Library] = []
    own: list[Library] = []
    for found in ThreadpoolController().select(user_api="blas").lib_controllers:
        layer = getattr(found, "threading_layer", None)
        is_own = found.internal_api == "mkl" or (found.internal_api, layer) == (
            "openblas",
            "openmp",
        )
        library = None if is_own else _open_blas(found)
        library = library or Library(found.get_num_threads, found.set_num_threads)
        if library.get() is not None:
            (own if is_own else shared).append(library)
    return shared, own


def _open_blas(found: Any) -> Library | None:
    """Return the functions of OpenBLAS itself, None for another library.

    The functions of threadpoolctl 3.8 do nothing while another thread holds a limit, and
    take a lock that a fork can leave locked.
    """
    if found.internal_api != "openblas":
        return None
    # These calls take less time than releasing the interpreter's lock, and waiting for it.
    opened = ctypes.PyDLL(found.filepath, mode=_NO_LOAD)
    for prefix, suffix in product(_PREFIXES, _SUFFIXES):
        names = [f"{prefix}openblas_{verb}_num_threads{suffix}" for verb in ("get", "set")]
        if all(hasattr(opened, name) for name in names):
            return Library(*(getattr(opened, name) for name in names))
    return None
