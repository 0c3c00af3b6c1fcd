"""Taking away what is shown: the Why page, the view, the inspection, and the calls that make it again."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from lpsnet_studio.commands.destination import Destination
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.inspector.why_model import WhyMaterial, material_of, obstacle_of, page_of
from lpsnet_studio.page_files import PAGE_ENDINGS, save_page
from lpsnet_studio.state import Problem

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
        ending = path.suffix.lower() if path.suffix.lower() in PAGE_ENDINGS else PAGE_ENDINGS[0]
        if not self._destination.may_write((path,), ending) or not self._is_ready():
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


def _write_page(material: WhyMaterial, path: Path) -> Path:
    return save_page(page_of(material), path)
