"""Many rows or many weights: subsamples, passes, threads, memory, and the way without a Hessian."""

import subprocess
import sys
import threading
import tracemalloc
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_info, threadpool_limits

from skneuron import NeuronClassifier
from skneuron._threads import blas_on_one_thread, run_parts, share_out
from skneuron.design import DesignMatrix, column_moments
from skneuron.losses import LogisticLoss
from skneuron.objective import Objective, Regularization
from skneuron.solvers import SubsampledNewton


def _data(n, d, seed=0, *, raw=True):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) @ (np.eye(d) + 0.3 * rng.normal(size=(d, d)) / np.sqrt(d))
    z = X @ rng.normal(size=d) / np.sqrt(d)
    y = (z + rng.logistic(size=n) > 1).astype(int)
    return (X * np.logspace(-3, 3, d) + np.logspace(-2, 2, d) if raw else X), y


def _gap(neuron, X, y, best):
    """The excess over the best objective known, computed on our own."""
    margin = (2 * y - 1) * (X @ neuron.coef_[0] + neuron.intercept_[0])
    value = np.logaddexp(0, -margin).mean() + 0.5 * np.sum(neuron.coef_**2) / len(y)
    return (value - best) / np.log(2)


@pytest.mark.parametrize(("n", "d"), [(30_000, 5), (100_000, 20), (8_000, 100)])
def test_the_answer_is_that_of_newton(n, d):
    X, y = _data(n, d)
    neuron = NeuronClassifier().fit(X, y)
    assert neuron.solver_ == "subsampled-newton"
    assert neuron.converged_
    exact = NeuronClassifier(solver="newton").fit(X, y)
    np.testing.assert_allclose(neuron.coef_, exact.coef_, rtol=1e-6)
    assert neuron.objective_ == pytest.approx(exact.objective_, rel=1e-14)


@pytest.mark.parametrize(("n", "n_states"), [(100_000, 20), (1_000_000, 2)])
@pytest.mark.parametrize("correlated", [False, True])
def test_at_most_six_reads(n, n_states, correlated):
    X, y = _data(n, 20)
    if correlated:
        rng = np.random.default_rng(0)
        mixing = np.eye(20) + 0.5 * rng.standard_normal((20, 20))
        weights = rng.standard_normal(20) / np.sqrt(20)
        X = rng.standard_normal((n, 20)) @ mixing
        y = (X @ weights + rng.logistic(size=n) > 0).astype(int)
    for state in range(n_states):
        neuron = NeuronClassifier(random_state=state).fit(X, y)
        assert neuron.converged_
        assert neuron.history_["n_passes"][-1] <= 6
        assert np.all(np.diff(neuron.history_["n_passes"]) > 0)


def test_every_read_is_counted(monkeypatch):
    """Rows handed out by the matrix, whoever asks for them."""
    handed = []
    real = DesignMatrix.dense_blocks

    def counted(self, part, *args):
        for rows, data in real(self, part, *args):
            handed.append(len(range(*rows.indices(self.shape[0]))))
            yield rows, data

    monkeypatch.setattr(DesignMatrix, "dense_blocks", counted)
    X, y = _data(40_000, 20)
    neuron = NeuronClassifier().fit(X, y)
    drawn = neuron.history_["n_passes"][-1] * 40_000 - sum(handed)
    # What is not read in blocks are the rows of the subsamples.
    assert 0 < drawn < 40_000 / 2


def test_threads_that_read_at_once_count_every_row():
    X, y = _data(200_000, 20)
    weights = np.full(len(y), 1 / len(y))
    F = Objective.of_data(DesignMatrix(X), y, LogisticLoss(), weights, Regularization(0.0), True)
    before = F.n_passes
    for _ in range(20):
        F.value_gradient(F.at_zero())
    assert F.n_passes == before + 20


@pytest.mark.parametrize("tol", [1e-4, 1e-6])
def test_gap_over_twenty_random_states(tol):
    X, y = _data(30_000, 20)
    best = NeuronClassifier(solver="newton").fit(X, y).objective_
    reached = []
    for seed in range(20):
        neuron = NeuronClassifier(tol=tol, random_state=seed).fit(X, y)
        measured = _gap(neuron, X, y, best)
        assert neuron.gap_ <= tol
        assert measured / 10 <= neuron.gap_ <= 10 * measured
        reached.append(neuron.coef_)
    assert not np.array_equal(reached[0], reached[1])


