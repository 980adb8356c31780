"""How serious a line says it is. Only what is said counts: a label, a field, a tool's own way to report an error.

Words in the middle of a sentence are no label: "0 errors", "error-prone" and "no error" say nothing.
"""

from __future__ import annotations

import re
from typing import Final

from wharf_tui.insight.levels import Level
from wharf_tui.insight.plain_lines import without_escapes


def level_of(message: bytes) -> Level | None:
    """The level that a line gives itself; None for most lines of most builds.

    Args:
        message: of the line, without its time; only the beginning is looked at.
    """
    text = without_escapes(message[:_LOOKED_AT]).strip()
    if not text:
        return None
    if text.startswith(b"{"):
        return _json_level(text)
    for form in _SELF_TOLD:
        found = form.search(text)
        if found and (level := _level_in(found)):
            return level
    for report, level in _REPORTS:
        if report.match(text):
            return level
    return _label_level(text)


def _json_level(text: bytes) -> Level | None:
    found = _JSON_FIELD.search(text)
    return _level_in(found) if found else None


def _level_in(found: re.Match[bytes]) -> Level | None:
    """The level that a match names: as a word, a letter or a number."""
    name = found[1].decode("ascii")
    if name.isdigit():
        return Level.from_number(int(name) & 7 if found.re is _PRIORITY else int(name))
    return _LETTERS.get(name) or Level.from_word(name)


def _label_level(text: bytes) -> Level | None:
    """The level of the first label."""
    labels = (pattern.search(text, 0, _LABEL_WITHIN) for pattern in (_UPPER_CASE, _BRACKETED, _WITH_COLON))
    found = min(
        (label for label in labels if label and not _says_none(text, label)), key=_start, default=None
    )
    return _level_in(found) if found else None


def _start(label: re.Match[bytes]) -> int:
    return label.start(1)


def _says_none(text: bytes, label: re.Match[bytes]) -> bool:
    return bool(_NONE_BEFORE.search(text, 0, label.start(1)) or _NONE_BEHIND.match(text, label.end()))


_LOOKED_AT: Final = 2048
_LABEL_WITHIN: Final = 240
"""Bytes within which a label stands."""
_LETTERS: Final = dict(zip("VDIWEF", Level, strict=True))

_JSON_FIELD: Final = re.compile(
    rb'"(?:level|lvl|severity|log\.level|loglevel|log_level|levelname|@level|severity_text)"\s*:\s*'
    rb'"?([a-z]{1,13}(?=")|\d{1,2}\b)',
    re.IGNORECASE,
)
_PRIORITY: Final = re.compile(rb"\A<(\d{1,3})>")
_SELF_TOLD: Final = (
    _PRIORITY,
    re.compile(rb"\A(?:##\[|::)(error|warning|debug|notice)(?=[\]: ,])"),  # GitHub, Azure
    re.compile(rb"\A##vso\[task\.logissue type=(error|warning)"),
    re.compile(rb"\A([IWEF])[01]\d[0-3]\d \d\d:\d\d:\d\d"),  # klog, glog
    re.compile(rb"\A([VDIWEF])/[\w.$-]+ *(?:\( *\d+\))?:"),  # logcat
    re.compile(rb"\A(ERRO|FATA|WARN|INFO|DEBU|TRAC|PANI)\[\d"),  # logrus
    re.compile(rb"(?:^|[\s\[({|,])(?:level|lvl|severity|loglevel|log\.level)=[\"']?([A-Za-z]{2,13})\b"),
)
"""Forms in which a line names its own level."""


def _any_of(*patterns: bytes) -> re.Pattern[bytes]:
    return re.compile(b"|".join(patterns))


