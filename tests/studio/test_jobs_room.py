"""Jobs in the window: in the place of the image, which comes back as it was, and outliving the window itself."""

from __future__ import annotations

import json
import os
import stat
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMessageBox, QToolButton

from lpsnet.events import PictureDone, Stopped
from lpsnet.run_directory import RunDirectory
from lpsnet_studio import jobs_forms
from lpsnet_studio.availability import actions_out_of_place
from lpsnet_studio.chrome.desktop_note import DesktopNote
from lpsnet_studio.commands import files as file_commands
from lpsnet_studio.commands import jobs as jobs_commands
from lpsnet_studio.inference.messages import Inspect, ListDataset, LoadModel, ModelLoaded
from lpsnet_studio.jobs.job_deeds import Deed
from lpsnet_studio.jobs.job_folder import HowItEnded, JobFolder
from lpsnet_studio.jobs.jobs import JobEntry
from lpsnet_studio.jobs.launch import kill_tree
from lpsnet_studio.jobs.spec import EvaluateSpec, JobSpec, PredictSpec, TrainSpec, spec_to_json
from lpsnet_studio.jobs.status import JobState, JobStatus, read_status
from lpsnet_studio.session import Session
from lpsnet_studio.settings import Folders, Settings
from lpsnet_studio.state import Problem
from tests.studio.hand_made import AT_FIRST, ListeningService, card, entries, inspected, open_first
from tests.studio.jobs.child_jobs import WAITS, batch_started, ended, start, training_started, until, write_events

LONGEST = 20_000


@pytest.fixture
def opened(window: Any, session: Session, service: ListeningService) -> Any:
    open_first(session, service)
    return window


