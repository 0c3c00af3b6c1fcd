"""What a training needs beside its config: the folder of the run, its data at one stroke, and its devices."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from lpsnet_studio.flow_layout import FlowLayout
from lpsnet_studio.jobs.device_choice import devices_from, fault_of_devices
from lpsnet_studio.jobs.device_view import DeviceChooser
from lpsnet_studio.jobs.disk_look import Ask, at_once
from lpsnet_studio.jobs.nodes_dialog import NodesDialog
from lpsnet_studio.jobs.panoptic_file import is_panoptic_json
from lpsnet_studio.jobs.path_line_view import AskPath, PathLine
from lpsnet_studio.jobs.push_button_view import push_button
from lpsnet_studio.jobs.training_form import DEVICES, RUN_DIR, TrainingForm
from lpsnet_studio.message_line import MessageLine
from lpsnet_studio.theme import Theme, caption_font

__all__ = ["TrainingPlaceView"]

_ASKED = ("Annotations to learn from", "Annotations to be measured on")


class TrainingPlaceView(QWidget):
    """Folder, data and devices of a training.

    Args:
        form: what is written into.
        theme: gives icons and colours.
        ask: asks for paths.
        look: looks into files that are chosen.

    Attributes:
        folder: of the run.
        scenes, files: choose the data.
        devices: chooses where it runs.
        nodes: shows the commands for several machines.
        faults: what is wrong, by :data:`RUN_DIR`, :data:`DEVICES` and ``data``.
        sought: emitted before the keyboard is given to one of its fields, which may be folded away.
    """

    sought = Signal()

    def __init__(self, form: TrainingForm, theme: Theme, ask: AskPath, look: Ask = at_once) -> None:
        super().__init__()
        self._look, self._turn = look, 0
        self._form, self._theme, self._ask = form, theme, ask
        self.folder = PathLine("Folder of the run", ask, folder=True)
        self.folder.box.setToolTip("Everything of the run lies here: settings, events, checkpoints, samples.")
        self.devices = DeviceChooser(several=True)
        self.scenes = push_button("Drawn scenes", "Learn from and be measured on drawn scenes, which need no files.")
        self.files = push_button("COCO panoptic files…", "Choose a JSON file to learn from, and one to be measured on.")
        self.nodes = push_button("For several machines…", "Show the commands that train on several machines together.")
        self.faults = {name: MessageLine("fault", theme) for name in (RUN_DIR, DEVICES, "data")}
        self._data = _caption("")
        self._lay_out()
        self.folder.edited.connect(form.set_run_dir)
        self.devices.edited.connect(form.set_devices)
        for editor in (self.folder, self.devices):
            editor.finished.connect(form.config.finish)
        self.scenes.clicked.connect(self._draw_scenes)
        self.files.clicked.connect(self._choose_files)
        self.nodes.clicked.connect(self.show_nodes)
        form.changed.connect(self.show_state)
        theme.changed.connect(self._follow)
        self.faults["data"].set_text("")
        self.show_state()

    def show_state(self) -> None:
        """Shows what the form says."""
        form, faults = self._form, self._form.faults
        self.folder.show_value(form.run_dir)
        self.devices.show_value(form.devices)
        self._data.setText(form.data_words)
        for name, editor in ((RUN_DIR, self.folder), (DEVICES, self.devices)):
            self.faults[name].set_tone("need" if name in form.lacking else "fault")
            if self.faults[name].text() != faults.get(name, ""):
                self.faults[name].set_text(faults.get(name, ""))
                editor.box.setAccessibleDescription(faults.get(name, ""))
        self.faults[RUN_DIR].setVisible(RUN_DIR in faults)
        self.faults[DEVICES].setVisible(DEVICES in faults)
        self.nodes.setEnabled(not fault_of_devices(devices_from(form.devices), several=True))

    def go_to(self, name: str) -> None:
        """Gives the keyboard to the folder or the devices."""
        self.sought.emit()
        box = self.devices.box if name == DEVICES else self.folder.box
        box.setFocus(Qt.FocusReason.OtherFocusReason)
        box.selectAll()

    def stops(self) -> tuple[QWidget, ...]:
        """Returns where Tab stops, in order."""
        return (*self.folder.inputs(), self.scenes, self.files, *self.devices.inputs(), self.nodes)

    def show_nodes(self) -> NodesDialog:
        """Opens the commands for several machines, and returns them."""
        dialog = NodesDialog(self, self._form.spec())
        dialog.open()
        return dialog

    def _draw_scenes(self) -> None:
        self._turn += 1
        self.faults["data"].set_text("")
        self._form.draw_scenes()

    def _choose_files(self) -> None:
        """Asks for one file after the other; the second may be left out."""
        self._turn += 1
        self.faults["data"].set_text("")
        self._choose_next(self._turn, ())

    def _choose_next(self, turn: int, chosen: tuple[Path, ...]) -> None:
        """Asks for the next file and has it looked into, or takes what was chosen."""
        if len(chosen) < len(_ASKED):
            text = self._ask(self, _ASKED[len(chosen)], str(chosen[0].parent) if chosen else "", False)
            if text:
                path = Path(text)
                self._look(lambda: is_panoptic_json(path), lambda fault: self._take_file(turn, chosen, path, fault))
                return
        if chosen:
            self._form.take_annotations(chosen[0], chosen[1] if len(chosen) > 1 else None)

    def _take_file(self, turn: int, chosen: tuple[Path, ...], path: Path, fault: str) -> None:
        if turn != self._turn:
            return
        if fault:
            self.faults["data"].set_text(fault)
        else:
            self._choose_next(turn, (*chosen, path))

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(_title("Folder of the run", self.folder.box))
        layout.addWidget(self.folder)
        layout.addWidget(self.faults[RUN_DIR])
        layout.addSpacing(8)
        layout.addWidget(_title("Data", self.scenes))
        layout.addWidget(self._data)
        layout.addWidget(_flow(self.scenes, self.files))
        layout.addWidget(self.faults["data"])
        layout.addSpacing(8)
        layout.addWidget(_title("Devices", self.devices.box))
        layout.addWidget(self.devices)
        layout.addWidget(self.faults[DEVICES])
        layout.addWidget(_flow(self.nodes))
        for first, second in pairwise(self.stops()):
            QWidget.setTabOrder(first, second)

    def _follow(self) -> None:
        for line in self.faults.values():
            line.follow(self._theme)


def _title(text: str, buddy: QWidget) -> QLabel:
    label = QLabel(text)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    label.setBuddy(buddy)
    return label


def _caption(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setFont(caption_font(label.font()))
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def _flow(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    layout = FlowLayout(holder, gap=8)
    for widget in widgets:
        layout.addWidget(widget)
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    holder.setSizePolicy(policy)
    return holder
