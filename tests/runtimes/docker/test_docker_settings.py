"""What a user may set for Docker, and what is said of values that make no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from wharf_tui.model.errors import InputError
from wharf_tui.runtimes.configuration import load_configuration
from wharf_tui.runtimes.docker.settings import DockerSettings, PullPolicy, docker_settings
from wharf_tui.runtimes.step_commands import StepImages


def settings(folder: Path, environ: dict[str, str] | None = None, written: str = "") -> DockerSettings:
    (folder / ".wharf-cmd-config.yml").write_text(written)
    return docker_settings(load_configuration(environ or {}, folder, folder, None), StepImages())


def test_nothing_set(tmp_path: Path) -> None:
    assert settings(tmp_path) == DockerSettings()


def test_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "config").touch()
    (tmp_path / "ca.pem").touch()
    written = f"""
docker: {{kubeconfig: {tmp_path}/config, certificates: {tmp_path}/ca.pem, memory: 512m, init: false}}
worker: {{steps: {{container: {{imagePullPolicy: IfNotPresent}}}}}}
"""
    assert settings(tmp_path, written=written) == DockerSettings(
        pull_policy=PullPolicy.MISSING,
        kubeconfig=tmp_path / "config",
        certificates=tmp_path / "ca.pem",
        memory_bytes=512 * 1024**2,
        init=False,
    )


@pytest.mark.parametrize(
    ("text", "size"), [("1024", 1024), ("2g", 2 * 1024**3), ("1 GiB", 1024**3), ("3KB", 3072)]
)
def test_sizes(tmp_path: Path, text: str, size: int) -> None:
    assert settings(tmp_path, {"WHARF_DOCKER_MEMORY": text}).memory_bytes == size


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("WHARF_DOCKER_MEMORY", "much", "docker.memory is 'much'"),
        ("WHARF_DOCKER_INIT", "perhaps", "docker.init is 'perhaps'"),
        ("WHARF_DOCKER_KUBECONFIG", "not-there", "docker.kubeconfig names not-there, which is no file"),
        ("WHARF_WORKER_STEPS_CONTAINER_IMAGEPULLPOLICY", "often", "imagePullPolicy is 'often'"),
    ],
)
def test_what_makes_no_sense(tmp_path: Path, name: str, value: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        settings(tmp_path, {name: value})
    assert message in caught.value.message
    assert caught.value.hint
