"""The contract between the window and the inference service, message by message.

Both sides exchange the frozen dataclasses of this module and nothing else. A message may hold numpy arrays and the
structures of :mod:`lpsnet.structures`; the transport moves arrays through shared memory, so that what passes over the
socket stays small. The network's logits never leave the service: a :class:`Probe` asks for what is needed of them.

**Requests** go to the service. Each carries ``request``, a number that is never used twice in one session. Every
request but :class:`Cancel`, :class:`CloseImage` and :class:`Shutdown` is answered by exactly one final **reply** with
the same number: the one named in its docstring, or :class:`Failed`. :class:`Progress` may come before it. Requests may
follow each other without waiting: an :class:`Inspect` waits for its image to be opened and for a network that is still
being loaded.

*Newest wins* per kind and image: a newer :class:`Inspect` for an image makes an older one that still waits fail as
``superseded``, likewise :class:`Probe`; one that is being computed is still answered, so that the picture follows a
slider that never rests. A probe never cancels an inspection's post-processing, post-processing never a forward.
:class:`OpenImage` cancels what other images still wanted. :class:`Prefetch` gives way to every inspection and is
dropped for its forward; :class:`Measure` gives way to both and goes on afterwards. Ways are given between two layers of
a forward and between two stages of a measuring; a file is read to its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lpsnet.analysis.gains import OracleGains
from lpsnet.categories import Categories
from lpsnet.maps import HeatMap
from lpsnet.metrics.panoptic_quality import ImageQuality
from lpsnet.structures import (
    BordernessMaps,
    Candidates,
    Detections,
    InspectionSettings,
    Labels,
    MergeTrace,
    PanopticSegmentation,
    StageResult,
)
from lpsnet_studio.inference.requests import (
    Cancel,
    CloseImage,
    Errand,
    Inspect,
    ListDataset,
    LoadModel,
    Look,
    Measure,
    OpenImage,
    Prefetch,
    Probe,
    Question,
    Request,
    Shutdown,
    WeighGains,
)
from lpsnet_studio.inference.vocabulary import (
    DatasetImage,
    Device,
    FailureKind,
    ImageSource,
    Kept,
    ModelCard,
    Sight,
    TruthSource,
)

__all__ = [
    "Cancel",
    "CloseImage",
    "DatasetImage",
    "DatasetListed",
    "Device",
    "Errand",
    "Failed",
    "FailureKind",
    "GainsWeighed",
    "Heartbeat",
    "ImageOpened",
    "ImageSource",
    "Inspect",
    "Inspected",
    "Kept",
    "ListDataset",
    "LoadModel",
    "Look",
    "Measure",
    "Measured",
    "MemoryUse",
    "ModelCard",
    "ModelLoaded",
    "OpenImage",
    "Prefetch",
    "Prefetched",
    "Probe",
    "Probed",
    "Progress",
    "Question",
    "Ready",
    "Reply",
    "Request",
    "Seen",
    "Shutdown",
    "Sight",
    "TruthSource",
    "WeighGains",
]

# ------------------------------------------------------------------------------------------------------------- replies


@dataclass(frozen=True, slots=True)
class Ready:
    """The first message of a service: torch is imported.

    Attributes:
        pid: its process.
        torch: version.
        devices: what it could run on, and what it could not and why.
    """

    pid: int
    torch: str
    devices: tuple[Device, ...]


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Comes every second from a thread of its own while the service lives and is not stopped."""


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """How much memory the service takes; sent every two seconds where that has changed.

    Attributes:
        resident: bytes of its process in main memory.
        cuda: bytes that torch holds on CUDA devices; 0 without any.
    """

    resident: int
    cuda: int = 0


@dataclass(frozen=True, slots=True)
class ModelLoaded:
    """A network is ready."""

    request: int
    card: ModelCard


