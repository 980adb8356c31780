"""The app: it opens screens, owns the themes, and decides what leaving means while a build runs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.console import COLOR_SYSTEMS
from textual.app import SystemCommand
from textual.binding import Binding, BindingType

from wharf_tui.model.errors import WharfError
from wharf_tui.model.text import clean_plain
from wharf_tui.model.timestamps import now_ns
from wharf_tui.results.build_reader import BuildReader
from wharf_tui.results.shelf import Shelf
from wharf_tui.ui.bundle_feed import BundleFeed
from wharf_tui.ui.covered_widgets import skip_covered_widgets
from wharf_tui.ui.drawing_pace import draw_soon
from wharf_tui.ui.feed import Feed, StoreFeed
from wharf_tui.ui.garbage import let_strips_go, make_caches_late
from wharf_tui.ui.hangup_safe_driver import hangup_safe
from wharf_tui.ui.keymap import check_keys, shown_key
from wharf_tui.ui.mouse import Mouse
from wharf_tui.ui.opening import Doors
from wharf_tui.ui.ordered_keys import OrderedKeys
from wharf_tui.ui.screens.build import BuildScreen
from wharf_tui.ui.screens.catalogue import CatalogueScreen
from wharf_tui.ui.screens.confirm import ConfirmScreen
from wharf_tui.ui.screens.help import HelpScreen
from wharf_tui.ui.screens.live import LiveScreen
from wharf_tui.ui.settings import Settings
from wharf_tui.ui.themes import DARK, THEMES, theme_named
from wharf_tui.ui.view_state import ViewStates
from wharf_tui.ui.way_back import Trail
from wharf_tui.ui.widgets.key_hints import MOUSE_LET_GO, KeyHints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import timezone

    from textual.driver import Driver
    from textual.screen import Screen

    from wharf_tui.ui.controller import BuildController
    from wharf_tui.ui.rows import Address

_STYLES = Path(__file__).parent
_WATCH_SECONDS = 0.2


class WharfApp(OrderedKeys):
    """The terminal viewer.

    Args:
        target: folder of the build to show, or a feed; several folders or a shelf show the list of them, None that of all.
        builds_dir: folder of our builds.
        controller: the build that runs beside the viewer in the same event loop, if one does.
        clock: nanoseconds since the epoch, for everything that is shown.
        zone: time zone for times of day; None is the machine's.
        settings: what the user has set.
        views: where it is kept how one looked at a build.
        doors: how builds come in that are opened from inside.
        at: the line that is shown first.

    Raises:
        InputError: ``target`` holds no build.
    """

    TITLE = "wharf-tui"
    BINDING_GROUP_TITLE = "Everywhere"
    CSS_PATH: ClassVar[list[Path]] = sorted(_STYLES.rglob("*.tcss"))  # type: ignore[assignment]  # Textual's is wider
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "Help", key_display="?", id="app.help"),
        Binding(
            "ctrl+c", "interrupt", "Cancel the build, or quit", show=False, priority=True, id="app.interrupt"
        ),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, id="app.quit"),
        Binding("ctrl+p", "command_palette", "Commands", show=False, priority=True, id="app.commands"),
        Binding("f2", "mouse", "Mouse: ours, the terminal's", show=False, id="app.mouse"),
    ]

    def __init__(
        self,
        target: Path | tuple[Path, ...] | Shelf | Feed | None,
        builds_dir: Path,
        controller: BuildController | None = None,
        *,
        clock: Callable[[], int] = now_ns,
        zone: timezone | None = None,
        settings: Settings | None = None,
        views: ViewStates | None = None,
        doors: Doors | None = None,
        at: Address | None = None,
    ) -> None:
        super().__init__()
        self.settings = settings or Settings()
        self._views = views or ViewStates(None)
        self.doors = doors or Doors()
        self._at = at
        self.trail = Trail()
        self._mouse = Mouse()
        self._builds_dir = builds_dir
        self._controller = controller
        self._clock = clock
        self._zone = zone
        self._only = target if isinstance(target, tuple | Shelf) else ()
        self._feed = None if isinstance(target, tuple | Shelf) else _feed_of(target)
        self._is_leaving = False
        self._failure_told = False
        self.when_shown: Callable[[], None] = lambda: None
        """Called when the first screen has been drawn."""
        for name in tuple(self.available_themes):
            self.unregister_theme(name)
        for theme in (*THEMES, *self.settings.themes):
            self.register_theme(theme)
        if self.settings.color_depth != "auto":
            self._set_color_depth(self.settings.color_depth)
        self.theme = self._named_theme(self.settings.theme)
        keymap, self._key_problems = check_keys(self.settings.keys)
        self.set_keymap(keymap)

    def get_driver_class(self) -> type[Driver]:
        """The platform's driver; one that can write to a terminal must survive its end."""
        draw_soon()
        let_strips_go()
        make_caches_late()
        skip_covered_widgets()
        driver_class = super().get_driver_class()
        return hangup_safe(driver_class) if driver_class.__name__ == "LinuxDriver" else driver_class

    def on_ready(self) -> None:
        """The first screen is there."""
        self.when_shown()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own variables, for the moment before a theme of ours is set."""
        return DARK.variables

    def get_default_screen(self) -> Screen[None]:
        """The catalogue, or the build that was asked for."""
        if self._feed is not None:
            screen = self._screen_of(self._feed)
            screen.at = self._at
            return screen
        return self._catalogue_of(self._only)

    def on_mount(self) -> None:
        """Watch the embedded build, and tell what is wrong with the configuration."""
        problems = (*self.settings.problems, *self._key_problems)
        if problems:
            text = "\n".join(map(clean_plain, problems))
            self.notify(text, title="Configuration", severity="warning", timeout=15, markup=False)
        if not self.settings.mouse:
            self._give_mouse(ours=False)
        if self._controller is not None:
            self.set_interval(_WATCH_SECONDS, self._watch_controller)

    def on_catalogue_screen_build_chosen(self, event: CatalogueScreen.BuildChosen) -> None:
        """Open a build from the catalogue."""
        try:
            feed = StoreFeed(BuildReader.open(event.build.path))
        except WharfError as error:
            self.tell(error)
            return
        self.push_screen(self._screen_of(feed))

    def _screen_of(self, feed: Feed) -> BuildScreen:
        screen = BuildScreen(feed, self._clock, self._zone)
        screen.settings, screen.trail = self.settings, self.trail
        screen.views = feed.views if isinstance(feed, BundleFeed) else self._views
        return screen

    def _catalogue_of(self, only: tuple[Path, ...] | Shelf) -> CatalogueScreen:
        screen = CatalogueScreen(self._builds_dir, self._clock, only)
        screen.views = self._views
        return screen

    async def show_opened(self, way: str, target: str) -> None:
        """Open a target, or attach to a worker, and show it.

        Raises:
            WharfError: nothing comes.
        """
        opened = await (self.doors.attach if way == "attach" else self.doors.open)(target)
        if isinstance(opened, tuple | Shelf):
            self.push_screen(self._catalogue_of(opened))
        else:
            self.push_screen(self._screen_of(opened))

    def _give_mouse(self, *, ours: bool) -> None:
        self._mouse.give(self._driver, ours=ours)
        self.set_class(not ours, MOUSE_LET_GO)
        for hints in self.screen.query(KeyHints):
            hints.refresh()

    def key_taken(self) -> None:
        """What a key has brought to do begins at once."""
        if self.screen_stack and isinstance(self.screen, LiveScreen):
            self.screen.look_soon()

    def action_mouse(self) -> None:
        """Let the mouse go, so that the terminal can select text with it; or take it back."""
        self._give_mouse(ours=not self._mouse.is_ours)
        shown = shown_key(self, "app.mouse", "f2")
        told = (
            "The mouse is the viewer's again."
            if self._mouse.is_ours
            else f"The mouse is the terminal's now: select with it. {shown} takes it back."
        )
        self.notify(told, markup=False)

    def action_help(self) -> None:
        """Show the keys that work here."""
        if not isinstance(self.screen, HelpScreen):
            commands = self.screen.commands if isinstance(self.screen, BuildScreen) else ()
            self.push_screen(HelpScreen(self.screen, commands))

    async def action_back(self) -> None:
        """Close the screen; the last one quits."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
        else:
            await self.action_quit()

    async def action_quit(self) -> None:
        """Quit; while a build runs, ask first, then cancel it and wait for its end."""
        if not self._build_runs:
            self.exit()
        elif self._is_leaving:
            self._cancel()
        elif not isinstance(self.screen, ConfirmScreen):
            self.push_screen(
                ConfirmScreen("The build is still running.", "Cancel it and quit? Its logs are kept."),
                self._leave,
            )

    def action_interrupt(self) -> None:
        """Cancel the build; a second time at once. Where none runs, quit."""
        if self._build_runs:
            self._cancel()
        else:
            self.exit()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette offers."""
        if isinstance(screen, BuildScreen):
            for command in screen.commands:
                about = f":{command.name} {command.argument}".strip()
                yield SystemCommand(command.description, about, partial(screen.execute, command))
        for name in ("dark", "light", *(theme.name for theme in self.settings.themes)):
            yield SystemCommand(
                name.capitalize(), f"{name.capitalize()} colours", partial(self._set_theme, name)
            )
        yield SystemCommand("Help", "The keys that work here", self.action_help)
        yield SystemCommand("Quit", "Leave the viewer", lambda: self.call_later(self.action_quit))

    @property
    def _build_runs(self) -> bool:
        return self._controller is not None and self._controller.running

    def _set_theme(self, name: str) -> None:
        self.theme = self._named_theme(name)

    def _named_theme(self, name: str) -> str:
        return theme_named(name, sixteen=self.console.color_system == "standard")

    def _set_color_depth(self, depth: str) -> None:
        system = "standard" if depth == "16" else depth
        self.console._color_system = COLOR_SYSTEMS[system]  # noqa: SLF001 - Textual leaves no other way

    def _leave(self, answer: bool | None) -> None:
        if answer:
            self._is_leaving = True
            if self._build_runs:
                self._cancel()

    def _cancel(self) -> None:
        assert self._controller is not None
        self._controller.cancel()
        self._set_notice("Cancelling… ctrl-c again ends it at once")

    def _watch_controller(self) -> None:
        assert self._controller is not None
        if self._controller.running:
            return
        self._set_notice("")
        if isinstance(self.screen, ConfirmScreen):
            self.screen.action_answer(answer=False)  # it asked about a build that has ended by itself
        if self._is_leaving:
            self.exit()
        elif self._controller.failure and not self._failure_told:
            self._failure_told = True
            self.notify(
                clean_plain(self._controller.failure),
                title="The build failed",
                severity="error",
                markup=False,
            )

    def _set_notice(self, notice: str) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, BuildScreen):
                screen.notice = notice

    def tell(self, error: WharfError) -> None:
        """Say what went wrong, and what to do next."""
        text = " ".join(filter(None, (f"{error.message}.", error.hint)))
        self.notify(clean_plain(text), severity="error", markup=False)


def _feed_of(target: Path | Feed | None) -> Feed | None:
    return StoreFeed(BuildReader.open(target)) if isinstance(target, Path) else target
