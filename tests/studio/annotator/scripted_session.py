"""A session of annotating, step by step, and what a project must hold after each step: told by arrays alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lpsnet_studio.annotator.edits import Edit, PixelPatch, SegmentInfo
from lpsnet_studio.annotator.project import FileFacts, Status
from lpsnet_studio.annotator.store import ProjectStore
from lpsnet_studio.annotator.tickets import Ticket

__all__ = ["SIZE", "Sheet", "make_pictures", "moments", "play", "state_of", "states"]

SIZE = 24, 32
State = dict[str, Any]


@dataclass
class Sheet:
    """One image under correction: every state it was ever in, in the order of its edits."""

    states: list[tuple[NDArray[np.uint16], dict[int, SegmentInfo]]]
    done: int = 0
    last: int = 0
    status: str = "todo"

    @classmethod
    def begun(cls, seed: int) -> Sheet:
        """Returns an image of four segments."""
        ids = np.repeat(np.repeat(np.array([[1, 2], [3, 4]], np.uint16), SIZE[0] // 2, 0), SIZE[1] // 2, 1)
        return cls([(ids, {number: SegmentInfo(seed + number) for number in (1, 2, 3, 4)})])

    @property
    def ids(self) -> NDArray[np.uint16]:
        return self.states[self.done][0]

    @property
    def segments(self) -> dict[int, SegmentInfo]:
        return self.states[self.done][1]

    def paint(self, random: np.random.Generator, title: str) -> Edit:
        """Paints a new segment over a rectangle, and takes out of the table what has no pixels left."""
        after, table = self.ids.copy(), dict(self.segments)
        number = max(table, default=0) + 1
        y, x = int(random.integers(0, SIZE[0] - 4)), int(random.integers(0, SIZE[1] - 4))
        after[y : y + int(random.integers(1, 9)), x : x + int(random.integers(1, 9))] = number
        table[number] = SegmentInfo(int(random.integers(1, 80)))
        table = {known: info for known, info in table.items() if (after == known).any()}
        changed = {
            known: (self.segments.get(known), table.get(known))
            for known in self.segments.keys() | table.keys()
            if self.segments.get(known) != table.get(known)
        }
        edit = Edit(title, PixelPatch.between(self.ids, after), changed)
        del self.states[self.done + 1 :]
        self.states.append((after, table))
        self.done += 1
        self.last, self.status = self.done, "in_progress" if self.status == "todo" else self.status
        return edit

    def told(self) -> State:
        return {
            "done": self.done,
            "last": self.last,
            "status": self.status,
            "ids": _digest(self.ids),
            "segments": dict(self.segments),
        }


@dataclass
class _Model:
    sheets: dict[int, Sheet] = field(default_factory=dict)
    labels: Any = None
    remembered: Any = None

    def told(self) -> State:
        return {
            "labels": self.labels,
            "remembered": self.remembered,
            "images": {image: sheet.told() if sheet.states else None for image, sheet in self.sheets.items()},
        }


def make_pictures(folder: Path) -> list[FileFacts]:
    """Writes two pictures."""
    for name in ("a.png", "b.png"):
        Image.new("RGB", SIZE[::-1], "grey").save(folder / name)
    return [FileFacts.of(folder / name) for name in ("a.png", "b.png")]


def moments(strokes: int) -> Iterator[Callable[[_Model, Any, list[FileFacts]], Ticket | None]]:
    """Yields the steps: each changes the model, and the store if there is one."""
    random = np.random.default_rng(5)

    def add(model: _Model, store: Any, files: list[FileFacts]) -> Any:
        model.sheets = {1: Sheet([]), 2: Sheet([])}
        return store and store.add_images(files)[1]

    def start(image: int) -> Any:
        def step(model: _Model, store: Any, files: list[FileFacts]) -> Any:
            sheet = model.sheets[image] = Sheet.begun(10 * image)
            return store and store.start(image, sheet.ids, sheet.segments, "the network")

        return step

    def stroke(image: int) -> Any:
        def step(model: _Model, store: Any, files: list[FileFacts]) -> Any:
            edit = model.sheets[image].paint(random, "Brush")
            return store and store.append(image, edit)

        return step

    def move(image: int, by: int) -> Any:
        def step(model: _Model, store: Any, files: list[FileFacts]) -> Any:
            sheet = model.sheets[image]
            sheet.done = min(max(sheet.done + by, 0), sheet.last)
            return store and store.set_cursor(image, sheet.done)

        return step

    def relabel(model: _Model, store: Any, files: list[FileFacts]) -> Any:
        model.labels = {"version": (model.labels or {}).get("version", 0) + 1}
        edits = [(image, sheet.paint(random, "Merge classes")) for image, sheet in model.sheets.items() if sheet.states]
        return store and store.set_labels(model.labels, edits)

    def status(model: _Model, store: Any, files: list[FileFacts]) -> Any:
        model.sheets[1].status = "done"
        return store and store.set_status(1, Status.DONE)

    def remember(model: _Model, store: Any, files: list[FileFacts]) -> Any:
        model.remembered = {"image": 2}
        return store and store.remember("view", {"image": 2})

    def compact(model: _Model, store: Any, files: list[FileFacts]) -> Any:
        if store:
            store.compact(1)
            store.flush_and_tidy(20)

    yield from (add, start(1))
    for _ in range(strokes):
        yield stroke(1)
    yield from (move(1, -1), move(1, -1), move(1, 1), stroke(1), remember, start(2))
    for number in range(strokes):
        yield stroke(1 + number % 2)
    yield from (compact, relabel, status, stroke(2), move(2, -2), stroke(2), relabel, compact)


def states(strokes: int) -> list[State]:
    """Returns what a project must hold after it was made, and after every step."""
    model = _Model(labels={"version": 0})
    told = [model.told()]
    for step in moments(strokes):
        step(model, None, [])
        told.append(model.told())
    return told


def play(store: ProjectStore, files: list[FileFacts], strokes: int, made: Callable[[int, Ticket | None], None]) -> None:
    """Plays the session; ``made`` is told the number of each step, from 1 on, and what it got."""
    model = _Model(labels={"version": 0})
    for number, step in enumerate(moments(strokes), 1):
        made(number, step(model, store, files))


def state_of(store: ProjectStore) -> State:
    """Returns what a project holds, read from the disk."""
    images: dict[int, State | None] = {}
    for image, entry in store.entries.items():
        current = store.current(image)
        images[image] = current and {
            "done": entry.done,
            "last": entry.last,
            "status": entry.status.value,
            "ids": _digest(current[0]),
            "segments": current[1],
        }
    return {"labels": store.labels, "remembered": store.remembered("view"), "images": images}


def _digest(ids: NDArray[np.uint16]) -> str:
    return hashlib.sha256(np.ascontiguousarray(ids).tobytes()).hexdigest()
