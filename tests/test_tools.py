"""scikit-learn's tools around the neuron."""

import pickle

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.ensemble import BaggingClassifier, StackingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.inspection import DecisionBoundaryDisplay, permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    TunedThresholdClassifierCV,
    cross_validate,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skneuron import NeuronClassifier
from skneuron.activations import LeakyReLU
from skneuron.solvers import GD

X, Y = load_breast_cancer(return_X_y=True)
IRIS, SPECIES = load_iris(return_X_y=True)


def test_pipeline_needs_no_scaler():
    raw = make_pipeline(NeuronClassifier(C=np.inf)).fit(IRIS[50:], SPECIES[50:])
    scaled = make_pipeline(StandardScaler(), NeuronClassifier(C=np.inf))
    scaled.fit(IRIS[50:], SPECIES[50:])
    np.testing.assert_allclose(
        raw.predict_proba(IRIS[50:]), scaled.predict_proba(IRIS[50:]), atol=1e-9
    )


def test_grid_search_over_activation_penalty_and_nested_parameters():
    search = GridSearchCV(
        NeuronClassifier(activation=LeakyReLU(), solver=GD(), tol=1e-6),
        {"activation__alpha": [0.01, 0.3], "solver__momentum": [0.5, "auto"], "C": [0.1, 10.0]},
        cv=3,
    ).fit(IRIS, SPECIES)
    assert len(search.cv_results_["params"]) == 8
    assert search.best_score_ > 0.7
    fitted = search.best_estimator_
    assert fitted.activation_.alpha == search.best_params_["activation__alpha"]
    names = GridSearchCV(
        NeuronClassifier(), {"activation": ["sigmoid", "probit", "cloglog"], "C": [1.0, 100.0]}
    )
    assert names.fit(X, Y).best_score_ > 0.93


def test_one_grid_serves_logistic_regression_too():
    grid = {"C": [0.1, 1.0], "class_weight": [None, "balanced"], "fit_intercept": [True, False]}
    ours = GridSearchCV(NeuronClassifier(), grid, scoring="neg_log_loss").fit(X[:, :5], Y)
    theirs = GridSearchCV(
        LogisticRegression(solver="newton-cholesky", tol=1e-10), grid, scoring="neg_log_loss"
    ).fit(X[:, :5], Y)
    assert ours.best_params_ == theirs.best_params_
    np.testing.assert_allclose(
        ours.cv_results_["mean_test_score"], theirs.cv_results_["mean_test_score"], atol=1e-6
    )


def test_halving_grid_search():
    search = HalvingGridSearchCV(
        NeuronClassifier(), {"C": [0.01, 0.1, 1.0, 10.0]}, random_state=0, min_resources=80
    ).fit(X, Y)
    assert search.best_score_ > 0.9


def test_cross_validate_routes_weights():
    weights = np.where(Y == 1, 3.0, 1.0)
    with sklearn.config_context(enable_metadata_routing=True):
        neuron = NeuronClassifier().set_fit_request(sample_weight=True)
        scorer = get_scorer("neg_log_loss").set_score_request(sample_weight=True)
        out = cross_validate(
            make_pipeline(neuron), X, Y, params={"sample_weight": weights}, scoring=scorer,
            return_estimator=True, return_indices=True,
        )  # fmt: skip
    rows = out["indices"]["train"][0]
    direct = NeuronClassifier().fit(X[rows], Y[rows], weights[rows])
    np.testing.assert_allclose(out["estimator"][0][-1].coef_, direct.coef_, rtol=1e-9)
    plain = NeuronClassifier().fit(X[rows], Y[rows])
    assert not np.allclose(plain.coef_, direct.coef_)


@pytest.mark.parametrize("activation", ["step", "relu", "identity", "sigmoid"])
@pytest.mark.filterwarnings("ignore:The solver 'perceptron' did not converge")
def test_calibration_gives_probabilities_where_there_is_no_likelihood(activation):
    calibrated = CalibratedClassifierCV(NeuronClassifier(activation), method="sigmoid", cv=3)
    proba = calibrated.fit(X, Y).predict_proba(X)[:, 1]
    assert brier_score_loss(Y, proba) < 0.1


