"""The Why page: its numbers against what they are taken from, its pictures, its rules and its HTML."""

from __future__ import annotations

import base64
import math
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from lpsnet.analysis.causes import likeliest_causes
from lpsnet.analysis.errors import Kind, Reason, SegmentVerdict, judge_segments
from lpsnet.analysis.fates import Fate, count_by_level, fates
from lpsnet.analysis.gains import OracleGains, OracleResult
from lpsnet.analysis.lost_where import Loss, LostAt
from lpsnet.analysis.report import FATE_NAMES, Subject, WhyPage, merge_numbers, setting_changes, why_page
from lpsnet.analysis.report_html import COLORS, page_html
from lpsnet.categories import Categories, Category
from lpsnet.metrics.panoptic_quality import MeanQuality, image_quality
from lpsnet.panoptic_head import merge
from lpsnet.structures import (
    Candidates,
    DropStage,
    InspectionSettings,
    MergeTrace,
    PanopticSegmentation,
    StepKind,
    Verdict,
)

EVIL = '<b onload="x">road & "side"</b>'
CATEGORIES = Categories(
    (
        Category(1, EVIL, False, (128, 64, 128)),
        Category(2, "person", True, (220, 20, 60)),
        Category(3, "car", True, (0, 0, 142)),
    )
)
ROAD, PERSON, CAR = range(3)
SIZE = (60, 160)
SETTINGS = InspectionSettings(stuff_limit=0, conflict="highest")


def _truth() -> PanopticSegmentation:
    ids = np.ones(SIZE, np.int32)
    ids[10:40, 10:30], ids[10:40, 30:50], ids[10:40, 80:120] = 2, 3, 4
    return PanopticSegmentation.from_ids(ids, {1: ROAD, 2: PERSON, 3: PERSON, 4: CAR})


def _candidates() -> Candidates:
    boxes = np.array([[10, 10, 30, 40], [30, 10, 50, 40], [80, 10, 120, 40], [0, 0, 5, 5]], np.float32)
    scores = np.array([0.9, 0.1, 0.8, 0.03], np.float32)
    return Candidates(
        boxes=boxes,
        labels=np.array([PERSON, PERSON, CAR, CAR], np.int32),
        scores=scores,
        class_scores=scores,
        borderness=np.ones_like(scores),
        level=np.array([3, 3, 4, 5], np.uint8),
        location=(boxes[:, :2] + boxes[:, 2:]) / 2,
        dropped_at=np.array([DropStage.NONE] * 3 + [DropStage.SCORE], np.uint8),
        suppressed_by=np.full(4, -1, np.int32),
        iou=np.zeros(4, np.float32),
    )


def _gains(as_it_is: float = 0.5, semantics: float = 0.642, boxes: float = 0.511, both: float = 0.9) -> OracleGains:
    def result(pq: float, semantic: bool, box: bool) -> OracleResult:
        mean = MeanQuality(pq, pq, pq, 1)
        return OracleResult(semantic, box, mean, mean, MeanQuality(math.nan, math.nan, math.nan, 0))

    return OracleGains(
        result(as_it_is, False, False),
        result(semantics, True, False),
        result(boxes, False, True),
        result(both, True, True),
    )


@cache
def _merged() -> tuple[Candidates, np.ndarray, MergeTrace]:
    labels = _truth().labels(len(CATEGORIES))
    labels[10:40, 100:104] = ROAD
    found = _candidates()
    trace = merge(found.detections(), labels, isthing=CATEGORIES.isthing, stuff_limit=0, conflict="highest")
    return found, labels, trace


def _page(
    *,
    with_truth: bool = True,
    trained: bool = True,
    gains: OracleGains | None = None,
    settings: InspectionSettings = SETTINGS,
) -> WhyPage:
    found, labels, trace = _merged()
    image = np.random.default_rng(4).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    truth = _truth() if with_truth else None
    return why_page(
        Subject("a <i>street</i> & \udcff.png", "demo", trained=trained, device="cpu", remarks=("taken at noon",)),
        image,
        CATEGORIES,
        labels=labels,
        detections=found.detections(),
        candidates=found,
        trace=trace,
        settings=settings,
        own_settings=replace(SETTINGS, score_threshold=0.45, use_borderness=False, stuff_limit=4096),
        levels=count_by_level(found, fates(found, trace)),
        truth=truth,
        quality=None if truth is None else image_quality(trace.segmentation(), truth, len(CATEGORIES)),
        gains=gains,
    )


# ------------------------------------------------------------------------------------------------------------- numbers


