"""The dialog that exports a project: as what, where to, and which images; then how far it is, and what was written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QRadioButton,
    QStackedLayout,
    QWidget,
)

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.errand import Errand
from lpsnet_studio.annotator.export_command import export_project
from lpsnet_studio.annotator.export_folder import ExportFormat, folder_beside, objection_to_folder
from lpsnet_studio.annotator.exporting import FINISHED, ExportCancelled, ExportReport
from lpsnet_studio.annotator.form_parts import form_page, form_rows, stacked
from lpsnet_studio.annotator.new_project import typed_path
from lpsnet_studio.annotator.path_field import AskPath, PathField, ask_path
from lpsnet_studio.annotator.store import ProjectStore
from lpsnet_studio.annotator.working_page import ReportPage, WorkingPage
from lpsnet_studio.labels import as_tip
from lpsnet_studio.message_line import MessageLine
from lpsnet_studio.paths import show_folder
from lpsnet_studio.texts import caption
from lpsnet_studio.theme import Theme

__all__ = ["ExportDialog"]

_CALM_MILLISECONDS = 150
_KEPT = "exports"
"""What a project remembers its last exports by: format -> folder, the latest last."""
_CANCELLED = "Cancelled: nothing was written, and an earlier export is as it was."
_WHAT = {
    ExportFormat.COCO_PANOPTIC: "Every segment, things and stuff: a JSON file, and a PNG with the ids for each image.",
    ExportFormat.COCO_INSTANCES: "Things alone, each with its mask as run lengths: one JSON file. Stuff is left out.",
    ExportFormat.SEMANTIC_PNG: "The class of every pixel as a PNG for each image, and a JSON file with the classes.",
}


class ExportDialog(QDialog):
    """Asks for what an export needs, and makes it; it is shown by ``open()``, and stays until the report is read.

    Args:
        parent: the window.
        desk: has the project open.
        theme: gives the colours.
        where: the folder in which the export's own is proposed; if empty, where the project was exported to last, and
            beside the project at first.
        ask: asks for a folder.
        show: shows a folder in the system's file manager.

    Attributes:
        kind: the format.
        out: the folder that is made.
        finished_only, everything: which images are exported.
        objection: why that cannot be, if so.
        export: begins.
        working: how far it is.
        report: what came of it.
    """

    def __init__(
        self,
        parent: QWidget | None,
        desk: Desk,
        theme: Theme,
        where: str = "",
        ask: AskPath = ask_path,
        show: Callable[[Path], bool] = show_folder,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export annotations")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._desk, self._where, self._fault, self._has_own_folder = desk, where, "", False
        self._is_looked_at = False
        self.kind = self._made_kinds()
        self.what = caption(wraps=True)
        self.out = PathField("The folder of the export", ask, folder=True)
        self.finished_only, self.everything = QRadioButton(), QRadioButton()
        self.objection = MessageLine("fault", theme)
        self.working = WorkingPage("What was exported before stays as it is.")
        self.report = ReportPage(show)
        self._looks, self._work = Errand(desk, self), Errand(desk, self)
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.setInterval(_CALM_MILLISECONDS)
        self._lay_out()
        self._show_counts()
        self._calm.timeout.connect(self._look_at_folder)
        self.kind.currentIndexChanged.connect(lambda _index: self._follow_kind())
        self.out.edited.connect(lambda _path: self._take_folder())
        self.working.cancel_wanted.connect(self._work.ask_to_end)
        self.report.closed.connect(self.accept)
        self._work.progressed.connect(self.working.show_progress)
        theme.changed.connect(self.objection.follow)
        self._follow_kind()

    def _made_kinds(self) -> QComboBox:
        box = QComboBox()
        for kind in ExportFormat:
            box.addItem(kind.spoken[:1].upper() + kind.spoken[1:], kind)
        box.setAccessibleName("Format")
        box.setToolTip("What the export is written as.")
        return box

    def _lay_out(self) -> None:
        group = QButtonGroup(self)
        for button in (self.finished_only, self.everything):
            group.addButton(button)
        fields = QWidget()
        rows = form_rows(fields)
        rows.addRow("Format", self.kind)
        rows.addRow("", self.what)
        rows.addRow("Folder", self.out)
        rows.addRow("Images", stacked(self.finished_only, self.everything))
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.export = self.buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        self.export.setDefault(True)
        self.buttons.accepted.connect(self.begin)
        self.buttons.rejected.connect(self.reject)
        self._form = form_page(fields, self.objection, self.buttons)
        self._pages = QStackedLayout(self)
        for page in (self._form, self.working, self.report):
            self._pages.addWidget(page)
        self.resize(520, 320)

    # ---------------------------------------------------------------------------------------------------------- state

    def _show_counts(self) -> None:
        entries = self._desk.entries
        done = sum(entry.status in FINISHED and entry.is_started for entry in entries)
        begun = sum(entry.is_started for entry in entries)
        self.finished_only.setText(f"Those that are done or approved ({done:,})")
        self.everything.setText(f"All that were annotated ({begun:,} of {len(entries):,})")
        self.finished_only.setEnabled(done > 0)
        self.finished_only.setToolTip(as_tip("" if done else "No annotated image is done yet."))
        self.everything.setEnabled(begun > 0)
        self.everything.setToolTip(as_tip("" if begun else "No image was annotated yet."))
        (self.finished_only if done else self.everything).setChecked(True)

    @property
    def chosen_kind(self) -> ExportFormat:
        """The format that is chosen."""
        return ExportFormat(self.kind.currentData())

    def _follow_kind(self) -> None:
        store = self._desk.store
        self.what.setText(_WHAT[self.chosen_kind])
        if not self._has_own_folder and store is not None:
            self.out.show_path(str(self._proposed(store)))
        self._ask_again()

    def _proposed(self, store: ProjectStore) -> Path:
        """Returns the folder of the last export of this format, else one beside that of any, or beside the project."""
        name, kept = f"{store.folder.name}-{self.chosen_kind}", store.remembered(_KEPT) or {}
        if self._where:
            return typed_path(self._where) / name
        if str(self.chosen_kind) in kept:
            return Path(kept[self.chosen_kind])
        if kept:
            return Path(next(reversed(kept.values()))).parent / name
        return folder_beside(store.folder, (entry.file.path for entry in store.entries.values())) / name

    def _take_folder(self) -> None:
        self._has_own_folder = bool(self.out.text)
        self._ask_again()

    def _ask_again(self) -> None:
        self._is_looked_at = False
        self._looks.cancel()
        self._calm.start()
        self._show_state()

    def _look_at_folder(self) -> None:
        out, kind = typed_path(self.out.text), self.chosen_kind
        if not self.out.text:
            self._take_fault("Say in which folder the export is to lie.")
        elif "\0" in self.out.text or not out.is_absolute():
            self._take_fault(f"{self.out.text}: say where it lies from the top on.")
        else:
            self._looks.begin(lambda _hold: objection_to_folder(out, kind), self._take_fault, self._take_fault)

    def _take_fault(self, fault: str) -> None:
        self._fault, self._is_looked_at = fault, True
        self.objection.set_tone("fault")
        self._show_state()

    def _show_state(self) -> None:
        has_images = self.finished_only.isEnabled() or self.everything.isEnabled()
        fault = self._fault if self._is_looked_at else ""
        if not has_images:
            fault = "There is nothing to export: no image was annotated yet."
        self.objection.set_text(fault)
        self.export.setEnabled(self._is_looked_at and not fault)
        self.export.setToolTip(as_tip(fault))

    # ---------------------------------------------------------------------------------------------------------- export

    def begin(self) -> None:
        """Exports what is chosen."""
        store = self._desk.store
        if store is None or not self.export.isEnabled() or self._work.is_under_way:
            return
        self._desk.finish_strokes()
        out, kind, only_done = typed_path(self.out.text), self.chosen_kind, self.finished_only.isChecked()
        self.working.begin(f"Exporting as {kind.spoken}…")
        self._pages.setCurrentWidget(self.working)
        self._work.begin(
            lambda hold: _exported(
                lambda: export_project(
                    store, kind, out, only_done=only_done, progress=hold.progress, cancelled=hold.cancelled
                )
            ),
            self._take_report,
            self._take_failure,
            title="exporting annotations",
            cancellable=False,
        )

    def _take_report(self, report: ExportReport | None) -> None:
        if report is None:
            self._pages.setCurrentWidget(self._form)
            self.objection.set_tone("need")
            self.objection.set_text(_CANCELLED)
            return
        store = self._desk.store
        if store is not None and not store.is_read_only:
            others = {kind: path for kind, path in (store.remembered(_KEPT) or {}).items() if kind != report.kind}
            store.remember(_KEPT, {**others, str(report.kind): str(report.path.parent)})
        self.report.show_report(report.sentences(), report.path.parent)
        self._pages.setCurrentWidget(self.report)

    def _take_failure(self, sentence: str) -> None:
        self._pages.setCurrentWidget(self._form)
        self.objection.set_tone("fault")
        self.objection.set_text(sentence)

    def reject(self) -> None:
        """Ends the export, or closes the dialog if there is none."""
        if self._work.is_under_way:
            self.working.cancel.click()
        else:
            super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stays while an export goes on, and has it end."""
        if self._work.is_under_way:
            self.working.cancel.click()
            event.ignore()
        else:
            super().closeEvent(event)


def _exported(export: Callable[[], ExportReport]) -> ExportReport | None:
    """Exports; None if it was cancelled."""
    try:
        return export()
    except ExportCancelled:
        return None
