"""How the site is built: `make -C docs html`."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import matplotlib
from sphinx.pycode import ModuleAnalyzer

import skneuron

matplotlib.use("Agg")
sys.path.insert(0, str(Path(__file__).parent))


def setup(app: Any) -> None:
    """Have links to examples lead to the gallery, as on the site that is where they are."""
    app.connect("source-read", _link_to_gallery)


def _show_private_sources(package: Path) -> None:
    """Have Sphinx read the sources of a package's private modules as the package's source.

    A public class names its package in ``__module__``, so Sphinx looks there for the order and
    the comments of its members.
    """
    name = ".".join(package.relative_to(Path(skneuron.__file__).parents[1]).parts)
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted(package.rglob("*.py")))
    ModuleAnalyzer.cache["module", name] = ModuleAnalyzer.for_string(source, name)


for path in Path(skneuron.__file__).parent.rglob("__init__.py"):
    _show_private_sources(path.parent)


def _link_to_gallery(app: Any, page: str, source: list[str]) -> None:
    source[0] = re.sub(r"\(\.\./examples/(\w+)\.py\)", r"(/gallery/\1.rst)", source[0])


project = "skneuron"
author = "the developers of skneuron"
version = release = skneuron.__version__
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "gallery/*.ipynb", "gallery/*.py", "**/sg_execution_times.rst"]

html_theme = "pydata_sphinx_theme"
html_title = "skneuron"
html_show_sourcelink = False
html_theme_options = {
    "navbar_align": "left",
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
}
alone = ("index", "tutorial", "comparison", "performance", "changelog", "contributing")
html_sidebars = {page: [] for page in alone}
copyright = "2026, the developers of skneuron"  # noqa: A001

# Headings can be linked to, as on the pages where the sources are kept.
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

autosummary_generate = True
autodoc_typehints = "none"
# scikit-learn writes these methods; their texts link to pages of its own.
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
    # What a neuron has of its own mixins, but not of scikit-learn and Python.
    "inherited-members": "BaseEstimator,ClassifierMixin,Exception,Enum,tuple,Module",
    "member-order": "bysource",
    "exclude-members": ", ".join(
        ["get_metadata_routing", *(f"set_{name}_request" for name in requests)]
    ),
}
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
# Its page is built without PyTorch, too.
autodoc_mock_imports = [] if importlib.util.find_spec("torch") else ["torch"]

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "matplotlib_animations": False,
    "remove_config_comments": True,
    "show_memory": False,
    "download_all_examples": False,
    "min_reported_time": 1e9,
    "abort_on_example_error": True,
    # What shows itself in a notebook does so here; "<… object at 0x…>" tells nobody anything.
    "capture_repr": ("_repr_html_",),
}
