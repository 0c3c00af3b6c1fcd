"""All that is known of one pixel: what the network says there, which boxes cover it, and who owns it; no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from lpsnet.analysis.fates import Fate, fates, fates_of_detections
from lpsnet.borderness import sample_borderness
from lpsnet.categories import Categories
from lpsnet.structures import BordernessMaps, PanopticSegmentation, StepKind
from lpsnet_studio.inference.messages import Probed
from lpsnet_studio.inspector.levels_words import FATE_NAMES, FATE_TIPS
from lpsnet_studio.inspector.probe_tale import ToldLine, marked_words
from lpsnet_studio.state import Result

__all__ = [
    "Bar",
    "BoxesOver",
    "Covering",
    "CoveringBoxes",
    "Reading",
    "class_bars",
    "color_words",
    "level_bars",
    "likeliest_stuff",
    "place_in",
    "probe_text",
    "truth_words",
]

Place = tuple[int, int]
_UNLIKELY = 0.1
"""Where no class is likelier, two digits would tell many of them as one."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A named share of one.

    Attributes:
        name: of what.
        share: 0 … 1.
        color: RGB of a swatch; None for none.
        is_marked: whether it stands out: the class that the pixel is labelled with, the greatest of the levels.
        digits: how many of the share are told behind the point.
    """

    name: str
    share: float
    color: tuple[int, int, int] | None = None
    is_marked: bool = False
    digits: int = 2

    @property
    def figure(self) -> str:
        """The share with its digits; one that is not nothing is not told as such."""
        least = 10.0**-self.digits
        return f"< {least:.{self.digits}f}" if 0 < self.share < least / 2 else f"{self.share:.{self.digits}f}"


@dataclass(frozen=True, slots=True)
class Covering:
    """A box over the pixel.

    Attributes:
        name: class, and owner number if it founded a segment.
        label: class index.
        score: what it was ranked by.
        level: pyramid level 3 … 7; 0 where it has none.
        fate: what became of it.
        reason: the same in a sentence, with the figures that decided.
        owner: its number in the owner map; 0 unless the merge kept it.
        step: index of its step in the merge; -1 if it took none.
        is_owner: whether it owns the pixel.
        box: xyxy in pixels of the result.
        location: x and y of the location that predicted it, likewise.
    """

    name: str
    label: int
    score: float
    level: int
    fate: Fate
    reason: str
    owner: int
    step: int
    is_owner: bool
    box: tuple[float, float, float, float]
    location: tuple[float, float]


class CoveringBoxes:
    """The boxes of a result in the order of their scores, to be asked which of them cover a pixel.

    Under the box oracle, which considers no candidates, they are the boxes that were merged.

    Args:
        result: what was merged.
    """

    def __init__(self, result: Result) -> None:
        self._result = result
        boxes = self._boxes = result.candidates if result.candidates is not None else result.detections
        self._order = np.argsort(-boxes.scores, kind="stable")
        self._x0, self._y0, self._x1, self._y1 = np.ascontiguousarray(boxes.boxes[self._order].T)
        if result.candidates is not None:
            rows = result.candidates.kept()
            self._fates = fates(result.candidates, result.trace)
        else:
            rows = np.arange(len(boxes))
            self._fates = fates_of_detections(len(boxes), result.trace)
        merged = ((index, step) for index, step in enumerate(result.trace.steps) if step.kind is StepKind.DETECTION)
        self._steps = {int(rows[step.detection]): index for index, step in merged}

    def covering(self, column: int, row: int) -> NDArray[np.intp]:
        """Returns which boxes hold a pixel's centre, by descending score.

        Args:
            column: of the pixel, in the result's own size.
            row: likewise.
        """
        x, y = column + 0.5, row + 0.5
        holds = (self._x0 <= x) & (x < self._x1) & (self._y0 <= y) & (y < self._y1)
        found: NDArray[np.intp] = self._order[holds]
        return found

    def count_detections(self, rows: NDArray[np.intp]) -> int:
        """Returns how many of some boxes became detections."""
        return int((self._fates[rows] > Fate.CAP).sum())

    def tell(self, row: int, pixel_owner: int) -> Covering:
        """Returns what there is to tell of a box.

        Args:
            row: which one.
            pixel_owner: who owns the pixel that it covers.
        """
        boxes, step = self._boxes, self._steps.get(row, -1)
        owner = self._result.trace.steps[step].owner if step >= 0 else 0
        label = int(boxes.labels[row])
        name = self._result.categories[label].name
        x0, y0, x1, y1 = boxes.boxes[row].tolist()
        x, y = boxes.location[row].tolist()
        return Covering(
            name=f"{name} #{owner}" if owner else name,
            label=label,
            score=float(boxes.scores[row]),
            level=int(boxes.level[row]),
            fate=Fate(int(self._fates[row])),
            reason=self._reason(row, step),
            owner=owner,
            step=step,
            is_owner=owner != 0 and owner == pixel_owner,
            box=(x0, y0, x1, y1),
            location=(x, y),
        )

    def _reason(self, row: int, step: int) -> str:
        words = FATE_TIPS[Fate(int(self._fates[row]))]
        candidates = self._result.candidates
        if candidates is not None and candidates.suppressed_by[row] >= 0:
            by = int(candidates.suppressed_by[row])
            name = self._result.categories[int(candidates.labels[by])].name
            return f"{words} That is {name} {candidates.scores[by]:.2f}, IoU {candidates.iou[row]:.2f}."
        return f"{words} Step {step + 1:,} of the merge." if step >= 0 else words


class BoxesOver(Sequence[Covering]):
    """The boxes over one pixel by descending score, each told when it is asked for.

    Args:
        boxes: those of the result.
        rows: which of them cover the pixel.
        pixel_owner: who owns it.
    """

    def __init__(self, boxes: CoveringBoxes, rows: NDArray[np.intp], pixel_owner: int) -> None:
        self._boxes, self._rows, self._pixel_owner = boxes, rows, pixel_owner
        self._told: dict[int, Covering] = {}

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Covering: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Covering]: ...

    def __getitem__(self, index: int | slice) -> Covering | Sequence[Covering]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        row = int(self._rows[index])
        if row not in self._told:
            self._told[row] = self._boxes.tell(row, self._pixel_owner)
        return self._told[row]

    @property
    def detections(self) -> int:
        """How many of them became detections."""
        return self._boxes.count_detections(self._rows)


# ------------------------------------------------------------------------------------------------------------ figures


def place_in(result: Result, image_size: tuple[int, int], place: Place) -> Place:
    """Returns where a pixel of the image, column and row, lies in a result, which may be of a reduced size.

    Args:
        result: whose arrays are looked into.
        image_size: ``(H, W)`` of the image.
        place: column and row of the pixel in the image.
    """
    (height, width), (rows, columns) = image_size, result.size
    return place[0] * columns // width, place[1] * rows // height


def class_bars(probed: Probed, categories: Categories, label: int) -> tuple[Bar, ...]:
    """Returns the likeliest classes of a pixel; where all of many are unlikely, with one more digit.

    Args:
        probed: what the network says.
        categories: the classes of its indices.
        label: what the pixel is labelled with in the map that was merged.
    """
    digits = 3 if max(probed.probabilities, default=1.0) < _UNLIKELY else 2
    return tuple(
        Bar(categories[index].name, share, categories[index].color, index == label, digits)
        for index, share in zip(probed.classes, probed.probabilities, strict=True)
    )


def level_bars(probed: Probed | None, maps: BordernessMaps | None, place: tuple[float, float]) -> tuple[Bar, ...]:
    """Returns the border-ness of a pixel level by level: the network's, else that of the maps of the merge.

    Args:
        probed: what the network says; None where that is not known.
        maps: what contested pixels are judged by; None where there is none.
        place: x and y of the pixel's centre in the pixels that the maps' scale speaks of.
    """
    if probed is not None:
        levels, values = probed.levels, probed.borderness
    elif maps is not None:
        x, y = (np.array([value], np.float32) for value in place)
        levels = tuple(entry.level for entry in maps.levels)
        values = tuple(float(sample_borderness(BordernessMaps((e,), maps.scale), x, y)[0]) for e in maps.levels)
    else:
        return ()
    greatest = max(values, default=0.0)
    return tuple(
        Bar(f"P{level}" if level else "Ground truth", value, None, value == greatest and len(values) > 1)
        for level, value in zip(levels, values, strict=True)
    )


def likeliest_stuff(probed: Probed | None, categories: Categories) -> int | None:
    """Returns the stuff class that is likeliest at a pixel; None if it is not among those that are known."""
    if probed is None:
        return None
    return next((label for label in probed.classes if not categories[label].isthing), None)


def truth_words(truth: PanopticSegmentation | None, categories: Categories, place: Place) -> str:
    """Returns what a pixel is in the ground truth; empty where there is none."""
    if truth is None:
        return ""
    identity = int(truth.ids[place[1], place[0]])
    segment = next((segment for segment in truth.segments if segment.id == identity), None)
    if segment is None:
        return "void, which is not judged"
    return f"{categories[segment.label].name}{', a crowd' if segment.iscrowd else ''}"


def color_words(color: Sequence[int]) -> str:
    """Returns a colour as its three channels."""
    return f"RGB {', '.join(str(channel) for channel in color)}"


# --------------------------------------------------------------------------------------------------------------- text


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that is told of a pixel.

    Attributes:
        place: column and row.
        color: RGB.
        owner: who owns it at the end of the merge, in words; why that cannot be told where there is no merge.
        meanwhile: who owns it at the place in the merge that is shown, in words; empty at the end.
        truth: what it is in the ground truth; empty where there is none.
        classes: the likeliest classes; empty where that is not known.
        classes_note: why not.
        levels: border-ness level by level; empty where that is not known.
        levels_note: why not, or whose border-ness it is.
        boxes: what covers it, by descending score.
        boxes_note: how many of them became detections, or why they cannot be told.
        lines: its history.
        change: who owned it before and who owns it, in words; empty if it is the same, or there is nothing before.
    """

    place: Place
    color: tuple[int, int, int]
    owner: str
    meanwhile: str = ""
    truth: str = ""
    classes: tuple[Bar, ...] = ()
    classes_note: str = ""
    levels: tuple[Bar, ...] = ()
    levels_note: str = ""
    boxes: Sequence[Covering] = ()
    boxes_note: str = ""
    lines: tuple[ToldLine, ...] = ()
    change: str = ""


