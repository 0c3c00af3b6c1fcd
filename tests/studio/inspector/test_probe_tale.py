"""A pixel's history is compared with an earlier one by what its lines are about, never by their numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lpsnet.analysis.pixel_history import PixelEventKind
from lpsnet.structures import InspectionSettings
from lpsnet_studio.inspector.probe_tale import (
    Memory,
    Party,
    Tale,
    TaleLine,
    compared,
    ending_of,
    marked_words,
    owner_change,
    renumbered,
    tale_of,
)
from lpsnet_studio.session import Session
from lpsnet_studio.state import Result
from tests.studio.hand_made import CATEGORIES, PERSON, SKY, ListeningService, detections, open_first, trace

ONE, OTHER = Party(PERSON, (0.1, 0.2, 0.5, 0.6)), Party(PERSON, (0.1, 0.2, 0.5, 0.61))
CLAIMED, WON, LOST, DISCARDED, FILLED = (
    PixelEventKind.CLAIMED,
    PixelEventKind.WON,
    PixelEventKind.LOST,
    PixelEventKind.DISCARDED,
    PixelEventKind.FILLED,
)


def result(settings: InspectionSettings) -> Result:
    made = trace(settings)
    return Result(
        settings=settings,
        categories=CATEGORIES,
        size=made.owners.shape,
        preview=False,
        labels=made.labels,
        candidates=None,
        borderness=None,
        detections=detections(),
        trace=made,
        quality=None,
        stages=(),
        seconds=0.0,
    )


STRICT = InspectionSettings(stuff_limit=0, conflict="smallest")
LOOSE = replace(STRICT, overlap_threshold=1.0)


def line(step: int, kind: PixelEventKind, party: Party, words: str = "", holder: Party | None = None) -> TaleLine:
    return TaleLine(step, f"step {step + 1}: {words or kind}", kind, party, holder)


def tale(*lines: TaleLine, owner: Party | None = None, words: str = "void") -> Tale:
    return Tale(owner, words, lines)


def told(before: Tale, now: Tale) -> list[tuple[str, int]]:
    return [(each.mark, each.step) for each in compared(before, now)]


def test_nothing_before_marks_nothing() -> None:
    now = tale(line(0, CLAIMED, ONE), line(3, LOST, OTHER, holder=ONE))
    assert [(each.mark, each.step) for each in compared(None, now)] == [("", 0), ("", 3)]


def test_numbers_of_steps_and_owners_are_no_change() -> None:
    before = tale(line(1, CLAIMED, ONE, "person #2 takes it"))
    now = tale(line(7, CLAIMED, ONE, "person #5 takes it"))
    assert told(before, now) == [("", 7)]


def test_other_figures_are_told_as_such() -> None:
    before = tale(line(1, DISCARDED, ONE, "45 %, above the limit of 30 %"))
    now = tale(line(1, DISCARDED, ONE, "45 %, above the limit of 40 %"))
    assert told(before, now) == [("figures", 1)]


def test_another_outcome_is_told_before_and_after() -> None:
    before, now = tale(line(1, DISCARDED, ONE)), tale(line(1, CLAIMED, ONE))
    assert told(before, now) == [("was", -1), ("now", 1)]
    held_by_another = tale(line(4, WON, ONE, holder=OTHER)), tale(line(4, WON, ONE, holder=Party(PERSON, (0, 0, 1, 1))))
    assert told(*held_by_another) == [("was", -1), ("now", 4)]


def test_lines_that_came_and_went_stand_where_they_were() -> None:
    sky = Party(SKY)
    before = tale(line(0, CLAIMED, ONE), line(1, LOST, OTHER, holder=ONE), line(2, FILLED, sky))
    now = tale(line(0, CLAIMED, ONE), line(5, FILLED, sky))
    assert told(before, now) == [("", 0), ("was", -1), ("", 5)]
    assert told(now, before) == [("", 0), ("now", 1), ("", 2)]


def test_every_mark_has_a_sign_and_a_word() -> None:
    before = tale(line(1, DISCARDED, ONE, "45 %"), line(2, CLAIMED, OTHER))
    now = tale(line(1, DISCARDED, ONE, "46 %"), line(2, CLAIMED, Party(SKY)))
    words = [marked_words(each) for each in compared(before, now)]
    assert [text.split(" · ")[0] for text in words] == ["≈ figures", "+ now", "− was"]


@pytest.mark.parametrize(
    ("box", "is_same"), [((0.1, 0.2, 0.5, 0.6), True), ((0.1005, 0.2, 0.5, 0.6), True), ((0.11, 0.2, 0.5, 0.6), False)]
)
def test_a_box_of_a_smaller_preview_is_the_same_box(box: tuple[float, float, float, float], is_same: bool) -> None:
    assert ONE.is_same(Party(PERSON, box)) is is_same
    assert not ONE.is_same(Party(SKY))
    assert not ONE.is_same(Party(SKY, ONE.box))


def test_owners_are_compared_by_what_they_are() -> None:
    first, renumbered_one = tale(owner=ONE, words="person #2 · 0.80"), tale(owner=ONE, words="person #3 · 0.75")
    assert owner_change(first, renumbered_one) == ""
    assert owner_change(first, tale()) == "person #2 → void"
    assert owner_change(tale(), tale()) == ""
    assert owner_change(None, first) == ""
    assert renumbered(first, renumbered_one) == "person #3"
    assert renumbered(first, replace(first, owner_words="person #2 · 0.75")) == "", "its score alone is another"
    assert renumbered(first, tale()) == renumbered(None, first) == ""
    assert renumbered(first, tale(owner=OTHER, words="person #3 · 0.75")) == "", "another box"


def test_a_detection_is_known_by_the_location_that_predicted_it() -> None:
    here, wider = replace(ONE, origin=(4, 0.3, 0.4)), replace(OTHER, origin=(4, 0.3005, 0.4))
    assert here.is_same(wider), "a preview rounds and clips its sides in another way"
    assert not here.is_same(replace(here, origin=(4, 0.31, 0.4))), "two detections of one extent"
    assert not here.is_same(replace(here, origin=(5, 0.3, 0.4)))
    assert not here.is_same(replace(here, label=SKY))
    assert here.is_same(ONE), "where one has no location, the boxes decide"
    assert not here.is_same(OTHER)


def test_a_merge_is_told_to_its_end() -> None:
    found = tale_of(result(LOOSE), 40, 40)
    assert [each.kind for each in found.lines] == [CLAIMED, WON]
    assert found.lines[1].holder is not None
    assert found.lines[1].holder.is_same(found.lines[0].party)
    assert found.owner is not None
    assert found.owner.is_same(found.lines[1].party)
    assert found.owner_words == "person #3 · 0.70"
    assert ending_of(result(LOOSE), 40, 40) == replace(found, lines=())
    assert owner_change(tale_of(result(STRICT), 40, 40), found) == "person #2 → person #3"


def test_the_state_before_may_come_after_the_change_of_settings_was_asked_for() -> None:
    memory, first, late = Memory(), result(STRICT), result(LOOSE)
    memory.begin(first, LOOSE)
    memory.take(late)
    assert memory.before is late, "what was asked for last before the change is what was there before it"
    memory.take(result(replace(LOOSE, stuff_limit=5)))
    assert memory.before is late
    memory.begin(None, LOOSE)
    memory.take(late)
    assert memory.before is None, "nobody wanted it kept"


def test_a_drag_is_told_of_by_the_session(session: Session, service: ListeningService) -> None:
    open_first(session, service)
    heard: list[bool] = []
    session.settings_changed.connect(lambda: heard.append(session.is_dragging))
    session.change_settings(preview=True, overlap_threshold=0.4)
    session.change_settings(preview=True, overlap_threshold=0.5)
    session.change_settings(overlap_threshold=0.6)
    session.change_settings(overlap_threshold=0.7)
    assert heard == [False, True, True, False]
