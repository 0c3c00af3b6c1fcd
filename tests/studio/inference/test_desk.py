"""What is done next, what is given up for it, and one answer a request. No torch: the work is scripted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from lpsnet.structures import InspectionSettings
from lpsnet_studio.inference.desk import Desk
from lpsnet_studio.inference.messages import (
    Cancel,
    CloseImage,
    DatasetListed,
    Failed,
    GainsWeighed,
    ImageOpened,
    ImageSource,
    Inspect,
    Inspected,
    ListDataset,
    LoadModel,
    Look,
    Measure,
    Measured,
    ModelLoaded,
    OpenImage,
    Prefetch,
    Prefetched,
    Probe,
    Probed,
    Progress,
    Reply,
    Seen,
    Sight,
    WeighGains,
)
from lpsnet_studio.inference.pictures import Picture
from tests.studio.inference.messages_at_random import CATEGORIES

NETWORK = InspectionSettings()
ORACLES = InspectionSettings(semantic_oracle=True, box_oracle=True)
SOON = 5.0


@dataclass
class Gate:
    """A place where the scripted work waits until the test lets it go on."""

    open: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)

    def pass_through(self) -> None:
        self.entered.set()
        assert self.open.wait(SOON), "the test never opened this gate"


@dataclass
class ScriptedNetwork:
    name: str
    card: Any = None


class ScriptedBench:
    def __init__(self, shop: ScriptedWorkshop, picture: Picture, network: ScriptedNetwork | None) -> None:
        self.shop = shop
        self.picture = picture
        self.network = network
        self.has_output = False
        self.bytes = shop.bytes_per_image
        self.sent: list[Inspected] = []

    @property
    def can_run_network(self) -> bool:
        return self.network is not None

    def run_network(self, should_stop: Callable[[], bool], on_progress: Callable[[float], None]) -> bool:
        path = self.picture.source.path
        self.shop.done.append(f"forward {path}")
        on_progress(0.5)
        gate = self.shop.gates.get(f"forward {path}")
        if gate is not None:
            gate.entered.set()
            while not gate.open.wait(0.002):
                if should_stop():
                    self.shop.done.append(f"stopped {path}")
                    return False
        self.shop.fail_if_scripted(f"forward {path}")
        self.has_output = True
        return True

    def inspect(self, request: Inspect, arrived: float) -> Any:
        assert self.has_output or not request.settings.needs_network or self.network is None
        self.shop.do(f"inspect {request.image} {request.settings.overlap_threshold}")
        if request.settings.needs_network and self.network is None:
            raise LookupError("no network")
        return inspected(request, self.network.name if self.network else "")

    def probe(self, request: Probe) -> Probed:
        self.shop.do(f"probe {request.image}")
        return Probed(request.request, request.image, request.x, request.y, (), (), (), ())

    def look(self, request: Look) -> Any:
        self.shop.do(f"look {request.image} {request.sight.kind}")
        return _reply_like(Seen, request)

    def weigh_gains(self, request: WeighGains, should_stop: Callable[[], bool]) -> Any:
        self.shop.do(f"weigh {request.image}")
        return None if should_stop() else _reply_like(GainsWeighed, request)

    def measure(self, request: Measure, should_stop: Callable[[], bool]) -> Any:
        if should_stop():
            return None
        assert self.has_output or not request.settings.needs_network or self.network is None
        self.shop.do(f"measure {self.picture.source.path}")
        if should_stop():
            return None
        if request.settings.needs_network and self.network is None:
            raise LookupError("no network")
        reply = Measured.__new__(Measured)
        object.__setattr__(reply, "request", request.request)
        object.__setattr__(reply, "settings", self.network.name if self.network else "")
        return reply

    def opened(self, request: OpenImage, seconds: float) -> ImageOpened:
        return ImageOpened(request.request, request.image, self.picture.pixels, None, CATEGORIES, True, "", seconds)

    def without_unchanged(self, reply: Inspected) -> Inspected:
        self.sent.append(reply)
        return reply


def _reply_like(kind: Any, request: Any) -> Any:
    reply = kind.__new__(kind)
    object.__setattr__(reply, "request", request.request)
    object.__setattr__(reply, "image", request.image)
    return reply


def inspected(request: Inspect, network: str) -> Any:
    reply = Inspected.__new__(Inspected)
    object.__setattr__(reply, "request", request.request)
    object.__setattr__(reply, "image", network)
    return reply


class ScriptedWorkshop:
    """Does nothing, at gates that a test opens, and writes down what it did."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.gates: dict[str, Gate] = {}
        self.failures: dict[str, Exception] = {}
        self.bytes_per_image = 1
        self.changed = False

    def gate(self, what: str) -> Gate:
        return self.gates.setdefault(what, Gate())

    def do(self, what: str) -> None:
        self.done.append(what)
        if what in self.gates:
            self.gates[what].pass_through()
        self.fail_if_scripted(what)

    def fail_if_scripted(self, what: str) -> None:
        if what in self.failures:
            raise self.failures[what]

    def read(self, source: ImageSource) -> Picture:
        self.do(f"read {source.path}")
        return Picture(source, (), np.zeros((4, 4, 3), np.uint8))

    def is_unchanged(self, picture: Picture) -> bool:
        return not self.changed

    def list_dataset(self, request: ListDataset) -> DatasetListed:
        self.do(f"list {request.json_path}")
        return DatasetListed(request.request, request.json_path, (), CATEGORIES)

    def load(self, request: LoadModel) -> ScriptedNetwork:
        self.do(f"load {request.config}")
        return ScriptedNetwork(request.config)

    def bench(self, picture: Picture, network: ScriptedNetwork | None) -> ScriptedBench:
        return ScriptedBench(self, picture, network)

    def failure(self, request: int, error: Exception) -> Failed:
        return Failed(request, "bad-input", str(error))


