"""Paths and the choice of C: against separate fits, scikit-learn's own CV and glmnet's formulas."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris, make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import log_loss, make_scorer
from sklearn.model_selection import GroupKFold, KFold, PredefinedSplit, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skneuron import NeuronClassifier, NeuronClassifierCV
from skneuron.fitting import AbsentClassWarning
from skneuron.fitting._subproblems import subproblems
from skneuron.fitting._train import columns_of
from skneuron.paths import neuron_path
from skneuron.separation import SeparationWarning
from skneuron.solvers import StoppingCriteria
from skneuron.solvers.newton._path_newton import PathNewton
from skneuron.validation import TrainingData, check_parameters

CS = [0.01, 0.1, 1.0, 10.0]
FOLDS = StratifiedKFold(3)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def _data(rng, n=160, classes=2):
    X, y = make_classification(
        n, 8, n_informative=4, n_classes=classes, flip_y=0.2, random_state=int(rng.integers(99))
    )
    weights = rng.integers(1, 4, n).astype(float)
    return X * np.geomspace(0.1, 10, 8) + 3, y, weights


# The checks trim classes by sample weights, and fit plateaus of squared error.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.filterwarnings("ignore::skneuron.fitting.AbsentClassWarning")
@pytest.mark.filterwarnings("ignore:The least populated class:UserWarning")
@parametrize_with_checks(
    [
        NeuronClassifierCV(cv=2, Cs=3),
        NeuronClassifierCV("probit", cv=2, Cs=3, selection="one_se"),
        NeuronClassifierCV("tanh", cv=2, Cs=2),
        NeuronClassifierCV(cv=2, Cs=3, l1_ratios=(0.5, 1.0), scoring="accuracy"),
    ]
)
def test_scikit_learns_checks(estimator, check):
    """The check makes the assertions: it raises if the estimator breaks a convention."""
    check(estimator)


# --- the same as separate fits -------------------------------------------------------------


@pytest.mark.parametrize("offset", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("params", "classes"),
    [
        ({}, 2),
        ({}, 3),
        ({"activation": "probit"}, 2),
        ({"activation": "cloglog"}, 3),
        ({"l1_ratio": 0.7}, 2),
        ({"l1_ratio": 1.0}, 3),
        ({"bounds": (0, None)}, 2),
        ({"penalty_factor": {0: 0, 1: 5}}, 2),
        ({"penalty_factor": {0: 0, 1: 5}, "l1_ratio": 1.0}, 2),
        ({"fit_intercept": False}, 2),
        ({"class_weight": "balanced"}, 3),
        ({"activation": "tanh"}, 2),
        ({"activation": "identity"}, 3),
        ({"loss": "squared_error"}, 2),
    ],
    ids=str,
)
def test_coefficients_and_scores_are_those_of_separate_fits(rng, params, classes, weighted, offset):
    X, y, weights = _data(rng, classes=classes)
    weights = weights if weighted else None
    added = rng.normal(size=(len(X),) if classes == 2 else (len(X), classes)) if offset else None
    ratio = params.get("l1_ratio", 0.0)
    shared = {name: value for name, value in params.items() if name != "l1_ratio"}
    search = NeuronClassifierCV(Cs=CS, l1_ratios=[ratio], cv=FOLDS, **shared)
    search.fit(X, y, weights, offset=added)
    for i, (train, test) in enumerate(FOLDS.split(X, y)):
        for j, C in enumerate(CS):
            neuron = NeuronClassifier(C=C, **params).fit(
                X[train],
                y[train],
                None if weights is None else weights[train],
                offset=None if added is None else added[train],
            )
            found = search.coefs_paths_[i, 0, j]
            np.testing.assert_allclose(found[:, :8], neuron.coef_, rtol=1e-7, atol=1e-8)
            if neuron.fit_intercept:
                np.testing.assert_allclose(found[:, 8], neuron.intercept_, rtol=1e-7, atol=1e-8)
            there = {"offset": None if added is None else added[test]}
            w = None if weights is None else weights[test]
            if neuron.loss_ == "log_loss":
                # The losses of these folds are far from scikit-learn's clipping.
                score = -log_loss(y[test], neuron.predict_proba(X[test], **there), sample_weight=w)
            else:
                score = neuron.score(X[test], y[test], w, **there)
            assert abs(search.scores_[i, 0, j] - score) < 1e-8
    assert search.gaps_.max() < 1e-9
    best = NeuronClassifier(C=search.C_, **params).fit(X, y, weights, offset=added)
    np.testing.assert_array_equal(search.coef_, best.coef_)
    np.testing.assert_array_equal(search.intercept_, best.intercept_)


def test_a_path_is_that_of_separate_fits_in_any_order(rng):
    X, y, weights = _data(rng)
    Cs = [1.0, 0.01, 100.0, 0.1]
    path = neuron_path(X, y, Cs, neuron=NeuronClassifier(l1_ratio=0.5), sample_weight=weights)
    for C, coef, intercept in zip(path.Cs, path.coefs, path.intercepts, strict=True):
        neuron = NeuronClassifier(C=C, l1_ratio=0.5).fit(X, y, weights)
        np.testing.assert_allclose(coef, neuron.coef_, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(intercept, neuron.intercept_, rtol=1e-7, atol=1e-9)
    assert path.Cs.tolist() == Cs


@pytest.mark.parametrize(
    ("params", "Cs"),
    [
        ({"activation": "cauchit"}, [0.1, 1.0, 10.0]),
        ({"loss": "squared_error"}, [0.1, 1.0, 10.0]),
        ({"penalty_factor": {0: 0}}, [0.1, 1.0, 10.0]),
        ({}, [1.0, 1e8, np.inf]),
    ],
    ids=str,
)
def test_fits_without_a_unique_or_certain_minimum_start_anew(rng, params, Cs):
    """Such a fit has the very bits of a separate fit, whose start is zero coefficients."""
    X, y, _ = _data(rng)
    path = neuron_path(X, y, Cs, neuron=NeuronClassifier(**params))
    anew = [C for C in Cs if params or C >= 1e8]
    for C in anew:
        neuron = NeuronClassifier(C=C, **params).fit(X, y)
        np.testing.assert_array_equal(path.coefs[Cs.index(C)], neuron.coef_)
        np.testing.assert_array_equal(path.intercepts[Cs.index(C)], neuron.intercept_)


def _many_rows(rng, n=7000, d=8):
    """Tables with many rows, on which the fits of a path share a Hessian."""
    X = rng.standard_normal((n, d))
    noise = rng.logistic(size=n)
    yield "plain", X, X @ rng.standard_normal(d) + noise > 0
    yield "separable", X, X[:, 0] + 0.01 * noise > 0
    yield "rare", X, X[:, 0] + noise > 6
    yield "three classes", X, (X[:, :3] + rng.gumbel(size=(n, 3))).argmax(axis=1)
    yield "scales", X * np.geomspace(1e-4, 1e5, d) + 1000, X[:, 0] + noise > 0
    cauchy = rng.standard_cauchy((n, d))
    yield "cauchy", cauchy, np.clip(cauchy[:, 0], -3, 3) + noise > 0
    alike = X[:, [0, 0, *range(2, d)]] + 1e-5 * X
    yield "collinear", alike, alike[:, 0] + noise > 0


# Far from zero, rounding errors of w·x + b end the gap at 1e-12, as in separate fits.
@pytest.mark.filterwarnings("ignore:.*'subsampled-newton' converged, but the terms of w·x")
@pytest.mark.parametrize(
    "params",
    [{}, {"activation": "probit"}, {"l1_ratio": 0.5}, {"bounds": (-0.5, 0.5)}],
    ids=str,
)
def test_a_shared_hessian_gives_the_losses_of_separate_fits(rng, params):
    Cs = np.logspace(-5, 5, 6)
    for name, X, y in _many_rows(rng):
        path = neuron_path(X, y, Cs, neuron=NeuronClassifier(**params))
        assert path.gaps.max() < 1e-9, name
        for C, coef, intercept in zip(Cs, path.coefs, path.intercepts, strict=True):
            neuron = NeuronClassifier(C=C, **params).fit(X, y)
            own = np.arange(len(y)), np.searchsorted(neuron.classes_, y)
            exact = neuron.predict_log_proba(X)[own].mean()
            neuron.coef_, neuron.intercept_ = coef, intercept
            assert abs(neuron.predict_log_proba(X)[own].mean() - exact) < 1e-8, (name, C)


def test_fits_of_a_path_share_the_hessian_of_the_loss_and_not_the_ridge(rng):
    """The Hessian that a second fit begins with is its own one at the end of the first fit."""
    _, X, y = next(_many_rows(rng))
    data = TrainingData(X, y.astype(int), np.arange(2), np.full(len(y), 1 / len(y)), len(y))
    columns = columns_of(data, True)
    weak, strong = (
        next(subproblems(data, check_parameters(vars(NeuronClassifier(C=C))), *columns)).objective
        for C in (1.0, 1e-4)
    )
    solver = PathNewton()
    solver.solve(strong, strong.at_zero(), StoppingCriteria(1e-18, 100))
    hessian, params = solver.hessian(weak)
    exact = weak.value_gradient_hessian(params)[2]
    # The intercept's products with centered columns are rounding errors of zero.
    np.testing.assert_allclose(hessian, exact, rtol=1e-9, atol=1e-15)


def test_sparse_and_float32(rng):
    X, y, _ = _data(rng)
    dense = NeuronClassifierCV(Cs=CS, cv=FOLDS).fit(X, y)
    for other in (sparse.csr_array(X), sparse.csc_matrix(X)):
        found = NeuronClassifierCV(Cs=CS, cv=FOLDS).fit(other, y)
        np.testing.assert_allclose(found.scores_, dense.scores_, atol=1e-9)
    single = NeuronClassifierCV(Cs=CS, cv=FOLDS).fit(X.astype(np.float32), y)
    assert single.coef_.dtype == single.coefs_paths_.dtype == np.float32
    np.testing.assert_allclose(single.scores_, dense.scores_, atol=1e-5)


def test_two_processes_give_the_same_bits(rng, cancer):
    for X, y in (cancer, next(_many_rows(rng))[1:]):
        one, two = (
            NeuronClassifierCV(Cs=CS, cv=3, n_jobs=n, random_state=0).fit(X, y) for n in (1, 2)
        )
        np.testing.assert_array_equal(one.scores_, two.scores_)
        np.testing.assert_array_equal(one.coefs_paths_, two.coefs_paths_)


# --- against scikit-learn ------------------------------------------------------------------


def _logistic_cv(X, y, weights=None, **params):
    """Return its scores of shape (n_folds, n_cs), and its C."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        model = LogisticRegressionCV(
            Cs=CS, cv=FOLDS, solver="newton-cholesky", tol=1e-10, max_iter=1000, **params
        ).fit(X, y, weights)
    return next(iter(model.scores_.values())).reshape(3, len(CS)), float(np.ravel(model.C_)[0])


