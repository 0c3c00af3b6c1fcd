"""The panel Errors follows the session while it is shown, and costs nothing while it is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from lpsnet.analysis.errors import Kind
from lpsnet.analysis.gains import OracleGains, OracleResult
from lpsnet.metrics.panoptic_quality import MeanQuality, image_quality
from lpsnet_studio.inference.messages import Failed, GainsWeighed, Inspect, OpenImage, WeighGains
from lpsnet_studio.inspector import errors_judging
from lpsnet_studio.inspector.errors_panel import ErrorsPanel
from lpsnet_studio.inspector.obstacles import NO_IMAGE, NO_TRUTH
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, inspected, open_first, opened


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for a hand to rest waits no longer than a test needs to see that it waits."""
    monkeypatch.setattr(errors_judging, "_PAUSE_MILLISECONDS", 20)
    monkeypatch.setattr(errors_judging, "_REST_MILLISECONDS", 40)


@pytest.fixture
def panel(window: Any, session: Session, service: ListeningService, qtbot: Any) -> ErrorsPanel:
    """The panel of a window, shown, on a merge that discarded the second person."""
    open_first(session, service)
    session.change_settings(overlap_threshold=0.0)
    session.receive(inspected(service.last(Inspect)))
    window.actions_by_id["panel_errors"].trigger()
    made: ErrorsPanel = window.docks["errors"].widget().panel
    qtbot.waitUntil(lambda: made._judging.latest is not None and made._judging.latest.losses is not None)
    return made


def _select(panel: ErrorsPanel, kind: Kind) -> int:
    row = next(at for at, row in enumerate(panel.model.errors.shown) if row.verdict.kind is kind)
    panel.table.setCurrentIndex(panel.model.index(row, 0))
    return row


def _cells(panel: ErrorsPanel) -> list[str]:
    return [panel.quality._cells[0][column].text() for column in range(4)]


def test_a_hidden_panel_asks_for_nothing_and_marks_nothing(
    window: Any, session: Session, service: ListeningService, qtbot: Any
) -> None:
    open_first(session, service)
    panel = window.docks["errors"].widget().panel
    qtbot.wait(600)
    assert not panel.model.errors.rows
    assert panel._judging.latest is None
    assert window.canvas.stage.verdicts.picture is None
    assert service.count(WeighGains) == 0


def test_verdicts_are_listed_and_marked_and_go_with_the_panel(panel: ErrorsPanel, window: Any) -> None:
    stage = window.canvas.stage
    assert stage.verdicts.picture is not None
    assert stage.verdict_names.isVisible()
    window.docks["errors"].hide()
    assert stage.verdicts.picture is None
    assert not stage.verdict_names.isVisible()


def test_a_panel_behind_another_tab_is_as_good_as_hidden(panel: ErrorsPanel, window: Any, qtbot: Any) -> None:
    stage = window.canvas.stage
    for name in ("levels", "borderness", "semantics", "probe", "why"):
        window.actions_by_id[f"panel_{name}"].trigger()
        qtbot.waitUntil(lambda: stage.verdicts.picture is None)
        assert not panel.isVisible()
        assert window.docks[name].widget().isVisible()
        window.actions_by_id["panel_errors"].trigger()
        qtbot.waitUntil(lambda: stage.verdicts.picture is not None)
        assert panel.isAncestorOf(window.focusWidget())
    window.docks["images"].raise_()
    qtbot.waitUntil(lambda: stage.verdicts.picture is None)


def test_quality_follows_the_settings_before_the_verdicts_do(
    panel: ErrorsPanel, session: Session, service: ListeningService, qtbot: Any
) -> None:
    before, rows = _cells(panel), panel.model.errors.rows
    session.change_settings(overlap_threshold=0.5)
    session.receive(inspected(service.last(Inspect)))
    qtbot.waitUntil(lambda: _cells(panel) != before)
    assert session.result is not None
    assert session.result.pq is not None
    assert _cells(panel)[0] == f"{100 * session.result.pq:.1f}"
    qtbot.waitUntil(lambda: panel.model.errors.rows != rows)
    assert panel.model.errors.counts["FN"] == 0


