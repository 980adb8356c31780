"""A build's folder from a stranger: links, pipes and devices are refused by name, and nothing hangs."""

import os
import socket
import stat
from pathlib import Path

import pytest

from wharf_tui.model.errors import InputError, StoreError, WharfError
from wharf_tui.model.ids import StepId
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.catalogue import list_builds
from wharf_tui.results.log_reader import LogReader
from wharf_tui.results.log_writer import LogWriter

pytestmark = pytest.mark.timeout(20)
ONE = StepId(1)


@pytest.fixture
def build(tmp_path):
    path = tmp_path / "builds" / "wharf-cmd-build-00042-1"
    (path / "steps" / "1").mkdir(parents=True)
    (path / "build.json").write_text(
        '{"format":1,"buildId":42,"steps":[{"id":1,"status":"Success"},{"id":7}]}'
    )
    (path / "steps" / "1" / "logs.log").write_bytes(b"a line\n")
    return path


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.mkdir()
    for name in ("logs.log", "status.json", "build.json", "gaps.json"):
        (path / name).write_bytes(b'{"secret":"secret"}\n')
    return path


def link_out(path):
    path.symlink_to(path.parents[4] / "secret" / path.name)


def link_to_endless(path):
    path.symlink_to("/dev/zero")


def link_to_itself(path):
    path.symlink_to(path.name)


def make_socket(path):
    directory = Path.cwd()
    os.chdir(path.parent)  # a socket's name must be short
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(directory)


def make_device(path):
    if os.geteuid() != 0:
        pytest.skip("only root may make a device")
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("no device can be made here")


TRAPS = [os.mkfifo, os.mkdir, link_out, link_to_endless, link_to_itself, make_socket, make_device]


@pytest.mark.parametrize("trap", TRAPS)
def test_a_log_that_is_none(build, secret, trap):
    log = build / "steps" / "1" / "logs.log"
    log.unlink()
    trap(log)
    reader = BuildReader.open(build)
    with pytest.raises(InputError, match=r"logs\.log"):
        reader.log(ONE).refresh()
    assert (reader.log(ONE).line_count, reader.log(ONE).read(1, 9)) == (0, [])
    if trap is not os.mkdir:
        assert any("logs.log" in problem for problem in reader.problems)
    with pytest.raises(InputError, match=r"logs\.log"):
        reader.log(ONE).tail(9)
    with pytest.raises(StoreError, match=r"logs\.log"):
        LogWriter(build / "steps" / "1")
    assert (secret / "logs.log").read_bytes() == b'{"secret":"secret"}\n'
    reader.close()


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("name", ["status.json", "artifacts.json", "gaps.json", "logs.index"])
def test_a_file_beside_the_log_that_is_none(build, secret, trap, name):
    trap(build / "steps" / "1" / name)
    reader = BuildReader.open(build)
    reader.log(ONE).refresh()
    assert [line.message for line in reader.log(ONE).read(1, 9)] == [b"a line"]
    assert reader.log(ONE).gaps == ()
    assert reader.artifacts(ONE) == ()
    assert bool(reader.problems) == (name == "status.json")
    reader.close()


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("name", ["build.json", "build.lock"])
def test_a_file_of_the_build_that_is_none(build, trap, name, secret):
    (build / name).unlink(missing_ok=True)
    trap(build / name)
    reader = BuildReader.open(build)
    assert reader.info.build_id == 42
    assert bool(reader.problems) == (name == "build.json")
    assert len(list_builds(build.parent, build.parent)) == 1
    with pytest.raises(WharfError, match=r"build"):
        BuildWriter.reopen(build)
    assert (secret / "build.json").read_bytes() == b'{"secret":"secret"}\n'


def test_a_step_behind_a_link(build, secret):
    (build / "steps" / "7").symlink_to(secret)
    (build / "steps" / "8").symlink_to(secret)
    reader = BuildReader.open(build)
    assert [step.info.step_id for step in reader.info.steps] == [1, 7]
    assert not reader.log(StepId(7)).refresh()
    assert reader.artifacts(StepId(7)) == ()
    assert reader.log(StepId(7)).line_count == 0


def test_steps_behind_a_link(build, secret):
    (build / "steps").rename(secret / "steps")
    (build / "steps").symlink_to(secret / "steps")
    reader = BuildReader.open(build)
    reader.log(ONE).refresh()
    assert reader.log(ONE).line_count == 0
    assert any("steps" in problem for problem in reader.problems)


def test_a_log_of_nothing_but_a_hole_in_the_file_system(build):
    """Ten gigabytes that are not there: looked at in slices, never taken into memory."""
    with (build / "steps" / "1" / "logs.log").open("ab") as file:
        file.truncate(10 * 1024**3)
    reader = LogReader(build / "steps" / "1", take_unfinished_line=True)
    assert reader.tail(10) == []
    assert reader.refresh(budget_bytes=1 << 20)
    assert (reader.line_count, reader.indexed, reader.is_indexed) == (1, 1 << 20, False)
    assert [line.message for line in reader.read(1, 9)] == [b"a line"]
    reader.close()


def test_very_many_steps(build):
    for number in range(2, 1002):
        (build / "steps" / str(number)).mkdir()
    assert len(BuildReader.open(build).info.steps) == 1001
