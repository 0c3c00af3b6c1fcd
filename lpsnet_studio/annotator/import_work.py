"""An import as the window makes it: what it would do, and how the image on the desk takes part in it; no Qt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.edits import Edit
from lpsnet_studio.annotator.id_maps import IdMap
from lpsnet_studio.annotator.import_sources import ImportSource
from lpsnet_studio.annotator.importing import (
    ImportedImage,
    ImportReport,
    LabelMatch,
    import_annotations,
    match_labels,
    open_source,
)
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.project import ImageEntry
from lpsnet_studio.annotator.replacing import Replacement
from lpsnet_studio.annotator.store import ProjectStore
from lpsnet_studio.annotator.take_over import ImportPlan, add_photos, plan_import, replacement, taken_by

__all__ = ["ImportLook", "Outcome", "look_at", "run_import"]

_NAMED, _MOST_NAMED = 4, 20
_MOST_TOLD = 200
_WINDOW_ANSWERS_WITHIN = 60.0
"""Seconds; the window may be closing."""

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class ImportLook:
    """What a file or folder holds, seen from the project.

    Attributes:
        source: the annotations.
        plan: which image is whose.
        match: which class is whose.
    """

    source: ImportSource
    plan: ImportPlan
    match: LabelMatch

    def sentences(self) -> list[str]:
        """Returns what it holds, and what an import would do, but for what is a choice."""
        source, plan, match = self.source, self.plan, self.match
        images, classes = len(source.images), len(source.classes)
        told = [f"{source.spoken}: {_counted(images, 'image')}, {_counted(classes, 'class', 'classes')}."]
        told.append(_images_words(len(plan.images), images))
        if plan.begun:
            each = "It is" if len(plan.begun) == 1 else "Each of them is"
            was = "was" if len(plan.begun) == 1 else "were"
            told.append(f"{len(plan.begun):,} of these {was} begun. {each} changed by one edit, which undo takes back.")
            told.append(
                "Locked segments stay." if source.tells_void else "What it says nothing of stays, and what is locked."
            )
        if plan.homeless:
            names = _first_of(plan.homeless)
            told.append(f"{_counted(len(plan.homeless), 'image')} skipped, whose photo was not found: {names}.")
        if classes:
            told.append(_classes_words(len(match.label_of), classes))
        if match.other_kind:
            told.append(f"Things there and stuff here, or the other way round: {_first_of(match.other_kind)}.")
        if source.problems:
            name, why = source.problems[0]
            more = f" And {len(source.problems) - 1:,} more." if len(source.problems) > 1 else ""
            told.append(f"{_counted(len(source.problems), 'file')} could not be read: {name}: {why}.{more}")
        return told

    def photos_words(self) -> str:
        """Returns the offer to add photos; empty if there are none to add."""
        count = len(self.plan.photos)
        return f"Add {_counted(count, 'photo')} that the project does not have" if count else ""

    def classes_words(self) -> str:
        """Returns the offer to add classes; empty if there are none to add."""
        count = len(self.match.missing)
        return f"Add {_counted(count, 'class', 'classes')} that the project does not have" if count else ""

    def missing_words(self) -> str:
        """Returns what these classes are called; empty if there are none."""
        return _first_of((entry.name for entry in self.match.missing), _MOST_NAMED)

    def objection(self, *, adds_photos: bool, adds_classes: bool) -> str:
        """Returns why nothing would be imported, in a sentence; empty if something would."""
        if not self.source.images:
            return "There are no annotated images in it."
        if not self.plan.images and not (adds_photos and self.plan.photos):
            return "None of its images is in the project."
        if self.source.classes and not self.match.label_of and not adds_classes:
            return "The project has none of its classes."
        return ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an import.

    Attributes:
        report: of the import.
        photos: how many photos were added.
        failed: names of photos that could not be added, and why.
    """

    report: ImportReport
    photos: int = 0
    failed: tuple[tuple[str, str], ...] = ()

    def sentences(self, added_classes: int) -> list[str]:
        """Returns what people should know; the first says what was taken over."""
        first, *rest = self.report.sentences(_MOST_TOLD)
        added = []
        if self.photos:
            added.append(f"{_counted(self.photos, 'photo')} added to the project.")
        if added_classes:
            added.append(f"{_counted(added_classes, 'class', 'classes')} added to the project.")
        added += [f"{name} was not added: {why}" for name, why in self.failed[:_MOST_TOLD]]
        return [first, *added, *rest]


