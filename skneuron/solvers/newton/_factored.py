"""Steps with a factored Hessian, which L-BFGS corrects while it serves several steps."""

from __future__ import annotations

import numpy as np

from skneuron._common import FloatArray
from skneuron.solvers._contract import ObjectiveProtocol
from skneuron.solvers._gap import is_near, penalty_gap, relative
from skneuron.solvers._iterate import Iterate
from skneuron.solvers._line_search import secant_length
from skneuron.solvers._tolerances import AGREEMENT, MEASURABLE, SHORTEST
from skneuron.solvers.newton._curvature import Curvature
from skneuron.solvers.newton._descent import CurvatureStrategy
from skneuron.solvers.newton._model import Model, SmoothModel, model_at

__all__ = ["HESSIAN_COST", "FactoredHessian"]

#: Number of parameters at which the Hessian costs as much as the rest of a pass over the rows.
HESSIAN_COST = 20.0

# Largest fraction of the gap that a step of an accurate model leaves.
_MAX_CONTRACTION = 0.1

# Change of a linear predictor, since the model's curvature was computed, above which curvature is
# computed anew before a gap is accepted: curvatures of the log loss may differ by a factor of e.
_MAX_MODEL_DELTA_Z = 1.0

# While the predicted decrease is above this fraction of F, Newton steps on nearly separable data
# are too short: the log loss flattens along them.
_FAR = 1e-3

# Number of times that a check of the gap is replaced by another step, which costs less and is of
# use. The next checks wait for twice as many steps each time.
_POSTPONED_CHECKS = 4


