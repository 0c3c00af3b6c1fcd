"""What an edit costs on 24 megapixels: a segment of a brush stroke, its end, its undo, its bytes, and 1,000 of them.

Budgets: 16 ms a stroke segment and at most 1.2 times the same on 2000×1500; 30 ms an undo of any edit; 256 MiB for the
edits of all images. Only the document is timed, without the canvas. The map is 300 segments with wavy borders; the
dearest edits are those that change every pixel, and those whose pixels are noise, which no tool makes.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import psutil
from _machine import describe_machine, markdown_table
from numpy.typing import NDArray

from lpsnet_studio.annotator.document import Document, SegmentInfo
from lpsnet_studio.annotator.edit_history import EditHistory, HistoryBudget
from lpsnet_studio.annotator.edits import Edit
from lpsnet_studio.annotator.strokes import brush_segment

LARGE, SMALL = (4000, 6000), (1500, 2000)
SEGMENTS = 300
STROKE_BUDGET, UNDO_BUDGET = 16, 30
REPEATS = 9
STEP = 40.0
"""Pixels from one position of the hand to the next: a fast stroke at 60 positions a second."""


def wavy_map(size: tuple[int, int], seed: int = 1) -> NDArray[np.uint16]:
    """Returns an id map of segments whose borders are waves, about as many as a crowded street has."""
    rng = np.random.default_rng(seed)
    height, width = size
    coarse = rng.permutation(SEGMENTS).reshape(15, 20).astype(np.float32) + 1
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    columns = x / (width / 20) - 0.5 + 0.2 * np.sin(y / 17)
    rows = y / (height / 15) - 0.5 + 0.2 * np.sin(x / 13)
    ids = cv2.remap(coarse, columns, rows, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    return ids.astype(np.uint16)


def document(ids: NDArray[np.uint16]) -> Document:
    return Document(ids, {int(number): SegmentInfo(1) for number in np.unique(ids) if number})


def milliseconds(function: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = function()
    return 1000 * (time.perf_counter() - started), result


# -------------------------------------------------------------------------------------------------------------- strokes


def stroke_times(canvas: Document, radius: float, seed: int) -> tuple[list[float], float, float]:
    """Draws one stroke over the middle, and returns the times of its segments, of its end, and of its undo."""
    rng = np.random.default_rng(seed)
    number = canvas.new_number()
    draft = canvas.draft("Brush")
    draft.set_info(number, SegmentInfo(1))
    here, way, times = np.array(canvas.size[::-1]) / 2, rng.uniform(0, 2 * np.pi), []
    for _ in range(12):
        way += rng.uniform(-0.5, 0.5)
        there = here + STEP * np.array([np.cos(way), np.sin(way)])
        started = time.perf_counter()
        placed = brush_segment(tuple(here), tuple(there), radius, canvas.size)
        draft.put(placed.mask, placed.origin, number)
        times.append(1000 * (time.perf_counter() - started))
        here = there
    end, edit = milliseconds(draft.finish)
    undo, _ = milliseconds(lambda: canvas.revert(edit))
    return times, end, undo


def stroke_rows(large: Document, small: Document) -> list[list[Any]]:
    """Compares strokes on both images, turn and turn about."""
    rows = []
    for radius in (2.0, 20.0, 100.0):
        found: dict[int, list[tuple[list[float], float, float]]] = {0: [], 1: []}
        for seed in range(2 * REPEATS):
            for place, canvas in enumerate((large, small)):
                found[place].append(stroke_times(canvas, radius, seed))
        segments = [statistics.median(time for times, _, _ in found[place] for time in times) for place in (0, 1)]
        largest = max(time for times, _, _ in found[0] for time in times)
        end, undo = (statistics.median(entry[part] for entry in found[0]) for part in (1, 2))
        ratio = segments[0] / segments[1]
        rows.append([f"{radius:g}", STROKE_BUDGET, segments[0], largest, segments[1], ratio, end, undo])
    return rows


# -------------------------------------------------------------------------------------------------------- dearest edits


def fill(canvas: Document) -> Edit | None:
    """Every pixel becomes one new segment's."""
    return _put(canvas, "fill the image", lambda ids: np.ones(ids.shape, np.bool_))


def checker(canvas: Document) -> Edit | None:
    """Every other pixel becomes void's."""
    return _put(canvas, "every other pixel", lambda ids: np.indices(ids.shape, np.uint8).sum(axis=0) % 2 == 1)


def half(canvas: Document) -> Edit | None:
    """A half of the pixels, drawn by lot, becomes one segment's."""
    return _put(canvas, "half the pixels by lot", lambda ids: np.random.default_rng(2).random(ids.shape) < 0.5)


def merge(canvas: Document) -> Edit | None:
    """A third of the segments becomes one."""
    return _put(canvas, "merge 100 of 300 segments", lambda ids: ids % 3 == 1)


def shuffle(canvas: Document) -> Edit | None:
    """Every pixel gets the number of another segment, by lot."""
    numbers = sorted(canvas.segments)[:40]
    lot = np.random.default_rng(3).integers(0, len(numbers), canvas.size, np.uint8)
    with canvas.draft("every pixel by lot among 40") as draft:
        for place, number in enumerate(numbers):
            draft.put(lot == place, (0, 0), number)
        return draft.finish()


def _put(canvas: Document, title: str, mask_of: Callable[[NDArray[np.uint16]], NDArray[np.bool_]]) -> Edit | None:
    with canvas.draft(title) as draft:
        number = canvas.new_number()
        draft.set_info(number, SegmentInfo(1))
        draft.put(mask_of(canvas.ids), (0, 0), number)
        return draft.finish()


