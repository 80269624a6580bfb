"""``python -m skneuron`` on files as they lie about: separators, encodings, columns, mistakes.

Each kind of file gives a report or one line that says what to type. Tables are real: those of
``tests/data``, of scikit-learn and of statsmodels, written as other programs and countries do.
"""

import contextlib
import io
import re
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from threadpoolctl import threadpool_limits

import skneuron.cli._progress
import skneuron.cli._reading
from skneuron.cli import ColumnParser, main

DATA = Path(__file__).parent / "data"

# Names in the languages of the encodings.
TOWNS = {
    "western": ["Málaga", "Zürich", "Tromsø"],
    "cyrillic": ["Москва", "Казань", "Пермь"],
    "japanese": ["東京都", "大阪府", "北海道"],
}


@pytest.fixture(autouse=True)
def one_thread():
    """Small fits of scikit-learn's lbfgs are slower with several."""
    with threadpool_limits(1):
        yield


def _iris():
    """Return two kinds of iris that overlap."""
    frame = load_iris(as_frame=True).frame.iloc[50:]
    frame.columns = ["sepal length", "sepal width", "petal length", "petal width", "kind"]
    return frame.assign(kind=frame["kind"].map({1: "versicolor", 2: "virginica"}))


def _wine():
    frame = load_wine(as_frame=True).frame[["alcohol", "ash", "hue", "proline", "target"]]
    return frame.rename(columns={"target": "cultivar"})


def _births():
    return pd.read_csv(DATA / "birthwt.csv", comment="#")


def _affairs():
    frame = sm.datasets.fair.load_pandas().data.iloc[::12].reset_index(drop=True)
    return frame.assign(affairs=(frame["affairs"] > 0).astype(int))


def _towns(alphabet):
    towns = TOWNS[alphabet]
    return _iris().assign(town=[towns[i % 3] for i in range(100)])