class Room:
    """A desk, its workshop, and what was answered."""

    def __init__(self) -> None:
        self.shop = ScriptedWorkshop()
        self.replies: list[Any] = []
        self._arrived = threading.Condition()
        self.desk: Desk[ScriptedNetwork] = Desk(self.shop, self._reply)
        self._number = 0

    def _reply(self, reply: Reply, slot: object) -> None:
        with self._arrived:
            self.replies.append(reply)
            self._arrived.notify_all()

    def post(self, kind: Any, *arguments: Any) -> int:
        self._number += 1
        self.desk.take(kind(self._number, *arguments))
        return self._number

    def open(self, image: str) -> int:
        return self.post(OpenImage, image, ImageSource(image))

    def prefetch(self, image: str) -> int:
        return self.post(Prefetch, image, ImageSource(image), NETWORK)

    def measure(self, image: str, settings: InspectionSettings = NETWORK) -> int:
        return self.post(Measure, ImageSource(image), settings)

    def answers(self, number: int) -> list[Any]:
        return [reply for reply in self.replies if reply.request == number and not isinstance(reply, Progress)]

    def answer(self, number: int) -> Any:
        with self._arrived:
            assert self._arrived.wait_for(lambda: self.answers(number), SOON), (
                f"request {number} was not answered; done: {self.shop.done}"
            )
            return self.answers(number)[0]

    def kind(self, number: int) -> str:
        """Returns why a request failed."""
        reply = self.answer(number)
        assert isinstance(reply, Failed), reply
        return reply.kind

    def with_network(self) -> Room:
        assert isinstance(self.answer(self.post(LoadModel, "net")), ModelLoaded)
        return self


@pytest.fixture
def room() -> Room:
    return Room()


def at(threshold: float) -> InspectionSettings:
    return InspectionSettings(overlap_threshold=threshold)


# ---------------------------------------------------------------------------------------------------------- newest wins


def test_of_inspections_that_wait_only_the_newest_is_done(room: Room) -> None:
    room.with_network()
    room.open("a")
    gate = room.shop.gate("forward a")
    numbers = [room.post(Inspect, "a", at(threshold)) for threshold in (0.1, 0.2, 0.3)]
    assert gate.entered.wait(SOON)
    assert [room.kind(number) for number in numbers[:2]] == ["superseded", "superseded"]
    gate.open.set()
    assert isinstance(room.answer(numbers[2]), Inspected)
    assert [what for what in room.shop.done if what.startswith("inspect")] == ["inspect a 0.3"]
    assert room.shop.done.count("forward a") == 1


