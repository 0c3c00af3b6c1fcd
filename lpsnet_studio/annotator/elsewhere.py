"""Work that takes long, done outside the thread that edits, while the document waits for its one edit; no Qt."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from psygnal import Signal

__all__ = ["AT_ONCE", "Elsewhere", "GivenUp", "Work"]

T = TypeVar("T")

AT_ONCE = 20.0
"""Milliseconds; what takes longer, as far as one can tell, is not done in the thread that edits."""
_TELL_SECONDS = 0.05
"""One sees no more of how far something is."""


class Work(Protocol):
    """Does something outside the thread that asks, and tells that what came of it."""

    def __call__(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        *,
        title: str = ...,
        cancellable: bool = ...,
    ) -> Any:
        """Does ``work`` and gives ``done`` what it returns; see :meth:`lpsnet_studio.background.Background.run`."""


class GivenUp(Exception):  # noqa: N818 - nothing went wrong
    """Nobody waits any more for what is being computed."""


@dataclass(eq=False)
class _Job:
    """What is computed now.

    Attributes:
        doing: in words, such as ``deleting segments``.
        finish_now: does the same at once, in the thread that edits; None if it can be given up.
        task: what does it, with ``cancelled``, ``ended``, ``cancel`` and ``report``, as a ``background.Task`` has them.
        is_dropped: whether nobody waits for it any more.
        reported: when it was told last how far it is.
    """

    doing: str
    finish_now: Callable[[], object] | None
    task: Any = None
    is_dropped: threading.Event = field(default_factory=threading.Event)
    reported: float = 0.0

    @property
    def is_awaited(self) -> bool:
        is_withdrawn = getattr(self.task, "cancelled", False) or getattr(self.task, "ended", False)
        return not (self.is_dropped.is_set() or is_withdrawn)

    def report(self, fraction: float) -> None:
        """Says how far it is.

        Raises:
            GivenUp: if nobody waits for it any more.
        """
        if not self.is_awaited:
            raise GivenUp
        now = time.monotonic()
        if self.task is not None and now - self.reported >= _TELL_SECONDS:
            self.reported = now
            self.task.report(fraction)


class Elsewhere:
    """Does one thing at a time for an editor, which changes nothing meanwhile.

    Args:
        work: does it; None to do everything at once.
    """

    kept_changed = Signal()
    """Another number of things is to come about in any case."""

    def __init__(self, work: Work | None = None) -> None:
        self.work = work
        self._job: _Job | None = None
        self._next: list[tuple[Callable[[], object], bool]] = []
        """What is done once nothing is computed, and whether that is so even if what it waits for is given up."""
        self._is_going_on = False
        self._told = 0

    @property
    def doing(self) -> str:
        """What is computed now, in words such as ``deleting segments``; empty if nothing is."""
        return self._job.doing if self._job is not None and self._job.is_awaited else ""

    @property
    def finishes(self) -> bool:
        """Whether what is computed now is the end of something that cannot be given up any more."""
        return bool(self.doing) and self._job is not None and self._job.finish_now is not None

    @property
    def kept(self) -> int:
        """How many things, such as strokes that were let go of, come about later in any case."""
        return self.finishes + sum(is_kept for _, is_kept in self._next)

    def _tell_kept(self) -> None:
        if self.kept != self._told:
            self._told = self.kept
            self.kept_changed.emit()

    def takes(self, milliseconds: float) -> bool:
        """Whether something that takes so long is to be done here."""
        return self.work is not None and milliseconds > AT_ONCE

    def begin(
        self,
        doing: str,
        compute: Callable[[Callable[[float], None]], T],
        take: Callable[[T], object],
        *,
        finish_now: Callable[[], object] | None = None,
    ) -> None:
        """Begins to compute something.

        Args:
            doing: what, in words.
            compute: does it; is given what takes how far it is, 0 … 1, and raises :class:`GivenUp` if it is in vain.
            take: takes what came of it, in the thread that edits; never called once it was given up.
            finish_now: does all of it in the thread that edits, where that cannot wait; it then cannot be given up.
        """
        assert self.work is not None
        if self._job is not None:  # which was withdrawn by others
            self._drop_next()
        job = self._job = _Job(doing, finish_now)

        def run() -> T | GivenUp:
            try:
                return compute(job.report)
            except GivenUp as given_up:
                return given_up
            except RuntimeError:
                if job.is_dropped.is_set():  # it was finished before the thread came to it
                    return GivenUp()
                raise

        def taken(outcome: T | GivenUp) -> None:
            if job.is_dropped.is_set():
                return
            if self._job is job:
                self._job = None
            if not isinstance(outcome, GivenUp):
                take(outcome)
            self._go_on()
            self._tell_kept()

        job.task = self.work(run, taken, title="" if finish_now else doing, cancellable=finish_now is None)
        self._tell_kept()

    def when_free(self, deed: Callable[[], object], *, is_kept: bool = False) -> None:
        """Does something now, or once nothing is computed any more.

        Args:
            deed: what to do.
            is_kept: whether it is done too if what it waits for is given up.
        """
        self.catch_up()
        if self.doing or (self._next and not self._is_going_on):
            self._next.append((deed, is_kept))
            self._go_on()
            self._tell_kept()
        else:
            deed()

    def catch_up(self) -> None:
        """Does what waits for something that others have withdrawn meanwhile, as far as it is done then."""
        if self._job is not None and not self._job.is_awaited:
            self._job = None
            self._drop_next()
            self._go_on()
            self._tell_kept()

    def finish(self) -> None:
        """Finishes at once what cannot be given up, and goes on with what waits for it."""
        while self.finishes:
            job, self._job = self._job, None
            assert job is not None
            assert job.finish_now is not None
            job.is_dropped.set()
            job.finish_now()
            self._go_on()
        self._tell_kept()

    def _drop_next(self) -> None:
        self._next = [(deed, is_kept) for deed, is_kept in self._next if is_kept]

    def _go_on(self) -> None:
        if self._is_going_on:
            return
        self._is_going_on = True
        try:
            while self._next and not self.doing:
                self._next.pop(0)[0]()
        finally:
            self._is_going_on = False

    def give_up(self) -> bool:
        """Computes no longer what is computed, or finishes it at once if it cannot be given up.

        Returns:
            Whether something was given up.
        """
        job, self._job = self._job, None
        self._drop_next()
        if job is None or not job.is_awaited:
            self._go_on()
            self._tell_kept()
            return False
        job.is_dropped.set()
        if job.finish_now is not None:
            job.finish_now()
        elif job.task is not None:
            job.task.cancel()
        self._go_on()
        self._tell_kept()
        return job.finish_now is None
