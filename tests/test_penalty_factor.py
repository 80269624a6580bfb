"""Factors of each coefficient's penalty, against rescaled columns and other libraries."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from textbooks import read

from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS
from skneuron.inference import coefficient_table
from skneuron.interop.sklearn import to_logistic_regression
from skneuron.separation import SeparationWarning
from skneuron.solvers import SOLVERS

RAW, Y = load_breast_cancer(return_X_y=True)
X = (RAW[:, :6] - RAW[:, :6].mean(axis=0)) / RAW[:, :6].std(axis=0)
FACTORS = np.array([1.0, 4.0, 0.3, 0.05, 20.0, 1.0])
NAMES = [f"x{k}" for k in range(6)]
PENALIZING = [name for name, cls in SOLVERS.items() if "perceptron" not in name]
NONSMOOTH = [name for name, cls in SOLVERS.items() if cls.supports_nonsmooth]
# The defaults of sgd and adam stop before 1e-8 in the coefficients.
TOL = 1e-18


def _pair(activation, solver, l1_ratio, data, y, C=0.5):
    """Coefficients with factors, and those of rescaled columns with one penalty."""
    root = FACTORS[: data.shape[1]] ** (1 if l1_ratio else 0.5)
    settings = {"solver": solver, "l1_ratio": l1_ratio, "C": C, "tol": TOL, "max_iter": 100_000}
    neuron = NeuronClassifier(activation, penalty_factor=FACTORS[: len(root)], **settings)
    other = NeuronClassifier(activation, **settings).fit(data / root, y)
    return neuron.fit(data, y).coef_, other.coef_ / root


# The gradient of a rectifier is not continuous, and F has several minima.
SMOOTH = sorted(set(ACTIVATIONS) - {"relu", "leaky_relu", "step"})
PAIRS = [("sigmoid", solver) for solver in PENALIZING if solver not in ("sgd", "adam")]
PAIRS += [(activation, "auto") for activation in SMOOTH]


@pytest.mark.parametrize(("activation", "solver"), PAIRS)
def test_ridge_equals_columns_divided_by_the_root(activation, solver):
    ours, other = _pair(activation, solver, 0.0, X, Y)
    assert np.abs(ours - other).max() < 1e-8


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_solvers_that_sample_rows_agree_with_rescaled_columns(solver):
    settings = {"C": 0.5, "solver": solver, "tol": 1e-10}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = NeuronClassifier(penalty_factor=FACTORS, **settings).fit(X, Y)
    exact = NeuronClassifier(C=0.5).fit(X / FACTORS**0.5, Y)
    assert np.abs(ours.coef_ - exact.coef_ / FACTORS**0.5).max() < 1e-3


@pytest.mark.parametrize("solver", ["auto", *NONSMOOTH])
@pytest.mark.parametrize("activation", ["sigmoid", "probit", "cloglog"])
def test_l1_equals_columns_divided_by_the_factor(activation, solver):
    ours, other = _pair(activation, solver, 1.0, X, Y, C=0.1)
    assert np.abs(ours - other).max() < 1e-8
    assert np.array_equal(ours == 0, other == 0)
    assert 0 < (ours == 0).sum() < 6


@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
@pytest.mark.parametrize("activation", ["sigmoid", "probit"])
def test_several_classes_and_sparse_columns(activation, l1_ratio):
    data, y = load_iris(return_X_y=True)
    ours, other = _pair(activation, "auto", l1_ratio, data, y)
    assert np.abs(ours - other).max() < 1e-8
    settings = {"C": 0.5, "l1_ratio": l1_ratio, "penalty_factor": FACTORS[:4]}
    neuron = NeuronClassifier(activation, **settings).fit(sparse.csr_matrix(data), y)
    assert np.abs(neuron.coef_ - other).max() < 1e-7


# --- glmnet ----------------------------------------------------------------------------

GLMNET = read("glmnet")
GLMNET_CASES = list(GLMNET.groupby(["table", "case", "alpha", "standardize"], sort=False).groups)
# As in the script.
LAMBDA = {"birthwt": 0.03, "pima": 0.03, "sonar": 0.01, "womenlf": 0.02}
RESPONSES = {"birthwt": "low", "pima": "diabetes", "sonar": "mine", "womenlf": "partic"}
# glmnet ends with a cycle over the columns that changes no loss by more than thresh=1e-24 times the
# null deviance, thus no standardised coefficient by more than about 1e-11. Correlated columns need
# many such cycles: the largest difference in 42 fits is 1e-8. Coefficients are compared after a
# multiplication by the standard deviation of the column.
ATOL = 1e-7


def _glmnet(table, case, alpha, standardize):
    """Return X, y, sample weights, scales, and the parameters of the neuron, for glmnet's call."""
    rows = read(table)
    terms = [term for term in _coefficients_of_glmnet(table, case, alpha, standardize) if term]
    X, y = rows[terms].to_numpy(float), rows[RESPONSES[table]].to_numpy()
    weights = 1.0 + np.arange(len(y)) % 3 if case == "weighted" else np.ones(len(y))
    factors = np.resize([1, 0, 0.5, 3, 1, 10, 0.2], len(terms))
    variance = np.average((X - np.average(X, axis=0, weights=weights)) ** 2, 0, weights)
    scale = np.sqrt(variance) if standardize else np.ones(len(terms))
    bounds = [(-0.01 * unit, 0.3 * unit) for unit in scale] if case == "bounded" else None
    if case == "excluded":
        factors[4], bounds = 1.0, {4: (0, 0)}
    params = {
        "C": 1 / (LAMBDA[table] * weights.sum()),
        "l1_ratio": alpha,
        "penalty_factor": factors / factors.mean(),
        "bounds": bounds,
    }
    return X, y, weights, scale, params