def test_a_dragged_slider_is_judged_once_it_rests(
    panel: ErrorsPanel, session: Session, service: ListeningService, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[Any] = []
    judge = errors_judging.judge
    monkeypatch.setattr(errors_judging, "judge", lambda *what: judged.append(what) or judge(*what))
    for threshold in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6):
        session.change_settings(overlap_threshold=threshold)
        session.receive(inspected(service.last(Inspect)))
    qtbot.waitUntil(lambda: panel._judging.latest is not None and panel._judging.latest.result is session.result)
    assert len(judged) == 1


def test_what_was_judged_is_not_judged_again(panel: ErrorsPanel, window: Any, qtbot: Any) -> None:
    latest = panel._judging.latest
    window.docks["errors"].hide()
    window.docks["errors"].show()
    qtbot.wait(250)
    assert panel._judging.latest is latest
    assert window.canvas.stage.verdicts.picture is not None


def test_a_row_selects_its_prediction_and_rings_its_truth(
    panel: ErrorsPanel, window: Any, session: Session, qtbot: Any
) -> None:
    stage = window.canvas.stage
    row = _select(panel, Kind.TP)
    verdict = panel.model.errors.shown[row].verdict
    assert session.selected == verdict.prediction != 0
    qtbot.waitUntil(stage.truth_ring.isVisible)
    assert session.truth is not None
    (ringed,) = stage.truth_ring._chosen
    assert session.truth.segments[ringed - 1].id == verdict.truth
    row = _select(panel, Kind.FN)
    (ringed,) = stage.truth_ring._chosen
    assert session.truth.segments[ringed - 1].id == panel.model.errors.shown[row].verdict.truth
    assert "Discarded by the overlap rule" in panel.told.text()


def test_enter_zooms_to_the_row(panel: ErrorsPanel, window: Any) -> None:
    _select(panel, Kind.FN)
    before = window.canvas.zoom
    QTest.keyClick(panel.table, Qt.Key.Key_Return)
    assert window.canvas.zoom > before


def test_all_that_is_known_of_a_row_is_shown_however_long_it_is(panel: ErrorsPanel, qtbot: Any) -> None:
    _select(panel, Kind.FN)
    told = f"{panel.told.text()} " * 6
    least = panel.told.height()
    panel.told.setText(told)
    qtbot.waitUntil(lambda: panel.told.height() > least)
    assert " ".join(" ".join(panel.told.shown()).split()) == told.strip()
    assert panel.told.height() == len(panel.told.shown()) * panel.told.fontMetrics().lineSpacing()
    panel.told.setText("Short.")
    assert panel.told.height() == 3 * panel.told.fontMetrics().lineSpacing()


def test_a_segment_selected_elsewhere_is_found_in_the_table(panel: ErrorsPanel, session: Session) -> None:
    owner = next(row.verdict.prediction for row in panel.model.errors.rows if row.verdict.kind is Kind.TP)
    session.select(owner)
    shown = panel.model.errors.shown[panel.table.currentIndex().row()]
    assert shown.verdict.prediction == owner
    session.select(0)
    assert not panel.table.currentIndex().isValid()


def test_a_click_on_a_missed_segment_finds_it_in_the_table(panel: ErrorsPanel, window: Any, session: Session) -> None:
    missed = next(row.verdict for row in panel.model.errors.rows if row.verdict.kind is Kind.FN)
    assert session.truth is not None
    y, x = np.argwhere(session.truth.ids == missed.truth)[0].tolist()
    window.canvas.clicked.emit(x, y)
    assert panel.model.errors.shown[panel.table.currentIndex().row()].verdict == missed
    session.change_layer("verdicts", visible=False)
    window.canvas.clicked.emit(0, 0)
    shown = panel.model.errors.shown[panel.table.currentIndex().row()].verdict
    assert shown.prediction == session.selected != 0


def test_a_reduced_result_is_not_marked_with_what_was_said_of_another(
    panel: ErrorsPanel, window: Any, session: Session, qtbot: Any
) -> None:
    rows, result = panel.model.errors.rows, session.result
    assert result is not None
    session.result = replace(result, size=(30, 40), preview=True)
    session.result_changed.emit()
    assert window.canvas.stage.verdicts.picture is None
    qtbot.wait(250)
    assert panel.model.errors.rows == rows
    session.result = result
    session.result_changed.emit()
    qtbot.waitUntil(lambda: window.canvas.stage.verdicts.picture is not None)


