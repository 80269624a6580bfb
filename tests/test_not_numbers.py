"""Dates, durations, bytes and records are refused by name; whatever scikit-learn reads is the same."""

import datetime
import decimal
import fractions
import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from skneuron import NeuronClassifier, grouped
from skneuron.inference import coefficient_table, covariance, goodness_of_fit
from skneuron.separation import detect_separation
from skneuron.validation import check_distinct, check_numbers

N = 40
RNG = np.random.default_rng(0)
Y = (np.arange(N) % 3 == 0).astype(int)
NUMBERS = RNG.normal(size=N)
DAYS = np.datetime64("2020-01-01") + np.arange(N)
SINCE = DAYS - DAYS[0]
MOMENTS = [datetime.datetime(2020, 1, 1) + datetime.timedelta(days=i) for i in range(N)]
UNITS = ["D", "h", "s", "ms", "us", "ns"]


def pandas_(values, **kwargs):
    return pd.DataFrame({"x": NUMBERS, "when": pd.Series(values, **kwargs)})


def polars_(values):
    return pl.DataFrame({"x": NUMBERS, "when": pl.Series("when", values)})


def objects(value):
    return np.array([[1.5, value]] * N, dtype=object)


def bad():
    """Yield (name, X, what its column is called)."""
    for unit in UNITS:
        dates, since = DAYS.astype(f"M8[{unit}]"), SINCE.astype(f"m8[{unit}]")
        yield f"array of dates in {unit}", np.c_[dates, dates], "Column 0"
        yield f"array of durations in {unit}", np.c_[since, since], "Column 0"
        yield f"list of dates in {unit}", [[d, d] for d in dates], "Column 0"
        if unit in ("s", "ms", "us", "ns"):
            yield f"pandas dates in {unit}", pandas_(dates), "Column 'when'"
            yield f"pandas durations in {unit}", pandas_(since), "Column 'when'"
        if unit in ("ms", "us", "ns"):
            yield f"polars dates in {unit}", polars_(dates), "Column 'when'"
            yield f"polars durations in {unit}", polars_(since), "Column 'when'"
    missing = DAYS.astype("M8[ns]")
    missing[3] = np.datetime64("NaT")
    yield "array with NaT", np.c_[missing, missing], "Column 0"
    yield "pandas with NaT", pandas_(missing), "Column 'when'"
    yield "pandas of dates only", pd.DataFrame({"a": missing, "b": missing}), "Column 'a'"
    yield "pandas time zone", pandas_(pd.DatetimeIndex(DAYS, tz="Europe/Paris")), "Column 'when'"
    yield "pandas period", pandas_(pd.period_range("2020", periods=N, freq="D")), "Column 'when'"
    yield "pandas interval", pandas_(pd.interval_range(0, N)), "Column 'when'"
    yield "pandas objects", pandas_(MOMENTS, dtype=object), "Column 'when'"
    yield (
        "pandas dates as objects",
        pandas_([d.date() for d in MOMENTS], dtype=object),
        "Column 'when'",
    )
    yield "pandas categories", pandas_(pd.Categorical(DAYS.astype("M8[ns]"))), "Column 'when'"
    yield "pandas bytes", pandas_([b"1"] * N, dtype=object), "Column 'when'"
    yield "pandas without names", pd.DataFrame({0: NUMBERS, 1: missing}), "Column 1"
    yield "polars dates", polars_([d.date() for d in MOMENTS]), "Column 'when'"
    yield "polars time", polars_([datetime.time(3)] * N), "Column 'when'"
    yield "polars bytes", polars_([b"1"] * N), "Column 'when'"
    yield (
        "polars time zone",
        polars_(MOMENTS).with_columns(pl.col("when").dt.replace_time_zone("UTC")),
        "Column 'when'",
    )
    yield (
        "polars objects",
        pl.DataFrame({"x": NUMBERS, "when": pl.Series(MOMENTS, dtype=pl.Object)}),
        "Column 'when'",
    )
    yield "bytes", np.array([[b"1.5", b"2"]] * N), "Column 0"
    yield "object bytes", objects(b"2"), "Column 1"
    yield "object byte arrays", objects(bytearray(b"2")), "Column 1"
    yield "object dates", objects(MOMENTS[0]), "Column 1"
    yield "object stamps", objects(pd.Timestamp("2020")), "Column 1"
    yield "object NaT", objects(pd.NaT), "Column 1"
    yield "object durations", objects(datetime.timedelta(3)), "Column 1"
    yield "object numpy dates", objects(np.datetime64("2020", "ns")), "Column 1"
    yield "object numpy durations", objects(np.timedelta64(3, "s")), "Column 1"
    yield "object complex", objects(1 + 2j), "Column 1"
    yield "list of lists with a date", [[1.5, MOMENTS[0]]] * N, "Column 1"
    yield "list of lists with a duration", [[1.5, np.timedelta64(3, "s")]] * N, "Column 1"
    yield "list of lists with bytes", [[1.5, b"2"]] * N, "Column 1"
    yield "list of arrays of dates", list(np.c_[missing, missing]), "Column 0"
    yield "records", np.zeros((N, 2), dtype=[("a", float)]), "X"
    yield "a row of records", np.zeros(N, dtype=[("a", float), ("b", int)]), "X"
    yield "void", np.zeros((N, 2), dtype="V8"), "X"
    try:
        import pyarrow as pa
    except ImportError:
        return
    arrow = {
        "timestamp": pd.array(missing, dtype=pd.ArrowDtype(pa.timestamp("us"))),
        "date": pd.array([d.date() for d in MOMENTS], dtype=pd.ArrowDtype(pa.date32())),
        "duration": pd.array(SINCE.astype("m8[us]"), dtype=pd.ArrowDtype(pa.duration("us"))),
        "binary": pd.array([b"1"] * N, dtype=pd.ArrowDtype(pa.binary())),
    }
    for name, values in arrow.items():
        yield f"pandas arrow {name}", pandas_(values), "Column 'when'"
    yield (
        "arrow table",
        pa.table({"x": NUMBERS, "when": pa.array(DAYS.astype("M8[us]"))}),
        "Column 'when'",
    )


