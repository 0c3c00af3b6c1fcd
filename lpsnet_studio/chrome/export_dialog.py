"""The choice of how a view is exported."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from lpsnet_studio.view_export import MOST_PIXELS, SCALES, ExportChoice

__all__ = ["ExportDialog"]

_KINDS = (("PNG, pixels", "png"), ("SVG, text and lines stay sharp", "svg"))
_BACKGROUNDS = (("Dark", "dark"), ("White", "light"), ("None", "clear"))


class ExportDialog(QDialog):
    """Asks what is exported, as which kind of file, at which scale, and with what around it.

    Args:
        parent: the window.
        part: what of the photo is in view, in pixels of the view.
        photo: width and height of the photo.
    """

    def __init__(self, parent: QWidget, part: QRect, photo: tuple[int, int]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export view")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._part, self._photo = (part.width(), part.height()), photo
        self.what = _choices((("The part in view", False), ("The whole image", True)), "What is exported")
        self.kind = _choices(_KINDS, "Which kind of file is written")
        self.scale = _choices(
            tuple((f"{scale}×", scale) for scale in SCALES),
            "Pixels per pixel of the view, or of the whole image; lines and text grow with it",
        )
        self.scale.setCurrentIndex(1)
        self.background = _choices(_BACKGROUNDS, "What lies around the legend")
        self.legend = QCheckBox("Classes, and the scale of the map, below the picture")
        self.legend.setChecked(True)
        self.legend.setToolTip("Write what the colours mean")
        self.size_words = QLabel()
        self.size_words.setWordWrap(True)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        fields = {"What": self.what, "Kind": self.kind, "Scale": self.scale, "Background": self.background}
        for name, choice in fields.items():
            choice.setAccessibleName(name)
            choice.currentIndexChanged.connect(lambda _index: self._show_size())
            form.addRow(name, choice)
        form.addRow("Legend", self.legend)
        form.addRow("Size", self.size_words)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.export = self.buttons.addButton("Export…", QDialogButtonBox.ButtonRole.AcceptRole)
        self.export.setDefault(True)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(16)
        layout.addLayout(form)
        layout.addWidget(self.buttons)
        self._show_size()

    @property
    def choice(self) -> ExportChoice:
        """What is chosen."""
        return ExportChoice(
            whole=self.what.currentData(),
            kind=self.kind.currentData(),
            scale=self.scale.currentData(),
            background=self.background.currentData(),
            legend=self.legend.isChecked(),
        )

    def _show_size(self) -> None:
        choice = self.choice
        width, height = (side * choice.scale for side in (self._photo if choice.whole else self._part))
        is_possible = 0 < width * height <= MOST_PIXELS
        words = f"{width:,} × {height:,} pixels without the legend"
        if width <= 0 or height <= 0:
            words = "The photo is out of view: choose the whole image."
        elif not is_possible:
            words = f"{words}, more than {MOST_PIXELS // 1_000_000} million: choose a smaller scale."
        self.size_words.setText(words)
        self.export.setEnabled(is_possible)


def _choices(choices: tuple[tuple[str, object], ...], tip: str) -> QComboBox:
    box = QComboBox()
    for words, value in choices:
        box.addItem(words, value)
    box.setToolTip(tip)
    return box
