"""Stopping long work in order: what signals ask for is done between two of its steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["StopReason", "StopRequest", "agreed_reason", "stop_requests"]

StopReason = Literal["terminated", "interrupted"]

_REASONS: dict[signal.Signals, StopReason] = {signal.SIGTERM: "terminated", signal.SIGINT: "interrupted"}


@dataclass(slots=True)
class StopRequest:
    """What this process was asked.

    Attributes:
        reason: ``terminated`` by SIGTERM, ``interrupted`` by SIGINT (Ctrl+C); None as long as it shall go on.
    """

    reason: StopReason | None = None

    def as_tensor(self) -> Tensor:
        """``[2]`` float64, to be added up over processes: whether each reason is given."""
        import torch  # costs seconds, and work that no processes share does without

        return torch.tensor([float(self.reason == reason) for reason in _REASONS.values()], dtype=torch.float64)


def agreed_reason(requests: Tensor) -> StopReason | None:
    """Returns the one reason to stop of all processes, from the sum of their :meth:`StopRequest.as_tensor`."""
    given = (reason for reason, count in zip(_REASONS.values(), requests.tolist(), strict=True) if count)
    return next(given, None)


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Notes SIGTERM and SIGINT instead of ending at once; a second one does what the first would have done.

    Outside the main thread, which alone is told of signals, nothing is ever noted.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.getsignal(number) for number in _REASONS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, _frame: FrameType | None) -> None:
        request.reason = _REASONS[signal.Signals(number)]
        restore()

    for number in _REASONS:
        signal.signal(number, note)
    try:
        yield request
    finally:
        restore()
