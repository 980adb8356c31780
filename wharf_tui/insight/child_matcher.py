"""Runs patterns that only Python's engine has (look-around, back-references) in a child process.

Such a pattern can take for ever on a short line. The child ends itself then, and the program never waits for it.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from array import array
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from wharf_tui.insight import regex_child
from wharf_tui.insight.line_form import STAMPED, LineForm
from wharf_tui.insight.line_set import bitset
from wharf_tui.insight.pattern import Pattern
from wharf_tui.insight.plain_lines import as_utf8, split_lines
from wharf_tui.model.errors import RunError, UsageError, WharfError

_PATIENCE_SECONDS: Final = 0.005
"""How long a slice waits for the child."""
_PATIENCE_FOR_SPANS_SECONDS: Final = 0.1


class ChildMatcher:
    """Looks for a regular expression of Python's. The child is started with the first question."""

    set_count = 1

    def __init__(self, pattern: Pattern, form: LineForm = STAMPED) -> None:
        self._form = form
        self._lines = _Child(pattern)
        self._spans = _Child(pattern)
        self._asked: tuple[bytes, Future[bytes]] | None = None

    def match(self, data: bytes) -> tuple[int] | None:
        """As ``LineMatcher.match``.

        Raises:
            UsageError: the pattern takes too long.
            RunError: no child can be started.
        """
        if self._asked is None or self._asked[0] is not data:
            text = b"\n".join(self._form.messages(split_lines(as_utf8(self._form.without_escapes(data)))))
            self._asked = data, self._lines.ask(regex_child.MATCH_LINES, text)
        try:
            flags = self._asked[1].result(_PATIENCE_SECONDS)
        except TimeoutError:
            return None
        self._asked = None
        return (bitset(flags),)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where the pattern stands in a text, in characters; nothing where that takes too long."""
        try:
            answer = self._spans.ask(regex_child.FIND_SPANS, text.encode("utf-8", "replace"))
            edges = array("Q", answer.result(_PATIENCE_FOR_SPANS_SECONDS))
        except (TimeoutError, WharfError):
            return []
        return list(zip(edges[::2], edges[1::2], strict=True))

    def close(self) -> None:
        """End the child processes."""
        self._lines.close()
        self._spans.close()


class _Child:
    """One child process and the thread that talks to it."""

    def __init__(self, pattern: Pattern) -> None:
        self._pattern = pattern
        self._talk = ThreadPoolExecutor(1, "pattern")
        self._mutex = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._failure: WharfError | None = None
        self._closed = False

    def ask(self, kind: bytes, data: bytes) -> Future[bytes]:
        return self._talk.submit(self._exchange, kind, data)

    def close(self) -> None:
        with self._mutex:
            self._closed = True
            if self._process is not None:
                self._process.kill()
        self._talk.shutdown(wait=True, cancel_futures=True)
        if self._process is not None:
            self._process.communicate()

    def _exchange(self, kind: bytes, data: bytes) -> bytes:
        if self._failure is not None:
            raise self._failure
        try:
            if self._process is None:
                self._start()
                ignoring = self._pattern.ignore_case
                self._call(
                    regex_child.COMPILE_IGNORING_CASE if ignoring else regex_child.COMPILE,
                    self._pattern.encoded,
                )
            return self._call(kind, data)
        except (OSError, EOFError) as error:
            self._failure = UsageError(
                f"the pattern {self._pattern.text} took too long, and was stopped",
                "Say it without look-around and back-references, and without one repetition inside another.",
            )
            raise self._failure from error

    def _start(self) -> None:
        with self._mutex:
            if self._closed:
                raise EOFError
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(Path(regex_child.__file__))],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,  # an interrupt typed at the terminal is not meant for it
                )
            except OSError as error:
                self._failure = RunError(
                    f"cannot start a process to look for {self._pattern.text}: {error.strerror or error}",
                    "Say it without look-around and back-references; then no process is needed.",
                )
                raise self._failure from error

    def _call(self, kind: bytes, data: bytes) -> bytes:
        assert self._process is not None
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None
        assert answers is not None
        requests.write(regex_child.REQUEST.pack(kind, len(data)) + data)
        requests.flush()
        (size,) = regex_child.ANSWER.unpack(
            _read(answers.read(regex_child.ANSWER.size), regex_child.ANSWER.size)
        )
        return _read(answers.read(size), size)


def _read(data: bytes, size: int) -> bytes:
    if len(data) < size:
        raise EOFError
    return data
