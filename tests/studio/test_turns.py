"""Work that is done piece by piece: what comes between, what is done once, and what is let go of."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer

from lpsnet_studio.turns import Turns


def test_nothing_is_done_at_once_and_the_first_asked_for_is_done_first(qtbot: Any) -> None:
    done: list[str] = []
    turns = Turns()
    turns.wait(lambda: done.append("first"))
    turns.wait(lambda: done.append("second"))
    assert done == []
    qtbot.waitUntil(lambda: len(done) == 2)
    assert done == ["first", "second"]


def test_what_else_there_is_comes_between_two_turns(qtbot: Any) -> None:
    done: list[str] = []
    turns = Turns()

    def first() -> None:
        done.append("first")
        QTimer.singleShot(0, lambda: done.append("a key"))

    turns.wait(first)
    turns.wait(lambda: done.append("second"))
    qtbot.waitUntil(lambda: len(done) == 3)
    assert done == ["first", "a key", "second"]


def test_what_waits_already_is_done_once_and_what_is_asked_for_in_its_turn_again(qtbot: Any) -> None:
    done: list[int] = []
    turns = Turns()

    def again() -> None:
        done.append(len(done))
        if len(done) == 1:
            turns.wait(again)

    turns.wait(again)
    turns.wait(again)
    qtbot.waitUntil(lambda: len(done) == 2)
    qtbot.wait(30)
    assert done == [0, 1]


def test_a_turn_that_fails_takes_none_from_the_others(qtbot: Any) -> None:
    done: list[str] = []
    turns = Turns()

    def fail() -> None:
        raise ValueError("a turn that fails")

    with qtbot.captureExceptions() as failures:
        turns.wait(fail)
        turns.wait(lambda: done.append("after it"))
        qtbot.waitUntil(lambda: bool(done))
    assert [str(failure[1]) for failure in failures] == ["a turn that fails"]


def test_nothing_is_called_once_the_owner_is_gone(qtbot: Any) -> None:
    done: list[str] = []
    owner = QObject()
    turns = Turns(owner)
    turns.wait(lambda: done.append("too late"))
    owner.deleteLater()
    qtbot.wait(30)
    assert done == []


def test_what_is_let_go_of_is_freed_in_a_later_turn(qtbot: Any) -> None:
    turns = Turns()
    pixels = [np.zeros((8, 8, 3), np.uint8) for _ in range(2)]
    alive = [weakref.ref(each) for each in pixels]
    turns.let_go(*pixels)
    pixels.clear()
    assert all(each() is not None for each in alive)
    qtbot.waitUntil(lambda: all(each() is None for each in alive))


def test_what_is_over_soon_is_not_shown_and_what_goes_on_is(qtbot: Any) -> None:
    done: list[str] = []
    turns = Turns()

    def show_reading() -> None:
        done.append("reading")

    def show_list() -> None:
        done.append("list")

    turns.be_patient(show_list)
    turns.wait(show_list)
    qtbot.waitUntil(lambda: done == ["list"])
    qtbot.wait(150)
    turns.be_patient(show_reading)
    turns.be_patient(show_reading)
    qtbot.wait(200)
    assert done == ["list"], "its patience is its own, and not what is left of another's"
    assert done == ["list"]
    qtbot.waitUntil(lambda: len(done) == 2, timeout=2000)
    qtbot.wait(400)
    assert done == ["list", "reading"]