def test_tuned_threshold():
    tuned = TunedThresholdClassifierCV(NeuronClassifier(), scoring="f1", cv=3).fit(X, Y)
    assert 0 < tuned.best_threshold_ < 1
    assert tuned.score(X, Y) > 0.9


def test_feature_selection():
    kept = SelectFromModel(NeuronClassifier(C=0.1), max_features=5).fit(X, Y).get_support()
    assert 0 < kept.sum() <= 5
    assert RFE(NeuronClassifier(), n_features_to_select=10, step=5).fit(X, Y).support_.sum() == 10


def test_ensembles():
    stack = StackingClassifier(
        [("sigmoid", NeuronClassifier()), ("cloglog", NeuronClassifier("cloglog"))],
        final_estimator=NeuronClassifier(),
        cv=3,
    )
    assert stack.fit(X, Y).score(X, Y) > 0.93
    bag = BaggingClassifier(NeuronClassifier(), n_estimators=5, random_state=0)
    assert bag.fit(X, Y).score(X, Y) > 0.93
    rest = OneVsRestClassifier(NeuronClassifier()).fit(IRIS, SPECIES)
    assert rest.predict_proba(IRIS).shape == (150, 3)


def test_inspection():
    neuron = NeuronClassifier().fit(IRIS[:, 2:], SPECIES)
    importance = permutation_importance(neuron, IRIS[:, 2:], SPECIES, random_state=0)
    assert importance.importances_mean.min() > 0.05
    import matplotlib as mpl

    mpl.use("Agg")
    for response in ("predict", "predict_proba"):
        display = DecisionBoundaryDisplay.from_estimator(
            neuron, IRIS[:, 2:], response_method=response
        )
        assert np.all(np.isfinite(display.response))
    binary = NeuronClassifier().fit(IRIS[:100, :2], SPECIES[:100])
    shown = DecisionBoundaryDisplay.from_estimator(
        binary, IRIS[:100, :2], response_method="decision_function"
    )
    assert shown.response.min() < 0 < shown.response.max()
    import matplotlib.pyplot as plt

    plt.close("all")


def test_clone_pickle_and_repr():
    neuron = NeuronClassifier(LeakyReLU(0.2), C=3.0, solver=GD(learning_rate=0.05), tol=1e-6)
    copied = clone(neuron)
    assert copied.activation is not neuron.activation
    assert copied.get_params()["activation__alpha"] == 0.2
    assert copied.get_params()["solver__learning_rate"] == 0.05
    neuron.fit(X, Y)
    again = pickle.loads(pickle.dumps(neuron))
    np.testing.assert_array_equal(again.decision_function(X), neuron.decision_function(X))
    assert " ".join(repr(copied).split()) == (
        "NeuronClassifier(C=3.0, activation=LeakyReLU(alpha=0.2), "
        "solver=GD(learning_rate=0.05), tol=1e-06)"
    )
    assert "LeakyReLU" in neuron._repr_html_()


def test_two_processes_give_the_same_scores():
    scores = [
        cross_validate(NeuronClassifier("probit"), X, Y, n_jobs=n)["test_score"] for n in (1, 2)
    ]
    np.testing.assert_array_equal(*scores)
    fits = joblib.Parallel(n_jobs=2)(
        joblib.delayed(NeuronClassifier(C=C).fit)(X, Y) for C in (0.1, 1.0)
    )
    np.testing.assert_array_equal(fits[1].coef_, NeuronClassifier().fit(X, Y).coef_)


@pytest.mark.parametrize(
    "frame", [pd.DataFrame, lambda x, columns: pl.DataFrame(x, schema=columns)]
)
def test_column_names_of_pandas_and_polars(frame):
    names = ["sepal length", "sepal width", "petal length", "petal width"]
    data = frame(IRIS, columns=names)
    neuron = NeuronClassifier().fit(data, SPECIES)
    assert neuron.feature_names_in_.tolist() == names
    np.testing.assert_allclose(
        neuron.predict_proba(data), NeuronClassifier().fit(IRIS, SPECIES).predict_proba(IRIS)
    )
