"""Folds: sections of three CI systems, and stack traces of six languages."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wharf_tui.insight import re2_engine, sections
from wharf_tui.insight.sections import Fold, FoldIndex, FoldKind
from wharf_tui.results import layout
from wharf_tui.results.log_reader import LogReader

MakeLog = Callable[..., LogReader]

GITHUB = """\
##[group]Run make
make
::group::Inner
x
::endgroup::
##[endgroup]
after
##[group]No end
y
"""
GITLAB = """\
section_start:1560896352:prepare\r\x1b[0K\x1b[36;1mPreparing\x1b[0m
one
section_start:1560896353:inner_part[collapsed=true]\r\x1b[0K
two
section_end:1560896353:inner_part\r\x1b[0K
section_end:1560896354:prepare\r\x1b[0Ksection_start:1560896354:build\r\x1b[0KBuilding
three
section_end:1560896355:build\r\x1b[0K
"""
BUILDKITE = """\
before
--- :rocket: Set up
one
+++ Tests
two
~~~ Clean up
three
^^^ +++
"""
PATCH = """\
diff --git a/x b/x
--- a/x
+++ b/x
@@ -1 +1 @@
-a
+b
--- FAIL: TestX (0.00s)
    x_test.go:1: no
"""
PYTHON = """\
start
Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    main()
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/main.py", line 9, in <module>
    raise RuntimeError
RuntimeError: no configuration
end
"""
JAVA = """\
INFO x
java.lang.RuntimeException: wrapped
\tat com.foo.Bar.main(Bar.java:3)
\tat com.foo.Bar.run(Bar.java:5)
Caused by: java.io.IOException: no
\tat java.io.X.open(Native Method)
\t... 4 more
INFO y
"""
NODE = """\
/app/x.js:3
    throw new Error('x')
Error: x
    at Object.<anonymous> (/app/x.js:3:9)
    at Module._compile (node:internal/modules/cjs/loader:1105:14) {
  code: 'E'
}
done
"""
GO = """\
ok
panic: runtime error: index out of range [5]

goroutine 1 [running]:
main.run(0x1)
\t/tmp/x.go:5 +0x1d
main.main()
\t/tmp/x.go:9 +0x2a
exit status 2
next
"""
RUST = """\
thread 'main' panicked at src/main.rs:2:5:
  boom
stack backtrace:
   0: rust_begin_unwind
             at /rustc/x/library/std/src/panicking.rs:645:5
note: Some details are omitted
done
"""
PROSE = """\
There are
   at least three
   at most four
   from one to two
things
"""


def folds_of(log: LogReader, budget: int = 1 << 20) -> list[Fold]:
    index = FoldIndex(log)
    while not index.step(budget).is_done:
        pass
    return index.folds


def facts(folds: list[Fold]) -> list[tuple[int, int, str]]:
    return [(fold.first_line, fold.last_line, fold.title) for fold in folds]


CASES = [
    (GITHUB, [(1, 2, "Run make"), (3, 5, "Inner"), (8, 9, "No end")]),
    (GITLAB, [(1, 6, "Preparing"), (3, 5, "inner part"), (6, 8, "Building")]),
    (BUILDKITE, [(2, 3, ":rocket: Set up"), (4, 5, "Tests"), (6, 8, "Clean up")]),
    (PATCH, []),
    (PYTHON, [(2, 12, "RuntimeError: no configuration")]),
    (JAVA, [(2, 7, "java.lang.RuntimeException: wrapped")]),
    (NODE, [(3, 7, "Error: x")]),
    (GO, [(2, 9, "panic: runtime error: index out of range [5]")]),
    (RUST, [(1, 6, "thread 'main' panicked at src/main.rs:2:5:")]),
    (PROSE, []),
]


@pytest.mark.parametrize("has_re2", [True, False])
@pytest.mark.parametrize("stamp", ["", "2026-11-23T21:56:29.459895388Z "])
@pytest.mark.parametrize(("text", "expected"), CASES)
def test_what_can_be_folded(
    make_log: MakeLog,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    expected: list[tuple[int, int, str]],
    stamp: str,
    has_re2: bool,
) -> None:
    if not has_re2:
        monkeypatch.setattr(re2_engine, "_re2", None)
    data = "".join(f"{stamp}{line}\n" for line in text.removesuffix("\n").split("\n")).encode()
    assert facts(folds_of(make_log(data))) == expected


def test_what_markers_ask_for(make_log: MakeLog) -> None:
    assert [fold.folded for fold in folds_of(make_log(GITHUB.encode()))] == [True, True, True]
    assert [fold.folded for fold in folds_of(make_log(GITLAB.encode()))] == [False, True, False]
    assert [fold.folded for fold in folds_of(make_log(BUILDKITE.encode()))] == [True, False, False]
    (trace,) = folds_of(make_log(JAVA.encode()))
    assert (trace.kind, trace.folded) == (FoldKind.TRACE, False)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from([text for text, _ in CASES if text != PATCH]),
        max_size=5,
    ),
    st.integers(1, 400),
)
def test_slices_change_nothing(make_log: MakeLog, texts: list[str], budget: int) -> None:
    log = make_log("".join(text + "plain\n" for text in texts).encode())
    assert facts(folds_of(log, budget)) == facts(folds_of(log))


def test_titles_are_safe_to_show(make_log: MakeLog) -> None:
    (fold,) = folds_of(make_log(b"##[group]a\x1b]0;evil\x07b\x07\nx\n##[endgroup]\n"))
    assert "\x1b" not in fold.title
    assert "\x07" not in fold.title


def test_a_section_grows_until_its_end_comes(tmp_path: Path) -> None:
    path = tmp_path / layout.LOG
    path.write_bytes(b"::group::x\na\n")
    log = LogReader(tmp_path)
    log.refresh()
    index = FoldIndex(log)
    index.step(1000)
    assert facts(index.folds) == [(1, 2, "x")]
    with path.open("ab") as file:
        file.write(b"b\n::endgroup::\nc\n")
    log.refresh()
    index.step(1000)
    assert facts(index.folds) == [(1, 4, "x")]
    log.close()


def test_there_are_not_more_folds_than_fit(make_log: MakeLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sections, "MOST_FOLDS", 10)
    log = make_log(b"::group::x\na\n::endgroup::\n" * 100)
    assert len(folds_of(log)) == 10


@pytest.mark.parametrize(
    "piece", ["section_start:1:a", "section_end:1:a[", " at (", "--- ", "::group::", "a.", "panic: "]
)
def test_every_rule_takes_linear_time(make_log: MakeLog, piece: str) -> None:
    log = make_log((piece * 20_000 + "\n" + " at " + piece * 20_000 + "\n").encode())
    started = time.process_time()
    folds_of(log)
    assert time.process_time() - started < 2
