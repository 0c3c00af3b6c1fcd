"""The bar over the canvas takes two lines of its room at most, in a narrow window too, and loses nothing by that."""

from __future__ import annotations

from typing import Any

import pytest

from lpsnet_studio.annotator.project import Status
from tests.studio.annotating import Annotating

TWO_LINES = 88
"""Pixels that two lines of controls take at most, with what lies between them."""


def offered(at_work: Annotating) -> dict[str, Any]:
    """Returns what the menu of the bar offers, by its words."""
    menu = at_work.window.annotation.bar.more.menu()
    menu.aboutToShow.emit()
    return {action.text(): action for action in menu.actions() if not action.isSeparator()}


@pytest.mark.parametrize("width", [1360, 1000, 900, 700, 480])
def test_it_takes_two_lines_at_most(at_work: Annotating, width: int) -> None:
    bar, window = at_work.window.annotation.bar, at_work.window
    at_work.key("b")
    window.resize(width, 600)
    at_work.qtbot.waitUntil(lambda: window.width() == width and bar.options.category.isVisible(), timeout=2000)
    at_work.qtbot.wait(50)
    assert bar.height() <= TWO_LINES
    shown = [button for button in bar._buttons if button.isVisible()]
    assert any(button.defaultAction().isChecked() for button in shown), "the tool in the hand is seen"
    left_out = [button.defaultAction().text() for button in bar._buttons if button not in shown]
    assert bar.more.isVisible() == bool(bar._top.left_out or bar.options.left_out)
    assert set(left_out) <= offered(at_work).keys()
    for row in (bar._top, bar.options):
        inside = [each for each in row._ranks if each.isVisible()]
        assert all(row.rect().contains(each.geometry()) for each in inside)
        assert not any(a.geometry().intersects(b.geometry()) for a in inside for b in inside if a is not b)


def test_what_has_no_room_is_in_the_menu_and_does_the_same(at_work: Annotating) -> None:
    bar, window = at_work.window.annotation.bar, at_work.window
    at_work.key("b")
    window.resize(900, 600)
    at_work.qtbot.waitUntil(lambda: bar.more.isVisible() and not bar.status.isVisible())
    assert bar.options.radius.isVisible()
    offers = offered(at_work)
    offers["Only over void"].trigger()
    assert at_work.editor.options.only_void
    assert offered(at_work)["Only over void"].isChecked()
    states = offered(at_work)["This image: To do"].menu()
    next(action for action in states.actions() if action.text() == "Done").trigger()
    assert at_work.store.entries[at_work.desk.image].status is Status.DONE
    assert "This image: Done" in offered(at_work)
    offered(at_work)["Write a note"].trigger()
    at_work.qtbot.waitUntil(bar.note.hasFocus)
    at_work.keys("hi")
    at_work.key("\r")
    assert at_work.store.entries[at_work.desk.image].note == "hi"
    assert not bar.note.isVisible(), "its room is the tools' again"


def test_the_button_of_what_has_no_room_tells_what_is_on_there(at_work: Annotating) -> None:
    bar, window = at_work.window.annotation.bar, at_work.window
    at_work.key("b")
    window.resize(900, 600)
    at_work.qtbot.waitUntil(lambda: bar.more.isVisible() and not bar.options.only_void.isVisible())
    at_work.wait_until_saved()
    at_work.qtbot.waitUntil(lambda: bar.saved.text() == "All saved")
    before = bar.more.text(), bar.more.width()
    assert "is on" not in bar.more.toolTip()
    assert "This image: to do." in bar.more.toolTip()
    assert "All saved." in bar.more.accessibleDescription()
    at_work.key("x")
    assert "Only over void is on." in bar.more.toolTip()
    assert "Only over void is on." in bar.more.accessibleDescription()
    assert bar.more.text() != before[0]
    at_work.key("q")
    at_work.key("a")
    at_work.qtbot.waitUntil(lambda: "This image: done." in bar.more.toolTip())
    at_work.wait_for("editing")
    at_work.key("x")
    assert (bar.more.text(), bar.more.width()) == before
