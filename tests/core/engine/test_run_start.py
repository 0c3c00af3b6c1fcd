"""The folder of a run: what a refused launch leaves, and what is noted of every start."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from lpsnet.engine.distributed import Processes
from lpsnet.engine.run_start import environment_facts, held, note_environment
from lpsnet.engine.train import train
from lpsnet.formats.file_lock import Holder
from lpsnet.run_directory import RunDirectory
from tests.core.engine.tiny_training import tiny_config

ALONE = Processes(0, 1, torch.device("cpu"), "asked for")


def everything_in(folder: Path) -> dict[str, bytes | None]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


# ------------------------------------------------------------------------------------------------- a launch is refused


@pytest.mark.parametrize(
    "override",
    ["training.accumulate=3", "data.train.annotations=absent.json", "training.start_from=absent.safetensors"],
)
def test_a_refused_launch_leaves_nothing(tmp_path: Path, override: str) -> None:
    config = tiny_config(tmp_path, overrides=(override,))
    before = everything_in(tmp_path)
    with pytest.raises((ValueError, OSError)):
        train(config, RunDirectory(tmp_path / "runs" / "deep" / "mine"), ALONE)
    assert everything_in(tmp_path) == before


def test_a_refused_launch_removes_nothing_that_was_there(tmp_path: Path) -> None:
    config = tiny_config(tmp_path, overrides=("data.train.annotations=absent.json",))
    folder = tmp_path / "runs" / "mine"
    (folder / "checkpoints").mkdir(parents=True)
    for name in ("notes.txt", "config.yaml", ".lock"):
        (folder / name).write_text(f"{name} of someone")
    (folder / ".lock").write_text("")
    before = everything_in(tmp_path)
    with pytest.raises(ValueError, match=r"absent\.json"):
        train(config, RunDirectory(folder), ALONE)
    after = everything_in(tmp_path)
    lock = "runs/mine/.lock"
    assert {**after, lock: b""} == before


def test_what_was_made_for_a_run_is_removed_only_while_it_is_empty(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path / "runs" / "mine")
    with contextlib.ExitStack() as undoing, held(directory, undoing):
        (directory.path.parent / "another").mkdir()
    assert not directory.path.exists()
    assert (directory.path.parent / "another").is_dir()


def test_others_learn_of_the_system_who_trains_here(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path / "run")
    ask = "import sys; from pathlib import Path; from lpsnet.formats.file_lock import holder_of"
    command = [sys.executable, "-c", f"{ask}; print(holder_of(Path(sys.argv[1])))", str(directory.path / ".lock")]
    with contextlib.ExitStack() as undoing, held(directory, undoing):
        undoing.pop_all()
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert told.strip() == repr(Holder(os.getpid()))
        words = f"process {os.getpid()} of {socket.gethostname()}"
        assert (directory.path / ".lock").read_text().strip() == words
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "None"


# -------------------------------------------------------------------------------------------------- what it was run on


def test_every_start_is_noted_the_newest_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = RunDirectory(tmp_path)
    assert directory.read_environments() == []
    commands = [["lpsnet", "train", "--config", "demo"], ["lpsnet", "train", "--resume"]]
    for number, command in enumerate(commands, start=1):
        monkeypatch.setattr(sys, "argv", command)
        note_environment(directory, "cpu (asked for)", number)
    entries = json.loads(directory.environment.read_text())
    assert entries == directory.read_environments()
    assert [entry["command"] for entry in entries] == commands
    assert [entry["processes"] for entry in entries] == [1, 2]
    assert entries[0]["time"] <= entries[1]["time"]


def test_an_older_file_of_one_start_is_kept(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    older = {"command": ["lpsnet", "train", "--config", "demo"], "device": "cpu"}
    directory.environment.write_text(json.dumps(older))
    assert directory.read_environments() == [older]
    note_environment(directory, "cpu (asked for)", 1)
    assert directory.read_environments()[0] == older
    assert len(directory.read_environments()) == 2


@pytest.mark.parametrize("content", [b"", b"{", b"3", b"[1, null]", b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_file_does_not_keep_a_run_from_starting(tmp_path: Path, content: bytes) -> None:
    directory = RunDirectory(tmp_path)
    directory.environment.write_bytes(content)
    assert directory.read_environments() == []
    note_environment(directory, "cpu", 1)
    assert len(directory.read_environments()) == 1


def test_the_facts_name_the_versions_that_count() -> None:
    facts = environment_facts("cpu", 1)
    assert torch.__version__.startswith(facts["versions"]["torch"])
    assert facts["threads"] == torch.get_num_threads()
