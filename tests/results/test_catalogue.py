"""The builds on this machine: ours and wharf-cmd's, and which of them may be deleted."""

import os
import tempfile

import pytest

from wharf_tui.model.build import BuildInfo, Liveness, StepInfo, StepState
from wharf_tui.model.errors import InputError, StoreBusyError, StoreError, UsageError
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status
from wharf_tui.model.timestamps import NS
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.catalogue import (
    ORIGIN_OURS,
    ORIGIN_WHARF_CMD,
    delete_build,
    find_build,
    list_builds,
    summarize,
)

T0 = 1706954400 * NS
STEPS = (
    StepState(StepInfo(StepId(1), "build", "web")),
    StepState(StepInfo(StepId(2), "build", "api")),
    StepState(StepInfo(StepId(3), "deploy", "all"), skipped=True),
)


@pytest.fixture
def builds(tmp_path):
    return tmp_path / "builds"


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder for temporary files, where wharf-cmd leaves its builds."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def ours(builds, build_id, second, **options):
    return BuildWriter.create(
        builds,
        BuildInfo(BuildId(build_id), steps=STEPS, started_ns=T0 + second * NS, source="ci.yml", **options),
    )


def theirs(temporary, name, second, status="Success"):
    folder = temporary / name / "steps" / "1"
    folder.mkdir(parents=True)
    (folder / "status.json").write_text(
        '{"lastId":2,"statusUpdates":['
        f'{{"updateId":1,"timestamp":"2024-02-03T10:00:{second:02d}Z","status":"Running"}},'
        f'{{"updateId":2,"timestamp":"2024-02-03T10:00:{second + 1:02d}Z","status":"{status}"}}]}}'
    )
    (folder / "logs.log").write_bytes(b"hello\n")
    return temporary / name


def test_all_builds_newest_first(builds, temporary):
    frozen = ours(builds, 1, 10)
    for step_id, second in ((StepId(2), 14), (StepId(1), 13)):
        frozen.set_status(step_id, Status.RUNNING, at_ns=T0 + 11 * NS)
        frozen.set_status(step_id, Status.FAILED, at_ns=T0 + second * NS)
    frozen.freeze(Status.FAILED, finished_ns=T0 + 15 * NS)
    running = ours(builds, 2, 30)
    crashed = ours(builds, 3, 20)
    crashed.set_status(StepId(1), Status.RUNNING)
    crashed.close()
    path = theirs(temporary, "wharf-cmd-build-00042-1837465920", 25)
    (temporary / "wharf-cmd-repo-1").mkdir()
    (temporary / "wharf-cmd-build-00043-1").touch()
    (builds / "notes.txt").touch()
    found = list_builds(builds)
    assert [build.path for build in found] == [running.path, path, crashed.path, frozen.path]
    assert [build.build_id for build in found] == [2, 42, 3, 1]
    assert [build.origin for build in found] == [ORIGIN_OURS, ORIGIN_WHARF_CMD, ORIGIN_OURS, ORIGIN_OURS]
    assert [build.liveness for build in found] == [
        Liveness.RUNNING,
        Liveness.UNKNOWN,
        Liveness.UNFINISHED,
        Liveness.FROZEN,
    ]
    assert [build.status for build in found] == [
        Status.PENDING,
        Status.SUCCESS,
        Status.UNKNOWN,
        Status.FAILED,
    ]
    assert found[3].failed_step == "build/web"
    assert (found[3].started_ns, found[3].finished_ns) == (T0 + 10 * NS, T0 + 15 * NS)
    assert (found[1].started_ns, found[1].finished_ns) == (T0 + 25 * NS, T0 + 26 * NS)
    assert (found[3].step_count, found[3].source) == (3, "ci.yml")
    assert found[1].size_bytes == sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    running.close()


def test_no_builds(tmp_path, temporary):
    assert list_builds(tmp_path / "nothing") == []
    assert list_builds(tmp_path / "nothing", tmp_path / "neither") == []


def test_a_folder_that_is_in_both_places_is_listed_once(temporary):
    theirs(temporary, "wharf-cmd-build-00042-1", 5)
    (temporary / "wharf-cmd-build-00042-2").symlink_to(temporary / "wharf-cmd-build-00042-1")
    (temporary / "wharf-cmd-build-00042-3").symlink_to("wharf-cmd-build-00042-3")
    assert len(list_builds(temporary)) == 1


def test_a_build_that_cannot_be_read_does_not_hide_the_others(temporary, builds):
    theirs(temporary, "wharf-cmd-build-00001-1", 5)
    bad = theirs(temporary, "wharf-cmd-build-00002-1", 5)
    (bad / "steps").rename(bad / "away")
    os.mkfifo(bad / "steps")
    os.mkfifo(bad / "build.json")
    assert {build.build_id for build in list_builds(builds)} == {1, 2}


def test_finding_what_the_user_means(builds, temporary, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    old, new = ours(builds, 7, 10), ours(builds, 7, 20)
    other = ours(builds, 8, 15)
    for store in (old, new, other):
        store.freeze(Status.SUCCESS)
    path = theirs(temporary, "wharf-cmd-build-00042-1", 5)
    assert find_build("7", builds) == new.path
    assert find_build("8", builds) == other.path
    assert find_build("42", builds) == path
    assert find_build("latest", builds) == new.path
    assert find_build(old.path.name, builds) == old.path
    assert find_build(str(old.path), builds) == old.path
    for target in ("9", "", "x" * 5000, "wharf-cmd-build-00007-none", "\x00"):
        with pytest.raises(UsageError):
            find_build(target, builds)


def test_deleting(builds, temporary):
    running, done = ours(builds, 1, 1), ours(builds, 2, 2)
    done.log(StepId(1)).append(None, b"x")
    done.freeze(Status.SUCCESS)
    path = theirs(temporary, "wharf-cmd-build-00042-1", 3)
    summaries = {build.build_id: build for build in list_builds(builds)}
    with pytest.raises(StoreBusyError, match="running"):
        delete_build(summaries[BuildId(1)])
    with pytest.raises(UsageError, match="wharf-cmd"):
        delete_build(summaries[BuildId(42)])
    delete_build(summaries[BuildId(2)])
    assert running.path.exists()
    assert path.exists()
    assert not done.path.exists()
    with pytest.raises(InputError):
        delete_build(summaries[BuildId(2)])
    running.close()
    delete_build(summaries[BuildId(1)])
    assert list(builds.iterdir()) == []


def test_deleting_follows_no_link(builds, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    store = ours(builds, 1, 1)
    store.freeze(Status.SUCCESS)
    (store.path / "steps").symlink_to(precious)
    delete_build(summarize(store.path))
    assert (precious / "file").exists()
    other = ours(builds, 2, 2)
    other.freeze(Status.SUCCESS)
    link = builds / "wharf-cmd-build-00003-x"
    link.symlink_to(other.path)
    with pytest.raises(StoreError):
        delete_build(summarize(link))
    assert other.path.exists()


def test_a_build_of_ours_with_a_damaged_manifest_can_be_deleted(builds):
    store = ours(builds, 1, 1)
    store.close()
    (store.path / "build.json").write_text("{")
    (summary,) = list_builds(builds)
    assert summary.origin == ORIGIN_OURS
    delete_build(summary)
    assert not store.path.exists()
