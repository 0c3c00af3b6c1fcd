"""Going through the list follows what is shown, and nothing shown changes what is open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lpsnet.structures import InspectionSettings
from lpsnet_studio.inference.messages import CloseImage, OpenImage
from lpsnet_studio.session import Session
from lpsnet_studio.state import UNREVIEWED, Measured, Review
from tests.studio import hand_made
from tests.studio.hand_made import ListeningService, entries


def measured(pq: float) -> Measured:
    return Measured(pq, InspectionSettings(), "")


@pytest.fixture
def many(session: Session) -> Session:
    """Twenty images, ``0.png`` … ``19.png``, the fifth open."""
    session.set_entries(entries(20), 5)
    return session


def test_without_a_filter_all_are_shown_in_their_own_order(many: Session) -> None:
    assert list(many.order) == list(range(20))
    many.step_image(1)
    many.step_image(-2)
    assert many.index == 4
    many.step_image(-99)
    assert many.index == 0
    assert many.neighbour(-1) == -1


def test_a_filter_leaves_the_open_image_and_steps_go_through_what_it_shows(many: Session) -> None:
    opened: list[int] = []
    many.current_changed.connect(opened.append)
    many.filter_entries("1")
    assert list(many.order) == [1, *range(10, 20)]
    assert many.index == 5
    assert opened == []
    assert many.row_of(many.index) == -1
    assert many.neighbour(-1) == 1
    many.step_image(1)
    assert many.index == 10, "the first shown image behind the place of the one that was open"
    many.step_image(-1)
    assert many.index == 1
    many.filter_entries("nothing")
    assert many.neighbour(1) == many.neighbour(-1) == -1
    many.step_image(1)
    assert many.index == 1


@pytest.mark.parametrize("worst_first", [False, True])
def test_a_hidden_image_keeps_its_place_between_its_neighbours(many: Session, worst_first: bool) -> None:
    for index in range(20):
        many.take_measured(index, measured((index * 7 % 20) / 20))
    many.show_worst_first(worst_first)
    many.rearrange()
    whole = list(many.order)
    for index in range(20):
        many.filter_entries("")
        many.open_index(index)
        many.filter_entries("1")
        if index in many.order:
            continue
        place = whole.index(index)
        after = [each for each in whole[place:] if each in many.order]
        before = [each for each in whole[:place] if each in many.order]
        assert many.neighbour(1) == (after[0] if after else before[-1])
        assert many.neighbour(-1) == (before[-1] if before else after[0])


def test_the_worst_are_gone_through_first(many: Session) -> None:
    for index, pq in ((3, 0.5), (8, 0.1), (5, 0.9)):
        many.take_measured(index, measured(pq))
    many.show_worst_first(True)
    assert list(many.order[:4]) == [8, 3, 5, 0]
    many.step_image(-1)
    assert many.index == 3
    many.take_measured(3, measured(0.05))
    assert many.order_follows_results
    assert many.order[0] == 8, "rows stay where they are until they are asked to follow"
    many.rearrange()
    assert list(many.order[:2]) == [3, 8]
    many.show_worst_first(False)
    assert list(many.order) == list(range(20))


def test_another_list_is_not_filtered_by_what_was_typed_for_the_last(many: Session) -> None:
    many.filter_entries("7")
    many.set_entries(entries(3))
    assert list(many.order) == [0, 1, 2]
    assert many.filter_text == ""


def test_order_is_told_only_when_it_changes(many: Session) -> None:
    told: list[bool] = []
    many.order_changed.connect(lambda: told.append(True))
    many.filter_entries("1")
    many.filter_entries("1 ")
    many.rearrange()
    assert len(told) == 1


def test_a_problem_that_is_known_stays(many: Session) -> None:
    many.take_problem(2, "2.png: truncated")
    assert many.entries[2].worth_retrying
    many.take_problem(2, "something else")
    assert many.entries[2].problem == "2.png: truncated"


def test_reloading_forgets_the_image_in_the_service_first(session: Session, service: ListeningService) -> None:
    hand_made.open_first(session, service)
    session.reload(0)
    kinds = [type(request) for request in service.posted[-2:]]
    assert kinds == [CloseImage, OpenImage]
    assert service.posted[-2].image == service.posted[-1].image
    assert session.picture is None
    assert session.result is None


def test_reloading_a_file_that_came_back_tries_it(session: Session, service: ListeningService, tmp_path) -> None:
    lost = replace(entries(1)[0], problem="there is no such file")
    session.set_entries([lost])
    session.reload(0)
    assert service.count(OpenImage) == 0
    (tmp_path / "0.png").write_bytes(b"here again")
    session.set_entries([replace(lost, source=replace(lost.source, path=str(tmp_path / "0.png")))])
    session.reload(0)
    assert service.count(OpenImage) == 1


def test_reloading_forgets_the_pq_of_the_file_that_was(
    session: Session, service: ListeningService, tmp_path: Path
) -> None:
    path = tmp_path / "0.png"
    path.write_bytes(b"another picture now")
    entry = entries(1)[0]
    session.set_entries([replace(entry, source=replace(entry.source, path=str(path)))])
    session.take_measured(0, measured(0.5))
    session.reload(0)
    assert session.entries[0].measured is None


def reviewed(session: Session, states: str) -> None:
    """Tells how far images have come, by their letters: to do, in progress, done, approved, not in the project."""
    words: dict[str, Review] = {"t": "todo", "p": "in_progress", "d": "done", "a": "approved", "o": "outside"}
    session.take_reviews({index: (words[letter], "") for index, letter in enumerate(states)})


def test_how_far_many_images_have_come_is_told_once_and_only_if_it_is_new(session: Session) -> None:
    session.set_entries(entries(10_000))
    told: list[bool] = []
    session.reviews_changed.connect(lambda: told.append(True))
    session.entry_changed.connect(lambda index: pytest.fail(f"{index} was told of by itself"))
    known: dict[int, tuple[Review, str]] = dict.fromkeys(range(10000), ("todo", ""))
    session.take_reviews(known)
    session.take_reviews(known)
    session.take_reviews({})
    assert len(told) == 1
    session.take_reviews({7: ("done", "the kite is missing")})
    assert len(told) == 2
    assert (session.entries[7].review, session.entries[7].note) == ("done", "the kite is missing")
    assert {entry.review for entry in session.entries[8:]} == {"todo"}


def test_the_next_to_annotate_is_looked_for_behind_the_open_one_and_then_from_the_first(session: Session) -> None:
    session.set_entries(entries(6), 3)
    reviewed(session, "tddtpa")
    assert session.next_with(UNREVIEWED) == 4
    session.open_index(4)
    assert session.next_with(UNREVIEWED) == 0, "it begins again at the first"
    session.open_index(0)
    assert session.next_with(UNREVIEWED) == 3
    assert session.next_with({"approved"}) == 5
    reviewed(session, "tdddda")
    assert session.next_with(UNREVIEWED) == -1, "the open one is no other"
    session.set_entries(())
    assert session.next_with(UNREVIEWED) == -1


def test_the_next_to_annotate_follows_filter_and_sorting(session: Session) -> None:
    session.set_entries(entries(6), 0)
    reviewed(session, "tttdtt")
    for index, pq in ((5, 0.1), (2, 0.2), (0, 0.3)):
        session.take_measured(index, measured(pq))
    session.show_worst_first(True)
    assert list(session.order) == [5, 2, 0, 1, 3, 4]
    assert session.next_with(UNREVIEWED) == 1
    session.show_worst_first(False)
    session.filter_entries("is:todo")
    assert list(session.order) == [0, 1, 2, 4, 5]
    session.open_index(2)
    session.take_reviews({2: ("done", "")})
    assert session.order_follows_results
    assert session.next_with(UNREVIEWED) == 4, "the row of what was just done still stands there"
    session.rearrange()
    assert 2 not in session.order
    assert session.next_with(UNREVIEWED) == 4, "and from its place afterwards"
    session.filter_entries("nothing")
    assert session.next_with(UNREVIEWED) == -1


def test_another_list_is_not_said_to_have_come_as_far_as_the_last(session: Session) -> None:
    session.set_entries(entries(2))
    reviewed(session, "da")
    session.set_entries(entries(2))
    assert [entry.review for entry in session.entries] == ["", ""]
