"""What is done in the background while an image is looked at: fetching those that come, and measuring all; no Qt."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from psygnal import Signal

from lpsnet.metrics.panoptic_quality import PanopticQuality
from lpsnet.structures import InspectionSettings
from lpsnet_studio.inference import messages
from lpsnet_studio.inference.messages import Cancel, Failed, Measure, ModelLoaded, Prefetch, Prefetched, Ready, Reply
from lpsnet_studio.session import Session, image_key
from lpsnet_studio.state import Entry, Measured, Problem, settings_possible
from lpsnet_studio.tally import ClassTally

__all__ = ["Lookahead", "Measuring"]

_NETWORK_REPLACED = Problem(
    "Measuring stopped: another network was loaded.", "Measure again to go on; what was measured before is dimmed."
)
_NO_NETWORK = Problem("Nothing can be measured: no network is loaded.", "Load one, or turn both oracles on.")
_NO_TRUTH = Problem("Nothing can be measured: none of the images shown has ground truth.", "Open a data set.")


@dataclass(slots=True)
class Measuring:
    """A measuring of several images.

    Attributes:
        settings: what all of them are inspected with: those of the start, whatever is turned meanwhile.
        network: :attr:`~lpsnet_studio.inference.messages.ModelCard.identity` of the network; empty if none has a part.
        total: how many images.
        waiting: positions of those that are still to come, the next one first.
        done: how many were measured.
        failed: how many could not be.
        started: when, by the clock of the :class:`Lookahead`.
        now: position of the image that is being measured.
        request: the number under which that was asked for.
    """

    settings: InspectionSettings
    network: str
    total: int
    waiting: deque[int]
    started: float
    done: int = 0
    failed: int = 0
    now: int = -1
    request: int = 0


@dataclass(frozen=True, slots=True)
class _Fetched:
    """What was asked to be fetched: another need of the network, or another network, makes it another thing."""

    image: str
    needs_network: bool
    network: str
    request: int = field(compare=False)
    state: Literal["under way", "ready", "failed"] = field(default="under way", compare=False)


class Lookahead:
    """Fetches the images that come next once nothing else is wanted, and measures images one at a time.

    The service does both in its lowest lanes: opening and inspecting go before them and wait for no more than the step
    that is being done at the time, which is a file being read, a layer of the network or one stage of a measuring.

    Attributes:
        measuring: the measuring that goes on; None if none does.

    Args:
        session: what is open.
        clock: tells seconds.
    """

    changed = Signal()
    """A measuring began, went on or ended."""

    def __init__(self, session: Session, clock: Callable[[], float] = time.monotonic) -> None:
        self._session, self._clock = session, clock
        self._prefetches = False
        self._coming: Callable[[], Sequence[int]] = self._neighbour
        self._fetched: list[_Fetched] = []
        """Of what is to come: the image that is being fetched, and those that are ready or failed."""
        self.measuring: Measuring | None = None
        session.received.connect(self._receive)
        session.entries_changed.connect(self._forget_list)
        session.background_cancelled.connect(self.stop_measuring)
        for signal in (session.busy_changed, session.result_changed, session.order_changed, session.reviews_changed):
            signal.connect(self._fetch_next)
        session.current_changed.connect(lambda _index: self._fetch_next())

    # -------------------------------------------------------------------------------------------------------- fetching

    def prefetch(self, on: bool) -> None:
        """Switches the fetching of what comes next."""
        self._prefetches = on
        if not on:
            self._withdraw_fetching()
        self._fetch_next()

    def go_by(self, coming: Callable[[], Sequence[int]] | None) -> None:
        """Changes what is taken for coming next.

        Args:
            coming: returns positions in the list, the likeliest first; None for the neighbour as the list is shown.
        """
        self._coming = self._neighbour if coming is None else coming
        self._fetch_next()

    def _neighbour(self) -> list[int]:
        target = self._session.neighbour(1)
        return [] if target < 0 else [target]

    @property
    def is_fetching(self) -> bool:
        """Whether an image is being fetched now."""
        return self._under_way is not None

    @property
    def _under_way(self) -> _Fetched | None:
        return next((each for each in self._fetched if each.state == "under way"), None)

    def _fetch_next(self) -> None:
        """Fetches what comes next and is not there yet; one image at a time, and the likeliest first."""
        session = self._session
        if not self._prefetches or session.busy is not None or not session.is_current:
            return
        coming = {self._wanted(session.entries[index]): session.entries[index] for index in self._coming()}
        under_way = self._under_way
        wanted = {each: entry for each, entry in coming.items() if not entry.problem}
        if not wanted:
            return
        if under_way is not None and under_way not in wanted:
            self._withdraw(under_way)
            under_way = None
        self._fetched = [each for each in self._fetched if each in wanted]
        lacking = next((each for each in wanted if each not in self._fetched), None)
        if lacking is not None and under_way is None:
            self._fetch(lacking, wanted[lacking])

    def _wanted(self, entry: Entry) -> _Fetched:
        settings = self._settings_of(entry)
        return _Fetched(image_key(entry.source), settings.needs_network, self._network_of(settings), 0)

    def _settings_of(self, entry: Entry) -> InspectionSettings:
        return settings_possible(self._session.settings, has_truth=entry.source.truth is not None)

    def _fetch(self, wanted: _Fetched, entry: Entry) -> None:
        service = self._session.service
        request = Prefetch(service.next_request(), wanted.image, entry.source, self._settings_of(entry))
        self._fetched.append(replace(wanted, request=request.request))
        service.post(request)

    def _withdraw(self, fetched: _Fetched) -> None:
        self._session.service.post(Cancel(fetched.request))
        self._fetched.remove(fetched)

    def _withdraw_fetching(self) -> None:
        if self._under_way is not None:
            self._withdraw(self._under_way)
        self._fetched = []

    def _end_fetching(self, fetched: _Fetched, reply: Prefetched | Failed) -> None:
        """Takes the answer; what was dropped for something more urgent is asked for again when that is done.

        What failed is not: it would fail again, or end another service.
        """
        self._fetched.remove(fetched)
        if isinstance(reply, Prefetched):
            self._fetched.append(replace(fetched, state="ready"))
            self._fetch_next()
        elif reply.kind not in ("superseded", "cancelled"):
            self._fetched.append(replace(fetched, state="failed"))
            if reply.kind == "bad-input":  # else others would fail likewise
                self._fetch_next()

    def _forget_ready(self) -> None:
        """What was ready went with the service that had it."""
        if any(each.state == "ready" for each in self._fetched):
            self._fetched = [each for each in self._fetched if each.state != "ready"]
            self._fetch_next()

    # ------------------------------------------------------------------------------------------------------- measuring

    def is_up_to_date(self, measured: Measured) -> bool:
        """Whether a PQ was measured here with the settings and the network of now."""
        settings = self._session.settings
        if measured.origin:
            return False
        return measured.settings == settings and measured.network == self._network_of(settings)

    def measure_shown(self) -> bool:
        """Measures the images that are shown and have ground truth, except those whose PQ is up to date.

        Returns:
            False if there is none that is not.
        """
        entries = self._session.entries
        with_truth = [index for index in self._session.order if entries[index].source.truth is not None]
        stale = [
            index
            for index in with_truth
            if (measured := entries[index].measured) is None or not self.is_up_to_date(measured)
        ]
        if not with_truth:
            self._session.failed.emit(_NO_TRUTH)
        elif stale:
            self.measure(stale)
        return bool(stale) or not with_truth

    def measure(self, indices: Sequence[int]) -> None:
        """Measures images in the order given with the settings of now; takes the place of a measuring that goes on."""
        self.stop_measuring()
        settings = self._session.settings
        if settings.needs_network and self._session.model is None:
            self._session.failed.emit(_NO_NETWORK)
            return
        self.measuring = Measuring(
            settings, self._network_of(settings), len(indices), deque(indices), started=self._clock()
        )
        self._measure_next()

    def stop_measuring(self) -> None:
        """Ends a measuring; what it has found stays."""
        if self.measuring is not None:
            self._session.service.post(Cancel(self.measuring.request))
            self._end_measuring()

    @property
    def seconds_left(self) -> float | None:
        """How long the measuring will still take at its pace so far; None before the first image is done."""
        measuring = self.measuring
        if measuring is None or not measuring.done + measuring.failed:
            return None
        finished = measuring.done + measuring.failed
        return (self._clock() - measuring.started) / finished * (measuring.total - finished)

    def _measure_next(self) -> None:
        measuring = self.measuring
        if measuring is None:
            return
        if not measuring.waiting:
            self._end_measuring()
            return
        measuring.now = measuring.waiting.popleft()
        measuring.request = self._session.service.next_request()
        source = self._session.entries[measuring.now].source
        self._session.service.post(Measure(measuring.request, source, measuring.settings))
        self.changed.emit()

    def _end_measuring(self) -> None:
        self.measuring = None
        self.changed.emit()

    def _take_measured(self, measuring: Measuring, reply: messages.Measured) -> None:
        mean = PanopticQuality(reply.quality.counts, reply.categories).all
        if mean.n:
            tally = ClassTally.of(reply.quality.counts, reply.categories)
            measured = Measured(mean.pq, measuring.settings, measuring.network, tally)
            self._session.take_measured(measuring.now, measured)
        measuring.done += 1
        self._measure_next()

    def _take_failure(self, measuring: Measuring, reply: Failed) -> None:
        """Notes a failure on its image and goes on, unless the machine is at fault or all images would fail alike."""
        if reply.kind in ("cancelled", "superseded"):
            self._end_measuring()
        elif reply.kind == "not-possible":
            self._end_measuring()
            self._session.failed.emit(Problem(f"Measuring stopped. {reply.sentence}", reply.advice))
        elif reply.kind in ("died", "out-of-memory"):
            self._end_measuring()
            finished = measuring.done + measuring.failed
            stopped = f"Measuring stopped after {finished:,} of {measuring.total:,} images, at {self._name(measuring)}."
            self._session.failed.emit(Problem(f"{stopped} {reply.sentence}", reply.advice, reply.details))
        else:
            self._session.take_problem(measuring.now, reply.sentence)
            measuring.failed += 1
            self._measure_next()

    def _name(self, measuring: Measuring) -> str:
        return self._session.entries[measuring.now].name

    # --------------------------------------------------------------------------------------------------------- replies

    def _receive(self, reply: Reply) -> None:
        measuring, fetched = self.measuring, self._under_way
        match reply:
            case Ready():
                self._forget_ready()
            case ModelLoaded():
                self._leave_network()
            case messages.Measured() if measuring is not None and reply.request == measuring.request:
                self._take_measured(measuring, reply)
            case Failed() if measuring is not None and reply.request == measuring.request:
                self._take_failure(measuring, reply)
            case Prefetched() | Failed() if fetched is not None and reply.request == fetched.request:
                self._end_fetching(fetched, reply)

    def _leave_network(self) -> None:
        """What the service had fetched went with the network before, and so did the sense of going on measuring."""
        self._withdraw_fetching()
        if self.measuring is not None and self.measuring.settings.needs_network:
            self.stop_measuring()
            self._session.failed.emit(_NETWORK_REPLACED)

    def _forget_list(self) -> None:
        """The positions are those of another list now."""
        self.stop_measuring()
        self._withdraw_fetching()

    def _network_of(self, settings: InspectionSettings) -> str:
        model = self._session.model
        return model.identity if settings.needs_network and model is not None else ""
