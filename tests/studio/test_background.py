"""Work runs elsewhere; its result and its failure come back to the GUI thread."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject
from shiboken6 import isValid

from lpsnet_studio.background import Background, Task, Working, is_awaited, pass_on


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


def test_named_work_is_shown_with_its_progress(qtbot: Any) -> None:
    background = Background(lambda _error: None)
    go_on = threading.Event()
    shown: list[Any] = []
    background.busy_changed.connect(lambda: shown.append(background.busy))

    def work(task: Task) -> int:
        task.report(0.5)
        go_on.wait(5)
        return 7

    done: list[int] = []
    background.run_task(work, done.append, title="drawing", cancellable=False)
    background.run(go_on.wait, lambda _: None)
    qtbot.waitUntil(lambda: Working("drawing", 0.5, False) in shown)
    assert background.unfinished == ["drawing"]
    background.cancel()
    go_on.set()
    qtbot.waitUntil(lambda: done == [7])
    qtbot.waitUntil(lambda: background.busy is None)
    assert shown[-1] is None


def test_withdrawn_work_ends_without_a_word(qtbot: Any) -> None:
    failures: list[Exception] = []
    background = Background(failures.append)
    started, told = threading.Event(), []

    def work(task: Task) -> None:
        started.set()
        while True:
            task.report(0.1)

    task = background.run_task(work, told.append, title="for ever")
    assert started.wait(5)
    background.cancel()
    assert background.busy is None
    assert background.wait(2000)
    qtbot.wait(20)
    assert task.cancelled
    assert (failures, told) == ([], [])


def test_what_the_work_refers_to_is_let_go(qtbot: Any) -> None:
    class Result:
        pass

    background = Background(lambda _error: None)
    results = [Result() for _ in range(50)]
    left = [weakref.ref(result) for result in results]
    done: list[bool] = []
    while results:
        result = results.pop()
        background.run(lambda kept=result: id(kept), lambda _: done.append(True))
    del result
    qtbot.waitUntil(lambda: len(done) == 50)
    gc.collect()
    assert [each() for each in left] == [None] * 50


def test_a_window_that_goes_while_its_work_goes_on_waits_for_nothing(qtbot: Any) -> None:
    go_on, told = threading.Event(), []
    owner = QObject()
    background = Background(lambda _error: None, owner)
    background.run(lambda: go_on.wait(10), told.append)
    owner.deleteLater()
    qtbot.waitUntil(lambda: not isValid(background))
    go_on.set()
    qtbot.wait(50)
    assert told == []


@pytest.mark.parametrize(("cancellable", "written"), [(True, False), (False, True)])
def test_a_program_ends_without_work_that_is_stuck_but_not_without_what_it_saves(
    cancellable: bool, written: bool, tmp_path: Path
) -> None:
    path, seconds = tmp_path / "saved", 60 if cancellable else 1
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from PySide6.QtCore import QCoreApplication\n"
        "from lpsnet_studio.background import Background\n"
        "application = QCoreApplication([])\n"
        "def work():\n"
        f"    time.sleep({seconds})\n"
        "    Path(sys.argv[1]).write_text('saved')\n"
        f"Background(print).run(work, print, cancellable={cancellable})\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert path.exists() is written


def test_work_that_is_stuck_is_in_nobodys_way(qtbot: Any) -> None:
    background, go_on = Background(lambda _error: None), threading.Event()
    for _ in range(40):
        background.run(lambda: go_on.wait(20), lambda _: None)
    saved: list[int] = []
    background.run(lambda: 7, saved.append, cancellable=False)
    qtbot.waitUntil(lambda: saved == [7], timeout=2000)
    before = time.monotonic()
    assert not background.wait(100)
    assert time.monotonic() - before < 2, "forty of them share the time"
    go_on.set()
    assert background.wait(2000)


def test_cancelling_says_whether_anybody_knew_of_the_work(qtbot: Any) -> None:
    background, go_on = Background(lambda _error: None), threading.Event()
    assert not background.cancel()
    background.run(lambda: go_on.wait(5), lambda _: None)
    background.run(lambda: go_on.wait(5), lambda _: None, title="saving", cancellable=False)
    assert not background.cancel()
    task = background.run(lambda: go_on.wait(5), lambda _: None, title="listing photos")
    assert background.cancel()
    assert not background.cancel(), "once is enough"
    assert task.cancelled
    assert not task.ended
    go_on.set()
    qtbot.waitUntil(lambda: task.ended)


@pytest.mark.parametrize("outcome", ["result", "failure", "withdrawal"])
def test_whatever_comes_of_work_its_end_is_told_last(outcome: str, qtbot: Any) -> None:
    told: list[tuple[str, bool, bool]] = []

    def tell(what: str) -> None:
        told.append((what, is_awaited(task), threading.get_ident() == here))

    background, go_on, here = Background(lambda _error: tell("failure")), threading.Event(), threading.get_ident()

    def work() -> None:
        go_on.wait(5)
        if outcome == "failure":
            raise ValueError

    task = background.run(work, lambda _: tell("result"), ended=lambda: tell("end"))
    assert is_awaited(task)
    if outcome == "withdrawal":
        background.withdraw(task)
        assert not is_awaited(task)
        assert not task.ended
    go_on.set()
    qtbot.waitUntil(lambda: bool(told) and told[-1][0] == "end")
    assert task.ended
    assert told == [*([] if outcome == "withdrawal" else [(outcome, False, True)]), ("end", False, True)]


def test_a_failure_that_is_passed_on_does_not_hide_the_end(qtbot: Any) -> None:
    background, ends = Background(pass_on), []
    with qtbot.captureExceptions() as raised:
        background.run(lambda: 1 / 0, lambda _: None, ended=lambda: ends.append(True))
        qtbot.waitUntil(lambda: ends == [True])
    assert [kind for kind, _, _ in raised] == [ZeroDivisionError]


def test_nothing_is_awaited_where_nothing_was_begun() -> None:
    assert not is_awaited(None)
