"""The merge as time: play, step, scrub, pictures of the steps, and a card that tells what the current one did."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSlider, QToolButton, QVBoxLayout, QWidget

from lpsnet_studio.inspector.film_strip import FilmStrip
from lpsnet_studio.inspector.scrubbing import HoldButton, Scrubber
from lpsnet_studio.inspector.step_card import StepCard
from lpsnet_studio.inspector.widgets import VerdictStrip
from lpsnet_studio.playback import is_event
from lpsnet_studio.session import Session
from lpsnet_studio.theme import Theme, figure_font
from lpsnet_studio.view_options import SPEEDS

__all__ = ["SpeedButton", "Timeline"]

_STEP_MILLISECONDS = 1200
"""Time a step stands at the usual speed: enough to read its verdict."""
_EVENT_LENGTH = 1.6
"""How many times as long a step stands that discarded a box or contested pixels: its card says more."""
_START_MILLISECONDS = 300
"""Time until playing does its first step: what is there has been read already."""
_WHEEL_NOTCH = 120
_LEAST_HEIGHT_FOR_PICTURES, _LEAST_HEIGHT_FOR_DETAILS = 560, 420
"""In a window lower than that the pictures, then the figures, would take the canvas its room."""
_LEAST_WIDTH_FOR_TWO_LINES = 680
"""In a timeline narrower than that the longest sentences take three."""
_LEAST_WIDTH_FOR_ENDS = 420
"""In a timeline narrower than that the buttons that keys replace would take the slider its room."""
_ENDS = ("first_step", "last_step")
_HELD = ("step_back", "step_forward")
_BUTTONS = ("first_step", "step_back", "play", "step_forward", "last_step")


class _MergeSlider(QSlider):
    """A slider that leaves the wheel to the timeline, where a notch is one step whichever part is under the mouse."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Passes the wheel on."""
        event.ignore()


