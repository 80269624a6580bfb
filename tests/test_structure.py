"""The structure of the package, by the measures of ``benchmarks/structure.py``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "benchmarks"))

import prose  # noqa: E402
from measures import contract, definitions, report, sources, text  # noqa: E402

PACKAGE = sources.read_sources(ROOT / "skneuron")

# Circles of imports that are left to remove. A circle that is gone is taken out of this list.
KNOWN_CIRCLES: list[list[str]] = []


def test_no_circles_of_imports_inside_folders_either():
    assert sources.circles(sources.import_graph(PACKAGE)) == KNOWN_CIRCLES


def test_no_circles_between_modules_and_folders_of_the_package():
    assert sources.circles(sources.unit_graph(PACKAGE)) == []


def test_a_name_of_a_file_stands_for_one_file():
    names = [
        (source.path.name, str(source.path.parent))
        for source in PACKAGE.values()
        if source.path.name != "__init__.py"
    ]
    assert sources.repeated(names) == []


def _package(folder, **modules):
    """Write a package ``pack`` and return its sources; ``__`` in a name is a folder."""
    for name, code in modules.items():
        path = folder.joinpath("pack", *name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(code)
    return sources.read_sources(folder / "pack")


def test_circles_are_found_in_functions_under_type_checking_and_through_others(tmp_path):
    code = _package(
        tmp_path,
        a="import pack.b",
        b="def f():\n    from pack import c",
        c="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pack.a import A",
        d="from pack.a import A",
    )
    assert sources.circles(sources.import_graph(code)) == [["pack.a", "pack.b", "pack.c"]]
    assert sources.n_levels(sources.unit_graph(code)) == 2  # the circle, and d


def test_imports_inside_a_folder_are_not_imports_between_units(tmp_path):
    code = _package(
        tmp_path,
        low__x="",
        low__y="from pack.low.x import X\nfrom pack.low import x",
        high="from pack.low.y import Y\nfrom pack.low.x import X",
        top="from pack.high import H",
    )
    assert sources.unit_graph(code) == {"low": set(), "high": {"low"}, "top": {"high"}}
    assert sources.n_levels(sources.unit_graph(code)) == 3


def test_a_name_imported_from_the_package_is_an_import_of_its_module(tmp_path):
    _package(tmp_path, a="class A: ...", b="from pack import A, __version__")
    (tmp_path / "pack" / "__init__.py").write_text("from pack.a import A\n__version__ = '1'\n")
    code = sources.read_sources(tmp_path / "pack")
    assert sources.unit_graph(code) == {"a": set(), "b": {"a"}}


def test_constants_are_numbers_that_no_public_module_exports(tmp_path):
    code = _package(
        tmp_path,
        solvers__one="__all__ = ['TOL']\nTOL = 1e-3\n_A, B = 1, -2.5\n_NAME = 'x'\n_T = (1, 2)",
        solvers___two="__all__ = ['C']\nC = 4 * 2\n_FLAG = True\n_LIST = [1]",
        other="_D = 3",
    )
    constants, shared = definitions.numeric_constants(code, "solvers")
    assert {place.split()[1] for place in constants} == {"_A", "B", "_T", "C"}
    assert shared == ["one.py:3 _A, B"]


def test_parameters_without_a_type_are_those_that_users_pass(tmp_path):
    code = _package(
        tmp_path,
        a=(
            "class A:\n    def __init__(self, x: int, y: Any): ...\n"
            "    def f(self: Any, z, w: Any | None = None, d: dict[str, Any] = ()): ...\n"
            "    def _g(self, x: Any): ...\n"
            "class _B:\n    def f(self, x: Any): ...\n"
        ),
    )
    n, untyped = definitions.public_parameters(code)
    assert n == 5
    assert [place.split()[1] for place in untyped] == ["A.__init__(y)", "A.f(z)", "A.f(w)"]
    assert definitions.untyped_selves(code) == ["a.py:3 A.f"]


def test_branches_are_counted_by_ruff(tmp_path):
    pytest.importorskip("ruff")
    _package(tmp_path, a="def f(x):\n    if x:\n        return 1\n    return 2 if x else 3\n")
    assert definitions.branches(tmp_path / "pack") == {"a.py:1 f, 2 branches": 2}


def test_names_of_an_objective_are_followed_through_the_solvers(tmp_path):
    code = _package(
        tmp_path,
        objective="class Objective:\n    def part(self) -> Objective: ...\n    def value(self): ...",
        solvers__s=(
            "class S:\n"
            "    def __init__(self, objective: Objective, other: Other):\n"
            "        self._whole = objective\n"
            "    def f(self, x: Other):\n"
            "        some = self._whole.part()\n"
            "        return some.value(), x.no, self.neither\n"
            "def g(s: S): return s._whole.scale\n"
        ),
    )
    assert contract.names_in_solvers(code) == {"part", "value", "scale"}
    (tmp_path / "docs.md").write_text(
        "# A\n`part`\n## Add a solver\nUse `value`, `x`.\n## B\n`part`"
    )
    assert contract.names_in_docs(code, tmp_path) == {"value"}


def test_calls_of_a_run(tmp_path):
    (tmp_path / "one.py").write_text("import two\ndef f():\n    g()\n    two.h()\ndef g(): ...\n")
    (tmp_path / "two.py").write_text("def h():\n    sorted('ab', key=lambda x: x)\n")
    run = "import sys; sys.path.insert(0, '.'); import one; from pathlib import Path\n"
    run += "from measures.calls import count_calls; c = count_calls(one.f, Path.cwd())\n"
    run += "print(c.n_calls, len(c.files), c.n_changes, c.depth)"
    done = subprocess.run(
        [sys.executable, "-c", run],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "benchmarks")},
        capture_output=True,
        text=True,
        check=True,
    )
    # f, g, h and the lambda twice; from one to two and back; f, h and the lambda at a time.
    assert done.stdout.split() == ["5", "2", "2", "3"]


def test_the_sentences_of_a_page_and_of_a_module(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# What is a title\n\nOne is `a; b`. Two\nis long.\n\n- An item.\n\n| a | where |\n|---|---|\n\n"
        "```python\nwhat = 1\n```\n"
    )
    blocks = text.of_page(page, "page.md")
    assert [block.text for block in blocks if block.has_sentences] == [
        "One is code. Two is long.",
        "An item.",
    ]
    assert blocks[1].place == "page.md:3"
    assert text.sentences(blocks[1].text) == ["One is code.", "Two is long."]
    module = tmp_path / "module.py"
    module.write_text(
        '"""Title.\n\nParameters\n----------\nx : int, what\n    Its text.\n\n>>> what\n1\n"""\n'
        "x = 'what'  # A comment\n# of two lines.\n"
    )
    assert [block.text for block in text.of_module(module, "m")] == [
        "Title.",
        "Its text.",
        "A comment of two lines.",
    ]


def test_report_shows_each_value_beside_its_limit(monkeypatch, capsys):
    measures = [report.Measure("low", 3, 5), report.Measure("high", 7.25, 5.0, ["here"])]
    monkeypatch.setattr(sys, "argv", ["structure.py", "--verbose"])
    with pytest.raises(SystemExit) as end:
        report.main("", lambda: measures)
    assert end.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["low", "3", "5"]
    assert lines[2].split() == ["high", "7.25", "5.00", "above"]
    assert "  here" in lines
    monkeypatch.setattr(sys, "argv", ["structure.py", "--check"])
    with pytest.raises(SystemExit) as end:
        report.main("", lambda: measures)
    assert end.value.code == 1
    with pytest.raises(SystemExit) as end:
        report.main("", lambda: measures[:1])
    assert end.value.code == 0


def test_documentation_and_code_are_within_the_limits_of_prose():
    above = [m for m in prose.measure() if not m.holds]
    assert [(m.name, m.value, m.found) for m in above] == []


@pytest.mark.parametrize("script", ["structure", "prose"])
def test_reports_run(script):
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / f"{script}.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "measures are within their limits" in done.stdout
