"""Checks of the constructor's parameters, made at the start of ``fit``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from skneuron._common import wrong_value
from skneuron.activations import Activation, get_activation
from skneuron.losses import Loss, get_loss, resolve_loss_name
from skneuron.solvers import Solver, StoppingCriteria, get_solver
from skneuron.validation._bias_reduction import refuse_bias_reduction

__all__ = ["Settings", "check_parameters"]


@dataclass(frozen=True)
class Settings:
    """The resolved parameters of an estimator.

    Attributes
    ----------
    activation : Activation
    loss : {"log_loss", "squared_error", "perceptron"}
    C : float
    l1_ratio : float
    fit_intercept : bool
    solver : Solver or None
        None if the number of parameters decides.
    tol : float or None
        Relative gap to reach. None is the default of the solver.
    max_iter : int
        Maximum number of iterations.
    seed : int
        Seed of random samples.
    patience : int or None
        Iterations without a lower validation loss after which the fit stops. None for no
        early stopping.
    validation_fraction : float
    restart : int
        Maximum number of restarts of a dead neuron.
    bias_reduction : {None, "mean"}
    """

    activation: Activation
    loss: str
    C: float
    l1_ratio: float
    fit_intercept: bool
    solver: Solver | None
    tol: float | None
    max_iter: int
    seed: int
    patience: int | None
    validation_fraction: float
    restart: int
    bias_reduction: str | None = None

    def criteria(self, solver: Solver, n_params: int) -> StoppingCriteria:
        """Return when a solver may stop and when it must."""
        tol = solver.default_tol_for(n_params) if self.tol is None else self.tol
        return StoppingCriteria(tol, self.max_iter, self.seed)


def _is_number(value: object) -> bool:
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return not np.isnan(float(value))
    except OverflowError:  # an integer above 1.8e308
        return False


def _is_integer_from(smallest: int) -> Callable[[Any], bool]:
    """Return the check for an integer that is not below the given one."""

    def check(value: object) -> bool:
        """Whether the value is such an integer."""
        if isinstance(value, bool) or not isinstance(value, Integral):
            return False
        return int(value) >= smallest

    return check


def _is_true_or_false(value: object) -> bool:
    return isinstance(value, bool | np.bool_)


def _is_verbose(value: Any) -> bool:
    return isinstance(value, Integral | np.bool_) and int(value) >= 0


def _is_class_weight(value: object) -> bool:
    balanced = isinstance(value, str) and value == "balanced"
    return value is None or balanced or isinstance(value, dict)


# For each parameter a check, the values that pass it in words, and one of them as code.
_CHECKS: dict[str, tuple[Callable[[Any], bool], str, str]] = {
    "C": (lambda v: _is_number(v) and v > 0, "a positive number or np.inf", "C=1.0"),
    "tol": (
        lambda v: v is None or (_is_number(v) and 0 <= v < np.inf),
        "None or a non-negative, finite number",
        "tol=None",
    ),
    "max_iter": (_is_integer_from(0), "a non-negative integer", "max_iter=1000"),
    "n_iter_no_change": (_is_integer_from(1), "a positive integer", "n_iter_no_change=5"),
    "validation_fraction": (
        lambda v: _is_number(v) and 0 < v < 1,
        "a number between 0 and 1",
        "validation_fraction=0.1",
    ),
    "fit_intercept": (_is_true_or_false, "True or False", "fit_intercept=True"),
    "warm_start": (_is_true_or_false, "True or False", "warm_start=False"),
    "early_stopping": (_is_true_or_false, "True or False", "early_stopping=False"),
    "verbose": (_is_verbose, "a non-negative integer", "verbose=0"),
    "class_weight": (_is_class_weight, "None, 'balanced' or a dict", "class_weight='balanced'"),
    "l1_ratio": (lambda v: _is_number(v) and 0 <= v <= 1, "a number from 0 to 1", "l1_ratio=0.5"),
    "restart": (_is_integer_from(0), "a non-negative integer", "restart=3"),
    "bias_reduction": (
        lambda v: v is None or (isinstance(v, str) and v == "mean"),
        "None or 'mean'",
        "bias_reduction='mean'",
    ),
}


def check_parameters(params: Mapping[str, Any]) -> Settings:
    """Check the parameters of an estimator and resolve the names among them.

    Parameters
    ----------
    params : mapping
        ``activation``, ``loss``, ``C``, ``l1_ratio``, ``fit_intercept``,
        ``class_weight``, ``bounds``, ``solver``, ``tol``, ``max_iter``, ``early_stopping``,
        ``validation_fraction``, ``n_iter_no_change``, ``restart``, ``warm_start``,
        ``random_state`` and ``verbose``.

    Returns
    -------
    Settings

    Raises
    ------
    ValueError
        If a parameter is out of its range, or if solver, loss and activation are not
        compatible.

    Examples
    --------
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.validation import check_parameters
    >>> check_parameters(NeuronClassifier("relu").get_params()).loss
    'squared_error'
    """
    if params["l1_ratio"] is None:
        raise ValueError(
            "NeuronClassifier got l1_ratio=None. Expected a number from 0 to 1. None of "
            "LogisticRegression before 1.8 is l1_ratio=0.0: delete it."
        )
    for name, (is_valid, expected, example) in _CHECKS.items():
        if name in params and not is_valid(params[name]):
            raise ValueError(wrong_value(name, params[name], expected, example, "NeuronClassifier"))
    activation = get_activation(params["activation"])
    loss_name = resolve_loss_name(params["loss"], activation)
    solver = get_solver(params["solver"])
    refuse_bias_reduction(params, loss_name)
    _check_compatible(params, activation, get_loss(loss_name, activation), solver)
    return Settings(
        activation=activation,
        loss=loss_name,
        C=float(params["C"]),
        l1_ratio=float(params["l1_ratio"]),
        fit_intercept=bool(params["fit_intercept"]),
        solver=solver,
        tol=None if params["tol"] is None else float(params["tol"]),
        max_iter=int(params["max_iter"]),
        seed=_seed(params["random_state"]),
        patience=int(params["n_iter_no_change"]) if params["early_stopping"] else None,
        validation_fraction=float(params["validation_fraction"]),
        restart=int(params["restart"]),
        bias_reduction=params.get("bias_reduction"),
    )


def _check_compatible(
    params: Mapping[str, Any], activation: Activation, loss: Loss, solver: Solver | None
) -> None:
    """Raise ``ValueError`` if the solver cannot minimize the objective."""
    name = type(activation).__name__
    if solver is not None:
        reason = solver.refusal(loss, name)
        if reason is not None:
            raise ValueError(reason)
    if params["bounds"] is not None:
        constraint = "bounds"
    elif params["l1_ratio"] > 0:
        constraint = f"l1_ratio={params['l1_ratio']!r}"
    else:
        return
    if solver is not None and not solver.supports_nonsmooth:
        raise ValueError(
            f"{type(solver).__name__} cannot take {constraint}. Expected a solver for L1 "
            "penalties and bounds. Use solver='newton' or 'auto'."
        )
    if not loss.smooth:
        raise ValueError(
            f"The fit with {constraint} needs second derivatives, and {name} is not twice "
            "differentiable. Expected a smooth activation. Use for example activation='sigmoid' "
            "or 'identity'."
        )


def _seed(random_state: int | np.random.RandomState | None) -> int:
    if isinstance(random_state, Integral) and 0 <= int(random_state) < 2**32:
        # A random generator for a single number costs as much as a pass over few rows.
        return int(random_state)
    try:
        return int(check_random_state(random_state).randint(2**31 - 1))
    except ValueError:
        raise ValueError(
            wrong_value(
                "random_state",
                random_state,
                "None, a non-negative integer or a numpy.random.RandomState",
                "random_state=0",
                "NeuronClassifier",
            )
        ) from None