def test_a_random_state_fixes_the_way_and_none_changes_the_answer():
    X, y = _data(30_000, 10)
    one, two = (NeuronClassifier(tol=1e-5, random_state=3).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(one.coef_, two.coef_)
    np.testing.assert_array_equal(one.history_["objective"], two.history_["objective"])
    answers = [NeuronClassifier(random_state=seed).fit(X, y).coef_ for seed in range(5)]
    for answer in answers[1:]:
        np.testing.assert_allclose(answer, answers[0], rtol=1e-7)


@pytest.mark.parametrize("case", ["rare class", "rare columns", "nearly separable", "sorted"])
def test_hard_for_subsamples(case):
    X, y = _data(20_000, 6, raw=False)
    rng = np.random.default_rng(1)
    C = 1.0
    if case == "rare class":
        y = np.zeros(20_000, int)
        y[rng.choice(20_000, 12, replace=False)] = 1
        X[y == 1] += 2
    elif case == "rare columns":
        X = np.hstack([X, rng.random((20_000, 30)) < 2e-4])
        y = np.where(X[:, -30:].sum(axis=1) > 0, 1, y)
    elif case == "nearly separable":
        y = (X[:, 0] + 0.02 * rng.logistic(size=20_000) > 0).astype(int)
        C = 1e6
    else:
        order = np.lexsort((X[:, 0], y))
        X, y = X[order], y[order]
    neuron = NeuronClassifier(C=C).fit(X, y)
    exact = NeuronClassifier(C=C, solver="newton").fit(X, y)
    assert neuron.solver_ == "subsampled-newton"
    assert neuron.converged_
    np.testing.assert_allclose(neuron.coef_, exact.coef_, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_l1_on_many_rows(l1_ratio):
    X, y = _data(30_000, 20, raw=False)
    settings = {"C": 2e-3, "l1_ratio": l1_ratio}
    neuron = NeuronClassifier(**settings).fit(X, y)
    exact = NeuronClassifier(solver="newton", **settings).fit(X, y)
    assert neuron.solver_ == "subsampled-newton"
    assert 0 < np.sum(neuron.coef_ == 0) < 20
    np.testing.assert_array_equal(neuron.coef_ == 0, exact.coef_ == 0)
    np.testing.assert_allclose(neuron.coef_, exact.coef_, rtol=1e-6)


def test_every_layout_and_type_of_many_rows(tmp_path):
    X, y = _data(30_000, 8, raw=False)
    X = X.astype(np.float32).astype(float)
    X[np.abs(X) < 1.2] = 0
    expected = NeuronClassifier(solver="newton").fit(X, y).coef_
    mapped = np.memmap(tmp_path / "X", dtype=float, mode="w+", shape=X.shape)
    mapped[:] = X
    for data in (X, np.asfortranarray(X), mapped, sparse.csr_array(X), sparse.csc_array(X)):
        neuron = NeuronClassifier(solver="subsampled-newton").fit(data, y)
        np.testing.assert_allclose(neuron.coef_, expected, rtol=1e-7)
    single = NeuronClassifier(solver="subsampled-newton").fit(X.astype(np.float32), y)
    np.testing.assert_allclose(single.coef_, expected, rtol=1e-5)


def test_one_thread_and_two_give_the_same():
    X, y = _data(60_000, 20)
    with threadpool_limits(1):
        one = NeuronClassifier(random_state=0).fit(X, y)
    with threadpool_limits(2):
        two = NeuronClassifier(random_state=0).fit(X, y)
    np.testing.assert_allclose(one.coef_, two.coef_, rtol=1e-8)
    np.testing.assert_allclose(one.predict_proba(X), two.predict_proba(X), rtol=1e-8)


def _limit_for_a_moment():
    with blas_on_one_thread():
        pass


def test_blas_has_one_thread_inside_and_its_own_afterwards():
    def counts():
        return [lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"]

    before = counts()
    with threadpool_limits(2, user_api="blas"):
        allowed = counts()
        with blas_on_one_thread():
            assert set(counts()) == {1}
            assert len(share_out(100, at_least=10)) == min(allowed)
            # Another fit, that ends first, must not lift the limit.
            other = threading.Thread(target=_limit_for_a_moment)
            other.start()
            other.join()
            assert set(counts()) == {1}
        assert counts() == allowed
        assert len(share_out(100, at_least=10)) == 1
    assert counts() == before


def test_parts_run_in_order_and_pass_on_errors():
    assert run_parts(lambda k: k * k, [1, 2, 3]) == [1, 4, 9]
    with pytest.raises(ZeroDivisionError):
        run_parts(lambda k: 1 // k, [1, 0])


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux only")
def test_no_copy_of_x_is_made():
    """The whole process, in one of its own: what a fit and a prediction add to X."""
    code = """
import numpy as np, resource
from skneuron import NeuronClassifier
rng = np.random.default_rng(0)
X, y = np.empty((400_000, 50)), rng.integers(0, 2, 400_000)
for row in range(0, 400_000, 20_000):
    X[row : row + 20_000] = rng.normal(size=(20_000, 50))
NeuronClassifier().fit(X[:20_000], y[:20_000]).predict_proba(X[:20_000])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
NeuronClassifier().fit(X, y).predict_proba(X)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) * 1024 / X.nbytes)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # Of 160 MB: labels, weights and 8 MB of probabilities among it.
    assert float(run.stdout) < 0.35


@pytest.mark.parametrize("draw", [1, 2, 3])
def test_a_subsample_stands_for_the_whole(draw):
    X, y = _data(20_000, 3, raw=False)
    weights = np.random.default_rng(0).uniform(0.5, 2, 20_000)
    weights /= weights.sum()
    whole = Objective.of_data(
        DesignMatrix(X), y, LogisticLoss(), weights, Regularization(1e-3), True
    )
    v = np.array([0.5, -1.0, 0.3, 0.2])
    part = whole.sample(5_000, np.random.default_rng(draw))
    assert part.dims.n_samples == 5_000
    # Sampling errors of 5,000 rows: 1/√5000 is 0.014.
    assert part.value_gradient(v)[0] == pytest.approx(whole.value_gradient(v)[0], rel=0.05)
    np.testing.assert_allclose(part.curvature(v).matrix(), whole.curvature(v).matrix(), atol=0.02)
    everything = whole.sample(20_000, np.random.default_rng(draw))
    np.testing.assert_allclose(
        everything.value_gradient(v)[1], whole.value_gradient(v)[1], rtol=1e-10, atol=1e-14
    )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["plain", "far", "constant", "tiny", "huge", "mixed"])
def test_moments_against_numpy(kind, weighted):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3))
    if kind in ("far", "mixed"):
        X[:, 0] += 1e9
    if kind in ("constant", "mixed"):
        X[:, 1] = 0.1
    X *= {"tiny": 1e-160, "huge": 1e160}.get(kind, 1.0)
    weights = rng.uniform(0.5, 2, 500) if weighted else np.ones(500)
    weights = weights / weights.sum() if weighted else np.broadcast_to(1 / 500, 500)
    unit = np.abs(X).max(axis=0)
    exact = (X / unit).astype(np.longdouble)
    mean = weights @ exact
    deviation = np.sqrt(weights @ (exact - mean) ** 2)
    for data in (X, sparse.csr_array(X), sparse.csc_array(X)):
        moments = column_moments(DesignMatrix(data), weights, center=True)
        np.testing.assert_allclose(
            moments.mean, (mean * unit).astype(float), rtol=1e-12, atol=1e-14 * unit.max()
        )
        if kind in ("constant", "mixed"):
            assert moments.deviation[1] == 0
        spread = [j for j in range(3) if not (j == 1 and kind in ("constant", "mixed"))]
        np.testing.assert_allclose(
            moments.deviation[spread], (deviation * unit).astype(float)[spread], rtol=1e-6
        )


def test_more_weights_than_rows():
    rng = np.random.default_rng(0)
    X = sparse.random(400, 5000, density=0.01, random_state=rng, format="csr")
    y = (np.asarray(X[:, :300].sum(axis=1)).ravel() > 1.4).astype(int)
    neuron = NeuronClassifier(C=10.0, tol=1e-18).fit(X, y)
    assert neuron.solver_ == "newton-cg"
    assert neuron.converged_
    reference = LogisticRegression(C=10.0, solver="newton-cg", tol=1e-12, max_iter=1000).fit(X, y)
    size = np.abs(reference.coef_).max()
    np.testing.assert_allclose(neuron.coef_, reference.coef_, atol=1e-6 * size)
    for tol in (1e-3, 1e-6):
        loose = NeuronClassifier(C=10.0, tol=tol).fit(X, y)
        measured = (loose.objective_ - neuron.objective_) / np.log(2)
        assert measured / 10 <= loose.gap_ <= 10 * measured


def test_dense_softmax_without_a_hessian():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 500)), rng.integers(0, 5, 300)
    neuron = NeuronClassifier(C=0.1, tol=1e-18).fit(X, y)
    assert neuron.solver_ == "newton-cg"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reference = LogisticRegression(C=0.1, tol=1e-12, max_iter=5000, solver="newton-cg").fit(
            X, y
        )
    np.testing.assert_allclose(
        neuron.coef_, reference.coef_, atol=1e-6 * np.abs(reference.coef_).max()
    )


def test_subsamples_need_rows():
    """On few rows it is Newton's method itself."""
    X, y = _data(300, 5)
    neuron = NeuronClassifier(solver=SubsampledNewton()).fit(X, y)
    assert neuron.converged_
    exact = NeuronClassifier(solver="newton").fit(X, y)
    np.testing.assert_allclose(neuron.coef_, exact.coef_, rtol=1e-7)


def test_many_parameters_share_a_hessian_even_on_few_rows():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(900, 250)) * 10 ** rng.uniform(-2, 2, 250)
    y = X @ (rng.normal(size=250) / X.std(axis=0)) / 8 + rng.logistic(size=900) > 0
    neuron, exact = NeuronClassifier().fit(X, y), NeuronClassifier(solver="newton").fit(X, y)
    assert neuron.solver_ == "subsampled-newton"
    assert neuron.n_iter_.max() > exact.n_iter_.max()
    tolerance = 1e-7 * np.abs(exact.coef_ * X.std(axis=0)).max()
    np.testing.assert_allclose(
        neuron.coef_ * X.std(axis=0), exact.coef_ * X.std(axis=0), atol=tolerance
    )


@pytest.mark.parametrize("solver", ["newton", "auto"])
@pytest.mark.parametrize("n_samples", [10_000, 50_000])
def test_redundant_columns_without_a_penalty(solver, n_samples):
    """Directions without curvature are seen as such, however many rows there are."""
    data, y = make_classification(n_samples, 5, class_sep=2.0, random_state=0)
    assert np.linalg.matrix_rank(data) == 3
    neuron = NeuronClassifier(solver=solver, C=np.inf).fit(data, y)
    assert neuron.converged_
    assert neuron.n_iter_.max() < 20
    # A model of the three columns that say all there is to say.
    independent = data @ np.linalg.svd(data, full_matrices=False)[2][:3].T
    fewer = NeuronClassifier(solver=solver, C=np.inf).fit(independent, y)
    assert neuron.objective_ == pytest.approx(fewer.objective_, rel=1e-12)


def test_many_classes_need_no_matrix_of_classes_for_each_class():
    """400 × 400 × 400 numbers would be 512 MB, and 8 GB for 1,000 classes."""
    rng = np.random.default_rng(0)
    y = np.append(np.arange(400), rng.integers(0, 400, 800))
    X = rng.normal(size=(400, 5))[y] + rng.normal(size=(1200, 5))
    tracemalloc.start()
    try:
        neuron = NeuronClassifier(tol=1e-3).fit(X, y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert neuron.converged_
    # Some arrays of a number for each sample and class, 3.8 MB each.
    assert peak < 100e6
