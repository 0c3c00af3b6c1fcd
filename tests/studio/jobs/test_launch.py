from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from lpsnet_studio.jobs import keeper as keeping
from lpsnet_studio.jobs import launch as launching
from lpsnet_studio.jobs.job_folder import JobFolder, StopAsked
from lpsnet_studio.jobs.keeper import TOKEN_VARIABLE, Keeper
from lpsnet_studio.jobs.launch import kill_tree, launch, launch_command, stop_gently
from lpsnet_studio.jobs.process_mark import ProcessMark, catches_sigterm
from lpsnet_studio.jobs.spec import EvaluateSpec, TrainSpec
from lpsnet_studio.jobs.status import JobState, living_command, read_status
from tests.studio.jobs.child_jobs import WAITS, ended, says, start, training_started, until, write_events

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")

PROJECT = Path(__file__).resolve().parents[3]

SAVES_WHEN_ASKED = """
import signal, sys, time
from pathlib import Path
asked = []
def note(number, frame):
    asked.append(number)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
signal.signal(signal.SIGTERM, note)
print("at work", flush=True)
while not asked:
    time.sleep(0.01)
time.sleep(0.5)
Path(sys.argv[1], "saved").write_text("whole")
sys.exit(143)
"""

WITH_A_FAMILY = """
import subprocess, sys, time
sleeps = [sys.executable, "-c", "import time; time.sleep(600)"]
leaves_one = f"import subprocess; print(subprocess.Popen({sleeps}, stdout=-3, stderr=-3, start_new_session=True).pid)"
worker = subprocess.Popen(sleeps)
apart = subprocess.Popen(sleeps, start_new_session=True)
orphan = subprocess.run([sys.executable, "-c", leaves_one], capture_output=True, text=True).stdout
print("family", worker.pid, apart.pid, int(orphan), flush=True)
time.sleep(600)
"""


@pytest.fixture
def run_dir(tmp_path: Path) -> Iterator[Path]:
    """A run directory; whatever is started for it ends with the test."""
    path = tmp_path / "run"
    yield path
    for process in psutil.process_iter():
        try:
            ours = str(tmp_path) in " ".join(process.cmdline())
        except psutil.Error:
            continue
        if ours and process.pid != os.getpid():
            process.kill()
    if (path / "job").exists():
        kill_tree(JobFolder(path))


def pid_of(folder: JobFolder) -> int:
    processes = folder.read_processes()
    assert processes is not None
    assert processes.command is not None
    return processes.command.pid


def keeper_of(folder: JobFolder) -> ProcessMark:
    processes = folder.read_processes()
    assert processes is not None
    return processes.keeper


# --------------------------------------------------------------------------------------------------------------- start


def test_a_job_runs_in_a_session_of_its_own_and_its_end_is_written_down(run_dir: Path) -> None:
    program = "import os, sys; print('in', os.getcwd(), os.getsid(0) == os.getpid(), sys.argv[2], os.environ['X'])"
    command = [sys.executable, "-c", program, "-", "wörd"]
    folder = launch_command(run_dir, command, {"X": "1"}, cwd=run_dir.parent)
    status = ended(run_dir)
    assert (status.state, status.sentence) == (JobState.FINISHED, f"finished: in {run_dir.parent} True wörd 1")
    log = folder.log.read_text().splitlines()
    assert log[0].startswith("=== started ")
    assert log[0].endswith("wörd'")
    assert "X=1" in log[0]
    how = folder.read_exit()
    assert how is not None
    assert (how.code, how.signal) == (0, "")
    assert 1 << 20 < how.peak_rss < how.memory_total
    assert folder.keeper_log.read_text() == ""


def test_output_comes_at_once_and_long_lines_stay_whole(run_dir: Path) -> None:
    program = "import time, rich; rich.print('at work ' + 'x' * 150); time.sleep(600)"
    folder = start(run_dir, program)
    says(folder, "at work " + "x" * 150 + "\n")


