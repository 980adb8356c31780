"""A filter's rules as they are kept with a build's view: values that JSON has, and rules again."""

from __future__ import annotations

from typing import Any, Final

from wharf_tui.insight.levels import Level
from wharf_tui.insight.line_filter import FilterRules
from wharf_tui.insight.pattern import Pattern, compile_pattern
from wharf_tui.results import json_fields

_MOST_CONTEXT: Final = 1000
_MOST_PATTERNS: Final = 50


def rules_to_json(rules: FilterRules) -> dict[str, Any]:
    """What is not the default."""
    found = {
        "keep": [_pattern_to_json(pattern) for pattern in rules.keep],
        "drop": [_pattern_to_json(pattern) for pattern in rules.drop],
        "level": rules.min_level.name.lower() if rules.min_level is not None else None,
        "from": json_fields.time_text(rules.from_ns),
        "until": json_fields.time_text(rules.to_ns),
        "before": rules.before,
        "after": rules.after,
    }
    return {name: value for name, value in found.items() if value}


def rules_from_json(value: dict[str, Any]) -> FilterRules:
    """The rules; what makes no sense, or no pattern, is passed over."""
    return FilterRules(
        keep=_patterns(value, "keep"),
        drop=_patterns(value, "drop"),
        min_level=Level.from_word(json_fields.text(value.get("level"))),
        from_ns=json_fields.time(value.get("from")),
        to_ns=json_fields.time(value.get("until")),
        before=_context(value.get("before")),
        after=_context(value.get("after")),
    )


def _pattern_to_json(pattern: Pattern) -> dict[str, Any]:
    return {"text": pattern.text, "regex": pattern.is_regex}


def _patterns(value: dict[str, Any], name: str) -> tuple[Pattern, ...]:
    found: list[Pattern] = []
    for record in json_fields.records(value, name)[:_MOST_PATTERNS]:
        text = json_fields.text(record.get("text"))
        compiled = compile_pattern(text, is_regex=record.get("regex") is True) if text else None
        if isinstance(compiled, Pattern):
            found.append(compiled)
    return tuple(found)


def _context(value: Any) -> int:
    return min(json_fields.count(value) or 0, _MOST_CONTEXT)