def test_an_inspection_that_is_being_computed_is_still_answered(room: Room) -> None:
    room.with_network()
    room.answer(room.open("a"))
    gate = room.shop.gate("inspect a 0.1")
    first = room.post(Inspect, "a", at(0.1))
    assert gate.entered.wait(SOON)
    second, third = room.post(Inspect, "a", at(0.2)), room.post(Inspect, "a", at(0.3))
    gate.open.set()
    assert isinstance(room.answer(first), Inspected)
    assert room.kind(second) == "superseded"
    assert isinstance(room.answer(third), Inspected)


def test_a_newer_network_takes_the_place_of_one_that_waits_or_is_being_loaded(room: Room) -> None:
    gate = room.shop.gate("load one")
    one = room.post(LoadModel, "one")
    assert gate.entered.wait(SOON)
    two, three = room.post(LoadModel, "two"), room.post(LoadModel, "three")
    assert room.kind(one) == room.kind(two) == "superseded"
    gate.open.set()
    assert isinstance(room.answer(three), ModelLoaded)
    assert room.shop.done == ["load one", "load three"]


def test_probes_do_not_supersede_inspections_nor_these_a_forward(room: Room) -> None:
    room.with_network()
    room.open("a")
    forward = room.shop.gate("forward a")
    inspection = room.post(Inspect, "a", NETWORK)
    assert forward.entered.wait(SOON)
    probe = room.post(Probe, "a", 1, 1)
    oracle = room.post(Inspect, "a", ORACLES)
    assert isinstance(room.answer(probe), Probed)
    assert isinstance(room.answer(oracle), Inspected)
    assert room.kind(inspection) == "superseded"
    forward.open.set()
    assert isinstance(room.answer(room.post(Inspect, "a", NETWORK)), Inspected)
    assert room.shop.done.count("forward a") == 1


# ---------------------------------------------------------------------------------------------------- lanes at one time


def test_sliders_and_probes_are_answered_during_a_forward(room: Room) -> None:
    room.with_network()
    room.answer(room.open("seen"))
    assert isinstance(room.answer(room.post(Inspect, "seen", NETWORK)), Inspected)
    forward = room.shop.gate("forward next")
    prefetch = room.prefetch("next")
    assert forward.entered.wait(SOON)
    assert isinstance(room.answer(room.post(Inspect, "seen", at(0.5))), Inspected)
    assert isinstance(room.answer(room.post(Probe, "seen", 0, 0)), Probed)
    assert not room.answers(prefetch)
    forward.open.set()
    assert isinstance(room.answer(prefetch), Prefetched)


def test_an_inspection_waits_for_its_image_and_its_network(room: Room) -> None:
    load, read = room.shop.gate("load net"), room.shop.gate("read a")
    room.post(LoadModel, "net")
    opened = room.open("a")
    inspection = room.post(Inspect, "a", NETWORK)
    read.open.set()
    assert isinstance(room.answer(opened), ImageOpened)
    assert not room.answers(inspection)
    load.open.set()
    assert isinstance(room.answer(inspection), Inspected)


def test_an_image_is_opened_again_before_it_is_inspected_again(room: Room) -> None:
    room.with_network()
    room.answer(room.open("a"))
    room.shop.changed = True
    gate = room.shop.gate("read a")
    opened, inspection = room.open("a"), room.post(Inspect, "a", NETWORK)
    assert gate.entered.wait(SOON)
    gate.open.set()
    room.answer(inspection)
    finals = [reply.request for reply in room.replies if not isinstance(reply, Progress)]
    assert finals.index(opened) < finals.index(inspection)


# --------------------------------------------------------------------------------------------------------- giving up


def test_opening_another_image_cancels_what_the_last_still_wanted(room: Room) -> None:
    room.with_network()
    room.open("a")
    forward = room.shop.gate("forward a")
    inspection = room.post(Inspect, "a", NETWORK)
    assert forward.entered.wait(SOON)
    opened = room.open("b")
    assert room.kind(inspection) == "cancelled"
    assert isinstance(room.answer(opened), ImageOpened)
    assert isinstance(room.answer(room.post(Inspect, "b", NETWORK)), Inspected)
    assert "stopped a" in room.shop.done


def test_an_image_that_is_skipped_over_is_not_read(room: Room) -> None:
    gate = room.shop.gate("read a")
    first = room.open("a")
    assert gate.entered.wait(SOON)
    second, third = room.open("b"), room.open("c")
    assert room.kind(first) == room.kind(second) == "superseded"
    gate.open.set()
    assert isinstance(room.answer(third), ImageOpened)
    assert "read b" not in room.shop.done


