"""Tables for tests of ``python -m skneuron``, and calls of it that end well or with an error."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from sklearn.datasets import load_iris, load_wine
from threadpoolctl import threadpool_limits

from skneuron.cli import main

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


def iris_table():
    """Return two kinds of iris that overlap."""
    frame = load_iris(as_frame=True).frame.iloc[50:]
    frame.columns = ["sepal length", "sepal width", "petal length", "petal width", "kind"]
    return frame.assign(kind=frame["kind"].map({1: "versicolor", 2: "virginica"}))


def wine_table():
    frame = load_wine(as_frame=True).frame[["alcohol", "ash", "hue", "proline", "target"]]
    return frame.rename(columns={"target": "cultivar"})


def births_table():
    return pd.read_csv(DATA / "birthwt.csv", comment="#")


def affairs_table():
    frame = sm.datasets.fair.load_pandas().data.iloc[::12].reset_index(drop=True)
    return frame.assign(affairs=(frame["affairs"] > 0).astype(int))


def towns_table(alphabet):
    towns = TOWNS[alphabet]
    return iris_table().assign(town=[towns[i % 3] for i in range(100)])


def report_of(capsys, *arguments):
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


def error_of(capsys, *arguments):
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


def four_rows(report):
    """Return the four rows of a report, without their times."""
    names = ("neuron,", "LogisticRegression,")
    return [line.split()[:5] for line in report.splitlines() if line.startswith(names)]


def labelled_table(path, labels=("no", "yes"), n=60):
    """Write a table of numbers and labels, and return its path."""
    x = np.random.default_rng(0).normal(size=n)
    y = np.array(labels, dtype=object)[np.arange(n) % len(labels)]
    pd.DataFrame({"x": x, "y": y}).to_csv(path, index=False, quoting=csv.QUOTE_NONNUMERIC)
    return path


def numbers_as_text(frame, rng):
    """Return a table with numbers as people write them."""
    n = len(frame)
    return frame.assign(
        spent=[f"${1000 * (3 + x):,.2f}" for x in rng.normal(size=n)],
        visits=[f"{x:,}" for x in rng.integers(900, 20_000, n)],
        rate=[f"{x:.1f}%" for x in rng.uniform(0, 100, n)],
        hours=np.where(rng.random(n) < 0.2, "9+", rng.integers(0, 9, n).astype(str)),
        limit=np.where(rng.random(n) < 0.2, "<0.1", rng.uniform(0.1, 1, n).round(2).astype(str)),
    )
