"""What live tests of following share: containers that somebody else has started, and what is stored of them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.live.docker_builds import IMAGE, PATIENCE
from wharf_tui.model.build import BuildInfo, StepState
from wharf_tui.model.ids import BuildId
from wharf_tui.model.lines import Gap, LogLine
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.runtimes.docker.container_source import DockerSource, FoundContainer, Match
from wharf_tui.runtimes.docker.container_taker import TakingLimits
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.sources import History
from wharf_tui.worker.following import Following


@dataclass
class Foreign:
    """Starts containers as others do, and removes them at the end."""

    engine: Engine
    label: str = field(default_factory=lambda: f"wharf-test={secrets.token_hex(6)}")
    names: list[str] = field(default_factory=list)

    def run(self, script: str, name: str = "", **options: Any) -> str:
        """Start a container; returns its name."""
        name = name or f"wharf-test-{secrets.token_hex(6)}"
        self.create(name, script, **options)
        self.engine.start(name)
        return name

    def create(
        self,
        name: str,
        script: str,
        *,
        rotation: tuple[str, int] | None = None,
        tty: bool = False,
        remove: bool = False,
        log: dict[str, Any] | None = None,
    ) -> None:
        key, _, value = self.label.partition("=")
        if log is None:
            size, files = rotation or ("1t", 1)
            log = {"Type": "json-file", "Config": {"max-size": size, "max-file": str(files)}}
        config = {
            "Image": IMAGE,
            "Entrypoint": ["sh", "-c", script],
            "Labels": {key: value},
            "Tty": tty,
            "HostConfig": {"LogConfig": log, "AutoRemove": remove, "Init": False},
        }
        self.engine.create(name, config)
        self.names.append(name)

    def remove_all(self) -> None:
        for name in self.names:
            self.engine.remove(name)


class Followed:
    """One following, in a real store."""

    def __init__(
        self, folder: Path, match: Match, history: History | None, limits: TakingLimits | None
    ) -> None:
        self.store = BuildWriter.create(folder, BuildInfo(BuildId(1)))
        self.source = DockerSource(match, history, limits)
        self.following: Following[FoundContainer] | None = None
        self.running: asyncio.Task[Status] | None = None

    async def start(self) -> None:
        found = await self.source.start()
        self.following = Following(self.store, self.source, found)
        self.running = asyncio.create_task(self.following.run())

    async def end(self) -> Status:
        """Wait until it has ended by itself."""
        assert self.running is not None
        return await asyncio.wait_for(asyncio.shield(self.running), PATIENCE)

    async def stop(self) -> Status:
        assert self.following is not None
        self.following.stop()
        return await self.end()

    async def wait_for(self, condition: Callable[[BuildReader], bool]) -> None:
        """Wait until the store is so, looked at whenever it changed."""
        reader = BuildReader.open(self.store.path)

        async def wait() -> None:
            seen = 0
            while True:
                reader.refresh()
                for step in reader.info.steps:
                    reader.log(step.info.step_id).refresh()
                if condition(reader):
                    return
                seen = await self.store.changes.wait(seen)

        try:
            await asyncio.wait_for(wait(), PATIENCE)
        finally:
            reader.close()

    async def wait_for_lines(self, name: str, count: int) -> None:
        await self.wait_for(
            lambda reader: any(
                reader.log(step.info.step_id).last_log_id >= count
                for step in reader.info.steps
                if step.info.name == name
            )
        )

    def step(self, name: str) -> StepState:
        reader = BuildReader.open(self.store.path)
        try:
            return next(step for step in reader.info.steps if step.info.name == name)
        finally:
            reader.close()

    def names(self) -> list[str]:
        return [step.info.name for step in self.store.info.steps]

    def read(self, name: str) -> tuple[list[LogLine], tuple[Gap, ...]]:
        reader = BuildReader.open(self.store.path)
        try:
            log = reader.log(self.step(name).info.step_id)
            log.refresh()
            return list(log.read(1, 10**8, 10**10)), log.gaps
        finally:
            reader.close()

    def messages(self, name: str) -> list[bytes]:
        return [line.message for line in self.read(name)[0]]

    def gaps(self, name: str) -> list[str]:
        return [gap.reason for gap in self.read(name)[1]]
