"""What every command of the editor works with: the document, the selection, the options, and how an edit is made."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from psygnal import Signal

from lpsnet_studio.annotator.document import Document
from lpsnet_studio.annotator.draft import Draft, Limits
from lpsnet_studio.annotator.edit_history import EditHistory
from lpsnet_studio.annotator.editor_options import EditorOptions, Target
from lpsnet_studio.annotator.edits import Edit, SegmentInfo
from lpsnet_studio.annotator.elsewhere import Elsewhere
from lpsnet_studio.annotator.extents import MOST_SEGMENTS, Box
from lpsnet_studio.annotator.labels import Label, LabelSet
from lpsnet_studio.annotator.placed_mask import Ids, PlacedMask
from lpsnet_studio.annotator.recent_classes import RecentClasses
from lpsnet_studio.annotator.regions import segment_mask
from lpsnet_studio.annotator.stroke_in_hand import Stroke

__all__ = ["EditorCore", "give", "give_by_number"]

_RADII = (0.5, 500.0)

C = TypeVar("C", bound="EditorCore")


class EditorCore:
    """The state of editing one image, and the one way in which an edit comes about.

    Args:
        document: the image's segmentation.
        labels: the project's classes.
        history: of the document; its own if None.
        journal: is told every finished edit before anything else is.

    Attributes:
        document: the image's segmentation.
        history: of the document.
        elsewhere: does what takes long; at once unless its ``work`` is set.
        detection_boxes: the box of the detection that a segment came from, by number, where it is known.
        stroke: the stroke in hand, if any.
    """

    selection_changed = Signal()
    options_changed = Signal()
    labels_changed = Signal()
    refused = Signal(str)
    """Why a command was not done, in a sentence."""
    edited = Signal(Edit)
    """An edit was finished and journaled."""
    stepped = Signal()
    """An edit was finished, undone or redone: what can be undone changed."""

    def __init__(
        self,
        document: Document,
        labels: LabelSet,
        history: EditHistory | None = None,
        journal: Callable[[Edit], None] = lambda edit: None,
    ) -> None:
        self.document = document
        self.history = EditHistory(document) if history is None else history
        self.detection_boxes: Mapping[int, Box] = {}
        self.stroke: Stroke | None = None
        self.elsewhere = Elsewhere()
        self.report: Callable[[float], None] = lambda fraction: None
        """Takes how far a command is, 0 … 1; ends it by an exception if it is in vain."""
        self._journal = journal
        self._labels = labels
        self._selection: tuple[int, ...] = ()
        self._begun_segments: list[int] = []
        """The segment that strokes have begun since something else was selected, or another was to be begun."""
        self._options = EditorOptions()
        self._recent = RecentClasses()
        self._read_classes()
        document.changed.connect(self._drop_what_is_gone)

    # ---------------------------------------------------------------------------------------------- what is turned on

    @property
    def labels(self) -> LabelSet:
        """The project's classes."""
        return self._labels

    @labels.setter
    def labels(self, labels: LabelSet) -> None:
        self._labels = labels
        self._read_classes()
        self._recent = self._recent.still_there(labels)
        self.set_options(category=labels.resolve(self._options.category or 0) or None)
        self.labels_changed.emit()

    def _read_classes(self) -> None:
        """Has the classes of segments read as they are called today, in the document and in all that can be undone.

        So a class that was merged into another is that one everywhere, whenever it was merged, and no edit says so.
        """
        self.document.read_as(self._labels.current)
        self.history.read_as(self._labels.current)

    @property
    def options(self) -> EditorOptions:
        """What the tools are set to."""
        return self._options

    def set_options(self, **changes: Any) -> None:
        """Changes some options, named as the fields of :class:`EditorOptions`; a radius is brought into its range."""
        options = replace(self._options, **changes)
        low, high = _RADII
        options = replace(options, radius=min(max(options.radius, low), high))
        if options != self._options:
            self._options = options
            self.options_changed.emit()

    @property
    def recent(self) -> tuple[int, ...]:
        """Category ids that were used last, the latest first; at most one for each digit."""
        return self._recent.latest

    def use_category(self, category: int) -> None:
        """Makes a class the one of new segments, and the latest of the recent ones."""
        self._recent = self._recent.used(category)
        self.set_options(category=category)
        self.options_changed.emit()

    # ------------------------------------------------------------------------------------------------------ selection

    @property
    def selection(self) -> tuple[int, ...]:
        """Numbers of the selected segments, in the order in which they were selected."""
        return self._selection

    def select(self, numbers: Iterable[int]) -> None:
        """Selects segments; numbers that do not exist, and void, are left out."""
        chosen = tuple(dict.fromkeys(number for number in numbers if number in self.document.segments))
        if chosen != self._selection:
            self._selection, self._begun_segments = chosen, []
            self.selection_changed.emit()

    def begin_another(self) -> None:
        """Lets the next stroke begin a segment, whatever is selected."""
        self.select(())
        self._begun_segments = []

    def toggle(self, number: int) -> None:
        """Adds a segment to the selection, or takes it out."""
        if number in self._selection:
            self.select(other for other in self._selection if other != number)
        else:
            self.select((*self._selection, number))

    def number_at(self, x: float, y: float) -> int:
        """Returns the number under a point in image coordinates; 0 for void and outside the image."""
        height, width = self.document.size
        if not (0 <= x < width and 0 <= y < height):
            return 0
        return int(self.document.ids[int(y), int(x)])

    @property
    def target(self) -> Target:
        """What painting tools paint next: the first selected segment, else what becomes of the chosen class."""
        if self._selection:
            return Target(self._selection[0], self.document.segments[self._selection[0]].category)
        category = self._options.category
        if category is None or category not in self._labels.by_id:
            return Target(None, None)
        return Target(self.stuff_segment(category), category)

    @property
    def target_words(self) -> str:
        """What painting tools paint next, such as ``person #2`` or ``a new car``; empty while no class is chosen."""
        target = self.target
        if target.category is None:
            return ""
        return f"a new {self.category_name(target.category)}" if target.number is None else self.name(target.number)

    def _drop_what_is_gone(self) -> None:
        """Selects, and paints inside, nothing that does not exist any more."""
        self.select(self._selection)
        if self._options.only_inside not in self.document.segments:
            self.set_options(only_inside=None)

    # ---------------------------------------------------------------------------------------------------------- names

    def label(self, number: int) -> Label | None:
        """Returns a segment's class; None if the label set does not know it."""
        return self._labels.by_id.get(self.document.segments[number].category)

    def name(self, number: int) -> str:
        """Returns a segment's name for people, such as ``person #12``."""
        return f"{self.category_name(self.document.segments[number].category)} #{number}"

    def category_name(self, category: int) -> str:
        """Returns a class's name by its id."""
        return self._labels.name_of(category)

    def is_stuff(self, category: int) -> bool:
        """Whether a class, given by its id, is stuff."""
        label = self._labels.by_id.get(category)
        return label is not None and not label.isthing

    def locked(self) -> frozenset[int]:
        """Returns the numbers of the locked segments."""
        return frozenset(number for number, info in self.document.segments.items() if info.locked)

    def box_pixels(self, numbers: Iterable[int]) -> int:
        """Returns how many pixels the boxes of some segments have: what a look at these segments costs."""
        boxes = [self.document.box(number) for number in numbers]
        return sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in boxes)

    def pixels(self, number: int) -> PlacedMask:
        """Returns the pixels of a segment."""
        return segment_mask(self.document.ids, number, self.document.box(number))

    def stuff_segment(self, category: int, besides: Collection[int] = ()) -> int | None:
        """Returns the segment that holds a stuff class already, the largest unlocked if several do; None if none does.

        A COCO panoptic image has one segment for each stuff class: what becomes of it joins that, unless it is locked.
        """
        if not self.is_stuff(category):
            return None
        held = [
            (not info.locked, self.document.area(number), -number)
            for number, info in self.document.segments.items()
            if info.category == category and not info.iscrowd and number not in besides
        ]
        return -max(held)[2] if held else None

    # ---------------------------------------------------------------------------------------------------------- edits

    def refuse(self, sentence: str) -> None:
        """Says why a command is not done."""
        self.refused.emit(sentence)

    def is_busy(self) -> bool:
        """Whether something is computed that the next edit has to wait for; then that is said."""
        self.elsewhere.catch_up()
        doing = self.elsewhere.doing
        if doing:
            way_out = "." if self.elsewhere.finishes else ", or press Esc to give that up."
            self.refuse(f"The Studio is still {doing}: wait a moment{way_out}")
        return bool(doing)

    def give_up(self) -> bool:
        """Gives up what is computed, and the stroke in hand; returns whether something was computed in vain.

        The edits of strokes that were let go of are made all the same, at once.
        """
        is_in_vain = False
        while self.elsewhere.doing:
            is_in_vain |= self.elsewhere.give_up()
        self.cancel_stroke()
        return is_in_vain

    def do_elsewhere(self: C, doing: str, command: Callable[[C], object]) -> None:
        """Gives a command to a twin of this editor outside the thread, and makes here the edit that comes of it.

        Args:
            doing: what it does, in words such as ``deleting segments``.
            command: makes one edit at most, or is refused.
        """
        set_to = self._selection, self._options, self._recent  # which may change before the twin is made

        def compute(report: Callable[[float], None]) -> tuple[C, Edit | None, list[str]]:
            edits: list[Edit] = []
            refusals: list[str] = []
            twin = object.__new__(type(self))
            EditorCore.__init__(twin, self.document.twin(), self._labels, journal=edits.append)
            twin.detection_boxes, twin.report = self.detection_boxes, report
            twin._selection, twin._options, twin._recent = set_to
            twin.refused.connect(refusals.append)
            command(twin)
            return twin, edits[0] if edits else None, refusals

        def take(made: tuple[C, Edit | None, list[str]]) -> None:
            twin, edit, refusals = made
            for sentence in refusals:
                self.refuse(sentence)
            if edit is not None:
                self.document.apply(edit)
                self.take(edit)
            if edit is not None and twin.options.category not in (None, self._options.category):
                self.use_category(twin.options.category)

        self.cancel_stroke()
        self.elsewhere.begin(doing, compute, take)

    def begin(self, title: str, number: int | None = None, givers: Collection[int] = ()) -> Stroke | None:
        """Begins a stroke into what painting tools paint; it waits for what is computed now, and is not refused for it.

        Args:
            title: what undo will call it.
            number: the segment that gains the pixels, 0 for void; None for the one that painting tools paint.
            givers: numbers of the segments that alone lose pixels; any if there are none.

        Returns:
            The stroke; None if it was refused.
        """
        self.elsewhere.catch_up()
        self.cancel_stroke()
        limits = self._options.limits if number is None or number else Limits()
        chosen = self._selection[0] if number is None and self._selection else number
        begun, category = self._begun_segments, self._options.category
        stroke = Stroke(self, lambda: self._begun(title, chosen, category, limits, begun), givers)
        self.stroke = stroke
        self.elsewhere.when_free(stroke.start, is_kept=True)
        return stroke if stroke.is_open else None

    def _begun(
        self, title: str, number: int | None, category: int | None, limits: Limits, begun: list[int]
    ) -> tuple[Draft, int] | None:
        """Begins the edit of a stroke; None if that was refused."""
        if number is None:  # strokes may have waited for each other, of which the first one begins the segment
            number = next((each for each in begun if each in self.document.segments), None)
        if number is not None and number and number not in self.document.segments:
            self.refuse("The segment that was to be painted is gone.")
            return None
        if number is None:
            number = self._number_of_new(category)
        if number is None:
            return None
        if number in self.locked():
            self.refuse(f"{self.name(number)} is locked.")
            return None
        draft = self.document.draft(title, limits)
        if number and number not in self.document.segments:
            assert category is not None
            draft.set_info(number, SegmentInfo(category))
            begun.append(number)
        return draft, number

    def _number_of_new(self, category: int | None) -> int | None:
        """Returns the number that the next new segment has; None if that was refused."""
        if category is None or category not in self._labels.by_id:
            self.refuse("Choose a class for the new segment first.")
            return None
        held = self.stuff_segment(category)
        return self.free_number() if held is None else held

    def free_number(self, count: int = 1) -> int | None:
        """Returns the number of the next new segment; None, said why, if an image cannot have so many more."""
        if len(self.document.segments) + count > MOST_SEGMENTS:
            self.refuse(f"An image holds at most {MOST_SEGMENTS:,} segments.")
            return None
        return self.document.new_number()

    def cancel_stroke(self) -> bool:
        """Cancels the stroke in hand; returns whether there was one."""
        if self.stroke is None:
            return False
        self.stroke.cancel()
        return True

    def waits_for_stroke(self, deed: Callable[[], object]) -> bool:
        """Whether a stroke that was let go of is still being finished.

        Something is then done right after it, to what is selected now.
        """
        if self.elsewhere.finishes:
            self.do_when_free(deed)
            return True
        return False

    def do_when_free(self, deed: Callable[[], object], *, is_kept: bool = False) -> None:
        """Does something once nothing is computed any more, to what is selected now; see :class:`Elsewhere`."""
        chosen = self._selection

        def act() -> None:
            if chosen:
                self.select(chosen)
            deed()

        self.elsewhere.when_free(act, is_kept=is_kept)

    def commit(
        self,
        title: str,
        change: Callable[[Draft], Any],
        selected: Iterable[int] | None = None,
        *,
        limits: Limits | None = None,
        nothing: str = "Nothing changed.",
    ) -> Edit | None:
        """Makes one edit.

        Args:
            title: what undo will call it.
            change: paints and tells the draft.
            selected: what is selected after it; what is selected now if None.
            limits: where it may paint; anywhere if None.
            nothing: what to say if the edit changes nothing.

        Returns:
            The edit; None if nothing changed.
        """
        if self.waits_for_stroke(lambda: self.commit(title, change, selected, limits=limits, nothing=nothing)):
            return None
        if self.is_busy():
            return None
        self.cancel_stroke()
        chosen = tuple(self.selection if selected is None else selected)
        with self.document.draft(title, limits or Limits()) as draft:
            change(draft)
            edit = self.take(draft.finish(chosen))
        if edit is None:
            self.refuse(nothing)
        return edit

    def take(self, edit: Edit | None, *, selects: bool = True) -> Edit | None:
        """Journals a finished edit, notes it in the history, and tells of it.

        Args:
            edit: the edit; None if nothing changed.
            selects: whether what is to be selected after it is selected now.
        """
        if edit is None:
            self._drop_what_is_gone()
            return None
        self._journal(edit)
        self.history.record(edit)
        if selects:
            self.select(edit.selected)
        made = [after for before, after in edit.segments.values() if before is None and after is not None]
        for info in made:
            if info.category in self._labels.by_id:
                self.use_category(info.category)
        self.edited.emit(edit)
        self.stepped.emit()
        return edit

    def undo(self) -> Edit | None:
        """Takes back the last edit, or cancels the stroke in hand; returns the edit, None if there was none."""
        if self.cancel_stroke() or self.waits_for_stroke(self.undo) or self.is_busy():
            return None
        return self._step(self.history.undo, "undo")

    def redo(self) -> Edit | None:
        """Makes again the edit that was taken back last; returns it, None if there was none."""
        self.cancel_stroke()
        if self.waits_for_stroke(self.redo) or self.is_busy():
            return None
        return self._step(self.history.redo, "redo")

    def _step(self, step: Callable[[], Edit | None], verb: str) -> Edit | None:
        place = self.history.missing(redo=verb == "redo")
        if place is not None and self.elsewhere.work is not None:
            self._fetch(place, lambda: self._step(step, verb), verb)
            return None
        try:
            edit = step()
        except (OSError, ValueError) as error:
            self.refuse(f"Cannot {verb}: {error}")
            return None
        if edit is None:
            self.refuse(f"There is nothing to {verb}.")
            return None
        self.select(edit.selected or self.selection)
        self.stepped.emit()
        return edit

    def _fetch(self, place: int, step: Callable[[], object], verb: str) -> None:
        """Reads an edit that was forgotten, outside the thread, and goes on."""
        fetch = self.history.fetch
        assert fetch is not None

        def read(_report: Callable[[float], None]) -> Edit | Exception:
            try:
                return fetch(place)
            except (OSError, ValueError) as error:
                return error

        def take(outcome: Edit | Exception) -> None:
            if isinstance(outcome, Exception):
                self.refuse(f"Cannot {verb}: {outcome}")
            else:
                self.history.put_back(place, outcome)
                step()

        self.elsewhere.begin("reading an earlier edit", read, take)


def give(draft: Draft, region: PlacedMask, number: int) -> int:
    """Paints the pixels of a region with a number and returns how many changed."""
    return draft.put(region.mask, region.origin, number)


def give_by_number(draft: Draft, region: PlacedMask, numbers: Ids) -> int:
    """Paints every pixel of a region with its own number and returns how many changed.

    Args:
        draft: what to paint in.
        region: the pixels.
        numbers: for the region's window.
    """
    return draft.put_numbers(region.mask, region.origin, numbers)
