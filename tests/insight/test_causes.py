"""First causes in logs such as tools really leave them."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from wharf_tui.insight.cause_rules import ECHO, clue_in
from wharf_tui.insight.causes import Cause, failed_steps, find_causes
from wharf_tui.insight.level_index import LevelIndex
from wharf_tui.model.build import StepInfo, StepState
from wharf_tui.model.ids import LogId, StepId
from wharf_tui.model.status import Status
from wharf_tui.results.log_reader import LogReader

MakeLog = Callable[..., LogReader]

LOGS = {
    "make": (
        """
cc -c a.c
a.c: In function 'main':
a.c:3:5: warning: unused variable 'y'
a.c:4:10: error: 'x' undeclared (first use in this function)
a.c:4:10: note: each undeclared identifier is reported only once
a.c:9:2: error: expected ';' before 'return'
make[1]: *** [Makefile:12: a.o] Error 1
make: *** [Makefile:3: all] Error 2
##[error]Process completed with exit code 2.
""",
        4,
        "compiler error",
    ),
    "pytest": (
        """
============ FAILURES ============
    def test_add():
>       assert add(1, 2) == 4
E       assert 3 == 4
E        +  where 3 = add(1, 2)
tests/test_add.py:5: AssertionError
==== short test summary info ====
FAILED tests/test_add.py::test_add - assert 3 == 4
1 failed, 12 passed in 0.3s
error: test run failed with exit code 1
""",
        4,
        "assertion",
    ),
    "python": (
        """
starting
Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    main()
KeyError: 'DATABASE_URL'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/main.py", line 9, in <module>
RuntimeError: no configuration
""",
        5,
        "exception",
    ),
    "java": (
        """
[INFO] Running FooTest
Exception in thread "main" java.lang.RuntimeException: wrapped
\tat com.foo.Bar.main(Bar.java:3)
Caused by: java.io.FileNotFoundException: config.yml
\tat java.io.FileInputStream.open0(Native Method)
\t... 4 more
[INFO] BUILD FAILURE
[ERROR] Failed to execute goal org.codehaus.mojo:exec
""",
        4,
        "cause of an exception",
    ),
    "go test": (
        """
=== RUN   TestX
    x_test.go:8: got 3, want 4
--- FAIL: TestX (0.00s)
FAIL
FAIL\tgithub.com/x/y\t0.002s
exit status 1
""",
        3,
        "test that failed",
    ),
    "shell": ("+ deploy\nsh: 1: kubectl: not found\nexit status 127\n", 2, "command that is not there"),
    "rust": (
        """
   Compiling x v0.1.0
error[E0308]: mismatched types
 --> src/main.rs:2:18
error: aborting due to previous error
error: could not compile `x` (bin "x") due to 1 previous error
""",
        2,
        "compiler error",
    ),
    "npm": (
        """
> x@1.0.0 build
Error: Cannot find module 'webpack'
npm ERR! code ELIFECYCLE
npm ERR! errno 1
npm ERR! A complete log of this run can be found in:
""",
        2,
        "file that is not there",
    ),
    "memory": ("linking\nKilled\nmake: *** [all] Error 137\n", 2, "killed, as happens when memory runs out"),
    "only an echo": ("working\nmake: *** [all] Error 2\n", 2, "says only that something failed"),
    "nothing": ("working\nstill working\n\n", 2, "last line before the step ended"),
    "not these": (
        """
test connection refused is handled ... ok
INFO permission denied is expected here
WARN: retrying after timeout of 3 s
[error] cannot push: no credentials
""",
        4,
        "error line",
    ),
}


def state(
    step_id: int,
    status: Status = Status.FAILED,
    finished: int | None = 10,
    exit_code: int | None = 1,
    reason: str = "",
) -> StepState:
    info = StepInfo(StepId(step_id), "stage", f"s{step_id}")
    return StepState(info, status, 1, finished, exit_code, reason)


@pytest.mark.parametrize("name", LOGS)
def test_the_most_telling_line_comes_first(make_log: MakeLog, name: str) -> None:
    text, line, why = LOGS[name]
    log = make_log(text.removeprefix("\n").encode())
    first = find_causes([state(1)], {StepId(1): log})[0]
    assert (first.line, first.why) == (line, why)
    assert first.log_id == line


def test_echoes_are_left_out_where_there_is_better(make_log: MakeLog) -> None:
    log = make_log(LOGS["make"][0].removeprefix("\n").encode())
    causes = find_causes([state(1)], {StepId(1): log})
    assert [cause.line for cause in causes] == [4, 6]
    assert all(cause.score > ECHO for cause in causes)


def test_the_first_step_in_time_and_none_that_was_cancelled(make_log: MakeLog) -> None:
    steps = [
        state(1, finished=30),
        state(2, Status.CANCELLED, 5),
        state(3, finished=20),
        state(4, Status.SUCCESS, 1),
        state(5, finished=None),
    ]
    assert [step.info.step_id for step in failed_steps(steps)] == [3, 1, 5]
    logs = {StepId(number): make_log(b"a.c:1:1: error: x\nb.c:2:2: error: y\n") for number in range(1, 6)}
    causes = find_causes(steps, logs)
    assert [(cause.step_id, cause.line) for cause in causes] == [(3, 1), (3, 2), (1, 1), (5, 1)]


def test_the_exit_code_tells_which_of_two_it_was(make_log: MakeLog) -> None:
    log = make_log(b"a.c:1:1: error: x\nrun.sh: foo: command not found\n")
    assert find_causes([state(1, exit_code=127)], {StepId(1): log})[0].line == 2
    assert find_causes([state(1, exit_code=1)], {StepId(1): log})[0].line == 1


def test_what_was_told_of_a_step_without_lines(make_log: MakeLog) -> None:
    step = state(1, reason="the image could not be pulled")
    expected = [Cause(StepId(1), 0, LogId(0), "the image could not be pulled", 0)]
    assert find_causes([step], {StepId(1): make_log(b"")}) == expected
    assert find_causes([step], {}) == expected
    assert find_causes([state(1, Status.SUCCESS)], {}) == []


def test_an_early_error_is_known_from_the_index(make_log: MakeLog) -> None:
    log = make_log(b"a.c:1:1: error: x\n" + b"working\n" * 5000 + b"make: *** [all] Error 2\n")
    index = LevelIndex(log)
    while not index.step(1 << 20).is_done:
        pass
    assert find_causes([state(1)], {StepId(1): log})[0].line == 5002
    assert find_causes([state(1)], {StepId(1): log}, {StepId(1): index.errors})[0].line == 1


def test_the_same_error_is_told_once(make_log: MakeLog) -> None:
    log = make_log(b"".join(b"error: attempt %d failed\n" % number for number in range(50)))
    assert len(find_causes([state(1)], {StepId(1): log})) == 1


@pytest.mark.parametrize("piece", ["a", "a:1", "A.", " ", "Assertion ", "0) ", "(1,", "x: ", "E "])
def test_every_rule_takes_linear_time(piece: str) -> None:
    line = (piece * 2000).encode()
    started = time.process_time()
    for _ in range(20):
        clue_in(line + b" error")
    assert time.process_time() - started < 1
