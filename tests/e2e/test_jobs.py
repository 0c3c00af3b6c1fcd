"""Jobs from the window to their results and back, with real processes; and what is seen of them when they end badly."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lpsnet_studio.jobs.job_deeds import Deed
from lpsnet_studio.jobs.job_folder import JobFolder
from lpsnet_studio.jobs.launch import kill_tree, launch
from lpsnet_studio.jobs.results import pictures_of
from lpsnet_studio.jobs.run_facts import read_facts
from lpsnet_studio.jobs.spec import TrainSpec
from lpsnet_studio.jobs.status import JobState, read_status
from tests.e2e.jobs_by_hand import LONG, SCENES, TINY, User
from tests.studio.jobs.child_jobs import WAITS, says, start

PROJECT = Path(__file__).resolve().parents[2]
COUNT = int(SCENES["count"])
IS_POSIX = os.name == "posix"


def elsewhere(program: str, home: Path) -> tuple[list[str], dict[str, str]]:
    """Returns command and variables of a user in a process of their own, with a real window where one can be had."""
    environment = {
        **os.environ,
        "HOME": str(home),
        "PYTHONPATH": f"{PROJECT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
    }
    command = [sys.executable, "-m", "tests.e2e.jobs_by_hand", program, str(home)]
    runner = shutil.which("xvfb-run")
    if sys.platform.startswith("linux"):
        environment["QT_QPA_PLATFORM"] = "offscreen" if runner is None else "xcb"
        if runner is not None:
            command = [runner, "-a", "-s", "-screen 0 1600x1000x24", *command]
    return command, environment


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home of the Studio's; no job in it outlives the test."""
    yield tmp_path
    for run in (tmp_path / "runs").glob("*"):
        kill_tree(JobFolder(run))


@pytest.fixture
def come(qapp: object, home: Path) -> Iterator[Callable[[], User]]:
    """Opens a Studio at the same home again and again, one at a time."""
    users: list[User] = []

    def made() -> User:
        while users:
            users.pop().close()
        users.append(User(home))
        return users[-1]

    yield made
    while users:
        users.pop().close()


@pytest.fixture
def user(come: Callable[[], User]) -> User:
    return come()


# ----------------------------------------------------------------------------------------------- from form to result


@pytest.mark.slow
def test_a_training_goes_from_the_form_to_a_result_in_inspect(home: Path) -> None:
    """Written, looked ahead at, started, stopped, resumed, finished, evaluated, and its network looked at."""
    command, environment = elsewhere("whole", home)
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, cwd=PROJECT, timeout=900
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["platform"] == environment.get("QT_QPA_PLATFORM", seen["platform"])
    assert seen["errors"] == []
    assert seen["fine"] > 0

    assert seen["stopped"].startswith("Stopped after "), seen["stopped"]
    assert seen["stopped"].endswith(" of 40 iterations, saved.")
    assert {"latest.safetensors", "state.pt"} <= set(seen["saved"])
    assert seen["trained"].startswith("Finished after 40 iterations with PQ ")
    assert seen["curves"]["loss.total"] == 40, "what was done before the stop is not lost, and not drawn twice"
    assert seen["colors"] > 10

    assert seen["evaluated"].startswith(f"Finished after {COUNT} pictures with PQ ")
    assert seen["mode"] == "inspect"
    qualities = {picture.file_name: picture.pq for picture in pictures_of(home / "runs" / "measured").values()}
    shown = [quality for _name, quality in seen["worst_first"]]
    assert len(set(shown)) > 1, "pictures of one quality have no order"
    assert shown == sorted(qualities.values())
    assert seen["network"] == "best.safetensors"
    assert seen["steps"] > 0


@pytest.mark.slow
def test_an_evaluation_goes_from_the_form_to_the_image_list(user: User, home: Path) -> None:
    """The same in short, without a network: with ground truth in the place of boxes and semantics."""
    user.studio.begin()
    folder = home / "runs" / "ceiling"
    user.begin_evaluation(folder, None, ("oracle_semantic", "oracle_boxes"))
    assert "--oracle semantic,boxes" in user.form.foot.command.toPlainText()
    user.start()
    assert user.until_ended(folder, JobState.FINISHED).startswith(f"Finished after {COUNT} pictures with PQ ")
    user.press_deed(Deed.IMAGES)
    session = user.studio.session
    user.until(lambda: len(session.entries) == COUNT, "its pictures")
    assert user.window.modes.mode == "inspect"
    shown = [session.entries[at].measured.pq for at in session.order]
    assert shown == sorted(picture.pq for picture in pictures_of(folder).values())


# ------------------------------------------------------------------------------------------------- outliving the window


@pytest.mark.slow
@pytest.mark.skipif(not IS_POSIX, reason="kill -9 is POSIX's")
def test_a_killed_studio_leaves_its_job_and_the_next_one_tells_its_end_once(
    home: Path, come: Callable[[], User]
) -> None:
    command = [sys.executable, "-m", "tests.e2e.jobs_by_hand", "begin", str(home)]
    _, environment = elsewhere("begin", home)
    studio = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**environment, "QT_QPA_PLATFORM": "offscreen"}, cwd=PROJECT
    )
    try:
        assert studio.stdout is not None
        folder = Path(studio.stdout.readline().strip())
        assert read_status(folder).state.is_alive
    finally:
        studio.send_signal(signal.SIGKILL)
        assert studio.wait(20) == -signal.SIGKILL
    at_the_kill = read_facts(JobFolder(folder).events).iteration
    deadline = time.monotonic() + 120
    while read_status(folder).state.is_alive:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert at_the_kill < read_facts(JobFolder(folder).events).iteration == LONG, "it went on by itself, to its end"

    user = come()
    notes = user.window.notifications
    user.until(lambda: notes.texts, "what happened meanwhile")
    assert notes.texts == ["While you were away: measured has finished."]
    user.do("jobs_mode")
    user.page.show_job(folder)
    assert user.until_ended(folder, JobState.FINISHED).startswith(f"Finished after {LONG} pictures with PQ ")
    assert user.header.chip.text == "Finished"
    again = come()
    again.until(lambda: again.window.room.jobs.entry(folder), "the job")
    assert again.window.notifications.texts == []


