"""Banner, status bar and notifications say what the session knows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lpsnet_studio.chrome.banner import ElidedLines
from lpsnet_studio.chrome.model_words import device_words, network_words
from lpsnet_studio.chrome.notices import notices
from lpsnet_studio.chrome.status_bar import StatusBar
from lpsnet_studio.inference.messages import Failed, LoadModel, ModelLoaded, OpenImage
from lpsnet_studio.session import Session
from lpsnet_studio.state import NetworkChoice, Problem
from tests.studio.hand_made import AT_FIRST, ListeningService, card, entries, open_first, opened


def test_an_untrained_network_is_said_with_what_helps(session: Session, service: ListeningService) -> None:
    session.load_model(NetworkChoice("hand-made"))
    session.receive(ModelLoaded(service.posted[-1].request, card(trained=False)))
    assert notices(session) == ["Untrained network: its predictions mean nothing yet."]
    session.set_entries(entries(with_truth=False))
    session.receive(opened(service.last(OpenImage)))
    assert "Open a checkpoint" in notices(session)[0]
    session.set_entries(entries())
    session.receive(opened(service.last(OpenImage)))
    assert "Turn both oracles on" in notices(session)[0]
    session.change_settings(box_oracle=True, semantic_oracle=True)
    assert "this is the ground truth, merged" in notices(session)[0]


def test_what_is_peculiar_to_the_picture_comes_before_what_is_always_so(
    window: Any, session: Session, service: ListeningService
) -> None:
    session.load_model(NetworkChoice("hand-made"))
    session.receive(ModelLoaded(service.posted[-1].request, card(trained=False)))
    session.set_entries(entries())
    cause = "No ground truth: /data/a.png: there is no such file"
    session.receive(replace(opened(service.last(OpenImage)), truth=None, notice=cause))
    assert notices(session)[0] == f"{cause}."
    assert notices(session)[-1].startswith("Untrained network")
    banner = window.findChild(object, "banner")
    assert banner.text.text().startswith(cause)


@pytest.mark.parametrize("width", [60, 200, 500, 3000])
def test_lines_hold_as_many_words_as_they_can(qtbot: Any, width: int) -> None:
    label = ElidedLines()
    qtbot.addWidget(label)
    label.setText("No ground truth: /a/path/without/any/spaces/that/is/long/panoptic_val2017.png: it is not there.")
    label.setFixedWidth(width)
    label.resize(width, label.heightForWidth(width))
    lines = label.shown.split("\n")
    assert all(label.fontMetrics().horizontalAdvance(line) <= width for line in lines)
    assert "".join(label.shown.split()).rstrip("…") in "".join(label.text().split())
    assert (len(lines) == 1) == (width == 3000)
    assert label.shown.endswith("…") == (width < 500)
    assert label.heightForWidth(width) >= len(lines) * label.fontMetrics().lineSpacing()
    assert label.heightForWidth(width) == label.heightForWidth(60) or len(lines) == 1


def test_a_trained_network_needs_no_banner(window: Any, session: Session, service: ListeningService) -> None:
    open_first(session, service)
    assert notices(session) == []
    assert window.findChild(object, "banner").isHidden()


def test_of_the_demos_network_photos_are_told_how_little_it_knows(
    window: Any, session: Session, service: ListeningService, demo_checkpoint: Path
) -> None:
    session.load_model(NetworkChoice(checkpoint=str(demo_checkpoint)))
    session.receive(ModelLoaded(service.last(LoadModel).request, card(origin=demo_checkpoint)))
    assert notices(session) == []
    assert network_words(session) == "LPSNet demo · 64 px"
    session.set_entries(entries())
    session.receive(opened(service.last(OpenImage)))
    assert notices(session) == [], "what has a truth in its classes is a scene"
    session.set_entries(entries(with_truth=False))
    session.receive(opened(service.last(OpenImage)))
    told = "Trained on drawn scenes only, LPSNet demo knows 4 classes of them and little of photos."
    assert notices(session) == [told]
    assert window.findChild(object, "banner").text.text() == told
    session.set_entries(entries())
    session.receive(opened(service.last(OpenImage), fits=False))
    assert len(notices(session)) == 1
    assert "knows other classes" in notices(session)[0]


def test_the_status_bar_names_device_and_segment(window: Any, session: Session, service: ListeningService) -> None:
    assert (device_words(session), network_words(session)) == ("", "no network")
    session.set_service_state("restarting")
    assert "starts again" in device_words(session)
    session.set_service_state("ready")
    open_first(session, service)
    assert device_words(session) == "CPU (no CUDA device)"
    assert network_words(session).startswith("hand-made · 64 px")
    bar = window.statusBar()
    assert isinstance(bar, StatusBar)
    window.canvas.hovered.emit(12, 30)
    assert bar._cursor.text() == "x 12 y 30"
    assert bar._segment.text() == "person #1 · 0.90"
    window.canvas.left.emit()
    assert bar._segment.text() == ""


def test_busy_is_shown_after_some_patience_and_can_be_cancelled(
    window: Any, session: Session, service: ListeningService, qtbot: Any
) -> None:
    bar = window.statusBar()
    session.load_model(NetworkChoice("coco_r50"))
    assert not bar._bar.isVisible()
    qtbot.waitUntil(bar._bar.isVisible, timeout=3000)
    assert bar._step.text() == "loading the network"
    bar._cancel.click()
    assert type(service.posted[-1]).__name__ == "Cancel"


def test_notifications_stack_and_go(window: Any, qtbot: Any) -> None:
    notes = window.notifications
    for number in range(6):
        notes.show_failure(Problem(f"{number}: broken", "Mend it.", "details"))
    assert notes.texts == [f"{number}: broken\nMend it." for number in range(6)][-len(notes.texts) :]
    assert len(notes.texts) in (2, 3), "the others wait"
    for note in list(notes._notes):
        assert window._view.rect().contains(note.geometry())
        note.dismiss()
    assert notes.texts == []


def test_what_is_said_again_is_shown_once(window: Any) -> None:
    notes = window.notifications
    for sentence in ("a: broken", "b: broken", "a: broken"):
        notes.show_failure(Problem(sentence))
    assert notes.texts == ["a: broken", "b: broken"]
    assert len({note.y() for note in notes._notes}) == 2


def test_notes_about_a_picture_go_when_another_is_opened(
    window: Any, session: Session, service: ListeningService
) -> None:
    session.set_entries(entries())
    window.notifications.show_info("Saved out.png")
    session.receive(Failed(service.last(OpenImage).request, "bad-input", "0.png: the file is empty"))
    session.open_index(0)
    assert window.notifications.texts == ["Saved out.png", "0.png: the file is empty"]
    session.open_index(1)
    assert window.notifications.texts == ["Saved out.png"]


def test_the_layout_comes_back(window: Any, session: Session) -> None:
    for dock in window.docks.values():
        dock.close()
    window.actions_by_id["reset_layout"].trigger()
    assert {name for name, dock in window.docks.items() if not dock.isHidden()} == AT_FIRST


def test_the_theme_is_switched_and_kept(window: Any) -> None:
    window.actions_by_id["light_theme"].trigger()
    assert window._theme.name == "light"
    assert window._settings.preferences.theme == "light"
