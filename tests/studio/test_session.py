"""The session against a service that only listens: what it asks for, what it takes, what it ignores."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from psygnal import EmitLoopError

from lpsnet.structures import BordernessLevel, BordernessMaps, InspectionSettings, StepKind
from lpsnet_studio.inference.messages import (
    Cancel,
    DatasetImage,
    DatasetListed,
    Failed,
    FailureKind,
    ImageSource,
    Inspect,
    ListDataset,
    LoadModel,
    ModelLoaded,
    OpenImage,
    Progress,
)
from lpsnet_studio.session import Session
from lpsnet_studio.state import Entry, NetworkChoice, Problem
from tests.studio import hand_made
from tests.studio.hand_made import CATEGORIES, PERSON, ROAD, ListeningService, inspected, open_first, opened


@pytest.fixture
def problems(session: Session) -> list[Problem]:
    found: list[Problem] = []
    session.failed.connect(found.append)
    return found


def test_it_needs_no_qt() -> None:
    code = (
        "import sys\n"
        "for name in ('PySide6', 'shiboken6', 'pyqtgraph', 'superqt', 'qtpy', 'torch'): sys.modules[name] = None\n"
        "from tests.studio.hand_made import ListeningService, open_first\n"
        "from lpsnet_studio.session import Session\n"
        "service = ListeningService()\n"
        "session = Session(service)\n"
        "open_first(session, service)\n"
        "session.seek(1)\n"
        "assert session.owners.any()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_data_set_becomes_the_list_and_its_first_image_is_opened(session: Session, service: ListeningService) -> None:
    session.open_dataset(Path("/truth.json"))
    listing = service.last(ListDataset)
    images = tuple(DatasetImage(f"{n}.jpg", ImageSource(f"/{n}.jpg"), 80, 60) for n in range(2))
    session.receive(DatasetListed(listing.request, "/truth.json", images, CATEGORIES))
    assert [entry.name for entry in session.entries] == ["0.jpg", "1.jpg"]
    assert session.entries[0].size == (60, 80)
    assert service.last(OpenImage).source.path == "/0.jpg"


def test_an_opened_image_is_inspected_with_the_settings(session: Session, service: ListeningService) -> None:
    hand_made.open_first(session, service)
    assert service.last(Inspect).settings == session.settings
    assert session.result is not None
    assert session.position == len(session.steps) > 5
    np.testing.assert_array_equal(session.owners, session.result.trace.owners)
    assert session.is_current


def test_without_a_network_nothing_is_inspected_and_the_obstacle_is_said(
    session: Session, service: ListeningService
) -> None:
    session.set_entries(hand_made.entries())
    session.receive(hand_made.opened(service.last(OpenImage)))
    assert service.count(Inspect) == 0
    assert session.obstacle == "No network is loaded: load one, or turn both oracles on."
    session.change_settings(box_oracle=True, semantic_oracle=True)
    assert session.obstacle == ""
    assert service.count(Inspect) == 1


def test_a_network_of_other_classes_is_an_obstacle(session: Session, service: ListeningService) -> None:
    session.load_model(NetworkChoice("hand-made"))
    session.receive(ModelLoaded(service.posted[-1].request, hand_made.card()))
    session.set_entries(hand_made.entries())
    session.receive(hand_made.opened(service.last(OpenImage), fits=False))
    assert service.count(Inspect) == 0
    assert "other classes" in session.obstacle


def test_oracles_are_wishes_that_an_image_without_truth_cannot_have(
    session: Session, service: ListeningService
) -> None:
    hand_made.open_first(session, service, with_truth=False)
    session.change_settings(box_oracle=True)
    assert session.settings.box_oracle
    assert not session.effective_settings.box_oracle
    assert not service.last(Inspect).settings.box_oracle


def test_one_inspection_is_under_way_and_the_newest_settings_wait(session: Session, service: ListeningService) -> None:
    hand_made.open_first(session, service)
    before = service.count(Inspect)
    for threshold in (0.4, 0.5, 0.6):
        session.change_settings(overlap_threshold=threshold, preview=True)
    assert service.count(Inspect) == before + 1
    session.receive(hand_made.inspected(service.last(Inspect)))
    assert service.count(Inspect) == before + 2
    assert service.last(Inspect).settings.overlap_threshold == 0.6
    assert service.last(Inspect).preview
    session.receive(hand_made.inspected(service.last(Inspect)))
    assert not session.is_current
    session.change_settings(overlap_threshold=0.6)
    assert not service.last(Inspect).preview
    session.receive(hand_made.inspected(service.last(Inspect)))
    assert session.is_current


def test_both_oracles_do_not_wait_for_a_forward(session: Session, service: ListeningService) -> None:
    session.load_model(NetworkChoice("hand-made"))
    session.receive(ModelLoaded(service.posted[-1].request, hand_made.card()))
    session.set_entries(hand_made.entries())
    session.receive(hand_made.opened(service.last(OpenImage)))
    assert service.last(Inspect).settings.needs_network
    session.change_settings(overlap_threshold=0.5)
    assert service.count(Inspect) == 1, "it waits for the forward that is under way"
    session.change_settings(box_oracle=True, semantic_oracle=True)
    assert service.count(Inspect) == 2
    assert not service.last(Inspect).settings.needs_network


def test_stale_replies_are_ignored(session: Session, service: ListeningService, problems: list[Problem]) -> None:
    session.load_model(NetworkChoice("hand-made"))
    session.receive(ModelLoaded(service.posted[-1].request, hand_made.card()))
    session.set_entries(hand_made.entries())
    first = service.last(OpenImage)
    session.open_index(1)
    session.receive(hand_made.opened(first))
    assert session.picture is None
    session.receive(Failed(first.request, "bad-input", "of the image that nobody waits for"))
    assert problems == []
    session.receive(hand_made.opened(service.last(OpenImage)))
    stale = service.last(Inspect)
    session.open_index(2)
    session.receive(hand_made.inspected(stale))
    assert session.result is None


def test_seeking_replays_the_merge_both_ways(session: Session, service: ListeningService) -> None:
    hand_made.open_first(session, service)
    assert session.result is not None
    trace = session.result.trace
    seen: list[tuple[int, object]] = []
    session.position_changed.connect(lambda position, windows: seen.append((position, windows)))
    for position in (0, 3, 1, len(trace.steps), 2):
        session.seek(position)
        np.testing.assert_array_equal(session.owners, trace.owners_after(position))
    assert [position for position, _ in seen] == [0, 3, 1, len(trace.steps), 2]
    session.seek(-5)
    assert session.position == 0
    session.seek(999)
    assert session.position == len(trace.steps)


def test_a_selection_follows_its_detection_through_a_new_result(session: Session, service: ListeningService) -> None:
    hand_made.open_first(session, service)
    car = next(step for step in session.steps if step.detection == 3)
    session.select(car.owner)
    session.change_settings(overlap_threshold=1.0)
    session.receive(hand_made.inspected(service.last(Inspect)))
    after = next(step for step in session.steps if step.detection == 3)
    assert after.owner != car.owner, "the third person is kept now, so that the car's number moves"
    assert session.selected == after.owner


def test_the_pixel_under_the_mouse_has_an_owner(session: Session, service: ListeningService) -> None:
    hand_made.open_first(session, service)
    session.point(12, 30)
    assert session.pointed is not None
    assert session.result is not None
    assert session.result.describe(session.pointed.owner) == f"person #{session.pointed.owner} · 0.90"
    session.point(12, -1)
    assert session.pointed is None


def test_the_pixel_under_a_resting_mouse_follows_the_merge(session: Session, service: ListeningService) -> None:
    hand_made.open_first(session, service)
    told: list[str] = []

    def tell() -> None:
        words = (
            "" if session.result is None or session.pointed is None else session.result.describe(session.pointed.owner)
        )
        told.append(words)

    session.point(12, 30)
    session.pointed_changed.connect(tell)
    session.seek(0)
    session.seek(1)
    session.seek(2)
    assert told == ["", "person #1 · 0.90"], "told where it changes only"
    session.seek(0)
    session.change_settings(score_threshold=0.85)
    session.receive(hand_made.inspected(service.last(Inspect)))
    session.seek(len(session.steps))
    assert told[-1] == "person #1 · 0.90"
    session.open_index(1)
    assert session.pointed is None


def test_a_selected_stuff_class_follows_through_a_new_result(session: Session, service: ListeningService) -> None:
    hand_made.open_first(session, service)
    road = next(step for step in session.steps if step.kind is StepKind.STUFF and step.label == ROAD)
    session.select(road.owner)
    session.change_settings(overlap_threshold=1.0)
    session.receive(hand_made.inspected(service.last(Inspect)))
    after = next(step for step in session.steps if step.kind is StepKind.STUFF and step.label == ROAD)
    assert after.owner != road.owner, "one more person is kept, so that the road's number moves"
    assert session.selected == after.owner


def test_failures_are_told_once_and_quiet_ones_not_at_all(
    session: Session, service: ListeningService, problems: list[Problem]
) -> None:
    session.set_entries(hand_made.entries())
    request = service.last(OpenImage)
    session.receive(Failed(request.request, "bad-input", "0.png: the file is empty", "Open another."))
    session.receive(Failed(request.request, "bad-input", "0.png: the file is empty", "Open another."))
    assert problems == [Problem("0.png: the file is empty", "Open another.", picture="/pictures/0.png")]
    session.open_index(1)
    session.receive(Failed(service.last(OpenImage).request, "superseded", "a newer one"))
    assert len(problems) == 1
    assert session.busy is None


def test_progress_and_cancel(session: Session, service: ListeningService) -> None:
    session.load_model(NetworkChoice("coco_r50"))
    number = service.last(LoadModel).request
    session.receive(Progress(number, "building", 0.25))
    assert session.busy is not None
    assert session.busy.step == "loading the network: building"
    assert session.busy.fraction == 0.25
    session.cancel()
    assert service.last(Cancel).target == number
    session.receive(Failed(number, "cancelled", "cancelled"))
    assert session.busy is None


def test_a_new_network_brings_its_settings_and_reopens_the_image(session: Session, service: ListeningService) -> None:
    hand_made.open_first(session, service)
    opened = service.count(OpenImage)
    session.load_model(NetworkChoice("other"))
    asked = InspectionSettings(overlap_threshold=0.45)
    session.receive(ModelLoaded(service.last(LoadModel).request, replace(hand_made.card(), settings=asked)))
    assert session.settings == session.default_settings == asked
    assert service.count(OpenImage) == opened + 1
    assert session.picture is not None, "the photo stays while it is opened again"


def test_play_starts_over_when_the_merge_is_finished(session: Session, service: ListeningService) -> None:
    session.play(True)
    assert not session.playing
    hand_made.open_first(session, service)
    session.play(True)
    assert session.playing
    assert session.position == 0
    session.open_index(1)
    assert not session.playing


def test_neighbours_stop_at_the_ends(session: Session, service: ListeningService) -> None:
    session.set_entries(hand_made.entries())
    session.step_image(-1)
    assert session.index == 0
    session.step_image(1)
    session.step_image(1)
    session.step_image(1)
    assert session.index == 2
    assert service.count(OpenImage) == 3


def test_quality_is_told_in_percent(session: Session, service: ListeningService) -> None:
    hand_made.open_first(session, service)
    assert session.result is not None
    assert session.result.quality is not None
    counts = session.result.quality.counts
    assert counts.tp[PERSON] == 2
    assert session.result.quality_words().startswith("PQ ")


def test_an_unreadable_picture_is_said_once_though_the_network_comes_later(
    session: Session, service: ListeningService, problems: list[Problem]
) -> None:
    session.load_model(NetworkChoice("hand-made"))
    loading = service.last(LoadModel)
    session.set_entries(hand_made.entries())
    session.receive(Failed(service.last(OpenImage).request, "bad-input", "0.png: the file is empty"))
    session.receive(ModelLoaded(loading.request, hand_made.card()))
    assert service.count(OpenImage) == 1
    assert len(problems) == 1


def test_an_unreadable_picture_keeps_its_sentence_until_it_can_be_opened(
    session: Session, service: ListeningService
) -> None:
    learnt: list[int] = []
    session.entry_changed.connect(learnt.append)
    session.set_entries(hand_made.entries())
    session.open_index(1)
    session.receive(Failed(service.last(OpenImage).request, "bad-input", "1.png: the file is empty"))
    assert [entry.problem for entry in session.entries] == ["", "1.png: the file is empty", ""]
    assert learnt == [1]
    session.open_index(2)
    session.open_index(1)
    session.receive(hand_made.opened(service.last(OpenImage)))
    assert session.entries[1].problem == ""
    assert session.entries[1].size == (hand_made.HEIGHT, hand_made.WIDTH)
    assert learnt == [1, 1]


def test_a_cancelled_image_can_be_asked_for_again(session: Session, service: ListeningService) -> None:
    session.load_model(NetworkChoice("hand-made"))
    session.receive(ModelLoaded(service.posted[-1].request, hand_made.card()))
    session.set_entries(hand_made.entries())
    session.retry()
    assert service.count(OpenImage) == 1, "it is on its way"
    session.cancel()
    session.receive(Failed(service.last(OpenImage).request, "cancelled", "Cancelled."))
    assert session.cancelled
    session.retry()
    assert not session.cancelled
    assert service.count(OpenImage) == 2
    session.receive(hand_made.opened(service.last(OpenImage)))
    session.receive(hand_made.inspected(service.last(Inspect)))
    session.retry()
    assert service.count(OpenImage) == 2, "its result is here"


@pytest.mark.parametrize(("kind", "told"), [("bad-input", ""), ("internal", "a trace"), ("died", "a trace")])
def test_details_are_for_unexpected_failures(
    kind: FailureKind, told: str, session: Session, service: ListeningService, problems: list[Problem]
) -> None:
    session.load_model(NetworkChoice("hand-made"))
    session.receive(Failed(service.last(LoadModel).request, kind, "It failed.", details="a trace"))
    assert [problem.details for problem in problems] == [told]


def test_a_device_that_is_not_there_comes_with_advice(
    session: Session, service: ListeningService, problems: list[Problem]
) -> None:
    session.load_model(NetworkChoice(config="hand-made", device="cuda:3"))
    sentence = "Device cuda:3: this machine has 0 CUDA devices"
    session.receive(Failed(service.last(LoadModel).request, "bad-input", sentence))
    assert [problem.sentence for problem in problems] == [sentence]
    assert problems[0].advice == "Choose another in Model › Device. No network is loaded."


# ------------------------------------------------------------------------------------------------ what comes too late


def _unreadable(at: int) -> list[Entry]:
    """Returns three entries, one of which its data set says cannot be opened."""
    found = hand_made.entries()
    found[at] = replace(found[at], problem="there is no such file")
    return found


def test_a_late_image_is_not_shown_as_another_that_cannot_be_opened(
    session: Session, service: ListeningService
) -> None:
    session.set_entries(_unreadable(1))
    late = service.last(OpenImage)
    session.open_index(1)
    assert service.last(Cancel).target == late.request
    assert session.busy is None
    session.receive(hand_made.opened(late))
    assert session.picture is None
    assert session.entries[1].problem == "there is no such file"
    assert session.entries[1].size is None


def test_a_late_image_is_not_shown_where_the_list_is_empty(session: Session, service: ListeningService) -> None:
    session.set_entries(hand_made.entries())
    late = service.last(OpenImage)
    session.set_entries([])
    assert service.last(Cancel).target == late.request
    session.receive(hand_made.opened(late))
    assert (session.index, session.picture, session.busy) == (-1, None, None)


def test_an_answer_about_another_image_than_the_one_asked_for_is_ignored(
    session: Session, service: ListeningService
) -> None:
    session.set_entries(hand_made.entries())
    session.receive(replace(hand_made.opened(service.last(OpenImage)), image="another"))
    assert session.picture is None
    assert session.entries[0].size is None


def test_a_late_data_set_does_not_replace_what_was_opened_since(session: Session, service: ListeningService) -> None:
    session.open_dataset(Path("/slow.json"))
    late = service.last(ListDataset)
    session.set_entries(hand_made.entries())
    assert late.request in [request.target for request in service.posted if isinstance(request, Cancel)]
    images = (DatasetImage("x.jpg", ImageSource("/x.jpg"), 80, 60),)
    session.receive(DatasetListed(late.request, "/slow.json", images, CATEGORIES))
    assert [entry.name for entry in session.entries] == ["0.png", "1.png", "2.png"]


def test_the_newest_settings_are_asked_for_though_a_panel_fails(session: Session, service: ListeningService) -> None:
    hand_made.open_first(session, service)
    for threshold in (0.5, 0.6):
        session.change_settings(overlap_threshold=threshold)
    answer = hand_made.inspected(service.last(Inspect))
    told: list[object] = []
    session.received.connect(told.append)
    session.result_changed.connect(_fail)
    with pytest.raises(EmitLoopError):
        session.receive(answer)
    assert service.last(Inspect).settings.overlap_threshold == 0.6
    assert told == [answer], "others than panels go on"
    session.result_changed.disconnect(_fail)
    session.receive(hand_made.inspected(service.last(Inspect)))
    assert session.is_current


def test_an_opened_image_is_inspected_though_a_panel_fails(session: Session, service: ListeningService) -> None:
    session.load_model(NetworkChoice("hand-made"))
    session.receive(ModelLoaded(service.posted[-1].request, hand_made.card()))
    session.set_entries(hand_made.entries())
    session.picture_changed.connect(_fail)
    with pytest.raises(EmitLoopError):
        session.receive(hand_made.opened(service.last(OpenImage)))
    assert service.count(Inspect) == 1


def _fail() -> None:
    raise RuntimeError("a panel failed")


def test_what_came_too_late_to_be_shown_is_not_missed_by_the_next_result(
    session: Session, service: ListeningService
) -> None:
    open_first(session, service)
    session.change_settings(overlap_threshold=0.7)
    late = service.last(Inspect)
    session.reload(session.index)
    session.receive(opened(service.last(OpenImage)))
    maps = BordernessMaps((BordernessLevel(np.zeros((2, 2), np.float32), 8.0, 4.0, 3),))
    session.receive(replace(inspected(late), borderness=maps))
    session.receive(inspected(service.last(Inspect)))
    assert session.result is not None
    assert session.result.borderness is maps
    session.open_index(1)
    session.receive(opened(service.last(OpenImage)))
    session.receive(inspected(service.last(Inspect)))
    assert session.result.borderness is None, "what another image had is not this one's"
