"""Decoding: from the raw :class:`~lpsnet.model.output.NetworkOutput` of one image to labels and detections.

Parts that share nothing but the network's output: :mod:`~lpsnet.decoding.semantics` turns semantic logits into a label
map of the original image, :mod:`~lpsnet.decoding.semantic_evidence` says how sure they are,
:mod:`~lpsnet.decoding.boxes` turns locations into scored, suppressed boxes. All are pure functions; their names are
loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lpsnet.decoding.boxes import borderness_maps, candidates, class_probabilities, location_levels, locations
    from lpsnet.decoding.checks import NonFiniteOutput
    from lpsnet.decoding.semantic_evidence import (
        class_probability,
        entropy,
        margin,
        next_best,
        probabilities_at,
        semantic_placement,
        semantic_probabilities,
    )
    from lpsnet.decoding.semantics import next_best_stuff, semantic_labels

__all__ = [
    "NonFiniteOutput",
    "borderness_maps",
    "candidates",
    "class_probabilities",
    "class_probability",
    "entropy",
    "location_levels",
    "locations",
    "margin",
    "next_best",
    "next_best_stuff",
    "probabilities_at",
    "semantic_labels",
    "semantic_placement",
    "semantic_probabilities",
]

_HOME = {
    "NonFiniteOutput": "checks",
    "borderness_maps": "boxes",
    "candidates": "boxes",
    "class_probabilities": "boxes",
    "class_probability": "semantic_evidence",
    "entropy": "semantic_evidence",
    "location_levels": "boxes",
    "locations": "boxes",
    "margin": "semantic_evidence",
    "next_best": "semantic_evidence",
    "next_best_stuff": "semantics",
    "probabilities_at": "semantic_evidence",
    "semantic_labels": "semantics",
    "semantic_placement": "semantic_evidence",
    "semantic_probabilities": "semantic_evidence",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
