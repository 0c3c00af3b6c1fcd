"""What the actions do: one small method each. Questions are asked here; what is open is the session's."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QInputDialog, QMainWindow

from lpsnet.assets import resources_folder
from lpsnet_studio import demo
from lpsnet_studio.background import Background
from lpsnet_studio.browser.listing import CHECKPOINT_SUFFIXES, entries_of, kind_of, list_folder
from lpsnet_studio.canvas.view import CanvasView
from lpsnet_studio.chrome.notifications import Notifications
from lpsnet_studio.saving import Shown, save_overlay, save_panoptic
from lpsnet_studio.session import Session
from lpsnet_studio.settings import Folders, Settings
from lpsnet_studio.state import Problem
from lpsnet_studio.theme import Theme

__all__ = ["Commands"]

_FIRST_PRESET = "coco_r50"
_PICTURES = "Pictures (*.jpg *.jpeg *.png *.bmp *.tif *.tiff *.webp *.gif *.ppm *.pgm *.jp2 *.avif);;All files (*)"


class Commands:
    """Carries out the actions of the table.

    Args:
        window: the dialogs' parent.
        session: what is open.
        canvas: where it is shown.
        theme: the look.
        settings: what is kept between runs.
        folders: where the demo may be written.
        notifications: where successes and failures are told.
        device: where networks are to run.
    """

    def __init__(
        self,
        window: QMainWindow,
        session: Session,
        canvas: CanvasView,
        theme: Theme,
        settings: Settings,
        folders: Folders,
        notifications: Notifications,
        device: str = "auto",
    ) -> None:
        self._window, self._session, self._canvas = window, session, canvas
        self._theme, self._settings, self._folders = theme, settings, folders
        self._notifications = notifications
        self._background = Background(self._fail_work, window)
        self._device = device
        self._when_current: Callable[[Shown], None] | None = None
        self.reset_window: Callable[[], None] = lambda: None
        session.result_changed.connect(self._go_on_when_current)
        session.failed.connect(self._forget_waiting)
        session.current_changed.connect(self._leave_pictures)

    # --------------------------------------------------------------------------------------------------------- opening

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Opens what was dropped or given on the command line: pictures, a folder, a data set or a checkpoint."""
        missing = [path for path in paths if not path.exists()]
        if missing:
            self.fail(Problem(f"{missing[0]}: there is no such file or folder"))
            return
        if paths:
            self._remember((paths[0] if paths[0].is_dir() else paths[0].parent).absolute())
        self._ensure_network(paths)
        pictures = [path for path in paths if kind_of(path) == "image"]
        for path in paths:
            kind = kind_of(path)
            if kind == "checkpoint":
                self.load_checkpoint(path)
            elif kind == "dataset":
                self._session.open_dataset(path)
            elif kind == "folder":
                self.list_folder(path)
        if pictures:
            self._session.set_entries(entries_of(pictures))

    def _ensure_network(self, paths: Sequence[Path]) -> None:
        """Has a network built where none is loaded, so that the first photo is inspected at once."""
        brings_one = any(kind_of(path) == "checkpoint" for path in paths)
        if self._session.model is None and self._session.loading_model is None and not brings_one:
            self.load_config(_FIRST_PRESET)

    def list_folder(self, folder: Path) -> None:
        """Lists a folder in the background and opens its first picture."""
        self._background.run(partial(list_folder, folder), self._session.set_entries)

    def load_checkpoint(self, path: Path) -> None:
        """Loads a network from its checkpoint."""
        self._session.load_model(config="", checkpoint=path, device=self._device)

    def load_config(self, name: str) -> None:
        """Builds an untrained network from a preset or a YAML file."""
        self._session.load_model(config=name, device=self._device)

    def open_image(self) -> None:
        """Asks for pictures."""
        names, _ = QFileDialog.getOpenFileNames(self._window, "Open image", self._last_folder(), _PICTURES)
        if names:
            self.open_paths([Path(name) for name in names])

    def open_folder(self) -> None:
        """Asks for a folder."""
        name = QFileDialog.getExistingDirectory(self._window, "Open folder", self._last_folder())
        if name:
            self.open_paths([Path(name)])

    def open_dataset(self) -> None:
        """Asks for a COCO panoptic JSON file."""
        self._ask_file("Open COCO panoptic data set", "COCO panoptic (*.json)")

    def open_checkpoint(self) -> None:
        """Asks for a checkpoint."""
        patterns = " ".join(f"*{suffix}" for suffix in CHECKPOINT_SUFFIXES)
        self._ask_file("Open checkpoint", f"Checkpoints ({patterns})")

    def load_preset(self) -> None:
        """Asks for a preset."""
        names = sorted(path.stem for path in (resources_folder() / "configs").glob("*.yaml"))
        now = self._session.model.name if self._session.model is not None else _FIRST_PRESET
        chosen, accepted = QInputDialog.getItem(
            self._window,
            "Load untrained preset",
            "The weights will be random: predictions mean nothing until the network is trained.",
            names,
            names.index(now) if now in names else 0,
            editable=False,
        )
        if accepted:
            self.load_config(chosen)

    def show_demo(self) -> None:
        """Draws the demo's scene in the background, then opens it with both oracles on."""
        self._background.run(partial(demo.prepare, self._folders.cache), self._open_demo)

    def _open_demo(self, dataset: Path) -> None:
        self.load_config(demo.PRESET)
        self._session.change_settings(box_oracle=True, semantic_oracle=True)
        self._session.open_dataset(dataset)

    # ---------------------------------------------------------------------------------------------------------- saving

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

    def _save(self, write: Callable[[Shown], Path]) -> None:
        def save(shown: Shown) -> None:
            self._background.run(partial(write, shown), self._tell_saved)

        self._when_current = save
        if self._session.is_current:
            self._go_on_when_current()
        else:
            self._session.inspect()

    def _tell_saved(self, path: Path) -> None:
        self._notifications.show_info(f"Saved {path}")

    def _go_on_when_current(self) -> None:
        """Saves once the result that the settings ask for is here at full size."""
        session = self._session
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
                opacity=session.view.opacity,
                shades=result.shades,
            )
        )

    def _leave_pictures(self, _index: int) -> None:
        entry = self._session.current
        self._notifications.keep_only_about("" if entry is None else entry.source.path)

    def _forget_waiting(self, _problem: Problem) -> None:
        self._when_current = None

    # ------------------------------------------------------------------------------------------------------------ view

    def previous_image(self) -> None:
        """Opens the image above."""
        self._session.step_image(-1)

    def next_image(self) -> None:
        """Opens the image below."""
        self._session.step_image(1)

    def fit(self) -> None:
        """Shows the whole image."""
        self._canvas.fit()

    def zoom_in(self) -> None:
        """Zooms in."""
        self._canvas.zoom_in()

    def zoom_out(self) -> None:
        """Zooms out."""
        self._canvas.zoom_out()

    def zoom_actual(self) -> None:
        """Shows one image pixel as one of the screen's."""
        self._canvas.zoom_to(1.0 / self._canvas.devicePixelRatioF())

    def show_labels(self, on: bool) -> None:
        """Shows or hides the semantic map."""
        self._session.change_view(labels=on)

    def show_boxes(self, on: bool) -> None:
        """Shows or hides boxes."""
        self._session.change_view(boxes=on)

    def show_segments(self, on: bool) -> None:
        """Shows or hides segments."""
        self._session.change_view(segments=on)

    def light_theme(self, on: bool) -> None:
        """Switches the theme."""
        self._theme.apply("light" if on else "dark")
        self._settings.change(theme=self._theme.name)

    def motion(self, on: bool) -> None:
        """Switches motion."""
        self._session.change_view(motion=on)

    def reset_layout(self) -> None:
        """Puts every panel back."""
        self.reset_window()

    # ----------------------------------------------------------------------------------------------------------- merge

    def play(self, on: bool) -> None:
        """Plays or pauses the merge."""
        self._session.play(on)

    def step_back(self) -> None:
        """Undoes a step."""
        self._seek(self._session.position - 1)

    def step_forward(self) -> None:
        """Does a step."""
        self._seek(self._session.position + 1)

    def first_step(self) -> None:
        """Goes before the first step."""
        self._seek(0)

    def last_step(self) -> None:
        """Goes after the last step."""
        self._seek(len(self._session.steps))

    def _seek(self, position: int) -> None:
        self._session.play(False)
        self._session.seek(position)

    def semantic_oracle(self, on: bool) -> None:
        """Switches the semantic oracle."""
        self._session.change_settings(semantic_oracle=on)

    def box_oracle(self, on: bool) -> None:
        """Switches the box oracle."""
        self._session.change_settings(box_oracle=on)

    def choose_conflict(self, strategy: str) -> None:
        """Chooses who gets contested pixels."""
        self._session.change_settings(conflict=strategy)

    # ------------------------------------------------------------------------------------------------------------ other

    def cancel(self) -> None:
        """Stops playing; else drops the selection; and withdraws what is being computed."""
        if self._session.playing:
            self._session.play(False)
        else:
            self._session.select(0)
        self._when_current = None
        self._session.cancel()

    def quit(self) -> None:
        """Closes the window."""
        self._window.close()

    def show_shortcuts(self) -> None:
        """Shows the card of shortcuts."""
        from lpsnet_studio.chrome.shortcut_card import ShortcutCard

        ShortcutCard(self._window).open()

    def fail(self, problem: Problem) -> None:
        """Tells everyone of a failure."""
        self._session.failed.emit(problem)

    # ---------------------------------------------------------------------------------------------------------- helpers

    def _fail_work(self, error: Exception) -> None:
        expected = isinstance(error, OSError | ValueError)
        details = "" if expected else "".join(traceback.format_exception(error))
        self.fail(Problem(str(error) if expected else f"Unexpected: {error!r}", details=details))

    def wait_for_background(self, milliseconds: int) -> bool:
        """Waits for files that are still being written; False if that took too long."""
        return self._background.wait(milliseconds)

    def _ask_file(self, title: str, pattern: str) -> None:
        name, _ = QFileDialog.getOpenFileName(self._window, title, self._last_folder(), pattern)
        if name:
            self.open_paths([Path(name)])

    def _ask_where(self, title: str, pattern: str, ending: str, save: Callable[[Path], None]) -> None:
        entry = self._session.current
        if entry is None or self._session.result is None:
            self.fail(Problem("There is nothing to save yet: no image has been inspected."))
            return
        proposed = Path(self._last_folder()) / f"{Path(entry.name).stem}_{ending}"
        name, _ = QFileDialog.getSaveFileName(self._window, title, str(proposed), pattern)
        if name:
            path = Path(name)
            self._remember(path.parent)
            save(path if path.suffix else path.with_suffix(Path(ending).suffix))

    def _last_folder(self) -> str:
        return self._settings.preferences.last_folder or str(Path.home())

    def _remember(self, folder: Path) -> None:
        self._settings.change(last_folder=str(folder))