@pytest.mark.parametrize("scoring", ["neg_log_loss", "accuracy", "roc_auc"])
def test_scores_and_choice_are_those_of_logistic_regression_cv(cancer, scoring):
    X, y = cancer
    scores, C = _logistic_cv(X, y, scoring=scoring)
    search = NeuronClassifierCV(Cs=CS, cv=FOLDS, scoring=scoring).fit(X, y)
    np.testing.assert_allclose(search.scores_[:, 0], scores, atol=1e-7)
    assert search.C_ == C
    if scoring == "neg_log_loss":
        own = NeuronClassifierCV(Cs=CS, cv=FOLDS).fit(X, y)
        np.testing.assert_allclose(own.scores_[:, 0], scores, atol=1e-7)
        assert abs(own.score(X, y) - search.score(X, y)) < 1e-12


def test_more_classes_and_sample_weights():
    X, y = load_iris(return_X_y=True)
    weights = np.random.default_rng(0).integers(1, 4, len(y)).astype(float)
    scores, C = _logistic_cv(X, y, weights, scoring="neg_log_loss")
    search = NeuronClassifierCV(Cs=CS, cv=FOLDS).fit(X, y, weights)
    if not sklearn.__version__.startswith("1.7."):
        # There, scores of three classes differ from those of separate LogisticRegression fits.
        np.testing.assert_allclose(search.scores_[:, 0], scores, atol=1e-7)
        assert search.C_ == C
    assert search.coefs_paths_.shape == (3, 1, 4, 3, 5)
    assert search.scores_.shape == search.n_iter_.shape == search.gaps_.shape == (3, 1, 4)
    for named in ("accuracy", make_scorer(log_loss, response_method="predict_proba")):
        own = NeuronClassifierCV(Cs=CS, cv=FOLDS, scoring=named).fit(X, y, weights)
        assert own.scores_.shape == (3, 1, 4)
        assert np.isfinite(own.score(X, y, weights))


