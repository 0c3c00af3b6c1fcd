from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch

from lpsnet.categories import Categories, Category
from lpsnet.checkpoint import (
    MismatchError,
    card_text,
    export_checkpoint,
    load_checkpoint,
    network_from,
    save_checkpoint,
)
from lpsnet.config import Config, load_config
from lpsnet.model.lpsnet import LPSNet, build_lpsnet
from lpsnet.model.tensor_files import read_tensors

CATEGORIES = Categories(tuple(Category(3 * i + 1, f"class {i}", i < 3, (10 * i, 0, 255)) for i in range(7)))
SMALL = ["model.channels=32", "model.semantic_head.channels=16", "model.backbone.width=0.25"]


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config("demo", SMALL)


@pytest.fixture(scope="module")
def network(config: Config) -> LPSNet:
    torch.manual_seed(0)
    return network_from(config, len(CATEGORIES)).eval()


@pytest.fixture
def saved(tmp_path: Path, network: LPSNet, config: Config) -> Path:
    path = tmp_path / "trained.safetensors"
    save_checkpoint(path, network, config, CATEGORIES, {"data": "drawn scenes", "pq": 71.6})
    return path


def test_a_network_survives_the_round_trip(saved: Path, network: LPSNet, config: Config) -> None:
    checkpoint = load_checkpoint(saved)
    assert checkpoint.config == config
    assert checkpoint.categories == CATEGORIES
    assert checkpoint.card == {"data": "drawn scenes", "pq": 71.6}
    again = network_from(checkpoint.config, len(checkpoint.categories), checkpoint).eval()
    images = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        assert torch.equal(again(images).semantic_logits, network(images).semantic_logits)
    assert [path.name for path in saved.parent.iterdir()] == [saved.name], "nothing temporary is left"


def test_a_checkpoint_never_asks_for_backbone_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    config = load_config("coco_r50", ["model.backbone.name=resnet18", *SMALL[:2]])
    torch.manual_seed(0)
    network = network_from(config, 7, backbone_weights=False)
    save_checkpoint(tmp_path / "frozen.safetensors", network, config, CATEGORIES)
    monkeypatch.setattr("lpsnet.model.lpsnet.load_pretrained", lambda *_: pytest.fail("weights were asked for"))
    checkpoint = load_checkpoint(tmp_path / "frozen.safetensors")
    again = network_from(checkpoint.config, 7, checkpoint)
    assert torch.equal(again.backbone.conv1.weight, network.backbone.conv1.weight)


def test_input_and_inspection_may_change_the_network_not(saved: Path) -> None:
    checkpoint = load_checkpoint(saved, ["input.short_side=256", "inspection.stuff_limit=0"])
    assert checkpoint.config.input.short_side == 256
    assert checkpoint.config.inspection.stuff_limit == 0
    with pytest.raises(ValueError, match=r"model\.channels=64: of a trained network only input and inspection"):
        load_checkpoint(saved, ["model.channels=64"])
    with pytest.raises(ValueError, match=r"trained\.safetensors: config: input\.short_side"):
        load_checkpoint(saved, ["input.short_side=1"])


def test_another_architecture_is_refused_with_the_mismatch(saved: Path) -> None:
    other = load_config("demo", [*SMALL, "model.context=gap", "model.semantic_head.layers=3"])
    with pytest.raises(ValueError, match=r"trained\.safetensors does not fit config demo") as caught:
        network_from(other, 7, load_checkpoint(saved))
    assert "its model.context is ppm where gap is wanted" in str(caught.value)
    assert "its model.semantic_head.layers is 2 where 3 is wanted" in str(caught.value)


def test_another_class_count_is_refused(saved: Path, config: Config) -> None:
    with pytest.raises(ValueError, match="it has 7 classes where 133 are wanted"):
        network_from(config, 133, load_checkpoint(saved))


def rewrite(path: Path, state: dict[str, torch.Tensor], **changes: str) -> None:
    with safetensors.safe_open(path, framework="pt") as file:
        metadata = {**file.metadata(), **changes}
    safetensors.torch.save_file(state, path, metadata)


def test_missing_unexpected_and_misshapen_weights_are_listed(saved: Path, config: Config) -> None:
    state = safetensors.torch.load_file(saved)
    del state["box_head.scales"]
    state["box_head.extra"] = torch.zeros(1)
    state["semantic_head.classify.bias"] = torch.zeros(9)
    rewrite(saved, state)
    with pytest.raises(MismatchError, match="does not fit") as caught:
        network_from(config, 7, load_checkpoint(saved))
    assert caught.value.problems == (
        "it tells 9 classes apart where 7 are named",
        "box_head.scales is missing",
        "box_head.extra is unexpected",
        "semantic_head.classify.bias is [9] where [7] is wanted",
    )
    assert caught.value.details.startswith("4 mismatches: 1 missing, 1 unexpected, 2 different\nbox_head.scales is")
    assert "it tells 9 classes apart where 7 are named" in str(caught.value)


