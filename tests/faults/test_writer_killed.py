"""A writer that is killed at any moment: what it was promised is there, once, and nothing is passed off as whole."""

import random
import subprocess
import sys
import zlib
from itertools import groupby
from pathlib import Path

import pytest

from wharf_tui.model.build import Liveness
from wharf_tui.model.ids import StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.catalogue import list_builds

LIVES = 30
SCRIPT = Path(__file__).with_name("killed_writer.py")


class Witness:
    """Remembers what the writers were promised, and looks whether it is so."""

    def __init__(self) -> None:
        self.path = ""
        self.lines: dict[tuple[int, int], int] = {}
        self.statuses: dict[int, list[str]] = {}

    def hear(self, told: str) -> None:
        kind, _, rest = told.partition(" ")
        assert kind != "error", rest
        if kind == "path":
            self.path = rest
        elif kind == "line":
            step_id, log_id, checksum = map(int, rest.split())
            assert (step_id, log_id) not in self.lines
            self.lines[step_id, log_id] = checksum
        elif kind == "status":
            step_id_text, word = rest.split()
            self.statuses.setdefault(int(step_id_text), []).append(word)

    def look(self) -> int:
        """Compare with the store; returns how many lines are torn."""
        reader = BuildReader.open(Path(self.path))
        assert reader.problems == ()
        serials = []
        torn_lines = 0
        found_ids = set()
        for step_id in (StepId(1), StepId(2)):
            log = reader.log(step_id)
            log.refresh()
            torn = {gap.after for gap in log.gaps if gap.kind is GapKind.TORN}
            assert len(torn) == len(log.gaps)
            torn_lines += len(torn)
            if log.has_unfinished_line:
                torn.add(log.last_log_id)
            for number, line in enumerate(log.read(1, log.line_count, 1 << 30), 1):
                assert line.log_id == number
                found_ids.add((step_id, number))
                if (promised := self.lines.get((step_id, number))) is not None:
                    assert zlib.crc32(line.message) == promised
                    assert number not in torn
                if number not in torn:
                    serial, checksum, payload = line.message.split(b" ", 2)
                    assert zlib.crc32(b"%s %s" % (serial, payload)) == int(checksum, 16)
                    serials.append((step_id, int(serial)))
            assert serials == sorted(serials)
            words = [event.status.value for event in reader.statuses(step_id)]
            events = iter(words)
            assert all(word in events for word, _ in groupby(self.statuses.get(step_id, [])))
            assert [event.event_id for event in reader.statuses(step_id)] == list(range(1, len(words) + 1))
        assert set(self.lines) <= found_ids
        assert len({serial for _, serial in serials}) == len(serials)
        reader.close()
        return torn_lines


@pytest.fixture
def lives(tmp_path):
    process = subprocess.Popen(
        [sys.executable, SCRIPT, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    yield process
    process.communicate()


def one_life(process, witness, seed, until, microseconds=0):
    process.stdin.write(f"{witness.path or 'new'} {seed} {until} {microseconds}\n")
    process.stdin.flush()
    for told in process.stdout:
        if told in ("killed\n", "ended\n"):
            return told.strip()
        witness.hear(told.rstrip("\n"))
    raise AssertionError("the writers are gone")


def test_a_writer_that_is_killed_at_any_moment(lives, tmp_path):
    witness = Witness()
    chance = random.Random(4711)
    kills = 0
    for seed in range(1, LIVES + 1):
        until = chance.choice(["fork", "open", "open", "open", "half"])
        kills += one_life(lives, witness, seed, until, chance.randint(1, 20_000)) == "killed"
        if not witness.path:  # killed before it could say where
            for left in tmp_path.iterdir():
                assert BuildReader.open(left).liveness in (Liveness.UNFINISHED, Liveness.UNKNOWN)
            continue
        witness.look()
        (summary,) = [build for build in list_builds(tmp_path, tmp_path) if str(build.path) == witness.path]
        assert (summary.liveness, summary.status) == (Liveness.UNFINISHED, Status.UNKNOWN)
    assert kills == LIVES
    assert len(witness.lines) > 100
    assert one_life(lives, witness, LIVES + 1, "end") == "ended"
    assert witness.look() > 0
    reader = BuildReader.open(Path(witness.path))
    assert (reader.liveness, reader.status) == (Liveness.FROZEN, Status.SUCCESS)
    for step in reader.info.steps:
        reader.log(step.info.step_id).refresh()
        assert step.last_log_id == reader.log(step.info.step_id).last_log_id
    reader.close()
