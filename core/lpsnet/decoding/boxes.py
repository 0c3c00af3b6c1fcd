"""From locations to boxes: class probabilities, scores, per-level top-k, NMS and the cap (method rows 32–36).

LPSNet has no classification branch. Like FCOS it scores *locations*, but a location's class vector is the semantic
softmax at its image point (paper section 3.5, method row 33).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import embedding_bag

from lpsnet.decoding.checks import SEMANTIC_STRIDE, input_scale, require_finite, require_single_image
from lpsnet.decoding.suppression import suppress_greedily
from lpsnet.model.output import NetworkOutput
from lpsnet.structures import BordernessLevel, BordernessMaps, Candidates, DropStage

__all__ = ["borderness_maps", "candidates", "class_probabilities", "location_levels", "locations"]

Float32 = NDArray[np.float32]
Rows = NDArray[np.intp]


def locations(output: NetworkOutput) -> Tensor:
    """Returns every location of every level, levels in order and row by row within each.

    A location is the continuous point ``stride // 2 + i·stride`` on both axes (method row 15).

    Returns:
        ``[P, 2]`` float32, x and y in pixels of the padded input, on the output's device.
    """
    return torch.from_numpy(_points(output)).to(output.semantic_logits.device)


def location_levels(output: NetworkOutput) -> Tensor:
    """Returns the pyramid level (3 for P3 … 7 for P7) of every location, in the order of :func:`locations`.

    Returns:
        ``[P]`` uint8, on the output's device.
    """
    return torch.from_numpy(_levels(output)).to(output.semantic_logits.device)


@torch.no_grad()
def class_probabilities(output: NetworkOutput) -> Tensor:
    """Returns the class probabilities of every location: the semantic softmax, sampled at its point.

    Softmax first, on the stride-4 grid in float32, then one bilinear sample at the location's exact point
    (``align_corners=False``, clamped to the grid at its border). Resizing the map to the level's size instead would be
    wrong for P6 and P7, whose strides do not divide the padded input (method row 34).

    Args:
        output: of one image.

    Returns:
        ``[P, C]`` float32 in the order of :func:`locations`, on the output's device. Locations in the padding have a
        row too; :func:`candidates` never makes a box of them.

    Raises:
        ValueError: if ``output`` holds several images.
        NonFiniteOutput: if a semantic logit is NaN or infinite.
    """
    require_single_image(output)
    logits = output.semantic_logits[0]
    require_finite(logits, "semantic logits")
    height, width = logits.shape[-2:]
    cells = logits.float().permute(1, 2, 0).reshape(height * width, -1).softmax(dim=1)

    grid = locations(output) / SEMANTIC_STRIDE - 0.5
    x, y = grid[:, 0].clamp(0, width - 1), grid[:, 1].clamp(0, height - 1)
    x0, y0 = x.long(), y.long()
    x1, y1 = (x0 + 1).clamp(max=width - 1), (y0 + 1).clamp(max=height - 1)
    right, down = x - x0, y - y0
    corners = torch.stack((y0 * width + x0, y0 * width + x1, y1 * width + x0, y1 * width + x1), dim=1)
    weights = torch.stack(((1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right), dim=1)
    return embedding_bag(corners, cells, per_sample_weights=weights, mode="sum")


@torch.no_grad()
def borderness_maps(
    output: NetworkOutput, *, size: tuple[int, int], pooling: Literal["max", "own"] = "max"
) -> BordernessMaps:
    """Returns the predicted border-ness of every level, as the panoptic head reads it (method row 50).

    Args:
        output: of one image.
        size: ``(H, W)`` of the original image.
        pooling: which level answers for a contested pixel.

    Returns:
        The maps in full, padding included, with the scale from original to input pixels.

    Raises:
        ValueError: if ``output`` holds several images.
        NonFiniteOutput: if a border-ness logit is NaN or infinite.
    """
    require_single_image(output)
    levels = tuple(
        BordernessLevel(values, float(stride), float(stride // 2), level)
        for values, stride, level in zip(_borderness(output), output.strides, output.levels, strict=True)
    )
    return BordernessMaps(levels, input_scale(output, size), pooling)


@torch.no_grad()
def candidates(
    output: NetworkOutput,
    probabilities: Tensor,
    *,
    size: tuple[int, int],
    isthing: NDArray[np.bool_],
    class_threshold: float = 0.05,
    use_borderness: bool = True,
    score_sqrt: bool = False,
    pre_nms_top_k: int = 1000,
    nms_iou: float = 0.6,
    max_detections: int = 100,
) -> Candidates:
    """Turns locations into boxes and follows FCOS's post-processing, remembering where each box was dropped.

    In order (method rows 32–36): class probability above ``class_threshold``, before border-ness is multiplied in; the
    best ``pre_nms_top_k`` scores of each level; greedy NMS within each class; the best ``max_detections`` of the image.
    Every comparison is strict and made in float32; ties go to the earlier row. Locations in the padding make no row.

    A box that clipping leaves without area is kept, as in FCOS (its minimum size is 0): it overlaps nothing, and the
    panoptic head finds it empty.

    Args:
        output: of one image.
        probabilities: ``[P, C]``, see :func:`class_probabilities`.
        size: ``(H, W)`` of the original image, to which boxes are scaled and clipped.
        isthing: ``[C]``; only thing classes make boxes.
        class_threshold: in [0, 1].
        use_borderness: rank by class probability × border-ness (paper section 3.2); otherwise by the former alone.
        score_sqrt: rank by the square root of that, as FCOS's code does; the order is the same.
        pre_nms_top_k: candidates per level that enter NMS.
        nms_iou: a box that overlaps a better one of its class by more is dropped.
        max_detections: over all classes.

    Raises:
        ValueError: if ``output`` holds several images, or the shapes do not belong together.
        NonFiniteOutput: if a box distance or border-ness logit is NaN or infinite.
    """
    require_single_image(output)
    _require_shapes(output, probabilities, isthing)
    points, distances = _points(output), _distances(output)
    borderness = np.concatenate([values.ravel() for values in _borderness(output)])
    input_height, input_width = output.image_sizes[0]
    inside = (points[:, 0] < input_width) & (points[:, 1] < input_height)
    scale = np.array(input_scale(output, size), np.float32)
    boxes = np.concatenate((points - distances[:, :2], points + distances[:, 2:]), axis=1)
    boxes /= np.tile(scale, 2)
    np.clip(boxes, 0, np.array([size[1], size[0]] * 2, np.float32), out=boxes)

    threshold = np.float32(class_threshold)
    where, labels, class_scores = _pick_classes(probabilities, inside, np.flatnonzero(isthing), threshold)
    scores = class_scores * borderness[where] if use_borderness else class_scores
    scores = np.sqrt(scores) if score_sqrt else scores.copy()
    found = Candidates(
        boxes=boxes[where],
        labels=labels,
        scores=scores,
        class_scores=class_scores,
        borderness=borderness[where],
        level=_levels(output)[where],
        location=points[where] / scale,
        dropped_at=np.where(class_scores > threshold, DropStage.NONE, DropStage.SCORE).astype(np.uint8),
        suppressed_by=np.full(len(where), -1, np.int32),
        iou=np.zeros(len(where), np.float32),
    )
    _drop_below_top_k(found, pre_nms_top_k)
    _suppress(found, nms_iou)
    found.dropped_at[found.kept()[max_detections:]] = DropStage.CAP
    return found


def _require_shapes(output: NetworkOutput, probabilities: Tensor, isthing: NDArray[np.bool_]) -> None:
    """Checks that probabilities and class kinds belong to the output."""
    count = sum(maps.shape[-2] * maps.shape[-1] for maps in output.ltrb)
    if probabilities.ndim != 2 or len(probabilities) != count:
        raise ValueError(f"probabilities of shape {tuple(probabilities.shape)} do not belong to {count} locations")
    if isthing.shape != (probabilities.shape[1],):
        raise ValueError(f"{isthing.size} class kinds do not belong to {probabilities.shape[1]} class probabilities")


def _points(output: NetworkOutput) -> Float32:
    """Returns :func:`locations` as an array."""
    points = []
    for maps, stride in zip(output.ltrb, output.strides, strict=True):
        y, x = np.indices(maps.shape[-2:], dtype=np.float32)
        points.append(np.stack((x.ravel(), y.ravel()), axis=1) * stride + stride // 2)
    return np.concatenate(points)


def _levels(output: NetworkOutput) -> NDArray[np.uint8]:
    """Returns :func:`location_levels` as an array."""
    counts = [maps.shape[-2] * maps.shape[-1] for maps in output.ltrb]
    return np.repeat(np.array(output.levels, np.uint8), counts)


def _distances(output: NetworkOutput) -> Float32:
    """Returns l, t, r, b of every location ``[P, 4]``."""
    for maps, level in zip(output.ltrb, output.levels, strict=True):
        require_finite(maps, f"box distances of P{level}")
    return np.concatenate([maps[0].flatten(1).float().cpu().numpy().T for maps in output.ltrb])


def _borderness(output: NetworkOutput) -> list[Float32]:
    """Returns the border-ness of every level, ``[h_l, w_l]`` in [0, 1]."""
    for logits, level in zip(output.borderness_logits, output.levels, strict=True):
        require_finite(logits, f"border-ness logits of P{level}")
    return [logits[0, 0].float().sigmoid().cpu().numpy() for logits in output.borderness_logits]


def _pick_classes(
    probabilities: Tensor, inside: NDArray[np.bool_], things: Rows, threshold: np.float32
) -> tuple[Rows, NDArray[np.int32], Float32]:
    """Returns location, label and class score of each row: the likeliest thing class, and all above the threshold."""
    where = np.flatnonzero(inside)
    columns = torch.from_numpy(things).to(probabilities.device)
    scores = probabilities.detach().index_select(1, columns).float().cpu().numpy()[where]
    if not scores.size:
        return np.zeros(0, np.intp), np.zeros(0, np.int32), np.zeros(0, np.float32)
    chosen = scores > threshold
    chosen[np.arange(len(scores)), scores.argmax(axis=1)] = True
    row, column = np.nonzero(chosen)
    return where[row], things[column].astype(np.int32), scores[row, column]


def _drop_below_top_k(found: Candidates, top_k: int) -> None:
    """Marks what lies below the best ``top_k`` scores of its level."""
    for level in np.unique(found.level):
        rows = np.flatnonzero((found.level == level) & (found.dropped_at == DropStage.NONE))
        best_first = rows[np.argsort(-found.scores[rows], kind="stable")]
        found.dropped_at[best_first[top_k:]] = DropStage.TOP_K


def _suppress(found: Candidates, threshold: float) -> None:
    """Marks what a better box of its class suppresses, by which (the best such box) and at what IoU."""
    alive = found.kept()
    for label in np.unique(found.labels[alive]):
        rows = alive[found.labels[alive] == label]
        suppressor, overlap = suppress_greedily(found.boxes[rows], threshold)
        lost = suppressor >= 0
        found.dropped_at[rows[lost]] = DropStage.NMS
        found.suppressed_by[rows[lost]] = rows[suppressor[lost]]
        found.iou[rows[lost]] = overlap[lost]
