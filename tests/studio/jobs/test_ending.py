from __future__ import annotations

import pytest

from lpsnet.events import CheckpointSaved, Evaluated, EvaluationDone, PictureDone, RunEvent, Stopped
from lpsnet_studio.jobs.ending import Ending, Outcome, ending_of, ending_of_events
from lpsnet_studio.jobs.job_folder import HowItEnded, StopAsked
from lpsnet_studio.jobs.run_facts import RunFacts, facts_of
from tests.studio.jobs.child_jobs import batch_started, training_started

GIB = 2**30
NOTHING = RunFacts()


def how(code: int | None = None, **facts: object) -> HowItEnded:
    return HowItEnded("t", 1000.0, code, **facts)  # type: ignore[arg-type]


def trained(*events: RunEvent, iteration: int = 120) -> RunFacts:
    begun = (training_started(400), CheckpointSaved(iteration=100, path="latest"))
    figures = Evaluated(iteration=iteration, figures={"pq": 0.4567}, images=9, seconds=1.0)
    return facts_of([*begun, figures, Stopped(iteration=iteration, reason="finished") if not events else events[0]])


def running() -> RunFacts:
    return RunFacts("train", iteration=120, iterations=400, saved=100, started=900.0, heard=990.0)


def test_a_finished_training_says_what_it_reached() -> None:
    ending = ending_of(how(0), trained(iteration=400), "")
    assert ending == Ending(Outcome.FINISHED, "finished after 400 iterations with PQ 45.7 at its last evaluation")


def test_a_training_that_had_nothing_left_to_do_is_finished() -> None:
    ending = ending_of(how(0), NOTHING, "x\nruns/a: this run is finished; nothing was changed\n")
    assert ending.sentence == "finished: runs/a: this run is finished; nothing was changed"
    assert ending.outcome is Outcome.FINISHED


@pytest.mark.parametrize("end", [how(143), how(130), how(signal="SIGTERM"), how(1)])
def test_a_training_that_was_asked_to_stop_and_saved_says_so_whatever_its_status(end: HowItEnded) -> None:
    facts = trained(Stopped(iteration=120, reason="terminated"))
    ending = ending_of(end, facts, "torch.distributed.elastic.multiprocessing.api.SignalException: got signal: 15")
    assert ending.outcome is Outcome.STOPPED
    assert ending.sentence == "stopped after 120 of 400 iterations, saved"
    assert "Resume" in ending.advice


def test_a_training_that_a_second_signal_ended_says_what_is_lost() -> None:
    lost = "ended at once by a second signal: what was done since the last checkpoint is lost"
    ending = ending_of(how(130), trained(Stopped(iteration=120, reason="interrupted", message=lost)), "")
    assert ending.sentence == f"stopped after 120 of 400 iterations: {lost}"


def test_a_batch_says_how_many_pictures() -> None:
    picture = PictureDone(file_name="a", image_id=1, done=7, pictures=20)
    stopped = facts_of([batch_started(20), picture, Stopped(iteration=7, reason="terminated")])
    assert ending_of(how(143), stopped, "").sentence == "stopped after 7 of 20 pictures"
    figures = EvaluationDone(figures={"pq": 0.25}, images=18, pictures=20, complete=True, seconds=9.0)
    end = Stopped(iteration=20, reason="finished", message="2 pictures failed")
    finished = ending_of(how(1), facts_of([batch_started(20), picture, figures, end]), "failed: b.png: truncated")
    assert finished == Ending(Outcome.FINISHED, "finished after 20 pictures with PQ 25.0; 2 pictures failed")


def test_what_was_stopped_before_it_began_or_killed_from_here_is_no_failure() -> None:
    asked = StopAsked("t", 950.0, kill=False)
    assert ending_of(how(signal="SIGTERM"), NOTHING, "", asked).sentence == "stopped before it had begun"
    killed = ending_of(how(signal="SIGKILL"), running(), "", StopAsked("t", 950.0, kill=True))
    assert killed.outcome is Outcome.STOPPED
    assert killed.sentence == "killed from the Studio after 120 of 400 iterations, last saved after 100"


def test_a_failure_while_it_was_asked_to_stop_is_a_failure() -> None:
    asked = StopAsked("t", 950.0, kill=False)
    ending = ending_of(how(1), running(), "error: runs/a/state.pt could not be written: no space left on device", asked)
    assert ending.outcome is Outcome.FAILED
    assert ending.sentence.startswith("failed after 120 of 400 iterations: the disk is full: runs/a/state.pt")


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.", "out of GPU memory"),
        ("torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB (GPU 0;", "out of GPU memory"),
        ("RuntimeError: CUDA error: out of memory", "out of GPU memory"),
        ("RuntimeError: cuDNN error: CUDNN_STATUS_ALLOC_FAILED", "out of GPU memory"),
        (
            "RuntimeError: [enforce fail at alloc_cpu.cpp:116] . DefaultCPUAllocator: can't allocate memory: you tried",
            "out of memory",
        ),
        ("MemoryError", "out of memory"),
        ("numpy._core._exceptions._ArrayMemoryError: Unable to allocate 3.2 GiB for an array", "out of memory"),
        ("OSError: [Errno 12] Cannot allocate memory", "out of memory"),
        (
            "RuntimeError: DataLoader worker (pid 7) is killed by signal: Bus error. It is possible that",
            "out of shared memory",
        ),
    ],
)
def test_want_of_memory_is_recognised_and_comes_with_advice(line: str, place: str) -> None:
    log = f"Traceback (most recent call last):\n  File 'a.py', line 1\n{line}\n"
    for ending in (
        ending_of(how(1), running(), log),
        ending_of(how(1), trained(Stopped(iteration=120, reason="failed", message=line)), ""),
    ):
        assert ending.sentence.startswith(f"failed after 120 of 400 iterations: {place}: ")
        assert ending.out_of_memory
        assert ending.advice


