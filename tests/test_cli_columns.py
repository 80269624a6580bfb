"""``python -m skneuron`` on columns of all kinds: numbers as text, identifiers, dates, missing cells."""

import shlex

import numpy as np
import pandas as pd
import pytest
from command_line import births_table, error_of, iris_table, numbers_as_text, one_thread, report_of  # noqa: F401

from skneuron.cli import ColumnParser, main


def test_numbers_stored_as_text(tmp_path, capsys):
    path = tmp_path / "text.csv"
    frame = numbers_as_text(iris_table(), np.random.default_rng(0))
    frame["sepal width"] = frame["sepal width"].astype(object)
    frame.loc[60, "sepal width"] = "?"
    frame.to_csv(path, index=False)
    report = report_of(capsys, path, "--target", "kind")
    assert "Numbers (9)" in report
    assert 'sepal width: 1 cell such as "?", read as missing' in report
    assert ' cells such as "9+", read as the number itself' in report
    assert f'spent: 100 cells such as "{frame["spent"].iloc[0]}", currency removed' in report
    assert 'rate: 100 cells such as "' in report
    assert '%", divided by 100' in report
    assert "separators of thousands removed" in report
    parsed = ColumnParser().fit_transform(frame.drop(columns="kind"))
    assert parsed.dtypes.map(lambda dtype: dtype.kind).tolist() == ["f"] * 9
    np.testing.assert_allclose(parsed["rate"], [float(x[:-1]) / 100 for x in frame["rate"]])


@pytest.mark.parametrize(
    ("decimal", "thousands", "numbers"),
    [
        (".", None, {"1e3": 1000, "(1,234.50)": -1234.5, "12 345": 12345, "−4": -4, "-$3": -3}),
        (".", None, {"5 €": 5, "7 kr": 7, ".5": 0.5, "≥2": 2, "N/A": np.nan, "#DIV/0!": np.nan}),
        (
            ",",
            None,
            {"1.234,5": 1234.5, "-0,5": -0.5, "12": 12, "63,1 %": 0.631, "1'000,5": 1000.5},
        ),
        (",", " ", {"1 234,5": 1234.5, "1e-3": 0.001, "-": np.nan, "$ 5": 5}),
    ],
)
def test_parsed_numbers(decimal, thousands, numbers):
    frame = pd.DataFrame({"x": [*numbers, "1", "2"]}, dtype=object)
    parser = ColumnParser(decimal=decimal, thousands=thousands).fit(frame)
    np.testing.assert_allclose(parser.transform(frame)["x"], [*numbers.values(), 1, 2])


@pytest.mark.parametrize("word", ["1,23", "1.2.3", "0x10", "1_000", "5 apples", "١٢x", "(a)"])
def test_words_are_no_numbers(word):
    frame = pd.DataFrame({"x": ["1", "2.5", "3", word]}, dtype=object)
    with pytest.raises(ValueError, match=r"row 3, column 'x' is .* Expected a number"):
        ColumnParser().fit(frame)


def test_frames_of_other_types_are_parsed_too():
    """As a saved model may be given."""
    frame = pd.DataFrame(
        {
            "n": pd.array([1, None, 3], dtype="Int64"),
            "b": [True, False, True],
            "c": pd.Categorical(["x", "y", None]),
            "d": pd.to_datetime(["1970-01-02", None, "1970-01-04"]),
            "t": pd.array(["1,5", None, "2,5"], dtype="string"),
        }
    )
    parser = ColumnParser(decimal=",").fit(frame)
    assert list(parser.kinds_.values()) == ["number", "number", "text", "date", "number"]
    parsed = parser.transform(frame)
    np.testing.assert_array_equal(parsed["n"], [1, np.nan, 3])
    np.testing.assert_array_equal(parsed["d"], [1, np.nan, 3])
    np.testing.assert_array_equal(parsed["t"], [1.5, np.nan, 2.5])
    assert parsed["c"].tolist() == ["x", "y", None]


def test_columns_without_information_are_left_out(tmp_path, capsys):
    """And used if the user keeps them."""
    frame = iris_table().reset_index(drop=True)
    frame.insert(0, "flower id", [f"F-{7 * i:04d}" for i in range(100)])
    frame.insert(1, "row", range(1, 101))
    frame["customer_no"] = np.random.default_rng(0).permutation(np.arange(5000, 5100))
    frame["genus"], frame["notes"] = "Iris", ""
    path, out = tmp_path / "iris.csv", tmp_path / "out.csv"
    frame.to_csv(path, index=False)
    report = report_of(capsys, path, "--target", "kind", "--predict", out)
    assert "100 rows, 4 columns" in report
    for line in (
        "flower id: left out, an identifier (100 values in 100 rows); to use it: --keep 'flower id'",
        "row: left out, an index (counts up from 1); to use it: --keep row",
        "customer_no: left out, an identifier (100 values in 100 rows)",
        "genus: left out, a constant (Iris); to use it: --keep genus",
        "notes: left out, empty",
    ):
        assert f"- {line}" in report
    written = pd.read_csv(out)
    assert list(written)[:4] == ["flower id", "row", "customer_no", "class"]
    pd.testing.assert_frame_equal(written.iloc[:, :3], frame[["flower id", "row", "customer_no"]])
    options = shlex.split("--keep 'flower id' --keep row --keep genus --drop 'sepal width'")
    report = report_of(capsys, path, "--target", "kind", *options)
    assert "100 rows, 6 columns" in report
    assert "sepal width: left out, as --drop asks" in report


