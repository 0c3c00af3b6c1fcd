"""Going back and forward through places, against a list and a finger on it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lpsnet_studio.canvas.places import Place, Places


def _place(number: int) -> Place:
    return Place(1.0, 100.0 * number, 0.0, False)


@given(st.lists(st.one_of(st.integers(0, 5), st.sampled_from(["back", "forward"])), max_size=40))
def test_back_and_forward_are_a_finger_on_a_list(moves: list[int | str]) -> None:
    places, seen, finger = Places(), [0], 0
    for move in moves:
        now = _place(seen[finger])
        if move == "back":
            found = places.back(now)
            finger = max(finger - 1, 0)
            assert (found is None) == (now == _place(seen[finger]) and finger == 0)
        elif move == "forward":
            found = places.forward(now)
            finger = min(finger + 1, len(seen) - 1)
        else:
            if move == seen[finger]:
                continue
            places.leave(now)
            seen = [*seen[: finger + 1], int(move)]
            finger += 1
            continue
        if found is not None:
            assert found == _place(seen[finger])
        assert places.can_go_back == (finger > 0)
        assert places.can_go_forward == (finger < len(seen) - 1)


def test_changes_of_where_one_can_go_are_told_once() -> None:
    told: list[tuple[bool, bool]] = []
    places = Places(lambda: told.append((places.can_go_back, places.can_go_forward)))
    for number in range(3):
        places.leave(_place(number))
    places.back(_place(3))
    places.forward(_place(2))
    places.clear()
    places.clear()
    assert told == [(True, False), (True, True), (True, False), (False, False)]


def test_places_that_look_the_same_are_one() -> None:
    places = Places()
    places.leave(Place(2.0, 10.0, 10.0, False))
    places.leave(Place(2.0, 10.2, 10.0, False))
    assert places.back(_place(3)) is not None
    assert not places.can_go_back
    places.clear()
    places.leave(_place(1))
    assert places.back(_place(1)) is None, "that is where one is"


def test_the_oldest_of_many_places_are_forgotten() -> None:
    places = Places()
    for number in range(500):
        places.leave(_place(number))
    count, now = 0, _place(500)
    while (found := places.back(now)) is not None:
        count, now = count + 1, found
    assert 50 <= count <= 200
    assert now.x == 100.0 * (500 - count)
