"""The dialog that makes a project: where it lies, which classes it has, and which images."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.errand import Errand
from lpsnet_studio.annotator.form_parts import form_page, form_rows, stacked
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.new_project import (
    ProjectChoices,
    labels_words,
    objection_to_name,
    objection_to_project,
    typed_path,
)
from lpsnet_studio.annotator.path_field import AskPath, PathField, ask_path
from lpsnet_studio.labels import as_tip
from lpsnet_studio.message_line import MessageLine
from lpsnet_studio.paths import path_words
from lpsnet_studio.texts import caption
from lpsnet_studio.theme import Theme

__all__ = ["NewProjectDialog"]

ClassesOf = Literal["network", "dataset", "file", "none"]
ImagesOf = Literal["listed", "current", "none"]
_CALM_MILLISECONDS = 150


class NewProjectDialog(QDialog):
    """Asks for what a new project needs; it is shown by ``open()``, and closes as it is answered.

    Args:
        parent: the window.
        desk: looks at the disk.
        theme: gives the colours.
        choices: what there is to make a project of.
        ask: asks for a path.

    Attributes:
        wanted: a project is to be made: its folder, its :class:`LabelSet`, and the tuple of its images' paths.
        name: of the project, and of its folder.
        where: the folder in which that is made.
        classes: the buttons that choose the classes, by where these come from.
        images: those that choose the images.
        file: the JSON file with classes.
        preview: what classes these are.
        place: which folder is made.
        objection: why none can be made, if that is so.
        create_button: makes the project.
    """

    wanted = Signal(object, object, object)

    def __init__(
        self, parent: QWidget | None, desk: Desk, theme: Theme, choices: ProjectChoices, ask: AskPath = ask_path
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("New annotation project")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._choices = choices
        self._folder_fault: str | None = None
        self._file_labels: LabelSet | None = None
        self._file_fault = ""
        self.name = QLineEdit(choices.name)
        self.name.setAccessibleName("Name")
        self.name.setToolTip("What the project and its folder are called.")
        self.where = PathField("The folder that it lies in", ask, folder=True)
        self.where.show_path(str(choices.where))
        self.file = PathField("A JSON file with classes", ask, file=True)
        self.classes, self._classes = self._made_classes()
        self.images, self._images = self._made_images()
        self.preview, self.place = caption(wraps=True), caption(wraps=True)
        self.objection = MessageLine("fault", theme)
        self._looks, self._reads = Errand(desk, self), Errand(desk, self)
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.setInterval(_CALM_MILLISECONDS)
        self._lay_out()
        self._calm.timeout.connect(self._look_at_folder)
        self.name.textEdited.connect(lambda _text: self._ask_again())
        self.where.edited.connect(lambda _text: self._ask_again())
        self.file.edited.connect(lambda _text: self._read_file())
        self._classes.buttonClicked.connect(lambda _button: self._show_classes())
        theme.changed.connect(self.objection.follow)
        self._show_classes()
        self._look_at_folder()
        self.name.selectAll()

    # ------------------------------------------------------------------------------------------------------- building

    def _made_classes(self) -> tuple[dict[ClassesOf, QRadioButton], QButtonGroup]:
        choices = self._choices
        buttons: dict[ClassesOf, QRadioButton] = {
            "network": _choice("Those of the network", "No network is loaded.", choices.network is not None),
            "dataset": _choice("Those of the open data set", "No data set is open.", choices.dataset is not None),
            "file": _choice("Those of a JSON file"),
            "none": _choice("None yet"),
        }
        buttons["file"].setToolTip(as_tip("COCO categories, COCO panoptic or instances, or the classes of a project."))
        buttons["none"].setToolTip("Add classes later, in the panel Classes.")
        return buttons, _grouped(self, list(buttons.values()))

    def _made_images(self) -> tuple[dict[ImagesOf, QRadioButton], QButtonGroup]:
        listed, current = self._choices.listed, self._choices.current
        buttons: dict[ImagesOf, QRadioButton] = {
            "listed": _choice(f"All that are listed ({len(listed):,})", "No images are listed.", bool(listed)),
            "current": _choice("The one that is shown", "No image is shown.", current is not None),
            "none": _choice("None yet"),
        }
        if current is not None:
            buttons["current"].setToolTip(as_tip(str(current)))
        buttons["none"].setToolTip("Add images later.")
        return buttons, _grouped(self, list(buttons.values()))

    def _lay_out(self) -> None:
        form = QWidget()
        rows = form_rows(form)
        rows.addRow("Name", self.name)
        rows.addRow("In the folder", self.where)
        rows.addRow("", self.place)
        of = self.classes
        classes = (of["network"], of["dataset"], of["file"], self.file, of["none"], self.preview)
        rows.addRow("Classes", stacked(*classes))
        rows.addRow("Images", stacked(*self.images.values()))
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.create_button = self.buttons.addButton("Create", QDialogButtonBox.ButtonRole.AcceptRole)
        self.create_button.setDefault(True)
        self.buttons.accepted.connect(self._want)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(form_page(form, self.objection, self.buttons))
        self.resize(520, form.sizeHint().height() + 110)

    # -------------------------------------------------------------------------------------------------------- answers

    @property
    def folder(self) -> Path:
        """The folder that would be made."""
        return typed_path(self.where.text) / self.name.text().strip()

    @property
    def labels(self) -> LabelSet | None:
        """The classes that are chosen; None if these cannot be had, or not yet."""
        chosen = _chosen(self.classes)
        if chosen == "file":
            return self._file_labels
        own = {"network": self._choices.network, "dataset": self._choices.dataset}
        return own.get(chosen, LabelSet())

    @property
    def image_paths(self) -> tuple[Path, ...]:
        """The images that are chosen."""
        chosen, current = _chosen(self.images), self._choices.current
        if chosen == "listed":
            return self._choices.listed
        return (current,) if chosen == "current" and current is not None else ()

    def _want(self) -> None:
        labels = self.labels
        if self.create_button.isEnabled() and labels is not None:
            self.wanted.emit(self.folder, labels, self.image_paths)
            self.accept()

    # ---------------------------------------------------------------------------------------------------------- state

    def _ask_again(self) -> None:
        """Looks at the folder once typing pauses; until then nothing can be made."""
        self._folder_fault = None
        self._looks.cancel()
        self._calm.start()
        self._show_state()

    def _look_at_folder(self) -> None:
        fault = objection_to_name(self.name.text().strip())
        if not fault and not self.where.text:
            fault = "Say in which folder it is to lie."
        if fault:
            self._take_fault(fault)
            return
        folder = self.folder
        self._looks.begin(lambda _hold: objection_to_project(folder), self._take_fault, self._take_fault)

    def _take_fault(self, fault: str) -> None:
        self._folder_fault = fault
        self._show_state()

    def _read_file(self) -> None:
        self._file_labels, self._file_fault = None, ""
        if self.file.text:
            path = typed_path(self.file.text)
            self._reads.begin(lambda _hold: LabelSet.load(path), self._take_labels, self._take_file_fault)
        else:
            self._reads.cancel()
        self._show_classes()

    def _take_labels(self, labels: LabelSet) -> None:
        self._file_labels = labels
        self._show_classes()

    def _take_file_fault(self, fault: str) -> None:
        self._file_fault = fault
        self._show_classes()

    def _show_classes(self) -> None:
        is_file, labels = self.classes["file"].isChecked(), self.labels
        self.file.setVisible(is_file)
        if labels is not None:
            words = labels_words(labels)
        elif self._file_fault:
            words = ""
        else:
            words = "Reading…" if self.file.text else "Choose the file."
        self.preview.setText(words)
        self.preview.setVisible(bool(words))
        self._show_state()

    def _show_state(self) -> None:
        file_fault = self._file_fault if self.classes["file"].isChecked() else ""
        fault = self._folder_fault or file_fault
        self.objection.set_text(fault)
        self.place.setText(f"Makes {path_words(self.folder)}" if not self._folder_fault else "")
        self.place.setVisible(bool(self.place.text()))
        is_known = self._folder_fault is not None and self.labels is not None
        self.create_button.setEnabled(is_known and not fault)
        self.create_button.setToolTip(as_tip(fault or ("" if is_known else self.preview.text())))


def _choice(text: str, why_not: str = "", is_possible: bool = True) -> QRadioButton:
    button = QRadioButton(text)
    button.setEnabled(is_possible)
    if not is_possible:
        button.setToolTip(as_tip(why_not))
    return button


def _grouped(owner: QWidget, buttons: list[QRadioButton]) -> QButtonGroup:
    """Makes one choice of some buttons, of which the first that is possible is chosen."""
    group = QButtonGroup(owner)
    for button in buttons:
        group.addButton(button)
    next(button for button in buttons if button.isEnabled()).setChecked(True)
    return group


def _chosen(buttons: dict[ClassesOf, QRadioButton] | dict[ImagesOf, QRadioButton]) -> str:
    return next(name for name, button in buttons.items() if button.isChecked())
