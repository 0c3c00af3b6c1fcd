"""The one thread that writes a project: in order, each write as a whole, and none forgotten that could not be made.

What is submitted waits in memory until its commit has come back from the disk. A failure leaves everything in line: the
next write, :meth:`Journal.retry` or some seconds bring the next attempt, which begins with the oldest.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from lpsnet_studio.annotator.project_errors import ProjectError, cause_of, kind_of
from lpsnet_studio.annotator.tickets import Ticket
from lpsnet_studio.annotator.writes import Write

__all__ = ["Journal", "Moment"]

T = TypeVar("T")
Moment = Callable[[str], None]
"""Is told what the writing thread is about to do, before it does it."""
Reading = Callable[[sqlite3.Connection, Sequence[Write]], T]

_LONGEST_TRANSACTION = 0.05
"""Seconds after which a commit is made although more waits."""
_BROKEN_CONNECTION = ("IOERR", "CANTOPEN", "READONLY", "NOTADB", "CORRUPT", "PROTOCOL")
_UNFIT = (
    ValueError,
    TypeError,
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    sqlite3.DataError,
)
"""What a write that fits on nothing in the project raises; everything else may be over the next time."""


@dataclass(slots=True)
class _Held:
    write: Write
    ticket: Ticket = field(default_factory=Ticket)


@dataclass(frozen=True, slots=True)
class _Asked:
    read: Reading[Any]
    answer: Future[Any]


class Journal:
    """Writes, reads and tidies a database in a thread of its own.

    Args:
        path: of the database.
        connection: to it; the journal's from now on.
        reconnect: makes another one, after the disk had failed.
        session: the row of this session.
        retry_every: seconds until what failed is tried again by itself; None for never.
        told: called in the writing thread whenever ``waiting`` or ``problem`` may have changed; it must not wait for
            the journal.
        trouble: called there with a sentence, once for each kind of failure until something is saved again.
        between: what is told of each step.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        reconnect: Callable[[], sqlite3.Connection],
        *,
        session: int = 0,
        retry_every: float | None = 5.0,
        told: Callable[[], object] = lambda: None,
        trouble: Callable[[str], object] = lambda sentence: None,
        between: Moment = lambda moment: None,
    ) -> None:
        self.between = between
        self._path = path
        self._place = _place_of(path)
        self._connection = connection
        self._reconnect = reconnect
        self._session = session
        self._retry_every = retry_every
        self._told = told
        self._trouble = trouble
        self._changed = threading.Condition()
        self._pending: deque[_Held] = deque()
        self._asked: deque[_Asked] = deque()
        self._chores: dict[object, Iterator[None]] = {}
        self._problem = ""
        self._failure: BaseException | None = None
        self._next_try = 0.0
        self._kinds_told: set[str] = set()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name=f"journal of {path.parent.name}", daemon=True)
        self._thread.start()

    # ------------------------------------------------------------------------------------------- from any thread

    @property
    def waiting(self) -> int:
        """How many writes are not on the disk."""
        return len(self._pending)

    @property
    def pending(self) -> list[Write]:
        """The writes that are not on the disk, in order."""
        return [held.write for held in tuple(self._pending)]

    @property
    def problem(self) -> str:
        """Why the last attempt failed, in a sentence; empty since one succeeded."""
        return self._problem

    def submit(self, write: Write) -> Ticket:
        """Puts a write in line, and has what failed before tried again.

        Raises:
            ProjectError: if the journal is closed.
        """
        held = _Held(write)
        with self._changed:
            if self._is_closing:
                raise ProjectError(f"{self._path} is closed")
            self._pending.append(held)
            self._next_try = 0.0
            self._changed.notify_all()
        return held.ticket

    def read(self, reading: Reading[T]) -> T:
        """Calls ``reading`` in the writing thread with the connection and every write that is not made; waits for it.

        Raises:
            ProjectError: in a sentence, if the database cannot be read. What ``reading`` raises else passes through.
        """
        if threading.current_thread() is self._thread:
            return self._answered(reading)
        asked = _Asked(reading, Future())
        with self._changed:
            if self._is_closing:
                raise ProjectError(f"{self._path} is closed")
            self._asked.append(asked)
            self._changed.notify_all()
        answer: T = asked.answer.result()
        return answer

    def tidy(self, name: object, chore: Callable[[sqlite3.Connection], Iterator[None]]) -> None:
        """Has a chore done step by step while there is nothing else to do; one of its name at a time."""
        with self._changed:
            if not self._is_closing and name not in self._chores:
                self._chores[name] = chore(self._connection)
                self._changed.notify_all()

    def retry(self) -> None:
        """Has what failed tried again now."""
        with self._changed:
            self._next_try = 0.0
            self._changed.notify_all()

    def wait_until_saved(self, seconds: float | None = None) -> bool:
        """Waits until everything is on the disk, or could not be brought there; returns whether it is."""
        with self._changed:
            if self._problem:
                self._problem, self._next_try = "", 0.0
                self._changed.notify_all()
            self._changed.wait_for(lambda: not self._pending or bool(self._problem), seconds)
            return not self._pending

    def wait_until_tidy(self, seconds: float | None = None) -> bool:
        """Waits until no chore is left; returns whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._chores, seconds)

    def close(self) -> None:
        """Empties the write-ahead log, ends the thread and the connection; what still waits is given up."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    # ------------------------------------------------------------------------------------- in the writing thread

    def serve(self) -> None:
        """Writes and answers what waits, in the middle of a reading that takes long; called by that.

        Raises:
            ProjectError: if the journal is to be closed.
        """
        while (step := self._urgent_step()) is not None:
            step()

    def _urgent_step(self) -> Callable[[], object] | None:
        with self._changed:
            if self._is_closing:
                raise ProjectError(f"{self._path} is closed")
            # A connection that is read from is not replaced: what failed waits until the reading is over.
            if self._pending and self._is_due() and self._failure is None:
                return self._write
            return self._answer if self._asked else None

    def _run(self) -> None:
        try:
            while (step := self._next_step()) is not None:
                step()
        finally:
            self._end()

    def _next_step(self) -> Callable[[], object] | None:
        """Waits for something to do: writes before reads, reads before chores."""
        with self._changed:
            while True:
                if self._is_closing:
                    return None
                if self._pending and self._is_due():
                    return self._write
                if self._asked:
                    return self._answer
                if self._chores:
                    return self._tidy
                seconds = max(self._next_try - time.monotonic(), 0.0) if self._pending else None
                self._changed.wait(None if seconds == float("inf") else seconds)

    def _is_due(self) -> bool:
        return time.monotonic() >= self._next_try

    def _write(self) -> None:
        """Makes as many of the writes that wait, in order, as a short transaction takes."""
        made: list[tuple[_Held, str]] = []
        try:
            if self._failure is not None:
                self._mend()
            self._refuse_moved()
            self._commit(made)
        except BaseException as error:
            with suppress(sqlite3.Error):
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            self._hold_back(error)
            return
        with self._changed:
            for _ in made:
                self._pending.popleft()
            self._problem, self._failure, self._next_try = "", None, 0.0
            self._kinds_told.clear()
            self._changed.notify_all()
        self.between("telling")
        for held, refusal in made:
            for call in held.ticket.settle(refusal, is_refused=bool(refusal)):
                _call(call, held.ticket)
            if refusal:
                _call(self._trouble, refusal)
        _call(self._told)

    def _commit(self, made: list[tuple[_Held, str]]) -> None:
        connection, begin = self._connection, time.monotonic()
        self.between("before begin")
        connection.execute("BEGIN IMMEDIATE")
        self.between("begun")
        for held in tuple(self._pending):
            connection.execute("SAVEPOINT one")
            try:
                held.write.perform(connection, self._session)
                made.append((held, ""))
            except _UNFIT as error:
                connection.execute("ROLLBACK TO one")
                made.append((held, f"{self._path}: this could not be written: {cause_of(error)}"))
            connection.execute("RELEASE one")
            self.between("written")
            if time.monotonic() - begin > _LONGEST_TRANSACTION:
                break
        self.between("before commit")
        connection.execute("COMMIT")
        self.between("committed")

    def _hold_back(self, error: BaseException) -> None:
        sentence = (
            f"{self._path} could not be written: {cause_of(error)}; nothing is lost, and what waits is tried again"
        )
        with self._changed:
            self._problem, self._failure = sentence, error
            self._next_try = float("inf") if self._retry_every is None else time.monotonic() + self._retry_every
            tickets = [held.ticket for held in self._pending]
            is_new = kind_of(error) not in self._kinds_told
            self._kinds_told.add(kind_of(error))
            self._changed.notify_all()
        for ticket in tickets:
            ticket.settle(sentence)
        if is_new:
            _call(self._trouble, sentence)
        _call(self._told)

    def _refuse_moved(self) -> None:
        """Sees to it that the file which is written still is the one that is found there."""
        try:
            place = _place_of(self._path)
        except OSError as error:
            raise ProjectError(f"it is no longer there ({cause_of(error)})") from error
        if place != self._place:
            raise ProjectError("another file is in its place")

    @property
    def is_in_place(self) -> bool:
        """Whether the file that is written still is the one that is found where the project lies."""
        try:
            self._refuse_moved()
        except ProjectError:
            return False
        return True

    def _mend(self) -> None:
        """Connects anew where the disk has failed, if the database is the one that it was."""
        assert self._failure is not None
        if kind_of(self._failure) in _BROKEN_CONNECTION:
            self._refuse_moved()
            old, self._connection = self._connection, self._reconnect()
            with suppress(sqlite3.Error):
                old.close()

    def _answer(self) -> None:
        with self._changed:
            asked = self._asked.popleft()
        try:
            asked.answer.set_result(self._answered(asked.read))
        except BaseException as error:
            asked.answer.set_exception(error)

    def _answered(self, reading: Reading[T]) -> T:
        try:
            return reading(self._connection, self.pending)
        except sqlite3.Error as error:
            raise ProjectError(f"{self._path} could not be read: {cause_of(error)}") from error

    def _tidy(self) -> None:
        """Does a step of the oldest chore; one that fails is left for another time, since nothing depends on it."""
        name, chore = next(iter(self._chores.items()))
        try:
            next(chore)
        except Exception as error:
            with self._changed:
                del self._chores[name]
                self._changed.notify_all()
            if not isinstance(error, StopIteration | sqlite3.Error | OSError | ValueError):
                _report(error)

    def _end(self) -> None:
        with self._changed:
            asked, self._is_closing = tuple(self._asked), True
            self._asked.clear()
            self._chores.clear()
            self._changed.notify_all()
        for read in asked:
            read.answer.set_exception(ProjectError(f"{self._path} is closed"))
        with suppress(sqlite3.Error):
            self.between("checkpoint")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with suppress(sqlite3.Error):
            self._connection.close()


def _place_of(path: Path) -> tuple[int, int]:
    """Returns which file it is, whatever it is called."""
    status = os.stat(path)  # noqa: PTH116 - once for every commit
    return status.st_dev, status.st_ino


def _call(call: Callable[..., object], *arguments: object) -> None:
    """Calls somebody who listens; what they do wrong is told, and keeps nothing from being written."""
    try:
        call(*arguments)
    except Exception as error:
        _report(error)


def _report(error: Exception) -> None:
    threading.excepthook(
        threading.ExceptHookArgs((type(error), error, error.__traceback__, threading.current_thread()))
    )
