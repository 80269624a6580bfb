"""The playground: a fitted neuron with sliders for its coefficients."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from string import Template
from typing import Any

import altair as alt
import vl_convert
from numpy.typing import ArrayLike

from skneuron._common import MatrixLike
from skneuron.classifier import NeuronClassifier
from skneuron.playground._controls import controls, follow_epochs
from skneuron.playground._panels import figures, trace
from skneuron.playground._picture import curve, name_axes, plane
from skneuron.playground._scene import Scene, scene_of

__all__ = ["Playground", "playground"]

_PAGE = Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))

# Of the frame in a notebook: what the page needs at the width of a notebook.
_HEIGHT = 900


class Playground:
    """An interactive picture of one neuron, from :func:`playground`.

    At the end of a notebook's cell it shows itself. Made from a ``Scene``, which holds its
    numbers.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def __repr__(self) -> str:
        names = " and ".join(self._scene.plane.names)
        return f"<Playground: {names}, {len(self._scene)} samples>"

    def to_dict(self) -> dict[str, Any]:
        """Return the picture as a Vega-Lite specification."""
        scene = self._scene
        side = alt.vconcat(figures(scene), trace(scene), curve(scene), spacing=18)
        side = side.resolve_scale(color="independent", shape="independent")
        chart = alt.hconcat(plane(scene), side, spacing=24).add_params(*controls(scene))
        chart = chart.resolve_scale(color="independent", shape="independent")
        chart = chart.configure_view(stroke=None).configure_title(fontSize=15)
        spec = chart.to_dict()
        name_axes(spec["hconcat"][0])
        return follow_epochs(spec)

    def to_html(self) -> str:
        """Return a page of its own, which needs no network."""
        # All but ASCII is escaped: lines of a script end at U+2028, too, and half of a surrogate
        # pair has no UTF-8. "</script>" in a name would end the script that the names are in.
        spec = json.dumps(self.to_dict()).replace("<", "\\u003c")
        names = " and ".join(self._scene.plane.names)
        return _PAGE.substitute(
            title=_escape(f"One neuron over {names}"),
            spec=spec,
            vega=vl_convert.javascript_bundle(),
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write the page, one file that opens in a browser without a network.

        Parameters
        ----------
        path : str or path-like
            Usually ends in ``.html``.
        """
        Path(path).write_text(self.to_html(), encoding="utf-8")

    def _repr_html_(self) -> str:
        """Return the page in a frame, for a notebook."""
        return (
            f'<iframe srcdoc="{html.escape(self.to_html())}" title="{_escape(repr(self))}" '
            f'style="width: 100%; height: {_HEIGHT}px; border: 0"></iframe>'
        )


def _escape(text: str) -> str:
    """Return a text as HTML, with a question mark for half of a surrogate pair."""
    return html.escape(text.encode("utf-8", "replace").decode("utf-8"))


def playground(
    neuron: NeuronClassifier,
    X: MatrixLike,
    y: ArrayLike,
    features: Sequence[str | int] | None = None,
    *,
    epochs: int = 30,
) -> Playground:
    """Return an interactive picture with sliders for the coefficients of a neuron.

    The page has sliders for two coefficients and the intercept (called bias), a choice of
    activation and the line z = z₀. The coefficients are an arrow, perpendicular to the line, that
    points to ``classes_[1]``. Yellow rings mark misclassified samples. Accuracy, log loss and the
    forward pass of a clicked sample are next to the picture. One more slider goes through the
    epochs of a descent from zero coefficients, and moves the other sliders. Its last position is
    the fitted neuron. The colours follow the light or dark mode of the system.

    Parameters
    ----------
    neuron : NeuronClassifier
        Fitted, of two classes, with one of the named activations.
    X : array-like of shape (n_samples, n_features)
        At most 5,000 rows.
    y : array-like of shape (n_samples,)
        Labels.
    features : sequence of two str or int, default=None
        The features to show. None chooses the two that change z most. The other features enter z
        with their fitted coefficients, and the line shows their mean.
    epochs : int, default=30
        Maximum number of passes over the rows in the recorded descent: gradient descent, or
        the perceptron rule for ``"step"``, of the two coefficients and the intercept.

    Returns
    -------
    Playground
        With ``save(path)``, ``to_html()`` and ``to_dict()``.

    Raises
    ------
    TypeError
        If ``neuron`` is no neuron, but for example a pipeline around one.
    ValueError
        If the neuron has more than two classes, a single feature or an activation without a
        formula in the page. If X, y, ``features`` or ``epochs`` is not valid.

    Notes
    -----
    The axes have equal scales if neither feature spans six times the other one. Otherwise each
    axis has its own scale, and the arrow is perpendicular to the line in the picture only:
    standardise first. The descent ignores the neuron's bounds.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skneuron import NeuronClassifier
    >>> from skneuron.playground import playground
    >>> X, y = load_iris(return_X_y=True)
    >>> X, y = X[50:, 2:], y[50:]
    >>> page = playground(NeuronClassifier().fit(X, y), X, y)
    >>> page
    <Playground: x0 and x1, 100 samples>
    >>> page.save("page.html")  # doctest: +SKIP
    """
    return Playground(scene_of(neuron, X, y, features, epochs))
