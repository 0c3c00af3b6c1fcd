"""The menus of networks and devices, and what choosing from them does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lpsnet_studio import demo_network
from lpsnet_studio.inference.messages import Device, Failed, LoadModel, ModelLoaded, Ready
from lpsnet_studio.session import Session
from lpsnet_studio.state import NetworkChoice
from tests.studio.hand_made import ListeningService, card

MPS = "Apple MPS is not supported: " + "this operator and that " * 5


def loaded(session: Session, service: ListeningService) -> None:
    session.receive(ModelLoaded(service.last(LoadModel).request, card()))


def test_only_what_was_loaded_is_remembered(
    window: Any, session: Session, service: ListeningService, tmp_path: Path
) -> None:
    model = window.commands.model
    model.load_checkpoint(tmp_path / "broken.safetensors")
    session.receive(Failed(service.last(LoadModel).request, "bad-input", "broken"))
    assert model.recent() == []
    model.load_config("demo")
    loaded(session, service)
    (again, clear) = model.recent()
    assert again.text == "demo  –  untrained preset"
    again.act()
    assert service.last(LoadModel).config == "demo"
    clear.act()
    assert model.recent() == []


def test_missing_files_are_listed_as_such_and_can_be_removed(
    window: Any, session: Session, service: ListeningService, tmp_path: Path, qtbot: Any
) -> None:
    model = window.commands.model
    (tmp_path / "here.safetensors").touch()
    for name in ("gone.safetensors", "here.safetensors"):
        model.load_checkpoint(tmp_path / name)
        loaded(session, service)
    model.check_recent()
    qtbot.waitUntil(lambda: not model.recent()[1].enabled, timeout=3000)
    here, gone, remove, _clear = model.recent()
    assert here.enabled
    assert gone.text == "gone.safetensors  –  is not there any more"
    remove.act()
    assert [choice.text.split("  –  ")[0] for choice in model.recent()] == ["here.safetensors", "Clear this list"]


def test_what_cannot_be_had_is_listed_with_its_reason(window: Any, session: Session) -> None:
    devices = (Device("cpu", "CPU"), Device("cuda:0", "NVIDIA H100"), Device("cuda", "CUDA", "no driver"))
    session.receive(Ready(7, "2.15", (*devices, Device("mps", "Apple MPS", MPS))))
    choices = window.commands.model.devices()
    assert [(choice.text, choice.enabled, choice.checked) for choice in choices] == [
        ("Automatic", True, True),
        ("CPU", True, False),
        ("cuda:0  –  NVIDIA H100", True, False),
        ("CUDA  –  no driver", False, None),
        ("Apple MPS  –  Apple MPS is not supported", False, None),
    ]
    assert choices[-1].tip == MPS


def test_the_cpu_can_be_chosen_before_the_service_is_there(window: Any) -> None:
    assert [choice.text for choice in window.commands.model.devices()] == ["Automatic", "CPU"]


def test_another_device_loads_the_same_network_there(window: Any, session: Session, service: ListeningService) -> None:
    model = window.commands.model
    model.run_on("cpu")
    assert service.count(LoadModel) == 0, "nothing is loaded for nothing"
    assert model.device == "cpu"
    model.load_checkpoint(Path("/runs/a.safetensors"))
    loaded(session, service)
    model.run_at(640)
    loaded(session, service)
    model.run_on("cuda")
    asked = service.last(LoadModel)
    assert (asked.checkpoint, asked.device, asked.short_side) == ("/runs/a.safetensors", "cuda", 640)
    session.receive(Ready(7, "2.15", (Device("cpu", "CPU"), Device("cuda:0", "NVIDIA T4"))))
    assert [choice.checked for choice in model.devices()] == [False, False, True]
    model.load_config("demo")
    assert service.last(LoadModel).short_side == 0, "another network has a size of its own"


def test_card_and_sizes_are_opened_once_and_do_not_block(
    window: Any, session: Session, service: ListeningService
) -> None:
    model = window.commands.model
    session.load_model(NetworkChoice("hand-made"))
    session.receive(ModelLoaded(service.last(LoadModel).request, replace(card(), own_short_side=800)))
    for show in (model.show_card, model.show_card, model.input_size):
        show()
    assert model._card.isVisible()
    assert model._sizes.isVisible()
    assert not model._card.isModal()
    model._sizes._own.click()
    assert service.last(LoadModel).short_side == 0


def test_the_demos_network_is_loaded_where_there_is_one(
    window: Any, session: Session, service: ListeningService, demo_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = window.actions_by_id["load_demo_network"]
    session.model_changed.emit()
    assert action.isEnabled()
    action.trigger()
    assert service.last(LoadModel).checkpoint == str(demo_checkpoint)
    session.receive(ModelLoaded(service.last(LoadModel).request, card(origin=demo_checkpoint)))
    (again, _clear) = window.commands.model.recent()
    assert (again.text, again.tip) == (
        "LPSNet demo  –  trained on drawn scenes",
        "The network that comes with the Studio.",
    )
    again.act()
    assert service.last(LoadModel).checkpoint == str(demo_checkpoint)
    monkeypatch.setattr(demo_network, "demo_checkpoint", lambda: None)
    session.model_changed.emit()
    assert not action.isEnabled()