def test_the_page_tells_what_its_parts_say() -> None:
    page = _page()
    assert page.size == SIZE
    assert dict(page.verdict_counts) == {Kind.TP: 3, Kind.FP: 0, Kind.FN: 1, Kind.IGNORED: 0, Kind.CROWD: 0}
    assert [(loss.truth, loss.at) for loss in page.losses] == [(3, LostAt.THRESHOLD)]
    first = page.errors[0]
    assert (first.verdict.kind, first.verdict.truth, first.name) == (Kind.FN, 3, "person")
    assert first.lost == "below the score threshold: best candidate scores 0.10 < 0.20"
    assert [row.verdict.kind for row in page.errors[1:]] == [Kind.TP] * 2  # the third, perfect, costs nothing
    assert page.levels[0].name == "P3"
    assert page.levels[-1].counts == tuple(int((fates(*_merged()[::2]) == fate).sum()) for fate in Fate)
    assert FATE_NAMES.keys() == set(Fate)


def test_settings_that_differ_are_told_in_words() -> None:
    changes = [(change.name, change.value, change.own) for change in _page().changes]
    assert changes == [
        ("use borderness", "on", "off"),
        ("score threshold", "0.2", "0.45"),
        ("stuff limit", "0", "4,096"),
    ]
    assert setting_changes(SETTINGS, SETTINGS) == ()


def test_the_merge_in_numbers_equals_its_steps_counted() -> None:
    labels = np.zeros(SIZE, np.uint8)
    labels[10:40, 10:70] = PERSON
    found = _candidates()
    boxes = np.array([[10, 10, 40, 40], [34, 10, 60, 40], [12, 12, 30, 30], [100, 0, 120, 9]], np.float32)
    found = replace(
        found,
        boxes=boxes,
        labels=np.full(4, PERSON, np.int32),
        scores=np.array([0.9, 0.8, 0.7, 0.6], np.float32),
        dropped_at=np.zeros(4, np.uint8),
    )
    trace = merge(found.detections(), labels, isthing=CATEGORIES.isthing, stuff_limit=9000, conflict="smallest")
    numbers = merge_numbers(trace)
    assert (numbers.pasted, numbers.discarded, numbers.empty) == (2, 1, 1)
    assert (numbers.stuff, numbers.small_stuff) == (0, 1)
    assert (numbers.contested, numbers.changed_hands) == (6 * 30, 6 * 30)
    assert numbers.void == pytest.approx((trace.owners == 0).mean())
    assert numbers.steps == len(trace.steps) == 6
    assert [step.verdict for step in trace.steps if step.kind is StepKind.STUFF] == [Verdict.DISCARDED]


def test_truth_needs_its_quality() -> None:
    found, labels, trace = _merged()
    with pytest.raises(ValueError, match="needs the quality"):
        why_page(
            Subject("a.png", "demo"),
            np.zeros((*SIZE, 3), np.uint8),
            CATEGORIES,
            labels=labels,
            detections=found.detections(),
            candidates=found,
            trace=trace,
            settings=SETTINGS,
            truth=_truth(),
        )


def test_crops_show_the_place_and_outline_the_segment_where_it_is() -> None:
    row = _page().errors[0]
    for picture in (row.picture, row.truth, row.prediction):
        assert picture.shape == (120, 120, 3)
    assert row.verdict.reason is Reason.VOID
    assert (row.truth == 255).all(axis=2).sum() > 100
    assert (row.prediction == 255).all(axis=2).sum() == 0  # nothing of it was found that could be outlined


@pytest.mark.parametrize("corner", [(0, 0), (59, 159), (0, 159)])
def test_a_segment_of_one_pixel_in_a_corner_has_its_pictures(corner: tuple[int, int]) -> None:
    ids = np.ones(SIZE, np.int32)
    ids[corner] = 2
    truth = PanopticSegmentation.from_ids(ids, {1: ROAD, 2: CAR})
    found, _, _ = _merged()
    none = replace(found, dropped_at=np.full(4, DropStage.SCORE, np.uint8))
    labels = np.zeros(SIZE, np.uint8)
    trace = merge(none.detections(), labels, isthing=CATEGORIES.isthing, stuff_limit=0, conflict="highest")
    page = why_page(
        Subject("a.png", "demo"),
        np.zeros((*SIZE, 3), np.uint8),
        CATEGORIES,
        labels=labels,
        detections=none.detections(),
        candidates=none,
        trace=trace,
        settings=SETTINGS,
        truth=truth,
        quality=image_quality(trace.segmentation(), truth, len(CATEGORIES)),
    )
    assert page.errors[0].truth.shape == (120, 120, 3)


# -------------------------------------------------------------------------------------------------------------- causes


