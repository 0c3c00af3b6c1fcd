"""Hypothesis strategies for every message that travels between window and service."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lpsnet.categories import Categories, Category
from lpsnet.metrics.panoptic_quality import ImageQuality, image_quality
from lpsnet.structures import (
    Candidates,
    Detections,
    InspectionSettings,
    MergeStep,
    MergeTrace,
    PanopticSegmentation,
    Segment,
    Stage,
)
from lpsnet_studio.inference import messages

CATEGORIES = Categories((Category(1, "person", True, (220, 20, 60)), Category(92, "banner", False, (255, 255, 128))))

text = st.text(max_size=20)
sides = st.integers(1, 90)
pictures = st.builds(
    lambda shape, seed: np.random.default_rng(seed).integers(0, 256, (*shape, 3), np.uint8),
    st.tuples(sides, sides),
    st.integers(0, 9),
)
label_maps = arrays.arrays(np.uint8, st.tuples(sides, sides), elements=st.integers(0, 1))
settings = st.builds(
    InspectionSettings,
    overlap_threshold=st.floats(0, 1),
    conflict=st.sampled_from(["closest", "highest", "smallest"]),
    stuff_limit=st.integers(0, 9999),
    semantic_oracle=st.booleans(),
)


@st.composite
def segmentations(draw: st.DrawFn) -> PanopticSegmentation:
    ids = draw(arrays.arrays(np.int32, st.tuples(sides, sides), elements=st.integers(0, 3)))
    return PanopticSegmentation.from_ids(ids, {int(each): int(each) % 2 for each in np.unique(ids) if each})


@st.composite
def detections(draw: st.DrawFn) -> Detections:
    count = draw(st.integers(0, 120))
    rng = np.random.default_rng(count)
    corners = rng.random((count, 2), np.float32) * 50
    boxes = np.concatenate([corners, corners + 10], axis=1)
    return Detections.from_boxes(boxes, rng.integers(0, 2, count).astype(np.int32), rng.random(count, np.float32))


@st.composite
def candidates(draw: st.DrawFn) -> Candidates:
    found = draw(detections())
    return Candidates(
        **{field.name: getattr(found, field.name) for field in dataclasses.fields(found)},
        dropped_at=np.zeros(len(found), np.uint8),
        suppressed_by=np.full(len(found), -1, np.int32),
        iou=np.zeros(len(found), np.float32),
    )


@st.composite
def traces(draw: st.DrawFn) -> MergeTrace:
    labels = draw(label_maps)
    count = draw(st.integers(0, 100))
    rng = np.random.default_rng(count)
    steps = []
    for number in range(count):
        delta = rng.integers(0, 255, (rng.integers(1, 70), rng.integers(1, 70))).astype(np.uint8)
        window = (0, 0, *delta.shape)
        steps.append(
            MergeStep("detection", 0, number, 0.5, (0, 0, 1, 1), 9, 1, 1 / 9, "kept", 1, window=window, delta=delta)
        )
    segments = (Segment(1, 0, 9, (0, 0, 3, 3), score=0.5),)
    return MergeTrace(tuple(steps), labels.astype(np.uint16), labels, segments, 0.3, "closest", ("a note",))


@st.composite
def qualities(draw: st.DrawFn) -> ImageQuality:
    truth = draw(segmentations())
    return image_quality(truth, truth, 2)


_KNOWN: dict[Any, st.SearchStrategy[Any]] = {
    Categories: st.just(CATEGORIES),
    InspectionSettings: settings,
    Stage: st.sampled_from(Stage),
    PanopticSegmentation: segmentations(),
    Detections: detections(),
    Candidates: candidates(),
    MergeTrace: traces(),
    ImageQuality: qualities(),
    int: st.integers(0, 2**31),
    float: st.floats(allow_nan=False),
    str: text,
    bool: st.booleans(),
}


def _of_field(name: str, annotation: Any) -> st.SearchStrategy[Any]:
    """Returns a strategy for one field of a message, by its type."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if name == "pixels":
        return pictures
    if name == "values":
        return arrays.arrays(np.float32, st.tuples(sides, sides), elements=st.floats(0, 1, width=32))
    if name == "labels":
        return st.none() | label_maps
    if annotation in _KNOWN:
        return _KNOWN[annotation]
    if annotation is type(None):
        return st.none()
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    if origin in (typing.Union, types.UnionType):
        return st.one_of([_of_field("", each) for each in arguments])
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(_of_field("", arguments[0]), max_size=4).map(tuple)
    if origin is Mapping:
        return st.dictionaries(*[_of_field("", each) for each in arguments], max_size=4)
    if origin is tuple:
        return st.tuples(*[_of_field("", each) for each in arguments])
    if dataclasses.is_dataclass(annotation):
        return of_message(annotation)
    raise NotImplementedError(f"{name}: {annotation}")


def of_message(kind: Any) -> st.SearchStrategy[Any]:
    """Returns a strategy for one kind of message."""
    hints = typing.get_type_hints(kind)
    fields = {field.name: _of_field(field.name, hints[field.name]) for field in dataclasses.fields(kind)}
    return st.builds(kind, **fields)


EVERY_KIND: tuple[Any, ...] = tuple(
    dict.fromkeys((*typing.get_args(messages.Request), *typing.get_args(messages.Reply)))
)
