"""The configuration's places, their order, and what environment variables do to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from wharf_tui.model.errors import InputError
from wharf_tui.runtimes.configuration import Configuration, load_configuration


def load(folder: Path, **environ: str) -> Configuration:
    return load_configuration(environ, folder / "project", folder / "user", folder / "system")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_nothing_there_is_no_error(tmp_path: Path) -> None:
    assert load(tmp_path) == Configuration({})


def test_later_places_win_setting_by_setting_in_any_letter_case(tmp_path: Path) -> None:
    below = Path("iver-wharf/wharf-cmd/wharf-cmd-config.yml")
    write(tmp_path / "system" / below, "instanceId: s\nk8s: {context: s, namespace: s}")
    write(tmp_path / "user" / below, "K8S: {Context: u}")
    write(tmp_path / "project/.wharf-cmd-config.yml", "k8s: {namespace: p}")
    write(tmp_path / "named.yml", "instanceID: n")
    configuration = load(
        tmp_path, WHARF_CONFIG=str(tmp_path / "named.yml"), WHARF_WORKER_STEPS_DOCKER_IMAGETAG="v9"
    )
    assert configuration.text("instanceId") == "n"
    assert configuration.text("k8s", "context") == "u"
    assert configuration.text("k8s", "namespace") == "p"
    assert configuration.text("worker", "steps", "docker", "imageTag") == "v9"
    assert configuration.text("worker", "steps", "docker", "image", default="kaniko") == "kaniko"
    assert len(configuration.sources) == 4


def test_the_environment_wins_over_files(tmp_path: Path) -> None:
    write(tmp_path / "project/.wharf-cmd-config.yml", "instanceId: file")
    assert load(tmp_path, WHARF_INSTANCEID="env").text("instanceId") == "env"


def test_variables_that_mean_something_else_are_no_settings(tmp_path: Path) -> None:
    assert (
        load(tmp_path, WHARF_VAR_X="1", WHARF_TUI_BUILDS="x", WHARF_KUBERNETES_OWNER_ENABLE="true").tree == {}
    )


def test_keys_below_a_map_keep_their_letters(tmp_path: Path) -> None:
    write(
        tmp_path / "project/.wharf-cmd-config.yml", "worker: {pod: {nodeSelector: {kubernetes.io/OS: Linux}}}"
    )
    assert load(tmp_path).get("WORKER", "pod", "nodeselector") == {"kubernetes.io/OS": "Linux"}


@pytest.mark.parametrize(
    ("text", "said"),
    [("a: [", r"config\.yml:1:5 is no YAML"), ("- 1", "must hold a map"), ("\0", "is no YAML")],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path / "project/.wharf-cmd-config.yml", text)
    with pytest.raises(InputError, match=said):
        load(tmp_path)


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        load(tmp_path, WHARF_CONFIG=str(tmp_path / "none.yml"))


def test_a_map_where_a_value_belongs_is_told(tmp_path: Path) -> None:
    write(tmp_path / "project/.wharf-cmd-config.yml", "instanceId: {a: b}")
    with pytest.raises(InputError, match="instanceId must be a single value"):
        load(tmp_path).text("instanceId")
