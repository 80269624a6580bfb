"""Separation: reported correctly, proved on the data as given, never claimed on overlap."""

import warnings
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.optimize import linprog
from sklearn.datasets import load_breast_cancer, load_iris

from skneuron import NeuronClassifier
from skneuron.separation import SeparationWarning, detect_separation

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def _judge(X, y, fit_intercept=True):
    """Return the kind by the linear program of Konis on all rows of small integers.

    The solution's vertices are rational with small denominators, so their margins are far
    from the program's tolerance; complete separation is a program of its own.
    """
    n = len(X)
    bias = np.ones((n, int(fit_intercept)))
    A = np.where(y == 1, 1.0, -1.0)[:, None] * np.hstack([X, bias])
    free = [(None, None)] * A.shape[1]
    strict = linprog(np.zeros(A.shape[1]), -A, -np.ones(n), bounds=free, method="highs")
    if strict.status == 0:
        return "complete"
    weak = linprog(-A.sum(axis=0), -A, np.zeros(n), bounds=(-1, 1), method="highs")
    return "quasi-complete" if -weak.fun > 1e-6 else "none"


def _assert_proved(answer, X, y):
    """The direction is checked in exact arithmetic, but for the rounding of its numbers."""
    coef, bias = answer.direction
    margins, sizes = [], []
    for row, sign in zip(X, np.where(y == 1, 1, -1), strict=True):
        terms = [Fraction(float(x)) * Fraction(w) for x, w in zip(row, coef, strict=True)]
        terms.append(Fraction(bias))
        margins.append(sign * sum(terms))
        sizes.append(sum(abs(term) for term in terms))
    margins = [float(margin / max(sizes)) for margin in margins]
    assert max(margins) > 1e-9
    assert min(margins) > (0 if answer.kind == "complete" else -1e-10)


