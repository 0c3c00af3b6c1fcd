"""The page of the window that shows jobs: the list at the left, what is chosen of it at the right."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QLabel,
    QMenu,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.jobs.job_deeds import DEED_WORDS, Deed, deeds_of, job_after, words_of
from lpsnet_studio.jobs.job_view import JobView
from lpsnet_studio.jobs.jobs_list import JobList, first_looked_at
from lpsnet_studio.jobs.jobs_side_view import BEGINNINGS, JobsSide
from lpsnet_studio.jobs.kill_question_view import ask_to_kill
from lpsnet_studio.jobs.status import JobState
from lpsnet_studio.labels import as_tip
from lpsnet_studio.theme import Theme

if TYPE_CHECKING:
    from lpsnet_studio.jobs.jobs import JobEntry, Jobs
    from lpsnet_studio.state import Problem

__all__ = ["JobsPage"]

_EMPTY = "No jobs yet. Train a network, evaluate one, or open a run directory."
_SIDE_LEAST, _SIDE_NARROW, _SIDE_WIDE, _VIEW_LEAST = 144, 240, 320, 240
_WIDE, _NARROW = 960, 600
"""Pixels of the page from which the list has its full width, and below which it has its least."""


def _open_folder(folder: Path) -> bool:
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def _scrolled(page: QWidget) -> QScrollArea:
    """Returns a page in an area that scrolls where the window is smaller than it."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(page)
    return area