def test_a_cancelled_forward_ends_and_is_answered_at_once(room: Room) -> None:
    room.with_network()
    room.open("a")
    forward = room.shop.gate("forward a")
    inspection = room.post(Inspect, "a", NETWORK)
    assert forward.entered.wait(SOON)
    room.desk.take(Cancel(inspection))
    assert room.kind(inspection) == "cancelled"
    assert isinstance(room.answer(room.open("b")), ImageOpened)
    assert isinstance(room.answer(room.post(Inspect, "b", NETWORK)), Inspected)
    assert "stopped a" in room.shop.done
    assert len(room.answers(inspection)) == 1


def test_cancelling_what_is_unknown_or_answered_changes_nothing(room: Room) -> None:
    opened = room.open("a")
    room.answer(opened)
    room.desk.take(Cancel(opened))
    room.desk.take(Cancel(999))
    assert len(room.answers(opened)) == 1
    assert not room.answers(999)


def test_a_prefetch_gives_way_to_an_inspection(room: Room) -> None:
    room.with_network()
    room.answer(room.open("a"))
    forward = room.shop.gate("forward next")
    prefetch = room.prefetch("next")
    assert forward.entered.wait(SOON)
    inspection = room.post(Inspect, "a", NETWORK)
    assert isinstance(room.answer(inspection), Inspected)
    assert room.kind(prefetch) == "superseded"


@pytest.mark.parametrize("loads", [True, False])
def test_a_prefetch_waits_for_a_network_that_is_being_loaded(room: Room, loads: bool) -> None:
    gate = room.shop.gate("load net")
    if not loads:
        room.shop.failures["load net"] = ValueError("net: damaged")
    loading = room.post(LoadModel, "net")
    assert gate.entered.wait(SOON)
    prefetch = room.prefetch("next")
    read_after_it = room.shop.gate("read behind it")
    room.measure("behind it")
    assert read_after_it.entered.wait(SOON)
    assert not room.answers(prefetch)
    read_after_it.open.set()
    gate.open.set()
    assert isinstance(room.answer(prefetch), Prefetched)
    room.answer(loading)
    assert ("forward next" in room.shop.done) == loads


def test_a_prefetched_image_needs_no_forward_when_it_is_opened(room: Room) -> None:
    room.with_network()
    room.answer(room.open("a"))
    assert isinstance(room.answer(room.prefetch("next")), Prefetched)
    room.answer(room.open("next"))
    assert isinstance(room.answer(room.post(Inspect, "next", NETWORK)), Inspected)
    assert room.shop.done.count("forward next") == 1
    assert room.shop.done.count("read next") == 1


def test_a_forward_that_a_prefetch_began_goes_on_when_its_image_is_opened(room: Room) -> None:
    room.with_network()
    room.answer(room.open("a"))
    forward = room.shop.gate("forward next")
    prefetch = room.prefetch("next")
    assert forward.entered.wait(SOON)
    room.answer(room.open("next"))
    inspection = room.post(Inspect, "next", NETWORK)
    forward.open.set()
    assert isinstance(room.answer(inspection), Inspected)
    assert isinstance(room.answer(prefetch), Prefetched)
    assert "stopped next" not in room.shop.done


def test_a_new_network_interrupts_the_forward_and_runs_it_anew(room: Room) -> None:
    room.with_network()
    room.open("a")
    forward = room.shop.gate("forward a")
    inspection = room.post(Inspect, "a", NETWORK)
    assert forward.entered.wait(SOON)
    load = room.shop.gate("load better")
    loaded = room.post(LoadModel, "better")
    assert load.entered.wait(SOON)
    forward.open.set()
    load.open.set()
    assert isinstance(room.answer(loaded), ModelLoaded)
    assert room.answer(inspection).image == "better"
    assert room.shop.done.count("forward a") == 2


def test_a_result_in_the_old_networks_classes_is_computed_anew(room: Room) -> None:
    room.with_network()
    room.answer(room.open("a"))
    gate = room.shop.gate("inspect a 0.3")
    inspection = room.post(Inspect, "a", NETWORK)
    assert gate.entered.wait(SOON)
    room.answer(room.post(LoadModel, "better"))
    gate.open.set()
    assert room.answer(inspection).image == "better"


