"""Pictures: relative gap against seconds."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd

from benchmark_utils.contest import OURS

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.ticker import LogLocator, NullFormatter

FLOOR = 1e-16


def draw(measurements: pd.DataFrame, title: str, target: float, path: Path) -> None:
    """Draw one line per solver through its settings, loose to tight, both axes log.

    Parameters
    ----------
    measurements : DataFrame
        Of one problem, see :func:`benchmark_utils.report.measurements_of`.
    title : str
    target : float
        Gap to mark by a line.
    path : Path
        Of the PNG.
    """
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    for position, (solver, fits) in enumerate(measurements.groupby("solver", sort=True)):
        points = fits.groupby("tolerance", sort=True)[["seconds", "gap"]].median()[::-1]
        ours = solver.startswith(OURS)
        axes.plot(
            points["seconds"],
            np.maximum(points["gap"], FLOOR),
            marker="osv^D<>Pphd"[position % 11],
            color="black" if ours else f"C{position % 10}",
            linewidth=2.5 if ours else 1.2,
            markersize=4,
            label=solver,
            zorder=3 if ours else 2,
        )
    axes.axhline(target, color="grey", linestyle=":", linewidth=1)
    axes.set(xscale="log", yscale="log", xlabel="seconds of fit", title=title)
    axes.set_ylabel("relative gap  (F - F*) / F(0)")
    # Less than a decade gets a number at each of its tenths else, one upon the other.
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize="small")
    figure.savefig(path, dpi=110)
    plt.close(figure)
