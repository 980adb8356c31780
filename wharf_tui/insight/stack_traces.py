"""Tells which lines belong to one stack trace: Python, Java, JavaScript, .NET, Ruby, Go, Rust."""

from __future__ import annotations

import re
from typing import Final

TRACE_HINTS: Final = (
    rb"Traceback \(most recent call last\):|^(?:%s)?\s+at [^ ]|goroutine \d+ \[|stack backtrace:|panicked at |^(?:%s)?panic: "
    rb"|^(?:%s)?\s+from [^ ]+:\d+:in "
)
"""A pattern, in RE2's syntax, that some line near the start of every trace has; ``%s`` is what stands before messages."""

LONGEST_TRACE: Final = 5000
"""Lines of a trace that are taken together."""
_FEWEST_LINES: Final = 3


class TraceFollower:
    """Follows one trace after the other, line by line. Lines are messages without escape codes."""

    def __init__(self) -> None:
        self.first = 0
        """The trace's first line; 0 while there is no trace."""
        self.title = b""
        """The line that says what happened."""
        self._last = 0
        self._is_python = False
        self._is_go = False
        self._in_block = False

    @property
    def is_open(self) -> bool:
        """Whether the next line may belong to the trace."""
        return self.first > 0

    def begin(self, number: int, message: bytes, before: bytes) -> None:
        """Look whether a trace begins with a line, or with the one before it, which is its headline then."""
        self._is_python = message.startswith(_PYTHON)
        self._is_go = bool(_GO_HEAD.match(message))
        if self._is_python or self._is_go or _RUST_HEAD.match(message):
            self.first, self.title = number, message
        elif _FRAME.match(message):
            has_head = bool(before.strip()) and not _FRAME.match(before)
            self.first, self.title = (number - 1, before) if has_head else (number, message)
        else:
            return
        self._last, self._in_block = number, True

    def goes_on(self, number: int, message: bytes) -> bool:
        """Take the next line; whether it may belong to the trace. If not, the trace has ended before it."""
        if number - self.first >= LONGEST_TRACE or number - self._last > _MOST_BLANKS:
            return False
        if not message.strip():
            return True
        if (
            message.startswith((b" ", b"\t"))
            or _LINK.match(message)
            or (self._is_go and _GO_CALL.match(message))
        ):
            self._last, self._in_block = number, True
            return True
        if self._is_python and self._in_block:  # what was raised stands below the block
            self._last, self._in_block, self.title = number, False, message
            return True
        return False

    def so_far(self) -> tuple[int, int, bytes] | None:
        """The trace's first and last line and its title; None where there is none, or it is too short to be one."""
        if not self.is_open or self._last - self.first + 1 < _FEWEST_LINES:
            return None
        return self.first, self._last, self.title

    def end(self) -> tuple[int, int, bytes] | None:
        """The trace as ``so_far`` tells it, which is forgotten then."""
        found = self.so_far()
        self.first = 0
        return found


_MOST_BLANKS: Final = 2
_PYTHON: Final = b"Traceback (most recent call last):"
_FRAME: Final = re.compile(rb"\s+(?:at [^ ].{0,300}?(?:\(|:\d)|from \S+:\d+:in )")
_GO_HEAD: Final = re.compile(rb"panic: |goroutine \d+ \[")
_GO_CALL: Final = re.compile(
    rb"(?:[\w./*-]+[.(]\S*\(.*\)$|created by |goroutine \d+ \[|\[signal |exit status )"
)
_RUST_HEAD: Final = re.compile(rb"thread '.{0,200}' (?:\(\d+\) )?panicked at |stack backtrace:")
_LINK: Final = re.compile(
    rb"Caused by: |Suppressed: |During handling of the above exception|The above exception was the direct cause"
    rb"|Traceback \(most recent call last\):|stack backtrace:|note: |\}$|\.\.\. \d+ more"
)
"""Lines that are not indented, but lead from one part of a trace to the next."""