def test_closing_an_image_cancels_its_requests(room: Room) -> None:
    room.with_network()
    room.open("a")
    forward = room.shop.gate("forward a")
    inspection = room.post(Inspect, "a", NETWORK)
    assert forward.entered.wait(SOON)
    room.desk.take(CloseImage("a"))
    assert room.kind(inspection) == "cancelled"
    room.answer(room.open("b"))
    assert isinstance(room.answer(room.post(Inspect, "b", NETWORK)), Inspected)
    assert "stopped a" in room.shop.done
    assert room.kind(room.post(Inspect, "a", NETWORK)) == "not-possible"


# ---------------------------------------------------------------------------------------------------------- measuring


def test_measuring_runs_the_network_and_keeps_nothing(room: Room) -> None:
    room.with_network()
    assert isinstance(room.answer(room.measure("a")), Measured)
    assert room.shop.done[1:] == ["read a", "forward a", "measure a"]
    assert isinstance(room.answer(room.measure("a")), Measured)
    assert room.shop.done[4:] == ["read a", "forward a", "measure a"]
    assert room.kind(room.post(Inspect, "a", ORACLES)) == "not-possible"


def test_with_both_oracles_measuring_runs_no_network(room: Room) -> None:
    room.with_network()
    assert isinstance(room.answer(room.measure("a", ORACLES)), Measured)
    assert "forward a" not in room.shop.done


def test_a_measuring_gives_way_to_an_inspection_and_goes_on_afterwards(room: Room) -> None:
    room.with_network()
    forward = room.shop.gate("forward a")
    measuring = room.measure("a")
    assert forward.entered.wait(SOON)
    room.open("seen")
    inspection = room.post(Inspect, "seen", NETWORK)
    assert isinstance(room.answer(inspection), Inspected)
    assert not room.answers(measuring)
    forward.open.set()
    assert isinstance(room.answer(measuring), Measured)
    done = room.shop.done
    assert done.index("stopped a") < done.index("forward seen") < done.index("measure a")
    assert done.count("forward a") == 2


def test_a_measuring_gives_way_between_its_stages_and_needs_no_second_forward(room: Room) -> None:
    room.with_network()
    stage = room.shop.gate("measure a")
    measuring = room.measure("a")
    assert stage.entered.wait(SOON)
    room.answer(room.open("seen"))
    inspection = room.post(Inspect, "seen", NETWORK)
    stage.open.set()
    assert isinstance(room.answer(inspection), Inspected)
    assert isinstance(room.answer(measuring), Measured)
    done = room.shop.done
    assert done.index("measure a") < done.index("forward seen") < len(done) - 1 - done[::-1].index("measure a")
    assert done.count("forward a") == 1


def test_a_measuring_gives_way_to_a_prefetch(room: Room) -> None:
    room.with_network()
    forward = room.shop.gate("forward a")
    measuring = room.measure("a")
    assert forward.entered.wait(SOON)
    assert isinstance(room.answer(room.prefetch("next")), Prefetched)
    forward.open.set()
    assert isinstance(room.answer(measuring), Measured)


def test_sliders_are_answered_while_another_image_is_measured(room: Room) -> None:
    room.with_network()
    room.answer(room.open("seen"))
    assert isinstance(room.answer(room.post(Inspect, "seen", NETWORK)), Inspected)
    gate = room.shop.gate("measure a")
    measuring = room.measure("a")
    assert gate.entered.wait(SOON)
    assert isinstance(room.answer(room.post(Inspect, "seen", at(0.5))), Inspected)
    assert isinstance(room.answer(room.post(Probe, "seen", 0, 0)), Probed)
    assert not room.answers(measuring)
    gate.open.set()
    assert isinstance(room.answer(measuring), Measured)


def test_opening_an_image_leaves_a_measuring_alone(room: Room) -> None:
    room.with_network()
    forward = room.shop.gate("forward a")
    measuring = room.measure("a")
    assert forward.entered.wait(SOON)
    room.answer(room.open("b"))
    room.answer(room.open("a"))
    forward.open.set()
    assert isinstance(room.answer(measuring), Measured)
    assert "stopped a" not in room.shop.done


