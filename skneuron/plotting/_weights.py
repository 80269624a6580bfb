"""Which inputs excite a neuron and which inhibit it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from sklearn.preprocessing import StandardScaler

from skneuron._common import FloatArray, MatrixLike, wrong_value
from skneuron.classifier import NeuronClassifier
from skneuron.plotting._canvas import BLUE, ORANGE, Display, as_text
from skneuron.plotting._plane import check_neuron
from skneuron.validation import dense_coef

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["WeightDisplay"]


class _Columns(Protocol):
    """A table with columns by name: a data frame, or the table of ``coefficient_table``."""

    @property
    def columns(self) -> Iterable[Any]:
        """Names of the columns."""
        ...

    def __getitem__(self, name: str, /) -> Any: ...


class WeightDisplay(Display):
    """Coefficients by name, the largest on top: excitatory to the right, inhibitory to the left.

    Make it by :meth:`from_estimator`.

    Parameters
    ----------
    names : sequence of str
    weights : ndarray of shape (n_shown,)
    intervals : ndarray of shape (n_shown, 2) or None
        Lower and upper ends.
    label : str
        Label of the axis.
    left_out : int
        Number of smaller coefficients that are not shown.

    Attributes
    ----------
    bars_ : matplotlib BarContainer
    intervals_ : matplotlib ErrorbarContainer or None
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.plotting import WeightDisplay
    >>> neuron = NeuronClassifier.from_weights({"rain": 1.5, "wind": -0.5, "fog": 0.1})
    >>> display = WeightDisplay.from_estimator(neuron, top=2)
    >>> [float(bar.get_width()) for bar in display.bars_]
    [1.5, -0.5]
    """

    def __init__(
        self,
        *,
        names: list[str],
        weights: FloatArray,
        intervals: FloatArray | None,
        label: str,
        left_out: int = 0,
    ) -> None:
        self.names = names
        self.weights = weights
        self.intervals = intervals
        self.label = label
        self.left_out = left_out

    @classmethod
    def from_estimator(
        cls,
        estimator: NeuronClassifier,
        X: MatrixLike | None = None,
        *,
        table: _Columns | None = None,
        neuron: int = 0,
        top: int = 20,
        feature_names: Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw the weights of a neuron.

        Parameters
        ----------
        estimator : NeuronClassifier
            Fitted.
        X : array-like of shape (n_samples, n_features), default=None
            With X, each weight is multiplied by the standard deviation of its column, so that
            columns in different units can be compared.
        table : pandas.DataFrame or Table, default=None
            ``coefficient_table`` of the neuron, which has the intervals.
        neuron : int, default=0
            Index of the neuron, in the order of ``classes_``.
        top : int, default=20
            Number of largest weights to show.
        feature_names : array-like of str of shape (n_features,), default=None
            Names to show, as a vectorizer's ``get_feature_names_out()``. None takes the
            names of the neuron.
        ax : matplotlib Axes, default=None
            None makes a new figure.

        Returns
        -------
        WeightDisplay

        Raises
        ------
        ValueError
            If ``neuron`` or ``top`` is out of range, or X, the table or the names are of
            other columns.
        TypeError
            If the estimator is no neuron, but for example a pipeline around one.
        """
        check_neuron(estimator)
        k, d = estimator.coef_.shape
        if not 0 <= neuron < k:
            raise ValueError(
                wrong_value("neuron", neuron, f"a number from 0 to {k - 1}", "neuron=0")
            )
        if not top >= 1:
            raise ValueError(wrong_value("top", top, "at least 1", "top=20"))
        weights = dense_coef(estimator)[neuron].astype(float)
        if feature_names is None:
            feature_names = getattr(estimator, "feature_names_in_", _numbered(d))
        names = [str(name) for name in feature_names]
        if len(names) != d:
            raise ValueError(
                f"feature_names has {len(names)} names. Expected {d}, one for each feature. Use "
                "for example feature_names=vectorizer.get_feature_names_out()."
            )
        unit = np.ones(d) if X is None else _deviations(X, d)
        intervals = None
        if table is not None:
            if k > 1 or "estimate" not in list(table.columns):
                raise ValueError(
                    "The table has ratios, or differences to a base class. Expected "
                    "coefficient_table(neuron, X, y) of two classes. Use OddsRatioDisplay for "
                    "other tables."
                )
            intervals = np.column_stack([np.asarray(table["lower"]), np.asarray(table["upper"])])
            if len(intervals) < d:
                raise ValueError(
                    f"table has {len(intervals)} rows. Expected {d} or more, one for each feature. "
                    "Use: table=coefficient_table(neuron, X, y)."
                )
            intervals = intervals[:d] * unit[:, None]
        scaled = weights * unit
        order = np.argsort(-np.abs(scaled), kind="stable")[:top]
        quantity = "weight" if X is None else "weight × deviation"
        of_class = "" if k == 1 else f", class {estimator.classes_[neuron]}"
        return cls(
            names=[names[i] for i in order],
            weights=scaled[order],
            intervals=None if intervals is None else intervals[order],
            label=quantity + of_class,
            left_out=d - len(order),
        ).plot(ax)

    def _draw(self) -> None:
        places = np.arange(len(self.weights))
        excites = self.weights >= 0
        self.bars_ = self.ax_.barh(
            places,
            self.weights,
            color=np.where(excites, BLUE, ORANGE),
            hatch=["" if positive else "//" for positive in excites],
            edgecolor="white",
            linewidth=0,
        )
        self.intervals_ = None
        if self.intervals is not None:
            low, high = self.intervals.T
            self.intervals_ = self.ax_.errorbar(
                self.weights,
                places,
                xerr=[self.weights - low, high - self.weights],
                fmt="none",
                ecolor="black",
                capsize=3,
            )
        self.ax_.axvline(0, color="grey", linewidth=1)
        self.ax_.set_yticks(places, self.names, parse_math=False)
        self.ax_.invert_yaxis()
        more = f"\n({self.left_out} smaller not shown)" if self.left_out else ""
        self.ax_.set_xlabel(f"← inhibits    excites →\n{self.label}{more}")
        as_text(self.ax_.xaxis.label)


def _numbered(d: int) -> list[str]:
    return [f"x{i}" for i in range(d)]


def _deviations(X: MatrixLike, d: int) -> FloatArray:
    deviations = np.sqrt(StandardScaler(with_mean=False).fit(X).var_)
    if len(deviations) != d:
        raise ValueError(
            f"X has {len(deviations)} columns. Expected {d}, as in the fit. Pass X as the steps "
            "before the neuron return it: pipe[:-1].transform(X)."
        )
    return np.asarray(deviations)
