"""Counts kept small pool to the same PQ as the data set's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet.categories import Categories
from lpsnet.metrics.panoptic_quality import PanopticQuality, QualityCounts
from lpsnet_studio.tally import ClassTally, pooled_pq
from tests.studio.hand_made import CATEGORIES


def random_counts(seed: int) -> QualityCounts:
    rng = np.random.default_rng(seed)
    tp, fp, fn = rng.integers(0, 3, (3, len(CATEGORIES))) * rng.integers(0, 2, len(CATEGORIES))
    return QualityCounts(tp, fp, fn, tp * rng.uniform(0.5, 1, len(CATEGORIES)))


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=6))
def test_pooled_images_have_the_pq_of_their_data_set(seeds: list[int]) -> None:
    every = [random_counts(seed) for seed in seeds]
    summed = sum(every, QualityCounts.zeros(len(CATEGORIES)))
    expected = PanopticQuality(summed, CATEGORIES).all
    pooled = pooled_pq(ClassTally.of(counts, CATEGORIES) for counts in every)
    if expected.n == 0:
        assert pooled is None
    else:
        assert pooled == pytest.approx(expected.pq)


def test_pooling_is_not_averaging() -> None:
    hit = QualityCounts(np.array([1, 0, 0, 0]), *np.zeros((2, 4), np.int64), np.array([1.0, 0, 0, 0]))
    misses = QualityCounts(np.zeros(4, np.int64), np.array([6, 0, 0, 0]), np.zeros(4, np.int64), np.zeros(4))
    pooled = pooled_pq([ClassTally.of(hit, CATEGORIES), ClassTally.of(misses, CATEGORIES)])
    assert pooled == pytest.approx(1 / 4), "1 / (1 + 6/2), where the mean of the two images' PQ would be 1/2"


def test_networks_that_order_the_classes_differently_are_pooled_by_class() -> None:
    turned = Categories(tuple(reversed(CATEGORIES.entries)))
    counts = random_counts(3)
    other = QualityCounts(counts.tp[::-1], counts.fp[::-1], counts.fn[::-1], counts.iou[::-1])
    both = [ClassTally.of(counts, CATEGORIES), ClassTally.of(other, turned)]
    assert pooled_pq(both) == pytest.approx(pooled_pq(both[:1]))


def test_nothing_has_no_pq() -> None:
    assert pooled_pq([]) is None
    assert pooled_pq([ClassTally.of(QualityCounts.zeros(4), CATEGORIES)]) is None
