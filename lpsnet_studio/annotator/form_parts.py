"""What the dialogs of projects are built of."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QFrame, QScrollArea, QVBoxLayout, QWidget

__all__ = ["form_page", "form_rows", "stacked"]


def form_rows(form: QWidget) -> QFormLayout:
    """Returns the rows of a form: names at the left, above their fields where there is no room beside them."""
    rows = QFormLayout(form)
    rows.setContentsMargins(16, 16, 16, 8)
    rows.setHorizontalSpacing(16)
    rows.setVerticalSpacing(8)
    rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
    return rows


def form_page(form: QWidget, *foot: QWidget) -> QWidget:
    """Returns a form over its foot: the objection, and the buttons; it is scrolled where there is no room for all."""
    area = QScrollArea()
    area.setWidget(form)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    below = QVBoxLayout()
    below.setContentsMargins(16, 8, 16, 16)
    below.setSpacing(8)
    for widget in foot:
        below.addWidget(widget)
    page = QWidget()
    inner = QVBoxLayout(page)
    inner.setContentsMargins(0, 0, 0, 0)
    inner.setSpacing(0)
    inner.addWidget(area, 1)
    inner.addLayout(below)
    return page


def stacked(*widgets: QWidget) -> QWidget:
    """Returns widgets below each other as one field."""
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    for widget in widgets:
        column.addWidget(widget)
    return box
