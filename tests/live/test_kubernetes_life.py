"""The life of a step's pod is told in the cluster's words, ends when it must, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.live.docker_builds import IMAGE, Recorder
from tests.live.kubernetes_builds import (
    NAMESPACE,
    PATIENCE,
    SETTINGS,
    Namespace,
    Start,
    all_at_once,
    run_pod,
    with_pod,
)
from wharf_tui.model.errors import RunError, StoreError
from wharf_tui.model.status import Status
from wharf_tui.runtimes.docker.settings import Limits
from wharf_tui.runtimes.port import Cancellation

pytest_plugins = ("tests.live.kubernetes_fixtures",)
pytestmark = pytest.mark.kubernetes


def reasons(recorder: Recorder) -> str:
    return "\n".join(reason for _, reason in recorder.statuses)


async def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come"
        await asyncio.sleep(0.1)


async def how_steps_end(start_pods: Start) -> None:
    steps = {
        "fails": ["echo one", "false", "echo never"],
        "code": ["exit 7"],
        "no-shell": {"container": {"image": IMAGE, "cmds": ["x"], "shell": "/bin/no-such-shell"}},
        "killed": ["sh -c 'kill -9 $$'", "true"],
    }
    build = await start_pods(steps)
    outcomes = dict(zip(steps, await asyncio.gather(*map(build.run, steps)), strict=True))
    assert (outcomes["fails"].exit_code, outcomes["fails"].reason) == (1, "exit code 1")
    assert build.recorder("fails").messages() == [b"one"]
    assert (outcomes["code"].status, outcomes["code"].exit_code) == (Status.FAILED, 7)
    assert (outcomes["killed"].exit_code, outcomes["killed"].reason) == (
        137,
        "killed by signal 9 (SIGKILL)",
    )
    assert outcomes["no-shell"].status is Status.FAILED
    assert "no-such-shell" in outcomes["no-shell"].reason


async def out_of_memory(start_pods: Start) -> None:
    settings = with_pod(containers=[{"name": "step", "resources": {"limits": {"memory": "8Mi"}}}])
    outcome, _ = await run_pod(start_pods, "sleep 1; exec tail -c 100000000 /dev/zero", settings=settings)
    assert outcome.status is Status.FAILED
    assert "out of memory (OOMKilled)" in outcome.reason


async def a_deadline_of_the_cluster(start_pods: Start) -> None:
    outcome, recorder = await run_pod(
        start_pods, "echo started; sleep 100", settings=with_pod(activeDeadlineSeconds=14)
    )
    assert outcome.status is Status.FAILED
    assert outcome.reason.startswith("DeadlineExceeded: Pod was active on the node longer")
    assert recorder.messages() == [b"started"]


async def an_image_that_may_not_be_pulled(start_pods: Start) -> None:
    never = replace(SETTINGS, pull_policies={"container": "Never"})
    build = await start_pods({"never": {"container": {"image": "no-such-image:1", "cmds": ["x"]}}}, never)
    outcome = await build.run("never")
    assert outcome.status is Status.FAILED
    assert "ErrImageNeverPull" in outcome.reason


async def images_that_cannot_be_had(start_pods: Start) -> None:
    steps = {
        "name": {"container": {"image": "NO SUCH NAME", "cmds": ["x"]}},
        "pull": {"container": {"image": "no-such-registry.invalid/image:1", "cmds": ["x"]}},
    }
    build = await start_pods(steps)
    running = asyncio.gather(*map(build.run, steps))
    await build.recorder("pull").wait_for(lambda recorder: "ErrImagePull" in reasons(recorder))
    assert not running.done()  # registries have bad moments: it is tried again for a while
    by_name, by_pull = await running
    assert "repository name must be lowercase" in by_name.reason
    assert "no-such-registry.invalid" in by_pull.reason
    assert (by_pull.status, by_pull.exit_code) == (Status.FAILED, None)
    assert by_pull.reason.startswith("it cannot start: ")
    assert re.search("ErrImagePull|ImagePullBackOff", by_pull.reason)
    assert {status for status, _ in build.recorder("pull").statuses} == {
        Status.SCHEDULING,
        Status.INITIALIZING,
    }


async def what_is_not_in_the_cluster(start_pods: Start) -> None:
    steps = {
        "secret": {"container": {"image": IMAGE, "cmds": ["x"], "secretName": "missing"}},
        "certificates": {
            "container": {"image": IMAGE, "cmds": ["x"], "certificatesMountPath": "/etc/certificates"}
        },
    }
    build = await start_pods(steps, environ={"WHARF_VAR_PROJECT_ID": "5"})
    enough = Cancellation()
    waiting = asyncio.create_task(build.run("certificates", enough))
    by_secret = await build.run("secret")
    assert "CreateContainerConfigError" in by_secret.reason
    assert 'secret "wharf-local-project-5-secretname-missing" not found' in by_secret.reason
    await build.recorder("certificates").wait_for(
        lambda recorder: 'configmap "ca-certificates-config" not found' in reasons(recorder)
    )
    enough.request("enough")
    assert (await waiting).reason == "enough"


async def a_pod_that_fits_nowhere(start_pods: Start) -> None:
    settings = with_pod(nodeSelector={"no-such": "node"})
    outcome, recorder = await run_pod(start_pods, "true", settings=settings, limits=Limits(start_s=2))
    assert outcome.status is Status.FAILED
    assert re.search(r"did not start within 2 s: (Unschedulable: )?0/1 nodes are available", outcome.reason)
    assert {status for status, _ in recorder.statuses} == {Status.SCHEDULING}


async def an_init_image_that_cannot_do_it(start_pods: Start) -> None:
    settings = with_pod(initContainers=[{"name": "init", "command": ["no-such-program"]}])
    outcome, _ = await run_pod(start_pods, "true", settings=settings)
    assert outcome.status is Status.FAILED
    assert "init container failed" in outcome.reason
    assert "no-such-program" in outcome.reason


async def a_refused_pod(start_pods: Start) -> None:
    outcome, _ = await run_pod(start_pods, "true", settings=with_pod(nodeSelector={"no good": "label"}))
    assert outcome.status is Status.FAILED
    assert "spec.nodeSelector" in outcome.reason


async def a_step_that_takes_too_long(start_pods: Start) -> None:
    outcome, recorder = await run_pod(start_pods, "echo begin; sleep 100", limits=Limits(step_s=1, grace_s=5))
    assert outcome.status is Status.FAILED
    assert outcome.reason == "it did not end within 1 s"
    assert recorder.messages()[0] == b"begin"
    assert not recorder.gaps


async def test_how_steps_fail(start_pods) -> None:
    await all_at_once(
        images_that_cannot_be_had(start_pods),
        how_steps_end(start_pods),
        out_of_memory(start_pods),
        a_deadline_of_the_cluster(start_pods),
        an_image_that_may_not_be_pulled(start_pods),
        what_is_not_in_the_cluster(start_pods),
        a_pod_that_fits_nowhere(start_pods),
        an_init_image_that_cannot_do_it(start_pods),
        a_refused_pod(start_pods),
        a_step_that_takes_too_long(start_pods),
    )


async def the_source_tree_is_a_copy_of_its_own(start_pods: Start) -> None:
    files = {"a/b.txt": "one\n", ".gitignore": "", "run.sh": "#!/bin/sh\necho $0\n"}
    look = "pwd; cat a/b.txt; echo two >>a/b.txt; wc -l <a/b.txt; ls -A | sort | tr '\\n' ' '"
    build = await start_pods({"one": [look], "two": [look]}, files=files)
    await asyncio.gather(build.run("one"), build.run("two"))
    expected = [b"/mnt/repo", b"one", b"2", b".gitignore .wharf-ci.yml a run.sh "]
    assert build.recorder("one").messages() == expected
    assert build.recorder("two").messages() == expected


async def shipped_files_have_their_variables_filled_in(start_pods: Start) -> None:
    step = {"kubectl": {"file": "k.yml", "cluster": "cluster-config"}}
    settings = with_pod(
        containers=[{"name": "step", "image": IMAGE, "command": ["sh", "-c", "ls -A; cat k.yml"]}],
        volumes=[{"name": "cluster", "configMap": {"name": "cluster-config", "optional": True}}],
    )
    build = await start_pods(
        {"k": step}, settings, environ={"WHARF_VAR_WHO": "me"}, files={"k.yml": "a: ${WHO}"}
    )
    outcome = await build.run("k")
    assert outcome.status is Status.SUCCESS
    assert build.recorder("k").messages() == [b"k.yml", b"a: me"]


async def test_what_files_a_step_finds(start_pods) -> None:
    await all_at_once(
        the_source_tree_is_a_copy_of_its_own(start_pods),
        shipped_files_have_their_variables_filled_in(start_pods),
    )


async def a_cancelled_step(start_pods: Start, *, stubborn: bool) -> None:
    trap = "trap '' TERM" if stubborn else "trap 'echo bye; exit 3' TERM"
    build = await start_pods(
        {"step": [trap, "echo ready", "while :; do sleep 0.2; done"]}, limits=Limits(grace_s=2)
    )
    cancellation = Cancellation()
    running = asyncio.create_task(build.run("step", cancellation))
    recorder = build.recorder("step")
    await recorder.wait_for_lines(1)
    cancellation.request("cancelled by the test")
    outcome = await running
    assert (outcome.status, outcome.reason) == (Status.CANCELLED, "cancelled by the test")
    assert not recorder.gaps
    messages = recorder.messages()
    assert messages[0] == b"ready"
    if not stubborn:
        assert outcome.exit_code == 3
        assert b"bye" in messages


async def cancelled_by_force_and_before_it_runs(start_pods: Start, namespace: Namespace) -> None:
    build = await start_pods({"runs": ["echo ready; sleep 100"], "starts": ["true"]})
    forced, early = Cancellation(), Cancellation()
    running = asyncio.create_task(build.run("runs", forced))
    await build.recorder("runs").wait_for_lines(1)
    starting = asyncio.create_task(build.run("starts", early))
    await until(lambda: len(build.pods(namespace)) == 2)
    early.request("early")
    started = time.monotonic()
    forced.force("now")
    assert (await running).status is Status.CANCELLED
    assert (await starting).reason == "early"
    assert time.monotonic() - started < 20


async def a_pod_that_somebody_deletes(start_pods: Start, namespace: Namespace) -> None:
    build = await start_pods({"step": ["echo ready", "sleep 100"]})
    running = asyncio.create_task(build.run("step"))
    await build.recorder("step").wait_for_lines(1)
    (name,) = build.pods(namespace)
    namespace.cluster.delete_pod(name, 1)
    outcome = await running
    assert outcome.status is Status.FAILED
    assert "deleted by somebody else" in outcome.reason or "exit code" in outcome.reason
    assert build.recorder("step").messages()[0] == b"ready"


async def a_full_disk_ends_the_step(start_pods: Start, namespace: Namespace) -> None:
    build = await start_pods({"step": ["while :; do echo x; sleep 0.1; done"]})
    running = asyncio.create_task(build.run("step"))
    recorder = build.recorder("step")
    await recorder.wait_for_lines(3)
    recorder.failure = StoreError("no space")
    with pytest.raises(StoreError):
        await running
    assert build.pods(namespace) == []


async def a_step_whose_task_is_cancelled(start_pods: Start, namespace: Namespace) -> None:
    build = await start_pods({"step": ["echo ready", "sleep 100"]})
    running = asyncio.create_task(build.run("step"))
    await build.recorder("step").wait_for_lines(1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert build.pods(namespace) == []


async def a_failed_pod_is_kept_on_purpose(start_pods: Start, namespace: Namespace) -> None:
    build = await start_pods({"bad": ["exit 4"], "good": ["true"]}, limits=Limits(keep_failed=True))
    outcome, good = await asyncio.gather(build.run("bad"), build.run("good"))
    (name,) = build.pods(namespace)
    assert good.status is Status.SUCCESS
    assert outcome.reason == f"exit code 4; pod {name} in namespace {NAMESPACE} is kept"
    namespace.cluster.delete_pod(name)


async def test_how_steps_are_ended(start_pods, namespace: Namespace) -> None:
    await all_at_once(
        a_cancelled_step(start_pods, stubborn=False),
        a_cancelled_step(start_pods, stubborn=True),
        cancelled_by_force_and_before_it_runs(start_pods, namespace),
        a_pod_that_somebody_deletes(start_pods, namespace),
        a_full_disk_ends_the_step(start_pods, namespace),
        a_step_whose_task_is_cancelled(start_pods, namespace),
        a_failed_pod_is_kept_on_purpose(start_pods, namespace),
    )


async def test_a_dry_run_by_the_server_makes_nothing(start_pods, namespace: Namespace) -> None:
    build = await start_pods({"good": ["true"], "bad": ["true"]})
    bad, good = build.context.pipeline.steps
    shown = await build.runtime.check(build.context, good)
    assert shown["metadata"]["uid"]
    assert re.match(r"wharf-build-container-good-\w{5}$", shown["metadata"]["name"])
    assert json.dumps(build.runtime.describe(build.context, bad))
    refusing = await start_pods({"bad": ["true"]}, settings=with_pod(nodeSelector={"no good": "label"}))
    with pytest.raises(RunError, match="nodeSelector"):
        await refusing.runtime.check(refusing.context, bad)
    assert namespace.pods() == []
