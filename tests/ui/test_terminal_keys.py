"""Keys as a terminal sends them: ``esc`` acts at once, and no bytes end the reading of keys."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Iterator

import pytest
from textual import constants, events

from wharf_tui.ui.terminal_keys import ESCAPE_SECONDS, read_keys, shorten_escape_delay

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX terminals")


class Reader:
    """What is read of a pipe, which stands for a terminal."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.came = threading.Condition()
        self.stop = threading.Event()
        source, self.terminal = os.pipe()
        self.source = source
        self.thread = threading.Thread(target=read_keys, args=(source, self.stop, self.take))
        self.thread.start()

    def take(self, message: object) -> None:
        with self.came:
            if isinstance(message, events.Key):
                self.keys.append(message.key)
            self.came.notify_all()

    def wait_for(self, keys: list[str]) -> None:
        with self.came:
            assert self.came.wait_for(lambda: self.keys == keys, 10), self.keys

    def wait_until_read(self) -> None:
        """Until nothing is left in the pipe."""
        while select.select([self.source], [], [], 0)[0]:
            threading.Event().wait(0.001)

    def close(self) -> None:
        self.stop.set()
        os.close(self.terminal)
        self.thread.join()
        os.close(self.source)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    monkeypatch.delenv("ESCDELAY", raising=False)
    monkeypatch.setattr(constants, "ESCAPE_DELAY", 0.1)
    shorten_escape_delay()
    reader = Reader()
    yield reader
    reader.close()


def test_escape_alone_is_a_key_and_before_others_it_begins_them(reader: Reader) -> None:
    os.write(reader.terminal, b"\x1b[A\x1bOPx")
    reader.wait_for(["up", "f1", "x"])
    os.write(reader.terminal, b"\x1b")
    reader.wait_for(["up", "f1", "x", "escape"])


def test_a_key_that_comes_in_two_pieces_is_one(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ESCAPE_DELAY", 30.0)
    os.write(reader.terminal, b"\x1b")
    os.write(reader.terminal, b"[B")
    reader.wait_for(["down"])


def test_bytes_that_are_no_utf8_do_not_end_it(reader: Reader) -> None:
    os.write(reader.terminal, b"a\xff\xe4")
    os.write(reader.terminal, b"\xc3")
    os.write(reader.terminal, b"\xa4b")
    reader.wait_for(["a", "replacement_character", "replacement_character", "ä", "b"])


def test_half_a_character_is_no_end(reader: Reader) -> None:
    os.write(reader.terminal, b"\xc3")
    reader.wait_until_read()
    os.write(reader.terminal, b"\xa4x")
    reader.wait_for(["ä", "x"])
    os.write(reader.terminal, b"\xe4")
    reader.wait_until_read()
    os.write(reader.terminal, b"j")
    reader.wait_for(["ä", "x", "replacement_character", "j"])


def test_the_end_of_the_terminal_ends_it() -> None:
    reader = Reader()
    os.close(reader.terminal)
    reader.thread.join(10)
    assert not reader.thread.is_alive()
    os.close(reader.source)


def test_escape_is_held_back_as_long_as_the_user_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ESCAPE_DELAY", 0.3)
    monkeypatch.setenv("ESCDELAY", "300")
    shorten_escape_delay()
    assert constants.ESCAPE_DELAY == 0.3
    monkeypatch.delenv("ESCDELAY")
    shorten_escape_delay()
    assert constants.ESCAPE_DELAY == ESCAPE_SECONDS
