"""L1 penalties with thousands of weights: words, many of them alike, and weak penalties."""

import itertools
import sys
import warnings

import numpy as np
import pytest
from scipy import sparse
from scipy.special import expit
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from skneuron import NeuronClassifier
from skneuron.design import DesignMatrix
from skneuron.losses import LogisticLoss
from skneuron.objective import Objective, Regularization
from skneuron.solvers._iterate import Iterate
from skneuron.solvers.proximal._columns import gap_of_all_columns
from skneuron.solvers.proximal._faces import L1Box
from skneuron.solvers.proximal._proximal_newton import Outcome, ProximalNewton, WorkingSetProgress
from skneuron.solvers.proximal._quadratic import DenseQuadratic, QuadraticIterate
from skneuron.solvers.proximal._reduced_cg import ReducedCG


def _words(n_texts=1200, n_words=1500):
    """Texts of words that are drawn by Zipf's law, then of all neighbours of two."""
    rng = np.random.default_rng(3)
    share = 1.0 / np.arange(1, n_words + 1)
    texts = [rng.choice(n_words, size=12, p=share / share.sum()) for _ in range(n_texts)]
    rows, columns, known = [], [], {}
    for row, text in enumerate(texts):
        pairs = itertools.pairwise(text)
        for item in [*text, *pairs]:
            rows.append(row)
            columns.append(known.setdefault(item, len(known)))
    counts = sparse.csr_array((np.ones(len(rows)), (rows, columns)))
    often = np.flatnonzero(counts.sum(axis=0) > 1)
    X = sparse.csr_array(counts[:, often])
    z = X[:, :200] @ rng.normal(size=200) + rng.logistic(size=n_texts)
    # liblinear's type of index.
    X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
    return X, (z > np.median(z)).astype(int)


X, Y = _words()


def _value(neuron, C):
    z = X @ neuron.coef_[0] + np.ravel(neuron.intercept_)[0]
    losses = np.logaddexp(0, np.where(Y == 1, -z, z))
    w, ratio = neuron.coef_[0], neuron.l1_ratio
    return losses.sum() + (ratio * np.abs(w).sum() + (1 - ratio) / 2 * w @ w) / C


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("C", [1.0, 10.0, 100.0])
def test_slopes_at_the_minimum(C, l1_ratio):
    """The conditions of a minimum (Boyd & Vandenberghe, 2004, section 5.5), by NumPy alone."""
    assert X.shape[1] > 2000
    neuron = NeuronClassifier(C=C, l1_ratio=l1_ratio).fit(X, Y)
    assert neuron.solver_ == "working-set"
    assert neuron.converged_
    # Each iteration is one step of Newton's method.
    assert neuron.n_iter_.max() < 60
    w = neuron.coef_[0]
    z = X @ w + np.ravel(neuron.intercept_)[0]
    error = expit(z) - Y
    slope = C * (X.T @ error) + (1 - l1_ratio) * w
    assert abs(C * error.sum()) < 1e-5
    assert np.all(np.abs(slope[w == 0]) <= l1_ratio + 1e-5)
    np.testing.assert_allclose(slope[w != 0], -l1_ratio * np.sign(w[w != 0]), atol=1e-5)


@pytest.mark.parametrize("C", [3.0, 30.0])
def test_liblinear_finds_nothing_lower(C):
    neuron = NeuronClassifier(C=C, l1_ratio=1.0, fit_intercept=False).fit(X, Y)
    with warnings.catch_warnings():
        # scikit-learn 1.7 needs ``penalty``, 1.8 ``l1_ratio``; each warns of the other.
        warnings.simplefilter("ignore")
        settings = {"penalty": "l1", "l1_ratio": 1.0, "fit_intercept": False}
        liblinear = LogisticRegression(
            C=C, solver="liblinear", tol=1e-7, max_iter=5000, **settings
        ).fit(X, Y)
    ours, theirs = _value(neuron, C), _value(liblinear, C)
    assert ours <= theirs * (1 + 1e-10)
    assert theirs <= ours * (1 + 1e-4)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("C", [1.0, 10.0, 100.0])
