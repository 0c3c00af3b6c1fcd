"""What it takes to edit an image of a project: its document and everything that was done to it; for a worker; no Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from lpsnet.categories import Categories
from lpsnet.structures import PanopticSegmentation
from lpsnet_studio.annotator.document import Document
from lpsnet_studio.annotator.edit_history import EditHistory, HistoryBudget
from lpsnet_studio.annotator.edits import Edit, SegmentInfo
from lpsnet_studio.annotator.id_maps import IdMap
from lpsnet_studio.annotator.import_sources import SourceClass
from lpsnet_studio.annotator.importing import match_labels
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.reads import LoadedImage, replay
from lpsnet_studio.annotator.replacing import Replacement
from lpsnet_studio.annotator.store import ProjectStore

__all__ = ["Beginning", "OpenedImage", "begin_image", "category_ids", "open_image"]

Beginning = PanopticSegmentation | Callable[[], PanopticSegmentation]
"""What an image begins with, or what makes that, outside the window's thread."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenedImage:
    """An image ready to be edited.

    Attributes:
        image: its id in the project.
        document: its present state.
        restore: makes the history of what was done to it, within a budget; called in the thread that edits.
        left_out: names of classes that the project does not have, with how many segments were left out for that.
        edit: makes it what it is to begin anew with, in the thread that edits; None if nothing is to be changed.
        told: what people should know of that, in sentences.
    """

    image: int
    document: Document
    restore: Callable[[HistoryBudget], EditHistory]
    left_out: tuple[tuple[str, int], ...] = ()
    edit: Edit | None = None
    told: tuple[str, ...] = ()


def open_image(store: ProjectStore, image: int) -> OpenedImage | None:
    """Reads an image of a project; None if it was never started.

    Raises:
        ProjectError: in a sentence, if it cannot be read.
    """
    loaded = store.load(image)
    if loaded is None:
        return None
    segments = dict(loaded.segments)
    ids = loaded.ids.copy()
    replay(ids, segments, loaded.done_edits)
    document = Document(ids, segments)
    return OpenedImage(image, document, _restorer(store, image, loaded, document))


def _restorer(
    store: ProjectStore, image: int, loaded: LoadedImage, document: Document
) -> Callable[[HistoryBudget], EditHistory]:
    def fetch(place: int) -> Edit:
        found = store.earlier_edits(image, place, place + 1)
        if not found:
            raise ValueError(f"edit {place + 1} is nowhere kept any more")
        return found[0]

    def restore(budget: HistoryBudget) -> EditHistory:
        return EditHistory.restored(
            document,
            loaded.edits,
            loaded.done,
            base=loaded.base,
            first=loaded.first,
            titles=loaded.titles,
            budget=budget,
            fetch=fetch,
        )

    return restore


def category_ids(categories: Categories, labels: LabelSet) -> tuple[np.ndarray, tuple[str, ...]]:
    """Returns which label each class index is, by name: ``[C]`` ids, 0 for none; and the names of those without."""
    match = match_labels([SourceClass(entry.name, entry.isthing) for entry in categories], labels)
    ids = np.array([match.label_of.get(entry.name, 0) for entry in categories], np.int64)
    return ids, tuple(entry.name for entry, found in zip(categories, ids.tolist(), strict=True) if not found)


def begin_image(
    store: ProjectStore,
    image: int,
    labels: LabelSet,
    start: tuple[PanopticSegmentation, Categories] | None,
    source: str,
) -> OpenedImage:
    """Begins an image of a project and returns it, as :func:`open_image` does.

    One that was begun is returned as it is, with the edit that begins it anew: nobody loses by a slip what was there.

    Args:
        store: the project.
        image: its id.
        labels: of the project.
        start: what it begins with, and the classes of its labels; None for nothing but void.
        source: where that comes from, for people.

    Raises:
        ProjectError: in a sentence, if it cannot be read or written.
        ValueError: likewise, if the segmentation does not have the image's size.
    """
    entry = store.entries[image]
    if start is None:
        document = Document(np.zeros((entry.file.height, entry.file.width), np.uint16), {})
        left_out: tuple[tuple[str, int], ...] = ()
    else:
        document, left_out = _of_segmentation(*start, labels)
    opened = open_image(store, image)
    if opened is not None:
        return _begun_anew(opened, document, labels, source, left_out)
    store.start(image, document.ids, document.segments, source)
    opened = open_image(store, image)
    assert opened is not None
    return replace(opened, left_out=left_out)


def _begun_anew(
    opened: OpenedImage, document: Document, labels: LabelSet, source: str, left_out: tuple[tuple[str, int], ...]
) -> OpenedImage:
    now = opened.document
    anew = Replacement(IdMap(document.ids, document.segments), labels, f"Start from {source}")
    edit, told = anew.edit_of(IdMap(now.ids, now.segments))
    if edit is None:
        told = (f"This image is what it would start with: {source}.", *told)
    return replace(opened, left_out=left_out, edit=edit, told=told)


def _of_segmentation(
    segmentation: PanopticSegmentation, categories: Categories, labels: LabelSet
) -> tuple[Document, tuple[tuple[str, int], ...]]:
    ids, _ = category_ids(categories, labels)
    kept, lost = [], {}
    for segment in segmentation.segments:
        if ids[segment.label]:
            kept.append(segment)
        else:
            name = categories[segment.label].name
            lost[name] = lost.get(name, 0) + 1
    numbers = segmentation.ids
    if lost:
        numbers = np.where(np.isin(numbers, [segment.id for segment in kept]), numbers, 0)
    infos = {segment.id: SegmentInfo(int(ids[segment.label]), segment.iscrowd, score=segment.score) for segment in kept}
    return Document(numbers, infos), tuple(sorted(lost.items()))
