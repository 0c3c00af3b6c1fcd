"""Annotation in the window: the same canvas and image list, with tools, panels and a stage of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget
from shiboken6 import isValid

from lpsnet_studio.actions.table import ACTIONS
from lpsnet_studio.annotate_telling import AnnotateTelling
from lpsnet_studio.annotator.annotate_bar import AnnotateBar
from lpsnet_studio.annotator.assist import NetworkMaps
from lpsnet_studio.annotator.checks_view import ChecksPanel
from lpsnet_studio.annotator.choices import actions_possible, why_not
from lpsnet_studio.annotator.class_palette import ClassPalette, choose_class_of_new, relabel_by_palette
from lpsnet_studio.annotator.detection_boxes import boxes_of_detections
from lpsnet_studio.annotator.document_overlay import DocumentOverlay
from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.history_view import HistoryPanel
from lpsnet_studio.annotator.labels_view import LabelsPanel
from lpsnet_studio.annotator.opened_image import category_ids
from lpsnet_studio.annotator.panel_keys import PanelKeys
from lpsnet_studio.annotator.place_words import why_empty
from lpsnet_studio.annotator.segments_view import SegmentsPanel
from lpsnet_studio.annotator.tool_hand import ToolHand
from lpsnet_studio.annotator.toolbox import TOOLS
from lpsnet_studio.chrome.finding import WHY_NOT
from lpsnet_studio.chrome.question import ask
from lpsnet_studio.chrome.status_bar import StatusBar
from lpsnet_studio.commands.annotate import image_path
from lpsnet_studio.commands.commands import Commands
from lpsnet_studio.commands.workplace import Workplace
from lpsnet_studio.docks import Panel
from lpsnet_studio.modes import Modes
from lpsnet_studio.session import image_key

__all__ = ["AnnotateRoom"]

_MODES = ("annotate",)
_SHOWN = ("segments", "void")
"""The layers that a document has, of those that the canvas can show."""
_OF_LISTS = frozenset(("enter", "escape"))
"""Keys of tools that mean something else in a list: Enter goes to a row, and Esc is the window's."""


