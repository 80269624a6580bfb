"""Dask collections: the same neuron as in memory, without X at the client."""

import itertools
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold

from skneuron import NeuronClassifier, NeuronClassifierCV
from skneuron.design import DaskExecutor
from skneuron.fitting import EarlyStoppingWarning
from skneuron.fitting._spread import check_spread_data
from skneuron.fitting._spread_parts import split_off_blocks
from skneuron.inference import summary
from skneuron.objective import stacked
from skneuron.paths import neuron_path
from skneuron.separation import detect_separation
from skneuron.validation import check_parameters

dask = pytest.importorskip("dask")
pytest.importorskip("distributed")

import dask.array as da  # noqa: E402
import dask.dataframe as dd  # noqa: E402
import pandas as pd  # noqa: E402

INF = np.inf


@pytest.fixture(autouse=True)
def _in_this_thread():
    with dask.config.set(scheduler="sync"):
        yield


def _data(n=6000, d=4, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * np.arange(1, d + 1) + rng.normal(size=d)
    z = (X - X.mean(axis=0)) @ (1.0 / np.arange(1, d + 1)) / np.sqrt(d)
    return X, (z + rng.logistic(size=n) > 0).astype(int)


def _three(X):
    return np.digitize(X[:, 0] + np.random.default_rng(1).logistic(size=len(X)), [-0.5, 1.0])


def _spread(values, size=1700):
    """Return a Dask array of a NumPy array or a CSR matrix."""
    if not sparse.issparse(values):
        return da.from_array(values, chunks=(size, *values.shape[1:]))
    n, d = values.shape
    edges = [*range(0, n, size), n]
    blocks = [
        da.from_delayed(dask.delayed(values[a:b]), (b - a, d), meta=sparse.csr_matrix((0, d)))
        for a, b in itertools.pairwise(edges)
    ]
    return da.concatenate(blocks)


# --- the same coefficients -------------------------------------------------------------------

X, Y = _data()
WEIGHTS = np.random.default_rng(2).integers(0, 3, len(Y)).astype(float)
SPARSE = sparse.random(6000, 30, density=0.05, format="csr", random_state=0)
SORTED = np.argsort(_three(X), kind="stable")
OUTLIER = X.copy()
OUTLIER[17, 1] = 1e6
FAR = np.column_stack([X[:, 0] + 1e8, np.full(len(X), 3.0), X[:, 1]])
DRIFT = X + np.arange(len(X))[:, None] // 1700 * 50.0
COLLINEAR = np.column_stack([X, X[:, 0] + X[:, 1], X[:, 2]])
RARE = np.zeros(400_000, int)
RARE[np.random.default_rng(3).choice(len(RARE), 60, replace=False)] = 1
MANY = np.random.default_rng(4).normal(size=(len(RARE), 3)) + RARE[:, None]

CASES = {
    "dense": (X, Y, {}, {}),
    "CSR": (SPARSE, Y, {}, {}),
    "CSR, C=inf": (SPARSE, Y, {"C": INF}, {}),
    "float32": (X.astype(np.float32), Y, {}, {}),
    "C=1e-3": (X, Y, {"C": 1e-3}, {}),
    "C=1e3": (X, Y, {"C": 1e3}, {}),
    "C=inf": (X, Y, {"C": INF}, {}),
    "sample weights with zeros": (X, Y, {}, {"sample_weight": WEIGHTS}),
    "balanced": (X, Y, {"class_weight": "balanced"}, {"sample_weight": WEIGHTS}),
    "class weights": (X, _three(X), {"class_weight": {0: 1.0, 1: 2.0, 2: 0.5}}, {}),
    "offset": (X, Y, {}, {"offset": 0.1 * X[:, 1] + 3}),
    "wide offset": (X, Y, {}, {"offset": 20.0 * X[:, 1]}),
    "offset of a softmax": (X, _three(X), {}, {"offset": 0.1 * X[:, :3]}),
    "offset, one neuron per class": (
        X,
        _three(X),
        {"activation": "probit"},
        {"offset": 0.1 * X[:, :3]},
    ),
    "bounds": (X, Y, {"bounds": (0, 0.2)}, {}),
    "L1": (X, Y, {"l1_ratio": 0.7, "C": 0.01}, {}),
    "L1, working set": (SPARSE, Y, {"l1_ratio": 1.0, "C": 0.1, "solver": "working-set"}, {}),
    "penalty factor": (X, Y, {"penalty_factor": [0, 1, 2, 3]}, {}),
    "no intercept": (X, Y, {"fit_intercept": False}, {}),
    "identity without an intercept": (X, Y, {"activation": "identity", "fit_intercept": False}, {}),
    "3 classes": (X, _three(X), {}, {}),
    "3 classes, newton-cg": (X, _three(X), {"solver": "newton-cg"}, {}),
    "3 classes, L1": (X, _three(X), {"l1_ratio": 0.7, "C": 0.01}, {}),
    "3 classes, C=inf": (X, _three(X), {"C": INF}, {}),
    "one neuron per class": (X, _three(X), {"activation": "cauchit"}, {}),
    "sorted, labels of strings": (X[SORTED], np.array(["b", "a", "c"])[_three(X)[SORTED]], {}, {}),
    "rare class": (MANY, RARE, {}, {}),
    "outlier": (OUTLIER, Y, {}, {}),
    # Values of 1e8 have rounding errors that hide gaps below 5e-11.
    "far from zero, and constant": (FAR, Y, {"tol": 1e-10}, {}),
    "drifting means": (DRIFT, Y, {}, {}),
    "collinear, C=inf": (COLLINEAR, Y, {"C": INF}, {}),
    "probit": (X, Y, {"activation": "probit"}, {}),
    "cloglog": (X, Y, {"activation": "cloglog"}, {}),
    "identity": (X, Y, {"activation": "identity"}, {}),
    "tanh, squared error": (X, Y, {"activation": "tanh", "loss": "squared_error"}, {}),
    "relu": (X, Y, {"activation": "relu", "restart": 1, "tol": 1e-12}, {}),
    "lbfgs": (X, Y, {"solver": "lbfgs"}, {}),
    "newton": (X, Y, {"solver": "newton"}, {}),
}


@pytest.mark.parametrize("name", CASES)
def test_coefficients_are_those_in_memory(name):
    X, y, params, more = CASES[name]
    # A gap of 1e-18 leaves errors of 1e-8 in coefficients of small columns.
    params = {"tol": 1e-21, "random_state": 0, **params}
    with warnings.catch_warnings(record=True) as expected_warnings:
        warnings.simplefilter("always")
        own = NeuronClassifier(**params).fit(X, y, **more)
    size = 1700 if len(y) < 10_000 else 17_000
    spread = {name: _spread(values, size) for name, values in more.items()}
    neuron = NeuronClassifier(**params)
    with warnings.catch_warnings(record=True) as found_warnings:
        warnings.simplefilter("always")
        neuron.fit(_spread(X, size), _spread(y, size), **spread)
    if name == "far from zero, and constant":
        # The sums w·x + b of predictions lose eight digits. Whether that raises F or lowers it is
        # chance, and only the former is a warning.
        assert max(neuron.gap_, own.gap_) < 1e-9
    else:
        assert [w.category for w in found_warnings] == [w.category for w in expected_warnings]
        assert neuron.converged_ == own.converged_
    assert neuron.solver_ == own.solver_
    for attribute in ("coef_", "intercept_"):
        expected, found = getattr(own, attribute), getattr(neuron, attribute)
        assert type(found) is np.ndarray
        assert found.dtype == expected.dtype
        # Where float32 rounds, its rounding is the largest difference.
        tolerance = 1e-8 if expected.dtype == np.float64 else 2e-7
        np.testing.assert_allclose(
            found, expected, rtol=tolerance, atol=tolerance * np.abs(own.coef_).max()
        )
    assert neuron.objective_ == pytest.approx(own.objective_, rel=1e-9)
    np.testing.assert_array_equal(neuron.classes_, own.classes_)


# --- blocks of many kinds --------------------------------------------------------------------


@pytest.fixture(scope="module")
def own():
    return NeuronClassifier(random_state=0).fit(X, Y)


def _frame(n_partitions=4):
    table = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    table["label"] = Y
    return dd.from_pandas(table, npartitions=n_partitions)


def _assert_same(neuron, own):
    np.testing.assert_allclose(neuron.coef_, own.coef_, rtol=1e-8)
    np.testing.assert_allclose(neuron.intercept_, own.intercept_, rtol=1e-8)


def test_data_frames(own):
    table = _frame()
    features = table[["a", "b", "c", "d"]]
    neuron = NeuronClassifier(random_state=0).fit(features, table["label"])
    _assert_same(neuron, own)
    assert neuron.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    assert neuron.score(features, table["label"]) == own.score(X, Y)
    proba = neuron.predict_proba(features)
    assert isinstance(proba, da.Array)
    np.testing.assert_array_equal(proba.compute(), neuron.predict_proba(features.compute()))
    with pytest.raises(ValueError, match="feature names"):
        neuron.predict(table[["b", "a", "c", "d"]])


def test_a_data_frame_of_several_types(own):
    table = _frame().assign(a=lambda t: t["a"].astype("float32"), e=lambda t: t["label"] > 0)
    columns = ["a", "b", "e"]
    neuron = NeuronClassifier(random_state=0, C=0.1).fit(table[columns], table["label"])
    memory = table.compute()
    other = NeuronClassifier(random_state=0, C=0.1).fit(memory[columns], memory["label"])
    _assert_same(neuron, other)


def test_unknown_chunk_sizes_and_empty_blocks(own):
    table = _frame(6)
    table = dd.concat([table, table[table["a"] > 1e9], table[table["b"] < -1e9]])
    array = table[["a", "b", "c", "d"]].to_dask_array()
    assert np.isnan(array.shape[0])
    neuron = NeuronClassifier(random_state=0).fit(array, table["label"].to_dask_array())
    _assert_same(neuron, own)
    np.testing.assert_array_equal(neuron.predict(array).compute(), neuron.predict(X))


@pytest.mark.parametrize("matrix", [X, SPARSE], ids=["dense", "CSR"])
def test_several_chunks_of_columns(matrix):
    d = matrix.shape[1]
    other = NeuronClassifier(random_state=0).fit(matrix, Y)
    whole = _spread(matrix)
    parts = da.concatenate([whole[:, : d // 2], whole[:, d // 2 :]], axis=1)
    assert len(parts.chunks[1]) == 2
    neuron = NeuronClassifier(random_state=0, tol=1e-21).fit(parts, _spread(Y))
    np.testing.assert_allclose(neuron.coef_, other.coef_, atol=1e-7)
    expected = neuron.decision_function(matrix)
    np.testing.assert_array_equal(neuron.decision_function(parts).compute(), expected)


def test_labels_and_weights_of_other_blocks_or_in_memory(own):
    spread = _spread(X)
    for y in (da.from_array(Y, chunks=999), Y, Y.tolist()):
        _assert_same(NeuronClassifier(random_state=0).fit(spread, y), own)
    weighted = NeuronClassifier(random_state=0, tol=1e-21)
    expected = clone(weighted).fit(X, Y, sample_weight=WEIGHTS)
    _assert_same(weighted.fit(spread, Y, sample_weight=WEIGHTS), expected)


def test_integers_and_booleans():
    counts = np.random.default_rng(5).integers(0, 5, (3000, 2))
    y = counts.sum(axis=1) + np.random.default_rng(6).integers(-3, 4, 3000) > 4
    neuron = NeuronClassifier(random_state=0).fit(_spread(counts), _spread(y))
    other = NeuronClassifier(random_state=0).fit(counts, y)
    _assert_same(neuron, other)
    assert neuron.classes_.dtype == bool


# --- predictions -----------------------------------------------------------------------------


@pytest.mark.parametrize("y", [Y, _three(X)], ids=["two classes", "three classes"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("size", [1700, 1, 7])
def test_predictions_are_lazy_and_equal_to_the_bit(y, dtype, size):
    some = X[:: 1 if size == 1700 else 600].astype(dtype)
    neuron = NeuronClassifier(random_state=0).fit(X.astype(dtype), y)
    spread = _spread(some, size)
    for name in ("predict", "predict_proba", "predict_log_proba", "decision_function", "activate"):
        found, expected = getattr(neuron, name)(spread), getattr(neuron, name)(some)
        assert isinstance(found, da.Array)
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        assert found.compute().dtype == expected.dtype
        # A product with few rows at a time adds up in another order.
        exact = size == 1700 or name == "predict"
        compare = np.testing.assert_array_equal if exact else np.testing.assert_allclose
        compare(found.compute(), expected, **({} if exact else {"rtol": 1e-5}))


def test_predictions_with_an_offset_and_labels_of_strings():
    names = np.array(["no", "yes"])[Y]
    neuron = NeuronClassifier(random_state=0).fit(X, names)
    offset = 0.3 * X[:, 0]
    spread = _spread(X)
    found = neuron.decision_function(spread, offset=_spread(offset))
    np.testing.assert_array_equal(found.compute(), neuron.decision_function(X, offset=offset))
    assert neuron.predict(spread).compute().tolist() == neuron.predict(X).tolist()
    score = neuron.score(spread, _spread(names), _spread(WEIGHTS), offset=_spread(offset))
    assert isinstance(score, float)
    assert score == pytest.approx(neuron.score(X, names, WEIGHTS, offset=offset), rel=1e-12)


# --- nothing at the client -------------------------------------------------------------------


def _nbytes(value):
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, tuple | list):
        return sum(map(_nbytes, value))
    parts = vars(value).values() if hasattr(value, "__dict__") else []
    return sum(map(_nbytes, parts))


def _recorded_sizes(monkeypatch):
    """Return a list that receives the number of bytes of each round."""
    sizes = []
    original = DaskExecutor.map

    def recorded(self, function, *parts):
        out = original(self, function, *parts)
        sizes.append(_nbytes(out))
        return out

    monkeypatch.setattr(DaskExecutor, "map", recorded)
    return sizes


def test_only_sums_and_small_samples_come_to_the_client(monkeypatch):
    sizes = _recorded_sizes(monkeypatch)
    NeuronClassifier(random_state=0).fit(_spread(MANY, 10_000), _spread(RARE, 10_000))
    # 1,000 evenly spaced rows, and a subsample of 1,500 rows in two attempts; otherwise sums.
    assert max(sizes) < 200_000 < MANY.nbytes / 10
    assert sorted(sizes)[-4] < 10_000


HEAVY = sparse.vstack(
    [
        sparse.random(20_000, 60, density=0.05, random_state=0),
        sparse.random(1000, 60, density=0.9, random_state=1),
    ]
).tocsr()[np.random.default_rng(8).permutation(21_000)]
OF_HEAVY = (HEAVY @ np.ones(60) + np.random.default_rng(9).logistic(size=21_000) > 2).astype(int)


@pytest.mark.parametrize("most", [20_000, 60_000, 2**21])
def test_a_subsample_is_within_its_limit_for_rows_of_any_size(most, monkeypatch):
    monkeypatch.setattr("skneuron.objective._spread_rows._MAX_ELEMENTS", most)
    sizes = []

    def recorded(pieces):
        matrices = [sparse.csr_matrix(data) for data, _ in pieces]
        sizes.append(sum(data.data.nbytes + data.indices.nbytes for data in matrices))
        return stacked(pieces)

    monkeypatch.setattr("skneuron.objective._spread_rows.stacked", recorded)
    neuron = NeuronClassifier(random_state=0, tol=1e-21)
    other = clone(neuron).fit(HEAVY, OF_HEAVY)
    neuron.fit(_spread(HEAVY, 3000), _spread(OF_HEAVY, 3000))
    np.testing.assert_allclose(neuron.coef_, other.coef_, rtol=1e-7)
    # The number of rows is random, within a standard error of some percent.
    assert max(sizes, default=0) < 1.1 * 8 * most


@pytest.mark.parametrize(
    ("matrix", "y", "params"),
    [
        (X, Y, {"solver": "newton"}),
        (X, _three(X), {"solver": "newton"}),
        (X, _three(X), {"solver": "newton-cg"}),
        (COLLINEAR, Y, {"C": INF}),
        (SPARSE, Y, {"C": INF, "solver": "newton"}),
    ],
)
def test_workers_add_up_matrices_that_are_large_for_the_client(matrix, y, params, monkeypatch):
    monkeypatch.setattr("skneuron.design._executor._MAX_BYTES", 0)
    largest = []
    original = DaskExecutor._computed

    def recorded(self, tasks):
        largest.append(len(tasks))
        return original(self, tasks)

    monkeypatch.setattr(DaskExecutor, "_computed", recorded)
    neuron = NeuronClassifier(random_state=0, tol=1e-21, **params)
    other = clone(neuron).fit(matrix, y)
    fits = []
    for scheduler in ("sync", "threads"):
        with dask.config.set(scheduler=scheduler):
            spread = _spread(matrix, 700), _spread(y, 700)
            spread = (spread[0].persist(), spread[1].persist()) if fits else spread
            fits.append(clone(neuron).fit(*spread))
    assert 1 in largest
    np.testing.assert_array_equal(fits[0].coef_, fits[1].coef_)
    tolerance = 1e-8 * np.abs(other.coef_).max()
    np.testing.assert_allclose(fits[0].coef_, other.coef_, rtol=1e-8, atol=tolerance)


def test_a_dense_fit_has_as_many_passes_as_in_memory():
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(60_000, 10))
    y = (dense @ np.full(10, 0.3) + rng.logistic(size=60_000) > 0).astype(int)
    neuron = NeuronClassifier(random_state=0)
    passes = clone(neuron).fit(dense, y).history_["n_passes"][-1]
    # Blocks that fit into a cache: a Hessian on them is one pass.
    neuron.fit(_spread(dense, 5000), _spread(y, 5000))
    assert neuron.history_["n_passes"][-1] == pytest.approx(passes, abs=0.1)
    assert neuron.history_["n_passes"][-1] < 6


def test_dask_is_not_imported_without_a_collection():
    code = (
        "import sys, numpy as np; from skneuron import NeuronClassifier;"
        "X = np.arange(6.0).reshape(-1, 1); y = [0, 1, 0, 1, 0, 1];"
        "neuron = NeuronClassifier().fit(X, y); neuron.predict_proba(X); neuron.score(X, y);"
        "assert not any(name.split('.')[0] in ('dask', 'distributed') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_same_bits_for_any_number_of_tasks():
    fits = []
    for scheduler in ("sync", "threads"):
        with dask.config.set(scheduler=scheduler):
            spread = _spread(X, 700).persist(), _spread(Y, 700).persist()
            fits.append(NeuronClassifier(random_state=0).fit(*spread))
    # Blocks that have to be computed are a task each.
    lazy = _spread(X, 700).map_blocks(np.copy), _spread(Y, 700)
    fits.append(NeuronClassifier(random_state=0).fit(*lazy))
    for neuron in fits[1:]:
        np.testing.assert_array_equal(neuron.coef_, fits[0].coef_)
        np.testing.assert_array_equal(neuron.intercept_, fits[0].intercept_)


def test_a_fit_is_like_any_other(own, capsys):
    neuron = NeuronClassifier(random_state=0, verbose=1, warm_start=True)
    neuron = pickle.loads(pickle.dumps(clone(neuron).fit(_spread(X), _spread(Y))))
    _assert_same(neuron, own)
    assert "iteration     1" in capsys.readouterr().out
    before = neuron.coef_
    neuron.fit(_spread(X), _spread(Y))
    np.testing.assert_allclose(neuron.coef_, before, rtol=1e-9)
    assert set(neuron.history_) == set(own.history_)
    np.testing.assert_allclose(neuron.history_["saturation"][-1], own.history_["saturation"][-1])


GRID = np.random.default_rng(7).integers(0, 4, (3000, 3)).astype(float)
GRID[:, 0] = GRID[:, 0] == 3
PARTLY = np.where(GRID[:, 0] == 1, 1, GRID.sum(axis=1) % 2).astype(int)


@pytest.mark.parametrize(
    ("matrix", "y", "kind"),
    [
        (X, (X[:, 0] > 0).astype(int), "complete"),
        (GRID, PARTLY, "quasi-complete"),
        (sparse.csr_matrix(GRID), PARTLY, "quasi-complete"),
        (GRID, np.where(np.arange(3000) == np.flatnonzero(GRID[:, 0])[99], 0, PARTLY), None),
        (GRID, np.where(GRID[:, 0] == 1, 2, PARTLY), "quasi-complete"),
    ],
    ids=["complete", "quasi-complete", "CSR", "one sample less", "three classes"],
)
def test_separated_classes(matrix, y, kind, monkeypatch):
    # Only some of the rows come to the client, and the others have to confirm the hyperplane.
    monkeypatch.setattr("skneuron.fitting._separation_of_rows._MAX_ELEMENTS", 400)
    texts = []
    for given in ((matrix, y), (_spread(matrix, 700), _spread(y, 700))):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            neuron = NeuronClassifier(C=INF, random_state=0).fit(*given)
        texts.append([str(warning.message) for warning in caught])
    assert neuron.converged_ == (kind is None)
    assert [f"({kind} separation)" in text for text in texts[1]] == [True] * (kind is not None)
    # The number of columns in the direction may differ, because there are many directions.
    assert [text[:60] for text in texts[0]] == [text[:60] for text in texts[1]]


def test_a_validation_set_in_memory():
    validation = {"X_val": X[:500] + 0.3, "y_val": Y[:500]}
    neuron = NeuronClassifier(solver="lbfgs", C=INF, early_stopping=True, n_iter_no_change=2)
    other = clone(neuron).fit(X, Y, **validation)
    neuron.fit(_spread(X), _spread(Y), **validation)
    losses = neuron.history_["validation_loss"]
    np.testing.assert_allclose(losses, other.history_["validation_loss"], rtol=1e-6)
    np.testing.assert_allclose(neuron.coef_, other.coef_, rtol=1e-6)


@pytest.mark.parametrize("activation", ["sigmoid", "probit"])
@pytest.mark.parametrize("y", [Y, _three(X)], ids=["two classes", "three classes"])
def test_a_validation_set_of_dask(activation, y):
    offset = 0.1 * X[:, :3] if y.max() > 1 else 0.1 * X[:, 0]
    few = slice(0, 900)
    validation = {
        "X_val": X[few] + 0.3,
        "y_val": y[few],
        "sample_weight_val": WEIGHTS[few],
        "offset_val": offset[few],
    }
    neuron = NeuronClassifier(activation, solver="lbfgs", early_stopping=True, n_iter_no_change=2)
    other = clone(neuron).fit(X, y, offset=offset, **validation)
    spread = {name: _spread(values, 250) for name, values in validation.items()}
    neuron.fit(_spread(X), _spread(y), offset=_spread(offset), **spread)
    losses = neuron.history_["validation_loss"]
    np.testing.assert_allclose(losses, other.history_["validation_loss"], rtol=1e-9)
    np.testing.assert_allclose(neuron.coef_, other.coef_, rtol=1e-9)
    assert neuron.n_iter_.tolist() == other.n_iter_.tolist()


def _rows_in_use(samples):
    """Return which rows of X the samples have."""
    masks = samples.executor.map(lambda block: block.used, samples.blocks)
    return np.concatenate(masks)


def test_early_stopping_holds_out_a_fraction_of_each_class():
    y = np.where(np.arange(len(X)) < 2, 2, Y)
    spread = _spread(X), _spread(y)
    weights = np.where(np.arange(len(X)) < 2, 1.0, WEIGHTS)
    data = check_spread_data(NeuronClassifier(), *spread, _spread(weights), "balanced")
    rest, out = split_off_blocks(data, 0.1, 0)
    kept, held = _rows_in_use(rest.X), _rows_in_use(out.X)
    np.testing.assert_array_equal(kept ^ held, weights > 0)
    assert not np.any(kept & held)
    used = np.bincount(y[weights > 0])
    expected = np.clip(np.round(0.1 * used), 1, used - 1)
    np.testing.assert_array_equal(np.bincount(y[held]), expected)
    assert all(part.sum() > 80 for part in np.array_split(held, 4))
    # The fit is the fit in memory to these rows, with the class weights of all rows.
    given = {"solver": "lbfgs", "early_stopping": True, "random_state": 0}
    neuron = NeuronClassifier(class_weight="balanced", **given)
    neuron.fit(*spread, _spread(weights))
    sums = np.bincount(y, weights)
    scaled = weights * (sums.sum() / (3 * sums))[y]
    other = NeuronClassifier(**given)
    seed = check_parameters(vars(neuron)).seed
    rest, out = split_off_blocks(data, 0.1, seed)
    kept, held = _rows_in_use(rest.X), _rows_in_use(out.X)
    validation = {"X_val": X[held], "y_val": y[held], "sample_weight_val": scaled[held]}
    other.fit(X[kept], y[kept], scaled[kept], **validation)
    np.testing.assert_allclose(neuron.coef_, other.coef_, rtol=1e-7)
    losses = neuron.history_["validation_loss"]
    assert losses[-1] == pytest.approx(other.history_["validation_loss"][-1], rel=1e-9)


def test_early_stopping_with_a_class_of_one_sample():
    y = np.where(np.arange(len(X)) == 7, 2, Y)
    texts = []
    for given in ((X, y), (_spread(X), _spread(y))):
        with pytest.warns(EarlyStoppingWarning) as caught:
            NeuronClassifier(early_stopping=True).fit(*given)
        texts.append([str(warning.message) for warning in caught])
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"X_val": np.where(X[300, 1] == X, np.nan, X)}, "Block 1, .*In X_val: Input X contains"),
        ({"y_val": np.where(np.arange(6000) == 300, 7, Y)}, "Block 1, .*y_val has the label 7"),
        ({"sample_weight_val": -WEIGHTS}, "Block 0, .*negative sample_weight"),
        ({"sample_weight_val": 0 * WEIGHTS}, "sums of sample_weight_val by class"),
        ({"y_val": Y[:5000]}, "y_val has 5000 rows and X_val has 6000"),
        ({"X_val": X[:, :2]}, "X has 2 features"),
        ({"y_val": None}, "has no y_val"),
        ({"offset_val": Y}, "offset_val was passed without offset"),
    ],
)
def test_validation_sets_of_dask_that_cannot_be_used(change, match):
    validation = {"X_val": X, "y_val": Y, **change}
    spread = {name: v if v is None else _spread(v, 250) for name, v in validation.items()}
    neuron = NeuronClassifier()
    with pytest.raises(ValueError, match=match):
        neuron.fit(_spread(X), _spread(Y), **spread)
    assert not hasattr(neuron, "coef_")


def test_each_block_is_a_chunk_of_a_stream():
    neuron, other = NeuronClassifier(random_state=0), NeuronClassifier(random_state=0)
    for start in range(0, 6000, 1700):
        rows = slice(start, start + 1700)
        other.partial_fit(X[rows], Y[rows], [0, 1], WEIGHTS[rows])
    assert neuron.partial_fit(_spread(X), _spread(Y), [0, 1], _spread(WEIGHTS)) is neuron
    np.testing.assert_array_equal(neuron.coef_, other.coef_)
    assert neuron.n_samples_seen_ == other.n_samples_seen_
    before = neuron.coef_
    with pytest.raises(ValueError, match="Block 2, counted from 0: Input X contains NaN"):
        neuron.partial_fit(_spread(_with_nan()), _spread(Y))
    assert neuron.coef_ is before
    table = _frame()
    named = NeuronClassifier().partial_fit(table[["a", "b"]], table["label"], classes=[0, 1])
    assert named.feature_names_in_.tolist() == ["a", "b"]


def test_a_search_on_arrays_of_dask():
    search = GridSearchCV(NeuronClassifier(random_state=0), {"C": [1e-3, 1.0]}, cv=3)
    other = clone(search).fit(X, Y)
    search.fit(_spread(X), _spread(Y))
    for name in ("mean_test_score", "std_test_score"):
        np.testing.assert_allclose(search.cv_results_[name], other.cv_results_[name], rtol=1e-12)
    assert isinstance(search.predict(_spread(X)), da.Array)


def test_a_grid_search_brings_no_rows_of_X_to_the_client(monkeypatch):
    def refused(array, *args, **kwargs):
        assert array.ndim == 1
        return np.asarray(array.compute(), *args, **kwargs)

    monkeypatch.setattr(da.Array, "__array__", refused)
    sizes = _recorded_sizes(monkeypatch)
    search = GridSearchCV(NeuronClassifier(random_state=0), {"C": [1e-3, 1.0]}, cv=3)
    search.fit(_spread(X), _spread(Y))
    assert max(sizes) < 100_000 < X.nbytes


def test_a_grid_search_on_data_frames_takes_their_arrays():
    table = _frame()
    search = GridSearchCV(NeuronClassifier(random_state=0), {"C": [1e-3, 1.0]}, cv=3)
    # scikit-learn selects the rows of a fold before the neuron gets them.
    with pytest.raises(AttributeError, match="'DataFrame' object has no attribute 'take'"):
        search.fit(table[["a", "b"]], table["label"])
    with pytest.raises(ValueError, match=r"to_dask_array\(lengths=True\)"):
        search.fit(table[["a", "b"]].to_dask_array(), table["label"].to_dask_array())
    X_known, y_known = (
        part.to_dask_array(lengths=True) for part in (table[["a", "b"]], table["label"])
    )
    other = clone(search).fit(X[:, :2], Y)
    found = search.fit(X_known, y_known).cv_results_["mean_test_score"]
    np.testing.assert_allclose(found, other.cv_results_["mean_test_score"], rtol=1e-12)


SEARCHES = {
    "default": (Y, {}, {}),
    "sample weights": (_three(X), {"Cs": [1e-3, 0.1]}, {"sample_weight": WEIGHTS}),
    "class weights": (Y, {"Cs": 3, "class_weight": "balanced"}, {"sample_weight": WEIGHTS}),
    "one neuron per class": (_three(X), {"activation": "probit", "Cs": [0.01]}, {}),
    "L1": (Y, {"Cs": 4, "l1_ratios": [0.5, 1.0], "cv": 3, "selection": "one_se"}, {}),
    "accuracy": (Y, {"activation": "identity", "Cs": [0.01, 1.0], "cv": StratifiedKFold(4)}, {}),
    "no refit": (_three(X), {"Cs": [1e-3, 0.1], "refit": False}, {"offset": 0.1 * X[:, :3]}),
    "sorted, labels of strings": (np.array(["b", "a", "c"])[np.sort(_three(X))], {"Cs": [0.1]}, {}),
    "rare class": (np.where(np.arange(6000) % 1000 == 7, 2, Y), {"Cs": [0.1]}, {}),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_a_cross_validation_has_the_folds_and_scores_in_memory(name, monkeypatch):
    y, params, more = SEARCHES[name]
    other = NeuronClassifierCV(tol=1e-21, random_state=0, **params).fit(X, y, **more)
    sizes = _recorded_sizes(monkeypatch)
    spread = {name: _spread(values) for name, values in more.items()}
    search = clone(other).fit(_spread(X), _spread(y), **spread)
    # A subsample has 2,000 rows of X: 96 kB. Neither X nor y comes to the client.
    assert max(sizes) < 100_000 < X.nbytes
    np.testing.assert_allclose(search.Cs_, other.Cs_, rtol=1e-12)
    assert pytest.approx(other.C_) == search.C_
    assert search.l1_ratio_ == other.l1_ratio_
    for attribute in ("scores_", "mean_scores_", "coefs_paths_", "coef_", "intercept_"):
        expected = getattr(other, attribute)
        tolerance = 1e-8 * np.abs(expected).max()
        np.testing.assert_allclose(getattr(search, attribute), expected, rtol=0, atol=tolerance)
    score = search.score(_spread(X), _spread(y), **spread)
    assert score == pytest.approx(other.score(X, y, **more), rel=1e-8)


def test_a_cross_validation_on_data_frames():
    table = _frame()
    search = NeuronClassifierCV(Cs=[0.01, 1.0], cv=3).fit(table[["a", "b"]], table["label"])
    other = clone(search).fit(table[["a", "b"]].compute(), Y)
    np.testing.assert_allclose(search.scores_, other.scores_, rtol=1e-9)
    assert search.best_estimator_.feature_names_in_.tolist() == ["a", "b"]


@pytest.mark.parametrize("params", [{}, {"l1_ratio": 1.0}, {"activation": "cloglog"}])
def test_a_path_of_penalties(params):
    neuron = NeuronClassifier(random_state=0, tol=1e-21, **params)
    other = neuron_path(X, Y, 5, neuron=neuron, sample_weight=WEIGHTS)
    path = neuron_path(_spread(X), _spread(Y), 5, neuron=neuron, sample_weight=_spread(WEIGHTS))
    np.testing.assert_allclose(path.Cs, other.Cs, rtol=1e-12)
    np.testing.assert_allclose(path.coefs, other.coefs, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(path.intercepts, other.intercepts, rtol=1e-8)


@pytest.mark.parametrize(
    ("params", "more", "match"),
    [
        ({"cv": KFold(3)}, {}, r"The search got Dask collections with cv=KFold"),
        ({"cv": StratifiedKFold(3, shuffle=True)}, {}, "with cv=StratifiedKFold"),
        ({"cv": [(np.arange(9), np.arange(9, 18))]}, {}, r"with cv=\["),
        ({"cv": "loo"}, {}, "with cv='loo'"),
        ({"scoring": "roc_auc"}, {}, "with a scoring"),
        ({}, {"groups": Y}, "with groups"),
        ({"activation": "step"}, {}, "which reads samples one by one"),
    ],
)
def test_cross_validations_that_need_the_rows(params, more, match):
    search = NeuronClassifierCV(**params)
    with pytest.raises(ValueError, match=match):
        search.fit(_spread(X), _spread(Y), **more)
    assert not hasattr(search, "coef_")


def test_folds_that_lack_a_class():
    y = np.where(np.arange(len(Y)) == 7, 2, Y)
    with (
        pytest.warns(UserWarning, match="The least populated class in y has only 1 member"),
        pytest.raises(ValueError, match="Fold 4 has no training sample of the class 2"),
    ):
        NeuronClassifierCV(Cs=[1.0]).fit(_spread(X), _spread(y))
    with pytest.raises(ValueError, match="n_splits=5000"):
        NeuronClassifierCV(Cs=[1.0], cv=5000).fit(_spread(X), _spread(Y))
    with pytest.raises(ValueError, match="y has the label 2"):
        NeuronClassifierCV(Cs=[1.0]).fit(X, Y).score(_spread(X), _spread(y))
    with pytest.raises(ValueError, match="with a scoring"):
        NeuronClassifierCV(Cs=[1.0], scoring="roc_auc").fit(X, Y).score(_spread(X), _spread(Y))


# --- errors ----------------------------------------------------------------------------------


def _with_nan():
    bad = X.copy()
    bad[5000, 2] = np.nan
    return bad


@pytest.mark.parametrize(
    ("args", "more", "match"),
    [
        ((_with_nan(), Y), {}, r"Block 2, counted from 0: Input X contains NaN"),
        ((X, np.where(np.arange(len(Y)) == 5000, np.nan, Y)), {}, "Block 2, .*NaN"),
        ((X, np.zeros(len(X), int)), {}, r"the classes \[0\]"),
        ((X, X[:, 0]), {}, "continuous"),
        ((X, Y[:-5]), {}, "y has 5995 rows and X has 6000"),
        ((X + 1j, Y), {}, "complex128"),
        ((X[:, 0], Y), {}, "not two dimensions"),
        ((X, X[:, :1]), {}, "one label per row"),
        ((X, Y), {"sample_weight": -WEIGHTS}, "Block 0, .*negative sample_weight"),
        ((X, Y), {"sample_weight": 0 * WEIGHTS}, "above zero"),
        ((X, Y), {"sample_weight": WEIGHTS * Y}, "All samples of the class 0 have zero weight"),
        ((X, Y), {"offset": X}, "Block 0, .*offset has shape"),
    ],
)
def test_data_that_cannot_be_used(args, more, match):
    neuron = NeuronClassifier()
    with pytest.raises(ValueError, match=match):
        neuron.fit(*map(_spread, args), **{name: _spread(v) for name, v in more.items()})
    assert not hasattr(neuron, "coef_")


def test_blocks_that_do_not_match():
    table = _frame(6)
    with pytest.raises(ValueError, match=r"y has 3 blocks and X has 6.*df\.persist"):
        NeuronClassifier().fit(table[["a", "b"]], table["label"].repartition(npartitions=3))
    unequal = da.concatenate([_spread(Y[:900], 900), _spread(Y[900:], 5100)])
    X_of_two = _frame(2)[["a", "b"]]
    with pytest.raises(ValueError, match=r"Block [01], .*X has 3000 rows and y has \d+ labels"):
        NeuronClassifier().fit(X_of_two, unequal)
    with pytest.raises(ValueError, match="sizes of the blocks of X are not known"):
        NeuronClassifier().fit(X_of_two, Y)


def test_columns_of_objects():
    table = _frame().assign(town=lambda t: t["label"].astype("category"))
    with pytest.raises(ValueError, match="Column 'town' of X has the type category"):
        NeuronClassifier().fit(table[["a", "town"]], table["label"])


def test_a_mixture_of_memory_and_dask():
    with pytest.raises(ValueError, match=r"y\.compute"):
        NeuronClassifier().fit(X, _spread(Y))
    with pytest.raises(ValueError, match="y=None"):
        NeuronClassifier().fit(_spread(X), None)


@pytest.mark.parametrize(
    "params",
    [
        {"activation": "step"},
        {"solver": "sgd"},
        {"solver": "adam"},
        {"activation": "step", "solver": "online-perceptron"},
        {"bias_reduction": "mean", "C": INF},
    ],
)
def test_parameters_that_need_the_samples(params):
    with pytest.raises(ValueError, match=r"The fit got Dask collections with .*Expected "):
        NeuronClassifier(**params).fit(_spread(X), _spread(Y))


def test_what_is_for_data_in_memory_only(own):
    spread, y = _spread(X), _spread(Y)
    with pytest.raises(ValueError, match=r"X_val is a Dask collection.*X_val\.compute\(\)"):
        NeuronClassifier().fit(X, Y, X_val=spread, y_val=y)
    with pytest.raises(ValueError, match="y_val is a Dask collection, and X_val is a ndarray"):
        NeuronClassifier().fit(spread, y, X_val=X, y_val=y)
    with pytest.raises(ValueError, match="X is a Dask Delayed"):
        NeuronClassifier().fit(dask.delayed(X), y)
    for call in (
        lambda: detect_separation(spread, y),
        lambda: summary(NeuronClassifier(C=INF).fit(X, Y), spread, y),
    ):
        with pytest.raises(ValueError, match=r"is a Dask collection.*\.compute\(\)"):
            call()


@pytest.mark.parametrize("kind", ["complex128", "datetime64[s]", "timedelta64[s]", "S5"])
@pytest.mark.parametrize("framed", [False, True])
def test_types_that_are_no_numbers_have_the_message_of_data_in_memory(kind, framed):
    if framed and kind == "S5":
        pytest.skip("a data frame keeps bytes as objects")
    table = np.arange(8.0).reshape(4, 2).astype(kind)
    given = pd.DataFrame(table, columns=["a", "b"]) if framed else table
    y = np.array([0, 1, 1, 0])
    spread = dd.from_pandas(given, npartitions=2) if framed else da.from_array(given, chunks=(2, 2))
    labels = dd.from_pandas(pd.Series(y), npartitions=2) if framed else da.from_array(y, chunks=2)
    with pytest.raises(ValueError, match="has the type") as in_memory:
        NeuronClassifier().fit(given, y)
    with pytest.raises(ValueError, match="has the type") as on_dask:
        NeuronClassifier().fit(spread, labels)
    assert str(on_dask.value) == str(in_memory.value)
