"""What can be done with a job as it is, and what is said before it is done; no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from lpsnet_studio.jobs.job_words import is_gone, kind_of
from lpsnet_studio.jobs.spec import EvaluateSpec, PredictSpec
from lpsnet_studio.jobs.status import JobState

if TYPE_CHECKING:
    from lpsnet_studio.jobs.jobs import JobEntry

__all__ = ["DEED_WORDS", "Deed", "DeedWords", "deeds_of", "job_after", "loss_words", "stop_tip", "words_of"]


class Deed(Enum):
    """Something to do with a job; the value of a use is the kind that the window knows it by."""

    STOP = "stop"
    KILL = "kill"
    RESUME = "resume"
    START_NOW = "start"
    WITHDRAW = "withdraw"
    INSPECT = "inspect"
    IMAGES = "images"
    DATASET = "dataset"
    EXPORT = "export"
    EVALUATE = "evaluate"
    PREDICT = "predict"
    DUPLICATE = "duplicate"
    FORGET = "forget"

    @property
    def is_use(self) -> bool:
        """Whether something is made of what the job left, elsewhere in the window."""
        return self in (Deed.INSPECT, Deed.IMAGES, Deed.DATASET, Deed.EXPORT)


@dataclass(frozen=True, slots=True)
class DeedWords:
    """What a deed is called.

    Attributes:
        label: on its button.
        tip: what comes of it.
    """

    label: str
    tip: str


DEED_WORDS: Mapping[Deed, DeedWords] = {
    Deed.STOP: DeedWords("Stop", ""),
    Deed.KILL: DeedWords("Kill…", "End it at once, with nothing saved. Asks first, and says what is lost."),
    Deed.RESUME: DeedWords("Resume", "Go on from the last checkpoint, in the same run directory."),
    Deed.START_NOW: DeedWords("Start now", "Start it beside whatever runs on its device."),
    Deed.WITHDRAW: DeedWords("Withdraw", "Take it out of the queue; it was never started."),
    Deed.INSPECT: DeedWords("Open in Inspect", "Look at pictures with the network of its best checkpoint."),
    Deed.IMAGES: DeedWords("Show pictures", "List its pictures in Inspect, the worst first where they were measured."),
    Deed.DATASET: DeedWords("Open predictions", "Open what it predicted as a data set."),
    Deed.EXPORT: DeedWords("Export checkpoint…", "Write its best network to a file of its own."),
    Deed.EVALUATE: DeedWords("Evaluate…", "Set up an evaluation of its best checkpoint."),
    Deed.PREDICT: DeedWords("Predict…", "Set up a prediction with its best checkpoint."),
    Deed.DUPLICATE: DeedWords("Duplicate with changes…", "Set up a new job that begins with this one's settings."),
    Deed.FORGET: DeedWords("Remove from the list", "Its files stay, and “Open run directory” lists it again. (Delete)"),
}
_START_AGAIN = DeedWords(
    "Start again",
    "Begin anew with the same settings, in the same run directory: nothing was saved that could be lost.",
)
_STOP_TIPS: Mapping[str, str] = {
    "train": (
        "End it after the iteration in hand, and save a checkpoint first, so that it can be resumed. "
        "That takes as long as one iteration and writing the network: seconds, on a slow disk minutes."
    ),
    "evaluate": "End it after the picture in hand. The figures are then over the pictures that are done.",
    "predict": "End it after the picture in hand. Predictions of the pictures that are done stay.",
}


def stop_tip(entry: JobEntry) -> str:
    """Returns what stopping a job gently comes to, and how long it may take."""
    return _STOP_TIPS[kind_of(entry)]


def deeds_of(entry: JobEntry) -> tuple[Deed, ...]:
    """Returns what can be done with a job, what is most likely wanted first."""
    if is_gone(entry):
        return (Deed.DUPLICATE, Deed.FORGET) if entry.status.is_removed and entry.spec else (Deed.FORGET,)
    if entry.status.is_outlived:
        return (Deed.KILL,) if entry.spec is None else (Deed.KILL, Deed.DUPLICATE)
    state = entry.status.state
    deeds: list[Deed] = []
    if state is JobState.QUEUED:
        deeds += [Deed.START_NOW, Deed.WITHDRAW] if entry.waiting else [Deed.FORGET]
    elif state.is_alive:
        if entry.status.is_here:
            deeds += [Deed.KILL] if state is JobState.STOPPING else [Deed.STOP, Deed.KILL]
    elif _can_go_on(entry):
        deeds.append(Deed.RESUME)
    deeds += _uses(entry)
    if entry.spec is not None:
        deeds.append(Deed.DUPLICATE)
    if not state.is_alive and state is not JobState.QUEUED:
        deeds.append(Deed.FORGET)
    return tuple(deeds)


def _can_go_on(entry: JobEntry) -> bool:
    """Whether a job that has ended can go on, or begin again without spoiling what it did."""
    if entry.status.state is JobState.FINISHED:
        return False
    return kind_of(entry) == "train" or (entry.spec is not None and not entry.status.facts.iteration)


def words_of(deed: Deed, entry: JobEntry) -> DeedWords:
    """Returns what a deed is called of a job: where nothing was saved, nothing can be resumed."""
    facts = entry.status.facts
    is_saved = kind_of(entry) == "train" and (facts.saved > 0 or facts.has_network)
    return _START_AGAIN if deed is Deed.RESUME and not is_saved else DEED_WORDS[deed]


def _uses(entry: JobEntry) -> tuple[Deed, ...]:
    status, facts = entry.status, entry.status.facts
    has_ended = not status.state.is_alive and status.state is not JobState.QUEUED
    if kind_of(entry) == "train":
        if not facts.has_network:
            return ()
        return (Deed.INSPECT, Deed.EXPORT, *((Deed.EVALUATE, Deed.PREDICT) if has_ended else ()))
    if not facts.iteration:
        return ()
    return (Deed.IMAGES, Deed.DATASET) if has_ended else (Deed.IMAGES,)


def job_after(run: Path, deed: Deed) -> EvaluateSpec | PredictSpec:
    """Returns what begins a job with the network that a training found, its folder still to be chosen.

    Args:
        run: the training's run directory.
        deed: ``EVALUATE`` or ``PREDICT``.
    """
    if deed is Deed.EVALUATE:
        return EvaluateSpec(run, None, Path())
    return PredictSpec((), Path(), run)


def loss_words(entry: JobEntry) -> str:
    """Returns what is lost if a job is killed as it is."""
    facts = entry.status.facts
    if entry.status.is_outlived:
        return "What it had saved cannot be read any more, and it cannot be gone on with."
    if kind_of(entry) != "train":
        done = f"after {facts.iteration:,} of {facts.iterations:,} pictures" if facts.iterations else "at once"
        return f"It ends {done}, and its figures are not worked out. It cannot be gone on with, only begun anew."
    if not facts.iteration:
        return "It has not done an iteration yet, so nothing is lost but the time it took to start."
    lost = max(facts.iteration - facts.saved, 0)
    if not facts.saved:
        return f"No checkpoint is known of: all {lost:,} iterations so far are lost. Stop saves one first."
    iterations = "iteration" if lost == 1 else "iterations"
    return (
        f"The {lost:,} {iterations} since the last checkpoint are lost; Resume goes on from iteration "
        f"{facts.saved:,}. Stop saves a checkpoint first."
    )