def look_at(
    path: Path,
    photos: Path | None,
    entries: Iterable[ImageEntry],
    labels: LabelSet,
    *,
    progress: Progress = lambda done, total, name: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ImportLook:
    """Looks at annotations without taking any over; meant for a worker.

    Args:
        path: a file or folder.
        photos: where the photos lie; None to have them found.
        entries: the project's images.
        labels: its classes.
        progress: told of each file of a folder.
        cancelled: asked meanwhile.

    Raises:
        ValueError: in a sentence, if it holds nothing that can be read.
    """
    source = open_source(path, images_dir=photos, progress=progress, cancelled=cancelled)
    return ImportLook(source, plan_import(source, entries), match_labels(source.classes, labels))


def run_import(
    desk: Desk,
    store: ProjectStore,
    look: ImportLook,
    labels: LabelSet,
    *,
    adds_photos: bool,
    calls_done: bool = False,
    progress: Progress,
    cancelled: Callable[[], bool],
) -> Outcome:
    """Takes annotations over into the project; meant for a worker.

    An image that is open on the desk is changed there, so that undo takes the import back.

    Args:
        desk: has the project open.
        store: of the project.
        look: what was found.
        labels: of the project, with the classes that were added for this.
        adds_photos: whether photos are added that the project does not have.
        calls_done: whether what is imported is done; otherwise it is in progress if it was to do.
        progress: told before each image.
        cancelled: asked before each image.
    """
    plan, failed, before = look.plan, [], len(store.entries)
    if adds_photos and plan.photos:
        failed = add_photos(look.source, plan, store, cancelled=cancelled)
        plan = plan_import(look.source, store.entries.values())
    taking = _Taking(desk, store, look.source, plan, labels, calls_done=calls_done)
    places = {id(look.source.images[place]) for place in plan.images}
    report = import_annotations(
        look.source,
        labels,
        taking.take,
        only=lambda image: id(image) in places,
        progress=progress,
        cancelled=cancelled,
    )
    return Outcome(report, len(store.entries) - before, tuple(failed))


class _Taking:
    """Takes images over one by one; those that were begun are changed in the window's thread."""

    def __init__(
        self,
        desk: Desk,
        store: ProjectStore,
        source: ImportSource,
        plan: ImportPlan,
        labels: LabelSet,
        *,
        calls_done: bool,
    ) -> None:
        self._desk, self._store, self._source, self._labels = desk, store, source, labels
        self._image_of = {id(source.images[place]): image for place, image in plan.images.items()}
        self._take = taken_by(store, source, plan, labels, append=self._append, calls_done=calls_done)
        self._now: tuple[Replacement, tuple[int, int]] | None = None

    def take(self, imported: ImportedImage) -> Sequence[str]:
        entry = self._store.entries.get(self._image_of.get(id(imported.source), 0))
        anew = replacement(self._source, imported.id_map, self._labels)
        self._now = anew, (0, 0) if entry is None else (entry.done, entry.last)
        return self._take(imported)

    def _append(self, image: int, edit: Edit) -> None:
        assert self._now is not None
        anew, state = self._now
        _in_window(self._desk, lambda: _change(self._desk, self._store, image, edit, anew, state))


def _in_window(desk: Desk, act: Callable[[], None]) -> None:
    """Does something in the window's thread and waits for it; raises what it raises."""
    told, given_up = threading.Event(), threading.Event()
    raised: list[Exception] = []

    def run() -> None:
        if given_up.is_set():
            return
        try:
            act()
        except (OSError, ValueError) as error:
            raised.append(error)
        finally:
            told.set()

    desk.deliver(run)
    if not told.wait(_WINDOW_ANSWERS_WITHIN):
        given_up.set()
        raise ValueError("the window did not take it")
    if raised:
        raise raised[0]


def _change(desk: Desk, store: ProjectStore, image: int, edit: Edit, anew: Replacement, state: tuple[int, int]) -> None:
    """Makes an edit on an image that was begun, in the window's thread.

    Args:
        desk: has the project open.
        store: of the project.
        image: its id.
        edit: makes the image what is imported, if nobody has changed it since that was found out.
        anew: makes that edit, if somebody has.
        state: how many edits the image had when it was found out.
    """
    editor = desk.editor if desk.store is store and desk.image == image else None
    if editor is not None:
        # The edit of a stroke that was let go of is made by this, and is one more.
        editor.give_up()
    entry = store.entries[image]
    is_same = (entry.done, entry.last) == state
    if editor is None:
        if not is_same:
            raise ValueError("it was changed meanwhile")
        store.append(image, edit)
        if desk.store is store and desk.image == image:
            desk.look_again()
        return
    made: Edit | None = edit.read_as(editor.labels.current)
    if not is_same:
        made, _ = anew.edit_of(IdMap(editor.document.ids, editor.document.segments))
    if made is not None:
        recent, category = editor.recent_classes, editor.options.category
        editor.document.apply(made)
        editor.take(made)
        editor.recall(recent)  # nobody has chosen the classes that came with it
        editor.set_options(category=category)


def _images_words(ours: int, theirs: int) -> str:
    if ours == theirs:
        return "The image is in the project." if ours == 1 else f"All {ours:,} images are in the project."
    if not ours:
        return f"None of the {theirs:,} images is in the project."
    return f"{ours:,} of {theirs:,} images are in the project."


def _classes_words(ours: int, theirs: int) -> str:
    if ours == theirs:
        return "The class is in the project." if ours == 1 else f"All {ours:,} classes are in the project."
    return f"{ours:,} of {theirs:,} classes are in the project; segments of others are left out unless they are added."


def _first_of(names: Iterable[str], most: int = _NAMED) -> str:
    listed = list(names)
    return ", ".join(listed[:most]) + ("\u00a0…" if len(listed) > most else "")


def _counted(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one}" if number == 1 else f"{number:,} {several or one + 's'}"
