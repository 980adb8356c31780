"""Run a build, then look at what was kept."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import resource
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND
from wharf_tui.model.status import Status
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.runtimes.process.runtime import GRACE_SECONDS


def only_build(environment: dict[str, str]) -> Path:
    return next(Path(environment["WHARF_TUI_BUILDS"]).glob("wharf-cmd-build-*"))


def test_a_build_is_printed_kept_and_printed_again(wharf_tui, definition) -> None:
    folder = definition(hello="echo one; echo two", world="echo three >&2; printf four")
    ran = wharf_tui("run", str(folder), "--runtime", "process")
    assert ran.returncode == 0
    assert set(ran.stdout.splitlines()) == {
        b"build/hello | one",
        b"build/hello | two",
        b"build/world | three",
        b"build/world | four",
    }
    assert b"Build 1: Success" in ran.stderr
    printed = wharf_tui("logs", "latest")
    assert printed.returncode == 0
    assert sorted(printed.stdout.splitlines()) == sorted(ran.stdout.splitlines())


def test_a_failed_build_says_which_step_and_ends_with_1(wharf_tui, definition) -> None:
    ran = wharf_tui(
        "run", str(definition(good="true", bad="echo oh no; exit 9")), "--runtime", "process", "--plain"
    )
    assert ran.returncode == 1
    assert b"Failed step: build/bad (exit code 9)" in ran.stderr


def test_json_has_every_field(wharf_tui, definition) -> None:
    wharf_tui("run", str(definition(only=r"printf 'a\tb\377c\n'")), "--runtime", "process")
    record = json.loads(wharf_tui("logs", "1", "--output", "json").stdout)
    assert record["timestamp"].endswith("Z")
    assert {key: record[key] for key in ("stepId", "logId", "message", "step", "stage", "messageBase64")} == {
        "stepId": 1,
        "logId": 1,
        "message": "a\tb�c",
        "step": "only",
        "stage": "build",
        "messageBase64": "YQli/2M=",
    }


def test_one_step_by_number_name_or_address_with_ids(wharf_tui, definition) -> None:
    wharf_tui("run", str(definition(a="echo x; echo y", b="echo z")), "--runtime", "process")
    for name in ("1", "a", "build/a"):
        assert wharf_tui("logs", "latest", "--step", name, "--ids").stdout == b"     1 x\n     2 y\n"
    refused = wharf_tui("logs", "latest", "--step", "nope")
    assert refused.returncode == 2
    assert b"1 (build/a), 2 (build/b)" in refused.stderr


def test_bytes_in_a_pipe_are_the_bytes_of_the_step(wharf_tui, definition) -> None:
    wharf_tui("run", str(definition(only=r"printf '\033[31mred\000\377\n'")), "--runtime", "process")
    assert wharf_tui("logs", "latest").stdout == b"\x1b[31mred\x00\xff\n"


def test_runtime_must_be_named_when_nothing_answers(wharf_tui, definition, environment) -> None:
    environment |= {"DOCKER_HOST": "unix:///no/such/docker.sock", "KUBECONFIG": "/no/such/kubeconfig"}
    done = wharf_tui("run", str(definition(a="true")))
    assert done.returncode == 4
    assert b"--runtime process" in done.stderr
    assert not list(Path(environment["WHARF_TUI_BUILDS"]).glob("wharf-cmd-build-*"))


def test_broken_yaml_tells_line_and_column_of_every_error(wharf_tui, tmp_path: Path) -> None:
    (tmp_path / ".wharf-ci.yml").write_text(
        "s:\n  a:\n    container:\n      cmds: [x]\n  b:\n    nonsense: {}\n"
    )
    done = wharf_tui("run", "--runtime", "process")
    assert done.returncode == 2
    assert b"3:5" in done.stderr
    assert b"6:5" in done.stderr


@pytest.mark.parametrize("runtime", ["docker", "kubernetes"])
def test_a_place_that_cannot_be_reached_is_exit_4_and_the_build_says_why(
    wharf_tui, definition, environment, runtime: str
) -> None:
    environment |= {"DOCKER_HOST": "unix:///no/such/docker.sock", "KUBECONFIG": "/no/such/kubeconfig"}
    done = wharf_tui("run", str(definition(a="true")), "--runtime", runtime)
    assert done.returncode == 4
    info = BuildReader.open(only_build(environment)).info
    assert info.result is Status.FAILED
    assert info.problem in done.stderr.decode()


def test_ctrl_c_cancels_and_ends_with_130(definition, environment, tmp_path: Path) -> None:
    folder = definition(long="echo up; sleep 1000")
    process = subprocess.Popen(
        [*COMMAND, "run", str(folder), "--runtime", "process"],
        stdout=subprocess.PIPE,
        env=environment,
        cwd=tmp_path,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"build/long | up\n"
    process.send_signal(signal.SIGINT)
    process.stdout.close()
    assert process.wait(timeout=30) == 130
    step = BuildReader.open(only_build(environment)).info.steps[0]
    assert (step.status.value, step.reason) == ("Cancelled", "cancelled by SIGINT")


def test_ctrl_c_twice_ends_a_step_that_does_not_want_to_end(definition, environment, tmp_path: Path) -> None:
    folder = definition(stubborn="trap 'echo asked' TERM; echo up; while true; do sleep 0.05 || true; done")
    process = subprocess.Popen(
        [*COMMAND, "run", str(folder), "--runtime", "process"],
        stdout=subprocess.PIPE,
        env=environment,
        cwd=tmp_path,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"build/stubborn | up\n"
    process.send_signal(signal.SIGINT)
    while process.stdout.readline() != b"build/stubborn | asked\n":
        pass  # the shell may tell of a command that was ended
    before = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    assert time.monotonic() - before < GRACE_SECONDS / 2
    process.stdout.close()
    (step,) = BuildReader.open(only_build(environment)).info.steps
    assert (step.status, step.exit_code) == (Status.CANCELLED, 137)


def test_a_killed_program_leaves_an_unfinished_build_that_can_be_read(
    definition, environment, tmp_path, wharf_tui
) -> None:
    folder = definition(long="echo $$ > pid; echo one; echo two; printf torn; sleep 1000")
    process = subprocess.Popen(
        [*COMMAND, "run", str(folder), "--runtime", "process"],
        stdout=subprocess.PIPE,
        env=environment,
        cwd=tmp_path,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"build/long | one\n"
    assert process.stdout.readline() == b"build/long | two\n"
    process.kill()
    process.wait(timeout=30)
    process.stdout.close()
    os.killpg(int((folder / "pid").read_text()), signal.SIGKILL)
    printed = wharf_tui("logs", "latest")
    assert printed.returncode == 3
    assert printed.stdout.splitlines()[:2] == [b"one", b"two"]
    assert b"unfinished" in printed.stderr
    assert b"unfinished" in wharf_tui("builds").stdout


def test_a_full_disk_gets_one_clear_message(definition, environment, tmp_path: Path) -> None:
    folder = definition(much="yes | head -c 5000000")
    done = subprocess.run(
        [*COMMAND, "run", str(folder), "--runtime", "process"],
        capture_output=True,
        env=environment,
        cwd=tmp_path,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)),
    )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert done.stderr.count(b"cannot write") == 1
    assert b"logs.log" in done.stderr


def test_builds_are_listed_shown_and_pruned(wharf_tui, definition, environment) -> None:
    folder = definition(a="true")
    for _ in range(3):
        wharf_tui("run", str(folder), "--runtime", "process")
    listed = [
        json.loads(line) for line in wharf_tui("builds", "list", "--output", "json").stdout.splitlines()
    ]
    assert [build["buildId"] for build in listed] == [3, 2, 1]
    assert b"build/a" in wharf_tui("builds", "show", "2").stdout
    assert wharf_tui("builds", "prune", "--keep", "1", "--yes").returncode == 0
    assert len(list(Path(environment["WHARF_TUI_BUILDS"]).glob("wharf-cmd-build-*"))) == 1


def test_a_folder_of_builds_is_no_build_and_its_builds_are_named(wharf_tui, definition, environment) -> None:
    wharf_tui("run", str(definition(a="true")), "--runtime", "process")
    folder = Path(environment["WHARF_TUI_BUILDS"])
    (name,) = (path.name for path in folder.glob("wharf-cmd-build-*"))
    refused = wharf_tui("logs", str(folder))
    assert refused.returncode == 2
    assert f"{folder} holds builds" in refused.stderr.decode()
    assert name in refused.stderr.decode()


def test_a_program_killed_before_its_first_write_leaves_an_unfinished_build(environment, wharf_tui) -> None:
    folder = Path(environment["WHARF_TUI_BUILDS"]) / "wharf-cmd-build-00007-abcd"
    folder.mkdir(parents=True)
    (folder / "build.lock").touch()
    assert wharf_tui("logs", "7").returncode == 3
    assert b"unfinished" in wharf_tui("builds").stdout


def test_a_terminal_that_takes_nothing_does_not_hold_up_the_build(
    definition, environment, tmp_path: Path
) -> None:
    """Nobody reads what the viewer draws: its loop stands still, and the stages go on."""
    folder = definition(
        chatty="i=0; while [ $i -lt 150 ]; do seq $i $((i + 300)); i=$((i + 1)); sleep 0.02; done"
    )
    with (folder / ".wharf-ci.yml").open("a") as file:
        file.write("later:\n  last:\n    container:\n      image: none\n      cmds: [echo the end]\n")
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execve(
            sys.executable,
            [*COMMAND, "run", str(folder), "--runtime", "process"],
            {**environment, "TERM": "xterm"},
        )
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    os.read(terminal, 10)
    try:
        deadline = time.monotonic() + 40
        while BuildReader.open(only_build(environment)).info.result is None:
            assert time.monotonic() < deadline, "the build stands still"
            time.sleep(0.05)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)
    last = BuildReader.open(only_build(environment)).info.steps[1]
    assert (last.info.address, last.status) == ("later/last", Status.SUCCESS)


def test_a_terminal_that_goes_away_ends_viewer_and_build(definition, environment, tmp_path: Path) -> None:
    folder = definition(long="echo $$ > pid; echo up; sleep 1000")
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execve(
            sys.executable,
            [*COMMAND, "run", str(folder), "--runtime", "process"],
            {**environment, "TERM": "xterm"},
        )
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    while b"up" not in os.read(terminal, 65536):
        pass
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    assert BuildReader.open(only_build(environment)).info.steps[0].reason == "cancelled by SIGHUP"
