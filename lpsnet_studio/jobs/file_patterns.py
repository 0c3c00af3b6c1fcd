"""Which files a chooser offers first, by what is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from lpsnet.images import IMAGE_SUFFIXES
from lpsnet.weight_files import WEIGHT_SUFFIXES

__all__ = ["file_patterns"]

_PATTERNS: Mapping[str, str] = {
    "checkpoint": f"Checkpoints ({' '.join(f'*{suffix}' for suffix in WEIGHT_SUFFIXES)})",
    "weights": f"Weights ({' '.join(f'*{suffix}' for suffix in WEIGHT_SUFFIXES)})",
    "json": "JSON files (*.json)",
    "annotations": "JSON files (*.json)",
    "pictures": f"Pictures and JSON files ({' '.join(f'*{suffix}' for suffix in (*sorted(IMAGE_SUFFIXES), '.json'))})",
    "config": "Configs (*.yaml *.yml)",
}
_EVERYTHING = "All files (*)"


def file_patterns(asked: str) -> str:
    """Returns the patterns of a file chooser for what is asked for in words, such as ``Panoptic JSON``."""
    words = asked.casefold()
    found = [pattern for word, pattern in _PATTERNS.items() if word in words]
    return ";;".join([*found[:1], _EVERYTHING])
