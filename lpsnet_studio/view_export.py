"""The view as a PNG or SVG file, at a chosen scale and with its legend."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QLinearGradient, QPainter, QTransform
from PySide6.QtSvg import QSvgGenerator

from lpsnet_studio.canvas.colormaps import Scale, colormap
from lpsnet_studio.canvas.stage import Stage
from lpsnet_studio.canvas.still import Drawing, DrawnPart, PixelPart, Still, compose, drawing_of, runs_of, take_still

__all__ = ["BACKGROUNDS", "MOST_PIXELS", "SCALES", "ExportChoice", "ExportKey", "ViewExport", "prepare"]

SCALES = (1, 2, 4)
Kind = Literal["png", "svg"]
Background = Literal["dark", "light", "clear"]
BACKGROUNDS: dict[Background, tuple[QColor, QColor]] = {
    "dark": (QColor("#1b1d21"), QColor("#e4e7eb")),
    "light": (QColor("#ffffff"), QColor("#1b1f24")),
    "clear": (QColor(0, 0, 0, 0), QColor("#757b85")),  # which can be read on white and on black
}
"""The colour below everything, and that of the legend's words on it."""
MOST_PIXELS = 100_000_000
"""More are refused: they would take more memory than the picture is worth."""
_TEXT_PIXELS = 12
_LINE, _SWATCH, _GAP = 22, 12, 8
_BAR = (200, 12)
_STOPS = 32


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """What a user wants of an export.

    Attributes:
        whole: the whole photo, a pixel of it being one of the view; else the part in view.
        kind: of the file.
        scale: one of :data:`SCALES`.
        background: what lies around the legend.
        legend: whether there is one.
    """

    whole: bool = False
    kind: Kind = "png"
    scale: int = 2
    background: Background = "dark"
    legend: bool = True


@dataclass(frozen=True, slots=True)
class ExportKey:
    """What a legend says.

    Attributes:
        classes: names and RGB colours, of classes and of what else colours stand for.
        title: what the map over the photo is; empty if there is none.
        scale: how its numbers are coloured.
        patterns: names and swatches, premultiplied ARGB, of what is shown by a pattern.
    """

    classes: tuple[tuple[str, tuple[int, int, int]], ...] = ()
    title: str = ""
    scale: Scale = field(default_factory=Scale)
    patterns: tuple[tuple[str, NDArray[np.int32]], ...] = ()


@dataclass(frozen=True, slots=True)
class ViewExport:
    """How a view is exported.

    Attributes:
        kind: of the file.
        scale: pixels of a PNG, and of the pixels inside an SVG, per pixel of the view or of the photo.
        background: what lies around the legend.
        key: what the legend says; None for no legend.
    """

    kind: Kind
    scale: int
    background: Background
    key: ExportKey | None


def prepare(stage: Stage, to_still: QTransform, size: tuple[int, int], wish: ViewExport) -> Callable[[], bytes]:
    """Takes what the stage shows now, and returns what makes a file's content of it, in any thread.

    Args:
        stage: the scene.
        to_still: from the photo's pixels to those of the part that is exported.
        size: ``(width, height)`` of that part.
        wish: how.
    """
    legend = _Legend(wish.key, size[0]) if wish.key is not None else None
    whole = (size[0], size[1] + (0 if legend is None else legend.height))
    with take_still(stage, to_still, size) as still:
        return (_prepare_png if wish.kind == "png" else _prepare_svg)(still, whole, wish, legend)


def _prepare_png(still: Still, whole: tuple[int, int], wish: ViewExport, legend: _Legend | None) -> Callable[[], bytes]:
    runs = [_drawing(run, still.size, wish.scale) for run in runs_of(still.parts)]
    if legend is not None:
        runs.append(_drawing_of_legend(legend, still.size, wish))
    background = BACKGROUNDS[wish.background][0]
    return lambda: _png(compose(runs, whole, wish.scale, background))


def _drawing(run: list[PixelPart] | list[DrawnPart], size: tuple[int, int], scale: int) -> list[PixelPart] | Drawing:
    """Paints a run of lines and texts; nothing of them goes beyond ``size``. Pixels are left as they are."""
    drawn = [part.draw for part in run if isinstance(part, DrawnPart)]
    pixels = [part for part in run if isinstance(part, PixelPart)]

    def draw(painter: QPainter) -> None:
        for each in drawn:
            each(painter)

    return drawing_of(draw, size, scale) if drawn else pixels


def _drawing_of_legend(legend: _Legend, size: tuple[int, int], wish: ViewExport) -> Drawing:
    ink = BACKGROUNDS[wish.background][1]
    below = (size[0], legend.height)
    return drawing_of(lambda painter: legend.paint(painter, 0, ink), below, wish.scale, size[1] * wish.scale)


