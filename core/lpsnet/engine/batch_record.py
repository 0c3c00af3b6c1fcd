"""What a batch of pictures reports of itself: its events, and how it ended, whatever else goes wrong."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from lpsnet.engine.failures import end_sentence
from lpsnet.engine.network import ReadyNetwork
from lpsnet.engine.output_folder import make_folder
from lpsnet.engine.stopping import StopReason
from lpsnet.events import BatchStarted, EventWriter, PictureDone, RunEvent, Stopped

__all__ = ["BatchRecord", "batch_start", "recorded_batch"]

_LOOKED_AT = 1 << 16
"""How many bytes of a file that is there already tell whether it holds events."""


def batch_start(
    task: Literal["evaluate", "predict"], network: ReadyNetwork | None, data: str, pictures: int
) -> BatchStarted:
    """Returns the event that a batch begins with.

    Args:
        task: what is done.
        network: None where ground truth stands for it.
        data: the pictures, for people.
        pictures: how many.
    """
    if network is None:
        return BatchStarted(task=task, network="", data=data, pictures=pictures, device="")
    return BatchStarted(
        task=task,
        network=network.name,
        data=data,
        pictures=pictures,
        device=network.device_words,
        checkpoint=network.origin if network.trained else "",
    )


class BatchRecord:
    """Appends the events of a batch to a file. What cannot be appended, as on a full disk, costs the batch nothing.

    Attributes:
        problem: why events are missing in the file, in a sentence; empty if none is.

    Args:
        lines: the file; None if nothing is to be recorded.
    """

    def __init__(self, lines: EventWriter | None) -> None:
        self._lines = lines
        self._turns = 0
        self._ended = False
        self.problem = ""

    def write(self, event: RunEvent) -> None:
        """Appends an event if that can be done."""
        if isinstance(event, PictureDone):
            self._turns = event.done
        if self._lines is None:
            return
        try:
            self._lines.write(event)
        except OSError as error:
            self.problem = self.problem or f"events are missing: {error}"

    def end(self, *, asked: StopReason | None, complete: bool, succeeded: int, failures: Sequence[str]) -> None:
        """Appends how the batch ended.

        Args:
            asked: why it was asked to stop, if it was.
            complete: whether every picture had its turn.
            succeeded: how many pictures there are results of.
            failures: a sentence for everything that failed.
        """
        finished = "finished" if complete and succeeded else "failed"
        self._stop(asked or finished, _summary(failures))

    def fail(self, error: BaseException | str) -> None:
        """Appends that the batch failed, unless its end is appended already.

        Args:
            error: what it failed of, or a sentence that says so.
        """
        if self._ended:
            return
        if isinstance(error, KeyboardInterrupt):
            self._stop("interrupted", "ended at once by a signal")
        else:
            self._stop("failed", error if isinstance(error, str) else end_sentence(error))

    def _stop(self, reason: str, message: str) -> None:
        self._ended = True
        self.write(Stopped(iteration=self._turns, reason=reason, message=message))


@contextmanager
def recorded_batch(path: Path | None, *, written: Sequence[Path | None] = ()) -> Iterator[BatchRecord]:
    """Yields what takes a batch's events; if the block ends by an error, that is its last event.

    Args:
        path: the file to append to, made with its folder if need be; None if nothing is to be recorded.
        written: the other files that the batch writes.

    Raises:
        OSError: in one sentence naming the file or its folder, if it cannot be made or opened.
        ValueError: naming the file, if it holds anything but the events of batches, or is one of the others.
    """
    if path is None:
        yield BatchRecord(None)
        return
    _refuse_other_files(path, written)
    make_folder(path.parent)
    lines = EventWriter(path)
    with contextlib.closing(lines):
        record = BatchRecord(lines)
        try:
            yield record
        except BaseException as error:
            record.fail(error)
            raise


def _summary(failures: Sequence[str]) -> str:
    """Returns the last failure, which is what ended the batch if anything did, and how many there were before."""
    if len(failures) < 2:
        return "".join(failures)
    before = "1 failure" if len(failures) == 2 else f"{len(failures) - 1} failures"
    return f"{failures[-1]} (and {before} before)"


def _refuse_other_files(path: Path, written: Sequence[Path | None]) -> None:
    if any(other is not None and other.resolve() == path.resolve() for other in written):
        raise ValueError(f"{path}: events and results cannot be in one file; choose another --events")
    if not path.is_file():
        return
    with path.open("rb") as stream:
        lines = stream.read(_LOOKED_AT).splitlines()
    if any(line.startswith(b'{"event": "started"') for line in lines):
        raise ValueError(f"{path}: holds the events of a training; choose another --events")
    if lines and not any(line.startswith(b'{"event": ') for line in lines):
        raise ValueError(f"{path}: holds something other than events; choose another --events")
