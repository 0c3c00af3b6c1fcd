"""What comes next and what is answered, without a thread: nothing is done but what a test says is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from lpsnet.structures import InspectionSettings
from lpsnet_studio.inference.agenda import Agenda
from lpsnet_studio.inference.messages import (
    Cancel,
    Failed,
    ImageSource,
    Inspect,
    ListDataset,
    LoadModel,
    Look,
    Measure,
    OpenImage,
    Prefetch,
    Prefetched,
    Probe,
    Reply,
    Sight,
    WeighGains,
)
from lpsnet_studio.inference.wanted import AskedQuestion, WantedImage

SETTINGS = InspectionSettings()


@dataclass
class Bench:
    """An image that has been read."""

    bytes: int = 1
    can_run_network: bool = True
    has_output: bool = False


class Hand:
    """An agenda, and what it answered."""

    def __init__(self) -> None:
        self.replies: list[Any] = []
        self.agenda = Agenda(self.replies.append, lambda number, error: Failed(number, "bad-input", str(error)))
        self._number = 0

    def ask(self, kind: Any, *arguments: Any) -> int:
        self._number += 1
        self.agenda.take(kind(self._number, *arguments))
        self.agenda.settle()
        return self._number

    def read(self, name: str, bench: Any = None) -> WantedImage:
        """Does what the files lane does for an image that was asked for last."""
        asked = self.agenda.next_to_read()
        assert asked is not None
        image = self.agenda.use(name)
        image.bench = bench or Bench()
        if isinstance(asked.request, OpenImage):
            self.finish(asked)
        else:
            image.prefetch = asked
            self.agenda.settle()
        return image

    def open(self, name: str, bench: Bench | None = None) -> WantedImage:
        self.ask(OpenImage, name, ImageSource(name))
        return self.read(name, bench)

    def finish(self, asked: AskedQuestion) -> None:
        self.agenda.answer(asked, _done(asked.request.request))
        self.agenda.settle()

    def why(self, number: int) -> list[str]:
        """Returns why a request failed, once for each answer."""
        return [reply.kind for reply in self.replies if reply.request == number]

    def next_stage(self) -> Any:
        found = self.agenda.next_stage()
        return found[0].request if found is not None else None


def _done(number: int) -> Reply:
    return Prefetched(number, "", 0.0)


@pytest.fixture
def hand() -> Hand:
    return Hand()


def test_an_image_to_be_opened_is_read_before_all_else_and_one_to_be_measured_last(hand: Hand) -> None:
    hand.ask(Measure, ImageSource("m"), SETTINGS)
    hand.ask(OpenImage, "o", ImageSource("o"))
    hand.ask(Prefetch, "p", ImageSource("p"), SETTINGS)
    hand.ask(ListDataset, "l.json")
    read = []
    while (asked := hand.agenda.next_to_read()) is not None:
        read.append(type(asked.request))
    assert read == [OpenImage, ListDataset, Prefetch, Measure]


def test_a_withdrawn_request_never_comes_next(hand: Hand) -> None:
    number = hand.ask(ListDataset, "l.json")
    hand.agenda.take(Cancel(number))
    assert hand.agenda.next_to_read() is None
    assert hand.why(number) == ["cancelled"]


def test_stages_come_by_urgency_and_of_inspections_the_newest(hand: Hand) -> None:
    image = hand.open("a", Bench(has_output=True))
    hand.ask(WeighGains, "a", SETTINGS)
    hand.ask(Look, "a", Sight("label"))
    older = hand.ask(Inspect, "a", SETTINGS)
    hand.ask(Inspect, "a", SETTINGS)
    hand.ask(Probe, "a", 1, 2)
    assert image.is_open
    assert hand.agenda.is_pressed
    kinds = []
    while (request := hand.next_stage()) is not None:
        kinds.append(type(request))
        if isinstance(request, Inspect):
            assert not hand.agenda.is_pressed
    assert kinds == [Probe, Inspect, Look, WeighGains]
    assert hand.why(older) == ["superseded"]


def test_an_inspection_takes_the_network_from_a_prefetch(hand: Hand) -> None:
    current = hand.open("current")
    number = hand.ask(Prefetch, "next", ImageSource("next"), SETTINGS)
    hand.read("next")
    running = hand.agenda.next_forward()
    assert running is not None
    assert running.image.name == "next"
    hand.ask(Inspect, "current", SETTINGS)
    assert running.stop.is_set()
    assert hand.why(number) == ["superseded"]
    hand.agenda.end_forward()
    following = hand.agenda.next_forward()
    assert following is not None
    assert following.image is current


def test_a_measuring_that_gave_way_comes_next_again_until_it_is_answered(hand: Hand) -> None:
    hand.ask(Measure, ImageSource("m"), SETTINGS)
    asked = hand.agenda.next_to_read()
    assert asked is not None
    bench: Any = Bench()
    hand.agenda.measure(asked, "m", bench)
    for _ in range(2):
        running = hand.agenda.next_forward()
        assert running is not None
        assert running.image.measure is asked
        hand.agenda.end_forward()
    hand.finish(asked)
    assert hand.agenda.next_forward() is None


def test_an_inspection_waits_for_a_network_that_is_coming_and_no_longer(hand: Hand) -> None:
    hand.open("a", Bench(can_run_network=False))
    hand.ask(LoadModel, "net")
    hand.ask(Inspect, "a", SETTINGS)
    assert hand.next_stage() is None
    loading = hand.agenda.next_to_load()
    assert loading is not None
    assert hand.next_stage() is None
    hand.agenda.end_loading()
    assert isinstance(hand.next_stage(), Inspect), "to be told that there is no network"


def test_a_request_is_answered_once(hand: Hand) -> None:
    number = hand.ask(ListDataset, "l.json")
    asked = hand.agenda.next_to_read()
    assert asked is not None
    hand.agenda.fail_with(asked, ValueError("no file"))
    hand.finish(asked)
    hand.agenda.take(Cancel(number))
    assert hand.why(number) == ["bad-input"]


def test_an_answer_that_holds_no_more_is_computed_again_unless_a_newer_one_waits(hand: Hand) -> None:
    image = hand.open("a", Bench(has_output=True))
    first = hand.ask(Inspect, "a", SETTINGS)
    asked, _ = hand.agenda.next_stage() or pytest.fail("the inspection waits")
    hand.agenda.ask_again(asked, image)
    assert hand.agenda.next_stage() == (asked, image)
    second = hand.ask(Inspect, "a", SETTINGS)
    hand.agenda.ask_again(asked, image)
    assert hand.why(first) == ["superseded"]
    assert hand.next_stage().request == second


def test_the_longest_unused_images_are_let_go_of_and_never_the_current_one(hand: Hand) -> None:
    for name in "abcd":
        hand.open(name, Bench(bytes=300 * 2**20))
    assert [image.name for image in hand.agenda.known] == ["c", "d"]
    hand.open("e", Bench(bytes=2**30))
    assert [image.name for image in hand.agenda.known] == ["e"]


def test_what_is_got_ready_is_older_than_what_is_looked_at(hand: Hand) -> None:
    hand.open("a")
    hand.ask(Prefetch, "b", ImageSource("b"), SETTINGS)
    hand.read("b")
    assert [image.name for image in hand.agenda.known] == ["b", "a"]
