"""Checks of the constructor's parameters, made at the start of ``fit``."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from skneuron.activations import Activation, get_activation
from skneuron.losses import Loss, get_loss, resolve_loss_name
from skneuron.solvers import DEFAULT_TOL, Solver, StoppingCriteria, get_solver

__all__ = ["Plan", "check_parameters"]


@dataclass(frozen=True)
class Plan:
    """What the parameters of an estimator come to.

    Attributes
    ----------
    activation : Activation
    loss : {"log_loss", "squared_error", "perceptron"}
    solver : Solver or None
        None where the number of parameters is to decide.
    budget : StoppingCriteria
    l1_ratio : float
    patience : int or None
        Iterations without a lower validation loss after which to stop, None for no early
        stopping.
    validation_fraction : float
    restart : int
        How often a dead neuron starts anew.
    """

    activation: Activation
    loss: str
    solver: Solver | None
    budget: StoppingCriteria
    l1_ratio: float
    patience: int | None
    validation_fraction: float
    restart: int


def check_parameters(params: dict[str, Any]) -> Plan:
    """Check what an estimator was given and resolve its names.

    Parameters
    ----------
    params : dict
        ``activation``, ``loss``, ``C``, ``l1_ratio``, ``fit_intercept``,
        ``class_weight``, ``bounds``, ``solver``, ``tol``, ``max_iter``, ``early_stopping``,
        ``validation_fraction``, ``n_iter_no_change``, ``restart``, ``warm_start``,
        ``random_state`` and ``verbose``.

    Returns
    -------
    Plan

    Raises
    ------
    ValueError
        If a parameter is out of its range, or if solver, loss and activation do not
        fit together.

    Examples
    --------
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.validation import check_parameters
    >>> check_parameters(NeuronClassifier("relu").get_params()).loss
    'squared_error'
    """
    C, tol = params["C"], params["tol"]
    if not _is_number(C) or not C > 0:
        raise ValueError(f"C={C!r}: expected a positive number or np.inf")
    if tol is not None and (not _is_number(tol) or not 0 <= tol < np.inf):
        raise ValueError(f"tol={tol!r}: expected None or a non-negative, finite number")
    for name in ("max_iter", "n_iter_no_change"):
        if (
            not isinstance(params[name], Integral)
            or isinstance(params[name], bool)
            or params[name] < 1
        ):
            raise ValueError(f"{name}={params[name]!r}: expected a positive integer")
    fraction = params["validation_fraction"]
    if not _is_number(fraction) or not 0 < fraction < 1:
        raise ValueError(f"validation_fraction={fraction!r}: expected a number between 0 and 1")
    for name in ("fit_intercept", "warm_start", "early_stopping"):
        if not isinstance(params[name], bool | np.bool_):
            raise ValueError(f"{name}={params[name]!r}: expected True or False")
    verbose = params["verbose"]
    if not isinstance(verbose, Integral | np.bool_) or verbose < 0:
        raise ValueError(f"verbose={verbose!r}: expected a non-negative integer")
    class_weight = params["class_weight"]
    if class_weight is not None and not (
        isinstance(class_weight, dict)
        or (isinstance(class_weight, str) and class_weight == "balanced")
    ):
        raise ValueError(f"class_weight={class_weight!r}: expected None, 'balanced' or a dict")
    l1_ratio = params["l1_ratio"]
    if not _is_number(l1_ratio) or not 0 <= l1_ratio <= 1:
        raise ValueError(f"l1_ratio={l1_ratio!r}: expected a number from 0 to 1")
    activation = get_activation(params["activation"])
    loss = resolve_loss_name(params["loss"], activation)
    solver = get_solver(params["solver"])
    if solver is not None:
        refusal = solver.refusal(get_loss(loss, activation), type(activation).__name__)
        if refusal is not None:
            raise ValueError(refusal)
    kinks = _kinks(params)
    if kinks is not None:
        _refuse_kinks(kinks, solver, get_loss(loss, activation), type(activation).__name__)
    if tol is None:
        tol = DEFAULT_TOL if solver is None else solver.default_tol
    budget = StoppingCriteria(float(tol), int(params["max_iter"]), _seed(params["random_state"]))
    restart = params["restart"]
    if not isinstance(restart, Integral) or isinstance(restart, bool) or restart < 0:
        raise ValueError(f"restart={restart!r}: expected a non-negative integer")
    patience = int(params["n_iter_no_change"]) if params["early_stopping"] else None
    return Plan(
        activation, loss, solver, budget, float(l1_ratio), patience, float(fraction), int(restart)
    )


def _kinks(params: dict[str, Any]) -> str | None:
    """Return what makes the penalty more than a ridge, as it was given."""
    if params["bounds"] is not None:
        return "bounds"
    return f"l1_ratio={params['l1_ratio']!r}" if params["l1_ratio"] > 0 else None


def _refuse_kinks(kinks: str, solver: Solver | None, loss: Loss, activation: str) -> None:
    if solver is not None and not solver.takes_kinks:
        raise ValueError(
            f"{type(solver).__name__} cannot take {kinks}: use solver='newton' or 'auto'"
        )
    if not loss.smooth:
        raise ValueError(
            f"{kinks} needs second derivatives, and {activation} has a kink or no slope: "
            "use a smooth activation such as 'sigmoid' or 'identity'"
        )


def _seed(random_state: Any) -> int:
    if isinstance(random_state, Integral) and 0 <= int(random_state) < 2**32:
        # As it is: to set up a generator for one number takes as long as a pass over few rows.
        return int(random_state)
    try:
        return int(check_random_state(random_state).randint(2**31 - 1))
    except ValueError:
        raise ValueError(
            f"random_state={random_state!r}: expected None, a non-negative integer or a "
            "numpy.random.RandomState"
        ) from None


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and not np.isnan(float(value))
