"""Every tab of panels that lie on each other can be told from the others, however narrow they are."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtWidgets import QTabBar

from lpsnet_studio.chrome.dock_tabs import shows_words
from lpsnet_studio.settings import Folders, Settings
from lpsnet_studio.theme import ICON_SIZE
from tests.studio.hand_made import AT_FIRST

EVIDENCE = ("levels", "borderness", "semantics", "probe", "errors", "why")


def _bar(window: Any, title: str) -> QTabBar:
    bars = window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return next(bar for bar in bars if bar.isVisible() and title in _titles(bar))


def _titles(bar: QTabBar) -> list[str]:
    return [bar.tabText(place) for place in range(bar.count())]


def _icon(bar: QTabBar, place: int) -> QImage:
    return bar.tabIcon(place).pixmap(ICON_SIZE).toImage()


def _drawn(bar: QTabBar, place: int) -> QImage:
    """Returns what is drawn in the middle of a tab, as large as an icon."""
    middle = bar.tabRect(place).center()
    picture = bar.grab().toImage()
    return picture.copy(middle.x() - 9, middle.y() - 9, 20, 20)


@pytest.fixture
def piled(window: Any, qtbot: Any) -> Any:
    window.resize(1200, 800)
    for name in EVIDENCE:
        window.actions_by_id[f"panel_{name}"].trigger()
    qtbot.waitUntil(lambda: _bar(window, "Images").count() == 7)
    qtbot.waitUntil(lambda: window.docks["why"].width() >= 330)
    window.resizeDocks([window.docks["why"]], [300], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: window.docks["why"].width() == 300)
    return window


def _is_told_apart(bar: QTabBar) -> bool:
    """Whether every tab is on the bar, with an icon of its own, its title as tooltip, and a name to be read aloud."""
    icons = [_icon(bar, place) for place in range(bar.count())]
    distinct = all(one != other for at, one in enumerate(icons) for other in icons[:at])
    inside = all(bar.rect().contains(bar.tabRect(place)) for place in range(bar.count()))
    wide = all(bar.tabRect(place).width() >= ICON_SIZE.width() for place in range(bar.count()))
    named = all(bar.tabToolTip(place) == bar.tabText(place) for place in range(bar.count()))
    heard = QAccessible.queryAccessibleInterface(bar)
    spoken = {heard.child(at).text(QAccessible.Text.Name) for at in range(heard.childCount())}
    return distinct and inside and wide and named and set(_titles(bar)) <= spoken and not any(map(QImage.isNull, icons))


def test_seven_tabs_at_300_pixels_are_icons(piled: Any) -> None:
    bar = _bar(piled, "Images")
    assert _titles(bar)[0] == "Images"
    assert not shows_words(bar)
    assert _is_told_apart(bar)
    assert all(one.right() < other.left() for one, other in pairwise(bar.tabRect(at) for at in range(bar.count())))
    drawn = [_drawn(bar, place) for place in range(bar.count())]
    assert all(one != other for at, one in enumerate(drawn) for other in drawn[:at])


def test_where_there_is_room_there_are_words(piled: Any, qtbot: Any) -> None:
    bar = _bar(piled, "Images")
    piled.resize(1800, 800)
    piled.resizeDocks([piled.docks["why"]], [900], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: shows_words(_bar(piled, "Images")))
    assert _is_told_apart(bar)
    for place in range(bar.count()):
        words = bar.fontMetrics().horizontalAdvance(bar.tabText(place))
        assert bar.tabRect(place).width() >= words + ICON_SIZE.width()
    assert shows_words(_bar(piled, "Segments"))


def test_icons_follow_the_theme(piled: Any, theme: Any) -> None:
    bar = _bar(piled, "Images")
    dark = [_icon(bar, place) for place in range(bar.count())]
    theme.apply("light")
    light = [_icon(bar, place) for place in range(bar.count())]
    assert all(one != other for one, other in zip(dark, light, strict=True))
    assert not shows_words(bar)
    assert _is_told_apart(bar)


def test_a_panel_that_floated_has_its_icon_again(piled: Any, qtbot: Any) -> None:
    dock = piled.docks["errors"]
    dock.setFloating(True)
    qtbot.waitUntil(lambda: "Errors" not in _titles(_bar(piled, "Images")))
    assert _is_told_apart(_bar(piled, "Images"))
    dock.setFloating(False)
    qtbot.waitUntil(lambda: "Errors" in _titles(_bar(piled, "Images")))
    qtbot.waitUntil(lambda: _is_told_apart(_bar(piled, "Images")))
    piled.tabifyDockWidget(piled.docks["settings"], dock)
    qtbot.waitUntil(lambda: "Errors" in _titles(_bar(piled, "Settings")))
    qtbot.waitUntil(lambda: _is_told_apart(_bar(piled, "Settings")))


def test_a_layout_of_the_last_run_has_its_icons(
    piled: Any, qtbot: Any, session: Any, theme: Any, folders: Folders
) -> None:
    from lpsnet_studio.main_window import MainWindow

    piled.close()
    again = MainWindow(session, theme, Settings(folders.config), folders)
    qtbot.addWidget(again)
    again.show()
    qtbot.waitExposed(again)
    qtbot.waitUntil(lambda: _bar(again, "Images").count() == 7)
    qtbot.waitUntil(lambda: _is_told_apart(_bar(again, "Images")))
    again.close()


def _stops(window: Any) -> list[Any]:
    """Returns where Tab stops, once around the window."""
    first = window.centralWidget().nextInFocusChain()
    stops, widget = [], first
    while True:
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and widget.isEnabled():
            stops.append(widget)
        widget = widget.nextInFocusChain()
        if widget is first:
            return stops


def test_the_keyboard_passes_over_bars_without_tabs(piled: Any, qtbot: Any) -> None:
    def empty() -> list[QTabBar]:
        return [stop for stop in _stops(piled) if isinstance(stop, QTabBar) and stop.count() == 0]

    piled.actions_by_id["jobs_mode"].trigger()
    qtbot.waitUntil(lambda: not any(dock.isVisible() for dock in piled.docks.values()))
    qtbot.waitUntil(lambda: empty() == [])
    piled.actions_by_id["inspect_mode"].trigger()
    qtbot.waitUntil(lambda: _bar(piled, "Images").count() == 7)
    qtbot.waitUntil(lambda: _bar(piled, "Images") in _stops(piled))
    qtbot.waitUntil(lambda: _bar(piled, "Segments") in _stops(piled))


def test_every_panel_has_an_icon(window: Any, theme: Any) -> None:
    from lpsnet_studio.chrome.dock_tabs import _ICONS

    assert set(_ICONS) == set(window.docks) >= AT_FIRST
    for mode in ("inspect", "annotate"):
        together = [icon for name, icon in _ICONS.items() if mode in window._docks.modes_of(name)]
        assert len(set(together)) == len(together), f"two tabs look alike in {mode}"
    for name in _ICONS.values():
        assert not theme.icon(name).pixmap(ICON_SIZE).isNull()