def test_chips_filter_the_table(panel: ErrorsPanel) -> None:
    panel.chips.buttons["FN"].click()
    assert {row.verdict.kind for row in panel.model.errors.shown} == {Kind.FN}
    assert panel.model.rowCount() == 1
    assert panel.chips.buttons["FN"].text() == "FN 1"


def test_the_context_menu_calls_the_own_order_by_its_name(panel: ErrorsPanel) -> None:
    texts = [action.text() for action in panel.table.make_menu().actions()]
    assert "Worst first" in texts
    assert "Step order" not in texts


def test_boxes_on_the_panel_turn_what_the_menus_turn(panel: ErrorsPanel, window: Any, session: Session) -> None:
    panel.curtain.click()
    assert session.view.comparison == "curtain"
    assert window.actions_by_id["curtain"].isChecked()
    panel.blink.click()
    assert session.view.comparison == "blink"
    assert not panel.curtain.isChecked()
    panel.blink.click()
    assert session.view.comparison == "off"
    panel.marks.click()
    assert not session.view.shows("verdicts")
    assert not window.canvas.stage.verdict_names.isVisible()


@pytest.mark.parametrize("mode", ["curtain", "blink"])
def test_marks_and_boxes_wait_while_prediction_and_truth_are_compared(
    panel: ErrorsPanel, window: Any, session: Session, service: ListeningService, mode: Any
) -> None:
    stage = window.canvas.stage
    session.change_layer("boxes", visible=True)
    of_prediction = (stage.verdicts, stage.verdict_names, stage.boxes)
    assert all(item.isVisible() for item in of_prediction)
    own_tip = panel.marks.toolTip()
    session.change_view(comparison=mode)
    assert not any(item.isVisible() for item in of_prediction)
    assert panel.marks.isChecked()
    assert panel.marks.toolTip().startswith(own_tip)
    assert "curtain" in panel.marks.toolTip()
    session.change_view(comparison="off")
    assert all(item.isVisible() for item in of_prediction)
    assert panel.marks.toolTip() == own_tip
    session.change_view(comparison=mode)
    open_first(session, service, with_truth=False)
    assert stage.boxes.isVisible(), "without ground truth there is no comparison"


def _gains() -> OracleGains:
    def result(pq: float, semantic: bool, box: bool) -> OracleResult:
        mean = MeanQuality(pq, pq, pq, 3)
        return OracleResult(semantic, box, mean, mean, mean)

    return OracleGains(
        result(0.5, False, False), result(0.9, True, False), result(0.6, False, True), result(1.0, True, True)
    )


def test_gains_are_asked_for_once_and_told(
    panel: ErrorsPanel, session: Session, service: ListeningService, qtbot: Any
) -> None:
    qtbot.waitUntil(lambda: service.count(WeighGains) > 0)
    question = service.last(WeighGains)
    session.receive(GainsWeighed(question.request, question.image, question.settings, _gains()))
    assert panel.gains.bars[0].words == "50.0 → 90.0 (+40.0)"
    assert panel.advice.text().startswith("Of the two inputs, semantics would help most")
    qtbot.wait(500)
    assert service.count(WeighGains) == 1


def test_why_gains_cannot_be_had_is_told(
    panel: ErrorsPanel, session: Session, service: ListeningService, qtbot: Any
) -> None:
    qtbot.waitUntil(lambda: service.count(WeighGains) > 0)
    session.receive(Failed(service.last(WeighGains).request, "failed", "The network has not run on this image."))
    assert panel.advice.text() == "The network has not run on this image."
    assert not panel.gains.bars


def test_without_ground_truth_it_says_what_to_open(
    window: Any, session: Session, service: ListeningService, qtbot: Any
) -> None:
    window.actions_by_id["panel_errors"].trigger()
    panel: ErrorsPanel = window.docks["errors"].widget().panel
    assert "No image is open" in panel._empty.text()
    open_first(session, service, with_truth=False)
    qtbot.waitUntil(lambda: "no ground truth" in panel._empty.text())
    assert "Ctrl+U" in panel._empty.text()
    assert service.count(WeighGains) == 0
    assert not window.actions_by_id["curtain"].isEnabled()