def _report(capsys, *arguments):
    """Return the report of a call that ends well."""
    assert main([str(each) for each in arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for row in ("neuron, raw", "LogisticRegression, raw", "neuron, scaled"):
        assert f"\n{row} " in out
    assert [line[:2] for line in out.splitlines() if line[:2] in ("1.", "2.", "3.")] == [
        "1.",
        "2.",
        "3.",
    ]
    return out


def _fails(capsys, *arguments):
    """Return the line of a call that ends with code 2."""
    try:
        code = main([str(each) for each in arguments])
    except SystemExit as end:
        code = end.code
    assert code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("skneuron: ")
    assert err.count("\n") == 1
    return err


def _four(report):
    """Return the four rows of a report, without their times."""
    names = ("neuron,", "LogisticRegression,")
    return [line.split()[:5] for line in report.splitlines() if line.startswith(names)]


# Files in which the cells are those of another file: separator, encoding, decimal mark, newline.
WRITTEN = {
    "semicolons": {"sep": ";"},
    "semicolons and decimal commas": {"sep": ";", "decimal": ","},
    "tabs and decimal commas": {"sep": "\t", "decimal": ","},
    "tabs": {"sep": "\t"},
    "bars": {"sep": "|"},
    "quoted commas in decimals": {"decimal": ",", "quoting": 1},
    "a byte-order mark": {"encoding": "utf-8-sig"},
    "UTF-16": {"encoding": "utf-16"},
    "UTF-16 without a mark": {"encoding": "utf-16-le"},
    "UTF-16 with tabs": {"encoding": "utf-16", "sep": "\t"},
    "latin-1": {"encoding": "latin-1"},
    "latin-1, semicolons, decimal commas": {"encoding": "latin-1", "sep": ";", "decimal": ","},
    "Windows lines": {"lineterminator": "\r\n"},
    "quotes": {"quoting": 1},
    "an index column": {"index": True},
}


@pytest.fixture(scope="module")
def plain_rows(tmp_path_factory):
    """The four rows for the plain file."""
    path, text = tmp_path_factory.mktemp("plain") / "plain.csv", io.StringIO()
    _towns("western").to_csv(path, index=False)
    with contextlib.redirect_stdout(text):
        assert main([str(path), "--target", "kind"]) == 0
    return [row[:4] for row in _four(text.getvalue())]


@pytest.mark.parametrize("kind", WRITTEN)
def test_one_table_in_many_formats(tmp_path, capsys, kind, plain_rows):
    """The four models are the same in each."""
    path = tmp_path / "other.csv"
    _towns("western").to_csv(path, **{"index": False, **WRITTEN[kind]})
    report = _report(capsys, path, "--target", "kind")
    assert [row[:4] for row in _four(report)] == plain_rows
    for words in ("100 rows, 5 columns, 2 classes (versicolor 50, virginica 50)", "(1): town"):
        assert words in report
    assert ("left out, an index" in report) == (kind == "an index column")
    assert ("decimal commas" in report) == ("decimal" in WRITTEN[kind])


@pytest.mark.parametrize(
    ("alphabet", "encoding"),
    [
        ("cyrillic", "cp1251"),
        ("cyrillic", "koi8_r"),
        ("japanese", "cp932"),
        ("japanese", "euc_jp"),
        ("western", "cp1252"),
    ],
)
def test_encodings_of_other_alphabets(tmp_path, capsys, alphabet, encoding):
    path, out = tmp_path / "towns.csv", tmp_path / "out.csv"
    frame = _towns(alphabet)
    frame["town"] = [f"{town} {i}" for i, town in enumerate(frame["town"])]
    frame.to_csv(path, index=False, encoding=encoding)
    report = _report(capsys, path, "--target", "kind", "--predict", out)
    assert f"comma-separated {encoding} text" in report
    assert "town: left out, an identifier (100 values in 100 rows)" in report
    # The identifier is kept in the output.
    assert pd.read_csv(out)["town"].tolist() == frame["town"].tolist()


def test_the_report_in_the_documentation(capsys, monkeypatch):
    """Up to times, and to the last digits of scikit-learn's solver."""
    root = DATA.parent.parent
    monkeypatch.chdir(root)
    page = (root / "docs" / "command_line.md").read_text(encoding="utf-8")
    command, printed = re.findall(r"```(?:sh|text)\n(.*?)```", page, re.DOTALL)[:2]
    report = _report(capsys, *shlex.split(command)[3:])
    assert len(report.splitlines()) == len(printed.splitlines())
    for line, shown in zip(report.splitlines(), printed.splitlines(), strict=True):
        if shown.startswith(("neuron,", "LogisticRegression,")):
            found, expected = ([float(each) for each in x.split()[2:5]] for x in (line, shown))
            np.testing.assert_allclose(found, expected, atol=6e-4 if "neuron" in shown else 6e-3)
        elif not shown.startswith((" ", "3.")):
            assert line == shown


def test_comments_and_excels_line_before_the_header(tmp_path, capsys):
    assert "189 rows" in _report(capsys, DATA / "birthwt.csv", "--target", "low")
    path = tmp_path / "excel.csv"
    path.write_text("# Iris\nsep=|\n" + _iris().to_csv(sep="|", index=False))
    assert "bar-separated" in _report(capsys, path, "--target", "kind")
    path.write_text("# Iris\nsep=|\n" + _iris().to_csv(sep="|", index=False).replace("4.9", "x", 1))
    place = next(i for i, line in enumerate(path.read_text().split("\n")) if "x|" in line)
    assert f"line {place + 1}, column " in _fails(capsys, path, "--target", "kind")


def test_no_header_line(tmp_path, capsys):
    path = tmp_path / "iris.data"
    _iris().to_csv(path, index=False, header=False)
    report = _report(capsys, path, "--target", "5")
    assert "100 rows, 4 columns" in report
    assert "no header line, columns called 1 to 5" in report
    message = _fails(capsys, path, "--target", "kind")
    assert "it has no header line. Expected the number of a column from 1 to 5" in message
    assert "--target 5" in message
    # Words only: nothing shows that the first line is none.
    path.write_text("a,b,x\nb,a,y\n" * 10)
    message = _fails(capsys, path, "--target", "3")
    assert "type --no-header" in message
    assert "20 rows, 2 columns" in _report(capsys, path, "--target", "3", "--no-header")


def test_separated_by_spaces(tmp_path, capsys):
    path = tmp_path / "wine.dat"
    _wine().to_string(path, index=False, header=False)
    report = _report(capsys, path, "--target", "5")
    assert "178 rows, 4 columns, 3 classes (0 59, 1 71, 2 48)" in report
    assert "space-separated" in report


@pytest.mark.parametrize("header", [True, False])
def test_years_and_numbers_as_names_of_columns(tmp_path, capsys, header):
    frame = _wine()
    frame.columns = ["2019", "2020", "2021", "2022", "kind"] if header else range(5)
    path = tmp_path / "wine.csv"
    frame.to_csv(path, index=False)
    report = _report(capsys, path, "--target", "kind" if header else "4")
    assert "178 rows, 4 columns" in report
    assert f"(4): {', '.join(map(str, frame.columns[:4]))}" in report


def _as_text(frame, rng):
    """Return a table with numbers as people write them."""
    n = len(frame)
    return frame.assign(
        spent=[f"${1000 * (3 + x):,.2f}" for x in rng.normal(size=n)],
        visits=[f"{x:,}" for x in rng.integers(900, 20_000, n)],
        rate=[f"{x:.1f}%" for x in rng.uniform(0, 100, n)],
        hours=np.where(rng.random(n) < 0.2, "9+", rng.integers(0, 9, n).astype(str)),
        limit=np.where(rng.random(n) < 0.2, "<0.1", rng.uniform(0.1, 1, n).round(2).astype(str)),
    )


def test_numbers_stored_as_text(tmp_path, capsys):
    path = tmp_path / "text.csv"
    frame = _as_text(_iris(), np.random.default_rng(0))
    frame["sepal width"] = frame["sepal width"].astype(object)
    frame.loc[60, "sepal width"] = "?"
    frame.to_csv(path, index=False)
    report = _report(capsys, path, "--target", "kind")
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


def test_titles_above_the_header(tmp_path, capsys):
    path = tmp_path / "iris.csv"
    path.write_text("Flowers\n\n" + _iris().to_csv(index=False))
    message = _fails(capsys, path, "--target", "kind")
    assert "Expected 1 fields in line 3, saw 5." in message
    assert "Delete titles above the header" in message


def test_columns_without_information_are_left_out(tmp_path, capsys):
    """And used if the user keeps them."""
    frame = _iris().reset_index(drop=True)
    frame.insert(0, "flower id", [f"F-{7 * i:04d}" for i in range(100)])
    frame.insert(1, "row", range(1, 101))
    frame["customer_no"] = np.random.default_rng(0).permutation(np.arange(5000, 5100))
    frame["genus"], frame["notes"] = "Iris", ""
    path, out = tmp_path / "iris.csv", tmp_path / "out.csv"
    frame.to_csv(path, index=False)
    report = _report(capsys, path, "--target", "kind", "--predict", out)
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
    report = _report(capsys, path, "--target", "kind", *options)
    assert "100 rows, 6 columns" in report
    assert "sepal width: left out, as --drop asks" in report


def test_numbers_and_codes_that_are_no_identifiers(tmp_path, capsys):
    """Columns with a value of their own in each row that say something all the same."""
    rng = np.random.default_rng(1)
    frame = _iris().assign(
        income=rng.permutation(np.arange(20_000, 120_000, 1000)),
        zip=[f"0{i % 4}123" for i in range(100)],
        year=range(1900, 2000),
    )
    path = tmp_path / "iris.csv"
    frame.to_csv(path, index=False)
    report = _report(capsys, path, "--target", "kind")
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
    frame = _iris().assign(account=np.random.default_rng(0).permutation(np.arange(5000, 5100)))
    path, out, model = tmp_path / "iris.csv", tmp_path / "out.csv", tmp_path / "model.joblib"
    frame.to_csv(path, index=False)
    note = (
        "- account: 100 different whole numbers, used as a number; "
        "if it is an identifier: --drop account"
    )
    assert note in _report(capsys, path, "--target", "kind")
    assert note not in _report(capsys, path, "--target", "kind", "--keep", "account")
    options = "--target", "kind", "--drop", "account", "--predict", out, "--save", model
    assert note not in _report(capsys, path, *options)
    assert pd.read_csv(out)["account"].tolist() == frame["account"].tolist()
    assert main([str(path), "--model", str(model), "--predict", str(out)]) == 0
    assert pd.read_csv(out)["account"].tolist() == frame["account"].tolist()
    frame.drop(columns="account").to_csv(path, index=False)
    assert main([str(path), "--model", str(model), "--predict", str(out)]) == 0
    capsys.readouterr()
    frame.iloc[30:70].to_csv(path, index=False)  # a small table
    assert "different whole numbers" not in _report(capsys, path, "--target", "kind")


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
    frame, path = _iris(), tmp_path / "iris.csv"
    dates = pd.date_range("2019-12-01", periods=100, freq="3D")
    frame["picked"] = dates.strftime(form)
    frame.to_csv(path, index=False)
    report = _report(capsys, path, "--target", "kind")
    assert "Dates, as days since 1970-01-01 (1): picked" in report
    assert (f"read as {shown}" in report) == (shown is not None)
    parsed = ColumnParser().fit_transform(frame[["picked"]])["picked"]
    np.testing.assert_allclose(parsed, (dates - pd.Timestamp(0)) / pd.Timedelta(days=1))


def test_rows_without_a_target_are_dropped_and_counted(tmp_path, capsys):
    frame, path = _iris(), tmp_path / "iris.csv"
    frame.loc[[55, 70], "kind"] = None
    frame.loc[80, "kind"] = "?"
    frame.to_csv(path, index=False)
    report = _report(capsys, path, "--target", "kind")
    assert "97 rows, 4 columns, 2 classes (versicolor 47, virginica 50)" in report
    assert "3 rows were dropped: without a value of kind." in report


def test_na_and_thousands_and_decimal_are_taken_as_given(tmp_path, capsys):
    frame, path = _births(), tmp_path / "births.csv"
    frame.loc[[3, 9], "age"] = -99
    frame["low"] = frame["low"].map({0: "normal", 1: "low"})
    frame["pay"] = [f"{i * 37 % 1000 + 1000:_}".replace("_", ".") for i in range(len(frame))]
    frame.to_csv(path, index=False)
    call = [path, "--target", "low", "--na=-99", "--decimal", ",", "--thousands", "."]
    report = _report(capsys, *call, "--sep", "comma", "--encoding", "ascii")
    assert "2 missing values are filled" in report
    assert "pay: 189 cells such as" in report
    assert "separators of thousands removed" in report


def test_a_class_with_one_row_is_named(tmp_path, capsys):
    frame, path = _iris(), tmp_path / "iris.csv"
    frame.loc[50, "kind"] = "Iris setosa"
    frame.to_csv(path, index=False)
    message = _fails(capsys, path, "--target", "kind")
    assert "class 'Iris setosa' has one row only" in message
    remedy = shlex.split(message.rpartition("Leave such rows out: ")[2])
    assert "99 rows" in _report(capsys, path, "--target", "kind", *remedy)


def test_a_word_among_numbers_and_its_remedies(tmp_path, capsys):
    frame, path = _iris().astype(object), tmp_path / "iris.csv"
    frame.loc[52, "petal width"] = "too wide"
    frame.to_csv(path, index=False)
    message = _fails(capsys, path, "--target", "kind")
    assert "line 4, column 'petal width' is 'too wide'. Expected a number." in message
    for start in ("--na=", "--drop "):
        remedy = shlex.split(start + message.partition(start)[2].split(", or")[0])
        assert "100 rows" in _report(capsys, path, "--target", "kind", *remedy)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PK\x03\x04" + bytes(99), "it is an Excel workbook or a zip archive. Convert it first"),
        (b"PAR1" + bytes(99), "it is a Parquet file. Convert it first: python -c"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "cannot be read as CSV"),
        (b"x,y\n1,2\n\0\0,1\n", "NUL characters"),
    ],
)
def test_files_that_are_no_text(tmp_path, capsys, data, message):
    path = tmp_path / "table.csv"
    path.write_bytes(data)
    assert message in _fails(capsys, path, "--target", "y")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--encoding", "klingon"], "--encoding klingon: there is no such encoding"),
        (["--encoding", "ascii"], "its bytes are no ascii text"),
        (["--sep", "ab"], "'ab'. Expected one character"),
        (["--sep", ";"], "has no column 'kind'"),
        (["--drop", "kin"], "has no column 'kin'"),
        (["--keep", "Town"], "has no column 'Town'. Expected one of sepal length"),
        (["--keep", "Town"], "Perhaps you mean town."),
        (["--model", "m", "--predict", "o"], "--model and --target do not go together"),
        (["--save", "{}"], "is a directory and cannot be written"),
        (["--save", "{}/none/model"], "there is no directory"),
        (["--save", "{}/iris.csv"], "is FILE.csv itself"),
        (["--save", "{}/out", "--predict", "{}/./out"], "is the file of --predict itself"),
    ],
)
def test_options_that_do_not_fit(tmp_path, capsys, options, message):
    path = tmp_path / "iris.csv"
    _towns("western").to_csv(path, index=False)
    before = path.read_bytes()
    call = [each.format(tmp_path) for each in options]
    assert message in _fails(capsys, path, "--target", "kind", *call)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["iris.csv"]


