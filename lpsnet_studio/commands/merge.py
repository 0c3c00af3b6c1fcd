"""The place in the merge."""

from __future__ import annotations

from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.playback import event_after, event_before
from lpsnet_studio.view_options import SPEEDS

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
        """Goes back to the last step that was discarded or contested pixels."""
        session = self._place.session
        self._seek_event(event_before(session.steps, session.position), "before")

    def next_event(self) -> None:
        """Goes on to the next step that is discarded or contests pixels."""
        session = self._place.session
        self._seek_event(event_after(session.steps, session.position), "after")

    def slower(self) -> None:
        """Plays at half the speed."""
        self._turn_speed(-1)

    def faster(self) -> None:
        """Plays at twice the speed."""
        self._turn_speed(1)

    def step_of_pixel(self) -> None:
        """Goes to the step that took the pixel under the mouse, or that founded the selected segment."""
        session = self._place.session
        if session.result is None:
            return
        if session.pointed is not None:
            session.play(False)
            if not session.seek_step_that_took(session.pointed.x, session.pointed.y):
                self._say("No step took this pixel: it is void.")
            return
        founding = session.result.step_of(session.selected)
        if founding < 0:
            self._say("Point at a pixel or select a segment, then ask for its step.")
        else:
            self._seek(founding + 1)

    def contested_before(self, on: bool) -> None:
        """Shows contested pixels as they were before the step, or as they are after it."""
        self._place.session.change_view(contested="before" if on else "after")

    def _seek_event(self, position: int, where: str) -> None:
        if position < 0:
            self._say(f"No step was discarded or contested pixels {where} this one.")
        else:
            self._seek(position)

    def _turn_speed(self, by: int) -> None:
        session = self._place.session
        place = min(max(SPEEDS.index(session.view.speed) + by, 0), len(SPEEDS) - 1)
        session.change_view(speed=SPEEDS[place])

    def _say(self, sentence: str) -> None:
        self._place.notifications.show_info(sentence)

    def _seek(self, position: int) -> None:
        self._place.session.play(False)
        self._place.session.seek(position)
