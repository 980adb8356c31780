"""``wharf-tui aggregate`` as a user runs it."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from tests.aggregator.oracle import EXACT, judge, query
from tests.fakes.served_builds import serving
from wharf_tui.model.ids import StepId

COMMAND = (sys.executable, "-m", "wharf_tui")


@pytest.fixture
def environment(tmp_path):
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith(("WHARF_", "XDG_", "KUBE"))},
        "WHARF_TUI_BUILDS": str(tmp_path / "own"),
        "TMPDIR": str(tmp_path),
        "HOME": str(tmp_path / "home"),
    }


@pytest.fixture
def wharf_tui(environment, tmp_path):
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*COMMAND, *arguments],
            capture_output=True,
            text=True,
            errors="surrogateescape",
            env=environment,
            cwd=tmp_path,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


@pytest.fixture
def started(environment, tmp_path):
    """Start the command, and stop what is left of it at the end."""
    processes = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*COMMAND, *arguments], stderr=subprocess.PIPE, text=True, env=environment, cwd=tmp_path
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_stored_builds_go_into_a_file_and_come_out_again(wharf_tui, make_build, tmp_path) -> None:
    store = make_build(lines=40)
    done = wharf_tui("aggregate", "--builds", str(tmp_path / "builds"), "--to", "sqlite:///db/x.db")
    assert (done.returncode, "cannot" in done.stderr or "unable" in done.stderr) == (1, True)
    (tmp_path / "db").mkdir()
    done = wharf_tui("aggregate", "--builds", str(tmp_path / "builds"), "--to", "sqlite:///db/x.db")
    assert done.returncode == 0
    assert done.stdout == ""
    assert re.search(r"INFO 1 build: 1 complete; 80 lines in", done.stderr)
    assert judge(f"sqlite:///{tmp_path}/db/x.db", store.path) == EXACT


def test_this_users_builds_are_the_default(wharf_tui, make_build, tmp_path) -> None:
    make_build(lines=5, folder=tmp_path / "own")
    done = wharf_tui("aggregate", "--builds", "--to", "sqlite:///x.db")
    assert done.returncode == 0
    assert query(f"sqlite:///{tmp_path}/x.db", "SELECT count(*) FROM builds") == [(1,)]


def test_an_incomplete_build_is_exit_3_and_json_lines_tell_why(wharf_tui, make_build, tmp_path) -> None:
    make_build(lines=5, frozen=False).close()
    done = wharf_tui(
        "aggregate", "--builds", str(tmp_path / "builds"), "--to", "sqlite:///x.db", "--log", "json"
    )
    assert done.returncode == 3
    entries = [json.loads(line) for line in done.stderr.splitlines()]
    assert entries[0]["level"] == "warning"
    assert "is incomplete: its worker never ended it" in entries[0]["message"]
    assert entries[0]["lines"] == 10


async def test_a_worker_at_an_address(wharf_tui, make_build, tmp_path) -> None:
    store = make_build(lines=100)
    async with serving(store.path) as address:
        arguments = ("aggregate", "--from", address, "--to", "sqlite:///x.db", "--spool", "spool")
        for _ in range(2):
            done = await asyncio.to_thread(wharf_tui, *arguments)
            assert done.returncode == 0
    assert judge(f"sqlite:///{tmp_path}/x.db", store.path) == EXACT


def test_nobody_at_the_address_is_exit_4(wharf_tui) -> None:
    done = wharf_tui("aggregate", "--from", "127.0.0.1:1", "--to", "sqlite:///x.db", "--give-up", "0")
    assert done.returncode == 4
    assert "127.0.0.1:1 does not answer" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--to", "sqlite:///x.db"), "nothing to copy from"),
        (("--builds", "--to", "mysql://x/y"), "is no database"),
        (("--builds", "--to", "sqlite:///x.db", "--build-id", "3"), "--build-id needs exactly one --from"),
        (("--builds", "--to", "sqlite:///x.db", "--reap"), "need --kubernetes"),
        (("--kubernetes", "--to", "sqlite:///x.db"), "no Kubernetes cluster is configured"),
        (("--from", "nowhere:x", "--to", "sqlite:///x.db"), "is no address"),
    ],
)
def test_bad_usage_is_told_in_words(wharf_tui, arguments, words) -> None:
    done = wharf_tui("aggregate", *arguments)
    assert done.returncode in {2, 4}
    assert words in done.stderr


def wait_for(process: subprocess.Popen[str], words: str) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return line
    raise AssertionError(f"it never said {words!r}")


def test_following_it_ends_cleanly_when_asked_and_answers_meanwhile(started, make_build, tmp_path) -> None:
    store = make_build(lines=30, frozen=False)
    process = started(
        *("aggregate", "--builds", str(tmp_path / "builds"), "--to", "sqlite:///x.db"),
        *("--follow", "--metrics", "127.0.0.1:0"),
    )
    port = wait_for(process, "metrics and health on").rsplit(":", 1)[1].strip()
    deadline = time.monotonic() + 30
    while True:
        text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
        if "wharf_aggregator_lines_total 60" in text:
            break
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz").read() == b"ok\n"
    store.log(StepId(1)).append(7, b"the last one")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    assert "Traceback" not in process.stderr.read()
    store.close()


def test_once_it_ends_as_interrupted_when_stopped_before_the_end(started, make_build, tmp_path) -> None:
    store = make_build(lines=30, frozen=False)
    process = started("aggregate", "--builds", str(tmp_path / "builds"), "--to", "sqlite:///x.db")
    deadline = time.monotonic() + 30
    database = tmp_path / "x.db"
    while (
        not database.exists()
        or not query(f"sqlite:///{database}", "SELECT count(*) FROM sqlite_master")[0][0]
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    store.close()


def test_in_a_terminal_there_is_a_line_of_progress(make_build, tmp_path, environment) -> None:
    pty = pytest.importorskip("pty")
    make_build(lines=30)
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "aggregate", "--builds", str(tmp_path / "builds"), "--to", "sqlite:///x.db"],
        stderr=child,
        env=environment,
        cwd=tmp_path,
    )
    os.close(child)
    shown = b""
    try:
        while part := os.read(parent, 4096):
            shown += part
    except OSError:
        pass  # how the end of a terminal is told on Linux
    os.close(parent)
    assert process.wait() == 0
    assert b"1 copying" in shown or b"0 copying" in shown
    assert b"is complete" in shown
    assert shown.endswith(b"\r\x1b[K") or b"1 build: 1 complete" in shown


def test_a_database_is_a_place_to_look_too(wharf_tui, make_build, tmp_path) -> None:
    store = make_build(lines=20)
    make_build(lines=3, seed=2)
    wharf_tui("aggregate", "--builds", str(tmp_path / "builds"), "--to", "sqlite:///x.db")
    listed = wharf_tui("builds", "list", "sqlite:///x.db")
    assert listed.returncode == 0
    assert re.search(r"^42 +complete +Success .* 2 +40 +- +" + store.info.uid, listed.stdout, re.MULTILINE)
    rows = [
        json.loads(line)
        for line in wharf_tui("builds", "list", "sqlite:///x.db", "-o", "json").stdout.splitlines()
    ]
    assert [row["lines"] for row in rows] == [6, 40]
    target = f"sqlite:///x.db#{store.info.uid}"
    for arguments in ((), ("--step", "2"), ("--ids", "--timestamps"), ("-o", "json")):
        from_database = wharf_tui("logs", target, *arguments)
        from_folder = wharf_tui("logs", str(store.path), *arguments)
        assert (from_database.returncode, from_database.stdout) == (0, from_folder.stdout)
    shown = wharf_tui("builds", "show", target)
    assert shown.returncode == 0
    assert shown.stdout.count("20 lines") == 2
    assert "needs a terminal" in wharf_tui("open", target).stderr
    assert "needs a terminal" in wharf_tui("open", "sqlite:///x.db").stderr
    done = wharf_tui("logs", "sqlite:///x.db")
    assert done.returncode == 2
    assert "holds 2 builds" in done.stderr
    done = wharf_tui("logs", "sqlite:///nothing.db#1")
    assert done.returncode == 2
    assert "does not exist" in done.stderr
