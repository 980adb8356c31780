"""Where workers' builds are copied to before they are committed: a folder on disk that outlives a crash of ours.

A worker may be gone while the sink is down, or while we are: what has been copied of its build is then here, and is
committed at the next start. A folder belongs to one aggregator at a time.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs

from wharf_tui.model.errors import StoreBusyError
from wharf_tui.results import json_fields, layout
from wharf_tui.results.atomic import read_json_object, write_json
from wharf_tui.results.lock import WriterLock
from wharf_tui.results.os_errors import writing

_LOCK = "spool.lock"
_OWNER = "owner.json"
_SLOTS = 64
_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,80}\Z")


@dataclass(frozen=True, slots=True)
class Owner:
    """A source: what must be known to commit its copies without it."""

    origin: str
    """Where it is copied from, for people."""
    uid: str = ""
    """The build's name where its worker tells none and somebody else does."""
    number: int = 0
    """The build's number where its worker does not tell it."""


class Spool:
    """One aggregator's folder; each source has a folder of its own in it.

    Args:
        root: the folder; made when missing.

    Raises:
        StoreBusyError: another aggregator uses it.
        StoreError: it cannot be made.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        with writing("create", root):
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = WriterLock(root / _LOCK)
        self._lock.acquire()

    @classmethod
    def for_sink(cls, name: str) -> Spool:
        """The first folder for this sink that no other aggregator uses.

        Raises:
            StoreBusyError: more aggregators than anybody needs use this sink on this machine.
        """
        base = Path(platformdirs.user_state_dir("wharf-tui", appauthor=False)) / "aggregator"
        digest = hashlib.sha256(name.encode()).hexdigest()[:12]
        for slot in range(1, _SLOTS + 1):
            try:
                return cls(base / f"{digest}-{slot}")
            except StoreBusyError:
                continue
        raise StoreBusyError(f"{_SLOTS} aggregators copy to {name} from this machine already")

    def folder(self, key: str) -> Path:
        """A source's folder; may not exist yet.

        Args:
            key: names the source.
        """
        if not _PLAIN.match(key) or key.startswith("."):
            key = (
                f"{re.sub(r'[^A-Za-z0-9.-]', '_', key)[:40]}_{hashlib.sha256(key.encode()).hexdigest()[:12]}"
            )
        return self.root / key

    def remember(self, folder: Path, owner: Owner) -> None:
        """Note whose copies lie in a folder, for a later start.

        Raises:
            StoreError: it cannot be written.
        """
        with writing("create", folder):
            folder.mkdir(exist_ok=True, mode=0o700)
        write_json(folder / _OWNER, asdict(owner))

    def owner(self, folder: Path) -> Owner:
        """Whose copies lie in a folder."""
        value, _ = read_json_object(folder / _OWNER)
        value = value or {}
        origin = json_fields.text(value.get("origin")) or f"spool {folder.name}"
        return Owner(origin, json_fields.text(value.get("uid")), json_fields.count(value.get("number")) or 0)

    def folders(self) -> list[Path]:
        """All sources' folders that are left from before."""
        return sorted(path for path in self.root.iterdir() if path.is_dir())

    def close(self) -> None:
        """Let others use it; folders of sources that have nothing left go."""
        for path in self.folders():
            if not builds_in(path):
                shutil.rmtree(path, ignore_errors=True)
        self._lock.release()


def builds_in(folder: Path) -> list[Path]:
    """The builds that lie in a source's folder."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and layout.looks_like_build(path))


def remove_build(path: Path) -> None:
    """All of it is committed: it need not be kept.

    Raises:
        StoreError: it cannot be removed.
    """
    with writing("delete", path):
        shutil.rmtree(path)


def log_bytes(path: Path) -> int:
    """Bytes of a build's logs."""
    return sum(file.stat().st_size for file in path.glob(f"{layout.STEPS}/*/{layout.LOG}"))
