"""The playground in a browser says what Python says, and is worked by mouse and keyboard."""

import shutil
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS, LeakyReLU, Sigmoid

pytest.importorskip("altair")
pytest.importorskip("vl_convert")
sync_api = pytest.importorskip("playwright.sync_api")

from skneuron.playground import playground  # noqa: E402

CHROMIUM = shutil.which("chromium")
browsing = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")

# Moves sliders as a hand does, and tells what the page shows after each setting: of samples
# and figures the rows behind the marks; the samples that are ringed; the ends of line and arrow.
PLAY = """async settings => {
    const marks = (kind, column) => [...document.querySelectorAll(`#picture ${kind}`)]
        .map(mark => mark.__data__ && mark.__data__.datum).filter(row => row && column in row)
        .map(row => ({...row}));  // Vega writes into its rows
    const seen = [];
    for (const setting of settings) {
        for (const [name, value] of Object.entries(setting)) {
            const input = document.querySelector(`#controls [name=${name}]`);
            input.value = value;
            input.dispatchEvent(new Event("input", {bubbles: true}));
            input.dispatchEvent(new Event("change", {bubbles: true}));
        }
        await view.runAsync();
        const samples = marks("path[stroke=white]", "share");
        seen.push({
            weights: ["w1", "w2", "b"].map(name => view.signal(name)),
            z: samples.map(row => row.z),
            f: samples.map(row => row.f),
            logs: samples.map(row => [row.log_q, row.log_p]),
            fires: samples.map(row => row.fires),
            ringed: marks("path[stroke='#FFD60A']", "share").map(row => row.sample),
            figures: marks("text", "log_loss")[0],
            line: marks("line", "foot_x")[0],
            texts: [...document.querySelectorAll("#picture text")].map(text => text.textContent),
        });
    }
    return seen;
}"""


def _irises():
    X, y = load_iris(return_X_y=True, as_frame=True)
    X = X.loc[y > 0, ["petal length (cm)", "petal width (cm)"]]
    return X, np.array(["versicolor", "virginica"])[y[y > 0] - 1]


def _fit(X, y, **params):
    return NeuronClassifier(**params).fit(X, y)


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def shown(browser, tmp_path):
    """Open a playground with no network; fail on an error or a request of the page."""
    faults, pages = [], []

    def show(*args, **kwargs):
        context = browser.new_context(viewport={"width": 900, "height": 950}, offline=True)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text))
        page.on("requestfailed", lambda request: faults.append(request.url))
        path = tmp_path / "page.html"
        playground(*args, **kwargs).save(path)
        page.goto(path.as_uri())
        page.wait_for_function("window.view !== undefined")
        pages.append(context)
        return page

    yield show
    for context in pages:
        context.close()
    assert faults == []


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def _settings(page, rng, n, **more):
    """Return n random places of the sliders."""
    largest = page.evaluate(
        "() => ['w1', 'w2', 'b'].map(name => +document.querySelector(`[name=${name}]`).max)"
    )
    names = ["w1", "w2", "b"]
    return [
        dict(zip(names, row, strict=True)) | more for row in rng.uniform(-1, 1, (n, 3)) * largest
    ]


@browsing
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_page_agrees_with_python(shown, activation, rng):
    X, y = _irises()
    page = shown(_fit(X, y), X, y, epochs=1)
    for seen in page.evaluate(PLAY, _settings(page, rng, 100, activation=activation)):
        w1, w2, b = seen["weights"]
        neuron = NeuronClassifier.from_weights(
            {X.columns[0]: w1, X.columns[1]: w2}, b, activation=activation, classes=np.unique(y)
        )
        z = np.array(seen["z"])
        np.testing.assert_allclose(z, X.to_numpy() @ [w1, w2] + b, rtol=1e-9, atol=1e-9)
        # At the page's z: what it rounds another way is no matter of f.
        f = ACTIVATIONS[activation]().value(z)
        np.testing.assert_allclose(seen["f"], f, rtol=1e-9, atol=1e-300)
        predicted = neuron.predict(X)
        assert seen["fires"] == (predicted == "virginica").astype(int).tolist()
        assert sorted(seen["ringed"]) == np.flatnonzero(predicted != y).tolist()
        figures = seen["figures"]
        assert figures["accuracy"] == pytest.approx(neuron.score(X, y), abs=1e-12)
        if hasattr(neuron, "predict_proba"):
            own = neuron.predict_log_proba(X)[np.arange(len(y)), (y == "virginica").astype(int)]
            assert figures["log_loss"] == pytest.approx(-own.mean(), rel=1e-9)
        else:
            assert not figures["likely"]
            assert "no probability" in seen["texts"]