def test_gap_of_a_loose_fit(C, l1_ratio):
    best = _value(NeuronClassifier(C=C, l1_ratio=l1_ratio).fit(X, Y), C)
    for tol in (1e-3, 1e-5, 1e-7):
        neuron = NeuronClassifier(C=C, l1_ratio=l1_ratio, tol=tol).fit(X, Y)
        measured = (_value(neuron, C) - best) / (len(Y) * np.log(2))
        assert neuron.gap_ <= tol
        assert measured / 10 - 1e-13 <= neuron.gap_ <= 10 * measured + 1e-13


@pytest.mark.parametrize("C", [1.0, 100.0])
@pytest.mark.parametrize("max_iter", [1, 2, 3])
def test_gap_of_a_fit_that_was_ended(max_iter, C):
    best = _value(NeuronClassifier(C=C, l1_ratio=1.0).fit(X, Y), C)
    with pytest.warns(ConvergenceWarning, match="max_iter ended the fit"):
        neuron = NeuronClassifier(C=C, l1_ratio=1.0, max_iter=max_iter).fit(X, Y)
    measured = (_value(neuron, C) - best) / (len(Y) * np.log(2))
    assert measured / 10 <= neuron.gap_ <= 10 * measured


def _wide(n_rows, n_columns, shared, noise=0.5):
    """Correlated columns, ten of which matter."""
    rng = np.random.default_rng(0)
    common = rng.normal(size=(n_rows, 1))
    data = np.sqrt(1 - shared) * rng.normal(size=(n_rows, n_columns)) + np.sqrt(shared) * common
    z = data[:, :10].sum(axis=1) + noise * rng.logistic(size=n_rows)
    return data, (z > 0).astype(int)


@pytest.mark.parametrize("C", [100.0, 1000.0])
def test_conjugate_gradients_end_where_words_nearly_separate_the_classes(C):
    """No factored Hessian has to take over, and no fit is given up."""
    neuron = NeuronClassifier(C=C, l1_ratio=1.0, tol=1e-10).fit(X, Y)
    assert neuron.solver_ == "working-set"
    assert neuron.converged_
    assert not neuron.history_["factored"].any()


@pytest.mark.parametrize("keys", [{"l1_ratio": 1.0}, {"l1_ratio": 0.5}, {"bounds": (0, None)}])
def test_wide_tables_with_an_l1_penalty_are_solved_on_faces(keys):
    """Where rows are few for the weights; the minimum is that of dense Newton."""
    data, y = _wide(600, 350, 0.3)
    neuron = NeuronClassifier(**keys).fit(data, y)
    assert neuron.solver_ == "working-set"
    dense = NeuronClassifier(solver="newton", **keys).fit(data, y)
    np.testing.assert_allclose(neuron.objective_, dense.objective_, rtol=1e-11)
    np.testing.assert_allclose(neuron.coef_, dense.coef_, atol=1e-5)
    for tall in (_wide(1400, 350, 0.3), _wide(700, 250, 0.3)):
        assert NeuronClassifier(**keys).fit(*tall).solver_ == "subsampled-newton"


def _newton_gap(neuron, C):
    """½ gᵀH⁻¹g over the weights there are, of the mean loss as a share of log 2; L1 only."""
    w = neuron.coef_[0]
    part = np.append(w != 0, True)
    rows = np.column_stack([X.toarray(), np.ones(len(Y))])[:, part]
    z = X @ w + np.ravel(neuron.intercept_)[0]
    p = expit(z)
    slope = rows.T @ (p - Y) / len(Y) + np.append(np.sign(w), 0.0)[part] / (C * len(Y))
    hessian = rows.T @ ((p * (1 - p) / len(Y))[:, None] * rows)
    # Words alike leave the Hessian singular.
    return 0.5 * slope @ np.linalg.lstsq(hessian, slope, rcond=None)[0] / np.log(2)


@pytest.mark.parametrize("earlier", [2])
def test_gap_below_rounding_of_a_fit_that_was_ended(earlier):
    """F does not show the rest of the gap, which must not be reported as zero."""
    max_iter = NeuronClassifier(l1_ratio=1.0).fit(X, Y).n_iter_.max() - earlier
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        neuron = NeuronClassifier(l1_ratio=1.0, max_iter=max_iter).fit(X, Y)
    exact = _newton_gap(neuron, 1.0)
    assert exact < 1e-8
    assert exact / 10 <= neuron.gap_ <= 10 * exact


