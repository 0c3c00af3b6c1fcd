"""What is asked for in the background, when, and what becomes of the answers."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from lpsnet.metrics.panoptic_quality import image_quality
from lpsnet_studio.inference import messages
from lpsnet_studio.inference.messages import (
    Cancel,
    Failed,
    FailureKind,
    Inspect,
    Measure,
    ModelLoaded,
    OpenImage,
    Prefetch,
    Prefetched,
    Ready,
)
from lpsnet_studio.lookahead import Lookahead
from lpsnet_studio.session import Session
from lpsnet_studio.state import UNREVIEWED, Measured, NetworkChoice, Problem
from tests.studio import hand_made
from tests.studio.hand_made import CATEGORIES, ListeningService, entries


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lookahead(session: Session, clock: Clock) -> Lookahead:
    return Lookahead(session, clock)


@pytest.fixture
def problems(session: Session) -> list[Problem]:
    found: list[Problem] = []
    session.failed.connect(found.append)
    return found


def measured(request: Measure) -> messages.Measured:
    made = hand_made.trace(request.settings)
    quality = image_quality(made.segmentation(), hand_made.truth(), len(CATEGORIES))
    return messages.Measured(request.request, request.settings, quality, CATEGORIES, 0.1)


def show(session: Session, service: ListeningService) -> None:
    """Answers what opening an image asks for."""
    session.receive(hand_made.opened(service.last(OpenImage)))
    session.receive(hand_made.inspected(service.last(Inspect)))


def test_it_needs_no_qt() -> None:
    code = (
        "import sys\n"
        "for name in ('PySide6', 'shiboken6', 'pyqtgraph', 'torch'): sys.modules[name] = None\n"
        "import lpsnet_studio.lookahead\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# ------------------------------------------------------------------------------------------------------------ fetching


def test_the_next_image_is_fetched_once_the_current_one_is_shown(
    session: Session, service: ListeningService, lookahead: Lookahead
) -> None:
    lookahead.prefetch(True)
    session.load_model(NetworkChoice("hand-made"))
    session.receive(ModelLoaded(service.posted[-1].request, hand_made.card()))
    session.set_entries(entries())
    session.receive(hand_made.opened(service.last(OpenImage)))
    assert service.count(Prefetch) == 0, "the current image is still being inspected"
    session.receive(hand_made.inspected(service.last(Inspect)))
    fetched = service.last(Prefetch)
    assert fetched.source.path == "/pictures/1.png"
    assert fetched.settings == session.settings
    session.receive(Prefetched(fetched.request, fetched.image, 0.1))
    session.change_settings(overlap_threshold=0.7)
    session.receive(hand_made.inspected(service.last(Inspect)))
    assert service.count(Prefetch) == 1, "what is ready is not asked for again"
    session.step_image(1)
    assert service.last(OpenImage).image == fetched.image, "the service knows it under this name"
    assert service.count(Cancel) == 0
    show(session, service)
    assert service.last(Prefetch).source.path == "/pictures/2.png"


def test_it_follows_the_order_that_is_shown(session: Session, service: ListeningService, lookahead: Lookahead) -> None:
    lookahead.prefetch(True)
    hand_made.open_first(session, service)
    session.filter_entries("2")
    assert service.last(Prefetch).source.path == "/pictures/2.png"
    assert service.last(Cancel).target == service.posted[-3].request
    session.filter_entries("0")
    assert service.count(Prefetch) == 2


def test_what_was_dropped_for_something_more_urgent_is_asked_for_again(
    session: Session, service: ListeningService, lookahead: Lookahead
) -> None:
    lookahead.prefetch(True)
    hand_made.open_first(session, service)
    session.change_settings(overlap_threshold=0.7)
    session.receive(Failed(service.last(Prefetch).request, "superseded", "Another image needs the network now."))
    assert service.count(Prefetch) == 1
    session.receive(hand_made.inspected(service.last(Inspect)))
    assert service.count(Prefetch) == 2


def test_an_image_that_cannot_be_fetched_is_not_tried_for_ever(
    session: Session, service: ListeningService, lookahead: Lookahead, problems: list[Problem]
) -> None:
    lookahead.prefetch(True)
    hand_made.open_first(session, service)
    session.receive(Failed(service.last(Prefetch).request, "bad-input", "1.png: truncated"))
    session.change_settings(overlap_threshold=0.7)
    session.receive(hand_made.inspected(service.last(Inspect)))
    assert service.count(Prefetch) == 1
    assert problems == []


def test_a_new_service_has_fetched_nothing(session: Session, service: ListeningService, lookahead: Lookahead) -> None:
    lookahead.prefetch(True)
    hand_made.open_first(session, service)
    fetched = service.last(Prefetch)
    session.receive(Ready(7, "2.15", ()))
    assert service.count(Prefetch) == 1, "what is under way is the supervisor's to ask again"
    session.receive(Prefetched(fetched.request, fetched.image, 0.1))
    session.receive(Ready(8, "2.15", ()))
    assert service.count(Prefetch) == 2
    assert service.last(Prefetch).image == fetched.image


def test_fetching_that_ends_the_service_is_not_tried_again(
    session: Session, service: ListeningService, lookahead: Lookahead
) -> None:
    lookahead.prefetch(True)
    hand_made.open_first(session, service)
    session.receive(Failed(service.last(Prefetch).request, "died", "The inference process was lost."))
    session.receive(Ready(8, "2.15", ()))
    assert service.count(Prefetch) == 1


def test_switched_off_it_asks_for_nothing_and_withdraws_what_is_under_way(
    session: Session, service: ListeningService, lookahead: Lookahead
) -> None:
    hand_made.open_first(session, service)
    assert service.count(Prefetch) == 0
    lookahead.prefetch(True)
    lookahead.prefetch(False)
    assert service.last(Cancel).target == service.last(Prefetch).request


def test_another_network_and_another_list_need_another_fetching(
    session: Session, service: ListeningService, lookahead: Lookahead
) -> None:
    lookahead.prefetch(True)
    hand_made.open_first(session, service)
    session.receive(Prefetched(service.last(Prefetch).request, "", 0.1))
    session.load_model(NetworkChoice("hand-made"))
    session.receive(ModelLoaded(service.posted[-1].request, hand_made.card()))
    show(session, service)
    assert service.count(Prefetch) == 2
    session.set_entries(entries(2))
    show(session, service)
    assert service.count(Prefetch) == 3


def test_an_image_without_truth_is_fetched_without_oracles(
    session: Session, service: ListeningService, lookahead: Lookahead
) -> None:
    lookahead.prefetch(True)
    hand_made.open_first(session, service, with_truth=False)
    session.change_settings(box_oracle=True, semantic_oracle=True)
    assert service.last(Prefetch).settings.needs_network


@pytest.fixture
def annotating(session: Session, service: ListeningService, lookahead: Lookahead) -> Lookahead:
    """Six images of which the first is shown; the fourth is to be annotated next."""
    hand_made.open_first(session, service)
    session.set_entries(entries(6))
    session.take_reviews(dict(enumerate([("todo", ""), ("done", ""), ("done", ""), *[("todo", "")] * 3])))
    lookahead.go_by(lambda: [session.next_with(UNREVIEWED), session.neighbour(1)])
    lookahead.prefetch(True)
    show(session, service)
    return lookahead


def ready(session: Session, service: ListeningService) -> str:
    """Answers the last fetching; returns the picture's path."""
    request = service.last(Prefetch)
    session.receive(Prefetched(request.request, request.image, 0.1))
    return request.source.path


