"""Residual plots and forest plots: what is drawn is what the tables have."""

import matplotlib as mpl
import numpy as np
import pytest
from textbooks import read

from skneuron import NeuronClassifier
from skneuron.inference import Table, coefficient_table, influence
from skneuron.plotting import OddsRatioDisplay, ResidualDisplay, WeightDisplay

mpl.use("Agg")
from matplotlib import pyplot as plt


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def _births():
    births = read("birthwt")
    return births[["age", "lwt", "smoke", "ht", "ui"]].astype(float), births["low"]


def _fit(X, y, link="sigmoid", **params):
    return NeuronClassifier(link, C=np.inf, **params).fit(X, y)


def test_a_forest_has_the_ratios_of_the_table():
    X, y = _births()
    neuron = _fit(X, y)
    display = OddsRatioDisplay.from_estimator(neuron, X, y, level=0.9)
    assert display.lines_.get_zorder() > display.points_.get_zorder()
    table = coefficient_table(neuron, X, y, level=0.9, exponentiate=True).drop("intercept")
    assert display.names == list(X.columns)
    np.testing.assert_array_equal(display.points_.get_xdata(), table["odds_ratio"])
    segments = np.array(display.lines_.get_segments())
    np.testing.assert_array_equal(segments[:, :, 0], table[["lower", "upper"]])
    labels = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert labels == display.names
    assert display.ax_.get_xscale() == "log"
    assert display.ax_.get_xlabel() == "odds ratio"
    low, high = display.ax_.get_xlim()
    assert low < table["lower"].min()
    assert high > table["upper"].max()
    assert display.ax_.yaxis_inverted()
    again = OddsRatioDisplay.from_table(table, ax=plt.gca())
    np.testing.assert_array_equal(again.ratios, display.ratios)
    plain = Table({name: np.asarray(table[name]) for name in table.columns}, list(table.index))
    np.testing.assert_array_equal(OddsRatioDisplay.from_table(plain).ratios, display.ratios)


def test_infinite_ends_have_arrows():
    data = read("endometrial")
    X, y = data[["NV", "PI", "EH"]].astype(float), data["HG"]
    X = X.assign(height=2 * X["EH"])
    with pytest.warns(UserWarning, match="separate"):
        neuron = _fit(X, y)
    display = OddsRatioDisplay.from_estimator(neuron, X, y, method="profile")
    # The collinear pair has no numbers. NV has an interval and no estimate.
    assert display.names == ["NV", "PI"]
    assert np.isnan(display.ratios[0])
    low, high = display.arrows_
    assert len(low.get_xdata()) == 0
    assert high.get_ydata().tolist() == [0]
    assert high.get_xdata()[0] == pytest.approx(display.ax_.get_xlim()[1])
    assert display.lines_.get_segments()[0][0, 0] == pytest.approx(np.exp(1.284112), rel=1e-5)


def test_a_forest_of_classes_and_of_hazards():
    X, y = _births()
    three = y + (X["smoke"] * (1 - y)).astype(int) * 2
    display = OddsRatioDisplay.from_estimator(
        _fit(X[["age", "lwt"]], three), X[["age", "lwt"]], three
    )
    assert display.names == ["1 age", "1 lwt", "2 age", "2 lwt"]
    hazards = OddsRatioDisplay.from_estimator(_fit(X, y, "cloglog"), X, y)
    assert hazards.ax_.get_xlabel() == "hazard ratio"
    with pytest.raises(ValueError, match="has no meaning"):
        OddsRatioDisplay.from_estimator(_fit(X, y, "probit"), X, y)
    with pytest.raises(ValueError, match=r"first column of the table is 'estimate'.*exponentiate"):
        OddsRatioDisplay.from_table(coefficient_table(_fit(X, y), X, y))
    with pytest.raises(TypeError, match="Expected a fitted NeuronClassifier"):
        OddsRatioDisplay.from_estimator("neuron", X, y)


