"""What the background does for the next image, and what it costs the current one.

Scenes of 800×1066 pixels, the demo's network, a real window: from opening the next image to its result shown, with and
without prefetching; and a slider to the picture, with nothing else going on, during a prefetch, and while all images
are measured. The three slider columns are taken in turns in one run.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _display import open_studio, wait_until_shown, with_display
from _machine import describe_machine, markdown_table

SIZE = (800, 1066)
COUNT = 10
OPENINGS = 4
MOVES = 12
ROUNDS = 3


def open_next(studio: Any) -> float:
    """Returns the seconds from asking for the next image to its result."""
    started = time.perf_counter()
    studio.session.step_image(1)
    wait_until_shown(studio)
    return time.perf_counter() - started


def slide(studio: Any) -> list[float]:
    """Returns the milliseconds from each move of the overlap slider to the picture."""
    from PySide6.QtCore import QEventLoop

    session, loop, taken = studio.session, QEventLoop(), []
    session.result_changed.connect(loop.quit, check_nargs=False)
    for move in range(1, MOVES + 2):
        started = time.perf_counter()
        session.change_settings(overlap_threshold=0.3 + move / 100, preview=True)
        loop.exec()
        taken.append(1000 * (time.perf_counter() - started))
    session.result_changed.disconnect(loop.quit)
    session.change_settings(overlap_threshold=0.3)
    wait_until_shown(studio)
    return taken[1:]


def until(ready: Callable[[], bool]) -> None:
    from lpsnet_studio.render import wait_until

    if not wait_until(ready, 120):
        sys.exit("what was waited for did not happen within 120 s")


def main() -> None:
    from lpsnet_studio import demo

    with tempfile.TemporaryDirectory() as place:
        dataset = demo.draw(demo.Scenes(Path(place), 7, COUNT, SIZE), lambda _share: None)
        studio, close = open_studio(str(dataset), "--config", "demo")
        lookahead = studio.window.images.lookahead
        lookahead.prefetch(False)
        studio.begin()
        wait_until_shown(studio)
        plain = [open_next(studio) for _ in range(OPENINGS)]
        lookahead.prefetch(True)
        fetched = []
        for _ in range(OPENINGS):
            until(lambda: not lookahead.is_fetching)
            fetched.append(open_next(studio))
        quiet, fetching, measuring = [], [], []
        for _ in range(ROUNDS):
            lookahead.prefetch(False)
            quiet += slide(studio)
            studio.session.reload(studio.session.index)
            wait_until_shown(studio)
            lookahead.measure(list(range(COUNT)))
            until(lambda: lookahead.measuring is not None and lookahead.measuring.done > 0)
            measuring += slide(studio)
            lookahead.stop_measuring()
            lookahead.prefetch(True)
            fetching += slide(studio)
            until(lambda: not lookahead.is_fetching)
        close()
    print(describe_machine())
    print(
        markdown_table(
            [
                ["opening the next image", "to the result, s"],
                ["as it is", statistics.median(plain)],
                ["prefetched", statistics.median(fetched)],
            ]
        )
    )
    print(
        markdown_table(
            [
                ["overlap slider to the picture, ms", "median", "largest"],
                ["nothing else", statistics.median(quiet), max(quiet)],
                ["during a prefetch", statistics.median(fetching), max(fetching)],
                ["while images are measured", statistics.median(measuring), max(measuring)],
            ]
        )
    )


if __name__ == "__main__":
    with_display()
    main()
