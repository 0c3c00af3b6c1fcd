"""Decides what the service does next: three lanes, newest wins, and every request answered exactly once.

Requests change what is *wanted*; the lanes pick what to do from that under one lock, do it without the lock, and pick
again. So nothing has to be taken out of queues: what is no longer wanted is not picked, and what was interrupted but is
still wanted is picked again.

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
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Generic

from lpsnet_studio.inference.errands import Errands
from lpsnet_studio.inference.lane import Job, start_lane
from lpsnet_studio.inference.messages import (
    Cancel,
    CloseImage,
    Errand,
    Failed,
    FailureKind,
    Inspect,
    Inspected,
    ListDataset,
    LoadModel,
    Look,
    Measure,
    Measured,
    ModelLoaded,
    OpenImage,
    Prefetch,
    Prefetched,
    Probe,
    Progress,
    Question,
    Reply,
    Request,
    WeighGains,
)
from lpsnet_studio.inference.wanted import AskedQuestion, RunningForward, WantedImage
from lpsnet_studio.inference.workbench import Bench, NetworkT, Workshop, answer_on, measure_on

__all__ = ["Desk"]

_MEMORY_FOR_IMAGES = 768 * 2**20
"""Bytes that the images which are kept may take together; the current one is always kept."""
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
        self._images: OrderedDict[str, WantedImage] = OrderedDict()
        """From the longest unused to the current one."""
        self._current = ""
        self._to_measure: WantedImage | None = None
        """Read, and not among the images: nobody opened it, and nothing of it is kept."""
        self._network: NetworkT | None = None
        self._unanswered: dict[int, AskedQuestion] = {}
        self._to_read: list[AskedQuestion] = []
        self._errands = Errands()
        self._to_load: AskedQuestion | None = None
        self._loading = False
        self._forward: RunningForward | None = None
        start_lane("files", self._pick_file, self._changed)
        start_lane("network", self._pick_network, self._changed, gives_way=_FORWARDS_GIVE_WAY)
        start_lane("post-processing", self._pick_stages, self._changed)

    # ------------------------------------------------------------------------------------------------------- requests

    def take(self, request: Request) -> None:
        """Takes a request in; returns at once."""
        with self._changed:
            match request:
                case Cancel():
                    self._cancel(request)
                case CloseImage():
                    self._close_image(request)
                case _ if isinstance(request, Question):
                    asked = self._unanswered[request.request] = AskedQuestion(request)
                    self._want(asked)
            self._go_on()

    def _go_on(self) -> None:
        """Lets the lanes look again at what is wanted; ends every change of it."""
        self._forget_unopened()
        self._answer_prefetches()
        self._prefer_urgent()
        self._forget_oldest()
        self._changed.notify_all()

    def _want(self, asked: AskedQuestion) -> None:
        match asked.request:
            case LoadModel():
                self._want_model(asked)
            case OpenImage():
                self._want_image(asked, asked.request)
            case Inspect() | Probe():
                self._want_result(asked, asked.request)
            case Look() | WeighGains():
                self._want_errand(asked, asked.request)
            case Prefetch():
                self._want_prefetch(asked, asked.request)
            case Measure():
                self._supersede(asked, Measure, "Another image is to be measured.")
                self._to_read.append(asked)
            case ListDataset():
                self._to_read.append(asked)

    def _supersede(self, newer: AskedQuestion, kind: type, sentence: str) -> None:
        for older in self._waiting(kind):
            if older is not newer:
                self._fail(older, "superseded", sentence)
        self._stop_unwanted_forward()

    def _want_model(self, asked: AskedQuestion) -> None:
        self._supersede(asked, LoadModel, "Another network was asked for.")
        self._to_load = asked
        if self._forward is not None:
            self._forward.stop.set()  # Its output would be forgotten; it starts again if it is still wanted.

    def _want_image(self, asked: AskedQuestion, request: OpenImage) -> None:
        self._supersede(asked, OpenImage, "Another image was opened.")
        for image in self._images.values():
            if image.name != request.image:
                self._drop_wants(image, "Another image was opened.")
        for older in self._waiting(Prefetch):
            if isinstance(older.request, Prefetch) and older.request.image != request.image:
                self._fail(older, "cancelled", "Another image was opened.")
        self._current = request.image
        self._use(request.image).opening = asked
        self._to_read.append(asked)
        self._stop_unwanted_forward()

    def _want_result(self, asked: AskedQuestion, request: Inspect | Probe) -> None:
        image = self._images.get(request.image)
        if image is None:
            self._fail_unopened(asked, request.image)
            return
        if (older := image.inspect if isinstance(request, Inspect) else image.probe) is not None:
            self._replace(older)
        if isinstance(request, Probe):
            image.probe = asked
            return
        image.inspect = asked

    def _want_errand(self, asked: AskedQuestion, request: Errand) -> None:
        if request.image not in self._images:
            self._fail_unopened(asked, request.image)
        else:
            for older in self._errands.add(asked):
                self._replace(older)

    def _want_prefetch(self, asked: AskedQuestion, request: Prefetch) -> None:
        for older in self._waiting(Prefetch):
            if older is not asked and isinstance(older.request, Prefetch) and older.request.image == request.image:
                self._replace(older)
        self._to_read.append(asked)

    def _cancel(self, request: Cancel) -> None:
        asked = self._unanswered.get(request.target)
        if asked is not None:
            self._fail(asked, "cancelled", "Cancelled.")
            self._stop_unwanted_forward()

    def _close_image(self, request: CloseImage) -> None:
        image = self._images.get(request.image)
        for asked in (*self._waiting(OpenImage), *self._waiting(Prefetch)):
            if isinstance(asked.request, OpenImage | Prefetch) and asked.request.image == request.image:
                self._fail(asked, "cancelled", "The image was closed.")
        if image is not None:
            self._drop_wants(image, "The image was closed.")
            self._stop_unwanted_forward()
            del self._images[image.name]

    def _use(self, name: str) -> WantedImage:
        image = self._images.setdefault(name, WantedImage(name))
        self._images.move_to_end(name)
        return image

    def _waiting(self, kind: type) -> list[AskedQuestion]:
        return [asked for asked in self._unanswered.values() if isinstance(asked.request, kind)]

    def _drop_wants(self, image: WantedImage, sentence: str) -> None:
        for asked in self._wants_of(image):
            self._fail(asked, "cancelled", sentence)

    def _wants_of(self, image: WantedImage) -> list[AskedQuestion]:
        return [*image.wants(), *self._errands.of_image(image.name)]

    def _prefer_urgent(self) -> None:
        """Stops a forward if a more urgent one waits; a measuring goes on afterwards."""
        running = self._forward
        if running is None:
            return
        if not any(each.wants_forward and each.urgency > running.image.urgency for each in self._images.values()):
            return
        if running.image.prefetch is not None:
            self._fail(running.image.prefetch, "superseded", "Another image needs the network now.")
        running.stop.set()

    def _stop_unwanted_forward(self) -> None:
        running = self._forward
        if running is not None and not (running.image.urgency or running.image.measure):
            running.stop.set()

    # -------------------------------------------------------------------------------------------------------- replies

    def _answer(self, asked: AskedQuestion, reply: Reply) -> None:
        """Sends a request's final reply, unless it has had one."""
        if asked.answered:
            return
        asked.answered = True
        del self._unanswered[asked.request.request]
        self._errands.forget(asked)
        for image in self._known():
            image.forget(asked)
        self._reply(reply, None)

    def _known(self) -> list[WantedImage]:
        return [*self._images.values(), *filter(None, [self._to_measure])]

    def _fail(self, asked: AskedQuestion, kind: FailureKind, sentence: str, advice: str = "") -> None:
        self._answer(asked, Failed(asked.request.request, kind, sentence, advice))

    def _replace(self, asked: AskedQuestion) -> None:
        self._fail(asked, "superseded", "A newer request took its place.")

    def _fail_unopened(self, asked: AskedQuestion, image: str) -> None:
        self._fail(asked, "not-possible", f"{image}: this image is not open.", "Open it again.")

    def _fail_with(self, asked: AskedQuestion, error: Exception) -> None:
        self._answer(asked, self._workshop.failure(asked.request.request, error))

    def _show_progress(self, image: WantedImage, step: str, fraction: float) -> None:
        with self._changed:
            for asked in (image.inspect, image.prefetch):
                if asked is not None:
                    number = asked.request.request
                    self._reply(Progress(number, step, fraction), ("progress", number))

    # ----------------------------------------------------------------------------------------------------- files lane

    def _pick_file(self) -> Job | None:
        self._to_read = [asked for asked in self._to_read if not asked.answered]
        for kind in (OpenImage, ListDataset, Prefetch, Measure):
            for asked in self._to_read:
                if isinstance(asked.request, kind):
                    self._to_read.remove(asked)
                    return partial(self._read, asked)
        return None

    def _read(self, asked: AskedQuestion) -> None:
        try:
            if isinstance(asked.request, ListDataset):
                listed = self._workshop.list_dataset(asked.request)
                with self._changed:
                    self._answer(asked, listed)
            elif isinstance(asked.request, OpenImage | Prefetch):
                self._read_picture(asked, asked.request)
            elif isinstance(asked.request, Measure):
                self._read_to_measure(asked, asked.request)
        except Exception as error:
            with self._changed:
                self._fail_reading(asked, error)

    def _read_picture(self, asked: AskedQuestion, request: OpenImage | Prefetch) -> None:
        started = time.perf_counter()
        with self._changed:
            image = self._images.get(request.image)
            bench = image.bench if image is not None else None
        known = bench.picture if bench is not None and bench.picture.source == request.source else None
        if known is None or not self._workshop.is_unchanged(known):
            known, bench = self._workshop.read(request.source), None
        with self._changed:
            if asked.answered:
                return
            image = self._use(request.image)
            if bench is None or image.bench is not bench:
                image.bench = self._workshop.bench(known, self._network)
            if isinstance(request, OpenImage):
                self._answer(asked, image.bench.opened(request, time.perf_counter() - started))
            else:
                image.prefetch = asked
            if self._current in self._images:
                self._images.move_to_end(self._current)
            self._go_on()

    def _answer_prefetches(self) -> None:
        """Answers those whose image has been read and whose forward is done, not needed, or not possible."""
        for image in self._images.values():
            asked = image.prefetch
            if asked is None or not isinstance(asked.request, Prefetch) or not image.is_open:
                continue
            may_run = image.wants_forward or (self._network_is_coming and not image.has_output)
            if not (asked.request.settings.needs_network and may_run):
                self._answer(asked, Prefetched(asked.request.request, asked.request.image, asked.seconds))

    @property
    def _network_is_coming(self) -> bool:
        return self._loading or (self._to_load is not None and not self._to_load.answered)

    def _read_to_measure(self, asked: AskedQuestion, request: Measure) -> None:
        picture = self._workshop.read(request.source)
        with self._changed:
            if not asked.answered:
                bench = self._workshop.bench(picture, self._network)
                self._to_measure = WantedImage(request.source.path, bench, measure=asked)
            self._go_on()

    def _fail_reading(self, asked: AskedQuestion, error: Exception) -> None:
        if isinstance(asked.request, OpenImage) and not asked.answered:
            image = self._images.get(asked.request.image)
            if image is not None and image.bench is None:
                for waiting in self._wants_of(image):
                    self._fail_with(waiting, error)
        self._fail_with(asked, error)
        self._go_on()

    def _forget_unopened(self) -> None:
        """Lets go of images whose opening was cancelled or failed: nothing they want will ever be done."""
        for name, image in list(self._images.items()):
            if image.bench is None and image.opening is None:
                for waiting in self._wants_of(image):
                    self._fail_unopened(waiting, name)
                del self._images[name]

    def _forget_oldest(self) -> None:
        """Lets go of images that were unused for longest, until the rest fit."""
        excess = sum(image.bench.bytes for image in self._images.values() if image.bench) - _MEMORY_FOR_IMAGES
        for name, image in list(self._images.items()):
            if excess > 0 and name != self._current and image.bench is not None and not self._wants_of(image):
                excess -= image.bench.bytes
                del self._images[name]

    # --------------------------------------------------------------------------------------------------- network lane

    def _pick_network(self) -> Job | None:
        if self._to_load is not None:
            asked, self._to_load = self._to_load, None
            if not asked.answered and isinstance(asked.request, LoadModel):
                self._loading = True
                return partial(self._load, asked, asked.request)
        wanting = [image for image in self._images.values() if image.wants_forward]
        if not wanting:
            return self._pick_measure()
        image = max(wanting, key=lambda each: each.urgency)
        self._forward = RunningForward(image)
        assert image.bench is not None
        return partial(self._run_forward, self._forward, image.bench)

    def _load(self, asked: AskedQuestion, request: LoadModel) -> None:
        network: NetworkT | None = None
        failure: Exception | None = None
        try:
            network = self._workshop.load(request)
        except Exception as error:
            failure = error
        with self._changed:
            self._loading = False
            if failure is not None:
                self._fail_with(asked, failure)
            elif network is not None and not asked.answered:
                self._network = network
                for image in self._known():
                    if image.bench is not None:
                        image.bench = self._workshop.bench(image.bench.picture, network)
                self._answer(asked, ModelLoaded(request.request, network.card))
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
            self._forward = None
            if failure is not None:
                self._fail_forward(image, failure)
            self._go_on()

    def _fail_forward(self, image: WantedImage, error: Exception) -> None:
        if image.prefetch is not None:
            self._fail_with(image.prefetch, error)
        if image.inspect is not None and image.wants_network_for_inspect:
            self._fail_with(image.inspect, error)

    def _pick_measure(self) -> Job | None:
        image = self._to_measure
        if image is None or image.bench is None or image.measure is None:
            self._to_measure = None
            return None
        self._forward = RunningForward(image)
        return partial(self._run_measure, self._forward, image.bench, image.measure)

    def _run_measure(self, forward: RunningForward, bench: Bench, asked: AskedQuestion) -> None:
        result: Measured | None = None
        failure: Exception | None = None
        assert isinstance(asked.request, Measure)
        try:
            result = measure_on(bench, asked.request, forward.stop.is_set)
        except Exception as error:
            failure = error
        with self._changed:
            self._forward = None
            if forward.image.bench is bench and failure is not None:
                self._fail_with(asked, failure)
            elif forward.image.bench is bench and result is not None:
                self._answer(asked, result)
            self._go_on()

    # ------------------------------------------------------------------------------------------- post-processing lane

    def _pick_stages(self) -> Job | None:
        newest_first = [image for image in reversed(self._images.values()) if image.is_open]
        for image in newest_first:
            if (asked := image.probe) is not None:
                image.probe = None
                return partial(self._run_stages, asked, image)
        for image in newest_first:
            if image.can_inspect(network_is_coming=self._network_is_coming):
                asked, image.inspect = image.inspect, None
                return partial(self._run_stages, asked, image)
        for image in newest_first:
            if (errand := self._errands.next_of(image.name)) is not None:
                return partial(self._run_stages, errand, image)
        return None

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
                self._ask_again(asked, image)  # Another network was loaded meanwhile: its classes hold now.
            elif failure is not None:
                self._fail_with(asked, failure)
            elif isinstance(result, Inspected):
                self._answer(asked, bench.without_unchanged(result))
            elif result is not None:
                self._answer(asked, result)
            else:
                self._want(asked)  # It gave way.
            self._go_on()

    def _is_pressed(self) -> bool:
        """Whether something more urgent than an errand waits in the post-processing lane."""
        return any(image.probe is not None or image.inspect is not None for image in list(self._images.values()))

    def _ask_again(self, asked: AskedQuestion, image: WantedImage) -> None:
        if not isinstance(asked.request, Inspect):
            self._want(asked)
        elif image.inspect is None:
            image.inspect = asked
        else:
            self._replace(asked)
