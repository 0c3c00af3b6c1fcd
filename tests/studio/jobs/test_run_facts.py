from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from lpsnet.events import (
    CheckpointSaved,
    Evaluated,
    EventReader,
    Note,
    PictureDone,
    Progress,
    RunEvent,
    Started,
    Stopped,
)
from lpsnet_studio.jobs import run_facts
from lpsnet_studio.jobs.run_facts import RunFacts, facts_of, read_facts
from tests.studio.jobs.child_jobs import batch_started, training_started, write_events


def progress(iteration: int, time: float) -> Progress:
    return Progress(
        time=time,
        iteration=iteration,
        losses={"total": 1.0},
        lr=0.1,
        gradient_norm=1.0,
        images_per_second=3.5,
        eta_seconds=60.0,
        memory_bytes=1,
    )


def test_nothing_is_known_without_events(tmp_path: Path) -> None:
    assert read_facts(tmp_path / "events.jsonl") == RunFacts()
    (tmp_path / "events.jsonl").write_bytes(b'{"event": "progress", "iter\n\xff\xfe[[[\nnull\n')
    assert read_facts(tmp_path / "events.jsonl") == RunFacts()


@pytest.mark.parametrize("name", ["best", "latest"])
def test_a_network_is_there_if_its_file_is(tmp_path: Path, name: str) -> None:
    saved = CheckpointSaved(time=111.0, iteration=10, path="latest")
    path = tmp_path / "events.jsonl"
    write_events(tmp_path, training_started(400, time=100.0), progress(10, 110.0), saved)
    assert not read_facts(path).has_network
    checkpoint = tmp_path / "checkpoints" / f"{name}.safetensors"
    checkpoint.parent.mkdir()
    checkpoint.write_bytes(b"")
    assert read_facts(path).has_network
    checkpoint.unlink()
    assert not read_facts(path).has_network


def test_a_training_stands_where_its_latest_events_say() -> None:
    facts = facts_of(
        [
            training_started(400, time=100.0),
            progress(10, 110.0),
            CheckpointSaved(time=111.0, iteration=10, path="latest"),
            Evaluated(time=140.0, iteration=10, figures={"pq": 0.5}, images=3, seconds=2.0),
            progress(20, 141.0),
        ]
    )
    whole = RunFacts("train", 20, 400, 10, 0.5, 3.5, 60.0, 100.0, 141.0, 29.0, device="cpu", first_started=100.0)
    whole = replace(whole, earlier_seconds=0.0)
    assert facts == whole
    assert facts.so_far == "20 of 400 iterations"


def test_a_run_that_goes_on_has_not_stopped_and_goes_back_to_what_was_saved() -> None:
    stopped = Stopped(time=200.0, iteration=30, reason="terminated")
    before = [training_started(400, time=100.0), progress(30, 150.0), stopped]
    assert facts_of(before).stopped == stopped
    again = facts_of([*before, training_started(400, iteration=20, time=300.0)])
    assert (again.stopped, again.iteration, again.saved, again.started) == (None, 20, 20, 300.0)
    assert again.first_started == 100.0


def test_what_an_earlier_process_said_of_its_end_is_not_about_the_new_one() -> None:
    events = [training_started(400, time=100.0), Stopped(time=200.0, iteration=30, reason="failed", message="x")]
    assert facts_of(events, since=250.0).stopped is None
    assert facts_of(events, since=150.0).stopped is not None


def test_a_batch_counts_pictures_and_begins_anew() -> None:
    first = [batch_started(20), PictureDone(file_name="a", image_id=1, done=1, pictures=20)]
    assert facts_of(first).so_far == "1 of 20 pictures"
    assert facts_of([*first, batch_started(5, task="predict")]).so_far == "0 of 5 pictures"


def test_a_long_file_is_read_at_its_ends_alone_and_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(3)
    monkeypatch.setattr(run_facts, "_TAIL_BYTES", 20_000)
    events: list[RunEvent] = [training_started(10_000, time=2.0)]
    for number in range(1, 2000):
        events.append(progress(number, 2.0 + number))
        if number % 20 == 0:
            events.append(CheckpointSaved(time=2.0 + number, iteration=number, path="latest"))
            events.append(Note(time=2.0 + number, text="x" * chance.randrange(300)))
    write_events(tmp_path, *events)
    path = tmp_path / "events.jsonl"
    assert path.stat().st_size > 200_000
    assert read_facts(path) == facts_of(EventReader(path).read_new())


def test_an_event_without_a_time_is_no_silence() -> None:
    facts = facts_of([training_started(4, time=1.0), Started(**{**vars_of(training_started(4)), "time": float("nan")})])
    assert facts.heard == 1.0


def vars_of(event: Started) -> dict[str, object]:
    return {name: getattr(event, name) for name in (*event.__slots__, "time")}


@pytest.mark.parametrize("count", [5, 2000])
def test_the_time_of_earlier_sittings_is_added_up(tmp_path: Path, count: int) -> None:
    """Of a file of any length that is looked through, also where only its ends are read whole."""
    path = tmp_path / "events.jsonl"
    sittings: list[RunEvent] = []
    for begun, seconds in ((100.0, 50.0), (5000.0, 70.0), (9000.0, 30.0)):
        sittings += [
            training_started(4000, time=begun),
            *(progress(at, begun + seconds * at / count) for at in range(1, count + 1)),
        ]
    write_events(tmp_path, *sittings)
    facts = read_facts(path)
    assert facts.earlier_seconds == pytest.approx(120.0)
    assert (facts.first_started, facts.started) == (100.0, 9000.0)
    assert facts.longest_silence < 100
    only = tmp_path / "only"
    only.mkdir()
    write_events(only, *sittings[: count + 1])
    assert read_facts(only / "events.jsonl").earlier_seconds == 0


def test_a_file_that_is_too_long_to_be_looked_through_leaves_it_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_facts, "_MOST_SCANNED", 1 << 17)
    events = [training_started(4000, time=100.0), *(progress(at, 100.0 + at) for at in range(1, 2000))]
    write_events(tmp_path, *events, training_started(4000, time=9000.0))
    facts = read_facts(tmp_path / "events.jsonl")
    assert facts.earlier_seconds is None
    assert (facts.first_started, facts.started) == (100.0, 9000.0)
