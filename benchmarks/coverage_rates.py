"""How often 95 % intervals contain the true value where Wald intervals are unreliable.

``python benchmarks/coverage_rates.py`` prints three tables: profile against Wald intervals for few
samples and a large effect, clustered against robust intervals for few clusters, and bias reduction
against maximum likelihood for rare events. ``--statsmodels`` computes the intervals of the first
two tables with statsmodels instead, from the same draws.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from typing import Any, Literal

import numpy as np
from scipy.stats import chi2, norm
from scipy.stats import t as student

from skneuron import NeuronClassifier
from skneuron.activations import ACTIVATIONS
from skneuron.inference import coefficient_table
from skneuron.separation import SeparationWarning

LINKS = ("sigmoid", "probit", "cloglog", "loglog")
#: True coefficients of a strong and of a weak feature, and the intercept.
TRUE_PARAMETERS = np.array([2.0, -0.5, -0.5])
#: Numbers of rows of a data set.
SIZES = (50, 300)
#: Numbers of clusters.
CLUSTERS = (30, 200)
#: Rows of a cluster.
CLUSTER_SIZE = 10
#: Standard deviation of the intercepts of clusters, on the scale of the linear predictor.
INTERCEPT_DEVIATION = 1.0
#: Rows of a data set with rare events.
RARE_ROWS = 200
#: True coefficient of the feature of rare events, on the scale of the logit.
RARE_EFFECT = 1.0
#: Intercepts at which about 12 of the rows are events.
RARE_INTERCEPTS = {"sigmoid": -3.2, "probit": -1.8, "cloglog": -3.1, "loglog": -1.38}
#: Standard deviations of the logistic distribution over those of the links, rounded.
SCALES = {"sigmoid": 1.0, "probit": 0.6, "cloglog": 0.7, "loglog": 0.7}


def fit(link: str, X: np.ndarray, y: np.ndarray, **params: str) -> NeuronClassifier:
    """Return a fit without a penalty, whether or not the classes are separated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeparationWarning)
        return NeuronClassifier(link, C=np.inf, **params).fit(X, y)


def statsmodels_fit(link: str, X: np.ndarray, y: np.ndarray, **kwargs: Any) -> Any:
    """Return a fit of statsmodels with the intercept last."""
    import statsmodels.api as sm

    links = sm.families.links
    own = {"sigmoid": links.Logit, "probit": links.Probit, "cloglog": links.CLogLog}
    family = sm.families.Binomial((own | {"loglog": links.LogLog})[link]())
    settings = {name: kwargs.pop(name) for name in ("cov_type", "cov_kwds") if name in kwargs}
    model = sm.GLM(y.astype(float), np.column_stack([X, np.ones(len(y))]), family=family, **kwargs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(maxiter=300, tol=1e-10, **settings)


def profile_hits(seed: int, link: str, n: int, by_statsmodels: bool) -> list[float]:
    """Return whether the intervals of one data set contain the true coefficient, Wald first.

    The last one is the profile interval of a logit with bias reduction.

    A separated data set has no Wald interval, which is counted as a miss.
    """
    rng = np.random.default_rng(seed)
    scale = SCALES[link]
    X = rng.normal(size=(n, 2))
    log_p = ACTIVATIONS[link]().log_proba(scale * (X @ TRUE_PARAMETERS[:2] + TRUE_PARAMETERS[2]))[1]
    y = rng.random(n) < np.exp(log_p)
    if y.all() or not y.any():
        return [np.nan, np.nan, np.nan]
    true = scale * TRUE_PARAMETERS[0]
    if by_statsmodels:
        # The profile interval contains the values that a likelihood ratio test does not reject.
        whole = statsmodels_fit(link, X, y)
        held = statsmodels_fit(link, X[:, 1:], y, offset=true * X[:, 0])
        is_near = abs(whole.params[0] - true) <= norm.isf(0.025) * whole.bse[0]
        return [float(is_near), float(2 * (whole.llf - held.llf) <= chi2.isf(0.05, 1)), np.nan]
    out = hits(fit(link, X, y), X, y, true, ("wald", "profile"))
    if link != "sigmoid":
        return [*out, np.nan]
    return [*out, *hits(fit(link, X, y, bias_reduction="mean"), X, y, true, ("profile",))]


def hits(
    neuron: NeuronClassifier,
    X: np.ndarray,
    y: np.ndarray,
    true: float,
    methods: tuple[Literal["wald", "profile"], ...],
) -> list[float]:
    """Return whether the intervals of the first coefficient contain a value, NaN for an error."""
    out = []
    for method in methods:
        try:
            row = coefficient_table(neuron, X, y, method=method).iloc[0]
            out.append(float(row["lower"] <= true <= row["upper"]))
        except ValueError:
            out.append(np.nan)
    return out


def rare_hits(seed: int, link: str) -> list[float]:
    """Return whether intervals of few events contain the coefficient.

    Wald and profile intervals of maximum likelihood, then both with bias reduction.
    """
    rng = np.random.default_rng(seed)
    scale = SCALES[link]
    X = rng.normal(size=(RARE_ROWS, 2))
    true = scale * RARE_EFFECT
    z = true * X[:, 0] + RARE_INTERCEPTS[link]
    y = rng.random(RARE_ROWS) < np.exp(ACTIVATIONS[link]().log_proba(z)[1])
    if not y.any():
        return [np.nan] * 5
    both = ("wald", "profile")
    methods = both if link == "sigmoid" else ("wald",)
    out = hits(fit(link, X, y), X, y, true, both)
    out += hits(fit(link, X, y, bias_reduction="mean"), X, y, true, methods)
    unknown = [np.nan] * (4 - len(out))
    return [*out, *unknown, float(y.sum())]


def cluster_hits(seed: int, link: str, n_clusters: int, by_statsmodels: bool) -> list[float]:
    """Return whether robust, clustered and corrected intervals contain the limit.

    Corrected intervals follow with quantiles of Student's t with one degree of freedom per cluster
    less one. statsmodels has no HC3.
    A feature of clusters with a true coefficient of 0 has the limit 0 in the model without the
    intercepts of clusters.
    """
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_clusters), CLUSTER_SIZE)
    X = rng.normal(size=(n_clusters, 1))[groups]
    z = INTERCEPT_DEVIATION * rng.normal(size=n_clusters)[groups]
    y = rng.random(len(z)) < np.exp(ACTIVATIONS[link]().log_proba(z)[1])
    quantile, wide = norm.isf(0.025), student.isf(0.025, n_clusters - 1)
    ratios = []
    if by_statsmodels:
        clustered = {"cov_type": "cluster", "cov_kwds": {"groups": groups}}
        plain = clustered | {"cov_kwds": {"groups": groups, "use_correction": False}}
        for settings in ({"cov_type": "HC0"}, plain, clustered):
            found = statsmodels_fit(link, X, y, **settings)
            ratios.append(abs(found.params[0]) / found.bse[0])
    else:
        neuron = fit(link, X, y)
        settings = [{}] + [{"groups": groups, "correction": c} for c in (None, "HC1", "HC3")]
        for own in settings:
            row = coefficient_table(neuron, X, y, kind="robust", **own).iloc[0]
            ratios.append(abs(row["z"]))
    out = [float(ratio <= quantile) for ratio in ratios]
    out[3:3] = [float(ratios[2] <= wide)]
    return [*out, np.nan, np.nan] if by_statsmodels else [*out, float(ratios[3] <= wide)]


