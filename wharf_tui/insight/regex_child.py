"""The program of a child process that matches one regular expression of Python's, and ends itself if that takes long.

It imports nothing of the package, so that it starts quickly. A request on standard input is a kind, a length and data;
its answer on standard output is a length and data.
"""

from __future__ import annotations

import faulthandler
import os
import re
import struct
import sys
import warnings
from array import array
from itertools import islice

REQUEST = struct.Struct(">cQ")
ANSWER = struct.Struct(">Q")
COMPILE, COMPILE_IGNORING_CASE, MATCH_LINES, FIND_SPANS = b"c", b"i", b"l", b"s"
SECONDS = 3
"""How long a request may take: time enough for megabytes of text, unless the pattern runs wild."""
MOST_SPANS = 500
"""Matches within one line that are told at most."""


def main() -> None:
    """Answer requests until there are no more."""
    warnings.simplefilter("ignore")
    pattern = re.compile("")
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    with open(os.devnull, "w") as nowhere:
        while header := requests.read(REQUEST.size):
            kind, size = REQUEST.unpack(header)
            text = requests.read(size).decode("utf-8", "replace")
            # The watch is a thread of C's: it works even while the engine holds the interpreter.
            faulthandler.dump_traceback_later(SECONDS, exit=True, file=nowhere)
            if kind in {COMPILE, COMPILE_IGNORING_CASE}:
                pattern = re.compile(text, re.IGNORECASE if kind == COMPILE_IGNORING_CASE else 0)
                answer = b""
            elif kind == MATCH_LINES:
                answer = bytes(pattern.search(line) is not None for line in text.split("\n"))
            else:
                answer = _spans(pattern, text)
            faulthandler.cancel_dump_traceback_later()
            answers.write(ANSWER.pack(len(answer)) + answer)
            answers.flush()


def _spans(pattern: re.Pattern[str], text: str) -> bytes:
    found = (match.span() for match in pattern.finditer(text))
    return array(
        "Q", [edge for span in islice((s for s in found if s[1] > s[0]), MOST_SPANS) for edge in span]
    ).tobytes()


if __name__ == "__main__":
    main()
