"""The longest stall of the window's event loop, from its first paint to the end of a forward on the CPU.

A timer of 4 ms ticks in the window and notes the largest gap; the same timer ticks in an idle Qt program at the same
time, under the same load. Budget: the window's largest gap less the idle program's is at most 50 ms.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _display import open_studio, wait_until_shown, with_display
from _machine import describe_machine, markdown_table

SIZE = (800, 1066)
TICK = 4

IDLE = f"""
import sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication([])
window = QMainWindow()
window.show()
last, largest = time.perf_counter(), 0.0
def tick():
    global last, largest
    now = time.perf_counter()
    largest, last = max(largest, now - last), now
timer = QTimer()
timer.timeout.connect(tick)
def begin():
    global last
    last = time.perf_counter()
    timer.start({TICK})
    print("ready", flush=True)
QTimer.singleShot(500, begin)
import threading
def stop():
    sys.stdin.readline()
    print(1000 * largest, flush=True)
    import os
    os._exit(0)
threading.Thread(target=stop, daemon=True).start()
application.exec()
"""


def main() -> None:
    from PySide6.QtCore import QTimer

    from lpsnet_studio import demo

    with tempfile.TemporaryDirectory() as place:
        dataset = demo.prepare(Path(place), seed=7, size=SIZE)
        # The scene's classes are not the network's: the photo alone, without truth, is what the forward runs on.
        photo = next(path for path in dataset.parents[1].rglob("*.png") if "annotations" not in path.parts)
        idle = subprocess.Popen([sys.executable, "-c", IDLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert idle.stdin is not None
        assert idle.stdout is not None
        idle.stdout.readline()
        studio, close = open_studio(str(photo), "--config", "coco_r50")
        last, gaps = time.perf_counter(), []

        def tick() -> None:
            nonlocal last
            now = time.perf_counter()
            gaps.append(1000 * (now - last))
            last = now

        timer = QTimer()
        timer.timeout.connect(tick)
        studio.window.repaint()
        last = time.perf_counter()
        timer.start(TICK)
        studio.begin()
        wait_until_shown(studio)
        timer.stop()
        idle.stdin.write("\n")
        idle.stdin.flush()
        quiet = float(idle.stdout.readline())
        idle.wait()
        seconds = sum(stage.seconds for stage in studio.session.result.stages)
        close()
    rows = [
        ["event loop", "longest stall, ms"],
        ["LPSNet Studio, first paint to end of inference", max(gaps)],
        ["idle Qt program at the same time", quiet],
        ["difference (budget 50)", max(gaps) - quiet],
    ]
    print(describe_machine())
    print(f"{SIZE[0]}×{SIZE[1]}, coco_r50, {seconds:.1f} s in the service, {len(gaps):,} ticks")
    print(markdown_table(rows))


if __name__ == "__main__":
    with_display()
    main()
