"""Recent classes: each keeps its digit while it is used, also on the next image."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lpsnet_studio.annotator.recent_classes import RecentClasses
from tests.studio.annotator.editing import CAR, LABELS, PERSON, SEA, SKY, EditorUnderTest, drawn


def test_a_digit_means_the_same_class_however_often_that_is_used() -> None:
    editor = EditorUnderTest(drawn("11"), {1: PERSON})
    for category in (CAR, SKY, CAR, SKY, SKY, PERSON, CAR):
        editor.use_category(category)
    assert editor.digits == {CAR: "1", SKY: "2", PERSON: "3"}
    assert editor.recent == (CAR, PERSON, SKY)
    after = EditorUnderTest(drawn("11"), {1: PERSON})
    after.recall(editor.recent_classes)
    assert (after.digits, after.recent) == (editor.digits, editor.recent)


def test_a_merged_class_leaves_its_place() -> None:
    recent = RecentClasses().used(CAR).used(SKY).used(PERSON)
    assert recent.still_there(LABELS.merge(CAR, PERSON)) == RecentClasses((PERSON, SKY), (PERSON, SKY))
    assert recent.still_there(LABELS.delete(CAR)).places == (SKY, PERSON)
    assert recent.still_there(LABELS) == recent
    assert SEA not in recent.places


@given(st.lists(st.integers(1, 25), max_size=60))
def test_a_new_class_takes_the_place_of_the_one_used_longest_ago(used: list[int]) -> None:
    recent = RecentClasses()
    for category in used:
        before, recent = recent, recent.used(category)
        moved = [now for was, now in zip(before.places, recent.places, strict=False) if was != now]
        assert moved == ([category] if category not in before.places and len(before.places) == 10 else [])
    latest = list(dict.fromkeys(reversed(used)))[:10]
    assert list(recent.latest) == latest
    assert sorted(recent.places) == sorted(latest)
