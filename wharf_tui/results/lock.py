"""One writer a step, one owner a build: a lock that the operating system drops when its holder dies."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from wharf_tui.model.errors import StoreBusyError
from wharf_tui.results.os_errors import store_error
from wharf_tui.results.plain_file import open_plain

_PATIENCE_SECONDS = 1.0
"""A reader that asks whether a lock is held holds it for a moment itself."""


class WriterLock:
    """Exclusive right to write, held from ``acquire`` to ``release`` or to the end of the process."""

    def __init__(self, path: Path) -> None:
        from filelock import FileLock

        self.path = path
        self._lock = FileLock(str(path), thread_local=False, is_singleton=False, mode=0o600)

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            StoreBusyError: somebody else holds it.
            StoreError: the lock file cannot be made.
        """
        from filelock import Timeout

        try:
            self._lock.acquire(timeout=_PATIENCE_SECONDS, poll_interval=0.02)
        except Timeout as error:
            raise StoreBusyError(
                f"{self.path.parent} is being written by another process",
                "Wait until it has ended, or open the build to watch it.",
            ) from error
        except OSError as error:
            raise store_error("lock", self.path, error) from error

    def release(self) -> None:
        """Let others write."""
        self._lock.release()


def is_held(path: Path) -> bool:
    """Whether some process holds the lock at ``path``. Makes no file, and changes none.

    Who asks shares the lock for a moment, so that any number may ask at once.
    """
    try:
        handle = open_plain(path)
    except OSError:
        return False
    try:
        return not _can_be_shared(handle)
    finally:
        os.close(handle)


if sys.platform == "win32":

    def _can_be_shared(handle: int) -> bool:
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
        return True

else:

    def _can_be_shared(handle: int) -> bool:
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True  # a file system without locks: then nobody can hold one
        return True
