"""What a line of a job's log is: a mark, news, a warning, or part of an error; and how it reads without a terminal.

Lines come from the commands of ``lpsnet`` (``error: …`` where one ends with a mistake, ``failed: …`` for an input that
was left out), from Python (tracebacks, warnings, loggers), and from torchrun, whose loggers write in glog's format and
put the number of the process before what it says.
"""

from __future__ import annotations

import re
from enum import IntEnum

from lpsnet_studio.jobs.job_folder import LOG_HEADER

__all__ = ["LONGEST_LINE", "Level", "LevelReader", "is_continued", "level_of", "plain_line"]

LONGEST_LINE = 10_000
"""Characters of a line that are kept; nobody reads more, and a widget would take seconds to draw them."""

_CONTINUED = 0x10
"""Set in a line's byte if it goes on with what the line before began."""


class Level(IntEnum):
    """How much a line matters; marks head what one start of the job wrote."""

    INFO = 0
    WARNING = 1
    ERROR = 2
    MARK = 3


def level_of(code: int) -> Level:
    """Returns the level in a line's byte."""
    return Level(code & ~_CONTINUED)


def is_continued(code: int) -> bool:
    """Whether a line goes on with what the one before began, as most of a traceback does."""
    return bool(code & _CONTINUED)


# ------------------------------------------------------------------------------------------------------------ as text

_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # colours, cursor
    r"|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)"  # titles, hyperlinks
    r"|[ -/]*[0-~])"
)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x84\x86-\x9f]")
_LINE_BREAK = re.compile(r"[\x85\u2028\u2029]")


def plain_line(content: bytes) -> str:
    """Returns a line as it stood in a terminal at last, in letters alone.

    Args:
        content: without its newline. What is not UTF-8 is replaced by U+FFFD.

    Returns:
        What followed the last carriage return that anything was written after, without escape sequences and control
        characters, tabs as blanks, at most :data:`LONGEST_LINE` characters and a word about the rest.
    """
    text = ""
    for state in reversed(content.rstrip(b"\r").split(b"\r")):
        text = state.decode("utf-8", "replace")
        if "\x1b" in text:
            text = _ESCAPE.sub("", text)
        if text.strip():
            break
    if not text.isprintable():
        text = _CONTROL.sub("", _LINE_BREAK.sub(" ", text)).expandtabs(8)
    text = text.rstrip()
    if len(text) > LONGEST_LINE:
        return f"{text[:LONGEST_LINE]} … {len(text) - LONGEST_LINE:,} more characters"
    return text


# -------------------------------------------------------------------------------------------------------------- levels

_RANK = re.compile(r"\[(?:rank|default)\d+\]: ?")
_TRACEBACK = re.compile(r"(?:\s*\+ Exception Group )?Traceback \(most recent call last\):|Fatal Python error: ")
_CHAIN = re.compile(r"During handling of the above exception,|The above exception was the direct cause of")
_EXCEPTION = r"(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt|Exit)\b"
_ERROR = re.compile(
    rf"(?:error|failed|fatal|usage error): |(?:CRITICAL|ERROR|FATAL)\b|\[?[EF]\d{{4}} \d\d:\d\d:\d\d|{_EXCEPTION}: "
    r"|.*(?:Segmentation fault|core dumped\)|No space left on device)|Killed$|Aborted\b"
    r"|.{0,60}?[\s\[:|-](?:CRITICAL|ERROR)\b[\s\]:|-]"
    r"|╭─+ (?:Error|Traceback)|✗ error\b",
    re.DOTALL,
)
_WARNING = re.compile(
    r"(?i:warn(?:ing)?: )|WARN(?:ING)?\b|\[?W\d{4} \d\d:\d\d:\d\d|(?:.*: )?[A-Z]\w*Warning: "
    r"|.{0,60}?[\s\[:|-]WARN(?:ING)?\b[\s\]:|-]|╭─+ UNTRAINED |! warning\b|PARTIAL: |NOT ALL: "
)
_INDENTS = ("", " ", "\t", "│", "╰")
"""What a line begins with that goes on with an error; a mistake in an option is told in a frame."""
_HINTS = (
    *("error", "fail", "fatal", "warn", "traceback", "exception", "interrupt", "exit", "critical", "killed", "abort"),
    *("fault", "no space", LOG_HEADER, "╭─", "partial: ", "not all: "),
)
"""What none of the others matches without: most lines are told to be news by one look."""
_GLOG = tuple(f"{letter}{tens}" for letter in "WEF" for tens in "01")
"""What a line of glog's begins with, the level and the month."""
_RED = re.compile(rb"\s*\x1b\[(?:\d+;)*31m")
_YELLOW = re.compile(rb"\s*\x1b\[(?:\d+;)*33m")