def test_machine_code_that_had_no_memory_is_recognised() -> None:
    log = "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\n"
    ending = ending_of(how(signal="SIGABRT"), running(), log)
    assert ending.sentence == "failed after 120 of 400 iterations: out of memory: std::bad_alloc"


def test_the_kernel_that_kills_for_memory_is_told_from_somebody_who_kills() -> None:
    by_counter = ending_of(how(signal="SIGKILL", oom_kills=1), running(), "")
    assert by_counter.out_of_memory
    assert "the kernel killed it" in by_counter.sentence
    by_size = ending_of(how(signal="SIGKILL", peak_rss=15 * GIB, memory_total=16 * GIB), running(), "")
    assert by_size.out_of_memory
    assert "15.0 of 16.0 GiB" in by_size.sentence
    by_somebody = ending_of(how(signal="SIGKILL", peak_rss=GIB, memory_total=16 * GIB), running(), "120: loss\n")
    assert not by_somebody.out_of_memory
    assert by_somebody.sentence == (
        "failed after 120 of 400 iterations: killed from outside (SIGKILL); the kernel reports no lack of memory"
    )


def test_a_worker_that_the_kernel_killed_counts_too() -> None:
    log = "Traceback (most recent call last):\nRuntimeError: DataLoader worker (pid 7) is killed by signal: Killed.\n"
    assert ending_of(how(1, oom_kills=2), running(), log).out_of_memory
    assert not ending_of(how(1), running(), log).out_of_memory


def test_a_picture_that_was_too_large_earlier_does_not_explain_a_later_failure() -> None:
    log = "failed: a.png: not enough memory; try a smaller input\nerror: out/panoptic.json is damaged\n"
    ending = ending_of(how(1), NOTHING, log)
    assert ending.sentence == "failed: out/panoptic.json is damaged"
    assert not ending.out_of_memory


def test_a_bad_config_is_told_in_its_own_words() -> None:
    assert ending_of(how(1), NOTHING, "error: training.batch: must be 1 or more\n").sentence == (
        "failed: training.batch: must be 1 or more"
    )


@pytest.mark.parametrize(
    ("end", "log", "sentence"),
    [
        (how(signal="SIGSEGV"), "", "failed: ended by SIGSEGV, a fault in machine code"),
        (how(signal="SIGTERM"), "10: loss", "failed: ended by SIGTERM, sent from outside the Studio"),
        (how(signal="signal 40"), "", "failed: ended by signal 40"),
        (how(3), "", "failed: exit status 3"),
        (how(3), "the last line\n", "failed: the last line"),
        (
            how(problem="/x/python: no such file or directory"),
            "",
            "could not be started: /x/python: no such file or directory",
        ),
        (
            how(problem="a/log.txt could not be written: No space left on device"),
            "",
            "could not be started, the disk is full: a/log.txt could not be written: No space left on device",
        ),
    ],
)
def test_every_other_end_has_its_sentence(end: HowItEnded, log: str, sentence: str) -> None:
    ending = ending_of(end, NOTHING, log)
    assert (ending.outcome, ending.sentence) == (Outcome.FAILED, sentence)


def test_events_alone_tell_an_end_that_nobody_watched() -> None:
    assert ending_of_events(running()) is None
    finished = ending_of_events(trained(iteration=400))
    assert finished is not None
    assert finished.sentence == "finished after 400 iterations with PQ 45.7 at its last evaluation"
    failed = ending_of_events(trained(Stopped(iteration=120, reason="failed", message="CUDA out of memory")))
    assert failed is not None
    assert failed.out_of_memory


@pytest.mark.parametrize(("at", "told"), [(12, "the loss is not finite"), (13, "iteration 13: the loss is not finite")])
def test_the_iteration_is_told_once(at: int, told: str) -> None:
    message = f"iteration {at}: the loss is not finite"
    facts = RunFacts(
        "train", 12, 60, started=1.0, stopped=Stopped(time=2.0, iteration=12, reason="failed", message=message)
    )
    ending = ending_of_events(facts)
    assert ending is not None
    assert ending.sentence == f"failed after 12 of 60 iterations: {told}"
