"""What the window asks of the inference service: see :mod:`lpsnet_studio.inference.messages`."""

from __future__ import annotations

from dataclasses import dataclass

from lpsnet.structures import InspectionSettings
from lpsnet_studio.inference.vocabulary import ImageSource, Sight

__all__ = [
    "Cancel",
    "CloseImage",
    "Errand",
    "Inspect",
    "ListDataset",
    "LoadModel",
    "Look",
    "Measure",
    "OpenImage",
    "Prefetch",
    "Probe",
    "Question",
    "Request",
    "Shutdown",
    "WeighGains",
]


@dataclass(frozen=True, slots=True)
class LoadModel:
    """Asks for a network. Answered by ``ModelLoaded``.

    The one loaded before stays until the new one is ready. Open images forget its output, and results for them use the
    new network's classes from then on: where those differ, the window opens its image again to learn of them.

    Attributes:
        config: preset name or path of a YAML file; ignored if ``checkpoint`` is given, which carries its own.
        checkpoint: path of a checkpoint; None for an untrained network.
        device: ``auto`` takes CUDA where there is one.
        overrides: ``field.path=value`` changes to the config; of a checkpoint's, ``input`` and ``inspection`` alone.
        short_side: of the input, in pixels, the cap of its long side in proportion; 0 for what the config asks for.
    """

    request: int
    config: str
    checkpoint: str | None = None
    device: str = "auto"
    overrides: tuple[str, ...] = ()
    short_side: int = 0


@dataclass(frozen=True, slots=True)
class OpenImage:
    """Asks for an image and its truth. Answered by ``ImageOpened``.

    It becomes the current image: forwards and post-processing that other images still want are cancelled. The service
    keeps the last few images' stages, so that going back is instant.

    Attributes:
        image: the window's name for it in later messages.
        source: where it is.
    """

    request: int
    image: str
    source: ImageSource


@dataclass(frozen=True, slots=True)
class Inspect:
    """Asks for the stages of an opened image, up to date with the settings. Answered by ``Inspected``.

    Attributes:
        image: as named in :class:`OpenImage`.
        settings: every knob.
        preview: while a slider is dragged, images over 2 megapixels are merged at 2 megapixels or less; the reply says
            so. The request at the slider's release leaves it off.
    """

    request: int
    image: str
    settings: InspectionSettings
    preview: bool = False


@dataclass(frozen=True, slots=True)
class Probe:
    """Asks what the network says at one pixel. Answered by ``Probed``.

    Attributes:
        image: as named in :class:`OpenImage`.
        x: column.
        y: row.
        top: how many classes to return.
    """

    request: int
    image: str
    x: int
    y: int
    top: int = 10


@dataclass(frozen=True, slots=True)
class Look:
    """Asks for a map of an opened image on which the network has run. Answered by ``Seen``.

    Several may wait at a time; they come after probes and inspections.

    Attributes:
        image: as named in :class:`OpenImage`.
        sight: which map.
    """

    request: int
    image: str
    sight: Sight


@dataclass(frozen=True, slots=True)
class WeighGains:
    """Asks what ground truth in place of a prediction would gain. Answered by ``GainsWeighed``.

    A newer one for an image makes an older one fail as ``superseded``; it comes after everything else, and gives way
    between two merges.

    Attributes:
        image: as named in :class:`OpenImage`.
        settings: every knob; the oracles in it are not looked at.
    """

    request: int
    image: str
    settings: InspectionSettings


@dataclass(frozen=True, slots=True)
class Prefetch:
    """Asks to get an image ready in a low lane: read, and run through the network. Answered by ``Prefetched``.

    Opening the image then finds both done. Its pixels are not sent before: those of a large photo would be copied
    twice, and once for nothing if the user goes elsewhere.

    Attributes:
        image: as :class:`OpenImage` will name it.
        source: where it is.
        settings: tell whether the network will be needed.
    """

    request: int
    image: str
    source: ImageSource
    settings: InspectionSettings


@dataclass(frozen=True, slots=True)
class Measure:
    """Asks how well an image's result fits its ground truth, in the lowest lane. Answered by ``Measured``.

    Nothing of the image is kept or sent but the figures. A newer one makes an older one fail as ``superseded``.

    Attributes:
        source: where the image and its truth are.
        settings: every knob; the result is computed at full size.
    """

    request: int
    source: ImageSource
    settings: InspectionSettings


@dataclass(frozen=True, slots=True)
class ListDataset:
    """Asks for the images of a COCO panoptic JSON file. Answered by ``DatasetListed``.

    Attributes:
        json_path: the file.
        images_dir: where its photos are; None to look in the usual places.
    """

    request: int
    json_path: str
    images_dir: str | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """Withdraws a request: it fails as ``cancelled``, a forward between two layers. Unknown numbers are ignored."""

    target: int


@dataclass(frozen=True, slots=True)
class CloseImage:
    """Lets the service forget an image."""

    image: str


@dataclass(frozen=True, slots=True)
class Shutdown:
    """Ends the service; so does the end of the pipe."""


Errand = Look | WeighGains
"""What is done for an opened image when nothing more urgent is to be done."""
Question = LoadModel | OpenImage | Inspect | Probe | Prefetch | Measure | ListDataset | Errand
"""A request that is answered."""
Request = Question | Cancel | CloseImage | Shutdown
