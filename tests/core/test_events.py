"""The events of a run: what is written is read, line by line, whatever a killed process left."""

from __future__ import annotations

import dataclasses
import errno
import json
import math
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet.events import (
    EVENT_TYPES,
    BatchStarted,
    CheckpointSaved,
    Evaluated,
    EvaluationDone,
    EventReader,
    EventWriter,
    Note,
    PictureDone,
    Progress,
    RunEvent,
    Started,
    Stopped,
    _content,
    parse_event,
    without_superseded,
)
from lpsnet.growing_file import LONGEST_LINE


def started(iteration: int = 0) -> Started:
    return Started(
        config="demo", iteration=iteration, iterations=90, batch=4, processes=1, device="cpu", train="9 images"
    )


def progress(iteration: int) -> Progress:
    return Progress(
        iteration=iteration,
        losses={"total": 1.5, "box": 0.5},
        lr=0.01,
        gradient_norm=2.5,
        images_per_second=8.0,
        eta_seconds=60.0,
        memory_bytes=1 << 30,
    )


def batch_started(pictures: int = 2) -> BatchStarted:
    return BatchStarted(task="evaluate", network="demo", data="2 images", pictures=pictures, device="cpu")


def picture(done: int, image_id: int | str = 7) -> PictureDone:
    quality = {"pq": 0.5, "sq": 0.75, "rq": 0.625, "tp": 3, "fp": 1, "fn": 0}
    return PictureDone(file_name="a.png", image_id=image_id, done=done, pictures=2, seconds=0.25, **quality)  # type: ignore[arg-type]


def evaluation_done() -> EvaluationDone:
    return EvaluationDone(figures={"pq": 0.5, "macs": None}, images=1, pictures=2, complete=True, seconds=3.0)


EVERY_KIND = (
    started(),
    Note(text='a "quoted" sentence\nof two lines — ä', level="warning"),
    progress(20),
    Evaluated(iteration=40, figures={"pq": 0.5, "pq_stuff": None}, images=40, seconds=3.0, samples=("samples/00.png",)),
    CheckpointSaved(iteration=40, path="checkpoints/best.safetensors", best=True),
    Stopped(iteration=41, reason="failed", message="the disk is full"),
    batch_started(),
    picture(1, "seven"),
    evaluation_done(),
)


def write(path: Path, *events: RunEvent) -> None:
    writer = EventWriter(path)
    for event in events:
        writer.write(event)
    writer.close()


def test_every_kind_of_event_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert {type(event) for event in EVERY_KIND} == set(EVENT_TYPES.values())
    write(tmp_path / "events.jsonl", *EVERY_KIND)
    assert tuple(EventReader(tmp_path / "events.jsonl").read_new()) == EVERY_KIND
    assert len((tmp_path / "events.jsonl").read_text().splitlines()) == len(EVERY_KIND)


def test_the_names_in_the_file_are_these() -> None:
    """Others read them: a name is never changed."""
    assert list(EVENT_TYPES) == [
        "started",
        "progress",
        "evaluated",
        "checkpoint",
        "note",
        "stopped",
        "batch_started",
        "picture_done",
        "evaluation_done",
    ]
    assert list(progress(1).to_json()) == [
        "event",
        "time",
        "iteration",
        "losses",
        "lr",
        "gradient_norm",
        "images_per_second",
        "eta_seconds",
        "memory_bytes",
    ]


def test_what_json_lacks_becomes_null_and_comes_back_as_no_number() -> None:
    event = dataclasses.replace(progress(1), losses={"total": math.inf}, gradient_norm=math.nan)
    line = json.dumps(event.to_json())
    json.loads(line, parse_constant=pytest.fail)
    read = parse_event(line)
    assert isinstance(read, Progress)
    assert math.isnan(read.losses["total"])
    assert math.isnan(read.gradient_norm)


def test_a_picture_that_was_not_measured_has_no_figures() -> None:
    failed = PictureDone(file_name="a.png", image_id=7, done=1, pictures=2, problem="a.png: truncated")
    content = failed.to_json()
    assert [content[name] for name in ("seconds", "pq", "sq", "rq", "tp", "fp", "fn")] == [None] * 7
    read = parse_event(json.dumps(content))
    assert isinstance(read, PictureDone)
    assert math.isnan(read.seconds)
    assert dataclasses.replace(read, seconds=0.0) == dataclasses.replace(failed, seconds=0.0)


@pytest.mark.parametrize("image_id", [None, True, 1.5, [1]])
def test_an_image_id_is_a_number_or_a_word(image_id: object) -> None:
    assert parse_event(json.dumps(picture(1).to_json() | {"image_id": image_id})) is None


def test_what_later_versions_add_is_skipped() -> None:
    content = progress(3).to_json()
    assert parse_event(json.dumps(content | {"temperature": 71})) == parse_event(json.dumps(content))
    assert parse_event(json.dumps(content | {"event": "melted"})) is None
    del content["lr"]
    assert parse_event(json.dumps(content)) is None


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b'"progress"',
        b'{"event": "progress"',
        b'{"event": ["progress"]}',
        b'{"event": "note", "text": 3}',
        b'{"event": "note", "text": "\xff"}',
        b'{"event": "stopped", "iteration": "many", "reason": "finished"}',
        b'{"event": "checkpoint", "iteration": 3, "path": "x", "best": 1}',
        b'{"event": "stopped", "iteration": 1, "reason": "failed"} {}',
        b'{"event": "evaluated", "iteration": 3, "figures": {}, "images": 4, "seconds": 1' + b"0" * 400 + b"}",
        b"[" * 100_000,
    ],
)
def test_damaged_lines_are_no_events(line: bytes) -> None:
    assert parse_event(line) is None


