"""Lengths of time in words, the same wherever they are said; no Qt."""

from __future__ import annotations

__all__ = ["length_words"]


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
