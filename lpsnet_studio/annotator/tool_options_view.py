"""What the tool in the hand is set to: the class of new segments, the brush, and where painting may go."""

from __future__ import annotations

from math import log
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.editor import Editor, Target
from lpsnet_studio.annotator.fitting_row import FittingRow
from lpsnet_studio.annotator.toolbox import Toolbox
from lpsnet_studio.labels import as_tip

__all__ = ["ToolOptions", "swatch"]

_BRUSHES = ("brush", "eraser")
_PAINTING = ("brush", "polygon", "lasso", "box", "fill")
_PLACES = 200
_LOW, _HIGH = 0.5, 500.0
_SWATCH = 12
_NO_CLASS = "Choose a class"


def swatch(color: tuple[int, int, int] | None, side: int = _SWATCH, ratio: float = 2.0) -> QIcon:
    """Returns a small round patch of a colour; a ring where there is none."""
    pixels = QPixmap(round(side * ratio), round(side * ratio))
    pixels.setDevicePixelRatio(ratio)
    pixels.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixels)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(128, 128, 128))
    painter.setBrush(QColor(*color) if color is not None else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(1, 1, side - 2, side - 2)
    painter.end()
    return QIcon(pixels)


class ToolOptions(FittingRow):
    """The options of the tool in the hand; those that it does not have are not there.

    Args:
        desk: whose editor they are of.
        toolbox: which tool it is.

    Attributes:
        class_wanted: the user wants to choose the class of the segment that is painted next.
        left: the user has typed what was to be typed, and wants the image back.
        shown_changed: an option may be set otherwise now, whether or not there is room to show it.
    """

    class_wanted = Signal()
    left = Signal()
    shown_changed = Signal()

    def __init__(self, desk: Desk, toolbox: Toolbox) -> None:
        super().__init__(8)
        self._desk, self._toolbox = desk, toolbox
        self._editor: Editor | None = None
        self.category = QToolButton()
        self.category.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.category.setIconSize(QSize(_SWATCH, _SWATCH))
        self.category.setMinimumHeight(24)
        self.category.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.category.clicked.connect(self.class_wanted)
        self.radius, self.slider = QDoubleSpinBox(), QSlider(Qt.Orientation.Horizontal)
        self.brush = self._made_brush()
        self.square = QCheckBox("Square")
        self.square.setToolTip("Paint with a square brush")
        self.square.toggled.connect(lambda on: self._set(shape="square" if on else "round"))
        self.only_void = QCheckBox("Only over void")
        self.only_void.setToolTip("Paint over pixels that no segment owns, and leave all others as they are (X)")
        self.only_void.toggled.connect(lambda on: self._set(only_void=on))
        self.only_inside = QCheckBox("Only inside")
        self.only_inside.toggled.connect(self._keep_inside)
        for widget, rank in (
            (self.category, 0),
            (self.brush, 5),
            (self.radius, 1),
            (self.square, 3),
            (self.only_void, 2),
            (self.only_inside, 4),
        ):
            self.add(widget, rank)
        self.add_stretch()
        desk.place_changed.connect(self._follow_desk)
        toolbox.chosen_changed.connect(self._show_options)
        self._follow_desk()

    def _made_brush(self) -> QWidget:
        tip = "Radius of the brush in pixels of the image ( [ and ] )"
        self.radius.setRange(_LOW, _HIGH)
        self.radius.setDecimals(1)
        self.radius.setSuffix(" px")
        self.radius.setKeyboardTracking(False)
        self.radius.setFixedWidth(80)
        self.radius.setToolTip(tip)
        self.radius.setAccessibleName("Radius of the brush, exactly")
        self.radius.valueChanged.connect(lambda value: self._set(radius=value))
        self.radius.lineEdit().returnPressed.connect(self.left)
        self.slider.setRange(0, _PLACES)
        self.slider.setFixedWidth(90)
        self.slider.setToolTip(tip)
        self.slider.setAccessibleName("Radius of the brush")
        self.slider.valueChanged.connect(lambda place: self._set(radius=_radius_at(place)))
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget in (QLabel("Radius"), self.slider):
            layout.addWidget(widget)
        return row

    def _follow_desk(self) -> None:
        editor = self._desk.editor
        if editor is not self._editor:
            self._editor = editor
            if editor is not None:
                editor.options_changed.connect(self._show_options)
                editor.selection_changed.connect(self._show_options)
                editor.labels_changed.connect(self._show_options)
                editor.stepped.connect(self._show_options)
        self._show_options()

    def _set(self, **changes: Any) -> None:
        if self._editor is not None:
            self._editor.set_options(**changes)
            self._toolbox.tell_shown()

    def _keep_inside(self, on: bool) -> None:
        if self._editor is not None:
            chosen = self._editor.selection[0] if on and self._editor.selection else None
            self._set(only_inside=chosen)
            self._show_options()

    def _show_options(self) -> None:
        editor, name = self._editor, self._toolbox.name
        if editor is None or self._desk.editor is not editor or not self._desk.can_edit:
            self._desk.show_in_turn(self._show_none)
            return
        self.show()
        options = editor.options
        for widget, value in ((self.radius, options.radius), (self.slider, _place_of(options.radius))):
            widget.blockSignals(True)
            widget.setValue(value)
            widget.blockSignals(False)
        for box, on in ((self.square, options.shape == "square"), (self.only_void, options.only_void)):
            box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(False)
        self._show_inside(editor)
        self._show_target(editor)
        for widget in (self.brush, self.radius, self.square):
            self.want(widget, name in _BRUSHES)
        for widget in (self.only_void, self.only_inside):
            self.want(widget, name in _PAINTING)
        self.fit()
        self.shown_changed.emit()

    def _show_none(self) -> None:
        if not self._desk.can_edit:
            self.hide()
            self._show_target(None)
            self.shown_changed.emit()

    def _show_inside(self, editor: Editor) -> None:
        inside = editor.options.only_inside
        self.only_inside.blockSignals(True)
        self.only_inside.setChecked(inside is not None)
        self.only_inside.blockSignals(False)
        self.only_inside.setEnabled(inside is not None or bool(editor.selection))
        if inside is not None:
            self.only_inside.setText(f"Only inside #{inside}")
        else:
            self.only_inside.setText("Only inside")
        why = "" if self.only_inside.isEnabled() else "\nSelect that segment first."
        self.only_inside.setToolTip(f"Paint inside the selected segment alone, to carve a part out of it (I){why}")

    def _show_target(self, editor: Editor | None) -> None:
        """Shows what the next stroke paints: the class, and which segment or that it is a new one."""
        target = Target(None, None) if editor is None else editor.target
        label = None if editor is None or target.category is None else editor.labels.by_id.get(target.category)
        name = _NO_CLASS if editor is None or target.category is None else editor.category_name(target.category)
        where = "" if target.number is None else f", into #{target.number}"
        begins = "New " if target.number is None and target.category is not None else ""
        room = 160 - self.category.fontMetrics().horizontalAdvance(begins + where)
        text = self.category.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, room)
        self.category.setText(f" {begins}{text}{where}".replace("&", "&&"))
        self.category.setIcon(swatch(None if label is None else label.color))
        words = "" if editor is None else editor.target_words
        paints = f"The next stroke paints {words}." if words else "Nothing is painted before a class is chosen."
        self.category.setToolTip(as_tip(f"{paints}\nChoose a class to begin a new segment with (Shift+C)."))
        self.category.setAccessibleName(f"What is painted: {words or _NO_CLASS.lower()}")


def _radius_at(place: int) -> float:
    """Returns the radius at a place of the slider: equal steps multiply it by equal factors."""
    return float(round(_LOW * (_HIGH / _LOW) ** (place / _PLACES), 1))


def _place_of(radius: float) -> int:
    return round(_PLACES * log(max(radius, _LOW) / _LOW) / log(_HIGH / _LOW))
