from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lpsnet_studio.annotator.placed_mask import PlacedMask
from lpsnet_studio.annotator.snapping import snap_edge


def disc_photo(height: int = 120, width: int = 160, radius: int = 40) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Returns a noisy photo of a bright disc on dark ground, and where the disc is."""
    rows, columns = np.mgrid[:height, :width]
    disc = (rows - height // 2) ** 2 + (columns - width // 2) ** 2 <= radius**2
    noise = np.random.default_rng(0).integers(0, 30, (height, width, 3))
    photo = np.where(disc[..., None], [200, 150, 60], [40, 60, 90]) + noise
    return photo.astype(np.uint8), disc


def iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / (one | other).sum())


def test_a_border_snaps_to_where_the_colours_part() -> None:
    photo, disc = disc_photo()
    rough = cv2.dilate(disc.view(np.uint8), np.ones((9, 9), np.uint8)).view(np.bool_)
    found = snap_edge(photo, PlacedMask(rough), band=8)
    assert found is not None
    assert iou(rough, disc) < 0.85
    assert iou(found.whole(disc.shape), disc) > 0.99


def test_nothing_moves_farther_than_the_band() -> None:
    photo, disc = disc_photo()
    too_large = cv2.dilate(disc.view(np.uint8), np.ones((31, 31), np.uint8)).view(np.bool_)
    found = snap_edge(photo, PlacedMask(too_large), band=4)
    assert found is not None
    core = cv2.erode(too_large.view(np.uint8), np.ones((11, 11), np.uint8)).view(np.bool_)
    halo = cv2.dilate(too_large.view(np.uint8), np.ones((11, 11), np.uint8)).view(np.bool_)
    whole = found.whole(disc.shape)
    assert whole[core].all()
    assert not whole[~halo].any()


def test_a_large_segment_is_judged_at_a_smaller_scale_and_still_snaps() -> None:
    photo, disc = disc_photo(900, 1200, 300)
    rough = cv2.dilate(disc.view(np.uint8), np.ones((15, 15), np.uint8)).view(np.bool_)
    found = snap_edge(photo, PlacedMask(rough), band=12)
    assert found is not None
    assert iou(found.whole(disc.shape), disc) > 0.985 > iou(rough, disc)


def test_the_same_comes_out_every_time() -> None:
    photo, disc = disc_photo()
    first, second = (snap_edge(photo, PlacedMask(disc)) for _ in range(2))
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.whole(disc.shape), second.whole(disc.shape))


def test_it_can_be_cancelled_between_iterations() -> None:
    photo, disc = disc_photo()
    answers = iter([False, True])
    assert snap_edge(photo, PlacedMask(disc), cancelled=lambda: next(answers)) is None


def test_without_colours_to_learn_from_nothing_changes() -> None:
    photo, disc = disc_photo()
    everything = PlacedMask(np.ones_like(disc))
    found = snap_edge(photo, everything)
    assert found is not None
    assert found.area == disc.size
    nothing = snap_edge(photo, PlacedMask.nothing())
    assert nothing is not None
    assert nothing.is_empty
    with pytest.raises(ValueError, match="band"):
        snap_edge(photo, everything, band=0)
