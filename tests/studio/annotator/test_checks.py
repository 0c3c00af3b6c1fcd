from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from lpsnet_studio.annotator.checks import CheckOptions, CheckReport, Finding, FindingKind, Snapshot, check
from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.extents import measure
from lpsnet_studio.annotator.labels import Label, LabelSet
from lpsnet_studio.annotator.regions import void_holes_of
from tests.studio.annotator.test_regions import drawn

LABELS = LabelSet(
    (Label(1, "person", (200, 0, 0), True), Label(20, "sky", (0, 0, 200), False), Label(30, "sea", (0, 90, 90), False))
)
PERSON, SKY, SEA = 1, 20, 30


def snapshot(ids: NDArray[np.uint16], categories: dict[int, int], crowds: tuple[int, ...] = ()) -> Snapshot:
    segments = {number: SegmentInfo(category, iscrowd=number in crowds) for number, category in categories.items()}
    boxes = {number: extent.box for number, extent in measure(ids).items()}
    return Snapshot(ids, {number: segments[number] for number in boxes}, boxes, LABELS)


def found(
    ids: NDArray[np.uint16], categories: dict[int, int], speck: int = 3, crowds: tuple[int, ...] = ()
) -> tuple[Finding, ...]:
    report = check(snapshot(ids, categories, crowds), CheckOptions(speck))
    assert report is not None
    return report.findings


def test_a_clean_image_has_no_findings() -> None:
    assert found(drawn("1122", "1122"), {1: PERSON, 2: SKY}) == ()


def test_regions_of_void_are_found_each_and_its_specks_together() -> None:
    findings = found(drawn("1....1111", "1....11.1", "111111111", "111.11111"), {1: SKY})
    void = [finding for finding in findings if finding.kind is FindingKind.UNLABELLED]
    assert [(finding.area, finding.box) for finding in void] == [(8, (1, 0, 5, 2)), (2, (7, 1, 8, 2))]
    assert void[0].sentence == "8 pixels are unlabelled."
    assert void[1].sentence == "2 pixels are unlabelled in 2 specks."


def test_specks_are_parts_too_small_to_be_meant() -> None:
    ids = drawn("1122222", "1122122", "1122212", "1122222")
    (specks,) = found(ids, {1: SEA, 2: SKY})
    assert (specks.kind, specks.number, specks.area) == (FindingKind.SPECKS, 1, 2)
    assert specks.sentence == "sea #1 has a speck of 2 pixels."
    assert specks.box == (4, 1, 6, 3)
    (specks,) = found(drawn("11122", "22222", "12212"), {1: SEA, 2: SKY})
    assert specks.sentence == "sea #1 has 2 specks of 2 pixels in all."


def test_a_thing_in_parts_is_found_but_neither_stuff_nor_a_crowd() -> None:
    ids = drawn("1112111", "1112111")
    (parts,) = found(ids, {1: PERSON, 2: SKY})
    assert (parts.kind, parts.number, parts.area) == (FindingKind.DISCONNECTED, 1, 6)
    assert parts.sentence == "person #1 is in 2 parts."
    assert found(ids, {1: SEA, 2: SKY}) == ()
    assert found(ids, {1: PERSON, 2: SKY}, crowds=(1,)) == ()


def test_holes_of_void_are_found_but_not_what_another_segment_fills() -> None:
    ids = drawn("1111111", "1..1221", "1..1221", "1111111")
    holes = [finding for finding in found(ids, {1: SKY, 2: PERSON}) if finding.kind is FindingKind.HOLES]
    assert [(hole.number, hole.area, hole.box) for hole in holes] == [(1, 4, (1, 1, 3, 3))]
    assert holes[0].sentence == "sky #1 has a hole of 4 pixels."


def test_stuff_that_occurs_twice_is_found() -> None:
    (twice,) = found(drawn("111122", "111133", "111133"), {1: SKY, 2: SEA, 3: SKY})
    assert (twice.kind, twice.number, twice.others) == (FindingKind.DUPLICATE_STUFF, 3, (1, 3))
    assert twice.sentence == "2 segments are sky: #1 and #3."


def test_a_class_that_the_label_set_does_not_know_is_found_and_is_no_accident() -> None:
    assert [(finding.kind, finding.sentence) for finding in found(drawn("1122", "1122"), {1: 99, 2: 99})] == [
        (FindingKind.CLASSLESS, f"unknown class #{number}: 4 pixels without a class, void in exports.")
        for number in (1, 2)
    ]


def test_it_can_be_cancelled() -> None:
    assert check(snapshot(drawn("11"), {1: SKY}), cancelled=lambda: True) is None


@settings(max_examples=60)
@given(hnp.arrays(np.uint16, (7, 9), elements=st.sampled_from([0, 1, 1, 1, 2])))
def test_holes_are_those_of_each_segment_alone(ids: NDArray[np.uint16]) -> None:
    holes = [finding for finding in found(ids, {1: SKY, 2: PERSON}) if finding.kind is FindingKind.HOLES]
    for number, extent in measure(ids).items():
        areas = [hole.area for hole in void_holes_of(ids, number, extent.box)]
        assert sum(areas) == sum(hole.area for hole in holes if hole.number == number)


pixel_maps = hnp.arrays(np.uint16, (10, 14), elements=st.integers(0, 4))


@settings(max_examples=40)
@given(pixel_maps, pixel_maps, st.integers(0, 9), st.integers(0, 13), st.dictionaries(st.integers(1, 4), st.just(SEA)))
def test_looking_again_at_what_changed_finds_what_looking_at_everything_finds(
    before: NDArray[np.uint16], other: NDArray[np.uint16], y: int, x: int, relabelled: dict[int, int]
) -> None:
    window = (y, x, min(y + 4, 10), min(x + 5, 14))
    after = before.copy()
    after[y : window[2], x : window[3]] = other[y : window[2], x : window[3]]
    categories = {1: PERSON, 2: PERSON, 3: SKY, 4: SEA}
    options = CheckOptions(3)
    earlier = check(snapshot(before, categories), options)
    now = snapshot(after, {**categories, **relabelled})
    assert earlier is not None
    again = check(now, options, earlier=earlier, changed=[window], relabelled=tuple(relabelled))
    everything = check(now, options)
    assert isinstance(again, CheckReport)
    assert isinstance(everything, CheckReport)
    assert again.findings == everything.findings
