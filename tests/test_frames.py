"""Data frames of pandas, polars and pyarrow: values, column names, and columns without numbers."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from skneuron import NeuronClassifier, grouped

IRIS, SPECIES = load_iris(return_X_y=True)
NAMES = ["a", "b", "c", "d"]
TABLE = pd.DataFrame(IRIS, columns=NAMES)
EXPECTED = NeuronClassifier().fit(IRIS, SPECIES)


def polars(table):
    return pl.DataFrame({name: table[name].to_numpy() for name in table})


def arrow(table):
    pyarrow = pytest.importorskip("pyarrow")
    return pyarrow.table({name: table[name].to_numpy() for name in table})


KINDS = {"pandas": pd.DataFrame, "polars": polars, "pyarrow": arrow}
NUMBERS = {
    "pandas": lambda: TABLE,
    "pandas, one block per column": lambda: pd.concat([TABLE[[name]] for name in TABLE], axis=1),
    "nullable": lambda: TABLE.astype("Float64"),
    "sparse": lambda: TABLE.astype(pd.SparseDtype(float, 0.0)),
    "objects": lambda: TABLE.astype(object),
    "text of numbers": lambda: TABLE.map(repr),
    "pandas with arrow": lambda: arrow(TABLE).to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda: polars(TABLE),
    "pyarrow": lambda: arrow(TABLE),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name):
    table = NUMBERS[name]()
    neuron = NeuronClassifier().fit(table, SPECIES)
    np.testing.assert_allclose(neuron.coef_, EXPECTED.coef_, rtol=1e-9, atol=1e-10)
    assert neuron.feature_names_in_.tolist() == NAMES
    np.testing.assert_allclose(
        neuron.predict_proba(table), EXPECTED.predict_proba(IRIS), rtol=0, atol=1e-9
    )
    stream = NeuronClassifier().partial_fit(table, SPECIES, classes=[0, 1, 2])
    assert stream.feature_names_in_.tolist() == NAMES
    fitted = NeuronClassifier().fit(table, SPECIES, X_val=table, y_val=SPECIES)
    assert "validation_loss" in fitted.history_


@pytest.mark.parametrize("other", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_column_names_are_checked_across_libraries(kind, other):
    neuron = NeuronClassifier().fit(KINDS[kind](TABLE), SPECIES)
    np.testing.assert_array_equal(neuron.predict(KINDS[other](TABLE)), EXPECTED.predict(IRIS))
    moved = KINDS[other](TABLE[["b", "a", "c", "d"]])
    renamed = KINDS[other](TABLE.rename(columns={"a": "z"}))
    for table in (moved, renamed):
        for call in (
            lambda table=table: neuron.predict(table),
            lambda table=table: neuron.score(table, SPECIES),
            lambda table=table: neuron.partial_fit(table, SPECIES),
            lambda table=table: neuron.trace(table[:1]),
        ):
            with pytest.raises(ValueError, match="feature names should match"):
                call()
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        neuron.predict(IRIS)


@pytest.mark.parametrize("kind", KINDS)
def test_bounds_by_name(kind):
    neuron = NeuronClassifier(bounds={"b": (0, None)})
    assert neuron.fit(KINDS[kind](TABLE), SPECIES).coef_[:, 1].min() >= 0


@pytest.mark.parametrize("kind", KINDS)
def test_labels_weights_and_offsets_from_columns(kind):
    columns = KINDS[kind](pd.DataFrame({"y": SPECIES, "w": IRIS[:, 0], "o": IRIS[:, 1] / 10}))
    y, weights, offset = (columns[name] for name in ("y", "w", "o"))
    two = SPECIES < 2
    neuron = NeuronClassifier().fit(IRIS, y, weights)
    expected = NeuronClassifier().fit(IRIS, SPECIES, IRIS[:, 0])
    np.testing.assert_array_equal(neuron.coef_, expected.coef_)
    shifted = EXPECTED.decision_function(IRIS, offset=np.tile(IRIS[:, 1:2] / 10, 3))
    assert shifted.shape == (150, 3)
    one = NeuronClassifier().fit(IRIS, two)
    np.testing.assert_array_equal(
        one.predict_proba(IRIS, offset=offset), one.predict_proba(IRIS, offset=IRIS[:, 1] / 10)
    )


WORDS = np.array(["small", "large"])[SPECIES % 2]
TEXT = {
    "pandas": lambda: TABLE.assign(size=WORDS),
    "pandas, string": lambda: TABLE.assign(size=pd.array(WORDS, dtype="string")),
    "pandas, category": lambda: TABLE.assign(size=pd.Categorical(WORDS)),
    "polars": lambda: polars(TABLE).with_columns(size=WORDS),
    "polars, Categorical": lambda: polars(TABLE).with_columns(
        pl.Series("size", WORDS, dtype=pl.Categorical)
    ),
    "polars, Enum": lambda: polars(TABLE).with_columns(
        pl.Series("size", WORDS, dtype=pl.Enum(["small", "large"]))
    ),
    "pyarrow": lambda: arrow(TABLE.assign(size=WORDS)),
    "pandas, some digits": lambda: TABLE.assign(size=pd.Categorical(np.where(SPECIES, "1", WORDS))),
    "pandas with arrow": lambda: TEXT["pyarrow, dictionary"]().to_pandas(
        types_mapper=pd.ArrowDtype
    ),
    "pyarrow, dictionary": lambda: arrow(TABLE).append_column(
        "size", pytest.importorskip("pyarrow").array(WORDS).dictionary_encode()
    ),
}


@pytest.mark.parametrize("name", TEXT)
def test_columns_of_text_and_categories_are_refused(name):
    table = TEXT[name]()
    message = r"Column 'size' of X has the type .* and the text 'small'. Expected num.*\['size'\]"
    for fit in (
        lambda: NeuronClassifier().fit(table, SPECIES),
        lambda: NeuronClassifier().partial_fit(table, SPECIES, classes=[0, 1, 2]),
    ):
        with pytest.raises(ValueError, match=message):
            fit()


CODES = IRIS[:, 3].round().astype(int)
DIGITS = CODES.astype(str)


def categorical(values):
    return TABLE.assign(code=pd.Categorical(values))


def dictionary(values):
    array = pytest.importorskip("pyarrow").array(values).dictionary_encode()
    return arrow(TABLE).append_column("code", array)


# What LogisticRegression takes as numbers too.
CATEGORIES_OF_NUMBERS = {
    "pandas, integers": lambda: categorical(CODES),
    "pandas, floats": lambda: categorical(CODES.astype(float)),
    "pandas, text": lambda: categorical(DIGITS),
    "pandas, ordered": lambda: TABLE.assign(code=pd.Categorical(CODES, ordered=True)),
    "pandas, other order": lambda: TABLE.assign(code=pd.Categorical(CODES, [2, 0, 1])),
    "pandas with arrow": lambda: dictionary(CODES).to_pandas(types_mapper=pd.ArrowDtype),
    "polars, Categorical": lambda: polars(TABLE).with_columns(
        pl.Series("code", DIGITS, dtype=pl.Categorical)
    ),
    "polars, Enum": lambda: polars(TABLE).with_columns(
        pl.Series("code", DIGITS, dtype=pl.Enum(["2", "0", "1"]))
    ),
    "pyarrow, integers": lambda: dictionary(CODES),
    "pyarrow, text": lambda: dictionary(DIGITS),
}


@pytest.mark.parametrize("name", CATEGORIES_OF_NUMBERS)
def test_categories_of_numbers_are_numbers_as_in_logistic_regression(name):
    table, numbers = CATEGORIES_OF_NUMBERS[name](), np.column_stack([IRIS, CODES])
    peer = LogisticRegression(solver="newton-cg", tol=1e-10, max_iter=1000)
    theirs = peer.fit(table, SPECIES).coef_
    neuron = NeuronClassifier().fit(table, SPECIES)
    np.testing.assert_allclose(neuron.coef_, theirs, rtol=0, atol=1e-5)
    expected = NeuronClassifier().fit(numbers, SPECIES)
    np.testing.assert_allclose(neuron.coef_, expected.coef_, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(
        neuron.predict_proba(table), expected.predict_proba(numbers), rtol=0, atol=1e-9
    )
    stream = NeuronClassifier().partial_fit(table, SPECIES, classes=[0, 1, 2])
    np.testing.assert_allclose(stream.coef_, neuron.coef_, rtol=1e-6, atol=1e-7)


def test_a_missing_category():
    with pytest.raises(ValueError, match="Input X contains NaN"):
        NeuronClassifier().fit(categorical([None, *CODES[1:]]), SPECIES)


@pytest.mark.parametrize("code", [1, 1.5, "1"])
def test_missing_values_of_a_dictionary(code):
    """NumPy reads some value of the dictionary there, and so does scikit-learn."""
    pyarrow = pytest.importorskip("pyarrow")
    values = pyarrow.array([code, None, *[code] * 148]).dictionary_encode()
    full = arrow(TABLE).append_column("code", pyarrow.array([code] * 150).dictionary_encode())
    table = arrow(TABLE).append_column("code", values)
    neuron = NeuronClassifier().fit(full, SPECIES)
    message = "Column 'code' of .* has a missing value at index 1. Expected a value"
    for call in (
        lambda: NeuronClassifier().fit(table, SPECIES),
        lambda: NeuronClassifier().partial_fit(table, SPECIES, classes=[0, 1, 2]),
        lambda: NeuronClassifier().fit(full, SPECIES, X_val=table, y_val=SPECIES),
        lambda: neuron.predict(table),
        lambda: neuron.score(table, SPECIES),
    ):
        with pytest.raises(ValueError, match=message):
            call()
    kept = [row for row in range(150) if row != 1]
    again = NeuronClassifier().fit(table.drop_null(), SPECIES[kept])
    np.testing.assert_allclose(
        again.coef_[:, :4], NeuronClassifier().fit(IRIS[kept], SPECIES[kept]).coef_, atol=1e-6
    )
    for column in (values, pyarrow.chunked_array([values])):
        with pytest.raises(ValueError, match="y has a missing value at index 1"):
            NeuronClassifier().fit(IRIS, column)
        with pytest.raises(ValueError, match="successes has a missing value at index 1"):
            grouped(IRIS, column)
        with pytest.raises(ValueError, match="sample_weight has a missing value at index 1"):
            NeuronClassifier().fit(IRIS, SPECIES, column)


def test_integers_of_128_bits():
    kind = getattr(pl, "Int128", None)
    if kind is None:
        pytest.skip("this polars has no Int128")
    table = polars(TABLE).with_columns(pl.Series("code", CODES, dtype=kind))
    expected = NeuronClassifier().fit(np.column_stack([IRIS, CODES]), SPECIES)
    neuron = NeuronClassifier().fit(table, SPECIES)
    np.testing.assert_allclose(neuron.coef_, expected.coef_, rtol=1e-9, atol=1e-10)


def test_the_remedy_for_text_runs():
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    table = TABLE.assign(kind=pd.Categorical(SPECIES))
    encoder = make_column_transformer((OneHotEncoder(), ["kind"]), remainder="passthrough")
    assert make_pipeline(encoder, NeuronClassifier()).fit(table, SPECIES).score(table, SPECIES) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_missing_values(kind):
    gaps = IRIS.copy()
    gaps[3, 1] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        NeuronClassifier().fit(KINDS[kind](pd.DataFrame(gaps, columns=NAMES)), SPECIES)


def test_nullable_missing_values():
    table = TABLE.astype("Float64")
    table.iloc[3, 1] = pd.NA
    with pytest.raises(ValueError, match="Input X contains NaN"):
        NeuronClassifier().fit(table, SPECIES)


def test_frames_that_are_no_tables_in_memory():
    with pytest.raises(ValueError, match=r"X is a LazyFrame.*X.collect\(\)"):
        NeuronClassifier().fit(polars(TABLE).lazy(), SPECIES)
    batch = arrow(TABLE).to_batches()[0]
    with pytest.raises(ValueError, match=r"X is a RecordBatch.*pyarrow.Table.from_batches"):
        NeuronClassifier().fit(batch, SPECIES)


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_predictions_stay_arrays_as_scikit_learn_has_them(output):
    with config_context(transform_output=output):
        neuron = NeuronClassifier().fit(TABLE, SPECIES)
        for values in (neuron.predict(TABLE), neuron.predict_proba(TABLE)):
            assert isinstance(values, np.ndarray)