class FactoredHessian(CurvatureStrategy):
    """The Hessian of all rows or of a subsample, factored.

    Parameters
    ----------
    objective : ObjectiveProtocol
    iterate : Iterate
        Start.
    tol : float
        Relative gap to reach.
    in_every_pass : bool
        Whether each pass evaluates the Hessian. Otherwise it serves until it proves poor.
    any_gap : bool
        Whether the predicted decrease counts as the gap, as on a subsample.
    model : Model or None
        First model, by default with the Hessian of the iterate.
    base : ndarray of shape (n_params,) or None
        Parameters at which the first model's curvature was computed. None is the iterate.

    Attributes
    ----------
    model : Model
    base : ndarray of shape (n_params,)
        Parameters at which the model's curvature was computed.
    """

    base: FloatArray

    def __init__(
        self,
        objective: ObjectiveProtocol,
        iterate: Iterate,
        tol: float,
        *,
        in_every_pass: bool = True,
        any_gap: bool = False,
        model: Model | None = None,
        base: FloatArray | None = None,
    ) -> None:
        super().__init__(objective, tol)
        self._in_every_pass, self._any_gap = in_every_pass, any_gap
        self.subsample = objective
        if model is None:
            model = model_at(objective, iterate.params, iterate.hessian)
        self._is_current = base is None
        self.contraction = 1.0
        self._accepted = False
        # Length to try first of a step along directions without curvature.
        self._reach = 1.0
        self._last_length = 1.0
        # If the loss is not convex, no model's gap is accurate: the first check is made at once.
        self._failed_checks = 0
        self._next_check = _POSTPONED_CHECKS if self.objective.loss.convex else 0
        self._use(model, iterate)
        if base is not None:
            self.base = base

    @property
    def needs_hessian(self) -> bool:
        """Whether the next pass over the rows should evaluate the Hessian."""
        return self._in_every_pass

    def _use(self, model: Model, iterate: Iterate) -> None:
        """Propose the step of a model with the curvature at the iterate."""
        self.model, self.base = model, iterate.params
        self._step_from(iterate)

    def _step_from(self, iterate: Iterate) -> None:
        self._iterate = iterate
        self.step, self.predicted = self.model.step(iterate)

    def update(self, before: Iterate, after: Iterate, length: float) -> None:
        """Propose the step from the iterate after a step, and judge the last model."""
        last, self._last_length = self.predicted, length
        if np.isinf(last):
            self._reach = 2 * length
        self._is_current = after.hessian is not None
        if self._is_current:
            self._use(model_at(self.objective, after.params, after.hessian), after)
        else:
            self.model.update(before, after)
            self._step_from(after)
        self.contraction = self.predicted / last if last > 0 else 0.0
        decrease, expected = before.value - after.value, last - self.predicted
        agrees = relative(last, self.objective) <= MEASURABLE or (
            self.contraction <= _MAX_CONTRACTION
            and expected / AGREEMENT <= decrease <= AGREEMENT * expected
        )
        self._accepted = length == 1 and agrees
        is_poor = length < 1 or self.contraction > 2 * _MAX_CONTRACTION
        if is_poor and relative(self.predicted, self.objective) > self.tol:
            self.renew(after)

    def renew(self, iterate: Iterate) -> bool:
        """Compute the curvature at the iterate, or return False if the model has that already."""
        if self._is_current:
            return False
        self._use(self._renewed_model(iterate), iterate)
        self._is_current = True
        return True

    def _renewed_model(self, iterate: Iterate) -> Model:
        """Return a model with the curvature at the iterate."""
        return model_at(self.subsample, iterate.params)

    def checked_gap(self, iterate: Iterate) -> float:
        """Return the model's gap if it is accurate, else infinity, or sometimes an estimate."""
        if self._any_gap:
            return 0.0
        if self._has_left_model(iterate):
            self._use(model_at(self.subsample, iterate.params), iterate)
        gap = self._model_gap(iterate)
        if gap is not None:
            return gap
        self._failed_checks += 1
        if self._failed_checks <= self._next_check:
            return float(np.inf)
        self._next_check = 2 * self._failed_checks
        return super().final_gap(iterate)

    def final_gap(self, iterate: Iterate) -> float:
        """Return the relative gap at the iterate that is returned."""
        if self._any_gap:
            return relative(self.predicted, self.objective)
        gap = self._model_gap(iterate)
        return super().final_gap(iterate) if gap is None else gap

    def curvature_at(self, iterate: Iterate) -> Curvature | None:
        """Return the curvature of all rows at an iterate, None if the model has another one."""
        model, is_here = self.model, self.base is iterate.params
        if not (is_here and self.subsample is self.objective and isinstance(model, SmoothModel)):
            return None
        return model.curvature if isinstance(model.curvature, Curvature) else None

    def _model_gap(self, iterate: Iterate) -> float | None:
        """Return the model's relative gap if it is accurate, else None."""
        objective = self.objective
        if iterate is not self._iterate:
            self._step_from(iterate)
        gap = relative(self.predicted + self.model.hidden_decrease(iterate), objective)
        if not objective.loss.convex or not (gap <= MEASURABLE or self._accepted):
            return None
        if is_near(objective, iterate.params, self.step, self.subsample):
            return gap
        if not objective.penalty.is_smooth:
            return None
        most = relative(penalty_gap(objective, iterate.value, iterate.gradient), objective)
        return most if most <= MEASURABLE else None

    def _has_left_model(self, iterate: Iterate) -> bool:
        """Return whether curvature may have changed much since the model's was computed."""
        if self.base is iterate.params or not self.objective.loss.convex:
            return False
        moved = iterate.params - self.base
        bound = self.objective.max_change_bound(moved)
        return bound > _MAX_MODEL_DELTA_Z and (
            self.subsample.max_change(moved, self.base) > _MAX_MODEL_DELTA_Z
        )

    def leaves_plateau(self, iterate: Iterate, is_exhausted: bool) -> bool:
        """Return whether F is not yet tiny, and steps still change a linear predictor by much."""
        is_tiny = relative(abs(iterate.value), self.objective) <= MEASURABLE
        is_rounding = self._last_length < SHORTEST
        if not self.objective.loss.convex or is_exhausted or is_tiny or is_rounding:
            return False
        return not is_near(self.objective, iterate.params, self.step, self.subsample)

    def first_length(self, iterate: Iterate) -> float:
        """Return a length above 1 if F still falls steeply there, and if that is cheap to find.

        The length is shorter than 1 if the model predicts a decrease to below zero. Along
        directions without curvature, it is twice the length of the last such step.
        """
        objective = self.objective
        length, value = self._reach if np.isinf(self.predicted) else 1.0, iterate.value
        if not objective.has_summary and 0 < value < self.predicted < np.inf:
            length = value / self.predicted
        if not (objective.loss.convex and objective.rows.in_cache):
            return length
        # On a plateau a step changes linear predictors by much, and leaves the gap as it was. A
        # short step along rounding errors of the columns must not become a long one.
        is_far = relative(self.predicted, objective) > _FAR
        if not is_far and is_near(objective, iterate.params, self.step):
            return length
        return secant_length(objective, iterate, self.step, length)
