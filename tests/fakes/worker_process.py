"""Real workers: `wharf-tui worker serve` in a process of its own, that can be stopped, looked at and killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

STEADY_WRITER = Path(__file__).with_name("steady_writer.py")


class WorkerProcess:
    """One process that serves the build in a folder.

    Args:
        path: the build's folder.
        address: where to listen; port 0 is any.
        options: more words of the command line.
        prefix: words before the command, for a process that runs elsewhere.
    """

    def __init__(
        self,
        path: Path,
        address: str = "127.0.0.1:0",
        options: Sequence[str] = (),
        prefix: Sequence[str] = (),
    ) -> None:
        command = [
            *prefix, sys.executable, "-m", "wharf_tui", "worker", "serve", str(path), "--address", address, *options,
        ]  # fmt: skip
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE)
        self.address = self._read_address()

    @property
    def pid(self) -> int:
        """Its process ID."""
        return self._process.pid

    @property
    def resident_bytes(self) -> int:
        """Memory that it has now."""
        status = Path(f"/proc/{self.pid}/status")
        if not status.exists():
            pytest.skip("this system does not tell what a process uses")
        found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text())
        assert found
        return int(found[1]) * 1024

    @property
    def open_files(self) -> int:
        """How many files it has open now."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    @property
    def processor_seconds(self) -> float:
        """Time that it has spent on a processor so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """As the system does when memory runs out: no word, no clean-up."""
        self._end(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        self._process.send_signal(number)
        self._process.wait(timeout=30)
        assert self._process.stderr is not None
        self._process.stderr.close()

    def _read_address(self) -> str:
        assert self._process.stderr is not None
        said = b""
        for line in self._process.stderr:
            said += line
            if found := re.search(rb" on (\S+:\d+)$", line.strip()):
                return found[1].decode()
        raise AssertionError(f"it never served: {said.decode()}")


@contextmanager
def worker_process(
    path: Path, address: str = "127.0.0.1:0", options: Sequence[str] = (), prefix: Sequence[str] = ()
) -> Iterator[WorkerProcess]:
    """A worker for as long as the context lasts, unless it is killed before."""
    worker = WorkerProcess(path, address, options, prefix)
    try:
        yield worker
    finally:
        if worker._process.poll() is None:
            worker.terminate()


@contextmanager
def steady_writer(
    folder: Path, *, steps: int, lines_per_second: int, seconds: float, freeze: bool = True
) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """A process that writes a build at a pace; gives the build's folder once it is there."""
    command = [
        sys.executable,
        str(STEADY_WRITER),
        str(folder),
        str(steps),
        str(lines_per_second),
        str(seconds),
        str(int(freeze)),
    ]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    try:
        yield Path(writer.stdout.readline().strip()), writer
    finally:
        if writer.poll() is None:
            writer.kill()
        writer.wait()
        writer.stdout.close()
