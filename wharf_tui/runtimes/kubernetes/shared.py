"""What the steps of one build share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from wharf_tui.runtimes.docker.settings import Limits
from wharf_tui.runtimes.kubernetes.client import Cluster
from wharf_tui.runtimes.kubernetes.part_times import NodePartTimes
from wharf_tui.runtimes.kubernetes.pod_board import PodBoard
from wharf_tui.runtimes.kubernetes.settings import KubernetesSettings
from wharf_tui.runtimes.kubernetes.step_files import StepFiles
from wharf_tui.runtimes.port import BuildContext

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Threads:
    """Where blocking calls run. Made when the runtime is made, gone when it stops."""

    long_calls: ThreadPoolExecutor
    """For what takes as long as a step: logs, watches."""
    short_calls: ThreadPoolExecutor
    """For what must get through meanwhile."""

    @classmethod
    def make(cls, long: int, short: int) -> Threads:
        """Threads are started when they are needed.

        Args:
            long: how many long calls may run at once.
            short: how many short ones.
        """
        return cls(ThreadPoolExecutor(long, "kubernetes-long"), ThreadPoolExecutor(short, "kubernetes-short"))

    def run_long(self, work: Callable[[], _T]) -> asyncio.Future[_T]:
        """Do something that may take as long as a step."""
        return asyncio.get_running_loop().run_in_executor(self.long_calls, work)

    def run_short(self, work: Callable[[], _T]) -> asyncio.Future[_T]:
        """Do something that a cluster in good health does at once."""
        return asyncio.get_running_loop().run_in_executor(self.short_calls, work)

    def close(self) -> None:
        """Wait for what still runs, and end the threads."""
        for executor in (self.long_calls, self.short_calls):
            executor.shutdown(wait=True, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class Shared:
    """Made when the build starts, gone when it stops."""

    build: BuildContext
    cluster: Cluster
    settings: KubernetesSettings
    limits: Limits
    threads: Threads
    board: PodBoard
    files: StepFiles
    part_times: NodePartTimes
