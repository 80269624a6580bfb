"""What the fuzzer asserts of a fit. Each assertion counts how often it was reached."""

from __future__ import annotations

import pickle
import re
import time
import traceback
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from fuzzing.attempt import Attempt, Report, contents
from fuzzing.objective import ROUNDING, check_objective
from fuzzing.settings import FIRST_ORDER
from skneuron import NeuronClassifier
from skneuron.separation import SeparationWarning
from skneuron.solvers import SOLVERS

# CPU seconds that any fit may take.
_SECONDS = 5.0

# Multiple of the CPU seconds of LogisticRegression that a fit may take as well.
_TIMES = 50

# Largest number of iterations after the last one that lowered F.
_IDLE = 100

# Largest number of iterations of Newton on a table of some hundred rows.
_ITERATIONS = 300

# Largest gap that rounding to float32 may leave without a warning (docs/convergence.md).
_FLOAT32_GAP = 1e-8

# Words of a text that says what was expected, or what to do.
_HELPFUL = re.compile(
    r"expected|Expected|rescale|[Uu]se |must be|required|at least|minimum of|instead"
)


def check_seed(problem):
    """Return the report of a problem."""
    report = Report()
    before = contents(problem)
    params = pickle.dumps(NeuronClassifier(**problem.params).get_params())
    attempt = Attempt(problem)
    report.check("input unmodified", contents(problem) == before)
    unmodified = pickle.dumps(attempt.neuron.get_params()) == params
    report.check("parameters unmodified", unmodified)
    _check_time(report, problem, attempt.seconds)
    _check_warnings(report, attempt.warnings)
    if attempt.error is not None:
        _check_error(report, "error", attempt.error)
        return report
    report.notes["fitted"] += 1
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        z = _check_outputs(report, problem, attempt.neuron)
    _check_warnings(report, caught)
    _check_attributes(report, attempt.neuron)
    _check_bounds(report, problem, attempt.neuron)
    _check_end(report, problem, attempt)
    with np.errstate(all="ignore"):
        check_objective(report, problem, attempt, z)
    if attempt.seconds < _SECONDS:
        again = Attempt(problem)
        report.check(
            "same bits twice", again.bits() == attempt.bits(), lambda: _difference(again, attempt)
        )
    return report


def _difference(a, b):
    return "differs: " + ", ".join(
        str(x[0]) for x, y in zip(a.bits(), b.bits(), strict=False) if x != y
    )


def _check_error(report, kind, error):
    """Look at an exception: its type, who has raised it, and its text."""
    text = f"{type(error).__name__}: {str(error)[:300]}"
    report.check(f"{kind} type", isinstance(error, ValueError | TypeError), text)
    last = traceback.extract_tb(error.__traceback__)[-1]
    ours = re.search(r"[/\\](skneuron|sklearn)[/\\]", last.filename) is not None
    report.check(
        f"{kind} text",
        ours and bool(_HELPFUL.search(str(error))),
        f"{text} ({last.filename}:{last.lineno})",
    )
    report.notes[f"refused: {re.sub(r'[-+.e0-9]*[0-9]', '#', str(error))[:90]}"] += 1


def _check_warnings(report, caught):
    """Look at categories: those of skneuron and scikit-learn, and plain UserWarning."""
    for warning in caught:
        known = warning.category is UserWarning or warning.category.__module__.startswith(
            ("skneuron", "sklearn")
        )
        report.check(
            "warning category", known, f"{warning.category.__name__}: {str(warning.message)[:200]}"
        )
    report.check("warnings", True)


def _check_time(report, problem, seconds):
    if seconds <= _SECONDS:
        report.check("time", True)
        return
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            LogisticRegression().fit(
                problem.dense, problem.y_index, problem.fit.get("sample_weight")
            )
        except ValueError:
            report.notes["LogisticRegression refused"] += 1
    other = time.process_time() - start
    report.check(
        "time", seconds <= _TIMES * other, f"{seconds:.1f} s, LogisticRegression {other:.2f} s"
    )


def _check_attributes(report, neuron):
    for name in ("coef_", "intercept_", "objective_"):
        report.check("finite attributes", np.all(np.isfinite(getattr(neuron, name))), name)
    report.check("finite attributes", neuron.gap_ >= 0, lambda: f"gap_={neuron.gap_}")
    for name, values in neuron.history_.items():
        fine = np.all(np.isfinite(values)) or (name == "gap" and not np.any(np.isnan(values)))
        report.check(
            "finite history",
            fine,
            lambda name=name, values=values: f"{name}={values[~np.isfinite(values)][:3]}",
        )
        report.check("length of history", len(values) == neuron.n_iter_.max(), name)


