"""The panoptic head: how long does a merge with its trace take, and how does it compare with other heads?

100 boxes whose areas sum to 3.1 images, over a drawn label map of 8 thing and 12 stuff classes, five levels of
border-ness, conflict strategy ``closest``, on one core. The peers know no border-ness: they are compared with
``highest``, which is their rule, and must give every pixel the same owner.

detectron2's function is given masks that are ready-made from the same boxes and labels; it is compiled from its source
alone, for the rest of the package is not needed. panopticapi's function is given run lengths in memory, and its PNG is
not encoded. Making either input is not timed. Name their checkouts in LPSNET_DETECTRON2 and LPSNET_PANOPTICAPI.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import torch
from _machine import describe_machine, markdown_table, median_seconds
from pycocotools import mask as coco_mask

from lpsnet.panoptic_head import merge
from lpsnet.structures import BordernessLevel, BordernessMaps, Detections, MergeTrace, StepKind

THINGS, CLASSES, BOXES, IMAGES_COVERED = 8, 20, 100, 3.1
SIZES = {"800×1066": (800, 1066, 10), "1024×2048": (1024, 2048, 20)}
OVERLAP, STUFF_LIMIT = 0.3, 4096


@dataclass(frozen=True)
class Scene:
    """What the heads are given."""

    detections: Detections
    labels: np.ndarray
    borderness: BordernessMaps

    @property
    def isthing(self) -> np.ndarray:
        """Whether each class is a thing, ``[C]``."""
        return np.arange(CLASSES) < THINGS

    def merge(self, conflict: str) -> MergeTrace:
        """Merges with this project's head."""
        return merge(
            self.detections,
            self.labels,
            isthing=self.isthing,
            borderness=self.borderness,
            overlap_threshold=OVERLAP,
            stuff_limit=STUFF_LIMIT,
            conflict=conflict,
        )

    def box_masks(self) -> np.ndarray:
        """Returns the mask of every box at image size, ``[K, H, W]``."""
        masks = np.zeros((len(self.detections), *self.labels.shape), bool)
        for mask, box, label in zip(masks, self.detections.boxes, self.detections.labels, strict=True):
            x0, y0, x1, y1 = np.ceil(box - 0.5).astype(int)
            mask[y0:y1, x0:x1] = self.labels[y0:y1, x0:x1] == label
        return masks


