"""A slider that carries its value, which can also be typed."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QSlider, QWidget

from lpsnet_studio.inspector.control import Control
from lpsnet_studio.inspector.number_boxes import CountBox, ShareBox
from lpsnet_studio.inspector.scales import PixelScale, Scale, ShareScale
from lpsnet_studio.theme import Theme

__all__ = ["PixelSlider", "ShareSlider", "ValueSlider"]

_PAGE = 5
_TURNING_KEYS = {
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Home,
    Qt.Key.Key_End,
}


class ValueSlider(Control):
    """A slider below a name, with the exact value beside it. A double click on either resets it.

    The value may lie between two places of the slider. Whatever the hand does between pressing and letting go, of the
    mouse or of a key, is one gesture.

    Attributes:
        slider: whose places stand for values.
        box: where the value is typed.
    """

    def __init__(self, name: str, tip: str, theme: Theme, scale: Scale, box: ShareBox | CountBox) -> None:
        super().__init__(name, tip, theme)
        self._scale = scale
        self._is_held = False
        self.box = box
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, scale.last)
        self.slider.setPageStep(_PAGE)
        self.slider.setAccessibleName(name)
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        box.setAccessibleName(f"{name}, exactly")
        self.head.addWidget(box)
        self.body.insertWidget(1, self.slider)
        self.slider.valueChanged.connect(self._slide)
        self.slider.sliderReleased.connect(self._let_go)
        box.valueChanged.connect(self._take_and_settle)
        box.editingFinished.connect(self.finish)
        self._complete()

    def editors(self) -> tuple[QWidget, ...]:
        """Returns the slider and the box."""
        return self.slider, self.box

    def words(self, value: Any) -> str:
        """Returns a value as the box shows it."""
        return f"{self.box.prefix()}{self.box.textFromValue(value)}{self.box.suffix()}"

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Resets on a double click on the slider, and knows when a gesture is over."""
        if watched is self.slider:
            kind = event.type()
            if kind == QEvent.Type.MouseButtonDblClick:
                self.slider.setSliderDown(False)
                self.reset()
                return True
            if kind == QEvent.Type.MouseButtonPress or _turns(event):
                self._is_held = True
            elif kind in (QEvent.Type.MouseButtonRelease, QEvent.Type.FocusOut) or _lets_go(event):
                self._is_held = False
                self.finish()
            elif kind == QEvent.Type.Wheel and self.slider.hasFocus():
                self._settling.start()
        return super().eventFilter(watched, event)

    def _slide(self, place: int) -> None:
        is_gesture = self._is_held or self.slider.isSliderDown() or self._settling.isActive()
        self._take(self._scale.value(place), goes_on=is_gesture)

    def _let_go(self) -> None:
        """Ends a drag where the value is, which undo may have taken elsewhere meanwhile."""
        self.finish()
        self._show(self.value())

    def _show(self, value: Any) -> None:
        """Shows a value; a slider in the user's hand stays where it is."""
        for widget, shown in ((self.slider, self._scale.place(value)), (self.box, value)):
            if widget is self.box or not self.slider.isSliderDown():
                widget.blockSignals(True)
                widget.setValue(shown)
                widget.blockSignals(False)


class ShareSlider(ValueSlider):
    """A share of one, in steps of 0.01.

    Args:
        name: in the field's terms.
        tip: what the setting does.
        theme: gives the icon.
        percent: whether it is shown in percent.
    """

    def __init__(self, name: str, tip: str, theme: Theme, *, percent: bool = False) -> None:
        super().__init__(name, tip, theme, ShareScale(), ShareBox(percent=percent))


class PixelSlider(ValueSlider):
    """A number of pixels, on a logarithmic slider.

    Args:
        name: in the field's terms.
        tip: what the setting does.
        theme: gives the icon.
        most: that can be typed.
    """

    def __init__(self, name: str, tip: str, theme: Theme, most: int) -> None:
        box = CountBox(0, most, unit="px", buttons=False, width=84)
        super().__init__(name, tip, theme, PixelScale(), box)


def _turns(event: QEvent) -> bool:
    return event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in _TURNING_KEYS


def _lets_go(event: QEvent) -> bool:
    return event.type() == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent) and not event.isAutoRepeat()
