"""Variables that the git repository around the definition gives: ``GIT_BRANCH``, ``REPO_NAME`` and their kin.

Git is run when one of them is first asked for, once for each group of them, and never otherwise.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import Lock
from typing import Final, TypeAlias

from wharf_tui.definition.variables import Variable, text_variable

TIMEOUT_S: Final = 10.0
"""A repository on a slow network disk may need a while; one that hangs must not hang the build."""

_VERSION_PREFIX: Final = re.compile(r"\Av[0-9]+/")
_Group: TypeAlias = tuple[tuple[str, ...], Callable[[str], dict[str, str]]]
"""Git's arguments, and what reads its answer: variables that one run of git gives."""


def _branch(output: str) -> dict[str, str]:
    branch = output.strip()
    return {"GIT_BRANCH": branch, "GIT_SAFEBRANCH": branch.replace("/", "-"), "REPO_BRANCH": branch}


def _commit(output: str) -> dict[str, str]:
    names = ("GIT_COMMIT", "GIT_COMMIT_SUBJECT", "GIT_COMMIT_AUTHOR_DATE", "GIT_COMMIT_COMMITTER_DATE")
    return dict(zip(names, output.rstrip("\n").split("\0"), strict=False))


def _tag(output: str) -> dict[str, str]:
    return {"GIT_TAG": output.partition("\n")[0].strip()}


def _repository(output: str) -> dict[str, str]:
    guess = group_and_name(output.strip())
    return {} if guess is None else {"REPO_GROUP": guess[0], "REPO_NAME": guess[1]}


_BRANCH: Final[_Group] = (("branch", "--show-current"), _branch)
_COMMIT: Final[_Group] = (
    ("-c", "log.showSignature=false", "log", "-1", "--format=%H%x00%s%x00%aI%x00%cI", "HEAD"),
    _commit,
)
_TAG: Final[_Group] = (("tag", "--points-at", "HEAD", "--sort=-creatordate"), _tag)
_REPOSITORY: Final[_Group] = (("remote", "get-url", "origin"), _repository)
_GROUPS: Final[dict[str, _Group]] = {
    "GIT_BRANCH": _BRANCH,
    "GIT_COMMIT": _COMMIT,
    "GIT_COMMIT_AUTHOR_DATE": _COMMIT,
    "GIT_COMMIT_COMMITTER_DATE": _COMMIT,
    "GIT_COMMIT_SUBJECT": _COMMIT,
    "GIT_SAFEBRANCH": _BRANCH,
    "GIT_TAG": _TAG,
    "REPO_BRANCH": _BRANCH,
    "REPO_GROUP": _REPOSITORY,
    "REPO_NAME": _REPOSITORY,
}


class GitVariables:
    """A source of variables (see ``VariableSource``) that asks git.

    Args:
        directory: a folder inside the repository.
        environ: the environment in which git is found and run.
    """

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        self._directory = directory
        self._environ = environ
        self._values: dict[str, str] = {}
        self._failures: dict[_Group, str] = {}
        self._asked: set[_Group] = set()
        self._lock = Lock()  # files are filled in from many threads

    @property
    def label(self) -> str:
        """How listings name it."""
        return "git"

    def find(self, name: str) -> Variable | None:
        """The variable, where git knows it. Its value is a fact and no template."""
        group = _GROUPS.get(name)
        if group is None:
            return None
        self._ask(group)
        value = self._values.get(name)
        return None if value is None else text_variable(name, value, is_template=False)

    def names(self) -> Iterable[str]:
        """All names that git may know."""
        return _GROUPS.keys()

    def why_missing(self, name: str) -> str:
        """What git said where it was asked in vain."""
        group = _GROUPS.get(name)
        if group is None:
            return ""
        self._ask(group)
        return (
            "" if name in self._values else self._failures.get(group, "the remote 'origin' does not tell it")
        )

    def _ask(self, group: _Group) -> None:
        with self._lock:
            if group not in self._asked:
                self._run(group)
                self._asked.add(group)

    def _run(self, group: _Group) -> None:
        import subprocess  # most definitions never need it
        from shutil import which

        arguments, read = group
        git = which("git", path=self._environ.get("PATH", os.defpath))
        if git is None:
            self._failures[group] = "git is not installed, or not on the PATH"
            return
        command = [
            git,
            "--no-pager",
            "-C",
            str(self._directory),
            "-c",
            "i18n.logOutputEncoding=UTF-8",
            *arguments,
        ]
        quiet = {
            "LC_ALL": "C",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_LAZY_FETCH": "1",
        }
        try:
            done = subprocess.run(
                command,
                env={**self._environ, **quiet},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            self._failures[group] = f"git did not answer within {TIMEOUT_S:.0f} seconds"
        except (OSError, ValueError) as error:
            self._failures[group] = f"git cannot be run: {error}"
        else:
            if done.returncode == 0:
                self._values.update(read(done.stdout.decode("utf-8", "replace")))
            else:
                said = (
                    done.stderr.decode("utf-8", "replace").partition("\n")[0].removeprefix("fatal: ").strip()
                )
                self._failures[group] = f"git says: {said or f'exit status {done.returncode}'}"


def group_and_name(remote_url: str) -> tuple[str, str] | None:
    """Group and name of a repository as its remote's address suggests them; None where it suggests nothing.

    >>> group_and_name("git@example.com:team/tools/app.git")
    ('team/tools', 'app')
    """
    _, is_url, rest = remote_url.partition("://")
    host, has_path, path = rest.partition("/") if is_url else remote_url.partition(":")
    if not host or not has_path:
        return None
    group, _, name = _VERSION_PREFIX.sub("", path.strip("/")).rpartition("/")
    group, name = group.removesuffix("/_git"), name.removesuffix(".git")
    return (group, name) if group and name else None
