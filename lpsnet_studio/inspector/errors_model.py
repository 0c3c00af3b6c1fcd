"""What the panel Errors lists: verdicts as rows, their filters and order, and figures in words; no Qt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lpsnet.analysis.errors import Kind, Reason, SegmentVerdict, reason_words
from lpsnet.analysis.gains import OracleGains, gain_words
from lpsnet.metrics.panoptic_quality import MeanQuality, PanopticQuality
from lpsnet.structures import InspectionSettings
from lpsnet_studio.judgement import Judgement
from lpsnet_studio.state import Result
from lpsnet_studio.tables.sorting import Order, arranged, as_tsv

__all__ = [
    "COLUMNS",
    "ErrorFilter",
    "ErrorRow",
    "ErrorsModel",
    "GainBar",
    "QualityLine",
    "cell_text",
    "gain_bars",
    "kind_meaning",
    "kind_words",
    "quality_lines",
    "region_words",
]

ErrorFilter = Literal["all", "TP", "FP", "FN", "ignored"]
COLUMNS = ("Kind", "Class", "IoU", "Area", "What went wrong")
"""Titles of the table's columns."""
KIND_COLUMN, CLASS_COLUMN, IOU_COLUMN, AREA_COLUMN, WORDS_COLUMN = range(len(COLUMNS))

_SIGNS = {Kind.TP: "✓", Kind.FP: "✕", Kind.FN: "○", Kind.IGNORED: "", Kind.CROWD: ""}
_MEANINGS = {
    Kind.TP: "True positive: a prediction and a true segment that match.",
    Kind.FP: "False positive: a prediction that matches nothing.",
    Kind.FN: "False negative: a true segment that nothing matches.",
    Kind.IGNORED: "Ignored: a prediction mostly on void or on crowd, which costs nothing.",
    Kind.CROWD: "Crowd of the ground truth, which is neither found nor missed.",
}
_ORDER = {kind: place for place, kind in enumerate(Kind)}


def kind_words(kind: Kind) -> str:
    """Returns a sign, where there is one, and a word, such as ``✓ TP``."""
    return f"{_SIGNS[kind]} {kind}".lstrip()


