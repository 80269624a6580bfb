"""Published tables of maximum likelihood fits, typed in as printed, and the data they are of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).parent / "data"


def read(name: str) -> pd.DataFrame:
    """Return a table of tests/data; each tells in its head where it is from."""
    (path,) = DATA.glob(f"{name}.csv*")
    return pd.read_csv(path, comment="#")


def grouped(X: pd.DataFrame, events: pd.Series, totals: pd.Series) -> tuple:
    """Return (X, y, weights): two rows a group, its events and what is left of its total."""
    X = pd.concat([X, X], ignore_index=True)
    y = np.repeat([1, 0], len(events))
    return X, y, np.concatenate([events, totals - events]).astype(float)


def _beetles():
    table = read("beetles")
    return grouped(table[["log10_dose"]], table["killed"], table["n"])


def _menarche():
    table = read("menarche")
    return grouped(table[["age"]], table["menarche"], table["n"])


def _budworm():
    table = read("budworm")
    return grouped(table[["male", "log2_dose"]], table["killed"], table["n"])


def _orings():
    table = read("orings")
    return grouped(table[["temperature"]], table["damaged"], 0 * table["damaged"] + 6)


def _ungrouped(X, y):
    return X, np.asarray(y), np.ones(len(y))


def _damaged_launches():
    table = read("orings")
    return _ungrouped(table[["temperature"]], (table["damaged"] > 0).astype(int))


def _spector():
    table = read("spector")
    return _ungrouped(table[["GPA", "TUCE", "PSI"]], table["GRADE"])


def _birthwt():
    table = read("birthwt")
    X = pd.DataFrame({"age": table["age"], "lwt": table["lwt"]})
    X["black"], X["other"] = table["race"] == 2, table["race"] == 3
    return _ungrouped(X.join(table[["smoke", "ptl", "ht", "ui"]]).astype(float), table["low"])


def _birthwt_factors():
    """Visits and earlier premature labours as levels, as Venables & Ripley recode them."""
    table = read("birthwt")
    X = _birthwt()[0].drop(columns="ptl")
    X.loc[181, "lwt"] = 105.0  # as R's MASS has it
    X["ptd"] = table["ptl"] > 0
    X["ftv1"], X["ftv2+"] = table["ftv"] == 1, table["ftv"] >= 2
    return _ungrouped(X.astype(float), table["low"])


def _mroz():
    table = read("mroz")
    X = table.drop(columns="inlf")
    X.insert(3, "expersq", X["exper"] ** 2)
    return _ungrouped(X, table["inlf"])


def _default(*columns):
    def load():
        table = read("default")
        # The book's table has income in thousands of dollars.
        X = table.assign(income=table["income"] / 1000)
        return _ungrouped(X[list(columns)], table["default"])

    return load


def _crabs(*columns):
    def load():
        table = read("crabs")
        colors = {color: (table["color"] == color) * 1.0 for color in ("light", "medium", "dark")}
        return _ungrouped(
            pd.DataFrame(colors | {"width": table["width"]})[list(columns)], table["y"]
        )

    return load


def _vaso():
    table = read("vaso")
    X = np.log(table[["volume", "rate"]]).add_prefix("log_")
    return _ungrouped(X, table["constricted"])


def _infert():
    table = read("infert")
    return _ungrouped(table[["spontaneous", "induced"]], table["case"])


def _swiss_labor():
    table = read("swiss_labor")
    X = table.drop(columns="participation")
    X["age^2"] = X["age"] ** 2
    return _ungrouped(X, table["participation"])


@dataclass(frozen=True)
class Table:
    """One published fit: its figures are strings, so that their digits are known.

    ``coef`` maps a column (or ``"bias"``) to the estimate and, where printed, its standard
    error; ``kind`` tells from which information matrix the source has those. Iterations of R
    and Stata stop early, and the last digits that they print can be off by one from those at
    the maximum: digits after which a fit of theirs with a tighter tolerance differs are left off.
    """

    source: str
    load: Callable[[], tuple]
    link: str
    coef: dict[str, tuple[str, ...]]
    kind: str = "expected"
    figures: dict[str, str] = field(default_factory=dict)


DOBSON = "Dobson, An Introduction to Generalized Linear Models, 2nd ed. (2002), section 7.3"
# Rounded from R's output in r_inference.csv. The printed tables have not been compared.
AGRESTI_CRABS = "Agresti, Categorical Data Analysis, 2nd ed. (2002), chapter 5, by R 4.2.2"
AGRESTI = "Agresti, Categorical Data Analysis, 2nd ed. (2002), section 6.6"
STATA = "Stata Base Reference Manual, logistic and logit"
STATA_SPECTOR = "Stata 11, as in statsmodels/discrete/tests/results/results_discrete.py"
MASS = "Venables & Ripley, Modern Applied Statistics with S, 4th ed. (2002), section 7.2"
MENARCHE = "R's help page menarche of MASS, its example run"
WOOLDRIDGE = "Wooldridge, Introductory Econometrics, Table 17.1"
ISLR = "James et al., An Introduction to Statistical Learning (2013), Table 4."
FARAWAY = "Faraway, Extending the Linear Model with R (2006), section 2.1"
DALAL = "Dalal, Fowlkes & Hoadley, J. Am. Stat. Assoc. 84 (1989)"
PREGIBON = "Pregibon, Annals of Statistics 9 (1981), section 4"
KLEIBER = "Kleiber & Zeileis, Applied Econometrics with R (2008), section 5.2"

TABLES = {
    "beetles, logit": Table(
        DOBSON, _beetles, "sigmoid",
        {"bias": ("-60.717", "5.181"), "log10_dose": ("34.270", "2.912")},
        figures={"deviance": "11.23"},
    ),
    "beetles, probit": Table(
        AGRESTI, _beetles, "probit",
        {"bias": ("-34.94",), "log10_dose": ("19.73",)}, figures={"deviance": "10.12"},
    ),
    "beetles, cloglog": Table(
        AGRESTI, _beetles, "cloglog",
        {"bias": ("-39.57",), "log10_dose": ("22.04",)}, figures={"deviance": "3.45"},
    ),
    "crabs, width": Table(
        AGRESTI_CRABS, _crabs("width"), "sigmoid",
        {"bias": ("-12.351", "2.629"), "width": ("0.497", "0.102")},
    ),
    "crabs, color and width": Table(
        AGRESTI_CRABS, _crabs("light", "medium", "dark", "width"), "sigmoid",
        {"bias": ("-12.715", "2.762"), "light": ("1.330", "0.853"), "medium": ("1.402", "0.548"),
         "dark": ("1.106", "0.592"), "width": ("0.468", "0.106")},
    ),
    "spector, logit": Table(
        STATA_SPECTOR, _spector, "sigmoid",
        {"bias": ("-13.02135", "4.93132"), "GPA": ("2.826113", "1.262941"),
         "TUCE": ("0.0951577", "0.1415542"), "PSI": ("2.378688", "1.064564")},
        "observed", {"log_likelihood": "-12.88963", "null_log_likelihood": "-20.59173"},
    ),
    "spector, probit": Table(
        STATA_SPECTOR, _spector, "probit",
        {"bias": ("-7.45232", "2.542472"), "GPA": ("1.62581", "0.6938825"),
         "TUCE": ("0.0517289", "0.0838903"), "PSI": ("1.426332", "0.5950379")},
        "observed", {"log_likelihood": "-12.81880"},
    ),
    "menarche": Table(
        MENARCHE, _menarche, "sigmoid",
        {"bias": ("-21.22639", "0.7707"), "age": ("1.63197", "0.05895")},
        figures={"deviance": "26.703", "null_deviance": "3693.884"},
    ),
    "birthwt": Table(
        STATA, _birthwt, "sigmoid",
        {"bias": ("0.4612239", "1.20459"), "age": ("-0.0271003", "0.0364504"),
         "lwt": ("-0.0151508", "0.0069259"), "black": ("1.262647", "0.5264101"),
         "other": ("0.8620792", "0.4391532"), "smoke": ("0.9233448", "0.4008266"),
         "ptl": ("0.5418366", "0.346249"), "ht": ("1.832518", "0.6916292"),
         "ui": ("0.7585135", "0.4593768")},
        figures={"log_likelihood": "-100.724", "likelihood_ratio": "33.22", "mcfadden": "0.1416"},
    ),
    "birthwt, levels": Table(
        MASS, _birthwt_factors, "sigmoid",
        {"bias": ("0.82302", "1.245"), "age": ("-0.03723", "0.0387"),
         "lwt": ("-0.01565", "0.0071"), "black": ("1.19241", "0.5360"),
         "other": ("0.7407", "0.462"), "smoke": ("0.75553", "0.4250"),
         "ptd": ("1.34376", "0.4806"), "ht": ("1.91317", "0.721"),
         "ui": ("0.6802", "0.464"), "ftv1": ("-0.43638", "0.4794"),
         "ftv2+": ("0.17901", "0.4564")},
        figures={"null_deviance": "234.67", "deviance": "195.48"},
    ),
    "mroz, logit": Table(
        WOOLDRIDGE, _mroz, "sigmoid",
        {"bias": ("0.425", "0.860"), "nwifeinc": ("-0.021", "0.008"), "educ": ("0.221", "0.043"),
         "exper": ("0.206", "0.032"), "expersq": ("-0.0032", "0.0010"),
         "age": ("-0.088", "0.015"), "kidslt6": ("-1.443", "0.204"), "kidsge6": ("0.060", "0.075")},
        "observed",
        {"log_likelihood": "-401.77", "mcfadden": "0.220", "percent_correct": "73.6"},
    ),
    "mroz, probit": Table(
        WOOLDRIDGE, _mroz, "probit",
        {"bias": ("0.270", "0.509"), "nwifeinc": ("-0.012", "0.005"), "educ": ("0.131", "0.025"),
         "exper": ("0.123", "0.019"), "expersq": ("-0.0019", "0.0006"),
         "age": ("-0.053", "0.008"), "kidslt6": ("-0.868", "0.119"), "kidsge6": ("0.036", "0.043")},
        "observed",
        {"log_likelihood": "-401.30", "mcfadden": "0.221", "percent_correct": "73.4"},
    ),
    "default, balance": Table(
        ISLR + "1", _default("balance"), "sigmoid",
        {"bias": ("-10.6513", "0.3612"), "balance": ("0.0055", "0.0002")},
    ),
    "default, student": Table(
        ISLR + "2", _default("student"), "sigmoid",
        {"bias": ("-3.5041", "0.0707"), "student": ("0.4049", "0.1150")},
    ),
    "default, all": Table(
        ISLR + "3", _default("balance", "income", "student"), "sigmoid",
        {"bias": ("-10.8690", "0.4923"), "balance": ("0.0057", "0.0002"),
         "income": ("0.0030", "0.0082"), "student": ("-0.6468", "0.236")},
    ),
    "budworm": Table(
        MASS, _budworm, "sigmoid",
        {"bias": ("-3.4732", "0.4685"), "male": ("1.1007", "0.3558"),
         "log2_dose": ("1.0642", "0.1311")},
        figures={"null_deviance": "124.8756", "deviance": "6.7571"},
    ),
    "orings, logit": Table(
        FARAWAY, _orings, "sigmoid",
        {"bias": ("11.6630", "3.2963"), "temperature": ("-0.2162", "0.0532")},
        figures={"deviance": "16.9", "null_deviance": "38.9"},
    ),
    "orings, probit": Table(
        FARAWAY, _orings, "probit",
        {"bias": ("5.5915",), "temperature": ("-0.1058",)},
        figures={"deviance": "18.1"},
    ),
    "damaged launches": Table(
        DALAL, _damaged_launches, "sigmoid",
        {"bias": ("15.043", "7.379"), "temperature": ("-0.232", "0.108")},
        figures={"deviance": "20.315", "null_deviance": "28.267"},
    ),
    "vaso": Table(
        PREGIBON, _vaso, "sigmoid",
        {"bias": ("-2.875",), "log_volume": ("5.179",), "log_rate": ("4.562",)},
        figures={"deviance": "29.23"},
    ),
    "infert": Table(
        "R's help page infert, its example run", _infert, "sigmoid",
        {"bias": ("-1.7079", "0.2677"), "spontaneous": ("1.1972", "0.2116"),
         "induced": ("0.4181", "0.2056")},
        figures={"null_deviance": "316.17", "deviance": "279.61"},
    ),
    "swiss labour": Table(
        KLEIBER, _swiss_labor, "probit",
        {"bias": ("3.7491",), "income": ("-0.6669",), "age": ("2.0753",), "education": ("0.0192",),
         "youngkids": ("-0.7145",), "oldkids": ("-0.1470",), "foreign": ("0.7144",),
         "age^2": ("-0.2943",)},
    ),
}  # fmt: skip
