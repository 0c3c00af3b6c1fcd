"""Areas are counted right, and classes are found by typing a part of their name."""

from __future__ import annotations

import numpy as np
import pytest

from lpsnet.categories import Categories, Category
from lpsnet_studio.inference.messages import Sight
from lpsnet_studio.inspector.semantics_model import (
    area_words,
    class_rows,
    class_shares,
    found,
    mean_words,
    means_of,
)
from tests.studio.hand_made import CAR, CATEGORIES, PERSON, ROAD, SKY, labels
from tests.studio.inspector.ranked_boxes import heat_of


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_areas_are_shares_of_the_label_map(dtype):
    shares = class_shares(labels().astype(dtype), len(CATEGORIES))
    assert shares.tolist() == [(labels() == label).mean() for label in range(len(CATEGORIES))]
    assert shares.sum() == 1


def test_the_largest_areas_come_first_and_unknown_figures_stay_unknown():
    rows = class_rows(CATEGORIES, class_shares(labels(), 4), means_of(heat_of(Sight("means"))))
    assert [row.label for row in rows] == [SKY, ROAD, PERSON, CAR]
    assert [row.mean for row in rows] == pytest.approx([0.2, 0.1, 0.4, 0.3])
    unknown = class_rows(CATEGORIES, None, means_of(None))
    assert [row.label for row in unknown] == [0, 1, 2, 3]
    assert {(area_words(row.share), mean_words(row.mean)) for row in unknown} == {("", "")}


def test_names_that_begin_so_come_first_then_words_that_do():
    names = ("stop sign", "traffic light", "parking-meter", "meter", "dining table", "light", "perimeter")
    rows = class_rows(Categories(tuple(Category(n, name, False, (n, 0, 0)) for n, name in enumerate(names, 1))), None)
    assert [row.name for row in found(rows, "  METER")] == ["meter", "parking-meter", "perimeter"]
    assert [row.name for row in found(rows, "light")] == ["light", "traffic light"]
    assert [row.name for row in found(rows, "traffic  li")] == ["traffic light"]
    assert len(found(rows, " ")) == len(names)
    assert found(rows, "zebra") == []


def test_a_little_is_not_told_as_nothing():
    assert [area_words(share) for share in (0, 0.0001, 0.0005, 0.344)] == ["–", "< 0.1 %", "0.1 %", "34.4 %"]
    assert [mean_words(mean) for mean in (0.0001, 0.0381)] == ["< 0.001", "0.038"]
