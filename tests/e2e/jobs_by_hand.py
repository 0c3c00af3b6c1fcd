"""A user of the page of jobs: types into the forms, presses what is shown, and waits for what is seen.

Run as ``python -m tests.e2e.jobs_by_hand PROGRAM HOME`` it is that user in a process of its own, with a window of the
platform that the environment names:

``whole``   trains, stops, resumes, evaluates and looks at the result; prints what was seen as JSON.
``begin``   starts an evaluation, prints its folder as soon as it runs, and stays until it is killed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from lpsnet_studio.app import _application, parse_arguments
from lpsnet_studio.jobs.job_deeds import Deed
from lpsnet_studio.jobs.job_folder import JobFolder
from lpsnet_studio.jobs.run_facts import read_facts
from lpsnet_studio.jobs.status import JobState
from lpsnet_studio.settings import Folders
from lpsnet_studio.studio import Studio

__all__ = ["LONG", "SCENES", "TINY", "User"]

TINY: Mapping[str, str] = {
    "input.short_side": "64",
    "model.channels": "32",
    "model.backbone.width": "0.25",
    "data.workers": "0",
    "data.train.count": "8",
    "data.train.height": "64",
    "data.train.width": "96",
    "data.val.count": "2",
    "data.val.height": "64",
    "data.val.width": "96",
    "training.batch": "2",
    "training.log_every": "1",
    "training.evaluate_every": "40",
    "training.schedule.iterations": "20",
}
"""A training of 40 iterations, as the schedule is meant for batches of 4, that takes seconds."""
LONG = 100
"""Pictures of an evaluation that is still under way when its Studio is killed."""
SCENES: Mapping[str, str] = {"first_seed": "900000", "count": "3", "size": "64x96"}


class User:
    """Someone at a window of their own.

    Args:
        home: the folders of the Studio are made in it.

    Attributes:
        studio: what they use.
        window: its window.
        patience: seconds that anything may take, on the slowest machine.
    """

    patience = 60.0

    def __init__(self, home: Path) -> None:
        self.studio = Studio(parse_arguments([]), Folders.under(home))
        self.window: Any = self.studio.window
        self.window.resize(1360, 860)
        self.window.show()

    # --------------------------------------------------------------------------------------------------------- what is

    @property
    def page(self) -> Any:
        """The page of jobs."""
        return self.window.room._page

    @property
    def form(self) -> Any:
        """The form of a new job, while it is shown."""
        return self.window.room._form

    @property
    def header(self) -> Any:
        """The head of the job that is shown."""
        return self.page.view.header

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Waits for something to be seen."""
        deadline = time.monotonic() + self.patience
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"never came: {what}; told: {self.window.notifications.texts}")
            QTest.qWait(20)

    def until_ended(self, folder: Path, state: JobState) -> str:
        """Waits until the page shows how a job ended; returns the sentence."""
        jobs = self.window.room.jobs
        self.until(lambda: (entry := jobs.entry(folder)) and entry.status.state is state, f"{folder} {state}")
        self.until(lambda: self.header.entry is not None and self.header.entry.folder == folder, "its head")
        self.until(lambda: self.header.entry.status.state is state, "its state")
        return str(self.header.sentence.text())

    # --------------------------------------------------------------------------------------------------------- doing

    def do(self, action: str) -> None:
        """Takes an action of the menu."""
        QApplication.processEvents()
        assert self.window.actions_by_id[action].isEnabled(), action
        self.window.actions_by_id[action].trigger()

    def press(self, button: QAbstractButton) -> None:
        """Clicks a button that can be seen."""
        assert button.isVisible(), button.text()
        assert button.isEnabled(), button.text()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def put(self, box: QWidget, text: str) -> None:
        """Replaces what is typed somewhere."""
        QGuiApplication.clipboard().setText(text)
        QTest.keyClick(box, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClick(box, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)

    def press_deed(self, deed: Deed) -> None:
        """Presses a button of the job that is shown, once it is there."""
        button = self.header.buttons[deed]
        self.until(lambda: button.isVisible() and button.isEnabled(), button.text())
        self.press(button)

    def find_field(self, name: str, text: str) -> None:
        """Looks for a setting by its name, and types its value."""
        config = self.form.body.config
        config.setFocus()
        QTest.keyClick(config, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
        self.put(config.head.search, name)
        QTest.keyClick(config.head.search, Qt.Key.Key_Return)
        self.put(self.window.focusWidget(), text)

    def begin_training(self, folder: Path, settings: Mapping[str, str]) -> None:
        """Fills in the form of a new training; does not start it."""
        self.do("new_training")
        self.put(self.form.body.place.folder.box, str(folder))
        self.put(self.form.body.devices.box, "cpu")
        for name, text in settings.items():
            self.find_field(name, text)
        self.put(self.form.body.config.head.search, "")

    def begin_evaluation(self, folder: Path, run: Path | None, switches: tuple[str, ...], count: str = "") -> None:
        """Fills in the form of a new evaluation on drawn scenes; does not start it."""
        self.do("new_evaluation")
        rows = self.form.body.view.rows
        data = rows["data"].editor.inputs()[0]
        while self.form.body.form.value("data") != "scenes":
            QTest.keyClick(data, Qt.Key.Key_Down)
        texts = {"device": "cpu", **SCENES, "out": str(folder), **({} if run is None else {"checkpoint": str(run)})}
        for name, text in {**texts, **({"count": count} if count else {})}.items():
            self.put(rows[name].editor.box, text)
        self.put(rows["out"].editor.box, str(folder))
        for name in switches:
            self.form.body.view.go_to(name)
            QTest.keyClick(rows[name].editor.box, Qt.Key.Key_Space)

    def start(self) -> None:
        """Starts what is written in the form."""
        self.until(self.form.start.isEnabled, f"Start, in spite of {dict(self.form.body.faults)}")
        QTest.keyClick(self.form, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        self.until(lambda: self.form is None, "the page")

    def curves(self) -> dict[str, int]:
        """Turns to the curves, and returns how many points each that is drawn has."""
        tabs = self.page.view.tabs
        tabs.show_tab("curves")
        view = tabs.curves
        self.until(lambda: any(len(curve.all_xs) for curve in view.plot.drawn.values()), "curves")
        return {name: len(curve.all_xs) for (_run, name), curve in view.plot.drawn.items()}

    def close(self) -> None:
        """Closes the window, and leaves nothing of it that would follow the theme of the next one."""
        self.studio.close()
        self.studio.client.received.disconnect()
        self.studio.client.state_changed.disconnect()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def whole(home: Path) -> dict[str, Any]:
    """Trains, stops, resumes, evaluates, and looks at what came of it; returns what was seen."""
    user, run, evaluated = User(home), home / "runs" / "street", home / "runs" / "measured"
    user.studio.begin()
    seen: dict[str, Any] = {"platform": QGuiApplication.platformName()}

    user.begin_training(run, TINY)
    user.until(lambda: user.form.preflight.is_of_now and user.form.preflight.report is not None, "the pre-flight")
    report = user.form.preflight.report
    seen["errors"] = [finding.sentence for finding in report.of("error")]
    seen["fine"] = len(report.of("fine"))
    user.start()
    user.until(lambda: user.header.buttons[Deed.STOP].isVisible(), "Stop")
    user.until(lambda: read_facts(JobFolder(run).events).iteration >= 1, "the first iteration")
    user.press_deed(Deed.STOP)
    seen["stopped"] = user.until_ended(run, JobState.STOPPED)
    seen["saved"] = sorted(path.name for path in (run / "checkpoints").iterdir())

    user.press_deed(Deed.RESUME)
    seen["trained"] = user.until_ended(run, JobState.FINISHED)
    seen["curves"] = user.curves()
    picture = user.page.view.tabs.curves.plot.grab().toImage()
    seen["colors"] = len({picture.pixel(x, y) for x in range(0, picture.width(), 2) for y in range(picture.height())})

    user.begin_evaluation(evaluated, run, ("oracle_semantic",))
    user.start()
    seen["evaluated"] = user.until_ended(evaluated, JobState.FINISHED)
    user.press_deed(Deed.IMAGES)
    session = user.studio.session
    user.until(lambda: len(session.entries) == int(SCENES["count"]), "the pictures")
    seen["mode"] = user.window.modes.mode
    shown = [session.entries[at] for at in session.order]
    seen["worst_first"] = [(entry.name, entry.measured.pq) for entry in shown if entry.measured is not None]
    user.until(lambda: session.current is not None, "the worst of them")

    user.do("jobs_mode")
    user.page.show_job(run)
    user.press_deed(Deed.INSPECT)
    user.until(lambda: session.model is not None and session.model.trained, "the run's network")
    user.until(lambda: session.is_current and session.result is not None, "its result")
    seen["network"] = Path(session.model.origin).name
    seen["steps"] = len(session.steps)
    user.close()
    return seen


def begin(home: Path) -> None:
    """Starts an evaluation and tells its folder; stays until it is killed."""
    user, folder = User(home), home / "runs" / "measured"
    user.begin_evaluation(folder, None, ("oracle_semantic", "oracle_boxes"), count=str(LONG))
    user.start()
    user.until(lambda: "1 job" in user.window.statusBar().text, "that it is counted")
    user.until(lambda: read_facts(JobFolder(folder).events).iteration >= 1, "its first picture")
    print(folder, flush=True)  # noqa: T201
    user.until(lambda: False, "the end")


if __name__ == "__main__":
    _application()
    if sys.argv[1] == "begin":
        begin(Path(sys.argv[2]))
    else:
        print(json.dumps(whole(Path(sys.argv[2]))))  # noqa: T201
