"""Steps as local processes: what they print, how they end, and that nothing of them is left behind."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from wharf_tui.definition.load import load_pipeline
from wharf_tui.definition.options import LoadOptions
from wharf_tui.definition.pipeline import Pipeline
from wharf_tui.model.errors import RunError, StorageFullError
from wharf_tui.model.ids import BuildId
from wharf_tui.model.status import Status
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter
from wharf_tui.runtimes.port import BuildContext, Cancellation, StepOutcome
from wharf_tui.runtimes.process.runtime import ProcessRuntime


class Recorder:
    """A real log, and the statuses in a list."""

    def __init__(self, folder: Path) -> None:
        self.writer = LogWriter(folder)
        self.statuses: list[Status] = []
        self.printed = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def output(self, at_ns: int, data: bytes) -> None:
        self.writer.append_output(at_ns, data)
        self._loop.call_soon_threadsafe(self.printed.set)

    def lines(self, lines: Iterable[tuple[int | None, bytes]]) -> None:
        self.writer.append_many(lines)

    def end_line(self) -> None:
        self.writer.end_line()

    def lost(self, reason: str, from_ns: int | None = None, to_ns: int | None = None) -> None:
        raise AssertionError(reason)

    def status(self, status: Status, reason: str = "") -> None:
        self.statuses.append(status)

    def messages(self) -> list[bytes]:
        self.writer.close()
        reader = LogReader(self.writer.step_dir)
        reader.refresh()
        messages = [line.message for line in reader.read(1, 10**7, 10**9)]
        reader.close()
        return messages


def pipeline_of(folder: Path, *cmds: str, shell: str = "/bin/sh") -> Pipeline:
    text = f"s:\n  p:\n    container:\n      image: none\n      shell: {shell}\n      cmds:\n"
    text += "".join(f"        - |-\n          {cmd}\n" for cmd in cmds)
    (folder / ".wharf-ci.yml").write_text(text)
    return load_pipeline(folder, LoadOptions(build_id=1, environ={}, user_config_dir=folder))


async def run(
    folder: Path,
    *cmds: str,
    cancellation: Cancellation | None = None,
    grace: float = 10.0,
    shell: str = "/bin/sh",
) -> tuple[StepOutcome, Recorder]:
    pipeline = pipeline_of(folder, *cmds, shell=shell)
    runtime = ProcessRuntime(grace)
    await runtime.start(BuildContext(BuildId(1), "b", pipeline, pipeline.directory))
    recorder = Recorder(folder / "log")
    outcome = await runtime.run_step(next(pipeline.steps), recorder, cancellation or Cancellation())
    await runtime.stop()
    return outcome, recorder


async def test_output_of_both_streams_is_kept_in_order_and_the_last_line_needs_no_lf(tmp_path: Path) -> None:
    outcome, recorder = await run(tmp_path, "echo one; echo two >&2; echo three; printf four")
    assert outcome == StepOutcome(Status.SUCCESS, 0)
    assert recorder.statuses == [Status.INITIALIZING, Status.RUNNING]
    assert recorder.messages() == [b"one", b"two", b"three", b"four"]


async def test_commands_end_at_the_first_that_fails(tmp_path: Path) -> None:
    outcome, recorder = await run(tmp_path, "echo before", "(exit 7)", "echo after")
    assert outcome == StepOutcome(Status.FAILED, 7, "exit code 7")
    assert recorder.messages() == [b"before"]


async def test_commands_run_in_the_definitions_folder(tmp_path: Path) -> None:
    _, recorder = await run(tmp_path, "pwd -P")
    assert recorder.messages() == [str(tmp_path.resolve()).encode()]


async def test_a_signal_is_told_by_its_name(tmp_path: Path) -> None:
    outcome, _ = await run(tmp_path, "kill -KILL $$")
    assert outcome == StepOutcome(Status.FAILED, 137, "killed by signal 9 (SIGKILL)")


async def test_a_shell_that_is_not_there_is_told(tmp_path: Path) -> None:
    outcome, recorder = await run(tmp_path, "echo x", shell="/no/such/shell")
    assert outcome.status is Status.FAILED
    assert outcome.reason == "cannot start /no/such/shell: No such file or directory"
    assert recorder.messages() == []


async def test_a_gentle_cancel_lets_the_step_tidy_up(tmp_path: Path) -> None:
    cancellation = Cancellation()
    running = asyncio.ensure_future(
        run(
            tmp_path,
            "trap 'echo tidied; exit 0' TERM; echo ready; while :; do sleep 0.05; done",
            cancellation=cancellation,
        )
    )
    await until(lambda: b"ready" in log_bytes(tmp_path), running)
    cancellation.request("somebody wants it")
    outcome, recorder = await running
    assert (outcome.status, outcome.reason) == (Status.CANCELLED, "somebody wants it")
    messages = recorder.messages()
    assert (messages[0], messages[-1]) == (b"ready", b"tidied")


async def test_a_forced_cancel_ends_the_whole_group(tmp_path: Path) -> None:
    cancellation = Cancellation()
    script = "trap '' TERM; sleep 1000 & echo $! > child; echo ready; wait; wait"
    running = asyncio.ensure_future(run(tmp_path, script, cancellation=cancellation, grace=100))
    await until(lambda: b"ready" in log_bytes(tmp_path), running)
    cancellation.request("stop")
    cancellation.force("stop now")
    outcome, _ = await running
    assert (outcome.status, outcome.exit_code, outcome.reason) == (Status.CANCELLED, 137, "stop")
    await until_gone(int((tmp_path / "child").read_text()))


async def test_a_step_that_ignores_a_gentle_cancel_is_killed_when_its_grace_is_over(tmp_path: Path) -> None:
    cancellation = Cancellation()
    running = asyncio.ensure_future(
        run(
            tmp_path,
            "trap '' TERM; echo ready; while :; do sleep 0.05; done",
            cancellation=cancellation,
            grace=0.2,
        )
    )
    await until(lambda: b"ready" in log_bytes(tmp_path), running)
    cancellation.request("stop")
    outcome, _ = await running
    assert outcome.exit_code == 137


async def test_what_a_step_leaves_running_is_ended_with_it(tmp_path: Path) -> None:
    outcome, _ = await run(tmp_path, "sleep 1000 & echo $! > child; echo done")
    assert outcome.status is Status.SUCCESS
    await until_gone(int((tmp_path / "child").read_text()))


async def test_a_daemon_that_keeps_the_pipe_does_not_hold_the_step(tmp_path: Path) -> None:
    script = "setsid sleep 1000 & echo $! > child; echo done"
    try:
        outcome, recorder = await run(tmp_path, script)
        assert outcome.status is Status.SUCCESS
        assert recorder.messages() == [b"done"]
    finally:
        os.kill(int((tmp_path / "child").read_text()), 9)


async def test_every_byte_and_a_long_line_come_through(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(bytes(range(256)).replace(b"\n", b"") + b"\n" + b"x" * 3_000_000 + b"\n")
    _, recorder = await run(tmp_path, "cat bytes")
    assert recorder.messages() == [bytes(range(256)).replace(b"\n", b""), b"x" * 3_000_000]


async def test_other_step_types_are_refused_by_name_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / ".wharf-ci.yml").write_text("s:\n  k:\n    kubectl:\n      file: a.yml\n")
    pipeline = load_pipeline(tmp_path, LoadOptions(build_id=1, environ={}, user_config_dir=tmp_path))
    with pytest.raises(RunError, match=r"s/k \(kubectl\)"):
        await ProcessRuntime().start(BuildContext(BuildId(1), "b", pipeline, tmp_path))


async def test_a_full_disk_ends_the_step_and_is_told(tmp_path: Path) -> None:
    pipeline = pipeline_of(tmp_path, "echo $$ > pid; yes")
    runtime = ProcessRuntime()
    await runtime.start(BuildContext(BuildId(1), "b", pipeline, tmp_path))

    class FullDisk(Recorder):
        def output(self, at_ns: int, data: bytes) -> None:
            raise StorageFullError("no space")

    with pytest.raises(StorageFullError):
        await runtime.run_step(next(pipeline.steps), FullDisk(tmp_path / "log"), Cancellation())
    await until_gone(int((tmp_path / "pid").read_text()))


def log_bytes(folder: Path) -> bytes:
    try:
        return (folder / "log" / "logs.log").read_bytes()
    except FileNotFoundError:
        return b""


async def until(holds: object, running: asyncio.Future[Any]) -> None:
    """Wait for a condition of the outside world; the step ending first is a failure."""
    assert callable(holds)
    while not holds():
        if running.done():
            raise AssertionError(f"ended too early: {running.result()}")
        await asyncio.sleep(0.005)


async def until_gone(pid: int) -> None:
    """A signal that was sent takes effect a moment later; that it never does is a time-out."""
    while not is_gone(pid):
        await asyncio.sleep(0.005)


def is_gone(pid: int) -> bool:
    """Whether a process has ended (a zombie that its parent has not fetched counts as ended)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state in {"Z", "X"}
