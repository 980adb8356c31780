"""A file that is there whole or not at all, and that takes no other file's place unless that is wanted."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from wharf_tui.model.errors import StoreError
from wharf_tui.results.os_errors import writing


class NewFile:
    """Is written beside its place, and put there at the end.

    Args:
        path: where it is to be; its folder must be there. A link is followed.
        replace: take the place of a file that is there.

    Raises:
        StoreError: it cannot be made, or something is there that may not be replaced.
    """

    def __init__(self, path: Path, *, replace: bool = False) -> None:
        with writing("write", path):
            self.path = path.resolve() if path.is_symlink() else path
            _require_free(self.path, replace=replace)
            self._temporary = self.path.with_name(f".{self.path.name[:100]}.{secrets.token_hex(4)}.tmp")
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            self._file = os.fdopen(os.open(self._temporary, flags, 0o666), "wb")
        self._replace = replace
        self.size = 0
        """Bytes written so far."""

    def write(self, data: bytes) -> int:
        """Append.

        Raises:
            StoreError: the device refuses.
        """
        with writing("write", self.path):
            self._file.write(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Hand on what has been written.

        Raises:
            StoreError: the device refuses.
        """
        with writing("write", self.path):
            self._file.flush()

    def keep(self) -> None:
        """Put the file in its place.

        Raises:
            StoreError: the device refuses, or something has come there in the meantime.
        """
        try:
            with writing("write", self.path):
                self._file.close()
                if self._replace:
                    self._temporary.replace(self.path)
                else:
                    self._place_without_replacing()
        finally:
            self.drop()

    def drop(self) -> None:
        """Forget what has been written, unless it has been kept."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            self._temporary.unlink(missing_ok=True)

    def _place_without_replacing(self) -> None:
        try:
            os.link(self._temporary, self.path)
        except FileExistsError as error:
            raise exists_error(self.path) from error
        except OSError:  # a file system without links
            _require_free(self.path, replace=False)
            self._temporary.rename(self.path)


@contextlib.contextmanager
def new_file(path: Path, *, replace: bool = False) -> Iterator[NewFile]:
    """A file that is put in its place when the context ends well, and forgotten where it does not.

    Raises:
        StoreError: it cannot be written, or something is there that may not be replaced.
    """
    file = NewFile(path, replace=replace)
    try:
        yield file
        file.keep()
    finally:
        file.drop()


def exists_error(path: Path) -> StoreError:
    """What to raise where a file is in the way."""
    return StoreError(f"{path} exists already", "Give another name, or say that it is to be replaced.")


def _require_free(path: Path, *, replace: bool) -> None:
    if not os.path.lexists(path):
        return
    if not path.is_file():
        raise StoreError(f"{path} is no plain file", "Give another name.")
    if not replace:
        raise exists_error(path)
