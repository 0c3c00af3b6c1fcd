"""What the dialogs propose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog

from lpsnet_studio.inference.messages import Inspect, OpenImage
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, inspected, open_first, opened


@pytest.fixture
def proposed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Collects what is proposed to save as; every dialog is turned away."""
    found: list[Path] = []

    def turn_away(_parent: Any, _title: str, path: str, _pattern: str) -> tuple[str, str]:
        found.append(Path(path))
        return "", ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", turn_away)
    return found


def test_each_way_to_save_proposes_a_name_that_says_what_it_holds(
    window: Any, session: Session, service: ListeningService, proposed: list[Path]
) -> None:
    open_first(session, service)
    window.commands.saving.save_panoptic()
    window.commands.saving.save_overlay()
    assert [path.name for path in proposed] == ["0_panoptic.json", "0_overlay.png"]


def test_the_first_save_is_proposed_beside_what_was_dropped(
    window: Any, session: Session, service: ListeningService, proposed: list[Path], tmp_path: Path
) -> None:
    open_first(session, service)
    picture = tmp_path / "dropped" / "photo.png"
    picture.parent.mkdir()
    picture.write_bytes(b"read by the service alone")
    window.commands.files.open_paths([picture])
    session.receive(opened(service.last(OpenImage)))
    session.receive(inspected(service.last(Inspect)))
    window.commands.saving.save_overlay()
    assert proposed == [tmp_path / "dropped" / "photo_overlay.png"]