def _coefficients_of_glmnet(table, case, alpha, standardize):
    """Return one column per term, the intercept as ``""``, and one row per neuron."""
    query = "table == @table and case == @case and alpha == @alpha and standardize == @standardize"
    long = GLMNET.query(query)
    wide = long.assign(term=long["term"].replace("bias", "")).pivot(
        index="class", columns="term", values="value"
    )
    return wide[list(dict.fromkeys(long["term"].replace("bias", "")))]


def test_the_record_of_glmnet_has_ridge_l1_and_elastic_net():
    assert len(GLMNET_CASES) == 7 * 3 * 2
    assert {alpha for _, _, alpha, _ in GLMNET_CASES} == {0.0, 0.5, 1.0}


@pytest.mark.parametrize(("table", "case", "alpha", "standardize"), GLMNET_CASES)
def test_coefficients_are_those_of_glmnet(table, case, alpha, standardize):
    X, y, weights, scale, params = _glmnet(table, case, alpha, standardize)
    neuron = NeuronClassifier(**params).fit(X / scale, y, weights)
    recorded = _coefficients_of_glmnet(table, case, alpha, standardize)
    theirs = recorded.drop(columns="").to_numpy()
    unit = X.std(axis=0)
    np.testing.assert_allclose(neuron.coef_ / scale * unit, theirs * unit, rtol=0, atol=ATOL)
    np.testing.assert_array_equal(neuron.coef_ == 0, theirs == 0)
    # The intercepts of a softmax have a common term without effect.
    ours, others = neuron.intercept_, recorded[""].to_numpy()
    if len(ours) > 1:
        ours, others = ours - ours.mean(), others - others.mean()
    np.testing.assert_allclose(ours, others, rtol=0, atol=ATOL)


@pytest.mark.parametrize("solver", [name for name in PENALIZING if name not in ("sgd", "adam")])
def test_every_solver_has_the_coefficients_of_glmnet(solver):
    for alpha in (0.0, 0.5, 1.0) if solver in NONSMOOTH else (0.0,):
        X, y, _, scale, params = _glmnet("pima", "plain", alpha, True)
        neuron = NeuronClassifier(solver=solver, max_iter=100_000, **params).fit(X / scale, y)
        theirs = _coefficients_of_glmnet("pima", "plain", alpha, True).drop(columns="").to_numpy()
        np.testing.assert_allclose(neuron.coef_, theirs * X.std(axis=0), rtol=0, atol=ATOL)


