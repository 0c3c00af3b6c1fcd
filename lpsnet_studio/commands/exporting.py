"""Taking away what is shown: the Why page, the view, the inspection, and the calls that make it again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtGui import QGuiApplication, QTransform

from lpsnet.analysis.inspection_file import save_inspection
from lpsnet.analysis.saved_inspection import SavedInspection
from lpsnet.formats.atomic import write_atomically
from lpsnet_studio.commands.destination import Destination
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.inference.vocabulary import INSPECTION_SUFFIX
from lpsnet_studio.inspector.legend import export_key
from lpsnet_studio.inspector.obstacles import obstacle_of
from lpsnet_studio.inspector.why_model import WhyMaterial, material_of, page_of
from lpsnet_studio.keeping import inspection_of
from lpsnet_studio.page_files import PAGE_ENDINGS, save_page
from lpsnet_studio.python_calls import python_calls
from lpsnet_studio.state import Problem
from lpsnet_studio.view_export import ExportChoice, ViewExport, prepare

__all__ = ["ExportCommands"]

_ON_ITS_WAY = Problem("The result is still being computed.", "Export it when it is here.")


class ExportCommands:
    """Takes away what is shown.

    Args:
        place: what commands work with.
    """

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._destination = Destination(place)
        self._waiting_page: Path | None = None
        place.examination.gains_changed.connect(self._go_on_with_page)
        place.session.current_changed.connect(lambda _index: self._give_up_page())

    # -------------------------------------------------------------------------------------------------------- Why page

    def export_why(self) -> None:
        """Asks for an HTML or PDF file and writes the Why page there."""
        if self._is_ready():
            self._destination.ask_where(
                "Export why", "HTML (*.html);;PDF (*.pdf)", f"why{PAGE_ENDINGS[0]}", self.export_why_to
            )

    def export_why_to(self, path: Path) -> None:
        """Writes the Why page with its pictures, as HTML or PDF by its name, once what the oracles gain is known."""
        if not self._destination.may_write((path,), *PAGE_ENDINGS) or not self._is_ready():
            return
        self._waiting_page = path
        self._go_on_with_page()

    def _go_on_with_page(self) -> None:
        """Writes the page that waits, unless its gains are still being weighed."""
        path, examination, session = self._waiting_page, self._place.examination, self._place.session
        if path is None or not session.is_current:
            return
        gains = examination.want_gains()
        if gains is None and session.truth is not None and not examination.gains_problem:
            return
        material = material_of(session, gains)
        self._waiting_page = None
        if material is not None:
            work = partial(_write_page, material, path)
            self._place.background.run(work, self._destination.tell_saved, title="exporting", cancellable=False)

    def _give_up_page(self) -> None:
        path, self._waiting_page = self._waiting_page, None
        if path is not None:
            self._place.notifications.show_warning(
                Problem(f"{path} was not saved: another image was opened before it was known what would help this one.")
            )

    # ------------------------------------------------------------------------------------------------------------ view

    def export_view(self) -> None:
        """Asks how the view is to be exported, and where to."""
        from lpsnet_studio.chrome.export_dialog import ExportDialog

        canvas = self._place.canvas
        if canvas.stage.photo.boundingRect().isEmpty():
            self._place.fail(Problem("There is nothing to export: no picture is shown.", "Open an image first."))
            return
        dialog = ExportDialog(self._place.window, canvas.part_in_view, canvas.stage.size[::-1])
        dialog.accepted.connect(lambda: self._ask_where_view(dialog.choice))
        dialog.open()

    def _ask_where_view(self, choice: ExportChoice) -> None:
        kind = choice.kind
        self._destination.ask_where(
            "Export view", f"{kind.upper()} (*.{kind})", f"view.{kind}", partial(self.export_view_to, choice)
        )

    def export_view_to(self, choice: ExportChoice, path: Path) -> None:
        """Writes what the canvas shows at this moment; pixels are sampled and written in the background."""
        place, canvas = self._place, self._place.canvas
        if not self._destination.may_write((path,), f".{choice.kind}"):
            return
        part = canvas.part_in_view
        if choice.whole:
            transform, size = QTransform(), canvas.stage.size[::-1]
        else:
            transform = canvas.viewportTransform() * QTransform.fromTranslate(-part.x(), -part.y())
            size = part.width(), part.height()
        if min(size) < 1:
            place.fail(Problem("There is nothing to export: the photo is out of view.", "F brings it back."))
            return
        key = export_key(place.session, place.examination) if choice.legend else None
        content = prepare(canvas.stage, transform, size, ViewExport(choice.kind, choice.scale, choice.background, key))
        work = partial(_write, content, path)
        place.background.run(work, self._destination.tell_saved, title="exporting", cancellable=False)

    # ------------------------------------------------------------------------------------------------------ inspection

    def save_inspection(self) -> None:
        """Asks for a file and saves everything that was found about the image there."""
        if self._is_ready():
            self._destination.ask_where(
                "Save inspection", "Inspection (*.npz)", f"inspection{INSPECTION_SUFFIX}", self.save_inspection_to
            )

    def save_inspection_to(self, path: Path) -> None:
        """Saves the inspection, and its JSON beside it, so that it opens again without the network."""
        if not self._is_ready() or not self._destination.may_write(
            (path, path.with_suffix(".json")), INSPECTION_SUFFIX
        ):
            return
        saved = inspection_of(self._place.session)
        if saved is not None:
            work = partial(_keep, saved, path)
            self._place.background.run(work, self._destination.tell_saved, title="saving", cancellable=False)

    # ---------------------------------------------------------------------------------------------------------- Python

    def copy_python(self) -> None:
        """Copies the calls of ``lpsnet`` that make again what is shown."""
        if self._is_ready():
            examination = self._place.examination
            QGuiApplication.clipboard().setText(python_calls(self._place.session, examination.shown))
            self._place.notifications.show_info("Copied the Python calls that make this view again.")

    # --------------------------------------------------------------------------------------------------------- common

    def _is_ready(self) -> bool:
        """Whether there is a result of the settings of now, at full size; says why if not."""
        session = self._place.session
        obstacle = obstacle_of(session)
        if obstacle:
            self._place.fail(Problem(f"There is nothing to export. {obstacle}"))
        elif not session.is_current:
            self._place.fail(_ON_ITS_WAY)
        return not obstacle and session.is_current


def _keep(saved: SavedInspection, path: Path) -> Path:
    # The owner maps that are shown are copies: what is saved never changes in place.
    return save_inspection(path, saved)[0]


def _write(content: Callable[[], bytes], path: Path) -> Path:
    write_atomically(path, content())
    return path


def _write_page(material: WhyMaterial, path: Path) -> Path:
    return save_page(page_of(material), path)
