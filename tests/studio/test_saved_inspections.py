"""A saved inspection opens like a picture: all of it is there again without a network, and its merge can be turned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lpsnet.analysis.inspection_file import load_inspection, save_inspection
from lpsnet.assets import demo_checkpoint as shipped_checkpoint
from lpsnet.structures import InspectionSettings
from lpsnet_studio import demo
from lpsnet_studio.browser.listing import entries_of, kind_of
from lpsnet_studio.browser.thumbnail_store import THUMBNAIL_SIZE, ThumbnailStore
from lpsnet_studio.commands.drops import judge_drop
from lpsnet_studio.examination import Examination
from lpsnet_studio.inference.messages import Kept, Look, OpenImage, Sight
from lpsnet_studio.inference.pictures import Picture
from lpsnet_studio.inference.saved_bench import NotInFileError, SavedBench
from lpsnet_studio.inference.vocabulary import ImageSource
from lpsnet_studio.inspector.borderness_panel import BordernessPanel
from lpsnet_studio.inspector.levels_panel import LevelsPanel
from lpsnet_studio.inspector.semantics_panel import SemanticsPanel
from lpsnet_studio.inspector.setting_words import idle_reasons
from lpsnet_studio.inspector.why_model import material_of, page_of
from lpsnet_studio.keeping import inspection_of
from lpsnet_studio.python_calls import python_calls
from lpsnet_studio.session import Session
from lpsnet_studio.state import NetworkChoice, Result
from tests.studio.direct_service import DirectService

CHECKPOINT = shipped_checkpoint()
pytestmark = pytest.mark.skipif(CHECKPOINT is None, reason="this checkout has no demo network")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Session]:
    """Inspects a scene with the demo network, turns a setting of the boxes, and saves all of it."""
    folder = tmp_path_factory.mktemp("saved")
    service = DirectService()
    session = Session(service)
    session.load_model(NetworkChoice(checkpoint=str(CHECKPOINT), device="cpu", short_side=160))
    session.open_dataset(demo.prepare(folder, size=(120, 160)))
    session.change_settings(nms_iou=0.45)
    service.answer(session)
    session.change_settings(nms_iou=0.45)
    service.answer(session)
    saved = inspection_of(session)
    assert saved is not None, service.failures
    path, _ = save_inspection(folder / "scene.npz", saved)
    return path, session


@pytest.fixture
def service() -> DirectService:
    return DirectService()


@pytest.fixture
def session(service: DirectService) -> Session:
    return Session(service)


def _open(session: Session, service: DirectService, path: Path) -> Result:
    session.set_entries(entries_of([path]))
    service.answer(session)
    assert session.result is not None, service.failures
    return session.result


def _assert_same(one: Result, other: Result) -> None:
    assert one.settings == other.settings
    assert one.categories == other.categories
    assert np.array_equal(one.labels, other.labels)
    assert np.array_equal(one.trace.owners, other.trace.owners)
    assert one.trace.segments == other.trace.segments
    assert [(step.verdict, step.contests) for step in one.trace.steps] == [
        (step.verdict, step.contests) for step in other.trace.steps
    ]
    for found, known in ((one.candidates, other.candidates), (one.detections, other.detections)):
        assert found is not None
        assert known is not None
        assert np.array_equal(found.boxes, known.boxes)
        assert np.array_equal(found.scores, known.scores)
    assert one.borderness is not None
    assert other.borderness is not None
    for level, known_level in zip(one.borderness.levels, other.borderness.levels, strict=True):
        assert np.array_equal(level.values, known_level.values)
    assert one.quality_words() == other.quality_words()


def test_everything_is_there_again_without_a_network(
    first: tuple[Path, Session], session: Session, service: DirectService
) -> None:
    path, before = first
    result = _open(session, service, path)
    assert session.model is None
    assert not session.obstacle
    assert before.result is not None
    _assert_same(result, before.result)
    assert session.picture is not None
    assert before.picture is not None
    assert np.array_equal(session.picture.pixels, before.picture.pixels)
    assert session.truth is not None
    assert before.truth is not None
    assert np.array_equal(session.truth.ids, before.truth.ids)
    assert "no network runs" in session.picture.notice


def test_saved_again_it_is_the_same_file(
    first: tuple[Path, Session], session: Session, service: DirectService, tmp_path: Path
) -> None:
    path, _ = first
    _open(session, service, path)
    again = inspection_of(session)
    assert again is not None
    known = load_inspection(path)
    copied, _ = save_inspection(tmp_path / "again.npz", replace(again, name=known.name))
    assert copied.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    "changes",
    [
        {"score_threshold": 0.4},
        {"overlap_threshold": 0.8},
        {"conflict": "smallest"},
        {"conflict": "highest", "stuff_limit": 600},
        {"borderness_pooling": "own"},
        {"semantic_oracle": True},
    ],
    ids=str,
)
def test_the_merge_can_be_turned_as_with_the_network(
    first: tuple[Path, Session], session: Session, service: DirectService, changes: dict[str, Any]
) -> None:
    path, before = first
    _open(session, service, path)
    session.change_settings(**changes)
    service.answer(session)
    assert not service.failures
    usual = before.settings
    before.change_settings(**changes)
    before.service.answer(before)  # type: ignore[attr-defined]
    try:
        assert session.result is not None
        assert before.result is not None
        assert before.result.settings == session.result.settings
        _assert_same(session.result, before.result)
        names: dict[str, Any] = {}
        exec(python_calls(session, None), names)
        assert np.array_equal(names["owners"], session.owners)
    finally:
        before.change_settings(**{name: getattr(usual, name) for name in changes})
        before.service.answer(before)  # type: ignore[attr-defined]


@pytest.mark.parametrize("changes", [{"nms_iou": 0.9}, {"box_oracle": True}, {"use_borderness": False}], ids=str)
def test_what_is_not_in_the_file_is_refused_in_a_sentence(
    first: tuple[Path, Session], session: Session, service: DirectService, changes: dict[str, Any]
) -> None:
    shown = _open(session, service, first[0])
    session.change_settings(**changes)
    service.answer(session)
    (failure,) = service.failures
    assert failure.kind == "not-possible"
    titles = {"nms_iou": "NMS IoU", "box_oracle": "box oracle", "use_borderness": "border-ness in the score"}
    assert titles[next(iter(changes))] in failure.sentence
    assert failure.advice
    assert session.result is shown
    session.undo()
    service.answer(session)
    assert len(service.failures) == 1
    assert session.is_current


def test_maps_that_are_in_the_file_are_shown_and_others_refused(
    first: tuple[Path, Session], session: Session, service: DirectService
) -> None:
    path, before = first
    _open(session, service, path)
    here, there = Examination(session), Examination(before)
    for sight in (Sight("borderness"), Sight("borderness", level=5), Sight("target"), Sight("difference")):
        for examination, owner in ((here, session), (there, before)):
            examination.want(sight)
            owner.service.answer(owner)  # type: ignore[attr-defined]
        found, known = here.map_of(sight), there.map_of(sight)
        assert found is not None
        assert known is not None
        assert np.array_equal(found.values, known.values, equal_nan=True)
        names: dict[str, Any] = {}
        exec(python_calls(session, sight), names)
        assert np.array_equal(names["heat"], known.values, equal_nan=True)
    assert here.want(Sight("entropy")) is None
    assert not here.is_asked(Sight("entropy")), "it is known beforehand"
    assert here.problem_of(Sight("entropy")) == (
        "This saved inspection holds no class probabilities. Open the image itself with the network to see them."
    )
    here.want_gains()
    here.want_pixel((3, 4))
    service.answer(session)
    assert "not kept" in here.gains_problem
    probed = here.want_pixel((3, 4))
    assert probed is not None
    assert probed.classes == ()
    assert len(probed.borderness) == 5


def test_the_users_settings_come_back_with_the_next_picture(
    first: tuple[Path, Session], session: Session, service: DirectService
) -> None:
    path, before = first
    assert before.current is not None
    session.load_model(NetworkChoice(checkpoint=str(CHECKPOINT), device="cpu", short_side=160))
    service.answer(session)
    session.change_settings(overlap_threshold=0.66)
    own, default = session.settings, session.default_settings
    session.set_entries([*entries_of([path]), before.current])
    service.answer(session)
    assert session.settings.nms_iou == 0.45
    session.step_image(1)
    service.answer(session)
    assert session.settings == own
    assert session.default_settings == default
    session.step_image(-1)
    service.answer(session)
    session.load_model(NetworkChoice(config="demo", device="cpu", short_side=64))
    service.answer(session)
    assert session.settings.nms_iou == 0.45
    assert not service.failures


def test_the_why_page_is_made_of_it(first: tuple[Path, Session], session: Session, service: DirectService) -> None:
    _open(session, service, first[0])
    material = material_of(session, None)
    assert material is not None
    page = page_of(material)
    assert page.levels
    assert page.quality
    assert page.subject.network == "lpsnet_demo.safetensors"


def test_it_is_opened_where_a_picture_is(first: tuple[Path, Session], tmp_path: Path) -> None:
    path, _ = first
    assert kind_of(path) == "inspection"
    assert judge_drop([path]).usable == (path,)
    thumbnail = ThumbnailStore(tmp_path / "thumbs").thumbnail(str(path))
    assert thumbnail.shape[0] <= THUMBNAIL_SIZE[0]
    assert thumbnail.shape[1] <= THUMBNAIL_SIZE[1]


def test_a_damaged_file_is_one_sentence(
    first: tuple[Path, Session], session: Session, service: DirectService, tmp_path: Path
) -> None:
    path = tmp_path / "half.npz"
    path.write_bytes(first[0].read_bytes()[:5000])
    session.set_entries(entries_of([path]))
    service.answer(session)
    (failure,) = service.failures
    assert failure.kind == "bad-input"
    assert str(path) in failure.sentence
    assert session.current is not None
    assert session.current.problem


def test_a_lone_inspection_needs_no_network(window: Any, service: Any, first: tuple[Path, Session]) -> None:
    window.commands.files.open_paths([first[0]])
    service.answer(window.commands._place.session)
    session = window.commands._place.session
    assert session.result is not None
    assert session.model is None
    assert session.loading_model is None


def test_what_can_be_turned_depends_on_what_was_kept() -> None:
    every = Kept(InspectionSettings(), {}, {}).live
    assert {"score_threshold", "overlap_threshold", "conflict", "stuff_limit"} < every
    assert not Kept(InspectionSettings(leftovers="next_stuff"), {}, {}).live
    assert Kept(InspectionSettings(semantic_oracle=True), {}, {}).live == every - {"semantic_oracle"}
    reasons = idle_reasons(
        InspectionSettings(), has_picture=True, has_truth=True, kept=Kept(InspectionSettings(), {}, {})
    )
    assert "saved inspection" in reasons["nms_iou"]
    assert not reasons.keys() & every


def test_the_probe_says_why_it_shows_no_classes(
    first: tuple[Path, Session], session: Session, service: DirectService
) -> None:
    from lpsnet_studio.inspector.probe_reader import ProbeReader

    _open(session, service, first[0])
    examination = Examination(session)
    examination.want_pixel((3, 4))
    service.answer(session)
    reader = ProbeReader(session, examination)
    examination.pin((3, 4))
    reading = reader.read()
    assert reading is not None
    assert "not kept" in reading.classes_note
    assert len(reading.levels) == 5


def test_what_the_studio_says_is_not_there_the_service_refuses_too(first: tuple[Path, Session], tmp_path: Path) -> None:
    whole = load_inspection(first[0])
    bare = replace(whole, truth=None, quality=None, truth_areas=None)
    without_maps = replace(bare, borderness=None)
    true_boxes = replace(whole, settings=replace(whole.settings, box_oracle=True))
    sights = [Sight(kind) for kind in ("borderness", "target", "difference", "entropy", "class", "means", "next_best")]
    told: dict[str, list[bool]] = {}
    for name, saved in {"whole": whole, "bare": bare, "without": without_maps, "true boxes": true_boxes}.items():
        bench = SavedBench(Picture(ImageSource(str(tmp_path)), saved.image, saved.truth), saved)
        kept = bench.opened(OpenImage(1, "one", ImageSource("")), 0.0).kept
        assert kept is not None
        told[name] = []
        for sight in sights:
            lack = kept.lack_of(sight, has_truth=saved.truth is not None)
            told[name].append(bool(lack))
            if lack:
                with pytest.raises(NotInFileError, match=lack):
                    bench.look(Look(2, "one", sight))
            else:
                assert bench.look(Look(2, "one", sight)).map.values.size
    assert told == {
        "whole": [False] * 3 + [True] * 4,
        "bare": [False] + [True] * 6,
        "without": [True] * 7,
        "true boxes": [True, False, True] + [True] * 4,
    }


@pytest.mark.parametrize("panel_of", [SemanticsPanel, BordernessPanel])
def test_tiles_of_what_was_not_saved_say_so_at_once(
    first: tuple[Path, Session], session: Session, service: DirectService, theme: Any, qtbot: Any, panel_of: Any
) -> None:
    _open(session, service, first[0])
    examination = Examination(session)
    panel = panel_of(session, examination, theme)
    qtbot.addWidget(panel)
    panel.show()
    if panel_of is SemanticsPanel:
        assert {tile.words.state for tile in panel.tiles.tiles[1:]} == {"not saved"}
        assert panel._hint.text().startswith("This saved inspection holds no class probabilities.")
        assert "Open the image itself" in panel._hint.text()
        panel.tiles.tiles[1].click()
        panel.refresh()
        assert panel.section.note.text() == panel._hint.text()
    else:
        service.answer(session)
        panel.refresh()
        assert {tile.words.state for tile in panel.levels.tiles} == {""}
        assert {tile.words.state for tile in panel.targets.tiles} == {"Press to compute"}
        assert panel._hint.text() == ""
    assert not service.failures


def test_a_saved_inspection_of_true_boxes_does_not_send_to_switches_that_it_cannot_turn(
    session: Session, service: DirectService, theme: Any, qtbot: Any, first: tuple[Path, Session], tmp_path: Path
) -> None:
    _, before = first
    usual = before.settings
    before.change_settings(box_oracle=True)
    before.service.answer(before)  # type: ignore[attr-defined]
    saved = inspection_of(before)
    before.change_settings(box_oracle=usual.box_oracle)
    before.service.answer(before)  # type: ignore[attr-defined]
    assert saved is not None
    path, _ = save_inspection(tmp_path / "true.npz", saved)
    _open(session, service, path)
    examination = Examination(session)
    levels, borderness = LevelsPanel(session, examination, theme), BordernessPanel(session, examination, theme)
    for panel in (levels, borderness):
        qtbot.addWidget(panel)
        panel.show()
    borderness.pages.setCurrentIndex(1)
    for words in (levels.empty.text(), borderness._hint.text(), borderness.reranking._empty.text()):
        assert "This saved inspection holds" in words
        assert "pen the image itself with the network" in words
    assert {tile.words.state for tile in borderness.levels.tiles} == {"not saved"}
