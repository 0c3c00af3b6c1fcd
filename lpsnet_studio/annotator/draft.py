"""An edit in the making: what is painted shows at once, and is one step of undo in the end, or nothing; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lpsnet.structures import Window
from lpsnet_studio.annotator.edits import Edit, SegmentInfo
from lpsnet_studio.annotator.extents import MOST_SEGMENTS, Extent, Numbers, Part
from lpsnet_studio.annotator.patches import TILE, PixelPatch, changed_part, tiles_of
from lpsnet_studio.annotator.settling import settled_extents
from lpsnet_studio.annotator.windows import join_windows

__all__ = ["Draft", "Limits", "Settled", "Sheet", "set_entry"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a draft may paint.

    Attributes:
        only_void: over void pixels alone.
        only_inside: over the pixels of this segment alone; None for any.
    """

    only_void: bool = False
    only_inside: int | None = None


@dataclass(slots=True)
class Sheet:
    """What a document and a draft of it write on.

    Attributes:
        ids: ``[H, W]`` uint16 numbers; 0 is void.
        segments: what is known of every segment.
        extents: area and box of every segment, as of the last finished edit.
        changes: how often any of it began to change.
    """

    ids: Numbers
    segments: dict[int, SegmentInfo]
    extents: dict[int, Extent] = field(default_factory=dict)
    changes: int = 0


@dataclass(frozen=True, slots=True)
class Settled:
    """What the pixels of a draft come to.

    Attributes:
        patch: which of them changed.
        extents: area and box before and after, of every segment where they changed.
    """

    patch: PixelPatch
    extents: Mapping[int, tuple[Extent | None, Extent | None]]


