"""Each step type: all fields, all defaults, and the variables that it takes part of them from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from wharf_tui.definition.pipeline import Pipeline
from wharf_tui.definition.step_types import (
    ContainerSpec,
    DockerSpec,
    HelmPackageSpec,
    HelmSpec,
    KubectlSpec,
    NugetPackageSpec,
    StepSpec,
)
from wharf_tui.definition.step_types.docker import SecretArgument

BUILT_IN = {
    "REG_URL": "reg.io",
    "REPO_GROUP": "Default-team",
    "REPO_NAME": "app",
    "CHART_REPO": "https://charts.io",
}


def definition(step: str) -> str:
    """A stage ``s`` with one step ``web``; the step type's key is at 3:5, its fields from 4:7 on."""
    return "s:\n  web:\n    " + step.strip().replace("\n", "\n      ") + "\n"


@pytest.mark.parametrize(
    ("step", "spec"),
    [
        ("container:\nimage: alpine\ncmds: [a, b]", ContainerSpec(image="alpine", cmds=("a", "b"))),
        (
            (
                "container:\nimage: alpine\ncmds:\n- a\nos: windows\nshell: /bin/bash\nsecretName: sec\n"
                "serviceAccount: acc\ncertificatesMountPath: /certs"
            ),
            ContainerSpec(
                image="alpine",
                cmds=("a",),
                os="windows",
                shell="/bin/bash",
                secret_name="sec",
                service_account="acc",
                certificates_mount_path="/certs",
            ),
        ),
        (
            "docker:\nfile: Dockerfile\ntag: ' a, ,b,'",
            DockerSpec(
                file="Dockerfile",
                tags=("a", "b"),
                destination="reg.io/Default-team/app/web",
                append_cert=True,
            ),
        ),
        (
            "docker:\nfile: f\ntag: t\nname: app\ngroup: other\nregistry: r",
            DockerSpec(file="f", tags=("t",), destination="r/other/app"),
        ),
        (
            (
                "docker:\nfile: f\ntag: t\ndestination: reg/x\ncontext: sub\nsecret: creds\nappend-cert: true\npush: false\n"
                "args: [A=1]\nsecretName: sec\nsecretArgs: [B=key, C=a=b]\nname: ignored\ngroup: default"
            ),
            DockerSpec(
                file="f",
                tags=("t",),
                destination="reg/x",
                context="sub",
                secret="creds",
                append_cert=True,
                push=False,
                args=("A=1",),
                secret_name="sec",
                secret_args=(SecretArgument("B", "key"), SecretArgument("C", "a=b")),
            ),
        ),
        ("docker:\nfile: f\ntag: t\ndestination: d", DockerSpec(file="f", tags=("t",), destination="d")),
        (
            "docker:\nfile: f\ntag: t\ndestination: d\nsecret: ''",
            DockerSpec(file="f", tags=("t",), destination="d", secret=""),
        ),
        (
            "helm:\nchart: c\nname: n\nnamespace: ns",
            HelmSpec(chart="c", name="n", namespace="ns", repo="https://charts.io/Default-team"),
        ),
        (
            (
                "helm:\nchart: c\nname: n\nnamespace: ns\nrepo: stage\nset: {b: x, a: y}\nfiles: [f]\nchartVersion: '1'\n"
                "helmVersion: v3\ncluster: k\nsecret: s"
            ),
            HelmSpec(
                chart="c",
                name="n",
                namespace="ns",
                repo="https://kubernetes-charts.storage.googleapis.com",
                set=(("b", "x"), ("a", "y")),
                files=("f",),
                chart_version="1",
                helm_version="v3",
                cluster="k",
                secret="s",
            ),
        ),
        ("helm-package:", HelmPackageSpec(destination="https://charts.io/Default-team")),
        (
            "helm-package:\nversion: v\nchart-path: p\ndestination: d\nsecret: s",
            HelmPackageSpec(destination="d", version="v", chart_path="p", secret="s"),
        ),
        ("kubectl:\nfile: a", KubectlSpec(files=("a",))),
        (
            "kubectl:\nfile: a\nfiles: [b, c]\nnamespace: n\naction: delete\nforce: true\ncluster: k",
            KubectlSpec(files=("b", "c", "a"), namespace="n", action="delete", force=True, cluster="k"),
        ),
        (
            "nuget-package:\nversion: v\nproject-path: p\nrepo: r",
            NugetPackageSpec(version="v", project_path="p", repo="r"),
        ),
        (
            "nuget-package:\nversion: v\nproject-path: p\nrepo: r\nskip-duplicate: true\ncertificatesMountPath: c",
            NugetPackageSpec(
                version="v", project_path="p", repo="r", skip_duplicate=True, certificates_mount_path="c"
            ),
        ),
    ],
)
def test_fields_and_defaults(load: Callable[..., Pipeline], step: str, spec: StepSpec) -> None:
    pipeline = load(definition(step), BUILT_IN, project_id=7)
    assert next(pipeline.steps).spec == spec
    assert pipeline.warnings == ()


