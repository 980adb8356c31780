"""Search against the plain way: take each line's message, and ask Python's engine."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wharf_tui.insight import line_matcher, log_scan, re2_engine
from wharf_tui.insight.log_scan import LogScan
from wharf_tui.insight.pattern import Case, Engine, Pattern, compile_pattern
from wharf_tui.insight.pattern_matcher import matcher_for
from wharf_tui.insight.search import Hit, Search
from wharf_tui.insight.slices import run
from wharf_tui.model.errors import UsageError
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import split_stamp
from wharf_tui.results import layout
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter

MakeLog = Callable[..., LogReader]
ONE, TWO, THREE = StepId(1), StepId(2), StepId(3)

stamps = st.sampled_from(
    [
        b"2026-11-23T21:56:29.459895388Z ",
        b"2026-11-23T21:56:29.459895388Z ",
        b"2026-11-23T22:56:29.459895388Z ",
        b"2026-11-23T21:56:29.5Z ",
        b"2026-02-30T21:56:29Z ",
        b"2024-02-29T21:56:29+01:00 ",
        b"0001-01-01T00:00:00Z ",
        b"",
    ]
)
words = st.sampled_from(
    [
        *(word.encode() for word in ("error", "Error", "fox", "é", "É", "2026", "21:56", "Z", "1", "9")),
        *(b"a", b"aa", b"ab", b"b", b"^", b"\t", b".", b"-"),
        b" ",
        b"  ",
        b"\x1b[31m",
        b"\x1b[0m",
        b"\x1b]8;;http://x\x1b\\",
        b"\x1b[1m2026-11-23T21:56:29Z ",
        b"\xff",
        b"\xe9",
        b"\xc3",
        b"\r",
    ]
)
messages = st.lists(words, max_size=8).map(b"".join)
lines = st.lists(st.tuples(stamps, messages).map(b"".join), max_size=40)
logs = st.tuples(lines, st.booleans()).map(
    lambda drawn: b"".join(line + b"\n" for line in drawn[0])[: None if drawn[1] else -1]
)
literals = st.sampled_from(
    ["error", "Error", "fox", "é", "É", "2026", "9", "Z", " ", "Z e", "1", "aa", "9Z", "\t", "-", ".", ": "]
)
regexes = st.sampled_from(
    [
        "^error",
        "^",
        "$",
        "^$",
        "a*",
        "a+b",
        "fox$",
        r"\d+",
        r"\berror\b",
        r"\Bb",
        "^a|b$",
        "[^a]b",
        "x^|b",
        "(a|b).*9",
        "é.",
        "[éÉ]",
        r"\^",
        "(?i)ERROR",
        r"\Aerror",
        r"^\S+ ",
        "2026.*Z",
        " ",
        "aa|ab|^9",
    ]
)


def naive(data: bytes, pattern: Pattern) -> list[int]:
    """Numbers of the lines that match."""
    flags = re.ASCII | (re.IGNORECASE if pattern.ignore_case else 0)
    if pattern.ignore_case and not pattern.text.isascii():
        flags = re.IGNORECASE
    text = pattern.text if pattern.is_regex else re.escape(pattern.text)
    stored = data.split(b"\n")
    if not stored[-1]:
        stored.pop()
    found = []
    for number, line in enumerate(stored, 1):
        message = re.sub(rb"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\", b"", line[split_stamp(line)[1] :])
        if re.search(text, message.decode("utf-8", "replace"), flags):
            found.append(number)
    return found


def work_off(work: Search | LogScan, budget: int = 1 << 20) -> None:
    for _ in range(100_000):
        if work.step(budget).is_done:
            return
    raise AssertionError("it does not end")


def compiled(text: str, *, is_regex: bool = True, case: Case = Case.SMART) -> Pattern:
    pattern = compile_pattern(text, is_regex=is_regex, case=case)
    assert isinstance(pattern, Pattern)
    return pattern


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=logs,
    text=literals | regexes,
    is_regex=st.booleans(),
    case=st.sampled_from(list(Case)),
    budget=st.integers(1, 400),
    aim=st.integers(0, 45),
    backwards=st.booleans(),
    check_every=st.sampled_from([1, 2, 64]),
)
def test_it_finds_what_the_plain_way_finds(
    make_log: MakeLog,
    data: bytes,
    text: str,
    is_regex: bool,
    case: Case,
    budget: int,
    aim: int,
    backwards: bool,
    check_every: int,
) -> None:
    log = make_log(data, take_unfinished_line=True)
    pattern = compiled(text, is_regex=is_regex, case=case)
    search = Search(pattern, {ONE: log})
    search.aim(ONE, aim, backwards=backwards)
    with pytest.MonkeyPatch.context() as patch:  # so that the way for many hits is gone, too
        patch.setattr(line_matcher, "_CHECK_EVERY", check_every)
        work_off(search, budget)
    search.close()
    assert list(search.hits(ONE)) == naive(data, pattern)
    assert search.problem is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=logs, text=literals)
def test_it_finds_the_same_literals_without_re2(make_log: MakeLog, data: bytes, text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(re2_engine, "_re2", None)
        pattern = compiled(text, is_regex=False, case=Case.SMART if text.isascii() else Case.RESPECT)
        search = Search(pattern, {ONE: make_log(data, take_unfinished_line=True)})
        work_off(search, 300)
    assert list(search.hits(ONE)) == naive(data, pattern)


hit_lists = st.lists(st.lists(st.booleans(), max_size=12), min_size=1, max_size=4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=hit_lists, data=st.data())
def test_the_next_hit_is_the_nearest_and_is_only_told_when_certain(
    make_log: MakeLog, steps: list[list[bool]], data: st.DataObject
) -> None:
    readers = {
        StepId(number): make_log(b"".join(b"hit\n" if hit else b"no\n" for hit in hits))
        for number, hits in enumerate(steps, 1)
    }
    places = [(StepId(n), line, hit) for n, hits in enumerate(steps, 1) for line, hit in enumerate(hits, 1)]
    step_id = data.draw(st.sampled_from(list(readers)))
    line = data.draw(st.integers(0, len(steps[step_id - 1]) + 1))
    backwards = data.draw(st.booleans())
    ahead = [place for place in places if place[:2] > (step_id, line)]
    behind = [place for place in places if place[:2] < (step_id, line)]
    here = [place for place in places if place[:2] == (step_id, line)]
    way = behind[::-1] + ahead[::-1] + here if backwards else ahead + behind + here
    hits = [place for place in way if place[2]]
    before_wrapping = len(behind if backwards else ahead)
    expected = None
    if hits:
        number = [place[:2] for place in places if place[2]].index(hits[0][:2]) + 1
        expected = Hit(hits[0][0], hits[0][1], number, way.index(hits[0]) >= before_wrapping)
    search = Search(compiled("hit"), readers)
    search.aim(step_id, line, backwards=backwards)
    while not search.step(3).is_done:
        early = search.next(step_id, line, backwards=backwards)
        assert early is None or (
            expected and early.step_id == expected.step_id and early.line == expected.line
        )
    assert search.next(step_id, line, backwards=backwards) == expected
    assert search.count == sum(map(sum, steps))


def test_a_hit_nearby_is_known_long_before_the_count(make_log: MakeLog) -> None:
    data = b"".join(
        b"needle\n" if number in {50_000, 50_100} else b"hay %d\n" % number for number in range(1, 100_001)
    )
    log = make_log(data)
    for backwards, expected in ((False, 50_100), (True, 50_000)):
        search = Search(compiled("needle"), {ONE: log})
        search.aim(ONE, 50_050, backwards=backwards)
        assert not search.step(10_000).is_done
        found = search.next(ONE, 50_050, backwards=backwards)
        assert found is not None
        assert found.line == expected


def test_new_lines_are_found_as_they_come(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path)
    writer.append(1, b"needle one")
    log = LogReader(tmp_path)
    search = Search(compiled("needle"), {ONE: log})
    for number in range(2, 50):
        log.refresh()
        work_off(search)
        assert list(search.hits(ONE)) == [line for line in range(1, number) if line == 1 or line % 3 == 0]
        writer.append(number, b"needle" if number % 3 == 0 else b"hay")
    writer.close()
    log.close()


def test_a_line_without_an_end_is_looked_at_again_when_it_grows(tmp_path: Path) -> None:
    path = tmp_path / layout.LOG
    path.write_bytes(b"a\nneed")
    log = LogReader(tmp_path, take_unfinished_line=True)
    log.refresh()
    search = Search(compiled("need$"), {ONE: log})
    work_off(search)
    assert list(search.hits(ONE)) == [2]
    with path.open("ab") as file:
        file.write(b"le\nneed\nneed")
    log.refresh()
    work_off(search)
    assert list(search.hits(ONE)) == [3, 4]
    log.close()


def test_another_log_in_its_place_is_searched_anew(tmp_path: Path) -> None:
    path = tmp_path / layout.LOG
    path.write_bytes(b"x\nneedle\nneedle\n")
    log = LogReader(tmp_path)
    log.refresh()
    search = Search(compiled("needle"), {ONE: log})
    work_off(search)
    path.write_bytes(b"needle\n")
    log.refresh()
    work_off(search)
    assert list(search.hits(ONE)) == [1]
    log.close()


def test_a_step_that_starts_later_joins_in(make_log: MakeLog) -> None:
    search = Search(compiled("x"), {})
    assert search.progress.is_done
    assert search.step(100).is_done
    search.add(TWO, make_log(b"x\ny\n"))
    work_off(search)
    search.add(THREE, make_log(b"x\nx\n"))
    work_off(search)
    assert (search.count, search.number(TWO, 1), search.number(THREE, 2)) == (3, 1, 3)


def test_of_a_line_that_is_too_long_the_beginning_is_searched_and_that_is_said(
    make_log: MakeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wharf_tui.insight.log_pieces.LONGEST_LINE", 3000)
    monkeypatch.setattr("wharf_tui.insight.log_pieces._STRIDE", 512)
    monkeypatch.setattr(log_scan, "_PIECE_BYTES", 1000)
    long = b"needle" + b"." * 5000
    data = b"one\n" + long + b"\nneedle\n" + long[::-1] + b"\nfour needle\n"
    for backwards in (False, True):
        search = Search(compiled("needle"), {ONE: make_log(data)})
        search.aim(ONE, 9 if backwards else 1, backwards=backwards)
        work_off(search, 700)
        assert list(search.hits(ONE)) == [2, 3, 5]
        assert search.cut_lines == 2


def test_look_around_and_back_references_work(make_log: MakeLog) -> None:
    data = b"2026-11-23T21:56:29Z abab\nabba\n\xff ab\x1b[1mab\nx\n"
    search = Search(compiled(r"(\w+)\1(?!x)$"), {ONE: make_log(data)})
    assert search.pattern.engine is Engine.RE
    work_off(search, 10)
    assert list(search.hits(ONE)) == [1, 3]
    assert search.spans("é abab abcabc") == [(7, 13)]
    search.close()


def test_a_pattern_that_runs_wild_is_stopped_and_stops_nobody(
    make_log: MakeLog, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    child = tmp_path / "impatient_child.py"
    source = Path(log_scan.__file__).with_name("regex_child.py").read_text()
    child.write_text(source.replace("SECONDS = 3", "SECONDS = 1"))
    monkeypatch.setattr("wharf_tui.insight.regex_child.__file__", str(child))
    search = Search(compiled(r"(?=.)((a|aa)+)+$"), {ONE: make_log(b"a" * 60 + b"!\n")})
    longest, started = 0.0, time.monotonic()
    while not search.progress.is_done:
        slice_started = time.monotonic()
        search.step(1000)
        longest = max(longest, time.monotonic() - slice_started)
        assert time.monotonic() - started < 30
    search.close()
    assert longest < 0.9
    assert isinstance(search.problem, UsageError)
    assert "took too long" in search.problem.message


@pytest.mark.parametrize("text", ["(x|x)*y", "(a|aa)+$"])
def test_patterns_that_hang_others_take_linear_time(make_log: MakeLog, text: str) -> None:
    pytest.importorskip("re2")
    line = b"x" * 20_000 + b"a" * 20_000 + b"!"
    search = Search(compiled(text), {ONE: make_log(line * 20 + b"\n" + line + b"\n")})
    started = time.process_time()
    work_off(search)
    assert time.process_time() - started < 5
    assert search.count == 0


def test_closing_ends_a_child_that_is_busy(make_log: MakeLog) -> None:
    search = Search(compiled(r"(?=.)((a|aa)+)+$"), {ONE: make_log(b"a" * 60 + b"!\n")})
    search.step(1000)
    started = time.monotonic()
    search.close()
    assert time.monotonic() - started < 2.5


def test_a_thread_does_all_of_it_or_stops(make_log: MakeLog) -> None:
    log = make_log(b"needle\nhay\n" * 50_000)
    stop = threading.Event()
    search = Search(compiled("needle"), {ONE: log})
    assert run(search, stop, 10_000)
    assert search.count == 50_000
    stop.set()
    other = Search(compiled("needle"), {ONE: log})
    assert not run(other, stop)
    assert other.count == 0


@pytest.mark.parametrize(
    ("pattern", "text", "spans"),
    [
        ("error", "an error, an ERROR", [(3, 8), (13, 18)]),
        ("é+", "aéé é", [(1, 3), (4, 5)]),
        ("x*", "axxb", [(1, 3)]),
        ("^a", "aa", [(0, 1)]),
        ("日", "今日は日", [(1, 2), (3, 4)]),
        ("b$", "bb", [(1, 2)]),
        ("nothing", "text", []),
    ],
)
def test_spans_are_in_characters(pattern: str, text: str, spans: list[tuple[int, int]]) -> None:
    assert matcher_for(compiled(pattern)).spans(text) == spans


@pytest.mark.parametrize("text", ["wörter", "a.c"])
def test_regular_expressions_work_without_re2(
    make_log: MakeLog, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(re2_engine, "_re2", None)
    pattern = compiled(text)
    assert pattern.engine is Engine.RE
    search = Search(pattern, {ONE: make_log("WÖRTER abc\nx\nACC wörter\n".encode())})
    work_off(search)
    search.close()
    assert list(search.hits(ONE)) == [1, 3]


def test_re2_works_by_its_public_ways_alone(make_log: MakeLog, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("re2")
    monkeypatch.setattr(re2_engine, "_anywhere", None)
    search = Search(compiled("b+$"), {ONE: make_log(b"abb\nba\nb\n")})
    work_off(search)
    assert list(search.hits(ONE)) == [1, 3]
    assert search.spans("abb") == [(1, 3)]
