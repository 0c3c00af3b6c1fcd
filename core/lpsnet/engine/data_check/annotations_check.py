"""The annotations of a data set and their segments, against the PNGs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

from lpsnet.engine.data_check.categories_check import ListedClasses
from lpsnet.engine.data_check.files_ahead import FilesAhead, IdMap
from lpsnet.engine.data_check.images_check import ImageCheck, ListedImage, take_file
from lpsnet.engine.data_check.json_faults import JsonFaults
from lpsnet.engine.data_check.tally import Tally
from lpsnet.formats.coco_panoptic import MAX_SIDE, ImageId, read_box
from lpsnet.formats.data_report import Fault, FaultKind, FaultLog, SmallThing
from lpsnet.formats.fields import ConfinedFolder, Fields, StreamedList
from lpsnet.formats.id_png import MAX_ID
from lpsnet.structures import Segment

__all__ = ["AnnotationCheck"]

_NAMED = 5
"""How many ids a message names."""

_NUMBER = re.compile(r"-?[0-9]{1,18}")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _ListedSegment:
    """One segment of the JSON file, so far as it could be read.

    Attributes:
        id: its value in the PNG.
        place: where it stands in the file.
        class_index: None if its category is unknown.
        iscrowd: whether it is a crowd region.
        area: as stated; None if not stated, or not well formed.
        box: as stated, x, y, width and height; None likewise.
    """

    id: int
    place: str
    class_index: int | None
    iscrowd: bool
    area: float | None
    box: list[float] | None


@dataclass(slots=True)
class _Annotation:
    """One annotation, so far as it could be read.

    Attributes:
        place: where it stands in the file.
        image_id: of its image; None if that could not be read.
        counts: whether it goes into the tally: it is the first of a known image.
        png: its PNG; None if that is not to be looked at.
        segments: its segments by id.
        nameless: number of its segments without an id of their own; None if it has no list of segments.
    """

    place: str
    image_id: ImageId | None
    counts: bool
    png: Path | None = None
    segments: dict[int, _ListedSegment] = field(default_factory=dict)
    nameless: int | None = None


class AnnotationCheck:
    """Checks the annotations, their segments, and their PNGs.

    Attributes:
        homeless: number of annotations whose image is not known, counted by :meth:`run`.
        used_classes: the class indices that segments were met of, whatever else is wrong with them, likewise.

    Args:
        data: the JSON file.
        log: takes the faults of other files.
        values: the annotations.
        classes: the categories.
        images: the images.
        pngs: the folder of PNGs.
        tally: counts the segments.
    """

    def __init__(
        self,
        data: JsonFaults,
        log: FaultLog,
        values: Sequence[Any] | StreamedList,
        classes: ListedClasses,
        images: ImageCheck,
        *,
        pngs: Path,
        tally: Tally,
    ) -> None:
        self.homeless = 0
        self.used_classes: set[int] = set()
        self._data, self._log, self._values = data, log, values
        self._classes, self._images, self._tally = classes, images, tally
        self._pngs = pngs
        self._confined = ConfinedFolder(pngs)
        self._owners: dict[str, ImageId] = {}

    def run(self, files: FilesAhead) -> None:
        """Looks at every annotation and at every PNG.

        Raises:
            StoppedError: if the caller wants no more.
        """
        for annotation, outcome in files.in_order(self._begun(files)):
            if annotation is None or annotation.png is None:
                continue
            if isinstance(outcome, IdMap):
                self._compare(annotation, annotation.png, outcome)
            elif outcome is not None:
                kind = FaultKind.PNG_WRONG if annotation.png.exists() else FaultKind.PNG_MISSING
                place = f"{annotation.place}.file_name"
                self._log.add(Fault(kind, annotation.png, place, f"{outcome} ({place})", annotation.image_id))

    # ---------------------------------------------------------------------------------------------- annotations

    def _begun(self, files: FilesAhead) -> Iterator[tuple[_Annotation | None, Future[IdMap | str] | None]]:
        """Checks the annotations one by one and begins to read their PNGs."""
        has_folder = self._has_folder()
        for entry in self._data.entries(FaultKind.ANNOTATION, self._values, "annotations", "image_id"):
            if entry is None:
                self.homeless += 1
                yield None, None
                continue
            image, annotation = self._find_image(entry)
            annotation.png = self._take_png(entry, annotation.image_id)
            self._check_segments(entry, annotation, image)
            if annotation.counts:
                self._count(annotation)
            if annotation.png is None or not has_folder:
                yield annotation, None
            else:
                yield annotation, files.png(annotation.png, image.size if image is not None else None)

    def _has_folder(self) -> bool:
        """Returns whether there is a folder of PNGs: that it is missing is one fault, not one for each of them."""
        if self._pngs.is_dir() or not self._values:
            return True
        message = "this folder of PNGs of segment ids does not exist"
        self._log.add(Fault(FaultKind.FOLDER_MISSING, self._pngs, "", message))
        return False

    def _find_image(self, entry: Fields) -> tuple[ListedImage | None, _Annotation]:
        """Finds the image of an annotation, which is annotated from then on."""
        data, place = self._data, entry.place("image_id")
        image_id = data.take(FaultKind.ANNOTATION, entry, Fields.identity, "image_id")
        image = self._images.by_id.get(image_id) if image_id is not None else None
        is_first = image is not None and not image.is_annotated
        if image is None:
            self.homeless += 1
            # An image whose id could not be read may be the one that is meant.
            if image_id is not None and self._images.is_whole:
                self._fault_unknown_image(place, image_id)
        elif not is_first:
            data.fault(FaultKind.ANNOTATION_TWICE, place, f"{image_id!r} is annotated twice", image_id)
        else:
            image.is_annotated = True
        return image, _Annotation(entry.where, image_id, counts=is_first)

    def _fault_unknown_image(self, place: str, image_id: ImageId) -> None:
        """Names an image that is not listed; one that is, but as a text here and as a number there, at the text."""
        data, kind = self._data, FaultKind.ANNOTATION_UNKNOWN_IMAGE
        other = _other_writing(image_id)
        meant = self._images.by_id.get(other) if other is not None else None
        if meant is None:
            data.fault(kind, place, f"{image_id!r} is not the id of an image", image_id)
        elif isinstance(image_id, str):
            message = f"is the text {image_id!r}, but {meant.place}.id is the number {meant.image_id!r}"
            data.fault(kind, place, message, meant.image_id)
        else:
            message = f"is the text {meant.image_id!r}, but {place} is the number {image_id!r}"
            data.fault(kind, f"{meant.place}.id", message, meant.image_id)

    def _take_png(self, entry: Fields, image_id: ImageId | None) -> Path | None:
        """Returns the PNG of an annotation; None, which is a fault, if it has none or another image's."""
        png = take_file(self._data, FaultKind.ANNOTATION, entry, self._confined, image_id)
        if png is None or image_id is None:
            return png
        owner = self._owners.setdefault(str(png), image_id)
        if owner == image_id:
            return png
        message = f"{png.name!r} already belongs to image {owner!r}"
        self._data.fault(FaultKind.PNG_SHARED, entry.place("file_name"), message, image_id)
        return None

    # ------------------------------------------------------------------------------------------------- segments

    def _check_segments(self, entry: Fields, annotation: _Annotation, image: ListedImage | None) -> None:
        """Checks the segments of an annotation and enters those with an id of their own."""
        image_id, place = annotation.image_id, entry.place("segments_info")
        values = self._data.take(FaultKind.ANNOTATION, entry, Fields.items, "segments_info", image_id=image_id)
        if values is None:
            return
        annotation.nameless = 0
        height, width = image.size if image is not None and image.size is not None else (MAX_SIDE, MAX_SIDE)
        for fields in self._data.objects(FaultKind.SEGMENT, values, place, image_id):
            segment = self._check_segment(fields, height * width, image_id) if fields is not None else None
            if segment is not None and segment.id in annotation.segments:
                message = f"{segment.id} appears twice in the image"
                self._data.fault(FaultKind.SEGMENT_TWICE, f"{segment.place}.id", message, image_id)
                segment = None
            if segment is None:
                annotation.nameless += 1
            else:
                annotation.segments[segment.id] = segment
        if annotation.segments and not annotation.nameless and all(s.iscrowd for s in annotation.segments.values()):
            self._data.fault(FaultKind.IMAGE_ALL_CROWD, place, "holds nothing but crowds", image_id)

    def _check_segment(self, fields: Fields, pixels: int, image_id: ImageId | None) -> _ListedSegment | None:
        """Returns a segment of an image of so many pixels, so far as it can be read; None if it has no usable id."""

        def take(rule: Callable[..., _T], name: str, *limits: float) -> _T | None:
            return self._data.take(FaultKind.SEGMENT, fields, rule, name, *limits, image_id=image_id)

        def take_if_given(rule: Callable[..., _T], name: str, *limits: float) -> _T | None:
            return take(rule, name, *limits) if name in fields.value else None

        identity = take(Fields.whole, "id", 1, MAX_ID)
        category = take(_category_id, "category_id")
        iscrowd = bool(take_if_given(Fields.whole, "iscrowd", 0, 1))
        area = take_if_given(Fields.number, "area", 0, pixels)
        take_if_given(Fields.number, "score", 0, 1)
        box = take_if_given(_box, "bbox")
        class_index = self._classes.index_of.get(category) if category is not None else None
        if class_index is not None:
            self.used_classes.add(class_index)
        # A category whose id could not be read, or is another's, may be the one that is meant.
        if class_index is None and category is not None and self._classes.is_whole:
            message = f"{category!r} is not the id of a category"
            self._data.fault(FaultKind.SEGMENT_UNKNOWN_CATEGORY, fields.place("category_id"), message, image_id)
        if iscrowd and class_index is not None and self._classes.entries[class_index].isthing is False:
            message = f"is 1, but {self._classes.entries[class_index].name!r} is stuff"
            self._data.fault(FaultKind.STUFF_CROWD, fields.place("iscrowd"), message, image_id)
        return None if identity is None else _ListedSegment(identity, fields.where, class_index, iscrowd, area, box)

    def _count(self, annotation: _Annotation) -> None:
        self._tally.annotated += 1
        for segment in annotation.segments.values():
            if segment.class_index is not None:
                counter = self._tally.crowds if segment.iscrowd else self._tally.segments
                counter[segment.class_index] += 1

    # ---------------------------------------------------------------------------------------------- against the PNG

    def _compare(self, annotation: _Annotation, png: Path, id_map: IdMap) -> None:
        """Names what the PNG and the JSON file do not agree on, and counts pixels."""
        if annotation.counts:
            self._tally.add_void(id_map.void / id_map.pixels, annotation.image_id)
        if annotation.nameless is None:
            return
        for listed in annotation.segments.values():
            measured = id_map.segments.get(listed.id)
            if measured is None:
                message = f"{listed.id} has no pixel in {png}"
                self._data.fault(FaultKind.SEGMENT_WITHOUT_PIXELS, f"{listed.place}.id", message, annotation.image_id)
                continue
            self._warn_of_measures(listed, measured, png, annotation.image_id)
            if annotation.counts:
                self._count_pixels(listed, measured, annotation.image_id)
        self._fault_unlisted(annotation, png, id_map)
        if not id_map.segments and not annotation.segments and not annotation.nameless:
            place = f"{annotation.place}.file_name"
            message = f"is void everywhere ({place})"
            self._log.add(Fault(FaultKind.IMAGE_ALL_VOID, png, place, message, annotation.image_id))

    def _fault_unlisted(self, annotation: _Annotation, png: Path, id_map: IdMap) -> None:
        """Names the ids that only the PNG has, unless they may be those of segments without an id of their own."""
        unlisted = sorted(id_map.segments.keys() - annotation.segments.keys())
        if len(unlisted) <= (annotation.nameless or 0):
            return
        place = f"{annotation.place}.segments_info"
        named = ", ".join(f"{identity} ({id_map.segments[identity].area:,} px)" for identity in unlisted[:_NAMED])
        more = f" and {len(unlisted) - _NAMED:,} more" if len(unlisted) > _NAMED else ""
        message = f"holds ids that {place} does not list: {named}{more}"
        self._log.add(Fault(FaultKind.ID_WITHOUT_SEGMENT, png, place, message, annotation.image_id))

    def _warn_of_measures(self, listed: _ListedSegment, measured: Segment, png: Path, image_id: ImageId | None) -> None:
        """Names an area and a box that are not those of the pixels; panopticapi evaluates by the area in the JSON."""
        if listed.area is not None and listed.area != measured.area:
            message = f"is {listed.area:.12g}, but segment {listed.id} has {measured.area} pixels in {png}"
            self._data.fault(FaultKind.AREA_DIFFERS, f"{listed.place}.area", message, image_id)
        x0, y0, x1, y1 = measured.box
        tight = [x0, y0, x1 - x0, y1 - y0]
        if listed.box is not None and listed.box != tight and all(isfinite(side) for side in listed.box):
            message = f"is {listed.box}, but segment {listed.id} lies in {tight} in {png}"
            self._data.fault(FaultKind.BOX_DIFFERS, f"{listed.place}.bbox", message, image_id)

    def _count_pixels(self, listed: _ListedSegment, measured: Segment, image_id: ImageId | None) -> None:
        if listed.class_index is None:
            return
        self._tally.pixels[listed.class_index] += measured.area
        entry = self._classes.entries[listed.class_index]
        if entry.isthing and not listed.iscrowd and image_id is not None:
            self._tally.add_thing(SmallThing(measured.area, image_id, listed.id, entry.name))


def _other_writing(image_id: ImageId) -> ImageId | None:
    """Returns a number as a text and a text that writes a number as that; None for any other text."""
    if isinstance(image_id, int):
        return str(image_id)
    # Python turns no longer texts into numbers, and other digits than these are no JSON number's.
    return int(image_id) if _NUMBER.fullmatch(image_id) else None


def _category_id(segment: Fields, name: str) -> int:
    value = segment.required(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise segment.refuse(name, f"{value!r} is not the id of a category")
    return value


def _box(segment: Fields, _: str) -> list[float]:
    return read_box(segment)
