"""The longest stall of the window's event loop, from its first paint to the end of a forward on the CPU.

A timer of 4 ms ticks in the window and notes the largest gap; the same timer ticks in an idle Qt program at the same
time, under the same load. Budget: the window's largest gap less the idle program's is at most 50 ms.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from _display import open_studio, wait_until_shown, with_display
from _machine import describe_machine, markdown_table
from _stalls import Stalls

SIZE = (800, 1066)


def main() -> None:
    from lpsnet_studio import demo

    with tempfile.TemporaryDirectory() as place:
        dataset = demo.prepare(Path(place), seed=7, size=SIZE)
        # The scene's classes are not the network's: the photo alone, without truth, is what the forward runs on.
        photo = next(path for path in dataset.parents[1].rglob("*.png") if "annotations" not in path.parts)
        studio, close = open_studio(str(photo), "--config", "coco_r50")
        stalls = Stalls()
        studio.window.repaint()

        def infer() -> None:
            studio.begin()
            wait_until_shown(studio)

        difference = stalls.during(infer)
        seconds = sum(stage.seconds for stage in studio.session.result.stages)
        close()
    rows = [
        ["event loop", "longest stall, ms"],
        ["LPSNet Studio, first paint to end of inference", stalls.longest],
        ["idle Qt program at the same time", stalls.idle],
        ["difference (budget 50)", difference],
    ]
    print(describe_machine())
    print(f"{SIZE[0]}×{SIZE[1]}, coco_r50, {seconds:.1f} s in the service, {stalls.ticks:,} ticks")
    print(markdown_table(rows))


if __name__ == "__main__":
    with_display()
    main()