def dear_row(canvas: Document, make: Callable[[Document], Edit | None]) -> list[Any]:
    """Makes an edit, and takes it back and makes it again."""
    edit = make(canvas)
    assert edit is not None
    undos, redos = [], []
    for _ in range(REPEATS):
        undos.append(milliseconds(lambda: canvas.revert(edit))[0])
        redos.append(milliseconds(lambda: canvas.apply(edit))[0])
    canvas.revert(edit)
    ends = [_end_time(canvas, make) for _ in range(3)]
    written, record = milliseconds(edit.to_bytes)
    read, _ = milliseconds(lambda: Edit.from_bytes(record))
    middle = statistics.median
    sizes = [size / 2**20 for size in (edit.nbytes, len(record))]
    return [edit.title, UNDO_BUDGET, middle(undos), max(undos), middle(redos), middle(ends), *sizes, written, read]


def _end_time(canvas: Document, make: Callable[[Document], Edit | None]) -> float:
    """Returns how long the end of an edit takes, when what was painted is written as a patch and measured."""
    took = 0.0
    begin = canvas.draft

    def timed(*given: Any) -> Any:
        draft = begin(*given)
        finish = draft.finish

        def ended() -> Edit | None:
            nonlocal took
            took, edit = milliseconds(finish)
            return edit

        draft.finish = ended  # type: ignore[method-assign]
        return draft

    canvas.draft = timed  # type: ignore[method-assign]
    try:
        edit = make(canvas)
    finally:
        del canvas.draft
    assert edit is not None
    canvas.revert(edit)
    return took


# --------------------------------------------------------------------------------------------------------------- memory


def memory() -> None:
    """Makes 1,000 edits, every tenth a large one, prints what they take, and takes all of them back.

    It wants a process of its own, in which nothing large was freed before.
    """
    canvas, rng = document(wavy_map(LARGE)), np.random.default_rng(4)
    budget = HistoryBudget()
    records: list[bytes] = []
    history = EditHistory(canvas, budget, lambda place: Edit.from_bytes(records[place]))
    _large_edit(canvas, rng)
    start, rows, before = canvas.ids.copy(), [], _resident()
    for count in range(1, 1001):
        edit = _large_edit(canvas, rng) if count % 10 == 0 else _stroke(canvas, rng)
        history.record(edit)
        records.append(edit.to_bytes())
        if count in (100, 300, 1000):
            journal = sum(map(len, records))
            rows.append([count, budget.used / 2**20, (_resident() - before - journal) / 2**20, journal / 2**20])
    print(markdown_table([["edits", "history, MiB (≤ 256)", "RSS gained, MiB", "journal, MiB"], *rows]), "\n")
    in_memory = sum(step.edit is not None for step in history._steps)
    times = [milliseconds(history.undo)[0] for _ in range(history.position)]
    same = "bit for bit what it was" if np.array_equal(canvas.ids, start) else "NOT what it was"
    print(
        f"undo of all 1,000, of which {1000 - in_memory} had to be read from their bytes: median "
        f"{statistics.median(times):.2f} ms, largest {max(times):.1f} ms; the map is then {same}"
    )


def _resident() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss


def _stroke(canvas: Document, rng: np.random.Generator) -> Edit:
    """Draws a stroke of a usual length and width into some segment."""
    number, radius = int(rng.choice(sorted(canvas.segments))), float(rng.uniform(3, 60))
    here, way = rng.uniform((0, 0), canvas.size[::-1]), rng.uniform(0, 2 * np.pi)
    with canvas.draft("Brush") as draft:
        for _ in range(20):
            way += rng.uniform(-0.5, 0.5)
            there = here + STEP * np.array([np.cos(way), np.sin(way)])
            placed = brush_segment(tuple(here), tuple(there), radius, canvas.size)
            draft.put(placed.mask, placed.origin, number)
            here = there
        edit = draft.finish()
    return edit if edit is not None else _stroke(canvas, rng)


def _large_edit(canvas: Document, rng: np.random.Generator) -> Edit:
    """Takes noise in a quarter of the image to some segment: far dearer than what any command does."""
    number = int(rng.choice(sorted(canvas.segments)))
    height, width = canvas.size[0] // 2, canvas.size[1] // 2
    origin = (int(rng.integers(0, height)), int(rng.integers(0, width)))
    with canvas.draft("Noise") as draft:
        draft.put(rng.random((height, width)) < 0.3, origin, number)
        edit = draft.finish()
    assert edit is not None
    return edit


def main() -> None:
    cv2.setNumThreads(1)
    large, small = document(wavy_map(LARGE)), document(wavy_map(SMALL))
    print(describe_machine())
    print(f"numpy {np.__version__}, OpenCV {cv2.__version__}, times in ms\n")
    header = [
        "radius, px",
        "budget",
        "segment at 24 MP",
        "largest",
        "at 3 MP",
        "ratio (≤ 1.2)",
        "end of stroke",
        "undo",
    ]
    print(markdown_table([header, *stroke_rows(large, small)]), "\n")
    header = [
        "edit at 24 MP",
        "budget",
        "undo",
        "largest",
        "redo",
        "end of edit",
        "MiB",
        "MiB journaled",
        "write",
        "read",
    ]
    print(markdown_table([header, *(dear_row(large, make) for make in (fill, merge, checker, half, shuffle))]), "\n")
    sys.stdout.flush()
    subprocess.run([sys.executable, __file__, "--memory"], check=True)


if __name__ == "__main__":
    memory() if "--memory" in sys.argv[1:] else main()
