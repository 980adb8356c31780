"""A worker in one process, a client in another."""

from __future__ import annotations


def test_a_running_build_is_attached_to_copied_and_read_offline(
    served, definition, environment, wharf_tui, tmp_path
) -> None:
    folder = definition(slow="for i in 1 2 3 4 5; do echo $i; sleep 0.1; done", other="echo hi")
    address = served("worker", "run", str(folder), "--runtime", "process", "--address", "127.0.0.1:0")
    environment["WHARF_TUI_BUILDS"] = str(tmp_path / "copies")
    attached = wharf_tui("attach", address, "--plain")
    assert attached.returncode == 0
    lines = attached.stdout.splitlines()
    assert [line for line in lines if b"slow" in line] == [b"build/slow | %d" % i for i in range(1, 6)]
    assert b"build/other | hi" in lines
    assert sorted(wharf_tui("logs", "latest").stdout.splitlines()) == sorted(lines)
    again = wharf_tui("attach", address, "--plain")
    assert sorted(again.stdout.splitlines()) == sorted(lines)
    assert len(list((tmp_path / "copies").glob("wharf-cmd-build-*"))) == 1


def test_a_stored_build_is_served_and_its_logs_printed_from_afar(
    served, definition, environment, wharf_tui, tmp_path
) -> None:
    wharf_tui("run", str(definition(only="echo kept")), "--runtime", "process")
    address = served("worker", "serve", "latest", "--address", "127.0.0.1:0")
    environment["WHARF_TUI_BUILDS"] = str(tmp_path / "copies")
    printed = wharf_tui("logs", address, "--ids")
    assert (printed.returncode, printed.stdout) == (0, b"     1 kept\n")


def test_nobody_at_the_address_is_exit_4(wharf_tui) -> None:
    done = wharf_tui("attach", "127.0.0.1:1", "--plain")
    assert done.returncode == 4
    assert b"127.0.0.1:1 does not answer" in done.stderr
