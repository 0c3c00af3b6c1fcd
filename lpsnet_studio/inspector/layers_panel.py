"""Which overlays lie over the photo, in which order and how strongly; and what the colours mean."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.inspector.legend import Legend, legend_of
from lpsnet_studio.inspector.value_slider import ShareSlider
from lpsnet_studio.session import Session
from lpsnet_studio.theme import Theme, caption_font
from lpsnet_studio.view_options import LAYERS, Layer, LayerKind

__all__ = ["LayerList", "LayerRow", "LayersPanel"]

_WORDS: dict[LayerKind, tuple[str, str]] = {
    "labels": ("Semantic labels", "Every pixel in the colour of its class in the semantic map that was merged."),
    "heat": ("Heatmap", "The map chosen in the panels Border-ness and Semantics."),
    "segments": (
        "Panoptic map",
        "Every pixel in the colour of the segment that owns it. Contours keep their strength.",
    ),
    "verdicts": ("Verdicts", "Which segments are right, wrong or missed, while the panel Errors is shown."),
    "void": ("Void", "Stripes on the pixels that no segment owns at the end of the merge."),
    "candidates": ("Candidates", "Boxes of the levels, before they are merged, while the panel Levels shows them."),
    "boxes": ("Boxes", "The boxes that have been merged so far, with class and score."),
}
_HIDDEN = "This overlay is hidden: show it first."
_NO_CLASSES = "The classes of the result are listed here once an image has been inspected."
_NO_SEGMENTS = "This image has no segment at these settings."
_GRIP_WIDTH = 12


class _Grip(QWidget):
    """Six dots by which a row is dragged.

    Attributes:
        dragged: the mouse's place on the screen, while it is held down.
        dropped: likewise, where it was let go.
    """

    dragged = Signal(int)
    dropped = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(_GRIP_WIDTH)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setToolTip("Drag to change the order; Alt+Up and Alt+Down do the same.")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the dots."""
        painter = QPainter(self)
        color = self.palette().placeholderText().color()
        for x in (2, 7):
            for y in (-6, -1, 4):
                painter.fillRect(x, self.height() // 2 + y, 2, 2, color)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Takes hold of the row."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Reports where the row would go."""
        self.dragged.emit(round(event.globalPosition().y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Reports where the row was let go."""
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        if event.button() == Qt.MouseButton.LeftButton:
            self.dropped.emit(round(event.globalPosition().y()))


class LayerRow(QWidget):
    """One overlay: whether it is shown, its opacity, and its place in the order.

    Attributes:
        wants_by: how many places further up the overlay should go.
    """

    wants_by = Signal(int)

    def __init__(self, session: Session, kind: LayerKind, theme: Theme) -> None:
        super().__init__()
        name, tip = _WORDS[kind]
        self.kind, self.name = kind, name
        self.grip = _Grip()
        self.check = QCheckBox()
        self.check.setAccessibleName(f"Show {name.lower()}")
        self.check.setToolTip(f"Show or hide. {tip}")
        self.opacity = ShareSlider(name, f"Opacity. {tip}", theme, percent=True)
        self.opacity.slider.setAccessibleName(f"Opacity of {name.lower()}")
        self.opacity.set_default(next(layer.opacity for layer in LAYERS if layer.kind == kind))
        self.up = self._button(Qt.ArrowType.UpArrow, "up", 1)
        self.down = self._button(Qt.ArrowType.DownArrow, "down", -1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 2)
        layout.setSpacing(6)
        layout.addWidget(self.grip)
        layout.addWidget(self.check, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self.opacity, 1)
        buttons = QVBoxLayout()
        buttons.setSpacing(0)
        for button in (self.up, self.down):
            button.setFixedSize(20, 18)
            buttons.addWidget(button)
        layout.addLayout(buttons)
        self.check.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for control in (self.check, *self.opacity.editors(), self.up, self.down):
            control.installEventFilter(self)
        self.check.clicked.connect(lambda on: session.change_layer(kind, visible=on))
        self.opacity.changed.connect(lambda value, dragged: session.change_layer(kind, goes_on=dragged, opacity=value))

    def _button(self, arrow: Qt.ArrowType, way: str, by: int) -> QToolButton:
        button = QToolButton()
        button.setArrowType(arrow)
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolTip(f"Move {self.name.lower()} {way} (Alt+{way.capitalize()})")
        button.setAccessibleName(f"Move {self.name.lower()} {way}")
        button.clicked.connect(lambda: self.wants_by.emit(by))
        return button

    def show_layer(self, layer: Layer, *, overlays: bool, is_top: bool, is_bottom: bool) -> None:
        """Shows how the overlay is now."""
        self.check.setChecked(layer.visible)
        self.opacity.set_value(layer.opacity)
        self.opacity.set_reason("" if layer.visible and overlays else _HIDDEN)
        for button, other, is_last in ((self.up, self.down, is_top), (self.down, self.up, is_bottom)):
            if is_last and button.hasFocus():
                other.setEnabled(True)
                other.setFocus()
            button.setEnabled(not is_last)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Moves the overlay by Alt and an arrow, wherever in the row the focus is; arrows alone are the control's."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            by = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
            if by is not None and event.modifiers() & Qt.KeyboardModifier.AltModifier:
                self.wants_by.emit(by)
                return True
        return super().eventFilter(watched, event)


class LayerList(QWidget):
    """The overlays, the highest on top, to be shown, hidden and put into another order."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self._drop_line: int | None = None
        self.rows = {layer.kind: LayerRow(session, layer.kind, theme) for layer in session.view.layers}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        for row in self.rows.values():
            self._connect(row)
        session.view_changed.connect(self._show_view)
        self._show_view()

    def _connect(self, row: LayerRow) -> None:
        row.wants_by.connect(lambda by: self._session.move_layer(row.kind, max(self._place_of(row.kind) + by, 0)))
        row.grip.dragged.connect(self._show_drop)
        row.grip.dropped.connect(lambda y: self._drop(row.kind, y))

    def _kinds(self) -> list[LayerKind]:
        """Returns the overlays from the highest to the lowest, as they are listed."""
        return [layer.kind for layer in reversed(self._session.view.layers)]

    def _place_of(self, kind: LayerKind) -> int:
        return len(self.rows) - 1 - self._kinds().index(kind)

    def _show_view(self) -> None:
        view, kinds = self._session.view, self._kinds()
        listed = [self._layout.itemAt(at).widget() for at in range(self._layout.count())]
        if listed != [self.rows[kind] for kind in kinds]:
            for at, kind in enumerate(kinds):
                self._layout.insertWidget(at, self.rows[kind])
            for above, below in pairwise(kinds):
                QWidget.setTabOrder(self.rows[above].down, self.rows[below].check)
        for kind, row in self.rows.items():
            layer = view.layer(kind)
            row.show_layer(layer, overlays=view.overlays, is_top=kind == kinds[0], is_bottom=kind == kinds[-1])

    def _gap_at(self, global_y: int) -> int:
        """Returns between which rows, counted from the top, a place on the screen lies: 0 is above the first."""
        y = self.mapFromGlobal(QPoint(0, global_y)).y()
        return sum(row.geometry().center().y() < y for row in self.rows.values())

    def _show_drop(self, global_y: int) -> None:
        """Draws a line where the row would go."""
        gap = self._gap_at(global_y)
        kinds = self._kinds()
        edge = self.rows[kinds[gap]].geometry().top() if gap < len(kinds) else self.height()
        self._drop_line = min(max(edge - 2, 0), self.height() - 2)
        self.update()

    def _drop(self, kind: LayerKind, global_y: int) -> None:
        gap = self._gap_at(global_y)
        row = self._kinds().index(kind)
        self._drop_line = None
        self.update()
        target = gap - 1 if gap > row else gap
        self._session.move_layer(kind, len(self.rows) - 1 - target)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the line where a dragged row would go."""
        if self._drop_line is not None:
            painter = QPainter(self)
            painter.fillRect(QRect(0, self._drop_line, self.width(), 2), self.palette().highlight())


class LayersPanel(QScrollArea):
    """The overlays, what is drawn beside them, and the classes of the result.

    Args:
        session: what is open.
        theme: gives the icons.
    """

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # A click leaves the focus, and so the keys, where they were; Tab comes here.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.layers = LayerList(session, theme)
        self.contours = _check("Contours", "Outline the segments.")
        self.names = _check("Names", "Write the names of the segments on the canvas, where they fit.")
        self.minimap = _check("Minimap", "Show where one is in an image that does not fit the view.")
        self.bare = _check("Bare photo", "Hide every overlay.")
        self.legend = Legend()
        self._heading, self._empty = QLabel("Classes in this result"), QLabel(_NO_CLASSES)
        self._lay_out()
        self.contours.clicked.connect(lambda on: session.change_view(contours=on))
        self.names.clicked.connect(lambda on: session.change_view(names=on))
        self.minimap.clicked.connect(lambda on: session.change_view(minimap=on))
        self.bare.clicked.connect(lambda on: session.change_view(overlays=not on))
        session.view_changed.connect(self._show_view)
        session.result_changed.connect(self._show_legend)
        self._show_view()
        self._show_legend()

    def minimumSizeHint(self) -> QSize:
        """Returns a size that cuts nothing off at the right; what does not fit below is scrolled to."""
        page = self.widget()
        width = 0 if page is None else page.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(width, 40)

    def _lay_out(self) -> None:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(12, 12, 16, 16)
        layout.setSpacing(8)
        layout.addWidget(self.layers)
        checks = QGridLayout()
        checks.setContentsMargins(4, 4, 0, 0)
        checks.setSpacing(8)
        for at, check in enumerate((self.contours, self.names, self.minimap, self.bare)):
            checks.addWidget(check, at // 2, at % 2)
        layout.addLayout(checks)
        layout.addSpacing(8)
        self._heading.setFont(caption_font(self.font()))
        self._empty.setWordWrap(True)
        for widget in (self._heading, self._empty, self.legend):
            layout.addWidget(widget)
        layout.addStretch(1)
        self.setWidget(page)

    def _show_view(self) -> None:
        view = self._session.view
        self.contours.setChecked(view.contours)
        self.contours.setEnabled(view.shows("segments"))
        self.names.setChecked(view.names)
        self.names.setEnabled(view.overlays)
        self.minimap.setChecked(view.minimap)
        self.bare.setChecked(not view.overlays)

    def _show_legend(self) -> None:
        lines = legend_of(self._session.result)
        self._empty.setText(_NO_CLASSES if self._session.result is None else _NO_SEGMENTS)
        self._empty.setVisible(not lines)
        self._heading.setVisible(bool(lines))
        self.legend.setVisible(bool(lines))
        self.legend.set_lines(lines)


def _check(text: str, tip: str) -> QCheckBox:
    check = QCheckBox(text)
    check.setToolTip(tip)
    check.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return check