def test_without_refit_coefficients_are_means(cancer):
    X, y = cancer
    search = NeuronClassifierCV(Cs=CS, cv=FOLDS, refit=False).fit(X, y)
    best = search.scores_[:, 0].argmax(axis=1)
    np.testing.assert_allclose(search.C_, np.array(CS)[best].mean())
    means = np.mean([search.coefs_paths_[i, 0, j, 0] for i, j in enumerate(best)], axis=0)
    np.testing.assert_allclose(np.append(search.coef_, search.intercept_), means, rtol=1e-12)
    assert search.predict(X).shape == y.shape


def test_the_log_loss_is_not_clipped():
    """scikit-learn clips at 2.2e-16, a loss of 36.04: these samples have a loss of 1000."""
    X, y = np.array([[-1.0], [-0.9], [0.9], [1.0]] * 5), np.array([0, 0, 1, 1] * 5)
    far, wrong = np.append(X, [[-1000.0], [1000.0]], axis=0), np.append(y, [1, 1])
    far, wrong = np.append(far, [[-1000.0]], axis=0), np.append(wrong, 0)
    cv = PredefinedSplit([-1] * 20 + [0, 0, 0])
    search = NeuronClassifierCV(Cs=[1.0], cv=cv).fit(far, wrong)
    slope, intercept = search.coefs_paths_[0, 0, 0, 0]
    z = -1000 * slope + intercept
    assert z < -100
    assert search.scores_[0, 0, 0] == pytest.approx(z / 3, rel=1e-12)
    clipped = NeuronClassifierCV(Cs=[1.0], cv=cv, scoring="neg_log_loss").fit(far, wrong)
    assert clipped.scores_[0, 0, 0] > search.scores_[0, 0, 0]


