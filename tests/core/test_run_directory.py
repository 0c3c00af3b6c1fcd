"""The folder of a run, looked into without torch: what it holds, and whether another run may begin there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from lpsnet.config import load_config
from lpsnet.run_directory import RunDirectory, Work


def test_everything_lies_in_the_folder() -> None:
    run = RunDirectory(Path("runs", "mine"))
    places = [run.config, run.environment, run.events, run.tensorboard, run.latest, run.best, run.state]
    places += [run.samples(30), run.stopped_at(30, 1)]
    assert len(set(places)) == len(places)
    assert all(place.is_relative_to(run.path) for place in places)
    assert run.samples(30) < run.samples(200), "the names sort as the iterations do"


@pytest.mark.parametrize(
    ("place", "goes_on", "refused"),
    [
        (lambda run: run.state, True, True),
        (lambda run: run.best, True, False),
        (lambda run: run.events, False, True),
        (lambda run: run.latest, False, False),
        (lambda run: run.path / "job" / "log.txt", False, False),
    ],
)
def test_what_is_there_says_whether_a_run_goes_on_or_begins(
    place: Callable[[RunDirectory], Path], goes_on: bool, refused: bool, tmp_path: Path
) -> None:
    run = RunDirectory(tmp_path)
    assert not run.has_progress
    run.refuse_another_run()
    place(run).parent.mkdir(exist_ok=True)
    place(run).write_bytes(b"")
    assert run.has_progress == goes_on
    if refused:
        with pytest.raises(ValueError, match="holds a run already; go on with --resume"):
            run.refuse_another_run()
    else:
        run.refuse_another_run()


@pytest.mark.parametrize(
    ("there", "unfit_for"),
    [
        ((), {"continuation"}),
        (("config.yaml",), {"predictions"}),
        (("config.yaml", "events.jsonl"), {"training", "predictions"}),
        (("events.jsonl",), {"training", "continuation"}),
        (("checkpoints/state.pt",), {"training", "continuation", "predictions"}),
        (("checkpoints/latest.safetensors", "config.yaml"), {"predictions"}),
    ],
)
def test_what_is_there_says_what_it_is_not_fit_for(there: tuple[str, ...], unfit_for: set[str], tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    for name in there:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert {work for work in get_args(Work) if run.unfit_for(work)} == unfit_for


def test_the_settings_are_read_as_they_were_written(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"holds no run to resume: config\.yaml is missing"):
        run.read_config()
    config = load_config("demo", ["training.batch=3"])
    run.config.write_text(config.to_yaml())
    assert run.read_config() == config
    run.config.write_text("training: {batch: many}")
    with pytest.raises(ValueError, match=r"config\.yaml.*training\.batch"):
        run.read_config()


def test_looking_into_a_folder_loads_neither_torch_nor_every_model_of_the_settings() -> None:
    code = (
        "import sys; from pathlib import Path; from lpsnet.run_directory import RunDirectory;"
        "run = RunDirectory(Path('gone')); run.has_progress; run.read_environments(); run.refuse_another_run();"
        "print({'torch', 'pydantic', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"
