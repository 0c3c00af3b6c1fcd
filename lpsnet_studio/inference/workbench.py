"""What the desk asks of those who do the work: nothing here or there knows torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from lpsnet_studio.inference.messages import (
    DatasetListed,
    Failed,
    GainsWeighed,
    ImageOpened,
    ImageSource,
    Inspect,
    Inspected,
    ListDataset,
    LoadModel,
    Look,
    Measure,
    Measured,
    ModelCard,
    OpenImage,
    Probe,
    Probed,
    Question,
    Seen,
    WeighGains,
)
from lpsnet_studio.inference.pictures import Picture

__all__ = ["Bench", "Network", "NetworkT", "Workshop", "answer_on", "measure_on"]


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

    def look(self, request: Look) -> Seen:
        """Computes a map of the network's output or of the ground truth (post-processing lane)."""
        ...

    def weigh_gains(self, request: WeighGains, should_stop: Callable[[], bool]) -> GainsWeighed | None:
        """Merges with each oracle and compares (post-processing lane); None if it was stopped."""
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


def measure_on(bench: Bench, request: Measure, should_stop: Callable[[], bool]) -> Measured | None:
    """Runs what a measurement needs; None if it was stopped, to be gone on with later."""
    if request.settings.needs_network and bench.can_run_network and not bench.has_output:
        bench.run_network(should_stop, lambda _fraction: None)
    return bench.measure(request, should_stop)


def answer_on(
    bench: Bench, question: Question, arrived: float, is_pressed: Callable[[], bool]
) -> Probed | Inspected | Seen | GainsWeighed | None:
    """Does what the post-processing lane is asked for.

    Args:
        bench: the image.
        question: what is asked.
        arrived: ``time.perf_counter()`` when it was.
        is_pressed: says whether an errand has to give way.

    Returns:
        The answer; None if it gave way.
    """
    match question:
        case Probe():
            return bench.probe(question)
        case Inspect():
            return bench.inspect(question, arrived)
        case Look():
            return bench.look(question)
        case WeighGains():
            return bench.weigh_gains(question, is_pressed)
        case _:
            raise TypeError(f"{type(question).__name__} is no matter of the post-processing lane")