# --- the choice ----------------------------------------------------------------------------


def test_means_and_standard_errors_are_those_of_cv_glmnet(rng):
    """cvm and cvsd of R's cv.glmnet, from its source: fold weights are held-out weights."""
    X, y, weights = _data(rng)
    folds = list(KFold(4, shuffle=True, random_state=0).split(X))
    search = NeuronClassifierCV(Cs=CS, cv=folds, selection="one_se").fit(X, y, weights)
    w = np.array([weights[test].sum() for _, test in folds])
    raw = search.scores_[:, 0]
    cvm = w @ raw / w.sum()
    cvsd = np.sqrt(w @ (raw - cvm) ** 2 / w.sum() / 3)
    np.testing.assert_allclose(search.mean_scores_[0], cvm, rtol=1e-12)
    np.testing.assert_allclose(search.standard_errors_[0], cvsd, rtol=1e-12)
    best = cvm.argmax()
    within = np.array(CS)[cvm >= cvm[best] - cvsd[best]]
    assert search.C_ == search.C_one_se_ == within.min()
    plain = NeuronClassifierCV(Cs=CS, cv=folds).fit(X, y, weights)
    assert CS[best] == plain.C_


def test_of_equal_scores_the_strongest_penalty_wins(cancer):
    X, y = cancer
    constant = lambda neuron, X, y: 0.5  # noqa: E731
    search = NeuronClassifierCV(Cs=[1.0, 0.1, 10.0], cv=3, scoring=constant).fit(X, y)
    assert search.C_ == search.C_one_se_ == 0.1
    assert search.Cs_.tolist() == [1.0, 0.1, 10.0]


def test_one_fold_has_no_standard_error(rng):
    X, y, _ = _data(rng)
    search = NeuronClassifierCV(Cs=CS, cv=[(np.arange(100), np.arange(100, 160))]).fit(X, y)
    assert np.isnan(search.standard_errors_).all()
    assert search.C_one_se_ == search.C_


# --- the grid ------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("ratio", [0.5, 1.0])
def test_an_l1_grid_starts_where_the_first_coefficient_enters(rng, classes, ratio, weighted):
    """glmnet: lambda_max = max |x_j·(y - mean of y)| / (n alpha), unstandardised, lambda = 1/(nC)."""
    X, y, weights = _data(rng, classes=classes)
    w = weights if weighted else np.ones(len(y))
    neuron = NeuronClassifier(l1_ratio=ratio)
    path = neuron_path(X, y, 8, neuron=neuron, sample_weight=w if weighted else None)
    hot = (y[:, None] == np.arange(classes)).astype(float)
    residual = hot - w @ hot / w.sum()
    centered = X - w @ X / w.sum()
    n_lambda_max = np.abs(centered.T @ (w[:, None] * residual)).max() / ratio
    assert path.Cs[0] == pytest.approx(1 / n_lambda_max, rel=1e-9)
    assert path.Cs[-1] == pytest.approx(1e4 * path.Cs[0])
    assert not path.coefs[0].any()
    just = neuron_path(X, y, [path.Cs[0] * 1.001], neuron=neuron, sample_weight=w)
    assert np.count_nonzero(just.coefs.any(axis=1)) == 1


