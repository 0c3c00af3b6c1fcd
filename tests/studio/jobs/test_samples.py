"""The samples of a run directory: found, ordered, told apart from those that a killed run went back before."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from lpsnet.events import Evaluated, EventWriter, Progress, RunEvent, Started
from lpsnet_studio.jobs.samples import RunSamples, SampleSheet


def draw(run: Path, iteration: int, *names: str) -> None:
    folder = run / "samples" / f"iteration-{iteration:07d}"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"drawn")


def tell(run: Path, *events: RunEvent) -> None:
    writer = EventWriter(run / "events.jsonl")
    for event in events:
        writer.write(event)
    writer.close()


def evaluated(iteration: int, pq: float | None, *names: str) -> Evaluated:
    samples = tuple(f"samples/iteration-{iteration:07d}/{name}" for name in names)
    return Evaluated(iteration=iteration, figures={"pq": pq}, images=2, seconds=1.0, samples=samples)


def started(iteration: int) -> Started:
    return Started(
        config="tiny", iteration=iteration, iterations=100, batch=1, processes=1, device="CPU", train="t", val="v"
    )


def progress(iteration: int) -> Progress:
    return Progress(
        iteration=iteration,
        losses={"total": 1.0},
        lr=0.1,
        gradient_norm=1.0,
        images_per_second=1.0,
        eta_seconds=1.0,
        memory_bytes=1,
    )


def iterations(sheet: SampleSheet) -> list[int]:
    return [evaluation.iteration for evaluation in sheet.evaluations]


def test_a_run_that_is_not_there_or_drew_nothing_has_no_samples(tmp_path: Path) -> None:
    assert RunSamples(tmp_path / "gone").read() == SampleSheet()
    (tmp_path / "samples").mkdir()
    assert RunSamples(tmp_path).read() == SampleSheet()


def test_evaluations_come_newest_first_with_their_pq(tmp_path: Path) -> None:
    draw(tmp_path, 20, "00.png", "01.png", "notes.txt")
    draw(tmp_path, 100, "01.png", "00.png", "10.png", "2.png")
    (tmp_path / "samples" / "other").mkdir()
    (tmp_path / "samples" / "iteration-x").mkdir()
    tell(tmp_path, started(0), progress(10), evaluated(20, 0.125), progress(90), evaluated(100, None))
    sheet = RunSamples(tmp_path).read()
    assert iterations(sheet) == [100, 20]
    assert [evaluation.pq_words for evaluation in sheet.evaluations] == ["—", "12.5"]
    assert sheet.names == ("00", "01", "2", "10")
    assert [sample.path.name for sample in sheet.evaluations[1].samples] == ["00.png", "01.png"]
    assert sheet.evaluations[1].sample("2") is None


def test_a_folder_without_events_is_shown_too(tmp_path: Path) -> None:
    draw(tmp_path, 20, "00.jpg")
    (evaluation,) = RunSamples(tmp_path).read().evaluations
    assert evaluation.pq is None


def test_samples_come_while_the_run_goes_on(tmp_path: Path) -> None:
    samples = RunSamples(tmp_path)
    tell(tmp_path, started(0))
    assert iterations(samples.read()) == []
    draw(tmp_path, 20, "00.png")
    first = samples.read()
    draw(tmp_path, 20, "01.png")
    tell(tmp_path, evaluated(20, 0.5))
    second = samples.read()
    assert first.names == ("00",)
    assert first.evaluations[0].pq is None
    assert second.names == ("00", "01")
    assert second.evaluations[0].pq == 0.5


def test_what_a_killed_run_went_back_before_is_not_shown_until_it_is_drawn_again(tmp_path: Path) -> None:
    samples = RunSamples(tmp_path)
    for iteration in (20, 40):
        draw(tmp_path, iteration, "00.png")
    tell(tmp_path, started(0), evaluated(20, 0.1), evaluated(40, 0.2))
    assert iterations(samples.read()) == [40, 20]
    tell(tmp_path, started(20))
    assert iterations(samples.read()) == [20]
    tell(tmp_path, evaluated(40, 0.3))
    assert [evaluation.pq for evaluation in samples.read().evaluations] == [0.3, 0.1]


def test_a_picture_that_was_drawn_again_is_another_one(tmp_path: Path) -> None:
    samples = RunSamples(tmp_path)
    draw(tmp_path, 20, "00.png")
    before = samples.read()
    path = before.evaluations[0].samples[0].path
    os.utime(path, ns=(1, 1))
    os.utime(path.parent, ns=(2, 2))
    assert samples.read().evaluations[0].samples[0] != before.evaluations[0].samples[0]


def test_pictures_that_are_gone_keep_their_place(tmp_path: Path) -> None:
    draw(tmp_path, 20, "00.png")
    tell(tmp_path, started(0), evaluated(20, 0.1, "00.png", "01.png"))
    (evaluation,) = RunSamples(tmp_path).read().evaluations
    assert [(sample.name, sample.changed > 0) for sample in evaluation.samples] == [("00", True), ("01", False)]


@pytest.mark.parametrize("name", ["../../../etc/passwd.png", "/etc/passwd.png", "..\\..\\x.png"])
def test_events_lead_to_no_file_outside_the_evaluation(tmp_path: Path, name: str) -> None:
    draw(tmp_path, 20, "00.png")
    tell(tmp_path, started(0), evaluated(20, 0.1, name))
    (evaluation,) = RunSamples(tmp_path).read().evaluations
    assert [sample.name for sample in evaluation.samples] == ["00"]


def test_torn_and_damaged_events_are_passed_over(tmp_path: Path) -> None:
    draw(tmp_path, 20, "00.png")
    samples = RunSamples(tmp_path)
    line = json.dumps(evaluated(20, 0.1).to_json()).encode()
    (tmp_path / "events.jsonl").write_bytes(b'{"event": "evaluated", "iteration": "no"}\n\xff\xfe\n' + line[:30])
    assert samples.read().evaluations[0].pq is None
    with (tmp_path / "events.jsonl").open("ab") as stream:
        stream.write(line[30:] + b"\n")
    assert samples.read().evaluations[0].pq == 0.1


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "samples").write_bytes(b"")
    sheet = RunSamples(tmp_path).read()
    assert sheet.evaluations == ()
    assert sheet.problem.startswith(f"{tmp_path / 'samples'}: cannot be read: ")


def test_the_row_of_an_iteration_is_its_own_or_the_next_older(tmp_path: Path) -> None:
    for iteration in (20, 40, 60):
        draw(tmp_path, iteration, "00.png")
    sheet = RunSamples(tmp_path).read()
    assert [sheet.row_of(iteration) for iteration in (70, 60, 50, 40, 20, 10)] == [0, 0, 1, 1, 2, 2]
    assert SampleSheet().row_of(5) == 0
