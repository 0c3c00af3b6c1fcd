"""Lengths of time and sizes of files in words, the same wherever they are said; no Qt."""

from __future__ import annotations

__all__ = ["length_words", "size_words"]


def length_words(seconds: float) -> str:
    """Returns a length of time, as exactly as one wants to know it."""
    if seconds < 59.5:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{round(seconds / 86400)} days"


def size_words(count: int) -> str:
    """Returns a number of bytes in the largest unit that leaves a number above 1."""
    size = float(count)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
