"""What the editor's commands and tools cost on 24 megapixels, beside the same on 3: the edit with its journal entry.

The map is 300 segments with wavy borders and a speckle of void. A segment of such an image takes 80,000 pixels; the
last rows act on one that takes half of the image, or on all of it. Checks and "snap edge" run outside the window's
thread. Times are medians in ms.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from _machine import describe_machine, markdown_table
from annotate_edits import LARGE, SMALL, wavy_map
from numpy.typing import NDArray

from lpsnet_studio.annotator.assist import NetworkMaps
from lpsnet_studio.annotator.checks import Snapshot, check
from lpsnet_studio.annotator.document import Document
from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.labels import Label, LabelSet
from lpsnet_studio.annotator.snapping import snap_edge
from lpsnet_studio.annotator.strokes import Point
from lpsnet_studio.annotator.tools.assist_box import AssistBoxTool
from lpsnet_studio.annotator.tools.brush import BrushTool
from lpsnet_studio.annotator.tools.outlines import FillTool, LassoTool

REPEATS = 5
THING, STUFF = 1, 2
LABELS = LabelSet((Label(THING, "thing", (200, 0, 0), True), Label(STUFF, "stuff", (0, 0, 200), False)))
MIDDLE = 150
"""A segment in the middle of the map."""

Row = Callable[[Editor], Callable[[], Any]]


def speckled(size: tuple[int, int]) -> NDArray[np.uint16]:
    """Returns a map with 200 discs of void."""
    ids, rng = wavy_map(size), np.random.default_rng(2)
    for _ in range(200):
        center = int(rng.integers(size[1])), int(rng.integers(size[0]))
        cv2.circle(ids, center, int(rng.integers(2, 25)), 0, -1)
    return ids


def editor_of(ids: NDArray[np.uint16]) -> Editor:
    document = Document(ids, {int(number): SegmentInfo(THING) for number in np.unique(ids) if number})
    return Editor(document, LABELS, journal=lambda edit: edit.to_bytes())


def median(editor: Editor, act: Callable[[], Any]) -> float:
    """Returns the median time of something, taken back after every time if it was an edit."""
    times = []
    for _ in range(REPEATS):
        done = editor.history.position
        started = time.perf_counter()
        act()
        times.append(1000 * (time.perf_counter() - started))
        while editor.history.position > done:
            editor.undo()
    return statistics.median(times)


def on(numbers: list[int], command: Callable[[Editor], Any]) -> Row:
    """Returns a row that selects segments and gives a command."""

    def row(editor: Editor) -> Callable[[], Any]:
        def act() -> None:
            editor.select(numbers)
            command(editor)

        return act

    return row


def across(editor: Editor) -> list[Point]:
    x0, y0, x1, y1 = editor.document.box(MIDDLE)
    return [(x0 - 5.0, (y0 + y1) / 2), (x1 + 5.0, (y0 + y1) / 2 + 3)]


def lasso(editor: Editor) -> Callable[[], Any]:
    """Returns a drag of 400 points around most of the image."""
    height, width = editor.document.size
    turns = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    wave = 1 + 0.05 * np.sin(20 * turns)
    way = np.stack([width / 2 + width / 2.3 * wave * np.cos(turns), height / 2 + height / 2.3 * wave * np.sin(turns)])

    def act() -> None:
        editor.select([MIDDLE])
        tool = LassoTool(editor)
        tool.press((float(way[0, 0]), float(way[1, 0])))
        for x, y in way.T.tolist():
            tool.move((x, y))
        tool.release((x, y))

    return act


def brush_move(editor: Editor) -> Callable[[], Any]:
    """Returns one move of a brush that is down."""
    tool, steps = BrushTool(editor), iter(range(10**6))
    editor.select([MIDDLE])
    editor.set_options(radius=20.0)
    height, width = editor.document.size
    tool.press((width / 2, height / 2))
    return lambda: tool.move((width / 2 + 40.0 * (next(steps) % 20), height / 2 + 3))


def box_move(editor: Editor) -> Callable[[], Any]:
    """Returns one move of an assisted box of a tenth of the image, with the mask that is shown."""
    height, width = editor.document.size
    labels = (editor.document.ids % 100).astype(np.uint8)
    tool = AssistBoxTool(editor, NetworkMaps(labels, np.full(100, THING)))
    tool.press((0.0, 0.0))

    def act() -> None:
        tool.move((width * 0.32, height * 0.32))
        assert tool.preview

    return act


def fill_click(editor: Editor) -> Callable[[], Any]:
    y, x = np.argwhere(editor.document.ids == 0)[0].tolist()

    def act() -> None:
        editor.select([MIDDLE])
        FillTool(editor).press((x + 0.5, y + 0.5))

    return act


def full_check(editor: Editor) -> Callable[[], Any]:
    return lambda: check(Snapshot.of(editor.document, LABELS))


def second_check(editor: Editor) -> Callable[[], Any]:
    snapshot = Snapshot.of(editor.document, LABELS)
    earlier = check(snapshot)
    x0, y0, _, _ = editor.document.box(MIDDLE)
    return lambda: check(snapshot, earlier=earlier, changed=[(y0, x0, y0 + 100, x0 + 100)])


def snap(editor: Editor) -> Callable[[], Any]:
    picture = np.random.default_rng(0).integers(0, 255, (*editor.document.size, 3)).astype(np.uint8)
    region = editor.pixels(MIDDLE)
    return lambda: snap_edge(picture, region)


def half_to_neighbours(editor: Editor) -> Callable[[], Any]:
    upper = [number for number in editor.document.segments if number % 2]

    def act() -> None:
        editor.select(upper)
        editor.delete("neighbours")

    return act


ROWS: dict[str, Row] = {
    "a move of the brush": brush_move,
    "a move of an assisted box, a tenth of the image": box_move,
    "merge 2": on([MIDDLE, MIDDLE + 1], lambda editor: editor.merge()),
    "relabel": on([MIDDLE], lambda editor: editor.relabel(STUFF)),
    "cut": on([MIDDLE], lambda editor: editor.cut(across(editor))),
    "delete to void": on([MIDDLE], lambda editor: editor.delete()),
    "delete to neighbours": on([MIDDLE], lambda editor: editor.delete("neighbours")),
    "grow by 5": on([MIDDLE], lambda editor: editor.grow(5)),
    "shrink by 5": on([MIDDLE], lambda editor: editor.shrink(5)),
    "fill holes of all": on(list(range(1, 301)), lambda editor: editor.fill_holes()),
    "remove specks of all": on([], lambda editor: editor.remove_specks()),
    "fill a region of void": fill_click,
    "lasso around most of the image": lasso,
    "fill all void from the nearest": lambda editor: lambda: editor.fill_from_nearest(editor.propose_nearest()),
    "delete every second segment to neighbours": half_to_neighbours,
    "snap edge, in the background": snap,
    "check everything, in the background": full_check,
    "check again after a stroke, in the background": second_check,
}


def main() -> None:
    cv2.setNumThreads(1)
    maps = [speckled(LARGE), speckled(SMALL)]
    rows: list[list[Any]] = []
    for name, row in ROWS.items():
        editors = [editor_of(ids) for ids in maps]
        times = [median(editor, row(editor)) for editor in editors]
        rows.append([name, *times])
    print(describe_machine())
    print(markdown_table([["what", "24 MP, ms", "3 MP, ms"], *rows]))


if __name__ == "__main__":
    main()
