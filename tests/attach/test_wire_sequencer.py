"""Whatever comes in whatever order, cut and doubled: lines leave in order, each once, and what waits is bounded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wharf_tui.attach.sequencer import AheadBudget, Run, Sequencer

texts = st.lists(st.sampled_from([b"", b"a", b"bb", b"\xff", b"a longer line"]), min_size=1, max_size=40)


def log_of(lines: list[bytes]) -> list[bytes]:
    return [b"%d:%s\n" % (number, line) for number, line in enumerate(lines, 1)]


def piece(log: list[bytes], first: int, last: int) -> tuple[int, bytes]:
    return first, b"".join(log[first - 1 : last])


@given(lines=texts, data=st.data())
def test_lines_leave_as_soon_as_they_are_contiguous_in_order_and_once(
    lines: list[bytes], data: st.DataObject
) -> None:
    log = log_of(lines)
    budget = AheadBudget()
    sequencer = Sequencer(0, budget)
    out = b""
    came: set[int] = set()
    fed = 0
    spans = st.tuples(st.integers(1, len(log)), st.integers(1, len(log))).map(sorted)
    for first, last in [*data.draw(st.lists(spans, max_size=20)), (1, len(log))]:
        runs = sequencer.feed(*piece(log, first, last))
        fed += last - first + 1
        came |= set(range(first, last + 1))
        for run in runs:
            assert run.data.count(b"\n") == run.count
            assert out.count(b"\n") + 1 == run.first_log_id
            out += run.data
        contiguous = next(number for number in range(1, len(log) + 2) if number not in came)
        assert sequencer.next_log_id == contiguous
        assert out == b"".join(log[: contiguous - 1])
        ahead = [number for number in came if number > contiguous]
        assert sequencer.first_hole() == ((contiguous, min(ahead) - 1) if ahead else None)
        assert sequencer.highest_seen == max(came)
    assert out == b"".join(log)
    assert sequencer.duplicates == fed - len(log)
    assert budget.used == 0


@settings(max_examples=100)
@given(lines=texts, data=st.data())
def test_any_interleaving_cut_and_resume_of_two_feeds_ends_in_the_whole_log(
    lines: list[bytes], data: st.DataObject
) -> None:
    """The worker's side as the wire has it: backfill and live, in pieces cut anywhere, until the connection breaks."""
    log = log_of(lines)
    budget = AheadBudget(data.draw(st.integers(150, 2000)))
    other_step = Sequencer(0, budget)
    sequencer = Sequencer(0, budget)
    out, streams = b"", 0
    while sequencer.next_log_id <= len(log):
        streams += 1
        assert streams < 30, "it asks again and again without getting on"
        sequencer.start_over()
        after = sequencer.next_log_id - 1
        stored = data.draw(st.integers(after, len(log))) if streams < 10 else len(log)
        feeds = [piece(log, after + 1, stored), piece(log, stored + 1, len(log))]
        while any(rest for _, rest in feeds):
            if sequencer.must_ask_again or (streams < 10 and data.draw(st.integers(0, 9)) == 9):
                break
            which = data.draw(st.sampled_from([n for n, (_, rest) in enumerate(feeds) if rest]))
            first, rest = feeds[which]
            size = data.draw(st.integers(1, 60))
            for run in sequencer.feed(first, rest[:size]):
                assert run.first_log_id == out.count(b"\n") + 1
                out += run.data
            feeds[which] = (first + rest[:size].count(b"\n"), rest[size:])
            assert budget.used <= budget.limit
            other_step.feed(data.draw(st.integers(2, 9)), b"other\n")
    assert out == b"".join(log)
    sequencer.start_over()
    other_step.start_over()
    assert budget.used == 0


def test_what_does_not_fit_is_let_go_from_the_far_end_and_asked_for_when_its_turn_comes() -> None:
    sequencer = Sequencer(0, AheadBudget(1000))
    for number in range(2, 40):
        sequencer.feed(number, b"x" * 50 + b"\n")
    assert not sequencer.must_ask_again
    (first, rest) = sequencer.feed(1, b"first\n")
    assert (first, rest.first_log_id, rest.count) == (Run(1, 1, b"first\n"), 2, 6)
    assert sequencer.must_ask_again
    assert sequencer.first_hole() is None
    sequencer.start_over()
    assert not sequencer.must_ask_again
    assert [run.first_log_id for run in sequencer.feed(8, b"again\n")] == [8]


def test_what_comes_nearer_pushes_out_what_is_farther() -> None:
    budget = AheadBudget(1000)
    sequencer = Sequencer(0, budget)
    for number in (11, 12, 13, 20, 21, 22):
        sequencer.feed(number, b"x" * 50 + b"\n")
    used = budget.used
    sequencer.feed(12, b"x" * 50 + b"\n")
    assert budget.used == used, "what waits already does not wait twice"
    sequencer.feed(2, b"x" * 400 + b"\n")
    assert budget.used <= budget.limit
    sequencer.feed(13, b"comes again\n")
    leaving = sequencer.feed(1, b"first\n") + sequencer.feed(3, b"\n" * 8)
    assert [(run.first_log_id, run.last_log_id) for run in leaving] == [(1, 1), (2, 2), (3, 10), (11, 13)]
    assert sequencer.feed(14, b"\n" * 6) != []
    assert sequencer.must_ask_again
    assert budget.used == 0


def test_a_hole_that_is_known_is_skipped_and_an_unknown_one_is_not() -> None:
    sequencer = Sequencer(3)
    assert sequencer.feed(10, b"ten\n") == []
    assert sequencer.skip_hole(5, 4) == []
    assert sequencer.feed(4, b"four\nfive\n") == [Run(4, 2, b"four\nfive\n")]
    assert sequencer.first_hole() == (6, 9)
    assert sequencer.skip_hole(5, 4) == [Run(10, 1, b"ten\n")]
    assert sequencer.next_log_id == 11


def test_half_lines_of_a_broken_stream_are_forgotten() -> None:
    sequencer = Sequencer()
    assert sequencer.feed(1, b"half") == []
    sequencer.start_over()
    assert sequencer.feed(1, b"whole\n") == [Run(1, 1, b"whole\n")]
    assert sequencer.feed(1, b"late") == []
    assert sequencer.feed(2, b"next\n") == [Run(2, 1, b"next\n")]


@pytest.mark.timeout(10)
def test_a_long_history_behind_single_live_lines_takes_no_time() -> None:
    """As wharf-cmd sends: one line at a time, replay and live by turns."""
    count = 60_000
    sequencer = Sequencer(0, AheadBudget(64 * 1024 * 1024))
    out = 0
    for number in range(1, count + 1):
        out += sum(run.count for run in sequencer.feed(count + number, b"live\n"))
        out += sum(run.count for run in sequencer.feed(number, b"old\n"))
    assert out == 2 * count
