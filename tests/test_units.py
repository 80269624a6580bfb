"""Notes, verdicts and standard errors do not depend on the units of columns, nor on centering."""

import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from families import PROBABILITIES
from scipy import sparse
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
from test_inference import KINDS
from textbooks import TABLES

from skneuron import NeuronClassifier
from skneuron.inference import coefficient_table, goodness_of_fit


def _table(X, y, link="sigmoid", **params):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        neuron = NeuronClassifier(link, C=np.inf).fit(X, y)
    return coefficient_table(neuron, X, y, **params)


def _standardized(X, scaler=None):
    scaler = scaler or StandardScaler()
    return pd.DataFrame(scaler.fit_transform(X), columns=X.columns)


def _drawn(seed):
    """Return X, y and the relations between columns: factors r and a constant, Σ r x = constant."""
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(80, 300)), int(rng.integers(2, 5))
    X = pd.DataFrame(rng.normal(size=(n, d)) * rng.lognormal(size=d), columns=list("abcd")[:d])
    y = (rng.logistic(size=n) < X @ (rng.normal(size=d) / X.std())).astype(int).to_numpy()
    X += rng.normal(size=d) * rng.choice([0.0, 1.0, 5.0])
    if rng.random() < 0.5:
        X["flag"] = (rng.random(n) < 0.4) * 1.0
    kind = seed % 7
    relations = []
    if kind == 1:
        X["kilos"] = 0.4536 * X["a"]
        relations = [({"a": 0.4536, "kilos": -1.0}, 0.0)]
    elif kind == 2:
        u, v = rng.normal(size=2)
        X["sum"] = u * X["a"] + v * X["b"]
        relations = [({"a": u, "b": v, "sum": -1.0}, 0.0)]
    elif kind == 3:
        for k, level in enumerate("xyz"):
            X[level] = (np.arange(n) % 3 == k) * 1.0
        relations = [(dict.fromkeys("xyz", 1.0), 1.0)]
    elif kind == 4:
        X["one"] = rng.choice([1.0, 3.7, -1e3])
        relations = [({"one": 1.0}, X["one"].iloc[0])]
    elif kind == 5:
        X["warm"], X["seven"] = 1.8 * X["a"] + 32, 7 * X["b"]
        relations = [({"a": 1.8, "warm": -1.0}, -32.0), ({"b": 7.0, "seven": -1.0}, 0.0)]
    elif kind == 6:
        X["none"] = 0.0
        relations = [({"none": 1.0}, 0.0)]
    return X, y, relations


def _reduced(X, relations):
    """Return X without one column of each relation."""
    return X.drop(columns=[list(factors)[-1] for factors, _ in relations])


def _expected_notes(names, relations):
    """Return the note of each name by the relations, which share no column."""
    notes = dict.fromkeys(names, "")
    of_intercept = [name for factors, constant in relations if constant for name in factors]
    for factors, constant in relations:
        for name in factors:
            others = [other for other in names if other in factors and other != name]
            notes[name] = _note(others + ["intercept"] * bool(constant))
    if of_intercept:
        notes["intercept"] = _note([name for name in names if name in of_intercept])
    return list(notes.values())


def _note(others):
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return f"collinear with {', '.join(others[:3])}{more}" if others else "always zero"


def _assert_same(table, other, factors, rtol=1e-6):
    """The other table is the table of columns times factors."""
    assert table["note"].tolist() == other["note"].tolist()
    for name in ("estimate", "standard_error", "lower", "upper"):
        np.testing.assert_allclose(
            other[name] * factors, table[name], rtol=rtol, atol=rtol * table["standard_error"].min()
        )
    for name in ("z", "p_value"):
        np.testing.assert_allclose(other[name], table[name], rtol=1e-4, atol=1e-6)


def test_a_redundant_standardised_column_leaves_the_intercept():
    """The columns without ``kilos``, standardised, by statsmodels: -0.8510 with error 0.1661."""
    X, y, _ = TABLES["birthwt"].load()
    X = X[["age", "lwt", "smoke"]].assign(kilos=0.4536 * X["lwt"])
    table = _table(_standardized(X), y)
    assert table["note"].tolist() == ["", "collinear with kilos", "", "collinear with lwt", ""]
    reference = sm.Logit(y, sm.add_constant(_standardized(X).drop(columns="kilos"))).fit(disp=0)
    for name, ours in (("const", "intercept"), ("age", "age"), ("smoke", "smoke")):
        row = table.loc[ours]
        assert row["estimate"] == pytest.approx(reference.params[name], rel=1e-6)
        assert row["standard_error"] == pytest.approx(reference.bse[name], rel=1e-6)
    row = table.loc["intercept"]
    assert (round(row["estimate"], 4), round(row["standard_error"], 4)) == (-0.8510, 0.1661)