def test_elastic_net_against_statsmodels():
    alpha = FACTORS / len(Y)
    model = sm.GLM(Y, np.column_stack([X, np.ones(len(X))]), family=sm.families.Binomial())
    kwargs = {"maxiter": 2000, "cnvrg_tol": 1e-12, "zero_tol": 1e-10}
    theirs = model.fit_regularized(alpha=np.append(alpha, 0.0), L1_wt=0.5, **kwargs).params
    ours = NeuronClassifier(l1_ratio=0.5, penalty_factor=FACTORS).fit(X, Y)
    assert np.allclose(ours.coef_[0], theirs[:-1], atol=1e-4)


@pytest.mark.parametrize("solver", [s for s in PENALIZING if s not in ("sgd", "adam")])
def test_factors_of_zero_are_the_maximum_likelihood(solver):
    neuron = NeuronClassifier(solver=solver, penalty_factor=np.zeros(6)).fit(X[:, :6], Y)
    theirs = sm.Logit(Y, sm.add_constant(X)).fit(disp=False, tol=1e-12, method="newton").params
    assert np.allclose(neuron.coef_[0], theirs[1:], rtol=1e-7)
    table = coefficient_table(neuron, X, Y)
    errors = sm.Logit(Y, sm.add_constant(X)).fit(disp=False, tol=1e-12).bse
    assert np.allclose(table["standard_error"].to_numpy()[:6], errors[1:], rtol=1e-6)


def test_one_factor_of_zero_against_a_large_column():
    """A column times 1e8 has no penalty either in scikit-learn's ridge."""
    factors = [1, 0, 1, 1, 0, 1]
    ours = NeuronClassifier(penalty_factor=factors).fit(X, Y).coef_[0]
    unit = np.where(np.array(factors) == 0, 1e4, 1.0)
    settings = {"C": 1.0, "tol": 1e-12, "max_iter": 10_000}
    theirs = LogisticRegression(solver="newton-cholesky", **settings).fit(X * unit, Y).coef_[0]
    assert np.allclose(ours, theirs * unit, rtol=1e-5)


def test_l1_leaves_features_without_penalty_in():
    neuron = NeuronClassifier(C=1e-6, l1_ratio=1.0, penalty_factor={3: 0}).fit(X, Y)
    assert np.flatnonzero(neuron.coef_[0]).tolist() == [3]
    alone = NeuronClassifier(C=np.inf).fit(X[:, [3]], Y)
    assert np.allclose(neuron.coef_[0, 3], alone.coef_[0, 0], rtol=1e-8)


def test_collinear_columns_without_penalty():
    both = np.column_stack([X, X[:, 0], 1 - X[:, 1]])
    factors = [0, 0, 1, 1, 1, 1, 0, 0]
    alone = NeuronClassifier(penalty_factor=factors[:6]).fit(X, Y)
    for l1_ratio in (0.0, 0.5):
        alone.set_params(l1_ratio=l1_ratio).fit(X, Y)
        neuron = NeuronClassifier(penalty_factor=factors, l1_ratio=l1_ratio).fit(both, Y)
        assert neuron.converged_
        z = neuron.decision_function(both)
        assert np.allclose(z, alone.decision_function(X), atol=1e-6)


def test_a_softmax_has_coefficients_of_mean_zero_for_a_feature_without_penalty():
    data, y = load_iris(return_X_y=True)
    settings = {"l1_ratio": 0.5, "penalty_factor": {1: 0}, "C": 0.1}
    cold = NeuronClassifier(**settings).fit(data, y)
    warm = NeuronClassifier(warm_start=True, **settings).fit(data, y)
    warm.coef_ = warm.coef_ + np.array([0.0, 1.0, 0.0, 0.0])
    assert np.allclose(warm.fit(data, y).coef_, cold.coef_, atol=1e-7)
    assert abs(cold.coef_[:, 1].mean()) < 1e-12


def test_dict_and_array_and_ones():
    frame = pd.DataFrame(X, columns=NAMES)
    by_name = NeuronClassifier(penalty_factor={"x1": 0.5, "x4": 0}).fit(frame, Y)
    by_number = NeuronClassifier(penalty_factor={1: 0.5, 4: 0}).fit(X, Y)
    by_position = NeuronClassifier(penalty_factor=[1, 0.5, 1, 1, 0, 1]).fit(X, Y)
    assert np.allclose(by_name.coef_, by_position.coef_, rtol=1e-12)
    assert np.array_equal(by_number.coef_, by_position.coef_)
    ones = NeuronClassifier(penalty_factor=np.ones(6)).fit(X, Y)
    assert np.array_equal(ones.coef_, NeuronClassifier().fit(X, Y).coef_)


