"""Builds for screenshots and demonstrations, written through the real store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from wharf_tui.model.build import BuildInfo, StepInfo, StepState
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.layout import MANIFEST
from wharf_tui.results.manifest import write_manifest

NOW_NS = 1_707_000_600 * NS
"""The time at which all samples are looked at: 2024-02-03 22:50 UTC."""
STEPS = (
    ("prepare", "checkout", "git"),
    ("prepare", "dependencies", "container"),
    ("build", "compile", "container"),
    ("build", "lint", "container"),
    ("build", "documentation", "container"),
    ("test", "unit", "container"),
    ("test", "integration", "container"),
    ("publish", "image", "docker"),
    ("publish", "chart", "helm-package"),
    ("deploy", "staging", "helm"),
)


def _lines(start_ns: int, texts: list[str], every_ms: int) -> list[tuple[int, bytes]]:
    return [
        (start_ns + index * every_ms * 1_000_000 + index * 137, text.encode())
        for index, text in enumerate(texts)
    ]


def _compiler_output(count: int) -> list[str]:
    modules = (
        "wire",
        "store",
        "cursor",
        "sequencer",
        "mirror",
        "session",
        "builder",
        "service",
        "keymap",
        "theme",
    )
    output = []
    for index in range(count):
        module = f"{modules[index % 10]}_{index // 10:03d}"
        output.append(
            f"\x1b[32m   Compiling\x1b[0m {module} v0.{index % 7}.{index % 13} \x1b[2m(crates/{module})\x1b[0m"
        )
        if index % 37 == 36:
            output.append(f"\x1b[1;33mwarning\x1b[0m\x1b[1m: unused variable: `{module}`\x1b[0m")
            output.append(f" \x1b[1;34m-->\x1b[0m crates/{module}/src/lib.rs:{index}:9")
    return output


def _test_output(count: int) -> list[str]:
    names = (
        "appends",
        "reads_back",
        "resumes",
        "survives_kill",
        "orders_lines",
        "keeps_gaps",
        "follows",
        "catches_up",
    )
    return [
        f"test store::{names[index % 8]}_{index:04d} ... \x1b[32mok\x1b[0m \x1b[2m({(index * 37) % 90 + 1} ms)\x1b[0m"
        for index in range(count)
    ]


FAILURE = [
    "",
    "\x1b[1;31merror\x1b[0m\x1b[1m: test failed: store::survives_kill_1203\x1b[0m",
    "  thread 'survives_kill_1203' panicked at crates/store/tests/kill.rs:88:5:",
    "  assertion `left == right` failed: the torn line must be kept",
    '    left: \x1b[31m"half a li"\x1b[0m',
    '   right: \x1b[32m"half a line"\x1b[0m',
    "  note: the file on disk holds 4,211 lines, the index \x1b[43m 4,212 \x1b[0m",
    "",
    "downloading symbols  12%\rdownloading symbols  58%\rdownloading symbols 100%",
    "a line that tries to retitle your terminal: \x1b]0;owned\x07 and to reverse it: \u202egnp.exe",
    "",
    "failures:",
    "    store::survives_kill_1203",
    "",
    "test result: \x1b[31mFAILED\x1b[0m. 1287 passed; 1 failed; 3 ignored; finished in 48.31s",
    "",
    "\x1b[1;31merror\x1b[0m: test failed, to rerun pass `--test kill`",
    "make: *** [Makefile:41: test] Error 101",
]


def _new_build(builds_dir: Path, number: int, started_ns: int, source: str) -> BuildWriter:
    steps = tuple(
        StepState(StepInfo(StepId(index), stage, name, kind))
        for index, (stage, name, kind) in enumerate(STEPS, 1)
    )
    info = BuildInfo(BuildId(number), steps, source=source, runtime="docker", started_ns=started_ns)
    return BuildWriter.create(builds_dir, info)


def _run(
    writer: BuildWriter, step: int, start_ns: int, seconds: float, texts: list[str], *, end: Status | None
) -> None:
    step_id = StepId(step)
    writer.set_status(step_id, Status.SCHEDULING, at_ns=start_ns)
    writer.set_status(step_id, Status.INITIALIZING, at_ns=start_ns + 200_000_000)
    writer.set_status(step_id, Status.RUNNING, at_ns=start_ns + 900_000_000)
    every_ms = max(int(seconds * 1000 / max(len(texts), 1)), 1)
    writer.log(step_id).append_many(_lines(start_ns + 900_000_000, texts, every_ms))
    if end is not None:
        end_ns = start_ns + int(seconds * NS)
        failed = end is Status.FAILED
        writer.set_status(
            step_id,
            end,
            at_ns=end_ns,
            exit_code=101 if failed else 0,
            reason="make: *** Error 101" if failed else "",
        )
        writer.close_log(step_id)


def _end(writer: BuildWriter, result: Status, finished_ns: int) -> Path:
    for step in writer.info.steps:
        if step.status is Status.PENDING and result is not Status.SUCCESS:
            writer.update_step(
                step.info.step_id,
                lambda state: replace(state, skipped=True, reason="An earlier stage failed."),
            )
    writer.freeze(result)
    write_manifest(writer.path / MANIFEST, replace(writer.info, finished_ns=finished_ns), sync=False)
    return writer.path


def failed_build(builds_dir: Path, number: int = 1284, ago_s: int = 900) -> Path:
    """A build of ten steps whose tests failed."""
    start = NOW_NS - ago_s * NS
    writer = _new_build(builds_dir, number, start, "services/store/.wharf-ci.yml")
    _run(
        writer,
        1,
        start,
        2.4,
        ["Cloning into 'store'...", "HEAD is now at 3f9c2ab store: keep torn lines"],
        end=Status.SUCCESS,
    )
    _run(
        writer,
        2,
        start + 3 * NS,
        21.7,
        [f"  Downloaded crate_{index} v1.{index % 9}.0" for index in range(214)],
        end=Status.SUCCESS,
    )
    _run(writer, 3, start + 25 * NS, 81.2, _compiler_output(412), end=Status.SUCCESS)
    _run(
        writer,
        4,
        start + 25 * NS,
        34.9,
        [f"checked crates/part_{index:03d}" for index in range(180)],
        end=Status.SUCCESS,
    )
    _run(writer, 5, start + 25 * NS, 12.3, [], end=Status.SUCCESS)
    _run(writer, 6, start + 107 * NS, 48.3, _test_output(1288) + FAILURE, end=Status.FAILED)
    _run(writer, 7, start + 107 * NS, 49.0, _test_output(96), end=Status.CANCELLED)
    return _end(writer, Status.FAILED, start + 157 * NS)


def running_build(builds_dir: Path, number: int = 1285, ago_s: int = 142) -> BuildWriter:
    """A build in its third stage. Whoever asks for it closes its writer."""
    start = NOW_NS - ago_s * NS
    writer = _new_build(builds_dir, number, start, "services/store/.wharf-ci.yml")
    _run(
        writer,
        1,
        start,
        2.1,
        ["Cloning into 'store'...", "HEAD is now at 81d02cc store: sync before freeze"],
        end=Status.SUCCESS,
    )
    _run(
        writer,
        2,
        start + 3 * NS,
        18.2,
        [f"  Downloaded crate_{index} v1.{index % 9}.0" for index in range(214)],
        end=Status.SUCCESS,
    )
    _run(writer, 3, start + 22 * NS, 79.0, _compiler_output(412), end=Status.SUCCESS)
    _run(
        writer,
        4,
        start + 22 * NS,
        33.1,
        [f"checked crates/part_{index:03d}" for index in range(180)],
        end=Status.SUCCESS,
    )
    _run(
        writer,
        5,
        start + 22 * NS,
        11.9,
        ["Documenting store v0.4.0", "    Finished in 10.12s"],
        end=Status.SUCCESS,
    )
    _run(writer, 6, start + 102 * NS, 39.0, _test_output(841), end=None)
    _run(writer, 7, start + 102 * NS, 39.0, [], end=None)
    return writer


def print_more(writer: BuildWriter, count: int) -> None:
    """Let the running step of ``running_build`` print more lines."""
    writer.log(StepId(6)).append_many(_lines(NOW_NS, _test_output(841 + count)[841:], 1))


def torn_build(builds_dir: Path, number: int = 1279, ago_s: int = 7200) -> Path:
    """A build that lost lines on the way, and says so."""
    start = NOW_NS - ago_s * NS
    writer = _new_build(builds_dir, number, start, "worker.build.svc:5010")
    _run(writer, 1, start, 2.4, ["Cloning into 'store'..."], end=Status.SUCCESS)
    step_id = StepId(2)
    writer.set_status(step_id, Status.RUNNING, at_ns=start + 3 * NS)
    log = writer.log(step_id)
    log.append_many(_lines(start + 3 * NS, _compiler_output(34)[:20], 40))
    log.add_gap(GapKind.HOLE, "connection lost", missing=3, from_ns=start + 4 * NS, to_ns=start + 9 * NS)
    log.append_many(_lines(start + 9 * NS, _compiler_output(80)[20:42], 40))
    writer.set_status(step_id, Status.SUCCESS, at_ns=start + 12 * NS)
    writer.close_log(step_id)
    return _end(writer, Status.CANCELLED, start + 13 * NS)


def short_build(
    builds_dir: Path, number: int, ago_s: int, result: Status, source: str = "web/.wharf-ci.yml"
) -> Path:
    """A build with one short log, to fill a list."""
    start = NOW_NS - ago_s * NS
    writer = _new_build(builds_dir, number, start, source)
    _run(writer, 1, start, 2.0, ["HEAD is now at 5cb1"], end=Status.SUCCESS)
    _run(writer, 2, start + 2 * NS, 20.0, _test_output(40 + number % 97), end=result)
    return _end(writer, result, start + (22 + number % 50) * NS)


def many_builds(builds_dir: Path) -> None:
    """A catalogue."""
    failed_build(builds_dir)
    torn_build(builds_dir)
    results = (
        Status.SUCCESS,
        Status.SUCCESS,
        Status.FAILED,
        Status.SUCCESS,
        Status.CANCELLED,
        Status.SUCCESS,
    )
    sources = ("web/.wharf-ci.yml", "services/store/.wharf-ci.yml", "charts/.wharf-ci.yml")
    for index in range(14):
        short_build(
            builds_dir, 1278 - index, 9000 + index * index * 5400, results[index % 6], sources[index % 3]
        )
