"""What the fuzzer asserts of a fit. Each assertion counts how often it was reached."""

from __future__ import annotations

import pickle
import re
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from fuzz_draw import FIRST_ORDER
from fuzz_exact import EXTENDED, LD, tasks_of
from fuzz_minimum import Search, Task_on, is_convex, minimum
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from skneuron import NeuronClassifier
from skneuron.separation import SeparationWarning
from skneuron.solvers import SOLVERS

# Relative gaps below this are rounding: sums over some hundred rows, each to half a unit in the
# last place of float64, 1.1e-16.
_ROUNDING = 1e-13

# ``objective_`` has eleven digits, of itself or of F at zero.
_DIGITS = 1e-11

# Largest ratio of the measured to the reported gap.
_FACTOR = 10

# CPU seconds that any fit may take, and the multiple of LogisticRegression's that it may as well.
_SECONDS, _TIMES = 5.0, 50

# Iterations after the last one that lowered F.
_IDLE = 100

# Iterations of a solver with curvature on a table of some hundred rows.
_ITERATIONS = 300

# Words of a text that says what was expected, or what to do.
_HELPFUL = re.compile(
    r"expected|Expected|rescale|[Uu]se |must be|required|at least|minimum of|instead"
)

# Linear predictors beyond this have next to no curvature.
_SATURATED = 30


class Refusal(Exception):
    """An allowed refusal of the problem."""


@dataclass
class Report:
    """What one seed has shown."""

    violations: list = field(default_factory=list)
    reached: Counter = field(default_factory=Counter)
    notes: Counter = field(default_factory=Counter)

    def check(self, kind, holds, text=""):
        """Count an assertion, and keep it if it does not hold."""
        self.reached[kind] += 1
        if not holds:
            self.violations.append((kind, text() if callable(text) else text))


def rows_of(values, rows):
    """Return rows of whatever has them."""
    if isinstance(values, list):
        return [values[i] for i in rows]
    return (values.tocsr() if sparse.issparse(values) and values.format == "coo" else values)[rows]


def learn(problem, neuron):
    """Fit as the problem says; the last call is what is looked at."""
    X, y, fit = problem.X, problem.y, problem.fit
    if problem.mode == "stream":
        for rows in problem.chunks:
            parts = {name: values[rows] for name, values in fit.items()}
            neuron.partial_fit(rows_of(X, rows), rows_of(y, rows), problem.classes, **parts)
        return neuron
    if problem.mode == "warm start":
        asked = neuron.get_params()
        try:
            neuron.set_params(C=1e-2, max_iter=2).fit(X, y, **fit)
        finally:
            neuron.set_params(C=asked["C"], max_iter=asked["max_iter"])
    return neuron.fit(X, y, **fit)


def contents(problem):
    """Return the bytes of everything that is handed to a fit."""
    out = []
    for values in (problem.X, problem.y, *problem.fit.values()):
        if sparse.issparse(values):
            parts = [
                getattr(values, name, None) for name in ("data", "indices", "indptr", "row", "col")
            ]
            out += [part.tobytes() for part in parts if part is not None]
        else:
            out.append(pickle.dumps(values))
    return out


class Attempt:
    """One run of a problem: the neuron, warnings, the exception and the CPU seconds."""

    def __init__(self, problem):
        self.neuron = NeuronClassifier(**problem.params)
        self.error = None
        start = time.process_time()
        with warnings.catch_warnings(record=True) as self.warnings:
            warnings.simplefilter("always")
            try:
                learn(problem, self.neuron)
            except Exception as error:
                self.error = error
        self.seconds = time.process_time() - start

    def bits(self):
        """Return everything that a second run must repeat."""
        out = [str(self.error)]
        for name, value in sorted(vars(self.neuron).items()):
            if (
                name.endswith("_")
                and not name.startswith("_")
                and name not in ("activation_", "history_")
            ):
                out.append((name, pickle.dumps(value)))
        history = getattr(self.neuron, "history_", {})
        return out + [
            (name, history[name].tobytes()) for name in sorted(history) if name != "seconds"
        ]


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
        _check_objective(report, problem, attempt, z)
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
        report.check("length of history", len(values) == neuron.n_iter_, name)


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
        z = neuron.decision_function(X, offset=offset)
        report.check("finite outputs", np.all(np.isfinite(z)), "decision_function")
        report.check(
            "finite outputs", np.all(np.isfinite(neuron.activate(X, offset=offset))), "activate"
        )
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


