"""``lpsnet evaluate`` and ``lpsnet predict`` with ``--events``: what a reader of the file learns, however they end."""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner, Result

from lpsnet import cli
from lpsnet.data.sources import LabelledPicture, _Scenes
from lpsnet.engine import evaluation_setup, predict
from lpsnet.events import BatchStarted, EvaluationDone, EventReader, EventWriter, Note, PictureDone, RunEvent, Stopped
from lpsnet.formats.coco_panoptic import CocoPanopticWriter, read_coco_panoptic
from lpsnet.scenes import draw_scene, scene_categories

ORACLES = ["--oracle", "semantic,boxes", "--stuff-limit", 0]
NETWORK = ["--config", "demo", "--set", "input.short_side=64", "--set", "model.backbone.width=0.25"]


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.app, [str(word) for word in words])


def told(path: Path) -> list[RunEvent]:
    reader = EventReader(path)
    found = list(reader.read_new())
    assert reader.skipped == 0
    return found


def kinds(found: list[RunEvent]) -> list[str]:
    return [event.event for event in found]


def end(path: Path) -> Stopped:
    last = told(path)[-1]
    assert isinstance(last, Stopped)
    return last


def pictures(path: Path) -> list[PictureDone]:
    return [event for event in told(path) if isinstance(event, PictureDone)]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three drawn scenes as a COCO panoptic data set, in a folder that is only read."""
    folder = tmp_path_factory.mktemp("drawn") / "set"
    (folder / "images").mkdir(parents=True)
    with CocoPanopticWriter(folder / "panoptic.json", None, scene_categories()) as writer:
        for seed in (11, 12, 13):
            scene = draw_scene(seed, height=64, width=96)
            Image.fromarray(scene.image).save(folder / "images" / f"scene{seed}.png")
            writer.add(seed, f"scene{seed}.png", scene.segmentation)
    return folder


@pytest.fixture
def dataset(drawn: Path, tmp_path: Path) -> Path:
    """A copy of the drawn scenes, which a test may damage."""
    shutil.copytree(drawn, tmp_path / "set")
    return tmp_path / "set" / "panoptic.json"


def damage(dataset: Path, name: str) -> None:
    photo = dataset.parent / "images" / name
    photo.write_bytes(photo.read_bytes()[:500])


# ------------------------------------------------------------------------------------------------- a batch that is done


def test_an_evaluation_tells_of_every_picture_and_of_its_figures(dataset: Path, tmp_path: Path) -> None:
    events, report = tmp_path / "new" / "events.jsonl", tmp_path / "e.json"
    done = run("evaluate", *NETWORK, "--data", dataset, "--events", events, "--json", report, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    start, *turns, figures, stopped = told(events)
    assert isinstance(start, BatchStarted)
    assert (start.task, start.network, start.checkpoint) == ("evaluate", "demo", "")
    assert (start.data, start.pictures) == ("3 images of panoptic.json", 3)
    assert start.device.startswith("cpu")
    content = json.loads(report.read_text())
    assert [(turn.image_id, turn.file_name) for turn in turns if isinstance(turn, PictureDone)] == [
        (seed, f"scene{seed}.png") for seed in (11, 12, 13)
    ]
    for number, (turn, row) in enumerate(zip(turns, content["pictures"], strict=True), start=1):
        assert isinstance(turn, PictureDone)
        assert (turn.done, turn.pictures, turn.problem) == (number, 3, "")
        assert {name: getattr(turn, name) for name in row} == row
        assert 0 < turn.seconds < 100
    assert isinstance(figures, EvaluationDone)
    assert (figures.images, figures.pictures, figures.complete) == (3, 3, True)
    assert figures.figures["pq"] == content["panoptic"]["All"]["pq"]
    assert figures.figures["mask_ap"] == content["average_precision"]["mask"]["ap"]
    assert figures.figures["peak_memory_bytes"] == content["cost"]["peak_memory_bytes"] > 0
    assert figures.predictions == str(tmp_path / "out" / "panoptic.json")
    assert figures.seconds >= sum(turn.seconds for turn in turns if isinstance(turn, PictureDone))
    assert stopped == Stopped(time=stopped.time, iteration=3, reason="finished")


def test_a_prediction_tells_of_every_picture_and_judges_none(dataset: Path, tmp_path: Path) -> None:
    events = tmp_path / "out" / "events.jsonl"
    done = run("predict", dataset, tmp_path / "gone.png", *ORACLES, "--out", events.parent, "--events", events)
    assert done.exit_code == 1
    start, note, *turns, stopped = told(events)
    assert isinstance(start, BatchStarted)
    assert (start.task, start.network, start.device, start.pictures) == ("predict", "", "", 3)
    assert start.data == "panoptic.json and 1 more"
    assert isinstance(note, Note)
    assert (note.level, "gone.png" in note.text) == ("warning", True)
    assert kinds(turns) == ["picture_done"] * 3
    for turn in turns:
        assert isinstance(turn, PictureDone)
        assert (turn.pq, turn.sq, turn.rq, turn.tp, turn.fp, turn.fn) == (None,) * 6
        assert turn.seconds > 0
    assert isinstance(stopped, Stopped)
    assert (stopped.iteration, stopped.reason) == (3, "finished")
    assert "gone.png" in stopped.message


@pytest.mark.parametrize("task", ["evaluate", "predict"])
def test_a_picture_that_fails_says_why_and_the_batch_is_finished(task: str, dataset: Path, tmp_path: Path) -> None:
    damage(dataset, "scene12.png")
    events = tmp_path / "events.jsonl"
    data = ["--data", dataset] if task == "evaluate" else [dataset]
    done = run(task, *data, *ORACLES, "--out", tmp_path / "out", "--events", events)
    assert done.exit_code == 1
    first, failed, last = pictures(events)
    assert (failed.image_id, failed.file_name, failed.done, failed.tp) == (12, "scene12.png", 2, None)
    assert "scene12.png" in failed.problem
    assert math.isnan(failed.seconds)
    assert (first.problem, last.problem, last.done) == ("", "", 3)
    assert (end(events).reason, end(events).message) == ("finished", failed.problem)


def test_a_batch_that_is_run_again_is_appended(dataset: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    for _ in range(2):
        assert run("evaluate", "--data", dataset, *ORACLES, "--events", events).exit_code == 0
    once = ["batch_started", *["picture_done"] * 3, "evaluation_done", "stopped"]
    assert kinds(told(events)) == once * 2


# ------------------------------------------------------------------------------------------------------ being stopped


def stop_at(monkeypatch: pytest.MonkeyPatch, name: str, number: signal.Signals) -> None:
    """Sends a signal while a picture is segmented, or a scene read."""
    inspect, read = predict.Predictor.inspect, _Scenes.read

    def inspect_and_stop(self: predict.Predictor, picture: predict.Picture) -> object:
        if picture.name == name:
            signal.raise_signal(number)
        return inspect(self, picture)

    def read_and_stop(self: _Scenes, index: int) -> LabelledPicture:
        if self.identity(index)[0] == name:
            signal.raise_signal(number)
        return read(self, index)

    monkeypatch.setattr(predict.Predictor, "inspect", inspect_and_stop)
    monkeypatch.setattr(_Scenes, "read", read_and_stop)


STOPS = [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]


@pytest.mark.parametrize(("number", "status", "reason"), STOPS)
def test_a_prediction_stops_after_the_picture_in_hand(
    number: signal.Signals, status: int, reason: str, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("predict", dataset, *ORACLES, "--out", tmp_path / "unbroken").exit_code == 0
    stop_at(monkeypatch, "scene12.png", number)
    before, events = signal.getsignal(number), tmp_path / "events.jsonl"
    done = run("predict", dataset, *ORACLES, "--out", tmp_path / "out", "--events", events)
    assert done.exit_code == status
    assert "stopped: 2 of 3 segmented" in done.stdout
    assert signal.getsignal(number) == before
    written = read_coco_panoptic(tmp_path / "out" / "panoptic.json")
    unbroken = read_coco_panoptic(tmp_path / "unbroken" / "panoptic.json")
    for one, other in zip(written.records, unbroken.records[:2], strict=True):
        assert one.image_id == other.image_id
        assert np.array_equal(written.read_segmentation(one).ids, unbroken.read_segmentation(other).ids)
    assert [turn.file_name for turn in pictures(events)] == ["scene11.png", "scene12.png"]
    assert end(events) == Stopped(time=end(events).time, iteration=2, reason=reason)


@pytest.mark.parametrize(("number", "status", "reason"), STOPS)
def test_an_evaluation_that_is_stopped_says_so(
    number: signal.Signals, status: int, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_at(monkeypatch, "scene 13", number)
    events = tmp_path / "events.jsonl"
    done = run("evaluate", "--data", "scenes:11+9@64x64", *ORACLES, "--events", events)
    assert done.exit_code == status
    figures, stopped = told(events)[-2:]
    assert isinstance(figures, EvaluationDone)
    assert (figures.images, figures.pictures, figures.complete) == (2, 9, False)
    assert stopped == Stopped(time=stopped.time, iteration=2, reason=reason)


def test_a_stop_before_the_first_picture_writes_nothing(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = predict.predict_pictures

    def stopped(*words: object, **options: object) -> object:
        signal.raise_signal(signal.SIGTERM)
        return original(*words, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(predict, "predict_pictures", stopped)
    done = run("predict", dataset, *ORACLES, "--out", tmp_path / "out", "--events", tmp_path / "events.jsonl")
    assert done.exit_code == 143
    assert list((tmp_path / "out").iterdir()) == []
    assert (end(tmp_path / "events.jsonl").iteration, end(tmp_path / "events.jsonl").reason) == (0, "terminated")


@pytest.fixture
def as_in_a_terminal() -> Iterator[None]:
    """Lets Ctrl+C interrupt: a process that a shell started in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("as_in_a_terminal")
