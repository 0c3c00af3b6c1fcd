"""The saved overlay is what the canvas shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lpsnet_studio.canvas.sampling import Grid
from lpsnet_studio.inference.messages import Inspect
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, inspected, open_first


def on_screen(window: Any) -> NDArray[np.uint8]:
    """Returns the RGB colours ``[H, W, 3]`` of the canvas' segments, which are opaque or absent."""
    segments = window.canvas.stage.segments
    argb = segments.colors(Grid.of_image(*segments.picture.shape)).view(np.uint32)
    assert set(np.unique(argb >> 24).tolist()) <= {0, 255}
    return np.stack([argb >> shift & 255 for shift in (16, 8, 0)], axis=2).astype(np.uint8)


def inside(owners: NDArray[np.unsignedinteger[Any]]) -> NDArray[np.bool_]:
    """Returns ``[H, W]``: the pixels of segments that no contour reaches."""
    values, square = owners.astype(np.float32), np.ones((7, 7), np.uint8)
    return (cv2.erode(values, square) == cv2.dilate(values, square)) & (owners > 0)


@pytest.mark.parametrize("threshold", [0.3, 1.0])
def test_screen_and_saved_overlay_show_the_same_colours(
    threshold: float, window: Any, session: Session, service: ListeningService, tmp_path: Path, qtbot: Any
) -> None:
    open_first(session, service)
    session.change_layer("segments", opacity=1.0)
    session.change_settings(overlap_threshold=threshold)
    session.receive(inspected(service.last(Inspect)))
    path = tmp_path / "overlay.png"
    window.commands.saving.save_overlay_to(path)
    qtbot.waitUntil(path.exists, timeout=10_000)
    assert window.commands.wait_for_background(10_000)
    saved = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    assert session.owners is not None
    plain = inside(session.owners)
    assert len(np.unique(session.owners[plain])) >= 5
    np.testing.assert_array_equal(saved[plain], on_screen(window)[plain])


def test_an_object_keeps_its_colour_while_others_come_and_go(
    window: Any, session: Session, service: ListeningService
) -> None:
    open_first(session, service)
    session.change_layer("segments", opacity=1.0)
    before, owner = on_screen(window)[40, 67], session.owner_at(67, 40)
    session.change_settings(overlap_threshold=1.0)
    session.receive(inspected(service.last(Inspect)))
    assert session.owner_at(67, 40) != owner, "one more person is kept, so that the car's number moves"
    np.testing.assert_array_equal(on_screen(window)[40, 67], before)
