"""The rules of COCO panoptic, checked from the description of the format and without any reader of this project.

They are what panopticapi and its evaluation rely on: see the COCO data format page, "Panoptic Segmentation".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

__all__ = ["panoptic_faults"]


def panoptic_faults(json_path: Path, pngs_dir: Path | None = None) -> list[str]:
    """Returns what breaks the rules in a data set; nothing if it is well formed."""
    content = json.loads(json_path.read_text(encoding="utf-8"))
    pngs = json_path.with_suffix("") if pngs_dir is None else pngs_dir
    return [*_category_faults(content["categories"]), *_image_faults(content), *_annotation_faults(content, pngs)]


def _category_faults(categories: list[dict[str, Any]]) -> Iterator[str]:
    ids = [entry["id"] for entry in categories]
    if len(set(ids)) != len(ids) or not all(isinstance(identity, int) and identity > 0 for identity in ids):
        yield f"category ids {ids}"
    for entry in categories:
        if entry["isthing"] not in (0, 1) or not isinstance(entry["supercategory"], str) or not entry["name"]:
            yield f"category {entry}"
        if len(entry["color"]) != 3 or not all(isinstance(part, int) and 0 <= part <= 255 for part in entry["color"]):
            yield f"colour {entry['color']}"


def _image_faults(content: dict[str, Any]) -> Iterator[str]:
    images = [image["id"] for image in content["images"]]
    annotated = [annotation["image_id"] for annotation in content["annotations"]]
    if len(set(images)) != len(images):
        yield "an image id is given twice"
    if sorted(map(str, images)) != sorted(map(str, annotated)):
        yield "images and annotations are not the same"
    names = [annotation["file_name"] for annotation in content["annotations"]]
    if len(set(map(str.casefold, names))) != len(names):
        yield "two annotations share a PNG"


def _annotation_faults(content: dict[str, Any], pngs: Path) -> Iterator[str]:
    sizes = {image["id"]: (image["width"], image["height"]) for image in content["images"]}
    categories = {entry["id"] for entry in content["categories"]}
    for annotation in content["annotations"]:
        name = annotation["file_name"]
        with Image.open(pngs / name) as image:
            if (image.format, image.mode) != ("PNG", "RGB"):
                yield f"{name} is {image.format} of mode {image.mode}"
            if image.size != sizes[annotation["image_id"]]:
                yield f"{name} is of another size than its image"
            red, green, blue = (np.asarray(image)[:, :, channel].astype(np.int64) for channel in range(3))
        ids = red + 256 * green + 256**2 * blue
        stated = [segment["id"] for segment in annotation["segments_info"]]
        if sorted(stated) != [number for number in np.unique(ids).tolist() if number]:
            yield f"{name} holds other ids than its segments_info"
        for segment in annotation["segments_info"]:
            rows, columns = np.nonzero(ids == segment["id"])
            box = [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1] if len(rows) else None
            if segment["area"] != len(rows):
                yield f"area of {segment['id']} in {name}"
            if box is None or segment["bbox"] != [int(side) for side in box]:
                yield f"bbox of {segment['id']} in {name}"
            if segment["category_id"] not in categories:
                yield f"category of {segment['id']} in {name}"
            if segment["iscrowd"] not in (0, 1):
                yield f"iscrowd of {segment['id']} in {name}"
