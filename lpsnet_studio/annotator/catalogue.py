"""What a project says of itself, in memory: ahead of the disk by the writes that wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lpsnet_studio.annotator.edits import Edit, SegmentInfo
from lpsnet_studio.annotator.project import FileFacts, ImageEntry, Status, kept_path
from lpsnet_studio.annotator.writes import (
    AddImages,
    AppendEdit,
    MoveCursor,
    PutFile,
    PutLabels,
    PutMeta,
    PutStatus,
    RemoveImages,
    StartImage,
    Together,
    Write,
)

__all__ = ["Catalogue"]

_UNTURNED = "unturned"
"""What is remembered: the ids of the images that are not turned as their EXIF orientation says."""


class Catalogue:
    """Images, labels, and what is remembered; each change returns the write that brings it to the disk.

    Args:
        folder: of the project.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._entries: dict[int, ImageEntry] = {}
        self._next_image = 1
        self.labels: Any = None
        self.meta: dict[str, Any] = {}

    def take(self, entries: Iterable[ImageEntry], labels: Any, meta: dict[str, Any]) -> None:
        """Takes what the database says."""
        unturned = frozenset(meta.get(_UNTURNED, ()))
        self._entries = {entry.id: _unturned(entry) if entry.id in unturned else entry for entry in entries}
        self.labels, self.meta = labels, meta
        self._next_image = max([int(meta.get("next_image", 1)), *(image + 1 for image in self._entries)])

    @property
    def entries(self) -> Mapping[int, ImageEntry]:
        """The images, in the order of the list; one that is walked through keeps its images."""
        return MappingProxyType(self._entries)

    def add(self, files: Iterable[FileFacts]) -> tuple[list[int], set[int], Write]:
        """Adds images at the end; returns the ids of all, the ids of those that are new, and the write."""
        known = {entry.file.path: entry.id for entry in self._entries.values()}
        position = max((entry.position for entry in self._entries.values()), default=-1)
        numbers: list[int] = []
        added: dict[int, ImageEntry] = {}
        for file in files:
            number = known.get(file.path)
            if number is None:
                number, position = self._next_image, position + 1
                self._next_image += 1
                known[file.path] = number
                added[number] = ImageEntry(number, file, position)
            numbers.append(number)
        self._entries = {**self._entries, **added}
        writes: list[Write] = [AddImages([self._row(entry) for entry in added.values()])]
        writes.append(PutMeta("next_image", self._next_image))
        if any(not entry.file.is_upright for entry in added.values()):
            writes.append(self._remember_unturned())
        return numbers, set(added), Together(writes)

    def _remember_unturned(self) -> Write:
        unturned = [image for image, entry in self._entries.items() if not entry.file.is_upright]
        return self.remember(_UNTURNED, unturned)

    def _row(self, entry: ImageEntry) -> tuple[int, str | bytes, bool, int, int, int, int, int]:
        file = entry.file
        path, is_relative = kept_path(self._folder, file.path)
        return entry.id, path, is_relative, file.height, file.width, file.mtime_ns, file.bytes, entry.position

    def remove(self, images: Sequence[int]) -> Write:
        """Takes images out."""
        gone = set(images)
        self._entries = {image: entry for image, entry in self._entries.items() if image not in gone}
        return RemoveImages(tuple(images))

    def put_status(self, image: int, status: Status) -> Write:
        """Sets how far an image has come."""
        entry = self._put(replace(self._entries[image], status=status))
        return PutStatus(image, status, entry.note)

    def put_note(self, image: int, note: str) -> Write:
        """Sets what is said about an image."""
        entry = self._put(replace(self._entries[image], note=note))
        return PutStatus(image, entry.status, note)

    def put_file(self, image: int, file: FileFacts) -> Write:
        """Has an image refer to another file.

        Raises:
            ValueError: in a sentence, if it has other pixels in height or width.
        """
        entry = self._entries[image]
        if (file.height, file.width) != (entry.file.height, entry.file.width):
            raise ValueError(
                f"{file.path} is {file.width} × {file.height} pixels, and {entry.file.path.name} was "
                f"{entry.file.width} × {entry.file.height}: its segments do not fit"
            )
        self._put(replace(entry, file=file))
        path, is_relative = kept_path(self._folder, file.path)
        write = PutFile(image, path, is_relative, file.mtime_ns, file.bytes)
        is_turned_alike = file.is_upright == entry.file.is_upright
        return write if is_turned_alike else Together((write, self._remember_unturned()))

    def put_files(self, files: Mapping[int, FileFacts]) -> Write:
        """Has several images refer to other files.

        Raises:
            ValueError: in a sentence, if one has other pixels in height or width.
        """
        return Together([self.put_file(image, file) for image, file in files.items()])

    def put_labels(self, labels: Any, edits: Iterable[tuple[int, Edit]], reopened: Iterable[int]) -> Write:
        """Replaces the label set, with the edits that follow from that, and images that are in progress again.

        Raises:
            ValueError: if one of their images was never started; nothing is changed then.
        """
        changed: dict[int, ImageEntry] = {}
        writes: list[Write] = [PutLabels(labels)]
        for image, edit in edits:
            changed[image], write = self._appended(changed.get(image, self._entries[image]), edit)
            writes.append(write)
        for image in reopened:
            entry = replace(changed.get(image, self._entries[image]), status=Status.IN_PROGRESS)
            changed[image] = entry
            writes.append(PutStatus(image, entry.status, entry.note))
        self.labels = labels
        self._entries.update(changed)
        return Together(writes)

    def remember(self, key: str, value: Any) -> Write:
        """Remembers something."""
        self.meta[key] = value
        return PutMeta(key, value)

    def start(self, image: int, ids: NDArray[np.uint16], segments: Mapping[int, SegmentInfo], source: str) -> Write:
        """Sets what an image is edited from.

        Raises:
            ValueError: in a sentence, if the map does not have the image's size.
        """
        entry = self._entries[image]
        if ids.shape != (entry.file.height, entry.file.width) or ids.dtype != np.uint16:
            raise ValueError(
                f"{entry.file.path} is {entry.file.width} × {entry.file.height} pixels; "
                f"an id map of {ids.dtype} {list(ids.shape)} does not fit"
            )
        self._put(replace(entry, first=0, done=0, last=0))
        return StartImage(image, ids, dict(segments), source)

    def append(self, image: int, edit: Edit) -> Write:
        """Adds an edit behind those that are done.

        Raises:
            ValueError: in a sentence, if the image was never started.
        """
        self._entries[image], write = self._appended(self._entries[image], edit)
        return write

    def _appended(self, entry: ImageEntry, edit: Edit) -> tuple[ImageEntry, Write]:
        if not entry.is_started:
            raise ValueError(f"{entry.file.path} has no segmentation to edit yet")
        status = Status.IN_PROGRESS if entry.status is Status.TODO else entry.status
        number = entry.done + 1
        return replace(entry, done=number, last=number, status=status), AppendEdit(entry.id, number, edit)

    def move_cursor(self, image: int, done: int) -> Write:
        """Sets how many edits are done.

        Raises:
            ValueError: in a sentence, if there are not as many, or dropped ones would have to be taken back.
        """
        entry = self._entries[image]
        if entry.first is None or not entry.first <= done <= entry.last:
            raise ValueError(f"{entry.file.path} has edits {entry.first} … {entry.last}, not {done}")
        self._put(replace(entry, done=done))
        return MoveCursor(image, done)

    def drop(self, image: int, first: int) -> None:
        """Takes note that an image's oldest edits were dropped."""
        if image in self._entries:
            self._put(replace(self._entries[image], first=first))

    def _put(self, entry: ImageEntry) -> ImageEntry:
        self._entries[entry.id] = entry
        return entry


def _unturned(entry: ImageEntry) -> ImageEntry:
    return replace(entry, file=replace(entry.file, is_upright=False))
