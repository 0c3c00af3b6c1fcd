"""What a training says of its speed, by a clock that is set by hand."""

from __future__ import annotations

import math

import pytest

from lpsnet.engine import pace as room
from lpsnet.engine.pace import Pace


def test_speed_leaves_evaluations_out_and_the_time_left_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(room.time, "perf_counter", lambda: now[0])
    pace = Pace(first_iteration=10, batch=4, _began=now[0], _reported=now[0])
    for loss, norm in ((1.0, 3.0), (2.0, math.inf)):
        now[0] += 2.0
        pace.add({"total": loss, "box": 2 * loss}, norm)
    assert pace.mean_losses() == {"total": 1.5, "box": 3.0}
    # With fp16 a gradient overflows now and then.
    assert pace.mean_gradient_norm() == 3.0
    assert pace.images_per_second() == pytest.approx(2 * 4 / 4.0)
    assert pace.seconds_per_iteration(12) == pytest.approx(2.0)

    pace.begin_anew()
    now[0] += 30.0
    pace.leave_out(30.0)
    now[0] += 1.0
    pace.add({"total": 5.0, "box": 7.0}, math.inf)
    assert pace.mean_losses() == {"total": 5.0, "box": 7.0}
    assert math.isnan(pace.mean_gradient_norm())
    assert pace.images_per_second() == pytest.approx(4.0)
    assert pace.seconds_per_iteration(13) == pytest.approx(35.0 / 3)
