"""Changes of classes, and what they are said to do; without Qt."""

from __future__ import annotations

from pathlib import Path

from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.label_changes import Addition, Deletion, KindChange, Merge
from lpsnet_studio.annotator.label_fates import LabelUsage
from lpsnet_studio.annotator.labels import Label, LabelSet
from lpsnet_studio.annotator.project import FileFacts, ImageEntry
from tests.studio.annotator.on_the_desk import CAR, LABELS, PERSON, ROAD

USAGE = LabelUsage.count(
    [
        (
            ImageEntry(7, FileFacts(Path("a.png"), 1, 1, 1, 1), 0),
            [SegmentInfo(PERSON), SegmentInfo(PERSON), SegmentInfo(ROAD)],
        ),
        (ImageEntry(9, FileFacts(Path("b.png"), 1, 1, 1, 1), 1), [SegmentInfo(PERSON)]),
    ],
    LABELS,
)


def test_what_is_said_counts_what_is_touched_and_the_button_names_the_deed() -> None:
    deletion, merge, kind = Deletion(PERSON), Merge(PERSON, CAR), KindChange(PERSON)
    assert deletion.fate(LABELS, USAGE).startswith("3 segments of person in 2 images keep their pixels and lose ")
    assert merge.fate(LABELS, USAGE).startswith("3 segments of person in 2 images become of class car. This is for ")
    assert kind.fate(LABELS, USAGE).startswith("3 segments of person in 2 images become stuff.")
    verbs = [change.verb(LABELS) for change in (deletion, merge, kind, KindChange(ROAD))]
    assert verbs == ["Delete person", "Merge into car", "Make it stuff", "Make it a thing"]


def test_they_do_what_they_say() -> None:
    assert PERSON not in Deletion(PERSON).made(LABELS).by_id
    assert Deletion(PERSON).made(LABELS).resolve(PERSON) == 0
    assert Merge(PERSON, CAR).made(LABELS).resolve(PERSON) == CAR
    assert not KindChange(PERSON).made(LABELS)[PERSON].isthing


def test_images_are_to_be_looked_at_again_where_pixels_lose_their_class_and_nowhere_else() -> None:
    assert Deletion(PERSON).reopened(USAGE) == (7, 9)
    assert Deletion(ROAD).reopened(USAGE) == (7,)
    assert Merge(PERSON, CAR).reopened(USAGE) == KindChange(PERSON).reopened(USAGE) == ()


def test_a_change_of_what_is_gone_is_not_possible() -> None:
    without = LABELS.delete(CAR)
    assert not Deletion(CAR).is_possible(without)
    assert not Merge(PERSON, CAR).is_possible(without)
    assert not Merge(CAR, CAR).is_possible(LABELS)
    assert not KindChange(CAR).is_possible(without)


def test_classes_are_added_by_name_and_keep_ids_that_were_never_given() -> None:
    others = LabelSet(
        (
            Label(3, "tram", (1, 2, 3), True, hotkey="1"),
            Label(77, "kite", (4, 5, 6), True, hotkey="7"),
            Label(5, "road", (7, 8, 9), True),
        )
    )
    addition = Addition(others, "toys.json")
    assert addition.fate(LABELS, LabelUsage()) == (
        "2 classes of toys.json are new, 1 is there already and stays as it is. No segment changes."
    )
    assert addition.verb(LABELS) == "Add 2 classes"
    made = addition.made(LABELS)
    assert made.by_name["kite"] == others[77]
    assert made.by_name["tram"].id not in {label.id for label in LABELS}
    assert made.by_name["tram"].hotkey == "", "1 stays the key of person"
    assert made[ROAD] == LABELS[ROAD]


def test_the_id_of_a_class_that_was_deleted_is_not_given_again() -> None:
    gone = LABELS.delete(CAR)
    made = Addition(LabelSet((Label(CAR, "tram", (1, 2, 3), True),)), "x").made(gone)
    assert made.by_name["tram"].id == gone.next_id != CAR
    assert made.resolve(CAR) == 0


def test_a_set_without_classes_takes_another_as_it_is() -> None:
    assert Addition(LABELS, "x").made(LabelSet()).labels == LABELS.labels


def test_nothing_new_is_said() -> None:
    addition = Addition(LABELS, "x.json")
    assert not addition.is_possible(LABELS)
    assert addition.fate(LABELS, LabelUsage()) == "All 4 classes of x.json are there already."
