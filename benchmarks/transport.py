"""What does a slider pay for the service being a process of its own?

Carries the MergeTrace of 100 boxes at 800×1066 to another process and back: over the Studio's channel, and over a
multiprocessing pipe, which copies every array through the socket. Then turns the overlap threshold of a running
service, idle and while a forward of ResNet-50 occupies its network lane.

Run as ``.venv/bin/python benchmarks/transport.py``.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from _machine import describe_machine, markdown_table, median_seconds
from PIL import Image

from lpsnet.assets import resource
from lpsnet.categories import Categories
from lpsnet.formats.coco_panoptic import CocoPanopticWriter
from lpsnet.panoptic_head import merge
from lpsnet.structures import Detections, InspectionSettings, MergeTrace, PanopticSegmentation
from lpsnet_studio.inference.messages import (
    Failed,
    ImageSource,
    Inspect,
    LoadModel,
    OpenImage,
    Prefetch,
    Progress,
    TruthSource,
)
from lpsnet_studio.inference.supervision import Supervisor
from lpsnet_studio.inference.transport import Channel, socket_pair

SIZE = (800, 1066)
BOXES = 100
REPEATS = 40


def main() -> None:
    trace = merged_boxes()
    deltas = [step.delta for step in trace.steps if step.delta is not None]
    megabytes = (sum(delta.nbytes for delta in deltas) + trace.owners.nbytes + trace.labels.nbytes) / 2**20
    print(
        f"{describe_machine()}\n\nA trace of {len(deltas)} deltas, {megabytes:.1f} MiB with its maps, there and back:\n"
    )
    rows: list[Sequence[Any]] = [("way", "ms")]
    rows.append(("the Studio's channel", median_seconds(echo_over_channel(trace), REPEATS, warmup=3) * 1e3))
    rows.append(("a multiprocessing pipe", median_seconds(echo_over_pipe(trace), REPEATS, warmup=3) * 1e3))
    print(markdown_table(rows), "\n\nOverlap threshold turned, request to reply, both processes:\n")
    print(markdown_table([("service", "median ms", "of which merge and quality", "90 % below"), *turned_sliders()]))


# -------------------------------------------------------------------------------------------------------- the transport


def merged_boxes() -> MergeTrace:
    """Merges boxes whose areas sum to about three images, over a map of coarse blobs."""
    rng = np.random.default_rng(0)
    isthing = np.arange(133) < 80
    height, width = SIZE
    labels = np.kron(rng.integers(0, 133, (10, 13)), np.ones((80, 82), np.int64))[:height, :width].astype(np.uint8)
    side = np.sqrt(3 * height * width / BOXES)
    corner = rng.random((BOXES, 2)) * (width - side, height - side)
    boxes = np.concatenate([corner, corner + side], axis=1).astype(np.float32)
    classes = labels[(corner[:, 1] + side / 2).astype(int), (corner[:, 0] + side / 2).astype(int)] % 80
    detections = Detections.from_boxes(boxes, classes.astype(np.int32), rng.random(BOXES).astype(np.float32))
    return merge(detections, labels, isthing=isthing, overlap_threshold=1.0, conflict="smallest")


def echo_over_channel(trace: MergeTrace) -> Any:
    ours, theirs = socket_pair()
    if os.fork() == 0:
        ours.close()
        channel = Channel(theirs)
        try:
            while True:
                channel.send(channel.receive())
        finally:
            os._exit(0)
    theirs.close()
    channel = Channel(ours)

    def there_and_back() -> MergeTrace:
        channel.send(trace)
        received: MergeTrace = channel.receive()
        return received

    assert np.array_equal(there_and_back().owners, trace.owners)
    return there_and_back


def echo_over_pipe(trace: MergeTrace) -> Any:
    ours, theirs = multiprocessing.get_context("fork").Pipe()
    multiprocessing.get_context("fork").Process(target=echo, args=(theirs,), daemon=True).start()

    def there_and_back() -> MergeTrace:
        ours.send(trace)
        received: MergeTrace = ours.recv()
        return received

    return there_and_back


def echo(connection: Connection) -> None:
    while True:
        connection.send(connection.recv())


# ---------------------------------------------------------------------------------------------------------- the service


class Asker:
    """Asks a service and waits."""

    def __init__(self) -> None:
        self._replies: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.supervisor = Supervisor(self._replies.put, lambda _state: None)
        self.supervisor.start()

    def post(self, kind: Any, *arguments: Any) -> int:
        """Posts a request and returns its number."""
        number = self.supervisor.next_request()
        self.supervisor.post(kind(number, *arguments))
        return number

    def ask(self, kind: Any, *arguments: Any) -> Any:
        """Posts a request and returns its reply."""
        number = self.post(kind, *arguments)
        while True:
            reply = self._replies.get(timeout=300)
            if getattr(reply, "request", None) == number and not isinstance(reply, Progress):
                if isinstance(reply, Failed):
                    raise SystemExit(f"{reply.sentence}\n{reply.details}")
                return reply

    def wait_for_progress(self, number: int) -> None:
        """Waits until a request is being worked on."""
        while not isinstance(reply := self._replies.get(timeout=300), Progress) or reply.request != number:
            continue


def turned_sliders() -> list[Sequence[Any]]:
    with tempfile.TemporaryDirectory() as folder:
        source, other = drawn_images(Path(folder))
        asker = Asker()
        settings = InspectionSettings(class_threshold=0.0, score_threshold=0.0, stuff_limit=0)
        asker.ask(LoadModel, "coco_r50")
        asker.ask(OpenImage, "image", source)
        asker.ask(Inspect, "image", settings)
        rows = [turned(asker, "idle", settings), turned(asker, "idle, both oracles", with_oracles(settings))]
        forward = asker.post(Prefetch, "other", other, settings)
        asker.wait_for_progress(forward)
        rows.append(turned(asker, "during a forward", settings, repeats=15))
        asker.supervisor.close()
    return rows


def with_oracles(settings: InspectionSettings) -> InspectionSettings:
    return replace(settings, semantic_oracle=True, box_oracle=True)


def turned(asker: Asker, name: str, settings: InspectionSettings, repeats: int = REPEATS) -> Sequence[Any]:
    seconds, inside = [], []
    for threshold in np.linspace(0.1, 0.9, repeats).tolist():
        started = time.perf_counter()
        reply = asker.ask(Inspect, "image", replace(settings, overlap_threshold=threshold))
        seconds.append(time.perf_counter() - started)
        inside.append(sum(stage.seconds for stage in reply.stages if stage.ran))
    return (
        name,
        statistics.median(seconds) * 1e3,
        statistics.median(inside) * 1e3,
        float(np.quantile(seconds, 0.9)) * 1e3,
    )


def drawn_images(folder: Path) -> tuple[ImageSource, ImageSource]:
    """Draws one image with ground truth of 40 people on grass, and one without."""
    coco = Categories.load(resource("categories", "coco_panoptic.json"))
    names = [entry.name for entry in coco]
    rng = np.random.default_rng(0)
    height, width = SIZE
    ids = np.full(SIZE, 1, np.int32)
    for identity in range(2, 42):
        y, x = int(rng.integers(0, height - 200)), int(rng.integers(0, width - 100))
        ids[y : y + 200, x : x + 100] = identity
    present = np.unique(ids).tolist()
    labels = {identity: names.index("person" if identity > 1 else "grass-merged") for identity in present}
    pixels = rng.integers(0, 256, (42, 3)).astype(np.uint8)[ids]
    for name in ("one.png", "two.png"):
        Image.fromarray(pixels).save(folder / name)
    with CocoPanopticWriter(folder / "panoptic.json", None, coco) as writer:
        writer.add(1, "one.png", PanopticSegmentation.from_ids(ids, labels))
    truth = TruthSource(str(folder / "panoptic.json"), 1)
    return ImageSource(str(folder / "one.png"), truth), ImageSource(str(folder / "two.png"))


if __name__ == "__main__":
    main()
