from __future__ import annotations

import dataclasses
import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lpsnet.config import load_config
from lpsnet.engine.evaluation_setup import parse_data
from lpsnet_studio.jobs.batch_fields import BatchKind
from lpsnet_studio.jobs.batch_form import BatchForm
from lpsnet_studio.jobs.spec import EvaluateSpec, PredictSpec

TODAY = datetime.date.today().isoformat()


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A run directory with a network, of which only the name matters here."""
    run = tmp_path / "street"
    (run / "checkpoints").mkdir(parents=True)
    (run / "checkpoints" / "best.safetensors").touch()
    (run / "config.yaml").write_text(load_config("demo").to_yaml())
    return run


@pytest.fixture
def evaluation(tmp_path: Path, network: Path) -> BatchForm:
    form = BatchForm("evaluate", tmp_path / "results")
    form.set("checkpoint", str(network))
    return form


@pytest.fixture
def prediction(tmp_path: Path, network: Path) -> BatchForm:
    form = BatchForm("predict", tmp_path / "results")
    form.set("checkpoint", str(network))
    (tmp_path / "photo.png").touch()
    form.set("inputs", str(tmp_path / "photo.png"))
    return form


def shown(form: BatchForm) -> set[str]:
    return {field.name for field in form.fields}


def test_nothing_can_be_started_without_a_network(tmp_path: Path) -> None:
    form = BatchForm("evaluate", tmp_path)
    assert "choose a trained network" in form.faults["checkpoint"]
    form.set("config", "demo")
    assert form.faults == {}


def test_an_evaluation_begins_with_what_the_config_measures_on(evaluation: BatchForm, network: Path) -> None:
    assert evaluation.faults == {}
    out = evaluation.spec().out
    assert evaluation.spec() == EvaluateSpec(network, None, out)
    assert out.name == f"street-evaluation-{TODAY}"


def test_fields_are_there_only_where_they_mean_something(evaluation: BatchForm, tmp_path: Path) -> None:
    assert not {"annotations", "count"} & shown(evaluation)
    evaluation.set("data", "scenes")
    assert {"first_seed", "count", "size"} <= shown(evaluation)
    assert not {"images", "pngs", "annotations"} & shown(evaluation)
    evaluation.set("images", str(tmp_path / "gone"))
    assert evaluation.faults == {}
    assert isinstance(evaluation.spec(), EvaluateSpec)
    assert evaluation.spec().images is None
    evaluation.set("data", "files")
    assert set(evaluation.faults) == {"annotations", "images"}


def test_folders_of_the_config_s_own_data_are_not_asked_for(evaluation: BatchForm, tmp_path: Path) -> None:
    evaluation.set("data", "files")
    assert evaluation.off("images") == evaluation.off("pngs") == ""
    evaluation.set("images", str(tmp_path))
    evaluation.set("data", "config")
    assert "The config names its own folders" in evaluation.off("images")
    assert "The config names its own folders" in evaluation.off("pngs")
    assert isinstance(evaluation.spec(), EvaluateSpec)
    assert evaluation.spec().images is None
    evaluation.set("data", "files")
    assert evaluation.value("images") == str(tmp_path), "what was typed is there again"


def test_a_job_that_names_other_folders_for_the_config_s_data_keeps_them(evaluation: BatchForm, tmp_path: Path) -> None:
    job = EvaluateSpec(tmp_path, None, tmp_path / "out", images=tmp_path)
    evaluation.take(job)
    assert evaluation.off("images") == ""
    assert evaluation.spec().images == tmp_path
    assert evaluation.off("pngs") != ""


@pytest.mark.parametrize("kind", ["evaluate", "predict"])
def test_the_folders_that_belong_to_annotations_are_proposed(kind: BatchKind, tmp_path: Path, coco_mini: Path) -> None:
    form, file = BatchForm(kind, tmp_path), coco_mini / "annotations" / "panoptic_val2017.json"
    assert form.example("images") == "searched beside the JSON file"
    if kind == "evaluate":
        form.set("data", "files")
    form.set("annotations" if kind == "evaluate" else "inputs", str(file))
    assert Path(form.example("images")).samefile(coco_mini / "val2017")
    assert Path(form.example("pngs")).samefile(coco_mini / "annotations" / "panoptic_val2017")
    assert form.spec().images is None, "what is found is not fixed: another file has other folders"


def test_photos_are_asked_for_with_one_data_set_only(prediction: BatchForm, tmp_path: Path) -> None:
    assert "images" not in shown(prediction)
    path = tmp_path / "panoptic.json"
    path.write_text("{}")
    prediction.set("inputs", str(path))
    assert "images" in shown(prediction)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("checkpoint", "/no/such/network", "there is no such file or folder"),
        ("config", "coco_r5", "there is no preset"),
        ("overrides", "training.batch", "reads field=value"),
        ("overrides", "training.bach=3", "training.bach"),
        ("overrides", "input.short_side=800\ntraining.batch=0", "training.batch"),
        ("overrides", "a=[", "not YAML"),
        ("limit", "0", "from 1 on"),
        ("limit", "ten", "not ten"),
        ("stuff_limit", "-1", "from 0 on"),
        ("out", "", "say where"),
        ("device", "gpu", "not gpu"),
        ("device", "cuda:0, cuda:1", "one device"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(evaluation: BatchForm, name: str, value: str, told: str) -> None:
    evaluation.set(name, value)
    assert list(evaluation.faults) == [name]
    assert told in evaluation.faults[name]
    assert "\n" not in evaluation.faults[name]


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"first_seed": ""}, "first_seed"),
        ({"count": "0"}, "count"),
        ({"size": "384"}, "size"),
        ({"size": "8x512"}, "size"),
        ({"size": " 64 × 128 "}, ""),
    ],
)
def test_scenes_are_checked(evaluation: BatchForm, values: dict[str, str], wrong: str) -> None:
    evaluation.set("data", "scenes")
    for name, value in values.items():
        evaluation.set(name, value)
    assert list(evaluation.faults) == ([wrong] if wrong else [])


@given(
    seed=st.integers(0, 10**9),
    count=st.integers(1, 10**6),
    size=st.none() | st.tuples(st.integers(64, 4096), st.integers(64, 4096)),
)
def test_scenes_without_a_fault_are_what_the_program_reads(seed: int, count: int, size: tuple[int, int] | None) -> None:
    form = BatchForm("evaluate", Path("/nowhere"))
    form.set("config", "demo")
    form.set("data", "scenes")
    form.set("first_seed", str(seed))
    form.set("count", str(count))
    form.set("size", "" if size is None else f"{size[0]}x{size[1]}")
    assert form.faults == {}
    spec = form.spec()
    assert isinstance(spec, EvaluateSpec)
    scenes = parse_data(spec.data or "").model_dump()
    expected = size or (384, 512)
    assert (scenes["first_seed"], scenes["count"], (scenes["height"], scenes["width"])) == (seed, count, expected)


def test_both_oracles_stand_for_a_network_but_not_for_data(tmp_path: Path) -> None:
    form = BatchForm("evaluate", tmp_path)
    form.set("oracle_semantic", True)
    assert "checkpoint" in form.faults
    form.set("oracle_boxes", True)
    assert set(form.faults) == {"data"}
    form.set("data", "scenes")
    assert form.faults == {}
    assert form.spec().oracle == "semantic,boxes"
    form.set("overrides", "input.short_side=64")
    assert "checkpoint" in form.faults


def test_a_prediction_needs_pictures_that_are_there(prediction: BatchForm, tmp_path: Path) -> None:
    assert prediction.faults == {}
    prediction.set("inputs", "")
    assert "name a picture" in prediction.faults["inputs"]
    prediction.set("inputs", f"{tmp_path}\n{tmp_path / 'a.png'}\n{tmp_path / 'b.png'}")
    assert prediction.faults["inputs"] == f"{tmp_path / 'a.png'} is not there, nor 1 more"
    prediction.set("inputs", str(tmp_path))
    prediction.set("oracle_boxes", True)
    assert "ground truth" in prediction.faults["inputs"]


def test_a_checkpoint_brings_its_own_config(prediction: BatchForm) -> None:
    prediction.set("config", "demo")
    assert "brings its own config" in prediction.faults["checkpoint"]


def test_a_run_without_a_network_yet_is_told(evaluation: BatchForm, tmp_path: Path) -> None:
    evaluation.set("checkpoint", str(tmp_path))
    assert evaluation.faults["checkpoint"] == f"{tmp_path} holds no trained network yet"


def test_results_do_not_go_into_a_training(evaluation: BatchForm, network: Path) -> None:
    evaluation.set("out", str(network))
    assert "holds a training" in evaluation.faults["out"]


def test_the_folder_follows_the_network_until_it_is_typed(evaluation: BatchForm, tmp_path: Path) -> None:
    evaluation.set("checkpoint", str(tmp_path / "other" / "checkpoints" / "latest.safetensors"))
    assert evaluation.spec().out.name == f"other-evaluation-{TODAY}"
    evaluation.set("out", str(tmp_path / "mine"))
    evaluation.set("checkpoint", "")
    assert evaluation.spec().out == tmp_path / "mine"


def test_folders_are_proposed_where_the_last_one_went(evaluation: BatchForm, tmp_path: Path) -> None:
    evaluation.move_root(tmp_path / "elsewhere")
    assert evaluation.spec().out == tmp_path / "elsewhere" / f"street-evaluation-{TODAY}"
    (tmp_path / "elsewhere" / evaluation.spec().out.name).mkdir(parents=True)
    evaluation.renew_proposal()
    assert evaluation.spec().out.name == f"street-evaluation-{TODAY}-2"


def test_the_disk_is_left_to_whoever_can_wait_for_it(network: Path, tmp_path: Path) -> None:
    asked: list[tuple[Any, Any]] = []
    form = BatchForm("evaluate", tmp_path / "results", ask=lambda work, done: asked.append((work, done)))
    form.set("checkpoint", str(tmp_path / "gone"))
    form.set("overrides", "training.bach=3")
    form.set("limit", "x")
    assert set(form.faults) == {"limit"}, "the disk has not answered"
    told: list[None] = []
    form.changed.connect(lambda: told.append(None))
    work, done = asked[1]
    done(work())
    assert (set(form.faults), told) == ({"limit"}, []), "that was asked before the last edit"
    work, done = asked[-1]
    done(work())
    assert set(form.faults) == {"checkpoint", "overrides", "limit"}
    assert len(told) == 1
    form.set("checkpoint", str(network))
    assert set(form.faults) == {"limit"}, "what was said of another text says nothing of this one"


PATHS = st.sampled_from([None, Path("/a/b.safetensors"), Path("/c d/run")])
OVERRIDES = st.lists(st.sampled_from(["a=1", "b.c=[1, 2]"]), max_size=2).map(tuple)
ORACLES = st.sampled_from(["", "semantic", "boxes", "semantic,boxes"])
SHARED = {
    "config": st.sampled_from([None, "demo"]),
    "overrides": OVERRIDES,
    "oracle": ORACLES,
    "device": st.sampled_from(["auto", "cpu", "cuda:3"]),
    "stuff_limit": st.none() | st.integers(0, 99),
}


@given(
    st.builds(
        EvaluateSpec,
        PATHS,
        st.sampled_from([None, "/x/panoptic.json", "scenes:5+6", "scenes:5+6@64x128"]),
        st.just(Path("/out")),
        limit=st.none() | st.integers(1, 99),
        **SHARED,
    )
    | st.builds(
        PredictSpec,
        st.lists(st.sampled_from([Path("/p/a.png"), Path("/p/b c")]), min_size=1).map(tuple),
        st.just(Path("/out")),
        PATHS,
        overlay=st.booleans(),
        inspections=st.booleans(),
        **SHARED,
    )
)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_job_is_taken_over_whole_but_for_its_folder(spec: EvaluateSpec | PredictSpec) -> None:
    form = BatchForm(spec.kind, Path("/nowhere"))  # type: ignore[arg-type]
    form.take(spec)
    assert dataclasses.replace(form.spec(), out=spec.out) == spec
    assert form.spec().out.parent == Path("/nowhere")


def test_a_job_of_another_kind_is_refused(evaluation: BatchForm) -> None:
    with pytest.raises(ValueError, match="does not take one of kind predict"):
        evaluation.take(PredictSpec((Path("a"),), Path("out")))


def test_annotations_are_looked_into(evaluation: BatchForm, tmp_path: Path) -> None:
    path = tmp_path / "panoptic.json"
    path.write_text(json.dumps({"images": [], "annotations": [], "categories": []}))
    evaluation.set("data", "files")
    evaluation.set("annotations", str(path))
    assert evaluation.faults == {}
    path.write_text("[]")
    evaluation.set("limit", "3")
    assert "does not begin with an object" in evaluation.faults["annotations"]