BAD = {name: (X, where) for name, X, where in bad()}


@pytest.fixture(params=BAD)
def refused(request):
    X, where = BAD[request.param]
    names = getattr(X, "column_names", getattr(X, "columns", None))
    shape = np.shape(X)
    good = RNG.normal(size=(N, shape[1] if len(shape) > 1 else 1))
    if names is not None:
        good = pd.DataFrame(good, columns=list(names))
    return X, good, where


@pytest.mark.filterwarnings("ignore:Feature names only support names that are all strings")
def test_every_way_in_names_the_column(refused):
    X, good, where = refused
    neuron = NeuronClassifier(C=np.inf).fit(good, Y)
    ways = {
        "fit": lambda: NeuronClassifier().fit(X, Y),
        "partial_fit": lambda: NeuronClassifier().partial_fit(X, Y, classes=[0, 1]),
        "predict": lambda: neuron.predict(X),
        "predict_proba": lambda: neuron.predict_proba(X),
        "predict_log_proba": lambda: neuron.predict_log_proba(X),
        "decision_function": lambda: neuron.decision_function(X),
        "activate": lambda: neuron.activate(X),
        "score": lambda: neuron.score(X, Y),
        "detect_separation": lambda: detect_separation(X, Y),
        "coefficient_table": lambda: coefficient_table(neuron, X, Y),
        "covariance": lambda: covariance(neuron, X, Y),
        "goodness_of_fit": lambda: goodness_of_fit(neuron, X, Y),
    }
    for way in ways.values():
        with pytest.raises(ValueError, match=rf"^{where} .*has the type .*\. Expected numbers\. "):
            way()
    where = where.replace("X", "X_val")
    with pytest.raises(ValueError, match=rf"^{where} .*has the type "):
        neuron.fit(good, Y, X_val=X, y_val=Y)


@pytest.mark.parametrize(
    "x",
    [
        [MOMENTS[0], 1.0],
        [DAYS[0], DAYS[1]],
        [b"1", 2.0],
        np.array([1, 2], dtype="m8[ns]"),
        np.array([1, 2], dtype="M8[ns]"),
        np.array([[1, 2]], dtype="M8[ns]"),
        np.array([b"1", b"2"]),
    ],
)
def test_a_trace_names_the_column(x):
    with pytest.raises(ValueError, match=r"Column 0 of x has the type .* Expected numbers"):
        NeuronClassifier.from_weights([1.0, 2.0]).trace(x)
    with pytest.raises(ValueError, match="Column 'when' of x has the type"):
        NeuronClassifier.from_weights({"x": 1.0, "when": 2.0}).trace(
            pd.Series({"x": 1.0, "when": MOMENTS[0]})
        )


