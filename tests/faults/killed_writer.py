"""Writes a build until it is killed, life after life; run by test_writer_killed.py.

Reads orders from standard input: ``<path or new> <seed> <until> <microseconds>``. Each life is a process of its own
that writes, tells what it was promised, and is killed: so long after its ``fork``, after the store is ``open``, in the
middle of a line (``half``), or not before its ``end``. Then ``killed`` or ``ended`` is printed.

Told: ``path P`` | ``line STEP ID CRC`` | ``status STEP ID WORD``, each once the call has returned.
"""

import os
import random
import signal
import sys
import time
import zlib
from pathlib import Path

import filelock  # noqa: F401 - the store imports it late; here, so that each life begins at once

from wharf_tui.model.build import BuildInfo
from wharf_tui.model.errors import WharfError
from wharf_tui.model.ids import BuildId, StepId
from wharf_tui.model.status import Status
from wharf_tui.results.build_writer import BuildWriter
from wharf_tui.results.log_writer import LogWriter

SIZES = (0, 1, 50, 50, 500, 5000, 70_000)


def tell(text: str) -> None:
    """In one write: a line that was told is told whole."""
    os.write(1, text.encode() + b"\n")


def message(serial: int, chance: random.Random) -> bytes:
    """A text that can be checked: ``serial crc payload``."""
    payload = chance.randbytes(chance.choice(SIZES)).replace(b"\n", b"n").replace(b"\r", b"r")
    return b"%d %08x %s" % (serial, zlib.crc32(b"%d %s" % (serial, payload)), payload)


def open_store(path: str) -> BuildWriter:
    if path != "new":
        return BuildWriter.reopen(Path(path))
    store = BuildWriter.create(Path(sys.argv[1]), BuildInfo(BuildId(1)))
    tell(f"path {store.path}")
    return store


def write(log: LogWriter, texts: list[bytes], way: int) -> None:
    if way == 0:
        for text in texts:
            log.append(1, text)
    elif way == 1:
        log.append_many([(None, text) for text in texts])
    else:
        output = b"\r\n".join(texts) + b"\n"
        size = max(10, len(output) // 300)  # a line is open most of the time
        for at in range(0, len(output), size):
            log.append_output(2, output[at : at + size])


def live(path: str, seed: int, until: str, moment: int) -> None:
    chance = random.Random(seed)
    store = open_store(path)
    if until == "open":
        os.write(moment, b"!")
    serial = seed * 1_000_000
    for _ in range(1_000_000 if until in ("fork", "open") else 10):
        step_id = StepId(chance.randint(1, 2))
        texts = []
        for _ in range(chance.choice((1, 1, 3, 50))):
            serial += 1
            texts.append(message(serial, chance))
        log = store.log(step_id)
        first = log.last_log_id + 1
        write(log, texts, chance.randint(0, 3))
        for log_id, text in enumerate(texts, first):
            tell(f"line {step_id} {log_id} {zlib.crc32(text)}")
        if chance.random() < 0.3:
            status = chance.choice((Status.RUNNING, Status.INITIALIZING, Status.SCHEDULING))
            store.set_status(step_id, status)
            tell(f"status {step_id} {status.value}")
        if chance.random() < 0.1:
            store.close_log(step_id)
        if chance.random() < 0.1:
            log.sync()
    if until == "half":
        store.log(StepId(1)).append_output(3, message(serial + 1, chance) + b" and half of mo")
        os.write(moment, b"!")
        time.sleep(60)
    store.freeze(Status.SUCCESS)


def main() -> None:
    for order in sys.stdin:
        path, seed, until, microseconds = order.split()
        moment, tell_moment = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                live(path, int(seed), until, tell_moment)
            except WharfError as error:
                tell(f"error {error.message}")
            os._exit(0)
        os.close(tell_moment)
        if until in ("open", "half"):
            os.read(moment, 1)
        if until != "end":
            time.sleep(int(microseconds) / 1e6)
            os.kill(child, signal.SIGKILL)
        os.close(moment)
        _, status = os.waitpid(child, 0)
        tell("killed" if os.WIFSIGNALED(status) else "ended")


main()
