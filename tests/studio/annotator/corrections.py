"""A scripted annotator who corrects predictions towards their ground truth with the editor's own commands and tools.

It acts as a person does who knows the truth: it locks what is right, merges what belongs together, relabels, and draws
coarse outlines of at most fifty points. What a gesture is worth is found by making it; a gesture that does not help is
undone. The second half of the work, which makes every pixel right, has any number of points.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lpsnet.categories import Categories
from lpsnet.formats.coco_panoptic import read_coco_panoptic
from lpsnet.metrics.panoptic_quality import PanopticQuality, QualityCounts, count_quality
from lpsnet.structures import PanopticSegmentation
from lpsnet_studio.annotator.document import Document
from lpsnet_studio.annotator.editor import Editor
from lpsnet_studio.annotator.edits import Edit
from lpsnet_studio.annotator.labels import LabelSet
from lpsnet_studio.annotator.placed_mask import Mask, PlacedMask
from lpsnet_studio.annotator.regions import connected_parts
from lpsnet_studio.annotator.strokes import Point
from lpsnet_studio.annotator.tools.base import Modifiers
from lpsnet_studio.annotator.tools.brush import BrushTool
from lpsnet_studio.annotator.tools.outlines import LassoTool, PolygonTool
from lpsnet_studio.annotator.tools.select import SelectTool

__all__ = ["ACTIONS_PER_SEGMENT", "LEAST_RADIUS", "MOST_POINTS", "Corrected", "Correction", "Figures", "correct_images"]

ACTIONS_PER_SEGMENT = 3
MOST_POINTS = 50
LEAST_RADIUS = 2.0
_BRUSHES = (LEAST_RADIUS, 3.0, 4.5)
_WORTH = 0.004
"""Gain in IoU, summed over the segments of an image, below which a person would not bother."""

Culprit = tuple[str, int]
"""A wrong segment: ``("truth", id)`` or ``("prediction", number)``."""


@dataclass(frozen=True, slots=True, eq=False)
class ToCorrect:
    """An image with its prediction and its truth."""

    name: str
    prediction: PanopticSegmentation
    truth: PanopticSegmentation


@dataclass(frozen=True, slots=True)
class Figures:
    """What the correction of one image took.

    Attributes:
        name: of the photo.
        wrong: how many segments of truth and of prediction were wrong.
        coarse: actions until the coarse correction was done; each is one step of undo.
        fine: further actions until every pixel was right.
    """

    name: str
    wrong: int
    coarse: int
    fine: int


def images_to_correct(shared_data: Path, count: int) -> tuple[Categories, list[ToCorrect]]:
    """Reads the first images of the validation set with their stored predictions."""
    truth = read_coco_panoptic(shared_data / "data" / "coco-mini" / "annotations" / "panoptic_val2017.json")
    stored = read_coco_panoptic(shared_data / "golden" / "panoptic_val2017_pred.json", reference=truth)
    images = [
        ToCorrect(
            record.file_name,
            stored.read_segmentation(stored.by_id[record.image_id]),
            truth.read_segmentation(record),
        )
        for record in truth.records[:count]
    ]
    return truth.categories, images


class Correction:
    """One image under the hands of the scripted annotator."""

    def __init__(self, image: ToCorrect, categories: Categories) -> None:
        self.image, self.categories = image, categories
        self.journal: list[Edit] = []
        document = Document.from_segmentation(image.prediction, categories)
        self.editor = Editor(document, LabelSet.of(categories), journal=self.journal.append)
        self.spent: Counter[Culprit] = Counter()
        self.longest_stroke = 0
        self.thinnest_brush = np.inf
        self.truth_ids = image.truth.ids
        self.categories_of = {s.id: categories[s.label].id for s in image.truth.segments}
        self.areas = {s.id: s.area for s in image.truth.segments}
        self.index = {identity: row for row, identity in enumerate(self.areas, start=1)}
        table = np.zeros(int(self.truth_ids.max()) + 1, np.int32)
        for identity, row in self.index.items():
            table[identity] = row
        self.rows = table[self.truth_ids]
        self.host: dict[int, int] = {}
        """The segment that stands for each true one, by id."""
        self.right, self.wrong = self._judge()

    # ------------------------------------------------------------------------------------------------------- judgement

    @property
    def actions(self) -> int:
        """Edits that were made: steps of undo."""
        return self.editor.history.position

    @property
    def result(self) -> PanopticSegmentation:
        """The segmentation as it is now."""
        return self.editor.document.to_segmentation(self.categories)

    def counts(self) -> QualityCounts:
        """What panoptic quality is made of, as it is now."""
        return count_quality(self.result, self.image.truth, len(self.categories))

    def shared(self) -> tuple[NDArray[np.float64], list[int]]:
        """Returns ``[1 + S, 1 + P]`` pixels shared by truth (row 0: void) and segments, and the segments' numbers."""
        ids = self.editor.document.ids
        numbers = [0, *sorted(self.editor.document.segments)]
        column = np.zeros(int(ids.max()) + 1, np.int32)
        column[numbers] = np.arange(len(numbers))
        pairs = self.rows * np.int32(len(numbers)) + column[ids]
        shared = np.bincount(pairs.reshape(-1), minlength=(len(self.index) + 1) * len(numbers))
        return shared.reshape(len(self.index) + 1, -1).astype(float), numbers

    def ious(self) -> tuple[NDArray[np.float64], list[int]]:
        """Returns ``[S, P]`` IoU of true and held segments, of whatever class, true void left out."""
        shared, numbers = self.shared()
        unions = shared[1:].sum(axis=1)[:, None] + shared[1:, 1:].sum(axis=0)[None] - shared[1:, 1:]
        return shared[1:, 1:] / np.maximum(unions, 1), numbers[1:]

    def score(self) -> float:
        """Returns the sum of the IoUs of the true segments' hosts, less half for every segment that stands for none."""
        ious, numbers = self.ious()
        column = {number: place for place, number in enumerate(numbers)}
        held = [
            ious[self.index[identity] - 1, column[number]] for identity, number in self.host.items() if number in column
        ]
        return float(sum(held)) - 0.5 * len(set(numbers) - set(self.host.values()))

    def _judge(self) -> tuple[list[int], list[Culprit]]:
        """Finds who stands for whom; returns the numbers that are right and the culprits that are not."""
        ious, numbers = self.ious()
        segments = self.editor.document.segments
        truths = list(self.index)
        same = np.array([[self.categories_of[t] == segments[n].category for n in numbers] for t in truths])
        right = [(r, c) for r, c in np.argwhere((ious == 1) & same).tolist()]
        worth = np.where(ious > 0.15, ious + 0.3 * same, 0)
        for row, column in right:
            worth[row, :] = worth[:, column] = 0
            self.host[truths[row]] = numbers[column]
        while worth.size and worth.max() > 0:
            row, column = np.unravel_index(int(np.argmax(worth)), worth.shape)
            self.host[truths[int(row)]] = numbers[int(column)]
            worth[row, :] = worth[:, column] = 0
        fine = {truths[row] for row, _ in right}
        wrong: list[Culprit] = [("truth", identity) for identity in truths if identity not in fine]
        wrong += [("prediction", number) for number in numbers if number not in self.host.values()]
        return [numbers[column] for _, column in right], wrong

    def mistaken(self, identity: int) -> Mask:
        """Returns the pixels of a true segment that its host does not hold."""
        mask: Mask = (self.truth_ids == identity) & (self.editor.document.ids != self.host.get(identity, -1))
        return mask

    # --------------------------------------------------------------------------------------------------------- the hand

    def select(self, numbers: Iterable[int]) -> None:
        """Clicks segments, the second and further ones with Ctrl."""
        tool = SelectTool(self.editor)
        self.editor.select(())
        for place, number in enumerate(numbers):
            y, x = np.argwhere(self.editor.document.ids == number)[0]
            tool.press((float(x) + 0.5, float(y) + 0.5), Modifiers(ctrl=place > 0))

    def aim(self, identity: int) -> None:
        """Selects the host of a true segment, or gets ready to begin it."""
        number = self.host.get(identity)
        if number in self.editor.document.segments:
            self.editor.select((number,))
        else:
            self.editor.new_instance(self.categories_of[identity])

    def gesture(self, identity: int, kind: str, points: Sequence[Point], radius: float = 0.0) -> Edit | None:
        """Draws with one of the tools into the host of a true segment; returns the edit."""
        self.aim(identity)
        before = self.actions
        if kind == "polygon":
            polygon = PolygonTool(self.editor)
            polygon.closing_distance = 0.0
            for point in points:
                polygon.press(point)
            polygon.key("enter")
        elif kind == "lasso":
            lasso = LassoTool(self.editor)
            lasso.press(points[0])
            for point in points[1:]:
                lasso.move(point)
            lasso.release(points[-1])
        else:
            brush = BrushTool(self.editor)
            self.editor.set_options(radius=radius)
            brush.press(points[0])
            for point in points[1:]:
                brush.move(point)
            brush.release(points[-1])
        if self.actions == before:
            return None
        if self.host.get(identity) not in self.editor.document.segments:
            self.host[identity] = self.editor.selection[0]
        return self.journal[-1]

    def limit(self, only_void: bool = False, only_inside: int | None = None) -> None:
        """Sets where painting tools paint."""
        self.editor.set_options(only_void=only_void, only_inside=only_inside)

    # ------------------------------------------------------------------------------------------------ coarse correction

    def correct_coarsely(self) -> None:
        """Corrects with few and coarse gestures, at most three for each wrong segment."""
        if not self.wrong:
            return
        locks = len(self.right) > 0
        if locks:
            self.select(self.right)
            self.editor.set_locked(True)
        self._relabel()
        self._merge()
        allowance = ACTIONS_PER_SEGMENT * len(self.wrong) - 2 * locks
        self._outline_from_the_largest()
        while self.actions < allowance and self._improve():
            pass
        self._drop_leftovers()
        self.limit()
        if locks:
            self.select(self.right)
            self.editor.set_locked(False)

    def _relabel(self) -> None:
        for identity, number in list(self.host.items()):
            category = self.categories_of[identity]
            if self.editor.document.segments[number].category != category:
                self.select([number])
                if self.editor.relabel(category) is not None:
                    self.spent["truth", identity] += 1
                    self.host[identity] = self.editor.selection[0]

    def _merge(self) -> None:
        """Gives every segment that stands for none, if it lies in a true one, to that one's host."""
        shared, numbers = self.shared()
        truths = list(self.index)
        for column, number in enumerate(numbers):
            if number == 0 or number in self.host.values() or number not in self.editor.document.segments:
                continue
            row = int(np.argmax(shared[1:, column]))
            host = self.host.get(truths[row])
            if host in self.right or host not in self.editor.document.segments:
                continue
            before = self.score()
            self.select([host, number])
            self._keep_if_better(self.editor.merge(), before, ("prediction", number))

    def _outline_from_the_largest(self) -> None:
        """Outlines every wrong segment once, the largest first, so that the smaller ones lie on top."""
        identities = [identity for kind, identity in self.wrong if kind == "truth"]
        for identity in sorted(identities, key=lambda identity: -self.areas[identity]):
            self._try_best(identity, self._outlines(identity))

    def _improve(self) -> bool:
        """Makes the gesture that is worth most, of any segment whose actions are not spent; returns whether any was."""
        gains = []
        for kind, identity in self.wrong:
            if kind == "truth" and self.spent[kind, identity] < ACTIONS_PER_SEGMENT:
                gains.append((self.mistaken(identity).sum() / self.areas[identity], identity))
        made = False
        for missing, identity in sorted(gains, reverse=True):
            if missing > 0 and self.spent["truth", identity] < ACTIONS_PER_SEGMENT:
                made |= self._try_best(identity, [*self._outlines(identity), *self._repairs(identity)])
        return made

    def _drop_leftovers(self) -> None:
        for number in sorted(set(self.editor.document.segments) - set(self.host.values())):
            before = self.score()
            self.select([number])
            self._keep_if_better(self.editor.delete("neighbours"), before, ("prediction", number))

    def _keep_if_better(self, edit: Edit | None, before: float, culprit: Culprit) -> bool:
        if edit is None:
            return False
        if self.score() < before + _WORTH:
            self.editor.undo()
            return False
        self.spent[culprit] += 1
        return True

    def _try_best(self, identity: int, gestures: Iterable[Gesture]) -> bool:
        """Makes the best of some gestures if it is worth it."""
        before = self.score()
        best, most = None, before + _WORTH
        hosts = dict(self.host)
        for gesture in gestures:
            if self._make(identity, gesture) is not None:
                if (score := self.score()) > most:
                    best, most = gesture, score
                self.editor.undo()
            self.host = dict(hosts)
        if best is None:
            return False
        self._make(identity, best)
        self.spent["truth", identity] += 1
        self.longest_stroke = max(self.longest_stroke, len(best.points))
        if best.kind == "brush":
            self.thinnest_brush = min(self.thinnest_brush, best.radius)
        return True

    def _make(self, identity: int, gesture: Gesture) -> Edit | None:
        self.limit(gesture.only_void, gesture.only_inside)
        return self.gesture(identity, gesture.kind, gesture.points, gesture.radius)

    def _outlines(self, identity: int) -> Iterator[Gesture]:
        """Yields outlines of a true segment's parts."""
        whole = PlacedMask(self.truth_ids == identity).tight()
        free = self._free()
        for part in connected_parts(whole)[:2]:
            yield from (Gesture("polygon", points) for points in coarse_outlines(part, free))
        closed = closed_over(whole, free)
        yield from (Gesture("polygon", points) for points in coarse_outlines(closed, free))

    def _free(self) -> Mask:
        """Returns where an outline may run as it likes: where the truth is void, and over what is locked."""
        ids = self.editor.document.ids
        locked = [number for number, info in self.editor.document.segments.items() if info.locked]
        free: Mask = (self.truth_ids == 0) | np.isin(ids, locked)
        return free

    def _repairs(self, identity: int) -> Iterator[Gesture]:
        """Yields gestures that repair what a true segment still lacks."""
        ids = self.editor.document.ids
        truth = self.truth_ids == identity
        for part in connected_parts(PlacedMask(self.mistaken(identity)), connectivity=4)[:3]:
            holder = int(np.bincount(part.of(ids)[part.mask]).argmax())
            limits = {"only_void": True} if holder == 0 else {"only_inside": holder}
            near = cv2.dilate(part.whole(ids.shape).view(np.uint8), np.ones((9, 9), np.uint8)).view(np.bool_) & truth
            others = PlacedMask(near | part.whole(ids.shape)).tight()
            free = self._free() | truth
            for region in (part, others):
                for points in coarse_outlines(region, free):
                    yield Gesture("polygon", points)
                    yield Gesture("polygon", points, **limits)
            everything = coarse_outlines(PlacedMask(truth).tight(), free | (ids != holder))
            yield from (Gesture("polygon", points, **limits) for points in everything)
            for radius in _BRUSHES:
                yield Gesture("brush", middle_line(part), radius, **limits)

    # -------------------------------------------------------------------------------------------------- fine correction

    def correct_finely(self) -> None:
        """Makes every pixel right: outlines what is still wrong along its pixels, part by part."""
        self.limit()
        for number in sorted(set(self.editor.document.segments) - set(self.host.values())):
            self.select([number])
            self.editor.delete("neighbours")
        for identity in self.index:
            for part in connected_parts(PlacedMask(self.mistaken(identity)), connectivity=4):
                if self.gesture(identity, "lasso", pixel_outline(part)) is None:
                    raise AssertionError(f"{self.image.name}: segment {identity} could not be painted")


