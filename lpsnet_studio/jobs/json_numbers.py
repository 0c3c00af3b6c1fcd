"""Numbers as files hold them that anybody may have written."""

from __future__ import annotations

import math

__all__ = ["finite"]


def finite(value: object) -> float | None:
    """Returns a number of a JSON file; None for anything else, for what is not finite, and for what no float holds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
