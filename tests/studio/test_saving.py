"""The saved overlay is what the canvas shows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from psygnal import EmitLoopError
from PySide6.QtWidgets import QFileDialog

from lpsnet_studio.canvas.sampling import Grid
from lpsnet_studio.inference.messages import Failed, ImageSource, Inspect, OpenImage
from lpsnet_studio.session import Session
from lpsnet_studio.state import Entry, Problem
from tests.studio.hand_made import ListeningService, entries, inspected, open_first, opened


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


# -------------------------------------------------------------------------------------------- while a result is awaited


@pytest.fixture
def waiting(window: Any, session: Session, service: ListeningService, tmp_path: Path) -> Path:
    """Asks to save the first image while its new result is on its way; returns where to."""
    open_first(session, service)
    session.change_settings(overlap_threshold=0.7)
    assert not session.is_current
    path = tmp_path / "zero.json"
    window.commands.saving.save_panoptic_to(path)
    return path


def finish(window: Any, session: Session, service: ListeningService) -> None:
    """Lets the service answer what it was asked for last, and everything that follows be written."""
    session.receive(inspected(service.last(Inspect)))
    assert session.is_current
    assert window.commands.wait_for_background(10_000)


def test_what_waits_is_saved_when_its_result_is_here(
    waiting: Path, window: Any, session: Session, service: ListeningService
) -> None:
    overlay = waiting.with_name("zero.png")
    window.commands.saving.save_overlay_to(overlay)
    assert not waiting.exists()
    finish(window, session, service)
    assert json.loads(waiting.read_text())["images"][0]["file_name"] == "0.png"
    assert overlay.exists(), "the second does not take the place of the first"


def test_no_other_image_is_saved_in_its_place(
    waiting: Path, window: Any, session: Session, service: ListeningService
) -> None:
    session.step_image(1)
    assert window.notifications.texts == [
        f"{waiting} was not saved: another image was opened before the result was here."
    ]
    session.receive(opened(service.last(OpenImage)))
    finish(window, session, service)
    assert not waiting.exists()


def test_nor_one_of_another_list(waiting: Path, window: Any, session: Session, service: ListeningService) -> None:
    session.set_entries([replace(entries()[0], source=ImageSource("/elsewhere/0.png"))])
    assert len(window.notifications.texts) == 1
    session.receive(opened(service.last(OpenImage)))
    finish(window, session, service)
    assert not waiting.exists()


def test_the_same_image_in_a_new_list_is_still_it(
    waiting: Path, window: Any, session: Session, service: ListeningService
) -> None:
    session.set_entries(list(reversed(entries())), index=2)
    session.receive(opened(service.last(OpenImage)))
    finish(window, session, service)
    assert json.loads(waiting.read_text())["images"][0]["file_name"] == "0.png"


def test_a_failure_of_something_else_leaves_it_waiting(
    waiting: Path, window: Any, session: Session, service: ListeningService
) -> None:
    session.failed.emit(Problem("No file manager could be opened."))
    session.failed.emit(Problem("2.png: truncated", picture="/pictures/2.png"))
    finish(window, session, service)
    assert waiting.exists()


def test_a_failure_of_its_image_ends_the_wait_with_a_word(
    waiting: Path, window: Any, session: Session, service: ListeningService
) -> None:
    session.receive(Failed(service.last(Inspect).request, "internal", "It went wrong."))
    assert f"{waiting} was not saved: its image could not be inspected." in window.notifications.texts
    session.inspect()
    finish(window, session, service)
    assert not waiting.exists()


def test_what_can_have_no_result_is_said_at_once(
    window: Any, session: Session, service: ListeningService, tmp_path: Path
) -> None:
    session.change_settings(box_oracle=True, semantic_oracle=True)
    session.set_entries(entries())
    session.receive(opened(service.last(OpenImage)))
    session.receive(inspected(service.last(Inspect)))
    session.change_settings(box_oracle=False)
    window.commands.saving.save_overlay_to(tmp_path / "zero.png")
    (text,) = window.notifications.texts
    assert text.startswith(f"{tmp_path / 'zero.png'} was not saved: there will be no result. No network is loaded")


def test_esc_withdraws_what_waits_with_a_word(
    waiting: Path, window: Any, session: Session, service: ListeningService
) -> None:
    window.actions_by_id["cancel"].trigger()
    assert window.notifications.texts == [f"{waiting} was not saved: its result was withdrawn."]
    session.receive(Failed(service.last(Inspect).request, "cancelled", "Cancelled."))
    session.inspect()
    finish(window, session, service)
    assert not waiting.exists()


def test_it_is_saved_though_a_panel_fails(
    waiting: Path, window: Any, session: Session, service: ListeningService
) -> None:
    def fail() -> None:
        raise RuntimeError("a panel failed")

    session.selection_changed.connect(fail)
    with pytest.raises(EmitLoopError):
        finish(window, session, service)
    session.selection_changed.disconnect(fail)
    assert window.commands.wait_for_background(10_000)
    assert waiting.exists()


def test_an_image_that_changes_while_the_file_is_named_is_not_saved(
    window: Any, session: Session, service: ListeningService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_first(session, service)

    def go_on(*_: Any) -> tuple[str, str]:
        session.step_image(1)
        session.receive(opened(service.last(OpenImage)))
        session.receive(inspected(service.last(Inspect)))
        return str(tmp_path / "zero"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", go_on)
    window.commands.saving.save_overlay()
    assert window.commands.wait_for_background(10_000)
    assert not (tmp_path / "zero.png").exists()
    assert "another image was opened" in window.notifications.texts[0]


def test_what_is_open_is_never_replaced(
    window: Any, session: Session, service: ListeningService, tmp_path: Path, qtbot: Any
) -> None:
    (tmp_path / "out").mkdir()
    photos = [tmp_path / "photo.png", tmp_path / "out" / "0.png"]
    for photo in photos:
        photo.write_bytes(b"a photo")
    open_first(session, service)
    opened_ones = [Entry("0.png", ImageSource(str(photo))) for photo in photos]
    session.set_entries(opened_ones)
    session.receive(opened(service.last(OpenImage)))
    session.receive(inspected(service.last(Inspect)))
    saving, told = window.commands.saving, []
    session.failed.connect(lambda problem: told.append(f"{problem.sentence} {problem.details}"))
    saving.save_overlay_to(photos[0])
    saving.save_panoptic_to(tmp_path / "out.json")
    saving.save_panoptic_to(photos[0])
    saving.save_overlay_to(tmp_path / "new.jpg")
    assert window.commands.wait_for_background(10_000)
    qtbot.wait(20)
    assert [photo.read_bytes() for photo in photos] == [b"a photo"] * 2
    assert not (tmp_path / "out.json").exists()
    assert not (tmp_path / "new.jpg").exists()
    assert any("this file is open here" in each for each in told)
    assert any("must end in" in each for each in told)
