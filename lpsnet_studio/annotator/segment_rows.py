"""The segments of a document as rows of a table: what they say, which are wanted, which are chosen; no Qt."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from lpsnet_studio.annotator.draft import Draft
from lpsnet_studio.annotator.editor import Editor

__all__ = [
    "AREA",
    "CROWD",
    "LOCK",
    "NAME",
    "SCORE",
    "SegmentRow",
    "chosen_after",
    "count_words",
    "is_wanted",
    "rows_of",
    "set_locked",
    "share_words",
    "sort_value",
    "unlabelled",
    "void_words",
]

NAME, AREA, SCORE, CROWD, LOCK = range(5)
"""The columns."""

Kind = Literal["thing", "stuff", "unknown"]


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One segment.

    Attributes:
        number: of the segment.
        category: the id of its class.
        class_name: of its class.
        kind: of its class; unknown if the label set has no such class.
        area: in pixels.
        share: of the image, 0 … 1.
        score: of the detection that it came from; None if it came from none.
        iscrowd: whether it is a crowd region.
        locked: whether it neither loses nor gains pixels.
    """

    number: int
    category: int
    class_name: str
    kind: Kind
    area: int
    share: float
    score: float | None
    iscrowd: bool
    locked: bool

    @property
    def name(self) -> str:
        """What the segment is called."""
        return f"{self.class_name} #{self.number}"


def rows_of(editor: Editor) -> tuple[SegmentRow, ...]:
    """Returns a row for every segment, by number."""
    document, labels = editor.document, editor.labels
    pixels = document.size[0] * document.size[1]
    rows = []
    for number, info in sorted(document.segments.items()):
        label, area = labels.by_id.get(info.category), document.area(number)
        kind: Kind = "unknown" if label is None else "thing" if label.isthing else "stuff"
        name = editor.category_name(info.category)
        rows.append(
            SegmentRow(
                number, info.category, name, kind, area, area / max(pixels, 1), info.score, info.iscrowd, info.locked
            )
        )
    return tuple(rows)


def is_wanted(row: SegmentRow, typed: str) -> bool:
    """Whether a row has every word that was typed: of its name, ``thing``, ``stuff``, ``crowd`` or ``locked``."""
    marks = [row.kind, *(["crowd"] if row.iscrowd else []), *(["locked"] if row.locked else [])]
    text = " ".join([row.name.casefold(), *marks])
    return all(word in text for word in typed.casefold().split())


def sort_value(row: SegmentRow, column: int) -> Any:
    """Returns what a column sorts a row by; marked segments come before the others."""
    values = {
        NAME: (row.class_name.casefold(), row.number),
        AREA: row.area,
        SCORE: row.score,
        CROWD: not row.iscrowd,
        LOCK: not row.locked,
    }
    return values[column]


def chosen_after(
    before: Sequence[int], marked: Collection[int], shown: Collection[int], *, adds: bool
) -> tuple[int, ...]:
    """Returns which segments are selected after the user marked rows, those selected before in the order they were.

    Args:
        before: what was selected.
        marked: the numbers in the rows that are marked now, from the top.
        shown: the numbers in all rows.
        adds: whether rows were added to what was selected or taken out of it: what the filter hides then stays.
    """
    stays = {number for number in before if number in marked or (adds and number not in shown)}
    return (*(number for number in before if number in stays), *(number for number in marked if number not in stays))


def set_locked(editor: Editor, numbers: Iterable[int], locked: bool) -> None:
    """Locks or unlocks segments whatever is selected, in one edit."""
    chosen = [number for number in numbers if editor.document.segments[number].locked != locked]
    if not chosen:
        return

    def change(draft: Draft) -> None:
        for number in chosen:
            draft.set_info(number, replace(editor.document.segments[number], locked=locked))

    what = "segment" if len(chosen) == 1 else f"{len(chosen)} segments"
    editor.commit(f"{'Lock' if locked else 'Unlock'} {what}", change)


def unlabelled(editor: Editor) -> int:
    """Returns how many pixels no segment has, as of the last finished edit."""
    height, width = editor.document.size
    return height * width - sum(extent.area for extent in editor.document.extents.values())


def share_words(share: float) -> str:
    """Returns a share of the image in percent; of what has a pixel at least, never 0.0."""
    return "0 %" if not share else f"{100 * share:.1f} %" if share >= 0.0005 else "< 0.1 %"


def count_words(editor: Editor, shown: int) -> str:
    """Returns how many segments there are, and how many of them the filter leaves and are selected."""
    count, selected = len(editor.document.segments), len(editor.selection)
    segments = "1 segment" if count == 1 else f"{count:,} segments"
    some = f"{shown:,} of {segments}" if shown != count else segments
    return f"{some}, {selected:,} selected" if selected > 1 else some


def void_words(editor: Editor) -> str:
    """Returns how many pixels no segment has, and which share of the image that is."""
    void, (height, width) = unlabelled(editor), editor.document.size
    if not void:
        return "no pixel unlabelled"
    pixels = "1 pixel" if void == 1 else f"{void:,} pixels"
    return f"{pixels} ({share_words(void / (height * width))}) unlabelled"
