"""Drawn scenes: the same from the same seed, with a truth that fits the picture."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from lpsnet.scenes import WEATHERS, draw_scene, draw_truth, scene_categories
from lpsnet.scenes.canvas import Camera, Canvas, Pen

SEEDS = range(8)
drawn = cache(draw_scene)


def test_classes_are_seven_of_stuff_and_seven_of_things() -> None:
    categories = scene_categories()
    assert [entry.id for entry in categories] == list(range(1, 15))
    assert [entry.name for entry in categories] == [
        "sky", "building", "road", "pavement", "grass", "tree", "water",
        "car", "bus", "person", "bicycle", "dog", "ball", "sign",
    ]  # fmt: skip
    assert categories.isthing.tolist() == [False] * 7 + [True] * 7


def test_same_seed_same_scene_and_other_seed_another() -> None:
    first, second, other = drawn(3), draw_scene(3), drawn(4)
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.segmentation.ids, second.segmentation.ids)
    assert first.segmentation.segments == second.segmentation.segments
    assert (first.image != other.image).mean() > 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_every_pixel_belongs_to_a_segment_and_every_thing_can_be_found(seed: int) -> None:
    scene = drawn(seed)
    isthing = scene_categories().isthing
    assert scene.image.shape == (384, 512, 3)
    assert scene.image.dtype == np.uint8
    assert (scene.segmentation.ids > 0).all()
    stuff = [segment.label for segment in scene.segmentation.segments if not isthing[segment.label]]
    assert len(stuff) == len(set(stuff))
    things = [segment for segment in scene.segmentation.segments if isthing[segment.label]]
    assert things
    # Drawn at twice the resolution, a silhouette may lose a few pixels against the plan that kept it.
    assert min(segment.area for segment in things) >= 45


def test_scenes_differ_and_use_every_class() -> None:
    seen: dict[str, int] = {}
    for seed in range(30):
        for segment in draw_scene(seed, 192, 256).segmentation.segments:
            name = scene_categories()[segment.label].name
            seen[name] = seen.get(name, 0) + 1
    assert seen.keys() == {entry.name for entry in scene_categories()}


@pytest.mark.parametrize("size", [(64, 64), (300, 200), (97, 351), (768, 1024), (64, 900), (900, 64)])
def test_any_size_can_be_drawn(size: tuple[int, int]) -> None:
    scene = draw_scene(1, *size)
    assert scene.image.shape == (*size, 3)
    assert scene.segmentation.ids.shape == size
    assert (scene.segmentation.ids > 0).all()


def test_large_pictures_show_the_same_things_larger() -> None:
    def things(height: int, width: int) -> dict[int, tuple[int, float]]:
        segments = draw_truth(5, height, width).segments
        return {each.id: (each.label, each.area / (height * width)) for each in segments if each.label >= 7}

    small, large = things(384, 512), things(1152, 1536)
    assert small.keys() == large.keys()
    for identity, (label, share) in small.items():
        assert large[identity][0] == label
        assert large[identity][1] == pytest.approx(share, rel=0.12)


def test_bad_values_are_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="64 × 64 pixels or more, not 63 × 80"):
        draw_scene(0, 80, 63)
    with pytest.raises(ValueError, match="seed must be 0 or more, not -1"):
        draw_scene(-1)
    with pytest.raises(ValueError, match=r"must be one of noon, .*, night, not 'hail'"):
        draw_scene(0, weather="hail")


def test_weather_changes_the_picture_and_never_the_truth() -> None:
    plain = draw_scene(9, 192, 256)
    pictures = []
    for weather in WEATHERS:
        scene = draw_scene(9, 192, 256, weather=weather)
        np.testing.assert_array_equal(scene.segmentation.ids, plain.segmentation.ids)
        assert scene.segmentation.segments == plain.segmentation.segments
        pictures.append(scene.image)
    others = [np.array_equal(plain.image, picture) for picture in pictures]
    assert sum(others) == 1, "the seed's own weather is one of them"
    assert len({picture.tobytes() for picture in pictures}) == len(WEATHERS)


def test_night_is_dark_but_for_lamps_and_snow_is_white() -> None:
    noon, night, snow = (
        draw_scene(2, 192, 256, weather=weather).image.astype(float) for weather in ("noon", "night", "snow")
    )
    assert night.mean() < 0.62 * noon.mean()
    assert night.max() > 230
    assert snow[130:].mean() > noon[130:].mean() + 10


def test_all_weathers_come_up() -> None:
    from lpsnet.scenes.chance import Chance
    from lpsnet.scenes.weather import choose_weather

    assert {choose_weather(Chance(seed)).name for seed in range(200)} == set(WEATHERS)


@pytest.mark.parametrize("size", [(384, 512), (97, 351), (240, 135)])
def test_the_truth_alone_is_that_of_the_picture(size: tuple[int, int]) -> None:
    for seed in range(3):
        scene, truth = draw_scene(seed, *size), draw_truth(seed, *size)
        np.testing.assert_array_equal(scene.segmentation.ids, truth.ids)
        assert scene.segmentation.segments == truth.segments


def test_borders_of_things_are_borders_of_colour() -> None:
    """A truth that is shifted against its picture would see weaker edges than the one that fits."""

    def edge_strength(shift: tuple[int, int]) -> float:
        total, count = 0.0, 0
        for seed in range(4):
            scene = drawn(seed)
            ids = np.roll(scene.segmentation.ids, shift, axis=(0, 1))[8:-8, 8:-8]
            image = scene.image[8:-8, 8:-8].astype(np.int16)
            border = (ids[:, 1:] != ids[:, :-1]) & (np.maximum(ids[:, 1:], ids[:, :-1]) > 7)
            total += float(np.abs(image[:, 1:] - image[:, :-1]).sum(axis=2)[border].sum())
            count += int(border.sum())
        return total / count

    fitting = edge_strength((0, 0))
    assert all(edge_strength(shift) < 0.8 * fitting for shift in ((0, 1), (0, -1), (2, 0), (-2, 0), (0, 3)))


def test_colours_and_ids_cover_the_same_samples() -> None:
    canvas = Canvas(60, 80)
    camera = Camera(focal=60.0, x=0.0, height=1.5, horizon=25.0, vanishing_x=40.0, bottom=60.0)
    pen = Pen(canvas, camera, (0.0, 4.0), 9, haze=((0.0, 0.0, 0.0), 0.0))
    pen.rounded([(-1, 0), (1, 0.1), (0.8, 1.6), (-0.7, 1.5)], (200, 100, 50))
    pen.stroke([(0, 1), (1.4, 2.0)], 0.2, (10, 220, 90), 0.05)
    pen.ellipse(-0.9, 1.2, 0.5, 0.3, (50, 60, 240))
    pen.discs(np.array([[0.2, 0.3], [0.5, 1.1]]), np.array([0.3, 0.2]), [(90, 10, 10), (10, 90, 10)])
    pen.veil([(0, 0), (0.4, 0), (0.4, 2.2)], (250, 250, 250), 0.5)
    np.testing.assert_array_equal(canvas.color.any(axis=2), canvas.ids == 9)
    assert 400 < (canvas.final_ids() == 9).sum() < 1200


def test_final_ids_are_the_majority_of_the_samples() -> None:
    canvas = Canvas(1, 5)
    canvas.ids[:] = [[1, 1, 1, 2, 3, 2, 4, 5, 1, 2], [1, 1, 2, 2, 2, 2, 6, 6, 3, 4]]
    assert canvas.final_ids().tolist() == [[1, 2, 2, 6, 1]]


def test_camera_projects_as_a_pinhole_does() -> None:
    camera = Camera(focal=400.0, x=1.0, height=2.0, horizon=150.0, vanishing_x=250.0, bottom=384.0)
    assert camera.point(1.0, 2.0, 10.0) == (250.0, 150.0)
    assert camera.point(3.0, 0.0, 10.0) == (330.0, 230.0)
    assert camera.point(0.0, 0.0, camera.nearest)[1] == pytest.approx(384.0)
    assert camera.scale(8.0) == 50.0
    # What stands on the ground and its mirror image meet at the foot, as far above it as below.
    foot, head = camera.point(2.0, 0.0, 9.0), camera.point(2.0, 1.5, 9.0)
    mirrored = camera.mirrored()
    assert mirrored.point(2.0, 0.0, 9.0) == foot
    assert mirrored.point(2.0, 1.5, 9.0)[1] - foot[1] == pytest.approx(foot[1] - head[1])
    assert camera.scaled(0.5).point(3.0, 1.0, 10.0) == pytest.approx(np.array(camera.point(3.0, 1.0, 10.0)) / 2)