def percentages(found: list[list[float]]) -> list[str]:
    """Return the mean of each column in percent, without NaN."""
    columns = np.array(found).T
    means = [np.nan if np.isnan(c).all() else 100 * np.nanmean(c) for c in columns]
    return ["—" if np.isnan(mean) else f"{mean:.1f} %" for mean in means]


TABLES = ("profile", "clusters", "rare")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=2000, help="data sets per link and size")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    parser.add_argument("--links", nargs="+", choices=LINKS, default=LINKS)
    parser.add_argument("--clusters", nargs="+", type=int, default=CLUSTERS)
    parser.add_argument("--statsmodels", action="store_true", help="intervals by statsmodels")
    args = parser.parse_args()
    with ProcessPoolExecutor(args.processes) as pool:

        def row(
            cells: list[str], function: Callable[[int], list[float]], columns: int = 4
        ) -> list[list[float]]:
            """Print a row of a table, and return its numbers."""
            found = list(pool.map(function, range(args.sets), chunksize=50))
            shown = percentages([line[:columns] for line in found])
            print(f"| {' | '.join([*cells, *shown])} |", flush=True)
            return found

        if "profile" in args.tables:
            print("| activation | n | Wald | profile | bias reduction, profile |")
            print("|---|---|---|---|---|")
            for link, n in product(args.links, SIZES):
                given = {"link": link, "n": n, "by_statsmodels": args.statsmodels}
                row([link, str(n)], partial(profile_hits, **given))
        if "clusters" in args.tables:
            titles = "robust | clustered | HC1 | HC1, Student's t | HC3 | HC3, Student's t"
            print(f"\n| activation | clusters | {titles} |")
            print("|---|---|---|---|---|---|---|---|")
            for link, n in product(args.links, args.clusters):
                given = {"link": link, "n_clusters": n, "by_statsmodels": args.statsmodels}
                row([link, str(n)], partial(cluster_hits, **given), columns=6)
        if "rare" in args.tables:
            print("\n| activation | Wald | profile | bias reduction, Wald | and profile |")
            print("|---|---|---|---|---|")
            for link in args.links:
                found = row([link], partial(rare_hits, link=link))
                events = np.array(found)[:, 4]
                low, high = np.nanquantile(events, [0.05, 0.95])
                print(f"{np.nanmean(events):.1f} events, mostly {low:.0f} to {high:.0f}")


if __name__ == "__main__":
    main()
