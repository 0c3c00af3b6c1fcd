from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lpsnet.config import load_config
from lpsnet_studio.jobs.form import ConfigForm
from lpsnet_studio.jobs.new_folder import fault_of_folder, names_in, proposed_folder
from lpsnet_studio.jobs.panoptic_file import Beside, folders_beside, is_panoptic_json
from lpsnet_studio.jobs.spec import TrainSpec
from lpsnet_studio.jobs.training_form import DEVICES, RUN_DIR, TrainingForm

DAY = datetime.date(2026, 11, 23)


@pytest.fixture
def form(tmp_path: Path) -> TrainingForm:
    return TrainingForm(tmp_path / "runs")


def panoptic(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"images": [], "annotations": [], "categories": [{"id": 1, "name": "a", "isthing": 1}]}))
    return path


# -------------------------------------------------------------------------------------------------------------- folders


def test_a_folder_is_named_after_preset_and_day_and_is_new(tmp_path: Path) -> None:
    first = proposed_folder(tmp_path, "demo", day=DAY)
    assert first == tmp_path / "demo-2026-11-23"
    first.mkdir()
    queued = tmp_path / "demo-2026-11-23-2"
    there = names_in(tmp_path)
    assert there == {"demo-2026-11-23"}
    assert proposed_folder(tmp_path, "demo", there, lambda path: path == queued, DAY) == tmp_path / "demo-2026-11-23-3"
    assert names_in(tmp_path / "nowhere") == frozenset()


@given(st.text(max_size=20))
def test_any_name_makes_one_folder_below_the_root(name: str) -> None:
    folder = proposed_folder(Path("/nowhere/runs"), name, day=DAY)
    assert folder.parent == Path("/nowhere/runs")
    assert folder.name.endswith("-2026-11-23")
    assert not folder.name.startswith((".", "-"))


def test_what_would_be_spoilt_is_told(tmp_path: Path) -> None:
    assert fault_of_folder(" ", for_training=True) == "say where its files go"
    assert fault_of_folder(str(tmp_path / "new"), for_training=True) == ""
    (tmp_path / "file").touch()
    assert fault_of_folder(str(tmp_path / "file"), for_training=True).endswith("is a file, not a folder")
    run = tmp_path / "run"
    (run / "checkpoints").mkdir(parents=True)
    (run / "events.jsonl").touch()
    assert "holds a run already" in fault_of_folder(str(run), for_training=True)
    assert "holds a training" in fault_of_folder(str(run), for_training=False)
    assert "NUL" in fault_of_folder("a\0b", for_training=True)


def test_a_home_of_nobody_stays_as_it_is_typed(form: TrainingForm) -> None:
    form.set_run_dir("~nobody-here/run")
    assert form.spec().run_dir == Path("~nobody-here/run")


def test_folders_are_proposed_where_the_last_one_went_unless_one_is_typed(form: TrainingForm, tmp_path: Path) -> None:
    name = Path(form.run_dir).name
    (tmp_path / "elsewhere" / name).mkdir(parents=True)
    form.move_root(tmp_path / "elsewhere")
    assert form.run_dir == str(tmp_path / "elsewhere" / f"{name}-2")
    form.set_run_dir(str(tmp_path / "mine"))
    form.move_root(tmp_path)
    assert form.run_dir == str(tmp_path / "mine")


# ------------------------------------------------------------------------------------------------------------- the form


def test_it_begins_ready_to_start(form: TrainingForm, tmp_path: Path) -> None:
    assert form.faults == {}
    spec = form.spec()
    assert spec.config == "demo"
    assert spec.overrides == ()
    assert spec.devices == ("auto",)
    assert spec.run_dir.parent == tmp_path / "runs"
    assert spec.run_dir.name.startswith("demo-")


def test_faults_of_every_part_are_told_together(form: TrainingForm) -> None:
    form.set_run_dir("")
    form.set_devices("cpu, cuda:1")
    form.config.set_text("training.batch", "many")
    assert set(form.faults) == {RUN_DIR, DEVICES, "training.batch"}


