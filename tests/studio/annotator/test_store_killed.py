"""``kill -9`` while annotating: what a project holds afterwards is what it was told to be saved, or one step more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from lpsnet_studio.annotator.store import ProjectStore, is_project
from tests.studio.annotator.killed_sessions import STROKES
from tests.studio.annotator.scripted_session import state_of, states
from tests.studio.annotator.sqlite_faults import is_possible

PROJECT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")

LENGTHS = {"io": 433, "network": 1175, "moment": 297}
"""How often a whole session calls upon the disk, with a write-ahead log and without, and its named steps."""


def _plans(**counts: int) -> list[tuple[str, int]]:
    """Returns moments to die at, evenly over the session."""
    return [
        (kind, 1 + number * LENGTHS[kind] // count)
        for kind, count in counts.items()
        for number in range(count)
        if kind == "moment" or is_possible()
    ]


def _killed(folder: Path, plans: list[tuple[str, int]]) -> Counter[str]:
    """Plays the sessions and looks at what each has left; returns how many died where."""
    (folder / "plans.json").write_text(json.dumps(plans))
    command = [sys.executable, "-m", "tests.studio.annotator.killed_sessions", str(folder)]
    subprocess.run(command, check=True, cwd=PROJECT, timeout=800, env={**os.environ, "PYTHONPATH": _python_path()})
    expected, found = states(STROKES), Counter[str]()
    for number in range(len(plans)):
        assert not (folder / str(number) / "failed.txt").exists(), (folder / str(number) / "failed.txt").read_text()
        told = (folder / str(number) / "told.txt").read_text().splitlines()
        _check(folder / str(number) / "project", told, expected)
        killed = [line.split() for line in told if line.startswith("killed")]
        found.update(["killed", *killed[0][1:]] if killed else ["closed"])
    return found


def _check(project: Path, told: list[str], expected: list[object]) -> None:
    steps = [int(line.split()[1]) for line in told if line.startswith("step")]
    saved = steps[-1] if steps else -1
    if saved < 0 and not is_project(project):
        ProjectStore.create(project, {"version": 0}).close()  # nothing is in the way of another attempt
    with closing(ProjectStore.open(project)) as store:
        assert state_of(store) in expected[max(saved, 0) : saved + 2]
        assert store.damage() == []
        left = store.unfinished()
        if 3 <= saved < len(expected) - 1:
            assert left is not None
            assert sum(left.images.values()) >= 1
        if "closed" in told:
            assert left is None


def _python_path() -> str:
    return os.pathsep.join([str(PROJECT), str(PROJECT / "core"), os.environ.get("PYTHONPATH", "")])


def test_killed_at_a_few_moments_a_project_has_all_that_was_saved(tmp_path: Path) -> None:
    found = _killed(tmp_path, _plans(io=6, network=3, moment=3))
    assert found["inside"] >= 2


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_two_hundred_moments_a_project_has_all_that_was_saved(tmp_path: Path) -> None:
    plans = _plans(io=150, network=60, moment=60)
    found = _killed(tmp_path, plans)
    (tmp_path / "found.json").write_text(json.dumps(found))
    assert found["killed"] >= min(200, len(plans) - 10)
    assert found["inside"] >= min(50, found["killed"] // 3)


def test_a_session_that_is_not_killed_closes(tmp_path: Path) -> None:
    assert _killed(tmp_path, [("moment", 100_000)]) == {"closed": 1}