def test_a_long_list_of_mismatches_is_cut(saved: Path, config: Config) -> None:
    rewrite(saved, {"nothing": torch.zeros(1)})
    with pytest.raises(ValueError, match=r"conv1\.weight is missing; .*; and \d+ more$"):
        network_from(config, 7, load_checkpoint(saved))


def test_the_details_of_a_mismatch_name_the_first_twenty_and_count_the_rest() -> None:
    error = MismatchError("a does not fit b", [f"weight {n} is missing" for n in range(25)])
    lines = error.details.splitlines()
    assert lines[0] == "25 mismatches: 25 missing"
    assert lines[1:21] == [f"weight {n} is missing" for n in range(20)]
    assert lines[21:] == ["and 5 more"]
    assert str(error) == "a does not fit b: weight 0 is missing; weight 1 is missing; weight 2 is missing; and 22 more"


def test_the_details_of_a_mismatch_show_every_kind() -> None:
    missing, unexpected = ([f"weight {n} is {kind}" for n in range(90)] for kind in ("missing", "unexpected"))
    lines = MismatchError("a does not fit b", [*missing, *unexpected]).details.splitlines()
    assert lines == ["180 mismatches: 90 missing, 90 unexpected", *missing[:10], *unexpected[:10], "and 160 more"]


def test_a_card_is_plain_text_of_bounded_length() -> None:
    assert card_text({}) == ""
    assert card_text({"pq": 71.6, "text": " Trained on scenes. \n", "data": {"images": 9}}) == (
        'Trained on scenes.\npq: 71.6\ndata: {"images": 9}'
    )
    assert card_text({"text": "<b>bold</b>"}) == "<b>bold</b>"
    assert len(card_text({"text": "x" * 10**6})) < 20_010


def test_a_card_nested_without_end_is_refused(saved: Path) -> None:
    rewrite(saved, safetensors.torch.load_file(saved), card="[" * 100_000)
    with pytest.raises(ValueError, match=r"trained\.safetensors: its card is missing or not JSON"):
        load_checkpoint(saved)


@pytest.mark.parametrize("kept", [0, 4, 100, 0.5, 0.999])
def test_a_truncated_file_is_refused(saved: Path, kept: float) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[: int(kept if kept == 0 or kept > 1 else kept * len(content))])
    with pytest.raises(ValueError, match=r"trained\.safetensors: not a whole safetensors file"):
        load_checkpoint(saved)


@pytest.mark.parametrize("content", [b"#!/bin/sh\necho hello\n", bytes(range(7, 256)), b"\xff" * 4096])
def test_a_file_of_another_kind_is_not_called_a_damaged_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "random.pt"
    path.write_bytes(content)
    for read in (load_checkpoint, read_tensors):
        with pytest.raises(
            ValueError, match=r"random\.pt: neither a safetensors file nor a checkpoint that PyTorch can"
        ):
            read(path)


class Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("harmed"),)  # type: ignore[return-value]


@pytest.mark.parametrize("name", ["evil.pth", "evil.pt", "evil.safetensors"])
@pytest.mark.parametrize("writer", ["pickle", "torch"])
def test_a_pickle_is_refused_and_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, writer: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name
    if writer == "pickle":
        path.write_bytes(pickle.dumps(Harmful(), protocol=2))
    else:
        torch.save({"model": Harmful()}, path)
    with pytest.raises(ValueError, match=f"{name}: a pickle that holds more than tensors"):
        load_checkpoint(path)
    assert not (tmp_path / "harmed").exists()


def test_bare_weights_are_no_checkpoint(tmp_path: Path) -> None:
    torch.save({"conv1.weight": torch.zeros(3)}, tmp_path / "bare.pth")
    with pytest.raises(ValueError, match=r"bare\.pth: a PyTorch file without config and categories"):
        load_checkpoint(tmp_path / "bare.pth")
    safetensors.torch.save_file({"conv1.weight": torch.zeros(3)}, tmp_path / "bare.safetensors")
    with pytest.raises(ValueError, match=r"bare\.safetensors: not an LPSNet checkpoint"):
        load_checkpoint(tmp_path / "bare.safetensors")


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"config": "{"}, "its config is missing or not JSON"),
        ({"config": json.dumps({"name": "x"})}, "config: categories: must be given"),
        ({"config": "[]"}, "config"),
        ({"categories": "{}"}, "its categories or its card"),
        ({"categories": json.dumps([{"id": 0}])}, r"categories\[0\].id"),
        ({"card": "3"}, "its categories or its card"),
        ({"format": "something else"}, "its format is 'something else'"),
    ],
)
def test_wrong_metadata_is_named(saved: Path, changes: dict[str, str], cause: str) -> None:
    rewrite(saved, safetensors.torch.load_file(saved), **changes)
    with pytest.raises(ValueError, match=f"trained.safetensors.*{cause}"):
        load_checkpoint(saved)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.safetensors: there is no such file of a trained network"):
        load_checkpoint(tmp_path / "absent.safetensors")
    with pytest.raises(IsADirectoryError, match="a folder, where the file of a trained network is wanted"):
        load_checkpoint(tmp_path)