def test_causes_come_most_costly_first_with_their_figures() -> None:
    page = _page(gains=_gains())
    costs = [cause.cost for cause in page.causes]
    assert costs == sorted(costs, reverse=True)
    by_title = {cause.title: cause for cause in page.causes}
    assert by_title["Semantics"].cost == pytest.approx(0.142)
    assert by_title["Semantics"].evidence == ("PQ changes by +14.2 with true labels and by +1.1 with true boxes.",)
    assert by_title["Panoptic head"].cost == pytest.approx(0.1)
    lost = by_title["Lost at the score threshold: 1 segment"]
    assert lost.cost == pytest.approx(page.errors[0].verdict.cost)
    assert lost.evidence == (
        "person at (40, 25), 600 pixels: below the score threshold: best candidate scores 0.10 < 0.20.",
    )
    loose = by_title["Loose masks of found segments"]
    assert loose.cost == pytest.approx(sum(row.verdict.cost for row in page.errors if row.verdict.kind is Kind.TP))


@pytest.mark.parametrize(
    ("settings", "left", "evidence"),
    [
        (replace(SETTINGS, semantic_oracle=True), {"Boxes": 0.258}, "PQ changes by +25.8 with true boxes."),
        (replace(SETTINGS, box_oracle=True), {"Semantics": 0.389}, "PQ changes by +38.9 with true labels."),
        (replace(SETTINGS, semantic_oracle=True, box_oracle=True), {}, ""),
    ],
)
def test_what_is_an_oracle_already_is_no_cause(
    settings: InspectionSettings, left: dict[str, float], evidence: str
) -> None:
    page = _page(gains=_gains(), settings=settings)
    inputs = {cause.title: cause for cause in page.causes if cause.title in ("Semantics", "Boxes")}
    assert {title: cause.cost for title, cause in inputs.items()} == pytest.approx(left)
    assert all(cause.evidence == (evidence,) for cause in inputs.values())
    assert "Panoptic head" in {cause.title for cause in page.causes}
    words = _outline(page).words
    assert "network alone" in words
    assert sum(word.endswith(" (now)") for word in words) == 1
    assert "Of the two inputs" not in "".join(words)


def test_what_costs_nothing_is_no_cause() -> None:
    titles = {cause.title for cause in _page(gains=_gains(0.5, 0.4, 0.5, 1.0)).causes}
    assert not titles & {"Semantics", "Boxes", "Panoptic head"}


def test_an_untrained_network_comes_first() -> None:
    assert _page(trained=False, gains=_gains()).causes[0].title == "The network is untrained"


def test_a_false_positive_that_is_the_other_side_of_a_miss_is_told_once() -> None:
    ids = np.zeros((4, 100), np.int32)
    ids[:, :50], ids[:, 60:] = 1, 2
    prediction = PanopticSegmentation.from_ids(ids, {1: CAR, 2: CAR}, scores={2: 0.7})
    truth = PanopticSegmentation.from_ids(np.where(ids == 1, 1, 3), {1: PERSON, 3: ROAD})
    rows = judge_segments(prediction, truth, CATEGORIES, image_quality(prediction, truth, len(CATEGORIES)))
    losses = [Loss(r.truth, r.label, r.area, (1, 2), LostAt.CLASS, "why", 0.0) for r in rows if r.kind is Kind.FN]
    causes = likeliest_causes(rows, losses, prediction, CATEGORIES, SETTINGS)
    assert not any(cause.title.startswith("False positives") for cause in causes)
    (alone,) = [replace(row, cost=0.25) for row in rows if row.kind is Kind.FP and row.prediction == 2]
    (cause,) = likeliest_causes([alone], (), prediction, CATEGORIES, SETTINGS)
    assert cause.cost == 0.25
    assert cause.evidence == (f"car at (80, 2), 160 pixels, score 0.70: {EVIL} found as car, IoU 0.80.",)
    assert cause.title == "False positives of their own: 1 segment"


@pytest.mark.parametrize("at", LostAt)
def test_every_stage_has_its_cause(at: LostAt) -> None:
    row = SegmentVerdict(Kind.FN, Reason.MISSED, 7, 0, PERSON, -1, 10, 0, 0.0, 0.0, 0.1)
    empty = PanopticSegmentation(np.zeros((2, 2), np.int32), ())
    (cause,) = likeliest_causes([row], [Loss(7, PERSON, 10, (1, 1), at, "why", 1.0)], empty, CATEGORIES, SETTINGS)
    assert cause.title.endswith(": 1 segment")
    assert cause.evidence == ("person at (1, 1), 10 pixels: why.",)