def test_a_newer_measuring_and_a_cancel_stop_the_forward(room: Room) -> None:
    room.with_network()
    first_gate, second_gate = room.shop.gate("forward a"), room.shop.gate("forward b")
    first = room.measure("a")
    assert first_gate.entered.wait(SOON)
    second = room.measure("b")
    assert room.kind(first) == "superseded"
    assert second_gate.entered.wait(SOON)
    room.desk.take(Cancel(second))
    assert room.kind(second) == "cancelled"
    assert isinstance(room.answer(room.measure("c")), Measured)
    assert {"stopped a", "stopped b"} <= set(room.shop.done)


def test_a_new_network_measures_anew(room: Room) -> None:
    room.with_network()
    gate = room.shop.gate("measure a")
    measuring = room.measure("a")
    assert gate.entered.wait(SOON)
    loaded = room.post(LoadModel, "better")
    gate.open.set()
    assert isinstance(room.answer(loaded), ModelLoaded)
    assert isinstance(room.answer(measuring), Measured)
    assert room.shop.done.count("measure a") in (1, 2)
    last = room.answer(room.measure("a"))
    assert last.settings == "better"


def test_an_image_that_cannot_be_measured_fails_alone(room: Room) -> None:
    room.with_network()
    room.shop.failures.update({"read a": ValueError("a: truncated"), "forward b": MemoryError()})
    assert room.kind(room.measure("a")) == "bad-input"
    assert isinstance(room.answer(room.measure("b")), Failed)
    assert isinstance(room.answer(room.measure("c")), Measured)


def test_without_a_network_measuring_that_needs_one_fails(room: Room) -> None:
    assert isinstance(room.answer(room.measure("a")), Failed)
    assert isinstance(room.answer(room.measure("a", ORACLES)), Measured)


# ----------------------------------------------------------------------------------------------------------- failures


def test_a_failed_load_keeps_the_network_that_was_there(room: Room) -> None:
    room.with_network()
    room.shop.failures["load broken"] = ValueError("broken.safetensors: truncated")
    assert room.kind(room.post(LoadModel, "broken")) == "bad-input"
    room.answer(room.open("a"))
    assert room.answer(room.post(Inspect, "a", NETWORK)).image == "net"


def test_an_unreadable_image_fails_what_waits_for_it(room: Room) -> None:
    room.shop.failures["read a"] = ValueError("a: truncated")
    gate = room.shop.gate("read a")
    opened, inspection = room.open("a"), room.post(Inspect, "a", ORACLES)
    gate.open.set()
    assert room.kind(opened) == room.kind(inspection) == "bad-input"
    assert room.kind(room.post(Inspect, "a", ORACLES)) == "not-possible"


def test_nothing_waits_for_an_image_whose_opening_was_cancelled(room: Room) -> None:
    gate = room.shop.gate("read a")
    opened, inspection = room.open("a"), room.post(Inspect, "a", ORACLES)
    assert gate.entered.wait(SOON)
    room.desk.take(Cancel(opened))
    assert room.kind(opened) == "cancelled"
    assert room.kind(inspection) == "not-possible"
    assert room.kind(room.post(Inspect, "a", ORACLES)) == "not-possible"
    gate.open.set()


def test_a_failed_forward_fails_its_inspection_and_is_not_repeated(room: Room) -> None:
    room.with_network()
    room.shop.failures["forward a"] = MemoryError()
    room.answer(room.open("a"))
    assert isinstance(room.answer(room.post(Inspect, "a", NETWORK)), Failed)
    assert isinstance(room.answer(room.post(Inspect, "a", ORACLES)), Inspected)
    assert room.shop.done.count("forward a") == 1


def test_without_a_network_an_inspection_that_needs_one_fails_at_once(room: Room) -> None:
    room.answer(room.open("a"))
    assert isinstance(room.answer(room.post(Inspect, "a", NETWORK)), Failed)
    assert isinstance(room.answer(room.post(Inspect, "a", ORACLES)), Inspected)
    assert isinstance(room.answer(room.prefetch("b")), Prefetched)


def test_images_unused_for_longest_are_forgotten_when_memory_is_short(room: Room) -> None:
    room.shop.bytes_per_image = 300 * 2**20
    for image in "abcd":
        room.answer(room.open(image))
    room.answer(room.open("c"))
    assert room.shop.done.count("read c") == 1
    room.answer(room.open("a"))
    assert room.shop.done.count("read a") == 2


