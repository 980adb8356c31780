"""Text files shown as one build: each file is a step. Compressed files, pipes and standard input are spooled first."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Final

from wharf_tui.model.build import BuildInfo, Liveness, StepInfo, StepState
from wharf_tui.model.errors import InputError
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.compression import LONGEST_MAGIC, compression_of, open_compressed
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.os_errors import reading
from wharf_tui.results.spool import Spool
from wharf_tui.results.text_file import ReadTime, TextFileReader, no_time

FindTimeFormat = Callable[[bytes], ReadTime]
"""How lines tell their time, found from the first bytes of a file."""
_SAMPLE_BYTES: Final = 64 * 1024
MOST_FILES: Final = 256
"""Of a folder; who means more names them."""
_HEAD: Final = 1024
"""Bytes from which one sees whether a file in a folder is a text."""


class FilesReader(BuildReader):
    """Plain, compressed and piped logs, read as a build that may still grow.

    Args:
        paths: files; a folder stands for the text files in it and below it.
        piped: a stream to read as well, such as standard input.
        find_time_format: finds out how a file's lines tell their time.

    Raises:
        InputError: a file cannot be read.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        piped: IO[bytes] | None = None,
        find_time_format: FindTimeFormat = lambda _sample: no_time,
    ) -> None:
        super().__init__(paths[0] if paths else Path("-"))
        self._find_time_format = find_time_format
        self._spool_dir: Path | None = None
        self._spools: dict[StepId, Spool] = {}
        self._files: dict[StepId, TextFileReader] = {}
        self._sampled: dict[StepId, tuple[int, int]] = {}
        """Of how many bytes a format was found last, and of which of the files that followed each other there."""
        self._left_out: list[str] = []
        steps: list[StepState] = []
        found = [file for named in paths for file in self._files_of(named)]
        for path, name in zip(found, distinct_names(found), strict=True):
            steps.append(self._add_file(StepId(len(steps) + 1), path, name))
        if piped is not None:
            steps.append(self._add_stream(StepId(len(steps) + 1), "standard input", lambda: piped))
        if not steps:
            raise InputError(f"{self.path} holds no files that are text")
        source = ", ".join(map(str, paths)) or "standard input"
        self.info = BuildInfo(BuildId(0), tuple(steps), source=source)
        self.liveness = Liveness.RUNNING
        for spool in self._spools.values():
            spool.start()
        self.refresh()

    def refresh(self) -> bool:
        """Look whether streams have ended, and at how their lines tell their time."""
        before = (self.info, self.problems)
        for step_id in self._files:
            self._find_format(step_id)
        states = tuple(self._judged(step) for step in self.info.steps)
        self.info = replace(self.info, steps=states)
        self.problems = (*self._left_out, *self._stream_problems())
        return (self.info, self.problems) != before

    def _stream_problems(self) -> tuple[str, ...]:
        return tuple(
            f"{self._name(step_id)}: {spool.problem}"
            for step_id, spool in self._spools.items()
            if spool.problem
        )

    @property
    def status(self) -> Status:
        """Files have no result."""
        return Status.UNKNOWN

    def log(self, step_id: StepId) -> LogReader:
        """One file's reader."""
        return self._files[step_id]

    def close(self) -> None:
        """Close all files, and remove what was spooled."""
        for spool in self._spools.values():
            spool.stop()
        for log in self._files.values():
            log.close()
        if self._spool_dir is not None:
            shutil.rmtree(self._spool_dir, ignore_errors=True)

    def wait_for_streams(self) -> None:
        """Wait until streams have been read to their end."""
        for spool in self._spools.values():
            spool.join()

    def _files_of(self, path: Path) -> list[Path]:
        with reading(path):
            if not path.is_dir():
                return [path]
        found: list[Path] = []
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for file in (Path(folder) / name for name in sorted(names) if not name.startswith(".")):
                if _is_text(file):
                    found.append(file)
                else:
                    self._left_out.append(f"{file} was left out: it is no text, or cannot be read")
                if len(found) > MOST_FILES:
                    raise InputError(
                        f"{path} holds more than {MOST_FILES} files", "Name those that you want to see."
                    )
        if len(self._left_out) > 1:
            more = len(self._left_out) - 1
            self._left_out = [f"{self._left_out[0]} (and {more} more)"]
        return found

    def _add_file(self, step_id: StepId, path: Path, name: str) -> StepState:
        with reading(path):
            if not stat.S_ISREG(path.stat().st_mode):  # a pipe, such as a shell makes for <(...)
                return self._add_stream(step_id, name, lambda: path.open("rb"))
            with path.open("rb") as file:
                compression = compression_of(file.read(LONGEST_MAGIC))
        if compression:
            return self._add_stream(step_id, name, lambda: open_compressed(path, compression))
        self._files[step_id] = TextFileReader(path)
        return StepState(StepInfo(step_id, "", name, "file"), Status.UNKNOWN)

    def _add_stream(self, step_id: StepId, name: str, open_stream: Callable[[], IO[bytes]]) -> StepState:
        if self._spool_dir is None:
            self._spool_dir = Path(tempfile.mkdtemp(prefix="wharf-tui-"))
        spool = Spool(open_stream, self._spool_dir / str(step_id))
        self._spools[step_id] = spool
        self._files[step_id] = TextFileReader(spool.target)
        return StepState(StepInfo(step_id, "", name, "stream"), Status.RUNNING)

    def _find_format(self, step_id: StepId) -> None:
        """From the first line on, and anew while there are few lines to tell it from."""
        log = self._files[step_id]
        before, restarts = self._sampled.get(step_id, (0, 0))
        if before >= _SAMPLE_BYTES and restarts == log.restarts:
            return
        log.refresh(_SAMPLE_BYTES)
        if restarts == log.restarts and min(log.size, _SAMPLE_BYTES) < min(max(2 * before, 1), _SAMPLE_BYTES):
            return
        sample = log.read_raw(0, _SAMPLE_BYTES)
        if b"\n" in sample:
            log.tell_time(self._find_time_format(sample))
            self._sampled[step_id] = (len(sample), log.restarts)

    def _judged(self, step: StepState) -> StepState:
        spool = self._spools.get(step.info.step_id)
        if spool is None or not spool.done:
            return step
        if spool.problem:
            return replace(step, status=Status.FAILED, reason=spool.problem)
        log = self._files[step.info.step_id]
        is_counted = log.is_indexed and log.size == spool.size
        return replace(step, status=Status.SUCCESS, last_log_id=log.last_log_id if is_counted else None)

    def _name(self, step_id: StepId) -> str:
        return self.info.steps[step_id - 1].info.name


def distinct_names(paths: Sequence[Path]) -> list[str]:
    """As much of the end of each path as it takes to tell it from the others."""
    names = [path.name for path in paths]
    for depth in range(2, max((len(path.parts) for path in paths), default=0) + 1):
        twice = {name for name, count in Counter(names).items() if count > 1}
        if not twice:
            break
        names = [
            str(Path(*path.parts[-depth:])) if name in twice else name
            for path, name in zip(paths, names, strict=True)
        ]
    return names


def _is_text(path: Path) -> bool:
    """Whether a file in a folder is worth showing: a plain one, compressed or without NUL, that may be read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    return bool(compression_of(head[:LONGEST_MAGIC])) or b"\0" not in head
