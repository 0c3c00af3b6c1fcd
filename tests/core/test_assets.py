from __future__ import annotations

from pathlib import Path

import pytest

from lpsnet import assets


def test_a_checkout_reads_its_own_resources():
    assert assets.resource("categories", "coco_panoptic.json").is_file()


def test_a_missing_resource_is_named():
    with pytest.raises(FileNotFoundError, match=r"this installation lacks the resource configs/unknown\.yaml"):
        assets.resource("configs", "unknown.yaml")


def checkout(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package as it lies in a checkout; its own copy of the resources is stale."""
    package = root / "core" / "lpsnet"
    (package / "_resources" / "configs").mkdir(parents=True)
    monkeypatch.setattr(assets, "__file__", str(package / "assets.py"))
    return package


def test_the_folder_of_a_checkout_wins_over_a_stale_copy_in_the_package(tmp_path, monkeypatch):
    checkout(tmp_path, monkeypatch)
    (tmp_path / "resources" / "configs").mkdir(parents=True)
    (tmp_path / "pyproject.toml").touch()
    assert assets.resources_folder() == tmp_path / "resources"


@pytest.mark.parametrize("left_out", ["resources/configs", "pyproject.toml"])
def test_an_installed_package_reads_its_own_copy_whatever_lies_beside_it(tmp_path, monkeypatch, left_out):
    package = checkout(tmp_path, monkeypatch)
    (tmp_path / "resources").mkdir()
    if left_out != "resources/configs":
        (tmp_path / "resources" / "configs").mkdir()
    if left_out != "pyproject.toml":
        (tmp_path / "pyproject.toml").touch()
    assert assets.resources_folder() == package / "_resources"


def test_the_demo_checkpoint_is_there_or_it_is_not(tmp_path, monkeypatch):
    package = checkout(tmp_path, monkeypatch)
    assert assets.demo_checkpoint() is None
    path = package / "_resources" / "demo" / "lpsnet_demo.safetensors"
    path.mkdir(parents=True)
    assert assets.demo_checkpoint() is None, "a folder is no checkpoint"
    path.rmdir()
    path.touch()
    assert assets.demo_checkpoint() == path