@pytest.mark.parametrize("max_iter", [1, 2])
def test_gap_of_a_layer_that_was_ended(max_iter):
    three = np.add(Y, np.arange(len(Y)) % 2)
    best = NeuronClassifier(l1_ratio=1.0).fit(X, three).objective_
    with pytest.warns(ConvergenceWarning, match="max_iter ended the fit"):
        neuron = NeuronClassifier(l1_ratio=1.0, max_iter=max_iter).fit(X, three)
    assert neuron.solver_ == "working-set"
    measured = (neuron.objective_ - best) / np.log(3)
    assert measured / 10 <= neuron.gap_ <= 10 * measured


@pytest.mark.parametrize("C", [0.1, 1.0])
def test_softmax_layers_are_solved_on_faces(C):
    """Against SAGA; biases are those that sum to zero on centered columns."""
    data, y = load_digits(n_class=4, return_X_y=True)
    data = data / 16
    neuron = NeuronClassifier(C=C, l1_ratio=1.0, tol=1e-10).fit(data, y)
    assert neuron.solver_ == "working-set"
    with warnings.catch_warnings():
        # scikit-learn 1.7 needs the penalty, 1.9 deprecates it.
        warnings.simplefilter("ignore", FutureWarning)
        other = LogisticRegression(
            penalty="elasticnet", C=C, l1_ratio=1.0, solver="saga", tol=1e-9, max_iter=20_000
        ).fit(data, y)
    known = neuron.from_weights(other.coef_, other.intercept_, classes=neuron.classes_)

    def value(model):
        """The objective by NumPy alone."""
        losses = -model.predict_log_proba(data)[np.arange(len(y)), y]
        return losses.mean() + np.abs(model.coef_).sum() / (C * len(y))

    assert value(neuron) <= value(known) + 1e-10
    biases = neuron.intercept_ + neuron.coef_ @ data.mean(axis=0)
    np.testing.assert_allclose(biases.sum(), 0.0, atol=1e-10)


@pytest.mark.parametrize("C", [1.0, 10.0])
def test_gap_where_every_column_has_two_that_are_nearly_like_it(C):
    """Conjugate gradients seem to stand still long before the minimum."""
    rng = np.random.default_rng(0)
    once = rng.normal(size=(300, 700))
    data = np.hstack([once, *(once + 0.01 * rng.normal(size=once.shape) for _ in range(2))])
    z = once[:, :20] @ rng.normal(size=20) + 2 * rng.logistic(size=300)
    y = (z > 0).astype(int)
    best = NeuronClassifier(C=C, l1_ratio=1.0, tol=1e-14).fit(data, y).objective_
    for tol in (1e-3, 1e-5, 1e-7, 1e-9):
        neuron = NeuronClassifier(C=C, l1_ratio=1.0, tol=tol).fit(data, y)
        measured = (neuron.objective_ - best) / np.log(2)
        assert neuron.n_iter_.max() < 100
        assert neuron.gap_ <= tol
        assert measured / 10 - 1e-13 <= neuron.gap_ <= 10 * measured + 1e-13


@pytest.mark.parametrize("tol", [1e-3, 1e-5, 1e-8])
def test_gap_where_five_factors_make_all_columns(tol):
    """A rough step must not give the gap: here it was two hundred times too small."""
    rng = np.random.default_rng(1)
    data = rng.normal(size=(1500, 5)) @ rng.normal(size=(5, 290))
    data += 0.01 * rng.normal(size=data.shape)
    z = data[:, :20] @ rng.normal(size=20) / data.std() / 5 + rng.logistic(size=1500)
    y = (z > np.median(z)).astype(int)
    best = NeuronClassifier(C=1e3, l1_ratio=1.0, solver="newton", tol=1e-12).fit(data, y)
    neuron = NeuronClassifier(C=1e3, l1_ratio=1.0, solver="working-set", tol=tol).fit(data, y)
    measured = (neuron.objective_ - best.objective_) / np.log(2)
    assert measured / 10 - 1e-12 <= neuron.gap_ <= 10 * measured + 1e-12


