"""What other input sizes are reckoned to cost, against what the network is really given."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from lpsnet.config import InputConfig
from lpsnet.data.transforms import input_size
from lpsnet_studio.chrome.input_costs import input_cost, offered_sides
from tests.studio.hand_made import card

sides = st.integers(40, 4000)


@given(st.integers(64, 1600), st.sampled_from([None, 1.25, 2.0]), st.integers(64, 2000), sides, sides)
def test_the_size_is_the_one_that_the_network_gets(
    now: int, cap: float | None, wanted: int, height: int, width: int
) -> None:
    rules = InputConfig(short_side=now, long_side_cap=None if cap is None else round(cap * now))
    shown = max(input_size(1, 10_000, rules.short_side, rules.long_side_cap))
    made = replace(card(), short_side=now, own_short_side=now, long_side_cap=shown)
    there = rules.scaled_to(wanted)
    expected = input_size(height, width, there.short_side, there.long_side_cap)
    got = input_cost(made, wanted, (height, width), None).size
    # The card tells the cap in whole pixels, which is half a pixel off before it is scaled.
    slack = 1 + wanted / now
    assert all(abs(one - other) <= slack for one, other in zip(got, expected, strict=True))


def test_time_and_multiply_adds_go_with_the_padded_area() -> None:
    made = replace(card(), short_side=800, own_short_side=800, long_side_cap=1333, macs=200 * 10**9)
    half = input_cost(made, 400, (800, 1024), 2.0)
    assert half.size == (400, 512)
    assert half.share == 416 * 512 / (800 * 1024)
    assert half.seconds == 2.0 * half.share
    assert half.macs == round(200 * 10**9 * (416 * 512) / (800 * 1088))
    same = input_cost(made, 800, (800, 1024), None)
    assert (same.share, same.seconds) == (1.0, None)


def test_the_configs_own_size_and_the_one_of_now_are_offered() -> None:
    assert offered_sides(replace(card(), short_side=300, own_short_side=736)) == (
        256,
        300,
        384,
        512,
        640,
        736,
        800,
        1024,
    )
