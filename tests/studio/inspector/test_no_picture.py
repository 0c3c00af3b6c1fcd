"""Where a picture cannot be opened, the canvas says which, why, and what to do."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtGui import QColor

from lpsnet_studio.inference.messages import Failed, ImageSource, OpenImage
from lpsnet_studio.inspector.no_picture import NoPicture, reason_of
from lpsnet_studio.session import Session
from lpsnet_studio.state import Entry
from lpsnet_studio.theme import contrast
from tests.studio.hand_made import ListeningService, opened

PATH = "/pictures/<b>long_name_of_a_broken_picture.png"


@pytest.fixture
def told(window: Any, session: Session, service: ListeningService) -> NoPicture:
    session.set_entries([Entry("<b>long_name_of_a_broken_picture.png", ImageSource(PATH))])
    number = service.last(OpenImage).request
    session.receive(Failed(number, "unreadable", f"{PATH}: this file is no image", "", ""))
    return window.findChild(NoPicture)


def test_a_broken_picture_is_named_with_the_reason_and_what_to_do(told: NoPicture) -> None:
    assert told.words == ("<b>long_name_of_a_broken_picture.png", "This file is no image.", "F5 tries again.")
    assert told.isVisible()
    assert told.accessibleName().endswith("F5 tries again.")


def test_it_goes_while_the_picture_is_asked_for_again_and_when_it_is_here(
    told: NoPicture, session: Session, service: ListeningService
) -> None:
    session.reload(0)
    assert not told.isVisible()
    session.receive(opened(service.last(OpenImage)))
    assert not told.isVisible()
    assert told.words == ()


def test_a_cancelled_picture_is_told_too(window: Any, session: Session, service: ListeningService) -> None:
    session.set_entries([Entry("a.png", ImageSource("/pictures/a.png"))])
    told = window.findChild(NoPicture)
    assert not told.isVisible()
    session.receive(Failed(service.last(OpenImage).request, "cancelled", "cancelled", "", ""))
    assert told.words == ("a.png", "Opening it was cancelled.", "F5 tries again.")


@pytest.mark.parametrize("size", [(1200, 800), (300, 200)])
def test_it_stands_in_the_middle_and_wraps(told: NoPicture, window: Any, qtbot: Any, size: tuple[int, int]) -> None:
    window.resize(*size)
    qtbot.waitUntil(lambda: window.size().toTuple() == size)
    view = window.canvas.viewport()
    assert told.width() <= min(300, view.width())
    assert abs(told.geometry().center().x() - view.rect().center().x()) <= 1
    assert told.height() > 20 + 4 * told.fontMetrics().height(), "the name takes more than one line"


@pytest.mark.parametrize("name", ["dark", "light"])
def test_its_words_can_be_read_in_both_themes(told: NoPicture, theme: Any, name: str) -> None:
    theme.apply(name)
    shown = told._view.grab(told.geometry()).toImage()
    colors = {QColor(shown.pixel(x, y)).name() for x in range(shown.width()) for y in range(30, shown.height())}
    ground = theme.palette.window
    assert ground in colors
    assert max(contrast(color, ground) for color in colors) > 7


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("/a/b.png: no such file", "No such file."),
        ("/a/b.png is empty", "Is empty."),
        ("The file is empty.", "The file is empty."),
        ("/a/b.png", "/a/b.png."),
    ],
)
def test_the_reason_is_told_without_the_path(sentence: str, reason: str) -> None:
    assert reason_of(sentence, "/a/b.png") == reason
