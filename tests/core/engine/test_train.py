"""Training runs in this process: what they leave, how they go on, and how they end."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors
import torch

from lpsnet.checkpoint import load_checkpoint, network_from
from lpsnet.config import Config
from lpsnet.engine import train as training
from lpsnet.engine.distributed import Processes
from lpsnet.engine.reporting import recorded_events
from lpsnet.engine.run_start import held
from lpsnet.engine.stopping import StopRequest
from lpsnet.engine.train import NonFiniteLossError, train
from lpsnet.events import (
    CheckpointSaved,
    Evaluated,
    EventReader,
    Note,
    Progress,
    RunEvent,
    Started,
    Stopped,
    without_superseded,
)
from lpsnet.run_directory import RunDirectory
from tests.core.engine.tiny_training import tiny_config, write_data_set

ALONE = Processes(0, 1, torch.device("cpu"), "asked for")


def run(config: Config, folder: Path, *, resume: bool = False) -> str:
    directory = RunDirectory(folder)
    with recorded_events(directory) as record:
        return train(config, directory, ALONE, resume=resume, on_event=record)


def events_of(folder: Path) -> list[RunEvent]:
    return list(EventReader(folder / "events.jsonl").read_new())


def losses_of(events: list[RunEvent]) -> dict[int, dict[str, float]]:
    return {event.iteration: dict(event.losses) for event in events if isinstance(event, Progress)}


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


class Signalled:
    """An ``on_event`` that asks the run to stop, as a signal does, when an event of a kind comes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, when: Callable[[RunEvent], bool]) -> None:
        self.request = StopRequest()
        self.when = when

        from contextlib import contextmanager

        @contextmanager
        def requests() -> Any:
            yield self.request

        monkeypatch.setattr(training, "stop_requests", requests)

    def __call__(self, event: RunEvent) -> None:
        if self.when(event):
            self.request.reason = "terminated"


