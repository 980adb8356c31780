"""The pod of each step type: what the contract lists, with its known defects mended."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.runtimes.kubernetes.conftest import step_named
from wharf_tui.definition.step_types import DockerSpec
from wharf_tui.runtimes.kubernetes.log_start import prints_first_line
from wharf_tui.runtimes.kubernetes.pod_spec import name_prefix, new_name, pod_manifest
from wharf_tui.runtimes.kubernetes.runtime import KubernetesRuntime
from wharf_tui.runtimes.kubernetes.settings import InitImage, KubernetesSettings
from wharf_tui.runtimes.kubernetes.source_upload import upload_command
from wharf_tui.runtimes.port import BuildContext
from wharf_tui.runtimes.step_commands import StepImages
from wharf_tui.runtimes.worker_process import this_worker

REPO = {"name": "repo", "mountPath": "/mnt/repo"}


def manifest(
    build: BuildContext,
    name: str,
    settings: KubernetesSettings | None = None,
    environ: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    step = step_named(build, name)
    return pod_manifest(step, build, settings or KubernetesSettings(), environ or {}, grace_s=7.5)


def app(pod: dict[str, Any]) -> dict[str, Any]:
    (container,) = pod["spec"]["containers"]
    assert isinstance(container, dict)
    return container


def volume(pod: dict[str, Any], name: str) -> dict[str, Any]:
    return next(volume for volume in pod["spec"]["volumes"] if volume["name"] == name)


def test_every_pod_says_whose_it_is(build: BuildContext) -> None:
    pod = manifest(build, "My: Step")
    metadata = pod["metadata"]
    assert metadata["generateName"] == "wharf-build-container-my--step-"
    assert metadata["labels"] == {
        "app": "wharf-cmd-worker-step",
        "app.kubernetes.io/name": "wharf-cmd-worker-step",
        "app.kubernetes.io/part-of": "wharf",
        "app.kubernetes.io/managed-by": "wharf-cmd-worker",
        "app.kubernetes.io/created-by": "wharf-cmd-worker",
        "wharf.iver.com/instance": "here",
        "wharf.iver.com/build-ref": "42",
        "wharf.iver.com/project-id": "9",
        "wharf.iver.com/stage-id": "1",
        "wharf.iver.com/step-id": "1",
        "wharf-tui.build": "wharf-cmd-build-00042-abc",
    }
    assert metadata["annotations"] == {
        "wharf.iver.com/project-id": "9",
        "wharf.iver.com/stage-id": "1",
        "wharf.iver.com/step-id": "1",
        "wharf.iver.com/stage-name": "first stage",
        "wharf.iver.com/step-name": "My: Step",
        "wharf-tui.build-name": "wharf-cmd-build-00042-abc",
        "wharf-tui.owner": this_worker(),
    }
    later = manifest(build, "image")["metadata"]["labels"]
    assert (later["wharf.iver.com/stage-id"], later["wharf.iver.com/step-id"]) == ("2", "5")
    assert "ownerReferences" not in metadata
    assert pod["spec"]["restartPolicy"] == "Never"
    assert pod["spec"]["terminationGracePeriodSeconds"] == 8


def test_names_fit(build: BuildContext) -> None:
    step = step_named(build, "plain image")
    assert re.fullmatch(r"wharf-build-docker-plain-image-[a-z0-9]{5}", new_name(step))
    from dataclasses import replace

    long = replace(step, name="An EXTREMELY long name: with äll kinds of letters")
    assert name_prefix(long) == "wharf-build-docker-an-extremely-long-name-"
    assert len(name_prefix(long)) == 42


def test_the_workers_own_pod_owns_the_steps(build: BuildContext) -> None:
    environ = {
        "WHARF_KUBERNETES_OWNER_ENABLE": "true",
        "WHARF_KUBERNETES_OWNER_NAME": "worker-1",
        "WHARF_KUBERNETES_OWNER_UID": "u-1",
    }
    (owner,) = manifest(build, "chart", environ=environ)["metadata"]["ownerReferences"]
    assert owner == {
        "apiVersion": "v1",
        "kind": "Pod",
        "name": "worker-1",
        "uid": "u-1",
        "controller": True,
        "blockOwnerDeletion": True,
    }
    off = environ | {"WHARF_KUBERNETES_OWNER_ENABLE": "false"}
    assert "ownerReferences" not in manifest(build, "chart", environ=off)["metadata"]


def test_the_init_container_waits_for_the_source_tree(build: BuildContext) -> None:
    settings = KubernetesSettings(init=InitImage("mirror/busybox:1", "Always"))
    (init,) = manifest(build, "My: Step", settings)["spec"]["initContainers"]
    assert (init["image"], init["imagePullPolicy"]) == ("mirror/busybox:1", "Always")
    assert init["command"][:2] == ["sh", "-c"]
    assert REPO in init["volumeMounts"]
    (init,) = manifest(build, "My: Step")["spec"]["initContainers"]
    assert (init["image"], init["imagePullPolicy"]) == ("alpine:3", "IfNotPresent")


def test_container(build: BuildContext) -> None:
    pod = manifest(build, "container")
    container = app(pod)
    assert container["image"] == "node:20"
    assert container["imagePullPolicy"] == "Always"
    assert container["workingDir"] == "/mnt/repo"
    assert container["command"][:3] == ["/bin/bash", "-e", "-c"]
    assert container["envFrom"] == [{"secretRef": {"name": "wharf-here-project-9-secretname-creds"}}]
    assert container["volumeMounts"] == [
        REPO,
        {"name": "certificates", "mountPath": "/etc/certs", "readOnly": True},
    ]
    assert volume(pod, "certificates")["configMap"] == {"name": "ca-certificates-config"}
    assert pod["spec"]["serviceAccountName"] == "builder"
    assert manifest(build, "My: Step")["spec"]["serviceAccountName"] == "default"
    assert app(manifest(build, "windows"))["command"][0] == "powershell.exe"


def test_a_script_is_run_as_it_is_written(build: BuildContext) -> None:
    """As the cluster expands it, the shell gets its dollars; and its log and its end can be looked after."""
    pod = manifest(build, "My: Step")
    *_, script = app(pod)["command"]
    assert "echo $$$ $$(B) $C" in script
    expanded = re.sub(r"\$\$", "$", script)
    assert "echo $$ $(B) $C" in expanded
    done = subprocess.run(
        ["sh", "-e", "-c", expanded.replace("$(B)", "B")], capture_output=True, text=True, check=True
    )
    first, second, third = done.stdout.splitlines()
    assert first.startswith("wharf-tui:")
    assert second == "a"
    assert third.endswith(" B")
    assert prints_first_line(pod, "step")
    assert not prints_first_line(manifest(build, "python"), "step")
    assert app(manifest(build, "python"))["command"] == ["python3", "-c", "print(1)"]


def test_docker_is_built_by_kaniko(build: BuildContext) -> None:
    pod = manifest(build, "image")
    container = app(pod)
    assert container["image"] == "gcr.io/kaniko-project/executor:v1.7.0"
    assert "command" not in container
    assert container["args"] == [
        *("--dockerfile", "/mnt/repo/build/Dockerfile"),
        *("--context", "/mnt/repo/build"),
        *("--skip-tls-verify", "--insecure"),
        *("--build-arg", "A=1"),
        *("--build-arg", "TOKEN"),
        *("--destination", "r.example/app:v1"),
        *("--destination", "r.example/app:latest"),
        "--no-push",
    ]
    secret = {"name": "wharf-here-project-9-secretname-creds", "key": "token"}
    assert container["env"] == [{"name": "TOKEN", "valueFrom": {"secretKeyRef": secret}}]
    (source,) = volume(pod, "registry")["projected"]["sources"]
    assert source == {
        "secret": {
            "name": "gitlab-registry",
            "items": [{"key": ".dockerconfigjson", "path": "config.json"}],
        }
    }
    assert {"name": "registry", "mountPath": "/kaniko/.docker", "readOnly": True} in container["volumeMounts"]
    assert pod["spec"]["serviceAccountName"] == "wharf-cmd"
    (init,) = pod["spec"]["initContainers"]
    assert {"name": "certificates", "mountPath": "/mnt/wharf-certificates"} in init["volumeMounts"]
    assert volume(pod, "certificates")["configMap"] == {"name": "ca-certificates-config"}

    plain = manifest(build, "plain image")
    assert [volume["name"] for volume in plain["spec"]["volumes"]] == ["repo", "release"]
    assert app(plain)["args"][:4] == ["--dockerfile", "/mnt/repo/Dockerfile", "--context", "/mnt/repo"]


def test_helm(build: BuildContext) -> None:
    pod = manifest(build, "chart")
    container = app(pod)
    assert container["image"] == "docker.io/wharfse/helm:v2.14.1"
    assert container["command"] == [
        *("helm", "upgrade", "--install", "n", "c", "--repo", "r", "--namespace", "s"),
        *("--version", "2", "--values", "/mnt/repo/v.yml", "--set", "a.b=1"),
    ]
    assert container["env"] == [{"name": "HELM_REGISTRY_CONFIG", "value": "/etc/helm/registry/config.json"}]
    assert volume(pod, "cluster")["configMap"] == {"name": "kubectl-config"}
    items = [{"key": "config.json", "path": "config.json"}]
    assert volume(pod, "registry")["secret"] == {"secretName": "reg", "items": items}
    assert {"name": "cluster", "mountPath": "/root/.kube", "readOnly": True} in container["volumeMounts"]


def test_helm_package(build: BuildContext) -> None:
    container = app(manifest(build, "package"))
    assert container["image"] == "docker.io/wharfse/helm:v3.8.1"
    values = {variable["name"]: variable["value"] for variable in container["env"]}
    assert (values["CHART_REPO"], values["CHART_PATH"], values["CHART_VERSION"]) == ("d", ".", "")
    assert "${CHART_VERSION:+--version" in container["command"][-1]


def test_kubectl(build: BuildContext) -> None:
    pod = manifest(build, "manifest")
    assert app(pod)["image"] == "docker.io/wharfse/kubectl:v1.23.5"
    assert app(pod)["command"] == [
        *("kubectl", "delete", "--namespace", "n"),
        *("--filename", "/mnt/repo/a.yml", "--filename", "/mnt/repo/b.yml", "--force"),
    ]
    assert volume(pod, "cluster")["configMap"] == {"name": "other"}


def test_nuget_package(build: BuildContext) -> None:
    pod = manifest(build, "nuget")
    container = app(pod)
    assert container["image"] == "mcr.microsoft.com/dotnet/sdk:3.1-alpine"
    by_name = {variable["name"]: variable for variable in container["env"]}
    assert by_name["NUGET_TOKEN"]["valueFrom"]["secretKeyRef"] == {
        "name": "wharf-nuget-api-token",
        "key": "token",
    }
    assert by_name["NUGET_SKIP_DUP"]["value"] == "true"
    assert by_name["NUGET_VERSION"]["value"] == "1.2"
    assert "-p:PackageVersion=$NUGET_VERSION" in container["command"][-1]
    assert {"name": "certificates", "mountPath": "/certs", "readOnly": True} in container["volumeMounts"]


def test_images_and_pull_policies_are_the_users(build: BuildContext) -> None:
    settings = KubernetesSettings(
        images=StepImages(helm="m/helm", kubectl="m/kubectl:1", nuget_package="m/sdk:1"),
        kaniko="m/kaniko:1",
        pull_policies={"container": "Never", "helm": "Always"},
    )
    images = {name: app(manifest(build, name, settings)) for name in ("image", "chart", "manifest", "nuget")}
    assert images["image"]["image"] == "m/kaniko:1"
    assert (images["chart"]["image"], images["chart"]["imagePullPolicy"]) == ("m/helm:v2.14.1", "Always")
    assert images["manifest"]["image"] == "m/kubectl:1"
    assert "imagePullPolicy" not in images["manifest"]
    assert images["nuget"]["image"] == "m/sdk:1"
    assert app(manifest(build, "container", settings))["imagePullPolicy"] == "Never"


def test_the_users_parts_of_a_pod_are_merged_into_every_one(build: BuildContext) -> None:
    theirs = {
        "metadata": {"labels": {"team": "a", "wharf-tui.build": "stolen"}, "annotations": {"x": "y"}},
        "spec": {
            "nodeSelector": {"disk": "ssd"},
            "tolerations": [{"key": "ci"}],
            "restartPolicy": "Always",
            "containers": [
                {
                    "name": "step",
                    "resources": {"limits": {"memory": "1Gi"}},
                    "env": [{"name": "EXTRA", "value": "1"}],
                    "volumeMounts": [{"name": "cache", "mountPath": "/cache"}],
                }
            ],
            "initContainers": [{"name": "init", "resources": {"limits": {"cpu": 1}}}],
            "volumes": [{"name": "cache", "emptyDir": {}}],
        },
    }
    pod = manifest(build, "nuget", KubernetesSettings(pod=theirs))
    assert pod["metadata"]["labels"]["team"] == "a"
    assert pod["metadata"]["labels"]["wharf-tui.build"] == "wharf-cmd-build-00042-abc"
    assert pod["metadata"]["annotations"]["x"] == "y"
    spec = pod["spec"]
    assert (spec["nodeSelector"], spec["tolerations"]) == ({"disk": "ssd"}, [{"key": "ci"}])
    assert spec["restartPolicy"] == "Never"
    container = app(pod)
    assert container["image"] == "mcr.microsoft.com/dotnet/sdk:3.1-alpine"
    assert container["resources"] == {"limits": {"memory": "1Gi"}}
    assert {variable["name"] for variable in container["env"]} >= {"NUGET_TOKEN", "EXTRA"}
    assert {"name": "cache", "mountPath": "/cache"} in container["volumeMounts"]
    assert spec["initContainers"][0]["resources"] == {"limits": {"cpu": 1}}
    assert [volume["name"] for volume in spec["volumes"]][:2] == ["repo", "release"]


async def test_a_description_is_plain_data(build: BuildContext) -> None:
    runtime = KubernetesRuntime()
    for step in build.pipeline.steps:
        shown = runtime.describe(build, step)
        assert json.loads(json.dumps(shown)) == shown
        assert yaml.safe_load(yaml.safe_dump(shown)) == shown
    await runtime.stop()


def run_upload(
    spec, folder: Path, archive: bytes, size: int | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run what the init container runs, with its folders in a folder of ours."""
    for name in ("repo", "wharf-certificates", "wharf-release"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    *shell, script = upload_command(spec, size or len(archive))
    go = folder / "wharf-release/go"
    if not go.exists():
        subprocess.run(["mkfifo", go], check=True)
    with subprocess.Popen(["cat", go], stdout=subprocess.DEVNULL) as waiting:
        done = subprocess.run(
            [*shell, script.replace("/mnt/", f"{folder}/")], input=archive, capture_output=True, check=False
        )
        if done.returncode:
            waiting.kill()
    return done


def packed(folder: Path, *names: str) -> bytes:
    return subprocess.run(["tar", "-c", "-C", folder, *names], capture_output=True, check=True).stdout


def test_the_upload_unpacks_and_lets_the_step_start(build: BuildContext, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "a").mkdir(parents=True)
    (source / "a/b").write_text("x" * 100_000)
    (source / ".wharf-end-of-archive").touch()
    archive = packed(source, "a", ".wharf-end-of-archive")
    spec = step_named(build, "My: Step").spec
    assert run_upload(spec, tmp_path / "pod", archive).returncode == 0
    assert (tmp_path / "pod/repo/a/b").read_text() == "x" * 100_000
    assert not (tmp_path / "pod/repo/.wharf-end-of-archive").exists()


def test_an_archive_that_broke_off_does_not_let_the_step_start(build: BuildContext, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a").write_text("a")
    whole = packed(source, "a")
    first_file = whole[:1024]
    done = run_upload(step_named(build, "My: Step").spec, tmp_path / "pod", first_file, size=len(whole))
    assert done.returncode != 0


def test_append_cert_puts_the_certificates_into_the_image(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "my app").mkdir(parents=True)
    (source / "my app/Dockerfile").write_text("FROM scratch")
    (source / "my app/.dockerignore").write_text("*")
    (source / ".wharf-end-of-archive").touch()
    archive = packed(source, "my app", ".wharf-end-of-archive")
    pod = tmp_path / "pod"
    (pod / "wharf-certificates").mkdir(parents=True)
    (pod / "wharf-certificates/a.crt").write_text("A\n")
    (pod / "wharf-certificates/b.crt").write_text("B\n")
    spec = DockerSpec("my app/Dockerfile", ("t",), "d", context="my app/", append_cert=True)
    assert run_upload(spec, pod, archive).returncode == 0
    assert (pod / "repo/my app/.wharf-certificates.crt").read_text() == "A\nB\n"
    assert (pod / "repo/my app/Dockerfile").read_text().splitlines() == [
        "FROM scratch",
        "COPY .wharf-certificates.crt /etc/ssl/certs/ca-certificates.crt",
    ]
    assert (pod / "repo/my app/.dockerignore").read_text().splitlines() == ["*", "!.wharf-certificates.crt"]
