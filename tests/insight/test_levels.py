"""Levels of lines as tools really print them, and the index of errors and warnings."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wharf_tui.insight import re2_engine
from wharf_tui.insight.hinted_matcher import HintedMatcher
from wharf_tui.insight.level_index import DEBUG_HINTS, LevelIndex
from wharf_tui.insight.levels import Level
from wharf_tui.insight.line_level import level_of
from wharf_tui.results.log_reader import LogReader

MakeLog = Callable[..., LogReader]

SAID = {
    Level.FATAL: r"""
panic: runtime error: index out of range [5] with length 3
thread 'main' panicked at src/main.rs:2:5:
thread 'tokio-runtime-worker' (123) panicked at src/lib.rs:9:1:
fatal: not a git repository (or any of the parent directories): .git
FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory
Segmentation fault (core dumped)
run.sh: line 3:  1234 Killed                  ./big
./a.out: Killed
Killed
terminate called after throwing an instance of 'std::runtime_error'
{"level":60,"msg":"gone"}
FATA[0003] cannot go on
<0>kernel: gone
[CRITICAL] disk
2024-01-01T00:00:00 CRITICAL root: gone
[12345.6] Out of memory: Killed process 12 (java)
""",
    Level.ERROR: r"""
error: expected one of `.`, `;`, `?`
error[E0308]: mismatched types
src/main.c:12:3: error: expected ';' before '}' token
src/a.ts(12,3): error TS2304: Cannot find name 'x'.
Program.cs(4,2): error CS0103: The name 'y' does not exist
main.c:1:10: fatal error: x.h: No such file or directory
ld: error: undefined symbol: foo
clang: error: linker command failed with exit code 1 (use -v to see invocation)
[ERROR] Failed to execute goal org.apache.maven.plugins
2024-01-01 12:00:00,123 [main] ERROR com.foo.Bar - msg
2024/01/01 10:00:00 [error] 1#1: *1 open() "/x" failed
[2024-01-01T00:00:00Z ERROR foo::bar] x
{"time":"2024","level":"error","msg":"x"}
{"level":50,"time":1,"msg":"x"}
{"severity":"ERROR","message":"x"}
ts=2024 level=error msg="x"
<3>systemd[1]: Failed
E0102 10:11:12.123456       1 reflector.go:138] failed to list
E/AndroidRuntime( 1234): FATAL EXCEPTION: main
npm ERR! code ELIFECYCLE
npm error code 1
gyp ERR! build error
error Command failed with exit code 1.
make: *** [Makefile:3: all] Error 2
make[2]: *** [CMakeFiles/x.dir/build.make:76: x.o] Error 1
gmake: *** No rule to make target 'x'.  Stop.
ninja: build stopped: subcommand failed.
FAILED: src/x.o
::error file=a.c,line=1::Foo
##[error]Process completed with exit code 1.
##vso[task.logissue type=error]x
Traceback (most recent call last):
ValueError: invalid literal for int() with base 10: 'x'
requests.exceptions.ConnectionError: HTTPSConnectionPool
KeyError: 'x'
AssertionError
java.lang.NullPointerException
java.lang.IllegalStateException: foo
Caused by: java.io.IOException: Broken pipe
Exception in thread "main" java.lang.RuntimeException: x
Uncaught TypeError: x is not a function
Unhandled exception. System.InvalidOperationException: x
TypeError: x is not a function
Error: Cannot find module 'left-pad'
bash: line 1: foo: command not found
/bin/sh: 1: foo: not found
--- FAIL: TestX (0.00s)
    --- FAIL: TestX/sub (0.00s)
FAIL	github.com/x/y	0.012s
FAIL src/app.test.js
FAILED tests/test_a.py::test_b - assert 1 == 2
FAIL: test_x (tests.test_y.Z)
not ok 3 - foo
✕ adds numbers (5 ms)
E   assert 1 == 2
E       AssertionError: x
BUILD FAILED in 3s
FAILURE: Build failed with an exception.
* What went wrong:
ERROR in ./src/index.js 3:0-20
ERROR: failed to solve: process "/bin/sh -c make" did not complete successfully: exit code: 2
error during connect: Get "http://docker"
Error response from daemon: pull access denied
ERRO[0001] cannot
[error] foo
(error) bar
Warning as error: error: x
""",
    Level.WARN: r"""
foo.c:3:1: warning: unused variable 'x' [-Wunused-variable]
warning: unused import: `std::io`
Warning: Node.js 12 actions are deprecated.
[WARNING] Some problems were encountered
[warn] foo
12:00:01.123 [main] WARN  o.a.Foo - x
npm WARN deprecated request@2.88.2: old
npm warn deprecated inflight@1.0.6: leaks
warning "x > y@1" has unmet peer dependency
DeprecationWarning: x is old
/usr/lib/python3/foo.py:12: DeprecationWarning: x is old
::warning::x
##[warning]x
W0102 10:11:12.123456 1 foo.go:12] bar
W/System.err( 12): x
{"level":"warn","msg":"error"}
{"level":40}
time="2024-01-01" level=warning msg="failed to x"
WARN[0000] x
<4>x
""",
    Level.INFO: r"""
[INFO] BUILD FAILURE
[INFO] Total time: 3 s
2024-01-01 12:00:00,123 INFO com.foo - found ERROR in text
I0102 10:11:12.123456 1 foo.go:12] error bar
level=info msg="error: none of them failed"
{"level":"info","error":"none"}
{"level":30,"msg":"fatal error: x"}
note: `#[warn(unused)]` on by default
NOTICE: x
<6>x
""",
    Level.DEBUG: r"""
