"""Chart and tables of the performance profile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["draw_profile", "summary"]

# The best solver of scikit-learn on each problem, as if one could know it.
_BEST = "sklearn, best solver"

# Largest ratio to the fastest solver on the chart.
_LARGEST_RATIO = 30.0

_OURS = "skneuron, tol=1e-6"
_OUR_DEFAULT = "skneuron, default"
_THEIR_DEFAULT = "sklearn, default"


def _seconds(lines: list[dict[str, Any]]) -> pd.DataFrame:
    """Return seconds by problem and solver, infinite where a solver has not solved a problem."""
    table = pd.DataFrame(lines).pivot(index="problem", columns="solver", values="seconds")
    table = table.astype(np.float64).fillna(np.inf)
    of_sklearn = [name for name in table if name.startswith("sklearn[")]
    table[_BEST] = table[of_sklearn].min(axis=1) if of_sklearn else np.inf
    return table


def _ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Return seconds over those of the fastest solver.

    The default of scikit-learn reaches other gaps and is left out. Each of our two settings
    competes with the others, not with the other setting.
    """
    rivals = [name for name in table if not name.startswith("skneuron") and name != _THEIR_DEFAULT]
    fastest = table[[*rivals, _OURS]].min(axis=1)
    ratios = table[[*rivals, _OURS]].div(fastest, axis=0)
    ratios[_OUR_DEFAULT] = table[_OUR_DEFAULT] / table[[*rivals, _OUR_DEFAULT]].min(axis=1)
    return ratios


def draw_profile(lines: list[dict[str, Any]], path: Path) -> None:
    """Draw the share of the problems that each solver solves within a factor of the fastest.

    Parameters
    ----------
    lines : list of dict
        Results, one for each problem and solver.
    path : Path
        File of the picture.

    References
    ----------
    Dolan & Moré, Math. Program. 91, 2002.
    """
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    ratios = _ratios(_seconds(lines))
    figure, axes = plt.subplots(figsize=(7.2, 4.5), layout="constrained")
    order = ratios.apply(lambda column: np.mean(column <= 2)).sort_values(ascending=False)
    for name in order.index:
        column = np.sort(ratios[name])
        shares = np.arange(1, len(column) + 1) / len(column)
        reached = np.isfinite(column)
        if not reached.any():
            continue
        x, y = np.append(column[reached], 1e9), np.append(shares[reached], shares[reached][-1])
        ours = name.startswith("skneuron")
        axes.step(x, 100 * y, where="post", label=name, lw=2.5 if ours else 1.2)
    axes.set(
        xscale="log",
        xlim=(1, _LARGEST_RATIO),
        ylim=(0, 100),
        xlabel="Time divided by the time of the fastest solver",
        ylabel="Problems solved within this ratio, %",
        title=f"{len(ratios)} problems, relative gap of at most 1e-6",
    )
    ticks = [1, 1.5, 2, 3, 5, 10, 20, 30]
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.legend(frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, dpi=150)
    plt.close(figure)


def summary(lines: list[dict[str, Any]], worst: int = 10) -> str:
    """Return shares, medians and the problems on which ours is furthest behind, in markdown."""
    table = _seconds(lines)
    ratios = _ratios(table)
    shares = pd.DataFrame(
        {f"≤ {factor:g}": (ratios <= factor).mean() for factor in (1.0, 1.1, 1.5, 3.0)}
    )
    shares["solved"] = np.isfinite(ratios).mean()
    out = [f"{len(table)} problems", _markdown((100 * shares).round().astype(int), "share, %")]
    pairs = {
        "best solver of scikit-learn / tol=1e-6": table[_BEST] / table[_OURS],
        "default of scikit-learn / tol=1e-6": table[_THEIR_DEFAULT] / table[_OURS],
        "default of scikit-learn / default": table[_THEIR_DEFAULT] / table[_OUR_DEFAULT],
        "default / tol=1e-6": table[_OUR_DEFAULT] / table[_OURS],
    }
    quantiles = {"least": 0.0, "10 %": 0.1, "median": 0.5, "90 %": 0.9, "most": 1.0}
    rows = {}
    for name, ratio in pairs.items():
        finite = ratio[np.isfinite(ratio)]
        rows[name] = {key: f"{finite.quantile(q):.2f}" for key, q in quantiles.items()}
    out.append(_markdown(pd.DataFrame(rows).T, "time ratio"))
    rivals = [name for name in ratios if not name.startswith("skneuron") and name != _BEST]
    last = ratios[_OURS].sort_values(ascending=False).index[:worst]
    behind = pd.DataFrame(
        {
            "ratio": ratios.loc[last, _OURS].map("{:.2f}".format),
            "fastest": table.loc[last, rivals].idxmin(axis=1),
            "seconds": table.loc[last, _OURS].map("{:.3g}".format),
            "its seconds": table.loc[last, rivals].min(axis=1).map("{:.3g}".format),
        }
    )
    out.append(_markdown(behind, "problem"))
    dear = (table[_OUR_DEFAULT] / table[_OURS]).sort_values(ascending=False)[:worst]
    out.append(_markdown(dear.map("{:.2f}".format).to_frame("ratio"), "default / tol=1e-6"))
    return "\n\n".join(out)


def _markdown(frame: pd.DataFrame, index: str) -> str:
    lines = [[index, *frame.columns], ["---"] * (1 + len(frame.columns))]
    lines += [
        [str(key), *map(str, row)] for key, row in zip(frame.index, frame.values, strict=True)
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
