"""What the disk says of typed paths, asked where it may take its time: on a dead share it never answers; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from psygnal import Signal

__all__ = ["Ask", "DiskLook", "Question", "at_once"]

Question = tuple[Any, ...]
"""A function that looks at the disk, and what it is called with; equal questions are the same."""
Ask = Callable[[Callable[[], Any], Callable[[Any], None]], object]
"""Does work where it may take long, and hands over what came of it in the thread that asked."""


def at_once(work: Callable[[], Any], done: Callable[[Any], None]) -> None:
    """Does work in this thread, for forms that nobody waits in front of."""
    done(work())


class DiskLook:
    """Questions about the disk and the answers to the newest of them.

    Args:
        ask: does the looking.

    Attributes:
        changed: emitted when an answer came that says something else than was known.
    """

    changed = Signal()

    def __init__(self, ask: Ask = at_once) -> None:
        self._ask = ask
        self._answers: dict[str, tuple[Question, Any]] = {}
        self._newest = 0

    def ask(self, questions: Mapping[str, Question]) -> None:
        """Asks these, by name, and no others any more; an answer that is known stays until there is a new one."""
        asked = dict(questions)
        self._answers = {name: told for name, told in self._answers.items() if asked.get(name) == told[0]}
        self._newest += 1
        turn = self._newest
        if asked:
            self._ask(lambda: {name: look(*given) for name, (look, *given) in asked.items()}, self._taker(turn, asked))

    def answer(self, name: str, otherwise: Any) -> Any:
        """Returns the answer to what was asked by this name; ``otherwise`` while there is none."""
        return self._answers[name][1] if name in self._answers else otherwise

    def _taker(self, turn: int, asked: Mapping[str, Question]) -> Callable[[Mapping[str, Any]], None]:
        def take(told: Mapping[str, Any]) -> None:
            if turn != self._newest:
                return
            answers = {name: (asked[name], answer) for name, answer in told.items()}
            if answers != self._answers:
                self._answers = answers
                self.changed.emit()

        return take