class JobsPage(QWidget):
    """Shows jobs, and asks the model for what the user wants of them.

    Args:
        jobs: the model, which someone else refreshes.
        theme: gives colours and icons.
        open_folder: shows a folder in the system's file manager.
        now: the clock, seconds since 1970.

    Signals:
        new_wanted: a job of a kind is to be set up: ``train``, ``evaluate`` or ``predict``.
        duplicate_wanted: a job is to be set up that begins with a :data:`JobSpec`.
        use_wanted: something is to be made of what a job left: ``inspect``, ``images``, ``dataset`` or ``export``, the
            run directory, and for ``images`` the file name of the picture that is wanted, or nothing.

    Attributes:
        side: the list with its filters.
        view: what is chosen.
        question: whether a job shall be killed, while that is asked.
    """

    new_wanted = Signal(str)
    duplicate_wanted = Signal(object)
    use_wanted = Signal(str, object, str)

    def __init__(
        self,
        jobs: Jobs,
        theme: Theme,
        open_folder: Callable[[Path], bool] = _open_folder,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self._jobs, self._open_folder, self._now = jobs, open_folder, now
        self._is_stale, self._is_sized = True, False
        self._list = JobList()
        self._awaited: Path | None = None
        self._has_chosen = False
        self._going: tuple[JobEntry, ...] = ()
        self._removed: tuple[Path, ...] = ()
        self.question: QMessageBox | None = None
        self.side, self.view = JobsSide(theme), JobView(theme, now)
        self.empty_buttons: dict[str, QPushButton] = {}
        self._lay_out()
        self._connect()
        self._show_jobs()

    # ---------------------------------------------------------------------------------------------------------- making

    def _lay_out(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.side)
        self.splitter.addWidget(self.view)
        self.splitter.setStretchFactor(1, 1)
        self.side.setMinimumWidth(_SIDE_LEAST)
        self.view.setMinimumWidth(_VIEW_LEAST)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(_scrolled(self.splitter))
        self._stack.addWidget(_scrolled(self._made_empty_page()))

    def _made_empty_page(self) -> QWidget:
        page = QWidget()
        words = QLabel(_EMPTY)
        words.setWordWrap(True)
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(32, 16, 32, 16)
        layout.setSpacing(8)
        layout.addStretch(2)
        layout.addWidget(words)
        layout.addSpacing(8)
        offers = (*BEGINNINGS, ("open", "Open run directory…", "List a run from anywhere."))
        for kind, label, tip in offers:
            button = QPushButton(label)
            button.setToolTip(tip)
            button.setMinimumWidth(200)
            button.setAutoDefault(True)
            button.clicked.connect(partial(self._begin, kind))
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
            self.empty_buttons[kind] = button
        layout.addStretch(3)
        return page

    def _connect(self) -> None:
        jobs, side, view = self._jobs, self.side, self.view
        jobs.changed.connect(self._take_change)
        jobs.updated.connect(self._take_update)
        jobs.failed.connect(self._take_failure)
        side.filter_changed.connect(self._show_jobs)
        side.new_wanted.connect(self.new_wanted)
        side.open_wanted.connect(self.ask_for_run)
        side.undo_wanted.connect(self._list_again)
        side.list.chosen.connect(lambda _folders: self._show_chosen())
        side.list.entered.connect(self._enter)
        side.list.removal_wanted.connect(self.remove_chosen)
        side.list.moved.connect(self._jobs.move)
        side.list.menu_wanted.connect(self._show_menu)
        view.header.wanted.connect(self.do)
        view.header.folder_wanted.connect(self._show_folder)
        view.tabs.picture_wanted.connect(self._want_picture)
        view.tabs.failed.connect(self.side.tell)
        view.look_wanted.connect(self._jobs.refresh)
        view.open_wanted.connect(self.ask_for_run)
        self.splitter.splitterMoved.connect(self._keep_sizes)

    def _keep_sizes(self, _position: int, _handle: int) -> None:
        """Leaves the list as wide as the user made it."""
        self._is_sized = True

    def close_page(self) -> None:
        """Ends all reading, and listens no more; called before the window goes."""
        self._jobs.changed.disconnect(self._take_change)
        self._jobs.updated.disconnect(self._take_update)
        self._jobs.failed.disconnect(self._take_failure)
        self.view.close_view()

    # ---------------------------------------------------------------------------------------------------------- jobs

    @property
    def chosen(self) -> tuple[JobEntry, ...]:
        """The jobs that are chosen, from top to bottom."""
        entries = (self._jobs.entry(folder) for folder in self.side.list.folders)
        return tuple(entry for entry in entries if entry is not None)

    def show_job(self, folder: Path) -> None:
        """Chooses a job, whatever the filters; one that is not listed yet, as soon as it is."""
        if self._jobs.entry(folder) is None:
            self._awaited = folder
            return
        self._awaited = None
        if self.side.list.rows.number_of(folder) is None:
            self.side.show_all_states()
        self.side.list.choose([folder])

    def focus_list(self) -> None:
        """Hands the keyboard to the list, or to the first offer while there is none."""
        shown = self.side.list if self._jobs.entries else self.empty_buttons["train"]
        shown.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _show_where_keyboard_is(self) -> None:
        """Has what the keyboard is on show it from the beginning, and not after the first Tab alone."""
        focused = self.window().focusWidget()
        if focused is not None and self.isVisible() and self.isAncestorOf(focused):
            self.window().setAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
            focused.update()

    def _take_change(self) -> None:
        self._show_if_seen()
        self._tell_if_removed()
        if self._awaited is not None and self._jobs.entry(self._awaited) is not None:
            self.show_job(self._awaited)

    def _take_update(self, _folders: tuple[Path, ...]) -> None:
        self._show_if_seen()

    def _take_failure(self, problem: Problem) -> None:
        """Waits no more for what could not be done; what was asked of other jobs is still to come."""
        if problem.folder is None:
            return
        if self._awaited == problem.folder:
            self._awaited = None
        if self.view.header.entry is not None and self.view.header.entry.folder == problem.folder:
            self.view.header.allow_again()
        self._going = tuple(entry for entry in self._going if entry.folder != problem.folder)
        self._tell_if_removed()

    def _show_if_seen(self) -> None:
        if self.isVisible():
            self._show_jobs()
        else:
            self._is_stale = True

    def _show_jobs(self) -> None:
        """Shows the jobs as they are now."""
        self._is_stale = False
        entries = self._jobs.entries
        self._show_list_or_offers()
        self.side.show_rows(self._list.listed(entries, self._now(), self.side.search.text(), self.side.wanted))
        # What the last run of the program listed is read while the page is shown already.
        if self.isVisible() and (not self._has_chosen or len(entries) == 1):
            self._choose_first()
        self._show_chosen()

    def _show_list_or_offers(self) -> None:
        """Shows the list, or what can be begun while it is empty; the keyboard goes from one to the other."""
        wanted = 0 if self._jobs.entries else 1
        if wanted == self._stack.currentIndex():
            return
        focused, left = self.window().focusWidget(), self._stack.currentWidget()
        had_keyboard = focused is not None and left is not None and left.isAncestorOf(focused)
        self._stack.setCurrentIndex(wanted)
        if had_keyboard:
            self.focus_list()

    def _choose_first(self) -> None:
        """Chooses the job that most likely is to be looked at, where none is chosen."""
        first = first_looked_at(self.side.list.rows.rows)
        if first is not None and not self.side.list.folders:
            self.side.list.choose([first])

    def _show_chosen(self) -> None:
        chosen = self.chosen
        self._has_chosen = self._has_chosen or bool(chosen)
        self.view.header.next_to_start = next((entry.folder for entry in self._jobs.entries if entry.waiting), None)
        self.view.show_entries(chosen)
        if len(chosen) == 1 and not chosen[0].seen and self.isVisible():
            self._jobs.mark_seen(chosen[0].folder)

    # --------------------------------------------------------------------------------------------------------- wanting

    def do(self, deed: Deed) -> None:
        """Does something with the one job that is chosen."""
        if len(self.chosen) != 1:
            return
        entry, jobs = self.chosen[0], self._jobs
        folder = entry.folder
        if deed.is_use:
            self.use_wanted.emit(deed.value, folder, "")
            return
        match deed:
            case Deed.STOP:
                jobs.stop(folder)
            case Deed.KILL:
                self._ask_to_kill(entry)
            case Deed.RESUME:
                jobs.resume(folder)
            case Deed.START_NOW:
                jobs.start_now(folder)
            case Deed.WITHDRAW:
                jobs.withdraw(folder)
            case Deed.DUPLICATE:
                self.duplicate_wanted.emit(entry.spec)
            case Deed.EVALUATE | Deed.PREDICT:
                self.duplicate_wanted.emit(job_after(folder, deed))
            case Deed.FORGET:
                self.remove_chosen()

    def _ask_to_kill(self, entry: JobEntry) -> None:
        def kill() -> None:
            self._jobs.kill(entry.folder)

        self.question = ask_to_kill(self, entry, kill)

    def remove_chosen(self) -> None:
        """Takes the chosen jobs out of the list: those that wait out of the queue; those that run stay."""
        chosen = self.chosen
        alive = [entry for entry in chosen if entry.status.state.is_alive]
        waiting = [entry.folder for entry in chosen if entry.waiting]
        gone = [entry for entry in chosen if not entry.status.state.is_alive and not entry.waiting]
        if waiting:
            self._jobs.withdraw(*waiting)
        if gone:
            self.side.tell("")
            self._going = tuple(gone)
            self._jobs.forget(*(entry.folder for entry in gone))
        elif alive:
            what = f"{alive[0].name} runs" if len(alive) == 1 else "These jobs run"
            self.side.tell(f"{what}; stop it first." if len(alive) == 1 else f"{what}; stop them first.")

    def _tell_if_removed(self) -> None:
        """Tells which jobs have left the list, once all have that can, and offers to list them again."""
        gone = self._going
        if gone and all(self._jobs.entry(entry.folder) is None for entry in gone):
            self._going = ()
            self._removed = tuple(entry.folder for entry in gone)
            what = gone[0].name if len(gone) == 1 else f"{len(gone)} jobs"
            self.side.tell(f"Removed {what}; the files stay.", can_undo=True)

    def _list_again(self) -> None:
        removed, self._removed = self._removed, ()
        self.side.tell("")
        if removed:
            self._jobs.list_again(*removed)
            self._awaited = removed[0]
        self.side.list.setFocus()

    def _begin(self, kind: str, _checked: bool = False) -> None:
        if kind == "open":
            self.ask_for_run()
        else:
            self.new_wanted.emit(kind)

    def ask_for_run(self) -> None:
        """Asks for a run directory, and lists it."""
        chosen = QFileDialog.getExistingDirectory(self, "Open run directory")
        if chosen:
            folder = Path(chosen).absolute()
            self._jobs.open_run(folder)
            self.show_job(folder)

    def _enter(self) -> None:
        """Goes from the list to what is shown, if anything is."""
        if self.view.tabs.tabBar().isVisible():
            self.view.tabs.tabBar().setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _show_folder(self) -> None:
        if len(self.chosen) == 1:
            folder = self.chosen[0].folder
            if not self._open_folder(folder):
                self.side.tell(f"{folder} could not be opened.")

    def _want_picture(self, file_name: str) -> None:
        if len(self.chosen) == 1:
            self.use_wanted.emit("images", self.chosen[0].folder, file_name)

    # ------------------------------------------------------------------------------------------------------------ menu

    def _show_menu(self, at: QPoint) -> None:
        menu = self.made_menu()
        if not menu.isEmpty():
            menu.popup(at)

    def made_menu(self) -> QMenu:
        """Returns what can be done with the chosen jobs, as a menu."""
        menu, chosen = QMenu(self), self.chosen
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        if len(chosen) == 1:
            self._fill_menu(menu, chosen[0])
        elif chosen:
            if len(chosen) == 2:
                menu.addAction("Compare settings", lambda: self.view.tabs.show_tab("compare"))
            menu.addAction("Show their curves", lambda: self.view.tabs.show_tab("curves"))
            if any(not entry.status.state.is_alive for entry in chosen):
                menu.addAction(DEED_WORDS[Deed.FORGET].label, self.remove_chosen)
        return menu

    def _fill_menu(self, menu: QMenu, entry: JobEntry) -> None:
        deeds: Sequence[Deed] = deeds_of(entry)
        for deed in deeds:
            if deed is Deed.FORGET:
                menu.addSeparator()
            words = words_of(deed, entry)
            action = menu.addAction(words.label, partial(self.do, deed))
            action.setToolTip(as_tip(words.tip))
        if entry.status.state in (JobState.FAILED, JobState.LOST):
            menu.addAction("Show the log", self.view.tabs.show_first_error)
        menu.addSeparator()
        menu.addAction("Show in folder", self._show_folder)
        menu.addAction("Copy the path", partial(QGuiApplication.clipboard().setText, str(entry.folder)))

    # ------------------------------------------------------------------------------------------------------- Qt's calls

    def showEvent(self, event: QShowEvent) -> None:
        """Shows the jobs as they are by now, the first of them if none was chosen."""
        super().showEvent(event)
        if self._is_stale:
            self._show_jobs()
        if not self.side.list.folders:
            self._choose_first()
            self.focus_list()
        self._show_chosen()

    def event(self, event: QEvent) -> bool:
        """Shows where the keyboard is when the window becomes active, which takes that sign away."""
        if event.type() == QEvent.Type.WindowActivate:
            QTimer.singleShot(0, self, self._show_where_keyboard_is)
        return super().event(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Takes no more note of what changes until it is shown again."""
        super().hideEvent(event)
        self._is_stale = True

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Gives the list less room in a narrow page, unless the user chose how much."""
        super().resizeEvent(event)
        if not self._is_sized:
            side = _SIDE_WIDE if self.width() >= _WIDE else _SIDE_NARROW if self.width() >= _NARROW else _SIDE_LEAST
            self.splitter.setSizes([side, max(self.width() - side, _VIEW_LEAST)])
