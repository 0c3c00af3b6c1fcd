"""What is kept between runs, and where: every change acts at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.chrome.question import ask
from lpsnet_studio.labels import ElidedLabel, as_tip
from lpsnet_studio.paths import show_folder
from lpsnet_studio.recent import Recent
from lpsnet_studio.session import Session
from lpsnet_studio.settings import Folders, Preferences, Settings
from lpsnet_studio.state import Problem
from lpsnet_studio.theme import THEME_CHOICES, Theme

__all__ = ["PreferencesDialog"]

_THEME_WORDS = {"dark": "Dark", "light": "Light", "system": "As the system has it"}


class PreferencesDialog(QDialog):
    """Chooses what is kept between runs; it does not stand in the window's way.

    Args:
        parent: the window.
        settings: what is kept.
        session: holds motion.
        theme: the look.
        recent: what was open before.
        folders: where things are kept.
        forget_recent: asks, then forgets what was open before.
        prefetch: switches prefetching.
    """

    def __init__(
        self,
        parent: QWidget,
        settings: Settings,
        session: Session,
        theme: Theme,
        recent: Recent,
        folders: Folders,
        forget_recent: Callable[[], None],
        prefetch: Callable[[bool], None],
    ) -> None:
        super().__init__(parent)
        self._settings, self._session, self._theme, self._recent = settings, session, theme, recent
        self._switch_prefetch = prefetch
        self.setWindowTitle("Preferences")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.theme_choice = QComboBox()
        for choice in THEME_CHOICES:
            self.theme_choice.addItem(_THEME_WORDS[choice], choice)
        self.theme_choice.setToolTip("The look of the window; segment colours never follow it")
        self.theme_choice.activated.connect(self._choose_theme)
        self.motion = QCheckBox("Let the box of a step fade in while the merge is played")
        self.motion.setToolTip("Off, a box is there at once")
        self.motion.clicked.connect(lambda on: session.change_view(motion=on))
        self.prefetch = QCheckBox("Run the network on the next image while this one is looked at")
        self.prefetch.setToolTip("The next image is then there at once, at the cost of some computing")
        self.prefetch.clicked.connect(prefetch)
        self.forget = QPushButton("Forget recent…")
        self.forget.setToolTip("Empty the list of what was open before")
        self.forget.clicked.connect(lambda: forget_recent())
        self.reset = QPushButton("Reset all preferences…")
        self.reset.setToolTip("Make everything that is kept between runs what it is at first")
        self.reset.clicked.connect(self._ask_to_reset)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.addRow("Theme", self.theme_choice)
        form.addRow("Motion", self.motion)
        form.addRow("Prefetch", self.prefetch)
        form.addRow("Language", QLabel("English. There is no other yet."))
        form.addRow("Recent", _beside(self._counted(), self.forget))
        form.addRow("Preferences", _folder_row(folders.config, "preferences", self._show_folder))
        form.addRow("Log", _folder_row(folders.state, "log", self._show_folder))
        form.addRow("Cache", _folder_row(folders.cache, "cache", self._show_folder))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.reset, QDialogButtonBox.ButtonRole.ResetRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(16)
        layout.addLayout(form)
        layout.addWidget(buttons)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)  # or Enter would press the first one
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        self._listen()

    def _counted(self) -> QLabel:
        self._count = QLabel()
        return self._count

    def _listen(self) -> None:
        """Follows what is changed elsewhere, for as long as the dialog is there."""
        signals = (self._recent.changed, self._session.view_changed, self._settings.changed)
        for signal in signals:
            signal.connect(self._show)
        self.finished.connect(lambda _result: [signal.disconnect(self._show) for signal in signals])
        self._show()

    def _show(self) -> None:
        preferences, count = self._settings.preferences, len(self._recent.paths)
        self.theme_choice.setCurrentIndex(max(self.theme_choice.findData(preferences.theme), 0))
        self.motion.setChecked(self._session.view.motion)
        self.prefetch.setChecked(preferences.prefetch)
        self._count.setText(f"{count} remembered" if count else "Nothing is remembered")
        self.forget.setEnabled(count > 0)

    def _choose_theme(self, index: int) -> None:
        choice = self.theme_choice.itemData(index)
        self._settings.change(theme=choice)
        self._theme.choose(choice)

    def _ask_to_reset(self) -> None:
        ask(
            self,
            "Reset all preferences?",
            "Theme, view options, recent items, your own inspection settings and everything else that is kept between "
            "runs will be as at first. What is open stays open, and panels stay where they are: Reset layout in the "
            "menu View puts them back.",
            "Reset",
            self._reset,
        )

    def _reset(self) -> None:
        first = Preferences()
        self._theme.choose(first.theme)
        self._session.reset_choices()
        self._switch_prefetch(first.prefetch)
        self._settings.reset()  # last, as each of the others keeps what it changed
        self._recent.changed.emit()

    def _show_folder(self, folder: Path) -> None:
        """Shows a folder that is made first if nothing was kept there yet; a failure is told in the window."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._session.failed.emit(Problem(f"{folder}: the folder cannot be made ({error.strerror})"))
            return
        if not show_folder(folder):
            self._session.failed.emit(Problem("No file manager could be opened.", f"The folder is {folder}"))


def _beside(first: QWidget, second: QWidget) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(first, 1)
    row.addWidget(second)
    return holder


def _folder_row(folder: Path, what: str, show: Callable[[Path], None]) -> QWidget:
    path = ElidedLabel(str(folder))
    path.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    path.setMinimumWidth(240)
    button = QPushButton("Open folder")
    button.setAccessibleName(f"Open the folder of the {what}")
    button.setToolTip(as_tip(f"Show {folder} in the file manager"))
    button.clicked.connect(lambda: show(folder))
    return _beside(path, button)
