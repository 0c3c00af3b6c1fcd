"""The window: it puts the rooms together and owns neither data nor logic."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QMimeData, QObject, QSize, Qt, QTimer, Signal
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
from PySide6.QtWidgets import QDockWidget, QMainWindow, QStackedLayout, QVBoxLayout, QWidget

from lpsnet_studio.actions.build import build_actions, build_canvas_menu, build_menus, build_toolbar, refresh_icons
from lpsnet_studio.availability import action_texts, actions_on, actions_possible
from lpsnet_studio.background import Background
from lpsnet_studio.browser.image_list import ImageList
from lpsnet_studio.canvas.view import CanvasView
from lpsnet_studio.chrome.banner import Banner
from lpsnet_studio.chrome.drop_hint import DropHint
from lpsnet_studio.chrome.finding import why_not
from lpsnet_studio.chrome.notifications import Notifications
from lpsnet_studio.chrome.status_bar import StatusBar
from lpsnet_studio.chrome.welcome import Welcome
from lpsnet_studio.commands.commands import Commands
from lpsnet_studio.commands.drops import judge_drop
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.examination import Examination
from lpsnet_studio.inspector.evidence_panels import evidence_panels
from lpsnet_studio.inspector.layers_panel import LayersPanel
from lpsnet_studio.inspector.no_picture import NoPicture
from lpsnet_studio.inspector.overlays import Overlays
from lpsnet_studio.inspector.segments_list import SegmentsList
from lpsnet_studio.inspector.settings_panel import SettingsPanel
from lpsnet_studio.inspector.steps_table import StepsTable
from lpsnet_studio.inspector.timeline import Timeline
from lpsnet_studio.inspector.why_panel import WhyPanel
from lpsnet_studio.keyboard import ShortcutsByPlace
from lpsnet_studio.session import Session
from lpsnet_studio.settings import LAYOUT_VERSION, Folders, Settings
from lpsnet_studio.theme import Theme

__all__ = ["MainWindow"]

_TITLE = "LPSNet Studio"
_LEAST_SIZE = QSize(300, 200)
_LEAST_FOR_DOCKS = QSize(700, 360)
"""In a window smaller than that the docks would leave too little canvas: they are stowed away."""
_LEAST_HEIGHT_FOR_TIMELINE = 280
_WIDTH_TO_READ = 340
"""What a panel that is asked for is widened to."""
_SETTLED_MILLISECONDS = 250
"""How long a layout stands before it is taken for what the user wants, and not for a stage of a drag."""
_DOCK_CHANGES = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide)


@dataclass(frozen=True, slots=True)
class _Panel:
    """A dock of the window as it stands at first.

    Attributes:
        name: in the program.
        title: for people.
        widget: what it shows.
        pile: panels of one pile lie on each other as tabs; piles of one area stand below each other.
        area: at which side of the canvas.
        shown: whether it is there at first.
    """

    name: str
    title: str
    widget: QWidget
    pile: str
    area: Qt.DockWidgetArea
    shown: bool = True


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
        self._evidence = evidence_panels(session, self.examination, theme)
        self.images.setMinimumWidth(120)
        self._view = QWidget()
        self._view.setMinimumSize(_LEAST_SIZE.width(), 1)
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
            self.show_panel,
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
        self._fill_stage(session, theme)
        self._docks = self._add_docks()
        self._stowed: list[QDockWidget] = []
        self._is_cramped = False
        self._roomy_layout: QByteArray | None = None
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(_SETTLED_MILLISECONDS)
        self._settled.timeout.connect(self._keep_layout)
        self._add_bars(session, theme, place.background)
        self._listen()
        self._restore()
        ShortcutsByPlace(self)

    # ----------------------------------------------------------------------------------------------------- composition

    def _set_up_frame(self, theme: Theme) -> None:
        self.setObjectName("main_window")
        self.setWindowTitle(_TITLE)
        self.setWindowIcon(theme.icon("studio", "#4aa3ff"))
        self.setAcceptDrops(True)
        self.setMinimumSize(_LEAST_SIZE)
        self.setDockOptions(QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks)

    def _fill_stage(self, session: Session, theme: Theme) -> None:
        self._middle = QStackedLayout(self._view)
        files = self.commands.files
        self._middle.addWidget(Welcome(self.actions_by_id, session, files.recently, theme, files.reopen))
        self._middle.addWidget(self.canvas)
        self.timeline.add_buttons(self.actions_by_id)
        self.panel.add_actions(self.actions_by_id)
        for _, _, panel in self._evidence:
            if isinstance(panel, WhyPanel):
                panel.add_actions(self.actions_by_id)
        stage = QWidget()
        layout = QVBoxLayout(stage)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(Banner(session, theme))
        layout.addWidget(self._view, 1)
        layout.addWidget(self.timeline)
        self.setCentralWidget(stage)

    def _add_bars(self, session: Session, theme: Theme, background: Background) -> None:
        """Adds the menus, the toolbar and the status bar."""
        menus = build_menus(self, self.actions_by_id)
        build_toolbar(self, self.actions_by_id)
        self.canvas.set_menu(build_canvas_menu(self.canvas, self.actions_by_id))
        menus["View"].addSeparator()
        for dock in self._docks.values():
            menus["View"].addAction(dock.toggleViewAction())
        bar = StatusBar(session, theme, self.commands.files.withdraw, self.actions_by_id)
        self.setStatusBar(bar)
        self.canvas.zoom_changed.connect(bar.show_zoom)
        background.busy_changed.connect(lambda: bar.show_background(background.busy))

    def _panels(self) -> list[_Panel]:
        """Returns the panels, the front one of every pile first."""
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        return [
            _Panel("images", "Images", self.images, "images", left),
            _Panel("segments", "Segments", self.segments, "result", right),
            _Panel("steps", "Steps", self.steps, "result", right),
            _Panel("settings", "Settings", self.panel, "knobs", right),
            _Panel("layers", "Layers", self.layers, "knobs", right),
            *(_Panel(name, title, widget, "images", left, shown=False) for name, title, widget in self._evidence),
        ]

    def _add_docks(self) -> dict[_Panel, QDockWidget]:
        docks = {}
        for panel in self._panels():
            dock = QDockWidget(panel.title, self)
            dock.setObjectName(f"dock_{panel.name}")
            dock.setWidget(panel.widget)
            dock.installEventFilter(self)
            self.addDockWidget(panel.area, dock)
            if not panel.shown:
                # Qt calls a dock behind another tab visible; its panel is to cost nothing there, but to keep its room.
                policy = panel.widget.sizePolicy()
                policy.setRetainSizeWhenHidden(True)
                panel.widget.setSizePolicy(policy)
                dock.visibilityChanged.connect(panel.widget.setVisible)
            docks[panel] = dock
        return docks

    def _reset_layout(self) -> None:
        piles: dict[str, list[QDockWidget]] = {}
        for panel, dock in self._docks.items():
            dock.setFloating(False)
            self.addDockWidget(panel.area, dock)
            dock.setVisible(panel.shown)
            if panel.shown:
                piles.setdefault(panel.pile, []).append(dock)
        for pile in piles.values():
            for below, above in pairwise(pile):
                self.tabifyDockWidget(below, above)
            pile[0].raise_()
        self._stowed, self._roomy_layout = [], None
        self._size_docks()
        if self._is_cramped:
            self._stow_docks()

    def _size_docks(self) -> None:
        """Gives the docks the sizes that they have at first."""
        first = {panel.pile: dock for panel, dock in reversed(self._docks.items())}
        self.resizeDocks([first["images"]], [250], Qt.Orientation.Horizontal)
        self.resizeDocks([first["result"]], [320], Qt.Orientation.Horizontal)
        self.resizeDocks([first["result"], first["knobs"]], [250, 430], Qt.Orientation.Vertical)

    def _restore(self) -> None:
        if self._settings.restore_window(self):
            self._roomy_layout = self.saveState(LAYOUT_VERSION)
        else:
            room = QGuiApplication.primaryScreen().availableGeometry()
            self.resize(min(1360, room.width()), min(860, room.height()))
            self._reset_layout()
        self._come_on_screen()

    def _come_on_screen(self) -> None:
        """Moves windows whose screen is gone back to one that is there, and makes none larger than that."""
        for window in (self, *(dock for dock in self._docks.values() if dock.isFloating())):
            screen = QGuiApplication.screenAt(window.frameGeometry().center())
            room = (screen or QGuiApplication.primaryScreen()).availableGeometry()
            if screen is None:
                window.move(room.topLeft())
            window.resize(window.size().boundedTo(room.size()))

    def _make_room(self) -> None:
        """Stows the docks away when the window becomes too small for them, and brings them back when it is not."""
        is_cramped = self.width() < _LEAST_FOR_DOCKS.width() or self.height() < _LEAST_FOR_DOCKS.height()
        if is_cramped == self._is_cramped:
            return
        self._is_cramped = is_cramped
        if is_cramped:
            self._stow_docks()
        else:
            self._bring_docks_back()

    def _stow_docks(self) -> None:
        self._settled.stop()
        self._stowed = [dock for dock in self._docks.values() if not dock.isHidden() and not dock.isFloating()]
        for dock in self._stowed:
            dock.hide()

    def _bring_docks_back(self) -> None:
        """Shows what was stowed away, as large as it was and with the same tabs in front."""
        if not self._stowed:
            return
        stowed, self._stowed = self._stowed, []
        if self._roomy_layout is not None:
            self.restoreState(self._roomy_layout, LAYOUT_VERSION)
        for dock in self._docks.values():
            if not dock.isFloating():
                dock.setVisible(dock in stowed)
        if self._roomy_layout is None:
            self._size_docks()

    def _keep_layout(self) -> None:
        """Remembers how the docks lie where there is room for all of them."""
        is_squeezed = self._view.width() <= self._view.minimumWidth()
        if not self._is_cramped and not is_squeezed and self.isVisible():
            self._roomy_layout = self.saveState(LAYOUT_VERSION)

    def show_panel(self, name: str) -> None:
        """Opens a panel, brings it to the front and gives it the keyboard."""
        panel, dock = next(item for item in self._docks.items() if item[0].name == name)
        if dock.isHidden() and not dock.isFloating():
            first = next(other for each, other in self._docks.items() if each.pile == panel.pile)
            self.tabifyDockWidget(first, dock)
        beside = [other for each, other in self._docks.items() if each.pile == panel.pile and other.isVisible()]
        width = max([_WIDTH_TO_READ, *(other.width() for other in beside if not other.isFloating())])
        dock.show()
        dock.raise_()
        if not dock.isFloating():
            # Once it is laid out: until then Qt goes by the panel's own wish.
            QTimer.singleShot(0, self, lambda: self.resizeDocks([dock], [width], Qt.Orientation.Horizontal))
        panel.widget.show()
        panel.widget.setFocus()

    @property
    def docks(self) -> dict[str, QDockWidget]:
        """The panels' docks by name."""
        return {panel.name: dock for panel, dock in self._docks.items()}

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
        self.setWindowTitle(_TITLE if entry is None else f"{entry.name} – {_TITLE}")
        if entry is not None and not self.canvas.hasFocus() and not self.images.has_keyboard:
            self.canvas.setFocus()

    def _leave_pictures(self) -> None:
        entry = self._session.current
        self.notifications.keep_only_about("" if entry is None else entry.source.path)

    def _show_timeline(self) -> None:
        is_low = self.height() < _LEAST_HEIGHT_FOR_TIMELINE
        self.timeline.fit_into(self.height())
        self.timeline.setVisible(self._session.current is not None and not is_low)

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
        self._make_room()
        self._settled.start()

    def focusNextPrevChild(self, forwards: bool) -> bool:
        """Moves the focus past panels that lie behind another tab: nobody would see where it went."""
        first = self.focusWidget()
        while super().focusNextPrevChild(forwards):
            focus = self.focusWidget()
            if focus is None or focus is first or not self._is_covered(focus):
                return True
        return False

    def _is_covered(self, widget: QWidget) -> bool:
        """Whether a widget belongs to a panel behind another tab."""
        around = (dock for dock in self._docks.values() if dock.isAncestorOf(widget))
        return any(dock.visibleRegion().isEmpty() for dock in around)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes note of docks that are resized, moved, shown or closed."""
        if event.type() in _DOCK_CHANGES:
            self._settled.start()
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
        refused = (action for action in self.actions_by_id.values() if pressed in action.shortcuts())
        action = next((each for each in refused if not each.isEnabled()), None)
        if action is None:
            super().keyPressEvent(event)
            return
        name = action.text().rstrip("…")
        self.notifications.show_info(f"{name}: {why_not(action.objectName(), self._session)}")

    def areas(self) -> list[QWidget]:
        """Returns what the keyboard goes through area by area, as far as it is on the screen."""
        front = (self.segments.table, self.steps.table, self.panel, self.layers)
        evidence = (widget for _, _, widget in self._evidence)
        shown = (self.images.view, *evidence, self._view, self.timeline, *front)
        return [each for each in shown if each.isVisible() and not each.visibleRegion().isEmpty()]

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keeps the layout. Nothing is asked, but a file that is being written is waited for."""
        if self.commands.is_saving:
            event.ignore()
            self.commands.close_when_saved(self.close)
            return
        self._session.play(False)
        layout = self._roomy_layout if self._is_cramped else None
        self._bring_docks_back()
        self._settings.save_window(self, layout)
        self.commands.stop_background()
        self.images.close_thumbnails()
        self.closing.emit()
        super().closeEvent(event)


def _local_paths(dragged: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in dragged.urls() if url.isLocalFile()]
