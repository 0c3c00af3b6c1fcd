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


def speckled(disc: NDArray[np.bool_], photo: NDArray[np.uint8], inside: int, outside: int) -> NDArray[np.uint8]:
    """Returns a photo with spots of ground in the disc's rim, and spots of the disc around it."""
    made = photo.copy()
    rim = cv2.distanceTransform(disc.view(np.uint8), cv2.DIST_L2, 5)
    around = cv2.distanceTransform((~disc).view(np.uint8), cv2.DIST_L2, 5)
    rng = np.random.default_rng(1)
    for places, count, color in (
        ((rim > 3) & (rim < 6), inside, photo[2, 2]),
        ((around > 3) & (around < 6), outside, photo[disc.shape[0] // 2, disc.shape[1] // 2]),
    ):
        rows, columns = np.nonzero(places)
        for place in rng.choice(len(rows), count, replace=False):
            made[rows[place] - 1 : rows[place] + 2, columns[place] - 1 : columns[place] + 2] = color
    return made


def test_neither_islands_nor_pin_holes_are_left() -> None:
    photo, disc = disc_photo()
    rough = cv2.dilate(disc.view(np.uint8), np.ones((17, 17), np.uint8)).view(np.bool_)
    found = snap_edge(speckled(disc, photo, 20, 20), PlacedMask(rough), band=16)
    assert found is not None
    whole = found.whole(disc.shape)
    assert cv2.connectedComponents(whole.view(np.uint8))[0] == 2, "it is in one part"
    assert cv2.connectedComponents((~whole).view(np.uint8), connectivity=4)[0] == 2, "it has no hole"
    assert iou(whole, disc) > 0.97


def test_parts_and_holes_that_the_segment_had_are_kept() -> None:
    photo, disc = disc_photo()
    photo[8:14, 8:14] = photo[60, 80]
    photo[58:63, 78:83] = photo[2, 2]
    segment = disc.copy()
    segment[7:15, 7:15] = True
    segment[58:63, 78:83] = False
    found = snap_edge(photo, PlacedMask(segment), band=4)
    assert found is not None
    whole = found.whole(disc.shape)
    assert whole[9:13, 9:13].all()
    assert not whole[59:62, 79:82].any()
