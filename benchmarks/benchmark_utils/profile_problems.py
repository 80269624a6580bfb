"""The problems of the performance profile: tables, their forms and their penalties."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark_utils.profile_tables import load

__all__ = ["PROBLEMS", "Problem"]

# One table a line: name, size, and for each form its penalties. A number is the C of a ridge,
# "inf" no penalty, and "L1" an L1 penalty with C = 1. Without a penalty only tables whose classes
# overlap have a minimum. Sizes: q(uick) is part of --quick, m(edium) of the run without options,
# l(arge) of --large.
_TABLES = """
sklearn iris                      q raw 1, scaled 0.01
sklearn wine                      q raw 1, scaled L1
sklearn breast_cancer             q raw 100, scaled 1 L1
sklearn digits                    q raw 1, scaled 0.01
keel australian                   q raw 1, scaled L1
keel banana                       q raw inf
keel german                       q raw 1, scaled inf
keel ionosphere                   q scaled 1 L1
keel pima                         q raw 1, scaled inf
keel sonar                        q scaled 1 100
keel vowel                        q raw 1, scaled 100
keel vehicle                      q raw 1, scaled 0.01
keel titanic                      q raw inf
keel phoneme                      q scaled inf 1
keel spambase                     q raw 1, scaled 100 L1
keel magic                        q raw 1, scaled inf
keel ring                         q raw 0.01
keel twonorm                      q raw inf
keel segment                      q scaled 1
keel mushroom                     q onehot 1, scaled 100
keel splice                       q onehot 1, scaled 0.01
r MASS Pima.tr type               q raw inf
r AER HMDA deny                   q raw 1
r ISLR Default default            q raw 1 inf
r ISLR Caravan Purchase           q scaled 1 L1
r modeldata attrition Attrition   q raw 1, scaled 0.01
r modeldata mlc_churn churn       q raw 1
r modeldata credit_data Status    q raw 1, scaled L1
text reviews                      q sparse 1 L1
generated wide 200 5000 2         q raw 1 L1
generated onehot 8700 1840 2      q sparse 1 100
generated blobs 3000 64 100       q raw 1
keel letter                       m raw 1, scaled 100
keel optdigits                    m raw 1, scaled 0.01
keel penbased                     m scaled 1
keel satimage                     m raw 1, scaled 100
keel texture                      m scaled 1
keel movement_libras              m raw 1
keel marketing                    m scaled inf
r AER Fertility morekids          m raw 1 inf
r AER Fertility2 morekids         m raw 0.01
r ggplot2 diamonds cut            m scaled 1, raw 0.01
r causaldata mortgages home_ownership m raw 1
r palmerpenguins penguins species m scaled 1
r modeldata cells class           m raw 1, scaled L1
r lme4 InstEval service           m onehot 1 0.01
text tweets                       m sparse 1 L1
text tweets_by_source             m sparse 1
flights flights                   m sparse 1 0.01
generated dense 200000 100 2      m raw 1, scaled L1
generated dense 1000000 20 2      m raw 1, scaled inf
generated dense 20000 300 2       m raw 1, scaled 100
generated dense 500 30 2          m raw inf, scaled 1
generated dense 50 5 2            m scaled 1
generated wide 1000 20000 2       m raw 1
generated wide 100 50000 2        m raw 100
generated onehot 50000 5000 2     m sparse 1 100
generated onehot 20000 2000 5     m sparse 1
generated blobs 6000 64 300       m raw 1
generated blobs 20000 20 50       m raw 100
generated rare 1000000 20 2       l raw inf
generated dense 2000000 20 2      l raw 1, scaled 0.01
generated dense 20000 1000 2      l raw 1, scaled L1
generated blobs 6000 64 1000      l raw 1
words words                       l sparse 1 L1
images images                     l raw 1
r openintro military gender       l onehot 1
"""


@dataclass(frozen=True)
class Problem:
    """A table in one form, with a penalty.

    Parameters
    ----------
    table : str
        Source and further words, see :func:`benchmark_utils.profile_tables.load`.
    form : str
        "raw", "scaled", "onehot" or "sparse".
    penalty : str
        "L1" or the C of a ridge.
    size : str
        "q", "m" or "l".
    """

    table: str
    form: str
    penalty: str
    size: str

    @property
    def name(self) -> str:
        """What the results call it."""
        return f"{self.table}, {self.form}, {self.words}"

    @property
    def words(self) -> str:
        """Name of the penalty."""
        return "L1" if self.penalty == "L1" else f"C={self.penalty}"

    @property
    def C(self) -> float:
        """Inverse strength of the penalty."""
        return 1.0 if self.penalty == "L1" else float(self.penalty)

    @property
    def l1_ratio(self) -> float:
        """Part of the L1 norm in the penalty."""
        return float(self.penalty == "L1")

    def get_data(self) -> dict[str, Any]:
        """Return X and y, with classes 0 … K-1."""
        X, y = load(self.table, self.form)
        if self.form == "scaled":
            X = X - X.mean(axis=0)
            deviations = X.std(axis=0)
            X = np.ascontiguousarray(X / np.where(deviations > 0, deviations, 1.0))
        return {"X": X, "y": y}


def _problems() -> Iterator[Problem]:
    for line in _TABLES.strip().splitlines():
        table, size, forms = re.split(r" +([qml]) ", line)
        for words in forms.split(", "):
            form, *penalties = words.split()
            for penalty in penalties:
                yield Problem(table, form, penalty, size)


PROBLEMS = tuple(_problems())
