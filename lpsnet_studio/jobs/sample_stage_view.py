"""One picture, large, followed through the evaluations of a training."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QModelIndex, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QGraphicsPixmapItem,
    QGraphicsScene,
    QHBoxLayout,
    QLabel,
    QSlider,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.canvas.zoom_view import ZoomView
from lpsnet_studio.flow_layout import FlowLayout
from lpsnet_studio.jobs.log_controls_view import TOOL_STYLE, tool_button
from lpsnet_studio.jobs.sample_pictures_view import SamplePictures, large_picture
from lpsnet_studio.jobs.samples import EvaluationSamples, Sample, SampleSheet, picture_title
from lpsnet_studio.jobs.samples_grid_view import SamplesGrid, SamplesModel
from lpsnet_studio.theme import Theme, figure_font

__all__ = ["SampleStage"]

_LARGE_MEMORY = 96 * 2**20
"""Of decoded pictures: six of the largest that a training draws."""
_STRIP_HEIGHT, _ROOM_FOR_STRIP = 164, 420
_KEYS = "Left, Right: evaluations; Up, Down: pictures; F: fit; 1: 100 %; Esc: all samples."


class SampleStage(QWidget):
    """Shows one picture of one evaluation, and below it the same picture of all evaluations.

    Args:
        theme: gives colours and icons.
        small: decodes the strip's pictures.

    Attributes:
        view: the picture; it zooms and pans.
        slider: goes through the evaluations, the oldest at its left.
        strip: the picture in all evaluations.
        caption: what is shown, in words.
        left: the user wants to see all pictures again.
    """

    left = Signal()

    def __init__(self, theme: Theme, small: SamplePictures) -> None:
        super().__init__()
        self._theme = theme
        self._sheet = SampleSheet()
        self._name, self._iteration = "", 0
        self.large = SamplePictures(large_picture, _LARGE_MEMORY, self)
        self.view, self.caption, self._problem = ZoomView(), QLabel(), QLabel()
        self._item = QGraphicsPixmapItem()
        self._item.setTransformationMode(Qt.TransformationMode.SmoothTransformation)
        scene = QGraphicsScene(self)
        scene.addItem(self._item)
        self.view.setScene(scene)
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setAccessibleName("Sample prediction")
        self.view.setToolTip(_KEYS)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Evaluation")
        self.slider.setToolTip("Go through the evaluations, the oldest at the left (Left, Right).")
        self._strip_model = SamplesModel(follows="")
        self.strip = SamplesGrid(theme, self._strip_model, small)
        self.strip.setAccessibleName("This picture in all evaluations")
        self.strip.setToolTip("Enter or a click shows an evaluation.")
        self.strip.verticalHeader().hide()
        self.strip.setFixedHeight(_STRIP_HEIGHT)
        self._step_buttons: dict[str, QAbstractButton] = {}
        self._arrange()
        self.slider.valueChanged.connect(self._go_to_place)
        self.strip.selectionModel().currentChanged.connect(self._follow_strip)
        self.large.made.connect(lambda _sample: self._show_picture())
        theme.changed.connect(self._color)
        self._color()

    def _arrange(self) -> None:
        self.caption.setTextFormat(Qt.TextFormat.PlainText)
        self.caption.setFont(figure_font(self.font()))
        self._problem.setTextFormat(Qt.TextFormat.PlainText)
        self._problem.setWordWrap(True)
        self._problem.setMargin(16)
        self._problem.setAlignment(Qt.AlignmentFlag.AlignCenter)
        body = QWidget()
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self.view)
        self._stack.addWidget(self._problem)
        slide = QHBoxLayout()
        slide.setSpacing(8)
        slide.addWidget(self._step_button("previous", "Older evaluation", "Left", -1))
        slide.addWidget(self.slider, 1)
        slide.addWidget(self._step_button("next", "Newer evaluation", "Right", 1))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(8)
        whole.addWidget(self._head())
        whole.addWidget(body, 1)
        whole.addLayout(slide)
        whole.addWidget(self.strip)

    def _head(self) -> QWidget:
        head = QWidget()
        head.setStyleSheet(TOOL_STYLE)
        flow = FlowLayout(head, 8)
        for words, tip, act in (
            ("All samples", "Go back to the pictures of all evaluations (Esc).", self.left.emit),
            ("Fit", "Show the whole picture (F).", self.view.fit),
            ("100 %", "Show every pixel of the picture as one (1).", self._show_actual_size),
        ):
            button = tool_button(words, tip)
            button.clicked.connect(self._without_argument(act))
            flow.addWidget(button)
        self.caption.setFixedHeight(button.sizeHint().height())
        flow.addWidget(self.caption)
        return head

    def _step_button(self, icon: str, words: str, key: str, step: int) -> QWidget:
        button = tool_button("", f"{words} ({key}).")
        button.setAccessibleName(words)
        button.setStyleSheet(TOOL_STYLE)
        button.setAutoRepeat(True)
        self._step_buttons[icon] = button
        button.clicked.connect(lambda _checked: self.step_evaluation(step))
        return button

    @staticmethod
    def _without_argument(act: Callable[[], object]) -> Callable[[bool], None]:
        def clicked(_checked: bool) -> None:
            act()

        return clicked

    def _color(self) -> None:
        self.view.setBackgroundBrush(QBrush(QColor(self._theme.palette.window)))
        for icon, button in self._step_buttons.items():
            button.setIcon(self._theme.icon(icon))

    # ---------------------------------------------------------------------------------------------------------- choice

    @property
    def evaluation(self) -> EvaluationSamples | None:
        """The evaluation that is shown; None if there is none."""
        if not self._sheet.evaluations:
            return None
        return self._sheet.evaluations[self._sheet.row_of(self._iteration)]

    @property
    def sample(self) -> Sample | None:
        """The picture that is shown; None if its evaluation has none of that name."""
        evaluation = self.evaluation
        return None if evaluation is None else evaluation.sample(self._name)

    def show_sheet(self, sheet: SampleSheet) -> None:
        """Takes the pictures as they are now; what is shown stays so."""
        if sheet != self._sheet:
            self._sheet = sheet
            self._show()

    def show_sample(self, name: str, iteration: int) -> None:
        """Shows a picture of an evaluation."""
        self._name, self._iteration = name, iteration
        self._show()

    def step_evaluation(self, step: int) -> None:
        """Goes to the next newer evaluation, or to the next older one."""
        self._go_to_place(self.slider.value() + step)

    def step_picture(self, step: int) -> None:
        """Goes to the next picture of the evaluation, or to the one before."""
        names = self._sheet.names
        if self._name in names:
            place = min(max(names.index(self._name) + step, 0), len(names) - 1)
            self.show_sample(names[place], self._iteration)

    def _go_to_place(self, place: int) -> None:
        """Shows the evaluation at a place of the slider."""
        evaluations = self._sheet.evaluations
        if 0 <= place < len(evaluations):
            iteration = evaluations[-1 - place].iteration
            if iteration != self._iteration:
                self.show_sample(self._name, iteration)

    def _follow_strip(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid():
            self._go_to_place(current.column())

    # --------------------------------------------------------------------------------------------------------- showing

    def _show(self) -> None:
        sheet, evaluation = self._sheet, self.evaluation
        if evaluation is None:
            return
        self._iteration = evaluation.iteration
        row, count = sheet.row_of(self._iteration), len(sheet.evaluations)
        place = count - 1 - row
        self.slider.blockSignals(True)
        self.slider.setRange(0, count - 1)
        self.slider.setValue(place)
        self.slider.blockSignals(False)
        self._strip_model.show(sheet, self._name)
        self._mark_in_strip(place)
        at = f"iteration {evaluation.iteration:,} · PQ {evaluation.pq_words} · {place + 1} of {count}"
        self.caption.setText(f"{picture_title(self._name)} · {at}")
        self._show_picture()
        self._want(row)

    def _mark_in_strip(self, place: int) -> None:
        index = self._strip_model.index(0, place)
        if self.strip.currentIndex() != index:
            self.strip.selectionModel().blockSignals(True)
            self.strip.setCurrentIndex(index)
            self.strip.selectionModel().blockSignals(False)
        self.strip.selectColumn(place)
        self.strip.scrollTo(index, SamplesGrid.ScrollHint.PositionAtCenter)
        self.strip.viewport().update()

    def _want(self, row: int) -> None:
        """Has decoded what is shown, and then its neighbours in time."""
        evaluations = self._sheet.evaluations
        around = (evaluations[near] for near in (row, row - 1, row + 1) if 0 <= near < len(evaluations))
        self.large.want([sample for near in around if (sample := near.sample(self._name)) is not None])

    def _show_picture(self) -> None:
        """Shows the picture once it is decoded; until then the one before stays."""
        sample = self.sample
        problem = "This evaluation has no such picture." if sample is None else self.large.problem(sample)
        self._problem.setText(problem)
        self._stack.setCurrentIndex(1 if problem else 0)
        picture = None if sample is None else self.large.find(sample)
        if picture is not None and picture.cacheKey() != self._item.pixmap().cacheKey():
            self._item.setPixmap(picture)
            self.view.set_picture_size((picture.height(), picture.width()))

    def _show_actual_size(self) -> None:
        self.view.zoom_to(1.0 / self.view.devicePixelRatioF())

    # ---------------------------------------------------------------------------------------------------------- events

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leaves the room to the picture where there is little."""
        super().resizeEvent(event)
        self.strip.setVisible(event.size().height() >= _ROOM_FOR_STRIP)

    def event(self, event: QEvent) -> bool:
        """Keeps the keys of the picture from the window while the keyboard is here."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._act_of(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Goes through evaluations and pictures, zooms, and goes back."""
        act = self._act_of(event)
        if act is None:
            super().keyPressEvent(event)
        else:
            act()

    def _act_of(self, event: QKeyEvent) -> Callable[[], object] | None:
        if event.modifiers() not in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier):
            return None
        acts: dict[int, Callable[[], object]] = {
            Qt.Key.Key_Left: lambda: self.step_evaluation(-1),
            Qt.Key.Key_Right: lambda: self.step_evaluation(1),
            Qt.Key.Key_Home: lambda: self._go_to_place(0),
            Qt.Key.Key_End: lambda: self._go_to_place(self.slider.maximum()),
            Qt.Key.Key_Up: lambda: self.step_picture(-1),
            Qt.Key.Key_Down: lambda: self.step_picture(1),
            Qt.Key.Key_F: self.view.fit,
            Qt.Key.Key_1: self._show_actual_size,
            Qt.Key.Key_Escape: self.left.emit,
        }
        return acts.get(event.key())