@pytest.mark.parametrize("seed", range(8))
def test_requests_in_a_storm_are_each_answered_once(room: Room, seed: int) -> None:
    room.with_network()
    rng = np.random.default_rng(seed)
    numbers: list[int] = []
    for _ in range(400):
        if rng.random() < 0.1:
            time.sleep(0.001)  # lets the lanes get somewhere
        image = "abc"[rng.integers(3)]
        match rng.integers(8):
            case 0:
                numbers.append(room.open(image))
            case 1:
                numbers.append(room.post(Probe, image, 0, 0))
            case 2:
                numbers.append(room.prefetch(image))
            case 3:
                numbers.append(room.post(LoadModel, "net"))
            case 4:
                room.desk.take(Cancel(numbers[rng.integers(len(numbers))])) if numbers else None
            case 5:
                numbers.append(room.measure(image, NETWORK if rng.random() < 0.5 else ORACLES))
            case _:
                numbers.append(room.post(Inspect, image, NETWORK if rng.random() < 0.5 else ORACLES))
    for number in numbers:
        room.answer(number)
    assert all(len(room.answers(number)) == 1 for number in numbers)


# ------------------------------------------------------------------------------------------------------------- errands


def test_maps_come_after_probes_and_inspections_and_before_gains(room: Room) -> None:
    room.with_network()
    room.answer(room.open("a"))
    gate = room.shop.gate("probe a")
    first = room.post(Probe, "a", 1, 1)
    assert gate.entered.wait(SOON)
    gains = room.post(WeighGains, "a", at(0.3))
    maps = [room.post(Look, "a", Sight("borderness", level)) for level in (3, 4)]
    inspection = room.post(Inspect, "a", at(0.2))
    gate.open.set()
    for number in (first, inspection, *maps, gains):
        assert not isinstance(room.answer(number), Failed)
    done = [what for what in room.shop.done if what.split()[0] in ("inspect", "look", "weigh")]
    assert done == ["inspect a 0.2", "look a borderness", "look a borderness", "weigh a"] or done[:2] == [
        "look a borderness",
        "look a borderness",
    ], "the forward that the inspection waits for may take longer than the maps"


def test_of_the_same_map_only_the_newest_is_made_and_others_wait_beside_it(room: Room) -> None:
    room.answer(room.open("a"))
    gate = room.shop.gate("probe a")
    room.post(Probe, "a", 1, 1)
    assert gate.entered.wait(SOON)
    older, other = room.post(Look, "a", Sight("entropy")), room.post(Look, "a", Sight("margin"))
    newer = room.post(Look, "a", Sight("entropy"))
    gains = [room.post(WeighGains, "a", at(threshold)) for threshold in (0.1, 0.2)]
    gate.open.set()
    assert [room.kind(older), room.kind(gains[0])] == ["superseded", "superseded"]
    assert all(not isinstance(room.answer(number), Failed) for number in (other, newer, gains[1]))
    assert room.shop.done.count("look a entropy") == 1


def test_gains_give_way_to_a_probe_and_are_weighed_again(room: Room) -> None:
    room.answer(room.open("a"))
    gate = room.shop.gate("weigh a")
    gains = room.post(WeighGains, "a", at(0.3))
    assert gate.entered.wait(SOON)
    probe = room.post(Probe, "a", 2, 2)
    gate.open.set()
    assert not isinstance(room.answer(probe), Failed)
    assert not isinstance(room.answer(gains), Failed)
    assert [what for what in room.shop.done if what.startswith(("weigh", "probe"))] == ["weigh a", "probe a", "weigh a"]


def test_errands_end_with_their_image_and_can_be_withdrawn(room: Room) -> None:
    assert room.kind(room.post(Look, "a", Sight("entropy"))) == "not-possible"
    room.answer(room.open("a"))
    gate = room.shop.gate("probe a")
    room.post(Probe, "a", 1, 1)
    assert gate.entered.wait(SOON)
    withdrawn, left = room.post(Look, "a", Sight("entropy")), room.post(Look, "a", Sight("margin"))
    room.desk.take(Cancel(withdrawn))
    assert room.kind(withdrawn) == "cancelled"
    room.open("b")
    assert room.kind(left) == "cancelled"
    gate.open.set()
