"""Single writes, made on a database by hand: each may be made twice, and those that came too late change nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import numpy as np
import pytest

from lpsnet_studio.annotator.bases import encode_ids
from lpsnet_studio.annotator.project import Status
from lpsnet_studio.annotator.schema import migrate
from lpsnet_studio.annotator.writes import (
    AddImages,
    AppendEdit,
    DropEdits,
    KeepBase,
    MoveCursor,
    PutFile,
    PutLabels,
    PutMeta,
    PutStatus,
    StartImage,
    Together,
    Write,
    parts_about,
)
from tests.studio.annotator.scripted_session import Sheet


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """A project with one image of six edits."""
    made = sqlite3.connect(":memory:", isolation_level=None)
    migrate(made)
    for write in _begun():
        write.perform(made, 1)
    yield made
    made.close()


def _begun() -> list[Write]:
    sheet, random = Sheet.begun(1), np.random.default_rng(0)
    start = StartImage(1, sheet.ids, sheet.segments, "the network")
    edits = [AppendEdit(1, number, sheet.paint(random, "Brush")) for number in range(1, 7)]
    return [AddImages([(1, "a.png", True, 24, 32, 0, 0, 0)]), start, *edits]


def _dump(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    return {
        "images": connection.execute("SELECT * FROM images").fetchall(),
        "bases": connection.execute("SELECT image, sequence, segments, source FROM bases").fetchall(),
        "edits": connection.execute("SELECT image, sequence, session, title, content FROM edits").fetchall(),
        "labels": connection.execute("SELECT * FROM labels").fetchall(),
        "meta": connection.execute("SELECT * FROM meta").fetchall(),
    }


def _row(connection: sqlite3.Connection, sequence: int) -> int:
    return int(connection.execute("SELECT id FROM edits WHERE sequence = ?", (sequence,)).fetchone()[0])


def _base(connection: sqlite3.Connection, sequence: int) -> KeepBase:
    ids = encode_ids(np.ones((24, 32), np.uint16))
    return KeepBase(1, sequence, _row(connection, sequence), ids, '{"1":[7,0,0,null]}', kept=4)


def test_a_write_that_is_made_twice_changes_nothing_the_second_time(connection: sqlite3.Connection) -> None:
    writes: list[Write] = [
        _begun()[-1],
        AddImages([(2, "b.png", True, 24, 32, 0, 0, 1)]),
        PutStatus(1, Status.DONE, "fine"),
        PutFile(1, b"caf\xe9.png", False, 5, 6),
        PutLabels(["cat"]),
        PutMeta("view", {"image": 1}),
        _base(connection, 4),
        DropEdits(1, 4),
        MoveCursor(1, 5),
    ]
    for write in (*writes, Together(writes[4:6]), _begun()[1]):
        write.perform(connection, 1)
        once = _dump(connection)
        write.perform(connection, 1)
        assert _dump(connection) == once


def test_an_edit_that_follows_none_is_refused(connection: sqlite3.Connection) -> None:
    edit = _begun()[-1]
    assert isinstance(edit, AppendEdit)
    before = _dump(connection)
    for image, sequence in ((1, 8), (1, 0), (2, 1)):
        with pytest.raises(ValueError, match="follows none that is in the project"):
            AppendEdit(image, sequence, edit.edit).perform(connection, 1)
    assert _dump(connection) == before


def test_a_base_of_an_edit_that_another_has_replaced_is_not_kept(connection: sqlite3.Connection) -> None:
    late = _base(connection, 6)
    _begun()[-1].perform(connection, 1)  # number 6 once more: another row
    before = _dump(connection)
    late.perform(connection, 1)
    assert _dump(connection) == before
    _base(connection, 6).perform(connection, 1)
    assert [row[1] for row in _dump(connection)["bases"]] == [0, 6]


def test_edits_that_were_taken_back_meanwhile_are_not_dropped(connection: sqlite3.Connection) -> None:
    _base(connection, 4).perform(connection, 1)
    MoveCursor(1, 3).perform(connection, 1)
    before = _dump(connection)
    DropEdits(1, 4).perform(connection, 1)
    DropEdits(1, 2).perform(connection, 1)  # it has no base
    DropEdits(9, 0).perform(connection, 1)
    assert _dump(connection) == before
    MoveCursor(1, 4).perform(connection, 1)
    DropEdits(1, 4).perform(connection, 1)
    after = _dump(connection)
    assert [row[1] for row in after["edits"]] == [5, 6]
    assert [(row[1], row[3]) for row in after["bases"]] == [(4, "the network")]
    for image, done in ((1, 3), (2, 0)):
        with pytest.raises(ValueError, match=f"edit {done} of image {image} is not in the project"):
            MoveCursor(image, done).perform(connection, 1)
    assert _dump(connection) == after


def test_what_is_about_an_image_is_found_in_what_is_made_together() -> None:
    _, start, first, second, *_ = _begun()
    together = Together([PutLabels([]), first, Together([second, MoveCursor(2, 0)])])
    assert parts_about(together, 1) == [first, second]
    assert parts_about(start, 1) == [start]
    assert parts_about(start, 2) == []
