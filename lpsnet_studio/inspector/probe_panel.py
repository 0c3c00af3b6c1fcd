"""What is known of one pixel: the one under the mouse, or a pin that stays while settings change."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QHideEvent, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.examination import Examination
from lpsnet_studio.inspector.probe_boxes import BoxesTable
from lpsnet_studio.inspector.probe_mark import ProbeMark
from lpsnet_studio.inspector.probe_model import Covering, Reading, color_words, probe_text
from lpsnet_studio.inspector.probe_reader import ProbeReader
from lpsnet_studio.inspector.probe_widgets import Bars, FoldingSection, HistoryView, PinList
from lpsnet_studio.labels import ElidedLabel
from lpsnet_studio.session import Session
from lpsnet_studio.state import Result
from lpsnet_studio.texts import body
from lpsnet_studio.theme import ICON_SIZE, Theme, figure_font

__all__ = ["ProbePanel"]

_PAUSE_MILLISECONDS = 15
"""What moves or comes in the meantime is told at once."""
_CLASSES, _LEVELS = 10, 5
_SWATCH = 18
_COMFORTABLE = QSize(300, 640)
_SINCE_CHARACTERS = 6
_COORDINATE = 48
_SINCE = (("change", "the last change"), ("pin", "it was pinned"))
_NOTHING_BEFORE = "Nothing was changed yet: turn a setting, and this history is told before and after."
_NO_BOX = "No box covers this pixel."


class _ColorSwatch(QWidget):
    """The colour of a pixel."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self._color = theme, QColor()
        self.setFixedSize(_SWATCH, _SWATCH)
        self.setAccessibleName("Colour of the pixel")

    def set_color(self, color: tuple[int, int, int] | None) -> None:
        """Shows a colour; None for nothing."""
        self._color = QColor() if color is None else QColor(*color)
        words = "" if color is None else color_words(color)
        self.setToolTip(words)
        self.setAccessibleDescription(words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the colour, framed."""
        painter = QPainter(self)
        painter.setPen(QColor(self._theme.palette.dim))
        if self._color.isValid():
            painter.setBrush(self._color)
        painter.drawRect(QRect(0, 0, self.width() - 1, self.height() - 1))


class ProbePanel(QScrollArea):
    """Follows the pixel under the mouse while it is shown, or tells of a pin.

    Args:
        session: what is open.
        examination: asks the service, and holds the pins.
        theme: gives colours and icons.

    Attributes:
        reader: knows what there is to tell.
        reading: what is told; None if there is no pixel.
        column: of the pixel, which may be typed.
        row: likewise.
        pin: whether the pixel is pinned.
        copy: copies everything as text.
        pins: the pins, and which of them is told of.
        since: what a pin is compared with.
        classes: the likeliest classes.
        levels: border-ness level by level.
        boxes: what covers the pixel.
        history: its way through the merge.
    """

    def __init__(self, session: Session, examination: Examination, theme: Theme) -> None:
        super().__init__()
        self._session, self._examination, self._theme = session, examination, theme
        self.reader = ProbeReader(session, examination)
        self.reading: Reading | None = None
        self._told: Result | None = None
        self._mark = ProbeMark(session, examination)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Probe")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MILLISECONDS)
        self._timer.timeout.connect(self.refresh)
        self._make_head(theme)
        self._make_sections(theme)
        self._lay_out()
        self._listen(session, examination)
        self._show_icons()

    # ----------------------------------------------------------------------------------------------------- composition

    def _make_head(self, theme: Theme) -> None:
        self._swatch = _ColorSwatch(theme)
        self.column, self.row = _coordinate("x", "Column of the pixel."), _coordinate("y", "Row of the pixel.")
        self.pin, self.copy = QToolButton(), QToolButton()
        self.pin.setCheckable(True)
        for button, name, tip in (
            (self.pin, "Pin", "Pin this pixel, or remove its pin. P on the canvas pins the pixel under the mouse."),
            (self.copy, "Copy the probe", "Copy everything that is told of this pixel, as text (Ctrl+C)."),
        ):
            button.setAutoRaise(True)
            button.setIconSize(ICON_SIZE)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(name)
            button.setToolTip(tip)
        self._owner, self._change, self._meanwhile, self._truth = (ElidedLabel() for _ in range(4))
        self._hint = _note()
        self.pins = PinList(self._theme)

    def _make_sections(self, theme: Theme) -> None:
        self.classes = Bars("Likeliest classes", _CLASSES, "the class that the pixel is labelled with", theme)
        self.levels = Bars("Border-ness by level", _LEVELS, "the greatest", theme)
        self.boxes, self.history = BoxesTable(), HistoryView()
        self._classes_note, self._levels_note, self._boxes_note, self._history_note = (_note() for _ in range(4))
        self.since = QComboBox()
        for name, words in _SINCE:
            self.since.addItem(words, name)
        self.since.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.since.setMinimumContentsLength(_SINCE_CHARACTERS)
        self.since.setAccessibleName("Compared with")
        self.since.setToolTip(
            "What a pin is compared with: the state before the last change of settings, or that when it was pinned."
        )
        self._since_row = QWidget()
        since = QHBoxLayout(self._since_row)
        since.setContentsMargins(0, 0, 0, 0)
        since.setSpacing(8)
        since.addWidget(QLabel("Since"))
        since.addWidget(self.since, 1)

    def _lay_out(self) -> None:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(10, 12, 10, 16)
        layout.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(4)
        for widget in (self._swatch, QLabel("x"), self.column, QLabel("y"), self.row):
            head.addWidget(widget)
        head.addStretch(1)
        head.addWidget(self.pin)
        head.addWidget(self.copy)
        layout.addLayout(head)
        told = QVBoxLayout()
        told.setSpacing(2)
        for label in (self._owner, self._change, self._meanwhile, self._truth):
            label.setFont(figure_font(self.font()))
            told.addWidget(label)
        layout.addLayout(told)
        layout.addWidget(self._hint)
        layout.addWidget(self.pins)
        self._sections = QWidget()
        sections = QVBoxLayout(self._sections)
        sections.setContentsMargins(0, 0, 0, 0)
        sections.setSpacing(2)
        for title, widgets in (
            ("Classes · ▸ is the pixel's label", (self.classes, self._classes_note)),
            ("Border-ness · ▸ is the greatest", (self.levels, self._levels_note)),
            ("Boxes over it · ▸ is the owner", (self._boxes_note, self.boxes)),
            ("History · a click goes to the step", (self._since_row, self.history, self._history_note)),
        ):
            sections.addWidget(FoldingSection(title, widgets))
        layout.addWidget(self._sections)
        layout.addStretch(1)
        self.setWidget(page)

    def _listen(self, session: Session, examination: Examination) -> None:
        session.pointed_changed.connect(self._follow)
        session.picture_changed.connect(self._leave_picture)
        for signal in (session.result_changed, session.picture_changed, session.current_changed):
            signal.connect(self._ask)
        session.position_changed.connect(self._ask)
        examination.probed_changed.connect(self._ask)
        examination.pins_changed.connect(self._ask)
        self._theme.changed.connect(self._show_icons)
        self.column.valueChanged.connect(self._look_at_typed)
        self.row.valueChanged.connect(self._look_at_typed)
        self.pin.clicked.connect(self._turn_pin)
        self.copy.clicked.connect(self.copy_text)
        self.pins.chosen.connect(examination.choose)
        self.pins.removed.connect(examination.unpin)
        self.since.currentIndexChanged.connect(self._compare)
        self.boxes.chosen.connect(self._select_box)
        self.boxes.entered.connect(lambda box: self._go(box.step))
        self.history.sought.connect(self._go)

    def minimumSizeHint(self) -> QSize:
        """Returns a size that cuts nothing off at the right; what does not fit below is scrolled to."""
        page = self.widget()
        width = 0 if page is None else page.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(width, 40)

    def sizeHint(self) -> QSize:
        """Returns a size at which classes, levels and boxes are in sight."""
        return _COMFORTABLE

    # ------------------------------------------------------------------------------------------------------- following

    def _follow(self) -> None:
        if self.isVisible():
            self.reader.follow_mouse()
            self._ask()

    def _leave_picture(self) -> None:
        """Holds on to nothing of a picture that was left, shown or not."""
        self.reading = self._told = None
        self.boxes.set_boxes(None, ())

    def _ask(self, *_: object) -> None:
        """Tells anew in a moment: the canvas comes first."""
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    def showEvent(self, event: QShowEvent) -> None:
        """Begins to follow."""
        super().showEvent(event)
        self.reader.is_watched = True
        self.reader.follow_mouse()
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Follows no more: a panel that is not shown costs nothing."""
        super().hideEvent(event)
        self.reader.is_watched = False
        self._timer.stop()
        self._mark.clear()

    def refresh(self) -> None:
        """Tells what is known now."""
        before, self.reading = self.reading, self.reader.read()
        hint = self.reader.hint
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self._sections.setVisible(self.reading is not None)
        self._show_head(self.reading)
        self._show_pins()
        if self.reading is not None:
            self._show_sections(self.reading)
        is_same = before is not None and self.reading is not None and before.place == self.reading.place
        if not is_same or self._told is not self._session.result:
            self._mark.clear()
        self._told = self._session.result

    def _show_head(self, reading: Reading | None) -> None:
        size = self.reader.image_size
        place = self.reader.place if reading is None else reading.place
        for box, end, value in ((self.column, 1, 0), (self.row, 0, 1)):
            box.setEnabled(size is not None)
            box.blockSignals(True)
            box.setMaximum(0 if size is None else size[end] - 1)
            wanted = 0 if place is None else place[value]
            if box.value() != wanted:  # else a number that is being typed would be lost
                box.setValue(wanted)
            box.blockSignals(False)
        self._swatch.set_color(None if reading is None else reading.color)
        self.pin.setEnabled(reading is not None)
        self.copy.setEnabled(reading is not None)
        self.pin.setChecked(reading is not None and reading.place in self._examination.pins)
        self._say(self._owner, "Owner", "" if reading is None else reading.owner)
        self._say(self._change, "≠ Changed", "" if reading is None else reading.change)
        self._say(self._meanwhile, "", "" if reading is None else reading.meanwhile)
        self._say(self._truth, self._session.truth_name, "" if reading is None else reading.truth)

    def _say(self, label: ElidedLabel, name: str, words: str) -> None:
        label.setText(f"{name}: {words}" if name else words)
        label.setVisible(bool(words))

    def _show_pins(self) -> None:
        pins = self._examination.pins
        self.pins.setVisible(bool(pins))
        self.pins.set_pins(pins, self.reader.pin_words(), self._examination.chosen)

    def _show_sections(self, reading: Reading) -> None:
        self.classes.set_bars(reading.classes)
        self.classes.setVisible(not reading.classes_note)
        self.levels.set_rows(len(reading.levels) if reading.levels else 0 if reading.levels_note else _LEVELS)
        self.levels.set_bars(reading.levels)
        self.boxes.set_boxes(self._session.result, reading.boxes)
        self.boxes.setVisible(self._session.result is not None)
        is_pin = reading.place in self._examination.pins
        self._since_row.setVisible(is_pin and bool(reading.lines))
        self.history.set_lines(reading.lines, self._session.position - 1)
        nothing = _NOTHING_BEFORE if is_pin and reading.lines and not self.reader.has_before else ""
        boxes_note = reading.boxes_note if len(reading.boxes) or not reading.boxes_note else _NO_BOX
        for label, text in (
            (self._classes_note, reading.classes_note),
            (self._levels_note, reading.levels_note),
            (self._boxes_note, boxes_note),
            (self._history_note, nothing),
        ):
            label.setText(text)
            label.setVisible(bool(text))

    def _show_icons(self) -> None:
        self.pin.setIcon(self._theme.icon("pin"))
        self.copy.setIcon(self._theme.icon("copy"))

    # ----------------------------------------------------------------------------------------------------------- doing

    def _look_at_typed(self) -> None:
        self.reader.look_at((self.column.value(), self.row.value()))
        self._ask()

    def _turn_pin(self) -> None:
        if self.reading is not None:
            place = self.reading.place
            turn = self._examination.unpin if place in self._examination.pins else self._examination.pin
            turn(place)
            self._ask()  # also where no more can be pinned, for the button to say so

    def _compare(self) -> None:
        self.reader.since = self.since.currentData()
        self._ask()

    def _select_box(self, box: Covering) -> None:
        """Selects the segment of a box, if it founded one, and draws the box itself either way."""
        self._session.select(box.owner)
        self._mark.show(box)

    def _go(self, step: int) -> None:
        if step >= 0:
            self._session.play(False)
            self._session.seek(step + 1)

    def copy_text(self) -> None:
        """Puts everything that is told onto the clipboard."""
        if self.reading is not None:
            QApplication.clipboard().setText(probe_text(self.reading))

    def event(self, event: QEvent) -> bool:
        """Takes the copy key for the panel before a shortcut of the window does."""
        is_key = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if is_key and event.matches(QKeySequence.StandardKey.Copy):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copies; scrolls otherwise."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_text()
        else:
            super().keyPressEvent(event)


def _coordinate(name: str, tip: str) -> QSpinBox:
    box = QSpinBox()
    box.setFont(figure_font(box.font()))
    box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
    box.setKeyboardTracking(False)
    box.setFixedWidth(_COORDINATE)
    box.setAccessibleName(f"{name} of the pixel")
    box.setToolTip(f"{tip} Type it, or move by one with the arrows.")
    return box


def _note() -> QLabel:
    label = body()
    label.setForegroundRole(label.palette().ColorRole.PlaceholderText)
    label.hide()
    return label
