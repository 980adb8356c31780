"""A build's folder with any damage: what is whole is shown, what is not is named, and nothing falls over."""

import os
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wharf_tui.model.build import BuildInfo, Liveness, StepInfo, StepState
from wharf_tui.model.errors import WharfError
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.lines import GapKind
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.catalogue import summarize
from wharf_tui.results.line_index import BLOCK
from wharf_tui.results.log_cursor import LineAssembler, LogCursor

STEPS = (StepId(1), StepId(2))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A build with everything that a build can have."""
    store = BuildWriter.create(
        tmp_path_factory.mktemp("builds"),
        BuildInfo(
            BuildId(42), steps=tuple(StepState(StepInfo(step_id, "s", f"n{step_id}")) for step_id in STEPS)
        ),
    )
    for step_id in STEPS:
        store.set_status(step_id, Status.RUNNING)
        store.log(step_id).append_many([(number, b"line %d" % number) for number in range(2000)])
        store.log(step_id).add_gap(GapKind.HOLE, "lost", missing=4)
        store.log(step_id).append(None, b"x" * 2 * BLOCK)
        store.add_artifact(step_id, "report.zip")
        store.set_status(step_id, Status.SUCCESS)
    store.freeze(Status.SUCCESS)
    return store.path


def read_everything(path):
    """As a viewer and a server would; errors of ours only."""
    found = {}
    reader = BuildReader.open(path)
    summarize(path)
    for step in reader.info.steps:
        step_id = step.info.step_id
        reader.statuses(step_id)
        reader.artifacts(step_id)
        log = reader.log(step_id)
        log.refresh()
        log.tail(50)
        lines = [(line.log_id, line.at_ns, line.message) for line in log.read(1, log.line_count, 1 << 30)]
        assert len(lines) == log.line_count
        cursor, assembler = LogCursor(log), LineAssembler()
        streamed = []
        while block := cursor.read(30_000):
            streamed += [(line.log_id, line.at_ns, line.message) for line in assembler.feed(block)]
        assert streamed == lines
        for number in range(1, log.line_count, 700):
            assert log.line_of(log.log_id_of(number)) == number
        log.first_line_at(1500)
        found[step_id] = lines
    reader.close()
    return found, reader


@pytest.fixture(scope="module")
def unharmed(whole):
    return read_everything(whole)[0]


def test_the_whole_build(whole):
    found, reader = read_everything(whole)
    assert [len(found[step_id]) for step_id in STEPS] == [2001, 2001]
    assert (reader.liveness, reader.problems) == (Liveness.FROZEN, ())


def flip(raw, at, draw):
    if raw:
        raw[at] ^= 1 << draw(st.integers(0, 7))


def cut(raw, at, _):
    del raw[at:]


def zero(raw, at, _):
    raw[at : at + 5000] = bytes(len(raw[at : at + 5000]))


def write_noise(raw, at, draw):
    noise = draw(st.binary(min_size=1, max_size=50))
    raw[at : at + len(noise)] = noise


def append_noise(raw, _, draw):
    raw += draw(st.binary(min_size=1, max_size=50))


def clear(raw, *_):
    raw.clear()


CHANGES = [flip, cut, zero, write_noise, append_noise, clear]
REPLACEMENTS = [os.mkfifo, os.mkdir, lambda path: None]


def damage(file, draw):
    if replace := draw(st.sampled_from([None, None, *REPLACEMENTS])):
        file.unlink()
        replace(file)
        return
    raw = bytearray(file.read_bytes())
    draw(st.sampled_from(CHANGES))(raw, draw(st.integers(0, max(0, len(raw) - 1))), draw)
    file.write_bytes(raw)


@settings(max_examples=25)
@given(data=st.data())
def test_any_damage(whole, unharmed, tmp_path_factory, data):
    path = tmp_path_factory.mktemp("builds") / whole.name
    shutil.copytree(whole, path)
    files = sorted(file.relative_to(path) for file in path.rglob("*") if file.is_file())
    damaged = data.draw(st.lists(st.sampled_from(files), min_size=1, max_size=3, unique=True))
    for name in damaged:
        damage(path / name, data.draw)
    try:
        found, _ = read_everything(path)
    except WharfError as error:
        found, message = None, error.message
    if found is None:
        assert str(path) in message
        return
    for step_id in STEPS:
        folder = path.joinpath("steps", str(step_id)).relative_to(path)
        if not any(name.parent == folder and name.name in ("logs.log", "gaps.json") for name in damaged):
            assert found[step_id] == unharmed[step_id]