# ------------------------------------------------------------------------------------------------------------ bad ends


def told(user: User, run: Path) -> tuple[str, str, str]:
    """Returns how a job that has failed is told of: by the page, what it advises, and by the message over it."""
    jobs = user.window.room.jobs
    user.until(lambda: (entry := jobs.entry(run)) and entry.status.state is JobState.FAILED, "the failure")
    user.until(lambda: user.header.chip.text == "Failed", "its state on the page")
    user.until(lambda: user.window.notifications.texts, "a message")
    assert user.header.show_log.isVisible()
    return user.header.sentence.text(), user.header.advice.text(), user.window.notifications.texts[-1]


def watch(user: User, run: Path) -> None:
    """Has a job that runs listed and shown."""
    user.window.room.jobs.open_run(run)
    user.window.room.show_job(run)
    user.until(lambda: user.header.entry is not None and user.header.entry.status.state.is_alive, "that it runs")
    for note in list(user.window.notifications.notes):
        note.dismiss()


BAD_ENDS = {
    "memory": (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20)); bytearray(1 << 30)",
        "failed: out of memory: MemoryError.",
        "Try fewer data.workers, a smaller training.batch, or a smaller input.short_side.",
    ),
    "GPU memory": (
        "class OutOfMemoryError(RuntimeError): pass\nraise OutOfMemoryError('CUDA out of memory')",
        "failed: out of GPU memory: OutOfMemoryError: CUDA out of memory.",
        "Try a smaller training.batch, a larger training.accumulate, or a smaller input.short_side.",
    ),
    "disk": (
        "open('/dev/full', 'wb', 0).write(bytes(9))",
        "failed: the disk is full: OSError: [Errno 28] No space left on device.",
        "Make room, then start it again.",
    ),
}
"""What a job does, and what is then said and advised; ``/dev/full`` is the kernel's own full disk."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits and /dev/full as Linux has them")
@pytest.mark.parametrize("what", BAD_ENDS)
def test_what_ran_out_is_said_on_the_page_and_in_a_message(user: User, home: Path, what: str) -> None:
    program, sentence, advice = BAD_ENDS[what]
    run = home / "runs" / "street"
    start(
        run,
        f"import sys, time, pathlib\nwhile not pathlib.Path(sys.argv[2]).exists(): time.sleep(0.05)\n{program}",
        str(home / "go"),
    )
    watch(user, run)
    (home / "go").touch()
    shown, advised, note = told(user, run)
    assert shown == f"{sentence[:1].upper()}{sentence[1:]}"
    assert advised == advice
    assert sentence.rstrip(".") in note
    assert note.startswith("street ")


@pytest.mark.skipif(not IS_POSIX, reason="kill -9 is POSIX's")
def test_a_job_killed_from_outside_is_told_from_one_that_the_user_kills(user: User, home: Path) -> None:
    run = home / "runs" / "street"
    says(start(run, WAITS), "at work")
    watch(user, run)
    pid = read_status(run).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    shown, _advised, note = told(user, run)
    assert shown == "Failed: killed from outside (SIGKILL); the kernel reports no lack of memory."
    assert "killed from outside" in note

    second = home / "runs" / "second"
    says(start(second, WAITS), "at work")
    watch(user, second)
    user.press_deed(Deed.KILL)
    user.until(lambda: user.page.question is not None and user.page.question.isVisible(), "the question")
    user.press(next(button for button in user.page.question.buttons() if button.text().startswith("Kill")))
    user.until(lambda: not read_status(second).state.is_alive, "its end")
    assert "Killed from the Studio" in user.until_ended(second, JobState.STOPPED)


def test_a_config_that_is_wrong_by_the_time_it_is_read_is_told_in_its_own_words(user: User, home: Path) -> None:
    """The form lets no wrong config pass: here its file is written over before the training begins."""
    config, run = home / "street.yaml", home / "runs" / "street"
    config.write_text("name: street\ntraining: {batch: -4}\n")
    launch(TrainSpec(str(config), (), run, ("cpu",)))
    watch(user, run)
    shown, _advised, note = told(user, run)
    assert "training.batch" in shown
    assert str(config) in shown
    assert "training.batch" in note
    user.press(user.header.show_log)
    assert user.page.view.tabs.key == "log"


def test_the_form_says_what_is_wrong_and_starts_nothing(user: User, home: Path) -> None:
    user.begin_training(home / "runs" / "street", {**TINY, "training.batch": "0"})
    assert not user.form.start.isEnabled()
    assert "training.batch" in user.form.foot.reason.text()
    user.find_field("training.batch", "2")
    user.until(user.form.start.isEnabled, "Start")
    assert not (home / "runs" / "street").exists()