def test_an_l1_grid_knows_bounds_and_other_activations(rng):
    X, y, _ = _data(rng)
    some = {"penalty_factor": np.arange(1.0, 9.0)}
    for params in (some, {"bounds": (0, None)}, {"activation": "probit"}, {"fit_intercept": False}):
        neuron = NeuronClassifier(l1_ratio=1.0, **params)
        first = neuron_path(X, y, 5, neuron=neuron).Cs[0]
        coefs = neuron_path(X, y, [first * 0.999, first * 1.001], neuron=neuron).coefs
        assert not coefs[0].any()
        assert coefs[1].any()


def test_a_grid_is_in_the_units_of_the_data(rng):
    X, y, _ = _data(rng)
    for ratio in (0.0, 1.0):
        neuron = NeuronClassifier(l1_ratio=ratio)
        one, other = (neuron_path(c * X, y, 6, neuron=neuron) for c in (1.0, 1000.0))
        power = 1 if ratio else 2
        np.testing.assert_allclose(one.Cs / 1000.0**power, other.Cs, rtol=1e-9)
        assert np.all(np.diff(one.Cs) > 0)
    wide = NeuronClassifierCV(Cs=6, l1_ratios=(0.0, 1.0), cv=3).fit(X, y)
    assert wide.Cs_[0] <= one.Cs[0]


def test_an_l1_grid_is_narrow_with_more_features_than_samples(rng):
    """lambda.min.ratio of R's glmnet: 0.01 if nobs < nvars, and 0.0001 otherwise."""
    y = np.arange(20) % 2
    for d, width in ((19, 1e4), (21, 1e2)):
        path = neuron_path(rng.normal(size=(20, d)), y, 2, neuron=NeuronClassifier(l1_ratio=1.0))
        assert path.Cs[1] / path.Cs[0] == pytest.approx(width)


@pytest.mark.parametrize("weights", [{1: 0}, {1: 0, 2: 0}], ids=str)
def test_an_l1_grid_of_one_class_is_the_grid_of_a_ridge(rng, weights):
    """With one class in use no coefficient enters, and a gradient is a rounding error of zero."""
    X, y, _ = _data(rng, classes=len(weights) + 1)
    grids = []
    for ratio in (0.0, 1.0):
        neuron = NeuronClassifier(l1_ratio=ratio, class_weight=weights)
        with pytest.warns(AbsentClassWarning):
            grids.append(neuron_path(X, y, 4, neuron=neuron).Cs)
    np.testing.assert_array_equal(*grids)


@pytest.mark.parametrize("unit", [1e-170, 1e-160])
def test_a_grid_beyond_float64_is_refused(rng, unit):
    X, y, _ = _data(rng)
    with pytest.raises(ValueError, match=r"The grid of Cs=4 .* Use for example Cs=\[0.1, 1.0"):
        neuron_path(X * unit, y, 4)