@pytest.mark.parametrize("x", [[1.0, 1j], np.array([1, 2j])])
def test_a_trace_of_complex_numbers_is_refused(x):
    """NumPy drops the imaginary part with a warning."""
    with pytest.raises(ValueError, match="Complex data not supported"):
        NeuronClassifier.from_weights([1.0, 2.0]).trace(x)


VECTORS = {
    "dates": DAYS,
    "dates in ns": DAYS.astype("M8[ns]"),
    "durations": SINCE,
    "pandas dates": pd.Series(DAYS.astype("M8[ns]")),
    "pandas time zone": pd.Series(pd.DatetimeIndex(DAYS, tz="UTC")),
    "polars dates": pl.Series("w", DAYS.astype("M8[us]")),
    "objects": np.array(MOMENTS, dtype=object),
    "list": MOMENTS,
    "bytes": np.array([b"1"] * N),
}


@pytest.mark.parametrize("name", VECTORS)
def test_weights_and_offsets_are_numbers_too(name):
    vector, X = VECTORS[name], NUMBERS[:, None]
    neuron = NeuronClassifier().fit(X, Y)
    ways = {
        "sample_weight": [
            lambda: neuron.fit(X, Y, vector),
            lambda: NeuronClassifier().partial_fit(X, Y, [0, 1], vector),
            lambda: detect_separation(X, Y, vector),
        ],
        "offset": [
            lambda: neuron.fit(X, Y, offset=vector),
            lambda: NeuronClassifier().partial_fit(X, Y, [0, 1], offset=vector),
            lambda: neuron.predict(X, offset=vector),
            lambda: neuron.score(X, Y, offset=vector),
        ],
        "sample_weight_val": [
            lambda: neuron.fit(X, Y, X_val=X, y_val=Y, sample_weight_val=vector),
        ],
        "offset_val": [
            lambda: neuron.fit(X, Y, offset=NUMBERS, X_val=X, y_val=Y, offset_val=vector),
        ],
    }
    for parameter, calls in ways.items():
        for call in calls:
            with pytest.raises(ValueError, match=rf"^{parameter} has the type .*Expected numbers"):
                call()


def test_coefficients_are_numbers_too():
    for coef, intercept, name in (
        (SINCE[:2], 0.0, "Column 0 of coef"),
        ([b"1", b"2"], 0.0, "Column 0 of coef"),
        ([1.0, 2.0], SINCE[0], "intercept"),
    ):
        with pytest.raises(ValueError, match=f"^{name} has the type"):
            NeuronClassifier.from_weights(coef, intercept)


# --- what scikit-learn reads ------------------------------------------------------------

READ = {
    "strings": np.array([[str(i % 5), str(i % 7)] for i in range(N)]),
    "object strings": np.array([[str(i % 5), str(i % 7)] for i in range(N)], dtype=object),
    "list of strings": [[str(i % 5), str(i % 7)] for i in range(N)],
    "list of strings and numbers": [[i % 5, str(i % 7)] for i in range(N)],
    "pandas strings": pd.DataFrame({"x": NUMBERS, "s": [str(i % 7) for i in range(N)]}),
    "pandas categories": pd.DataFrame({"x": NUMBERS, "s": pd.Categorical(np.arange(N) % 3)}),
    "pandas Int64": pd.DataFrame({"x": NUMBERS, "s": pd.array(np.arange(N) % 7, dtype="Int64")}),
    "pandas boolean": pd.DataFrame({"x": NUMBERS, "s": pd.array(Y == 1, dtype="boolean")}),
    "pandas bool": pd.DataFrame({"x": NUMBERS, "s": np.arange(N) % 5 == 0}),
    "polars strings": polars_([str(i % 7) for i in range(N)]),
    "polars bool": polars_(np.arange(N) % 5 == 0),
    # Old versions of polars expect the same number of decimals.
    "polars decimals": polars_([decimal.Decimal(f"{i % 7 / 2:.1f}") for i in range(N)]),
    "decimals": np.array([[decimal.Decimal(i % 7) / 2, i % 3] for i in range(N)], dtype=object),
    "int8": (np.arange(2 * N) % 100 - 50).astype(np.int8).reshape(N, 2),
    "bool": np.c_[np.arange(N) % 5 == 0, np.arange(N) % 7 == 0],
    "float16": RNG.normal(size=(N, 2)).astype(np.float16),
}