def test_the_keys_that_it_names_are_those_of_the_actions(window: Any) -> None:
    for name in ("open_dataset", "show_demo"):
        assert f"({window.actions_by_id[name].shortcut().toString()})" in NO_TRUTH
    for name in ("open_image", "open_dataset", "show_demo"):
        assert f"({window.actions_by_id[name].shortcut().toString()})" in NO_IMAGE


@pytest.mark.parametrize("width", [280, 300, 420, 800])
def test_nothing_is_cut_off_at_any_width(panel: ErrorsPanel, window: Any, qtbot: Any, width: int) -> None:
    dock, table = window.docks["errors"], panel.table
    dock.setFloating(True)
    qtbot.wait(50)
    dock.resize(width, 700)
    qtbot.waitUntil(lambda: table.isVisible() and dock.width() - 40 < table.width() < dock.width())
    qtbot.wait(50)
    shown = sum(table.columnWidth(at) for at in range(5) if not table.isColumnHidden(at))
    assert shown <= table.viewport().width()
    assert not panel._scroll.horizontalScrollBar().isVisible()
    for button in panel.chips.buttons.values():
        assert button.width() >= button.minimumSizeHint().width()
    assert table.isColumnHidden(4) is (width < 800)


def _go_on(session: Session, service: ListeningService) -> None:
    """Opens the next image, whose result is here before any panel has had time."""
    session.open_index(session.index + 1)
    session.receive(opened(service.last(OpenImage)))
    session.receive(inspected(service.last(Inspect)))


def test_nothing_said_of_one_image_stays_on_the_next(
    panel: ErrorsPanel, window: Any, session: Session, service: ListeningService, qtbot: Any
) -> None:
    _select(panel, Kind.FN)
    _go_on(session, service)
    assert window.canvas.stage.verdicts.picture is None
    panel._show_all()
    assert not panel.model.errors.rows
    assert panel._examination.verdicts.judgement is None
    qtbot.waitUntil(lambda: window.canvas.stage.verdicts.picture is not None)
    assert panel._examination.verdicts.judgement.truth is session.truth
    assert panel._examination.verdicts.looked_at is None


def test_a_row_that_was_looked_at_comes_back_with_the_panel_but_not_on_another_image(
    panel: ErrorsPanel, window: Any, session: Session, service: ListeningService, qtbot: Any
) -> None:
    row = _select(panel, Kind.FN)
    window.docks["errors"].hide()
    window.actions_by_id["panel_errors"].trigger()
    assert panel.table.currentIndex().row() == row
    window.docks["errors"].hide()
    _go_on(session, service)
    window.actions_by_id["panel_errors"].trigger()
    qtbot.waitUntil(lambda: panel._judging.latest is not None and panel._judging.latest.result is session.result)
    assert panel.model.errors.rows
    assert not panel.table.currentIndex().isValid()


def test_a_hidden_panel_holds_on_to_nothing_of_an_image_that_was_left(
    panel: ErrorsPanel, window: Any, session: Session, service: ListeningService
) -> None:
    window.docks["errors"].hide()
    assert panel._judging.latest is not None
    _go_on(session, service)
    assert panel._judging.latest is None
    assert not panel.model.errors.rows


def test_segments_are_judged_by_the_areas_that_the_metric_takes(
    panel: ErrorsPanel, session: Session, qtbot: Any
) -> None:
    result, picture = session.result, session.picture
    assert result is not None
    assert picture is not None
    assert picture.truth is not None
    areas = {segment.id: 2.0 * segment.area for segment in picture.truth.segments}
    quality = image_quality(result.trace.segmentation(), picture.truth, len(result.categories), truth_areas=areas)
    session.picture, session.result = replace(picture, truth_areas=areas), replace(result, quality=quality)
    session.result_changed.emit()
    qtbot.waitUntil(lambda: panel._judging.latest is not None and panel._judging.latest.result is session.result)
    assert panel._judging.latest is not None
    missed = [row for row in panel._judging.latest.rows if row.truth]
    assert missed
    assert all(row.truth_area == areas[row.truth] for row in missed)
