"""Trainings as processes of their own: killed, asked to stop, and several that train one network."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
import torch

from lpsnet.checkpoint import load_checkpoint
from lpsnet.config import Config
from lpsnet.data.batches import TrainingExample
from lpsnet.data.sources import open_source
from lpsnet.data.stream import ExampleStream
from lpsnet.engine.distributed import Processes
from lpsnet.engine.reporting import recorded_events
from lpsnet.engine.train import train
from lpsnet.events import Evaluated, EventReader, Note, Progress, RunEvent, Started, Stopped, without_superseded
from lpsnet.model.lpsnet import BOX_STRIDES
from lpsnet.run_directory import RunDirectory
from lpsnet.targets import POSITIVE
from tests.core.engine.tiny_training import tiny_config, write_data_set

ALONE = Processes(0, 1, torch.device("cpu"), "asked for")
LONGEST = 120
"""Seconds that a training of a few iterations may take, on the slowest machine."""


def events_of(folder: Path) -> list[RunEvent]:
    return list(EventReader(folder / "events.jsonl").read_new())


def progress_of(events: list[RunEvent]) -> list[Progress]:
    return [event for event in events if isinstance(event, Progress)]


def losses_of(events: list[RunEvent]) -> dict[int, dict[str, float]]:
    return {event.iteration: dict(event.losses) for event in progress_of(events)}


def train_here(config: Config, folder: Path, *, resume: bool = False) -> list[RunEvent]:
    directory = RunDirectory(folder)
    with recorded_events(directory) as record:
        train(config, directory, ALONE, resume=resume, on_event=record)
    return events_of(folder)


def started(folder: Path, *, resume: bool = False, **environment: str) -> subprocess.Popen[str]:
    """Starts ``lpsnet train`` on the config ``tiny.yaml`` beside the run directory."""
    return _process([sys.executable, "-m", "lpsnet.cli", *_arguments(folder, resume)], environment)


def started_to_be_killed(folder: Path) -> subprocess.Popen[str]:
    """Starts the same training in a process that is killed when the eighth iteration's network is there, its state not.

    A kill from outside would meet a run that is over already, on a machine that is busy enough.
    """
    program = """
import os, signal, sys
from pathlib import Path
from lpsnet.config import load_config
from lpsnet.engine.distributed import joined_processes
from lpsnet.engine.reporting import recorded_events
from lpsnet.run_directory import RunDirectory
from lpsnet.engine.train import train
from lpsnet.events import CheckpointSaved

def kill(event):
    if isinstance(event, CheckpointSaved) and event.iteration == 8:
        os.kill(os.getpid(), signal.SIGKILL)

directory = RunDirectory(Path(sys.argv[1]))
with joined_processes("cpu") as processes, recorded_events(directory, also=kill) as record:
    train(load_config(sys.argv[2]), directory, processes, on_event=record)
