"""The store as a whole against plain lists: writes, holes, crashes, damage to what can be rebuilt, readers of all ages.

What must hold at every moment (the properties of a watch): ordered, unique, reliable, resumable.
"""

import random
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from wharf_tui.model.build import BuildInfo, Liveness
from wharf_tui.model.errors import StoreFrozenError
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.line_index import BLOCK
from wharf_tui.results.log_cursor import LineAssembler, LogCursor

STEPS = st.sampled_from([StepId(1), StepId(2)])
TEXTS = (
    st.binary(max_size=12).map(lambda text: text.replace(b"\n", b"").replace(b"\r", b""))
    | st.just(b"2024-02-03T10:00:01Z x")
    | st.sampled_from([3000, BLOCK + 7]).map(lambda size: b"L" * size)
)


class StepModel:
    """What a step's log must hold: texts under their IDs, None where an ID is missing."""

    def __init__(self):
        self.lines: list[bytes | None] = []
        self.torn: list[int] = []
        self.lost: list[int] = []
        self.open: bytes | None = None

    def end_line(self):
        if self.open is not None:
            self.lines.append(self.open)
            self.open = None


class Subscriber:
    """Somebody who reads one step from some line on, and whose place survives the store's crashes."""

    def __init__(self, step_id, after):
        self.step_id = step_id
        self.after = after
        self.last = after
        self.got: list[tuple[int, bytes]] = []
        self.cursor: LogCursor | None = None
        self.assembler = LineAssembler()

    def read(self, reader, max_bytes, blocks):
        log = reader.log(self.step_id)
        log.refresh()
        if self.cursor is None:
            self.cursor, self.assembler = LogCursor(log, self.last), LineAssembler()
        while blocks and (block := self.cursor.read(max_bytes)):
            blocks -= 1
            for line in self.assembler.feed(block):
                self.got.append((line.log_id, line.message))
                self.last = line.log_id


