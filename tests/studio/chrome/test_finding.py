"""Actions are found by parts of their names, and one that cannot be had says why."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from lpsnet_studio.actions.table import ACTIONS
from lpsnet_studio.availability import actions_possible
from lpsnet_studio.chrome.find_action import FindAction
from lpsnet_studio.chrome.finding import find_actions, why_not
from lpsnet_studio.examination import Examination
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, entries, open_first


def found(typed: str, latest: tuple[str, ...] = ()) -> list[str]:
    return [entry.id for entry in find_actions(typed, latest)]


def test_nothing_typed_lists_everything_with_the_latest_first() -> None:
    assert found("") == [entry.id for entry in ACTIONS]
    assert found("", ("quit", "fit"))[:2] == ["quit", "fit"]
    assert set(found("", ("quit", "gone"))) == {entry.id for entry in ACTIONS}


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("demo", "show_demo"),
        ("save over", "save_overlay"),
        ("OVERLAY save", "save_overlay"),
        ("borderness", "panel_borderness"),
        ("Border-ness", "panel_borderness"),
        ("ness", "panel_borderness"),
        ("borderness scores", "use_borderness"),
        ("ness in", "use_borderness"),
        ("levels", "panel_levels"),
        ("opnfldr", "open_folder"),
        ("clipboard", "copy_view"),
    ],
)
def test_parts_of_names_find_the_action(typed: str, first: str) -> None:
    assert found(typed)[0] == first


def test_a_whole_name_comes_before_what_was_used_lately() -> None:
    assert found("borderness", ("use_borderness",))[:2] == ["panel_borderness", "use_borderness"]
    assert found("bordernes", ("use_borderness",))[0] == "use_borderness"
    assert found("why", ("panel_levels",))[0] == "panel_why"


def test_every_typed_word_must_fit() -> None:
    assert found("save xyzzy") == []
    assert set(found("save panoptic")) < set(found("save"))


def test_used_lately_decides_between_equals_only() -> None:
    assert found("open", ("open_dataset",))[0] == "open_dataset"
    assert found("fit in", ("open_dataset",))[0] == "fit"


def test_every_action_that_cannot_be_had_says_why(session: Session, service: ListeningService) -> None:
    examination = Examination(session)

    def reasons() -> dict[str, str]:
        possible = actions_possible(session, examination)
        return {name: why_not(name, session) for name, can in possible.items() if not can}

    nothing_open = reasons()
    assert nothing_open["fit"] == "No image is open."
    assert nothing_open["undo"] == "Nothing was changed."
    assert nothing_open["model_card"] == "No network is loaded."
    session.set_entries(entries(with_truth=False))
    assert reasons()["save_panoptic"] == "The image has not been inspected yet."
    open_first(session, service, with_truth=False)
    assert reasons()["box_oracle"] == "This needs ground truth."
    assert reasons()["previous_image"] == "No image stands above this one."
    assert reasons()["unpin_all"] == "No pixel is pinned."
    examination.pin((3, 4))
    assert "unpin_all" not in reasons()
    for reason in (*nothing_open.values(), *reasons().values()):
        assert reason.endswith(".")
        assert reason != "This cannot be done now."


@pytest.fixture
def palette(window: Any, session: Session, service: ListeningService, qtbot: Any) -> FindAction:
    open_first(session, service)
    window.activateWindow()
    window.canvas.setFocus()
    qtbot.waitUntil(window.canvas.hasFocus)
    window.actions_by_id["find_action"].trigger()
    shown = window.findChild(FindAction)
    qtbot.waitUntil(shown.editor.hasFocus)
    return shown


def test_typing_and_enter_carry_an_action_out(palette: FindAction, window: Any, session: Session) -> None:
    before = session.view.shows("labels")
    QTest.keyClicks(palette.editor, "semantic labels")
    QTest.keyClick(palette.editor, Qt.Key.Key_Return)
    assert session.view.shows("labels") is not before
    assert not palette.isVisible()
    assert window.canvas.hasFocus()
    assert window._settings.preferences.recent_actions == ("show_labels",)


def test_escape_closes_and_does_nothing_else(palette: FindAction, window: Any, session: Session) -> None:
    session.select(1)
    QTest.keyClick(palette.editor, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert window.canvas.hasFocus()
    assert session.selected == 1


def test_arrows_move_the_choice_and_not_the_merge(palette: FindAction, session: Session) -> None:
    position = session.position
    QTest.keyClicks(palette.editor, "step")
    for key, row in ((Qt.Key.Key_Down, 1), (Qt.Key.Key_Down, 2), (Qt.Key.Key_Up, 1), (Qt.Key.Key_PageUp, 0)):
        QTest.keyClick(palette.editor, key)
        assert palette.list.currentRow() == row
    assert session.position == position


def test_what_cannot_be_had_says_why_and_stays(palette: FindAction, session: Session) -> None:
    QTest.keyClicks(palette.editor, "previous image")
    assert "No image stands above this one." in palette.list.item(0).toolTip()
    QTest.keyClick(palette.editor, Qt.Key.Key_Return)
    assert palette.isVisible()
    assert session.index == 0


def test_a_click_carries_out_and_nonsense_is_answered(palette: FindAction, session: Session) -> None:
    QTest.keyClicks(palette.editor, "xyzzy")
    assert palette.list.item(0).text() == "No action has such a name"
    palette.editor.clear()
    QTest.keyClicks(palette.editor, "bare photo")
    QTest.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(40, 20))
    assert not session.view.overlays


def test_a_click_beside_it_closes_it(palette: FindAction, window: Any, qtbot: Any) -> None:
    window.canvas.setFocus()
    qtbot.waitUntil(lambda: not palette.isVisible())
    assert window.canvas.hasFocus()


def test_it_lies_within_the_smallest_window(palette: FindAction, window: Any, qtbot: Any) -> None:
    window.resize(300, 200)
    qtbot.waitUntil(lambda: window.rect().contains(palette.geometry()))
    assert palette.list.height() > 44