def test_numbers_and_codes_that_are_no_identifiers(tmp_path, capsys):
    """Columns with a value of their own in each row that say something all the same."""
    rng = np.random.default_rng(1)
    frame = iris_table().assign(
        income=rng.permutation(np.arange(20_000, 120_000, 1000)),
        zip=[f"0{i % 4}123" for i in range(100)],
        year=range(1900, 2000),
    )
    path = tmp_path / "iris.csv"
    frame.to_csv(path, index=False)
    report = report_of(capsys, path, "--target", "kind")
    assert "Numbers (6)" in report
    assert "Text, one-hot encoded (1): zip" in report


@pytest.mark.parametrize(
    "name",
    ["CUSTOMER_ID", "Kunden-ID", "Kunden ID", "Kunden-Nr", "Kunden-Nr.", "Kundennummer",
     "Personalnummer", "Vertragsnummer", "kundennr", "customerId", "ID", "PatientNo"],
)  # fmt: skip
def test_names_of_identifiers(name):
    numbers = pd.DataFrame({name: np.random.default_rng(0).permutation(np.arange(5000, 5100))})
    assert ColumnParser().fit(numbers).kinds_[name] == "identifier"


@pytest.mark.parametrize("name", ["SNR", "paid", "bingo", "monkey", "width", "arrow", "..."])
def test_names_of_no_identifiers(name):
    numbers = pd.DataFrame({name: np.random.default_rng(0).permutation(np.arange(5000, 5100))})
    assert ColumnParser().fit(numbers).kinds_[name] == "number"


def test_different_whole_numbers_are_reported_and_dropped_columns_stay_keys(tmp_path, capsys):
    frame = iris_table().assign(account=np.random.default_rng(0).permutation(np.arange(5000, 5100)))
    path, out, model = tmp_path / "iris.csv", tmp_path / "out.csv", tmp_path / "model.joblib"
    frame.to_csv(path, index=False)
    note = (
        "- account: 100 different whole numbers, used as a number; "
        "if it is an identifier: --drop account"
    )
    assert note in report_of(capsys, path, "--target", "kind")
    assert note not in report_of(capsys, path, "--target", "kind", "--keep", "account")
    options = "--target", "kind", "--drop", "account", "--predict", out, "--save", model
    assert note not in report_of(capsys, path, *options)
    assert pd.read_csv(out)["account"].tolist() == frame["account"].tolist()
    assert main([str(path), "--model", str(model), "--predict", str(out)]) == 0
    assert pd.read_csv(out)["account"].tolist() == frame["account"].tolist()
    frame.drop(columns="account").to_csv(path, index=False)
    assert main([str(path), "--model", str(model), "--predict", str(out)]) == 0
    capsys.readouterr()
    frame.iloc[30:70].to_csv(path, index=False)  # a small table
    assert "different whole numbers" not in report_of(capsys, path, "--target", "kind")


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("%Y-%m-%d", None),
        ("%d.%m.%Y", "%d.%m.%Y"),
        ("%m/%d/%Y", "%m/%d/%Y"),
        ("%d %b %Y", "%d %b %Y"),
        ("%Y-%m-%dT%H:%M:%SZ", None),
    ],
)
def test_dates_become_days(tmp_path, capsys, form, shown):
    frame, path = iris_table(), tmp_path / "iris.csv"
    dates = pd.date_range("2019-12-01", periods=100, freq="3D")
    frame["picked"] = dates.strftime(form)
    frame.to_csv(path, index=False)
    report = report_of(capsys, path, "--target", "kind")
    assert "Dates, as days since 1970-01-01 (1): picked" in report
    assert (f"read as {shown}" in report) == (shown is not None)
    parsed = ColumnParser().fit_transform(frame[["picked"]])["picked"]
    np.testing.assert_allclose(parsed, (dates - pd.Timestamp(0)) / pd.Timedelta(days=1))


def test_rows_without_a_target_are_dropped_and_counted(tmp_path, capsys):
    frame, path = iris_table(), tmp_path / "iris.csv"
    frame.loc[[55, 70], "kind"] = None
    frame.loc[80, "kind"] = "?"
    frame.to_csv(path, index=False)
    report = report_of(capsys, path, "--target", "kind")
    assert "97 rows, 4 columns, 2 classes (versicolor 47, virginica 50)" in report
    assert "3 rows were dropped: without a value of kind." in report


def test_na_and_thousands_and_decimal_are_taken_as_given(tmp_path, capsys):
    frame, path = births_table(), tmp_path / "births.csv"
    frame.loc[[3, 9], "age"] = -99
    frame["low"] = frame["low"].map({0: "normal", 1: "low"})
    frame["pay"] = [f"{i * 37 % 1000 + 1000:_}".replace("_", ".") for i in range(len(frame))]
    frame.to_csv(path, index=False)
    call = [path, "--target", "low", "--na=-99", "--decimal", ",", "--thousands", "."]
    report = report_of(capsys, *call, "--sep", "comma", "--encoding", "ascii")
    assert "2 missing values are filled" in report
    assert "pay: 189 cells such as" in report
    assert "separators of thousands removed" in report


def test_a_word_among_numbers_and_its_remedies(tmp_path, capsys):
    frame, path = iris_table().astype(object), tmp_path / "iris.csv"
    frame.loc[52, "petal width"] = "too wide"
    frame.to_csv(path, index=False)
    message = error_of(capsys, path, "--target", "kind")
    assert "line 4, column 'petal width' is 'too wide'. Expected a number." in message
    for start in ("--na=", "--drop "):
        remedy = shlex.split(start + message.partition(start)[2].split(", or")[0])
        assert "100 rows" in report_of(capsys, path, "--target", "kind", *remedy)
