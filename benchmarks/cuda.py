"""On a GPU: inference beside torchvision's Mask R-CNN and FCOS, and training at the paper's batch.

Inference: one image of 800×1333, R-50 everywhere, random weights, 100 detections everywhere: the thresholds of the
peers are 0, and this network's classifier is sharpened until its softmax is as decided as a trained one's. Ours
includes decoding and the panoptic merge with its trace, on the CPU where they belong; torchvision's Mask R-CNN includes
pasting its 100 masks. The networks take turns. Peak memory is what torch had allocated on the device.

Training: `coco_r50` as `lpsnet train` trains it, batch 16 in bf16, on drawn scenes of COCO's size under COCO's 133
classes, whose names are of no consequence to speed.

Without a CUDA device it says so; `--device cpu --size 160x224 --batch 2 --iterations 3 --repeats 1` tries it out.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from _detectors import Run, fcos_r50, lpsnet_r50, mask_rcnn_r50
from _machine import describe_machine, markdown_table
from numpy.typing import NDArray

NETWORKS: dict[str, Callable[[torch.device, tuple[int, int]], Run]] = {
    "LPSNet R-50": lpsnet_r50,
    "torchvision FCOS R-50": fcos_r50,
    "torchvision Mask R-CNN R-50": mask_rcnn_r50,
}


def measure_inference(device: torch.device, size: tuple[int, int], repeats: int) -> list[list[object]]:
    """Runs every network by turns; returns the rows of a table."""
    torch.manual_seed(0)
    runs = {name: build(device, size) for name, build in NETWORKS.items()}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    peaks, detections = dict.fromkeys(runs, 0), dict.fromkeys(runs, 0)
    for repeat in range(repeats + 2):
        for name, run in runs.items():
            _synchronise(device, forget_peak=True)
            held = _allocated(device)
            start = time.perf_counter()
            detections[name] = run()
            _synchronise(device)
            if repeat >= 2:
                seconds[name].append(time.perf_counter() - start)
            peaks[name] = max(peaks[name], _peak(device) - held)
    ours = statistics.median(seconds["LPSNet R-50"])
    rows: list[list[object]] = [["network", "ms", "LPSNet's share", "peak beyond the weights, GiB", "detections"]]
    for name in runs:
        median = statistics.median(seconds[name])
        rows.append([name, 1000 * median, ours / median, peaks[name] / 2**30, detections[name]])
    return rows


def measure_training(device: torch.device, size: tuple[int, int], batch: int, iterations: int) -> list[list[object]]:
    """Trains `coco_r50` for a while; returns the rows of a table."""
    from lpsnet.config import load_config
    from lpsnet.engine.distributed import joined_processes
    from lpsnet.engine.train import train
    from lpsnet.events import Progress, RunEvent
    from lpsnet.run_directory import RunDirectory

    reports: list[Progress] = []

    def keep(event: RunEvent) -> None:
        if isinstance(event, Progress):
            reports.append(event)

    with tempfile.TemporaryDirectory() as folder, joined_processes(str(device)) as processes:
        annotations = write_pictures(Path(folder) / "data", max(batch, 32), size)
        config = load_config(
            "coco_r50",
            [
                f"data.train={{kind: coco_panoptic, annotations: '{annotations}'}}",
                "data.val=null",
                "data.workers=8",
                f"input.short_side={min(size)}",
                "model.backbone.weights=null",
                f"training.batch={batch}",
                "training.precision=bf16",
                f"training.schedule={{batch: {batch}, iterations: {iterations}, steps: [], warmup: {iterations}}}",
                f"training.log_every={max(1, iterations // 10)}",
                "training.optimizer.clip_norm=10",
            ],
        )
        train(config, RunDirectory(Path(folder) / "run"), processes, on_event=keep)
    later = reports[len(reports) // 2 :]
    first, last = reports[0].losses["total"], reports[-1].losses["total"]
    return [
        ["batch", "iterations", "images/s", "peak memory, GiB", "loss at first", "at last"],
        [
            batch,
            iterations,
            statistics.median(report.images_per_second for report in later),
            max(report.memory_bytes for report in reports) / 2**30,
            first,
            last,
        ],
    ]


def write_pictures(folder: Path, count: int, size: tuple[int, int]) -> Path:
    """Writes drawn scenes under COCO's classes; returns their JSON file."""
    from lpsnet.config import load_config
    from lpsnet.formats.coco_panoptic_writer import CocoPanopticWriter
    from lpsnet.scenes import draw_scene, scene_categories

    coco, drawn = load_config("coco_r50").load_categories(), scene_categories()
    table = np.array(
        [_some_class(coco.isthing, isthing, index) for index, isthing in enumerate(drawn.isthing)], np.intp
    )
    photos = folder / "images"
    photos.mkdir(parents=True)
    with CocoPanopticWriter(folder / "panoptic.json", None, coco) as writer:
        for seed in range(count):
            scene = draw_scene(seed, *size)
            name = f"{seed:06d}.png"
            cv2.imwrite(str(photos / name), cv2.cvtColor(scene.image, cv2.COLOR_RGB2BGR))
            writer.add(seed, name, scene.segmentation.with_labels(table))
    return folder / "panoptic.json"


def _some_class(kinds: NDArray[np.bool_], isthing: bool, number: int) -> int:
    alike = np.flatnonzero(kinds == isthing)
    return int(alike[number % len(alike)])


def _synchronise(device: torch.device, *, forget_peak: bool = False) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        if forget_peak:
            torch.cuda.reset_peak_memory_stats(device)


def _allocated(device: torch.device) -> int:
    return torch.cuda.memory_allocated(device) if device.type == "cuda" else 0


def _peak(device: torch.device) -> int:
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--size", default="800x1333", help="height x width")
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--iterations", type=int, default=200)
    arguments = parser.parse_args()
    height, width = (int(side) for side in arguments.size.split("x"))
    device = torch.device(arguments.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        sys.exit("not measured: there is no CUDA device")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(f"{name}; {describe_machine()}\n")
    print(f"Inference, {height}×{width}, float32, medians of {arguments.repeats}:\n")
    print(markdown_table(measure_inference(device, (height, width), arguments.repeats)))
    print(f"\nTraining `coco_r50`, bf16, short side {min(height, width)}:\n")
    print(markdown_table(measure_training(device, (height, width), arguments.batch, arguments.iterations)))


if __name__ == "__main__":
    main()
