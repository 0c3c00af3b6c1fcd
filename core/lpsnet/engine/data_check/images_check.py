"""The image list of a data set, and its photos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from lpsnet.engine.data_check.files_ahead import FilesAhead
from lpsnet.engine.data_check.json_faults import JsonFaults
from lpsnet.engine.data_check.tally import Tally
from lpsnet.formats.coco_panoptic import FIRST_PHOTOS, MAX_SIDE, ImageId, find_photos, photos_not_found
from lpsnet.formats.data_report import Fault, FaultKind, FaultLog
from lpsnet.formats.fields import ConfinedFolder, Fields, FormatError, StreamedList

__all__ = ["SMALL_SIDE", "ImageCheck", "ListedImage", "take_file"]

SMALL_SIDE = 32
"""Pixels of a side under which an image is called extremely small: one cell of the pyramid's P5 (method row 11)."""


@dataclass(slots=True)
class ListedImage:
    """One entry of the image list, so far as it could be read.

    Attributes:
        place: where it stands in the file.
        image_id: its id; None if that could not be read.
        size: ``(height, width)`` as stated; None if that could not be read.
        is_annotated: whether an annotation of it was met.
    """

    place: str
    image_id: ImageId | None
    size: tuple[int, int] | None
    is_annotated: bool = False


