"""What the user can turn: inspection settings and the look of the canvas, with undo and redo; no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from psygnal import Signal

from lpsnet.structures import InspectionSettings
from lpsnet_studio.history import History, Turned
from lpsnet_studio.presets import field_by_field
from lpsnet_studio.view_options import LayerKind, ViewOptions

__all__ = ["Knobs"]


class Knobs:
    """What the user can turn, observable; whoever inherits says what a change of settings leads to.

    Attributes:
        settings: of the inspection, as the user asked for them.
        default_settings: what a control's reset goes to.
        view: what the canvas shows over the photo.
        mine: the user's own settings, field by field as :func:`~lpsnet_studio.presets.field_by_field` gives them;
            empty if none were kept.
    """

    settings_changed = Signal()
    mine_changed = Signal()
    view_changed = Signal()
    history_changed = Signal()
    """What undo and redo would do is another thing now."""

    def __init__(self) -> None:
        super().__init__()
        self._history = History()
        self._is_dragging = False
        self.settings = InspectionSettings()
        self.default_settings = InspectionSettings()
        self.view = ViewOptions()
        self.mine: Mapping[str, Any] = {}

    @property
    def undo_words(self) -> str:
        """What undo would take back; empty if nothing."""
        return self._history.undo_words

    @property
    def redo_words(self) -> str:
        """What redo would do again; empty if nothing."""
        return self._history.redo_words

    def change_settings(self, *, preview: bool = False, words: str = "", **changes: Any) -> None:
        """Changes inspection settings and asks for the result.

        Args:
            preview: while a slider is dragged: large images may be merged at a reduced size.
            words: what changes, for people; the fields' names if empty.
            changes: fields of :class:`~lpsnet.structures.InspectionSettings`.

        Raises:
            ValueError: naming the field, if a value is out of range.
        """
        settings = replace(self.settings, **changes)
        changed = settings != self.settings
        if changed:
            self._history.note(words or _spelled(changes), self._turned, goes_on=preview)
            self._turn_settings(settings)
        # Asked for before anyone is told: the answer is on its way while the lists catch up.
        self._follow_settings(changed=changed, preview=preview)
        if changed:
            self.settings_changed.emit()
            self.history_changed.emit()
        self._is_dragging = preview
        if not preview:
            self._end_gesture()

    def _turn_settings(self, settings: InspectionSettings) -> None:
        if not self._is_dragging:
            self._prepare_change()
        self.settings = settings

    @property
    def is_dragging(self) -> bool:
        """Whether the next change of settings goes on with a gesture whose first one was told of before."""
        return self._is_dragging

    @property
    def _turned(self) -> Turned:
        return Turned(self.settings, self.view, self.mine)

    def _note_change(self, words: str, *, goes_on: bool = False) -> None:
        self._history.note(words, self._turned, goes_on=goes_on)
        self.history_changed.emit()

    def _end_gesture(self) -> None:
        """Lets the next change be a step of its own."""
        before = self._history.undo_words
        self._history.end_gesture(self._turned)
        if self._history.undo_words != before:
            self.history_changed.emit()

    def undo(self) -> None:
        """Takes back the last change of settings, of the user's own ones, or of the canvas's look."""
        self._turn(self._history.undo(self._turned))

    def redo(self) -> None:
        """Does again what undo took back."""
        self._turn(self._history.redo(self._turned))

    def _turn(self, turned: Turned | None) -> None:
        if turned is None:
            return
        self._is_dragging = False
        if turned.view != self.view:
            self.view = turned.view
            self.view_changed.emit()
        if turned.mine != self.mine:
            self._turn_mine(turned.mine)
        if turned.settings != self.settings:
            self._turn_settings(turned.settings)
            self._follow_settings(changed=True, preview=False)
            self.settings_changed.emit()
        self.history_changed.emit()

    def keep_mine(self) -> None:
        """Makes the settings of now the user's own, in the place of earlier ones; undo brings those back."""
        mine = field_by_field(self.settings)
        if mine != self.mine:
            self._note_change("save as my settings")
            self._turn_mine(mine)
            self._end_gesture()

    def restore_mine(self, mine: Mapping[str, Any]) -> None:
        """Takes the user's own settings that were kept from an earlier run, which is nothing to undo."""
        self._turn_mine(dict(mine))

    def _turn_mine(self, mine: Mapping[str, Any]) -> None:
        self.mine = mine
        self.mine_changed.emit()

    def change_view(self, *, goes_on: bool = False, **changes: Any) -> None:
        """Changes what the canvas shows over the photo.

        Args:
            goes_on: while a slider is dragged: what follows is undone with it.
            changes: fields of :class:`~lpsnet_studio.view_options.ViewOptions`.
        """
        self._change_view(replace(self.view, **changes), _spelled(changes), goes_on=goes_on)

    def change_layer(self, kind: LayerKind, *, goes_on: bool = False, **changes: Any) -> None:
        """Changes visibility or opacity of one overlay; see :meth:`change_view`."""
        self._change_view(self.view.with_layer(kind, **changes), f"{kind}: {_spelled(changes)}", goes_on=goes_on)

    def move_layer(self, kind: LayerKind, place: int) -> None:
        """Moves one overlay to a place, 0 being the lowest."""
        self._change_view(self.view.with_layer_at(kind, place), f"order of {kind}")

    def _change_view(self, view: ViewOptions, words: str, *, goes_on: bool = False) -> None:
        if view != self.view:
            self._note_change(words, goes_on=goes_on)
            self.view = view
            self.view_changed.emit()
        if not goes_on:
            self._end_gesture()

    def restore_view(self, view: ViewOptions) -> None:
        """Takes the look that was kept from an earlier run, which is nothing to undo."""
        self.view = view
        self.view_changed.emit()

    def reset_choices(self) -> None:
        """Makes the look and the user's own settings, as far as they are kept between runs, what they are at first."""
        first = ViewOptions(overlays=self.view.overlays, contested=self.view.contested)
        if self.view == first and not self.mine:
            return
        self._end_gesture()
        self._note_change("reset of preferences")
        if self.view != first:
            self.view = first
            self.view_changed.emit()
        if self.mine:
            self._turn_mine({})
        self._end_gesture()

    def _forget_history(self) -> None:
        self._history.clear()
        self.history_changed.emit()

    # ---------------------------------------------------------------------------------------- what settings lead to

    def _prepare_change(self) -> None:
        """Called before the first change of a gesture, while everything is as it was."""

    def _follow_settings(self, *, changed: bool, preview: bool) -> None:
        """Called after every change of settings, and once at the end of a gesture."""


def _spelled(changes: Mapping[str, Any]) -> str:
    """Returns the names of fields for people."""
    return ", ".join(name.replace("_", " ") for name in changes)