# ------------------------------------------------------------------------------------------------------- a whole run


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``run``: six iterations, measured after the fourth and the last; odd pictures among the others."""
    folder = tmp_path_factory.mktemp("finished")
    config = tiny_config(folder, evaluate_every=4, precision="bf16", batch=2)
    assert run(config, folder / "run") == "finished"
    return folder


def test_a_run_directory_holds_what_its_reader_needs(finished: Path) -> None:
    folder = finished / "run"
    directory = RunDirectory(folder)
    # Half the batch that the schedule is meant for: twice the iterations.
    last = 12
    assert directory.read_config() == tiny_config(finished, evaluate_every=4, precision="bf16", batch=2)
    (facts,) = directory.read_environments()
    assert facts["processes"] == 1
    assert facts["device"] == "cpu (asked for)"
    assert torch.__version__.startswith(facts["versions"]["torch"])
    assert list(directory.tensorboard.glob("events.out.tfevents.*"))
    assert sorted(path.name for path in (folder / "samples").iterdir()) == [
        f"iteration-{number:07d}" for number in (4, 8, last)
    ]
    assert sorted(path.name for path in directory.samples(last).iterdir()) == ["00.png", "01.png"]
    for path in (directory.latest, directory.best):
        checkpoint = load_checkpoint(path)
        network_from(checkpoint.config, len(checkpoint.categories), checkpoint)
    assert load_checkpoint(directory.latest).card["iteration"] == last
    assert not list(folder.rglob("*.tmp"))


def test_its_events_tell_the_story_in_order(finished: Path) -> None:
    events = events_of(finished / "run")
    assert isinstance(events[0], Started)
    assert (events[0].iteration, events[0].iterations, events[0].batch) == (0, 12, 2)
    assert isinstance(events[-1], Stopped)
    assert (events[-1].reason, events[-1].iteration) == ("finished", 12)
    notes = [event.text for event in events if isinstance(event, Note)]
    assert any("meant for batches of 4; with 2 the learning rate is 0.0005 instead of 0.001" in note for note in notes)
    assert [event.iteration for event in events if isinstance(event, Progress)] == list(range(1, 13))
    measured = [event for event in events if isinstance(event, Evaluated)]
    assert [event.iteration for event in measured] == [4, 8, 12]
    assert all((finished / "run" / sample).is_file() for event in measured for sample in event.samples)
    saved = [event for event in events if isinstance(event, CheckpointSaved)]
    assert [event.iteration for event in saved if not event.best] == [2, 4, 6, 8, 10, 12]
    assert saved[-1].path.startswith("checkpoints/")
    for event in events:
        if isinstance(event, Progress):
            assert all(math.isfinite(loss) for loss in event.losses.values())
            assert math.isfinite(event.gradient_norm)


def test_a_finished_run_is_left_as_it_is(finished: Path) -> None:
    folder = finished / "run"
    before = contents(folder)
    assert run(RunDirectory(folder).read_config(), folder, resume=True) == "finished before"
    assert contents(folder) == before


def test_a_new_run_does_not_overwrite_another(finished: Path) -> None:
    before = contents(finished / "run")
    with pytest.raises(ValueError, match="holds a run already; go on with --resume"):
        run(RunDirectory(finished / "run").read_config(), finished / "run")
    assert contents(finished / "run") == before


def test_there_is_nothing_to_resume_in_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no run to resume"):
        RunDirectory(tmp_path).read_config()


def test_losses_fall(tmp_path: Path) -> None:
    config = tiny_config(
        tmp_path,
        schedule={"batch": 4, "iterations": 20, "decay": "cosine", "warmup": 0},
        optimizer={"name": "adamw", "lr": 0.005},
        log_every=5,
        checkpoint_every=100,
    )
    run(without_val(config), tmp_path / "run")
    losses = losses_of(events_of(tmp_path / "run"))
    assert losses[20]["semantic"] < 0.7 * losses[5]["semantic"]
    assert losses[20]["total"] < losses[5]["total"]


# ------------------------------------------------------------------------------------------------- stopping, going on


def without_val(config: Config) -> Config:
    return config.model_copy(update={"data": config.data.model_copy(update={"val": None})})


def test_what_is_learnt_does_not_depend_on_parts_and_interruptions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Pictures of one size: others are padded to the largest of those that are worked on together, which norms see.
    write_data_set(tmp_path / "data", odd=("stuff only", "all crowd", "all void"))
    rare: dict[str, Any] = {
        "checkpoint_every": 100,
        "schedule": {"batch": 4, "iterations": 5, "warmup": 2, "steps": [4]},
    }
    whole = without_val(tiny_config(tmp_path, backbone=True, **rare))
    run(whole, tmp_path / "whole")
    expected = losses_of(events_of(tmp_path / "whole"))

    parts = without_val(tiny_config(tmp_path, backbone=True, accumulate=2, **rare))
    run(parts, tmp_path / "parts")
    for iteration, losses in losses_of(events_of(tmp_path / "parts")).items():
        assert losses == pytest.approx(expected[iteration], rel=1e-5)

    stop = Signalled(monkeypatch, lambda event: isinstance(event, Progress) and event.iteration == 2)
    directory = RunDirectory(tmp_path / "first place")
    with recorded_events(directory, also=stop) as record:
        assert train(whole, directory, ALONE, on_event=record) == "terminated"
    last = events_of(tmp_path / "first place")[-1]
    assert isinstance(last, Stopped)
    assert (last.reason, last.iteration) == ("terminated", 3)
    monkeypatch.undo()
    shutil.move(tmp_path / "first place", tmp_path / "second place")
    # Weights to start from are needed at the start only.
    (tmp_path / "backbone.safetensors").unlink()
    moved = RunDirectory(tmp_path / "second place")
    assert run(moved.read_config(), moved.path, resume=True) == "finished"
    events = events_of(moved.path)
    assert losses_of(events) == expected
    assert [event.iteration for event in events if isinstance(event, Started)] == [0, 3]
    assert len(moved.read_environments()) == 2
    assert without_superseded(events) == events


def test_a_run_that_was_never_saved_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a kill before the first checkpoint: its folder has settings and events, and no state."""
    config = without_val(tiny_config(tmp_path, checkpoint_every=100))
    assert run(config, tmp_path / "unbroken") == "finished"

    class Killed(BaseException):
        pass

    def kill(event: RunEvent) -> None:
        if isinstance(event, Progress) and event.iteration == 3:
            raise Killed

    directory = RunDirectory(tmp_path / "killed")
    with pytest.raises(Killed), recorded_events(directory, also=kill) as record:
        train(config, directory, ALONE, on_event=record)
    assert not directory.state.exists()
    assert run(directory.read_config(), directory.path, resume=True) == "finished"
    events = events_of(directory.path)
    assert any(isinstance(event, Note) and "begins anew" in event.text for event in events)
    kept = without_superseded(events)
    assert [event.iteration for event in kept if isinstance(event, Progress)] == [1, 2, 3, 4, 5, 6]
    assert losses_of(events) == losses_of(events_of(tmp_path / "unbroken"))

    # A run that had been measured was saved: that its state is gone is no reason to train it again.
    directory.state.unlink()
    shutil.copy(directory.latest, directory.best)
    with pytest.raises(FileNotFoundError, match="no saved state to resume from"):
        run(config, directory.path, resume=True)