class AnnotateRoom(QObject):
    """Gives the canvas to the tools while the window annotates, and keeps the desk at the image that is open.

    Args:
        place: what commands work with.
        modes: tells when annotation is shown.
        commands: what its actions do.

    Attributes:
        choice_changed: emitted after something else can be done.
        desk: what is annotated.
        toolbox: the tool in the hand.
        overlay: what the canvas shows.
        bar: lies over the canvas.
        panels: the docks that it has.
        telling: says what there is to say of the project, over the canvas.
    """

    choice_changed = Signal()

    def __init__(self, place: Workplace, modes: Modes, commands: Commands) -> None:
        super().__init__(place.window)
        self._place, self._modes, self._commands, self._all_commands = place, modes, commands.annotate, commands
        self.desk, self.toolbox = commands.annotate.desk, commands.annotate.toolbox
        self.overlay = DocumentOverlay(place.canvas, self)
        self.bar = AnnotateBar(self.desk, self.toolbox, place.theme)
        self.bar.hide()
        self.panels = self._made_panels()
        self._hand = ToolHand(self.toolbox, self._take_key)
        self._palette: ClassPalette | None = None
        self._editor: Editor | None = None
        self._is_to_open = ""
        self.bar.note.left.connect(place.canvas.setFocus)
        self.bar.options.left.connect(place.canvas.setFocus)
        self._commands.note_down = self.bar.begin_note
        self.bar.options.class_wanted.connect(lambda: self._choose_class(relabels=False))
        commands.segments.choose_class_near = lambda relabels: self._choose_class(relabels=relabels)
        modes.add("annotate", self._enter, self._leave)
        self._commands.find_next = self.checks.find_next
        self.telling = AnnotateTelling(place, self._commands)
        place.examination.maps_changed.connect(commands.segments.take_stuff)
        self._listen()

    def _made_panels(self) -> list[Panel]:
        right, theme, desk = Qt.DockWidgetArea.RightDockWidgetArea, self._place.theme, self.desk
        self.segments, self.classes = SegmentsPanel(desk, theme), LabelsPanel(desk, theme)
        self.checks, self.history = ChecksPanel(desk, theme), HistoryPanel(desk, theme)
        self.segments.centre_wanted.connect(self.centre)
        self.checks.centre_wanted.connect(self.show_box)
        return [
            Panel("annotation_segments", "Annotated segments", self.segments, "segments", right, modes=_MODES),
            Panel("annotation_classes", "Classes", self.classes, "segments", right, modes=_MODES),
            Panel("annotation_checks", "Checks", self.checks, "review", right, modes=_MODES),
            Panel("annotation_history", "History", self.history, "review", right, modes=_MODES),
        ]

    def attach(self, actions: Mapping[str, QAction], bar: StatusBar, canvas_menu: QMenu, own_menu: QMenu) -> None:
        """Takes what is made after it: the actions, the status bar, and the canvas's menus, that of here second."""
        self._actions, self._status_bar, self._menus = actions, bar, (canvas_menu, own_menu)
        self.bar.add_actions([actions[f"tool_{name}"] for name in TOOLS])
        self.toolbox.chosen_changed.connect(self._show_tool_checked)
        self._show_tool_checked()
        of_canvas = [actions[entry.id] for entry in ACTIONS if entry.context == "view"]
        keys = PanelKeys(self, self._hand.keys - _OF_LISTS, self._hand.key)
        for area in self.areas:
            keys.serve(area, of_canvas)

    def _listen(self) -> None:
        session, desk = self._place.session, self.desk
        session.current_changed.connect(lambda _index: self._follow_image())
        session.picture_changed.connect(self._show_document)
        session.view_changed.connect(self._show_layers)
        session.pointed_changed.connect(self._show_pointed)
        session.result_changed.connect(self._take_maps)
        session.model_changed.connect(self._take_maps)
        desk.place_changed.connect(self._follow_desk)
        desk.project_changed.connect(self._follow_project)
        desk.labels_changed.connect(self._take_maps)
        desk.told.connect(lambda problem: session.failed.emit(problem))
        desk.said.connect(self._place.notifications.show_info)
        self.toolbox.shown_changed.connect(self._show_tool)
        self._place.canvas.zoom_changed.connect(lambda _zoom: self._show_tool())

    # ----------------------------------------------------------------------------------------------------------- mode

    @property
    def is_shown(self) -> bool:
        """Whether the window annotates."""
        return self._modes.mode == "annotate"

    def _enter(self) -> None:
        canvas, session = self._place.canvas, self._place.session
        if session.view.comparison != "off":
            session.change_view(comparison="off")
        self.bar.show()
        self._place.images.show_reviews(True)
        self._place.images.lookahead.go_by(self._commands.listed.coming)
        canvas.show_stage(self.overlay.stage)
        canvas.set_hand(self._hand)
        canvas.set_menu(self._menus[1])
        self._status_bar.name_pixels_by(self._words_at_mouse)
        commands = self._all_commands
        commands.edit.of_segments, commands.files.let_go = self.desk, self._let_go
        commands.view.show_segments_selected = self._show_selected
        self._reopen_project()
        self._follow_image()
        self._show_layers()
        self._show_tool()
        self.telling.set_on(True)

    def _leave(self) -> None:
        canvas = self._place.canvas
        self._close_palette()
        commands = self._all_commands
        commands.edit.of_segments = commands.files.let_go = commands.view.show_segments_selected = None
        canvas.set_hand(None)
        canvas.set_menu(self._menus[0])
        canvas.show_stage()
        self._place.images.show_reviews(False)
        self._place.images.lookahead.go_by(None)
        self.bar.hide()
        self.telling.set_on(False)
        self._status_bar.show_hint()
        self._status_bar.name_pixels_by(None)

    def _reopen_project(self) -> None:
        """Opens the project of the last run, the first time that it is looked for."""
        name = self._place.settings.preferences.open_project
        if self.desk.store is None and name and not self._is_to_open:
            self._is_to_open = name
            self.desk.open_project(Path(name))

    # ------------------------------------------------------------------------------------------------------- following

    def _follow_image(self) -> None:
        if self.is_shown:
            entry = self._place.session.current
            self.desk.look_at(None if entry is None else image_path(entry.source.path))
            self._take_maps()

    def _follow_project(self) -> None:
        self._commands.remember_project()
        self._commands.show_project_images()

    def _follow_desk(self) -> None:
        editor = self.desk.editor
        if editor is not self._editor:
            self._editor = editor
            if editor is not None:
                editor.document.painted.connect(self._name_pixels_again)
                editor.refused.connect(self._place.notifications.show_info)
                editor.stepped.connect(self._name_pixels_again)
                editor.stepped.connect(self.choice_changed.emit)
                editor.stepped.connect(self._find_detections)
                editor.selection_changed.connect(self.choice_changed.emit)
        self._show_document()
        self._take_maps()
        self._show_tool()
        self.choice_changed.emit()

    def _show_document(self) -> None:
        """Shows what is on the desk, once the canvas shows the photo of that size."""
        self._tell_shown()
        editor, stage = self.desk.editor, self.overlay.stage
        fits = editor is not None and editor.document.size == stage.size
        self.overlay.show_editor(editor if fits else None)
        self._show_layers()

    def _tell_shown(self) -> None:
        """Has the desk know in which size the window shows the photo."""
        entry, picture = self._place.session.current, self._place.session.picture
        if entry is not None and picture is not None and picture.image == image_key(entry.source):
            height, width = picture.pixels.shape[:2]
            is_turned = entry.source.truth is None and entry.source.stated_size is None
            self.desk.take_shown(image_path(entry.source.path), (height, width), is_turned=is_turned)

    def _show_layers(self) -> None:
        view, stage = self._place.session.view, self.overlay.stage
        stage.set_order([layer.kind for layer in view.layers])
        for layer in view.layers:
            is_shown = layer.kind in _SHOWN and view.overlays and (layer.visible or layer.kind == "void")
            stage.show_layer(layer.kind, is_shown, layer.opacity)
        stage.outlines.setVisible(view.overlays and view.contours)
        stage.show_names(view.overlays and view.names)

    def _take_maps(self) -> None:
        """Takes what the network says of the image on the desk into the tools that it helps."""
        session, editor = self._place.session, self.desk.editor
        result = session.result
        if editor is None or result is None or result.preview or result.size != editor.document.size:
            self.toolbox.set_maps(None)
        else:
            ids, _ = category_ids(result.categories, self.desk.labels)
            self.toolbox.set_maps(NetworkMaps(result.labels, ids, None, result.trace))
        self._find_detections()

    def _find_detections(self) -> None:
        """Finds from which detection each segment came, whose box then bounds what it may be handed."""
        editor = self.desk.editor
        if editor is not None:
            editor.detection_boxes = boxes_of_detections(self.toolbox.maps, editor.document.segments)

    # ----------------------------------------------------------------------------------------------------------- tools

    def _show_tool(self) -> None:
        if not self.is_shown:
            return
        self.overlay.show_tool(self.toolbox.tool)
        self._status_bar.show_hint(self.toolbox.hint or why_empty(self.desk))

    def _show_tool_checked(self) -> None:
        for name in TOOLS:
            self._actions[f"tool_{name}"].setChecked(name == self.toolbox.name)

    def _take_key(self, name: str) -> None:
        """Does what a key means that the tool has not taken: digits pick recent classes, Escape lets go."""
        editor = self.desk.editor
        if name == "escape":
            self._actions["cancel"].trigger()
        elif name.isdecimal() and editor is not None and self.desk.can_edit:
            self._pick_class(editor, name)

    def _let_go(self) -> bool:
        """Gives up what is computed, else what the tool began, else the selection; returns whether there was one."""
        editor = self.desk.editor
        if editor is not None and editor.elsewhere.give_up():
            self._place.notifications.show_info("Given up: nothing was changed.")
            return True
        if self.toolbox.key("escape"):
            return True
        if editor is None or not editor.selection:
            return False
        editor.select(())
        return True

    def _pick_class(self, editor: Editor, digit: str) -> None:
        category = next((category for category, key in editor.digits.items() if key == digit), None)
        if category is None:
            self._place.notifications.show_info(f"No class has the digit {digit} yet: use one first, or give it one.")
        elif editor.selection:
            editor.relabel(category)
        else:
            editor.use_category(category)

    def _choose_class(self, *, relabels: bool) -> None:
        self._close_palette()
        choose: Callable[..., ClassPalette | None] = relabel_by_palette if relabels else choose_class_of_new
        self._palette = choose(self._place.window, self.desk, self._place.theme)

    def _close_palette(self) -> None:
        if self._palette is not None and isValid(self._palette):
            self._palette.close()
        self._palette = None

    # ----------------------------------------------------------------------------------------------------------- mouse

    def _words_at_mouse(self) -> str:
        """Names the segment under the mouse; empty where there is none to name."""
        pointed, editor = self._place.session.pointed, self.desk.editor
        if pointed is None or editor is None:
            return ""
        height, width = editor.document.size
        if not (0 <= pointed.x < width and 0 <= pointed.y < height):
            return ""
        number = editor.number_at(pointed.x, pointed.y)
        return editor.name(number) if number else "void"

    def _name_pixels_again(self) -> None:
        """Has named what is under the mouse after that was painted, though the mouse stays where it is."""
        if self.is_shown:
            self._status_bar.name_pixels_by(self._words_at_mouse)
            self._show_pointed()

    def _show_pointed(self) -> None:
        if self.is_shown:
            is_dragging = self.desk.editor is not None and self.desk.editor.stroke is not None
            words = "" if is_dragging else self._words_at_mouse()
            self._place.canvas.set_chip("" if words == "void" else words, self.overlay.stage)

    def centre(self, number: int) -> None:
        """Shows a segment as large as the view allows."""
        editor = self.desk.editor
        if editor is not None and number in editor.document.segments:
            self.show_box(editor.document.box(number))

    def _show_selected(self) -> None:
        """Shows all selected segments as large as the view allows."""
        editor = self.desk.editor
        if editor is not None and editor.selection:
            x0, y0, x1, y1 = zip(*(editor.document.box(number) for number in editor.selection), strict=True)
            self.show_box((min(x0), min(y0), max(x1), max(y1)))

    def show_box(self, box: tuple[float, float, float, float]) -> None:
        """Shows a box ``(x0, y0, x1, y1)`` of the image as large as the view allows."""
        x0, y0, x1, y1 = box
        self._place.canvas.zoom_to_rectangle(QRectF(x0, y0, x1 - x0, y1 - y0))

    # --------------------------------------------------------------------------------------------------------- choices

    @property
    def areas(self) -> list[QWidget]:
        """What the keyboard goes to besides the canvas and the images."""
        return [self.bar, self.telling.card, self.segments, self.classes, self.checks, self.history]

    def show_choices(self) -> None:
        """Shows which actions on projects and segments can be had; others stay as they are."""
        for name, is_possible in actions_possible(self.desk).items():
            self._actions[name].setEnabled(is_possible)
            self._actions[name].setProperty(WHY_NOT, "" if is_possible else why_not(name, self.desk))
        if self.is_shown:
            self._show_undo(self.desk.editor)
            self._actions["zoom_selected"].setEnabled(bool(self.desk.editor and self.desk.editor.selection))

    def _show_undo(self, editor: Editor | None) -> None:
        history = None if editor is None or not self.desk.can_edit else editor.history
        for name, title in (
            ("undo", "" if history is None or not history.can_undo else history.undo_title),
            ("redo", "" if history is None or not history.can_redo else history.redo_title),
        ):
            self._actions[name].setEnabled(bool(title))
            self._actions[name].setText(f"{name.capitalize()} {title}".rstrip())

    # ------------------------------------------------------------------------------------------------------------- end

    def may_close(self, close: Callable[[], object]) -> bool:
        """Gives the project up as the window closes; asks where something cannot be saved.

        Args:
            close: closes the window, if the user wants that all the same.
        """
        self._close_palette()
        self.bar.note.save()
        why = self.desk.shut()
        if not why:
            return True

        def abandon() -> None:
            self.desk.shut(abandon=True)
            close()

        unsaved = self.desk.unsaved
        what = "1 change is" if unsaved == 1 else f"{unsaved} changes are"
        ask(self._place.window, f"Close although {what} not saved?", why, "Close without saving", abandon)
        return False
