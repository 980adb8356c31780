"""Text files shown as one build: each file is a step. Compressed files and standard input are spooled first."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO

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
_SAMPLE_BYTES = 64 * 1024


class FilesReader(BuildReader):
    """Plain, compressed and piped logs, read as a build that may still grow.

    Args:
        paths: files; a folder stands for the files in it.
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
        self._formats_found: set[StepId] = set()
        steps: list[StepState] = []
        for path in (file for named in paths for file in _files_of(named)):
            steps.append(self._add_file(StepId(len(steps) + 1), path))
        if piped is not None:
            steps.append(self._add_stream(StepId(len(steps) + 1), "standard input", lambda: piped))
        if not steps:
            raise InputError(f"{self.path} holds no files")
        source = ", ".join(map(str, paths)) or "standard input"
        self.info = BuildInfo(BuildId(0), tuple(steps), source=source)
        self.liveness = Liveness.RUNNING
        for spool in self._spools.values():
            spool.start()

    def refresh(self) -> bool:
        """Look whether streams have ended, and at how their lines tell their time."""
        before = (self.info, self.problems)
        for step_id in self._files:
            self._find_format(step_id)
        states = tuple(self._judged(step) for step in self.info.steps)
        self.info = replace(self.info, steps=states)
        self.problems = tuple(
            f"{self._name(step_id)}: {spool.problem}"
            for step_id, spool in self._spools.items()
            if spool.problem
        )
        return (self.info, self.problems) != before

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

    def _add_file(self, step_id: StepId, path: Path) -> StepState:
        with reading(path), path.open("rb") as file:
            compression = compression_of(file.read(LONGEST_MAGIC))
        if compression:
            return self._add_stream(step_id, path.name, lambda: open_compressed(path, compression))
        self._files[step_id] = TextFileReader(path)
        return StepState(StepInfo(step_id, "", path.name, "file"), Status.UNKNOWN)

    def _add_stream(self, step_id: StepId, name: str, open_stream: Callable[[], IO[bytes]]) -> StepState:
        if self._spool_dir is None:
            self._spool_dir = Path(tempfile.mkdtemp(prefix="wharf-tui-"))
        spool = Spool(open_stream, self._spool_dir / str(step_id))
        self._spools[step_id] = spool
        self._files[step_id] = TextFileReader(spool.target)
        return StepState(StepInfo(step_id, "", name, "stream"), Status.RUNNING)

    def _find_format(self, step_id: StepId) -> None:
        """As soon as the first line is there; a file's format does not change."""
        log = self._files[step_id]
        if step_id in self._formats_found:
            return
        log.refresh(_SAMPLE_BYTES)
        sample = log.read_raw(0, _SAMPLE_BYTES)
        if b"\n" in sample:
            log.read_time = self._find_time_format(sample)
            self._formats_found.add(step_id)

    def _judged(self, step: StepState) -> StepState:
        spool = self._spools.get(step.info.step_id)
        if spool is None or not spool.done:
            return step
        status = Status.FAILED if spool.problem else Status.SUCCESS
        return replace(step, status=status, reason=spool.problem)

    def _name(self, step_id: StepId) -> str:
        return self.info.steps[step_id - 1].info.name


def _files_of(path: Path) -> list[Path]:
    with reading(path):
        if not path.is_dir():
            return [path]
        return sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
