"""The Why page as HTML: one file with its pictures in it, without scripts and without anything from elsewhere.

It keeps to the part of HTML and CSS that Qt's rich text shows and prints too: tables, paragraphs, classes, inline
pictures. A browser follows the reader's light or dark scheme and prints on white; Qt knows no such query, so that the
scheme can be stated.
"""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Iterable, Sequence
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.analysis.errors import Kind
from lpsnet.analysis.fates import Fate
from lpsnet.analysis.gains import biggest_gain, gain_words
from lpsnet.analysis.report import FATE_NAMES, ErrorRow, MergeNumbers, WhyPage

__all__ = ["COLORS", "Scheme", "page_html"]

Scheme = Literal["auto", "light", "dark"]

COLORS: dict[Literal["light", "dark"], dict[str, str]] = {
    "light": {
        "page": "#ffffff",
        "band": "#f4f5f7",
        "line": "#d9dde3",
        "text": "#1b1f24",
        "dim": "#5c6670",
        "good": "#1a7a3c",
        "care": "#8a5a00",
        "bad": "#c0342b",
    },
    "dark": {
        "page": "#1b1d21",
        "band": "#22252a",
        "line": "#363b43",
        "text": "#e4e7eb",
        "dim": "#9aa3ad",
        "good": "#5cc98b",
        "care": "#e5b454",
        "bad": "#f58078",
    },
}
"""The page's colours ``#rrggbb``; those of text stand on ``page`` and ``band``."""

_KIND_CLASS = {Kind.TP: "good", Kind.FP: "bad", Kind.FN: "bad", Kind.IGNORED: "care", Kind.CROWD: "care"}
_NOTHING = "—"
_LEGEND = (
    "TP: found, with an IoU above 0.5. FN: a true segment that nothing matches. FP: a predicted segment that matches "
    "nothing. Ignored: a predicted segment on void or crowd. Cost: the PQ of this image that mending it would bring."
)
_SHOWN_SIDE = 188
"""Pixels of the longer side at which the large pictures are shown: three fit beside each other on A4."""


def page_html(page: WhyPage, *, scheme: Scheme = "auto") -> str:
    """Writes the page as one HTML document.

    Args:
        page: what it says.
        scheme: light or dark; ``auto`` follows the reader's browser, and is light where nothing is known.

    Returns:
        The document; whatever came from outside, such as file and class names, stands in it as plain text.
    """
    title = f"Why: {page.subject.file}"
    parts = [
        f"<h1>{_text(page.subject.file)}</h1>",
        f'<p class="dim">{_text(_lead(page))}</p>',
        _pictures(page),
        _causes(page),
        _gains(page),
        _errors(page),
        _levels(page),
        _merge(page.merge),
        _input(page),
    ]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            f'<head><meta charset="utf-8"><title>{_text(title)}</title>',
            f"<style>{_style(scheme)}</style></head>",
            "<body>",
            *filter(None, parts),
            "</body></html>",
            "",
        ]
    )


def _lead(page: WhyPage) -> str:
    height, width = page.size
    quality = dict(page.quality)
    figures = f" · PQ {_percent(quality['all'].pq)}" if quality else ""
    return f"{width}×{height} pixels · {_counted(page.merge.segments, 'segment')}{figures} · {page.subject.network}"


# ------------------------------------------------------------------------------------------------------------ sections


def _pictures(page: WhyPage) -> str:
    shown = [("image", page.picture), ("ground truth", page.truth), ("prediction", page.result)]
    cells = [
        f'<td align="center">{_image(picture, name, _SHOWN_SIDE)}<br><span class="dim">{name}</span></td>'
        for name, picture in shown
        if picture is not None
    ]
    return f'<table cellpadding="4"><tr>{"".join(cells)}</tr></table>'


