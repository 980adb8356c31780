"""Hides the lines of a build that do not matter now: by pattern, level, time and step, with lines around those that do.

The rules hold for all panes. What is hidden is not lost: lines keep their numbers, and the line one is at stays in
sight when the filter is turned on or off.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from textual.content import Content

from wharf_tui.insight.levels import Level
from wharf_tui.insight.line_filter import FilterRules, LineFilter
from wharf_tui.insight.pattern import BadPattern, Pattern, compile_pattern
from wharf_tui.model.text import clean_plain
from wharf_tui.ui.control import Control
from wharf_tui.ui.filter_state import rules_from_json, rules_to_json
from wharf_tui.ui.merged_document import ALL_STEPS, MergedDocument
from wharf_tui.ui.slices import work_on
from wharf_tui.ui.times_of_day import read_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wharf_tui.insight.novelty import KnownShapes
    from wharf_tui.model.ids import StepId
    from wharf_tui.ui.screens.build import BuildScreen
    from wharf_tui.ui.widgets.log_pane import LogPane

_CONTEXTS: Final = (0, 1, 2, 3, 5, 10, 20, 50)
_LEVELS: Final = (None, Level.WARN, Level.ERROR)


class FilterControl(Control):
    """The filter of one screen."""

    is_waited_for = True

    def __init__(self, screen: BuildScreen) -> None:
        super().__init__(screen)
        self.rules = FilterRules()
        self.is_on = False
        self.unlike: Mapping[StepId, KnownShapes] | None = None
        """What another build has printed, and is hidden for that."""
        self._unlike_name = ""
        self._only: frozenset[StepId] = frozenset()
        """Steps that the merged log shows; empty for all."""
        self._filters: dict[StepId, LineFilter] = {}
        self._merged_steps: tuple[StepId, ...] = ()
        """The steps whose lines are filtered in the merged log."""
        self._before = FilterRules()
        """The rules when the prompt was opened."""
        self._was_on = False
        self._is_regex = True
        self._complaint = ""

    def open(self, text: str = "") -> None:
        """Ask what to keep, or take it if it is known; ``!`` before a pattern hides what has it."""
        self._before, self._was_on = self.rules, self.is_on
        kept = self.rules.keep[0].text if self.rules.keep else ""
        dropped = f"!{self.rules.drop[0].text}" if self.rules.drop else ""
        self.screen.ask(self, "&", "what to keep; !what to hide; nothing shows all", text or kept or dropped)
        self._say()
        if text:
            self.prompt_changed(text)
            self.prompt_submitted(text)

    def prompt_changed(self, text: str) -> None:
        """Show what would be left."""
        drops, text = text.startswith("!"), text.removeprefix("!")
        self._complaint = ""
        patterns: tuple[Pattern, ...] = ()
        if text:
            pattern = compile_pattern(text, is_regex=self._is_regex)
            if isinstance(pattern, BadPattern):
                key = self.screen.prompt.option_key("regex")
                hint = f"{key} takes it as plain text" if self._is_regex else pattern.hint
                self._complaint = f"{pattern.problem}; {hint}"
                self._say()
                return
            patterns = (pattern,)
        if drops:
            self.apply(replace(self._before, drop=patterns))
        else:
            self.apply(replace(self._before, keep=patterns))
        self._say()

    def prompt_submitted(self, text: str) -> None:
        """Keep the filter; nothing typed forgets the patterns."""
        if self._complaint and text:
            return
        if not text:
            self.apply(replace(self.rules, keep=(), drop=()))
        self.screen.prompt_done()

    def prompt_cancelled(self) -> None:
        """As before."""
        self.apply(self._before, on=self._was_on)
        self.screen.prompt_done()

    def prompt_option(self, option: str) -> None:
        """Take the pattern as text or as a regular expression."""
        if option == "regex":
            self._is_regex = not self._is_regex
            self.prompt_changed(self.screen.prompt.text)

    def apply(self, rules: FilterRules, *, on: bool = True) -> None:
        """Let other rules hold."""
        if rules == self.rules and on == self.is_on:
            return
        was_same = rules == self.rules
        self.rules, self.is_on = rules, on and not self._shows_all(rules)
        if not was_same:
            self._close_filters()
        self._filter_logs()
        self.screen.update_view()

    def _shows_all(self, rules: FilterRules) -> bool:
        return rules.show_all and not self._only and self.unlike is None

    def show_unlike(self, known: Mapping[StepId, KnownShapes] | None, name: str) -> None:
        """Show only lines that are not known, or with None again those, too.

        Args:
            known: of each step, what the other build's step has printed.
            name: of that build.
        """
        self.unlike, self._unlike_name = known, name
        self.is_on = not self._shows_all(self.rules)
        self._close_filters()
        self._filter_logs()
        self.screen.update_view()

    def toggle(self) -> None:
        """All lines, or only those that matter."""
        if self._shows_all(self.rules):
            self.screen.notify("Nothing is filtered. & asks what to keep.", markup=False)
            return
        self.apply(self.rules, on=not self.is_on)

    def change_context(self, direction: int) -> None:
        """Show more (1) or fewer (-1) lines around those that matter."""
        at = min(range(len(_CONTEXTS)), key=lambda index: abs(_CONTEXTS[index] - self.rules.before))
        lines = _CONTEXTS[min(max(at + direction, 0), len(_CONTEXTS) - 1)]
        self.rules = replace(self.rules, before=lines, after=lines)
        with self.screen.rows_may_change():
            for each in self._filters.values():
                each.set_context(lines, lines)
            self._lay_out_again()
        self.screen.update_view()

    def set_level(self, word: str) -> str:
        """Show lines of a level or worse; without a word the next of all, warnings, errors. Returns a complaint."""
        if not word:
            at = _LEVELS.index(self.rules.min_level) if self.rules.min_level in _LEVELS else 0
            level = _LEVELS[(at + 1) % len(_LEVELS)]
        elif word.lower() in {"all", "off"}:
            level = None
        else:
            level = Level.from_word(word)
            if level is None:
                return f"{word} is no level; there are trace, debug, info, warn, error, fatal and all"
        self.apply(replace(self.rules, min_level=level))
        return ""

    def set_time(self, text: str, *, until: bool) -> str:
        """Show lines from a time on, or before one; ``off`` shows all. Returns a complaint."""
        at_ns: int | None = None
        if text and text.lower() not in {"all", "off"}:
            found = read_time(self.screen, text)
            if isinstance(found, str):
                return found
            at_ns = found
        rules = replace(self.rules, to_ns=at_ns) if until else replace(self.rules, from_ns=at_ns)
        self.apply(rules)
        return ""

    def set_steps(self, text: str) -> str:
        """Let the merged log show only some steps, by name or number; none shows all. Returns a complaint."""
        found = set()
        for word in text.split():
            fitting = [
                step.info.step_id
                for step in self.screen.feed.info.steps
                if word in {step.info.name, step.info.address, step.info.stage, str(step.info.step_id)}
            ]
            if not fitting:
                return f"there is no step {word}"
            found.update(fitting)
        self._only = frozenset(found)
        self.is_on = not self._shows_all(self.rules)
        if found and self.screen.pane.step_id != ALL_STEPS:
            self.screen.choose_step(ALL_STEPS)
        self._filter_logs()
        self.screen.update_view()
        return ""

    def step_shown(self) -> None:
        """Filter it, too."""
        self._filter_logs()

    def work(self) -> bool:
        """Look at some more lines, first where one is."""
        if not self.is_on:
            return False
        if any(pane.step_id == ALL_STEPS for pane in self.screen.panes.panes):
            steps = self.screen.documents.merged().steps
            if steps != self._merged_steps:
                self._filter_logs()  # a step has come
        for step_id, each in self._filters.items():
            if each.progress.is_done or each.problem is not None or not self._is_in_sight(step_id):
                continue
            work_on(each)
            self._lay_out_again()
            return True
        return False

    def show(self) -> None:
        """Say what is hidden."""
        for pane in self.screen.panes.panes:
            pane.filter_note = self._note(pane)
            pane.why_filtered = (
                ("No line fits the filter", "ctrl-t shows all lines, & changes the filter")
                if self.is_on and pane.view.document is not None and not pane.view.document.is_counting
                else None
            )

    def reveal(self, step_id: StepId, line: int) -> None:
        """Turn the filter off where it hides a line that one wants to see."""
        each = self._filters.get(step_id) if self.is_on else None
        if each is not None and line not in each.visible and not each.progress.is_done:
            each.aim(line)  # it may not have been looked at yet
            with self.screen.rows_may_change():
                work_on(each)
                self._lay_out_again()
        if self.is_on and (each is None or line not in each.visible):
            self.apply(self.rules, on=False)
            self.screen.notify("The filter hid that line: it is off now. ctrl-t turns it on.", markup=False)

    def state(self) -> dict[str, Any]:
        """The rules, and whether they hold."""
        if self._shows_all(self.rules):
            return {}
        return {"rules": rules_to_json(self.rules), "steps": sorted(self._only), "on": self.is_on}

    def restore(self, state: dict[str, Any]) -> None:
        """As it was."""
        rules, steps = state.get("rules"), state.get("steps")
        known = {step.info.step_id for step in self.screen.feed.info.steps}
        self._only = frozenset(
            known & {step for step in steps if isinstance(step, int)} if isinstance(steps, list) else ()
        )
        found = rules_from_json(rules) if isinstance(rules, dict) else FilterRules()
        self.apply(found, on=state.get("on") is True)

    def leave(self) -> bool:
        """Turn the filter off."""
        if not self.is_on:
            return False
        self.apply(self.rules, on=False)
        return True

    def close(self) -> None:
        """Let go of what is needed to look."""
        self._close_filters()

    def _close_filters(self) -> None:
        for each in self._filters.values():
            each.close()
        self._filters.clear()

    def _filter_logs(self) -> None:
        """Let each log that is shown have its filter, or none."""
        with self.screen.rows_may_change():
            shown = [pane.step_id for pane in self.screen.panes.panes if pane.step_id is not None]
            for step_id in shown:
                if step_id != ALL_STEPS:
                    self.screen.documents.of(step_id).show_only(self._filter_of(step_id))
            if ALL_STEPS in shown:
                merged = self.screen.documents.merged()
                self._merged_steps = merged.steps
                steps = [each for each in merged.steps if not self._only or each in self._only]
                filters = {step_id: self._filter_of(step_id) for step_id in steps}
                merged.show_only(
                    {step_id: each for step_id, each in filters.items() if each is not None}
                    if self.is_on
                    else None
                )

    def _filter_of(self, step_id: StepId) -> LineFilter | None:
        if not self.is_on:
            return None
        if step_id not in self._filters:
            rules = replace(self.rules, unlike=(self.unlike or {}).get(step_id))
            each = LineFilter(self.screen.reader_of(step_id), rules)
            here = self.screen.here
            if here is not None and here.step_id == step_id:
                each.aim(self.screen.reader_of(step_id).line_of(here.log_id))
            self._filters[step_id] = each
        return self._filters[step_id]

    def _lay_out_again(self) -> None:
        """What is visible has changed: rows are where they were counted anew."""
        for pane in self.screen.panes.panes:
            document = pane.view.document
            if isinstance(document, MergedDocument):
                document.version += 1

    def _is_in_sight(self, step_id: StepId) -> bool:
        return any(pane.step_id in {step_id, ALL_STEPS} for pane in self.screen.panes.panes)

    def _note(self, pane: LogPane) -> Content:
        parts = list(self._words())
        if not parts:
            return Content()
        if not self.is_on:
            return Content.styled("filter off  ", "$muted")
        steps: Iterable[StepId] = (
            self.screen.documents.merged().steps if pane.step_id == ALL_STEPS else (pane.step_id,)  # type: ignore[assignment]
        )
        filters = [self._filters[step] for step in steps if step in self._filters]
        shown = sum(len(each.visible) for each in filters)
        done, total = sum(f.progress.done for f in filters), sum(f.progress.total for f in filters)
        looking = f" {done / total:.0%}" if done < total else ""
        problem = next((clean_plain(f.problem.message) for f in filters if f.problem is not None), "")
        return Content.styled(f"{' '.join(parts)}  {problem or f'{shown:,} shown'}{looking}  ", "$primary")

    def _words(self) -> Iterable[str]:
        rules = self.rules
        yield from (f"&{pattern.text}" for pattern in rules.keep)
        yield from (f"&!{pattern.text}" for pattern in rules.drop)
        if rules.min_level is not None:
            yield f"{rules.min_level.name.lower()}+"
        if rules.from_ns is not None or rules.to_ns is not None:
            yield "time"
        if self.unlike is not None:
            yield f"new since {self._unlike_name}"
        if self._only:
            yield f"{len(self._only)} steps"
        if rules.before and (rules.keep or rules.min_level is not None or self.unlike is not None):
            yield f"±{rules.before}"

    def _say(self) -> None:
        if self._complaint:
            self.screen.prompt.say(self._complaint, "$error")
        else:
            self.screen.prompt.say("", options={"regex": "regex" if self._is_regex else "text"})
