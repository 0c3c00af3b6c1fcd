"""The status bar's parts can be clicked, reached by keyboard, copied, and give way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu

from lpsnet_studio.chrome.status_bar import StatusBar
from lpsnet_studio.inference.messages import MemoryUse
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, card, open_first


@pytest.fixture
def happened() -> list[str]:
    return []


@pytest.fixture
def bar(
    qtbot: Any, session: Session, service: ListeningService, theme: Any, happened: list[str]
) -> Iterator[StatusBar]:
    window = QMainWindow()
    qtbot.addWidget(window)
    device, model_card = QAction("Device", window), QAction("Model card", window)
    jobs = QAction("Show jobs", window)
    jobs.triggered.connect(lambda: happened.append("jobs"))
    menu = QMenu(window)
    menu.addAction("CPU")
    menu.aboutToShow.connect(lambda: happened.append("menu"))
    device.setMenu(menu)
    model_card.triggered.connect(lambda: happened.append("card"))
    made = StatusBar(session, theme, lambda: None, {"device": device, "model_card": model_card, "jobs_mode": jobs})
    window.setStatusBar(made)
    window.resize(1360, 200)
    window.show()
    qtbot.waitExposed(window)
    open_first(session, service)
    yield made
    window.close()


def test_device_opens_its_menu_and_network_its_card(bar: StatusBar, happened: list[str], qtbot: Any) -> None:
    qtbot.mouseClick(bar._network, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(bar._network, Qt.MouseButton.RightButton)
    assert happened == ["card"]
    qtbot.keyClick(bar._network, Qt.Key.Key_Return)
    qtbot.keyClick(bar._network, Qt.Key.Key_X)
    assert happened == ["card", "card"]
    qtbot.keyClick(bar._device, Qt.Key.Key_Space)
    assert happened == ["card", "card", "menu"]


def test_both_are_reached_by_keyboard_and_named(bar: StatusBar) -> None:
    for part, name in ((bar._device, "Device: CPU (no CUDA device)"), (bar._network, "Network: hand-made")):
        assert part.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert part.accessibleName().startswith(name)
    assert "no NVIDIA driver" in bar._device.toolTip(), "the whole reason is in the tool tip"


def test_memory_is_shown_where_there_is_room(bar: StatusBar, session: Session) -> None:
    assert bar._memory.isHidden()
    session.receive(MemoryUse(1_340_000_000))
    assert bar._memory.text() == "1.3 GB"
    assert not bar._memory.isHidden()
    bar.window().resize(700, 200)
    assert bar._memory.isHidden()


def test_what_it_says_can_be_copied(bar: StatusBar, session: Session) -> None:
    bar.show_zoom(1.25)
    session.receive(MemoryUse(64_000_000))
    assert bar.text == "125 % | CPU (no CUDA device) | hand-made · 64 px · 0 ms | 64 MB"
    place = bar._network.rect().center()
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, bar._network.mapToGlobal(place))
    QApplication.sendEvent(bar._network, asked)
    (menu,) = bar.findChildren(QMenu)
    menu.actions()[0].trigger()
    menu.close()
    assert QGuiApplication.clipboard().text() == bar.text


def test_long_words_give_way_in_a_small_window(bar: StatusBar, session: Session) -> None:
    session.model = replace(
        card(), name="a-network-with-a-very-long-name", device_reason="NVIDIA driver found, but this PyTorch has none"
    )
    session.model_changed.emit()
    window = bar.window()
    window.resize(700, 200)
    assert window.width() == 700
    assert bar._network.shown.endswith("…")
    assert bar._device.text() == "CPU (NVIDIA driver found, but this PyTorch has none)", "nothing said is lost"
