"""A label that gives way still knows and tells all of its text."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from lpsnet_studio.labels import ElidedLabel, as_tip

SENTENCE = "Untrained network: its predictions mean nothing yet."


def test_what_has_no_room_is_elided_and_told_by_the_tool_tip(qtbot: Any) -> None:
    label = ElidedLabel(SENTENCE)
    qtbot.addWidget(label)
    label.resize(label.sizeHint())
    label.show()
    assert label.shown == SENTENCE
    label.resize(90, label.height())
    assert label.shown.endswith("…")
    assert SENTENCE.startswith(label.shown[:-1].rstrip())
    assert label.text() == SENTENCE
    place = QPoint(5, 5)
    QApplication.sendEvent(label, QHelpEvent(QEvent.Type.ToolTip, place, label.mapToGlobal(place)))
    assert QToolTip.text() == as_tip(SENTENCE)


def test_names_are_no_markup_in_a_tool_tip(qtbot: Any) -> None:
    assert as_tip("<b>1</b>\n2") == "<qt>&lt;b&gt;1&lt;/b&gt;<br>2</qt>"
    assert as_tip("") == ""
    label = ElidedLabel("<img src=x> is a name that has no room here")
    qtbot.addWidget(label)
    label.resize(90, 24)
    place = QPoint(5, 5)
    for own, told in (("", ""), ("a < b", "<br><qt>a &lt; b</qt>"), (as_tip("<i>"), f"<br>{as_tip('<i>')}")):
        label.setToolTip(own)
        QApplication.sendEvent(label, QHelpEvent(QEvent.Type.ToolTip, place, label.mapToGlobal(place)))
        assert QToolTip.text() == as_tip(label.text()) + told


def test_it_asks_for_little_but_takes_what_it_gets(qtbot: Any) -> None:
    label = ElidedLabel(SENTENCE)
    qtbot.addWidget(label)
    assert label.minimumSizeHint().width() < 100 < label.sizeHint().width()


def test_only_what_is_shown_is_painted(qtbot: Any) -> None:
    label, same = ElidedLabel(SENTENCE), ElidedLabel()
    for each in (label, same):
        qtbot.addWidget(each)
        each.resize(120, 24)
    same.setText(label.shown)
    assert label.grab().toImage() == same.grab().toImage()
    assert label.shown != SENTENCE
