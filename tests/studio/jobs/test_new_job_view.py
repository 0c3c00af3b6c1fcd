"""The view that starts a job, as it is used: written, looked at by a stand-in for the child process, and started."""

from __future__ import annotations

import io
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from lpsnet.config import load_config
from lpsnet_studio.jobs import preflight_view
from lpsnet_studio.jobs.batch_form import BatchForm
from lpsnet_studio.jobs.command import argv, environment, shell_text
from lpsnet_studio.jobs.device_choice import DeviceOption
from lpsnet_studio.jobs.form import ConfigForm
from lpsnet_studio.jobs.head_view import FormHead
from lpsnet_studio.jobs.new_job_body_view import Asks, BatchBody, TrainingBody
from lpsnet_studio.jobs.new_job_view import JobKind, NewJobView
from lpsnet_studio.jobs.preflight import Check, Estimates, Finding, Level, Report
from lpsnet_studio.jobs.preflight_view import FindingLine
from lpsnet_studio.jobs.spec import EvaluateSpec, JobSpec, PredictSpec, TrainSpec
from lpsnet_studio.jobs.training_form import RUN_DIR
from lpsnet_studio.theme import Theme

FINE = Report((Finding("fine", "config", "is valid"),), Estimates(2_000_000_000, 9_000_000_000))


class Looks:
    """Stands in for the child processes: answers what it is told to, when it is told to.

    Attributes:
        report: the answer.
        begun: the jobs that were looked at.
        withdrawn: those of them whose answer was not wanted any more.
        may_end: holds back the answers while it is not set.
    """

    def __init__(self) -> None:
        self.report = FINE
        self.begun: list[JobSpec] = []
        self.withdrawn: list[JobSpec] = []
        self.may_end = threading.Event()
        self.may_end.set()

    def __call__(self, spec: JobSpec) -> Check:
        looks = self

        class Look(Check):
            def run(self) -> Report | None:
                looks.begun.append(spec)
                looks.may_end.wait(20)
                return None if self.is_withdrawn else looks.report

            def withdraw(self) -> None:
                looks.withdrawn.append(spec)
                super().withdraw()

        return Look(spec)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests do not wait for people to stop typing."""
    monkeypatch.setattr(preflight_view, "_CALM_MILLISECONDS", 30)


@pytest.fixture
def looks() -> Looks:
    return Looks()


@pytest.fixture
def make(qtbot: Any, theme: Theme, tmp_path: Path, looks: Looks) -> Callable[..., NewJobView]:
    def made(kind: JobKind = "train", *, shown: bool = True, **more: Any) -> NewJobView:
        options = (DeviceOption("cpu", "CPU"), DeviceOption("cuda:0", "H100"), DeviceOption("cuda:1", "H100"))
        view = NewJobView(kind, theme, root=tmp_path / "runs", check=looks, **{"devices": lambda: options, **more})
        qtbot.addWidget(view)
        view.resize(1360, 860)
        if shown:
            with qtbot.waitActive(view):
                view.show()
                view.activateWindow()
        return view

    return made


def training(view: NewJobView) -> TrainingBody:
    assert isinstance(view.body, TrainingBody)
    return view.body


def batch(view: NewJobView) -> BatchForm:
    assert isinstance(view.body, BatchBody)
    return view.body.form


def looked(qtbot: Any, view: NewJobView) -> None:
    qtbot.waitUntil(lambda: view.preflight.is_of_now and not view.preflight.is_looking)


def prefilled(qtbot: Any, view: NewJobView, spec: JobSpec, name: str = "") -> bool:
    """Begins with a job's settings; returns whether that worked."""
    with qtbot.waitSignal(view.prefilled) as told:
        view.prefill(spec, name)
    (worked,) = told.args
    return bool(worked)


def found(*levels: Level, about: str = "training.batch") -> Report:
    return Report(tuple(Finding(level, about, f"{level} sentence", f"{level} remedy") for level in levels))


# ---------------------------------------------------------------------------------------------------------- the look


def test_it_looks_ahead_by_itself_and_says_that_nothing_speaks_against_it(qtbot: Any, make: Any, looks: Looks) -> None:
    view = make()
    looked(qtbot, view)
    assert looks.begun == [view.body.spec()]
    assert view.findings.verdict.text() == "Nothing speaks against it."
    assert view.findings.estimates.text() == "Memory: about 2.0 GB of 9.0 GB free"


def test_only_the_newest_edit_is_looked_at_and_an_older_look_is_ended(qtbot: Any, make: Any, looks: Looks) -> None:
    looks.may_end.clear()
    view = make()
    qtbot.waitUntil(lambda: len(looks.begun) == 1)
    first = looks.begun[0]
    assert view.findings.verdict.text() == "Checking data, weights, memory and disk…"
    for number in range(2, 9):
        training(view).form.config.set("training.batch", number)
    assert looks.withdrawn == [first]
    looks.may_end.set()
    looked(qtbot, view)
    assert len(looks.begun) == 2
    assert looks.begun[-1] == view.body.spec()


def test_nothing_is_looked_at_while_there_are_faults(qtbot: Any, make: Any, looks: Looks) -> None:
    view = make()
    looked(qtbot, view)
    training(view).form.config.set_text("training.batch", "many")
    assert not view.preflight.is_looking
    view.preflight.look_now()
    assert not view.preflight.is_looking
    assert len(looks.begun) == 1
    assert view.findings.verdict.text() == "Checked as soon as every field is right."
    assert not view.findings.again.isEnabled()
    training(view).form.config.reset("training.batch")
    assert view.findings.verdict.text() == "Nothing speaks against it."
    assert len(looks.begun) == 1