# --- folds ---------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [2, 3])
def test_a_fold_without_a_class_is_a_class_without_weight(rng, classes):
    X, y, _ = _data(rng, classes=classes)
    order = np.argsort(y, kind="stable")
    X, y = X[order], y[order]
    cv = [(np.flatnonzero(y != 0), np.flatnonzero(y == 0)), (np.arange(160), np.arange(160))]
    search = NeuronClassifierCV(Cs=CS, cv=cv)
    with pytest.warns(AbsentClassWarning, match=r"4 of 8 fits, first fold 0 at C=0.01"):
        search.fit(X, y)
    with pytest.warns(AbsentClassWarning):
        neuron = NeuronClassifier(C=1.0).fit(X, y, (y != 0).astype(float))
    found = search.coefs_paths_[0, 0, 2]
    np.testing.assert_allclose(found[:, :8], neuron.coef_, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(found[:, 8], neuron.intercept_, rtol=1e-7)
    score = neuron.predict_log_proba(X[y == 0])[:, 0].mean()
    assert search.scores_[0, 0, 2] == pytest.approx(score, rel=1e-8)


def test_weights_of_zero_are_rows_left_out(rng):
    X, y, weights = _data(rng)
    weights[::5] = 0
    folds = np.arange(160) % 4
    kept = weights > 0
    some = NeuronClassifierCV(Cs=CS, cv=PredefinedSplit(folds[kept]))
    some.fit(X[kept], y[kept], weights[kept])
    whole = NeuronClassifierCV(Cs=CS, cv=PredefinedSplit(folds)).fit(X, y, weights)
    np.testing.assert_allclose(whole.scores_, some.scores_, atol=1e-9)
    assert whole.C_ == some.C_


def test_a_separable_fold_without_a_penalty_warns_once():
    X, y = load_breast_cancer(return_X_y=True)
    search = NeuronClassifierCV(Cs=[1.0, np.inf], cv=3)
    with pytest.warns() as caught:
        search.fit(StandardScaler().fit_transform(X), y)
    kinds = [note.category for note in caught]
    assert kinds.count(SeparationWarning) >= 1
    assert search.C_ == 1.0
    assert np.isfinite(search.scores_).all()


def test_a_fit_that_does_not_converge_warns(cancer):
    with pytest.warns(ConvergenceWarning, match=r"6 of 6 fits, first fold 0"):
        NeuronClassifierCV(Cs=[1.0, 10.0], cv=3, max_iter=1, refit=False).fit(*cancer)


# --- metadata ------------------------------------------------------------------------------


def test_groups_reach_the_splitter(rng):
    X, y, weights = _data(rng)
    groups = np.arange(160) % 7
    search = NeuronClassifierCV(Cs=CS, cv=GroupKFold(3)).fit(X, y, groups=groups)
    folds = list(GroupKFold(3).split(X, y, groups))
    plain = NeuronClassifierCV(Cs=CS, cv=folds).fit(X, y)
    np.testing.assert_array_equal(search.scores_, plain.scores_)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = NeuronClassifierCV(Cs=CS, cv=GroupKFold(3).set_split_request(groups=True))
        routed.set_fit_request(sample_weight=True).fit(X, y, weights, groups=groups)
        np.testing.assert_allclose(
            routed.scores_, NeuronClassifierCV(Cs=CS, cv=folds).fit(X, y, weights).scores_
        )


def test_weights_reach_a_scorer_that_requests_them(rng):
    X, y, weights = _data(rng)
    own = NeuronClassifierCV(Cs=CS, cv=FOLDS).fit(X, y, weights).scores_
    plain = NeuronClassifierCV(Cs=CS, cv=FOLDS, scoring="neg_log_loss").fit(X, y, weights).scores_
    np.testing.assert_allclose(plain, own, atol=1e-9)
    with sklearn.config_context(enable_metadata_routing=True):
        for asks in (True, False):
            scorer = sklearn.metrics.get_scorer("neg_log_loss").set_score_request(
                sample_weight=asks
            )
            search = NeuronClassifierCV(Cs=CS, cv=FOLDS, scoring=scorer)
            search.set_fit_request(sample_weight=True).fit(X, y, weights)
            assert np.allclose(search.scores_, own, atol=1e-9) == asks


def test_a_scorer_sees_the_offset(rng):
    X, y, _ = _data(rng)
    offset = rng.normal(size=len(X)) * 3
    own = NeuronClassifierCV(Cs=CS, cv=FOLDS).fit(X, y, offset=offset)
    named = NeuronClassifierCV(Cs=CS, cv=FOLDS, scoring="neg_log_loss").fit(X, y, offset=offset)
    np.testing.assert_allclose(named.scores_, own.scores_, atol=1e-9)
    assert named.score(X, y, offset=offset) == pytest.approx(own.score(X, y, offset=offset))
    np.testing.assert_array_equal(
        own.predict_proba(X, offset=offset), own.best_estimator_.predict_proba(X, offset=offset)
    )


# --- scikit-learn's conventions ------------------------------------------------------------


def test_pipelines_names_pickles_and_clones(rng):
    X, y, _ = _data(rng)
    frame = pd.DataFrame(X, columns=list("abcdefgh"))
    labels = np.where(y == 1, "yes", "no")
    pipe = make_pipeline(
        StandardScaler().set_output(transform="pandas"), NeuronClassifierCV(Cs=CS, cv=3)
    ).fit(frame, labels)
    search = pipe[-1]
    assert search.feature_names_in_.tolist() == list("abcdefgh")
    assert search.best_estimator_.feature_names_in_.tolist() == list("abcdefgh")
    assert set(pipe.predict(frame)) == {"yes", "no"}
    assert pipe.decision_function(frame).shape == (160,)
    copy = pickle.loads(pickle.dumps(pipe))
    np.testing.assert_array_equal(copy.predict_proba(frame), pipe.predict_proba(frame))
    np.testing.assert_array_equal(copy.predict_log_proba(frame), pipe.predict_log_proba(frame))
    assert clone(search).get_params()["Cs"] == CS
    assert not hasattr(clone(search), "C_")
    named = NeuronClassifierCV(Cs=CS, cv=3, refit=False, bounds={"a": (0, None)})
    assert named.fit(frame, labels).predict(frame).shape == (160,)


def test_no_probabilities_without_a_likelihood(rng):
    assert not hasattr(NeuronClassifierCV("identity"), "predict_proba")
    X, y, weights = _data(rng)
    search = NeuronClassifierCV("identity", Cs=[0.1, 1.0], cv=3).fit(X, y)
    assert search.score(X, y, weights) == search.best_estimator_.score(X, y, weights)


# --- bad input -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "params",
    [
        {"Cs": 0},
        {"Cs": []},
        {"Cs": [1.0, -1.0]},
        {"Cs": [1.0, np.nan]},
        {"Cs": "10"},
        {"Cs": True},
        {"Cs": 2.5},
        {"Cs": [[1.0]]},
        {"Cs": ["a"]},
        {"l1_ratios": None},
        {"l1_ratios": 0.5},
        {"l1_ratios": [1.5]},
        {"l1_ratios": []},
        {"selection": "one-se"},
        {"selection": "one_se", "refit": False},
        {"refit": 1},
        {"scoring": 3},
        {"tol": -1},
        {"cv": []},
        {"l1_ratios": [0.0, 1.0], "solver": "lbfgs"},
    ],
    ids=str,
)
def test_bad_parameters_are_refused_before_any_work(cancer, params, monkeypatch):
    monkeypatch.setattr("skneuron.paths._folds.solve_path", None)
    search = NeuronClassifierCV(**params)
    with pytest.raises(ValueError, match=r"Expected .*\. ") as caught:
        search.fit(*cancer)
    assert str(caught.value).count(". ") <= 2
    assert not hasattr(search, "n_features_in_")


