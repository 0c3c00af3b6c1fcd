"""The page of one job: folded where there is little room, true about a run that goes on, waits, or is damaged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lpsnet.config import load_config
from lpsnet.events import BatchStarted, PictureDone
from lpsnet_studio.jobs.job_deeds import Deed
from lpsnet_studio.jobs.job_words import when_words
from lpsnet_studio.jobs.jobs import JobEntry, Jobs
from lpsnet_studio.jobs.log_levels import Level
from lpsnet_studio.jobs.run_facts import read_facts
from lpsnet_studio.jobs.status import JobState, JobStatus
from tests.studio.jobs.hand_made_jobs import (
    NOW,
    HandMadeJobs,
    entry,
    evaluate_spec,
    facts,
    failed,
    finished,
    predict_spec,
    running,
    train_spec,
    waiting,
)
from tests.studio.jobs.run_files import START, evaluated, lines, progress, started, write_run
from tests.studio.jobs.test_jobs import Machine, Studio

Open = Callable[..., Any]
SENTENCE = (
    "ran out of memory on cuda after 1,200 of 9,000 iterations: tried to allocate 2.5 GiB, of 24 GiB 300 were left"
)
ADVICE = "Use a smaller batch, smaller pictures or mixed precision, or let several GPUs share the batch. " * 3
IN_A_WINDOW_OF_900_BY_600 = (832, 516)
IN_A_WINDOW_OF_480_BY_360 = (412, 276)


@pytest.fixture
def open_page(qtbot: Any, theme: Any) -> Iterator[Open]:
    from lpsnet_studio.jobs.jobs_page import JobsPage

    made: list[Any] = []

    def open_it(jobs: HandMadeJobs, size: tuple[int, int] = (1200, 800)) -> Any:
        page = JobsPage(jobs, theme, now=lambda: NOW)
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
    live, dead = tmp_path / "live", tmp_path / "dead"
    for folder in (live, dead):
        write_run(folder, [started(), *(progress(at, 1.0, box=0.5, semantic=0.2) for at in range(20, 200, 20))])
        (folder / "config.yaml").write_text(load_config("demo", ["training.batch=3"]).to_yaml())
    return [entry(live, running()), entry(dead, failed(SENTENCE, ADVICE))]


def _choose(page: Any, *entries: JobEntry) -> None:
    page.side.list.choose([entry.folder for entry in entries])


# -------------------------------------------------------------------------------------------------------------- folding


@pytest.mark.parametrize("which", [0, 1])
def test_a_chart_is_readable_in_a_small_window(
    qtbot: Any, open_page: Open, entries: list[JobEntry], which: int
) -> None:
    page = open_page(HandMadeJobs(entries), IN_A_WINDOW_OF_900_BY_600)
    _choose(page, entries[which])
    qtbot.wait(10)
    view, curves = page.view, page.view.tabs.curves
    assert page.size().toTuple() == IN_A_WINDOW_OF_900_BY_600
    assert not view.scroll.verticalScrollBar().isVisible(), "it fits"
    assert curves.plot.height() >= 200
    assert curves.legend.isVisible()
    assert curves.legend.mapTo(curves, curves.legend.rect().topLeft()).x() > curves.plot.width(), "it lies beside"


def test_what_is_folded_can_be_read_in_the_tool_tip(open_page: Open, entries: list[JobEntry]) -> None:
    page = open_page(HandMadeJobs(entries), IN_A_WINDOW_OF_900_BY_600)
    _choose(page, entries[1])
    header = page.view.header
    for label, whole in ((header.sentence, SENTENCE[1:]), (header.advice, ADVICE.strip())):
        assert label.height() < 2 * label.fontMetrics().lineSpacing()
        assert label.shown.endswith("…")
        assert whole in label.text()
        assert whole in label._whole_tip()


def test_details_are_shown_and_hidden_by_a_button(qtbot: Any, open_page: Open, entries: list[JobEntry]) -> None:
    from PySide6.QtCore import Qt

    page = open_page(HandMadeJobs(entries), IN_A_WINDOW_OF_900_BY_600)
    _choose(page, entries[1])
    header = page.view.header
    hidden = (header.course, header.path, header.command, header.copy_path, header.copy_command)
    assert not any(part.isVisible() for part in hidden)
    qtbot.keyClick(header.details, Qt.Key.Key_Space)
    assert all(part.isVisible() for part in hidden)
    assert header.advice.height() >= 2 * header.advice.fontMetrics().lineSpacing()
    page.resize(1200, 800)
    page.resize(*IN_A_WINDOW_OF_900_BY_600)
    assert header.command.isVisible(), "as the user wants it, whatever the room"
    qtbot.waitUntil(lambda: page.view.tabs.curves.plot.height() >= 200)
    header.details.click()
    assert not any(part.isVisible() for part in hidden)


def test_a_large_window_shows_the_details(open_page: Open, entries: list[JobEntry]) -> None:
    page = open_page(HandMadeJobs(entries), (1300, 790))
    assert page.view.header.command.isVisible()
    assert page.view.header.details.isChecked()
    page.resize(*IN_A_WINDOW_OF_900_BY_600)
    assert not page.view.header.command.isVisible()


def test_a_name_goes_before_the_word_of_its_state_in_a_narrow_list(open_page: Open, tmp_path: Path) -> None:
    """Which the icon shows too, and the tool tip says."""
    from PySide6.QtCore import Qt

    page = open_page(HandMadeJobs([entry(tmp_path / "street-own", failed())]), (1200, 800))
    rows = page.side.list.rows
    assert "street-own · Failed" in rows.index(1).data(Qt.ItemDataRole.ToolTipRole)
    wide = _right_of_state_icon(page)
    page.resize(*IN_A_WINDOW_OF_480_BY_360)
    assert _right_of_state_icon(page) < 8 < wide


def _right_of_state_icon(page: Any) -> int:
    """Returns how far from the right end of its line the state of the first job begins, beyond the icon's width."""
    from PySide6.QtCore import QRect
    from PySide6.QtGui import QPainter, QPixmap

    line = QRect(0, 0, page.side.list.viewport().width() - 24, 18)
    canvas = QPixmap(line.size())
    painter = QPainter(canvas)
    row = page.side.list.rows.rows[1]
    left = page.side.list.itemDelegate()._paint_state(painter, line, page.font(), row, "#ffffff")
    painter.end()
    return line.right() - left - 16