def test_the_keeper_knows_neither_torch_nor_qt_nor_numpy() -> None:
    names = "{'torch', 'numpy', 'PySide6'}"
    program = f"import sys, lpsnet_studio.jobs.keeper; print(sorted({names} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_second_start_adds_to_the_log_and_forgets_how_the_first_ended(run_dir: Path) -> None:
    start(run_dir, "import sys; print('error: the first'); sys.stdout.write('no newline'); sys.exit(1)")
    assert ended(run_dir).sentence == "failed: the first"
    folder = start(run_dir, WAITS)
    assert not folder.exit.exists()
    says(folder, "at work")
    assert read_status(run_dir).state is JobState.STARTING
    kill_tree(folder)
    ended(run_dir)
    assert [line[:11] for line in folder.log.read_text().splitlines()] == [
        "=== started",
        "error: the ",
        "no newline",
        "=== started",
        "at work",
    ]
    start(run_dir, "import sys; sys.exit(7)")
    assert ended(run_dir).sentence == "failed: exit status 7"


def test_every_start_notes_when_the_first_was_and_how_long_those_before_worked(run_dir: Path) -> None:
    began, took = [], []
    for _start in range(3):
        folder = start(run_dir, "pass")
        status = ended(run_dir)
        assert status.started is not None
        assert status.ended is not None
        began.append(status.started)
        took.append(status.ended - status.started)
        assert status.first_started == (began[0] if len(began) > 1 else None)
    assert status.earlier_seconds == pytest.approx(sum(took[:2]))
    keeper = keeper_of(folder)
    until(lambda: not keeper.is_alive, "the end of the keeper")
    folder.exit.unlink()
    start(run_dir, "pass")
    status = ended(run_dir)
    assert (status.first_started, status.earlier_seconds) == (began[0], None), "one end was seen by nobody"


def test_no_second_job_starts_where_one_runs(run_dir: Path) -> None:
    folder = start(run_dir, WAITS)
    before = folder.job.read_bytes()
    with pytest.raises(ValueError, match="a job runs here already"):
        start(run_dir, WAITS)
    assert folder.job.read_bytes() == before


def test_of_two_studios_that_start_at_once_one_is_refused(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_there = read_status(run_dir.parent)
    monkeypatch.setattr(launching, "read_status", lambda _: nothing_there)
    refused: list[str] = []

    def try_to_start() -> None:
        try:
            start(run_dir, WAITS)
        except ValueError as error:
            refused.append(str(error))

    studios = [threading.Thread(target=try_to_start) for _ in range(3)]
    for studio in studios:
        studio.start()
    for studio in studios:
        studio.join()
    assert len(refused) == 2
    processes = JobFolder(run_dir).read_processes()
    assert processes is not None
    assert processes.keeper.is_alive
    assert read_status(run_dir).pid == pid_of(JobFolder(run_dir))
    assert not list((run_dir / "job").glob("wanted-*"))


def test_what_a_start_asked_for_that_never_came_is_removed_by_a_later_one(run_dir: Path) -> None:
    folder = JobFolder(run_dir)
    folder.path.mkdir(parents=True)
    for token, age in (("old", 3600), ("fresh", 5)):
        folder.wanted(token).write_text("{}")
        os.utime(folder.wanted(token), (time.time() - age,) * 2)
    start(run_dir, "")
    ended(run_dir)
    assert [path.name for path in folder.path.glob("wanted-*")] == ["wanted-fresh.json"]


@pytest.mark.parametrize("python", ["/nonesuch/python", "/etc/passwd"])
def test_an_interpreter_that_cannot_be_started_is_named(run_dir: Path, python: str) -> None:
    launch_command(run_dir, [python, "-c", ""], cwd=run_dir.parent)
    status = ended(run_dir)
    assert status.state is JobState.FAILED
    assert status.sentence.startswith(f"could not be started: {python}: ")


def test_a_folder_to_run_in_that_is_gone_is_named(run_dir: Path) -> None:
    launch_command(run_dir, [sys.executable, "-c", ""], cwd=run_dir.parent / "gone")
    assert ended(run_dir).sentence == f"could not be started: {run_dir.parent / 'gone'}: no such file or directory"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"file/run could not be written"):
        launch(TrainSpec("demo", (), tmp_path / "file" / "run"), cwd=tmp_path)


