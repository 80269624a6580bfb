"""Linear relations between columns of X, and the names of the columns that each one joins."""

from __future__ import annotations

import numpy as np
from scipy.linalg import qr
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from skneuron._common import AnyArray, FloatArray
from skneuron.inference._passes import Coordinates

__all__ = ["collinear_notes", "relations_of"]

# Entries of a relation below this fraction of its largest entry are rounding. So is the constant
# of a relation, in standard deviations of its columns.
_NOTHING = 1e-7

# Maximum number of columns that a note names.
_MAX_NAMES = 3


def relations_of(
    right: FloatArray,
    lengths: FloatArray,
    is_null: AnyArray,
    coordinates: Coordinates,
    rounding: FloatArray,
) -> FloatArray:
    """Return the linear relations that all rows satisfy, from a singular value decomposition.

    Parameters
    ----------
    right : ndarray of shape (p, p)
        Right singular vectors of the rows in ``coordinates``, one per row.
    lengths : ndarray of shape (p,)
        Singular values.
    is_null : ndarray of bool of shape (p,)
        Whether a singular value is zero except for rounding.
    coordinates : Coordinates
    rounding : ndarray of shape (p,)
        Rounding error of each coordinate, relative to its size.

    Returns
    -------
    ndarray of shape (p, k)
        Each column is a relation: Σ rⱼ xⱼ / scaleⱼ + r₀ = 0 for all rows, with r₀ last if the model
        has an intercept. Moving the coefficients along a relation changes no z. Relations of
        disjoint sets of columns are separate, and entries that are rounding are 0.
    """
    null = right[is_null].T
    k = null.shape[1]
    if not k:
        return null
    pivots = qr(null.T, mode="r", pivoting=True)[-1][:k]
    relations = np.linalg.solve(null[pivots].T, null.T).T
    relations /= np.abs(relations).max(axis=0)
    # First-order errors: rows off by `noise` turn a null vector towards short singular vectors.
    noise = lengths.max() * (rounding @ np.abs(relations)) + lengths[is_null].max()
    turned = right[~is_null] / lengths[~is_null][:, None]
    doubt = np.linalg.norm(turned, axis=0)[:, None] * noise
    relations[np.abs(relations) < _NOTHING + doubt] = 0.0
    if coordinates.has_bias:
        to_intercept = coordinates.jacobian()[-1]
        constant = to_intercept @ relations
        own = to_intercept * (relations != 0).any(axis=1)
        doubt = noise * np.linalg.norm(turned @ own) + (rounding * np.abs(own)) @ np.abs(relations)
        relations[-1] = np.where(np.abs(constant) > _NOTHING + doubt, constant, 0.0)
    return relations


def collinear_notes(relations: FloatArray, names: list[str], has_bias: bool) -> AnyArray:
    """Return a note for each parameter in a relation, and empty notes for the others."""
    joined = relations != 0
    columns, relation = np.nonzero(joined[:-1] if has_bias else joined)
    p, k = joined.shape
    graph = coo_array((np.ones(len(columns)), (columns, p + relation)), shape=(p + k, p + k))
    # The intercept connects no columns: two sets of dummies are separate.
    group = connected_components(graph, directed=False)[1]
    notes = np.full(p, "", dtype=object)
    for j in np.flatnonzero(joined.any(axis=1)):
        own = group[p:][joined[j]]
        others = np.isin(group[:p], own)
        if has_bias:
            others[-1] = joined[-1, np.isin(group[p:], own)].any()
        others[j] = False
        notes[j] = _note([names[i] for i in np.flatnonzero(others)])
    return notes


def _note(others: list[str]) -> str:
    if not others:
        return "always zero"
    more = len(others) - _MAX_NAMES
    return f"collinear with {', '.join(others[:_MAX_NAMES])}" + f" and {more} more" * (more > 0)