def test_what_one_likely_goes_to_is_fetched_before_the_neighbour(
    annotating: Lookahead, session: Session, service: ListeningService
) -> None:
    assert service.count(Prefetch) == 1, "one at a time"
    assert ready(session, service) == "/pictures/3.png"
    assert not annotating.is_fetching or service.last(Prefetch).source.path == "/pictures/1.png"
    assert ready(session, service) == "/pictures/1.png"
    assert not annotating.is_fetching
    session.take_reviews({0: ("in_progress", "")})
    assert service.count(Prefetch) == 2, "both are there"
    fetched = session.next_with(UNREVIEWED)
    session.open_index(fetched)
    assert service.last(OpenImage).source.path == "/pictures/3.png"
    assert service.count(Cancel) == 0
    show(session, service)
    assert service.last(Prefetch).source.path == "/pictures/4.png"
    ready(session, service)
    assert service.count(Prefetch) == 3, "the next to annotate is the neighbour"


def test_another_image_comes_next_once_that_is_done(
    annotating: Lookahead, session: Session, service: ListeningService
) -> None:
    assert ready(session, service) == "/pictures/3.png"
    session.take_reviews({3: ("done", "")})
    assert service.last(Prefetch).source.path == "/pictures/1.png", "it goes on, since it is wanted still"
    assert service.count(Cancel) == 0
    ready(session, service)
    assert service.last(Prefetch).source.path == "/pictures/4.png"
    under_way = service.last(Prefetch)
    session.take_reviews({4: ("done", "")})
    assert service.last(Cancel).target == under_way.request
    assert service.last(Prefetch).source.path == "/pictures/5.png"
    session.receive(Failed(under_way.request, "cancelled", "Cancelled."))
    assert annotating.is_fetching


