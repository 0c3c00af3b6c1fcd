"""What lies over the canvas while nothing can be annotated: why not, and what to do, as small as it can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QToolButton, QVBoxLayout, QWidget

from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.desk_notices import ReadOnlyLine, UnfinishedLine
from lpsnet_studio.annotator.place_words import why_empty
from lpsnet_studio.flow_layout import FlowLayout
from lpsnet_studio.labels import as_tip
from lpsnet_studio.paths import path_words
from lpsnet_studio.texts import body, caption
from lpsnet_studio.theme import Theme

__all__ = ["EmptyDesk"]

_WIDTH = 440
_MARGIN = 8
_PADDING = 12
_QUIET_MILLISECONDS = 300
"""How long reading may last before anything is said of it."""
_RECENT_SHOWN = 3
_STARTS = ("prediction", "truth", "nothing")
_SENTENCES = {
    "no project": "Annotations lie in a project: a folder that refers to images. Make one, or open one.",
    "no image": "Choose an image in the list to annotate it.",
    "not in project": "This image is not in the project.",
    "not started": "This image has no segments yet. Begin with",
}


class EmptyDesk(QWidget):
    """A card at the top of the canvas, there only while it has something to say, and only as large as that is.

    Args:
        desk: what is annotated.
        theme: gives the colours.

    Attributes:
        new_project_wanted, open_project_wanted: the user wants a project.
        recent_wanted: the folder of a project that was open before.
        add_current_wanted, add_listed_wanted: the project is to hold this image, or all that are listed.
        prediction_wanted, truth_wanted, nothing_wanted: what the image is to begin with.
        look_again_wanted: it is to be looked again whether the image can be annotated.
        find_wanted: images are to be found that are not where they were.
        open_again_wanted: the folder of the project that is only read, and can be changed now.
        show_image_wanted: the id of the image that was edited last before a crash.
        read_only: the line that says who holds the project.
        unfinished: the line that says what a crash has left.
        sentence: why nothing can be annotated.
        reasons: why some of the buttons cannot be had.
        buttons: what to do, by name.
    """

    new_project_wanted = Signal()
    open_project_wanted = Signal()
    recent_wanted = Signal(object)
    add_current_wanted = Signal()
    add_listed_wanted = Signal()
    prediction_wanted = Signal()
    truth_wanted = Signal()
    nothing_wanted = Signal()
    look_again_wanted = Signal()
    find_wanted = Signal()
    open_again_wanted = Signal(object)
    show_image_wanted = Signal(int)

    def __init__(self, desk: Desk, theme: Theme) -> None:
        super().__init__()
        self._desk, self._theme = desk, theme
        self._over: QWidget | None = None
        self._is_on = False
        self._listed = 0
        self._why_not: dict[str, str] = {}
        self.read_only, self.unfinished = ReadOnlyLine(desk, theme), UnfinishedLine(desk, theme)
        self.sentence, self.reasons = body(), caption(wraps=True)
        self.buttons = self._made_buttons()
        self._recent = QWidget()
        FlowLayout(self._recent, 4)
        self._lay_out()
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(_QUIET_MILLISECONDS)
        self._quiet.timeout.connect(self._show_reading)
        self.look_again_wanted.connect(desk.look_again)
        self.read_only.open_wanted.connect(self.open_again_wanted)
        self.unfinished.show_wanted.connect(self.show_image_wanted)
        for line in (self.read_only, self.unfinished):
            line.changed.connect(self._place)
        desk.place_changed.connect(self.show_place)
        desk.entries_changed.connect(self._follow_entries)
        theme.changed.connect(self.update)
        self.hide()
        self.show_place()

    # ------------------------------------------------------------------------------------------------------- building

    def _made_buttons(self) -> Mapping[str, QPushButton]:
        deeds: Sequence[tuple[str, str, str, Callable[[], object]]] = (
            ("new", "New project…", "Make a project for images to annotate.", self.new_project_wanted.emit),
            ("open", "Open project…", "Open a project's folder.", self.open_project_wanted.emit),
            ("add", "Add this image", "Have the project refer to this image.", self.add_current_wanted.emit),
            ("add_all", "", "Have the project refer to every image of the list.", self.add_listed_wanted.emit),
            ("prediction", "The prediction", "Begin with what the network says.", self.prediction_wanted.emit),
            ("truth", "The ground truth", "Begin with what the data set says.", self.truth_wanted.emit),
            ("nothing", "Nothing", "Begin with void everywhere.", self.nothing_wanted.emit),
            ("again", "Look again", "Look again whether it can be annotated.", self.look_again_wanted.emit),
            ("find", "Find missing images…", "Choose the folder that it was moved to.", self.find_wanted.emit),
        )
        self._tips = {name: tip for name, _, tip, _ in deeds}
        made = {}
        for name, text, tip, deed in deeds:
            button = made[name] = QPushButton(text)
            button.setAutoDefault(False)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(f"Begin with {text.lower()}" if name in _STARTS else text.rstrip("…"))
            button.setToolTip(tip)
            button.clicked.connect(lambda _checked=False, deed=deed: deed())
        return made

    def _lay_out(self) -> None:
        row = QWidget()
        flow = FlowLayout(row, 8)
        for button in self.buttons.values():
            flow.addWidget(button)
        self._card = QWidget()
        inner = QVBoxLayout(self._card)
        self._content = QWidget()
        column = QVBoxLayout(self._content)
        for layout, gap in ((inner, 8), (column, 8)):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(gap)
        for widget in (self.sentence, row, self.reasons, self._recent):
            inner.addWidget(widget)
        for widget in (self.read_only, self.unfinished, self._card):
            column.addWidget(widget)
        self._scroll = QScrollArea(self)
        self._scroll.setWidget(self._content)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for widget in (self._content, self._scroll.viewport()):
            widget.setAutoFillBackground(False)
        around = QVBoxLayout(self)
        around.setContentsMargins(_PADDING, _PADDING, _PADDING, _PADDING)
        around.addWidget(self._scroll)

    # -------------------------------------------------------------------------------------------------- what is known

    def lie_over(self, over: QWidget) -> None:
        """Lies over a widget, at its top, from now on."""
        if self._over is not None:
            self._over.removeEventFilter(self)
        self._over = over
        self.setParent(over)
        over.installEventFilter(self)
        self._place()

    def set_on(self, on: bool) -> None:
        """Says whether the window annotates; otherwise nothing is shown here."""
        self._is_on = on
        self.read_only.watch(on)
        self.show_place()

    def tell_sources(self, *, prediction: str = "", truth: str = "") -> None:
        """Tells why an image cannot begin with the prediction or the ground truth, in a sentence; empty if it can."""
        self._why_not = {"prediction": prediction, "truth": truth}
        self.show_place()

    def tell_listed(self, count: int) -> None:
        """Tells how many images are listed."""
        self._listed = count
        self.show_place()

    def tell_recent(self, folders: Sequence[Path]) -> None:
        """Tells which projects were open before, the latest first."""
        layout = self._recent.layout()
        assert layout is not None
        while (item := layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for folder in folders[:_RECENT_SHOWN]:
            button = QToolButton()
            button.setText((folder.name or str(folder)).replace("&", "&&"))
            button.setIcon(self._theme.icon("recent", self._theme.palette.dim))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIconSize(QSize(16, 16))
            button.setAutoRaise(True)
            button.setAccessibleName(f"Open {folder.name} again")
            button.setToolTip(as_tip(f"Open again: {path_words(folder)}"))
            button.clicked.connect(lambda _checked=False, folder=folder: self.recent_wanted.emit(folder))
            layout.addWidget(button)
        self.show_place()

    # ---------------------------------------------------------------------------------------------------------- state

    def _follow_entries(self, images: object) -> None:
        if self._desk.place in ("not in project", "no image"):
            self.show_place()

    def show_place(self) -> None:
        """Shows what there is to say of what is on the desk."""
        place = self._desk.place
        self._card.setVisible(place not in ("editing", "reading"))
        if place == "reading":
            if not self._quiet.isActive():
                self._quiet.start()
        else:
            self._quiet.stop()
        self.sentence.setText(_SENTENCES.get(place) or why_empty(self._desk))
        offered = self._offered()
        for name, button in self.buttons.items():
            button.setVisible(name in offered)
        self._show_choices(offered)
        layout = self._recent.layout()
        self._recent.setVisible(place == "no project" and layout is not None and layout.count() > 0)
        self._place()

    def _offered(self) -> tuple[str, ...]:
        place, store = self._desk.place, self._desk.store
        if place == "no project":
            return ("new", "open")
        if place == "unreadable":
            can_find = self._desk.is_missing and store is not None and not store.is_read_only
            return ("again", "find") if can_find else ("again",)
        if store is None or store.is_read_only:
            return ()
        if place == "not in project":
            return ("add", "add_all") if self._listed > 1 else ("add",)
        return _STARTS if place == "not started" else ()

    def _show_choices(self, offered: Sequence[str]) -> None:
        self.buttons["add_all"].setText(f"Add all {self._listed:,} that are listed")
        self.buttons["add_all"].setAccessibleName(f"Add all {self._listed:,} images that are listed")
        reasons = []
        for name in _STARTS:
            why_not = self._why_not.get(name, "")
            self.buttons[name].setEnabled(not why_not)
            self.buttons[name].setToolTip(as_tip(why_not or self._tips[name]))
            if why_not and name in offered:
                reasons.append(why_not)
        if self._desk.place == "not started" and not offered:
            self.sentence.setText("This image has no segments yet, and the project can only be read.")
        self.reasons.setText("\n".join(reasons))
        self.reasons.setVisible(bool(reasons))

    def _show_reading(self) -> None:
        """Says, once reading has taken a while, that it goes on."""
        if self._desk.place == "reading":
            self._card.setVisible(True)
            self._place()

    # ---------------------------------------------------------------------------------------------------------- place

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keeps its place at the top of what it lies over."""
        if watched is self._over and event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._place()
        return False

    def _place(self) -> None:
        """Takes the room that it needs, and no more than there is."""
        says = any(not part.isHidden() for part in (self.read_only, self.unfinished, self._card))
        over = self._over
        self.setVisible(self._is_on and says and over is not None)
        if over is None or self.isHidden():
            return
        width = max(min(over.width() - 2 * _MARGIN, _WIDTH), 1)
        layout = self._content.layout()
        assert layout is not None
        layout.activate()
        needed = layout.totalHeightForWidth(width - 2 * _PADDING) + 2 * _PADDING
        height = min(needed, max(over.height() - 2 * _MARGIN, 1))
        self.setGeometry((over.width() - width) // 2, _MARGIN, width, height)
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints a raised card."""
        colors = self._theme.palette
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colors.line), 1))
        painter.setBrush(QColor(colors.raised))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 6, 6)
