"""A project on disk: a folder with one database, where every finished edit is journaled, and images by reference."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from lpsnet_studio.annotator.catalogue import Catalogue
from lpsnet_studio.annotator.copying import copy_project, from_disk, from_journal
from lpsnet_studio.annotator.database import DATABASE, checked_version, open_to_write
from lpsnet_studio.annotator.edits import Edit, SegmentInfo
from lpsnet_studio.annotator.journal import Journal, Moment, Reading
from lpsnet_studio.annotator.kept_images import FOLD_AFTER_EDITS, KeptImages
from lpsnet_studio.annotator.making import EndSession, begin_session, explained, keep_older, make_folder, new_database
from lpsnet_studio.annotator.project import FileFacts, ImageEntry, Status
from lpsnet_studio.annotator.project_errors import ProjectError, ProjectReadOnly
from lpsnet_studio.annotator.project_lock import ProjectLock
from lpsnet_studio.annotator.reader import Reader
from lpsnet_studio.annotator.reads import (
    Unfinished,
    read_entries,
    read_labels,
    read_meta,
    read_unfinished,
)
from lpsnet_studio.annotator.schema import VERSION, migrate
from lpsnet_studio.annotator.tickets import Ticket
from lpsnet_studio.annotator.tidying import tidied
from lpsnet_studio.annotator.writes import DropEdits, SettleSessions, Write

__all__ = ["ProjectStore", "is_project"]

T = TypeVar("T")

_FOLD_AFTER_BYTES = 64 * 2**20
"""Bytes of edits since an image's newest base after which it gets another."""
_JOURNAL_BYTES = 256 * 2**20
"""Bytes of an image's edits that can always be taken back."""
_CLOSE_WAITS = 10.0


def is_project(folder: Path) -> bool:
    """Whether a folder is an annotation project."""
    return (folder / DATABASE).is_file()


