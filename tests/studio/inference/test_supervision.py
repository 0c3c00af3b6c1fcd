"""Every request gets its answer, whatever becomes of the service. The services here are scripted and know no torch."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lpsnet.structures import InspectionSettings
from lpsnet_studio.inference.messages import (
    CloseImage,
    DatasetListed,
    Failed,
    ImageOpened,
    ImageSource,
    ListDataset,
    LoadModel,
    Look,
    Measure,
    ModelLoaded,
    OpenImage,
    Prefetch,
    Sight,
    WeighGains,
)
from lpsnet_studio.inference.supervision import Patience
from tests.studio.inference.conversation import Conversation, is_alive, test_service, wait_for_end

PATIENCE = Patience(start=30, idle=1.2, busy=8.0, farewell=1.0)
IMAGE = ImageSource("picture.png")

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JOURNAL", str(tmp_path / "journal"))
    return tmp_path / "journal"


@pytest.fixture
def talk(journal: Path) -> Iterator[Conversation]:
    with Conversation(test_service("scripted_service"), PATIENCE) as conversation:
        yield conversation


def asked(journal: Path, pid: int) -> list[str]:
    """Returns what one service was asked, in order."""
    lines = (line.split(" ", 1) for line in journal.read_text().splitlines())
    return [what.strip() for process, what in lines if int(process) == pid]


def test_requests_posted_before_the_service_is_ready_wait_for_it(talk: Conversation) -> None:
    assert isinstance(talk.ask(ListDataset, "answer"), DatasetListed)
    assert talk.states == ["starting", "ready"]


def test_progress_comes_before_the_answer(talk: Conversation) -> None:
    number = talk.post(LoadModel, "good")
    assert isinstance(talk.answer(number), ModelLoaded)
    assert [progress.request for progress in talk.progress] == [number]


def test_a_service_that_dies_is_asked_once_more(talk: Conversation, tmp_path: Path) -> None:
    reply = talk.ask(ListDataset, f"die:{tmp_path / 'marker'}")
    assert isinstance(reply, DatasetListed)
    assert len(talk.pids) == 2
    assert talk.states == ["starting", "ready", "restarting", "ready"]


def test_a_poison_request_fails_and_the_service_is_there_again(talk: Conversation) -> None:
    reply = talk.ask(ListDataset, "die")
    assert isinstance(reply, Failed)
    assert reply.kind == "died"
    assert "lost twice" in reply.sentence
    assert reply.advice
    assert "SIGKILL" in reply.details
    assert "its last words" in reply.details
    assert isinstance(talk.ask(ListDataset, "answer"), DatasetListed)
    assert len(talk.pids) == 3
    assert len(talk.answers[1]) == 1


@pytest.mark.parametrize(("kind", "name"), [(Measure, ()), (Prefetch, ("next",))])
def test_work_in_the_background_that_kills_the_service_is_not_asked_again(
    talk: Conversation, journal: Path, kind: type, name: tuple[str, ...]
) -> None:
    reply = talk.ask(kind, *name, ImageSource("die"), InspectionSettings())
    assert reply.kind == "died"
    assert reply.sentence == "The inference process was lost: it ended."
    assert isinstance(talk.ask(ListDataset, "answer"), DatasetListed)
    assert len(talk.pids) == 2
    assert asked(journal, talk.pids[1]) == ["ListDataset answer"]


def test_what_the_user_waits_for_is_not_blamed_for_work_in_the_background(talk: Conversation, journal: Path) -> None:
    talk.wait_for_service()
    waiting = talk.post(ListDataset, "keep waiting")
    for count in (2, 3):
        assert talk.ask(Measure, ImageSource("die"), InspectionSettings()).kind == "died"
        talk.wait_for_service(count)
        talk.ask(ListDataset, "answer")
        assert asked(journal, talk.pids[-1]) == ["ListDataset keep waiting", "ListDataset answer"]
    assert waiting not in talk.answers
    assert talk.ask(Measure, ImageSource("die"), InspectionSettings()).kind == "died"
    assert talk.answer(waiting).kind == "died", "it is held to be innocent once"


def test_a_poison_request_fails_even_if_work_in_the_background_was_lost_with_it(talk: Conversation) -> None:
    talk.wait_for_service()
    behind = talk.post(Measure, ImageSource("waits"), InspectionSettings())
    poison = talk.post(ListDataset, "die")
    assert talk.answer(behind).kind == "died"
    assert "lost twice" in talk.answer(poison).sentence
    assert isinstance(talk.ask(ListDataset, "answer"), DatasetListed)
    assert len(talk.pids) == 4


def test_out_of_memory_is_never_asked_again(talk: Conversation, journal: Path) -> None:
    reply = talk.ask(ListDataset, "out of memory")
    assert reply.kind == "out-of-memory"
    assert talk.pids == [talk.wait_for_service()]
    assert asked(journal, talk.pids[0]) == ["ListDataset out of memory"]


def test_a_stopped_service_is_replaced_within_five_seconds(tmp_path: Path) -> None:
    with Conversation(test_service("scripted_service")) as talk:  # with the patience that users get
        pid = talk.wait_for_service()
        number = talk.post(ListDataset, f"stop:{tmp_path / 'marker'}")
        stopped = time.monotonic()
        talk.wait_until(lambda: talk.states[-1] == "restarting", within=10)
        assert time.monotonic() - stopped < 5
        assert not is_alive(pid)
        assert isinstance(talk.answer(number), DatasetListed)


def test_a_service_that_computes_without_a_sign_of_life_is_left_in_peace(talk: Conversation) -> None:
    assert isinstance(talk.ask(ListDataset, "compute silently"), DatasetListed)
    assert len(talk.pids) == 1


def test_a_new_service_is_brought_to_where_the_old_one_was(talk: Conversation, journal: Path, tmp_path: Path) -> None:
    assert isinstance(talk.ask(LoadModel, "first"), ModelLoaded)
    assert isinstance(talk.ask(LoadModel, "second"), ModelLoaded)
    assert isinstance(talk.ask(OpenImage, "seen", IMAGE), ImageOpened)
    assert isinstance(talk.ask(OpenImage, "current", IMAGE), ImageOpened)
    talk.ask(ListDataset, f"die:{tmp_path / 'marker'}")
    assert asked(journal, talk.pids[1]) == [
        "LoadModel second",
        "OpenImage current",
        f"ListDataset die:{tmp_path / 'marker'}",
    ]
    assert all(len(replies) == 1 for replies in talk.answers.values())
    assert len(talk.answers) == 5


def test_a_closed_image_is_not_opened_again(talk: Conversation, journal: Path, tmp_path: Path) -> None:
    talk.must(OpenImage, "current", IMAGE)
    talk.supervisor.post(CloseImage("current"))
    talk.ask(ListDataset, f"die:{tmp_path / 'marker'}")
    assert asked(journal, talk.pids[1]) == [f"ListDataset die:{tmp_path / 'marker'}"]


def test_a_network_that_kills_the_service_is_given_up(talk: Conversation) -> None:
    assert isinstance(talk.ask(LoadModel, "good"), ModelLoaded)
    reply = talk.ask(LoadModel, "die")
    assert isinstance(reply, Failed)
    assert isinstance(talk.ask(ListDataset, "answer"), DatasetListed)


def test_a_cancelled_request_is_not_asked_again(talk: Conversation, journal: Path) -> None:
    talk.wait_for_service()
    waiting = talk.post(ListDataset, "keep waiting")
    talk.post(ListDataset, "answer")
    talk.wait_until(lambda: len(talk.answers) == 1)
    os.kill(talk.pids[0], signal.SIGSTOP)
    talk.cancel(waiting)
    assert talk.answer(waiting).kind == "cancelled"
    talk.wait_for_service(2)
    talk.ask(ListDataset, "answer")
    assert asked(journal, talk.pids[1]) == ["ListDataset answer"]


def test_a_service_killed_while_idle_is_replaced(talk: Conversation) -> None:
    os.kill(talk.wait_for_service(), signal.SIGKILL)
    assert talk.wait_for_service(2) != talk.pids[0]


def test_a_service_that_cannot_start_fails_requests_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("START", "fail")
    with Conversation(test_service("scripted_service"), PATIENCE) as talk:
        reply = talk.ask(ListDataset, "answer")
        assert reply.kind == "died"
        assert "torch is broken" in reply.details
        talk.wait_until(lambda: talk.states[-1] == "unavailable")
        monkeypatch.delenv("START")
        assert isinstance(talk.ask(ListDataset, "answer"), DatasetListed)


def test_a_command_that_does_not_exist_fails_requests() -> None:
    with Conversation(("/nonexistent/python",), PATIENCE) as talk:
        reply = talk.ask(ListDataset, "answer")
        assert "/nonexistent/python" in reply.details
        assert talk.states[-1] == "unavailable"


def test_closing_ends_the_service_at_once(talk: Conversation) -> None:
    pid = talk.wait_for_service()
    started = time.monotonic()
    talk.supervisor.close()
    assert time.monotonic() - started < 1.0
    assert not is_alive(pid)
    assert talk.states[-1] == "stopped"


def test_closing_kills_a_stopped_service(talk: Conversation) -> None:
    pid = talk.wait_for_service()
    os.kill(pid, signal.SIGSTOP)
    started = time.monotonic()
    talk.supervisor.close()
    assert time.monotonic() - started < 3.0
    assert not is_alive(pid)


def test_closing_while_the_service_starts_leaves_nothing(journal: Path) -> None:
    conversation = Conversation(test_service("scripted_service"), PATIENCE)
    conversation.supervisor.start()
    conversation.wait_until(lambda: conversation.supervisor._process is not None)
    process = conversation.supervisor._process
    assert process is not None
    conversation.supervisor.close()
    wait_for_end(process.pid)


def test_numbers_are_never_used_twice(talk: Conversation) -> None:
    numbers = [talk.supervisor.next_request() for _ in range(1000)]
    assert len(set(numbers)) == 1000


def test_errands_reach_the_service_and_are_not_asked_again_when_it_dies(talk: Conversation, journal: Path) -> None:
    assert isinstance(talk.ask(LoadModel, "good"), ModelLoaded)
    weighing = talk.post(WeighGains, "picture.png", InspectionSettings())
    looking = talk.post(Look, "picture.png", Sight("entropy"))
    assert isinstance(talk.ask(ListDataset, "answer"), DatasetListed)
    first = talk.pids[-1]
    assert asked(journal, first)[-3:] == ["WeighGains picture.png", "Look picture.png", "ListDataset answer"]
    os.kill(first, signal.SIGKILL)
    for number in (weighing, looking):
        reply = talk.answer(number)
        assert isinstance(reply, Failed)
        assert reply.kind == "died"
    assert isinstance(talk.ask(ListDataset, "answer"), DatasetListed)
    assert "WeighGains picture.png" not in asked(journal, talk.pids[-1])
