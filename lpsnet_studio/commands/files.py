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
from lpsnet_studio.commands.drops import CONFIG_SUFFIXES, MOST_LOOKED_AT, judge_drop
from lpsnet_studio.commands.model import ModelCommands
from lpsnet_studio.commands.presence import Presence
from lpsnet_studio.commands.saving import SavingCommands
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.inference.messages import ModelCard
from lpsnet_studio.recent import Recent, origin_of
from lpsnet_studio.state import Entry, NetworkChoice, Problem

__all__ = ["FileCommands"]

_PICTURES = (
    "Pictures and saved inspections (*.jpg *.jpeg *.png *.bmp *.tif *.tiff *.webp *.gif *.ppm *.pgm *.jp2 *.avif *.npz)"
    ";;All files (*)"
)


class FileCommands:
    """Opens pictures, folders, data sets and the demo; cancels; quits.

    Attributes:
        recently: what was open before.
    """

    def __init__(self, place: Workplace, model: ModelCommands, saving: SavingCommands) -> None:
        self._place, self._model, self._saving = place, model, saving
        self._opening: Task | None = None
        self.recently = Recent(place.settings, place.folders.cache)
        self._presence = Presence(
            place.background, lambda: place.settings.preferences.recent_paths, self.recently.take_problems
        )
        self._is_to_remember = False
        self.let_go: Callable[[], bool] | None = None
        """Gives up what is in hand while segments are corrected, if anything is; set by who corrects them."""
        place.session.entries_changed.connect(self._await_picture)
        place.session.picture_changed.connect(self._remember)
        self.check_recent()

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Opens what is given on the command line or was open before.

        That is pictures and saved inspections, a folder, a data set or a network.
        """
        problem = _first_problem(paths)
        if problem is not None:
            self._place.fail(problem)
            return
        kinds = [kind_of(path, ask_disk=place < MOST_LOOKED_AT) for place, path in enumerate(paths)]
        if paths:
            self._place.remember_folder((paths[0] if kinds[0] == "folder" else paths[0].parent).absolute())
        brings_network = "checkpoint" in kinds or any(_is_config(path) for path in paths)
        if not brings_network and any(kind != "inspection" for kind in kinds):
            self._model.ensure_network()
        pictures = []
        for path, kind in zip(paths, kinds, strict=True):
            if kind == "checkpoint":
                self._model.load_checkpoint(path)
            elif kind == "dataset":
                self._stop_opening()
                self._place.session.open_dataset(path)
            elif kind == "folder":
                self.list_folder(path)
            elif _is_config(path):
                self._model.load_config(str(path))
            else:
                pictures.append(path)
        if pictures:
            self._stop_opening()
            self._place.session.set_entries(entries_of(pictures))

    def open_dropped(self, paths: Sequence[Path]) -> None:
        """Opens what was dropped, and tells what of it cannot be opened."""
        dropped = judge_drop(paths)
        if dropped.complaint:
            self._place.fail(Problem(dropped.complaint))
        if dropped.usable:
            self.open_paths(dropped.usable)

    def list_folder(self, folder: Path) -> None:
        """Lists a folder in the background and opens its first picture."""
        self._stop_opening()
        title = f"listing {folder.name or folder}"
        self._opening = self._place.background.run(
            partial(list_folder, folder), self._place.session.set_entries, title=title
        )

    def _stop_opening(self) -> None:
        """Withdraws what is being listed, drawn or read, so that nothing late replaces what is opened now."""
        if self._opening is not None:
            self._place.background.withdraw(self._opening)
            self._opening = None
        self._place.session.stop_listing()

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
        self._presence.look()

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
        """Draws the demo's scenes in the background, then opens them, see :meth:`_open_scenes`."""
        self._show_scenes(demo.Scenes(self._place.folders.cache))

    def new_scenes(self) -> None:
        """Draws scenes of seeds that were not drawn before, and opens them."""
        self._show_scenes(demo.Scenes(self._place.folders.cache, secrets.choice(demo.FRESH_SEEDS)))

    def _show_scenes(self, scenes: demo.Scenes) -> None:
        self._stop_opening()
        if self._place.session.current is None:
            self._load_demo_network()
        self._opening = self._place.background.run_task(
            lambda task: _drawn(scenes, task.report), self._open_scenes, title="drawing scenes"
        )

    def open_scenes(
        self,
        scenes: demo.Scenes,
        prepared: Callable[[Sequence[Entry]], Sequence[Entry]],
        first: Callable[[Sequence[Entry]], int],
        drawn: Callable[[], None] = lambda: None,
    ) -> None:
        """Draws scenes in the background, unless they lie there already, and opens them; no network is loaded.

        Args:
            scenes: which.
            prepared: see :meth:`~lpsnet_studio.session.Session.open_dataset`.
            first: returns which of them is opened.
            drawn: called once all are there, before they are opened.
        """

        def opened(path: Path) -> None:
            drawn()
            self._place.session.open_dataset(path, index=first, prepared=prepared)

        self._stop_opening()
        self._opening = self._place.background.run_task(
            lambda task: _drawn(scenes, task.report), opened, title="drawing scenes"
        )

    def open_listed(
        self,
        json_path: Path,
        images: Path | None,
        prepared: Callable[[Sequence[Entry]], Sequence[Entry]],
        first: Callable[[Sequence[Entry]], int],
    ) -> None:
        """Opens a data set whose photos lie in a folder that is known; no network is loaded.

        Args:
            json_path: its JSON file.
            images: the folder of its photos; None to search it.
            prepared: see :meth:`~lpsnet_studio.session.Session.open_dataset`.
            first: returns which of them is opened.
        """
        self._stop_opening()
        self._place.session.open_dataset(json_path, images, first, prepared)

    def _load_demo_network(self) -> None:
        """Has the demo's network loaded, unless it is on its way, or one that knows the scenes is here."""
        session, choice = self._place.session, self._model.demo_choice()
        is_coming = session.loading_model is not None and session.network.is_same_network(choice)
        if not is_coming and not _replaces_demo_network(session.model, is_trained=_is_trained(choice)):
            self._model.load(choice)

    def _open_scenes(self, dataset: Path) -> None:
        """Opens scenes with what a trained network predicts for them; where there is none, with both oracles on."""
        session = self._place.session
        self._load_demo_network()
        oracles = not _is_trained(self._model.demo_choice())
        session.change_settings(box_oracle=oracles, semantic_oracle=oracles)
        session.open_dataset(dataset)

    def cancel(self) -> None:
        """Does one thing: stops playing, else drops the selection, else withdraws what goes on.

        While segments are corrected, it is their selection, and before that the stroke in hand.
        """
        session = self._place.session
        if self.let_go is not None:
            if not self.let_go():
                self.withdraw()
        elif session.playing:
            session.play(False)
        elif session.selected:
            session.select(0)
        else:
            self.withdraw()

    def withdraw(self) -> None:
        """Withdraws what is being computed, listed or drawn; the measuring only where there is none of that."""
        session = self._place.session
        gave_up_saving = self._saving.give_up()
        withdrew_work = self._place.background.cancel()
        if session.busy is not None or not (gave_up_saving or withdrew_work):
            session.cancel()

    def quit(self) -> None:
        """Closes the window."""
        self._place.window.close()


def _first_problem(paths: Sequence[Path]) -> Problem | None:
    """Returns why the first of some paths that is not there cannot be opened; looks at so many only."""
    for path in paths[:MOST_LOOKED_AT]:
        try:
            if not path.exists():
                return Problem(f"{path}: there is no such file or folder")
        except OSError as error:
            return Problem(f"{path}: cannot be reached ({error.strerror or error})")
    return None


def _is_trained(choice: NetworkChoice) -> bool:
    return bool(choice.checkpoint)


def _replaces_demo_network(model: ModelCard | None, *, is_trained: bool) -> bool:
    """Whether a network knows the scenes as the demo's does, which may be a trained one."""
    return model is not None and model.categories == demo.categories() and (model.trained or not is_trained)


def _is_config(path: Path) -> bool:
    return path.suffix.lower() in CONFIG_SUFFIXES


def _drawn(scenes: demo.Scenes, on_progress: Callable[[float], None]) -> Path:
    """Draws a set of scenes and makes room for it."""
    path = demo.draw_elsewhere(scenes, on_progress)
    demo.forget_older(scenes.cache, path)
    return path
