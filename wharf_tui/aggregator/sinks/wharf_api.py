"""wharf-api as a sink: lines go in through its log stream, in order, each once; the build's status through REST.

wharf-api keeps neither a line's ID nor its step, so that what it has is kept in a ledger of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from wharf_tui.aggregator.sinks.api_client import ApiClient
from wharf_tui.aggregator.sinks.api_delivery import Delivery, letters, link
from wharf_tui.aggregator.sinks.api_ledger import Ledger, StepMark
from wharf_tui.aggregator.sinks.port import (
    Batch,
    BuildState,
    Committed,
    Conclusion,
    Conflict,
    Header,
    PodReport,
    Refusal,
    Registered,
    Run,
)
from wharf_tui.aggregator.sinks.run_lines import RunLine, lines_of
from wharf_tui.model.errors import InputError, StoreError
from wharf_tui.model.ids import StepId
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import now_ns
from wharf_tui.rpc.api_wire import status_word

STREAM_LINES = 1000
"""Lines in one stream: an answer that is lost costs one look at wharf-api's log."""
_NO_STEP = StepId(0)
_PREFIX = b"[aggregator] "


@dataclass(slots=True)
class _Replay:
    """Lines that are handed over again from the first one on: their digest tells whether they are the same."""

    next_log_id: int = 1
    chain: bytes = b""