def test_coefficient_displays_refuse_tables_of_other_quantities():
    X, y = _births()
    neuron = _fit(X, y)
    with pytest.raises(ValueError, match="The table has ratios"):
        WeightDisplay.from_estimator(
            neuron, table=coefficient_table(neuron, X, y, exponentiate=True)
        )
    three = np.arange(len(y)) % 3
    layer = _fit(X, three)
    with pytest.raises(ValueError, match="differences to a base class"):
        WeightDisplay.from_estimator(layer, table=coefficient_table(layer, X, three), neuron=1)
    profile = coefficient_table(neuron, X, y, method="profile")
    assert WeightDisplay.from_estimator(neuron, table=profile).intervals_ is not None


def test_binned_residuals_are_means_of_groups():
    X, y = _births()
    neuron = _fit(X, y)
    display = ResidualDisplay.from_estimator(neuron, X, y, n_bins=9)
    p = neuron.predict_proba(X)[:, 1]
    order = np.argsort(p)
    groups = np.array_split(order, 9)
    np.testing.assert_allclose(display.x, [p[g].mean() for g in groups], atol=0.01)
    np.testing.assert_allclose(display.x.size, 9)
    # All rows are in a group, and the mean residual of a fit with an intercept is 0.
    sizes = 1.96**2 * display.x * (1 - display.x) / display.band**2
    assert sizes.sum() == pytest.approx(len(y), rel=0.05)
    assert (display.y * sizes).sum() == pytest.approx(0, abs=0.5)
    points = display.points_.get_offsets()
    np.testing.assert_array_equal(points, np.column_stack([display.x, display.y]))
    np.testing.assert_array_equal(display.band_[1].get_ydata(), display.band)
    assert display.ax_.get_xlabel() == "fitted P(1)"


def test_weights_and_ties_of_binned_residuals():
    X = np.array([[0.0], [1.0], [2.0]] * 2)
    y, counts = [1, 1, 1, 0, 0, 0], np.array([2.0, 6, 8, 8, 4, 2])
    neuron = NeuronClassifier(C=np.inf).fit(X, y, counts)
    display = ResidualDisplay.from_estimator(neuron, X, y, counts, n_bins=3)
    p = neuron.predict_proba(X[:3])[:, 1]
    np.testing.assert_allclose(display.x, p)
    np.testing.assert_allclose(display.y, counts[:3] / 10 - p)
    np.testing.assert_allclose(display.band, 1.96 * np.sqrt(p * (1 - p) / 10))
    whole = ResidualDisplay.from_estimator(neuron, X, y, counts, n_bins=1)
    assert whole.y[0] == pytest.approx(0, abs=1e-9)
    rows = np.repeat(np.arange(6), counts.astype(int))
    long = ResidualDisplay.from_estimator(neuron, X[rows], np.array(y)[rows], n_bins=3)
    np.testing.assert_allclose(long.y, display.y)


def test_quantile_residuals_are_those_of_influence():
    X, y = _births()
    neuron = _fit(X, y)
    display = ResidualDisplay.from_estimator(neuron, X, y, kind="quantile", random_state=3)
    expected = np.sort(influence(neuron, X, y, random_state=3)["quantile"])
    np.testing.assert_array_equal(display.y, expected)
    assert np.corrcoef(display.x, display.y)[0, 1] > 0.99
    assert display.ax_.get_ylabel() == "quantile residual"


def test_arguments_that_cannot_work():
    X, y = _births()
    neuron = _fit(X, y)
    cases = [
        ({"kind": "pearson"}, "kind='pearson'. Expected 'binned' or 'quantile'"),
        ({"n_bins": 0}, "n_bins=0. Expected at least 1"),
    ]
    for arguments, match in cases:
        with pytest.raises(ValueError, match=match):
            ResidualDisplay.from_estimator(neuron, X, y, **arguments)
    three = np.arange(len(y)) % 3
    with pytest.raises(ValueError, match="has 3 classes"):
        ResidualDisplay.from_estimator(_fit(X, three), X, three)
    with pytest.raises(TypeError, match="Expected a fitted NeuronClassifier"):
        ResidualDisplay.from_estimator("neuron", X, y)
