"""The documentation is whole: every name, page, example and link, without building it."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sklearn
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS
from skneuron.solvers import SOLVERS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.glob("*.md")), ROOT / "README.md"]


def _public_modules():
    """Modules without an underscore on their way, and their ``__all__``."""
    for path in sorted((ROOT / "skneuron").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(part for part in parts if part != "__init__")
        if any(part.startswith("_") for part in name.split(".")):
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
                yield name, ast.literal_eval(node.value)


def _listed(pages):
    """Names that pages of the reference list, by module."""
    listed = {}
    for page in sorted(DOCS.glob(pages)):
        module = None
        for line in page.read_text().splitlines():
            if line.startswith(".. currentmodule:: "):
                module = line.removeprefix(".. currentmodule:: ")
            elif re.fullmatch(r"   \w+|\.\. py:data:: \w+", line):
                line = line.removeprefix(".. py:data:: ")
                listed.setdefault(module, set()).add(line.strip())
    return listed


def _internal_modules():
    """Modules that the page of internal names documents as a whole."""
    page = (DOCS / "internal.rst").read_text()
    return set(re.findall(r"^\.\. automodule:: (.*)$", page, re.MULTILINE))


@pytest.mark.parametrize(("module", "names"), _public_modules(), ids=lambda x: str(x)[:40])
def test_every_public_name_is_in_the_reference_or_internal(module, names):
    """Names for users are in the reference, names for contributors on the internal page."""
    if module in _internal_modules():
        assert module not in _listed("api_*.rst")
        return
    expected = {name for name in names if not name.startswith("__")}
    for_users, internal = _listed("api_*.rst"), _listed("internal.rst").get(module, set())
    assert not for_users.get(module, set()) & internal
    # A module whose names its package has as well is no place to look for them.
    elsewhere = expected <= for_users.get(module.rpartition(".")[0], set())
    assert for_users.get(module, set()) | internal == expected or elsewhere


def test_every_page_is_in_a_table_of_contents():
    entries = set()
    for page in DOCS.glob("*.md"):
        for tree in re.findall(r"```\{toctree\}(.*?)```", page.read_text(), re.DOTALL):
            entries |= set(re.findall(r"^(?:.* <)?([\w/]+)>?$", tree, re.MULTILINE))
    pages = {
        page.stem for page in [*DOCS.glob("*.md"), DOCS / "reference.rst", DOCS / "internal.rst"]
    }
    assert pages - {"index"} <= entries


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        # The gallery's pages are made of the examples.
        path = re.sub(r"^gallery/(\w+/\w+)\.rst$", r"../examples/\1.py", path)
        found = (page.parent / path) if path else page
        assert found.exists(), f"{page.name}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", found.read_text(), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
            assert anchor in slugs, f"{page.name}: {target}"


def test_images_exist_and_drawn_ones_are_in_the_script_of_figures():
    script = (DOCS / "figures.py").read_text(encoding="utf-8")
    drawn = re.search(r"for draw in \(([\w, ]+)\):", script)[1].split(", ")
    named = set()
    for page in DOCS.glob("*.md"):
        named |= set(re.findall(r"images/([\w.-]+\.png)", page.read_text(encoding="utf-8")))
    for name in sorted(named):
        assert (DOCS / "images" / name).exists(), name
    for name in drawn:
        assert {f"{name}.png", f"{name}-dark.png"} <= named


@pytest.mark.parametrize("path", sorted((ROOT / "examples").rglob("*.py")), ids=lambda p: p.stem)
def test_every_example_has_a_title_for_the_gallery(path):
    first, title, line = path.read_text().splitlines()[:3]
    assert first == '"""'
    assert line == "=" * len(title)


# An interpreter without Matplotlib: `pip install '.[csv]'` of the README does not install it.
WITHOUT_MATPLOTLIB = "import sys; sys.modules['matplotlib'] = None\n"


