"""What can be turned after the network has run, live."""

from __future__ import annotations

from dataclasses import fields

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from lpsnet.structures import InspectionSettings
from lpsnet_studio.inspector.value_slider import ValueSlider
from lpsnet_studio.session import Session
from lpsnet_studio.theme import caption_font, figure_font

__all__ = ["SettingsPanel"]

_CONFLICTS = (
    ("closest", "Closest border-ness"),
    ("highest", "Higher score"),
    ("smallest", "Smaller box"),
)
_NO_TRUTH = "The oracles need ground truth, and this image has none. Open a COCO panoptic data set."
_NO_PICTURE = "The oracles need an image with ground truth."


def _reference(name: str) -> str:
    """Returns where a setting comes from."""
    return str(next(spec.metadata["reference"] for spec in fields(InspectionSettings) if spec.name == name))


class SettingsPanel(QScrollArea):
    """Overlap and score thresholds, conflict strategy, oracles, opacity, and the quality they lead to.

    Args:
        session: what is open.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.overlap = ValueSlider(
            "Overlap threshold",
            "A box is discarded if more than this share of its candidate pixels is held already "
            f"({_reference('overlap_threshold')}).",
        )
        self.score = ValueSlider(
            "Score threshold",
            f"Boxes that score less are not merged ({_reference('score_threshold')}).",
        )
        self.opacity = ValueSlider(
            "Overlay opacity", "How strongly labels and segments cover the photo.", show=lambda value: f"{value:.0%}"
        )
        self.opacity.set_default(session.view.layer("segments").opacity)
        self.conflict = QComboBox()
        self.conflict.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.conflict.setMinimumContentsLength(8)
        self.semantic_oracle = QCheckBox("Semantic oracle")
        self.box_oracle = QCheckBox("Box oracle")
        # A click leaves the focus, and so the keys, where they were; Tab comes here.
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for control in (self.conflict, self.semantic_oracle, self.box_oracle):
            control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._reason, self._quality, self._quality_name = QLabel(), QLabel(), QLabel("Quality of this image")
        self._fill_choices()
        self._lay_out()
        self._connect()
        self._show_settings()
        self._show_truth()
        self._show_quality()

    def minimumSizeHint(self) -> QSize:
        """Returns a size that cuts nothing off at the right; what does not fit below is scrolled to."""
        page = self.widget()
        width = 0 if page is None else page.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(width, 40)

    def _fill_choices(self) -> None:
        for value, text in _CONFLICTS:
            self.conflict.addItem(text, value)
        self.conflict.setAccessibleName("Contested pixels go to")
        self.conflict.setToolTip(
            f"Who gets a pixel that lies in two kept boxes of its class ({_reference('conflict')})."
        )
        self.semantic_oracle.setToolTip(f"Merge on the ground truth's semantic map ({_reference('semantic_oracle')}).")
        self.box_oracle.setToolTip(f"Merge the ground truth's boxes ({_reference('box_oracle')}).")
        for label in (self._reason, self._quality_name):
            label.setFont(caption_font(self.font()))
            label.setWordWrap(True)
        self._quality.setFont(figure_font(self.font()))

    def _lay_out(self) -> None:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(8)
        contested = QLabel("Contested pixels go to")
        contested.setBuddy(self.conflict)
        for widget in (self.overlap, self.score, contested, self.conflict):
            layout.addWidget(widget)
        layout.addSpacing(8)
        for widget in (self.semantic_oracle, self.box_oracle, self._reason):
            layout.addWidget(widget)
        layout.addSpacing(8)
        for widget in (self._quality_name, self._quality):
            layout.addWidget(widget)
        layout.addSpacing(8)
        layout.addWidget(self.opacity)
        layout.addStretch(1)
        self.setWidget(page)

    def _connect(self) -> None:
        session = self._session
        self.overlap.changed.connect(
            lambda value, dragged: session.change_settings(overlap_threshold=value, preview=dragged)
        )
        self.score.changed.connect(
            lambda value, dragged: session.change_settings(score_threshold=value, preview=dragged)
        )
        self.conflict.activated.connect(lambda index: session.change_settings(conflict=self.conflict.itemData(index)))
        self.semantic_oracle.clicked.connect(lambda on: session.change_settings(semantic_oracle=on))
        self.box_oracle.clicked.connect(lambda on: session.change_settings(box_oracle=on))
        self.opacity.changed.connect(
            lambda value, dragged: session.change_layer("segments", goes_on=dragged, opacity=value)
        )
        session.settings_changed.connect(self._show_settings)
        session.view_changed.connect(lambda: self.opacity.set_value(session.view.layer("segments").opacity))
        session.picture_changed.connect(self._show_truth)
        session.result_changed.connect(self._show_quality)

    def _show_settings(self) -> None:
        settings, defaults = self._session.settings, self._session.default_settings
        self.overlap.set_value(settings.overlap_threshold)
        self.overlap.set_default(defaults.overlap_threshold)
        self.score.set_value(settings.score_threshold)
        self.score.set_default(defaults.score_threshold)
        self.opacity.set_value(self._session.view.layer("segments").opacity)
        self.conflict.setCurrentIndex(self.conflict.findData(settings.conflict))
        effective = self._session.effective_settings
        self.semantic_oracle.setChecked(effective.semantic_oracle)
        self.box_oracle.setChecked(effective.box_oracle)

    def _show_truth(self) -> None:
        has_truth = self._session.truth is not None
        for box in (self.semantic_oracle, self.box_oracle):
            box.setEnabled(has_truth)
        self._reason.setText("" if has_truth else _NO_PICTURE if self._session.picture is None else _NO_TRUTH)
        self._reason.setVisible(not has_truth)
        self._show_settings()

    def _show_quality(self) -> None:
        result = self._session.result
        words = "" if result is None else result.quality_words()
        self._quality.setText(words)
        self._quality.setVisible(bool(words))
        self._quality_name.setVisible(bool(words))