def draw_scene(height: int, width: int, seed: int = 0) -> Scene:
    """Draws ellipses, each with a box, over patches of stuff; neighbours of one class dispute where boxes meet."""
    rng = np.random.default_rng(seed)
    patches = rng.integers(THINGS, CLASSES, (4, 6)).astype(np.uint8)
    labels = cv2.resize(patches, (width, height), interpolation=cv2.INTER_NEAREST)
    areas = rng.uniform(0.3, 1.7, BOXES)
    areas *= IMAGES_COVERED * height * width / areas.sum()
    shape = np.sqrt(rng.uniform(0.6, 1.6, BOXES))
    sides = np.stack([np.sqrt(areas) * shape, np.sqrt(areas) / shape], axis=1)
    corners = rng.uniform(0, 1, (BOXES, 2)) * ([width, height] - sides)
    classes = rng.integers(0, THINGS, BOXES)
    for corner, side, label in zip(corners, sides, classes, strict=True):
        x, y = np.rint(corner + side / 2).astype(int).tolist()
        x_radius, y_radius = np.rint(side / 2).astype(int).tolist()
        cv2.ellipse(labels, (x, y), (x_radius, y_radius), 0, 0, 360, int(label), -1)
    levels = tuple(
        BordernessLevel(rng.random((-(-height // stride), -(-width // stride)), np.float32), stride, stride // 2, level)
        for level, stride in enumerate((8, 16, 32, 64, 128), start=3)
    )
    boxes = np.concatenate([corners, corners + sides], axis=1)
    return Scene(Detections.from_boxes(boxes, classes, rng.uniform(0.2, 1, BOXES)), labels, BordernessMaps(levels))


# --------------------------------------------------------------------------------------------------------------- peers


def detectron2_merge(checkout: Path, scene: Scene) -> Callable[[], np.ndarray]:
    """Returns a call of detectron2's merge that gives segment numbers in the order of pasting."""
    source = (checkout / "detectron2/modeling/meta_arch/panoptic_fpn.py").read_text(encoding="utf-8")
    name = "combine_semantic_and_instance_outputs"
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    namespace: dict[str, Any] = {"torch": torch}
    exec(compile(tree, name, "exec"), namespace)
    instances = SimpleNamespace(
        scores=torch.from_numpy(scene.detections.scores),
        pred_masks=torch.from_numpy(scene.box_masks()),
        pred_classes=torch.from_numpy(scene.detections.labels),
    )
    semantics = torch.from_numpy(np.where(scene.labels < THINGS, 0, scene.labels).astype(np.int64))
    return lambda: namespace[name](instances, semantics, OVERLAP, STUFF_LIMIT, 0.2)[0].numpy()


def panopticapi_merge(checkout: Path, scene: Scene) -> Callable[[], np.ndarray]:
    """Returns a call of panopticapi's merge that gives its segments numbered in the order of pasting."""
    sys.path.insert(0, str(checkout))
    peer = importlib.import_module("panopticapi.combine_semantic_and_instance_predictions")
    pictures: list[np.ndarray] = []
    peer.id2rgb = lambda ids: ids
    peer.Image = SimpleNamespace(fromarray=lambda ids: SimpleNamespace(save=lambda path: pictures.append(ids)))
    height, width = scene.labels.shape
    image = {0: {"height": height, "width": width, "file_name": "drawn.jpg"}}
    categories = {
        label + 1: {"id": label + 1, "isthing": int(label < THINGS), "color": [100 + label, 100, 100]}
        for label in range(CLASSES)
    }
    instances = [
        {"segmentation": coco_mask.encode(np.asfortranarray(mask, np.uint8)), "category_id": int(label) + 1}
        for mask, label in zip(scene.box_masks(), scene.detections.labels, strict=True)
    ]
    stuff = [
        {"segmentation": coco_mask.encode(np.asfortranarray(scene.labels == label, np.uint8)), "category_id": label + 1}
        for label in np.unique(scene.labels[scene.labels >= THINGS]).tolist()
    ]

    def call() -> np.ndarray:
        pictures.clear()
        with contextlib.redirect_stdout(io.StringIO()):
            (annotation,) = peer.combine_to_panoptic_single_core(
                0, [0], image, {0: instances}, {0: stuff}, "", OVERLAP, STUFF_LIMIT, categories
            )
        numbers = np.zeros(int(pictures[0].max()) + 1, np.int32)
        for number, segment in enumerate(annotation["segments_info"], start=1):
            numbers[segment["id"]] = number
        return numbers[pictures[0]]

    return call


PEERS = {
    "detectron2": ("LPSNET_DETECTRON2", detectron2_merge),
    "panopticapi": ("LPSNET_PANOPTICAPI", panopticapi_merge),
}


# -------------------------------------------------------------------------------------------------------------- figures


def own_rows(name: str, scene: Scene, budget: int) -> list[list[object]]:
    rows: list[list[object]] = []
    for conflict in ("closest", "highest", "smallest"):
        trace = scene.merge(conflict)
        kept = sum(step.owner > 0 for step in trace.steps if step.kind is StepKind.DETECTION)
        contested = sum(step.contested_pixels for step in trace.steps)
        seconds = median_seconds(lambda conflict=conflict: scene.merge(conflict), repeats=51, warmup=5)
        rows.append([name, conflict, 1000 * seconds, budget if conflict == "closest" else "", kept, contested])
    return rows


def peer_rows(name: str, scene: Scene) -> list[list[object]]:
    rows: list[list[object]] = []
    for peer, (variable, prepare) in PEERS.items():
        checkout = os.environ.get(variable)
        if not checkout:
            rows.append([name, peer, "skipped", f"{variable} names no checkout", "", ""])
            continue
        call = prepare(Path(checkout), scene)
        same = bool((call() == scene.merge("highest").owners).all())
        seconds = median_seconds(call, repeats=5)
        closest = median_seconds(lambda: scene.merge("closest"), repeats=21)
        rows.append([name, peer, 1000 * seconds, 1000 * closest, seconds / closest, "yes" if same else "NO"])
    return rows


def main() -> None:
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    scenes = {name: draw_scene(height, width) for name, (height, width, _) in SIZES.items()}
    own: list[list[object]] = [["image", "conflict", "median ms", "budget ms", "boxes kept", "contested pixels"]]
    peers: list[list[object]] = [
        ["image", "peer", "peer ms", "ours ms (closest)", "times faster", "same owners (highest)"]
    ]
    for name, scene in scenes.items():
        own += own_rows(name, scene, SIZES[name][2])
        peers += peer_rows(name, scene)
    print(describe_machine())
    print(f"\n{BOXES} boxes, areas {IMAGES_COVERED} images, merge with its trace, one core\n\n{markdown_table(own)}")
    print(f"\n{markdown_table(peers)}")


if __name__ == "__main__":
    main()
