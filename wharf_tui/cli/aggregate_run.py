"""Puts together a running aggregator: sink, spool, sources, and whoever watches it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from wharf_tui.aggregator.journal import Journal
from wharf_tui.aggregator.metrics import Metrics
from wharf_tui.aggregator.monitor import monitor
from wharf_tui.aggregator.pump import Desk
from wharf_tui.aggregator.remote_copy import RemoteSettings
from wharf_tui.aggregator.sink_pool import SinkPool
from wharf_tui.aggregator.sinks.choice import sinks
from wharf_tui.aggregator.sinks.port import BuildState
from wharf_tui.aggregator.spool import Spool
from wharf_tui.aggregator.supervisor import Supervisor
from wharf_tui.aggregator.turns import Turns
from wharf_tui.attach.connection import Endpoint
from wharf_tui.attach.session import CONNECT_SECONDS
from wharf_tui.cli.aggregate_output import AggregateOutput
from wharf_tui.cli.signals import on_stop_signals
from wharf_tui.model.errors import ExitStatus, InputError
from wharf_tui.results import layout

GIVE_UP_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class KubernetesOptions:
    """Which pods to copy from."""

    namespace: str | None
    instance: str
    reap: bool
    endpoint: Endpoint
    """How to be let in; the address is each pod's."""


@dataclass(frozen=True, slots=True)
class AggregateOptions:
    """As given on the command line."""

    endpoints: tuple[Endpoint, ...]
    kubernetes: KubernetesOptions | None
    builds: str | None
    """A folder; empty is where this user's builds are, None is none."""
    url: str
    sink_token: str
    ledger: Path | None
    follow: bool
    build_id: int
    parallel: int
    give_up_seconds: float | None
    spool: Path | None
    metrics: tuple[str, int] | None
    log_format: str

    @property
    def patience(self) -> float | None:
        """How long to try what does not answer; None is for ever."""
        if self.give_up_seconds is not None or self.follow:
            return self.give_up_seconds
        return GIVE_UP_SECONDS

    @property
    def folders(self) -> list[Path]:
        """The folders to copy from."""
        if self.builds is None:
            return []
        return [Path(self.builds)] if self.builds else [layout.default_builds_dir(), layout.wharf_cmd_root()]

    def check(self) -> None:
        """A folder that the user names must be one; who follows may name one that is still to come.

        Raises:
            InputError: it is not.
        """
        if not self.builds or Path(self.builds).is_dir():
            return
        if Path(self.builds).exists():
            raise InputError(f"{self.builds} is no folder", "Name a build's folder, or a folder of builds.")
        if not self.follow:
            raise InputError(f"{self.builds} does not exist", "Name a build's folder, or a folder of builds.")


async def aggregate(options: AggregateOptions) -> int:
    """Copy until all is done, or until a signal comes; returns the exit status.

    Raises:
        WharfError: the sink or the spool cannot be used.
    """
    options.check()
    metrics = Metrics()
    output = AggregateOutput(metrics, options.log_format)
    journal = Journal(output.write)
    pool = SinkPool(
        sinks(options.url, options.sink_token, options.ledger), journal, metrics, options.patience
    )
    spool = Spool(options.spool) if options.spool is not None else Spool.for_sink(pool.name)
    patience = (
        CONNECT_SECONDS if options.patience is None else min(CONNECT_SECONDS, max(1.0, options.patience))
    )
    settings = RemoteSettings(Turns(options.parallel), options.patience, patience)
    desk = Desk(pool, journal, metrics, waits_for_refused=options.follow)
    supervisor = Supervisor(desk, spool, settings, follow=options.follow)
    stopped = asyncio.Event()
    try:
        async with _watched(options, metrics, output, journal):
            copying = asyncio.create_task(_copy(options, supervisor, pool), name="aggregate")
            stopping = asyncio.create_task(stopped.wait(), name="stop")
            try:
                with on_stop_signals(lambda _name: stopped.set()):
                    await asyncio.wait({copying, stopping}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (copying, stopping):
                    task.cancel()
                await asyncio.gather(copying, stopping, return_exceptions=True)
            if not copying.cancelled():
                copying.result()
    finally:
        await pool.close()
        spool.close()
    _tell_sum(supervisor, metrics, output, journal)
    if stopped.is_set() and not options.follow:
        return ExitStatus.INTERRUPTED
    return supervisor.exit_status


async def _copy(options: AggregateOptions, supervisor: Supervisor, pool: SinkPool) -> None:
    await pool.open(patiently=options.follow)
    targets = [supervisor.target(endpoint, options.build_id) for endpoint in options.endpoints]
    pods = None
    if options.kubernetes is not None:
        from wharf_tui.aggregator.discovery.pod_source import PodSettings
        from wharf_tui.runtimes.kubernetes.client import Cluster

        wanted = options.kubernetes
        cluster = await asyncio.to_thread(Cluster, namespace=wanted.namespace or "")
        pods = supervisor.pod_source(
            cluster,
            PodSettings(
                instance=wanted.instance,
                endpoint=wanted.endpoint,
                reap=wanted.reap,
                follow=options.follow,
            ),
        )
    await supervisor.copy(targets, options.folders, pods)


@contextlib.asynccontextmanager
async def _watched(
    options: AggregateOptions, metrics: Metrics, output: AggregateOutput, journal: Journal
) -> AsyncIterator[None]:
    drawing = asyncio.create_task(output.keep_drawing(), name="progress")
    try:
        async with contextlib.AsyncExitStack() as stack:
            if options.metrics is not None:
                host, port = options.metrics
                number = await stack.enter_async_context(monitor(metrics, host, port))
                journal.info(f"metrics and health on http://{host}:{number}")
            yield
    finally:
        drawing.cancel()
        await asyncio.gather(drawing, return_exceptions=True)


def _tell_sum(supervisor: Supervisor, metrics: Metrics, output: AggregateOutput, journal: Journal) -> None:
    states = [outcome.state for outcome in supervisor.outcomes]
    counts = ", ".join(f"{states.count(state)} {state.value}" for state in BuildState if state in states)
    builds = "1 build" if len(states) == 1 else f"{len(states)} builds"
    journal.info(
        f"{builds}: {counts or 'none'}; {metrics.lines:,} lines in {output.seconds:.1f} s",
        lines=metrics.lines,
        retries=metrics.retries,
    )
