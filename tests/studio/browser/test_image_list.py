"""The image list opens what is chosen and stays quick with ten thousand images."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt

from lpsnet_studio.inference.messages import Failed, OpenImage
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, entries, opened


def test_choosing_a_row_opens_its_image(window: Any, session: Session, service: ListeningService) -> None:
    session.set_entries(entries())
    assert service.last(OpenImage).source.path == "/pictures/0.png"
    window.images.view.setCurrentIndex(window.images.model.index(2, 0))
    assert session.index == 2
    assert service.last(OpenImage).source.path == "/pictures/2.png"
    assert service.count(OpenImage) == 2


def test_an_image_that_cannot_be_opened_says_why(window: Any, session: Session, service: ListeningService) -> None:
    broken = replace(entries()[1], problem="1.png: its PNG is missing")
    session.set_entries([entries()[0], broken])
    index = window.images.model.index(1, 0)
    assert window.images.model.data(index, Qt.ItemDataRole.DecorationRole) is not None
    assert "its PNG is missing" in window.images.model.data(index, Qt.ItemDataRole.ToolTipRole)
    session.open_index(1)
    assert service.count(OpenImage) == 1
    assert any("its PNG is missing" in text for text in window.notifications.texts)


def test_a_picture_that_failed_is_marked_and_a_click_tries_it_again(
    window: Any, session: Session, service: ListeningService
) -> None:
    session.set_entries(entries())
    index = window.images.model.index(0, 0)
    assert window.images.model.data(index, Qt.ItemDataRole.DecorationRole) is None
    session.receive(Failed(service.last(OpenImage).request, "bad-input", "0.png: the file is empty"))
    assert window.images.model.data(index, Qt.ItemDataRole.DecorationRole) is not None
    assert "0.png: the file is empty" in window.images.model.data(index, Qt.ItemDataRole.ToolTipRole)
    assert window.timeline.card.sentence.text() == "0.png: the file is empty"
    window.images.view.clicked.emit(index)
    assert service.count(OpenImage) == 2
    session.receive(opened(service.last(OpenImage)))
    assert window.images.model.data(index, Qt.ItemDataRole.DecorationRole) is None
    assert "80 × 60 pixels" in window.images.model.data(index, Qt.ItemDataRole.ToolTipRole)
    assert window.timeline.card.sentence.text() == "The merge is shown here once an image has been inspected."


def test_a_cancelled_image_says_how_to_go_on(window: Any, session: Session, service: ListeningService) -> None:
    session.set_entries(entries())
    window.commands.files.cancel()
    session.receive(Failed(service.last(OpenImage).request, "cancelled", "Cancelled."))
    assert window.timeline.card.sentence.text() == "Cancelled. Select the image again to run it."
    window.images.view.activated.emit(window.images.model.index(0, 0))
    assert service.count(OpenImage) == 2
    assert "Cancelled" not in window.timeline.card.sentence.text()


def test_ten_thousand_images_cost_no_widget_each(window: Any, session: Session) -> None:
    before = len(window.findChildren(object))
    session.set_entries(entries(10_000))
    assert window.images.model.rowCount() == 10_000
    assert window.images.foot.count.text() == "1 of 10,000"
    assert len(window.findChildren(object)) <= before + 20


def test_an_empty_list_says_what_to_do(window: Any) -> None:
    assert window.images._stack.currentIndex() == 0
    assert window._middle.currentIndex() == 0
