"""Candidate boxes as pixels: where they lie, which lies on top, and what the view cuts off."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet_studio.canvas.candidate_pixels import Look, candidate_pixels
from lpsnet_studio.canvas.candidate_scene import CandidateScene, CandidatesShown, painting_order, runs

RED, GREEN = 0xFFFF0000, 0xFF00FF00
PALETTE = np.array([[255, 0, 0], [0, 255, 0]], np.uint8)
MANY = 301


def scene(boxes, colors, locations=None) -> CandidateScene:
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    far = np.full((len(boxes), 2), -1000, np.float32)
    return CandidateScene(
        boxes, far if locations is None else np.asarray(locations, np.float32), np.asarray(colors, np.intp), PALETTE,
        (40, 60),
    )  # fmt: skip


def thin(boxes, colors) -> CandidateScene:
    """As many boxes beyond the view as it takes for thin lines."""
    beyond = np.full((MANY, 4), -500.0)
    return scene(np.concatenate((beyond, boxes)), [0] * MANY + list(colors))


def painted(made: CandidateScene, look: Look) -> np.ndarray:
    return candidate_pixels(made, look).view(np.uint32)


def outline(box, look: Look) -> np.ndarray:
    """Marks the pixels of a one-pixel outline by asking each of them."""
    x0, y0, x1, y1 = (
        int(np.floor(value * scale + start))
        for value, scale, start in zip(
            box, (look.scale_x, look.scale_y) * 2, (look.x, look.y) * 2, strict=True
        )
    )  # fmt: skip
    marked = np.zeros((look.height, look.width), bool)
    for y in range(look.height):
        for x in range(look.width):
            on_side = (x in (x0, x1) and y0 <= y <= y1) or (y in (y0, y1) and x0 <= x <= x1)
            marked[y, x] = on_side
    return marked


@given(
    corners=st.lists(st.integers(-30, 60), min_size=4, max_size=4),
    zoom=st.sampled_from([0.5, 1.0, 3.0]),
    start=st.tuples(st.integers(-40, 10), st.integers(-40, 10)),
)
def test_a_box_is_painted_where_every_pixel_says_it_lies(corners, zoom, start) -> None:
    x0, x1 = sorted(corners[:2])
    y0, y1 = sorted(corners[2:])
    look = Look(*start, zoom, zoom, 32, 24)
    pixels = painted(thin([[x0, y0, x1, y1]], [1]), look)
    assert ((pixels == GREEN) == outline((x0, y0, x1, y1), look)).all()
    assert (pixels[pixels != GREEN] == 0).all()


def test_the_last_box_lies_on_top() -> None:
    look = Look(0, 0, 1, 1, 30, 30)
    box = [5, 5, 20, 20]
    assert painted(thin([box, box], [0, 1]), look)[5, 10] == GREEN
    assert painted(thin([box, box], [1, 0]), look)[5, 10] == RED


def test_few_boxes_have_thicker_lines_and_dense_screens_thicker_ones_still() -> None:
    box, look = [[5.0, 5.0, 20.0, 20.0]], Look(0, 0, 1, 1, 30, 30)
    widths = [
        int((painted(made, seen)[12, :15] != 0).sum())
        for made, seen in (
            (thin(box, [1]), look),
            (scene(box, [1]), look),
            (scene(box, [1]), look._replace(ratio=2.0)),
        )
    ]
    assert widths[0] < widths[1] < widths[2]


def test_a_location_is_a_dot_of_three_pixels_above_every_box() -> None:
    pixels = painted(scene([[-90, -90, -80, -80]] * 2, [0, 1], [[10.5, 7.5], [29.9, 0.1]]), Look(0, 0, 1, 1, 30, 20))
    assert (pixels[6:9, 9:12] == RED).all()
    assert np.count_nonzero(pixels == RED) == 9
    assert np.argwhere(pixels == GREEN).tolist() == [[0, 28], [0, 29], [1, 28], [1, 29]]


def test_strong_boxes_are_painted_last_and_colours_change_seldom() -> None:
    rng = np.random.default_rng(3)
    scores, colors = rng.random(5000), rng.integers(0, 5, 5000)
    order = painting_order(scores, colors)
    assert sorted(order.tolist()) == list(range(5000))
    ranks = np.argsort(np.argsort(scores))[order]
    assert np.abs(ranks - np.arange(5000)).max() < 5000 / 24 + 1, "no box is painted further from its rank than a band"
    assert len(runs(colors[order])) <= 24 * 5


def test_boxes_of_one_colour_are_painted_by_score_alone() -> None:
    scores = np.random.default_rng(4).random(100)
    assert painting_order(scores, np.zeros(100, np.intp)).tolist() == np.argsort(scores, kind="stable").tolist()


@pytest.mark.parametrize(
    ("colors", "expected"),
    [([], []), ([2], [(2, 0, 1)]), ([1, 1, 0, 1], [(1, 0, 2), (0, 2, 3), (1, 3, 4)])],
)
def test_runs_are_stretches_of_one_colour(colors, expected) -> None:
    assert runs(np.array(colors, np.intp)) == expected


def test_a_click_is_heard_only_while_boxes_are_shown() -> None:
    shown, heard = CandidatesShown(), []
    shown.clicked.connect(lambda x, y: heard.append((x, y)))
    shown.click(1, 2)
    shown.show(scene([[0, 0, 1, 1]], [0]))
    shown.click(3, 4)
    shown.show(None)
    shown.click(5, 6)
    assert heard == [(3, 4)]
