"""The place in the merge."""

from __future__ import annotations

from lpsnet_studio.commands.workplace import Workplace

__all__ = ["MergeCommands"]


class MergeCommands:
    """Plays the merge and steps through it."""

    def __init__(self, place: Workplace) -> None:
        self._place = place

    def play(self, on: bool) -> None:
        """Plays or pauses the merge."""
        self._place.session.play(on)

    def step_back(self) -> None:
        """Undoes a step."""
        self._seek(self._place.session.position - 1)

    def step_forward(self) -> None:
        """Does a step."""
        self._seek(self._place.session.position + 1)

    def first_step(self) -> None:
        """Goes before the first step."""
        self._seek(0)

    def last_step(self) -> None:
        """Goes after the last step."""
        self._seek(len(self._place.session.steps))

    def previous_event(self) -> None:
        """Goes back to the last step that discarded a box or contested pixels."""
        raise NotImplementedError

    def next_event(self) -> None:
        """Goes on to the next step that discards a box or contests pixels."""
        raise NotImplementedError

    def slower(self) -> None:
        """Plays at half the speed."""
        raise NotImplementedError

    def faster(self) -> None:
        """Plays at twice the speed."""
        raise NotImplementedError

    def step_of_pixel(self) -> None:
        """Goes to the step that took the pixel under the mouse, or that founded the selected segment."""
        raise NotImplementedError

    def contested_before(self, on: bool) -> None:
        """Shows contested pixels as they were before the step, or as they are after it."""
        self._place.session.change_view(contested="before" if on else "after")

    def _seek(self, position: int) -> None:
        self._place.session.play(False)
        self._place.session.seek(position)