def test_the_proposed_folder_follows_the_preset_but_a_typed_one_stays(form: TrainingForm, tmp_path: Path) -> None:
    form.config.start_from("coco_r50")
    assert Path(form.run_dir).name.startswith("coco_r50-")
    form.set_run_dir(str(tmp_path / "mine"))
    form.config.start_from("demo")
    assert form.run_dir == str(tmp_path / "mine")


def test_a_folder_that_was_taken_meanwhile_is_proposed_no_more(form: TrainingForm) -> None:
    before = form.run_dir
    form.renew_proposal()
    assert form.run_dir == before
    Path(before).mkdir(parents=True)
    form.renew_proposal()
    assert form.run_dir == f"{before}-2"


def test_a_folder_of_a_waiting_job_is_refused(tmp_path: Path) -> None:
    taken = tmp_path / "waits"
    form = TrainingForm(tmp_path, lambda path: path == taken)
    form.set_run_dir(str(taken))
    assert "another job in the queue" in form.faults[RUN_DIR]


def test_a_run_is_duplicated_with_its_changes_into_a_folder_of_its_own(form: TrainingForm, tmp_path: Path) -> None:
    run = tmp_path / "old" / "street-2025-01-02"
    run.mkdir(parents=True)
    (run / "config.yaml").write_text(load_config("demo", ["training.batch=8"]).to_yaml())
    form.take(TrainSpec(str(run / "config.yaml"), ("training.log_every=7",), run, ("cuda:0", "cuda:1")))
    spec = form.spec()
    assert spec.devices == ("cuda:0", "cuda:1")
    assert spec.overrides == ("training.log_every=7",)
    assert form.config.value("training.batch") == 8
    assert spec.run_dir != run
    assert spec.run_dir.name == f"street-{datetime.date.today().isoformat()}"


def test_a_config_that_cannot_be_read_changes_nothing(form: TrainingForm, tmp_path: Path) -> None:
    before = form.spec()
    with pytest.raises(OSError, match="no such file"):
        form.take(TrainSpec(str(tmp_path / "gone.yaml"), (), tmp_path))
    assert form.spec() == before


# ----------------------------------------------------------------------------------------------------------------- data


def test_files_set_data_and_classes_in_one_step(form: TrainingForm, tmp_path: Path) -> None:
    train, val = panoptic(tmp_path / "train.json"), panoptic(tmp_path / "val.json")
    form.take_annotations(train, val)
    assert form.faults == {}
    config = load_config(form.spec().config, form.spec().overrides)
    assert config.data.train is not None
    assert config.data.train.model_dump() == {
        "kind": "coco_panoptic",
        "annotations": str(train),
        "images": None,
        "pngs": None,
        "limit": None,
    }
    assert config.categories == str(train)
    assert form.data_words == "Learns from train.json, is measured on val.json."
    form.config.undo()
    assert form.spec().overrides == ()


def test_scenes_are_not_measured_on_with_classes_of_files(form: TrainingForm, tmp_path: Path) -> None:
    form.take_annotations(panoptic(tmp_path / "train.json"), None)
    assert form.config.value("data.val.kind") is None
    assert form.data_words == "Learns from train.json, is measured on nothing."


def test_scenes_take_the_place_of_files(tmp_path: Path) -> None:
    form = TrainingForm(tmp_path, source="coco_r50")
    form.draw_scenes()
    assert form.faults == {}
    config = load_config(form.spec().config, form.spec().overrides)
    assert config.categories == "scenes.json"
    assert {config.data.train.kind, config.data.val.kind} == {"scenes"}  # type: ignore[union-attr]
    assert form.data_words == "Learns from 6,000 drawn scenes, is measured on 100 drawn scenes."
    form.config.undo()
    assert form.config.changed_fields == ()


