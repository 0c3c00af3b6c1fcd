"""Sizes in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet.sizes import size_words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (999.6, "1.0 kB"),
        (1000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (9_951, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (2_500_000, "2.5 MB"),
        (45_000_000, "45 MB"),
        (999_600_000, "1.0 GB"),
        (12_060_000_000, "12.1 GB"),
        (10**13, "10000.0 GB"),
    ],
)
def test_sizes(count: float, words: str) -> None:
    assert size_words(count) == words


@given(st.integers(0, 10**15))
def test_what_is_said_is_the_size_to_a_twentieth(count: int) -> None:
    number, unit = size_words(count).split()
    told = float(number) * {"bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}[unit]
    assert told == pytest.approx(count, rel=0.0511)
    assert float(number) < 1000 or unit == "GB"
