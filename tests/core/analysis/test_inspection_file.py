"""An inspection in a file: reopened bit for bit, and refused in one sentence where anything in it is wrong."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lpsnet.analysis.inspection_arrays import ARRAYS, DIMENSIONS
from lpsnet.analysis.inspection_file import (
    FORMAT,
    InspectionFileError,
    SavedInspection,
    load_inspection,
    save_inspection,
)
from lpsnet.assets import resource
from lpsnet.inspection import Inspection
from lpsnet.scenes import draw_scene
from tests.core.analysis.inspections import differences, random_inspection

SEED = 327
"""Its inspection has every part, every kind of step and a contest."""


@pytest.fixture(scope="module")
def saved() -> SavedInspection:
    return random_inspection(SEED)


@pytest.fixture
def path(saved: SavedInspection, tmp_path: Path) -> Path:
    save_inspection(tmp_path / "scene.npz", saved)
    return tmp_path / "scene.npz"


def _contents(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _rewrite(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    arrays: dict[str, Any] = _contents(path)
    change(arrays)
    np.savez(path, **arrays)


def _with_about(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    def edit(arrays: dict[str, Any]) -> None:
        about = json.loads(arrays["about"].tobytes())
        change(about)
        arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)

    _rewrite(path, edit)


# ------------------------------------------------------------------------------------------------------- bit for bit


def test_the_inspection_of_these_tests_has_everything(saved: SavedInspection) -> None:
    assert None not in (saved.candidates, saved.borderness, saved.truth, saved.truth_areas, saved.quality)
    assert {step.kind for step in saved.trace.steps} == {"detection", "stuff", "leftovers"}
    assert {step.verdict for step in saved.trace.steps} >= {"kept", "discarded"}
    assert any(step.contests for step in saved.trace.steps)
    assert saved.quality is not None
    assert saved.quality.false_positives


@pytest.mark.parametrize("seed", range(40))
def test_random_inspections_come_back_bit_for_bit(seed: int, tmp_path: Path) -> None:
    before = random_inspection(seed)
    save_inspection(tmp_path / "x.npz", before)
    after = load_inspection(tmp_path / "x.npz")
    assert differences(before, after) == []
    for position in range(len(before.trace.steps) + 1):
        np.testing.assert_array_equal(after.trace.owners_after(position), before.trace.owners_after(position))


def test_a_difference_is_found_wherever_it_is(saved: SavedInspection) -> None:
    """The comparison that the other tests rest on."""
    assert differences(saved, saved) == []
    other = replace(saved, detections=replace(saved.detections, scores=np.nextafter(saved.detections.scores, 1)))
    assert [fault.split(":")[0] for fault in differences(saved, other)] == [".detections.scores"]
    steps = (replace(saved.trace.steps[0], score=0.123), *saved.trace.steps[1:])
    changed = replace(saved, trace=replace(saved.trace, steps=steps))
    assert [fault.split(":")[0] for fault in differences(saved, changed)] == [".trace.steps[0].score"]


@pytest.fixture(scope="module")
def demo() -> Inspection:
    from lpsnet.engine.network import load_network

    network = load_network(checkpoint=resource("demo") / "lpsnet_demo.safetensors", short_side=192, device="cpu")
    scene = draw_scene(11, height=200, width=301)
    inspection = Inspection(
        scene.image,
        network.categories,
        run_network=network.run,
        truth=scene.segmentation,
        truth_areas={segment.id: segment.area for segment in scene.segmentation.segments},
        settings=replace(network.config.inspection, score_threshold=0.05),
    )
    inspection.run()
    return inspection


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"conflict": "highest", "leftovers": "next_stuff"},
        {"borderness_pooling": "own"},
        {"box_oracle": True},
        {"semantic_oracle": True, "box_oracle": True, "oracle_borderness": "box"},
    ],
)
def test_what_the_demo_network_found_comes_back_bit_for_bit(
    demo: Inspection, changes: dict[str, Any], tmp_path: Path
) -> None:
    demo.run(replace(demo.settings, **changes))
    before = demo.saved(name="scene 11", network={"config": "demo"})
    assert len(before.trace.segments) > 3
    assert (before.candidates is None) == bool(changes.get("box_oracle"))
    save_inspection(tmp_path / "scene.npz", before)
    after = load_inspection(tmp_path / "scene.npz")
    assert differences(replace(before, truth_areas=None), replace(after, truth_areas=None)) == []
    assert after.truth_areas == before.truth_areas
    assert after.labels is after.trace.labels
    np.testing.assert_array_equal(after.labels, demo.labels)
    demo.run(replace(demo.settings, semantic_oracle=False, box_oracle=False))


def test_saving_is_refused_before_the_merge_has_run(demo: Inspection) -> None:
    fresh = Inspection(demo.image, demo.categories)
    with pytest.raises(RuntimeError, match="run"):
        fresh.saved()


def test_what_was_reopened_is_saved_to_the_same_bytes(path: Path) -> None:
    again = path.with_name("again.npz")
    save_inspection(again, load_inspection(path))
    assert again.read_bytes() == path.read_bytes()


# ------------------------------------------------------------------------------------------------ what is in the file


def test_the_file_holds_the_documented_arrays_and_no_pickle(path: Path, saved: SavedInspection) -> None:
    arrays = _contents(path)
    assert set(arrays) == {spec.name for spec in ARRAYS} | {"about"}
    np.testing.assert_array_equal(arrays["image"], saved.image)
    np.testing.assert_array_equal(arrays["merge.owners"], saved.trace.owners)


def test_the_letters_of_the_shapes_are_explained() -> None:
    used = {side for spec in ARRAYS for side in spec.shape if isinstance(side, str)}
    assert used == set(DIMENSIONS)


def test_the_json_beside_it_says_what_the_arrays_are(path: Path, saved: SavedInspection) -> None:
    beside = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert beside == json.loads(_contents(path)["about"].tobytes())
    assert beside["format"] == FORMAT
    assert beside["arrays"]["candidates.boxes"]["shape"] == [len(saved.candidates or ()), 4]
    assert beside["settings"]["overlap_threshold"] == saved.settings.overlap_threshold
    path.with_suffix(".json").unlink()
    load_inspection(path)


def test_an_older_inspection_is_replaced_and_nothing_else_is(path: Path, tmp_path: Path) -> None:
    other = random_inspection(1)
    save_inspection(path, other)
    assert differences(load_inspection(path), other) == []
    assert sorted(each.name for each in tmp_path.iterdir()) == ["scene.json", "scene.npz"]
    foreign = tmp_path / "panoptic.json"
    foreign.write_text('{"images": []}', encoding="utf-8")
    with pytest.raises(OSError, match=r"panoptic\.json is there already"):
        save_inspection(tmp_path / "panoptic.npz", other)
    assert foreign.read_text(encoding="utf-8") == '{"images": []}'
    assert not (tmp_path / "panoptic.npz").exists()


def test_nothing_is_left_where_a_file_cannot_be_written(saved: SavedInspection, tmp_path: Path) -> None:
    (tmp_path / "x.json").mkdir()
    with pytest.raises(OSError, match=r"x\.json could not be written"):
        save_inspection(tmp_path / "x.npz", saved)
    assert [each.name for each in tmp_path.iterdir()] == ["x.json"]
    with pytest.raises(OSError, match="absent"):
        save_inspection(tmp_path / "absent" / "x.npz", saved)
    with pytest.raises(ValueError, match=r"ends with \.npz"):
        save_inspection(tmp_path / "x.zip", saved)


def test_what_could_not_be_read_back_is_not_written(saved: SavedInspection, tmp_path: Path) -> None:
    scores = saved.detections.scores.copy()
    scores[-1] = np.nan
    with pytest.raises(ValueError, match=r"detections\.scores\[\d+\] is nan, which is not finite"):
        save_inspection(tmp_path / "x.npz", replace(saved, detections=replace(saved.detections, scores=scores)))
    wide = replace(saved, detections=replace(saved.detections, boxes=saved.detections.boxes.astype(np.float64)))
    with pytest.raises(ValueError, match=r"detections\.boxes must be float32, not float64"):
        save_inspection(tmp_path / "x.npz", wide)
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------------------------- what is refused


def _set(name: str, place: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(arrays: dict[str, Any]) -> None:
        arrays[name] = arrays[name].copy()
        arrays[name][place] = value

    return change


def _put(name: str, make: Callable[[np.ndarray], Any]) -> Callable[[dict[str, Any]], None]:
    return lambda arrays: arrays.update({name: make(arrays[name])})


ARRAY_FAULTS: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (lambda arrays: arrays.pop("about"), "about is missing, so this is no inspection"),
    (lambda arrays: arrays.pop("merge.owners"), "merge.owners is missing"),
    (lambda arrays: arrays.pop("candidates.iou"), "candidates.iou is missing"),
    (_put("about", lambda a: a.astype(np.int32)), "about must be a text as uint8"),
    (_put("about", lambda a: a[: len(a) // 2]), "about is not JSON, or cut short"),
    (_put("image", lambda a: a[:, :, :2]), "image must be [H, W, 3]"),
    (_put("image", lambda a: a.astype(np.float32)), "image must be uint8, not float32"),
    (_put("image", lambda a: a[:0]), "merge.labels must be [H, W] with H = 0"),
    (_put("merge.labels", lambda a: a[1:]), "merge.labels must be [H, W] with H = "),
    (_put("merge.labels", lambda a: a.astype(np.int64)), "merge.labels must be uint8 or uint16, not int64"),
    (_put("detections.scores", lambda a: a[:-1]), "detections.scores must be [D] with D = "),
    (_put("detections.scores", lambda a: a[::-1]), "which is more than the score before it"),
    (_put("detections.boxes", lambda a: a.reshape(-1)), "detections.boxes must be [D, 4]"),
    (_set("detections.boxes", (1, 2), np.inf), "detections.boxes[1, 2] is inf, which is not finite"),
    (_set("detections.scores", 0, np.nan), "detections.scores[0] is nan, which is not finite"),
    (_set("detections.labels", 0, -1), "detections.labels[0] is -1, which is less than 0"),
    (_set("detections.labels", 0, 999), "detections.labels[0] is 999, which is not below "),
    (_put("detections.boxes", lambda a: a / 2), "detections.boxes does not hold the candidates that were kept"),
    (_put("candidates.level", lambda a: a + 9), "which is more than 7"),
    (_put("merge.steps.score", lambda a: a / 2), "merge.steps.score does not go with detections.scores"),
    (_put("merge.steps.box", lambda a: a / 2), "merge.steps.box does not go with detections.boxes"),
    (_put("merge.steps.detection", lambda a: np.minimum(a, 0)), "merge.steps.detection holds a detection twice"),
    (_set("candidates.class_scores", 2, 1.5), "candidates.class_scores[2] is 1.5, which is more than 1"),
    (_set("candidates.dropped_at", 0, 5), "candidates.dropped_at[0] is 5, which is more than 4"),
    (_put("candidates.suppressed_by", np.zeros_like), "does not go with candidates.dropped_at"),
    (_put("candidates.suppressed_by", lambda a: a + 99), "which is not below"),
    (_set("merge.labels", (0, 0), 254), "merge.labels[0, 0] is 254, which is not below"),
    (_set("merge.owners", (0, 0), 77), "merge.deltas do not lead to merge.owners"),
    (_put("merge.owners", lambda a: a.astype(np.uint16)), "merge.deltas must be uint16 like merge.owners, not uint8"),
    (_put("merge.deltas", lambda a: a[:-1]), "merge.deltas holds "),
    (_put("merge.deltas", lambda a: a ^ 1), "merge.deltas do not lead to merge.owners"),
    (_put("merge.steps.window", lambda a: a + 50), "which lies outside the image"),
    (_put("merge.steps.window", lambda a: a[:, [2, 3, 0, 1]]), "which lies outside the image"),
    (_put("merge.steps.window", lambda a: np.full_like(a, 1)), "which holds no pixel"),
    (_put("merge.steps.kind", lambda a: a * 0 + 3), "merge.steps.kind[0] is 3, which is more than 2"),
    (_put("merge.steps.kind", lambda a: a * 0), "does not go with merge.steps.kind"),
    (_put("merge.steps.owner", lambda a: a * 0), "does not go with its verdict"),
    (_put("merge.steps.owner", lambda a: np.minimum(a, 1)), "which is there twice"),
    (_put("merge.contests.step", lambda a: a + 1000), "merge.contests.step[0] is 1"),
    (_put("merge.contests.rival", lambda a: a + 1000), "which is the owner number of no step"),
    (_put("merge.contests.won", lambda a: a + 1000), "which is more than were disputed"),
    (_put("merge.segments.id", lambda a: a + 1000), "merge.segments.id does not go with its map: id 1 "),
    (_put("merge.segments.id", lambda a: a * 0 + 1), "merge.segments.id holds an id twice"),
    (_put("merge.segments.area", lambda a: a + 1), "merge.segments.area[0] is "),
    (_put("merge.segments.box", lambda a: a + 1), "merge.segments.box[0] is ["),
    (_put("merge.segments.score", lambda a: a + 9), "merge.segments.score[0] is 9."),
    (_put("truth.ids", lambda a: a * 0), "truth.segments.id does not go with its map"),
    (_put("truth.ids", lambda a: a - 1), "which is less than 0"),
    (_put("borderness.values", lambda a: a[1:]), "borderness.values holds "),
    (_put("borderness.values", lambda a: a * np.nan), "borderness.values[0] is nan, which is not finite"),
    (_put("borderness.shape", lambda a: a * 0), "which is less than 1"),
    (_put("borderness.stride", lambda a: a * 0), "which is not above 0"),
    (_put("quality.tp", lambda a: a[:-1]), "quality.tp must be [C] with C = "),
    (_put("quality.false_positives", lambda a: a + 99), "is no segment of the result"),
    (_put("quality.false_negatives", lambda a: a + 1), "is no segment of the ground truth"),
]


@pytest.mark.parametrize(("change", "complaint"), ARRAY_FAULTS, ids=[complaint for _, complaint in ARRAY_FAULTS])
def test_a_wrong_array_is_refused_by_name(path: Path, change: Callable[[dict[str, Any]], Any], complaint: str) -> None:
    _rewrite(path, change)
    with pytest.raises(InspectionFileError) as caught:
        load_inspection(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def _about(*place: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(about: dict[str, Any]) -> None:
        for name in place[:-1]:
            about = about[name]
        about[place[-1]] = value

    return change


ABOUT_FAULTS: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (_about("format", value="coco"), "format must be 'lpsnet-inspection', not 'coco'"),
    (_about("version", value=2), "version is 2, but only 1 can be read here"),
    (_about("version", value=True), "version is True, but only 1"),
    (lambda about: about.pop("settings"), "settings is missing"),
    (_about("settings", "nms_iou", value=2), "settings.nms_iou must lie between 0.0 and 1.0, not 2"),
    (_about("settings", "colour", value=2), "settings.colour is no setting"),
    (lambda about: about["settings"].pop("nms_iou"), "settings.nms_iou is missing"),
    (_about("settings", value=[]), "settings is not an object"),
    (_about("parts", value=["soul"]), "parts holds 'soul', which is none of candidates"),
    (_about("parts", value=[3]), "parts must hold texts, not 3"),
    (_about("parts", value=["quality"]), "quality needs the ground truth, which is missing"),
    (_about("categories", value=[]), "a category list must not be empty"),
    (lambda about: about["categories"][1].update(id=-4), "categories[1].id must be a positive whole number, not -4"),
    (lambda about: about["categories"].pop(), "quality.tp must be [C] with C = "),
    (_about("merge", "conflict", value="loudest"), "merge.conflict must be one of closest, highest, smallest"),
    (_about("merge", "overlap_threshold", value=7), "merge.overlap_threshold must be a number from 0 to 1, not 7"),
    (_about("merge", "overlap_threshold", value=float("nan")), "merge.overlap_threshold is nan, not a finite number"),
    (_about("merge", "notes", value="none"), "merge.notes must be a list, not str"),
    (_about("borderness", value=None), "borderness is not an object"),
    (_about("borderness", "scale", value=[1, 0]), "borderness.scale must be two numbers above 0"),
    (_about("borderness", "scale", value=[1, 10**400]), "borderness.scale must be two numbers above 0"),
    (_about("borderness", "pooling", value="min"), "borderness.pooling must be max or own, not 'min'"),
    (_about("seconds", value={"lunch": 1}), "seconds.lunch is no stage"),
    (_about("seconds", value={"merge": -1}), "seconds.merge must be a number from 0"),
    (_about("network", value={"origin": 3}), "network.origin must be a text, not 3"),
    (_about("versions", value=None), "versions is not an object"),
    (_about("name", value=None), "name must be a text, not None"),
]


@pytest.mark.parametrize(("change", "complaint"), ABOUT_FAULTS, ids=[complaint for _, complaint in ABOUT_FAULTS])
def test_a_wrong_field_is_refused_by_name(path: Path, change: Callable[[dict[str, Any]], Any], complaint: str) -> None:
    _with_about(path, change)
    with pytest.raises(InspectionFileError) as caught:
        load_inspection(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert complaint in str(caught.value)


class _Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("a pickle was opened",)


def test_a_pickle_is_never_opened(path: Path) -> None:
    _rewrite(path, lambda arrays: arrays.update({"merge.owners": np.array([_Trap()], object)}))
    with pytest.raises(InspectionFileError, match=r"merge\.owners is damaged, cut short or no plain array"):
        load_inspection(path)
    path.write_bytes(pickle.dumps(_Trap()))
    with pytest.raises(InspectionFileError, match=r"is no \.npz file"):
        load_inspection(path)


def test_a_header_that_asks_for_more_than_there_is_is_not_believed(path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (10**6, 10**6, 3)})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, header.getvalue() + b"\0" * 99 if name == "image.npy" else content)
    with pytest.raises(InspectionFileError, match=r"image is damaged.*its length is not what its shape asks for"):
        load_inspection(path)


@pytest.mark.parametrize(
    ("content", "cause"), [(b"", "no .npz file"), (b"hello", "no .npz file"), (None, "cannot be read")]
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, content: bytes | None, cause: str) -> None:
    path = tmp_path / "x.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InspectionFileError, match=rf"x\.npz: .*{cause}"):
        load_inspection(path)
    with pytest.raises(InspectionFileError, match="cannot be read"):
        load_inspection(tmp_path)


def _outcome(path: Path) -> SavedInspection | str:
    """What is in the file, or why it was refused."""
    try:
        return load_inspection(path)
    except InspectionFileError as error:
        return str(error)


def _is_one_sentence(complaint: str, path: Path) -> bool:
    return complaint.startswith(f"{path}: ") and "\n" not in complaint


def test_a_file_cut_anywhere_is_refused_in_one_sentence(path: Path) -> None:
    content = path.read_bytes()
    for length in np.random.default_rng(0).integers(0, len(content), 80).tolist():
        path.write_bytes(content[:length])
        found = _outcome(path)
        assert isinstance(found, str)
        assert _is_one_sentence(found, path)


def test_whatever_bytes_are_turned_nothing_wrong_comes_in(path: Path, saved: SavedInspection) -> None:
    """Damage is either refused in one sentence or fell on bytes that nothing is read from."""
    content, random = path.read_bytes(), np.random.default_rng(1)
    refused = 0
    for _ in range(150):
        damaged = bytearray(content)
        for place in random.integers(0, len(content), int(random.integers(1, 4))).tolist():
            damaged[place] ^= int(random.integers(1, 256))
        path.write_bytes(damaged)
        found = _outcome(path)
        refused += isinstance(found, str)
        assert _is_one_sentence(found, path) if isinstance(found, str) else differences(found, saved) == []
    assert refused > 100


def test_whatever_numbers_are_changed_it_is_an_inspection_or_one_sentence(path: Path) -> None:
    """Valid archives with any one array replaced by nonsense of the right dtype."""
    arrays, random = _contents(path), np.random.default_rng(2)
    names = [spec.name for spec in ARRAYS]
    for _ in range(80):
        name = str(random.choice(names))
        values = arrays[name]
        noise = np.frombuffer(random.bytes(values.nbytes), values.dtype).reshape(values.shape)
        if values.dtype == np.bool_:
            noise = random.random(values.shape) < 0.5
        chosen = np.where(random.random(values.shape) < 0.2, noise, values)
        np.savez(path, **{**arrays, name: chosen})
        found = _outcome(path)
        if isinstance(found, str):
            assert _is_one_sentence(found, path)
            continue
        found.trace.owners_after(0)
        save_inspection(path.with_name("again.npz"), found)
