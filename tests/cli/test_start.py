"""What the command loads, and how it answers when it is asked nothing or nonsense."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("textual", "grpc", "kubernetes", "docker", "aiohttp", "google.protobuf")


def loaded_by(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(chr(10).join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, timeout=60)
    return set(done.stdout.decode().splitlines())


@pytest.mark.parametrize(
    "code",
    [
        "from wharf_tui.cli.main import cli; cli.main(['--help'], standalone_mode=False)",
        "import wharf_tui.cli.logs",
        "import wharf_tui.cli.builds",
        "import wharf_tui.cli.open",
        "from wharf_tui.cli.main import cli; cli.main(['run', '--help'], standalone_mode=False)",
    ],
)
def test_what_costs_is_not_loaded_before_it_is_needed(code: str) -> None:
    assert not loaded_by(code) & set(HEAVY)


def test_help_names_all_verbs_and_the_exit_statuses(wharf_tui) -> None:
    done = wharf_tui("--help")
    assert done.returncode == 0
    for word in (b"run", b"attach", b"open", b"logs", b"builds", b"worker", b"completion", b"3 logs"):
        assert word in done.stdout


def test_without_a_terminal_it_shows_its_help(wharf_tui) -> None:
    assert wharf_tui().stdout == wharf_tui("--help").stdout


def test_help_of_run_names_the_folder_of_the_logs(wharf_tui, environment) -> None:
    assert environment["WHARF_TUI_BUILDS"] in wharf_tui("run", "--help").stdout.decode().replace(
        "\n", ""
    ).replace("  ", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(wharf_tui, shell: str) -> None:
    done = wharf_tui("completion", shell)
    assert done.returncode == 0
    assert b"_WHARF_TUI_COMPLETE" in done.stdout


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("run -s ", ["build", "test"]),
        ("run -s t", ["test"]),
        ("run /no/such/folder -s ", []),
        ("run -e ", ["staging"]),
        ("logs ", ["1", "latest"]),
        ("open ", ["1", "latest"]),
        ("logs 1 --step ", ["build/web", "test/unit"]),
        ("worker serve l", ["latest"]),
        ("lo", ["logs"]),
        ("run -s nothing", []),
        ("logs 7 --step ", []),
    ],
)
def test_the_shell_offers_names(wharf_tui, environment, tmp_path, words: str, offered: list[str]) -> None:
    (tmp_path / ".wharf-ci.yml").write_text(
        "environments:\n  staging: {x: 1}\n"
        "build:\n  web: {container: {image: i, cmds: ['true']}}\n"
        "test:\n  unit: {container: {image: i, cmds: ['true']}}\n"
    )
    if words.startswith(("logs", "open", "worker")):
        assert wharf_tui("run", "--runtime", "process").returncode == 0
    typed = f"wharf-tui {words}"
    environment |= {
        "_WHARF_TUI_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(typed.count(" ")),
    }
    said = wharf_tui().stdout.decode().split()
    assert [line.partition(",")[2] for line in said] == offered


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["nonsense"], 2, "No such command"),
        (["logs", "no-such-build"], 2, "no build answers to 'no-such-build'"),
        (["logs", "/no/such/folder"], 2, "/no/such/folder does not exist"),
        (["open", "no-such-build"], 2, "no build answers to 'no-such-build'"),
        (["run", "/no/such/folder"], 2, "/no/such/folder"),
        (["run", "--runtime", "process", "--input", "nonsense"], 2, "not of the form NAME=VALUE"),
        (["builds", "prune"], 2, "prune needs --keep N or --older-than AGE"),
        (["builds", "prune", "--older-than", "soon"], 2, "'soon' is no age"),
        (["attach", "127.0.0.1:notaport"], 2, "is no address"),
        (["worker", "serve", "latest", "--address", "0.0.0.0:0"], 2, "needs TLS and a token"),
        (["worker", "serve", "/etc"], 2, "/etc holds no build"),
        (["builds", "show", "/etc"], 2, "/etc holds no build"),
        (["aggregate", "--builds", "/no/such/folder", "--to", "sqlite:///x.db"], 2, "does not exist"),
        (["aggregate", "--builds", "/etc/passwd", "--to", "sqlite:///x.db"], 2, "/etc/passwd is no folder"),
        (["worker", "serve", "latest", "--tls-cert", "x"], 2, "go together"),
        (["worker", "serve", "latest", "--token-file", "/no/such/token"], 2, "/no/such/token does not exist"),
    ],
)
def test_bad_input_gets_one_clear_message(wharf_tui, arguments: list[str], status: int, said: str) -> None:
    done = wharf_tui(*arguments)
    assert done.returncode == status
    assert said in done.stderr.decode()


def test_the_viewer_says_that_it_needs_a_terminal(wharf_tui) -> None:
    done = wharf_tui("open")
    assert done.returncode == 2
    assert b"needs a terminal" in done.stderr
