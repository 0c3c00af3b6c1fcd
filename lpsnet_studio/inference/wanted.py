"""What is still wanted of the service: questions without an answer, and the images they are about."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from lpsnet_studio.inference.messages import Inspect, Question
from lpsnet_studio.inference.workbench import Bench

__all__ = ["AskedQuestion", "RunningForward", "WantedImage"]


@dataclass(slots=True, eq=False)
class AskedQuestion:
    """A request, from its arrival to its final reply."""

    request: Question
    arrived: float = field(default_factory=time.perf_counter)
    answered: bool = False

    @property
    def seconds(self) -> float:
        """How long ago it arrived."""
        return time.perf_counter() - self.arrived


@dataclass(slots=True, eq=False)
class WantedImage:
    """What is known of an image and wanted for it."""

    name: str
    bench: Bench | None = None
    opening: AskedQuestion | None = None
    inspect: AskedQuestion | None = None
    probe: AskedQuestion | None = None
    prefetch: AskedQuestion | None = None
    measure: AskedQuestion | None = None

    @property
    def is_open(self) -> bool:
        """Whether its stages may run: it has been read, and is not to be read again."""
        return self.bench is not None and self.opening is None

    @property
    def has_output(self) -> bool:
        """Whether the network has run on it."""
        return self.bench is not None and self.bench.has_output

    @property
    def wants_network_for_inspect(self) -> bool:
        """Whether an inspection waits for the network's output."""
        asked = self.inspect
        return asked is not None and isinstance(asked.request, Inspect) and asked.request.settings.needs_network

    def can_inspect(self, *, network_is_coming: bool) -> bool:
        """Whether an inspection is wanted that need not wait any longer: it can be done, or never will."""
        if self.inspect is None or self.bench is None:
            return False
        if not self.wants_network_for_inspect or self.bench.has_output:
            return True
        return not (self.bench.can_run_network or network_is_coming)

    @property
    def urgency(self) -> int:
        """How soon its forward is wanted: 2 for an inspection, 1 for a prefetch, 0 otherwise."""
        return 2 if self.wants_network_for_inspect else int(self.prefetch is not None)

    @property
    def wants_forward(self) -> bool:
        """Whether anything waits for an output that can be computed."""
        waiting = self.wants_network_for_inspect or self.prefetch is not None
        if self.bench is None or self.opening is not None or not waiting:
            return False
        return self.bench.can_run_network and not self.bench.has_output

    def wants(self) -> Iterator[AskedQuestion]:
        """Yields what waits for it."""
        wants = (self.inspect, self.probe, self.prefetch, self.measure)
        yield from (asked for asked in wants if asked is not None)

    def forget(self, asked: AskedQuestion) -> None:
        """Stops waiting for one request."""
        self.opening = None if self.opening is asked else self.opening
        self.inspect = None if self.inspect is asked else self.inspect
        self.probe = None if self.probe is asked else self.probe
        self.prefetch = None if self.prefetch is asked else self.prefetch
        self.measure = None if self.measure is asked else self.measure


@dataclass(slots=True, eq=False)
class RunningForward:
    """The forward that is running, or the measuring of which it is a part."""

    image: WantedImage
    stop: threading.Event = field(default_factory=threading.Event)
