"""Which networks were loaded before, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lpsnet_studio import demo_network
from lpsnet_studio.networks import RecentNetwork, RecentNetworks
from lpsnet_studio.settings import Settings
from lpsnet_studio.state import NetworkChoice


@pytest.fixture
def recent(tmp_path: Path) -> RecentNetworks:
    return RecentNetworks(Settings(tmp_path / "config"))


def test_the_latest_comes_first_and_each_once(recent: RecentNetworks, tmp_path: Path) -> None:
    checkpoint = str(tmp_path / "a.safetensors")
    recent.remember(NetworkChoice(config="demo"))
    recent.remember(NetworkChoice(checkpoint=checkpoint))
    recent.remember(NetworkChoice(config="demo", device="cpu", short_side=256))
    assert [each.origin for each in recent.networks] == ["demo", checkpoint]
    assert recent.paths == [checkpoint]
    assert [each.origin for each in RecentNetworks(Settings(tmp_path / "config")).networks] == ["demo", checkpoint]


def test_a_relative_file_is_found_from_anywhere(
    recent: RecentNetworks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recent.remember(NetworkChoice(config="mine.yaml"))
    recent.remember(NetworkChoice(checkpoint="odd name"))
    assert [each.origin for each in recent.networks] == [str(tmp_path / "odd name"), str(tmp_path / "mine.yaml")]


def test_nothing_is_remembered_where_nothing_was_asked_for(recent: RecentNetworks) -> None:
    recent.remember(NetworkChoice())
    assert recent.networks == []


@pytest.mark.parametrize(
    ("origin", "choice", "words"),
    [
        ("demo", NetworkChoice(config="demo", device="cpu"), "demo  –  untrained preset"),
        ("/runs/a/net.yaml", NetworkChoice(config="/runs/a/net.yaml", device="cpu"), "net.yaml  –  untrained, /runs/a"),
        ("/runs/b/final.pt", NetworkChoice(checkpoint="/runs/b/final.pt", device="cpu"), "final.pt  –  /runs/b"),
    ],
)
def test_each_kind_is_told_and_loaded_again(origin: str, choice: NetworkChoice, words: str) -> None:
    network = RecentNetwork(origin)
    assert network.choice("cpu") == choice
    assert network.words == words


def test_what_lies_at_home_is_told_short() -> None:
    assert RecentNetwork(str(Path.home() / "runs" / "a.safetensors")).words == f"a.safetensors  –  {Path('~') / 'runs'}"


def test_missing_ones_are_told_and_can_be_forgotten(recent: RecentNetworks) -> None:
    for path in ("/runs/a.safetensors", "/runs/b.safetensors"):
        recent.remember(NetworkChoice(checkpoint=path))
    recent.take_problems({"/runs/a.safetensors": "is not there any more"})
    assert recent.networks[1].words == "a.safetensors  –  is not there any more"
    recent.forget_missing()
    assert [each.origin for each in recent.networks] == ["/runs/b.safetensors"]
    recent.clear()
    assert recent.networks == []


def test_the_demos_network_is_remembered_by_a_name_that_no_installation_changes(
    recent: RecentNetworks, demo_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recent.remember(NetworkChoice(checkpoint=str(demo_checkpoint)))
    recent.remember(NetworkChoice(config="demo"))
    assert "site-packages" not in (tmp_path / "config" / "preferences.json").read_text()
    moved = tmp_path / "elsewhere" / demo_checkpoint.name
    monkeypatch.setattr(demo_network, "demo_checkpoint", lambda: moved)
    _, again = RecentNetworks(Settings(tmp_path / "config")).networks
    assert again.choice("cpu") == NetworkChoice(checkpoint=str(moved), device="cpu")
    assert again.words == "LPSNet demo  –  trained on drawn scenes"
    assert not again.problem
    assert recent.paths == [], "nothing that could be gone is looked for"


def test_an_installation_without_the_demos_network_says_so(
    recent: RecentNetworks, demo_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recent.remember(NetworkChoice(checkpoint=str(demo_checkpoint)))
    monkeypatch.setattr(demo_network, "demo_checkpoint", lambda: None)
    (gone,) = recent.networks
    assert gone.words == "LPSNet demo  –  is not part of this installation"
    recent.forget_missing()
    assert recent.networks == []
