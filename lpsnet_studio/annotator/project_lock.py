"""Who has a project open: one at a time writes, and the others are told who."""

from __future__ import annotations

import getpass
import json
import os
import socket
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from lpsnet.formats.file_lock import holder_of, locked_by_process
from lpsnet_studio.annotator.database import DATABASE, is_on_network
from lpsnet_studio.annotator.project_errors import ProjectBusy, ProjectReadOnly, cause_of

__all__ = ["LOCK", "Occupant", "ProjectLock", "refusal_of"]

LOCK = "project.lock"
"""The file that is locked, within the project's folder; it says who locked it."""
_LONGEST = 4096
_SAME_START = 2.0
"""Seconds by which two readings of a process's start may differ."""

_held_here: dict[str, Occupant] = {}
"""The projects that this process holds: opening the file of one again, and closing it, would give the lock up."""
_holding = threading.Lock()


@dataclass(frozen=True, slots=True)
class Occupant:
    """A Studio that has a project open.

    Attributes:
        host: its machine.
        pid: its process.
        user: who started it.
        started: when the process started, seconds since 1970.
        since: when it opened the project, seconds since 1970.
    """

    host: str
    pid: int
    user: str
    started: float
    since: float

    @classmethod
    def here(cls) -> Occupant:
        """Returns this process, as of now."""
        import psutil

        user = ""
        with suppress(Exception):  # a user without a name is no reason not to work
            user = getpass.getuser()
        return cls(socket.gethostname(), os.getpid(), user, psutil.Process().create_time(), time.time())

    @classmethod
    def read(cls, stream: IO[bytes]) -> Occupant | None:
        """Reads what the file says; None if that is nothing, or nothing that can be understood."""
        stream.seek(0)
        try:
            fields = json.loads(stream.read(_LONGEST).decode("utf-8"))
            return cls(
                str(fields["host"]),
                int(fields["pid"]),
                str(fields["user"]),
                float(fields["started"]),
                float(fields["since"]),
            )
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            return None

    @property
    def words(self) -> str:
        """Who it is, for people."""
        whose = f" of {self.user}" if self.user else ""
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.since))
        return f"process {self.pid}{whose} on {self.host}, since {when}"

    def lives_here(self) -> bool:
        """Whether it is a process of this machine that goes on."""
        import psutil

        if self.host != socket.gethostname():
            return False
        try:
            return abs(psutil.Process(self.pid).create_time() - self.started) < _SAME_START
        except psutil.Error:
            return False


class ProjectLock:
    """Holds a project for this process until :meth:`release`, or until the process ends, however that comes.

    Args:
        folder: of the project.
        take_over: whether to hold it although a Studio on another machine may do so too; only asked where the
            filing system of a network does not tell.

    Raises:
        ProjectBusy: if somebody else holds it, or may.
        ProjectReadOnly: if the folder cannot be written.
    """

    def __init__(self, folder: Path, *, take_over: bool = False) -> None:
        self._key = os.path.realpath(folder)
        self._path = folder / LOCK
        with _holding:
            if self._key in _held_here:
                raise _busy(folder, _held_here[self._key], is_certain=True, is_here=True)
            self._stream = self._locked(folder, take_over)
            _held_here[self._key] = self.occupant

    def _locked(self, folder: Path, take_over: bool) -> IO[bytes]:
        try:
            stream = self._path.open("a+b", buffering=0)
        except OSError as error:
            raise _unwritable(folder, cause_of(error)) from error
        try:
            if not locked_by_process(stream):
                raise _busy(folder, Occupant.read(stream), is_certain=True)
            before = Occupant.read(stream)
            if before is not None and not take_over and is_on_network(folder) and _may_live(before):
                raise _busy(folder, before, is_certain=before.lives_here())
            self.occupant = Occupant.here()
            self._say(stream, json.dumps(asdict(self.occupant)))
        except BaseException:
            stream.close()
            raise
        return stream

    @staticmethod
    def _say(stream: IO[bytes], text: str) -> None:
        """Writes who holds it; a full disk takes nothing from the lock itself."""
        with suppress(OSError):
            stream.truncate(0)
            stream.write(text.encode("utf-8"))

    def release(self) -> None:
        """Gives the project up; a second time does nothing."""
        with _holding:
            if _held_here.get(self._key) is not self.occupant:
                return
            del _held_here[self._key]
            self._say(self._stream, "")
            self._stream.close()


def refusal_of(folder: Path) -> ProjectReadOnly | None:
    """Returns why a project cannot be opened to be changed, None if it can; nothing in its folder is touched."""
    place = folder / LOCK
    with _holding:  # to close the file gives a lock of this process up
        here = _held_here.get(os.path.realpath(folder))
        if here is not None:
            return _busy(folder, here, is_certain=True, is_here=True)
        occupant = _written_in(place)
        try:
            is_held, is_told = holder_of(place) is not None, not is_on_network(folder)
        except OSError:
            is_held, is_told = False, False
    if is_held:
        return _busy(folder, occupant, is_certain=True)
    if occupant is not None and not is_told and _may_live(occupant):
        return _busy(folder, occupant, is_certain=occupant.lives_here())
    for path in (folder, place, folder / DATABASE):
        if os.path.exists(path) and not os.access(path, os.W_OK):  # noqa: PTH110 - False where one may not look
            return _unwritable(folder, "it is write-protected")
    return None


def _written_in(place: Path) -> Occupant | None:
    try:
        with place.open("rb") as stream:
            return Occupant.read(stream)
    except OSError:
        return None


def _unwritable(folder: Path, cause: str) -> ProjectReadOnly:
    return ProjectReadOnly(f"{folder} cannot be written ({cause}): the project can only be opened to read")


def _may_live(occupant: Occupant) -> bool:
    """Whether somebody who did not give a project up may have it open still: another machine's is not asked."""
    return occupant.host != socket.gethostname() or (occupant.pid != os.getpid() and occupant.lives_here())


def _busy(folder: Path, occupant: Occupant | None, *, is_certain: bool, is_here: bool = False) -> ProjectBusy:
    if is_here:
        message = f"{folder} is open in this Studio already"
    elif occupant is None:
        message = f"{folder} is open in another LPSNet Studio, which does not say who it is: it can be opened to read"
    elif is_certain:
        message = f"{folder} is open in another LPSNet Studio ({occupant.words}): it can be opened to read"
    else:
        message = (
            f"{folder} may be open in another LPSNet Studio ({occupant.words}), which did not give it up: "
            f"it can be opened to read, or taken over if that one has ended"
        )
    who: dict[str, Any] = {}
    if occupant is not None:
        who = {"host": occupant.host, "pid": occupant.pid, "user": occupant.user, "since": occupant.since}
    return ProjectBusy(message, is_certain=is_certain, **who)