@browsing
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_formulas_hold_in_the_tails(shown, activation):
    """f and both logarithms at any z, against the activation's own."""
    z = np.concatenate([np.linspace(-45, 45, 181), [-1e3, -200.0, 200.0, 1e3, 1e-9, -1e-9]])
    X, y = np.column_stack([z, np.zeros_like(z)]), np.arange(len(z)) % 2
    neuron = NeuronClassifier.from_weights([1.0, 0.0], 0.0, activation=activation)
    page = shown(neuron, X, y, epochs=1)
    (seen,) = page.evaluate(PLAY, [{}])
    f = ACTIVATIONS[activation]()
    np.testing.assert_array_equal(seen["z"], z)
    np.testing.assert_allclose(seen["f"], f.value(z), rtol=1e-9, atol=1e-300)
    if f.is_probability:
        np.testing.assert_allclose(np.array(seen["logs"], dtype=float).T, f.log_proba(z), rtol=1e-9)
    else:
        assert all(pair == [None, None] for pair in seen["logs"])


@browsing
def test_the_line_is_where_the_neuron_changes_its_mind(shown, rng):
    X, y = _irises()
    page = shown(_fit(X, y), X, y, epochs=1)
    drawn = [seen for seen in page.evaluate(PLAY, _settings(page, rng, 60)) if seen["line"]]
    assert len(drawn) > 10
    for seen in drawn:
        w, b, line = np.array(seen["weights"][:2]), seen["weights"][2], seen["line"]
        ends = [np.array([line[f"{end}_x"], line[f"{end}_y"]]) for end in ("start", "end")]
        foot, tip = (np.array([line[f"{end}_x"], line[f"{end}_y"]]) for end in ("foot", "tip"))
        neuron = NeuronClassifier.from_weights(w, b)
        for share in (0.3, 0.5, 0.7):
            point = ends[0] + share * (ends[1] - ends[0])
            beside = [point - 1e-6 * (tip - foot), point + 1e-6 * (tip - foot)]
            assert neuron.predict(beside).tolist() == [0, 1]
        # As it is drawn, with its clipped ends, too: perpendicular, and w points to class 1.
        assert (tip - foot) @ (ends[1] - ends[0]) == pytest.approx(0, abs=1e-9)
        assert (tip - foot) @ w == pytest.approx(np.linalg.norm(tip - foot) * np.linalg.norm(w))
    for seen in drawn:
        assert not any("no line" in text for text in seen["texts"])
    (far,) = page.evaluate(PLAY, [{"w1": 0, "w2": 0, "b": 1}])
    assert "no boundary in view: all is virginica" in far["texts"]


@browsing
@pytest.mark.parametrize("units", [(1.0, 1.0), (1.0, 100.0), (1e6, 1e-3)])
def test_the_arrow_is_perpendicular_on_the_screen(shown, units, rng):
    """In pixels, on axes of unequal scale too; the line is drawn first, then the arrow."""
    X, y = _irises()
    X = X * np.array(units)
    page = shown(_fit(X, y), X, y, epochs=1)
    rules = """() => [...document.querySelectorAll("#picture line")]
        .filter(line => ((line.__data__ || {}).datum || {}).foot_x !== undefined)
        .map(line => [line.x2.baseVal.value, line.y2.baseVal.value])"""
    for setting in [{}, *_settings(page, rng, 5)]:
        (seen,) = page.evaluate(PLAY, [setting])
        if seen["line"]:
            line, arrow = np.array(page.evaluate(rules))
            cosine = line @ arrow / np.linalg.norm(line) / np.linalg.norm(arrow)
            assert cosine == pytest.approx(0, abs=1e-6)
            # Steps on the screen go down, in the data up.
            ends = seen["line"]
            up = np.array([ends["tip_x"] - ends["foot_x"], ends["tip_y"] - ends["foot_y"]])
            assert up @ seen["weights"][:2] > 0


