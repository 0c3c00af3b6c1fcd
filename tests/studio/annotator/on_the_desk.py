"""A small project on a desk, for tests of panels: two photos, the first of them begun."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lpsnet.structures import PanopticSegmentation
from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.labels import Label, LabelSet
from lpsnet_studio.annotator.store import ProjectStore

__all__ = [
    "CAR",
    "LABELS",
    "PERSON",
    "ROAD",
    "SKY",
    "begun_desk",
    "close_desks",
    "desk_at_once",
    "editor_of",
    "photos_in",
    "read_only",
]

SIZE = (40, 60)
PERSON, CAR, ROAD, SKY = 1, 3, 149, 187
LABELS = LabelSet(
    (
        Label(PERSON, "person", (220, 20, 60), True, "person", "1"),
        Label(CAR, "car", (0, 0, 142), True, "vehicle"),
        Label(ROAD, "road", (128, 64, 128), False, "ground"),
        Label(SKY, "sky & clouds", (70, 130, 180), False, "sky"),
    )
)


def photos_in(folder: Path, count: int = 2, size: tuple[int, int] = SIZE) -> list[Path]:
    """Returns images of one size, made in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{place}.png" for place in range(count)]
    for path in paths:
        Image.fromarray(np.zeros((*size, 3), np.uint8)).save(path)
    return paths


_made: list[Desk] = []


def desk_at_once() -> Desk:
    """Returns a desk whose work is done at once; its project is closed after the test."""
    desk = Desk(lambda work, done, **_: done(work()), lambda call: call())
    _made.append(desk)
    return desk


def close_desks() -> None:
    """Closes the projects of all desks that were made: each has a thread that writes."""
    while _made:
        assert _made.pop().shut() == ""


def _ids() -> NDArray[np.int32]:
    """Two persons (1, 2), a car in two parts (3), the road (4), and void at the top."""
    ids = np.zeros(SIZE, np.int32)
    ids[30:] = 4
    ids[10:25, 2:10] = 1
    ids[10:25, 12:18] = 2
    ids[20:28, 30:40] = ids[20:28, 45:50] = 3
    return ids


def begun_desk(folder: Path, labels: LabelSet = LABELS) -> Desk:
    """Returns a desk with a project whose first image is edited: see :func:`_ids`."""
    desk = desk_at_once()
    desk.new_project(folder / "project", labels, photos_in(folder / "photos"))
    desk.look_at(folder / "photos" / "0.png")
    index = {1: 0, 2: 0, 3: 1, 4: 2}
    desk.begin_from(PanopticSegmentation.from_ids(_ids(), index), LABELS.to_categories(), "the network")
    assert desk.place == "editing"
    return desk


def read_only(desk: Desk) -> Desk:
    """Returns another desk that has the same project open to be read alone, and the same image."""
    assert desk.store is not None
    assert desk.store.flush(10.0)
    other = desk_at_once()
    other.store = None
    store = ProjectStore.open(desk.store.folder, read_only=True)
    other._take_store(store, desk.labels)
    assert desk.entry is not None
    other.look_at(desk.entry.file.path)
    return other


def editor_of(desk: Desk) -> Editor:
    """Returns the editor on a desk."""
    assert desk.editor is not None
    return desk.editor
