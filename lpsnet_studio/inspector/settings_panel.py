"""What can be turned after the network has run, live, and what turning it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from lpsnet_studio.hairline import hairline
from lpsnet_studio.inspector.control import Control
from lpsnet_studio.inspector.controls import control_of
from lpsnet_studio.inspector.effect_view import EffectView
from lpsnet_studio.inspector.preset_bar import PresetBar
from lpsnet_studio.inspector.setting_words import (
    GROUPS,
    SETTINGS,
    Group,
    Setting,
    idle_reasons,
    share_words,
    undo_words,
)
from lpsnet_studio.session import Session
from lpsnet_studio.texts import caption
from lpsnet_studio.theme import Theme

__all__ = ["SettingsGroup", "SettingsPanel"]

_LEAST_HEIGHT_FOR_EFFECT = 260


class SettingsGroup(QWidget):
    """A heading that folds the controls below it.

    Args:
        title: of the group.
        controls: in their order.

    Attributes:
        heading: what is pressed.
        folded: emitted when the user folds it, or unfolds it.
    """

    folded = Signal()

    def __init__(self, title: str, controls: Sequence[Control]) -> None:
        super().__init__()
        self._title, self._controls = title, controls
        self.heading = QToolButton()
        self.heading.setAutoRaise(True)
        self.heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.heading.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.heading.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.heading.setToolTip(f"Fold or unfold {title.lower()}.")
        self.heading.clicked.connect(self._turn)
        self.caption = caption(wraps=True)
        self.caption.hide()
        self._body = QWidget()
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 4)
        body.setSpacing(4)
        for widget in (self.caption, *controls):
            body.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.heading)
        layout.addWidget(self._body)
        self.fold(False)

    @property
    def is_folded(self) -> bool:
        """Whether its controls are hidden."""
        return self._body.isHidden()

    def fold(self, on: bool) -> None:
        """Hides or shows its controls."""
        self._body.setHidden(on)
        self.heading.setArrowType(Qt.ArrowType.RightArrow if on else Qt.ArrowType.DownArrow)
        self.heading.setAccessibleDescription("folded" if on else "unfolded")

    def show_changes(self) -> None:
        """Says in the heading how many settings are not at their default, which a folded group would hide."""
        count = sum(control.is_changed for control in self._controls)
        self.heading.setText(f"{self._title} · {count} changed" if count else self._title)

    def show_reason(self, reasons: Sequence[str]) -> None:
        """Says below the heading why several of its controls have no effect.

        Args:
            reasons: of the controls that have none.
        """
        commonest = Counter(reasons).most_common(1)
        reason = commonest[0][0] if commonest and commonest[0][1] > 1 else ""
        self.caption.setText(reason)
        self.caption.setVisible(bool(reason))

    def _turn(self) -> None:
        self.fold(not self.is_folded)
        self.folded.emit()


class SettingsPanel(QWidget):
    """Presets, every setting of the inspection in the order of the pipeline, and what the last change did.

    Args:
        session: what is open.
        theme: gives icons and colours.
        folded: names of the groups that are folded at first.

    Attributes:
        controls: by the setting's field.
        groups: by name.
        presets: whole sets of settings.
        effect: what the last change did.
        scroll: what the controls are scrolled in.
        folded_changed: the names of the groups that are folded now.
    """

    folded_changed = Signal(tuple)

    def __init__(self, session: Session, theme: Theme, folded: Sequence[str] = ()) -> None:
        super().__init__()
        self._session = session
        self.presets = PresetBar(session)
        self.effect = EffectView(session, theme)
        self.controls = {setting.field: control_of(setting, theme) for setting in SETTINGS}
        self.groups: dict[Group, SettingsGroup] = {}
        for name in GROUPS:
            group = SettingsGroup(name, [self.controls[each.field] for each in SETTINGS if each.group == name])
            group.folded.connect(self._report_folded)
            self.groups[name] = group
        self.fold(folded)
        self.scroll = QScrollArea()
        self._lay_out()
        self._connect()
        self._show_settings()

    @property
    def folded(self) -> tuple[str, ...]:
        """The names of the groups that are folded."""
        return tuple(name for name, group in self.groups.items() if group.is_folded)

    def fold(self, names: Sequence[str]) -> None:
        """Folds the groups of some names and unfolds all others."""
        for name, group in self.groups.items():
            group.fold(name in names)

    def add_actions(self, actions: Mapping[str, QAction]) -> None:
        """Gives the presets their actions."""
        self.presets.add_actions(actions)

    def minimumSizeHint(self) -> QSize:
        """Returns a size that cuts nothing off at the right; what does not fit below is scrolled to."""
        page = self.scroll.widget()
        least = 0 if page is None else page.minimumSizeHint().width()
        bar = self.scroll.verticalScrollBar().sizeHint().width()
        return QSize(max(least + bar, self.presets.minimumSizeHint().width()), 40)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leaves the room to the controls where there is little."""
        super().resizeEvent(event)
        self.effect.setVisible(self.height() >= _LEAST_HEIGHT_FOR_EFFECT)

    def _lay_out(self) -> None:
        # A click leaves the focus, and so the keys, where they were; Tab comes here.
        self.scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroll.setWidgetResizable(True)
        self.scroll.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget()
        inside = QVBoxLayout(page)
        inside.setContentsMargins(16, 0, 16, 8)
        inside.setSpacing(0)
        for group in self.groups.values():
            inside.addWidget(group)
        inside.addStretch(1)
        self.scroll.setWidget(page)
        self.scroll.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.presets)
        layout.addWidget(self.scroll, 1)
        layout.addWidget(hairline())
        layout.addWidget(self.effect)

    def _connect(self) -> None:
        session = self._session
        for setting in SETTINGS:
            self.controls[setting.field].changed.connect(partial(self._turn, setting))
        session.settings_changed.connect(self._show_settings)
        session.picture_changed.connect(self._show_settings)

    def _turn(self, setting: Setting, value: Any, goes_on: bool) -> None:
        self._session.change_settings(preview=goes_on, words=undo_words(setting.field), **{setting.field: value})

    def _show_settings(self) -> None:
        session = self._session
        settings, defaults = session.effective_settings, session.default_settings
        has_picture = session.picture is not None
        kept = None if session.picture is None else session.picture.kept
        reasons = idle_reasons(settings, has_picture=has_picture, has_truth=session.truth is not None, kept=kept)
        for field, control in self.controls.items():
            control.set_default(getattr(defaults, field))
            control.set_value(getattr(settings, field))
            control.set_reason(reasons.get(field, ""))
        size = None if session.picture is None else session.picture.pixels.shape[:2]
        self.controls["stuff_limit"].set_note(share_words(settings.stuff_limit, size))
        for name, group in self.groups.items():
            group.show_changes()
            group.show_reason(
                [reasons[each.field] for each in SETTINGS if each.group == name and each.field in reasons]
            )

    def _report_folded(self) -> None:
        self.folded_changed.emit(self.folded)
