"""The log of a job: its file, read as it grows and from its end, and the lines of it that are held in memory.

A log may be gigabytes large. Its last megabytes are read at first, earlier ones when they are asked for, and what is
held has a bound: the lines that were read earliest are let go when more come.
"""

from __future__ import annotations

import os
import unicodedata
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from lpsnet_studio.jobs.log_levels import LONGEST_LINE, Level, LevelReader, is_continued, level_of, plain_line

__all__ = ["FIRST_BYTES", "MOST_LINES", "JobLog", "LogFile", "LogPart", "TakenPart", "lines_with"]

FIRST_BYTES = 5 * 2**20
"""Of the file's end that are read at first, and before that at a time."""
_STEP_BYTES = 2**20
"""Read at a time of what was added."""
_FAR_BEHIND = 8 * FIRST_BYTES
"""So much was added since the last look that its end alone is read."""
MOST_LINES = 1_000_000
MOST_CHARACTERS = 64 * 2**20
_LETTING_GO = 0.1
"""Part of the most lines that is let go at once, so that it happens seldom."""
_WIDE = ("W", "F")
"""Kinds of letters that take the room of two (Unicode Standard Annex 11)."""
_LONGEST_RAW = 8 * LONGEST_LINE
"""Bytes of an unfinished line that are kept: what a progress bar writes over is not."""
_TAIL = 64


@dataclass(frozen=True, slots=True)
class LogPart:
    """Some lines of a log that follow each other.

    Attributes:
        lines: in their order.
        codes: what each is, see :mod:`lpsnet_studio.jobs.log_levels`.
        anew: the file is another one, or was not read before: what is known of it is void.
        earlier: they stand before all that is known, and not after it.
        unfinished: the line that is being written, after the others; None if none is.
        left_out: bytes of the file before the first line that was ever read.
        has_more: whether more waits to be read.
        problem: why the file cannot be read, in a sentence; empty if it can.
        lengths: letters of each line; less than 0 if some of them are as wide as two.
    """

    lines: list[str] = field(default_factory=list)
    codes: bytes = b""
    anew: bool = False
    earlier: bool = False
    unfinished: str | None = None
    left_out: int = 0
    has_more: bool = False
    problem: str = ""
    lengths: array[int] = field(init=False)

    def __post_init__(self) -> None:
        # Here, because parts are made in the thread that reads.
        object.__setattr__(self, "lengths", array("i", map(signed_length, self.lines)))


def signed_length(text: str) -> int:
    """Returns how many letters a line has, less than 0 if some of them are as wide as two."""
    if text.isascii() or not any(unicodedata.east_asian_width(sign) in _WIDE for sign in text):
        return len(text)
    return -len(text)


