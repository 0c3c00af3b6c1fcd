"""A long journal opens at once, is undone to its beginning, and stays within its bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from lpsnet_studio.annotator.edits import Edit, PixelPatch
from lpsnet_studio.annotator.store import ProjectStore
from tests.studio.annotator.scripted_session import SIZE, Sheet, make_pictures


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ProjectStore]:
    made = ProjectStore.create(tmp_path / "project", retry_every=None)
    made.add_images(make_pictures(tmp_path))
    sheet = Sheet.begun(1)
    made.start(1, sheet.ids, sheet.segments, "the network")
    yield made
    made.close(abandon=True)


def _paint(store: ProjectStore, sheet: Sheet, count: int) -> None:
    random = np.random.default_rng(len(sheet.states))
    for _ in range(count):
        store.append(1, sheet.paint(random, "Brush"))


def _noise(sheet: Sheet, seed: int) -> Edit:
    """Returns an edit that takes more than a kilobyte."""
    after = np.random.default_rng(seed).integers(1, 60_000, SIZE).astype(np.uint16)
    edit = Edit("Noise", PixelPatch.between(sheet.ids, after))
    sheet.states.append((after, sheet.segments))
    sheet.done = sheet.last = sheet.done + 1
    assert len(edit.to_bytes()) > 1000
    return edit


def test_after_a_hundred_edits_an_image_opens_without_them_and_is_undone_to_its_beginning(
    store: ProjectStore, tmp_path: Path
) -> None:
    sheet = Sheet.begun(1)
    _paint(store, sheet, 99)
    assert store.flush_and_tidy(30)
    assert _base(store) == 0
    _paint(store, sheet, 131)
    assert store.flush_and_tidy(30)
    store.close()
    with closing(ProjectStore.open(tmp_path / "project")) as again:
        loaded = again.load(1)
        assert loaded is not None
        assert loaded.base >= 100
        assert loaded.titles == ("Brush",) * loaded.base
        for done in (230, 150, 100, 99, 1, 0):
            again.set_cursor(1, done)
            sheet.done = done
            np.testing.assert_array_equal((again.current(1) or (None,))[0], sheet.ids)


def _base(store: ProjectStore) -> int:
    loaded = store.load(1)
    assert loaded is not None
    return loaded.base


def test_a_base_of_edits_that_were_undone_and_replaced_is_gone(store: ProjectStore) -> None:
    sheet = Sheet.begun(1)
    _paint(store, sheet, 10)
    store.compact(1)
    assert store.flush_and_tidy(30)
    assert _base(store) == 10
    sheet.done = 4
    store.set_cursor(1, 4)
    assert _base(store) == 0
    _paint(store, sheet, 8)
    assert _base(store) == 0
    np.testing.assert_array_equal((store.current(1) or (None,))[0], sheet.ids)


def test_what_is_edited_while_a_base_is_made_is_not_mistaken(store: ProjectStore) -> None:
    sheet = Sheet.begun(1)
    _paint(store, sheet, 10)
    assert store.flush_and_tidy(30)
    # Undone and drawn anew, the tenth edit is another one than the base was made of.
    store.compact(1)
    store.set_cursor(1, 9)
    sheet.done = 9
    _paint(store, sheet, 1)
    assert store.flush_and_tidy(30)
    np.testing.assert_array_equal((store.current(1) or (None,))[0], sheet.ids)


def test_only_the_oldest_and_a_few_new_bases_stay(store: ProjectStore) -> None:
    sheet = Sheet.begun(1)
    for _ in range(8):
        _paint(store, sheet, 3)
        store.compact(1)
        assert store.flush_and_tidy(30)
    bases = store._read(
        lambda connection, pending: connection.execute("SELECT sequence FROM bases ORDER BY sequence").fetchall()
    )
    assert bases == [(0,), (18,), (21,), (24,)]


def test_a_journal_over_its_bytes_drops_its_oldest_edits_and_says_so(store: ProjectStore, tmp_path: Path) -> None:
    sheet = Sheet.begun(1)
    store.journal_bytes = 20_000
    told: list[tuple[int, int]] = []
    store.dropped.connect(lambda image, first: told.append((image, first)))
    for number in range(60):
        store.append(1, _noise(sheet, number))
        if number % 10 == 9:
            store.compact(1)
            assert store.flush_and_tidy(30)
    first = store.entries[1].first
    assert first is not None
    assert 20 <= first <= 50
    assert told[-1] == (1, first)
    with pytest.raises(ValueError, match=f"has edits {first} … 60, not {first - 1}"):
        store.set_cursor(1, first - 1)
    kept = store.earlier_edits(1, 0, 60)
    assert len(kept) == 60 - first
    assert sum(len(edit.to_bytes()) for edit in kept) >= 20_000
    store.close()
    with closing(ProjectStore.open(tmp_path / "project")) as again:
        assert (again.entries[1].first, again.entries[1].done) == (first, 60)
        again.set_cursor(1, first)
        sheet.done = first
        loaded = again.load(1)
        assert loaded is not None
        assert (loaded.first, loaded.source) == (first, "the network")
        assert len(loaded.edits) - (loaded.done - loaded.base) == 60 - first
        np.testing.assert_array_equal(loaded.ids, sheet.ids)


def test_what_was_undone_is_never_dropped(store: ProjectStore) -> None:
    sheet = Sheet.begun(1)
    store.journal_bytes = 5_000
    for number in range(40):
        store.append(1, _noise(sheet, number))
    store.set_cursor(1, 3)
    store.compact(1)
    assert store.flush_and_tidy(30)
    assert len(store.earlier_edits(1, 3, 40)) == 37
    assert (store.entries[1].first or 0) <= 3


def test_no_cursor_is_set_below_edits_whose_dropping_is_under_way(store: ProjectStore, tmp_path: Path) -> None:
    sheet = _with_bases(store)
    refused: list[int] = []

    def undo_far(moment: str) -> None:
        if moment == "before begin" and store.entries[1].first and not refused:
            refused.append(1)
            with pytest.raises(ValueError, match="has edits"):
                store.set_cursor(1, 2)

    store.between = undo_far
    store.compact(1)
    assert store.flush_and_tidy(30)
    assert refused
    first = store.entries[1].first
    assert first is not None
    assert store.set_cursor(1, first).wait(10)
    sheet.done = first
    np.testing.assert_array_equal((store.current(1) or (None,))[0], sheet.ids)


def test_edits_that_are_undone_in_the_moment_in_which_they_would_be_dropped_stay(
    store: ProjectStore, tmp_path: Path
) -> None:
    sheet = _with_bases(store)
    real, undone = store._drop, []

    def drop(image: int, first: int) -> bool:
        if not undone:
            undone.append(store.set_cursor(1, 2))
        return real(image, first)

    store._drop = drop  # type: ignore[method-assign]
    store.compact(1)
    assert store.flush_and_tidy(30)
    assert undone[0].is_saved
    sheet.done = 2
    assert store.entries[1].done == 2
    np.testing.assert_array_equal((store.current(1) or (None,))[0], sheet.ids)
    store.append(1, sheet.paint(np.random.default_rng(0), "Brush")).result(10)
    store.close()
    with closing(ProjectStore.open(tmp_path / "project")) as again:
        np.testing.assert_array_equal((again.current(1) or (None,))[0], sheet.ids)


def test_an_image_that_is_begun_anew_in_that_moment_has_all_its_edits(store: ProjectStore) -> None:
    _with_bases(store)
    real, begun = store._drop, []

    def drop(image: int, first: int) -> bool:
        if not begun:
            sheet = Sheet.begun(1)
            begun.append(store.start(1, sheet.ids, sheet.segments, "nothing"))
        return real(image, first)

    store._drop = drop  # type: ignore[method-assign]
    store.compact(1)
    assert store.flush_and_tidy(30)
    assert (store.entries[1].first, store.entries[1].done) == (0, 0)
    loaded = store.load(1)
    assert loaded is not None
    assert loaded.first == 0


def _with_bases(store: ProjectStore) -> Sheet:
    """Makes thirty edits with bases between them, more than are to be kept from now on."""
    sheet = Sheet.begun(1)
    for number in range(30):
        store.append(1, _noise(sheet, number))
        if number % 10 == 9:
            store.compact(1)
            assert store.flush_and_tidy(30)
    store.journal_bytes = 20_000
    return sheet
