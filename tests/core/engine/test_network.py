"""Readying a network: where its weights come from, and what is said about them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
import yaml

from lpsnet.checkpoint import save_checkpoint
from lpsnet.config import load_config
from lpsnet.engine.network import is_out_of_memory, load_network
from lpsnet.model.cancellation import Cancelled
from lpsnet.model.lpsnet import build_lpsnet

SMALL = ["input.short_side=64", "model.backbone.width=0.25"]
IMAGE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def test_an_untrained_network_is_the_same_every_time_and_leaves_the_seed_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, second = load_network(config="demo", overrides=SMALL), load_network(config="demo", overrides=SMALL)
    assert torch.equal(torch.rand(3), expected)
    assert not first.trained
    assert torch.equal(first.run(IMAGE).semantic_logits, second.run(IMAGE).semantic_logits)


def test_a_checkpoint_is_run_as_it_was_saved(tmp_path: Path) -> None:
    config = load_config("demo", SMALL)
    categories = config.load_categories()
    torch.manual_seed(1)
    model = build_lpsnet(config.model, len(categories))
    save_checkpoint(tmp_path / "net.safetensors", model, config, categories)
    loaded = load_network(checkpoint=tmp_path / "net.safetensors")
    assert loaded.trained
    assert loaded.origin.endswith("net.safetensors")
    assert loaded.parameters == sum(parameter.numel() for parameter in model.parameters())
    output = loaded.run(IMAGE)
    assert output.image_sizes == ((64, 85),)
    torch.manual_seed(1)
    again = build_lpsnet(config.model, len(categories)).eval()
    from lpsnet.data.transforms import network_input

    rules = config.input
    x = network_input(IMAGE, rules.short_side, rules.long_side_cap, rules.mean, rules.std)
    with torch.inference_mode():
        torch.testing.assert_close(output.semantic_logits, again([x]).semantic_logits, rtol=1e-4, atol=1e-4)


def test_a_network_is_described_in_words_without_the_folders_of_this_machine(tmp_path: Path) -> None:
    config = load_config("demo", SMALL)
    categories = config.load_categories()
    model = build_lpsnet(config.model, len(categories))
    save_checkpoint(tmp_path / "net.safetensors", model, config, categories)
    trained, random = load_network(checkpoint=tmp_path / "net.safetensors").facts, load_network(config="demo").facts
    assert trained["origin"] == "net.safetensors"
    assert (trained["weights"], random["weights"]) == ("trained", "random")
    assert trained["classes"] == str(len(categories))
    assert all(isinstance(words, str) and words and str(tmp_path) not in words for words in trained.values())
    assert load_network(config="demo", overrides=["input.long_side_cap=null"]).facts["input"] == "short side 576"


def test_pretrained_weights_are_not_downloaded_for_a_network_that_predicts_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forbidden(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("downloads")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", forbidden)
    ready = load_network(config="coco_r50", overrides=["model.backbone.name=resnet18", "input.short_side=64"])
    assert not ready.trained


def test_local_backbone_weights_are_read(tmp_path: Path) -> None:
    torch.manual_seed(2)
    backbone = torchvision.models.resnet18()
    torch.save(backbone.state_dict(), tmp_path / "r18.pth")
    content = {
        "name": "mine",
        "categories": "scenes.json",
        "input": {"short_side": 64},
        "model": {"backbone": {"name": "resnet18", "weights": str(tmp_path / "r18.pth"), "freeze": True}},
    }
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(content))
    own, other = load_network(config=tmp_path / "mine.yaml"), load_network(config="demo", overrides=SMALL)
    assert own.run(IMAGE).semantic_logits.isfinite().all()
    scale = backbone.bn1.weight / (backbone.bn1.running_var + backbone.bn1.eps).sqrt()
    folded = backbone.conv1.weight * scale[:, None, None, None]
    first = next(m for m in own.model.backbone.modules() if isinstance(m, torch.nn.Conv2d))
    torch.testing.assert_close(first.weight.contiguous(), folded.detach())
    assert other.config.model.backbone.weights is None
    assert (own.origin, other.origin) == (str(tmp_path / "mine.yaml"), "demo")


def test_a_network_comes_from_somewhere() -> None:
    with pytest.raises(ValueError, match="one of the two"):
        load_network()


@pytest.fixture
def small_checkpoint(tmp_path: Path) -> Path:
    config = load_config("demo", SMALL)
    categories = config.load_categories()
    path = tmp_path / "net.safetensors"
    save_checkpoint(path, build_lpsnet(config.model, len(categories)), config, categories)
    return path


def test_a_config_beside_a_checkpoint_replaces_all_but_the_weights(small_checkpoint: Path) -> None:
    wished = [*SMALL, "input.short_side=96", "inspection.score_threshold=0.4", "data.val.kind=scenes"]
    wished += ["data.val.first_seed=7", "data.val.count=2"]
    own = load_network(checkpoint=small_checkpoint)
    replaced = load_network(checkpoint=small_checkpoint, config="demo", overrides=wished)
    assert replaced.trained
    assert replaced.config == load_config("demo", wished)
    assert replaced.run(IMAGE).image_sizes == ((96, 128),)
    weights = replaced.model.state_dict()
    assert all(torch.equal(weights[name], tensor) for name, tensor in own.model.state_dict().items())


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        (["model.backbone.width=0.5"], r"model.backbone.width is 0.25 where 0.5 is wanted"),
        ([*SMALL, "categories=coco_panoptic.json"], r"classes where 133 are wanted"),
    ],
)
def test_a_checkpoint_is_refused_by_a_config_of_another_network(
    small_checkpoint: Path, overrides: list[str], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        load_network(checkpoint=small_checkpoint, config="demo", overrides=overrides)


def test_a_checkpoint_is_refused_by_a_config_of_as_many_other_classes(small_checkpoint: Path, tmp_path: Path) -> None:
    classes = load_config("demo").load_categories().to_json()
    classes[3]["name"] = "lake"
    (tmp_path / "other.json").write_text(json.dumps(classes))
    overrides = [*SMALL, f"categories={tmp_path / 'other.json'}"]
    with pytest.raises(ValueError, match=r"net\.safetensors does not fit config demo: its class .* is 'lake'"):
        load_network(checkpoint=small_checkpoint, config="demo", overrides=overrides)


def test_a_run_can_be_stopped() -> None:
    with pytest.raises(Cancelled):
        load_network(config="demo", overrides=SMALL).run(IMAGE, lambda: True)


@pytest.mark.parametrize(
    ("config", "short_side", "cap"), [("demo", 192, 320), ("cityscapes_r50", 64, 128), ("coco_r50", 64, None)]
)
def test_the_cap_of_the_long_side_goes_with_the_short_side(config: str, short_side: int, cap: int | None) -> None:
    small = ["model.backbone.name=resnet18"]
    ready = load_network(config=config, overrides=small, short_side=short_side)
    assert (ready.config.input.short_side, ready.config.input.long_side_cap) == (short_side, cap)
    assert ready.own_input == load_config(config).input
    assert load_network(config="demo").config.input == load_config("demo").input


def test_a_checkpoint_runs_at_another_size_and_brings_its_card(tmp_path: Path) -> None:
    config = load_config("demo", SMALL[1:])
    categories = config.load_categories()
    path = tmp_path / "net.safetensors"
    save_checkpoint(path, build_lpsnet(config.model, len(categories)), config, categories, {"text": "Of scenes."})
    ready = load_network(checkpoint=path, short_side=96)
    assert ready.run(IMAGE).image_sizes == ((96, 128),)
    assert ready.own_input == config.input
    assert ready.card == {"text": "Of scenes."}
    with pytest.raises(ValueError, match=r"input\.short_side must lie in 32 … 8192, not 9000"):
        load_network(checkpoint=path, short_side=9000)


def test_running_out_of_memory_is_known_in_every_guise() -> None:
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)
    assert not is_out_of_memory(RuntimeError("shape mismatch"))
