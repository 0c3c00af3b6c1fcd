"""Commands on the shapes of segments: holes, specks, borders, gaps, contested pixels; each makes exactly one edit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lpsnet_studio.annotator.assist import (
    NetworkMaps,
    Proposal,
    contested_pixels,
    void_from_nearest,
    void_from_stuff,
    window_of_contest,
)
from lpsnet_studio.annotator.draft import Draft
from lpsnet_studio.annotator.editor_core import give, give_by_number
from lpsnet_studio.annotator.edits import Edit, SegmentInfo
from lpsnet_studio.annotator.extents import MOST_SEGMENTS
from lpsnet_studio.annotator.long_commands import may_take_long
from lpsnet_studio.annotator.placed_mask import Box, Ids, PlacedMask, window_of_box
from lpsnet_studio.annotator.regions import grow, holes_of, nearest_fill, region_at, shrink, specks_of, void_holes_of
from lpsnet_studio.annotator.segment_commands import Heir, SegmentCommands, selected_milliseconds
from lpsnet_studio.annotator.strokes import Point, box_mask, polygon_mask

__all__ = ["Contest", "ShapeCommands"]


def _by_pixel(nanoseconds: float) -> Callable[..., float]:
    """Returns how long a command takes that is given a region or a proposal first, by the pixel of its window."""

    def milliseconds(_editor: ShapeCommands, given: PlacedMask | Proposal, *_more: Any, **_named: Any) -> float:
        region = given.region if isinstance(given, Proposal) else given
        return 1e-6 * nanoseconds * region.mask.size

    return milliseconds


@dataclass(frozen=True, slots=True)
class Contest:
    """Which pixels of one segment another may get.

    Attributes:
        giver: number of the segment that would lose them.
        receiver: number of the segment that would get them.
        giver_box: half-open box that holds all of the giver's pixels.
        boxes: whose common pixels are disputed; none if only what lies near the scribble is.
        scribble: the pixels that were scribbled over.
    """

    giver: int
    receiver: int
    giver_box: Box
    boxes: tuple[Box, ...]
    scribble: PlacedMask

    def pixels(self, ids: Ids) -> PlacedMask:
        """Returns these pixels."""
        return contested_pixels(ids, self.giver, self.boxes, self.scribble, giver_box=self.giver_box)

    def milliseconds(self, size: tuple[int, int]) -> float:
        """Returns about how long it takes to find them."""
        y0, x0, y1, x1 = window_of_contest(self.boxes, self.giver_box, size)
        near = self.scribble.mask.size * 4
        return 50e-6 * (near + ((y1 - y0) * (x1 - x0) if self.boxes else 0))


class ShapeCommands(SegmentCommands):
    """What can be done to the borders of the selected segments, and to what no segment holds."""

    @may_take_long("filling holes", selected_milliseconds(15))
    def fill_holes(self, *, void_only: bool = True) -> Edit | None:
        """Gives the selected segments what they enclose.

        Args:
            void_only: whether holes in which other segments lie are left.
        """
        numbers = self._free_selection("fill its holes")
        if numbers is None:
            return None

        def change(draft: Draft) -> None:
            for place, number in enumerate(numbers):
                self.report(place / len(numbers))
                if void_only:
                    holes = void_holes_of(self.document.ids, number, self.document.box(number))
                else:
                    holes = holes_of(self.pixels(number))
                give(draft, PlacedMask.union(holes), number)

        return self.commit("Fill holes", change, nothing="The selection has no holes.")

    @may_take_long(
        "removing specks",
        lambda editor, to="neighbours": 15e-6 * editor.box_pixels(editor.selection or editor.document.segments),
    )
    def remove_specks(self, to: Heir = "neighbours") -> Edit | None:
        """Takes the specks of the selected segments away, or of every unlocked segment if none is selected.

        Args:
            to: who gets their pixels.
        """
        numbers = self.selection or tuple(self.document.segments)
        numbers = tuple(number for number in numbers if not self.document.segments[number].locked)
        fewer_than = self.options.speck_pixels

        def change(draft: Draft) -> None:
            specks = []
            for place, number in enumerate(numbers):
                self.report(place / len(numbers))
                specks.append(PlacedMask.union(specks_of(self.pixels(number), fewer_than)).tight())
            barred = self.locked()
            shares = []
            if to == "neighbours":
                everything = [speck for speck in specks if not speck.is_empty]
                shares = [nearest_fill(self.document.ids, speck, barred, void_counts=True) for speck in everything]
            for speck in specks:
                give(draft, speck, 0)
            for region, heirs in shares:
                give_by_number(draft, region, heirs)

        return self.commit("Remove specks", change, nothing=f"No part has fewer than {fewer_than} pixels.")

    @may_take_long("growing segments", selected_milliseconds(60))
    def grow(self, radius: float) -> Edit | None:
        """Widens the selected segments; where two meet, the one selected first wins.

        Args:
            radius: by how many pixels.
        """
        numbers = self._free_selection("grow")
        if numbers is None:
            return None

        def change(draft: Draft) -> None:
            grown = [(number, grow(self.pixels(number), radius, self.document.size)) for number in numbers]
            own = PlacedMask.union([self.pixels(number) for number in numbers])
            for number, region in reversed(grown):
                free = region.mask & ~own.spread(region.window)
                draft.put(free, region.origin, number)

        title = f"Grow by {_pixels(radius)}"
        return self.commit(title, change, limits=self.options.limits, nothing="There is nothing to grow into.")

    @may_take_long("shrinking segments", selected_milliseconds(150))
    def shrink(self, radius: float) -> Edit | None:
        """Narrows the selected segments; what they lose goes to whatever lies next to them, void too.

        Args:
            radius: by how many pixels.
        """
        numbers = self._free_selection("shrink")
        if numbers is None:
            return None
        lost = []
        for number in numbers:
            whole = self.pixels(number)
            kept = shrink(whole, radius, self.document.size)
            if kept.is_empty:
                self.refuse(f"{self.name(number)} is too thin to be shrunk by {_pixels(radius)}.")
                return None
            lost.append(PlacedMask(whole.mask & ~kept.spread(whole.window), whole.origin))
        barred = self.locked().union(numbers)

        def change(draft: Draft) -> None:
            shares = [nearest_fill(self.document.ids, region, barred, void_counts=True) for region in lost]
            for region, heirs in shares:
                give_by_number(draft, region, heirs)

        return self.commit(
            f"Shrink by {_pixels(radius)}", change, nothing="There is nothing that could take its place."
        )

    @may_take_long(
        "moving a border",
        lambda editor, number, region, title="": (
            150e-6 * (region.mask.size + editor.box_pixels({number} & editor.document.segments.keys()))
        ),
    )
    def reshape(self, number: int, region: PlacedMask, title: str = "Snap edge") -> Edit | None:
        """Gives a segment other pixels, such as a border that was snapped to the photo's edges.

        What it loses goes to whatever lies next to it, void too.

        Args:
            number: of the segment.
            region: the pixels that it is to have.
            title: what undo will call it.
        """
        if number not in self.document.segments or self.document.segments[number].locked:
            self.refuse(f"{self.name(number)} is locked." if number in self.document.segments else "It is gone.")
            return None
        if region.is_empty:
            self.refuse("Nothing would be left of it.")
            return None
        before = self.pixels(number)
        lost = PlacedMask(before.mask & ~region.spread(before.window), before.origin)
        barred = self.locked() | {number}

        def change(draft: Draft) -> None:
            heirs = nearest_fill(self.document.ids, lost, barred, void_counts=True)
            give_by_number(draft, *heirs)
            give(draft, region, number)

        return self.commit(title, change, nothing="The border stays where it is.")

    # -------------------------------------------------------------------------------------------------------- painting

    @may_take_long("painting", _by_pixel(10), waits=True)
    def paint(self, region: PlacedMask, title: str) -> Edit | None:
        """Paints pixels into the first selected segment, or as a new one of the chosen class, within the limits."""
        stroke = self.begin(title)
        if stroke is None:
            return None
        stroke.put(region)
        return stroke.finish()

    @may_take_long(
        "painting",
        lambda editor, corners, title: 20e-6 * _pixels_around(corners, editor.document.size),
        waits=True,
    )
    def paint_polygon(self, corners: Sequence[Point], title: str) -> Edit | None:
        """Paints what a closed polygon encloses, as :meth:`paint` does.

        Args:
            corners: ``(x, y)`` in image coordinates.
            title: what undo will call it.
        """
        return self.paint(polygon_mask(corners, self.document.size), title)

    @may_take_long(
        "painting",
        lambda editor, *corners, title: 20e-6 * _pixels_around(corners, editor.document.size),
        waits=True,
    )
    def paint_box(self, corner: Point, opposite: Point, *, title: str) -> Edit | None:
        """Paints the box between two points in image coordinates, as :meth:`paint` does."""
        return self.paint(box_mask(corner, opposite, self.document.size), title)

    @may_take_long("filling", lambda editor, point, title: editor.filling_milliseconds(point), waits=True)
    def fill_at(self, point: Point, title: str) -> Edit | None:
        """Paints what hangs together with a point and has its number, as :meth:`paint` does; nothing outside the image.

        Args:
            point: ``(x, y)`` in image coordinates.
            title: what undo will call it.
        """
        number = self.number_at(*point)
        window = window_of_box(self.document.box(number)) if number else None
        region = region_at(self.document.ids, *point, window)
        return None if region.is_empty else self.paint(region, title)

    def filling_milliseconds(self, point: Point) -> float:
        """Returns about how long it takes to find what hangs together with a point, and to paint it."""
        number = self.number_at(*point)
        if number:
            return 20e-6 * self.box_pixels([number])
        pixels = self.document.size[0] * self.document.size[1]
        held = sum(extent.area for extent in self.document.extents.values())
        return 20e-6 * (pixels - held)

    @may_take_long("adopting a detection", _by_pixel(10), waits=True)
    def adopt(
        self, region: PlacedMask, category: int, *, score: float | None = None, title: str = "Adopt"
    ) -> Edit | None:
        """Makes a new segment of pixels that the network proposes; a stuff class joins the segment that has it.

        Args:
            region: the pixels.
            category: the class's id.
            score: of the detection, if it is one.
            title: what undo will call it.
        """
        if category not in self.labels.by_id:
            self.refuse(f"The label set holds no class {category}.")
            return None
        held = self.stuff_segment(category)
        self.cancel_stroke()
        number = self.free_number() if held is None else held
        if number is None:
            return None
        if held in self.locked():
            self.refuse(f"{self.name(number)} is locked.")
            return None

        def change(draft: Draft) -> None:
            if held is None:
                draft.set_info(number, SegmentInfo(category, score=score))
            give(draft, region, number)

        return self.commit(
            title, change, (number,), limits=self.options.limits, nothing="Nothing there can be painted."
        )

    def contest(self, scribble: PlacedMask) -> Contest | None:
        """Returns who would hand pixels to whom by a scribble; None, said why, if nobody would.

        The first selected segment gets them, from the segment that was scribbled over most.

        Args:
            scribble: the pixels that were scribbled over.
        """
        numbers = self._free_selection("hand pixels to")
        if numbers is None:
            return None
        receiver = numbers[0]
        under = np.bincount(scribble.of(self.document.ids)[scribble.mask], minlength=1)
        under[0] = under[receiver : receiver + 1] = 0
        if not under.any():
            self.refuse(f"Scribble over a segment that is to give pixels to {self.name(receiver)}.")
            return None
        giver = int(under.argmax())
        if giver in self.locked():
            self.refuse(f"{self.name(giver)} is locked.")
            return None
        infos = [self.document.segments[number] for number in (receiver, giver)]
        has_stuff = any(self.is_stuff(info.category) or info.iscrowd for info in infos)
        boxes = [self.detection_boxes.get(number, self.document.box(number)) for number in (receiver, giver)]
        return Contest(giver, receiver, self.document.box(giver), () if has_stuff else tuple(boxes), scribble)

    @may_take_long("handing pixels over", _by_pixel(10))
    def hand_over(self, region: PlacedMask, giver: int, receiver: int) -> Edit | None:
        """Hands contested pixels over.

        Args:
            region: the pixels.
            giver: number of the segment that has them; what it has no longer stays as it is.
            receiver: number of the segment that gets them.
        """
        if receiver not in self.document.segments or receiver in self.locked():
            gone = receiver not in self.document.segments
            self.refuse(
                "The segment that was to get the pixels is gone." if gone else f"{self.name(receiver)} is locked."
            )
            return None
        held = PlacedMask(region.mask & (region.of(self.document.ids) == giver), region.origin)
        return self.commit(
            "Hand over pixels",
            lambda draft: give(draft, held, receiver),
            (receiver,),
            nothing="The pixels belong to others by now: scribble again.",
        )

    # ------------------------------------------------------------------------------------------------------------ void

    def propose_nearest(self, void: PlacedMask | None = None) -> Proposal:
        """Proposes for every void pixel the nearest segment that is not locked.

        Args:
            void: the pixels; all that are void if None.
        """
        return self.nearest_proposer(lambda ids: PlacedMask(ids == 0) if void is None else void)()

    def nearest_proposer(self, void_of: Callable[[Ids], PlacedMask]) -> Callable[[], Proposal]:
        """Returns what proposes that for the image as it is now, in whichever thread that is called.

        Args:
            void_of: returns the pixels, given the numbers of the image's.
        """
        ids, barred = self.document.ids.copy(), self.locked()
        heirs = {number: info.category for number, info in self.document.segments.items()}
        return lambda: replace(void_from_nearest(void_of(ids), ids, barred), heirs=heirs)

    @may_take_long("filling unlabelled pixels", _by_pixel(20))
    def fill_from_nearest(self, proposal: Proposal) -> Edit | None:
        """Fills void as :meth:`propose_nearest` proposed.

        Pixels stay as they are that are no longer void, or whose segment is gone, locked, or of another class.
        """
        return self._fill(lambda draft: give_by_number(draft, *self._still_void(proposal)))

    def propose_stuff(self, maps: NetworkMaps, void: PlacedMask | None = None) -> Proposal:
        """Proposes for every void pixel the stuff class that the network finds likeliest there.

        Args:
            maps: what the network says; without a map of next-best stuff nothing is proposed.
            void: the pixels; all that are void if None.
        """
        if maps.next_stuff is None:
            return Proposal.nothing()
        if void is None:
            void = PlacedMask(self.document.ids == 0)
        return void_from_stuff(void, maps.next_stuff, maps.stuff(self.labels))

    @may_take_long("filling unlabelled pixels", _by_pixel(30))
    def fill_with_stuff(self, proposal: Proposal, maps: NetworkMaps) -> Edit | None:
        """Fills void as :meth:`propose_stuff` proposed; each class joins the segment that has it, or becomes one."""
        parts = [(int(maps.category_of[label]), region) for label, region in proposal.by_value().items()]
        new = {category for category, _ in parts if self.stuff_segment(category) is None}
        if new and self.free_number(len(new)) is None:
            return None

        def change(draft: Draft) -> None:
            for category, region in parts:
                number = self.stuff_segment(category)
                if number is None:
                    number = self.document.new_number()
                    draft.set_info(number, SegmentInfo(category))
                give(draft, PlacedMask(region.mask & (region.of(self.document.ids) == 0), region.origin), number)

        return self._fill(change)

    def _still_void(self, proposal: Proposal) -> tuple[PlacedMask, Ids]:
        region, segments, locked = proposal.region, self.document.segments, self.locked()
        true = [
            number
            for number, category in proposal.heirs.items()
            if number in segments and number not in locked and segments[number].category == category
        ]
        is_true = np.zeros(MOST_SEGMENTS + 1, np.bool_)
        is_true[true] = True
        mask = region.mask & is_true[proposal.values] & (region.of(self.document.ids) == 0)
        return PlacedMask(mask, region.origin), proposal.values

    def _fill(self, change: Callable[[Draft], object]) -> Edit | None:
        return self.commit("Fill unlabelled pixels", change, nothing="No unlabelled pixel can be filled.")


def _pixels_around(points: Sequence[Point], size: tuple[int, int]) -> float:
    """Returns how many pixels of an image the smallest box around some points has, about."""
    xs, ys = zip(*points, strict=True)
    width = min(max(xs), size[1]) - max(min(xs), 0)
    height = min(max(ys), size[0]) - max(min(ys), 0)
    return max(width, 0.0) * max(height, 0.0)


def _pixels(radius: float) -> str:
    return f"{radius:g} pixel{'' if radius == 1 else 's'}"