def _causes(page: WhyPage) -> str:
    heading = "<h2>Likeliest causes</h2>"
    if not page.causes:
        reason = "Nothing is wrong with it." if page.quality else "Without ground truth nothing can be called wrong."
        return f"{heading}<p>{reason}</p>"
    rows = []
    for number, cause in enumerate(page.causes, start=1):
        evidence = "<br>".join(_text(sentence) for sentence in cause.evidence)
        cost = _NOTHING if cause.cost is None else f"{100 * cause.cost:.1f}"
        rows.append(
            f'<tr><td class="number">{number}</td><td class="number">{cost}</td>'
            f"<td><b>{_text(cause.title)}</b><br>{evidence}</td></tr>"
        )
    note = ""
    if any(cause.cost is not None for cause in page.causes):
        note = (
            '<p class="dim">Each cost is the PQ of this image that mending it would give back. '
            "Costs overlap and do not add up.</p>"
        )
    return f"{heading}{note}{_table(('', 'cost', 'cause and evidence'), rows, left=(2,))}"


def _gains(page: WhyPage) -> str:
    if page.gains is None:
        return ""
    rows = []
    for result in page.gains.results:
        figures = [" · ".join(map(_percent, (m.pq, m.sq, m.rq))) for m in (result.all, result.things, result.stuff)]
        change = _NOTHING if result is page.gains.as_it_is else gain_words(page.gains.gain(result))
        rows.append(_row((page.gains.name_now(result, page.settings), *figures, change), left=(0,)))
    head = ("PQ · SQ · RQ", "all", "things", "stuff", "gain in PQ")
    words = f"<p>{_text(biggest_gain(page.gains, page.settings))}</p>"
    return f"<h2>What would help most</h2>{words}{_table(head, rows, left=(0,))}"


def _errors(page: WhyPage) -> str:
    if not page.quality:
        return ""
    parts = ["<h2>Errors</h2>"]
    if page.gains is None:
        rows = [_row((name, *map(_percent, (m.pq, m.sq, m.rq)), str(m.n)), left=(0,)) for name, m in page.quality]
        parts.append(_table(("", "PQ", "SQ", "RQ", "classes"), rows, left=(0,)))
    counts = " · ".join(f"{count:,} {kind}" for kind, count in page.verdict_counts if count)
    parts.append(f"<p>Segments: {counts or 'none'}.</p>")
    parts.append(f'<p class="dim">{_LEGEND}</p>')
    if page.errors:
        head = ("", "segment", "cost", "image", "ground truth", "prediction")
        parts.append(_table(head, map(_error, page.errors), left=(0, 1, 3, 4, 5)))
    return "".join(parts)


def _error(row: ErrorRow) -> str:
    verdict = row.verdict
    lost = f'<br><span class="dim">How it was lost: {_text(row.lost)}.</span>' if row.lost else ""
    about = f"<b>{_text(row.name)}</b>, {verdict.area:,} pixels<br>{_text(row.words)}{lost}"
    pictures = "".join(
        f"<td>{_image(picture, name)}</td>"
        for name, picture in (("image", row.picture), ("ground truth", row.truth), ("prediction", row.prediction))
    )
    return (
        f'<tr><td class="{_KIND_CLASS[verdict.kind]}"><b>{verdict.kind}</b></td><td>{about}</td>'
        f'<td class="number">{100 * verdict.cost:.1f}</td>{pictures}</tr>'
    )


def _levels(page: WhyPage) -> str:
    if not page.levels:
        return ""
    rows = [
        _row(
            (row.name, f"{row.locations:,}", f"{sum(row.counts):,}", *(f"{count:,}" for count in row.counts)), left=(0,)
        )
        for row in page.levels
    ]
    head = ("level", "locations", "boxes", *(FATE_NAMES[fate] for fate in Fate))
    note = "Boxes by where each was dropped, in the order of the pipeline."
    return f'<h2>What was dropped where</h2><p class="dim">{note}</p>{_table(head, rows, left=(0,))}'


def _merge(merge: MergeNumbers) -> str:
    rows = [
        ("steps", f"{merge.steps:,}"),
        ("detections kept", f"{merge.pasted:,}"),
        ("detections discarded by the overlap rule", f"{merge.discarded:,}"),
        ("detections without a pixel of their class", f"{merge.empty:,}"),
        ("stuff classes filled in", f"{merge.stuff:,}"),
        ("stuff classes below the limit", f"{merge.small_stuff:,}"),
        ("contested pixels", f"{merge.contested:,}"),
        ("of them won by the later detection", f"{merge.changed_hands:,}"),
        ("segments in the end", f"{merge.segments:,}"),
        ("left void", f"{100 * merge.void:.1f} %"),
    ]
    notes = "".join(f"<p>{_text(note)}.</p>" for note in merge.notes)
    return f"<h2>The merge in numbers</h2>{_table((), [_row(row, left=(0,)) for row in rows])}{notes}"


