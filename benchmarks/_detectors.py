"""R-50 networks with random weights that are given 100 detections each, from a network's input to its last result."""

from __future__ import annotations

from collections.abc import Callable

import torch

__all__ = ["Run", "fcos_r50", "lpsnet_r50", "mask_rcnn_r50"]

Run = Callable[[], int]
"""Runs a network once and returns how many detections its last step was given."""


def lpsnet_r50(device: torch.device, size: tuple[int, int]) -> Run:
    from lpsnet.config import load_config
    from lpsnet.decoding import borderness_maps, candidates, class_probabilities, semantic_labels
    from lpsnet.model.inference import prepare_for_inference
    from lpsnet.model.lpsnet import build_lpsnet
    from lpsnet.panoptic_head import merge

    config = load_config("coco_r50")
    isthing = config.load_categories().isthing
    network = build_lpsnet(config.model, len(isthing), load_backbone_weights=False)
    with torch.no_grad():
        network.semantic_head.classify.weight.mul_(100)
    prepare_for_inference(network).to(device)
    image = torch.randn(3, *size, device=device)

    def run() -> int:
        with torch.inference_mode():
            output = network([image])
            labels = semantic_labels(output, size=size)
            found = candidates(output, class_probabilities(output), size=size, isthing=isthing)
            maps = borderness_maps(output, size=size)
        detections = found.detections()
        trace = merge(detections, labels, isthing=isthing, borderness=maps, score_threshold=0.0)
        return sum(step.detection >= 0 for step in trace.steps)

    return run


def fcos_r50(device: torch.device, size: tuple[int, int]) -> Run:
    from torchvision.models.detection import fcos_resnet50_fpn

    return _torchvision(fcos_resnet50_fpn, device, size, score_thresh=0.0)


def mask_rcnn_r50(device: torch.device, size: tuple[int, int]) -> Run:
    from torchvision.models.detection import maskrcnn_resnet50_fpn

    return _torchvision(maskrcnn_resnet50_fpn, device, size, box_score_thresh=0.0)


def _torchvision(
    build: Callable[..., torch.nn.Module], device: torch.device, size: tuple[int, int], **thresholds: float
) -> Run:
    model = build(
        weights=None, weights_backbone=None, num_classes=91, min_size=min(size), max_size=max(size), **thresholds
    )
    model.eval().to(device)
    image = torch.rand(3, *size, device=device)

    def run() -> int:
        with torch.inference_mode():
            (result,) = model([image])
        return len(result["boxes"])

    return run