@pytest.mark.parametrize("seed", range(300))
def test_random_standardised_tables(seed):
    """Redundant columns are those of the raw table, and the intercept, at the means, has an error."""
    X, y, relations = _drawn(seed)
    link = PROBABILITIES[seed % len(PROBABILITIES)]
    Z = _standardized(X)
    table = _table(Z, y, link)
    centered = [(factors, 0.0) for factors, _ in relations]
    assert table["note"].tolist() == _expected_notes(table.index, centered)
    without = _table(_reduced(Z, relations), y, link)
    known = table["note"] == ""
    _assert_same(without.loc[table.index[known]], table[known], 1.0)
    raw = _table(X, y, link)
    assert raw["note"].tolist() == _expected_notes(raw.index, relations)
    columns = table.index[:-1]
    spread = X.std(ddof=0)
    np.testing.assert_allclose(
        raw.loc[columns, "standard_error"] * spread, table.loc[columns, "standard_error"], rtol=1e-6
    )


@pytest.mark.parametrize("seed", range(300))
def test_columns_in_any_units(seed):
    X, y, relations = _drawn(seed)
    rng = np.random.default_rng(seed)
    link, kind = PROBABILITIES[seed % len(PROBABILITIES)], KINDS[seed % len(KINDS)]
    units = 10 ** rng.uniform(-8, 8, X.shape[1])
    table = _table(X, y, link, kind=kind)
    assert table["note"].tolist() == _expected_notes(table.index, relations)
    _assert_same(table, _table(X * units, y, link, kind=kind), np.append(units, 1.0))


@pytest.mark.parametrize("seed", range(140))
def test_columns_around_any_mean(seed):
    """A shift of columns moves the constant of a relation, and with it the intercept's verdict."""
    X, y, relations = _drawn(seed)
    rng = np.random.default_rng(seed)
    shift = pd.Series(np.round(10 ** rng.uniform(0, 5) * rng.normal(size=X.shape[1])), X.columns)
    moved = [
        (factors, constant + sum(r * shift[name] for name, r in factors.items()))
        for factors, constant in relations
    ]
    table = _table(X + shift, y)
    assert table["note"].tolist() == _expected_notes(table.index, moved)
    raw = _table(X, y)
    np.testing.assert_allclose(
        table["standard_error"].iloc[:-1], raw["standard_error"].iloc[:-1], rtol=1e-5
    )
    assert table["note"].iloc[:-1].ne("").tolist() == raw["note"].iloc[:-1].ne("").tolist()
    if table["note"].iloc[-1] == "":
        without = _table(_reduced(X + shift, relations), y).loc["intercept"]
        assert table.loc["intercept", "standard_error"] == pytest.approx(
            without["standard_error"], rel=1e-5
        )


@pytest.mark.parametrize("scaler", [MinMaxScaler(), RobustScaler(), StandardScaler(with_std=False)])
@pytest.mark.parametrize("seed", range(28))
def test_other_scalers(scaler, seed):
    """Of 0/1 dummies MinMaxScaler changes nothing; the others move each relation's constant."""
    X, y, relations = _drawn(seed)
    Z = _standardized(X, scaler)
    table = _table(Z, y)
    lost = {name for factors, _ in relations for name in factors}
    assert set(table.index[table["note"] != ""]) - {"intercept"} == lost
    if isinstance(scaler, StandardScaler):
        assert table.loc["intercept", "note"] == ""
    raw = _table(X, y)
    ratio = raw["standard_error"] / table["standard_error"]
    widths = (Z.std() / X.std()).replace([np.inf], np.nan)
    kept = [name for name in X.columns if name not in lost]
    np.testing.assert_allclose(ratio[kept], widths[kept], rtol=1e-6)


@pytest.mark.parametrize("as_stored", [np.asfortranarray, sparse.csr_array, sparse.csc_array])
@pytest.mark.parametrize("seed", range(14))
def test_how_x_is_stored_does_not_matter(as_stored, seed):
    X, y, _ = _drawn(seed)
    X = X.to_numpy() * 10 ** np.random.default_rng(seed).uniform(-8, 8, X.shape[1])
    _assert_same(_table(X, y), _table(as_stored(X), y), 1.0)


@pytest.mark.parametrize("unit", [1e-8, 1e-3, 1.0, 1e4, 1e8])
@pytest.mark.parametrize("value", [1.0, -0.1, 1 / 3, 7e5])
def test_a_constant_column_is_one_in_any_unit(unit, value):
    X, y, _ = _drawn(0)
    X["constant"] = unit * value
    table = _table(X, y)
    assert table.loc["constant", "note"] == "collinear with intercept"
    assert table.loc["intercept", "note"] == "collinear with constant"
    standardised = _table(_standardized(X), y)
    assert standardised.loc["intercept", "note"] == ""


