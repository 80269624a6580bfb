"""Weights from elsewhere, with their link, at work: statsmodels, R, pipelines, copies."""

import pickle

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted
from test_links import LINKS
from textbooks import TABLES, read

from skneuron import NeuronClassifier

X, Y, _ = TABLES["spector, logit"].load()


def _statsmodels(link):
    return sm.GLM(Y, sm.add_constant(X), family=sm.families.Binomial(LINKS[link]())).fit()


@pytest.mark.parametrize("link", LINKS)
def test_results_of_statsmodels(link):
    """A Series of parameters brings the names."""
    results = _statsmodels(link)
    weights = results.params.drop("const")
    neuron = NeuronClassifier.from_weights(weights, results.params["const"], activation=link)
    assert neuron.feature_names_in_.tolist() == list(X)
    np.testing.assert_allclose(neuron.predict_proba(X)[:, 1], results.fittedvalues, rtol=1e-13)
    with pytest.raises(ValueError, match="same order"):
        neuron.predict(X[["PSI", "GPA", "TUCE"]])


def test_coefficients_of_r():
    r = read("r_glm").query("table == 'beetles' and case == 'grouped' and link == 'cloglog'")
    weights = dict(zip(r["term"], r["value"], strict=True))
    bias, _ = weights.pop("bias"), weights.pop("deviance")
    neuron = NeuronClassifier.from_weights(weights, bias, activation="cloglog")
    table, y, counts = TABLES["beetles, cloglog"].load()
    fitted = NeuronClassifier("cloglog", C=np.inf).fit(table, y, counts)
    np.testing.assert_allclose(neuron.predict_proba(table), fitted.predict_proba(table), rtol=1e-6)


def test_layers_of_scikit_learn():
    logistic = LogisticRegression(max_iter=10_000).fit(X, Y)
    neuron = NeuronClassifier.from_weights(
        logistic.coef_, logistic.intercept_, feature_names=logistic.feature_names_in_
    )
    np.testing.assert_allclose(neuron.predict_proba(X), logistic.predict_proba(X), rtol=1e-12)


def test_in_a_pipeline_frozen_calibrated_copied_and_pickled():
    weights = {"GPA": 1.0, "TUCE": 0.1, "PSI": 0.5}
    neuron = NeuronClassifier.from_weights(
        weights, -5.0, activation="probit", classes=["fail", "pass"]
    )
    check_is_fitted(neuron)
    pipeline = make_pipeline(neuron)
    check_is_fitted(pipeline)
    expected = neuron.predict_proba(X)
    np.testing.assert_array_equal(pipeline.predict_proba(X), expected)
    assert set(pipeline.predict(X)) <= {"fail", "pass"}
    again = pickle.loads(pickle.dumps(neuron))
    np.testing.assert_array_equal(again.predict_proba(X), expected)

    labels = np.where(Y == 1, "pass", "fail")
    calibrated = CalibratedClassifierCV(FrozenEstimator(neuron)).fit(X, labels)
    assert calibrated.predict_proba(X).shape == expected.shape

    # scikit-learn's clone keeps parameters, and forgets what was learned.
    copy = clone(neuron)
    assert copy.activation == "probit"
    with pytest.raises(NotFittedError):
        copy.predict(X)


def test_after_a_fitted_scaler():
    scaler = StandardScaler().set_output(transform="pandas").fit(X)
    fitted = NeuronClassifier("cloglog", C=np.inf).fit(scaler.transform(X), Y)
    carried = NeuronClassifier.from_weights(
        pd.Series(fitted.coef_[0], index=list(X)), fitted.intercept_, activation="cloglog"
    )
    np.testing.assert_array_equal(
        make_pipeline(scaler, carried).predict_proba(X),
        fitted.predict_proba(scaler.transform(X)),
    )


def test_learning_goes_on_from_the_weights():
    results = _statsmodels("cloglog")
    neuron = NeuronClassifier.from_weights(
        results.params.drop("const"), results.params["const"], activation="cloglog"
    )
    neuron.set_params(C=np.inf, warm_start=True).fit(X, Y)
    cold = NeuronClassifier("cloglog", C=np.inf).fit(X, Y)
    assert neuron.n_iter_.max() < cold.n_iter_.max()
    np.testing.assert_allclose(neuron.coef_, cold.coef_, rtol=1e-7)


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble, np.int32, bool])
def test_other_numbers_become_float64(dtype):
    assert NeuronClassifier.from_weights(np.array([1, 0], dtype)).coef_.dtype == np.float64


def test_a_numbered_series_has_no_names():
    assert not hasattr(NeuronClassifier.from_weights(pd.Series([1.0, 2.0])), "feature_names_in_")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"coef": [1j, 2]}, "complex"),
        ({"coef": []}, "coef has shape"),
        ({"coef": [1.0], "classes": 3}, "two or more sorted"),
        ({"coef": [1.0, 2.0], "feature_names": ["a", "a"]}, "different strings"),
        ({"coef": [1.0, 2.0], "feature_names": [0, 1]}, "different strings"),
        ({"coef": {0: 1.0}}, "different strings"),
    ],
)
def test_what_cannot_be_carried_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        NeuronClassifier.from_weights(**arguments)


TABLE = {"rain": 1.5, "wind": -0.5}


@pytest.mark.parametrize(
    "coef",
    [TABLE, pd.Series(TABLE), pd.DataFrame([TABLE])],
    ids=lambda coef: type(coef).__name__,
)
def test_names_in_another_order(coef):
    """The coefficients stay with their names."""
    neuron = NeuronClassifier.from_weights(coef, feature_names=["wind", "rain"])
    assert neuron.feature_names_in_.tolist() == ["wind", "rain"]
    assert neuron.coef_.tolist() == [[-0.5, 1.5]]
    day = pd.DataFrame({"wind": [1.0], "rain": [0.0]})
    assert neuron.decision_function(day).tolist() == [-0.5]
    own = NeuronClassifier.from_weights(coef)
    assert own.feature_names_in_.tolist() == ["rain", "wind"]
    for names in (["wind", "sun"], ["wind"], ["wind", "wind"], ["wind", "rain", "sun"], "wind"):
        with pytest.raises(ValueError, match="Expected the same names in any order"):
            NeuronClassifier.from_weights(coef, feature_names=names)


def test_a_data_frame_of_several_neurons():
    coef = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]})
    neuron = NeuronClassifier.from_weights(coef, classes=[0, 1, 2], feature_names=["b", "a"])
    assert neuron.coef_.tolist() == [[4.0, 1.0], [5.0, 2.0], [6.0, 3.0]]


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["a", float("nan")], "classes has the missing label nan in row 1"),
        (("a", None), "classes has the missing label None in row 1"),
        ([1, None], "classes has the missing label None in row 1"),
        ([1, "2"], r"classes has labels of the types int, str.*Convert them"),
        ([0, 1j], "classes has complex labels"),
        (np.ma.array([0, 1], mask=[False, True]), "classes has a masked value at index 1"),
    ],
)
def test_labels_without_an_order(classes, message):
    with pytest.raises(ValueError, match=message):
        NeuronClassifier.from_weights([1.0, 2.0], classes=classes)
