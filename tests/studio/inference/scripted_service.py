"""A service without torch that does what the requests tell it: answer, die, stop, fall silent.

``JOURNAL`` in the environment names a file to which every request is written; ``START=fail`` makes it end at once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from lpsnet.structures import InspectionSettings
from lpsnet_studio.inference.messages import (
    Cancel,
    DatasetListed,
    Device,
    Failed,
    Heartbeat,
    ImageOpened,
    ListDataset,
    LoadModel,
    Measure,
    ModelCard,
    ModelLoaded,
    OpenImage,
    Prefetch,
    Progress,
    Ready,
    Shutdown,
)
from lpsnet_studio.inference.process import become_service
from lpsnet_studio.inference.transport import Outbox
from tests.studio.inference.messages_at_random import CATEGORIES

_silent = threading.Event()


def main() -> None:
    channel = become_service(sys.argv[1:])
    if os.environ.get("START") == "fail":
        sys.exit("torch is broken")
    outbox = Outbox(channel, on_broken=lambda _error: os._exit(0))
    threading.Thread(target=beat, args=(outbox,), daemon=True).start()
    outbox.put(Ready(os.getpid(), "none", (Device("cpu", "CPU"),)))
    try:
        while True:
            request = channel.receive()
            write_journal(request)
            if isinstance(request, Shutdown):
                os._exit(0)
            answer(request, outbox)
    except EOFError:
        os._exit(0)


def beat(outbox: Outbox) -> None:
    while True:
        if not _silent.is_set():
            outbox.put(Heartbeat(), slot="heartbeat")
        time.sleep(0.1)


def write_journal(request: Any) -> None:
    path = os.environ.get("JOURNAL")
    if path:
        source = getattr(request, "source", None)
        image = getattr(request, "image", "" if source is None else source.path)
        what = getattr(request, "json_path", getattr(request, "config", image))
        with Path(path).open("a") as journal:
            journal.write(f"{os.getpid()} {type(request).__name__} {what}\n")


def answer(request: Any, outbox: Outbox) -> None:
    match request:
        case ListDataset():
            obey(request, outbox)
        case LoadModel():
            if request.config.startswith("die"):
                os.kill(os.getpid(), signal.SIGKILL)
            outbox.put(Progress(request.request, "loading", 0.5))
            settings = InspectionSettings()
            card = ModelCard(request.config, False, "", "none", 0, "cpu", "scripted", 800, CATEGORIES, settings)
            outbox.put(ModelLoaded(request.request, card))
        case OpenImage():
            pixels = np.zeros((60, 80, 3), np.uint8)
            outbox.put(ImageOpened(request.request, request.image, pixels, None, CATEGORIES, True, "", 0.0))
        case Measure() | Prefetch():
            if request.source.path == "die":
                os.kill(os.getpid(), signal.SIGKILL)
        case Cancel():
            outbox.put(Failed(request.target, "cancelled", "Cancelled."))


def obey(request: ListDataset, outbox: Outbox) -> None:
    order, _, marker = request.json_path.partition(":")
    if marker and Path(marker).exists():
        order = "answer"
    elif marker:
        Path(marker).touch()
    match order:
        case "answer":
            outbox.put(DatasetListed(request.request, request.json_path, (), CATEGORIES))
        case "die":
            sys.stderr.write("its last words\n")
            sys.stderr.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "compute silently":
            _silent.set()
            until = time.monotonic() + 2.5
            while time.monotonic() < until:
                pass
            _silent.clear()
            outbox.put(DatasetListed(request.request, request.json_path, (), CATEGORIES))
        case "out of memory":
            outbox.put(Failed(request.request, "out-of-memory", "There is not enough memory for this.", "Less."))
        case "keep waiting":
            pass


if __name__ == "__main__":
    main()
