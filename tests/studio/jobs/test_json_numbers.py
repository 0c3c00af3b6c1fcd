from __future__ import annotations

import pytest

from lpsnet_studio.jobs.json_numbers import finite


@pytest.mark.parametrize(
    "value", [None, True, "1", [], {}, float("nan"), float("inf"), -float("inf"), 10**400, -(10**400)]
)
def test_what_no_float_holds_is_no_number(value: object) -> None:
    assert finite(value) is None


@pytest.mark.parametrize("value", [0, -3, 1.5, 10**300, 1e308])
def test_numbers_are_floats(value: float) -> None:
    assert finite(value) == float(value)
    assert type(finite(value)) is float