def test_what_a_scaler_leaves_of_a_constant_is_zero():
    """StandardScaler leaves -4e-16 of a column of 3.7."""
    X, y, _ = _drawn(0)
    Z = _standardized(X).assign(left=-4e-16)
    table = _table(Z, y)
    assert table.loc["left", "note"] == "always zero"
    plain = _table(_standardized(X), y)
    np.testing.assert_allclose(
        table["standard_error"].drop("left"), plain["standard_error"], rtol=1e-6
    )


def test_rounding_that_was_fitted_is_refused():
    """A sum of columns, standardised far from zero: it has digits that the others do not explain."""
    X, y, _ = _drawn(0)
    X += 1e4
    Z = _standardized(X.assign(sum=0.3 * X["a"] + X["b"]))
    coef = np.zeros(Z.shape[1])
    plain = NeuronClassifier(C=np.inf).fit(_standardized(X), y)
    coef[:-1] = plain.coef_[0]
    widths = X["a"].std(ddof=0), X["b"].std(ddof=0), (0.3 * X["a"] + X["b"]).std(ddof=0)
    relation = pd.Series(0.0, Z.columns)
    relation[["a", "b", "sum"]] = 0.3 * widths[0] / widths[2], widths[1] / widths[2], -1.0
    for far, is_fit in ((0.0, True), (1.0, True), (1e11, False)):
        moved = NeuronClassifier.from_weights(coef + far * relation, plain.intercept_[0])
        if is_fit:
            table = coefficient_table(moved, Z, y)
            assert table.loc["intercept", "note"] == ""
        else:
            with pytest.raises(ValueError, match="others determine up to rounding"):
                coefficient_table(moved, Z, y)
            assert "from the maximum" in goodness_of_fit(moved, Z, y).note


def test_dates_a_minute_apart_are_told_from_multiples():
    """u = t + 60 leaves the intercept open, u = t/10 does not, at seconds since 1970."""
    rng = np.random.default_rng(0)
    n = 400
    t = np.round(1.6e9 + 1e5 * rng.normal(size=n))
    X = pd.DataFrame({"t": t, "x": rng.normal(size=n)})
    y = (rng.logistic(size=n) < (t - 1.6e9) / 1e5).astype(int)
    minute = _table(X.assign(u=t + 60), y)
    assert minute["note"].tolist() == [
        "collinear with u, intercept",
        "",
        "collinear with t, intercept",
        "collinear with t, u",
    ]
    tenth = _table(X.assign(u=t / 10), y)
    assert tenth["note"].tolist() == ["collinear with u", "", "collinear with t", ""]
    plain = _table(X, y)
    for name in ("x", "intercept"):
        assert tenth.loc[name, "standard_error"] == pytest.approx(
            plain.loc[name, "standard_error"], rel=1e-5
        )


def test_relations_that_share_a_column_are_named_together():
    X, y, _ = _drawn(0)
    X["plus"], X["minus"] = X["a"] + X["b"], X["a"] - X["b"]
    table = _table(X, y)
    assert table.loc["a", "note"] == "collinear with b, plus, minus"
    assert table.loc["intercept", "note"] == ""
    assert (
        goodness_of_fit(NeuronClassifier(C=np.inf).fit(X, y), X, y).n_parameters
        == 1 + len(X.columns) - 2
    )


def test_two_sets_of_dummies_are_separate_relations():
    X, y, _ = _drawn(0)
    n = len(y)
    for k in range(3):
        X[f"g{k}"] = (np.arange(n) % 3 == k) * 1.0
    rng = np.random.default_rng(0)
    group = rng.integers(0, 2, n)
    X["no"], X["yes"] = 1.0 - group, 1.0 * group
    table = _table(X, y)
    assert table.loc["g1", "note"] == "collinear with g0, g2, intercept"
    assert table.loc["yes", "note"] == "collinear with no, intercept"
    assert table.loc["intercept", "note"] == "collinear with g0, g1, g2 and 2 more"
    table = _table(_standardized(X), y)
    assert table.loc["yes", "note"] == "collinear with no"
    assert table.loc["intercept", "note"] == ""


def test_float32_has_its_own_rounding():
    X, y, _ = TABLES["birthwt"].load()
    X = X[["age", "lwt", "smoke"]].astype(np.float32)
    Z = _standardized(X).astype(np.float32)
    Z["again"] = Z["lwt"]
    table = _table(Z, y)
    assert table["note"].tolist() == ["", "collinear with again", "", "collinear with lwt", ""]
    assert table.loc["intercept", "standard_error"] == pytest.approx(0.1661, abs=5e-5)
