from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet_studio.jobs.command import argv
from lpsnet_studio.jobs.device_choice import (
    DeviceOption,
    devices_from,
    devices_of_machine,
    fault_of_devices,
    turned,
)
from lpsnet_studio.jobs.spec import TrainSpec

NAMES = st.sampled_from(["auto", "cpu", "cuda", "cuda:0", "cuda:1", "cuda:12", "gpu", "mps", "cuda:x"])


@pytest.mark.parametrize(
    ("text", "devices"),
    [
        ("", ()),
        (" auto ", ("auto",)),
        ("cuda:0, cuda:1", ("cuda:0", "cuda:1")),
        ("0 1;3", ("cuda:0", "cuda:1", "cuda:3")),
        ("CPU", ("cpu",)),
    ],
)
def test_what_is_typed_is_read(text: str, devices: tuple[str, ...]) -> None:
    assert devices_from(text) == devices


@given(st.lists(NAMES, max_size=4))
def test_devices_without_a_fault_make_a_command(names: list[str]) -> None:
    """Whatever the form lets through can be started, and what cannot, it does not."""
    fault = fault_of_devices(names, several=True)
    known = {"auto", "cpu", "cuda", "cuda:0", "cuda:1", "cuda:12"}
    spec = TrainSpec("demo", (), Path("run"), tuple(names))
    if not fault:
        assert argv(spec)
        assert set(names) <= known
    elif names and set(names) <= known:
        with pytest.raises(ValueError, match="together"):
            argv(spec)


def test_one_device_only_where_several_cannot_work() -> None:
    assert fault_of_devices(("cuda:0", "cuda:1"), several=False) == "this runs on one device"
    assert fault_of_devices(("cuda:0",), several=False) == ""


def test_gpus_are_ticked_together_and_others_alone() -> None:
    assert turned(("auto",), "cuda:1", on=True, several=True) == ("cuda:1",)
    assert turned(("cuda:1",), "cuda:0", on=True, several=True) == ("cuda:0", "cuda:1")
    assert turned(("cuda:2", "cuda:1"), "cuda:10", on=True, several=True) == ("cuda:1", "cuda:2", "cuda:10")
    assert turned(("cuda:0", "cuda:1"), "cpu", on=True, several=True) == ("cpu",)
    assert turned(("cuda:0",), "cuda:1", on=True, several=False) == ("cuda:1",)
    assert turned(("cuda:0",), "cuda:0", on=False, several=True) == ("auto",)


def test_the_machine_is_asked() -> None:
    program = 'print("noise"); print(\'[{"name": "cpu", "words": "CPU", "problem": ""}]\')'
    assert devices_of_machine((sys.executable, "-c", program)) == (DeviceOption("cpu", "CPU"),)


@pytest.mark.parametrize(
    ("program", "reason"),
    [("raise SystemExit('no torch here')", ": no torch here"), ("print('{}]')", ""), ("", ""), ("print('[1]')", "")],
)
def test_a_machine_that_cannot_tell_has_a_processor(program: str, reason: str) -> None:
    cpu, cuda = devices_of_machine((sys.executable, "-c", program))
    assert cpu == DeviceOption("cpu", "CPU")
    assert cuda.problem == f"PyTorch could not be asked which devices there are{reason}"


def test_this_machine_has_a_processor() -> None:
    options = devices_of_machine()
    assert options[0] == DeviceOption("cpu", "CPU")
    assert len(options) > 1
