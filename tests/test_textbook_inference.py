"""Published tables of multinomial fits and marginal effects, to their printed digits.

The digits of Agresti and Greene have not been compared with the books: check them there. Each test
compares the same quantities with statsmodels, too.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from textbooks import read

from skneuron import NeuronClassifier
from skneuron.inference import (
    coefficient_table,
    goodness_of_fit,
    marginal_effects,
)


def _assert_printed(value, printed, what):
    """The value rounds to the printed number, within half a unit of its last digit."""
    digits = len(printed.partition(".")[2])
    assert abs(value - float(printed)) <= 0.5000001 * 10.0**-digits, f"{what}: {value}"


def _fit(X, y, weights=None, link="sigmoid"):
    return NeuronClassifier(link, C=np.inf).fit(X, y, weights)


# Agresti, Categorical Data Analysis, 2nd ed. (2002), Table 7.2: estimates, and standard errors in
# parentheses, against fish. Columns: intercept, small, Hancock, Oklawaha, Trafford.
ALLIGATORS = {
    "invert": ["-1.55", "1.46 .40", "-1.66 .61", "0.94 .47", "1.12 .49"],
    "reptile": ["-3.31", "-0.35 .58", "1.24 1.19", "2.46 1.12", "2.94 1.12"],
    "bird": ["-2.09", "-0.63 .64", "0.70 .78", "-0.65 1.20", "1.09 .84"],
    "other": ["-1.90", "0.33 .45", "0.83 .56", "0.01 .78", "1.52 .62"],
}


def _alligators():
    data = read("alligators")
    X = pd.DataFrame({"small": (data["size"] == "small") * 1.0})
    for lake in ("Hancock", "Oklawaha", "Trafford"):
        X[lake] = (data["lake"] == lake) * 1.0
    return X, data["food"], data["count"].to_numpy(float)


def test_alligators_of_agresti():
    X, y, counts = _alligators()
    neuron = _fit(X, y, counts)
    table = coefficient_table(neuron, X, y, counts, base="fish")
    for food, cells in ALLIGATORS.items():
        for term, cell in zip(["intercept", *X.columns], cells, strict=True):
            estimate, *error = cell.split()
            _assert_printed(table.loc[(food, term), "estimate"], estimate, (food, term))
            for printed in error:
                _assert_printed(table.loc[(food, term), "standard_error"], printed, (food, term))
    _assert_mnlogit(table, X, y, counts.astype(int), "fish")
    # Section 7.1.2: G² = 17.1 and X² = 15.0 with 12 degrees of freedom.
    grouped = goodness_of_fit(neuron, X, y, counts).grouped
    _assert_printed(grouped.deviance, "17.1", "G²")
    _assert_printed(grouped.pearson, "15.0", "X²")
    assert grouped.df_residual == 12


def _assert_mnlogit(table, X, y, counts, base):
    """The table has the estimates and standard errors of statsmodels, with one row per count."""
    rows = np.repeat(np.arange(len(y)), counts)
    others = sorted(set(y) - {base})
    codes = pd.Categorical(y, [base, *others]).codes[rows]
    design = sm.add_constant(X.to_numpy()[rows])
    fit = sm.MNLogit(codes, design).fit(method="newton", tol=1e-14, maxiter=200, disp=False)
    for k, label in enumerate(others):
        own = table.loc[label]
        expected = np.column_stack([fit.params[:, k], fit.bse[:, k]])
        found = own.loc[["intercept", *X.columns], ["estimate", "standard_error"]]
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)
    return fit


def test_women_of_fox():
    """Output of R's multinom for the model of Fox (2008), section 14.2.1.

    multinom stops early. By statsmodels, its coefficients are up to 4e-5 from the maximum, or 8e-5
    standard errors, and the deviance is 3e-8 above its minimum.
    """
    data = read("womenlf")
    X, y = data[["hincome", "children"]].astype(float), data["partic"]
    neuron = _fit(X, y)
    table = coefficient_table(neuron, X, y, base="not.work")
    reference = _assert_mnlogit(table, X, y, np.ones(len(y), dtype=int), "not.work")
    printed = {
        ("fulltime", "intercept"): (1.982842, 0.4841789),
        ("fulltime", "hincome"): (-0.097232073, 0.02809599),
        ("fulltime", "children"): (-2.55860537, 0.3621999),
        ("parttime", "intercept"): (-1.432321, 0.5924627),
        ("parttime", "hincome"): (0.006893838, 0.02345484),
        ("parttime", "children"): (0.02145558, 0.4690352),
    }
    for term, (estimate, error) in printed.items():
        assert abs(table.loc[term, "estimate"] - estimate) < 8e-5 * error
        assert table.loc[term, "standard_error"] == pytest.approx(error, rel=1e-5)
    estimates = np.array([estimate for estimate, _ in printed.values()]).reshape(2, 3).T
    assert 0 < 2 * (reference.llf - reference.model.loglike(estimates)) < 3e-8
    _assert_printed(goodness_of_fit(neuron, X, y).deviance, "422.8819", "deviance")


# Greene, Econometric Analysis, 5th ed. (2003), section 21.4: effects at the means, with standard
# errors. The effect of PSI is a change from 0 to 1.
GREENE = {
    "sigmoid": {"GPA": ("0.534", "0.237"), "TUCE": ("0.018", "0.026"), "PSI": ("0.456", "0.181")},
    "probit": {"GPA": ("0.533", "0.232"), "TUCE": ("0.017", "0.027"), "PSI": ("0.464", "0.170")},
}


@pytest.mark.parametrize("link", GREENE)
def test_marginal_effects_of_greene(link):
    data = read("spector")
    X, y = data[["GPA", "TUCE", "PSI"]], data["GRADE"]
    found = marginal_effects(_fit(X, y, link=link), X, y, at="mean", kind="observed")
    model = {"sigmoid": sm.Logit, "probit": sm.Probit}[link]
    margins = (
        model(y, sm.add_constant(X)).fit(disp=False, tol=1e-13).get_margeff(at="mean", dummy=True)
    )
    expected = np.column_stack([margins.margeff, margins.margeff_se])
    np.testing.assert_allclose(found[["effect", "standard_error"]], expected, rtol=1e-6)
    for term, (effect, error) in GREENE[link].items():
        _assert_printed(found.loc[term, "effect"], effect, term)
        _assert_printed(found.loc[term, "standard_error"], error, term)
