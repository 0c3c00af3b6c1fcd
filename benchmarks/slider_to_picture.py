"""From a slider's valueChanged to update() with the overlay's buffer written, through both processes.

A drawn scene of 800×1066 pixels, a real window, median of several moves of each control. Budgets: 16 ms for what
reruns the merge, 60 ms for what reruns the detections. The time to paint the canvas afterwards stands beside.

With ``--panels`` two controls are moved with every panel of the menu Inspect open in turn, on an image of 800×1333 and
an untrained network of 133 classes with 100 detections: what a panel shows must not hold up the picture.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from _display import open_studio, wait_until_shown, with_display
from _machine import describe_machine, markdown_table

SIZE = (800, 1066)
MOVES = 24
LARGE = (800, 1333)
PASSING = 3000
"""Locations whose class score passes."""
PANELS = ("", "levels", "borderness", "semantics", "probe", "errors", "why")


def measure(studio: Any, move: Callable[[int], None]) -> tuple[float, float, float, float]:
    """Returns the median and the largest time to the picture, and the medians to the lists and of painting, in ms."""
    from PySide6.QtCore import QEventLoop

    from lpsnet_studio.inspector.overlays import PICTURE_FIRST

    loop, shown, told, painted = QEventLoop(), [], [], []
    ended = last = 0.0

    def note_picture() -> None:
        nonlocal ended
        ended = time.perf_counter()

    def note_lists() -> None:
        nonlocal last
        last = time.perf_counter()
        loop.quit()

    studio.session.result_changed.connect(note_picture, priority=PICTURE_FIRST - 1)
    studio.session.result_changed.connect(note_lists)
    for number in range(MOVES + 2):
        started = time.perf_counter()
        move(number)
        loop.exec()
        shown.append(1000 * (ended - started))
        told.append(1000 * (last - started))
        started = time.perf_counter()
        studio.window.canvas.viewport().repaint()
        painted.append(1000 * (time.perf_counter() - started))
    studio.session.result_changed.disconnect(note_picture)
    studio.session.result_changed.disconnect(note_lists)
    median = statistics.median
    return median(shown[2:]), max(shown[2:]), median(told[2:]), median(painted[2:])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--panels", action="store_true", help="with every panel of the menu Inspect in turn")
    if options.parse_args().panels:
        measure_panels()
    else:
        measure_controls()


def measure_panels() -> None:
    """Prints how long a slider takes to the picture with each panel open."""
    from lpsnet_studio import demo

    with tempfile.TemporaryDirectory() as place:
        dataset = demo.prepare(Path(place), seed=7, size=LARGE)
        photo = next(path for path in dataset.parents[1].rglob("*.png") if "annotations" not in path.parts)
        studio, close = open_studio(str(photo), "--config", "coco_r50")
        session, window = studio.session, studio.window
        studio.begin()
        wait_until_shown(studio)
        # An untrained network is sure of nothing: let so many pass as a trained one has on a crowded photo.
        passing = float(sorted(session.result.candidates.class_scores.tolist())[-PASSING])
        session.change_settings(class_threshold=passing, score_threshold=0.0, stuff_limit=0, overlap_threshold=0.9)
        wait_until_shown(studio)
        rows = []
        for name in PANELS:
            if name:
                window.actions_by_id[f"panel_{name}"].trigger()
            session.point(LARGE[1] // 2, LARGE[0] // 2)
            overlap = measure(studio, lambda n: session.change_settings(overlap_threshold=0.5 + n / 100))
            wait_until_shown(studio)
            boxes = measure(studio, lambda n: session.change_settings(nms_iou=0.5 + n / 100))
            wait_until_shown(studio)
            rows.append([name or "none", overlap[0], boxes[0]])
            if name:
                window.docks[name].hide()
        found = f"{len(session.result.detections)} detections of {len(session.result.candidates or ())} candidates"
        classes = len(session.result.categories)
        close()
    print(describe_machine())
    print(f"{LARGE[0]}×{LARGE[1]}, {classes} classes, {found}, untrained network")
    print(markdown_table([["panel open", "overlap (budget 16), ms", "NMS (budget 60), ms"], *rows]))


def measure_controls() -> None:
    """Prints how long each control takes to the picture."""
    from lpsnet_studio import demo

    with tempfile.TemporaryDirectory() as place:
        dataset = demo.prepare(Path(place), seed=7, size=SIZE)
        studio, close = open_studio(str(dataset), "--config", "demo")
        session, panel = studio.session, studio.window.panel
        studio.begin()
        wait_until_shown(studio)
        network = [
            ("NMS (network's boxes)", 60, lambda n: session.change_settings(nms_iou=0.5 + n / 100)),
            ("border-ness on/off", 60, lambda n: session.change_settings(use_borderness=bool(n % 2))),
            ("score (network's boxes)", 60, lambda n: panel.controls["score_threshold"].slider.setValue(21 + n)),
        ]
        rows = list(_rows(studio, network))
        session.change_settings(semantic_oracle=True, box_oracle=True)
        wait_until_shown(studio)
        merges = [
            ("overlap", 16, lambda n: panel.controls["overlap_threshold"].slider.setValue(40 + n)),
            ("stuff limit", 16, lambda n: session.change_settings(stuff_limit=100 + 10 * n)),
            ("conflict", 16, lambda n: session.change_settings(conflict=("smallest", "closest")[n % 2])),
        ]
        rows += _rows(studio, merges)
        close()
    header = ["control", "budget, ms", "to the picture, ms", "largest, ms", "to all lists, ms", "paint, ms"]
    print(describe_machine())
    print(f"{SIZE[0]}×{SIZE[1]}, {len(session.steps)} merge steps")
    print(markdown_table([header, *rows]))


def _rows(studio: Any, controls: Sequence[tuple[str, int, Callable[[int], None]]]) -> Any:
    for name, budget, move in controls:
        yield [name, budget, *measure(studio, move)]
        wait_until_shown(studio)


if __name__ == "__main__":
    with_display()
    main()
