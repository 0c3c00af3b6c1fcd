"""Keeps an inference service running and gets every request an answer, whatever becomes of the service.

The supervisor remembers what has been asked and not yet answered. If the service dies or hangs it starts another one,
brings it to where the old one was (the network that was loaded, the image that was open), and asks the unanswered
requests **once** more. A request over which two services were lost fails, and the third service goes on without it.

Work in the background (:class:`Prefetch`, :class:`Measure`, errands) is never asked again: it fails with the service,
and what the user waits for at the time is not blamed for that. No Qt here.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lpsnet_studio.inference.messages import (
    Cancel,
    CloseImage,
    DatasetListed,
    Errand,
    Failed,
    GainsWeighed,
    Heartbeat,
    ImageOpened,
    Inspected,
    LoadModel,
    Measure,
    Measured,
    MemoryUse,
    ModelLoaded,
    OpenImage,
    Prefetch,
    Prefetched,
    Probed,
    Progress,
    Question,
    Ready,
    Reply,
    Request,
    Seen,
    Shutdown,
)
from lpsnet_studio.inference.process import SERVICE_COMMAND, ServiceProcess
from lpsnet_studio.inference.transport import Outbox

__all__ = ["Patience", "ServiceState", "Supervisor"]

_FinalReply = (
    ModelLoaded
    | ImageOpened
    | Inspected
    | Probed
    | Seen
    | GainsWeighed
    | Prefetched
    | Measured
    | DatasetListed
    | Failed
)

_log = logging.getLogger(__name__)

ServiceState = Literal["starting", "ready", "restarting", "unavailable", "stopped"]
"""``starting``     the first service is on its way: requests wait.
``ready``        it answers.
``restarting``   it was lost and another one is on its way: requests wait.
``unavailable``  it cannot be started; requests fail, and each tries once again.
``stopped``      closed.
"""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait before a service counts as lost, in seconds.

    Attributes:
        start: from its start to Ready; importing torch from a cold disk takes long.
        idle: without a heartbeat while it does not compute either: it is stopped or deadlocked.
        busy: without a heartbeat while it computes: long calls into libraries may hold Python's lock.
        farewell: for its end after Shutdown.
    """

    start: float = 120.0
    idle: float = 3.0
    busy: float = 30.0
    farewell: float = 1.0


_TICK = 0.5
_STARTS = 3
"""How many services may be lost in a row before any was ready."""
_CHANCES = 2
"""How often a request may be asked that the user waits for."""
_Background = Prefetch | Measure | Errand


@dataclass(slots=True)
class _Pending:
    """A request that waits for its final reply.

    Attributes:
        request: as it is sent.
        losses: how many services were lost while it waited in them, and may have been lost over it.
        excused: whether one more was, which is put down to work in the background; a second one is not.
        sent: whether the present service has it.
        withdrawn: whether it was cancelled.
        replayed: whether it only brings a new service to where the old one was: nobody waits for its reply.
    """

    request: Question
    losses: int = 0
    excused: bool = False
    sent: bool = False
    withdrawn: bool = False
    replayed: bool = False

    @property
    def is_background(self) -> bool:
        """Whether nobody waits for it at the screen."""
        return isinstance(self.request, _Background)

    def count_loss(self, *, background_may_be_why: bool) -> None:
        """Notes that the service it was sent to is no more."""
        if background_may_be_why and not self.is_background and not self.excused:
            self.excused = True
        else:
            self.losses += 1

    @property
    def is_hopeless(self) -> bool:
        """Whether it is not to be asked again."""
        return self.losses >= (1 if self.is_background else _CHANCES)


@dataclass(frozen=True, slots=True)
class _Lost:
    """The reader's word that the connection to ``process`` has ended."""

    process: ServiceProcess


