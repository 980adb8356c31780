"""Numbers of a running aggregator, and their text in Prometheus' format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from wharf_tui.aggregator.sinks.port import BuildState

CONTENT_TYPE = "text/plain; version=0.0.4"


@dataclass(slots=True)
class Metrics:
    """Written in the event loop's thread only."""

    lines: int = 0
    """Lines that were committed."""
    batches: int = 0
    commit_seconds: float = 0.0
    retries: int = 0
    """Times that the sink was asked again because it did not answer, or had no space."""
    refusals: int = 0
    alarms: int = 0
    workers: int = 0
    """Workers that are being copied from now."""
    sink_problem: str = ""
    """Why the sink takes nothing now; empty while it does."""
    lag: dict[str, int] = field(default_factory=dict)
    """Lines that are here and not committed, by build."""
    concluded: dict[BuildState, int] = field(default_factory=dict)
    """Builds that have come to an end."""

    def conclude(self, build: str, state: BuildState) -> None:
        """A build has come to its end."""
        self.lag.pop(build, None)
        self.concluded[state] = self.concluded.get(state, 0) + 1

    def exposition(self) -> str:
        """All of it, for Prometheus."""
        return "".join(f"{line}\n" for line in self._expose())

    def _expose(self) -> Iterator[str]:
        counters = (
            ("lines_total", "Lines committed to the sink.", self.lines),
            ("batches_total", "Batches committed to the sink.", self.batches),
            ("commit_seconds_total", "Seconds spent in commits.", f"{self.commit_seconds:.3f}"),
            ("retries_total", "Commits tried again because the sink failed.", self.retries),
            ("refused_lines_total", "Lines that the sink did not take.", self.refusals),
            ("alarms_total", "Lines that came again with another text.", self.alarms),
        )
        for name, text, value in counters:
            yield from _metric(name, "counter", text, [("", value)])
        yield from _metric(
            "sink_up", "gauge", "Whether the sink takes lines.", [("", int(not self.sink_problem))]
        )
        yield from _metric("workers", "gauge", "Workers being copied from.", [("", self.workers)])
        yield from _metric("builds_copying", "gauge", "Builds being copied.", [("", len(self.lag))])
        yield from _metric(
            "lag_lines", "gauge", "Lines received and not committed.", [("", sum(self.lag.values()))]
        )
        ended = [(f'{{state="{state.value}"}}', self.concluded.get(state, 0)) for state in BuildState]
        yield from _metric(
            "builds_ended_total", "counter", "Builds that came to an end, by state.", ended[1:]
        )


def _metric(name: str, kind: str, text: str, samples: Sequence[tuple[str, int | str]]) -> Iterator[str]:
    name = f"wharf_aggregator_{name}"
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples:
        yield f"{name}{labels} {value}"
