"""The strip of pictures draws what is in sight, outside the GUI thread, and goes where it is clicked."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolTip

from lpsnet_studio.background import is_awaited
from lpsnet_studio.inspector import film_strip
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, open_first


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Notes which step is drawn, and in which thread."""
    noted: list[tuple[int, int]] = []
    original = film_strip.step_picture

    def note(photo: Any, trace: Any, index: int, color: Any, size: Any) -> Any:
        noted.append((index, threading.get_ident()))
        return original(photo, trace, index, color, size)

    monkeypatch.setattr(film_strip, "step_picture", note)
    return noted


@pytest.fixture
def film(window: Any, session: Session, service: ListeningService, drawn: list[Any]) -> Any:
    open_first(session, service)
    return window.timeline.film


def test_every_step_in_sight_is_drawn_once_in_a_worker(
    film: Any, session: Session, drawn: list[tuple[int, int]], qtbot: Any
) -> None:
    qtbot.waitUntil(lambda: len(drawn) == len(session.steps), timeout=3000)
    assert sorted(index for index, _ in drawn) == list(range(8))
    assert threading.get_ident() not in {thread for _, thread in drawn}
    qtbot.waitUntil(lambda: not is_awaited(film._drawing), timeout=3000)
    for position in range(8):
        session.seek(position)
    qtbot.wait(200)
    assert len(drawn) == len(session.steps), "they are kept"


def test_only_what_is_in_sight_is_drawn(film: Any, session: Session, drawn: list[tuple[int, int]], qtbot: Any) -> None:
    qtbot.waitUntil(lambda: len(drawn) == 8 and not is_awaited(film._drawing), timeout=3000)
    film.setFixedWidth(150)
    qtbot.waitUntil(lambda: film.width() == 150)
    session.seek(1)
    drawn.clear()
    film._forget_pictures()
    qtbot.waitUntil(lambda: bool(drawn) and not is_awaited(film._drawing), timeout=3000)
    qtbot.wait(100)
    assert {index for index, _ in drawn} == {0, 1, 2}
    session.seek(8)
    qtbot.waitUntil(lambda: {index for index, _ in drawn} >= {6, 7}, timeout=3000)
    assert 3 not in {index for index, _ in drawn}


def test_the_current_step_is_in_the_middle_where_the_ends_allow_it(film: Any, session: Session, qtbot: Any) -> None:
    film.setFixedWidth(200)
    qtbot.waitUntil(lambda: film.width() == 200)
    session.seek(5)
    assert abs(film.cell(4).center().x() - 100) <= 34, "to half a picture"
    session.seek(1)
    assert film.cell(0).left() >= 0
    session.seek(8)
    assert film.cell(7).right() < 200


@pytest.mark.parametrize("width", [150, 200, 333, 420])
def test_the_strip_begins_with_a_whole_picture_and_at_its_end_shows_no_other(
    film: Any, session: Session, qtbot: Any, width: int
) -> None:
    film.setFixedWidth(width)
    qtbot.waitUntil(lambda: film.width() == width)
    for position in range(len(session.steps) + 1):
        session.seek(position)
        cells = [film.cell(index) for index in range(len(session.steps))]
        in_sight = [cell for cell in cells if cell.right() >= 0 and cell.left() < width]
        assert in_sight[0].left() > 0
        if position:
            assert film.rect().contains(cells[position - 1])
    assert all(film.rect().contains(cell) for cell in in_sight)
    assert in_sight[-1] == cells[-1]


def test_a_click_goes_to_a_step_and_leaves_the_strip_where_it_is(film: Any, session: Session, qtbot: Any) -> None:
    film.setFixedWidth(200)
    qtbot.waitUntil(lambda: film.width() == 200)
    session.seek(5)
    place = film.cell(5).center()
    QTest.mouseClick(film, Qt.MouseButton.LeftButton, pos=place)
    assert session.position == 6
    assert film.cell(5).center() == place
    film.leaveEvent(QEvent(QEvent.Type.Leave))
    assert abs(film.cell(5).center().x() - 100) <= 34
    assert film.step_at(film.cell(3).center().x()) == 3
    assert film.step_at(film.cell(8).center().x()) == -1


def test_the_arrow_keys_act_on_the_strip_and_tab_reaches_it(film: Any, session: Session) -> None:
    film.setFocus()
    session.seek(5)
    QTest.keyClick(film, Qt.Key.Key_Left)
    assert session.position == 4
    QTest.keyClick(film, Qt.Key.Key_Home)
    assert session.position == 0
    assert film.focusPolicy() == Qt.FocusPolicy.TabFocus


def test_the_tip_tells_the_step_under_the_mouse(film: Any, session: Session, qtbot: Any) -> None:
    place = film.cell(2).center()
    help_event = QHelpEvent(QEvent.Type.ToolTip, place, film.mapToGlobal(place))
    film.event(help_event)
    assert "Step 3 of 8: person 0.70" in QToolTip.text()
    QToolTip.hideText()


def test_a_strip_without_a_merge_is_empty(window: Any, session: Session) -> None:
    film = window.timeline.film
    assert film.step_at(10) == -1
    QTest.mouseClick(film, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    assert session.position == 0
    assert film._in_sight() == []
    assert QPointF(film.cell(0).topLeft()).x() >= 0


def test_another_theme_draws_anew(film: Any, theme: Any, drawn: list[tuple[int, int]], qtbot: Any) -> None:
    qtbot.waitUntil(lambda: len(drawn) == 8 and not is_awaited(film._drawing), timeout=3000)
    theme.apply("light")
    qtbot.waitUntil(lambda: len(drawn) == 16, timeout=3000)


def test_a_picture_that_fails_is_told_once_and_the_strip_goes_on(
    window: Any, session: Session, service: ListeningService, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    def fail(*_arguments: Any) -> Any:
        raise MemoryError("no room for a picture")

    monkeypatch.setattr(film_strip, "step_picture", fail)
    with qtbot.captureExceptions() as caught:
        open_first(session, service)
        qtbot.waitUntil(lambda: bool(caught), timeout=3000)
        for position in range(8):
            session.seek(position)
        qtbot.wait(100)
    assert [kind for kind, _, _ in caught] == [MemoryError]
    assert not window.timeline.film.grab().isNull()
