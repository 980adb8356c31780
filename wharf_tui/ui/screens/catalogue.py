"""All builds that are stored on this machine, newest first; the place from which one opens a build."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Input, Static

from wharf_tui.model.build import Liveness
from wharf_tui.model.errors import WharfError
from wharf_tui.model.text import clean_plain
from wharf_tui.results.bundle import SUFFIX
from wharf_tui.results.catalogue import BuildSummary, delete_build, list_builds, summarize
from wharf_tui.results.shelf import Shelf
from wharf_tui.ui import words
from wharf_tui.ui.catalogue_export import Export
from wharf_tui.ui.opening import WAYS, Opening
from wharf_tui.ui.safe_info import safe_summary
from wharf_tui.ui.screens.confirm import ConfirmScreen
from wharf_tui.ui.view_state import ViewStates
from wharf_tui.ui.widgets.build_table import BuildTable, table_heading
from wharf_tui.ui.widgets.key_hints import KeyHints
from wharf_tui.ui.widgets.prompt import Prompt
from wharf_tui.ui.widgets.split_line import SplitLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.app import ComposeResult

_LOOK_SECONDS: Final = 2.0
_SHELF_SECONDS: Final = 10.0
_TURN_SECONDS: Final = 0.25


class CatalogueScreen(Screen[None], inherit_bindings=False):
    """The list of builds, kept up to date.

    Args:
        builds_dir: folder of our builds; wharf-cmd's are found by themselves.
        clock: nanoseconds since the epoch, for ages.
        only: list these builds instead of all; those of a shelf are brought here when they are opened.
    """

    BINDING_GROUP_TITLE = "Catalogue"
    AUTO_FOCUS = "BuildTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash,ctrl+f", "narrow", "Narrow", key_display="/", id="catalogue.narrow"),
        Binding("enter", "keep", "Keep these", priority=True, show=False, id="catalogue.keep"),
        Binding("escape", "widen", "Show all", key_display="esc", id="catalogue.widen"),
        Binding("o", "ask('open')", "Open another", id="catalogue.open"),
        Binding("a", "ask('attach')", "Attach", id="catalogue.attach"),
        Binding("S", "export", "Export", key_display="S", id="catalogue.export"),
        Binding("D,delete", "delete", "Delete", key_display="D", id="catalogue.delete"),
        Binding("r", "look", "Look again", show=False, id="catalogue.look"),
        Binding("q", "app.back", "Quit", id="catalogue.quit"),
    ]

    table = query_one(BuildTable)
    _header = query_one("#header", SplitLine)
    _heading = query_one("#heading", SplitLine)
    _filter = query_one("#narrow", Input)
    prompt = query_one(Prompt)
    _switcher = query_one(ContentSwitcher)
    _reason = query_one("#catalogue-empty", Static)

    class BuildChosen(Message):
        """A build is to be opened."""

        def __init__(self, build: BuildSummary) -> None:
            super().__init__()
            self.build = build

    def __init__(
        self, builds_dir: Path, clock: Callable[[], int], only: tuple[Path, ...] | Shelf = ()
    ) -> None:
        super().__init__()
        self._only = only
        self._shelf = only if isinstance(only, Shelf) else None
        self._trouble = ""
        self._builds_dir = builds_dir
        self._clock = clock
        self.views = ViewStates(None)
        """How builds were looked at, for those that are exported."""
        self._builds: list[BuildSummary] | None = None
        self._executor = ThreadPoolExecutor(max_workers=2, thread_name_prefix="catalogue")
        self._opening = Opening(self, self._say, self._close_prompt)
        self._to_export: BuildSummary | None = None
        self._export: Export | None = None

    def compose(self) -> ComposeResult:
        """Header, table or explanation, narrowing, keys."""
        yield Prompt()  # first, as on a build's screen
        yield SplitLine(id="header")
        yield SplitLine(id="heading")
        with ContentSwitcher(initial="builds"):
            yield BuildTable(id="builds")
            yield Static(id="catalogue-empty", markup=False)
        narrowing = Input(
            placeholder="words of a state, step, number or source",
            id="narrow",
            compact=True,
            select_on_focus=False,
        )
        narrowing.display = False
        yield narrowing
        yield KeyHints()

    def on_mount(self) -> None:
        """Begin to look; the first time is when the screen comes up."""
        self.set_interval(_LOOK_SECONDS if self._shelf is None else _SHELF_SECONDS, self._look)
        self.set_interval(_TURN_SECONDS, self._turn)

    def on_unmount(self) -> None:
        """Let go of the threads; what they read is thrown away, and no half file is left."""
        if self._export is not None:
            self._export.stop()
        if self._shelf is not None:
            self._shelf.close()
        self._executor.shutdown(wait=False, cancel_futures=True)

    @work(exclusive=True, group="catalogue")
    async def _look(self) -> None:
        if not self.is_current and self._builds is not None:
            return
        try:
            builds = await asyncio.get_running_loop().run_in_executor(
                self._executor, _find_builds, self._builds_dir, self._only
            )
        except WharfError as error:  # a shelf that cannot be asked; what it had is still shown
            if error.message != self._trouble:
                self._trouble = error.message
                self._tell(error)
            self._builds = self._builds or []
        else:
            self._trouble = ""
            self._builds = [safe_summary(build) for build in builds]
        self.update_view()

    def _turn(self) -> None:
        if self._export is not None:
            self._say(f"exporting {self._export.share:.0%}, esc stops")
        if self.is_current and any(build.liveness is Liveness.RUNNING for build in self._builds or ()):
            self.update_view()

    def update_view(self) -> None:
        """Show what is known, narrowed to what was asked for."""
        if self._builds is None:
            return
        wanted = self._filter.value
        builds = [build for build in self._builds if matches(build, wanted)]
        self.table.show(builds, self._clock())
        self._heading.show(table_heading(self.size.width - 1))
        place = self._place
        found = f"{len(builds)} of {len(self._builds)}" if wanted else f"{len(builds)}"
        self._header.show(
            Content.assemble((" wharf ", "$faint"), ("builds", "bold"), (f"  {found}", "$muted")),
            Content.assemble(
                (
                    f"{words.size(sum(build.size_bytes for build in builds))}  "
                    if self._shelf is None
                    else "",
                    "$muted",
                ),
                (f"{place} ", "$muted"),
            ),
        )
        if not builds:
            self._reason.update(_why_empty(wanted, place, self._shelf is not None))
        self._switcher.current = "builds" if builds else "catalogue-empty"

    def on_resize(self, event: events.Resize) -> None:
        """Columns come and go with the width."""
        del event
        self.call_after_refresh(self.update_view)

    def on_screen_resume(self) -> None:
        """The screen comes up, or comes back from a build: look what there is."""
        self._look()

    def on_row_list_chosen(self) -> None:
        """Open the build under the cursor."""
        build = self.table.current
        if build is not None and self._shelf is not None:
            self._fetch(build, self._shelf)
        elif build is not None:
            self.post_message(self.BuildChosen(build))

    @work(exclusive=True, group="fetch")
    async def _fetch(self, build: BuildSummary, shelf: Shelf) -> None:
        self.notify(f"Bringing build {build.build_id} here…", markup=False)
        try:
            await asyncio.get_running_loop().run_in_executor(self._executor, shelf.fetch, build)
        except WharfError as error:
            self._tell(error)
        else:
            self.post_message(self.BuildChosen(build))

    @property
    def _place(self) -> str:
        if self._shelf is not None:
            return clean_plain(self._shelf.name)
        return "chosen builds" if self._only else words.place(self._builds_dir)

    def _tell(self, error: WharfError) -> None:
        text = " ".join(filter(None, (f"{error.message}.", error.hint)))
        self.notify(clean_plain(text), severity="error", markup=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done now."""
        del parameters
        if self.prompt.display:
            return False
        if action in {"narrow", "keep"}:
            return (self.focused is self._filter) == (action == "keep")
        return self._filter.display if action == "widen" else True

    def action_delete(self) -> None:
        """Ask, then delete the build under the cursor."""
        build = self.table.current
        if build is None:
            return
        size, place = words.size(build.size_bytes), words.place(build.path)

        def answered(answer: bool | None) -> None:
            if answer:
                self._delete(build)

        self.app.push_screen(
            ConfirmScreen(f"Delete build {build.build_id} ({size})?", f"{place} is removed."), answered
        )

    @work(group="delete")
    async def _delete(self, build: BuildSummary) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._executor, delete_build, build)
        except WharfError as error:
            self._tell(error)
        self._look()

    def action_ask(self, way: str) -> None:
        """Ask what to open, or what to attach to."""
        self.prompt.open(self, f"{way} ", WAYS[way])

    def action_export(self) -> None:
        """Ask for the name of the file that the build under the cursor is to be written to."""
        self._to_export = self.table.current
        if self._to_export is not None:
            self.prompt.open(self, "export to ", "a file", f"{self._to_export.name}{SUFFIX}")

    def prompt_changed(self, text: str) -> None:
        """What was wrong is wrong no more."""
        del text
        self._say("")

    def prompt_submitted(self, text: str) -> None:
        """Do it; what is wrong with it is said beside it."""
        way = self.prompt.sign.strip()
        if way in WAYS:
            self._opening.start(way, text)
        elif self._to_export is not None and self._export is None and text.strip():
            target = Path(text.strip())
            with suppress(RuntimeError):  # a user whom nobody knows
                target = target.expanduser()
            self._write(Export(self._to_export.path, target, self.views))

    def prompt_cancelled(self) -> None:
        """Let it be, also while it is under way."""
        self._opening.stop()
        if self._export is not None:
            self._export.stop()
        self._close_prompt()

    def prompt_option(self, option: str) -> None:
        """There is none."""

    @work(group="export")
    async def _write(self, export: Export) -> None:
        self._export = export
        try:
            size = await asyncio.get_running_loop().run_in_executor(self._executor, export.write)
        except WharfError as error:
            self._say(clean_plain(" ".join(filter(None, (f"{error.message}.", error.hint)))), "$error")
            return
        finally:
            self._export = None
        self._close_prompt()
        place = words.place(export.target.absolute())
        told = f"Written to {place} ({words.size(size)})." if size is not None else "No file was written."
        self.notify(clean_plain(told), markup=False)

    def _say(self, text: str, style: str = "$muted") -> None:
        self.prompt.say(text, style)

    def _close_prompt(self) -> None:
        self.prompt.close()
        self.set_focus(self.table)

    def action_look(self) -> None:
        """Look again at once."""
        self._look()

    def action_narrow(self) -> None:
        """Ask for words."""
        self._filter.display = True
        self.set_focus(self._filter)  # at once, unlike focus(): the next key is text already

    def action_widen(self) -> None:
        """Forget the words."""
        self._filter.value = ""
        self._filter.display = False
        self.table.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Narrow while typing."""
        event.stop()
        self.update_view()

    def action_keep(self) -> None:
        """Keep the words, and go back to the table."""
        self._filter.display = bool(self._filter.value)
        self.update_view()
        self.set_focus(self.table)


def matches(build: BuildSummary, wanted: str) -> bool:
    """Whether every word is found somewhere in the row, in any case."""
    row = (
        f"{build.build_id} {build.status.label} {build.liveness.value} {build.origin} "
        f"{build.failed_step} {build.source}"
    ).lower()
    return all(word in row for word in wanted.lower().split())


def _find_builds(builds_dir: Path, only: tuple[Path, ...] | Shelf) -> list[BuildSummary]:
    if isinstance(only, Shelf):
        return only.list_builds()
    if not only:
        return list_builds(builds_dir)
    found = []
    for path in only:
        with suppress(WharfError):  # it has been deleted since
            found.append(summarize(path))
    return found


def _why_empty(wanted: str, place: str, elsewhere: bool) -> Content:
    if wanted:
        return Content.assemble(
            (f"No build matches {wanted!r}", "bold"), "\n", ("Esc shows all of them again.", "$muted")
        )
    if elsewhere:
        return Content.assemble(("No builds", "bold"), "\n", (place, "$muted"))
    return Content.assemble(
        ("No builds yet", "bold"),
        "\n",
        ("wharf-tui run", "bold $primary"),
        (" runs the build of this folder and keeps it in\n", "$muted"),
        (place, "$muted"),
    )
