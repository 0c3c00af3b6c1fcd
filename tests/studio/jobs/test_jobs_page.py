"""The page of jobs: what is listed, chosen, shown and asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lpsnet.config import load_config
from lpsnet_studio.jobs.job_deeds import Deed
from lpsnet_studio.jobs.jobs import JobEntry
from lpsnet_studio.jobs.spec import TrainSpec
from lpsnet_studio.jobs.status import JobState, JobStatus
from lpsnet_studio.state import Problem
from tests.studio.jobs.hand_made_jobs import (
    NOW,
    HandMadeJobs,
    entry,
    evaluate_spec,
    facts,
    failed,
    finished,
    running,
    waiting,
)
from tests.studio.jobs.run_files import progress, started, write_run

Open = Callable[..., Any]


@pytest.fixture
def open_page(qtbot: Any, theme: Any) -> Iterator[Open]:
    from lpsnet_studio.jobs.jobs_page import JobsPage

    made: list[Any] = []

    def open_it(jobs: HandMadeJobs, size: tuple[int, int] = (1200, 800), **others: Any) -> Any:
        page = JobsPage(jobs, theme, now=lambda: NOW, **others)
        qtbot.addWidget(page)
        page.resize(*size)
        page.show()
        made.append(page)
        return page

    yield open_it
    for page in made:
        page.close_page()


@pytest.fixture
def entries(tmp_path: Path) -> list[JobEntry]:
    folders = [tmp_path / name for name in ("w1", "w2", "live", "dead", "measured", "done")]
    for folder in folders[2:]:
        write_run(folder, [started(), *(progress(at) for at in range(20, 200, 20))])
        (folder / "config.yaml").write_text(load_config("demo", [f"training.batch={len(folder.name)}"]).to_yaml())
        (folder / "job").mkdir()
        lines = [f"line {at}" for at in range(50)] + ["Traceback (most recent call last):", "ValueError: no"]
        (folder / "job" / "log.txt").write_text("\n".join([*lines, *(f"after {at}" for at in range(50))]) + "\n")
    w1, w2, live, dead, measured, done = folders
    return [
        entry(w1, waiting()),
        entry(w2, waiting()),
        entry(live, running()),
        entry(dead, failed(advice="Use a smaller batch."), seen=False),
        entry(measured, finished("evaluate"), evaluate_spec(measured)),
        entry(done, finished()),
    ]


def _shown(page: Any) -> set[Deed]:
    return {deed for deed, button in page.view.header.buttons.items() if button.isVisible()}


def _choose(page: Any, *entries: JobEntry) -> None:
    page.side.list.choose([entry.folder for entry in entries])


def test_no_jobs_yet_says_what_to_do(qtbot: Any, open_page: Open) -> None:
    page = open_page(HandMadeJobs())
    assert not page.splitter.isVisible()
    for kind in ("train", "evaluate", "predict"):
        with qtbot.waitSignal(page.new_wanted) as wanted:
            page.empty_buttons[kind].click()
        assert wanted.args == [kind]


def test_enter_presses_the_button_that_the_keyboard_is_on_and_shows_to_be(qtbot: Any, open_page: Open) -> None:
    from PySide6.QtCore import Qt

    page = open_page(HandMadeJobs())
    page.activateWindow()
    qtbot.waitUntil(page.empty_buttons["train"].hasFocus)
    # It has a ring without Tab.
    qtbot.waitUntil(lambda: page.testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange))
    with qtbot.waitSignal(page.new_wanted) as wanted:
        qtbot.keyClick(page.empty_buttons["train"], Qt.Key.Key_Return)
    assert wanted.args == ["train"]


def test_enter_opens_the_menu_of_new_jobs(qtbot: Any, open_page: Open, entries: list[JobEntry]) -> None:
    from PySide6.QtCore import Qt, QTimer

    page = open_page(HandMadeJobs(entries))
    menu = page.side.new_button.menu()
    QTimer.singleShot(0, menu.close)
    with qtbot.waitSignal(menu.aboutToShow):
        qtbot.keyClick(page.side.new_button, Qt.Key.Key_Return)


def test_the_keyboard_goes_from_the_offers_to_the_jobs_that_are_read_later(
    qtbot: Any, open_page: Open, entries: list[JobEntry]
) -> None:
    jobs = HandMadeJobs()
    page = open_page(jobs)
    page.activateWindow()
    qtbot.waitUntil(page.empty_buttons["train"].hasFocus)
    jobs.put(*entries)
    assert page.side.list.hasFocus()
    assert page.side.list.folders == (entries[2].folder,)


def test_the_first_job_takes_the_place_of_the_offer(open_page: Open, entries: list[JobEntry]) -> None:
    jobs = HandMadeJobs()
    page = open_page(jobs)
    page.show_job(entries[2].folder)
    jobs.put(entries[2])
    assert page.splitter.isVisible()
    assert page.view.header.name.text() == "live"


def test_the_first_job_is_chosen_once_the_list_is_read(open_page: Open, entries: list[JobEntry]) -> None:
    jobs = HandMadeJobs()
    page = open_page(jobs)
    jobs.put(*entries[2:])
    assert page.side.list.folders == (entries[2].folder,)
    assert page.view.header.name.text() == "live"
    page.side.list.choose([])
    jobs.put(*entries)
    assert page.side.list.folders == (), "who chose none has none chosen"


def test_what_runs_is_chosen_before_what_waits(open_page: Open, entries: list[JobEntry]) -> None:
    jobs = HandMadeJobs()
    page = open_page(jobs)
    jobs.put(*entries)
    assert page.side.list.folders == (entries[2].folder,)
    assert open_page(HandMadeJobs(entries)).side.list.folders == (entries[2].folder,), "also of a list that was read"


def test_the_only_job_is_always_chosen(open_page: Open, entries: list[JobEntry]) -> None:
    jobs = HandMadeJobs(entries)
    page = open_page(jobs)
    page.side.list.choose([])
    jobs.put(*entries[:3])
    assert page.side.list.folders == ()
    jobs.put(entries[0])
    assert page.side.list.folders == (entries[0].folder,)


def test_only_what_is_not_first_in_the_queue_can_start_earlier(open_page: Open, entries: list[JobEntry]) -> None:
    jobs = HandMadeJobs(entries)
    page = open_page(jobs)
    _choose(page, entries[0])
    assert page.view.header.sentence.text() == "Waits for cuda:0. It starts by itself once it can."
    _choose(page, entries[1])
    assert "Alt+Up in the list lets it start earlier" in page.view.header.sentence.text()
    jobs.put(*entries[1:])
    assert "Alt+Up" not in page.view.header.sentence.text(), "it has become the first"


def test_a_run_directory_is_opened(open_page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PySide6.QtWidgets import QFileDialog

    jobs = HandMadeJobs()
    page = open_page(jobs)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    page.empty_buttons["open"].click()
    assert jobs.asked == [("open_run", tmp_path)]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    page.ask_for_run()
    assert len(jobs.asked) == 1


def test_buttons_follow_the_state(open_page: Open, entries: list[JobEntry]) -> None:
    jobs = HandMadeJobs(entries)
    page = open_page(jobs)
    w1, _w2, live, dead, measured, _done = entries
    _choose(page, w1)
    assert _shown(page) == {Deed.START_NOW, Deed.WITHDRAW, Deed.DUPLICATE}
    _choose(page, live)
    assert _shown(page) == {Deed.STOP, Deed.KILL, Deed.INSPECT, Deed.EXPORT, Deed.DUPLICATE}
    _choose(page, measured)
    assert _shown(page) == {Deed.IMAGES, Deed.DATASET, Deed.DUPLICATE}
    _choose(page, dead)
    after = {Deed.EVALUATE, Deed.PREDICT}
    assert _shown(page) == {Deed.RESUME, Deed.INSPECT, Deed.EXPORT, Deed.DUPLICATE, *after}
    jobs.change(replace(dead, status=running()))
    assert Deed.STOP in _shown(page)
    assert page.view.header.chip.text == "Running"


@pytest.mark.parametrize(
    ("at", "deed", "asked"),
    [
        (0, Deed.START_NOW, "start_now"),
        (0, Deed.WITHDRAW, "withdraw"),
        (2, Deed.STOP, "stop"),
        (3, Deed.RESUME, "resume"),
    ],
)
def test_a_button_asks_the_model_once(
    open_page: Open, entries: list[JobEntry], at: int, deed: Deed, asked: str
) -> None:
    jobs = HandMadeJobs(entries)
    page = open_page(jobs)
    _choose(page, entries[at])
    button = page.view.header.buttons[deed]
    button.click()
    button.click()
    assert [call for call in jobs.asked if call[0] != "mark_seen"] == [(asked, entries[at].folder)]
    # It is offered again once it could not be done.
    jobs.failed.emit(Problem("no such process", folder=entries[at].folder))
    assert button.isEnabled()


def test_killing_asks_first_and_says_what_is_lost(qtbot: Any, open_page: Open, entries: list[JobEntry]) -> None:
    from PySide6.QtWidgets import QMessageBox

    jobs = HandMadeJobs(entries)
    page = open_page(jobs)
    _choose(page, entries[2])
    page.view.header.buttons[Deed.KILL].click()
    assert "200 iterations since the last checkpoint" in page.question.informativeText()
    assert page.question.defaultButton() is page.question.button(QMessageBox.StandardButton.Cancel)
    page.question.button(QMessageBox.StandardButton.Cancel).click()
    assert jobs.asked == []
    page.view.header.buttons[Deed.KILL].click()
    next(button for button in page.question.buttons() if button.text() == "Kill").click()
    assert jobs.asked == [("kill", entries[2].folder)]


def test_uses_and_duplicates_are_the_windows(qtbot: Any, open_page: Open, entries: list[JobEntry]) -> None:
    page = open_page(HandMadeJobs(entries))
    measured = entries[4]
    _choose(page, measured)
    with qtbot.waitSignal(page.use_wanted) as wanted:
        page.view.header.buttons[Deed.DATASET].click()
    assert wanted.args == ["dataset", measured.folder, ""]
    with qtbot.waitSignal(page.use_wanted) as wanted:
        page.view.tabs.pictures.opened.emit("a.jpg")
    assert wanted.args == ["images", measured.folder, "a.jpg"]
    with qtbot.waitSignal(page.duplicate_wanted) as wanted:
        page.view.header.buttons[Deed.DUPLICATE].click()
    assert wanted.args == [measured.spec]
    done = entries[5]
    _choose(page, done)
    for deed in (Deed.EVALUATE, Deed.PREDICT):
        with qtbot.waitSignal(page.duplicate_wanted) as wanted:
            page.view.header.buttons[deed].click()
        assert (wanted.args[0].kind, wanted.args[0].checkpoint) == (deed.value, done.folder)


def test_a_dead_job_leads_to_its_first_error(qtbot: Any, open_page: Open, entries: list[JobEntry]) -> None:
    page = open_page(HandMadeJobs(entries))
    _choose(page, entries[3])
    header = page.view.header
    assert header.sentence.text() == "Ran out of memory after 1,200 of 9,000 iterations."
    assert header.advice.text() == "Use a smaller batch."
    header.show_log.click()
    assert page.view.tabs.key == "log"
    log = page.view.tabs.log
    qtbot.waitUntil(lambda: log.lines.currentIndex().isValid())
    assert log.lines.currentIndex().row() == 50


def test_an_end_that_is_shown_is_seen(open_page: Open, entries: list[JobEntry]) -> None:
    jobs = HandMadeJobs(entries)
    page = open_page(jobs)
    assert jobs.asked == []
    _choose(page, entries[3])
    assert ("mark_seen", entries[3].folder) in jobs.asked


def test_only_the_shown_tab_reads(qtbot: Any, open_page: Open, entries: list[JobEntry]) -> None:
    page = open_page(HandMadeJobs(entries))
    tabs = page.view.tabs
    _choose(page, entries[2])
    assert tabs.key == "curves"
    qtbot.waitUntil(lambda: bool(tabs.curves.plot.drawn))
    assert tabs._worker._runs.keys() == {entries[2].folder}
    assert tabs.log.log.end == 0
    tabs.show_tab("log")
    qtbot.waitUntil(lambda: tabs.log.log.end > 0)
    assert tabs._worker._runs == {}
    tabs.show_tab("load")
    assert tabs._worker._runs.keys() == {entries[2].folder}
    page.hide()
    assert tabs._worker._runs == {}
    assert not tabs.log._timer.isActive()
    assert not tabs.samples._timer.isActive()
    assert not tabs.pictures._timer.isActive()


def test_the_tab_last_used_is_kept_for_each_kind(open_page: Open, entries: list[JobEntry]) -> None:
    page = open_page(HandMadeJobs(entries))
    tabs = page.view.tabs
    _choose(page, entries[2])
    tabs.show_tab("settings")
    _choose(page, entries[4])
    assert tabs.key == "pictures"
    tabs.show_tab("log")
    _choose(page, entries[5])
    assert tabs.key == "settings"
    _choose(page, entries[4])
    assert tabs.key == "log"
    assert tabs.tabs_used == {"train": "settings", "evaluate": "log"}


def test_curves_of_several_are_overlaid_and_two_are_compared(
    qtbot: Any, open_page: Open, entries: list[JobEntry]
) -> None:
    page = open_page(HandMadeJobs(entries))
    tabs = page.view.tabs
    _choose(page, entries[2], entries[3])
    qtbot.waitUntil(lambda: {key[0] for key in tabs.curves.plot.drawn} == {entries[2].folder, entries[3].folder})
    assert not page.view.header.isVisible()
    _choose(page, entries[2], entries[5])
    assert tabs.isTabVisible(tabs.indexOf(tabs.compare))
    _choose(page, entries[3], entries[5], entries[2])
    assert not tabs.isTabVisible(tabs.indexOf(tabs.compare))
    _choose(page, entries[2], entries[4])
    tabs.show_tab("compare")
    qtbot.waitUntil(lambda: bool(tabs.compare.view.shown))
    assert [row.name for row in tabs.compare.view.shown] == ["training.batch"]


def test_a_config_that_is_missing_is_told_of_in_the_comparison(
    qtbot: Any, open_page: Open, entries: list[JobEntry]
) -> None:
    page = open_page(HandMadeJobs(entries))
    (entries[2].folder / "config.yaml").write_text("name: [")
    _choose(page, entries[2], entries[3])
    page.view.tabs.show_tab("compare")
    qtbot.waitUntil(lambda: str(entries[2].folder) in page.view.tabs.compare.state.text())


def test_removal_asks_nothing_and_can_be_undone(qtbot: Any, open_page: Open, entries: list[JobEntry]) -> None:
    from PySide6.QtCore import Qt

    jobs = HandMadeJobs(entries)
    page = open_page(jobs)
    _choose(page, entries[4])
    qtbot.keyClick(page.side.list, Qt.Key.Key_Delete)
    assert ("forget", entries[4].folder) in jobs.asked
    assert page.side.list.folders == (entries[5].folder,)
    page.side.undo.click()
    assert jobs.asked[-1] == ("list_again", entries[4].folder)
    jobs.put(*entries)
    assert page.side.list.folders == (entries[4].folder,)


def test_what_is_chosen_in_blocks_is_told_in_the_order_of_the_list(open_page: Open, entries: list[JobEntry]) -> None:
    page = open_page(HandMadeJobs(entries))
    w1, w2, live, dead, measured, done = (entry.folder for entry in entries)
    for wanted in ((w1, w2), (live,), (done, dead, w2), (w1, dead, measured, done), (), (w1, w2, live, dead, measured)):
        page.side.list.choose(wanted)
        assert page.side.list.folders == tuple(sorted(wanted, key=[w1, w2, live, dead, measured, done].index))
    page.side.list.selectAll()
    assert page.side.list.folders == (w1, w2, live, dead, measured, done), "no title of a section is among them"


def test_many_are_removed_and_listed_again_at_once(open_page: Open, entries: list[JobEntry]) -> None:
    jobs = HandMadeJobs(entries)
    page = open_page(jobs)
    w1, w2, _live, dead, measured, done = (entry.folder for entry in entries)
    _choose(page, *entries)
    page.remove_chosen()
    assert jobs.asked == [("withdraw", w1, w2), ("forget", dead, measured, done)]
    assert page.side.notice.text() == "Removed 3 jobs; the files stay."
    page.side.undo.click()
    assert jobs.asked[-1] == ("list_again", dead, measured, done)


def test_a_job_that_is_not_removed_is_not_said_to_be(
    qtbot: Any, open_page: Open, entries: list[JobEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = HandMadeJobs(entries)
    page = open_page(jobs)
    _choose(page, entries[4], entries[5])
    monkeypatch.setattr(jobs, "forget", lambda *folders: None)
    page.remove_chosen()
    assert not page.side.notice.isVisible()
    jobs.put(*entries[:5])
    assert not page.side.notice.isVisible()
    jobs.failed.emit(Problem("still runs", folder=entries[4].folder))
    assert page.side.notice.text() == "Removed done; the files stay."


def test_what_fails_of_another_job_changes_nothing(
    qtbot: Any, open_page: Open, entries: list[JobEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = HandMadeJobs(entries)
    page = open_page(jobs)
    _choose(page, entries[2])
    page.view.header.buttons[Deed.STOP].click()
    another = Problem("does not answer", folder=entries[3].folder)
    jobs.failed.emit(another)
    jobs.failed.emit(Problem("jobs.json could not be written"))
    assert not page.view.header.buttons[Deed.STOP].isEnabled()
    # A removal that is still to come can be taken back, and what was taken back is chosen again.
    _choose(page, entries[5])
    monkeypatch.setattr(jobs, "forget", lambda *folders: None)
    page.remove_chosen()
    jobs.failed.emit(another)
    jobs.put(*entries[:5])
    assert page.side.undo.isVisible()
    page.side.undo.click()
    jobs.failed.emit(another)
    jobs.put(*entries)
    assert page.side.list.folders == (entries[5].folder,)


def test_what_runs_stays_and_what_waits_is_withdrawn(qtbot: Any, open_page: Open, entries: list[JobEntry]) -> None:
    from PySide6.QtCore import Qt

    jobs = HandMadeJobs(entries)
    page = open_page(jobs)
    _choose(page, entries[2])
    qtbot.keyClick(page.side.list, Qt.Key.Key_Delete)
    assert jobs.asked == []
    assert page.side.notice.text() == "live runs; stop it first."
    _choose(page, entries[0])
    qtbot.keyClick(page.side.list, Qt.Key.Key_Delete)
    assert jobs.asked == [("withdraw", entries[0].folder)]


def test_a_directory_that_is_gone_says_what_to_do(open_page: Open, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    gone = entry(folder, JobStatus(JobState.LOST, f"{folder} is not there", "Was it moved, or a disk not mounted?"))
    jobs = HandMadeJobs([gone])
    page = open_page(jobs)
    assert not page.view.tabs.isVisible()
    assert _shown(page) == {Deed.FORGET}
    assert not page.view.header.show_log.isVisible()
    page.view.look_again.click()
    assert jobs.asked[-1] == ("refresh",)
    jobs.change(replace(gone, status=finished()))
    assert page.view.tabs.isVisible()


def test_processes_that_outlive_their_directory_can_be_killed(open_page: Open, tmp_path: Path) -> None:
    outlived = replace(running(), sentence="its directory is gone, its processes still run", is_outlived=True)
    jobs = HandMadeJobs([entry(tmp_path / "removed", outlived)])
    page = open_page(jobs)
    header = page.view.header
    assert (_shown(page), header.sentence.text()) == (
        {Deed.KILL, Deed.DUPLICATE},
        "Its directory is gone, its processes still run.",
    )
    assert not header.bar.isVisible()
    assert "of this job can be read any more" in page.view.message.text()
    assert page.view.look_again.isVisible()
    header.buttons[Deed.KILL].click()
    assert "cannot be gone on with" in page.question.informativeText()
    page.question.close()


def test_rows_are_chosen_and_moved_by_keyboard(qtbot: Any, open_page: Open, entries: list[JobEntry]) -> None:
    from PySide6.QtCore import Qt

    jobs = HandMadeJobs(entries)
    page = open_page(jobs)
    rows = page.side.list
    assert rows.folders == (entries[2].folder,), "it runs"
    qtbot.keyClick(rows, Qt.Key.Key_Home)
    assert rows.folders == (entries[0].folder,)
    # The titles of sections are passed over.
    for expected in entries[1:4]:
        qtbot.keyClick(rows, Qt.Key.Key_Down)
        assert rows.folders == (expected.folder,)
    qtbot.keyClick(rows, Qt.Key.Key_End)
    assert rows.folders == (entries[5].folder,)
    qtbot.keyClick(rows, Qt.Key.Key_Home)
    assert rows.folders == (entries[0].folder,)
    alt = Qt.KeyboardModifier.AltModifier
    jobs.asked.clear()
    qtbot.keyClick(rows, Qt.Key.Key_Up, alt)
    assert jobs.asked == []
    qtbot.keyClick(rows, Qt.Key.Key_Down, alt)
    assert jobs.asked == [("move", entries[0].folder, 1)]
    jobs.put(entries[1], entries[0], *entries[2:])
    assert rows.folders == (entries[0].folder,)
    qtbot.keyClick(rows, Qt.Key.Key_Up, alt)
    assert jobs.asked[-1] == ("move", entries[0].folder, 0)
    qtbot.keyClick(rows, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert len(rows.folders) == 2


@pytest.mark.parametrize("key", ["Key_Down", "Key_Up", "Key_Space", "Key_Return"])
def test_the_only_job_is_chosen_by_keyboard(qtbot: Any, open_page: Open, entries: list[JobEntry], key: str) -> None:
    from PySide6.QtCore import QItemSelectionModel, Qt

    page = open_page(HandMadeJobs(entries[2:3]))
    rows = page.side.list
    # As Tab leaves it that comes to a list in which nothing is chosen: a row is current, and not chosen.
    rows.choose([])
    rows.selectionModel().setCurrentIndex(rows.rows.index(1), QItemSelectionModel.SelectionFlag.NoUpdate)
    rows.setFocus()
    assert rows.folders == ()
    qtbot.keyClick(rows, getattr(Qt.Key, key))
    assert rows.folders == (entries[2].folder,)
    assert page.view.header.name.text() == "live"
    assert page.focusWidget() is (page.view.tabs.tabBar() if key == "Key_Return" else rows)


def test_enter_stays_in_the_list_while_nothing_is_shown(qtbot: Any, open_page: Open, entries: list[JobEntry]) -> None:
    from PySide6.QtCore import Qt

    page = open_page(HandMadeJobs(entries[2:3]))
    page.side.search.setText("no job is called so")
    page.side.list.setFocus()
    qtbot.keyClick(page.side.list, Qt.Key.Key_Return)
    assert page.focusWidget() is page.side.list


def test_a_waiting_job_is_dragged_within_the_queue(open_page: Open, entries: list[JobEntry]) -> None:
    from PySide6.QtCore import QModelIndex, Qt

    jobs = HandMadeJobs(entries)
    page = open_page(jobs)
    model = page.side.list.rows
    dragged = model.index(model.number_of(entries[1].folder))
    assert model.flags(dragged) & Qt.ItemFlag.ItemIsDragEnabled
    assert not model.flags(model.index(model.number_of(entries[2].folder))) & Qt.ItemFlag.ItemIsDragEnabled
    data = model.mimeData([dragged])
    # False: the view must not take the row out, the queue moves it.
    assert not model.dropMimeData(data, Qt.DropAction.MoveAction, 1, 0, QModelIndex())
    assert jobs.asked == [("move", entries[1].folder, 0)]


def test_the_list_is_filtered_by_words_and_state(qtbot: Any, open_page: Open, entries: list[JobEntry]) -> None:
    from lpsnet_studio.jobs.jobs_list import StateFilter

    page = open_page(HandMadeJobs(entries))
    side = page.side
    side.search.setText("dea")
    assert side.list.folders == (entries[3].folder,)
    side.states.setCurrentIndex(side.states.findData(StateFilter.FINISHED))
    assert not side.list.isVisible()
    # A job that is to be shown is found whatever the filters.
    page.show_job(entries[2].folder)
    assert side.list.folders == (entries[2].folder,)
    assert side.search.text() == ""


def test_what_is_chosen_stays_while_jobs_come_and_end(open_page: Open, entries: list[JobEntry]) -> None:
    jobs = HandMadeJobs(entries)
    page = open_page(jobs)
    _choose(page, entries[2])
    newer = entry(entries[2].folder.parent / "newer", running())
    jobs.put(*entries[:2], newer, *entries[2:])
    assert page.side.list.folders == (entries[2].folder,)
    jobs.change(replace(entries[2], status=finished()))
    assert page.side.list.folders == (entries[2].folder,)
    assert page.view.header.chip.text == "Finished"


def test_a_hidden_page_rests_and_catches_up(open_page: Open, entries: list[JobEntry]) -> None:
    jobs = HandMadeJobs(entries)
    page = open_page(jobs)
    _choose(page, entries[2])
    page.hide()
    jobs.change(replace(entries[2], status=finished()))
    assert page.view.header.chip.text == "Running"
    page.show()
    assert page.view.header.chip.text == "Finished"


def test_the_menu_offers_what_the_buttons_do(open_page: Open, entries: list[JobEntry]) -> None:
    opened: list[Path] = []

    def open_folder(folder: Path) -> bool:
        opened.append(folder)
        return True

    page = open_page(HandMadeJobs(entries), open_folder=open_folder)
    _choose(page, entries[3])
    actions = {action.text(): action for action in page.made_menu().actions()}
    assert {"Resume", "Open in Inspect", "Remove from the list", "Show the log", "Copy the path"} <= set(actions)
    actions["Show in folder"].trigger()
    assert opened == [entries[3].folder]
    _choose(page, entries[2], entries[3])
    actions = {action.text(): action for action in page.made_menu().actions()}
    actions["Compare settings"].trigger()
    assert page.view.tabs.key == "compare"


def test_path_and_command_are_copied(open_page: Open, entries: list[JobEntry]) -> None:
    from PySide6.QtGui import QGuiApplication

    page = open_page(HandMadeJobs(entries))
    _choose(page, entries[2])
    page.view.header.copy_path.click()
    assert QGuiApplication.clipboard().text() == str(entries[2].folder)
    page.view.header.copy_command.click()
    assert "lpsnet.cli train" in QGuiApplication.clipboard().text()


@pytest.mark.parametrize("size", [(420, 600), (700, 600), (900, 600), (1600, 900)])
def test_nothing_is_cut_at_any_size(
    qtbot: Any, open_page: Open, entries: list[JobEntry], size: tuple[int, int]
) -> None:
    from PySide6.QtWidgets import QAbstractButton

    page = open_page(HandMadeJobs(entries), size)
    assert page.minimumSizeHint().width() <= 420
    for each in entries:
        _choose(page, each)
        qtbot.wait(10)
        assert page.size().width() == size[0]
        for button in page.view.header.findChildren(QAbstractButton):
            if button.isVisible():
                corner = button.mapTo(page, button.rect().bottomRight())
                assert page.rect().contains(corner), (each.name, button.text())
                assert button.width() >= min(button.sizeHint().width(), 22)


def test_everything_that_can_be_reached_has_a_name_and_a_tip(open_page: Open, entries: list[JobEntry]) -> None:
    from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit

    page = open_page(HandMadeJobs(entries))
    own = [page.side, page.view.header, page.view.tabs.pictures, page.view.tabs.settings]
    for part in own:
        for kind in (QAbstractButton, QComboBox, QLineEdit):
            for control in part.findChildren(kind):
                if control.objectName().startswith("qt_") or control.parent().objectName().startswith("qt_"):
                    continue
                if isinstance(control.parent(), (QLineEdit,)):
                    continue
                words = control.accessibleName() or getattr(control, "text", str)()
                assert words, control
                assert control.toolTip(), words


def test_the_tab_key_goes_from_the_list_to_the_head_to_the_views(open_page: Open, entries: list[JobEntry]) -> None:
    page = open_page(HandMadeJobs(entries))
    _choose(page, entries[2])
    page.side.new_button.setFocus()
    passed = []
    for _step in range(14):
        control = page.focusWidget()
        passed.append(control.accessibleName() or control.text())
        page.focusNextChild()
    assert passed == [
        "New job",
        "Open run directory",
        "Find a job",
        "States",
        "Jobs",
        "Stop",
        "Kill…",
        "Open in Inspect",
        "Export checkpoint…",
        "Duplicate with changes…",
        "Details",
        "Copy the path",
        "Show in folder",
        "Copy the command",
    ]


def test_a_chart_that_could_not_be_saved_is_told_of(open_page: Open, entries: list[JobEntry]) -> None:
    page = open_page(HandMadeJobs(entries))
    page.view.tabs.curves.failed.emit("/full/chart.png could not be written: no space left on device")
    assert page.side.notice.text().startswith("/full/chart.png could not be written")
    assert not page.side.undo.isVisible()


def test_names_are_shown_as_plain_text(open_page: Open, tmp_path: Path) -> None:
    from PySide6.QtCore import Qt

    sly = entry(tmp_path / "<b>bold</b>", failed("ran into <img src=x>"))
    page = open_page(HandMadeJobs([sly]))
    header = page.view.header
    assert header.name.textFormat() == Qt.TextFormat.PlainText
    assert header.sentence.textFormat() == Qt.TextFormat.PlainText
    assert "<img" not in header.sentence.toolTip()
    row = page.side.list.rows.index(1)
    assert "<b>bold" not in row.data(Qt.ItemDataRole.ToolTipRole)


def test_two_hundred_jobs_are_listed(qtbot: Any, open_page: Open, tmp_path: Path) -> None:
    jobs = HandMadeJobs([entry(tmp_path / f"run {at}", finished(ended=NOW - at)) for at in range(200)])
    page = open_page(jobs)
    assert len(page.side.list.rows.rows) == 201
    page.show_job(jobs.entries[150].folder)
    assert page.view.header.name.text() == "run 150"


def test_both_themes_are_followed(open_page: Open, theme: Any, entries: list[JobEntry]) -> None:
    page = open_page(HandMadeJobs(entries))
    _choose(page, entries[3])
    from PySide6.QtGui import QPalette

    for name in ("light", "dark"):
        theme.apply(name)
        color = page.view.header.sentence.palette().color(QPalette.ColorRole.WindowText).name()
        assert color == theme.palette.discarded


def test_an_empty_chart_says_when_the_first_losses_come(qtbot: Any, open_page: Open, tmp_path: Path) -> None:
    folder = tmp_path / "young"
    write_run(folder, [started()])
    spec = TrainSpec("demo", ("training.log_every=7",), folder, ("cpu",))
    jobs = HandMadeJobs([entry(folder, running(facts=facts(iteration=0)), spec)])
    page = open_page(jobs)
    words = page.view.tabs.curves.plot._words
    qtbot.waitUntil(lambda: words.text() == "No losses yet. The first come after 7 iterations.")
