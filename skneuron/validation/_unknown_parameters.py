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


def _instead_of_multi_class(value: object) -> str:
    if value == "ovr":
        return "OneVsRestClassifier. Use OneVsRestClassifier(NeuronClassifier())"
    return "no multi_class. Delete multi_class, because several classes share a softmax"


# For each parameter that only another class has, the expected code and the remedy.
_INSTEAD: dict[str, Callable[[object], str]] = {
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
    names = list(known)
    if name == "penalty":
        ratio, ridge = ("l1_ratios", "(0.0,)") if _is_search(names) else ("l1_ratio", "0.0")
        remedy = f"Delete penalty, because {ratio}={ridge} is the default"
        if value != "l2":
            remedy = f"Use {_call((), {'penalty': value}, names)}"
        return f"Expected C and {ratio}, which set the penalty. {remedy}."
    if name in _INSTEAD:
        return f"Expected {_INSTEAD[name](value)}."
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


def _is_search(known: list[str]) -> bool:
    """Return whether the parameters belong to NeuronClassifierCV."""
    return "l1_ratios" in known


def _translated(penalty: object, known: list[str]) -> dict[str, object]:
    """Return the parameters of a neuron for a value of ``penalty``."""
    if penalty == "l2":
        return {}
    if penalty in (None, "none"):
        return {"Cs": [1e8]} if _is_search(known) else {"C": float("inf")}
    ratio = 0.5 if penalty == "elasticnet" else 1.0
    return {"l1_ratios": [ratio]} if _is_search(known) else {"l1_ratio": ratio}


def _call(args: tuple[object, ...], params: Mapping[str, object], known: list[str]) -> str:
    """Return the whole call of a neuron for arguments of ``LogisticRegression``."""
    kept = {name: value for name, value in params.items() if name in known}
    if _is_foreign_solver(kept.get("solver")):
        del kept["solver"]
    if "penalty" in params:
        found = _translated(params["penalty"], known)
        # The user's own value remains for the elastic net.
        kept = found | kept if params["penalty"] == "elasticnet" else kept | found
    texts = [shown(value) for value in args]
    texts += [f"{name}={_code(value)}" for name, value in kept.items()]
    call = f"NeuronClassifier{'CV' if _is_search(known) else ''}({', '.join(texts)})"
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
    others = [name for name in names if name not in ("penalty", *_INSTEAD)]
    if others or (len(params) == 1 and not args):
        first = others[0] if others else names[0]
        return repr(first), explain_unknown(first, params[first], known)
    listed = ", ".join(map(repr, names))
    if _is_foreign_solver(params.get("solver")):
        listed += f" and the solver {params['solver']!r}"
    own = "NeuronClassifierCV" if _is_search(known) else "NeuronClassifier"
    expected = f"Expected parameters of {own}, and got some of LogisticRegression"
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