def _check_bounds(report, problem, neuron):
    """Look at the bounds, up to a unit in the last place where coefficients are float32."""
    if "bounds" not in problem.params:
        return
    low, high = problem.box
    # Rounding keeps the order of numbers, and float64 bounds stay as they are.
    low, high = low.astype(neuron.coef_.dtype), high.astype(neuron.coef_.dtype)
    report.check("within bounds", np.all((neuron.coef_ >= low) & (neuron.coef_ <= high)))


def _check_outputs(report, problem, neuron):
    """Look at what is computed on the rows that were learned; return the decisions."""
    X, offset = problem.X, problem.fit.get("offset")
    try:
        for output in (neuron.activate, neuron.decision_function):
            z = _numbers_of(output, problem)
            report.check("finite outputs", np.all(np.isfinite(z)), output.__name__)
        predicted = neuron.predict(X, offset=offset)
        report.check("predicted classes", np.all(np.isin(predicted, neuron.classes_)))
        report.check("predicted classes", predicted.dtype == neuron.classes_.dtype, "dtype")
        if hasattr(neuron, "predict_proba"):
            proba = neuron.predict_proba(X, offset=offset)
            log_proba = neuron.predict_log_proba(X, offset=offset)
            report.check(
                "finite outputs",
                np.all(np.isfinite(log_proba) & (log_proba <= 0)),
                "predict_log_proba",
            )
            report.check("finite outputs", np.all((proba >= 0) & (proba <= 1)), "predict_proba")
            # A row adds up to K numbers, each rounded in the dtype of X.
            most = 4 * len(neuron.classes_) * float(np.finfo(proba.dtype).eps)
            off = np.abs(proba.sum(axis=1, dtype=np.float64) - 1).max()
            report.check("probabilities sum to one", off <= most, lambda: f"off by {off:.1e}")
    except Exception as error:
        _check_error(report, "prediction error", error)
        report.check("rows of the fit predicted", False, str(error)[:200])
        return None
    report.check("rows of the fit predicted", True)
    return z


def _numbers_of(output, problem):
    """Return an output, in float64 if a row that the fit has held out overflows float32.

    The fit has not seen this row, and the error names the remedy. Classes and probabilities have to
    be right in float32.
    """
    X, offset = problem.X, problem.fit.get("offset")
    try:
        return output(X, offset=offset)
    except ValueError as error:
        text = str(error)
        if "overflows float32" not in text or not problem.params.get("early_stopping"):
            raise
        assert "X.astype(np.float64)" in text
        return output(X.astype(np.float64), offset=offset)


def _check_end(report, problem, attempt):
    """Look at how the fit has ended: flag, warning, iterations."""
    neuron, params = attempt.neuron, problem.params
    reported = [w for w in attempt.warnings if issubclass(w.category, ConvergenceWarning)]
    for warning in reported:
        report.notes[f"warned: {re.split('[:.(]', str(warning.message))[0][:70]}"] += 1
    solver = SOLVERS[neuron.solver_]
    tol = solver.default_tol if params["tol"] is None else params["tol"]
    step = params["activation"] == "step"
    if neuron.converged_ and not step:
        report.check(
            "converged means a small gap",
            neuron.gap_ <= max(tol, ROUNDING if neuron.coef_.dtype == np.float64 else _FLOAT32_GAP),
            lambda: f"gap_={neuron.gap_:.1e} tol={tol}",
        )
    halted = params.get("early_stopping") or (problem.mode == "stream")
    if not halted:
        report.check(
            "a failure is reported",
            neuron.converged_ or reported,
            lambda: f"gap_={neuron.gap_:.1e}, no warning",
        )
    if halted or neuron.solver_ in FIRST_ORDER:
        return
    values = neuron.history_["objective"]
    idle = len(values) - 1 - int(values.argmin())
    report.check(
        "no idle iterations",
        idle <= _IDLE,
        lambda: f"{idle} of {len(values)} iterations lower nothing, gap_={neuron.gap_:.1e}",
    )
    advice = any("Raise max_iter" in str(w.message) for w in reported)
    report.check("useful advice", not (advice and idle > _IDLE), "Raise max_iter")
    if neuron.solver_ in ("newton", "subsampled-newton"):
        report.check(
            "few Newton iterations",
            neuron.n_iter_.max() <= _ITERATIONS,
            lambda: f"{neuron.n_iter_.max()} iterations, gap_={neuron.gap_:.1e}",
        )
    separated = any(issubclass(w.category, SeparationWarning) for w in reported)
    if (
        neuron.n_iter_.max() < params.get("max_iter", 10_000)
        and neuron.gap_ <= ROUNDING
        and not separated
    ):
        report.check(
            "a small gap is converged", neuron.converged_, lambda: f"gap_={neuron.gap_:.1e}"
        )
