"""The service's desk: three lanes that do, at one time, what the agenda says comes next.

A lane picks what to do from the agenda under one lock, does it without the lock, and picks again.

===============  ==================================================================  ==================================
lane             does, in this order                                                 gives way to
===============  ==================================================================  ==================================
files            OpenImage, ListDataset, reading for Prefetch, for Measure
network          LoadModel, forwards for Inspect, for Prefetch; Measure as a whole   LoadModel; the later to the earlier
post-processing  Probe, then the other stages of Inspect, then Look, then WeighGains           the later to the earlier
===============  ==================================================================  ==================================

Measuring runs its post-processing in the network lane too, so that a slider never waits for another image's stages. A
forward gives way between two layers, a measuring between two stages as well; a file that is being read is read to its
end, and so is a network that is being loaded.

Nothing here knows torch: what is done lies behind :class:`~lpsnet_studio.inference.workbench.Workshop` and
:class:`~lpsnet_studio.inference.workbench.Bench`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Generic

from lpsnet_studio.inference.agenda import Agenda
from lpsnet_studio.inference.lane import Job, start_lane
from lpsnet_studio.inference.messages import (
    Inspected,
    ListDataset,
    LoadModel,
    Measure,
    Measured,
    ModelLoaded,
    OpenImage,
    Prefetch,
    Probe,
    Progress,
    Reply,
    Request,
)
from lpsnet_studio.inference.wanted import AskedQuestion, RunningForward, WantedImage
from lpsnet_studio.inference.workbench import Bench, NetworkT, Workshop, answer_on, measure_on

__all__ = ["Desk"]

_PROGRESS_INTERVAL = 0.1
_FORWARDS_GIVE_WAY = 4
"""By how much forwards are nicer than sliders, which run at the process's own niceness."""


