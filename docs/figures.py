"""Draw the figures of the pages, in a light and a dark version: ``python docs/figures.py``."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.preprocessing import StandardScaler

from skneuron import NeuronClassifier, NeuronClassifierCV
from skneuron.inference import from_formula
from skneuron.plotting import NeuronBoundaryDisplay, OddsRatioDisplay, PathDisplay, ResidualDisplay

DOCS = Path(__file__).parent
#: File name suffix, style and background colour: those of the site's theme.
VERSIONS = [("", "default", "white"), ("-dark", "dark_background", "#14181e")]


def boundary() -> plt.Figure:
    """Draw the decision boundary of two iris species."""
    X, y = load_iris(return_X_y=True, as_frame=True)
    X = X.loc[y > 0, ["petal length (cm)", "petal width (cm)"]]
    y = y[y > 0].map({1: "versicolor", 2: "virginica"})
    figure, ax = plt.subplots(figsize=(5.4, 3.4), layout="constrained")
    NeuronBoundaryDisplay.from_estimator(NeuronClassifier().fit(X, y), X, y, ax=ax)
    return figure


def ratios() -> list[tuple[str, float]]:
    """Return the ratios to scikit-learn's best solver on real data, as performance.md has them."""
    page = (DOCS / "performance.md").read_text(encoding="utf-8")
    real = re.search(r"\{dropdown\} Real tables.*?:::\n\n.*?:::\n", page, re.DOTALL)[0]
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| [\d.]+ \| ([\d.]+) ", real, re.MULTILINE)
    return sorted(((name, float(ratio)) for name, ratio in rows), key=lambda row: row[1])


def performance() -> plt.Figure:
    """Draw the ratios as bars on a logarithmic axis."""
    names, values = zip(*ratios(), strict=True)
    figure, ax = plt.subplots(figsize=(7.2, 5.2), layout="constrained")
    colors = ["C1" if value < 1 else "C0" for value in values]
    bars = ax.barh(names, [value - 1 for value in values], left=1, color=colors)
    ax.bar_label(bars, [f"{value:.2g}" for value in values], padding=3)
    ax.axvline(1, color="gray", linewidth=1)
    ax.set_xscale("log")
    ticks = [0.5, 1, 2, 5, 10]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_xticks([], minor=True)
    ax.set_xlim(0.4, 14)
    ax.set_xlabel("time of scikit-learn's fastest solver / time of skneuron")
    ax.spines[["top", "right"]].set_visible(False)
    return figure


def _births() -> tuple[NeuronClassifier, pd.DataFrame, pd.Series]:
    """Return the fit of ``from_summary_glm.md``."""
    births = pd.read_csv(DOCS.parent / "tests" / "data" / "birthwt.csv", comment="#")
    X, y = from_formula("low ~ age + lwt + C(race) + smoke + ptl + ht + ui", births)
    return NeuronClassifier(C=np.inf).fit(X, y), X, y


def forest() -> plt.Figure:
    """Draw the odds ratios of the births."""
    figure, ax = plt.subplots(figsize=(5.8, 3.4), layout="constrained")
    OddsRatioDisplay.from_estimator(*_births(), method="profile", ax=ax)
    return figure


def residuals() -> plt.Figure:
    """Draw the binned residuals of the births."""
    figure, ax = plt.subplots(figsize=(5.8, 3.4), layout="constrained")
    ResidualDisplay.from_estimator(*_births(), ax=ax)
    return figure


def path() -> plt.Figure:
    """Draw the path of ``choose_c.md``."""
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    X = StandardScaler().set_output(transform="pandas").fit_transform(X)
    search = NeuronClassifierCV(Cs=20, l1_ratios=[1.0]).fit(X, y)
    figure, panels = plt.subplots(2, sharex=True, figsize=(7.2, 5.2), layout="constrained")
    PathDisplay.from_estimator(search, ax=panels)
    return figure


def main() -> None:
    """Write all figures to ``docs/images``."""
    for draw in (boundary, performance, forest, residuals, path):
        for suffix, style, background in VERSIONS:
            with plt.style.context(style):
                plt.rcParams["figure.facecolor"] = plt.rcParams["axes.facecolor"] = background
                figure = draw()
                file = DOCS / "images" / f"{draw.__name__}{suffix}.png"
                figure.savefig(file, dpi=150, bbox_inches="tight")
                plt.close(figure)


if __name__ == "__main__":
    main()
