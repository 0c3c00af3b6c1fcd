"""The real service with a small network: what it answers, what it does when it is lost, and what it leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from lpsnet.categories import Categories
from lpsnet.structures import InspectionSettings, Stage
from lpsnet_studio.inference.messages import (
    DatasetListed,
    Failed,
    ImageOpened,
    ImageSource,
    Inspect,
    Inspected,
    ListDataset,
    LoadModel,
    Measure,
    OpenImage,
    Prefetch,
    Probe,
    Probed,
    TruthSource,
)
from tests.conftest import PROJECT
from tests.studio.inference.conftest import SMALL_NETWORK, Drawn
from tests.studio.inference.conversation import Conversation, is_alive, shared_memory, wait_for_end

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")

NETWORK = InspectionSettings(class_threshold=0.0, score_threshold=0.0, stuff_limit=0)
ORACLES = InspectionSettings(semantic_oracle=True, box_oracle=True, stuff_limit=0)


def load_small_network(real: Conversation) -> None:
    real.must(LoadModel, "coco_r50", overrides=SMALL_NETWORK)


@pytest.fixture
def opened(real: Conversation, drawn: Drawn) -> Conversation:
    """The service with a network, and the first drawn image open as ``one``; its network has run."""
    load_small_network(real)
    real.must(OpenImage, "one", drawn.sources[0])
    real.must(Inspect, "one", NETWORK)
    return real


def stages_run(reply: Inspected) -> list[Stage]:
    return [result.stage for result in reply.stages if result.ran]


# ------------------------------------------------------------------------------------------------------------ answers


def test_an_untrained_preset_says_so_and_why_it_runs_where_it_does(real: Conversation) -> None:
    card = real.must(LoadModel, "coco_r50", overrides=SMALL_NETWORK, device="cpu").card
    assert not card.trained
    assert (card.name, card.origin, card.backbone) == ("coco_r50", "coco_r50", "resnet18")
    assert (card.device, card.device_reason) == ("cpu", "asked for")
    assert card.short_side == 128
    assert len(card.categories) == 133
    assert 1e5 < card.parameters < 3e6


def test_a_data_set_is_listed_opened_and_inspected(real: Conversation, drawn: Drawn) -> None:
    load_small_network(real)
    listed = real.must(ListDataset, str(drawn.json_path))
    assert isinstance(listed, DatasetListed)
    assert [image.source for image in listed.images] == list(drawn.sources)
    opened = real.must(OpenImage, "listed", listed.images[0].source)
    assert isinstance(opened, ImageOpened)
    assert opened.pixels.shape == (240, 320, 3)
    assert opened.network_fits
    assert opened.notice == ""
    np.testing.assert_array_equal(opened.truth.ids, drawn.truths[0].ids)
    reply = real.must(Inspect, "listed", NETWORK)
    assert stages_run(reply) == list(Stage)
    assert reply.labels is reply.trace.labels
    assert reply.size == reply.labels.shape == reply.trace.owners.shape == (240, 320)
    assert 0 < len(reply.detections) <= len(reply.candidates)
    assert reply.seconds >= sum(stage.seconds for stage in reply.stages)
    assert {progress.step for progress in real.progress if progress.request == reply.request} <= {"network"}


def test_a_slider_reruns_only_its_stage_and_sends_no_labels_again(opened: Conversation) -> None:
    reply = opened.must(Inspect, "one", replace(NETWORK, overlap_threshold=0.6))
    assert stages_run(reply) == [Stage.MERGE, Stage.QUALITY]
    assert reply.labels is None
    assert reply.candidates is None
    assert reply.trace.labels.shape == (240, 320)
    reply = opened.must(Inspect, "one", replace(NETWORK, semantic_oracle=True))
    assert stages_run(reply) == [Stage.SEMANTICS, Stage.DETECTIONS, Stage.MERGE, Stage.QUALITY]
    assert reply.labels is not None


def test_labels_are_sent_again_after_an_image_was_opened_again(opened: Conversation, drawn: Drawn) -> None:
    opened.must(OpenImage, "two", drawn.sources[1])
    opened.must(OpenImage, "one", drawn.sources[0])
    reply = opened.must(Inspect, "one", NETWORK)
    assert Stage.NETWORK not in stages_run(reply)
    assert reply.labels is not None
    assert reply.candidates is not None


def test_both_oracles_give_the_ground_truth_back_without_a_network(drawn: Drawn, real: Conversation) -> None:
    with Conversation(real.supervisor._command) as fresh:
        fresh.must(OpenImage, "one", drawn.sources[0])
        reply = fresh.must(Inspect, "one", ORACLES)
        assert stages_run(reply) == [Stage.SEMANTICS, Stage.DETECTIONS, Stage.MERGE, Stage.QUALITY]
        found = {int(each): 0 for each in np.unique(reply.trace.owners)}
        assert len(found) >= 4
        refused = fresh.ask(Inspect, "one", NETWORK)
        assert refused.kind == "not-possible"
        assert refused.advice
        assert fresh.ask(Probe, "one", 3, 3).kind == "not-possible"


def test_a_probe_agrees_with_the_labels(opened: Conversation, drawn: Drawn) -> None:
    opened.must(OpenImage, "one", drawn.sources[0])
    labels = opened.must(Inspect, "one", NETWORK).labels
    rng = np.random.default_rng(3)
    for y, x in zip(rng.integers(0, 240, 12).tolist(), rng.integers(0, 320, 12).tolist(), strict=True):
        reply = opened.must(Probe, "one", x, y, 133)
        assert isinstance(reply, Probed)
        assert labels[y, x] in [
            each
            for each, probability in zip(reply.classes, reply.probabilities, strict=True)
            if reply.probabilities[0] - probability < 1e-6
        ]
        assert sum(reply.probabilities) == pytest.approx(1, abs=1e-4)
        assert reply.levels == (3, 4, 5, 6, 7)
        assert all(0 <= each <= 1 for each in reply.borderness)


def test_a_large_image_is_previewed_at_two_megapixels_and_released_at_full_size(
    opened: Conversation, drawn: Drawn
) -> None:
    opened.must(OpenImage, "large", drawn.sources[2])
    for settings in (NETWORK, ORACLES):
        preview = opened.must(Inspect, "large", settings, preview=True)
        assert preview.preview
        height, width = preview.size
        assert 1_950_000 < height * width <= 2_000_000
        assert height / width == pytest.approx(1600 / 2000, rel=1e-3)
        assert preview.trace.owners.shape == preview.size
        assert preview.quality is not None
        full = opened.must(Inspect, "large", settings, preview=False)
        assert not full.preview
        assert full.size == (1600, 2000)
        assert full.labels is not None
    assert [segment.label for segment in preview.trace.segments] == [segment.label for segment in full.trace.segments]
    again = opened.must(Inspect, "one", replace(ORACLES, overlap_threshold=0.1), preview=True)
    assert not again.preview


@pytest.mark.parametrize("settings", [NETWORK, ORACLES])
def test_measuring_tells_what_an_inspection_would(
    opened: Conversation, drawn: Drawn, settings: InspectionSettings
) -> None:
    inspected = opened.must(Inspect, "one", settings)
    measured = opened.must(Measure, drawn.sources[0], settings)
    assert measured.settings == settings
    for name in ("tp", "fp", "fn", "iou"):
        np.testing.assert_array_equal(
            getattr(measured.quality.counts, name), getattr(inspected.quality.counts, name), err_msg=name
        )
    assert measured.seconds > 0
    refused = opened.ask(Measure, drawn.photo, NETWORK)
    assert refused.kind == "bad-input"
    assert "has no ground truth" in refused.sentence


def test_a_prefetched_image_is_inspected_without_another_forward(opened: Conversation, drawn: Drawn) -> None:
    prefetched = opened.must(Prefetch, "next", drawn.photo, NETWORK)
    assert prefetched.image == "next"
    photo = opened.must(OpenImage, "next", drawn.photo)
    assert photo.pixels.shape == (300, 400, 3)
    assert photo.truth is None
    started = time.monotonic()
    reply = opened.must(Inspect, "next", NETWORK)
    assert reply.quality is None
    assert reply.seconds < reply.stages[0].seconds + time.monotonic() - started
    assert opened.ask(Inspect, "next", ORACLES).kind == "not-possible"


def test_another_networks_classes_hold_after_it_is_loaded(opened: Conversation, drawn: Drawn) -> None:
    card = opened.must(LoadModel, "cityscapes_r50", overrides=SMALL_NETWORK).card
    again = opened.must(OpenImage, "one", drawn.sources[0])
    assert not again.network_fits
    assert again.categories != card.categories
    assert "the network 19; in common: none, since person, bicycle" in again.notice
    assert opened.ask(Inspect, "one", NETWORK).kind == "not-possible"
    assert isinstance(opened.must(Inspect, "one", ORACLES), Inspected)
    photo = opened.must(OpenImage, "photo", drawn.photo)
    assert photo.categories == card.categories
    assert opened.must(Inspect, "photo", NETWORK).labels.max() < len(card.categories)


# ---------------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("name", "content"),
    [("missing.jpg", None), ("empty.png", b""), ("torn.jpg", b"\xff\xd8\xff\xe0 torn"), ("note.png", b"a note")],
)
def test_a_bad_picture_fails_naming_the_file(
    real: Conversation, tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    reply = real.ask(OpenImage, name, ImageSource(str(tmp_path / name)))
    assert isinstance(reply, Failed)
    assert reply.kind == "bad-input"
    assert str(tmp_path / name) in reply.sentence


@pytest.mark.parametrize("content", [None, "{", '{"images": [], "annotations": [], "categories": [{"id": 0}]}'])
def test_a_bad_data_set_fails_naming_the_file(real: Conversation, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "panoptic.json"
    if content is not None:
        path.write_text(content)
    reply = real.ask(ListDataset, str(path))
    assert reply.kind == "bad-input"
    assert str(path) in reply.sentence


def test_missing_truth_does_not_keep_a_picture_from_opening(real: Conversation, drawn: Drawn, tmp_path: Path) -> None:
    nowhere = TruthSource(str(tmp_path / "nowhere.json"), 1)
    reply = real.must(OpenImage, "one", ImageSource(drawn.photo.path, nowhere))
    assert reply.truth is None
    assert "nowhere.json" in reply.notice


@pytest.mark.parametrize(
    ("keywords", "named"),
    [
        ({"config": "no_such_preset"}, "no_such_preset"),
        ({"config": "coco_r50", "overrides": ("input.short_side=3",)}, "short_side"),
        ({"config": "coco_r50", "device": "cuda:99"}, "cuda:99"),
        ({"config": "coco_r50", "checkpoint": "/nonexistent/weights.safetensors"}, "/nonexistent/weights.safetensors"),
    ],
)
def test_a_bad_network_fails_naming_what_is_wrong(real: Conversation, keywords: dict, named: str) -> None:
    reply = real.ask(LoadModel, **keywords)
    assert isinstance(reply, Failed)
    assert reply.kind == "bad-input"
    assert named in reply.sentence


# ------------------------------------------------------------------------------------------------------------- faults


def test_killed_during_a_forward_it_is_asked_once_more_and_answers(
    opened: Conversation, drawn: Drawn, faults: Path
) -> None:
    services = len(opened.pids)
    opened.must(OpenImage, "two", drawn.sources[1])
    faults.write_text("slow")
    number = opened.post(Inspect, "two", NETWORK)
    opened.wait_until(lambda: any(progress.request == number for progress in opened.progress))
    faults.write_text("none")
    os.kill(opened.pids[-1], signal.SIGKILL)
    reply = opened.answer(number)
    assert isinstance(reply, Inspected)
    assert reply.labels.shape == (200, 300)
    assert len(opened.pids) == services + 1


def test_stopped_during_a_forward_it_is_replaced_and_answers(opened: Conversation, drawn: Drawn, faults: Path) -> None:
    services = len(opened.pids)
    opened.must(OpenImage, "two", drawn.sources[1])
    faults.write_text("slow")
    number = opened.post(Inspect, "two", NETWORK)
    opened.wait_until(lambda: any(progress.request == number for progress in opened.progress))
    faults.write_text("none")
    os.kill(opened.pids[-1], signal.SIGSTOP)
    stopped = time.monotonic()
    opened.wait_until(lambda: opened.states[-1] == "restarting", within=10)
    assert time.monotonic() - stopped < 5
    assert isinstance(opened.answer(number), Inspected)
    assert len(opened.pids) == services + 1


def test_a_fault_of_cuda_ends_two_services_fails_the_request_and_leaves_a_third(
    opened: Conversation, drawn: Drawn, faults: Path
) -> None:
    services = len(opened.pids)
    opened.must(OpenImage, "two", drawn.sources[1])
    faults.write_text("cuda")
    reply = opened.ask(Inspect, "two", NETWORK)
    assert isinstance(reply, Failed)
    assert reply.kind == "died"
    assert reply.advice
    assert "illegal memory access" in reply.details
    faults.write_text("none")
    assert isinstance(opened.must(Inspect, "two", NETWORK), Inspected)
    assert len(opened.pids) == services + 2


@pytest.mark.parametrize("fault", ["out of memory", "out of main memory"])
def test_out_of_memory_fails_at_once_with_advice(opened: Conversation, drawn: Drawn, faults: Path, fault: str) -> None:
    services = len(opened.pids)
    opened.must(OpenImage, "two", drawn.sources[1])
    faults.write_text(fault)
    reply = opened.ask(Inspect, "two", NETWORK)
    assert reply.kind == "out-of-memory"
    assert "smaller" in reply.advice
    assert len(opened.pids) == services
    faults.write_text("none")
    assert isinstance(opened.must(Inspect, "two", NETWORK), Inspected)


def test_nan_in_the_output_fails_with_advice(opened: Conversation, drawn: Drawn, faults: Path) -> None:
    opened.must(OpenImage, "photo", drawn.photo)
    faults.write_text("nan")
    reply = opened.ask(Inspect, "photo", NETWORK)
    assert reply.kind == "bad-input", reply.details
    assert "NaN" in reply.sentence
    assert "checkpoint" in reply.advice
    faults.write_text("none")


def test_a_fault_of_the_program_is_told_with_its_traceback(opened: Conversation, drawn: Drawn, faults: Path) -> None:
    opened.must(OpenImage, "two", drawn.sources[1])
    opened.must(LoadModel, "coco_r50", overrides=SMALL_NETWORK)
    faults.write_text("bug")
    reply = opened.ask(Inspect, "two", NETWORK)
    assert reply.kind == "internal"
    assert "ZeroDivisionError" in reply.sentence
    assert "run_with_fault" in reply.details
    faults.write_text("none")


# ---------------------------------------------------------------------------------------------------- at one time


def test_sliders_and_probes_answer_during_a_forward_which_can_be_cancelled(
    opened: Conversation, drawn: Drawn, faults: Path
) -> None:
    faults.write_text("slow")
    forward = opened.post(Prefetch, "slow", drawn.photo, NETWORK)
    opened.wait_until(lambda: any(progress.request == forward for progress in opened.progress))
    for threshold in np.linspace(0.1, 0.9, 9).tolist():
        opened.must(Inspect, "one", replace(NETWORK, overlap_threshold=threshold))
        opened.must(Probe, "one", 5, 5)
    assert forward not in opened.answers
    opened.cancel(forward)
    assert opened.answer(forward).kind == "cancelled"
    counted = len(opened.progress)
    time.sleep(0.5)
    assert len(opened.progress) <= counted + 1, "the forward went on"
    faults.write_text("none")
    opened.must(Prefetch, "slow", drawn.photo, NETWORK)


# ------------------------------------------------------------------------------------------------- nothing left behind


def test_a_studio_killed_during_a_forward_leaves_no_service_and_no_shared_memory(drawn: Drawn, faults: Path) -> None:
    before = shared_memory()
    faults.write_text("slow")
    studio, pid = start_studio("faulty_service", drawn, faults)
    studio.kill()
    studio.wait()
    wait_for_end(pid)
    assert shared_memory() == before


def test_studio_and_service_killed_at_once_leave_no_shared_memory(drawn: Drawn, faults: Path) -> None:
    before = shared_memory()
    studio, pid = start_studio("scripted_service", drawn, faults)
    os.kill(pid, signal.SIGKILL)
    studio.kill()
    studio.wait()
    wait_for_end(pid)
    assert shared_memory() == before


def test_a_service_ends_with_a_studio_that_was_stopped_and_killed(drawn: Drawn, faults: Path) -> None:
    studio, pid = start_studio("scripted_service", drawn, faults)
    studio.send_signal(signal.SIGSTOP)
    studio.kill()
    studio.wait()
    wait_for_end(pid)


def start_studio(service: str, drawn: Drawn, faults: Path) -> tuple[subprocess.Popen[str], int]:
    """Starts a program that asks a service for something long; returns it and the service's process number."""
    studio = subprocess.Popen(
        [sys.executable, "-m", "tests.studio.inference.small_studio", service, drawn.photo.path, *SMALL_NETWORK],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "FAULTS": str(faults), "PYTHONPATH": str(PROJECT)},
    )
    assert studio.stdout is not None
    pid = int(studio.stdout.readline())
    assert studio.stdout.readline() == "asked\n"
    assert is_alive(pid)
    return studio, pid


def test_a_service_gives_way_to_the_window(opened: Conversation) -> None:
    process = psutil.Process(opened.pids[-1])
    assert process.nice() > psutil.Process().nice()
    if Path("/proc/self/oom_score_adj").exists():
        own = int(Path("/proc/self/oom_score_adj").read_text())
        assert int(Path(f"/proc/{process.pid}/oom_score_adj").read_text()) >= min(own + 300, 1000)


def test_the_windows_side_never_imports_torch() -> None:
    code = (
        "import sys; import lpsnet_studio.inference.client; "
        "sys.exit(', '.join(each for each in ('torch', 'lpsnet_studio.inference.service', 'pycocotools') "
        "if each in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_service_cannot_be_started_by_hand() -> None:
    command: Sequence[str] = (sys.executable, "-m", "lpsnet_studio.inference.service")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "LPSNet Studio" in done.stderr


def test_classes_of_the_drawn_data_set_are_cocos(coco: Categories, drawn: Drawn, real: Conversation) -> None:
    assert real.must(ListDataset, str(drawn.json_path)).categories == coco
