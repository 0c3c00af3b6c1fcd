"""The table of merge steps: its rows, filters and order; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from lpsnet.structures import MergeStep, StepKind
from lpsnet_studio.inspector.wording import leftovers_words
from lpsnet_studio.state import Result
from lpsnet_studio.tables.sorting import Order, arranged, as_tsv

__all__ = ["COLUMNS", "FILTERS", "Column", "StepFilter", "StepRow", "StepsModel", "cell_text"]

StepFilter = Literal["all", "kept", "discarded", "empty", "contested"]
FILTERS: tuple[StepFilter, ...] = ("all", "kept", "discarded", "empty", "contested")
_LEFTOVERS = "leftovers"


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of the merge, as the table shows it.

    Attributes:
        index: of the step in the trace.
        name: of the class; ``leftovers`` for the last step.
        kind: what is pasted.
        score: the detection's; None for other steps.
        level: pyramid level 3 … 7; None for other steps and boxes of no level.
        candidates: pixels that it could take.
        overlap: share of them that earlier boxes held, 0 … 1; None for other steps and without candidates.
        verdict: what became of it; of leftovers, which get none, where they are.
        contested: pixels disputed with earlier boxes; None unless a detection was kept.
        gained: pixels that came to it at this step; None unless kept.
        final: pixels that are its own after the last step; None unless kept.
        owner: number in the owner map; 0 unless kept.
    """

    index: int
    name: str
    kind: StepKind
    score: float | None
    level: int | None
    candidates: int
    overlap: float | None
    verdict: str
    contested: int | None
    gained: int | None
    final: int | None
    owner: int

    @property
    def is_contested(self) -> bool:
        """Whether it disputed pixels."""
        return bool(self.contested)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table.

    Attributes:
        title: in the header.
        tip: one sentence about what it holds.
        field: of :class:`StepRow`.
        digits: after the point; None for words.
        widest: the longest text to expect, for the column's width.
    """

    title: str
    tip: str
    field: str
    digits: int | None
    widest: str


COLUMNS = (
    Column(
        "Step",
        "Place in the merge: boxes by descending score, then stuff classes, then leftovers.",
        "index",
        0,
        "▸ 00",
    ),
    Column("Class", "What is pasted; kept things carry their number.", "name", None, "person #00"),
    Column("Verdict", "What became of the step.", "verdict", None, "discarded"),
    Column("Score", "By which boxes are pasted, 0 to 1.", "score", 2, "0.00"),
    Column(
        "Overlap",
        "Share of the candidate pixels that earlier boxes held; above the threshold a box is discarded.",
        "overlap",
        2,
        "0.00",
    ),
    Column("Contested", "Pixels disputed with earlier boxes of the same class.", "contested", 0, "000,000"),
    Column("Gained", "Pixels that came to the segment at this step.", "gained", 0, "000,000"),
    Column("Final", "Pixels that are the segment's after the last step.", "final", 0, "000,000"),
    Column(
        "Candidates",
        "Pixels that the step could take: those of its class in its box, or free ones of a stuff class.",
        "candidates",
        0,
        "000,000",
    ),
    Column("Level", "Pyramid level that the box came from, P3 to P7.", "level", 0, "P0"),
    Column("Kind", "Detection, stuff or leftovers.", "kind", None, "detection"),
)


class StepsModel:
    """The steps of a merge, filtered and in an order.

    Attributes:
        shown: the rows that pass the filters, in the order asked for.
        order: by which column.
        kept_filter: which verdicts pass.
        text: what the class's name must contain, whatever the case; empty for any.
    """

    def __init__(self) -> None:
        self._rows: tuple[StepRow, ...] = ()
        self._place: dict[int, int] = {}
        self.shown: list[StepRow] = []
        self.order = Order()
        self.kept_filter: StepFilter = "all"
        self.text = ""

    def set_result(self, result: Result | None) -> None:
        """Takes the steps of a result; filters and order stay."""
        self._rows = () if result is None else _rows_of(result)
        self._arrange()

    def sort_by(self, order: Order) -> None:
        """Puts the rows into an order."""
        self.order = order
        self._arrange()

    def filter_by(self, kept_filter: StepFilter | None = None, text: str | None = None) -> None:
        """Lets only some rows pass; what is None stays as it is."""
        self.kept_filter = self.kept_filter if kept_filter is None else kept_filter
        self.text = self.text if text is None else text.strip()
        self._arrange()

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def counts(self) -> dict[StepFilter, int]:
        """How many steps each filter would let pass with the text as it is."""
        named = [row for row in self._rows if self._is_named(row)]
        return {name: sum(_passes(row, name) for row in named) for name in FILTERS}

    def place_of(self, index: int) -> int:
        """Returns at which place a step is shown; -1 if it is not."""
        return self._place.get(index, -1)

    def tsv(self) -> str:
        """Returns the rows shown, as tab-separated text with titles; numbers without separators."""
        titles = [column.title for column in COLUMNS]
        return as_tsv(titles, [[_plain(row, column) for column in COLUMNS] for row in self.shown])

    def _arrange(self) -> None:
        passing = [row for row in self._rows if _passes(row, self.kept_filter) and self._is_named(row)]
        self.shown = arranged(passing, self.order, _sort_value)
        self._place = {row.index: place for place, row in enumerate(self.shown)}

    def _is_named(self, row: StepRow) -> bool:
        return self.text.casefold() in row.name.casefold()


def cell_text(row: StepRow, column: Column) -> str:
    """Returns what a cell shows; empty where there is nothing to tell."""
    value = getattr(row, column.field)
    if value is None:
        return ""
    match column.field:
        case "index":
            return f"{value + 1:,}"
        case "name":
            return f"{value} #{row.owner}" if row.owner and row.kind is StepKind.DETECTION else value
        case "level":
            return f"P{value}"
    return f"{value:,.{column.digits}f}" if column.digits is not None else str(value)


def _plain(row: StepRow, column: Column) -> str:
    """Returns a cell for other programs: every digit, no separators."""
    value = getattr(row, column.field)
    if value is None or column.digits is None or column.field == "level":
        return cell_text(row, column)
    if column.field == "index":
        return str(value + 1)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _sort_value(row: StepRow, column: int) -> Any:
    value = getattr(row, COLUMNS[column].field)
    return value.casefold() if isinstance(value, str) else value


def _passes(row: StepRow, kept_filter: StepFilter) -> bool:
    if kept_filter == "contested":
        return row.is_contested
    return kept_filter == "all" or row.verdict == kept_filter


def _rows_of(result: Result) -> tuple[StepRow, ...]:
    areas = {segment.id: segment.area for segment in result.trace.segments}
    return tuple(_row(result, index, step, areas) for index, step in enumerate(result.trace.steps))


def _row(result: Result, index: int, step: MergeStep, areas: dict[int, int]) -> StepRow:
    is_detection = step.kind is StepKind.DETECTION
    won = sum(contest.won for contest in step.contests)
    return StepRow(
        index=index,
        name=_LEFTOVERS if step.label < 0 else result.categories[step.label].name,
        kind=step.kind,
        score=step.score if is_detection else None,
        level=(int(result.detections.level[step.detection]) or None) if is_detection else None,
        candidates=step.candidate_pixels,
        overlap=step.overlap if is_detection and step.candidate_pixels else None,
        verdict=leftovers_words(step.candidate_pixels) if step.kind is StepKind.LEFTOVERS else str(step.verdict),
        contested=step.contested_pixels if is_detection and step.owner else None,
        gained=step.candidate_pixels - step.overlap_pixels + won if step.owner else None,
        final=areas.get(step.owner, 0) if step.owner else None,
        owner=step.owner,
    )
