"""How hard the documentation and the code are to read: counts of habits, each beside its limit."""

from __future__ import annotations

import re
from collections.abc import Iterable

from measures.report import ROOT, Measure, main
from measures.text import Block, of_module, of_page, sentences, words

#: Largest number of words of a sentence.
LONGEST = 25

#: Largest percentage of longer sentences.
LONG_SENTENCES = 5.0

#: Each phrase with its pattern and the largest number of its uses in 1,000 words. Such a phrase
#: stands in place of a noun, an actor or a number, and readers have to search for it.
PHRASES = {
    "what": (r"\bwhat\b", 1.0),
    "where": (r"\bwhere\b", 2.0),
    "told, tell, tells": (r"\b(?:told|tells?)\b", 0.0),
    "so many, few, much, often": (r"\bso (?:many|few|much|often)\b", 0.0),
    "who, whom, whose": (r"\b(?:who|whom|whose)\b", 0.5),
    "that of, those of": (r"\b(?:that|those) of\b", 0.0),
    "semicolons": (r";", 2.0),
}


def documentation() -> list[Block]:
    """Return the prose of both READMEs, the changelog and the pages."""
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "benchmarks" / "README.md"]
    built = {"_build", "gallery", "generated"}
    pages += [
        page
        for page in sorted((ROOT / "docs").rglob("*.md"))
        if not built & set(page.relative_to(ROOT).parts)
    ]
    return [block for page in pages for block in of_page(page, str(page.relative_to(ROOT)))]


def code() -> list[Block]:
    """Return the docstrings and comments of the package."""
    modules = sorted((ROOT / "skneuron").rglob("*.py"))
    return [block for path in modules for block in of_module(path, str(path.relative_to(ROOT)))]


def counts(kind: str, blocks: Iterable[Block]) -> list[Measure]:
    """Return each count of these blocks; names of measures begin with ``kind``."""
    blocks = list(blocks)
    n_words = sum(len(words(block.text)) for block in blocks)
    measures = []
    for name, (pattern, limit) in PHRASES.items():
        found = [
            f"{block.place}: …{block.text[max(0, at.start() - 30) : at.end() + 30]}…"
            for block in blocks
            for at in re.finditer(pattern, block.text, re.IGNORECASE)
        ]
        measures.append(
            Measure(f"{kind}: {name}, per 1,000 words", 1000 * len(found) / n_words, limit, found)
        )
    # One or two words are a title or a label.
    whole = [
        (block.place, sentence)
        for block in blocks
        if block.has_sentences
        for sentence in sentences(block.text)
        if len(words(sentence)) > 2
    ]
    long = [f"{place}: {text}" for place, text in whole if len(words(text)) > LONGEST]
    name = f"{kind}: sentences over {LONGEST} words, percent of {len(whole):,}"
    return [*measures, Measure(name, 100 * len(long) / len(whole), LONG_SENTENCES, long)]


def measure() -> list[Measure]:
    """Return the counts of the documentation and of the code."""
    return counts("docs", documentation()) + counts("code", code())


if __name__ == "__main__":
    main(__doc__ or "", measure)
