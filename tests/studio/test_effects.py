"""What a change did is told segment by segment, whatever owner numbers, sizes and candidates do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lpsnet.panoptic_head import merge
from lpsnet.structures import Detections, InspectionSettings
from lpsnet_studio.effects import Comparison, Effect, Part, Summary, compare, summarize
from lpsnet_studio.inference.messages import Inspect, OpenImage
from lpsnet_studio.session import Session
from lpsnet_studio.state import Result
from tests.studio.hand_made import (
    CAR,
    CATEGORIES,
    HEIGHT,
    PERSON,
    ROAD,
    SKY,
    WIDTH,
    ListeningService,
    detections,
    inspected,
    labels,
    open_first,
    opened,
    trace,
)

SETTINGS = InspectionSettings(stuff_limit=0, conflict="smallest")


def result(settings: InspectionSettings = SETTINGS, merged: Any = None) -> Result:
    made = merged or trace(settings)
    height, width = made.owners.shape
    return Result(
        settings=settings,
        categories=CATEGORIES,
        size=(height, width),
        preview=height != HEIGHT,
        labels=made.labels,
        candidates=None,
        borderness=None,
        detections=detections(),
        trace=made,
        quality=None,
        stages=(),
        seconds=0.0,
    )


def effect(before: Result, after: Result) -> Effect:
    return compare(summarize(before), summarize(after))


def merged(boxes: list[list[float]], classes: list[int], scores: list[float], painted: np.ndarray | None = None) -> Any:
    found = Detections.from_boxes(np.array(boxes), np.array(classes), np.array(scores))
    painted = labels() if painted is None else painted
    return merge(found, painted, isthing=CATEGORIES.isthing, stuff_limit=0, conflict="smallest")


def test_segments_that_come_and_go_are_named_by_their_class() -> None:
    changed = replace(SETTINGS, score_threshold=0.7, stuff_limit=1500)
    told = effect(result(), result(changed))
    assert (told.gained, told.lost) == ((), (CAR, ROAD))
    back = effect(result(changed), result())
    assert (back.gained, back.lost) == ((CAR, ROAD), ())


def test_the_same_result_twice_is_no_change() -> None:
    assert effect(result(), result()) == Effect((), (), 0, None, None)


def test_another_candidate_of_an_object_is_the_same_object() -> None:
    """NMS keeps another of the boxes on an object, with another score and so in another order."""
    before = merged([[10, 20, 30, 50], [30, 20, 50, 50]], [PERSON, PERSON], [0.9, 0.8])
    after = merged([[31, 21, 50, 49], [10, 20, 29, 50]], [PERSON, PERSON], [0.85, 0.7])
    told = effect(result(merged=before), result(merged=after))
    assert (told.gained, told.lost) == ((), ())
    assert told.resized == 2


def test_a_box_elsewhere_is_another_object_and_another_class_too() -> None:
    before = merged([[10, 20, 30, 50]], [PERSON], [0.9])
    elsewhere = merged([[30, 20, 50, 50]], [PERSON], [0.9])
    assert effect(result(merged=before), result(merged=elsewhere)).lost == (PERSON,)
    painted = labels()
    painted[painted == PERSON] = CAR
    as_car = merged([[10, 20, 30, 50]], [CAR], [0.9], painted)
    told = effect(result(merged=before), result(merged=as_car))
    assert (told.gained, told.lost) == ((CAR,), (PERSON,))


def test_a_box_is_paired_once_with_the_one_it_has_most_in_common_with() -> None:
    first, near, same = (
        Part(PERSON, box, 100) for box in ((0.1, 0.1, 0.5, 0.5), (0.1, 0.1, 0.5, 0.55), (0.1, 0.1, 0.5, 0.5))
    )
    before = Summary(SETTINGS, (60, 80), (first,), None)
    after = Summary(SETTINGS, (60, 80), (replace(near, area=70), same), None)
    assert compare(before, after) == Effect((after.parts[0],), (), 0, None, None)


def test_a_kept_box_that_lost_all_its_pixels_is_no_segment() -> None:
    painted = np.full((HEIGHT, WIDTH), SKY, np.uint8)
    painted[20:30, 20:30] = PERSON
    both = merge(
        Detections.from_boxes(
            np.array([[15, 15, 35, 35], [20, 20, 30, 30]]), np.array([PERSON, PERSON]), np.array([0.9, 0.8])
        ),
        painted,
        isthing=CATEGORIES.isthing,
        stuff_limit=0,
        overlap_threshold=1.0,
        conflict="smallest",
    )
    assert sum(step.owner > 0 and step.label == PERSON for step in both.steps) == 2
    assert [part.label for part in summarize(result(merged=both)).parts] == [PERSON, SKY]


def test_a_preview_of_reduced_size_says_the_same() -> None:
    small = merge(
        Detections.from_boxes(detections().boxes / 2, detections().labels, detections().scores),
        labels()[::2, ::2],
        isthing=CATEGORIES.isthing,
        stuff_limit=0,
        conflict="smallest",
    )
    told = effect(result(), result(merged=small))
    assert (told.gained, told.lost, told.resized) == ((), (), None)


BOXES = st.tuples(st.integers(0, 40), st.integers(0, 30), st.integers(1, 39), st.integers(1, 29))
PARTS = st.lists(
    st.builds(
        lambda label, box, area: Part(
            label,
            (box[0] / WIDTH, box[1] / HEIGHT, (box[0] + box[2]) / WIDTH, (box[1] + box[3]) / HEIGHT),
            area,
        ),
        st.sampled_from((PERSON, CAR)),
        BOXES,
        st.integers(1, 3),
    ),
    max_size=6,
)


@given(PARTS, PARTS, st.randoms())
def test_nothing_is_counted_twice_and_order_says_nothing(before: list[Part], after: list[Part], chance: Any) -> None:
    def summary(parts: list[Part]) -> Summary:
        return Summary(SETTINGS, (HEIGHT, WIDTH), tuple(parts), None)

    told = compare(summary(before), summary(after))
    assert len(before) - len(told.lost) == len(after) - len(told.gained)
    for label in (PERSON, CAR):
        more = sum(part.label == label for part in after) - sum(part.label == label for part in before)
        assert told.gained.count(label) - told.lost.count(label) == more
    assert not set(told.lost) - {part.label for part in before}
    shuffled = chance.sample(before, len(before))
    same = compare(summary(before), summary(shuffled))
    assert (same.gained, same.lost) == ((), ())


def test_a_drag_is_compared_with_the_state_before_it() -> None:
    compared = Comparison()
    compared.begin(result(), SETTINGS)
    compared.take(result(replace(SETTINGS, score_threshold=0.7)))
    compared.take(result(replace(SETTINGS, score_threshold=0.85)))
    assert compared.effect is not None
    assert (compared.effect.gained, compared.effect.lost, compared.effect.resized) == ((), (PERSON, CAR), 0)
    compared.take(result())
    assert compared.effect == Effect((), (), 0, None, None), "back where it began"


def test_a_change_on_the_heels_of_another_is_compared_with_that_one() -> None:
    first, second = replace(SETTINGS, score_threshold=0.7), replace(SETTINGS, score_threshold=0.7, stuff_limit=1500)
    compared = Comparison()
    compared.begin(result(), SETTINGS)
    compared.begin(result(), first)
    compared.take(result(first))
    assert compared.effect is not None
    assert compared.effect.lost == (CAR,), "what the first did, while the second is on its way"
    compared.take(result(second))
    assert compared.effect.lost == (ROAD,)


def test_without_a_change_there_is_no_effect(session: Session, service: ListeningService) -> None:
    open_first(session, service)
    assert session.effect is None
    session.change_settings(score_threshold=0.7)
    assert session.effect is None, "its result is not here yet"
    session.receive(inspected(service.last(Inspect)))
    assert session.effect is not None
    assert session.effect.lost == (CAR,)
    assert session.effect.pq_before is not None
    assert session.effect.pq_after is not None
    assert session.effect.pq_after < session.effect.pq_before


def test_undo_tells_the_way_back(session: Session, service: ListeningService) -> None:
    open_first(session, service)
    session.change_settings(score_threshold=0.7)
    session.receive(inspected(service.last(Inspect)))
    session.undo()
    session.receive(inspected(service.last(Inspect)))
    assert session.effect is not None
    assert (session.effect.gained, session.effect.lost) == ((CAR,), ())


def test_another_image_starts_anew_even_if_its_first_result_comes_late(
    session: Session, service: ListeningService
) -> None:
    open_first(session, service)
    session.change_settings(score_threshold=0.7)
    session.receive(inspected(service.last(Inspect)))
    session.open_index(1)
    assert session.effect is None
    session.change_settings(score_threshold=0.2)
    session.receive(opened(service.last(OpenImage)))
    session.receive(inspected(service.last(Inspect)))
    assert session.effect is None