def test_a_job_that_would_spoil_another_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with pytest.raises(ValueError, match=r"holds no run to resume: config\.yaml is missing"):
        launch(TrainSpec("demo", (), Path("run"), resume=True), cwd=tmp_path)
    for name in ("config.yaml", "events.jsonl"):
        (tmp_path / "run" / name).write_text("")
    with pytest.raises(ValueError, match="holds a run already"):
        launch(TrainSpec("demo", (), Path("run")), cwd=tmp_path)
    with pytest.raises(ValueError, match="holds a training"):
        launch(EvaluateSpec(None, None, Path("run")), cwd=tmp_path)
    assert not (tmp_path / "run" / "job").exists()


def test_no_zombie_stays_behind(run_dir: Path) -> None:
    folder = start(run_dir, "")
    keeper = keeper_of(folder)
    ended(run_dir)
    until(lambda: not psutil.pid_exists(keeper.pid), "the end of the keeper")


# ------------------------------------------------------------------------------------------------------------- outlives


def test_a_studio_that_is_killed_takes_no_job_with_it(run_dir: Path) -> None:
    studio = f"""
import sys, time
from pathlib import Path
from tests.studio.jobs.child_jobs import start
program = "import time; print('at work', flush=True); time.sleep(1.5); print('done')"
start(Path({str(run_dir)!r}), program)
print("started", flush=True)
time.sleep(600)
"""
    process = subprocess.Popen([sys.executable, "-c", studio], stdout=subprocess.PIPE, text=True, cwd=PROJECT)
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    process.kill()
    process.wait()
    assert read_status(run_dir).state is JobState.STARTING
    assert read_status(run_dir).pid == pid_of(JobFolder(run_dir))
    status = ended(run_dir)
    assert (status.state, status.sentence) == (JobState.FINISHED, "finished: done")


def test_a_terminal_that_hangs_up_ends_nothing(run_dir: Path) -> None:
    folder = start(run_dir, WAITS)
    says(folder, "at work")
    os.kill(keeper_of(folder).pid, signal.SIGHUP)
    os.kill(pid_of(folder), signal.SIGHUP)
    time.sleep(0.3)
    assert read_status(run_dir).pid == pid_of(folder)


# -------------------------------------------------------------------------------------------------------------- ending


def test_a_job_is_asked_once_to_save_and_end(run_dir: Path) -> None:
    folder = start(run_dir, SAVES_WHEN_ASKED)
    says(folder, "at work")
    assert stop_gently(folder)
    assert not stop_gently(folder)
    assert read_status(run_dir).state is JobState.STOPPING
    status = ended(run_dir)
    assert status.state is JobState.STOPPED
    assert (run_dir / "saved").read_text() == "whole"
    assert not stop_gently(folder)


