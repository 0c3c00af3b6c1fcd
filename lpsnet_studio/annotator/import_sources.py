"""What annotations can be imported from: COCO panoptic, COCO instances, and files of labelme; no Qt."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from lpsnet.categories import Categories
from lpsnet.formats.coco_instances import CocoInstancesDataset, InstancesRecord, read_coco_instances
from lpsnet.formats.coco_panoptic import CocoPanopticDataset, Record, read_coco_panoptic
from lpsnet.formats.fields import FormatError, read_file
from lpsnet.formats.labelme import LabelmeFile, LabelmeShape, ShapeKind, read_labelme
from lpsnet.images import natural_key, read_image_size
from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.extents import MOST_SEGMENTS
from lpsnet_studio.annotator.id_maps import IdMap
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.painting import Overlap, Painted, Shape, paint
from lpsnet_studio.annotator.placed_mask import PlacedMask, clipped
from lpsnet_studio.annotator.strokes import box_mask, polygon_mask

__all__ = ["Findings", "ImportSource", "SourceClass", "SourceImage", "open_source"]


@dataclass(frozen=True, slots=True)
class SourceClass:
    """A class of what is imported.

    Attributes:
        name: as it is written there.
        isthing: None where the format does not tell.
        color: None where none is given.
        supercategory: may be empty.
    """

    name: str
    isthing: bool | None = None
    color: tuple[int, int, int] | None = None
    supercategory: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class SourceImage:
    """One annotated image of what is imported.

    Attributes:
        name: of the photo, as it is written there, folders included.
        path: where the photo should lie; None if nothing says where.
        key: what its source knows it by.
        size: ``(height, width)`` that a data set states for the photo, which decides whether it is turned upright; None
            where it always is, as labelme turns what it shows.
    """

    name: str
    path: Path | None
    key: Any
    size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What an image's annotations came to.

    Attributes:
        id_map: the segments.
        overlaps: which claimed the same pixels, and who won.
        skipped: what was left out and why, in a sentence each.
        unknown: names of classes without a label -> how many of their segments were left out.
    """

    id_map: IdMap
    overlaps: tuple[Overlap, ...] = ()
    skipped: tuple[str, ...] = ()
    unknown: Mapping[str, int] = field(default_factory=dict)


LabelOf = Callable[[str], int | None]
"""The project's label of a class, by the class's name; None if it has none."""


class ImportSource(Protocol):
    """Annotations that have been opened.

    Attributes:
        spoken: what people call the format.
        classes: their classes, in the order of the source.
        images: the annotated images.
        problems: names of files that could not be read, and why.
        tells_void: whether a pixel that is in none of its segments belongs to none; otherwise it says nothing of it.
    """

    spoken: str
    tells_void: bool
    classes: tuple[SourceClass, ...]
    images: tuple[SourceImage, ...]
    problems: tuple[tuple[str, str], ...]

    def read(self, image: SourceImage, label_of: LabelOf, labels: LabelSet) -> Findings:
        """Reads the annotations of one image.

        Raises:
            ValueError: in a sentence, if they cannot be read.
        """
        ...


def open_source(
    path: str | Path,
    *,
    images_dir: str | Path | None = None,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ImportSource:
    """Opens annotations, whichever format they are in.

    Args:
        path: a JSON file of COCO or of labelme, or a folder with those of labelme.
        images_dir: folder of the photos, for COCO; by default searched beside the file.
        progress: told of each file of a folder.
        cancelled: asked before each file of a folder; those behind it are left out.

    Raises:
        ValueError: one sentence naming the file or folder and the cause.
    """
    path = Path(path)
    if path.is_dir():
        return _LabelmeSource.of_folder(path, progress, cancelled)
    try:
        content = read_file(path)
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error.strerror})") from None
    if b'"segments_info"' in content:
        return _PanopticSource(read_coco_panoptic(path, images_dir=images_dir))
    if b'"annotations"' in content:
        return _InstancesSource(read_coco_instances(path, images_dir=images_dir))
    if b'"shapes"' in content:
        return _LabelmeSource([read_labelme(path)])
    raise FormatError(f"{path}: holds neither COCO annotations nor shapes of labelme")


def _classes_of(categories: Categories) -> tuple[SourceClass, ...]:
    return tuple(SourceClass(entry.name, entry.isthing, entry.color, entry.supercategory) for entry in categories)


