"""A log that is read on by time loses nothing and repeats nothing, though its times are not in order."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runtimes.docker.test_docker_frames import encode
from tests.runtimes.docker.test_docker_lines import ERR, OUT, T0, Store, new_store
from wharf_tui.model.timestamps import NS, format_rfc3339
from wharf_tui.runtimes.docker.checkpoints import DISORDER_SECONDS, Checkpoint, CheckpointFinder
from wharf_tui.runtimes.docker.container_output import ContainerOutput
from wharf_tui.runtimes.docker.frames import Stream
from wharf_tui.runtimes.docker.log_reading import LogReading

Entry = tuple[Stream, int, bytes]


@st.composite
def disordered_logs(draw: st.DrawFn) -> list[Entry]:
    """Entries whose times go back by less than what is believed; some are parts of long lines."""
    steps = st.integers(0, 4 * NS)
    delays = st.sampled_from([0, 1, NS, (DISORDER_SECONDS - 1) * NS])
    log: list[Entry] = []
    clock = T0 + DISORDER_SECONDS * NS
    for number in range(draw(st.integers(8, 40))):
        clock += draw(steps)
        stream = draw(st.sampled_from(list(Stream)))
        end = draw(st.sampled_from([b"\n", b"\n", b""]))
        log.append((stream, clock - draw(delays), b"%d,%d;" % (stream, number) + end))
    return [*log, (OUT, clock, b"\n"), (ERR, clock, b"\n")]


def asked_since(log: list[Entry], at_ns: int, *, filters_each: bool) -> list[Entry]:
    """What an engine answers: some look at each entry, others until the first that is late enough."""
    if filters_each:
        return [entry for entry in log if entry[1] >= at_ns]
    first = next((index for index, entry in enumerate(log) if entry[1] >= at_ns), len(log))
    return log[first:]


def answer(log: list[Entry]) -> bytes:
    return b"".join(encode(stream, format_rfc3339(at_ns) + b" " + text) for stream, at_ns, text in log)


def lines_of(log: list[Entry]) -> list[bytes]:
    return b"".join(text for _, _, text in log).splitlines()


@given(disordered_logs(), st.integers(1, 40), st.booleans())
def test_a_reading_goes_on_from_a_safe_place(log: list[Entry], rest: int, filters_each: bool) -> None:
    cut = max(len(log) - rest, 0)
    with new_store() as store:
        output = ContainerOutput(store)
        reading = LogReading(output, Checkpoint())
        reading.take(answer(log[:cut]))
        place = reading.places.safe
        again = LogReading(output, place)
        again.take(answer(asked_since(log, place.at_ns, filters_each=filters_each)))
        messages = store.messages()
    for stream in Stream:
        mark = b"%d," % stream
        whole = lines_of([entry for entry in log if entry[0] is stream])
        assert [line for line in messages if line.startswith(mark)] == [line for line in whole if line]
    assert not store.gaps


@pytest.mark.parametrize("place", ["safe", "nearest"])
def test_the_nearest_place_may_lose_what_the_safe_one_has(store: Store, place: str) -> None:
    log = [(OUT, T0, b"o1\n"), (OUT, T0 + NS, b"o2\n"), (ERR, T0 + 5, b"e\n"), (OUT, T0 + 2 * NS, b"o3\n")]
    output = ContainerOutput(store)
    first = LogReading(output, Checkpoint())
    first.take(answer(log[:2]))
    start = getattr(first.places, place)
    LogReading(output, start).take(answer(asked_since(log, start.at_ns, filters_each=True)))
    lost = [] if place == "safe" else [b"e"]
    assert [line for line in (b"o1", b"o2", b"e", b"o3") if line not in lost] == store.messages()


def test_a_place_is_found_as_soon_as_it_can_be_trusted() -> None:
    finder = CheckpointFinder(Checkpoint())
    places = []
    for second in range(25):
        at_ns = T0 + second * NS
        assert finder.is_place(at_ns)
        finder.add(Checkpoint(at_ns, {OUT: second, ERR: 0}, OUT))
        finder.pass_entry(at_ns)
        places.append(finder.safe.at_ns and (finder.safe.at_ns - T0) // NS)
    assert places == [0] * DISORDER_SECONDS + list(range(25 - DISORDER_SECONDS))


def test_the_nearest_place_gives_way_to_an_entry_that_is_earlier() -> None:
    finder = CheckpointFinder(Checkpoint())
    for at_ns in (T0, T0 + 5):
        finder.add(Checkpoint(at_ns, {OUT: 0, ERR: 0}, OUT))
        finder.pass_entry(at_ns)
    assert finder.nearest.at_ns == T0 + 5
    finder.pass_entry(T0 + 3)
    assert finder.nearest.at_ns == T0
    finder.pass_entry(T0 - 1)
    assert finder.nearest == finder.safe == Checkpoint()


def test_where_the_clock_has_gone_back_reading_begins_anew(store: Store) -> None:
    log = [(OUT, T0 + n * NS, b"a%d\n" % n) for n in range(30)]
    log += [(OUT, T0 + (n - 3600) * NS, b"b%d\n" % n) for n in range(30)]
    output = ContainerOutput(store)
    first = LogReading(output, Checkpoint())
    first.take(answer(log[:30]))
    assert first.places.safe.at_ns
    first.take(answer(log[30:40]))
    assert first.places.safe == first.places.nearest == Checkpoint()
    LogReading(output, first.places.safe).take(answer(log))
    assert store.messages() == lines_of(log)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_a_long_lines_later_parts_are_not_taken_for_a_line(store: Store) -> None:
    """Its last part is later than the line that follows it."""
    log = [(OUT, T0 + 1, b"x"), (OUT, T0 + 9, b"y\n"), (ERR, T0 + 7, b"e\n"), (OUT, T0 + 20 * NS, b"z\n")]
    output = ContainerOutput(store)
    first = LogReading(output, Checkpoint())
    first.take(answer(log[:3]))
    place = first.places.nearest
    LogReading(output, place).take(answer(asked_since(log, place.at_ns, filters_each=False)))
    assert store.messages() == [b"xy", b"e", b"z"]
