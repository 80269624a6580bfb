"""Checks of the constructor's parameters, made at the start of ``fit``."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

from skneuron.activations import Activation, get_activation
from skneuron.losses import get_loss, resolve_loss_name
from skneuron.solvers import Budget, Solver, get_solver

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
    budget : Budget
    """

    activation: Activation
    loss: str
    solver: Solver | None
    budget: Budget


def check_parameters(params: dict[str, Any]) -> Plan:
    """Check what an estimator was given and resolve its names.

    Parameters
    ----------
    params : dict
        ``activation``, ``loss``, ``C``, ``fit_intercept``, ``class_weight``,
        ``solver``, ``tol``, ``max_iter``, ``warm_start`` and ``verbose``.

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
    if not _is_number(tol) or not 0 <= tol < np.inf:
        raise ValueError(f"tol={tol!r}: expected a non-negative, finite number")
    max_iter = params["max_iter"]
    if not isinstance(max_iter, Integral) or isinstance(max_iter, bool) or max_iter < 1:
        raise ValueError(f"max_iter={max_iter!r}: expected a positive integer")
    for name in ("fit_intercept", "warm_start"):
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
    activation = get_activation(params["activation"])
    loss = resolve_loss_name(params["loss"], activation)
    solver = get_solver(params["solver"])
    if solver is not None:
        refusal = solver.refusal(get_loss(loss, activation), type(activation).__name__)
        if refusal is not None:
            raise ValueError(refusal)
    return Plan(activation, loss, solver, Budget(float(tol), int(max_iter)))


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and not np.isnan(float(value))
