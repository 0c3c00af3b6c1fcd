"""One window for every unexpected failure; and About, offline and from metadata."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QThread
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from lpsnet_studio.chrome import credits
from lpsnet_studio.chrome.about import About
from lpsnet_studio.chrome.crash_dialog import CrashDialog, CrashReporter
from lpsnet_studio.failures import Failure, Failures
from lpsnet_studio.theme import contrast


@pytest.fixture
def reporter(qtbot: Any, theme: Any) -> Iterator[CrashReporter]:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    made = CrashReporter(theme, lambda: None, lambda: None, window)
    yield made
    if made.dialog is not None:
        made.dialog.close()


def failure(words: str, count: int = 1, *, suspended: bool = False) -> Failure:
    return Failure(words, "view.py, line 3", f"Traceback of {words}", count, suspended)


def open_dialogs() -> list[CrashDialog]:
    return [each for each in QApplication.topLevelWidgets() if isinstance(each, CrashDialog) and each.isVisible()]


def test_failures_share_one_window_that_lets_work_go_on(reporter: CrashReporter, qtbot: Any) -> None:
    first, second = failure("ValueError: a"), failure("KeyError: b")
    reporter.tell(first)
    assert open_dialogs() == [], "nothing is shown while the failure is on its way"
    qtbot.waitUntil(lambda: len(open_dialogs()) == 1)
    reporter.tell(second)
    first.count = 2
    reporter.tell(first)
    qtbot.waitUntil(lambda: reporter.dialog is not None and "(2 times)" in reporter.dialog.words)
    (dialog,) = open_dialogs()
    assert not dialog.isModal()
    assert dialog.words.startswith("ValueError: a (2 times)\nview.py, line 3\nYou can go on")
    assert "And 1 other failure." in dialog.words


def test_a_storm_says_that_it_is_no_longer_shown(reporter: CrashReporter, qtbot: Any) -> None:
    reporter.tell(failure("ValueError: a", 20, suspended=True))
    qtbot.waitUntil(lambda: reporter.dialog is not None)
    assert reporter.dialog is not None
    assert "will not be shown again" in reporter.dialog.words


def test_details_hold_every_traceback(reporter: CrashReporter, qtbot: Any) -> None:
    for number in range(3):
        reporter.tell(failure(f"ValueError: {number}"))
    qtbot.waitUntil(lambda: reporter.dialog is not None and "2 other failures" in reporter.dialog.words)
    dialog = reporter.dialog
    assert dialog is not None
    next(each for each in dialog.findChildren(QPushButton) if each.text() == "Details").click()
    assert dialog._details.isVisible()
    assert all(f"Traceback of ValueError: {number}" in dialog._details.toPlainText() for number in range(3))


def test_a_closed_window_is_gone_and_another_one_opens(reporter: CrashReporter, qtbot: Any) -> None:
    reporter.tell(failure("ValueError: a"))
    qtbot.waitUntil(lambda: reporter.dialog is not None)
    assert reporter.dialog is not None
    next(each for each in reporter.dialog.findChildren(QPushButton) if each.text() == "Close").click()
    qtbot.waitUntil(lambda: reporter.dialog is None)
    reporter.tell(failure("KeyError: b"))
    qtbot.waitUntil(lambda: len(open_dialogs()) == 1)
    assert "other" not in open_dialogs()[0].words


def test_a_failure_of_another_thread_is_shown_in_the_windows(reporter: CrashReporter, qtbot: Any) -> None:
    class Worker(QThread):
        def run(self) -> None:
            reporter.tell(failure("ValueError: from afar"))

    worker = Worker()
    worker.start()
    assert worker.wait(5000)
    qtbot.waitUntil(lambda: len(open_dialogs()) == 1)


def test_a_window_that_cannot_be_made_is_logged(
    reporter: CrashReporter, qtbot: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> CrashDialog:
        raise RuntimeError("no window")

    reporter._make = fail
    failures = Failures(reporter.tell)
    failures.take(ValueError("a"))
    qtbot.waitUntil(lambda: "could not be shown" in caplog.text)
    assert len(failures.known) == 1


def test_about_says_what_it_stands_on(qtbot: Any, theme: Any) -> None:
    copied: list[bool] = []
    about = About(theme, lambda: copied.append(True))
    qtbot.addWidget(about)
    for words in (
        credits.summary(),
        "English only",
        "Weixiang Hong",
        "Redistribution and use in source and binary forms",
        "Alexander Kirillov",
        "GNU Lesser General Public License",
        "PySide6_Essentials",
        "torchvision",
    ):
        assert words in about.text
    next(each for each in about.findChildren(QPushButton) if each.text() == "Copy diagnostics").click()
    assert copied == [True]


def test_about_follows_the_theme(qtbot: Any, theme: Any) -> None:
    about = About(theme, lambda: None)
    qtbot.addWidget(about)
    theme.apply("light")
    assert theme.palette.window in about._text.styleSheet()
    assert contrast(theme.palette.dim, theme.palette.window) >= 4.5


def test_every_library_of_the_project_is_credited() -> None:
    listed = {library.name.lower().replace("_", "-"): library for library in credits.libraries()}
    for name in ("torch", "numpy", "pyside6-essentials", "shiboken6", "pyqtgraph", "psygnal", "pyyaml"):
        assert listed[name].version
        assert listed[name].licence
    assert "pytest" not in listed
    assert "LGPL" in listed["pyside6-essentials"].licence


def test_the_licence_is_found_where_there_is_no_checkout(tmp_path: Any) -> None:
    text = credits._licence_file("LICENSE", tmp_path / "absent")
    assert text == credits.licence()
    assert text.startswith("BSD 3-Clause License")


def test_the_help_menu_carries_out_what_it_offers(window: Any, qtbot: Any) -> None:
    window.actions_by_id["copy_diagnostics"].trigger()
    assert QGuiApplication.clipboard().text().startswith("# LPSNet Studio diagnostics")
    assert window.notifications.texts[-1].startswith("Diagnostics copied")
    window.actions_by_id["about"].trigger()
    (about,) = window.findChildren(About)
    assert about.isVisible()
    about.close()
    qtbot.waitUntil(lambda: not window.findChildren(About))


def test_a_log_folder_that_is_not_there_is_said(window: Any) -> None:
    window.actions_by_id["open_log"].trigger()
    assert "there are no log files" in window.notifications.texts[-1]
