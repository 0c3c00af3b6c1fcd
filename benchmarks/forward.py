"""From a network's input to the picture's segments on the CPU: time and peak memory beside other networks.

One image of 800×1066, float32, R-50 everywhere, random weights, 100 detections everywhere: the thresholds of the peers
are 0, and this network's classifier is sharpened until its softmax is as decided as a trained one's. Ours includes
decoding and the panoptic merge with its trace; torchvision's Mask R-CNN includes pasting its 100 masks.

Each network runs in processes of its own, so that its peak resident memory, libraries and weights included, is its own.
The processes take turns, so that a busy moment of the machine strikes all. detectron2's Panoptic FPN and Mask2Former
run where LPSNET_DETECTRON2 and LPSNET_MASK2FORMER name their checkouts and what those import is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import types
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from _detectors import Run, fcos_r50, lpsnet_r50, mask_rcnn_r50
from _machine import describe_machine, markdown_table

HEIGHT, WIDTH, DETECTIONS = 800, 1066, 100
CPU = torch.device("cpu")


def panoptic_fpn_r50() -> Run:
    checkout = _checkout("LPSNET_DETECTRON2")
    from detectron2.config import get_cfg

    config = get_cfg()
    config.merge_from_file(str(checkout / "configs/COCO-PanopticSegmentation/panoptic_fpn_R_50_1x.yaml"))
    config.MODEL.ROI_HEADS.SCORE_THRESH_TEST = 0.0
    config.MODEL.PANOPTIC_FPN.COMBINE.INSTANCES_CONFIDENCE_THRESH = 0.0
    return _detectron2(config, "instances")


def mask2former_r50() -> Run:
    checkout = _checkout("LPSNET_MASK2FORMER")
    if os.environ.get("LPSNET_DETECTRON2"):
        _checkout("LPSNET_DETECTRON2")
    # Its compiled operator is for CUDA; on the CPU the code falls back to grid_sample, once the import has passed.
    for compiled in ("MultiScaleDeformableAttention", "detectron2._C"):
        sys.modules.setdefault(compiled, types.ModuleType(compiled))
    from detectron2.config import get_cfg
    from detectron2.projects.deeplab import add_deeplab_config
    from mask2former import add_maskformer2_config

    config = get_cfg()
    add_deeplab_config(config)
    add_maskformer2_config(config)
    config.merge_from_file(str(checkout / "configs/coco/panoptic-segmentation/maskformer2_R50_bs16_50ep.yaml"))
    return _detectron2(config, None)


def _detectron2(config: Any, instances: str | None) -> Run:
    from detectron2.modeling import build_model

    config.MODEL.DEVICE = "cpu"
    model = build_model(config).eval()
    for name, layer in model.named_modules():
        # Random residual branches would double the activations block by block, until every box is the same.
        if name.endswith("conv3.norm"):
            layer.weight.zero_()
    image = torch.randint(0, 256, (3, HEIGHT, WIDTH), dtype=torch.uint8)

    def run() -> int:
        with torch.inference_mode():
            (result,) = model([{"image": image, "height": HEIGHT, "width": WIDTH}])
        return len(result[instances]) if instances else config.MODEL.MASK_FORMER.NUM_OBJECT_QUERIES

    return run


def _checkout(variable: str) -> Path:
    if not os.environ.get(variable):
        raise ImportError(f"{variable} names no checkout")
    checkout = Path(os.environ[variable])
    sys.path.insert(0, str(checkout))
    return checkout


NETWORKS: dict[str, Callable[[], Run]] = {
    "LPSNet R-50": partial(lpsnet_r50, CPU, (HEIGHT, WIDTH)),
    "torchvision FCOS R-50": partial(fcos_r50, CPU, (HEIGHT, WIDTH)),
    "torchvision Mask R-CNN R-50": partial(mask_rcnn_r50, CPU, (HEIGHT, WIDTH)),
    "detectron2 Panoptic FPN R-50": panoptic_fpn_r50,
    "Mask2Former R-50": mask2former_r50,
}


def measure(name: str, repeats: int) -> dict[str, Any]:
    """Runs one network in this process."""
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - the peers draw from numpy's global state
    try:
        run = NETWORKS[name]()
    except ImportError as error:
        return {"skipped": str(error)}
    detections = run()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    memory = psutil.Process().memory_info()
    return {"seconds": seconds, "peak": _peak_resident_bytes(memory), "detections": detections}


def _peak_resident_bytes(memory: Any) -> int:
    """Returns the most memory this process ever held: from Windows by name, elsewhere from ``getrusage``."""
    if sys.platform == "win32":
        return int(memory.peak_wset)
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def measure_in_turns(rounds: int, repeats: int) -> dict[str, dict[str, Any]]:
    """Runs every network in a fresh process, round by round, and pools what they report."""
    pooled: dict[str, dict[str, Any]] = {}
    for _ in range(rounds):
        for name in NETWORKS:
            if "skipped" in pooled.get(name, {}):
                continue
            command = [sys.executable, __file__, "--only", name, "--repeats", str(repeats)]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            report = json.loads(output.splitlines()[-1])
            if "skipped" in report or name not in pooled:
                pooled[name] = report
            else:
                pooled[name]["seconds"] += report["seconds"]
                pooled[name]["peak"] = max(pooled[name]["peak"], report["peak"])
    return pooled


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", choices=NETWORKS, help="run one network in this process and print JSON")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(measure(arguments.only, arguments.repeats)))
        return
    reports = measure_in_turns(arguments.rounds, arguments.repeats)
    ours = statistics.median(reports["LPSNet R-50"]["seconds"])
    rows: list[list[object]] = [["network", "seconds", "LPSNet's share", "peak RSS, GiB", "detections"]]
    for name, report in reports.items():
        if "skipped" in report:
            rows.append([name, "skipped", "", "", report["skipped"]])
            continue
        seconds = statistics.median(report["seconds"])
        rows.append([name, seconds, ours / seconds, report["peak"] / 2**30, report["detections"]])
    print(describe_machine(), "\n")
    print(markdown_table(rows))
    print(
        f"\nMedians of {arguments.rounds} × {arguments.repeats} runs, each process warmed up. Budget: LPSNet ≤ 0.8 of"
    )
    print("Mask R-CNN's time, ≤ 0.75 of Panoptic FPN's, ≤ 0.5 of Mask2Former's, and at most 2.2 GiB.")


if __name__ == "__main__":
    main()
