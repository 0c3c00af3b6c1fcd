"""What of a run can be used: its best network, its pictures worst first, its predictions; and a real export."""

from __future__ import annotations

import json
import re
import struct
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lpsnet.config import load_config
from lpsnet.events import BatchStarted, EventWriter, PictureDone
from lpsnet_studio.inference.messages import ImageSource, TruthSource
from lpsnet_studio.jobs.results import (
    DrawnScenes,
    PicturesOnDisk,
    begun_anew,
    checkpoint_of,
    data_of,
    export_checkpoint,
    network_of,
    photos_of,
    pictures_of,
    predictions_of,
    with_predictions,
    with_qualities,
)
from lpsnet_studio.jobs.spec import EvaluateSpec, PredictSpec, TrainSpec
from lpsnet_studio.state import Entry, NetworkChoice


def run_with(folder: Path, *checkpoints: str, overrides: tuple[str, ...] = ()) -> Path:
    (folder / "checkpoints").mkdir(parents=True)
    for name in checkpoints:
        (folder / "checkpoints" / f"{name}.safetensors").touch()
    (folder / "config.yaml").write_text(load_config("demo", overrides).to_yaml())
    return folder


def evaluation(folder: Path, **fields: object) -> EvaluateSpec:
    return EvaluateSpec(None, None, folder, **fields)  # type: ignore[arg-type]


def entries(count: int) -> list[Entry]:
    return [Entry(f"{n}.png", ImageSource(f"/photos/{n}.png", TruthSource("/truth.json", n))) for n in range(count)]


def picture(number: int, pq: float | None = None, problem: str = "") -> PictureDone:
    return PictureDone(file_name=f"{number}.png", image_id=number, done=number + 1, pictures=9, pq=pq, problem=problem)


def test_the_best_network_goes_before_the_latest(tmp_path: Path) -> None:
    both, one = run_with(tmp_path / "both", "best", "latest"), run_with(tmp_path / "one", "latest")
    assert checkpoint_of(both, None).name == "best.safetensors"
    assert checkpoint_of(one, None).name == "latest.safetensors"
    with pytest.raises(ValueError, match="none: no network was saved"):
        checkpoint_of(tmp_path / "none", None)


def test_the_network_of_an_evaluation_is_what_it_measured(tmp_path: Path) -> None:
    run = run_with(tmp_path / "run", "latest")
    of_run = replace(evaluation(tmp_path), checkpoint=run)
    assert checkpoint_of(tmp_path, of_run) == run / "checkpoints" / "latest.safetensors"
    assert checkpoint_of(tmp_path, replace(of_run, checkpoint=tmp_path / "x.safetensors")).name == "x.safetensors"


def test_pictures_name_the_network_that_they_were_done_with_or_say_why_not(tmp_path: Path) -> None:
    run = run_with(tmp_path / "run", "best")
    predicted = PredictSpec((tmp_path,), tmp_path / "out", run)
    assert network_of(predicted) == NetworkChoice(checkpoint=str(run / "checkpoints" / "best.safetensors"))
    assert network_of(replace(predicted, checkpoint=None, config="demo")) == NetworkChoice(config="demo")
    settings = replace(predicted, checkpoint=None, config=str(run / "config.yaml"))
    assert network_of(settings) == NetworkChoice(config=str(run / "config.yaml"))
    away = tmp_path / "away.safetensors"
    for missing, words in [
        (replace(predicted, checkpoint=away), f"{away}: the network that this was done with is not here any more."),
        (replace(predicted, checkpoint=tmp_path), f"{tmp_path}: the network that"),
        (replace(settings, config=str(tmp_path / "no.yaml")), f"{tmp_path / 'no.yaml'}: the config of the network"),
        (evaluation(tmp_path), "It is not known which network"),
        (None, "It is not known which network"),
    ]:
        with pytest.raises(ValueError, match=re.escape(words)):
            network_of(missing)


def test_a_training_says_on_what_it_is_measured(tmp_path: Path) -> None:
    scenes = "{kind: scenes, first_seed: 7, count: 3, height: 128, width: 192}"
    run = run_with(tmp_path / "run", overrides=(f"data.val={scenes}",))
    assert data_of(run, TrainSpec("demo", (), run)) == DrawnScenes(7, 3, (128, 192))
    files = "{kind: coco_panoptic, annotations: /data/val.json, images: /data/photos, limit: 4}"
    other = run_with(tmp_path / "other", overrides=(f"data.val={files}",))
    assert data_of(other, None) == PicturesOnDisk(Path("/data/val.json"), Path("/data/photos"), 4)


def test_an_evaluation_says_on_what_it_was(tmp_path: Path) -> None:
    scenes = replace(evaluation(tmp_path), data="scenes:900000+200@256x320", limit=5)
    assert data_of(tmp_path, scenes) == DrawnScenes(900000, 5, (256, 320))
    files = replace(evaluation(tmp_path), data="/data/val.json", images=Path("/photos"))
    assert data_of(tmp_path, files) == PicturesOnDisk(Path("/data/val.json"), Path("/photos"))
    assert data_of(tmp_path, PredictSpec((), tmp_path)) is None


def test_the_config_in_a_checkpoint_says_what_is_not_said_otherwise(tmp_path: Path) -> None:
    config = load_config("demo", ("data.val={kind: scenes, first_seed: 9, count: 2, height: 64, width: 64}",))
    header = json.dumps({"__metadata__": {"config": config.model_dump_json()}}).encode()
    checkpoint = tmp_path / "network.safetensors"
    checkpoint.write_bytes(struct.pack("<Q", len(header)) + header)
    spec = replace(evaluation(tmp_path), checkpoint=checkpoint)
    assert data_of(tmp_path, spec) == DrawnScenes(9, 2, (64, 64))
    for damaged in (b"", b"\xff" * 8, struct.pack("<Q", 4) + b"null", checkpoint.read_bytes()[:40]):
        checkpoint.write_bytes(damaged)
        with pytest.raises(ValueError, match="not an LPSNet checkpoint"):
            data_of(tmp_path, spec)


