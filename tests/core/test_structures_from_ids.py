"""Segments measured from an id map, against one mask a segment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lpsnet.structures import PanopticSegmentation

ID_MAPS = hnp.arrays(
    np.int32,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12),
    elements=st.sampled_from([0, 1, 2, 3, 300, 2**24 - 1]),
)


@settings(max_examples=200, deadline=None)
@given(ID_MAPS)
def test_areas_and_boxes_equal_those_of_masks(ids: np.ndarray) -> None:
    labels = {int(i): k for k, i in enumerate(np.unique(ids)[::-1]) if i}
    result = PanopticSegmentation.from_ids(ids, labels, crowds={3}, scores={2: 0.5})
    np.testing.assert_array_equal(result.ids, ids)
    assert [segment.id for segment in result.segments] == list(labels)
    for segment in result.segments:
        y, x = np.nonzero(ids == segment.id)
        assert segment.area == len(y)
        assert segment.box == (x.min(), y.min(), x.max() + 1, y.max() + 1)
        assert segment.label == labels[segment.id]
        assert segment.iscrowd == (segment.id == 3)
        assert segment.score == (0.5 if segment.id == 2 else None)


def test_ids_and_labels_must_agree() -> None:
    with pytest.raises(ValueError, match="id 4 of the id map belongs to no segment"):
        PanopticSegmentation.from_ids(np.array([[4, 1]]), {1: 0})
    with pytest.raises(ValueError, match="segment 2 has no pixel"):
        PanopticSegmentation.from_ids(np.array([[0, 1]]), {1: 0, 2: 0})


def test_runs_do_not_reach_around_the_border() -> None:
    ids = np.array([[0, 7], [7, 0], [0, 0]])
    assert PanopticSegmentation.from_ids(ids, {7: 0}).segments[0].box == (0, 0, 2, 2)
