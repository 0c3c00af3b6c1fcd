"""``lpsnet evaluate``, driven as a user drives it."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner, Result

from lpsnet import cli
from lpsnet.checkpoint import network_from, save_checkpoint
from lpsnet.config import load_config
from lpsnet.data.sources import LabelledPicture, _Scenes
from lpsnet.formats.coco_panoptic import CocoPanopticWriter
from lpsnet.scenes import draw_scene, scene_categories

SMALL = ["input.short_side=64", "model.backbone.width=0.25", "model.channels=32", "inspection.score_threshold=0.001"]
SCENES = ["--data", "scenes:11+2@64x96"]
ORACLES = ["--oracle", "semantic,boxes"]


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.app, ["evaluate", *(str(word) for word in words)])


def figures(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def rows(done: Result) -> list[list[str]]:
    lines = [line for line in done.stdout.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny network whose config measures on three scenes."""
    val = ["data.val.kind=scenes", "data.val.first_seed=30", "data.val.count=3", "data.val.height=64"]
    config = load_config("demo", [*SMALL, *val, "data.val.width=64"])
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("checkpoint") / "network.safetensors"
    save_checkpoint(path, network_from(config, len(scene_categories())), config, scene_categories())
    return path


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """The scenes of ``SCENES`` as a COCO panoptic data set."""
    photos = tmp_path / "set" / "images"
    photos.mkdir(parents=True)
    with CocoPanopticWriter(tmp_path / "set" / "panoptic.json", None, scene_categories()) as writer:
        for seed in (11, 12):
            scene = draw_scene(seed, height=64, width=96)
            Image.fromarray(scene.image).save(photos / f"scene{seed}.png")
            writer.add(seed, f"scene{seed}.png", scene.segmentation)
    return tmp_path / "set" / "panoptic.json"


def test_a_checkpoint_is_measured_on_what_its_config_names(checkpoint: Path, tmp_path: Path) -> None:
    written = []
    for name in ("first.json", "second.json"):
        done = run("--checkpoint", checkpoint, "--json", tmp_path / name, "--threads", 1)
        assert done.exit_code == 0, done.output
        assert "3 drawn scenes of 64 × 64, seeds 30 to 32; measured: 3\n" in done.stdout
        assert "UNTRAINED" not in done.output
        written.append(figures(tmp_path / name))
    costs = [content.pop("cost") for content in written]
    assert written[0] == written[1]
    assert written[0]["network"]["origin"] == str(checkpoint)
    assert (costs[0]["threads"], costs[0]["batch"]) == (1, 1)
    assert costs[0]["padded_input_sizes"] == [{"height": 64, "width": 64, "images": 3}]


