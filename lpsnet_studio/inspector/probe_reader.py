"""Puts together what is told of a pixel: the one under the mouse, or a pin; no Qt.

Pins stay while settings change, so what was there before is kept for them to be compared with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from lpsnet_studio.examination import Examination, Place
from lpsnet_studio.inference.messages import Probed
from lpsnet_studio.inspector.probe_model import (
    Bar,
    BoxesOver,
    CoveringBoxes,
    Reading,
    class_bars,
    level_bars,
    likeliest_stuff,
    place_in,
    truth_words,
)
from lpsnet_studio.inspector.probe_tale import Memory, Tale, compared, ending_of, owner_change, renumbered, tale_of
from lpsnet_studio.session import Session
from lpsnet_studio.state import Result

__all__ = ["ProbeReader", "Since"]

Since = Literal["change", "pin"]
"""What a pin is compared with: the state before the last change of settings, or that when it was pinned."""
_OPEN = "Open an image: what is known of the pixel under the mouse is told here."
_OPENING = "The image is being opened."
_POINT = (
    "Point at a pixel of the image, or type its column and row above. P on the canvas, or a click with Alt, pins it."
)
_RUNNING = "The image is being inspected."
_CANCELLED = "Cancelled. Select the image again to run it."
_NOT_KEPT = "This is a saved inspection: class probabilities were not kept. Open the picture itself to see them."
_TURN_OFF = "Turn one of the oracles off to run it."


class ProbeReader:
    """Knows which pixel is told of, and what there is to tell.

    Args:
        session: what is open.
        examination: asks the service, and holds the pins.

    Attributes:
        is_watched: whether somebody looks; what came before a change is kept only then, or if there are pins.
        since: what pins are compared with.
    """

    def __init__(self, session: Session, examination: Examination) -> None:
        self._session, self._examination = session, examination
        self._last: Place | None = None
        self._memory = Memory()
        self._settings = session.effective_settings
        self._pinned: dict[Place, Tale] = {}
        self._boxes: tuple[Result, CoveringBoxes] | None = None
        self.is_watched = False
        self.since: Since = "change"
        session.settings_changed.connect(self._prepare)
        session.result_changed.connect(self._take_result)
        session.picture_changed.connect(self._forget)
        examination.pins_changed.connect(self._take_pins)

    # ----------------------------------------------------------------------------------------------------- which pixel

    @property
    def place(self) -> Place | None:
        """The pixel that is told of: the chosen pin, or the last one under the mouse; None if there was none."""
        return self._examination.chosen or self._last

    def follow_mouse(self) -> None:
        """Takes the pixel under the mouse; where the mouse is elsewhere, the last one stays."""
        pointed = self._session.pointed
        if pointed is not None:
            self._last = (pointed.x, pointed.y)

    def look_at(self, place: Place) -> None:
        """Tells of a pixel that was typed, until the mouse points at another."""
        self._last = place
        self._examination.choose(None)

    @property
    def image_size(self) -> tuple[int, int] | None:
        """``(H, W)`` of the image; None if there is none."""
        picture = self._session.picture
        return None if picture is None else (picture.pixels.shape[0], picture.pixels.shape[1])

    @property
    def hint(self) -> str:
        """Why nothing can be told, and what to do; empty if something can."""
        entry = self._session.current
        if entry is None:
            return _OPEN
        if self._session.picture is None:
            return entry.problem or (_CANCELLED if self._session.cancelled else _OPENING)
        return _POINT if self.place is None else ""

    # ---------------------------------------------------------------------------------------------------- what there is

    def read(self) -> Reading | None:
        """Tells everything of the pixel, asking the service for what is not here yet; None if there is no pixel."""
        picture, place, size = self._session.picture, self.place, self.image_size
        if picture is None or place is None or size is None:
            return None
        if not (0 <= place[0] < size[1] and 0 <= place[1] < size[0]):
            return None
        result, probed = self._session.result, self._examination.want_pixel(place)
        red, green, blue = picture.pixels[place[1], place[0]].tolist()
        truth = truth_words(picture.truth, picture.categories, place)
        if result is None:
            note = self._session.obstacle or (_CANCELLED if self._session.cancelled else _RUNNING)
            return Reading(place, (red, green, blue), note, truth=truth, classes_note=note)
        column, row = place_in(result, size, place)
        tale = tale_of(result, column, row, self._stuff_at(result, place))
        before = self._before(place)
        boxes = self._covering(result)
        over = BoxesOver(boxes, boxes.covering(column, row), int(result.trace.owners[row, column]))
        classes = () if probed is None else class_bars(probed, result.categories, int(result.labels[row, column]))
        levels, levels_note = self._levels(result, probed, (column + 0.5, row + 0.5))
        return Reading(
            place=place,
            color=(red, green, blue),
            owner=tale.owner_words,
            meanwhile=self._meanwhile(result, place),
            truth=truth,
            classes=classes,
            classes_note="" if classes else self._refusal or ("" if picture.kept is None else _NOT_KEPT),
            levels=levels,
            levels_note=levels_note,
            boxes=over,
            boxes_note=_count_words(result, over),
            lines=compared(before, tale),
            change=owner_change(before, tale),
        )

    def _covering(self, result: Result) -> CoveringBoxes:
        if self._boxes is None or self._boxes[0] is not result:
            self._boxes = (result, CoveringBoxes(result))
        return self._boxes[1]

    def _levels(
        self, result: Result, probed: Probed | None, centre: tuple[float, float]
    ) -> tuple[tuple[Bar, ...], str]:
        bars = level_bars(probed, result.borderness, centre)
        if not result.settings.box_oracle:
            return bars, "" if bars else self._refusal
        if probed is not None:
            return bars, "As the network predicts it; the merge goes by that of the ground truth."
        return (bars, self._refusal) if self._refusal else ((), "")

    @property
    def _refusal(self) -> str:
        """Why the service cannot tell of pixels, and what to do; empty if it can."""
        problem = self._examination.probe_problem
        advice = "" if self._session.effective_settings.needs_network else _TURN_OFF
        return f"{problem} {advice}".rstrip() if problem else ""

    def _meanwhile(self, result: Result, place: Place) -> str:
        position, count = self._session.position, len(self._session.steps)
        if position == count:
            return ""
        owner = result.describe(self._session.owner_at(*place)) or "not claimed yet"
        return f"At step {position:,} of {count:,}: {owner}"

    # ------------------------------------------------------------------------------------------------- before and after

    @property
    def has_before(self) -> bool:
        """Whether the chosen pin has something to be compared with."""
        return self._examination.chosen is not None and self._before(self._examination.chosen) is not None

    def _before(self, place: Place) -> Tale | None:
        """Returns what a pin is compared with; None if it is no pin, or there is nothing."""
        if place not in self._examination.pins:
            return None
        if self.since == "pin":
            return self._pinned.get(place)
        return self._told_of(self._memory.before, place)

    def _told_of(self, result: Result | None, place: Place) -> Tale | None:
        if result is None or self.image_size is None:
            return None
        return tale_of(result, *place_in(result, self.image_size, place), self._stuff_at(result, place))

    def _stuff_at(self, result: Result, place: Place) -> int | None:
        """Returns the stuff class that may have adopted a pixel, where the merge asks for it."""
        asks = result.settings.leftovers == "next_stuff"
        return likeliest_stuff(self._examination.want_pixel(place), result.categories) if asks else None

    def pin_words(self) -> Sequence[str]:
        """Returns what every pin is called: its number, who owns it, whether that has changed, and its place."""
        return [self._named(number, place) for number, place in enumerate(self._examination.pins, 1)]

    def _named(self, number: int, place: Place) -> str:
        result, size = self._session.result, self.image_size
        where = f"x {place[0]}, y {place[1]}"
        if result is None or size is None:
            return f"{number} · {where}"
        now = ending_of(result, *place_in(result, size, place))
        before = self._pinned.get(place)
        if self.since == "change":
            earlier = self._memory.before
            before = None if earlier is None else ending_of(earlier, *place_in(earlier, size, place))
        change, new_name = owner_change(before, now), renumbered(before, now)
        owner = f"changed: {change}" if change else f"≈ now {new_name}" if new_name else now.name
        return f"{number} · {owner} · {where}"

    # ------------------------------------------------------------------------------------------------------- following

    def _prepare(self) -> None:
        """Keeps what there is before a change of settings; a drag is one change."""
        before, self._settings = self._settings, self._session.effective_settings
        is_wanted = self.is_watched or bool(self._examination.pins)
        if before != self._settings and not self._session.is_dragging:
            self._memory.begin(self._session.result if is_wanted else None, before)

    def _take_result(self) -> None:
        result, self._boxes = self._session.result, None
        if result is None:
            self._memory.forget()
            return
        self._memory.take(result)
        self._take_pins()

    def _take_pins(self) -> None:
        """Keeps what pins are when they are pinned, and forgets those that are gone."""
        pins, result = self._examination.pins, self._session.result
        self._pinned = {place: tale for place, tale in self._pinned.items() if place in pins}
        for place in pins:
            tale = None if place in self._pinned else self._told_of(result, place)
            if tale is not None:
                self._pinned[place] = tale

    def _forget(self) -> None:
        """Forgets what another image, or another network, made of any pixel."""
        self._memory.forget()
        self._pinned.clear()
        self._boxes = None
        size, last = self.image_size, self._last
        if size is None or (last is not None and not (last[0] < size[1] and last[1] < size[0])):
            self._last = None
        self._settings = self._session.effective_settings


def _count_words(result: Result, over: BoxesOver) -> str:
    count = f"{over.detections:,} detection{'' if over.detections == 1 else 's'}"
    if result.candidates is None:
        return f"{count} of the ground truth" if result.settings.box_oracle else count
    return f"{count} of {len(over):,} candidate{'' if len(over) == 1 else 's'}"
