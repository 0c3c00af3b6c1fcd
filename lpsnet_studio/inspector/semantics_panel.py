"""Semantics: the label map, how likely each class is, and how sure the semantic head is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lpsnet.structures import Labels
from lpsnet_studio.background import Background, Task, is_awaited, pass_on
from lpsnet_studio.examination import Examination
from lpsnet_studio.inference.vocabulary import Sight
from lpsnet_studio.inspector.class_table import ClassTable
from lpsnet_studio.inspector.map_panel import MapPanel, ScrolledPage
from lpsnet_studio.inspector.map_pictures import fitted, labels_picture
from lpsnet_studio.inspector.map_section import MapSection
from lpsnet_studio.inspector.map_tiles import MapTiles, TileWords
from lpsnet_studio.inspector.map_words import map_title
from lpsnet_studio.inspector.semantics_model import CERTAINTY, MEANS, class_rows, class_shares, means_of
from lpsnet_studio.session import Session
from lpsnet_studio.state import Result
from lpsnet_studio.texts import caption
from lpsnet_studio.theme import Theme

__all__ = ["SemanticsPanel"]

_KINDS = ("class", "entropy", "margin", "next_best")
_SHORT = {"entropy": "Entropy", "margin": "Margin", "next_best": "Next best"}
_LABELS = TileWords(
    "Labels", "Label map", more="The class of every pixel, as it was merged: the layer Semantic labels."
)
_NO_IMAGE = "Open an image to see how likely each class is."
_NO_RESULT = "Maps and classes are here once the image has been inspected."
_TRUE_LABELS = "Label map and areas are those of the ground truth: the semantic oracle is on."
_WAITS = "Press to compute"


class SemanticsPanel(MapPanel):
    """Tiles of the label map, entropy, margin and next-best class above the classes; below, the map over the image.

    Args:
        session: what is open.
        examination: what is looked at beyond the result.
        theme: gives colours and icons.
    """

    def __init__(self, session: Session, examination: Examination, theme: Theme) -> None:
        super().__init__(session, examination, theme)
        self.tiles = MapTiles(1 + len(CERTAINTY), 4, theme)
        self.classes = ClassTable()
        self.section = MapSection(session, examination, theme, _KINDS)
        self._hint = caption(wraps=True)
        self._pictured: Labels | None = None
        self._counted: Labels | None = None
        self._counting: Task | None = None
        self._shares: NDArray[np.float64] | None = None
        self._background = Background(pass_on, self)
        self._lay_out()
        self.setFocusProxy(self.classes.field)
        self.tiles.pressed.connect(self._press)
        self.tiles.resized.connect(self.refresh_soon)
        self.classes.chosen.connect(self._choose_class)

    def _lay_out(self) -> None:
        self.classes.setMinimumHeight(170)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(self.tiles)
        layout.addWidget(self._hint)
        layout.addWidget(self.classes, 1)
        layout.addWidget(self.section)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(ScrolledPage(page))

    # --------------------------------------------------------------------------------------------------------- showing

    def refresh(self) -> None:
        """Shows what is known now; maps are asked for once they are chosen."""
        hint = self._hint_words()
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self._show_labels()
        for tile, sight in zip(self.tiles.tiles[1:], CERTAINTY, strict=True):
            tile.tell(self._words_of(sight))
        self._show_tiles(self.tiles.tiles[1:], CERTAINTY)
        self._show_classes()
        self.section.refresh()

    def let_go(self) -> None:
        """Forgets the label map of a picture that was left too."""
        super().let_go()
        self._pictured = self._counted = self._shares = None
        if self._counting is not None:
            self._background.withdraw(self._counting)

    def _hint_words(self) -> str:
        result = self._session.result
        if self._session.picture is None:
            return _NO_IMAGE
        if result is None:
            return self._session.obstacle or _NO_RESULT
        not_kept = "" if self._kept is None else self._examination.problem_of(MEANS)
        return " ".join(filter(None, (_TRUE_LABELS if result.settings.semantic_oracle else "", not_kept)))

    def _words_of(self, sight: Sight) -> TileWords:
        picture, short = self._session.picture, _SHORT[sight.kind]
        state = self._state_of(sight)
        if not state and self._session.result is not None and self._examination.map_of(sight) is None:
            state = _WAITS
        return TileWords(short, short if picture is None else map_title(sight, picture.categories), state)

    def _show_labels(self) -> None:
        tile, result, image = self.tiles.tiles[0], self._session.result, self._image_size
        tile.tell(_LABELS)
        tile.setEnabled(result is not None)
        tile.setChecked(self._session.view.shows("labels"))
        if image is not None:
            tile.set_proportion(image[0] / image[1])
        labels, key = None if result is None else result.labels, (image, tile.room())
        if self._drawn.get(tile) != key or self._pictured is not labels:
            self._drawn[tile], self._pictured = key, labels
            no_picture = result is None or image is None
            size = (1, 1) if image is None else fitted(image, tile.room())
            tile.set_picture(None if no_picture else labels_picture(result.labels, result.categories, size))

    def _show_classes(self) -> None:
        picture, result, shown = self._session.picture, self._session.result, self._examination.shown
        labels = None if result is None else result.labels
        if result is not None and result.labels is not self._counted and not is_awaited(self._counting):
            self._count(result)
        self.classes.setEnabled(picture is not None)
        is_counted = labels is not None and labels is self._counted
        shares = self._shares if is_counted else None
        means = means_of(None if labels is None else self._examination.want(MEANS))
        self.classes.set_rows(() if picture is None else class_rows(picture.categories, shares, means))
        self.classes.mark(shown.label if shown is not None and shown.kind == "class" else -1)

    def _count(self, result: Result) -> None:
        """Has the pixels of every class counted, and after that those of labels that came in the meantime."""
        labels, count = result.labels, len(result.categories)
        self._counting = self._background.run(
            lambda: class_shares(labels, count),
            lambda shares: self._take_shares(labels, shares),
            ended=lambda: self._go_on(labels),
        )

    def _take_shares(self, labels: Labels, shares: NDArray[np.float64]) -> None:
        self._counted, self._shares = labels, shares
        self.refresh_soon()

    def _go_on(self, tried: Labels) -> None:
        result = self._session.result
        if result is not None and result.labels is not tried:
            self.refresh_soon()

    # ----------------------------------------------------------------------------------------------------------- hands

    def _press(self, at: int) -> None:
        if at == 0:
            self._session.change_layer("labels", visible=not self._session.view.shows("labels"))
            self.refresh_soon()
        else:
            self.choose(CERTAINTY[at - 1])

    def _choose_class(self, label: int) -> None:
        sight = Sight("class", label=label)
        if sight != self._examination.shown or not self._session.view.layer("heat").visible:
            self.choose(sight)