class WharfApiSink:
    """Copies builds into wharf-api.

    Args:
        client: wharf-api.
        ledger: what it has acknowledged.
    """

    def __init__(self, client: ApiClient, ledger: Ledger) -> None:
        self._client = client
        self._ledger = ledger
        self._delivery = Delivery(client, ledger)
        self._status_words: dict[int, str] = {}
        self._replays: dict[tuple[int, StepId], _Replay] = {}

    @property
    def name(self) -> str:
        """wharf-api's address."""
        return self._client.base

    def open(self) -> None:
        """Nothing is connected before it is needed."""

    def interrupt(self) -> None:
        """Cut the stream that wharf-api does not answer."""
        self._client.close()

    def close(self) -> None:
        """Disconnect."""
        self._client.close()
        self._ledger.close()

    def begin(self, uid: str, header: Header) -> Registered:
        """Find the build in wharf-api and in the ledger.

        Raises:
            InputError: wharf-api has no build of this number, or the number is not known.
        """
        number = int(header.info.build_id)
        if not number:
            raise InputError(
                f"the number of the build from {header.origin} is not known, and wharf-api knows builds by number",
                "Give it with --build-id.",
            )
        self._client.build_status(number)
        self._count_once(number)
        self._delivery.settle(number)
        self._ledger.register(uid, number, header.origin, header.info.epoch)
        found = self._ledger.build(uid)
        assert found is not None
        build, epoch, state = found
        return Registered(build, state, epoch, self._copied_to(build))

    def state_of(self, uid: str) -> BuildState | None:
        """What the ledger says of a build."""
        found = self._ledger.build(uid)
        return found[2] if found else None

    def state_of_origin(self, origin: str) -> BuildState | None:
        """What the ledger says of the newest build from there."""
        return self._ledger.state_of_origin(origin)

    def find_twin(self, origin: str, step_id: StepId, log_id: int, at_ns: int, message: bytes) -> str | None:  # noqa: ARG002 - the port's signature
        """wharf-api keeps no IDs to find a line by, and takes no build without a number anyway."""
        return None

    def commit(self, batch: Batch) -> Committed:
        """Send what is not acknowledged yet, in order."""
        number = int(batch.header.info.build_id)
        self._delivery.settle(number)
        status = batch.header.status
        self._set_status(number, Status.RUNNING if status.is_final else status)
        sent = 0
        for run in batch.runs:
            mark = self._ledger.marks(batch.build).get(run.step_id, StepMark())
            if run.after > mark.acknowledged:
                continue  # what lies before it is not there: the caller goes back
            conflict = self._compare(batch.build, run, mark)
            if conflict is not None:
                return Committed(self._copied_to(batch.build), sent, conflict=conflict)
            count, refusal = self._send(batch, run, mark)
            sent += count
            if refusal is not None:
                return Committed(self._copied_to(batch.build), sent, refusal=refusal)
        self._ledger.set_epoch(batch.build, batch.epoch)
        return Committed(self._copied_to(batch.build), sent)

    def conclude(self, conclusion: Conclusion) -> tuple[str, ...]:
        """Send the build's last status, and mark its end in the ledger."""
        copied = self._copied_to(conclusion.build)
        problems = tuple(
            f"step {step_id}: wharf-api has acknowledged line {copied.get(step_id, 0)}, and the last one is {last}"
            for step_id, last in (conclusion.last_log_ids or {}).items()
            if copied.get(step_id, 0) != last
        )
        status = conclusion.header.status
        self._set_status(int(conclusion.header.info.build_id), status if status.is_final else Status.FAILED)
        state = BuildState.INCOMPLETE if problems else conclusion.state
        self._ledger.set_state(
            conclusion.build, state, "; ".join(filter(None, (conclusion.what_is_missing, *problems)))
        )
        return problems

    def report_pod(self, report: PodReport) -> None:
        """Send it as lines of the build, marked as ours."""
        if report.number is None or self._ledger.has_report(report.pod_uid, report.kind):
            return
        what = f"pod {report.namespace}/{report.pod} {report.kind}: {report.reason} {report.message}".rstrip()
        lines = [
            RunLine(log_id, report.noticed_ns, _PREFIX + text.encode())
            for log_id, text in enumerate((what, *report.events, *report.log), 1)
        ]
        self._count_once(report.number)
        self._delivery.settle(report.number)
        mark = self._ledger.marks(self._report_build(report)).get(_NO_STEP, StepMark())
        wanted = letters(
            self._report_build(report), _NO_STEP, lines[mark.acknowledged :], mark, report.noticed_ns
        )
        _, refusal = self._delivery.deliver(report.number, wanted)
        if refusal is not None:
            raise StoreError(f"wharf-api does not take what became of pod {report.pod}: {refusal.reason}")
        self._ledger.note_report(report.pod_uid, report.kind)

    def _report_build(self, report: PodReport) -> int:
        """Where the ledger keeps how much of a report has been sent."""
        uid = f"report {report.pod_uid} {report.kind}"
        self._ledger.register(uid, report.number or 0, uid, "")
        found = self._ledger.build(uid)
        assert found is not None
        return found[0]

    def _send(self, batch: Batch, run: Run, mark: StepMark) -> tuple[int, Refusal | None]:
        """Send a run's lines that are not acknowledged."""
        if not run.count:
            if run.last_log_id > mark.acknowledged:
                hole = StepMark(run.last_log_id, mark.chain, mark.last_ns)
                self._ledger.pass_over(batch.build, run.step_id, hole)
            return 0, None
        info = batch.header.info
        lines = islice(lines_of(run), max(0, mark.acknowledged - run.first_log_id + 1), None)
        sent = 0
        while part := list(islice(lines, STREAM_LINES)):
            wanted = letters(batch.build, run.step_id, part, mark, info.started_ns or now_ns())
            count, refusal = self._delivery.deliver(int(info.build_id), wanted)
            sent += count
            if refusal is not None:
                return sent, refusal
            mark = wanted[-1].sent.mark
        return sent, None

    def _compare(self, build: int, run: Run, mark: StepMark) -> Conflict | None:
        """Whether lines that are acknowledged already are the same; it takes all of them from the first one on."""
        replay = self._replays.setdefault((build, run.step_id), _Replay())
        if run.first_log_id > mark.acknowledged or run.after + 1 != replay.next_log_id:
            return None
        for line in lines_of(run):
            if line.log_id > mark.acknowledged:
                break
            replay.chain = link(replay.chain, line)
        replay.next_log_id = run.last_log_id + 1
        if run.last_log_id < mark.acknowledged or replay.chain == mark.chain:
            return None
        conflict = Conflict(run.step_id, mark.acknowledged)
        self._ledger.record_alarm(build, conflict)
        self._ledger.set_state(build, BuildState.DISPUTED, "lines came again with another text")
        return conflict

    def _count_once(self, number: int) -> None:
        """Lines that are there before our first one are not ours."""
        if self._ledger.lines_of_number(number) is None:
            self._ledger.set_lines_of_number(number, len(self._client.log(number)))

    def _set_status(self, number: int, status: Status) -> None:
        """Each setting stamps the build's times anew, so it is set only where it differs."""
        word = status_word(status)
        if self._status_words.get(number) == word:
            return
        if self._client.build_status(number) != word:
            self._client.set_build_status(number, word)
        self._status_words[number] = word

    def _copied_to(self, build: int) -> dict[StepId, int]:
        return {step_id: mark.acknowledged for step_id, mark in self._ledger.marks(build).items()}