@pytest.mark.parametrize(("kind", "paths"), [("bad-input", ["3", "1"]), ("died", ["3"]), ("superseded", ["3"])])
def test_a_failure_keeps_nothing_else_from_being_fetched_unless_it_would_fail_too(
    annotating: Lookahead, session: Session, service: ListeningService, kind: FailureKind, paths: list[str]
) -> None:
    if kind == "superseded":
        session.change_settings(overlap_threshold=0.7)
    session.receive(Failed(service.last(Prefetch).request, kind, "3.png"))
    asked = [each.source.path for each in service.posted if isinstance(each, Prefetch)]
    assert asked == [f"/pictures/{name}.png" for name in paths]


def test_the_neighbour_comes_next_again_where_nobody_annotates(
    annotating: Lookahead, session: Session, service: ListeningService
) -> None:
    under_way = service.last(Prefetch)
    annotating.go_by(None)
    assert service.last(Cancel).target == under_way.request
    assert service.last(Prefetch).source.path == "/pictures/1.png"


# ----------------------------------------------------------------------------------------------------------- measuring


@pytest.fixture
def opened(session: Session, service: ListeningService, lookahead: Lookahead) -> Lookahead:
    """The first of three images is shown, and so measured."""
    hand_made.open_first(session, service)
    return lookahead


def test_images_are_measured_one_at_a_time_with_the_settings_of_the_start(
    opened: Lookahead, session: Session, service: ListeningService
) -> None:
    start = session.settings
    assert opened.measure_shown()
    assert service.count(Measure) == 1
    first = service.last(Measure)
    assert first.source.path == "/pictures/1.png", "the first is up to date"
    session.change_settings(overlap_threshold=0.9)
    session.receive(measured(first))
    second = service.last(Measure)
    assert (second.source.path, second.settings) == ("/pictures/2.png", start)
    session.receive(measured(second))
    assert opened.measuring is None
    assert service.count(Measure) == 2
    found = session.entries[1].measured
    assert found is not None
    assert found.settings == start
    assert found.tally is not None
    assert not opened.is_up_to_date(found)
    session.change_settings(overlap_threshold=start.overlap_threshold)
    assert opened.is_up_to_date(found)
    assert not opened.measure_shown(), "everything is up to date again"


def test_a_measured_pq_is_the_one_that_inspecting_shows(
    opened: Lookahead, session: Session, service: ListeningService
) -> None:
    opened.measure([0, 1])
    session.receive(measured(service.last(Measure)))
    shown = session.result
    assert shown is not None
    assert session.entries[0].measured == Measured(shown.pq or 0.0, session.settings, hand_made.card().identity)


@pytest.mark.parametrize("changes", [{"short_side": 32}, {"file_version": "written anew"}, {"origin": "there"}])
def test_a_pq_is_out_of_date_with_another_network_input_size_or_file(
    opened: Lookahead, session: Session, service: ListeningService, changes: dict[str, Any]
) -> None:
    found = session.entries[0].measured
    assert found is not None
    assert opened.is_up_to_date(found)
    session.load_model(NetworkChoice("hand-made"))
    session.receive(ModelLoaded(service.posted[-1].request, replace(hand_made.card(), **changes)))
    assert not opened.is_up_to_date(found)
    show(session, service)
    anew = session.entries[0].measured
    assert anew is not None
    assert opened.is_up_to_date(anew), "the session and the measuring name the network alike"


def test_only_what_the_filter_shows_is_measured(opened: Lookahead, session: Session, service: ListeningService) -> None:
    session.filter_entries("2")
    opened.measure_shown()
    assert opened.measuring is not None
    assert opened.measuring.total == 1
    assert service.last(Measure).source.path == "/pictures/2.png"


