"""Opens a bundle that may come from a stranger: it is unpacked into a folder of its own, which goes with the reader.

Nothing in it is believed. Only plain files with names that a bundle can have are taken; every size is bounded before a
byte is written, and only headers of a fixed size are read, so that no archive can fill memory or disk.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import shutil
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from wharf_tui.model.build import Liveness
from wharf_tui.model.errors import InputError, StorageFullError
from wharf_tui.results import bundle, json_fields, layout
from wharf_tui.results.atomic import MAX_JSON_BYTES, read_json_object
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.files_reader import FilesReader, FindTimeFormat
from wharf_tui.results.lock import WriterLock, is_held
from wharf_tui.results.os_errors import reading, writing
from wharf_tui.results.text_file import no_time

MOST_BYTES: Final = 64 * 1024**3
"""What a bundle may unpack to."""
_MOST_MEMBERS: Final = 100_000
_CHUNK: Final = 256 * 1024
_PREFIX: Final = "wharf-tui-bundle-"
_LOCK: Final = "open.lock"
_YOUNG_SECONDS: Final = 60
"""A folder without a lock that is younger may be one whose maker has not come to it yet."""
_NAMES: Final = re.compile(
    r"(?:build\.json|view\.json|excerpt\.md"
    r"|steps/[1-9][0-9]{0,19}/(?:logs\.log|gaps\.json|status\.json|artifacts\.json)"
    r"|files/[1-9][0-9]{0,9}/[0-9A-Za-z_+=@-][0-9A-Za-z._+=@-]{0,99})\Z"
)
_DAMAGED: Final = (EOFError, gzip.BadGzipFile, zlib.error, tarfile.HeaderError)


class BundledBuild(BuildReader):
    """A build that was unpacked: of one that was not at its end, nobody here can say what became of it."""

    def _find_liveness(self) -> Liveness:
        return Liveness.FROZEN if self._manifest.frozen else Liveness.UNKNOWN


@dataclass(slots=True)
class OpenedBundle:
    """A bundle that was unpacked."""

    path: Path
    """The bundle."""
    reader: BuildReader
    view: dict[str, Any]
    """How it was looked at, as whoever made it tells."""
    _folder: Path
    _lock: WriterLock = field(repr=False)

    def close(self) -> None:
        """Remove what was unpacked."""
        self.reader.close()
        self._lock.release()
        shutil.rmtree(self._folder, ignore_errors=True)


def looks_like_bundle(path: Path) -> bool:
    """Whether a file begins as a bundle does."""
    try:
        if not path.is_file():  # a pipe would wait for its writer
            return False
        with path.open("rb") as file:
            if file.read(2) != b"\x1f\x8b":
                return False
            file.seek(0)
            with gzip.GzipFile(fileobj=file) as unpacked:
                header = _header(unpacked)
        return header is not None and header.name == bundle.HEADER
    except (OSError, *_DAMAGED):
        return False


def open_bundle(
    path: Path, find_time_format: FindTimeFormat = lambda _sample: no_time, most_bytes: int = MOST_BYTES
) -> OpenedBundle:
    """Unpack a bundle and open what is in it.

    Args:
        path: the bundle.
        find_time_format: as for ``FilesReader``.
        most_bytes: what it may unpack to.

    Raises:
        InputError: it is damaged, or holds what no bundle holds.
        StoreError: it cannot be unpacked here.
    """
    _sweep()
    with writing("unpack into", Path(tempfile.gettempdir())):
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = WriterLock(folder / _LOCK)
    try:
        lock.acquire()
        header = _unpack(path, folder, most_bytes)
        view, _ = read_json_object(folder / bundle.VIEW)
        reader = _open_unpacked(path, folder, header, find_time_format)
    except BaseException:
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return OpenedBundle(path, reader, view or {}, folder, lock)


def _open_unpacked(
    path: Path, folder: Path, header: dict[str, Any], find_time_format: FindTimeFormat
) -> BuildReader:
    if header.get("kind") == bundle.KIND_FILES:
        numbered = (folder / bundle.FILES).glob("*/*")
        files = sorted(numbered, key=lambda file: (int(file.parent.name), file.name))
        if not files:
            raise InputError(f"{path} holds no files")
        found = FilesReader(files, find_time_format=find_time_format)
        found.info = replace(found.info, source=str(path))
        return found
    target = folder / _folder_name(json_fields.text(header.get("name")))
    with writing("unpack into", folder):
        target.mkdir()
        for name in (layout.MANIFEST, layout.STEPS):
            if (folder / name).exists():
                (folder / name).rename(target / name)
    if not layout.looks_like_build(target):
        raise InputError(f"{path} holds no build")
    reader = BundledBuild(target)
    reader.refresh()
    return reader


def _folder_name(name: str) -> str:
    safe = bundle.safe_name(name)
    return safe if safe == name else "build"


def _unpack(path: Path, folder: Path, most_bytes: int) -> dict[str, Any]:
    """Write the members into the folder; what ``HEADER`` says."""
    try:
        with reading(path), gzip.open(path, "rb") as archive:
            first = _header(archive)
            if first is None or first.name != bundle.HEADER or not 0 < first.size <= MAX_JSON_BYTES:
                raise InputError(f"{path} is no bundle of wharf-tui's")
            _copy(archive, first.size, folder / bundle.HEADER)
            _skip(archive, _padding(first))
            header = _read_header(path, folder)
            room = min(most_bytes, shutil.disk_usage(folder).free // 2)
            for member in _members(path, archive):
                if _NAMES.match(member.name) is None:
                    _skip(archive, member.size)  # of a newer wharf-tui
                    continue
                room -= member.size
                if room < 0:
                    raise StorageFullError(
                        f"{path} unpacks to more than there is room for in {folder.parent}",
                        "Set TMPDIR to a folder on a larger disk.",
                    )
                if member.name.endswith(".json") and member.size > MAX_JSON_BYTES:
                    raise InputError(f"{path}: {member.name} is too large to be what its name says")
                target = folder / member.name
                with writing("unpack into", folder):
                    target.parent.mkdir(parents=True, exist_ok=True)
                _copy(archive, member.size, target)
            archive.read(_CHUNK)  # behind the padding lies the checksum
    except _DAMAGED as error:
        raise InputError(f"{path} is damaged or was cut off: {error}", "Get it again.") from error
    return header


def _read_header(path: Path, folder: Path) -> dict[str, Any]:
    header, problem = read_json_object(folder / bundle.HEADER)
    if header is None:
        raise InputError(f"{path} is no bundle of wharf-tui's: {problem}")
    written_by = json_fields.whole(header.get("format")) or 0
    if written_by > bundle.FORMAT:
        raise InputError(
            f"{path} was written by a newer wharf-tui (format {written_by})", "Open it with that one."
        )
    return header


def _members(path: Path, archive: gzip.GzipFile) -> Iterator[tarfile.TarInfo]:
    """The members' headers; whoever takes one reads or skips its bytes before the next."""
    seen = {bundle.HEADER}
    while (header := _header(archive)) is not None:
        if header.type not in {tarfile.REGTYPE, tarfile.AREGTYPE} or header.size < 0:
            raise InputError(f"{path} holds something that is no plain file, and is not unpacked")
        parts = header.name.split("/")
        if not header.name.isprintable() or header.name.startswith("/") or {"..", ".", ""} & {*parts}:
            raise InputError(f"{path} holds a file named {header.name!r}, and is not unpacked")
        if header.name in seen or len(seen) >= _MOST_MEMBERS:
            raise InputError(f"{path} holds {header.name} twice, or too many files, and is not unpacked")
        seen.add(header.name)
        yield header
        _skip(archive, _padding(header))


