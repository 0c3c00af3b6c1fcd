"""The window: it puts the rooms together and owns neither data nor logic."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QDockWidget, QMainWindow, QStackedLayout, QVBoxLayout, QWidget

from lpsnet_studio.actions.build import build_actions, build_canvas_menu, build_menus, build_toolbar, refresh_icons
from lpsnet_studio.annotate_room import AnnotateRoom
from lpsnet_studio.availability import action_texts, actions_on, actions_out_of_place, actions_possible
from lpsnet_studio.background import Background
from lpsnet_studio.browser.image_list import ImageList
from lpsnet_studio.canvas.view import CanvasView
from lpsnet_studio.chrome.banner import Banner
from lpsnet_studio.chrome.dock_tabs import DockTabs
from lpsnet_studio.chrome.drop_hint import DropHint
from lpsnet_studio.chrome.finding import why_not_now
from lpsnet_studio.chrome.notifications import Notifications
from lpsnet_studio.chrome.status_bar import StatusBar
from lpsnet_studio.chrome.welcome import Welcome
from lpsnet_studio.commands.commands import Commands
from lpsnet_studio.commands.drops import judge_drop
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.docks import Docks, Panel
from lpsnet_studio.examination import Examination
from lpsnet_studio.inspector.evidence_panels import evidence_panels
from lpsnet_studio.inspector.layers_panel import LayersPanel
from lpsnet_studio.inspector.no_picture import NoPicture
from lpsnet_studio.inspector.overlays import Overlays
from lpsnet_studio.inspector.segments_list import SegmentsList
from lpsnet_studio.inspector.settings_panel import SettingsPanel
from lpsnet_studio.inspector.steps_table import StepsTable
from lpsnet_studio.inspector.timeline import Timeline
from lpsnet_studio.jobs_room import JobsRoom
from lpsnet_studio.keyboard import ShortcutsByPlace
from lpsnet_studio.modes import Modes
from lpsnet_studio.session import Session
from lpsnet_studio.settings import Folders, Settings
from lpsnet_studio.theme import Theme

__all__ = ["MainWindow"]

_TITLE = "LPSNet Studio"
_LEAST_SIZE = QSize(300, 200)
_LEAST_HEIGHT_FOR_TIMELINE = 280
_OF_LISTS = (Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Left, Qt.Key.Key_Right)
"""Keys that move in lists, which leave them over at their ends, and that are actions in some modes."""


class MainWindow(QMainWindow):
    """Canvas and timeline in the middle, panels around them.

    Args:
        session: what is open.
        theme: the look.
        settings: what is kept between runs.
        folders: where the demo may be written.
        device: where networks are to run.

    Attributes:
        commands: what the actions do.
        modes: what the window shows.
        room: shows jobs in the place of the image.
        annotation: corrects segments on the canvas.
        examination: what is looked at beyond the result.
        actions_by_id: the actions.
        closing: emitted when the window is about to close.
    """

    closing = Signal()

    def __init__(
        self, session: Session, theme: Theme, settings: Settings, folders: Folders, device: str = "auto"
    ) -> None:
        super().__init__()
        self._session, self._theme, self._settings = session, theme, settings
        self._set_up_frame(theme)
        self.canvas = CanvasView()
        self.examination = Examination(session)
        self._overlays = Overlays(session, self.examination, self.canvas, self)
        self.timeline = Timeline(session, theme)
        self.images = ImageList(session, theme, folders.cache)
        self.segments = SegmentsList(session)
        self.steps = StepsTable(session, theme)
        self.panel = SettingsPanel(session, theme, settings.preferences.folded_groups)
        self.layers = LayersPanel(session, theme)
        self._evidence = evidence_panels(session, self.examination, theme, lambda: self.actions_by_id)
        self.images.setMinimumWidth(120)
        self._view = QWidget()
        self._view.setMinimumSize(_LEAST_SIZE.width(), 1)
        self._docks = Docks(self, self._view)
        self.notifications = Notifications(self._view, theme)
        self.notifications.keep_clear_of(self.canvas.minimap)
        place = Workplace(
            self,
            session,
            self.examination,
            self.canvas,
            self.images,
            theme,
            settings,
            folders,
            self.notifications,
            self._reset_layout,
            self._show_panel,
            self._enter_panel,
            lambda mode: self.modes.show(mode),
            self.areas,
        )
        self.commands = Commands(place, device)
        self._drop_hint = DropHint(self._view, theme)
        NoPicture(session, theme, self.canvas)
        evidence = [widget for _, _, widget in self._evidence]
        views = (self.canvas, self.images.view, self.segments.table, self.steps.table, self.timeline, *evidence)
        steppers = (self.canvas, self.segments.table, self.steps.table, self.timeline.film)
        for stepper in steppers:
            self.timeline.scrubber.watch(stepper)
        self.actions_by_id = build_actions(self, theme, self.commands, {"view": views, "canvas": steppers})
        stage = self._made_stage(session, theme)
        self.modes = Modes(place, self._docks, stage, self._view)
        self.room = JobsRoom(place, self.modes)
        self.annotation = AnnotateRoom(place, self.modes, self.commands)
        self.commands.annotate.train_on = lambda spec, origin: self.room.begin_new("train", spec, origin)
        self._stage_layout.insertWidget(1, self.annotation.bar)
        self.setCentralWidget(self.modes.middle)
        self._docks.add(self._panels())
        self._add_bars(session, theme, place.background)
        self._listen()
        self._restore()
        DockTabs(self, theme)
        ShortcutsByPlace(self)

    # ----------------------------------------------------------------------------------------------------- composition

    def _set_up_frame(self, theme: Theme) -> None:
        self.setObjectName("main_window")
        self.setWindowTitle(_TITLE)
        self.setWindowIcon(theme.icon("studio", "#4aa3ff"))
        self.setAcceptDrops(True)
        self.setMinimumSize(_LEAST_SIZE)
        self.setDockOptions(QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks)

    def _made_stage(self, session: Session, theme: Theme) -> QWidget:
        """Returns the image with its banner and its timeline."""
        self._middle = QStackedLayout(self._view)
        files = self.commands.files
        self._middle.addWidget(Welcome(self.actions_by_id, session, files.recently, theme, files.reopen))
        self._middle.addWidget(self.canvas)
        self.timeline.add_buttons(self.actions_by_id)
        self.panel.add_actions(self.actions_by_id)
        stage = QWidget()
        layout = self._stage_layout = QVBoxLayout(stage)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(Banner(session, theme))
        layout.addWidget(self._view, 1)
        layout.addWidget(self.timeline)
        return stage

    def _add_bars(self, session: Session, theme: Theme, background: Background) -> None:
        """Adds the menus, the toolbar and the status bar."""
        build_menus(self, self.actions_by_id, self.docks.values())
        build_toolbar(self, self.actions_by_id)
        menus = [build_canvas_menu(self.canvas, self.actions_by_id, mode) for mode in ("inspect", "annotate")]
        self.canvas.set_menu(menus[0])
        bar = StatusBar(session, theme, self.commands.files.withdraw, self.actions_by_id)
        self.setStatusBar(bar)
        self.canvas.zoom_changed.connect(bar.show_zoom)
        self.modes.attach(self.actions_by_id, bar)
        self.room.attach(self.actions_by_id, bar, self.commands.jobs)
        self.annotation.attach(self.actions_by_id, bar, *menus)
        background.busy_changed.connect(lambda: bar.show_background(background.busy))

    def _panels(self) -> list[Panel]:
        """Returns the panels, the front one of every pile first."""
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        return [
            Panel("images", "Images", self.images, "images", left, modes=("inspect", "annotate")),
            Panel("segments", "Segments", self.segments, "result", right),
            Panel("steps", "Steps", self.steps, "result", right),
            Panel("settings", "Settings", self.panel, "knobs", right),
            Panel("layers", "Layers", self.layers, "knobs", right),
            *(Panel(name, title, widget, "images", left, shown=False) for name, title, widget in self._evidence),
            *self.annotation.panels,
        ]

    def _restore(self) -> None:
        if not self._docks.restore(self._settings):
            room = QGuiApplication.primaryScreen().availableGeometry()
            self.resize(min(1360, room.width()), min(860, room.height()))
            self._docks.reset()
        self._docks.come_on_screen()
        self.modes.restore()

    def _show_panel(self, name: str) -> None:
        self._show_mode_of(name)
        self._docks.show_panel(name)

    def _enter_panel(self, name: str) -> None:
        self._show_mode_of(name)
        self._docks.enter_panel(name)

    def _show_mode_of(self, name: str) -> None:
        modes = self._docks.modes_of(name)
        if self.modes.mode not in modes:
            self.modes.show(modes[0])

    def _reset_layout(self) -> None:
        if self.modes.mode == "jobs":
            self.modes.show("inspect")
        self._docks.reset()

    @property
    def docks(self) -> dict[str, QDockWidget]:
        """The panels' docks by name."""
        return self._docks.by_name

    # ------------------------------------------------------------------------------------------------------- listening

    def _listen(self) -> None:
        session = self._session
        session.failed.connect(self.notifications.show_failure)
        session.picture_changed.connect(self._show_stage)
        session.current_changed.connect(lambda _index: self._show_stage())
        session.current_changed.connect(lambda _index: self._show_choices())
        session.current_changed.connect(lambda _index: self._leave_pictures())
        session.playing_changed.connect(self._show_playing)
        for signal in (
            session.settings_changed,
            session.history_changed,
            session.view_changed,
            session.picture_changed,
            session.result_changed,
            session.model_changed,
            session.entries_changed,
            session.order_changed,
            self.examination.pins_changed,
        ):
            signal.connect(self._show_choices)
        session.selection_changed.connect(lambda _owner: self._show_choices())
        self.modes.changed.connect(self._show_mode)
        self.room.choice_changed.connect(self._show_choices_of_modes)
        self.annotation.choice_changed.connect(self._show_choices_of_modes)
        self.annotation.desk.saved_changed.connect(self._show_title)
        session.view_changed.connect(self._keep_view)
        self.panel.folded_changed.connect(lambda names: self._settings.change(folded_groups=names))
        self._settings.changed.connect(self._show_choices)
        self.canvas.places_changed.connect(self._show_choices)
        self._settings.changed.connect(lambda: self.panel.fold(self._settings.preferences.folded_groups))
        self._theme.changed.connect(self._show_theme)
        self._show_choices()
        self._show_stage()

    def _show_stage(self) -> None:
        entry = self._session.current
        self._middle.setCurrentIndex(0 if entry is None else 1)
        self._show_timeline()
        self._show_title()
        shows_image = entry is not None and self.modes.mode != "jobs"
        if shows_image and not self.canvas.hasFocus() and not self.images.has_keyboard:
            self.canvas.setFocus()

    def _show_mode(self) -> None:
        self._show_timeline()
        self._show_title()
        self._show_choices()

    def _show_title(self) -> None:
        entry = self._session.current
        name = "" if entry is None else entry.name
        is_annotating = self.modes.mode == "annotate"
        is_compared = entry is not None and entry.stand_in and not is_annotating
        against = f" compared with {entry.stand_in}" if is_compared else ""
        shown = "Jobs" if self.modes.mode == "jobs" else f"{name}{against}"
        mark = "[*]" if is_annotating else ""
        self.setWindowTitle(f"{shown}{mark} – {_TITLE}" if shown else _TITLE)
        self.setWindowModified(is_annotating and bool(shown and self.annotation.desk.unsaved))

    def _leave_pictures(self) -> None:
        entry = self._session.current
        self.notifications.keep_only_about("" if entry is None else entry.source.path)

    def _show_timeline(self) -> None:
        has_room = self.height() >= _LEAST_HEIGHT_FOR_TIMELINE and self.modes.mode == "inspect"
        self.timeline.fit_into(self.height())
        self.timeline.setVisible(self._session.current is not None and has_room)

    def _show_playing(self, playing: bool) -> None:
        action = self.actions_by_id["play"]
        action.setChecked(playing)
        action.setIcon(self._theme.icon("pause" if playing else "play"))

    def _show_choices(self) -> None:
        """Shows in menus and toolbar what is on, and what cannot be had."""
        actions = self.actions_by_id
        for name, on in actions_on(self._session).items():
            actions[name].setChecked(on)
        for name, possible in actions_possible(self._session, self.examination).items():
            actions[name].setEnabled(possible)
        for name, text in action_texts(self._session).items():
            actions[name].setText(text)
        actions["view_back"].setEnabled(self.canvas.places.can_go_back)
        actions["view_forward"].setEnabled(self.canvas.places.can_go_forward)
        actions["light_theme"].setChecked(self._theme.name == "light")
        actions["full_screen"].setChecked(self.isFullScreen())
        actions["prefetch"].setChecked(self._settings.preferences.prefetch)
        self._show_choices_of_modes()

    def _show_choices_of_modes(self) -> None:
        self.room.show_choices()
        self.annotation.show_choices()
        self.modes.show_choices()

    def _show_theme(self) -> None:
        refresh_icons(self.actions_by_id, self._theme)
        self._show_playing(self._session.playing)
        self._show_choices()

    def _keep_view(self) -> None:
        view = self._session.view
        self._settings.change(
            layers=tuple(asdict(layer) for layer in view.layers),
            contours=view.contours,
            names=view.names,
            minimap=view.minimap,
            speed=view.speed,
            motion=view.motion,
        )

    # ---------------------------------------------------------------------------------------------------------- events

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Makes room for the canvas in a small window."""
        super().resizeEvent(event)
        self._show_timeline()
        self.modes.bar.fit_into(self.width())
        self._docks.make_room()

    def focusNextPrevChild(self, forwards: bool) -> bool:
        """Moves the focus past panels that lie behind another tab: nobody would see where it went."""
        first = self.focusWidget()
        while super().focusNextPrevChild(forwards):
            focus = self.focusWidget()
            if focus is None or focus is first or not self._docks.is_covered(focus):
                return True
        return False

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Says what a drop would do; one that can do nothing is taken too, so that it is told why."""
        dropped = judge_drop(_local_paths(event.mimeData()))
        words = ". ".join(part for part in (dropped.words, dropped.complaint) if part)
        self._drop_hint.show_words(words, welcome=bool(dropped.usable))
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Says no more what a drop would do."""
        self._drop_hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Opens what was dropped."""
        self._drop_hint.hide()
        event.acceptProposedAction()
        self.commands.files.open_dropped(_local_paths(event.mimeData()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Says why nothing happens on the keys of an action that cannot be had now."""
        pressed = QKeySequence(event.keyCombination())
        strange = actions_out_of_place(self.modes.mode)
        refused = [each for each in self.actions_by_id.values() if pressed in each.shortcuts() and not each.isEnabled()]
        action = min(refused, key=lambda each: each.objectName() in strange, default=None)
        is_over = event.key() in _OF_LISTS and isinstance(self.focusWidget(), QAbstractItemView)
        if action is None or (is_over and action.objectName() in strange):
            super().keyPressEvent(event)
            return
        name = action.text().rstrip("…")
        self.notifications.show_info(f"{name}: {why_not_now(action, self._session)}")

    def areas(self) -> list[QWidget]:
        """Returns what the keyboard goes through area by area, as far as it is on the screen."""
        front = (self.segments.table, self.steps.table, self.panel, self.layers, *self.annotation.areas)
        evidence = (late.panel for _, _, late in self._evidence if late.isVisible())
        shown = (self.modes.bar, self.images.view, *evidence, self._view, self.timeline, *front, *self.room.areas)
        return [each for each in shown if each.isVisible() and not each.visibleRegion().isEmpty()]

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keeps the layout. Nothing is asked, but a file that is being written is waited for."""
        if self.commands.is_saving:
            event.ignore()
            self.commands.close_when_saved(self.close)
            return
        if not self.annotation.may_close(self.close):
            event.ignore()
            return
        self._session.play(False)
        self._docks.save(self._settings)
        self.room.close()
        self.commands.stop_background()
        self.images.close_thumbnails()
        self.closing.emit()
        super().closeEvent(event)


def _local_paths(dragged: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in dragged.urls() if url.isLocalFile()]
