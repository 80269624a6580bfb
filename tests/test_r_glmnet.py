"""R's cv.glmnet as a second opinion on scores and choices, recorded by tests/r_glmnet.R."""

import numpy as np
import pytest
from sklearn.model_selection import PredefinedSplit
from textbooks import read

from skneuron import NeuronClassifierCV

RECORDED = read("r_glmnet")
CASES = list(RECORDED.groupby(["table", "n", "folds", "weighted", "factor", "alpha"]))


@pytest.mark.parametrize(("case", "rows"), CASES, ids=[str(case) for case, _ in CASES])
def test_scores_and_choices_are_those_of_cv_glmnet(case, rows):
    """lambda_min is the best C, and lambda_1se the C within one standard error."""
    name, n, folds, weighted, factor, alpha = case
    table = read(name)[:n]
    X, y = np.asarray(table.iloc[:, :-1], dtype=float), np.asarray(table.iloc[:, -1])
    X = (X - X.mean(axis=0)) / X.std(axis=0, ddof=1)
    row = np.arange(n)
    weights = 1.0 + row // folds % 2 if weighted else None
    cv = PredefinedSplit(row % folds)
    Cs = rows["C"].to_numpy()
    found = {}
    for selection in ("best", "one_se"):
        found[selection] = NeuronClassifierCV(
            Cs=Cs,
            l1_ratios=[alpha],
            cv=cv,
            selection=selection,
            penalty_factor=None if factor == 1 else {0: factor},
        ).fit(X, y, weights)
    best, one_se = found["best"], found["one_se"]
    assert Cs[rows["min"] == 1].item() == best.C_
    assert one_se.C_ == best.C_one_se_ == Cs[rows["one_se"] == 1].item()
    # glmnet limits probabilities to 1e-5, which only the weakest penalties here reach. Its
    # descent ends at a change of 1e-14 of the deviance.
    free = Cs <= 1
    np.testing.assert_allclose(-best.mean_scores_[0][free], rows["loss"][free], rtol=1e-6)
    np.testing.assert_allclose(best.standard_errors_[0][free], rows["error"][free], rtol=1e-5)
