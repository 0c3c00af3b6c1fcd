"""Boxes in which numbers are typed exactly."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QSpinBox

from lpsnet_studio.theme import figure_font

__all__ = ["CountBox", "ShareBox"]

_ENGLISH = QLocale(QLocale.Language.English, QLocale.Country.UnitedStates)


class ShareBox(QDoubleSpinBox):
    """A share of one, with as many digits as it needs and two at least; a comma is as good as a point.

    Args:
        percent: whether it is shown and typed in percent.
    """

    def __init__(self, *, percent: bool = False) -> None:
        super().__init__()
        self._percent = percent
        _prepare(self, width=56)
        self.setDecimals(4)
        self.setRange(0.0, 1.0)
        self.setSingleStep(0.01)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)

    def textFromValue(self, value: float) -> str:
        """Returns what is shown."""
        if self._percent:
            return f"{100 * value:.0f} %"
        short = f"{value:.4f}".rstrip("0")
        return short if len(short) >= 4 else f"{value:.2f}"

    def valueFromText(self, text: str) -> float:
        """Returns what was typed."""
        number = float(text.replace(",", ".").removesuffix("%").strip() or "nan")
        return number / 100 if self._percent else number

    def validate(self, text: str, position: int) -> object:
        """Accepts a number in range, and what may become one."""
        typed = text.replace(",", ".").removesuffix("%").strip()
        try:
            value = self.valueFromText(typed)
        except ValueError:
            value = float("nan")
        state = QValidator.State.Acceptable
        if not typed.strip(".") or typed.strip("0123456789.") or value != value:
            state = QValidator.State.Intermediate if not typed.strip("0123456789.") else QValidator.State.Invalid
        elif not 0 <= value <= 1:
            state = QValidator.State.Invalid
        return state, text, position


class CountBox(QSpinBox):
    """A whole number.

    Args:
        low: the least.
        high: the greatest.
        unit: behind it; may be empty.
        buttons: whether there are buttons to step by.
        width: in pixels.
    """

    def __init__(self, low: int, high: int, *, unit: str = "", buttons: bool = True, width: int = 92) -> None:
        super().__init__()
        _prepare(self, width=width)
        self.setRange(low, high)
        self.setGroupSeparatorShown(True)
        self.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
        if unit:
            self.setSuffix(f" {unit}")
        if not buttons:
            self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)


def _prepare(box: QAbstractSpinBox, width: int) -> None:
    """Makes a box quiet: figures of one width at the right, no report while someone types, no focus by the wheel."""
    box.setLocale(_ENGLISH)
    box.setFont(figure_font(box.font()))
    box.setAlignment(Qt.AlignmentFlag.AlignRight)
    box.setKeyboardTracking(False)
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.setFixedWidth(width)