@pytest.mark.parametrize("tab", ["curves", "samples", "log", "load", "settings"])
def test_everything_can_be_reached_in_the_smallest_window(
    qtbot: Any, open_page: Open, entries: list[JobEntry], tab: str
) -> None:
    from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QComboBox

    page = open_page(HandMadeJobs(entries), IN_A_WINDOW_OF_480_BY_360)
    _choose(page, entries[0])
    page.view.tabs.show_tab("settings")
    qtbot.waitUntil(lambda: bool(page.view.tabs.settings.settings.preset))
    page.view.tabs.show_tab(tab)
    qtbot.wait(10)
    view, inside = page.view, page.view.scroll.widget()
    assert page.size().toTuple() == IN_A_WINDOW_OF_480_BY_360
    assert view.scroll.verticalScrollBar().isVisible()
    assert not view.scroll.horizontalScrollBar().isVisible(), "it scrolls in one direction only"
    window = view.scroll.viewport()
    for deed in (Deed.STOP, Deed.KILL):
        button = view.header.buttons[deed]
        assert button.isVisible()
        assert window.rect().contains(button.mapTo(window, button.rect().bottomRight())), "without scrolling"
    for part in inside.findChildren(QAbstractButton) + inside.findChildren(QComboBox):
        within = part.parent().parent() if isinstance(part.parent(), QAbstractScrollArea) else inside
        if part.isVisible() and within is inside and not part.objectName().startswith("Scroll"):
            assert inside.rect().contains(part.mapTo(inside, part.rect().bottomRight())), part
            assert part.height() >= part.minimumSizeHint().height() - 2, part
    if tab == "curves":
        assert view.tabs.curves.plot.height() >= 200


# ---------------------------------------------------------------------------------------------------- earlier sittings


