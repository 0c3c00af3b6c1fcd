"""Everything that is turned can be undone, in the steps that a hand makes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet.structures import InspectionSettings
from lpsnet_studio.history import History
from lpsnet_studio.knobs import Knobs
from lpsnet_studio.presets import field_by_field, preset_changes


class RecordingKnobs(Knobs):
    """Writes down what a change leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.followed: list[tuple[bool, bool]] = []
        self.prepared = 0

    def _prepare_change(self) -> None:
        self.prepared += 1

    def _follow_settings(self, *, changed: bool, preview: bool) -> None:
        self.followed.append((changed, preview))


def state(knobs: Knobs) -> tuple[Any, ...]:
    return knobs.settings, knobs.view, dict(knobs.mine)


def test_a_drag_is_one_step_and_has_one_beginning() -> None:
    knobs = RecordingKnobs()
    for value in (0.31, 0.35, 0.4):
        knobs.change_settings(overlap_threshold=value, preview=True)
    knobs.change_settings(overlap_threshold=0.4, preview=False)
    assert knobs.prepared == 1
    assert knobs.followed == [(True, True)] * 3 + [(False, False)]
    assert knobs.undo_words == "overlap threshold"
    knobs.undo()
    assert knobs.settings.overlap_threshold == 0.3
    assert knobs.undo_words == ""
    knobs.redo()
    assert knobs.settings.overlap_threshold == 0.4


def test_a_drag_that_comes_back_leaves_no_step() -> None:
    knobs = RecordingKnobs()
    heard: list[str] = []
    knobs.history_changed.connect(lambda: heard.append(knobs.undo_words))
    knobs.change_settings(overlap_threshold=0.9, preview=True)
    knobs.change_settings(overlap_threshold=0.3, preview=True)
    knobs.change_settings(overlap_threshold=0.3)
    assert knobs.undo_words == ""
    assert heard[-1] == ""


@pytest.mark.parametrize(("seconds", "undone"), [(0.5, 0.3), (1.5, 0.31)])
def test_presses_of_a_key_are_one_step_unless_time_passes_between_them(seconds: float, undone: float) -> None:
    knobs, now = RecordingKnobs(), [100.0]
    knobs._history = History(lambda: now[0])
    for value in (0.31, 0.32):
        knobs.change_settings(overlap_threshold=value, preview=True)
        knobs.change_settings(overlap_threshold=value)
        now[0] += seconds
    knobs.undo()
    assert knobs.settings.overlap_threshold == undone


def test_presses_on_the_opacity_of_a_layer_are_one_step() -> None:
    knobs = RecordingKnobs()
    knobs._history = History(lambda: 100.0)
    before = knobs.view
    for value in (0.51, 0.52, 0.53):
        knobs.change_layer("segments", goes_on=True, opacity=value)
        knobs.change_layer("segments", opacity=value)
    knobs.undo()
    assert knobs.view == before
    assert knobs.undo_words == ""


def test_what_is_switched_twice_is_two_steps() -> None:
    knobs = RecordingKnobs()
    knobs._history = History(lambda: 100.0)
    for pooling in ("own", "max", "own"):
        knobs.change_settings(borderness_pooling=pooling)
    knobs.undo()
    assert knobs.settings.borderness_pooling == "max"


def test_a_preset_is_one_step() -> None:
    knobs = RecordingKnobs()
    knobs.change_settings(overlap_threshold=0.9, conflict="highest", score_sqrt=True)
    knobs.change_settings(words="preset Paper", **preset_changes("paper", knobs.default_settings))
    assert knobs.undo_words == "preset Paper"
    knobs.undo()
    assert (knobs.settings.overlap_threshold, knobs.settings.conflict) == (0.9, "highest")
    assert knobs.redo_words == "preset Paper"


def test_my_own_settings_come_back_when_they_are_saved_over() -> None:
    knobs = RecordingKnobs()
    heard: list[dict[str, Any]] = []
    knobs.mine_changed.connect(lambda: heard.append(dict(knobs.mine)))
    knobs.change_settings(nms_iou=0.7)
    knobs.keep_mine()
    first = field_by_field(InspectionSettings(nms_iou=0.7))
    assert knobs.mine == first
    knobs.change_settings(nms_iou=0.8)
    knobs.keep_mine()
    knobs.keep_mine()
    assert knobs.undo_words == "save as my settings"
    knobs.undo()
    assert knobs.mine == first
    assert knobs.settings.nms_iou == 0.8
    knobs.undo()
    knobs.undo()
    assert knobs.mine == {}
    assert [kept.get("nms_iou") for kept in heard] == [0.7, 0.8, 0.7, None]


def test_what_was_kept_from_an_earlier_run_is_nothing_to_undo() -> None:
    knobs = RecordingKnobs()
    knobs.restore_mine({"nms_iou": 0.7})
    assert knobs.mine == {"nms_iou": 0.7}
    assert knobs.undo_words == ""


def test_undo_of_the_look_leaves_the_settings_alone() -> None:
    knobs = RecordingKnobs()
    knobs.change_settings(nms_iou=0.7)
    knobs.change_layer("segments", opacity=0.9, goes_on=True)
    knobs.change_layer("segments", opacity=0.8)
    followed = len(knobs.followed)
    knobs.undo()
    assert knobs.view.layer("segments").opacity == 0.5
    assert knobs.settings.nms_iou == 0.7
    assert len(knobs.followed) == followed, "nothing is computed for it"


CHANGES = st.one_of(
    st.builds(lambda value, on: ("overlap_threshold", value, on), st.floats(0, 1), st.booleans()),
    st.builds(lambda value, on: ("nms_iou", value, on), st.floats(0, 1), st.booleans()),
    st.builds(lambda value: ("conflict", value, False), st.sampled_from(("closest", "highest", "smallest"))),
    st.builds(lambda value, on: ("opacity", value, on), st.floats(0, 1), st.booleans()),
    st.builds(lambda value: ("contours", value, False), st.booleans()),
    st.just(("preset", "fcos", False)),
    st.just(("mine", None, False)),
    st.just(("undo", None, False)),
    st.just(("redo", None, False)),
)


def turn(knobs: Knobs, field: str, value: Any, goes_on: bool) -> None:
    if field in ("undo", "redo"):
        getattr(knobs, field)()
    elif field == "opacity":
        knobs.change_layer("segments", goes_on=goes_on, opacity=value)
    elif field == "contours":
        knobs.change_view(contours=value)
    elif field == "preset":
        knobs.change_settings(words="preset FCOS", **preset_changes("fcos", knobs.default_settings))
    elif field == "mine":
        knobs.keep_mine()
    else:
        knobs.change_settings(preview=goes_on, **{field: value})


@given(st.lists(CHANGES, max_size=30))
def test_undoing_everything_restores_the_start_and_redoing_everything_the_end(
    changes: list[tuple[str, Any, bool]],
) -> None:
    knobs = RecordingKnobs()
    start = state(knobs)
    for field, value, goes_on in changes:
        turn(knobs, field, value, goes_on)
    while knobs.redo_words:
        knobs.redo()
    end = state(knobs)
    while knobs.undo_words:
        knobs.undo()
    assert state(knobs) == start
    while knobs.redo_words:
        knobs.redo()
    assert state(knobs) == end