# ----------------------------------------------------------------------------------------------------------- panoptic


class _PanopticSource:
    spoken = "COCO panoptic"
    tells_void = True
    problems: tuple[tuple[str, str], ...] = ()

    def __init__(self, dataset: CocoPanopticDataset) -> None:
        self._dataset = dataset
        self.classes = _classes_of(dataset.categories)
        self.images = tuple(
            SourceImage(record.file_name, record.image_path, record, record.size)
            for record in dataset.records
            if record.png_path is not None
        )

    def read(self, image: SourceImage, label_of: LabelOf, labels: LabelSet) -> Findings:
        """Takes the ids over as they are, or numbers them anew in the order of the file where they are too large."""
        record: Record = image.key
        segmentation = self._dataset.read_segmentation(record)
        unknown: dict[str, int] = {}
        infos: dict[int, SegmentInfo] = {}
        for segment in segmentation.segments:
            name = self._dataset.categories[segment.label].name
            label = label_of(name)
            if label is None:
                unknown[name] = unknown.get(name, 0) + 1
            else:
                infos[segment.id] = SegmentInfo(label, segment.iscrowd, score=segment.score)
        if len(infos) > MOST_SEGMENTS:
            raise ValueError(f"it has more than {MOST_SEGMENTS} segments")
        fits = max(infos, default=0) <= MOST_SEGMENTS
        number_of = {identity: identity if fits else place + 1 for place, identity in enumerate(infos)}
        numbers = _renumbered(segmentation.ids, number_of)
        id_map = IdMap(numbers, {number_of[identity]: info for identity, info in infos.items()})
        return Findings(id_map, unknown=unknown)


def _renumbered(ids: np.ndarray[Any, np.dtype[np.int32]], number_of: Mapping[int, int]) -> Any:
    """Returns ids under other numbers, uint16; what has none becomes void."""
    known = np.array(sorted(number_of), np.int64)
    if not len(known):
        return np.zeros(ids.shape, np.uint16)
    numbers = np.array([number_of[int(identity)] for identity in known], np.uint16)
    place = np.searchsorted(known, ids).clip(max=len(known) - 1)
    return np.where(known[place] == ids, numbers[place], np.uint16(0))


# ---------------------------------------------------------------------------------------------------------- instances


class _InstancesSource:
    spoken = "COCO instances"
    tells_void = False
    problems: tuple[tuple[str, str], ...] = ()

    def __init__(self, dataset: CocoInstancesDataset) -> None:
        self._dataset = dataset
        self.classes = _classes_of(dataset.categories)
        self.images = tuple(
            SourceImage(record.file_name, record.image_path, record, record.size) for record in dataset.records
        )

    def read(self, image: SourceImage, label_of: LabelOf, labels: LabelSet) -> Findings:
        record: InstancesRecord = image.key
        shapes: list[Shape] = []
        unknown: dict[str, int] = {}
        for instance in self._dataset.read_instances(record):
            name = self._dataset.categories[instance.label].name
            label = label_of(name)
            if label is None:
                unknown[name] = unknown.get(name, 0) + 1
                continue
            info = SegmentInfo(label, instance.iscrowd, score=instance.score)
            mask = PlacedMask(instance.mask, (instance.window[0], instance.window[1]))
            words = f"{name} (annotation {instance.annotation_id})"
            shapes.append(Shape(mask, info, words, _stuff_key(info, labels)))
        return _findings(paint(shapes, record.size), unknown)


def _stuff_key(info: SegmentInfo, labels: LabelSet) -> object:
    """Returns what makes shapes of stuff one segment: a class of stuff has one in an image."""
    return None if labels[info.category].isthing or info.iscrowd else ("stuff", info.category)


def _findings(painted: Painted, unknown: Mapping[str, int], skipped: Sequence[str] = ()) -> Findings:
    hidden = [f"{words}: no pixel is left of it below the others" for words in painted.hidden]
    return Findings(painted.id_map, painted.overlaps, (*skipped, *hidden), unknown)


# ------------------------------------------------------------------------------------------------------------ labelme