class Desk(Generic[NetworkT]):
    """Takes requests and answers them.

    Args:
        workshop: what does the work.
        reply: sends a reply; must not block. Of replies with the same slot only the newest need be sent.
    """

    def __init__(self, workshop: Workshop[NetworkT], reply: Callable[[Reply, object], None]) -> None:
        self._workshop = workshop
        self._reply = reply
        self._changed = threading.Condition()
        self._agenda = Agenda(lambda final: reply(final, None), workshop.failure)
        """Used under the lock alone."""
        self._network: NetworkT | None = None
        start_lane("files", self._pick_file, self._changed)
        start_lane("network", self._pick_network, self._changed, gives_way=_FORWARDS_GIVE_WAY)
        start_lane("post-processing", self._pick_stages, self._changed)

    def take(self, request: Request) -> None:
        """Takes a request in; returns at once."""
        with self._changed:
            self._agenda.take(request)
            self._go_on()

    def _go_on(self) -> None:
        """Lets the lanes look again at what is wanted; ends every change of it."""
        self._agenda.settle()
        self._changed.notify_all()

    # ----------------------------------------------------------------------------------------------------- files lane

    def _pick_file(self) -> Job | None:
        asked = self._agenda.next_to_read()
        return partial(self._read, asked) if asked is not None else None

    def _read(self, asked: AskedQuestion) -> None:
        try:
            if isinstance(asked.request, ListDataset):
                listed = self._workshop.list_dataset(asked.request)
                with self._changed:
                    self._agenda.answer(asked, listed)
            elif isinstance(asked.request, OpenImage | Prefetch):
                self._read_picture(asked, asked.request)
            elif isinstance(asked.request, Measure):
                self._read_to_measure(asked, asked.request)
        except Exception as error:
            with self._changed:
                self._agenda.fail_reading(asked, error)
                self._go_on()

    def _read_picture(self, asked: AskedQuestion, request: OpenImage | Prefetch) -> None:
        started = time.perf_counter()
        with self._changed:
            image = self._agenda.image(request.image)
            bench = image.bench if image is not None else None
        known = bench.picture if bench is not None and bench.picture.source == request.source else None
        if known is None or not self._workshop.is_unchanged(known):
            known, bench = self._workshop.read(request.source), None
        with self._changed:
            if asked.answered:
                return
            image = self._agenda.use(request.image)
            if bench is None or image.bench is not bench:
                image.bench = self._workshop.bench(known, self._network)
            if isinstance(request, OpenImage):
                self._agenda.answer(asked, image.bench.opened(request, time.perf_counter() - started))
            else:
                image.prefetch = asked
            self._go_on()

    def _read_to_measure(self, asked: AskedQuestion, request: Measure) -> None:
        picture = self._workshop.read(request.source)
        with self._changed:
            if not asked.answered:
                bench = self._workshop.bench(picture, self._network)
                self._agenda.measure(asked, request.source.path, bench)
            self._go_on()

    # --------------------------------------------------------------------------------------------------- network lane

    def _pick_network(self) -> Job | None:
        asked = self._agenda.next_to_load()
        if asked is not None:
            assert isinstance(asked.request, LoadModel)
            return partial(self._load, asked, asked.request)
        forward = self._agenda.next_forward()
        if forward is None:
            return None
        image = forward.image
        assert image.bench is not None
        if image.measure is not None:
            return partial(self._run_measure, forward, image.bench, image.measure)
        return partial(self._run_forward, forward, image.bench)

    def _load(self, asked: AskedQuestion, request: LoadModel) -> None:
        network: NetworkT | None = None
        failure: Exception | None = None
        try:
            network = self._workshop.load(request)
        except Exception as error:
            failure = error
        with self._changed:
            self._agenda.end_loading()
            if failure is not None:
                self._agenda.fail_with(asked, failure)
            elif network is not None and not asked.answered:
                self._network = network
                for image in self._agenda.known:
                    if image.bench is not None:
                        image.bench = self._workshop.bench(image.bench.picture, network)
                self._agenda.answer(asked, ModelLoaded(request.request, network.card))
            self._go_on()

    def _run_forward(self, forward: RunningForward, bench: Bench) -> None:
        image = forward.image
        shown = 0.0

        def show(fraction: float) -> None:
            nonlocal shown
            if time.perf_counter() - shown >= _PROGRESS_INTERVAL:
                shown = time.perf_counter()
                self._show_progress(image, "network", fraction)

        failure: Exception | None = None
        try:
            bench.run_network(forward.stop.is_set, show)
        except Exception as error:
            failure = error
        with self._changed:
            self._agenda.end_forward()
            if failure is not None:
                self._agenda.fail_forward(image, failure)
            self._go_on()

    def _show_progress(self, image: WantedImage, step: str, fraction: float) -> None:
        with self._changed:
            for asked in (image.inspect, image.prefetch):
                if asked is not None:
                    number = asked.request.request
                    self._reply(Progress(number, step, fraction), ("progress", number))

    def _run_measure(self, forward: RunningForward, bench: Bench, asked: AskedQuestion) -> None:
        result: Measured | None = None
        failure: Exception | None = None
        assert isinstance(asked.request, Measure)
        try:
            result = measure_on(bench, asked.request, forward.stop.is_set)
        except Exception as error:
            failure = error
        with self._changed:
            self._agenda.end_forward()
            if forward.image.bench is bench and failure is not None:
                self._agenda.fail_with(asked, failure)
            elif forward.image.bench is bench and result is not None:
                self._agenda.answer(asked, result)
            self._go_on()

    # ------------------------------------------------------------------------------------------- post-processing lane

    def _pick_stages(self) -> Job | None:
        found = self._agenda.next_stage()
        return partial(self._run_stages, *found) if found is not None else None

    def _run_stages(self, asked: AskedQuestion, image: WantedImage) -> None:
        bench, result, failure = image.bench, None, None
        assert bench is not None
        try:
            result = answer_on(bench, asked.request, asked.arrived, self._is_pressed)
        except Exception as error:
            failure = error
        with self._changed:
            if asked.answered:
                return
            if image.bench is not bench and not isinstance(asked.request, Probe):
                self._agenda.ask_again(asked, image)  # Another network was loaded meanwhile: its classes hold now.
            elif failure is not None:
                self._agenda.fail_with(asked, failure)
            elif isinstance(result, Inspected):
                self._agenda.answer(asked, bench.without_unchanged(result))
            elif result is not None:
                self._agenda.answer(asked, result)
            else:
                self._agenda.want(asked)  # It gave way.
            self._go_on()

    def _is_pressed(self) -> bool:
        with self._changed:
            return self._agenda.is_pressed