class LogFile:
    """Reads a log that may grow, be cut off, or be replaced by another, some of it a call; one call at a time.

    Args:
        path: of the file, which need not exist yet.
        first_bytes: how much of its end is read at first.
    """

    def __init__(self, path: Path, first_bytes: int = FIRST_BYTES) -> None:
        self.path = path
        self._first_bytes = first_bytes
        self._forget(None)

    def _forget(self, identity: tuple[int, int] | None) -> None:
        self._identity = identity
        self._begin = self._offset = 0
        self._tail, self._rest = b"", b""
        self._levels = LevelReader()

    def read_new(self) -> LogPart:
        """Reads what was added since the last call, at most some megabytes of it."""
        try:
            with self.path.open("rb") as stream:
                facts = os.fstat(stream.fileno())
                identity = (facts.st_dev, facts.st_ino)
                anew = identity != self._identity or not self._goes_on(stream, facts.st_size)
                if anew:
                    self._forget(identity)
                    self._skip_to_end(stream, facts.st_size)
                wanted = self._first_bytes + _STEP_BYTES if anew else _STEP_BYTES
                stream.seek(self._offset)
                content = stream.read(min(wanted, max(facts.st_size - self._offset, 0)))
        except FileNotFoundError:
            had_one = self._identity is not None
            self._forget(None)
            return LogPart(anew=had_one)
        except OSError as error:
            return LogPart(problem=f"{self.path}: cannot be read: {error.strerror or error}", left_out=self._begin)
        self._offset += len(content)
        self._tail = (self._tail + content)[-_TAIL:]
        lines, codes = self._take(content)
        return LogPart(
            lines,
            codes,
            anew=anew,
            unfinished=plain_line(self._rest) if self._rest.strip() else None,
            left_out=self._begin,
            has_more=self._offset < facts.st_size,
        )

    def read_earlier(self) -> LogPart | None:
        """Reads what stands before the first line that was read; None if nothing does, or it is no longer there."""
        begin = max(self._begin - self._first_bytes, 0)
        if begin == self._begin:
            return None
        try:
            with self.path.open("rb") as stream:
                facts = os.fstat(stream.fileno())
                if (facts.st_dev, facts.st_ino) != self._identity:
                    return None
                stream.seek(begin)
                content = stream.read(self._begin - begin)
        except OSError:
            return None
        skipped = _after_first_line(content) if begin else 0
        self._begin = begin + skipped
        lines, codes = _read_lines(content[skipped:].split(b"\n"), LevelReader())
        if content.endswith(b"\n"):
            lines, codes = lines[:-1], codes[:-1]
        return LogPart(lines, codes, earlier=True, left_out=self._begin)

    def _goes_on(self, stream: IO[bytes], size: int) -> bool:
        """Whether the file still holds, before where reading stopped, what was read there."""
        if size < self._offset or size - self._offset > _FAR_BEHIND:
            return False
        stream.seek(self._offset - len(self._tail))
        return stream.read(len(self._tail)) == self._tail

    def _skip_to_end(self, stream: IO[bytes], size: int) -> None:
        """Goes to the first whole line of the file's end."""
        begin = max(size - self._first_bytes, 0)
        if begin:
            stream.seek(begin)
            begin += _after_first_line(stream.read(self._first_bytes))
        self._begin = self._offset = begin

    def _take(self, content: bytes) -> tuple[list[str], bytes]:
        """Returns the lines that are finished now, and keeps the rest."""
        raw = (self._rest + content).split(b"\n")
        rest = raw.pop()
        if len(rest) > _LONGEST_RAW:
            kept = rest[rest.rstrip(b"\r").rfind(b"\r") + 1 :]
            rest = kept[:_LONGEST_RAW]
        self._rest = rest
        return _read_lines(raw, self._levels)


def _after_first_line(content: bytes) -> int:
    """Returns where the second line begins; 0 if there is but one."""
    return content.find(b"\n") + 1


def _read_lines(raw: Sequence[bytes], levels: LevelReader) -> tuple[list[str], bytes]:
    lines = [plain_line(line) for line in raw]
    return lines, bytes(levels.read(text, line) for text, line in zip(lines, raw, strict=True))


# --------------------------------------------------------------------------------------------------------------- lines


@dataclass(frozen=True, slots=True)
class TakenPart:
    """What became of the lines that are held.

    Attributes:
        anew: nothing is as it was.
        let_go: how many of the first are gone.
        before: how many were added before the others.
        replaced: whether the last was an unfinished one, and is another now.
        after: how many were added at the end, an unfinished one included.
    """

    anew: bool = False
    let_go: int = 0
    before: int = 0
    replaced: bool = False
    after: int = 0


