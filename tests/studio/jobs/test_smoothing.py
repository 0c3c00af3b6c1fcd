"""The exponential mean, against its definition value by value."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpsnet_studio.jobs.smoothing import MOST_SMOOTHING, Smoothed


def _by_definition(values: list[float], weight: float) -> list[float]:
    """Returns what TensorBoard shows: a running mean divided by what its weights sum to."""
    mean, count, out = 0.0, 0, []
    for value in values:
        if not math.isfinite(value):
            out.append(math.nan)
            continue
        mean = mean * weight + (1 - weight) * value
        count += 1
        out.append(mean / (1 - weight**count) if weight else value)
    return out


_values = st.lists(st.floats(-1000, 1000) | st.just(math.nan), max_size=300)


@settings(max_examples=100, deadline=None)
@given(_values, st.floats(0, MOST_SMOOTHING), st.lists(st.integers(0, 300), max_size=3))
def test_it_is_the_mean_that_it_says_however_the_curve_grew(
    values: list[float], weight: float, stops: list[int]
) -> None:
    smoothed, curve = Smoothed(weight), np.array(values, np.float64)
    for stop in [*sorted(stops), len(values)]:
        means = smoothed.follow(curve[:stop])
    np.testing.assert_allclose(means, _by_definition(values, weight), rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("weight", [0.0, 0.5, 0.999])
def test_a_constant_stays_what_it_is_over_very_many_values(weight: float) -> None:
    means = Smoothed(weight).follow(np.full(300_000, 7.0, np.float32))
    np.testing.assert_allclose(means, 7.0, rtol=1e-6)


def test_a_long_curve_is_right_at_its_end() -> None:
    values = np.random.default_rng(1).normal(size=20_000)
    expected = _by_definition(values.tolist(), 0.99)
    np.testing.assert_allclose(Smoothed(0.99).follow(values), expected, rtol=1e-4, atol=1e-6)


def test_weights_out_of_range_are_taken_for_the_nearest() -> None:
    assert Smoothed(2.0).weight == MOST_SMOOTHING
    assert Smoothed(-1.0).weight == 0.0
