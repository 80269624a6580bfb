"""How the site is built: `make -C docs html`."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import matplotlib
from docutils import nodes
from sphinx.pycode import ModuleAnalyzer

import skneuron

matplotlib.use("Agg")
sys.path.insert(0, str(Path(__file__).parent))


def setup(app: Any) -> None:
    """Change each page as it is read: links to examples, and blank lines that doctest needs."""
    app.connect("source-read", _link_to_gallery)
    app.connect("source-read", _strip_last_blank_line)
    app.connect("autodoc-process-docstring", _shorten_module)
    app.connect("doctree-read", _mark_numbers)
    app.connect("html-page-context", _let_code_break)


def _show_private_sources(package: Path) -> None:
    """Let Sphinx read the sources of a package's private modules as the package's source.

    A public class names its package in ``__module__``, so Sphinx looks there for the order and
    the comments of its members.
    """
    name = ".".join(package.relative_to(Path(skneuron.__file__).parents[1]).parts)
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted(package.rglob("*.py")))
    ModuleAnalyzer.cache["module", name] = ModuleAnalyzer.for_string(source, name)


for path in Path(skneuron.__file__).parent.rglob("__init__.py"):
    _show_private_sources(path.parent)


# A number with its unit, a size such as "1,797 × 64", a range of numbers or an interval.
_NUMBER = re.compile(
    r"[-−+(\[{]?[\d.,½][-−\d.,×x ()\]}%e½∞]*( to [\d.]+)?( (MB|s|ms|%))?|[(\[]-∞, ∞\)"
)


def _mark_numbers(app: Any, doctree: Any) -> None:
    """Give cells with a number a class, so that no line breaks inside of it."""
    for cell in doctree.findall(nodes.entry):
        if _NUMBER.fullmatch(cell.astext().strip()):
            cell["classes"].append("number")


# A word of inline code of 15 characters or more, and the places to break it on a narrow screen.
_CODE = re.compile(r'<span class="pre">[^<]{15,}</span>')
_BREAK = re.compile(r"(?<=[a-zA-Z)\]][._(=,\[])(?=[a-zA-Z&])")


def _let_code_break(app: Any, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Let code break after a full stop, an underscore or a bracket if it has to break."""
    if "body" in context:
        context["body"] = _CODE.sub(lambda word: _BREAK.sub("<wbr>", word[0]), context["body"])


def _link_to_gallery(app: Any, page: str, source: list[str]) -> None:
    """Let links to examples lead to their pages in the gallery."""
    source[0] = re.sub(r"\(\.\./examples/(\w+/\w+)\.py\)", r"(/gallery/\1.rst)", source[0])


def _strip_last_blank_line(app: Any, page: str, source: list[str]) -> None:
    """Remove the blank line before the end of a block, by which doctest finds the end."""
    source[0] = source[0].replace("\n\n```\n", "\n```\n")


def _shorten_module(
    app: Any, kind: str, name: str, item: Any, options: Any, lines: list[str]
) -> None:
    """Keep the first line of a module's docstring: its notes are for readers of the source."""
    if kind == "module":
        del lines[1:]


project = "skneuron"
author = "the developers of skneuron"
version = release = skneuron.__version__
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "gallery/*.ipynb", "gallery/*.py", "**/sg_execution_times.rst"]

templates_path = ["_templates"]
html_theme = "pydata_sphinx_theme"
html_title = "skneuron"
html_static_path = ["_static"]
html_favicon = "_static/logo.svg"
html_css_files = ["skneuron.css"]
html_show_sourcelink = False
html_theme_options = {
    "logo": {
        "image_light": "_static/logo.svg",
        "image_dark": "_static/logo.svg",
        "text": "skneuron",
    },
    "navbar_align": "left",
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"index": []}
# Names in tables of contents are short: "fit", not "NeuronClassifier.fit".
toc_object_entries_show_parents = "hide"

# Copied code has no prompts and no output.
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
copyright = "2026, the developers of skneuron"  # noqa: A001

# Headings have anchors, as on the pages of a code host.
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

autosummary_generate = True
autodoc_typehints = "none"
# scikit-learn generates these methods, and their texts link to pages of scikit-learn.
requests = [
    "fit",
    "partial_fit",
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "score",
]
autodoc_default_options = {
    "members": True,
    # Members of skneuron's mixins, without members of scikit-learn and Python.
    "inherited-members": ",".join(
        [
            "BaseEstimator",
            "ClassifierMixin",
            "TransformerMixin",
            "Exception",
            "Enum",
            "tuple",
            "Module",
        ]
    ),
    "member-order": "bysource",
    "exclude-members": ", ".join(
        ["get_metadata_routing", "set_output", *(f"set_{name}_request" for name in requests)]
    ),
}
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
# The pages of skneuron.interop.torch and skneuron.interop.onnx are built without PyTorch and
# skl2onnx, too.
autodoc_mock_imports = [
    name for name in ("torch", "skl2onnx") if importlib.util.find_spec(name) is None
]

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "matplotlib_animations": False,
    "remove_config_comments": True,
    "show_memory": False,
    "subsection_order": [
        f"../examples/{group}" for group in ("first_steps", "statistics", "training", "teaching")
    ],
    "download_all_examples": False,
    "min_reported_time": 1e9,
    "abort_on_example_error": True,
    # Objects with an HTML form are shown; the text "<… object at 0x…>" is not.
    "capture_repr": ("_repr_html_",),
}
