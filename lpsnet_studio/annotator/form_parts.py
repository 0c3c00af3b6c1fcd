"""What the dialogs of projects are built of."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QFrame, QScrollArea, QVBoxLayout, QWidget

__all__ = ["form_rows", "scrolled", "stacked"]


def form_rows(form: QWidget) -> QFormLayout:
    """Returns the rows of a form: names at the left, above their fields where there is no room beside them."""
    rows = QFormLayout(form)
    rows.setContentsMargins(16, 16, 16, 8)
    rows.setHorizontalSpacing(16)
    rows.setVerticalSpacing(8)
    rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
    return rows


def scrolled(form: QWidget) -> QScrollArea:
    """Returns a form that is scrolled up and down where there is no room for all of it."""
    area = QScrollArea()
    area.setWidget(form)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return area


def stacked(*widgets: QWidget) -> QWidget:
    """Returns widgets below each other as one field."""
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    for widget in widgets:
        column.addWidget(widget)
    return box
