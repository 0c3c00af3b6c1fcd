"""Work that a panel waits for: the newest counts, failures are sentences, and a panel that is gone is told nothing."""

from __future__ import annotations

import threading
import weakref
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.errand import Errand, Hold
from lpsnet_studio.background import Background, courier
from tests.studio.annotator.desks import Later, undelayed_desk


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def owner(qapp: Any) -> QObject:
    return QObject()


@pytest.fixture
def desk(later: Later) -> Desk:
    made = undelayed_desk()
    made.work = later
    return made


def test_the_newest_counts(desk: Desk, later: Later, owner: QObject) -> None:
    told: list[object] = []
    errand = Errand(desk, owner)
    for number in range(3):
        errand.begin(lambda hold, number=number: (number, hold.cancelled()), told.append, told.append)
    assert errand.is_under_way
    later.go_on()
    assert told == [(2, False)]
    assert not errand.is_under_way


def test_failures_are_told_in_a_sentence(desk: Desk, later: Later, owner: QObject) -> None:
    failed: list[str] = []

    def fail(_hold: Hold) -> None:
        raise ValueError("It cannot be done.")

    def fail_to_open(_hold: Hold) -> None:
        raise FileNotFoundError(2, "No such file or directory", "/nowhere")

    errand = Errand(desk, owner)
    for work in (fail, fail_to_open):
        errand.begin(work, lambda _none: None, failed.append)
        later.go_on()
    assert failed == ["It cannot be done.", "/nowhere: cannot be opened (No such file or directory)"]


def test_what_is_cancelled_is_told_nothing_and_what_is_asked_to_end_is(
    desk: Desk, later: Later, owner: QObject
) -> None:
    told: list[bool] = []
    errand = Errand(desk, owner)
    errand.begin(lambda hold: hold.cancelled(), told.append, lambda _sentence: None)
    errand.cancel()
    later.go_on()
    assert told == []
    errand.begin(lambda hold: hold.cancelled(), told.append, lambda _sentence: None)
    errand.ask_to_end()
    assert errand.is_under_way
    later.go_on()
    assert told == [True]


def test_progress_is_told_as_long_as_it_is_wanted(desk: Desk, later: Later, owner: QObject) -> None:
    seen: list[tuple[int, int, str]] = []
    errand = Errand(desk, owner)
    errand.progressed.connect(lambda *told: seen.append(told))

    def work(hold: Hold) -> None:
        for number in range(1000):
            hold.progress(number, 1000, f"{number}.png")
        hold.progress(1000, 1000, "")

    errand.begin(work, lambda _none: None, lambda _sentence: None)
    later.go_on()
    assert seen[0] == (0, 1000, "0.png")
    assert seen[-1] == (1000, 1000, "")
    assert len(seen) < 100


def test_a_panel_that_is_gone_is_told_nothing(desk: Desk, later: Later, qapp: Any) -> None:
    told: list[object] = []
    owner = QObject()
    errand = Errand(desk, owner)
    errand.begin(lambda hold: hold.progress(1, 1, ""), told.append, told.append)
    owner.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    later.go_on()
    assert told == []


def test_work_that_somebody_else_gives_up_is_not_waited_for(qtbot: Any, owner: QObject) -> None:
    here = weakref.ref(owner)
    background = Background(pytest.fail, owner)
    desk = Desk(background.run, lambda call: courier().bring(here, lambda _owner: call()))
    go_on, told = threading.Event(), []
    errand = Errand(desk, owner)
    errand.begin(lambda hold: (go_on.wait(10), hold.cancelled())[1], told.append, lambda _sentence: None)
    with qtbot.waitSignal(errand.withdrawn):
        background.cancel()
    assert not errand.is_under_way
    go_on.set()
    assert background.wait(5000)
    qtbot.wait(10)
    assert told == []
