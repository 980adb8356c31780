"""Containers of a Docker Engine that run already: those that match are found, and their logs are taken like a step's.

For people who have no build: each container is a step, containers that begin to match join, and nothing is ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from wharf_tui.model.errors import RunError
from wharf_tui.model.status import Status
from wharf_tui.runtimes.docker.container_events import ContainerEvents
from wharf_tui.runtimes.docker.container_taker import ContainerTaker, TakingLimits
from wharf_tui.runtimes.docker.engine import Engine
from wharf_tui.runtimes.docker.engine_watch import EngineWatch
from wharf_tui.runtimes.docker.known_lines import KnownLines
from wharf_tui.runtimes.docker.outcome import outcome_of
from wharf_tui.runtimes.port import Cancellation, StepOutcome, StepRecorder
from wharf_tui.runtimes.sources import History

_T = TypeVar("_T")
_SHORT_CALLS: Final = 16
_ANSWER_SECONDS: Final = 20
"""How long the engine may take for an answer: who ends following waits for it."""
_LOOK_SECONDS: Final = 5.0
"""How often the containers are listed, in case that an event did not reach us."""
_EVENT_LOOKS: Final = 40
_EVENT_LOOK_SECONDS: Final = 0.05
_LAST_SECONDS: Final = 10.0
_STUCK: Final = "Docker did not answer when following was ended: the last lines may be missing"
_MOST_REMEMBERED: Final = 1000
_RUNNING: Final = frozenset({"running", "paused", "restarting"})
_SHORTEST_PAUSE: Final = 0.05
_PAUSE_OF_EACH: Final = 0.02
"""Seconds between two readings of a log for each container that is followed: they share the engine."""


@dataclass(frozen=True, slots=True)
class Match:
    """Which containers are meant: those of these names, or those that run and have all of these labels."""

    names: tuple[str, ...] = ()
    """Names, or beginnings of IDs."""
    labels: tuple[str, ...] = ()
    """``name``, or ``name=value``."""


@dataclass(frozen=True, slots=True)
class FoundContainer:
    """A container that has started."""

    container: str
    """Its ID."""
    name: str
    group: str = ""


@dataclass(slots=True)
class _Memory:
    """What is known of a container that was found: it may be started again."""

    known: KnownLines
    history: History
    is_taken: bool = True
    started_at: str = ""


class DockerSource:
    """Finds containers, and takes their logs. Make it, and use it, inside one event loop.

    Args:
        match: which.
        history: how much is taken of what those that are there have printed.
        limits: how long things may take.
    """

    name = "docker"

    def __init__(
        self, match: Match, history: History | None = None, limits: TakingLimits | None = None
    ) -> None:
        self._match = match
        self._history = history or History()
        self._limits = limits or TakingLimits()
        self._calls = ThreadPoolExecutor(_SHORT_CALLS, "docker-follow")
        self._engine: Engine | None = None
        self._watch: EngineWatch | None = None
        self._events: ContainerEvents | None = None
        self._news = asyncio.Event()
        self._memories: dict[str, _Memory] = {}
        self._takers: set[ContainerTaker] = set()

    @property
    def description(self) -> str:
        """What is followed, as the user has asked for it."""
        labels = (f"-l {label}" for label in self._match.labels)
        return " ".join(("docker", *self._match.names, *labels))

    @property
    def may_grow(self) -> bool:
        """Whether containers may join when all that were found have ended."""
        return not self._match.names

    async def start(self) -> list[FoundContainer]:
        """Begin to watch; returns the containers that are there.

        Raises:
            RuntimeUnavailableError: no engine answers.
            RunError: a container that was named is not there.
        """
        engine = self._engine = await self._call(lambda: Engine(_ANSWER_SECONDS))
        self._watch = await self._call(lambda: EngineWatch(engine))
        loop = asyncio.get_running_loop()
        events = self._events = ContainerEvents(
            engine, self._match.labels, lambda: loop.call_soon_threadsafe(self._news.set)
        )
        await self._call(events.start)
        listed = await self._call(lambda: engine.matching(self._match.labels))
        missing = [name for name in self._match.names if not any(_is_called(one, name) for one in listed)]
        if missing:
            raise RunError(
                f"no container {', '.join(missing)} at {engine.address}",
                "`docker ps -a` shows what is there.",
            )
        if self._match.names:
            named = [one for name in self._match.names for one in listed if _is_called(one, name)]
            listed = list({one["Id"]: one for one in named}.values())
        else:
            listed = [one for one in reversed(listed) if one["State"] in _RUNNING]  # the oldest first
        return [self._meet(str(one["Id"]), _names(one)[0], self._history) for one in listed]

    async def next(self) -> list[FoundContainer]:
        """Wait for containers that have begun to match. Never ends by itself.

        Raises:
            RuntimeUnavailableError: the engine is away for too long.
        """
        assert self._engine is not None
        assert self._events is not None
        away_since: float | None = None
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), _LOOK_SECONDS)
            self._news.clear()
            started = {event.container: event.name for event in self._events.pull()}
            try:
                if not started:
                    started = await self._call(self._running)
                new = [
                    (container, name)
                    for container, name in started.items()
                    if self._is_meant(container, [name]) and await self._is_new(container)
                ]
            except RunError:
                away_since = away_since or time.monotonic()
                if time.monotonic() - away_since > self._limits.away_s:
                    raise
                continue
            away_since = None
            if new:
                return [self._meet(container, name, History()) for container, name in new]

    async def take(
        self, found: FoundContainer, recorder: StepRecorder, cancellation: Cancellation
    ) -> StepOutcome:
        """Take a container's log until it has ended, or until nobody wants it any more."""
        assert self._engine is not None
        assert self._watch is not None
        memory = self._memories[found.container]
        taker = ContainerTaker(
            self._engine,
            self._watch,
            found.container,
            recorder=recorder,
            history=memory.history,
            known=memory.known,
            pause=self._pause,
            limits=self._limits,
        )
        self._takers.add(taker)
        taker.start()
        asked = asyncio.ensure_future(cancellation.wait_requested())
        try:
            first: set[asyncio.Future[Any]] = {taker.ended, asked}
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            was_asked = not taker.ended.done()
        finally:
            asked.cancel()
            taker.give_up()
            await asyncio.wait({taker.ended}, timeout=_LAST_SECONDS)
            self._takers.discard(taker)
            self._leave(memory, taker.started_at)
        if not taker.ended.done():
            recorder.lost(_STUCK)
            return StepOutcome(Status.CANCELLED, None, cancellation.reason)
        info = taker.ended.result()
        if was_asked:
            return StepOutcome(Status.CANCELLED, None, cancellation.reason)
        return outcome_of(info) if info is not None else await self._outcome_of_removed(found.container)

    async def stop(self) -> None:
        """Let go of everything; no container notices."""
        for taker in self._takers:
            taker.give_up()
        if self._events is not None:
            await asyncio.to_thread(self._events.close)
        await asyncio.to_thread(self._calls.shutdown, wait=True, cancel_futures=True)
        if self._watch is not None:
            self._watch.close()
        if self._engine is not None:
            self._engine.close()

    def _meet(self, container: str, name: str, history: History) -> FoundContainer:
        memory = self._memories.get(container)
        if memory is None:
            memory = self._memories[container] = _Memory(KnownLines(), history)
        memory.is_taken = True
        return FoundContainer(container, name)

    def _leave(self, memory: _Memory, started_at: str) -> None:
        """A container's log is not taken any more: remember where it ended, but not for ever."""
        memory.is_taken, memory.started_at = False, started_at
        memory.history = History()
        memory.known.shorten()
        ended = [one for one, its in self._memories.items() if not its.is_taken]
        for one in ended[:-_MOST_REMEMBERED]:
            del self._memories[one]

    def _is_meant(self, container: str, names: list[str]) -> bool:
        wanted = self._match.names
        return not wanted or any(name in names or container.startswith(name) for name in wanted)

    async def _is_new(self, container: str) -> bool:
        """Whether nobody has taken this start of the container yet."""
        memory = self._memories.get(container)
        if memory is None or memory.is_taken:
            return memory is None
        engine = self._engine
        assert engine is not None
        info = await self._call(lambda: engine.inspect(container))
        return info is not None and info["State"]["StartedAt"] != memory.started_at

    def _running(self) -> dict[str, str]:
        """Containers that run: ID and name."""
        assert self._engine is not None
        listed = self._engine.matching(self._match.labels)
        return {str(one["Id"]): _names(one)[0] for one in listed if one["State"] in _RUNNING}

    async def _outcome_of_removed(self, container: str) -> StepOutcome:
        """Of a container that is gone: an event has told how it ended, or will in a moment."""
        assert self._events is not None
        for _ in range(_EVENT_LOOKS):
            code = self._events.exit_codes.get(container)
            if code is not None:
                return outcome_of({"State": {"ExitCode": code}})
            await asyncio.sleep(_EVENT_LOOK_SECONDS)
        return StepOutcome(Status.CANCELLED, None, "the container was removed")

    def _pause(self) -> float:
        return max(_SHORTEST_PAUSE, _PAUSE_OF_EACH * len(self._takers))

    def _call(self, work: Callable[[], _T]) -> asyncio.Future[_T]:
        return asyncio.get_running_loop().run_in_executor(self._calls, work)


def _names(listed: Mapping[str, Any]) -> list[str]:
    """A container's names; links give it more than one, with a slash in them."""
    names = [str(name).removeprefix("/") for name in listed["Names"] or ()]
    return sorted(names, key=lambda name: "/" in name) or [str(listed["Id"])[:12]]


def _is_called(listed: Mapping[str, Any], name: str) -> bool:
    return name in _names(listed) or str(listed["Id"]).startswith(name)
