"""Annotations of labelme: one JSON file a picture, with a list of shapes that have a name and points.

Points are ``x, y`` in pixels, where the pixel in the top left corner reaches from 0 to 1. Shapes may overlap; which one
lies above is not said, but their order is that in which they were drawn. What is read here is the shapes and their
geometry; they are not turned into pixels.
"""

from __future__ import annotations

import base64
import binascii
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lpsnet.formats.coco_panoptic import MAX_SIDE
from lpsnet.formats.fields import ConfinedFolder, Fields, FormatError, load_json

__all__ = ["LabelmeFile", "LabelmeFormatError", "LabelmeShape", "ShapeKind", "is_labelme", "read_labelme"]

_MOST_POINTS = 1_000_000
"""Points of the longest outline that is read."""
_CROWD_FLAGS = ("iscrowd", "crowd")
_QUADRANGLES = ("rotation", "oriented_rectangle")
"""What related programs call a rectangle that is turned, which is given by its corners."""


class LabelmeFormatError(FormatError):
    """A file is not labelme's; the message names the file and the field."""


class ShapeKind(enum.StrEnum):
    """What a shape's points mean."""

    POLYGON = "polygon"
    """The corners of an outline."""
    RECTANGLE = "rectangle"
    """Two opposite corners."""
    CIRCLE = "circle"
    """The centre, and a point on the rim."""
    MASK = "mask"
    """The first and the last pixel of a box that holds a picture of the pixels."""
    OTHER = "other"
    """Points and lines, which have no area, or a kind that is not known here."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelmeShape:
    """One shape.

    Attributes:
        label: the name of its class.
        kind: what its points mean.
        stated_kind: as the file calls it.
        points: ``[n, 2]`` float64, x and y.
        group: shapes of one class and group are parts of one object; None for an object of its own.
        iscrowd: whether a flag of that name is set.
        mask: ``[h, w]`` of a mask, whose top left pixel is the first point; None otherwise.
    """

    label: str
    kind: ShapeKind
    stated_kind: str
    points: NDArray[np.float64]
    group: int | None = None
    iscrowd: bool = False
    mask: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LabelmeFile:
    """The shapes of one picture.

    Attributes:
        path: the JSON file.
        image_name: name of the picture without folders; the file's own where it gives none.
        image_path: where the picture should be; None where the file gives no name, or one that leaves its folder.
        size: ``(height, width)`` of the picture; None where the file does not say.
        shapes: in the order of the file.
    """

    path: Path
    image_name: str
    image_path: Path | None
    size: tuple[int, int] | None
    shapes: tuple[LabelmeShape, ...]


def is_labelme(content: Mapping[str, Any]) -> bool:
    """Returns whether a JSON object looks like one of labelme's."""
    return "shapes" in content and "annotations" not in content


def read_labelme(json_path: str | Path) -> LabelmeFile:
    """Reads a file of labelme.

    A picture in the file itself (``imageData``) is not looked at.

    Raises:
        LabelmeFormatError: naming file and field: cannot be read, not JSON, no list of shapes, a shape without a label
            or with points that are none, a mask that cannot be decoded.
    """
    path = Path(json_path)
    try:
        content = load_json(path)
        if not is_labelme(content.value):
            raise content.refuse("shapes", "is missing, so that it is no file of labelme")
        shapes = tuple(_read_shape(entry) for entry in content.objects("shapes"))
        name, place = _read_image_path(content, path)
        return LabelmeFile(path, name, place, _read_size(content), shapes)
    except FormatError as error:
        raise LabelmeFormatError(str(error)) from None


def _read_image_path(content: Fields, path: Path) -> tuple[str, Path | None]:
    """Returns the picture's name and its place; a name that climbs is common, and not followed."""
    stated = content.value.get("imagePath")
    if not isinstance(stated, str) or not stated:
        return path.stem, None
    name = stated.replace("\\", "/").rpartition("/")[2] or path.stem
    try:
        return name, ConfinedFolder(path.parent).file(content, "imagePath")
    except FormatError:
        return name, None


def _read_size(content: Fields) -> tuple[int, int] | None:
    """Returns the picture's height and width, which old files do not give."""
    if content.value.get("imageHeight") is None or content.value.get("imageWidth") is None:
        return None
    return content.whole("imageHeight", 1, MAX_SIDE), content.whole("imageWidth", 1, MAX_SIDE)


def _read_shape(entry: Fields) -> LabelmeShape:
    stated = entry.value.get("shape_type") or ShapeKind.POLYGON.value
    if not isinstance(stated, str):
        raise entry.refuse("shape_type", f"must be a text, not {stated!r}")
    points = _read_points(entry)
    kind = _kind_of(stated, len(points))
    group = entry.value.get("group_id")
    if group is not None and (isinstance(group, bool) or not isinstance(group, int)):
        raise entry.refuse("group_id", f"must be a whole number or null, not {group!r}")
    flags = entry.value.get("flags")
    iscrowd = isinstance(flags, dict) and any(flags.get(name) is True for name in _CROWD_FLAGS)
    mask = _read_mask(entry) if kind is ShapeKind.MASK else None
    return LabelmeShape(entry.text("label"), kind, stated, points, group, iscrowd, mask)


def _kind_of(stated: str, count: int) -> ShapeKind:
    """Returns what the points of a shape mean; OTHER too where there are not as many as its kind needs."""
    if stated == ShapeKind.RECTANGLE and count == 4:
        return ShapeKind.POLYGON
    if stated in (ShapeKind.POLYGON, *_QUADRANGLES):
        return ShapeKind.POLYGON if count >= 3 else ShapeKind.OTHER
    if stated in (ShapeKind.RECTANGLE, ShapeKind.CIRCLE, ShapeKind.MASK):
        return ShapeKind(stated) if count == 2 else ShapeKind.OTHER
    return ShapeKind.OTHER


def _read_points(entry: Fields) -> NDArray[np.float64]:
    points = entry.items("points")
    if len(points) > _MOST_POINTS:
        raise entry.refuse("points", f"are {len(points)}, more than {_MOST_POINTS}")
    for point in points:
        if not isinstance(point, list) or len(point) != 2 or not all(_is_place(part) for part in point):
            raise entry.refuse("points", f"must be pairs of numbers x, y in an image, not {point!r}")
    return np.array(points, np.float64).reshape(-1, 2)


def _is_place(part: object) -> bool:
    return isinstance(part, (int, float)) and not isinstance(part, bool) and abs(part) <= 2 * MAX_SIDE


def _read_mask(entry: Fields) -> NDArray[np.bool_]:
    try:
        with Image.open(BytesIO(base64.b64decode(entry.text("mask"), validate=True))) as image:
            if image.format != "PNG" or image.width > MAX_SIDE or image.height > MAX_SIDE:
                raise entry.refuse("mask", "must be a PNG")
            return np.asarray(image.convert("L")) > 0
    except FormatError:
        raise
    except (binascii.Error, ValueError):
        raise entry.refuse("mask", "must be a PNG in base 64") from None
    except Exception as error:  # decoders raise anything on damaged data
        raise entry.refuse("mask", f"is truncated or damaged ({error})") from None
