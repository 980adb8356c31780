"""Reads what is typed inside the viewer to attach to a worker: its address, and the options of ``attach`` that let one in."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from wharf_tui.cli.connect_options import ConnectOptions, connect_options
from wharf_tui.model.errors import UsageError

if TYPE_CHECKING:
    from wharf_tui.attach.connection import Endpoint

_PLAIN = ConnectOptions(None, tls=False, tls_ca=None, tls_cert=None, tls_key=None)


@click.command(add_help_option=False)
@click.argument("address")
@connect_options
def _words(address: str, *, connect: ConnectOptions) -> tuple[str, ConnectOptions]:
    """Is never run as a command: it only knows the options."""
    return address, connect


def read_attach(text: str, usual: ConnectOptions) -> Endpoint:
    """The worker that a user means.

    Args:
        text: ``HOST:PORT``, and options as on the command line.
        usual: what holds where no option is typed.

    Raises:
        UsageError: it makes no sense.
        InputError: the token cannot be read.
    """
    try:
        address, connect = _words.main(shlex.split(text), "attach", standalone_mode=False)
    except ValueError as error:  # a quotation mark without its fellow
        raise UsageError(f"{text!r} cannot be read: {error}") from error
    except click.ClickException as error:
        raise UsageError(error.format_message().rstrip(".")) from error
    return (usual if connect == _PLAIN else connect).endpoint(address)
