"""Sigmoid neurons as ``LogisticRegression`` and back."""

import copy
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, RidgeClassifier
from sklearn.pipeline import make_pipeline

from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS
from skneuron.interop.sklearn import from_logistic_regression, to_logistic_regression

X, Y = load_breast_cancer(return_X_y=True, as_frame=True)
IRIS, SPECIES = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[SPECIES]
DATA = {"two": (X, Y), "three": (IRIS, NAMES)}


def assert_same(first, second, rows):
    np.testing.assert_allclose(
        first.predict_proba(rows), second.predict_proba(rows), rtol=0, atol=1e-12
    )
    np.testing.assert_array_equal(first.predict(rows), second.predict(rows))
    np.testing.assert_allclose(
        first.decision_function(rows), second.decision_function(rows), rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("params", [{}, {"C": np.inf}, {"l1_ratio": 0.5, "C": 0.1}], ids=repr)
@pytest.mark.filterwarnings("ignore::skneuron.separation.SeparationWarning")
def test_there_and_back(name, params):
    data, y = DATA[name]
    neuron = NeuronClassifier(class_weight="balanced", **params).fit(data, y)
    model = to_logistic_regression(neuron)
    assert_same(model, neuron, data)
    assert model.n_iter_.tolist() == neuron.n_iter_.tolist()
    again = from_logistic_regression(model)
    assert_same(again, neuron, data)
    assert again.get_params() == neuron.get_params()
    for one in (model, again):
        assert hasattr(one, "feature_names_in_") == isinstance(data, pd.DataFrame)


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("params", [{"C": 0.1}, {"C": 1e4}, {"C": 0.1, "l1_ratio": 1.0}], ids=repr)
def test_a_fit_of_the_converted_model_has_the_same_minimum(name, params):
    """The parameters mean the same: scikit-learn's own fit returns where skneuron's started."""
    data, y = DATA[name]
    columns = np.asarray(data)[:, :3] / np.asarray(data)[:, :3].std(axis=0)
    neuron = NeuronClassifier(**params).fit(columns, y)
    model = clone(to_logistic_regression(neuron)).set_params(tol=1e-9, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of C=inf or of penalties, by version
        model.fit(columns, y)
    np.testing.assert_allclose(model.coef_, neuron.coef_, rtol=2e-3, atol=2e-4)


def test_neither_shares_an_array_with_the_other():
    neuron = NeuronClassifier().fit(IRIS, SPECIES)
    model = to_logistic_regression(neuron)
    model.coef_ += 1
    back = from_logistic_regression(model)
    back.intercept_ += 1
    expected = NeuronClassifier().fit(IRIS, SPECIES)
    np.testing.assert_array_equal(neuron.coef_, expected.coef_)
    np.testing.assert_array_equal(model.intercept_, expected.intercept_)


def test_sparse_coefficients_and_float32():
    neuron = NeuronClassifier(l1_ratio=1.0, C=0.01).fit(X.astype(np.float32), Y)
    model = to_logistic_regression(neuron.sparsify())
    assert model.coef_.dtype == np.float32
    assert_same(from_logistic_regression(model.sparsify()), neuron, X)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_cross_validated_penalty():
    model = LogisticRegressionCV(Cs=[0.01, 1.0], cv=3, max_iter=1000).fit(IRIS, SPECIES)
    neuron = from_logistic_regression(model)
    assert_same(neuron, model, IRIS)
    assert np.ravel(model.C_)[0] == neuron.C
    assert neuron.l1_ratio == 0


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "sigmoid"])
def test_other_activations(activation):
    neuron = NeuronClassifier.from_weights([1.0], activation=activation)
    with pytest.raises(ValueError, match="is no logistic regression"):
        to_logistic_regression(neuron)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_other_models():
    with pytest.raises(ValueError, match="is no logistic regression"):
        to_logistic_regression(NeuronClassifier(loss="squared_error").fit(X, Y))
    with pytest.raises(TypeError, match="Got a RidgeClassifier"):
        from_logistic_regression(RidgeClassifier().fit(IRIS, SPECIES))
    pipeline = make_pipeline(LogisticRegression(solver="newton-cg", max_iter=1000))
    with pytest.raises(TypeError, match=r"pipeline\[-1\]"):
        from_logistic_regression(pipeline.fit(IRIS, SPECIES))
    assert_same(from_logistic_regression(pipeline[-1]), pipeline, IRIS)
    # Up to version 1.7 scikit-learn fits one sigmoid per class with this solver.
    model = pipeline[-1].set_params(solver="liblinear")
    with pytest.raises(ValueError, match="neither a sigmoid nor a softmax"):
        from_logistic_regression(model)


@pytest.mark.parametrize(
    ("name", "value", "neutral"),
    [
        ("bounds", (0, 0.1), "None"),
        ("bounds", np.array([[0.0, 0.1]] * 4), "None"),
        ("penalty_factor", np.ones(4), "None"),
        ("penalty_factor", {0: 0.0}, "None"),
        ("early_stopping", True, "False"),
    ],
)
def test_parameters_that_logistic_regression_lacks(name, value, neutral):
    rows, labels = IRIS[:100], SPECIES[:100]
    neuron = NeuronClassifier(**{name: value}).fit(rows, labels)
    with pytest.raises(ValueError, match=f"has no {name}, .*Expected {name}={neutral}"):
        to_logistic_regression(neuron)
    # The remedy of the message.
    free = copy.copy(neuron).set_params(**{name: False if neutral == "False" else None})
    assert_same(to_logistic_regression(free), neuron, rows)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_models_of_which_a_new_fit_has_another_minimum():
    rows, labels = IRIS[50:], SPECIES[50:]
    model = LogisticRegression(solver="liblinear", tol=1e-10).fit(rows, labels)
    with pytest.warns(UserWarning, match="'liblinear' penalises the intercept"):
        neuron = from_logistic_regression(model)
    assert_same(neuron, model, rows)
    # The warning is true: the fit of the neuron has other coefficients.
    assert abs(neuron.fit(rows, labels).coef_ - model.coef_).max() > 0.1
    model = LogisticRegression(solver="liblinear", tol=1e-10, fit_intercept=False).fit(rows, labels)
    neuron = from_logistic_regression(model)
    np.testing.assert_allclose(neuron.fit(rows, labels).coef_, model.coef_, rtol=1e-5)
    averaged = LogisticRegressionCV(Cs=[0.1, 1.0], cv=3, refit=False, max_iter=1000)
    with pytest.warns(UserWarning, match="mean of the fits of all folds"):
        from_logistic_regression(averaged.fit(rows, labels))