@given(st.binary(max_size=30) | st.text(max_size=20).map(str.encode) | st.sampled_from([b" {}", b"{}\r\n", b"NaN"]))
def test_a_line_holds_what_json_says_it_holds(line: bytes) -> None:
    try:
        expected = json.loads(line)
    except ValueError:
        with pytest.raises(ValueError):  # noqa: PT011 - whatever kind of it
            _content(line)
    else:
        found = _content(line)
        assert repr(found) == repr(expected)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=3), st.lists, max_leaves=4))
def test_fields_of_any_type_never_break_a_reader(value: object) -> None:
    for event in EVERY_KIND:
        for name in event.to_json():
            parsed = parse_event(json.dumps(event.to_json() | {name: value}))
            assert parsed is None or isinstance(parsed, RunEvent)


def test_a_growing_file_is_read_bit_by_bit(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    reader = EventReader(path)
    assert list(reader.read_new()) == []
    line = json.dumps(progress(1).to_json()).encode() + b"\n"
    with path.open("ab", buffering=0) as stream:
        stream.write(line + line[:30])
        assert [event.iteration for event in reader.read_new() if isinstance(event, Progress)] == [1]
        assert list(reader.read_new()) == []
        stream.write(line[30:])
        assert len(list(reader.read_new())) == 1
    assert list(reader.read_new()) == []
    assert reader.skipped == 0


def test_reading_can_be_stopped_and_gone_on_with(tmp_path: Path) -> None:
    write(tmp_path / "events.jsonl", *(progress(number) for number in range(10)))
    reader = EventReader(tmp_path / "events.jsonl")
    first = [next(events) for events in [reader.read_new()] for _ in range(4)]
    rest = list(reader.read_new())
    assert [event.iteration for event in [*first, *rest] if isinstance(event, Progress)] == list(range(10))


def test_a_call_reads_as_many_lines_as_it_may_even_if_all_are_damaged(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"{damaged\n" * 5 + b"\n" * 2)
    write(path, progress(1), progress(2))
    reader = EventReader(path)
    assert reader.read_lines(4) == ([], True)
    assert reader.skipped == 4
    assert reader.read_lines(3) == ([], True)
    assert reader.skipped == 5
    found, has_more = reader.read_lines(3)
    assert [event.iteration for event in found if isinstance(event, Progress)] == [1, 2]
    assert not has_more
    assert EventReader(tmp_path / "none").read_lines(3) == ([], False)


def test_a_line_without_an_end_is_gone_past_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"x" * (2 * LONGEST_LINE + 5))
    reader = EventReader(path)
    assert reader.read_lines(1) == ([], True)
    assert reader.read_lines(9) == ([], False)
    write(path, progress(1))  # ends the line first
    assert [type(event) for event in reader.read_new()] == [Progress]
    assert reader.skipped == 1
    path.write_bytes(b"x" * LONGEST_LINE)
    list(reader.read_new())
    write(tmp_path / "other", progress(5))
    (tmp_path / "other").replace(path)
    assert len(list(reader.read_new())) == 1


def test_a_file_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    reader = EventReader(path)
    write(path, progress(1))
    assert len(list(reader.read_new())) == 1
    write(tmp_path / "other", progress(5), progress(6), progress(7))
    (tmp_path / "other").replace(path)
    assert [event.iteration for event in reader.read_new() if isinstance(event, Progress)] == [5, 6, 7]
    path.write_bytes(b"")
    write(path, progress(9))
    assert [event.iteration for event in reader.read_new() if isinstance(event, Progress)] == [9]


def test_a_torn_line_is_ended_by_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, started(), progress(1))
    with path.open("ab") as stream:
        stream.write(b'{"event": "progr')
    write(path, started(1), progress(2))
    reader = EventReader(path)
    assert [type(event) for event in reader.read_new()] == [Started, Progress, Started, Progress]
    assert reader.skipped == 1


def test_a_full_disk_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "events.jsonl"
    writer = EventWriter(path)
    writer.write(progress(1))
    before = path.read_bytes()
    whole = os.write

    def half(descriptor: int, content: bytes) -> int:
        if len(content) < 40:
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(descriptor, content[: len(content) // 2])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match=r"events\.jsonl could not be written: no space left on device"):
        writer.write(progress(2))
    monkeypatch.undo()
    assert path.read_bytes() == before
    writer.write(progress(3))
    writer.close()
    assert [event.iteration for event in EventReader(path).read_new() if isinstance(event, Progress)] == [1, 3]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"gone/events\.jsonl could not be written"):
        EventWriter(tmp_path / "gone" / "events.jsonl")


def test_iterations_that_were_done_again_are_told_once() -> None:
    note = Note(text="x")
    best = CheckpointSaved(iteration=3, path="best", best=True)
    first = [started(), note, progress(1), progress(2), best, progress(3), progress(4)]
    second = [started(2), progress(3), Stopped(iteration=3, reason="terminated")]
    third = [started(3), progress(4)]
    kept = without_superseded([*first, *second, *third])
    assert kept == [*first[:4], *second, *third]
    assert without_superseded(kept) == kept
    assert without_superseded([]) == []


def test_a_batch_that_is_done_again_supersedes_the_one_before() -> None:
    first = [batch_started(), Note(text="x"), picture(1), picture(2), evaluation_done()]
    stopped = Stopped(iteration=2, reason="finished")
    second = [batch_started(), picture(1)]
    assert without_superseded([*first, stopped, *second]) == [first[0], first[1], stopped, *second]
    training = [started(), progress(1), stopped]
    assert without_superseded([*training, *second]) == [*training, *second]
