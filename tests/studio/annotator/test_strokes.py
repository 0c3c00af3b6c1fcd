from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lpsnet_studio.annotator.placed_mask import PlacedMask
from lpsnet_studio.annotator.strokes import Point, box_mask, brush_segment, brush_stroke, polygon_mask

SIZE = (24, 31)
HALF_DIAGONAL = math.sqrt(0.5) + 1e-6
coordinates = st.floats(-12, 44, allow_nan=False)
points = st.tuples(coordinates, coordinates)
near_grid = st.integers(-4, 70).map(lambda half: half / 2)
grid_points = st.tuples(near_grid, near_grid)


def centres() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    return columns + 0.5, rows + 0.5


def distance_to_way(start: Point, end: Point) -> NDArray[np.float64]:
    x, y = centres()
    way = np.array(end) - np.array(start)
    square = float(way @ way)
    along = np.clip(((x - start[0]) * way[0] + (y - start[1]) * way[1]) / square, 0, 1) if square > 0 else 0 * x
    return np.hypot(x - start[0] - along * way[0], y - start[1] - along * way[1])


def chebyshev_to_way(start: Point, end: Point, steps: int = 2000) -> NDArray[np.float64]:
    x, y = centres()
    least = np.full(SIZE, np.inf)
    for share in np.linspace(0, 1, steps):
        cx, cy = start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])
        least = np.minimum(least, np.maximum(abs(x - cx), abs(y - cy)))
    return least


@given(points, points, st.floats(0.5, 15))
@example((3.0, 4.0), (3.0, 4.0), 0.5)
@example((5.5, 5.5), (20.5, 5.5), 2.0)
@example((8.5, 12.9375), (-0.03125, 26.875), 1.0)
def test_a_round_brush_covers_the_centres_within_its_radius(start: Point, end: Point, radius: float) -> None:
    found = brush_segment(start, end, radius, SIZE).whole(SIZE)
    distances = distance_to_way(start, end)
    assert found[distances < radius - 1e-6].all()
    beyond = found & (distances > radius + 1e-6)
    assert (distances[beyond] <= HALF_DIAGONAL).all()


@given(points, points, st.floats(2, 12))
def test_a_square_brush_covers_the_square_wherever_it_passes(start: Point, end: Point, radius: float) -> None:
    found = brush_segment(start, end, radius, SIZE, "square").whole(SIZE)
    distances = chebyshev_to_way(start, end)
    step = math.dist(start, end) / 1999
    assert found[distances < radius - 1e-6].all()
    assert not found[distances > radius + step + 1e-6].any()


@given(st.floats(0, 30.99), st.floats(0, 23.99))
def test_the_smallest_brush_always_paints_the_pixel_it_points_at(x: float, y: float) -> None:
    assert brush_segment((x, y), (x, y), 0.5, SIZE).whole(SIZE)[int(y), int(x)]


@given(st.floats(0, 30.9), st.floats(0, 23.9), st.floats(0, 30.9), st.floats(0, 23.9))
def test_a_thin_stroke_is_unbroken(ax: float, ay: float, bx: float, by: float) -> None:
    found = brush_segment((ax, ay), (bx, by), 0.5, SIZE).whole(SIZE)
    assert cv2.connectedComponents(found.view(np.uint8), connectivity=8)[0] == 2
    assert found[int(ay), int(ax)]
    assert found[int(by), int(bx)]


@given(points, points, st.floats(0.5, 12), st.sampled_from(["round", "square"]))
def test_a_stroke_stays_in_the_image_and_only_touches_its_own_box(
    start: Point, end: Point, radius: float, shape: str
) -> None:
    found = brush_segment(start, end, radius, SIZE, shape)  # type: ignore[arg-type]
    y0, x0, y1, x1 = found.window
    assert 0 <= y0 <= y1 <= SIZE[0]
    assert 0 <= x0 <= x1 <= SIZE[1]
    assert y1 - y0 <= abs(start[1] - end[1]) + 2 * max(radius, 1) + 2
    assert x1 - x0 <= abs(start[0] - end[0]) + 2 * max(radius, 1) + 2


