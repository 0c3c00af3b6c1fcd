"""Which rows a log is shown in: the lines that a filter lets pass, each in as many pieces as the width asks for."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np

from lpsnet_studio.jobs.log import JobLog, TakenPart
from lpsnet_studio.jobs.log_levels import Level, level_of

__all__ = ["ChangedRows", "LogRows", "shown_codes"]


def shown_codes(least: Level) -> bytes:
    """Returns, for ``bytes.translate``, a 1 for every byte of a line that a filter lets pass.

    Args:
        least: INFO lets everything pass, WARNING warnings and errors, ERROR errors; marks always pass.
    """
    return bytes(int(level_of(code & 0x13) >= least) for code in range(256))


@dataclass(frozen=True, slots=True)
class ChangedRows:
    """How rows changed, in this order.

    Attributes:
        anew: nothing is as it was.
        removed_first: so many of the first are gone.
        removed_last: so many of the last are gone, those of an unfinished line.
        added_first: so many came before the others.
        added_last: so many came after them.
    """

    anew: bool = False
    removed_first: int = 0
    removed_last: int = 0
    added_first: int = 0
    added_last: int = 0


class LogRows:
    """Rows of a log; each is a line, or a piece of one.

    Args:
        log: whose lines they are.

    Attributes:
        log: the same.
        least: what the filter lets pass, see :func:`shown_codes`.
        columns: letters that a row has room for; 0 to have every line in one row.
    """

    def __init__(self, log: JobLog) -> None:
        self.log = log
        self.least, self.columns = Level.INFO, 0
        self._numbers, self._begins = array("q"), array("i")
        self.build()

    def __len__(self) -> int:
        return len(self._numbers)

    def show(self, log: JobLog, least: Level, columns: int) -> None:
        """Shows other lines, or the same in another way."""
        self.log, self.least, self.columns = log, least, columns
        self.build()

    def build(self) -> None:
        """Makes all rows."""
        self._numbers, self._begins = self._rows_of(0, len(self.log))

    def number(self, row: int) -> int:
        """Returns the number of a row's line."""
        return self._numbers[row]

    def begins_line(self, row: int) -> bool:
        """Whether a row shows the beginning of its line."""
        return self._begins[row] == 0

    def text(self, row: int) -> str:
        """Returns what a row shows."""
        text = self.log.text(self._numbers[row])
        begin = self._begins[row]
        has_next = self.columns and row + 1 < len(self._numbers) and self._numbers[row + 1] == self._numbers[row]
        return text[begin : self._begins[row + 1]] if has_next else text[begin:]

    def row_of(self, number: int) -> int:
        """Returns the first row of a line, or of the next one that is shown; the number of rows if none is."""
        return int(np.searchsorted(np.frombuffer(self._numbers, np.int64), number)) if self._numbers else 0

    def take(self, taken: TakenPart) -> ChangedRows:
        """Follows what became of the log's lines."""
        if taken.anew:
            self.build()
            return ChangedRows(anew=True)
        log = self.log
        old_end = log.end - taken.after
        removed_last = len(self) - self.row_of(old_end)
        if removed_last:
            del self._numbers[-removed_last:], self._begins[-removed_last:]
        removed_first = self.row_of(log.first)
        if taken.let_go:
            del self._numbers[:removed_first], self._begins[:removed_first]
        added_first = 0
        if taken.before:
            numbers, begins = self._rows_of(0, taken.before)
            self._numbers[:0], self._begins[:0] = numbers, begins
            added_first = len(numbers)
        numbers, begins = self._rows_of(max(len(log) - taken.after, 0), len(log))
        self._numbers += numbers
        self._begins += begins
        return ChangedRows(False, removed_first if taken.let_go else 0, removed_last, added_first, len(numbers))

    def _rows_of(self, begin: int, end: int) -> tuple[array[int], array[int]]:
        """Returns the lines and the beginnings of the rows of some lines, by their places in the log."""
        shown = np.frombuffer(bytes(self.log.codes[begin:end]).translate(shown_codes(self.least)), np.uint8)
        places = np.flatnonzero(shown)
        begins = np.zeros(len(places), np.int32)
        if self.columns:
            places, begins = self._pieces(places, begin)
        numbers, starts = array("q"), array("i")
        numbers.frombytes((places + (begin + self.log.first)).astype(np.int64).tobytes())
        starts.frombytes(begins.astype(np.int32).tobytes())
        return numbers, starts

    def _pieces(self, places: np.ndarray, begin: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns the place of the line and the beginning of every piece."""
        signed = np.frombuffer(self.log.lengths, np.int32)[begin:][places]
        lengths, room = np.abs(signed), np.where(signed < 0, max(self.columns // 2, 1), self.columns).astype(np.int32)
        if not (lengths > room).any():
            return places, np.zeros(len(places), np.int32)
        pieces = np.maximum(-(-lengths // room), 1)
        ends = np.cumsum(pieces, dtype=np.int32)
        within = np.arange(int(ends[-1]), dtype=np.int32) - np.repeat(ends - pieces, pieces)
        begins = within * np.repeat(room, pieces)
        return np.repeat(places, pieces), begins
