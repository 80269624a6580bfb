"""How neurons learned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from skneuron._common import FloatArray, one_of
from skneuron.classifier import NeuronClassifier
from skneuron.plotting._canvas import DASHES, Display, legend
from skneuron.validation import check_neuron

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["DescentDisplay"]

_LABELS = {
    "iteration": "iteration",
    "seconds": "seconds",
    "n_passes": "passes over the data",
    "objective": "objective F",
    "gap": "F above the lowest",
    "gradient_norm": "gradient norm",
    "validation_loss": "validation loss",
    "step": "length of the step",
    "saturation": "fraction of saturated samples",
    "mistakes": "mistakes",
    "margin": "margin",
}
_LOGARITHMIC = ("gap", "gradient_norm", "step")


class DescentDisplay(Display):
    """A column of ``history_`` over iterations, seconds or passes, one line per neuron.

    Make it by :meth:`from_estimator`. (scikit-learn's ``LearningCurveDisplay`` shows a score over
    the number of samples.)

    Parameters
    ----------
    curves : dict of str to (ndarray, ndarray)
        Values along both axes for each neuron.
    quantity, over : str

    Attributes
    ----------
    lines_ : list of matplotlib Line2D
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.plotting import DescentDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> neurons = {name: NeuronClassifier(solver=name).fit(X, y) for name in ("newton", "gd")}
    >>> display = DescentDisplay.from_estimator(neurons)
    >>> [line.get_label() for line in display.lines_]
    ['newton', 'gd']
    """

    def __init__(
        self, *, curves: Mapping[str, tuple[FloatArray, FloatArray]], quantity: str, over: str
    ) -> None:
        self.curves = curves
        self.quantity = quantity
        self.over = over

    @classmethod
    def from_estimator(
        cls,
        estimator: NeuronClassifier,
        *,
        quantity: str = "gap",
        over: Literal["iteration", "seconds", "n_passes"] = "iteration",
        lowest: float | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw histories.

        Parameters
        ----------
        estimator : NeuronClassifier, or dict of str to NeuronClassifier
            Fitted. The keys of a dict name the lines.
        quantity : str, default="gap"
            A column of ``history_`` ("objective", "gradient_norm", "validation_loss", …), or
            "gap": the objective above ``lowest``, on a logarithmic scale.
        over : {"iteration", "seconds", "n_passes"}, default="iteration"
        lowest : float, default=None
            Objective that "gap" subtracts. None is the lowest objective of all neurons.
        ax : matplotlib Axes, default=None
            None makes a new figure.

        Returns
        -------
        DescentDisplay

        Raises
        ------
        NotFittedError
            If a neuron is not fitted.
        ValueError
            If a neuron has no history, or a history has no such column.
        """
        named = estimator if isinstance(estimator, Mapping) else {_name(estimator): estimator}
        column = "objective" if quantity == "gap" else quantity
        for name, neuron in named.items():
            if not hasattr(neuron, "history_"):
                check_neuron(neuron)
                raise ValueError(
                    f"The neuron {name!r} has no history. Expected a neuron after fit. Call "
                    "neuron.fit(X, y)."
                )
            for wanted in {column, over} - {"iteration"}:
                if wanted not in neuron.history_:
                    raise ValueError(
                        f"The history of {name!r} has no {wanted!r}. Expected "
                        f"{one_of(['gap', *neuron.history_])}. Use for example quantity='gap'."
                    )
        if lowest is None and quantity == "gap":
            # A fit with max_iter=0 has an empty history.
            lowest = min(
                float(neuron.history_["objective"].min(initial=np.inf)) for neuron in named.values()
            )
        curves = {}
        for name, neuron in named.items():
            values = neuron.history_[column].astype(float)
            if quantity == "gap":
                values = values - lowest
                values[values <= 0] = np.nan  # has no logarithm
            along = np.arange(1.0, len(values) + 1) if over == "iteration" else None
            curves[name] = (neuron.history_[over] if along is None else along, values)
        return cls(curves=curves, quantity=quantity, over=over).plot(ax)

    def _draw(self) -> None:
        self.lines_ = []
        for number, (name, (along, values)) in enumerate(self.curves.items()):
            few = len(values) <= 25
            (line,) = self.ax_.plot(
                along,
                values,
                label=name,
                linestyle=DASHES[number % len(DASHES)],
                marker="o" if few else "",
                markersize=4,
            )
            self.lines_.append(line)
        self.ax_.set(
            xlabel=_LABELS.get(self.over, self.over),
            ylabel=_LABELS.get(self.quantity, self.quantity),
        )
        if self.quantity in _LOGARITHMIC:
            self.ax_.set_yscale("log")
        lengths = [len(values) for _, values in self.curves.values()]
        if max(lengths) > 20 * min(lengths):
            self.ax_.set_xscale("log")
        if len(self.curves) > 1:
            legend(self.ax_, self.lines_, [str(name) for name in self.curves])


def _name(neuron: Any) -> str:
    return str(getattr(neuron, "solver_", type(neuron).__name__))
