from __future__ import annotations

import threading
from typing import Any

from lpsnet_studio.jobs.calm_work import CalmWork


def test_the_newest_is_done_elsewhere_and_the_others_never(qtbot: Any) -> None:
    work = CalmWork()
    begun: list[tuple[int, bool]] = []
    done: list[int] = []

    def doing(number: int) -> int:
        begun.append((number, threading.current_thread() is threading.main_thread()))
        return number

    for number in range(5):
        work.ask(lambda number=number: doing(number), done.append)
    qtbot.waitUntil(lambda: done == [4])
    assert begun == [(4, False)]


def test_what_hangs_holds_nothing_back(qtbot: Any) -> None:
    work, may_end, begun = CalmWork(), threading.Event(), threading.Event()
    done: list[str] = []

    def hang() -> str:
        begun.set()
        may_end.wait(20)
        return "late"

    work.ask(hang, done.append)
    qtbot.waitUntil(begun.is_set)
    work.ask(lambda: "quick", done.append)
    qtbot.waitUntil(lambda: done == ["quick"])
    may_end.set()
    qtbot.waitUntil(lambda: done == ["quick", "late"])
