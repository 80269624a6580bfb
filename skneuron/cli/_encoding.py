"""Bytes to text: byte-order marks, UTF-8, and charset-normalizer's guess for other bytes."""

from __future__ import annotations

import codecs

from skneuron.cli._errors import TableError, charset_normalizer

__all__ = ["decode"]

# UTF-32 comes first: its mark in little-endian order begins with UTF-16's.
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

# Single-byte encodings of one alphabet decode most bytes. Short cells of a table do not show
# which of them is right, so the guess is limited to one frequent encoding for each alphabet.
_CANDIDATES = [
    *("cp1252", "cp1251", "koi8_r", "cp1253", "cp1255", "cp1256"),
    *("cp932", "euc_jp", "gb18030", "big5", "cp949"),
]
_TWO_BYTES = ["utf_16_le", "utf_16_be"]

# Windows' encoding of Western European languages, the most frequent one apart from Unicode.
_WESTERN = "cp1252"

# Bytes that are shown to charset-normalizer.
_SAMPLE = 200_000


def decode(data: bytes, path: str, encoding: str | None) -> tuple[str, str]:
    """Return the text and the encoding that it was read with.

    Parameters
    ----------
    data : bytes
    path : str
        For messages.
    encoding : str or None
        None detects it.

    Returns
    -------
    text : str
    encoding : str

    Raises
    ------
    TableError
        If the bytes are no text, or not in the given encoding.
    """
    found = encoding or _detect(data, path)
    try:
        text = data.decode(found)
    except LookupError as error:
        raise TableError(
            f"--encoding {encoding}: there is no such encoding. Expected a name that Python "
            "knows, such as utf-8, utf-16, cp1252 or latin-1."
        ) from error
    except UnicodeError as error:
        raise TableError(
            f"{path} cannot be read as CSV: its bytes are no {found} text. Expected a text "
            "file. Name its encoding, for example: --encoding latin-1"
        ) from error
    if "\0" in text:
        raise TableError(
            f"{path} cannot be read as CSV: it has NUL characters, read as {found}. Expected a "
            "text file. If it is one, name its encoding, for example: --encoding utf-16"
        )
    return text.removeprefix("\ufeff"), found


def _detect(data: bytes, path: str) -> str:
    for mark, name in _MARKS.items():
        if data.startswith(mark):
            return name
    if b"\0" not in data and _decodes(data, "utf-8"):
        return "utf-8"
    # A sample ends at a line, so that no character is cut.
    sample = data[: data.rfind(b"\n", 0, _SAMPLE) + 1] if len(data) > _SAMPLE else data
    sample = sample or data[:_SAMPLE]
    names = _TWO_BYTES if b"\0" in data else _CANDIDATES
    matches = charset_normalizer().from_bytes(sample, cp_isolation=names)
    equal = {name for match in matches for name in match.could_be_from_charset}
    best = matches.best()
    if best is None or _WESTERN in equal:
        return _WESTERN if _decodes(data, _WESTERN) else "latin-1"
    return str(best.encoding)


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeError:
        return False
    return True
