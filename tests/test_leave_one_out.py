"""Approximate leave-one-out against exact leave-one-out, whose every fit is a separate one."""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from sklearn.model_selection import LeaveOneOut

from skneuron import NeuronClassifier, NeuronClassifierCV
from skneuron.paths import LeverageWarning
from skneuron.plotting import PathDisplay
from skneuron.separation import SeparationWarning

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
from benchmark_utils.path_tables import path_tables

CS = [0.01, 0.1, 1.0]
TABLES = path_tables(60)


def _searches(X, y, activation="sigmoid", arguments=None, **params):
    """Return the approximate search, whether it warned, and the exact search."""
    arguments = arguments or {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        own = NeuronClassifierCV(activation, cv="loo", **params).fit(X, y, **arguments)
    warned = any(note.category is LeverageWarning for note in caught)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exact = NeuronClassifierCV(activation, cv=LeaveOneOut(), **params).fit(X, y, **arguments)
    return own, warned, exact


def _error(own, exact):
    """Return the largest error of a mean score, in standard errors."""
    return (np.abs(own.mean_scores_ - exact.mean_scores_) / exact.standard_errors_).max()


@pytest.mark.parametrize("name", TABLES)
def test_a_warning_wherever_the_mean_is_off(name):
    """Twenty ordinary and adversarial tables, one search for each C."""
    for C in (1.0, 100.0):
        own, warned, exact = _searches(*TABLES[name], Cs=[C])
        assert warned or _error(own, exact) < 0.2, C
        assert warned or own.max_leverages_.max() <= 0.8


@pytest.mark.parametrize("name", ["logit", "probit", "cloglog", "loglog", "tanh", "offset"])
def test_without_high_leverage_scores_are_exact_to_a_few_hundredths(name):
    X, y, activation, arguments = path_tables(150)[name]
    rows = {key: np.asarray(value)[:100] for key, value in arguments.items()}
    own, warned, exact = _searches(X[:100], y[:100], activation, rows, Cs=[0.01, 0.1, 1.0])
    assert not warned
    assert _error(own, exact) < 0.15
    assert own.scores_.shape == exact.scores_.shape == (100, 1, 3)
    assert own.C_ == exact.C_
    strong = own.scores_[:, 0, 0] - exact.scores_[:, 0, 0]
    assert np.abs(strong).max() < 0.02


@pytest.mark.parametrize(
    "params",
    [
        {"fit_intercept": False},
        {"penalty_factor": {0: 0, 1: 5}},
        {"class_weight": {0: 1, 1: 3}},
        {"solver": "lbfgs"},
        {"selection": "one_se"},
    ],
    ids=str,
)
@pytest.mark.parametrize("weighted", [False, True])
def test_parameters(params, weighted):
    """Errors grow with the square of the leverage, so scores of a strong penalty are exact."""
    X, y, *_ = path_tables(100)["logit"]
    weights = np.random.default_rng(0).integers(1, 4, 100).astype(float) if weighted else None
    own, warned, exact = _searches(
        X, y, arguments={"sample_weight": weights}, Cs=[0.003, 0.03], **params
    )
    assert not warned
    np.testing.assert_allclose(own.scores_, exact.scores_, atol=0.04)
    np.testing.assert_allclose(own.mean_scores_, exact.mean_scores_, atol=0.002)
    np.testing.assert_allclose(own.standard_errors_, exact.standard_errors_, rtol=0.01)
    assert own.C_ == exact.C_
    np.testing.assert_array_equal(own.coef_, exact.coef_)


def test_the_leverage_is_the_one_of_statsmodels():
    """Its hat matrix of a binomial GLM, without a penalty."""
    sm = pytest.importorskip("statsmodels.api")
    X, y, *_ = path_tables(300)["logit"]
    own = NeuronClassifierCV(Cs=[np.inf], cv="loo").fit(X, y)
    fit = sm.GLM(y, sm.add_constant(X), family=sm.families.Binomial()).fit(tol=1e-12)
    hat = fit.get_influence().hat_matrix_diag
    assert own.max_leverages_[0, 0] == pytest.approx(hat.max(), rel=1e-6)


def test_a_low_leverage_does_not_hide_the_error_of_rare_levels():
    """A level of 20 samples with one event: the fit without the event separates the level."""
    level = np.repeat(np.arange(12), 20)
    X, y = np.eye(12)[level], (np.arange(240) % 20 == 0).astype(int)
    with pytest.warns(LeverageWarning, match=r"1 of 2 fits, first at C=100: .* leverage is 0.05"):
        NeuronClassifierCV(Cs=[0.1, 100.0], cv="loo").fit(X, y)


def test_sparse_float32_and_collinear_columns():
    X, y, *_ = path_tables(300)["logit"]
    dense = NeuronClassifierCV(Cs=CS, cv="loo").fit(X, y)
    for other in (sparse.csr_array(X), sparse.csc_matrix(X)):
        found = NeuronClassifierCV(Cs=CS, cv="loo").fit(other, y)
        np.testing.assert_allclose(found.scores_, dense.scores_, atol=1e-8)
    single = NeuronClassifierCV(Cs=CS, cv="loo").fit(X.astype(np.float32), y)
    np.testing.assert_allclose(single.scores_, dense.scores_, atol=1e-4)
    free = [np.inf]
    twice = NeuronClassifierCV(Cs=free, cv="loo").fit(np.hstack([X, X[:, :2]]), y)
    once = NeuronClassifierCV(Cs=free, cv="loo").fit(X, y)
    np.testing.assert_allclose(twice.scores_, once.scores_, atol=1e-6)


def test_weights_of_zero_are_rows_left_out():
    X, y, *_ = path_tables(300)["logit"]
    weights = (np.arange(300) % 4 > 0) * 2.0
    kept = weights > 0
    whole = NeuronClassifierCV(Cs=CS, cv="loo").fit(X, y, weights)
    some = NeuronClassifierCV(Cs=CS, cv="loo").fit(X[kept], y[kept], weights[kept])
    np.testing.assert_allclose(whole.scores_, some.scores_, atol=1e-9)


def test_attributes_and_pictures():
    X, y, *_ = path_tables(300)["logit"]
    frame = pd.DataFrame(X, columns=list("abcdefghij"))
    search = NeuronClassifierCV(Cs=5, cv="loo").fit(frame, np.where(y, "yes", "no"))
    assert search.scores_.shape == (300, 1, 5)
    assert search.coefs_paths_.shape == (1, 1, 5, 1, 11)
    assert search.gaps_.shape == search.n_iter_.shape == (1, 1, 5)
    assert search.max_leverages_.shape == search.mean_scores_.shape == (1, 5)
    assert search.gaps_.max() < 1e-9
    neuron = NeuronClassifier(C=search.Cs_[2]).fit(frame, y)
    np.testing.assert_allclose(search.coefs_paths_[0, 0, 2, 0, :-1], neuron.coef_[0], rtol=1e-6)
    PathDisplay.from_estimator(search)
    assert search.set_params(cv=3).fit(frame, y).scores_.shape == (3, 1, 5)
    assert not hasattr(search, "max_leverages_")


def test_separated_classes_have_finite_scores():
    X = np.linspace(-1, 1, 20)[:, None]
    y = (X[:, 0] > 0).astype(int)
    for activation in ("sigmoid", "probit", "cloglog"):
        with pytest.warns(SeparationWarning), pytest.warns(LeverageWarning):
            search = NeuronClassifierCV(activation, Cs=[1.0, np.inf], cv="loo").fit(X, y)
        assert np.isfinite(search.scores_).all()
        assert np.isfinite(search.standard_errors_).all()


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"l1_ratios": [0.0, 0.5]}, "an L1 penalty or bounds"),
        ({"bounds": (0, None)}, "an L1 penalty or bounds"),
        ({"activation": "cauchit"}, "activation='cauchit'"),
        ({"activation": "identity"}, "loss='squared_error'"),
        ({"loss": "squared_error"}, "loss='squared_error'"),
        ({"class_weight": "balanced"}, "class_weight='balanced'"),
        ({"scoring": "accuracy"}, "a scorer"),
        ({"refit": False}, "refit=False"),
    ],
    ids=str,
)
def test_refusals_name_the_exact_way(params, found, monkeypatch):
    X, y, *_ = TABLES["logit"]
    monkeypatch.setattr("skneuron.paths._leave_one_out.solve_path", None)
    with pytest.raises(ValueError, match=rf"cv='loo' with .*{found}.*Use cv=LeaveOneOut\(\)"):
        NeuronClassifierCV(cv="loo", **params).fit(X, y)


def test_more_refusals():
    X, y, *_ = TABLES["logit"]
    with pytest.raises(ValueError, match="3 classes"):
        NeuronClassifierCV(cv="loo").fit(X, np.arange(60) % 3)
    with pytest.raises(ValueError, match="2000 features"):
        NeuronClassifierCV(cv="loo").fit(sparse.csr_array((60, 2000)), y)
    with pytest.raises(ValueError, match="the class True with 1 sample"):
        NeuronClassifierCV(cv="loo").fit(X, np.arange(60) == 7)
    with pytest.raises(ValueError, match="groups"):
        NeuronClassifierCV(cv="loo").fit(X, y, groups=np.arange(60))
    with pytest.raises(ValueError, match=r"cv='lou'.*or 'loo'. Use for example cv='loo'"):
        NeuronClassifierCV(cv="lou").fit(X, y)
    with sklearn.config_context(enable_metadata_routing=True):
        NeuronClassifierCV(cv="loo", Cs=[0.1]).fit(X, y)
