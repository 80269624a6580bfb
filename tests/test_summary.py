"""Odds and hazard ratios, and the summary, against statsmodels and printed tables."""

import builtins
import re

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import chi2
from textbooks import read

from skneuron import NeuronClassifier
from skneuron.inference import (
    coefficient_table,
    goodness_of_fit,
    likelihood_ratio_test,
    score_test,
    summary,
)

# www.stata.com/features/overview/logistic-regression: odds ratios, their standard errors and 95 % intervals.
STATA = {
    "age": ("0.9732636", "0.0354759", "0.9061578", "1.045339"),
    "lwt": ("0.9849634", "0.0068217", "0.9716834", "0.9984249"),
    "black": ("3.534767", "1.860737", "1.259736", "9.918406"),
    "other": ("2.368079", "1.039949", "1.001356", "5.600207"),
    "smoke": ("2.517698", "1.00916", "1.147676", "5.523162"),
    "ptl": ("1.719161", "0.5952579", "0.8721455", "3.388787"),
    "ht": ("6.249602", "4.322408", "1.611152", "24.24199"),
    "ui": ("2.1351", "0.9808153", "0.8677528", "5.2534"),
    "intercept": ("1.586014", "1.910496", "0.1496092", "16.8134"),
}


def _births():
    births = read("birthwt")
    X = births[["age", "lwt"]].assign(black=births["race"] == 2, other=births["race"] == 3)
    return X.join(births[["smoke", "ptl", "ht", "ui"]]).astype(float), births["low"]


def _fit(link="sigmoid", X=None, y=None, **params):
    return NeuronClassifier(link, C=np.inf, **params).fit(X, y)


def test_odds_ratios_are_those_of_stata():
    X, y = _births()
    table = coefficient_table(_fit("sigmoid", X, y), X, y, exponentiate=True)
    assert next(iter(table.columns)) == "odds_ratio"
    for name, printed in STATA.items():
        for column, text in zip(
            ("odds_ratio", "standard_error", "lower", "upper"), printed, strict=True
        ):
            digits = len(text.partition(".")[2])
            value = table.loc[name, column]
            # The printed digits come from a fit that ended before the last one.
            assert value == pytest.approx(float(text), abs=1.01 * 10.0**-digits), (name, column)
    plain = coefficient_table(_fit("sigmoid", X, y), X, y)
    pd.testing.assert_frame_equal(
        pd.DataFrame(table[["z", "p_value", "note"]]), pd.DataFrame(plain[["z", "p_value", "note"]])
    )


def test_tanh_and_cloglog_have_ratios_and_other_links_have_none():
    X, y = _births()
    sigmoid = coefficient_table(_fit("sigmoid", X, y), X, y, exponentiate=True)
    tanh = coefficient_table(_fit("tanh", X, y), X, y, exponentiate=True)
    numbers = ["odds_ratio", "standard_error", "lower", "upper"]
    np.testing.assert_allclose(tanh[numbers], sigmoid[numbers], rtol=1e-6)
    few = X[["lwt", "smoke"]]
    table = coefficient_table(_fit("cloglog", few, y), few, y, exponentiate=True)
    link = sm.families.Binomial(sm.families.links.CLogLog())
    theirs = sm.GLM(y, sm.add_constant(few), family=link).fit(tol=1e-12, maxiter=200)
    expected = np.exp(np.column_stack([theirs.params, theirs.conf_int()]))[[1, 2, 0]]
    np.testing.assert_allclose(table[["hazard_ratio", "lower", "upper"]], expected, rtol=1e-6)
    for link in ("probit", "loglog", "cauchit"):
        with pytest.raises(ValueError, match=r"exponentiate=True has no meaning.*marginal_effects"):
            coefficient_table(_fit(link, few, y), few, y, exponentiate=True)


def test_summary_has_the_numbers_of_its_parts():
    X, y = _births()
    neuron = _fit("sigmoid", X, y)
    found = summary(neuron, X, y)
    fit, test = goodness_of_fit(neuron, X, y), likelihood_ratio_test(neuron, None, X, y)
    assert found.fit == fit
    assert found.test == test
    assert found.notes == ()
    text = str(found)
    # The same page of Stata: LR chi2(8) 33.22, log likelihood -100.724, pseudo R² 0.1416, Prob 0.0001.
    for number in ("χ²(8)", "33.224", "-100.724", "0.1416", f"{chi2.sf(33.224, 8):.3g}", "219.448"):
        assert number in text
    assert "note" not in text
    html = found._repr_html_()
    for number in re.findall(r"-?\d+\.\d+", text):
        assert number in html


