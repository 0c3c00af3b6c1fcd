"""The docks make room in a small window, come back as they were, and keep their width while panels are opened."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt

from lpsnet_studio.session import Session
from lpsnet_studio.settings import Folders, Settings
from tests.studio.hand_made import AT_FIRST, ListeningService, open_first


@pytest.fixture
def opened(window: Any, session: Session, service: ListeningService) -> Any:
    open_first(session, service)
    return window


def test_a_small_window_stows_the_docks_and_a_large_one_brings_them_back(opened: Any, qtbot: Any) -> None:
    opened.docks["images"].close()
    opened.resize(700, 450)
    qtbot.waitUntil(lambda: opened.size().toTuple() == (700, 450))
    page, area = opened.panel.scroll.widget(), opened.panel.scroll.viewport()
    qtbot.waitUntil(lambda: page.width() == area.width())
    assert page.minimumSizeHint().width() <= area.width(), "nothing is cut off at the right"
    assert opened.panel.scroll.verticalScrollBar().maximum() > 0, "the rest is scrolled to"
    assert opened.segments.width() >= 180
    opened.resize(300, 200)
    qtbot.waitUntil(lambda: opened.size().toTuple() == (300, 200))
    assert not any(dock.isVisible() for dock in opened.docks.values())
    qtbot.waitUntil(lambda: opened.canvas.height() > 50)
    opened.resize(1600, 1000)
    qtbot.waitUntil(lambda: opened.panel.width() > 250)
    shown = {name for name, dock in opened.docks.items() if not dock.isHidden()}
    assert shown == AT_FIRST - {"images"}
    assert opened.timeline.isVisible()


def test_docks_that_were_stowed_are_there_next_time(qtbot: Any, session: Session, theme: Any, folders: Folders) -> None:
    from lpsnet_studio.main_window import MainWindow

    for size in ((400, 300), (1200, 800)):
        made = MainWindow(session, theme, Settings(folders.config), folders)
        qtbot.addWidget(made)
        made.show()
        made.resize(*size)
        qtbot.waitUntil(lambda made=made, size=size: made.size().toTuple() == size)
        if size[0] > 1000:
            assert {name for name, dock in made.docks.items() if not dock.isHidden()} == AT_FIRST
        made.close()


def test_a_new_window_is_no_larger_than_the_screen(window: Any, theme: Any) -> None:
    window.resize(9000, 9000)
    window._docks.come_on_screen()
    room = window.screen().availableGeometry()
    assert window.width() <= room.width()
    assert window.height() <= room.height()


def test_docks_come_back_as_large_as_they_were(opened: Any, qtbot: Any) -> None:
    opened.resize(1200, 800)
    opened.resizeDocks([opened.docks["images"], opened.docks["segments"]], [260, 340], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: opened.docks["images"].width() == 260)
    sizes = {name: dock.width() for name, dock in opened.docks.items() if dock.isVisible()}
    qtbot.waitUntil(lambda: opened._docks._roomy_layout is not None and not opened._docks._settled.isActive())
    opened.resize(400, 300)
    qtbot.waitUntil(lambda: not opened.docks["images"].isVisible())
    opened.resize(1200, 800)
    qtbot.waitUntil(lambda: opened.docks["images"].isVisible())
    qtbot.waitUntil(lambda: opened.docks["images"].width() == 260)
    assert {name: opened.docks[name].width() for name in sizes} == sizes


def test_resetting_the_layout_in_a_small_window_keeps_the_canvas(opened: Any, qtbot: Any) -> None:
    opened.resize(400, 300)
    qtbot.waitUntil(lambda: not opened.docks["images"].isVisible())
    opened.actions_by_id["reset_layout"].trigger()
    assert not any(dock.isVisible() for dock in opened.docks.values())
    opened.resize(1200, 800)
    qtbot.waitUntil(lambda: opened.docks["images"].isVisible())
    assert {name for name, dock in opened.docks.items() if not dock.isHidden()} == AT_FIRST


def test_a_pile_keeps_its_width_while_panels_are_opened(opened: Any, qtbot: Any) -> None:
    names = ("levels", "borderness", "semantics", "probe", "errors", "why")
    widths = []
    for name in names:
        opened.actions_by_id[f"panel_{name}"].trigger()
        qtbot.wait(20)
        widths.append(opened.docks[name].width())
    assert min(widths) >= 340
    assert max(widths) - min(widths) <= 2
    opened.resizeDocks([opened.docks["why"]], [430], Qt.Orientation.Horizontal)
    qtbot.wait(20)
    opened.actions_by_id["panel_levels"].trigger()
    qtbot.wait(20)
    assert abs(opened.docks["levels"].width() - 430) <= 2