def test_an_evaluation_that_was_given_up_is_made_up_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tiny_config(tmp_path, evaluate_every=2, schedule={"batch": 4, "iterations": 4, "warmup": 0, "steps": []})
    stop = Signalled(monkeypatch, lambda event: isinstance(event, CheckpointSaved) and event.iteration == 2)
    directory = RunDirectory(tmp_path / "run")
    with recorded_events(directory, also=stop) as record:
        assert train(config, directory, ALONE, on_event=record) == "terminated"
    assert not any(isinstance(event, Evaluated) for event in events_of(directory.path))
    monkeypatch.undo()
    assert run(config, directory.path, resume=True) == "finished"
    measured = [event.iteration for event in events_of(directory.path) if isinstance(event, Evaluated)]
    assert measured == [2, 4]


def test_only_one_process_trains_in_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl, sys; f = open(sys.argv[1], 'a+'); fcntl.lockf(f, fcntl.LOCK_EX); "
            "f.write('process 7 of host'); f.flush(); print('held', flush=True); sys.stdin.read()",
            str(folder / ".lock"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ValueError, match="process 7 of host trains here"):
            run(tiny_config(tmp_path), folder)
        assert not (folder / "config.yaml").exists()
    finally:
        holder.kill()
        holder.communicate()
    with contextlib.ExitStack() as undoing, held(RunDirectory(folder), undoing):
        assert (folder / ".lock").read_text().startswith(f"process {os.getpid()} of ")


# ----------------------------------------------------------------------------------------------------- ending in order


def test_a_loss_that_is_not_finite_stops_with_its_batch(tmp_path: Path) -> None:
    config = without_val(tiny_config(tmp_path, optimizer={"name": "sgd", "lr": 1e20}, accumulate=2))
    with pytest.raises(NonFiniteLossError, match=r"not finite \(.*; its pictures and targets are in .*stopped-at"):
        run(config, tmp_path / "run")
    last = events_of(tmp_path / "run")[-1]
    assert isinstance(last, Stopped)
    assert last.reason == "failed"
    assert "not finite" in last.message
    (path,) = (tmp_path / "run" / "stopped-at").iterdir()
    assert path.name == f"iteration-{last.iteration:07d}-process-0.safetensors"
    with safetensors.safe_open(path, framework="pt") as file:
        names = json.loads(file.metadata()["names"])
        keys = set(file.keys())
        assert [len(part) for part in names] == [2, 2]
        assert file.get_tensor("part.1.image.0").dtype == torch.uint8
        assert file.get_tensor("part.0.labels").shape[0] == 2
    assert {"part.0.ltrb", "part.0.borderness", "part.0.state", "part.1.image.1"} <= keys


def test_a_gradient_that_is_not_finite_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = without_val(tiny_config(tmp_path))
    prepared = training.TrainingRun.prepared
    runs: list[training.TrainingRun] = []

    def poisoned(*args: Any, **kwargs: Any) -> training.TrainingRun:
        made = prepared(*args, **kwargs)
        made.model.box_head.predict.weight.register_hook(lambda gradient: gradient * math.nan)
        runs.append(made)
        return made

    monkeypatch.setattr(training.TrainingRun, "prepared", poisoned)
    with pytest.raises(NonFiniteLossError, match="length of the gradient nan"):
        run(config, tmp_path / "run")
    assert all(bool(parameter.isfinite().all()) for parameter in runs[0].model.parameters())


