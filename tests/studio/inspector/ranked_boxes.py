"""The hand-made merge with the candidates that its boxes come from, and answers to what panels of maps ask."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from lpsnet.maps import HeatMap, MapPlacement
from lpsnet.structures import Candidates, DropStage
from lpsnet_studio.inference.messages import Inspect, Look, ModelLoaded, OpenImage, Seen, Sight
from lpsnet_studio.session import Session
from lpsnet_studio.state import NetworkChoice
from tests.studio.hand_made import CAR, PERSON, ListeningService, card, detections, entries, inspected, opened

BORDERNESS = np.array([1.0, 0.9, 0.75, 0.625, 1.0, 1.0, 0.5], np.float32)


def candidates() -> Candidates:
    """The boxes of the merge, whose scores are class score × border-ness, and two that were dropped before."""
    found = detections()
    scores = np.append(found.scores, np.array([0.04, 0.2], np.float32))
    dropped = np.array([DropStage.NONE] * 5 + [DropStage.SCORE, DropStage.NMS], np.uint8)
    boxes = np.vstack((found.boxes, found.boxes[:2] + 1)).astype(np.float32)
    return Candidates(
        boxes=boxes,
        labels=np.append(found.labels, np.array([CAR, PERSON], np.int32)).astype(np.int32),
        scores=scores,
        class_scores=(scores / BORDERNESS).astype(np.float32),
        borderness=BORDERNESS,
        level=np.full(7, 3, np.uint8),
        location=(boxes[:, :2] + boxes[:, 2:]) / 2,
        dropped_at=dropped,
        suppressed_by=np.array([-1] * 6 + [1], np.int32),
        iou=np.array([0] * 6 + [0.9], np.float32),
    )


def answer_inspect(session: Session, service: ListeningService) -> None:
    session.receive(replace(inspected(service.last(Inspect)), candidates=candidates()))


def open_ranked(session: Session, service: ListeningService, *, with_truth: bool = True) -> None:
    """Goes all the way to a result whose boxes border-ness has ranked."""
    session.load_model(NetworkChoice("hand-made"))
    session.receive(ModelLoaded(service.posted[-1].request, card()))
    session.set_entries(entries(with_truth=with_truth))
    session.receive(opened(service.last(OpenImage)))
    answer_inspect(session, service)


def heat_of(sight: Sight, *, rows: int = 15, columns: int = 20) -> HeatMap:
    """A ramp from left to right over the hand-made image, from its lowest to its highest number."""
    low = -1.0 if sight.kind == "difference" else 0.0
    high = 3.0 if sight.kind == "next_best" else 1.0
    ramp = np.linspace(low, high, columns, dtype=np.float32)
    if sight.kind == "next_best":
        ramp = np.floor(ramp + 0.5)
    if sight.kind == "means":
        return HeatMap(np.array([[0.4, 0.3, 0.2, 0.1]], np.float32), MapPlacement(), "Means")
    values = np.tile(ramp.astype(np.float32), (rows, 1))
    return HeatMap(values, MapPlacement(2, 2, 4, 4), sight.kind, low=low, high=high)


def answer_looks(session: Session, service: ListeningService) -> list[Sight]:
    """Answers every map that was asked for; returns which."""
    asked: list[Any] = [request for request in service.posted if isinstance(request, Look)]
    for look in asked:
        service.posted.remove(look)
        session.receive(Seen(look.request, look.image, look.sight, heat_of(look.sight)))
    return [look.sight for look in asked]