def _case(seed):
    """Small integers in 2 to 60 dimensions, separated by a plane, nearly so, or not at all."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(2, 61))
    n = int(rng.integers(d + 2, 4 * d + 6))
    X = rng.integers(-3, 4, (n, d)).astype(float)
    z = X @ rng.integers(-2, 3, d) + rng.integers(-1, 2)
    y = np.where(z == 0, rng.integers(0, 2, n), z > 0)
    flipped = rng.random(n) < (0.0, 0.1, 0.4)[seed % 3]
    y = np.where(flipped, 1 - y, y)
    y[:2] = 0, 1
    return X, y


@pytest.mark.parametrize("block", range(10))
def test_a_thousand_cases_agree_with_the_linear_program(block):
    for seed in range(100 * block, 100 * block + 100):
        X, y = _case(seed)
        answer = detect_separation(X, y)
        assert answer.kind == _judge(X, y), seed
        if answer.kind != "none":
            _assert_proved(answer, X, y)


@pytest.mark.parametrize("block", range(10))
def test_small_tables_of_three_values_have_a_verdict(block):
    """Few rows on the plane: rounding errors of one of them must not look like a distance."""
    rng = np.random.default_rng(100 + block)
    for _ in range(150):
        X = rng.integers(-1, 2, (rng.integers(6, 12), rng.integers(3, 5))).astype(float)
        y = rng.integers(0, 2, len(X))
        y[:2] = 0, 1
        answer = detect_separation(X, y)
        assert answer.kind == _judge(X, y), (X, y)
        if answer.kind != "none":
            _assert_proved(answer, X, y)


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, sparse.csc_array])
@pytest.mark.parametrize("further", [False, True])
@pytest.mark.parametrize(
    ("far", "step"),
    [(1e13, 1), (1e14, 1), (1e14, 4), (1e15, 1), (2.0**52, 1), (2.0**53, 2), (1.7e18, 256), (1, 2.0**-52)],
)  # fmt: skip
def test_columns_far_from_zero_keep_their_exact_differences(far, step, further, kind):
    X = far + step * np.arange(8.0)[:, None]
    assert np.array_equal(X - X[0], step * np.arange(8.0)[:, None])
    if further:
        X = np.column_stack([X, np.cos(np.arange(8))])
    apart = (np.arange(8) > 3).astype(int)
    assert detect_separation(kind(X), apart).kind == "complete"
    mixed = np.array([0, 1, 0, 1, 1, 0, 1, 0])
    assert detect_separation(kind(X), mixed).kind == _judge(X - [far, 0][: X.shape[1]], mixed)


@pytest.mark.parametrize("block", range(4))
def test_small_tables_with_empty_cells_agree_with_the_linear_program(block):
    """Few patterns: sums that prove overlap round to zero, and must not pass for exact."""
    patterns = np.array(
        [(s, b, c) for s in (0, 1) for b, c in ((0, 0), (1, 0), (0, 1))], dtype=float
    )
    rng = np.random.default_rng(block)
    kinds = []
    for _ in range(100):
        counts = rng.poisson(rng.choice([0.7, 3.0], size=12))
        X, y = np.vstack([patterns, patterns])[counts > 0], np.repeat([1, 0], 6)[counts > 0]
        if 0 < y.sum() < len(y):
            kinds.append(detect_separation(X, y).kind)
            assert kinds[-1] == _judge(X, y)
    assert {"none", "quasi-complete"} <= set(kinds)


def test_a_fit_of_a_small_table_does_not_take_rounding_for_overlap():
    X, y = [[0.0], [1.0], [1.0], [0.0]], [1, 0, 0, 0]
    assert detect_separation(X, y).kind == "quasi-complete"
    with pytest.warns(SeparationWarning, match="quasi-complete"):
        NeuronClassifier(C=np.inf).fit(X, y)


@pytest.mark.parametrize("shift", [0.0, 1e3, 1e6, -1e9])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csc_matrix])
def test_columns_far_from_zero_are_not_taken_for_the_bias(container, shift):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = X @ [1.0, 2.0, -1.0] + 0.3 > 0
    given = container(np.column_stack([X + shift, np.full(200, 7.0)]))
    answer = detect_separation(given, y)
    assert (answer.kind, answer.features, answer.signs) == ("complete", (0, 1, 2), (1, 1, -1))
    y[:20] = ~y[:20]
    assert detect_separation(given, y).kind == "none"


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csc_matrix])
def test_known_data(container):
    X, y = load_iris(return_X_y=True)
    kinds = [answer.kind for answer in detect_separation(container(X), y)]
    assert kinds == ["complete", "none", "none"]
    X, y = load_breast_cancer(return_X_y=True)
    answer = detect_separation(container(X), y)
    assert answer.kind == "complete"
    _assert_proved(answer, X, y)


@pytest.mark.parametrize(
    ("y", "kind"),
    [([0, 0, 0, 1], "complete"), ([0, 1, 1, 1], "complete"), ([0, 1, 1, 0], "none")],
    ids=["AND", "OR", "XOR"],
)
def test_gates(y, kind):
    assert detect_separation(CORNERS, y).kind == kind


def test_a_category_with_one_label_is_named():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(6), 50)
    X = pd.DataFrame({f"to_{k}": (group == k) * 1.0 for k in range(5)})
    y = (rng.random(300) < 0.4) & (group != 3)
    for data in (X, X.assign(again=X["to_0"], constant=7.0)):
        answer = detect_separation(data, y)
        assert (answer.kind, answer.features, answer.signs) == ("quasi-complete", ("to_3",), (-1,))
        assert str(answer) == "quasi-complete separation: to_3 to -inf"
    as_sparse = detect_separation(sparse.csr_array(X.to_numpy()), y)
    assert (as_sparse.kind, as_sparse.features) == ("quasi-complete", (3,))


@pytest.mark.parametrize("seed", range(12))
def test_scale_and_copies_of_columns_change_nothing(seed):
    X, y = _case(seed)
    kind = detect_separation(X, y).kind
    scale = 10.0 ** np.random.default_rng(seed).uniform(-8, 8, X.shape[1])
    assert detect_separation(X * scale, y).kind == kind
    assert detect_separation(np.hstack([X, X[:, :1] + X[:, 1:2]]), y).kind == kind


def test_rows_of_zero_weight_do_not_count():
    y = [0, 1, 1, 0]
    assert detect_separation(CORNERS, y, sample_weight=[1, 1, 1, 0]).kind == "complete"


def test_without_a_bias_the_plane_goes_through_the_origin():
    X = np.array([[1.0], [2.0], [3.0], [4.0]])
    assert detect_separation(X, [0, 0, 1, 1]).kind == "complete"
    assert detect_separation(X, [0, 0, 1, 1], fit_intercept=False).kind == "none"


@pytest.mark.parametrize(
    ("X", "y", "match"),
    [
        (CORNERS, [1, 1, 1, 1], "one class only"),
        ([[np.nan], [1.0]], [0, 1], "NaN"),
        (CORNERS, [0, 1], "inconsistent"),
    ],
)
def test_bad_input(X, y, match):
    with pytest.raises(ValueError, match=match):
        detect_separation(X, y)


def test_a_linear_program_without_a_solution_gives_no_verdict(monkeypatch):
    X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    y = np.array([0, 0, 1, 1, 1])
    assert detect_separation(X, y).kind == "quasi-complete"
    failed = linprog([1.0], A_ub=[[1.0]], b_ub=[-1.0])  # infeasible: x >= 0
    assert failed.status != 0
    monkeypatch.setattr("skneuron.separation._proofs.linprog", lambda *_, **__: failed)
    assert detect_separation(X, y).kind == "undecided"


# --- many rows: a proof on some of them, which all of them confirm ------------------------------


def _rare_columns(ones):
    """Return 120,000 rows with a column that is 1 in four rows, as many of them in the class."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120_000, 10))
    X[:, 9] = 0
    rare = rng.choice(len(X), 4, replace=False)
    X[rare, 9] = 1
    y = (3 * X[:, 0] - 7 + rng.logistic(size=len(X)) > 0).astype(int)
    y[rare] = np.arange(4) < ones
    return X, y


@pytest.mark.parametrize(("ones", "separated"), [(0, True), (1, False), (3, False), (4, True)])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_a_rare_column_separates_many_rows_if_it_is_in_one_class_only(ones, separated, kind):
    X, y = _rare_columns(ones)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        neuron = NeuronClassifier(C=np.inf).fit(kind(X), y)
    assert any(issubclass(w.category, SeparationWarning) for w in caught) is separated
    assert neuron.converged_ is not separated


@pytest.mark.parametrize("events", [3, 30])
def test_few_events_among_many_rows(events):
    """The verdict is that of the linear program, for events in line with the rest or beyond it."""
    rng = np.random.default_rng(events)
    X = rng.normal(size=(150_000, 8))
    for far, separated in ((0.0, False), (9.0, True)):
        y = np.zeros(len(X), int)
        y[rng.choice(len(X), events, replace=False)] = 1
        Z = X + far * y[:, None]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            NeuronClassifier(C=np.inf).fit(Z, y)
        found = any(issubclass(w.category, SeparationWarning) for w in caught)
        assert found is separated is detect_separation(Z, y).is_separated