class SpeedButton(QToolButton):
    """Tells how fast the merge is played, and offers the speeds in a menu.

    Args:
        session: what is open.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFont(figure_font(self.font()))
        self.setAccessibleName("Speed of playing")
        self._choices = QActionGroup(self)
        menu = QMenu(self)
        for speed in SPEEDS:
            choice = menu.addAction(_times(speed))
            choice.setCheckable(True)
            choice.setData(speed)
            self._choices.addAction(choice)
        self._choices.triggered.connect(lambda choice: session.change_view(speed=choice.data()))
        self.setMenu(menu)
        session.view_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        speed = self._session.view.speed
        self.setText(_times(speed))
        self.setAccessibleDescription(self.text())
        self.setToolTip(f"Play the merge at {_times(speed)} its usual speed\nCtrl+Up and Ctrl+Down change it.")
        for choice in self._choices.actions():
            choice.setChecked(choice.data() == speed)


class Timeline(QWidget):
    """The merge timeline under the canvas. Its height depends on the window's, never on the step.

    Args:
        session: what is open.
        theme: gives icons and colours.

    Attributes:
        slider: the place in the merge.
        strip: a mark a step.
        film: a picture a step.
        card: the current step in words.
        scrubber: repeats a step while a key or button is held.
        buttons: by the name of their action.
        speed: how fast the merge is played.
    """

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("timeline")
        self._session = session
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._advance)
        self._turned, self._window_height = 0, 0
        self.slider = _MergeSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Merge step")
        self.slider.setToolTip("Scrub through the steps of the merge; the wheel goes step by step.")
        self.strip, self.film = VerdictStrip(theme), FilmStrip(session, theme)
        self.scrubber, self.speed = Scrubber(self), SpeedButton(session)
        self.card = StepCard(session, theme)
        self._place = QLabel()
        self._place.setFont(figure_font(self.font()))
        self._place.setMinimumWidth(self._place.fontMetrics().horizontalAdvance("000 / 000"))
        self._place.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.buttons: dict[str, QToolButton] = {}
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(0)
        self._lay_out()
        self._listen(theme)
        self._show_result()

    def _lay_out(self) -> None:
        scrub = QVBoxLayout()
        scrub.setSpacing(0)
        scrub.addWidget(self.slider)
        scrub.addWidget(self.strip)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addLayout(self._buttons)
        top.addLayout(scrub, 1)
        top.addWidget(self._place)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.film)
        layout.addWidget(self.card)

    def _listen(self, theme: Theme) -> None:
        session = self._session
        self.slider.valueChanged.connect(session.seek)
        self.slider.sliderPressed.connect(lambda: session.play(False))
        self.strip.sought.connect(self._go)
        self.film.sought.connect(self._go)
        session.result_changed.connect(self._show_result)
        session.position_changed.connect(lambda *_: self._show_position())
        session.playing_changed.connect(self._run)
        session.view_changed.connect(self._keep_pace)
        session.view_changed.connect(self.card.refresh)
        for signal in (session.current_changed, session.entry_changed, session.busy_changed):
            signal.connect(lambda *_: self._show_lack())
        theme.changed.connect(self.card.refresh)

    def add_buttons(self, actions: Mapping[str, QAction]) -> None:
        """Puts the merge's actions at the left, as buttons; those that step do so for as long as they are held."""
        for name in _BUTTONS:
            button = QToolButton()
            if name in _HELD:
                self.scrubber.repeat(actions[name])
                button = HoldButton(actions[name], self.scrubber)
            button.setDefaultAction(actions[name])
            button.setAutoRaise(True)
            button.setIconSize(QSize(20, 20))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._buttons.addWidget(button)
            self.buttons[name] = button
        self._buttons.addWidget(self.speed)

    def fit_into(self, window_height: int) -> None:
        """Leaves the canvas its room in a low window."""
        self._window_height = window_height
        self._share_height()

    def _share_height(self) -> None:
        has_room = self._window_height >= _LEAST_HEIGHT_FOR_PICTURES
        self.film.setVisible(has_room)
        is_narrow = self.width() < _LEAST_WIDTH_FOR_TWO_LINES
        self.card.set_room(
            lines=3 if is_narrow and has_room else 2, figures=self._window_height >= _LEAST_HEIGHT_FOR_DETAILS
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leaves the slider its room, and a sentence its length."""
        self._share_height()
        for name in _ENDS:
            if name in self.buttons:
                self.buttons[name].setVisible(self.width() >= _LEAST_WIDTH_FOR_ENDS)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Steps through the merge, a notch a step: down or right goes on."""
        turned = event.angleDelta()
        self._turned -= turned.y() if turned.y() else turned.x()
        notches = int(self._turned / _WHEEL_NOTCH)
        if notches:
            self._turned -= notches * _WHEEL_NOTCH
            self._go(self._session.position + notches)
        event.accept()

    def _go(self, position: int) -> None:
        self._session.play(False)
        self._session.seek(position)

    def _show_result(self) -> None:
        steps = self._session.steps
        self.slider.blockSignals(True)
        self.slider.setRange(0, len(steps))
        self.slider.blockSignals(False)
        self.slider.setEnabled(bool(steps))
        self._show_position()

    def _show_position(self) -> None:
        count, position = len(self._session.steps), self._session.position
        self.slider.blockSignals(True)
        self.slider.setValue(position)
        self.slider.blockSignals(False)
        self.strip.set_result(self._session.result, position)
        self._place.setText(f"{position:,} / {count:,}" if count else "")
        self.card.refresh()

    def _show_lack(self) -> None:
        """Says why there is no merge; a merge that is shown stays as it is."""
        if self._session.result is None:
            self.card.refresh()

    @property
    def step_milliseconds(self) -> int:
        """How long the current step stands while the merge is played."""
        step = self._session.current_step
        length = _EVENT_LENGTH if step is not None and is_event(step) else 1.0
        return round(_STEP_MILLISECONDS * length / self._session.view.speed)

    def _keep_pace(self) -> None:
        """Lets the current step stand no longer than it would at the speed of now."""
        if self._timer.isActive() and self._timer.remainingTime() > self.step_milliseconds:
            self._timer.start(self.step_milliseconds)

    def _run(self, playing: bool) -> None:
        if playing:
            self._timer.start(min(_START_MILLISECONDS, self.step_milliseconds))
        else:
            self._timer.stop()

    def _advance(self) -> None:
        self._session.seek(self._session.position + 1)
        if self._session.position >= len(self._session.steps):
            self._session.play(False)
        else:
            self._timer.start(self.step_milliseconds)


def _times(speed: float) -> str:
    return f"{speed:g}×"
