"""The sentences of error messages about a value, an argument or a parameter."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["not_a_neuron", "one_of", "shown", "wrong_value"]

# Maximum number of characters of a value in a message: about three lines.
_MAX_LENGTH = 200


def shown(value: object) -> str:
    """Return the ``repr`` of a value on one line, shortened if it is long."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _MAX_LENGTH else f"{text[: _MAX_LENGTH - 3]}..."


def one_of(names: Iterable[str]) -> str:
    """Return the text that lists the names."""
    return f"one of {', '.join(map(repr, names))}"


def not_a_neuron(estimator: object) -> str:
    """Return the message about another estimator in place of a fitted neuron."""
    name = type(estimator).__name__
    found = f"Got a {name}. Expected a fitted NeuronClassifier."
    if name == "LogisticRegression":
        return f"{found} Fit one, for example NeuronClassifier(C=np.inf).fit(X, y)."
    best = getattr(estimator, "best_estimator_", None)
    if best is not None and not hasattr(best, "steps"):
        return f"{found} Pass search.best_estimator_."
    pipe = "pipe" if best is None else "search.best_estimator_"
    return (
        f"{found} Of a pipeline pass the last step and the transformed data: {pipe}[-1], "
        f"{pipe}[:-1].transform(X); for names of columns, fit it after "
        f"{pipe}.set_output(transform='pandas')."
    )


def wrong_value(name: str, value: object, expected: str, example: str, owner: str = "") -> str:
    """Return the message about an argument with a value that cannot be used.

    Parameters
    ----------
    name : str
        Name of the argument.
    value : object
    expected : str
        The values that can be used, in words.
    example : str
        Code with a value that can be used.
    owner : str, default=""
        The class that has the parameter.

    Examples
    --------
    >>> from skneuron._common import wrong_value
    >>> print(wrong_value("C", -1, "a positive number", "C=1.0", "NeuronClassifier"))
    NeuronClassifier got C=-1. Expected a positive number. Use for example C=1.0.
    """
    subject = f"{owner} got" if owner else "Got"
    return f"{subject} {name}={shown(value)}. Expected {expected}. Use for example {example}."