def _check_end(report, problem, attempt):
    """Look at how the fit has ended: flag, warning, iterations."""
    neuron, params = attempt.neuron, problem.params
    told = [w for w in attempt.warnings if issubclass(w.category, ConvergenceWarning)]
    solver = SOLVERS[neuron.solver_]
    tol = solver.default_tol if params["tol"] is None else params["tol"]
    step = params["activation"] == "step"
    if neuron.converged_ and not step:
        report.check(
            "converged means a small gap",
            neuron.gap_ <= max(tol, _ROUNDING),
            lambda: f"gap_={neuron.gap_:.1e} tol={tol}",
        )
    halted = params.get("early_stopping") or (problem.mode == "stream")
    if not halted:
        report.check(
            "a failure is told",
            neuron.converged_ or told,
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
    advice = any("Raise max_iter" in str(w.message) for w in told)
    report.check("useful advice", not (advice and idle > _IDLE), "Raise max_iter")
    if neuron.solver_ != "lbfgs":
        report.check(
            "few iterations",
            neuron.n_iter_ <= _ITERATIONS,
            lambda: f"{neuron.n_iter_} iterations, gap_={neuron.gap_:.1e}",
        )
    separated = any(issubclass(w.category, SeparationWarning) for w in told)
    if (
        neuron.n_iter_ < params.get("max_iter", 10_000)
        and neuron.gap_ <= _ROUNDING
        and not separated
    ):
        report.check(
            "a small gap is converged", neuron.converged_, lambda: f"gap_={neuron.gap_:.1e}"
        )


def _check_objective(report, problem, attempt, z):
    """Look at F, at the gap and at the verdict on separation."""
    neuron, params = attempt.neuron, problem.params
    unknown = _unknown_objective(problem)
    if unknown:
        report.notes[f"F not known: {unknown}"] += 1
        return
    tasks, used = tasks_of(problem, params["activation"], neuron.loss_)
    split = [neuron.coef_, neuron.intercept_]
    if tasks[0].loss == "softmax":
        split = [[part] for part in split]
    else:
        split = [[part[[k]] for k in range(len(tasks))] for part in split]
    places = [task.place(w, b) for task, w, b in zip(tasks, *split, strict=True)]
    if neuron.loss_ == "perceptron":
        _check_mistakes(report, tasks, places, neuron)
        return
    exact = sum(task.value(place) for task, place in zip(tasks, places, strict=True))
    rounding = float(sum(task.rounding(place) for task, place in zip(tasks, places, strict=True)))
    both = [float(exact)]
    if z is not None and z.dtype == np.float64:
        both.append(float(_as_predicted(tasks, places, z[used], neuron)))
    low, high = min(both) - rounding, max(both) + rounding
    zero = float(sum(_at_zero(task) for task in tasks))
    slack = _DIGITS * max(zero, abs(neuron.objective_))
    report.check(
        "objective",
        low - slack <= neuron.objective_ <= high + slack,
        lambda: f"objective_={neuron.objective_!r}, F of coef_={both}, gap_={neuron.gap_:.1e}",
    )
    floor = _ROUNDING + rounding / zero if zero > 0 else np.inf
    start = float(sum(_value_at_origin(task) for task in tasks))
    if not params.get("early_stopping") and problem.mode != "stream":
        better = min(both) <= start + floor * zero
        report.check("not worse than zero", better, lambda: f"F={min(both)}, at zero {start}")
    convex = all(is_convex(task) for task in tasks)
    separated = any(issubclass(w.category, SeparationWarning) for w in attempt.warnings)
    if not (neuron.converged_ or separated):
        report.notes["gap not measured: not converged"] += 1
        return
    found = [minimum(task, place) for task, place in zip(tasks, places, strict=True)]
    if neuron.converged_:
        kind = "gap" if convex else "gap, not convex"
        best = sum(lowest.value for lowest in found)
        measured = float((min(LD(both[-1]), exact) - best) / zero)
        report.check(
            kind,
            measured <= _FACTOR * neuron.gap_ + floor,
            lambda: (
                f"measured {measured:.1e}, gap_={neuron.gap_:.1e}, F={both[0]!r}, best {float(best)!r}"
            ),
        )
        report.notes["gap measured, minimum certain"] += convex and all(
            lowest.certain for lowest in found
        )
    if separated and convex and len(tasks) == 1 and "bounds" not in params:
        report.check(
            "verdict on separation", not _overlap(tasks[0], found[0]), "the classes overlap"
        )


def _unknown_objective(problem):
    """Return why F cannot be computed from outside, None if it can."""
    if not EXTENDED:
        return "no extended precision"
    if "split off" in problem.tags:
        return "validation set split off"
    if problem.mode == "stream" and len(problem.chunks) > 1:
        return "stream"
    weights = problem.fit.get("sample_weight")
    used = np.ones(len(problem.y_index), bool) if weights is None else weights > 0
    if len(np.unique(problem.y_index[used])) < problem.n_classes:
        return "class without weight"
    return None


def _as_predicted(tasks, places, z, neuron):
    """Return F at the float64 linear predictors of ``decision_function``."""
    shift = 0.0 if tasks[0].loss == "softmax" else neuron.activation_.threshold
    z = z + shift
    columns = [z] if len(tasks) == 1 else z.T
    parts = zip(tasks, places, columns, strict=True)
    return sum(task.value_at(column) + task.penalty(place) for task, place, column in parts)


def _value_at_origin(task):
    """Return F at zero coefficients and intercept, infinite if bounds exclude them."""
    if np.any(task.low > 0) or np.any(task.high < 0):
        return np.inf
    return task.value_at(task.offset)


def _at_zero(task):
    """Return what gaps are relative to: F at zero, or at minus the mean offset if that is more."""
    mean = task.weights @ task.offset
    if task.loss == "softmax":
        mean = mean - mean.mean()
    centered = task.value_at(task.offset - mean * task.fit_intercept)
    return max(task.value_at(task.offset), centered)


def _check_mistakes(report, tasks, places, neuron):
    """Hold the weighted share of mistakes against signs of exact margins."""
    low = high = 0.0
    for task, place in zip(tasks, places, strict=True):
        z = task.z(place)
        margin = np.where(task.y, z, -z)
        # The rule counts a margin as zero up to 1e-12 of a linear predictor's usual size.
        doubt = 1e-10 * (np.abs(task.A) @ np.abs(place[0]) + np.abs(task.offset)).max()
        low += float(task.weights[margin < -doubt].sum())
        high += float(task.weights[margin <= doubt].sum())
    slack = _ROUNDING
    text = f"objective_={neuron.objective_!r}, mistakes from {low!r} to {high!r}"
    report.check("mistakes", low - slack <= neuron.objective_ <= high + slack, text)


def _overlap(task, found):
    """Whether rows that are not saturated have one finite minimum: then the classes overlap."""
    rows = np.abs(task.z(found.params)) < _SATURATED
    if task.loss == "softmax" or len(np.unique(task.y[rows])) < 2:
        return False
    part = Task_on(task, rows, task.weights[rows])
    part.ridge = part.lasso = LD(0)
    search = Search(part)
    there = search.from_place(found.params)
    return bool(
        there.certain
        and there.regular
        and np.abs(part.z(there.params)).max(initial=0) < 2 * _SATURATED
    )
