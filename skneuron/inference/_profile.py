"""Profile likelihood intervals, whose ends may be infinite."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from skneuron._common import AnyArray, FloatArray
from skneuron.inference._held import Likelihood
from skneuron.inference._information import Information
from skneuron.inference._p_value import above_zero
from skneuron.inference._parameters import Estimates
from skneuron.inference._profile_end import Profile, no_convergence
from skneuron.validation import FittedNeuron, dense_coef

__all__ = ["Profiles", "profile_columns", "profiles_of"]


@dataclass(frozen=True)
class Profiles:
    """One per parameter, NaN for a parameter that the data do not determine.

    Attributes
    ----------
    lower, upper : ndarray of shape (p,)
        Ends of the intervals, perhaps infinite.
    z : ndarray of shape (p,)
        Signed root of the likelihood ratio statistic of the hypothesis that the parameter is 0.
    p_value : ndarray of shape (p,)
    """

    lower: FloatArray
    upper: FloatArray
    z: FloatArray
    p_value: FloatArray


def profiles_of(
    neuron: FittedNeuron, information: Information, found: Estimates, level: float
) -> Profiles:
    """Return profile likelihood intervals, and likelihood ratio tests of each parameter.

    The interval has the values at which twice the log-likelihood, maximised over the other
    parameters, is at most a quantile of χ² below its supremum (Venzon & Moolgavkar, Applied
    Statistics 37, 1988).
    """
    coordinates, span = information.coordinates, information.estimable.span
    likelihood = Likelihood(
        information,
        neuron.activation_,
        information.observations.fixed_z(neuron, coordinates.columns),
    )
    start = np.zeros(span.shape[1])
    is_separated = any(str(note).startswith("separated") for note in found.notes)
    if not is_separated:
        coef = dense_coef(neuron)[0].astype(np.float64)
        scaled = coordinates.scaled(coef)
        if coordinates.has_bias:
            scaled[-1] = float(neuron.intercept_[0]) + coordinates.mean @ coef[coordinates.columns]
        start[:] = np.linalg.lstsq(span, scaled, rcond=None)[0]
    best = likelihood.maximum(start)
    if not best.converged:
        raise no_convergence()
    inverse: FloatArray | None = None
    if not is_separated:
        inverse = np.asarray(np.linalg.inv(likelihood.at(best.parameters).information))
    along = coordinates.jacobian() @ span
    own = [*coordinates.columns.tolist(), *[len(found.names) - 1] * coordinates.has_bias]
    out = np.full((3, len(found.names)), np.nan)
    for row, k in zip(along, own, strict=True):
        note = str(found.notes[k])
        if note == "" or note.startswith("separated"):
            profile = Profile(likelihood, best, inverse, row, note)
            out[:, k] = (
                profile.end(-1, level),
                profile.end(1, level),
                profile.signed_root(0.0),
            )
    lower, upper, z = out
    return Profiles(lower, upper, z, above_zero(2 * norm.sf(np.abs(z))))


def profile_columns(columns: dict[str, AnyArray], profiles: Profiles) -> dict[str, AnyArray]:
    """Return the columns of a coefficient table with the intervals and tests of the profiles."""
    changed = {
        "z": profiles.z,
        "p_value": profiles.p_value,
        "lower": profiles.lower,
        "upper": profiles.upper,
    }
    return {name: changed.get(name, values) for name, values in columns.items()}