def _plain(estimator):
    """The same, fitted without names."""
    estimator.__dict__.pop("feature_names_in_", None)
    return estimator


@pytest.mark.parametrize("name", READ)
def test_what_scikit_learn_reads_is_read_alike(name):
    X = READ[name]
    peer = LogisticRegression(solver="newton-cholesky", tol=1e-10).fit(X, Y)
    neuron = NeuronClassifier().fit(X, Y)
    np.testing.assert_allclose(neuron.coef_, peer.coef_, rtol=1e-5, atol=1e-10)
    # LogisticRegression refuses strings in predict, having fitted them.
    numbers = np.asarray(X).astype(float)
    np.testing.assert_allclose(
        neuron.predict_proba(X), _plain(peer).predict_proba(numbers), rtol=1e-5
    )


@pytest.mark.parametrize("labels", [["2020-01-01", "2021-01-01"], ["2020", "2021", "2022"]])
@pytest.mark.parametrize("dtype", ["M8[D]", "M8[ns]", "m8[s]"])
def test_labels_may_be_dates_as_those_of_logistic_regression(labels, dtype):
    """Also with missing words: a class is one as long as it can be sorted."""
    classes = (
        np.array(labels, dtype="M8[D]").astype(dtype[:2] + dtype[2:])
        if dtype[0] == "M"
        else np.arange(len(labels)).astype(dtype)
    )
    X, y = NUMBERS[:, None], classes[np.arange(N) % len(classes)]
    neuron, peer = NeuronClassifier().fit(X, y), LogisticRegression().fit(X, y)
    np.testing.assert_array_equal(neuron.classes_, peer.classes_)
    assert neuron.predict(X).dtype == y.dtype
    streamed = NeuronClassifier().partial_fit(X, y, classes=classes)
    assert np.isin(streamed.predict(X), classes).all()


@settings(max_examples=60, deadline=None)
@given(
    unit=st.sampled_from(UNITS),
    kind=st.sampled_from("mM"),
    at=st.integers(0, 2),
    value=st.integers(-(2**40), 2**40),
    container=st.sampled_from(["list", "objects", "pandas", "polars"]),
)
def test_one_such_column_among_numbers_is_found_wherever_it_is(unit, kind, at, value, container):
    if container in ("pandas", "polars"):
        unit = "us" if unit in ("D", "h", "s") else unit
    scalar = np.array(value, dtype=f"{kind}8[{unit}]")[()]
    columns = {name: [1.0, 2.0] for name in "abc"}
    columns["abc"[at]] = (
        np.array([scalar, scalar]) if container in ("pandas", "polars") else [scalar, scalar]
    )
    rows = list(zip(*columns.values(), strict=True))
    X = {
        "list": lambda: rows,
        "objects": lambda: _objects(rows),
        "pandas": lambda: pd.DataFrame(columns),
        "polars": lambda: pl.DataFrame(columns),
    }[container]()
    where = repr("abc"[at]) if container in ("pandas", "polars") else at
    with pytest.raises(ValueError, match=f"Column {where} of X"):
        check_numbers(X, "X")


def _objects(rows):
    out = np.empty((len(rows), len(rows[0])), dtype=object)
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            out[i, j] = value
    return out


# --- masks, complex numbers and large integers ------------------------------------------

