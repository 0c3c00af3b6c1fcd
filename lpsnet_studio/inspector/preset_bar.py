"""Whole sets of settings at a press, and which of them is on."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from lpsnet.structures import InspectionSettings
from lpsnet_studio.inspector.setting_words import name_of
from lpsnet_studio.labels import ElidedLabel
from lpsnet_studio.presets import ORACLE_FIELDS, PRESETS, active_presets, changed_fields
from lpsnet_studio.session import Session
from lpsnet_studio.texts import as_caption

__all__ = ["PRESET_NAMES", "PresetBar"]

PRESET_NAMES = {"paper": "Paper", "fcos": "FCOS", "mine": "Mine"}
_ORACLE_NAMES = {"box_oracle": "the box oracle", "semantic_oracle": "the semantic oracle"}
_STYLE = """
    QPushButton { border: 1px solid palette(mid); border-radius: 4px; padding: 3px 6px; background: palette(button); }
    QPushButton:hover { border-color: palette(placeholder-text); }
    QPushButton:pressed { background: palette(mid); }
    QPushButton:checked { border: 1px solid palette(highlight); border-bottom: 3px solid palette(highlight);
        padding-bottom: 1px; font-weight: 600; }
    QPushButton:focus { border-color: palette(highlight); }
    QPushButton:checked:focus { border-width: 2px 2px 3px 2px; padding: 2px 5px 1px 5px; }
"""


class PresetBar(QWidget):
    """A button a preset, pressed while its settings are on; beside them what keeps and what resets all settings.

    Args:
        session: whose settings they are.

    Attributes:
        buttons: by the preset's name.
        state: which preset is on, or what is not as the network's config asks.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.state = as_caption(ElidedLabel())
        self.buttons = {name: self._button(PRESET_NAMES[name]) for name in PRESETS}
        self._row = QHBoxLayout()
        self._row.setSpacing(4)
        for button in self.buttons.values():
            self._row.addWidget(button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 4, 16, 4)
        layout.setSpacing(2)
        layout.addLayout(self._row)
        layout.addWidget(self.state)
        for signal in (session.settings_changed, session.mine_changed):
            signal.connect(self._show_state)
        self._show_state()

    def add_actions(self, actions: Mapping[str, QAction]) -> None:
        """Lets the buttons carry out the actions of the presets, and adds those that keep and reset."""
        for name, button in self.buttons.items():
            action = actions[f"preset_{name}"]
            button.clicked.connect(action.trigger)
            button.clicked.connect(self._show_state)
            button.setToolTip(action.toolTip())
            button.setStatusTip(action.statusTip())
        for name in ("save_mine", "reset_settings"):
            button = QToolButton()
            button.setDefaultAction(actions[name])
            button.setAutoRaise(True)
            button.setIconSize(QSize(16, 16))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._row.addWidget(button)

    @staticmethod
    def _button(text: str) -> QPushButton:
        button = QPushButton(text)
        button.setCheckable(True)
        button.setStyleSheet(_STYLE)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setMinimumWidth(44)
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        button.setAccessibleName(f"Preset {text}")
        return button

    def _show_state(self) -> None:
        session = self._session
        active = active_presets(session.settings, session.default_settings, session.mine)
        for name, button in self.buttons.items():
            button.setChecked(name in active)
        changed = list(changed_fields(session.settings, session.default_settings))
        self.state.setText(_state_words([PRESET_NAMES[name] for name in active], changed, session.settings))
        listed = ["Not as the network's config asks:", *map(name_of, changed)] if changed else []
        self.state.setToolTip("\n".join(listed))


def _state_words(active: list[str], changed: list[str], settings: InspectionSettings) -> str:
    """Returns which presets are on, and else how much is not as the network's config asks; and which oracles are on."""
    turned = [name for name in changed if name not in ORACLE_FIELDS]
    on = [words for field, words in _ORACLE_NAMES.items() if getattr(settings, field)]
    if "oracle_borderness" in changed and not settings.box_oracle:
        on.append("another border-ness of the box oracle")
    oracles = f", with {' and '.join(on)}" if on else ""
    if active:
        return f"{' and '.join(active)}{oracles}"
    if not turned:
        return f"As the network's config asks{oracles}"
    count = "1 setting" if len(turned) == 1 else f"{len(turned)} settings"
    return f"Changed: {count}{oracles}"
