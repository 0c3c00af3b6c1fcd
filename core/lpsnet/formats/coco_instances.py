"""COCO instance data sets: one JSON file, in which every instance has a mask, a box, a class and ``iscrowd``.

Written are the things of panoptic segmentations, with masks as compressed run lengths, as pycocotools reads them. Read
are all three forms that COCO has: compressed and plain run lengths, and polygons. Instances may overlap there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from lpsnet.categories import Categories
from lpsnet.formats.atomic import refuse_folder, write_atomically
from lpsnet.formats.coco_panoptic import FIRST_PHOTOS, MAX_SIDE, ImageId, find_photos, read_box
from lpsnet.formats.fields import ConfinedFolder, Fields, FormatError, load_json
from lpsnet.formats.rle import encode_mask, mask_of_counts, unpack_counts
from lpsnet.structures import PanopticSegmentation, Window

__all__ = [
    "CocoInstancesDataset",
    "CocoInstancesWriter",
    "Instance",
    "InstancesFormatError",
    "InstancesRecord",
    "read_coco_instances",
]

_MOST_POINTS = 1_000_000
"""Points of the longest outline that is read."""


class InstancesFormatError(FormatError):
    """An instance data set is not what its format says; the message names the file and the field."""


# ------------------------------------------------------------------------------------------------------------ writing


class CocoInstancesWriter:
    """Writes the things of segmentations as a COCO instance data set, image by image.

    An older file stays whole until :meth:`close`. Annotations are numbered from 1 on, in the order in which images and
    their segments are given. Used as a context manager it closes at the end, and writes nothing on an error.

    Args:
        json_path: the JSON file; its folder must exist.
        categories: the classes of the segmentations; the file lists the things among them.
        header: further fields of the JSON, such as ``info`` and ``licenses``.

    Raises:
        OSError: one sentence naming the JSON, if a folder stands in its place.
    """

    def __init__(
        self, json_path: str | Path, categories: Categories, *, header: Mapping[str, Any] | None = None
    ) -> None:
        self.json_path = Path(json_path)
        self._categories = categories
        self._header = dict(header or {})
        self._images: list[bytes] = []
        self._annotations: list[bytes] = []
        self._image_ids: set[ImageId] = set()
        self._closed = False
        refuse_folder(self.json_path)

    def __len__(self) -> int:
        return len(self._images)

    def add(self, image_id: ImageId, file_name: str, segmentation: PanopticSegmentation) -> int:
        """Takes the things of one image; an image without any is listed as well, for it shows what is none.

        Args:
            image_id: not given before.
            file_name: the photo's name as the JSON shall give it.
            segmentation: labels into the categories; areas and boxes are taken from its segments.

        Returns:
            How many instances it has.

        Raises:
            ValueError: if the id was given before, or a label is no class.
        """
        if self._closed:
            raise ValueError(f"{self.json_path}: the data set is already written or discarded")
        if image_id in self._image_ids:
            raise ValueError(f"{self.json_path}: image id {image_id!r} is given twice")
        annotations = list(self._describe(image_id, segmentation))
        height, width = segmentation.ids.shape
        self._image_ids.add(image_id)
        self._images.append(_encode({"id": image_id, "file_name": file_name, "width": width, "height": height}))
        self._annotations.extend(annotations)
        return len(annotations)

    def close(self) -> Path:
        """Writes the JSON, whole or not at all, and returns its path; closing twice does nothing.

        Raises:
            OSError: one sentence naming the file, if it cannot be written; an older one stays whole.
        """
        if not self._closed:
            self._closed = True
            write_atomically(self.json_path, self._write)
        return self.json_path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._closed = True

    def _describe(self, image_id: ImageId, segmentation: PanopticSegmentation) -> Iterator[bytes]:
        height, width = segmentation.ids.shape
        number = len(self._annotations)
        for segment in segmentation.segments:
            if not 0 <= segment.label < len(self._categories):
                raise ValueError(f"class index {segment.label} is not one of the {len(self._categories)} categories")
            category = self._categories[segment.label]
            if not category.isthing:
                continue
            x0, y0, x1, y1 = segment.box
            mask = segmentation.ids[y0:y1, x0:x1] == segment.id
            number += 1
            yield _encode(
                {
                    "id": number,
                    "image_id": image_id,
                    "category_id": category.id,
                    "iscrowd": int(segment.iscrowd),
                    "area": segment.area,
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "segmentation": {
                        "size": [height, width],
                        "counts": encode_mask((y0, x0, y1, x1), mask, (height, width)).decode(),
                    },
                    **({} if segment.score is None else {"score": segment.score}),
                }
            )

    def _write(self, stream: BinaryIO) -> None:
        things = [entry for entry in self._categories.to_json() if entry["isthing"]]
        fields = [(_encode(name), _encode(value)) for name, value in self._header.items()]
        fields += [
            (b'"images"', b"[%s]" % b",\n".join(self._images)),
            (b'"annotations"', b"[%s]" % b",\n".join(self._annotations)),
            (b'"categories"', _encode(things)),
        ]
        stream.write(b"{%s}\n" % b",\n".join(b"%s: %s" % field for field in fields))


def _encode(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False).encode()


# ------------------------------------------------------------------------------------------------------------ reading


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One instance.

    Attributes:
        annotation_id: its id in the file.
        label: class index.
        window: ``(y0, x0, y1, x1)`` of its pixels, tight.
        mask: ``[y1 - y0, x1 - x0]``.
        iscrowd: whether it stands for several that were not told apart.
        score: in [0, 1] of predictions; None for ground truth.
    """

    annotation_id: int
    label: int
    window: Window
    mask: NDArray[np.bool_]
    iscrowd: bool
    score: float | None


