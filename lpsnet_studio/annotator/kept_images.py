"""The images of an open project, read from the disk as they will be once everything that waits is written."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lpsnet_studio.annotator.edits import Edit, SegmentInfo
from lpsnet_studio.annotator.journal import Reading
from lpsnet_studio.annotator.project import FileState, ImageEntry, compare_file
from lpsnet_studio.annotator.project_errors import ProjectDamaged
from lpsnet_studio.annotator.reads import KeptImage, LoadedImage, kept_edits, kept_image, replay, with_pending
from lpsnet_studio.annotator.writes import Write

__all__ = ["FOLD_AFTER_EDITS", "KeptImages"]

T = TypeVar("T")

FOLD_AFTER_EDITS = 100
"""Edits since an image's newest base after which it gets another."""


class KeptImages(ABC):
    """What is read of a project's images. It waits for the disk: not for a window's thread."""

    _path: Path

    @property
    @abstractmethod
    def entries(self) -> Mapping[int, ImageEntry]:
        """The images, in the order of the list."""

    @abstractmethod
    def compact(self, image: int) -> None:
        """Has an image open quickly again after many edits."""

    @abstractmethod
    def _read(self, reading: Reading[T]) -> T:
        """Reads from the database, behind every write that can be made."""

    def file_state(self, image: int) -> tuple[FileState, str]:
        """Looks whether an image's file still is what it was; returns that, and a sentence."""
        return compare_file(self.entries[image].file)

    def load(self, image: int) -> LoadedImage | None:
        """Reads an image's segmentation with its edits, those that wait included; None if it was never started.

        Raises:
            ProjectDamaged: in a sentence, if it cannot be read.
            ProjectError: likewise, if the disk fails.
        """
        kept = self._kept(image)
        if kept is None:
            return None
        with self._naming(image):
            loaded = kept.unpacked()
        if len(loaded.done_edits) >= FOLD_AFTER_EDITS:
            self.compact(image)
        return loaded

    def current(self, image: int) -> tuple[NDArray[np.uint16], dict[int, SegmentInfo]] | None:
        """Reads an image's present state: ``ids [H, W]`` and the segment table; None if it was never started.

        Raises:
            ProjectError: as :meth:`load` does.
        """
        loaded = self.load(image)
        if loaded is None:
            return None
        with self._naming(image):
            replay(loaded.ids, loaded.segments, loaded.done_edits)
        return loaded.ids, loaded.segments

    def earlier_edits(self, image: int, begin: int, end: int) -> tuple[Edit, ...]:
        """Reads the edits ``begin + 1 … end`` of an image, to undo what memory has forgotten; dropped ones are missing.

        Raises:
            ProjectError: as :meth:`load` does.
        """
        kept = self._read(
            lambda connection, pending: kept_edits(with_pending(connection, image, pending), image, begin, end)
        )
        with self._naming(image):
            return tuple(Edit.from_bytes(content) for _, content in kept)

    def segment_tables(self) -> Iterator[tuple[int, dict[int, SegmentInfo]]]:
        """Reads every image that was started: its id, and its segments without their pixels.

        Raises:
            ProjectError: as :meth:`load` does.
        """
        for image in tuple(self.entries):
            kept = self._kept(image)
            if kept is not None:
                with self._naming(image):
                    yield image, kept.table()

    def count_segments(self, image: int) -> int:
        """Reads how many segments an image has.

        Raises:
            ProjectError: as :meth:`load` does.
        """
        kept = self._kept(image)
        with self._naming(image):
            return 0 if kept is None else len(kept.table())

    def _kept(self, image: int) -> KeptImage | None:
        def reading(connection: sqlite3.Connection, pending: Sequence[Write]) -> KeptImage | None:
            return kept_image(with_pending(connection, image, pending), image)

        return self._read(reading)

    @contextmanager
    def _naming(self, image: int) -> Iterator[None]:
        try:
            yield
        except (ValueError, IndexError) as error:
            name = self.entries[image].file.path.name if image in self.entries else f"image {image}"
            raise ProjectDamaged(f"{self._path}: what is kept of {name} cannot be read: {error}") from error
