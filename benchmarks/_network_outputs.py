"""Network outputs to decode: like a trained network's, made from drawn scenes or real ground truth, and like noise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import conv2d, one_hot, pad

from lpsnet.model.output import NetworkOutput

__all__ = ["CLASSES", "INPUT", "ISTHING", "coco_label_maps", "noise_logits", "output_of", "truth_logits", "voronoi_map"]

CLASSES = 133
ISTHING = np.arange(CLASSES) < 80
INPUT = (800, 1066)
PADDED = (800, 1088)
GRID = (200, 272)
STRIDES = (8, 16, 32, 64, 128)
LEVELS = (3, 4, 5, 6, 7)


def truth_logits(labels: NDArray[np.integer], seed: int = 0) -> Tensor:
    """Returns logits ``[1, C, h, w]`` of a confident network: the label map ``[h, w]`` with soft borders and noise."""
    spread = torch.tensor([1.0, 2.0, 1.0])
    kernel = (spread[:, None] * spread / 16)[None, None]
    exact = one_hot(torch.from_numpy(labels.astype(np.int64)), CLASSES).permute(2, 0, 1)[:, None].float()
    soft = conv2d(pad(exact, (1, 1, 1, 1), mode="replicate"), kernel).transpose(0, 1)
    return 8 * soft + 0.3 * noise_logits(seed)


def noise_logits(seed: int = 0) -> Tensor:
    """Returns logits ``[1, C, h, w]`` without any structure: the hardest case for labels."""
    return torch.randn(1, CLASSES, *GRID, generator=torch.Generator().manual_seed(seed))


def voronoi_map(regions: int, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns ids and labels ``[h, w]`` of a map of that many polygons, each with a random class."""
    generator = np.random.default_rng(seed)
    centres = generator.uniform((0, 0), GRID, (regions, 2))
    y, x = np.indices(GRID)
    distance = (y[..., None] - centres[:, 0]) ** 2 + (x[..., None] - centres[:, 1]) ** 2
    ids = distance.argmin(axis=-1)
    return ids, generator.integers(0, CLASSES, regions)[ids]


def coco_label_maps(limit: int) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Yields file names and ground-truth labels ``[h, w]`` of real photos, if they are beside the project."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data" / "coco-mini" / "annotations"
    if not folder.is_dir():
        return
    truth = json.loads((folder / "panoptic_val2017.json").read_text(encoding="utf-8"))
    index = {category["id"]: position for position, category in enumerate(truth["categories"])}
    for annotation in truth["annotations"][:limit]:
        picture = cv2.imread(str(folder / "panoptic_val2017" / annotation["file_name"]))[..., ::-1].astype(np.int64)
        ids = cv2.resize(
            (picture @ [1, 256, 65536]).astype(np.int32), GRID[::-1], interpolation=cv2.INTER_NEAREST_EXACT
        )
        labels = np.zeros(GRID, np.int64)
        for segment in annotation["segments_info"]:
            labels[ids == segment["id"]] = index[segment["category_id"]]
        yield annotation["file_name"], labels


def output_of(logits: Tensor, ids: NDArray[np.int64] | None = None, seed: int = 0) -> NetworkOutput:
    """Returns an output with these semantic logits.

    Args:
        logits: ``[1, C, h, w]``.
        ids: ``[h, w]`` instance of each cell; its locations then predict its box, 5 % off, with a border-ness that
            falls towards the box's border. Without, boxes and border-ness are noise.
        seed: of the noise.
    """
    generator = torch.Generator().manual_seed(seed)
    ltrb, borderness = [], []
    boxes = None if ids is None else _tight_boxes(ids)
    for stride in STRIDES:
        height, width = -(-PADDED[0] // stride), -(-PADDED[1] // stride)
        if boxes is None or ids is None:
            ltrb.append(torch.rand(1, 4, height, width, generator=generator) * 6 * stride)
            borderness.append(torch.randn(1, 1, height, width, generator=generator))
            continue
        y, x = (np.indices((height, width)) * stride + stride // 2).astype(np.float32)
        box = boxes[ids[np.minimum(y // 4, GRID[0] - 1).astype(int), np.minimum(x // 4, GRID[1] - 1).astype(int)]]
        sides = np.stack((x - box[..., 0], y - box[..., 1], box[..., 2] - x, box[..., 3] - y)).clip(0.5)
        left, top, right, bottom = sides
        ratio = np.minimum(left, right) / np.maximum(left, right) * np.minimum(top, bottom) / np.maximum(top, bottom)
        jitter = 1 + 0.05 * torch.randn(4, height, width, generator=generator)
        ltrb.append((torch.from_numpy(sides) * jitter)[None])
        borderness.append(torch.logit(torch.from_numpy(np.sqrt(ratio)), eps=1e-3)[None, None])
    return NetworkOutput(tuple(ltrb), tuple(borderness), logits, STRIDES, LEVELS, (INPUT,), PADDED)


def _tight_boxes(ids: NDArray[np.int64]) -> NDArray[np.float32]:
    """Returns the box ``[ids, 4]`` of every id, in input pixels."""
    boxes = np.zeros((int(ids.max()) + 1, 4), np.float32)
    for number in np.unique(ids):
        y, x = np.nonzero(ids == number)
        boxes[number] = 4 * x.min(), 4 * y.min(), 4 * x.max() + 4, 4 * y.max() + 4
    return boxes
