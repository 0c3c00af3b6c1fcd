"""A control for every kind of setting."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget

from lpsnet.structures import InspectionSettings
from lpsnet_studio.inspector.control import Control
from lpsnet_studio.inspector.number_boxes import CountBox
from lpsnet_studio.inspector.setting_words import Setting, value_words
from lpsnet_studio.inspector.value_slider import PixelSlider, ShareSlider
from lpsnet_studio.theme import Theme

__all__ = ["ChoiceControl", "CountControl", "SwitchControl", "control_of"]


class CountControl(Control):
    """A whole number.

    Attributes:
        box: where it is typed or stepped.
    """

    def __init__(self, name: str, tip: str, theme: Theme, low: int, high: int) -> None:
        super().__init__(name, tip, theme)
        self.box = CountBox(low, high)
        self.box.setAccessibleName(name)
        self.head.addWidget(self.box)
        self.box.valueChanged.connect(self._take_and_settle)
        self.box.editingFinished.connect(self.finish)
        self._complete()

    def editors(self) -> tuple[QWidget, ...]:
        """Returns the box."""
        return (self.box,)

    def words(self, value: Any) -> str:
        """Returns a number with its thousands told apart."""
        return f"{value:,}"

    def _show(self, value: Any) -> None:
        self.box.blockSignals(True)
        self.box.setValue(value)
        self.box.blockSignals(False)


class SwitchControl(Control):
    """On or off; the name stands beside the box that is ticked.

    Attributes:
        box: what is ticked.
    """

    def __init__(self, name: str, tip: str, theme: Theme) -> None:
        super().__init__(name, tip, theme)
        self.box = QCheckBox()
        self.box.setAccessibleName(name)
        self.box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.head.insertWidget(0, self.box)
        self.box.clicked.connect(self._take)
        self._complete()

    def editors(self) -> tuple[QWidget, ...]:
        """Returns the box."""
        return (self.box,)

    def words(self, value: Any) -> str:
        """Returns on or off."""
        return "on" if value else "off"

    def _show(self, value: Any) -> None:
        self.box.setChecked(value)


class ChoiceControl(Control):
    """One of several.

    Attributes:
        box: where it is chosen.
    """

    def __init__(self, setting: Setting, theme: Theme) -> None:
        super().__init__(setting.name, setting.tip, theme)
        self._setting = setting
        self.box = QComboBox()
        for value, text in setting.choices:
            self.box.addItem(text, value)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(8)
        self.box.setAccessibleName(setting.name)
        self.box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.body.insertWidget(1, self.box)
        self.box.activated.connect(lambda index: self._take(self.box.itemData(index)))
        self._complete()

    def editors(self) -> tuple[QWidget, ...]:
        """Returns the box."""
        return (self.box,)

    def words(self, value: Any) -> str:
        """Returns the name of a choice."""
        return value_words(self._setting, value)

    def _show(self, value: Any) -> None:
        self.box.setCurrentIndex(self.box.findData(value))


def control_of(setting: Setting, theme: Theme) -> Control:
    """Returns a control of the setting's kind, with the range that the setting has."""
    if setting.kind == "share":
        return ShareSlider(setting.name, setting.tip, theme)
    if setting.kind == "switch":
        return SwitchControl(setting.name, setting.tip, theme)
    if setting.kind == "choice":
        return ChoiceControl(setting, theme)
    bounds = next(spec.metadata for spec in fields(InspectionSettings) if spec.name == setting.field)
    if setting.kind == "pixels":
        return PixelSlider(setting.name, setting.tip, theme, bounds["high"])
    return CountControl(setting.name, setting.tip, theme, bounds["low"], bounds["high"])
