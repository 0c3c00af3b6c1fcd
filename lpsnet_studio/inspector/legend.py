"""The classes of the current result: their colours and names."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from lpsnet.analysis.errors import ErrorPixel
from lpsnet_studio.canvas.verdicts import verdict_swatch
from lpsnet_studio.examination import Examination
from lpsnet_studio.labels import as_tip
from lpsnet_studio.session import Session
from lpsnet_studio.state import Result
from lpsnet_studio.view_export import ExportKey

__all__ = ["Legend", "LegendLine", "export_key", "legend_of"]

_LINE_HEIGHT = 22
_SWATCH = 12
_SWATCH_RATIO = 2.0
"""Pixels of a pattern per pixel of the legend."""
LegendLine = tuple[str, tuple[int, int, int], int]
"""A class's name, its RGB colour, and how many segments it has."""


def legend_of(result: Result | None) -> tuple[LegendLine, ...]:
    """Returns the classes that the segments of a result have, in the order of the data set."""
    if result is None:
        return ()
    counts = Counter(segment.label for segment in result.trace.segments)
    return tuple(
        (result.categories[label].name, result.categories[label].color, counts[label]) for label in sorted(counts)
    )


def export_key(session: Session, examination: Examination) -> ExportKey:
    """Returns what the legend of an exported view says: the classes that it shows, and the scale of the map over it."""
    result, view, sight, heat = session.result, session.view, examination.shown, examination.shown_map
    shown: set[int] = set()
    if result is not None and (view.shows("segments") or view.shows("boxes")):
        shown |= {segment.label for segment in result.trace.segments}
    if result is not None and view.shows("labels"):
        shown |= set(np.unique(result.labels).tolist())
    has_scale = sight is not None and heat is not None and view.shows("heat")
    if has_scale and sight.kind == "next_best":
        shown |= set(np.unique(heat.values).astype(int).tolist())
        has_scale = False
    categories = [] if session.picture is None else list(session.picture.categories)
    classes = tuple((entry.name, entry.color) for label, entry in enumerate(categories) if label in shown)
    scene = examination.candidates.scene
    levels = scene.key if scene is not None and view.shows("candidates") else ()
    judged = examination.verdicts.judgement is not None and view.shows("verdicts")
    key = ExportKey((*levels, *classes), patterns=_error_patterns() if judged else ())
    return replace(key, title=heat.name, scale=examination.scale) if has_scale else key


def _error_patterns() -> tuple[tuple[str, NDArray[np.int32]], ...]:
    """Returns the patterns of the marks of the panel Errors with what they mean."""
    meanings = (
        ("true positive", ErrorPixel.TP),
        ("false positive", ErrorPixel.FP),
        ("false negative", ErrorPixel.FN),
        ("ignored", ErrorPixel.IGNORED),
    )
    return tuple((words, verdict_swatch(value, _SWATCH, _SWATCH_RATIO)) for words, value in meanings)


class Legend(QWidget):
    """Lines of swatch, name and number of segments; only those that are exposed are painted."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: tuple[LegendLine, ...] = ()
        self.setAccessibleName("Classes of the result")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @property
    def lines(self) -> tuple[LegendLine, ...]:
        """What is shown."""
        return self._lines

    def set_lines(self, lines: tuple[LegendLine, ...]) -> None:
        """Shows classes."""
        if lines == self._lines:
            return
        self._lines = lines
        self.setAccessibleDescription(", ".join(name for name, _, _ in lines))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Returns room for every line."""
        return QSize(120, _LINE_HEIGHT * len(self._lines))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the exposed lines."""
        painter = QPainter(self)
        first = event.rect().top() // _LINE_HEIGHT
        last = event.rect().bottom() // _LINE_HEIGHT + 1
        text, dim = self.palette().text().color(), self.palette().placeholderText().color()
        for row, (name, color, count) in list(enumerate(self._lines))[first:last]:
            line = QRect(0, row * _LINE_HEIGHT, self.width(), _LINE_HEIGHT)
            painter.fillRect(0, line.center().y() - _SWATCH // 2, _SWATCH, _SWATCH, QColor(*color))
            number = str(count)
            room = painter.fontMetrics().horizontalAdvance(number) + 8
            painter.setPen(text)
            inner = line.adjusted(_SWATCH + 8, 0, -room, 0)
            elided = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, inner.width())
            painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, elided)
            painter.setPen(dim)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, number)

    def event(self, event: QEvent) -> bool:
        """Tells a class's whole name and its number of segments under a resting mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            row = event.pos().y() // _LINE_HEIGHT
            if 0 <= row < len(self._lines):
                name, _, count = self._lines[row]
                words = f"{name}: {count} segment{'' if count == 1 else 's'}"
                QToolTip.showText(event.globalPos(), as_tip(words), self)
            return True
        return super().event(event)