@dataclass(frozen=True, slots=True)
class Gesture:
    """Something that the hand can do with a tool."""

    kind: str
    points: Sequence[Point]
    radius: float = 0.0
    only_void: bool = False
    only_inside: int | None = None


# ------------------------------------------------------------------------------------------------------------- outlines


def coarse_outlines(region: PlacedMask, free: Mask) -> Iterator[list[Point]]:
    """Yields outlines of at most fifty points around a region's largest part, its holes filled.

    Args:
        region: what to outline.
        free: ``[H, W]``, where an outline may run as it likes.
    """
    for outlined in (region, closed_over(region, free)):
        scale = 4
        mask = np.pad(outlined.mask, 1).astype(np.uint8)
        large = cv2.resize(mask, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
        contours, _ = cv2.findContours(large, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        if not contours:
            continue
        contour = max(contours, key=cv2.contourArea)
        low, high = 0.2 * scale, 60.0 * scale
        for _ in range(12):
            middle = (low * high) ** 0.5
            if len(cv2.approxPolyDP(contour, middle, True)) > MOST_POINTS:
                low = middle
            else:
                high = middle
        corners = cv2.approxPolyDP(contour, high, True).reshape(-1, 2)
        if 3 <= len(corners) <= MOST_POINTS:
            top, left = outlined.origin
            yield [(left - 1 + (x + 0.5) / scale, top - 1 + (y + 0.5) / scale) for x, y in corners.tolist()]


def closed_over(region: PlacedMask, free: Mask) -> PlacedMask:
    """Returns a region with the free pixels that make its outline smoother."""
    y0, x0, y1, x1 = region.window
    height, width = free.shape
    window = (max(y0 - 12, 0), max(x0 - 12, 0), min(y1 + 12, height), min(x1 + 12, width))
    mask = region.spread(window)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (21, 21))
    closed = cv2.morphologyEx(mask.view(np.uint8), cv2.MORPH_CLOSE, kernel).view(np.bool_)
    allowed = free[window[0] : window[2], window[1] : window[3]]
    return PlacedMask(mask | (closed & allowed), window[:2]).tight()


def middle_line(region: PlacedMask) -> list[Point]:
    """Returns a way of at most fifty points through the middle of a region, along its longer side."""
    along_rows = region.mask.shape[0] > region.mask.shape[1]
    mask = region.mask if along_rows else region.mask.T
    rows = np.flatnonzero(mask.any(axis=1))
    chosen = rows[np.unique(np.linspace(0, len(rows) - 1, min(MOST_POINTS, len(rows))).astype(int))]
    middles = [(float(np.mean(np.flatnonzero(mask[row]))) + 0.5, float(row) + 0.5) for row in chosen.tolist()]
    top, left = region.origin
    return [(left + (a if along_rows else b), top + (b if along_rows else a)) for a, b in middles]


def pixel_outline(region: PlacedMask) -> list[Point]:
    """Returns an outline along the pixels' sides; ways to holes and parts are gone twice, and so enclose nothing."""
    padded = np.pad(region.mask, 1)
    edges: dict[Point, list[Point]] = {}
    for dy, dx, begin, end in (
        (-1, 0, (0, 0), (1, 0)),
        (0, 1, (1, 0), (1, 1)),
        (1, 0, (1, 1), (0, 1)),
        (0, -1, (0, 1), (0, 0)),
    ):
        rim = padded[1:-1, 1:-1] & ~padded[1 + dy : padded.shape[0] - 1 + dy, 1 + dx : padded.shape[1] - 1 + dx]
        for y, x in np.argwhere(rim).tolist():
            edges.setdefault((x + begin[0], y + begin[1]), []).append((x + end[0], y + end[1]))
    outline: list[Point] = []
    while edges:
        start = here = next(iter(edges))
        loop = [start]
        while True:
            ends = edges[here]
            here = ends.pop()
            if not ends:
                del edges[loop[-1]]
            loop.append(here)
            if here == start:
                break
        outline += [*loop, outline[0]] if outline else loop
    top, left = region.origin
    return [(float(left + x), float(top + y)) for x, y in outline]


@dataclass(frozen=True, slots=True, eq=False)
class Corrected:
    """Several images that were corrected.

    Attributes:
        before: panoptic quality of the predictions, in percent.
        coarse: after at most three coarse gestures for each wrong segment.
        fine: after every pixel was made right.
        figures: what it took, image by image.
        corrections: the images as they are now.
    """

    before: float
    coarse: float
    fine: float
    figures: tuple[Figures, ...]
    corrections: tuple[Correction, ...]

    def table(self) -> str:
        """Returns what it took as a markdown table."""
        lines = ["| image | wrong segments | actions | further actions to PQ 100 |", "|---|---|---|---|"]
        lines += [f"| {row.name} | {row.wrong} | {row.coarse} | {row.fine} |" for row in self.figures]
        totals = (sum(getattr(row, column) for row in self.figures) for column in ("wrong", "coarse", "fine"))
        lines.append("| all | " + " | ".join(map(str, totals)) + " |")
        return "\n".join([*lines, "", f"PQ {self.before:.1f} → {self.coarse:.1f} → {self.fine:.1f}"])


def correct_images(shared_data: Path, count: int) -> Corrected:
    """Corrects the first images of the validation set."""
    categories, images = images_to_correct(shared_data, count)
    corrections = tuple(Correction(image, categories) for image in images)
    before = pooled(corrections, categories)
    for correction in corrections:
        correction.correct_coarsely()
    coarse = pooled(corrections, categories)
    actions = [correction.actions for correction in corrections]
    for correction in corrections:
        correction.correct_finely()
    figures = tuple(
        Figures(correction.image.name, len(correction.wrong), done, correction.actions - done)
        for correction, done in zip(corrections, actions, strict=True)
    )
    return Corrected(before, coarse, pooled(corrections, categories), figures, corrections)


def pooled(corrections: Sequence[Correction], categories: Categories) -> float:
    """Returns the panoptic quality of several images together, in percent."""
    counts = sum((correction.counts() for correction in corrections), QualityCounts.zeros(len(categories)))
    return 100 * PanopticQuality(counts, categories).all.pq


if __name__ == "__main__":
    sys.stdout.write(correct_images(Path(sys.argv[1]), 10).table() + "\n")