MASKED = np.ma.array(np.ones(N), mask=np.arange(N) == 3)
NEURON = NeuronClassifier.from_weights([1.0])


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("X", lambda X, masked: NeuronClassifier().fit(masked[:, None], Y)),
        ("X", lambda X, masked: NeuronClassifier().partial_fit(masked[:, None], Y, [0, 1])),
        ("X", lambda X, masked: NEURON.predict_proba(masked[:, None])),
        (r"X\[3\]", lambda X, masked: NEURON.predict(list(masked[:, None]))),
        ("y", lambda X, masked: NeuronClassifier().fit(X, np.ma.array(Y, mask=masked.mask))),
        ("y", lambda X, masked: NEURON.score(X, np.ma.array(Y, mask=masked.mask))),
        ("sample_weight", lambda X, masked: NeuronClassifier().fit(X, Y, masked)),
        ("sample_weight", lambda X, masked: NEURON.score(X, Y, masked)),
        ("sample_weight", lambda X, masked: detect_separation(X, Y, masked)),
        ("offset", lambda X, masked: NeuronClassifier().fit(X, Y, offset=masked)),
        ("offset", lambda X, masked: NEURON.predict(X, offset=masked)),
        ("offset", lambda X, masked: NEURON.trace([1.0], offset=masked[3:4])),
        (r"x\[0\]", lambda X, masked: NEURON.trace(masked[3:4])),
        ("X_val", lambda X, masked: NEURON.fit(X, Y, X_val=masked[:, None], y_val=Y)),
        ("y_val", lambda X, masked: NEURON.fit(X, Y, X_val=X, y_val=masked)),
        ("coef", lambda X, masked: NeuronClassifier.from_weights(masked)),
        ("intercept", lambda X, masked: NeuronClassifier.from_weights([1.0], masked[3:4])),
        ("bounds", lambda X, masked: NeuronClassifier(bounds=masked[2:4]).fit(X, Y)),
        (
            "penalty_factor",
            lambda X, masked: NeuronClassifier(penalty_factor=masked[3:4]).fit(X, Y),
        ),
        ("successes", lambda X, masked: grouped(X, masked, 1)),
        ("trials", lambda X, masked: grouped(X, np.zeros(N), masked)),
        ("groups", lambda X, masked: _table(X, groups=masked)),
        ("y", lambda X, masked: goodness_of_fit(_fitted(), X, np.ma.array(Y, mask=masked.mask))),
    ],
)
def test_masked_values_are_missing(name, call):
    """NumPy drops the mask, so a fill value such as -999 would be a number among others."""
    X = NUMBERS[:, None]
    with pytest.raises(ValueError, match=rf"^{name} has a masked value at index .*filled"):
        call(X, MASKED)


def _fitted():
    return NeuronClassifier(C=np.inf).fit(NUMBERS[:, None], Y)


def _table(X, **kwargs):
    return coefficient_table(_fitted(), X, Y, kind="robust", **kwargs)


def test_an_empty_mask_changes_nothing():
    X = np.ma.array(NUMBERS[:, None], mask=False)
    neuron = NeuronClassifier().fit(X, np.ma.array(Y, mask=False), np.ma.array(np.ones(N)))
    plain = NeuronClassifier().fit(NUMBERS[:, None], Y, np.ones(N))
    np.testing.assert_array_equal(neuron.coef_, plain.coef_)


