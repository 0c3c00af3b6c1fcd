"""The project that is annotated: opened, made and given up outside the window's thread, and its images; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from psygnal import Signal

from lpsnet_studio.annotator.elsewhere import Work
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.openings import Openings
from lpsnet_studio.annotator.project import FileFacts, ImageEntry, facts_of
from lpsnet_studio.annotator.project_errors import ProjectBusy, ProjectDamaged, ProjectError, ProjectReadOnly, damaged
from lpsnet_studio.annotator.rescuing import rescue
from lpsnet_studio.annotator.store import ProjectStore
from lpsnet_studio.state import Problem

__all__ = ["Failed", "ProjectDesk", "tried"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failed:
    """An error that work came to."""

    error: Exception


@dataclass(frozen=True, slots=True)
class _Opened:
    """A project that was opened, and its classes."""

    store: ProjectStore
    labels: LabelSet


class ProjectDesk:
    """One open project, or none; what lies on the desk is its heir's.

    Args:
        work: does what waits for the disk.
        deliver: calls a function in the thread that the desk is used in.

    Attributes:
        work, deliver: these, for whatever else concerns the project.
        in_turn: calls what shows another image once the window has answered what else there is, each in a turn of its
            own and once however often it was asked for; at once, unless the window has set it.
        patiently: calls what shows that an image is being read, unless it is there soon; at once, likewise.
        store: the open project; None if there is none.
        labels: its classes.
    """

    project_changed = Signal()
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
    damaged = Signal(object, object)
    """The folder of a project whose database is damaged, and the :class:`ProjectDamaged` that says how."""

    def __init__(self, work: Work, deliver: Callable[[Callable[[], None]], None]) -> None:
        self.work, self.deliver = work, deliver
        self.in_turn: Callable[[Callable[[], object]], object] = lambda call: call()
        self.patiently: Callable[[Callable[[], object]], object] = lambda call: call()
        self.store: ProjectStore | None = None
        self.labels = LabelSet()
        self._by_path: dict[Path, int] = {}
        self._openings = Openings()

    def _put_down(self) -> None:
        """Puts the image down, before its project is given up."""

    def _take_up(self) -> None:
        """Looks what is on the desk now, after something about the project has changed."""

    def _give_up(self) -> None:
        """Gives up what is under way on the image."""

    def finish_strokes(self) -> None:
        """Journals at once what was done on the image and is not in the journal yet."""

    def _forget_edits(self, image: int, first: int) -> None:
        """Hears that the oldest edits of an image are nowhere kept any more, up to ``first`` of them."""

    @property
    def entries(self) -> Sequence[ImageEntry]:
        """The project's images in their order; none without a project."""
        return () if self.store is None else tuple(self.store.entries.values())

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

    def new_project(
        self,
        folder: Path,
        labels: LabelSet,
        images: Sequence[Path] = (),
        stated: Mapping[Path, tuple[int, int]] | None = None,
    ) -> None:
        """Makes a project of some images and opens it in the place of the one that is open.

        Args:
            folder: of the project.
            labels: its classes.
            images: its images.
            stated: the ``(height, width)`` in which data sets annotate some of them.
        """
        left_out: list[str] = []

        def make() -> ProjectStore:
            facts = facts_of(images, left_out, stated)
            store = ProjectStore.create(folder, labels.to_json())
            store.add_images(facts)
            store.flush(10.0)
            return store

        self._replace_project(make, folder, f"making {folder.name}", left_out)

    def _replace_project(
        self, open_other: Callable[[], ProjectStore], folder: Path, title: str, left_out: Sequence[str] = ()
    ) -> None:
        """Puts another project in the place of this one; what was wanted last counts, whichever comes first.

        Args:
            open_other: opens it, outside the window's thread.
            folder: its folder; while that is being opened, it is not opened once more.
            title: what is done, in words.
            left_out: sentences about what does not become part of it, there once it is open.
        """
        before, number = self.store, self._openings.begin(folder)
        if not number:
            return

        def replace() -> _Opened | Failed | None:
            try:
                if before is not None:
                    before.close()
                store = self._openings.open(number, folder, open_other)
                return None if store is None else _Opened(store, _labels_of(store))
            except (OSError, ValueError) as error:
                return Failed(error)

        def take(outcome: _Opened | Failed | None) -> None:
            if self._openings.take(number, folder):
                self._take_project(outcome, before, folder)
            elif isinstance(outcome, _Opened):
                self.work(self._openings.clear, lambda _nothing: None, title=f"closing {folder.name}")
            elif isinstance(outcome, Failed) and not isinstance(outcome.error, ProjectReadOnly | ProjectDamaged):
                self.told.emit(Problem(str(outcome.error)))
            if not isinstance(outcome, Failed):
                self._tell_left_out(left_out)

        self._put_down()
        self.work(replace, take, title=title, cancellable=False)

    def _take_project(self, outcome: _Opened | Failed | None, before: ProjectStore | None, folder: Path) -> None:
        if isinstance(outcome, _Opened):
            self._take_store(outcome.store, outcome.labels)
            return
        if before is not None and before.is_read_only:
            self._take_store(None)
        if outcome is not None:
            self._tell_failed(outcome.error, folder)
        self._take_up()

    def _tell_failed(self, error: Exception, folder: Path) -> None:
        if isinstance(error, ProjectBusy):
            self.busy_elsewhere.emit(folder, error)
        elif isinstance(error, ProjectDamaged):
            self.damaged.emit(folder, error)
        else:
            self.told.emit(Problem(str(error)))

    def _take_store(self, store: ProjectStore | None, labels: LabelSet | None = None) -> None:
        self.store, self.labels = store, LabelSet() if labels is None else labels
        if store is not None:
            store.saved_changed.connect(lambda _count, _why: self.deliver(self.saved_changed.emit))
            store.trouble.connect(lambda sentence: self.deliver(lambda: self._tell_trouble(sentence)))
            store.dropped.connect(lambda image, first: self.deliver(lambda: self._forget_edits(image, first)))
            store.images_changed.connect(self._take_entries)
        self._index()
        self.project_changed.emit()
        self.labels_changed.emit()
        self.saved_changed.emit()
        self._take_up()

    def _tell_trouble(self, sentence: str) -> None:
        self.told.emit(
            Problem(sentence, "Your edits are kept in memory and written as soon as that works. Keep the Studio open.")
        )

    def rescue(self, folder: Path, into: Path) -> None:
        """Makes a new project of what can still be read of a damaged one, which is left as it is, and opens that."""

        def save_what_is_there() -> ProjectStore:
            try:
                rescued = rescue(folder, into)
            except ProjectDamaged as error:  # to be told: whoever was asked once is not asked again
                raise ProjectError(f"Nothing could be rescued: {error}") from error
            whole = f"Rescued into {into}: images {rescued.images:,}, edits {rescued.edits:,}."
            told = " ".join((whole, *rescued.lost))
            self.deliver(lambda: self.said.emit(told))
            return ProjectStore.open(into)

        self._replace_project(save_what_is_there, into, f"rescuing {folder.name}")

    def copy_project(self, into: Path) -> None:
        """Copies the project with everything that is not saved yet to another folder; this one stays open."""
        store = self.store
        if store is None:
            return
        self.finish_strokes()

        def take(failed: Failed | None) -> None:
            if failed is not None:
                self.told.emit(Problem(str(failed.error)))
            else:
                self.said.emit(f"Copied the project to {into}; the one in {store.folder} stays open.")

        self.work(
            lambda: tried(lambda: store.backup(into)), take, title=f"copying {store.folder.name}", cancellable=False
        )

    def close_project(self) -> None:
        """Gives the project up, once everything is on the disk."""
        self._openings.withdraw()
        before = self.store
        if before is None:
            return

        def close() -> Failed | None:
            try:
                before.close()
            except OSError as error:
                return Failed(error)
            return None

        self._put_down()
        self.work(close, self._take_closed, title=f"closing {before.folder.name}", cancellable=False)

    def _take_closed(self, failed: Failed | None) -> None:
        if failed is None:
            self._take_store(None)
        else:
            self.told.emit(Problem(str(failed.error)))
            self._take_up()

    def shut(self, *, abandon: bool = False) -> str:
        """Closes the project at once, as the program ends; waits for the disk.

        Args:
            abandon: whether to give up what cannot be saved.

        Returns:
            Why it could not be closed, in a sentence; empty if it is.
        """
        self._openings.withdraw()
        self._openings.clear()
        if self.store is None:
            return ""
        self._give_up()
        try:
            self.store.close(abandon=abandon)
        except OSError as error:
            return str(error)
        return ""

    def retry_saving(self) -> None:
        """Has what could not be saved tried again now."""
        self.finish_strokes()
        if self.store is not None:
            self.store.retry()

    def add_images(self, paths: Sequence[Path], stated: Mapping[Path, tuple[int, int]] | None = None) -> None:
        """Adds image files to the project; those that cannot be read are told."""
        store = self.store
        if store is None:
            return

        def add() -> list[str]:
            problems: list[str] = []
            store.add_images(facts_of(paths, problems, stated))
            return problems

        self.work(lambda: tried(add), self._take_added, title="adding images", cancellable=False)

    def _take_added(self, outcome: list[str] | Failed) -> None:
        if isinstance(outcome, Failed):
            self.told.emit(Problem(str(outcome.error)))
        else:
            self._tell_left_out(outcome)
        self._index()
        self._take_up()

    def _tell_left_out(self, sentences: Sequence[str]) -> None:
        if sentences:
            more = f" and {len(sentences) - 1} more" if len(sentences) > 1 else ""
            self.told.emit(Problem(f"Not added: {sentences[0]}{more}", details="\n".join(sentences)))

    def use_files(self, files: Mapping[int, FileFacts]) -> None:
        """Has images of the project refer to other files, which have their height and width."""
        store = self._store_to_change()
        if store is not None:
            store.set_files({image: file for image, file in files.items() if image in store.entries})
            self._index()
            self._take_up()

    def take_out(self, image: int) -> None:
        """Takes an image out of the project, with everything that was done on it; its file stays."""
        store = self._store_to_change()
        if store is not None and image in store.entries:
            self._put_down()
            store.remove_images([image])
            self._index()
            self._take_up()

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

    def say_read_only(self) -> None:
        """Tells somebody who tries to edit a project that is only read why nothing happens."""
        if self.store is not None and self.store.read_only_because:
            self.said.emit(self.store.read_only_because)

    def _store_to_change(self) -> ProjectStore | None:
        """Returns the project; None if it cannot be changed, and tells why."""
        if self.store is not None and self.store.is_read_only:
            self.told.emit(Problem(self.store.read_only_because))
            return None
        return self.store


def _labels_of(store: ProjectStore) -> LabelSet:
    """Returns the classes of a project that was just opened, which is closed if they cannot be read.

    Raises:
        ProjectDamaged: in a sentence, if that is so.
    """
    try:
        return LabelSet.from_json(store.labels or {"labels": []}, "its label set")
    except ValueError as error:
        store.close()
        raise damaged(store.folder, error) from error


def tried(work: Callable[[], T]) -> T | Failed:
    """Returns what work returns, or the error that it came to."""
    try:
        return work()
    except (OSError, ValueError) as error:
        return Failed(error)
