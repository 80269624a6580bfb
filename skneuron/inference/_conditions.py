"""What stands between a fit and the classical theory: penalties and bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from skneuron._typing import AnyArray, FloatArray
from skneuron.inference._observations import Observations, feature_names
from skneuron.validation import TrainingData, with_bounds

__all__ = ["Conditions", "conditions_of"]


@dataclass(frozen=True)
class Conditions:
    """How the weights were held.

    Attributes
    ----------
    held : ndarray of str of shape (n_features,)
        Why a weight is no free parameter; empty where it is one.
    ridge : float
        λ of ½ λ ‖w‖², beside the sum of the losses.
    lasso : float
        λ of λ ‖w‖₁.
    obstacle : str
        Why classical errors would be wrong; empty if they are right.
    """

    held: AnyArray
    ridge: float
    lasso: float
    obstacle: str

    @property
    def free(self) -> AnyArray:
        """Columns of the free weights."""
        return np.flatnonzero(self.held == "")

    def require_classical(self, way_out: str = "") -> None:
        """Raise ``ValueError`` if there is an obstacle."""
        if self.obstacle:
            raise ValueError(
                f"{self.obstacle}: classical inference does not hold. Fit with C=np.inf and no "
                f"weight on its bound{way_out}"
            )


def conditions_of(neuron: Any, observations: Observations) -> Conditions:
    """Read the conditions of a fit off its parameters and weights.

    Weights that come from elsewhere (``from_weights``) were held by nothing known.

    Raises
    ------
    ValueError
        If the fit had class weights.
    """
    weights = neuron.coef_[0]
    held = np.full(len(weights), "", dtype=object)
    if not hasattr(neuron, "n_iter_"):
        return Conditions(held, 0.0, 0.0, "")
    params = neuron.get_params(deep=False)
    if params["class_weight"] is not None:
        raise ValueError(
            f"class_weight={params['class_weight']!r}: the fit maximised another sum than the "
            "log-likelihood of the data, so that no error or test holds. Fit with class_weight=None"
        )
    C, l1_ratio = params["C"], params["l1_ratio"]
    ridge, lasso = (1 - l1_ratio) / C, l1_ratio / C
    obstacles = []
    if ridge or lasso:
        obstacles.append(f"the penalty of C={C!r} biases the weights and narrows their spread")
    if lasso:
        held[weights == 0] = "held at 0 by the L1 penalty"
    low, high = _bounds(neuron, params["bounds"], observations)
    active = ((weights == low) | (weights == high)) & (low < high)
    held[active] = "held at its bound"
    held[low == high] = "fixed by its bounds"
    if active.any():
        name = feature_names(neuron)[int(np.flatnonzero(active)[0])]
        obstacles.append(f"the weight of {name!r} lies on its bound")
    return Conditions(held, ridge, lasso, ", and ".join(obstacles))


def _bounds(neuron: Any, bounds: Any, observations: Observations) -> tuple[FloatArray, FloatArray]:
    """Return low and high, in the precision of the weights, so that these can equal them."""
    X, kind = observations.X, neuron.coef_.dtype
    names = getattr(neuron, "feature_names_in_", None)
    empty = TrainingData(X, observations.y, neuron.classes_, observations.weights, 1.0)
    data = with_bounds(empty, bounds, names)
    if data.low is None or data.high is None:
        infinite = np.full(X.shape[1], np.inf)
        return -infinite, infinite
    return data.low.astype(kind), data.high.astype(kind)