class _LabelmeSource:
    spoken = "labelme"
    tells_void = False

    def __init__(self, files: Sequence[LabelmeFile], problems: Sequence[tuple[str, str]] = ()) -> None:
        self.problems = tuple(problems)
        # A class that has points and lines alone would be added for nothing.
        names = dict.fromkeys(
            shape.label for file in files for shape in file.shapes if shape.kind is not ShapeKind.OTHER
        )
        self.classes = tuple(SourceClass(name) for name in names)
        self.images = tuple(SourceImage(file.image_name, _photo_of(file), file.path) for file in files)

    @classmethod
    def of_folder(
        cls, folder: Path, progress: Callable[[int, int, str], None], cancelled: Callable[[], bool]
    ) -> _LabelmeSource:
        try:
            paths = sorted((path for path in folder.iterdir() if path.suffix.lower() == ".json"), key=natural_key)
        except OSError as error:
            raise FormatError(f"{folder}: the folder cannot be listed ({error.strerror})") from None
        files: list[LabelmeFile] = []
        problems: list[tuple[str, str]] = []
        for index, path in enumerate(paths):
            if cancelled():
                break
            progress(index, len(paths), path.name)
            try:
                files.append(read_labelme(path))
            except ValueError as error:
                problems.append((path.name, str(error)))
        if not paths:
            raise FormatError(
                f"{folder}: holds no JSON file of labelme; COCO annotations are opened by their JSON file"
            )
        return cls(files, problems)

    def read(self, image: SourceImage, label_of: LabelOf, labels: LabelSet) -> Findings:
        file = read_labelme(image.key)
        size = file.size
        if size is None and image.path is None:
            raise ValueError(f"{file.path}: neither says how large its picture is, nor is the picture there")
        if size is None:
            size = read_image_size(image.path or "")
        shapes: list[Shape] = []
        unknown: dict[str, int] = {}
        skipped: list[str] = []
        for place, shape in enumerate(file.shapes, start=1):
            words = f"{shape.label} (shape {place})"
            if shape.kind is ShapeKind.OTHER:
                skipped.append(f"{words}: {_no_area_words(shape)}")
                continue
            label = label_of(shape.label)
            if label is None:
                unknown[shape.label] = unknown.get(shape.label, 0) + 1
                continue
            info = SegmentInfo(label, shape.iscrowd)
            mask = _mask_of(shape, size)
            if mask.is_empty:
                skipped.append(f"{words}: no pixel's centre lies in it")
                continue
            shapes.append(Shape(mask, info, words, _stuff_key(info, labels) or _group_key(shape)))
        return _findings(paint(shapes, size), unknown, skipped)


def _photo_of(file: LabelmeFile) -> Path | None:
    """Returns where the picture lies: where the file says, or beside the file."""
    places = [file.image_path, file.path.with_name(file.image_name)]
    return next((place for place in places if place is not None and place.is_file()), None)


def _no_area_words(shape: LabelmeShape) -> str:
    """Returns why a shape has no pixels: because of its kind, or because it has not the points that its kind needs."""
    if shape.stated_kind in ("point", "points", "line", "linestrip"):
        return f"a {shape.stated_kind} has no area"
    return f"the kind {shape.stated_kind!r} with {len(shape.points)} points is not known"


def _group_key(shape: LabelmeShape) -> object:
    return None if shape.group is None else ("group", shape.label, shape.group, shape.iscrowd)


def _mask_of(shape: LabelmeShape, size: tuple[int, int]) -> PlacedMask:
    """Returns the pixels whose centres lie in a shape."""
    points = [(float(x), float(y)) for x, y in shape.points]
    if shape.kind is ShapeKind.POLYGON:
        return polygon_mask(points, size)
    if shape.kind is ShapeKind.RECTANGLE:
        return box_mask(points[0], points[1], size)
    if shape.kind is ShapeKind.CIRCLE:
        return _disc(points[0], math.dist(*points), size)
    assert shape.mask is not None  # a mask is read with its pixels
    (x, y), _ = points
    top, left = round(y), round(x)
    placed = PlacedMask(shape.mask, (top, left))
    return placed.within((0, 0, *size)).tight()


def _disc(centre: tuple[float, float], radius: float, size: tuple[int, int]) -> PlacedMask:
    x, y = centre
    sides = math.floor(y - radius), math.floor(x - radius), math.ceil(y + radius), math.ceil(x + radius)
    y0, x0, y1, x1 = clipped(sides, size)
    rows, columns = np.arange(y0, y1) + 0.5 - y, np.arange(x0, x1) + 0.5 - x
    return PlacedMask(rows[:, None] ** 2 + columns**2 < radius**2, (y0, x0)).tight()
