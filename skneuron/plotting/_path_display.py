"""The coefficients and the scores of a search over C."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from skneuron._common import AnyArray, FloatArray, one_of, wrong_value
from skneuron.plotting._canvas import BLUE, DASHES, ORANGE, Display, legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PathDisplay"]

# Largest coefficient in the picture, as a multiple of the largest coefficient at the best C.
# Coefficients of a weak penalty may be many times as large.
_IN_SIGHT = 3.0


class _Search(Protocol):
    """The attributes of a fitted ``NeuronClassifierCV`` that the picture has."""

    fit_intercept: bool
    scoring: Any
    loss_: str
    classes_: AnyArray
    C_: float
    C_one_se_: float
    l1_ratio_: float
    Cs_: FloatArray
    l1_ratios_: FloatArray
    mean_scores_: FloatArray
    standard_errors_: FloatArray
    coefs_paths_: AnyArray
    n_features_in_: int


class PathDisplay(Display):
    """Scores with their standard errors over C, above the coefficients, with both choices marked.

    Make it by :meth:`from_estimator`.

    Parameters
    ----------
    Cs : ndarray of shape (n_cs,)
        Increasing.
    scores, standard_errors : ndarray of shape (n_cs,)
    coefs : ndarray of shape (n_cs, n_features)
        Means over the folds.
    names : list of str
        Names of the features.
    best, one_se : float
        The C of the best score, and the smallest C within one standard error of this score. NaN
        draws no line.
    label : str
        Label of the scores.
    over : {"C", "norm"}, default="C"
    top : int, default=6
        Number of features with a name in the legend: the largest coefficients at ``best``.

    Attributes
    ----------
    scores_ : matplotlib ErrorbarContainer
    lines_ : list of matplotlib Line2D
        One per feature.
    choices_ : list of matplotlib Line2D
        The lines of ``best`` and of ``one_se``, in the upper panel and in the lower one.
    ax_ : ndarray of two matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skneuron import NeuronClassifierCV
    >>> from skneuron.plotting import PathDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> search = NeuronClassifierCV(Cs=[0.1, 1.0, 10.0]).fit(StandardScaler().fit_transform(X), y)
    >>> display = PathDisplay.from_estimator(search)
    >>> display.best, display.coefs.shape
    (1.0, (3, 30))
    """

    _panels = 2

    def __init__(
        self,
        *,
        Cs: FloatArray,
        scores: FloatArray,
        standard_errors: FloatArray,
        coefs: FloatArray,
        names: list[str],
        best: float,
        one_se: float,
        label: str,
        over: Literal["C", "norm"] = "C",
        top: int = 6,
    ) -> None:
        self.Cs = Cs
        self.scores = scores
        self.standard_errors = standard_errors
        self.coefs = coefs
        self.names = names
        self.best = best
        self.one_se = one_se
        self.label = label
        self.over = over
        self.top = top

    @classmethod
    def from_estimator(
        cls,
        estimator: _Search,
        *,
        over: Literal["C", "norm"] = "C",
        l1_ratio: float | None = None,
        neuron: int = 0,
        top: int = 6,
        feature_names: Sequence[str] | None = None,
        ax: Sequence[Axes] | None = None,
    ) -> Self:
        """Draw the means over the folds of a search.

        Parameters
        ----------
        estimator : NeuronClassifierCV
            Fitted.
        over : {"C", "norm"}, default="C"
            Horizontal axis: C, or the sum of the absolute coefficients.
        l1_ratio : float, default=None
            One of ``l1_ratios_``. None is the one nearest to the chosen ``l1_ratio_``. The
            picture of another value has no lines of the choices.
        neuron : int, default=0
            Index of the neuron, in the order of ``classes_``.
        top : int, default=6
            Number of features with a name in the legend.
        feature_names : array-like of str of shape (n_features,), default=None
            None takes the names of the search.
        ax : two matplotlib Axes, default=None
            For the scores and for the coefficients. None makes a new figure.

        Returns
        -------
        PathDisplay

        Raises
        ------
        TypeError
            If the estimator is no ``NeuronClassifierCV``.
        ValueError
            If an argument is out of range.
        """
        _check_search(estimator)
        ratios, n_neurons = estimator.l1_ratios_, estimator.coefs_paths_.shape[-2]
        chosen = int(np.argmin(np.abs(ratios - estimator.l1_ratio_)))
        row = chosen if l1_ratio is None else _position(l1_ratio, ratios)
        if over not in ("C", "norm"):
            raise ValueError(wrong_value("over", over, "'C' or 'norm'", "over='C'"))
        if not 0 <= neuron < n_neurons:
            expected = f"a number from 0 to {n_neurons - 1}"
            raise ValueError(wrong_value("neuron", neuron, expected, "neuron=0"))
        if not top >= 0:
            raise ValueError(wrong_value("top", top, "at least 0", "top=6"))
        names = _names(estimator, feature_names)
        order = np.argsort(estimator.Cs_, kind="stable")
        coefs = estimator.coefs_paths_[:, row, :, neuron, : len(names)].mean(axis=0)
        mean, Cs = estimator.mean_scores_[row], estimator.Cs_
        best, one_se = estimator.C_, estimator.C_one_se_
        if best == one_se:
            # With selection="one_se" the search has the C of the best score in its scores only.
            best = float(Cs[mean == mean.max()].min())
        if row != chosen:
            best = one_se = np.nan
        exact = estimator.scoring is None and estimator.loss_ == "log_loss"
        named = estimator.scoring if isinstance(estimator.scoring, str) else "score"
        label = "log loss" if exact else "accuracy" if estimator.scoring is None else named
        return cls(
            Cs=Cs[order],
            scores=(-mean if exact else mean)[order],
            standard_errors=estimator.standard_errors_[row][order],
            coefs=coefs[order].astype(float),
            names=names,
            best=best,
            one_se=one_se,
            label=f"held-out {label}",
            over=over,
            top=top,
        ).plot(ax)

    def _draw(self) -> None:
        if np.shape(self.ax_) != (2,):
            raise ValueError(
                f"Got ax={self.ax_!r}. Expected two axes, for the scores and for the "
                "coefficients. Use for example ax=plt.subplots(2, sharex=True)[1]."
            )
        above, below = self.ax_
        places = self._places()
        errors = None if np.isnan(self.standard_errors).all() else self.standard_errors
        self.scores_ = above.errorbar(
            places, self.scores, errors, fmt="o-", markersize=3.5, linewidth=1, capsize=2
        )
        above.set_ylabel(self.label)
        self._draw_coefficients(below, places)
        dark = below.xaxis.label.get_color()
        marks = [(self.best, "-", "best"), (self.one_se, "--", "one standard error")]
        if self.best == self.one_se:
            marks = [(self.best, "-", "best and one standard error")]
        marks = [mark for mark in marks if not np.isnan(mark[0])]
        self.choices_ = [
            axes.axvline(self._place_of(C, places), color=dark, linestyle=dashes, linewidth=1)
            for axes in self.ax_
            for C, dashes, _ in marks
        ]
        if marks:
            texts = [f"{text}, C = {C:.3g}" for C, _, text in marks]
            legend(above, self.choices_[: len(marks)], texts, fontsize="small")
        for axes in self.ax_:
            axes.set_xscale("log" if self.over == "C" else "linear")
        infinite = " (infinite at the right end)" if np.isinf(self.Cs).any() else ""
        below.set_xlabel(f"C{infinite}" if self.over == "C" else "‖w‖₁")

    def _draw_coefficients(self, axes: Axes, places: FloatArray) -> None:
        # A mean of the C of several folds may lie between two values. NaN is after the last one.
        at = min(int(np.searchsorted(self.Cs, self.best)), len(self.Cs) - 1)
        largest = np.argsort(-np.abs(self.coefs[at]), kind="stable")[: self.top].tolist()
        colours = (BLUE, ORANGE)
        self.lines_ = []
        for j, values in enumerate(self.coefs.T):
            style: dict[str, Any] = {"color": "grey", "linewidth": 0.7, "alpha": 0.6}
            if j in largest:
                k = largest.index(j)
                dashes = DASHES[k // len(colours) % len(DASHES)]
                style = {"color": colours[k % len(colours)], "linestyle": dashes}
            self.lines_ += axes.plot(places, values, **style)
        if largest:
            handles, names = zip(*((self.lines_[j], self.names[j]) for j in largest), strict=True)
            # To the right of the panel: inside it the legend would hide lines.
            outside = {"loc": "upper left", "bbox_to_anchor": (1, 1)}
            legend(axes, list(handles), list(names), fontsize="small", **outside)
        low, high = axes.get_ylim()
        limit = _IN_SIGHT * np.abs(self.coefs[at]).max()
        if limit > 0:
            axes.set_ylim(max(low, -limit), min(high, limit))
        axes.set_ylabel("coefficients")

    def _places(self) -> FloatArray:
        """Return the horizontal places of all fits."""
        if self.over == "norm":
            return np.asarray(np.abs(self.coefs).sum(axis=1))
        # An infinite C is at ten times the largest finite C.
        last = np.max(self.Cs, where=np.isfinite(self.Cs), initial=self.Cs[0])
        return np.where(np.isfinite(self.Cs), self.Cs, 10 * last if np.isfinite(last) else 1.0)

    def _place_of(self, C: float, places: FloatArray) -> float:
        """Return the place of a C, between the places of its neighbours if no fit has it."""
        index = int(np.searchsorted(self.Cs, C))
        if self.Cs[min(index, len(self.Cs) - 1)] == C:
            return float(places[index])
        return C if self.over == "C" else float(np.interp(np.log(C), np.log(self.Cs), places))


def _check_search(estimator: object) -> None:
    """Raise if the estimator is no fitted search."""
    if not hasattr(estimator, "selection"):
        raise TypeError(
            f"Got a {type(estimator).__name__}. Expected a fitted NeuronClassifierCV, of a "
            "pipeline its last step. Use for example "
            "PathDisplay.from_estimator(NeuronClassifierCV().fit(X, y))."
        )
    check_is_fitted(estimator)


def _position(l1_ratio: float, ratios: FloatArray) -> int:
    """Return the index of an l1_ratio."""
    found = np.flatnonzero(ratios == l1_ratio)
    if not found.size:
        expected = one_of(map(str, ratios.tolist()))
        raise ValueError(wrong_value("l1_ratio", l1_ratio, expected, f"l1_ratio={ratios[0]}"))
    return int(found[0])


def _names(estimator: _Search, feature_names: ArrayLike | None) -> list[str]:
    """Return the names of the features."""
    d = estimator.n_features_in_
    if feature_names is None:
        feature_names = getattr(estimator, "feature_names_in_", [f"x{j}" for j in range(d)])
    names = [str(name) for name in np.asarray(feature_names).tolist()]
    if len(names) != d:
        raise ValueError(
            f"feature_names has {len(names)} names. Expected {d}, one for each feature. Use for "
            "example feature_names=pipe[:-1].get_feature_names_out()."
        )
    return names
