"""``lpsnet info`` of a config and of a checkpoint, driven as a user drives it."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lpsnet import cli
from lpsnet.checkpoint import network_from, save_checkpoint
from lpsnet.config import load_config, preset_names
from lpsnet.scenes import scene_categories

SMALL = ["model.channels=32", "model.semantic_head.channels=16", "model.backbone.width=0.25"]


def info_of_a_checkpoint(folder: Path, card: dict[str, Any]) -> str:
    config = load_config("demo", SMALL)
    categories = scene_categories()
    path = folder / "network.safetensors"
    save_checkpoint(path, network_from(config, len(categories)), config, categories, card)
    done = CliRunner().invoke(cli.app, ["info", "--checkpoint", str(path), "--size", "64x64"])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_card_follows_the_table(tmp_path: Path) -> None:
    long = "Trained on drawn scenes, " + "seed after seed, " * 20 + "and on nothing else."
    printed = info_of_a_checkpoint(tmp_path, {"text": long, "steps": 1200, "schedule": {"rate": 0.01}})
    _, after_the_table = printed.split("peak memory of one forward")
    assert after_the_table.splitlines()[1:] == ["", long, "steps: 1200", 'schedule: {"rate": 0.01}']


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[bold red]mine[/bold red] :smile:", "[bold red]mine[/bold red] :smile:"),
        ("straße, 猫", "straße, 猫"),
        ("red \x1b[31m, title \x1b]0;taken\x07, bell \x07", "red \ufffd[31m, title \ufffd]0;taken\ufffd, bell \ufffd"),
        ("first\rover it", "first\ufffdover it"),
    ],
)
def test_a_card_is_plain_text_whatever_it_holds(tmp_path: Path, written: str, shown: str) -> None:
    assert info_of_a_checkpoint(tmp_path, {"text": written}).endswith(f"\n\n{shown}\n")


def test_a_checkpoint_without_a_card_ends_with_the_figures(tmp_path: Path) -> None:
    assert info_of_a_checkpoint(tmp_path, {}).splitlines()[-1].startswith("peak memory of one forward")


@pytest.mark.parametrize("name", preset_names())
def test_the_resolved_config_is_a_config_file_again(name: str, tmp_path: Path) -> None:
    changes = ["input.short_side=704", "data.val=null", "name=straße 猫"]
    settings = [word for change in changes for word in ("--set", change)]
    done = CliRunner().invoke(cli.app, ["info", "--config", name, *settings, "--resolved"])
    assert done.exit_code == 0, done.output
    saved = tmp_path / "mine.yaml"
    saved.write_text(done.stdout, encoding="utf-8")
    assert load_config(saved) == load_config(name, changes)


def test_a_checkpoints_resolved_config_is_the_one_it_was_saved_with(tmp_path: Path) -> None:
    info_of_a_checkpoint(tmp_path, {})
    done = CliRunner().invoke(cli.app, ["info", "--checkpoint", str(tmp_path / "network.safetensors"), "--resolved"])
    saved = tmp_path / "mine.yaml"
    saved.write_text(done.stdout, encoding="utf-8")
    assert load_config(saved).model == load_config("demo", SMALL).model


@pytest.mark.parametrize("words", [["--resolved"], ["--set", "input.short_side=704"]])
def test_without_a_config_nothing_can_be_resolved_or_changed(words: list[str]) -> None:
    done = CliRunner().invoke(cli.app, ["info", *words])
    assert isinstance(done.exception, ValueError)
    assert str(done.exception) == f"{words[0]} needs a config: give --config or --checkpoint"


def test_the_version_is_the_packages() -> None:
    done = CliRunner().invoke(cli.app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"lpsnet {version('lpsnet-studio')}\n")
