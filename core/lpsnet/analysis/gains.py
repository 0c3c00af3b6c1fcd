"""What ground truth in place of semantics, of boxes, or of both would bring to one image (paper Table 6, row 56)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lpsnet.metrics.panoptic_quality import MeanQuality, PanopticQuality
from lpsnet.structures import InspectionSettings

__all__ = ["OracleGains", "OracleResult", "biggest_gain", "gain_words"]

_UNNOTICED = 0.0005
"""A change of PQ that disappears when percent are written with one digit."""


@dataclass(frozen=True, slots=True)
class OracleResult:
    """The quality of one image under one choice of oracles.

    Attributes:
        semantic_oracle: whether the label map is the ground truth's.
        box_oracle: whether the boxes are the ground truth's.
        all: PQ, SQ and RQ over the classes that occur, in [0, 1]; NaN if none does.
        things: over the thing classes.
        stuff: over the stuff classes.
    """

    semantic_oracle: bool
    box_oracle: bool
    all: MeanQuality
    things: MeanQuality
    stuff: MeanQuality

    @classmethod
    def of(cls, quality: PanopticQuality, *, semantic_oracle: bool, box_oracle: bool) -> OracleResult:
        """Takes the three means of a quality."""
        return cls(semantic_oracle, box_oracle, quality.all, quality.things, quality.stuff)

    @property
    def name(self) -> str:
        """What it is called: ``network alone``, ``true semantics``, ``true boxes`` or ``both true``."""
        if self.semantic_oracle and self.box_oracle:
            return "both true"
        if self.semantic_oracle:
            return "true semantics"
        return "true boxes" if self.box_oracle else "network alone"


@dataclass(frozen=True, slots=True)
class OracleGains:
    """The four choices of oracles on one image, everything else set alike.

    Attributes:
        as_it_is: without an oracle: the network alone.
        semantics: with ground-truth semantics.
        boxes: with ground-truth boxes.
        both: with both: what the panoptic head alone leaves undone.
    """

    as_it_is: OracleResult
    semantics: OracleResult
    boxes: OracleResult
    both: OracleResult

    @property
    def results(self) -> tuple[OracleResult, ...]:
        """The four, in that order."""
        return self.as_it_is, self.semantics, self.boxes, self.both

    def in_force(self, settings: InspectionSettings) -> OracleResult:
        """Returns the one with the oracles that settings ask for: its PQ is that of the result they give."""
        return self._with(settings.semantic_oracle, settings.box_oracle)

    def with_semantics(self, result: OracleResult) -> OracleResult:
        """Returns the one that has ground-truth semantics on top of another's oracles."""
        return self._with(True, result.box_oracle)

    def with_boxes(self, result: OracleResult) -> OracleResult:
        """Returns the one that has ground-truth boxes on top of another's oracles."""
        return self._with(result.semantic_oracle, True)

    def name_now(self, result: OracleResult, settings: InspectionSettings) -> str:
        """Returns a result's name, with ``(now)`` behind it if its oracles are those that settings ask for."""
        return f"{result.name} (now)" if result is self.in_force(settings) else result.name

    def gain(self, result: OracleResult, before: OracleResult | None = None) -> float:
        """Returns how much greater PQ is than before, in [-1, 1]; 0 where no class occurs in either.

        Args:
            result: one of the four.
            before: another of them; None for the network alone.
        """
        old, new = (before or self.as_it_is).all.pq, result.all.pq
        return 0.0 if math.isnan(old) or math.isnan(new) else new - old

    def _with(self, semantic_oracle: bool, box_oracle: bool) -> OracleResult:
        if semantic_oracle:
            return self.both if box_oracle else self.semantics
        return self.boxes if box_oracle else self.as_it_is


def gain_words(gain: float) -> str:
    """Returns a change of PQ in percent with its sign, such as ``+14.2``, ``−1.1`` or ``±0.0``."""
    if abs(gain) < _UNNOTICED:
        return "±0.0"
    return f"{'+' if gain > 0 else '−'}{abs(100 * gain):.1f}"


def biggest_gain(gains: OracleGains, settings: InspectionSettings) -> str:
    """Returns which of semantics and boxes would help most, in a sentence with the figures.

    Args:
        gains: of one image.
        settings: what is in force; an input that is the ground truth's already is not said to help.
    """
    now = gains.in_force(settings)
    if now.semantic_oracle and now.box_oracle:
        return "Semantics and boxes are the ground truth's already: what is left is the panoptic head's."
    if now.semantic_oracle:
        gained = gain_words(gains.gain(gains.both, now))
        return f"Semantics are the ground truth's already; true boxes on top would bring {gained} PQ."
    if now.box_oracle:
        gained = gain_words(gains.gain(gains.both, now))
        return f"Boxes are the ground truth's already; true semantics on top would bring {gained} PQ."
    return _biggest_gain_of_network(gains)


def _biggest_gain_of_network(gains: OracleGains) -> str:
    semantics, boxes, both = (gains.gain(result) for result in (gains.semantics, gains.boxes, gains.both))
    figures = f"true semantics {gain_words(semantics)}, true boxes {gain_words(boxes)}, both {gain_words(both)} PQ"
    if max(semantics, boxes, both) < _UNNOTICED:
        return f"Neither true semantics nor true boxes would help this image: {figures}."
    if abs(semantics - boxes) < _UNNOTICED:
        helps = "Semantics and boxes would help alike"
    else:
        helps = f"Of the two inputs, {'semantics' if semantics > boxes else 'boxes'} would help most"
    if max(semantics, boxes) < _UNNOTICED:
        helps = "Only semantics and boxes together would help"
    return f"{helps}: {figures}."
