"""What is said of a run before it is started, against runs that would go wrong in known ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from lpsnet.categories import Categories
from lpsnet.checkpoint import save_checkpoint
from lpsnet.config import Config, load_config
from lpsnet.engine.optimizers import build_optimizer
from lpsnet.engine.preflight import Preflight, check_evaluation, check_prediction, check_training, room
from lpsnet.engine.preflight import pictures as pictures_check
from lpsnet.engine.preflight import results as results_check
from lpsnet.engine.preflight import training as training_check
from lpsnet.engine.preflight.findings import Finding
from lpsnet.engine.preflight.memory import MemoryEstimate, estimate_training, largest_input, taught_input
from lpsnet.engine.preflight.memory_trace import MemoryTrace, held_bytes
from lpsnet.engine.preflight.room import training_bytes_on_disk, what_fits
from lpsnet.model.lpsnet import build_lpsnet
from tests.core.engine.tiny_training import CATEGORIES, tiny_config, write_config, write_data_set


@pytest.fixture(autouse=True)
def _program_of_known_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is measured of a process would be that of all tests here."""
    for module in (training_check, results_check):
        monkeypatch.setattr(module, "program_bytes", lambda: 900_000_000)


@pytest.fixture(autouse=True)
def _equal_settings_are_traced_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tracing a network takes seconds, and most looks here are at the same one, in another folder."""
    monkeypatch.setattr(training_check, "estimate_training", estimate_once)


def estimate_once(config: Config, classes: int, **how: Any) -> MemoryEstimate:
    """What :func:`estimate_training` returns, which depends on no path."""
    placeless = config.model_dump(
        mode="json",
        exclude={
            "categories": True,
            "data": {"train", "val"},
            "model": {"backbone": {"weights"}},
            "training": {"start_from"},
        },
    )
    key = json.dumps([placeless, classes, how], sort_keys=True)
    if key not in _TRACED:
        _TRACED[key] = estimate_training(config, classes, **how)
    return _TRACED[key]


_TRACED: dict[str, MemoryEstimate] = {}


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """The config of a tiny network, with its data beside it."""
    data = write_data_set(tmp_path / "data", odd=())
    return write_config(tmp_path / "tiny.yaml", data)


def look(config: Path | str, run_dir: Path, *overrides: str, processes: int = 1, device: str = "cpu") -> Preflight:
    return check_training(str(config), overrides, run_dir, device=device, processes=processes)


def about(found: Preflight, name: str, level: str = "error") -> Finding:
    named = [finding for finding in found.findings if finding.about == name and finding.level == level]
    assert named, found.findings
    return named[0]


def files_in(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


# ------------------------------------------------------------------------------------------------------------ trainings


def test_a_sound_training_is_fine_and_leaves_no_trace(tiny: Path, tmp_path: Path) -> None:
    before = files_in(tmp_path)
    found = look(tiny, tmp_path / "runs" / "one", "data.val=null")
    assert found.exit_status == 0
    assert [finding.about for finding in found.of("warning")] == ["data.val"]
    assert files_in(tmp_path) == before
    told = found.to_json()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert set(told["findings"][0]) == {"level", "about", "sentence", "remedy", "remedy_kind", "remedy_values"}
    assert set(told["estimates"]) == {"memory_bytes", "memory_free_bytes", "disk_bytes", "disk_free_bytes"}
    assert all(value > 0 for value in told["estimates"].values())


def test_a_wrong_field_of_the_config_is_named(tiny: Path, tmp_path: Path) -> None:
    assert "training.bach" in about(look(tiny, tmp_path / "run", "training.bach=3"), "config").sentence


def test_remarks_of_the_config_are_passed_on(tiny: Path, tmp_path: Path) -> None:
    found = look(tiny, tmp_path / "run", "targets.level_assignment=range")
    assert "level_assignment range" in about(found, "config", "warning").sentence


def test_the_length_that_the_batch_makes_is_told(tiny: Path, tmp_path: Path) -> None:
    config = load_config(tiny)
    batch = config.training.batch
    found = look(tiny, tmp_path / "run", f"training.schedule.batch={2 * batch}", "training.schedule.iterations=30")
    told = about(found, "training.schedule.iterations", "fine").sentence
    assert told.startswith("60 iterations of ")
    assert told.endswith(f"learning rate 0.5 ×: the 30 that are asked for are of {2 * batch}")
    assert not [
        each for each in found.findings if each.about == "training.schedule.iterations" and each.level != "fine"
    ]


@pytest.mark.parametrize(
    ("override", "field", "word"),
    [
        ("categories=nowhere.json", "categories", "no such file"),
        ("data.train=null", "data.train", "no data"),
        ("data.train.annotations=/nowhere/p.json", "data.train.annotations", "no such file"),
        ("data.train.annotations=$NOT_SET_HERE/p.json", "data.train.annotations", "NOT_SET_HERE"),
        ("categories=coco_panoptic.json", "data.train", "lack"),
        ("training.start_from=/nowhere/net.safetensors", "training.start_from", "no such file"),
        ("training.precision=fp16", "training.precision", "CUDA"),
        ("training.accumulate=3", "training.batch", "cannot be shared"),
    ],
)
def test_what_would_end_a_training_is_an_error(
    tiny: Path, tmp_path: Path, override: str, field: str, word: str
) -> None:
    found = about(look(tiny, tmp_path / "run", override), field)
    assert word in found.sentence
    assert found.remedy


def test_a_missing_photo_is_named(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "data" / "photos" / "02.png").unlink()
    assert "02.png" in about(look(tiny, tmp_path / "run"), "data.train").sentence


def test_pictures_learnt_and_measured_on_are_counted(tiny: Path, tmp_path: Path) -> None:
    assert about(look(tiny, tmp_path / "run"), "data.val", "warning").sentence.startswith("3 of 3 pictures")


@pytest.mark.parametrize(("first_seed", "count"), [(9, 1), (10, 0)])
def test_scenes_overlap_by_their_seeds(tmp_path: Path, first_seed: int, count: int) -> None:
    train, val = (f"data.{part}={{kind: scenes, height: 64, width: 64" for part in ("train", "val"))
    found = look(
        "demo", tmp_path / "run", f"{train}, first_seed: 0, count: 10}}", f"{val}, first_seed: {first_seed}, count: 5}}"
    )
    warned = [finding.sentence for finding in found.of("warning") if finding.about == "data.val"]
    assert len(warned) == count
    assert all(sentence.startswith("1 of 5 pictures") for sentence in warned)


def test_a_large_set_is_looked_at_in_part(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures_check, "_WHOLE_JSON_BYTES", 0)
    monkeypatch.setattr(pictures_check, "_HEAD", 2)
    assert "first 2 annotated" in about(look(tiny, tmp_path / "run"), "data.train", "fine").sentence
    (tmp_path / "data" / "truth" / "01.png").unlink()
    assert "01.png" in about(look(tiny, tmp_path / "run"), "data.train").sentence
    assert "lack" in about(look(tiny, tmp_path / "run", "categories=coco_panoptic.json"), "data.train").sentence


def test_a_run_that_is_there_is_not_begun_anew(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "events.jsonl").touch()
    assert "--resume" in about(look(tiny, tmp_path / "run"), str(tmp_path / "run")).remedy


def test_a_folder_below_a_file_is_no_run_directory(tiny: Path, tmp_path: Path) -> None:
    assert "no folder" in about(look(tiny, tiny / "run"), str(tiny / "run")).sentence


def test_a_run_goes_on_with_its_own_config_alone(tiny: Path, tmp_path: Path) -> None:
    found = check_training(None, (), tmp_path / "none", resume=True, device="cpu")
    assert "no run to resume" in about(found, "config").sentence
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.yaml").write_text(load_config(tiny).to_yaml())
    found = check_training(None, (), tmp_path / "run", resume=True, device="cpu")
    assert found.exit_status == 0
    assert "begins anew" in about(found, str(tmp_path / "run"), "warning").sentence


def test_a_device_that_is_not_there_is_said_with_the_reason(tiny: Path, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    assert "no CUDA device" in about(look(tiny, tmp_path / "run", device="cuda"), "device").sentence


# -------------------------------------------------------------------------------------------------------------- weights


def test_weights_that_do_not_fit_are_an_error(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    safetensors.torch.save_file({"conv1.weight": torch.zeros(2)}, path)
    changes = ("model.backbone.width=1", f"model.backbone.weights={path}")
    assert "do not fit" in about(look(tiny, tmp_path / "run", *changes), "model.backbone.weights").sentence


def test_weights_are_looked_for_in_the_cache_and_never_fetched(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    changes = ("model.backbone.width=1", "model.backbone.weights=IMAGENET1K_V1")
    assert "45 MB" in about(look(tiny, tmp_path / "run", *changes), "model.backbone.weights", "warning").sentence
    assert not (tmp_path / "cache").exists()
    kept = tmp_path / "cache" / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    kept.parent.mkdir(parents=True)
    kept.touch()
    assert str(kept) in about(look(tiny, tmp_path / "run", *changes), "model.backbone.weights", "fine").sentence


# --------------------------------------------------------------------------------------------------------------- memory


def test_a_trace_holds_what_is_held() -> None:
    trace = MemoryTrace()
    with trace:
        first = torch.empty(100, device="meta")
        second = first + 1
        view = second.view(10, 10)
        assert trace.bytes == 800
        del first
        assert trace.bytes == 400
        del second
        assert trace.bytes == 400
        del view
        assert trace.bytes == 0
        torch.empty(50, device="meta")
    assert trace.peak == 800


def test_a_trace_holds_what_the_gradient_needs() -> None:
    weight = torch.empty(10, 10, device="meta", requires_grad=True)
    trace = MemoryTrace()
    with trace:
        result = (weight.exp() + 1).sum()
        assert trace.bytes == 404  # exp keeps its result for the backward pass
        result.backward()
        del result
    assert trace.bytes == 400  # the gradient
    weight.grad = None
    assert trace.bytes == 0
    assert trace.peak > 400


def _estimate(config: Config, **how: int) -> dict[str, int]:
    found = estimate_once(config, 4, taught=[(64, 80)], **how)
    return {name: getattr(found, name) for name in (*found.__slots__, "peak")}


def test_moments_and_gradients_are_those_of_the_optimiser(tmp_path: Path) -> None:
    for optimizer in ("{name: adamw}", "{name: sgd, momentum: 0.9}", "{name: sgd, momentum: 0}"):
        config = tiny_config(tmp_path, overrides=(f"training.optimizer={optimizer}",))
        model = build_lpsnet(config.model, 4)
        steps = build_optimizer(model, config.training.optimizer)
        gradients = [parameter for parameter in model.parameters() if parameter.requires_grad]
        for parameter in gradients:
            parameter.grad = torch.zeros_like(parameter)
        steps.step()
        states = [kept for state in steps.state.values() for name, kept in state.items() if name != "step"]
        moments = [kept for kept in states if isinstance(kept, torch.Tensor)]
        assert _estimate(config)["learning"] == held_bytes(gradients) + held_bytes(moments)
        assert _estimate(config)["network"] == held_bytes(model.state_dict().values())


LARGE = ("input={short_side: 256, long_side_cap: 512}",)
"""Pictures large enough for what is held of them to be more than the network."""


def test_parts_need_less_and_more_pictures_need_more(tmp_path: Path) -> None:
    whole, parts, double = (
        _estimate(tiny_config(tmp_path, overrides=(f"training.batch={batch}", f"training.accumulate={count}", *LARGE)))
        for batch, count in ((4, 1), (4, 4), (8, 1))
    )
    assert parts["activations"] < 0.5 * whole["activations"]
    assert double["activations"] == pytest.approx(2 * whole["activations"], rel=0.1)
    assert double["network"] == whole["network"]


def test_processes_share_the_activations_and_not_the_network(tmp_path: Path) -> None:
    config = tiny_config(tmp_path, overrides=LARGE)
    alone, two = _estimate(config, program=1000), _estimate(config, program=1000, processes=2)
    assert two["network"] == 2 * alone["network"]
    assert two["program"] == 2000
    assert two["activations"] == pytest.approx(alone["activations"], rel=0.2)


def test_a_batch_of_upright_and_flat_pictures_is_padded_to_both(tmp_path: Path) -> None:
    config = load_config("coco_r50")
    assert taught_input(config, [(480, 640), (640, 480)]) == (1067, 1067)
    assert largest_input(config, [(480, 640), (400, 1000)]) == (800, 1067)
    cut = load_config("demo", ("data.augmentation={scale: [0.5, 2], crop: [300, 4000]}",))
    assert taught_input(cut, [(384, 512)]) == (300, 1536)
    long = load_config("demo", ("data.augmentation={long_side: [400, 500]}",))
    assert taught_input(long, [(400, 1000)]) == (200, 500)


def test_the_paper_s_training_does_not_fit_a_small_machine() -> None:
    estimate = estimate_training(load_config("coco_r50"), 133, taught=[(480, 640), (640, 480)])
    assert 25e9 < estimate.peak < 60e9


def by_the_pixel(config: Config, _classes: int, **_how: Any) -> MemoryEstimate:
    """A network of which only what a part's pictures hold counts: 1 kB for each pixel of a square."""
    share = config.training.batch // config.training.accumulate
    return MemoryEstimate(0, 0, 0, 1000 * share * config.input.short_side**2, 0, 0, 0)


