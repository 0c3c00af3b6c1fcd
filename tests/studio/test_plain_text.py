"""Names that look like markup, of folders, files, classes and networks, are shown as they are written everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6 import QtGui
from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractItemView, QLabel, QMenu, QWidget

from lpsnet.categories import Categories
from lpsnet_studio.chrome.welcome import Welcome
from lpsnet_studio.inference.messages import ImageSource, Inspect, ModelLoaded, OpenImage
from lpsnet_studio.session import Session
from lpsnet_studio.state import Entry, NetworkChoice, Problem
from tests.studio.hand_made import CATEGORIES, ListeningService, card, inspected, opened

HOSTILE = "<img src=x>"
MOST_COLUMNS = 16
CLASSES = Categories(tuple(replace(entry, name=f"{HOSTILE}{entry.name}") for entry in CATEGORIES))


@pytest.fixture
def window_of_names(window: Any, session: Session, service: ListeningService, tmp_path: Path) -> Any:
    folder = tmp_path / HOSTILE
    folder.mkdir()
    picture = folder / f"{HOSTILE}.png"
    picture.touch()
    recently, settings = window.commands.files.recently, window._settings
    recently.remember(picture)
    recently.remember(folder / "gone.png")
    recently.take_problems({str(folder / "gone.png"): f"{HOSTILE} is not there any more"})
    settings.change(recent_networks=(str(folder / f"{HOSTILE}.pt"),))
    window.actions_by_id["preferences"].trigger()
    session.load_model(NetworkChoice(checkpoint=str(folder / f"{HOSTILE}.pt")))
    model = replace(card(), name=HOSTILE, origin=str(folder / f"{HOSTILE}.pt"), categories=CLASSES, notes=HOSTILE)
    session.receive(ModelLoaded(service.posted[-1].request, replace(model, device_reason=HOSTILE)))
    window.actions_by_id["model_card"].trigger()
    broken = Entry(f"{HOSTILE} 2.png", ImageSource(f"{folder}/{HOSTILE} 2.png"), problem=f"{HOSTILE} 2.png: truncated")
    session.set_entries([Entry(picture.name, ImageSource(str(picture))), broken])
    session.receive(replace(opened(service.last(OpenImage)), categories=CLASSES, notice=HOSTILE))
    session.receive(inspected(service.last(Inspect)))
    session.seek(len(session.steps))
    session.failed.emit(Problem(f"{HOSTILE}: no", HOSTILE, HOSTILE))
    return window


def actions_of(window: QWidget) -> Iterator[QAction]:
    for menu in window.findChildren(QMenu):
        menu.aboutToShow.emit()
    for widget in [window, *window.findChildren(QWidget)]:
        yield from widget.actions()


def tips_of(model: QAbstractItemModel) -> Iterator[str]:
    for row in range(model.rowCount(QModelIndex())):
        for column in filter(partial(model.hasIndex, row), range(MOST_COLUMNS)):
            yield str(model.index(row, column).data(Qt.ItemDataRole.ToolTipRole) or "")


def test_no_name_is_taken_for_markup(window_of_names: Any) -> None:
    window = window_of_names
    widgets = [window, *window.findChildren(QWidget)]
    tips = [widget.toolTip() for widget in widgets] + [action.toolTip() for action in actions_of(window)]
    for view in window.findChildren(QAbstractItemView):
        if view.model() is not None:
            tips += tips_of(view.model())
    escaped = HOSTILE.replace("<", "&lt;").replace(">", "&gt;")
    assert sum(escaped in tip for tip in tips) >= 5, "recent items, the networks, the card, the device and the steps"
    assert [tip for tip in tips if HOSTILE in tip and QtGui.Qt.mightBeRichText(tip)] == []
    labels = [widget for widget in widgets if isinstance(widget, QLabel) and HOSTILE in widget.text()]
    assert len(labels) >= 8
    assert [label.text() for label in labels if label.textFormat() != Qt.TextFormat.PlainText] == []


def test_the_welcome_view_offers_hostile_names_as_they_are(window_of_names: Any) -> None:
    shown = [label.text() for label in window_of_names.findChild(Welcome).findChildren(QLabel)]
    assert f"{HOSTILE}.png" in shown
