"""What live tests share: builds of one stage, their logs as a real store keeps them, and what Docker has of them."""

from __future__ import annotations

import asyncio
import contextlib
import io
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from docker.errors import NotFound

from wharf_tui.definition.load import load_pipeline
from wharf_tui.definition.options import LoadOptions
from wharf_tui.definition.pipeline import Pipeline
from wharf_tui.model.errors import StoreError
from wharf_tui.model.ids import BuildId
from wharf_tui.model.lines import GapKind, LogLine
from wharf_tui.model.status import Status
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.runtime import DockerRuntime
from wharf_tui.runtimes.docker.spec import BUILD_LABEL
from wharf_tui.runtimes.port import BuildContext, Cancellation, StepOutcome

IMAGE = "busybox:local"
PATIENCE = 60.0


class Recorder:
    """A real log; statuses and their reasons in a list."""

    def __init__(self, folder: Path) -> None:
        self.writer = LogWriter(folder, self._notice)
        self.statuses: list[tuple[Status, str]] = []
        self.gaps: list[str] = []
        self.failure: StoreError | None = None
        """Raised from the next call on, as a full disk would."""
        self._news = threading.Condition()

    def output(self, at_ns: int, data: bytes) -> None:
        self._refuse()
        self.writer.append_output(at_ns, data)

    def lines(self, lines: Iterable[tuple[int | None, bytes]]) -> None:
        self._refuse()
        self.writer.append_many(lines)

    def end_line(self) -> None:
        self.writer.end_line()

    def lost(self, reason: str, from_ns: int | None = None, to_ns: int | None = None) -> None:
        self.gaps.append(reason)
        self.writer.add_gap(GapKind.LOST_BEFORE_US, reason, from_ns=from_ns, to_ns=to_ns)

    def status(self, status: Status, reason: str = "") -> None:
        self.statuses.append((status, reason))
        self._notice()

    async def wait_for(self, condition: Callable[[Recorder], bool]) -> None:
        """Wait until the condition holds, looked at whenever something was recorded."""

        def wait() -> bool:
            with self._news:
                return self._news.wait_for(lambda: condition(self), PATIENCE)

        assert await asyncio.to_thread(wait), "it did not come"

    async def wait_for_lines(self, count: int) -> None:
        """Wait until so many lines are stored."""
        await self.wait_for(lambda recorder: recorder.writer.last_log_id >= count)

    async def wait_for_status(self, status: Status) -> None:
        await self.wait_for(lambda recorder: any(seen is status for seen, _ in recorder.statuses))

    def read(self) -> list[LogLine]:
        """Everything that is stored; the log takes no more."""
        self.writer.close()
        reader = LogReader(self.writer.step_dir)
        reader.refresh()
        lines = list(reader.read(1, 10**8, 10**10))
        reader.close()
        return lines

    def messages(self) -> list[bytes]:
        return [line.message for line in self.read()]

    def _refuse(self) -> None:
        if self.failure is not None:
            raise self.failure

    def _notice(self) -> None:
        with self._news:
            self._news.notify_all()


@dataclass
class Build:
    """One build whose steps a test runs by hand."""

    context: BuildContext
    runtime: DockerRuntime
    folder: Path
    recorders: dict[str, Recorder] = field(default_factory=dict)

    def recorder(self, step_name: str) -> Recorder:
        if step_name not in self.recorders:
            self.recorders[step_name] = Recorder(self.folder / step_name)
        return self.recorders[step_name]

    async def run(self, step_name: str, cancellation: Cancellation | None = None) -> StepOutcome:
        step = next(step for step in self.context.pipeline.steps if step.name == step_name)
        return await self.runtime.run_step(step, self.recorder(step_name), cancellation or Cancellation())


def pipeline_of(folder: Path, steps: dict[str, object], environ: dict[str, str] | None = None) -> Pipeline:
    """A definition of one stage, written to ``folder``. A step that is a list is its commands."""
    stage = {
        name: {"container": {"image": IMAGE, "cmds": step}} if isinstance(step, list) else step
        for name, step in steps.items()
    }
    (folder / ".wharf-ci.yml").write_text(yaml.safe_dump({"stage": stage}))
    options = LoadOptions(build_id=7, environ=environ or {}, user_config_dir=folder)
    return load_pipeline(folder, options)


def context_of(pipeline: Pipeline, name: str) -> BuildContext:
    return BuildContext(BuildId(7), name, pipeline, pipeline.directory)


def build_image(engine: Engine, dockerfile: str) -> str:
    """An image of a name of its own, built from nothing but a Dockerfile; ``remove_image`` it."""
    name = f"wharf-test-{secrets.token_hex(6)}:local"
    told = list(engine.client.build(fileobj=io.BytesIO(dockerfile.encode()), tag=name, rm=True, decode=True))
    assert "error" not in told[-1], told
    return name


def remove_image(engine: Engine, name: str) -> None:
    """Take a name away from an image; the image goes with its last name."""
    with contextlib.suppress(NotFound):
        engine.client.remove_image(name)


def cat(engine: Engine, image: str, path: str) -> bytes:
    """A file of an image."""
    name = f"wharf-test-{secrets.token_hex(6)}"
    engine.create(name, {"Image": image, "Entrypoint": ["true"]})
    try:
        content = engine.download(name, path)
    finally:
        engine.remove(name)
    assert content is not None, f"no {path}"
    return content


def containers_of(engine: Engine, build_name: str) -> list[str]:
    """Names of a build's containers that are there, whatever they do."""
    return [one["Names"][0] for one in engine.containers({BUILD_LABEL: build_name})]
