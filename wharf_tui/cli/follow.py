"""``wharf-tui follow``: containers that run already, as steps of a build that nobody has defined."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from wharf_tui.cli.listen_options import DEFAULT_ADDRESS, ListenOptions, listen_options
from wharf_tui.cli.terminal import is_interactive
from wharf_tui.model.errors import UsageError
from wharf_tui.model.timestamps import NS, now_ns, parse_rfc3339

if TYPE_CHECKING:
    from wharf_tui.runtimes.sources import ContainerSource, Found, History

_DURATION: Final = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")
_SECONDS: Final = (86_400, 3600, 60, 1)


@dataclass(frozen=True, slots=True)
class FollowOptions:
    """What both places have in common, as given on the command line."""

    since: str | None
    tail: int | None
    plain: bool
    serve: str | None
    listen: ListenOptions

    def history(self) -> History:
        """How much of what was printed before is taken.

        Raises:
            UsageError: a time makes no sense.
        """
        from wharf_tui.runtimes.sources import History

        if self.since is not None and self.tail is not None:
            raise UsageError("--since and --tail exclude each other")
        return History(None if self.since is None else _time_of(self.since), self.tail)

    def follow(self, source: ContainerSource[Found], history: History) -> int:
        """Follow to the end, and return the exit status.

        Raises:
            WharfError: nothing can be followed.
        """
        from wharf_tui.cli.follow_containers import follow_containers

        listen = self.listen.settings(self.serve) if self.serve is not None else None
        if not history.is_whole:
            click.echo(f"wharf-tui: {history.describe()}", err=True)
        interactive = not self.plain and is_interactive()
        return asyncio.run(follow_containers(source, listen, interactive=interactive))


def _follow_options(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb these options, as its argument ``options``."""

    @click.option(
        "--since", metavar="TIME", help="Leave out lines before this: 10m, 2h30m, 2026-01-31T12:00:00Z."
    )
    @click.option("--tail", type=click.IntRange(0), metavar="N", help="Leave out all but the last N lines.")
    @click.option("--plain", is_flag=True, help="Print lines instead of opening the viewer.")
    @click.option(
        "--serve",
        metavar="[ADDRESS]",
        is_flag=False,
        flag_value=DEFAULT_ADDRESS,
        help=f"Serve the logs ({DEFAULT_ADDRESS} unless given) while they come and after, until stopped.",
    )
    @listen_options
    @functools.wraps(verb)
    def with_options(
        *args: Any,
        since: str | None,
        tail: int | None,
        plain: bool,
        serve: str | None,
        listen: ListenOptions,
        **kwargs: Any,
    ) -> Any:
        return verb(*args, options=FollowOptions(since, tail, plain, serve, listen), **kwargs)

    return with_options


@click.group()
def command() -> None:
    """Watch containers that run already, and keep their logs.

    Each container is a step; those that begin to match join. Nothing is done to a container: when you leave (ctrl-c),
    following ends, and the logs that were taken are kept like those of a build.
    """


@command.command("docker")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "-l", "--label", "labels", metavar="LABEL", multiple=True, help="Those that have it: KEY or KEY=VALUE."
)
@_follow_options
def docker_command(names: tuple[str, ...], labels: tuple[str, ...], options: FollowOptions) -> int:
    """Follow Docker containers: those named, until all have ended; or those that have all LABELs, until you leave.

    Exit status: 0; 1 where a container failed; 3 where lines are missing.
    """
    from wharf_tui.runtimes.docker.container_source import DockerSource, Match

    if bool(names) == bool(labels):
        raise UsageError("say which containers: their names, or a label with -l", "See `docker ps`.")
    history = options.history()
    return options.follow(DockerSource(Match(names, labels), history), history)


@command.command("kubernetes")
@click.argument("pods", metavar="[POD]...", nargs=-1)
@click.option("-l", "--selector", default="", help="Pods whose labels it selects, as kubectl has it.")
@click.option(
    "-n", "--namespace", metavar="NAME", default="", help="Where they are; else the configured one."
)
@click.option("-A", "--all-namespaces", is_flag=True, help="In all namespaces.")
@click.option("-c", "--container", metavar="NAME", default="", help="Only containers of this name.")
@click.option("--context", metavar="NAME", default="", help="Of the kubeconfig; else the configured one.")
@_follow_options
def kubernetes_command(
    pods: tuple[str, ...],
    selector: str,
    namespace: str,
    *,
    all_namespaces: bool,
    container: str,
    context: str,
    options: FollowOptions,
) -> int:
    """Follow containers of pods: those named, until all have ended; or those selected, or all of a namespace, until you leave.

    Exit status: 0; 1 where a container failed; 3 where lines are missing.
    """
    from wharf_tui.cli.build_options import user_configuration
    from wharf_tui.runtimes.kubernetes.container_source import ContainerSource, Match

    if not (pods or selector or namespace or all_namespaces):
        raise UsageError(
            "say which pods: their names, -l SELECTOR, -n NAMESPACE or -A", "See `kubectl get pods`."
        )
    if pods and (selector or all_namespaces):
        raise UsageError("pods that are named need no selector, and are in one namespace")
    if namespace and all_namespaces:
        raise UsageError("-n and -A exclude each other")
    configuration = user_configuration()
    namespace = namespace or configuration.text("k8s", "namespace")
    context = context or configuration.text("k8s", "context")
    history = options.history()
    match = Match(pods, selector, namespace, all_namespaces, container)
    return options.follow(ContainerSource(match, context, history=history), history)


def _time_of(text: str) -> int:
    """A point in time, or how long ago it is."""
    at_ns = parse_rfc3339(text.encode())
    if at_ns is not None:
        return at_ns
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise UsageError(f"--since {text!r} is no time", "Write 90s, 10m, 2h30m, 1d or 2026-01-31T12:00:00Z.")
    ago = sum(int(count or 0) * seconds for count, seconds in zip(match.groups(), _SECONDS, strict=True))
    return now_ns() - ago * NS