@pytest.mark.parametrize(
    ("pictures", "side", "told"),
    [
        (4, 256, "set training.accumulate=2: about 131 MB"),
        (2, 256, "set training.accumulate=2: about 131 MB"),
        (1, 256, "set training.accumulate=4: about 66 MB"),
        (1, 255, "set training.accumulate=4 and input.short_side=192: about 37 MB"),
        (1, 160, "set training.accumulate=4 and input.short_side=160: about 26 MB"),
        (1, 64, "set training.accumulate=4 and input.short_side=64: about 4.1 MB"),
        (1, 63, "choose a smaller network, smaller pictures, or a machine with more memory"),
    ],
)
def test_what_fits_is_sought_in_parts_first_and_in_smaller_pictures_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pictures: int, side: int, told: str
) -> None:
    monkeypatch.setattr(room, "estimate_training", by_the_pixel)
    config = tiny_config(tmp_path, overrides=LARGE)
    how: dict[str, Any] = {"taught": [(64, 80)], "measured": (), "processes": 1, "device": "cpu", "program": 0}
    assert what_fits(config, 4, 1000 * pictures * side**2, **how) == told


@pytest.mark.slow
def test_what_fits_is_what_the_trace_of_those_settings_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "estimate_training", estimate_once)
    config = tiny_config(tmp_path, overrides=LARGE)
    how: dict[str, Any] = {"taught": [(64, 80)], "measured": (), "processes": 1, "device": "cpu", "program": 0}
    by_parts, by_side = (
        _estimate(tiny_config(tmp_path, overrides=(*LARGE, *changes)))["peak"]
        for changes in (("training.accumulate=2",), ("training.accumulate=4", "input.short_side=160"))
    )
    assert what_fits(config, 4, by_parts, **how).startswith("set training.accumulate=2:")
    assert what_fits(config, 4, by_side, **how).startswith("set training.accumulate=4 and input.short_side=")
    assert "smaller network" in what_fits(tiny_config(tmp_path), 4, 10**6, **how)


