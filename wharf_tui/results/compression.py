"""Compressed logs, known by their first bytes, never by their names."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
import zlib
from pathlib import Path
from typing import IO, cast

from wharf_tui.model.errors import InputError

_ZSTD = b"\x28\xb5\x2f\xfd"
LONGEST_MAGIC = 6
ERRORS = (EOFError, OSError, lzma.LZMAError, zlib.error, ValueError)
"""What the decompressors raise for damaged or cut input."""


def compression_of(head: bytes) -> str:
    """``gz``, ``bz2``, ``xz``, ``zst``, or empty for a file that is not compressed.

    Args:
        head: the file's first LONGEST_MAGIC bytes.
    """
    for magic, name in ((b"\x1f\x8b", "gz"), (b"BZh", "bz2"), (b"\xfd7zXZ\x00", "xz"), (_ZSTD, "zst")):
        if head.startswith(magic):
            return name
    skippable = len(head) >= 4 and head[1:4] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F
    return "zst" if skippable else ""


def open_compressed(path: Path, compression: str) -> IO[bytes]:
    """The file's content as a stream; all members of it.

    Raises:
        InputError: this Python cannot read the format.
        OSError: the file cannot be opened.
    """
    if compression == "gz":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    if compression == "bz2":
        return cast("IO[bytes]", bz2.open(path, "rb"))
    if compression == "xz":
        return cast("IO[bytes]", lzma.open(path, "rb"))
    return _open_zstd(path)


def _open_zstd(path: Path) -> IO[bytes]:
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError as error:
        raise InputError(
            f"{path} is compressed with zstd, which this Python cannot read",
            f"Unpack it first: zstd -d {path}",
        ) from error
    return cast("IO[bytes]", zstd.open(path, "rb"))
