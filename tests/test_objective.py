"""The objective as a whole, against its definition written out in raw coordinates."""

import numpy as np
import pytest
from families import DIFFERENTIABLE, losses_of
from scipy import sparse

from skneuron.activations import ACTIVATIONS, Identity
from skneuron.design import DesignMatrix, column_moments
from skneuron.design._matrix import pieces_of
from skneuron.losses import LogisticLoss, SoftmaxLogLoss, SquaredError, get_loss, resolve_loss_name
from skneuron.objective import Objective, Regularization, strength_from_C

RNG = np.random.default_rng(3)
X = RNG.normal(size=(40, 4)) * [1e-3, 1.0, 50.0, 1e4] + [0.0, 3.0, -100.0, 2e4]
S = RNG.uniform(0.1, 2, 40)
S /= S.sum()

CASES = [(activation, loss) for activation in DIFFERENTIABLE for loss in losses_of(activation)] + [
    ("softmax", "auto")
]


def _objective(activation, loss, *, data=X, strength=0.3, fit_intercept=True):
    if activation == "softmax":
        y, pointwise = np.arange(40) % 3, SoftmaxLogLoss(3)
    else:
        resolved = ACTIVATIONS[activation]()
        y, pointwise = np.arange(40) % 2, get_loss(resolve_loss_name(loss, resolved), resolved)
    return Objective.of_data(
        DesignMatrix(data), y, pointwise, S, Regularization(strength), fit_intercept
    ), y


@pytest.mark.parametrize(("activation", "loss"), CASES)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_value_is_the_definition_on_raw_columns(activation, loss, fit_intercept):
    objective, y = _objective(activation, loss, fit_intercept=fit_intercept)
    v = RNG.normal(size=objective.dims.n_params)
    coef, intercept = objective.coordinates.to_weights(v)
    z = X @ coef.T + intercept
    z = z if activation == "softmax" else z[:, 0]
    expected = S @ objective.loss.value(y, z) + 0.5 * 0.3 * np.sum(coef**2)
    assert objective.value_gradient(v)[0] == pytest.approx(expected, rel=1e-11)
    if not fit_intercept:
        np.testing.assert_array_equal(intercept, 0)


@pytest.mark.parametrize(("activation", "loss"), CASES)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_derivatives_against_differences(activation, loss, fit_intercept):
    objective, _ = _objective(activation, loss, fit_intercept=fit_intercept)
    v = RNG.normal(size=objective.dims.n_params)
    value, gradient = objective.value_gradient(v)
    # The difference of two values of F keeps this much of their rounding.
    rounding = 1e-15 * abs(value) / 1e-6
    observed = objective.curvature(v).matrix(observed=True)
    if objective.dims.n_outputs > 1:
        observed = observed - _gauge(objective, v)
    h = 1e-6
    for j in range(objective.dims.n_params):
        step = np.zeros(objective.dims.n_params)
        step[j] = h
        up, down = objective.value_gradient(v + step), objective.value_gradient(v - step)
        assert gradient[j] == pytest.approx((up[0] - down[0]) / (2 * h), abs=2e-9 + rounding)
        np.testing.assert_allclose(observed[j], (up[1] - down[1]) / (2 * h), atol=2e-8)


@pytest.mark.parametrize(("activation", "loss"), CASES)
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_slope_along_a_step_is_the_gradients(activation, loss, fit_intercept, container):
    objective, _ = _objective(activation, loss, data=container(X), fit_intercept=fit_intercept)
    v, u = RNG.normal(size=(2, objective.dims.n_params))
    before = objective.n_passes
    along = objective.slope_along(v, u)
    assert objective.n_passes == before + 2
    for length in (0.0, 1.0, 2.5):
        expected = objective.value_gradient(v + length * u)[1] @ u
        assert along(length) == pytest.approx(expected, rel=1e-10, abs=1e-12)


