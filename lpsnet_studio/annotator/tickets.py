"""What somebody who wrote something holds until it is on the disk."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["Ticket"]


class Ticket:
    """Says whether a write is on the disk.

    A write that could not be made is kept and tried again, in its order: ``problem`` then says why, until it is saved.
    Only a write that fits on nothing in the project is given up (``is_refused``).
    """

    def __init__(self) -> None:
        self._told = threading.Condition()
        self._is_saved = False
        self._is_refused = False
        self._problem = ""
        self._then: list[Callable[[Ticket], object]] = []

    @property
    def is_saved(self) -> bool:
        """Whether the disk has it."""
        return self._is_saved

    @property
    def is_refused(self) -> bool:
        """Whether it is never tried again."""
        return self._is_refused

    @property
    def problem(self) -> str:
        """Why it is not on the disk, in a sentence; empty while that was not tried, and once it is saved."""
        return self._problem

    def wait(self, seconds: float | None = None) -> bool:
        """Waits until it is saved, or could not be; returns whether it is saved."""
        with self._told:
            self._told.wait_for(lambda: self._is_saved or bool(self._problem), seconds)
            return self._is_saved

    def result(self, seconds: float | None = None) -> None:
        """Waits until it is saved.

        Raises:
            OSError: in a sentence, if it could not be; it may be later.
            TimeoutError: if neither came in time.
        """
        if not self.wait(seconds):
            raise OSError(self._problem) if self._problem else TimeoutError("it is not saved yet")

    def then(self, call: Callable[[Ticket], object]) -> None:
        """Has ``call`` called once it is saved or refused: at once, or later in the thread that writes."""
        with self._told:
            if not (self._is_saved or self._is_refused):
                self._then.append(call)
                return
        call(self)

    def settle(self, problem: str = "", *, is_refused: bool = False) -> list[Callable[[Ticket], object]]:
        """Sets what became of it, for the thread that writes; returns whom to tell."""
        with self._told:
            self._is_saved, self._problem, self._is_refused = not problem, problem, is_refused
            self._told.notify_all()
            then: list[Callable[[Ticket], object]] = []
            if not problem or is_refused:
                then, self._then = self._then, then
            return then