def test_a_saved_model_reads_files_as_they_stand(tmp_path, capsys):
    """Another separator, another decimal mark, a new town, a hole, further columns."""
    path, model, out = (tmp_path / name for name in ("iris.csv", "iris.joblib", "out.csv"))
    frame = _as_text(_towns("western"), np.random.default_rng(0)).reset_index(drop=True)
    frame.insert(0, "id", [f"{i:04d}" for i in range(100)])
    frame.to_csv(path, index=False)
    _report(capsys, path, "--target", "kind", "--save", model)
    pipeline = joblib.load(model)
    assert type(pipeline[0]) is ColumnParser
    # No cell of the table is in the file of the model, apart from categories.
    assert not hasattr(pipeline[0], "columns_")
    cells = pd.read_csv(path, dtype=str)
    expected = pipeline.predict_proba(cells)
    assert (pipeline.predict(cells) == frame["kind"]).mean() > 0.9

    new = frame.drop(columns=["kind", "spent", "visits", "rate", "limit"]).assign(more=1)
    for name in ("spent", "visits", "rate", "limit"):
        new[name] = frame[name].map(lambda text: text.translate(str.maketrans(",.", ".,")))
    new.to_csv(tmp_path / "new.csv", index=False, sep=";", decimal=",", encoding="utf-16")
    assert main([str(tmp_path / "new.csv"), "--model", str(model), "--predict", str(out)]) == 0
    assert "100 rows, read as semicolon-separated utf-16 text, decimal commas" in (
        capsys.readouterr().out
    )
    written = pd.read_csv(out, dtype={"id": str})
    assert written["id"].tolist() == frame["id"].tolist()
    np.testing.assert_allclose(
        written[["probability of versicolor", "probability of virginica"]], expected, atol=1e-12
    )

    new = frame.head(3).assign(town=["Oslo", "", "Málaga"], hours=["", "1", "?"])
    new.to_csv(tmp_path / "new.csv", index=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert main([str(tmp_path / "new.csv"), "--model", str(model), "--predict", str(out)]) == 0
    assert len(pd.read_csv(out)) == 3


def test_files_that_do_not_fit_a_saved_model(tmp_path, capsys):
    path, model, out = (tmp_path / name for name in ("iris.csv", "iris.joblib", "out.csv"))
    _iris().to_csv(path, index=False)
    _report(capsys, path, "--target", "kind", "--save", model)
    new = tmp_path / "new.csv"
    call = [new, "--model", model, "--predict", out]
    assert "new.csv: no such file" in _fails(capsys, *call)
    _iris().drop(columns="sepal width").to_csv(new, index=False)
    message = _fails(capsys, *call)
    assert "has no column 'sepal width'. Expected the columns of the table that the" in message
    _iris().astype(object).replace(4.9, "wide").to_csv(new, index=False)
    assert "is 'wide'. Expected a number" in _fails(capsys, *call)
    assert "--model needs --predict OUT.csv" in _fails(capsys, new, "--model", model)
    assert "is MODEL itself" in _fails(capsys, new, "--model", model, "--predict", model)
    assert not out.exists()
    missing = [new, "--model", tmp_path / "none", "--predict", out]
    assert "none: no such file. Expected a model that --save has written" in _fails(
        capsys, *missing
    )
    assert "cannot be read as a model" in _fails(capsys, new, "--model", new, "--predict", out)
    joblib.dump({"a": 1}, model)
    assert "has a dict. Expected the pipeline that --save writes" in _fails(capsys, *call)


def test_predictions_of_the_file_itself_were_not_fitted_on_the_row(tmp_path, capsys):
    """A column that memorises each row gains nothing."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 55)), columns=[f"x{i}" for i in range(55)])
    frame["y"] = rng.choice(["no", "yes"], 60)
    path, out, model = tmp_path / "noise.csv", tmp_path / "out.csv", tmp_path / "noise.joblib"
    frame.to_csv(path, index=False)
    _report(capsys, path, "--target", "y", "--predict", out, "--save", model)
    assert (pd.read_csv(out)["class"] == frame["y"]).mean() < 0.75
    assert (joblib.load(model).predict(frame) == frame["y"]).mean() > 0.95


@pytest.mark.parametrize(
    ("name", "target", "words"),
    [
        ("spector", "GRADE", "32 rows, 3 columns, 2 classes (0 21, 1 11)"),
        ("anes96", "vote", "944 rows, 9 columns, 2 classes (0 551, 1 393)"),
        ("modechoice", "choice", "840 rows, 8 columns, 2 classes (0 630, 1 210)"),
        ("heart", "censors", "69 rows, 2 columns, 2 classes (0.0 24, 1.0 45)"),
        ("ccard", "OWNRENT", "72 rows, 4 columns, 2 classes (0 45, 1 27)"),
    ],
)
def test_files_of_statsmodels(capsys, name, target, words):
    """Names in apostrophes, spaces, tabs, semicolons."""
    path = Path(sm.datasets.__file__).parent / name / f"{name}.csv"
    assert words in _report(capsys, path, "--target", target)


def test_a_real_table_with_many_kinds(tmp_path, capsys):
    """Affairs of statsmodels: 531 marriages."""
    path = tmp_path / "fair.csv"
    _affairs().to_csv(path)
    report = _report(capsys, path, "--target", "affairs")
    assert "531 rows, 8 columns, 2 classes" in report
    assert "Unnamed: 0: left out, an index (counts up from 0)" in report


def test_long_work_shows_its_progress(tmp_path, capsys, monkeypatch):
    path = tmp_path / "iris.csv"
    _iris().to_csv(path, index=False)
    monkeypatch.setattr(skneuron.cli._progress, "_LARGE", 400)
    monkeypatch.setattr(skneuron.cli._progress, "_PAUSE", 0.0)
    monkeypatch.setattr(skneuron.cli._reading, "_LARGE_FILE", 1000)
    assert main([str(path), "--target", "kind"]) == 0
    reading, *lines = capsys.readouterr().err.splitlines()
    assert reading == f"skneuron: reading {path} (0 MB)"
    assert lines[0] == "skneuron: fit 1 of 26, neuron, raw: fold 1 of 5, after 0 s"
    assert len(lines) == 26
    assert lines[-1].startswith("skneuron: fit 26 of 26, exact coefficients, scaled, after ")


def test_without_pandas_the_line_names_it(tmp_path, capsys, monkeypatch):
    path = tmp_path / "iris.csv"
    _iris().to_csv(path, index=False, encoding="utf-8")
    monkeypatch.setitem(sys.modules, "pandas", None)
    message = _fails(capsys, path, "--target", "kind")
    assert "needs pandas, which is not installed. Type: python -m pip install pandas" in message
    monkeypatch.undo()
    _towns("western").to_csv(path, index=False, encoding="latin-1")
    monkeypatch.setitem(sys.modules, "charset_normalizer", None)
    message = _fails(capsys, path, "--target", "kind")
    assert "needs charset-normalizer, which is not installed. Type: python -m pip" in message
    assert "100 rows" in _report(capsys, path, "--target", "kind", "--encoding", "latin-1")


def test_the_example_data_needs_no_pandas():
    code = (
        "import sys\n"
        "class Blocked:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name.split('.')[0] in ('pandas', 'charset_normalizer'):\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Blocked())\n"
        "from skneuron.cli import main\n"
        "sys.exit(main([]))\n"
    )
    call = [sys.executable, "-c", code]
    done = subprocess.run(call, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.count("neuron, ") == 2


def test_the_example_data_has_the_same_rows_as_its_file(tmp_path, capsys):
    frame = load_breast_cancer(as_frame=True).frame
    path = tmp_path / "cancer.csv"
    frame.to_csv(path, index=False)
    expected, found = _report(capsys), _report(capsys, path, "--target", "target")
    assert [row[:4] for row in _four(found)] == [row[:4] for row in _four(expected)]


@pytest.mark.parametrize("activation", ["sigmoid", "step", "relu", "cloglog"])
def test_the_conclusion_of_other_models(tmp_path, capsys, activation):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = _report(
            capsys, DATA / "birthwt.csv", "--target", "low", "--activation", activation
        )
    third = report.splitlines()[-1]
    assert third.endswith("use the neuron.")
    assert ("With step the neuron is another model" in report) == (activation == "step")
    report = _report(capsys, DATA / "birthwt.csv", "--target", "low", "--C", "inf")
    assert "1. C=inf has no penalty" in report
    assert report.splitlines()[-1].endswith("use the neuron.")
    report = _report(capsys, "--C", "inf")
    assert "2. The neuron found separated classes. Without a penalty no coeff" in report
    assert (
        "3. For finite coefficients and good probabilities use a penalty, for example: --C 1"
        in report
    )
