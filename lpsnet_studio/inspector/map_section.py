"""The map of a panel that lies over the image: its name, what its numbers say, its scale and its opacity."""

from __future__ import annotations

import math
from collections.abc import Collection

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from lpsnet.maps import HeatMap
from lpsnet_studio.examination import Examination
from lpsnet_studio.inference.vocabulary import Sight, SightKind
from lpsnet_studio.inspector.map_words import (
    COLORMAP_NAMES,
    End,
    choices_of,
    ends_that_fit,
    grid_words,
    legend_words,
    map_title,
    reading_words,
    with_end_at,
)
from lpsnet_studio.inspector.scale_bar import EndBox, ScaleBar, colormap_icon
from lpsnet_studio.inspector.value_slider import ShareSlider
from lpsnet_studio.labels import ElidedLabel
from lpsnet_studio.session import Session
from lpsnet_studio.texts import caption
from lpsnet_studio.theme import Theme
from lpsnet_studio.view_options import LAYERS

__all__ = ["MapSection"]

_SWATCH = QSize(32, 10)
_NONE_SHOWN = "No map lies over the image. Choose one above."
_ANOTHER_SHOWN = "A map of another panel lies over the image: {}."
_HIDDEN = "The layer Heatmap is hidden: choose the map once more to show it."
_BARE = "Every overlay is hidden: turn Bare photo off in Layers."


