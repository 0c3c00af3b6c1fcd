"""Loading networks: what stays, what changes, and what is said when it fails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lpsnet.structures import InspectionSettings
from lpsnet_studio.inference.messages import Device, Failed, LoadModel, MemoryUse, ModelLoaded, OpenImage, Ready
from lpsnet_studio.session import Session
from lpsnet_studio.state import NetworkChoice, Problem
from tests.studio.hand_made import ListeningService, card, open_first


@pytest.fixture
def problems(session: Session) -> list[Problem]:
    found: list[Problem] = []
    session.failed.connect(found.append)
    return found


def load(session: Session, service: ListeningService, choice: NetworkChoice, **changes: object) -> None:
    session.load_model(choice)
    session.receive(ModelLoaded(service.last(LoadModel).request, replace(card(), **changes)))


def test_another_device_or_size_keeps_what_the_user_turned(session: Session, service: ListeningService) -> None:
    open_first(session, service)
    session.change_settings(words="overlap", overlap_threshold=0.7)
    opened_before = service.count(OpenImage)
    load(session, service, replace(session.network, device="cpu"))
    load(session, service, replace(session.network, short_side=96), short_side=96)
    assert session.settings.overlap_threshold == 0.7
    assert session.undo_words == "overlap"
    assert session.model is not None
    assert session.model.short_side == 96
    assert service.count(OpenImage) == opened_before + 2
    session.undo()
    assert session.settings.overlap_threshold == 0.3


def test_another_network_brings_its_own_settings(session: Session, service: ListeningService) -> None:
    open_first(session, service)
    session.change_settings(overlap_threshold=0.7)
    own = InspectionSettings(stuff_limit=99)
    load(session, service, NetworkChoice(checkpoint="/runs/a.safetensors"), settings=own)
    assert session.settings == session.default_settings == own
    assert session.undo_words == ""


def test_a_config_that_was_edited_brings_its_new_settings(session: Session, service: ListeningService) -> None:
    open_first(session, service)
    load(session, service, session.network, settings=InspectionSettings(stuff_limit=99))
    assert session.settings.stuff_limit == 99


def test_device_and_size_reach_the_service(session: Session, service: ListeningService) -> None:
    session.load_model(NetworkChoice(checkpoint="/runs/a.safetensors", device="cuda:1", short_side=640))
    asked = service.last(LoadModel)
    assert (asked.checkpoint, asked.device, asked.short_side) == ("/runs/a.safetensors", "cuda:1", 640)
    assert asked.overrides == ()


def test_a_network_that_cannot_be_loaded_leaves_the_one_before(
    session: Session, service: ListeningService, problems: list[Problem]
) -> None:
    open_first(session, service)
    before, model = session.network, session.model
    session.load_model(NetworkChoice(checkpoint="/runs/broken.safetensors", device="cuda:3"))
    sentence = "/runs/broken.safetensors: not a whole safetensors file"
    session.receive(Failed(service.last(LoadModel).request, "bad-input", sentence))
    assert (session.network, session.model) == (before, model)
    assert problems == [Problem(sentence, "The previous network, hand-made (trained), stays loaded.")]


def test_the_first_network_that_fails_is_still_the_one_that_is_wanted(
    session: Session, service: ListeningService, problems: list[Problem]
) -> None:
    session.load_model(NetworkChoice(config="demo", device="cuda:3"))
    session.receive(Failed(service.last(LoadModel).request, "bad-input", "Device cuda:3: no CUDA device"))
    assert session.network == NetworkChoice(config="demo", device="cuda:3"), "another device loads the same network"
    assert problems[0].advice.endswith("No network is loaded.")


def test_mismatches_come_with_their_list(session: Session, service: ListeningService, problems: list[Problem]) -> None:
    session.load_model(NetworkChoice(checkpoint="/runs/a.safetensors"))
    reply = Failed(service.last(LoadModel).request, "mismatch", "It does not fit.", details="1 mismatches: 1 missing")
    session.receive(reply)
    assert problems[0].details == "1 mismatches: 1 missing"


def test_a_withdrawn_network_leaves_the_choice_of_before(session: Session, service: ListeningService) -> None:
    open_first(session, service)
    before = session.network
    session.load_model(NetworkChoice(config="other"))
    session.receive(Failed(service.last(LoadModel).request, "cancelled", "Cancelled."))
    assert session.network == before


def test_the_service_tells_devices_and_memory(session: Session) -> None:
    told: list[MemoryUse | None] = []
    session.memory_changed.connect(lambda: told.append(session.memory))
    devices = (Device("cpu", "CPU"), Device("cuda", "CUDA", "no CUDA device"))
    session.receive(Ready(7, "2.15", devices))
    session.set_service_state("ready")
    session.receive(MemoryUse(10**9, 10**8))
    session.set_service_state("restarting")
    assert session.devices == devices
    assert told == [MemoryUse(10**9, 10**8), None]