def test_a_look_can_be_cancelled_and_asked_for(qtbot: Any, make: Any, looks: Looks) -> None:
    looks.may_end.clear()
    view = make()
    qtbot.waitUntil(lambda: len(looks.begun) == 1)
    view.findings.stop.setFocus()
    qtbot.mouseClick(view.findings.stop, Qt.MouseButton.LeftButton)
    assert looks.withdrawn == looks.begun
    assert view.findings.verdict.text() == "Not checked yet."
    assert view.findings.again.hasFocus()
    looks.may_end.set()
    qtbot.mouseClick(view.findings.again, Qt.MouseButton.LeftButton)
    looked(qtbot, view)
    assert view.findings.verdict.text() == "Nothing speaks against it."


def test_findings_of_earlier_settings_are_dimmed(qtbot: Any, make: Any, looks: Looks) -> None:
    looks.report = found("warning")
    view = make()
    looked(qtbot, view)
    assert view.findings.lines[0].isEnabled()
    looks.may_end.clear()
    training(view).form.config.set("training.batch", 7)
    assert not view.findings.lines[0].isEnabled()
    looks.may_end.set()
    looked(qtbot, view)
    assert view.findings.lines[0].isEnabled()


def test_leaving_ends_the_look(qtbot: Any, make: Any, looks: Looks) -> None:
    looks.may_end.clear()
    view = make()
    qtbot.waitUntil(lambda: len(looks.begun) == 1)
    view.hide()
    assert looks.withdrawn == looks.begun
    looks.may_end.set()


def test_a_finding_leads_to_its_field(qtbot: Any, make: Any, looks: Looks) -> None:
    view = make()
    spec = view.body.spec()
    looks.report = Report(
        (
            Finding("error", "training.batch", "cannot be shared"),
            Finding("error", "data.train", "says no data"),
            Finding("error", str(spec.folder), "cannot be written to"),
            Finding("error", "device", "is not there"),
            Finding("warning", "memory", "too little", "set input.short_side=320"),
            Finding("error", "/elsewhere", "odd"),
        )
    )
    view.preflight.look_now()
    qtbot.waitUntil(lambda: len(view.findings.lines) == 6)
    links = [line.link for line in view.findings.lines if line.finding.about != "/elsewhere"]
    others = [line.link for line in view.findings.lines if line.finding.about == "/elsewhere"]
    assert others == [None]
    body = training(view)
    expected = [
        body.config.row("training.batch").editor.inputs()[0],
        body.config.row("data.train.kind").editor.inputs()[0],
        body.place.folder.box,
        body.place.devices.box,
        body.config.row("input.short_side").editor.inputs()[0],
    ]
    for link, widget in zip(links, expected, strict=True):
        assert link is not None
        qtbot.mouseClick(link, Qt.MouseButton.LeftButton)
        assert widget.hasFocus()


def test_what_a_child_process_says_is_shown_as_plain_text(qtbot: Any, make: Any, looks: Looks) -> None:
    looks.report = Report((Finding("error", "<b>bold</b>", "<img src=x>", "<i>no</i>"),))
    view = make()
    looked(qtbot, view)
    labels = view.findings.lines[0].findChildren(QLabel)
    assert {"<b>bold</b>", "<img src=x>", "→ <i>no</i>"} <= {label.text() for label in labels}
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in labels if "<" in label.text())


