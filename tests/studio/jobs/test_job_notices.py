"""What is said of jobs outside their page."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpsnet_studio.actions.table import ACTIONS
from lpsnet_studio.jobs.job_notices import (
    DEED_OF_ACTION,
    actions_on_job,
    away_words,
    count_tip,
    count_words,
    ending_of,
    held_up,
    staying_words,
    why_not_on_job,
)
from lpsnet_studio.jobs.jobs import STARTS_NEXT, JobEntry
from lpsnet_studio.jobs.run_facts import RunFacts
from lpsnet_studio.jobs.spec import EvaluateSpec, TrainSpec
from lpsnet_studio.jobs.status import JobState, JobStatus


def job(state: JobState, name: str = "run", *, waiting: str = "", facts: RunFacts | None = None) -> JobEntry:
    status = JobStatus(state, "as it is", "Do this.", facts=facts or RunFacts(), is_here=True)
    return JobEntry(Path("/runs") / name, TrainSpec("demo", (), Path("/runs") / name), status, name, waiting)


RUNS, WAITS = job(JobState.RUNNING), job(JobState.QUEUED, "next", waiting="waits for cpu")
DONE = job(JobState.FINISHED, "done")


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ((), ""),
        ((DONE,), ""),
        ((RUNS, DONE), "1 job"),
        ((RUNS, RUNS, WAITS, WAITS, WAITS), "2 jobs · 3 waiting"),
        ((WAITS,), "1 waiting"),
    ],
)
def test_jobs_that_run_and_wait_are_counted(entries: tuple[JobEntry, ...], words: str) -> None:
    assert count_words(entries) == words


def test_a_job_that_starts_next_is_held_up_by_nothing() -> None:
    starts = job(JobState.QUEUED, "now", waiting=STARTS_NEXT)
    assert held_up((RUNS, starts, WAITS, DONE)) == [WAITS]


def test_the_tip_names_those_that_run() -> None:
    assert count_tip((RUNS, WAITS, DONE)) == "run: as it is"


def test_an_end_is_told_with_its_cause_and_advice() -> None:
    told = ending_of(job(JobState.FAILED, "scenes"))
    assert (told.sentence, told.advice) == ("scenes as it is.", "Do this.")
    assert ending_of(job(JobState.LOST, "scenes")).sentence == "scenes: as it is."


def test_what_ended_while_away_is_one_sentence() -> None:
    assert away_words(()) == ""
    assert away_words((DONE, job(JobState.FAILED, "x"))) == "While you were away: done has finished, x has failed."
    assert away_words([DONE] * 5).endswith("done has finished, 2 more have ended.")


def test_what_becomes_of_jobs_at_closing() -> None:
    assert staying_words((DONE,)) == ""
    assert staying_words((RUNS,)) == "1 job goes on without the Studio."
    words = "2 jobs go on without the Studio. 1 waiting job starts only while a Studio is open."
    assert staying_words((RUNS, RUNS, WAITS)) == words


def test_actions_follow_what_can_be_done_with_the_job() -> None:
    assert not any(actions_on_job(None).values())
    possible = {name for name, on in actions_on_job(RUNS).items() if on}
    assert possible == {"stop_job", "kill_job", "duplicate_job"}
    assert actions_on_job(WAITS)["stop_job"], "it is taken out of the queue"
    saved = job(JobState.STOPPED, facts=RunFacts("train", 10, 40, saved=10, has_network=True))
    assert {name for name, on in actions_on_job(saved).items() if on} == {
        "resume_job",
        "duplicate_job",
        "open_in_inspect",
        "export_checkpoint",
    }


def test_pictures_and_predictions_are_those_of_an_evaluation() -> None:
    status = JobStatus(JobState.FINISHED, "done", facts=RunFacts("evaluate", 3, 3))
    entry = JobEntry(Path("/e"), EvaluateSpec(None, "scenes:1+3", Path("/e")), status, "e")
    assert {name for name, on in actions_on_job(entry).items() if on} == {
        "show_pictures",
        "open_predictions",
        "duplicate_job",
    }


def test_every_refusal_is_a_sentence() -> None:
    ids = {action.id for action in ACTIONS}
    for name in DEED_OF_ACTION:
        assert name in ids
        for entry, shows_jobs in ((None, False), (None, True), (DONE, True)):
            words = why_not_on_job(name, entry, shows_jobs=shows_jobs)
            assert words[0].isupper()
            assert words.endswith(".")
    assert why_not_on_job("undo", None, shows_jobs=True) == ""
