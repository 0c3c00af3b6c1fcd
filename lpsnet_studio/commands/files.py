"""Opening and leaving."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from lpsnet_studio import demo
from lpsnet_studio.actions.entry import Choice
from lpsnet_studio.background import Task
from lpsnet_studio.browser.listing import entries_of, kind_of, list_folder
from lpsnet_studio.chrome.question import ask
from lpsnet_studio.commands.drops import CONFIG_SUFFIXES, judge_drop
from lpsnet_studio.commands.model import ModelCommands
from lpsnet_studio.commands.saving import SavingCommands
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.recent import Recent, origin_of, problems_of
from lpsnet_studio.state import NetworkChoice, Problem

__all__ = ["FileCommands"]

_PICTURES = "Pictures (*.jpg *.jpeg *.png *.bmp *.tif *.tiff *.webp *.gif *.ppm *.pgm *.jp2 *.avif);;All files (*)"


_SMALLEST_NEW_SEED, _NEW_SEEDS = 100_000, 899_900
"""Six digits, so that the names of new scenes are as long as those of the first ones."""


class FileCommands:
    """Opens pictures, folders, data sets and the demo; cancels; quits.

    Attributes:
        recently: what was open before.
    """

    def __init__(self, place: Workplace, model: ModelCommands, saving: SavingCommands) -> None:
        self._place, self._model, self._saving = place, model, saving
        self._drawing: Task | None = None
        self.recently = Recent(place.settings, place.folders.cache)
        self._is_to_remember = False
        place.session.entries_changed.connect(self._await_picture)
        place.session.picture_changed.connect(self._remember)
        self.check_recent()

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Opens what is given on the command line or was open before: pictures, a folder, a data set or a network."""
        missing = [path for path in paths if not path.exists()]
        if missing:
            self._place.fail(Problem(f"{missing[0]}: there is no such file or folder"))
            return
        if paths:
            self._place.remember_folder((paths[0] if paths[0].is_dir() else paths[0].parent).absolute())
        configs = [path for path in paths if path.suffix.lower() in CONFIG_SUFFIXES]
        if not configs:
            self._ensure_network(paths)
        pictures = [path for path in paths if kind_of(path) == "image" and path not in configs]
        for path in paths:
            kind = kind_of(path)
            if kind == "checkpoint":
                self._model.load_checkpoint(path)
            elif path in configs:
                self._model.load_config(str(path))
            elif kind == "dataset":
                self._place.session.open_dataset(path)
            elif kind == "folder":
                self.list_folder(path)
        if pictures:
            self._place.session.set_entries(entries_of(pictures))

    def open_dropped(self, paths: Sequence[Path]) -> None:
        """Opens what was dropped, and tells what of it cannot be opened."""
        dropped = judge_drop(paths)
        if dropped.complaint:
            self._place.fail(Problem(dropped.complaint))
        if dropped.usable:
            self.open_paths(dropped.usable)

    def _ensure_network(self, paths: Sequence[Path]) -> None:
        """Has a network built where none is loaded, so that the first photo is inspected at once."""
        if not any(kind_of(path) == "checkpoint" for path in paths):
            self._model.ensure_network()

    def list_folder(self, folder: Path) -> None:
        """Lists a folder in the background and opens its first picture."""
        title = f"listing {folder.name or folder}"
        self._place.background.run(partial(list_folder, folder), self._place.session.set_entries, title=title)

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

    # ------------------------------------------------------------------------------------------------- opened before

    def recent(self) -> list[Choice]:
        """Returns what was open before, the latest first, and how to forget it."""
        choices = [
            Choice(
                f"{item.name}  –  {item.problem or item.folder}",
                str(item.path),
                partial(self.reopen, item.path),
                enabled=not item.problem,
            )
            for item in self.recently.paths
        ]
        self.check_recent()
        if choices:
            choices.append(Choice("Clear recent…", "Forget what was open before.", self.clear_recent))
        return choices

    def reopen(self, path: Path) -> None:
        """Opens something that was open before; if it is gone by now, the lists say so from then on."""
        self.open_paths([path])
        self.check_recent()

    def check_recent(self) -> None:
        """Looks, in the background, whether what was open before is still there."""
        paths = self._place.settings.preferences.recent_paths
        self._place.background.run(partial(problems_of, paths), self.recently.take_problems)

    def clear_recent(self) -> None:
        """Asks, then forgets what was open before."""
        count = len(self.recently.paths)
        ask(
            self._place.window,
            "Forget what was open before?",
            f"The list of {count} recent items will be emptied. The files themselves are left alone.",
            "Forget",
            self.recently.clear,
        )

    def _await_picture(self) -> None:
        self._is_to_remember = True

    def _remember(self) -> None:
        """Remembers what is open once the first of its pictures could be read."""
        if not self._is_to_remember or self._place.session.picture is None:
            return
        self._is_to_remember = False
        origin = origin_of(self._place.session.entries)
        if origin is not None:
            self.recently.remember(origin)

    # ---------------------------------------------------------------------------------------------------------- demo

    def show_demo(self) -> None:
        """Draws the demo's scenes in the background, then opens them with both oracles on."""
        self._show_scenes(demo.Scenes(self._place.folders.cache))

    def new_scenes(self) -> None:
        """Draws scenes of seeds that were not drawn before, and opens them."""
        seed = _SMALLEST_NEW_SEED + secrets.randbelow(_NEW_SEEDS)
        self._show_scenes(demo.Scenes(self._place.folders.cache, seed))

    def _show_scenes(self, scenes: demo.Scenes) -> None:
        if self._drawing is not None:
            self._drawing.cancel()
        if self._place.session.current is None:
            self._load_demo_network()
        self._drawing = self._place.background.run_task(
            lambda task: _drawn(scenes, task.report), self._open_scenes, title="drawing scenes"
        )

    def _load_demo_network(self) -> None:
        """Has the demo's network built, unless the one that is here, perhaps a trained one, knows the scenes."""
        session = self._place.session
        is_coming = session.loading_model is not None and session.loading_model.config == demo.PRESET
        if not is_coming and (session.model is None or session.model.categories != demo.categories()):
            self._model.load(NetworkChoice(config=demo.PRESET, device=self._model.device))

    def _open_scenes(self, dataset: Path) -> None:
        self._load_demo_network()
        self._place.session.change_settings(box_oracle=True, semantic_oracle=True)
        self._place.session.open_dataset(dataset)

    def cancel(self) -> None:
        """Stops playing; else drops the selection; and withdraws what is being computed, listed or drawn."""
        session = self._place.session
        if session.playing:
            session.play(False)
        else:
            session.select(0)
        self._saving.give_up()
        self._place.background.cancel()
        session.cancel()

    def quit(self) -> None:
        """Closes the window."""
        self._place.window.close()


def _drawn(scenes: demo.Scenes, on_progress: Callable[[float], None]) -> Path:
    """Draws a set of scenes and makes room for it."""
    path = demo.draw_elsewhere(scenes, on_progress)
    demo.forget_older(scenes.cache, path)
    return path