def test_the_folder_of_a_run_stands_for_its_best_network(checkpoint: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run" / "checkpoints"
    folder.mkdir(parents=True)
    words = ["--checkpoint", tmp_path / "run", "--limit", 1, "--json", tmp_path / "e.json"]
    done = run(*words)
    assert str(done.exception).startswith(f"{tmp_path / 'run'}: holds no trained network")
    for name, sentence in (
        ("latest", "its last network is taken"),
        ("best", "its network with the highest PQ is taken"),
    ):
        shutil.copy(checkpoint, folder / f"{name}.safetensors")
        done = run(*words)
        assert done.exit_code == 0, done.output
        assert f"{tmp_path / 'run'} is a folder: {sentence}, {folder / name}.safetensors\n" in done.stderr
        assert figures(tmp_path / "e.json")["network"]["origin"] == str(folder / f"{name}.safetensors")
    assert "would replace what is measured" in str(run(*words[:4], "--json", folder / "best.safetensors").exception)


@pytest.mark.parametrize("command", [["predict", "photo.png"], ["export"]])
def test_the_folder_of_a_run_stands_for_its_network_elsewhere_too(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    shutil.copy(checkpoint, tmp_path / "run" / "checkpoints" / "best.safetensors")
    Image.fromarray(draw_scene(1, height=64, width=96).image).save("photo.png")
    done = CliRunner().invoke(cli.app, [*command, "--checkpoint", "run", "--out", "out"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out").exists()
    assert "run is a folder: its network with the highest PQ is taken" in done.stderr


def test_data_and_config_replace_what_the_checkpoint_names(checkpoint: Path, tmp_path: Path) -> None:
    wished = [f"--set={override}" for override in [*SMALL, "input.short_side=96", "inspection.nms_iou=0.5"]]
    done = run("--checkpoint", checkpoint, "--config", "demo", *wished, *SCENES, "--json", tmp_path / "e.json")
    assert done.exit_code == 0, done.output
    content = figures(tmp_path / "e.json")
    assert content["network"]["input"]["short_side"] == 96
    assert content["network"]["trained"]
    assert content["settings"]["nms_iou"] == 0.5
    assert content["images"] == 2


def test_the_quality_is_that_of_the_predictions_scored_from_files(
    checkpoint: Path, dataset: Path, tmp_path: Path
) -> None:
    done = run("--checkpoint", checkpoint, "--data", dataset, "--out", tmp_path / "out", "--json", tmp_path / "e.json")
    assert done.exit_code == 0, done.output
    assert f"predictions: {tmp_path / 'out' / 'panoptic.json'}" in done.stdout
    words = ["score", "--gt", dataset, "--pred", tmp_path / "out" / "panoptic.json", "--json", tmp_path / "s.json"]
    scored = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert scored.exit_code == 0, scored.output
    assert figures(tmp_path / "e.json")["panoptic"] == figures(tmp_path / "s.json")
    table = [row for row in rows(scored) if row[0] in ("All", "Things", "Stuff")]
    assert [row for row in rows(done) if row[0] in ("All", "Things", "Stuff")] == table


def test_folders_that_lie_elsewhere_can_be_named(dataset: Path, tmp_path: Path) -> None:
    run("--data", dataset, *ORACLES, "--json", tmp_path / "before.json")
    (tmp_path / "far" / "away").mkdir(parents=True)
    photos = (dataset.parent / "images").rename(tmp_path / "far" / "away" / "photos")
    ids = dataset.with_suffix("").rename(tmp_path / "far" / "away" / "ids")
    lost = run("--data", dataset, *ORACLES)
    assert "such as scene11.png, was not found" in str(lost.exception)
    assert str(lost.exception).endswith("name it in the command or the config: --images DIR")
    done = run("--data", dataset, *ORACLES, "--images", photos, "--pngs", ids, "--json", tmp_path / "after.json")
    assert done.exit_code == 0, done.output
    assert figures(tmp_path / "after.json")["panoptic"] == figures(tmp_path / "before.json")["panoptic"]
    drawn = run("--data", "scenes:1+1@64x64", *ORACLES, "--images", photos)
    assert "drawn scenes have none" in str(drawn.exception)


def test_drawn_scenes_and_the_same_in_files_give_the_same_figures(dataset: Path, tmp_path: Path) -> None:
    for name, words in (("drawn.json", SCENES), ("files.json", ["--data", dataset])):
        assert run(*ORACLES, *words, "--json", tmp_path / name).exit_code == 0
    drawn, files = figures(tmp_path / "drawn.json"), figures(tmp_path / "files.json")
    for name in ("panoptic", "average_precision", "semantics"):
        assert drawn[name] == files[name]


def test_the_oracles_print_what_they_are_known_to_reach() -> None:
    done = run(*ORACLES, *SCENES, "--per-class")
    assert done.exit_code == 0, done.output
    assert "ground truth for semantics and boxes; stuff limit 0 pixels" in done.stdout
    summary = rows(done)[0]
    assert (summary[2], summary[3], summary[4], summary[-1]) == ("100.0", "100.0", "100.0", "—")
    sky = next(row for row in rows(done) if row[0] == "sky")
    assert sky[1:] == ["100.0", "100.0", "100.0", "100.0", "—", "—"]
    assert "no network runs" in done.stderr


def test_a_sweep_is_a_table_that_says_which_value_is_best_and_in_force(tmp_path: Path) -> None:
    done = run(*ORACLES, *SCENES, "--sweep", "stuff_limit=0,5000", "--json", tmp_path / "e.json")
    assert done.exit_code == 0, done.output
    first, second = (row for row in rows(done) if row[0] in ("0", "5000"))
    assert first[-1] == "best PQ, in force"
    assert second[-1] == ""
    sweep = figures(tmp_path / "e.json")["sweep"]
    assert (sweep["setting"], sweep["best"], sweep["in_force"]) == ("stuff_limit", 0, 0)
    assert sweep["points"][0]["All"] == figures(tmp_path / "e.json")["panoptic"]["All"]
    assert sweep["points"][1]["Stuff"]["pq"] < sweep["points"][0]["Stuff"]["pq"] == 1


def test_one_bad_picture_is_named_and_the_figures_say_over_how_many_they_are(dataset: Path, tmp_path: Path) -> None:
    whole = dataset.parent / "images" / "scene12.png"
    whole.write_bytes(whole.read_bytes()[:500])
    done = run(*ORACLES, "--data", dataset, "--out", tmp_path / "out", "--json", tmp_path / "e.json")
    assert done.exit_code == 1
    assert sum("scene12.png" in line for line in done.stderr.splitlines() if line.startswith("failed")) == 1
    assert "NOT ALL: figures over 1 of 2 images" in done.stdout
    content = figures(tmp_path / "e.json")
    assert (content["images"], content["images_wanted"], content["complete"]) == (1, 2, True)
    assert len(content["failures"]) == 1
    assert len(list((tmp_path / "out" / "panoptic").iterdir())) == 1


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopping_gives_the_figures_so_far(
    number: signal.Signals, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = _Scenes.read

    def read(self: _Scenes, index: int) -> LabelledPicture:
        if index == 2:
            signal.raise_signal(number)
        return original(self, index)

    monkeypatch.setattr(_Scenes, "read", read)
    before = signal.getsignal(number)
    words = ["--data", "scenes:11+9@64x64", "--out", tmp_path / "out", "--json", tmp_path / "e.json"]
    done = run(*ORACLES, *words)
    assert done.exit_code == status
    assert "PARTIAL: stopped, figures over 2 of 9 images" in done.stdout
    content = figures(tmp_path / "e.json")
    assert (content["images"], content["complete"], content["failures"]) == (2, False, [])
    assert len(json.loads((tmp_path / "out" / "panoptic.json").read_text())["annotations"]) == 2
    assert signal.getsignal(number) == before


def test_nothing_measured_prints_no_figures(dataset: Path, tmp_path: Path) -> None:
    for photo in (dataset.parent / "images").iterdir():
        photo.write_bytes(b"")
    done = run(*ORACLES, "--data", dataset, "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert "NOT ALL: figures over 0 of 2 images" in done.stdout
    assert rows(done) == []
    assert list((tmp_path / "out").iterdir()) == []


def test_only_so_many_pictures_are_measured(tmp_path: Path) -> None:
    done = run(*ORACLES, *SCENES, "--limit", 1, "--json", tmp_path / "e.json")
    assert done.exit_code == 0, done.output
    assert "PARTIAL" not in done.output
    assert figures(tmp_path / "e.json")["images"] == figures(tmp_path / "e.json")["images_wanted"] == 1


def test_predictions_of_an_earlier_evaluation_that_are_not_made_anew_are_removed(tmp_path: Path) -> None:
    for count in (3, 1):
        assert run("--data", f"scenes:5+{count}@64x64", *ORACLES, "--out", tmp_path / "out").exit_code == 0
        named = [entry["file_name"] for entry in figures(tmp_path / "out" / "panoptic.json")["annotations"]]
        assert len(named) == count
        assert sorted(path.name for path in (tmp_path / "out" / "panoptic").iterdir()) == sorted(named)


def test_an_untrained_network_says_so_loudly() -> None:
    done = run("--config", "demo", *(f"--set={override}" for override in SMALL), *SCENES, "--limit", 1)
    assert done.exit_code == 0, done.output
    assert "UNTRAINED" in done.stderr


def test_the_figures_and_the_predictions_replace_nothing_that_is_measured(checkpoint: Path, dataset: Path) -> None:
    files = [path for path in dataset.parent.rglob("*") if path.is_file()]
    before = [path.read_bytes() for path in [*files, checkpoint]]
    for words in (
        ["--out", dataset.parent],
        ["--json", dataset],
        ["--json", dataset.parent / "images" / "scene11.png"],
        ["--json", checkpoint],
    ):
        done = run("--checkpoint", checkpoint, "--data", dataset, *words)
        assert isinstance(done.exception, ValueError)
        assert "replace" in str(done.exception)
    assert [path.read_bytes() for path in [*files, checkpoint]] == before
    own = dataset.parent.parent / "out"
    done = run(*ORACLES, "--data", dataset, "--out", own, "--json", own / "panoptic.json")
    assert "would replace the predictions" in str(done.exception)
    assert not own.exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "say which network"),
        (["--oracle", "depth"], "--oracle knows semantic and boxes"),
        ([*ORACLES, "--data", "/nowhere.json"], "/nowhere.json"),
        ([*ORACLES, "--data", "scenes:x"], "drawn scenes read scenes:FIRST_SEED+COUNT"),
        ([*ORACLES, "--data", "$LPSNET_NOT_SET/a.json"], "LPSNET_NOT_SET is not set"),
        ([*ORACLES, *SCENES, "--sweep", "nonsense=1"], "'nonsense' is not a setting"),
        ([*ORACLES, *SCENES, "--sweep", "score_threshold=3"], "score_threshold must lie between 0.0 and 1.0"),
        (["--config", "demo", "--data", "x.json", "--device", "cuda:99"], "device cuda:99"),
    ],
)
def test_a_wrong_word_ends_in_one_sentence(words: list[str], sentence: str) -> None:
    done = run(*words)
    assert isinstance(done.exception, ValueError | OSError), done.output
    assert sentence in str(done.exception)
    assert "\n" not in str(done.exception)


def test_threads_are_given_back(checkpoint: Path) -> None:
    before = torch.get_num_threads()
    done = run("--checkpoint", checkpoint, "--limit", 1, "--threads", before + 1)
    assert f"{before + 1} CPU threads" in done.stdout
    assert torch.get_num_threads() == before
