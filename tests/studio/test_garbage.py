"""Cycles are collected in the GUI thread alone, when they are due."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from lpsnet_studio import garbage
from lpsnet_studio.background import Background, pass_on
from lpsnet_studio.garbage import GarbageCollector


class Knot:
    """Refers to itself, and says in which thread it goes."""

    ended_in: list[int]

    def __init__(self, ended_in: list[int]) -> None:
        self.itself = self
        self.ended_in = ended_in
        weakref.finalize(self, lambda: ended_in.append(threading.get_ident()))


def allocate_much() -> None:
    """Makes so many objects that the collector, left alone, would run over and over."""
    assert len([[] for _ in range(50_000)]) == 50_000


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[GarbageCollector]:
    monkeypatch.setattr(garbage, "_INTERVAL", 20)
    collector = GarbageCollector()
    yield collector
    collector.stop()
    gc.disable()


def test_a_thread_that_allocates_collects_nothing_and_the_gui_thread_does(collector: Any, qtbot: Any) -> None:
    ended_in: list[int] = []
    Knot(ended_in)
    thread = threading.Thread(target=allocate_much)
    thread.start()
    thread.join()
    assert ended_in == []
    kept = [[] for _ in range(2 * gc.get_threshold()[0])]
    qtbot.waitUntil(lambda: bool(ended_in), timeout=3000)
    assert ended_in == [threading.get_ident()]
    assert kept


def test_nothing_is_collected_that_is_not_due(collector: GarbageCollector) -> None:
    gc.collect()
    assert collector.collect_if_due() == 0


def test_the_collector_is_left_to_itself_afterwards() -> None:
    GarbageCollector().stop()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    gc.disable()


def test_a_thread_is_at_its_end_when_its_result_is_taken(qtbot: Any) -> None:
    background, alive = Background(pass_on), []
    threads: list[threading.Thread] = []
    background.run(lambda: threads.append(threading.current_thread()), lambda _: alive.append(threads[0].is_alive()))
    qtbot.waitUntil(lambda: bool(alive))
    assert alive == [False]
