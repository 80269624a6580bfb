"""The bytes of a file, decompressed by the ending of its name."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable
from importlib import import_module

from skneuron.cli._errors import TableError, first_line, reason_of

__all__ = ["read_bytes"]

# The first bytes of files that other programs wrote, and how to turn such a file into CSV.
_OTHER_FORMATS = {
    b"PK\x03\x04": ("an Excel workbook or a zip archive", "read_excel"),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "read_excel"),
    b"PAR1": ("a Parquet file", "read_parquet"),
}


def read_bytes(path: str) -> bytes:
    """Return the bytes of a file.

    Parameters
    ----------
    path : str
        A name that ends with .gz, .bz2, .xz, .zip, .zst or .tar (.tar.gz, ...) is decompressed.

    Returns
    -------
    bytes

    Raises
    ------
    TableError
        If there is no such file, or if it cannot be read or decompressed.
    """
    if os.path.isdir(path):
        raise TableError(f"{path} is a directory. Expected a CSV file.")
    try:
        os.stat(path)
        with open(path, "rb") as stream:
            data = stream.read()
    except FileNotFoundError as error:
        raise TableError(f"{path or repr(path)}: no such file. Expected a CSV file.") from error
    except (OSError, ValueError) as error:
        raise TableError(f"{path} cannot be read: {reason_of(error)}.") from error
    decompress = _decompressor(path)
    if decompress is None:
        _check_format(path, data)
        return data
    try:
        return decompress(path)
    except Exception as error:
        # Each decompressor raises types of its own: EOFError, LZMAError, BadZipFile, ...
        raise TableError(
            f"{path} cannot be read as CSV: {first_line(error)}. Decompress the file with the "
            "program that wrote it, then pass the result."
        ) from error


def _check_format(path: str, data: bytes) -> None:
    """Raise if the bytes have a format that is no text."""
    for start, (kind, reader) in _OTHER_FORMATS.items():
        if data.startswith(start):
            raise TableError(
                f"{path} cannot be read as CSV: it is {kind}. Convert it first: python -c "
                f"\"import pandas; pandas.{reader}({path!r}).to_csv('table.csv', index=False)\""
            )


def _decompressor(path: str) -> Callable[[str], bytes] | None:
    """Return the function that reads a compressed file, by the ending of its name."""
    name = path.lower()
    if ".tar" in name and name.endswith((".tar", ".tar.gz", ".tar.bz2", ".tar.xz")):
        return _from_tar
    by_ending: dict[str, Callable[[str], bytes]] = {
        ".gz": _from_stream(gzip.open),
        ".bz2": _from_stream(bz2.open),
        ".xz": _from_stream(lzma.open),
        ".zip": _from_zip,
        ".zst": _from_zst,
    }
    return next((read for ending, read in by_ending.items() if name.endswith(ending)), None)


def _from_stream(opener: Callable[..., object]) -> Callable[[str], bytes]:
    def read(path: str) -> bytes:
        """Return the decompressed bytes of a file."""
        with opener(path, "rb") as stream:  # type: ignore[attr-defined]
            return bytes(stream.read())

    return read


def _from_zip(path: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(_only(archive.namelist()))


def _from_tar(path: str) -> bytes:
    with tarfile.open(path) as archive:
        files = [member for member in archive.getmembers() if member.isfile()]
        _only([member.name for member in files])
        stream = archive.extractfile(files[0])
        return stream.read() if stream is not None else b""


def _from_zst(path: str) -> bytes:
    for name in ("compression.zstd", "zstandard"):  # Python 3.14's module, and a package
        try:
            module = import_module(name)
        except ImportError:
            continue
        with module.open(path, "rb") as stream:
            return bytes(stream.read())
    raise TableError("it needs the package zstandard, so type: python -m pip install zstandard")


def _only(names: list[str]) -> str:
    """Return the name of the only file of an archive."""
    names = [name for name in names if not name.endswith("/")]
    if len(names) != 1:
        raise TableError(f"the archive has {len(names)} files instead of one")
    return names[0]
