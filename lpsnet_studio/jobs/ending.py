"""Why a job ended, in one sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from lpsnet_studio.jobs.job_folder import HowItEnded, StopAsked
from lpsnet_studio.jobs.log_words import last_error
from lpsnet_studio.jobs.run_facts import RunFacts

__all__ = ["Ending", "Outcome", "ending_of", "ending_of_events"]

_OUT_OF_MEMORY = re.compile(
    r"out of memory|outofmemory|can't allocate memory|cannot allocate memory|unable to allocate|not enough memory|"
    r"memoryerror|bad_alloc|CUDNN_STATUS_ALLOC_FAILED|CUBLAS_STATUS_ALLOC_FAILED",
    re.IGNORECASE,
)
_ON_GPU = re.compile(r"cuda|cudnn|cublas|\bhip\b|\bgpu\b", re.IGNORECASE)
_SHARED_MEMORY = re.compile(r"insufficient shared memory|killed by signal: Bus error|bus error.*shm", re.IGNORECASE)
_WORKER_KILLED = re.compile(r"(?:worker|process).* killed by signal: Killed", re.IGNORECASE)
_DISK_FULL = re.compile(r"no space left on device|\[Errno 28\]|disk quota exceeded", re.IGNORECASE)

_NEARLY_ALL = 0.9
"""Of the memory: a process that had so much and was killed was most likely killed for that."""
_SIGNAL_OF_STATUS = {130: "SIGINT", 143: "SIGTERM", 137: "SIGKILL", 139: "SIGSEGV", 134: "SIGABRT"}
"""What signal a shell, or a command that ends in order, means by its status."""
_SIGNAL_WORDS = {
    "SIGABRT": "it aborted itself",
    "SIGBUS": "a bus error: a file or shared memory that it used became too short",
    "SIGFPE": "an arithmetic error in machine code",
    "SIGILL": "an instruction that this processor does not have",
    "SIGSEGV": "a fault in machine code",
    "SIGXCPU": "it used up the processor time that it was allowed",
    "SIGXFSZ": "a file became larger than it was allowed",
}
_GENTLE = ("SIGTERM", "SIGINT")


class Outcome(Enum):
    """How a job ended, in a word."""

    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a job ended.

    Attributes:
        outcome: in a word.
        sentence: in one sentence, as it goes on after the job's name.
        advice: what to do about it, in a sentence; may be empty.
        out_of_memory: whether memory ran out.
    """

    outcome: Outcome
    sentence: str
    advice: str = ""
    out_of_memory: bool = False


def ending_of(how: HowItEnded, facts: RunFacts, log: str, stop: StopAsked | None = None) -> Ending:
    """Returns why a job ended.

    Args:
        how: what its keeper wrote.
        facts: where it stood by its events.
        log: the end of its output, of this start alone.
        stop: whether it was asked to end.
    """
    if how.problem:
        return _could_not_start(how.problem)
    if facts.stopped is not None and facts.stopped.reason != "failed":
        return _in_order(facts)
    if how.code == 0:
        return _finished(facts, last_words=log.strip().rpartition("\n")[2])
    signal = how.signal or _SIGNAL_OF_STATUS.get(how.code or 0, "")
    if stop is not None and (stop.kill or signal in _GENTLE):
        return _ended_at_once(facts, kill=stop.kill)
    cause = facts.stopped.message if facts.stopped is not None else last_error(log)
    return _failed(how, facts, cause, signal)


def ending_of_events(facts: RunFacts) -> Ending | None:
    """Returns why a run ended as it said itself, where nobody saw its exit status; None if it said nothing."""
    if facts.stopped is None:
        return None
    if facts.stopped.reason != "failed":
        return _in_order(facts)
    return _of_cause(facts, facts.stopped.message) or Ending(Outcome.FAILED, _failed_of(facts, facts.stopped.message))


# ------------------------------------------------------------------------------------------------------------ in order


def _in_order(facts: RunFacts) -> Ending:
    assert facts.stopped is not None
    stopped = facts.stopped
    if stopped.reason == "finished":
        return _finished(facts, stopped.message)
    if stopped.message:
        return Ending(Outcome.STOPPED, f"stopped after {facts.so_far}: {stopped.message}", _resuming(facts))
    if facts.kind == "train":
        return Ending(Outcome.STOPPED, f"stopped after {facts.so_far}, saved", _resuming(facts))
    return Ending(Outcome.STOPPED, f"stopped after {facts.so_far}")


