"""Small pictures have the colours of their numbers at the places of the image."""

from __future__ import annotations

import numpy as np
import pytest

from lpsnet.maps import HeatMap, MapPlacement
from lpsnet_studio.canvas.colormaps import Scale, colormap
from lpsnet_studio.inspector.map_pictures import fitted, labels_picture, map_picture
from tests.studio.hand_made import CATEGORIES, HEIGHT, WIDTH, labels


def rgb(picture: np.ndarray) -> np.ndarray:
    return np.stack([(picture.view(np.uint32) >> shift) & 255 for shift in (16, 8, 0)], axis=-1)


@pytest.mark.parametrize(
    ("image", "room", "expected"),
    [((60, 80), (60, 60), (45, 60)), ((800, 200), (84, 80), (84, 21)), ((1, 900), (9, 9), (1, 9))],
)
def test_a_picture_keeps_the_proportions_of_the_image(image, room, expected):
    assert fitted(image, room) == expected


def test_numbers_have_their_colours_and_no_number_has_none():
    values = np.array([[0.0, 0.5, 1.0, np.nan]], np.float32)
    heat = HeatMap(values, MapPlacement(10, 30, 20, 60), "map")
    picture = map_picture(heat, Scale("magma", smooth=False), (60, 80), (3, 8))
    colors = rgb(picture)
    for column, place in ((0, 0), (1, 0), (4, 255), (5, 255)):
        assert colors[1, column].tolist() == colormap("magma")[place].tolist()
    assert (picture[:, 6:] == 0).all()


def test_classes_have_their_own_colours():
    heat = HeatMap(np.array([[2.0, 3.0]], np.float32), MapPlacement(20, 30, 40, 60), "next best", high=3)
    colors = rgb(map_picture(heat, Scale(), (60, 80), (2, 4), CATEGORIES))
    assert colors[0, 0].tolist() == list(CATEGORIES[2].color)
    assert colors[0, 3].tolist() == list(CATEGORIES[3].color)


def test_a_label_map_is_sampled_at_the_middle_of_each_pixel():
    picture = labels_picture(labels(), CATEGORIES, (6, 8))
    sampled = labels()[5:HEIGHT:10, 5:WIDTH:10]
    assert rgb(picture).tolist() == CATEGORIES.colors[sampled].tolist()
