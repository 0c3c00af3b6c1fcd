"""What a change of classes does to segments is said in figures and in words before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.label_fates import LabelUsage, fate_of_deletion, fate_of_kind, fate_of_merge
from lpsnet_studio.annotator.labels import Label, LabelSet
from lpsnet_studio.annotator.project import FileFacts, ImageEntry, Status

DOG, CAT, GRASS, SKY = 18, 17, 149, 187
LABELS = LabelSet(
    (
        Label(DOG, "dog", (1, 0, 0), True),
        Label(CAT, "cat", (2, 0, 0), True),
        Label(GRASS, "grass", (3, 0, 0), False),
        Label(SKY, "sky", (4, 0, 0), False),
    )
)


FOR_GOOD = "This is for good: Ctrl+Z does not undo it."


def usage(*images: list[int | SegmentInfo], labels: LabelSet = LABELS, statuses: Sequence[Status] = ()) -> LabelUsage:
    tables = [[info if isinstance(info, SegmentInfo) else SegmentInfo(info) for info in image] for image in images]
    statuses = [*statuses, *[Status.TODO] * len(images)]
    entries = [
        ImageEntry(place + 1, FileFacts(Path(f"{place}.png"), 1, 1, 1, 1), place, statuses[place])
        for place in range(len(images))
    ]
    return LabelUsage.count(zip(entries, tables, strict=True), labels)


def test_segments_are_counted_image_by_image() -> None:
    counted = usage([DOG, DOG, SKY], [DOG], [], [SKY, GRASS, CAT])
    assert counted.segments(DOG) == 3
    assert counted.images_with(DOG) == 2
    assert counted.images_with_several(DOG) == 1
    assert counted.images_that_gain_several(SKY, DOG) == 1
    assert counted.images_that_gain_several(DOG, SKY) == 1
    assert counted.images_that_gain_several(GRASS, CAT) == 1
    assert counted.images_that_gain_several(CAT, DOG) == 0


def test_segments_of_classes_merged_before_count_for_the_class_they_are_of_now() -> None:
    labels = LABELS.merge(CAT, DOG).delete(GRASS)
    counted = usage([CAT, DOG, GRASS], labels=labels)
    assert counted.segments(DOG) == 2
    assert counted.segments(CAT) == counted.segments(GRASS) == 0


@pytest.mark.parametrize(
    ("images", "gone", "into", "said"),
    [
        ([[CAT, CAT], [CAT]], CAT, DOG, "3 segments of cat in 2 images become of class dog. " + FOR_GOOD),
        ([[CAT]], CAT, DOG, "1 segment of cat in 1 image becomes of class dog. " + FOR_GOOD),
        ([[DOG]], CAT, DOG, "No image holds a segment of cat."),
        (
            [[GRASS, SKY], [GRASS], [SKY]],
            GRASS,
            SKY,
            "2 segments of grass in 2 images become of class sky. 1 image would then hold several segments of sky, "
            "which is stuff: the checks list them as duplicates. " + FOR_GOOD,
        ),
        (
            [[GRASS]],
            GRASS,
            DOG,
            "1 segment of grass in 1 image becomes of class dog. "
            "dog is a thing: each of these segments then counts as one instance. " + FOR_GOOD,
        ),
    ],
)
def test_a_merge_is_told(images: list[list[int]], gone: int, into: int, said: str) -> None:
    assert fate_of_merge(LABELS, gone, into, usage(*images)) == said


def test_instances_that_become_stuff_are_duplicates_even_where_there_was_none_of_it() -> None:
    said = fate_of_merge(LABELS, DOG, SKY, usage([DOG, DOG], [DOG, SKY], [DOG]))
    assert said == (
        "4 segments of dog in 3 images become of class sky. 2 images would then hold several segments of sky, which is "
        "stuff: the checks list them as duplicates. sky is stuff: its instances are not told apart. " + FOR_GOOD
    )


def test_a_deletion_is_told() -> None:
    assert fate_of_deletion(LABELS, SKY, usage([SKY], [SKY, DOG])) == (
        "2 segments of sky in 2 images keep their pixels and lose their class: void in exports until relabelled (C). "
        "Ctrl+Z does not undo this."
    )
    assert fate_of_deletion(LABELS, DOG, usage([SKY], [SKY, DOG])) == (
        "1 segment of dog in 1 image keeps its pixels and loses its class: void in exports until relabelled (C). "
        "Ctrl+Z does not undo this."
    )
    assert fate_of_deletion(LABELS, SKY, usage([DOG])) == "No image holds a segment of sky."
    many = usage(*[[DOG] * 5] * 1000)
    assert fate_of_deletion(LABELS, DOG, many).startswith("5,000 segments of dog in 1,000 images keep ")


def test_locked_segments_and_their_images_are_named() -> None:
    held = SegmentInfo(DOG, locked=True)
    one = fate_of_deletion(LABELS, DOG, usage([DOG], [held, DOG, SegmentInfo(SKY, locked=True)]))
    assert one.endswith(" 1 of them is locked (1.png).")
    several = fate_of_deletion(LABELS, DOG, usage(*[[held]] * 5))
    assert " 5 of them are locked (0.png, 1.png, 2.png and 2 more)." in several
    assert "locked" not in fate_of_deletion(LABELS, SKY, usage([held, SKY]))


def test_images_that_were_called_done_are_counted_and_told_what_becomes_of_that() -> None:
    statuses = (Status.DONE, Status.APPROVED, Status.IN_PROGRESS, Status.DONE)
    counted = usage([DOG], [DOG], [DOG], [SKY], statuses=statuses)
    assert fate_of_deletion(LABELS, DOG, counted).endswith(
        " 2 images that are done or approved go back to in progress."
    )
    assert " 1 image that is done or approved stays so. " in fate_of_merge(LABELS, SKY, GRASS, counted)
    assert fate_of_kind(LABELS, DOG, counted).endswith(" 2 images that are done or approved stay so.")
    assert "approved" not in fate_of_deletion(LABELS, CAT, counted)


def test_a_change_of_kind_is_told() -> None:
    assert fate_of_kind(LABELS, DOG, usage([DOG, DOG], [DOG])) == (
        "3 segments of dog in 2 images become stuff. 1 image would then hold several segments of dog, which the checks "
        "list as duplicates."
    )
    assert fate_of_kind(LABELS, SKY, usage([SKY])) == "1 segment of sky in 1 image becomes an instance of a thing."
    assert fate_of_kind(LABELS, SKY, usage([SKY], [SKY])) == (
        "2 segments of sky in 2 images become instances of a thing."
    )
