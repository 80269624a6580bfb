"""The project's own files agree: versions, addresses, the table of tests, and `.ci/run`."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from conftest import QUICK

import skneuron

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONTRIBUTING = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")


def test_workflow_runs_every_python_that_the_package_names():
    named = re.findall(r":: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert len(named) >= 4
    assert PROJECT["requires-python"] == f">={named[0]}"
    tested = re.search(r"python: \[(.*)\]", WORKFLOW)[1]
    assert re.findall(r"3\.\d+", tested) == named
    for system in ("ubuntu", "macos", "windows"):
        assert f"{system}-latest" in WORKFLOW


def test_citation_has_the_version_and_the_address():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.*)$", citation, re.M)[1] == skneuron.__version__
    assert f'repository-code: "{PROJECT["urls"]["Source"]}"' in citation


def test_the_project_has_one_address():
    source = PROJECT["urls"]["Source"]
    assert all(url.startswith(source) for url in PROJECT["urls"].values())
    pages = [*(ROOT / ".github").rglob("*.*"), ROOT / "docs" / "contributing.md"]
    for page in pages:
        for url in re.findall(r"https://github\.com/[\w/.-]+", page.read_text(encoding="utf-8")):
            assert url.startswith(source), f"{page.name}: {url}"


def _table_of_tests():
    """Return the modules and the test files in the table of contributing.md."""
    rows = re.search(r"\| Module \| Tests \|\n\|.*\n((?:\|.*\n)+)", CONTRIBUTING)[1].splitlines()
    cells = [row.strip("|").split("|") for row in rows]
    modules = {name for left, _ in cells for name in re.findall(r"`(\w+)`", left)}
    tests = {name for _, right in cells for name in re.findall(r"`(\w+)`", right)}
    return modules, tests


def test_every_module_is_in_the_table_of_tests():
    """Every module and folder directly inside the package, and no other."""
    package = ROOT / "skneuron"
    modules = {path.stem for path in package.glob("*.py")} - {"__init__"}
    modules |= {path.parent.name for path in package.glob("*/__init__.py")}
    named, _ = _table_of_tests()
    assert named == modules, "docs/contributing.md, 'Find the tests of a module'"


def test_every_test_file_is_in_the_table_of_tests():
    files = {path.stem for path in (ROOT / "tests").glob("test_*.py")}
    _, named = _table_of_tests()
    assert named == files, "docs/contributing.md, 'Find the tests of a module'"


def test_quick_files_exist():
    assert set(QUICK) <= {path.stem for path in (ROOT / "tests").glob("test_*.py")}


def test_readme_has_two_commands():
    assert (ROOT / "README.md").read_text(encoding="utf-8").count("\n```sh\n") == 2


@pytest.mark.skipif(
    os.name != "posix" or not all(map(shutil.which, ("bash", "git", "tar"))),
    reason="needs bash, git and tar",
)
@pytest.mark.parametrize("command", ["touch made && false", "touch made && exit 3"])
def test_ci_fails_with_the_readme_and_touches_no_environment(tmp_path, command):
    """A README of commands that fail: the run ends there, and the folder is as it was."""
    tree = tmp_path / "tree"
    (tree / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", tree / ".ci" / "run")
    (tree / ".gitignore").write_text(".venv*/\n")
    (tree / "README.md").write_text(f"```sh\ntouch first\n```\n\n```sh\n{command}\n```\n")
    for name in (".venv", ".venv-test"):
        (tree / name).mkdir()
        (tree / name / "mine").touch()
    subprocess.run(["git", "init", "-q"], cwd=tree, check=True)
    before = sorted(tree.rglob("*"))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done = subprocess.run(
        ["bash", ".ci/run"],
        cwd=tree,
        env={**os.environ, "TMPDIR": str(scratch)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert command in done.stdout
    assert "Lint" not in done.stdout
    assert sorted(tree.rglob("*")) == before
    assert list(scratch.iterdir()) == []