def _gauge(objective, v):
    """The curvature that is added where a layer's gradient is always zero: the outputs' mean."""
    k = objective.dims.n_outputs
    mean = objective.curvature(v).diagonal().reshape(k, -1).mean(axis=0)
    return np.kron(np.full((k, k), 1 / k), np.diag(mean))


@pytest.mark.parametrize(("activation", "loss"), CASES)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_three_ways_to_the_same_hessian(activation, loss, fit_intercept):
    objective, _ = _objective(activation, loss, fit_intercept=fit_intercept)
    v, u = RNG.normal(size=(2, objective.dims.n_params))
    hessian = objective.curvature(v).matrix()
    root = objective.curvature(v).root()
    np.testing.assert_allclose(root.T @ root, hessian, atol=1e-12 * np.abs(hessian).max())
    plain = hessian - _gauge(objective, v) if objective.dims.n_outputs > 1 else hessian
    np.testing.assert_allclose(objective.curvature(v)(u), plain @ u, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(objective.curvature(v).diagonal(), np.diagonal(plain), rtol=1e-9)
    assert np.linalg.eigvalsh(hessian).min() > -1e-12


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize(
    "convert",
    [np.asfortranarray, sparse.csr_array, sparse.csc_array, lambda x: sparse.csr_matrix(x)],
    ids=["fortran", "csr", "csc", "csr_matrix"],
)
def test_every_layout_gives_the_same_numbers(activation, fit_intercept, convert):
    data = X.copy()
    data[RNG.random(X.shape) < 0.95] = 0  # thin enough for the sparse products
    one, _ = _objective(activation, "auto", data=data, fit_intercept=fit_intercept)
    other, _ = _objective(activation, "auto", data=convert(data), fit_intercept=fit_intercept)
    v = RNG.normal(size=one.dims.n_params)
    np.testing.assert_allclose(other.coordinates.scale, one.coordinates.scale, rtol=1e-12)
    np.testing.assert_allclose(other.value_gradient(v)[0], one.value_gradient(v)[0], rtol=1e-12)
    np.testing.assert_allclose(other.value_gradient(v)[1], one.value_gradient(v)[1], atol=1e-12)
    np.testing.assert_allclose(other.curvature(v).matrix(), one.curvature(v).matrix(), atol=1e-12)
    root, hessian = other.curvature(v).root(), one.curvature(v).matrix()
    np.testing.assert_allclose(root.T @ root, hessian, atol=1e-12)


def test_entries_stored_twice_count_as_their_sum():
    twice = sparse.csr_array((np.ones(4), [0, 0, 0, 0], [0, 0, 0, 2, 4]), shape=(4, 1))
    dense = twice.toarray()
    weights = np.full(4, 0.25)
    one, other = (column_moments(DesignMatrix(x), weights, center=True) for x in (dense, twice))
    np.testing.assert_array_equal(dense[:, 0], [0, 0, 2, 2])
    assert other.deviation == one.deviation == 1.0
    assert twice.nnz == 4  # the user's matrix is not touched


def test_many_blocks_are_one_block(monkeypatch):
    whole, _ = _objective("softmax", "auto")
    monkeypatch.setattr("skneuron.design._matrix.BLOCK_ELEMENTS", 12)  # three rows a block
    parts, _ = _objective("softmax", "auto")
    v = RNG.normal(size=whole.dims.n_params)
    assert len(list(parts.rows.source.blocks(range(40)))) == 14
    np.testing.assert_allclose(parts.coordinates.scale, whole.coordinates.scale, rtol=1e-13)
    np.testing.assert_allclose(parts.value_gradient(v)[1], whole.value_gradient(v)[1], atol=1e-13)
    np.testing.assert_allclose(parts.curvature(v).matrix(), whole.curvature(v).matrix(), atol=1e-13)


def test_no_copy_of_x_is_made():
    """Blocks of float64 data are views, in both orders."""
    for data in (X, np.asfortranarray(X)):
        for rows, block in DesignMatrix(data).blocks(range(len(data))):
            assert np.shares_memory(block, data[rows])


def test_weights_come_back_from_the_parameters():
    objective, _ = _objective("softmax", "auto")
    v = RNG.normal(size=(3, 5))
    v = (v - v.mean(axis=0)).ravel()
    np.testing.assert_allclose(
        objective.coordinates.from_weights(*objective.coordinates.to_weights(v)), v, rtol=1e-9
    )


def test_columns_far_from_zero_are_centered_before_sums_are_taken():
    """Deviation 1 at 1e9: sums over the raw column would keep only seven digits of it."""
    far = RNG.normal(size=(40, 2)) + np.array([1e9, 0.0])
    objective, y = _objective("sigmoid", "auto", data=far)
    v = RNG.normal(size=3)
    exact = (
        (far.astype(np.longdouble) - objective.coordinates.center) / objective.coordinates.scale
    ).astype(float)
    z = exact @ v[:2] + v[2]
    slopes = S * (1 / (1 + np.exp(-z)) - y)
    expected = np.append(
        slopes @ exact + 0.3 / objective.coordinates.scale**2 * v[:2], slopes.sum()
    )
    np.testing.assert_allclose(objective.value_gradient(v)[1], expected, atol=1e-14)


def test_strength_from_C():
    assert strength_from_C(2.0, 5.0) == 0.1
    assert strength_from_C(np.inf, 5.0) == 0.0
    with pytest.raises(ValueError, match="overflows float64"):
        strength_from_C(1e-300, 1e-300)


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
def test_sparse_hessians_do_not_depend_on_their_pieces(activation, monkeypatch):
    data = X.copy()
    data[RNG.random(X.shape) < 0.95] = 0
    dense, _ = _objective(activation, "log_loss", data=data)
    thin, _ = _objective(activation, "log_loss", data=sparse.csr_array(data))
    v = RNG.normal(size=dense.dims.n_params)
    expected = dense.curvature(v).matrix()
    for stored in (1, 3, 1000):
        monkeypatch.setattr("skneuron.design._standardized.STORED_AT_A_TIME", stored)
        np.testing.assert_allclose(thin.curvature(v).matrix(), expected, rtol=1e-9, atol=1e-12)


def test_pieces_cover_every_row_once():
    thin = sparse.csr_array(np.diag([1.0, 0.0, 2.0, 0.0, 3.0]))
    for stored in (1, 2, 10):
        pieces = list(pieces_of(thin, stored))
        assert [row for piece in pieces for row in range(piece.start, piece.stop)] == list(range(5))
        assert (len(pieces) == 1) == (stored == 10)


def test_curvature_of_a_confident_layer_keeps_its_digits():
    """p(1 - p) of a p that is 1 to rounding is the other classes' share."""
    loss, z = SoftmaxLogLoss(3), np.array([[0.0, -50.0, -60.0]])
    _, _, h = loss.sums(np.array([0]), z.copy(), np.array([0.25]), curvature=True)
    others = np.exp(-50.0) + np.exp(-60.0)
    expected = 0.25 * np.array([[others, np.exp(-50.0), np.exp(-60.0)]])
    np.testing.assert_allclose(h.diagonal, expected, rtol=1e-14)
    np.testing.assert_allclose(h.cross**2, 0.25 * np.exp(2 * z), rtol=1e-13)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_a_memory_stands_for_its_rows(fit_intercept):
    """Least squares, whose expansion is exact: the same objective in all that it tells."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 4)) + 2, rng.integers(0, 2, 60)
    weights = rng.uniform(0.5, 1.5, 60)
    weights /= weights.sum()
    some = Regularization(0.1)
    moments = column_moments(DesignMatrix(X), weights, center=fit_intercept)
    loss = SquaredError(Identity())

    def objective(rows, memory=None):
        part = DesignMatrix(X[rows]), y[rows], loss, weights[rows]
        return Objective.of_data(*part, some, fit_intercept, moments, memory)

    first = objective(slice(0, 40))
    memory = first.summarize(rng.standard_normal(first.dims.n_params))
    whole, both = objective(slice(None)), objective(slice(40, 60), memory)
    params, vector = rng.standard_normal((2, whole.dims.n_params))
    assert both.zero_value == pytest.approx(whole.zero_value, rel=1e-12)
    for name in ("value_gradient", "value_gradient_hessian"):
        found, expected = getattr(both, name)(params), getattr(whole, name)(params)
        for a, b in zip(
            *(r if isinstance(r, tuple) else (r,) for r in (found, expected)), strict=True
        ):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)
    found, expected = both.curvature(params), whole.curvature(params)
    close = {"rtol": 1e-12, "atol": 1e-13}
    np.testing.assert_allclose(found.matrix(), expected.matrix(), **close)
    np.testing.assert_allclose(found(vector), expected(vector), **close)
    np.testing.assert_allclose(found.bound_product(vector), expected.bound_product(vector), **close)
    root = both.curvature(params).root()
    np.testing.assert_allclose(
        root.T @ root, whole.curvature(params).matrix(), rtol=1e-12, atol=1e-13
    )
    kept = np.array([0, 2])
    size = len(kept) + fit_intercept
    found, expected = (o.restrict(kept).value_gradient(params[:size]) for o in (both, whole))
    assert found[0] == pytest.approx(expected[0], rel=1e-12)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_diagonal_at_zero_with_a_memory(classes):
    """Every row twice, once remembered as it is at zero: columns vary alike in both halves."""
    rng = np.random.default_rng(0)
    half = rng.standard_normal((30, 4))
    X, y = np.vstack([half, half]), np.tile(np.arange(30) % classes, 2)
    loss = LogisticLoss() if classes == 2 else SoftmaxLogLoss(classes)
    weights = np.full(60, 1 / 60)
    moments = column_moments(DesignMatrix(X), weights, center=True)

    def objective(rows, memory=None):
        part = DesignMatrix(X[rows]), y[rows], loss, weights[rows]
        return Objective.of_data(*part, Regularization(0.1), True, moments, memory)

    first = objective(slice(0, 30))
    both = objective(slice(30, 60), first.summarize(np.zeros(first.dims.n_params)))
    whole = objective(slice(None))
    np.testing.assert_allclose(both.zero_diagonal(), whole.zero_diagonal(), rtol=1e-12)


def test_rows_of_validation_have_their_own_loss_at_zero():
    """The loss at zero of cloglog depends on the fractions of the classes."""
    activation = ACTIVATIONS["cloglog"]()
    loss = get_loss(resolve_loss_name("auto", activation), activation)
    y = np.repeat([0, 1], [10, 30])
    whole = Objective.of_data(DesignMatrix(X), y, loss, S, Regularization(0.3), True)
    zeros = whole.on_rows(X[:10], y[:10], np.full(10, 0.1))
    expected = loss.value(np.array([0]), np.zeros(1))[0]
    assert zeros.zero_value == pytest.approx(expected, rel=1e-12)
    assert zeros.zero_value != pytest.approx(whole.zero_value, rel=0.1)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_sums_of_two_blocks_add_up(container):
    objective, _ = _objective("softmax", "auto", data=container(X))
    coef, rows = RNG.normal(size=(3, 5)), objective.rows
    parts = [
        rows.take(np.arange(a, b), S[a:b]).sums(coef, gram=True) for a, b in ((0, 15), (15, 40))
    ]
    whole, both = rows.sums(coef, gram=True), parts[0] + parts[1]
    assert both.value == pytest.approx(whole.value, rel=1e-12)
    np.testing.assert_allclose(both.slopes, whole.slopes, atol=1e-12)
    np.testing.assert_allclose(both.gram, whole.gram, atol=1e-12)


def test_a_restricted_objective_counts_its_own_passes():
    objective, _ = _objective("sigmoid", "auto")
    part = objective.restrict(np.array([1, 3]))
    part.value_gradient(np.zeros(3))
    assert part.n_passes == 1
