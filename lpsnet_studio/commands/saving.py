"""Saving what is shown: at full size, as it is saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lpsnet_studio.commands.destination import Destination
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.inference.messages import ImageSource
from lpsnet_studio.saving import Shown, save_overlay, save_panoptic
from lpsnet_studio.state import Problem

__all__ = ["SavingCommands"]

_NOTHING = Problem("There is nothing to save yet: no image has been inspected.")


@dataclass(frozen=True, slots=True)
class _Wish:
    """What waits to be saved.

    Attributes:
        source: the image whose result it is.
        path: where it is to go.
        write: writes it there.
    """

    source: ImageSource
    path: Path
    write: Callable[[Shown, Path], Path]


class SavingCommands:
    """Saves the finished merge once the result that the settings ask for is here at full size.

    What waits for that belongs to the image that was shown when the user asked; whatever comes between is told.
    """

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._destination = Destination(place)
        self._wishes: list[_Wish] = []
        place.session.received.connect(lambda _reply: self._go_on_when_current())
        place.session.current_changed.connect(lambda _index: self._give_up_other_image())
        place.session.settings_changed.connect(self._give_up_before_obstacle)
        place.session.failed.connect(self._take_failure)

    def save_panoptic(self) -> None:
        """Asks for a JSON file and saves what is shown there."""
        self._ask_where("Save COCO panoptic", "COCO panoptic (*.json)", "panoptic.json", self.save_panoptic_to)

    def save_overlay(self) -> None:
        """Asks for a PNG file and saves the photo with its segments there."""
        self._ask_where("Save overlay picture", "PNG (*.png)", "overlay.png", self.save_overlay_to)

    def save_panoptic_to(self, path: Path) -> None:
        """Saves the finished merge as COCO panoptic JSON + PNG, at full size; it is shown as it is saved."""
        entry = self._place.session.current
        png = path.with_suffix("") / f"{Path('image' if entry is None else entry.name).stem}.png"
        if self._destination.may_write((path, png), ".json"):
            self._save(save_panoptic, path)

    def save_overlay_to(self, path: Path) -> None:
        """Saves the photo with its segments over it as a PNG, at full size; it is shown as it is saved."""
        if self._destination.may_write((path,), ".png"):
            self._save(save_overlay, path)

    def give_up(self, why: str = "its result was withdrawn") -> bool:
        """Gives up what waits to be saved, and says so.

        Args:
            why: goes on after "… was not saved:".

        Returns:
            Whether anything waited.
        """
        wishes, self._wishes = self._wishes, []
        for wish in wishes:
            self._place.notifications.show_warning(Problem(f"{wish.path} was not saved: {why.rstrip('.')}."))
        return bool(wishes)

    def _give_up_other_image(self) -> None:
        entry = self._place.session.current
        if any(entry is None or entry.source != wish.source for wish in self._wishes):
            self.give_up("another image was opened before the result was here")

    def _give_up_before_obstacle(self) -> None:
        obstacle = self._place.session.obstacle
        if obstacle:
            self.give_up(f"there will be no result. {obstacle}")

    def _take_failure(self, problem: Problem) -> None:
        """Gives up where the failure is about the picture that waits, or leaves it without a network."""
        if any(problem.picture == wish.source.path for wish in self._wishes):
            self.give_up("its image could not be inspected")
        else:
            self._give_up_before_obstacle()

    def _save(self, write: Callable[[Shown, Path], Path], path: Path) -> None:
        session = self._place.session
        if session.current is None:
            self._place.fail(_NOTHING)
            return
        self._wishes = [wish for wish in self._wishes if wish.path != path]
        self._wishes.append(_Wish(session.current.source, path, write))
        if session.is_current:
            self._go_on_when_current()
        else:
            self._give_up_before_obstacle()
            session.inspect()

    def _go_on_when_current(self) -> None:
        session = self._place.session
        result, picture = session.result, session.picture
        entry = session.current
        if not self._wishes or entry is None or result is None or picture is None or not session.is_current:
            return
        wishes, self._wishes = self._wishes, []
        session.play(False)
        session.seek(len(session.steps))
        truth = entry.source.truth
        shown = Shown(
            file_name=entry.name,
            image_id=1 if truth is None else truth.image_id,
            pixels=picture.pixels,
            segmentation=result.trace.segmentation(),
            categories=result.categories,
            opacity=session.view.layer("segments").opacity,
            shades=result.shades,
        )
        for wish in wishes:
            write = partial(wish.write, shown, wish.path)
            self._place.background.run(write, self._destination.tell_saved, title="saving", cancellable=False)

    def _ask_where(self, title: str, pattern: str, ending: str, save: Callable[[Path], None]) -> None:
        if self._place.session.current is None or self._place.session.result is None:
            self._place.fail(_NOTHING)
        else:
            self._destination.ask_where(title, pattern, ending, save)
