"""What the table of segments says, wants and chooses; without Qt."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpsnet_studio.annotator import segment_rows
from lpsnet_studio.annotator.segment_rows import (
    chosen_after,
    count_words,
    is_wanted,
    rows_of,
    sort_value,
    unlabelled,
    void_words,
)
from lpsnet_studio.annotator.segment_rows import set_locked as lock
from tests.studio.annotator.on_the_desk import begun_desk, editor_of


def test_a_row_says_what_a_segment_is(tmp_path: Path) -> None:
    rows = rows_of(editor_of(begun_desk(tmp_path)))
    assert [(row.name, row.kind, row.area) for row in rows] == [
        ("person #1", "thing", 15 * 8),
        ("person #2", "thing", 15 * 6),
        ("car #3", "thing", 8 * 15),
        ("road #4", "stuff", 10 * 60),
    ]
    assert rows[3].share == pytest.approx(0.25)


def test_the_filter_wants_every_word(tmp_path: Path) -> None:
    editor = editor_of(begun_desk(tmp_path))
    lock(editor, [2], True)
    rows = rows_of(editor)
    wanted = {typed: [row.number for row in rows if is_wanted(row, typed)] for typed in ("", "PERS", "#4", "thing #3")}
    assert wanted == {"": [1, 2, 3, 4], "PERS": [1, 2], "#4": [4], "thing #3": [3]}
    assert [row.number for row in rows if is_wanted(row, "locked")] == [2]
    assert [row.number for row in rows if is_wanted(row, "person stuff")] == []


def test_marked_segments_are_sorted_first(tmp_path: Path) -> None:
    editor = editor_of(begun_desk(tmp_path))
    lock(editor, [3], True)
    by_lock = sorted(rows_of(editor), key=lambda row: sort_value(row, segment_rows.LOCK))
    assert by_lock[0].number == 3
    by_name = sorted(rows_of(editor), key=lambda row: sort_value(row, segment_rows.NAME))
    assert [row.number for row in by_name] == [3, 1, 2, 4]


def test_what_was_selected_first_stays_first() -> None:
    assert chosen_after((5, 2), [1, 2, 5], [1, 2, 3, 5], adds=True) == (5, 2, 1)
    assert chosen_after((5, 2, 1), [1, 5], [1, 2, 3, 5], adds=True) == (5, 1)


def test_what_the_filter_hides_stays_selected_only_if_rows_are_added() -> None:
    assert chosen_after((9, 2), [2, 3], [2, 3], adds=True) == (9, 2, 3)
    assert chosen_after((9, 2), [3], [2, 3], adds=False) == (3,)


def test_locks_turn_in_one_edit_whatever_is_selected(tmp_path: Path) -> None:
    editor = editor_of(begun_desk(tmp_path))
    editor.select([4])
    lock(editor, [1, 3], True)
    assert editor.locked() == {1, 3}
    assert editor.selection == (4,)
    assert editor.history.undo_title == "Lock 2 segments"
    lock(editor, [1], True)
    assert len(editor.history.titles) == 1, "what is locked already makes no edit"


def test_the_foot_counts_segments_and_unlabelled_pixels(tmp_path: Path) -> None:
    editor = editor_of(begun_desk(tmp_path))
    assert unlabelled(editor) == int((editor.document.ids == 0).sum()) == 1470
    assert count_words(editor, 4) == "4 segments"
    assert void_words(editor) == "1,470 pixels (61.3 %) unlabelled"
    editor.select([1, 2])
    assert count_words(editor, 2) == "2 of 4 segments, 2 selected"
    editor.delete()
    assert unlabelled(editor) == int((editor.document.ids == 0).sum())
