from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lpsnet_studio.jobs.disk_look import DiskLook


class Later:
    """Keeps what it is asked for until it is let go."""

    def __init__(self) -> None:
        self.kept: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []

    def __call__(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self.kept.append((work, done))

    def answer(self, place: int) -> None:
        work, done = self.kept[place]
        done(work())


def test_an_answer_is_told_when_it_comes_and_stays_while_the_question_does() -> None:
    later, told = Later(), []
    look = DiskLook(later)
    look.changed.connect(lambda: told.append(None))
    look.ask({"a": (abs, -3), "b": (len, "four")})
    assert look.answer("a", 0) == 0
    later.answer(0)
    assert (look.answer("a", 0), look.answer("b", 0), len(told)) == (3, 4, 1)
    look.ask({"a": (abs, -3), "b": (len, "other")})
    assert (look.answer("a", 0), look.answer("b", 0)) == (3, 0)
    later.answer(1)
    assert (look.answer("b", 0), len(told)) == (5, 2)
    look.ask({"a": (abs, -3), "b": (len, "other")})
    later.answer(2)
    assert len(told) == 2, "nothing is news"


def test_only_the_newest_question_is_answered() -> None:
    later = Later()
    look = DiskLook(later)
    look.ask({"a": (abs, -3)})
    look.ask({"a": (abs, -5)})
    later.answer(1)
    later.answer(0)
    assert look.answer("a", 0) == 5
    look.ask({})
    assert look.answer("a", 0) == 0
    assert len(later.kept) == 2
