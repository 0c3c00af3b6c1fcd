"""Lengths of time in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet_studio.jobs.amounts import length_words
from lpsnet_studio.jobs.status import _ago


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "1 s"), (59.6, "1 min"), (3599, "1 h 0 min"), (7199, "2 h 0 min"), (47 * 3600 + 3590, "2 days")],
)
def test_lengths_of_time(seconds: float, words: str) -> None:
    assert length_words(seconds) == words
    if seconds > 5:
        assert _ago(seconds) == f"{words} ago"  # the sentence of a job rounds as its facts do


@given(st.floats(0, 1e9))
def test_no_length_of_time_has_sixty_of_anything(seconds: float) -> None:
    assert "60" not in {word for word in length_words(seconds).split() if "days" not in length_words(seconds)}
