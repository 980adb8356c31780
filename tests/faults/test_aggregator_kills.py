"""kill -9 of the aggregator, the worker and PostgreSQL at random moments of a running build: each line once, in the end.

WHARF_KILLS and WHARF_KILL_LINES make it longer: 20 and 1000000 for the run that counts. The seed is printed.
"""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.aggregator.oracle import EXACT, judge, lines_of_store, query
from tests.fakes.postgres_server import PostgresServer, find_binaries
from wharf_tui.model.errors import WharfError
from wharf_tui.rpc.api_wire import message_text

KILLS = int(os.environ.get("WHARF_KILLS", "3"))
LINES = int(os.environ.get("WHARF_KILL_LINES", "30000"))
SEED = int(os.environ.get("WHARF_SEED", "1"))
PACE = max(3000, LINES // (KILLS * 4))
"""Lines a second: the build should last as long as the killing."""
LONGEST_LIFE = 1.2


class Process:
    """A process that can be killed and started again."""

    def __init__(self, folder: Path, name: str, *arguments: str) -> None:
        self._log = folder / f"{name}.log"
        self._arguments = arguments
        self._folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {**os.environ, "HOME": str(self._folder), "TMPDIR": str(self._folder)}
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "wharf_tui", *self._arguments], stderr=log, stdout=log, env=environment
            )

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    @property
    def said(self) -> str:
        return self._log.read_text() if self._log.exists() else ""


@pytest.fixture
def writer(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Path, Callable[[], None]]]:
    """A build that is being written, and how to end it."""
    lines, pace = getattr(request, "param", (LINES, PACE))
    script = Path(__file__).with_name("aggregator_writer.py")
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "builds"), str(lines), str(pace)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    path = Path(process.stdout.readline().decode().strip())

    def end() -> None:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=lines / pace * 3 + 60) == 0

    yield path, end
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def look_while_it_is_copied(url: str) -> None:
    """Whoever reads the table meanwhile sees each step without a hole and nothing twice, at every moment."""
    try:
        rows = query(url, "SELECT step, count(*), max(log_id), min(log_id) FROM log_lines GROUP BY step")
    except WharfError:
        return  # the server has been killed, or there is no table yet
    assert [(count, first) for _, count, _, first in rows] == [(last, 1) for _, _, last, _ in rows]


class Scene:
    """A worker that serves a build, an aggregator that copies it, and whoever kills them."""

    def __init__(self, folder: Path, url: str, build: Path) -> None:
        address = f"127.0.0.1:{free_port()}"
        self.chance = random.Random(SEED)
        self.worker = Process(folder, "worker", "worker", "serve", str(build), "--address", address)
        self.aggregator = Process(
            folder,
            "aggregator",
            *("aggregate", "--from", address, "--to", url, "--spool", str(folder / "spool")),
            *("--give-up", "120", "--ledger", str(folder / "ledger.db")),
        )

    def play(
        self, kill: Callable[[], None] | None, end: Callable[[], None], look: Callable[[], None]
    ) -> None:
        """Kill each KILLS times in a random order, then let the build end, and the copy, too."""
        print(f"seed {SEED}, {KILLS} kills each, {LINES} lines")
        victims = [lambda: self.restart(self.worker), lambda: self.restart(self.aggregator), kill]
        order = [victim for victim in victims if victim is not None for _ in range(KILLS)]
        self.chance.shuffle(order)
        self.worker.start()
        self.aggregator.start()
        try:
            for victim in order:
                time.sleep(0.3 + self.chance.random() * LONGEST_LIFE)
                look()
                victim()
            end()
            assert self.aggregator.process is not None
            assert self.aggregator.process.wait(timeout=300) == 0, self.aggregator.said
        finally:
            self.worker.kill()
            self.aggregator.kill()
        assert "Traceback" not in self.aggregator.said + self.worker.said

    def restart(self, process: Process) -> None:
        process.kill()
        time.sleep(self.chance.random() * 0.2)
        process.start()


def judge_database(url: str, build: Path) -> None:
    assert judge(url, build) == EXACT
    assert query(url, "SELECT state, status, alarms, gaps FROM build_overview") == [
        ("complete", "Success", 0, 0)
    ]
    ((copied,),) = query(url, "SELECT sum(copied_to) FROM steps")
    assert int(str(copied)) >= LINES


@pytest.mark.timeout(3600)
def test_into_sqlite(tmp_path: Path, writer: tuple[Path, Callable[[], None]]) -> None:
    build, end = writer
    url = f"sqlite:///{tmp_path}/builds.db"
    Scene(tmp_path, url, build).play(None, end, lambda: look_while_it_is_copied(url))
    judge_database(url, build)


@pytest.mark.timeout(3600)
def test_into_postgresql(tmp_path: Path, writer: tuple[Path, Callable[[], None]]) -> None:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL's binaries (initdb, postgres) are not here: apt install postgresql")
    server = PostgresServer(binaries)
    server.start()

    def restart() -> None:
        server.kill()
        server.start()

    build, end = writer
    try:
        url = server.new_url()
        Scene(tmp_path, url, build).play(restart, end, lambda: look_while_it_is_copied(url))
        judge_database(url, build)
    finally:
        server.stop()


class ApiProcess:
    """The double of wharf-api, in a process of its own that keeps its lines in a file."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.file = folder / "api.jsonl"
        self._log = folder / "api.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        root = Path(__file__).parents[2]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.fakes.wharf_api", str(self.port), str(self.file)],
                stderr=log,
                stdout=log,
                cwd=root,
            )

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        self.kill()
        self.start()


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("writer", [(LINES // 10, PACE // 10)], indirect=True)
def test_into_wharf_api(tmp_path: Path, writer: tuple[Path, Callable[[], None]]) -> None:
    build, end = writer
    api = ApiProcess(tmp_path)
    api.start()
    try:
        Scene(tmp_path, f"wharf-api+http://127.0.0.1:{api.port}", build).play(api.restart, end, lambda: None)
    finally:
        api.kill()
    got: dict[int, list[tuple[int, str]]] = {}
    for line in map(json.loads, api.file.read_text().splitlines()):
        got.setdefault(line["stepId"], []).append((line["workerLogId"], line["message"]))
    sent: dict[int, list[tuple[int, str]]] = {}
    for (step, log_id), (_, message) in sorted(lines_of_store(build).items()):
        sent.setdefault(step, []).append((log_id, message_text(message)))
    assert got == sent