def test_checkpoints_take_the_room_that_is_foretold(tmp_path: Path) -> None:
    config = tiny_config(tmp_path)
    model = build_lpsnet(config.model, 4)
    path = tmp_path / "net.safetensors"
    save_checkpoint(path, model, config, Categories.from_json(CATEGORIES, "here"))
    estimate = estimate_once(config, 4, taught=[(64, 80)])
    without = training_bytes_on_disk(config, estimate, [], 1)
    assert path.stat().st_size == pytest.approx(estimate.network, rel=0.1)
    assert without > path.stat().st_size + estimate.network + estimate.learning
    assert training_bytes_on_disk(config, estimate, [(64, 80)], 1) > without + estimate.network


# -------------------------------------------------------------------------------------------- evaluations, predictions


@pytest.fixture
def checkpoint(tmp_path: Path, tiny: Path) -> Path:
    config = load_config(tiny)
    path = tmp_path / "net.safetensors"
    save_checkpoint(path, build_lpsnet(config.model, 4), config, Categories.from_json(CATEGORIES, "here"))
    return path


def test_a_sound_evaluation_is_fine(tmp_path: Path, checkpoint: Path) -> None:
    before = files_in(tmp_path)
    found = check_evaluation(checkpoint=checkpoint, out=tmp_path / "out", device="cpu")
    assert [finding.level for finding in found.findings if finding.level != "fine"] == []
    assert None not in found.to_json()["estimates"].values()
    assert files_in(tmp_path) == before


