"""Keeping a long journal quick to open and bounded in bytes, a little at a time, while nobody waits for the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

from lpsnet_studio.annotator.bases import decode_ids, decode_segments, encode_ids, encode_segments
from lpsnet_studio.annotator.edits import Edit
from lpsnet_studio.annotator.reads import kept_image, replay
from lpsnet_studio.annotator.writes import KeepBase, Write

__all__ = ["tidied"]

_BASES = 4
"""Bases that an image has: the oldest, to undo everything, and the newest, to open at once."""
_TRIES = 8
"""How often edits are to be dropped while something else is written; then it is left for another time."""


def tidied(
    image: int, budget: int, submit: Callable[[Write], object], drop: Callable[[int, int], bool]
) -> Callable[[sqlite3.Connection], Iterator[None]]:
    """Returns a chore: a base of the present state of an image, and the oldest edits dropped if there are too many.

    Args:
        image: its id.
        budget: bytes of edits that are kept at least.
        submit: puts a write in line.
        drop: drops so many of the image's edits; False if it is to be looked at again, as something waits to be
            written: what the database says is then not what the project says.
    """

    def chore(connection: sqlite3.Connection) -> Iterator[None]:
        yield from _keep_base(connection, image, submit)
        for _ in range(_TRIES):
            up_to = _droppable(connection, image, budget)
            if up_to is None or drop(image, up_to):
                return
            yield

    return chore


def _keep_base(connection: sqlite3.Connection, image: int, submit: Callable[[Write], object]) -> Iterator[None]:
    kept = kept_image(connection, image)
    if kept is None or kept.done == kept.base:
        return
    row = connection.execute("SELECT id FROM edits WHERE image = ? AND sequence = ?", (image, kept.done)).fetchone()
    if row is None:
        return
    ids, segments = decode_ids(kept.ids), decode_segments(kept.segments)
    for sequence, content in kept.edits:
        if sequence > kept.done:
            break
        yield
        replay(ids, segments, [Edit.from_bytes(content)])
    yield
    packed = encode_ids(ids)
    yield
    submit(KeepBase(image, kept.done, row[0], packed, encode_segments(segments), _BASES))
    yield


def _droppable(connection: sqlite3.Connection, image: int, budget: int) -> int | None:
    """Returns up to which edit an image's journal may be dropped, so that ``budget`` bytes are left; None if none."""
    bases = [
        sequence
        for (sequence,) in connection.execute(
            """SELECT sequence FROM bases JOIN images ON images.id = bases.image
            WHERE image = ? AND sequence <= done ORDER BY sequence""",
            (image,),
        )
    ]
    left = 0
    for sequence, size in connection.execute(
        "SELECT sequence, length(content) FROM edits WHERE image = ? ORDER BY sequence DESC", (image,)
    ):
        if left >= budget:
            found = max((base for base in bases if base <= sequence), default=0)
            return found if bases and found > bases[0] else None
        left += size
    return None
