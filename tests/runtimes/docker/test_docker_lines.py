"""Lines of two streams, cut anywhere, are stored whole and once, live or from a log that is read again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runtimes.docker.test_docker_frames import encode
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS, format_rfc3339
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter
from wharf_tui.runtimes.docker.checkpoints import Checkpoint
from wharf_tui.runtimes.docker.comparison import Comparison, Place, ends_alike
from wharf_tui.runtimes.docker.container_output import ContainerOutput
from wharf_tui.runtimes.docker.frames import FrameError, Stream
from wharf_tui.runtimes.docker.line_assembler import LineAssembler
from wharf_tui.runtimes.docker.log_entries import LogEntries, LoggedLine
from wharf_tui.runtimes.docker.log_reading import LogReading, WrongPlaceError
from wharf_tui.runtimes.docker.position import PART_BYTES, StreamPosition, as_logged, rest_of_line

T0 = 1_706_954_401 * NS
OUT, ERR = Stream.STDOUT, Stream.STDERR


class Store:
    """A real log."""

    def __init__(self, folder: Path) -> None:
        self.writer = LogWriter(folder)
        self.gaps: list[str] = []

    def output(self, at_ns: int, data: bytes) -> None:
        self.writer.append_output(at_ns, data)

    def lines(self, lines: Iterable[tuple[int | None, bytes]]) -> None:
        self.writer.append_many(lines)

    def end_line(self) -> None:
        self.writer.end_line()

    def lost(self, reason: str, from_ns: int | None = None, to_ns: int | None = None) -> None:
        self.gaps.append(reason)
        self.writer.add_gap(GapKind.LOST_BEFORE_US, reason, from_ns=from_ns, to_ns=to_ns)

    def status(self, status: Status, reason: str = "") -> None:
        raise AssertionError(status)

    def messages(self) -> list[bytes]:
        self.writer.close()
        reader = LogReader(self.writer.step_dir)
        reader.refresh()
        messages = [line.message for line in reader.read(1, 10**6, 10**9)]
        reader.close()
        return messages


@contextmanager
def new_store() -> Iterator[Store]:
    """A log in a folder of its own, for each of Hypothesis's examples."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        yield store
        store.writer.close()


@pytest.fixture
def store() -> Iterator[Store]:
    with new_store() as store:
        yield store


words = st.binary(max_size=6).map(lambda word: word.replace(b"\n", b"").replace(b"\r", b""))
texts = st.lists(words, max_size=8).map(lambda lines: b"".join(line + b"\n" for line in lines))
streams = st.tuples(texts, words).map(b"".join)
"""What one stream prints: lines, and perhaps one without an end."""


def interleaved(data, out: bytes, err: bytes) -> list[tuple[Stream, bytes]]:
    """Both streams in pieces, in an order of Hypothesis's choice."""
    left = {OUT: out, ERR: err}
    pieces = []
    while any(left.values()):
        stream = data.draw(st.sampled_from([stream for stream, text in left.items() if text]))
        size = data.draw(st.integers(1, 9))
        pieces.append((stream, left[stream][:size]))
        left[stream] = left[stream][size:]
    return pieces


def lines_of(text: bytes) -> list[bytes]:
    *lines, last = text.split(b"\n")
    return [*lines, last] if last else lines


@given(st.data(), streams, streams, st.integers(1, 20))
def test_any_cutting_and_mixing_gives_whole_lines(data, out: bytes, err: bytes, held_bytes: int) -> None:
    with new_store() as store:
        assembler = LineAssembler(store, held_bytes)
        for number, (stream, piece) in enumerate(interleaved(data, out, err)):
            assembler.feed(stream, T0 + number, piece)
        assembler.finish(T0 + NS)
        messages = store.messages()
    assert sorted(messages) == sorted(lines_of(out) + lines_of(err))
    assert holds_in_order(messages, lines_of(out))
    assert holds_in_order(messages, lines_of(err))
    assert not store.gaps


def holds_in_order(messages: list[bytes], wanted: list[bytes]) -> bool:
    left = iter(messages)
    return all(any(message == line for message in left) for line in wanted)


def test_a_line_has_the_time_of_its_end(store: Store) -> None:
    assembler = LineAssembler(store)
    assembler.feed(OUT, T0, b"a")
    assembler.feed(ERR, T0 + 1, b"e\n")
    assembler.feed(OUT, T0 + 2, b"b\n")
    store.writer.close()
    assert store.writer.path.read_bytes() == b"%s e\n%s ab\n" % (
        format_rfc3339(T0 + 1),
        format_rfc3339(T0 + 2),
    )


