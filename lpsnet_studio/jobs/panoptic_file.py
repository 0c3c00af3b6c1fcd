"""A COCO panoptic JSON as a form looks at it before it is taken: its beginning, and what lies beside it; no Qt.

All of it looks at the disk, which may take long: it is called in a worker, see :mod:`lpsnet_studio.jobs.disk_look`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from lpsnet.formats.coco_panoptic import FIRST_PHOTOS, find_photos, instances_complaint
from lpsnet.formats.fields import Fields

__all__ = ["Beside", "folders_beside", "is_panoptic_json"]

_LOOKED_AT = 1 << 16
"""Bytes of a data set's file in which it must become clear that it is one."""
_IMAGES = re.compile(r'"images"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


@dataclass(frozen=True, slots=True)
class Beside:
    """The folders that go with a data set's JSON where none are named.

    Attributes:
        images: of the photos; None if they were not found.
        pngs: of the ground truth's PNGs; None if it is not there.
    """

    images: Path | None = None
    pngs: Path | None = None


def is_panoptic_json(path: Path) -> str:
    """Returns why a file is no COCO panoptic JSON, in one sentence; empty if it may be one.

    Reads its beginning alone, and only small files to the end: the whole is looked at before the start.
    """
    try:
        head = _head(path)
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})"
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return f"{path} is no COCO panoptic JSON: it does not begin with an object"
    if len(head) < _LOOKED_AT:
        try:
            content = json.loads(head.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            return f"{path} is not JSON to its end"
        lacking = [name for name in ("images", "annotations", "categories") if name not in content]
        if lacking:
            return f"{path} is no COCO panoptic JSON: it has no {' and no '.join(lacking)}"
        if complaint := instances_complaint(content["annotations"]):
            return f"{path} is no COCO panoptic JSON: its annotations {complaint}"
    return ""


def folders_beside(path: Path) -> Beside:
    """Returns the folders that a run will take where none are named, as far as the beginning of the file tells."""
    pngs = path.with_suffix("")
    try:
        images, _ = find_photos(path, _first_images(path), pngs)
        return Beside(images, pngs if pngs.is_dir() else None)
    except (OSError, ValueError):
        return Beside()


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_LOOKED_AT)


def _first_images(path: Path) -> list[Fields]:
    """Returns the first of its images, where these stand at its beginning, as they mostly do."""
    text = _head(path).decode("utf-8-sig", "replace")
    found, images = _IMAGES.search(text), []
    place = len(text) if found is None else found.end()
    decoder = json.JSONDecoder()
    while len(images) < FIRST_PHOTOS:
        between = _BETWEEN.match(text, place)
        place = place if between is None else between.end()
        if text[place : place + 1] != "{":
            break
        try:
            image, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            break
        images.append(Fields(image, str(path), f"images[{len(images)}]"))
    return images
