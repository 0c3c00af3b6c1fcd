"""The welcome view says what to do, offers what was open before, and fits into small windows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QToolButton

from lpsnet_studio.chrome.notices import network_words
from lpsnet_studio.chrome.shortcut_card import ShortcutCard, in_columns
from lpsnet_studio.chrome.welcome import Welcome
from lpsnet_studio.inference.messages import ModelLoaded, OpenImage
from lpsnet_studio.session import Session
from lpsnet_studio.state import NetworkChoice
from tests.studio.hand_made import ListeningService, card, opened


@pytest.fixture
def welcome(window: Any, qtbot: Any) -> Welcome:
    shown = window.findChild(Welcome)
    qtbot.waitUntil(shown.isVisible)
    return shown


def buttons(welcome: Welcome, name: str) -> list[QToolButton]:
    return [button for button in welcome.findChildren(QToolButton, name) if button.parent() is not None]


def test_the_offers_are_reached_and_pressed_by_keys(
    welcome: Welcome, window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    window.actions_by_id["show_demo"].triggered.disconnect()
    window.actions_by_id["show_demo"].triggered.connect(lambda: told.append("demo"))
    first = buttons(welcome, "offer")[0]
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Space)
    assert told == ["demo"]
    assert all(button.focusPolicy() & Qt.FocusPolicy.TabFocus for button in buttons(welcome, "offer"))
    assert first.accessibleName() == "Show the demo"


def test_what_was_really_open_is_offered_again(
    welcome: Welcome, window: Any, session: Session, service: ListeningService, tmp_path: Path, qtbot: Any
) -> None:
    picture = tmp_path / "a <b>&c.png"
    picture.write_bytes(b"read by the service alone")
    window.commands.files.open_paths([picture])
    assert window.commands.files.recently.paths == [], "nothing has been read yet"
    session.receive(opened(service.last(OpenImage)))
    (button,) = buttons(welcome, "recent")
    assert any(label.text() == "a <b>&c.png" for label in button.findChildren(QLabel))
    session.set_entries([])
    picture.unlink()
    window.commands.files.check_recent()
    qtbot.waitUntil(lambda: [item.problem for item in window.commands.files.recently.paths] != [""])
    qtbot.waitUntil(lambda: not buttons(welcome, "recent")[-1].isEnabled())
    (choice, forget) = window.commands.files.recent()
    assert not choice.enabled
    assert "is not there any more" in choice.text
    assert forget.text == "Clear recent…"


@pytest.mark.parametrize("size", [(300, 200), (700, 450), (1360, 860)])
def test_nothing_is_cut_off_at_the_side(welcome: Welcome, window: Any, size: tuple[int, int], qtbot: Any) -> None:
    window.commands.files.recently.remember(Path("/a/very/long/folder/" * 8) / ("name" * 40))
    window.resize(*size)
    qtbot.waitUntil(lambda: window.size().toTuple() == size)
    qtbot.wait(20)
    assert welcome.horizontalScrollBar().maximum() == 0
    first = buttons(welcome, "offer")[0]
    bottom = first.mapTo(welcome, first.rect().bottomLeft()).y()
    assert bottom <= welcome.height(), "the first offer is seen without scrolling"


@pytest.mark.parametrize("size", [(300, 200), (480, 360), (1360, 860), (1920, 1080)])
@pytest.mark.parametrize("count", [1, 5])
def test_what_was_open_has_the_width_of_an_offer(
    welcome: Welcome, window: Any, size: tuple[int, int], count: int, qtbot: Any
) -> None:
    window.resize(*size)
    for number in range(count):
        window.commands.files.recently.remember(Path(f"/data/{number}.png"))
    qtbot.waitUntil(lambda: len(buttons(welcome, "recent")) == count)
    qtbot.wait(20)
    widths = {button.width() for name in ("offer", "recent") for button in buttons(welcome, name)}
    assert len(widths) == 1, "a short name is not elided while there is room"


def test_it_says_which_network_photos_would_meet(session: Session, service: ListeningService) -> None:
    assert network_words(session).startswith("No network is loaded.")
    session.load_model(NetworkChoice("hand-made"))
    assert network_words(session) == "A network is being loaded."
    session.receive(ModelLoaded(service.posted[-1].request, card(trained=False)))
    assert "untrained" in network_words(session)
    session.load_model(NetworkChoice("hand-made"))
    session.receive(ModelLoaded(service.posted[-1].request, card()))
    assert network_words(session) == "Photos are inspected with hand-made."


def test_it_says_how_little_the_demos_network_knows_of_photos(
    session: Session, service: ListeningService, demo_checkpoint: Path
) -> None:
    assert network_words(session).endswith("The demo brings its own, and data sets with ground truth need none.")
    session.load_model(NetworkChoice(checkpoint=str(demo_checkpoint)))
    session.receive(ModelLoaded(service.posted[-1].request, card(origin=demo_checkpoint)))
    assert network_words(session) == (
        "Photos are inspected with LPSNet demo, which was trained on drawn scenes only: it knows 4 classes of them and "
        "little of photos."
    )


def test_columns_keep_the_order_and_are_as_short_as_can_be() -> None:
    groups = [(name, [("key", "text")] * rows) for name, rows in (("a", 9), ("b", 4), ("c", 18), ("d", 2), ("e", 3))]
    columns = in_columns(groups, 3)
    assert [group for column in columns for group in column] == groups
    assert [[name for name, _ in column] for column in columns] == [["a", "b"], ["c"], ["d", "e"]]
    assert in_columns([], 3) == []


def test_the_card_of_shortcuts_needs_no_scrolling_on_a_common_screen(window: Any, qtbot: Any) -> None:
    shown = ShortcutCard(window)
    qtbot.addWidget(shown)
    shown.resize(1360, 860)
    shown.show()
    page = shown.findChild(QLabel).parentWidget()
    assert page.sizeHint().width() < 1300
    assert page.sizeHint().height() < 700