def test_a_failed_save_leaves_the_old_file(
    saved: Path, network: LPSNet, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match=r"trained\.safetensors could not be written: no space left"):
        save_checkpoint(saved, network, config, CATEGORIES)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_a_network_that_is_not_the_configs_is_not_saved(tmp_path: Path, network: LPSNet) -> None:
    with pytest.raises(ValueError, match="the network is not what config demo builds"):
        save_checkpoint(tmp_path / "x.safetensors", network, load_config("demo"), CATEGORIES)
    assert list(tmp_path.iterdir()) == []


def test_an_export_takes_half_the_room_and_computes_nearly_the_same(
    saved: Path, tmp_path: Path, network: LPSNet, config: Config
) -> None:
    out = tmp_path / "shared.safetensors"
    export_checkpoint(load_checkpoint(saved), out, text="For everyone.", half=True)
    assert out.stat().st_size < 0.56 * saved.stat().st_size
    loaded = load_checkpoint(out)
    assert loaded.card["text"] == "For everyone."
    assert loaded.card["pq"] == 71.6
    assert {tensor.dtype for tensor in loaded.state.values() if tensor.ndim == 1} == {torch.float32}
    copy = network_from(config, len(CATEGORIES), loaded).eval()
    assert {parameter.dtype for parameter in copy.parameters()} == {torch.float32}
    picture = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        given, wanted = copy(picture).semantic_logits, network(picture).semantic_logits
    assert torch.allclose(given, wanted, atol=5e-3 * float(wanted.abs().max()))


def test_an_export_tells_no_path_of_the_machine_that_trained_it(tmp_path: Path, network: LPSNet) -> None:
    private = "/home/somebody/secret"
    config = load_config(
        "demo",
        [
            *SMALL,
            f"data.train={{kind: coco_panoptic, annotations: {private}/train.json, images: {private}/photos}}",
            f"training.start_from={private}/first.safetensors",
            f"categories={private}/classes.json",
        ],
    )
    path, out = tmp_path / "own.safetensors", tmp_path / "shared.safetensors"
    save_checkpoint(path, network, config, CATEGORIES)
    export_checkpoint(load_checkpoint(path, ["inspection.score_threshold=0.15"]), out)
    assert private.encode() not in out.read_bytes()
    exported = load_checkpoint(out).config
    assert exported.inspection.score_threshold == 0.15
    assert exported.data.val == config.data.val


def test_an_export_of_a_frozen_network_keeps_only_the_name_of_its_first_weights(tmp_path: Path) -> None:
    folder = tmp_path / "somebody's"
    config = load_config(
        "demo",
        ["model.channels=32", "model.backbone.width=1", f"model.backbone.weights={folder}/resnet18.safetensors"],
    )
    network = build_lpsnet(config.model, len(CATEGORIES), load_backbone_weights=False)
    save_checkpoint(tmp_path / "own.safetensors", network, config, CATEGORIES)
    out = tmp_path / "shared.safetensors"
    export_checkpoint(load_checkpoint(tmp_path / "own.safetensors"), out)
    assert b"somebody" not in out.read_bytes()
    exported = load_checkpoint(out)
    assert exported.config.model.backbone.weights == "resnet18.safetensors"
    assert exported.config.model.backbone.frozen
    network_from(exported.config, len(CATEGORIES), exported)


def test_an_export_refuses_weights_that_half_precision_cannot_hold(saved: Path, tmp_path: Path) -> None:
    checkpoint = load_checkpoint(saved)
    state = {**checkpoint.state, "pyramid.p6.weight": checkpoint.state["pyramid.p6.weight"] + 1e6}
    with pytest.raises(ValueError, match=r"pyramid\.p6\.weight"):
        export_checkpoint(replace(checkpoint, state=state), tmp_path / "out.safetensors", half=True)
    assert not (tmp_path / "out.safetensors").exists()