def test_a_stroke_is_the_union_of_its_ways_however_long_they_are() -> None:
    size = (40, 3000)
    way = [(10.0, 20.0), (2900.0, 21.0), (2900.0, 5.0)]
    pieces = list(brush_stroke(way, 3.0, size))
    assert len(pieces) > 6
    expected = brush_segment(way[0], way[1], 3.0, size).whole(size) | brush_segment(way[1], way[2], 3.0, size).whole(
        size
    )
    differing = PlacedMask.union(pieces).whole(size) != expected
    assert differing.sum() <= 2, "but for a centre on the very rim"
    (dab,) = brush_stroke(way[:1], 3.0, size)
    assert dab.area == brush_segment(way[0], way[0], 3.0, size).area


@pytest.mark.parametrize("radius", [0.49, 0.0, -1.0, math.nan, math.inf])
def test_a_brush_without_a_size_is_refused(radius: float) -> None:
    with pytest.raises(ValueError, match="radius"):
        brush_segment((1, 1), (2, 2), radius, SIZE)


@pytest.mark.parametrize("point", [(math.nan, 1.0), (1.0, math.inf), (-math.inf, 1.0), (1e12, 0.0)])
def test_points_that_are_nowhere_are_refused(point: Point) -> None:
    with pytest.raises(ValueError, match="finite"):
        brush_segment((1, 1), point, 2.0, SIZE)


def crossings_to_the_left(corners: Sequence[Point], x: float, y: float) -> int:
    """Counts, edge by edge, how often the ray from a point to the left meets a polygon."""
    count = 0
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if ay > by:
            ax, ay, bx, by = bx, by, ax, ay
        if ay <= y < by and ax + (y - ay) / (by - ay) * (bx - ax) <= x:
            count += 1
    return count


@given(st.lists(points, min_size=3, max_size=9) | st.lists(grid_points, min_size=3, max_size=9))
def test_a_polygon_holds_the_centres_from_which_a_ray_meets_it_an_odd_number_of_times(corners: list[Point]) -> None:
    found = polygon_mask(corners, SIZE).whole(SIZE)
    expected = [
        [crossings_to_the_left(corners, x + 0.5, y + 0.5) % 2 == 1 for x in range(SIZE[1])] for y in range(SIZE[0])
    ]
    np.testing.assert_array_equal(found, expected)


@given(st.lists(grid_points, min_size=2, max_size=2), grid_points, grid_points)
def test_triangles_on_both_sides_of_an_edge_share_no_pixel_and_leave_none_out(
    edge: list[Point], one: Point, other: Point
) -> None:
    a, b = edge
    side = [np.sign((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])) for p in (one, other)]
    first, second = polygon_mask([a, b, one], SIZE).whole(SIZE), polygon_mask([b, a, other], SIZE).whole(SIZE)
    if side[0] * side[1] < 0:
        assert not (first & second).any()
    np.testing.assert_array_equal(first ^ second, polygon_mask([a, one, b, other], SIZE).whole(SIZE))


def test_a_polygon_that_crosses_itself_has_a_hole() -> None:
    outer_and_inner = [(2, 2), (20, 2), (20, 20), (2, 20), (2, 2), (8, 8), (14, 8), (14, 14), (8, 14), (8, 8)]
    found = polygon_mask([(float(x), float(y)) for x, y in outer_and_inner], SIZE)
    assert found.area == 18 * 18 - 6 * 6
    assert found.window == (2, 2, 20, 20)


def test_too_few_corners_enclose_nothing() -> None:
    assert polygon_mask([], SIZE).is_empty
    assert polygon_mask([(1, 1), (9, 9)], SIZE).is_empty
    with pytest.raises(ValueError, match="finite"):
        polygon_mask([(1, 1), (9, math.nan), (3, 3)], SIZE)


@given(points, points)
def test_a_box_holds_the_pixels_whose_centres_it_holds(corner: Point, opposite: Point) -> None:
    x, y = centres()
    inside = (x >= min(corner[0], opposite[0])) & (x < max(corner[0], opposite[0]))
    inside &= (y >= min(corner[1], opposite[1])) & (y < max(corner[1], opposite[1]))
    np.testing.assert_array_equal(box_mask(corner, opposite, SIZE).whole(SIZE), inside)
