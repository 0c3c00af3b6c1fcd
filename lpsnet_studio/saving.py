"""Writes what is shown to disk; no Qt, meant to be called in a worker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.categories import Categories
from lpsnet.formats.atomic import write_atomically
from lpsnet.formats.coco_panoptic_writer import CocoPanopticWriter
from lpsnet.overlay import render_overlay
from lpsnet.structures import PanopticSegmentation

__all__ = ["Shown", "objection_to_name", "objection_to_replacing", "save_overlay", "save_panoptic"]


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What is shown, at full size.

    Attributes:
        file_name: the photo's.
        image_id: in its data set; 1 for an image of none.
        pixels: RGB ``[H, W, 3]``.
        segmentation: of the same size.
        categories: the classes.
        opacity: of the segments' colours.
        shades: what the shades of things follow, by segment id.
    """

    file_name: str
    image_id: Any
    pixels: NDArray[np.uint8]
    segmentation: PanopticSegmentation
    categories: Categories
    opacity: float
    shades: Mapping[int, int]


def objection_to_name(path: Path, *endings: str) -> str:
    """Returns why nothing may be saved under a name, in a sentence; empty if it may.

    A picture's bytes under another picture's name, or JSON over a photo, is what nobody means.
    """
    if path.suffix.lower() in endings:
        return ""
    return f"{path}: the name of what is saved here must end in {' or '.join(endings)}"


def objection_to_replacing(targets: Iterable[Path], inputs: Iterable[str]) -> str:
    """Returns why saving would destroy what is open, in a sentence; empty if it would not.

    Args:
        targets: the files that would be written.
        inputs: paths of the files that are open: photos, their ground truth, the network.
    """
    open_here = tuple(inputs)
    for target in targets:
        # Ten thousand images are told apart by the ends of their paths; only what bears the name is asked of the disk.
        name = target.name.casefold()
        if any(_is_same_file(target, Path(each)) for each in open_here if each.casefold().endswith(name)):
            return f"{target}: this file is open here, and saving would replace it"
    return ""


def _is_same_file(first: Path, second: Path) -> bool:
    try:
        return first.samefile(second)
    except OSError:
        return False


def save_panoptic(shown: Shown, json_path: Path) -> Path:
    """Writes COCO panoptic JSON with the PNG in the folder of its name; returns the JSON's path.

    Raises:
        OSError: one sentence naming the file, if it cannot be written; what was there stays.
    """
    with CocoPanopticWriter(json_path, None, shown.categories) as writer:
        writer.add(shown.image_id, shown.file_name, shown.segmentation)
    return json_path


def save_overlay(shown: Shown, png_path: Path) -> Path:
    """Writes the photo with its segments over it as a PNG; returns its path.

    Raises:
        OSError: one sentence naming the file, if it cannot be written; what was there stays.
    """
    drawn = render_overlay(
        shown.pixels, shown.segmentation, shown.categories, opacity=shown.opacity, identities=shown.shades
    )
    _, content = cv2.imencode(".png", cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR))
    write_atomically(png_path, content.tobytes())
    return png_path