def test_secrets_of_registries_come_from_variables(load: Callable[..., Pipeline]) -> None:
    variables = BUILT_IN | {"REG_SECRET": "reg-creds", "HELM_REG_SECRET": "helm-creds"}
    docker = next(load(definition("docker:\nfile: f\ntag: t"), variables).steps).spec
    helm = next(load(definition("helm-package:"), variables).steps).spec
    assert isinstance(docker, DockerSpec)
    assert isinstance(helm, HelmPackageSpec)
    assert (docker.secret, helm.secret) == ("reg-creds", "helm-creds")


@pytest.mark.parametrize(("value", "insecure"), [("true", True), ("false", False), ("True", True)])
def test_an_insecure_registry_may_be_said_in_the_process_environment(
    load: Callable[..., Pipeline], value: str, insecure: bool
) -> None:
    step = definition("docker:\nfile: f\ntag: t\ndestination: d")
    spec = next(load(step, {"REG_INSECURE": value}).steps).spec
    assert isinstance(spec, DockerSpec)
    assert spec.insecure is insecure


MISSING = "missing built-in variable"
HOW = "set it in .wharf-vars.yml, or as WHARF_VAR_"
NO_GIT = "(git is not installed, or not on the PATH)"


@pytest.mark.parametrize(
    ("step", "variables", "expected"),
    [
        ("container:", {}, [
            "   3:5   s/web/container: missing required field 'image'", "   3:5   s/web/container: missing required field 'cmds'"]),
        ("container: [x]", {}, ["   3:16  s/web/container: expected a map of fields, but this is a list"]),
        ("container:\nimage: ''\ncmds: []", {}, [
            "   4:14  s/web/container/image: must not be empty", "   5:13  s/web/container/cmds: must not be empty"]),
        ("container:\nimage:\ncmds:", {}, [
            "   4:13  s/web/container/image: must not be empty", "   5:12  s/web/container/cmds: must not be empty"]),
        ("container:\nimage: [x]\ncmds: make", {}, [
            "   4:14  s/web/container/image: expected a string, but this is a list",
            "   5:13  s/web/container/cmds: expected a list, one '- ' for each item, but this is a string"]),
        ("container:\nimage: x\ncmds:\n- a\n- [b]\n- {c: d}\n-", {}, [
            "   7:9   s/web/container/cmds[1]: expected a string, but this is a list",
            "   8:9   s/web/container/cmds[2]: expected a string, but this is a map",
            "   9:8   s/web/container/cmds[3]: expected a string, but there is nothing"]),
        ("container:\nimage: x\ncmds: [a]\nos: windos", {}, [
            "   6:11  s/web/container/os: warning: 'windos' is none of 'linux', 'windows', and counts as 'linux'"]),
        ("container:\nimage: x\ncmds: [a]\nshell:", {}, [
            "   6:13  s/web/container/shell: warning: has no value, so its default is used; wharf-cmd does not take this"]),
        ("container:\nimage: x\ncmds: [a]\nsecretName: y", {}, [
            f"   3:5   s/web/container: {MISSING} PROJECT_ID, needed for 'secretName' (or give --project-id): {HOW}PROJECT_ID"]),
        ("container:\nimage: x\ncmds: [a]\nsecretName: y", {"PROJECT_ID": "x"}, [
            "   6:19  s/web/container/secretName: variable PROJECT_ID must be a whole number above zero"]),
        ("container:\nimgae: x\ncmds: [a]\nImage: y\nfoo: z", {}, [
            "   3:5   s/web/container: missing required field 'image'",
            "   4:7   s/web/container: warning: unknown field 'imgae' is ignored; did you mean 'image'?",
            "   6:7   s/web/container: warning: unknown field 'Image' is ignored; did you mean 'image'?",
            ("   7:7   s/web/container: warning: unknown field 'foo' is ignored; known are 'certificatesMountPath', 'cmds', 'image',"
            " 'os', 'secretName', 'serviceAccount', 'shell'")]),
        ("docker:", {}, [
            f"   3:5   s/web/docker: {MISSING} REG_URL, needed for the default of 'destination': {HOW}REG_URL",
            f"   3:5   s/web/docker: {MISSING} REPO_GROUP, needed for the default of 'destination': {HOW}REPO_GROUP {NO_GIT}",
            f"   3:5   s/web/docker: {MISSING} REPO_NAME, needed for the default of 'destination': {HOW}REPO_NAME {NO_GIT}",
            "   3:5   s/web/docker: missing required field 'file'",
            "   3:5   s/web/docker: missing required field 'tag'"]),
        ("docker:\nfile: f\ntag: t", BUILT_IN | {"REPO_NAME": ""}, [
            f"   3:5   s/web/docker: {MISSING} REPO_NAME, needed for the default of 'destination': it is set, but empty"]),
        ("docker:\nfile: [f]\ntag: t\ndestination: d\npush:\nargs:\nappend-cert: [x]\nsecret: {}", {}, [
            "   4:13  s/web/docker/file: expected a string, but this is a list",
            "   7:12  s/web/docker/push: warning: has no value, so its default is used; wharf-cmd does not take this",
            "   8:12  s/web/docker/args: warning: has no value, so its default is used; wharf-cmd does not take this",
            "   9:20  s/web/docker/append-cert: expected true or false, but this is a list",
            "  10:15  s/web/docker/secret: expected a string, but this is a map"]),
        ("docker:\nfile: f\ntag: ' , '\ndestination: d", {}, ["   5:12  s/web/docker/tag: holds no tag, only commas and blanks"]),
        ("docker:\nfile: f\ntag: t\ndestination: d\nsecretArgs: [A, =b, c=, D=e]", {}, [
            "   7:19  s/web/docker/secretArgs: item 1 must be of the form ARG=secret-key",
            "   7:19  s/web/docker/secretArgs: item 2 must be of the form ARG=secret-key",
            "   7:19  s/web/docker/secretArgs: item 3 must be of the form ARG=secret-key",
            "   7:19  s/web/docker/secretArgs: needs 'secretName' beside it"]),
        ("docker:\nfile: f\ntag: t\ndestination: d\nsecretName: x", {"PROJECT_ID": "1"}, [
            "   7:19  s/web/docker/secretName: needs 'secretArgs' beside it"]),
        ("docker:\nfile: f\ntag: t\ndestination: d\npush: 'yes'\nappend-cert: 'true'", {}, [
            "   7:13  s/web/docker/push: expected true or false, but this is a string",
            "   8:20  s/web/docker/append-cert: warning: wharf-cmd does not take this: write true or false without quotes"]),
        ("docker:\nfile: f\ntag: t\ndestination: d\npush: ${push}", {}, [
            "   7:13  s/web/docker/push: expected true or false, but this is the unknown variable ${push}"]),
        ("docker:\nfile: f\ntag: t\ndestination: d", {"REG_INSECURE": "maybe"}, [
            "   3:5   s/web/docker: expected true or false, but this is a string (the value of ${REG_INSECURE})"]),
        ("helm:", {}, [
            f"   3:5   s/web/helm: {MISSING} CHART_REPO, needed for the default of 'repo': {HOW}CHART_REPO",
            f"   3:5   s/web/helm: {MISSING} REPO_GROUP, needed for the default of 'repo': {HOW}REPO_GROUP {NO_GIT}",
            "   3:5   s/web/helm: missing required field 'chart'",
            "   3:5   s/web/helm: missing required field 'name'",
            "   3:5   s/web/helm: missing required field 'namespace'"]),
        ("helm:\nchart: c\nname: n\nnamespace: m\nrepo: r\nset: {a: [b], c: 1}\nfiles: f", {}, [
            "   8:16  s/web/helm/set.a: expected a string, but this is a list",
            "   8:24  s/web/helm/set.c: warning: an integer is read as text here, but wharf-cmd does not take it: put it in quotes",
            "   9:14  s/web/helm/files: expected a list, one '- ' for each item, but this is a string"]),
        ("helm:\nchart: c\nname: n\nnamespace: m\nrepo: r\nset:", {}, [
            "   8:11  s/web/helm/set: warning: has no value, so its default is used; wharf-cmd does not take this"]),
        ("helm:\nchart: c\nname: n\nnamespace: m\nrepo: r\nset: [a]", {}, [
            "   8:12  s/web/helm/set: expected a map, but this is a list"]),
        ("helm-package:", {}, [
            f"   3:5   s/web/helm-package: {MISSING} CHART_REPO, needed for the default of 'destination': {HOW}CHART_REPO",
            f"   3:5   s/web/helm-package: {MISSING} REPO_GROUP, needed for the default of 'destination': {HOW}REPO_GROUP {NO_GIT}"]),
        ("kubectl:", {}, ["   3:5   s/web/kubectl: missing required field 'file' or 'files'"]),
        ("kubectl:\nfiles: []", {}, ["   4:14  s/web/kubectl/files: must not be empty"]),
        ("kubectl:\nfile: ''\nforce: 1", {}, [
            "   4:13  s/web/kubectl/file: must not be empty",
            "   5:14  s/web/kubectl/force: expected true or false, but this is an integer"]),
        ("nuget-package:", {}, [
            "   3:5   s/web/nuget-package: missing required field 'version'",
            "   3:5   s/web/nuget-package: missing required field 'project-path'",
            "   3:5   s/web/nuget-package: missing required field 'repo'"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_steps(
    problems: Callable[..., list[str]], step: str, variables: dict[str, str], expected: list[str]
) -> None:
    assert problems(definition(step), variables) == expected


@pytest.mark.parametrize(
    ("tag", "expected", "warned"),
    [
        ("${BUILD_REF}", "42", False),
        ("v${BUILD_REF}", "v42", False),
        ("${VERSION}", "1.10", False),
        ("v${VERSION}", "v1.10", False),
        ("${DAY}", "2024-01-02", False),
        ("${YES}", "True", False),
        ("123", "123", True),
        ("1.10", "1.10", True),
        ("true", "true", True),
        ("2024-01-02", "2024-01-02", True),
        ("0x1F", "0x1F", True),
        ("'123'", "123", False),
        ("yes", "yes", False),
    ],
)
def test_text_that_yaml_takes_for_something_else_stays_as_it_is_written(
    load: Callable[..., Pipeline], tag: str, expected: str, warned: bool
) -> None:
    head = "environments: {dev: {VERSION: 1.10, DAY: 2024-01-02, YES: True}}\n"
    pipeline = load(head + definition(f"docker:\nfile: f\ntag: {tag}\ndestination: d"), environment="dev")
    spec = next(pipeline.steps).spec
    assert isinstance(spec, DockerSpec)
    assert spec.tags == (expected,)
    assert [warning.line for warning in pipeline.warnings] == ([6] if warned else [])


def test_fields_that_need_a_type_take_it_from_variables(load: Callable[..., Pipeline], root: Path) -> None:
    (root / ".wharf-vars.yml").write_text("vars:\n  ARGS: [A=1, 'B=${BUILD_REF}', 3]\n  SET: {a: 1}\n")
    step = definition("docker:\nfile: f\ntag: t\ndestination: d\npush: ${PUSH}\nargs: ${ARGS}")
    pipeline = load(step, {"PUSH": "false"})
    spec = next(pipeline.steps).spec
    assert isinstance(spec, DockerSpec)
    assert (spec.push, spec.args) == (False, ("A=1", "B=42", "3"))
    assert pipeline.warnings == ()
    helm = next(load(definition("helm:\nchart: c\nname: n\nnamespace: m\nrepo: r\nset: ${SET}")).steps).spec
    assert isinstance(helm, HelmSpec)
    assert helm.set == (("a", "1"),)


def test_a_built_in_variable_must_be_text(problems: Callable[..., list[str]], root: Path) -> None:
    (root / ".wharf-vars.yml").write_text("vars: {REG_SECRET: [x], CHART_REPO: {}, REPO_GROUP: g}\n")
    assert problems(definition("docker:\nfile: f\ntag: t\ndestination: d")) == [
        "   3:5   s/web/docker: expected a string, but there is a list (the value of ${REG_SECRET})"
    ]
    assert problems(definition("helm-package:")) == [
        "   3:5   s/web/helm-package: expected a string, but there is a map (the value of ${CHART_REPO})"
    ]
