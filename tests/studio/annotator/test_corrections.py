"""A prediction is corrected to its truth with few coarse gestures, and to the last pixel with more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.studio.annotator.corrections import (
    ACTIONS_PER_SEGMENT,
    LEAST_RADIUS,
    MOST_POINTS,
    Corrected,
    correct_images,
)


def check(corrected: Corrected, record_property: Callable[[str, object], None]) -> None:
    record_property("actions", corrected.table())
    assert corrected.before < 60
    assert corrected.coarse >= 95
    assert corrected.fine == 100
    for correction, figures in zip(corrected.corrections, corrected.figures, strict=True):
        assert set(correction.spent) <= set(correction.wrong)
        assert max(correction.spent.values()) <= ACTIONS_PER_SEGMENT
        assert figures.coarse <= ACTIONS_PER_SEGMENT * figures.wrong
        assert correction.longest_stroke <= MOST_POINTS
        assert correction.thinnest_brush >= LEAST_RADIUS
        assert len(correction.journal) >= correction.actions == figures.coarse + figures.fine
        document = correction.editor.document
        assert document.is_consistent()
        while correction.editor.undo() is not None:
            pass
        prediction = correction.image.prediction
        number_of = {0: 0, **document.number_of}
        np.testing.assert_array_equal(document.ids, np.vectorize(number_of.__getitem__)(prediction.ids))
        assert len(document.segments) == len(prediction.segments)


def test_two_predictions_are_corrected(shared_data: Path, record_property: Callable[[str, object], None]) -> None:
    check(correct_images(shared_data, 2), record_property)


@pytest.mark.slow
def test_ten_predictions_are_corrected(shared_data: Path, record_property: Callable[[str, object], None]) -> None:
    check(correct_images(shared_data, 10), record_property)