def test_a_dead_disk_holds_up_nobody_who_types(
    qtbot: Any, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main, stat, looked_at = threading.main_thread(), os.stat, []

    def watched(path: Any, *words: Any, **more: Any) -> os.stat_result:
        if "share" in str(path):
            looked_at.append(threading.current_thread() is main)
        return stat(path, *words, **more)

    view = make("evaluate")
    monkeypatch.setattr(os, "stat", watched)
    batch(view).set("checkpoint", str(tmp_path / "share" / "net.safetensors"))
    batch(view).set("out", str(tmp_path / "share" / "out"))
    batch(view).set("overrides", "training.batch=0")
    qtbot.waitUntil(lambda: set(view.body.faults) == {"checkpoint", "overrides"})
    assert looked_at
    assert not any(looked_at), "the disk was looked at in the GUI thread"
    assert not view.start.isEnabled()


def _is_colourful(line: FindingLine) -> bool:
    """Whether the icon of a finding has a colour, rather than a grey."""
    picture = line._icon.pixmap().toImage()
    points = [picture.pixelColor(x, y) for x in range(picture.width()) for y in range(picture.height())]
    return any(point.alpha() > 200 and point.saturation() > 60 for point in points)


def test_what_was_found_of_earlier_settings_is_grey(qtbot: Any, make: Any, looks: Looks) -> None:
    looks.report = found("fine", "warning")
    view = make()
    looked(qtbot, view)
    assert all(_is_colourful(line) for line in view.findings.lines)
    training(view).form.config.set_text("training.batch", "many")
    assert not any(_is_colourful(line) for line in view.findings.lines)
    looks.may_end.clear()
    training(view).form.config.set("training.batch", 7)
    assert not any(_is_colourful(line) for line in view.findings.lines)
    looks.may_end.set()
    looked(qtbot, view)
    assert all(_is_colourful(line) for line in view.findings.lines)


def test_findings_stand_in_one_column_whether_or_not_they_lead_anywhere(qtbot: Any, make: Any, looks: Looks) -> None:
    looks.report = Report(tuple(Finding("fine", about, "is right") for about in ("device", "memory", "training.batch")))
    view = make()
    looked(qtbot, view)
    QApplication.processEvents()
    linked, plain, other = view.findings.lines
    assert linked.link is not None
    assert plain.link is None
    (words,) = [label for label in plain.findChildren(QLabel) if label.text() == "memory"]
    begins = linked.link.mapTo(view, QPoint(6, 0)).x()
    assert words.mapTo(view, words.contentsRect().topLeft()).x() == begins
    assert linked.height() == plain.height() == other.height()
    looks.report = Report((Finding("fine", "/a/folder with a very long name " * 3, "is there"),))
    view.preflight.look_now()
    qtbot.waitUntil(lambda: len(view.findings.lines) == 1)
    (long,) = view.findings.lines
    QApplication.processEvents()
    (words,) = [label for label in long.findChildren(QLabel) if label.text().startswith("/a/folder")]
    assert words.height() > 2 * words.fontMetrics().height(), "told on several lines"
    assert long._level.y() == words.y(), "beside the first of them"


def test_no_file_is_read_in_the_thread_of_the_window(
    qtbot: Any, make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yaml").write_text(load_config("demo", ["training.batch=2"]).to_yaml())
    (tmp_path / "data.json").write_text(json.dumps({"images": [], "annotations": [], "categories": []}))
    main, opened, open_file = threading.main_thread(), [], io.open

    def watched(file: Any, *words: Any, **more: Any) -> Any:
        if str(tmp_path) in str(file):
            opened.append((Path(file).name, threading.current_thread() is main))
        return open_file(file, *words, **more)

    asks = Asks(path=lambda *_: str(tmp_path / "data.json"), config=lambda *_: str(tmp_path / "config.yaml"))
    view = make(asks=asks)
    monkeypatch.setattr(io, "open", watched)
    monkeypatch.setattr("builtins.open", watched)
    form = training(view).form
    head = training(view).config.head
    head.source.activated.emit(head.source.count() - 1)
    qtbot.waitUntil(lambda: form.config.value("training.batch") == 2)
    training(view).place.files.click()
    qtbot.waitUntil(lambda: form.config.value("categories") == str(tmp_path / "data.json"))
    assert prefilled(qtbot, view, TrainSpec(str(tmp_path / "config.yaml"), ("training.batch=3",), tmp_path, ("cpu",)))
    assert form.config.value("training.batch") == 3
    assert {name for name, _ in opened} == {"config.yaml", "data.json"}
    assert not any(in_main for _, in_main in opened)


def test_of_several_starts_that_are_chosen_the_last_counts(qtbot: Any, theme: Theme) -> None:
    form, waiting = ConfigForm("demo"), []
    names = ("demo", "coco_r50", "coco_r101")
    head = FormHead(form, theme, names, lambda *_: "", look=lambda *asked: waiting.append(asked))
    qtbot.addWidget(head)
    for index in (1, 2):
        head.source.activated.emit(index)
    for work, done in reversed(waiting):
        done(work())
    assert form.source == head.source.currentData() == "coco_r101"


# ------------------------------------------------------------------------------------------- what is right and wrong


def test_there_is_one_number_of_what_is_to_be_mended(qtbot: Any, make: Any) -> None:
    view = make()
    body = training(view)
    body.form.config.set_text("training.batch", "many")
    body.form.config.set("model.channels", 1)
    body.form.set_devices("cuda:")
    body.form.set_run_dir("")
    told = [label.text() for label in view.findChildren(QLabel) if " to mend" in label.text() and label.isVisible()]
    buttons = [each.text() for each in view.findChildren(QAbstractButton) if " to mend" in each.text()]
    assert buttons == [view.foot.mend.text()] == ["4 to mend"]
    assert sum(int(text.partition(" ")[0]) for text in told) + 2 == 4, "the groups' shares make up the whole"


def test_nothing_is_red_before_anything_was_typed(qtbot: Any, make: Any) -> None:
    view = make("evaluate")
    row = view.body.view.rows["checkpoint"]
    assert row.fault.isVisible()
    assert row.fault._words.palette().windowText().color().name() == view._theme.palette.dim
    assert view.foot.mend.text() == "1 to fill in"
    assert not view.start.isEnabled()
    assert "choose a trained network" in view.start.toolTip()
    assert "choose a trained network" in view.start.accessibleDescription()
    batch(view).set("checkpoint", "/no/such/network")
    qtbot.waitUntil(lambda: "there is no such file" in row.fault.text())
    assert row.fault._words.palette().windowText().color().name() == view._theme.palette.discarded
    assert view.foot.mend.text() == "1 to mend"


def test_a_file_that_is_yet_to_be_named_is_needed_and_not_wrong(qtbot: Any, make: Any) -> None:
    view = make()
    training(view).form.config.set("data.train.kind", "coco_panoptic")
    assert view.foot.mend.text() == "1 to fill in"
    fault = training(view).config.row("data.train.annotations").fault
    assert fault._words.palette().windowText().color().name() == view._theme.palette.dim


# --------------------------------------------------------------------------------------------------------- its room


def shown_editors(view: NewJobView) -> list[str]:
    """Returns the fields whose editors are wholly to be seen."""
    body = view.body
    rows = training(view).config._rows() if isinstance(body, TrainingBody) else body.view.rows
    area = (training(view).config if isinstance(body, TrainingBody) else body.view).area.viewport()
    return [
        name
        for name, row in rows.items()
        if row.isVisibleTo(view)
        and area.rect().contains(QRect(row.editor.mapTo(area, QPoint(0, 0)), row.editor.size()))
    ]


def settled(qtbot: Any, view: NewJobView, width: int, height: int) -> None:
    if isinstance(view.body, TrainingBody):
        view.body.config.build()
    view.resize(width, height)
    for _ in range(3):
        QApplication.processEvents()
    assert (view.width(), view.height()) == (width, height)


@pytest.mark.parametrize(("kind", "count"), [("train", 6), ("evaluate", 6), ("predict", 5)])
def test_six_fields_are_seen_in_a_window_of_900_by_600(qtbot: Any, make: Any, kind: JobKind, count: int) -> None:
    view = make(kind)
    settled(qtbot, view, 845, 530)
    assert len(shown_editors(view)) >= count
    assert not view.side.area.isVisible()
    assert not view.foot.command.isVisible()


@pytest.mark.parametrize("kind", ["train", "evaluate", "predict"])
@pytest.mark.parametrize("is_open", [False, True])
def test_in_a_tiny_window_everything_can_be_scrolled_to(qtbot: Any, make: Any, kind: JobKind, is_open: bool) -> None:
    view = make(kind)
    if kind != "train":
        batch(view).set("stuff_limit", "x")
    settled(qtbot, view, 425, 290)
    if is_open:
        qtbot.mouseClick(view.side.heading, Qt.MouseButton.LeftButton)
        qtbot.mouseClick(view.foot.fold, Qt.MouseButton.LeftButton)
        settled(qtbot, view, 425, 330)
    assert view.side.area.isVisible() == is_open
    for widget in (view.start, view.cancel, view.side.heading, view.foot.fold):
        assert view.rect().contains(QRect(widget.mapTo(view, QPoint(0, 0)), widget.size()))
        assert widget.height() >= widget.minimumSizeHint().height()
    areas = [view.side.area] if is_open else []
    areas.append(training(view).config.area if kind == "train" else view.body.view.area)
    for area in areas:
        assert area.height() >= 40
        assert area.widget().height() <= area.viewport().height() or area.verticalScrollBar().isVisible()
        assert area.widget().width() <= area.viewport().width() or area.horizontalScrollBar().isVisible()


@pytest.mark.parametrize(("kind", "width"), [("evaluate", 1300), ("evaluate", 700), ("train", 700), ("train", 1300)])
def test_the_check_has_one_heading(qtbot: Any, make: Any, kind: JobKind, width: int) -> None:
    view = make(kind)
    settled(qtbot, view, width, 700)
    view.side.unfold()
    told = [each for each in [*view.side.findChildren(QLabel), view.side.heading] if each.isVisible()]
    assert [each.text() for each in told].count("Check before the start") == 1


def test_what_is_folded_away_is_said_and_unfolds_for_a_fault_in_it(qtbot: Any, make: Any, looks: Looks) -> None:
    looks.report = found("error")
    view = make()
    settled(qtbot, view, 700, 500)
    looked(qtbot, view)
    assert "1 error" in view.side.heading.accessibleDescription()
    assert view.body.spec().folder.name in view.side.heading.accessibleDescription()
    training(view).form.set_devices("cuda:")
    qtbot.mouseClick(view.foot.mend, Qt.MouseButton.LeftButton)
    box = training(view).place.devices.box
    assert box.hasFocus()
    area = view.side.area.viewport()
    qtbot.waitUntil(lambda: area.rect().contains(box.mapTo(area, box.rect().center())))


def test_the_command_is_there_in_a_high_window_and_stays_as_it_was_folded(qtbot: Any, make: Any) -> None:
    view = make()
    settled(qtbot, view, 1300, 800)
    assert view.foot.command.isVisible()
    settled(qtbot, view, 1300, 800)
    qtbot.mouseClick(view.foot.fold, Qt.MouseButton.LeftButton)
    assert not view.foot.command.isVisible()
    settled(qtbot, view, 1300, 810)
    assert not view.foot.command.isVisible()
    qtbot.mouseClick(view.foot.fold, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(view.foot.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == view.foot.command.toPlainText() != ""
    assert view.foot.copy.text() == "Copied"


def test_remarks_are_counted_where_nothing_is_wrong_and_led_to(qtbot: Any, make: Any) -> None:
    view = make()
    config = training(view).form.config
    config.start_from("coco_r50")
    config.set("training.schedule.iterations", 70_000)
    assert view.foot.remarks.text() == "1 remark"
    qtbot.mouseClick(view.foot.remarks, Qt.MouseButton.LeftButton)
    assert training(view).config._remark_lines[0].links[0].hasFocus()
    config.set("model.channels", 1)
    assert not view.foot.remarks.isVisible()


def test_tab_goes_from_the_form_to_its_side_and_to_the_foot(qtbot: Any, make: Any, looks: Looks) -> None:
    looks.report = found("warning")
    view = make()
    settled(qtbot, view, 800, 900)
    view.side.unfold()
    looked(qtbot, view)
    last = training(view).config.stops()
    shown = [each for each in last if each.isVisible() and each.isEnabled()]
    shown[-1].setFocus()
    order: list[QWidget] = []
    for _ in range(40):
        focused = QApplication.focusWidget()
        order.append(focused)
        if focused is view.start:
            break
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
    place = training(view).place
    wanted = [view.side.heading, place.folder.box, place.devices.box, view.findings.again]
    wanted += [view.foot.command, view.foot.copy, view.foot.fold, view.cancel, view.start]
    assert [each for each in order if each in wanted] == wanted


# ---------------------------------------------------------------------------------------------------------- starting


@pytest.mark.parametrize("name", ["folder", "button", "choice", "field", "command", "search"])
def test_ctrl_enter_starts_wherever_the_keyboard_is(qtbot: Any, make: Any, name: str) -> None:
    view = make()
    body = training(view)
    box = {
        "folder": body.place.folder.box,
        "button": body.place.scenes,
        "choice": body.config.head.source,
        "field": body.config.row("training.batch").editor.inputs()[0],
        "command": view.foot.command,
        "search": body.config.head.search,
    }[name]
    box.setFocus()
    with qtbot.waitSignal(view.wanted) as wanted:
        qtbot.keyClick(box, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert wanted.args == [view.body.spec()]


def test_a_form_with_faults_does_not_start_and_says_why(qtbot: Any, make: Any) -> None:
    view = make()
    started: list[JobSpec] = []
    view.wanted.connect(started.append)
    training(view).form.set_run_dir("")
    assert not view.start.isEnabled()
    assert view.foot.reason.text() == "Folder of the run: say where its files go"
    assert view.foot.mend.text() == "1 to fill in"
    qtbot.keyClick(view, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert started == []
    assert training(view).place.folder.box.hasFocus()
    assert training(view).place.faults[RUN_DIR].isVisible()


def test_errors_are_asked_about_and_warnings_are_not(qtbot: Any, make: Any, looks: Looks) -> None:
    started: list[JobSpec] = []
    looks.report = found("warning", "fine")
    view = make()
    view.wanted.connect(started.append)
    looked(qtbot, view)
    view.ask_to_start()
    assert len(started) == 1
    looks.report = found("error", "error", "warning")
    view.preflight.look_now()
    qtbot.waitUntil(lambda: len(view.findings.lines) == 3)
    looked(qtbot, view)
    view.ask_to_start()
    assert len(started) == 1
    assert view.foot.question.text() == "2 errors speak against it. It will most likely fail. Start anyway?"
    assert view.back.hasFocus()
    assert not view.start.isVisible()
    qtbot.keyClick(view.back, Qt.Key.Key_Escape)
    assert view.start.isVisible()
    assert len(started) == 1
    view.ask_to_start()
    qtbot.mouseClick(view.anyway, Qt.MouseButton.LeftButton)
    assert len(started) == 2
    assert view.start.isVisible()


def test_an_edit_takes_the_question_back(qtbot: Any, make: Any, looks: Looks) -> None:
    looks.report = found("error")
    view = make()
    looked(qtbot, view)
    view.ask_to_start()
    training(view).form.config.set("training.batch", 6)
    assert view.start.isVisible()
    assert not view.foot.question.isVisible()


def test_esc_leaves_and_what_was_written_stays(qtbot: Any, make: Any) -> None:
    view = make()
    training(view).form.config.set("training.batch", 6)
    training(view).place.devices.box.setFocus()
    with qtbot.waitSignal(view.closed):
        qtbot.keyClick(training(view).place.devices.box, Qt.Key.Key_Escape)
    view.hide()
    view.show()
    assert training(view).form.config.value("training.batch") == 6


def test_a_folder_that_the_started_job_took_is_proposed_no_more(qtbot: Any, make: Any) -> None:
    view = make()
    first = view.body.spec().folder
    view.hide()
    first.mkdir(parents=True)
    view.show()
    qtbot.waitUntil(lambda: view.body.spec().folder.name == f"{first.name}-2")
    assert view.body.faults == {}


# ------------------------------------------------------------------------------------------------------------ training


def test_devices_are_ticked_and_typed(qtbot: Any, make: Any) -> None:
    view = make()
    chooser = training(view).place.devices
    qtbot.waitUntil(lambda: "cuda:1" in chooser.ticks)
    for name in ("cuda:1", "cuda:0"):
        chooser.ticks[name].click()
    assert chooser.box.text() == "cuda:0, cuda:1"
    assert not chooser.ticks["auto"].isChecked()
    spec = view.body.spec()
    assert spec.devices == ("cuda:0", "cuda:1")
    assert view.foot.command.toPlainText() == shell_text(argv(spec), environment(spec))
    chooser.box.setFocus()
    chooser.box.selectAll()
    qtbot.keyClicks(chooser.box, "cpu")
    assert chooser.ticks["cpu"].isChecked()
    assert view.body.spec().devices == ("cpu",)


def test_it_says_why_there_is_no_cuda(qtbot: Any, make: Any) -> None:
    problem = DeviceOption("cuda", "CUDA", "no CUDA device: there is no NVIDIA driver")
    view = make(devices=lambda: (DeviceOption("cpu", "CPU"), problem))
    chooser = training(view).place.devices
    qtbot.waitUntil(lambda: chooser.note.text() == "No CUDA device: there is no NVIDIA driver.")
    assert set(chooser.ticks) == {"auto", "cpu"}


def test_files_are_asked_for_and_nothing_else(qtbot: Any, make: Any, tmp_path: Path) -> None:
    paths = [tmp_path / "train.json", tmp_path / "val.json"]
    for path in paths:
        path.write_text(json.dumps({"images": [], "annotations": [], "categories": []}))
    answers = [str(paths[0]), str(paths[1])]
    view = make(asks=Asks(path=lambda *_: answers.pop(0)))
    place = training(view).place
    qtbot.mouseClick(place.files, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: answers == [] and bool(view.body.spec().overrides))
    config = load_config("demo", view.body.spec().overrides)
    assert config.categories == str(paths[0])
    assert config.data.val is not None
    assert config.data.val.kind == "coco_panoptic"
    qtbot.mouseClick(place.scenes, Qt.MouseButton.LeftButton)
    assert load_config("demo", view.body.spec().overrides).categories == "scenes.json"


def test_a_file_that_is_none_is_told_and_changes_nothing(qtbot: Any, make: Any, tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text("[]")
    view = make(asks=Asks(path=lambda *_: str(tmp_path / "list.json")))
    before = view.body.spec()
    qtbot.mouseClick(training(view).place.files, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "is no COCO panoptic JSON" in training(view).place.faults["data"].text())
    assert view.body.spec() == before


def test_commands_for_several_machines_are_copied(qtbot: Any, make: Any) -> None:
    view = make()
    dialog = training(view).place.show_nodes()
    dialog.machines.setValue(3)
    dialog.first.setText("node0")
    text = dialog.commands.toPlainText()
    assert text.count("--node-rank") == 3
    assert text.count("--master-addr node0") == 3
    qtbot.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == text


def test_a_run_is_duplicated(qtbot: Any, make: Any, tmp_path: Path) -> None:
    run = tmp_path / "old"
    run.mkdir()
    (run / "config.yaml").write_text(load_config("demo", ["training.batch=8"]).to_yaml())
    view = make()
    assert prefilled(qtbot, view, TrainSpec(str(run / "config.yaml"), (), run, ("cpu",)), "night")
    spec = view.body.spec()
    assert spec.config == str(run / "config.yaml")
    assert spec.devices == ("cpu",)
    assert spec.run_dir.name.startswith("night-")
    assert not prefilled(qtbot, view, TrainSpec(str(run / "gone.yaml"), (), run))
    assert view.body.spec() == spec
    assert not prefilled(qtbot, view, PredictSpec((run,), run))


# ------------------------------------------------------------------------------------- evaluations and predictions


def test_an_evaluation_of_a_known_run_is_written_and_started(qtbot: Any, make: Any, tmp_path: Path) -> None:
    run = tmp_path / "street & co"
    (run / "checkpoints").mkdir(parents=True)
    (run / "checkpoints" / "best.safetensors").touch()
    view = make("evaluate", runs=lambda: [("street & co", run)])
    assert view.foot.reason.text().startswith("Checkpoint: choose a trained network")
    line: Any = view.body.view.rows["checkpoint"].editor
    line.menu.aboutToShow.emit()
    (action,) = line.menu.actions()
    assert action.text() == "street && co"
    action.trigger()
    assert line.box.text() == str(run)
    assert view.start.isEnabled()
    with qtbot.waitSignal(view.wanted) as wanted:
        view.ask_to_start()
    (spec,) = wanted.args
    assert isinstance(spec, EvaluateSpec)
    assert spec.checkpoint == run
    assert view.foot.command.toPlainText() == shell_text(argv(spec))


def test_what_is_typed_is_checked_as_one_types(qtbot: Any, make: Any) -> None:
    view = make("evaluate")
    rows = view.body.view.rows
    batch(view).set("config", "demo")
    limit: Any = rows["limit"].editor
    limit.box.setFocus()
    qtbot.keyClicks(limit.box, "x")
    assert rows["limit"].fault.isVisible()
    assert rows["limit"].fault.text() == "a whole number from 1 on is needed, not x"
    assert limit.box.accessibleDescription() == rows["limit"].fault.text()
    qtbot.keyClick(limit.box, Qt.Key.Key_Backspace)
    qtbot.keyClicks(limit.box, "12")
    assert not rows["limit"].fault.isVisible()
    assert view.body.spec().limit == 12


def test_ctrl_enter_starts_from_between_lines(qtbot: Any, make: Any) -> None:
    view = make("evaluate")
    batch(view).set("config", "demo")
    lines: Any = view.body.view.rows["overrides"].editor
    with qtbot.waitSignal(view.wanted):
        qtbot.keyClick(lines.box, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert lines.box.toPlainText() == ""


def test_rows_come_and_go_with_the_data(qtbot: Any, make: Any) -> None:
    view = make("evaluate")
    rows = view.body.view.rows
    choice: Any = rows["data"].editor
    choice.box.activated.emit(2)
    assert rows["count"].isVisible()
    assert not rows["images"].isVisible()
    assert batch(view).value("data") == "scenes"


def test_what_cannot_be_filled_in_says_why(qtbot: Any, make: Any) -> None:
    view = make("evaluate")
    rows = view.body.view.rows
    for name in ("images", "pngs"):
        box = rows[name].editor.box
        assert not box.isEnabled()
        assert box.placeholderText() == ""
        reason = batch(view).off(name)
        assert reason in [label.text() for label in rows[name].findChildren(QLabel) if label.isVisible()]
        assert reason in box.accessibleDescription()
    batch(view).set("data", "files")
    assert rows["images"].editor.box.isEnabled()
    assert rows["images"].editor.box.placeholderText() == "searched beside the JSON file"


def test_folders_that_were_found_are_shown_and_choosing_others_begins_there(
    qtbot: Any, make: Any, coco_mini: Path
) -> None:
    asked: list[tuple[str, str, bool]] = []
    view = make("evaluate", asks=Asks(path=lambda _above, *words: asked.append(words) or ""))
    batch(view).set("data", "files")
    rows = view.body.view.rows
    assert rows["annotations"].fault._words.palette().windowText().color().name() == view._theme.palette.dim
    batch(view).set("annotations", str(coco_mini / "annotations" / "panoptic_val2017.json"))
    photos = str(coco_mini / "val2017")
    qtbot.waitUntil(lambda: rows["images"].editor.box.placeholderText() == photos)
    assert photos in rows["images"].editor.box.accessibleDescription()
    qtbot.mouseClick(rows["images"].editor.buttons[0], Qt.MouseButton.LeftButton)
    assert asked == [("Photos", photos, True)]
    batch(view).set("annotations", str(coco_mini / "val2017"))
    qtbot.waitUntil(lambda: "Is a directory" in rows["annotations"].fault.text())
    assert rows["images"].editor.box.placeholderText() == "searched beside the JSON file"


def test_pictures_are_added_to_a_prediction(qtbot: Any, make: Any, tmp_path: Path) -> None:
    view = make("predict", asks=Asks(path=lambda *_: str(tmp_path)))
    batch(view).set("config", "demo")
    editor: Any = view.body.view.rows["inputs"].editor
    qtbot.mouseClick(editor.buttons[1], Qt.MouseButton.LeftButton)
    overlay: Any = view.body.view.rows["overlay"].editor
    overlay.box.click()
    spec = view.body.spec()
    assert isinstance(spec, PredictSpec)
    assert spec.inputs == (tmp_path,)
    assert spec.overlay
    assert view.start.isEnabled()


def test_findings_of_an_evaluation_lead_to_their_fields(qtbot: Any, make: Any, looks: Looks, tmp_path: Path) -> None:
    view = make("evaluate", shown=False)
    batch(view).set("config", "demo")
    out = view.body.spec().out
    looks.report = Report(tuple(Finding("error", about, "odd") for about in ("demo", "data.val", str(out), "memory")))
    view.show()
    looked(qtbot, view)
    rows = view.body.view.rows
    for line, name in zip(view.findings.lines, ("config", "data", "out", None), strict=True):
        if name is None:
            assert line.link is None
        else:
            assert line.link is not None
            line.link.click()
            assert rows[name].editor.inputs()[0].hasFocus()


# ---------------------------------------------------------------------------------------------------------- the house


@pytest.mark.parametrize("kind", ["train", "evaluate", "predict"])
def test_every_control_has_a_name_and_a_tip(qtbot: Any, make: Any, looks: Looks, kind: JobKind) -> None:
    looks.report = found("error", "warning", about="device")
    view = make(kind)
    if kind != "train":
        batch(view).set("config", "demo")
    if kind == "predict":
        batch(view).set("inputs", "/")
    looked(qtbot, view)
    controls = [
        widget
        for widget in view.findChildren(QWidget)
        if isinstance(widget, QAbstractButton | QLineEdit | QComboBox | QPlainTextEdit)
        and widget.isVisibleTo(view)
        and widget.objectName() not in ("qt_spinbox_lineedit", "_q_qlineeditclearbutton")
        and not isinstance(widget.parentWidget(), QLineEdit)
    ]
    assert len(controls) > 15
    editors = [each for each in controls if not isinstance(each, QAbstractButton) or isinstance(each, QCheckBox)]
    names = [each.accessibleName() for each in editors]
    assert sorted(set(names)) == sorted(names), "two editors of one name"
    for widget in controls:
        name = widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")
        assert name, widget
        if kind != "train" or view.findings.isAncestorOf(widget) or training(view).place.isAncestorOf(widget):
            assert widget.toolTip(), name
            assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, name


@pytest.mark.parametrize("kind", ["train", "evaluate", "predict"])
@pytest.mark.parametrize("width", [700, 1000, 1600])
def test_it_fits_into_any_width(qtbot: Any, make: Any, looks: Looks, kind: JobKind, width: int) -> None:
    looks.report = found("error", "warning", "fine", about="data.train.annotations/with/a/very/long/name" * 2)
    view = make(kind)
    if kind != "train":
        batch(view).set("limit" if kind == "evaluate" else "out", "a long text that is no number " * 8)
    view.resize(width, 700)
    QApplication.processEvents()
    assert view.width() == width
    for widget in (view.start, view.cancel, view.findings.again):
        right = widget.mapTo(view, QPoint(widget.width(), 0)).x()
        assert right <= width


def test_it_follows_the_theme(qtbot: Any, make: Any, theme: Theme) -> None:
    view = make("evaluate")
    before = view.foot.mend.icon().pixmap(16).toImage()
    theme.apply("light")
    assert view.foot.mend.icon().pixmap(16).toImage() != before


# ---------------------------------------------------------------------------------------------- keys of the whole form


def _type_into(qtbot: Any, box: QWidget, text: str) -> None:
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(box, text)


def test_the_search_is_found_from_wherever_the_keyboard_is(qtbot: Any, make: Any) -> None:
    view = make()
    body = training(view)
    search, folder = body.config.head.search, body.form.run_dir
    for start in (body.place.folder.box, body.place.devices.box, view.start, view.findings.again, view.foot.command):
        if start is view.start:
            looked(qtbot, view)
        start.setFocus()
        qtbot.keyClick(start, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
        assert search.hasFocus(), start.accessibleName()
    view.start.setFocus()
    qtbot.keyClicks(view.start, "/")
    assert search.hasFocus()
    number = body.config.row("training.batch").editor.inputs()[0]
    _type_into(qtbot, number, "/")
    assert search.hasFocus()
    assert body.form.config.value("training.batch") == body.form.config.config.training.batch
    assert body.form.run_dir == folder
    _type_into(qtbot, body.place.folder.box, "/x")
    assert body.form.run_dir == "/x", "text is typed, slashes and all"


def test_folder_devices_and_settings_are_taken_back_in_their_order(qtbot: Any, make: Any) -> None:
    view = make()
    body = training(view)
    proposed = body.form.run_dir
    undo = (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    _type_into(qtbot, body.place.folder.box, "/runs/mine")
    _type_into(qtbot, body.place.devices.box, "cuda:1")
    qtbot.mouseClick(body.place.devices.ticks["cpu"], Qt.MouseButton.LeftButton)
    body.form.config.set("training.batch", 3)
    assert (body.form.run_dir, body.form.devices) == ("/runs/mine", "cpu")
    body.place.folder.box.setFocus()
    qtbot.keyClick(body.place.folder.box, *undo)
    assert not body.form.config.changed_fields
    qtbot.keyClick(body.place.folder.box, *undo)
    assert body.place.devices.box.text() == "cuda:1"
    qtbot.keyClick(view.start, *undo)
    assert body.place.devices.box.text() == "auto"
    qtbot.keyClick(body.place.folder.box, *undo)
    assert body.place.folder.box.text() == proposed
    assert not body.config.head.undo.isEnabled()
    for _ in range(2):
        qtbot.keyClick(body.place.folder.box, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert (body.form.run_dir, body.form.devices) == ("/runs/mine", "cuda:1")


def test_all_fields_are_reset_with_folder_and_devices(qtbot: Any, make: Any) -> None:
    view = make()
    body = training(view)
    proposed = body.form.run_dir
    _type_into(qtbot, body.place.folder.box, "/runs/mine")
    _type_into(qtbot, body.place.devices.box, "cpu")
    qtbot.mouseClick(body.config.head.reset, Qt.MouseButton.LeftButton)
    assert (body.place.folder.box.text(), body.place.devices.box.text()) == (proposed, "auto")
    assert not body.config.head.reset.isEnabled()
    qtbot.mouseClick(body.config.head.undo, Qt.MouseButton.LeftButton)
    assert (body.place.folder.box.text(), body.place.devices.box.text()) == ("/runs/mine", "cpu")


def test_edits_of_an_evaluation_are_taken_back(qtbot: Any, make: Any, tmp_path: Path) -> None:
    view = make("evaluate", runs=lambda: [("first", tmp_path / "first")])
    assert isinstance(view.body, BatchBody)
    form, rows = view.body.form, view.body.view.rows
    proposed = form.value("out")
    undo = (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    checkpoint, changes = rows["checkpoint"].editor.inputs()[0], rows["overrides"].editor.inputs()[0]
    _type_into(qtbot, checkpoint, str(tmp_path / "net"))
    named = form.value("out")
    assert named != proposed, "the folder is named after the network"
    _type_into(qtbot, changes, "training.batch=2")
    form.set("data", "scenes")
    assert view.body.view.undo.isEnabled()
    changes.setFocus()
    qtbot.keyClick(changes, *undo)
    assert form.value("data") == "config"
    qtbot.keyClick(changes, *undo)
    assert changes.toPlainText() == ""
    qtbot.keyClick(checkpoint, *undo)
    assert checkpoint.text() == ""
    assert form.value("out") == proposed, "the folder is proposed anew"
    assert not view.body.view.undo.isEnabled()
    qtbot.mouseClick(view.body.view.redo, Qt.MouseButton.LeftButton)
    assert checkpoint.text() == str(tmp_path / "net")
    assert form.value("out") == named
    view.prefill(EvaluateSpec(tmp_path / "other", None, tmp_path / "out"))
    qtbot.waitUntil(lambda: checkpoint.text() == str(tmp_path / "other"))
    qtbot.keyClick(view.start, *undo)
    assert checkpoint.text() == str(tmp_path / "net")


# ------------------------------------------------------------------------------------------------ one job after another


@pytest.mark.parametrize("kind", ["train", "predict"])
def test_the_next_job_is_offered_a_folder_of_its_own(qtbot: Any, make: Any, tmp_path: Path, kind: JobKind) -> None:
    view = make(kind)
    picture = tmp_path / "picture.png"
    picture.touch()
    if kind == "train":
        box = training(view).place.folder.box
        name = "mine"
    else:
        assert isinstance(view.body, BatchBody)
        batch(view).set("config", "demo")
        batch(view).set("inputs", str(picture))
        box, name = view.body.view.rows["out"].editor.inputs()[0], "demo-predictions"
    _type_into(qtbot, box, str(tmp_path / "mine"))
    looked(qtbot, view)
    with qtbot.waitSignal(view.wanted):
        view.ask_to_start()
    proposed = Path(box.text())
    assert proposed.parent == tmp_path / "runs"
    assert proposed.name.startswith(f"{name}-20")
    assert not view.body.faults
    assert view.start.isEnabled()


@pytest.mark.parametrize("way", ["start", "leave", "duplicate"])
def test_what_was_searched_for_and_found_of_one_job_is_not_there_for_the_next(
    qtbot: Any, make: Any, looks: Looks, tmp_path: Path, way: str
) -> None:
    looks.report = found("warning")
    view = make()
    head = training(view).config.head
    training(view).form.config.set("training.batch", 3)
    looked(qtbot, view)
    assert view.findings.lines
    looks.may_end.clear()
    head.search.setText("batch")
    head.only_changed.setChecked(True)
    if way == "start":
        view.ask_to_start()
    elif way == "leave":
        qtbot.keyClick(view.start, Qt.Key.Key_Escape)
    else:
        assert prefilled(qtbot, view, TrainSpec("demo", (), tmp_path / "first", ("auto",)))
    assert head.search.text() == ""
    assert not head.only_changed.isChecked()
    assert not view.findings.lines
    assert training(view).config.row("input.short_side").isVisible()
    looks.may_end.set()


def test_a_command_that_is_not_valid_says_so_and_is_not_copied(qtbot: Any, make: Any) -> None:
    view = make()
    foot = view.foot
    valid = foot.command.toPlainText()
    assert foot.copy.isEnabled()
    training(view).form.config.set_text("training.batch", "eight")
    first, *_ = foot.command.toPlainText().splitlines()
    assert first == '# not valid yet: training.batch: must be a whole number, not "eight"'
    assert not foot.copy.isEnabled()
    assert "must be a whole number" in foot.copy.toolTip()
    training(view).form.config.undo()
    assert foot.command.toPlainText() == valid
    assert foot.copy.isEnabled()
    training(view).form.set_run_dir("")
    assert foot.command.toPlainText().startswith("# not valid yet: Folder of the run: say where its files go\n")
    assert not view.start.isEnabled()


def test_the_foot_begins_with_what_is_wrong_and_not_with_a_long_path(qtbot: Any, make: Any, tmp_path: Path) -> None:
    run = tmp_path / "a folder with a long name" / "coco"
    (run / "checkpoints").mkdir(parents=True)
    (run / "events.jsonl").touch()
    view = make()
    training(view).form.set_run_dir(str(run))
    qtbot.waitUntil(lambda: not view.start.isEnabled())
    assert view.foot.reason.text().startswith("Folder of the run: coco holds a run already")
