"""Why there is nothing to tell of a result, from no image at all to one that was not compared."""

from __future__ import annotations

from dataclasses import replace

from lpsnet_studio.inference.messages import Failed, Inspect, OpenImage
from lpsnet_studio.inspector.obstacles import NO_IMAGE, NO_TRUTH, obstacle_of, obstacle_to_judging
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, entries, inspected, open_first, opened


def test_without_an_image_or_its_picture(session: Session, service: ListeningService) -> None:
    assert obstacle_of(session) == obstacle_to_judging(session) == NO_IMAGE
    session.set_entries(entries())
    assert obstacle_of(session) == obstacle_to_judging(session) == "This image is not here yet."
    session.receive(Failed(service.last(OpenImage).request, "bad-input", "It is damaged."))
    assert obstacle_of(session).startswith("This image could not be opened")


def test_without_a_result(session: Session, service: ListeningService) -> None:
    session.set_entries(entries())
    session.receive(opened(service.last(OpenImage)))
    assert "No network is loaded" in obstacle_of(session)
    assert obstacle_to_judging(session) == obstacle_of(session)


def test_with_a_result_truth_may_be_missing(session: Session, service: ListeningService) -> None:
    open_first(session, service, with_truth=False)
    assert obstacle_of(session) == ""
    assert obstacle_to_judging(session) == NO_TRUTH


def test_a_result_that_was_not_compared(session: Session, service: ListeningService) -> None:
    open_first(session, service)
    assert obstacle_of(session) == obstacle_to_judging(session) == ""
    session.change_settings(overlap_threshold=0.0)
    session.receive(replace(inspected(service.last(Inspect)), quality=None))
    assert obstacle_of(session) == ""
    assert obstacle_to_judging(session) == "This result was not compared with the ground truth."
