"""Decides what the service does next: newest wins, and every request is answered exactly once.

Requests change what is wanted, and those who do the work take from it what comes next. So nothing has to be taken out
of queues: what is no longer wanted does not come next, and what was interrupted but is still wanted comes again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from lpsnet_studio.inference.errands import Errands
from lpsnet_studio.inference.messages import (
    Cancel,
    CloseImage,
    Errand,
    Failed,
    FailureKind,
    Inspect,
    ListDataset,
    LoadModel,
    Look,
    Measure,
    OpenImage,
    Prefetch,
    Prefetched,
    Probe,
    Question,
    Reply,
    Request,
    WeighGains,
)
from lpsnet_studio.inference.wanted import AskedQuestion, RunningForward, WantedImage
from lpsnet_studio.inference.workbench import Bench

__all__ = ["Agenda"]

_MEMORY_FOR_IMAGES = 768 * 2**20
"""Bytes that the images which are kept may take together; the current one is always kept."""


class Agenda:
    """What is wanted. It starts no work and waits for nothing; who uses it sees to it that nobody else does meanwhile.

    Args:
        reply: sends a request's final reply.
        explain: says for people why a request, by its number, came to an error.
    """

    def __init__(self, reply: Callable[[Reply], None], explain: Callable[[int, Exception], Failed]) -> None:
        self._reply = reply
        self._explain = explain
        self._images: OrderedDict[str, WantedImage] = OrderedDict()
        """From the longest unused to the current one."""
        self._current = ""
        self._to_measure: WantedImage | None = None
        """Read, and not among the images: nobody opened it, and nothing of it is kept."""
        self._unanswered: dict[int, AskedQuestion] = {}
        self._to_read: list[AskedQuestion] = []
        self._errands = Errands()
        self._to_load: AskedQuestion | None = None
        self._is_loading = False
        self._forward: RunningForward | None = None

    # ------------------------------------------------------------------------------------------------------- requests

    def take(self, request: Request) -> None:
        """Takes a request in."""
        match request:
            case Cancel():
                self._cancel(request)
            case CloseImage():
                self._close_image(request)
            case _ if isinstance(request, Question):
                asked = self._unanswered[request.request] = AskedQuestion(request)
                self.want(asked)

    def settle(self) -> None:
        """Gives up and answers what has become needless; ends every change of what is wanted."""
        self._forget_unopened()
        self._answer_prefetches()
        self._prefer_urgent()
        self._forget_oldest()

    def want(self, asked: AskedQuestion) -> None:
        """Takes a question in, or again where its work gave way."""
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
        self.use(request.image).opening = asked
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

    def ask_again(self, asked: AskedQuestion, image: WantedImage) -> None:
        """Takes a question in whose answer holds no more, unless a newer one of its kind waits."""
        if not isinstance(asked.request, Inspect):
            self.want(asked)
        elif image.inspect is None:
            image.inspect = asked
        else:
            self._replace(asked)

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

    # ---------------------------------------------------------------------------------------------------------- images

    @property
    def known(self) -> list[WantedImage]:
        """The open images, and the one to be measured."""
        return [*self._images.values(), *filter(None, [self._to_measure])]

    def image(self, name: str) -> WantedImage | None:
        """Returns an image that is open or to be opened."""
        return self._images.get(name)

    def use(self, name: str) -> WantedImage:
        """Returns an image, known or new, as used more lately than any but the current one."""
        image = self._images.setdefault(name, WantedImage(name))
        self._images.move_to_end(name)
        if self._current in self._images:
            self._images.move_to_end(self._current)
        return image

    def measure(self, asked: AskedQuestion, image: str, bench: Bench) -> None:
        """Lets an image be measured that has been read."""
        self._to_measure = WantedImage(image, bench, measure=asked)

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

    # ------------------------------------------------------------------------------------------------- what comes next

    def next_to_read(self) -> AskedQuestion | None:
        """Takes out what the files are read for next."""
        self._to_read = [asked for asked in self._to_read if not asked.answered]
        for kind in (OpenImage, ListDataset, Prefetch, Measure):
            for asked in self._to_read:
                if isinstance(asked.request, kind):
                    self._to_read.remove(asked)
                    return asked
        return None

    def next_to_load(self) -> AskedQuestion | None:
        """Takes out the network that is to be loaded."""
        asked, self._to_load = self._to_load, None
        if asked is None or asked.answered:
            return None
        self._is_loading = True
        return asked

    def end_loading(self) -> None:
        """Takes note that no network is being loaded."""
        self._is_loading = False

    def next_forward(self) -> RunningForward | None:
        """Returns the forward that is wanted most, from now until :meth:`end_forward` the one that runs."""
        wanting = [image for image in self._images.values() if image.wants_forward]
        image = max(wanting, key=lambda each: each.urgency) if wanting else self._next_to_measure()
        self._forward = RunningForward(image) if image is not None else None
        return self._forward

    def end_forward(self) -> None:
        """Takes note that no forward runs."""
        self._forward = None

    def _next_to_measure(self) -> WantedImage | None:
        if self._to_measure is not None and self._to_measure.measure is None:
            self._to_measure = None
        return self._to_measure

    def next_stage(self) -> tuple[AskedQuestion, WantedImage] | None:
        """Takes out what the stages after the network are run for next, with its image."""
        newest_first = [image for image in reversed(self._images.values()) if image.is_open]
        for image in newest_first:
            if (asked := image.probe) is not None:
                image.probe = None
                return asked, image
        for image in newest_first:
            if (asked := image.inspect) is not None and image.can_inspect(network_is_coming=self._network_is_coming):
                image.inspect = None
                return asked, image
        for image in newest_first:
            if (errand := self._errands.next_of(image.name)) is not None:
                return errand, image
        return None

    @property
    def is_pressed(self) -> bool:
        """Whether something more urgent than an errand waits for its stages."""
        return any(image.probe is not None or image.inspect is not None for image in self._images.values())

    @property
    def _network_is_coming(self) -> bool:
        return self._is_loading or (self._to_load is not None and not self._to_load.answered)

    # --------------------------------------------------------------------------------------------------------- answers

    def answer(self, asked: AskedQuestion, reply: Reply) -> None:
        """Sends a request's final reply, unless it has had one."""
        if asked.answered:
            return
        asked.answered = True
        del self._unanswered[asked.request.request]
        self._errands.forget(asked)
        for image in self.known:
            image.forget(asked)
        self._reply(reply)

    def _answer_prefetches(self) -> None:
        """Answers those whose image has been read and whose forward is done, not needed, or not possible."""
        for image in self._images.values():
            asked = image.prefetch
            if asked is None or not isinstance(asked.request, Prefetch) or not image.is_open:
                continue
            may_run = image.wants_forward or (self._network_is_coming and not image.has_output)
            if not (asked.request.settings.needs_network and may_run):
                self.answer(asked, Prefetched(asked.request.request, asked.request.image, asked.seconds))

    def _fail(self, asked: AskedQuestion, kind: FailureKind, sentence: str, advice: str = "") -> None:
        self.answer(asked, Failed(asked.request.request, kind, sentence, advice))

    def _replace(self, asked: AskedQuestion) -> None:
        self._fail(asked, "superseded", "A newer request took its place.")

    def _fail_unopened(self, asked: AskedQuestion, image: str) -> None:
        self._fail(asked, "not-possible", f"{image}: this image is not open.", "Open it again.")

    def fail_with(self, asked: AskedQuestion, error: Exception) -> None:
        """Answers a request with an error, in words."""
        self.answer(asked, self._explain(asked.request.request, error))

    def fail_reading(self, asked: AskedQuestion, error: Exception) -> None:
        """Fails a request whose files cannot be read, and what waits for its image."""
        if isinstance(asked.request, OpenImage) and not asked.answered:
            image = self._images.get(asked.request.image)
            if image is not None and image.bench is None:
                for waiting in self._wants_of(image):
                    self.fail_with(waiting, error)
        self.fail_with(asked, error)

    def fail_forward(self, image: WantedImage, error: Exception) -> None:
        """Fails what waits for the network's output on an image."""
        if image.prefetch is not None:
            self.fail_with(image.prefetch, error)
        if image.inspect is not None and image.wants_network_for_inspect:
            self.fail_with(image.inspect, error)
