"""Where a file is to go: asks for it, guards what is open, and tells that it was written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from lpsnet_studio.chrome.note import NoteAction
from lpsnet_studio.chrome.question import ask
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.paths import show_folder
from lpsnet_studio.saving import objection_to_name, objection_to_replacing
from lpsnet_studio.state import Entry, Problem

__all__ = ["Destination"]


class Destination:
    """Asks where what is shown is to go.

    Args:
        place: what commands work with.
    """

    def __init__(self, place: Workplace) -> None:
        self._place = place

    def ask_where(self, title: str, pattern: str, ending: str, save: Callable[[Path], None]) -> None:
        """Asks for a file and saves there, unless another image is open by then.

        Args:
            title: of the dialog.
            pattern: of the files that it lists.
            ending: of the name that is proposed, after the image's; its suffix goes to a name that has none.
            save: takes the file.
        """
        place, entry = self._place, self._place.session.current
        if entry is None:
            return
        proposed = Path(place.last_folder()) / f"{Path(entry.name).stem}_{ending}"
        name, _ = QFileDialog.getSaveFileName(place.window, title, str(proposed), pattern)
        if name:
            path = Path(name)
            place.remember_folder(path.parent)
            if not path.suffix:
                # The dialog has asked about replacing the name as it was typed, not as it becomes.
                path = path.with_suffix(Path(ending).suffix)
                if path.exists():
                    ask(
                        place.window,
                        f"Replace {path.name}?",
                        f"{path} is there already. Saving replaces it.",
                        "Replace",
                        lambda: self._save_if_still_open(entry, path, save),
                    )
                    return
            self._save_if_still_open(entry, path, save)

    def _save_if_still_open(self, entry: Entry, path: Path, save: Callable[[Path], None]) -> None:
        place = self._place
        if place.session.current is None or place.session.current.source != entry.source:
            place.fail(Problem(f"{path} was not saved: another image was opened while it was being named."))
        else:
            save(path)

    def may_write(self, targets: Sequence[Path], *endings: str) -> bool:
        """Whether files may be written, the first with one of the endings; says why if not.

        Nothing that is open here is ever replaced.
        """
        session = self._place.session
        sources = [entry.source for entry in session.entries]
        inputs = {source.path for source in sources} | {source.truth.json_path for source in sources if source.truth}
        inputs |= {session.network.checkpoint, session.network.config}
        objection = objection_to_name(targets[0], *endings) or objection_to_replacing(targets, inputs)
        if objection:
            self._place.fail(Problem(objection, "Nothing was saved: choose another name."))
        return not objection

    def tell_saved(self, path: Path) -> None:
        """Says that a file is there, and offers its folder."""
        self._place.notifications.show_info(f"Saved {path}", NoteAction("Show in folder", partial(self._show, path)))

    def _show(self, path: Path) -> None:
        if not show_folder(path.parent):
            self._place.fail(Problem("No file manager could be opened.", f"The file is {path}"))
