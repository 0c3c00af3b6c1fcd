"""What the checks found of the image on the desk, and what of it must be looked at again after edits; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Collection

from lpsnet.structures import Window
from lpsnet_studio.annotator.checks import CheckOptions, CheckReport, Finding, Snapshot, check
from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.edits import Edit

__all__ = ["Checking"]

_MOST_CHANGES = 200
"""From which on it is quicker to look at everything."""


class Checking:
    """The findings of one image, looked at again where it changed.

    Attributes:
        report: what was found last; None if nothing was looked at yet.
        is_stale: whether the image, its classes or the size of specks changed since.
    """

    def __init__(self) -> None:
        self.begin_anew()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found last."""
        return () if self.report is None else self.report.findings

    def begin_anew(self) -> None:
        """Forgets everything: there is another image, or it is looked at in another way."""
        self.report: CheckReport | None = None
        self._base: CheckReport | None = None
        self._changes: list[tuple[Collection[Window], Collection[int]]] = []
        self.is_stale = True

    def look_at_everything(self) -> None:
        """Has everything looked at again; what was found is told until then."""
        self._base = None
        self._changes.clear()
        self.is_stale = True

    def note(self, edit: Edit) -> None:
        """Notes that an edit was made or taken back."""
        self._changes.append((edit.patch.windows, edit.segments.keys()))
        if len(self._changes) > _MOST_CHANGES:
            self.look_at_everything()
        self.is_stale = True

    def work(self, editor: Editor) -> Callable[[Callable[[], bool]], CheckReport | None]:
        """Returns what looks at the image as it is now, meant for a worker.

        It reads the document itself, of which a copy would be megabytes for the window's thread to make. None comes of
        it if it was cancelled, or if anything began to change meanwhile. A report is to be given to :meth:`take`
        together with :attr:`noted`, as it is now.
        """
        document = editor.document
        snapshot, changes = Snapshot.of(document, editor.labels), document.changes
        options, base = CheckOptions(editor.options.speck_pixels), self._base
        changed = [window for windows, _ in self._changes for window in windows]
        relabelled = {number for _, numbers in self._changes for number in numbers}

        def look(cancelled: Callable[[], bool]) -> CheckReport | None:
            def is_in_vain() -> bool:
                return cancelled() or document.changes != changes

            try:
                report = check(
                    snapshot, options, earlier=base, changed=changed, relabelled=relabelled, cancelled=is_in_vain
                )
            except (LookupError, ValueError):
                if not is_in_vain():  # else the pixels were of two states
                    raise
                return None
            return None if is_in_vain() else report

        return look

    @property
    def noted(self) -> int:
        """How many edits the next look takes in."""
        return len(self._changes)

    def take(self, report: CheckReport, noted: int) -> None:
        """Takes what was found, with the number of edits that were noted when the look began."""
        self.report = self._base = report
        del self._changes[:noted]
        self.is_stale = bool(self._changes)