def _finished(facts: RunFacts, message: str = "", last_words: str = "") -> Ending:
    if facts.stopped is None:
        return Ending(Outcome.FINISHED, f"finished: {last_words}" if last_words else "finished")
    figures = "" if facts.pq is None else f" with PQ {100 * facts.pq:.1f}"
    if figures and facts.kind == "train":
        # An evaluation of its best network finds another.
        figures = f"{figures} at its last evaluation"
    remark = f"; {message}" if message else ""
    return Ending(Outcome.FINISHED, f"finished after {facts.iteration:,} {facts.unit}{figures}{remark}")


def _ended_at_once(facts: RunFacts, *, kill: bool) -> Ending:
    word = "killed from the Studio" if kill else "stopped"
    if facts.started is None:
        return Ending(Outcome.STOPPED, f"{word} before it had begun")
    if facts.kind != "train":
        return Ending(Outcome.STOPPED, f"{word} after {facts.so_far}")
    saved = f"last saved after {facts.saved:,}" if facts.saved else "never saved"
    return Ending(Outcome.STOPPED, f"{word} after {facts.so_far}, {saved}", _resuming(facts))


def _resuming(facts: RunFacts) -> str:
    is_begun_training = facts.kind == "train" and facts.started is not None
    return "Resume goes on from its last checkpoint." if is_begun_training else ""


# -------------------------------------------------------------------------------------------------------------- failed


def _could_not_start(problem: str) -> Ending:
    if _DISK_FULL.search(problem):
        return Ending(
            Outcome.FAILED, f"could not be started, the disk is full: {problem}", "Make room, then start it again."
        )
    return Ending(Outcome.FAILED, f"could not be started: {problem}")


def _failed(how: HowItEnded, facts: RunFacts, cause: str, signal: str) -> Ending:
    recognised = _of_cause(facts, cause)
    if recognised is not None:
        return recognised
    killed_child = _WORKER_KILLED.search(cause) is not None
    if how.oom_kills and (signal == "SIGKILL" or killed_child):
        return _out_of_memory(facts, "the kernel killed it because no memory was left (SIGKILL)", on_gpu=False)
    if signal == "SIGKILL":
        if how.memory_total and how.peak_rss >= _NEARLY_ALL * how.memory_total:
            had = f"{how.peak_rss / 2**30:.1f} of {how.memory_total / 2**30:.1f} GiB"
            return _out_of_memory(facts, f"killed (SIGKILL) while it had {had} of memory", on_gpu=False)
        outside = "killed from outside (SIGKILL); the kernel reports no lack of memory"
        return Ending(Outcome.FAILED, _failed_of(facts, outside), _resuming(facts))
    if how.signal:
        words = _SIGNAL_WORDS.get(how.signal, "sent from outside the Studio" if how.signal in _GENTLE else "")
        ended = f"ended by {how.signal}" + (f", {words}" if words else "")
        return Ending(Outcome.FAILED, _failed_of(facts, _joined(ended, cause if how.signal not in _GENTLE else "")))
    return Ending(Outcome.FAILED, _failed_of(facts, _joined("" if cause else f"exit status {how.code}", cause)))


def _of_cause(facts: RunFacts, cause: str) -> Ending | None:
    """Returns the ending whose cause is known for what it is; None if it is not."""
    if _DISK_FULL.search(cause):
        advice = "Make room, then resume it." if facts.kind == "train" else "Make room, then start it again."
        return Ending(Outcome.FAILED, _failed_of(facts, f"the disk is full: {cause}"), advice)
    if _SHARED_MEMORY.search(cause):
        advice = "Set data.workers=0, or give the machine or container more shared memory (/dev/shm)."
        return Ending(Outcome.FAILED, _failed_of(facts, f"out of shared memory: {cause}"), advice, out_of_memory=True)
    if _OUT_OF_MEMORY.search(cause):
        on_gpu = _ON_GPU.search(cause) is not None
        return _out_of_memory(facts, cause, on_gpu=on_gpu)
    return None


def _out_of_memory(facts: RunFacts, cause: str, *, on_gpu: bool) -> Ending:
    place = "out of GPU memory" if on_gpu else "out of memory"
    if facts.kind == "evaluate" or facts.kind == "predict":
        advice = "Try a smaller input, such as input.short_side=480" + (", or the CPU." if on_gpu else ".")
    elif on_gpu:
        advice = "Try a smaller training.batch, a larger training.accumulate, or a smaller input.short_side."
    else:
        advice = "Try fewer data.workers, a smaller training.batch, or a smaller input.short_side."
    return Ending(Outcome.FAILED, _failed_of(facts, f"{place}: {cause}"), advice, out_of_memory=True)


def _failed_of(facts: RunFacts, cause: str) -> str:
    if facts.started is None or not facts.iteration:
        return f"failed: {cause}"
    return f"failed after {facts.so_far}: {cause.removeprefix(f'iteration {facts.iteration}: ')}"


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