@browsing
def test_both_axes_have_one_scale(shown):
    X, y = _irises()
    page = shown(_fit(X, y), X, y, epochs=1)
    wide, high = page.evaluate(
        "() => ['x', 'y'].map(c => { const [a, b] = view.scale(`concat_0_${c}`).domain(); return b - a; })"
    )
    assert wide == pytest.approx(high)


@browsing
def test_a_click_shows_the_trace_of_a_sample(shown):
    X, y = _irises()
    neuron = _fit(X, y)
    page = shown(neuron, X, y)
    far = int(np.argmax(X.to_numpy()[:, 0]))  # no other sample lies on it
    assert page.evaluate("() => view.data('pick_store')[0].values") == [0]
    place = page.evaluate(
        """sample => {
            const marks = [...document.querySelectorAll("#picture path[stroke=white]")];
            const mark = marks.find(m => (m.__data__.datum || {}).sample === sample);
            const box = mark.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }""",
        far,
    )
    page.mouse.click(*place)
    (seen,) = page.evaluate(PLAY, [{}])
    trace = neuron.trace(X.iloc[far])
    number = "{:.4f}".format
    for text in (
        f"sample {far}",
        *map(number, trace.terms[0]),
        number(trace.z[0]),
        number(trace.proba[1]),
    ):
        assert text.replace("-", "−") in seen["texts"]


@browsing
def test_keys_move_the_sliders(shown):
    X, y = _irises()
    page = shown(_fit(X, y), X, y, epochs=1)
    page.evaluate(PLAY, [{"w1": 0}])
    # From the first control on, Tab reaches the weights and the arrow keys move them.
    page.focus("#controls [name=activation]")
    page.keyboard.press("Tab")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    (seen,) = page.evaluate(PLAY, [{}])
    step = float(page.get_attribute("[name=w1]", "step"))
    assert seen["weights"][0] == pytest.approx(3 * step)
    assert "set by hand" in seen["texts"]


