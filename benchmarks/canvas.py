"""How long the canvas takes to follow the hand on a photo of 24 megapixels, beside one of 3 megapixels.

A drawn scene, enlarged; a real window of 1360×860 with segments, contours, boxes, void and names on. Every figure is of
one frame: from the move to the end of painting, in the window's process. Budget: 16 ms at the median. The longest stall
of the event loop while the photo is opened and its result arrives stands below; budget 50 ms.
"""

from __future__ import annotations

import itertools
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from _display import open_studio, wait_until_shown, with_display
from _machine import describe_machine, markdown_table
from _stalls import Stalls

SIZES = ((1500, 2000), (4000, 6000))
DRAWN = (500, 750)
FRAMES = 120
BUDGET = 16


def write_scene(folder: Path, size: tuple[int, int]) -> Path:
    """Writes a drawn scene, enlarged to ``size`` (H, W), as a COCO panoptic data set; returns its JSON file."""
    from lpsnet.formats.coco_panoptic_writer import CocoPanopticWriter
    from lpsnet.scenes import draw_scene, scene_categories
    from lpsnet.structures import PanopticSegmentation

    scene = draw_scene(7, *DRAWN)
    height, width = size
    image = cv2.resize(scene.image, (width, height), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(1).integers(-8, 9, (height, width, 1), np.int16)
    image = np.clip(image + noise, 0, 255).astype(np.uint8)
    ids = cv2.resize(scene.segmentation.ids, (width, height), interpolation=cv2.INTER_NEAREST)
    labels = {segment.id: segment.label for segment in scene.segmentation.segments}
    photos = folder / "large"
    photos.mkdir(parents=True)
    cv2.imwrite(str(photos / "large.png"), image[:, :, ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    json_path = folder / "annotations" / "panoptic_large.json"
    with CocoPanopticWriter(json_path, None, scene_categories()) as writer:
        writer.add(1, "large.png", PanopticSegmentation.from_ids(ids, labels))
    return json_path


def moves(studio: Any) -> Iterator[tuple[str, Callable[[int], None]]]:
    """Yields what a hand does, and how the n-th of a row of it is done."""
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    canvas, session, dice = studio.window.canvas, studio.session, random.Random(1)
    room = canvas.viewport().rect()
    count = len(session.steps)
    there = itertools.cycle([*range(count), *range(count, 0, -1)])

    def hover(_n: int) -> None:
        place = QPointF(dice.uniform(0, room.width()), dice.uniform(0, room.height()))
        none = Qt.MouseButton.NoButton
        globally = canvas.viewport().mapToGlobal(place)
        event = QMouseEvent(QEvent.Type.MouseMove, place, globally, none, none, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(canvas.viewport(), event)

    def turn(n: int) -> None:
        factor = 1.25 if n % 16 < 8 else 0.8
        canvas.zoom_by(factor, QPointF(dice.uniform(0, room.width()), dice.uniform(0, room.height())))

    yield "one merge step", lambda _n: studio.window.timeline.slider.setValue(next(there))
    session.seek(count)
    yield "opacity of segments", lambda n: session.change_layer("segments", goes_on=True, opacity=0.2 + n % 60 / 100)
    yield "hover", hover
    yield "bare photo and back", lambda n: session.change_view(overlays=bool(n % 2))
    yield "zoom", turn
    canvas.fit()
    canvas.zoom_by(4)
    yield "pan, zoomed in", lambda n: canvas.pan_by(QPointF(9, 5) if n % 60 < 30 else QPointF(-9, -5))
    yield "one merge step, zoomed in", lambda _n: studio.window.timeline.slider.setValue(next(there))
    canvas.fit()
    yield "pan, all in view", lambda n: canvas.pan_by(QPointF(5, 3) if n % 60 < 30 else QPointF(-5, -3))


def frame_times(studio: Any, move: Callable[[int], None]) -> list[float]:
    """Returns how long each frame took, in milliseconds."""
    from PySide6.QtWidgets import QApplication

    taken = []
    for n in range(FRAMES):
        started = time.perf_counter()
        move(n)
        studio.window.canvas.viewport().repaint()
        taken.append(1000 * (time.perf_counter() - started))
        QApplication.processEvents()
    return taken


def open_and_move(size: tuple[int, int]) -> tuple[dict[str, list[float]], float]:
    """Returns the frames of every move, and the longest stall while the photo was opened, less an idle program's."""
    with tempfile.TemporaryDirectory() as place:
        dataset = write_scene(Path(place), size)
        studio, close = open_studio(str(dataset), "--config", "demo")
        studio.session.change_settings(semantic_oracle=True, box_oracle=True, overlap_threshold=1.0)
        studio.session.change_layer("void", visible=True)
        studio.session.change_view(names=True)
        studio.window.repaint()

        def show() -> None:
            studio.begin()
            wait_until_shown(studio)

        stall = Stalls().during(show)
        taken = {name: frame_times(studio, move) for name, move in moves(studio)}
        close()
    return taken, stall


def main() -> None:
    (small, small_stall), (large, large_stall) = (open_and_move(size) for size in SIZES)
    header = [
        "a frame of",
        "budget, ms",
        *(f"{w}×{h}: {what}, ms" for h, w in SIZES for what in ("median", "95 %")),
        "ratio",
    ]
    rows: list[list[Any]] = [header]
    for name, frames in large.items():
        medians = [statistics.median(taken) for taken in (small[name], frames)]
        tails = [float(np.percentile(taken, 95)) for taken in (small[name], frames)]
        rows.append([name, BUDGET, medians[0], tails[0], medians[1], tails[1], medians[1] / medians[0]])
    print(describe_machine())
    print(markdown_table(rows))
    print()
    stalls = [["while opening", "budget, ms", *(f"{w}×{h}, ms" for h, w in SIZES)]]
    print(markdown_table([*stalls, ["longest stall of the event loop", 50, small_stall, large_stall]]))


if __name__ == "__main__":
    with_display()
    main()
