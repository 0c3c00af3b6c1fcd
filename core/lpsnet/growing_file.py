"""A file of lines that another process still writes: each line read once, as soon as it is finished."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

__all__ = ["LONGEST_LINE", "GrowingFile", "NewLines"]

LONGEST_LINE = 1 << 20
"""Bytes; what goes on for longer without an end is damage: the longest lines that are written are some thousand."""

_REMEMBERED = 1 << 12
"""Bytes at the end of the line that was read last, by which a file that was written anew is told."""


@dataclass(frozen=True, slots=True)
class NewLines:
    """What was added to a file.

    Attributes:
        lines: in their order, each with its newline; of one that is damage a piece without.
        is_anew: whether they are the first of a file that became shorter, or of another one in its place: what was
            read before is void. Also after the file was removed.
        has_more: whether there may be more.
    """

    lines: list[bytes]
    is_anew: bool
    has_more: bool


class GrowingFile:
    """Reads the finished lines of a file, each once; a call costs what was added since the last one, not the file.

    A last line that has no newline yet waits for its end. It is read from the beginning again once the file is shorter
    than it was, does not hold the line that was read last, or another file stands in its place.

    Attributes:
        restarts: how often what had been read became void.

    Args:
        path: of the file, which need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity: tuple[int, int] | None = None
        self._offset = 0
        self._last = b""
        self._is_in_damage = False
        self.restarts = 0

    def lines(self) -> Iterator[bytes]:
        """Yields the lines that were finished since the last call; it can be stopped anywhere and gone on with.

        Of a line above :data:`LONGEST_LINE` its beginning comes, without a newline, and an empty one for each further
        piece, so that whoever counts lines is not held up for long.

        Raises:
            OSError: if the file is there and cannot be read.
        """
        stream = self._open()
        if stream is not None:
            with stream:
                yield from self._finished_lines(stream)

    def read_new(self, most: int) -> NewLines:
        """Returns the next finished lines.

        Args:
            most: lines to read.

        Raises:
            OSError: if the file is there and cannot be read.
        """
        before = self.restarts
        lines = list(itertools.islice(self.lines(), most))
        return NewLines(lines, is_anew=self.restarts != before, has_more=len(lines) == most)

    def _open(self) -> BinaryIO | None:
        """Opens the file where reading goes on; None if there is no file."""
        try:
            stream = self._path.open("rb")
        except FileNotFoundError:
            self._go_on_with(None)
            return None
        try:
            facts = os.fstat(stream.fileno())
            identity = (facts.st_dev, facts.st_ino)
            if identity != self._identity or facts.st_size < self._offset or not self._holds_last(stream):
                self._go_on_with(identity)
            stream.seek(self._offset)
        except BaseException:
            stream.close()
            raise
        return stream

    def _go_on_with(self, identity: tuple[int, int] | None) -> None:
        self.restarts += self._identity is not None
        self._identity, self._offset, self._is_in_damage, self._last = identity, 0, False, b""

    def _holds_last(self, stream: BinaryIO) -> bool:
        """Whether what was read last still stands where it stood; not if the file was cut off and written anew."""
        stream.seek(self._offset - len(self._last))
        return stream.read(len(self._last)) == self._last

    def _finished_lines(self, stream: BinaryIO) -> Iterator[bytes]:
        while True:
            line = stream.readline(LONGEST_LINE)
            is_whole = line.endswith(b"\n")
            if not is_whole and len(line) < LONGEST_LINE:
                return
            self._offset += len(line)
            self._last = line[-_REMEMBERED:]
            was_in_damage, self._is_in_damage = self._is_in_damage, not is_whole
            yield b"" if was_in_damage else line