@browsing
def test_epochs_replay_a_descent(shown):
    X, y = _irises()
    neuron = _fit(X, y)
    page = shown(neuron, X, y, epochs=12)
    start, third, last = page.evaluate(PLAY, [{"epoch": 0}, {"epoch": 3}, {"epoch": 13}])
    assert start["weights"] == [0, 0, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        after = _fit(X, y, solver="gd", max_iter=3)
    np.testing.assert_allclose(third["weights"], [*after.coef_[0], *after.intercept_], rtol=1e-12)
    assert "epoch 3 of 12" in third["texts"]
    np.testing.assert_array_equal(last["weights"], [*neuron.coef_[0], *neuron.intercept_])
    assert "the fitted neuron" in last["texts"]


@browsing
def test_other_features_go_into_z(shown):
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    neuron = _fit(X, y, C=0.01)
    page = shown(neuron, X, y, features=["worst texture", "worst area"], epochs=2)
    (seen,) = page.evaluate(PLAY, [{}])
    np.testing.assert_allclose(seen["z"], neuron.decision_function(X), rtol=1e-9)
    assert sorted(seen["ringed"]) == np.flatnonzero(neuron.predict(X) != y).tolist()


@browsing
def test_hostile_names_stay_text(shown):
    X, y = _irises()
    X.columns = ["</script><b>'\"", "a \\ $vega <!-- {{x}}"]
    page = shown(_fit(X, y), X, y, epochs=1)
    (seen,) = page.evaluate(PLAY, [{}])
    assert X.columns[1] in seen["texts"]
    assert page.title() == f"One neuron over {X.columns[0]} and {X.columns[1]}"


# Whitespace and control characters; ends of strings, scripts, comments and templates; escapes;
# what Vega reads as a path, an expression or a variable; keys of JavaScript's objects, which Vega
# takes for variables within expressions; no text, long text, halves of surrogate pairs.
HOSTILE = [
    "a\nb", "a\u2028b", "a\u2029b", "\u2028\u2028x\u2029\u2029", "a\r\tb", "\0a", "a\x1b[31m\x7f\x85", "\n",
    "'", '"', "\\", "a\\", "\\n", "\\u0041", '\\"', "`${1}`", '"; alert(1); "', "' + alert(1) + '",
    "</script>", "</SCRIPT >", "<!--", "<script>", "]]>", "<b>&amp;</b>", "&#39;", "*/", "// a", "/* a",
    "[0]", "a[0].b", "a.b", "a,b", "a:Q", "datum.x1", "datum['x1']", "{{x}}", "$spec", "${spec}", "$$",
    "w1", "z0", "classes", "x1", "class", "null", "NaN", "1", "true", "2020-01-01", "%s", "_a",
    "if", "in", "this", "__proto__", "constructor", "toString", "valueOf", "hasOwnProperty", "__defineGetter__",
    "", " ", "😀", "e\u0301", "\u202eabc", "\ufeff", "\ud800", "\udfff\ud800", "x" * 20_000, "long " * 3000,
]  # fmt: skip


def _renamed(X, y, features, classes):
    """Return the irises under other names, and a neuron of them."""
    X = pd.DataFrame(X.to_numpy(), columns=pd.Index(features, dtype=object))
    y = np.array(classes, dtype=object)[(y == "virginica").astype(int)]
    return _fit(X, y), X, y


def _assert_drawn(page, neuron, classes):
    """All samples are drawn, names stand where they belong, and nothing is wider than the page."""
    (seen,) = page.evaluate(PLAY, [{}])
    assert len(seen["z"]) == 100
    names = list(neuron.feature_names_in_)
    drawn = page.evaluate("() => [...view.signal('features'), ...view.signal('classes')]")
    assert drawn == [*names, *sorted(classes)]
    # A title that is missing would be the column's name, "x1".
    assert "x1" in drawn or "x1" not in seen["texts"]
    # Vega trims texts and shortens long ones.
    assert (
        page.evaluate(
            "([names, texts]) => names.filter(name => !texts.some("
            "text => text.startsWith(name.trim().slice(0, 5))))",
            [drawn, seen["texts"]],
        )
        == []
    )
    labels = page.evaluate(
        "() => [...document.querySelectorAll('path[stroke=white]')].map(p => p.ariaLabel)"
    )
    labels = [label for label in labels if label and label.startswith("sample 0;")]
    assert labels == [f"sample 0; {names[0]}: 4.7; {names[1]}: 1.4; true class: {classes[0]}"]
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 900
    assert page.evaluate("() => document.querySelector('#picture').getBoundingClientRect().y") < 500


@browsing
@pytest.mark.parametrize("names", zip(HOSTILE[::2], HOSTILE[1::2], strict=True), ids=ascii)
def test_names_are_drawn_as_they_are(shown, names):
    """Each as a feature and as a class."""
    renamed = _renamed(*_irises(), names, names[::-1])
    _assert_drawn(shown(*renamed, epochs=1), renamed[0], names[::-1])


@browsing
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.text(st.characters(codec=None), max_size=40), min_size=4, max_size=4, unique=True)
)
def test_any_names_are_drawn(shown, names):
    renamed = _renamed(*_irises(), names[:2], names[2:])
    _assert_drawn(shown(*renamed, epochs=1), renamed[0], names[2:])