def _prepare_svg(still: Still, whole: tuple[int, int], wish: ViewExport, legend: _Legend | None) -> Callable[[], bytes]:
    """Draws lines and texts at once, with a single pixel wherever a picture is to go."""
    pictures = []
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(QSize(*still.size))
    generator.setViewBox(QRect(0, 0, *whole))
    generator.setTitle("LPSNet Studio")
    painter = QPainter(generator)
    background, ink = BACKGROUNDS[wish.background]
    if background.alpha():
        painter.fillRect(QRect(0, 0, *whole), background)
    pixel = QImage(1, 1, QImage.Format.Format_ARGB32)
    pixel.fill(Qt.GlobalColor.black)
    for run in runs_of(still.parts):
        if isinstance(run[0], DrawnPart):
            painter.save()
            painter.setClipRect(QRect(0, 0, *still.size))
            for part in run:
                part.draw(painter)
            painter.restore()
        else:
            painter.drawImage(QRect(0, 0, *still.size), pixel)
            pictures.append(run)
    if legend is not None:
        legend.paint(painter, still.size[1], ink)
    painter.end()
    buffer.close()
    text = content.data().decode("utf-8")
    return lambda: _with_pictures(
        text, still.size, whole, [_png(compose([run], still.size, wish.scale, QColor(0, 0, 0, 0))) for run in pictures]
    )


def _with_pictures(text: str, size: tuple[int, int], whole: tuple[int, int], pictures: list[bytes]) -> bytes:
    """Puts pictures in the places of the single pixels, and states the size of the whole."""
    waiting = iter(pictures)

    def put(found: re.Match[str]) -> str:
        return f"{found[1]}{base64.b64encode(next(waiting)).decode('ascii')}{found[2]}"

    text = re.sub(r'(xlink:href="data:image/png;base64,)[^"]*(")', put, text, count=len(pictures))
    text = re.sub(r'<svg width="[^"]*" height="[^"]*"', f'<svg width="{whole[0]}" height="{whole[1]}"', text, count=1)
    return text.encode("utf-8")


def _png(pixels: np.ndarray) -> bytes:
    opaque = bool((pixels[..., 3] == 255).all())
    done, content = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGR if opaque else cv2.COLOR_RGBA2BGRA))
    assert done
    return content.tobytes()


class _Legend:
    """Classes in columns and the map's scale, for a width."""

    def __init__(self, key: ExportKey, width: int) -> None:
        self._key = key
        self._font = QFont()
        self._font.setPixelSize(_TEXT_PIXELS)
        metrics = QFontMetricsF(self._font)
        self._names = [name for name, _ in (*key.patterns, *key.classes)]
        widest = max((metrics.horizontalAdvance(name) for name in self._names), default=0.0)
        self._column = math.ceil(widest) + _SWATCH + 3 * _GAP
        self._columns = max((width - _GAP) // self._column, 1)
        rows = math.ceil(len(self._names) / self._columns)
        self.height = (rows + (1 if key.title else 0)) * _LINE + 2 * _GAP

    def paint(self, painter: QPainter, top: int, ink: QColor) -> None:
        """Paints it below what reaches down to ``top``."""
        painter.save()
        painter.setFont(self._font)
        painter.setPen(ink)
        y = top + _GAP
        if self._key.title:
            self._paint_scale(painter, y)
            y += _LINE
        for place, name in enumerate(self._names):
            row, column = divmod(place, self._columns)
            x, line = _GAP + column * self._column, y + row * _LINE
            self._paint_swatch(painter, place, QRectF(x, line + (_LINE - _SWATCH) / 2, _SWATCH, _SWATCH))
            painter.drawText(QPointF(x + _SWATCH + _GAP, self._baseline(line)), name)
        painter.restore()

    def _paint_swatch(self, painter: QPainter, place: int, square: QRectF) -> None:
        patterns = self._key.patterns
        if place >= len(patterns):
            painter.fillRect(square, QColor(*self._key.classes[place - len(patterns)][1]))
            return
        pixels = np.ascontiguousarray(patterns[place][1])
        height, width = pixels.shape
        image = QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_ARGB32_Premultiplied)
        painter.drawImage(square, image.copy())

    def _paint_scale(self, painter: QPainter, y: float) -> None:
        scale, metrics = self._key.scale, QFontMetricsF(self._font)
        low, high = f"{scale.low:g}", f"{scale.high:g}"
        x = float(_GAP)
        for text in (self._key.title, low):
            painter.drawText(QPointF(x, self._baseline(y)), text)
            x += metrics.horizontalAdvance(text) + _GAP
        bar = QRectF(x, y + (_LINE - _BAR[1]) / 2, *_BAR)
        colors, gradient = colormap(scale.colors), QLinearGradient(bar.topLeft(), bar.topRight())
        for stop in np.linspace(0, 1, _STOPS).tolist():
            gradient.setColorAt(stop, QColor(*colors[round(stop * (len(colors) - 1))].tolist()))
        painter.fillRect(bar, gradient)
        painter.drawText(QPointF(bar.right() + _GAP, self._baseline(y)), high)

    def _baseline(self, top: float) -> float:
        metrics = QFontMetricsF(self._font)
        return top + (_LINE + metrics.ascent() - metrics.descent()) / 2
