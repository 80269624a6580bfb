"""Pictures of a search over C: what is drawn is what the search has."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

from skneuron import NeuronClassifier, NeuronClassifierCV
from skneuron.plotting import PathDisplay

mpl.use("Agg")
from matplotlib import pyplot as plt

CS = [10.0, 0.01, 0.1, 1.0]
ORDER = np.argsort(CS)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4))
    y = np.where(X[:, 0] - X[:, 1] + 1.5 * rng.logistic(size=200) > 0, "yes", "no")
    return pd.DataFrame(X, columns=["_a", "$b$", "c", "d"]), y


def _search(table, **params):
    return NeuronClassifierCV(Cs=CS, cv=4, **params).fit(*table)


def test_scores_and_coefficients_are_the_means_of_the_search(table):
    search = _search(table)
    display = PathDisplay.from_estimator(search, top=2)
    above, below = display.ax_
    points, (_, _), (bars,) = display.scores_
    np.testing.assert_array_equal(points.get_xdata(), np.sort(CS))
    np.testing.assert_array_equal(points.get_ydata(), -search.mean_scores_[0][ORDER])
    heights = np.array(bars.get_segments())[:, :, 1]
    np.testing.assert_allclose(
        heights[:, 1] - heights[:, 0], 2 * search.standard_errors_[0][ORDER], rtol=1e-9
    )
    assert len(display.lines_) == 4
    for j, line in enumerate(display.lines_):
        expected = search.coefs_paths_[:, 0, ORDER, 0, j].mean(axis=0)
        np.testing.assert_allclose(line.get_ydata(), expected, rtol=1e-12)
    assert above.get_ylabel() == "held-out log loss"
    assert below.get_xlabel() == "C"
    assert above.get_xscale() == below.get_xscale() == "log"
    names = [text.get_text() for text in below.get_legend().get_texts()]
    assert sorted(names) == ["$b$", "_a"]
    norms = PathDisplay.from_estimator(search, over="norm")
    expected = np.abs(search.coefs_paths_[..., :4].mean(axis=0)).sum(axis=-1).ravel()[ORDER]
    np.testing.assert_allclose(norms.lines_[0].get_xdata(), expected, rtol=1e-12)
    assert norms.choices_[0].get_xdata()[0] == pytest.approx(
        expected[np.sort(CS).tolist().index(search.C_)]
    )


@pytest.mark.parametrize("selection", ["best", "one_se"])
def test_both_choices_are_marked(table, selection):
    search = _search(table, selection=selection)
    best = CS[int(search.mean_scores_[0].argmax())]
    assert search.C_one_se_ < best
    display = PathDisplay.from_estimator(search)
    assert (display.best, display.one_se) == (best, search.C_one_se_)
    assert [line.get_xdata()[0] for line in display.choices_] == [best, search.C_one_se_] * 2
    assert [line.axes for line in display.choices_] == [
        *[display.ax_[0]] * 2,
        *[display.ax_[1]] * 2,
    ]
    texts = [text.get_text() for text in display.ax_[0].get_legend().get_texts()]
    assert texts == [f"best, C = {best:.3g}", f"one standard error, C = {search.C_one_se_:.3g}"]


def test_one_line_marks_a_common_choice_and_another_l1_ratio_has_none(table):
    search = _search(table, scoring=lambda *_: 0.5, l1_ratios=[0.0, 1.0])
    display = PathDisplay.from_estimator(search)
    assert display.ax_[0].get_ylabel() == "held-out score"
    assert len(display.choices_) == 2
    other = PathDisplay.from_estimator(search, l1_ratio=1.0)
    assert other.choices_ == []
    np.testing.assert_allclose(other.coefs, search.coefs_paths_[:, 1, ORDER, 0, :4].mean(axis=0))


def test_a_mean_of_choices_and_a_single_fold(table):
    search = _search(table, refit=False, scoring="accuracy")
    for over in ("C", "norm"):
        display = PathDisplay.from_estimator(search, over=over)
        low, high = display.ax_[1].get_xlim()
        assert low < display.choices_[0].get_xdata()[0] < high
    assert display.ax_[0].get_ylabel() == "held-out accuracy"
    X, y = table
    one = NeuronClassifierCV(Cs=CS, cv=[(np.arange(150), np.arange(150, 200))]).fit(X, y)
    assert PathDisplay.from_estimator(one).scores_[2] == ()


@pytest.mark.filterwarnings("ignore::skneuron.separation.SeparationWarning")
def test_an_infinite_C_is_at_the_right_end(table):
    X, y = table
    search = NeuronClassifierCV(Cs=[np.inf, 1.0, 0.1], cv=3).fit(X, y)
    display = PathDisplay.from_estimator(search)
    assert display.scores_[0].get_xdata().tolist() == [0.1, 1.0, 10.0]
    assert "infinite at the right end" in display.ax_[1].get_xlabel()
    only = NeuronClassifierCV(Cs=[np.inf], cv=3).fit(X, y)
    PathDisplay.from_estimator(only).figure_.canvas.draw()


def test_classes_names_and_own_axes():
    X, y = load_iris(return_X_y=True)
    search = NeuronClassifierCV("probit", Cs=CS, cv=3, fit_intercept=False).fit(X, y)
    axes = plt.subplots(2)[1]
    display = PathDisplay.from_estimator(search, neuron=2, feature_names=list("abcd"), ax=axes)
    assert display.names == list("abcd")
    assert display.ax_ is axes
    np.testing.assert_allclose(display.coefs, search.coefs_paths_[:, 0, ORDER, 2].mean(axis=0))
    assert PathDisplay.from_estimator(search).names == ["x0", "x1", "x2", "x3"]
    assert display.plot().ax_ is not axes


def test_bad_arguments(table):
    search = _search(table)
    draw = PathDisplay.from_estimator
    with pytest.raises(
        TypeError, match=r"Got a NeuronClassifier\. Expected a fitted NeuronClassifierCV"
    ):
        draw(NeuronClassifier().fit(*table))
    with pytest.raises(NotFittedError):
        draw(NeuronClassifierCV())
    for arguments in (
        {"over": "lambda"},
        {"l1_ratio": 0.5},
        {"neuron": 1},
        {"top": -1},
        {"feature_names": ["a"]},
        {"ax": plt.gca()},
    ):
        with pytest.raises(ValueError, match=r"Expected .*Use for example"):
            draw(search, **arguments)
