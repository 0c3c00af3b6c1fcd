"""Opening and leaving."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from lpsnet_studio import demo
from lpsnet_studio.actions.entry import Choice
from lpsnet_studio.browser.listing import entries_of, kind_of, list_folder
from lpsnet_studio.commands.model import ModelCommands
from lpsnet_studio.commands.saving import SavingCommands
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.state import NetworkChoice, Problem

__all__ = ["FileCommands"]

_PICTURES = "Pictures (*.jpg *.jpeg *.png *.bmp *.tif *.tiff *.webp *.gif *.ppm *.pgm *.jp2 *.avif);;All files (*)"


class FileCommands:
    """Opens pictures, folders, data sets and the demo; cancels; quits."""

    def __init__(self, place: Workplace, model: ModelCommands, saving: SavingCommands) -> None:
        self._place, self._model, self._saving = place, model, saving

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Opens what was dropped or given on the command line: pictures, a folder, a data set or a checkpoint."""
        missing = [path for path in paths if not path.exists()]
        if missing:
            self._place.fail(Problem(f"{missing[0]}: there is no such file or folder"))
            return
        if paths:
            self._place.remember_folder((paths[0] if paths[0].is_dir() else paths[0].parent).absolute())
        self._ensure_network(paths)
        pictures = [path for path in paths if kind_of(path) == "image"]
        for path in paths:
            kind = kind_of(path)
            if kind == "checkpoint":
                self._model.load_checkpoint(path)
            elif kind == "dataset":
                self._place.session.open_dataset(path)
            elif kind == "folder":
                self.list_folder(path)
        if pictures:
            self._place.session.set_entries(entries_of(pictures))

    def _ensure_network(self, paths: Sequence[Path]) -> None:
        """Has a network built where none is loaded, so that the first photo is inspected at once."""
        if not any(kind_of(path) == "checkpoint" for path in paths):
            self._model.ensure_network()

    def list_folder(self, folder: Path) -> None:
        """Lists a folder in the background and opens its first picture."""
        self._place.background.run(partial(list_folder, folder), self._place.session.set_entries)

    def open_image(self) -> None:
        """Asks for pictures."""
        place = self._place
        names, _ = QFileDialog.getOpenFileNames(place.window, "Open image", place.last_folder(), _PICTURES)
        if names:
            self.open_paths([Path(name) for name in names])

    def open_folder(self) -> None:
        """Asks for a folder."""
        place = self._place
        name = QFileDialog.getExistingDirectory(place.window, "Open folder", place.last_folder())
        if name:
            self.open_paths([Path(name)])

    def open_dataset(self) -> None:
        """Asks for a COCO panoptic JSON file."""
        place = self._place
        name, _ = QFileDialog.getOpenFileName(
            place.window, "Open COCO panoptic data set", place.last_folder(), "COCO panoptic (*.json)"
        )
        if name:
            self.open_paths([Path(name)])

    def recent(self) -> list[Choice]:
        """Returns what was open before, the latest first."""
        raise NotImplementedError

    def show_demo(self) -> None:
        """Draws the demo's scenes in the background, then opens them with both oracles on."""
        self._place.background.run(partial(demo.prepare, self._place.folders.cache), self._open_demo)

    def new_scenes(self) -> None:
        """Draws scenes of seeds that were not drawn before, and opens them."""
        raise NotImplementedError

    def _open_demo(self, dataset: Path) -> None:
        self._model.load(NetworkChoice(config=demo.PRESET, device=self._model.device))
        self._place.session.change_settings(box_oracle=True, semantic_oracle=True)
        self._place.session.open_dataset(dataset)

    def cancel(self) -> None:
        """Stops playing; else drops the selection; and withdraws what is being computed."""
        session = self._place.session
        if session.playing:
            session.play(False)
        else:
            session.select(0)
        self._saving.forget()
        session.cancel()

    def quit(self) -> None:
        """Closes the window."""
        self._place.window.close()
