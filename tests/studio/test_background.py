"""Work runs elsewhere; its result and its failure come back to the GUI thread."""

from __future__ import annotations

import threading
from typing import Any

from lpsnet_studio.background import Background


def test_results_come_back_to_the_gui_thread(qtbot: Any) -> None:
    failures: list[Exception] = []
    background = Background(failures.append)
    threads: list[tuple[int, int]] = []
    background.run(threading.get_ident, lambda worker: threads.append((worker, threading.get_ident())))
    qtbot.waitUntil(lambda: bool(threads))
    worker, receiver = threads[0]
    assert worker != receiver == threading.get_ident()
    assert failures == []


def test_a_failure_is_told_once(qtbot: Any) -> None:
    failures: list[Exception] = []
    background = Background(failures.append)
    background.run(lambda: 1 / 0, lambda _: None)
    qtbot.waitUntil(lambda: bool(failures))
    assert isinstance(failures[0], ZeroDivisionError)
    assert background.wait(1000)
    qtbot.wait(20)
    assert len(failures) == 1