def test_an_image_that_cannot_be_measured_is_marked_and_the_others_go_on(
    opened: Lookahead, session: Session, service: ListeningService, problems: list[Problem]
) -> None:
    opened.measure_shown()
    session.receive(Failed(service.last(Measure).request, "bad-input", "1.png: truncated"))
    assert session.entries[1].problem == "1.png: truncated"
    assert opened.measuring is not None
    assert opened.measuring.failed == 1
    session.receive(measured(service.last(Measure)))
    assert session.entries[2].measured is not None
    assert problems == []


def test_what_no_image_can_have_stops_the_measuring(
    opened: Lookahead, session: Session, service: ListeningService, problems: list[Problem]
) -> None:
    opened.measure_shown()
    session.receive(Failed(service.last(Measure).request, "not-possible", "The classes differ.", "Load another."))
    assert opened.measuring is None
    assert session.entries[1].problem == ""
    assert problems == [Problem("Measuring stopped. The classes differ.", "Load another.")]


@pytest.mark.parametrize("kind", ["died", "out-of-memory"])
def test_a_dead_service_stops_the_measuring_and_marks_no_image(
    opened: Lookahead, session: Session, service: ListeningService, problems: list[Problem], kind: FailureKind
) -> None:
    opened.measure([1, 2, 0])
    session.receive(measured(service.last(Measure)))
    died = Failed(service.last(Measure).request, kind, "The inference process was lost.", "It runs again.", "SIGKILL")
    session.receive(died)
    assert opened.measuring is None
    assert service.count(Measure) == 2
    assert [entry.problem for entry in session.entries] == ["", "", ""]
    told = "Measuring stopped after 1 of 3 images, at 2.png. The inference process was lost."
    assert problems == [Problem(told, "It runs again.", "SIGKILL")]


@pytest.mark.parametrize("kind", ["cancelled", "superseded"])
def test_a_withdrawn_measuring_ends_quietly(
    opened: Lookahead, session: Session, service: ListeningService, problems: list[Problem], kind: FailureKind
) -> None:
    opened.measure_shown()
    session.receive(Failed(service.last(Measure).request, kind, "…"))
    assert opened.measuring is None
    assert problems == []


def test_the_user_cancels_and_goes_on_later(opened: Lookahead, session: Session, service: ListeningService) -> None:
    opened.measure_shown()
    under_way = service.last(Measure)
    session.cancel()
    assert opened.measuring is None
    assert service.last(Cancel).target == under_way.request
    session.receive(measured(under_way))
    assert session.entries[1].measured is None, "nobody waits for it any more"
    opened.measure_shown()
    assert service.last(Measure).source.path == "/pictures/1.png"


def test_cancelling_what_the_current_image_waits_for_leaves_the_measuring(
    opened: Lookahead, session: Session, service: ListeningService
) -> None:
    opened.measure_shown()
    session.change_settings(overlap_threshold=0.9)
    assert session.busy is not None
    session.cancel()
    assert opened.measuring is not None


def test_another_network_or_list_stops_it(
    opened: Lookahead, session: Session, service: ListeningService, problems: list[Problem]
) -> None:
    opened.measure_shown()
    session.load_model(NetworkChoice("other"))
    session.receive(ModelLoaded(service.posted[-1].request, replace(hand_made.card(), origin="there")))
    assert opened.measuring is None
    assert [problem.sentence for problem in problems] == ["Measuring stopped: another network was loaded."]
    opened.measure_shown()
    session.set_entries(entries(2))
    assert opened.measuring is None


def test_without_a_network_or_truth_it_says_so(
    session: Session, service: ListeningService, lookahead: Lookahead, problems: list[Problem]
) -> None:
    session.set_entries(entries())
    lookahead.measure_shown()
    assert "no network is loaded" in problems[-1].sentence
    session.change_settings(box_oracle=True, semantic_oracle=True)
    lookahead.measure_shown()
    assert not service.last(Measure).settings.needs_network
    session.set_entries(entries(with_truth=False))
    lookahead.measure_shown()
    assert "has ground truth" in problems[-1].sentence
    assert lookahead.measuring is None


def test_the_time_left_follows_the_pace(
    opened: Lookahead, session: Session, service: ListeningService, clock: Clock
) -> None:
    told: list[Any] = []
    opened.changed.connect(lambda: told.append(opened.seconds_left))
    opened.measure([0, 1, 2, 0])
    clock.now += 2.0
    session.receive(measured(service.last(Measure)))
    clock.now += 4.0
    session.receive(measured(service.last(Measure)))
    assert told == [None, 6.0, 6.0]
    opened.stop_measuring()
    assert opened.seconds_left is None
