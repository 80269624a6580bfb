"""Residuals of a fit: binned along the fitted probabilities, or against normal quantiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from skneuron._common import AnyArray, FloatArray, MatrixLike, wrong_value
from skneuron.classifier import NeuronClassifier
from skneuron.inference import influence
from skneuron.plotting._canvas import BLUE, ORANGE, Display, as_text
from skneuron.plotting._plane import check_neuron, label_codes
from skneuron.validation import check_weights

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ResidualDisplay"]

# Half width of the band around 0, in standard errors: 95 % of the means of a correct model.
_BAND = 1.96

# Smallest default number of bins.
_MIN_BINS = 5

# Largest default number of bins.
_MAX_BINS = 100


class ResidualDisplay(Display):
    """Residuals that show whether the model is wrong.

    Make it by :meth:`from_estimator`.

    Parameters
    ----------
    x, y : ndarray of shape (n_points,)
        Coordinates of the points.
    band : ndarray of shape (n_points,) or None
        Half width of the band around 0 at each point, for binned residuals.
    kind : {"binned", "quantile"}
    label : str
        Name of the class whose probability is on the axis.

    Attributes
    ----------
    points_ : matplotlib PathCollection
    band_ : list of matplotlib Line2D
        Both sides of the band, or the diagonal of a quantile plot.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> import numpy as np
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.plotting import ResidualDisplay
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 2))
    >>> y = rng.random(400) < 1 / (1 + np.exp(-X[:, 0]))
    >>> neuron = NeuronClassifier(C=np.inf).fit(X, y)
    >>> display = ResidualDisplay.from_estimator(neuron, X, y, n_bins=10)
    >>> len(display.x), int((abs(display.y) < display.band).sum())
    (10, 10)
    """

    def __init__(
        self,
        *,
        x: FloatArray,
        y: FloatArray,
        band: FloatArray | None,
        kind: Literal["binned", "quantile"],
        label: str,
    ) -> None:
        self.x = x
        self.y = y
        self.band = band
        self.kind = kind
        self.label = label

    @classmethod
    def from_estimator(
        cls,
        estimator: NeuronClassifier,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        kind: Literal["binned", "quantile"] = "binned",
        n_bins: int | None = None,
        offset: ArrayLike | None = None,
        random_state: int | np.random.RandomState | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the residuals of a neuron with two classes.

        Parameters
        ----------
        estimator : NeuronClassifier
            Fitted, with probabilities.
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None
            Frequency weights: a row of weight 2 is two rows.
        kind : {"binned", "quantile"}, default="binned"
            ``"binned"`` has the means of y - p in groups of rows with similar p, and a band that
            contains 95 % of them if the model is correct (Gelman & Hill, *Data Analysis Using
            Regression*, 2007, section 5.6). ``"quantile"`` has the randomised quantile residuals
            of :func:`skneuron.inference.influence` against normal quantiles, on the diagonal if
            the model is correct. It needs a fit without a penalty.
        n_bins : int, default=None
            Number of groups. None takes the root of the number of rows, from 5 to 100. Rows with
            equal p stay together.
        offset : array-like of shape (n_samples,), default=None
            Offset of the fit.
        random_state : int, RandomState or None, default=None
            For the quantile residuals.
        ax : matplotlib Axes, default=None
            None makes a new figure.

        Returns
        -------
        ResidualDisplay

        Raises
        ------
        TypeError
            If the estimator is no neuron.
        ValueError
            If ``kind`` or ``n_bins`` is invalid, or if there are more than two classes.
        """
        check_neuron(estimator)
        if kind not in ("binned", "quantile"):
            raise ValueError(wrong_value("kind", kind, "'binned' or 'quantile'", "kind='binned'"))
        if n_bins is not None and not n_bins >= 1:
            raise ValueError(wrong_value("n_bins", n_bins, "at least 1", "n_bins=20"))
        if len(estimator.classes_) != 2:
            raise ValueError(
                f"The neuron has {len(estimator.classes_)} classes. ResidualDisplay expected two "
                "classes. Fit one neuron for each class: neuron.fit(X, y == label)."
            )
        label = str(estimator.classes_[1])
        if kind == "quantile":
            found = influence(
                estimator, X, y, sample_weight, offset=offset, random_state=random_state
            )
            values = np.sort(np.asarray(found["quantile"]))
            n = len(values)
            normal = norm.ppf((np.arange(n) + 0.5) / n)
            return cls(x=normal, y=values, band=None, kind=kind, label=label).plot(ax)
        p = estimator.predict_proba(X, offset=offset)[:, 1]
        is_event = label_codes(estimator, y) == 1
        if len(is_event) != len(p):
            raise ValueError(
                f"y has {len(is_event)} labels. Expected {len(p)}, one per row of X. Pass X and y "
                "of the same rows."
            )
        weights = check_weights(sample_weight, len(p))
        x, means, band = _binned(p, is_event, weights, n_bins)
        return cls(x=x, y=means, band=band, kind=kind, label=label).plot(ax)

    def _draw(self) -> None:
        self.points_ = self.ax_.scatter(self.x, self.y, s=14, color=BLUE, zorder=3)
        if self.band is None:
            self.band_ = self.ax_.plot(self.x, self.x, color=ORANGE, linestyle="--")
            self.ax_.set_xlabel("normal quantile")
            self.ax_.set_ylabel("quantile residual")
            return
        self.band_ = []
        for side in (-1, 1):
            self.band_ += self.ax_.plot(self.x, side * self.band, color=ORANGE, linestyle="--")
        self.ax_.axhline(0, color="grey", linewidth=1)
        self.ax_.set_xlabel(f"fitted P({self.label})")
        self.ax_.set_ylabel("mean of y - P")
        as_text(self.ax_.xaxis.label)


def _binned(
    p: FloatArray, is_event: AnyArray, weights: FloatArray, n_bins: int | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mean probabilities, mean residuals and half widths of the band, group by group."""
    if n_bins is None:
        n_bins = int(np.clip(np.sqrt(np.count_nonzero(weights)), _MIN_BINS, _MAX_BINS))
    order = np.argsort(p, kind="stable")
    order = order[weights[order] > 0]
    values, first, which = np.unique(p[order], return_index=True, return_inverse=True)
    # The middle of the weight of the rows with equal p decides on their group.
    total = np.cumsum(weights[order])
    ends = np.append(total[first[1:] - 1], total[-1])
    middle = (ends + np.append(0, ends[:-1])) / 2 / total[-1]
    group = np.minimum((middle * n_bins).astype(int), n_bins - 1)[which]
    own = weights[order]
    size = np.bincount(group, own, n_bins)
    used = size > 0
    size = size[used]
    sums = [
        np.bincount(group, own * part, n_bins)[used]
        for part in (values[which], is_event[order] - values[which], (values * (1 - values))[which])
    ]
    return sums[0] / size, sums[1] / size, _BAND * np.sqrt(sums[2]) / size
