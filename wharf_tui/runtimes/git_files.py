"""Asks git which files of a folder belong to it: those that it tracks, and those that nothing tells it to ignore."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shutil import which

from wharf_tui.model.errors import InputError

_TIMEOUT_S = 120.0
"""A tree of a million files on a slow disk takes a while; a git that hangs must not hang the build."""
_LISTING = ("ls-files", "-z", "--others", "--exclude-standard")


def list_files(directory: Path) -> list[str] | None:
    """Names of all files that are not ignored, relative to ``directory``, with ``/`` between their parts.

    Files of submodules and of other repositories inside are among them, each by its own repository's rules. A folder
    that ends in ``/`` is empty, or a submodule that was not checked out. Outside of a repository, and in a folder
    that its repository ignores, ``.gitignore`` files count all the same. Bytes that are no UTF-8 are surrogates.

    Returns:
        The names, each once; None where there is no git to ask.

    Raises:
        InputError: git cannot read the repository.
    """
    git = which("git")
    if git is None:
        return None
    directory = Path(os.path.realpath(directory))
    if _is_in_work_tree(git, directory):
        listed = _list_repository(git, directory)
    else:
        with tempfile.TemporaryDirectory(prefix="wharf-tui-") as scratch:
            _run(git, directory, "init", "--quiet", "--bare", scratch)
            at = (f"--git-dir={scratch}", f"--work-tree={directory}")
            listed = _with_inner_repositories(git, directory, _split(_run(git, directory, *at, *_LISTING)))
    return list(dict.fromkeys(listed))


def _list_repository(git: str, directory: Path) -> Iterator[str]:
    names = _split(_run(git, directory, *_LISTING, "--cached"))
    return _with_inner_repositories(git, directory, names)


def _with_inner_repositories(git: str, directory: Path, names: list[str]) -> Iterator[str]:
    """Git names a repository inside of another one as if it were a file: put its own files in that place."""
    for name in names:
        path = directory / name
        if path.is_symlink() or not path.is_dir():
            yield name
        elif os.path.lexists(path / ".git"):
            inner = name.rstrip("/")
            for file in _list_repository(git, path):
                yield f"{inner}/{file}"
        else:
            yield name.rstrip("/") + "/"


def _is_in_work_tree(git: str, directory: Path) -> bool:
    inside = _ask(git, directory, "rev-parse", "--is-inside-work-tree")
    if inside.returncode != 0 or inside.stdout.strip() != b"true":
        return False
    return _ask(git, directory, "check-ignore", "--quiet", ".").returncode != 0


def _run(git: str, directory: Path, *arguments: str) -> bytes:
    done = _ask(git, directory, *arguments)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise InputError(
            f"git cannot list the files of {directory}: {said or f'exit status {done.returncode}'}",
            "Repair the repository, or use --no-gitignore to take every file there is.",
        )
    return done.stdout


def _ask(git: str, directory: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run git such that nothing in the repository's configuration can make it run something else."""
    harmless = ("-c", "core.fsmonitor=false", "-c", "safe.directory=*")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environ |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        return subprocess.run(
            [git, "-C", str(directory), *harmless, *arguments],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(
            f"git did not list the files of {directory} within {_TIMEOUT_S:.0f} seconds",
            "Use --no-gitignore to take every file there is.",
        ) from error
    except OSError as error:
        raise InputError(f"cannot run {git}: {error.strerror or error}") from error


def _split(output: bytes) -> list[str]:
    return [os.fsdecode(name) for name in output.split(b"\0") if name]