class Draft:
    """One edit while it is made, such as one drag of the brush.

    What it paints is in the document's ids at once, and what it says of segments in its table; areas and boxes follow
    when it is finished. As a context manager it is cancelled at the end unless it was finished.

    Args:
        sheet: what to write on.
        title: what undo will call the edit.
        limits: where it may paint.
        painted: is told which windows changed.
        tabled: is told that the table changed.
        ended: is told that the draft is over, with the edit if there is one.
    """

    def __init__(
        self,
        sheet: Sheet,
        title: str,
        limits: Limits,
        painted: Callable[[tuple[Window, ...]], None],
        tabled: Callable[[], None],
        ended: Callable[[Edit | None], None],
    ) -> None:
        self.title = title
        self.limits = limits
        self._sheet = sheet
        self._painted, self._tabled, self._ended = painted, tabled, ended
        self._tiles: dict[tuple[int, int], Numbers] = {}
        """What the touched tiles were before, by their row and column in the grid."""
        self._infos: dict[int, SegmentInfo | None] = {}
        """What the touched entries of the table were before."""
        self._locked = _locked(sheet.segments)
        self._open = True

    @property
    def is_open(self) -> bool:
        """Whether it was neither finished nor cancelled."""
        return self._open

    def put(self, mask: NDArray[np.bool_], origin: tuple[int, int], number: int) -> int:
        """Paints the pixels under a mask, but those of locked segments and those that the limits exclude.

        Args:
            mask: ``[h, w]``; what lies outside the image is left out.
            origin: row and column of the mask's first pixel in the image.
            number: the segment that gets them; 0 for void. A locked one gets none.

        Returns:
            How many pixels changed.

        Raises:
            ValueError: if the segment does not exist; :meth:`set_info` makes it.
            RuntimeError: if the draft is over.
        """
        self._refuse_when_over()
        if number and number not in self._sheet.segments:
            raise ValueError(f"segment {number} does not exist")
        if number in self._locked:
            return 0
        return self._put(np.asarray(mask, np.bool_), origin, number, self._allowed)

    def put_numbers(self, mask: NDArray[np.bool_], origin: tuple[int, int], numbers: NDArray[np.integer[Any]]) -> int:
        """Paints every pixel under a mask with a number of its own, as :meth:`put` paints them with one.

        Args:
            mask: ``[h, w]``; what lies outside the image is left out.
            origin: row and column of the mask's first pixel in the image.
            numbers: ``[h, w]``; pixels of which it is 0 become void, and those whose segment is locked stay.

        Returns:
            How many pixels changed.

        Raises:
            ValueError: if one of the segments does not exist.
            RuntimeError: if the draft is over.
        """
        self._refuse_when_over()
        mask = np.asarray(mask, np.bool_)
        wanted = _present(numbers, mask)
        for number in wanted:
            if number and number not in self._sheet.segments:
                raise ValueError(f"segment {number} does not exist")
        if held := self._locked.intersection(wanted):
            mask = mask & ~_is_any_of(numbers, held)
        return self._put(mask, origin, numbers.astype(np.uint16, copy=False), self._allowed)

    def set_info(self, number: int, info: SegmentInfo | None) -> None:
        """Changes what is known of a segment, makes it, or takes it away.

        Args:
            number: of the segment, 1 … 65535.
            info: what is known of it from now on; None takes it away, and all its pixels become void.

        Raises:
            ValueError: if there can be no such number.
            RuntimeError: if the draft is over.
        """
        self.set_infos({number: info})

    def set_infos(self, infos: Mapping[int, SegmentInfo | None]) -> None:
        """Does the same for several segments, and tells of it once.

        Raises:
            ValueError: if there can be no such number; nothing is changed then.
            RuntimeError: if the draft is over.
        """
        self._refuse_when_over()
        for number in infos:
            if not 1 <= number <= MOST_SEGMENTS:
                raise ValueError(f"a segment's number is 1 to {MOST_SEGMENTS}, not {number}")
        self._clear([number for number, info in infos.items() if info is None])
        self._sheet.changes += 1
        for number, info in infos.items():
            self._infos.setdefault(number, self._sheet.segments.get(number))
            set_entry(self._sheet.segments, number, info)
        self._locked = _locked(self._sheet.segments)
        self._tabled()

    @property
    def nbytes(self) -> int:
        """Bytes of the tiles that it has touched: what its end has to look at."""
        return sum(tile.nbytes for tile in self._tiles.values())

    def settle(self) -> Settled:
        """Returns what the pixels' part of the edit is; any thread may ask, as long as nothing is painted meanwhile.

        Raises:
            RuntimeError: if the draft is over.
        """
        self._refuse_when_over()
        parts = list(self._parts())
        return Settled(PixelPatch.of_parts(parts), settled_extents(self._sheet.ids, self._sheet.extents, parts))

    def finish(self, selected: tuple[int, ...] = (), settled: Settled | None = None) -> Edit | None:
        """Ends the draft and returns it as an edit; None if nothing changed. Segments without pixels vanish.

        Args:
            selected: numbers of the segments that are selected after it; those that do not exist are left out.
            settled: what :meth:`settle` has found since it was painted last; it is found here if None.

        Raises:
            RuntimeError: if the draft is over.
        """
        self._refuse_when_over()
        sheet, settled = self._sheet, self.settle() if settled is None else settled
        patch, extents = settled.patch, settled.extents
        for number, (_, after) in extents.items():
            set_entry(sheet.extents, number, after)
        for number in {*extents, *self._infos}:
            if number in sheet.segments and number not in sheet.extents:
                self._infos.setdefault(number, sheet.segments[number])
                del sheet.segments[number]
        infos = {number: (before, sheet.segments.get(number)) for number, before in sorted(self._infos.items())}
        infos = {number: pair for number, pair in infos.items() if pair[0] != pair[1]}
        self._close()
        if patch.is_empty and not infos:
            self._ended(None)
            return None
        kept = tuple(number for number in selected if number in sheet.segments)
        edit = Edit(self.title, patch, infos, extents, kept)
        self._ended(edit)
        return edit

    def cancel(self) -> None:
        """Ends the draft and restores the document as it was, bit for bit; nothing if the draft is over."""
        if not self._open:
            return
        windows = [window for window, _, _ in self._parts()]
        self._sheet.changes += 1
        for (row, column), before in self._tiles.items():
            height, width = before.shape
            self._sheet.ids[row : row + height, column : column + width] = before
        for number, info in self._infos.items():
            set_entry(self._sheet.segments, number, info)
        self._close()
        self._ended(None)
        if windows:
            self._painted(join_windows(windows))

    def __enter__(self) -> Draft:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()

    # -------------------------------------------------------------------------------------------------------- painting

    def _put(
        self,
        mask: NDArray[np.bool_],
        origin: tuple[int, int],
        number: int | Numbers,
        allowed: Callable[[Numbers], NDArray[np.bool_] | None],
    ) -> int:
        """Paints pixels and tells which windows changed; returns how many did."""
        count, windows = self._paint(mask, origin, number, allowed)
        if windows:
            self._painted(join_windows(windows))
        return count

    def _paint(
        self,
        mask: NDArray[np.bool_],
        origin: tuple[int, int],
        number: int | Numbers,
        allowed: Callable[[Numbers], NDArray[np.bool_] | None],
    ) -> tuple[int, list[Window]]:
        """Paints tile by tile, keeping what each was before; ``number`` may be one a pixel."""
        ids = self._sheet.ids
        top, left = origin
        y0, x0 = max(top, 0), max(left, 0)
        y1, x1 = min(top + mask.shape[0], ids.shape[0]), min(left + mask.shape[1], ids.shape[1])
        if y0 >= y1 or x0 >= x1:
            return 0, []
        count, windows = 0, []
        for window in tiles_of((y0, x0, y1, x1)):
            a, b, c, d = window
            part = mask[a - top : c - top, b - left : d - left]
            if not part.any():
                continue
            view = ids[a:c, b:d]
            wanted = np.uint16(number) if isinstance(number, int) else number[a - top : c - top, b - left : d - left]
            touched = part & (view != wanted)
            free = allowed(view)
            if free is not None:
                touched &= free
            pixels = int(np.count_nonzero(touched))
            if not pixels:
                continue
            self._keep_tile(a, b)
            change = np.bitwise_xor(view, wanted)
            change *= touched
            self._sheet.changes += 1
            np.bitwise_xor(view, change, out=view)
            count += pixels
            windows.append(window)
        return count, windows

    def _allowed(self, numbers: Numbers) -> NDArray[np.bool_] | None:
        """Returns which pixels may be painted; None if all may."""
        free = None
        if self.limits.only_void:
            free = numbers == 0
        if self.limits.only_inside is not None:
            inside = numbers == self.limits.only_inside
            free = inside if free is None else free & inside
        if self._locked:
            unlocked = ~_is_any_of(numbers, self._locked)
            free = unlocked if free is None else free & unlocked
        return free

    def _keep_tile(self, y: int, x: int) -> None:
        """Keeps what the tile of a pixel was before the draft, once."""
        row, column = y - y % TILE, x - x % TILE
        if (row, column) not in self._tiles:
            self._tiles[row, column] = self._sheet.ids[row : row + TILE, column : column + TILE].copy()

    def _clear(self, numbers: Sequence[int]) -> None:
        """Makes every pixel of some segments void, wherever the draft has painted them, locked or not."""
        if not numbers:
            return
        extents = [self._sheet.extents[number] for number in numbers if number in self._sheet.extents]
        known = {_tile_at(y, x) for extent in extents for y, x, _, _ in tiles_of(_window(extent.box))}
        windows: list[Window] = []
        for row, column in sorted(known | self._tiles.keys()):
            view = self._sheet.ids[row : row + TILE, column : column + TILE]
            windows += self._paint(_is_any_of(view, numbers), (row, column), 0, lambda _: None)[1]
        if windows:
            self._painted(join_windows(windows))

    def _parts(self) -> list[Part]:
        """Returns, for every tile that changed, where in it, and the numbers there before and now."""
        parts = []
        for (row, column), before in sorted(self._tiles.items()):
            window = (row, column, row + before.shape[0], column + before.shape[1])
            part = changed_part((window, before, self._sheet.ids[row : window[2], column : window[3]]))
            if part is not None:
                parts.append(part)
        return parts

    def _close(self) -> None:
        """Forgets what was before: whoever still holds the draft holds no tiles with it."""
        self._open = False
        self._tiles.clear()
        self._infos.clear()

    def _refuse_when_over(self) -> None:
        if not self._open:
            raise RuntimeError(f"the edit {self.title!r} is over")


