"""What maps are called and say, and that the ends of a scale never cross or leave what the map can hold."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet.maps import HeatMap, MapPlacement
from lpsnet_studio.canvas.colormaps import Scale
from lpsnet_studio.inference.messages import Sight
from lpsnet_studio.inference.vocabulary import SightKind
from lpsnet_studio.inspector.map_words import (
    LEAST_SPAN,
    choices_of,
    ends_that_fit,
    grid_words,
    legend_words,
    map_title,
    number_words,
    reading_words,
    ticks,
    with_end_at,
)
from tests.studio.hand_made import CATEGORIES, SKY

ANY = st.floats(-3, 3)


def heat(low: float = 0.0, **more: float) -> HeatMap:
    return HeatMap(np.array([[0.25, np.nan]], np.float32), MapPlacement(2, 2, 4, 4), "map", low=low, **more)


@given(moves=st.lists(st.tuples(st.sampled_from(["low", "high"]), ANY), max_size=8), low=st.sampled_from([0.0, -1.0]))
def test_ends_never_cross_nor_leave_the_map(moves, low):
    held, scale = heat(low), Scale("viridis", low, 1.0)
    for end, value in moves:
        scale = replace(scale, **with_end_at(scale, held, end, value))
        assert scale.high - scale.low >= LEAST_SPAN - 1e-9
        assert low <= scale.low
        assert scale.high <= 1


@given(end=st.sampled_from(["low", "high"]), value=ANY)
def test_white_stays_at_zero_of_colours_around_it(end, value):
    scale = Scale("difference", -1.0, 1.0)
    scale = replace(scale, **with_end_at(scale, heat(-1.0), end, value))
    assert scale.low == -scale.high
    assert scale.high == pytest.approx(min(max(abs(value), LEAST_SPAN), 1))


def test_a_scale_is_fitted_to_nearly_all_numbers():
    values = np.full((10, 1000), np.nan, np.float32)
    values[:, :500] = np.linspace(0.1, 0.3, 5000, dtype=np.float32).reshape(10, 500)
    values[0, 0] = 0.99
    held = HeatMap(values, MapPlacement(), "map")
    assert ends_that_fit(Scale(), held) == pytest.approx({"low": 0.1, "high": 0.3})
    around = HeatMap(values - 0.5, MapPlacement(), "difference", low=-1.0)
    assert ends_that_fit(Scale("difference"), around) == pytest.approx({"low": -0.4, "high": 0.4})


@pytest.mark.parametrize("number", [0.0, 0.5, 1.0, np.nan])
def test_a_map_of_one_number_has_a_scale_all_the_same(number):
    flat = HeatMap(np.full((3, 3), number, np.float32), MapPlacement(), "map")
    ends = ends_that_fit(Scale(), flat)
    assert 0 <= ends["low"] < ends["high"] <= 1
    assert np.isnan(number) or ends["low"] <= number <= ends["high"]


def test_an_end_goes_where_it_is_moved():
    assert with_end_at(Scale(), heat(), "low", 0.3) == {"low": 0.3}
    assert with_end_at(Scale(low=0.5), heat(), "high", 0.2) == {"high": 0.5 + LEAST_SPAN}


def test_differences_are_offered_their_own_colours_first_and_others_never():
    assert choices_of(heat(-1.0))[0] == "difference"
    assert choices_of(heat()) == ("viridis", "magma", "cividis")


def test_numbers_have_two_digits_and_a_sign_where_they_may_be_below_zero():
    assert [number_words(value) for value in (0, 0.125, 1)] == ["0.00", "0.12", "1.00"]
    assert [number_words(value, signed=True) for value in (-0.5, -0.001, 0.5)] == ["\u22120.50", "0.00", "+0.50"]
    assert [text for _, text in ticks(0, 1)] == ["0", "0.25", "0.5", "0.75", "1"]
    assert [text for _, text in ticks(-1, 1)] == ["\u22121", "\u22120.5", "0", "+0.5", "+1"]
    assert [value for value, _ in ticks(-1, 1)] == [-1, -0.5, 0, 0.5, 1]


def test_a_reading_is_that_of_the_nearest_cell():
    assert reading_words(Sight("entropy"), heat(), CATEGORIES, 3, 3) == "0.25"
    assert reading_words(Sight("difference"), heat(-1.0), CATEGORIES, 3, 3) == "+0.25"
    assert reading_words(Sight("target"), heat(), CATEGORIES, 4, 0) == "no thing here"
    classes = HeatMap(np.array([[SKY]], np.float32), MapPlacement(), "classes", high=3)
    assert reading_words(Sight("next_best"), classes, CATEGORIES, 0, 0) == "sky"


@pytest.mark.parametrize("kind", get_args(SightKind))
def test_every_map_has_a_title_of_its_own_and_says_what_its_numbers_are(kind):
    sight = Sight(kind, label=0)
    titles = {map_title(Sight(other, label=0), CATEGORIES) for other in get_args(SightKind) if other != kind}
    assert map_title(sight, CATEGORIES) not in titles
    assert legend_words(sight).endswith(".")


def test_titles_name_level_class_and_target():
    assert map_title(Sight("borderness", level=4), CATEGORIES) == "Border-ness, P4"
    assert map_title(Sight("class", label=1), CATEGORIES) == "Probability of car"
    assert map_title(Sight("difference", level=3, target="box"), CATEGORIES) == "P3 minus target, box"
    assert "4 × 4 pixels" in legend_words(Sight("margin"))
    assert grid_words(heat()) == "2 × 1 cells of 4 px"