def probe_text(reading: Reading) -> str:
    """Returns everything that is told of a pixel, as plain text."""
    x, y = reading.place
    head = [f"Pixel x {x}, y {y} · {color_words(reading.color)}", f"Owner: {reading.owner}"]
    head += [reading.meanwhile] if reading.meanwhile else []
    head += [f"Changed: {reading.change}"] if reading.change else []
    head += [f"Ground truth: {reading.truth}"] if reading.truth else []
    parts = [
        head,
        ["Classes", *_bar_lines(reading.classes, "the pixel's label"), *_notes(reading.classes_note)],
        ["Border-ness", *_bar_lines(reading.levels, "greatest"), *_notes(reading.levels_note)],
        ["Boxes over it", *_notes(reading.boxes_note), *(_box_line(box) for box in reading.boxes)],
        ["History", *(f"  {marked_words(line)}" for line in reading.lines)],
    ]
    return "\n\n".join("\n".join(part) for part in parts if len(part) > 1) + "\n"


def _bar_lines(bars: Sequence[Bar], mark: str) -> list[str]:
    return [f"  {bar.name} {bar.figure}{f' ({mark})' if bar.is_marked else ''}" for bar in bars]


def _notes(note: str) -> list[str]:
    return [f"  {note}"] if note else []


def _box_line(box: Covering) -> str:
    level = f" · P{box.level}" if box.level else ""
    return f"  {box.name} {box.score:.2f}{level} · {FATE_NAMES[box.fate]}{' · owner' if box.is_owner else ''}"
