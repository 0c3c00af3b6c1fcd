"""Border-ness: what the box head predicts, what it should be, and what it does to the order of the boxes."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from lpsnet_studio.examination import Examination
from lpsnet_studio.inference.vocabulary import Sight
from lpsnet_studio.inspector.borderness_model import DIFFERENCES, LEVELS, TARGETS, difference_of
from lpsnet_studio.inspector.map_panel import Foot, MapPanel, ScrolledPage
from lpsnet_studio.inspector.map_section import MapSection
from lpsnet_studio.inspector.map_tiles import MapTile, MapTiles, TileWords
from lpsnet_studio.inspector.map_words import map_title
from lpsnet_studio.inspector.reranking import Reranking
from lpsnet_studio.session import Session
from lpsnet_studio.texts import body, caption
from lpsnet_studio.theme import Theme

__all__ = ["BordernessPanel"]

_KINDS = ("borderness", "target", "difference")
_NO_IMAGE = "Open an image to see its border-ness."
_NO_RESULT = "Maps are here once the image has been inspected."
_NO_TRUTH = "The target needs ground truth, which this image has none of: open one of a data set."
_LEAST_TILES = 120
_WAITS = "Press to compute"
_NETWORK_IDLE = "The network has no part in this result: turn an oracle off to see what it predicts."


class _Tiles(ScrolledPage):
    """Tiles that give way to what comes below them.

    Attributes:
        pressed: the tile that stays in sight.
    """

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self.pressed: MapTile | None = None

    def sizeHint(self) -> QSize:
        """Returns the height of a row of tiles, so that what is below takes what it needs."""
        return QSize(super().sizeHint().width(), _LEAST_TILES)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps the tile that was pressed in sight."""
        super().resizeEvent(event)
        if self.pressed is not None:
            self.ensureWidgetVisible(self.pressed, 0, 4)