def _input(page: WhyPage) -> str:
    height, width = page.size
    subject = page.subject
    rows = [
        ("file", subject.file),
        ("size", f"{width}×{height} pixels"),
        ("network", subject.network),
        ("weights", "trained" if subject.trained else "untrained: some are random"),
    ]
    rows += [("device", subject.device)] if subject.device else []
    changed = [(change.name, f"{change.value} (the network's own: {change.own})") for change in page.changes]
    remarks = "".join(f"<p>{_text(remark)}</p>" for remark in subject.remarks)
    table = _table((), [_row(row, left=(0, 1)) for row in [*rows, *changed]])
    same = "" if changed else '<p class="dim">Every setting is the network\'s own.</p>'
    return f"<h2>Input and settings</h2>{table}{same}{remarks}"


# --------------------------------------------------------------------------------------------------------------- parts


def _table(head: Sequence[str], rows: Iterable[str], *, left: Sequence[int] = ()) -> str:
    titles = "".join(
        f'<th class="{"name" if column in left else "number"}">{_text(title)}</th>' for column, title in enumerate(head)
    )
    top = f"<tr>{titles}</tr>" if head else ""
    return f'<table cellspacing="0" cellpadding="4">{top}{"".join(rows)}</table>'


def _row(cells: Sequence[str], *, left: Sequence[int]) -> str:
    """Returns a row of a table; numbers stand right, but for some columns."""
    kinds = ("" if column in left else ' class="number"' for column in range(len(cells)))
    return f"<tr>{''.join(f'<td{kind}>{_text(cell)}</td>' for kind, cell in zip(kinds, cells, strict=True))}</tr>"


def _image(picture: NDArray[np.uint8], name: str, shown_side: int = 0) -> str:
    """Returns an RGB picture as an element that carries its bytes, shown with a longer side of its own if that is 0."""
    done, encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    assert done
    height, width = picture.shape[:2]
    scale = min(shown_side / max(height, width), 1) if shown_side else 1
    size = f'width="{max(round(scale * width), 1)}" height="{max(round(scale * height), 1)}"'
    data = base64.b64encode(encoded.tobytes()).decode("ascii")
    return f'<img src="data:image/png;base64,{data}" {size} alt="{_text(name)}">'


def _text(words: str) -> str:
    """Returns words as plain text, also where a file name holds what no encoding has."""
    return html.escape(words.encode("utf-8", "replace").decode("utf-8"))


def _percent(share: float) -> str:
    return _NOTHING if math.isnan(share) else f"{100 * share:.1f}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _style(scheme: Scheme) -> str:
    if scheme == "dark":
        return _rules("dark")
    if scheme == "light":
        return _rules("light")
    return f"{_rules('light')} @media screen and (prefers-color-scheme: dark) {{ {_rules('dark')} }}"


def _rules(scheme: Literal["light", "dark"]) -> str:
    """Returns the style sheet. Colours stand on every element that has text: Qt hands them down to few."""
    c = COLORS[scheme]
    return (
        f"body {{ background-color: {c['page']}; color: {c['text']}; font-family: sans-serif; font-size: 13px;"
        " max-width: 1000px; margin: 16px; } "
        f"h1, h2, p, td, th, b {{ color: {c['text']}; }} "
        "h1 { font-size: 20px; margin-top: 8px; margin-bottom: 4px; } "
        "h2 { font-size: 15px; margin-top: 24px; margin-bottom: 4px; } "
        "table { border-collapse: collapse; } "
        f"td {{ border-bottom: 1px solid {c['line']}; vertical-align: top; }} "
        f"th {{ color: {c['dim']}; background-color: {c['band']}; font-weight: normal; font-size: 11px; }} "
        ".number { text-align: right; } .name { text-align: left; } "
        f".dim {{ color: {c['dim']}; }} .good, .good b {{ color: {c['good']}; }} "
        f".care, .care b {{ color: {c['care']}; }} .bad, .bad b {{ color: {c['bad']}; }} "
        "tr { page-break-inside: avoid; }"
    )
