"""The place in the merge of the result that is shown, and what is selected and pointed at there; no Qt."""

from __future__ import annotations

from psygnal import Signal

from lpsnet.structures import MergeStep, Owners
from lpsnet_studio.inference.messages import ImageOpened
from lpsnet_studio.playback import Playback
from lpsnet_studio.state import Pointed, Result

__all__ = ["Replay"]


class Replay:
    """The place in the merge of the result that is shown, and what is selected and pointed at there, observable.

    Whoever inherits says which image and which result that is.

    Attributes:
        picture: the current image's pixels and truth; None until they are here.
        result: the latest inspection of the current image; None until it is here.
        selected: owner number of the selected segment; 0 if none.
        pointed: the pixel under the mouse; None if it is elsewhere.
    """

    position_changed = Signal(int, object)
    """The new position and the windows, ``tuple[(y0, x0, y1, x1), ...]``, in which owners may have changed."""
    selection_changed = Signal(int)
    pointed_changed = Signal()
    playing_changed = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._playback = Playback()
        self.picture: ImageOpened | None = None
        self.result: Result | None = None
        self.selected = 0
        self.pointed: Pointed | None = None

    @property
    def position(self) -> int:
        """Place in the merge: 0, where nothing is pasted, … the number of its steps."""
        return self._playback.position

    @property
    def playing(self) -> bool:
        """Whether the merge is being played."""
        return self._playback.playing

    @property
    def owners(self) -> Owners | None:
        """``[H, W]`` owner map at the merge position; it changes in place. None without a result."""
        return self._playback.owners

    @property
    def steps(self) -> tuple[MergeStep, ...]:
        """The steps of the latest merge."""
        return self._playback.steps

    @property
    def current_step(self) -> MergeStep | None:
        """The step done last at the merge position; None at the very beginning."""
        return self._playback.current_step

    def seek(self, position: int) -> None:
        """Moves the merge to a position; one outside it goes to the nearest end."""
        windows = self._playback.seek(position)
        if windows is not None:
            self.position_changed.emit(self.position, windows)
            self._point_again()

    def play(self, on: bool) -> None:
        """Starts or stops playing the merge; a finished one is played from its start."""
        on = on and bool(self.steps)
        if on and self.position == len(self.steps):
            self.seek(0)
        if on != self.playing:
            self._playback.playing = on
            self.playing_changed.emit(on)

    def seek_step_that_took(self, x: int, y: int) -> bool:
        """Goes to the step by which a pixel of the image came to its final owner; False if nobody owns it."""
        place = self._place_in_owners(x, y)
        index = -1 if place is None else self._playback.step_that_took(*place)
        if index >= 0:
            self.seek(index + 1)
        return index >= 0

    def select(self, owner: int) -> None:
        """Selects a segment by its owner number; 0 selects none."""
        if owner != self.selected:
            self.selected = owner
            self.selection_changed.emit(owner)

    def point(self, x: int, y: int) -> None:
        """Takes the pixel under the mouse; one outside the image means none."""
        pointed = None
        if self.picture is not None:
            height, width = self.picture.pixels.shape[:2]
            if 0 <= x < width and 0 <= y < height:
                pointed = Pointed(x, y, self.owner_at(x, y))
        if pointed != self.pointed:
            self.pointed = pointed
            self.pointed_changed.emit()

    def _point_again(self, *, retell: bool = False) -> None:
        """Looks up once more who owns the pixel under the mouse, which may change while the mouse rests.

        Args:
            retell: whether to tell even if the owner number is the same, as after a result with other segments.
        """
        before = self.pointed
        if before is not None:
            self.point(before.x, before.y)
            if retell and self.pointed == before:
                self.pointed_changed.emit()

    def owner_at(self, x: int, y: int) -> int:
        """Returns who owns a pixel of the image at the merge position; 0 is void."""
        place = self._place_in_owners(x, y)
        return 0 if place is None or self.owners is None else int(self.owners[place[1], place[0]])

    def pointed_words(self, *, before: bool = False) -> str:
        """Names who owns the pixel under the mouse; empty if there is none, or no merge.

        What nobody owns is void only at the end of the merge: until then it may still be claimed.

        Args:
            before: whether to name who held a pixel that the current step took from somebody.
        """
        pointed, result, owners = self.pointed, self.result, self.owners
        place = None if pointed is None else self._place_in_owners(pointed.x, pointed.y)
        if result is None or owners is None or place is None:
            return ""
        owner, holder = int(owners[place[1], place[0]]), self._playback.owner_before(*place)
        if before and holder and holder != owner:
            return f"{result.describe(holder)} before this step"
        return result.describe(owner) or ("void" if self.position == len(self.steps) else "not claimed yet")

    def _place_in_owners(self, x: int, y: int) -> tuple[int, int] | None:
        """Returns where a pixel of the image lies in the owner map, which may be of a reduced size."""
        if self.owners is None or self.picture is None:
            return None
        height, width = self.picture.pixels.shape[:2]
        rows, columns = self.owners.shape
        inside = 0 <= x < width and 0 <= y < height
        return (x * columns // width, y * rows // height) if inside else None
