"""The stopping rule of every iterative solver."""

from __future__ import annotations

import numpy as np

from skneuron.results import Status
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._tolerances import (
    LONG_PATIENCE,
    MEASURABLE,
    MUCH_OF_GAP,
    MUCH_OF_VALUE,
    PRECISION,
    SMALLEST_GAP,
)

__all__ = [
    "EPOCH_PATIENCE",
    "GRADIENT_PATIENCE",
    "LBFGS_PATIENCE",
    "NEWTON_PATIENCE",
    "StoppingRule",
    "status_without_progress",
]

# Number of Newton steps without progress that end a fit.
NEWTON_PATIENCE = 10

# Number of rounds of L-BFGS, each with a new preconditioner, without progress that end a fit.
LBFGS_PATIENCE = 4

# Number of gradient steps without progress that end a fit. Momentum goes in waves of hundreds, and
# the last digits of an ill-conditioned fit take thousands.
GRADIENT_PATIENCE = 5000

# Number of epochs without progress that end a fit: the learning rate may be about to shrink.
EPOCH_PATIENCE = 1000


class StoppingRule:
    """Ends a fit when steps lower neither F nor the estimated gap any further.

    F has to fall by more than a relative gap of 1e-13 within ``patience`` iterations, or the
    gap has to halve. Within ten times as many F itself has to fall, and either F by a tenth or
    the gap by nine tenths. F is bounded below, so every fit ends, whatever ``tol`` is.

    Parameters
    ----------
    objective : ObjectiveProtocol
    value : float
        F at the start.
    patience : int
        Number of iterations without progress that end the fit.

    Attributes
    ----------
    is_exhausted : bool
        Whether F has not fallen, or neither F nor the gap by much, within the long patience, or
        whether within the patience F has risen, or has hardly fallen while the gap is infinite.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.design import DesignMatrix
    >>> from skneuron.losses import LogisticLoss
    >>> from skneuron.objective import Objective, Regularization
    >>> from skneuron.solvers._stopping import StoppingRule
    >>> X, y = np.array([[0.0], [1.0]]), np.array([0, 1])
    >>> none = Regularization(0.0)
    >>> F = Objective.of_data(DesignMatrix(X), y, LogisticLoss(), np.full(2, 0.5), none, True)
    >>> rule = StoppingRule(F, F.zero_value, patience=2)
    >>> [rule.is_stuck(0.5, 1e-3), rule.is_stuck(0.5, 1e-3), rule.is_stuck(0.5, 1e-3)]
    [False, False, True]
    """

    def __init__(self, objective: ObjectiveProtocol, value: float, patience: int) -> None:
        self._objective = objective
        self._patience = patience
        self._lowest = value
        self._first = self._smallest = np.inf
        self._idle = self._creeping = self._without_decrease = 0
        self.is_exhausted = False
        self._high, self._wide = value, np.inf

    def is_stuck(self, value: float, gap: float) -> bool:
        """Record an iteration, and return whether the last ones made no progress.

        Parameters
        ----------
        value : float
            F after the iteration.
        gap : float
            Any measure that is proportional to the gap, as the squared gradient norm.
        """
        # Without a minimum of the model, only F measures progress.
        least = MEASURABLE if np.isinf(gap) else PRECISION
        rounding = least * max(abs(self._lowest), self._objective.zero_value)
        if np.isinf(self._first):
            self._first = gap
        lower = value < self._lowest - rounding
        smaller = SMALLEST_GAP * self._first < gap < 0.5 * self._smallest
        self._lowest = value if lower else self._lowest
        self._smallest = gap if smaller else self._smallest
        self._idle = 0 if lower or smaller else self._idle + 1
        self._without_decrease = 0 if lower else self._without_decrease + 1
        self._creeping += 1
        if (
            self._lowest < self._high - MUCH_OF_VALUE * abs(self._high)
            or self._smallest < (1 - MUCH_OF_GAP) * self._wide
        ):
            self._high, self._wide, self._creeping = self._lowest, self._smallest, 0
        longest = max(self._without_decrease, self._creeping)
        is_idle = self._idle >= self._patience
        # F that rises is rounding errors: the search lets no step raise it.
        is_useless = is_idle and (value > self._lowest + rounding or np.isinf(gap))
        self.is_exhausted = is_useless or longest >= LONG_PATIENCE * self._patience
        return is_idle or self.is_exhausted


def status_without_progress(gap: float, tol: float) -> Status:
    """Return the status of a fit that no step improves: converged if the gap is small enough."""
    if gap <= tol:
        return Status.CONVERGED
    return Status.PRECISION if gap <= PRECISION else Status.STALLED