class JobLog:
    """The lines of a log that are held. A line keeps its number as others come and go.

    Args:
        most_lines: that are held; also bounded in characters.
        most_characters: of all lines together.

    Attributes:
        first: the number of the first line; below 0 after earlier ones were read.
        lines: the text of each.
        lengths: as of :class:`LogPart`.
        left_out: bytes of the file before the first that was read.
        problem: why the file cannot be read; empty if it can.
        let_go: how many lines were read and are no longer held.
    """

    def __init__(self, most_lines: int = MOST_LINES, most_characters: int = MOST_CHARACTERS) -> None:
        self._most_lines, self._most_characters = most_lines, most_characters
        self._clear()
        self.problem = ""

    def _clear(self) -> None:
        self.first = 0
        self.lines: list[str] = []
        self.lengths = array("i")
        self._codes = bytearray()
        self._characters = 0
        self._has_unfinished = False
        self.left_out = self.let_go = 0
        self._counts = [0, 0, 0, 0]

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def end(self) -> int:
        """The number after the last line's."""
        return self.first + len(self.lines)

    @property
    def finished_end(self) -> int:
        """The number after the last line's that is finished."""
        return self.end - int(self._has_unfinished)

    @property
    def is_full(self) -> bool:
        """Whether no earlier lines can be held."""
        most = 1.0 - _LETTING_GO
        return len(self.lines) > most * self._most_lines or self._characters > most * self._most_characters

    @property
    def codes(self) -> bytearray:
        """What each line is."""
        return self._codes

    def text(self, number: int) -> str:
        """Returns a line."""
        return self.lines[number - self.first]

    def level(self, number: int) -> Level:
        """Returns what a line is."""
        return level_of(self._codes[number - self.first])

    def count(self, level: Level) -> int:
        """Returns how many of a level there are: a traceback is one error, however long."""
        return self._counts[level]

    def first_of(self, level: Level) -> int | None:
        """Returns the number of the first line of a level; None if there is none."""
        found = self._codes.find(level)
        return None if found < 0 else self.first + found

    def block(self, number: int) -> range:
        """Returns the numbers of all lines that belong together with one, as those of a traceback."""
        begin = end = number
        while begin > self.first and is_continued(self._codes[begin - self.first]):
            begin -= 1
        while end + 1 < self.end and is_continued(self._codes[end + 1 - self.first]):
            end += 1
        return range(begin, end + 1)

    def take(self, part: LogPart) -> TakenPart:
        """Adds what was read, and lets go of the earliest lines where there are too many."""
        self.problem = part.problem
        if part.problem:
            return TakenPart()
        if part.anew:
            self._clear()
        self.left_out = part.left_out
        if part.earlier:
            return self._take_earlier(part)
        replaced = self._has_unfinished
        if replaced:
            self._characters -= len(self.lines.pop())
            self.lengths.pop()
            self._codes.pop()
        self._count(part.codes, 1)
        self.lines += part.lines
        self.lengths += part.lengths
        self._codes += part.codes
        self._characters += sum(map(len, part.lines))
        after = len(part.lines)
        self._has_unfinished = part.unfinished is not None
        if part.unfinished is not None:
            self.lines.append(part.unfinished)
            self.lengths.append(signed_length(part.unfinished))
            self._codes.append(Level.INFO)
            self._characters += len(part.unfinished)
            after += 1
        return TakenPart(anew=part.anew, let_go=self._let_go(), replaced=replaced and not part.anew, after=after)

    def _take_earlier(self, part: LogPart) -> TakenPart:
        self._count(part.codes, 1)
        self.lines[:0] = part.lines
        self.lengths[:0] = part.lengths
        self._codes[:0] = part.codes
        self._characters += sum(map(len, part.lines))
        self.first -= len(part.lines)
        return TakenPart(before=len(part.lines))

    def _let_go(self) -> int:
        """Forgets the earliest lines if there are too many; returns how many."""
        if len(self.lines) <= self._most_lines and self._characters <= self._most_characters:
            return 0
        kept_lines = int(self._most_lines * (1 - _LETTING_GO))
        kept_characters = int(self._most_characters * (1 - _LETTING_GO))
        gone = max(len(self.lines) - kept_lines, 0)
        self._characters -= sum(map(len, self.lines[:gone]))
        while self._characters > kept_characters and gone < len(self.lines) - 1:
            self._characters -= len(self.lines[gone])
            gone += 1
        self._count(self._codes[:gone], -1)
        del self.lines[:gone], self.lengths[:gone], self._codes[:gone]
        self.first += gone
        self.let_go += gone
        return gone

    def _count(self, codes: bytes | bytearray, sign: int) -> None:
        for level in Level:
            self._counts[level] += sign * codes.count(level)


def lines_with(words: str, lines: Sequence[str], first: int, shown: bytes | bytearray) -> array[int]:
    """Returns the numbers of lines that hold some words, in any case of letters.

    Args:
        words: not empty.
        lines: to be searched.
        first: the number of the first.
        shown: one byte a line; lines whose byte is 0 are passed over.
    """
    wanted = words.casefold()
    return array(
        "q",
        (first + index for index, line in enumerate(lines) if shown[index] and wanted in line.casefold()),
    )
