"""What the page Why is made of, taken from the session at one time; no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lpsnet.analysis.fates import count_by_level, fates
from lpsnet.analysis.gains import OracleGains
from lpsnet.analysis.report import Subject, WhyPage, why_page
from lpsnet.structures import InspectionSettings, PanopticSegmentation
from lpsnet_studio.session import Session
from lpsnet_studio.state import Result

__all__ = ["WhyMaterial", "material_of", "page_of"]

_UNTRAINED = "Some weights of this network are random: what it predicts means nothing."
_NO_TRUTH = "There is no ground truth for this image, so nothing can be called right or wrong."
_SAVED = "This is a saved inspection: settings are compared with those that it was saved with."
_ORACLES = {
    (True, False): "The semantic oracle was on: the label map is the ground truth's.",
    (False, True): "The box oracle was on: the boxes are the ground truth's.",
    (True, True): "Both oracles were on: label map and boxes are the ground truth's, and no network ran.",
}


@dataclass(frozen=True, slots=True, eq=False)
class WhyMaterial:
    """All that a page is made of; two that are equal make the same page.

    Attributes:
        subject: what was looked at.
        pixels: RGB uint8 ``[H, W, 3]``.
        result: what became of it, at full size.
        own_settings: what the network asks for.
        truth: ground truth, if there is one.
        gains: what the oracles would bring; None if that is not known.
        truth_areas: areas of the truth's segments as its JSON states them.
    """

    subject: Subject
    pixels: NDArray[np.uint8]
    result: Result
    own_settings: InspectionSettings
    truth: PanopticSegmentation | None
    gains: OracleGains | None
    truth_areas: Mapping[int, float] | None = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WhyMaterial):
            return NotImplemented
        parts = ((self.pixels, other.pixels), (self.result, other.result), (self.truth, other.truth))
        own = (self.subject, self.own_settings, self.gains) == (other.subject, other.own_settings, other.gains)
        return own and all(one is another for one, another in parts)


def material_of(session: Session, gains: OracleGains | None) -> WhyMaterial | None:
    """Takes what a page of the current image is made of; None if its result is not here at full size."""
    result, picture, entry = session.result, session.picture, session.current
    if result is None or picture is None or entry is None or result.preview:
        return None
    if picture.pixels.shape[:2] != result.size:
        return None
    return WhyMaterial(
        subject=_subject(session, entry.name, result.settings),
        pixels=picture.pixels,
        result=result,
        own_settings=session.default_settings,
        truth=session.truth,
        gains=gains,
        truth_areas=picture.truth_areas,
    )


def _subject(session: Session, name: str, settings: InspectionSettings) -> Subject:
    remarks = []
    if oracles := _ORACLES.get((settings.semantic_oracle, settings.box_oracle)):
        remarks.append(oracles)
    if session.truth is None:
        remarks.append(_NO_TRUTH)
    kept = None if session.picture is None else session.picture.kept
    if kept is not None and settings.needs_network:
        network = kept.network.get("origin") or kept.network.get("config") or "a network of no name"
        trained = kept.network.get("weights") != "random"
        remarks += [_SAVED, *([] if trained else [_UNTRAINED])]
        return Subject(Path(name).name, network, trained, kept.network.get("device", ""), tuple(remarks))
    model = session.model
    if model is None or not settings.needs_network:
        return Subject(Path(name).name, "no network", remarks=tuple(remarks))
    if not model.trained:
        remarks.append(_UNTRAINED)
    network = Path(model.origin).name if model.file_bytes else model.name
    return Subject(Path(name).name, network, model.trained, model.device, tuple(remarks))


def page_of(material: WhyMaterial) -> WhyPage:
    """Makes the page; it takes some tenths of a second on a large image."""
    result = material.result
    levels = ()
    if result.candidates is not None:
        levels = count_by_level(result.candidates, fates(result.candidates, result.trace))
    return why_page(
        material.subject,
        material.pixels,
        result.categories,
        labels=result.labels,
        detections=result.detections,
        candidates=result.candidates,
        trace=result.trace,
        settings=result.settings,
        own_settings=material.own_settings,
        levels=levels,
        truth=material.truth if result.quality is not None else None,
        truth_areas=material.truth_areas,
        quality=result.quality,
        gains=material.gains,
    )
