"""The picture of a step shows the photo around its box, with the candidate pixels in the verdict's colour."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from lpsnet.structures import InspectionSettings, StepKind, Verdict
from lpsnet_studio.inspector.step_pictures import step_picture
from tests.studio import hand_made

GREEN = (0, 255, 0)
SIZE = (42, 60)
PHOTO = np.full((hand_made.HEIGHT, hand_made.WIDTH, 3), 200, np.uint8)


def tinted(picture: np.ndarray) -> np.ndarray:
    """Returns where a picture of the grey photo is green."""
    return picture[:, :, 1].astype(int) > picture[:, :, 0].astype(int) + 40


@pytest.mark.parametrize("index", range(7))
def test_every_step_has_a_picture_of_the_size_asked_for(index: int) -> None:
    picture = step_picture(PHOTO, hand_made.trace(), index, GREEN, SIZE)
    assert picture.shape == (*SIZE, 4)
    assert picture.dtype == np.uint8
    has_candidates = hand_made.trace().steps[index].candidate_pixels > 0
    assert tinted(picture).any() == has_candidates


def test_a_box_is_in_the_middle_and_its_pixels_are_tinted() -> None:
    trace = hand_made.trace()
    picture = step_picture(PHOTO, trace, 0, GREEN, SIZE)
    rows, columns = np.nonzero(tinted(picture))
    x0, y0, x1, y1 = trace.steps[0].box  # type: ignore[misc]
    assert (rows.min() + rows.max()) / 2 == pytest.approx(SIZE[0] / 2, abs=2)
    # At the left edge of the image the view is moved in, so that the box stands left of the middle.
    assert columns.min() < SIZE[1] / 2 < columns.max()
    shape = (columns.max() - columns.min() + 1) / (rows.max() - rows.min() + 1)
    assert shape == pytest.approx((x1 - x0) / (y1 - y0), rel=0.12)
    inside = picture[SIZE[0] // 2, columns.min() + 4, :3].astype(int)
    np.testing.assert_allclose(inside, [100, 228, 100], atol=2)
    outside = picture[0, -1, :3].astype(int)
    np.testing.assert_allclose(outside, [90, 90, 90], atol=2)


def test_the_share_of_tinted_pixels_is_that_of_the_candidates() -> None:
    """Stuff without an extent of its own is drawn over the whole image, whatever that measures."""
    settings = InspectionSettings(stuff_limit=1700, conflict="smallest")
    trace = hand_made.trace(settings)
    road = next(index for index, step in enumerate(trace.steps) if step.label == hand_made.ROAD)
    assert trace.steps[road].verdict is Verdict.DISCARDED
    expected = np.count_nonzero(trace.labels == hand_made.ROAD) / trace.labels.size
    for times in (1, 12):
        labels = trace.labels.repeat(times, axis=0).repeat(times, axis=1)
        owners = trace.owners.repeat(times, axis=0).repeat(times, axis=1)
        big = replace(trace, labels=labels, owners=owners)
        photo = cv2.resize(PHOTO, (labels.shape[1], labels.shape[0]))
        picture = step_picture(photo, big, road, GREEN, SIZE)
        shown = picture[:, :, 3] > 0
        assert tinted(picture)[shown].mean() == pytest.approx(expected, abs=0.03)


def test_leftover_pixels_are_drawn_where_nobody_owns_them() -> None:
    settings = InspectionSettings(score_threshold=0.65, conflict="smallest", stuff_limit=0)
    trace = hand_made.trace(settings)
    last = len(trace.steps) - 1
    assert trace.steps[last].kind is StepKind.LEFTOVERS
    assert trace.steps[last].candidate_pixels == 150, "the car's box is below the score threshold"
    picture = step_picture(PHOTO, trace, last, GREEN, (60, 80))
    rows, columns = np.nonzero(tinted(picture))
    assert (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) == (35, 45, 60, 75)


def test_a_reduced_merge_is_drawn_on_the_full_photo() -> None:
    trace = hand_made.trace()
    large = cv2.resize(PHOTO, (10 * hand_made.WIDTH, 10 * hand_made.HEIGHT))
    one, other = (step_picture(photo, trace, 1, GREEN, SIZE) for photo in (PHOTO, large))
    assert np.abs(one.astype(int) - other).max() <= 2


def test_beyond_the_photo_the_picture_is_transparent() -> None:
    tall = replace(hand_made.trace().steps[0], box=(0.0, 0.0, 80.0, 60.0))
    trace = replace(hand_made.trace(), steps=(tall,))
    picture = step_picture(PHOTO, trace, 0, GREEN, (20, 100))
    assert (picture[:, 0, 3] == 0).all()
    assert (picture[10, 40:60, 3] == 255).all()


def test_there_is_no_picture_of_no_step() -> None:
    with pytest.raises(IndexError, match="step 8 of 8"):
        step_picture(PHOTO, hand_made.trace(), 8, GREEN, SIZE)
