"""Handing contested pixels from one instance to another by scribbling over them."""

from __future__ import annotations

from lpsnet_studio.annotator.editor import Contest, Editor
from lpsnet_studio.annotator.placed_mask import PlacedMask
from lpsnet_studio.annotator.strokes import Point, brush_stroke
from lpsnet_studio.annotator.tools.base import NO_MODIFIERS, MaskShape, Modifiers, PathShape, Preview, Tool

__all__ = ["ScribbleTool"]

_RADIUS = 1.5


class ScribbleTool(Tool):
    """A scribble over another segment proposes what of it the selected one gets; further ones add to that.

    Nothing is handed over before Enter or a double click takes the proposal; Escape leaves it.
    """

    name = "Hand over"

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self._way: list[Point] = []
        self._region = PlacedMask.nothing()
        self._contest: Contest | None = None
        """Who would give these pixels to whom."""
        self._looked = 0
        """How often somebody has asked, or no longer wanted to know, what a scribble reaches."""

    @property
    def hint(self) -> str:
        """What the tool expects next."""
        contest, editor = self._contest, self.editor
        if contest is not None and {contest.giver, contest.receiver} <= editor.document.segments.keys():
            count = self._region.area
            pixels = f"{count:,} pixel{'' if count == 1 else 's'}"
            names = f"{pixels} of {editor.name(contest.giver)} to {editor.name(contest.receiver)}"
            return f"Enter hands {names}; a further scribble adds, Esc leaves them"
        if not editor.selection:
            return "Click the segment that is to get pixels"
        receiver = editor.name(editor.selection[0])
        return f"Scribble over what belongs to {receiver}, and look at it first; Ctrl+click chooses another segment"

    @property
    def preview(self) -> tuple[Preview, ...]:
        """The scribble so far, and what would be handed over."""
        contest = self._contest
        info = None if contest is None else self.editor.document.segments.get(contest.receiver)
        line = (PathShape(tuple(self._way)),) if self._way else ()
        return line if info is None else (*line, MaskShape(self._region, info.category))

    def press(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Begins the scribble, or chooses the segment that gets the pixels."""
        if modifiers.ctrl or not self.editor.selection:
            number = self.editor.number_at(*point)
            self._forget()
            self.editor.select((number,) if number else ())
        else:
            self._way = [point]
        self.changed.emit()

    def move(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Goes on with the scribble."""
        if self._way and point != self._way[-1]:
            self._way.append(point)
            self.changed.emit()

    def release(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Proposes what the scribble reaches."""
        self.move(point)
        way, self._way = self._way, []
        if way:
            self._look(PlacedMask.union(brush_stroke(way, _RADIUS, self.editor.document.size)))
        self.changed.emit()

    def double_click(self, point: Point, modifiers: Modifiers = NO_MODIFIERS) -> None:
        """Takes the proposal."""
        self.accept()

    def key(self, key: str) -> bool:
        """Enter takes the proposal."""
        if key == "enter" and self._contest is not None:
            self.accept()
            return True
        return super().key(key)

    def accept(self) -> None:
        """Hands over what is proposed."""
        contest, region = self._contest, self._region
        self._forget()
        if contest is not None:
            self.editor.hand_over(region, contest.giver, contest.receiver)
        self.changed.emit()

    def cancel(self) -> bool:
        """Forgets the scribble, and what is proposed."""
        had = bool(self._way) or self._contest is not None
        self._way = []
        self._forget()
        self.changed.emit()
        return had

    def _forget(self) -> None:
        self._contest, self._region = None, PlacedMask.nothing()
        self._looked += 1

    def _look(self, scribble: PlacedMask) -> None:
        """Finds out what a scribble reaches; outside the thread where that takes long."""
        editor, before = self.editor, self._contest
        if editor.is_busy():
            return
        contest = editor.contest(scribble)
        if contest is None:
            return
        ids, elsewhere = editor.document.ids, editor.elsewhere
        self._looked += 1
        looked = self._looked

        def take(region: PlacedMask) -> None:
            if self._looked != looked:
                return
            adds = before is not None and (before.giver, before.receiver) == (contest.giver, contest.receiver)
            self._region = PlacedMask.union([self._region, region]) if adds else region
            self._contest = contest
            self.changed.emit()

        if elsewhere.takes(contest.milliseconds(editor.document.size)):
            elsewhere.begin("looking for what is contested", lambda _report: contest.pixels(ids), take)
        else:
            take(contest.pixels(ids))
