"""``lpsnet export``, driven as a user drives it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner, Result

from lpsnet import cli
from lpsnet.checkpoint import card_text, load_checkpoint, network_from, save_checkpoint
from lpsnet.config import load_config
from lpsnet.scenes import scene_categories

SMALL = ["model.channels=32", "model.semantic_head.channels=16", "model.backbone.width=0.25"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config, categories = load_config("demo", [*SMALL, "data.train=null"]), scene_categories()
    source = {"kind": "coco_panoptic", "annotations": "/home/me/secret/train.json"}
    config = type(config).model_validate(config.model_dump() | {"data": {"train": source}})
    path = tmp_path_factory.mktemp("export") / "best.safetensors"
    notes = {
        "iteration": 4, "iterations": 4, "data": "9 images of /home/me/secret/train.json", "figures": {"pq": 0.25},
    }  # fmt: skip
    torch.manual_seed(0)
    save_checkpoint(path, network_from(config, len(categories)), config, categories, notes)
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.app, ["export", *(str(word) for word in words)])


def test_an_export_says_in_what_it_is_not_what_was_measured(trained: Path, tmp_path: Path) -> None:
    out, threshold = tmp_path / "out.safetensors", load_checkpoint(trained).config.inspection.score_threshold
    done = run("--checkpoint", trained, "--out", out, "--half", "--set", "inspection.score_threshold=0.02")
    assert done.exit_code == 0, done.output
    exported = load_checkpoint(out)
    training = exported.config.training
    told = card_text(exported.card).splitlines()
    assert told[0].startswith(f"training: 4 iterations, {training.batch} pictures an iteration, ")
    assert "data: 9 images of train.json" in told
    assert told[-2:] == [
        "figures in percent: PQ 25.0",
        f"exported with inspection.score_threshold 0.02 instead of {threshold}, weights in half precision; the figures "
        "above were measured before",
    ]
    assert b"secret" not in out.read_bytes()

    again = tmp_path / "again.safetensors"
    assert run("--checkpoint", out, "--out", again, "--half").exit_code == 0
    assert load_checkpoint(again).card == exported.card, "nothing changed the second time"


def test_an_export_that_changes_nothing_says_nothing(trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    assert run("--checkpoint", trained, "--out", out).exit_code == 0
    assert "exported" not in load_checkpoint(out).card


def test_what_is_missing_is_named_in_one_sentence(trained: Path, tmp_path: Path) -> None:
    absent, out = tmp_path / "absent", tmp_path / "out.safetensors"
    for words, sentence in (
        (("--checkpoint", absent, "--out", out), f"{absent}: there is no such file of a trained network"),
        (("--checkpoint", trained, "--card", absent, "--out", out), f"{absent}: there is no such model card"),
        (
            ("--checkpoint", trained, "--card", tmp_path, "--out", out),
            f"{tmp_path}: the model card cannot be read (Is a",
        ),
        (("--checkpoint", trained, "--card", trained, "--out", out), f"{trained}: the model card is not text"),
    ):
        failure = run(*words).exception
        assert isinstance(failure, ValueError | OSError)
        assert str(failure).startswith(sentence)
    assert not out.exists()
