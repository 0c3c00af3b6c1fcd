"""Mean IoU against a pixel-by-pixel count and values worked out by hand."""

from __future__ import annotations

import json
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lpsnet.categories import Categories, Category
from lpsnet.metrics.mean_iou import MeanIoU, SemanticCounts, count_semantics
from lpsnet.structures import PanopticSegmentation

CATEGORIES = Categories(
    (
        Category(1, "person", True, (220, 20, 60)),
        Category(2, "grass", False, (0, 200, 0)),
        Category(5, "car", True, (0, 0, 142)),
    )
)
NONE = 255


def labels(*values: int) -> np.ndarray:
    return np.array([values], np.uint8)


maps = hnp.arrays(np.uint8, (3, 7), elements=st.sampled_from([0, 1, 2, NONE]))


@settings(max_examples=200, deadline=None)
@given(maps, maps)
def test_figures_equal_a_count_with_one_mask_a_class(prediction: np.ndarray, truth: np.ndarray) -> None:
    quality = MeanIoU(count_semantics(prediction, truth, 3), CATEGORIES)
    known = truth != NONE
    expected = []
    for label, (_, figures) in enumerate(quality.per_class):
        guessed, real = (prediction == label) & known, truth == label
        assert figures.intersection == (guessed & real).sum()
        assert (figures.truth, figures.prediction) == (real.sum(), guessed.sum())
        if real.any():
            assert figures.iou == (guessed & real).sum() / (guessed | real).sum()
            expected.append(figures.iou)
        else:
            assert math.isnan(figures.iou)
    assert quality.n == len(expected)
    if expected:
        assert quality.mean == pytest.approx(np.mean(expected), abs=1e-15)


def test_void_truth_is_left_out_and_an_unlabelled_prediction_is_a_miss() -> None:
    truth = labels(0, 0, 0, 0, NONE, NONE)
    prediction = labels(0, 0, 1, NONE, 0, 1)
    counts = count_semantics(prediction, truth, 3)
    assert counts.confusion.tolist() == [[2, 1, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    quality = MeanIoU(counts, CATEGORIES)
    assert quality.mean == 2 / 4


def test_the_mean_is_over_the_classes_of_the_truth_alone() -> None:
    quality = MeanIoU(count_semantics(labels(0, 0, 1, 2), labels(0, 0, 0, 1), 3), CATEGORIES)
    assert [figures.truth for _, figures in quality.per_class] == [3, 1, 0]
    assert (quality.n, quality.mean) == (2, pytest.approx((2 / 3 + 0) / 2))
    assert quality.to_json() == {"miou": pytest.approx(1 / 3), "n": 2, "per_class": {"1": 2 / 3, "2": 0.0, "5": None}}


def test_images_add_up_before_anything_is_divided() -> None:
    first = count_semantics(labels(0, 0, 0, 0), labels(0, 0, 0, 0), 3)
    second = count_semantics(labels(1, 1), labels(0, 1), 3)
    both = sum([second], first)
    assert MeanIoU(both, CATEGORIES).per_class[0][1].iou == 4 / 5
    assert MeanIoU(SemanticCounts.zeros(3) + both, CATEGORIES).mean == (4 / 5 + 1 / 2) / 2
    assert pickle.loads(pickle.dumps(both)).confusion.tolist() == both.confusion.tolist()


def test_crowd_pixels_keep_their_class() -> None:
    truth = PanopticSegmentation.from_ids(np.array([[1, 1, 2, 0]]), {1: 0, 2: 0}, crowds={2})
    counts = count_semantics(labels(0, 0, 1, 1), truth.labels(3), 3)
    assert counts.truth.tolist() == [3, 0, 0]
    assert MeanIoU(counts, CATEGORIES).mean == 2 / 3


def test_dtypes_may_differ_and_negative_values_are_no_class() -> None:
    truth = np.array([[0, 1, -1, 2]], np.int64)
    prediction = np.array([[0, 1, 2, 65535]], np.uint16)
    assert count_semantics(prediction, truth, 3).confusion.sum(axis=0).tolist() == [1, 1, 0, 1]
    many = count_semantics(np.full((2, 2), 299, np.uint16), np.full((2, 2), 299, np.int32), 300)
    assert (many.confusion[299, 299], many.confusion.sum()) == (4, 4)


def test_no_class_at_all_is_not_a_crash() -> None:
    quality = MeanIoU(count_semantics(labels(0, 1), labels(NONE, NONE), 3), CATEGORIES)
    assert quality.n == 0
    assert math.isnan(quality.mean)
    assert json.loads(json.dumps(quality.to_json()))["miou"] is None


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(1, 2\) cannot be compared with a truth of shape \(1, 3\)"):
        count_semantics(labels(0, 1), labels(0, 1, 2), 3)
    with pytest.raises(ValueError, match="predicted labels hold 3, which is neither one of the 3 classes"):
        count_semantics(labels(3), labels(0), 3)
    with pytest.raises(ValueError, match="true labels hold 7"):
        count_semantics(labels(0), labels(7), 3)
    with pytest.raises(ValueError, match="counts of 2 classes do not belong to 3 categories"):
        MeanIoU(SemanticCounts.zeros(2), CATEGORIES)
