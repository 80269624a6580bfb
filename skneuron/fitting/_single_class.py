"""A neuron with samples of one class only: an intercept alone makes the loss vanish."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from skneuron._common import AnyArray, FloatArray
from skneuron.activations import Activation
from skneuron.losses import Loss, SquaredError
from skneuron.objective import Objective
from skneuron.results import History, SolverResult, Status
from skneuron.solvers import PRECISION, ObjectiveProtocol, Solver, StoppingCriteria, relative

__all__ = ["SingleClass", "single_class_solver"]

# Loss of a sample that counts as zero. The relative gap is then below every default of ``tol``.
_ZERO_LOSS = 1e-20

# Exponent of the largest pre-activation that this solver sets, 2¹⁰⁰ = 1e30. float32 holds it.
_MAX_EXPONENT = 100


class SingleClass(Solver):
    """Sets the intercept at which the loss of every sample vanishes, and coefficients of zero.

    For a saturating f the infimum of F is not reached. The intercept is then finite and the loss
    about 1e-20. Every solver would approach the infimum slowly.

    Parameters
    ----------
    params : ndarray of shape (n_params,)
        From :func:`single_class_solver`.
    """

    def __init__(self, params: FloatArray) -> None:
        self.params = params

    def _solve(
        self,
        objective: ObjectiveProtocol,
        params: FloatArray,
        budget: StoppingCriteria,
        history: History,
    ) -> SolverResult:
        reached = self.params.copy()
        margins = np.empty(objective.dims.n_samples)
        value, gradient = objective.value_gradient(reached, margins=margins)
        more = {}
        if not objective.loss.differentiable:
            length = float(np.linalg.norm(objective.coordinates.to_weights(reached)[0]))
            margin = float(margins.min()) / length if length > 0 else 0.0
            more = {"mistakes": 0, "margin": margin}
        history.add(
            reached,
            objective=value,
            gradient_norm=float(np.linalg.norm(gradient)),
            step=float(np.linalg.norm(reached - params)),
            n_passes=objective.n_passes,
            **more,
        )
        lowest = objective.penalty.value(reached.reshape(1, -1))
        gap = relative(max(value - lowest, 0.0), objective)
        # For very heavy tails the loss is positive at every intercept, and has no minimum.
        end = Status.PRECISION if gap <= PRECISION else Status.SEPARATED
        status = Status.CONVERGED if gap <= budget.tol else end
        return SolverResult(reached, value, gap, 1, status, history.as_dict())


def single_class_solver(objective: Objective, y: AnyArray) -> SingleClass | None:
    """Return the solver of a neuron with samples of one class only.

    Parameters
    ----------
    objective : Objective
        With one output and an intercept.
    y : ndarray of shape (n_samples,)
        Class indices, all the same.

    Returns
    -------
    SingleClass or None
        None if no intercept alone makes the loss vanish, so that F has a minimum. Examples are
        squared error with an offset or with an activation that does not saturate.
    """
    # Coefficients of zero have the lowest penalty, unless bounds exclude zero.
    params = objective.penalty.project(np.zeros((1, objective.dims.n_coordinates)))
    z = objective.linear_predictor(params.ravel())
    label = y[:1]
    varies = objective.rows.has_offset or bool(np.any(params))
    far = _far(objective.loss, label)
    if far is not None:
        # If z varies over these rows, later rows may vary more.
        far = 2.0**_MAX_EXPONENT if varies else far
        sign = 1.0 if label[0] else -1.0
        params[0, -1] = sign * (far - float((sign * z).min()))
    elif isinstance(objective.loss, SquaredError) and not varies:
        params[0, -1] = _inverse_of_target(objective.loss.activation, int(label[0]))
    else:
        return None
    return SingleClass(params.ravel())


def _far(loss: Loss, label: AnyArray) -> float | None:
    """Return the magnitude of z from which on the loss of the label is zero, None without one."""
    sizes: FloatArray = np.power(2.0, np.arange(_MAX_EXPONENT + 1))
    losses = loss.value(np.repeat(label, len(sizes)), sizes if label[0] else -sizes)
    positive = np.flatnonzero(~(losses <= _ZERO_LOSS))
    last = int(positive[-1]) if len(positive) else -1
    if last < _MAX_EXPONENT:
        return float(sizes[last + 1])
    # The tails of a distribution function can be so heavy that the loss is positive everywhere.
    return None if isinstance(loss, SquaredError) else float(sizes[-1])


def _inverse_of_target(activation: Activation, label: int) -> float:
    """Return the pre-activation at which f equals the target of a class."""
    target = activation.targets[label]

    def excess(z: float) -> float:
        """Return f(z) minus the target."""
        return float(activation.value(np.array([z]))[0]) - target

    # The identity and the rectifiers return the target unchanged.
    if excess(target) == 0:
        return target
    end = 1.0
    while excess(-end) > 0 or excess(end) < 0:
        end *= 2
    return float(brentq(excess, -end, end, xtol=1e-14))
