from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lpsnet_studio.jobs import history as keeping
from lpsnet_studio.jobs.history import Edit, History, HistoryFile, KnownRun, WaitingJob
from lpsnet_studio.jobs.spec import EvaluateSpec, PredictSpec, TrainSpec

ROOT = Path("/runs").absolute()
SPECS = (
    TrainSpec("demo", ("training.batch=2", "ä=ö"), ROOT / "train", ("cuda:0", "cuda:1")),
    EvaluateSpec(ROOT / "net.pt", "scenes:900+20", ROOT / "evaluate", limit=3),
    PredictSpec((ROOT / "a.png", ROOT / "b"), ROOT / "predict", overlay=True, device="cpu"),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "jobs.json"


def only(edit: Edit) -> Callable[[History], Sequence[Edit]]:
    return lambda _history: [edit]


def queue(file: HistoryFile, *specs: TrainSpec | EvaluateSpec | PredictSpec) -> History:
    return file.change(lambda _history: [partial(History.queued, spec=spec, now=5.0) for spec in specs])


def training(name: str) -> TrainSpec:
    return TrainSpec("demo", (), ROOT / name)


def without_revision(history: History) -> tuple[Any, ...]:
    return history.runs, history.queue


def names(history: History) -> tuple[list[str], list[str]]:
    return [run.folder.name for run in history.runs], [job.folder.name for job in history.queue]


# -------------------------------------------------------------------------------------------------------------- changes


def test_a_job_goes_from_the_queue_to_the_front_of_the_runs() -> None:
    history = History().opened(ROOT / "old", "ended 1.0", 1.0)
    for spec in SPECS:
        history = history.queued(spec, 2.0)
    history = history.reordered(ROOT / "predict", 0).taken(ROOT / "evaluate", 3.0)
    assert names(history) == (["evaluate", "old"], ["predict", "train"])
    assert history.run(ROOT / "evaluate") == KnownRun(ROOT / "evaluate", 2.0, SPECS[1], 3.0, is_starting=True)
    history = history.started(ROOT / "evaluate", "no room").told(ROOT / "evaluate", "ended 4.0")
    assert history.run(ROOT / "evaluate") == KnownRun(
        ROOT / "evaluate", 2.0, SPECS[1], 3.0, problem="no room", told_end="ended 4.0", is_seen=False
    )
    history = history.looked_at(ROOT / "evaluate").forgotten(ROOT / "old").withdrawn(ROOT / "train")
    assert names(history) == (["evaluate"], ["predict"])
    assert history.forgotten(ROOT / "predict").queue == ()


def test_a_run_that_is_started_again_keeps_its_end_and_comes_to_the_front() -> None:
    run = training("a")
    history = History().queued(run, 1.0).taken(run.folder, 2.0).started(run.folder, "").told(run.folder, "ended 2.0")
    history = history.opened(ROOT / "b", "", 3.0).queued(run, 4.0).taken(run.folder, 5.0)
    assert names(history) == (["a", "b"], [])
    again = history.run(run.folder)
    assert again is not None
    assert (again.listed, again.taken, again.told_end, again.is_seen) == (1.0, 5.0, "ended 2.0", True)
    assert history.opened(run.folder, "", 9.0).run(run.folder) == again


def test_what_is_not_there_is_not_changed() -> None:
    history = History().queued(training("a"), 1.0)
    nowhere = ROOT / "nowhere"
    changed = (
        history.taken(nowhere, 2.0).reordered(nowhere, 0).withdrawn(nowhere).told(nowhere, "x").started(nowhere, "")
    )
    assert changed == history
    with pytest.raises(ValueError, match=r"a: a job waits for its start here already$"):
        history.queued(training("a"), 2.0)


# ------------------------------------------------------------------------------------------------------------- the file


def test_another_start_knows_the_same(path: Path) -> None:
    file = HistoryFile(path)
    assert without_revision(file.read()) == ((), ())
    queue(file, *SPECS, training("more"))
    file.change(only(partial(History.taken, folder=ROOT / "more", now=2.5)))
    file.change(only(partial(History.started, folder=ROOT / "more", problem="Würde nie fertig")))
    kept = file.change(only(partial(History.told, folder=ROOT / "more", end="ended 7.25")))
    assert without_revision(HistoryFile(path).read()) == without_revision(kept)
    assert file.take_problems() == ()
    assert sorted(child.name for child in path.parent.iterdir()) == ["jobs.json", "jobs.lock"]


def test_nothing_is_written_where_nothing_becomes_another(path: Path) -> None:
    file = HistoryFile(path)
    kept = queue(file, training("a"))
    stamp = path.stat()
    assert file.change(only(lambda history: history.withdrawn(ROOT / "b"))) is kept
    assert file.read() is kept
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (stamp.st_ino, stamp.st_mtime_ns)


def test_a_refused_change_leaves_all_as_it_was(path: Path) -> None:
    file = HistoryFile(path)
    kept = queue(file, training("a"))
    with pytest.raises(ValueError, match="already"):
        queue(file, training("b"), training("a"))
    assert file.read() == kept
    assert without_revision(HistoryFile(path).read()) == without_revision(kept)


def test_no_change_of_another_studio_is_lost(path: Path) -> None:
    one, two = HistoryFile(path), HistoryFile(path)
    queue(one, training("a"))
    queue(two, training("b"))
    one.change(only(partial(History.taken, folder=ROOT / "a", now=2.0)))
    two.change(only(partial(History.reordered, folder=ROOT / "b", place=0)))
    queue(one, training("c"))
    assert names(one.read()) == names(two.read()) == (["a"], ["b", "c"])
    assert two.read().revision > 0


def test_threads_and_programs_that_write_at_once_lose_nothing(path: Path) -> None:
    program = (
        "import sys\nfrom functools import partial\nfrom pathlib import Path\n"
        "from lpsnet_studio.jobs.history import History, HistoryFile\nfrom lpsnet_studio.jobs.spec import TrainSpec\n"
        "file = HistoryFile(Path(sys.argv[1]))\n"
        "for number in range(10):\n"
        "    spec = TrainSpec('demo', (), Path('/runs').absolute() / f'{sys.argv[2]}-{number}')\n"
        "    file.change(lambda known: [partial(History.queued, spec=spec, now=1.0)])\n"
        "print(*file.take_problems())\n"
    )
    others = [
        subprocess.Popen([sys.executable, "-c", program, str(path), name], stdout=subprocess.PIPE, text=True)
        for name in ("x", "y")
    ]
    file = HistoryFile(path)
    threads = [
        threading.Thread(target=lambda name=name: [queue(file, training(f"{name}-{number}")) for number in range(10)])
        for name in ("s", "t")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [other.communicate(timeout=60)[0].strip() for other in others] == ["", ""]
    _runs, waiting = names(file.read())
    assert sorted(waiting) == sorted(f"{name}-{number}" for name in "stxy" for number in range(10))
    for name in "stxy":
        assert [job for job in waiting if job.startswith(name)] == [f"{name}-{number}" for number in range(10)]


# --------------------------------------------------------------------------------------------------------- what is bad


@pytest.mark.parametrize("content", ["", "{torn", "[1, 2]", "null", '"jobs"', "\0" * 50, "[" * 100_000])
def test_a_damaged_file_is_set_aside_with_a_sentence(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content)
    file = HistoryFile(path)
    assert without_revision(file.read()) == ((), ())
    (problem,) = file.take_problems()
    assert problem.startswith(f"{path} is damaged; what it was is kept as jobs-damaged-")
    queue(file, training("a"))
    assert names(HistoryFile(path).read()) == ([], ["a"])
    (aside,) = path.parent.glob("jobs-damaged-*.json")
    assert aside.read_text() == content
    assert file.take_problems() == ()


def test_damaged_entries_are_left_out_and_the_others_kept(path: Path) -> None:
    file = HistoryFile(path)
    queue(file, training("a"), training("b"))
    file.change(only(partial(History.opened, folder=ROOT / "old", told_end="", now=1.0)))
    content = json.loads(path.read_text())
    content["queue"][:1] = [{"spec": {"kind": "dance"}}, 7, {"spec": {"kind": "train"}}]
    content["runs"] += [{"folder": "relative"}, {"folder": 3}, None, {"folder": str(ROOT / "bare"), "colour": "blue"}]
    content["mood"] = "fine"
    path.write_text(json.dumps(content))
    later = HistoryFile(path)
    assert names(later.read()) == (["old", "bare"], ["b"])
    (problem,) = later.take_problems()
    assert problem.startswith(f"{path} has 6 damaged entries; ")
    assert later.read().run(ROOT / "bare") == KnownRun(ROOT / "bare", 0.0)
    queue(later, training("c"))
    written = json.loads(path.read_text())
    assert set(written) == {"runs", "queue"}
    assert "colour" not in written["runs"][1]


def test_numbers_that_nothing_can_be_done_with_cost_their_entry_alone(path: Path) -> None:
    file = HistoryFile(path)
    queue(file, training("a"), *SPECS)
    file.change(only(partial(History.opened, folder=ROOT / "old", told_end="", now=1.0)))
    content = json.loads(path.read_text())
    content["runs"][0]["listed"] = 10**400
    content["queue"][0]["listed"] = -(10**400)
    for job, name, number in ((2, "limit", -1), (3, "stuff_limit", 10**400)):
        content["queue"][job]["spec"][name] = number
    path.write_text(json.dumps(content))
    later = HistoryFile(path)
    assert names(later.read()) == (["old"], ["a", "train"])
    assert later.read().runs[0].listed == later.read().queue[0].listed == 0.0
    assert later.take_problems()[0].startswith(f"{path} has 2 damaged entries; ")


def test_of_a_run_whose_wish_is_damaged_the_folder_is_kept(path: Path) -> None:
    path.parent.mkdir()
    run = {"folder": str(ROOT / "a"), "spec": {"kind": "train"}, "listed": "soon", "taken": float("nan")}
    path.write_text(json.dumps({"runs": [run, run], "queue": {}}))
    file = HistoryFile(path)
    assert file.read().runs == (KnownRun(ROOT / "a", 0.0),)
    assert file.take_problems()[0].startswith(f"{path} has a damaged entry; ")


def test_a_file_that_cannot_be_read_is_never_overwritten(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queue(HistoryFile(path), training("a"))
    file = HistoryFile(path)

    def refuses(_path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuses)
        assert names(file.read()) == ([], [])
        queue(file, training("b"))
        assert file.take_problems()[0] == f"{path} could not be read: Permission denied"
    assert names(HistoryFile(path).read()) == ([], ["a"])
    assert names(file.read()) == ([], ["a", "b"])


def test_what_cannot_be_written_is_known_all_the_same_and_written_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other = HistoryFile(path), HistoryFile(path)
    queue(file, training("a"))

    def full(target: Path, _content: bytes) -> None:
        raise OSError(f"{target} could not be written: no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(keeping, "write_atomically", full)
        queue(file, training("b"))
        kept = file.change(only(lambda history: history.withdrawn(ROOT / "a")))
        assert names(kept) == names(file.read()) == ([], ["b"])
        assert file.has_unwritten
        assert file.take_problems() == (f"{path} could not be written: no space left on device",)
    queue(other, training("c"))
    assert names(file.read()) == ([], ["c", "b"])
    file.change(lambda _history: ())
    assert not file.has_unwritten
    assert names(HistoryFile(path).read()) == ([], ["c", "b"])


def test_a_studio_that_never_lets_go_of_the_file_holds_nobody_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(keeping, "_LOCK_PATIENCE", 0.05)
    file = HistoryFile(path)
    queue(file, training("a"))
    with path.with_suffix(".lock").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert names(queue(file, training("b"))) == ([], ["a", "b"])
        assert file.take_problems() == (f"{path} is being written by another Studio, which does not come to an end",)
        assert names(HistoryFile(path).read()) == ([], ["a"])
    file.change(lambda _history: ())
    assert names(HistoryFile(path).read()) == ([], ["a", "b"])


def test_a_state_folder_that_cannot_be_made_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    file = HistoryFile(tmp_path / "state" / "jobs.json")
    assert names(queue(file, training("a"))) == ([], ["a"])
    queue(file, training("b"))
    (problem,) = file.take_problems()
    assert str(tmp_path / "state") in problem
    assert file.read().queue == (WaitingJob(training("a"), 5.0), WaitingJob(training("b"), 5.0))