def test_scenes_that_are_there_keep_their_seeds(form: TrainingForm) -> None:
    form.config.set("data.train.count", 12)
    form.draw_scenes()
    assert form.config.value("data.train.count") == 12


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[1, 2]", "does not begin with an object"),
        (b"\x89PNG", "does not begin with an object"),
        (b'{"images": [', "is not JSON to its end"),
        (b'{"images": [], "categories": []}', "it has no annotations"),
        (b'\xef\xbb\xbf {"images": [], "annotations": [], "categories": []}', ""),
        (b'{"images": [' + b"0, " * 40_000, ""),
    ],
)
def test_a_file_is_looked_into_before_it_is_taken(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    assert is_panoptic_json(path).endswith(told)
    assert bool(is_panoptic_json(path)) == bool(told)
    assert "cannot be read" in is_panoptic_json(tmp_path / "gone.json")


def test_several_values_are_all_written_or_none() -> None:
    form = ConfigForm("demo")
    with pytest.raises(KeyError):
        form.set_several({"training.batch": 8, "training.no_such": 1}, "two")
    assert form.changed_fields == ()
    assert form.undo_words == ""
    form.set_several({"training.batch": 8, "training.log_every": 5}, "two fields")
    assert form.undo_words == "two fields"
    form.set_several({"training.batch": 8}, "nothing new")
    form.undo()
    assert form.changed_fields == ()
    form.redo()
    assert form.changed_fields == ("training.batch", "training.log_every")


def test_what_it_learns_from_says_which_folders_go_with_it(tmp_path: Path, coco_mini: Path) -> None:
    form = TrainingForm(tmp_path)
    annotations = coco_mini / "annotations"
    form.take_annotations(annotations / "panoptic_train2017.json", annotations / "panoptic_val2017.json")
    assert form.data_words == (
        "Learns from panoptic_train2017.json with photos in train2017 and PNGs in panoptic_train2017, "
        "is measured on panoptic_val2017.json with photos in val2017 and PNGs in panoptic_val2017."
    )
    assert form.faults == {}
    form.config.set("data.train.images", "/elsewhere/mine")
    assert "photos in mine and PNGs in panoptic_train2017" in form.data_words


def _annotations(folder: Path, names: list[str], **more: Any) -> Path:
    content = {"images": [{"id": 1, "file_name": name} for name in names], "annotations": [], "categories": []}
    (folder / "panoptic_mine.json").write_text(json.dumps({**more, **content}))
    return folder / "panoptic_mine.json"


def test_folders_beside_annotations_are_found_as_a_run_finds_them(tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    file = _annotations(tmp_path / "annotations", ["a.jpg", "b.jpg"])
    assert folders_beside(file) == Beside()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.jpg").touch()
    (tmp_path / "annotations" / "panoptic_mine").mkdir()
    assert folders_beside(file) == Beside(tmp_path / "mine", tmp_path / "annotations" / "panoptic_mine")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"images": [3]}', b'{"images": [{"file_name": "../../a.jpg"}]}', b"\xff"]
)
def test_nothing_is_found_beside_what_is_no_data_set(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "a.json").write_bytes(content)
    assert folders_beside(tmp_path / "a.json").images is None
    assert folders_beside(tmp_path / "gone.json") == Beside()


def test_of_a_large_file_only_the_beginning_is_read(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.jpg").touch()
    file = _annotations(tmp_path, ["a.jpg"] * 5000)
    file.write_bytes(file.read_bytes()[:100_000])
    assert folders_beside(file).images == tmp_path / "images"


def test_annotations_of_instances_are_told_from_panoptic_ones(tmp_path: Path) -> None:
    content = {"images": [], "annotations": [{"id": 1, "segmentation": []}], "categories": []}
    (tmp_path / "instances.json").write_text(json.dumps(content))
    assert "look like instance annotations" in is_panoptic_json(tmp_path / "instances.json")
