"""What is typed inside the viewer to attach to a worker."""

from __future__ import annotations

import pytest

from wharf_tui.cli.attach_words import read_attach
from wharf_tui.cli.connect_options import ConnectOptions
from wharf_tui.model.errors import InputError, UsageError

PLAIN = ConnectOptions(None, tls=False, tls_ca=None, tls_cert=None, tls_key=None)
WITH_TLS = ConnectOptions(None, tls=True, tls_ca=None, tls_cert=None, tls_key=None)


def test_an_address_alone_is_reached_as_usual():
    assert read_attach("worker:5010", PLAIN).tls is False
    assert read_attach(" worker:5010 ", WITH_TLS).tls is True
    assert read_attach("[::1]:5010", PLAIN).address == "[::1]:5010"


def test_options_hold_instead_of_what_is_usual(tmp_path):
    token = tmp_path / "a token"
    token.write_text("secret-of-some-length-0123456789\n")
    token.chmod(0o600)
    endpoint = read_attach(f"worker:5010 --token-file '{token}'", WITH_TLS)
    assert (endpoint.token, endpoint.tls) == ("secret-of-some-length-0123456789", False)
    assert read_attach("--tls worker:5010", PLAIN).tls is True


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Missing argument 'ADDRESS'"),
        ("worker:5010 more", "unexpected extra argument"),
        ("worker:5010 --tsl", "No such option"),
        ("worker:5010 '", "No closing quotation"),
        ("worker:5010 --token-file", "requires an argument"),
        ("worker:x", "worker:x"),
        ("worker:5010 --help", "No such option"),
    ],
)
def test_what_makes_no_sense_is_told(text, told):
    with pytest.raises(UsageError, match=told):
        read_attach(text, PLAIN)


def test_a_token_that_is_not_there_is_told():
    with pytest.raises(InputError, match="does not exist"):
        read_attach("worker:5010 --token-file /nowhere/token", PLAIN)
