import pytest

from wharf_tui.aggregator.spool import Owner, Spool, builds_in, log_bytes, remove_build
from wharf_tui.model.errors import StoreBusyError


def test_a_spool_belongs_to_one_aggregator_at_a_time(tmp_path) -> None:
    first = Spool(tmp_path)
    with pytest.raises(StoreBusyError):
        Spool(tmp_path)
    first.close()
    Spool(tmp_path).close()


def test_aggregators_to_one_sink_get_folders_of_their_own(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("platformdirs.user_state_dir", lambda *_, **__: str(tmp_path))
    first, second = Spool.for_sink("sqlite:///a.db"), Spool.for_sink("sqlite:///a.db")
    other = Spool.for_sink("sqlite:///b.db")
    assert len({first.root, second.root, other.root}) == 3
    freed = first.root
    first.close()
    again = Spool.for_sink("sqlite:///a.db")
    assert again.root == freed, "what was left there is found again"
    for spool in (again, second, other):
        spool.close()


@pytest.mark.parametrize("key", ["worker 10.0.0.1:5010", "../../etc", "a/b", "x" * 300, ".", "", "pod-1-2"])
def test_any_name_of_a_source_is_a_folder_below(tmp_path, key) -> None:
    spool = Spool(tmp_path / "spool")
    folder = spool.folder(key)
    assert folder.parent == spool.root
    assert folder == spool.folder(key)
    assert folder != spool.folder(key + "!")
    owner = Owner(f"worker {key}", "u", 7)
    spool.remember(folder, owner)
    assert spool.owner(folder) == owner
    spool.close()
    assert not folder.exists(), "a source that left nothing leaves no folder"


def test_what_is_left_is_kept_until_it_is_removed(tmp_path, make_build) -> None:
    spool = Spool(tmp_path / "spool")
    folder = spool.folder("w")
    spool.remember(folder, Owner("w"))
    store = make_build(lines=10, folder=folder)
    assert builds_in(folder) == [store.path]
    assert log_bytes(store.path) == sum(
        (store.path / f"steps/{step}/logs.log").stat().st_size for step in (1, 2)
    )
    spool.close()
    spool = Spool(tmp_path / "spool")
    assert spool.folders() == [folder]
    remove_build(store.path)
    spool.close()
    assert not folder.exists()
