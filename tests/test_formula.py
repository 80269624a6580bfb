"""Formulas give the columns of patsy, which statsmodels' formulas use."""

import builtins

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from textbooks import read

from skneuron import NeuronClassifier
from skneuron.inference import from_formula

pytest.importorskip("formulaic")


def _births():
    births = read("birthwt")
    return births.assign(race=births["race"].map({1: "white", 2: "black", 3: "other"}))


@pytest.mark.parametrize(
    "formula",
    [
        "low ~ age + lwt",
        "low ~ age + C(race) + smoke",
        "low ~ race * smoke + I(age ** 2)",
        "low ~ np.log(lwt) + age:race",
    ],
)
def test_fits_are_those_of_statsmodels(formula):
    births = _births()
    X, y = from_formula(formula, births)
    neuron = NeuronClassifier(C=np.inf).fit(X, y)
    theirs = smf.glm(formula, births, family=sm.families.Binomial()).fit(tol=1e-13)
    assert sorted(X.columns) == sorted(theirs.params.index.drop("Intercept"))
    np.testing.assert_allclose(neuron.coef_[0], theirs.params[X.columns], rtol=1e-6)
    assert neuron.intercept_[0] == pytest.approx(theirs.params["Intercept"], rel=1e-6)
    assert (X.dtypes == np.float64).all()
    assert type(X) is pd.DataFrame


def test_a_dot_stands_for_all_other_columns():
    births = _births().drop(columns="ftv")
    X, y, X_new = from_formula("low ~ . - age", births, new=births.head(3))
    named, _ = from_formula("low ~ lwt + race + smoke + ptl + ht + ui", births)
    pd.testing.assert_frame_equal(X, named[X.columns], check_like=True)
    pd.testing.assert_frame_equal(X_new, X.head(3))
    assert y.name == "low"


def test_labels_of_any_type_stay_as_they_are():
    births = _births().assign(weight=lambda table: np.where(table["low"] == 1, "low", "normal"))
    X, y = from_formula("weight ~ age", births)
    pd.testing.assert_series_equal(y, births["weight"])
    assert NeuronClassifier().fit(X, y).classes_.tolist() == ["low", "normal"]
    _, young = from_formula("I(age < 20) ~ lwt", births)
    np.testing.assert_array_equal(young, births["age"] < 20)
    spaces = births.rename(columns={"low": "low weight"})
    assert from_formula("`low weight` ~ age", spaces)[1].name == "low weight"


def test_new_rows_have_the_columns_of_the_fit():
    births = _births()
    formula = "low ~ age + race + scale(lwt)"
    few = births[births["race"] == "other"].iloc[:3]
    X, _, X_new = from_formula(formula, births, new=few)
    pd.testing.assert_frame_equal(X_new, X.loc[few.index])
    unknown = few.assign(race="green")
    with pytest.raises(ValueError, match=r"formulaic reports for new.*green"):
        from_formula(formula, births, new=unknown)
    with pytest.raises(ValueError, match="formulaic reports for new"):
        from_formula(formula, births, new=few.drop(columns="age"))
    with pytest.raises(ValueError, match="formulaic reports for new"):
        from_formula(formula, births, new=few.assign(age=np.nan))


def test_without_an_intercept():
    births = _births()
    X, y = from_formula("low ~ race + lwt - 1", births, fit_intercept=False)
    assert X.shape[1] == 4
    neuron = NeuronClassifier(C=np.inf, fit_intercept=False).fit(X, y)
    theirs = smf.glm("low ~ race + lwt - 1", births, family=sm.families.Binomial()).fit(tol=1e-13)
    np.testing.assert_allclose(np.sort(neuron.coef_[0]), np.sort(theirs.params), rtol=1e-6)
    with pytest.raises(ValueError, match=r"has no intercept, and fit_intercept=True.*remove '- 1'"):
        from_formula("low ~ lwt - 1", births)
    with pytest.raises(ValueError, match=r"has an intercept, and fit_intercept=False.*add '- 1'"):
        from_formula("low ~ lwt", births, fit_intercept=False)


def test_formulas_that_cannot_work(monkeypatch):
    births = _births()
    cases = [
        ("age + lwt", "has no left side.*'y ~ age"),
        ("low ~ agee", r"agee.*columns of the frame: low, age, lwt"),
        ("low ~ factor(race)", r"C\(x\) for R's factor\(x\)"),
        ("low = age", r"Unknown operator '='\. Expected"),
        ("low ~ ~ (", "formulaic reports"),
        ("C(race) ~ age", "columns. Expected one label"),
    ]
    for formula, match in cases:
        with pytest.raises(ValueError, match=match):
            from_formula(formula, births)
    with pytest.raises(ValueError, match=r"missing values.*dropna"):
        from_formula("low ~ age", births.assign(age=births["age"].where(births["age"] > 20)))
    with pytest.raises(TypeError, match="Got a dict"):
        from_formula("low ~ age", {"low": [0, 1], "age": [1, 2]})
    importing = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "formulaic":
            raise ImportError(name)
        return importing(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(
        ImportError, match=r"which is not installed\. Type: python -m pip install formulaic"
    ):
        from_formula("low ~ age", births)


def test_a_power_as_in_r_is_refused():
    frame = pd.DataFrame({"y": [0, 1, 1, 0], "x": [1.0, 2.0, 3.0, 4.0]})
    with pytest.raises(ValueError, match=r"exclusive or\. Expected \*\*"):
        from_formula("y ~ x + I(x^2)", frame)
    X, _ = from_formula("y ~ x + I(x ** 2)", frame)
    assert X.iloc[:, 1].tolist() == [1.0, 4.0, 9.0, 16.0]


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("y ~ x | g", r"right side .* has 2 parts.*Expected one part"),
        ("y | g ~ x", r"left side .* has 2 parts"),
        ("y ~ day", r"cannot compute the terms of 'y ~ day'.*dates\.min\(\)"),
        ("y ~ x:day", "cannot compute the terms"),
        ("y ~ lasts", "Column 'lasts' of X has the type timedelta64"),
        ("y ~ z", "Column 'z' of X has the type complex128"),
    ],
)
def test_parts_dates_and_complex_columns(formula, message):
    frame = pd.DataFrame(
        {
            "y": [0, 1, 1, 0],
            "x": [1.0, 2.0, 3.0, 4.0],
            "g": list("abab"),
            "day": pd.date_range("2020-01-01", periods=4),
            "lasts": pd.to_timedelta([1, 2, 3, 4], "D"),
            "z": [1j, 2, 3, 4],
        }
    )
    with pytest.raises(ValueError, match=message):
        from_formula(formula, frame)
