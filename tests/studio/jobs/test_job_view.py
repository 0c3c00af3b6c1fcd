"""The page of one job: folded where there is little room, true about a run that goes on, waits, or is damaged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lpsnet_studio.jobs.job_deeds import Deed
from lpsnet_studio.jobs.jobs import JobEntry
from tests.studio.jobs.hand_made_jobs import NOW, HandMadeJobs, entry, failed, running
from tests.studio.jobs.run_files import progress, started, write_run

Open = Callable[..., Any]
SENTENCE = "ran out of memory on cuda after 1200 of 9000 iterations: tried to allocate 2.5 GiB, of 24 GiB 300 were left"
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


@pytest.mark.parametrize("tab", ["curves", "samples", "log", "load", "settings"])
def test_everything_can_be_reached_in_the_smallest_window(
    qtbot: Any, open_page: Open, entries: list[JobEntry], tab: str
) -> None:
    from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QComboBox

    page = open_page(HandMadeJobs(entries), IN_A_WINDOW_OF_480_BY_360)
    _choose(page, entries[0])
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
