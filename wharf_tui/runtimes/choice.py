"""Which runtime a build gets: the one that was named, or the first that answers. Never the process runtime by itself."""

from __future__ import annotations

from dataclasses import dataclass

from wharf_tui.model.errors import RuntimeUnavailableError
from wharf_tui.runtimes.configuration import Configuration
from wharf_tui.runtimes.docker.settings import Limits, docker_settings
from wharf_tui.runtimes.kubernetes.settings import kubernetes_settings
from wharf_tui.runtimes.port import Runtime
from wharf_tui.runtimes.step_commands import StepImages

NAMES = ("docker", "kubernetes", "process")


@dataclass(frozen=True, slots=True)
class RuntimeOptions:
    """What a user says of where and how steps run."""

    name: str | None = None
    """One of NAMES; None takes what is reachable."""
    gitignore: bool = True
    """Whether what ``.gitignore`` names stays out of the steps' source tree."""
    keep_failed: bool = False
    start_seconds: float | None = None
    step_seconds: float | None = None


def choose_runtime(options: RuntimeOptions, configuration: Configuration) -> Runtime:
    """Make the runtime for a build.

    Raises:
        RuntimeUnavailableError: nothing answers.
        InputError: the configuration has a value that makes no sense.
    """
    match options.name or _first_that_answers(configuration):
        case "process":
            from wharf_tui.runtimes.process.runtime import ProcessRuntime

            return ProcessRuntime()
        case "docker":
            from wharf_tui.runtimes.docker.runtime import DockerRuntime

            return DockerRuntime(
                docker_settings(configuration, _images(configuration)),
                _limits(options),
                gitignore=options.gitignore,
            )
        case _:
            from wharf_tui.runtimes.kubernetes.runtime import KubernetesRuntime

            settings = kubernetes_settings(configuration, _images(configuration))
            return KubernetesRuntime(settings, _limits(options), gitignore=options.gitignore)


def _images(configuration: Configuration) -> StepImages:
    defaults = StepImages()

    def image(step_type: str, default: str) -> str:
        name, _, tag = default.rpartition(":") if ":" in default.rpartition("/")[2] else (default, "", "")
        name = configuration.text("worker", "steps", step_type, "image", default=name)
        tag = configuration.text("worker", "steps", step_type, "imageTag", default=tag)
        return f"{name}:{tag}" if tag else name

    return StepImages(
        helm=configuration.text("worker", "steps", "helm", "image", default=defaults.helm),
        kubectl=image("kubectl", defaults.kubectl),
        nuget_package=image("nuget-package", defaults.nuget_package),
    )


def _limits(options: RuntimeOptions) -> Limits:
    return Limits(start_s=options.start_seconds, step_s=options.step_seconds, keep_failed=options.keep_failed)


def _first_that_answers(configuration: Configuration) -> str:
    from wharf_tui.runtimes.docker.runtime import probe as probe_docker

    why_not_docker = probe_docker()
    if why_not_docker is None:
        return "docker"
    from wharf_tui.runtimes.kubernetes.runtime import probe as probe_kubernetes

    why_not_kubernetes = probe_kubernetes(kubernetes_settings(configuration, _images(configuration)))
    if why_not_kubernetes is None:
        return "kubernetes"
    raise RuntimeUnavailableError(
        f"neither Docker nor Kubernetes can be reached: {why_not_docker}; {why_not_kubernetes}",
        "Start one of them, or run the steps as plain processes on this machine with `--runtime process` (no sandbox).",
    )