def test_lines_wait_for_a_long_one_but_not_for_ever(store: Store) -> None:
    assembler = LineAssembler(store, held_bytes=4, waiting_bytes=30)
    assembler.feed(OUT, T0, b"long line")
    for number in range(6):
        assembler.feed(ERR, T0 + number, b"error %d\n" % number)
    assembler.feed(OUT, T0, b" goes on\n")
    assembler.finish(T0)
    assert store.gaps == ["a line of stdout was cut in two here: stderr went on for too long meanwhile"]
    assert store.messages() == [b"long line", *(b"error %d" % number for number in range(6)), b" goes on"]


@given(st.lists(st.binary(max_size=12), max_size=20), st.integers(1, 40))
def test_a_position_knows_its_stream(blocks: list[bytes], kept: int) -> None:
    position = StreamPosition(kept)
    for block in blocks:
        position.advance(block)
    text = b"".join(blocks)
    *lines, last = text.split(b"\n")
    assert position.lines == len(lines)
    assert position.open_size == len(last)
    known = position.last_lines()
    assert known == lines[len(lines) - len(known) :]
    assert last.endswith(position.open_end())
    assert len(position.open_end()) >= min(len(last), kept)


def test_what_the_engine_makes_of_bytes_that_are_no_text() -> None:
    assert as_logged(b"bad \xff\xe4\xbdx\0y") == "bad \ufffd\ufffd\ufffdx\0y".encode()
    assert as_logged("fine ä".encode()) == "fine ä".encode()
    cut = b"x" * (PART_BYTES - 1) + "ä".encode()
    assert as_logged(cut) == b"x" * (PART_BYTES - 1) + "\ufffd\ufffd".encode()


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_the_rest_of_a_line(beginning: bytes, rest: bytes) -> None:
    beginning, rest = beginning.replace(b"\n", b""), rest.replace(b"\n", b"")
    position = StreamPosition()
    position.advance(b"before\n" + beginning)
    assert rest_of_line(position, beginning + rest) == rest
    assert rest_of_line(position, as_logged(beginning)) is not None


def test_another_line_has_no_rest() -> None:
    position = StreamPosition()
    position.advance(b"before\nbegun")
    assert rest_of_line(position, b"other line") is None
    assert rest_of_line(position, b"beg") is None


def entries(lines: list[tuple[Stream, bytes]], step_ns: int = 1) -> bytes:
    """A log as the engine gives it back: one entry a line, long lines in parts."""
    frames = []
    for number, (stream, line) in enumerate(lines):
        stamp = format_rfc3339(T0 + number * step_ns) + b" "
        text = line + b"\n"
        logged = [text[at : at + PART_BYTES] for at in range(0, len(text), PART_BYTES)]
        frames += [encode(stream, stamp + as_logged(part)) for part in logged]
    return b"".join(frames)


def test_parts_of_long_lines_are_joined_and_their_times_dropped() -> None:
    reader = LogEntries()
    stamp = b"2024-02-03T10:00:01.000000001Z "
    assert reader.add(OUT, stamp + b"a" * 10) is None
    assert reader.add(ERR, stamp + b"err\n") == LoggedLine(ERR, T0 + 1, b"err")
    assert not reader.is_between_lines
    assert reader.add(OUT, stamp + b"b" * 10) is None
    assert reader.add(OUT, stamp + b"c\n") == LoggedLine(OUT, T0 + 1, b"a" * 10 + b"b" * 10 + b"c")
    assert reader.is_between_lines


def test_an_entry_without_a_time_is_no_log() -> None:
    with pytest.raises(FrameError, match="no time"):
        LogEntries().add(OUT, b"failed to create fsnotify watcher")


log_lines = st.lists(
    st.sampled_from([(OUT, b"o"), (OUT, b"ox"), (ERR, b"e"), (ERR, b"e" * 20), (OUT, b"o\xff\xe4\xbd")]),
    max_size=14,
)


@given(st.data(), log_lines, st.integers(0, 90), st.integers(1, 50), st.integers(0, 2))
def test_live_until_any_byte_and_then_from_the_log(data, printed, cut: int, kept: int, step_ns: int) -> None:
    """Live output breaks off after any byte; then the log is read, and that is cut too, and it is read again.

    Lines are equal on purpose, and so are times.
    """
    with new_store() as store:
        output = ContainerOutput(store)
        output.positions = {stream: StreamPosition(kept) for stream in Stream}
        for stream, line in printed:
            taken = (line + b"\n")[:cut]
            cut -= len(taken)
            if taken:
                output.take_live([(stream, taken)])
        log = entries(printed, step_ns)
        interrupted = LogReading(output, Checkpoint())
        interrupted.take(log[: data.draw(st.integers(0, len(log)))])
        reading = LogReading(output, Checkpoint())
        reading.take(log)
        reading.finish()
        output.finish()
        messages = [as_logged(message) for message in store.messages()]
    assert reading.reached_our_end
    for letter, stream in ((b"o", OUT), (b"e", ERR)):
        wanted = [as_logged(line) for source, line in printed if source is stream]
        assert [message for message in messages if message.startswith(letter)] == wanted
    assert len(messages) == len(printed)
    assert not store.gaps


