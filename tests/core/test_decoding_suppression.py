from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torchvision.ops import box_iou, nms

from lpsnet.decoding.suppression import pairwise_iou, suppress_greedily

THRESHOLDS = st.sampled_from([0.0, 0.3, 0.5, 0.6, 0.75, 1.0])


def boxes_of(corners: np.ndarray) -> np.ndarray:
    """Boxes from two corners in any order; some have no area."""
    return np.concatenate((corners[:, 0].clip(max=corners[:, 1]), corners.max(axis=1)), axis=1).astype(np.float32)


BOXES = st.integers(0, 90).flatmap(lambda n: arrays(np.int64, (n, 2, 2), elements=st.integers(0, 9))).map(boxes_of)


def iou(a: list[float], b: list[float]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common
    return common / union if union > 0 else 0.0


def brute_force(boxes: np.ndarray, threshold: float) -> tuple[list[int], list[float]]:
    """Greedy NMS as it is told: a box falls to the best kept box before it that it overlaps too much."""
    kept: list[int] = []
    suppressor, overlap = [], []
    for row, box in enumerate(boxes.tolist()):
        by = next((k for k in kept if iou(boxes[k].tolist(), box) > threshold), -1)
        suppressor.append(by)
        overlap.append(iou(boxes[by].tolist(), box) if by >= 0 else 0.0)
        if by < 0:
            kept.append(row)
    return suppressor, overlap


@given(boxes=BOXES, threshold=THRESHOLDS)
@settings(max_examples=200, deadline=None)
def test_who_suppressed_whom_and_at_what_iou_equals_brute_force(boxes, threshold):
    suppressor, overlap = suppress_greedily(boxes, threshold)
    expected, expected_overlap = brute_force(boxes, threshold)
    assert suppressor.tolist() == expected
    np.testing.assert_array_equal(overlap, np.array(expected_overlap, np.float32))


def without_near_ties(boxes: np.ndarray, threshold: float) -> np.ndarray:
    """The boxes less one of every pair whose IoU rounding could carry across the threshold."""
    overlap = box_iou(*[torch.from_numpy(boxes).double()] * 2).numpy()
    near = np.triu(np.abs(overlap - threshold) < 1e-5, 1)
    return boxes[~near.any(axis=0)]


@pytest.mark.parametrize("threshold", [0.3, 0.6])
def test_the_kept_boxes_are_those_of_torchvision(threshold):
    generator = np.random.default_rng(0)
    centre = generator.uniform(0, 300, (1500, 2))
    half = generator.uniform(5, 60, (1500, 2))
    boxes = np.concatenate((centre - half, centre + half), axis=1).astype(np.float32)
    boxes = without_near_ties(boxes, threshold)
    suppressor, _ = suppress_greedily(boxes, threshold)
    falling = torch.linspace(1, 0, len(boxes))
    kept = np.flatnonzero(suppressor < 0)
    assert 64 < len(kept) < len(boxes) - 100
    np.testing.assert_array_equal(kept, nms(torch.from_numpy(boxes), falling, threshold).numpy())


def test_an_iou_at_the_threshold_does_not_suppress():
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 6]], np.float32)  # IoU 0.6
    assert suppress_greedily(boxes, 0.6)[0].tolist() == [-1, -1]
    assert suppress_greedily(boxes, 0.59)[0].tolist() == [-1, 0]


def test_a_suppressed_box_suppresses_nothing():
    boxes = np.array([[0, 0, 10, 10], [0, 3, 10, 13], [0, 6, 10, 16]], np.float32)  # neighbours overlap by 7/13
    assert suppress_greedily(boxes, 0.5)[0].tolist() == [-1, 0, -1]


@given(boxes=BOXES, others=BOXES)
@settings(max_examples=60, deadline=None)
def test_pairwise_iou_equals_torchvision_and_is_0_for_empty_pairs(boxes, others):
    expected = box_iou(torch.from_numpy(boxes), torch.from_numpy(others)).nan_to_num(0).numpy()
    np.testing.assert_allclose(pairwise_iou(boxes, others), expected, rtol=1e-6)
