"""The view in which a job is written, looked at before its start, and started."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QLayout, QSplitter, QVBoxLayout, QWidget

from lpsnet_studio.background import Background, Task, pass_on
from lpsnet_studio.hairline import hairline
from lpsnet_studio.jobs.calm_work import CalmWork
from lpsnet_studio.jobs.command_line_view import command_words
from lpsnet_studio.jobs.device_choice import DeviceOption, devices_of_machine
from lpsnet_studio.jobs.field_editors import is_history
from lpsnet_studio.jobs.foot_view import JobFoot
from lpsnet_studio.jobs.form_side_view import FormSide
from lpsnet_studio.jobs.form_view import is_control, is_search
from lpsnet_studio.jobs.new_job_body_view import Asks, BatchBody, Body, TrainingBody
from lpsnet_studio.jobs.preflight import Check
from lpsnet_studio.jobs.preflight_view import Preflight, PreflightView
from lpsnet_studio.jobs.spec import JobSpec
from lpsnet_studio.message_line import MessageLine
from lpsnet_studio.theme import Theme

__all__ = ["JobKind", "NewJobView"]

JobKind = Literal["train", "evaluate", "predict"]
_TITLES: dict[JobKind, str] = {"train": "New training", "evaluate": "New evaluation", "predict": "New prediction"}
_WIDE = 1000
"""Pixels from which on the findings stand beside the form."""
_HIGH = 680
"""Pixels from which on there is room for the command."""
_SIDE_WIDTH = 376


def _no_runs() -> Sequence[tuple[str, Path]]:
    return ()


def _never_taken(_folder: Path) -> bool:
    return False


class NewJobView(QWidget):
    """Form, findings and start of a job.

    What is written stays when the view is left, until the program ends; but for the folder, once a job has taken it.
    Ctrl+Enter starts, Esc leaves; undo, redo and the search of the fields are had wherever the keyboard is.

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
        prefilled: emitted after another job's settings were taken, or could not be; whether they were.
        body: the form.
        preflight: looks ahead.
        findings: what speaks against the job.
        side: what stands beside the form, or folded below it.
        foot: why it cannot be started, the command, and the ways out.
        start, cancel: the two ways out.
        anyway, back: answers to whether to start in spite of errors.
    """

    wanted = Signal(object)
    closed = Signal()
    prefilled = Signal(bool)

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
        asks, title = asks or Asks(), _TITLES[kind]
        self.kind: JobKind = kind
        self._background = Background(pass_on, self)
        self._disk = CalmWork(self)
        self._prefilling: Task | None = None
        self.body: Body = (
            TrainingBody(root, is_taken, theme, asks, title, self._disk.ask, self._background.run)
            if kind == "train"
            else BatchBody(kind, root, is_taken, runs, theme, asks, title, self._disk.ask)
        )
        self._theme, self._ask_devices, self._has_asked_devices = theme, devices, False
        self.preflight = Preflight(check, self)
        self.findings = PreflightView(self.preflight, theme, self.body.place_of)
        placed = [] if self.body.side is None else [("", self.body.side)]
        self.side = FormSide(self.body.side_title, [*placed, ("Check before the start", self.findings)])
        self.foot = JobFoot(theme)
        self.start, self.cancel = self.foot.start, self.foot.cancel
        self.anyway, self.back = self.foot.anyway, self.foot.back
        self._origin, self._trouble = MessageLine("need", theme), MessageLine("fault", theme)
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._handle_width = self._split.handleWidth()
        self._is_asking = False
        self._lay_out()
        self._connect()
        self._show_state()

    def prefill(self, spec: JobSpec, name: str = "") -> None:
        """Begins anew with another job's settings, in a folder of its own, once they are read; the newest count.

        If they cannot be read, the view says why, and what is written stays; either way :attr:`prefilled` tells.

        Args:
            spec: the job to repeat or to change; of a run that is there, its ``config.yaml`` as config.
            name: what it is called, from which a training's new folder gets its name; empty for its folder's.
        """
        if self._prefilling is not None:
            self._background.withdraw(self._prefilling)
        self._prefilling = self._background.run(
            lambda: _read(self.body, spec), lambda read: self._take_settings(spec, name, read)
        )

    def tell_origin(self, sentence: str) -> None:
        """Says where what is written comes from, until it is started or left; an empty sentence says nothing more."""
        self._origin.set_text(sentence)

    @property
    def origin(self) -> str:
        """Where what is written comes from, as it is said."""
        return self._origin.text()

    def _take_settings(self, spec: JobSpec, name: str, read: Any) -> None:
        is_read = not isinstance(read, Exception)
        if is_read:
            self._begin_afresh()
            self.body.take(spec, name, read)
        self._trouble.set_text("" if is_read else str(read))
        self.prefilled.emit(is_read)

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
        self.wanted.emit(self.body.spec())
        self.body.begin_next()
        self.tell_origin("")
        self._begin_afresh()
        self._show_state()

    def _go_back(self) -> None:
        self._is_asking = False
        self._show_state()
        self.start.setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave(self) -> None:
        self._is_asking = False
        self.tell_origin("")
        self._begin_afresh()
        self._show_state()
        self.closed.emit()

    def _begin_afresh(self) -> None:
        """Forgets what was searched for and found of an earlier job."""
        self.body.show_all()
        self.preflight.forget()

    # ---------------------------------------------------------------------------------------------------------- showing

    def _show_state(self) -> None:
        faults = self.body.faults
        spec = self.body.spec()
        if self.isVisible():
            self.preflight.want(None if faults else spec)
        name, fault = next(iter(faults.items()), ("", ""))
        # Where there is little room the beginning of a long path would be all that is read.
        fault = fault.replace(str(spec.folder), spec.folder.name) if spec.folder.name else fault
        reason = ": ".join(part for part in (self.body.title_of(name), fault) if part)
        self.foot.show_state(faults, self.body.lacking, reason, self.body.remarks)
        self.foot.show_command(command_words(spec), reason)
        self._show_question()
        self._show_side()

    def _show_question(self) -> None:
        errors = len(self.preflight.report.of("error")) if self.preflight.report is not None else 0
        what = "1 error speaks" if errors == 1 else f"{errors} errors speak"
        asked = f"{what} against it. It will most likely fail. Start anyway?"
        self.foot.show_question(asked if self._is_asking else "")

    def _show_side(self) -> None:
        """Says in a few words what is folded away at the side."""
        self.findings.show_sign_on(self.side.sign)
        words = (self.body.side_words, self.findings.verdict.text())
        self.side.show_words(" · ".join(part for part in words if part))

    def _show_looked(self) -> None:
        if self._is_asking and not self.preflight.is_of_now:
            self._is_asking = False
        self._show_question()
        self._show_side()
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
        """Puts the findings beside the form, or below it, and shows the command where there is room for it."""
        super().resizeEvent(event)
        self.foot.offer_room(self.height() >= _HIGH)
        is_wide = self.width() >= _WIDE
        orientation = Qt.Orientation.Horizontal if is_wide else Qt.Orientation.Vertical
        is_new = orientation != self._split.orientation() or event.oldSize().isEmpty()
        self._split.setOrientation(orientation)
        self.side.set_beside(is_wide)
        if is_new:
            self._share_room()

    def minimumSizeHint(self) -> QSize:
        """Returns the room that is needed with the findings below the form, also while they are beside it."""
        parts = (self.body.main, self.side, self.foot)
        needed = [part.minimumSizeHint() for part in parts]
        return QSize(max(each.width() for each in needed), sum(each.height() for each in needed))

    def _share_room(self) -> None:
        """Gives the side its width, or, unfolded below the form, half of the height."""
        if self._split.orientation() == Qt.Orientation.Horizontal:
            # The form takes or gives what the window has more or less by the time it is laid out.
            self._split.setSizes([2000, _SIDE_WIDTH])
        else:
            half = self._split.height() // 2
            self._split.setSizes([half, half] if self.side.is_open else [self._split.height(), 0])
        is_movable = self.side.is_open
        self._split.setHandleWidth(self._handle_width if is_movable else 0)
        self._split.handle(1).setEnabled(is_movable)

    def event(self, event: QEvent) -> bool:
        """Claims its keys before the window's shortcuts do."""
        is_early = event.type() == QEvent.Type.ShortcutOverride
        if is_early and isinstance(event, QKeyEvent) and self._is_own(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Starts, takes edits back, searches, leaves, or goes back from the question."""
        if _is_start(event):
            self.ask_to_start()
        elif event.matches(QKeySequence.StandardKey.Undo):
            self.body.undo()
        elif event.matches(QKeySequence.StandardKey.Redo) or is_control(event, Qt.Key.Key_Y):
            self.body.redo()
        elif self._is_search(event):
            self.body.focus_search()
        elif not _is_escape(event):
            super().keyPressEvent(event)
        elif self._is_asking:
            self._go_back()
        else:
            self._leave()

    def _is_own(self, event: QKeyEvent) -> bool:
        is_known = is_history(event) or is_control(event, Qt.Key.Key_Y) or self._is_search(event)
        return is_known or _is_escape(event) or _is_start(event)

    def _is_search(self, event: QKeyEvent) -> bool:
        return self.body.has_search and is_search(event, self.focusWidget())

    # ----------------------------------------------------------------------------------------------------------- inside

    def _connect(self) -> None:
        self.body.on_change(self._show_state)
        self.body.on_stops(self._chain_stops)
        if self.body.side is not None:
            self.body.side.sought.connect(self.side.unfold)
        self.side.folded.connect(self._share_room)
        self.preflight.changed.connect(self._show_looked)
        self.start.clicked.connect(self.ask_to_start)
        self.cancel.clicked.connect(self._leave)
        self.foot.anyway.clicked.connect(self._start)
        self.foot.back.clicked.connect(self._go_back)
        self.foot.mend_asked.connect(self.body.go_to_fault)
        self.foot.remarks_asked.connect(self.body.go_to_remarks)
        self._theme.changed.connect(self._follow)
        self._follow()

    def _lay_out(self) -> None:
        for line in (self._origin, self._trouble):
            line.set_text("")
            line.setContentsMargins(16, 8, 16, 0)
        self._split.addWidget(self.body.main)
        self._split.addWidget(self.side)
        self._split.setStretchFactor(0, 1)
        self._split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._origin)
        layout.addWidget(self._trouble)
        layout.addWidget(self._split, 1)
        layout.addWidget(hairline())
        layout.addWidget(self.foot)
        self._chain_stops()

    def _chain_stops(self) -> None:
        """Lets Tab go through the form, its side and the findings to the two ways out."""
        place = () if self.body.side is None else self.body.side.stops()
        form = self.body.stops()[-1:]
        stops = [*form, self.side.heading, *place, *self.findings.stops(), *self.foot.stops()]
        for first, second in pairwise(stops):
            QWidget.setTabOrder(first, second)

    def _follow(self) -> None:
        self.foot.follow(self._theme)
        for line in (self._origin, self._trouble):
            line.follow(self._theme)
        self._show_side()


def _read(body: Body, spec: JobSpec) -> Any:
    """Returns what a body needs to begin with a job's settings, or why it cannot be had."""
    try:
        return body.read(spec)
    except (OSError, ValueError) as error:
        return error


def _is_escape(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_Escape and not event.modifiers()


def _is_start(event: QKeyEvent) -> bool:
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    return event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and modifiers == Qt.KeyboardModifier.ControlModifier
