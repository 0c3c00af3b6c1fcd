"""Decoding: from the raw :class:`~lpsnet.model.output.NetworkOutput` of one image to labels and detections.

Two halves that share nothing but the network's output: :mod:`~lpsnet.decoding.semantics` turns semantic logits into a
label map of the original image, :mod:`~lpsnet.decoding.boxes` turns locations into scored, suppressed boxes. All are
pure functions; their names are loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lpsnet.decoding.boxes import borderness_maps, candidates, class_probabilities, location_levels, locations
    from lpsnet.decoding.checks import NonFiniteOutput
    from lpsnet.decoding.semantics import next_best_stuff, semantic_labels

__all__ = [
    "NonFiniteOutput",
    "borderness_maps",
    "candidates",
    "class_probabilities",
    "location_levels",
    "locations",
    "next_best_stuff",
    "semantic_labels",
]

_HOME = {
    "NonFiniteOutput": "checks",
    "borderness_maps": "boxes",
    "candidates": "boxes",
    "class_probabilities": "boxes",
    "location_levels": "boxes",
    "locations": "boxes",
    "next_best_stuff": "semantics",
    "semantic_labels": "semantics",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
