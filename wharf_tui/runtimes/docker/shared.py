"""What the steps of one build share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.engine_watch import EngineWatch
from wharf_tui.runtimes.docker.settings import DockerSettings, Limits
from wharf_tui.runtimes.docker.step_files import StepFiles
from wharf_tui.runtimes.port import BuildContext

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Shared:
    """Made when the build starts, gone when it stops."""

    build: BuildContext
    engine: Engine
    watch: EngineWatch
    settings: DockerSettings
    limits: Limits
    has_init: bool
    """Whether the engine has an init process to give."""
    files: StepFiles
    long_calls: ThreadPoolExecutor
    """For what takes long: pulls, builds, uploads."""
    short_calls: ThreadPoolExecutor
    """For what must get through meanwhile: signals, removals."""

    def run_long(self, work: Callable[[], _T]) -> asyncio.Future[_T]:
        """Do something that may take minutes in a thread."""
        return asyncio.get_running_loop().run_in_executor(self.long_calls, work)

    def run_short(self, work: Callable[[], _T]) -> asyncio.Future[_T]:
        """Do something in a thread that the engine does at once when it is well."""
        return asyncio.get_running_loop().run_in_executor(self.short_calls, work)
