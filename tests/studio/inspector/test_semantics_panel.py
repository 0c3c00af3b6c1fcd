"""Classes are found by typing and shown by Enter; maps are asked for once they are chosen."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from lpsnet_studio.background import is_awaited
from lpsnet_studio.examination import Examination
from lpsnet_studio.inference.messages import Failed, Look, Sight
from lpsnet_studio.inspector.semantics_panel import SemanticsPanel
from lpsnet_studio.session import Session
from tests.studio.hand_made import CAR, PERSON, ROAD, SKY, ListeningService
from tests.studio.inspector.ranked_boxes import answer_looks, open_ranked

MEANS = Sight("means")


@pytest.fixture
def examination(session: Session) -> Examination:
    return Examination(session)


@pytest.fixture
def panel(qtbot: Any, session: Session, examination: Examination, theme: Any) -> SemanticsPanel:
    made = SemanticsPanel(session, examination, theme)
    qtbot.addWidget(made)
    made.resize(300, 800)
    return made


@pytest.fixture
def shown(qtbot: Any, panel: SemanticsPanel, session: Session, service: ListeningService) -> SemanticsPanel:
    open_ranked(session, service)
    panel.show()
    answer_looks(session, service)
    qtbot.waitUntil(lambda: panel._shares is not None)
    panel.refresh()
    return panel


def cells(panel: SemanticsPanel) -> list[list[str]]:
    model = panel.classes.model
    return [[model.index(row, column).data() for column in range(3)] for row in range(model.rowCount())]


def test_a_panel_that_is_hidden_asks_and_counts_nothing(
    panel: SemanticsPanel, session: Session, service: ListeningService
) -> None:
    open_ranked(session, service)
    QTest.qWait(60)
    assert service.count(Look) == 0
    assert panel._counting is panel._counted is None


def test_shown_it_asks_for_the_means_alone_and_lists_every_class(
    panel: SemanticsPanel, session: Session, service: ListeningService, qtbot: Any
) -> None:
    open_ranked(session, service)
    panel.show()
    assert answer_looks(session, service) == [MEANS]
    qtbot.waitUntil(lambda: panel._shares is not None)
    panel.refresh()
    assert cells(panel) == [
        ["sky", "41.7 %", "0.200"],
        ["road", "30.2 %", "0.100"],
        ["person", "25.0 %", "0.400"],
        ["car", "3.1 %", "0.300"],
    ]


def test_areas_are_counted_once_for_a_label_map(shown: SemanticsPanel, session: Session) -> None:
    shares = shown._shares
    for _ in range(3):
        shown.refresh()
    assert shown._shares is shares
    assert not is_awaited(shown._counting)


def test_typing_finds_a_class_and_enter_shows_the_first(
    shown: SemanticsPanel, examination: Examination, session: Session, service: ListeningService
) -> None:
    QTest.keyClicks(shown.classes.field, "r")
    assert cells(shown)[0][0] == "road"
    QTest.keyClick(shown.classes.field, Qt.Key.Key_Return)
    assert examination.shown == Sight("class", label=ROAD)
    assert answer_looks(session, service) == [Sight("class", label=ROAD)]
    shown.refresh()
    assert shown.section.title.text() == "Probability of road"
    assert [index.row() for index in shown.classes.table.selectionModel().selectedRows()] == [0]
    QTest.keyClick(shown.classes.field, Qt.Key.Key_Return)
    assert examination.shown == Sight("class", label=ROAD), "once more does not take it away"


def test_a_name_that_no_class_has_says_so_and_escape_shows_all(shown: SemanticsPanel, examination: Examination) -> None:
    QTest.keyClicks(shown.classes.field, "zebra")
    assert cells(shown) == []
    assert shown.classes.none_found.isVisible()
    QTest.keyClick(shown.classes.field, Qt.Key.Key_Return)
    assert examination.shown is None
    QTest.keyClick(shown.classes.field, Qt.Key.Key_Escape)
    assert len(cells(shown)) == 4
    assert not shown.classes.none_found.isVisible()


def test_arrow_keys_ask_for_the_class_that_they_rest_on_alone(
    shown: SemanticsPanel, qtbot: Any, examination: Examination, session: Session, service: ListeningService
) -> None:
    shown.activateWindow()
    QTest.keyClick(shown.classes.field, Qt.Key.Key_Down)
    for _ in range(3):
        QTest.keyClick(shown.classes.table, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: examination.shown is not None)
    assert examination.shown == Sight("class", label=shown.classes.model.label(3))
    assert answer_looks(session, service) == [examination.shown]


def test_classes_are_sorted_by_name_area_and_mean(shown: SemanticsPanel) -> None:
    header = shown.classes.table.horizontalHeader()
    header.sectionClicked.emit(0)
    assert [row[0] for row in cells(shown)] == ["car", "person", "road", "sky"]
    header.sectionClicked.emit(2)
    assert [row[2] for row in cells(shown)] == ["0.100", "0.200", "0.300", "0.400"]
    header.sectionClicked.emit(1)
    header.sectionClicked.emit(1)
    assert [shown.classes.model.label(at) for at in range(4)] == [SKY, ROAD, PERSON, CAR]


def test_the_tile_of_labels_turns_their_layer_on_and_off(shown: SemanticsPanel, session: Session) -> None:
    tile = shown.tiles.tiles[0]
    assert tile.has_picture
    tile.click()
    shown.refresh()
    assert session.view.shows("labels")
    assert tile.isChecked()
    tile.click()
    assert not session.view.shows("labels")


def test_the_next_best_class_is_named_under_the_mouse_and_has_no_scale(
    shown: SemanticsPanel, session: Session, service: ListeningService, examination: Examination
) -> None:
    shown.tiles.tiles[3].click()
    assert answer_looks(session, service) == [Sight("next_best")]
    shown.refresh()
    assert not shown.section.bar.isVisible()
    assert not shown.section.colors.isVisible()
    session.point(79, 3)
    assert shown.section.reading.text() == "road"
    shown.tiles.tiles[1].click()
    answer_looks(session, service)
    shown.refresh()
    assert shown.section.bar.isVisible()
    assert examination.scale.colors == "viridis"


def test_a_refusal_and_a_map_of_another_panel_are_told(
    shown: SemanticsPanel, session: Session, service: ListeningService, examination: Examination
) -> None:
    shown.tiles.tiles[1].click()
    session.receive(Failed(service.last(Look).request, "not-possible", "The network has not run on this image."))
    shown.refresh()
    assert shown.section.note.text() == "The network has not run on this image."
    examination.show(Sight("borderness", level=5))
    shown.refresh()
    assert "another panel" in shown.section.note.text()
    assert "Border-ness, P5" in shown.section.note.text()
    assert not shown.section.take_away.isVisible()


def test_before_an_image_it_says_what_to_do(panel: SemanticsPanel) -> None:
    panel.show()
    assert panel._hint.text() == "Open an image to see how likely each class is."
    assert not any(tile.isEnabled() for tile in panel.tiles.tiles)


def test_nothing_is_cut_off_at_300_pixels(shown: SemanticsPanel, session: Session, service: ListeningService) -> None:
    for tile in shown.tiles.tiles[1:]:
        tile.click()
        answer_looks(session, service)
        shown.refresh()
        QApplication.processEvents()
        assert shown.minimumSizeHint().width() <= 280


def test_a_hidden_panel_holds_on_to_nothing_of_an_image_that_was_left(
    shown: SemanticsPanel, session: Session, service: ListeningService
) -> None:
    assert session.result is not None
    labels = weakref.ref(session.result.labels)
    shown.hide()
    session.open_index(1)
    gc.collect()
    assert labels() is None
