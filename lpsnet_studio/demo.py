"""The demo: one drawn scene with exact ground truth, written as a COCO panoptic data set like any other; no Qt."""

from __future__ import annotations

from pathlib import Path

import cv2

from lpsnet.formats.atomic import write_atomically
from lpsnet.formats.coco_panoptic_writer import CocoPanopticWriter

__all__ = ["PRESET", "prepare"]

PRESET = "demo"
_SEED = 7
_SIZE = (384, 512)


def prepare(cache: Path, seed: int = _SEED, size: tuple[int, int] = _SIZE) -> Path:
    """Draws a scene and writes it with its truth; returns the data set's JSON file.

    Args:
        cache: a folder for what can be made again.
        seed: which scene.
        size: ``(H, W)`` in pixels.

    Raises:
        OSError: one sentence naming the file, if it cannot be written.
    """
    from lpsnet.scenes import draw_scene, scene_categories

    folder = cache / "demo"
    json_path = folder / "annotations" / f"panoptic_scene{seed}.json"
    photos = folder / f"scene{seed}"
    photos.mkdir(parents=True, exist_ok=True)
    scene = draw_scene(seed, *size)
    name = f"scene-{seed:06d}.png"
    _, content = cv2.imencode(".png", cv2.cvtColor(scene.image, cv2.COLOR_RGB2BGR))
    write_atomically(photos / name, content.tobytes())
    with CocoPanopticWriter(json_path, None, scene_categories()) as writer:
        writer.add(seed, name, scene.segmentation)
    return json_path
