"""Classes are found by what is typed and by digits; without Qt."""

from __future__ import annotations

from lpsnet_studio.annotator.class_finding import digits_of, find_classes
from lpsnet_studio.annotator.labels import LabelSet
from tests.studio.annotator.on_the_desk import CAR, LABELS, PERSON, ROAD, SKY


def _ids(typed: str, labels: LabelSet = LABELS, recent: tuple[int, ...] = ()) -> list[int]:
    return [found.label.id for found in find_classes(typed, labels, recent)]


def test_recent_classes_come_first_and_then_all_in_their_order() -> None:
    assert _ids("") == [PERSON, CAR, ROAD, SKY]
    assert _ids("", recent=(SKY, CAR)) == [SKY, CAR, PERSON, ROAD]


def test_beginnings_come_before_what_is_inside_and_groups_count() -> None:
    labels = LABELS.add("railroad", isthing=False).add("road sign", isthing=True).add("scar", isthing=True)
    names = [found.label.name for found in find_classes("road", labels)]
    assert names == ["road", "road sign", "railroad"]
    assert [found.label.name for found in find_classes("car", labels)] == ["car", "scar"]
    assert [found.label.name for found in find_classes("vehicle", labels)] == ["car"]
    assert [found.label.name for found in find_classes("rdsgn", labels)] == ["road sign"]
    assert find_classes("zebra", labels) == []


def test_the_better_fit_beats_the_more_recent_one() -> None:
    labels = LABELS.add("scar", isthing=True)
    scar = labels.by_name["scar"].id
    assert _ids("car", labels, (scar,)) == [CAR, scar]


def test_hyphens_and_underscores_are_spaces() -> None:
    labels = LabelSet().add("traffic_light", isthing=True)
    assert len(find_classes("Traffic light", labels)) == 1
    assert len(find_classes("traffic-l", labels)) == 1


def test_a_class_keeps_its_own_digit_and_recent_ones_have_those_that_are_free() -> None:
    assert digits_of(LABELS, (ROAD, PERSON, SKY)) == {PERSON: "1", ROAD: "2", SKY: "3"}


def test_digits_of_classes_that_are_gone_are_given_on() -> None:
    assert digits_of(LABELS.delete(PERSON), (PERSON, CAR)) == {CAR: "1"}