class BordernessPanel(MapPanel):
    """Two pages: maps, and the order of the boxes with and without border-ness.

    Args:
        session: what is open.
        examination: what is looked at beyond the result.
        theme: gives colours and icons.
    """

    def __init__(self, session: Session, examination: Examination, theme: Theme) -> None:
        super().__init__(session, examination, theme)
        self.pages, self._stack = QTabBar(), QStackedWidget()
        self.levels, self.targets, self.differences = (MapTiles(count, 3, theme) for count in (6, 3, 3))
        self.of_level = QComboBox()
        self.section = MapSection(session, examination, theme, _KINDS)
        self.reranking = Reranking(session)
        self._hint, self._truth_hint = body(), body()
        self._lay_out()
        self.setFocusProxy(self.pages)
        self.pages.currentChanged.connect(self._turn_page)
        for tiles, sights in (
            (self.levels, lambda: LEVELS),
            (self.targets, lambda: TARGETS),
            (self.differences, self._differences),
        ):
            tiles.pressed.connect(lambda at, tiles=tiles, sights=sights: self._press(tiles.tiles[at], sights()[at]))
        for tiles in (self.levels, self.targets, self.differences):
            tiles.resized.connect(self.refresh_soon)
        self.of_level.activated.connect(lambda _at: self._follow_level())
        session.selection_changed.connect(lambda _owner: self.refresh_soon())

    # ---------------------------------------------------------------------------------------------------------- making

    def _lay_out(self) -> None:
        self.pages.setDrawBase(False)
        self.pages.setExpanding(False)
        self.pages.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.pages.setAccessibleName("Pages of border-ness")
        for name, tip in (
            ("Maps", "Prediction, target and their difference."),
            ("Re-ranking", "What border-ness does to the order of the boxes."),
        ):
            self.pages.setTabToolTip(self.pages.addTab(name), tip)
        self.of_level.setAccessibleName("Prediction of the difference")
        self.of_level.setToolTip("Whose prediction is compared with the target.")
        self.of_level.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.of_level.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for sight in (LEVELS[-1], *LEVELS[:-1]):
            self.of_level.addItem(f"P{sight.level}" if sight.level else "Greatest", sight.level)
        self._stack.addWidget(self._maps_page())
        self._stack.addWidget(self.reranking)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.pages)
        layout.addWidget(self._stack, 1)

    def _maps_page(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(6)
        layout.addWidget(self._hint)
        layout.addWidget(caption("Predicted"))
        layout.addWidget(self.levels)
        layout.addWidget(caption("Target of the ground truth"))
        layout.addWidget(self._truth_hint)
        layout.addWidget(self.targets)
        line = QHBoxLayout()
        line.addWidget(caption("Prediction minus target"), 1)
        line.addWidget(self.of_level)
        layout.addLayout(line)
        layout.addWidget(self.differences)
        layout.addStretch(1)
        self._above = _Tiles(page)
        below = QWidget()
        foot = QVBoxLayout(below)
        foot.setContentsMargins(12, 8, 12, 12)
        foot.addWidget(self.section)
        both = QWidget()
        halves = QVBoxLayout(both)
        halves.setContentsMargins(0, 0, 0, 0)
        halves.setSpacing(0)
        halves.addWidget(self._above, 1)
        halves.addWidget(Foot(below))  # so that the scale is in sight however many tiles are above it
        return both

    # --------------------------------------------------------------------------------------------------------- showing

    def refresh(self) -> None:
        """Shows what is known now; asks for the levels' maps while their page is open, for others once chosen."""
        if self._stack.currentIndex() == 0:
            self._refresh_maps()
        else:
            self.reranking.refresh()

    def let_go(self) -> None:
        """Forgets the detections of a picture that was left too."""
        super().let_go()
        self.reranking.let_go()

    def _refresh_maps(self) -> None:
        if self._session.result is not None:
            for sight in LEVELS:
                self._examination.want(sight)
        hint = self._hint_words()
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        has_truth = self._session.truth is not None
        self._truth_hint.setText(_NO_TRUTH)
        self._truth_hint.setVisible(not has_truth and self._session.picture is not None)
        for tiles, sights in ((self.levels, LEVELS), (self.targets, TARGETS), (self.differences, self._differences())):
            for tile, sight in zip(tiles.tiles, sights, strict=True):
                tile.tell(self._words_of(sight))
            self._show_tiles(tiles.tiles, sights)
        for tile in (*self.targets.tiles, *self.differences.tiles):
            tile.setEnabled(tile.isEnabled() and has_truth)
        self.of_level.setEnabled(has_truth)
        self.section.refresh()

    def _hint_words(self) -> str:
        if self._session.picture is None:
            return _NO_IMAGE
        if self._session.result is None:
            return self._session.obstacle or _NO_RESULT
        problem = self._examination.problem_of(LEVELS[-1])
        is_idle = self._kept is None and not self._session.effective_settings.needs_network
        return _NETWORK_IDLE if problem and is_idle else problem

    def _words_of(self, sight: Sight) -> TileWords:
        picture = self._session.picture
        if sight.kind == "borderness":
            short = f"P{sight.level}" if sight.level else "Greatest"
        else:
            short = sight.target.capitalize()
        name = short if picture is None else map_title(sight, picture.categories)
        state = self._state_of(sight)
        waits = sight.kind != "borderness" and not state and self._session.truth is not None
        state = _WAITS if waits and self._examination.map_of(sight) is None else state
        return TileWords(short, name, state, self._more_of(sight))

    def _differences(self) -> tuple[Sight, ...]:
        level = self.of_level.currentData() or 0
        return tuple(difference_of(sight, level) for sight in DIFFERENCES)

    def _press(self, tile: MapTile, sight: Sight) -> None:
        self._above.pressed = tile
        self.choose(sight)

    def _follow_level(self) -> None:
        """Shows the difference of another level, where one lies over the image."""
        shown = self._examination.shown
        if shown is not None and shown.kind == "difference":
            self._examination.show(difference_of(shown, self.of_level.currentData()))
        self.refresh_soon()

    def _turn_page(self, page: int) -> None:
        self._stack.setCurrentIndex(page)
        self.refresh()
