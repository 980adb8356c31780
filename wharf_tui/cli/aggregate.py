"""``wharf-tui aggregate``: copies every line of every build into a database, exactly once, without a screen."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from wharf_tui.cli.connect_options import ConnectOptions, connect_options
from wharf_tui.model.errors import UsageError


@click.command()
@click.option(
    "--from",
    "addresses",
    metavar="HOST:PORT",
    multiple=True,
    help="Copy from the worker there; may be repeated.",
)
@click.option("--kubernetes", is_flag=True, help="Copy from the worker pods of wharf-cmd's provisioner.")
@click.option("-n", "--namespace", metavar="NAME", help="With --kubernetes: where the pods are.")
@click.option(
    "--instance", metavar="ID", default="local", show_default=True, help="With --kubernetes: which pods."
)
@click.option(
    "--reap", is_flag=True, help="With --kubernetes: delete a worker pod once its build is complete."
)
@click.option(
    "--builds",
    metavar="[DIR]",
    is_flag=False,
    flag_value="",
    type=click.Path(),
    help="Copy the builds that are stored on this machine, or those in DIR.",
)
@click.option(
    "--to",
    "url",
    metavar="URL",
    required=True,
    help="sqlite:///FILE, postgresql://USER@HOST/DATABASE, or wharf-api+http://HOST:PORT.",
)
@click.option(
    "--follow/--once",
    help="Go on with the builds that come, or end when what is there now has ended.  [default: --once]",
)
@click.option(
    "--build-id",
    type=click.IntRange(1, 2**63 - 1),
    metavar="N",
    help="The build's number, for one worker that does not tell it.",
)
@click.option(
    "--parallel",
    type=click.IntRange(1, 10_000),
    default=64,
    show_default=True,
    metavar="N",
    help="How many builds are copied at once; others wait for their turn.",
)
@click.option(
    "--give-up",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="How long to try a worker or a sink that does not answer.  [default: 600, and for ever with --follow]",
)
@click.option(
    "--spool",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where workers' logs lie until they are committed; else a folder of this user's.",
)
@click.option(
    "--sink-token-file", type=click.Path(path_type=Path), metavar="FILE", help="The token for wharf-api."
)
@click.option(
    "--ledger",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What wharf-api has acknowledged; else a file of this user's. One aggregator at a time.",
)
@click.option("--metrics", metavar="HOST:PORT", help="Serve /metrics (Prometheus) and /healthz there.")
@click.option(
    "--log",
    "log_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to tell what happens.",
)
@connect_options
def command(
    addresses: tuple[str, ...],
    *,
    kubernetes: bool,
    namespace: str | None,
    instance: str,
    reap: bool,
    builds: str | None,
    url: str,
    follow: bool,
    build_id: int | None,
    parallel: int,
    give_up: float | None,
    spool: Path | None,
    sink_token_file: Path | None,
    ledger: Path | None,
    metrics: str | None,
    log_format: str,
    connect: ConnectOptions,
) -> int:
    """Copy builds into a database: every line of every step, each exactly once.

    What is committed decides where to go on, so it can be stopped or killed at any moment and started again. Exit
    status: 0 all builds are complete, 1 a line was refused or came with another text, 3 a build is incomplete,
    4 a worker or the database cannot be reached. See docs/aggregator.md for the tables.
    """
    from wharf_tui.cli.aggregate_run import AggregateOptions, KubernetesOptions, aggregate
    from wharf_tui.worker.auth import Token, parse_address

    if not (addresses or kubernetes or builds is not None):
        raise UsageError("nothing to copy from", "Give --from HOST:PORT, --kubernetes or --builds.")
    if build_id is not None and len(addresses) != 1:
        raise UsageError("--build-id needs exactly one --from")
    if (namespace or reap) and not kubernetes:
        raise UsageError("--namespace and --reap need --kubernetes")
    options = AggregateOptions(
        endpoints=tuple(connect.endpoint(address) for address in addresses),
        kubernetes=KubernetesOptions(namespace, instance, reap, connect.endpoint("127.0.0.1:5010"))
        if kubernetes
        else None,
        builds=builds,
        url=url,
        sink_token=Token.from_file(sink_token_file).secret.decode() if sink_token_file else "",
        ledger=ledger,
        follow=follow,
        build_id=build_id or 0,
        parallel=parallel,
        give_up_seconds=give_up,
        spool=spool,
        metrics=parse_address(metrics) if metrics is not None else None,
        log_format=log_format,
    )
    return asyncio.run(aggregate(options))
