"""The options of every verb that serves a build: where to listen, and who may read."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from wharf_tui.worker.auth import ListenSettings

DEFAULT_ADDRESS = "127.0.0.1:5010"


@dataclass(frozen=True, slots=True)
class ListenOptions:
    """As given on the command line; nothing has been read yet."""

    tls_cert: Path | None
    tls_key: Path | None
    tls_client_ca: Path | None
    token_file: Path | None
    insecure: bool

    def settings(self, address: str) -> ListenSettings:
        """Read the token and put all together.

        Raises:
            UsageError: the options would expose the logs, or the address is none.
            InputError: the token cannot be read.
        """
        from wharf_tui.worker.auth import ListenSettings, Token, parse_address

        host, port = parse_address(address)
        settings = ListenSettings(
            host=host,
            port=port,
            tls_certificate=self.tls_cert,
            tls_key=self.tls_key,
            tls_client_ca=self.tls_client_ca,
            token=Token.from_file(self.token_file) if self.token_file else None,
            insecure=self.insecure,
        )
        settings.check()
        if (
            self.insecure
            and not settings.is_loopback
            and (settings.token is None or settings.tls_certificate is None)
        ):
            click.echo(
                f"wharf-tui: --insecure: everybody who reaches {address} can read these logs, and whoever sits between can read along",
                err=True,
            )
        return settings


def listen_options(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb these options, as its argument ``listen``."""

    @click.option(
        "--tls-cert",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Serve with TLS: certificate (PEM).",
    )
    @click.option(
        "--tls-key", type=click.Path(path_type=Path), metavar="FILE", help="The certificate's key (PEM)."
    )
    @click.option(
        "--tls-client-ca",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Admit only clients certified by it.",
    )
    @click.option(
        "--token-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Admit only clients with this token.",
    )
    @click.option(
        "--insecure", is_flag=True, help="Serve other machines without TLS and token: everybody can read."
    )
    @functools.wraps(verb)
    def with_listen(
        *args: Any,
        tls_cert: Path | None,
        tls_key: Path | None,
        tls_client_ca: Path | None,
        token_file: Path | None,
        insecure: bool,
        **kwargs: Any,
    ) -> Any:
        return verb(
            *args, listen=ListenOptions(tls_cert, tls_key, tls_client_ca, token_file, insecure), **kwargs
        )

    return with_listen
