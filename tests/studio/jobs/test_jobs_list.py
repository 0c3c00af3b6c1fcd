"""The list of jobs as rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lpsnet_studio.jobs.jobs_list import (
    JobList,
    JobRow,
    Section,
    SectionRow,
    StateFilter,
    first_looked_at,
    moved_place,
    shortened,
)
from lpsnet_studio.jobs.status import JobState, JobStatus
from tests.studio.jobs.hand_made_jobs import (
    NOW,
    entry,
    evaluate_spec,
    facts,
    failed,
    finished,
    running,
    waiting,
)

A, B, C, D, E = (Path(f"/runs/{name}") for name in ("first", "second", "third", "fourth", "fifth"))


def _mixed() -> list[object]:
    return [
        entry(A, waiting()),
        entry(B, waiting()),
        entry(C, running()),
        entry(D, failed(), seen=False),
        entry(E, finished("evaluate"), evaluate_spec(E)),
    ]


def _folders(rows: list[SectionRow | JobRow]) -> list[object]:
    return [row.folder if isinstance(row, JobRow) else row.section for row in rows]


def test_jobs_are_listed_by_section_in_their_order() -> None:
    rows = JobList().listed(_mixed(), NOW)  # type: ignore[arg-type]
    assert _folders(rows) == [Section.WAITING, A, B, Section.RUNNING, C, Section.EARLIER, D, E]
    assert [row.title for row in rows if isinstance(row, SectionRow)] == ["Waiting · 2", "Running · 1", "Earlier · 2"]


def test_what_has_ended_is_listed_by_when_it_was_last_active() -> None:
    resumed = entry(A, finished(ended=NOW - 10))
    opened_now = entry(B, replace(failed(), ended=None), listed=NOW)
    copied = entry(C, JobStatus(JobState.LOST, "was copied while it ran", facts=facts(heard=NOW - 5000)), listed=NOW)
    gone = entry(D, JobStatus(JobState.LOST, f"{D} is not there"), listed=NOW - 300)
    rows = JobList().listed([copied, opened_now, gone, resumed], NOW)
    assert _folders(rows) == [Section.EARLIER, B, A, D, C], "last heard of 2 s, 10 s, 300 s and 5000 s ago"
    assert isinstance(rows[0], SectionRow)
    assert "active last" in rows[0].tip


def test_what_runs_is_looked_at_first_or_else_the_newest_that_began() -> None:
    def first(*entries: object) -> Path | None:
        return first_looked_at(JobList().listed(entries, NOW))  # type: ignore[arg-type]

    first_waits, second_waits, runs, newer, older = _mixed()
    assert first(first_waits, second_waits, runs, newer, older) == C
    assert first(first_waits, second_waits, newer, older) == D
    assert first(first_waits, second_waits) == A
    assert first() is None


def test_a_row_tells_place_facts_progress_and_news() -> None:
    jobs = [row for row in JobList().listed(_mixed(), NOW) if isinstance(row, JobRow)]  # type: ignore[arg-type]
    assert [row.place for row in jobs] == [1, 2, 0, 0, 0]
    assert jobs[1].facts == "No. 2 in the queue · waits for cuda:0"
    assert jobs[2].facts == "iteration 1,200 of 9,000 · last PQ 31.2 · 12 min left"
    assert jobs[2].fraction == pytest.approx(1200 / 9000)
    assert [row.fraction for row in jobs if row is not jobs[2]] == [None] * 4
    assert [row.is_new for row in jobs] == [False, False, False, True, False]
    assert jobs[3].spoken.startswith("Training fourth, failed, not looked at yet: ")
    assert jobs[4].kind == "evaluate"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 5),
        ("FOURTH", 1),
        ("evaluation", 1),
        ("waiting", 2),
        ("/runs", 5),
        ("runs first", 1),
        ("nothing like it", 0),
    ],
)
def test_every_word_must_be_somewhere_in_a_job(query: str, found: int) -> None:
    rows = JobList().listed(_mixed(), NOW, query)  # type: ignore[arg-type]
    assert sum(isinstance(row, JobRow) for row in rows) == found


def test_every_state_is_let_through_by_one_filter_beside_all() -> None:
    narrow = [state for wanted in StateFilter if wanted is not StateFilter.ALL for state in wanted.states]
    assert sorted(state.value for state in narrow) == sorted(state.value for state in JobState)
    rows = JobList().listed(_mixed(), NOW, wanted=StateFilter.FAILED)  # type: ignore[arg-type]
    assert _folders(rows) == [Section.EARLIER, D]


def test_filtering_keeps_places_of_the_whole_queue() -> None:
    rows = JobList().listed(_mixed(), NOW, "second")  # type: ignore[arg-type]
    assert isinstance(rows[1], JobRow)
    assert rows[1].place == 2


def test_an_empty_run_directory_waits_for_nothing() -> None:
    empty = entry(A, JobStatus(JobState.QUEUED, "nothing was started here yet"), waiting="")
    rows = JobList().listed([empty], NOW)
    assert _folders(rows) == [Section.EARLIER, A]
    assert isinstance(rows[1], JobRow)
    assert rows[1].look.word == "Not started"
    assert rows[1].facts == "nothing was started here yet"


def test_a_moved_job_takes_the_place_it_is_dropped_at() -> None:
    folders = [Path(f"/runs/{name}") for name in "abcd"]
    entries = [*(entry(folder, waiting()) for folder in folders), entry(C, running())]
    rows = JobList().listed(entries, NOW)
    for at, folder in enumerate(folders):
        for before in range(len(rows) + 1):
            place = moved_place(rows, folder, before)
            # By brute force: take it out, and put it where the row it is dropped before is now.
            following = [row.folder for row in rows[before:] if isinstance(row, JobRow) and row.place]
            others = [other for other in folders if other != folder]
            target = next((other for other in following if other != folder), None)
            expected = others.index(target) if target is not None else len(others)
            assert place == (None if expected == at else expected), (folder, before)
    assert moved_place(rows, C, 0) is None


def test_names_of_jobs_may_be_equal_but_for_their_folder() -> None:
    other = replace(entry(B, finished()), name="first")
    rows = JobList().listed([entry(A, finished()), other], NOW)
    assert _folders(rows) == [Section.EARLIER, A, B]


def test_rows_of_what_has_ended_stay_until_it_or_the_day_is_another() -> None:
    jobs = JobList()
    entries = [entry(A, waiting()), entry(C, running()), entry(D, failed()), entry(E, finished())]
    before = [row for row in jobs.listed(entries, NOW) if isinstance(row, JobRow)]
    others = [*entries[:2], entry(D, failed("gave up")), entries[3]]
    after = [row for row in jobs.listed(others, NOW + 1) if isinstance(row, JobRow)]
    assert [new is old for new, old in zip(after, before, strict=True)] == [False, False, False, True]
    later = jobs.listed(entries, NOW + 86400)[-1]
    assert isinstance(later, JobRow)
    assert "yesterday" in later.facts
    assert "yesterday" not in before[-1].facts


def test_a_name_that_does_not_fit_loses_its_day_before_what_tells_it_apart() -> None:
    def fits(text: str) -> bool:
        return len(text) <= 20

    assert shortened("demo-2026-11-23", fits) == "demo-2026-11-23"
    assert shortened("fourth-evaluation-2026-11-23", fits) == "fourth-evaluation…"
    assert shortened("fourth-prediction-2026-11-23-2", fits) == "fourth-prediction…-2"
    assert shortened("2026-11-23-of-a-long-study", fits) == "2026-11-23-of-a-long-study", "no day of ours"
