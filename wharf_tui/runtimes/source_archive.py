"""Packs the source tree into a tar archive, once for a build, and hands each step a reader of its own.

The archive lies in a file without a name, so that it is gone with the process whatever happens to it.
"""

from __future__ import annotations

import io
import os
import stat
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from wharf_tui.model.errors import InputError, RunError
from wharf_tui.results.plain_file import read_at
from wharf_tui.runtimes.source_entry import SourceEntry, unreadable

ROOT = (0, 0)
"""Owner of the files unless a step runs as somebody else."""
_FOLDER_MODE = 0o755


class SourceArchive:
    """The tree as a tar archive. Threads may read at once; ``close`` gives the space on disk back.

    Args:
        entries: what to pack.
        top: folder inside the archive that they go to, as ``mnt/repo``; empty for none.
        owner: user and group that the files belong to.
        folders: whether to pack the folders that entries are in; else they are what they are where it is unpacked.

    Raises:
        InputError: a file cannot be read.
        RunError: there is no space for the archive.
    """

    def __init__(
        self,
        entries: Iterable[SourceEntry],
        top: str = "",
        owner: tuple[int, int] = ROOT,
        *,
        folders: bool = True,
    ) -> None:
        try:
            self._file = tempfile.TemporaryFile(  # noqa: SIM115  close() closes it
                prefix="wharf-tui-"
            )
        except OSError as error:
            raise _no_space(error) from error
        try:
            with tarfile.open(
                fileobj=self._file,
                mode="w",
                format=tarfile.GNU_FORMAT,
                encoding="utf-8",
                errors="surrogateescape",
            ) as archive:
                packer = _Packer(archive, PurePosixPath(top), owner, folders=folders)
                packer.add_top()
                for entry in entries:
                    packer.add(entry)
            self._file.flush()
            self.size = self._file.seek(0, os.SEEK_END)
        except OSError as error:
            self._file.close()
            raise _no_space(error) from error
        except InputError:
            self._file.close()
            raise

    def open(self, is_wanted: Callable[[], bool] = lambda: True) -> ArchiveReader:
        """A reader from the archive's beginning; it fails once ``is_wanted`` says no."""
        return ArchiveReader(self._file.fileno(), self.size, is_wanted)

    def close(self) -> None:
        """Remove it."""
        self._file.close()


def _no_space(error: OSError) -> RunError:
    return RunError(
        f"cannot pack the source tree in {tempfile.gettempdir()}: {error.strerror or error}",
        "Free some space there, or point TMPDIR to a larger disk.",
    )


class ArchiveReader(io.RawIOBase):
    """Reads an archive with a position of its own. Its length is the archive's, as HTTP clients ask for it."""

    def __init__(self, handle: int, size: int, is_wanted: Callable[[], bool]) -> None:
        super().__init__()
        self._handle = handle
        self._size = size
        self._is_wanted = is_wanted
        self._position = 0

    def __len__(self) -> int:
        return self._size

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # every buffer comes as a memoryview
        """Read on, into the buffer.

        Raises:
            InterruptedError: nobody wants the archive any more.
        """
        if not self._is_wanted():
            raise InterruptedError("the step was cancelled")
        data = read_at(self._handle, self._position, len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


class _Source:
    """A file that is being packed: what is wrong with it is told as its own fault, not as the archive's."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path

    def read(self, size: int = -1) -> bytes:
        try:
            data = self._file.read(size)
        except OSError as error:
            raise unreadable(self._path, error) from error
        if len(data) < size:
            raise InputError(f"{self._path} became shorter while it was read", "Start the build again.")
        return data


class _Packer:
    """Adds entries, and the folders that they are in, to one archive."""

    def __init__(
        self, archive: tarfile.TarFile, top: PurePosixPath, owner: tuple[int, int], *, folders: bool
    ) -> None:
        self._archive = archive
        self._top = top
        self._uid, self._gid = owner
        self._packs_folders = folders
        self._folders: set[str] = set()

    def add_top(self) -> None:
        """The folder that everything is in: whoever the step runs as must be able to enter it."""
        if self._top != PurePosixPath():
            header = self._header(PurePosixPath(), None)
            header.type, header.mode = tarfile.DIRTYPE, _FOLDER_MODE
            self._archive.addfile(header)

    def add(self, entry: SourceEntry) -> None:
        """Add an entry; one that has gone since it was listed is left out, as are pipes, sockets and devices."""
        try:
            status = entry.path.lstat()
            link = None
            if stat.S_ISLNK(status.st_mode):
                link = os.readlink(entry.path)  # noqa: PTH115  pathlib would rewrite the target
        except FileNotFoundError:
            return
        except OSError as error:
            raise unreadable(entry.path, error) from error
        name = PurePosixPath(entry.name)
        self._add_folders(name, entry.path)
        if entry.content is not None:
            self._add_content(self._header(name, status), entry.content)
        elif link is not None:
            header = self._header(name, status)
            header.type, header.linkname = tarfile.SYMTYPE, link
            self._archive.addfile(header)
        elif stat.S_ISDIR(status.st_mode):
            self._add_folder(name, status)
        elif stat.S_ISREG(status.st_mode):
            self._add_file(name, entry.path)

    def _add_folders(self, name: PurePosixPath, path: Path) -> None:
        if not self._packs_folders:
            return
        missing = []
        for folder, source in zip(name.parents, path.parents, strict=False):
            if folder == PurePosixPath() or str(folder) in self._folders:
                break
            missing.append((folder, source))
        for folder, source in reversed(missing):
            try:
                self._add_folder(folder, source.stat())
            except OSError as error:
                raise unreadable(source, error) from error

    def _add_folder(self, name: PurePosixPath, status: os.stat_result) -> None:
        if str(name) not in self._folders:
            self._folders.add(str(name))
            header = self._header(name, status)
            header.type = tarfile.DIRTYPE
            header.mode |= stat.S_IRWXU
            self._archive.addfile(header)

    def _add_content(self, header: tarfile.TarInfo, content: bytes) -> None:
        header.size = len(content)
        self._archive.addfile(header, io.BytesIO(content))

    def _add_file(self, name: PurePosixPath, path: Path) -> None:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return
        except OSError as error:
            raise unreadable(path, error) from error
        with file:
            status = os.fstat(file.fileno())
            header = self._header(name, status)
            header.size = status.st_size
            self._archive.addfile(header, _Source(file, path))

    def _header(self, name: PurePosixPath, status: os.stat_result | None) -> tarfile.TarInfo:
        header = tarfile.TarInfo(str(self._top / name))
        header.uid, header.gid = self._uid, self._gid
        if status is not None:
            header.mode, header.mtime = stat.S_IMODE(status.st_mode), int(status.st_mtime)
        return header
