"""Chooses where a job runs: typed, or ticked among what the machine has."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QCheckBox, QLabel, QSizePolicy, QVBoxLayout, QWidget

from lpsnet_studio.flow_layout import FlowLayout
from lpsnet_studio.jobs.device_choice import DeviceOption, devices_from, turned
from lpsnet_studio.jobs.field_editors import TextBox
from lpsnet_studio.labels import as_tip
from lpsnet_studio.theme import caption_font

__all__ = ["DeviceChooser"]

_AUTO = DeviceOption("auto", "the first GPU, or else the CPU")
_ASKED = "Which GPUs there are is being asked; any can be typed."


class DeviceChooser(QWidget):
    """A line to type devices into, boxes to tick them, and why there is no CUDA where there is none.

    Args:
        several: whether GPUs can be ticked together.

    Attributes:
        edited: what is typed or ticked, as text.
        finished: the user is done with typing, or has ticked.
        box: the line.
        ticks: a box for every device, by name.
        note: why there is no CUDA, or that it is being asked.
    """

    edited = Signal(str)
    finished = Signal()

    def __init__(self, *, several: bool) -> None:
        super().__init__()
        self._several = several
        self.box = TextBox()
        self.box.setAccessibleName("Devices" if several else "Device")
        names = "auto, cpu, cuda:0; several GPUs such as cuda:0, cuda:1" if several else "auto, cpu or cuda:0"
        self.box.setToolTip(f"Where it runs: {names}.")
        self.box.textEdited.connect(self.edited)
        self.box.editingFinished.connect(self.finished)
        self.ticks: dict[str, QCheckBox] = {}
        self.note = QLabel()
        self._ticks = QWidget()
        self._flow = FlowLayout(self._ticks, gap=12)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self._ticks.setSizePolicy(policy)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        self.note.setFont(caption_font(self.font()))
        self.note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget in (self.box, self._ticks, self.note):
            layout.addWidget(widget)
        self.offer((DeviceOption("cpu", "CPU"),), _ASKED)

    def show_value(self, text: str) -> None:
        """Shows a choice without reporting it."""
        if self.box.text() != text:
            self.box.setText(text)
        chosen = devices_from(text)
        for name, tick in self.ticks.items():
            tick.setChecked(name in chosen)

    def offer(self, options: Sequence[DeviceOption], note: str = "") -> None:
        """Offers what the machine has.

        Args:
            options: the devices; of those that cannot be had only the reason is shown.
            note: what is said instead of the reasons.
        """
        for tick in self.ticks.values():
            tick.hide()
            self._flow.removeWidget(tick)
            tick.deleteLater()
        self.ticks = {each.name: self._tick(each) for each in (_AUTO, *options) if not each.problem}
        for tick in self.ticks.values():
            self._flow.addWidget(tick)
            tick.show()
        problems = [each.problem for each in options if each.problem]
        note = note or "\n".join(f"{problem[:1].upper()}{problem[1:]}." for problem in problems)
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self.show_value(self.box.text())
        self._ticks.updateGeometry()

    def inputs(self) -> tuple[QWidget, ...]:
        """Returns what the keyboard goes to, in order."""
        return (self.box, *self.ticks.values())

    def _tick(self, option: DeviceOption) -> QCheckBox:
        tick = QCheckBox(option.name)
        tick.setToolTip(as_tip(option.words))
        tick.setAccessibleName(f"{option.name}, {option.words}")
        tick.clicked.connect(lambda on, name=option.name: self._turn(name, on))
        return tick

    def _turn(self, name: str, on: bool) -> None:
        text = ", ".join(turned(devices_from(self.box.text()), name, on=on, several=self._several))
        self.finished.emit()
        self.show_value(text)
        self.edited.emit(text)
        self.finished.emit()
