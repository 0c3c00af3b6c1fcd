"""What nobody handled: from every thread, counted, never a storm, and never an end of the program."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator

import pytest
from psygnal import Signal

from lpsnet_studio.failures import STORM, Failure, Failures


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def told() -> list[Failure]:
    return []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def failures(told: list[Failure], clock: Clock) -> Iterator[Failures]:
    made = Failures(told.append, clock=clock)
    undo = made.watch()
    yield made
    undo()


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


def test_the_same_failure_is_counted(failures: Failures, told: list[Failure], clock: Clock) -> None:
    for number in range(3):
        clock.now = 10.0 * number
        failures.take(raised(ValueError(f"value {number}")))
    failures.take(raised(KeyError("other")))
    assert [failure.words for failure in failures.known] == ["ValueError: value 0", "KeyError: 'other'"]
    assert [failure.count for failure in failures.known] == [3, 1]
    assert len(told) == 4


def test_a_storm_is_no_longer_told_but_counted(failures: Failures, told: list[Failure], clock: Clock) -> None:
    for number in range(500):
        clock.now = number / 60
        failures.take(raised(ValueError("every frame")))
    (failure,) = failures.known
    assert failure.suspended
    assert failure.count == 500
    assert len(told) == STORM


def test_a_shower_is_told_to_its_end(failures: Failures, told: list[Failure], clock: Clock) -> None:
    for number in range(100):
        clock.now = number / 10
        failures.take(raised(ValueError("ten a second")))
    assert not failures.known[0].suspended
    assert len(told) == 100


def test_a_storm_does_not_flood_the_log(failures: Failures, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5000):
        failures.take(raised(ValueError("every frame")))
    assert len(caplog.records) == 13
    assert "4096 times now" in caplog.text


def test_a_failure_in_a_thread_is_told_with_its_name(failures: Failures, told: list[Failure]) -> None:
    thread = threading.Thread(target=lambda: 1 / 0, name="helper")
    thread.start()
    thread.join()
    assert told[0].words == "ZeroDivisionError: division by zero"
    assert "thread “helper”" in told[0].where


def test_a_thread_may_end_itself(failures: Failures, told: list[Failure]) -> None:
    thread = threading.Thread(target=sys.exit)
    thread.start()
    thread.join()
    assert told == []


def test_a_failure_in_a_deletion_is_told(failures: Failures, told: list[Failure]) -> None:
    class Fragile:
        def __del__(self) -> None:
            raise OSError("gone already")

    Fragile()
    gc.collect()
    assert told[0].words == "OSError: gone already"


def test_a_failure_behind_a_signal_is_named_by_its_cause(failures: Failures, told: list[Failure]) -> None:
    class Model:
        changed = Signal()

    def panel() -> None:
        raise LookupError("no such panel")

    model = Model()
    model.changed.connect(panel)
    try:
        model.changed.emit()
    except Exception as error:
        failures.take(error)
    assert told[0].words == "LookupError: no such panel"
    assert "in panel" in told[0].details


def test_what_goes_wrong_in_telling_is_logged_alone(caplog: pytest.LogCaptureFixture) -> None:
    def tell(failure: Failure) -> None:
        raise RuntimeError(f"cannot tell {failure.words}")

    failures = Failures(tell)
    failures.take(raised(ValueError("first")))
    assert "could not be told" in caplog.text
    assert [failure.count for failure in failures.known] == [1]


def test_a_failure_while_one_is_told_is_logged_alone(caplog: pytest.LogCaptureFixture) -> None:
    told: list[Failure] = []

    def tell(failure: Failure) -> None:
        told.append(failure)
        failures.take(raised(KeyError("in the teller")))

    failures = Failures(tell)
    failures.take(raised(ValueError("first")))
    assert len(told) == 1
    assert "while another one was told" in caplog.text


def test_messages_that_are_long_or_cannot_be_told_do_no_harm(failures: Failures, told: list[Failure]) -> None:
    class SilentError(Exception):
        def __str__(self) -> str:
            raise ValueError

    failures.take(raised(SilentError()))
    failures.take(raised(ValueError("x" * 1_000_000)))
    assert told[0].words.startswith("SilentError")
    assert len(told[1].words) < 400
    assert len(told[1].details) < 30_000


def test_an_interrupt_is_no_failure(told: list[Failure]) -> None:
    interrupts: list[bool] = []
    failures = Failures(told.append, interrupted=lambda: interrupts.append(True))
    undo = failures.watch()
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    undo()
    assert interrupts == [True]
    assert told == []


def test_the_hooks_before_come_back(failures: Failures) -> None:
    before = sys.excepthook, threading.excepthook, sys.unraisablehook
    undo = Failures(lambda failure: None).watch()
    assert sys.excepthook is not before[0]
    undo()
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == before


def test_nothing_raised_is_kept_alive(failures: Failures) -> None:
    import weakref

    class Heavy:
        pass

    def fail() -> weakref.ref[Heavy]:
        heavy = Heavy()
        try:
            raise ValueError("with a frame")
        except ValueError as error:
            failures.take(error)
        return weakref.ref(heavy)

    gone = fail()
    gc.collect()
    assert gone() is None
