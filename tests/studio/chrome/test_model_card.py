"""The model card and the choice of the input size, as dialogs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QWidget

from lpsnet.structures import Stage, StageResult
from lpsnet_studio.chrome.input_size import InputSizeDialog
from lpsnet_studio.chrome.model_card import ModelCardDialog
from lpsnet_studio.inference.messages import ModelLoaded
from lpsnet_studio.session import Session
from lpsnet_studio.state import NetworkChoice
from tests.studio.hand_made import ListeningService, card, open_first


@pytest.fixture
def owner(qtbot: Any) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def dialog(session: Session, service: ListeningService, theme: Any, owner: QWidget) -> ModelCardDialog:
    open_first(session, service)
    return ModelCardDialog(session, theme, lambda: None, owner)


def texts(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel)]


def test_it_follows_the_network(dialog: ModelCardDialog, session: Session, service: ListeningService) -> None:
    assert "Trained" in texts(dialog)
    assert not dialog.tabs.isTabVisible(2)
    session.load_model(NetworkChoice("other"))
    other = replace(card(trained=False), name="other", notes="<b>not bold</b>")
    session.receive(ModelLoaded(service.posted[-1].request, other))
    assert {"other", "Untrained", "4: 2 things, 2 stuff"} <= set(texts(dialog))
    assert dialog.tabs.isTabVisible(2)
    assert dialog.notes.toPlainText() == "<b>not bold</b>"


def test_what_a_stranger_wrote_is_never_rich_text(dialog: ModelCardDialog, session: Session) -> None:
    session.model = replace(card(), name="<img src=x>", backbone="<u>resnet</u>")
    session.model_changed.emit()
    shown = [label for label in dialog.findChildren(QLabel) if "<" in label.text()]
    assert len(shown) == 2
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in shown)
    assert all(label.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse for label in shown)


def test_classes_are_found_by_name_id_and_kind(dialog: ModelCardDialog) -> None:
    shown = dialog.classes.shown

    def names() -> list[str]:
        return [shown.index(row, 0).data() for row in range(shown.rowCount())]

    assert names() == ["person  –  1, thing", "car  –  3, thing", "sky  –  7, stuff", "road  –  9, stuff"]
    dialog.classes.search.setText("STUFF")
    assert names() == ["sky  –  7, stuff", "road  –  9, stuff"]
    dialog.classes.search.setText("(")
    assert names() == []


def test_the_card_is_copied_as_text(dialog: ModelCardDialog) -> None:
    dialog.copy()
    assert QGuiApplication.clipboard().text().startswith("hand-made\nWeights: trained")


@pytest.fixture
def chosen() -> list[int]:
    return []


@pytest.fixture
def sizes(session: Session, service: ListeningService, owner: QWidget, chosen: list[int]) -> InputSizeDialog:
    open_first(session, service)
    assert session.result is not None
    session.result = replace(session.result, stages=(StageResult(Stage.NETWORK, True, 2.0),))
    session.model = replace(card(), short_side=512, own_short_side=800, long_side_cap=853, macs=100 * 10**9)
    return InputSizeDialog(session, chosen.append, owner)


def cells(sizes: InputSizeDialog, row: int) -> list[str]:
    return [sizes.table.item(row, column).text() for column in range(sizes.table.columnCount())]


def test_every_size_says_what_it_costs(sizes: InputSizeDialog) -> None:
    assert cells(sizes, 0) == ["256 px", "256 × 341", "25 G", "about 0.5 s", "× 0.25"]
    assert cells(sizes, 2) == ["512 px  (now)", "512 × 683", "100 G", "about 2.0 s", "× 1.00"]
    assert cells(sizes, 4)[0] == "800 px  (the config's)"
    assert not sizes._load.isEnabled()


def test_the_limit_of_the_card_is_said_to_scale_along(sizes: InputSizeDialog, session: Session) -> None:
    assert session.model is not None
    session.model = replace(session.model, long_side_cap=853)
    session.model_changed.emit()
    assert "853 px at a short side of 512 px, scales along" in sizes.advice.text()
    session.model = replace(session.model, long_side_cap=0)
    session.model_changed.emit()
    assert "scales along" not in sizes.advice.text()


def test_a_row_or_a_number_is_chosen(sizes: InputSizeDialog, chosen: list[int]) -> None:
    sizes.table.setCurrentCell(1, 0)
    assert sizes.side.value() == 384
    sizes.apply()
    sizes.side.setValue(333)
    assert "333 × 444" in sizes.cost.text()
    assert sizes.table.selectedItems() == []
    sizes._load.click()
    assert chosen == [384, 333]


def test_the_configs_size_is_asked_for_as_such(sizes: InputSizeDialog, chosen: list[int], session: Session) -> None:
    sizes.side.setValue(800)
    sizes.apply()
    assert sizes._own.text() == "Back to the config's 800 px"
    sizes._own.click()
    assert chosen == [0, 0]
    session.model = replace(card(), short_side=800, own_short_side=800)
    session.model_changed.emit()
    assert not sizes._own.isEnabled()


def test_without_a_run_no_time_is_made_up(sizes: InputSizeDialog, session: Session) -> None:
    assert session.result is not None
    session.result = replace(session.result, stages=())
    session.result_changed.emit()
    assert cells(sizes, 0)[3] == "—"
    assert sizes.cost.text() == "512 × 683 · × 1.00 against now"
