"""What a line tells about why a step failed: much (a compiler's error), or only that it did (``make: ***``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from wharf_tui.insight.level_index import WARN_HINTS
from wharf_tui.insight.levels import Level
from wharf_tui.insight.line_level import level_of
from wharf_tui.insight.plain_lines import without_escapes
from wharf_tui.insight.re2_engine import Re2Finder, compile_re2


@dataclass(frozen=True, slots=True)
class Clue:
    """How telling a line is, and why."""

    score: int
    """Higher is more telling; see ``ECHO``."""
    why: str
    """For people: ``compiler error``."""
    exit_codes: tuple[int, ...] = ()
    """Exit codes that go with it."""


ECHO: Final = 20
"""Score of a line that only repeats that something failed."""


def clue_in(message: bytes) -> Clue | None:
    """What a message tells about a failure; None for most lines."""
    text = without_escapes(message[:_LOOKED_AT]).strip()
    hints = _hints()
    if (hints is not None and not hints.is_in(text)) or _SUCCESS.search(text):
        return None
    if _ECHOES.search(text):
        return _ECHO_CLUE
    level = level_of(text)
    if level is not None and level < Level.ERROR:
        return None
    for rule, clue in _RULES:
        if rule.search(text):
            return clue
    if level is None:
        return None
    return _FATAL_LINE if level is Level.FATAL else _ERROR_LINE


@cache
def _hints() -> Re2Finder | None:
    """What every line with a clue has, to pass over the others quickly."""
    return compile_re2(WARN_HINTS + b"|" + _MORE_HINTS, ignore_case=True)


_LOOKED_AT: Final = 1024
_SUCCESS: Final = re.compile(
    rb"(?:\bok|\bPASS(?:ED)?|\bpassed|\bsucceeded|\xe2\x9c\x93|\xe2\x9c\x94)[ .)]*$|^ok\b|^(?:\xe2\x9c[\x93\x94])"
)
_MORE_HINTS: Final = (
    rb"exit|returned|recipe|\bld\b|visit|lifecycle|completed|script|summary|memory|bad_alloc|\boom|no space|quota"
    rb"|sig(?:segv|abrt)|stack overflow|undefined|cannot|unresolved|not recognized|no rule|no such|unknown|assert"
    rb"|caused by|denied|not permitted|eacces|enoent|refused|resolve|resolution|handshake|etimedout|econn|time"
    rb"|unauthorized|authentication|forbidden|deadline|syntax|unexpected|complete successfully"
)
_ECHO_CLUE: Final = Clue(ECHO, "says only that something failed")
_ERROR_LINE: Final = Clue(60, "error line")
_FATAL_LINE: Final = Clue(75, "fatal error line")

_ECHOES: Final = re.compile(
    b"|".join(
        (
            rb"\bexit(?:ed with)?(?: with)? (?:code|status):? \d|returned (?:a )?non-zero (?:exit )?(?:code|status)|ld returned \d",
            rb"make(?:\[\d+\])?: \*\*\* |recipe for target|ninja: build stopped|linker command failed",
            rb"npm (?:ERR!|error) (?:code|errno|Exit status|A complete log|This is probably|lifecycle|path|command)",
            rb"npm (?:ERR!|error)\s*$|ELIFECYCLE|error Command failed|info Visit https",
            rb"(?:BUILD|Build) (?:FAILED|failed)|FAILURE: Build failed|error: build failed|Failed to execute goal",
            rb"could not compile `|aborting due to \d* ?previous error|Some errors have detailed explanations",
            rb"Traceback \(most recent call last\)|Process completed with|Job failed|script returned",
            rb"^(?:=+ )?(?:short test summary|\d+ failed\b)|^FAIL\s*$|^FAIL\t|\* What went wrong:|FAILED \((?:failures|errors)=",
            rb"^Exit code:? \d|failed with (?:exit code|status|error code) \d|did not complete successfully",
        )
    )
)
_RULES: Final = tuple(
    (re.compile(pattern), Clue(score, why, codes))
    for pattern, score, why, codes in (
        (
            (
                rb"\b(?:[Oo]ut of memory|OutOfMemory|heap out of memory|oom-kill|OOMKilled|Cannot allocate memory)"
                rb"|MemoryError\b|std::bad_alloc|memory exhausted"
            ),
            100,
            "out of memory",
            (137, 134),
        ),
        (rb"^Killed$|: Killed$|\bKilled {2,}\S", 96, "killed, as happens when memory runs out", (137, 143)),
        (rb"No space left on device|Disk quota exceeded", 98, "no space left", ()),
        (rb"^panic: |^fatal error: |panicked at ", 95, "panic", (2, 101)),
        (
            rb"[Ss]egmentation fault|core dumped|Bus error|SIGSEGV|SIGABRT|stack overflow\b",
            95,
            "crash",
            (139, 134),
        ),
        (
            rb"[^\s:(]\S*(?::\d+(?::\d+)?|\(\d+(?:,\d+)?\)): (?:fatal |syntax )?error\b",
            92,
            "compiler error",
            (),
        ),
        (rb"^error(?:\[E\d+\]| TS\d+| CS\d+)", 92, "compiler error", ()),
        (
            rb"undefined reference to|undefined symbol|cannot find -l|unresolved external symbol",
            92,
            "linker error",
            (),
        ),
        (
            rb"command not found$|: not found$|is not recognized as an internal",
            92,
            "command that is not there",
            (127,),
        ),
        (
            rb"No rule to make target|no such target|Unknown (?:task|target)",
            92,
            "target that is not there",
            (2,),
        ),
        (
            rb"^\s*--- FAIL: |^FAILED? \S+(?:::|\.)\S|^not ok \d|^(?:\xe2\x9c[\x95-\x98]|\xc3\x97) ",
            90,
            "test that failed",
            (),
        ),
        (
            rb"^test \S+ \.\.\. FAILED$|^(?:FAIL|ERROR): \w+ \(|^\s*\d+\) \S+.*(?:test|spec)",
            90,
            "test that failed",
            (),
        ),
        (
            rb"[Aa]ssertion (?:.{0,200} )?failed|^AssertionError|^E +assert |assertion `|: Assertion `",
            90,
            "assertion",
            (134,),
        ),
        (rb"^Caused by: ", 89, "cause of an exception", ()),
        (
            (
                rb"^(?:E +|Exception in thread \"[^\"]{0,80}\" |Uncaught |Unhandled [Ee]xception[:.] )?"
                rb"(?:[\w$]+[.:]+)*[A-Z]\w*(?:Error|Exception)(?:: |$)"
            ),
            88,
            "exception",
            (),
        ),
        (rb"[Pp]ermission denied|Operation not permitted|EACCES", 86, "permission denied", (126,)),
        (
            rb"No such file or directory|ENOENT|cannot find the (?:file|path)|Cannot find module",
            85,
            "file that is not there",
            (),
        ),
        (
            (
                rb"[Cc]onnection refused|Could not resolve host|[Tt]emporary failure in name resolution|TLS handshake"
                rb"|ETIMEDOUT|ECONNRE|i/o timeout|Connection timed out"
            ),
            84,
            "network error",
            (),
        ),
        (
            rb"unauthorized|authentication required|403 Forbidden|401 Unauthorized|access denied",
            84,
            "access denied",
            (),
        ),
        (
            rb"[Tt]imed? ?out after|[Tt]imeout (?:exceeded|expired|of \d)|deadline exceeded",
            84,
            "time ran out",
            (124,),
        ),
        (
            rb"syntax error|SyntaxError|unexpected (?:token|end of file|EOF)|parse error",
            84,
            "syntax error",
            (2,),
        ),
        (rb"^(?:fatal|FATAL): ", 80, "fatal error line", (128,)),
        (rb"^[Ee]rror: |: error: |^ERROR: ", 70, "error line", ()),
    )
)
