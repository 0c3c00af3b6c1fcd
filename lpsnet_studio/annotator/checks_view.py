"""The panel Checks: what may be amiss of the image on the desk, where it is, and what can be done about it at once."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QIcon, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSpinBox, QStackedLayout, QVBoxLayout, QWidget

from lpsnet_studio.annotator.checking import Checking
from lpsnet_studio.annotator.checks import CheckReport, Finding, FindingKind
from lpsnet_studio.annotator.desk import Desk
from lpsnet_studio.annotator.document_overlay import segment_color
from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.editor_follower import EditorFollower, Wire
from lpsnet_studio.annotator.errand import Errand
from lpsnet_studio.annotator.finding_fixes import Fix, concerned, fill_void, fix_of, make_fix
from lpsnet_studio.annotator.findings_tree import FindingsModel, FindingsTree
from lpsnet_studio.annotator.place_words import read_only_words, why_empty
from lpsnet_studio.hairline import hairline
from lpsnet_studio.labels import ElidedLabel, as_tip
from lpsnet_studio.tables.sorted_table import swatch_icon
from lpsnet_studio.texts import as_caption, empty_state
from lpsnet_studio.theme import Theme

__all__ = ["ChecksPanel"]

_REST_MILLISECONDS = 300
_SPECK_RANGE = (2, 10_000)
_NOTHING_FOUND = (
    "Nothing found.\nLooked for: unlabelled pixels, classes of stuff with several segments, things in parts, holes "
    "and specks."
)
_NO_FIX = Fix("Fix", "Do what can be done about what is chosen.", "Choose what was found first.")


class ChecksPanel(QWidget):
    """What the checks find of the image on the desk, looked at again as soon as edits have come to rest.

    Nothing is looked at while the panel is hidden.

    Args:
        desk: what is annotated.
        theme: gives the icons.

    Attributes:
        centre_wanted: the half-open box ``(x0, y0, x1, y1)`` in image coordinates that is to be brought into view.
        tree: what was found.
        speck: how few pixels make a speck.
        fix: does what can be done about what is chosen.
        fix_all: does it about all of the same kind.
        foot: how much was found, and whether it is being looked for.
    """

    centre_wanted = Signal(object)

    def __init__(self, desk: Desk, theme: Theme) -> None:
        super().__init__()
        self._desk, self._theme = desk, theme
        self._checking = Checking()
        self._editor: Editor | None = None
        self._shown: Editor | None = None
        """Whose findings are listed: for a moment still those of the image before."""
        self._goes_to_next = False
        self._swatches: dict[tuple[int, int, int], QIcon] = {}
        self.tree = FindingsTree(FindingsModel(self._icon_of))
        self.speck = self._made_speck()
        self.fix, self.fix_all = self._made_button(), self._made_button()
        self.foot = as_caption(ElidedLabel())
        self._empty = empty_state()
        self._lay_out()
        self._look, self._filling = Errand(desk, self), Errand(desk, self)
        self._due = QTimer(self)
        self._due.setSingleShot(True)
        self._due.setInterval(_REST_MILLISECONDS)
        self._due.timeout.connect(self.look_now)
        self._look.changed.connect(self._show_state)
        self._look.withdrawn.connect(self._look_soon)
        self._filling.changed.connect(self._show_state)
        self.tree.chosen.connect(self._go_to_chosen)
        self.speck.valueChanged.connect(self._set_speck)
        self.fix.clicked.connect(lambda: self._fix(all_of_kind=False))
        self.fix_all.clicked.connect(lambda: self._fix(all_of_kind=True))
        theme.changed.connect(self._repaint_icons)
        self._follower = EditorFollower(desk, self._wires, self._follow_place)

    # ------------------------------------------------------------------------------------------------------- building

    def _made_speck(self) -> QSpinBox:
        box = QSpinBox()
        box.setRange(*_SPECK_RANGE)
        box.setSuffix(" px")
        box.setKeyboardTracking(False)
        box.setAccessibleName("Parts with fewer pixels are specks")
        box.setToolTip("Parts with fewer pixels than this are specks.")
        return box

    def _made_button(self) -> QPushButton:
        button = QPushButton()
        button.setAutoDefault(False)
        return button

    def _lay_out(self) -> None:
        listed = QWidget()
        inner, foot, buttons, size = QVBoxLayout(listed), QVBoxLayout(), QHBoxLayout(), QHBoxLayout()
        self._found = QStackedLayout()
        self._nothing = empty_state(_NOTHING_FOUND)
        self._nothing.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # for the keyboard, once there is no list any more
        self._found.addWidget(self.tree)
        self._found.addWidget(self._nothing)
        words = QLabel("Specks below")
        words.setBuddy(self.speck)
        for widget in (self.fix, self.fix_all):
            buttons.addWidget(widget, 1)
        size.addWidget(self.foot, 1)
        size.addWidget(as_caption(words))
        size.addWidget(self.speck)
        for row in (buttons, size):
            row.setSpacing(8)
            foot.addLayout(row)
        foot.setContentsMargins(8, 6, 8, 6)
        foot.setSpacing(6)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        inner.addLayout(self._found, 1)
        inner.addWidget(hairline())
        inner.addLayout(foot)
        self.setMinimumSize(180, 120)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(listed)

    def _icon_of(self, finding: Finding) -> QIcon:
        editor = self._shown
        info = None if editor is None else editor.document.segments.get(finding.number)
        if editor is None or info is None:
            return self._void_icon()
        color = segment_color(editor.labels, info.category, finding.number)
        if color not in self._swatches:
            self._swatches[color] = swatch_icon(color)
        return self._swatches[color]

    def _void_icon(self) -> QIcon:
        """Returns the icon of void, which can also be seen in a marked row."""
        colors = self._theme.palette
        icon = QIcon(self._theme.pixmap("void", colors.dim, 14))
        icon.addPixmap(self._theme.pixmap("void", colors.on_accent, 14), QIcon.Mode.Selected)
        return icon

    def _repaint_icons(self) -> None:
        self._swatches.clear()
        self.tree.viewport().update()

    # -------------------------------------------------------------------------------------------------------- looking

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, as it is listed."""
        return self._checking.findings

    def _wires(self, editor: Editor) -> tuple[Wire, ...]:
        return (
            (editor.document.changed, self._note),
            (editor.labels_changed, self._look_at_everything),
            (editor.options_changed, self._follow_options),
        )

    def _follow_place(self) -> None:
        if self._desk.editor is not self._editor:
            self._editor = self._desk.editor
            self._look.cancel()
            self._filling.cancel()
            self._checking.begin_anew()
            self._goes_to_next = False
            self._show_speck()
            QTimer.singleShot(0, self, self.look_now)  # let it be shown first
        if self._editor is None:
            self._desk.show_in_turn(self._show_place)
        else:
            self._show_place()

    def _show_place(self) -> None:
        if self._shown is not self._editor:
            self._shown = self._editor
            self.tree.show_findings(())
        self._show_state()

    def _note(self, edit: object) -> None:
        self._checking.note(edit)  # type: ignore[arg-type]
        self._look_soon()

    def _look_at_everything(self) -> None:
        self._checking.look_at_everything()
        self._look_soon()

    def _follow_options(self) -> None:
        editor = self._editor
        if editor is not None and editor.options.speck_pixels != self.speck.value():
            self._show_speck()
            self._look_at_everything()

    def _show_speck(self) -> None:
        if self._editor is not None:
            self.speck.blockSignals(True)
            self.speck.setValue(self._editor.options.speck_pixels)
            self.speck.blockSignals(False)

    def _set_speck(self, pixels: int) -> None:
        if self._editor is not None:
            self._editor.set_options(speck_pixels=pixels)
            self._look_at_everything()

    def _look_soon(self) -> None:
        """Gives up what is being looked at, and looks once edits have come to rest."""
        self._look.cancel()
        self._due.start()
        self._show_state()

    def look_now(self) -> None:
        """Looks at what changed since the last look, if the panel is shown or somebody wants to go to what it finds."""
        self._due.stop()
        editor = self._editor
        is_wanted = self.isVisible() or self._goes_to_next
        if editor is None or not self._checking.is_stale or not is_wanted:
            return
        if editor.document.is_drafting:
            self._due.start()
            return
        checking, noted = self._checking, self._checking.noted
        look = checking.work(editor)
        self._look.begin(
            lambda hold: look(hold.cancelled),
            lambda report: self._take(report, noted),
            lambda sentence: self._show_state(),
        )

    def _take(self, report: CheckReport | None, noted: int) -> None:
        if report is None:  # something changed meanwhile; of an edit that is given up, nobody else tells
            self._due.start()
            return
        self._checking.take(report, noted)
        self.tree.show_findings(self.findings)
        if self._goes_to_next:
            self.find_next()

    def showEvent(self, event: QShowEvent) -> None:
        """Looks at what changed while it was hidden."""
        super().showEvent(event)
        self.look_now()

    def hideEvent(self, event: QHideEvent) -> None:
        """Gives up looking."""
        super().hideEvent(event)
        self._look.cancel()

    # ---------------------------------------------------------------------------------------------------------- state

    def _show_state(self) -> None:
        editor = self._editor
        if editor is not self._shown:
            return
        self._empty.setText(why_empty(self._desk))
        self._stack.setCurrentIndex(0 if editor is None else 1)
        if editor is None:
            return
        is_looking = self._look.is_under_way or self._due.isActive()
        count = len(self.findings)
        self._show_list(bool(count) or self._checking.report is None)
        self.foot.setText("Looking…" if is_looking else f"{count:,} found" if count else "Nothing found")
        self._show_fixes(editor)

    def _show_list(self, on: bool) -> None:
        """Shows what was found, or that nothing was; the keyboard stays there and does not go to the field below."""
        has_keyboard = self.tree.hasFocus() or self._nothing.hasFocus()
        shown = self.tree if on else self._nothing
        if self._found.currentWidget() is not shown:
            self._found.setCurrentWidget(shown)
            if has_keyboard:
                shown.setFocus()

    def _show_fixes(self, editor: Editor) -> None:
        found = self.tree.found
        if found and not self._is_current(editor, found):
            found = ()
        all_found = self._all_of_kind(found[0].kind) if found else ()
        one = _NO_FIX if not found or self.tree.is_on_kind else fix_of(editor, found, all_of_kind=False)
        every = _NO_FIX if not found else fix_of(editor, all_found, all_of_kind=True)
        self.fix.setVisible(not found or not self.tree.is_on_kind)
        self.fix_all.setVisible(bool(found) and (self.tree.is_on_kind or (len(all_found) > 1 and not every.why_not)))
        for button, fix in ((self.fix, one), (self.fix_all, every)):
            why_not = read_only_words(self._desk) or fix.why_not
            if self._filling.is_under_way:
                why_not = "The nearest segments are being looked for."
            button.setText(fix.text)
            button.setAccessibleName(fix.text)
            button.setEnabled(not why_not and self._desk.can_edit)
            button.setToolTip(as_tip(why_not or fix.tip))

    def _is_current(self, editor: Editor, found: tuple[Finding, ...]) -> bool:
        """Whether the segments of what was found are there still: edits are ahead of the look at them."""
        return all(number in editor.document.segments for finding in found for number in concerned(finding))

    def _all_of_kind(self, kind: FindingKind) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.kind is kind)

    # ---------------------------------------------------------------------------------------------------------- deeds

    def _go_to_chosen(self) -> None:
        self._show_state()
        editor = self._editor
        if editor is None or self.tree.is_on_kind or not self.tree.found:
            return
        (finding,) = self.tree.found
        editor.select(concerned(finding))
        self.centre_wanted.emit(finding.box)

    def find_next(self) -> bool:
        """Goes to the next finding, after the last one to the first.

        It looks first if nothing was looked at yet, or nothing was found before the edits that were made since.

        Returns:
            Whether there is one, or may be once everything was looked at.
        """
        if self._editor is None:
            return False
        if self._checking.report is None or (self._checking.is_stale and not self.findings):
            self._goes_to_next = True
            if not self._look.is_under_way:
                self.look_now()
            return True
        self._goes_to_next = False
        count = len(self.findings)
        if count:
            self.tree.choose((self.tree.place + 1) % count)
        return count > 0

    def _fix(self, *, all_of_kind: bool) -> None:
        # A button that is off or gone afterwards would pass the keyboard on to the field below.
        self._found.currentWidget().setFocus()
        editor, found = self._editor, self.tree.found
        if editor is None or not found or not self._desk.can_edit:
            return
        if all_of_kind:
            found = self._all_of_kind(found[0].kind)
        if found[0].kind is not FindingKind.UNLABELLED:
            make_fix(editor, found)
            return
        propose = fill_void(editor, found, all_of_kind=all_of_kind)
        self._filling.begin(
            lambda _hold: propose(),
            editor.fill_from_nearest,
            lambda sentence: editor.refuse(sentence),
            title="finding the nearest segments",
        )
