"""Exceptions that nobody handled: counted, logged and told, whichever thread they came from; no Qt."""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from psygnal import EmitLoopError

from lpsnet import structures

__all__ = ["Failure", "Failures"]

_log = logging.getLogger(__name__)

STORM = 20
"""As many times within a second, and a failure is no longer told: it would be all that the user could do."""
_LONGEST_MESSAGE = 300
_LONGEST_DETAILS = 20_000
_OWN = (Path(__file__).parent, Path(structures.__file__).parent)


@dataclass(slots=True)
class Failure:
    """An exception that nobody handled, however often it came.

    Attributes:
        words: its kind and its message, in a line.
        where: the line of the program that raised it, and the thread if it is not the window's.
        details: the traceback of its first time.
        count: how often it came.
        suspended: whether it came so often that it is only counted from now on.
    """

    words: str
    where: str
    details: str
    count: int = 0
    suspended: bool = False
    _times: deque[float] = field(default_factory=lambda: deque(maxlen=STORM), repr=False)

    def count_once_more(self, now: float) -> bool:
        """Counts it; returns whether to tell of it."""
        self.count += 1
        self._times.append(now)
        was_suspended = self.suspended
        self.suspended = was_suspended or (len(self._times) == STORM and now - self._times[0] <= 1.0)
        return not was_suspended


class Failures:
    """Takes every exception that nobody handled, from any thread; never raises one itself.

    Args:
        tell: takes each failure worth telling, in the thread that it came from.
        interrupted: takes Ctrl+C in the terminal.
        clock: seconds, to tell a storm from a shower.
    """

    def __init__(
        self,
        tell: Callable[[Failure], None],
        interrupted: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tell, self._interrupted, self._clock = tell, interrupted, clock
        self._lock = threading.RLock()
        self._known: dict[tuple[str, str], Failure] = {}
        self._here = threading.local()

    @property
    def known(self) -> list[Failure]:
        """Every failure of this run, each once, in order."""
        with self._lock:
            return list(self._known.values())

    def take(self, error: BaseException, where: str = "") -> None:
        """Counts, logs and tells one exception; what goes wrong meanwhile is logged alone."""
        if getattr(self._here, "busy", False):
            _log.error("a failure while another one was told", exc_info=error)
            return
        self._here.busy = True
        try:
            failure, is_worth_telling = self._note(error, where)
            if is_worth_telling:
                self._tell(failure)
        except Exception:
            _log.exception("a failure could not be told: %r", error)
        finally:
            self._here.busy = False

    def _note(self, error: BaseException, where: str) -> tuple[Failure, bool]:
        cause = _cause_of(error)
        place = _place_of(cause)
        where = ", ".join(part for part in (place, where) if part)
        key = (type(cause).__name__, place)
        with self._lock:
            failure = self._known.get(key)
            if failure is None:
                failure = self._known[key] = Failure(_words_of(cause), where, _details_of(error))
            is_worth_telling = failure.count_once_more(self._clock())
            count = failure.count
        if count == 1:
            _log.error("unexpected failure, %s\n%s", failure.where, failure.details)
        elif count & (count - 1) == 0:
            _log.error("unexpected failure, %s: %s, %d times now", failure.where, failure.words, count)
        return failure, is_worth_telling

    # ----------------------------------------------------------------------------------------------------------- hooks

    def watch(self) -> Callable[[], None]:
        """Has Python hand over what nobody handles; returns what undoes that."""
        before = sys.excepthook, threading.excepthook, sys.unraisablehook
        sys.excepthook = self._take_uncaught
        threading.excepthook = self._take_from_thread
        sys.unraisablehook = self._take_unraisable

        def undo() -> None:
            sys.excepthook, threading.excepthook, sys.unraisablehook = before

        return undo

    def _take_uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._interrupted()
        else:
            self.take(error if error.__traceback__ is not None else error.with_traceback(trace))

    def _take_from_thread(self, failed: threading.ExceptHookArgs) -> None:
        if not issubclass(failed.exc_type, SystemExit):
            name = "" if failed.thread is None else f"thread “{failed.thread.name}”"
            self.take(failed.exc_value or failed.exc_type(), name)

    def _take_unraisable(self, failed: Any) -> None:
        self.take(failed.exc_value or failed.exc_type(), failed.err_msg or "while an object was deleted")


def _cause_of(error: BaseException) -> BaseException:
    """Returns what was raised in the callback where the error is of the signal that called it."""
    while isinstance(error, EmitLoopError) and error.__cause__ is not None:
        error = error.__cause__
    return error


def _words_of(error: BaseException) -> str:
    try:
        message = " ".join(str(error).split())
    except Exception:
        message = "(its message cannot be told)"
    if len(message) > _LONGEST_MESSAGE:
        message = f"{message[:_LONGEST_MESSAGE]}…"
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _place_of(error: BaseException) -> str:
    """Returns the innermost line of the program that the error passed, and else of whatever raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    own = [frame for frame in frames if any(Path(frame.filename).is_relative_to(folder) for folder in _OWN)]
    frame = (own or frames)[-1]
    return f"{Path(frame.filename).name}, line {frame.lineno}"


def _details_of(error: BaseException) -> str:
    details = "".join(traceback.format_exception(error))
    return details if len(details) <= _LONGEST_DETAILS else f"…{details[-_LONGEST_DETAILS:]}"
