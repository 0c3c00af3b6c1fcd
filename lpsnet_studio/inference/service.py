"""The inference service: a process of its own that has torch, network and device, so that the window never waits.

Started by the Studio as ``python -m lpsnet_studio.inference.service --channel NUMBER``. It ends with :class:`Shutdown`
and with the end of its connection: there is nothing in it to save.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Callable

from lpsnet_studio.inference.desk import Desk
from lpsnet_studio.inference.messages import Failed, Heartbeat, Inspected, MemoryUse, Ready, Reply, Request, Shutdown
from lpsnet_studio.inference.process import become_service
from lpsnet_studio.inference.transport import Channel, Outbox

__all__ = ["main", "serve"]

_HEARTBEAT_INTERVAL = 1.0
_MEMORY_INTERVAL = 2.0


def main() -> None:
    """Runs the service until the Studio ends it or is gone."""
    serve(become_service(sys.argv[1:]))


def serve(channel: Channel) -> None:
    """Answers requests; never returns."""
    outbox = Outbox(channel, on_broken=lambda _error: _end(), instead=_too_large)
    threading.Thread(target=_beat, args=(outbox,), name="heartbeat", daemon=True).start()
    requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(channel, requests), name="requests", daemon=True).start()

    # Importing torch takes seconds: the window must be able to tell it from a hang, and to end it.
    from lpsnet_studio.inference.workshop import TorchWorkshop, available_devices, memory_use, torch_version

    def reply(message: Reply, slot: object) -> None:
        outbox.put(message, slot=slot)

    desk = Desk(TorchWorkshop(), reply)
    outbox.put(Ready(os.getpid(), torch_version(), available_devices()))
    threading.Thread(target=_tell_memory, args=(outbox, memory_use), name="memory", daemon=True).start()
    while True:
        desk.take(requests.get())


def _beat(outbox: Outbox) -> None:
    while True:
        outbox.put(Heartbeat(), slot=Heartbeat)
        time.sleep(_HEARTBEAT_INTERVAL)


def _tell_memory(outbox: Outbox, memory_use: Callable[[], MemoryUse]) -> None:
    """Tells how much memory the service takes whenever that has changed by a percent."""
    told = 0
    while True:
        now = memory_use()
        if abs(now.resident + now.cuda - told) > told // 100:
            told = now.resident + now.cuda
            outbox.put(now, slot=MemoryUse)
        time.sleep(_MEMORY_INTERVAL)


def _read(channel: Channel, requests: queue.SimpleQueue[Request]) -> None:
    try:
        while not isinstance(request := channel.receive(), Shutdown):
            requests.put(request)
    finally:
        _end()


def _end() -> None:
    """Ends the process now, in the middle of a forward or not."""
    os._exit(0)


def _too_large(message: Reply, error: MemoryError) -> Failed | None:
    """Says that there was no memory to send a reply in."""
    number = getattr(message, "request", None)
    if number is None:
        return None
    what = "this result" if isinstance(message, Inspected) else "the answer"
    advice = "Close other programs, or choose a smaller picture."
    return Failed(number, "out-of-memory", f"There is not enough memory to send {what}: {error}.", advice)


if __name__ == "__main__":
    main()
