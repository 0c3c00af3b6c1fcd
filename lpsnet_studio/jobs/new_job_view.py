"""The view in which a job is written, looked at before its start, and started."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.background import Background, pass_on
from lpsnet_studio.jobs.calm_work import CalmWork
from lpsnet_studio.jobs.device_choice import DeviceOption, devices_of_machine
from lpsnet_studio.jobs.message_view import MessageLine
from lpsnet_studio.jobs.new_job_body_view import Asks, BatchBody, Body, TrainingBody
from lpsnet_studio.jobs.preflight import Check
from lpsnet_studio.jobs.preflight_view import Preflight, PreflightView
from lpsnet_studio.jobs.push_button_view import push_button
from lpsnet_studio.jobs.spec import JobSpec
from lpsnet_studio.labels import ElidedLabel, as_tip
from lpsnet_studio.theme import Theme

__all__ = ["JobKind", "NewJobView"]

JobKind = Literal["train", "evaluate", "predict"]
_TITLES: dict[JobKind, str] = {"train": "New training", "evaluate": "New evaluation", "predict": "New prediction"}
_WIDE = 1000
"""Pixels from which on the findings stand beside the form."""
_SIDE_WIDTH = 376


def _no_runs() -> Sequence[tuple[str, Path]]:
    return ()


def _never_taken(_folder: Path) -> bool:
    return False


class NewJobView(QWidget):
    """Form, findings and start of a job.

    What is written stays when the view is left, until the program ends. Ctrl+Enter starts, Esc leaves.

    Args:
        kind: which job.
        theme: gives icons and colours.
        root: the folder in which folders of jobs are proposed.
        runs: returns runs whose network may be taken, each a name and its folder or checkpoint.
        is_taken: whether a job that has not begun will use a folder.
        check: makes a look at a job before its start.
        devices: returns what the machine has; called once, in a thread.
        asks: asks for files.

    Attributes:
        wanted: a job that shall be started, or wait for its turn; a :data:`~lpsnet_studio.jobs.spec.JobSpec`.
        closed: the user leaves the view.
        body: the form.
        preflight: looks ahead.
        findings: what speaks against the job.
        mend, reason: why it cannot be started, and the way there.
        start, cancel: the two ways out.
        anyway, back: answers to whether to start in spite of errors.
    """

    wanted = Signal(object)
    closed = Signal()

    def __init__(
        self,
        kind: JobKind,
        theme: Theme,
        *,
        root: Path,
        runs: Callable[[], Sequence[tuple[str, Path]]] = _no_runs,
        is_taken: Callable[[Path], bool] = _never_taken,
        check: Callable[[JobSpec], Check] = Check,
        devices: Callable[[], Sequence[DeviceOption]] = devices_of_machine,
        asks: Asks | None = None,
    ) -> None:
        super().__init__()
        asks = asks or Asks()
        self.kind: JobKind = kind
        self._background = Background(pass_on, self)
        self._disk = CalmWork(self)
        self.body: Body = (
            TrainingBody(root, is_taken, theme, asks, self._disk.ask)
            if kind == "train"
            else BatchBody(kind, root, is_taken, runs, theme, asks, self._disk.ask)
        )
        self._theme, self._ask_devices, self._has_asked_devices = theme, devices, False
        self.preflight = Preflight(check, self)
        self.findings = PreflightView(self.preflight, theme, self.body.place_of)
        self.mend, self.reason, self.question = _link(), ElidedLabel(), MessageLine("fault", theme)
        self.start = push_button("Start", "Start the job, or let it wait for its device (Ctrl+Enter).")
        self.cancel = push_button("Cancel", "Leave; what is written here stays (Esc).")
        self.anyway = push_button("Start anyway", "Start in spite of what speaks against it.")
        self.back = push_button("Go back", "Mend it first.")
        self._trouble = MessageLine("fault", theme)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._side = QScrollArea()
        self._is_asking = False
        self._lay_out()
        self._connect()
        self._show_state()

    def prefill(self, spec: JobSpec, name: str = "") -> bool:
        """Begins anew with another job's settings, in a folder of its own.

        Args:
            spec: the job to repeat or to change; of a run that is there, its ``config.yaml`` as config.
            name: what it is called, from which a training's new folder gets its name; empty for its folder's.

        Returns:
            Whether that worked; if not, the view says why, and what is written stays.
        """
        try:
            self.body.take(spec, name)
        except (OSError, ValueError) as error:
            self._trouble.set_text(str(error))
            return False
        self._trouble.set_text("")
        return True

    def move_root(self, root: Path) -> None:
        """Proposes folders in another one from now on; a typed one stays."""
        self.body.move_root(root)

    def propose_network(self, run: Path) -> None:
        """Names a run whose network is taken, where none is named yet; a training needs none."""
        if isinstance(self.body, BatchBody):
            self.body.propose_network(run)

    # --------------------------------------------------------------------------------------------------------- starting

    def ask_to_start(self) -> None:
        """Starts the job if nothing is wrong in the form, but asks first if a look has found errors."""
        if self.body.faults:
            self.body.go_to_fault()
        elif self.preflight.is_of_now and self.preflight.report is not None and self.preflight.report.of("error"):
            self._is_asking = True
            self._show_state()
            self.back.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._start()

    def _start(self) -> None:
        self._is_asking = False
        self.preflight.cancel()
        self.wanted.emit(self.body.spec())
        self._show_state()

    def _go_back(self) -> None:
        self._is_asking = False
        self._show_state()
        self.start.setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave(self) -> None:
        self._is_asking = False
        self.preflight.cancel()
        self._show_state()
        self.closed.emit()

    # ---------------------------------------------------------------------------------------------------------- showing

    def _show_state(self) -> None:
        faults = self.body.faults
        self.body.show_state()
        if self.isVisible():
            self.preflight.want(None if faults else self.body.spec())
        name, fault = next(iter(faults.items()), ("", ""))
        reason = ": ".join(part for part in (self.body.title_of(name), fault) if part)
        self.mend.setText(f"{len(faults)} to mend")
        self.mend.setVisible(bool(faults))
        self.reason.setText(reason)
        self.reason.setVisible(bool(faults))
        self.start.setEnabled(not faults)
        self.start.setAccessibleDescription(reason)
        self.start.setToolTip(as_tip(reason or "Start the job, or let it wait for its device (Ctrl+Enter)."))
        self._show_question()

    def _show_question(self) -> None:
        errors = len(self.preflight.report.of("error")) if self.preflight.report is not None else 0
        what = "1 error speaks" if errors == 1 else f"{errors} errors speak"
        self.question.set_text(f"{what} against it. It will most likely fail. Start anyway?" if self._is_asking else "")
        for widget, is_answer in ((self.start, False), (self.cancel, False), (self.back, True), (self.anyway, True)):
            widget.setVisible(is_answer == self._is_asking)

    def _show_looked(self) -> None:
        if self._is_asking and not self.preflight.is_of_now:
            self._is_asking = False
        self._show_question()
        self._chain_stops()

    # ----------------------------------------------------------------------------------------------------------- events

    def showEvent(self, event: QShowEvent) -> None:
        """Looks ahead again, and asks once which devices there are."""
        super().showEvent(event)
        self.body.renew_proposal()
        self._show_state()
        if not self._has_asked_devices:
            self._has_asked_devices = True
            self._background.run(self._ask_devices, self.body.devices.offer)

    def hideEvent(self, event: QHideEvent) -> None:
        """Ends the look."""
        self.preflight.cancel()
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Puts the findings beside the form, or below it."""
        super().resizeEvent(event)
        wide = Qt.Orientation.Horizontal if self.width() >= _WIDE else Qt.Orientation.Vertical
        if wide != self._split.orientation() or event.oldSize().isEmpty():
            self._split.setOrientation(wide)
            # The form takes or gives what the window has more or less by the time it is laid out.
            side = _SIDE_WIDTH if wide == Qt.Orientation.Horizontal else self.height() // 3
            self._split.setSizes([2000, side])

    def event(self, event: QEvent) -> bool:
        """Claims its keys before the window's shortcuts do."""
        is_early = event.type() == QEvent.Type.ShortcutOverride
        if is_early and isinstance(event, QKeyEvent) and (_is_escape(event) or _is_start(event)):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Starts, leaves, or goes back from the question."""
        if _is_start(event):
            self.ask_to_start()
        elif not _is_escape(event):
            super().keyPressEvent(event)
        elif self._is_asking:
            self._go_back()
        else:
            self._leave()

    # ----------------------------------------------------------------------------------------------------------- inside

    def _connect(self) -> None:
        self.body.on_change(self._show_state)
        self.preflight.changed.connect(self._show_looked)
        self.start.clicked.connect(self.ask_to_start)
        self.cancel.clicked.connect(self._leave)
        self.anyway.clicked.connect(self._start)
        self.back.clicked.connect(self._go_back)
        self.mend.clicked.connect(self.body.go_to_fault)
        self._theme.changed.connect(self._follow)
        self._follow()

    def _lay_out(self) -> None:
        title = ElidedLabel(_TITLES[self.kind])
        font = title.font()
        font.setPixelSize(16)
        font.setBold(True)
        title.setFont(font)
        title.setContentsMargins(16, 12, 16, 4)
        self._trouble.set_text("")
        self._trouble.setContentsMargins(16, 0, 16, 4)
        inside = QWidget()
        side = QVBoxLayout(inside)
        side.setContentsMargins(16, 8, 16, 8)
        side.setSpacing(16)
        if self.body.side is not None:
            side.addWidget(self.body.side)
        side.addWidget(_titled("Check before the start", self.findings))
        side.addStretch(1)
        self._side.setWidget(inside)
        self._side.setWidgetResizable(True)
        self._side.setFrameShape(QFrame.Shape.NoFrame)
        self._side.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._side.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._side.setMinimumSize(240, 160)
        self._split.addWidget(self.body.main)
        self._split.addWidget(self._side)
        self._split.setStretchFactor(0, 1)
        self._split.setChildrenCollapsible(False)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 8, 16, 12)
        foot.setSpacing(8)
        foot.addWidget(self.mend)
        foot.addWidget(self.reason, 1)
        foot.addWidget(self.question, 1)
        foot.addStretch(0)
        for button in (self.cancel, self.start, self.back, self.anyway):
            foot.addWidget(button)
        layout = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(title)
        layout.addWidget(self._trouble)
        layout.addWidget(self._split, 1)
        layout.addLayout(foot)

    def _chain_stops(self) -> None:
        """Lets Tab go through the findings to the two ways out."""
        stops = [*self.findings.stops(), self.mend, self.cancel, self.start, self.back, self.anyway]
        for first, second in pairwise(stops):
            QWidget.setTabOrder(first, second)

    def _follow(self) -> None:
        self.start.setIcon(self._theme.icon("play"))
        self.question.follow(self._theme)
        self._trouble.follow(self._theme)
        self.mend.setIcon(self._theme.icon("discarded", self._theme.palette.discarded))


def _is_escape(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_Escape and not event.modifiers()


def _is_start(event: QKeyEvent) -> bool:
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    return event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and modifiers == Qt.KeyboardModifier.ControlModifier


def _titled(text: str, below: QWidget) -> QWidget:
    holder, title = QWidget(), QLabel(text)
    font = title.font()
    font.setBold(True)
    title.setFont(font)
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    layout.addWidget(title)
    layout.addWidget(below)
    return holder


def _link() -> QPushButton:
    button = push_button("", "Go to what is to be mended.")
    button.setFlat(True)
    return button