def test_a_damaged_picture_ends_the_run_in_one_sentence(tmp_path: Path) -> None:
    config = without_val(tiny_config(tmp_path))
    (tmp_path / "data" / "photos" / "02.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"02\.png"):
        run(config, tmp_path / "run")
    last = events_of(tmp_path / "run")[-1]
    assert isinstance(last, Stopped)
    assert "02.png" in last.message


def test_a_full_disk_leaves_the_older_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = without_val(tiny_config(tmp_path))
    directory = RunDirectory(tmp_path / "run")

    def fill_disk(event: RunEvent) -> None:
        if isinstance(event, Progress) and event.iteration == 3:
            state.update(contents(directory.path / "checkpoints"))

            def refuse(*_: object) -> None:
                raise OSError(errno.ENOSPC, "No space left on device")

            monkeypatch.setattr(os, "fsync", refuse)

    state: dict[str, str] = {}
    with (
        pytest.raises(OSError, match=r"latest\.safetensors could not be written: no space left on device"),
        recorded_events(directory, also=fill_disk) as record,
    ):
        train(config, directory, ALONE, on_event=record)
    monkeypatch.undo()
    assert state
    assert contents(directory.path / "checkpoints") == state
    last = events_of(directory.path)[-1]
    assert isinstance(last, Stopped)
    assert "no space left" in last.message
    assert run(config, directory.path, resume=True) == "finished"


def test_events_that_cannot_be_written_end_the_run_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = without_val(tiny_config(tmp_path))
    directory = RunDirectory(tmp_path / "run")
    write = os.write
    seen: list[RunEvent] = []

    def fill_disk(event: RunEvent) -> None:
        seen.append(event)
        if isinstance(event, Progress) and event.iteration == 3:

            def write_half(descriptor: int, content: bytes) -> int:
                if len(content) > 20:
                    return write(descriptor, content[:20])
                raise OSError(errno.ENOSPC, "No space left on device")

            monkeypatch.setattr(os, "write", write_half)

    with (
        pytest.raises(OSError, match=r"events\.jsonl could not be written: no space left on device"),
        recorded_events(directory, also=fill_disk) as record,
    ):
        train(config, directory, ALONE, on_event=record)
    monkeypatch.undo()
    lines = directory.events.read_text().splitlines()
    assert all(json.loads(line) for line in lines)
    assert isinstance(seen[-1], Stopped)
    assert run(config, directory.path, resume=True) == "finished"
    kept = without_superseded(events_of(directory.path))
    assert [event.iteration for event in kept if isinstance(event, Progress)] == [1, 2, 3, 4, 5, 6]


# ------------------------------------------------------------------------------------------------------ first weights


def test_starting_from_another_network_says_what_is_new(finished: Path, tmp_path: Path) -> None:
    config = tiny_config(tmp_path, start_from=str(finished / "run" / "checkpoints" / "latest.safetensors"))
    annotations = tmp_path / "data" / "panoptic.json"
    content = json.loads(annotations.read_text())
    content["categories"].append({"id": 12, "name": "rug", "isthing": 0, "color": [1, 2, 3]})
    annotations.write_text(json.dumps(content))
    run(without_val(config), tmp_path / "run")
    notes = [event for event in events_of(tmp_path / "run") if isinstance(event, Note)]
    assert any("the training starts from" in note.text for note in notes)
    warnings = [note.text for note in notes if note.level == "warning"]
    assert len(warnings) == 1
    assert warnings[0].endswith("its 4 classes are not these 5: the classifier starts afresh")


def test_starting_from_a_network_that_does_not_fit_is_refused(finished: Path, tmp_path: Path) -> None:
    path = finished / "run" / "checkpoints" / "latest.safetensors"
    config = tiny_config(tmp_path, backbone=True, start_from=str(path))
    with pytest.raises(ValueError, match=r"does not fit, and this network would keep it random"):
        run(config, tmp_path / "run")


def test_a_doubtful_config_is_remarked_upon(tmp_path: Path) -> None:
    config = tiny_config(tmp_path, overrides=("targets.level_assignment=range",))
    (remark,) = config.remarks()
    assert "targets.level_assignment range with targets.borderness_negatives none" in remark
    assert not tiny_config(tmp_path).remarks()
    made = training.TrainingRun.prepared(config, RunDirectory(tmp_path), ALONE, resume=False)
    assert Note(text=remark, level="warning").text in [note.text for note in made.notes if note.level == "warning"]


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (("data.train=null",), "data.train says no data to train on"),
        (("training.accumulate=3",), "training.batch 4 cannot be shared by 1 processes in 3 parts"),
        (("training.precision=fp16",), "training.precision fp16 needs CUDA"),
    ],
)
def test_what_cannot_be_trained_is_refused(tmp_path: Path, overrides: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        run(tiny_config(tmp_path, overrides=overrides), tmp_path / "run")
    assert not (tmp_path / "run").exists()
