"""Which files steps get a copy of, and that the copy is one: ignore rules, odd names, worktrees and submodules."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from wharf_tui.definition.load import load_pipeline
from wharf_tui.definition.options import LoadOptions
from wharf_tui.model.errors import InputError
from wharf_tui.runtimes.source_archive import SourceArchive
from wharf_tui.runtimes.source_entry import SourceEntry
from wharf_tui.runtimes.source_tree import list_source, shipped_files

Git = Callable[..., str]
IDENTITY = ("-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "protocol.file.allow=always")


def write(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def git(folder: Path, *arguments: str) -> str:
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-C", str(folder), *IDENTITY, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environ).stdout.strip()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with one commit and a tag."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    write(folder / "tracked.txt", b"tracked")
    write(folder / ".gitignore", b"*.o\n/build/\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "first")
    git(folder, "tag", "-a", "v1", "-m", "v1")
    return folder


def names(folder: Path, **options: bool) -> list[str]:
    """What is listed, but for the insides of ``.git``."""
    return [entry.name for entry in list_source(folder, **options) if ".git" not in Path(entry.name).parts]


def unpack(entries: tuple[SourceEntry, ...], into: Path, **options: object) -> Path:
    archive = SourceArchive(entries, **options)  # type: ignore[arg-type]  # one of three
    into.mkdir()
    with tarfile.open(fileobj=archive.open(), mode="r|") as tar:
        if hasattr(tarfile, "fully_trusted_filter"):
            tar.extractall(into, filter="fully_trusted")
        else:  # Python 3.11 before 3.11.4
            tar.extractall(into)
    archive.close()
    return into


def test_ignored_files_stay_out_and_tracked_ones_in(repo: Path) -> None:
    write(repo / "new.txt")
    write(repo / "a.o")
    write(repo / "build/out")
    write(repo / "forced.o")
    git(repo, "add", "--force", "forced.o")
    write(repo / "sub/.gitignore", b"*\n!kept\n!.gitignore\n")
    write(repo / "sub/kept")
    write(repo / "sub/dropped")
    assert names(repo) == [
        ".gitignore", "forced.o", "new.txt", "sub/.gitignore", "sub/kept", "tracked.txt",
    ]  # fmt: skip


def test_every_file_where_ignore_rules_do_not_count(repo: Path) -> None:
    write(repo / "a.o")
    write(repo / "build/out")
    (repo / "empty").mkdir()
    assert names(repo, gitignore=False) == [".gitignore", "a.o", "build/out", "empty/", "tracked.txt"]


def test_every_file_where_git_is_not_installed(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repo / "a.o")
    monkeypatch.setenv("PATH", "")
    assert names(repo) == [".gitignore", "a.o", "tracked.txt"]


@needs_git
def test_ignore_rules_count_outside_of_a_repository(tmp_path: Path) -> None:
    write(tmp_path / ".gitignore", b"*.o\n")
    write(tmp_path / "a.o")
    write(tmp_path / "a.c")
    assert names(tmp_path) == [".gitignore", "a.c"]


def test_a_folder_that_its_repository_ignores_is_taken_for_itself(repo: Path) -> None:
    write(repo / "build/file")
    write(repo / "build/.gitignore", b"secret\n")
    write(repo / "build/secret")
    assert names(repo / "build") == [".gitignore", "file"]


def test_a_folder_inside_of_a_repository(repo: Path) -> None:
    write(repo / "part/file")
    write(repo / "part/a.o")
    assert names(repo / "part") == ["file"]


def test_what_was_removed_is_not_listed(repo: Path) -> None:
    (repo / "tracked.txt").unlink()
    assert names(repo) == [".gitignore"]


def test_the_environment_of_a_hook_does_not_mislead(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    assert names(repo) == [".gitignore", "tracked.txt"]


def test_a_repository_cannot_make_git_run_something(repo: Path, tmp_path: Path) -> None:
    mark = tmp_path / "was-run"
    git(repo, "config", "core.fsmonitor", f"touch {mark}; true")
    names(repo)
    assert not mark.exists()


def test_a_broken_repository_is_an_error_and_not_an_empty_tree(repo: Path) -> None:
    write(repo / ".git/index", b"no index")
    with pytest.raises(InputError, match="git cannot list the files of"):
        list_source(repo)


def test_the_copy_is_one(repo: Path, tmp_path: Path) -> None:
    odd = [
        "with blank",
        "-dash",
        "new\nline",
        "tab\t",
        "back\\slash",
        "ünï",
        os.fsdecode(b"byte-\xff"),
        "n" * 255,
    ]
    for name in odd:
        write(repo / "odd" / name, name.encode(errors="surrogateescape"))
    write(repo / "/".join(["deep" * 20] * 8) / "file", b"deep")
    write(repo / "run.sh", b"#!/bin/sh\n").chmod(0o750)
    (repo / "link").symlink_to("odd/../tracked.txt")
    (repo / "dangling").symlink_to("/no//where/")
    (repo / "to-folder").symlink_to("odd")
    os.mkfifo(repo / "pipe")
    git(repo, "add", ".")
    copy = unpack(list_source(repo), tmp_path / "copy")
    assert names(copy) == [name for name in names(repo) if name != "pipe"]
    assert sorted(path.name for path in (copy / "odd").iterdir()) == sorted(odd)
    for name in odd:
        assert (copy / "odd" / name).read_bytes() == name.encode(errors="surrogateescape")
    targets = [os.readlink(copy / name) for name in ("link", "dangling", "to-folder")]  # noqa: PTH115 - verbatim
    assert targets == ["odd/../tracked.txt", "/no//where/", "odd"]
    assert (copy / "run.sh").stat().st_mode & 0o777 == 0o750
    assert git(copy, "status", "--porcelain") == git(repo, "status", "--porcelain")
    assert git(copy, "describe") == "v1"


def test_a_worktree_becomes_a_repository_of_its_own(repo: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    git(repo, "worktree", "add", "--quiet", "-b", "side", str(tree))
    write(tree / "more")
    git(tree, "add", ".")
    git(tree, "commit", "--quiet", "-m", "second")
    copy = unpack(list_source(tree), tmp_path / "copy")
    (repo / ".git").rename(tmp_path / "out-of-reach")
    assert git(copy, "describe").startswith("v1-1-g")
    assert git(copy, "branch", "--show-current") == "side"
    assert git(copy, "status", "--porcelain") == ""


def test_a_worktree_of_a_bare_repository(repo: Path, tmp_path: Path) -> None:
    bare, tree = tmp_path / "bare.git", tmp_path / "tree"
    git(repo, "clone", "--quiet", "--bare", str(repo), str(bare))
    git(bare, "worktree", "add", "--quiet", str(tree), "main")
    copy = unpack(list_source(tree), tmp_path / "copy")
    bare.rename(tmp_path / "out-of-reach")
    assert git(copy, "describe") == "v1"
    assert git(copy, "status", "--porcelain") == ""


@pytest.fixture
def with_submodule(repo: Path, tmp_path: Path) -> Path:
    library = tmp_path / "library"
    git(repo, "clone", "--quiet", str(repo), str(library))
    git(repo, "submodule", "--quiet", "add", str(library), "libs/library")
    git(repo, "commit", "--quiet", "-m", "submodule")
    write(repo / "libs/library/new")
    write(repo / "libs/library/ignored.o")
    return repo


def test_files_of_submodules_come_along(with_submodule: Path, tmp_path: Path) -> None:
    assert [name for name in names(with_submodule) if name.startswith("libs")] == [
        "libs/library/.gitignore",
        "libs/library/new",
        "libs/library/tracked.txt",
    ]
    copy = unpack(list_source(with_submodule), tmp_path / "copy")
    with_submodule.rename(tmp_path / "out-of-reach")
    assert git(copy / "libs/library", "describe") == "v1"
    assert git(copy / "libs/library", "status", "--porcelain") == "?? new"


def test_a_submodule_alone_becomes_a_repository_of_its_own(with_submodule: Path, tmp_path: Path) -> None:
    copy = unpack(list_source(with_submodule / "libs/library"), tmp_path / "copy")
    with_submodule.rename(tmp_path / "out-of-reach")
    assert git(copy, "describe") == "v1"
    assert git(copy, "status", "--porcelain") == "?? new"


def test_submodules_of_a_worktree(with_submodule: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    git(with_submodule, "worktree", "add", "--quiet", "-b", "side", str(tree))
    git(tree, "submodule", "--quiet", "update", "--init")
    copy = unpack(list_source(tree), tmp_path / "copy")
    with_submodule.rename(tmp_path / "out-of-reach")
    tree.rename(tmp_path / "out-of-reach-too")
    assert git(copy / "libs/library", "describe") == "v1"
    assert git(copy, "status", "--porcelain") == ""


def test_a_submodule_that_was_not_checked_out_is_an_empty_folder(
    with_submodule: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    git(with_submodule, "clone", "--quiet", str(with_submodule), str(clone))
    assert [name for name in names(clone) if name.startswith("libs")] == ["libs/library/"]


def test_a_repository_inside_that_is_no_submodule(repo: Path) -> None:
    inner = repo / "inner"
    inner.mkdir()
    git(inner, "init", "--quiet")
    write(inner / "file")
    write(inner / ".gitignore", b"dropped\n")
    write(inner / "dropped")
    assert [name for name in names(repo) if name.startswith("inner")] == ["inner/.gitignore", "inner/file"]


def test_locks_do_not_come_along(repo: Path) -> None:
    write(repo / ".git/index.lock")
    listed = [entry.name for entry in list_source(repo)]
    assert ".git/HEAD" in listed
    assert ".git/index.lock" not in listed


def test_the_folders_of_the_copy(repo: Path, tmp_path: Path) -> None:
    repo.chmod(0o700)
    copy = unpack(list_source(repo), tmp_path / "copy", top="mnt/repo", owner=(os.getuid(), os.getgid()))
    assert (copy / "mnt/repo").stat().st_mode & 0o777 == 0o755
    assert (copy / "mnt/repo/tracked.txt").read_bytes() == b"tracked"


def test_readers_of_an_archive_do_not_disturb_each_other(repo: Path) -> None:
    archive = SourceArchive(list_source(repo))
    first, second = archive.open(), archive.open()
    beginning = first.read(1000)
    assert second.read(1000) == beginning
    assert first.read() == second.read()
    assert len(first) == archive.size
    archive.close()


def test_reading_stops_where_nobody_wants_the_archive(repo: Path) -> None:
    archive = SourceArchive(list_source(repo))
    with pytest.raises(InterruptedError):
        archive.open(lambda: False).read(1)
    archive.close()


def test_what_goes_between_listing_and_packing_is_left_out(repo: Path, tmp_path: Path) -> None:
    entries = list_source(repo)
    (repo / "tracked.txt").unlink()
    assert names(unpack(entries, tmp_path / "copy")) == [".gitignore"]


def pipeline(folder: Path, *files: str) -> object:
    listed = ", ".join(f"'{name}'" for name in files)
    write(folder / ".wharf-ci.yml", f"s:\n  k:\n    kubectl:\n      files: [{listed}]\n".encode())
    environ = {"WHARF_VAR_TAG": "v7", "WHARF_VAR_LOOP": "${LOOP}"}
    options = LoadOptions(build_id=1, environ=environ, user_config_dir=folder / "none")
    return load_pipeline(folder, options)


def shipped(folder: Path, *files: str) -> tuple[SourceEntry, ...]:
    loaded = pipeline(folder, *files)
    (step,) = loaded.steps  # type: ignore[attr-defined]
    entries = shipped_files(step, folder, loaded.variables)  # type: ignore[attr-defined]
    assert entries is not None
    return entries


def test_variables_are_filled_into_files_that_are_shipped(tmp_path: Path) -> None:
    write(tmp_path / "a/app.yml", b"image: app:${TAG}\r\nbytes: \xff ${unknown}")
    (entry,) = shipped(tmp_path, "./a//app.yml")
    assert (entry.name, entry.content) == ("a/app.yml", b"image: app:v7\r\nbytes: \xff ${unknown}")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../outside.yml", "is outside of"),
        ("/etc/passwd", "is outside of"),
        ("nowhere.yml", "is no file in"),
        ("folder", "is no file in"),
        ("loop.yml", "recursive variable loop"),
    ],
)
def test_files_that_cannot_be_shipped(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder").mkdir()
    write(tmp_path / "loop.yml", b"${LOOP}")
    with pytest.raises(InputError, match=message) as caught:
        shipped(tmp_path, name)
    assert "step s/k" in caught.value.message
