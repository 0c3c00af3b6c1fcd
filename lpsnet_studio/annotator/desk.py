"""What is annotated now: the open project, the image on the desk and its editor, and how far it is saved; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, TypeVar

from psygnal import Signal

from lpsnet.categories import Categories
from lpsnet.structures import PanopticSegmentation
from lpsnet_studio.annotator.draft import Draft
from lpsnet_studio.annotator.edit_history import HistoryBudget
from lpsnet_studio.annotator.editor import Editor, EditorOptions
from lpsnet_studio.annotator.edits import Edit, SegmentInfo
from lpsnet_studio.annotator.elsewhere import Work
from lpsnet_studio.annotator.history_walk import HistoryWalk
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.opened_image import Beginning, OpenedImage, begin_image
from lpsnet_studio.annotator.project import FileState, ImageEntry, Status, facts_of
from lpsnet_studio.annotator.project_errors import ProjectBusy, ProjectReadOnly
from lpsnet_studio.annotator.read_ahead import ReadAhead
from lpsnet_studio.annotator.store import ProjectStore
from lpsnet_studio.state import Problem

__all__ = ["Desk", "Place", "Work"]

T = TypeVar("T")

Place = Literal["no project", "no image", "not in project", "reading", "not started", "editing", "unreadable"]
"""What is on the desk: nothing without a project or an image; an image that the project does not have; one that is
being read; one without a segmentation; one that can be edited; one that cannot be, for a reason that is told."""


@dataclass(frozen=True, slots=True)
class _Failed:
    """An error that work came to."""

    error: Exception


class Desk:
    """One project, and one of its images under correction.

    Every finished edit goes to the project's journal before anything is told of it; undo and redo move the journal's
    cursor. So what is on the desk can be put down at any moment, and comes back with all that can be undone.

    Args:
        work: does what waits for the disk.
        deliver: calls a function in the thread that the desk is used in.

    Attributes:
        work, deliver: these, for whatever else concerns the project.
        store: the open project; None if there is none.
        labels: its classes.
        editor: of the image on the desk; None unless that can be edited.
        image: id in the project of the image on the desk; 0 if it is not in it.
        place: what is on the desk.
        why_not: why it cannot be edited, in a sentence; empty if it can, or nothing is to be said.
    """

    project_changed = Signal()
    place_changed = Signal()
    """Another image, another state of it, or another editor."""
    entries_changed = Signal(object)
    """The set of ids of the project's images of which something else is known now."""
    labels_changed = Signal()
    saved_changed = Signal()
    told = Signal(object)
    """A :class:`~lpsnet_studio.state.Problem`."""
    said = Signal(str)
    """Something that the user should know, in a sentence, that is no failure."""
    busy_elsewhere = Signal(object, object)
    """The folder of a project that somebody else has open, and the :class:`ProjectBusy` that says who."""

    def __init__(self, work: Work, deliver: Callable[[Callable[[], None]], None]) -> None:
        self.work, self.deliver = work, deliver
        self.store: ProjectStore | None = None
        self.labels = LabelSet()
        self.editor: Editor | None = None
        self.image = 0
        self.place: Place = "no project"
        self.why_not = ""
        self._path: Path | None = None
        self._by_path: dict[Path, int] = {}
        self._budget = HistoryBudget()
        self._options, self._recent = EditorOptions(), ()
        self._asked = 0
        self._walk: HistoryWalk | None = None
        self._ahead = ReadAhead(work)

    # --------------------------------------------------------------------------------------------------------- project

    @property
    def entries(self) -> Sequence[ImageEntry]:
        """The project's images in their order; none without a project."""
        return () if self.store is None else tuple(self.store.entries.values())

    @property
    def entry(self) -> ImageEntry | None:
        """The image on the desk."""
        return None if self.store is None else self.store.entries.get(self.image)

    @property
    def can_edit(self) -> bool:
        """Whether the image on the desk can be changed."""
        return self.editor is not None and self.store is not None and not self.store.is_read_only

    @property
    def unsaved(self) -> int:
        """How many changes are not on the disk yet."""
        return 0 if self.store is None else self.store.waiting

    @property
    def save_problem(self) -> str:
        """Why they are not, in a sentence; empty if nothing has failed."""
        return "" if self.store is None else self.store.problem

    def open_project(self, folder: Path, *, read_only: bool = False, take_over: bool = False) -> None:
        """Opens a project in the place of the one that is open; to read if it lies where nothing can be written."""

        def open_other() -> ProjectStore:
            try:
                return ProjectStore.open(folder, read_only=read_only, take_over=take_over)
            except ProjectBusy:
                raise
            except ProjectReadOnly:
                return ProjectStore.open(folder, read_only=True)

        self._replace_project(open_other, folder, f"opening {folder.name}")

    def new_project(self, folder: Path, labels: LabelSet, images: Sequence[Path] = ()) -> None:
        """Makes a project of some images and opens it in the place of the one that is open."""

        def make() -> ProjectStore:
            store = ProjectStore.create(folder, labels.to_json())
            store.add_images(facts_of(images))
            store.flush(10.0)
            return store

        self._replace_project(make, folder, f"making {folder.name}")

    def _replace_project(self, open_other: Callable[[], ProjectStore], folder: Path, title: str) -> None:
        before = self.store

        def replace() -> ProjectStore | _Failed:
            try:
                if before is not None:
                    before.close()
                return open_other()
            except (OSError, ValueError) as error:
                return _Failed(error)

        self._leave_image()
        self.work(replace, lambda outcome: self._take_project(outcome, before, folder), title=title, cancellable=False)

    def _take_project(self, outcome: ProjectStore | _Failed, before: ProjectStore | None, folder: Path) -> None:
        if isinstance(outcome, _Failed):
            if before is not None and before.is_read_only:
                self._take_store(None)
            if isinstance(outcome.error, ProjectBusy):
                self.busy_elsewhere.emit(folder, outcome.error)
            else:
                self.told.emit(Problem(str(outcome.error)))
            self.look_again()
            return
        self._take_store(outcome)

    def _take_store(self, store: ProjectStore | None) -> None:
        self.store = store
        self._budget = HistoryBudget()
        self._ahead.follow(store)
        if store is None:
            self.labels = LabelSet()
        else:
            self.labels = LabelSet.from_json(store.labels or {"labels": []}, str(store.folder))
            store.saved_changed.connect(lambda _count, _why: self.deliver(self.saved_changed.emit))
            store.trouble.connect(lambda sentence: self.deliver(lambda: self._tell_trouble(sentence)))
            store.images_changed.connect(self._take_entries)
        self._index()
        self.project_changed.emit()
        self.labels_changed.emit()
        self.saved_changed.emit()
        self.look_again()

    def _tell_trouble(self, sentence: str) -> None:
        self.told.emit(
            Problem(sentence, "Your edits are kept in memory and written as soon as that works. Keep the Studio open.")
        )

    def close_project(self) -> None:
        """Gives the project up, once everything is on the disk."""
        before = self.store
        if before is None:
            return

        def close() -> _Failed | None:
            try:
                before.close()
            except OSError as error:
                return _Failed(error)
            return None

        self._leave_image()
        self.work(close, self._take_closed, title=f"closing {before.folder.name}", cancellable=False)

    def _take_closed(self, failed: _Failed | None) -> None:
        if failed is None:
            self._take_store(None)
        else:
            self.told.emit(Problem(str(failed.error)))
            self.look_again()

    def shut(self, *, abandon: bool = False) -> str:
        """Closes the project at once, as the program ends; waits for the disk.

        Args:
            abandon: whether to give up what cannot be saved.

        Returns:
            Why it could not be closed, in a sentence; empty if it is.
        """
        if self.store is None:
            return ""
        if self.editor is not None:
            self.editor.give_up()
        try:
            self.store.close(abandon=abandon)
        except OSError as error:
            return str(error)
        return ""

    def retry_saving(self) -> None:
        """Has what could not be saved tried again now."""
        if self.store is not None:
            self.store.retry()

    def add_images(self, paths: Sequence[Path]) -> None:
        """Adds image files to the project; those that cannot be read are told."""
        store = self.store
        if store is None:
            return

        def add() -> list[str]:
            problems: list[str] = []
            store.add_images(facts_of(paths, problems))
            return problems

        self.work(lambda: _tried(add), self._take_added, title="adding images", cancellable=False)

    def _take_added(self, outcome: list[str] | _Failed) -> None:
        if isinstance(outcome, _Failed):
            self.told.emit(Problem(str(outcome.error)))
        elif outcome:
            more = f" and {len(outcome) - 1} more" if len(outcome) > 1 else ""
            self.told.emit(Problem(f"Not added: {outcome[0]}{more}", details="\n".join(outcome)))
        self._index()
        self.look_again()

    def _take_entries(self, images: Iterable[int]) -> None:
        changed = set(images)
        self.deliver(lambda: self._tell_entries(changed))

    def _tell_entries(self, images: set[int]) -> None:
        entries = {} if self.store is None else self.store.entries
        if any(image not in entries or self.image_of(entries[image].file.path) != image for image in images):
            self._index()
        self.entries_changed.emit(images)

    def _index(self) -> None:
        self._by_path = {entry.file.path: entry.id for entry in self.entries}

    def image_of(self, path: Path) -> int:
        """Returns the id of the image with a file; 0 if the project has none."""
        return self._by_path.get(path, 0)

    # ----------------------------------------------------------------------------------------------------------- image

    def look_at(self, path: Path | None) -> None:
        """Puts another image on the desk; None for none. The one before keeps all that can be undone."""
        if path == self._path and self.place not in ("unreadable",):
            return
        self._path = path
        self._leave_image()
        self.look_again()

    def _leave_image(self) -> None:
        """Puts the image down; a stroke in hand is given up, and what is computed for it."""
        self._asked += 1
        if self.editor is not None:
            doing = self.editor.elsewhere.doing
            if self.editor.give_up() and doing:
                self.said.emit(f"Given up, as another image was opened meanwhile: {doing}.")
            self._options, self._recent = self.editor.options, self.editor.recent
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

    def _read(self, image: int) -> None:
        store, labels = self.store, self.labels
        assert store is not None
        self.image = image

        def read() -> OpenedImage | str | None:
            state, sentence = store.file_state(image)
            if state in (FileState.RESIZED, FileState.MISSING, FileState.UNREADABLE):
                return sentence
            if state is FileState.CHANGED:
                self.deliver(lambda: self.said.emit(sentence))
            return self._ahead.open(store, image, labels)

        self._ask(read, "")

    def read_ahead(self, image: int) -> None:
        """Reads another image of the project now, so that it is there at once when it is looked at next."""
        if image and image != self.image:
            self._ahead.prepare(image, self.labels)

    def begin_from(self, segmentation: Beginning, categories: Categories, source: str) -> None:
        """Begins the image anew with a segmentation; what was done on it before is gone.

        Args:
            segmentation: of the image's size, or what makes it: that is not called in this thread.
            categories: the classes of its labels; the project's are found by name.
            source: where it comes from, for people.
        """
        self._begin(lambda: (segmentation() if callable(segmentation) else segmentation, categories), source)

    def begin_empty(self) -> None:
        """Begins the image anew with nothing but void."""
        self._begin(lambda: None, "nothing")

    def _begin(self, start: Callable[[], tuple[PanopticSegmentation, Categories] | None], source: str) -> None:
        store, labels, image = self._store_to_change(), self.labels, self.image
        if store is None or not image:
            return
        self._leave_image()
        self.image = image
        self._ask(lambda: begin_image(store, image, labels, start(), source), "preparing")

    def _ask(self, read: Callable[[], OpenedImage | str | None], title: str) -> None:
        """Reads what is to be edited; only the newest answer counts."""
        self._asked += 1
        asked = self._asked
        self._put("reading")

        def take(outcome: OpenedImage | str | _Failed | None) -> None:
            if asked == self._asked:
                self._take_opened(outcome)

        self.work(lambda: _tried(read), take, title=title, cancellable=True)

    def _take_opened(self, outcome: OpenedImage | str | _Failed | None) -> None:
        if isinstance(outcome, _Failed):
            self._put("unreadable", str(outcome.error))
            self.told.emit(Problem(str(outcome.error)))
        elif isinstance(outcome, str):
            self._put("unreadable", outcome)
        elif outcome is None:
            self._put("not started")
        else:
            self._edit(outcome)

    def _edit(self, opened: OpenedImage) -> None:
        image = opened.image
        editor = Editor(
            opened.document, self.labels, opened.restore(self._budget), lambda edit: self._journal(image, edit)
        )
        for category in reversed(self._recent):
            if category in self.labels.by_id:
                editor.use_category(category)
        kept = {each.name: getattr(self._options, each.name) for each in fields(EditorOptions)}
        category = self._options.category if self._options.category in self.labels.by_id else None
        editor.set_options(**{**kept, "only_inside": None, "category": category})
        editor.elsewhere.work = self.work
        editor.stepped.connect(self._follow_cursor)
        self.editor = editor
        self._put("editing", "" if self.store is None else self.store.read_only_because)
        if opened.outdated and self.can_edit:
            _follow_labels(editor, opened.outdated)
        if opened.left_out:
            names = ", ".join(f"{count} {name}" for name, count in opened.left_out)
            self.said.emit(f"Left out, because the project has no such classes: {names}.")

    def _journal(self, image: int, edit: Edit) -> None:
        assert self.store is not None
        entry = self.store.entries[image]
        self.store.append(image, edit)
        if entry.status is Status.TODO:
            self.store.set_status(image, Status.IN_PROGRESS)

    def _put(self, place: Place, why_not: str = "") -> None:
        self.place, self.why_not = place, why_not
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
            step(self.editor)

    def _follow_cursor(self) -> None:
        """Has the journal know how many edits are done."""
        editor, entry = self.editor, self.entry
        if editor is None or self.store is None or entry is None or not self.can_edit:
            return
        done = editor.history.position
        is_on_its_way = self._walk is not None and self._walk.is_stepping
        if entry.done != done and not is_on_its_way:
            with suppress(ValueError):
                self.store.set_cursor(self.image, done)

    def set_status(self, status: Status, image: int = 0) -> None:
        """Says how far an image has come; the one on the desk if none is named."""
        store, entry = self._store_to_change(), self._entry_of(image)
        if store is not None and entry is not None and entry.status is not status:
            store.set_status(entry.id, status)

    def set_note(self, note: str, image: int = 0) -> None:
        """Says something about an image; about the one on the desk if none is named."""
        store, entry = self._store_to_change(), self._entry_of(image)
        if store is not None and entry is not None and entry.note != note:
            store.set_note(entry.id, note)

    def _entry_of(self, image: int) -> ImageEntry | None:
        return None if self.store is None else self.store.entries.get(image or self.image)

    def _store_to_change(self) -> ProjectStore | None:
        """Returns the project; None if it cannot be changed, and tells why."""
        if self.store is not None and self.store.is_read_only:
            self.told.emit(Problem(self.store.read_only_because))
            return None
        return self.store

    def change_labels(self, labels: LabelSet) -> None:
        """Gives the project another label set; segments of classes that are gone follow, at the latest when opened."""
        store = None if labels == self.labels else self._store_to_change()
        if store is None:
            return
        self.labels = labels
        store.set_labels(labels.to_json())
        if self.editor is not None:
            self.editor.give_up()
            outdated = labels.outdated(self.editor.document.segments)
            self.editor.labels = labels
            if outdated:
                _follow_labels(self.editor, outdated)
        self.labels_changed.emit()


def _follow_labels(editor: Editor, outdated: Mapping[int, SegmentInfo | None]) -> None:
    """Gives segments the classes that theirs were merged into, and makes those of deleted classes void."""

    def change(draft: Draft) -> None:
        for number, info in outdated.items():
            draft.set_info(number, info)

    editor.commit("Follow the classes", change)


def _tried(work: Callable[[], T]) -> T | _Failed:
    try:
        return work()
    except (OSError, ValueError) as error:
        return _Failed(error)
