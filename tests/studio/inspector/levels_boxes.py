"""Candidates around the hand-made merge: its five detections, and a box for every place before them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from lpsnet.structures import BordernessLevel, BordernessMaps, Candidates, DropStage, InspectionSettings
from lpsnet_studio.inference.messages import Inspect, ModelLoaded, OpenImage
from lpsnet_studio.state import NetworkChoice, Result
from tests.studio.hand_made import (
    CAR,
    CATEGORIES,
    HEIGHT,
    PERSON,
    WIDTH,
    ListeningService,
    card,
    detections,
    entries,
    inspected,
    opened,
    trace,
)

FIRST, SECOND, THIRD, CAR_BOX, ON_NOTHING, SUPPRESSED, BELOW, BEYOND_TOP_K, BEYOND_CAP = range(9)
IOU = 630 / 690


def candidates() -> Candidates:
    """Rows are named by the constants of this module; locations are the boxes' centres but for the suppressed one."""
    merged = detections()
    boxes = np.concatenate((merged.boxes, [[11, 20, 33, 50], [0, 0, 20, 20], [2, 2, 12, 12], [40, 0, 80, 60]]))
    class_scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.95, 0.04, 0.3, 0.4], np.float32)
    borderness = np.array([1, 1, 1, 1, 1, 0.9, 1, 0.5, 0.5], np.float32)
    dropped = [DropStage.NONE] * 5 + [DropStage.NMS, DropStage.SCORE, DropStage.TOP_K, DropStage.CAP]
    location = (boxes[:, :2] + boxes[:, 2:]) / 2
    location[SUPPRESSED] = 14, 28
    nobody, iou = np.full(9, -1, np.int32), np.zeros(9, np.float32)
    nobody[SUPPRESSED], iou[SUPPRESSED] = FIRST, IOU
    return Candidates(
        boxes=boxes.astype(np.float32),
        labels=np.array([*merged.labels, PERSON, CAR, CAR, PERSON], np.int32),
        scores=class_scores * borderness,
        class_scores=class_scores,
        borderness=borderness,
        level=np.array([4, 4, 5, 3, 3, 4, 3, 3, 6], np.uint8),
        location=location.astype(np.float32),
        dropped_at=np.array(dropped, np.uint8),
        suppressed_by=nobody,
        iou=iou,
    )


def borderness() -> BordernessMaps:
    """The network saw the image twice as large; every level says its own number everywhere."""
    levels = []
    for level in range(3, 8):
        stride = 2**level
        shape = -(-2 * HEIGHT // stride), -(-2 * WIDTH // stride)
        levels.append(BordernessLevel(np.full(shape, level / 10, np.float32), stride, stride // 2, level))
    return BordernessMaps(tuple(levels), scale=(2.0, 2.0))


def result(made: Candidates | None = None) -> Result:
    merged = trace()
    return Result(
        settings=InspectionSettings(stuff_limit=0, conflict="smallest"),
        categories=CATEGORIES,
        size=(HEIGHT, WIDTH),
        preview=False,
        labels=merged.labels,
        candidates=candidates() if made is None else made,
        borderness=borderness(),
        detections=detections(),
        trace=merged,
        quality=None,
        stages=(),
        seconds=0.0,
    )


def open_with_boxes(session: Any, service: ListeningService, made: Candidates | None = None) -> None:
    """Goes all the way: network loaded, image opened, merge received with its candidates."""
    session.load_model(NetworkChoice("hand-made"))
    session.receive(ModelLoaded(service.posted[-1].request, card()))
    session.set_entries(entries())
    session.receive(opened(service.last(OpenImage)))
    answer_with_boxes(session, service, made)


def answer_with_boxes(session: Any, service: ListeningService, made: Candidates | None = None) -> None:
    """Lets the service answer the last request for a result."""
    reply = inspected(service.last(Inspect))
    session.receive(replace(reply, candidates=candidates() if made is None else made, borderness=borderness()))