def test_a_resumed_training_that_waits_shows_what_it_did_before(qtbot: Any, open_page: Open, tmp_path: Path) -> None:
    """As the real model has it, with another job on the only device."""
    from PySide6.QtGui import QGuiApplication

    from lpsnet_studio.jobs.job_tabs_view import tabs_for

    machine = Machine()
    studio = Studio(tmp_path / "state", machine, "cpu")
    busy, again = tmp_path / "busy", tmp_path / "again"
    studio.add(train_spec(busy))
    write_run(again, [started(), *(progress(at, 1.0) for at in (20, 40)), evaluated(40, 0.3, "samples/a.png")])
    (again / "config.yaml").write_text("name: demo\n")
    (again / "job").mkdir()
    (again / "job" / "log.txt").write_text("epoch one\n")
    known = read_facts(again / "events.jsonl")
    machine.statuses[again] = JobStatus(
        JobState.STOPPED, "stopped", facts=known, spec=train_spec(again), started=START - 2, ended=START + 41
    )
    studio.jobs.open_run(again)
    studio.settle()
    studio.jobs.resume(again)
    studio.settle()
    entry = studio.jobs.entry(again)
    assert entry is not None
    assert entry.status.state is JobState.QUEUED

    page = open_page(studio.jobs)
    page.show_job(again)
    tabs = page.view.tabs
    assert tabs_for([entry]) == ("curves", "samples", "log", "load", "settings")
    tabs.show_tab("curves")
    qtbot.waitUntil(lambda: len(tabs.curves.plot.drawn) > 0)
    tabs.show_tab("log")
    qtbot.waitUntil(lambda: tabs.log.controls.levels[Level.INFO].text() == "All 1")
    header = page.view.header
    assert header.course.text().startswith(f"Started {when_words(START - 2, NOW)} · ended ")
    assert header.course.text().endswith("43 s in all · will run on the CPU")
    assert header.command.isVisible()
    assert header.resuming.isVisible()
    header.copy_resuming.click()
    assert "--resume" in QGuiApplication.clipboard().text()
    header.copy_command.click()
    assert "training.batch=2" in QGuiApplication.clipboard().text()
    assert "--resume" not in QGuiApplication.clipboard().text()


def test_a_job_that_never_ran_has_settings_alone(open_page: Open, tmp_path: Path) -> None:
    from lpsnet_studio.jobs.job_tabs_view import tabs_for

    new = entry(tmp_path / "new", waiting())
    page = open_page(HandMadeJobs([new]))
    assert tabs_for([new]) == ("settings",)
    assert not page.view.header.resuming.isVisible()


# ---------------------------------------------------------------------------------------------------------- predictions


def test_a_prediction_has_no_curves_and_its_times_with_its_load(
    qtbot: Any, open_page: Open, entries: list[JobEntry], tmp_path: Path
) -> None:
    predicted, measured = tmp_path / "predicted", tmp_path / "measured"
    jobs = [
        entry(predicted, finished("predict"), predict_spec(predicted)),
        entry(measured, finished("evaluate"), evaluate_spec(measured)),
        *entries,
    ]
    begun = BatchStarted(time=START, task="predict", network="demo", data="photos", pictures=1, device="CPU")
    done = PictureDone(time=START + 1, file_name="a.jpg", image_id=1, done=1, pictures=1, seconds=0.5)
    write_run(predicted, [begun, done])
    page = open_page(HandMadeJobs(jobs))
    tabs = page.view.tabs
    _choose(page, jobs[0])
    shown = [tabs.tabText(at) for at in range(tabs.count()) if tabs.isTabVisible(at)]
    assert shown == ["Pictures", "Log", "Load", "Settings"]
    tabs.show_tab("load")
    assert _offered(tabs.load.chart_box) == ["Time a picture", "Memory", "Load"]
    tabs.load.chart_box.setCurrentText("Time a picture")
    qtbot.waitUntil(lambda: [key[1] for key in tabs.load.plot.drawn] == ["picture.seconds"])
    _choose(page, jobs[1])
    assert "Curves" in [tabs.tabText(at) for at in range(tabs.count()) if tabs.isTabVisible(at)]
    _choose(page, entries[0])
    tabs.show_tab("load")
    assert _offered(tabs.load.chart_box) == ["Images per second", "Memory", "Load"]
    assert tabs.load.chart.title == "Load"


