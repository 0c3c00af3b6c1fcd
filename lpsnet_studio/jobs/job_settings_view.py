"""The settings of a run, to be read: every field in words, what differs from its preset, and what it ran on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QPalette, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.background import Background, Task, pass_on
from lpsnet_studio.jobs.compare import ABSENT
from lpsnet_studio.jobs.run_settings import EnvironmentLine, RunSettings, found_settings, read_settings
from lpsnet_studio.jobs.spec import JobSpec
from lpsnet_studio.labels import ElidedLabel, as_tip

__all__ = ["JobSettingsView"]

_READING = "Reading the settings…"
_NONE_FOUND = "No field has these words."
_ALL_AS_PRESET = "No field differs from the preset."
_MARK = "•"
_LEAST_COUNT = 32
"""Pixels for how many fields differ, of which the tool tip tells all."""


class JobSettingsView(QWidget):
    """Shows the settings of one run at a time.

    Attributes:
        tree: a field a row, in groups.
        search: words that must occur in a field.
        only_differing: whether fields as in the preset are left out.
        settings: what was read.
    """

    def __init__(self) -> None:
        super().__init__()
        self._job: tuple[Path, JobSpec | None] | None = None
        self.settings = RunSettings()
        self.tree, self.search, self.only_differing = QTreeWidget(), QLineEdit(), QCheckBox("Only what differs")
        self._count, self._state = ElidedLabel(), QLabel()
        self._background = Background(pass_on, self)
        self._reading: Task | None = None
        self._prepare()
        self._lay_out()

    def _prepare(self) -> None:
        self.tree.setHeaderLabels(["Field", "Value", "In the preset"])
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.tree.setUniformRowHeights(True)
        self.tree.setAccessibleName("Settings")
        self.tree.setToolTip("Ctrl+C copies the chosen fields.")
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.tree.header().setStretchLastSection(False)
        QShortcut(QKeySequence.StandardKey.Copy, self.tree, self._copy, context=Qt.ShortcutContext.WidgetShortcut)
        self.search.setPlaceholderText("Find a field")
        self.search.setAccessibleName("Find a field")
        self.search.setToolTip("Only fields in whose name, group or value these words occur.")
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(220)
        self.search.textChanged.connect(lambda _text: self._show())
        self.only_differing.setToolTip(f"Leave out fields that say what the preset says; {_MARK} marks the others.")
        self.only_differing.toggled.connect(lambda _on: self._show())
        self._count.setMinimumWidth(_LEAST_COUNT)
        self._count.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._state.setWordWrap(True)
        self._state.setTextFormat(Qt.TextFormat.PlainText)
        self._state.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._state.setMargin(8)

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.setSpacing(8)
        above.addWidget(self._count, 1)
        above.addWidget(self.only_differing)
        above.addWidget(self.search)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addLayout(above)
        layout.addWidget(self._state)
        layout.addWidget(self.tree, 1)

    def show_settings(self, job: tuple[Path, JobSpec | None] | None) -> None:
        """Shows the settings of a job, by its folder and what was asked for; None for none. They are read anew."""
        if job is None or job != self._job:
            self._background.cancel()
            self.settings = RunSettings()
            self.tree.clear()
            self._count.setText("")
            self._say(_READING if job is not None else "")
        self._job = job
        if job is not None:
            folder, spec = job
            self._reading = self._background.run(lambda: read_settings(folder, spec), self._take)

    def close_settings(self) -> None:
        """Ends reading; called before the window goes."""
        self._background.cancel()
        self._background.wait(300)

    def _take(self, settings: RunSettings) -> None:
        if settings != self.settings or self._state.text() == _READING:
            self.settings = settings
            self._show()

    def _show(self) -> None:
        settings = self.settings
        has_preset = bool(settings.preset)
        self.only_differing.setVisible(has_preset)
        self.tree.setColumnHidden(2, not has_preset)
        self.tree.headerItem().setText(2, f"In {settings.preset}")
        differing = sum(field.differs for field in settings.fields)
        self._count.setText(
            f"{differing} of {len(settings.fields)} fields differ from {settings.preset}" if has_preset else ""
        )
        fields = found_settings(
            settings.fields, self.search.text(), only_differing=has_preset and self.only_differing.isChecked()
        )
        self.tree.clear()
        groups: dict[str, QTreeWidgetItem] = {}
        self._add_lines(groups, "What was asked for", settings.asked)
        for field in fields:
            group = groups.get(field.group) or self._add_group(groups, field.group)
            title = f"{field.title} {_MARK}" if field.differs else field.title
            there = (field.there or ABSENT) if field.differs else ""
            item = QTreeWidgetItem(group, [title, field.here or "", there])
            item.setToolTip(0, as_tip(field.name))
            item.setToolTip(1, as_tip(field.here or ""))
        self._add_environment(groups)
        self.tree.expandAll()
        if settings.problem and not settings.asked:
            self._say(settings.problem)
        elif fields or self.tree.topLevelItemCount():
            self._say("")
        else:
            self._say(_NONE_FOUND if self.search.text() else _ALL_AS_PRESET)

    def _add_group(self, groups: dict[str, QTreeWidgetItem], title: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem(self.tree, [title])
        item.setFirstColumnSpanned(True)
        font = self.tree.font()
        font.setBold(True)
        item.setFont(0, font)
        groups[title] = item
        return item

    def _add_environment(self, groups: dict[str, QTreeWidgetItem]) -> None:
        """Adds what the latest start ran on, which no preset speaks of."""
        starts = self.settings.starts
        title = "What it ran on" + (f" at the last of {starts} starts" * (starts > 1))
        self._add_lines(groups, title, self.settings.environment)

    def _add_lines(self, groups: dict[str, QTreeWidgetItem], title: str, lines: Sequence[EnvironmentLine]) -> None:
        """Adds those of some lines that are searched for, unless only fields that differ are wanted."""
        words = self.search.text().casefold().split()
        found = [line for line in lines if all(word in f"{line.name} {line.value}".casefold() for word in words)]
        if found and not (self.settings.preset and self.only_differing.isChecked()):
            group = self._add_group(groups, title)
            for line in found:
                item = QTreeWidgetItem(group, [line.name, line.value])
                item.setToolTip(1, as_tip(line.value))

    def _say(self, words: str) -> None:
        self._state.setText(words)
        self._state.setVisible(bool(words))

    def _copy(self) -> None:
        chosen = [item for item in self.tree.selectedItems() if item.parent() is not None]
        lines = [f"{item.text(0).removesuffix(f' {_MARK}')}\t{item.text(1)}" for item in chosen]
        if lines:
            QGuiApplication.clipboard().setText("\n".join(lines))
