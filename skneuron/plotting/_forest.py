"""A forest plot: odds ratios with their intervals on a logarithmic axis."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike

from skneuron._common import FloatArray, MatrixLike
from skneuron.classifier import NeuronClassifier
from skneuron.inference import coefficient_table
from skneuron.plotting._canvas import BLUE, Display, as_text
from skneuron.plotting._plane import check_neuron

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["OddsRatioDisplay"]

# Space next to the finite ends, as a fraction of their logarithmic range. Infinite ends have their
# arrows in this space.
_MARGIN = 0.12

# Largest ratio of the ends of the axis for ticks at 1, 2 and 5.
_FEW_DECADES = 2000


class _Ratios(Protocol):
    """A table of ``coefficient_table(..., exponentiate=True)``."""

    @property
    def columns(self) -> Iterable[Any]: ...

    @property
    def index(self) -> Iterable[Any]: ...

    def __getitem__(self, name: str, /) -> ArrayLike: ...


class OddsRatioDisplay(Display):
    """Odds ratios or hazard ratios with their confidence intervals, the first feature on top.

    Make it by :meth:`from_estimator` or :meth:`from_table`.

    Parameters
    ----------
    names : list of str
    ratios : ndarray of shape (n_shown,)
        NaN for an infinite estimate, whose interval is drawn alone.
    intervals : ndarray of shape (n_shown, 2)
        Lower and upper ends: positive numbers, 0 or infinity.
    label : str
        Label of the axis.

    Attributes
    ----------
    points_ : matplotlib Line2D
    lines_ : matplotlib LineCollection
        Intervals. An infinite end is at the edge of the picture, with an arrow.
    arrows_ : list of matplotlib Line2D
        Arrows of infinite lower and upper ends.
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.plotting import OddsRatioDisplay
    >>> X, y, counts = [[0.0], [1.0], [2.0]] * 2, [1, 1, 1, 0, 0, 0], [2, 6, 8, 8, 4, 2]
    >>> neuron = NeuronClassifier(C=float("inf")).fit(X, y, counts)
    >>> display = OddsRatioDisplay.from_estimator(neuron, X, y, counts)
    >>> display.names, display.ratios.round(2).tolist()
    (['x0'], [4.04])
    """

    def __init__(
        self, *, names: list[str], ratios: FloatArray, intervals: FloatArray, label: str
    ) -> None:
        self.names = names
        self.ratios = ratios
        self.intervals = intervals
        self.label = label

    @classmethod
    def from_estimator(
        cls,
        estimator: NeuronClassifier,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        level: float = 0.95,
        *,
        method: Literal["wald", "profile"] = "wald",
        offset: ArrayLike | None = None,
        base: object = None,
        ax: Axes | None = None,
    ) -> Self:
        """Compute the odds ratios of a fit, and draw them without the intercept.

        Parameters
        ----------
        estimator : NeuronClassifier
            Fitted without a penalty to these data, with ``"sigmoid"``, ``"tanh"`` or
            ``"cloglog"``.
        X : array-like or CSR/CSC matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None
            Frequency weights: a row of weight 2 is two rows.
        level : float, default=0.95
            Coverage of the intervals.
        method : {"wald", "profile"}, default="wald"
            Method of :func:`skneuron.inference.coefficient_table`.
        offset : array-like of shape (n_samples,), default=None
            Offset of the fit.
        base : label, default=None
            Base class for more than two classes.
        ax : matplotlib Axes, default=None
            None makes a new figure.

        Returns
        -------
        OddsRatioDisplay

        Raises
        ------
        TypeError
            If the estimator is no neuron.
        ValueError
            If there are no ratios for the activation, or no standard errors: see
            :func:`skneuron.inference.coefficient_table`.
        """
        check_neuron(estimator)
        table = coefficient_table(
            estimator,
            X,
            y,
            sample_weight,
            level,
            offset=offset,
            base=base,
            exponentiate=True,
            method=method,
        )
        return cls.from_table(table, ax=ax)

    @classmethod
    def from_table(cls, table: _Ratios, *, ax: Axes | None = None) -> Self:
        """Draw a table of ``coefficient_table(..., exponentiate=True)`` without the intercept.

        Parameters
        ----------
        table : pandas.DataFrame or Table
        ax : matplotlib Axes, default=None
            None makes a new figure.

        Returns
        -------
        OddsRatioDisplay

        Raises
        ------
        ValueError
            If the table has no ratios.
        """
        name = next(iter(table.columns))
        if name not in ("odds_ratio", "hazard_ratio"):
            raise ValueError(
                f"The first column of the table is {name!r}. Expected 'odds_ratio' or "
                "'hazard_ratio'. Pass coefficient_table(neuron, X, y, exponentiate=True)."
            )
        numbers = np.column_stack([np.asarray(table[k]) for k in (name, "lower", "upper")])
        labels = [label if isinstance(label, tuple) else (label,) for label in table.index]
        # A feature may have the name of the intercept, which is the last row of its class.
        last = {label: k for k, label in enumerate(labels) if label[-1] == "intercept"}
        # Rows without a number, for collinear features, have nothing to draw.
        kept = [
            k
            for k, label in enumerate(labels)
            if last.get(label) != k and not np.isnan(numbers[k]).all()
        ]
        return cls(
            names=[" ".join(map(str, labels[k])) for k in kept],
            ratios=numbers[kept, 0].astype(float),
            intervals=numbers[kept, 1:].astype(float),
            label=str(name).replace("_", " "),
        ).plot(ax)

    def _draw(self) -> None:
        from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

        places = np.arange(len(self.names))
        left, right = self._edges()
        low, high = np.clip(self.intervals, left, right).T
        dark = self.ax_.xaxis.label.get_color()
        # Above the squares, with ticks at the ends: a square would hide a narrow interval.
        self.lines_ = self.ax_.hlines(places, low, high, color=dark, linewidth=1.2, zorder=4)
        is_open = np.column_stack([self.intervals[:, 0] <= 0, np.isinf(self.intervals[:, 1])])
        for side, ends in enumerate((low, high)):
            rows = places[~is_open[:, side]]
            self.ax_.plot(ends[rows], rows, marker="|", linestyle="none", color=dark, zorder=4)
        (self.points_,) = self.ax_.plot(
            self.ratios, places, marker="s", linestyle="none", color=BLUE, markersize=5, zorder=3
        )
        self.arrows_ = []
        for side, marker, edge in ((0, "<", left), (1, ">", right)):
            rows = places[is_open[:, side]]
            self.arrows_ += self.ax_.plot(
                np.full(len(rows), edge), rows, marker=marker, linestyle="none", color=dark
            )
        self.ax_.axvline(1, color="grey", linewidth=1)
        self.ax_.set_xscale("log")
        self.ax_.set_xlim(left, right)
        # 0.5, 1, 2 and 5 are easier to read than powers of 10. Over many decades they are too many.
        digits = (1, 2, 5) if right / left < _FEW_DECADES else (1,)
        self.ax_.xaxis.set_major_locator(LogLocator(subs=digits))
        self.ax_.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        self.ax_.xaxis.set_minor_formatter(NullFormatter())
        self.ax_.set_yticks(places, self.names, parse_math=False)
        self.ax_.set_ylim(len(self.names) - 0.5, -0.5)
        self.ax_.set_xlabel(self.label)
        as_text(self.ax_.xaxis.label)

    def _edges(self) -> tuple[float, float]:
        """Return the limits of the axis: all finite ends, and space for arrows."""
        numbers = np.concatenate([self.ratios, self.intervals.ravel(), [1.0]])
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(numbers)
        logs = logs[np.isfinite(logs)]
        space = max(_MARGIN * float(np.ptp(logs)), 0.1)
        return float(np.exp(logs.min() - space)), float(np.exp(logs.max() + space))