def test_a_second_signal_ends_at_once_and_keeps_what_is_done(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspect, events = predict.Predictor.inspect, tmp_path / "events.jsonl"

    def twice(self: predict.Predictor, picture: predict.Picture) -> object:
        if picture.name == "scene12.png":
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        return inspect(self, picture)

    monkeypatch.setattr(predict.Predictor, "inspect", twice)
    done = run("predict", dataset, *ORACLES, "--out", tmp_path / "out", "--events", events)
    assert done.exit_code == 130
    assert len(read_coco_panoptic(tmp_path / "out" / "panoptic.json")) == 1
    assert (end(events).iteration, end(events).reason) == (1, "interrupted")


@pytest.mark.slow
def test_a_real_process_is_stopped_by_sigterm(tmp_path: Path) -> None:
    photos, events = tmp_path / "photos", tmp_path / "out" / "events.jsonl"
    photos.mkdir()
    for number in range(200):
        Image.fromarray(draw_scene(number % 3, height=64, width=96).image).save(photos / f"{number:03}.png")
    words = ["predict", photos, *NETWORK, "--out", events.parent, "--events", events]
    process = subprocess.Popen(
        [sys.executable, "-m", "lpsnet.cli", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 120
        while not (events.exists() and pictures(events)):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        output, problems = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 143, problems
    done = len(pictures(events))
    assert 0 < done < 200
    assert len(read_coco_panoptic(events.parent / "panoptic.json")) == done
    assert f"stopped: {done} of 200 segmented" in output
    assert (end(events).iteration, end(events).reason) == (done, "terminated")


# ---------------------------------------------------------------------------------------------------------- bad ends


def fill_the_disk(monkeypatch: pytest.MonkeyPatch, full: Callable[[RunEvent], bool]) -> None:
    """Lets the disk be full while some events are appended."""
    original, write = EventWriter.write, os.write

    def no_room(_descriptor: int, _content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def write_event(self: EventWriter, event: RunEvent) -> None:
        monkeypatch.setattr(os, "write", no_room if full(event) else write)
        try:
            original(self, event)
        finally:
            monkeypatch.setattr(os, "write", write)

    monkeypatch.setattr(EventWriter, "write", write_event)


@pytest.mark.parametrize("task", ["evaluate", "predict"])
def test_a_full_disk_costs_events_but_no_results(
    task: str, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = tmp_path / "events.jsonl"
    fill_the_disk(monkeypatch, lambda event: isinstance(event, PictureDone) and event.done > 1)
    data = ["--data", dataset] if task == "evaluate" else [dataset]
    done = run(task, *data, *ORACLES, "--out", tmp_path / "out", "--events", events)
    assert done.exit_code == 1
    sentence = f"failed: events are missing: {events} could not be written: no space left on device\n"
    assert done.stderr.count(sentence) == 1
    assert len(read_coco_panoptic(tmp_path / "out" / "panoptic.json")) == 3
    assert [turn.done for turn in pictures(events)] == [1]
    assert (end(events).iteration, end(events).reason) == (3, "finished")


def test_a_disk_that_is_full_from_the_start_costs_no_results(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_the_disk(monkeypatch, lambda event: True)
    words = ["--out", tmp_path / "out", "--events", tmp_path / "events.jsonl", "--json", tmp_path / "e.json"]
    done = run("evaluate", "--data", dataset, *ORACLES, *words)
    assert done.exit_code == 1
    assert "events are missing" in done.stderr
    assert json.loads((tmp_path / "e.json").read_text())["images"] == 3
    assert (tmp_path / "events.jsonl").read_bytes() == b""


def test_a_checkpoint_that_cannot_be_read_is_the_end(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"nonsense")
    for task, data in (("evaluate", ["--data", dataset]), ("predict", [dataset, "--out", tmp_path / "out"])):
        events = tmp_path / f"{task}.jsonl"
        done = run(task, *data, "--checkpoint", tmp_path / "bad.safetensors", "--events", events)
        assert isinstance(done.exception, ValueError)
        assert done.exit_code == 1
        assert kinds(told(events)) == ["stopped"]
        assert (end(events).reason, end(events).message) == ("failed", str(done.exception))
        assert "bad.safetensors" in end(events).message


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_running_out_of_memory_is_recognised(
    error: Exception, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(**_options: object) -> object:
        raise error

    events = tmp_path / "events.jsonl"
    monkeypatch.setattr(evaluation_setup, "load_network", exhausted)
    done = run("evaluate", *NETWORK, "--data", dataset, "--events", events)
    assert done.exception is error
    assert (end(events).reason, end(events).iteration) == ("failed", 0)
    assert end(events).message == "not enough memory; try a smaller input, such as input.short_side=480"


def test_memory_that_no_picture_has_enough_of_fails_the_batch(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(self: predict.Predictor, picture: predict.Picture) -> object:
        raise MemoryError

    monkeypatch.setattr(predict.Predictor, "inspect", exhausted)
    events = tmp_path / "events.jsonl"
    done = run("predict", dataset, *ORACLES, "--out", tmp_path / "out", "--events", events)
    assert done.exit_code == 1
    assert [turn.problem.partition(": ")[2] for turn in pictures(events)] == [
        "not enough memory; try a smaller input, such as input.short_side=480"
    ] * 3
    last = dataset.parent / "images" / "scene13.png"
    assert end(events).reason == "failed"
    assert end(events).message.startswith(f"{last}: not enough memory; ")
    assert end(events).message.endswith(" (and 2 failures before)")


def test_a_dead_cuda_device_is_the_end(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inspect, events = predict.Predictor.inspect, tmp_path / "events.jsonl"

    def lost(self: predict.Predictor, picture: predict.Picture) -> object:
        if picture.name == "scene12.png":
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        return inspect(self, picture)

    monkeypatch.setattr(predict.Predictor, "inspect", lost)
    done = run("predict", dataset, *ORACLES, "--out", tmp_path / "out", "--events", events)
    assert done.exit_code == 1
    assert [bool(turn.problem) for turn in pictures(events)] == [False, True]
    assert end(events).reason == "failed"
    assert end(events).message == "the CUDA device failed: 1 more were not tried (and 1 failure before)"


def test_an_unforeseen_fault_is_named(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_options: object) -> object:
        raise KeyError("surprise")

    events = tmp_path / "events.jsonl"
    monkeypatch.setattr(evaluation_setup, "load_network", broken)
    run("evaluate", *NETWORK, "--data", dataset, "--events", events)
    assert (end(events).reason, end(events).message) == ("failed", "KeyError: 'surprise'")


def test_results_that_cannot_be_written_are_the_end(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: CocoPanopticWriter) -> Path:
        self.discard()
        raise OSError(f"{self.json_path} could not be written: no space left on device")

    monkeypatch.setattr(CocoPanopticWriter, "close", full)
    events = tmp_path / "events.jsonl"
    done = run("predict", dataset, *ORACLES, "--out", tmp_path / "out", "--events", events)
    assert done.exit_code == 1
    assert end(events).reason == "failed"
    assert end(events).message == f"{tmp_path / 'out' / 'panoptic.json'} could not be written: no space left on device"


def test_nothing_to_predict_is_the_end(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    done = run("predict", tmp_path / "gone.png", *ORACLES, "--out", tmp_path / "out", "--events", events)
    assert done.exit_code == 1
    assert kinds(told(events)) == ["stopped"]
    assert end(events).reason == "failed"
    assert "gone.png" in end(events).message


# ------------------------------------------------------------------------------------------- files that are no events


def test_events_are_appended_to_nothing_else(dataset: Path, tmp_path: Path) -> None:
    training = tmp_path / "events.jsonl"
    training.write_bytes(b'{"event": "started", "time": 1}\n{"event": "progress"}\n')
    photo = dataset.parent / "images" / "scene11.png"
    for path, sentence in (
        (dataset, "holds something other than events"),
        (photo, "holds something other than events"),
        (training, "holds the events of a training"),
    ):
        before = path.read_bytes()
        done = run("evaluate", "--data", dataset, *ORACLES, "--events", path)
        assert str(done.exception) == f"{path}: {sentence}; choose another --events"
        assert path.read_bytes() == before


def test_events_and_results_are_not_one_file(dataset: Path, tmp_path: Path) -> None:
    both = tmp_path / "out" / "panoptic.json"
    for words in (
        ["evaluate", "--data", dataset, "--events", both, "--json", both],
        ["evaluate", "--data", dataset, "--events", both, "--out", both.parent],
        ["predict", dataset, "--events", both, "--out", both.parent],
    ):
        assert "cannot be in one file" in str(run(*words, *ORACLES).exception)
        assert not both.parent.exists()


def test_a_folder_that_cannot_be_made_is_named_before_anything_runs(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    done = run("evaluate", "--data", dataset, *ORACLES, "--events", tmp_path / "file" / "events.jsonl")
    assert str(done.exception).startswith(f"{tmp_path / 'file'} could not be written")
    assert done.stdout == ""


def test_a_line_that_a_killed_process_left_is_ended(dataset: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_bytes(b'{"event": "batch_st')
    assert run("evaluate", "--data", dataset, *ORACLES, "--events", events).exit_code == 0
    reader = EventReader(events)
    assert len(list(reader.read_new())) == 6
    assert reader.skipped == 1