class StoreMachine(RuleBasedStateMachine):
    subscribers = Bundle("subscribers")

    def __init__(self):
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="store-machine-"))
        self.models = {StepId(1): StepModel(), StepId(2): StepModel()}
        self.everybody: list[Subscriber] = []
        self.lives = 0
        self.frozen = False

    @initialize()
    def begin(self):
        self.store = BuildWriter.create(self.root, BuildInfo(BuildId(1)))
        self.epochs = {self.store.info.epoch}
        self.reader = BuildReader.open(self.store.path)

    def teardown(self):
        self.reader.close()
        self.store.close()
        shutil.rmtree(self.root)

    # --- writing ---

    @precondition(lambda self: not self.frozen)
    @rule(step_id=STEPS, texts=st.lists(TEXTS, min_size=1, max_size=4))
    def append(self, step_id, texts):
        model = self.models[step_id]
        model.end_line()
        last = self.store.log(step_id).append_many([(5, text) for text in texts])
        model.lines += texts
        assert last == len(model.lines)

    @precondition(lambda self: not self.frozen)
    @rule(step_id=STEPS, texts=st.lists(TEXTS, min_size=1, max_size=3), ends=st.booleans())
    def print_output(self, step_id, texts, ends):
        model = self.models[step_id]
        last = self.store.log(step_id).append_output(5, b"\n".join(texts) + (b"\n" if ends else b""))
        *whole, rest = [*texts, b""] if ends else texts
        for text in whole:
            model.lines.append((model.open or b"") + text)
            model.open = None
        if rest:
            model.open = (model.open or b"") + rest
        assert last == len(model.lines)

    @precondition(lambda self: not self.frozen)
    @rule(step_id=STEPS)
    def end_line(self, step_id):
        self.store.log(step_id).end_line()
        self.models[step_id].end_line()

    @precondition(lambda self: not self.frozen)
    @rule(step_id=STEPS, missing=st.integers(1, 5))
    def hole(self, step_id, missing):
        model = self.models[step_id]
        model.end_line()
        self.store.log(step_id).add_gap(GapKind.HOLE, "never came", missing=missing)
        model.lines += [None] * missing

    @precondition(lambda self: not self.frozen)
    @rule(step_id=STEPS)
    def lost_before_us(self, step_id):
        model = self.models[step_id]
        model.end_line()
        self.store.log(step_id).add_gap(GapKind.LOST_BEFORE_US, "rotated")
        if len(model.lines) not in model.lost:
            model.lost.append(len(model.lines))

    @precondition(lambda self: not self.frozen)
    @rule(step_id=STEPS)
    def close_log(self, step_id):
        self.store.close_log(step_id)
        self.models[step_id].end_line()

    # --- reading ---

    @rule(target=subscribers, step_id=STEPS, back=st.integers(0, 10))
    def subscribe(self, step_id, back):
        subscriber = Subscriber(step_id, max(0, len(self.models[step_id].lines) - back))
        self.everybody.append(subscriber)
        return subscriber

    @rule(
        subscriber=subscribers,
        max_bytes=st.sampled_from([1, 7, 100, 5000, 1 << 20]),
        blocks=st.integers(1, 50),
    )
    def read(self, subscriber, max_bytes, blocks):
        subscriber.read(self.reader, max_bytes, blocks)

    @rule(subscriber=subscribers)
    def read_all(self, subscriber):
        subscriber.read(self.reader, 1 << 16, -1)
        known = self.known(subscriber)
        assert subscriber.got == known

    @rule(subscriber=subscribers)
    def lose_the_connection(self, subscriber):
        """It resumes from the last whole line that it has."""
        subscriber.cursor = None

    @rule(target=subscribers, subscriber=consumes(subscribers))
    def leave(self, subscriber):
        self.everybody.remove(subscriber)
        return multiple()

    # --- trouble ---

    @precondition(lambda self: not self.frozen and self.lives < 5)
    @rule(
        step_id=STEPS,
        in_flight=st.lists(TEXTS, max_size=2),
        torn=st.binary(max_size=20).map(lambda text: text.replace(b"\n", b"")),
        damage=st.sampled_from(["none", "no index", "noise in index", "short index", "other index"]),
        seed=st.integers(0, 1000),
    )
    def crash(self, step_id, in_flight, torn, damage, seed):
        """The process is gone: what was written is there, and perhaps some of what was just being written."""
        self.lives += 1
        left = self.root / f"life-{self.lives}"
        shutil.copytree(self.store.path, left)
        self.reader.close()
        self.store.close()
        model = self.models[step_id]
        log = left / "steps" / str(step_id) / "logs.log"
        if log.exists() and (in_flight or torn):
            model.end_line()
            with log.open("ab") as file:
                if not log.read_bytes().endswith(b"\n") and log.stat().st_size:
                    file.write(b"\n")
                file.write(
                    b"".join(b"1970-01-01T00:00:00.000000005Z " + text + b"\n" for text in in_flight) + torn
                )
            model.lines += in_flight
            model.open = torn or None
        for each, one in self.models.items():
            if (left / "steps" / str(each) / "logs.log").exists():
                self.damage_index(left / "steps" / str(each), damage, seed)
                if one.open is not None:
                    one.end_line()
                    one.torn.append(len(one.lines))
        unfinished = BuildReader.open(left)
        assert unfinished.liveness is Liveness.UNFINISHED
        for each, one in self.models.items():
            unfinished.log(each).refresh()
            assert unfinished.log(each).last_log_id == len(one.lines)
        unfinished.close()
        self.store = BuildWriter.reopen(left)
        assert self.store.info.epoch not in self.epochs
        self.epochs.add(self.store.info.epoch)
        for each, one in self.models.items():
            if (left / "steps" / str(each) / "logs.log").exists():
                assert self.store.log(each).last_log_id == len(one.lines)
        self.reader = BuildReader.open(left)
        for subscriber in self.everybody:
            subscriber.cursor = None

    @staticmethod
    def damage_index(folder, damage, seed):
        index = folder / "logs.index"
        raw = bytearray(index.read_bytes())
        if damage == "no index":
            index.unlink()
        elif damage == "noise in index":
            raw[seed % len(raw)] ^= 1 + seed % 255
            index.write_bytes(raw)
        elif damage == "short index":
            index.write_bytes(raw[: seed % len(raw)])
        elif damage == "other index":
            index.write_bytes(raw[:16] + random.Random(seed).randbytes(16 * 40))

    @precondition(lambda self: not self.frozen)
    @rule()
    def freeze(self):
        self.store.freeze(Status.SUCCESS)
        self.frozen = True
        for model in self.models.values():
            model.end_line()
        with pytest.raises(StoreFrozenError):
            BuildWriter.reopen(self.store.path)

    # --- what must hold ---

    def known(self, subscriber):
        lines = self.models[subscriber.step_id].lines
        return [
            (log_id, text)
            for log_id, text in enumerate(lines, 1)
            if text is not None and log_id > subscriber.after
        ]

    @invariant()
    def everybody_has_each_line_once_in_order(self):
        for subscriber in self.everybody:
            known = self.known(subscriber)
            assert subscriber.got == known[: len(subscriber.got)]

    @invariant()
    def the_reader_sees_all(self):
        self.reader.refresh()
        assert self.reader.liveness is (Liveness.FROZEN if self.frozen else Liveness.RUNNING)
        for step_id, model in self.models.items():
            log = self.reader.log(step_id)
            log.refresh()
            assert log.last_log_id == len(model.lines)
            assert log.restarts == 0
            assert [gap.after for gap in log.gaps if gap.kind is GapKind.TORN] == model.torn
            assert [gap.after for gap in log.gaps if gap.kind is GapKind.LOST_BEFORE_US] == model.lost
            holes = {
                log_id
                for gap in log.gaps
                if gap.missing
                for log_id in range(gap.first_missing, gap.last_missing + 1)
            }
            assert holes == {log_id for log_id, text in enumerate(model.lines, 1) if text is None}
            if self.frozen and (log.path).exists():
                (last,) = [
                    step.last_log_id for step in self.reader.info.steps if step.info.step_id == step_id
                ]
                assert last == len(model.lines)


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
