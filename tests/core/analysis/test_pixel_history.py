"""The history of a pixel, held against a plain merge of that pixel, and on merges worked out by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpsnet.analysis.pixel_history import PixelEvent, PixelEventKind, history_of_pixel
from lpsnet.borderness import segment_borderness_maps
from lpsnet.panoptic_head import merge
from lpsnet.scenes import draw_scene
from lpsnet.scenes.compose import scene_categories
from lpsnet.structures import BordernessLevel, BordernessMaps, Detections, MergeTrace
from tests.core.analysis.plain_merge import PlainMerge

PERSON, SKY, CAR, GRASS = range(4)
ISTHING = (True, False, True, False)
VOID = 255


@dataclass(frozen=True)
class Scene:
    """What a merge is given."""

    detections: Detections
    labels: np.ndarray
    maps: BordernessMaps | None
    next_stuff: np.ndarray | None
    options: dict[str, Any]
    isthing: tuple[bool, ...] = ISTHING

    def merge(self) -> MergeTrace:
        return merge(
            self.detections,
            self.labels,
            isthing=np.array(self.isthing),
            borderness=self.maps,
            next_stuff=self.next_stuff,
            leftovers="void" if self.next_stuff is None else "next_stuff",
            **self.options,
        )

    def plain(self) -> PlainMerge:
        return PlainMerge(
            self.detections,
            self.labels,
            isthing=self.isthing,
            borderness=self.maps,
            next_stuff=self.next_stuff,
            **self.options,
        )

    def history(self, trace: MergeTrace, x: int, y: int) -> tuple[PixelEvent, ...]:
        stuff = None if self.next_stuff is None else int(self.next_stuff[y, x])
        return history_of_pixel(trace, self.detections, self.maps, x, y, next_stuff=stuff)


def random_scene(rng: np.random.Generator, **changes: Any) -> Scene:
    """Draws patches of few classes under boxes of all kinds: many share pixels, some are empty or leave the image."""
    height, width, count = (int(value) for value in rng.integers((1, 1, 0), (28, 28, 24)))
    patches = rng.choice(np.array([PERSON, PERSON, PERSON, SKY, CAR, GRASS, VOID], np.uint8), (height, width))
    labels = np.where(rng.random((height, width)) < 0.7, PERSON, patches).astype(np.uint8)
    corners = rng.integers(-8, 2 * max(height, width), (count, 2)) / 2
    boxes = np.concatenate([corners, corners + rng.integers(0, 30, (count, 2)) / 2], axis=1)
    classes = rng.choice([PERSON, PERSON, PERSON, CAR], count)
    detections = Detections.from_boxes(boxes, classes, rng.integers(1, 10, count) / 10)
    levels = tuple(
        BordernessLevel(rng.random(rng.integers(1, 9, 2), np.float32), stride, stride / 2, level)
        for level, stride in ((3, 2), (4, 4), (5, 8))
    )
    scene = Scene(
        detections=replace(detections, level=rng.integers(0, 7, count).astype(np.uint8)),
        labels=labels,
        maps=BordernessMaps(levels, (1.25, 0.8), str(rng.choice(["max", "own"]))),
        next_stuff=rng.choice(np.array([SKY, GRASS, VOID], np.uint8), (height, width)),
        options={
            "score_threshold": float(rng.choice([0.0, 0.2, 0.5])),
            "overlap_threshold": float(rng.choice([0.0, 0.3, 0.5, 0.8, 0.8, 1.0, 1.0])),
            "conflict": str(rng.choice(["closest", "highest", "smallest"])),
            "stuff_limit": int(rng.integers(0, 40)),
        },
    )
    options = {name: changes.pop(name) for name in list(changes) if name in scene.options}
    return replace(scene, options={**scene.options, **options}, **changes)


def assert_told_as_plainly(scene: Scene, trace: MergeTrace, plain: PlainMerge, x: int, y: int) -> None:
    """Holds a pixel's history against the plain merge: every step's meaning, owner and rival."""
    events = {event.step: event for event in scene.history(trace, x, y)}
    expected = plain.steps(x, y)
    assert len(trace.steps) == len(expected)
    owner = 0
    for index, step in enumerate(expected):
        assert (index in events) == bool(step.meaning)
        if index in events:
            event = events[index]
            assert (event.kind, event.before, event.after) == (step.meaning, owner, step.owner)
            assert (event.holder.owner if event.holder else 0) == step.rival
        owner = step.owner
    assert owner == trace.owners[y, x]


def assert_decided_by_what_it_says(scene: Scene, events: tuple[PixelEvent, ...], plain: PlainMerge, x: int, y: int):
    """Holds the figures of every contest against the plain merge, and the outcome against the figures."""
    for event in events:
        contested = event.kind in (PixelEventKind.WON, PixelEventKind.LOST)
        assert (event.challenger is not None) == (event.holder is not None) == contested
        if not contested:
            continue
        costs = []
        for claim in (event.challenger, event.holder):
            by_strategy = {"closest": claim.misfit, "highest": -claim.score, "smallest": claim.area}
            costs.append(by_strategy[event.conflict])
            assert costs[-1] == pytest.approx(plain.cost(claim.detection, x, y), abs=2e-6)
            assert claim.score == scene.detections.scores[claim.detection]
        assert (event.kind is PixelEventKind.WON) == (costs[0] < costs[1])


@pytest.mark.parametrize(
    ("conflict", "leftovers", "with_maps"),
    [*product(("closest", "highest", "smallest"), ("void", "next_stuff"), (True, False))],
)
def test_a_thousand_pixels_are_told_as_by_a_plain_merge_of_each(conflict, leftovers, with_maps):
    rng = np.random.default_rng([*conflict.encode(), *leftovers.encode(), with_maps])
    told = contested = 0
    while told < 1000:
        changes = {"conflict": conflict} | ({} if leftovers == "next_stuff" else {"next_stuff": None})
        scene = random_scene(rng, **changes, **({} if with_maps else {"maps": None}))
        trace, plain = scene.merge(), scene.plain()
        anywhere = rng.permutation(np.argwhere(np.ones_like(plain.contested)))[:25]
        disputed = rng.permutation(np.argwhere(plain.contested))[:50]
        for y, x in np.concatenate([anywhere, disputed]).tolist():
            if plain.is_close_call(x, y):
                continue
            assert_told_as_plainly(scene, trace, plain, x, y)
            events = scene.history(trace, x, y)
            assert_decided_by_what_it_says(scene, events, plain, x, y)
            told += 1
            contested += any(event.challenger is not None for event in events)
    assert contested > 150, "too few contested pixels to show anything"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_every_pixel_of_a_small_scene_is_told_as_plainly(seed):
    scene = random_scene(np.random.default_rng(seed))
    scene = replace(
        scene,
        labels=scene.labels[:7, :7],
        next_stuff=scene.next_stuff[:7, :7],
        options={**scene.options, "stuff_limit": scene.options["stuff_limit"] // 4},
    )
    trace, plain = scene.merge(), scene.plain()
    for y, x in np.ndindex(*scene.labels.shape):
        if not plain.is_close_call(x, y):
            assert_told_as_plainly(scene, trace, plain, x, y)


@pytest.mark.parametrize("conflict", ["closest", "highest", "smallest"])
def test_pixels_of_drawn_scenes_are_told_as_plainly(conflict):
    categories = scene_categories()
    rng = np.random.default_rng(7)
    contested = 0
    for seed in (2, 5):
        truth = draw_scene(seed, 120, 160).segmentation
        things = [segment for segment in truth.segments if categories[segment.label].isthing]
        boxes = np.array([segment.box for segment in things] * 2, np.float32)
        boxes += rng.normal(0, 3, boxes.shape)
        boxes[:, 2:] = np.maximum(boxes[:, :2], boxes[:, 2:])
        labels = [segment.label for segment in things] * 2
        scene = Scene(
            Detections.from_boxes(boxes, np.array(labels, np.int32), rng.uniform(0.1, 1, len(boxes))),
            truth.labels(len(categories)),
            segment_borderness_maps(truth.ids),
            None,
            {"score_threshold": 0.2, "overlap_threshold": 0.9, "conflict": conflict, "stuff_limit": 500},
            tuple(categories.isthing.tolist()),
        )
        trace, plain = scene.merge(), scene.plain()
        pixels = (
            rng.permutation(np.argwhere(scene.labels < VOID))[:60],
            rng.permutation(np.argwhere(plain.contested))[:60],
        )
        for y, x in np.concatenate(pixels).tolist():
            if plain.is_close_call(x, y):
                continue
            assert_told_as_plainly(scene, trace, plain, x, y)
            contested += any(event.challenger is not None for event in scene.history(trace, x, y))
    assert contested > 60


# --------------------------------------------------------------------------------------------------- worked out by hand


def detect(*rows: tuple[tuple[float, ...], int, float]) -> Detections:
    """Detections of (box, label, score)."""
    boxes, labels, scores = zip(*rows, strict=True)
    return Detections.from_boxes(np.array(boxes), np.array(labels), np.array(scores))


def kinds(events: tuple[PixelEvent, ...]) -> list[str]:
    return [str(event.kind) for event in events]


@pytest.mark.parametrize(("taken", "kind"), [(30, "lost"), (31, "discarded")])
def test_a_mask_taken_exactly_to_the_limit_is_kept(taken, kind):
    detections = detect(((0, 0, taken, 1), PERSON, 0.9), ((0, 0, 100, 1), PERSON, 0.8))
    trace = merge(detections, np.zeros((1, 100), np.uint8), isthing=np.array(ISTHING), conflict="highest")
    events = history_of_pixel(trace, detections, None, 0, 0)
    assert kinds(events) == ["claimed", kind]
    assert (events[1].overlap, events[1].overlap_threshold) == (taken / 100, 0.3)
    assert (events[1].before, events[1].after) == (1, 1)


def test_what_decided_a_contest_is_told_of_both_boxes():
    # In a row of 8, the first box's left half ends at 4; the second begins at 3, so they share the fourth pixel.
    detections = detect(((0, 0, 4, 1), PERSON, 0.9), ((3, 0, 8, 1), PERSON, 0.8))
    maps = BordernessMaps((BordernessLevel(np.full((1, 8), 0.1, np.float32), 1.0, 0.5, 0),))
    trace = merge(detections, np.zeros((1, 8), np.uint8), isthing=np.array(ISTHING), borderness=maps)
    claimed, won = history_of_pixel(trace, detections, maps, 3, 0)
    assert (claimed.kind, claimed.after, claimed.challenger) == ("claimed", 1, None)
    assert (won.kind, won.before, won.after, won.conflict) == ("won", 1, 2, "closest")
    # (l, r) are (3.5, 0.5) and (0.5, 4.5); the height is 1, so t = b.
    assert won.holder.borderness == pytest.approx((0.5 / 3.5) ** 0.5)
    assert won.challenger.borderness == pytest.approx((0.5 / 4.5) ** 0.5)
    assert won.holder.predicted == won.challenger.predicted == pytest.approx(0.1)
    assert won.challenger.misfit < won.holder.misfit
    assert (won.holder.step, won.challenger.step) == (0, 1)
    assert (won.holder.area, won.challenger.area) == (4, 5)


def test_each_box_is_compared_with_its_own_level():
    detections = detect(((0, 0, 4, 1), PERSON, 0.9), ((3, 0, 8, 1), PERSON, 0.8))
    detections = replace(detections, level=np.array([3, 4], np.uint8))
    levels = tuple(
        BordernessLevel(np.full((1, 8), value, np.float32), 1.0, 0.5, level) for level, value in ((3, 0.2), (4, 0.7))
    )
    maps = BordernessMaps(levels, pooling="own")
    trace = merge(detections, np.zeros((1, 8), np.uint8), isthing=np.array(ISTHING), borderness=maps)
    _, contest = history_of_pixel(trace, detections, maps, 3, 0)
    assert contest.holder.predicted == pytest.approx(0.2)
    assert contest.challenger.predicted == pytest.approx(0.7)


def test_without_maps_the_predicted_values_are_missing_and_nothing_else():
    detections = detect(((0, 0, 4, 1), PERSON, 0.9), ((3, 0, 8, 1), PERSON, 0.8))
    maps = BordernessMaps((BordernessLevel(np.full((1, 8), 0.1, np.float32), 1.0, 0.5, 0),))
    trace = merge(detections, np.zeros((1, 8), np.uint8), isthing=np.array(ISTHING), borderness=maps)
    with_maps, without = (history_of_pixel(trace, detections, given, 3, 0) for given in (maps, None))
    assert kinds(with_maps) == kinds(without)
    assert without[1].holder.predicted is None
    assert without[1].holder.misfit is None
    assert without[1].holder.borderness == with_maps[1].holder.borderness


def test_stuff_and_leftovers():
    labels = np.array([[PERSON, SKY, GRASS, GRASS, VOID]], np.uint8)
    nobody = Detections.from_boxes(np.zeros((0, 4)), np.zeros(0), np.zeros(0))
    trace = merge(nobody, labels, isthing=np.array(ISTHING), stuff_limit=2)
    histories = [history_of_pixel(trace, nobody, None, x, 0) for x in range(5)]
    assert [kinds(events) for events in histories] == [
        ["left void"],
        ["below limit"],
        *[["filled"]] * 2,
        ["unlabelled"],
    ]
    assert [events[0].step for events in histories] == [2, 0, 1, 1, 2]
    assert histories[1][0].candidate_pixels == 1


def test_a_class_too_small_to_adopt_a_pixel_is_told_where_it_is_known():
    labels, next_stuff = np.array([[PERSON, PERSON, GRASS]], np.uint8), np.array([[SKY, GRASS, GRASS]], np.uint8)
    nobody = Detections.from_boxes(np.zeros((0, 4)), np.zeros(0), np.zeros(0))
    trace = merge(
        nobody, labels, isthing=np.array(ISTHING), stuff_limit=2, leftovers="next_stuff", next_stuff=next_stuff
    )
    assert kinds(history_of_pixel(trace, nobody, None, 0, 0, next_stuff=SKY)) == ["below limit", "left void"]
    assert kinds(history_of_pixel(trace, nobody, None, 0, 0)) == ["left void"]
    assert kinds(history_of_pixel(trace, nobody, None, 1, 0)) == ["adopted"]
    assert kinds(history_of_pixel(trace, nobody, None, 2, 0)) == ["filled"]


def test_the_likeliest_stuff_class_says_nothing_where_leftovers_stay_void():
    labels = np.array([[PERSON, SKY]], np.uint8)
    nobody = Detections.from_boxes(np.zeros((0, 4)), np.zeros(0), np.zeros(0))
    trace = merge(nobody, labels, isthing=np.array(ISTHING), stuff_limit=2)
    assert kinds(history_of_pixel(trace, nobody, None, 0, 0, next_stuff=SKY)) == ["left void"]


def test_more_segments_than_a_byte_can_number():
    boxes = [((x, 0, x + 2, 1), PERSON, 0.9) for x in range(0, 600, 2)]
    detections = detect(*boxes, ((0, 0, 600, 1), PERSON, 0.5))
    trace = merge(
        detections, np.zeros((1, 600), np.uint8), isthing=np.array(ISTHING), overlap_threshold=1.0, conflict="smallest"
    )
    assert trace.owners.dtype == np.uint16
    claimed, lost = history_of_pixel(trace, detections, None, 599, 0)
    assert (claimed.after, lost.kind, lost.owner, lost.after) == (300, "lost", 301, 300)


@pytest.mark.parametrize(("x", "y"), [(-1, 0), (4, 0), (0, -1), (0, 2)])
def test_a_pixel_outside_the_image_is_refused(x, y):
    nobody = Detections.from_boxes(np.zeros((0, 4)), np.zeros(0), np.zeros(0))
    trace = merge(nobody, np.zeros((2, 4), np.uint8), isthing=np.array(ISTHING))
    with pytest.raises(IndexError, match="outside the image of 4×2"):
        history_of_pixel(trace, nobody, None, x, y)


def test_a_merge_of_other_detections_is_refused():
    detections = detect(((0, 0, 4, 1), PERSON, 0.9), ((0, 0, 4, 1), PERSON, 0.8))
    trace = merge(
        detections, np.zeros((1, 4), np.uint8), isthing=np.array(ISTHING), overlap_threshold=1.0, conflict="highest"
    )
    with pytest.raises(ValueError, match="its detection 1 is none of these"):
        history_of_pixel(trace, detect(((0, 0, 4, 1), PERSON, 0.9)), None, 0, 0)