def test_a_series_belongs_to_its_labels():
    frame = pd.DataFrame(X, columns=NAMES)
    expected = NeuronClassifier(penalty_factor=FACTORS).fit(frame, Y).coef_
    moved = pd.Series(FACTORS, index=NAMES).sort_values()
    assert moved.index.tolist() != NAMES
    assert np.array_equal(NeuronClassifier(penalty_factor=moved).fit(frame, Y).coef_, expected)
    # Labels that are no names, and X without names: by position, as an array.
    for series, data in (
        (pd.Series(FACTORS), frame),
        (pd.Series(FACTORS, index=NAMES), X),
        (pd.Series(FACTORS), X),
    ):
        ours = NeuronClassifier(penalty_factor=series).fit(data, Y).coef_
        assert np.allclose(ours, expected, rtol=1e-9)
    with pytest.raises(ValueError, match=r"key 'z' of penalty_factor is no feature of X"):
        NeuronClassifier(penalty_factor=pd.Series([1.0], index=["z"])).fit(frame, Y)


def test_no_penalty_and_perceptron_have_no_factors():
    for settings in ({"C": np.inf}, {"activation": "step"}):
        ours = NeuronClassifier(penalty_factor=FACTORS, random_state=0, **settings)
        other = NeuronClassifier(random_state=0, **settings)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert np.allclose(ours.fit(X, Y).coef_, other.fit(X, Y).coef_)


def test_bounds_hold_with_factors():
    neuron = NeuronClassifier(bounds=(0, None), penalty_factor=FACTORS).fit(-X, Y)
    scaled = NeuronClassifier(bounds=(0, None)).fit(-X / FACTORS**0.5, Y)
    assert np.abs(neuron.coef_ - scaled.coef_ / FACTORS**0.5).max() < 1e-8


def test_clone_pickle_and_search():
    neuron = NeuronClassifier(penalty_factor=FACTORS).fit(X, Y)
    assert np.array_equal(clone(neuron).penalty_factor, FACTORS)
    assert np.array_equal(pickle.loads(pickle.dumps(neuron)).penalty_factor, FACTORS)
    grid = {"penalty_factor": [None, FACTORS, {0: 0.0}]}
    search = GridSearchCV(NeuronClassifier(), grid, cv=2).fit(X, Y)
    assert search.best_estimator_.converged_
    assert NeuronClassifier.from_weights([1.0]).penalty_factor is None


def test_streams_come_close_and_keep_their_factors():
    neuron = NeuronClassifier(penalty_factor={0: 0, 1: 5})
    rows = np.random.default_rng(0).permutation(len(Y))
    for chunk in np.array_split(rows, 3):
        neuron.partial_fit(X[chunk], Y[chunk], classes=[0, 1])
    whole = NeuronClassifier(penalty_factor={0: 0, 1: 5}).fit(X, Y)
    assert np.mean(neuron.predict(X) == whole.predict(X)) > 0.99
    same = clone(neuron).partial_fit(X, Y, classes=[0, 1])
    assert np.abs(same.coef_ - whole.coef_).max() < 1e-7
    same.set_params(penalty_factor=[0, 5, 1, 1, 1, 1]).partial_fit(X, Y)
    for factors in (None, {0: 1, 1: 5}):
        neuron.set_params(penalty_factor=factors)
        with pytest.raises(ValueError, match=r"cannot go on with the penalty factors.*Expected"):
            neuron.partial_fit(X, Y)


@pytest.mark.parametrize("solver", PENALIZING)
@pytest.mark.parametrize("kind", ["complete", "quasi-complete"])
def test_separation_by_a_feature_without_penalty(kind, solver):
    rng = np.random.default_rng(0)
    data = rng.normal(size=(80, 4))
    y = (data[:, 0] > 0).astype(int)
    if kind == "quasi-complete":
        data[:, 0] = (data[:, 1] > 1) & (y == 1)
    with pytest.warns(SeparationWarning, match=rf"{kind} .* column 0 .* positive penalty_factor"):
        neuron = NeuronClassifier(solver=solver, penalty_factor={0: 0}).fit(data, y)
    assert not neuron.converged_
    # A feature with a penalty separates the classes: F has a minimum.
    assert NeuronClassifier(solver=solver, penalty_factor={1: 0, 0: 3}).fit(data, y).converged_


