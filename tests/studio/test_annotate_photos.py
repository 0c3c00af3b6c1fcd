"""The photo that the window shows and the one that a project keeps are one, however either is turned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox

from lpsnet_studio.inference.messages import OpenImage
from tests.studio.annotating import SIZE, Annotating
from tests.studio.hand_made import opened


def test_a_photo_that_is_shown_turned_otherwise_is_shown_as_the_project_keeps_it(at_work: Annotating) -> None:
    session, actions = at_work.session, at_work.window.actions_by_id
    session.set_entries([replace(entry, source=replace(entry.source, truth=None)) for entry in session.entries])
    session.receive(opened(at_work.service.last(OpenImage), size=SIZE[::-1]))
    at_work.wait_for("unreadable")
    assert "is shown as 60 × 80 pixels, and the project keeps it as 80 × 60" in at_work.desk.why_not
    assert not actions["tool_brush"].isEnabled()
    assert not actions["start_empty"].isEnabled()
    card = at_work.window.annotation.telling.card
    assert card.sentence.text() == at_work.desk.why_not
    card.buttons["again"].click()
    session.receive(opened(at_work.service.last(OpenImage)))
    at_work.wait_for("editing")
    assert actions["tool_brush"].isEnabled()
    assert at_work.window.annotation.overlay.stage.size == at_work.editor.document.size


def test_a_missing_photo_is_found_from_the_card_and_its_segments_come_back(
    at_work: Annotating, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    photo, moved = at_work.photos[0], tmp_path / "moved" / "0.png"
    moved.parent.mkdir()
    photo.rename(moved)
    card = at_work.window.annotation.telling.card
    assert not card.buttons["find"].isVisibleTo(card)
    at_work.desk.look_at(None)
    at_work.desk.look_at(photo)
    at_work.wait_for("unreadable")
    assert card.buttons["find"].isVisibleTo(card)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(moved.parent))
    segments = at_work.store.count_segments(1)
    card.buttons["find"].click()
    at_work.qtbot.waitUntil(lambda: Path(at_work.session.entries[0].source.path) == moved, timeout=10_000)
    at_work.answer()
    at_work.wait_for("editing")
    assert len(at_work.editor.document.segments) == segments
    assert at_work.told == f"Found 1 of 1 missing image in {moved.parent}."


def test_to_take_out_an_image_that_is_missing_says_what_is_lost(at_work: Annotating) -> None:
    at_work.store.set_note(1, "look at the left edge")
    at_work.photos[0].unlink()
    at_work.desk.look_at(None)
    at_work.desk.look_at(at_work.photos[0])
    at_work.wait_for("unreadable")
    segments = at_work.store.count_segments(1)
    at_work.trigger("take_out_of_project")
    at_work.qtbot.waitUntil(lambda: at_work.window.findChild(QMessageBox) is not None, timeout=10_000)
    box = at_work.window.findChild(QMessageBox)
    assert segments > 1
    assert f"{segments} segments and the note on it are lost, and undo does not bring that back." in (
        box.informativeText()
    )
    box.button(QMessageBox.StandardButton.Cancel).click()
    assert 1 in at_work.store.entries


def test_a_photo_that_is_kept_as_it_is_stored_is_listed_so_after_another_look(at_work: Annotating) -> None:
    """The folder's list turns it, the data set that it was annotated in did not."""
    session = at_work.session
    at_work.store.set_file(1, replace(at_work.store.entries[1].file, is_upright=False))
    session.set_entries([replace(entry, source=replace(entry.source, truth=None)) for entry in session.entries])
    session.receive(opened(at_work.service.last(OpenImage)))
    at_work.wait_for("unreadable")
    assert "turned as its EXIF orientation says" in at_work.desk.why_not
    at_work.window.annotation.telling.card.buttons["again"].click()
    assert [entry.source.stated_size for entry in session.entries] == [SIZE, None, None]
    session.receive(opened(at_work.service.last(OpenImage)))
    at_work.wait_for("editing")
