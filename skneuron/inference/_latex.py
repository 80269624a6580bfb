"""Tables in LaTeX."""

from __future__ import annotations

__all__ = ["latex_table"]

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "—": "---",
    "χ": r"$\chi$",
    "²": r"$^2$",
    "∞": r"$\infty$",
} | {character: f"\\{character}" for character in "&%$#_{}"}


def latex_table(comments: list[str], rows: list[list[str]]) -> str:
    """Return rows of text, the first of which is the header, as a ``tabular`` environment."""
    lines = [f"% {comment}" for comment in comments]
    lines += [r"\begin{tabular}{l" + "r" * (len(rows[0]) - 1) + "}", r"\toprule"]
    text = [" & ".join(map(_escaped, row)) + r" \\" for row in rows]
    return "\n".join([*lines, text[0], r"\midrule", *text[1:], r"\bottomrule", r"\end{tabular}"])


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(character, character) for character in text)