def test_what_was_measured_again_counts_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no picture has been measured"):
        pictures_of(tmp_path)
    writer = EventWriter(tmp_path / "events.jsonl")
    for pq in (0.1, 0.9):
        writer.write(BatchStarted(task="evaluate", network="", data="", pictures=2, device=""))
        writer.write(picture(0, pq))
    writer.close()
    (tmp_path / "events.jsonl").open("ab").write(b'{"event": "picture_do')
    assert {name: each.pq for name, each in pictures_of(tmp_path).items()} == {0: 0.9}


def test_the_worst_comes_first_and_says_where_its_pq_is_from() -> None:
    pictures = {0: picture(0, 0.5), 1: picture(1, 0.25), 3: picture(3), 4: picture(4, problem="4.png: is cut off")}
    found = with_qualities(entries(6), pictures, "eval-1")
    assert [entry.name for entry in found] == ["1.png", "0.png", "3.png", "4.png"]
    assert [entry.measured and (entry.measured.pq, entry.measured.origin) for entry in found] == [
        (0.25, "eval-1"),
        (0.5, "eval-1"),
        None,
        None,
    ]
    assert found[-1].problem == "4.png: is cut off"
    assert found[-1].worth_retrying


def test_predictions_stand_where_the_truth_stood(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no predictions are here yet"):
        predictions_of(tmp_path)
    (tmp_path / "panoptic.json").touch()
    json_path = predictions_of(tmp_path)
    found = with_predictions(entries(3), {0: picture(0), 2: picture(2, problem="broken")}, json_path, "eval-1")
    assert [entry.source for entry in found] == [ImageSource("/photos/0.png", TruthSource(str(json_path), 0))]
    assert [(entry.stand_in, entry.figure) for entry in found] == [("the predictions of eval-1", "Agreement")]


def test_photos_of_a_prediction_are_found_where_they_lie_in_one_folder(tmp_path: Path) -> None:
    assert photos_of(PredictSpec((tmp_path,), tmp_path)) == tmp_path
    assert photos_of(PredictSpec((tmp_path / "a.png", tmp_path / "b.png"), tmp_path)) == tmp_path
    assert photos_of(PredictSpec((tmp_path / "a.png", Path("/elsewhere/b.png")), tmp_path)) is None
    assert photos_of(PredictSpec((), tmp_path, images=Path("/photos"))) == Path("/photos")


def test_a_run_is_begun_anew_with_the_settings_that_it_has(tmp_path: Path) -> None:
    run = run_with(tmp_path / "run")
    resumed = TrainSpec("", (), run, resume=True)
    assert begun_anew(resumed) == TrainSpec(str(run / "config.yaml"), (), run)
    never_started = TrainSpec("demo", ("train.iterations=3",), tmp_path / "not-there")
    assert begun_anew(never_started) == never_started


class WithdrawnError(Exception):
    pass


def test_an_export_that_fails_or_is_withdrawn_leaves_what_was_there(tmp_path: Path) -> None:
    broken, target = tmp_path / "broken.safetensors", tmp_path / "mine.safetensors"
    broken.write_bytes(b"no network")
    target.write_text("an earlier export")

    def withdraw(_share: float) -> None:
        raise WithdrawnError

    with pytest.raises(WithdrawnError):
        export_checkpoint(broken, target, withdraw)
    assert target.read_text() == "an earlier export"


@pytest.mark.parametrize(
    ("complaint", "sentence"),
    [
        ("lpsnet: error: {target} could not be written: no space left", "{target} could not be written: no space left"),
        ("error: in.safetensors: no network", "{target} was not written: in.safetensors: no network"),
        ("", "{target} was not written: it ended with status 2"),
    ],
)
def test_why_an_export_failed_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, complaint: str, sentence: str
) -> None:
    target = tmp_path / "out.safetensors"
    said = f"import sys; sys.stderr.write({complaint.format(target=target)!r}); sys.exit(2)"
    python = tmp_path / "python"
    python.write_text(f"#!{sys.executable}\n{said}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(OSError) as failure:  # noqa: PT011 - its words are compared whole
        export_checkpoint(tmp_path / "in.safetensors", target, lambda _share: None)
    assert str(failure.value) == sentence.format(target=target)


@pytest.mark.slow
def test_a_real_network_is_exported_with_its_card_and_a_broken_one_is_refused(tmp_path: Path) -> None:
    from lpsnet.checkpoint import load_checkpoint, save_checkpoint
    from lpsnet.model.lpsnet import build_lpsnet

    config = load_config("demo")
    categories = config.load_categories()
    network = build_lpsnet(config.model, len(categories), load_backbone_weights=False)
    source, target = tmp_path / "run.safetensors", tmp_path / "mine.safetensors"
    save_checkpoint(source, network, config, categories)
    shares: list[float] = []
    assert export_checkpoint(source, target, shares.append) == target
    assert shares
    assert set(shares) == {-1.0}
    exported = load_checkpoint(target)
    assert exported.config.name == config.name
    source.write_bytes(b"no network")
    with pytest.raises(OSError, match=r"mine\.safetensors was not written: .*run\.safetensors"):
        export_checkpoint(source, target, shares.append)
    assert load_checkpoint(target).config.name == config.name
