"""A chart with its legend as a picture: PNG, or SVG to scale."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPaintDevice, QPainter, QPen

from lpsnet.formats.atomic import write_atomically
from lpsnet_studio.jobs.curves_legend_view import LegendRow
from lpsnet_studio.jobs.curves_plot import CurvesPlot
from lpsnet_studio.theme import Palette

__all__ = ["picture_bytes", "save_picture"]

_PNG_SCALE = 2
_ROW, _MARGIN, _LINE = 20, 12, 28


def save_picture(path: Path, plot: CurvesPlot, rows: Sequence[LegendRow], palette: Palette) -> None:
    """Writes what the plot shows, its legend below it; as SVG if the name ends so, else as PNG.

    Raises:
        OSError: one sentence naming the file, if it cannot be written.
    """
    write_atomically(path, picture_bytes(plot, rows, palette, is_svg=path.suffix.lower() == ".svg"))


def picture_bytes(plot: CurvesPlot, rows: Sequence[LegendRow], palette: Palette, *, is_svg: bool) -> bytes:
    """Returns the picture as the content of a file."""
    shown = [row for row in rows if row.shown]
    size = QSize(plot.width(), plot.height() + 2 * _MARGIN + _ROW * len(shown))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if is_svg:
        from PySide6.QtSvg import QSvgGenerator

        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setSize(size)
        generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
        generator.setTitle("Curves")
        _paint(generator, size, plot, shown, palette)
    else:
        image = QImage(size * _PNG_SCALE, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(_PNG_SCALE)
        _paint(image, size, plot, shown, palette)
        image.save(buffer, "PNG")
    return bytes(buffer.data().data())


def _paint(device: QPaintDevice, size: QSize, plot: CurvesPlot, rows: Sequence[LegendRow], palette: Palette) -> None:
    painter = QPainter(device)
    painter.setFont(plot.font())
    painter.fillRect(QRectF(0, 0, size.width(), size.height()), QColor(palette.panel))
    plot.render(painter, QRectF(0, 0, plot.width(), plot.height()))
    for at, row in enumerate(rows):
        top = plot.height() + _MARGIN + _ROW * at
        painter.setPen(QPen(QColor(row.color), 2, row.style))
        painter.drawLine(_MARGIN, top + _ROW // 2, _MARGIN + _LINE, top + _ROW // 2)
        painter.setPen(QColor(palette.text))
        left = 2 * _MARGIN + _LINE
        words = QRectF(left, top, size.width() - left - _MARGIN, _ROW)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, row.name)
    painter.end()