def test_bounds_of_raw_columns_are_exact():
    """Solvers see scaled columns; 0.1 multiplied and divided by a scale may be more."""
    rng = np.random.default_rng(0)
    data = rng.normal(size=(200, 300)) * rng.lognormal(sigma=3, size=300)
    y = (data[:, 0] > 0).astype(int)
    for bounds in ((0.1, None), (-0.1, 0.1), (-0.3, 0.7)):
        coef = NeuronClassifier(C=100.0, bounds=bounds).fit(data, y).coef_
        low, high = bounds
        assert coef.min() >= low
        assert high is None or coef.max() <= high


def test_a_gap_inside_of_some_columns_is_not_told_for_all():
    weights = np.full(len(Y), 1 / len(Y))
    held = Regularization(1e-3, 1.0)
    objective = Objective.of_data(DesignMatrix(X), Y, LogisticLoss(), weights, held, True)
    point = Iterate.at(objective, np.zeros(objective.dims.n_params))
    every = np.arange(objective.dims.n_params)
    pull = np.abs(point.gradient[:-1]) - objective.penalty.lasso[:-1]
    assert pull.max() > 0
    others = np.delete(every, np.argmax(pull))
    assert gap_of_all_columns(objective, point, every, 1e-9) == 1e-9
    assert gap_of_all_columns(objective, point, others, 1e-9) == np.inf
    # What a column could do alone is little beside a large gap, and is added to it.
    assert 1e6 < gap_of_all_columns(objective, point, others, 1e6) < np.inf


def _minimum(quadratic):
    return quadratic.step()


def _decrease(quadratic, params):
    return quadratic.moved(QuadraticIterate(quadratic.start, quadratic.gradient), params).decrease


def _dense_model(objective, params):
    """The model with its Hessian formed, what SLSQP is held against in another test."""
    value, gradient, hessian = objective.value_gradient_hessian(params)
    quadratic = DenseQuadratic(hessian, gradient, params, L1Box.of(objective))
    return Iterate(params, value, gradient), quadratic


@pytest.mark.parametrize("alike", [1.0, 1e-3])
def test_steps_of_the_model_against_its_dense_minimum(alike):
    """From random places and from near the minimum; every other weight is bounded."""
    rng = np.random.default_rng(0)
    settled = 0
    for trial in range(40):
        data = rng.normal(size=(200, 15))
        data = np.hstack([data, data + alike * rng.normal(size=data.shape)])
        y = (data[:, :4].sum(axis=1) + rng.logistic(size=200) > 0).astype(int)
        bound = np.where(np.arange(30) % 2 == 0, np.inf, 0.2)
        held = Regularization(0.02, 0.9, -bound, bound)
        weights = np.full(200, 1 / 200)
        objective = Objective.of_data(DesignMatrix(data), y, LogisticLoss(), weights, held, True)
        low, high = objective.penalty.low, objective.penalty.high
        params = np.clip(0.5 * rng.normal(size=31), low, high)
        params[rng.random(31) < 0.4] = 0.0
        if trial % 2:
            params = np.zeros(31)
            for _ in range(8):
                params = _minimum(_dense_model(objective, params)[1]).params
            params = np.clip(params * (1 + 1e-4 * rng.normal(size=31)), low, high)
        point, quadratic = _dense_model(objective, params)
        most = _minimum(quadratic).decrease
        model = ReducedCG(objective, point)
        model.step()
        step = model.refined()
        assert np.all((step.params >= low) & (step.params <= high))
        assert step.decrease == pytest.approx(_decrease(quadratic, step.params), rel=1e-6)
        assert 0.3 * most <= step.decrease <= most * (1 + 1e-6)
        if step.is_reliable:
            settled += 1
            assert step.decrease >= 0.8 * most
    assert settled >= 10


