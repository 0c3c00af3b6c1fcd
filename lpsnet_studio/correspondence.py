"""What the service was asked for and has not answered yet; no Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from lpsnet_studio.demo_network import name_of
from lpsnet_studio.inference.messages import (
    Cancel,
    Failed,
    Inspect,
    ListDataset,
    LoadModel,
    ModelCard,
    OpenImage,
    Progress,
    Request,
)
from lpsnet_studio.state import Busy, Entry, Problem

__all__ = ["Correspondence", "Question", "Service", "problem_of"]

Question = LoadModel | ListDataset | OpenImage | Inspect
_Kind = TypeVar("_Kind", LoadModel, ListDataset, OpenImage, Inspect)
_WORDS: tuple[tuple[type[Question], str], ...] = (
    (LoadModel, "loading the network"),
    (ListDataset, "reading the data set"),
    (OpenImage, "opening the image"),
    (Inspect, "inspecting"),
)


class Service(Protocol):
    """What the session needs of the inference service's client."""

    def next_request(self) -> int:
        """Returns a request number that was never used."""
        ...

    def post(self, request: Request) -> None:
        """Sends a request; never blocks."""
        ...


class Correspondence:
    """The questions that are open, at most one of each kind: a newer one takes the place of an older one.

    Args:
        service: where questions go.
        on_busy: called after :attr:`busy` has changed.

    Attributes:
        busy: what the service is doing; None if nothing.
    """

    def __init__(self, service: Service, on_busy: Callable[[], None]) -> None:
        self._service = service
        self._on_busy = on_busy
        self._open: dict[type[Question], Question] = {}
        self._progress: dict[int, Progress] = {}
        self.busy: Busy | None = None

    def next_number(self) -> int:
        """Returns a request number that was never used."""
        return self._service.next_request()

    def ask(self, question: Question) -> None:
        """Sends a question and keeps it until it is answered, dropped or replaced."""
        self._open[type(question)] = question
        self._update_busy()
        self._service.post(question)

    def pending(self, kind: type[_Kind]) -> _Kind | None:
        """Returns the open question of a kind; None if there is none."""
        question = self._open.get(kind)
        return question if isinstance(question, kind) else None

    def numbered(self, number: int) -> Question | None:
        """Returns the open question of a number; None if nobody waits for its answer any more."""
        return next((question for question in self._open.values() if question.request == number), None)

    def settle(self, kind: type[Question], number: int) -> bool:
        """Takes an answered question off the list; False if the answer is not to the newest of its kind."""
        question = self._open.get(kind)
        if question is None or question.request != number:
            return False
        self.drop(kind)
        return True

    def drop(self, kind: type[Question]) -> None:
        """Forgets the open question of a kind, so that its answer will be ignored."""
        question = self._open.pop(kind, None)
        if question is not None:
            self._progress.pop(question.request, None)
            self._update_busy()

    def withdraw(self, kind: type[Question]) -> None:
        """Forgets the open question of a kind and saves the service the work on it."""
        question = self._open.get(kind)
        if question is not None:
            self.drop(kind)
            self._service.post(Cancel(question.request))

    def cancel(self) -> None:
        """Withdraws every open question; the service says of each that it was cancelled."""
        for question in self._open.values():
            self._service.post(Cancel(question.request))

    def note(self, progress: Progress) -> None:
        """Takes how far the service is with a question."""
        if self.numbered(progress.request) is not None:
            self._progress[progress.request] = progress
            self._update_busy()

    def _update_busy(self) -> None:
        busy = next(self._under_way(), None)
        if busy != self.busy:
            self.busy = busy
            self._on_busy()

    def _under_way(self) -> Iterator[Busy]:
        for kind, words in _WORDS:
            question = self._open.get(kind)
            if question is not None:
                progress = self._progress.get(question.request)
                yield Busy(words, -1.0) if progress is None else Busy(f"{words}: {progress.step}", progress.fraction)


def problem_of(question: Question, reply: Failed, entry: Entry | None, model: ModelCard | None) -> Problem:
    """Tells a failure to people: which picture it is about, and details only where someone may need them.

    Args:
        question: what was asked.
        reply: why there is no answer.
        entry: the current image; None if there is none.
        model: the network that is loaded; None if there is none.
    """
    advice = reply.advice
    if isinstance(question, LoadModel):
        if not advice and reply.sentence.lower().startswith("device "):
            advice = "Choose another in Model › Device."
        advice = f"{advice} {_what_is_loaded(model)}".lstrip()
    is_about_picture = isinstance(question, OpenImage | Inspect) and entry is not None
    return Problem(
        reply.sentence,
        advice,
        reply.details if reply.kind in ("internal", "died", "mismatch") else "",
        entry.source.path if is_about_picture and entry is not None else "",
    )


def _what_is_loaded(model: ModelCard | None) -> str:
    if model is None:
        return "No network is loaded."
    return f"The previous network, {name_of(model)} ({'trained' if model.trained else 'untrained'}), stays loaded."
