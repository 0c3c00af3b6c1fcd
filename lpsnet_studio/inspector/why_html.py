"""The Why page for a narrow panel: the same words and pictures, one below the other instead of in wide tables; no Qt.

What is exported is :func:`lpsnet.analysis.report_html.page_html`, which has the room of a sheet of paper.
"""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Iterable
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.analysis.causes import Cause
from lpsnet.analysis.fates import Fate
from lpsnet.analysis.gains import biggest_gain, gain_words
from lpsnet.analysis.report import FATE_NAMES, ErrorRow, WhyPage
from lpsnet.analysis.report_html import COLORS

__all__ = ["narrow_html"]

_NOTHING = "—"
_GAP = 8


def narrow_html(page: WhyPage, scheme: Literal["light", "dark"], width: int) -> str:
    """Writes the page for a column of ``width`` pixels.

    Whatever came from outside, such as file and class names, stands in it as plain text.
    """
    parts = [
        f'<p class="title"><b>{_text(page.subject.file)}</b></p>',
        _dim(_lead(page)),
        _side_by_side([("ground truth", page.truth), ("prediction", page.result)], width),
        _causes(page),
        _gains(page),
        _errors(page, width),
        _levels(page),
        _merge(page),
        _input(page),
    ]
    head = f'<head><meta charset="utf-8"><style>{_style(scheme)}</style></head>'
    return f"<html>{head}<body>{''.join(parts)}</body></html>"


def _lead(page: WhyPage) -> str:
    height, width = page.size
    quality = dict(page.quality)
    figures = f" · PQ {_percent(quality['all'].pq)}" if quality else ""
    count = page.merge.segments
    return f"{width}×{height} pixels · {count:,} segment{'' if count == 1 else 's'}{figures} · {page.subject.network}"


def _causes(page: WhyPage) -> str:
    heading = _head("Likeliest causes")
    if not page.causes:
        reason = "Nothing is wrong with it." if page.quality else "Without ground truth nothing can be called wrong."
        return f"{heading}<p>{reason}</p>"
    note = ""
    if any(cause.cost is not None for cause in page.causes):
        note = _dim("Each cost is the PQ that mending it would give back. Costs overlap and do not add up.")
    return heading + note + "".join(map(_cause, range(1, len(page.causes) + 1), page.causes))


def _cause(number: int, cause: Cause) -> str:
    cost = "" if cause.cost is None else f" · cost {100 * cause.cost:.1f}"
    return f"<p><b>{number}. {_text(cause.title)}{cost}</b><br>{_lines(cause.evidence)}</p>"


def _gains(page: WhyPage) -> str:
    if page.gains is None:
        return ""
    rows = [f"<p>{_text(biggest_gain(page.gains, page.settings))}</p>"]
    for result in page.gains.results:
        change = "" if result is page.gains.as_it_is else f" ({gain_words(page.gains.gain(result))})"
        name = page.gains.name_now(result, page.settings)
        rows.append(
            f"<p><b>{_text(name)}</b>: PQ {_percent(result.all.pq)}{_text(change)}<br>"
            f'<span class="dim">things {_percent(result.things.pq)} · stuff {_percent(result.stuff.pq)}</span></p>'
        )
    return f"{_head('What would help most')}{''.join(rows)}"


def _errors(page: WhyPage, width: int) -> str:
    if not page.quality:
        return ""
    means = [
        f"{name}: PQ {_percent(mean.pq)} · SQ {_percent(mean.sq)} · RQ {_percent(mean.rq)}"
        for name, mean in page.quality
    ]
    counts = " · ".join(f"{count:,} {kind}" for kind, count in page.verdict_counts if count)
    listed = "".join(_error(row, width) for row in page.errors)
    return f"{_head('Errors')}<p>{_lines(means)}</p><p>Segments: {_text(counts or 'none')}.</p>{listed}"


def _error(row: ErrorRow, width: int) -> str:
    verdict = row.verdict
    about = f"<b>{verdict.kind} · {_text(row.name)}</b>, {verdict.area:,} pixels · cost {100 * verdict.cost:.1f}"
    lost = f'<br><span class="dim">How it was lost: {_text(row.lost)}</span>' if row.lost else ""
    pictures = [("image", row.picture), ("ground truth", row.truth), ("prediction", row.prediction)]
    return f"<p>{about}<br>{_text(row.words)}{lost}</p>{_side_by_side(pictures, width)}"


