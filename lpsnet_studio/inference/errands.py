"""What is done for open images when nothing more urgent is: maps to look at, and what ground truth would gain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lpsnet_studio.inference.messages import Errand, Look, WeighGains
from lpsnet_studio.inference.wanted import AskedQuestion

__all__ = ["Errands", "is_same_errand"]


def is_same_errand(one: Errand, other: Errand) -> bool:
    """Whether an errand makes another one needless: the same map, or the gains at whatever settings."""
    if isinstance(one, Look) and isinstance(other, Look):
        return (one.image, one.sight) == (other.image, other.sight)
    return isinstance(one, WeighGains) and isinstance(other, WeighGains) and one.image == other.image


@dataclass(slots=True)
class Errands:
    """Errands that wait, in the order in which they came."""

    _waiting: list[AskedQuestion] = field(default_factory=list)

    def add(self, asked: AskedQuestion) -> Iterator[AskedQuestion]:
        """Takes one in and yields those that it makes needless."""
        yield from [other for other in self._waiting if _is_needless(other, asked)]
        self._waiting.append(asked)

    def of_image(self, name: str) -> list[AskedQuestion]:
        """Returns what waits for an image."""
        return [asked for asked in self._waiting if _errand(asked).image == name]

    def forget(self, asked: AskedQuestion) -> None:
        """Stops waiting for one."""
        if asked in self._waiting:
            self._waiting.remove(asked)

    def next_of(self, name: str) -> AskedQuestion | None:
        """Takes out what is to be done next for an image, maps before gains; None if nothing waits."""
        waiting = sorted(self.of_image(name), key=lambda asked: isinstance(asked.request, WeighGains))
        if not waiting:
            return None
        self._waiting.remove(waiting[0])
        return waiting[0]


def _errand(asked: AskedQuestion) -> Errand:
    assert isinstance(asked.request, Look | WeighGains)
    return asked.request


def _is_needless(waiting: AskedQuestion, newer: AskedQuestion) -> bool:
    return is_same_errand(_errand(waiting), _errand(newer))