def _may_matter(text: str) -> bool:
    lowered = text.lower()
    # Not any(): a generator takes longer than all that it looks at.
    for hint in _HINTS:
        if hint in lowered:
            return True
    return text[:2] in _GLOG or text[:1] == "["


class LevelReader:
    """Tells the level of lines that follow each other; what belongs together has one level.

    The processes of a training on several GPUs write between each other's lines: each has a state of its own.
    """

    def __init__(self) -> None:
        self._states: dict[str, _State] = {}

    def read(self, text: str, raw: bytes = b"") -> int:
        """Returns the byte of the next line, for :func:`level_of` and :func:`is_continued`.

        Args:
            text: as :func:`plain_line` returns it.
            raw: as it was written: where colours were, one that begins in red or yellow meant it.
        """
        who = ""
        if text.startswith("[") and (prefix := _RANK.match(text)):
            who, text = prefix[0], text[prefix.end() :]
        state = self._states.get(who)
        if state is None:
            # A log that names ever new processes is none; what is forgotten costs a heading at most.
            if len(self._states) > 1024:
                self._states.clear()
            state = self._states[who] = _State()
        if not state.is_open and not _may_matter(text):
            return _by_color(raw) if raw.startswith((b"\x1b", b" ", b"\r")) and b"\x1b[" in raw else Level.INFO
        code = state.next(text)
        if code == Level.MARK:
            self._states.clear()
        return code or _by_color(raw)


def _by_color(raw: bytes) -> int:
    """Returns what a line's first colour says of it."""
    begin = raw[raw.rfind(b"\r") + 1 :][:40]
    if _YELLOW.match(begin):
        return Level.WARNING
    return Level.ERROR if _RED.match(begin) else Level.INFO


class _State:
    """Where one process stands: within a traceback, right after an error or a warning, or nowhere."""

    def __init__(self) -> None:
        self._within = False
        self._after = Level.INFO

    @property
    def is_open(self) -> bool:
        """Whether the next line may belong to the one before."""
        return self._within or self._after != Level.INFO

    def next(self, text: str) -> int:
        is_indented = text[:1] in _INDENTS
        if text.startswith(LOG_HEADER):
            self._within, self._after = False, Level.INFO
            return Level.MARK
        if self._within:
            # The line that names the exception is the first that is not indented; it may be followed by more.
            if not is_indented and not _TRACEBACK.match(text):
                self._within, self._after = False, Level.ERROR
            return Level.ERROR | _CONTINUED
        if _TRACEBACK.match(text):
            chained = _CONTINUED if self._after == Level.ERROR else 0
            self._within, self._after = True, Level.ERROR
            return Level.ERROR | chained
        if self._after == Level.ERROR and _CHAIN.match(text):
            return Level.ERROR | _CONTINUED
        if self._after != Level.INFO and is_indented and (text or self._after == Level.ERROR):
            return self._after | _CONTINUED
        self._after = _alone(text)
        return self._after


def _alone(text: str) -> Level:
    """Returns the level of a line that stands by itself."""
    if _ERROR.match(text):
        return Level.ERROR
    return Level.WARNING if _WARNING.match(text) else Level.INFO