"""
    return _process([sys.executable, "-c", program, str(folder), str(folder.parent / "tiny.yaml")], {})


def started_under_torchrun(folder: Path) -> subprocess.Popen[str]:
    """Likewise, on two processes."""
    launcher = ["torch.distributed.run", "--nproc-per-node=2", f"--master-port={_free_port()}"]
    return _process([sys.executable, "-m", *launcher, "-m", "lpsnet.cli", *_arguments(folder, False)], {})


def both_started(folder: Path) -> list[subprocess.Popen[str]]:
    """Starts the two processes that torchrun would start, without the seconds that it takes itself."""
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_free_port()), "WORLD_SIZE": "2"}
    return [started(folder, **place, RANK=str(rank), LOCAL_RANK=str(rank)) for rank in range(2)]


def _arguments(folder: Path, resume: bool) -> list[str]:
    what = ["--resume"] if resume else ["--config", str(folder.parent / "tiny.yaml")]
    return ["train", "--device", "cpu", "--run-dir", str(folder), *what]


def _process(command: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        # As many threads as here: how sums are shared among them decides their last bit.
        env=os.environ | {"OMP_NUM_THREADS": str(torch.get_num_threads()), "TERM": "dumb"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def examples(config: Config, places: Iterable[int]) -> list[TrainingExample]:
    """Returns what lies at some places of the stream of examples."""
    assert config.data.train is not None
    source = open_source(config.data.train, config.load_categories())
    stream = ExampleStream(source, config, BOX_STRIDES, config.training.seed)
    found = [stream[place] for place in places]
    return [example for example in found if isinstance(example, TrainingExample)]


def has_positives(example: TrainingExample) -> bool:
    return any(bool((level.state == POSITIVE).any()) for level in example.levels)


def wait_for_progress(trainer: subprocess.Popen[str], folder: Path, iteration: int) -> None:
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline and trainer.poll() is None:
        if any(event.iteration >= iteration for event in progress_of(events_of(folder))):
            return
        time.sleep(0.02)
    trainer.kill()
    pytest.fail(f"iteration {iteration} was not reached: {trainer.communicate()[1]}")


@pytest.mark.slow
def test_two_processes_train_as_one_does(tmp_path: Path) -> None:
    """Group norms and frozen norms, fp32, pictures of one size; some leave one process alone without positives."""
    write_data_set(tmp_path / "data", ordinary=5, odd=("stuff only", "all crowd", "all void"))
    config = tiny_config(
        tmp_path,
        backbone=True,
        accumulate=2,
        schedule={"batch": 4, "iterations": 5, "warmup": 2, "steps": []},
        optimizer={"name": "sgd", "lr": 0.01},
        checkpoint_every=100,
    )
    positives = [has_positives(example) for example in examples(config, range(20))]
    # In each of an iteration's two parts either process works on one picture.
    alone = [first != second for first, second in zip(positives[::2], positives[1::2], strict=True)]
    assert 1 < sum(alone) < len(alone)

    trainers = both_started(tmp_path / "two")
    expected = train_here(config, tmp_path / "one")
    for trainer in trainers:
        _, errors = trainer.communicate(timeout=LONGEST)
        assert trainer.returncode == 0, errors
    events = events_of(tmp_path / "two")
    assert isinstance(events[0], Started)
    assert events[0].processes == 2
    assert len(progress_of(events)) == 5
    for iteration, losses in losses_of(events).items():
        assert losses == pytest.approx(losses_of(expected)[iteration], rel=1e-5)
    (one,), (two,) = ([event for event in story if isinstance(event, Evaluated)] for story in (expected, events))
    assert two.figures == pytest.approx(one.figures, abs=1e-6)
    assert two.images == 3


@pytest.mark.slow
def test_a_killed_run_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    schedule = {"batch": 4, "iterations": 9, "warmup": 2, "steps": [6]}
    config = tiny_config(tmp_path, schedule=schedule, checkpoint_every=4, evaluate_every=6)
    trainer = started_to_be_killed(tmp_path / "killed")
    expected = train_here(config, tmp_path / "unbroken")
    _, errors = trainer.communicate(timeout=LONGEST)
    assert trainer.returncode == -signal.SIGKILL, errors
    directory = RunDirectory(tmp_path / "killed")
    assert load_checkpoint(directory.latest).card["iteration"] == 8
    with directory.events.open("ab") as stream:
        stream.write(b'{"event": "progress", "iterat')  # as a process leaves it that is killed while it writes
    assert not any(isinstance(event, Stopped) for event in events_of(directory.path))

    events = train_here(directory.read_config(), directory.path, resume=True)
    begun = [event.iteration for event in events if isinstance(event, Started)]
    # The evaluation after the sixth was the last that wrote a state.
    assert begun == [0, 6]
    kept = without_superseded(events)
    assert [event.iteration for event in progress_of(kept)] == list(range(1, 10))
    # Events of iterations that were done again say the same as before.
    assert losses_of(kept) == losses_of(expected)
    assert losses_of(events) == losses_of(expected)
    figures = [event.figures for event in kept if isinstance(event, Evaluated)]
    assert figures == [event.figures for event in expected if isinstance(event, Evaluated)]


@pytest.mark.parametrize(
    ("number", "status", "reason"),
    [
        (signal.SIGTERM, 143, "terminated"),
        pytest.param(signal.SIGINT, 130, "interrupted", marks=pytest.mark.slow),
    ],
)
def test_a_signal_saves_the_run_and_ends_it(tmp_path: Path, number: signal.Signals, status: int, reason: str) -> None:
    schedule = {"batch": 4, "iterations": 100_000, "steps": []}
    tiny_config(tmp_path, schedule=schedule, checkpoint_every=100_000)
    with_workers = (tmp_path / "tiny.yaml").read_text().replace("workers: 0", "workers: 1")
    (tmp_path / "tiny.yaml").write_text(with_workers)
    folder = tmp_path / "run"
    trainer = started(folder)
    wait_for_progress(trainer, folder, 2)
    # As a terminal and a scheduler do it: to all processes of the group, those that prepare pictures among them.
    os.killpg(trainer.pid, number)
    told, errors = trainer.communicate(timeout=LONGEST)
    assert trainer.returncode == status, errors
    last = events_of(folder)[-1]
    assert isinstance(last, Stopped)
    assert last.reason == reason
    assert told.startswith(
        f"{reason} and saved after {last.iteration} iterations; go on with --run-dir {folder} --resume"
    )
    assert f"{last.iteration}: loss total" in errors
    state = torch.load(RunDirectory(folder).state, weights_only=True)
    assert state["iteration"] == last.iteration
    assert not _processes_of(trainer.pid)


def _processes_of(group: int) -> list[int]:
    """Returns the living processes of a group, once those that are ending have had some time."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return []
        time.sleep(0.05)
    return [group]