DEBUG foo bar
debug: x
D/Activity( 123): foo
{"level":"debug"}
{"level":20}
level=debug msg=x
##[debug]Evaluating condition
<7>x
DEBU[0000] x
[dbg] x
FINE: x
""",
    Level.TRACE: r"""
TRACE x
[trace] x
V/Foo(1): x
{"level":10}
level=trace x
VERBOSE: x
FINEST: x
""",
    None: r"""
0 errors, 2 warnings
Found 0 errors. Watching for file changes.
5 problems (0 errors, 5 warnings)
error-prone code was found
error-free
no error
No error: all is well
there was no error: fine
Errors: 0
error: 0
ERROR: 0
error: null
error: false
  error: none
Failures: 0, Errors: 0
test result: ok. 12 passed; 0 failed
test errors::test_x ... ok
tests/test_error.py::test_x PASSED [ 5%]
   Compiling thiserror v1.0.38
Downloading error-chain-0.12.4.crate
cc -Werror -Wall -o x x.c
+ set -o errexit
GET /ERROR 200
export LOG_LEVEL=ERROR
ERROR_LOG=/var/log/x
error_log /var/log/nginx/error.log;
--fail-on-error: true
if error: bail out
on error: continue
warnings being treated as errors
all failures will be reported
a failing test is a good test
{"msg":"error: x"}
{"error":null}
127.0.0.1 - - [10/Oct/2000:13:55:36] "GET /error HTTP/1.0" 500 12
Step 5/9 : RUN make error
err=nil
Running error tests
panicking is bad
WARNINGS: 3
Exceptions are handled here
without error: yes
""",
}
EXAMPLES = [("\u00d7 adds numbers", Level.ERROR)] + [
    (line, level) for level, block in SAID.items() for line in block.strip("\n").split("\n")
]


@pytest.mark.parametrize(("line", "level"), EXAMPLES)
def test_what_lines_say(line: str, level: Level | None) -> None:
    assert level_of(line.encode()) == level


def test_colours_and_indentation_do_not_matter() -> None:
    assert level_of(b"\x1b[1m\x1b[31m  error\x1b[0m\x1b[1m: x") is Level.ERROR
    assert level_of(b"\t[\x1b[33mWARN\x1b[0m] x") is Level.WARN
    assert level_of(b"") is level_of(b"   ") is level_of(b"\xff\xfe") is None


def test_levels_have_many_names() -> None:
    assert Level.from_word("Warning") is Level.WARN
    assert Level.from_word("nothing") is None
    assert [Level.from_number(number) for number in (10, 55, 90, 3, 7, 8)] == [
        Level.TRACE,
        Level.ERROR,
        Level.FATAL,
        Level.ERROR,
        Level.DEBUG,
        None,
    ]


def indexed(log: LogReader, budget: int = 1 << 20) -> LevelIndex:
    index = LevelIndex(log)
    while not index.step(budget).is_done:
        pass
    return index


@pytest.mark.parametrize("has_re2", [True, False])
def test_the_index_finds_what_the_lines_say(
    make_log: MakeLog, monkeypatch: pytest.MonkeyPatch, has_re2: bool
) -> None:
    if not has_re2:
        monkeypatch.setattr(re2_engine, "_re2", None)
    stamp = "2026-11-23T21:56:29.459895388Z "
    for prefix in ("", stamp, f"{stamp}\x1b[1m", f"{stamp}  "):
        log = make_log("".join(f"{prefix}{line}\n" for line, _ in EXAMPLES).encode())
        index = indexed(log, 500)
        severe = {Level.ERROR, Level.FATAL}
        assert list(index.errors) == [n for n, (_, level) in enumerate(EXAMPLES, 1) if level in severe]
        assert list(index.warnings) == [n for n, (_, level) in enumerate(EXAMPLES, 1) if level is Level.WARN]
        assert index.problem is None


def test_debugging_lines_are_found_too(make_log: MakeLog) -> None:
    matcher = HintedMatcher(DEBUG_HINTS, lambda message: int((level_of(message) or 9) <= Level.DEBUG))
    (bits,) = matcher.match("".join(f"{line}\n" for line, _ in EXAMPLES).encode())
    expected = [n for n, (_, level) in enumerate(EXAMPLES) if level in {Level.DEBUG, Level.TRACE}]
    assert [n for n in range(len(EXAMPLES)) if bits >> n & 1] == expected


tokens = st.sampled_from([piece for line, _ in EXAMPLES for piece in (line, *line.split(" "))])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(tokens, max_size=4).map(" ".join), min_size=1, max_size=30))
def test_no_hint_is_missing(make_log: MakeLog, lines: list[str]) -> None:
    index = indexed(make_log("".join(f"{line}\n" for line in lines).encode()))
    levels = [level_of(line.encode()) for line in lines]
    assert [n in index.errors for n in range(1, len(lines) + 1)] == [
        (level or 0) >= Level.ERROR for level in levels
    ]
    assert [n in index.warnings for n in range(1, len(lines) + 1)] == [
        level is Level.WARN for level in levels
    ]


@pytest.mark.parametrize(
    "piece",
    ["A", "Aa.", "a/", ": ", "x: ", "[", "E ", "Error", "a:1: ", "level=", "(", '"level":', " no ", "W/"],
)
def test_every_rule_takes_linear_time(piece: str) -> None:
    line = (piece * 4000).encode()
    started = time.process_time()
    for _ in range(20):
        level_of(line)
    assert time.process_time() - started < 1
