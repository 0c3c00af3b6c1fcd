"""Names for files that are made of photos' names, so that no two of them are one file anywhere."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

__all__ = ["UniqueNames", "name_key"]

_LONGEST = 255
"""Bytes of the longest file name that common filing systems allow."""


class UniqueNames:
    """Gives every photo of a data set a file name of its own, made of its name without folders and ending.

    Names that differ in case alone, or in how an accent is written, are one file on some systems, and so here.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._counted: dict[str, int] = {}
        """By the name that a photo would have alone: the number up to which names like it are taken."""

    def __contains__(self, name: str) -> bool:
        return name_key(name) in self._taken

    def free(self, file_name: str, ending: str) -> str:
        """Returns a name that is not taken yet; beside an ``a`` that is, it is ``a-2``.

        Args:
            file_name: the photo's; folders before it may be set apart by either slash.
            ending: of the name that is returned, such as ``.png``.
        """
        stem = PurePosixPath(file_name.replace("\\", "/")).stem or "image"
        name = _fitting(stem, ending)
        alone = name_key(name)
        count = self._counted.get(alone, 1)
        if count > 1:
            name = _fitting(stem, f"-{count}{ending}")
        while name in self:
            count += 1
            name = _fitting(stem, f"-{count}{ending}")
        self._counted[alone] = count
        return name

    def take(self, name: str) -> None:
        """Notes that a name is given away."""
        self._taken.add(name_key(name))


def _fitting(stem: str, tail: str) -> str:
    """Returns a name that is short enough, whatever was cut off its stem for that."""
    while len((stem + tail).encode("utf-8", "surrogatepass")) > _LONGEST:
        stem = stem[:-1]
    return stem + tail


def name_key(name: str) -> str:
    """Returns what the names of one file have in common, on systems that heed neither case nor how accents are made."""
    return unicodedata.normalize("NFC", name).casefold()
