"""A service in the test's own process: it does with the real workshop what it is asked, when the test lets it."""

from __future__ import annotations

import time
from typing import Any

from lpsnet_studio.inference.messages import Inspect, ListDataset, LoadModel, ModelLoaded, OpenImage, Request
from lpsnet_studio.inference.workbench import answer_on
from lpsnet_studio.inference.workshop import TorchWorkshop
from lpsnet_studio.session import Session

__all__ = ["DirectService"]


class DirectService:
    """Takes requests and answers them one after the other, with a network that runs at once.

    Attributes:
        failures: what could not be done, in the service's words.
    """

    def __init__(self) -> None:
        self._workshop = TorchWorkshop()
        self._waiting: list[Any] = []
        self._benches: dict[str, Any] = {}
        self._network: Any = None
        self._number = 0
        self.failures: list[Any] = []

    def next_request(self) -> int:
        self._number += 1
        return self._number

    def post(self, request: Request) -> None:
        self._waiting.append(request)

    def answer(self, session: Session) -> None:
        """Answers everything that waits, and what is asked because of it."""
        while self._waiting:
            request = self._waiting.pop(0)
            try:
                reply = self._answer(request)
            except Exception as error:
                reply = self._workshop.failure(request.request, error)
                self.failures.append(reply)
            if reply is not None:
                session.receive(reply)

    def _answer(self, request: Any) -> Any:
        match request:
            case LoadModel():
                self._network = self._workshop.load(request)
                return ModelLoaded(request.request, self._network.card)
            case ListDataset():
                return self._workshop.list_dataset(request)
            case OpenImage():
                picture = self._workshop.read(request.source)
                bench = self._benches[request.image] = self._workshop.bench(picture, self._network)
                return bench.opened(request, 0.0)
        if not hasattr(request, "image"):
            return None
        bench = self._benches[request.image]
        if isinstance(request, Inspect):
            is_needed = request.settings.needs_network and bench.can_run_network and not bench.has_output
            if is_needed:
                bench.run_network(lambda: False, lambda _fraction: None)
            return bench.without_unchanged(bench.inspect(request, time.perf_counter()))
        return answer_on(bench, request, time.perf_counter(), lambda: False)
