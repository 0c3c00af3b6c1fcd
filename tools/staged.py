"""Data sets of one picture each that show what a window must stand: nothing, one speck, a hundred things, every class.

They are drawn here, with their truth, and written like any COCO panoptic data set.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.assets import resource
from lpsnet.categories import Categories
from lpsnet.formats.coco_panoptic_writer import CocoPanopticWriter
from lpsnet.scenes import draw_scene, scene_categories
from lpsnet.structures import PanopticSegmentation

__all__ = ["STAGED", "stage"]

Drawn = tuple[NDArray[np.uint8], PanopticSegmentation, Categories]
_SIZE = (480, 640)


def stage(name: str, folder: Path) -> Path:
    """Draws a data set of :data:`STAGED` into a folder; returns its JSON file."""
    image, segmentation, categories = STAGED[name]()
    photos = folder / name
    photos.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(photos / f"{name}.png"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    json_path = folder / "annotations" / f"panoptic_{name}.json"
    with CocoPanopticWriter(json_path, None, categories) as writer:
        writer.add(1, f"{name}.png", segmentation)
    return json_path


def _speck() -> Drawn:
    ids, names = _meadow()
    cv2.circle(ids, (411, 322), 4, 10, -1)
    return _painted(ids, {**names, 10: "ball"})


def _nothing() -> Drawn:
    return _painted(*_meadow())


def _hundred() -> Drawn:
    ids, names = _meadow()
    chance = np.random.default_rng(3)
    for number in range(10, 110):
        row, column = divmod(number - 10, 12)
        x, y = 30 + 53 * column + int(chance.integers(-14, 14)), 60 + 46 * row + int(chance.integers(-12, 12))
        axes = (int(chance.integers(14, 34)), int(chance.integers(14, 30)))
        cv2.ellipse(ids, (x, y), axes, float(chance.integers(180)), 0, 360, number, -1)
        names[number] = str(chance.choice(("person", "car", "dog", "ball")))
    return _painted(ids, {number: name for number, name in names.items() if (ids == number).any()})


def _classes() -> Drawn:
    categories = Categories.load(resource("categories", "coco_panoptic.json"))
    columns = 14
    rows = -(-len(categories) // columns)
    height, width = 48 * rows, 56 * columns
    place = np.add.outer(np.arange(height) // 48 * columns, np.arange(width) // 56)
    ids = np.where(place < len(categories), place + 1, 0).astype(np.int32)
    segmentation = PanopticSegmentation.from_ids(ids, {index + 1: index for index in range(len(categories))})
    return _textured(ids, np.vstack([[(60, 60, 60)], categories.colors])), segmentation, categories


def _portrait() -> Drawn:
    scene = draw_scene(11, 960, 640)
    return scene.image, scene.segmentation, scene_categories()


def _meadow() -> tuple[NDArray[np.int32], dict[int, str]]:
    height, width = _SIZE
    ids = np.full(_SIZE, 2, np.int32)
    ids[: height // 2 - 40] = 1
    cv2.fillPoly(ids, [np.array([(width // 2, 200), (60, height), (width - 60, height)], np.int32)], 3)
    return ids, {1: "sky", 2: "grass", 3: "road"}


def _painted(ids: NDArray[np.int32], names: dict[int, str]) -> Drawn:
    categories = scene_categories()
    index = {category.name: position for position, category in enumerate(categories)}
    colors = np.zeros((int(ids.max()) + 1, 3), np.int64)
    chance = np.random.default_rng(5)
    for number, name in names.items():
        colors[number] = categories[index[name]].color + chance.integers(-25, 25, 3)
    segmentation = PanopticSegmentation.from_ids(ids, {number: index[name] for number, name in names.items()})
    return _textured(ids, colors), segmentation, categories


def _textured(ids: NDArray[np.int32], colors: NDArray[np.int64]) -> NDArray[np.uint8]:
    noise = np.random.default_rng(7).integers(-14, 15, (*ids.shape, 1))
    return np.clip(colors[ids] + noise, 0, 255).astype(np.uint8)


STAGED: dict[str, Callable[[], Drawn]] = {
    "speck": _speck,
    "nothing": _nothing,
    "hundred": _hundred,
    "classes": _classes,
    "portrait": _portrait,
}
