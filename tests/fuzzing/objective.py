"""F, the gap and the verdict on separation, held against what is computed anew."""

from __future__ import annotations

import numpy as np

from fuzzing.exact import EXTENDED, LD, tasks_of
from fuzzing.minimum import Search, is_convex, minimum
from skneuron.separation import SeparationWarning

#: Relative gaps below this are rounding: sums over some hundred rows, each to half a unit in the
#: last place of float64, 1.1e-16.
ROUNDING = 1e-13

# ``objective_`` has eleven digits, of itself or of F at zero.
_DIGITS = 1e-11

# Largest ratio of the measured to the reported gap.
_FACTOR = 10

# Linear predictors beyond this have next to no curvature.
_SATURATED = 30


def check_objective(report, problem, attempt, z):
    """Look at F, at the gap and at the verdict on separation."""
    neuron, params = attempt.neuron, problem.params
    unknown = _unknown_objective(problem)
    if unknown:
        report.notes[f"F not known: {unknown}"] += 1
        return
    tasks, used = tasks_of(problem, params["activation"], neuron.loss_)
    places = _places(tasks, neuron.coef_, neuron.intercept_)
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
    floor = ROUNDING + rounding / zero if zero > 0 else np.inf
    if not params.get("early_stopping") and problem.mode != "stream":
        most = min(both) - (floor * zero if zero > 0 else 0.0)
        origin = float(sum(_value_at_origin(task) for task in tasks))
        report.check("not worse than zero", most <= origin, f"F={min(both)}, at zero {origin}")
        if attempt.start is not None:
            first = zip(tasks, _places(tasks, *attempt.start), strict=True)
            start = float(sum(task.value(place) for task, place in first))
            report.check("not worse than the start", most <= start, f"F={min(both)}, {start} there")
    convex = all(is_convex(task) for task in tasks)
    separated = any(issubclass(w.category, SeparationWarning) for w in attempt.warnings)
    if not (neuron.converged_ or separated):
        report.notes["gap not measured: not converged"] += 1
        return
    found = [minimum(task, place) for task, place in zip(tasks, places, strict=True)]
    if neuron.converged_:
        kind = "gap" if convex else "gap, not convex"
        # A lower F counts as far as float64 can tell: rounding of collinear columns, multiplied by
        # coefficients of 1e13, is no information.
        best = sum(
            lowest.value + task.rounding(lowest.params)
            for task, lowest in zip(tasks, found, strict=True)
        )
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


def _places(tasks, coef, intercept):
    """Return the parameters of each task that are stored in these attributes."""
    if len(tasks) == 1:
        return [tasks[0].place(coef, intercept)]
    return [task.place(coef[[k]], intercept[[k]]) for k, task in enumerate(tasks)]


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
    slack = ROUNDING
    text = f"objective_={neuron.objective_!r}, mistakes from {low!r} to {high!r}"
    report.check("mistakes", low - slack <= neuron.objective_ <= high + slack, text)


def _overlap(task, found):
    """Whether rows that are not saturated have one finite minimum: then the classes overlap."""
    rows = np.abs(task.z(found.params)) < _SATURATED
    if task.loss == "softmax" or len(np.unique(task.y[rows])) < 2:
        return False
    part = task.on(rows, task.weights[rows])
    part.ridge = part.lasso = LD(0)
    search = Search(part)
    there = search.from_place(found.params)
    return bool(
        there.certain
        and there.regular
        and np.abs(part.z(there.params)).max(initial=0) < 2 * _SATURATED
    )
