"""A slider that carries its value."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSlider, QWidget

from lpsnet_studio.theme import figure_font

__all__ = ["ValueSlider"]


class ValueSlider(QWidget):
    """A named slider with its value beside it. A double click resets it.

    Tab reaches it, a click does not: whoever drags it keeps the keys of where the focus was.

    Attributes:
        changed: the value, and whether the slider is being dragged.
    """

    changed = Signal(float, bool)

    def __init__(
        self, name: str, tip: str, *, steps: int = 100, show: Callable[[float], str] = "{:.2f}".format
    ) -> None:
        super().__init__()
        self._steps = steps
        self._show = show
        self._default = 0.0
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, steps)
        self.slider.setPageStep(max(steps // 20, 1))
        self.slider.setAccessibleName(name)
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider.installEventFilter(self)
        self.slider.setToolTip(f"{tip}\nA double click resets it.")
        self.slider.setStatusTip(tip)
        label = QLabel(name)
        label.setBuddy(self.slider)
        self._value = QLabel()
        self._value.setFont(figure_font(self.font()))
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(2)
        layout.addWidget(label, 0, 0)
        layout.addWidget(self._value, 0, 1, Qt.AlignmentFlag.AlignRight)
        layout.addWidget(self.slider, 1, 0, 1, 2)
        self.slider.valueChanged.connect(self._report)
        self.slider.sliderReleased.connect(lambda: self.changed.emit(self.value(), False))

    def value(self) -> float:
        """Returns the value, 0 … 1."""
        return self.slider.value() / self._steps

    def set_value(self, value: float) -> None:
        """Shows a value without reporting it; a slider in the user's hand stays where it is."""
        if not self.slider.isSliderDown():
            self.slider.blockSignals(True)
            self.slider.setValue(round(value * self._steps))
            self.slider.blockSignals(False)
        self._value.setText(self._show(self.value()))

    def set_default(self, value: float) -> None:
        """Sets what a double click resets to."""
        self._default = value

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Resets on a double click."""
        if event.type() == QEvent.Type.MouseButtonDblClick:
            self.slider.setSliderDown(False)
            self.slider.setValue(round(self._default * self._steps))
            return True
        return super().eventFilter(watched, event)

    def _report(self) -> None:
        self._value.setText(self._show(self.value()))
        self.changed.emit(self.value(), self.slider.isSliderDown())
