"""Saving what is shown: at full size, as it is saved."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from lpsnet_studio.chrome.note import NoteAction
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.saving import Shown, save_overlay, save_panoptic
from lpsnet_studio.state import Problem

__all__ = ["SavingCommands"]


class SavingCommands:
    """Saves the finished merge once the result that the settings ask for is here at full size."""

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._when_current: Callable[[Shown], None] | None = None
        place.session.result_changed.connect(self._go_on_when_current)
        place.session.failed.connect(lambda _problem: self.forget())

    def save_panoptic(self) -> None:
        """Asks for a JSON file and saves what is shown there."""
        self._ask_where("Save COCO panoptic", "COCO panoptic (*.json)", "panoptic.json", self.save_panoptic_to)

    def save_overlay(self) -> None:
        """Asks for a PNG file and saves the photo with its segments there."""
        self._ask_where("Save overlay picture", "PNG (*.png)", "overlay.png", self.save_overlay_to)

    def save_panoptic_to(self, path: Path) -> None:
        """Saves the finished merge as COCO panoptic JSON + PNG, at full size; it is shown as it is saved."""
        self._save(partial(save_panoptic, json_path=path))

    def save_overlay_to(self, path: Path) -> None:
        """Saves the photo with its segments over it as a PNG, at full size; it is shown as it is saved."""
        self._save(partial(save_overlay, png_path=path))

    def forget(self) -> None:
        """Gives up what waits to be saved."""
        self._when_current = None

    def _save(self, write: Callable[[Shown], Path]) -> None:
        def save(shown: Shown) -> None:
            self._place.background.run(partial(write, shown), self._tell_saved, title="saving", cancellable=False)

        self._when_current = save
        if self._place.session.is_current:
            self._go_on_when_current()
        else:
            self._place.session.inspect()

    def _tell_saved(self, path: Path) -> None:
        show = NoteAction("Show in folder", lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent))))
        self._place.notifications.show_info(f"Saved {path}", show)

    def _go_on_when_current(self) -> None:
        session = self._place.session
        result, picture = session.result, session.picture
        if self._when_current is None or result is None or picture is None or not session.is_current:
            return
        act, self._when_current = self._when_current, None
        session.play(False)
        session.seek(len(session.steps))
        entry = session.current
        truth = entry.source.truth if entry is not None else None
        act(
            Shown(
                file_name="image" if entry is None else entry.name,
                image_id=1 if truth is None else truth.image_id,
                pixels=picture.pixels,
                segmentation=result.trace.segmentation(),
                categories=result.categories,
                opacity=session.view.layer("segments").opacity,
                shades=result.shades,
            )
        )

    def _ask_where(self, title: str, pattern: str, ending: str, save: Callable[[Path], None]) -> None:
        place, entry = self._place, self._place.session.current
        if entry is None or place.session.result is None:
            place.fail(Problem("There is nothing to save yet: no image has been inspected."))
            return
        proposed = Path(place.last_folder()) / f"{Path(entry.name).stem}_{ending}"
        name, _ = QFileDialog.getSaveFileName(place.window, title, str(proposed), pattern)
        if name:
            path = Path(name)
            place.remember_folder(path.parent)
            save(path if path.suffix else path.with_suffix(Path(ending).suffix))
