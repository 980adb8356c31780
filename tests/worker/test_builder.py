"""Stages in order, steps at once, and what a failure or a cancel does to the rest."""

from __future__ import annotations

import asyncio
from pathlib import Path

from wharf_tui.definition.load import load_pipeline
from wharf_tui.definition.options import LoadOptions
from wharf_tui.model.build import BuildInfo, Liveness, StepState
from wharf_tui.model.errors import RunError, StorageFullError
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.runtimes.port import BuildContext, Runtime
from wharf_tui.runtimes.process.runtime import ProcessRuntime
from wharf_tui.worker.builder import Builder, initial_steps


def make(folder: Path, definition: str, runtime: Runtime | None = None) -> tuple[Builder, BuildWriter]:
    (folder / ".wharf-ci.yml").write_text(definition)
    pipeline = load_pipeline(folder, LoadOptions(build_id=1, environ={}, user_config_dir=folder))
    store = BuildWriter.create(folder / "builds", BuildInfo(BuildId(1), initial_steps(pipeline)))
    context = BuildContext(BuildId(1), store.path.name, pipeline, folder)
    return Builder(context, store, runtime or ProcessRuntime()), store


def step(name: str, *cmds: str) -> str:
    listed = "".join(f"        - {cmd!r}\n" for cmd in cmds)
    return f"  {name}:\n    container:\n      image: none\n      cmds:\n{listed}"


def states(store: BuildWriter) -> dict[str, StepState]:
    return {state.info.address: state for state in BuildReader.open(store.path).info.steps}


async def test_stages_run_one_after_the_other_and_steps_at_once(tmp_path: Path) -> None:
    meet = "touch {0}; while [ ! -e {1} ]; do sleep 0.01; done"
    first = "one:\n" + step("a", meet.format("a", "b")) + step("b", meet.format("b", "a"))
    builder, store = make(tmp_path, first + "two:\n" + step("c", "test -e a && test -e b"))
    assert await builder.run() is Status.SUCCESS
    after = states(store)
    assert [state.status for state in after.values()] == [Status.SUCCESS] * 3
    assert after["two/c"].started_ns is not None
    assert after["two/c"].started_ns >= max(after[name].finished_ns or 0 for name in ("one/a", "one/b"))
    reader = BuildReader.open(store.path)
    assert (reader.liveness, reader.status) == (Liveness.FROZEN, Status.SUCCESS)
    assert [event.status for event in reader.statuses(StepId(1))] == [
        Status.SCHEDULING,
        Status.INITIALIZING,
        Status.RUNNING,
        Status.SUCCESS,
    ]


async def test_the_first_failure_cancels_its_siblings_and_skips_later_stages(tmp_path: Path) -> None:
    definition = (
        "one:\n" + step("bad", "exit 3") + step("long", "sleep 1000") + "two:\n" + step("never", "true")
    )
    builder, store = make(tmp_path, definition)
    assert await builder.run() is Status.FAILED
    after = states(store)
    assert (after["one/bad"].status, after["one/bad"].exit_code) == (Status.FAILED, 3)
    assert (after["one/long"].status, after["one/long"].reason) == (
        Status.CANCELLED,
        "cancelled because one/bad failed",
    )
    assert after["two/never"].skipped
    assert after["two/never"].reason == "skipped: an earlier stage failed"
    assert not (store.path / "steps" / "3").exists()


async def test_runs_if_decides_after_a_failure_and_without_one(tmp_path: Path) -> None:
    rest = "two:\n  runs-if: fail\n" + step("f", "true") + "three:\n  runs-if: always\n" + step("a", "true")
    (tmp_path / "x").mkdir()
    builder, store = make(tmp_path / "x", "one:\n" + step("s", "false") + rest)
    assert await builder.run() is Status.FAILED
    assert [state.status for state in states(store).values()] == [
        Status.FAILED,
        Status.SUCCESS,
        Status.SUCCESS,
    ]
    (tmp_path / "y").mkdir()
    builder, store = make(tmp_path / "y", "one:\n" + step("s", "true") + rest)
    assert await builder.run() is Status.SUCCESS
    assert [state.skipped for state in states(store).values()] == [False, True, False]


async def test_a_cancel_ends_running_steps_and_starts_nothing_more(tmp_path: Path) -> None:
    definition = "one:\n" + step("a", "echo up; sleep 1000") + "two:\n  runs-if: always\n" + step("b", "true")
    builder, store = make(tmp_path, definition)
    running = asyncio.create_task(builder.run())
    while b"up" not in b"".join(path.read_bytes() for path in store.path.glob("steps/1/logs.log")):
        await asyncio.sleep(0.005)
    builder.cancel("cancelled by SIGINT")
    assert await running is Status.CANCELLED
    after = states(store)
    assert (after["one/a"].status, after["one/a"].reason) == (Status.CANCELLED, "cancelled by SIGINT")
    assert after["two/b"].skipped
    assert BuildReader.open(store.path).status is Status.CANCELLED


async def test_a_runtime_that_refuses_fails_the_build_with_its_words(tmp_path: Path) -> None:
    builder, store = make(tmp_path, "s:\n  k:\n    kubectl:\n      file: a.yml\n")
    assert await builder.run() is Status.FAILED
    assert isinstance(builder.error, RunError)
    reader = BuildReader.open(store.path)
    assert (reader.status, reader.info.problem) == (Status.FAILED, builder.error.message)


async def test_a_store_that_cannot_be_written_ends_all_steps(tmp_path: Path, monkeypatch) -> None:
    definition = "one:\n" + step("a", "echo hello; sleep 1000") + step("b", "sleep 1000")
    builder, store = make(tmp_path, definition)
    log = store.log(StepId(1))

    def refuse(at_ns: int, data: bytes) -> None:
        raise StorageFullError("no space left")

    monkeypatch.setattr(log, "append_output", refuse)
    assert await builder.run() is Status.FAILED
    assert isinstance(builder.error, StorageFullError)
    assert states(store)["one/b"].status is not Status.SUCCESS
