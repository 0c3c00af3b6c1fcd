"""The fields of one model of the config, below a heading that folds them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from lpsnet_studio.jobs.config_fields import FieldGroup
from lpsnet_studio.jobs.field_editors import PathChooser
from lpsnet_studio.jobs.field_words import to_do_words
from lpsnet_studio.jobs.form import ConfigForm
from lpsnet_studio.jobs.row_view import FieldRow
from lpsnet_studio.labels import ElidedLabel
from lpsnet_studio.message_line import MessageLine
from lpsnet_studio.theme import Theme, caption_font

__all__ = ["GroupView", "arrange"]


class GroupView(QWidget):
    """A heading with how many of its fields are changed or wrong, and the fields, which are made when first asked for.

    Args:
        form: what is written into.
        group: which fields.
        theme: gives icons and colours.
        choose: asks for paths.

    Attributes:
        heading: folds and unfolds.
        counts: how many fields are wrong, and how many changed.
        rows: by the field's name; empty before :meth:`build`.
    """

    def __init__(self, form: ConfigForm, group: FieldGroup, theme: Theme, choose: PathChooser) -> None:
        super().__init__()
        self._form, self._theme, self._choose, self.group = form, theme, choose, group
        self._is_folded, self._is_wide, self._is_built = False, False, False
        self._found: list[str] | None = None
        self.rows: dict[str, FieldRow] = {}
        self.heading = QToolButton()
        self.heading.setAutoRaise(True)
        self.heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.heading.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.heading.setText(group.title)
        self.heading.setToolTip(f"Fold or unfold {group.title}.")
        font = self.heading.font()
        font.setBold(True)
        self.heading.setFont(font)
        self.heading.clicked.connect(lambda: self.fold(not self._is_folded))
        self.counts = ElidedLabel()
        self.counts.setFont(caption_font(self.font()))
        self.counts.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._caption = QLabel(group.description)
        self._caption.setTextFormat(Qt.TextFormat.PlainText)
        self._caption.setFont(caption_font(self.font()))
        self._caption.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._caption.setWordWrap(True)
        self._caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._fault: MessageLine | None = None
        self._body = QWidget()
        self._inside = QVBoxLayout(self._body)
        self._inside.setContentsMargins(20, 0, 0, 8)
        self._inside.setSpacing(0)
        self._inside.addWidget(self._caption)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        top = QHBoxLayout()
        top.setSpacing(4)
        top.addWidget(self.heading)
        top.addWidget(self.counts, 1)
        layout.addLayout(top)
        layout.addWidget(self._body)
        self.show_state()

    @property
    def is_built(self) -> bool:
        """Whether its rows are there."""
        return self._is_built

    @property
    def is_folded(self) -> bool:
        """Whether the user folded it; a search shows what it finds all the same."""
        return self._is_folded

    def build(self) -> None:
        """Makes the rows if they are not there."""
        if not self._is_built:
            self._is_built = True
            self._body.hide()  # what is hidden is not laid out anew for every row
            self._make_rows()

    def stops(self) -> tuple[QWidget, ...]:
        """Returns where Tab stops, in order."""
        return (self.heading, *(stop for name in self.order for stop in self.rows[name].stops()))

    @property
    def order(self) -> tuple[str, ...]:
        """The fields whose rows are there, from top to bottom: what is sought comes first."""
        names = dict.fromkeys([*(self._found or ()), *(field.name for field in self.group.fields)])
        return tuple(name for name in names if name in self.rows)

    def set_group(self, group: FieldGroup) -> None:
        """Takes other fields; what edits a field that stays goes on."""
        if group == self.group:
            return
        self.group = group
        if self._is_built:
            self._make_rows()

    def show_only(self, names: Iterable[str] | None) -> None:
        """Shows some fields alone, in this order, or all; without one of them the whole group is hidden."""
        self._found = None if names is None else list(names)
        self._show_found()

    def fold(self, on: bool) -> None:
        """Hides or shows the fields."""
        self._is_folded = on
        self._show_found()

    def set_wide(self, wide: bool) -> None:
        """Lays the rows out for much or for little room."""
        self._is_wide = wide
        for row in self.rows.values():
            row.set_wide(wide)

    def settle(self) -> None:
        """Lets the layouts of the rows, and then its own, see at once what has changed in them."""
        for widget in (*self.rows.values(), self._body, self):
            layout = widget.layout()
            if layout is not None:
                layout.activate()

    def show_state(self) -> None:
        """Shows what the form says of the fields."""
        names = [field.name for field in self.group.fields]
        wrong = [name for name in (*names, self.group.name) if name in self._form.faults]
        changed = sum(self._form.is_changed(name) for name in names)
        told = (to_do_words(wrong, self._form.lacking), f"{changed} changed" if changed else "")
        self.counts.setText(" · ".join(part for part in told if part))
        self._tell()
        self._show_fault(self._form.faults.get(self.group.name, ""))
        for row in self.rows.values():
            row.refresh()

    def follow(self, theme: Theme) -> None:
        """Takes icons and colours of a theme."""
        for row in self.rows.values():
            row.follow(theme)
        if self._fault is not None:
            self._fault.follow(theme)

    def _show_fault(self, fault: str) -> None:
        if fault and self._fault is None:
            self._fault = MessageLine("fault", self._theme)
            self._inside.insertWidget(1, self._fault)
        if self._fault is not None:
            self._fault.set_text(fault)

    def _arrange(self) -> None:
        """Puts the rows in their order."""
        before: QWidget = self._caption if self._fault is None else self._fault
        arrange(self._inside, before, [self.rows[name] for name in self.order])

    def _show_found(self) -> None:
        self._arrange()
        found, is_open = self._found, self._found is not None or not self._is_folded
        for name, row in self.rows.items():
            row.setVisible(found is None or name in found)
        self._caption.setVisible(bool(self.group.description) and found is None)
        self._body.setVisible(is_open)
        self.setVisible(found is None or bool(found))
        self.heading.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self._tell()

    def _tell(self) -> None:
        """Tells those who hear the heading what others see of it."""
        fold = "folded" if self._body.isHidden() else "unfolded"
        self.heading.setAccessibleDescription(", ".join(part for part in (fold, self.counts.text()) if part))

    def _make_rows(self) -> None:
        wanted = {field.name: field for field in self.group.fields}
        for name in [name for name, row in self.rows.items() if row.field != wanted.get(name)]:
            row = self.rows.pop(name)
            row.hide()
            self._inside.removeWidget(row)
            row.deleteLater()
        for name, field in wanted.items():
            if name not in self.rows:
                self.rows[name] = FieldRow(self._form, field, self._theme, self._choose, wide=self._is_wide)
        self._show_found()


def arrange(layout: QVBoxLayout, after: QWidget, widgets: Sequence[QWidget]) -> bool:
    """Puts widgets one below the other after one that is there; returns whether they stood otherwise."""
    first = layout.indexOf(after) + 1
    if [layout.indexOf(widget) for widget in widgets] == list(range(first, first + len(widgets))):
        return False
    for place, widget in enumerate(widgets, first):
        layout.removeWidget(widget)
        layout.insertWidget(place, widget)
    return True