HUGE = 10**400


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: NeuronClassifier().fit([[HUGE], [1]], [0, 1]), "Column 0 of X has an integer of"),
        (
            lambda: NeuronClassifier().fit(pd.DataFrame({"a": [1, -HUGE]}, dtype=object), [0, 1]),
            "Column 'a' of X has an integer of 401 digits in row 1",
        ),
        (
            lambda: NEURON.predict([[fractions.Fraction(HUGE, 3)]]),
            "Column 0 of X has an integer of 400 digits",
        ),
        (lambda: NeuronClassifier.from_weights([HUGE]), "Column 0 of coef has an integer"),
        (lambda: NeuronClassifier.from_weights([1.0], HUGE), "intercept has an integer of 401"),
        (lambda: NEURON.trace([HUGE]), "Column 0 of x has an integer of 401"),
        (lambda: NEURON.trace([1.0], offset=HUGE), "offset has an integer of 401"),
        (lambda: NEURON.trace([1.0], offset=[1.0, 2.0]), r"offset has shape \(2,\). Expected one"),
        (lambda: NEURON.trace({"a": 1.0}), r"x has the type dict.*DataFrame\(records\)"),
        (lambda: NEURON.predict({"a": [1.0]}), "X has the type dict"),
        (lambda: NEURON.predict([{"a": 1.0}]), "X has the type dict"),
        (lambda: NEURON.predict([[1j]]), "Column 0 of X has the type complex128"),
        (lambda: NEURON.predict(sparse.csr_array([[1j]])), "X has the type complex128"),
        (lambda: NEURON.predict(pd.DataFrame({"a": [1j]})), "Column 'a' of X has the type complex"),
        (lambda: NeuronClassifier().fit([[1], [2]], [1j, 2]), "y has complex labels"),
        (lambda: NeuronClassifier().fit([[1], [2]], [0, 1], [1j, 2]), "sample_weight has the type"),
    ],
)
def test_numbers_that_float64_cannot_hold(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("name", ["C", "tol"])
def test_parameters_beyond_float64(name):
    with pytest.raises(ValueError, match=f"NeuronClassifier got {name}=1000"):
        NeuronClassifier(**{name: HUGE}).fit(NUMBERS[:, None], Y)


@pytest.mark.parametrize("weight", [HUGE, 1j, "a"])
def test_class_weights_that_are_no_numbers(weight):
    neuron = NeuronClassifier(class_weight={0: weight})
    with pytest.raises(ValueError, match=r"class_weight|could not convert string"):
        neuron.fit(NUMBERS[:, None], Y)
    with pytest.raises(ValueError, match="class_weight"):
        neuron.partial_fit(NUMBERS[:, None], Y, [0, 1])


# Labels that depend on the row, and overlap.
LATE = (np.arange(N) + 7 * (np.arange(N) % 3) > 25).astype(int)


def _large(first, dtype=object):
    return np.array([[first + k, k % 5] for k in range(N)], dtype=dtype)


LARGE = {
    "int64": (_large(2**60, np.int64), 0),
    "negative": (_large(-(2**60), np.int64), 0),
    "uint64": (_large(2**63, np.uint64), 0),
    "objects": (_large(10**30), 0),
    "list": (_large(2**53).tolist(), 0),
    "pandas": (pd.DataFrame(_large(2**60, np.int64), columns=["id", "b"]), "'id'"),
    "pandas Int64": (
        pd.DataFrame(_large(2**60, np.int64), columns=["id", "b"]).astype("Int64"),
        "'id'",
    ),
    "polars": (pl.DataFrame(_large(2**60, np.int64), schema=["id", "b"]), "'id'"),
    "sparse": (sparse.csr_array(_large(2**60, np.int64)), 0),
}


@pytest.mark.parametrize("name", LARGE)
def test_integers_that_are_equal_in_float64(name):
    X, column = LARGE[name]
    message = rf"^Column {column} of X has different integers that are equal in float64"
    with pytest.raises(ValueError, match=message) as raised:
        NeuronClassifier().fit(X, Y)
    with pytest.raises(ValueError, match=message):
        NeuronClassifier().partial_fit(X, Y, [0, 1])
    with pytest.raises(ValueError, match=message):
        detect_separation(X, Y)
    # The remedy of the message: the fit is the same as of small numbers.
    if isinstance(X, np.ndarray):
        least = int(re.search(r"column - \(?(-?\d+)", str(raised.value)).group(1))
        moved = X.astype(object) - np.array([least, 0], dtype=object)
        small = NeuronClassifier().fit(_large(0, float), LATE)
        found = NeuronClassifier().fit(moved, LATE)
        np.testing.assert_allclose(found.coef_, small.coef_, rtol=1e-9)


def test_large_integers_of_which_the_rounding_is_no_loss():
    """Even steps at 2**53, and times in nanoseconds, of which two are equal in float64."""
    even = (2 * np.arange(N) + 2**53)[:, None]
    check_distinct(even, even.astype(float))
    times = 1_700_000_000 * 10**9 + 10**12 * np.arange(N)[:, None]
    times[1] = times[0] + 1
    assert times.astype(float)[0] == times.astype(float)[1]
    moved = times - times[0]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        neuron = NeuronClassifier(C=np.inf).fit(times, LATE)
    # Rounding in w·x + b raises F or lowers it, by chance: a warning if it raises F.
    assert neuron.gap_ < 1e-9
    assert neuron.converged_ == (not caught)
    for warning in caught:
        assert warning.category is ConvergenceWarning
        assert "Subtract from each column a value" in str(warning.message)
    expected = NeuronClassifier(C=np.inf).fit(moved, LATE).predict_proba(moved)
    np.testing.assert_allclose(neuron.predict_proba(times), expected, rtol=1e-7)
