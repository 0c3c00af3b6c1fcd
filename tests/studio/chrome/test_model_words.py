"""What is said of the network and of where it runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lpsnet.structures import InspectionSettings
from lpsnet_studio.chrome.input_costs import InputCost
from lpsnet_studio.chrome.input_size import InputSizeDialog
from lpsnet_studio.chrome.model_words import (
    byte_words,
    card_rows,
    card_text,
    device_words,
    macs_words,
    memory_words,
    network_words,
)
from lpsnet_studio.inference.messages import MemoryUse
from lpsnet_studio.session import Session
from tests.studio.hand_made import ListeningService, card, open_first


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (64_000, "64 kB"), (146 * 10**6, "146 MB"), (1.34e9, "1.3 GB")],
)
def test_bytes_are_told_with_the_digits_they_deserve(count: int, words: str) -> None:
    assert byte_words(int(count)) == words


@pytest.mark.parametrize(
    ("count", "words"), [(0, "—"), (412 * 10**6, "0.4 G"), (6_430_000_000, "6.4 G"), (212 * 10**9, "212 G")]
)
def test_multiply_adds_are_told_alike_in_the_card_and_where_sizes_are_chosen(count: int, words: str) -> None:
    assert macs_words(count) == words
    made = replace(card(), macs=count)
    assert dict(card_rows(made)).get("Cost", "—").split(" multiply")[0] == words
    assert InputSizeDialog._cells(made, InputCost(64, (64, 64), 1.0, count, None))[2] == words


def test_switches_that_a_config_turns_are_told_in_words() -> None:
    rows = dict(card_rows(replace(card(), settings=InspectionSettings(use_borderness=False))))
    assert rows["Inspection"] == "asks for: border-ness off; all else as in the paper"


def test_memory_on_the_card_is_told_apart() -> None:
    assert memory_words(None) == ""
    assert memory_words(MemoryUse(1_340_000_000)) == "1.3 GB"
    assert memory_words(MemoryUse(1_340_000_000, 512_000_000)) == "1.3 GB + 512 MB GPU"


def test_the_bar_is_told_no_more_than_it_needs(session: Session, service: ListeningService) -> None:
    assert (device_words(session), network_words(session)) == ("", "no network")
    open_first(session, service, trained=False)
    assert device_words(session) == "CPU (no CUDA device)"
    assert network_words(session) == "hand-made, untrained · 64 px · 0 ms"
    session.model = replace(card(), origin="/runs/fourth/checkpoints/best.safetensors")
    assert network_words(session).startswith("fourth · hand-made · 64 px"), "every run from the preset has its name"
    session.model = replace(card(), device="cuda:1", device_reason="NVIDIA T4")
    assert device_words(session) == "cuda:1 (NVIDIA T4)"
    session.model = replace(card(), device_reason="NVIDIA driver found, but this PyTorch is built without CUDA")
    assert "NVIDIA driver found" in device_words(session)
    session.set_service_state("restarting")
    assert "starts again" in device_words(session)


def test_a_card_says_all_that_is_known() -> None:
    made = replace(
        card(), origin="/runs/a.safetensors", file_bytes=146 * 10**6, parameters=36_412_345, macs=212 * 10**9,
        short_side=640, own_short_side=800, long_side_cap=1066,
    )  # fmt: skip
    assert card_rows(made) == [
        ("Weights", "trained"),
        ("Origin", "/runs/a.safetensors"),
        ("Backbone", "resnet18"),
        ("Parameters", "36.4 million"),
        ("File", "146 MB"),
        ("Cost", "212 G multiply-adds for an input of 640 × 853"),
        ("Classes", "4: 2 things, 2 stuff"),
        ("Input", "short side 640 px, long side at most 1066 px; its config asks for 800 px"),
        ("Device", "CPU, no CUDA device: there is no NVIDIA driver"),
        ("Inspection", "asks for: conflict smallest, stuff limit 0 px; all else as in the paper"),
    ]


def test_a_card_without_a_file_says_that_it_is_untrained() -> None:
    rows = dict(card_rows(replace(card(trained=False), macs=0, settings=InspectionSettings())))
    assert rows["Weights"].startswith("untrained: random")
    assert rows["Origin"] == "preset here"
    assert rows["Inspection"] == "all as in the paper"
    assert not {"File", "Cost"} & rows.keys()


def test_the_demos_network_goes_by_its_own_name(demo_checkpoint: Path) -> None:
    own, other = card(origin=demo_checkpoint), card(origin=demo_checkpoint.with_name("copy.safetensors"))
    assert card_text(own).startswith("LPSNet demo\nWeights: trained on drawn scenes only\n")
    assert card_text(other).startswith("hand-made\nWeights: trained\n")


def test_the_text_of_a_card_holds_notes_and_classes() -> None:
    text = card_text(replace(card(), notes="Trained on drawn scenes."))
    assert text.startswith("hand-made\nWeights: trained\n")
    assert "\n\nTrained on drawn scenes.\n\n1 person (thing)\n" in text
    assert text.endswith("9 road (stuff)\n")
