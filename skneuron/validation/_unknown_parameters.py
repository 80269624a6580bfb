"""Errors for names that are no parameters, with the equal of a name of ``LogisticRegression``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import wraps
from inspect import signature
from typing import ParamSpec

from sklearn.base import BaseEstimator

from skneuron._common import one_of, shown

__all__ = ["check_known", "with_known_parameters"]

_P = ParamSpec("_P")

# Solvers that only LogisticRegression has.
_SOLVERS = frozenset({"liblinear", "newton-cholesky", "sag", "saga"})

# Remedies for the values of ``penalty``.
_PENALTIES = {
    "l1": "Use NeuronClassifier(l1_ratio=1.0)",
    "l2": "Delete penalty, because l1_ratio=0.0 is the default",
    "elasticnet": "Use for example NeuronClassifier(l1_ratio=0.5)",
    "None": "Use NeuronClassifier(C=np.inf)",
    "none": "Use NeuronClassifier(C=np.inf)",
}


def _instead_of_penalty(value: object) -> str:
    expected = "C and l1_ratio, which set the penalty"
    return f"{expected}. {_PENALTIES.get(str(value), _PENALTIES['l1'])}"


def _instead_of_multi_class(value: object) -> str:
    if value == "ovr":
        return "OneVsRestClassifier. Use OneVsRestClassifier(NeuronClassifier())"
    return "no multi_class. Delete multi_class, because several classes share a softmax"


# For each parameter that only another class has, the expected code and the remedy.
_INSTEAD: dict[str, Callable[[object], str]] = {
    "penalty": _instead_of_penalty,
    "multi_class": _instead_of_multi_class,
    "n_jobs": lambda _: (
        "no n_jobs, because a fit uses the threads of BLAS. Delete n_jobs, or set it in "
        "GridSearchCV or cross_val_score"
    ),
    # NeuronClassifierCV has no bias_reduction.
    "bias_reduction": lambda _: (
        "no bias_reduction, because the search chooses a penalty. Use "
        "NeuronClassifier(C=np.inf, bias_reduction='mean')"
    ),
    "dual": lambda _: "no dual. Delete dual, because it selects an algorithm of liblinear",
    "intercept_scaling": lambda _: (
        "no intercept_scaling. Delete intercept_scaling, because the penalty leaves the intercept "
        "out"
    ),
}


def explain_unknown(name: str, value: object, known: Iterable[str]) -> str:
    """Return the part of a message that follows the name of an unknown parameter.

    Parameters
    ----------
    name : str
    value : object
    known : iterable of str
        Names of all parameters.

    Examples
    --------
    >>> from skneuron.validation._unknown_parameters import explain_unknown
    >>> print(explain_unknown("penalty", "l1", ["C", "l1_ratio"]))
    Expected C and l1_ratio, which set the penalty. Use NeuronClassifier(l1_ratio=1.0).
    """
    if name in _INSTEAD:
        return f"Expected {_INSTEAD[name](value)}."
    names = list(known)
    similar = get_close_matches(name, names, 1)
    remedy = f"Use {similar[0]}={shown(value)}" if similar else f"Delete {name}"
    return f"Expected {one_of(names)}. {remedy}."


def _in_a_grid(name: str, value: object) -> str:
    """Return the remedy for a penalty in the grid of a search."""
    if name == "penalty" and value in ("l1", "l2", "elasticnet"):
        return " In a grid of a search, use 'l1_ratio': [1.0, 0.0]."
    return ""


def check_known(estimator: BaseEstimator, params: Mapping[str, object]) -> None:
    """Raise ``ValueError`` for the first parameter that ``set_params`` cannot set."""
    for key, value in params.items():
        name = key.partition("__")[0]
        # The constructor stores each parameter as an attribute.
        if not hasattr(estimator, name):
            raise ValueError(
                f"Invalid parameter {name!r} for estimator {type(estimator).__name__}. "
                f"{explain_unknown(name, value, estimator.get_params(deep=False))}"
                f"{_in_a_grid(name, value)}"
            )


def _translated(penalty: object) -> dict[str, object]:
    """Return the parameters of NeuronClassifier for a value of ``penalty``."""
    if penalty == "l1":
        return {"l1_ratio": 1.0}
    return {"C": float("inf")} if penalty in (None, "none") else {}


def _call(args: tuple[object, ...], params: Mapping[str, object], known: Iterable[str]) -> str:
    """Return the whole call of a neuron for arguments of ``LogisticRegression``."""
    kept = {name: value for name, value in params.items() if name in known}
    if _is_foreign_solver(kept.get("solver")):
        del kept["solver"]
    if "penalty" in params:
        kept |= _translated(params["penalty"])
        if params["penalty"] == "elasticnet":
            kept.setdefault("l1_ratio", 0.5)
    texts = [shown(value) for value in args]
    texts += [f"{name}={_code(value)}" for name, value in kept.items()]
    call = f"NeuronClassifier({', '.join(texts)})"
    return f"OneVsRestClassifier({call})" if params.get("multi_class") == "ovr" else call


def _code(value: object) -> str:
    return "np.inf" if isinstance(value, float) and value == float("inf") else shown(value)


def _is_foreign_solver(solver: object) -> bool:
    """Return whether only ``LogisticRegression`` has a solver of this name."""
    return isinstance(solver, str) and solver in _SOLVERS


def _explain_all(
    args: tuple[object, ...], params: Mapping[str, object], known: list[str]
) -> tuple[str, str]:
    """Return the unknown arguments, and the part of the message that follows them."""
    names = [name for name in params if name not in known]
    others = [name for name in names if name not in _INSTEAD]
    if others or (len(params) == 1 and not args):
        first = others[0] if others else names[0]
        return repr(first), explain_unknown(first, params[first], known)
    listed = ", ".join(map(repr, names))
    if _is_foreign_solver(params.get("solver")):
        listed += f" and the solver {params['solver']!r}"
    expected = "Expected parameters of NeuronClassifier, and got some of LogisticRegression"
    return listed, f"{expected}. Use {_call(args, params, known)}."


def with_known_parameters(init: Callable[_P, None]) -> Callable[_P, None]:
    """Return a constructor that raises ``TypeError`` with the equal of an unknown parameter."""
    described = signature(init)
    known = list(described.parameters)[1:]

    @wraps(init)
    def checked(*args: _P.args, **params: _P.kwargs) -> None:
        """Check the names of the arguments, and store the arguments."""
        if not params.keys() <= set(known):
            names, rest = _explain_all(args[1:], params, known)
            raise TypeError(
                f"{type(args[0]).__name__} got an unexpected keyword argument {names}. {rest}"
            )
        init(*args, **params)

    # scikit-learn reads the signature at each clone, and finds it here without a search.
    checked.__signature__ = described  # type: ignore[attr-defined]
    return checked
