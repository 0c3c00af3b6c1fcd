from __future__ import annotations

from pathlib import Path

from lpsnet_studio.jobs.status import JobState, JobStatus
from lpsnet_studio.jobs.status_cache import StatusCache


def test_what_goes_wrong_with_one_folder_concerns_no_other(tmp_path: Path) -> None:
    def read(folder: Path) -> JobStatus:
        if folder.name == "bad":
            raise OverflowError("int too large " * 100)
        return JobStatus(JobState.RUNNING, "well")

    cache = StatusCache(read)
    statuses = cache.statuses([tmp_path / "bad", tmp_path / "good"])
    assert statuses[tmp_path / "good"].sentence == "well"
    bad = statuses[tmp_path / "bad"]
    assert bad.state is JobState.LOST
    assert bad.sentence.startswith(f"{tmp_path / 'bad'} could not be understood: OverflowError('int too large ")
    assert len(bad.sentence) <= 300
    assert cache.status_now(tmp_path / "bad") == bad


def test_a_folder_that_is_understood_again_is_told_again(tmp_path: Path) -> None:
    answers: list[JobStatus | Exception] = [RuntimeError("for now"), JobStatus(JobState.FINISHED, "finished")]

    def read(_folder: Path) -> JobStatus:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    cache = StatusCache(read)
    assert cache.statuses([tmp_path])[tmp_path].state is JobState.LOST
    assert cache.statuses([tmp_path])[tmp_path].sentence == "finished"
    assert cache.statuses([tmp_path])[tmp_path].sentence == "finished"
