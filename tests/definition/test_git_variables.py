"""Against real repositories, made here."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from wharf_tui.definition import git_variables
from wharf_tui.definition.git_variables import GitVariables, group_and_name
from wharf_tui.definition.pipeline import Pipeline
from wharf_tui.definition.step_types import ContainerSpec

GIT = shutil.which("git")
needs_git = pytest.mark.skipif(GIT is None, reason="needs git")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Git without this machine's configuration."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(tmp_path),
        "GIT_AUTHOR_NAME": "A",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "C",
        "GIT_COMMITTER_EMAIL": "c@example.com",
        "GIT_AUTHOR_DATE": "2024-01-02T03:04:05+01:00",
        "GIT_COMMITTER_DATE": "2024-05-06T07:08:09+00:00",
    }


@pytest.fixture
def git(root: Path, environ: dict[str, str]) -> Callable[..., None]:
    def run(*arguments: str, **extra: str) -> None:
        subprocess.run(["git", "-C", root, *arguments], env=environ | extra, check=True, capture_output=True)

    return run


def values(source: GitVariables) -> dict[str, str | None]:
    found = {name: source.find(name) for name in source.names()}
    return {name: getattr(one.node, "text", None) if one else None for name, one in found.items()}


@needs_git
def test_everything_that_git_knows(root: Path, environ: dict[str, str], git: Callable[..., None]) -> None:
    git("init", "-b", "feature/ä-1")
    git("commit", "--allow-empty", "-m", "Fix ${BUILD_REF} — ä\n\nbody")
    git("tag", "-a", "v1", "-m", "one")
    git("tag", "-a", "v2", "-m", "two", GIT_COMMITTER_DATE="2024-06-06T07:08:09+00:00")
    git("remote", "add", "origin", "https://user:pw@example.com/v3/team/sub/_git/app.git")
    head = subprocess.run(
        ["git", "-C", root, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout
    assert values(GitVariables(root, environ)) == {
        "GIT_BRANCH": "feature/ä-1",
        "GIT_SAFEBRANCH": "feature-ä-1",
        "REPO_BRANCH": "feature/ä-1",
        "GIT_COMMIT": head.strip(),
        "GIT_COMMIT_SUBJECT": "Fix ${BUILD_REF} — ä",
        "GIT_COMMIT_AUTHOR_DATE": "2024-01-02T03:04:05+01:00",
        "GIT_COMMIT_COMMITTER_DATE": "2024-05-06T07:08:09+00:00",
        "GIT_TAG": "v2",
        "REPO_GROUP": "team/sub",
        "REPO_NAME": "app",
    }


@needs_git
def test_a_new_repository_has_a_branch_but_no_commit(
    root: Path, environ: dict[str, str], git: Callable[..., None]
) -> None:
    git("init", "-b", "main")
    source = GitVariables(root, environ)
    assert values(source)["GIT_BRANCH"] == "main"
    assert values(source)["GIT_COMMIT"] is None
    assert "ambiguous argument 'HEAD'" in source.why_missing("GIT_COMMIT")
    assert source.why_missing("GIT_BRANCH") == ""
    assert source.why_missing("OTHER") == ""
    assert "origin" in source.why_missing("REPO_NAME")


@needs_git
def test_a_remote_that_tells_nothing(root: Path, environ: dict[str, str], git: Callable[..., None]) -> None:
    git("init")
    git("remote", "add", "origin", "/srv/app.git")
    source = GitVariables(root, environ)
    assert source.find("REPO_NAME") is None
    assert source.why_missing("REPO_NAME") == "the remote 'origin' does not tell it"


@needs_git
def test_a_commits_subject_is_not_filled_in(
    load: Callable[..., Pipeline], environ: dict[str, str], git: Callable[..., None]
) -> None:
    git("init")
    git("commit", "--allow-empty", "-m", "Say ${GIT_COMMIT_SUBJECT} and ${BUILD_REF}")
    pipeline = load(
        "a:\n  b:\n    container: {image: x, cmds: ['echo ${GIT_COMMIT_SUBJECT}']}\n", environ=environ
    )
    spec = next(pipeline.steps).spec
    assert isinstance(spec, ContainerSpec)
    assert spec.cmds == ("echo Say ${GIT_COMMIT_SUBJECT} and ${BUILD_REF}",)
    assert pipeline.warnings == ()


USES_GIT = "a:\n  b:\n    container: {image: 'x:${GIT_TAG}', cmds: [make]}\n"


@needs_git
def test_without_a_repository_it_is_said_where_a_variable_is_used(
    problems: Callable[..., list[str]], environ: dict[str, str]
) -> None:
    (said,) = problems(USES_GIT, environ=environ)
    assert said.startswith(
        "   3:24  a/b/container/image: warning: ${GIT_TAG} is left as it is: git says: not a git repository"
    )


def test_without_git_it_is_said_where_a_variable_is_used(problems: Callable[..., list[str]]) -> None:
    assert problems(USES_GIT) == [
        "   3:24  a/b/container/image: warning: ${GIT_TAG} is left as it is: git is not installed, or not on the PATH"
    ]


def fake_git(folder: Path, script: str) -> dict[str, str]:
    folder.mkdir()
    program = folder / "git"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"PATH": str(folder)}


def test_git_is_not_run_where_nothing_asks_for_it(
    load: Callable[..., Pipeline], root: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    environ = fake_git(tmp_path / "bin", f"echo run >> {log}; exit 1")
    assert load("a:\n  b:\n    container: {image: x, cmds: ['${HOME}']}\n", environ=environ).warnings == ()
    assert not log.exists()
    assert len(load(USES_GIT.replace("[make]", "['${GIT_TAG} ${GIT_TAG}']"), environ=environ).warnings) == 2
    assert log.read_text() == "run\n"


def test_a_git_that_hangs_does_not_hang_us(
    problems: Callable[..., list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_variables, "TIMEOUT_S", 0.2)
    started = time.monotonic()
    (said,) = problems(USES_GIT, environ=fake_git(tmp_path / "bin", "exec /bin/sleep 60"))
    assert "git did not answer within" in said
    assert time.monotonic() - started < 30


def test_a_git_that_cannot_be_run_is_said(problems: Callable[..., list[str]], tmp_path: Path) -> None:
    environ = fake_git(tmp_path / "bin", "")
    (tmp_path / "bin/git").write_bytes(b"\x7fELF broken")
    (said,) = problems(USES_GIT, environ=environ)
    assert "git cannot be run: " in said


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/team/app.git", ("team", "app")),
        ("https://example.com/team/app/", ("team", "app")),
        ("https://example.com/a/b/c", ("a/b", "c")),
        ("https://dev.example.com/org/project/_git/app", ("org/project", "app")),
        ("git@ssh.example.com:v3/org/project/app", ("org/project", "app")),
        ("ssh://git@example.com:2222/team/app.git", ("team", "app")),
        ("git@example.com:team/app.git", ("team", "app")),
        ("git@example.com:/team/app.git", ("team", "app")),
        ("example:team/v3/app", ("team/v3", "app")),
        ("https://example.com/app.git", None),
        ("git@example.com:app.git", None),
        ("/srv/git/app.git", None),
        ("../app", None),
        ("", None),
        ("https://", None),
    ],
)
def test_group_and_name_of_a_remote(url: str, expected: tuple[str, str] | None) -> None:
    assert group_and_name(url) == expected
