"""A neuron whose samples are all of one class: there is nothing to learn but a far intercept."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from skneuron._typing import AnyArray, FloatArray
from skneuron.activations import Activation
from skneuron.losses import Loss, SquaredError
from skneuron.objective import Objective
from skneuron.results import History, SolverResult, Status
from skneuron.solvers import PRECISION, Solver, StoppingCriteria, relative

__all__ = ["Certain", "certain"]

# Loss of a sample, in units of the loss: below it a pre-activation is as good as infinite, as
# the relative gap is then below every default of ``tol``.
_NO_LOSS = 1e-20

# Largest power of two that a pre-activation is set to: 1e30, which float32 holds.
_MAX_POWER = 100


class Certain(Solver):
    """Sets the intercept at which the loss of every sample vanishes, with coefficients of zero.

    Where f saturates the intercept is finite and the loss about 1e-20, as F has no minimum but
    an infimum. Every solver would come close to it, if slowly.

    Parameters
    ----------
    params : ndarray of shape (n_params,)
        From :func:`certain`.
    """

    def __init__(self, params: FloatArray) -> None:
        self.params = params

    def _solve(
        self, objective: Objective, params: FloatArray, budget: StoppingCriteria, history: History
    ) -> SolverResult:
        reached = self.params.copy()
        margins = np.empty(objective.n_samples)
        value, gradient = objective.value_gradient_margins(reached, margins)
        more = {}
        if not objective.loss.differentiable:
            length = float(np.linalg.norm(objective.to_weights(reached)[0]))
            margin = float(margins.min()) / length if length > 0 else 0.0
            more = {"mistakes": 0, "margin": margin}
        history.add(
            reached,
            objective=value,
            gradient_norm=float(np.linalg.norm(gradient)),
            step=float(np.linalg.norm(reached - params)),
            reads=objective.reads,
            **more,
        )
        least = objective.penalty.value(reached.reshape(1, -1))
        gap = relative(max(value - least, 0.0), objective)
        # With tails so heavy that a loss is left, no intercept is the best.
        end = Status.PRECISION if gap <= PRECISION else Status.SEPARATED
        status = Status.CONVERGED if gap <= budget.tol else end
        return SolverResult(reached, value, gap, 1, status, history.as_dict())


def certain(objective: Objective, y: AnyArray) -> Certain | None:
    """Return what solves a neuron whose samples are all of one class.

    Parameters
    ----------
    objective : Objective
        Of one output, with an intercept.
    y : ndarray of shape (n_samples,)
        Class indices, all the same.

    Returns
    -------
    Certain or None
        None if no intercept alone makes the loss vanish, as with squared error, an activation
        that does not saturate, and an offset: then F has a minimum, which any solver finds.
    """
    # Coefficients of zero cost least, unless bounds exclude zero.
    params = objective.penalty.project(np.zeros((1, objective.n_coordinates)))
    z = objective.pre_activations(params.ravel())
    label = y[:1]
    varies = objective.has_offset or bool(np.any(params))
    far = _far(objective.loss, label)
    if far is not None:
        # Where z varies, it may vary more from row to row later than it does here.
        far = 2.0**_MAX_POWER if varies else far
        sign = 1.0 if label[0] else -1.0
        params[0, -1] = sign * (far - float((sign * z).min()))
    elif isinstance(objective.loss, SquaredError) and not varies:
        params[0, -1] = _meets(objective.loss.activation, int(label[0]))
    else:
        return None
    return Certain(params.ravel())


def _far(loss: Loss, label: AnyArray) -> float | None:
    """Return the magnitude of a pre-activation from which on the label costs nothing."""
    sizes: FloatArray = np.power(2.0, np.arange(_MAX_POWER + 1))
    costs = loss.value(np.repeat(label, len(sizes)), sizes if label[0] else -sizes)
    costly = np.flatnonzero(~(costs <= _NO_LOSS))
    last = int(costly[-1]) if len(costly) else -1
    if last < _MAX_POWER:
        return float(sizes[last + 1])
    # Tails of a distribution function can be so heavy that they cost something everywhere.
    return None if isinstance(loss, SquaredError) else float(sizes[-1])


def _meets(activation: Activation, label: int) -> float:
    """Return the pre-activation at which f is the target of a class."""
    target = activation.targets[label]

    def excess(z: float) -> float:
        """Return f(z) minus the target."""
        return float(activation.value(np.array([z]))[0]) - target

    # So it is for the identity and the rectifiers.
    if excess(target) == 0:
        return target
    reach = 1.0
    while excess(-reach) > 0 or excess(reach) < 0:
        reach *= 2
    return float(brentq(excess, -reach, reach, xtol=1e-14))
