"""Commands on whole segments: merge, split, relabel, delete, lock; each makes exactly one edit or says why not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from lpsnet_studio.annotator.draft import Draft
from lpsnet_studio.annotator.editor_core import EditorCore, give, give_by_number
from lpsnet_studio.annotator.edits import Edit
from lpsnet_studio.annotator.long_commands import may_take_long
from lpsnet_studio.annotator.placed_mask import PlacedMask
from lpsnet_studio.annotator.regions import connected_parts, nearest_fill, split_by_line
from lpsnet_studio.annotator.strokes import Point

__all__ = ["Heir", "SegmentCommands", "selected_milliseconds"]

Heir = Literal["void", "neighbours"]
"""Who gets the pixels of what is taken away."""


def selected_milliseconds(nanoseconds: float) -> Callable[..., float]:
    """Returns how long a command takes that looks at the boxes of the selected segments, by the pixel."""
    return lambda editor, *_given, **_named: 1e-6 * nanoseconds * editor.box_pixels(editor.selection)


class SegmentCommands(EditorCore):
    """What can be done to the selected segments."""

    @may_take_long("merging segments", selected_milliseconds(25))
    def merge(self) -> Edit | None:
        """Makes the selected segments one: the one that was selected first, whose class it keeps."""
        numbers = self._free_selection("merge", at_least=2)
        if numbers is None:
            return None
        first, *others = numbers

        def change(draft: Draft) -> None:
            for place, number in enumerate(others):
                self.report(place / len(others))
                give(draft, self.pixels(number), first)

        return self.commit(f"Merge {len(numbers)} segments", change, (first,))

    @may_take_long("splitting a segment", selected_milliseconds(40))
    def split_parts(self) -> Edit | None:
        """Makes every part of the selected segment that does not touch the others a segment of its own."""
        number = self._one_free("split")
        if number is None:
            return None
        parts = connected_parts(self.pixels(number))
        if len(parts) < 2:
            self.refuse(f"{self.name(number)} is in one part; draw a line to cut it.")
            return None
        return self._split(number, parts[1:], f"Split into {len(parts)} parts")

    @may_take_long("cutting a segment", selected_milliseconds(80))
    def cut(self, line: Sequence[Point]) -> Edit | None:
        """Cuts the selected segment along a line; the larger half keeps the number.

        Args:
            line: ``(x, y)`` points in image coordinates.
        """
        number = self._one_free("cut")
        if number is None:
            return None
        halves = split_by_line(self.pixels(number), line)
        if halves is None:
            self.refuse(f"The line does not cut through {self.name(number)}.")
            return None
        return self._split(number, halves[1:], "Cut in two")

    def _split(self, number: int, parts: Sequence[PlacedMask], title: str) -> Edit | None:
        self.cancel_stroke()
        if self.free_number(len(parts)) is None:
            return None
        made = []
        with self.document.draft(title) as draft:
            for part in parts:
                new = self.document.new_number()
                draft.set_info(new, replace(self.document.segments[number], score=None))
                give(draft, part, new)
                made.append(new)
            return self.take(draft.finish((number, *made)))

    @may_take_long("joining segments of one class", lambda editor, category: editor.joining_milliseconds(category))
    def relabel(self, category: int) -> Edit | None:
        """Gives the selected segments another class; those of a stuff class become one with the segment that has it.

        Crowds that become stuff are none any more.

        Args:
            category: the class's id.
        """
        if category not in self.labels.by_id:
            self.refuse(f"The label set holds no class {category}.")
            return None
        numbers = self._free_selection("relabel")
        if numbers is None:
            return None
        joined, is_stuff = self._joined_into(category, numbers), self.is_stuff(category)
        if joined in self.locked():
            self.refuse(f"{self.name(joined)} is locked; unlock it to relabel others as that.")
            return None

        def change(draft: Draft) -> None:
            infos = {number: self.document.segments[number] for number in numbers}
            draft.set_infos(
                {
                    number: replace(info, category=category, score=None, iscrowd=info.iscrowd and not is_stuff)
                    for number, info in infos.items()
                    if info.category != category
                }
            )
            for place, number in enumerate(numbers if joined is not None else ()):
                self.report(place / len(numbers))
                if joined is not None and number != joined:
                    give(draft, self.pixels(number), joined)

        name = self.category_name(category)
        selected = numbers if joined is None else (joined,)
        edit = self.commit(f"Relabel as {name}", change, selected, nothing=f"The selection is {name} already.")
        if edit is not None:
            self.use_category(category)
        return edit

    def joining_milliseconds(self, category: int) -> float:
        """Returns about how long it takes to relabel what is selected: nothing unless pixels change hands."""
        return 25e-6 * self.box_pixels(self.selection) if self.is_stuff(category) else 0.0

    def _joined_into(self, category: int, numbers: Sequence[int]) -> int | None:
        """Returns the segment that segments of a stuff class become one with; None for things."""
        if not self.is_stuff(category):
            return None
        held = self.stuff_segment(category, besides=numbers)
        return numbers[0] if held is None else held

    @may_take_long("deleting segments", lambda editor, to="void": editor.deleting_milliseconds(to))
    def delete(self, to: Heir = "void") -> Edit | None:
        """Takes the selected segments away; their pixels become void, or go to the nearest segment each."""
        numbers = self._free_selection("delete")
        if numbers is None:
            return None
        barred = self.locked().union(numbers)

        def change(draft: Draft) -> None:
            shares = []
            if to == "neighbours":
                regions = self._together(numbers)
                for place, region in enumerate(regions):
                    self.report(place / len(regions))
                    shares.append(nearest_fill(self.document.ids, region, barred))
            for region, heirs in shares:
                give_by_number(draft, region, heirs)
            draft.set_infos(dict.fromkeys(numbers))

        what = "segment" if len(numbers) == 1 else f"{len(numbers)} segments"
        return self.commit(f"Delete {what}" + (" to neighbours" if to == "neighbours" else ""), change, ())

    def deleting_milliseconds(self, to: Heir) -> float:
        """Returns about how long it takes to delete what is selected."""
        return (25e-6 if to == "void" else 150e-6) * self.box_pixels(self.selection)

    def _together(self, numbers: Sequence[int]) -> list[PlacedMask]:
        """Returns the pixels of segments: all in one mask where that is no larger than a mask for each."""
        parts = [self.pixels(number) for number in numbers]
        corners = np.array([part.window for part in parts])
        height, width = corners[:, 2:].max(axis=0) - corners[:, :2].min(axis=0)
        is_smaller = int(height) * int(width) <= sum(part.mask.size for part in parts)
        return [PlacedMask.union(parts)] if is_smaller else parts

    def set_locked(self, locked: bool) -> Edit | None:
        """Locks the selected segments, so that they neither lose nor gain pixels, or unlocks them."""
        word = "Lock" if locked else "Unlock"
        return self._mark(f"{word} {{}}", f"The selection is {word.lower()}ed already.", locked=locked)

    def set_crowd(self, iscrowd: bool) -> Edit | None:
        """Marks the selected segments as crowd regions, or as ordinary ones; COCO has crowds of things alone."""
        infos = {number: self.document.segments[number] for number in self.selection}
        stuff = [number for number, info in infos.items() if self.is_stuff(info.category)]
        if iscrowd and stuff:
            self.refuse(f"{self.name(stuff[0])} is stuff: only things can be crowds.")
            return None
        word = "crowd" if iscrowd else "no crowd"
        return self._mark(f"Mark {{}} as {word}", f"The selection is {word} already.", iscrowd=iscrowd)

    def _mark(self, title: str, nothing: str, **marks: bool) -> Edit | None:
        if not self.selection:
            self.refuse("Select a segment first.")
            return None

        def change(draft: Draft) -> None:
            draft.set_infos({number: replace(self.document.segments[number], **marks) for number in self.selection})

        count = len(self.selection)
        what = "segment" if count == 1 else f"{count} segments"
        return self.commit(title.format(what), change, nothing=nothing)

    def new_instance(self, category: int | None = None) -> None:
        """Lets the next stroke begin a segment of its own.

        Args:
            category: its class; that of the selected segment, or the one chosen last, if None.
        """
        self.cancel_stroke()
        if category is None and self.selection:
            category = self.document.segments[self.selection[0]].category
        if category is not None and category in self.labels.by_id:
            self.use_category(category)
        self.begin_another()
        if self.options.category is None:
            self.refuse("Choose a class for the new segment first.")

    def keep_inside(self, on: bool) -> None:
        """Lets painting tools paint inside the first selected segment alone, or anywhere."""
        if on and not self.selection:
            self.refuse("Select a segment first: it is painted inside that one alone then.")
            return
        self.set_options(only_inside=self.selection[0] if on else None)

    # -------------------------------------------------------------------------------------------------------- helpers

    def _free_selection(self, verb: str, at_least: int = 1) -> tuple[int, ...] | None:
        """Returns the selected segments; None, said why, if they are too few or one is locked."""
        if len(self.selection) < at_least:
            few = "a segment" if at_least == 1 else "two or more segments"
            self.refuse(f"Select {few} to {verb}.")
            return None
        held = [number for number in self.selection if self.document.segments[number].locked]
        if held:
            self.refuse(f"{self.name(held[0])} is locked; unlock it to {verb} it.")
            return None
        return self.selection

    def _one_free(self, verb: str) -> int | None:
        """Returns the one selected segment; None, said why, if it is not one, or locked."""
        if len(self.selection) > 1:
            self.refuse(f"Select a single segment to {verb}.")
            return None
        numbers = self._free_selection(verb)
        return None if numbers is None else numbers[0]
