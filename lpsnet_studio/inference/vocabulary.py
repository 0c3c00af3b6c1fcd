"""What the messages of :mod:`lpsnet_studio.inference.messages` speak of: images, networks, devices, failures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lpsnet.borderness import BordernessKind
from lpsnet.categories import Categories
from lpsnet.structures import InspectionSettings

__all__ = [
    "INSPECTION_SUFFIX",
    "DatasetImage",
    "Device",
    "FailureKind",
    "ImageSource",
    "Kept",
    "ModelCard",
    "Sight",
    "SightKind",
    "TruthSource",
]


INSPECTION_SUFFIX = ".npz"
"""Of saved inspections, which are opened where a picture could be."""


@dataclass(frozen=True, slots=True)
class TruthSource:
    """Where an image's ground truth is.

    Attributes:
        json_path: a COCO panoptic JSON file.
        image_id: the image's id in it.
    """

    json_path: str
    image_id: int | str


@dataclass(frozen=True, slots=True)
class ImageSource:
    """Where an image is.

    Attributes:
        path: the picture file.
        truth: its ground truth; None where there is none.
        stated_size: ``(height, width)`` in which it is annotated, where that is not as its EXIF orientation turns it;
            the size that the ground truth states comes first.
    """

    path: str
    truth: TruthSource | None = None
    stated_size: tuple[int, int] | None = None


_LIVE = frozenset(
    ("score_threshold", "overlap_threshold", "conflict", "borderness_pooling", "stuff_limit", "semantic_oracle")
)
"""Settings of the merge that need nothing but what an inspection file holds."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of an inspection that was saved.

    Attributes:
        settings: what it was computed with.
        network: what is to be said of the network, by name, in words; empty where none was used.
        versions: of the programs that made it, by name.
        has_borderness: whether there are border-ness maps in it, of a network or of the ground truth.
    """

    settings: InspectionSettings
    network: Mapping[str, str]
    versions: Mapping[str, str]
    has_borderness: bool = True

    @property
    def live(self) -> frozenset[str]:
        """The fields of the settings that can still be turned.

        None can be where leftovers went to the next-best stuff class, as which that is was not kept; and what was
        merged on the ground truth's semantics has no others.
        """
        if self.settings.leftovers == "next_stuff":
            return frozenset()
        return _LIVE - {"semantic_oracle"} if self.settings.semantic_oracle else _LIVE

    def lack_of(self, sight: Sight, *, has_truth: bool) -> str:
        """Returns why a map cannot be had of it, in a sentence without its full stop; empty if it can.

        Args:
            sight: which map.
            has_truth: whether there is ground truth in it.
        """
        if sight.kind not in ("borderness", "target", "difference"):
            return "This saved inspection holds no class probabilities"
        if not has_truth and sight.kind != "borderness":
            return "Targets of border-ness need ground truth, and this saved inspection holds none"
        if sight.kind == "target":
            return ""
        if not self.has_borderness:
            return "This saved inspection holds no border-ness maps: no network ran for it"
        if self.settings.box_oracle:
            return "This saved inspection holds border-ness maps of the ground truth, not a network's"
        return ""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What the window shows of the network that is loaded.

    Attributes:
        name: of the config.
        trained: False if any of its weights are random: its predictions mean nothing then, and the window says so.
        origin: the checkpoint's path, the YAML file's, or the preset's name.
        backbone: for example ``resnet50``.
        parameters: how many.
        device: where it runs, for example ``cpu`` or ``cuda:0``.
        device_reason: why there, in words, for example ``no CUDA device: there is no NVIDIA driver``; where there is
            little room, what stands before the colon is enough.
        short_side: the input's short side in pixels.
        categories: its classes.
        settings: the inspection settings its config asks for.
        own_short_side: what its config asks for as the short side.
        long_side_cap: most pixels of the input's long side.
        file_bytes: size of the checkpoint's file; 0 if there is none.
        file_version: changes when the file at :attr:`origin` is written anew; empty for a preset.
        macs: multiply-adds of one forward at :attr:`input_size`; 0 if they were not counted.
        notes: what the checkpoint's writer noted, as plain text; may be empty.
    """

    name: str
    trained: bool
    origin: str
    backbone: str
    parameters: int
    device: str
    device_reason: str
    short_side: int
    categories: Categories
    settings: InspectionSettings
    own_short_side: int = 0
    long_side_cap: int = 0
    file_bytes: int = 0
    macs: int = 0
    notes: str = field(default="", repr=False)
    file_version: str = ""

    @property
    def identity(self) -> str:
        """What figures are the figures of: the same weights at the same input size, on whatever device."""
        return f"{self.origin}, {self.file_version}, {self.short_side} px"

    @property
    def input_size(self) -> tuple[int, int]:
        """``(height, width)`` of the input for a landscape photo of 4:3, the shape that networks are compared at."""
        return self.short_side, round(self.short_side * 4 / 3)


@dataclass(frozen=True, slots=True)
class Device:
    """A device that the user may wish for.

    Attributes:
        name: as :class:`LoadModel` takes it, for example ``cuda:0``.
        words: for people, for example ``NVIDIA H100``.
        problem: why it cannot be had; empty if it can.
    """

    name: str
    words: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class DatasetImage:
    """One image of a data set, as its list shows it.

    Attributes:
        name: file name.
        source: where it and its truth are.
        width: in pixels.
        height: in pixels.
        problem: why it cannot be opened, in a sentence; empty if nothing is known against it.
    """

    name: str
    source: ImageSource
    width: int
    height: int
    problem: str = ""


SightKind = Literal[
    "borderness", "target", "difference", "class", "entropy", "margin", "next_best", "next_stuff", "means"
]
"""What can be looked at over an image:

``borderness``  predicted border-ness of one level, or the greatest of all.
``target``      what border-ness should be by the ground truth, of one kind (method row 28).
``difference``  the greatest predicted border-ness less the target.
``class``       the probability of one class.
``entropy``     of the class probabilities, as a share of its greatest value.
``margin``      by how much the likeliest class leads the next one.
``next_best``   the second likeliest class of every place.
``next_stuff``  the likeliest stuff class of every pixel (method row 55).
``means``       the mean probability of every class over the image, one row of a cell a class: figures for a table, of
                no place.
"""


@dataclass(frozen=True, slots=True)
class Sight:
    """One map that can be looked at.

    Attributes:
        kind: of what.
        level: for border-ness, pyramid level 3 … 7; 0 for the greatest of all.
        label: for a class's probability, its index; -1 otherwise.
        target: which border the ground truth's border-ness is measured to, for ``target`` and ``difference``.
    """

    kind: SightKind
    level: int = 0
    label: int = -1
    target: BordernessKind = "run"


FailureKind = Literal[
    "bad-input",
    "mismatch",
    "out-of-memory",
    "died",
    "cancelled",
    "superseded",
    "not-possible",
    "internal",
]
"""Why a request failed:

``bad-input``      a file or a value is at fault; the sentence names it.
``mismatch``       weights that are not those of the network they say they are; ``details`` lists how they differ.
``out-of-memory``  never asked again; the advice says what to make smaller.
``died``           the service cannot be started, or ended or hung twice over this request; once, if in the background.
``cancelled``      the window asked for it.
``superseded``     a newer request of its kind took its place; nothing to tell the user.
``not-possible``   for example an oracle without ground truth.
``internal``       a fault of the program; ``details`` holds the traceback.
"""