def test_many_examples_are_shortened() -> None:
    rows = [SegmentVerdict(Kind.FN, Reason.MISSED, i, 0, PERSON, -1, 10, 0, 0.0, 0.0, 0.01 * i) for i in range(1, 9)]
    losses = [Loss(i, PERSON, 10, (i, i), LostAt.BOX, "why", 1.0) for i in range(1, 9)]
    empty = PanopticSegmentation(np.zeros((2, 2), np.int32), ())
    (cause,) = likeliest_causes(rows, losses, empty, CATEGORIES, SETTINGS)
    assert cause.cost == pytest.approx(0.36)
    assert len(cause.evidence) == 6
    assert cause.evidence[0].startswith("person at (8, 8)")
    assert cause.evidence[-1] == "And 3 more."


# ---------------------------------------------------------------------------------------------------------------- HTML


class _Outline(HTMLParser):
    """The elements of a document, whether they nest, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("br", "img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def _outline(page: WhyPage, scheme: str = "auto") -> _Outline:
    outline = _Outline()
    outline.feed(page_html(page, scheme=scheme))  # type: ignore[arg-type]
    outline.close()
    assert outline.open == []
    return outline


@pytest.mark.parametrize("with_truth", [True, False])
@pytest.mark.parametrize("scheme", ["auto", "light", "dark"])
def test_the_document_is_whole_and_needs_nothing_else(with_truth: bool, scheme: str) -> None:
    outline = _outline(_page(with_truth=with_truth, gains=_gains() if with_truth else None), scheme)
    assert {tag for tag, _ in outline.elements} <= {
        *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "span"),
        *("table", "tr", "th", "td", "b", "br", "img"),
    }
    images = [attributes for tag, attributes in outline.elements if tag == "img"]
    assert len(images) == (3 + 3 * 3 if with_truth else 2)
    for attributes in images:
        data = str(attributes["src"])
        assert data.startswith("data:image/png;base64,")
        picture = cv2.imdecode(np.frombuffer(base64.b64decode(data.split(",")[1]), np.uint8), cv2.IMREAD_COLOR)
        assert picture.shape[1] >= int(str(attributes["width"]))
        assert attributes["alt"]
    document = page_html(_page(), scheme=scheme)  # type: ignore[arg-type]
    assert not re.search(r"https?:|url\(|@import|<script|javascript:", document)


def test_what_comes_from_outside_is_plain_text() -> None:
    outline = _outline(_page(gains=_gains()))
    assert "a <i>street</i> & ?.png" in "".join(outline.words)
    assert EVIL in "".join(outline.words)
    assert not any("onload" in attributes for _, attributes in outline.elements)
    page_html(_page()).encode("utf-8")


def test_the_schemes_differ_in_colour_alone() -> None:
    page = _page(gains=_gains())
    light, dark, auto = (page_html(page, scheme=scheme) for scheme in ("light", "dark", "auto"))
    body = light[light.index("<body>") :]
    assert body == dark[dark.index("<body>") :] == auto[auto.index("<body>") :]
    assert COLORS["light"]["page"] in light
    assert COLORS["dark"]["page"] in dark
    assert COLORS["dark"]["page"] not in light
    assert (
        auto.index(COLORS["light"]["page"])
        < auto.index("prefers-color-scheme: dark")
        < auto.index(COLORS["dark"]["page"])
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ink", ["text", "dim", "good", "care", "bad"])
@pytest.mark.parametrize("ground", ["page", "band"])
def test_every_text_can_be_read(scheme: str, ink: str, ground: str) -> None:
    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    colors = COLORS[scheme]  # type: ignore[index]
    light, dark = sorted((luminance(colors[ink]), luminance(colors[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_without_truth_the_page_says_so_and_shows_no_errors() -> None:
    words = "".join(_outline(_page(with_truth=False)).words)
    assert "Without ground truth nothing can be called wrong." in words
    assert "Errors" not in words
    assert "The merge in numbers" in words


def test_costs_are_explained_where_there_are_any() -> None:
    told = "Each cost is the PQ"
    assert told in "".join(_outline(_page()).words)
    without_truth = "".join(_outline(_page(with_truth=False, trained=False)).words)
    assert "The network is untrained" in without_truth
    assert told not in without_truth


def test_boxes_are_counted_by_level() -> None:
    words = [word.strip() for word in _outline(_page()).words if word.strip()]
    head = words.index("level")
    assert words[head + 1 : head + 4] == ["locations", "boxes", FATE_NAMES[Fate.SCORE]]
    row = words.index("P3", head)
    assert words[row + 2] == str(sum(map(int, words[row + 3 : row + 3 + len(Fate)]))) == "2"


def test_a_mean_over_no_class_is_a_dash() -> None:
    assert "— · — · —" in "".join(_outline(_page(gains=_gains())).words)
