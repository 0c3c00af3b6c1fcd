"""What is annotated now: the open project, the image on the desk and its editor, and how far it is saved; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, TypeVar

from psygnal import Signal

from lpsnet.categories import Categories
from lpsnet.structures import PanopticSegmentation
from lpsnet_studio.annotator.edit_history import HistoryBudget
from lpsnet_studio.annotator.editor import Editor, EditorOptions
from lpsnet_studio.annotator.edits import Edit
from lpsnet_studio.annotator.elsewhere import Work
from lpsnet_studio.annotator.history_walk import HistoryWalk
from lpsnet_studio.annotator.label_fates import FINISHED
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.opened_image import Beginning, OpenedImage, begin_image
from lpsnet_studio.annotator.project import FileFacts, FileState, ImageEntry, Status, difference_of
from lpsnet_studio.annotator.project_desk import Failed, ProjectDesk, tried
from lpsnet_studio.annotator.read_ahead import ReadAhead
from lpsnet_studio.annotator.recent_classes import RecentClasses
from lpsnet_studio.annotator.store import ProjectStore
from lpsnet_studio.state import Problem

__all__ = ["Desk", "Place", "Work"]

T = TypeVar("T")

Place = Literal["no project", "no image", "not in project", "reading", "not started", "editing", "unreadable"]
"""What is on the desk: nothing without a project or an image; an image that the project does not have; one that is
being read; one without a segmentation; one that can be edited; one that cannot be, for a reason that is told."""


@dataclass(frozen=True, slots=True)
class _Unfit:
    """A photo on which nothing can be annotated."""

    why: str
    is_missing: bool


class Desk(ProjectDesk):
    """One project, and one of its images under correction.

    Every finished edit goes to the project's journal before anything is told of it; undo and redo move the journal's
    cursor. So what is on the desk can be put down at any moment, and comes back with all that can be undone.

    Args:
        work: does what waits for the disk.
        deliver: calls a function in the thread that the desk is used in.

    Attributes:
        editor: of the image on the desk; None unless that can be edited.
        image: id in the project of the image on the desk; 0 if it is not in it.
        place: what is on the desk.
        why_not: why it cannot be edited, in a sentence; empty if it can, or nothing is to be said.
        is_missing: whether that is because its file is not where it was.
    """

    place_changed = Signal()
    """Another image, another state of it, or another editor."""

    def __init__(self, work: Work, deliver: Callable[[Callable[[], None]], None]) -> None:
        super().__init__(work, deliver)
        self.editor: Editor | None = None
        self.image = 0
        self.place: Place = "no project"
        self.why_not = ""
        self.is_missing = False
        self._path: Path | None = None
        self._told_changed: set[FileFacts] = set()
        self._budget = HistoryBudget()
        self._options, self._recent = EditorOptions(), RecentClasses()
        self._asked = 0
        self._state_read: tuple[int | None, int, int] | None = None
        """What the project said of the image on the desk when that was read."""
        self._walk: HistoryWalk | None = None
        self._ahead = ReadAhead(work)

    @property
    def entry(self) -> ImageEntry | None:
        """The image on the desk."""
        return None if self.store is None else self.store.entries.get(self.image)

    @property
    def can_edit(self) -> bool:
        """Whether the image on the desk can be changed."""
        return self.editor is not None and self.store is not None and not self.store.is_read_only

    def show_in_turn(self, show: Callable[[], object]) -> None:
        """Has a panel show what is on the desk; while an image is read, it shows the one before for a moment longer.

        Args:
            show: shows it, as things are then.
        """
        (self.patiently if self.place == "reading" else self.in_turn)(show)

    # ----------------------------------------------------------------------------------------------------------- image

    def look_at(self, path: Path | None) -> None:
        """Puts another image on the desk; None for none. The one before keeps all that can be undone."""
        if path == self._path and self.place not in ("unreadable",):
            return
        self._path = path
        self._leave_image()
        self.look_again()

    def _put_down(self) -> None:
        self._leave_image()

    def _take_up(self) -> None:
        self.look_again()

    def _give_up(self) -> None:
        if self.editor is not None:
            self.editor.give_up()

    def _take_store(self, store: ProjectStore | None, labels: LabelSet | None = None) -> None:
        self._budget = HistoryBudget()
        self._ahead.follow(store)
        super()._take_store(store, labels)

    def finish_strokes(self) -> None:
        """Journals at once the strokes that were let go of, so that whoever reads the project reads them too."""
        if self.editor is not None:
            self.editor.elsewhere.finish()

    @property
    def unsaved(self) -> int:
        """How many changes are not on the disk yet, strokes included that were let go of and are being finished."""
        return super().unsaved + (0 if self.editor is None else self.editor.elsewhere.kept)

    def _tell_unsaved(self) -> None:
        self.saved_changed.emit()

    def _tell_entries(self, images: set[int]) -> None:
        super()._tell_entries(images)
        entry, store = self.entry, self.store
        if entry is None or entry.id not in images or store is None or not store.is_read_only:
            return
        if entry.state != self._state_read and self.place in ("reading", "not started"):
            self.look_again()
        elif entry.state != self._state_read and self.place == "editing":
            self._read(entry.id, is_along=True)

    def _forget_edits(self, image: int, first: int) -> None:
        if self.editor is not None and image == self.image:
            self.editor.history.drop(first)

    def _leave_image(self) -> None:
        """Puts the image down; a stroke in hand is given up, and what is computed for it."""
        self._asked += 1
        if self.editor is not None:
            doing = self.editor.elsewhere.doing
            if self.editor.give_up() and doing:
                self.said.emit(f"Given up, as another image was opened meanwhile: {doing}.")
            self._options, self._recent = self.editor.options, self.editor.recent_classes
            self.editor.history.close()
        self.editor, self.image = None, 0

    def look_again(self) -> None:
        """Puts on the desk what the image is now, where that may have changed behind its back."""
        if self.store is None:
            self._put("no project")
        elif self._path is None:
            self._put("no image")
        elif not self.image_of(self._path):
            self._put("not in project")
        else:
            self._read(self.image_of(self._path))

    def _read(self, image: int, *, is_along: bool = False) -> None:
        """Reads an image.

        Args:
            image: its id.
            is_along: whether it is on the desk, and another Studio has changed it.
        """
        store = self.store
        assert store is not None
        known = store.entries.get(image)
        self.image, self._state_read = image, None if known is None else known.state

        def read() -> OpenedImage | _Unfit | None:
            state, sentence = store.file_state(image)
            if state in (FileState.RESIZED, FileState.MISSING, FileState.UNREADABLE):
                return _Unfit(sentence, state is FileState.MISSING)
            if state is FileState.CHANGED:
                known = store.entries[image].file
                now = FileFacts.of(known.path, stated_size=known.stated_size)
                self.deliver(lambda: self._take_changed(store, image, now, sentence))
            return self._ahead.open(store, image)

        self._ask(read, "", is_along=is_along)

    def _take_changed(self, store: ProjectStore, image: int, now: FileFacts, sentence: str) -> None:
        """Tells that a photo has changed, and knows it as it is now; where that cannot be kept, until the end."""
        if store is not self.store or image not in store.entries or now in self._told_changed:
            return
        self._told_changed.add(now)
        self.said.emit(sentence)
        if not store.is_read_only:
            store.set_file(image, now)

    def take_shown(self, path: Path, size: tuple[int, int], *, is_turned: bool = False) -> None:
        """Hears how a photo is shown; one that the project keeps otherwise cannot be annotated so.

        Args:
            path: of the photo.
            size: ``(height, width)``.
            is_turned: whether as its EXIF orientation says, for sure.
        """
        entry = self.entry
        if entry is None or path != self._path or self.place not in ("editing", "not started"):
            return
        difference = difference_of(entry.file, size, is_turned=is_turned)
        if difference:
            self._leave_image()
            self.image = entry.id
            self._put("unreadable", f"{path.name} {difference}: look again to see it as it is in the project")

    def read_ahead(self, image: int) -> None:
        """Reads another image of the project now, so that it is there at once when it is looked at next."""
        if image and image != self.image:
            self._ahead.prepare(image)

    def begin_from(self, segmentation: Beginning, categories: Categories, source: str) -> None:
        """Begins the image with a segmentation; what was done on it before comes back by undo.

        Args:
            segmentation: of the image's size, or what makes it: that is not called in this thread.
            categories: the classes of its labels; the project's are found by name.
            source: where it comes from, for people.
        """
        self._begin(lambda: (segmentation() if callable(segmentation) else segmentation, categories), source)

    def begin_empty(self) -> None:
        """Begins the image with nothing but void, as :meth:`begin_from` does."""
        self._begin(lambda: None, "nothing")

    def _begin(self, start: Callable[[], tuple[PanopticSegmentation, Categories] | None], source: str) -> None:
        store, labels, image = self._store_to_change(), self.labels, self.image
        if store is None or not image:
            return
        self._leave_image()
        self.image = image
        self._ask(lambda: begin_image(store, image, labels, start(), source), "preparing")

    def _ask(self, read: Callable[[], OpenedImage | _Unfit | None], title: str, *, is_along: bool = False) -> None:
        """Reads what is to be edited; only the newest answer counts.

        Args:
            read: does it, outside the thread of the desk.
            title: what is done, in words.
            is_along: whether what was there is looked at meanwhile, and what is selected stays so.
        """
        self._asked += 1
        asked = self._asked
        if not is_along:
            self._put("reading")

        def take(outcome: OpenedImage | _Unfit | Failed | None) -> None:
            if asked == self._asked and is_along:
                self._take_newer(outcome)
            elif asked == self._asked:
                self._take_opened(outcome)

        self.work(lambda: tried(read), take, title=title, cancellable=True)

    def _take_newer(self, outcome: OpenedImage | _Unfit | Failed | None) -> None:
        """Takes what has become of the image on the desk elsewhere."""
        image, selection = self.image, () if self.editor is None else self.editor.selection
        self._leave_image()
        self.image = image
        self._take_opened(outcome)
        if self.editor is not None:
            self.editor.select(selection)

    def _take_opened(self, outcome: OpenedImage | _Unfit | Failed | None) -> None:
        if isinstance(outcome, Failed):
            self._put("unreadable", str(outcome.error))
            self.told.emit(Problem(str(outcome.error)))
        elif isinstance(outcome, _Unfit):
            self._put("unreadable", outcome.why, is_missing=outcome.is_missing)
        elif outcome is None:
            self._put("not started")
        else:
            self._edit(outcome)

    def _edit(self, opened: OpenedImage) -> None:
        image = opened.image
        editor = Editor(
            opened.document, self.labels, opened.restore(self._budget), lambda edit: self._journal(image, edit)
        )
        self.editor = editor
        if opened.edit is not None and self.can_edit:
            edit = opened.edit.read_as(self.labels.current)
            editor.document.apply(edit)
            editor.take(edit)
        editor.recall(self._recent)
        kept = {each.name: getattr(self._options, each.name) for each in fields(EditorOptions)}
        category = self.labels.resolve(self._options.category or 0) or None
        editor.set_options(**{**kept, "only_inside": None, "category": category})
        editor.elsewhere.work = self.work
        editor.elsewhere.kept_changed.connect(self._tell_unsaved)
        editor.stepped.connect(self._follow_cursor)
        self._put("editing", "" if self.store is None else self.store.read_only_because)
        for sentence in opened.told:
            self.said.emit(sentence)
        if opened.left_out:
            names = ", ".join(f"{count} {name}" for name, count in opened.left_out)
            self.said.emit(f"Left out, because the project has no such classes: {names}.")

    def _journal(self, image: int, edit: Edit) -> None:
        assert self.store is not None
        self.store.append(image, edit)

    def _put(self, place: Place, why_not: str = "", *, is_missing: bool = False) -> None:
        self.place, self.why_not, self.is_missing = place, why_not, is_missing
        self.place_changed.emit()

    # ------------------------------------------------------------------------------------------------------------ deeds

    def undo(self) -> None:
        """Takes back the last edit of the image on the desk, or the stroke in hand; never one of another image."""
        self._step(lambda editor: editor.undo())

    def redo(self) -> None:
        """Makes again the edit of this image that was taken back last."""
        self._step(lambda editor: editor.redo())

    def go_to(self, position: int) -> None:
        """Undoes or redoes until so many edits of this image are done."""

        def walk(editor: Editor) -> None:
            way = self._walk = HistoryWalk(
                editor,
                position,
                lambda go_on: self.deliver(lambda: go_on() if editor is self.editor else None),
                self._follow_cursor,
            )
            way.go_on()

        self._step(walk)

    def _step(self, step: Callable[[Editor], object]) -> None:
        if self.editor is not None and self.can_edit:
            entry = self.entry
            if entry is not None and (entry.first or 0) > self.editor.history.first:
                self.editor.history.drop(entry.first or 0)
            step(self.editor)

    def _follow_cursor(self) -> None:
        """Has the journal know how many edits are done."""
        editor, entry = self.editor, self.entry
        if editor is None or self.store is None or entry is None or not self.can_edit:
            return
        done = editor.history.position
        is_on_its_way = self._walk is not None and self._walk.is_stepping
        if entry.done != done and not is_on_its_way:
            try:
                self.store.set_cursor(self.image, done)
            except ValueError:
                # Dropped in this very moment: what is shown would be another image than the one that is kept.
                self._leave_image()
                self.said.emit("These edits cannot be taken back any more: the project keeps the newer ones alone.")
                self.look_again()

    def set_status(self, status: Status, image: int = 0) -> bool:
        """Says how far an image has come; the one on the desk if none is named.

        Returns:
            False if that would sign an image that was never begun, which no export holds; why is said.
        """
        store, entry = self._store_to_change(), self._entry_of(image)
        if store is None or entry is None or entry.status is status:
            return True
        if status in FINISHED and not entry.is_started:
            self.said.emit(
                f"{entry.file.path.name} was never begun, and cannot be {status.value} so: start from the prediction, "
                f"or from nothing if there is nothing on it, in the menu Annotate."
            )
            return False
        store.set_status(entry.id, status)
        return True

    def set_note(self, note: str, image: int = 0) -> None:
        """Says something about an image; about the one on the desk if none is named."""
        store, entry = self._store_to_change(), self._entry_of(image)
        if store is not None and entry is not None and entry.note != note:
            store.set_note(entry.id, note)

    def _entry_of(self, image: int) -> ImageEntry | None:
        return None if self.store is None else self.store.entries.get(image or self.image)

    def take_labels(self) -> None:
        """Takes the classes as the project says them now, which another Studio may have changed that writes it."""
        if self.store is None or not self.store.is_read_only:
            return
        try:
            labels = LabelSet.from_json(self.store.labels or {"labels": []}, str(self.store.folder))
        except ValueError:  # those that are known still say what most classes are
            return
        if labels != self.labels:
            self.labels = labels
            if self.editor is not None:
                self.editor.labels = labels
            self.labels_changed.emit()

    def change_labels(self, labels: LabelSet, reopened: Sequence[int] = ()) -> None:
        """Gives the project another label set. No image is edited: classes of segments are read by the new set.

        Args:
            labels: the set.
            reopened: images that are in progress again, if they were done or approved.
        """
        store = None if labels == self.labels else self._store_to_change()
        if store is None:
            return
        if self.editor is not None:
            self.editor.give_up()
        self.labels = labels
        entries = store.entries
        finished = [image for image in reopened if image in entries and entries[image].status in FINISHED]
        store.set_labels(labels.to_json(), reopened=finished)
        if self.editor is not None:
            self.editor.labels = labels
        self.labels_changed.emit()
