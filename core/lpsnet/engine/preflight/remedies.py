"""What mends a finding where that is an option of the command or another command: known by name, worded for a terminal.

Other programs than a terminal, such as a window with a form, have words of their own for each.
"""

from __future__ import annotations

from enum import Enum

__all__ = ["Remedy"]


class Remedy(Enum):
    """A remedy by its name, such as ``other_out``, with what a terminal says of it; names in braces are told values."""

    WAIT_OR_OTHER_RUN = "wait for its end, or choose another --run-dir"
    RESUME_OR_OTHER_RUN = "go on with --resume, or choose another --run-dir"
    ROOM_FOR_RUN = "make room, choose a --run-dir on another disk, or set training.samples=0"
    OUT_ON_OTHER_DISK = "choose --out on another disk"
    OTHER_OUT = "choose another --out"
    OTHER_OUT_TO_KEEP = "choose another --out to keep them"
    NAME_NETWORK = "give --checkpoint FILE, or --config NAME"
    NAME_CHECKPOINT = "give --checkpoint FILE"
    NAME_DATA = "give --data FILE.json or --data scenes:SEED+COUNT"
    NO_FOLDERS = "leave out --images and --pngs"
    OTHER_DEVICE = "choose --device auto or cpu"
    FEWER_PROCESSES = "--processes {count}"
    CHECK_DATA = "see lpsnet check-data {path}"
    CHECK_DATA_FOR_MORE = "see lpsnet check-data {path}, which names {count} more"

    def words(self, **values: str) -> str:
        """Returns what a terminal says of it."""
        return self.value.format(**values)
