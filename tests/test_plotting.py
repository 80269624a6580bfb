"""Pictures: what is drawn is what the neuron does."""

import builtins
import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_iris, make_blobs
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS, LeakyReLU, get_activation
from skneuron.inference import coefficient_table
from skneuron.plotting import (
    ActivationDisplay,
    DescentDisplay,
    NeuronBoundaryDisplay,
    WeightDisplay,
)
from skneuron.plotting._normal import normal_of

mpl.use("Agg")
from matplotlib import pyplot as plt


@pytest.fixture(autouse=True)
def _close():
    before = dict(mpl.rcParams)
    yield
    plt.close("all")
    assert dict(mpl.rcParams) == before, "a display leaves matplotlib as it was"


def _random_neuron(activation, seed, d=2):
    rng = np.random.default_rng(seed)
    neuron = NeuronClassifier.from_weights(
        rng.normal(size=d), rng.normal(), activation=activation, classes=["no", "yes"]
    )
    X = rng.normal(size=(60, d))
    y = np.where(rng.random(60) < 0.2, rng.permutation(neuron.predict(X)), neuron.predict(X))
    return neuron, X, y


def _class_beside(display, neuron, side):
    """Class of points of the line, moved a little to one side of it in the plane."""
    foot = np.array(display.line_.get_xy1())
    along = np.array(display.line_.get_xy2()) - foot
    across = np.array([along[1], -along[0]]) / np.linalg.norm(along)
    points = foot + np.linspace(-3, 3, 7)[:, None] * along + side * 1e-6 * across
    return neuron.predict(display.plane.rows(points)), across


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("seed", range(5))
def test_the_line_is_where_the_neuron_flips(activation, seed):
    neuron, X, y = _random_neuron(activation, seed)
    display = NeuronBoundaryDisplay.from_estimator(neuron, X, y)
    left, across = _class_beside(display, neuron, 1)
    right, _ = _class_beside(display, neuron, -1)
    assert len(set(left)) == len(set(right)) == 1
    assert left[0] != right[0]
    # The arrow is perpendicular to the line and points to the positive class.
    start, end = (np.array(p) for p in display.arrow_._posA_posB)
    arrow = end - start
    along = np.array([across[1], -across[0]])
    assert abs(arrow @ along) < 1e-9 * np.linalg.norm(arrow)
    assert neuron.predict([start + 1e-6 * arrow])[0] == "yes"
    np.testing.assert_allclose(
        arrow / np.linalg.norm(arrow), neuron.coef_[0] / np.linalg.norm(neuron.coef_)
    )


@pytest.mark.parametrize("activation", ["sigmoid", "cloglog", "relu"])
def test_two_of_many_features(activation):
    """The others stand at their mean, in the line as in the regions."""
    neuron, X, y = _random_neuron(activation, 3, d=5)
    display = NeuronBoundaryDisplay.from_estimator(neuron, X, y, features=[4, 1])
    assert display.ax_.get_xlabel() == "x4"
    assert display.ax_.get_legend().get_title().get_text() == "other features at their mean"
    left, _ = _class_beside(display, neuron, 1)
    right, _ = _class_beside(display, neuron, -1)
    assert left[0] != right[0]
    row = display.plane.rows(np.array([[9.0, 8.0]]))[0]
    np.testing.assert_allclose(row[[4, 1]], [9.0, 8.0])
    np.testing.assert_allclose(row[[0, 2, 3]], X.mean(axis=0)[[0, 2, 3]])
    most = np.argsort(np.abs(neuron.coef_[0]) * X.std(axis=0))[-2:]
    default = NeuronBoundaryDisplay.from_estimator(neuron, X, y)
    assert set(default.plane.columns) == set(most)


