"""Sizes of files and of memory in words, the same wherever they are said."""

from __future__ import annotations

__all__ = ["size_words"]

_UNITS = ("bytes", "kB", "MB", "GB")


def size_words(count: float) -> str:
    """Returns a number of bytes for people: ``999 bytes``, ``2.5 MB``, ``45 MB``, ``3.2 GB``.

    Args:
        count: 0 or more; a unit is a thousand of the one before.
    """
    size, unit = float(count), 0
    while round(size) >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    is_whole = unit == 0 or (size >= 9.95 and _UNITS[unit] != "GB")
    return f"{size:.0f} {_UNITS[unit]}" if is_whole else f"{size:.1f} {_UNITS[unit]}"
