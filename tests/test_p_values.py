"""P-values that float64 cannot hold print as a bound, and stay numbers to work with."""

import builtins
import copy
import pickle

import mpmath as mp
import numpy as np
import pandas as pd
import pytest

from skneuron import NeuronClassifier
from skneuron.inference import LikelihoodRatioTest, coefficient_table, likelihood_ratio_test

BOUND = "< 1e-300"


@pytest.fixture(scope="module")
def fitted():
    """A column with z = 71, and one that says nothing."""
    rng = np.random.default_rng(0)
    x = np.linspace(-3, 3, 20_000)
    y = (rng.random(len(x)) < 1 / (1 + np.exp(-2 * x))).astype(int)
    X = pd.DataFrame({"dose": x, "noise": rng.normal(size=len(x))})
    return NeuronClassifier(C=np.inf).fit(X, y), X, y


@pytest.fixture(scope="module")
def table(fitted):
    return coefficient_table(*fitted)


def test_numbers_stay_numbers(table):
    p = table["p_value"]
    assert p.dtype == np.float64
    assert 0 < p["dose"] < 1e-300
    assert (p < 0.05).tolist() == [True, False, False]
    assert np.log(p["dose"]) < -690
    assert float(table.to_csv().splitlines()[1].split(",")[4]) == p["dose"]
    assert isinstance(table, pd.DataFrame)
    assert isinstance(p, pd.Series)


PRINTED = {
    "str": str,
    "repr": repr,
    "to_string": lambda table: table.to_string(),
    "digits": lambda table: table.to_string(float_format="%.3f"),
    "html": lambda table: table.to_html().replace("&lt;", "<"),
    "notebook": lambda table: table._repr_html_().replace("&lt;", "<"),
    "some columns": lambda table: str(table[["estimate", "p_value"]]),
    "some rows": lambda table: str(table.iloc[:2]),
    "column": lambda table: str(table["p_value"]),
    "column as text": lambda table: table["p_value"].to_string(),
    "row": lambda table: str(table.loc["dose"]),
    "numbers of a row": lambda table: str(table.drop(columns="note").loc["dose"]),
    "transposed": lambda table: str(table.T),
    "sorted": lambda table: str(table.sort_values("p_value")),
    "joined": lambda table: str(pd.concat([table, table])),
    "copied": lambda table: str(copy.deepcopy(table)),
    "pickled": lambda table: str(pickle.loads(pickle.dumps(table))),
}


@pytest.mark.parametrize("way", PRINTED)
def test_whatever_prints_it_prints_the_bound(table, way):
    text = PRINTED[way](table)
    assert BOUND in text
    assert "e-324" not in text
    if way in ("str", "some columns", "column"):
        assert f"{table.loc['noise', 'p_value']:.6g}" in text


def test_formats_of_the_user_come_first(table):
    text = table.to_string(formatters={"p_value": "p = {:.1g}".format})
    assert "p = 5e-324" in text
    text = table.to_string(formatters={"z": "{:.1f}".format})
    assert BOUND in text


def test_other_tables_print_as_pandas_prints_them(fitted):
    _, X, y = fitted
    few = X.iloc[::97], y[::97]
    table = coefficient_table(NeuronClassifier(C=np.inf).fit(*few), *few)
    plain = pd.DataFrame(table)
    assert 1e-300 < table["p_value"].min() < 1
    assert table.to_string() == plain.to_string()
    assert repr(table["p_value"]) == repr(plain["p_value"])
    assert BOUND not in repr(table)


def test_a_table_with_nothing_to_test_prints(fitted):
    _, X, y = fitted
    X = X.assign(again=X["dose"])
    text = str(coefficient_table(NeuronClassifier(C=np.inf).fit(X, y), X, y).assign(p_value=np.nan))
    assert "NaN" in text


def test_without_pandas_it_prints_the_bound(fitted, monkeypatch):
    found = builtins.__import__

    def without_pandas(name, *args, **kwargs):
        if name == "pandas":
            raise ImportError(name)
        return found(name, *args, **kwargs)

    _, X, y = fitted
    plain = NeuronClassifier(C=np.inf).fit(X.to_numpy(), y)
    monkeypatch.setattr(builtins, "__import__", without_pandas)
    table = coefficient_table(plain, X.to_numpy(), y)
    for text in (str(table), repr(table)):
        assert BOUND in text
        assert "e-324" not in text
    assert 0 < table["p_value"][0] < 1e-300


def test_likelihood_ratios_print_it_too(fitted):
    neuron, X, y = fitted
    test = likelihood_ratio_test(neuron, None, X, y)
    assert 0 < test.p_value < 1e-300
    expected = f"LikelihoodRatioTest(statistic={test.statistic!r}, df=2, p_value < 1e-300)"
    assert str(test) == repr(test) == expected
    assert eval(repr(LikelihoodRatioTest(1.5, 1, 0.25))) == LikelihoodRatioTest(1.5, 1, 0.25)


@pytest.mark.parametrize("df", [1, 2, 7, 40])
@pytest.mark.parametrize("statistic", [0.0, 3.0, 200.0, 1200.0, 1300.0, 1e5])
def test_p_values_have_their_digits_down_to_the_bound(df, statistic):
    """The upper incomplete gamma function, by mpmath."""
    from scipy.stats import chi2

    from skneuron.inference._p_value import above_zero

    p = float(above_zero(chi2.sf(statistic, df)))
    with mp.workdps(40):
        exact = mp.gammainc(mp.mpf(df) / 2, mp.mpf(statistic) / 2, regularized=True)
    if exact < 1e-300:
        assert 0 < p < 1e-300
    else:
        assert p == pytest.approx(float(exact), rel=1e-9)