@pytest.mark.parametrize("settings", [{"l1_ratio": 0.5}, {"bounds": (0, None)}, {"C": 1e7}])
def test_separation_with_other_parameters(settings):
    rng = np.random.default_rng(0)
    data = rng.normal(size=(60, 3))
    classes = np.digitize(data[:, 0], [-0.5, 0.5])
    for y in (classes > 1, classes):
        neuron = NeuronClassifier(penalty_factor={0: 0}, **settings)
        with pytest.warns(SeparationWarning):
            neuron.fit(data, y)
        assert not neuron.converged_


def test_a_very_small_factor_warns():
    data = np.random.default_rng(0).normal(size=(60, 3))
    with pytest.warns(SeparationWarning, match="very weak"):
        neuron = NeuronClassifier(penalty_factor={0: 1e-9}).fit(data, data[:, 0] > 0)
    assert neuron.converged_


def test_separation_by_more_columns_than_a_proof_takes():
    data = np.random.default_rng(0).normal(size=(40, 2200))
    neuron = NeuronClassifier(penalty_factor={0: 1.0} | dict.fromkeys(range(1, 2200), 0))
    with pytest.warns(SeparationWarning, match="complete"):
        neuron.fit(data, data[:, 1] > 0)
    assert not neuron.converged_


def test_inference():
    partly = NeuronClassifier(penalty_factor={0: 0}).fit(X, Y)
    with pytest.raises(ValueError, match=r"penalty of C=1.0 biases"):
        coefficient_table(partly, X, Y)
    scaled = NeuronClassifier().fit(X / FACTORS**0.5, Y)
    factored = NeuronClassifier(penalty_factor=FACTORS).fit(X, Y)
    ours = coefficient_table(factored, X, Y, penalized=True)["standard_error"].to_numpy()[:6]
    other = coefficient_table(scaled, X / FACTORS**0.5, Y, penalized=True)
    assert np.allclose(ours, other["standard_error"].to_numpy()[:6] / FACTORS**0.5, rtol=1e-6)


def test_a_separated_fit_has_no_penalized_inference():
    data = np.random.default_rng(0).normal(size=(60, 3))
    y = (data[:, 0] > 0).astype(int)
    with pytest.warns(SeparationWarning):
        neuron = NeuronClassifier(penalty_factor={0: 0}).fit(data, y)
    with pytest.raises(ValueError, match="without a penalty, and did not converge"):
        coefficient_table(neuron, data, y, penalized=True)


def test_logistic_regression_has_no_factors():
    neuron = NeuronClassifier(penalty_factor=FACTORS).fit(X, Y)
    with pytest.raises(ValueError, match=r"no penalty_factor.*Expected.*set_params"):
        to_logistic_regression(neuron)
    model = to_logistic_regression(clone(neuron).set_params(penalty_factor=None).fit(X, Y))
    assert model.C == 1.0


@pytest.mark.parametrize("C", [1.0, 1e-10])
def test_extreme_factors(C):
    neuron = NeuronClassifier(C=C, penalty_factor={0: 1e250, 1: 1e-300}).fit(X, Y)
    assert neuron.converged_
    assert abs(neuron.coef_[0, 0]) < 1e-200
    with pytest.raises(ValueError, match=r"overflows float64.*Expected.*Divide"):
        NeuronClassifier(C=1e-10, penalty_factor={0: 1e305}).fit(X, Y)


def test_the_playground_has_the_factors_of_its_two_features():
    pytest.importorskip("altair")
    from skneuron.playground import playground

    frame = pd.DataFrame(X, columns=NAMES)
    neuron = NeuronClassifier(penalty_factor={"x1": 0, "x4": 50}).fit(frame, Y)
    assert playground(neuron, frame, Y, features=["x1", "x4"], epochs=3)._repr_html_()
