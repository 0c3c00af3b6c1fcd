"""A chart with its legend as a picture: PNG, or SVG to scale.

The window records what it would paint, which takes some milliseconds; any thread makes the file of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QIODevice, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QImageReader, QPainter, QPen, QPicture

from lpsnet.formats.atomic import write_atomically
from lpsnet_studio.jobs.curves_legend_view import LegendRow
from lpsnet_studio.jobs.curves_plot import CurvesPlot
from lpsnet_studio.theme import Palette

__all__ = ["Recording", "picture_bytes", "record", "save_picture"]

_PNG_SCALE = 2
_ROW, _MARGIN, _LINE = 20, 12, 28


@dataclass(frozen=True, slots=True)
class Recording:
    """All that is painted of a chart and its legend.

    Attributes:
        picture: the strokes, in the order of painting.
        frame: the same without curves.
        inside: where the curves are, between the axes.
        size: of the whole, in pixels of the window.
    """

    picture: QPicture
    frame: QPicture
    inside: QRect
    size: QSize


def record(plot: CurvesPlot, rows: Sequence[LegendRow], palette: Palette) -> Recording:
    """Returns what the plot shows, its legend below it; called in the GUI thread."""
    shown = [row for row in rows if row.shown]
    size = QSize(plot.width(), plot.height() + 2 * _MARGIN + _ROW * len(shown))
    box = plot.getViewBox()
    inside = plot.mapFromScene(box.sceneBoundingRect()).boundingRect()
    picture = _strokes(plot, shown, palette, size)
    box.childGroup.setOpacity(0.0)
    frame = _strokes(plot, shown, palette, size)
    box.childGroup.setOpacity(1.0)
    return Recording(picture, frame, inside, size)


def _strokes(plot: CurvesPlot, shown: Sequence[LegendRow], palette: Palette, size: QSize) -> QPicture:
    picture = QPicture()
    painter = QPainter(picture)
    painter.setFont(plot.font())
    painter.fillRect(QRectF(0, 0, size.width(), size.height()), QColor(palette.panel))
    plot.render(painter, QRectF(0, 0, plot.width(), plot.height()))
    for at, row in enumerate(shown):
        top = plot.height() + _MARGIN + _ROW * at
        painter.setPen(QPen(QColor(row.color), 2, row.style))
        painter.drawLine(_MARGIN, top + _ROW // 2, _MARGIN + _LINE, top + _ROW // 2)
        painter.setPen(QColor(palette.text))
        left = 2 * _MARGIN + _LINE
        words = QRectF(left, top, size.width() - left - _MARGIN, _ROW)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, row.name)
    painter.end()
    return picture


def save_picture(path: Path, recording: Recording, *, is_svg: bool) -> None:
    """Writes a recording as SVG, or as PNG.

    Raises:
        OSError: one sentence naming the file, if it cannot be written.
    """
    write_atomically(path, picture_bytes(recording, is_svg=is_svg))


def picture_bytes(recording: Recording, *, is_svg: bool) -> bytes:
    """Returns the picture as the content of a file."""
    return _svg(recording.picture, recording.size) if is_svg else _png(recording)


def _svg(picture: QPicture, size: QSize) -> bytes:
    from PySide6.QtSvg import QSvgGenerator

    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # SVG Tiny, the default, has no clipping: curves would go on beyond the axes.
    generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
    generator.setOutputDevice(buffer)
    generator.setSize(size)
    generator.setResolution(picture.logicalDpiX())  # any other would scale the recording
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    generator.setTitle("Curves")
    painter = QPainter(generator)
    painter.drawPicture(0, 0, picture)
    painter.end()
    return bytes(buffer.data().data())


def _png(recording: Recording) -> bytes:
    import cv2

    image = _pixels(recording.frame, recording.size)
    top, left = _PNG_SCALE * recording.inside.top(), _PNG_SCALE * recording.inside.left()
    bottom, right = top + _PNG_SCALE * recording.inside.height(), left + _PNG_SCALE * recording.inside.width()
    # Qt reads no clipping from SVG: of the curves, only what lies between the axes is taken.
    image[top:bottom, left:right] = _pixels(recording.picture, recording.size)[top:bottom, left:right]
    _, content = cv2.imencode(".png", image)  # Qt's own would hold the interpreter's lock for 70 ms
    return content.tobytes()


def _pixels(picture: QPicture, size: QSize) -> NDArray[np.uint8]:
    """Returns what strokes look like, as ``(H, W, 3)`` in blue, green and red.

    By way of SVG: to paint the strokes would hold the interpreter's lock, for a second where there are many curves,
    while an image is read without it.
    """
    buffer = QBuffer()
    buffer.setData(_svg(picture, size))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, b"svg")
    reader.setScaledSize(size * _PNG_SCALE)
    image = reader.read()
    if image.isNull():
        raise OSError(f"the chart could not be painted: {reader.errorString()}")
    image.convertTo(QImage.Format.Format_RGB32)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[:, :, :3].copy()
