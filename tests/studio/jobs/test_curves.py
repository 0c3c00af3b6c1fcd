"""Reading what a run reports, whatever happens to its file."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lpsnet.events import (
    BatchStarted,
    CheckpointSaved,
    Evaluated,
    EvaluationDone,
    Note,
    PictureDone,
    Progress,
    RunEvent,
    Started,
    Stopped,
    without_superseded,
)
from lpsnet_studio.jobs.curve_drawing import CurveDrawer, Sight
from lpsnet_studio.jobs.curves import RunCurves
from tests.studio.jobs.run_files import START, evaluated, lines, progress, started, write_run


def _read_all(run: RunCurves, limit: int = 500) -> RunCurves:
    while run.read(limit):
        pass
    return run


def _append(folder: Path, content: bytes) -> None:
    with (folder / "events.jsonl").open("ab") as stream:
        stream.write(content)


def test_a_run_that_is_not_there_yet_is_empty_and_comes_later(tmp_path: Path) -> None:
    run = RunCurves(tmp_path / "run")
    assert not run.read()
    assert run.names == ()
    write_run(tmp_path / "run", [started(), progress(20, 3.0)])
    run.read()
    assert run.series("loss.total").values.tolist() == [3.0]


def test_every_figure_has_its_iteration_and_its_time(tmp_path: Path) -> None:
    events = [started(), progress(20, 3.0, box=1.0), progress(40, 2.0, box=0.5), evaluated(40, 0.25)]
    run = _read_all(RunCurves(write_run(tmp_path, events)))
    assert run.names == (
        "loss.total",
        "loss.box",
        "lr",
        "gradient_norm",
        "images_per_second",
        "memory_bytes",
        "pq",
    )
    box = run.series("loss.box")
    assert (box.iterations.tolist(), box.times.tolist(), box.values.tolist()) == (
        [20, 40],
        [START + 20, START + 40],
        [1.0, 0.5],
    )
    assert run.series("pq").values.tolist() == [0.25]
    assert run.series("memory_bytes").values.tolist() == [2**30, 2**30]


def test_a_call_reads_no_more_than_its_limit_and_says_whether_more_is_waiting(tmp_path: Path) -> None:
    run = RunCurves(write_run(tmp_path, [started(), *(progress(at) for at in range(1, 10))]))
    assert run.read(4)
    assert len(run.series("lr").values) == 3
    assert run.read(4)
    assert not run.read(4)
    assert len(run.series("lr").values) == 9


def test_a_start_after_a_kill_supersedes_what_had_not_been_saved(tmp_path: Path) -> None:
    events: list[RunEvent] = [
        started(),
        progress(20, 5.0),
        CheckpointSaved(iteration=20, path="checkpoints/20.pt"),
        progress(40, 4.0),
        evaluated(40, 0.9, "samples/40.png"),
        CheckpointSaved(iteration=40, path="checkpoints/40.pt"),
        started(20),
        progress(40, 7.0, time=START + 100),
    ]
    run = _read_all(RunCurves(write_run(tmp_path, events)))
    assert run.series("loss.total").values.tolist() == [5.0, 7.0]
    assert len(run.series("pq").values) == 0
    assert run.facts.best is None
    assert run.facts.samples == ()
    assert [saved.iteration for saved in run.facts.checkpoints] == [20]


def test_series_that_someone_holds_do_not_change_when_a_run_goes_back(tmp_path: Path) -> None:
    run = _read_all(RunCurves(write_run(tmp_path, [started(), progress(20, 5.0), progress(40, 4.0)])))
    held = run.series("loss.total")
    _append(tmp_path, lines([started(20), progress(40, 9.0)]))
    _read_all(run)
    assert held.values.tolist() == [5.0, 4.0]
    assert run.series("loss.total").values.tolist() == [5.0, 9.0]
    assert run.series("loss.total").generation != held.generation


@st.composite
def _histories(draw: st.DrawFn) -> list[RunEvent]:
    """Runs that report, are killed, and go on from anywhere before."""
    events: list[RunEvent] = []
    at = 0
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, at)) if events else 0
        events.append(started(at))
        for _ in range(draw(st.integers(0, 6))):
            at += draw(st.integers(0, 3))
            loss = draw(st.floats(-100, 100, width=32))
            events.append(draw(st.sampled_from([progress(at, loss), evaluated(at, abs(loss))])))
    return events


@settings(max_examples=100, deadline=None)
@given(_histories(), st.integers(1, 7))
def test_what_is_kept_is_what_is_not_superseded(
    tmp_path_factory: pytest.TempPathFactory, events: list[RunEvent], limit: int
) -> None:
    run = _read_all(RunCurves(write_run(tmp_path_factory.mktemp("run"), events)), limit)
    kept = without_superseded(events)
    _same(run, "loss.total", [(e.iteration, e.losses["total"]) for e in kept if isinstance(e, Progress)])
    _same(run, "pq", [(e.iteration, e.figures["pq"]) for e in kept if isinstance(e, Evaluated)])


def _same(run: RunCurves, name: str, expected: Sequence[tuple[int, float | None]]) -> None:
    if expected or name in run.names:
        series = run.series(name)
        assert list(zip(series.iterations.tolist(), series.values.tolist(), strict=True)) == expected


def test_torn_malformed_and_unknown_lines_are_gone_past(tmp_path: Path) -> None:
    write_run(tmp_path, [started(), progress(20, 5.0)])
    _append(
        tmp_path, b'{"event": "progress", "iter\n\x00\xff\n[]\n{"event": "tomorrow"}\n' + lines([progress(40, 4.0)])
    )
    torn = lines([progress(60, 3.0)])
    _append(tmp_path, torn[:30])
    run = _read_all(RunCurves(tmp_path))
    assert run.series("loss.total").values.tolist() == [5.0, 4.0]
    assert run.facts.damaged == 4
    _append(tmp_path, torn[30:])
    _read_all(run)
    assert run.series("loss.total").values.tolist() == [5.0, 4.0, 3.0]


def test_an_iteration_that_goes_back_without_a_start_supersedes_too(tmp_path: Path) -> None:
    run = _read_all(
        RunCurves(write_run(tmp_path, [started(), progress(20, 5.0), progress(40, 4.0), progress(30, 3.0)]))
    )
    assert run.series("loss.total").iterations.tolist() == [20, 30]


def test_numbers_that_no_array_holds_are_damage(tmp_path: Path) -> None:
    write_run(tmp_path, [started()])
    wild = progress(20).to_json() | {"iteration": 10**300}
    _append(tmp_path, json.dumps(wild).encode() + b"\n" + lines([progress(40)]))
    run = _read_all(RunCurves(tmp_path))
    assert run.series("lr").iterations.tolist() == [40]


def test_a_number_of_400_digits_is_damage(tmp_path: Path) -> None:
    write_run(tmp_path, [started()])
    line = json.dumps(progress(20).to_json() | {"lr": 10**400}).encode()
    _append(tmp_path, line + b"\n" + lines([progress(40)]))
    run = _read_all(RunCurves(tmp_path))
    assert run.facts.damaged == 1
    assert run.series("lr").iterations.tolist() == [40]


def test_a_call_reads_no_more_than_its_limit_of_damaged_lines_either(tmp_path: Path) -> None:
    run = RunCurves(write_run(tmp_path, []))
    _append(tmp_path, b"{damaged\n" * 10 + lines([progress(20)]))
    assert run.read(4)
    assert run.facts.damaged == 4
    _read_all(run, 4)
    assert run.facts.damaged == 10
    assert run.series("lr").iterations.tolist() == [20]


def test_null_and_what_is_left_out_are_gaps(tmp_path: Path) -> None:
    events = [
        started(),
        progress(20, math.nan),
        progress(40, 2.0, late=1.0),
        progress(60, math.inf),
        evaluated(60, None),
    ]
    run = _read_all(RunCurves(write_run(tmp_path, events)))
    np.testing.assert_array_equal(run.series("loss.total").values, [np.nan, 2.0, np.nan])
    np.testing.assert_array_equal(run.series("loss.late").values, [np.nan, 1.0, np.nan])
    np.testing.assert_array_equal(run.series("pq").values, [np.nan])
    assert run.facts.best is None


@pytest.mark.parametrize("how", ["shorter", "replaced", "removed"])
def test_a_file_that_is_another_is_read_from_its_beginning(tmp_path: Path, how: str) -> None:
    write_run(tmp_path, [started(), Note(text="old"), progress(20, 5.0), progress(40, 4.0), evaluated(40, 0.5)])
    run = _read_all(RunCurves(tmp_path))
    before = run.series("loss.total").generation
    path = tmp_path / "events.jsonl"
    fresh = lines([started(), progress(30, 1.0)])
    if how == "shorter":
        path.write_bytes(fresh)
    elif how == "removed":
        path.unlink()
        _read_all(run)
        assert run.names == ()
        path.write_bytes(fresh)
    else:
        other = tmp_path / "other"
        other.write_bytes(fresh + b"\n" * 5000)
        other.replace(path)
    _read_all(run)
    assert run.series("loss.total").values.tolist() == [1.0]
    assert run.series("loss.total").generation != before
    assert run.facts.best is None
    assert run.facts.notes == ()


def test_times_never_go_back_even_if_the_clock_does(tmp_path: Path) -> None:
    events = [
        progress(20, time=math.nan),
        progress(40, time=50.0),
        progress(60, time=30.0),
        progress(80, time=math.nan),
    ]
    run = _read_all(RunCurves(write_run(tmp_path, events)), limit=3)
    assert run.series("lr").times.tolist() == [0.0, 50.0, 50.0, 50.0]


def test_the_facts_are_the_latest(tmp_path: Path) -> None:
    events = [
        started(0, 100),
        Note(text="Frozen layers are off.", level="warning"),
        progress(20),
        evaluated(20, 0.5, "samples/a.png"),
        evaluated(40, 0.25),
        CheckpointSaved(iteration=40, path="checkpoints/40.pt", best=False),
    ]
    run = _read_all(RunCurves(write_run(tmp_path, events)))
    facts = run.facts
    assert (facts.iteration, facts.iterations, facts.eta_seconds, facts.images_per_second) == (20, 100, 90.0, 4.0)
    assert facts.started is not None
    assert facts.started.device == "CPU"
    assert facts.begun == START
    assert facts.best is not None
    assert facts.best.iteration == 20
    assert facts.latest is not None
    assert facts.latest.iteration == 40
    assert [event.samples for event in facts.samples] == [("samples/a.png",)]
    assert [note.level for note in facts.notes] == ["warning"]
    assert facts.stopped is None
    _append(tmp_path, lines([Stopped(iteration=100, reason="finished")]))
    _read_all(run)
    assert run.facts.stopped is not None
    assert run.facts.iteration == 100
    _append(tmp_path, lines([started(100, 200)]))
    _read_all(run)
    assert run.facts.stopped is None
    assert run.facts.begun == START


def test_notes_are_bounded(tmp_path: Path) -> None:
    run = _read_all(RunCurves(write_run(tmp_path, [Note(text=str(at)) for at in range(500)])))
    assert [run.facts.notes[0].text, run.facts.notes[-1].text, len(run.facts.notes)] == ["300", "499", 200]


def test_load_is_placed_at_the_iteration_that_was_under_way(tmp_path: Path) -> None:
    write_run(tmp_path, [started(), progress(0, time=START), progress(100, time=START + 100)])
    (tmp_path / "job").mkdir()
    samples = [{"time": START + at, "cpu_percent": float(at)} for at in (25, 50, 200)]
    (tmp_path / "job" / "load.jsonl").write_text("".join(json.dumps(sample) + "\n" for sample in samples))
    run = _read_all(RunCurves(tmp_path))
    load = run.series("load.cpu_percent")
    assert load.iterations.tolist() == [25.0, 50.0, 100.0]
    assert load.values.tolist() == [25.0, 50.0, 200.0]


def test_a_start_is_of_no_iteration_yet(tmp_path: Path) -> None:
    run = _read_all(RunCurves(write_run(tmp_path, [started(7)])))
    assert run.facts.iteration == 7
    assert isinstance(run.facts.started, Started)
    assert run.names == ()


def _picture(done: int, pq: float | None, problem: str = "") -> PictureDone:
    return PictureDone(
        time=START + 2 * done, file_name=f"{done}.png", image_id=done, done=done, pictures=10, pq=pq, problem=problem
    )


def test_a_batch_has_a_curve_over_its_pictures(tmp_path: Path) -> None:
    begin = BatchStarted(time=START, task="evaluate", network="demo", data="scenes", pictures=10, device="CPU")
    events = [
        begin,
        _picture(1, 0.9),
        begin,
        _picture(1, 0.5),
        _picture(2, None, "2.png is damaged."),
        _picture(4, 0.75),
    ]
    run = _read_all(RunCurves(write_run(tmp_path, events)))
    pq = run.series("picture.pq")
    assert pq.iterations.tolist() == [1, 2, 4]
    np.testing.assert_array_equal(pq.values, [0.5, np.nan, 0.75])
    facts = run.facts
    assert (facts.iteration, facts.iterations, facts.images_per_second, facts.eta_seconds) == (4, 10, 0.5, 12.0)
    assert [picture.problem for picture in facts.failures] == ["2.png is damaged."]
    assert facts.evaluation is None
    done = EvaluationDone(figures={"pq": 0.6}, images=9, pictures=10, complete=True, seconds=20.0)
    _append(tmp_path, lines([done, Stopped(iteration=10, reason="finished")]))
    _read_all(run)
    assert run.facts.evaluation == done


def test_time_begins_with_the_load_where_that_is_drawn(tmp_path: Path) -> None:
    """A process is at work for seconds before it reports that it has begun."""
    run = RunCurves(write_run(tmp_path / "run", [started(), progress(20)]))
    assert math.isnan(run.begun(["load.cpu_percent"]))
    samples = [{"time": START - 4, "rss_bytes": 1}, {"time": START + 2, "cpu_percent": 155.0, "cores": 8}]
    (run.folder / "job").mkdir()
    (run.folder / "job" / "load.jsonl").write_text("".join(f"{json.dumps(sample)}\n" for sample in samples))
    run.read()
    names = tuple(name for name in run.names if name.startswith("load."))
    drawing = CurveDrawer().draw(Sight((run.folder,), names, "time"), [run])
    assert [curve.xs.tolist() for curve in drawing.curves if curve.name == "load.rss_bytes"] == [[0.0, 6.0]]
    assert all((curve.xs >= 0).all() for curve in drawing.curves)
    mixed = CurveDrawer().draw(Sight((run.folder,), ("memory_bytes", "load.rss_bytes"), "time"), [run])
    assert mixed.curves[0].xs.tolist() == [24.0], "all of a chart begin at the same moment"
    alone = CurveDrawer().draw(Sight((run.folder,), ("loss.total",), "time"), [run])
    assert alone.curves[0].xs.tolist() == [20.0]
    assert run.cores == 8
