"""Brings lines to wharf-api exactly once, though it would take them twice and its answer may be lost.

What is sent is noted before. Where no answer came, wharf-api's own log of the build tells which of it is there.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from wharf_tui.aggregator.sinks.api_client import ApiClient, ApiLine, StreamFailure
from wharf_tui.aggregator.sinks.api_ledger import Ledger, SentLine, StepMark
from wharf_tui.aggregator.sinks.port import Refusal
from wharf_tui.aggregator.sinks.run_lines import RunLine
from wharf_tui.model.errors import InputError
from wharf_tui.model.ids import StepId
from wharf_tui.rpc.api_wire import log_request, message_text

_ATTEMPTS = 2
"""How often a line that wharf-api answers with an error for is sent."""
REST_SECONDS = 0.5
"""A log that has not grown for so long does not grow any more."""
_MICROSECOND = 1000
"""Nanoseconds to which wharf-api's database rounds."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A line with what must be noted of it."""

    sent: SentLine
    text: str


def letters(
    build: int, step_id: StepId, lines: Iterable[RunLine], mark: StepMark, no_time_ns: int
) -> list[Letter]:
    """Make lines ready to be sent, behind ``mark``.

    Args:
        build: the ledger's key.
        step_id: their step.
        lines: the lines.
        mark: how far the step has come before them.
        no_time_ns: the time of lines without one, where no line before them has one.
    """
    found = []
    for line in lines:
        last_ns = line.at_ns if line.at_ns is not None else mark.last_ns
        mark = StepMark(line.log_id, link(mark.chain, line), last_ns)
        text = message_text(line.message)
        sent_ns = last_ns if last_ns is not None else no_time_ns
        found.append(Letter(SentLine(build, step_id, sent_ns, _digest(text), mark), text))
    return found


def link(chain: bytes, line: RunLine) -> bytes:
    """The digest over all lines up to this one."""
    return blake2b(b"%b%d %b" % (chain, line.at_ns or 0, line.message), digest_size=16).digest()


class Delivery:
    """Delivers to one wharf-api."""

    def __init__(self, client: ApiClient, ledger: Ledger) -> None:
        self._client = client
        self._ledger = ledger

    def deliver(self, number: int, wanted: Sequence[Letter]) -> tuple[int, Refusal | None]:
        """Send lines of one step; returns how many are there now, and what stopped it.

        Raises:
            UnreachableError: wharf-api went away; ``settle`` finds out what is there.
            InputError: it cannot be told what is there.
        """
        rest, failures = list(wanted), 0
        while rest:
            self._ledger.sending(number, [letter.sent for letter in rest])
            answer = self._client.send_lines(
                log_request(number, letter.sent.step_id, _log_id(letter), letter.sent.sent_ns, letter.text)
                for letter in rest
            )
            if not isinstance(answer, StreamFailure):
                self._take_answer(number, rest, answer)
                break
            if answer.is_unreachable:
                raise self._client.unreachable(answer.reason)
            arrived = self.settle(number)
            failures = 0 if arrived else failures + 1
            rest = rest[arrived:]
            if failures == _ATTEMPTS:
                sent = rest[0].sent
                return len(wanted) - len(rest), Refusal(sent.step_id, _log_id(rest[0]), answer.reason)
        return len(wanted), None

    def settle(self, number: int) -> int:
        """Find out which lines of a stream that was never answered are there, and note them; how many they are.

        Raises:
            UnreachableError: wharf-api does not answer.
        """
        sent = self._ledger.in_flight(number)
        if not sent:
            return 0
        arrived = how_many_arrived(
            sent, self._log_at_rest(number)[self._ledger.lines_of_number(number) or 0 :]
        )
        if arrived is None:
            raise InputError(
                f"nobody can tell which lines of build {number} came through to wharf-api: a line is missing there, and "
                "lines that were sent behind it are not",
                "Nothing more of this build is sent.",
            )
        self._ledger.acknowledge(number, sent[:arrived])
        return arrived

    def _log_at_rest(self, number: int) -> list[ApiLine]:
        """wharf-api's log of a build, once it does not grow any more: it may still insert what came before the break."""
        lines = self._client.log(number)
        while True:
            time.sleep(REST_SECONDS)
            before, lines = len(lines), self._client.log(number)
            if len(lines) == before:
                return lines

    def _take_answer(self, number: int, sent: Sequence[Letter], inserted: int) -> None:
        """It should have inserted all; where it says that it has not, what is there is looked at."""
        if inserted == len(sent):
            self._ledger.acknowledge(number, [letter.sent for letter in sent])
        elif self.settle(number) != len(sent):
            raise InputError(
                f"wharf-api took {len(sent)} lines of build {number} without an error, and inserted {inserted}",
                "Nothing more of this build is sent.",
            )


def how_many_arrived(sent: Sequence[SentLine], stored: Iterable[ApiLine]) -> int | None:
    """How many of the lines that were sent are stored; None where that cannot be told.

    They are inserted in order, and stop where the stream broke. Lines of others may lie between them.
    """
    arrived, others = 0, []
    for line in stored:
        if arrived < len(sent) and _is_same(sent[arrived], line):
            arrived += 1
        else:
            others.append(line)
    behind = {line.text_digest: line for line in sent[arrived + 1 :]}
    for line in others:
        match = behind.get(_digest(line.text))
        if match is not None and _is_same(match, line):
            return None
    return arrived


def _is_same(sent: SentLine, stored: ApiLine) -> bool:
    is_near = stored.at_ns is None or abs(stored.at_ns - sent.sent_ns) <= _MICROSECOND
    return is_near and _digest(stored.text) == sent.text_digest


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _log_id(letter: Letter) -> int:
    return letter.sent.mark.acknowledged
