"""Which device is taken, and what is said about those that cannot be had."""

from __future__ import annotations

import pytest
import torch

from lpsnet.engine import devices
from lpsnet.engine.devices import choose_device, device_options


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine with neither CUDA nor MPS, whose PyTorch could use both."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.version, "cuda", "13.2")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(devices, "_has_nvidia_driver", lambda: False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return monkeypatch


def with_cards(machine: pytest.MonkeyPatch, *names: str) -> None:
    machine.setattr(torch.cuda, "is_available", lambda: bool(names))
    machine.setattr(torch.cuda, "device_count", lambda: len(names))
    machine.setattr(torch.cuda, "get_device_name", lambda which=0: names[torch.device("cuda", which).index or 0])


def test_the_cpu_can_always_be_asked_for() -> None:
    assert choose_device("cpu") == (torch.device("cpu"), "asked for")
    assert device_options()[0].name == "cpu"
    assert not device_options()[0].problem


def test_a_device_that_is_there_is_taken_and_named(machine: pytest.MonkeyPatch) -> None:
    with_cards(machine, "NVIDIA H100", "NVIDIA T4")
    assert choose_device("auto") == (torch.device("cuda", 0), "NVIDIA H100")
    machine.setattr(torch.cuda, "get_device_name", lambda _device: "NVIDIA T4")
    assert choose_device("cuda:1") == (torch.device("cuda", 1), "NVIDIA T4")
    with pytest.raises(ValueError, match="device cuda:2: this machine has 2 CUDA devices"):
        choose_device("cuda:2")


def test_every_device_is_offered_by_name(machine: pytest.MonkeyPatch) -> None:
    with_cards(machine, "NVIDIA H100", "NVIDIA T4")
    offered = [(option.name, option.words, option.problem) for option in device_options()]
    assert offered == [("cpu", "CPU", ""), ("cuda:0", "NVIDIA H100", ""), ("cuda:1", "NVIDIA T4", "")]


@pytest.mark.parametrize(
    ("built", "driver", "visible", "reason"),
    [
        (None, False, None, "no CUDA device: this PyTorch is built without CUDA"),
        (None, True, None, "NVIDIA driver found, but this PyTorch is built without CUDA"),
        ("13.2", False, None, "no CUDA device: there is no NVIDIA driver"),
        ("13.2", True, "", "no CUDA device: CUDA_VISIBLE_DEVICES is ''"),
        ("13.2", True, None, "NVIDIA driver found, but CUDA cannot be started: the driver is too old (found 11040)"),
    ],
)
def test_why_there_is_no_cuda_is_said(
    machine: pytest.MonkeyPatch, built: str | None, driver: bool, visible: str | None, reason: str
) -> None:
    def refuse(*_size: int, device: str) -> None:
        raise RuntimeError("the driver is too old (found 11040). Please update your GPU driver.\nC++ trace")

    machine.setattr(torch, "zeros", refuse)
    machine.setattr(torch.version, "cuda", built)
    machine.setattr(devices, "_has_nvidia_driver", lambda: driver)
    if visible is not None:
        machine.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert choose_device("auto") == (torch.device("cpu"), reason)
    assert [(option.words, option.problem) for option in device_options()] == [("CPU", ""), ("CUDA", reason)]
    with pytest.raises(ValueError, match=r"^device cuda:0: ") as caught:
        choose_device("cuda:0")
    assert reason in str(caught.value)


def test_on_a_mac_the_cpu_is_taken_and_mps_refused_with_the_operators_that_are_in_doubt(
    machine: pytest.MonkeyPatch,
) -> None:
    machine.setattr(torch.version, "cuda", None)
    machine.setattr(torch.backends.mps, "is_available", lambda: True)
    device, reason = choose_device("auto")
    assert device == torch.device("cpu")
    assert reason.startswith("Apple MPS is not supported: the deformable convolution and the pyramid pooling")
    assert device_options()[-1].name == "mps"
    assert device_options()[-1].problem == reason
    with pytest.raises(ValueError, match=r"device mps: Apple MPS is not supported.*use cpu"):
        choose_device("mps")


@pytest.mark.parametrize("wish", ["abacus", "meta", "mps", "cuda:64", "cuda"])
def test_a_device_that_cannot_be_used_is_refused(machine: pytest.MonkeyPatch, wish: str) -> None:
    with pytest.raises(ValueError, match="device"):
        choose_device(wish)