def _padding(header: tarfile.TarInfo) -> int:
    return -header.size % tarfile.BLOCKSIZE


def _header(archive: gzip.GzipFile) -> tarfile.TarInfo | None:
    """The next member; None at the end of the archive."""
    block = archive.read(tarfile.BLOCKSIZE)
    if not block.strip(b"\0"):
        if block:
            return None
        raise EOFError("its end is missing")
    # Only this one block: names and sizes of any length, which other archives put into members of their own, are refused.
    return tarfile.TarInfo.frombuf(block, "ascii", "surrogateescape")


def _copy(archive: gzip.GzipFile, size: int, target: Path) -> None:
    with writing("unpack into", target.parent):
        file = target.open("xb")
    with file:
        while size > 0:
            data = _read(archive, size)
            with writing("unpack into", target.parent):
                file.write(data)
            size -= len(data)


def _skip(archive: gzip.GzipFile, size: int) -> None:
    while size > 0:
        size -= len(_read(archive, size))


def _read(archive: gzip.GzipFile, size: int) -> bytes:
    data = archive.read(min(size, _CHUNK))
    if not data:
        raise EOFError("its end is missing")
    return data


def _sweep() -> None:
    """Remove what viewers that were killed have left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            info = folder.lstat()
            is_ours = not hasattr(os, "getuid") or info.st_uid == os.getuid()
            is_old = time.time() - info.st_mtime > _YOUNG_SECONDS
            if is_ours and is_old and layout.is_real_dir(folder) and not is_held(folder / _LOCK):
                shutil.rmtree(folder, ignore_errors=True)