def test_an_evaluation_needs_the_data_s_classes_and_a_free_folder(tmp_path: Path, checkpoint: Path) -> None:
    found = check_evaluation(checkpoint=checkpoint, data="scenes:1+2", device="cpu")
    assert "classes of their own" in about(found, "data.val").sentence
    found = check_evaluation(
        checkpoint=checkpoint, data=str(tmp_path / "data" / "panoptic.json"), out=tmp_path / "data"
    )
    assert "would replace" in about(found, str(tmp_path / "data")).sentence
    checkpoint.write_bytes(b"not a network")
    assert about(check_evaluation(checkpoint=checkpoint, device="cpu"), str(checkpoint))


def test_an_evaluation_counts_its_first_pictures_alone(tmp_path: Path, checkpoint: Path) -> None:
    own = check_evaluation(checkpoint=checkpoint, out=tmp_path / "out", device="cpu")
    two = check_evaluation(checkpoint=checkpoint, limit=2, out=tmp_path / "out", device="cpu")
    more = check_evaluation(checkpoint=checkpoint, limit=5, out=tmp_path / "out", device="cpu")
    assert own.estimates.disk_bytes == more.estimates.disk_bytes, "the config's own limit is 3"
    assert two.estimates.disk_bytes is not None
    assert own.estimates.disk_bytes == pytest.approx(1.5 * two.estimates.disk_bytes, rel=0.01)
    found = check_evaluation(config="demo", data="scenes:1+9@64x64", limit=4, out=tmp_path / "out", device="cpu")
    whole = check_evaluation(config="demo", data="scenes:1+9@64x64", out=tmp_path / "out", device="cpu")
    part, all_of_it = found.estimates.disk_bytes, whole.estimates.disk_bytes
    assert part is not None
    assert all_of_it is not None
    assert part / all_of_it == pytest.approx(4 / 9, rel=0.01)


