"""The timeline drives the merge, and canvas and card tell what it did."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QStyle, QStyleOptionSlider, QToolTip

from lpsnet_studio.canvas.sampling import Grid
from lpsnet_studio.inspector.widgets import Paragraph
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, open_first


@pytest.fixture
def opened(window: Any, session: Session, service: ListeningService) -> Any:
    open_first(session, service)
    return window


def test_scrubbing_shows_every_position_as_the_trace_replays_it(opened: Any, session: Session) -> None:
    assert session.result is not None
    trace, slider = session.result.trace, opened.timeline.slider
    for position in (0, 2, 5, 1, len(trace.steps), 3):
        slider.setValue(position)
        shown = opened.canvas.stage.segments.picture
        np.testing.assert_array_equal(shown.indices, trace.owners_after(position))
        np.testing.assert_array_equal(shown.sample(Grid.of_image(*shown.shape)), shown.indices)


def test_playing_comes_to_the_end_and_stops(opened: Any, session: Session, qtbot: Any) -> None:
    session.change_view(speed=8)
    QTest.keyClick(opened.canvas, Qt.Key.Key_K)
    assert session.playing
    assert session.position <= 1
    qtbot.waitUntil(lambda: not session.playing, timeout=15000)
    assert session.position == len(session.steps)
    assert not opened.actions_by_id["play"].isChecked()


def test_arrows_step_while_the_canvas_has_the_focus(opened: Any, session: Session) -> None:
    opened.canvas.setFocus()
    end = len(session.steps)
    QTest.keyClick(opened.canvas, Qt.Key.Key_Left)
    assert session.position == end - 1
    QTest.keyClick(opened.canvas, Qt.Key.Key_Home)
    assert session.position == 0
    QTest.keyClick(opened.canvas, Qt.Key.Key_Right)
    assert session.position == 1
    QTest.keyClick(opened.canvas, Qt.Key.Key_End)
    assert session.position == end


def test_the_card_tells_what_a_step_did(opened: Any, session: Session) -> None:
    card = opened.timeline.card
    session.seek(0)
    assert card.headline.text() == "Before the first of 8 steps: nothing is pasted yet"
    session.seek(2)
    assert card.headline.text() == "Step 2 of 8: paste person (score 0.80)"
    assert card.verdict.words.text() == "kept as person #2"
    assert card.sentence.text().startswith(
        "18 % of its 660 pixels are already taken by earlier boxes; that is within the limit of 30 %, "
        "so it is kept as person #2. "
    )
    assert "The 120 contested pixels stay with person #1, whose box is not larger." in card.sentence.text()
    session.seek(3)
    assert card.verdict.words.text() == "discarded"
    assert card.sentence.text().startswith("All (100 %) of its")
    session.seek(5)
    assert card.verdict.words.text() == "empty"


def test_the_strip_goes_where_it_is_clicked(opened: Any, session: Session) -> None:
    strip = opened.timeline.strip
    for position in (3, 8, 1):
        QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(round(strip.middle_of(position)), 8))
        assert session.position == position
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(0, 8))
    assert session.position == 0, "left of the first mark nothing is pasted yet"


@pytest.mark.parametrize("width", [1200, 701, 420])
def test_the_handle_stands_over_the_mark_of_the_step(opened: Any, session: Session, qtbot: Any, width: int) -> None:
    opened.resize(width, 800)
    qtbot.waitUntil(lambda: opened.width() == width)
    qtbot.wait(50)
    slider, strip = opened.timeline.slider, opened.timeline.strip
    assert (slider.x(), slider.width()) == (strip.x(), strip.width())
    for position in range(len(session.steps) + 1):
        session.seek(position)
        option = QStyleOptionSlider()
        slider.initStyleOption(option)
        parts = QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, slider
        handle = QRectF(slider.style().subControlRect(*parts))
        assert abs(handle.center().x() - strip.middle_of(position)) <= 1
    marks = strip.grab().toImage()
    ratio = marks.devicePixelRatio()
    ground = marks.pixel(0, 8)
    for position in range(1, len(session.steps) + 1):
        assert marks.pixel(round(strip.middle_of(position) * ratio), round(9 * ratio)) != ground


def test_contested_and_candidate_pixels_of_the_step_are_shown(opened: Any, session: Session) -> None:
    session.seek(2)
    step = opened.canvas.stage.step.picture
    kinds, counts = np.unique(step.indices, return_counts=True)
    seen = dict(zip(kinds.tolist(), counts.tolist(), strict=True))
    assert session.current_step is not None
    assert sum(counts) == 22 * 30
    won = session.current_step.contests[0].won
    assert seen.get(3, 0) == won
    session.seek(3)
    assert 2 in np.unique(opened.canvas.stage.step.picture.indices), "the pixels that spoke against it"


def test_a_click_selects_everywhere(opened: Any, session: Session) -> None:
    opened.canvas.clicked.emit(12, 30)
    assert session.selected == 1
    rows = opened.segments.table.selectionModel().selectedRows()
    assert [opened.segments.model.owner(row.row()) for row in rows] == [1]
    opened.segments.table.selectRow(2)
    assert session.selected == opened.segments.model.owner(2)
    QTest.keyClick(opened, Qt.Key.Key_Escape)
    assert session.selected == 0


def test_the_speed_sets_the_pace_and_is_chosen_in_a_menu(opened: Any, session: Session) -> None:
    timeline = opened.timeline
    paces = {}
    for choice in timeline.speed.menu().actions():
        choice.trigger()
        paces[timeline.speed.text()] = timeline.step_milliseconds
        assert [each.text() for each in timeline.speed.menu().actions() if each.isChecked()] == [choice.text()]
    assert paces == {"0.5×": 2400, "1×": 1200, "2×": 600, "4×": 300, "8×": 150}
    assert session.view.speed == 8


def test_steps_that_decide_something_stand_longer(opened: Any, session: Session) -> None:
    stand = []
    for position in range(len(session.steps) + 1):
        session.seek(position)
        stand.append(opened.timeline.step_milliseconds)
    assert stand[:5] == [1200, 1200, 1920, 1920, 1200], "the second box contests pixels, the third is discarded"
    assert set(stand[5:]) == {1200}


def test_a_higher_speed_shortens_the_step_that_stands(opened: Any, session: Session) -> None:
    session.change_view(speed=0.5)
    session.seek(1)
    session.play(True)
    opened.timeline._advance()
    assert opened.timeline._timer.remainingTime() > 2000
    session.change_view(speed=8)
    assert 0 <= opened.timeline._timer.remainingTime() < 300
    session.play(False)
    assert not opened.timeline._timer.isActive()


def test_the_wheel_steps_whichever_part_is_under_it(opened: Any, session: Session) -> None:
    timeline = opened.timeline

    def turn(widget: Any, notches: float) -> None:
        place = widget.mapTo(opened, widget.rect().center())
        QTest.wheelEvent(opened.windowHandle(), QPointF(place), QPoint(0, round(-120 * notches)))

    session.seek(4)
    for widget in (timeline.slider, timeline.strip, timeline.film, timeline.card):
        turn(widget, 1)
    assert session.position == 8
    turn(timeline.film, -3)
    assert session.position == 5
    turn(timeline.film, 0.5)
    assert session.position == 5
    turn(timeline.film, 0.5)
    assert session.position == 6


def test_the_height_is_the_same_at_every_step(opened: Any, session: Session, qtbot: Any) -> None:
    for size in ((1200, 800), (700, 480), (520, 400)):
        opened.resize(*size)
        qtbot.waitUntil(lambda size=size: opened.size().toTuple() == size)
        qtbot.waitUntil(lambda: opened.timeline.sizeHint().height() == opened.timeline.height())
        qtbot.wait(50)  # docks that have no room any more leave in turns of the event loop of their own
        heights = set()
        for position in range(len(session.steps) + 1):
            session.seek(position)
            qtbot.wait(5)
            heights.add((opened.timeline.height(), opened.canvas.height()))
        assert len(heights) == 1, size


def test_pictures_and_figures_leave_a_low_window(opened: Any, qtbot: Any) -> None:
    seen = []
    for height in (800, 500, 400):
        opened.resize(1200, height)
        qtbot.waitUntil(lambda height=height: opened.height() == height)
        qtbot.wait(10)
        seen.append((opened.timeline.film.isVisible(), opened.timeline.card.details.isVisible()))
    assert seen == [(True, True), (False, True), (False, False)]


def test_a_sentence_that_does_not_fit_is_elided_and_told_whole(qtbot: Any, theme: Any) -> None:
    paragraph = Paragraph(2)
    qtbot.addWidget(paragraph)
    paragraph.resize(200, paragraph.height())
    paragraph.setText("word " * 40)
    lines = paragraph.shown()
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert paragraph.height() == 2 * paragraph.fontMetrics().lineSpacing()
    center = paragraph.rect().center()
    paragraph.event(QHelpEvent(QEvent.Type.ToolTip, center, paragraph.mapToGlobal(center)))
    assert QToolTip.text().count("word") == 40
    QToolTip.hideText()
    paragraph.setText("takes 30 % of it")
    assert [line.replace("\u00a0", " ") for line in paragraph.shown()] == ["takes 30 % of it"]


def test_everything_in_the_timeline_has_a_name_and_is_reached_by_tab(opened: Any) -> None:
    timeline = opened.timeline
    for widget in (timeline.slider, timeline.film, timeline.speed, *timeline.buttons.values()):
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert widget.accessibleName() or widget.text()
        assert widget.toolTip() or widget is timeline.film