class ProjectStore(KeptImages):
    """An open project.

    What it says is what was last asked of it, at once; a thread of its own brings that to the disk, in order, and
    :attr:`waiting` and :attr:`problem` say how far it is. Nothing here waits for the disk but :meth:`open`,
    :meth:`create`, :meth:`load` and what else returns something that was read, :meth:`backup`, :meth:`flush` and
    :meth:`close`: those belong outside a window's thread.

    Made by :meth:`open` or :meth:`create`. Safe to use from several threads.
    """

    saved_changed = Signal(int, str)
    """How many changes are not on the disk, and why not in a sentence. **Emitted in the writing thread**: a slot passes
    it on to its own, and does not wait for the store."""
    trouble = Signal(str)
    """A sentence, once for each kind of failure until something is saved again; **emitted in the writing thread**."""
    images_changed = Signal(object)
    """The set of image ids whose entries changed; emitted in the thread that changed them."""
    dropped = Signal(int, int)
    """An image, and how many of its oldest edits cannot be taken back any more; **emitted in the writing thread**."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(os.path.abspath(folder))  # noqa: PTH100 - a link stays what it is
        self._path = self.folder / DATABASE
        self._mutex = threading.RLock()
        self._catalogue = Catalogue(self.folder)
        self._unfolded: dict[int, tuple[int, int]] = {}
        self._session = 0
        self._journal: Journal | None = None
        self._closing = threading.Lock()
        self._is_closing = False
        self._unfinished: Unfinished | None = None
        self._release: Callable[[], object] = lambda: None
        self._reader: Reader | None = None
        self._taken: tuple[sqlite3.Connection, int] | None = None
        self.read_only_because = ""
        """Why nothing can be changed, in a sentence; empty if it can."""

    # ---------------------------------------------------------------------------------------------- opening and closing

    @classmethod
    def create(cls, folder: str | Path, labels: Any = None, **options: Any) -> ProjectStore:
        """Makes a project and opens it.

        Args:
            folder: made if it is missing; what else lies in it stays.
            labels: the label set, as JSON can say it.
            options: of :meth:`open`.

        Raises:
            ProjectError: in a sentence, if there is a project already, or it cannot be written; nothing is left then.
        """
        folder = Path(os.path.abspath(folder))  # noqa: PTH100
        path = folder / DATABASE
        with explained(path, "could not be made"):
            make_folder(folder)
            lock = ProjectLock(folder, take_over=True)
            try:
                if os.path.lexists(path):
                    raise ProjectError(f"{folder} is an annotation project already: open it")
                new_database(folder, labels, options.get("between", lambda moment: None))
            finally:
                lock.release()
        return cls.open(folder, **options)

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        read_only: bool = False,
        take_over: bool = False,
        retry_every: float | None = 5.0,
        between: Moment = lambda moment: None,
    ) -> ProjectStore:
        """Opens a project; one of an older version is brought to the newest, beside a copy of what it was.

        Args:
            folder: of the project.
            read_only: whether nothing is to be changed: that works while somebody else has it open, and on a disk that
                is write-protected.
            take_over: whether to open it although a Studio on another machine did not give it up.
            retry_every: seconds until a write that failed is tried again by itself; None for never.
            between: told what is about to be done, at every step of a write; for tests.

        Raises:
            ProjectBusy: if somebody else has it open; the message says who.
            ProjectReadOnly: if it can only be opened to read.
            ProjectDamaged: if what is readable should be rescued (``rescuing.rescue``).
            ProjectError: else, in a sentence.
        """
        store = cls(Path(folder))
        if not is_project(store.folder):
            raise ProjectError(f"{folder} is not an annotation project: it has no {DATABASE}")
        if read_only:
            store._open_to_read()
        else:
            lock = ProjectLock(store.folder, take_over=take_over)
            try:
                with explained(store._path, "could not be opened"):
                    store._open_to_write(retry_every, between)
            except BaseException:
                lock.release()
                raise
            store._release = lock.release
        return store

    def _open_to_read(self) -> None:
        self._reader = Reader(self._path)
        self.read_only_because = f"{self.folder} is open to read: nothing can be changed"
        try:
            self._read(self._take_newest)
        except BaseException:
            self._reader.close()
            raise

    def _open_to_write(self, retry_every: float | None, between: Moment) -> None:
        connection = open_to_write(self._path)
        try:
            version = checked_version(connection, self._path)
            if version < VERSION:
                keep_older(connection, version, self.folder)
                migrate(connection, between)
            self._session = begin_session(connection)
            self._take(connection)
            self._unfinished = read_unfinished(connection, self._session)
        except BaseException:
            connection.close()
            raise
        self._journal = Journal(
            self._path,
            connection,
            lambda: open_to_write(self._path),
            session=self._session,
            retry_every=retry_every,
            told=lambda: self.saved_changed.emit(self.waiting, self.problem),
            trouble=self.trouble.emit,
            between=between,
        )

    def _take_newest(self, connection: sqlite3.Connection, _pending: Sequence[Write]) -> None:
        """Takes what the database says, unless that is what it said before."""
        found = connection, int(connection.execute("PRAGMA data_version").fetchone()[0])
        if found != self._taken:
            self._take(connection)
            self._taken = found

    def _take(self, connection: sqlite3.Connection) -> None:
        entries, labels = tuple(read_entries(connection, self.folder)), read_labels(connection)
        with self._mutex:
            self._catalogue.take(entries, labels, read_meta(connection))

    def close(self, *, abandon: bool = False) -> None:
        """Brings everything to the disk and gives the project up; a second time does nothing.

        Args:
            abandon: whether to give up what cannot be saved.

        Raises:
            ProjectError: in a sentence, if something cannot be saved; the project then stays open.
        """
        with self._closing:
            if self._journal is not None:
                self._end_journal(self._journal, abandon=abandon)
            with self._mutex:
                if self._reader is not None:
                    self._reader.close()
                self._reader = None
            release, self._release = self._release, lambda: None
            release()

    def _end_journal(self, journal: Journal, *, abandon: bool) -> None:
        self._refuse_changes(f"{self.folder} is being closed")
        if not journal.wait_until_saved(_CLOSE_WAITS) and not abandon:
            problem = journal.problem or f"{self._path} could not be written: the disk does not answer"
            self._refuse_changes("")
            raise ProjectError(problem)
        with suppress(ProjectError):
            if not journal.waiting:
                journal.submit(EndSession()).wait(_CLOSE_WAITS)
        journal.close()
        self._journal = None
        self.read_only_because = f"{self.folder} is closed"

    def _refuse_changes(self, because: str) -> None:
        """Accepts no change from now on, so that none comes behind the last one that is waited for; "" to accept."""
        with self._mutex:
            self._is_closing, self.read_only_because = bool(because), because

    # -------------------------------------------------------------------------------------------------- what there is

    @property
    def is_read_only(self) -> bool:
        """Whether nothing can be changed."""
        return self._journal is None or self._is_closing

    @property
    def entries(self) -> Mapping[int, ImageEntry]:
        """The images, in the order of the list."""
        return self._catalogue.entries

    @property
    def labels(self) -> Any:
        """The label set, as JSON says it; None if there is none."""
        return self._catalogue.labels

    @property
    def waiting(self) -> int:
        """How many changes are not on the disk."""
        return 0 if self._journal is None else self._journal.waiting

    @property
    def problem(self) -> str:
        """Why they are not, in a sentence; empty if nothing has failed."""
        return "" if self._journal is None else self._journal.problem

    def unfinished(self) -> Unfinished | None:
        """Returns what sessions that never closed have left; None if there is nothing, or it was settled."""
        return self._unfinished

    def remembered(self, key: str) -> Any:
        """Returns what was remembered under a key, as JSON says it; None if nothing was."""
        return self._catalogue.meta.get(key)

    def refresh(self) -> None:
        """Reads the images and labels again, where another Studio writes the project that this one reads."""
        if self._journal is None:
            before = self.entries
            self._read(self._take_newest)
            after = self.entries
            changed = {image for image, entry in after.items() if _is_other(before.get(image), entry)}
            if changed or before.keys() - after.keys():
                self.images_changed.emit(changed | (before.keys() - after.keys()))

    # ------------------------------------------------------------------------------------------------------ changing it

    def add_images(self, files: Iterable[FileFacts]) -> tuple[list[int], Ticket]:
        """Adds images at the end of the list; returns their ids, also of those that are in the project already."""
        with self._mutex:
            journal = self._writable()
            numbers, added, write = self._catalogue.add(files)
            ticket = journal.submit(write)
        self.images_changed.emit(added)
        return numbers, ticket

    def remove_images(self, images: Sequence[int]) -> Ticket:
        """Takes images out of the project, with everything that was done on them; the files stay."""
        return self._change(images, lambda: self._catalogue.remove(images))

    def set_status(self, image: int, status: Status) -> Ticket:
        """Says how far an image has come."""
        return self._change([image], lambda: self._catalogue.put_status(image, status))

    def set_note(self, image: int, note: str) -> Ticket:
        """Says something about an image."""
        return self._change([image], lambda: self._catalogue.put_note(image, note))

    def set_file(self, image: int, file: FileFacts) -> Ticket:
        """Has an image refer to another file, or to the same as it is now.

        Raises:
            ValueError: in a sentence, if it has other pixels in height or width.
        """
        return self._change([image], lambda: self._catalogue.put_file(image, file))

    def set_files(self, files: Mapping[int, FileFacts]) -> Ticket:
        """Has several images refer to other files, or to the same as they are now.

        Raises:
            ValueError: in a sentence, if one has other pixels in height or width.
        """
        return self._change(files, lambda: self._catalogue.put_files(files))

    def set_labels(self, labels: Any, edits: Sequence[tuple[int, Edit]] = (), reopened: Sequence[int] = ()) -> Ticket:
        """Replaces the label set, and makes what follows from that: all of it is saved, or nothing.

        Args:
            labels: as JSON can say it.
            edits: image and edit.
            reopened: images that are in progress again.

        Raises:
            ValueError: if one of the images was never started.
        """
        images = {*reopened, *(image for image, _ in edits)}
        return self._change(images, lambda: self._catalogue.put_labels(labels, edits, reopened))

    def remember(self, key: str, value: Any) -> Ticket:
        """Remembers something with the project, such as which image is shown, as JSON can say it."""
        return self._change([], lambda: self._catalogue.remember(key, value))

    def start(
        self, image: int, ids: NDArray[np.uint16], segments: Mapping[int, SegmentInfo], source: str = ""
    ) -> Ticket:
        """Sets what an image is edited from; edits that were made on something else are gone.

        Args:
            image: its id.
            ids: uint16 ``[H, W]``, 0 is void; copied.
            segments: number -> what is known of it.
            source: where it comes from, for people.

        Raises:
            ValueError: in a sentence, if the map does not have the image's size.
        """
        self._unfolded.pop(image, None)
        own = ids.copy()
        return self._change([image], lambda: self._catalogue.start(image, own, segments, source))

    def append(self, image: int, edit: Edit) -> Ticket:
        """Journals a finished edit behind those that are done; what was taken back before cannot be done again.

        Raises:
            ValueError: in a sentence, if the image was never started.
        """
        ticket = self._change([image], lambda: self._catalogue.append(image, edit))
        edits, size = self._unfolded.get(image, (0, 0))
        self._unfolded[image] = edits, size = edits + 1, size + edit.nbytes
        if edits >= FOLD_AFTER_EDITS or size >= _FOLD_AFTER_BYTES:
            self.compact(image)
        return ticket

    def set_cursor(self, image: int, done: int) -> Ticket:
        """Says how many edits of an image are done, after undo or redo.

        Raises:
            ValueError: in a sentence, if there are not as many, or edits that were dropped would have to be taken back.
        """
        return self._change([image], lambda: self._catalogue.move_cursor(image, done))

    def compact(self, image: int) -> None:
        """Has an image open quickly again after many edits, and drops the oldest if they take too many bytes; later."""
        self._unfolded.pop(image, None)
        journal = self._journal
        if journal is not None:
            journal.tidy(image, tidied(image, self.journal_bytes, self._submit, self._drop))

    def settle_unfinished(self) -> None:
        """Tells no more of sessions that never closed: the user has seen what they left."""
        left, self._unfinished = self._unfinished, None
        if left is not None:
            with suppress(ProjectReadOnly):  # it is told once more then
                self._submit(SettleSessions(left.up_to))

    journal_bytes = _JOURNAL_BYTES
    """Bytes of an image's edits that can always be taken back."""

    # --------------------------------------------------------------------------------------------------------- the disk

    def retry(self) -> None:
        """Has what could not be saved tried again now."""
        if self._journal is not None:
            self._journal.retry()

    def flush(self, seconds: float | None = None) -> bool:
        """Waits until everything is on the disk, or could not be brought there; returns whether it is."""
        return self._journal is None or self._journal.wait_until_saved(seconds)

    def flush_and_tidy(self, seconds: float | None = None) -> bool:
        """Waits until everything is on the disk and every journal is compacted that was to be."""
        is_tidy = self.flush(seconds) and (self._journal is None or self._journal.wait_until_tidy(seconds))
        return is_tidy and self.flush(seconds)

    def backup(self, folder: str | Path) -> None:
        """Copies the project with everything that waits to another folder: the way out where this disk is full.

        What is changed meanwhile is journaled as ever.

        Raises:
            ProjectError: in a sentence, if there is a project, or it cannot be written; nothing is left then.
        """
        folder = Path(os.path.abspath(folder))  # noqa: PTH100
        with explained(folder / DATABASE, "could not be made"):
            journal = self._journal
            bring = from_disk(self._path) if journal is None else from_journal(journal, self._path)
            copy_project(bring, self.folder, folder)

    def damage(self) -> list[str]:
        """Looks through the whole database; returns what is wrong with it, nothing if it is whole. It takes a while."""
        with explained(self._path, "could not be read"):
            rows = self._read(lambda connection, pending: connection.execute("PRAGMA integrity_check").fetchall())
        return [str(row[0]) for row in rows if row[0] != "ok"]

    @property
    def between(self) -> Moment:
        """Is told of every step of a write before it is made; for tests."""
        return (lambda moment: None) if self._journal is None else self._journal.between

    @between.setter
    def between(self, told: Moment) -> None:
        if self._journal is not None:
            self._journal.between = told

    # ------------------------------------------------------------------------------------------------------------ parts

    def _writable(self) -> Journal:
        if self._journal is None or self._is_closing:
            raise ProjectReadOnly(self.read_only_because)
        return self._journal

    def _submit(self, write: Write) -> Ticket:
        with self._mutex:
            return self._writable().submit(write)

    def _change(self, images: Iterable[int], change: Callable[[], Write]) -> Ticket:
        with self._mutex:
            journal = self._writable()
            ticket = journal.submit(change())
        self.images_changed.emit(set(images))
        return ticket

    def _read(self, reading: Reading[T]) -> T:
        journal = self._journal
        if journal is not None:
            return journal.read(reading)
        with self._mutex, explained(self._path, "could not be read"):
            if self._reader is None:
                raise ProjectError(self.read_only_because)
            return self._reader.read(reading)

    def _drop(self, image: int, first: int) -> bool:
        """Drops an image's oldest edits; False while something waits. Called in the writing thread.

        The catalogue knows from the moment on at which that is in line, so that no cursor is set below them behind it.
        """
        with self._mutex:
            journal = self._writable()
            if journal.waiting:
                return False
            journal.submit(DropEdits(image, first))
            self._catalogue.drop(image, first)
        self.dropped.emit(image, first)
        return True


def _is_other(before: ImageEntry | None, now: ImageEntry) -> bool:
    return before != now or before.state != now.state
