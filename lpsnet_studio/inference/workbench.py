"""What the desk asks of those who do the work: nothing here or there knows torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from lpsnet_studio.inference.messages import (
    DatasetListed,
    Failed,
    ImageOpened,
    ImageSource,
    Inspect,
    Inspected,
    ListDataset,
    LoadModel,
    Measure,
    Measured,
    ModelCard,
    OpenImage,
    Probe,
    Probed,
)
from lpsnet_studio.inference.pictures import Picture

__all__ = ["Bench", "Network", "NetworkT", "Workshop"]


class Network(Protocol):
    """A network that is loaded."""

    @property
    def card(self) -> ModelCard:
        """What the window shows of it."""
        ...


NetworkT = TypeVar("NetworkT", bound=Network)


class Bench(Protocol):
    """One open image, on which stages are run."""

    @property
    def picture(self) -> Picture:
        """The image."""
        ...

    @property
    def can_run_network(self) -> bool:
        """Whether there is a network, and its classes are the image's."""
        ...

    @property
    def has_output(self) -> bool:
        """Whether the network has run."""
        ...

    @property
    def bytes(self) -> int:
        """Roughly what it holds in memory."""
        ...

    def run_network(self, should_stop: Callable[[], bool], on_progress: Callable[[float], None]) -> bool:
        """Runs the network (network lane); returns False if it was stopped."""
        ...

    def inspect(self, request: Inspect, arrived: float) -> Inspected:
        """Brings every stage after the network up to date (post-processing lane)."""
        ...

    def probe(self, request: Probe) -> Probed:
        """Reads the network's output at a pixel (post-processing lane)."""
        ...

    def measure(self, request: Measure, should_stop: Callable[[], bool]) -> Measured | None:
        """Runs every stage after the network and compares with the truth (network lane); None if it was stopped."""
        ...

    def opened(self, request: OpenImage, seconds: float) -> ImageOpened:
        """Says what the image is; the next inspection is sent whole."""
        ...

    def without_unchanged(self, reply: Inspected) -> Inspected:
        """Leaves out what the last inspection that was sent held already."""
        ...


class Workshop(Protocol[NetworkT]):
    """What the lanes use."""

    def read(self, source: ImageSource) -> Picture:
        """Reads a picture (files lane)."""
        ...

    def is_unchanged(self, picture: Picture) -> bool:
        """Whether a picture's files are as they were (files lane)."""
        ...

    def list_dataset(self, request: ListDataset) -> DatasetListed:
        """Lists a data set (files lane)."""
        ...

    def load(self, request: LoadModel) -> NetworkT:
        """Loads a network (network lane)."""
        ...

    def bench(self, picture: Picture, network: NetworkT | None) -> Bench:
        """Prepares an image for its stages; quick."""
        ...

    def failure(self, request: int, error: Exception) -> Failed:
        """Says what went wrong, for people; ends the process if nothing can go right any more."""
        ...
