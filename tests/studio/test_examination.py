"""Maps, pixels and gains are asked for once, kept with their image, and never mixed up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lpsnet.maps import HeatMap, MapPlacement
from lpsnet_studio.examination import MOST_PINS, Examination
from lpsnet_studio.inference.messages import Cancel, Failed, Look, Probe, Probed, Seen, Sight, WeighGains
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, inspected, open_first, opened

ENTROPY, CLASS = Sight("entropy"), Sight("class", label=1)


@pytest.fixture
def examination(session: Session, service: ListeningService) -> Examination:
    made = Examination(session)
    open_first(session, service)
    return made


def heat(value: float = 0.5, low: float = 0.0) -> HeatMap:
    return HeatMap(np.full((3, 4), value, np.float32), MapPlacement(), "Entropy", low=low)


def answer(session: Session, look: Look, value: float = 0.5) -> None:
    session.receive(Seen(look.request, look.image, look.sight, heat(value)))


def asked(service: ListeningService, kind: type) -> list[Any]:
    return [request for request in service.posted if isinstance(request, kind)]


def test_nothing_is_asked_before_it_is_wanted_and_then_once(
    examination: Examination, session: Session, service: ListeningService
) -> None:
    assert not asked(service, Look)
    assert examination.want(ENTROPY) is None
    assert examination.want(ENTROPY) is None
    (look,) = asked(service, Look)
    told: list[None] = []
    examination.maps_changed.connect(lambda: told.append(None))
    answer(session, look)
    assert len(told) == 1
    assert examination.want(ENTROPY) is examination.map_of(ENTROPY) is not None
    assert len(asked(service, Look)) == 1


def test_nothing_can_be_asked_without_a_result(session: Session, service: ListeningService) -> None:
    examination = Examination(session)
    assert examination.want(ENTROPY) is None
    assert examination.want_pixel((1, 1)) is None
    assert examination.want_gains() is None
    assert not service.posted


def test_a_refusal_is_told_and_not_asked_again_until_there_is_another_result(
    examination: Examination, session: Session, service: ListeningService
) -> None:
    examination.want(ENTROPY)
    session.receive(Failed(service.last(Look).request, "not-possible", "The network has not run on this image."))
    assert examination.problem_of(ENTROPY) == "The network has not run on this image."
    examination.want(ENTROPY)
    assert len(asked(service, Look)) == 1
    session.change_settings(overlap_threshold=0.7)
    from lpsnet_studio.inference.messages import Inspect

    session.receive(inspected(service.last(Inspect)))
    assert not examination.problem_of(ENTROPY)
    examination.want(ENTROPY)
    assert len(asked(service, Look)) == 2


def test_maps_go_with_their_image_and_late_answers_are_ignored(
    examination: Examination, session: Session, service: ListeningService
) -> None:
    from lpsnet_studio.inference.messages import OpenImage

    examination.want(ENTROPY)
    first = service.last(Look)
    answer(session, first)
    examination.want(CLASS)
    late = service.last(Look)
    session.open_index(1)
    session.receive(opened(service.last(OpenImage)))
    assert examination.map_of(ENTROPY) is None
    assert Cancel(late.request) in service.posted
    answer(session, late)
    assert examination.map_of(CLASS) is None


def test_maps_stay_while_settings_change(examination: Examination, session: Session, service: ListeningService) -> None:
    from lpsnet_studio.inference.messages import Inspect

    examination.show(ENTROPY)
    answer(session, service.last(Look))
    shown = examination.shown_map
    session.change_settings(overlap_threshold=0.7)
    session.receive(inspected(service.last(Inspect)))
    assert examination.shown_map is shown is not None


def test_a_scale_is_kept_for_its_kind_and_can_be_reset(
    examination: Examination, session: Session, service: ListeningService
) -> None:
    examination.show(ENTROPY)
    answer(session, service.last(Look))
    assert (examination.scale.colors, examination.scale.low, examination.scale.high) == ("viridis", 0, 1)
    examination.change_scale(high=0.3, colors="magma")
    examination.show(CLASS)
    assert examination.scale.high == 1
    examination.show(ENTROPY)
    assert (examination.scale.colors, examination.scale.high) == ("magma", 0.3)
    examination.reset_scale()
    assert examination.scale.high == 1


def test_of_pixels_that_wait_the_newest_and_the_pinned_are_asked_for(
    examination: Examination, session: Session, service: ListeningService
) -> None:
    def answer_probe() -> None:
        probe = service.last(Probe)
        session.receive(Probed(probe.request, probe.image, probe.x, probe.y, (0,), (1.0,), (0.5,), (3,)))

    examination.want_pixel((1, 1))
    examination.pin((2, 2))
    for x in (3, 4, 5):
        examination.want_pixel((x, x))
    assert [(probe.x, probe.y) for probe in asked(service, Probe)] == [(1, 1)]
    answer_probe()
    answer_probe()
    answer_probe()
    assert [(probe.x, probe.y) for probe in asked(service, Probe)] == [(1, 1), (5, 5), (2, 2)]
    assert examination.want_pixel((5, 5)).x == 5
    assert examination.pins == ((2, 2),)
    examination.unpin_all()
    assert examination.pins == ()


def test_gains_are_of_the_settings_of_now(
    examination: Examination, session: Session, service: ListeningService
) -> None:
    from lpsnet_studio.inference.messages import Inspect

    examination.want_gains()
    examination.want_gains()
    (weighed,) = asked(service, WeighGains)
    assert weighed.settings == session.effective_settings
    session.change_settings(overlap_threshold=0.7)
    assert examination.want_gains() is None
    session.receive(inspected(service.last(Inspect)))
    assert Cancel(weighed.request) in service.posted
    examination.want_gains()
    assert service.last(WeighGains).settings.overlap_threshold == 0.7


def test_the_newest_pin_is_chosen_and_the_mouse_when_it_goes(examination: Examination) -> None:
    told: list[None] = []
    examination.pins_changed.connect(lambda: told.append(None))
    examination.pin((1, 1))
    examination.pin((2, 2))
    assert examination.chosen == (2, 2)
    examination.pin((1, 1))
    assert (examination.pins, examination.chosen) == (((1, 1), (2, 2)), (1, 1))
    examination.choose((9, 9))
    assert examination.chosen == (1, 1), "what is no pin cannot be chosen"
    assert len(told) == 3
    examination.unpin((2, 2))
    assert examination.chosen == (1, 1)
    examination.unpin((1, 1))
    assert examination.chosen is None


def test_a_refused_pixel_is_told_and_no_other_asked_for_until_there_is_another_result(
    examination: Examination, session: Session, service: ListeningService
) -> None:
    from lpsnet_studio.inference.messages import Inspect

    examination.want_pixel((1, 1))
    examination.want_pixel((2, 2))
    told: list[None] = []
    examination.probed_changed.connect(lambda: told.append(None))
    session.receive(Failed(service.last(Probe).request, "not-possible", "The network has not run on this image."))
    assert examination.probe_problem == "The network has not run on this image."
    assert len(told) == 1
    examination.want_pixel((3, 3))
    assert len(asked(service, Probe)) == 1
    session.change_settings(overlap_threshold=0.7)
    session.receive(inspected(service.last(Inspect)))
    assert not examination.probe_problem
    examination.want_pixel((3, 3))
    assert service.last(Probe).x == 3


def test_pins_stay_with_their_image_when_another_network_looks_at_it(
    examination: Examination, session: Session, service: ListeningService
) -> None:
    from lpsnet_studio.inference.messages import ModelLoaded, OpenImage
    from lpsnet_studio.state import NetworkChoice
    from tests.studio.hand_made import card

    examination.pin((1, 1))
    session.load_model(NetworkChoice("another"))
    session.receive(ModelLoaded(service.posted[-1].request, card()))
    session.receive(opened(service.last(OpenImage)))
    assert examination.pins == ((1, 1),)
    session.open_index(1)
    assert examination.pins == ()


def test_pins_that_were_all_removed_come_back_unless_others_were_pinned(
    examination: Examination, session: Session
) -> None:
    examination.pin((1, 1))
    examination.pin((2, 2))
    examination.unpin_all()
    examination.pin_again()
    assert (examination.pins, examination.chosen) == (((1, 1), (2, 2)), (2, 2))
    examination.unpin_all()
    examination.pin((3, 3))
    examination.unpin((3, 3))
    examination.pin_again()
    assert examination.pins == ()
    examination.pin((1, 1))
    session.open_index(1)
    examination.pin_again()
    assert examination.pins == (), "those of another image stay away"


def test_pins_can_be_removed_or_brought_back_while_there_are_some(examination: Examination, session: Session) -> None:
    told: list[bool] = []
    examination.pins_changed.connect(lambda: told.append(examination.has_pins_to_turn))
    assert not examination.has_pins_to_turn
    examination.pin((1, 1))
    examination.unpin_all()
    assert told == [True, True], "they can be brought back"
    session.open_index(1)
    assert told == [True, True, False], "not to another image"
    examination.pin((1, 1))
    examination.unpin((1, 1))
    assert told[3:] == [True, False]


def test_of_pixels_under_the_mouse_only_the_latest_are_kept_and_every_pin(
    examination: Examination, session: Session, service: ListeningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lpsnet_studio.examination._MOST_PIXELS", 3)

    def ask(x: int) -> None:
        examination.want_pixel((x, x))
        probe = service.last(Probe)
        session.receive(Probed(probe.request, probe.image, probe.x, probe.y, (0,), (1.0,), (0.5,), (3,)))

    examination.pin((0, 0))
    for x in range(6):
        ask(x)
    assert examination.want_pixel((0, 0)) is not None
    assert examination.want_pixel((5, 5)) is not None
    assert examination.want_pixel((4, 4)) is not None
    assert examination.want_pixel((1, 1)) is None


def test_one_pin_too_many_is_refused_in_a_sentence_and_every_other_stays(
    examination: Examination, session: Session, service: ListeningService
) -> None:
    told: list[str] = []
    session.failed.connect(lambda problem: told.append(problem.sentence))
    places = [(x, 0) for x in range(MOST_PINS)]
    for place in places:
        examination.pin(place)
    assert (told, examination.pins) == ([], tuple(places))
    examination.pin((0, 1))
    assert told == [f"No more than {MOST_PINS} pixels can be pinned at a time."]
    assert (examination.pins, examination.chosen) == (tuple(places), places[-1])
    examination.pin(places[0])
    assert (len(told), examination.chosen) == (1, places[0]), "one that is pinned can still be chosen"
    examination.unpin(places[0])
    examination.pin((0, 1))
    assert examination.chosen == (0, 1)


def test_every_pin_is_kept_however_many_pixels_the_mouse_has_been_at(
    examination: Examination, session: Session, service: ListeningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lpsnet_studio.examination._MOST_PIXELS", MOST_PINS)
    places = [(x, 0) for x in range(MOST_PINS)]
    for place in (*places, *((x, 1) for x in range(5))):
        (examination.pin if place in places else examination.want_pixel)(place)
        probe = service.last(Probe)
        session.receive(Probed(probe.request, probe.image, *place, (0,), (1.0,), (0.5,), (3,)))
    assert all(examination.want_pixel(place) is not None for place in places)