_REPORTS: Final = (
    (
        _any_of(
            rb"panic: |fatal error: |terminate called |thread '[^']*' (?:\(\d+\) )?panicked at",
            rb"Segmentation fault|Bus error|Illegal instruction|Aborted$|Killed$",
            rb".{0,300}(?:\(core dumped\)|: Killed|\bKilled {2,}.{0,300})$",
            rb"(?:FATAL|fatal):? .{0,80}heap out of memory|.{0,200}\bOut of memory: Kill",
        ),
        Level.FATAL,
    ),
    (
        _any_of(
            rb"(?:npm|gyp|lerna|pnpm|yarn) (?:ERR!|error\b)|error (?=[A-Z\"'])",
            rb"[\w./-]*make(?:\[\d+\])?: \*\*\* |ninja: build stopped",
            rb"(?:BUILD|FAILURE: Build|Build) (?:FAILED|failed)|\* What went wrong:",
            rb"--- FAIL: |FAIL(?:[:\t ]|$)|FAILED: |FAILED(?= [\w./\\-]+(?:::|\.py\b))|not ok \d",
            rb"(?:\xe2\x9c[\x95-\x98]|\xe2\x9d\x8c|\xc3\x97) ",  # crosses of test runners
            rb"E {3,}\S|E +(?:[\w.]+(?:Error|Exception)\b|assert\b)",  # pytest
            rb"Traceback \(most recent call last\):",
            rb"(?:Caused by: |Exception in thread \"[^\"]*\" |Unhandled [Ee]xception[:.] |Uncaught )?"
            rb"(?:[\w$]+[.:]+)*[A-Z]\w*(?:Error|Exception)(?:: |:?$| \[| at )",
            rb"Unhandled [Ee]xception|Uncaught |Exception in thread ",
            rb"[Ee]rror (?:response from|during|from server|while|occurred)\b",
            rb".{0,300}: (?:command )?not found$",
        ),
        Level.ERROR,
    ),
    (
        _any_of(
            rb"(?:npm|gyp|lerna|pnpm|yarn) (?:WARN|warn(?:ing)?)\b|warning (?=[A-Z\"'])",
            rb"(?:[\w./\\-]{1,200}:\d+: )?(?:\w{1,60}\.)?[A-Z]\w{0,60}Warning: ",
        ),
        Level.WARN,
    ),
)
"""What tools print that says as much as a level does."""
_UPPER_CASE: Final = re.compile(
    rb"(?<![\w./$\"'=\\-])"
    rb"(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|SEVERE|ALERT|CRITICAL|CRIT|FATAL|PANIC|EMERG|VERBOSE|FINE|FINER"
    rb"|FINEST)"
    rb"(?![\w./=\"'(\\-])"
)
_BRACKETED: Final = re.compile(
    rb"(?:^|\s|[\])|])[\[(<|] ?"
    rb"(trace|debug|info|notice|warn|warning|error|err|severe|critical|crit|fatal|panic|emerg|alert|wrn|inf|dbg|ftl|trc)"
    rb" ?[\])>|]",
    re.IGNORECASE,
)
_WITH_COLON: Final = re.compile(
    rb"(?:^|[:\])>}-] |\d: ?|^[\w.+-]+: |^ERROR in )"
    rb"(?:(?:fatal|internal|internal compiler|unexpected|syntax|runtime|compile|compiler|linker|build|parse|uncaught) )?"
    rb"(trace|debug|info|notice|note|warn|warning|error|err|severe|critical|fatal|panic|failure)"
    rb"(?:\[[\w:.-]+\]| [A-Z]{1,8}\d{1,6}| \([\w.-]+\))?: ?(?![/\w]*=)",
    re.IGNORECASE,
)
_NONE_BEFORE: Final = re.compile(
    rb"(?:\bno|\b0|\bwithout(?: an?| any)?|\bzero|\bany|\bnon|\bnot an?|\bexpected|\bif|\bon)[ -]\Z",
    re.IGNORECASE,
)
_NONE_BEHIND: Final = re.compile(
    rb"\s*[:=]?\s*(?:0|none|null|nil|false|true|no|\[\]|\{\}|-)\s*(?:$|[,;|)])", re.IGNORECASE
)