class MapSection(QWidget):
    """What is to be known and turned of the map over the image, while it is one of certain kinds.

    The owner calls :meth:`refresh` while it is visible; the number under the mouse follows by itself.

    Args:
        session: what is open.
        examination: which map lies over the image.
        theme: gives colours and icons.
        kinds: the kinds of maps of the panel.
    """

    def __init__(self, session: Session, examination: Examination, theme: Theme, kinds: Collection[SightKind]) -> None:
        super().__init__()
        self._session, self._examination, self._kinds, self._theme = session, examination, kinds, theme
        self.title, self.note, self.legend = ElidedLabel(), caption(wraps=True), caption(wraps=True)
        self.reading = ElidedLabel()
        self.bar = ScaleBar(theme)
        self.low = EndBox("Lower end of the colours", "The number that has the first colour; lower ones have it too.")
        self.high = EndBox("Upper end of the colours", "The number that has the last colour; greater ones have it too.")
        self.colors, self.smooth = QComboBox(), QCheckBox("Smooth")
        self.fit, self.reset, self.take_away = QToolButton(), QToolButton(), QToolButton()
        self.opacity = ShareSlider("Opacity", "Opacity of the layer Heatmap.", theme, percent=True)
        self.opacity.set_default(next(layer.opacity for layer in LAYERS if layer.kind == "heat"))
        self._scale_part = QWidget()
        self._describe()
        self._lay_out()
        self._connect()
        # Now that all of it is there: what is shown later must not be cut off.
        self.setMinimumWidth(self._scale_part.minimumSizeHint().width())
        theme.changed.connect(self._show_icons)
        self._show_icons()
        self.refresh()

    # ---------------------------------------------------------------------------------------------------------- making

    def _describe(self) -> None:
        self.title.setAccessibleName("Map over the image")
        self.reading.setAccessibleName("Value under the mouse")
        self.reading.setToolTip("What the map says under the mouse.")
        self.colors.setIconSize(_SWATCH)
        self.colors.setAccessibleName("Colour map")
        self.colors.setToolTip("Colours of the numbers. Cividis looks the same to the colour-blind.")
        self.colors.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.colors.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.colors.setMinimumContentsLength(6)
        self.smooth.setToolTip("Interpolate between cells, as the merge reads them; else every cell is a square.")
        self.smooth.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for button, name, tip in (
            (
                self.fit,
                "Fit the scale",
                "Spread the colours over the numbers that this map has, all but one in a hundred.",
            ),
            (self.reset, "Reset the scale", "Show all that the map can hold, in its own colours."),
            (self.take_away, "Take the map away", "Show the image without this map (Shift+7)."),
        ):
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setFixedSize(22, 22)
            button.setIconSize(QSize(14, 14))
            button.setAccessibleName(name)
            button.setToolTip(tip)

    def _lay_out(self) -> None:
        head, ends, choices = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.title, 1)
        head.setSpacing(2)
        for button in (self.fit, self.reset, self.take_away):
            head.addWidget(button)
        ends.addWidget(self.low)
        ends.addStretch(1)
        ends.addWidget(self.reading)
        ends.addStretch(1)
        ends.addWidget(self.high)
        choices.setSpacing(4)
        choices.addWidget(self.colors, 1)
        choices.addWidget(self.smooth)
        scale = QVBoxLayout(self._scale_part)
        scale.setContentsMargins(0, 0, 0, 0)
        scale.setSpacing(4)
        scale.addWidget(self.bar)
        scale.addLayout(ends)
        scale.addLayout(choices)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(head)
        for widget in (self.note, self._scale_part, self.legend, self.opacity):
            layout.addWidget(widget)

    def _connect(self) -> None:
        session, examination = self._session, self._examination
        self.bar.end_moved.connect(self._move_end)
        self.bar.reset_wanted.connect(examination.reset_scale)
        self.low.valueChanged.connect(lambda value: self._move_end("low", value))
        self.high.valueChanged.connect(lambda value: self._move_end("high", value))
        self.colors.activated.connect(lambda at: examination.change_scale(colors=self.colors.itemData(at)))
        self.smooth.clicked.connect(lambda on: examination.change_scale(smooth=on))
        self.fit.clicked.connect(self._fit)
        self.reset.clicked.connect(examination.reset_scale)
        self.take_away.clicked.connect(lambda: examination.show(None))
        self.opacity.changed.connect(lambda value, held: session.change_layer("heat", goes_on=held, opacity=value))
        session.pointed_changed.connect(lambda: self._show_reading() if self.isVisible() else None)

    def _show_icons(self) -> None:
        for button, icon in ((self.fit, "fit"), (self.reset, "reset"), (self.take_away, "close")):
            button.setIcon(self._theme.icon(icon))

    # --------------------------------------------------------------------------------------------------------- showing

    @property
    def is_in_charge(self) -> bool:
        """Whether the map over the image is one of this panel."""
        return self._examination.shown is not None and self._examination.shown.kind in self._kinds

    def refresh(self) -> None:
        """Shows the map that lies over the image."""
        self.title.setText(self._title())
        note = self._note()
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self.take_away.setVisible(self.is_in_charge)
        heat, sight = self._examination.shown_map, self._examination.shown
        is_shown = self.is_in_charge and heat is not None
        has_scale = is_shown and sight is not None and sight.kind != "next_best"
        self._scale_part.setVisible(is_shown)
        for widget in (self.bar, self.low, self.high, self.colors, self.smooth, self.fit, self.reset):
            widget.setVisible(has_scale)
        self.legend.setVisible(is_shown)
        self.opacity.setVisible(is_shown)
        self.opacity.set_value(self._session.view.layer("heat").opacity)
        if is_shown and heat is not None and sight is not None:
            self.legend.setText(f"{legend_words(sight)} {grid_words(heat)}.")
            if has_scale:
                self._show_scale(sight, heat)
        self._show_reading()

    def _title(self) -> str:
        sight, picture = self._examination.shown, self._session.picture
        if sight is None or picture is None or not self.is_in_charge:
            return "Over the image"
        return map_title(sight, picture.categories)

    def _note(self) -> str:
        """Returns why there is no scale to see, or no map; empty if both are there."""
        sight, picture = self._examination.shown, self._session.picture
        if sight is None or picture is None:
            return _NONE_SHOWN
        if not self.is_in_charge:
            return _ANOTHER_SHOWN.format(map_title(sight, picture.categories))
        if self._examination.shown_map is None:
            problem = self._examination.problem_of(sight)
            return problem or ("The map is on its way …" if self._session.result is not None else _NONE_SHOWN)
        if not self._session.view.overlays:
            return _BARE
        return "" if self._session.view.layer("heat").visible else _HIDDEN

    def _show_scale(self, sight: Sight, heat: HeatMap) -> None:
        scale = self._examination.scale
        self.bar.set_map(heat, scale)
        self.low.show_value(heat, scale.low)
        self.high.show_value(heat, scale.high)
        names = choices_of(heat)
        if [self.colors.itemData(at) for at in range(self.colors.count())] != list(names):
            self.colors.clear()
            for name in names:
                self.colors.addItem(colormap_icon(name, _SWATCH), COLORMAP_NAMES[name], name)
        self.colors.setCurrentIndex(max(self.colors.findData(scale.colors), 0))
        self.smooth.setChecked(scale.smooth)
        self.reset.setEnabled(scale != self._examination.own_scale_of(sight))

    def _show_reading(self) -> None:
        """Shows what the map says under the mouse."""
        sight, heat = self._examination.shown, self._examination.shown_map
        pointed, picture = self._session.pointed, self._session.picture
        if not self.is_in_charge or sight is None or heat is None or pointed is None or picture is None:
            self.bar.set_reading(None)
            self.reading.setText("")
            return
        words = reading_words(sight, heat, picture.categories, pointed.x, pointed.y)
        value = heat.at(pointed.x + 0.5, pointed.y + 0.5)
        self.bar.set_reading(None if math.isnan(value) else value, words)
        is_on_bar = sight.kind != "next_best" and not math.isnan(value)
        self.reading.setText(f"x {pointed.x:,} y {pointed.y:,}" if is_on_bar else words)

    def _fit(self) -> None:
        heat = self._examination.shown_map
        if heat is not None:
            self._examination.change_scale(**ends_that_fit(self._examination.scale, heat))

    def _move_end(self, end: End, value: float) -> None:
        heat = self._examination.shown_map
        if heat is not None and self.is_in_charge:
            self._examination.change_scale(**with_end_at(self._examination.scale, heat, end, value))