def kind_meaning(kind: Kind) -> str:
    """Returns what a kind means, in a sentence."""
    return _MEANINGS[kind]


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One verdict, as the table shows it.

    Attributes:
        place: among the verdicts, worst first.
        verdict: itself.
        name: class of the subject, with the prediction's number for a thing.
        iou: with its counterpart; None if there is none.
        share: of the image that the subject takes, 0 … 1.
        words: what went wrong, in a few words.
        told: all that is known, in sentences: what went wrong, where it was lost, and what mending it would bring.
    """

    place: int
    verdict: SegmentVerdict
    name: str
    iou: float | None
    share: float
    words: str
    told: str

    @property
    def filter(self) -> ErrorFilter:
        """Which filter lets it pass; crowd goes with what is ignored."""
        kind = self.verdict.kind
        return "ignored" if kind in (Kind.IGNORED, Kind.CROWD) else kind.value  # type: ignore[return-value]


class ErrorsModel:
    """The rows of a judgement that pass a filter, in an order; at first worst first.

    Attributes:
        rows: all of them, worst first.
        shown: those that pass, in order.
        kept_filter: which pass.
        order: by which column they are sorted.
    """

    def __init__(self) -> None:
        self.rows: tuple[ErrorRow, ...] = ()
        self.shown: list[ErrorRow] = []
        self.kept_filter: ErrorFilter = "all"
        self.order = Order()

    @property
    def counts(self) -> Mapping[str, int]:
        """How many rows each filter lets pass."""
        names: tuple[ErrorFilter, ...] = ("all", "TP", "FP", "FN", "ignored")
        return {name: sum(name in ("all", row.filter) for row in self.rows) for name in names}

    def set_judgement(self, judgement: Judgement | None) -> None:
        """Lists the verdicts of a judgement, or none."""
        self.rows = () if judgement is None else tuple(_rows(judgement))
        self._arrange()

    def filter_by(self, kept_filter: ErrorFilter) -> None:
        """Lets only some rows pass."""
        self.kept_filter = kept_filter
        self._arrange()

    def sort_by(self, order: Order) -> None:
        """Puts the rows into an order."""
        self.order = order
        self._arrange()

    def place_of(self, verdict: SegmentVerdict | None) -> int:
        """Returns where the row on the same segment is shown; -1 if it is not."""
        if verdict is None:
            return -1
        wanted = _subject(verdict)
        return next((place for place, row in enumerate(self.shown) if _subject(row.verdict) == wanted), -1)

    def place_of_prediction(self, owner: int) -> int:
        """Returns where the row whose subject is a predicted segment is shown; -1 if it is not."""
        kinds = (Kind.TP, Kind.FP, Kind.IGNORED)
        return next(
            (at for at, row in enumerate(self.shown) if row.verdict.prediction == owner and row.verdict.kind in kinds),
            -1,
        )

    def tsv(self) -> str:
        """Returns the rows shown as tab-separated text with titles."""
        return as_tsv(COLUMNS, [[cell_text(row, column) for column in range(len(COLUMNS))] for row in self.shown])

    def _arrange(self) -> None:
        passing = [row for row in self.rows if self.kept_filter in ("all", row.filter)]
        self.shown = arranged(passing, self.order, _sort_value)


def cell_text(row: ErrorRow, column: int) -> str:
    """Returns what a cell of the table says."""
    if column == KIND_COLUMN:
        return kind_words(row.verdict.kind)
    if column == CLASS_COLUMN:
        return row.name
    if column == IOU_COLUMN:
        return "" if row.iou is None else f"{row.iou:.2f}"
    if column == AREA_COLUMN:
        return f"{100 * row.share:.1f} %" if row.share >= 0.0005 else "< 0.1 %"
    return row.words


def _subject(verdict: SegmentVerdict) -> tuple[bool, int]:
    return verdict.of_truth, verdict.truth if verdict.of_truth else verdict.prediction


def _sort_value(row: ErrorRow, column: int) -> Any:
    return (
        _ORDER[row.verdict.kind],
        (row.name.casefold(), row.place),
        row.iou,
        row.share,
        row.words.casefold(),
    )[column]


def _rows(judgement: Judgement) -> list[ErrorRow]:
    categories = judgement.result.categories
    height, width = judgement.result.size
    rows = []
    for place, verdict in enumerate(judgement.rows):
        category = categories[verdict.label]
        has_number = category.isthing and verdict.prediction and not (verdict.of_truth and verdict.kind is not Kind.TP)
        name = f"{category.name} #{verdict.prediction}" if has_number else category.name
        iou = verdict.iou if verdict.truth and verdict.prediction else None
        words = "" if verdict.reason is Reason.MATCHED else reason_words(verdict, categories)
        share = verdict.area / (height * width)
        rows.append(ErrorRow(place, verdict, name, iou, share, words, _told(judgement, verdict, name)))
    return rows


def _told(judgement: Judgement, verdict: SegmentVerdict, name: str) -> str:
    """Returns all that is known of a verdict, in sentences."""
    sentences = [f"{name}: {reason_words(verdict, judgement.result.categories)}."]
    loss = (judgement.losses or {}).get(verdict.truth) if verdict.kind is Kind.FN else None
    if loss is not None:
        names_stage = loss.at.casefold() in loss.words.casefold()
        lost = f"{loss.words[:1].upper()}{loss.words[1:]}" if names_stage else f"Lost at {loss.at}: {loss.words}"
        sentences.append(f"{lost}.")
    gain = gain_words(verdict.cost)
    if gain != gain_words(0):
        sentences.append(f"Mending it alone would bring {gain} PQ.")
    return " ".join(sentences)


def region_words(judgement: Judgement, *, named: bool) -> dict[int, tuple[str, ...]]:
    """Returns what is said on the canvas of each region of a judgement, the longest first.

    Args:
        judgement: whose ``regions`` are numbered from 1 in the order of its rows.
        named: whether classes are written too, where they fit.
    """
    said = {}
    for row in _rows(judgement):
        iou = "" if row.iou is None else f" {row.iou:.2f}"
        short = f"{kind_words(row.verdict.kind)}{iou}"
        said[row.place + 1] = (f"{row.name} · {short}", short) if named else (short,)
    return said


# ------------------------------------------------------------------------------------------------------------- figures


@dataclass(frozen=True, slots=True)
class QualityLine:
    """PQ, SQ, RQ over some classes, in percent with one digit, and how many classes; ``–`` where none occurs."""

    name: str
    pq: str
    sq: str
    rq: str
    classes: str


def quality_lines(result: Result | None) -> tuple[QualityLine, ...]:
    """Returns the quality of a result over all classes, things and stuff; none without ground truth."""
    if result is None or result.quality is None:
        return ()
    quality = PanopticQuality(result.quality.counts, result.categories)
    return tuple(
        QualityLine(name, *(_percent(value) for value in (mean.pq, mean.sq, mean.rq)), str(mean.n))
        for name, mean in (("All", quality.all), ("Things", quality.things), ("Stuff", quality.stuff))
    )


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f}"


@dataclass(frozen=True, slots=True)
class GainBar:
    """What one choice of oracles would bring.

    Attributes:
        name: of the choice, and whether it is the one in force.
        before: PQ of the network alone, in [0, 1].
        after: PQ with these oracles, in [0, 1].
        words: both in percent, and the difference.
    """

    name: str
    before: float
    after: float
    words: str


def gain_bars(gains: OracleGains, settings: InspectionSettings) -> tuple[GainBar, ...]:
    """Returns a bar for semantics, boxes and both; the one whose oracles settings ask for says that it is so now."""
    before = _known(gains.as_it_is.all)
    bars = []
    for result in (gains.semantics, gains.boxes, gains.both):
        after = _known(result.all)
        words = f"{100 * before:.1f} → {100 * after:.1f} ({gain_words(gains.gain(result))})"
        bars.append(GainBar(gains.name_now(result, settings).capitalize(), before, after, words))
    return tuple(bars)


def _known(mean: MeanQuality) -> float:
    return 0.0 if math.isnan(mean.pq) else mean.pq
