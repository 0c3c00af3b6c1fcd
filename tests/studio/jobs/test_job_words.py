"""What is said of a job, and what can be done with it."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lpsnet_studio.jobs.job_deeds import DEED_WORDS, Deed, deeds_of, job_after, loss_words, stop_tip, words_of
from lpsnet_studio.jobs.job_header_words import (
    command_words,
    course_words,
    progress_words,
    resume_words,
    sentence_words,
)
from lpsnet_studio.jobs.job_words import (
    KIND_ICONS,
    STATES,
    facts_line,
    fraction_done,
    is_gone,
    length_words,
    pace_words,
    percent,
    seconds_left,
    when_words,
)
from lpsnet_studio.jobs.run_facts import RunFacts
from lpsnet_studio.jobs.spec import TrainSpec
from lpsnet_studio.jobs.status import JobState, JobStatus
from tests.studio.jobs.hand_made_jobs import (
    NOW,
    entry,
    evaluate_spec,
    facts,
    failed,
    finished,
    predict_spec,
    running,
    train_spec,
    waiting,
)

RUN = Path("/runs/one")
GONE = JobStatus(JobState.LOST, f"{RUN} is not there", "Was it moved, or a disk not mounted?")


def test_every_state_has_a_word_and_an_icon() -> None:
    from lpsnet.assets import resource

    assert set(STATES) == set(JobState)
    assert len({look.word for look in STATES.values()}) == len(JobState)
    for icon in (*(look.icon for look in STATES.values()), *KIND_ICONS.values()):
        assert "currentColor" in resource("icons", f"{icon}.svg").read_text()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "1 s"), (42.4, "42 s"), (59.6, "1 min"), (722, "12 min"), (3599, "1 h 0 min"), (5400, "1 h 30 min"),
     (200 * 3600, "8 days")],
)  # fmt: skip
def test_lengths_of_time(seconds: float, words: str) -> None:
    assert length_words(seconds) == words


def test_moments_are_told_as_far_as_needed() -> None:
    noon = time.mktime((2026, 11, 23, 12, 0, 0, 0, 0, -1))
    assert when_words(noon - 3600, noon) == "11:00"
    assert when_words(noon - 86400, noon) == "yesterday 12:00"
    assert when_words(noon - 3 * 86400, noon).endswith(" 12:00")
    assert when_words(noon - 400 * 86400, noon).endswith(" 2025")


def test_a_share_is_told_in_per_cent() -> None:
    assert (percent(0.3123), percent(None), percent(math.nan)) == ("31.2", "—", "—")


def test_time_left_shrinks_while_nothing_is_heard() -> None:
    status = running()
    assert seconds_left(status, NOW - 2) == 722
    assert seconds_left(status, NOW + 98) == 622
    assert seconds_left(status, NOW + 10_000) == 1
    # A clock that is behind the machine's does not add to it.
    assert seconds_left(status, NOW - 1000) == 722


def test_time_left_of_a_batch_follows_from_its_course() -> None:
    batch = facts("evaluate", 20, started=NOW - 42, heard=NOW - 2)
    status = JobStatus(JobState.RUNNING, "20 of 60 pictures", facts=batch)
    assert seconds_left(status, NOW - 2) == pytest.approx(80)
    assert pace_words(status) == "0.5 images/s"


@pytest.mark.parametrize(
    "unknown",
    [facts(eta_seconds=math.nan), facts(eta_seconds=math.inf), facts(eta_seconds=0.0), RunFacts("train"), RunFacts()],
)
def test_what_is_not_known_is_not_told(unknown: RunFacts) -> None:
    status = JobStatus(JobState.RUNNING, "has begun", facts=unknown)
    assert seconds_left(status, NOW) is None
    assert "left" not in facts_line(entry(RUN, status), NOW)


def test_how_far_it_is_never_passes_the_end() -> None:
    assert fraction_done(running(facts=facts(iteration=9500))) == 1.0
    assert fraction_done(running(facts=RunFacts("train", iteration=3))) is None


def test_an_ended_job_tells_quality_course_and_when() -> None:
    line = facts_line(entry(RUN, finished()), NOW)
    assert line.startswith("last PQ 34.1 · 9,000 iterations · ")
    assert facts_line(entry(RUN, GONE), NOW) == "its run directory is not there"


@pytest.mark.parametrize(
    ("sentence", "cause"),
    [
        ("failed after 20 of 60 iterations: the loss is not finite (box); try a lower lr", "the loss is not finite"),
        (
            "failed: out of GPU memory: CUDA out of memory. Tried to allocate 2 GiB",
            "out of GPU memory: CUDA out of memory",
        ),
        ("could not be started: no such file.", "no such file"),
    ],
)
def test_a_failed_job_says_why_in_its_row(sentence: str, cause: str) -> None:
    assert facts_line(entry(RUN, failed(sentence)), NOW).startswith(f"{cause} · iteration 1,200 of 9,000 · ")


def test_the_sentence_leaves_out_what_the_progress_tells() -> None:
    assert sentence_words(entry(RUN, running())) == ""
    unwatched = running(sentence="1,200 of 9,000 iterations, 12 min left; no keeper watches it")
    assert sentence_words(entry(RUN, unwatched)) == "No keeper watches it."
    assert sentence_words(entry(RUN, failed())) == "Ran out of memory after 1,200 of 9,000 iterations."
    assert sentence_words(entry(RUN, waiting())).startswith("Waits for cuda:0. It starts by itself")


def test_a_resumed_training_tells_its_first_start_and_its_last() -> None:
    once = finished(ended=NOW - 56)
    course = course_words(entry(RUN, replace(once, started=NOW - 100)), NOW)
    assert course.startswith(f"Started {when_words(NOW - 100, NOW)} · ended ")
    assert "44 s in all" in course
    known = replace(once.facts, first_started=NOW - 3700)
    course = course_words(entry(RUN, replace(once, started=NOW - 100, facts=known)), NOW)
    assert course.startswith(f"Started {when_words(NOW - 3700, NOW)} · resumed at {when_words(NOW - 100, NOW)} · ")
    assert "44 s since then" in course
    assert "in all" not in course, "how long it worked before is not known"
    known = replace(known, started=NOW - 98, earlier_seconds=600.0)
    course = course_words(entry(RUN, replace(once, started=NOW - 100, facts=known)), NOW)
    assert "44 s since then, 11 min in all" in course
    noted = replace(once, started=NOW - 100, facts=known, first_started=NOW - 3780, earlier_seconds=680.0)
    course = course_words(entry(RUN, noted), NOW)
    assert course.startswith(f"Started {when_words(NOW - 3780, NOW)} · resumed at "), "as it was told at first"
    assert "44 s since then, 12 min in all" in course
    # It was resumed, and has not reported since.
    silent = replace(known, started=NOW - 300, heard=NOW - 240)
    course = course_words(entry(RUN, running(facts=silent, started=NOW - 60)), NOW)
    assert "1 min ago, 12 min in all" in course
    begun = replace(once.facts, first_started=NOW - 98)
    assert "resumed" not in course_words(entry(RUN, replace(once, started=NOW - 100, facts=begun)), NOW)


def test_progress_and_course_are_lines_of_facts() -> None:
    assert progress_words(running(), NOW - 2).startswith(
        "iteration 1,200 of 9,000 · 4.2 images/s · 12 min left, until "
    )
    course = course_words(entry(RUN, replace(failed(), peak_rss=3 << 30)), NOW)
    assert course.endswith("9 min in all · on the CPU, workstation · up to 3.0 GiB of memory")
    assert "10 min ago" in course_words(entry(RUN, running()), NOW)
    left_the_choice = replace(train_spec(RUN), devices=("auto",))
    told = running(facts=facts(device="cpu"))
    assert " · on the CPU, workstation" in course_words(entry(RUN, told, left_the_choice), NOW)
    told = running(facts=facts(device="cuda:0"))
    assert " · on cuda:0, workstation" in course_words(entry(RUN, told, left_the_choice), NOW)
    assert " · on workstation" in course_words(entry(RUN, running(), left_the_choice), NOW), "it has not said yet"
    assert course_words(entry(RUN, waiting(), left_the_choice), NOW) == "Will run on the best device that is there"
    assert course_words(entry(RUN, waiting()), NOW) == "Will run on the CPU"


def test_the_command_of_a_resumed_training_is_the_first_one_with_the_other_beside() -> None:
    first = train_spec(Path("/runs/a"))
    once = entry(RUN, running(), first)
    again = entry(RUN, running(), replace(first, resume=True))
    assert command_words(again) == command_words(once)
    assert "training.batch=2" in command_words(again)
    assert "--resume" not in command_words(again)
    assert "--resume" in resume_words(again)
    assert resume_words(once) == ""
    by_hand = entry(RUN, running(), TrainSpec("", (), RUN, resume=True))
    assert "--resume" in command_words(by_hand), "nothing else is known"
    assert resume_words(by_hand) == ""


def test_the_command_is_that_of_the_terminal() -> None:
    words = command_words(entry(Path("/runs/with blank"), running()))
    assert "lpsnet.cli train" in words
    assert "'/runs/with blank'" in words
    assert command_words(replace(entry(RUN, running()), spec=None)) == ""
    mixed = replace(train_spec(RUN), devices=("cpu", "cuda:0"))
    assert command_words(entry(RUN, running(), mixed)) == ""


def test_what_can_be_done_follows_from_the_state() -> None:
    use: tuple[Deed, ...] = (Deed.INSPECT, Deed.EXPORT)
    assert deeds_of(entry(RUN, waiting())) == (Deed.START_NOW, Deed.WITHDRAW, Deed.DUPLICATE)
    assert deeds_of(entry(RUN, running())) == (Deed.STOP, Deed.KILL, *use, Deed.DUPLICATE)
    stopping = running(state=JobState.STOPPING)
    assert deeds_of(entry(RUN, stopping)) == (Deed.KILL, *use, Deed.DUPLICATE)
    use = (*use, Deed.EVALUATE, Deed.PREDICT)
    assert deeds_of(entry(RUN, failed())) == (Deed.RESUME, *use, Deed.DUPLICATE, Deed.FORGET)
    assert deeds_of(entry(RUN, finished())) == (*use, Deed.DUPLICATE, Deed.FORGET)
    assert deeds_of(entry(RUN, GONE)) == (Deed.FORGET,)


def test_a_job_that_follows_takes_the_network_of_the_run() -> None:
    evaluation, prediction = job_after(RUN, Deed.EVALUATE), job_after(RUN, Deed.PREDICT)
    assert (evaluation.kind, evaluation.checkpoint) == ("evaluate", RUN)
    assert (prediction.kind, prediction.checkpoint) == ("predict", RUN)


def test_nothing_elsewhere_can_be_stopped_from_here() -> None:
    elsewhere = running(is_here=False, host="node-7")
    assert Deed.STOP not in deeds_of(entry(RUN, elsewhere))
    assert Deed.KILL not in deeds_of(entry(RUN, elsewhere))


def test_a_batch_is_never_resumed() -> None:
    for spec in (evaluate_spec(RUN), predict_spec(RUN)):
        status = replace(failed(), facts=facts(spec.kind, 20))
        assert deeds_of(entry(RUN, status, spec)) == (Deed.IMAGES, Deed.DATASET, Deed.DUPLICATE, Deed.FORGET)
        unbegun = replace(failed(), facts=facts(spec.kind, 0))
        assert deeds_of(entry(RUN, unbegun, spec)) == (Deed.RESUME, Deed.DUPLICATE, Deed.FORGET)
        assert words_of(Deed.RESUME, entry(RUN, unbegun, spec)).label == "Start again"


def test_what_saved_nothing_is_started_again() -> None:
    saved, unsaved = entry(RUN, failed()), entry(RUN, replace(failed(), facts=facts(saved=0, has_network=False)))
    assert words_of(Deed.RESUME, saved) == DEED_WORDS[Deed.RESUME]
    assert words_of(Deed.RESUME, unsaved).label == "Start again"
    assert words_of(Deed.DUPLICATE, unsaved) == DEED_WORDS[Deed.DUPLICATE]


def test_a_run_without_a_checkpoint_has_nothing_to_open() -> None:
    without = facts(has_network=False)
    for status in (running(), failed(), finished()):
        offered = deeds_of(entry(RUN, replace(status, facts=without)))
        assert {Deed.INSPECT, Deed.EXPORT}.isdisjoint(offered)


def test_killing_says_what_is_lost() -> None:
    assert "The 200 iterations since the last checkpoint are lost" in loss_words(entry(RUN, running()))
    assert "goes on from iteration 1,000" in loss_words(entry(RUN, running()))
    one = running(facts=facts(iteration=1001))
    assert "The 1 iteration since" in loss_words(entry(RUN, one))
    unsaved = running(facts=facts(saved=0))
    assert "all 1,200 iterations so far are lost" in loss_words(entry(RUN, unsaved))
    assert "nothing is lost" in loss_words(entry(RUN, running(facts=RunFacts("train"))))
    batch = running(facts=facts("evaluate", 20))
    assert "after 20 of 60 pictures" in loss_words(entry(RUN, batch, evaluate_spec(RUN)))


def test_stopping_says_how_long_it_takes() -> None:
    assert "checkpoint" in stop_tip(entry(RUN, running()))
    assert "picture in hand" in stop_tip(entry(RUN, running(), evaluate_spec(RUN)))
    assert set(DEED_WORDS) == set(Deed)


def test_a_directory_that_is_there_is_not_gone() -> None:
    assert is_gone(entry(RUN, GONE))
    assert not is_gone(entry(RUN, failed()))
