"""The mask of a box before conflicts against the pixel rule, and against the steps of a merge."""

from __future__ import annotations

import numpy as np

from lpsnet.panoptic_head import candidate_mask, merge
from lpsnet.panoptic_head.box_masks import box_masks
from lpsnet.structures import Detections


def test_a_mask_is_the_pixels_of_the_class_whose_centre_lies_in_the_box() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, (9, 12)).astype(np.uint8)
    corners = rng.uniform(-4, 14, (40, 2, 2)).astype(np.float32)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    detections = Detections.from_boxes(boxes, rng.integers(0, 2, 40), rng.random(40))
    masks = list(box_masks(detections, labels))
    assert len(masks) == 40
    y, x = np.mgrid[:9, :12] + 0.5
    for (window, mask), (x0, y0, x1, y1), label in zip(masks, detections.boxes, detections.labels, strict=True):
        inside = (x0 <= x) & (x < x1) & (y0 <= y) & (y < y1)
        full = np.zeros((9, 12), bool)
        full[window[0] : window[2], window[1] : window[3]] = mask
        np.testing.assert_array_equal(full, inside & (labels == label))


def test_no_detection_is_left_out_for_its_score_or_overlap() -> None:
    labels = np.zeros((6, 6), np.uint8)
    detections = Detections.from_boxes([[0, 0, 4, 6], [1, 0, 5, 6], [0, 0, 6, 6]], [0, 0, 0], [0.9, 0.8, 0.01])
    masks = list(box_masks(detections, labels))
    assert [int(mask.sum()) for _, mask in masks] == [24, 24, 36]
    trace = merge(detections, labels, isthing=np.array([True]))
    for index in range(2):
        window, mask = candidate_mask(trace, index)
        assert window == masks[index][0]
        np.testing.assert_array_equal(mask, masks[index][1])