def test_summary_of_clusters_has_a_wald_test():
    X, y = _births()
    neuron, groups = _fit("sigmoid", X, y), np.arange(len(y)) // 3
    found = summary(neuron, X, y, kind="robust", groups=groups, correction="HC1")
    theirs = sm.Logit(y, sm.add_constant(X)).fit(
        disp=False, tol=1e-12, cov_type="cluster", cov_kwds={"groups": groups}
    )
    expected = theirs.wald_test(np.eye(9)[1:], scalar=True)
    assert found.test.statistic == pytest.approx(float(expected.statistic), rel=1e-6)
    assert f"Wald χ²(8) {found.test.statistic:.3f}" in re.sub(" +", " ", str(found))
    assert "Likelihood ratio" not in str(found)
    few = summary(neuron, X, y, kind="robust", groups=np.arange(len(y)) % 5)
    assert few.test is None
    assert "no joint Wald test, because there are too few clusters" in str(few)
    older = X.assign(pounds=2 * X["lwt"])
    found = summary(_fit("sigmoid", older, y), older, y, kind="robust")
    assert found.test is None
    assert "no joint Wald test, because some coefficients have no standard error" in str(found)
    few, ages = X[["lwt", "smoke", "ui"]], np.digitize(X["age"], [20, 26])
    assert summary(_fit("sigmoid", few, ages), few, ages, kind="robust").test.df == 6


def test_summary_explains_missing_numbers():
    X, y = _births()
    older = X.assign(over_35=(X["age"] > 34) * 1.0, pounds=2 * X["lwt"])
    with pytest.warns(UserWarning, match="separate"):
        neuron = _fit("sigmoid", older, y)
    found = summary(neuron, older, y, exponentiate=True)
    assert len(found.notes) == 2
    text = str(found)
    assert "separated: goes to -inf" in text
    assert "method='profile'" in text
    assert "—" in text
    latex = found.to_latex()
    assert r"over\_35 & --- & --- & --- & --- & --- & --- & separated: goes to -inf \\" in latex
    assert len(latex.splitlines()) == len(found.facts) + 1 + 2 + 2 + len(found.table) + 2


def test_summary_of_completely_separated_classes():
    X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), [0, 0, 1, 1]
    with pytest.warns(UserWarning, match="separate"):
        neuron = _fit("sigmoid", X, y)
    found = summary(neuron, X, y, method="profile")
    assert found.test is None
    assert "not at a maximum" in str(found)
    assert found.fit.note.startswith("a hyperplane separates the classes")
    match = r"a hyperplane separates the classes.*method='profile'"
    with pytest.raises(ValueError, match=match):
        likelihood_ratio_test(neuron, None, X, y)
    with pytest.raises(ValueError, match=match):
        score_test(neuron, np.column_stack([X, X**2]), y, X_nested=X)
    three = np.arange(6)
    with pytest.warns(UserWarning, match="separate"):
        layer = _fit("sigmoid", X=three[:, None], y=three // 2)
    assert goodness_of_fit(layer, three[:, None], three // 2).note == found.fit.note
    with pytest.raises(ValueError, match=r"A hyperplane separates class 0.*detect_separation"):
        likelihood_ratio_test(layer, None, three[:, None], three // 2)
    assert np.isfinite(found.table.loc["x0", "lower"])


def test_names_are_escaped():
    X, y = _births()
    X = X[["lwt"]].rename(columns={"lwt": "<b>_&"})
    found = summary(_fit("sigmoid", X, y), X, y)
    assert "&lt;b&gt;_&amp;" in found._repr_html_()
    assert r"<b>\_\& &" in found.to_latex()


def test_summary_without_pandas_and_without_a_bias(monkeypatch):
    X, y = _births()
    neuron = _fit("probit", X.to_numpy(), y, fit_intercept=False)
    whole = summary(neuron, X.to_numpy(), y.to_numpy(), kind="robust")
    assert whole.test is None
    importing = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "pandas":
            raise ImportError(name)
        return importing(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    assert str(summary(neuron, X.to_numpy(), y.to_numpy(), kind="robust")) == str(whole)


def test_penalties_are_refused():
    X, y = _births()
    with pytest.raises(ValueError, match=r"penalty.*C=np\.inf"):
        summary(NeuronClassifier().fit(X, y), X, y)


def test_tables_name_the_modelled_class():
    X, y = _births()
    neuron = _fit("sigmoid", X, y)
    table = coefficient_table(neuron, X, y)
    for text in (str(table), str(table.drop(columns="note").round(3)), table.to_string()):
        assert text.startswith(f"P({y.name} = 1) ")
    assert f"<th>P({y.name} = 1)</th>" in table._repr_html_()
    assert str(coefficient_table(neuron, X, y.to_numpy())).startswith("P(y = 1) ")
    words = y.map({0: "a normal weight", 1: "low " * 20})
    renamed = _fit("sigmoid", X, words)
    heading = str(coefficient_table(renamed, X, words)).partition(")")[0]
    assert heading == f"P({y.name} = low low low low low low low l…"
    races = X["black"] + 2 * X["other"]
    layer = _fit("sigmoid", X[["age", "lwt"]], races)
    table = coefficient_table(layer, X[["age", "lwt"]], races, base=2)
    assert str(table).startswith("against class 2")