@browsing
@pytest.mark.parametrize("width", [390, 760, 900])
def test_the_page_fits_the_window_and_shows_each_value(shown, width):
    X, y = _irises()
    neuron = _fit(X, y)
    page = shown(neuron, X, y, epochs=1)
    page.set_viewport_size({"width": width, "height": 844})
    page.reload()
    page.wait_for_function("window.view !== undefined")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator("#picture svg").bounding_box()
    assert box["x"] + box["width"] <= width
    page.wait_for_function("document.querySelectorAll('output').length === 5")
    output = "name => document.querySelector(`[name=${name}] ~ output`).value"
    w1 = page.evaluate(output, "w1")
    assert float(w1) == pytest.approx(neuron.coef_[0, 0], rel=5e-3)
    page.evaluate(PLAY, [{"w1": page.evaluate("+document.querySelector('[name=w1]').max")}])
    assert float(page.evaluate(output, "w1")) > float(w1)


@browsing
def test_the_page_follows_the_colours_of_the_system(shown):
    """No text and no line of the picture is as bright as the page, in light and in dark."""
    X, y = _irises()
    page = shown(_fit(X, y), X, y, epochs=1)
    pages = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        ground, inks = page.evaluate(
            """() => {
                const sum = text => text.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0);
                const style = (mark, name) => sum(getComputedStyle(mark)[name]);
                const all = selector => [...document.querySelectorAll("#picture " + selector)];
                return [
                    sum(getComputedStyle(document.body).backgroundColor),
                    [...all("text").map(mark => style(mark, "fill")),
                     ...all(".mark-line path, [aria-label='line']").map(m => style(m, "stroke"))],
                ];
            }"""
        )
        assert len(inks) > 20
        assert min(abs(ink - ground) for ink in inks) > 300
        pages.append(ground)
    assert pages[0] > 700
    assert pages[1] < 150
    page.emulate_media(color_scheme="light")


@browsing
def test_a_notebook_shows_the_page_in_a_frame(browser):
    X, y = _irises()
    page = browser.new_page()
    page.set_content(playground(_fit(X, y), X, y, epochs=1)._repr_html_())
    frame = page.frame_locator("iframe")
    frame.locator("#picture svg").wait_for()
    assert frame.locator("#controls input").count() == 5
    page.close()


def test_leaky_relu_keeps_its_slope():
    X, y = _irises()
    neuron = _fit(X, y, activation=LeakyReLU(alpha=0.3))
    params = {param["name"]: param for param in playground(neuron, X, y).to_dict()["params"]}
    assert params["alpha"]["value"] == 0.3


def test_what_cannot_be_shown_is_refused():
    X, y = _irises()
    neuron = _fit(X, y)
    with pytest.raises(TypeError, match=r"Pipeline\. Expected a fitted NeuronClassifier"):
        playground(make_pipeline(neuron), X, y)
    with pytest.raises(NotFittedError):
        playground(NeuronClassifier(), X, y)
    with pytest.raises(ValueError, match=r"epochs=0. Expected a positive integer"):
        playground(neuron, X, y, epochs=0)
    with pytest.raises(ValueError, match=r"features=\['petal length \(cm\)'\]. Expected two"):
        playground(neuron, X, y, ["petal length (cm)"])
    with pytest.raises(ValueError, match="has the label 'setosa'"):
        playground(neuron, X, np.where(y == "versicolor", "setosa", y))
    many = np.tile(X, (60, 1))
    with pytest.raises(ValueError, match=r"6000 rows\. Expected at most 5000"):
        playground(_fit(many, np.tile(y, 60)), many, np.tile(y, 60))
    X3, y3 = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=r"has 3 classes\. Expected two"):
        playground(_fit(X3, y3), X3, y3)
    one = X.iloc[:, :1]
    with pytest.raises(ValueError, match=r"one feature\. Expected two or more"):
        playground(_fit(one, y), one, y)

    class Own(Sigmoid):
        pass

    with pytest.raises(ValueError, match=r"no formula in the page\. Expected one of sigmoid"):
        playground(_fit(X, y, activation=Own()), X, y)