@dataclass(frozen=True, slots=True, eq=False)
class InstancesRecord:
    """One image of an instance data set.

    Attributes:
        image_id: its id in the data set.
        file_name: name of the photo as the JSON gives it.
        width: of the photo.
        height: of the photo.
        image_path: where the photo should be; None if no folder of photos was found.
        annotations: the JSON objects of its instances in the file's order, and where each stands in it.
    """

    image_id: ImageId
    file_name: str
    width: int
    height: int
    image_path: Path | None
    annotations: tuple[tuple[str, Mapping[str, Any]], ...]

    @property
    def size(self) -> tuple[int, int]:
        """``(height, width)``."""
        return self.height, self.width


@dataclass(frozen=True, slots=True, eq=False)
class CocoInstancesDataset:
    """An instance data set that has been opened and found well formed, but for its masks.

    Attributes:
        path: its JSON file.
        categories: its classes; all are things.
        records: one entry an image, in the order of the file.
        images_dir: the folder of photos, if one was found.
        header: the other fields of the JSON, such as ``info`` and ``licenses``.
    """

    path: Path
    categories: Categories
    records: tuple[InstancesRecord, ...]
    images_dir: Path | None
    header: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.records)

    def read_instances(self, record: InstancesRecord) -> Iterator[Instance]:
        """Yields the instances of one image in the file's order, those without a pixel too.

        Raises:
            InstancesFormatError: naming file and field, if a mask is none, or of another size than its image.
        """
        for where, content in record.annotations:
            fields = Fields(content, str(self.path), where)
            try:
                window, mask = _read_mask(fields, record.size)
            except FormatError as error:
                raise InstancesFormatError(str(error)) from None
            score = content.get("score")
            yield Instance(
                content["id"],
                self.categories.index_of[content["category_id"]],
                window,
                mask,
                bool(content.get("iscrowd", 0)),
                None if score is None else float(score),
            )


def read_coco_instances(json_path: str | Path, *, images_dir: str | Path | None = None) -> CocoInstancesDataset:
    """Opens an instance data set: its JSON is read and checked, the masks when they are asked for.

    ``area``, ``bbox`` and ``iscrowd`` may be missing; masks and boxes are not compared.

    Args:
        json_path: the JSON file.
        images_dir: folder of the photos; by default searched as :func:`~lpsnet.formats.coco_panoptic.find_photos` does.

    Raises:
        InstancesFormatError: naming file and field: cannot be read, not JSON, panoptic annotations, missing fields and
            wrong types, unknown category or image, an id that is given twice, a file name that leaves its folder.
    """
    path = Path(json_path)
    try:
        content = load_json(path, streamed={"annotations"})
        categories = _read_categories(content)
        photos = Path(images_dir) if images_dir is not None else None
        if photos is None:
            first = [entry for entry, _ in zip(content.objects("images"), range(FIRST_PHOTOS), strict=False)]
            photos, _ = find_photos(path, first, path.with_suffix(""))
        images = _read_images(content, photos)
        annotations = _read_annotations(content, images, categories)
    except FormatError as error:
        raise InstancesFormatError(str(error)) from None
    records = tuple(
        InstancesRecord(
            identity,
            entry.text("file_name"),
            entry.value["width"],
            entry.value["height"],
            place,
            tuple(annotations[identity]),
        )
        for identity, (entry, place) in images.items()
    )
    header = {name: value for name, value in content.value.items() if name not in _OWN_FIELDS}
    return CocoInstancesDataset(path, categories, records, photos, header)


_OWN_FIELDS = frozenset({"images", "annotations", "categories"})