def test_a_checkpoint_in_the_wrong_place_is_noticed(store: Store) -> None:
    output = ContainerOutput(store)
    output.take_live([(OUT, b"a\nb\nc\n")])
    reading = LogReading(output, Checkpoint(T0, {OUT: 1, ERR: 0}, OUT))
    with pytest.raises(WrongPlaceError):
        reading.take(entries([(OUT, b"something else")]))
    reading = LogReading(output, Checkpoint(T0 - 1, {OUT: 3, ERR: 0}, OUT))
    with pytest.raises(WrongPlaceError):
        reading.take(entries([(OUT, b"d")]))


def test_a_hole_in_the_log_is_told_and_nothing_is_taken_twice(store: Store) -> None:
    output = ContainerOutput(store)
    output.take_live([(OUT, b"1\n2\n3\n4\nbegun")])
    reading = LogReading(output, Checkpoint())
    reading.take(entries([(OUT, line) for line in (b"1", b"2", b"8", b"9")]))
    reading = LogReading(output, Checkpoint())
    reading.take(entries([(OUT, line) for line in (b"1", b"2", b"8", b"9", b"10")]))
    assert store.gaps == ["Docker's log of the container has a hole here"]
    assert store.messages() == [b"1", b"2", b"3", b"4", b"begun", b"8", b"9", b"10"]


def test_a_log_that_ends_too_early_proves_nothing(store: Store) -> None:
    output = ContainerOutput(store)
    output.take_live([(OUT, b"1\n2\n3\n")])
    reading = LogReading(output, Checkpoint())
    reading.take(entries([(OUT, b"1"), (OUT, b"2")]))
    reading.finish()
    assert not reading.reached_our_end


def test_comparison_tells_where_lines_stand() -> None:
    positions = {OUT: StreamPosition(), ERR: StreamPosition()}
    positions[OUT].advance(b"1\n2\n3")
    comparison = Comparison(positions, {OUT: 0, ERR: 0})
    places = [comparison.place(LoggedLine(OUT, T0, line)) for line in (b"1", b"2", b"3x", b"4")]
    assert places == [Place.KNOWN, Place.KNOWN, Place.OPEN, Place.NEW]
    assert comparison.place(LoggedLine(ERR, T0, b"e")) is Place.NEW
    assert comparison.next_lines == {OUT: 4, ERR: 1}


@pytest.mark.parametrize(
    ("printed", "logged", "is_whole", "is_alike"),
    [
        (b"1\n2\n", [b"1", b"2"], True, True),
        (b"1\n2\n", [b"1"], True, False),
        (b"1\n2\n", [b"1", b"2", b"3"], True, False),
        (b"1\n2\n3\n", [b"2", b"3"], False, True),
        (b"1\n2\n3\n", [b"torn", b"3"], False, True),
        (b"1\n2\n", [b"2", b"3"], False, False),
        (b"1\n2\n3\n4\n", [b"2", b"3"], False, False),
        (b"", [], True, True),
        (b"1\n", [], False, True),
        (b"", [b"1", b"2"], False, False),
    ],
)
def test_whether_a_log_ends_like_ours(
    printed: bytes, logged: list[bytes], is_whole: bool, is_alike: bool
) -> None:
    positions = {OUT: StreamPosition(), ERR: StreamPosition()}
    positions[OUT].advance(printed)
    tail = [LoggedLine(OUT, T0, line) for line in logged]
    assert ends_alike(positions, tail, is_whole=is_whole, has_ended=True) is is_alike


def test_last_words_count_only_once_the_container_has_ended() -> None:
    positions = {OUT: StreamPosition(), ERR: StreamPosition()}
    positions[OUT].advance(b"1\nlast words")
    ended = [LoggedLine(OUT, T0, b"1")]
    assert ends_alike(positions, ended, is_whole=True, has_ended=False)
    assert not ends_alike(positions, ended, is_whole=True, has_ended=True)
    ended.append(LoggedLine(OUT, T0, b"last words", is_ended=False))
    assert ends_alike(positions, ended, is_whole=True, has_ended=True)
