"""Few points that look like all of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet_studio.jobs.decimation import extremes, within


@pytest.mark.parametrize("at", [0, 1, 499_999, 999_998, 999_999])
@pytest.mark.parametrize("spike", [50.0, -50.0])
def test_no_single_spike_is_lost_among_a_million(at: int, spike: float) -> None:
    values = np.random.default_rng(0).random(1_000_000).astype(np.float32)
    values[at] = spike
    values[::1000][values[::1000] != np.float32(spike)] = np.nan
    kept = extremes(values, 700)
    assert len(kept) <= 2 * 700 + 4
    assert at in kept


@given(st.lists(st.floats(-9, 9) | st.just(math.nan), max_size=200), st.integers(1, 30))
def test_each_run_of_neighbours_keeps_its_lowest_and_its_highest(values: list[float], buckets: int) -> None:
    curve = np.array(values)
    kept = extremes(curve, buckets)
    assert kept.tolist() == sorted(set(kept.tolist()))
    if len(values) <= 2 * buckets:
        assert len(kept) == len(values)
        return
    assert {0, len(values) - 1} <= set(kept.tolist())
    size = math.ceil(len(values) / buckets)
    for start in range(0, len(values), size):
        run = curve[start : start + size]
        shown = curve[[at for at in kept if start <= at < start + size]]
        if np.isfinite(run).any():
            assert (np.nanmin(shown), np.nanmax(shown)) == (np.nanmin(run), np.nanmax(run))


def test_what_is_within_has_one_more_on_either_side() -> None:
    xs = np.array([0.0, 10.0, 20.0, 20.0, 30.0, 40.0])
    assert within(xs, 15, 25) == slice(1, 5)
    assert within(xs, 10, 20) == slice(0, 5)
    assert within(xs, -9, 99) == slice(0, 6)
    assert within(xs, 50, 60) == slice(5, 6)
    assert within(xs[:0], 0, 1) == slice(0, 0)
