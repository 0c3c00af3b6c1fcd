"""The window's end: replies arrive in the GUI thread, and no call waits for the service."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from lpsnet_studio.inference.client import InferenceClient
from lpsnet_studio.inference.messages import DatasetListed, ListDataset, Ready
from tests.studio.inference.conversation import is_alive, test_service


class Listener:
    """Notes what a client says, and in which thread."""

    def __init__(self, client: InferenceClient) -> None:
        self.replies: list[Any] = []
        self.states: list[str] = []
        self.threads: set[int] = set()
        client.received.connect(self._note_reply)
        client.state_changed.connect(self._note_state)

    def _note_reply(self, reply: object) -> None:
        self.replies.append(reply)
        self.threads.add(threading.get_ident())

    def _note_state(self, state: str) -> None:
        self.states.append(state)
        self.threads.add(threading.get_ident())


@pytest.fixture
def client(qtbot: QtBot) -> Iterator[InferenceClient]:
    client = InferenceClient(test_service("scripted_service"))
    yield client
    client.close()


@pytest.fixture
def listener(client: InferenceClient) -> Listener:
    return Listener(client)


def test_replies_arrive_in_the_gui_thread(client: InferenceClient, listener: Listener, qtbot: QtBot) -> None:
    client.post(ListDataset(client.next_request(), "answer"))
    client.start()
    qtbot.waitUntil(lambda: len(listener.replies) == 2, timeout=30_000)
    assert [type(reply) for reply in listener.replies] == [Ready, DatasetListed]
    assert listener.threads == {threading.get_ident()}
    assert listener.states == ["starting", "ready"]
    assert client.state == "ready"


def test_the_event_loop_runs_on_while_a_service_starts_dies_and_starts_again(
    client: InferenceClient, listener: Listener, qtbot: QtBot
) -> None:
    gaps: list[float] = []
    last = time.perf_counter()

    def tick() -> None:
        nonlocal last
        gaps.append(time.perf_counter() - last)
        last = time.perf_counter()

    timer = QTimer(interval=5)
    timer.timeout.connect(tick)
    timer.start()
    client.start()
    qtbot.waitUntil(lambda: "ready" in listener.states, timeout=30_000)
    ready = next(reply for reply in listener.replies if isinstance(reply, Ready))
    os.kill(ready.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: listener.states.count("ready") == 2, timeout=30_000)
    timer.stop()
    # A second is what a busy machine may cost; starting a service takes longer than that even on a fast one with torch.
    assert len(gaps) > 20
    assert max(gaps) < 1.0


def test_closing_ends_the_service_and_may_be_done_twice(
    client: InferenceClient, listener: Listener, qtbot: QtBot
) -> None:
    client.start()
    qtbot.waitUntil(lambda: bool(listener.replies), timeout=30_000)
    client.close()
    assert not is_alive(listener.replies[0].pid)
    client.close()
    qtbot.waitUntil(lambda: client.state == "stopped", timeout=5_000)


def test_a_client_that_was_never_started_closes(client: InferenceClient) -> None:
    client.post(ListDataset(client.next_request(), "answer"))
    client.close()


def test_starting_twice_starts_one_service(client: InferenceClient, listener: Listener, qtbot: QtBot) -> None:
    client.start()
    client.start()
    client.post(ListDataset(client.next_request(), "answer"))
    qtbot.waitUntil(lambda: any(isinstance(reply, DatasetListed) for reply in listener.replies), timeout=30_000)
    assert sum(isinstance(reply, Ready) for reply in listener.replies) == 1
