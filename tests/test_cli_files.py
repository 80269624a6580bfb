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
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from command_line import (  # noqa: F401
    DATA,
    affairs_table,
    error_of,
    four_rows,
    iris_table,
    one_thread,
    report_of,
    towns_table,
    wine_table,
)
from sklearn.datasets import load_breast_cancer

import skneuron.cli._progress
import skneuron.cli._reading
from skneuron.cli import main

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
    towns_table("western").to_csv(path, index=False)
    with contextlib.redirect_stdout(text):
        assert main([str(path), "--target", "kind"]) == 0
    return [row[:4] for row in four_rows(text.getvalue())]


@pytest.mark.parametrize("kind", WRITTEN)
def test_one_table_in_many_formats(tmp_path, capsys, kind, plain_rows):
    """The four models are the same in each."""
    path = tmp_path / "other.csv"
    towns_table("western").to_csv(path, **{"index": False, **WRITTEN[kind]})
    report = report_of(capsys, path, "--target", "kind")
    assert [row[:4] for row in four_rows(report)] == plain_rows
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
    frame = towns_table(alphabet)
    frame["town"] = [f"{town} {i}" for i, town in enumerate(frame["town"])]
    frame.to_csv(path, index=False, encoding=encoding)
    report = report_of(capsys, path, "--target", "kind", "--predict", out)
    assert f"comma-separated {encoding} text" in report
    assert "town: left out, an identifier (100 values in 100 rows)" in report
    # The identifier is kept in the output.
    assert pd.read_csv(out)["town"].tolist() == frame["town"].tolist()


def test_the_report_in_the_documentation(capsys, monkeypatch):
    """Up to times, and to the last digits of scikit-learn's solver."""
    root = DATA.parent.parent
    monkeypatch.chdir(root)
    page = (root / "docs" / "command_line.md").read_text(encoding="utf-8")
    command, printed = re.findall(r"```(?:sh|output)\n(.*?)```", page, re.DOTALL)[:2]
    report = report_of(capsys, *shlex.split(command)[3:])
    assert len(report.splitlines()) == len(printed.splitlines())
    for line, shown in zip(report.splitlines(), printed.splitlines(), strict=True):
        if shown.startswith(("neuron,", "LogisticRegression,")):
            found, expected = ([float(each) for each in x.split()[2:5]] for x in (line, shown))
            np.testing.assert_allclose(found, expected, atol=6e-4 if "neuron" in shown else 6e-3)
        elif not shown.startswith((" ", "3.")):
            assert line == shown


def test_comments_and_excels_line_before_the_header(tmp_path, capsys):
    assert "189 rows" in report_of(capsys, DATA / "birthwt.csv", "--target", "low")
    path = tmp_path / "excel.csv"
    path.write_text("# Iris\nsep=|\n" + iris_table().to_csv(sep="|", index=False))
    assert "bar-separated" in report_of(capsys, path, "--target", "kind")
    path.write_text(
        "# Iris\nsep=|\n" + iris_table().to_csv(sep="|", index=False).replace("4.9", "x", 1)
    )
    place = next(i for i, line in enumerate(path.read_text().split("\n")) if "x|" in line)
    assert f"line {place + 1}, column " in error_of(capsys, path, "--target", "kind")


def test_no_header_line(tmp_path, capsys):
    path = tmp_path / "iris.data"
    iris_table().to_csv(path, index=False, header=False)
    report = report_of(capsys, path, "--target", "5")
    assert "100 rows, 4 columns" in report
    assert "no header line, columns called 1 to 5" in report
    message = error_of(capsys, path, "--target", "kind")
    assert "it has no header line. Expected the number of a column from 1 to 5" in message
    assert "--target 5" in message
    # Words only: nothing shows that the first line is none.
    path.write_text("a,b,x\nb,a,y\n" * 10)
    message = error_of(capsys, path, "--target", "3")
    assert "type --no-header" in message
    assert "20 rows, 2 columns" in report_of(capsys, path, "--target", "3", "--no-header")


def test_separated_by_spaces(tmp_path, capsys):
    path = tmp_path / "wine.dat"
    wine_table().to_string(path, index=False, header=False)
    report = report_of(capsys, path, "--target", "5")
    assert "178 rows, 4 columns, 3 classes (0 59, 1 71, 2 48)" in report
    assert "space-separated" in report


@pytest.mark.parametrize("header", [True, False])
def test_years_and_numbers_as_names_of_columns(tmp_path, capsys, header):
    frame = wine_table()
    frame.columns = ["2019", "2020", "2021", "2022", "kind"] if header else range(5)
    path = tmp_path / "wine.csv"
    frame.to_csv(path, index=False)
    report = report_of(capsys, path, "--target", "kind" if header else "4")
    assert "178 rows, 4 columns" in report
    assert f"(4): {', '.join(map(str, frame.columns[:4]))}" in report


def test_titles_above_the_header(tmp_path, capsys):
    path = tmp_path / "iris.csv"
    path.write_text("Flowers\n\n" + iris_table().to_csv(index=False))
    message = error_of(capsys, path, "--target", "kind")
    assert "Expected 1 fields in line 3, saw 5." in message
    assert "Delete titles above the header" in message


def test_a_class_with_one_row_is_named(tmp_path, capsys):
    frame, path = iris_table(), tmp_path / "iris.csv"
    frame.loc[50, "kind"] = "Iris setosa"
    frame.to_csv(path, index=False)
    message = error_of(capsys, path, "--target", "kind")
    assert "class 'Iris setosa' has one row only" in message
    remedy = shlex.split(message.rpartition("Leave such rows out: ")[2])
    assert "99 rows" in report_of(capsys, path, "--target", "kind", *remedy)


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
    assert message in error_of(capsys, path, "--target", "y")


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
    towns_table("western").to_csv(path, index=False)
    before = path.read_bytes()
    call = [each.format(tmp_path) for each in options]
    assert message in error_of(capsys, path, "--target", "kind", *call)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["iris.csv"]


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
    assert words in report_of(capsys, path, "--target", target)


def test_a_real_table_with_many_kinds(tmp_path, capsys):
    """Affairs of statsmodels: 531 marriages."""
    path = tmp_path / "fair.csv"
    affairs_table().to_csv(path)
    report = report_of(capsys, path, "--target", "affairs")
    assert "531 rows, 8 columns, 2 classes" in report
    assert "Unnamed: 0: left out, an index (counts up from 0)" in report


def test_long_work_shows_its_progress(tmp_path, capsys, monkeypatch):
    path = tmp_path / "iris.csv"
    iris_table().to_csv(path, index=False)
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
    iris_table().to_csv(path, index=False, encoding="utf-8")
    monkeypatch.setitem(sys.modules, "pandas", None)
    message = error_of(capsys, path, "--target", "kind")
    assert "needs pandas, which is not installed. Type: python -m pip install pandas" in message
    monkeypatch.undo()
    towns_table("western").to_csv(path, index=False, encoding="latin-1")
    monkeypatch.setitem(sys.modules, "charset_normalizer", None)
    message = error_of(capsys, path, "--target", "kind")
    assert "needs charset-normalizer, which is not installed. Type: python -m pip" in message
    assert "100 rows" in report_of(capsys, path, "--target", "kind", "--encoding", "latin-1")


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
    expected, found = report_of(capsys), report_of(capsys, path, "--target", "target")
    assert [row[:4] for row in four_rows(found)] == [row[:4] for row in four_rows(expected)]
