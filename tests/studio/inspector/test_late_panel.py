"""A panel that nobody opens is not made; one that is opened is there at once, where Tab would have come to it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QScrollArea, QVBoxLayout, QWidget

from lpsnet_studio.inspector.late_panel import LatePanel


class Two(QScrollArea):
    """Takes the keyboard itself, and has two buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        page = QWidget()
        inner = QVBoxLayout(page)
        self.buttons = [QPushButton("first"), QPushButton("second")]
        for button in self.buttons:
            inner.addWidget(button)
        self.setWidget(page)


def test_it_is_made_once_as_it_is_shown_and_has_its_place_at_once(qtbot: Any) -> None:
    made: list[QWidget] = []
    window = QWidget()
    qtbot.addWidget(window)
    late = LatePanel(lambda: made.append(Two()) or made[-1])  # type: ignore[func-returns-value]
    QVBoxLayout(window).addWidget(late)
    late.hide()
    window.resize(300, 200)
    window.show()
    assert not made
    late.show()
    assert len(made) == 1
    assert made[0] is late.panel
    assert not made[0].visibleRegion().isEmpty()
    late.hide()
    late.show()
    assert len(made) == 1


def test_tab_comes_to_it_in_the_order_of_the_window_whichever_is_made_first(qtbot: Any) -> None:
    window, before, after = QWidget(), QPushButton("before"), QPushButton("after")
    qtbot.addWidget(window)
    panels = [LatePanel(Two), LatePanel(Two)]
    inner = QVBoxLayout(window)
    for widget in (before, *panels, after):
        inner.addWidget(widget)
    for late in panels:
        late.hide()
    window.show()
    panels[1].show()
    panels[0].show()
    window.activateWindow()
    before.setFocus()
    qtbot.waitUntil(before.hasFocus)
    one, other = panels[0].panel, panels[1].panel
    assert isinstance(one, Two)
    assert isinstance(other, Two)
    for expected in (one, *one.buttons, other, *other.buttons, after, before):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        assert window.focusWidget() is expected
    panels[1].setFocus()
    assert window.focusWidget() is other
