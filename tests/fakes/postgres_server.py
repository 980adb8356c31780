"""A PostgreSQL of the tests' own: a private cluster on loopback, made of the system's binaries, killed at will."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

_PLACES = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt", "/usr/pgsql")
_START_SECONDS = 30.0


def find_binaries() -> Path | None:
    """The folder with initdb and postgres, newest version first; None where there is none."""
    on_path = shutil.which("initdb")
    found = [Path(os.path.realpath(on_path)).parent] if on_path else []
    for place in _PLACES:
        found += sorted(Path(place).glob("*/bin"), reverse=True)
    return next((path for path in found if (path / "initdb").exists() and (path / "postgres").exists()), None)


def _unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root: another user then does."""
    if os.geteuid() != 0:
        return []
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return ["runuser", "-u", name, "--"]
    raise RuntimeError("root cannot run PostgreSQL, and there is no other user")


class PostgresServer:
    """One cluster. ``new_url`` makes a database; ``kill`` and ``start`` are what the tests are about.

    Args:
        binaries: folder of initdb and postgres.
        durable: whether it waits for the device; a killed server needs that not, a machine that goes down would.
    """

    def __init__(self, binaries: Path, *, durable: bool = True) -> None:
        self._binaries = binaries
        self._durable = durable
        self._as_user = _unprivileged()
        self.folder = Path(tempfile.mkdtemp(prefix="wharf-pg-"))
        if self._as_user:
            shutil.chown(self.folder, self._as_user[2])
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        subprocess.run(
            [
                *self._as_user,
                binaries / "initdb",
                "-D",
                self.folder / "data",
                "-A",
                "trust",
                "-U",
                "wharf",
                "-E",
                "UTF8",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._launch()
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                psycopg.connect(self.admin_url, connect_timeout=2).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                if self._process is None or self._process.poll() is not None:
                    self._launch()  # a process of the one that was killed had not ended yet
                time.sleep(0.05)
            else:
                return

    def _launch(self) -> None:
        command = [*self._as_user, str(self._binaries / "postgres"), "-D", str(self.folder / "data")]
        command += ["-p", str(self.port), "-c", "listen_addresses=127.0.0.1", "-k", str(self.folder)]
        command += ["-c", "max_connections=40", "-c", "shared_buffers=32MB"]
        command += [] if self._durable else ["-c", "fsync=off"]
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", start_new_session=True)

    def kill(self) -> None:
        """kill -9 for the server and all of its processes, as a machine does that goes down."""
        assert self._process is not None
        pids = [int((self.folder / "data" / "postmaster.pid").read_text().split()[0])]
        children = Path(f"/proc/{pids[0]}/task/{pids[0]}/children")
        pids += [int(pid) for pid in children.read_text().split()] if children.exists() else []
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """Stop it, and remove what it wrote."""
        if self._process is not None and self._process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def admin_url(self) -> str:
        """The database that is always there."""
        return f"postgresql://wharf@127.0.0.1:{self.port}/postgres"

    def new_url(self) -> str:
        """A new database."""
        name = f"builds_{next(self._numbers)}"
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql://wharf@127.0.0.1:{self.port}/{name}"
