"""Run scikit-learn's own tests of ``LogisticRegression`` with the neuron in its place.

    python tests/sklearn_logistic.py            a summary, and every failure without a reason
    python tests/sklearn_logistic.py --table    a Markdown table of all failures with their reasons

The script needs scikit-learn 1.9, of whose tests the names below are. It exits with 1 if a test
fails without a reason, or if a test with a reason passes.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections import Counter

import numpy as np
import pytest
import sklearn
import sklearn.linear_model

from skneuron import NeuronClassifier

# By the name of a test, or its name and parameters: why the neuron does not pass.
REASONS: dict[str, str] = {
    "test_check_solver_option[LogisticRegression]": "The test expects refusals of single solvers: liblinear without L1 and bounds, lbfgs with L1.",
    "test_liblinear_dual_random_state": "The test expects that two seeds differ. The neuron has the same minimum for every seed.",
    "test_logistic_cv": "The test compares with LogisticRegressionCV, whose solver liblinear ends 1.6e-5 from the minimum.",
    "test_logistic_cv_multinomial_score[neg_log_loss-multiclass_agg_list3]": "The test compares with a private path of scikit-learn, which ends further from the minimum.",
    "test_logistic_regression_cv_refit[42-1]": "The test compares two fits to 1e-7 of the smallest coefficient. The neuron passes with tol=1e-22.",
    "test_logreg_predict_proba_multinomial": "The test calls a private method, _predict_proba_lr.",
    "test_max_iter": "The test reads the text of each solver's warning, and expects no convergence in 4 iterations. The neuron warns in its own words, and only if it did not converge.",
    "test_dtype_match[csr_matrix-False-liblinear]": "liblinear returns float64 for float32. The neuron returns float32.",
    "test_dtype_match[csr_matrix-True-liblinear]": "liblinear returns float64 for float32. The neuron returns float32.",
    "test_dtype_match[csr_array-False-liblinear]": "liblinear returns float64 for float32. The neuron returns float32.",
    "test_dtype_match[csr_array-True-liblinear]": "liblinear returns float64 for float32. The neuron returns float32.",
    "test_elastic_net_l1_l2_equivalence": "The neuron has no penalty='l1', which scikit-learn deprecates. Use l1_ratio=1.",
    "test_l1_ratio_non_elasticnet": "The neuron has no penalty, which scikit-learn deprecates, and so no warning about it.",
    "test_penalty_none": "The neuron has no penalty=None, which scikit-learn deprecates. Use C=np.inf.",
    "test_penalty_deprecated[LogisticRegression]": "The neuron has no penalty, which scikit-learn deprecates, and so no warning about it.",
    "test_lr_penalty_l1ratio_incompatible": "The neuron has no penalty, which scikit-learn deprecates, and so no warning about it.",
    "test_l1_ratio_None_deprecated": "The neuron never had l1_ratio=None, which scikit-learn deprecates, and raises an error for it.",
    "test_logisticregression_warns_with_n_jobs": "The neuron has no n_jobs, which scikit-learn deprecates, and so no warning about it.",
    "test_large_sparse_matrix": "liblinear, sag and saga refuse indices of 64 bits. The neuron fits.",
    "test_liblinear_with_large_values": "liblinear refuses values above 1e30. The neuron fits.",
    "test_newton_cholesky_fallback_to_lbfgs": "The classes are separable and C is 1e30: the neuron warns with a SeparationWarning, and needs no second solver.",
    "test_liblinear_multiclass_raises[LogisticRegression]": "liblinear refuses more than two classes. The neuron fits.",
    "test_logistic_regression_callback_support": "LogisticRegression reports an empty task after the last iteration. The neuron reports iterations only.",
    "test_logistic_regression_callback_support_warning": "LogisticRegression supports callbacks with lbfgs only, and warns. Every solver of the neuron supports callbacks.",
}


class LogisticRegression(NeuronClassifier):
    """A sigmoid neuron with the constructor of ``LogisticRegression``.

    Every solver of ``LogisticRegression`` is the neuron's own choice, with the neuron's ``tol``.
    """

    def __init__(
        self,
        penalty="deprecated",
        *,
        C=1.0,
        l1_ratio=0.0,
        dual=False,
        tol=1e-4,
        fit_intercept=True,
        intercept_scaling=1,
        class_weight=None,
        random_state=None,
        solver="lbfgs",
        max_iter=100,
        verbose=0,
        warm_start=False,
        n_jobs=None,
    ):
        super().__init__(
            C=C,
            l1_ratio=l1_ratio,
            fit_intercept=fit_intercept,
            class_weight=class_weight,
            random_state=random_state,
            max_iter=max_iter,
            verbose=verbose,
            warm_start=warm_start,
        )
        self.penalty, self.dual, self.intercept_scaling = penalty, dual, intercept_scaling
        self.n_jobs, self.solver, self.tol = n_jobs, solver, tol

    def fit(self, X, y, sample_weight=None):
        given = self.solver, self.tol
        self.solver, self.tol = "auto", None
        try:
            return super().fit(X, y, sample_weight)
        finally:
            self.solver, self.tol = given


class Outcomes:
    """A plugin of pytest that selects tests and records how they end."""

    def __init__(self) -> None:
        self.ends: dict[str, str] = {}
        self.messages: dict[str, str] = {}

    def pytest_collection_modifyitems(self, items):
        items[:] = [item for item in items if self._concerns_the_neuron(item)]

    def _concerns_the_neuron(self, item) -> bool:
        """Whether a test uses the class, and runs without an array library."""
        text = inspect.getsource(item.function)
        return bool(re.search(r"\bLogisticRegression\b", text)) and "array_api" not in item.name

    def pytest_runtest_logreport(self, report):
        name = report.nodeid.split("::")[-1]
        if report.when == "call" or report.outcome != "passed":
            self.ends[name] = report.outcome
            crash = getattr(report.longrepr, "reprcrash", None)
            self.messages[name] = "" if crash is None else crash.message.split("\n")[0]


#: Tests of REASONS that pass or fail by the last digits of a sum, which depend on the BLAS.
BY_CHANCE = {"test_logistic_regression_cv_refit[42-1]"}


def reason_of(name: str) -> str | None:
    return REASONS.get(name, REASONS.get(name.split("[")[0]))


def main(arguments: list[str]) -> int:
    if not sklearn.__version__.startswith("1.9."):
        print(f"Not run: the reasons are for scikit-learn 1.9, and {sklearn.__version__} is here.")
        return 0
    sklearn.linear_model.LogisticRegression = LogisticRegression
    outcomes = Outcomes()
    pytest.main(
        ["--pyargs", "sklearn.linear_model.tests.test_logistic", "-p", "no:cacheprovider",
         "-p", "no:terminal", "-c", "/dev/null"],
        plugins=[outcomes],
    )  # fmt: skip
    ends = Counter(outcomes.ends.values())
    print(f"{ends['passed']} passed, {ends['failed']} failed, {ends['skipped']} skipped")
    failed = [name for name, end in outcomes.ends.items() if end == "failed"]
    unexplained = [name for name in failed if reason_of(name) is None]
    stale = [
        name
        for name in REASONS.keys() - BY_CHANCE
        if name not in failed and name not in {test.split("[")[0] for test in failed}
    ]
    if "--table" in arguments:
        print("\n| Test | Failures | Reason |\n|---|---|---|")
        counts = Counter((test.split("[")[0], reason_of(test)) for test in failed)
        for (name, reason), count in counts.items():
            print(f"| `{name}` | {count} | {reason} |")
    for name in unexplained:
        print(f"No reason: {name}: {outcomes.messages[name]}")
    for name in stale:
        print(f"Passes by now: {name}")
    return int(bool(unexplained or stale))


if __name__ == "__main__":
    np.seterr(all="warn")
    sys.exit(main(sys.argv[1:]))
