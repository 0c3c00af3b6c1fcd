"""Which curve is which, what each is at the cursor, and which are shown."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from lpsnet_studio.theme import figure_font

__all__ = ["CurveLegend", "LegendRow", "swatch"]

_SWATCH = QSize(28, 12)
_COLUMNS = ("Curve", "Value", "Smoothed", "At")
_WIDEST = ("", "0.0000e+00", "0.0000e+00", "00 h 00 min")
_CELL_ROOM = 16
_LEAST_SIZE = (160, 72)
"""A few rows; the others scroll."""
_NARROWEST_NAME = 160
_STYLE = """
    QTreeWidget { border: 2px solid transparent; }
    QTreeWidget:focus { border-color: palette(highlight); }
    QTreeWidget::item { padding: 2px 4px; }
"""


@dataclass(frozen=True, slots=True)
class LegendRow:
    """One curve.

    Attributes:
        key: its run's folder and its figure.
        name: what it is called.
        color: ``#rrggbb``.
        style: of its line.
        shown: whether it is drawn.
        value: as reported, in words.
        smoothed: in words; empty if nothing is smoothed.
        at: where that is.
    """

    key: tuple[Path, str]
    name: str
    color: str
    style: Qt.PenStyle
    shown: bool
    value: str
    smoothed: str
    at: str


class CurveLegend(QTreeWidget):
    """A row a curve, with a box that shows and hides it: Space, or a click.

    Attributes:
        toggled: the key of a curve, and whether the user wants to see it.
    """

    toggled = Signal(object, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[LegendRow, ...] = ()
        self._is_filling = False
        self.setColumnCount(len(_COLUMNS))
        self.setHeaderLabels(_COLUMNS)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setTabKeyNavigation(False)
        self.setIconSize(_SWATCH)
        self.setMinimumSize(*_LEAST_SIZE)
        self.setStyleSheet(_STYLE)
        self.setFont(figure_font(self.font()))
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setAccessibleName("Legend of the curves")
        self.setToolTip("Values at the cursor, else the latest. Space or a click on a box shows and hides a curve.")
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, len(_COLUMNS)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, self._width_of(column))
            self.headerItem().setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.itemChanged.connect(self._toggle)

    @property
    def rows(self) -> tuple[LegendRow, ...]:
        """What is shown."""
        return self._rows

    def show_rows(self, rows: Sequence[LegendRow]) -> None:
        """Shows these rows; those whose curve stays keep their place and the selection."""
        if tuple(row.key for row in rows) != tuple(row.key for row in self._rows):
            self.clear()
            for _row in rows:
                self.addTopLevelItem(QTreeWidgetItem())
            self._rows = ()
        self._is_filling = True
        for at, row in enumerate(rows):
            if not self._rows or self._rows[at] != row:
                self._fill(self.topLevelItem(at), row, self._rows[at] if self._rows else None)
        self._is_filling = False
        self._rows = tuple(rows)
        self._fit_columns()

    def _fit_columns(self) -> None:
        """Leaves room for names: where it is narrow the place is not told, then not what is smoothed."""
        room = self.viewport().width() - _NARROWEST_NAME
        is_wanted = {"Value": True, "Smoothed": any(row.smoothed for row in self._rows), "At": True}
        for name, wanted in is_wanted.items():
            column = _COLUMNS.index(name)
            is_shown = wanted and (name == "Value" or self._width_of(column) <= room)
            self.setColumnHidden(column, not is_shown)
            room -= self._width_of(column) if is_shown else 0

    def _width_of(self, column: int) -> int:
        return self.fontMetrics().horizontalAdvance(_WIDEST[column]) + _CELL_ROOM

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tells as much as there is room for."""
        super().resizeEvent(event)
        self._fit_columns()

    def _fill(self, item: QTreeWidgetItem, row: LegendRow, before: LegendRow | None) -> None:
        for column, text in enumerate((row.name, row.value, row.smoothed, row.at)):
            item.setText(column, text)
            if before is None and column:
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setCheckState(0, Qt.CheckState.Checked if row.shown else Qt.CheckState.Unchecked)
        if before is None or (before.color, before.style) != (row.color, row.style):
            item.setIcon(0, QIcon(swatch(row.color, row.style, self.devicePixelRatioF())))
        if before is None or before.name != row.name:
            item.setToolTip(0, html.escape(f"{row.name} — {row.key[0]}"))

    def _toggle(self, item: QTreeWidgetItem, column: int) -> None:
        if not self._is_filling and column == 0:
            row = self._rows[self.indexOfTopLevelItem(item)]
            is_shown = item.checkState(0) == Qt.CheckState.Checked
            if is_shown != row.shown:
                self.toggled.emit(row.key, is_shown)


def swatch(color: str, style: Qt.PenStyle, ratio: float = 1.0) -> QPixmap:
    """Returns a piece of a curve's line."""
    pixmap = QPixmap(_SWATCH * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setPen(QPen(QColor(color), 2, style))
    painter.drawLine(1, _SWATCH.height() // 2, _SWATCH.width() - 1, _SWATCH.height() // 2)
    painter.end()
    return pixmap
