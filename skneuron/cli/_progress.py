"""Lines on the standard error while long work goes on."""

from __future__ import annotations

import time

from skneuron.cli._streams import complain

__all__ = ["ProgressLine"]

# Cells of a table from which each step is announced, and seconds after which it is for any table.
_LARGE = 1_000_000
_LONG = 60.0

# Seconds between two lines.
_PAUSE = 2.0


class ProgressLine:
    """Announces steps of work that takes long.

    Parameters
    ----------
    n_cells : int
        Rows times columns of the table.
    n_steps : int
    """

    def __init__(self, n_cells: int, n_steps: int) -> None:
        self._is_large = n_cells >= _LARGE
        self._n_steps = n_steps
        self._step = 0
        self._start = time.monotonic()
        self._last = -_PAUSE

    def begin(self, text: str) -> None:
        """Print the next step with the time so far, if the work is long."""
        self._step += 1
        seconds = time.monotonic() - self._start
        if not self._is_large and seconds < _LONG:
            return
        if seconds - self._last >= _PAUSE:
            self._last = seconds
            complain(f"fit {self._step} of {self._n_steps}, {text}, after {seconds:.0f} s")