@dataclass(frozen=True, slots=True, eq=False)
class ImageOpened:
    """An image's pixels and truth.

    Attributes:
        image: as named in the request.
        pixels: RGB uint8 ``[H, W, 3]``.
        truth: its ground truth, in ``categories``' indices; None where there is none.
        categories: the classes that results for this image will use: the network's, or the data set's where no network
            is loaded or its classes differ.
        network_fits: False if the data set's classes are not the network's: only both oracles together can run.
        notice: what the user should know, in a sentence, for example why truth is missing; empty if nothing.
        seconds: reading and decoding.
        truth_areas: areas of the truth's segments as its JSON states them; None where it states none.
        kept: what it was inspected with, if it is a saved inspection; None if it is a picture.
    """

    request: int
    image: str
    pixels: NDArray[np.uint8]
    truth: PanopticSegmentation | None
    categories: Categories
    network_fits: bool
    notice: str
    seconds: float
    truth_areas: Mapping[int, float] | None = None
    kept: Kept | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Inspected:
    """Every stage's result, as far as the window needs it.

    Attributes:
        image: as named in the request.
        settings: what it was computed with.
        stages: which stages ran, and how long each took.
        preview: True if merged at a reduced size; every array and box is then in the reduced image's pixels.
        size: ``(H, W)`` of the arrays.
        labels: the semantic map that was merged; None if it is that of the last reply for this image, which then came
            after its last :class:`ImageOpened` and was of the same size.
        candidates: every box that was considered; None if unchanged in the same sense, or under the box oracle.
        borderness: the maps that contested pixels are judged by, of the network or, under the box oracle, of the ground
            truth; None if unchanged in the same sense.
        detections: the boxes that were merged, from the first to the last.
        trace: the merge, replayable. Its ``labels`` are there even where those above are None.
        quality: against the ground truth; None where there is none.
        seconds: from the request's arrival to this reply.
    """

    request: int
    image: str
    settings: InspectionSettings
    stages: tuple[StageResult, ...]
    preview: bool
    size: tuple[int, int]
    labels: Labels | None
    candidates: Candidates | None
    borderness: BordernessMaps | None
    detections: Detections
    trace: MergeTrace
    quality: ImageQuality | None
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Probed:
    """What the network says at one pixel.

    Attributes:
        image: as named in the request.
        x: column.
        y: row.
        classes: indices of the likeliest classes, likeliest first.
        probabilities: their softmax probabilities at the pixel.
        borderness: predicted border-ness at the pixel, level by level.
        levels: the pyramid level of each.
    """

    request: int
    image: str
    x: int
    y: int
    classes: tuple[int, ...]
    probabilities: tuple[float, ...]
    borderness: tuple[float, ...]
    levels: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A map of an image.

    Attributes:
        image: as named in the request.
        sight: which map it is.
        map: the values and where they lie over the image.
    """

    request: int
    image: str
    sight: Sight
    map: HeatMap


@dataclass(frozen=True, slots=True, eq=False)
class GainsWeighed:
    """What ground truth in place of a prediction gains.

    Attributes:
        image: as named in the request.
        settings: what it was computed with.
        gains: the quality as it is and with each oracle.
    """

    request: int
    image: str
    settings: InspectionSettings
    gains: OracleGains


@dataclass(frozen=True, slots=True)
class Prefetched:
    """An image is ready to be opened.

    Attributes:
        image: as named in the request.
        seconds: from the request's arrival to this reply.
    """

    request: int
    image: str
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """How well an image's result fits its ground truth.

    Attributes:
        settings: what it was computed with.
        quality: against the ground truth.
        categories: the classes that the counts of ``quality`` go by.
        seconds: the network and every stage, waiting left out.
    """

    request: int
    settings: InspectionSettings
    quality: ImageQuality
    categories: Categories
    seconds: float


@dataclass(frozen=True, slots=True)
class DatasetListed:
    """The images of a data set, in the order of its JSON."""

    request: int
    json_path: str
    images: tuple[DatasetImage, ...]
    categories: Categories


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a request is.

    Attributes:
        step: what is being done, in words, for example ``backbone``.
        fraction: 0 … 1; negative if unknown.
    """

    request: int
    step: str
    fraction: float


@dataclass(frozen=True, slots=True)
class Failed:
    """A request that will not be answered.

    Attributes:
        kind: see :data:`FailureKind`.
        sentence: what happened, naming the file or the cause.
        advice: what to do about it; may be empty.
        details: a traceback or log lines for those who want them; may be empty.
    """

    request: int
    kind: FailureKind
    sentence: str
    advice: str = ""
    details: str = field(default="", repr=False)


Reply = (
    Ready
    | Heartbeat
    | ModelLoaded
    | ImageOpened
    | Inspected
    | Probed
    | Seen
    | GainsWeighed
    | Prefetched
    | Measured
    | DatasetListed
    | Progress
    | Failed
)
