"""The list of segments says what is on the canvas, and when the rest comes."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt

from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, open_first


def test_a_row_says_at_which_step_its_segment_comes_in(
    window: Any, session: Session, service: ListeningService
) -> None:
    open_first(session, service)
    assert session.result is not None
    trace, model = session.result.trace, window.segments.model
    session.seek(0)
    for row, segment in enumerate(trace.segments):
        index = model.index(row, 0)
        (step,) = [number for number, step in enumerate(trace.steps, start=1) if step.owner == segment.id]
        session.seek(step - 1)
        assert index.data(Qt.ItemDataRole.ToolTipRole) == f"Comes in at step {step} of {len(trace.steps)}"
        session.seek(step)
        assert index.data(Qt.ItemDataRole.ToolTipRole) == f"Came in at step {step} of {len(trace.steps)}"
