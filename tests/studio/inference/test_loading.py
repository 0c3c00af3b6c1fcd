"""What the service says of a network that it has loaded, or could not load."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import safetensors.torch
import torch

from lpsnet.checkpoint import export_checkpoint, load_checkpoint, save_checkpoint
from lpsnet.config import load_config
from lpsnet.model.complexity import measure_complexity
from lpsnet.model.lpsnet import build_lpsnet
from lpsnet_studio.inference.messages import Failed, LoadModel
from lpsnet_studio.inference.workshop import TorchWorkshop, available_devices, memory_use
from tests.studio.inference.conversation import Conversation

SIZE = ["input.short_side=384", "input.long_side_cap=640"]
SMALL = ["model.channels=32", "model.semantic_head.channels=16", "model.backbone.width=0.25", *SIZE]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("networks") / "trained.safetensors"
    config = load_config("demo", SMALL)
    categories = config.load_categories()
    torch.manual_seed(0)
    model = build_lpsnet(config.model, len(categories))
    save_checkpoint(path, model, config, categories, {"text": "Trained on drawn scenes.", "pq": 71.6})
    return path


def failure(request: LoadModel) -> Failed:
    workshop = TorchWorkshop()
    with pytest.raises((ValueError, OSError)) as caught:
        workshop.load(request)
    return workshop.failure(request.request, caught.value)


def test_a_checkpoints_card_says_what_it_is(checkpoint: Path) -> None:
    card = TorchWorkshop().load(LoadModel(1, "", str(checkpoint), "cpu", short_side=192)).card
    assert card.trained
    assert card.origin == str(checkpoint)
    assert (card.short_side, card.own_short_side, card.long_side_cap) == (192, 384, 320)
    assert card.file_bytes == checkpoint.stat().st_size
    assert card.notes == "Trained on drawn scenes.\npq: 71.6"
    config = load_config("demo", SMALL)
    model = build_lpsnet(config.model, len(card.categories))
    assert card.macs == measure_complexity(model, (192, 256)).macs


def test_a_card_tells_what_a_training_noted_and_what_an_export_changed(checkpoint: Path, tmp_path: Path) -> None:
    path, exported = tmp_path / "measured.safetensors", tmp_path / "exported.safetensors"
    trained = replace(load_checkpoint(checkpoint), card={"iteration": 4, "iterations": 4, "figures": {"pq": 0.25}})
    export_checkpoint(trained, path)
    export_checkpoint(load_checkpoint(path, ["inspection.score_threshold=0.02"]), exported)
    notes = TorchWorkshop().load(LoadModel(1, "", str(exported), "cpu")).card.notes.splitlines()
    assert notes[0].startswith("training: 4 iterations, ")
    assert "figures in percent: PQ 25.0" in notes
    assert notes[-1].startswith("exported with inspection.score_threshold 0.02 instead of ")


def test_an_untrained_networks_card_makes_nothing_up() -> None:
    card = TorchWorkshop().load(LoadModel(1, "demo", overrides=tuple(SMALL), device="cpu")).card
    assert (card.trained, card.origin, card.file_bytes, card.notes) == (False, "demo", 0, "")
    assert (card.short_side, card.own_short_side, card.long_side_cap) == (384, 384, 640)


def test_a_network_is_another_one_at_another_input_size_and_from_a_file_written_anew(
    checkpoint: Path, tmp_path: Path
) -> None:
    path = tmp_path / "trained.safetensors"
    shutil.copyfile(checkpoint, path)

    def identity(short_side: int = 0) -> str:
        return TorchWorkshop().load(LoadModel(1, "", str(path), "cpu", short_side=short_side)).card.identity

    before = identity()
    assert identity(192) != before
    assert identity() == before == identity(384)
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    assert identity() != before


def test_of_a_checkpoint_only_input_and_inspection_may_change(checkpoint: Path) -> None:
    card = TorchWorkshop().load(LoadModel(1, "", str(checkpoint), "cpu", ("input.short_side=256",))).card
    assert card.short_side == 256
    refused = failure(LoadModel(2, "", str(checkpoint), "cpu", ("model.channels=64",)))
    assert refused.kind == "bad-input"
    assert refused.sentence.startswith("model.channels=64: of a trained network only")


def test_weights_that_do_not_fit_their_config_are_listed(checkpoint: Path, tmp_path: Path) -> None:
    state = safetensors.torch.load_file(checkpoint)
    with safetensors.safe_open(checkpoint, framework="pt") as file:
        metadata = file.metadata()
    renamed = {f"module.{name}": tensor for name, tensor in state.items()}
    path = tmp_path / "wrapped.safetensors"
    safetensors.torch.save_file(renamed, path, metadata)
    refused = failure(LoadModel(3, "", str(path), "cpu"))
    assert refused.kind == "mismatch"
    assert f"{path} does not fit config demo" in refused.sentence
    lines = refused.details.splitlines()
    assert len(lines) == 22
    assert "missing" in lines[0]
    assert "unexpected" in lines[0]
    assert lines[-1].startswith("and ")


@pytest.mark.parametrize("content", [b"", b"\x80\x02.", b"PK\x03\x04", b"{}", b"\x00" * 64])
def test_files_that_are_no_checkpoints_are_refused_in_a_sentence_that_names_them(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "odd.safetensors"
    path.write_bytes(content)
    refused = failure(LoadModel(4, "", str(path), "cpu"))
    assert refused.kind == "bad-input"
    assert str(path) in refused.sentence
    assert "\n" not in refused.sentence


def test_a_file_that_is_gone_or_a_folder_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.safetensors", tmp_path):
        assert str(path) in failure(LoadModel(5, "", str(path), "cpu")).sentence


def test_devices_and_memory_are_those_of_this_machine() -> None:
    assert available_devices()[0].name == "cpu"
    use = memory_use()
    assert use.resident == pytest.approx(psutil.Process().memory_info().rss, rel=0.1)
    assert use.cuda == 0


def test_the_service_tells_its_memory_of_its_own_accord(real: Conversation) -> None:
    real.wait_for_service()
    real.wait_until(lambda: bool(real.memory))
    held = psutil.Process(real.pids[-1]).memory_info().rss
    assert 0.2 * held < real.memory[-1].resident < 5 * held