def test_both_oracles_stand_for_the_network(tmp_path: Path, tiny: Path) -> None:
    both = {"oracle": "semantic,boxes", "data": str(tmp_path / "data" / "panoptic.json"), "device": "cpu"}
    images = {"images_dir": tmp_path / "data" / "photos", "pngs_dir": tmp_path / "data" / "truth"}
    found = check_evaluation(**both, **images)
    assert "no network is needed" in about(found, "checkpoint", "fine").sentence
    assert found.of("error") == found.of("warning") == []
    assert found.estimates.memory_bytes is None
    assert about(check_evaluation(**{**both, "oracle": "boxes"}, **images), "checkpoint").remedy
    assert "which config" in about(check_evaluation(**both, **images, overrides=["a=1"]), "checkpoint").sentence
    found = check_evaluation(**both, **images, config=str(tiny))
    assert found.of("warning") == [], "the untrained network does not run"


def test_oracles_that_cannot_be_had_are_told(tmp_path: Path, checkpoint: Path) -> None:
    found = check_evaluation(checkpoint=checkpoint, oracle="boxes,depth", stuff_limit=-1, device="cpu")
    assert "not 'depth'" in about(found, "oracle").sentence
    assert about(found, "stuff_limit").sentence
    photos, truth = tmp_path / "data" / "photos", tmp_path / "data" / "panoptic.json"
    found = check_prediction([photos], tmp_path / "out", checkpoint=checkpoint, oracle="boxes", device="cpu")
    assert about(found, "inputs").sentence.endswith("00.png has no ground truth to take from, nor have 5 more")
    where = {"images_dir": photos, "pngs_dir": tmp_path / "data" / "truth"}
    found = check_prediction([truth], tmp_path / "out", oracle="semantic,boxes", device="cpu", **where)
    assert found.exit_status == 0, found.findings
    assert found.estimates.disk_bytes is not None


def test_a_prediction_is_told_of_what_it_cannot_read_and_would_replace(tmp_path: Path, checkpoint: Path) -> None:
    photos, out = tmp_path / "data" / "photos", tmp_path / "out"
    found = check_prediction([photos], out, checkpoint=checkpoint, device="cpu")
    assert found.exit_status == 0
    assert about(found, "inputs", "fine").sentence == "6 pictures"
    assert not out.exists()
    out.mkdir()
    (out / "panoptic.json").touch()
    found = check_prediction([photos, tmp_path / "nowhere.png"], out, checkpoint=checkpoint, device="cpu")
    assert "nowhere.png" in about(found, "inputs").sentence
    assert "will be replaced" in about(found, str(out), "warning").sentence
    assert about(check_prediction([photos], out, device="cpu"), "checkpoint").remedy