def _offered(box: Any) -> list[str]:
    return [box.itemText(at) for at in range(box.count()) if box.model().item(at).isEnabled()]


def test_a_job_that_saved_nothing_offers_to_start_again(open_page: Open, tmp_path: Path) -> None:
    unsaved = replace(failed(), facts=facts(iteration=3, saved=0, has_network=False))
    jobs = HandMadeJobs([entry(tmp_path / "saved", failed()), entry(tmp_path / "unsaved", unsaved)])
    page = open_page(jobs)
    button = page.view.header.buttons[Deed.RESUME]
    _choose(page, jobs.entries[0])
    assert button.text() == "Resume"
    _choose(page, jobs.entries[1])
    assert button.text() == "Start again"
    assert "nothing was saved" in button.toolTip()
    assert "Start again" in [action.text() for action in page.made_menu().actions()]
    button.click()
    assert jobs.asked[-1] == ("resume", tmp_path / "unsaved")


# --------------------------------------------------------------------------------------------------------------- damage


def test_a_damaged_run_that_is_written_anew_is_followed(qtbot: Any, open_page: Open, tmp_path: Path) -> None:
    """Torn, malformed and disordered lines, then a file that is cut off and written anew while it is looked at."""
    run = tmp_path / "run"
    events, log = run / "events.jsonl", run / "job" / "log.txt"
    log.parent.mkdir(parents=True)
    (run / "config.yaml").write_text("name: demo\n")
    log.write_bytes(b"first\n\xff\xfe broken\nhalf a li")
    whole = lines([progress(120, 12.0, time=START + 120)])
    events.write_bytes(
        lines([started(), *(progress(at, float(at)) for at in (20, 40, 60, 80))])
        + b'{"event": "progress", "iteration": "many"}\nnull\n[[[\n\x00\xff\n'
        + lines([progress(50, 5.0), progress(100, 10.0)])  # it went back without saying so
        + whole[:40]
    )
    jobs = Jobs(tmp_path / "state", lambda work, done, **_others: done(work()))
    page = open_page(jobs)
    jobs.open_run(run)
    page.show_job(run)
    tabs, key = page.view.tabs, (run, "loss.total")
    curves = tabs.curves

    def values() -> list[float]:
        return curves.plot.drawn[key].values.tolist() if key in curves.plot.drawn else []

    qtbot.waitUntil(lambda: values() == [20.0, 40.0, 5.0, 10.0], timeout=5000)
    assert curves.note.isVisible()
    assert curves.note.text() == "4 lines of the events could not be read and are left out."
    assert "100 of 1,000 iterations" in page.view.header.sentence.text()
    with events.open("ab") as stream:
        stream.write(whole[40:])
    qtbot.waitUntil(lambda: values()[-1:] == [12.0], timeout=5000)

    events.write_bytes(lines([started(), progress(20, 7.0)]))
    qtbot.waitUntil(lambda: values() == [7.0], timeout=5000)
    assert not curves.note.isVisible()
    longer = [started(), *(progress(at, 3.0) for at in range(10, 400, 10))]
    events.write_bytes(lines(longer))
    qtbot.waitUntil(lambda: values() == [3.0] * 39, timeout=5000)
    jobs.refresh()
    assert "390 of 1,000 iterations" in page.view.header.sentence.text()

    tabs.show_tab("log")
    everything = tabs.log.controls.levels[Level.INFO]
    qtbot.waitUntil(lambda: everything.text() == "All 3", timeout=5000)
    log.write_bytes(b"written anew, and longer than it was before\n" * 5)
    qtbot.waitUntil(lambda: everything.text() == "All 5", timeout=5000)

    tabs.show_tab("curves")
    events.write_bytes(b"")
    qtbot.waitUntil(lambda: curves.plot._words.isVisible() and "No losses yet" in curves.plot._words.text())
    jobs.refresh()
    assert page.view.header.chip.text in ("Not started", "Lost")
