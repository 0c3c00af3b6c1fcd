"""What the session holds, as panels read it: plain values, no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from lpsnet.categories import Categories
from lpsnet.metrics.panoptic_quality import ImageQuality, PanopticQuality
from lpsnet.structures import (
    BordernessMaps,
    Candidates,
    Detections,
    InspectionSettings,
    Labels,
    MergeStep,
    MergeTrace,
    StageResult,
    StepKind,
)
from lpsnet_studio.inference.messages import ImageSource
from lpsnet_studio.tally import ClassTally

__all__ = [
    "REVIEW_WORDS",
    "UNREVIEWED",
    "Busy",
    "Entry",
    "Measured",
    "NetworkChoice",
    "Pointed",
    "Problem",
    "Result",
    "Review",
    "settings_possible",
    "shade_of",
]

Review = Literal["", "todo", "in_progress", "done", "approved", "outside"]
"""How far an image has come in the annotation project that is open; ``outside`` if the project does not have it, and
empty if no project is open."""

REVIEW_WORDS: Mapping[Review, str] = {
    "todo": "To do",
    "in_progress": "In progress",
    "done": "Done",
    "approved": "Approved",
    "outside": "Not in the project",
}
"""The same for people, in the order in which images come along."""

UNREVIEWED: frozenset[Review] = frozenset({"todo", "in_progress"})
"""What still is to be annotated."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The quality of one image's result.

    Attributes:
        pq: panoptic quality, 0 … 1.
        settings: what the result was computed with.
        network: :attr:`ModelCard.identity` of the network; empty if none had a part in it.
        tally: what the PQ was made of, to be pooled with other images'; None if that is not known.
        origin: the evaluation that found it, for people; empty if it was measured here. What is not known of it, the
            settings and the network, is then without meaning.
    """

    pq: float
    settings: InspectionSettings
    network: str
    tally: ClassTally | None = field(default=None, compare=False)
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One image of the list.

    Attributes:
        name: shown in the list.
        source: where the image and its truth are.
        size: ``(H, W)``; None until it is known.
        problem: why it cannot be opened, in a sentence; empty if nothing is known against it.
        worth_retrying: whether the problem was met in opening it, so that it may be gone the next time.
        measured: how well its result fitted the ground truth when it was last computed; None if it never was.
        review: how far it has come in the project that is open.
        note: what is said of it there.
        stand_in: what stands in the place of its ground truth, for people, such as ``the predictions of eval-1``; empty
            where its truth is one. Figures then say how far both agree, and nothing of how good either is.
    """

    name: str
    source: ImageSource
    size: tuple[int, int] | None = None
    problem: str = ""
    worth_retrying: bool = False
    measured: Measured | None = None
    review: Review = ""
    note: str = ""
    stand_in: str = ""

    @property
    def figure(self) -> str:
        """What its PQ is called."""
        return "Agreement" if self.stand_in else "PQ"

    @property
    def truth_name(self) -> str:
        """What it is compared with, in sentence case."""
        return "Stored prediction" if self.stand_in else "Ground truth"


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
        details: what does not fit, or a traceback or log lines of an unexpected failure; empty where the sentence
            tells all.
        picture: path of the picture that it is about; empty if it is about none. Nobody needs it once another is open.
        folder: the run directory of the job that it is about; None if it is about none.
    """

    sentence: str
    advice: str = ""
    details: str = ""
    picture: str = ""
    folder: Path | None = None


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
class NetworkChoice:
    """Which network the user wants, and where and how it is to run.

    Attributes:
        config: a preset's name or a YAML file's path; empty if ``checkpoint`` says it.
        checkpoint: path of a checkpoint, which carries its own config; empty for an untrained network.
        device: ``auto``, ``cpu``, ``cuda:0`` and the like.
        short_side: of the input, in pixels; 0 for what the config asks for.
    """

    config: str = ""
    checkpoint: str = ""
    device: str = "auto"
    short_side: int = 0

    def is_same_network(self, other: NetworkChoice) -> bool:
        """Whether both are of one network, however it is run."""
        return (self.config, self.checkpoint) == (other.config, other.checkpoint)


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """The latest inspection of the current image.

    Attributes:
        settings: what it was computed with.
        categories: the classes of its indices.
        size: ``(H, W)`` of its arrays.
        preview: whether that is a reduced size.
        labels: ``[H, W]`` the semantic map that was merged.
        candidates: every box that was considered; None under the box oracle, which considers no other.
        borderness: the maps that contested pixels are judged by.
        detections: the boxes that were merged.
        trace: the merge.
        quality: against the ground truth; None where there is none.
        stages: which stages ran, and how long each took.
        seconds: from the request's arrival to the reply.
        figure: what its PQ is called, see :attr:`Entry.figure`.
    """

    settings: InspectionSettings
    categories: Categories
    size: tuple[int, int]
    preview: bool
    labels: Labels
    candidates: Candidates | None
    borderness: BordernessMaps | None
    detections: Detections
    trace: MergeTrace
    quality: ImageQuality | None
    stages: tuple[StageResult, ...]
    seconds: float
    figure: str = "PQ"

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

    @property
    def pq(self) -> float | None:
        """Panoptic quality over the classes that occur, 0 … 1; None if there is none to tell."""
        if self.quality is None:
            return None
        mean = PanopticQuality(self.quality.counts, self.categories).all
        return mean.pq if mean.n else None

    def quality_words(self) -> str:
        """Returns PQ, SQ and RQ of this image in percent; empty without ground truth."""
        if self.quality is None:
            return ""
        mean = PanopticQuality(self.quality.counts, self.categories).all
        if mean.n == 0:
            return "no class to compare"
        return f"{self.figure} {100 * mean.pq:.1f} · SQ {100 * mean.sq:.1f} · RQ {100 * mean.rq:.1f}"


def settings_possible(settings: InspectionSettings, *, has_truth: bool) -> InspectionSettings:
    """Returns settings as an image can have them: without ground truth no oracle."""
    return settings if has_truth else replace(settings, box_oracle=False, semantic_oracle=False)


def shade_of(step: MergeStep) -> int:
    """Returns what the shade of a thing follows: its detection, not its owner number.

    Owner numbers are given to kept boxes in their order, so that all later ones move when a threshold discards a box;
    a thing keeps its colour for as long as its box is there.
    """
    return step.detection + 1
