"""What speaks against a job: looked at while it is written, and shown with what would mend it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPalette, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from lpsnet_studio.background import Background, pass_on
from lpsnet_studio.jobs.preflight import Check, Finding, Level, Report
from lpsnet_studio.jobs.push_button_view import push_button
from lpsnet_studio.jobs.spec import JobSpec
from lpsnet_studio.labels import as_tip
from lpsnet_studio.theme import Theme, caption_font, figure_font

__all__ = ["FindingLine", "Preflight", "PreflightView"]

_CALM_MILLISECONDS = 800
_ICONS: dict[Level, str] = {"error": "discarded", "warning": "warning", "fine": "kept"}
_WORDS: dict[Level, str] = {"error": "Error", "warning": "Warning", "fine": "Fine"}
_ICON_PIXELS = 14
_LINK_MARGIN = 6
"""Pixels between the edge of a link and its words."""
_LONGEST_LINK = 32
"""Characters; of a longer path its end is what tells it from others."""


class Preflight(QObject):
    """Looks ahead at a job a moment after it was last edited; only the newest counts, older looks are ended.

    Args:
        check: makes a look at a job; its ``run`` is called in a thread.
        parent: Qt's owner.

    Attributes:
        changed: emitted when it begins to look, or stops, or has an answer.
        report: what came of the latest look that had an answer; None if there was none.
    """

    changed = Signal()

    def __init__(self, check: Callable[[JobSpec], Check] = Check, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._make = check
        self.report: Report | None = None
        self._seen: JobSpec | None = None
        self._wanted: JobSpec | None = None
        self._check: Check | None = None
        self._background = Background(pass_on, self)
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.setInterval(_CALM_MILLISECONDS)
        self._calm.timeout.connect(self.look_now)

    @property
    def is_looking(self) -> bool:
        """Whether a look is under way or about to be."""
        return self._check is not None or self._calm.isActive()

    @property
    def is_of_now(self) -> bool:
        """Whether :attr:`report` is of the job as it is written now."""
        return self.report is not None and self._wanted is not None and self._seen == self._wanted

    @property
    def is_possible(self) -> bool:
        """Whether there is a job to look at."""
        return self._wanted is not None

    def want(self, spec: JobSpec | None) -> None:
        """Looks at this job soon, unless that was done; None while its form has faults."""
        if spec == self._wanted and (spec is None or self.is_looking or self.is_of_now):
            return
        self._wanted = spec
        self._withdraw()
        if spec is not None and not self.is_of_now:
            self._calm.start()
        self.changed.emit()

    def look_now(self) -> None:
        """Looks at the job as it is written, again if need be."""
        self._withdraw()
        spec = self._wanted
        if spec is None:
            return
        check = self._check = self._make(spec)
        self._background.run(check.run, lambda report: self._take(check, report), ended=lambda: self._end(check))
        self.changed.emit()

    def cancel(self) -> None:
        """Stops looking until the next edit, or until it is asked for."""
        self._withdraw()
        self.changed.emit()

    def forget(self) -> None:
        """Stops looking, and forgets what came of it."""
        self._withdraw()
        self.report = self._seen = None
        self.changed.emit()

    def _withdraw(self) -> None:
        self._calm.stop()
        check, self._check = self._check, None
        if check is not None:
            check.withdraw()

    def _take(self, check: Check, report: Report | None) -> None:
        if check is self._check and report is not None:
            self.report, self._seen = report, check.spec

    def _end(self, check: Check) -> None:
        if check is self._check:
            self._check = None
            self.changed.emit()


class FindingLine(QWidget):
    """One finding: icon and level, what it is about, the sentence, and below it the remedy.

    Args:
        finding: what was found.
        theme: gives icon and colour.
        go: leads to what it is about; None if that is nowhere in the form.

    Attributes:
        link: what it is about, to be pressed; None if it leads nowhere.
    """

    def __init__(self, finding: Finding, theme: Theme, go: Callable[[], None] | None) -> None:
        super().__init__()
        self.finding, self._is_old = finding, False
        self._icon, self._level = QLabel(), QLabel(_WORDS[finding.level])
        self.link = None if go is None else _link(finding.about, go)
        about = self.link or _plain_about(finding.about)
        head = QHBoxLayout()
        head.setSpacing(4)
        for label in (self._icon, self._level):
            label.setFixedHeight(_head_height(self._level))
            head.addWidget(label, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(about, 0 if self.link is not None else 1)
        if self.link is not None:
            head.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        for text, is_remedy in ((finding.sentence, False), (finding.remedy, True)):
            if text:
                layout.addWidget(
                    _indented(_sentence(f"→ {text}" if is_remedy else text, is_dim=finding.level == "fine"))
                )
        told = ". ".join(part for part in (finding.sentence, finding.remedy) if part)
        self.setAccessibleName(f"{_WORDS[finding.level]}, {finding.about}: {told}")
        if self.link is not None:
            self.link.setAccessibleName(f"{_WORDS[finding.level]}: go to {finding.about}")
            self.link.setAccessibleDescription(told)
        self.follow(theme)

    def follow(self, theme: Theme) -> None:
        """Takes icon and colour of a theme."""
        colors = {"error": theme.palette.discarded, "warning": theme.palette.contested, "fine": theme.palette.kept}
        color = theme.palette.dim if self._is_old else colors[self.finding.level]
        self._icon.setPixmap(theme.pixmap(_ICONS[self.finding.level], color, _ICON_PIXELS))
        palette = self._level.palette()
        palette.setColor(QPalette.ColorRole.WindowText, QColor(color))
        self._level.setPalette(palette)

    def set_old(self, old: bool, theme: Theme) -> None:
        """Takes the colour away from what was found of earlier settings, or gives it back."""
        if old != self._is_old:
            self._is_old = old
            self.follow(theme)


class PreflightView(QWidget):
    """Shows what a look found, and the look while it lasts.

    Args:
        preflight: looks.
        theme: gives icons and colours.
        place: returns what leads to what a finding is about; None if that is nowhere in the form.

    Attributes:
        verdict: in a few words.
        again: looks now.
        stop: ends the look.
        lines: the findings that are shown, errors first.
        estimates: what the job will take.
    """

    def __init__(
        self, preflight: Preflight, theme: Theme, place: Callable[[Finding], Callable[[], None] | None]
    ) -> None:
        super().__init__()
        self._preflight, self._theme, self._place = preflight, theme, place
        self.lines: list[FindingLine] = []
        self._shown: Report | None = None
        self._icon, self.verdict, self.estimates = QLabel(), _sentence(""), _sentence("")
        self.again = push_button("Check now", "Look at data, weights, memory and disk as the form stands.")
        self.stop = push_button("Cancel check", "Stop looking until the next edit.")
        self._list = QVBoxLayout()
        self._findings = QWidget()
        self._lay_out()
        self.again.clicked.connect(lambda: preflight.look_now())
        self.stop.clicked.connect(lambda: preflight.cancel())
        preflight.changed.connect(self.show_state)
        theme.changed.connect(self._follow)
        self.show_state()

    def show_state(self) -> None:
        """Shows what is known now."""
        preflight, report = self._preflight, self._preflight.report
        had_keyboard = self.again.hasFocus() or self.stop.hasFocus()
        self.verdict.setText(self._verdict())
        self.again.setVisible(not preflight.is_looking)
        self.again.setEnabled(preflight.is_possible)
        self.stop.setVisible(preflight.is_looking)
        if had_keyboard:
            (self.stop if preflight.is_looking else self.again).setFocus(Qt.FocusReason.OtherFocusReason)
        if report is not self._shown:
            self._show(report)
        is_old = report is not None and not preflight.is_of_now
        self._findings.setEnabled(not is_old)
        for line in self.lines:
            line.set_old(is_old, self._theme)
        self._show_icon()

    def stops(self) -> tuple[QWidget, ...]:
        """Returns where Tab stops, in order."""
        return (self.again, self.stop, *(line.link for line in self.lines if line.link is not None))

    def show_sign_on(self, label: QLabel) -> None:
        """Shows on a label what stands before the verdict, too; nothing where that is nothing."""
        label.setPixmap(QPixmap() if self._icon.isHidden() else self._icon.pixmap())

    def _verdict(self) -> str:
        preflight, report = self._preflight, self._preflight.report
        if preflight.is_looking:
            return "Checking data, weights, memory and disk…"
        if not preflight.is_possible:
            return "Checked as soon as every field is right."
        if report is None:
            return "Not checked yet."
        if not preflight.is_of_now:
            return "Not checked since the last edit."
        return report.verdict

    def _show(self, report: Report | None) -> None:
        self._shown = report
        for line in self.lines:
            line.hide()
            self._list.removeWidget(line)
            line.deleteLater()
        findings = () if report is None else report.findings
        self.lines = [FindingLine(each, self._theme, self._place(each)) for each in findings]
        for line in self.lines:
            self._list.addWidget(line)
        words = () if report is None else report.estimates.words
        self.estimates.setText("\n".join(words))
        self.estimates.setVisible(bool(words))
        self._findings.setVisible(bool(findings or words))

    def _show_icon(self) -> None:
        report, palette = self._preflight.report, self._theme.palette
        signs = {"error": palette.discarded, "warning": palette.contested, "fine": palette.kept}
        if self._preflight.is_looking or report is None or not self._preflight.is_of_now:
            self._icon.hide()
            return
        level: Level = "fine"
        if report.problem or report.of("error"):
            level = "error"
        elif report.of("warning"):
            level = "warning"
        self._icon.setPixmap(self._theme.pixmap(_ICONS[level], signs[level], _ICON_PIXELS))
        self._icon.show()

    def _lay_out(self) -> None:
        self.estimates.setFont(figure_font(self.font()))
        self.verdict.setAccessibleName("Check before the start")
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self.verdict, 1)
        head.addWidget(self.again)
        head.addWidget(self.stop)
        self._list.setSpacing(8)
        self._list.setContentsMargins(0, 0, 0, 0)
        inside = QVBoxLayout(self._findings)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(8)
        inside.addWidget(self.estimates)
        inside.addLayout(self._list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self._findings)

    def _follow(self) -> None:
        self._show_icon()
        for line in self.lines:
            line.follow(self._theme)


def _sentence(text: str, *, is_dim: bool = False) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    if is_dim:
        label.setFont(caption_font(label.font()))
        label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    return label


def _plain_about(about: str) -> QLabel:
    """Returns what a finding is about where that leads nowhere, in the place that a link's words have."""
    label = _sentence(about)
    label.setContentsMargins(_LINK_MARGIN, 2, 0, 0)
    label.setMinimumHeight(_head_height(label))
    return label


def _head_height(widget: QWidget) -> int:
    return widget.fontMetrics().height() + 4


def _indented(label: QLabel) -> QWidget:
    """Returns a label that begins where the words after the icon do."""
    frame = QFrame()
    line = QHBoxLayout(frame)
    line.setContentsMargins(_ICON_PIXELS + 4, 0, 0, 0)
    line.addWidget(label)
    return frame


def _link(about: str, go: Callable[[], None]) -> QPushButton:
    shown = about if len(about) <= _LONGEST_LINK else f"…{about[-_LONGEST_LINK:]}"
    button = QPushButton(shown.replace("&", "&&"))
    button.setFlat(True)
    button.setAutoDefault(False)
    button.setToolTip(as_tip(f"Go to {about}."))
    font = button.font()
    font.setUnderline(True)
    button.setFont(font)
    button.setFixedSize(QFontMetrics(font).horizontalAdvance(shown) + 2 * _LINK_MARGIN, _head_height(button))
    button.clicked.connect(lambda: go())
    return button