def test_bad_folds_scores_and_arguments(cancer):
    X, y = cancer
    half = np.arange(len(y)) < 300
    with pytest.raises(ValueError, match="Fold 0 has no held-out sample with a positive"):
        NeuronClassifierCV(cv=[(half, ~half)]).fit(X, y, half.astype(float))
    with pytest.raises(ValueError, match="Fold 0 has no training sample with a positive"):
        NeuronClassifierCV(cv=[(~half, half)]).fit(X, y, half.astype(float))
    with pytest.raises(ValueError, match=r"score of fold 0 at C=0.01 is NaN"):
        NeuronClassifierCV(Cs=CS, cv=3, scoring=lambda *_: np.nan).fit(X, y)
    with pytest.raises(ValueError, match=r"enable_metadata_routing=True"):
        NeuronClassifierCV().fit(X, y, colour=1)
    with pytest.raises(ValueError, match="NaN"):
        NeuronClassifierCV().fit(np.where(X > 5, np.nan, X), y)
    search = NeuronClassifierCV(Cs=CS, cv=3).fit(X, y)
    with pytest.raises(ValueError, match=r"y has the label 7. Expected one of 0, 1"):
        search.score(X, y + 7 * (y == 1) - (y == 1))
    with pytest.raises(TypeError, match="Expected a fitted NeuronClassifier"):
        neuron_path(X, y, neuron=StandardScaler())
    with pytest.raises(TypeError, match=r"Pass search.best_estimator_\."):
        neuron_path(X, y, neuron=search)
    with pytest.raises(ValueError, match="early_stopping=False"):
        neuron_path(X, y, neuron=NeuronClassifier(early_stopping=True))


def test_nan_in_held_out_rows_is_refused_before_any_work(cancer, monkeypatch):
    monkeypatch.setattr("skneuron.paths._folds.solve_path", None)
    X, y = cancer
    X = np.where(np.arange(len(X))[:, None] == 7, np.nan, X)
    folds = [(np.arange(100, len(X)), np.arange(100))]
    with pytest.raises(ValueError, match="NaN"):
        NeuronClassifierCV(Cs=CS, cv=folds).fit(X, y)


def test_an_error_leaves_the_last_fit(cancer):
    X, y = cancer
    search = NeuronClassifierCV(Cs=CS, cv=3).fit(X, y)
    before = dict(vars(search))
    with pytest.raises(ValueError, match="one class only"):
        search.fit(X, np.zeros(len(y)))
    assert vars(search).keys() == before.keys()
    assert all(vars(search)[name] is before[name] for name in before)


# --- many samples: the fits of all folds together -------------------------------------------------


