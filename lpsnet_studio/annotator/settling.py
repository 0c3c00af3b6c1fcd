"""What areas and boxes become when pixels change, without looking at the rest of the image; no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lpsnet_studio.annotator.extents import Box, Extent, Numbers, Part, joined, measure, tighten

__all__ = ["settled_extents"]


def settled_extents(
    ids: Numbers, extents: Mapping[int, Extent], parts: Iterable[Part]
) -> dict[int, tuple[Extent | None, Extent | None]]:
    """Returns area and box before and after, of every segment where they changed.

    Args:
        ids: ``[H, W]`` numbers after.
        extents: of every segment before.
        parts: windows that share no pixel and hold all that changed.
    """
    lost: dict[int, Extent] = {}
    gained: dict[int, Extent] = {}
    for (y0, x0, _, _), numbers_before, numbers_after in parts:
        was, now = measure(numbers_before, (y0, x0)), measure(numbers_after, (y0, x0))
        for number in was.keys() | now.keys():
            if was.get(number) != now.get(number):
                _add(lost, number, was.get(number))
                _add(gained, number, now.get(number))
    settled: dict[int, tuple[Extent | None, Extent | None]] = {}
    for number in sorted(lost.keys() | gained.keys()):
        before = extents.get(number)
        after = _after(ids, number, before, lost.get(number), gained.get(number))
        if before != after:
            settled[number] = (before, after)
    return settled


def _add(extents: dict[int, Extent], number: int, extent: Extent | None) -> None:
    if extent is not None:
        known = extents.get(number)
        extents[number] = extent if known is None else joined(known, extent)


def _after(
    ids: Numbers, number: int, before: Extent | None, lost: Extent | None, gained: Extent | None
) -> Extent | None:
    """Returns what a segment's extent becomes, from what it had in the parts that changed, and has there now."""
    area = (before.area if before else 0) - (lost.area if lost else 0) + (gained.area if gained else 0)
    if not area:
        return None
    known = [extent.box for extent in (before, gained) if extent is not None]
    box = _around(known)
    if before is not None and lost is not None and _reaches_rim(lost.box, before.box):
        box = tighten(ids, number, box)
    return Extent(area, box)


def _around(boxes: list[Box]) -> Box:
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def _reaches_rim(inner: Box, outer: Box) -> bool:
    """Whether a box inside another shares an edge with it: only then can the loss of pixels have moved an edge."""
    return any(a == b for a, b in zip(inner, outer, strict=True))
