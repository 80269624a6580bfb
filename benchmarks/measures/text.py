"""The prose of the documentation and of the code, in blocks that hold whole sentences."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# Code within a sentence counts as one word, whatever it contains.
_INLINE_CODE = re.compile(r":\w+:`[^`]+`|``[^`]+``|`[^`]+`|\$[^$]+\$")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_LIST_ITEM = re.compile(r"^\s*(?:[-*+]|\d+\.)\s+")
# A numpydoc parameter, such as "tol : float, default=1e-6".
_PARAMETER = re.compile(r"^\s*[\w*][\w*, ]*\s:\s")
_DIRECTIVE_COMMENT = re.compile(r"^(?:noqa|type: ?ignore|fmt:|pragma)")


class Block(NamedTuple):
    """A paragraph, list item, table cell row, heading or comment.

    Attributes
    ----------
    place : str
        File and line.
    text : str
        On one line, each piece of code replaced by the word "code".
    has_sentences : bool
        False for headings and tables, whose length is not measured.
    """

    place: str
    text: str
    has_sentences: bool = True


def _plain(lines: list[str]) -> str:
    """Return lines as one, without markup."""
    text = " ".join(line.strip() for line in lines)
    text = _LINK.sub(r"\1", _INLINE_CODE.sub("code", text))
    return re.sub(r"[*_|#>]+", " ", text).strip()


def _blocks(lines: list[tuple[int, str]], path: str) -> Iterator[Block]:
    """Split numbered lines into blocks at blank lines, list items, headings and tables."""
    block: list[str] = []
    start = 0

    def finished() -> Iterator[Block]:
        """Yield the block so far, and begin a new one."""
        text = _plain(block)
        if text:
            yield Block(f"{path}:{start}", text)
        block.clear()

    for number, line in lines:
        is_row = line.lstrip().startswith(("|", "#"))
        if not line.strip() or is_row or _LIST_ITEM.match(line) or _PARAMETER.match(line):
            yield from finished()
        if is_row:
            text = _plain([line])
            if re.search(r"\w", text):
                yield Block(f"{path}:{number}", text, has_sentences=False)
        elif line.strip() and not _PARAMETER.match(line):
            start = start if block else number
            block.append(_LIST_ITEM.sub("", line))
    yield from finished()


def _without_fences(text: str) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines of a page; a block of code becomes an empty line."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        is_fence = line.lstrip().startswith(("```", "~~~", ":::"))
        inside ^= is_fence and not line.lstrip().startswith(":::")
        yield number, "" if inside or is_fence else line


def of_page(path: Path, name: str) -> list[Block]:
    """Return the blocks of a Markdown page."""
    return list(_blocks(list(_without_fences(path.read_text(encoding="utf-8"))), name))


def _docstring_lines(text: str, first: int) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines of a docstring; examples and headings become empty lines."""
    lines = text.splitlines()
    in_example = False
    for i, line in enumerate(lines):
        in_example = line.strip() != "" and (in_example or line.lstrip().startswith(">>>"))
        underline = re.fullmatch(r"\s*[-=]{3,}\s*", line)
        heading = i + 1 < len(lines) and re.fullmatch(r"\s*[-=]{3,}\s*", lines[i + 1])
        yield first + i, "" if in_example or underline or heading else line


def _comments(source: str) -> Iterator[list[tuple[int, str]]]:
    """Yield the numbered lines of each comment; lines that follow each other are one comment."""
    lines: list[tuple[int, str]] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            number, text = token.start[0], token.string.lstrip("#: ")
            if lines and number != lines[-1][0] + 1:
                yield lines
                lines = []
            if not _DIRECTIVE_COMMENT.match(text):
                lines.append((number, text))
    yield lines


def of_module(path: Path, name: str) -> list[Block]:
    """Return the blocks of a module's docstrings and comments."""
    source = path.read_text(encoding="utf-8")
    blocks: list[Block] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            text = ast.get_docstring(node)
            if text:
                first = node.body[0].lineno
                blocks += _blocks(list(_docstring_lines(text, first)), name)
    for comment in _comments(source):
        blocks += _blocks(comment, name)
    return blocks


def words(text: str) -> list[str]:
    """Return the words of a text: whatever stands between spaces and has a letter or digit."""
    return [word for word in text.split() if re.search(r"\w", word)]


def sentences(text: str) -> list[str]:
    """Return the sentences of a block, split after a full stop, ``!`` or ``?``."""
    return re.split(r"(?<=[.!?])\s+(?=[A-Z\"'(]|code\b)", text)
