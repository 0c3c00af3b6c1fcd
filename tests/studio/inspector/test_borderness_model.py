"""What border-ness does to the order of the boxes: against ranks counted one by one, by hand and on real outputs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lpsnet.analysis.fates import Fate
from lpsnet_studio.inspector.borderness_model import (
    fate_sentence,
    moved_words,
    product_words,
    ranked,
    ranks_words,
    row_of_owner,
    summary,
)
from lpsnet_studio.session import Session
from lpsnet_studio.state import Result
from tests.studio.hand_made import ListeningService
from tests.studio.inspector.ranked_boxes import open_ranked


@pytest.fixture
def result(session: Session, service: ListeningService) -> Result:
    open_ranked(session, service)
    assert session.result is not None
    return session.result


def test_ranks_are_those_counted_one_by_one(result):
    rows = ranked(result)
    assert [row.detection for row in rows] == [0, 1, 2, 3, 4]
    assert [row.without for row in rows] == [3, 4, 2, 1, 5]
    assert [row.moved for row in rows] == [2, 2, -1, -3, 0]
    for row in rows:
        assert row.without == 1 + sum(other.class_score > row.class_score for other in rows)
        assert row.product == pytest.approx(float(result.detections.scores[row.detection]))


def test_every_box_is_told_its_fate_and_its_segment(result):
    rows = ranked(result)
    assert [row.fate for row in rows] == [Fate.KEPT, Fate.KEPT, Fate.OVERLAP, Fate.KEPT, Fate.EMPTY]
    assert [row.owner for row in rows] == [1, 2, 0, 3, 0]
    assert row_of_owner(rows, 3) is rows[3]
    assert row_of_owner(rows, 0) is None
    assert "discarded" in fate_sentence(result, rows[2])
    assert "nothing to paste" in fate_sentence(result, rows[4])


def test_a_box_below_the_threshold_was_not_merged(result):
    below = replace(ranked(result)[4], step=-1, fate=Fate.THRESHOLD)
    sentence = fate_sentence(result, below)
    assert sentence == "Its score 0.50 is below the score threshold 0.20, so it was not merged."


def test_moves_have_a_sign_and_a_word(result):
    rows = ranked(result)
    assert [moved_words(row) for row in rows] == ["▲ 2 up", "▲ 2 up", "▼ 1 down", "▼ 3 down", "= stays"]
    assert (product_words(rows[3]), ranks_words(rows[3])) == ("0.96 × 0.62 = 0.60", "1 → 4")


def test_the_summary_counts_and_names_the_largest_move(result):
    rows = ranked(result)
    assert summary(rows, in_force=True) == "Border-ness moved 4 of 5 boxes; the largest: car from 1 to 4."
    assert summary(rows, in_force=False).startswith("Border-ness would move 4 of 5 boxes")
    assert summary(rows, in_force=False).endswith("It is off now.")
    assert summary(rows[4:], in_force=True) == "Border-ness moved none of 1 box."
    assert "nothing to rank" in summary((), in_force=True)


def test_without_candidates_nothing_is_ranked(result):
    assert ranked(replace(result, candidates=None)) == ()
