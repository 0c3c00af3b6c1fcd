"""Where axes of time and of logarithms have their ticks."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lpsnet_studio.jobs.curve_ticks import duration, duration_spacing, log_ticks, whole_ticks


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (90, "1 min 30 s"),
        (3600, "1 h"),
        (12_000, "3 h 20 min"),
        (2 * 86400 + 6 * 3600 + 59, "2 d 6 h"),
        (-90, "−1 min 30 s"),
    ],
)
def test_a_length_of_time_is_told_in_its_two_greatest_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "pixels", "spacing"),
    [(10, 900, 1), (600, 900, 60), (3600, 900, 600), (86400, 400, 21600), (30 * 86400, 900, 3 * 86400)],
)
def test_ticks_of_time_are_round_and_have_room_for_their_words(seconds: float, pixels: float, spacing: float) -> None:
    assert duration_spacing(seconds, pixels) == spacing
    assert seconds / spacing * 90 <= pixels


@pytest.mark.parametrize(
    ("low", "high", "most", "values"),
    [
        (0, 1, 10, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (0, 2, 8, [1, 2, 5, 10, 20, 50, 100]),
        (-3, 3, 8, [1e-3, 1e-2, 0.1, 1, 10, 100, 1000]),
        (math.log10(2.1), math.log10(2.9), 5, [2.2, 2.4, 2.6, 2.8]),
    ],
)
def test_ticks_of_logarithms_are_round_values(low: float, high: float, most: int, values: list[float]) -> None:
    assert [10**tick for tick in log_ticks(low, high, most)] == pytest.approx(values)


@given(st.floats(-30, 30), st.floats(0.001, 60), st.integers(2, 30))
@example(1.3000000000000007, 0.001, 2)
def test_ticks_of_logarithms_lie_in_sight_and_are_not_too_many(low: float, width: float, most: int) -> None:
    ticks = log_ticks(low, low + width, most)
    assert ticks == sorted(set(ticks))
    assert all(low - 1e-9 <= tick <= low + width + 1e-9 for tick in ticks)
    assert 1 <= len(ticks) <= most + 2


def test_a_range_that_is_none_has_no_ticks() -> None:
    assert log_ticks(1.0, 1.0, 5) == log_ticks(0.0, math.inf, 5) == log_ticks(0.0, math.nan, 5) == []


def test_there_is_no_half_of_an_iteration() -> None:
    assert whole_ticks([(1.0, [1.0, 2.0]), (0.5, [0.5, 1.5])], 0.2, 2.4) == [(1.0, [1.0, 2.0])]
    assert whole_ticks([(0.5, [0.5, 1.0, 1.5]), (0.1, [0.2])], 0.2, 1.7) == [(1.0, [1.0])]
    assert whole_ticks([(2.5, [2.5, 5.0]), (5.0, [5.0])], 0.0, 9.0) == [(5.0, [5.0])]
    assert whole_ticks([(0.01, [0.35])], 0.3, 0.4) == [(1.0, [])]


def test_the_axis_of_iterations_has_whole_ticks(qtbot: Any) -> None:
    from lpsnet_studio.jobs.curves_plot import _FigureAxis

    axis = _FigureAxis("bottom")
    axis.kind = "whole"
    for high in (1.5, 3.0, 12.0, 9000.0):
        for _spacing, places in axis.tickValues(0.0, high, 800.0):
            assert all(place == round(place) for place in places)