@pytest.fixture
def told(opened: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the desktop is told."""
    words: list[str] = []
    monkeypatch.setattr(opened.room.telling.desktop, "show", lambda _title, text: words.append(text))
    return words


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[Path]:
    """A job that goes on until it is ended."""
    folder = tmp_path / "at-work"
    job = start(folder, WAITS)
    yield folder
    kill_tree(job)


def shown_docks(window: Any) -> dict[str, tuple[int, int]]:
    return {name: dock.size().toTuple() for name, dock in window.docks.items() if dock.isVisible()}


def show(window: Any, mode: str) -> None:
    window.actions_by_id[f"{mode}_mode"].trigger()


def status_words(window: Any) -> str:
    return window.statusBar().text


# --------------------------------------------------------------------------------------------------------------- modes


def test_the_image_comes_back_as_it_was(opened: Any, session: Session, qtbot: Any) -> None:
    opened.docks["images"].close()
    opened.docks["steps"].raise_()
    opened.resizeDocks([opened.docks["steps"]], [360], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: opened.docks["steps"].width() == 360)
    session.select(2)
    opened.canvas.setFocus()
    opened.actions_by_id["zoom_in"].trigger()
    zoom = opened.canvas.transform()
    before = shown_docks(opened)
    show(opened, "jobs")
    assert not shown_docks(opened)
    assert not opened.canvas.isVisible()
    assert not opened.timeline.isVisible()
    assert opened.windowTitle() == "Jobs – LPSNet Studio"
    show(opened, "inspect")
    qtbot.waitUntil(lambda: shown_docks(opened) == before)
    assert opened.docks["images"].isHidden()
    assert session.selected == 2
    assert opened.canvas.transform() == zoom
    assert opened.canvas.hasFocus()
    assert opened.timeline.isVisible()


def test_what_is_computed_goes_on_while_jobs_are_shown(
    opened: Any, session: Session, service: ListeningService
) -> None:
    session.inspect()
    before = session.result
    show(opened, "jobs")
    session.receive(inspected(service.last(Inspect)))
    assert session.result is not before
    show(opened, "inspect")
    assert opened.canvas.isVisible()


def test_a_floating_panel_is_put_away_and_floats_again(opened: Any, qtbot: Any) -> None:
    dock = opened.docks["layers"]
    dock.setFloating(True)
    dock.show()
    show(opened, "jobs")
    assert not dock.isVisible()
    show(opened, "inspect")
    qtbot.waitUntil(dock.isVisible)
    assert dock.isFloating()


def test_a_window_made_small_and_large_meanwhile_keeps_its_docks(opened: Any, qtbot: Any) -> None:
    show(opened, "jobs")
    opened.resize(400, 300)
    show(opened, "inspect")
    qtbot.waitUntil(lambda: opened.size().toTuple() == (400, 300))
    assert not shown_docks(opened), "there is no room for them"
    show(opened, "jobs")
    opened.resize(1200, 800)
    qtbot.waitUntil(lambda: opened.size().toTuple() == (1200, 800))
    show(opened, "inspect")
    assert {name for name, dock in opened.docks.items() if not dock.isHidden()} == AT_FIRST


def test_the_mode_of_the_last_run_is_shown_and_its_docks_are_kept(
    qtbot: Any, session: Session, theme: Any, folders: Folders
) -> None:
    from lpsnet_studio.main_window import MainWindow

    for run in range(3):
        made = MainWindow(session, theme, Settings(folders.config), folders)
        qtbot.addWidget(made)
        made.show()
        qtbot.waitExposed(made)
        assert made.modes.mode == ("inspect" if run == 0 else "jobs")
        show(made, "jobs")
        if run == 2:
            show(made, "inspect")
            assert {name for name, dock in made.docks.items() if not dock.isHidden()} == AT_FIRST
        made.close()


def test_jobs_that_are_not_shown_cost_no_widget(opened: Any) -> None:
    assert opened.room._page is None
    show(opened, "jobs")
    page = opened.room._page
    show(opened, "inspect")
    show(opened, "jobs")
    assert opened.room._page is page


def test_the_bar_shows_one_mode_and_is_reached_by_keyboard(opened: Any) -> None:
    inspect, annotate, jobs = opened.modes.bar.buttons
    assert isinstance(jobs, QToolButton)
    assert [button.accessibleName() for button in (inspect, annotate, jobs)] == ["Inspect", "Annotate", "Jobs"]
    assert [button.text() for button in (inspect, annotate, jobs)] == ["Inspect", "Annotate", "Jobs"]
    jobs.setFocus()
    QTest.keyClick(jobs, Qt.Key.Key_Space)
    assert opened.modes.mode == "jobs"
    jobs.click()
    assert [button.isChecked() for button in (inspect, annotate, jobs)] == [False, False, True], "one is always on"
    QTest.keyClick(opened, Qt.Key.Key_F2)
    assert opened.modes.mode == "inspect"
    QTest.keyClick(opened, Qt.Key.Key_F3)
    assert opened.modes.mode == "annotate"
    QTest.keyClick(opened, Qt.Key.Key_F4)
    assert opened.modes.mode == "jobs"


def test_in_a_narrow_window_the_words_give_way(opened: Any, qtbot: Any) -> None:
    wide = opened.modes.bar.width()
    opened.resize(300, 200)
    qtbot.waitUntil(lambda: opened.modes.bar.width() < wide - 15)


def test_actions_on_the_image_wait_until_it_is_shown(opened: Any, session: Session) -> None:
    before = {name: opened.actions_by_id[name].isEnabled() for name in actions_out_of_place("jobs")}
    assert before["next_image"]
    show(opened, "jobs")
    assert not any(opened.actions_by_id[name].isEnabled() for name in actions_out_of_place("jobs"))
    QTest.keyClick(opened, Qt.Key.Key_F5)
    assert "show the inspection first" in opened.notifications.texts[-1]
    show(opened, "inspect")
    assert {name: opened.actions_by_id[name].isEnabled() for name in actions_out_of_place("jobs")} == before


def test_who_opens_images_or_asks_for_a_panel_sees_the_image(opened: Any, session: Session) -> None:
    show(opened, "jobs")
    session.set_entries(entries())
    assert opened.modes.mode == "inspect"
    show(opened, "jobs")
    opened.actions_by_id["panel_why"].trigger()
    assert opened.modes.mode == "inspect"
    assert opened.docks["why"].isVisible()


def test_messages_are_seen_in_both_modes(opened: Any) -> None:
    opened.notifications.show_info("Saved something.")
    show(opened, "jobs")
    opened.notifications.show_info("Another thing.")
    assert all(note.isVisible() for note in opened.notifications.notes)
    show(opened, "inspect")
    assert all(note.isVisible() for note in opened.notifications.notes)


# ---------------------------------------------------------------------------------------------------------------- form


def test_folders_are_proposed_beside_the_one_that_was_used_last(
    opened: Any, folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added: list[JobSpec] = []
    monkeypatch.setattr(opened.room.jobs, "add", added.append)
    opened.room.begin_new("evaluate")
    form = opened.room._form
    form.body.form.set("config", "demo")
    form.body.form.set("out", str(tmp_path / "big disk" / "one"))
    form.ask_to_start()
    assert [spec.folder for spec in added] == [tmp_path / "big disk" / "one"]
    opened.room.begin_new("train")
    assert opened.room._form.body.spec().folder.parent == tmp_path / "big disk"
    assert Settings(folders.config).preferences.jobs_folder == str(tmp_path / "big disk")


def test_the_settings_of_a_job_are_looked_up_where_that_may_take_long(
    opened: Any, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_answer = threading.Event()

    def slowly(spec: JobSpec) -> JobSpec:
        assert may_answer.wait(20) or spec.folder.name != "old"
        return replace(spec, overrides=("training.batch=8",))

    monkeypatch.setattr(jobs_forms, "begun_anew", slowly)
    opened.room.begin_new("train", TrainSpec("demo", (), tmp_path / "old"))
    form = opened.room._form
    assert form.body.spec().overrides == ()
    opened.room.begin_new("train", TrainSpec("demo", (), tmp_path / "newer", ("cpu",)))
    may_answer.set()
    qtbot.waitUntil(lambda: form.body.spec().overrides == ("training.batch=8",))
    assert form.body.spec().devices == ("cpu",)
    assert form.body.spec().run_dir.name.startswith("newer-")


@pytest.fixture
def trained(opened: Any, tmp_path: Path, qtbot: Any) -> Path:
    """A training of elsewhere that has ended with a network, listed and looked at."""
    folder = tmp_path / "trained"
    write_events(folder, training_started(400, time=1.0), Stopped(time=2.0, iteration=400, reason="finished"))
    RunDirectory(folder).best.parent.mkdir()
    RunDirectory(folder).best.write_bytes(b"")
    show(opened, "jobs")
    opened.room.jobs.open_run(folder)
    opened.room.show_job(folder)
    qtbot.waitUntil(lambda: opened.room.shown is not None and opened.room.shown.folder == folder)
    qtbot.waitUntil(lambda: opened.room.shown.status.facts.has_network)
    return folder


def test_the_network_that_is_loaded_from_a_job_is_named(
    opened: Any, trained: Path, service: ListeningService, session: Session, qtbot: Any
) -> None:
    best = RunDirectory(trained).best
    header = json.dumps({"__metadata__": {"card": json.dumps({"iteration": 1040})}}).encode()
    best.write_bytes(struct.pack("<Q", len(header)) + header)
    opened.room.do(Deed.INSPECT)
    qtbot.waitUntil(lambda: service.count(LoadModel) > 1)
    assert not any("Loaded" in text for text in opened.notifications.texts), "not before it is here"
    session.receive(ModelLoaded(service.last(LoadModel).request, card(origin=best)))
    assert "Loaded the best network of trained (iteration 1,040)." in opened.notifications.texts
    assert "trained · hand-made" in status_words(opened)


def test_an_export_goes_beside_the_run_and_gets_its_suffix(
    opened: Any, trained: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written: list[Path] = []
    asked: list[str] = []

    def export(_checkpoint: Path, target: Path, _report: Callable[[float], None]) -> Path:
        written.append(target)
        return target

    def chosen(_parent: Any, _title: str, proposed: str, _pattern: str) -> tuple[str, str]:
        asked.append(proposed)
        return str(tmp_path / "mine.v2"), ""

    monkeypatch.setattr(jobs_commands, "export_checkpoint", export)
    monkeypatch.setattr(jobs_commands.QFileDialog, "getSaveFileName", chosen)
    opened.room.do(Deed.EXPORT)
    qtbot.waitUntil(lambda: written == [tmp_path / "mine.v2.safetensors"])
    assert asked == [str(trained.parent / "trained-best.safetensors")]
    (tmp_path / "mine.v2.safetensors").touch()
    opened.room.do(Deed.EXPORT)
    qtbot.waitUntil(lambda: opened.findChild(QMessageBox) is not None)
    assert len(written) == 1, "the dialog has asked about another name"
    opened.findChild(QMessageBox).reject()


def test_a_stop_that_was_asked_for_is_no_warning(opened: Any, tmp_path: Path) -> None:
    stopped = JobStatus(JobState.STOPPED, "stopped after 1,200 of 9,000 iterations, saved", "Resume goes on.")
    opened.room.telling._tell_ended(JobEntry(tmp_path, None, stopped, "fourth"))
    (note,) = opened.notifications.notes
    assert note.kind == "info"
    assert note.problem.sentence == "fourth stopped after 1,200 of 9,000 iterations, saved. Resume goes on."


@pytest.mark.parametrize("kind", ["evaluation", "prediction"])
def test_a_new_batch_begins_with_the_network_that_is_looked_at(opened: Any, trained: Path, kind: str) -> None:
    opened.actions_by_id[f"new_{kind}"].trigger()
    form = opened.room._form
    assert form.body.form.value("checkpoint") == str(trained)
    form.body.form.set("checkpoint", "/another")
    form.cancel.click()
    opened.actions_by_id[f"new_{kind}"].trigger()
    assert form.body.form.value("checkpoint") == "/another", "what was written stays"


def test_a_training_is_evaluated_from_its_own_page(opened: Any, trained: Path, qtbot: Any) -> None:
    opened.room.do(Deed.EVALUATE)
    form = opened.room._form
    assert form.kind == "evaluate"
    qtbot.waitUntil(lambda: form.body.form.value("checkpoint") == str(trained))
    assert form.body.spec().folder.name.startswith("trained-evaluation")


def _ended_batch(folder: Path, spec: JobSpec) -> Path:
    """Writes what the Studio and the keeper wrote of a job that has ended."""
    files = JobFolder(folder)
    files.path.mkdir(parents=True)
    files.write(files.job, {"token": "t", "asked": 1.0, "spec": spec_to_json(spec), "argv": ["x"]})
    files.write(files.exit, HowItEnded("t", 3.0, code=0).to_json())
    return folder


def _look_at(window: Any, folder: Path, qtbot: Any) -> None:
    """Lists a batch that has ended and shows it."""
    show(window, "jobs")
    window.room.jobs.open_run(folder)
    window.room.show_job(folder)
    qtbot.waitUntil(lambda: window.room.shown is not None)
    qtbot.waitUntil(lambda: window.room.shown.status.facts.iteration > 0)


def _evaluated(tmp_path: Path, checkpoint: Path) -> Path:
    """Writes an evaluation of two drawn scenes that has ended."""
    folder = tmp_path / "evaluated"
    _ended_batch(folder, EvaluateSpec(checkpoint, "scenes:0+2@64x96", folder))
    done = [
        PictureDone(time=2.0, file_name=f"scene-{at}.png", image_id=at + 1, done=at + 1, pictures=2, seconds=0.1, pq=pq)
        for at, pq in enumerate((0.5, 0.25))
    ]
    write_events(folder, batch_started(2, time=1.0), *done, Stopped(time=3.0, iteration=2, reason="finished"))
    return folder


@pytest.mark.parametrize("is_there", [True, False])
def test_the_pictures_of_an_evaluation_come_with_its_network(
    window: Any, session: Session, service: ListeningService, tmp_path: Path, qtbot: Any, is_there: bool
) -> None:
    checkpoint = tmp_path / "best.safetensors"
    if is_there:
        checkpoint.write_bytes(b"")
    _look_at(window, _evaluated(tmp_path, checkpoint), qtbot)
    window.actions_by_id["show_pictures"].trigger()
    qtbot.waitUntil(lambda: window.modes.mode == "inspect", timeout=LONGEST)
    assert service.count(LoadModel) == int(is_there)
    if is_there:
        assert service.last(LoadModel).checkpoint == str(checkpoint)
    told = f"{checkpoint}: the network that this was done with is not here any more."
    assert any(told in text for text in window.notifications.texts) is not is_there


def test_the_job_stays_in_sight_until_its_scenes_are_drawn(
    window: Any, service: ListeningService, tmp_path: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_end = threading.Event()

    def drawn(_scenes: Any, _report: Any) -> Path:
        may_end.wait(LONGEST / 1000)
        return tmp_path / "scenes.json"

    monkeypatch.setattr(file_commands, "_drawn", drawn)
    _look_at(window, _evaluated(tmp_path, tmp_path / "best.safetensors"), qtbot)
    window.actions_by_id["show_pictures"].trigger()
    told = "2 scenes are drawn first. They are shown once all of them are there."
    qtbot.waitUntil(lambda: told in window.notifications.texts)
    assert window.modes.mode == "jobs"
    may_end.set()
    qtbot.waitUntil(lambda: window.modes.mode == "inspect")
    assert service.last(ListDataset).json_path == str(tmp_path / "scenes.json")


@pytest.mark.parametrize("action", ["show_pictures", "open_predictions"])
@pytest.mark.parametrize("is_there", [True, False])
def test_what_was_predicted_comes_with_its_network(
    window: Any, service: ListeningService, tmp_path: Path, qtbot: Any, action: str, is_there: bool
) -> None:
    checkpoint, pictures = tmp_path / "best.safetensors", tmp_path / "pictures"
    pictures.mkdir()
    cv2.imwrite(str(pictures / "one.png"), np.zeros((8, 8, 3), np.uint8))
    if is_there:
        checkpoint.write_bytes(b"")
    folder = _ended_batch(tmp_path / "predicted", PredictSpec((pictures,), tmp_path / "predicted", checkpoint))
    write_events(
        folder,
        batch_started(1, "predict", time=1.0),
        PictureDone(time=2.0, file_name="one.png", image_id=1, done=1, pictures=1, seconds=0.1),
        Stopped(time=3.0, iteration=1, reason="finished"),
    )
    (folder / "panoptic.json").write_text("{}")
    _look_at(window, folder, qtbot)
    window.actions_by_id[action].trigger()
    qtbot.waitUntil(lambda: window.modes.mode == "inspect", timeout=LONGEST)
    loaded = service.last(LoadModel).checkpoint if service.count(LoadModel) else None
    assert loaded == (str(checkpoint) if is_there else None)
    told = f"{checkpoint}: the network that this was done with is not here any more."
    assert any(told in text for text in window.notifications.texts) is not is_there


# ----------------------------------------------------------------------------------------------------------- real jobs


def test_a_job_is_counted_and_its_end_is_told(
    opened: Any, told: list[str], at_work: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "isActiveWindow", lambda: False)
    jobs = opened.room.jobs
    jobs.open_run(at_work)
    qtbot.waitUntil(lambda: "1 job" in status_words(opened), timeout=LONGEST)
    assert any("Jobs go on when the Studio is closed" in text for text in opened.notifications.texts)
    jobs.kill(at_work)
    qtbot.waitUntil(lambda: "1 job" not in status_words(opened), timeout=LONGEST)
    qtbot.waitUntil(
        lambda: any("at-work was killed" in text or "at-work killed" in text for text in opened.notifications.texts),
        timeout=LONGEST,
    )
    assert len(told) == 1, told
    assert told[0].startswith(("at-work was killed", "at-work killed"))


def test_jobs_go_on_when_the_window_closes_and_the_next_one_tells_how_they_ended(
    opened: Any,
    told: list[str],
    at_work: Path,
    qtbot: Any,
    session: Session,
    theme: Any,
    folders: Folders,
) -> None:
    from lpsnet_studio.main_window import MainWindow

    opened.room.jobs.open_run(at_work)
    qtbot.waitUntil(lambda: "1 job" in status_words(opened), timeout=LONGEST)
    opened.close()
    assert told == ["1 job goes on without the Studio."]
    status = read_status(at_work)
    assert status.state.is_alive
    assert status.pid is not None
    assert psutil.pid_exists(status.pid)
    psutil.Process(status.pid).kill()
    assert ended(at_work).state is JobState.FAILED
    again = MainWindow(session, theme, Settings(folders.config), folders)
    qtbot.addWidget(again)
    again.show()
    notes = again.notifications
    qtbot.waitUntil(lambda: any("While you were away: at-work" in text for text in notes.texts), timeout=LONGEST)
    assert sum("at-work" in text for text in notes.texts) == 1, "it is told once"
    again.close()


# ------------------------------------------------------------------------------------------------------------- desktop


@pytest.fixture
def notify_send(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """A program in the place of the desktop's own; returns what it was told."""
    program, heard = tmp_path / "bin" / "notify-send", tmp_path / "heard"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {heard}.new && mv {heard}.new {heard}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    def told() -> str:
        until(heard.exists, "a message on the desktop")
        return heard.read_text()

    return told


@pytest.mark.skipif(os.name == "nt", reason="notify-send is a program of Linux desktops")
def test_the_desktop_is_told_in_plain_words(qtbot: Any, notify_send: Callable[[], str]) -> None:
    label = QLabel()
    qtbot.addWidget(label)
    assert DesktopNote(label).show("LPSNet Studio", "--<b>run</b> has finished")
    assert notify_send().splitlines()[-2:] == ["LPSNet Studio", "--&lt;b&gt;run&lt;/b&gt; has finished"]


def test_a_desktop_without_messages_is_no_error(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    label = QLabel()
    qtbot.addWidget(label)
    assert not DesktopNote(label).show("LPSNet Studio", "run has finished")


# ------------------------------------------------------------------------------------------------------------ messages


@pytest.mark.parametrize("size", [(1360, 860), (900, 600)])
def test_messages_leave_the_ways_out_of_a_form_free(opened: Any, qtbot: Any, size: tuple[int, int]) -> None:
    opened.resize(*size)
    room, notes = opened.room, opened.notifications
    room.begin_new("evaluate")
    notes.show_failure(Problem("The disk is full.", "Make room."))
    for kind in ("train", "evaluate", "train"):
        room.begin_new(kind)
        form = room.forms.of(kind)
        (note,) = notes.notes

        def place(widget: Any) -> QRect:
            return QRect(widget.mapToGlobal(QPoint(0, 0)), widget.size())

        for button in (form.start, form.cancel, form.foot):
            qtbot.waitUntil(lambda button=button, note=note: not place(note).intersects(place(button)))
        assert note.isVisible()
        at = opened.mapFromGlobal(place(note).center())
        assert note.isAncestorOf(opened.childAt(at)), "the form lies over it"


@pytest.mark.parametrize(("waiting", "is_told"), [("starts next", False), ("waits for cpu, where first runs", True)])
def test_who_has_no_queue_is_told_nothing_of_it(
    opened: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, waiting: str, is_told: bool
) -> None:
    job = JobEntry(tmp_path, TrainSpec("demo", (), tmp_path), JobStatus(JobState.QUEUED, waiting), "next", waiting)
    monkeypatch.setattr(type(opened.room.jobs), "entries", property(lambda _jobs: (job,)))
    opened.room.jobs.changed.emit()
    assert any("Waiting jobs start only" in text for text in opened.notifications.texts) == is_told
