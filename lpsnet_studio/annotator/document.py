"""The segmentation of one image while it is corrected: an id map and a table that always belong together; no Qt.

Every pixel has one number, so segments cannot overlap; 0 is void. Whatever changes is a reversible
:class:`~lpsnet_studio.annotator.edits.Edit`, made by a :class:`~lpsnet_studio.annotator.draft.Draft`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from lpsnet.categories import Categories
from lpsnet.structures import PanopticSegmentation, Segment
from lpsnet_studio.annotator.draft import Draft, Limits, Sheet, set_entry
from lpsnet_studio.annotator.edits import Edit, SegmentInfo
from lpsnet_studio.annotator.extents import MOST_SEGMENTS, Box, Extent, Numbers, measure
from lpsnet_studio.annotator.settling import settled_extents

__all__ = ["Document", "Draft", "Limits", "SegmentInfo"]


class Document:
    """The numbers of an image's pixels, and the table of its segments.

    Args:
        ids: ``[H, W]`` integers, 0 is void; they are copied. Ids above 65535 are given new numbers, see
            :attr:`number_of`.
        segments: what is known of every id that occurs, and of no other.

    Raises:
        ValueError: if an id has no segment, a segment has no pixel, an id is negative, or there are more than 65535.
    """

    painted = Signal(tuple)
    """Windows ``(y0, x0, y1, x1)`` whose pixels changed, while a draft is made too."""
    changed = Signal(Edit)
    """An edit was finished, made again, or taken back; the latter tells its inverse."""
    segments_changed = Signal()
    """The table, an area or a box changed."""

    def __init__(self, ids: NDArray[np.integer[Any]], segments: Mapping[int, SegmentInfo]) -> None:
        numbers, self.number_of = _numbered(ids, segments)
        extents = measure(numbers)
        infos = {self.number_of[identity]: info for identity, info in segments.items()}
        if absent := infos.keys() - extents.keys():
            identity = min(identity for identity, number in self.number_of.items() if number in absent)
            raise ValueError(f"segment {identity} has no pixel in the id map")
        if strange := extents.keys() - infos.keys():
            raise ValueError(f"id {min(strange)} of the id map belongs to no segment")
        self._take(Sheet(numbers, infos, extents))

    def _take(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._shown_ids = sheet.ids.view()
        self._shown_ids.flags.writeable = False
        self._draft: Draft | None = None

    def twin(self) -> Document:
        """Returns a document of its own in the same state; any thread may ask, as long as nothing is edited."""
        twin = Document.__new__(Document)
        twin.number_of = self.number_of
        sheet = Sheet(self._sheet.ids.copy(), dict(self._sheet.segments), dict(self._sheet.extents))
        twin._take(sheet)
        return twin

    @property
    def ids(self) -> Numbers:
        """``[H, W]`` uint16 segment numbers, 0 is void; a view that cannot be written and that changes in place."""
        return self._shown_ids

    @property
    def changes(self) -> int:
        """How often anything began to change; whoever reads in another thread has read one state if it is the same."""
        return self._sheet.changes

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, in pixels."""
        return self._shown_ids.shape[0], self._shown_ids.shape[1]

    @property
    def segments(self) -> Mapping[int, SegmentInfo]:
        """What is known of every segment, by its number; it changes in place, while a draft is made too."""
        return MappingProxyType(self._sheet.segments)

    @property
    def extents(self) -> Mapping[int, Extent]:
        """Area and box of every segment, as of the last finished edit."""
        return MappingProxyType(self._sheet.extents)

    def area(self, number: int) -> int:
        """Returns how many pixels a segment has, as of the last finished edit; 0 if it does not exist."""
        extent = self._sheet.extents.get(number)
        return 0 if extent is None else extent.area

    def box(self, number: int) -> Box:
        """Returns the tight half-open box ``(x0, y0, x1, y1)`` of a segment, as of the last finished edit.

        Raises:
            KeyError: if the segment does not exist.
        """
        return self._sheet.extents[number].box

    def new_number(self) -> int:
        """Returns the smallest number above all that exist, or the smallest that is free.

        Raises:
            ValueError: if all 65535 are taken.
        """
        highest = max(self._sheet.segments, default=0)
        if highest < MOST_SEGMENTS:
            return highest + 1
        for number in range(1, MOST_SEGMENTS + 1):
            if number not in self._sheet.segments:
                return number
        raise ValueError(f"an image holds at most {MOST_SEGMENTS} segments")

    # ---------------------------------------------------------------------------------------------------------- edits

    @property
    def is_drafting(self) -> bool:
        """Whether an edit is in the making."""
        return self._draft is not None

    def draft(self, title: str, limits: Limits = Limits()) -> Draft:  # noqa: B008  (frozen)
        """Begins an edit, such as one drag of the brush.

        Args:
            title: what undo will call it.
            limits: where it may paint.

        Raises:
            RuntimeError: if another is in the making.
        """
        self._refuse_while_drafting()
        self._draft = Draft(self._sheet, title, limits, self.painted.emit, self.segments_changed.emit, self._end_draft)
        return self._draft

    def apply(self, edit: Edit) -> None:
        """Makes an edit that was taken back, or that the journal holds.

        Raises:
            ValueError: in a sentence, if it does not follow from how the document is; nothing is changed then.
            RuntimeError: while an edit is in the making.
        """
        self._refuse_while_drafting()
        self._refuse_unless_it_follows(edit)
        sheet = self._sheet
        parts = [] if edit.extents else list(edit.patch.parts(sheet.ids))
        sheet.changes += 1
        edit.patch.apply(sheet.ids)
        extents = edit.extents or settled_extents(sheet.ids, sheet.extents, parts)
        try:
            self._refuse_unless_complete(edit, extents)
        except ValueError:
            edit.patch.revert(sheet.ids)
            raise
        for number, (_, info) in edit.segments.items():
            set_entry(sheet.segments, number, info)
        for number, (_, extent) in extents.items():
            set_entry(sheet.extents, number, extent)
        if not edit.patch.is_empty:
            self.painted.emit(edit.patch.windows)
        self._tell(edit)

    def revert(self, edit: Edit) -> None:
        """Takes back the edit that was made last; raises as :meth:`apply` does."""
        self.apply(edit.inverse())

    def read_as(self, read: Callable[[SegmentInfo], SegmentInfo]) -> None:
        """Reads every entry of the table in another way from now on, which is no edit; edits must be read so too.

        Raises:
            RuntimeError: while an edit is in the making.
        """
        self._refuse_while_drafting()
        segments = self._sheet.segments
        changed = {number: now for number, info in segments.items() if (now := read(info)) != info}
        if changed:
            segments.update(changed)
            self.segments_changed.emit()

    def _refuse_while_drafting(self) -> None:
        if self._draft is not None:
            raise RuntimeError(f"the edit {self._draft.title!r} is not finished")

    def _refuse_unless_it_follows(self, edit: Edit) -> None:
        """Refuses an edit that begins from another document than this one."""
        if not edit.patch.fits(self.size):
            raise ValueError(
                f"the edit {edit.title!r} reaches beyond the image of {self.size[1]}×{self.size[0]} pixels"
            )
        for table, pairs in ((self._sheet.segments, edit.segments), (self._sheet.extents, edit.extents)):
            for number, (before, _) in pairs.items():
                if table.get(number) != before:
                    raise ValueError(f"the edit {edit.title!r} does not follow: segment {number} is not as it was")

    def _refuse_unless_complete(self, edit: Edit, extents: Mapping[int, tuple[Extent | None, Extent | None]]) -> None:
        """Refuses an edit after which a segment would have pixels and no entry, or an entry and no pixels."""
        for number in edit.segments.keys() | extents.keys():
            info = edit.segments[number][1] if number in edit.segments else self._sheet.segments.get(number)
            extent = extents[number][1] if number in extents else self._sheet.extents.get(number)
            if (info is None) != (extent is None):
                have = "an entry and no pixels" if extent is None else "pixels and no entry"
                raise ValueError(f"the edit {edit.title!r} does not follow: segment {number} would have {have}")

    def _end_draft(self, edit: Edit | None) -> None:
        self._draft = None
        self._tell(edit)

    def _tell(self, edit: Edit | None) -> None:
        self.segments_changed.emit()
        if edit is not None:
            self.changed.emit(edit)

    def is_consistent(self) -> bool:
        """Whether ids, table, areas and boxes belong together, measured from every pixel; not while drafting."""
        present = [int(number) for number in np.unique(self.ids) if number]
        if not present == sorted(self.segments) == sorted(self.extents):
            return False
        for number in present:
            rows, columns = np.nonzero(self.ids == number)
            box = (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
            if self.extents[number] != Extent(len(rows), box):
                return False
        return True

    # ---------------------------------------------------------------------------------------------------- segmentation

    def to_segmentation(self, categories: Categories) -> PanopticSegmentation:
        """Returns a copy as a panoptic segmentation, by ascending number.

        Raises:
            ValueError: if a segment's category is not among ``categories``.
        """
        segments = []
        for number, info in sorted(self.segments.items()):
            if info.category not in categories.index_of:
                raise ValueError(f"segment {number} has category {info.category}, which the label set does not hold")
            extent = self.extents[number]
            label = categories.index_of[info.category]
            segments.append(Segment(number, label, extent.area, extent.box, info.iscrowd, info.score))
        return PanopticSegmentation(self.ids.astype(np.int32), tuple(segments))

    @classmethod
    def from_segmentation(cls, segmentation: PanopticSegmentation, categories: Categories) -> Document:
        """Returns a document that begins as a segmentation, such as the network's result.

        Args:
            segmentation: its ids become the segments' numbers if none is above 65535.
            categories: those that its labels are indices into.

        Raises:
            ValueError: as the constructor does.
        """
        infos = {
            segment.id: SegmentInfo(categories[segment.label].id, segment.iscrowd, score=segment.score)
            for segment in segmentation.segments
        }
        return cls(segmentation.ids, infos)


def _numbered(ids: NDArray[np.integer[Any]], segments: Mapping[int, SegmentInfo]) -> tuple[Numbers, Mapping[int, int]]:
    """Returns an id map of uint16 numbers of its own, and the number of every id.

    Ids keep their numbers unless one is above 65535; then all are counted from 1, in the order of ``segments``.
    """
    ids = np.asarray(ids)
    if ids.ndim != 2 or not np.issubdtype(ids.dtype, np.integer):
        raise ValueError(f"an id map is [H, W] of whole numbers, not {list(ids.shape)} of {ids.dtype}")
    if len(segments) > MOST_SEGMENTS:
        raise ValueError(f"an image holds at most {MOST_SEGMENTS} segments, not {len(segments)}")
    lowest = min(int(ids.min(initial=0)), min(segments, default=1) - 1)
    if lowest < 0:
        raise ValueError(f"ids are above 0, and 0 is void; {lowest} is neither")
    if max(int(ids.max(initial=0)), max(segments, default=0)) <= MOST_SEGMENTS:
        return np.array(ids, np.uint16, order="C"), MappingProxyType({identity: identity for identity in segments})
    known = np.array([0, *sorted(segments)], np.int64)
    place = np.searchsorted(known, ids)
    strange = known[np.minimum(place, len(known) - 1)] != ids
    if strange.any():
        raise ValueError(f"id {int(ids[strange].min())} of the id map belongs to no segment")
    number_of = {identity: number for number, identity in enumerate(segments, start=1)}
    table = np.array([0, *(number_of[identity] for identity in sorted(segments))], np.uint16)
    return table[place], MappingProxyType(number_of)