@pytest.mark.parametrize("scales", [(1.0, 1.0), (1e9, 1e-6), (1e-5, 1e5)])
def test_the_arrow_stays_in_the_picture(scales):
    X, y = load_iris(return_X_y=True)
    X, y = X[50:, 2:] * scales, y[50:]
    display = NeuronBoundaryDisplay.from_estimator(NeuronClassifier().fit(X, y), X, y)
    low, high = (np.array([side[end] for side in display.grid]) for end in (0, -1))
    for place in display.arrow_._posA_posB:
        assert (low <= place).all()
        assert (place <= high).all()


def _arrow_in_pixels(display):
    """Return ends of the drawn arrow and a step along the drawn line, in pixels of the figure."""
    display.figure_.canvas.draw()
    arrow = display.arrow_
    # The first two vertices of the path are the ends of the shaft, of which the head takes some.
    start, end = arrow.get_transform().transform(arrow.get_path().vertices[:2])
    to_pixels = display.ax_.transData.transform
    along = to_pixels(display.line_.get_xy2()) - to_pixels(display.line_.get_xy1())
    return start, end, along


def _assert_perpendicular(display, neuron):
    """The arrow is drawn at 90° to the line, from the line, inside the picture, to class 1."""
    start, end, along = _arrow_in_pixels(display)
    arrow = end - start
    cosine = arrow @ along / np.linalg.norm(arrow) / np.linalg.norm(along)
    assert np.degrees(np.arccos(cosine)) == pytest.approx(90, abs=1e-6)
    box = display.ax_.bbox
    for point in (start, end):
        assert (box.min - 1e-6 <= point).all()
        assert (point <= box.max + 1e-6).all()
    to_data = display.ax_.transData.inverted().transform
    # A thousandth of a pixel to both sides of the foot, the class changes.
    step = 1e-3 * arrow / np.linalg.norm(arrow)
    sides = [to_data(start - step), to_data(start + step)]
    assert neuron.predict(display.plane.rows(np.array(sides))).tolist() == list(neuron.classes_)


def _aspect(display, ratio, **more):
    """Make a unit of height ``ratio`` times as long as a unit of width, in units of the data."""
    width, height = (np.ptp(side) for side in display.grid)
    display.ax_.set_aspect(ratio * width / height, **more)


def _resize(display):
    display.figure_.set_size_inches(9, 3)


def _zoom(display):
    """Tight limits around the middle of the line, other in x than in y."""
    foot = display.arrow_.get_path().vertices[0]
    for k, (low, high) in enumerate((display.ax_.get_xlim(), display.ax_.get_ylim())):
        reach = (0.02, 0.3)[k] * (high - low)
        (display.ax_.set_xlim, display.ax_.set_ylim)[k](foot[k] - 0.4 * reach, foot[k] + reach)


