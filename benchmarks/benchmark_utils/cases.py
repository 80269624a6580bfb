"""What a run measures: each data set with its parameters and its penalty."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """One problem.

    Parameters
    ----------
    dataset : str
        ``name`` of a class in ``datasets/``.
    parameters : dict
        Of that class.
    C, l1_ratio : float
        Of the objective.
    quick : bool
        Whether ``--quick`` runs it too.
    """

    dataset: str
    parameters: dict[str, Any] = field(default_factory=dict)
    C: float = 1.0
    l1_ratio: float = 0.0
    quick: bool = False

    @property
    def name(self) -> str:
        """What tables and files call it: data set, parameters, penalty."""
        words = [self.dataset]
        for key, value in self.parameters.items():
            if isinstance(value, bool):
                words.append(key if value else "raw")
            elif isinstance(value, str):
                words.append(value)
        if self.dataset == "generated":
            shape = [self.parameters["n_samples"], self.parameters["n_features"]]
            words.insert(1, "x".join(_short(n) for n in shape))
        suffix = {"l2": [], "none": ["no penalty"]}.get(self.penalty, [self.penalty])
        strength = [] if self.C == 1.0 or np.isinf(self.C) else [f"C={self.C:g}"]
        return " ".join(words + suffix + strength)

    @property
    def penalty(self) -> str:
        """Its name: "none", "l2", "elastic net" or "l1"."""
        if np.isinf(self.C):
            return "none"
        return {0.0: "l2", 1.0: "l1"}.get(self.l1_ratio, "elastic net")


def _short(n: int) -> str:
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if n >= size and n % size == 0:
            return f"{n // size}{letter}"
    return str(n)


def _generated(n_samples: int, n_features: int, scaled: bool, **options: Any) -> Case:
    parameters = {"n_samples": n_samples, "n_features": n_features, "scaled": scaled}
    return Case("generated", parameters, **options)


def _sizes() -> list[Case]:
    sizes = [(1_000_000, 20), (200_000, 100), (20_000, 300), (20_000, 1_000)]
    return [_generated(n, d, scaled) for n, d in sizes for scaled in (False, True)]


def _sparse_weights() -> list[Case]:
    texts = ("reviews", "tweets", "bag-of-words")
    cases = []
    for l1_ratio in (1.0, 0.5):
        cases += [_generated(200_000, 100, scaled, l1_ratio=l1_ratio) for scaled in (False, True)]
        cases += [Case(text, l1_ratio=l1_ratio) for text in texts]
    # Weak penalties: thousands of words have weights.
    return cases + [Case(text, C=10.0, l1_ratio=1.0) for text in texts]


CASES = [
    Case("breast-cancer", {"scaled": False}, quick=True),
    Case("breast-cancer", {"scaled": True}, quick=True),
    Case("wine", quick=True),
    Case("digits", quick=True),
    Case("churn", quick=True),
    Case("default", quick=True),
    Case("default", C=np.inf, quick=True),
    Case("breast-cancer", {"scaled": True}, l1_ratio=1.0, quick=True),
    Case("keel", {"table": "spambase"}),
    Case("keel", {"table": "magic"}),
    Case("fertility"),
    Case("fertility", C=np.inf),
    Case("flights"),
    Case("reviews", quick=True),
    Case("tweets"),
    Case("newsgroups"),
    Case("bag-of-words"),
    Case("images", {"n_samples": 60_000}),
    *_sizes(),
    *_sparse_weights(),
]
