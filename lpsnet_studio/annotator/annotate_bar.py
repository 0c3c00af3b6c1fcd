"""The bar over the canvas while one annotates: tools, what they are set to, how far the image is, and what is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.fitting_row import FittingRow
from lpsnet_studio.annotator.note_field import NoteField
from lpsnet_studio.annotator.project import Status
from lpsnet_studio.annotator.tool_options_view import ToolOptions
from lpsnet_studio.annotator.toolbox import Toolbox
from lpsnet_studio.hairline import hairline
from lpsnet_studio.labels import ElidedLabel, as_tip
from lpsnet_studio.theme import Theme, caption_font

__all__ = ["STATUS_WORDS", "AnnotateBar"]

STATUS_WORDS: Mapping[Status, str] = {
    Status.TODO: "To do",
    Status.IN_PROGRESS: "In progress",
    Status.DONE: "Done",
    Status.APPROVED: "Approved",
}
"""How far an image has come, for people."""
_LEAST_NOTE = 72
_MORE, _MORE_ON = "…", "… ✓"
"""On the button of what has no room; the second where an option of that is on."""
_RANK_IN_HAND, _RANK_OF_STATUS, _RANK_OF_SAVED, _RANK_OF_NOTE = -1, 100, 101, 102
"""What keeps its room longest has the lowest; tools, from 0 on, come between what is in the hand and the rest."""


class AnnotateBar(QWidget):
    """Lies over the canvas in the mode Annotate.

    Args:
        desk: what is annotated.
        toolbox: the tool in the hand.
        theme: gives the colours.

    Attributes:
        options: of the tool.
        status: how far the image has come.
        note: what is said of it.
        saved: whether everything is on the disk.
        more: opens what there is no room for.
    """

    def __init__(self, desk: Desk, toolbox: Toolbox, theme: Theme) -> None:
        super().__init__()
        self._desk, self._theme = desk, theme
        self.options = ToolOptions(desk, toolbox)
        self.status = QComboBox()
        for status, words in STATUS_WORDS.items():
            self.status.addItem(words, status.value)
        self.status.setAccessibleName("How far this image has come")
        self.status.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.status.activated.connect(self._set_status)
        self.note = NoteField(desk)
        self.note.setMinimumWidth(_LEAST_NOTE)
        self.saved = ElidedLabel()
        self.saved.setFont(caption_font(self.font()))
        self.saved.setMinimumHeight(28)
        self._top = FittingRow(4)
        self._buttons: list[QToolButton] = []
        self.more = self._made_more()
        first = QHBoxLayout()
        first.setSpacing(4)
        first.addWidget(self._top, 1)
        first.addWidget(self.more)
        inner = QVBoxLayout(self)
        inner.setContentsMargins(8, 4, 8, 0)
        inner.setSpacing(4)
        inner.addLayout(first)
        inner.addWidget(self.options)
        inner.addWidget(hairline())
        self._top.left_out_changed.connect(self._show_more)
        self.options.left_out_changed.connect(self._show_more)
        self.options.shown_changed.connect(self._show_more)
        self.note.left.connect(lambda: self._top.rank(self.note, _RANK_OF_NOTE))
        desk.place_changed.connect(self.show_place)
        desk.entries_changed.connect(lambda _images: self.show_place())
        desk.saved_changed.connect(self.show_saved)
        theme.changed.connect(self.show_saved)
        self.show_place()

    def _made_more(self) -> QToolButton:
        button = QToolButton()
        button.setText(_MORE_ON)
        button.setMinimumWidth(button.sizeHint().width())  # so that no tool comes or goes with an option
        button.setAccessibleName("More tools and options")
        button.setToolTip("What has no room in this bar")
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        menu = QMenu(button)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self._fill_more)
        button.setMenu(menu)
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # else there would be more room as soon as nothing is left out
        button.setSizePolicy(policy)
        button.hide()
        return button

    def add_actions(self, actions: Sequence[QAction]) -> None:
        """Adds a button for each action that takes a tool into the hand."""
        for rank, action in enumerate(actions):
            button = QToolButton()
            button.setDefaultAction(action)
            button.setAutoRaise(True)
            button.setIconSize(QSize(20, 20))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._top.add(button, rank)
            self._buttons.append(button)
            action.toggled.connect(
                lambda on, button=button, rank=rank: self._top.rank(button, _RANK_IN_HAND if on else rank)
            )
        self._top.add_stretch()
        self._top.add(self.note, _RANK_OF_NOTE, stretch=100)
        self._top.add(self.saved, _RANK_OF_SAVED)
        self._top.add(self.status, _RANK_OF_STATUS)
        self.show_place()

    def begin_note(self) -> None:
        """Gives the keyboard to the note, and room if it had none."""
        self._top.rank(self.note, _RANK_IN_HAND)
        self.note.begin()

    # ---------------------------------------------------------------------------------------- what there is no room for

    def _show_more(self) -> None:
        """Shows that something is left out, whether an option of that is on, and how far the image is, if it is."""
        boxes = () if self.options.isHidden() else self.options.left_out
        on = [box.text() for box in boxes if isinstance(box, QCheckBox) and box.isChecked()]
        self.more.setVisible(bool(self._top.left_out or boxes))
        self.more.setText(_MORE_ON if on else _MORE)
        said = [f"{words} is on." for words in on]
        if self.status in self._top.left_out:
            said.append(f"This image: {self.status.currentText().lower()}.")
        if self.saved in self._top.left_out:
            said.append(f"{self.saved.text()}.")
        self.more.setToolTip(as_tip("\n".join(["What has no room in this bar", *said])))
        self.more.setAccessibleDescription(" ".join(said))

    def _fill_more(self) -> None:
        """Offers what is left out: tools, options that are on or off, the note, and how far the image is."""
        menu, left_out = self.more.menu(), self._top.left_out
        menu.clear()
        menu.addActions([button.defaultAction() for button in self._buttons if button in left_out])
        menu.addSeparator()
        for box in () if self.options.isHidden() else self.options.left_out:
            if isinstance(box, QCheckBox):
                _add_box(menu, box)
        menu.addSeparator()
        if self.status in left_out:
            states = menu.addMenu(f"This image: {self.status.currentText()}")
            states.setEnabled(self.status.isEnabled())
            for place in range(self.status.count()):
                chosen = states.addAction(self.status.itemText(place))
                chosen.setCheckable(True)
                chosen.setChecked(place == self.status.currentIndex())
                chosen.triggered.connect(lambda _on=False, place=place: self._set_status(place))
        if self.note in left_out:
            menu.addAction("Write a note").triggered.connect(lambda _on=False: self.begin_note())
        if self.saved in left_out:
            menu.addAction(self.saved.text()).setEnabled(False)

    def show_place(self) -> None:
        """Shows how far the image on the desk has come."""
        entry, store = self._desk.entry, self._desk.store
        self._want(self.status, entry is not None)
        self._want(self.note, entry is not None)
        if entry is not None and store is not None:
            self.status.setCurrentIndex(self.status.findData(entry.status.value))
            self.status.setEnabled(not store.is_read_only)
            why = store.read_only_because or "How far this image has come; Q calls it done and goes on."
            self.status.setToolTip(as_tip(why))
        self.show_saved()

    def show_saved(self) -> None:
        """Says whether everything is on the disk."""
        desk, colors = self._desk, self._theme.palette
        store = desk.store
        color, tip = colors.dim, ""
        if store is None:
            text = ""
        elif store.is_read_only:
            text, tip = "Read only", store.read_only_because
        elif desk.save_problem:
            text, tip, color = f"{desk.unsaved} not saved", desk.save_problem, colors.discarded
        elif desk.unsaved:
            text = "Saving…"
        else:
            text, tip = "All saved", f"Every finished edit is in {store.folder}"
        self.saved.setText(text)
        self.saved.setToolTip(as_tip(tip))
        self.saved.setStyleSheet(f"color: {color}")
        self._want(self.saved, bool(text))
        if self._buttons:
            self._top.rank(self.saved, _RANK_IN_HAND if desk.save_problem else _RANK_OF_SAVED)
            self._top.fit()
        self._show_more()

    def _want(self, control: QWidget, on: bool) -> None:
        self._top.want(control, on)

    def _set_status(self, index: int) -> None:
        self._desk.set_status(Status(self.status.itemData(index)))
        self.show_place()


def _add_box(menu: QMenu, box: QCheckBox) -> None:
    action = menu.addAction(box.text().replace("&", "&&"))
    action.setCheckable(True)
    action.setChecked(box.isChecked())
    action.setEnabled(box.isEnabled())
    action.setToolTip(box.toolTip())
    action.triggered.connect(lambda on=False: box.setChecked(on))
