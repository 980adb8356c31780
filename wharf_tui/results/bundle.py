"""A bundle: one file that carries a build, and how it was looked at, to somebody else.

It is a tar archive, compressed with gzip. Its first member is ``bundle.json``; the others lie as they do in a build's
folder, or, of text files, in ``files/``. The same build gives the same bytes.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, cast

from wharf_tui.model.build import Liveness
from wharf_tui.model.errors import InputError
from wharf_tui.results import layout
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.files_reader import FilesReader
from wharf_tui.results.new_file import NewFile
from wharf_tui.results.os_errors import reading
from wharf_tui.results.plain_file import open_plain, read_at

FORMAT: Final = 1
HEADER: Final = "bundle.json"
VIEW: Final = "view.json"
EXCERPT: Final = "excerpt.md"
FILES: Final = "files"
SUFFIX: Final = ".tar.gz"
KIND_BUILD: Final = "build"
KIND_FILES: Final = "files"

_CHUNK: Final = 256 * 1024
_STEP_FILES: Final = (layout.STATUS, layout.ARTIFACTS, layout.GAPS, layout.LOG)
_UNSAFE: Final = re.compile(r"[^0-9A-Za-z._+=@-]")
_LONGEST_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class BundleMember:
    """A file of a bundle: of a folder here, or made for it."""

    name: str
    size: int
    path: Path | None = None
    data: bytes = b""


def build_members(reader: BuildReader, extras: Mapping[str, bytes]) -> list[BundleMember]:
    """Everything of a build that goes into its bundle, with the sizes that the files have now.

    Args:
        reader: the build; text files are taken as they are, unpacked.
        extras: more members by name, such as ``VIEW``.

    Raises:
        InputError: a file cannot be looked at.
    """
    is_files = isinstance(reader, FilesReader)
    header = {
        "format": FORMAT,
        "kind": KIND_FILES if is_files else KIND_BUILD,
        "name": "files" if is_files else reader.path.name,
    }
    members = [_made(HEADER, json.dumps(header, indent=1).encode() + b"\n")]
    members += [_made(name, data) for name, data in extras.items()]
    stored = _text_members(reader) if is_files else _stored_members(reader)
    return members + stored


def pack(
    reader: BuildReader,
    extras: Mapping[str, bytes],
    path: Path,
    *,
    replace: bool = False,
    report: Callable[[int, int], bool] = lambda _read, _total: True,
) -> int | None:
    """Put a build into a bundle.

    Args:
        reader: the build.
        extras: more members by name, such as ``VIEW``.
        path: the bundle; it is there whole or not at all.
        replace: take the place of a file that is there.
        report: is told how many bytes of how many have been read; where it returns False the writing ends.

    Returns:
        The bundle's size; None where the writing was ended.

    Raises:
        InputError: the build cannot be read.
        StoreError: the bundle cannot be written, or something is there that may not be replaced.
    """
    members = build_members(reader, extras)
    total = sum(member.size for member in members)
    file = NewFile(path, replace=replace)
    try:
        if not write_bundle(members, file, lambda read: report(read, total)):
            return None
        file.keep()
    finally:
        file.drop()
    return file.size


def write_bundle(
    members: Sequence[BundleMember], file: NewFile, report: Callable[[int], bool] = lambda _read: True
) -> bool:
    """Write a bundle.

    Args:
        members: what goes in; ``HEADER`` first.
        file: where to; the caller keeps or drops it.
        report: is told how many bytes of the members have been read; where it returns False the writing ends.

    Returns:
        Whether it was written to its end.

    Raises:
        InputError: a member cannot be read, or has become shorter.
        StoreError: the bundle cannot be written.
    """
    progress = _Progress(report)
    sink = cast("IO[bytes]", file)
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=sink, mtime=0, compresslevel=6) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for member in members:
            info = tarfile.TarInfo(member.name)
            info.size, info.mode = member.size, 0o644
            with _Source(member, progress) as source:
                try:
                    archive.addfile(info, cast("IO[bytes]", source))
                except _StoppedError:
                    return False
    return True


class _StoppedError(Exception):
    """Nobody wants the bundle any more."""


class _Progress:
    def __init__(self, report: Callable[[int], bool]) -> None:
        self._report = report
        self._read = 0

    def advance(self, size: int) -> None:
        self._read += size
        if not self._report(self._read):
            raise _StoppedError


class _Source(io.RawIOBase):
    """A member's bytes, as many as were promised."""

    def __init__(self, member: BundleMember, progress: _Progress) -> None:
        super().__init__()
        self._member = member
        self._progress = progress
        self._position = 0
        self._handle: int | None = None
        if member.path is not None:
            with reading(member.path):
                self._handle = open_plain(member.path)

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        left = self._member.size - self._position
        size = left if size < 0 else min(size, left)
        if self._handle is None or self._member.path is None:
            data = self._member.data[self._position : self._position + size]
        else:
            with reading(self._member.path):
                data = read_at(self._handle, self._position, size)
            if len(data) < size:
                raise InputError(f"{self._member.path} became shorter while it was read", "Try again.")
        self._position += len(data)
        self._progress.advance(len(data))
        return data

    def close(self) -> None:
        """Close the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        super().close()


def _made(name: str, data: bytes) -> BundleMember:
    return BundleMember(name, len(data), data=data)


def _stored_members(reader: BuildReader) -> list[BundleMember]:
    found: list[BundleMember] = []
    if layout.is_regular_file(reader.path / layout.MANIFEST):
        found.append(_stored(layout.MANIFEST, reader.path / layout.MANIFEST))
    for step_id in layout.list_step_ids(reader.path):
        folder = layout.step_dir(reader.path, step_id)
        for name in _STEP_FILES:
            if layout.is_regular_file(folder / name):
                grows = name == layout.LOG and reader.liveness is Liveness.RUNNING
                found.append(_stored(f"{layout.STEPS}/{step_id}/{name}", folder / name, grows=grows))
    return found


def _text_members(reader: BuildReader) -> list[BundleMember]:
    found: list[BundleMember] = []
    for step in reader.info.steps:
        path = reader.log(step.info.step_id).path.resolve()  # the user named it, so links are followed
        found.append(_stored(f"{FILES}/{step.info.step_id}/{safe_name(step.info.name)}", path))
    return found


def safe_name(name: str) -> str:
    """A file's name with nothing in it that a file system or a reader of archives could take amiss."""
    name = _UNSAFE.sub("_", name.rpartition("/")[2])[-_LONGEST_NAME:].lstrip(".")
    return name or "log"


def _stored(name: str, path: Path, *, grows: bool = False) -> BundleMember:
    """A file as it is now. JSON files are replaced by their writers, never changed, so those are taken at once."""
    with reading(path):
        if not grows and path.suffix == ".json":
            handle = open_plain(path)
            try:
                data = read_at(handle, 0, os.fstat(handle).st_size)
            finally:
                os.close(handle)
            return _made(name, data)
        size = path.stat().st_size
        return BundleMember(name, _end_of_last_line(path, size) if grows else size, path)


def _end_of_last_line(path: Path, size: int) -> int:
    """Where the last whole line ends: its writer may be in the middle of the next one."""
    handle = open_plain(path)
    try:
        while size > 0:
            start = max(0, size - _CHUNK)
            found = read_at(handle, start, size - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            size = start
    finally:
        os.close(handle)
    return 0


def view_bytes(view: Mapping[str, Any]) -> bytes:
    """How a build was looked at, as ``VIEW`` keeps it."""
    return json.dumps(view, indent=1, sort_keys=True).encode() + b"\n"
