"""Says that earlier builds have left something behind, while a new one runs: the build does not wait for the answer."""

from __future__ import annotations

import threading

import click

from wharf_tui.model.errors import WharfError

_LAST_SECONDS = 0.1


class LeftoverNotice:
    """Looks in a thread of its own, which nobody waits for. Says so once, and nothing where nothing is left.

    Args:
        runtime: where the build runs: ``docker``, ``kubernetes`` or ``process``.
        at_once: whether standard error may be written to while the build runs; a viewer has it for itself.
    """

    def __init__(self, runtime: str, *, at_once: bool) -> None:
        self._runtime = runtime
        self._at_once = at_once
        self._mutex = threading.Lock()
        self._sentence = ""
        self._thread = threading.Thread(target=self._look, name="leftovers", daemon=True)
        if runtime != "process":
            self._thread.start()

    def tell(self) -> None:
        """The build has ended: say it now, if it was not said before and is known by now."""
        if self._thread.ident is not None:
            self._thread.join(_LAST_SECONDS)
        self._say()

    def _look(self) -> None:
        from wharf_tui.cli.cleanup import look

        try:
            found = look(self._runtime)
        except (WharfError, OSError):  # the build itself tells what is wrong with the place
            return
        count = len(found.lines)
        if count:
            nouns = f"{found.noun}{'s' * (count > 1)}"
            self._sentence = f"wharf-tui: earlier builds have left {count} {nouns} behind (wharf-tui cleanup)"
            if self._at_once:
                self._say()

    def _say(self) -> None:
        with self._mutex:
            sentence, self._sentence = self._sentence, ""
        if sentence:
            click.echo(sentence, err=True)
