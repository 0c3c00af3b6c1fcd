"""The panel Checks: what is found after edits, gone to and mended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from lpsnet_studio.annotator.checking import Checking
from lpsnet_studio.annotator.checks import FindingKind
from lpsnet_studio.annotator.checks_view import ChecksPanel
from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.edits import SegmentInfo
from tests.studio.annotator.desks import Later, begun_desk
from tests.studio.annotator.editing import CAR, PERSON, SEA, SKY

KINDS = FindingKind


def _ids() -> np.ndarray[Any, Any]:
    """A sky in two segments, a person with a hole and a speck, a car in two parts, and a corner of void."""
    ids = np.full((60, 80), 3, np.uint16)
    ids[:, 40:] = 4
    ids[10:30, 5:25] = 1
    ids[15:20, 10:15] = 0
    ids[50, 5] = 1
    ids[10:20, 45:55] = 2
    ids[30:40, 45:55] = 2
    ids[50:, 70:] = 0
    return ids


CATEGORIES = {1: PERSON, 2: CAR, 3: SKY, 4: SKY}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = begun_desk(tmp_path, _ids(), CATEGORIES)
    yield made
    assert not made.shut()


@pytest.fixture
def panel(desk: Desk, theme: Any, qtbot: Any) -> ChecksPanel:
    made = ChecksPanel(desk, theme)
    qtbot.addWidget(made)
    made.resize(300, 400)
    made.show()
    return made


def _kinds(panel: ChecksPanel) -> list[FindingKind]:
    return [finding.kind for finding in panel.findings]


def _choose(panel: ChecksPanel, kind: FindingKind) -> None:
    panel.tree.choose(_kinds(panel).index(kind))


def test_what_is_amiss_is_listed_by_kind_with_counts(panel: ChecksPanel) -> None:
    model = panel.tree.model()
    titles = [model.index(row, 0).data() for row in range(model.rowCount())]
    assert titles == [
        "Unlabelled pixels · 2",
        "Duplicate stuff · 1",
        "Disconnected things · 1",
        "Holes · 1",
        "Specks · 1",
    ]
    assert model.index(0, 0, model.index(3, 0)).data() == "person #1 has a hole of 25 pixels."
    assert panel.foot.text() == "6 found"


def test_going_to_a_finding_shows_its_place_and_selects_its_segments(panel: ChecksPanel, desk: Desk) -> None:
    boxes: list[object] = []
    panel.centre_wanted.connect(boxes.append)
    editor = desk.editor
    assert editor is not None
    _choose(panel, KINDS.HOLES)
    assert (boxes, editor.selection) == ([(10, 15, 15, 20)], (1,))
    _choose(panel, KINDS.DUPLICATE_STUFF)
    assert editor.selection == (3, 4)
    _choose(panel, KINDS.UNLABELLED)
    assert editor.selection == ()
    assert boxes[-1] == (70, 50, 80, 60)


def test_the_next_finding_is_gone_to_round_and_round(panel: ChecksPanel) -> None:
    boxes: list[object] = []
    panel.centre_wanted.connect(boxes.append)
    for _ in range(7):
        assert panel.find_next()
    assert boxes == [finding.box for finding in (*panel.findings, panel.findings[0])]


def test_enter_goes_to_the_chosen_one_once_more(panel: ChecksPanel, qtbot: Any) -> None:
    _choose(panel, KINDS.SPECKS)
    with qtbot.waitSignal(panel.centre_wanted):
        qtbot.keyClick(panel.tree, Qt.Key.Key_Return)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (KINDS.UNLABELLED, "Fill"),
        (KINDS.DUPLICATE_STUFF, "Merge"),
        (KINDS.DISCONNECTED, "Split into parts"),
        (KINDS.HOLES, "Fill holes"),
        (KINDS.SPECKS, "Remove specks"),
    ],
)
def test_each_kind_is_mended_by_one_edit_and_found_no_more(
    panel: ChecksPanel, desk: Desk, qtbot: Any, kind: FindingKind, text: str
) -> None:
    editor = desk.editor
    assert editor is not None
    before, ids = _kinds(panel).count(kind), editor.document.ids.copy()
    _choose(panel, kind)
    assert panel.fix.text() == text
    panel.fix.click()
    assert editor.history.position == 1
    assert editor.document.is_consistent()
    qtbot.waitUntil(lambda: _kinds(panel).count(kind) == before - 1)
    desk.undo()
    np.testing.assert_array_equal(editor.document.ids, ids)
    qtbot.waitUntil(lambda: _kinds(panel).count(kind) == before)


def test_segments_of_a_deleted_class_are_listed_and_deleted_by_one_edit(
    panel: ChecksPanel, desk: Desk, qtbot: Any
) -> None:
    editor = desk.editor
    assert editor is not None
    desk.change_labels(desk.labels.delete(SKY))
    qtbot.waitUntil(lambda: _kinds(panel).count(KINDS.CLASSLESS) == 2)
    assert editor.history.position == 0
    _choose(panel, KINDS.CLASSLESS)
    panel.fix_all.click()
    assert sorted(editor.document.segments) == [1, 2]
    assert editor.history.position == 1
    qtbot.waitUntil(lambda: KINDS.CLASSLESS not in _kinds(panel))


def test_only_the_region_that_is_chosen_is_filled(panel: ChecksPanel, desk: Desk) -> None:
    editor = desk.editor
    assert editor is not None
    _choose(panel, KINDS.UNLABELLED)
    panel.fix.click()
    assert (editor.document.ids[50:, 70:] == 4).all()
    assert (editor.document.ids[15:20, 10:15] == 0).all()
    desk.undo()
    panel.fix_all.click()
    assert (editor.document.ids > 0).all()
    assert editor.history.position == 1


def test_when_nothing_is_left_it_says_what_was_looked_for(panel: ChecksPanel, desk: Desk, qtbot: Any) -> None:
    for kind in KINDS:
        if kind in _kinds(panel):
            _choose(panel, kind)
            (panel.fix_all if panel.fix_all.isVisible() else panel.fix).click()
            panel.look_now()
    assert panel.findings == ()
    assert panel.foot.text() == "Nothing found"
    assert panel._found.currentWidget().text().startswith("Nothing found.")  # type: ignore[attr-defined]
    assert not panel.find_next()


def test_the_size_of_specks_is_the_editors(panel: ChecksPanel, desk: Desk, qtbot: Any) -> None:
    editor = desk.editor
    assert editor is not None
    panel.speck.setValue(101)
    assert editor.options.speck_pixels == 101
    qtbot.waitUntil(lambda: KINDS.DISCONNECTED not in _kinds(panel))
    assert _kinds(panel).count(KINDS.SPECKS) == 2
    editor.set_options(speck_pixels=16)
    assert panel.speck.value() == 16
    qtbot.waitUntil(lambda: KINDS.DISCONNECTED in _kinds(panel))


def test_locked_segments_are_left_and_it_says_so(panel: ChecksPanel, desk: Desk, qtbot: Any) -> None:
    editor = desk.editor
    assert editor is not None
    editor.select([1])
    editor.set_locked(True)
    panel.look_now()
    _choose(panel, KINDS.HOLES)
    assert not panel.fix.isEnabled()
    assert "person #1 is locked." in panel.fix.toolTip()


def test_what_is_chosen_and_folded_stays_so_when_other_things_change(
    panel: ChecksPanel, desk: Desk, qtbot: Any
) -> None:
    editor = desk.editor
    assert editor is not None
    model = panel.tree.model()
    panel.tree.collapse(model.index(2, 0))
    _choose(panel, KINDS.HOLES)
    editor.select([4])
    editor.relabel(SEA)
    panel.look_now()
    assert KINDS.DUPLICATE_STUFF not in _kinds(panel)
    assert [finding.kind for finding in panel.tree.found] == [KINDS.HOLES]
    assert not panel.tree.isExpanded(model.index(1, 0))
    assert panel.tree.isExpanded(model.index(2, 0))


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def slow_desk(tmp_path: Path, later: Later) -> Iterator[Desk]:
    """A desk that was begun with work done at once, and works later from now on."""
    made = Desk(lambda work, done, **_: done(work()), lambda call: call())
    begun_desk(tmp_path, _ids(), CATEGORIES, made)
    made.work = later
    yield made
    assert not made.shut()


@pytest.fixture
def slow_panel(slow_desk: Desk, theme: Any, qtbot: Any) -> ChecksPanel:
    """The panel of it, which is not shown yet."""
    made = ChecksPanel(slow_desk, theme)
    qtbot.addWidget(made)
    return made


def test_an_edit_gives_up_the_look_before_and_the_newest_counts(
    slow_panel: ChecksPanel, slow_desk: Desk, later: Later, qtbot: Any
) -> None:
    slow_panel.show()
    assert len(later.waiting) == 1
    assert slow_desk.editor is not None
    slow_desk.editor.select([1])
    slow_desk.editor.fill_holes()
    assert slow_panel.foot.text() == "Looking…"
    later.go_on()
    assert slow_panel.findings == ()
    qtbot.waitUntil(lambda: bool(later.waiting))
    later.go_on()
    assert KINDS.HOLES not in _kinds(slow_panel)
    assert KINDS.SPECKS in _kinds(slow_panel)


def test_a_stroke_that_is_given_up_during_a_look_has_everything_looked_at_again(
    slow_panel: ChecksPanel, slow_desk: Desk, later: Later, qtbot: Any
) -> None:
    slow_panel.show()
    assert slow_desk.editor is not None
    draft = slow_desk.editor.document.draft("paint")
    draft.put(np.ones((20, 20), np.bool_), (35, 10), 1)
    later.go_on()
    assert slow_panel.findings == (), "pixels of a stroke that may never be"
    draft.cancel()
    qtbot.waitUntil(lambda: bool(later.waiting))
    later.go_on()
    assert len(slow_panel.findings) == 6


def test_a_look_that_meets_a_segment_of_another_state_comes_to_nothing(desk: Desk) -> None:
    editor = desk.editor
    assert editor is not None
    checking = Checking()
    look = checking.work(editor)
    with editor.document.draft("paint") as draft:
        draft.set_info(9, SegmentInfo(PERSON))
        draft.put(np.ones((8, 8), np.bool_), (51, 71), 9)
        assert look(lambda: False) is None
    assert look(lambda: False) is None
    report = checking.work(editor)(lambda: False)
    assert report is not None
    assert len(report.findings) == 6


def test_nothing_is_looked_at_while_it_is_hidden_unless_the_next_finding_is_wanted(
    slow_panel: ChecksPanel, later: Later
) -> None:
    assert not later.waiting
    boxes: list[object] = []
    slow_panel.centre_wanted.connect(boxes.append)
    assert slow_panel.find_next()
    later.go_on()
    assert boxes == [(70, 50, 80, 60)]


def test_what_an_edit_of_just_now_has_left_is_gone_to(tmp_path: Path, theme: Any, qtbot: Any) -> None:
    ids = np.full((20, 30), 3, np.uint16)
    ids[5:15, 5:15] = 1
    desk = begun_desk(tmp_path, ids, {1: PERSON, 3: SKY})
    panel = ChecksPanel(desk, theme)
    qtbot.addWidget(panel)
    panel.show()
    try:
        assert panel.findings == ()
        assert not panel.find_next()
        assert desk.editor is not None
        desk.editor.select([1])
        desk.editor.delete()
        with qtbot.waitSignal(panel.centre_wanted) as gone_to:
            assert panel.find_next()
        assert gone_to.args == [(5, 5, 15, 15)]
    finally:
        assert not desk.shut()


def test_a_stroke_in_hand_is_waited_for(panel: ChecksPanel, desk: Desk, qtbot: Any) -> None:
    editor = desk.editor
    assert editor is not None
    editor.select([1])
    editor.fill_holes()
    editor.begin("Brush")
    panel.look_now()
    assert KINDS.HOLES in _kinds(panel)
    editor.cancel_stroke()
    qtbot.waitUntil(lambda: KINDS.HOLES not in _kinds(panel))


def test_without_an_image_it_says_what_to_do(desk: Desk, panel: ChecksPanel) -> None:
    desk.look_at(None)
    assert panel._stack.currentWidget().text() == "Choose an image in the list to annotate it."  # type: ignore[attr-defined]
    assert panel.findings == ()
    assert not panel.find_next()


def test_what_is_read_only_is_looked_at_and_cannot_be_mended(tmp_path: Path, theme: Any, qtbot: Any) -> None:
    first = begun_desk(tmp_path, _ids(), {1: PERSON, 2: CAR, 3: SKY, 4: SegmentInfo(SKY, iscrowd=True)})
    assert not first.shut()
    desk = Desk(lambda work, done, **_: done(work()), lambda call: call())
    desk.open_project(tmp_path / "project", read_only=True)
    desk.look_at(tmp_path / "photos" / "0.png")
    panel = ChecksPanel(desk, theme)
    qtbot.addWidget(panel)
    panel.show()
    assert KINDS.DUPLICATE_STUFF not in _kinds(panel)
    _choose(panel, KINDS.HOLES)
    assert not panel.fix.isEnabled()
    assert "open to read" in panel.fix.toolTip()
    assert not desk.shut()


@pytest.mark.parametrize("button", ["fix", "fix_all"])
def test_a_fix_by_mouse_leaves_the_keyboard_to_the_findings(panel: ChecksPanel, qtbot: Any, button: str) -> None:
    panel.activateWindow()
    panel.speck.setFocus()
    qtbot.waitUntil(panel.speck.hasFocus)
    _choose(panel, KINDS.UNLABELLED)
    count = len(panel.findings)
    qtbot.mouseClick(getattr(panel, button), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(panel.findings) < count)
    assert panel.tree.hasFocus()


def test_the_keyboard_stays_where_the_findings_were_once_there_are_none(
    panel: ChecksPanel, desk: Desk, qtbot: Any
) -> None:
    panel.activateWindow()
    panel.tree.setFocus()
    qtbot.waitUntil(panel.tree.hasFocus)
    while panel.findings:
        count = len(panel.findings)
        panel.tree.choose(0)
        button = panel.fix_all if panel.fix_all.isVisible() else panel.fix
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda count=count: len(panel.findings) < count)
    assert panel.tree.isHidden()
    assert not panel.speck.hasFocus()
    focused = panel.focusWidget()
    assert focused is not None
    assert focused.hasFocus(), "its keys come to the panel"
    desk.undo()
    qtbot.waitUntil(lambda: bool(panel.findings))
    assert panel.tree.hasFocus()
