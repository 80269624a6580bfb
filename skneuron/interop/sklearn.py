"""Conversion between a sigmoid neuron and scikit-learn's ``LogisticRegression``.

Tools that know scikit-learn's own classes only then work with a neuron: PMML, Hummingbird, ELI5.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

from skneuron.activations import Sigmoid
from skneuron.classifier import NeuronClassifier
from skneuron.validation import check_neuron, dense_coef

__all__ = ["from_logistic_regression", "to_logistic_regression"]

# Parameters with the same name and meaning in both classes.
_SHARED = ("C", "fit_intercept", "class_weight", "warm_start", "random_state")

# Parameters of a neuron that change its coefficients, and that LogisticRegression lacks, with the
# values without an effect.
_OWN: dict[str, Any] = {
    "penalty_factor": None,
    "bounds": None,
    "bias_reduction": None,
    "early_stopping": False,
}


def to_logistic_regression(neuron: NeuronClassifier) -> LogisticRegression:
    """Return a fitted ``LogisticRegression`` with the coefficients of a sigmoid neuron.

    Parameters
    ----------
    neuron : NeuronClassifier
        Fitted, with ``activation="sigmoid"`` and the log loss.

    Returns
    -------
    LogisticRegression
        With the same predictions and probabilities, and the parameters that both classes have.

    Raises
    ------
    ValueError
        If the neuron has another activation or loss, a ``penalty_factor``, ``bounds``,
        ``bias_reduction`` or ``early_stopping``.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.interop.sklearn import to_logistic_regression
    >>> X, y = load_iris(return_X_y=True)
    >>> neuron = NeuronClassifier(C=10.0).fit(X, y)
    >>> model = to_logistic_regression(neuron)
    >>> model.C, bool(abs(model.predict_proba(X) - neuron.predict_proba(X)).max() < 1e-12)
    (10.0, True)
    """
    check_neuron(neuron)
    if type(neuron.activation_) is not Sigmoid or neuron.loss_ != "log_loss":
        raise ValueError(
            f"A neuron with activation={neuron.activation!r} and loss={neuron.loss_!r} is no "
            "logistic regression. Expected the sigmoid and the log loss. Fit "
            "NeuronClassifier('sigmoid'), or convert with skneuron.interop.onnx.to_onnx(neuron)."
        )
    for name, neutral in _OWN.items():
        value = getattr(neuron, name)
        if value is not None if neutral is None else value:
            raise ValueError(
                f"LogisticRegression has no {name}, so a new fit would have other coefficients. "
                f"Expected {name}={neutral!r}. For predictions alone, convert "
                f"copy.copy(neuron).set_params({name}={neutral!r})."
            )
    params = {name: getattr(neuron, name) for name in (*_SHARED, "max_iter")}
    if neuron.l1_ratio:
        params |= {"l1_ratio": neuron.l1_ratio, "solver": "saga"}
        if LogisticRegression().get_params()["l1_ratio"] is None:  # scikit-learn 1.7
            params["penalty"] = "elasticnet"
    model = LogisticRegression(**params)
    model.classes_ = neuron.classes_.copy()
    model.coef_, model.intercept_ = dense_coef(neuron).copy(), neuron.intercept_.copy()
    model.n_features_in_ = neuron.n_features_in_
    model.n_iter_ = np.array(getattr(neuron, "n_iter_", [0]), np.int32)
    if hasattr(neuron, "feature_names_in_"):
        model.feature_names_in_ = neuron.feature_names_in_.copy()
    return model


def from_logistic_regression(model: LogisticRegression) -> NeuronClassifier:
    """Return a fitted neuron with the coefficients of a ``LogisticRegression``.

    Parameters
    ----------
    model : LogisticRegression or LogisticRegressionCV
        Fitted. The coefficients are of the penalty ``C_[0]`` for ``LogisticRegressionCV``.

    Returns
    -------
    NeuronClassifier
        With the same predictions and probabilities, and the parameters that both classes have.
        It has no ``n_iter_``, ``gap_`` and other attributes of a fit.

    Warns
    -----
    UserWarning
        If a new fit of the neuron has another minimum: the model penalises its intercept
        (``solver="liblinear"``), or is a mean of several fits or penalties.

    Raises
    ------
    TypeError
        If ``model`` is another estimator.
    ValueError
        If an old option of the model gives probabilities that no neuron has: one sigmoid for
        each of several classes, or a softmax for two classes.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skneuron.interop.sklearn import from_logistic_regression
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> model = LogisticRegression(solver="newton-cholesky").fit(X, y)
    >>> neuron = from_logistic_regression(model)
    >>> bool(neuron.trace(X.iloc[0]).predicted == model.predict(X[:1])[0])
    True
    """
    if not isinstance(model, LogisticRegression):
        raise TypeError(
            f"Got a {type(model).__name__}. Expected a fitted LogisticRegression. "
            "Pass the last step of a pipeline: from_logistic_regression(pipeline[-1])."
        )
    check_is_fitted(model)
    if _other_probabilities(model):
        raise ValueError(
            f"The probabilities of this LogisticRegression with {len(model.classes_)} classes "
            "are neither a sigmoid nor a softmax of its linear predictors. Expected the default "
            "for several classes. Fit again: LogisticRegression(C=model.C).fit(X, y)."
        )
    coef: Any = model.coef_
    neuron = NeuronClassifier.from_weights(
        coef.toarray() if issparse(coef) else coef,
        np.ravel(model.intercept_),
        classes=model.classes_,
        feature_names=getattr(model, "feature_names_in_", None),
    )
    reason = _other_minimum(model)
    if reason is not None:
        warnings.warn(
            f"{reason} Expected a model of which C and l1_ratio give the coefficients. The "
            "predictions are the same, but neuron.fit(X, y) has another minimum.",
            stacklevel=2,
        )
    given = model.get_params()
    params = {name: given[name] for name in _SHARED if name in given}
    return neuron.set_params(**params | _penalty_of(model))  # type: ignore[no-any-return]


def _other_probabilities(model: LogisticRegression) -> bool:
    """Whether options up to scikit-learn 1.7 give other probabilities than a neuron's."""
    option = getattr(model, "multi_class", None)
    if len(model.classes_) == 2:
        return bool(option == "multinomial")
    return bool(option == "ovr" or model.solver == "liblinear")


def _other_minimum(model: LogisticRegression) -> str | None:
    """Return why a new fit of the neuron has other coefficients, None if it has the same."""
    if model.solver == "liblinear" and model.fit_intercept and _penalty_of(model)["C"] < np.inf:
        return (
            "The solver 'liblinear' penalises the intercept, and NeuronClassifier leaves the "
            "intercept out of the penalty."
        )
    if not getattr(model, "refit", True):
        return "With refit=False the coefficients are a mean of the fits of all folds."
    if len(np.unique(getattr(model, "C_", 0.0))) > 1:
        return f"The classes have different penalties, C_={np.ravel(model.C_).tolist()}."
    return None


def _penalty_of(model: LogisticRegression) -> dict[str, float]:
    """Return ``C`` and ``l1_ratio``, which depend on ``penalty`` in older versions."""
    given = model.get_params()
    penalty = given.get("penalty")
    ratio = given.get("l1_ratio")
    C = given["C"] if "C" in given else np.ravel(model.C_)[0]
    if hasattr(model, "l1_ratio_"):
        ratio = np.ravel(model.l1_ratio_)[0]
    ratio = {"l1": 1.0, "l2": 0.0}.get(penalty, ratio)
    return {
        "C": np.inf if penalty is None and "penalty" in given else float(C),
        "l1_ratio": float(ratio or 0.0),
    }
