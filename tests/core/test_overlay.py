"""Overlays: colours that belong to class and id, void left alone, contours on the borders."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet.categories import Categories, Category
from lpsnet.overlay import render_overlay, segment_colors, thing_color
from lpsnet.structures import PanopticSegmentation

CATEGORIES = Categories((Category(1, "car", True, (66, 106, 226)), Category(2, "road", False, (120, 116, 140))))
IDS = np.zeros((20, 30), np.int32)
IDS[:, 10:20] = 4
IDS[:, 20:] = 90_000
SEGMENTATION = PanopticSegmentation.from_ids(IDS, {4: 1, 90_000: 0})
IMAGE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)


def test_stuff_has_its_category_colour_and_things_a_shade_of_it() -> None:
    colors = segment_colors(SEGMENTATION, CATEGORIES)
    assert colors == {4: (120, 116, 140), 90_000: thing_color((66, 106, 226), 90_000)}


@given(st.integers(1, 2**24 - 1), st.tuples(*[st.integers(0, 255)] * 3))
def test_thing_colours_stay_near_their_category_in_hue(identity: int, base: tuple[int, int, int]) -> None:
    hue, _, saturation = colorsys.rgb_to_hls(*(part / 255 for part in base))
    color = thing_color(base, identity)
    assert all(0 <= part <= 255 for part in color)
    assert 30 <= (max(color) + min(color)) / 2 <= 225
    if saturation > 0.2:
        difference = abs(colorsys.rgb_to_hls(*(part / 255 for part in color))[0] - hue)
        assert min(difference, 1 - difference) < 0.08


def test_neighbouring_ids_of_a_class_can_be_told_apart() -> None:
    for category in ((220, 20, 60), (0, 0, 142), (119, 11, 32)):
        colors = np.array([thing_color(category, identity) for identity in range(1, 40)], int)
        assert np.abs(np.diff(colors, axis=0)).sum(axis=1).min() >= 20
        assert len(np.unique(colors, axis=0)) == len(colors)


def test_a_colour_survives_edits_of_other_segments() -> None:
    alone = PanopticSegmentation.from_ids(np.where(IDS == 4, 0, IDS), {90_000: 0})
    assert segment_colors(alone, CATEGORIES)[90_000] == segment_colors(SEGMENTATION, CATEGORIES)[90_000]


def test_a_shade_can_follow_an_identity_that_outlives_the_id() -> None:
    renumbered = PanopticSegmentation.from_ids(np.where(IDS == 90_000, 7, IDS), {4: 1, 7: 0})
    before = render_overlay(IMAGE, SEGMENTATION, CATEGORIES, identities={90_000: 3})
    np.testing.assert_array_equal(before, render_overlay(IMAGE, renumbered, CATEGORIES, identities={7: 3}))
    assert (before != render_overlay(IMAGE, SEGMENTATION, CATEGORIES))[:, 20:].any()
    assert segment_colors(SEGMENTATION, CATEGORIES, {4: 3})[4] == (120, 116, 140), "stuff has one colour"


@pytest.mark.parametrize("opacity", [0.0, 0.3, 1.0])
def test_fill_blends_and_void_shows_the_image(opacity: float) -> None:
    drawn = render_overlay(IMAGE, SEGMENTATION, CATEGORIES, opacity=opacity, contours=False)
    assert drawn.dtype == np.uint8
    np.testing.assert_array_equal(drawn[:, :10], IMAGE[:, :10])
    for columns, identity in ((slice(10, 20), 4), (slice(20, 30), 90_000)):
        color = np.array(segment_colors(SEGMENTATION, CATEGORIES)[identity])
        expected = IMAGE[:, columns] * (1 - opacity) + color * opacity
        np.testing.assert_allclose(drawn[:, columns], expected, atol=0.51)


def test_contours_change_borders_only_and_never_void() -> None:
    plain = render_overlay(IMAGE, SEGMENTATION, CATEGORIES, contours=False)
    lined = render_overlay(IMAGE, SEGMENTATION, CATEGORIES)
    changed = (plain != lined).any(axis=(0, 2))
    assert changed[[10, 19, 20]].all()
    assert not changed[:10].any()
    assert not changed[14:16].any()
    assert not changed[24:].any()


def test_contours_grow_with_the_picture() -> None:
    def thickness(side: int) -> int:
        ids = np.repeat(np.arange(1, 3, dtype=np.int32), side // 2)[None].repeat(40, axis=0)
        segmentation = PanopticSegmentation.from_ids(ids, {1: 0, 2: 0})
        image = np.zeros((40, side, 3), np.uint8)
        pictures = [render_overlay(image, segmentation, CATEGORIES, contours=drawn) for drawn in (True, False)]
        return int((pictures[0] != pictures[1]).any(axis=(0, 2)).sum())

    assert thickness(4000) > 2 * thickness(500)


def test_a_segmentation_of_nothing_leaves_the_image() -> None:
    empty = PanopticSegmentation.from_ids(np.zeros((20, 30), np.int32), {})
    np.testing.assert_array_equal(render_overlay(IMAGE, empty, CATEGORIES), IMAGE)


def test_wrong_sizes_and_opacities_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(20, 29\) cannot carry a segmentation of shape \(20, 30\)"):
        render_overlay(IMAGE[:, :29], SEGMENTATION, CATEGORIES)
    with pytest.raises(ValueError, match="opacity must lie between 0 and 1"):
        render_overlay(IMAGE, SEGMENTATION, CATEGORIES, opacity=1.5)
