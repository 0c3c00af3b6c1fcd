"""Desks on small projects, for tests of panels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.edits import SegmentInfo
from lpsnet_studio.annotator.store import ProjectStore
from tests.studio.annotator.editing import LABELS

__all__ = ["Later", "begin_empty", "begun_desk", "photos_in", "undelayed_desk"]


class Later:
    """Work that is done when one says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []

    def __call__(self, work: Any, done: Any, *, title: str = "", cancellable: bool = True) -> None:
        self.waiting.append((work, done))

    def go_on(self) -> None:
        """Does all of it."""
        while self.waiting:
            work, done = self.waiting.pop(0)
            done(work())


def undelayed_desk() -> Desk:
    """Returns a desk whose work is done at once."""
    return Desk(lambda work, done, **_: done(work()), lambda call: call())


def photos_in(folder: Path, count: int, size: tuple[int, int]) -> list[Path]:
    """Writes black photos ``0.png`` … of a size ``(height, width)``."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number}.png" for number in range(count)]
    for path in paths:
        Image.fromarray(np.zeros((*size, 3), np.uint8)).save(path)
    return paths


def begin_empty(store: ProjectStore, images: Iterable[int]) -> None:
    """Begins images of a project with nothing on them, so that they can be called done."""
    for image in images:
        file = store.entries[image].file
        store.start(image, np.zeros((file.height, file.width), np.uint16), {}, "nothing")


def begun_desk(
    folder: Path, ids: np.ndarray[Any, Any], categories: Mapping[int, int | SegmentInfo], desk: Desk | None = None
) -> Desk:
    """Returns a desk on which lies the first of a project's three photos, with these segments.

    Args:
        folder: for the project and the photos.
        ids: ``[H, W]``.
        categories: of every number, of :data:`~tests.studio.annotator.editing.LABELS`.
        desk: to use; None for one whose work is done at once.
    """
    desk = undelayed_desk() if desk is None else desk
    photos = photos_in(folder / "photos", 3, ids.shape)
    desk.new_project(folder / "project", LABELS, photos)
    infos = {n: info if isinstance(info, SegmentInfo) else SegmentInfo(info) for n, info in categories.items()}
    store = desk.store
    assert isinstance(store, ProjectStore)
    store.start(1, ids.astype(np.uint16), infos, "a test")
    desk.look_at(photos[0])
    assert desk.place == "editing"
    return desk
