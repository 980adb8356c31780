"""One writer a step, one owner a build: a lock that the operating system drops when its holder dies."""

from __future__ import annotations

from pathlib import Path

from wharf_tui.model.errors import StoreBusyError
from wharf_tui.results.os_errors import store_error

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
    """Whether some process holds the lock at ``path``. Makes no file."""
    from filelock import FileLock, Timeout

    if not path.is_file():
        return False
    probe = FileLock(str(path), thread_local=False, is_singleton=False, mode=0o600)
    try:
        probe.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:
        return False
    probe.release()
    return False
