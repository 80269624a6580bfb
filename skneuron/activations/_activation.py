"""What an activation is: f, its slope and, for a distribution function, its logarithms."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from scipy.optimize import brentq
from sklearn.base import BaseEstimator

from skneuron._common import FloatArray

__all__ = ["Activation"]

# Central differences lose about half of the digits in the step and half in the
# difference. The step eps**(1/3) balances the two for a function that is smooth at scale 1.
_STEP = float(np.finfo(np.float64).eps ** (1 / 3))


class Activation(BaseEstimator):  # type: ignore[misc]
    """The function f of a neuron, ``y = f(w·x + b)``.

    Subclass it to bring your own: give :meth:`value` and :meth:`derivative`. If f is
    a distribution function, so that P(y=1|x) = f(z), give :meth:`log_proba` as well.
    The neuron is then trained by the log loss and has ``predict_proba``. Everything
    else has a default that is computed from these.

    An activation is a scikit-learn ``BaseEstimator``: arguments of ``__init__`` are
    stored under their names and can be grid-searched as ``activation__<name>``.

    Attributes
    ----------
    range : (float, float)
        Infimum and supremum of f.
    is_probability : bool
        Whether f (brought to (0, 1) if its range is another) is P(y=1|x). True by
        default exactly where :meth:`log_proba` is given.
    differentiable : bool
        Whether the slope is non-zero somewhere, so that a gradient can lead a solver.
    smooth : bool
        Whether the slope is continuous, so that second derivatives mean something.
    convex_nll : bool
        Whether -log f and -log(1 - f) are both convex in z. Newton then uses the
        observed Hessian, Fisher weights otherwise.

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron.activations import Activation
    >>> class Softsign(Activation):
    ...     range = (-1.0, 1.0)
    ...     def value(self, z):
    ...         return z / (1 + np.abs(z))
    ...     def derivative(self, z):
    ...         return 1 / (1 + np.abs(z)) ** 2
    >>> Softsign().threshold
    0.0
    >>> Softsign().is_probability
    False
    """

    range: ClassVar[tuple[float, float]] = (-np.inf, np.inf)
    is_probability: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True
    smooth: ClassVar[bool] = True
    convex_nll: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "log_proba" in cls.__dict__:
            if "is_probability" not in cls.__dict__:
                cls.is_probability = True
            if "range" not in cls.__dict__ and not np.all(np.isfinite(cls.range)):
                cls.range = (0.0, 1.0)

    # --- methods of a subclass -------------------------------------------------------

    def value(self, z: FloatArray) -> FloatArray:
        """Return f(z).

        Parameters
        ----------
        z : ndarray
            Pre-activations, any shape.

        Returns
        -------
        ndarray of the shape of z
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no method value. Expected the function f. "
            "Define value(self, z), which returns f(z) for an array z."
        )

    def derivative(self, z: FloatArray) -> FloatArray:
        """Return the slope f'(z), of the shape of z."""
        raise NotImplementedError(
            f"{type(self).__name__} has no method derivative. Expected the slope of f. "
            "Define derivative(self, z), which returns f'(z) for an array z."
        )

    def log_proba(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return (log(1 - p), log p), each of the shape of z.

        Neither is computed from p: the logarithms stay exact where p itself
        underflows to 0 or rounds to 1.
        """
        raise NotImplementedError(
            f"{type(self).__name__} is no distribution function and has no log_proba. Expected an "
            "activation with is_probability=True. Use for example activation='sigmoid'."
        )

    def check_parameters(self) -> None:
        """Raise ``ValueError`` if a parameter has a value that cannot work."""

    # --- methods with a default ------------------------------------------------------

    def derivative2(self, z: FloatArray) -> FloatArray:
        """Return f''(z), by default a central difference of :meth:`derivative`."""
        step = _STEP * np.maximum(1.0, np.abs(z))
        return (self.derivative(z + step) - self.derivative(z - step)) / (2 * step)

    def log_proba_derivative(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the slopes of (log(1 - p), log p) in z.

        The default is a central difference of :meth:`log_proba`, good to about ten
        digits in the far tails too. Override it with the exact slope.
        """
        step = _STEP * np.maximum(1.0, np.abs(z))
        low, high = self.log_proba(z - step), self.log_proba(z + step)
        return (high[0] - low[0]) / (2 * step), (high[1] - low[1]) / (2 * step)

    def log_proba_derivative2(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the second derivatives of (log(1 - p), log p) in z.

        By default a central difference of :meth:`log_proba_derivative`.
        """
        # The slope may itself be a difference, good to ten digits only: a wider step.
        step = 1e-3 * np.maximum(1.0, np.abs(z))
        low = self.log_proba_derivative(z - step)
        high = self.log_proba_derivative(z + step)
        return (high[0] - low[0]) / (2 * step), (high[1] - low[1]) / (2 * step)

    @property
    def targets(self) -> tuple[float, float]:
        """What squared error wants f to be for ``classes_[0]`` and ``classes_[1]``.

        The ends of the range if both are finite, else 0 and 1.
        """
        low, high = self.range
        return (low, high) if np.isfinite(low) and np.isfinite(high) else (0.0, 1.0)

    @property
    def threshold(self) -> float:
        """Decision threshold z₀: f(z₀) is halfway between the targets."""
        middle = sum(self.targets) / 2

        def excess(z: float) -> float:
            """Return f(z) minus the middle of the targets."""
            return float(self.value(np.array([z]))[0]) - middle

        if excess(0.0) == 0:
            return 0.0
        reach = 1.0
        while excess(-reach) > 0 or excess(reach) < 0:
            reach *= 2
            if reach > 1e9:
                raise ValueError(
                    f"{type(self).__name__} never reaches {middle}, which is halfway between its "
                    f"targets {self.targets}. Expected an increasing function that does. Override "
                    "targets with a value of the function for each class."
                )
        return float(brentq(excess, -reach, reach, xtol=1e-14))
