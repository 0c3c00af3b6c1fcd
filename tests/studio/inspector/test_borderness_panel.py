"""Border-ness is looked at only while its panel is shown; maps, differences and ranks follow what the user chooses."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from lpsnet_studio.examination import Examination
from lpsnet_studio.inference.messages import Failed, Look, Sight
from lpsnet_studio.inspector.borderness_model import LEVELS
from lpsnet_studio.inspector.borderness_panel import BordernessPanel
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, open_first
from tests.studio.inspector.ranked_boxes import answer_inspect, answer_looks, open_ranked

P3 = Sight("borderness", level=3)
RUN, DIFFERENCE = Sight("target", target="run"), Sight("difference", target="run")


@pytest.fixture
def examination(session: Session) -> Examination:
    return Examination(session)


@pytest.fixture
def panel(qtbot: Any, session: Session, examination: Examination, theme: Any) -> BordernessPanel:
    made = BordernessPanel(session, examination, theme)
    qtbot.addWidget(made)
    made.resize(300, 800)
    return made


@pytest.fixture
def shown(panel: BordernessPanel, session: Session, service: ListeningService) -> BordernessPanel:
    open_ranked(session, service)
    panel.show()
    answer_looks(session, service)
    panel.refresh()
    return panel


def test_a_panel_that_is_hidden_asks_nothing_and_does_nothing(
    panel: BordernessPanel, session: Session, service: ListeningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[bool] = []
    monkeypatch.setattr(panel, "refresh", lambda: done.append(True))
    open_ranked(session, service)
    session.select(1)
    QTest.qWait(60)
    assert not done
    assert service.count(Look) == 0


def test_shown_it_asks_for_the_levels_alone_and_draws_them_as_they_come(
    panel: BordernessPanel, session: Session, service: ListeningService
) -> None:
    open_ranked(session, service)
    panel.show()
    assert [tile.words.state for tile in panel.levels.tiles] == ["…"] * 6
    assert set(answer_looks(session, service)) == set(LEVELS)
    panel.refresh()
    assert all(tile.has_picture for tile in panel.levels.tiles)
    assert not any(tile.has_picture for tile in (*panel.targets.tiles, *panel.differences.tiles))


def test_a_press_lays_a_map_over_the_image_and_another_takes_it_away(
    shown: BordernessPanel, examination: Examination
) -> None:
    tile = shown.levels.tiles[0]
    tile.click()
    shown.refresh()
    assert examination.shown == P3
    assert tile.isChecked()
    assert shown.section.title.text() == "Border-ness, P3"
    tile.click()
    shown.refresh()
    assert examination.shown is None
    assert not tile.isChecked()
    assert not shown.section.bar.isVisible()


def test_choosing_a_map_shows_the_hidden_layer_that_it_lies_in(
    shown: BordernessPanel, session: Session, examination: Examination
) -> None:
    examination.show(P3)
    session.change_layer("heat", visible=False)
    shown.refresh()
    assert "hidden" in shown.section.note.text()
    shown.levels.tiles[0].click()
    assert session.view.layer("heat").visible
    assert examination.shown == P3


def test_arrows_go_from_tile_to_tile_and_enter_presses(shown: BordernessPanel, examination: Examination) -> None:
    shown.activateWindow()
    shown.levels.tiles[0].setFocus()
    QTest.keyClick(shown.levels.tiles[0], Qt.Key.Key_Right)
    assert shown.levels.tiles[1].hasFocus()
    assert examination.shown is None
    QTest.keyClick(shown.levels.tiles[1], Qt.Key.Key_Return)
    assert examination.shown == LEVELS[1]


def test_the_scale_follows_the_map_and_is_turned(
    shown: BordernessPanel, examination: Examination, session: Session
) -> None:
    shown.levels.tiles[0].click()
    shown.refresh()
    section = shown.section
    assert examination.scale.colors == "magma"
    assert not section.reset.isEnabled()
    section.low.setValue(0.25)
    section.colors.activated.emit(section.colors.findData("cividis"))
    section.smooth.click()
    scale = examination.scale
    assert (scale.low, scale.colors, scale.smooth) == (0.25, "cividis", False)
    shown.refresh()
    assert section.colors.currentText().startswith("Cividis, colour-blind safe")
    section.fit.click()
    assert (examination.scale.low, examination.scale.high) == (0.0, 1.0)
    examination.change_scale(low=0.5)
    shown.refresh()
    section.reset.click()
    shown.refresh()
    assert (examination.scale.low, examination.scale.colors, section.low.value()) == (0, "magma", 0)
    section.opacity.changed.emit(0.4, False)
    assert session.view.layer("heat").opacity == 0.4


def test_the_number_under_the_mouse_is_read_from_the_map(
    shown: BordernessPanel, session: Session, examination: Examination
) -> None:
    shown.levels.tiles[0].click()
    shown.refresh()
    session.point(40, 10)
    heat = examination.shown_map
    assert heat is not None
    assert shown.section.bar.reading == f"{heat.values[2, 10]:.2f}"
    session.point(-1, -1)
    assert shown.section.bar.reading == ""


def test_targets_and_differences_are_asked_for_once_they_are_chosen(
    shown: BordernessPanel, session: Session, service: ListeningService, examination: Examination
) -> None:
    shown.targets.tiles[0].click()
    shown.refresh()
    assert "on its way" in shown.section.note.text()
    assert answer_looks(session, service) == [RUN]
    shown.differences.tiles[0].click()
    assert answer_looks(session, service) == [DIFFERENCE]
    shown.refresh()
    assert examination.scale.colors == "difference"
    assert shown.section.colors.currentText().startswith("Blue to red")


def test_the_difference_of_another_level_takes_the_place_of_the_one_shown(
    shown: BordernessPanel, examination: Examination
) -> None:
    shown.differences.tiles[1].click()
    shown.of_level.setCurrentIndex(shown.of_level.findData(4))
    shown.of_level.activated.emit(shown.of_level.currentIndex())
    assert examination.shown == Sight("difference", level=4, target="extreme")
    shown.refresh()
    assert shown.differences.tiles[1].isChecked()


def test_without_truth_the_target_says_so_and_cannot_be_pressed(
    panel: BordernessPanel, session: Session, service: ListeningService
) -> None:
    open_ranked(session, service, with_truth=False)
    panel.show()
    assert panel._truth_hint.isVisible()
    assert not any(tile.isEnabled() for tile in (*panel.targets.tiles, *panel.differences.tiles))
    assert all(tile.isEnabled() for tile in panel.levels.tiles)


def test_a_refusal_is_told_in_a_sentence_with_what_to_do(
    panel: BordernessPanel, session: Session, service: ListeningService, examination: Examination
) -> None:
    open_ranked(session, service)
    panel.show()
    for look in [request for request in service.posted if isinstance(request, Look)]:
        session.receive(Failed(look.request, "not-possible", "The network has not run on this image."))
    panel.levels.tiles[0].click()
    panel.refresh()
    assert panel._hint.text() == "The network has not run on this image."
    session.settings = replace(session.settings, box_oracle=True, semantic_oracle=True)
    panel.refresh()
    assert "turn an oracle off" in panel._hint.text()
    assert panel.section.note.text() == "The network has not run on this image."
    assert {tile.words.state for tile in panel.levels.tiles} == {"not to be had"}


def test_before_an_image_it_says_what_to_do(panel: BordernessPanel) -> None:
    panel.show()
    assert panel._hint.text() == "Open an image to see its border-ness."
    assert not any(tile.isEnabled() for tile in panel.levels.tiles)


def test_a_map_stays_over_the_image_when_its_panel_is_hidden(shown: BordernessPanel, examination: Examination) -> None:
    shown.levels.tiles[0].click()
    shown.hide()
    assert examination.shown == P3


def test_nothing_is_cut_off_at_300_pixels(shown: BordernessPanel) -> None:
    for tile in (shown.levels.tiles[0], shown.differences.tiles[0]):
        tile.click()
        shown.refresh()
        QApplication.processEvents()
        assert shown.minimumSizeHint().width() <= 280


# ----------------------------------------------------------------------------------------------------------- re-ranking


@pytest.fixture
def table(shown: BordernessPanel) -> Any:
    shown.pages.setCurrentIndex(1)
    return shown.reranking


def test_a_row_selects_its_segment_and_a_selected_segment_its_row(table: Any, session: Session) -> None:
    table.table.selectRow(3)
    assert session.selected == 3
    session.select(2)
    table.refresh()
    assert [index.row() for index in table.table.selectionModel().selectedRows()] == [1]


def test_a_row_of_a_discarded_box_says_so_and_selects_nothing(table: Any, session: Session) -> None:
    session.select(1)
    table.table.selectRow(2)
    assert session.selected == 0
    assert "discarded" in table.detail.text()
    table.refresh()
    assert "discarded" in table.detail.text()
    assert [index.row() for index in table.table.selectionModel().selectedRows()] == [2]


def test_rows_are_sorted_by_figures_of_the_second_line_too(table: Any) -> None:
    choices = {action.text(): action for action in table.table.make_menu().actions()}
    assert choices["Best rank first"].isChecked()
    choices["Border-ness"].trigger()
    found = [table.model.row(at).borderness for at in range(5)]
    assert found == sorted(found)
    choices["Rank without border-ness"].trigger()
    assert [table.model.row(at).without for at in range(5)] == [1, 2, 3, 4, 5]
    assert table.model.tsv().splitlines()[1].split("\t") == ["car #3", "▼ 3 down", "4", "1", "0.96", "0.62", "0.60"]


def test_the_summary_follows_the_result(table: Any, session: Session, service: ListeningService) -> None:
    assert table.summary.text() == "Border-ness moved 4 of 5 boxes; the largest: car from 1 to 4."
    session.change_settings(use_borderness=False)
    answer_inspect(session, service)
    table.refresh()
    assert table.summary.text().endswith("It is off now.")


def test_true_boxes_are_not_ranked(panel: BordernessPanel, session: Session, service: ListeningService) -> None:
    open_first(session, service)
    panel.show()
    panel.pages.setCurrentIndex(1)
    assert "turn the box oracle off" in panel.reranking._empty.text()
    assert panel.reranking._empty.isVisible()


def test_a_hidden_panel_holds_on_to_nothing_of_an_image_that_was_left(
    shown: BordernessPanel, session: Session, service: ListeningService
) -> None:
    shown.pages.setCurrentIndex(1)
    assert shown.reranking.model.rows
    assert session.result is not None
    labels = weakref.ref(session.result.labels)
    shown.hide()
    session.open_index(1)
    gc.collect()
    assert labels() is None
    assert not shown._drawn


def test_in_a_short_panel_the_scale_is_in_sight_and_so_is_the_tile_that_was_pressed(
    panel: BordernessPanel, session: Session, service: ListeningService, examination: Examination, qtbot: Any
) -> None:
    open_ranked(session, service)
    panel.resize(300, 457)
    panel.show()
    answer_looks(session, service)
    for tile in (panel.levels.tiles[5], panel.differences.tiles[1]):
        examination.show(None)
        panel.refresh()
        QTest.qWait(20)
        panel._above.ensureWidgetVisible(tile)
        assert _is_whole(tile)
        tile.click()
        answer_looks(session, service)
        panel.refresh()
        parts = (tile, *(getattr(panel.section, name) for name in ("bar", "low", "colors", "opacity")))
        qtbot.waitUntil(lambda parts=parts: all(_is_whole(part) for part in parts), timeout=2000)
    panel.resize(300, 260)
    QTest.qWait(20)
    assert not panel.levels.visibleRegion().isEmpty() or not panel.differences.visibleRegion().isEmpty()
    assert panel._stack.widget(0).minimumSizeHint().height() <= 80, "small windows stay small"


def _is_whole(widget: QWidget) -> bool:
    return widget.visibleRegion().boundingRect() == widget.rect()
