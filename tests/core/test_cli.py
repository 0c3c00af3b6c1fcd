"""The command line, driven as a user drives it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from lpsnet import cli
from lpsnet.analysis.inspection_file import load_inspection
from lpsnet.engine import predict
from lpsnet.formats.coco_panoptic import CocoPanopticWriter, read_coco_panoptic
from lpsnet.scenes import draw_scene, scene_categories

SMALL = ["--config", "demo", "--set", "input.short_side=64", "--set", "model.backbone.width=0.25"]


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.app, [str(word) for word in words])


def save_picture(path: Path, size: tuple[int, int] = (48, 64), seed: int = 0) -> Path:
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def scene_dataset(tmp_path: Path) -> Path:
    """Two drawn scenes as a COCO panoptic data set."""
    photos = tmp_path / "set" / "images"
    photos.mkdir(parents=True)
    with CocoPanopticWriter(tmp_path / "set" / "panoptic.json", None, scene_categories()) as writer:
        for seed in (1, 2):
            scene = draw_scene(seed, height=96, width=128)
            Image.fromarray(scene.image).save(photos / f"scene{seed}.png")
            writer.add(seed + 10, f"scene{seed}.png", scene.segmentation)
    return tmp_path / "set" / "panoptic.json"


def test_an_untrained_network_says_so_loudly_and_writes_valid_coco(tmp_path: Path) -> None:
    picture = save_picture(tmp_path / "photo.png")
    done = run("predict", picture, *SMALL, "--out", tmp_path / "out", "--overlay")
    assert done.exit_code == 0, done.output
    assert "UNTRAINED" in done.output
    written = read_coco_panoptic(tmp_path / "out" / "panoptic.json")
    segmentation = written.read_segmentation(written.records[0])
    assert segmentation.ids.shape == (48, 64)
    assert Image.open(tmp_path / "out" / "overlays" / "photo.png").size == (64, 48)


def test_all_that_was_found_is_kept_on_request(scene_dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["--oracle", "semantic,boxes", "--stuff-limit", 0, "--out", out]
    done = run("predict", scene_dataset, *words, "--inspections")
    assert done.exit_code == 0, done.output
    written = read_coco_panoptic(out / "panoptic.json")
    for record in written.records:
        assert record.png_path is not None
        saved = load_inspection(out / "inspections" / f"{record.png_path.stem}.npz")
        assert saved.name == record.file_name
        assert saved.quality is not None
        np.testing.assert_array_equal(saved.trace.owners > 0, written.read_segmentation(record).ids > 0)
    untrained = run("predict", scene_dataset.parent / "images" / "scene1.png", *SMALL, "--out", out, "--inspections")
    assert untrained.exit_code == 0, untrained.output
    assert names_in(out / "inspections") == ["scene1.json", "scene1.npz"]
    saved = load_inspection(out / "inspections" / "scene1.npz")
    assert saved.network["weights"] == "random"
    assert saved.quality is None


def test_one_bad_file_never_stops_the_batch(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    save_picture(folder / "a.png")
    (folder / "b.png").write_bytes(b"")
    save_picture(folder / "c.jpg")
    whole = (folder / "c.jpg").read_bytes()
    (folder / "d.jpg").write_bytes(whole[: len(whole) // 2])
    done = run("predict", folder, tmp_path / "missing.png", *SMALL, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "2 of 5 segmented" in done.output
    for name in ("b.png", "d.jpg", "missing.png"):
        assert sum(name in line for line in done.output.splitlines() if line.startswith("failed")) == 1
    names = [image["file_name"] for image in json.loads((tmp_path / "out" / "panoptic.json").read_text())["images"]]
    assert names == ["a.png", "c.jpg"]


def test_both_oracles_need_no_network_and_keep_ids(scene_dataset: Path, tmp_path: Path) -> None:
    done = run("predict", scene_dataset, "--oracle", "semantic, boxes", "--stuff-limit", 0, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "UNTRAINED" not in done.output
    written = read_coco_panoptic(tmp_path / "out" / "panoptic.json")
    assert [record.image_id for record in written.records] == [11, 12]
    scored = run("score", "--gt", scene_dataset, "--pred", tmp_path / "out" / "panoptic.json", "--per-class")
    assert scored.exit_code == 0, scored.output
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in scored.output.splitlines()]
    assert next(row for row in rows if row[0] == "Stuff")[1:4] == ["100.0", "100.0", "100.0"]
    assert next(row for row in rows if row[0] == "sky")[1:4] == ["100.0", "100.0", "100.0"]


def test_one_oracle_still_runs_the_network(scene_dataset: Path, tmp_path: Path) -> None:
    done = run("predict", scene_dataset, *SMALL, "--oracle", "semantic", "--stuff-limit", 0, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "UNTRAINED" in done.output
    scored = run("score", "--gt", scene_dataset, "--pred", tmp_path / "out" / "panoptic.json", "--json", tmp_path / "q")
    assert scored.exit_code == 0
    assert json.loads((tmp_path / "q").read_text())["Stuff"]["pq"] == pytest.approx(1)


def test_pictures_of_one_name_in_two_folders_are_both_kept(tmp_path: Path) -> None:
    for seed, folder in enumerate(("one", "two")):
        (tmp_path / folder).mkdir()
        save_picture(tmp_path / folder / "same.png", seed=seed)
    done = run("predict", tmp_path / "one", tmp_path / "two", *SMALL, "--out", tmp_path / "out", "--overlay")
    assert done.exit_code == 0, done.output
    written = json.loads((tmp_path / "out" / "panoptic.json").read_text())
    assert len({a["file_name"] for a in written["annotations"]}) == 2
    assert len({a["image_id"] for a in written["annotations"]}) == 2
    assert len(list((tmp_path / "out" / "overlays").iterdir())) == 2


def test_a_photo_of_another_size_than_its_data_set_states_is_refused(scene_dataset: Path, tmp_path: Path) -> None:
    save_picture(scene_dataset.parent / "images" / "scene1.png", size=(50, 60))
    done = run("predict", scene_dataset, "--oracle", "semantic,boxes", "--out", tmp_path / "out")
    assert done.exit_code == 1
    complaint = next(line for line in done.output.splitlines() if line.startswith("failed"))
    assert all(word in complaint for word in ("scene1.png", "60 × 50", "128 × 96"))
    assert "1 of 2 segmented" in done.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--oracle", "depth"], "--oracle knows semantic and boxes, not 'depth'"),
        ([], "say which network"),
        (["--config", "nonsense"], "there is no preset 'nonsense'"),
        (["--config", "demo", "--set", "input.short_side=3"], "input.short_side"),
        (["--config", "demo", "--device", "tpu"], "device must be auto, cpu, cuda or cuda:N"),
        (["--config", "demo", "--device", "cuda:99"], "device cuda:99: "),
        (["--checkpoint", "/nowhere/weights.safetensors"], "/nowhere/weights.safetensors"),
    ],
)
def test_a_wrong_word_ends_in_one_sentence(
    words: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = save_picture(tmp_path / "photo.png")
    monkeypatch.setattr("sys.argv", ["lpsnet", "predict", str(picture), "--out", str(tmp_path / "out"), *words])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 1
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda c: c["annotations"][0]["segments_info"][0].update(category_id=999), "category_id"),
        (lambda c: c["annotations"][0]["segments_info"][0].update(id=2**24), "id"),
        (lambda c: c["annotations"][0]["segments_info"][0].update(area=float("nan")), "NaN"),
        (lambda c: c["images"][0].update(file_name="../outside.png"), "file_name"),
        (lambda c: c["images"][0].pop("width"), "width"),
    ],
)
def test_a_damaged_data_set_is_named_with_its_field(
    damage: Callable[[dict[str, Any]], object], named: str, scene_dataset: Path, tmp_path: Path
) -> None:
    content = json.loads(scene_dataset.read_text())
    damage(content)
    scene_dataset.write_text(json.dumps(content))
    done = run("predict", scene_dataset, "--oracle", "semantic,boxes", "--out", tmp_path / "out")
    assert done.exit_code == 1
    complaint = next(line for line in done.output.splitlines() if line.startswith("failed"))
    assert str(scene_dataset) in complaint
    assert named in complaint
    assert not (tmp_path / "out").exists()


def snapshot(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_data_set_is_never_replaced_by_its_predictions(scene_dataset: Path) -> None:
    before = snapshot(scene_dataset.parent)
    done = run("predict", scene_dataset, "--oracle", "semantic,boxes", "--out", scene_dataset.parent)
    assert isinstance(done.exception, ValueError)
    assert "would replace this data set" in str(done.exception)
    assert snapshot(scene_dataset.parent) == before


@pytest.mark.parametrize("folder", ["panoptic", "overlays", "inspections"])
def test_a_picture_is_never_replaced_by_its_prediction(folder: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir()
    picture = save_picture(tmp_path / folder / "photo.png")
    before = picture.read_bytes()
    done = run("predict", picture, *SMALL, "--overlay", "--out", tmp_path)
    assert str(picture) in str(done.exception)
    assert picture.read_bytes() == before


def test_figures_never_replace_the_data_set_they_measure(scene_dataset: Path) -> None:
    before = scene_dataset.read_bytes()
    done = run("score", "--gt", scene_dataset, "--pred", scene_dataset, "--json", scene_dataset)
    assert "would replace" in str(done.exception)
    assert scene_dataset.read_bytes() == before


def test_folders_that_lie_elsewhere_can_be_named(scene_dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "far" / "away").mkdir(parents=True)
    photos = (scene_dataset.parent / "images").rename(tmp_path / "far" / "away" / "photos")
    ids = scene_dataset.with_suffix("").rename(tmp_path / "far" / "away" / "ids")
    words = ["predict", scene_dataset, "--oracle", "semantic,boxes", "--stuff-limit", 0, "--out", tmp_path / "out"]
    lost = run(*words, "--pngs", ids)
    assert lost.exit_code == 1
    assert "such as scene1.png, was not found" in lost.output
    assert lost.output.strip().endswith("--images DIR")
    done = run(*words, "--images", photos, "--pngs", ids)
    assert done.exit_code == 0, done.output
    assert "2 of 2 segmented" in done.output


@pytest.mark.parametrize(("data_sets", "given"), [(0, "none is given"), (2, "2 are given; predict them one by one")])
def test_it_must_be_clear_whose_folders_are_named(
    scene_dataset: Path, tmp_path: Path, data_sets: int, given: str
) -> None:
    inputs = [scene_dataset] * data_sets or [scene_dataset.parent / "images"]
    done = run("predict", *inputs, *SMALL, "--out", tmp_path / "out", "--images", scene_dataset.parent / "images")
    assert str(done.exception).endswith(f"one COCO panoptic JSON file lie, and {given}")
    assert not (tmp_path / "out").exists()


def test_a_named_folder_that_is_not_there_is_said_once(scene_dataset: Path, tmp_path: Path) -> None:
    done = run("predict", scene_dataset, *SMALL, "--out", tmp_path / "out", "--images", tmp_path / "gone")
    assert str(done.exception) == f"{tmp_path / 'gone'}: there is no such folder"


def test_a_batch_in_which_nothing_succeeds_leaves_the_older_result_alone(tmp_path: Path) -> None:
    save_picture(tmp_path / "a.png")
    assert run("predict", tmp_path / "a.png", *SMALL, "--out", tmp_path / "out").exit_code == 0
    before = snapshot(tmp_path / "out")
    (tmp_path / "bad.png").write_bytes(b"not a picture")
    assert run("predict", tmp_path / "bad.png", *SMALL, "--out", tmp_path / "out").exit_code == 1
    assert run("predict", tmp_path / "missing.png", *SMALL, "--out", tmp_path / "out").exit_code == 1
    assert snapshot(tmp_path / "out") == before


def names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_what_an_earlier_run_left_is_removed_once_the_new_one_is_complete(tmp_path: Path) -> None:
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    for name in ("a.png", "b.png", "c.png"):
        save_picture(photos / name)
    assert run("predict", photos, *SMALL, "--out", out, "--overlay").exit_code == 0
    save_picture(out / "panoptic" / "of-another.png")
    save_picture(out / "overlays" / "of-another.png")
    assert run("predict", photos / "b.png", *SMALL, "--out", out).exit_code == 0
    assert names_in(out) == [
        "overlays/b.png",
        "overlays/of-another.png",
        "panoptic.json",
        "panoptic/b.png",
        "panoptic/of-another.png",
    ]


@pytest.mark.parametrize("named", ["../kept.png", "sub/kept.png", "kept.txt", "a\0.png", 7])
def test_an_earlier_result_that_names_files_of_others_costs_none_of_them(tmp_path: Path, named: object) -> None:
    out = tmp_path / "out"
    save_picture(tmp_path / "a.png")
    assert run("predict", tmp_path / "a.png", *SMALL, "--out", out).exit_code == 0
    (out / "panoptic" / "sub").mkdir()
    for kept in (out / "kept.png", out / "panoptic" / "sub" / "kept.png", out / "panoptic" / "kept.txt"):
        kept.write_bytes(b"kept")
    content = json.loads((out / "panoptic.json").read_text())
    content["annotations"][0]["file_name"] = named
    (out / "panoptic.json").write_text(json.dumps(content))
    before = names_in(out)
    assert run("predict", tmp_path / "a.png", *SMALL, "--out", out).exit_code == 0
    assert names_in(out) == before


def test_the_pngs_of_a_data_set_that_was_not_predicted_here_are_left(scene_dataset: Path, tmp_path: Path) -> None:
    save_picture(tmp_path / "a.png")
    assert run("predict", tmp_path / "a.png", *SMALL, "--out", scene_dataset.parent).exit_code == 0
    assert names_in(scene_dataset.parent / "panoptic") == ["a.png", "scene1.png", "scene2.png"]


def test_names_are_shown_as_they_are_not_read_as_markup(tmp_path: Path) -> None:
    strange = tmp_path / "a[bold]b[red].png"
    strange.write_bytes(b"")
    (tmp_path / "dir[").mkdir()
    closing = tmp_path / "dir[" / "x].png"
    closing.write_bytes(b"")
    done = run("predict", strange, closing, *SMALL, "--out", tmp_path / "o[red]x")
    assert done.exit_code == 1, done.exception
    assert strange.name in done.output
    assert "x].png" in done.output


def save_three_of_which_fail(folder: Path, monkeypatch: pytest.MonkeyPatch, faults: dict[str, BaseException]) -> None:
    """Saves a.png, b.png and c.png, and makes those named in ``faults`` fail so when they are segmented."""
    for name in ("a.png", "b.png", "c.png"):
        save_picture(folder / name)
    original = predict.Predictor.inspect

    def inspect(self: predict.Predictor, picture: predict.Picture) -> object:
        if picture.name in faults:
            raise faults[picture.name]
        return original(self, picture)

    monkeypatch.setattr(predict.Predictor, "inspect", inspect)


def test_an_unforeseen_fault_costs_one_picture_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_three_of_which_fail(tmp_path, monkeypatch, {"b.png": KeyError("surprise")})
    done = run("predict", tmp_path, *SMALL, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "KeyError: 'surprise'" in done.output
    assert len(read_coco_panoptic(tmp_path / "out" / "panoptic.json")) == 2


def test_a_dead_cuda_device_ends_the_batch_and_keeps_what_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = RuntimeError("CUDA error: an illegal memory access was encountered")
    save_three_of_which_fail(tmp_path, monkeypatch, {"b.png": fault, "c.png": fault})
    done = run("predict", tmp_path, *SMALL, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "1 more were not tried" in done.output
    assert len(read_coco_panoptic(tmp_path / "out" / "panoptic.json")) == 1


def test_a_full_disk_at_the_end_is_reported_with_every_other_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "photos").mkdir()
    save_picture(tmp_path / "photos" / "a.png")
    (tmp_path / "photos" / "b.png").write_bytes(b"")

    def full(self: CocoPanopticWriter) -> Path:
        self.discard()
        raise OSError(28, "No space left on device", str(self.json_path))

    monkeypatch.setattr(CocoPanopticWriter, "close", full)
    done = run("predict", tmp_path / "photos", *SMALL, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "b.png" in done.output
    assert "No space left on device" in done.output
    assert "0 of 2 segmented" in done.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--oracle", "semantic,boxes", "--set", "nonsense=1"], "--set changes a config"),
        (["--oracle", "semantic,boxes", "--checkpoint", "/nowhere.safetensors"], "/nowhere.safetensors"),
        (["--checkpoint", "/nowhere.safetensors", "--config", "demo"], "not both"),
        (["--oracle", "semantic,boxes", "--config", "demo", "--set", "inspection.conflict=oldest"], "conflict"),
    ],
)
def test_no_option_is_silently_ignored(words: list[str], sentence: str, scene_dataset: Path, tmp_path: Path) -> None:
    done = run("predict", scene_dataset, *words, "--out", tmp_path / "out")
    assert sentence in str(done.exception)


def test_an_output_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    picture = save_picture(tmp_path / "photo.png")
    done = run("predict", picture, *SMALL, "--out", picture)
    assert str(done.exception).startswith(f"{picture} could not be written")


def test_info_refuses_a_size_that_no_memory_holds() -> None:
    done = run("info", "--config", "demo", "--size", "1000000x1000000")
    assert "not enough memory" in str(done.exception)


def test_info_says_when_an_option_does_not_fit() -> None:
    done = run("info", "--config", "demo", "--checkpoint", "/nowhere.safetensors")
    assert "not both" in str(done.exception)


def test_an_oracle_needs_the_data_set_not_the_photo(tmp_path: Path) -> None:
    picture = save_picture(tmp_path / "photo.png")
    done = run("predict", picture, *SMALL, "--oracle", "boxes", "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "needs ground truth" in done.output


def test_stopping_keeps_what_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_three_of_which_fail(tmp_path, monkeypatch, {"b.png": KeyboardInterrupt()})
    done = run("predict", tmp_path, *SMALL, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "stopped by the user: 2 pictures" in done.output
    assert len(read_coco_panoptic(tmp_path / "out" / "panoptic.json")) == 1


def test_running_out_of_memory_is_advised_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(self: predict.Predictor, picture: predict.Picture) -> object:
        raise MemoryError

    monkeypatch.setattr(predict.Predictor, "inspect", exhausted)
    done = run("predict", save_picture(tmp_path / "a.png"), *SMALL, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "input.short_side=480" in done.output


def test_info_lists_presets_and_the_device() -> None:
    done = run("info")
    assert done.exit_code == 0
    assert "coco_r50" in done.output
    assert "Device:" in done.output


def test_info_counts_a_network() -> None:
    done = run("info", "--config", "demo", "--size", "64x96", "--set", "model.backbone.width=0.25")
    assert done.exit_code == 0, done.output
    assert "MACs" in done.output
    assert "peak memory" in done.output


@pytest.mark.parametrize("size", ["800", "axb", "10x800"])
def test_info_refuses_a_size_it_cannot_read(size: str) -> None:
    assert isinstance(run("info", "--config", "demo", "--size", size).exception, ValueError)
