"""The pictures of a batch, read while it goes on, and in their table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lpsnet.events import BatchStarted, EvaluationDone, PictureDone, RunEvent
from lpsnet_studio.jobs.batch_pictures import BatchPictures, cost_lines, qualities
from tests.studio.jobs.run_files import START, lines, write_run

FIGURES = {
    "pq": 0.3,
    "sq": 0.7,
    "rq": 0.4,
    "pq_things": 0.25,
    "miou": 0.5,
    "mask_ap": 0.2,
    "mask_ap50": 0.4,
    "ms": 200.4,
}


def batch_started(pictures: int = 4) -> BatchStarted:
    return BatchStarted(time=START, task="evaluate", network="demo", data="scenes", pictures=pictures, device="CPU")


def picture(done: int, pq: float | None, problem: str = "") -> PictureDone:
    return PictureDone(
        time=START + done, file_name=f"{done}.jpg", image_id=done, done=done, pictures=4, pq=pq, tp=3, fp=2, fn=1,
        problem=problem,
    )  # fmt: skip


def evaluation_done(**figures: float | None) -> EvaluationDone:
    return EvaluationDone(time=START + 9, figures=FIGURES | figures, images=3, pictures=4, complete=True, seconds=65.0)


def _events() -> list[RunEvent]:
    failed = picture(4, None, "4.jpg: the file ends too early")
    return [batch_started(), picture(1, 0.9), picture(2, None), picture(3, 0.1), failed]


def test_the_worst_come_first_and_what_failed_before_them(tmp_path: Path) -> None:
    sheet = BatchPictures(write_run(tmp_path, _events()) / "events.jsonl").read()
    assert [p.file_name for p in sheet.pictures] == ["4.jpg", "3.jpg", "1.jpg", "2.jpg"]
    assert (sheet.total, sheet.done) == (4, None)


def test_reading_goes_on_and_tells_when_nothing_came(tmp_path: Path) -> None:
    path = write_run(tmp_path, _events()[:2]) / "events.jsonl"
    batch = BatchPictures(path)
    first = batch.read()
    assert batch.read() is first
    with path.open("ab") as stream:
        stream.write(lines([picture(2, 0.5), evaluation_done()]))
    second = batch.read()
    assert [p.done for p in second.pictures] == [2, 1]
    assert second.done is not None


def test_a_batch_that_begins_anew_has_none_of_the_old(tmp_path: Path) -> None:
    events = [*_events(), evaluation_done(), batch_started(2), picture(1, 0.4)]
    sheet = BatchPictures(write_run(tmp_path, events) / "events.jsonl").read()
    assert [p.pq for p in sheet.pictures] == [0.4]
    assert sheet.done is None


def test_a_file_that_was_cut_off_leaves_nothing_of_the_old(tmp_path: Path) -> None:
    path = write_run(tmp_path, _events()) / "events.jsonl"
    batch = BatchPictures(path)
    batch.read()
    path.write_bytes(lines([picture(2, 0.5)]))
    assert [p.done for p in batch.read().pictures] == [2]
    path.write_bytes(b"")
    assert batch.read().pictures == ()


def test_a_call_reads_no_more_than_its_limit_of_damaged_lines_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lpsnet_studio.jobs.batch_pictures._MOST_LINES", 4)
    path = write_run(tmp_path, []) / "events.jsonl"
    path.write_bytes(b"{damaged\n" * 9 + lines([picture(1, 0.5)]))
    batch = BatchPictures(path)
    sheets = [batch.read() for _ in range(4)]
    assert [len(sheet.pictures) for sheet in sheets] == [0, 0, 1, 1]
    assert [sheet.has_more for sheet in sheets] == [True, True, False, False]
    assert sheets[3] is sheets[2]


def test_nothing_is_known_of_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert BatchPictures(tmp_path / "events.jsonl").read().pictures == ()


def test_figures_in_words() -> None:
    rows = qualities(evaluation_done())
    assert [(row.over, row.pq, row.sq) for row in rows] == [
        ("All classes", "30.0", "70.0"),
        ("Things", "25.0", "—"),
        ("Stuff", "—", "—"),
    ]
    assert cost_lines(evaluation_done()) == (
        "Mask AP 20.0 (at IoU 0.50 40.0) · mIoU 50.0",
        "Median time an image: whole image 200.4 ms",
        "Over 3 of 4 pictures in 1 min",
    )
    assert cost_lines(evaluation_done(miou=None, mask_ap=None, ms=None)) == ("Over 3 of 4 pictures in 1 min",)


@pytest.fixture
def view(qtbot: Any, theme: Any) -> Any:
    from lpsnet_studio.jobs.batch_pictures_view import BatchPicturesView

    made = BatchPicturesView(theme)
    qtbot.addWidget(made)
    made.resize(700, 400)
    made.show()
    yield made
    made.close_pictures()


def test_the_table_shows_pictures_as_they_come(qtbot: Any, view: Any, tmp_path: Path) -> None:
    from PySide6.QtCore import Qt

    path = write_run(tmp_path, _events()[:2]) / "events.jsonl"
    view.show_batch(path)
    qtbot.waitUntil(lambda: len(view.sheet.pictures) == 1)
    assert view.table.isColumnHidden(5)
    assert not view.figures.isVisible()
    view.table.selectRow(0)
    with path.open("ab") as stream:
        stream.write(lines([*_events()[2:], evaluation_done()]))
    qtbot.waitUntil(lambda: len(view.sheet.pictures) == 4, timeout=5000)
    assert not view.table.isColumnHidden(5)
    assert view.figures.cells[0][0].text() == "30.0"
    # What was current stays so, though worse ones came before it.
    assert view.table.current.file_name == "1.jpg"
    with qtbot.waitSignal(view.opened) as opened:
        qtbot.keyClick(view.table, Qt.Key.Key_Return)
    assert opened.args == ["1.jpg"]


@pytest.mark.parametrize("measured", [False, True])
def test_a_prediction_without_truth_has_no_columns_for_quality(
    qtbot: Any, view: Any, tmp_path: Path, measured: bool
) -> None:
    begun = replace(batch_started(2), task="predict")
    write_run(tmp_path, [begun])
    view.show_batch(tmp_path / "events.jsonl")
    qtbot.waitUntil(lambda: view.sheet.total == 2)
    assert "worst" not in view._state.text()
    write_run(tmp_path, [begun, picture(1, 0.5 if measured else None)])
    view.show_batch(None)
    view.show_batch(tmp_path / "events.jsonl")
    qtbot.waitUntil(lambda: view.table.rows.rowCount() == 1)
    assert [view.table.isColumnHidden(column) for column in range(1, 5)] == [not measured] * 4
    assert view.table.accessibleName() == ("Pictures, the worst first" if measured else "Pictures")
    write_run(tmp_path / "other", [batch_started(), picture(1, None)])
    view.show_batch(tmp_path / "other" / "events.jsonl")
    qtbot.waitUntil(lambda: view.sheet.total == 4)
    assert not view.table.isColumnHidden(1), "an evaluation measures"


def test_pictures_are_found_by_name(qtbot: Any, view: Any, tmp_path: Path) -> None:
    view.show_batch(write_run(tmp_path, _events()) / "events.jsonl")
    qtbot.waitUntil(lambda: len(view.sheet.pictures) == 4)
    view.search.setText("3.jp")
    qtbot.waitUntil(lambda: view.table.rows.rowCount() == 1)
    view.search.setText("nothing")
    qtbot.waitUntil(lambda: not view.table.isVisible())
    view.search.clear()
    assert view.table.rows.rowCount() == 4


def test_nothing_is_read_while_hidden(qtbot: Any, view: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[object] = []
    run = view._background.run
    monkeypatch.setattr(view._background, "run", lambda *work, **more: begun.append(work) or run(*work, **more))
    view.hide()
    view.show_batch(write_run(tmp_path, _events()) / "events.jsonl")
    view._timer.timeout.emit()
    assert begun == []
    view.show()
    qtbot.waitUntil(lambda: len(view.sheet.pictures) == 4)


def test_a_file_that_cannot_be_read_is_told_of(qtbot: Any, view: Any, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.mkdir()
    view.show_batch(path)
    qtbot.waitUntil(lambda: "could not be read" in view._state.text())
    assert str(path) in view._state.text()
