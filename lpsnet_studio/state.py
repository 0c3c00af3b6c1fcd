"""What the session holds, as panels read it: plain values, no Qt."""

from __future__ import annotations

from dataclasses import dataclass

from lpsnet.categories import Categories
from lpsnet.metrics.panoptic_quality import ImageQuality, PanopticQuality
from lpsnet.structures import Detections, InspectionSettings, Labels, MergeStep, MergeTrace, StageResult, StepKind
from lpsnet_studio.inference.messages import ImageSource

__all__ = ["Busy", "Entry", "Pointed", "Problem", "Result", "ViewOptions", "shade_of"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One image of the list.

    Attributes:
        name: shown in the list.
        source: where the image and its truth are.
        size: ``(H, W)``; None until it is known.
        problem: why it cannot be opened, in a sentence; empty if nothing is known against it.
        worth_retrying: whether the problem was met in opening it, so that it may be gone the next time.
    """

    name: str
    source: ImageSource
    size: tuple[int, int] | None = None
    problem: str = ""
    worth_retrying: bool = False


@dataclass(frozen=True, slots=True)
class Busy:
    """What the service is doing for the window.

    Attributes:
        step: in words.
        fraction: 0 … 1; negative if unknown.
    """

    step: str
    fraction: float


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that went wrong, for people.

    Attributes:
        sentence: what happened, naming the file or the cause.
        advice: what to do about it; may be empty.
        details: a traceback or log lines of an unexpected failure; empty for what can be expected of files.
        picture: path of the picture that it is about; empty if it is about none. Nobody needs it once another is open.
    """

    sentence: str
    advice: str = ""
    details: str = ""
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Pointed:
    """The pixel under the mouse.

    Attributes:
        x: column in the image.
        y: row in the image.
        owner: who owns it at the merge position; 0 is void.
    """

    x: int
    y: int
    owner: int


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """What the canvas shows over the photo.

    Attributes:
        labels: whether the semantic map is shown.
        boxes: whether boxes are shown.
        segments: whether segments are shown.
        opacity: of the labels' and segments' colours, 0 … 1.
        motion: whether the box of a step fades in during play.
    """

    labels: bool = False
    boxes: bool = True
    segments: bool = True
    opacity: float = 0.5
    motion: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """The latest inspection of the current image.

    Attributes:
        settings: what it was computed with.
        categories: the classes of its indices.
        size: ``(H, W)`` of its arrays.
        preview: whether that is a reduced size.
        labels: ``[H, W]`` the semantic map that was merged.
        detections: the boxes that were merged.
        trace: the merge.
        quality: against the ground truth; None where there is none.
        stages: which stages ran, and how long each took.
        seconds: from the request's arrival to the reply.
    """

    settings: InspectionSettings
    categories: Categories
    size: tuple[int, int]
    preview: bool
    labels: Labels
    detections: Detections
    trace: MergeTrace
    quality: ImageQuality | None
    stages: tuple[StageResult, ...]
    seconds: float

    def step_of(self, owner: int) -> int:
        """Returns the index of the step that founded an owner number; -1 if none did."""
        if owner == 0:
            return -1
        return next((index for index, step in enumerate(self.trace.steps) if step.owner == owner), -1)

    def identity_of(self, owner: int) -> tuple[StepKind, int, int] | None:
        """Returns what stays the same about a segment while settings change; None if no step founded the owner.

        A thing is known by its detection, stuff by its class: owner numbers move when another box is discarded.
        """
        index = self.step_of(owner)
        if index < 0:
            return None
        step = self.trace.steps[index]
        return step.kind, step.label, step.detection

    def owner_of(self, identity: tuple[StepKind, int, int]) -> int:
        """Returns the owner number of a segment known by :meth:`identity_of`; 0 if it is not in this result."""
        same = (step.owner for step in self.trace.steps if (step.kind, step.label, step.detection) == identity)
        return next(same, 0)

    @property
    def shades(self) -> dict[int, int]:
        """What the shade of every thing follows, by owner number."""
        return {step.owner: shade_of(step) for step in self.trace.steps if step.owner and step.detection >= 0}

    def describe(self, owner: int) -> str:
        """Names an owner as people do: class, owner number for things, and score; empty for void."""
        index = self.step_of(owner)
        if index < 0:
            return ""
        step = self.trace.steps[index]
        category = self.categories[step.label]
        return f"{category.name} #{owner} · {step.score:.2f}" if category.isthing else category.name

    def quality_words(self) -> str:
        """Returns PQ, SQ and RQ of this image in percent; empty without ground truth."""
        if self.quality is None:
            return ""
        mean = PanopticQuality(self.quality.counts, self.categories).all
        if mean.n == 0:
            return "no class to compare"
        return f"PQ {100 * mean.pq:.1f} · SQ {100 * mean.sq:.1f} · RQ {100 * mean.rq:.1f}"


def shade_of(step: MergeStep) -> int:
    """Returns what the shade of a thing follows: its detection, not its owner number.

    Owner numbers are given to kept boxes in their order, so that all later ones move when a threshold discards a box;
    a thing keeps its colour for as long as its box is there.
    """
    return step.detection + 1