CHANGES = {
    "nothing": lambda display: None,
    "aspect auto": lambda display: display.ax_.set_aspect("auto"),
    "aspect 3": lambda display: _aspect(display, 3.0),
    "aspect by limits": lambda display: _aspect(display, 0.5, adjustable="datalim"),
    "box aspect": lambda display: (display.ax_.set_aspect("auto"), display.ax_.set_box_aspect(2)),
    "reversed x": lambda display: display.ax_.invert_xaxis(),
    "reversed y": lambda display: display.ax_.invert_yaxis(),
    "reversed both": lambda display: (display.ax_.invert_xaxis(), display.ax_.invert_yaxis()),
    "resized": _resize,
    "resized, aspect auto": lambda display: (display.ax_.set_aspect("auto"), _resize(display)),
    "tight limits": lambda display: (display.ax_.set_aspect("auto"), _zoom(display)),
    "moved": lambda display: (
        display.figure_.set_layout_engine("none"),
        display.ax_.set_aspect("auto"),
        display.ax_.set_position([0.1, 0.1, 0.2, 0.7]),
    ),
    "more dots": lambda display: display.figure_.set_dpi(300),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("scales", [(1, 1), (1, 20), (300, 1), (1e9, 1e-6)])
def test_the_arrow_is_perpendicular_on_the_screen(scales, change):
    """On axes of unequal scale too, and after each change of the axes or of the figure."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(80, 2))
    y = np.where(X @ [1.0, 0.6] + 0.3 * rng.normal(size=80) > 0, "yes", "no")
    X = X * scales
    neuron = NeuronClassifier().fit(X, y)
    display = NeuronBoundaryDisplay.from_estimator(neuron, X, y, grid_resolution=10)
    display.figure_.canvas.draw()
    CHANGES[change](display)
    _assert_perpendicular(display, neuron)


@pytest.mark.parametrize("layout", [None, "tight", "constrained"])
def test_the_arrow_is_perpendicular_in_axes_that_are_given(layout):
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    X = X[["worst texture", "worst area"]]
    neuron = NeuronClassifier().fit(X, y)
    shared = {"sharex": "col", "sharey": "col"}
    axes = plt.subplots(2, 2, figsize=(9, 5), layout=layout, **shared)[1]
    axes[0, 1].set_aspect(0.05)
    axes[1, 1].invert_xaxis()
    displays = [NeuronBoundaryDisplay.from_estimator(neuron, X, y, ax=ax) for ax in axes.ravel()]
    with warnings.catch_warnings():
        # scikit-learn's warning of names: rows of the plane have none.
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        for display in displays:
            _assert_perpendicular(display, neuron)


def test_a_line_beside_the_picture_has_no_arrow_until_it_is_shown():
    """The line x + y = 8, of which samples around 0 show nothing."""
    X = np.random.default_rng(0).normal(size=(50, 2))
    neuron = NeuronClassifier.from_weights([1.0, 1.0], -8.0)
    display = NeuronBoundaryDisplay.from_estimator(neuron, X, neuron.predict(X))
    display.figure_.canvas.draw()
    assert not display.arrow_.aim()
    display.ax_.set(xlim=(0, 9), ylim=(-9, 9), aspect="auto")
    _assert_perpendicular(display, neuron)


@pytest.mark.parametrize("size", [1e-20, 1e-150, 1e-300])
def test_a_line_that_is_too_far_to_be_drawn(size):
    """matplotlib cannot tell two points of it apart; once that ended in an error."""
    X = np.random.default_rng(0).normal(size=(50, 2))
    neuron = NeuronClassifier.from_weights([size, size], 1.0)
    display = NeuronBoundaryDisplay.from_estimator(neuron, X, neuron.predict(X))
    display.figure_.canvas.draw()
    assert display.line_ is None
    assert display.arrow_ is None


numbers = st.floats(-1, 1).filter(lambda value: abs(value) > 1e-3)


@settings(max_examples=300, deadline=None)
@given(
    weights=st.tuples(numbers, numbers),
    bias=st.floats(-3, 3),
    scales=st.tuples(st.integers(-100, 100), st.integers(-100, 100)),
    span=st.tuples(numbers, numbers),
    size=st.tuples(st.floats(1, 2000), st.floats(1, 2000)),
)
def test_normals_of_any_scale(weights, bias, scales, span, size):
    """In pixels at 90° to the line; the foot is on the line; the tip in the picture, z larger."""
    unit = 10.0 ** np.array(scales)
    w, span, size = np.array(weights) / unit, np.array(span) * unit, np.array(size)
    start = -span / 2
    normal = normal_of(w, bias, start, span, size)
    foot, tip = ((point - start) / span * size for point in (normal.foot, normal.tip))
    along = normal.along / span * size
    assert (tip - foot) @ along == pytest.approx(
        0, abs=1e-9 * np.linalg.norm(tip - foot) * np.linalg.norm(along)
    )
    change = np.abs(w * span).sum() + abs(bias)
    assert w @ normal.foot + bias == pytest.approx(0, abs=1e-9 * change)
    assert w @ (normal.foot + normal.along) + bias == pytest.approx(0, abs=1e-9 * change * 100)
    assert w @ (normal.tip - normal.foot) > 0
    # z is linear, so the line is in the picture if z has both signs at the corners.
    corners = start + span * np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    z = corners @ w + bias
    if normal.in_sight:
        assert z.min() <= 1e-9 * change
        assert z.max() >= -1e-9 * change
        for point in (foot, tip):
            assert (point >= -1e-9 * size.max()).all()
            assert (point <= size + 1e-9 * size.max()).all()
    elif z.min() < 0 < z.max():
        # A corner with class 1 in which a tenth of the arrow has no room: from the middle of the
        # line it is at least half as far to the border as from the line to the corner.
        gradient = w * span / size
        steepest = np.linalg.norm(gradient)
        longest = 0.25 / np.max(np.abs(gradient) / steepest / size)
        assert z.max() / steepest <= 0.2 * longest * (1 + 1e-9)


@pytest.mark.parametrize(
    "name", ["$^$", "US$ and CA$", "_hidden", "", "\\frac", "{}", "a\nb", "100 %", "</svg>"]
)
def test_names_are_drawn_as_they_are(name):
    """matplotlib takes "$^$" for a formula, and leaves "_hidden" out of legends."""
    X, y = load_iris(return_X_y=True)
    X, y = X[50:, 2:], y[50:]
    frame = pd.DataFrame(X, columns=[name, "other"])
    labels = np.where(y == 1, name, "other")
    neuron = NeuronClassifier().fit(frame, labels)
    boundary = NeuronBoundaryDisplay.from_estimator(neuron, frame, labels)
    weights = WeightDisplay.from_estimator(neuron)
    descents = DescentDisplay.from_estimator({name: neuron, "other": neuron})
    layer = NeuronClassifier().fit(frame, [*labels[1:], "third"])
    others = [
        NeuronBoundaryDisplay.from_estimator(layer, frame, labels),
        WeightDisplay.from_estimator(layer, neuron=0),
    ]
    for display in (boundary, weights, descents, *others):
        display.figure_.canvas.draw()
    assert boundary.ax_.get_xlabel() == name
    assert name in [tick.get_text() for tick in weights.ax_.get_yticklabels()]
    for display in (boundary, descents):
        texts = display.ax_.get_legend().get_texts()
        assert name in [text.get_text() for text in texts]
        assert not any(text.get_parse_math() for text in texts)


def test_no_two_classes_look_alike():
    X, y = make_blobs(200, centers=12, random_state=0)
    display = NeuronBoundaryDisplay.from_estimator(NeuronClassifier().fit(X, y), X, y)
    looks = {
        (points.get_facecolor().tobytes(), points.get_paths()[0].vertices.tobytes())
        for points in display.points_
    }
    assert len(looks) == 12


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("activation", ["sigmoid", "probit", "relu", "step"])
def test_rings_are_the_misclassified(activation, n_classes):
    X, y = make_blobs(150, centers=n_classes, cluster_std=3.0, random_state=1)
    y[::17] = (y[::17] + 1) % n_classes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        neuron = NeuronClassifier(activation, random_state=0, max_iter=50).fit(X, y)
    display = NeuronBoundaryDisplay.from_estimator(neuron, X, y)
    wrong = X[neuron.predict(X) != y]
    assert len(wrong) > 0
    np.testing.assert_array_equal(display.rings_.get_offsets(), wrong)
    for k, points in enumerate(display.points_):
        np.testing.assert_array_equal(points.get_offsets(), X[y == k])


def test_regions_are_probabilities():
    X, y = load_iris(return_X_y=True, as_frame=True)
    X = X.iloc[:, :2]
    for labels in (y, y == 2):
        neuron = NeuronClassifier().fit(X, labels)
        display = NeuronBoundaryDisplay.from_estimator(neuron, X, labels, grid_resolution=21)
        first, second = np.meshgrid(*display.grid)
        frame = pd.DataFrame({X.columns[0]: first.ravel(), X.columns[1]: second.ravel()})
        proba = neuron.predict_proba(frame)
        expected = proba if labels is y else proba[:, 1]
        np.testing.assert_allclose(
            display.response.reshape(expected.shape), expected, rtol=1e-9, atol=1e-15
        )


def test_borders_of_three_classes():
    X, y = make_blobs(150, centers=3, random_state=1)
    neuron = NeuronClassifier().fit(X, y)
    display = NeuronBoundaryDisplay.from_estimator(neuron, X, y)
    assert display.arrow_ is None
    step = max(side[1] - side[0] for side in display.grid)
    assert len(display.line_) == 3
    for level in (path for border in display.line_ for path in border.get_paths()):
        for point in level.vertices:
            near = point + step * np.random.default_rng(0).normal(size=(200, 2))
            assert len(set(neuron.predict(near))) > 1


def test_no_weights_no_line():
    neuron = NeuronClassifier.from_weights([0.0, 0.0], 1.0)
    display = NeuronBoundaryDisplay.from_estimator(neuron, np.eye(2), [0, 1])
    assert display.line_ is None
    assert display.arrow_ is None


@pytest.mark.parametrize(
    ("features", "match"),
    [
        ([0, 0], "two different"),
        ([0, 9], "from 0 to 2"),
        (["a"], "features"),
        ([0, "b"], "features"),
    ],
)
def test_wrong_features(features, match):
    neuron, X, y = _random_neuron("sigmoid", 0, d=3)
    with pytest.raises(ValueError, match=match):
        NeuronBoundaryDisplay.from_estimator(neuron, X, y, features=features)


def test_a_pipeline_is_no_neuron():
    X, y = load_iris(return_X_y=True)
    X, y = X[50:, 2:], y[50:]
    pipeline = make_pipeline(StandardScaler(), NeuronClassifier()).fit(X, y)
    with pytest.raises(TypeError, match=r"Pipeline\. .* pipe\[-1\]"):
        NeuronBoundaryDisplay.from_estimator(pipeline, X, y)
    with pytest.raises(TypeError, match="Pipeline"):
        WeightDisplay.from_estimator(pipeline)
    inside = pipeline[:-1].transform(X)
    assert NeuronBoundaryDisplay.from_estimator(pipeline[-1], inside, y).line_ is not None


def test_wrong_data_of_a_boundary():
    neuron, X, y = _random_neuron("sigmoid", 0)
    with pytest.raises(ValueError, match="X has shape"):
        NeuronBoundaryDisplay.from_estimator(neuron, X[:, :1], y)
    with pytest.raises(ValueError, match="y has the label 'maybe'"):
        NeuronBoundaryDisplay.from_estimator(neuron, X, ["maybe"] * 60)
    one = NeuronClassifier.from_weights([1.0])
    with pytest.raises(ValueError, match="two or more"):
        NeuronBoundaryDisplay.from_estimator(one, X[:, :1], [0, 1] * 30)


@pytest.mark.parametrize("activation", [*ACTIVATIONS, LeakyReLU(alpha=0.3)])
def test_activation(activation):
    f = get_activation(activation)
    display = ActivationDisplay.from_activation(activation)
    z, value = display.line_.get_data()
    np.testing.assert_array_equal(value, f.value(z))
    np.testing.assert_array_equal(display.slope_line_.get_ydata(), f.derivative(z))
    at, slope = display.largest_slope_.get_xydata()[0]
    assert slope == pytest.approx(np.abs(f.derivative(z)).max(), rel=1e-9)
    assert f.derivative(np.array([at]))[0] == slope
    ends = [line.get_ydata()[0] for line in display.range_lines_]
    assert ends == [end for end in f.range if np.isfinite(end)]
    again = ActivationDisplay.from_estimator(NeuronClassifier(activation))
    np.testing.assert_array_equal(again.value, display.value)


def test_descents():
    X, y = load_breast_cancer(return_X_y=True)
    neurons = {s: NeuronClassifier(solver=s).fit(X, y) for s in ("newton", "lbfgs")}
    display = DescentDisplay.from_estimator(neurons)
    lowest = min(n.history_["objective"].min() for n in neurons.values())
    for name, line in zip(neurons, display.lines_, strict=True):
        along, gap = line.get_data()
        history = neurons[name].history_["objective"]
        np.testing.assert_array_equal(along, np.arange(1, len(history) + 1))
        above = history - lowest
        np.testing.assert_array_equal(gap, np.where(above > 0, above, np.nan))
    assert display.ax_.get_yscale() == "log"
    norms = DescentDisplay.from_estimator(
        neurons["lbfgs"], quantity="gradient_norm", over="seconds"
    )
    history = neurons["lbfgs"].history_
    np.testing.assert_array_equal(
        norms.lines_[0].get_xydata(), np.c_[history["seconds"], history["gradient_norm"]]
    )
    held = NeuronClassifier(early_stopping=True, random_state=0).fit(X, y)
    loss = DescentDisplay.from_estimator(held, quantity="validation_loss")
    np.testing.assert_array_equal(loss.lines_[0].get_ydata(), held.history_["validation_loss"])
    with pytest.raises(ValueError, match="no 'validation_loss'"):
        DescentDisplay.from_estimator(neurons, quantity="validation_loss")


def test_weights():
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    X = X.iloc[:, :6]
    neuron = NeuronClassifier(C=np.inf).fit(X, y)
    table = coefficient_table(neuron, X, y)
    display = WeightDisplay.from_estimator(neuron, X, table=table, top=4)
    unit = X.std(ddof=0).to_numpy()
    order = np.argsort(-np.abs(neuron.coef_[0] * unit))[:4]
    assert display.names == X.columns[order].tolist()
    widths = [bar.get_width() for bar in display.bars_]
    np.testing.assert_allclose(widths, (neuron.coef_[0] * unit)[order])
    for bar, width in zip(display.bars_, widths, strict=True):
        assert bool(bar.get_hatch()) == (width < 0), "the sign shows without colour"
    ends = [segment[:, 0] for segment in display.intervals_[2][0].get_segments()]
    expected = table[["lower", "upper"]].to_numpy()[order] * unit[order, None]
    np.testing.assert_allclose(ends, expected)
    layer = NeuronClassifier().fit(*load_iris(return_X_y=True))
    second = WeightDisplay.from_estimator(layer, neuron=1)
    assert "class 1" in second.ax_.get_xlabel()
    named = WeightDisplay.from_estimator(layer, top=2, feature_names=["a", "b", "c", "d"])
    assert named.names == [list("abcd")[k] for k in np.argsort(-np.abs(layer.coef_[0]))[:2]]
    mistakes = ({"neuron": 3}, {"top": 0}, {"X": np.ones((2, 2))}, {"feature_names": ["a"]})
    for wrong in mistakes:
        with pytest.raises(ValueError, match="Expected"):
            WeightDisplay.from_estimator(layer, **wrong)


@pytest.mark.parametrize(
    "display", [ActivationDisplay, NeuronBoundaryDisplay, DescentDisplay, WeightDisplay]
)
def test_conventions(display):
    """Drawn into axes that are given, and again into others; the display itself comes back."""
    X, y = load_iris(return_X_y=True)
    X, y = X[50:, 2:], y[50:]
    neuron = NeuronClassifier().fit(X, y)
    data = (X, y) if display is NeuronBoundaryDisplay else ()
    figure, (first, second) = plt.subplots(1, 2)
    drawn = display.from_estimator(neuron, *data, ax=first)
    assert drawn.ax_ is first
    assert drawn.figure_ is figure
    assert drawn.plot(second) is drawn
    assert drawn.ax_ is second
    own = drawn.plot()
    assert own.figure_ is not figure
    figure.canvas.draw()


def test_without_matplotlib(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=r"pip install matplotlib"):
        ActivationDisplay.from_activation("sigmoid")
