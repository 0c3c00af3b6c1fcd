"""The table of the panel Errors: verdicts with their pattern, sign and word; sorted, filtered, copied."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QHeaderView

from lpsnet.analysis.errors import ErrorPixel, Kind
from lpsnet_studio.canvas.verdicts import verdict_swatch
from lpsnet_studio.inspector.errors_model import (
    AREA_COLUMN,
    CLASS_COLUMN,
    COLUMNS,
    IOU_COLUMN,
    KIND_COLUMN,
    WORDS_COLUMN,
    ErrorFilter,
    ErrorRow,
    ErrorsModel,
    cell_text,
    kind_meaning,
)
from lpsnet_studio.judgement import Judgement
from lpsnet_studio.labels import as_tip
from lpsnet_studio.tables.sorted_table import SortedTable
from lpsnet_studio.tables.table_model import TableModel

__all__ = ["ErrorsTable", "ErrorsTableModel", "verdict_icon"]

_TIPS = (
    "How panoptic quality counts the segment; the pattern is the canvas's.",
    "Of the true segment for a match, a false negative and crowd; of the predicted one for the others.",
    "With the segment on the other side that overlaps best, whatever its class.",
    "Share of the image.",
    "In the field's terms; where nothing went wrong it is empty.",
)
_PIXELS = {
    Kind.TP: ErrorPixel.TP,
    Kind.FP: ErrorPixel.FP,
    Kind.FN: ErrorPixel.FN,
    Kind.IGNORED: ErrorPixel.IGNORED,
    Kind.CROWD: ErrorPixel.IGNORED,
}
_SWATCH = 14
_NUMBERS = (IOU_COLUMN, AREA_COLUMN)
_LEAST_CLASS_WIDTH, _WORDS_WIDTH = 64, 220


class ErrorsTableModel(TableModel[ErrorRow]):
    """Shows the rows of an :class:`~lpsnet_studio.inspector.errors_model.ErrorsModel`.

    Attributes:
        errors: the rows, filter and order.
    """

    titles, tips, numbers = COLUMNS, _TIPS, _NUMBERS
    own_order = "worst first"

    def __init__(self) -> None:
        super().__init__()
        self.errors = ErrorsModel()
        self._icons: dict[Kind, QIcon] = {}

    @property
    def shown(self) -> list[ErrorRow]:
        """The verdicts that pass the filter."""
        return self.errors.shown

    def _arrange(self) -> None:
        self.errors.sort_by(self._order)

    def filter_by(self, kept_filter: ErrorFilter) -> None:
        """Lets only some rows pass."""
        self.beginResetModel()
        self.errors.filter_by(kept_filter)
        self.endResetModel()

    def set_judgement(self, judgement: Judgement | None) -> None:
        """Lists the verdicts of a judgement, or none."""
        self.beginResetModel()
        self.errors.set_judgement(judgement)
        self.endResetModel()

    def tsv(self) -> str:
        """Returns the rows shown as tab-separated text."""
        return self.errors.tsv()

    def _cell(self, row: ErrorRow, column: int, role: int) -> Any:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cell_text(row, column)
            case Qt.ItemDataRole.DecorationRole if column == KIND_COLUMN:
                kind = row.verdict.kind
                if kind not in self._icons:
                    self._icons[kind] = verdict_icon(kind)
                return self._icons[kind]
            case Qt.ItemDataRole.ToolTipRole:
                return as_tip(f"{kind_meaning(row.verdict.kind)}\n{row.told}")
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{COLUMNS[column]}: {cell_text(row, column) or 'none'}"
        return None


class ErrorsTable(SortedTable):
    """The table; where there is no room for what went wrong, or for areas, that is left to the tool tips."""

    def __init__(self, model: ErrorsTableModel) -> None:
        super().__init__(model, "Segments against the ground truth", "Worst first")
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setIconSize(QSize(_SWATCH, _SWATCH))
        self._kind_width = self.width_of(KIND_COLUMN, "ignored") + _SWATCH + 4
        self._widths = {
            IOU_COLUMN: self.width_of(IOU_COLUMN, "0.00"),
            AREA_COLUMN: self.width_of(AREA_COLUMN, "< 0.1 %"),
        }
        self._class_width = self.width_of(CLASS_COLUMN, "traffic light #20")
        self.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Fits the columns into what the table shows."""
        if watched is self.viewport() and event.type() == QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        room = self.viewport().width() - self._kind_width - sum(self._widths.values())
        has_area = room >= _LEAST_CLASS_WIDTH
        if not has_area:
            room += self._widths[AREA_COLUMN]
        has_words = room >= self._class_width + _WORDS_WIDTH
        self.setColumnHidden(AREA_COLUMN, not has_area)
        self.setColumnHidden(WORDS_COLUMN, not has_words)
        name = self._class_width if has_words else room
        widths = {KIND_COLUMN: self._kind_width, CLASS_COLUMN: name, **self._widths, WORDS_COLUMN: room - name}
        for column, width in widths.items():
            self.setColumnWidth(column, width)


def verdict_icon(kind: Kind) -> QIcon:
    """Returns a square of the colour and pattern that segments of a kind have on the canvas."""
    icon = QIcon()
    for ratio in (1, 2):
        pixels = verdict_swatch(_PIXELS[kind], _SWATCH, ratio)
        height, width = pixels.shape
        image = QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_ARGB32_Premultiplied)
        pixmap = QPixmap.fromImage(image)
        pixmap.setDevicePixelRatio(ratio)
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
            icon.addPixmap(pixmap, mode)
    return icon
