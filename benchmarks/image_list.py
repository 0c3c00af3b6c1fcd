"""The image list with ten thousand images: how soon it is there, what it takes, and whether the window stays fluid.

A folder of 10,000 photos and a COCO panoptic JSON of 10,000 images with eleven segments each, against 100 of the same;
a real window and its service, each case in a process of its own. Budgets: listed within 2 s, at most 50 MB more than
100 images (window and service together), 16 ms a keystroke in the filter, no stall over 50 ms more than an idle Qt
program shows at the same time.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _display import open_studio, with_display
from _machine import describe_machine, markdown_table
from _stalls import Stalls

MANY, FEW = 10_000, 100
SEGMENTS = 11
SIZE = (480, 640)
SCROLLS = 200
REPEATS = 7


def make_photos(folder: Path, count: int) -> None:
    """Writes a photo-like JPEG and as many further names of it as are asked for."""
    import cv2
    import numpy as np

    folder.mkdir(parents=True)
    coarse = np.random.default_rng(5).integers(0, 255, (12, 16, 3)).astype(np.uint8)
    pixels = cv2.resize(coarse, SIZE[::-1], interpolation=cv2.INTER_CUBIC)
    first = folder / f"{0:012d}.jpg"
    cv2.imwrite(str(first), pixels)
    for number in range(1, count):
        os.link(first, folder / f"{number:012d}.jpg")


def make_dataset(root: Path, count: int) -> Path:
    """Writes photos and the JSON of a data set; of its PNGs none, since listing reads none."""
    import numpy as np

    make_photos(root / "val", count)
    rng = np.random.default_rng(3)
    from lpsnet.assets import resource

    categories = json.loads(resource("categories", "coco_panoptic.json").read_text())
    ids = [entry["id"] for entry in categories]
    images, annotations = [], []
    for number in range(count):
        name = f"{number:012d}"
        images.append(
            {
                "license": 3,
                "file_name": f"{name}.jpg",
                "coco_url": f"photos/{name}.jpg",
                "height": SIZE[0],
                "width": SIZE[1],
                "date_captured": "2013-11-18 02:53:27",
                "id": number,
            }
        )
        segments = [
            {
                "id": int(rng.integers(1, 2**24)),
                "category_id": int(rng.choice(ids)),
                "iscrowd": 0,
                "bbox": rng.integers(0, 200, 4).tolist(),
                "area": int(rng.integers(20, 60_000)),
            }
            for _ in range(SEGMENTS)
        ]
        annotations.append({"segments_info": segments, "file_name": f"{name}.png", "image_id": number})
    path = root / "annotations" / "panoptic_val.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return path


def memory() -> float:
    """Returns what the window and its service hold for themselves once that has settled, in MB."""
    import gc

    import psutil

    from lpsnet_studio.render import wait_until

    window = psutil.Process()
    before, now = 0.0, -1.0
    while abs(now - before) > 0.5:
        wait_until(lambda: False, 1.0)
        gc.collect()
        held = sum(each.memory_full_info().uss for each in (window, *window.children(recursive=True)))
        before, now = now, held / 1e6
    return now


def measure(kind: str, place: str) -> dict[str, float]:
    """Opens one list in a window of its own and measures it."""
    from lpsnet_studio.render import settle, wait_until

    studio, close = open_studio()
    session, images = studio.session, studio.window.images
    images.lookahead.prefetch(False)
    studio.begin()
    wait_until(lambda: studio.client.state == "ready", 120)
    before = memory()
    stalls, started, listed = Stalls(), 0.0, 0.0

    def note() -> None:
        nonlocal listed
        listed = time.perf_counter()

    session.entries_changed.connect(note)

    def open_list() -> None:
        nonlocal started
        started = time.perf_counter()
        if kind == "folder":
            studio.window.commands.files.list_folder(Path(place))
        else:
            session.open_dataset(Path(place))
        wait_until(lambda: session.picture is not None, 60)
        settle()

    found = {"listing stall": stalls.during(open_list)}
    found["listed"] = listed - started
    wait_until(lambda: images.thumbnails.is_idle, 20)
    found["memory"] = memory() - before
    found["scroll stall"] = stalls.during(lambda: scroll(images.view))
    wait_until(lambda: images.thumbnails.is_idle, 20)
    texts = ("0", "00", "007", "0077", "00", "", "pq<5", "pq<50", "problem", "")
    repeats = [[typed(images, text) for text in texts] for _ in range(REPEATS)]
    keystrokes = [statistics.median(times) for times in zip(*repeats, strict=True)]
    found["keystroke"], found["slowest keystroke"] = statistics.median(keystrokes), max(keystrokes)
    close()
    return found


def scroll(view: Any) -> None:
    """Moves through the whole list as a dragged scroll bar does."""
    from lpsnet_studio.render import wait_until

    bar = view.verticalScrollBar()
    for step in range(SCROLLS):
        bar.setValue(bar.maximum() * step // SCROLLS)
        wait_until(lambda: False, 0.016)


def typed(images: Any, text: str) -> float:
    """Returns the milliseconds from a keystroke to the list painted anew."""
    started = time.perf_counter()
    images.filter.setText(text)
    images.repaint()
    images.view.viewport().repaint()
    return 1000 * (time.perf_counter() - started)


def run_apart(kind: str, place: Path) -> dict[str, float]:
    command = [sys.executable, __file__, kind, str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    rows: list[list[Any]] = []
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for kind in ("folder", "JSON"):
            found = {}
            for count in (FEW, MANY):
                if kind == "folder":
                    place = root / f"folder{count}"
                    make_photos(place, count)
                else:
                    place = make_dataset(root / f"set{count}", count)
                found[count] = run_apart(kind, place)
            few, many = found[FEW], found[MANY]
            more = many["memory"] - few["memory"]
            rows += [
                [kind, "listed, s", 2, many["listed"], few["listed"]],
                [kind, "memory for it, MB; more than 100 images (budget 50)", 50, more, few["memory"]],
                [kind, "longest stall while listing, ms", 50, many["listing stall"], few["listing stall"]],
                [kind, "longest stall while scrolling through all, ms", 50, many["scroll stall"], few["scroll stall"]],
                [kind, "keystroke in the filter, median, ms", 16, many["keystroke"], few["keystroke"]],
                [kind, "slowest keystroke, ms", 16, many["slowest keystroke"], few["slowest keystroke"]],
            ]
    print(describe_machine())
    print(markdown_table([["list", "what", "budget", "10,000 images", "100 images"], *rows]))


if __name__ == "__main__":
    with_display()
    if len(sys.argv) == 3:
        print(json.dumps(measure(sys.argv[1], sys.argv[2])))
    else:
        main()
