"""Puts a document under correction onto the canvas, and keeps it in step while one edits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QObject

from lpsnet.overlay import thing_color
from lpsnet.structures import Window
from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.preview_layer import PreviewLayer
from lpsnet_studio.annotator.tools.base import Tool
from lpsnet_studio.canvas.colors import Table, color_table
from lpsnet_studio.canvas.view import CanvasView

__all__ = ["DocumentOverlay", "segment_color", "void_opacity"]

Color = tuple[int, int, int]

_STRIPES: tuple[Color, Color] = ((255, 255, 255), (20, 22, 26))
_UNKNOWN = (176, 182, 190)
"""Of a class that the label set does not know, and of what has none."""
_LINE_WHITENESS = 0.45
_LINE_OPACITY = 0.9
_ABOVE_ALL = 200
_FEW, _MANY = 0.03, 0.3
"""Shares of void in an image: up to the first one looks for it, from the second one looks through it."""
_OPAQUE, _LIGHT = 0.8, 0.12
"""How much the stripes of void hide then."""
_STEPS = 16


def segment_color(labels: LabelSet, category: int, number: int) -> Color:
    """Returns the colour of a segment: its class's own for stuff, one near it by its number for things."""
    label = labels.by_id.get(category)
    if label is None:
        return _UNKNOWN
    return thing_color(label.color, number) if label.isthing else label.color


class DocumentOverlay(QObject):
    """Shows the segments of one editor on the canvas, what is selected of them, and what the tool in hand would do.

    It has a stage of its own, so that what the canvas shows otherwise is there again afterwards.

    Args:
        canvas: where.
        parent: Qt's owner.

    Attributes:
        stage: the photo with the segments.
    """

    def __init__(self, canvas: CanvasView, parent: QObject) -> None:
        super().__init__(parent)
        self._canvas, self.stage = canvas, canvas.add_stage()
        self._editor: Editor | None = None
        self._known: tuple[LabelSet, dict[int, int]] = (LabelSet(), {})
        """The classes, and the one of every segment, that colours and names were made from."""
        self._colors: dict[int, Color] = {}
        self._names: dict[int, tuple[str, ...]] = {}
        self._void_opacity = 0.0
        self._previews = PreviewLayer(self.stage.photo, self._color_of)
        self._previews.setZValue(_ABOVE_ALL)

    def show_editor(self, editor: Editor | None) -> None:
        """Follows another editor, or none: the canvas then shows none of its segments."""
        if self._editor is not None:
            document = self._editor.document
            document.painted.disconnect(self._repaint)
            document.segments_changed.disconnect(self._show_segments)
            self._editor.labels_changed.disconnect(self._show_segments)
            self._editor.selection_changed.disconnect(self._show_selection)
        self._editor, self._known, self._colors, self._names = editor, (LabelSet(), {}), {}, {}
        self._previews.show_previews((), (0, 0), 1.0)
        if editor is None:
            self.stage.clear_overlays()
            return
        editor.document.painted.connect(self._repaint)
        editor.document.segments_changed.connect(self._show_segments)
        editor.labels_changed.connect(self._show_segments)
        editor.selection_changed.connect(self._show_selection)
        self.stage.clear_overlays()
        self.stage.set_overlay_size(editor.document.size)
        self.stage.set_owners(editor.document.ids, {})
        self._show_segments()
        self._show_selection()

    def show_tool(self, tool: Tool | None) -> None:
        """Draws what a tool would do."""
        if self._editor is not None:
            previews = () if tool is None else tool.preview
            self._previews.show_previews(previews, self._editor.document.size, self._canvas.zoom)

    def _show_void(self, editor: Editor) -> None:
        """Marks void strongly where there is little of it, and lets the photo through where there is much."""
        opacity = void_opacity(editor)
        if opacity != self._void_opacity:
            self._void_opacity = opacity
            self.stage.void.set_table(*(color_table(np.array([color], np.uint8), opacity) for color in _STRIPES))

    def _show_segments(self) -> None:
        """Colours and names what has another class than before; a thousand others cost nothing then."""
        assert self._editor is not None
        self._show_void(self._editor)
        labels, segments = self._editor.labels, self._editor.document.segments
        known_labels, known = self._known
        classes = {number: info.category for number, info in segments.items()}
        if labels is not known_labels:
            known = {}
        elif classes == known:
            return
        self._known = labels, classes
        changed = {number: category for number, category in classes.items() if known.get(number) != category}
        for table in (self._colors, self._names):
            for number in table.keys() - classes.keys():
                del table[number]
        self._colors |= {number: segment_color(labels, category, number) for number, category in changed.items()}
        self._names |= {number: _names_of(labels, category, number) for number, category in changed.items()}
        self.stage.set_segment_colors(*_tables(self._colors))
        self.stage.names.set_map(self.stage.owners, dict(self._names))

    def _show_selection(self) -> None:
        assert self._editor is not None
        self.stage.select(*self._editor.selection)

    def _repaint(self, windows: Sequence[Window]) -> None:
        self.stage.repaint_segments(windows)

    def _color_of(self, category: int | None) -> Color:
        label = None if self._editor is None or category is None else self._editor.labels.by_id.get(category)
        return _UNKNOWN if label is None else label.color


def void_opacity(editor: Editor) -> float:
    """Returns how opaque the stripes of void are, 0 … 1, by how much of the image is void."""
    height, width = editor.document.size
    void = 1.0 - sum(extent.area for extent in editor.document.extents.values()) / max(height * width, 1)
    place = min(max((void - _FEW) / (_MANY - _FEW), 0.0), 1.0)
    return _OPAQUE + (_LIGHT - _OPAQUE) * round(place * _STEPS) / _STEPS


def _names_of(labels: LabelSet, category: int, number: int) -> tuple[str, ...]:
    label, name = labels.by_id.get(category), labels.name_of(category)
    return (f"{name} #{number}", f"#{number}") if label is None or label.isthing else (name,)


def _tables(colors: Mapping[int, Color]) -> tuple[Table, Table]:
    """Returns the colours of segments and of their outlines, by number; void is transparent."""
    numbers = np.fromiter(colors, np.intp, len(colors))
    fill = np.zeros((max(colors, default=0) + 1, 3), np.uint8)
    shown = np.zeros(len(fill))
    if len(numbers):
        fill[numbers], shown[numbers] = list(colors.values()), 1.0
    bright = np.rint(fill + (255.0 - fill) * _LINE_WHITENESS).astype(np.uint8)
    return color_table(fill, shown), color_table(bright, shown * _LINE_OPACITY)
