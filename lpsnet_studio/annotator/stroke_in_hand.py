"""One drag of a painting tool, from the press to the edit, and why it has painted nothing; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import numpy as np

from lpsnet_studio.annotator.draft import Draft, Limits, Settled
from lpsnet_studio.annotator.edits import Edit
from lpsnet_studio.annotator.placed_mask import PlacedMask

if TYPE_CHECKING:
    from lpsnet_studio.annotator.editor_core import EditorCore

__all__ = ["Stroke"]

_MILLISECONDS_PER_BYTE = 2e-6
"""What the end of a stroke takes, by the bytes of what it has touched: about 4 ns a pixel."""


class Stroke:
    """One drag of a painting tool: shows at once, and is one step of undo in the end.

    While something is computed that the document has to wait for, such as the end of the stroke before, what is drawn
    is kept and painted right after that.

    Args:
        editor: whose stroke it is.
        begin: begins its edit, and returns it with the number that gains the pixels, 0 for void; None if refused.
        givers: numbers of the segments that alone lose pixels; any if there are none.

    Attributes:
        number: of the segment that gains the pixels; 0 for void, and while it waits.
    """

    def __init__(
        self, editor: EditorCore, begin: Callable[[], tuple[Draft, int] | None], givers: Collection[int] = ()
    ) -> None:
        self._editor, self._begin, self._givers = editor, begin, frozenset(givers)
        self._draft: Draft | None = None
        self.number = 0
        self._kept: list[PlacedMask] = []
        self._is_over = self._is_let_go = False
        self._has_painted = False
        self._met: set[int] = set()
        """Numbers of the pixels that it went over, until one was painted."""

    @property
    def is_open(self) -> bool:
        """Whether it was neither finished nor cancelled."""
        return not (self._is_over or self._is_let_go)

    @property
    def waits(self) -> bool:
        """Whether it is painted later, as something is computed."""
        return self._draft is None and not self._is_over

    def start(self) -> None:
        """Paints from now on, what was kept first."""
        if self._is_over:
            return
        begun = self._begin()
        if begun is None:
            self._close()
            return
        self._draft, self.number = begun
        kept, self._kept = self._kept, []
        for region in kept:
            self._paint(self._draft, region)
        if self._is_let_go:
            self._finish(self._draft)

    def put(self, region: PlacedMask) -> int:
        """Paints some pixels and returns how many changed; none yet while it waits."""
        if self.waits:
            self._kept.append(region)
            self._editor.elsewhere.catch_up()
            return 0
        return 0 if self._draft is None else self._paint(self._draft, region)

    def finish(self) -> Edit | None:
        """Ends the stroke and returns its edit; None if nothing changed, or if that comes later."""
        self._is_let_go = True
        if self._editor.stroke is self:
            self._editor.stroke = None
        if self.waits:
            self._editor.elsewhere.catch_up()
            return None
        return None if self._draft is None else self._finish(self._draft)

    def cancel(self) -> None:
        """Ends the stroke as if it had never been."""
        self._close()
        if self._draft is not None:
            self._draft.cancel()

    def _paint(self, draft: Draft, region: PlacedMask) -> int:
        held = region.of(self._editor.document.ids)
        if not self._has_painted:
            self._met.update(np.flatnonzero(np.bincount(held[region.mask])).tolist())
        mask = region.mask & np.isin(held, list(self._givers)) if self._givers else region.mask
        changed = draft.put(mask, region.origin, self.number)
        self._has_painted |= changed > 0
        return changed

    def _finish(self, draft: Draft) -> Edit | None:
        editor = self._editor
        if not editor.elsewhere.takes(_MILLISECONDS_PER_BYTE * draft.nbytes):
            return self._end(draft, None, selects=True)
        if self.number:
            editor.select((self.number,))
        editor.elsewhere.begin(
            "finishing the stroke",
            lambda _report: draft.settle(),
            lambda settled: self._end(draft, settled, selects=False),
            finish_now=lambda: self._end(draft, None, selects=False),
        )
        return None

    def _end(self, draft: Draft, settled: Settled | None, *, selects: bool) -> Edit | None:
        editor = self._editor
        selected = (self.number,) if self.number else editor.selection
        self._close()
        edit = editor.take(draft.finish(selected, settled), selects=selects)
        if edit is None:
            editor.refuse(_why_nothing(editor, self.number, draft.limits, self._met, self._givers))
        return edit

    def _close(self) -> None:
        self._is_over = True
        if self._editor.stroke is self:
            self._editor.stroke = None


def _why_nothing(editor: EditorCore, number: int, limits: Limits, met: set[int], givers: Collection[int]) -> str:
    """Returns a sentence that says why a stroke has changed nothing."""
    nothing = f"Nothing was {'painted' if number else 'erased'}:"
    inside, others = limits.only_inside, met - {number}
    segments = editor.document.segments
    if not met:
        return f"{nothing} no pixel of the image lies there."
    if inside is not None and inside == number:
        is_one = editor.is_stuff(segments[number].category) if number in segments else False
        way_out = "I lets it be painted anywhere" if is_one else "N begins another"
        return f"{nothing} it is only painted inside {editor.name(inside)}, which has these pixels; {way_out}."
    if not others:
        return f"{nothing} {f'{editor.name(number)} has' if number in segments else 'void has'} these pixels already."
    if givers and not others & set(givers):
        return f"{nothing} the selected segments alone lose pixels, and none of them lies there."
    if inside is not None and inside not in others:
        return f"{nothing} it is only painted inside {editor.name(inside)} (I lets it be painted anywhere)."
    if limits.only_void and 0 not in others:
        return f"{nothing} it is only painted over void (X lets it be painted over segments)."
    locked = sorted(others & editor.locked())
    if locked:
        more = f" and {len(locked) - 1} more are" if len(locked) > 1 else " is"
        return f"{nothing} {editor.name(locked[0])}{more} locked (Y unlocks)."
    return f"{nothing} nothing there can be."