def _read_categories(content: Fields) -> Categories:
    """Reads the classes, which COCO does not call things here, for they all are."""
    records = [
        {"isthing": 1, **record} if isinstance(record, dict) else record for record in content.items("categories")
    ]
    try:
        return Categories.from_json(records, content.source)
    except ValueError as error:
        raise FormatError(str(error)) from None


def _read_images(content: Fields, folder: Path | None) -> dict[ImageId, tuple[Fields, Path | None]]:
    images: dict[ImageId, tuple[Fields, Path | None]] = {}
    confined = ConfinedFolder(folder if folder is not None else Path(content.source).parent)
    for entry in content.objects("images"):
        identity = entry.identity("id")
        if identity in images:
            raise entry.refuse("id", f"{identity!r} appears twice")
        entry.whole("width", 1, MAX_SIDE)
        entry.whole("height", 1, MAX_SIDE)
        place = confined.file(entry, "file_name")
        images[identity] = entry, place if folder is not None else None
    return images


def _read_annotations(
    content: Fields, images: Mapping[ImageId, Any], categories: Categories
) -> dict[ImageId, list[tuple[str, Mapping[str, Any]]]]:
    """Returns the annotations of every image, checked but for their masks."""
    found: dict[ImageId, list[tuple[str, Mapping[str, Any]]]] = {identity: [] for identity in images}
    seen: set[int] = set()
    for entry in content.objects("annotations"):
        if "segments_info" in entry.value:
            raise entry.refuse("segments_info", "belongs to panoptic annotations, not to instances")
        number = entry.whole("id", 0, 2**63 - 1)
        if number in seen:
            raise entry.refuse("id", f"{number} appears twice")
        seen.add(number)
        identity = entry.identity("image_id")
        if identity not in found:
            raise entry.refuse("image_id", f"{identity!r} is not the id of an image")
        category = entry.required("category_id")
        if isinstance(category, bool) or not isinstance(category, int) or category not in categories.index_of:
            raise entry.refuse("category_id", f"{category!r} is not the id of a category")
        if "iscrowd" in entry.value:
            entry.whole("iscrowd", 0, 1)
        if "score" in entry.value:
            entry.number("score", 0, 1)
        if "bbox" in entry.value:
            read_box(entry)
        entry.required("segmentation")
        found[identity].append((entry.where, entry.value))
    return found


def _read_mask(annotation: Fields, size: tuple[int, int]) -> tuple[Window, NDArray[np.bool_]]:
    """Returns the mask of one instance in its tight window.

    Raises:
        FormatError: naming file and field.
    """
    name = "segmentation"
    value = annotation.required(name)
    try:
        if isinstance(value, list):
            return mask_of_counts(unpack_counts(_fill_outlines(_outlines(annotation), size)), size)
        encoding = Fields(value, annotation.source, annotation.place(name))
        stated = encoding.required("size")
        if stated != list(size):
            raise encoding.refuse("size", f"is {stated!r}, but its image has height {size[0]} and width {size[1]}")
        counts, name = encoding.required("counts"), f"{name}.counts"
        if isinstance(counts, str):
            return mask_of_counts(unpack_counts(counts.encode()), size)
        return mask_of_counts(_plain_counts(counts, size[0] * size[1]), size)
    except FormatError:
        raise
    except ValueError as error:
        raise annotation.refuse(name, str(error)) from None


def _plain_counts(counts: object, most: int) -> NDArray[np.int64]:
    if not isinstance(counts, list):
        raise ValueError("must be a list of whole numbers, or a text")
    if any(isinstance(run, bool) or not isinstance(run, int) or not 0 <= run <= most for run in counts):
        raise ValueError(f"must hold whole numbers from 0 to {most} alone")
    return np.array(counts, np.int64)


def _outlines(annotation: Fields) -> list[list[float]]:
    """Returns the polygons of an instance, each as x, y, x, y and so on."""
    outlines = annotation.items("segmentation")
    for outline in outlines:
        if not isinstance(outline, list) or len(outline) < 6 or len(outline) % 2 or len(outline) > 2 * _MOST_POINTS:
            raise annotation.refuse("segmentation", "must hold polygons of at least three points, x before y")
        for part in outline:
            if isinstance(part, bool) or not isinstance(part, (int, float)) or abs(part) > 2 * MAX_SIDE:
                raise annotation.refuse("segmentation", f"holds {part!r}, which is no place in an image")
    return outlines


def _fill_outlines(outlines: list[list[float]], size: tuple[int, int]) -> bytes:
    """Returns the counts of what lies within any of the polygons, as pycocotools draws them."""
    from pycocotools import mask as coco_mask

    if not outlines:
        return encode_mask((0, 0, 0, 0), np.zeros((0, 0), np.bool_), size)
    return bytes(coco_mask.merge(coco_mask.frPyObjects(outlines, *size))["counts"])
