"""Where things lie, and what is passed over."""

import os
from pathlib import Path

import pytest

from wharf_tui.model.errors import InputError, StoreError
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.results import layout


def test_a_build_s_folder_is_named_as_wharf_cmd_names_it_and_is_its_owner_s_only(tmp_path):
    old_mask = os.umask(0o002)
    try:
        path = layout.create_build_dir(tmp_path / "state" / "builds", BuildId(42))
        other = layout.create_build_dir(tmp_path / "state" / "builds", BuildId(42))
    finally:
        os.umask(old_mask)
    assert path != other
    assert path.name.startswith("wharf-cmd-build-00042-")
    assert path.stat().st_mode & 0o777 == 0o700
    assert layout.build_id_of(path) == layout.build_id_of(other) == 42


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file"):
        layout.create_build_dir(tmp_path / "file", BuildId(1))


@pytest.mark.parametrize(
    ("name", "build_id"),
    [
        ("wharf-cmd-build-00042-1837465920", 42),
        ("wharf-cmd-build-123456-k3v9", 123456),
        ("wharf-cmd-build-00000-1", 0),
        ("wharf-cmd-build-18446744073709551615-1", 2**64 - 1),
        ("wharf-cmd-build-18446744073709551616-1", None),
        ("wharf-cmd-build-999999999999999999999-1", None),
        ("wharf-cmd-build-٤٢-1", None),
        ("wharf-cmd-build-00042-", None),
        ("wharf-cmd-build-00042", None),
        ("wharf-cmd-build--1-1", None),
        ("wharf-cmd-repo-1837465920", None),
        ("x-wharf-cmd-build-00042-1", None),
        ("wharf-cmd-build-00042-1\n", None),
        ("wharf-cmd-build-00042-../..", None),
    ],
)
def test_numbers_of_builds(name, build_id):
    assert layout.build_id_of(Path(name) if "/" not in name else Path("/") / name) == build_id


def test_steps_in_order_and_nothing_else(tmp_path):
    steps = tmp_path / "steps"
    for name in (
        "1",
        "2",
        "10",
        "18446744073709551615",
        "18446744073709551616",
        "9" * 30,
        "007",
        "-1",
        "+1",
        "1a",
        "",
        "\N{ARABIC-INDIC DIGIT ONE}",
    ):
        (steps / name).mkdir(parents=True, exist_ok=True)
    (steps / "3").touch()
    (steps / "4").symlink_to(steps / "1")
    (steps / "5").symlink_to("nowhere")
    os.mkfifo(steps / "6")
    assert layout.list_step_ids(tmp_path) == [1, 2, 10, 2**64 - 1]


def test_no_steps_yet(tmp_path):
    assert layout.list_step_ids(tmp_path) == []
    (tmp_path / "steps").touch()
    assert layout.list_step_ids(tmp_path) == []


@pytest.mark.parametrize("target", ["/", "steps", "nowhere"])
def test_steps_behind_a_link_are_passed_over(tmp_path, target):
    (tmp_path / "steps").symlink_to(target)
    assert layout.list_step_ids(tmp_path) == []


def test_a_folder_that_may_not_be_read_is_named(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (tmp_path / "steps").mkdir(mode=0o000)
    with pytest.raises(InputError, match="steps"):
        layout.list_step_ids(tmp_path)


def test_where_builds_are_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("WHARF_TUI_BUILDS", str(tmp_path))
    assert layout.default_builds_dir() == tmp_path
    monkeypatch.delenv("WHARF_TUI_BUILDS")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert layout.default_builds_dir().name == "builds"


def test_what_looks_like_a_build(tmp_path):
    assert not layout.looks_like_build(tmp_path)
    assert layout.looks_like_build(Path("wharf-cmd-build-00042-1"))
    layout.step_dir(tmp_path, StepId(1)).mkdir(parents=True)
    assert layout.looks_like_build(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "build.json").touch()
    assert layout.looks_like_build(tmp_path / "other")
