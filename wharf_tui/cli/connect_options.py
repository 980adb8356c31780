"""The options of every verb that talks to a worker: how to be let in, and how to trust it."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from wharf_tui.attach.connection import Endpoint

_ADDRESS = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.%]+\])?:\d{1,5}\Z")


@dataclass(frozen=True, slots=True)
class ConnectOptions:
    """As given on the command line; nothing has been read yet."""

    token_file: Path | None
    tls: bool
    tls_ca: Path | None
    tls_cert: Path | None
    tls_key: Path | None

    def endpoint(self, address: str) -> Endpoint:
        """Read the token and put all together.

        Raises:
            UsageError: the address is none.
            InputError: the token cannot be read.
        """
        from wharf_tui.attach.connection import Endpoint
        from wharf_tui.worker.auth import Token, parse_address

        host, port = parse_address(address)
        token = Token.from_file(self.token_file).secret.decode() if self.token_file else ""
        return Endpoint(
            address=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            token=token,
            tls=self.tls or self.tls_ca is not None or self.tls_cert is not None,
            ca_file=self.tls_ca,
            client_certificate=self.tls_cert,
            client_key=self.tls_key,
        )


def connect_options(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb these options, as its argument ``connect``."""

    @click.option("--token-file", type=click.Path(path_type=Path), metavar="FILE", help="The worker's token.")
    @click.option("--tls", is_flag=True, help="Connect with TLS, trusting the system's certificates.")
    @click.option(
        "--tls-ca",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Connect with TLS, trusting this CA.",
    )
    @click.option(
        "--tls-cert", type=click.Path(path_type=Path), metavar="FILE", help="Our certificate (PEM)."
    )
    @click.option(
        "--tls-key", type=click.Path(path_type=Path), metavar="FILE", help="Our certificate's key (PEM)."
    )
    @functools.wraps(verb)
    def with_connect(
        *args: Any,
        token_file: Path | None,
        tls: bool,
        tls_ca: Path | None,
        tls_cert: Path | None,
        tls_key: Path | None,
        **kwargs: Any,
    ) -> Any:
        return verb(*args, connect=ConnectOptions(token_file, tls, tls_ca, tls_cert, tls_key), **kwargs)

    return with_connect


def looks_like_address(target: str) -> bool:
    """Whether the user means a worker: ``HOST:PORT``, and nothing of that name lies on the disk."""
    return _ADDRESS.match(target) is not None and not Path(target).exists()