def test_a_told_promise_is_exact_where_a_rough_one_is_not():
    """Sums of random numbers as columns: small terms come long before the minimum."""
    exact, rough = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        data = np.cumsum(rng.normal(size=(400, 80)), axis=1)
        y = (data[:, :4].sum(axis=1) + rng.logistic(size=400) > 0).astype(int)
        weak = Regularization(1e-6, 0.5)
        weights = np.full(400, 1 / 400)
        objective = Objective.of_data(DesignMatrix(data), y, LogisticLoss(), weights, weak, True)
        params = np.zeros(objective.dims.n_params)
        for _ in range(12):
            params = _minimum(_dense_model(objective, params)[1]).params
        params = params * (1 + 1e-4 * rng.normal(size=params.shape))
        point, quadratic = _dense_model(objective, params)
        most = _minimum(quadratic).decrease
        model = ReducedCG(objective, point)
        for find, shares in ((model.step, rough), (model.refined, exact)):
            step = find()
            if step.is_reliable:
                shares.append((step.decrease + step.released) / most)
    assert len(exact) >= 15
    assert min(exact) > 0.9
    assert max(exact) < 1.3
    assert min(rough) < 0.5


def test_a_gap_is_accepted_only_where_the_model_holds():
    """Separable classes: a full Newton step of the log loss predicts a third of the decrease."""
    column = np.linspace(-2, 2, 40)
    data, y = np.c_[column, np.cos(7 * column)], (column > 0).astype(int)
    keys = {"C": 1e5, "l1_ratio": 1.0, "solver": "working-set"}
    best = NeuronClassifier(**keys, tol=1e-12).fit(data, y).objective_
    for tol in (1e-1, 1e-2, 1e-3):
        neuron = NeuronClassifier(**keys, tol=tol).fit(data, y)
        assert neuron.gap_ <= tol
        assert (neuron.objective_ - best) / np.log(2) <= 1.3 * neuron.gap_ + 1e-13


def _steps(seed):
    """Yield objective, predicted decrease, and both ends of each step from a bad start."""
    rng = np.random.default_rng(seed)
    data = rng.normal(size=(60, 4))
    y = (data[:, 0] + rng.logistic(size=60) > 0).astype(int)
    weights = np.full(60, 1 / 60)
    held = Regularization(1e-3, 1.0)
    objective = Objective.of_data(DesignMatrix(data), y, LogisticLoss(), weights, held, True)
    start = Iterate.at(objective, 3 * rng.normal(size=objective.dims.n_params))
    solver, outcome = ProximalNewton(objective, start, 1e-10, WorkingSetProgress()), Outcome.STEP
    while outcome in (Outcome.STEP, Outcome.LAST_STEP):
        before = solver.point
        outcome = solver.advance()
        yield objective, solver.progress.predicted * objective.zero_value, before, solver.point


@pytest.mark.parametrize("seed", range(20))
def test_the_line_search_prefers_a_lower_half_of_a_poor_step(seed):
    for objective, predicted, before, after in _steps(seed):
        half = Iterate.at(objective, (before.params + after.params) / 2)
        is_poor = before.value - after.value < 0.1 * predicted
        assert not (is_poor and half.value < after.value - 1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_no_prediction_exceeds_the_objective(seed):
    """No loss is negative: F cannot fall by more than F, as nearly flat directions predict."""
    for _, predicted, before, after in _steps(seed):
        assert predicted <= before.value * (1 + 1e-12)
        assert after.value <= before.value * (1 + 1e-8)


def test_the_history_shows_every_step_and_its_method():
    rng = np.random.default_rng(0)
    data = rng.normal(size=(200, 400))
    y = data[:, :5].sum(axis=1) + rng.logistic(size=200) > 0
    dense = NeuronClassifier(l1_ratio=1.0).fit(data, y).history_
    words = NeuronClassifier(l1_ratio=1.0).fit(X, Y).history_
    assert dense["factored"].all()
    assert not words["factored"].any()
    for history in (dense, words):
        # Newton's method takes more than three steps; each lowers F, up to rounding.
        assert len(history["objective"]) > 5
        assert np.all(np.diff(history["objective"]) <= 1e-8)
        assert history["columns"].max() < 400


def test_a_fit_makes_few_calls():
    """Interpreted calls took nine tenths of such a fit."""
    rng = np.random.default_rng(0)
    data = rng.normal(size=(200, 400))
    y = data[:, :5].sum(axis=1) + rng.logistic(size=200) > 0
    calls = 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        NeuronClassifier(l1_ratio=1.0).fit(data, y)
    finally:
        sys.setprofile(before)
    assert calls <= 12_000