def _many(kind="plain", n=12_000, seed=0):
    """Return samples of two classes whose folds are fitted together."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 6)) * [1, 10, 0.1, 1, 1, 1] + [0, 30, 0, -5, 0, 0]
    if kind == "heavy tails":
        X = rng.standard_cauchy(size=(n, 6))
    z = np.tanh(X[:, 0]) + 0.1 * np.tanh(X[:, 1] - 30) + X[:, 2]
    factor, shift = {"nearly separable": (40, 0), "rare class": (1, -6)}.get(kind, (1, 0))
    return X, (factor * z + shift + rng.logistic(size=n) > 0).astype(int)


@pytest.mark.parametrize("kind", ["plain", "nearly separable", "rare class", "heavy tails"])
def test_folds_of_many_samples_have_the_fits_and_scores_of_separate_ones(kind):
    X, y = _many(kind)
    Cs = np.logspace(3, -3, 7)
    search = NeuronClassifierCV(Cs=Cs, cv=3, refit=False).fit(X, y)
    for k, (train, test) in enumerate(StratifiedKFold(3).split(X, y)):
        for j, C in enumerate(Cs):
            one = NeuronClassifier(C=C).fit(X[train], y[train])
            proba = one.predict_log_proba(X[test])
            score = proba[np.arange(len(test)), y[test]].mean()
            assert search.scores_[k, 0, j] == pytest.approx(score, abs=1e-6)
            path = search.coefs_paths_[k, 0, j, 0]
            size = np.abs(one.coef_).max()
            np.testing.assert_allclose(path[:-1], one.coef_[0], rtol=1e-4, atol=1e-4 * size)
    assert search.gaps_.max() <= 1e-12


@pytest.mark.parametrize(
    ("params", "more"),
    [
        ({"activation": "probit"}, ()),
        ({"activation": "cloglog"}, ()),
        ({"fit_intercept": False}, ()),
        ({"tol": 1e-18}, ("sample_weight", "offset")),
    ],
)
def test_folds_of_many_samples_have_the_gaps_that_they_report(params, more):
    """F is computed here, from a formula of SciPy for the sigmoid and from predictions else."""
    X, y = _many()
    rng = np.random.default_rng(1)
    given = {"sample_weight": rng.uniform(0.5, 2, len(y)), "offset": rng.normal(size=len(y))}
    given = {name: given[name] for name in more}
    search = NeuronClassifierCV(Cs=[0.01, 1.0], cv=3, refit=False, **params).fit(X, y, **given)
    for k, (train, _) in enumerate(StratifiedKFold(3).split(X, y)):
        own = {name: values[train] for name, values in given.items()}
        weights = own.get("sample_weight", np.ones(len(train)))
        for j, C in enumerate([0.01, 1.0]):
            exact = NeuronClassifier(C=C, **params).fit(X[train], y[train], **own)
            path = search.coefs_paths_[k, 0, j, 0]
            has_bias = len(path) > X.shape[1]
            found = NeuronClassifier.from_weights(
                path[None, : X.shape[1]],
                path[X.shape[1] :] if has_bias else np.zeros(1),
                activation=params.get("activation", "sigmoid"),
            )
            offset = {"offset": own["offset"]} if "offset" in own else {}
            proba = found.predict_log_proba(X[train], **offset)
            loss = -np.average(proba[np.arange(len(train)), y[train]], weights=weights)
            penalty = np.sum(path[: X.shape[1]] ** 2) / (2 * C * weights.sum())
            gap = (loss + penalty - exact.objective_) / np.log(2)
            assert gap <= 10 * search.gaps_[k, 0, j] + 1e-14


def test_folds_of_many_samples_do_not_depend_on_the_number_of_processes():
    X, y = _many()
    searches = [NeuronClassifierCV(Cs=[0.1, 10.0], n_jobs=jobs, random_state=0) for jobs in (1, 2)]
    searches = [search.fit(X, y) for search in searches]
    for name in ("scores_", "coefs_paths_", "gaps_", "coef_"):
        np.testing.assert_array_equal(*(getattr(search, name) for search in searches))


def test_folds_together_on_columns_of_unequal_scales_and_hardly_a_penalty():
    """Here full Newton steps raise F."""
    X, y = load_breast_cancer(return_X_y=True)
    Cs = np.logspace(-4, 4, 9)
    search = NeuronClassifierCV(Cs=Cs, cv=3, refit=False).fit(X, y)
    for k, (train, test) in enumerate(StratifiedKFold(3).split(X, y)):
        for j in (0, 4, 8):
            one = NeuronClassifier(C=Cs[j]).fit(X[train], y[train])
            score = one.predict_log_proba(X[test])[np.arange(len(test)), y[test]].mean()
            assert search.scores_[k, 0, j] == pytest.approx(score, abs=1e-6)
    assert search.gaps_.max() <= 1e-18