class Supervisor:
    """Starts, watches and restarts the service.

    ``post``, ``start`` and ``next_request`` never block and may be called from any thread. The callbacks come from the
    supervisor's thread.

    Args:
        on_reply: receives every reply but heartbeats; each request's final reply exactly once.
        on_state: receives every change of state.
        command: how to start the service.
        patience: when it counts as lost; None for what suits the real one.
    """

    def __init__(
        self,
        on_reply: Callable[[Reply], None],
        on_state: Callable[[ServiceState], None],
        command: Sequence[str] = SERVICE_COMMAND,
        patience: Patience | None = None,
    ) -> None:
        self._on_reply = on_reply
        self._on_state = on_state
        self._command = command
        self._patience = patience or Patience()
        self._numbers = itertools.count(1)
        self._inbox: queue.SimpleQueue[Request | _Lost | tuple[ServiceProcess, Reply]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="service supervisor", daemon=True)
        self._state: ServiceState = "stopped"

        # Everything below belongs to the supervisor's thread.
        self._process: ServiceProcess | None = None
        self._outbox: Outbox | None = None
        self._ready = False
        self._closing = False
        self._failed_starts = 0
        self._heard = self._computed = 0.0
        self._pending: dict[int, _Pending] = {}
        self._model: LoadModel | None = None
        self._image: OpenImage | None = None

    # ----------------------------------------------------------------------------------------------- from any thread

    def start(self) -> None:
        """Starts the service in the background."""
        self._thread.start()

    def next_request(self) -> int:
        """Returns a request number that was never used before."""
        return next(self._numbers)

    def post(self, request: Request) -> None:
        """Sends a request as soon as the service can take it."""
        self._inbox.put(request)

    def close(self) -> None:
        """Ends the service and waits for its end, about 10 ms; killing one that does not listen takes some seconds."""
        if self._thread.is_alive():
            self._inbox.put(Shutdown())
            self._thread.join(self._patience.farewell + 2.0)

    # ---------------------------------------------------------------------------------------- the supervisor's thread

    def _run(self) -> None:
        # The kernel ends a child with the thread that started it, so this thread starts every service and ends last.
        self._set_state("starting")
        self._start_process()
        looked = time.monotonic()
        while not self._closing:
            with contextlib.suppress(queue.Empty):
                self._handle(self._inbox.get(timeout=_TICK))
            if time.monotonic() - looked >= _TICK and self._inbox.empty():
                self._look_after_process(time.monotonic() - looked)
                looked = time.monotonic()
        self._end_process()
        self._set_state("stopped")

    def _handle(self, event: Request | _Lost | tuple[ServiceProcess, Reply]) -> None:
        if isinstance(event, tuple):
            process, reply = event
            if process is self._process:
                self._heard = time.monotonic()
                self._take_reply(reply)
        elif isinstance(event, _Lost):
            if event.process is self._process:
                self._lose_process("ended")
        else:
            self._take_request(event)

    def _set_state(self, state: ServiceState) -> None:
        if state != self._state:
            self._state = state
            self._on_state(state)

    # ------------------------------------------------------------------------------------------------------- requests

    def _take_request(self, request: Request) -> None:
        match request:
            case Shutdown():
                self._closing = True
                return
            case Cancel():
                if request.target in self._pending:
                    self._pending[request.target].withdrawn = True
            case CloseImage():
                if self._image is not None and self._image.image == request.image:
                    self._image = None
            case _:
                self._pending[request.request] = _Pending(request)
        if self._process is None:
            self._set_state("restarting")
            self._start_process()
        if self._ready:
            self._send(request)

    def _send(self, request: Request) -> None:
        if self._outbox is None:
            return
        if not isinstance(request, Cancel | CloseImage | Shutdown):
            self._pending[request.request].sent = True
        self._outbox.put(request)

    def _ask_everything(self) -> None:
        """Brings a service that has just become ready to where the last one was, then asks what is unanswered."""
        unanswered = list(self._pending.values())
        self._pending.clear()
        for memory in (self._model, self._image):
            if memory is not None:
                again = replace(memory, request=self.next_request())
                before = next((p for p in unanswered if p.replayed and type(p.request) is type(again)), _Pending(again))
                self._pending[again.request] = replace(before, request=again, replayed=True)
        self._pending.update({p.request.request: p for p in unanswered if not p.replayed})
        for pending in self._pending.values():
            self._send(pending.request)

    # -------------------------------------------------------------------------------------------------------- replies

    def _take_reply(self, reply: Reply) -> None:
        match reply:
            case Heartbeat():
                return
            case Ready():
                self._ready = True
                self._failed_starts = 0
                devices = ", ".join(device.name for device in reply.devices)
                _log.info("the inference service is ready: process %d, torch %s, %s", reply.pid, reply.torch, devices)
                self._ask_everything()
                self._on_reply(reply)
                self._set_state("ready")
            case MemoryUse():
                self._on_reply(reply)
            case Progress():
                pending = self._pending.get(reply.request)
                if pending is not None and not pending.replayed:
                    self._on_reply(reply)
            case _:
                self._finish(reply)

    def _finish(self, reply: _FinalReply) -> None:
        pending = self._pending.pop(reply.request, None)
        if pending is None:
            return
        self._remember(pending.request, reply)
        if not pending.replayed:
            self._on_reply(reply)
        elif isinstance(reply, Failed):
            _log.warning("the new inference service could not be brought to where the last was: %s", reply.sentence)

    def _remember(self, request: Question, reply: Reply) -> None:
        """Keeps what another service would have to be told again."""
        if isinstance(request, LoadModel) and isinstance(reply, ModelLoaded):
            self._model = request
        elif isinstance(request, OpenImage) and isinstance(reply, ImageOpened):
            self._image = request

    # -------------------------------------------------------------------------------------------------------- process

    def _start_process(self) -> None:
        try:
            process = ServiceProcess(self._command)
        except OSError as error:
            self._give_up(f"{self._command[0]}: {error.strerror or error}")
            return
        self._process = process
        self._outbox = Outbox(process.channel, on_broken=lambda error: self._inbox.put(_Lost(process)))
        self._heard, self._computed = time.monotonic(), 0.0
        threading.Thread(target=self._read, args=(process,), name="service replies", daemon=True).start()

    def _read(self, process: ServiceProcess) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                self._inbox.put((process, process.channel.receive()))
        self._inbox.put(_Lost(process))

    def _look_after_process(self, since_last_look: float) -> None:
        if since_last_look > 4 * _TICK:
            self._heard = time.monotonic()  # This very process was stopped or starved: the silence may be its own.
        if self._process is not None and (complaint := self._complaint(self._process)):
            self._lose_process(complaint)

    def _complaint(self, process: ServiceProcess) -> str:
        """Says what is wrong with a service that has been silent for too long; empty if nothing is."""
        silent = time.monotonic() - self._heard
        if not self._ready:
            return f"did not start within {silent:.0f} s" if silent > self._patience.start else ""
        if silent < min(self._patience.idle, self._patience.busy) / 2:
            self._computed = process.cpu_seconds()
            return ""
        stands_still = process.cpu_seconds() - self._computed < 0.05
        if silent > (self._patience.idle if stands_still else self._patience.busy):
            return f"hung for {silent:.1f} s"
        return ""

    def _lose_process(self, complaint: str) -> None:
        """Buries a service that died or hung, fails what two services were lost over, and starts the next."""
        obituary = self._bury()
        _log.warning("the inference service %s: %s", complaint, obituary)
        if not self._ready:
            self._failed_starts += 1
        self._ready = False
        self._count_losses(complaint, obituary)
        if self._failed_starts >= _STARTS:
            self._give_up(obituary)
            return
        self._set_state("restarting")
        self._start_process()

    def _bury(self) -> str:
        assert self._process is not None
        assert self._outbox is not None
        self._outbox.close()
        self._process.kill()
        obituary = self._process.end_of_life()
        self._process = self._outbox = None
        return obituary

    def _count_losses(self, complaint: str, obituary: str) -> None:
        in_background = any(pending.sent and pending.is_background for pending in self._pending.values())
        for number, pending in list(self._pending.items()):
            if pending.sent:
                pending.count_loss(background_may_be_why=in_background)
            pending.sent = False
            if pending.withdrawn:
                del self._pending[number]
                self._on_reply(Failed(number, "cancelled", "Cancelled."))
            elif pending.is_hopeless:
                del self._pending[number]
                self._fail_lost(pending, complaint, obituary)

    def _fail_lost(self, pending: _Pending, complaint: str, obituary: str) -> None:
        if pending.replayed:
            _log.error("two inference services were lost over %r: it is not asked again", pending.request)
            if isinstance(pending.request, LoadModel):
                self._model = None
            else:
                self._image = None
            return
        lost = "lost: it" if pending.is_background else "lost twice over this request: the last one"
        self._on_reply(
            Failed(
                pending.request.request,
                "died",
                f"The inference process was {lost} {complaint}.",
                "It runs again. If memory is short, a smaller input side or a smaller picture may help.",
                obituary,
            )
        )

    def _give_up(self, reason: str) -> None:
        """Fails everything that waits; the next request tries again."""
        self._failed_starts = _STARTS - 1
        for pending in self._pending.values():
            if not pending.replayed:
                self._on_reply(
                    Failed(
                        pending.request.request,
                        "died",
                        "The inference process cannot be started.",
                        "The details hold its last words; a broken installation of torch is the usual cause.",
                        reason,
                    )
                )
        self._pending.clear()
        self._set_state("unavailable")

    def _end_process(self) -> None:
        if self._process is None or self._outbox is None:
            return
        self._outbox.put(Shutdown())
        self._process.wait(self._patience.farewell)
        self._bury()