def _run_as_readme(code):
    """Run code as in the environment of the README's first command; return its output."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT_MATPLOTLIB + code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_python_blocks_of_the_readme_print_their_text_blocks():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    pairs = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", text, re.DOTALL)
    assert pairs
    assert len(pairs) == text.count("```python\n") == text.count("```text\n")
    for code, printed in pairs:
        assert _run_as_readme(code) == printed


@pytest.mark.skipif(
    tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 9),
    reason="the README has the figures of scikit-learn 1.9",
)
def test_the_example_of_the_readme_prints_its_table():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (path,) = re.findall(r"\.venv/bin/python (examples/\w+/\w+\.py)", text)
    code = f"sys.argv = [{path!r}]; exec(compile(open({path!r}).read(), {path!r}, 'exec'))"
    tables = [
        re.split(r"\n\w+, \d+", part)[0] for part in _run_as_readme(code).split("coefficients\n")
    ]
    rows = [
        re.findall(r"^(.*?) +(\d\.\d+) +(\d\.\d+) +(\d)  ", part, re.MULTILINE) for part in tables
    ]
    cancer, wine = [part for part in rows if len(part) == 4]
    in_readme = re.findall(r"^\| (`.*`) \| (.*) \| (.*) \| (.*) \|$", text, re.MULTILINE)
    assert len(in_readme) == 4
    for (model, *figures, folds), left, right in zip(in_readme, cancer, wine, strict=True):
        assert model.replace("`", "") == left[0] == right[0]
        assert [figure.strip("*") for figure in figures] == [
            ", ".join(x[1:3]) for x in (left, right)
        ]
        warned = int(left[3]) + int(right[3])
        assert folds == (f"{warned} of 10" if warned else "none")


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


def _page(name):
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def _first_cells(page, heading):
    """Names in code in the first column of the tables below a heading."""
    part = re.split(r"^## ", page, flags=re.MULTILINE)
    (part,) = [text for text in part if text.startswith(f"{heading}\n")]
    cells = re.findall(r"^\| ([^|]*) \|", part, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w[\w-]*)`", cell)}


def test_tables_list_every_activation_solver_attribute_and_column_of_histories():
    page = _page("tables")
    assert _first_cells(page, "Activations") == set(ACTIVATIONS)
    assert _first_cells(page, "Solvers") == set(SOLVERS)
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    fits = [
        NeuronClassifier(activation).fit(X[:400], y[:400], X_val=X[400:], y_val=y[400:])
        for activation in ("sigmoid", "step")
    ]
    assert _first_cells(page, "History columns") == {name for n in fits for name in n.history_}
    stream = NeuronClassifier().partial_fit(X, y, classes=[0, 1])
    names = {name for n in (*fits, stream) for name in vars(n) if re.fullmatch(r"[a-z]\w*_", name)}
    assert _first_cells(page, "Fitted attributes") == names


@pytest.mark.filterwarnings("ignore")
def test_every_parameter_and_attribute_of_logistic_regression_is_translated():
    page = _page("from_logistic_regression")
    fitted = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    parameters = {*fitted.get_params(), "penalty", "n_jobs", "multi_class"}
    attributes = {name for name in vars(fitted) if name.endswith("_")}
    for name in parameters | attributes:
        assert re.search(rf"`{name}\b", page), name
    for solver in ("lbfgs", "newton-cg", "newton-cholesky", "liblinear", "sag", "saga"):
        assert f'`"{solver}"`' in page


def _ratios():
    """Ratios to scikit-learn's fastest solver on real tables and texts, by data."""
    real = re.search(r"\{dropdown\} Real.*?:::\n\n.*?:::\n", _page("performance"), re.DOTALL)[0]
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| ([\d.]+) \| ([\d.]+) ", real, re.MULTILINE)
    return {name: (float(seconds), float(ratio)) for name, seconds, ratio in rows}


def test_claims_of_speed_in_the_readme_are_those_of_the_performance_page():
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    ratios = [ratio for _, ratio in _ratios().values()]
    low, high, median = min(ratios), max(ratios), np.median(ratios)
    assert f"measured {len(ratios)} fits of real data" in text
    assert (
        f"{low:.1f} to {high:.1f} times the time of skneuron, with a median of {median:.1f}" in text
    )
    seconds, ratio = _ratios()["flights"]
    assert f"takes {seconds:.2f} s, {ratio:.1f} times as fast" in text
    assert f"the chart has all {len(ratios)}" in _page("performance")


def test_tables_are_narrow():
    for page in PAGES:
        for row in re.findall(r"^\|[-|: ]+\|$", page.read_text(encoding="utf-8"), re.MULTILINE):
            assert row.count("|") <= 7, f"{page.name}: more than six columns"
