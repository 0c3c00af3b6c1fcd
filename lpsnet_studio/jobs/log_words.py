"""The line of a log that says what went wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lpsnet_studio.jobs.job_folder import LOG_HEADER

__all__ = ["last_error"]

_LONGEST = 400
_RANK = re.compile(r"^\[rank\d+\]:\s?")
_TRACEBACK = "Traceback (most recent call last):"
_EXCEPTION = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Exit|Warning|Failure|Killed|Iteration)\b.*")
_BARE = re.compile(r"^[A-Za-z_][\w.]*(?::.*)?$")
_SAYS_ERROR = re.compile(r"^(?:error|fatal error|fatal python error): \S", re.IGNORECASE)
_PANEL_LINE = re.compile(r"^[│|]\s*(.*?)\s*[│|]$")
_PANEL_TITLE = re.compile(r"^[╭+][─-]+ Error [─-]+[╮+]$")
_NOISE = re.compile(
    r"^[WEIF]\d{4} |"  # torch's own log, as of torchrun
    r"^(?:=|-|\*){5,}|"
    r"torch\.distributed\.elastic|ChildFailedError|SignalException|PeerFailedError|"
    r"^(?:Root Cause|Failures|time|host|rank|exitcode|error_file|traceback)\b.*:|"
    r"resource_tracker: There appear to be"
)


def last_error(log: str) -> str:
    """Returns what went wrong last, as a log tells it; empty if the log is.

    That is the last line of a traceback, what a command says after ``error:``, what the C++ runtime says, or what the
    command line objects to; where there is none of these, the last line. What torchrun adds about its processes is left
    out, as it says nothing about why.

    Args:
        log: the text, from any line on.
    """
    lines = [_RANK.sub("", line).rstrip() for line in log.split("\n")]
    found = list(_errors(lines))
    if found:
        return _shortened(found[-1])
    rest = [line.strip() for line in lines if line.strip() and not line.startswith(LOG_HEADER) and not _is_noise(line)]
    return _shortened(rest[-1]) if rest else ""


def _errors(lines: list[str]) -> Iterator[str]:
    for at, line in enumerate(lines):
        if line.startswith(_TRACEBACK):
            sentence = _raised(lines, at + 1)
        elif _PANEL_TITLE.match(line):
            sentence = _in_panel(lines, at + 1)
        elif _SAYS_ERROR.match(line):
            sentence = line.partition(": ")[2] if line[:5].lower() == "error" else line
        elif line.strip().startswith("what():"):
            sentence = line.partition("what():")[2].strip()
        else:
            continue
        if sentence and not _is_noise(sentence):
            yield sentence


def _raised(lines: list[str], at: int) -> str:
    """Returns the exception below a traceback: the first line that is not indented.

    Processes that write at once mix their lines; then it is the first that looks like an exception.
    """
    rest = [line for line in lines[at:] if line and not line[0].isspace()]
    if not rest:
        return ""
    if _BARE.match(rest[0]) or _EXCEPTION.match(rest[0]):
        return rest[0]
    return next((line for line in rest if _EXCEPTION.match(line)), "")


def _in_panel(lines: list[str], at: int) -> str:
    words = []
    for line in lines[at:]:
        if (inside := _PANEL_LINE.match(line)) is None:
            break
        words.append(inside[1])
    return " ".join(words)


def _is_noise(line: str) -> bool:
    return _NOISE.search(line.strip()) is not None


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