class ImageCheck:
    """Checks the image list and the photos.

    Attributes:
        folder: the folder of photos; None if it was not found.
        by_id: the images by id, filled by :meth:`run`.
        is_whole: whether no image is missing there because its id could not be read.

    Args:
        data: the JSON file.
        log: takes the faults of other files.
        values: the image list; None if there is none.
        images_dir: the folder of photos; searched as the reader searches it if None.
        pngs: the folder of PNGs.
    """

    def __init__(
        self,
        data: JsonFaults,
        log: FaultLog,
        values: Sequence[Any] | StreamedList | None,
        *,
        images_dir: Path | None,
        pngs: Path,
    ) -> None:
        self.by_id: dict[ImageId, ListedImage] = {}
        self.is_whole = values is not None
        self._data, self._log = data, log
        self._values: Sequence[Any] | StreamedList = values if values is not None else ()
        self._places_of_photos: dict[str, str] = {}
        # Names are checked even where the photos were not found, as the reader does.
        self._confined = ConfinedFolder(data.path.parent)
        self.folder = self._search(pngs) if images_dir is None else self._given(images_dir)
        if self.folder is not None:
            self._confined = ConfinedFolder(self.folder)

    def run(self, files: FilesAhead, tally: Tally) -> None:
        """Looks at every entry of the list and at every photo.

        Raises:
            StoppedError: if the caller wants no more.
        """
        for photo, complaint in files.in_order(self._begun(files, tally)):
            if photo is not None and complaint:
                path, place, image_id = photo
                kind = FaultKind.PHOTO_WRONG if path.exists() else FaultKind.PHOTO_MISSING
                self._log.add(Fault(kind, path, place, f"{complaint} ({place})", image_id))

    def warn_of_unannotated(self, homeless: int) -> None:
        """Names images without an annotation, unless ``homeless`` annotations, which have no image, may be theirs."""
        unannotated = [image for image in self.by_id.values() if not image.is_annotated]
        if len(unannotated) > homeless:
            for image in unannotated:
                self._data.fault(FaultKind.IMAGE_NOT_ANNOTATED, image.place, "has no annotation", image.image_id)

    # ----------------------------------------------------------------------------------------------- the folder

    def _given(self, folder: Path) -> Path | None:
        if folder.is_dir():
            return folder
        self._log.add(Fault(FaultKind.FOLDER_MISSING, folder, "", "this folder of photos does not exist"))
        return None

    def _search(self, pngs: Path) -> Path | None:
        """Searches the folder as the reader does, but by the first photos that can be looked for."""
        photos = list(islice(self._named_inside(), FIRST_PHOTOS))
        refusals: list[tuple[str, FormatError]] = []
        for begin, photo in enumerate(photos):
            try:
                folder, searched = find_photos(self._data.path, photos[begin:], pngs)
            except FormatError as error:
                refusals.append((photo.place("file_name"), error))
                continue
            if folder is None:
                self._fault_not_found(photo, searched)
            return folder
        for place, refusal in refusals[:1]:
            self._data.refused(FaultKind.OUTSIDE, place, refusal)
        return None

    def _named_inside(self) -> Iterator[Fields]:
        """Yields the entries whose photos may be looked for, without a complaint about the others."""
        for index, value in enumerate(self._values):
            try:
                entry = Fields(value, str(self._data.path), f"images[{index}]")
                self._confined.file(entry, "file_name")
            except FormatError:
                continue
            yield entry

    def _fault_not_found(self, photo: Fields, searched: Sequence[Path]) -> None:
        message = photos_not_found(photo.text("file_name"), searched)
        self._log.add(Fault(FaultKind.FOLDER_MISSING, self._data.path, "images", message))

    # ------------------------------------------------------------------------------------------------- the list

    def _begun(
        self, files: FilesAhead, tally: Tally
    ) -> Iterator[tuple[tuple[Path, str, ImageId | None] | None, Future[str] | None]]:
        """Checks the entries one by one and begins to read their photos; yields what a complaint has to name."""
        for entry in self._data.entries(FaultKind.IMAGE, self._values, "images", "id"):
            tally.images += 1
            if entry is None:
                self.is_whole = False
                yield None, None
                continue
            image, photo = self._check_entry(entry)
            if image.size is not None:
                tally.add_size(*image.size)
            if photo is None or self.folder is None:
                yield None, None
            else:
                yield (photo, entry.place("file_name"), image.image_id), files.photo(photo, image.size)

    def _check_entry(self, entry: Fields) -> tuple[ListedImage, Path | None]:
        """Returns an image and its photo, so far as they could be read."""
        data = self._data
        image_id = data.take(FaultKind.IMAGE, entry, Fields.identity, "id")
        width = data.take(FaultKind.IMAGE, entry, Fields.whole, "width", 1, MAX_SIDE, image_id=image_id)
        height = data.take(FaultKind.IMAGE, entry, Fields.whole, "height", 1, MAX_SIDE, image_id=image_id)
        photo = take_file(data, FaultKind.IMAGE, entry, self._confined, image_id)
        size = (height, width) if height is not None and width is not None else None
        image = ListedImage(entry.where, image_id, size)
        if size is not None and min(size) < SMALL_SIDE:
            message = f"is {width} × {height} pixels, less than {SMALL_SIDE} on a side"
            data.fault(FaultKind.IMAGE_SMALL, entry.where, message, image_id)
        if image_id is None:
            self.is_whole = False
        elif image_id in self.by_id:
            data.fault(FaultKind.IMAGE_TWICE, entry.place("id"), f"{image_id!r} appears twice", image_id)
            return image, photo
        else:
            self.by_id[image_id] = image
        if photo is not None:
            self._warn_if_listed(photo, entry, image_id)
        return image, photo

    def _warn_if_listed(self, photo: Path, entry: Fields, image_id: ImageId | None) -> None:
        first = self._places_of_photos.setdefault(str(photo), entry.where)
        if first != entry.where:
            message = f"{entry.text('file_name')!r} is that of {first} too"
            self._data.fault(FaultKind.PHOTO_TWICE, entry.place("file_name"), message, image_id)


def take_file(
    data: JsonFaults, kind: FaultKind, fields: Fields, folder: ConfinedFolder, image_id: ImageId | None
) -> Path | None:
    """Returns the path that ``file_name`` means; None, which is a fault, if it is no text or leaves the folder."""
    if data.take(kind, fields, Fields.text, "file_name", image_id=image_id) is None:
        return None
    return data.take(FaultKind.OUTSIDE, fields, _confined_file, "file_name", folder, image_id=image_id)


def _confined_file(fields: Fields, name: str, folder: ConfinedFolder) -> Path:
    return folder.file(fields, name)
