"""Reading what a job's keeper samples."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lpsnet_studio.jobs.load_curves import LoadCurves


def _line(**sample: object) -> str:
    return json.dumps(sample) + "\n"


def test_every_number_becomes_a_curve(tmp_path: Path) -> None:
    path = tmp_path / "load.jsonl"
    path.write_text(_line(time=1.0, cpu=50, gpus=[{"percent": 20.0}, {"percent": 80.0}], host="a", busy=True))
    load = LoadCurves(path)
    assert load.read()
    assert load.names == ("load.cpu", "load.gpus.0.percent", "load.gpus.1.percent")
    assert load.series("load.gpus.1.percent").values.tolist() == [80.0]
    assert not load.read()


def test_lines_come_whole_and_damaged_ones_are_gone_past(tmp_path: Path) -> None:
    path = tmp_path / "load.jsonl"
    whole = _line(time=2.0, cpu=2)
    wild = ["nonsense\n", _line(cpu=1), "[1]\n", '{"time": "x"}\n', _line(time=10**400, cpu=1)]
    path.write_text("".join([_line(time=1.0, cpu=1), *wild, whole[:9]]))
    load = LoadCurves(path)
    load.read()
    assert load.series("load.cpu").times.tolist() == [1.0]
    with path.open("a") as stream:
        stream.write(whole[9:])
    load.read()
    assert load.series("load.cpu").values.tolist() == [1.0, 2.0]


def test_a_file_that_was_cut_short_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "load.jsonl"
    path.write_text(_line(time=1.0, cpu=1) + _line(time=2.0, cpu=2))
    load = LoadCurves(path)
    load.read()
    before = load.series("load.cpu").generation
    path.write_text(_line(time=2.0, cpu=2))
    load.read()
    assert load.series("load.cpu").values.tolist() == [2.0]
    assert load.series("load.cpu").generation != before


def test_a_call_reads_no_more_than_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "load.jsonl"
    line = _line(time=1.0, cpu=1)
    path.write_text(line * 4 + "x" * 100 + "\n" + line)
    load = LoadCurves(path)
    load.read(2)
    assert len(load.series("load.cpu").values) == 2
    while load.read(2):
        pass
    assert len(load.series("load.cpu").values) == 5


@pytest.mark.parametrize("depth", [*range(2, 12), 300, 950, 984, 990, 2000, 100_000])
def test_lists_of_any_depth_are_gone_past(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "load.jsonl"
    deep = f'{{"time": 1.0, "cpu": 1, "deep": {"[" * depth}7{"]" * depth}}}\n'
    path.write_text(deep + _line(time=2.0, cpu=2))
    load = LoadCurves(path)
    load.read()
    assert load.series("load.cpu").times[-1] == 2.0
    assert len(load.names) == (2 if depth < 8 else 1)
