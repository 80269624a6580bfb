"""The summary of a fit as text, HTML and LaTeX."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from skneuron.inference._goodness import GoodnessOfFit
from skneuron.inference._latex import latex_table
from skneuron.inference._nested import LikelihoodRatioTest
from skneuron.inference._summary_text import columns_of, text_table
from skneuron.inference._wald import WaldTest

__all__ = ["Summary"]


@dataclass(frozen=True)
class Summary:
    """Coefficient table, goodness of fit and the test of the whole model, ready to print.

    Attributes
    ----------
    title : str
        Model and classes.
    facts : dict of str to str
        Numbers above the table, as text.
    table : pandas.DataFrame or Table
        See :func:`coefficient_table`.
    fit : GoodnessOfFit
    test : LikelihoodRatioTest, WaldTest or None
        Test of all features at once, a Wald test for robust standard errors. None if the model has
        no intercept or no feature, or if ``fit.note`` or ``notes`` has a reason.
    notes : tuple of str
        Sentences on coefficients without a number, and on the standard errors.
    """

    title: str
    facts: Mapping[str, str]
    table: Any
    fit: GoodnessOfFit
    test: LikelihoodRatioTest | WaldTest | None
    notes: tuple[str, ...]

    def __str__(self) -> str:
        left, right = list(self.facts.items())[::2], list(self.facts.items())[1::2]
        widths = [max(len(name) + len(value) for name, value in side) + 2 for side in (left, right)]
        lines = [self.title]
        for k, (name, value) in enumerate(left):
            line = name + value.rjust(widths[0] - len(name))
            if k < len(right):
                name, value = right[k]
                line += "    " + name + value.rjust(widths[1] - len(name))
            lines.append(line)
        lines += ["", text_table(self.table)]
        return "\n".join(lines + [""] * bool(self.notes) + list(self.notes))

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        facts = "".join(
            f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>"
            for name, value in self.facts.items()
        )
        header, *rows = columns_of(self.table)
        head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
        )
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return (
            f"<p><b>{escape(self.title)}</b></p><table>{facts}</table>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"
        )

    def to_latex(self) -> str:
        r"""Return the coefficient table as LaTeX with the rules of the package booktabs.

        Returns
        -------
        str
            A ``tabular`` environment. The title and the facts are in comments above it.

        Examples
        --------
        >>> from skneuron import NeuronClassifier
        >>> from skneuron.inference import summary
        >>> X, y, counts = [[0.0], [1.0], [2.0]] * 2, [1, 1, 1, 0, 0, 0], [2, 6, 8, 8, 4, 2]
        >>> neuron = NeuronClassifier(C=float("inf")).fit(X, y, counts)
        >>> print(summary(neuron, X, y, counts).to_latex().splitlines()[-4])
        x0 & 1.396 & 0.5622 & 2.483 & 0.013 & 0.2938 & 2.497 \\
        """
        return latex_table([self.title, *_lines(self.facts)], columns_of(self.table))


def _lines(facts: Mapping[str, str]) -> list[str]:
    return [f"{name}: {value}" for name, value in facts.items()]
