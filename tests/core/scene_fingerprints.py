"""Fingerprints of drawn scenes, printed by ``python scene_fingerprints.py`` in whatever circumstances it is started.

The words ``plain`` and ``unthreaded`` switch off OpenCV's optimised code and its threads.
"""

from __future__ import annotations

import hashlib
import json
import sys

import cv2
import numpy as np

from lpsnet.scenes import draw_scene

SCENES: dict[str, tuple[int, int, int, str | None]] = {
    "usual": (0, 384, 512, None),
    "noon": (1, 192, 256, "noon"),
    "evening": (2, 192, 256, "evening"),
    "morning": (3, 192, 256, "morning"),
    "overcast": (4, 192, 256, "overcast"),
    "dusk": (5, 192, 256, "dusk"),
    "rain": (6, 384, 512, "rain"),
    "fog": (7, 192, 256, "fog"),
    "snow": (8, 384, 512, "snow"),
    "night": (9, 384, 512, "night"),
    "smallest": (10, 64, 64, None),
    "odd": (11, 97, 351, None),
    "portrait": (12, 401, 255, None),
    "large": (2**40 + 1, 541, 961, None),
}
"""Seed, height, width and weather of some scenes."""


def fingerprints(name: str) -> tuple[str, str]:
    """Returns the sha256 of a scene's picture, and of its ids with their labels."""
    seed, height, width, weather = SCENES[name]
    scene = draw_scene(seed, height, width, weather=weather)
    labels = json.dumps([(each.id, each.label) for each in scene.segmentation.segments]).encode()
    ids = np.ascontiguousarray(scene.segmentation.ids, "<i4").tobytes()
    return hashlib.sha256(scene.image.tobytes()).hexdigest(), hashlib.sha256(ids + labels).hexdigest()


if __name__ == "__main__":
    if "plain" in sys.argv:
        cv2.setUseOptimized(False)
    if "unthreaded" in sys.argv:
        cv2.setNumThreads(0)
    print(json.dumps({name: fingerprints(name) for name in SCENES}))  # noqa: T201
