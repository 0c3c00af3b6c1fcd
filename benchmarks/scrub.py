"""One merge step back or forth at 1024×2048: from the slider's valueChanged to update() with the buffer written.

A drawn scene, a real window, every step of the merge twice, and jumps from end to end. Budget: 8 ms a step. The time to
paint the canvas afterwards stands beside.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _display import open_studio, wait_until_shown, with_display
from _machine import describe_machine, markdown_table

SIZE = (1024, 2048)
BUDGET = 8


def walk(studio: Any, positions: Sequence[int]) -> list[Any]:
    """Returns median and largest time of a move to each position, and the median time to paint, in milliseconds."""
    moved, painted = [], []
    for position in positions:
        started = time.perf_counter()
        studio.window.timeline.slider.setValue(position)
        moved.append(1000 * (time.perf_counter() - started))
        started = time.perf_counter()
        studio.window.canvas.viewport().repaint()
        painted.append(1000 * (time.perf_counter() - started))
    return [statistics.median(moved), max(moved), statistics.median(painted)]


def main() -> None:
    from lpsnet_studio import demo

    with tempfile.TemporaryDirectory() as place:
        dataset = demo.prepare(Path(place), seed=7, size=SIZE)
        studio, close = open_studio(str(dataset), "--config", "demo")
        studio.session.change_settings(semantic_oracle=True, box_oracle=True)
        studio.begin()
        wait_until_shown(studio)
        studio.session.change_settings(overlap_threshold=1.0)
        wait_until_shown(studio)
        count = len(studio.session.steps)
        there = list(range(count - 1, -1, -1)) + list(range(1, count + 1))
        walk(studio, there)
        shuffled = there * 2
        random.Random(1).shuffle(shuffled)
        rows = [
            ["one step", BUDGET, *walk(studio, there * 3)],
            ["a jump to anywhere", "", *walk(studio, shuffled)],
            ["from end to end", "", *walk(studio, [0, count] * 10)],
        ]
        close()
    print(describe_machine())
    print(f"{SIZE[0]}×{SIZE[1]}, {count} merge steps")
    print(markdown_table([["move", "budget, ms", "median, ms", "largest, ms", "paint, ms"], *rows]))


if __name__ == "__main__":
    with_display()
    main()
