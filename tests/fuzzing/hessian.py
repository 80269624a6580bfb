"""Hessians with a unit diagonal, in extended precision or float64, and steps of Newton."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from fuzzing.exact import LD

# Smallest eigenvalue of a Hessian of unit diagonal that is far from singular.
_REGULAR = 1e-8

# Pivots of a matrix of unit diagonal below this are rounding.
_PIVOT = 1e-17

# Eigenvalues of a float64 matrix below this fraction of the largest are rounding.
_EIGENVALUE = 1e-14


def of_neuron(task, ridge, curvature, free, kind):
    """Return the Hessian of one neuron, and the units of its parameters."""
    columns = np.sqrt(task.weights * curvature)[:, None] * task.A[:, free]
    units = np.sqrt((columns * columns).sum(axis=0) + ridge[free])
    units = np.where(units > 0, units, 1)
    B = (columns / units).astype(kind)
    return B.T @ B + np.diag(ridge[free] / units**2).astype(kind), units


def of_layer(task, ridge, curvature, free, kind):
    """Return the Hessian of a softmax with probabilities p and 1 - p, and the units."""
    p, rest = curvature
    K = p.shape[1]
    root = np.sqrt(task.weights)[:, None]
    diagonal = [root * np.sqrt(p[:, [k]] * rest[:, [k]]) * task.A[:, free[k]] for k in range(K)]
    cross = [root * p[:, [k]] * task.A[:, free[k]] for k in range(K)]
    units = [np.sqrt((c * c).sum(axis=0) + ridge[f]) for c, f in zip(diagonal, free, strict=True)]
    units = [np.where(u > 0, u, 1) for u in units]
    scaled = [(c / u).astype(kind) for c, u in zip(cross, units, strict=True)]
    blocks = [[None] * K for _ in range(K)]
    for k in range(K):
        own = (diagonal[k] / units[k]).astype(kind)
        blocks[k][k] = own.T @ own + np.diag(ridge[free[k]] / units[k] ** 2).astype(kind)
        for j in range(k):
            blocks[k][j] = -(scaled[k].T @ scaled[j])
            blocks[j][k] = blocks[k][j].T
    return np.block(blocks), np.concatenate(units)


def solve(H, g):
    """Return H⁻¹g without directions that are rounding, None if it is not finite."""
    if H.dtype == LD:
        return _solve_extended(H, g)
    if not (np.all(np.isfinite(H)) and np.all(np.isfinite(np.float64(g)))):
        return None
    try:
        values, vectors = linalg.eigh(H)
    except linalg.LinAlgError:
        return None
    keep = values > _EIGENVALUE * values.max(initial=0)
    return LD(vectors[:, keep]) @ ((LD(vectors[:, keep].T) @ g) / values[keep])


def is_regular(H):
    """Whether a matrix of unit diagonal is far from singular."""
    H = H.astype(np.float64)
    if not np.all(np.isfinite(H)):
        return False
    try:
        return bool(linalg.eigvalsh(H)[0] > _REGULAR)
    except linalg.LinAlgError:
        return False


def _solve_extended(H, g):
    """Return H⁻¹g by Cholesky's way in extended precision; directions that are rounding get zero."""
    n = len(g)
    L, keep = np.array(H), np.ones(n, bool)
    for j in range(n):
        if not L[j, j] > _PIVOT:
            keep[j] = False
            L[j:, j] = 0
            continue
        L[j:, j] = L[j:, j] / np.sqrt(L[j, j])
        if j + 1 < n:
            column = L[j + 1 :, j]
            L[j + 1 :, j + 1 :] -= column[:, None] * column
    x = np.array(g)
    for j in range(n):
        x[j] = (x[j] - L[j, :j] @ x[:j]) / L[j, j] if keep[j] else 0
    for j in range(n - 1, -1, -1):
        x[j] = (x[j] - L[j + 1 :, j] @ x[j + 1 :]) / L[j, j] if keep[j] else 0
    return x
