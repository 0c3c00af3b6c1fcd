"""The dialog that imports annotations: from where, and what that would do; then how far it is, and what came of it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QStackedLayout, QWidget

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.errand import Errand
from lpsnet_studio.annotator.form_parts import form_page, form_rows, stacked
from lpsnet_studio.annotator.import_work import ImportLook, Outcome, look_at, run_import
from lpsnet_studio.annotator.importing import with_missing_labels
from lpsnet_studio.annotator.new_project import typed_path
from lpsnet_studio.annotator.path_field import AskPath, PathField, ask_path
from lpsnet_studio.annotator.place_words import read_only_words
from lpsnet_studio.annotator.working_page import ReportPage, WorkingPage
from lpsnet_studio.labels import ElidedLabel, as_tip
from lpsnet_studio.message_line import MessageLine
from lpsnet_studio.paths import show_folder
from lpsnet_studio.texts import as_caption, body, caption
from lpsnet_studio.theme import Theme

__all__ = ["ImportDialog"]

_CALM_MILLISECONDS = 300
_WHAT = (
    "A JSON file of COCO panoptic or COCO instances, or of labelme; or a folder with files of labelme. "
    "Nothing is changed before you have seen what it would do."
)


class ImportDialog(QDialog):
    """Asks what is imported, says what that would do, and does it; shown by ``open()``, stays until the report is read.

    Args:
        parent: the window.
        desk: has the project open.
        theme: gives the colours.
        where: the folder in which choosing begins.
        ask: asks for a path.

    Attributes:
        path: the file or folder.
        photos: the folder of its photos, if they are not found by themselves.
        told: what it holds, and what an import would do.
        add_photos, add_classes: whether what the project does not have is added to it.
        missing: what these classes are called.
        call_done: whether the images are done with it.
        objection: why nothing can be imported, if so.
        take: begins.
        working: how far it is.
        report: what came of it.
    """

    def __init__(
        self, parent: QWidget | None, desk: Desk, theme: Theme, where: str = "", ask: AskPath = ask_path
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import annotations")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._desk, self._fault, self._added_classes = desk, "", 0
        self._look: ImportLook | None = None
        self.path = PathField("What is imported", ask, file=True, folder=True, begins_at=where)
        self.photos = PathField("The folder of the photos", ask, folder=True, begins_at=where)
        self.photos.box.setPlaceholderText("Found by themselves")
        self.photos.box.setToolTip("Name it where the photos of a COCO file are not found beside it.")
        self.told, self.looking = body(_WHAT), as_caption(ElidedLabel())
        self.missing = caption(wraps=True)
        self.add_photos, self.add_classes = QCheckBox(), QCheckBox()
        self.call_done = QCheckBox("Mark the images as done")
        self.call_done.setToolTip("Otherwise those that are to do are in progress from then on.")
        self.add_photos.setToolTip("Photos stay where they are; the project refers to them.")
        self.objection = MessageLine("fault", theme)
        self.working = WorkingPage("What was taken over until then stays, and is told.")
        self.report = ReportPage(show_folder)
        self._looks, self._work = Errand(desk, self), Errand(desk, self)
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.setInterval(_CALM_MILLISECONDS)
        self._lay_out()
        self._calm.timeout.connect(self.look)
        for field in (self.path, self.photos):
            field.edited.connect(lambda _path: self._ask_again())
        for box in (self.add_photos, self.add_classes):
            box.toggled.connect(lambda _on: self._show_state())
        self._looks.withdrawn.connect(lambda: self._take_fault("It was not looked at to the end: choose it again."))
        self._looks.progressed.connect(self._show_looking)
        self._work.progressed.connect(self.working.show_progress)
        self.working.cancel_wanted.connect(self._work.ask_to_end)
        self.report.closed.connect(self.accept)
        theme.changed.connect(self.objection.follow)
        self._show_state()

    def _lay_out(self) -> None:
        fields = QWidget()
        rows = form_rows(fields)
        rows.addRow("Import", self.path)
        rows.addRow("Photos in", self.photos)
        rows.addRow(
            "", stacked(self.told, self.looking, self.add_photos, self.add_classes, self.missing, self.call_done)
        )
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.take = self.buttons.addButton("Import", QDialogButtonBox.ButtonRole.AcceptRole)
        self.take.setDefault(True)
        self.buttons.accepted.connect(self.begin)
        self.buttons.rejected.connect(self.reject)
        self._form = form_page(fields, self.objection, self.buttons)
        self._pages = QStackedLayout(self)
        for page in (self._form, self.working, self.report):
            self._pages.addWidget(page)
        self.resize(560, 380)

    # -------------------------------------------------------------------------------------------------------- looking

    def _ask_again(self) -> None:
        """Looks once typing pauses; until then nothing can be imported."""
        self._look, self._fault = None, ""
        self._looks.cancel()
        self._calm.start()
        self._show_state()

    def look(self) -> None:
        """Looks at what is named."""
        self._calm.stop()
        if not self.path.text or self._desk.store is None:
            self._show_state()
            return
        path = typed_path(self.path.text)
        photos = typed_path(self.photos.text) if self.photos.text else None
        entries, labels = tuple(self._desk.entries), self._desk.labels
        self._looks.begin(
            lambda hold: look_at(path, photos, entries, labels, progress=hold.progress, cancelled=hold.cancelled),
            self._take_look,
            self._take_fault,
            title=f"looking at {path.name}",
        )
        self._show_state()

    def _take_look(self, look: ImportLook) -> None:
        self._look = look
        self.add_photos.setChecked(bool(look.plan.photos) and not look.plan.images)
        self.add_classes.setChecked(bool(look.match.missing))
        self._show_state()

    def _take_fault(self, fault: str) -> None:
        self._fault = fault
        self._show_state()

    def _show_looking(self, done: int, total: int, name: str) -> None:
        self.looking.setText(f"{done:,} of {total:,} · {name}")

    def _show_state(self) -> None:
        look = self._look
        is_looking = self._looks.is_under_way and look is None and not self._fault
        self.told.setText("Looking…" if is_looking else _WHAT if look is None else "\n".join(look.sentences()))
        if not is_looking:
            self.looking.setText("")
        self.looking.setVisible(is_looking)
        for box, words in (
            (self.add_photos, "" if look is None else look.photos_words()),
            (self.add_classes, "" if look is None else look.classes_words()),
        ):
            box.setText(words)
            box.setVisible(bool(words))
        self.missing.setText("" if look is None else look.missing_words())
        self.missing.setVisible(bool(self.missing.text()))
        self.call_done.setVisible(look is not None)
        fault = read_only_words(self._desk) or self._fault
        if look is not None and not fault:
            fault = look.objection(adds_photos=self.add_photos.isChecked(), adds_classes=self.add_classes.isChecked())
        self.objection.set_tone("fault")
        self.objection.set_text(fault)
        self.take.setEnabled(look is not None and not fault)
        self.take.setToolTip(as_tip(fault or ("" if look is not None else "Choose what is imported first.")))

    # ----------------------------------------------------------------------------------------------------------- deeds

    def begin(self) -> None:
        """Imports what was looked at."""
        desk, look = self._desk, self._look
        store = desk.store
        if store is None or look is None or not self.take.isEnabled() or self._work.is_under_way:
            return
        desk.finish_strokes()
        self._add_classes(look)
        labels, adds_photos, calls_done = desk.labels, self.add_photos.isChecked(), self.call_done.isChecked()
        self.working.begin(f"Importing from {look.source.spoken}…")
        self._pages.setCurrentWidget(self.working)
        self._work.begin(
            lambda hold: run_import(
                desk,
                store,
                look,
                labels,
                adds_photos=adds_photos,
                calls_done=calls_done,
                progress=hold.progress,
                cancelled=hold.cancelled,
            ),
            self._take_outcome,
            self._take_failure,
            title="importing annotations",
            cancellable=False,
        )

    def _add_classes(self, look: ImportLook) -> None:
        before = len(self._desk.labels)
        if self.add_classes.isChecked():
            self._desk.change_labels(with_missing_labels(look.source.classes, self._desk.labels))
        self._added_classes = len(self._desk.labels) - before

    def _take_outcome(self, outcome: Outcome) -> None:
        self._look_at_desk()
        self.report.show_report(outcome.sentences(self._added_classes))
        self._pages.setCurrentWidget(self.report)

    def _take_failure(self, sentence: str) -> None:
        self._look_at_desk()
        self._pages.setCurrentWidget(self._form)
        self._look = None
        self._take_fault(sentence)

    def _look_at_desk(self) -> None:
        """Has the image on the desk read that was begun by the import, or added."""
        if self._desk.place in ("not in project", "not started"):
            self._desk.look_again()

    def reject(self) -> None:
        """Ends the import, or closes the dialog if there is none."""
        if self._work.is_under_way:
            self.working.cancel.click()
        else:
            super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stays while an import goes on, and has it end."""
        if self._work.is_under_way:
            self.working.cancel.click()
            event.ignore()
        else:
            super().closeEvent(event)

    def choose(self, path: Path) -> None:
        """Names what is imported, as a drop does, and looks at it."""
        self.path.show_path(str(path))
        self._look, self._fault = None, ""
        self.look()
