"""The one tree of errors. Every foreign error is turned into one of these where it enters.

WharfError
├── UsageError                  exit 2: the command's words are off
├── InputError                  exit 2: a file or folder is not what it should be
│   ├── DefinitionError         .wharf-ci.yml cannot be used; carries every problem found
│   └── NotABuildError          a folder that holds no build
├── StoreError                  exit 1: the result store cannot be written or read
│   ├── StoreBusyError          another process writes here
│   ├── StoreFrozenError        the build has ended; nothing may be added
│   └── StorageFullError        no space left on the device
├── RunError                    exit 1: a step could not be run
│   └── RuntimeUnavailableError exit 4: no Docker, no Kubernetes, no shell
└── UnreachableError            exit 4: a worker does not answer
    └── AccessDeniedError       exit 4: a worker answers, but not to us
"""

from __future__ import annotations

from typing import ClassVar


class ExitStatus:
    """What the program ends with; documented in the README, relied on by scripts."""

    SUCCESS = 0
    FAILED = 1
    USAGE = 2
    INCOMPLETE = 3
    UNREACHABLE = 4
    INTERRUPTED = 130


class WharfError(Exception):
    """An expected failure, told in the user's words.

    Args:
        message: what happened, to which file, line or address.
        hint: what to do next, as a sentence; may be empty.
    """

    exit_status: ClassVar[int] = ExitStatus.FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(WharfError):
    """The command's words are off."""

    exit_status = ExitStatus.USAGE


class InputError(WharfError):
    """A file or folder is not what it should be."""

    exit_status = ExitStatus.USAGE


class DefinitionError(InputError):
    """A build definition cannot be used. ``problems`` holds one printable line for each thing found."""

    def __init__(self, message: str, problems: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint)
        self.problems = problems


class NotABuildError(InputError):
    """A folder that holds no build."""


class StoreError(WharfError):
    """The result store cannot be written or read."""


class StoreBusyError(StoreError):
    """Another process writes here."""


class StoreFrozenError(StoreError):
    """The build has ended; nothing may be added."""


class StorageFullError(StoreError):
    """No space left on the device."""


class RunError(WharfError):
    """A step could not be run."""


class RuntimeUnavailableError(RunError):
    """The place where steps should run is not there."""

    exit_status = ExitStatus.UNREACHABLE


class UnreachableError(WharfError):
    """A worker does not answer."""

    exit_status = ExitStatus.UNREACHABLE


class AccessDeniedError(UnreachableError):
    """A worker answers, but not to us."""