@pytest.mark.slow
def test_what_fails_on_one_process_ends_all_in_one_sentence(tmp_path: Path) -> None:
    config = tiny_config(tmp_path, schedule={"batch": 4, "iterations": 100_000, "steps": []})
    # The third picture of a batch is the second process's.
    (example,) = examples(config, [6])
    (tmp_path / "data" / "photos" / example.name).write_bytes(b"no picture")
    trainer = started_under_torchrun(tmp_path / "run")
    _, errors = trainer.communicate(timeout=LONGEST)
    assert trainer.returncode == 1
    assert errors.count("error: process 1: ") == 1
    last = events_of(tmp_path / "run")[-1]
    assert isinstance(last, Stopped)
    assert last.message.startswith("process 1: ")


@pytest.mark.slow
def test_torchrun_ends_all_processes_in_order(tmp_path: Path) -> None:
    tiny_config(tmp_path, schedule={"batch": 4, "iterations": 100_000, "steps": []}, checkpoint_every=100_000)
    folder = tmp_path / "run"
    trainer = started_under_torchrun(folder)
    wait_for_progress(trainer, folder, 2)
    trainer.send_signal(signal.SIGTERM)
    _, errors = trainer.communicate(timeout=LONGEST)
    assert trainer.returncode != 0
    events = events_of(folder)
    assert isinstance(events[-1], Stopped), errors
    assert events[-1].reason == "terminated"
    assert any("live batch norms see the 2 pictures" in event.text for event in events if isinstance(event, Note))

    # With another number of processes it goes on.
    alone = started(folder, resume=True)
    wait_for_progress(alone, folder, events[-1].iteration + 2)
    alone.send_signal(signal.SIGTERM)
    alone.communicate(timeout=LONGEST)
    again = [event for event in events_of(folder) if isinstance(event, Started)]
    assert [event.processes for event in again] == [2, 1]
    assert again[1].iteration == events[-1].iteration
