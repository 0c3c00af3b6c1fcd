"""A data set of a few small pictures, some of them odd, and a network that trains on them in seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
import yaml
from numpy.typing import NDArray
from PIL import Image
from torchvision.models import resnet18

from lpsnet.config import Config, load_config
from lpsnet.formats.id_png import encode_id_png

CATEGORIES = [
    {"id": 1, "name": "box", "isthing": 1, "color": [200, 30, 30]},
    {"id": 2, "name": "bar", "isthing": 1, "color": [30, 200, 30]},
    {"id": 7, "name": "wall", "isthing": 0, "color": [30, 30, 200]},
    {"id": 9, "name": "floor", "isthing": 0, "color": [120, 120, 120]},
]
ODD = ("stuff only", "all crowd", "all void", "one pixel")


def write_data_set(folder: Path, ordinary: int = 6, odd: tuple[str, ...] = ODD) -> Path:
    """Writes pictures of 64 x 80 pixels, and odd ones; returns the panoptic JSON file."""
    chance = np.random.default_rng(5)
    (folder / "photos").mkdir(parents=True)
    (folder / "truth").mkdir()
    images, annotations = [], []
    for number, kind in enumerate(["ordinary"] * ordinary + list(odd)):
        ids, segments = _truth(chance, kind)
        pixels = np.zeros((*ids.shape, 3), np.uint8)
        for segment in segments:
            pixels[ids == segment["id"]] = chance.integers(20, 235, 3)
        pixels = np.clip(pixels + chance.integers(-20, 20, pixels.shape), 0, 255).astype(np.uint8)
        name = f"{number:02d}"
        Image.fromarray(pixels).save(folder / "photos" / f"{name}.png")
        (folder / "truth" / f"{name}.png").write_bytes(encode_id_png(ids))
        images.append({"id": number, "file_name": f"{name}.png", "height": ids.shape[0], "width": ids.shape[1]})
        annotations.append({"image_id": number, "file_name": f"{name}.png", "segments_info": segments})
    path = folder / "panoptic.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": CATEGORIES}))
    return path


def _truth(chance: np.random.Generator, kind: str) -> tuple[NDArray[np.int32], list[dict[str, Any]]]:
    height, width = (1, 1) if kind == "one pixel" else (64, 80)
    ids = np.zeros((height, width), np.int32)
    if kind == "all void":
        return ids, []
    if kind == "all crowd":
        ids[:] = 1
        return ids, [_segment(ids, 1, 1, iscrowd=1)]
    ids[:], ids[height // 2 :] = 1, 2
    categories = {1: 7, 2: 9}
    if kind == "ordinary":
        for number in range(3, 3 + int(chance.integers(1, 4))):
            h, w = chance.integers(10, 40, 2)
            y, x = chance.integers(0, 64 - h), chance.integers(0, 80 - w)
            ids[y : y + h, x : x + w] = number
            categories[number] = 1 + number % 2
    return ids, [_segment(ids, number, categories[number]) for number in np.unique(ids).tolist()]


def _segment(ids: NDArray[np.int32], number: int, category: int, iscrowd: int = 0) -> dict[str, Any]:
    rows, columns = np.nonzero(ids == number)
    x, y = int(columns.min()), int(rows.min())
    box = [x, y, int(columns.max()) + 1 - x, int(rows.max()) + 1 - y]
    return {"id": number, "category_id": category, "bbox": box, "area": len(rows), "iscrowd": iscrowd}


def write_backbone(path: Path) -> Path:
    """Writes random weights of a resnet18 that a network with frozen norms can start from."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(11)
        state = resnet18().state_dict()
    # Without live norms the residual branches would add up.
    state = {name: 0.2 * tensor if name.endswith("bn2.weight") else tensor for name, tensor in state.items()}
    safetensors.torch.save_file({name: tensor.contiguous() for name, tensor in state.items()}, path)
    return path


def write_config(path: Path, data: Path, backbone: Path | None = None, **training: Any) -> Path:
    """Writes the config of a tiny network; ``training`` wins over a few iterations in batches of 4."""
    source = {"kind": "coco_panoptic", "annotations": str(data), "images": str(data.parent / "photos")}
    source["pngs"] = str(data.parent / "truth")
    body = {"name": "resnet18"}
    content = {
        "name": "tiny",
        "categories": str(data),
        "input": {"short_side": 64, "long_side_cap": 96},
        "model": {
            "backbone": body | ({"width": 0.25} if backbone is None else {"weights": str(backbone)}),
            "channels": 32,
            "box_head": {"layers": 1},
            "semantic_head": {"channels": 32, "layers": 1},
        },
        "inspection": {"stuff_limit": 16},
        "data": {"train": source, "val": source | {"limit": 3}, "workers": 0},
        "targets": {"size_limits": [16, 32, 64, 128]},
        "training": {
            "batch": 4,
            "optimizer": {"name": "adamw", "lr": 0.001},
            "schedule": {"batch": 4, "iterations": 6, "decay": "cosine", "warmup": 2},
            "log_every": 1,
            "checkpoint_every": 2,
            "evaluate_every": 100,
            "samples": 2,
        }
        | training,
    }
    path.write_text(yaml.safe_dump(content))
    return path


def tiny_config(folder: Path, *, backbone: bool = False, overrides: tuple[str, ...] = (), **training: Any) -> Config:
    """Writes data and config into a folder and reads the config."""
    data = folder / "data" / "panoptic.json"
    if not data.exists():
        write_data_set(folder / "data")
    weights = write_backbone(folder / "backbone.safetensors") if backbone else None
    return load_config(write_config(folder / "tiny.yaml", data, weights, **training), overrides)
