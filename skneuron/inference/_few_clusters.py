"""The covariance of the scores of few clusters, corrected by the leverages of the clusters."""

from __future__ import annotations

import numpy as np

from skneuron._common import AnyArray, FloatArray
from skneuron.design import DesignMatrix
from skneuron.inference._passes import Coordinates

__all__ = ["POWERS", "corrected_product"]

# Power of I - H, for the leverages H of a cluster, by which a correction multiplies scores.
POWERS = {"HC2": -0.5, "HC3": -1.0}

# Remaining information of a direction without a cluster, as a fraction of the information of all
# clusters. Below it, rounding errors leave less than half of the digits.
_DETERMINED_BY_ONE = 1e-8


def corrected_product(
    X: DesignMatrix,
    coordinates: Coordinates,
    basis: FloatArray,
    slopes: FloatArray,
    information: FloatArray,
    groups: AnyArray,
    power: float,
) -> FloatArray:
    """Return Σ v_g v_gᵀ with v_g = (I - H_g)^power u_g, for the score u_g of a cluster.

    The basis makes the information the identity, so H_g is the information of the cluster. With
    the power -1, v_g is the change of the estimates without the cluster, by one step of Fisher
    scoring: the cluster jackknife. MacKinnon & White, Journal of Econometrics 29 (1985), for rows;
    Bell & McCaffrey, Survey Methodology 28 (2002), for clusters, with the power -1/2 too.

    Parameters
    ----------
    X : DesignMatrix
    coordinates : Coordinates
    basis : ndarray of shape (p, r)
    slopes, information : ndarray of shape (n_samples,)
        Derivative of the log-likelihood of each row, and expected information, times its weight.
    groups : ndarray of int of shape (n_samples,)
    power : float
    """
    r, source = basis.shape[1], X.by_rows().source
    order = np.argsort(groups, kind="stable")
    out = np.zeros((r, r))
    for members in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1):
        leverage, score = np.zeros((r, r)), np.zeros(r)
        for rows, data in DesignMatrix(source[members]).dense_blocks(range(len(members))):
            own, u = members[rows], coordinates.rows(data) @ basis
            leverage += (u * information[own, None]).T @ u
            score += slopes[own] @ u
        values, vectors = np.linalg.eigh(leverage)
        if values.max(initial=0.0) > 1 - _DETERMINED_BY_ONE:
            raise ValueError(
                f"The rows of one cluster, that of row {members[0]}, alone determine some "
                "coefficient, so 'HC2' and 'HC3' are undefined. Expected coefficients that can be "
                "estimated without any one cluster. Use correction='HC1'."
            )
        changed = vectors @ ((1 - values) ** power * (vectors.T @ score))
        out += np.outer(changed, changed)
    return out
