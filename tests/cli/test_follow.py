"""What can be said wrong to ``follow``; what it does is tested with the real places in ``tests/live``."""

from __future__ import annotations

import pytest

from wharf_tui.cli.follow import _time_of
from wharf_tui.model.errors import UsageError
from wharf_tui.model.timestamps import NS, now_ns


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("docker",), b"say which containers"),
        (("docker", "web", "-l", "app"), b"say which containers"),
        (("docker", "web", "--since", "1h", "--tail", "3"), b"--since and --tail exclude each other"),
        (("docker", "web", "--since", "soon"), b"--since 'soon' is no time"),
        (("docker", "web", "--serve", "0.0.0.0:1"), b"--insecure"),
    ],
)
def test_what_makes_no_sense(wharf_tui, environment: dict[str, str], arguments, message: bytes) -> None:
    environment["DOCKER_HOST"] = "unix:///nowhere/docker.sock"
    done = wharf_tui("follow", *arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_no_engine(wharf_tui, environment: dict[str, str], tmp_path) -> None:
    environment["DOCKER_HOST"] = "unix:///nowhere/docker.sock"
    done = wharf_tui("follow", "docker", "web")
    assert done.returncode == 4
    assert b"Docker cannot be reached" in done.stderr
    assert not (tmp_path / "builds").exists()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("90", 90), ("10m", 600), ("2h30m", 9000), ("1d", 86_400), ("1d1s", 86_401)],
)
def test_how_long_ago(text: str, seconds: int) -> None:
    assert abs(now_ns() - seconds * NS - _time_of(text)) < 10 * NS


def test_a_point_in_time() -> None:
    assert _time_of("1970-01-01T00:00:01Z") == NS


@pytest.mark.parametrize("text", ["", "m", "10x", "-5m", "1m1h"])
def test_no_time(text: str) -> None:
    with pytest.raises(UsageError):
        _time_of(text)