def _levels(page: WhyPage) -> str:
    if not page.levels:
        return ""
    lines = []
    for row in page.levels:
        ends = [f"{count:,} {FATE_NAMES[fate]}" for fate, count in zip(Fate, row.counts, strict=True) if count]
        boxes, places = sum(row.counts), _counted(row.locations, "location")
        counted = f"{_counted(boxes, 'box', 'boxes')} from {places}" if boxes else f"no box from {places}"
        lines.append(f"<p><b>{_text(row.name)}</b>: {counted}<br>{_text(' · '.join(ends))}</p>")
    note = _dim("Boxes of each level, and how many of them ended where, in the order of the pipeline.")
    return f"{_head('What was dropped where')}{note}{''.join(lines)}"


def _merge(page: WhyPage) -> str:
    merge = page.merge
    lines = [
        f"{merge.steps:,} steps: {merge.pasted:,} detections kept, {merge.discarded:,} discarded by the overlap rule, "
        f"{merge.empty:,} without a pixel of their class.",
        f"{merge.stuff:,} stuff classes filled in, {merge.small_stuff:,} below the limit.",
        f"{merge.contested:,} contested pixels, of them {merge.changed_hands:,} won by the later detection.",
        f"{merge.segments:,} segments in the end, {100 * merge.void:.1f} % left void.",
        *(f"{note}." for note in merge.notes),
    ]
    return f"{_head('The merge in numbers')}<p>{_lines(lines)}</p>"


def _input(page: WhyPage) -> str:
    subject = page.subject
    weights = "trained" if subject.trained else "untrained: some weights are random"
    network = f"{subject.network}, {weights}" if subject.network != "no network" else subject.network
    device = f", on {subject.device}" if subject.device else ""
    changes = [f"{change.name}: {change.value} (the network's own: {change.own})" for change in page.changes]
    lines = [f"{network}{device}", *(changes or ["Every setting is the network's own."]), *subject.remarks]
    return f"{_head('Input and settings')}<p>{_lines(lines)}</p>"


# --------------------------------------------------------------------------------------------------------------- parts


def _side_by_side(pictures: Iterable[tuple[str, NDArray[np.uint8] | None]], width: int) -> str:
    """Returns pictures beside each other, each as large as its share of the column allows."""
    shown = [(name, picture) for name, picture in pictures if picture is not None]
    side = max(width // len(shown) - _GAP, 16)
    cells = "".join(
        f'<td>{_image(picture, name, side)}<br><span class="dim">{name}</span></td>' for name, picture in shown
    )
    return f'<table cellspacing="{_GAP // 2}" cellpadding="0"><tr>{cells}</tr></table>'


def _image(picture: NDArray[np.uint8], name: str, side: int) -> str:
    scale = min(side / max(picture.shape[:2]), 1.0)
    width, height = (max(round(length * scale), 1) for length in picture.shape[1::-1])
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA) if scale < 1 else picture
    done, encoded = cv2.imencode(".png", cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
    assert done
    data = base64.b64encode(encoded.tobytes()).decode("ascii")
    return f'<img src="data:image/png;base64,{data}" width="{width}" height="{height}" alt="{_text(name)}">'


def _text(words: str) -> str:
    return html.escape(words.encode("utf-8", "replace").decode("utf-8"))


def _lines(sentences: Iterable[str]) -> str:
    return "<br>".join(map(_text, sentences))


def _head(words: str) -> str:
    return f'<p class="head"><b>{_text(words)}</b></p>'


def _dim(words: str) -> str:
    return f'<p class="dim">{_text(words)}</p>'


def _counted(count: int, noun: str, plural: str = "") -> str:
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def _percent(share: float) -> str:
    return _NOTHING if math.isnan(share) else f"{100 * share:.1f}"


def _style(scheme: Literal["light", "dark"]) -> str:
    c = COLORS[scheme]
    return (
        f"p, td, b {{ color: {c['text']}; }} .title {{ font-size: 15px; }} "
        ".head { margin-top: 16px; margin-bottom: 4px; font-size: 13px; } p { margin-top: 4px; margin-bottom: 4px; } "
        f".dim {{ color: {c['dim']}; font-size: 11px; }} td {{ vertical-align: top; }}"
    )