def test_of_many_who_ask_at_once_one_alone_signals(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = start(run_dir, SAVES_WHEN_ASKED)
    says(folder, "at work")
    monkeypatch.setattr(launching, "_asked_here", Forgetful())
    together, asked = threading.Barrier(4), []

    def ask() -> None:
        together.wait()
        asked.append(stop_gently(folder))

    studios = [threading.Thread(target=ask) for _ in range(4)]
    for studio in studios:
        studio.start()
    for studio in studios:
        studio.join()
    assert sorted(asked) == [False, False, False, True]
    assert ended(run_dir).state is JobState.STOPPED
    assert (run_dir / "saved").read_text() == "whole"


class Forgetful(set[str]):
    """What other Studios know of what this one has asked: nothing."""

    def __contains__(self, _name: object) -> bool:
        return False


def test_a_disk_that_takes_no_note_of_a_stop_lets_the_job_save_all_the_same(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = start(run_dir, SAVES_WHEN_ASKED)
    says(folder, "at work")

    def full(self: JobFolder, asked: StopAsked) -> bool:
        raise OSError(28, f"No space left on device: {self.stop(asked.token)}")

    monkeypatch.setattr(JobFolder, "note_stop", full)
    assert stop_gently(folder)
    time.sleep(0.1)
    assert not stop_gently(folder)
    ended(run_dir)
    assert (run_dir / "saved").read_text() == "whole"


def test_a_training_that_others_have_asked_is_not_asked_again(run_dir: Path) -> None:
    folder = start(run_dir, SAVES_WHEN_ASKED)
    says(folder, "at work")
    write_events(run_dir, training_started(400))
    os.kill(pid_of(folder), signal.SIGTERM)
    until(lambda: catches_sigterm(pid_of(folder)) is not True, "the first SIGTERM")
    assert not stop_gently(folder)
    assert read_status(run_dir).state is JobState.STOPPING
    ended(run_dir)
    assert (run_dir / "saved").read_text() == "whole"


def test_the_keeper_passes_sigterm_on_and_waits(run_dir: Path) -> None:
    folder = start(run_dir, SAVES_WHEN_ASKED)
    says(folder, "at work")
    os.kill(keeper_of(folder).pid, signal.SIGTERM)
    ended(run_dir)
    assert (run_dir / "saved").read_text() == "whole"


def test_the_number_of_a_command_that_has_ended_is_never_signalled(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signalled: list[int] = []
    keeper = Keeper(JobFolder(run_dir), "t")
    command = subprocess.Popen([sys.executable, "-c", ""])
    monkeypatch.setattr(keeper, "_command", command)
    os.waitid(os.P_PID, command.pid, os.WEXITED | os.WNOWAIT)
    monkeypatch.setattr(os, "kill", lambda pid, _number: signalled.append(pid))
    keeper._pass_on_sigterm()
    assert signalled == []


def test_a_keeper_leaves_the_number_of_its_command_taken_while_it_waits_for_its_end(run_dir: Path) -> None:
    command = subprocess.Popen([sys.executable, "-c", ""])
    waiting = threading.Thread(target=keeping._wait_without_taking, args=(command,))
    waiting.start()
    waiting.join(20)
    assert not waiting.is_alive()
    assert psutil.Process(command.pid).status() == psutil.STATUS_ZOMBIE
    assert command.wait() == 0
    keeping._wait_without_taking(command)


def test_a_machine_that_shuts_down_and_signals_everybody_lets_the_job_save(run_dir: Path) -> None:
    folder = start(run_dir, SAVES_WHEN_ASKED)
    says(folder, "at work")
    time.sleep(2.2)
    os.kill(pid_of(folder), signal.SIGTERM)
    time.sleep(0.2)
    os.kill(keeper_of(folder).pid, signal.SIGTERM)
    ended(run_dir)
    assert (run_dir / "saved").read_text() == "whole"


def test_killing_ends_everything_that_the_job_started(run_dir: Path) -> None:
    folder = start(run_dir, WITH_A_FAMILY)
    says(folder, "family")
    family = [int(word) for word in folder.log.read_text().rpartition("family")[2].split()]
    marks = [ProcessMark.of(pid) for pid in [*family, pid_of(folder)]]
    assert len(marks) == 4
    kill_tree(folder)
    assert not any(mark.is_alive for mark in marks)
    status = ended(run_dir)
    assert (status.state, status.sentence) == (JobState.STOPPED, "killed from the Studio before it had begun")


def test_what_a_dead_job_left_running_can_still_be_ended(run_dir: Path) -> None:
    folder = start(run_dir, WITH_A_FAMILY)
    says(folder, "family")
    family = [ProcessMark.of(int(word)) for word in folder.log.read_text().rpartition("family")[2].split()]
    os.kill(pid_of(folder), signal.SIGKILL)
    ended(run_dir)
    assert all(mark.is_alive for mark in family)
    kill_tree(folder)
    assert not any(mark.is_alive for mark in family)


def test_a_number_that_is_anothers_by_now_is_not_signalled(run_dir: Path) -> None:
    folder = start(run_dir, "")
    ended(run_dir)
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        content = json.loads(folder.process.read_text())
        for who in ("keeper", "command"):
            content[who] |= {"pid": bystander.pid}
        folder.process.write_text(json.dumps(content))
        folder.exit.unlink()
        assert read_status(run_dir).state is JobState.LOST
        assert not stop_gently(folder)
        kill_tree(folder)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_job_of_another_machine_is_not_signalled(run_dir: Path) -> None:
    folder = start(run_dir, WAITS)
    content = json.loads(folder.process.read_text())
    folder.process.write_text(json.dumps(content | {"host": "gpu01"}))
    for end in (stop_gently, kill_tree):
        with pytest.raises(OSError, match="the job runs on gpu01; it can only be ended there"):
            end(folder)
    folder.process.write_text(json.dumps(content))
    assert read_status(run_dir).pid == pid_of(folder)


def test_a_copy_of_a_running_job_runs_nothing_and_ending_it_touches_nobody(run_dir: Path) -> None:
    folder = start(run_dir, WAITS)
    says(folder, "at work")
    until(lambda: read_status(run_dir).pid == pid_of(folder), "the command's number")
    copy = JobFolder(shutil.copytree(run_dir, run_dir.with_name("copy")))
    status = read_status(copy.run_dir)
    assert (status.state, status.pid) == (JobState.LOST, None)
    assert status.sentence == "was copied while it ran; nothing runs in the copy"
    assert not stop_gently(copy)
    kill_tree(copy)
    time.sleep(0.2)
    assert read_status(run_dir).pid == pid_of(folder)
    assert living_command(folder) is not None
    start(copy.run_dir, "print('its own')")
    assert ended(copy.run_dir).sentence == "finished: its own"
    assert read_status(run_dir).pid == pid_of(folder)


def test_a_renamed_folder_keeps_its_job_even_without_the_keeper(run_dir: Path) -> None:
    folder = start(run_dir, WAITS)
    says(folder, "at work")
    until(lambda: read_status(run_dir).pid == pid_of(folder), "the command's number")
    os.kill(keeper_of(folder).pid, signal.SIGKILL)
    until(lambda: not keeper_of(folder).is_alive, "the end of the keeper")
    renamed = JobFolder(run_dir.rename(run_dir.with_name("renamed")))
    assert read_status(renamed.run_dir).pid == pid_of(renamed)
    kill_tree(renamed)
    assert read_status(renamed.run_dir).pid is None


def test_a_folder_with_another_number_is_its_keepers_as_long_as_that_holds_it(run_dir: Path) -> None:
    folder = start(run_dir, WAITS)
    says(folder, "at work")
    until(lambda: read_status(run_dir).pid == pid_of(folder), "the command's number")
    content = json.loads(folder.process.read_text())
    folder.process.write_text(json.dumps(content | {"place": [0, 0]}))
    assert read_status(run_dir).pid == pid_of(folder)


def test_a_killed_keeper_costs_the_exit_status_alone(run_dir: Path) -> None:
    folder = start(run_dir, WAITS)
    says(folder, "at work")
    os.kill(keeper_of(folder).pid, signal.SIGKILL)
    until(lambda: not keeper_of(folder).is_alive, "the end of the keeper")
    assert read_status(run_dir).pid == pid_of(folder)
    with pytest.raises(ValueError, match="a job runs here already"):
        start(run_dir, WAITS)
    kill_tree(folder)
    status = read_status(run_dir)
    assert status.state is JobState.LOST
    assert "ended without saying why" in status.sentence


def test_the_token_reaches_everything_that_the_command_starts(run_dir: Path) -> None:
    folder = start(run_dir, f"import os; print('token', os.environ[{TOKEN_VARIABLE!r}])")
    ended(run_dir)
    processes = folder.read_processes()
    assert processes is not None
    assert f"token {processes.token}" in folder.log.read_text()
