"""The panel Levels: the boxes of P3 … P7 before and after each place where boxes are dropped.

While it is in sight, its boxes lie on the canvas, and a click there does two things: it selects the segment under the
mouse, as always, and then picks the smallest drawn box that holds the point; clicks on the same place go through all of
them. Hovering keeps its meaning. A segment that is selected elsewhere brings its own box. Out of sight the panel
computes nothing, draws nothing, and clicks select segments alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHeaderView,
    QScrollArea,
    QSizePolicy,
    QStackedLayout,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from lpsnet.analysis.fates import CandidateFacts, Fate
from lpsnet_studio.background import Background, Task, is_awaited, pass_on
from lpsnet_studio.canvas.candidate_scene import CandidateScene, MarkedBox
from lpsnet_studio.examination import Examination
from lpsnet_studio.inspector.levels_bars import FateBars
from lpsnet_studio.inspector.levels_choices import LevelsChoices
from lpsnet_studio.inspector.levels_facts import CandidateFactsView
from lpsnet_studio.inspector.levels_legend import LevelsLegend
from lpsnet_studio.inspector.levels_model import (
    ALL_LEVELS,
    GROUPS,
    LEVELS,
    Choice,
    Identity,
    Picker,
    Survey,
    Trail,
    scene_of,
    stretch_of,
)
from lpsnet_studio.inspector.levels_pictures import level_pictures
from lpsnet_studio.inspector.levels_tables import BoxesModel, CountsModel
from lpsnet_studio.inspector.levels_tiles import LevelTiles
from lpsnet_studio.inspector.levels_words import FATE_NAMES, drawn_words, level_name, pixels, title_of
from lpsnet_studio.session import Session
from lpsnet_studio.tables.sorted_table import SortedTable
from lpsnet_studio.texts import caption, empty_state
from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["LevelsPanel"]

_REST_MILLISECONDS = 30
_BOXES, _COUNTS = range(2)
_NO_ROWS: NDArray[np.intp] = np.zeros(0, np.intp)
_NO_PICTURE = "Open an image to see the boxes that its levels propose."
_NO_RESULT = "The boxes of the levels come with the result of this image. F5 asks for it again."
_ORACLE = (
    "The box oracle is on: the boxes are those of the ground truth, and no level proposed them. "
    "Turn it off in the panel Settings to see the levels."
)
_ORACLE_KEPT = (
    "This saved inspection holds the boxes of the ground truth, and no level proposed them. "
    "Open the image itself with the network to see the levels."
)
_NO_CANDIDATE = "No level proposed a box in this image. A lower class threshold in the panel Settings lets more in."
_LEAST_LIST = 132
_SWATCH_ROOM = 12
_COUNTS_ROW = 20
_TABLE_FRAME = 6
_TIGHTER = 4
"""What the columns of the counts give to the names beside them."""
_LEAST_FOR_ALL = 340
"""Width of the panel from which the counts of all levels have a column of their own."""


class LevelsPanel(QWidget):
    """Small pictures of the levels, what is drawn of their boxes, the boxes, and what became of all of them.

    Args:
        session: what is open.
        examination: takes what the canvas shows, and answers what the network says of a pixel.
        theme: gives the colours.
    """

    def __init__(self, session: Session, examination: Examination, theme: Theme) -> None:
        super().__init__()
        self._session, self._examination = session, examination
        self._background = Background(pass_on, self)
        self._survey: Survey | None = None
        self._surveying: Task | None = None
        self._drawing: Task | None = None
        self._draws_again = False
        self._image = ""
        self._drawn = _NO_ROWS
        self._scene: CandidateScene | None = None
        self._selected: Identity | None = None
        self._facts: CandidateFacts | None = None
        self._owner_before: object = None
        self._picker, self._trail = Picker(), Trail()
        self._back = QShortcut(QKeySequence(Qt.Key.Key_Backspace), self)
        self._back.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MILLISECONDS)
        self._rest.timeout.connect(self._refresh)
        self.tiles, self.choices, self.legend = LevelTiles(theme), LevelsChoices(), LevelsLegend(theme)
        self.words, self.empty = caption(wraps=True), empty_state()
        self.pages, self.bars, self.facts = QTabBar(), FateBars(theme), CandidateFactsView()
        self.boxes, self.counts = BoxesModel(), CountsModel()
        self.list, self.table = (
            SortedTable(self.boxes, "Boxes drawn", "Best score first"),
            SortedTable(self.counts, "Counts by level", "Order of the pipeline"),
        )
        self._lay_out()
        self._listen()

    # ----------------------------------------------------------------------------------------------------- composition

    def _lay_out(self) -> None:
        self.words.setFont(figure_font(self.words.font()))
        self.pages.setDocumentMode(True)
        self.pages.setDrawBase(False)
        self.pages.setExpanding(False)
        for title in ("Boxes", "Counts"):
            self.pages.addTab(title)
        self.pages.setAccessibleName("Boxes or counts")
        self._below = QStackedWidget()
        self._below.addWidget(self._boxes_page())
        self._below.addWidget(self._counts_page())
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        for widget in (self.tiles, self.choices, self.words, self.legend, self.pages):
            layout.addWidget(widget)
        layout.addWidget(self._below, 1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(page)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._scroll)
        self.setMinimumWidth(280)

    def _boxes_page(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self.list.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.list.fit_columns({2: "0.00"})
        for column, widest in ((0, "P3"), (3, FATE_NAMES[Fate.THRESHOLD])):
            self.list.setColumnWidth(column, self.list.width_of(column, widest) + _SWATCH_ROOM)
        self.list.setMinimumHeight(_LEAST_LIST)
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.facts)
        return page

    def _counts_page(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self.table.setFont(figure_font(caption_font(self.font())))
        self.table.horizontalHeader().setFont(caption_font(self.font()))
        self.table.horizontalHeader().setMinimumSectionSize(24)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, self.counts.columnCount()):
            self.table.setColumnWidth(column, self.table.width_of(column, "9.9k") - _TIGHTER)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.verticalHeader().setDefaultSectionSize(_COUNTS_ROW)
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout.addWidget(caption("Above the class threshold, by what became of them", wraps=True))
        layout.addWidget(self.bars)
        layout.addWidget(self.table)
        layout.addStretch(1)
        return page

    def _listen(self) -> None:
        session, examination = self._session, self._examination
        for signal in (session.result_changed, session.picture_changed, session.model_changed):
            signal.connect(self._follow)
        session.selection_changed.connect(self._follow_segment)
        examination.candidates.clicked.connect(self._pick_at)
        examination.probed_changed.connect(self._show_facts)
        self.tiles.chosen.connect(self.choices.set_level)
        self.tiles.resized.connect(self._draw_pictures)
        self.choices.changed.connect(self._show_boxes)
        self.choices.pictures_changed.connect(self._draw_pictures)
        self.pages.currentChanged.connect(self._below.setCurrentIndex)
        self.list.current_row_changed.connect(lambda row: self._select(self.boxes.candidate(row)))
        self.table.activated.connect(lambda index: self._show_fate(index.row()))
        self.table.doubleClicked.connect(lambda index: self._show_fate(index.row()))
        self.facts.wants_suppressor.connect(self._go_to_suppressor)
        self.facts.wants_back.connect(self._go_back)
        self._back.activated.connect(self._go_back)
        self.facts.wants_step.connect(self._go_to_step)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leaves out the column of all levels where it would squeeze the names: the pictures tell that number too."""
        super().resizeEvent(event)
        self.table.setColumnHidden(len(LEVELS) + 1, self.width() < _LEAST_FOR_ALL)

    def minimumSizeHint(self) -> QSize:
        """Returns the least width at which nothing is cut off; what does not fit below is scrolled to."""
        return QSize(280, 80)

    # ---------------------------------------------------------------------------------------------------------- survey

    def showEvent(self, event: QShowEvent) -> None:
        """Shows what is there by now."""
        super().showEvent(event)
        self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Takes its boxes off the canvas."""
        super().hideEvent(event)
        self._rest.stop()
        self._examination.candidates.show(None)

    def _follow(self) -> None:
        """Looks at a new result once those who are in a hurry have had theirs."""
        if self.isVisible():
            self._rest.start()
        else:
            self._forget_survey()

    def _forget_survey(self) -> None:
        self._survey, self._scene, self._facts = None, None, None
        self.boxes.set_rows(None, _NO_ROWS)

    def _refresh(self) -> None:
        if not self.isVisible():
            return
        result, picture, reason = self._session.result, self._session.picture, self._reason()
        if reason or result is None or picture is None:
            self._forget_survey()
            self.empty.setText(reason)
            self._stack.setCurrentIndex(0)
            self._examination.candidates.show(None)
        elif self._survey is not None and self._survey.result is result:
            self._show_survey()
        elif not is_awaited(self._surveying):
            image = picture.image
            self._surveying = self._background.run(
                lambda: Survey(result),
                lambda survey: self._take_survey(survey, image),
                ended=lambda: self._follow() if self._session.result is not result else None,
            )

    def _reason(self) -> str:
        """Returns why there is no box to show, and what to do; empty if there are some."""
        result, picture = self._session.result, self._session.picture
        if picture is None:
            return _NO_PICTURE
        if result is None:
            return self._session.obstacle or _NO_RESULT
        if result.candidates is None:
            return _ORACLE if picture.kept is None else _ORACLE_KEPT
        return "" if len(result.candidates) else _NO_CANDIDATE

    def _take_survey(self, survey: Survey, image: str) -> None:
        picture = self._session.picture
        # During a drag it is a result behind, which is better than none; that of another image is not.
        if picture is not None and picture.image == image and not self._reason():
            if image != self._image:
                self._image, self._selected = image, None
                self._trail.forget()
                self.tiles.set_pictures({})
            self._survey = survey
            if self.isVisible():
                self._show_survey()

    def _show_survey(self) -> None:
        survey, picture = self._survey, self._session.picture
        if survey is None or picture is None:
            return
        self._stack.setCurrentIndex(1)
        self.tiles.set_shape((picture.pixels.shape[0], picture.pixels.shape[1]))
        self.bars.set_levels(survey.levels)
        self.counts.set_levels(survey.levels)
        # All of it: a page that scrolls holds no table that scrolls once more.
        lines = self.counts.rowCount() * _COUNTS_ROW
        self.table.setFixedHeight(lines + self.table.horizontalHeader().sizeHint().height() + _TABLE_FRAME)
        self.choices.heat.setEnabled(survey.result.borderness is not None)
        self._show_boxes()

    # ----------------------------------------------------------------------------------------------------------- boxes

    def _show_boxes(self) -> None:
        """Draws and lists what is chosen."""
        survey, picture, choice = self._survey, self._session.picture, self.choices.choice
        if survey is None or picture is None or not self.isVisible():
            return
        there = survey.rows(choice)
        self._drawn = there[: choice.most or None]
        self._scene = scene_of(survey, self._drawn, choice.coloring, picture.pixels.shape[:2])
        self.words.setText(drawn_words(choice, len(self._drawn), survey))
        self.legend.set_coloring(choice.coloring, survey.best_score)
        self.boxes.set_rows(survey, self._drawn)
        self._number_tiles(survey, choice)
        self._draw_pictures()
        self._show_selected()

    def _number_tiles(self, survey: Survey, choice: Choice) -> None:
        wanted = list(choice.fates)
        numbers = {counts.level: int(counts.counts[wanted].sum()) for counts in survey.levels}
        numbers[ALL_LEVELS] = sum(numbers.values())
        words = next(group.words for group in GROUPS if group.name == choice.group)
        tips = {level: f"{words}: {numbers[level]:,}" for level in (*LEVELS, ALL_LEVELS)}
        for counts in survey.levels:
            tips[counts.level] += f"\n{counts.locations:,} locations, {len(counts):,} boxes considered"
        self.tiles.set_words({level: f"{number:,}" for level, number in numbers.items()}, tips)

    def _draw_pictures(self) -> None:
        """Has the small pictures drawn in the background, once at a time; the newest wish is drawn after that."""
        survey, picture = self._survey, self._session.picture
        if survey is None or picture is None or not self.isVisible():
            return
        self._draws_again = is_awaited(self._drawing)
        if self._draws_again:
            return
        photo, choice, size = picture.pixels, self.choices.choice, self.tiles.picture_size
        shown = self.choices.pictures
        self._drawing = self._background.run(
            lambda: level_pictures(photo, survey, choice, shown, size),
            self.tiles.set_pictures,
            ended=lambda: self._draw_pictures() if self._draws_again else None,
        )

    def _show_fate(self, row: int) -> None:
        """Draws the boxes that a line of the counts counts."""
        fate = self.counts.fate(row)
        name = next((group.name for group in GROUPS if fate is not None and group.fates == {fate}), "")
        if name:
            self.choices.show_group(name)

    # --------------------------------------------------------------------------------------------------------- one box

    def _pick_at(self, x: int, y: int) -> None:
        """Selects the box that a click on the canvas means."""
        survey, picture = self._survey, self._session.picture
        if survey is None or picture is None or not self._session.view.shows("candidates"):
            return
        across, down = stretch_of(survey.result, (picture.pixels.shape[0], picture.pixels.shape[1])).tolist()
        row = self._picker.pick(survey, self._drawn, (int(x / across), int(y / down)))
        if row >= 0:
            self.pages.setCurrentIndex(_BOXES)
            self._select(row)
            # Once the facts have taken the height of their new text.
            QTimer.singleShot(0, self, lambda: self._scroll.ensureWidgetVisible(self.facts, 0, 0))

    def _follow_segment(self, owner: int) -> None:
        """Selects the box of a segment that was selected; not once more when only its number has changed."""
        survey, result = self._survey, self._session.result
        identity = None if result is None else result.identity_of(owner)
        is_news, self._owner_before = identity != self._owner_before, identity
        if is_news and identity is not None and survey is not None and survey.result is result and self.isVisible():
            row = survey.row_of_owner(owner)
            if row >= 0:
                self._select(row)

    def _select(self, row: int) -> None:
        if self._survey is not None and row >= 0:
            identity = self._survey.identity_of(row)
            if identity != self._selected:
                self._selected = identity
                self._show_selected()

    def _show_selected(self) -> None:
        """Shows the selected box in the list, in words and on the canvas."""
        survey = self._survey
        if survey is None:
            return
        row = -1 if self._selected is None else survey.row_of(self._selected)
        self._facts = survey.facts(row) if row >= 0 else None
        self.list.mark_row(self.boxes.row_of(row) if row >= 0 else -1)
        self._show_facts()
        self._show_scene()

    def _show_facts(self) -> None:
        survey, facts, picture = self._survey, self._facts, self._session.picture
        if survey is None or picture is None or not self.isVisible():
            return
        if facts is None:
            self.facts.show_nothing()
            self._show_way_back(survey)
            return
        height, width = picture.pixels.shape[:2]
        across, down = stretch_of(survey.result, (height, width)).tolist()
        x, y = int(facts.location[0] * across), int(facts.location[1] * down)
        place = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
        self.facts.show_facts(survey, facts, self._examination.want_pixel(place))
        self._show_way_back(survey)

    def _show_way_back(self, survey: Survey) -> None:
        row = self._trail.row(survey)
        leads_on = row >= 0 and (self._facts is None or row != self._facts.row)
        self._back.setEnabled(leads_on)
        self.facts.show_way_back(title_of(survey, survey.facts(row)) if leads_on else "")

    def _show_scene(self) -> None:
        survey, picture = self._survey, self._session.picture
        if survey is not None and picture is not None and self._scene is not None and self.isVisible():
            marked = self._marked(survey, picture.pixels.shape[:2])
            self._examination.candidates.show(replace(self._scene, marked=marked))

    def _marked(self, survey: Survey, size: tuple[int, int]) -> tuple[MarkedBox, ...]:
        """Returns the selected box with its arrows, above the one that suppressed it."""
        facts = self._facts
        if facts is None:
            return ()
        stretch = stretch_of(survey.result, size)
        across, down = stretch.tolist()

        def on_photo(row: int) -> tuple[float, float, float, float]:
            x0, y0, x1, y1 = (survey.candidates.boxes[row] * np.tile(stretch, 2)).tolist()
            return x0, y0, x1, y1

        left, top, right, bottom = facts.distances
        lengths = (f"l {pixels(left)}", f"t {pixels(top)}", f"r {pixels(right)}", f"b {pixels(bottom)}")
        location = facts.location[0] * across, facts.location[1] * down
        selected = MarkedBox(on_photo(facts.row), title_of(survey, facts), location=location, lengths=lengths)
        if facts.suppressor < 0:
            return (selected,)
        level = level_name(int(survey.candidates.level[facts.suppressor]))
        words = f"suppressor {survey.candidates.scores[facts.suppressor]:.2f} · {level} · IoU {facts.iou:.2f}"
        return MarkedBox(on_photo(facts.suppressor), words, dashed=True), selected

    def _go_to_suppressor(self) -> None:
        facts, survey = self._facts, self._survey
        if survey is not None and facts is not None and facts.fate is Fate.NMS:
            had_focus = self.facts.to_suppressor.hasFocus()
            self._trail.leave(survey.identity_of(facts.row))
            self._select(facts.suppressor)
            if had_focus:  # which went with the button
                self.facts.back.setFocus()

    def _go_back(self) -> None:
        """Selects the box again from which the user went to the one that suppressed it."""
        if self._survey is not None:
            had_focus = self.facts.back.hasFocus()
            self._select(self._trail.back(self._survey))
            if had_focus:
                self.facts.to_suppressor.setFocus()

    def _go_to_step(self) -> None:
        if self._facts is not None and self._facts.step >= 0:
            self._session.play(False)
            self._session.seek(self._facts.step + 1)
