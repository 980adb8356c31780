"""Opens files of a build's folder, which may come from a stranger: a plain file, or an error. Never a hang.

A link would lead out of the folder, a pipe would wait for a writer for ever, and a device could do anything.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

_GUARDED = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def open_plain(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open a plain file and return its descriptor.

    Args:
        path: the file; nothing but its last part is examined.
        flags: as for ``os.open``.

    Raises:
        OSError: it cannot be opened, or it is no plain file.
    """
    try:
        handle = os.open(path, flags | _GUARDED, 0o644)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO}:  # a link; a pipe or socket that nobody serves
            raise _not_plain(path) from error
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise _not_plain(path)
    return handle


def read_plain(path: Path, limit: int) -> bytes:
    """The first ``limit`` bytes of a plain file.

    Raises:
        OSError: it cannot be read, or it is no plain file.
    """
    with open(open_plain(path), "rb", buffering=0) as file:
        parts = []
        while limit > 0 and (part := file.read(limit)):
            parts.append(part)
            limit -= len(part)
    return b"".join(parts)


def read_at(handle: int, offset: int, length: int) -> bytes:
    """``length`` bytes from ``offset`` on, fewer only at the file's end.

    Raises:
        OSError: the device refuses.
    """
    parts: list[bytes] = []
    while length > 0:
        if sys.platform == "win32":
            os.lseek(handle, offset, os.SEEK_SET)
            part = os.read(handle, length)
        else:
            part = os.pread(handle, length, offset)
        if not part:
            break
        parts.append(part)
        offset += len(part)
        length -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _not_plain(path: Path) -> OSError:
    return OSError(errno.EINVAL, "it is a link, a pipe or a device, and no plain file", str(path))
