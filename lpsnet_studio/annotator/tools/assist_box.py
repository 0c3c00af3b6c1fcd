"""Drawing a box to which the parameter-free head gives a mask, and adopting what its merge discarded."""

from __future__ import annotations

import numpy as np

from lpsnet.structures import MergeStep
from lpsnet_studio.annotator.assist import (
    ClassShare,
    NetworkMaps,
    box_pixels,
    classes_in_box,
    discarded_under,
    pixels_of_step,
)
from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.placed_mask import PlacedMask
from lpsnet_studio.annotator.strokes import Point
from lpsnet_studio.annotator.tools.base import NO_MODIFIERS, MaskShape, Modifiers, Preview, Tool
from lpsnet_studio.annotator.tools.outlines import BoxTool

__all__ = ["AdoptTool", "AssistBoxTool"]


class AssistBoxTool(BoxTool):
    """A box gets the pixels of its class inside it, live; Enter takes the likeliest class, a digit another.

    Args:
        editor: of the image.
        maps: what the network says of it; None while it has said nothing.
    """

    name = "Assisted box"

    def __init__(self, editor: Editor, maps: NetworkMaps | None = None) -> None:
        super().__init__(editor)
        self._maps = maps
        self._drawing = False
        self._choices: tuple[ClassShare, ...] = ()
        self._chosen = 0

    @property
    def maps(self) -> NetworkMaps | None:
        """What the network says of the image."""
        return self._maps

    @maps.setter
    def maps(self, maps: NetworkMaps | None) -> None:
        self._maps = maps
        self.cancel()

    @property
    def choices(self) -> tuple[int, ...]:
        """Category ids that the box may be of, the likeliest first."""
        return () if self._maps is None else tuple(int(self._maps.category_of[share.label]) for share in self._choices)

    @property
    def chosen(self) -> int | None:
        """Category id that the box is of for now."""
        return self.choices[self._chosen] if self._choices else None

    @property
    def region(self) -> PlacedMask:
        """The pixels that the box would get."""
        if self._maps is None or self.corner is None or self.opposite is None or not self._choices:
            return PlacedMask.nothing()
        return box_pixels(self._maps.labels, self._choices[self._chosen].label, (*self.corner, *self.opposite))

    @property
    def hint(self) -> str:
        """What the tool expects next."""
        if self._maps is None:
            return "The network has not seen this image yet"
        if self.corner is None:
            return "Drag a box around an instance, or click two corners"
        if self._drawing and self._pressed is None:
            return "Click the opposite corner; Esc gives up"
        if not self._choices:
            return "The network finds no thing in this box; Esc gives up"
        name = self.editor.category_name(self.choices[self._chosen])
        others = len(self._choices) - 1
        further = f", 1–{min(others + 1, 9)} for another class" if others else ""
        return f"Enter makes it a {name}{further}; another box takes its place, Esc gives up"

    @property
    def preview(self) -> tuple[Preview, ...]:
        """The box, and the mask that it would get."""
        region = self.region
        return super().preview if region.is_empty else (*super().preview, MaskShape(region, self.chosen))

    def press(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Begins another box."""
        if self._maps is None:
            self.editor.refuse("The network has not seen this image yet.")
            return
        if not self._drawing:
            self.cancel()
            self._drawing = True
        super().press(point)
        self.move(point)

    def move(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Moves the opposite corner, and shows the mask that the box would get."""
        if self._drawing and self._maps is not None and self.corner is not None:
            self.opposite = point
            things = self._maps.things(self.editor.labels)
            self._choices = classes_in_box(self._maps.labels, (*self.corner, *point), things)
            self.changed.emit()

    def take_corners(self, corner: Point, opposite: Point) -> None:
        """Leaves the box as it is until it is accepted."""
        self._drawing = False

    def double_click(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Accepts the box, if it has both corners."""
        if not self._drawing:
            self.accept()

    def key(self, key: str) -> bool:
        """Enter accepts the likeliest class, a digit picks another and accepts it."""
        if key == "enter" and self._choices:
            self.accept()
            return True
        if key.isdecimal() and 1 <= int(key) <= len(self._choices):
            self._chosen = int(key) - 1
            self.accept()
            return True
        return super().key(key)

    def accept(self, category: int | None = None) -> None:
        """Makes the box's mask a new segment.

        Args:
            category: its class if not one of :attr:`choices`, such as from the palette; its mask stays the same.
        """
        region, chosen = self.region, self.chosen
        if chosen is None or region.is_empty:
            return
        self.cancel()
        self.editor.adopt(region, chosen if category is None else category, title=self.name)

    def cancel(self) -> bool:
        """Forgets the box."""
        self._drawing, self._choices, self._chosen = False, (), 0
        return super().cancel()


class AdoptTool(Tool):
    """A click on a detection that the merge discarded makes it a segment; further clicks go on to those beneath.

    Args:
        editor: of the image.
        maps: what the network says of it.
    """

    name = "Adopt"

    def __init__(self, editor: Editor, maps: NetworkMaps | None = None) -> None:
        super().__init__(editor)
        self.maps = maps
        self._under: tuple[MergeStep, ...] = ()

    @property
    def hint(self) -> str:
        """What the tool expects next."""
        if self.maps is None or self.maps.trace is None:
            return "The network has not seen this image yet"
        if not self._under:
            return "Point at a discarded detection"
        step = self._under[0]
        name = self.editor.category_name(int(self.maps.category_of[step.label]))
        return f"Click to adopt this {name} ({step.score:.2f})"

    @property
    def preview(self) -> tuple[Preview, ...]:
        """The pixels of the detection under the mouse."""
        if self.maps is None or not self._under:
            return ()
        step = self._under[0]
        region = pixels_of_step(self.maps.labels, step, self.editor.document.ids)
        return (MaskShape(region, int(self.maps.category_of[step.label])),)

    def move(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Finds what was discarded under the mouse."""
        if self.maps is not None and self.maps.trace is not None:
            under = tuple(step for step in discarded_under(self.maps.trace, *point) if not self._is_adopted(step))
            if [id(step) for step in under] != [id(step) for step in self._under]:
                self._under = under
                self.changed.emit()

    def press(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Adopts it."""
        self.move(point)
        if self.maps is None or not self._under:
            self.editor.refuse("No discarded detection lies here.")
            return
        step = self._under[0]
        region = pixels_of_step(self.maps.labels, step, self.editor.document.ids)
        category = int(self.maps.category_of[step.label])
        self.editor.adopt(region, category, score=step.score, title="Adopt a detection")
        self.move(point)
        self.changed.emit()

    def _is_adopted(self, step: MergeStep) -> bool:
        """Whether the pixels of a detection are one segment of its class already."""
        assert self.maps is not None
        document = self.editor.document
        region = pixels_of_step(self.maps.labels, step, document.ids)
        held = np.unique(region.of(document.ids)[region.mask]).tolist()
        if len(held) != 1 or held[0] == 0:
            return False
        same_class = document.segments[held[0]].category == int(self.maps.category_of[step.label])
        return same_class and document.area(held[0]) == region.area
