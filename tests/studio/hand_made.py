"""A small merge made by hand, the replies that carry it, and a service that only listens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lpsnet.categories import Categories, Category
from lpsnet.metrics.panoptic_quality import image_quality
from lpsnet.panoptic_head import merge
from lpsnet.structures import Detections, InspectionSettings, MergeTrace, PanopticSegmentation
from lpsnet_studio.inference.messages import (
    ImageOpened,
    ImageSource,
    Inspect,
    Inspected,
    ModelCard,
    ModelLoaded,
    OpenImage,
    Request,
    TruthSource,
)
from lpsnet_studio.state import Entry, NetworkChoice

HEIGHT, WIDTH = 60, 80
PERSON, CAR, SKY, ROAD = range(4)
AT_FIRST = {"images", "segments", "steps", "settings", "layers"}
"""The docks of a window that was never opened before."""
CATEGORIES = Categories(
    (
        Category(1, "person", True, (220, 20, 60)),
        Category(3, "car", True, (0, 0, 142)),
        Category(7, "sky", False, (70, 130, 180)),
        Category(9, "road", False, (128, 64, 128)),
    )
)


class ListeningService:
    """Takes requests and never answers."""

    def __init__(self) -> None:
        self.posted: list[Request] = []
        self._number = 0

    def next_request(self) -> int:
        self._number += 1
        return self._number

    def post(self, request: Request) -> None:
        self.posted.append(request)

    def last(self, kind: type[Any]) -> Any:
        found = [request for request in self.posted if isinstance(request, kind)]
        assert found, f"no {kind.__name__} was posted"
        return found[-1]

    def count(self, kind: type[Any]) -> int:
        return sum(isinstance(request, kind) for request in self.posted)


def labels() -> np.ndarray:
    painted = np.full((HEIGHT, WIDTH), SKY, np.uint8)
    painted[30:] = ROAD
    painted[20:50, 10:50] = PERSON
    painted[35:45, 60:75] = CAR
    return painted


def detections() -> Detections:
    """Two persons whose boxes overlap a little, a third that is nearly the second, a car, and a box on nothing."""
    boxes = np.array([[10, 20, 32, 50], [28, 20, 50, 50], [29, 21, 50, 50], [60, 35, 75, 45], [0, 0, 8, 8]], np.float32)
    classes = np.array([PERSON, PERSON, PERSON, CAR, CAR], np.int32)
    return Detections.from_boxes(boxes, classes, np.array([0.9, 0.8, 0.7, 0.6, 0.5], np.float32))


def trace(settings: InspectionSettings | None = None) -> MergeTrace:
    chosen = settings or InspectionSettings(stuff_limit=0, conflict="smallest")
    return merge(
        detections(),
        labels(),
        isthing=CATEGORIES.isthing,
        score_threshold=chosen.score_threshold,
        overlap_threshold=chosen.overlap_threshold,
        conflict=chosen.conflict,
        stuff_limit=chosen.stuff_limit,
    )


def truth() -> PanopticSegmentation:
    ids = np.zeros((HEIGHT, WIDTH), np.int32)
    ids[:30], ids[30:], ids[20:50, 10:30], ids[20:50, 30:50], ids[35:45, 60:75] = 1, 2, 3, 4, 5
    return PanopticSegmentation.from_ids(ids, {1: SKY, 2: ROAD, 3: PERSON, 4: PERSON, 5: CAR})


def card(*, trained: bool = True, settings: InspectionSettings | None = None, origin: str | Path = "here") -> ModelCard:
    return ModelCard(
        name="hand-made",
        trained=trained,
        origin=str(origin),
        backbone="resnet18",
        parameters=1,
        device="cpu",
        device_reason="no CUDA device: there is no NVIDIA driver",
        short_side=64,
        categories=CATEGORIES,
        settings=settings or InspectionSettings(stuff_limit=0, conflict="smallest"),
        own_short_side=64,
        long_side_cap=107,
        macs=10**9,
    )


def entries(count: int = 3, *, with_truth: bool = True) -> list[Entry]:
    return [
        Entry(f"{n}.png", ImageSource(f"/pictures/{n}.png", TruthSource("/truth.json", n) if with_truth else None))
        for n in range(count)
    ]


def opened(request: OpenImage, *, fits: bool = True, size: tuple[int, int] = (HEIGHT, WIDTH)) -> ImageOpened:
    pixels = np.random.default_rng(1).integers(0, 255, (*size, 3)).astype(np.uint8)
    has_truth = request.source.truth is not None and size == (HEIGHT, WIDTH)
    return ImageOpened(
        request=request.request,
        image=request.image,
        pixels=pixels,
        truth=truth() if has_truth else None,
        categories=CATEGORIES,
        network_fits=fits,
        notice="",
        seconds=0.01,
    )


def inspected(request: Inspect, *, merged: MergeTrace | None = None) -> Inspected:
    made = merged or trace(request.settings)
    return Inspected(
        request=request.request,
        image=request.image,
        settings=request.settings,
        stages=(),
        preview=request.preview,
        size=made.owners.shape,
        labels=made.labels,
        candidates=None,
        borderness=None,
        detections=detections(),
        trace=made,
        quality=image_quality(made.segmentation(), truth(), len(CATEGORIES)),
        seconds=0.002,
    )


def open_first(session: Any, service: ListeningService, *, with_truth: bool = True, trained: bool = True) -> None:
    """Goes all the way: network loaded, image opened, merge received."""
    session.load_model(NetworkChoice("hand-made"))
    session.receive(ModelLoaded(service.posted[-1].request, card(trained=trained)))
    session.set_entries(entries(with_truth=with_truth))
    session.receive(opened(service.last(OpenImage)))
    session.receive(inspected(service.last(Inspect)))
    assert session.result is not None
