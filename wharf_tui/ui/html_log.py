"""Lines of a log as a page of HTML that stands alone: its colours, an anchor for each line, nothing that runs or loads."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import Final

from wharf_tui.model.ansi import Color, SgrStyle
from wharf_tui.model.text import StyledText
from wharf_tui.ui.themes import DARK, LIGHT, ansi_color

_SIXTEEN: Final = 16
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
TAIL: Final = b"</pre>\n</body>\n</html>\n"


def html_head(title: str, facts: str) -> bytes:
    """Everything before the first line.

    Args:
        title: of the page; safe to show, as is ``facts``.
        facts: what it is, in a sentence.
    """
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{_css()}</style>
</head>
<body>
<h1>{escape(title)}</h1>
<p>{escape(facts)}</p>
<pre>
""".encode()


def html_line(address: str, step: str, text: StyledText, note: str = "") -> bytes:
    """A line, LF included.

    Args:
        address: ``4:1841``; the line's anchor.
        step: name of its step, where lines of several stand together; safe to show.
        text: what it says.
        note: something that we say about it, such as that it was cut; safe to show.
    """
    label = f"<b>{escape(step)}</b>" if step else ""
    said = f"<i>{escape(note)}</i>" if note else ""
    return f'<a id="{address}" href="#{address}">{address}</a>{label}{_marked_up(text)}{said}\n'.encode()


def html_gap(step: str, text: str) -> bytes:
    """A place where something is missing."""
    label = f"<b>{escape(step)}</b>" if step else ""
    return f"<em>{label}{escape(text)}</em>\n".encode()


def _marked_up(styled: StyledText) -> str:
    if not styled.spans:
        return escape(styled.text, quote=False)
    pieces: list[str] = []
    position = 0
    for span in styled.spans:
        pieces.append(escape(styled.text[position : span.start], quote=False))
        inside = escape(styled.text[span.start : span.end], quote=False)
        pieces.append(f"<span{_look(span.style)}>{inside}</span>")
        position = span.end
    pieces.append(escape(styled.text[position:], quote=False))
    return "".join(pieces)


@lru_cache(maxsize=512)
def _look(style: SgrStyle) -> str:
    """The attributes of a run of text: only words of ours and numbers."""
    fg, bg = (style.bg, style.fg) if style.reverse else (style.fg, style.bg)
    classes = [
        name
        for name, is_on in (
            ("bold", style.bold),
            ("dim", style.dim),
            ("italic", style.italic),
            ("under", style.underline),
            ("strike", style.strike),
            ("turned", style.reverse and fg is None and bg is None),
        )
        if is_on
    ]
    rules = [
        f"{name}:{_color(color)}" for name, color in (("color", fg), ("background", bg)) if color is not None
    ]
    if style.reverse and (fg is None) != (bg is None):
        rules.append("color:var(--ground)" if fg is None else "background:var(--text)")
    marked = f' class="{" ".join(classes)}"' if classes else ""
    return marked + (f' style="{";".join(rules)}"' if rules else "")


def _color(color: Color) -> str:
    if isinstance(color, int):
        return f"var(--c{color})" if color < _SIXTEEN else ansi_color(color, dark=True)
    return "#{:02x}{:02x}{:02x}".format(*color)


@lru_cache(maxsize=1)
def _css() -> str:
    dark, light = (_palette(is_dark=is_dark) for is_dark in (True, False))
    return f""":root {{ color-scheme: light dark; {light} }}
@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}
body {{ margin: 1rem; background: var(--ground); color: var(--text); font: 13px/1.45 system-ui, sans-serif; }}
h1 {{ font-size: 1.1rem; margin: 0; }}
p {{ margin: .2rem 0 1rem; color: var(--muted); }}
pre {{ margin: 0; font: 13px/1.45 ui-monospace, Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }}
a {{ display: inline-block; min-width: 7ch; padding-right: 2ch; text-align: right; color: var(--muted); text-decoration: none; user-select: none; }}
a:hover, a:target {{ color: var(--text); font-weight: bold; }}
b {{ padding-right: 2ch; color: var(--muted); font-weight: normal; user-select: none; }}
i {{ color: var(--muted); }}
em {{ color: var(--c3); font-style: normal; }}
.bold {{ font-weight: bold; }}
.dim {{ opacity: .7; }}
.italic {{ font-style: italic; color: inherit; }}
.under {{ text-decoration: underline; }}
.strike {{ text-decoration: line-through; }}
.turned {{ color: var(--ground); background: var(--text); }}
"""


def _palette(*, is_dark: bool) -> str:
    theme = DARK if is_dark else LIGHT
    own = {
        "ground": theme.background or "",
        "text": theme.foreground or "",
        "muted": theme.variables["muted"],
        **{f"c{index}": ansi_color(index, dark=is_dark) for index in range(_SIXTEEN)},
    }
    return " ".join(f"--{name}: {value};" for name, value in own.items())