def set_entry(table: dict[int, Any], number: int, entry: Any | None) -> None:
    """Writes an entry of a table, or takes it away."""
    if entry is None:
        table.pop(number, None)
    else:
        table[number] = entry


def _locked(segments: Mapping[int, SegmentInfo]) -> frozenset[int]:
    return frozenset(number for number, info in segments.items() if info.locked)


def _is_any_of(numbers: NDArray[np.integer[Any]], wanted: Collection[int]) -> NDArray[np.bool_]:
    """Returns where a map holds one of some numbers."""
    if len(wanted) > 8:
        table = np.zeros(MOST_SEGMENTS + 1, np.bool_)
        table[list(wanted)] = True
        return table[numbers]
    found = np.zeros(numbers.shape, np.bool_)
    for number in wanted:
        found |= numbers == number
    return found


def _present(numbers: NDArray[np.integer[Any]], mask: NDArray[np.bool_]) -> list[int]:
    """Returns which numbers occur under a mask; band by band, as counting holds the interpreter's lock."""
    found = np.zeros(MOST_SEGMENTS + 1, np.bool_)
    for top in range(0, len(mask), TILE):
        found[numbers[top : top + TILE][mask[top : top + TILE]]] = True
    return np.flatnonzero(found).tolist()


def _tile_at(y: int, x: int) -> tuple[int, int]:
    return y - y % TILE, x - x % TILE


def _window(box: tuple[int, int, int, int]) -> Window:
    return box[1], box[0], box[3], box[2]
