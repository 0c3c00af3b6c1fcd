"""One image's stages as the service keeps them."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from lpsnet.engine.network import load_network
from lpsnet.inspection import MissingNetworkError, MissingTruthError
from lpsnet.metrics.panoptic_quality import PanopticQuality
from lpsnet.model.cancellation import Cancelled
from lpsnet.structures import InspectionSettings, Stage
from lpsnet_studio.inference.bench import PREVIEW_PIXELS, ImageBench, LoadedNetwork
from lpsnet_studio.inference.messages import Inspect, LoadModel, Look, Measure, OpenImage, Probe, Sight, WeighGains
from lpsnet_studio.inference.pictures import PictureReader
from lpsnet_studio.inference.workshop import TorchWorkshop
from tests.studio.inference.conftest import SMALL_NETWORK, Drawn

ORACLES = InspectionSettings(semantic_oracle=True, box_oracle=True)


@pytest.fixture(scope="module")
def network() -> LoadedNetwork:
    return TorchWorkshop().load(LoadModel(1, "coco_r50", overrides=SMALL_NETWORK))


def bench(drawn: Drawn, number: int, network: LoadedNetwork | None) -> ImageBench:
    return ImageBench(PictureReader().read(drawn.sources[number]), network)


def inspect(on: ImageBench, settings: InspectionSettings, *, preview: bool = False):
    return on.without_unchanged(on.inspect(Inspect(1, "image", settings, preview), time.perf_counter()))


def never() -> bool:
    return False


def test_progress_runs_to_one_once_the_layers_are_counted(drawn: Drawn, network: LoadedNetwork) -> None:
    network.layers = 0
    first: list[float] = []
    second: list[float] = []
    assert bench(drawn, 0, network).run_network(never, first.append)
    assert bench(drawn, 0, network).run_network(never, second.append)
    assert set(first) == {-1.0}
    assert second == sorted(second)
    assert second[-1] == 1.0
    assert len(second) > 20


def test_a_stopped_forward_leaves_no_output(drawn: Drawn, network: LoadedNetwork) -> None:
    stopped = bench(drawn, 0, network)
    assert not stopped.run_network(lambda: True, lambda _fraction: None)
    assert not stopped.has_output
    with pytest.raises(MissingNetworkError, match="network"):
        inspect(stopped, InspectionSettings())


def test_labels_and_candidates_are_sent_once_a_size(drawn: Drawn, network: LoadedNetwork) -> None:
    large = bench(drawn, 2, network)
    large.run_network(never, lambda _fraction: None)
    settings = InspectionSettings(score_threshold=0.0)
    assert inspect(large, settings).labels is not None
    again = inspect(large, replace(settings, overlap_threshold=0.9))
    assert again.labels is None
    assert again.candidates is None
    preview = inspect(large, settings, preview=True)
    assert preview.labels is not None
    assert preview.candidates is not None
    assert inspect(large, replace(settings, overlap_threshold=0.1), preview=True).labels is None
    assert inspect(large, settings).labels is not None
    large.opened(OpenImage(2, "image", drawn.sources[2]), 0.0)
    assert inspect(large, settings).labels is not None


def test_the_preview_is_of_at_most_two_megapixels_and_its_truth_is_the_pictures(drawn: Drawn) -> None:
    preview = inspect(bench(drawn, 2, None), replace(ORACLES, stuff_limit=0), preview=True)
    height, width = preview.size
    assert height * width <= PREVIEW_PIXELS
    truth = drawn.truths[2].labels(133)
    rows, columns = np.arange(height), np.arange(width)
    at = truth[((rows + 0.5) * 1600 / height).astype(int)][:, ((columns + 0.5) * 2000 / width).astype(int)]
    np.testing.assert_array_equal(preview.labels, at)


def test_the_preview_counts_stuff_as_the_full_size_would(drawn: Drawn) -> None:
    large = bench(drawn, 2, None)
    stuff = {segment.label: segment.area for segment in drawn.truths[2].segments if segment.id in (1, 2)}
    smaller, larger = sorted(stuff.values())
    settings = replace(ORACLES, stuff_limit=(smaller + larger) // 2)
    kept = [
        {segment.label for segment in inspect(large, settings, preview=preview).trace.segments} & stuff.keys()
        for preview in (False, True)
    ]
    assert kept[0] == kept[1]
    assert len(kept[0]) == 1


def test_measuring_stops_before_any_stage_and_goes_on_from_there(drawn: Drawn, network: LoadedNetwork) -> None:
    on = bench(drawn, 1, network)
    on.run_network(never, lambda _: None)
    request = Measure(1, on.picture.source, InspectionSettings(stuff_limit=0))
    for stages in range(4):
        asked = iter([False] * stages + [True])
        assert on.measure(request, lambda asked=asked: next(asked)) is None  # type: ignore[misc]
        assert on._inspection(preview=False).missing_stages(request.settings) == set(list(Stage)[1 + stages :])
    told = on.measure(request, never)
    shown = inspect(bench_with_output_of(on, drawn, network), request.settings)
    assert told is not None
    assert shown.quality is not None
    assert told.quality.counts.iou.tolist() == shown.quality.counts.iou.tolist()
    assert told.seconds >= sum(stage.seconds for stage in shown.stages if stage.stage is Stage.NETWORK)


def bench_with_output_of(other: ImageBench, drawn: Drawn, network: LoadedNetwork) -> ImageBench:
    made = bench(drawn, 1, network)
    made.output = other.output
    return made


def test_oracles_need_truth(drawn: Drawn, network: LoadedNetwork) -> None:
    photo = ImageBench(PictureReader().read(drawn.photo), network)
    with pytest.raises(MissingTruthError):
        inspect(photo, ORACLES)


@pytest.mark.parametrize(("x", "y"), [(-1, 0), (320, 0), (0, 240)])
def test_a_probe_outside_is_refused(drawn: Drawn, network: LoadedNetwork, x: int, y: int) -> None:
    with pytest.raises(ValueError, match="not a pixel"):
        bench(drawn, 0, network).probe(Probe(1, "image", x, y))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError(), "out-of-memory"),
        (torch.cuda.OutOfMemoryError("CUDA out of memory"), "out-of-memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), "out-of-memory"),
        (ValueError("photo.jpg: truncated"), "bad-input"),
        (FileNotFoundError(2, "No such file or directory", "weights.safetensors"), "bad-input"),
        (MissingTruthError("an oracle needs ground truth"), "not-possible"),
        (KeyError("x"), "internal"),
    ],
)
def test_what_goes_wrong_is_put_in_words(error: Exception, kind: str) -> None:
    failed = TorchWorkshop().failure(7, error)
    assert (failed.request, failed.kind) == (7, kind)
    assert failed.sentence
    assert "Errno" not in failed.sentence
    if kind == "out-of-memory":
        assert "smaller" in failed.advice


@pytest.mark.slow
def test_a_forward_of_resnet_50_at_800_by_1066_ends_within_half_a_second_of_its_cancelling() -> None:
    """Cancels at moments spread over a whole forward; a busy machine may stretch one of them."""
    ready = load_network(config="coco_r50")
    network = LoadedNetwork(ready, card=None)  # type: ignore[arg-type]
    image = np.random.default_rng(0).integers(0, 256, (800, 1066, 3)).astype(np.uint8)
    started = time.perf_counter()
    network.run(image, never, lambda _fraction: None)
    whole = time.perf_counter() - started
    waits = [cancelled_after(network, image, whole * share) for share in (0.1, 0.25, 0.4, 0.55, 0.7, 0.85)]
    assert np.median(waits) < 0.5, waits
    assert max(waits) < 1.5, waits


def cancelled_after(network: LoadedNetwork, image: np.ndarray, seconds: float) -> float:
    """Runs the network, cancels it after some seconds and returns how long it took to end."""
    stop = threading.Event()
    forward = threading.Thread(target=run_to_its_end, args=(network, image, stop))
    forward.start()
    time.sleep(seconds)
    stop.set()
    cancelled = time.perf_counter()
    forward.join()
    return time.perf_counter() - cancelled


def run_to_its_end(network: LoadedNetwork, image: np.ndarray, stop: threading.Event) -> None:
    with contextlib.suppress(Cancelled):
        network.run(image, stop.is_set, lambda _fraction: None)


# ------------------------------------------------------------------------------------------------------------- errands


def seen(on: ImageBench, kind: str, **what: object):
    return on.look(Look(1, "image", Sight(kind, **what))).map


def test_maps_are_those_of_the_network_and_the_truth(drawn: Drawn, network: LoadedNetwork) -> None:
    small = bench(drawn, 0, network)
    small.run_network(never, lambda _fraction: None)
    height, width = small.picture.pixels.shape[:2]
    levels = [seen(small, "borderness", level=level) for level in (3, 4, 5, 6, 7)]
    logits = small.output.borderness_logits
    for heat, logit in zip(levels, logits, strict=True):
        rows, columns = heat.values.shape
        np.testing.assert_allclose(heat.values, logit[0, 0, :rows, :columns].sigmoid().numpy(), atol=1e-6)
    probabilities = small.output.semantic_logits[0].softmax(0)
    rows, columns = seen(small, "class", label=2).values.shape
    np.testing.assert_allclose(
        seen(small, "class", label=2).values, probabilities[2, :rows, :columns].numpy(), atol=1e-6
    )
    best = probabilities[:, :rows, :columns].topk(2, dim=0)
    np.testing.assert_allclose(seen(small, "margin").values, (best.values[0] - best.values[1]).numpy(), atol=1e-6)
    np.testing.assert_array_equal(seen(small, "next_best").values, best.indices[1].numpy())
    means = probabilities[:, :rows, :columns].mean(dim=(1, 2))
    np.testing.assert_allclose(seen(small, "means").values, means[None].numpy(), atol=1e-6)
    target, difference = seen(small, "target", target="box"), seen(small, "difference", target="box")
    assert target.values.shape == difference.values.shape == (height, width)
    on_things = ~np.isnan(target.values)
    assert on_things.any()
    assert (np.isnan(difference.values) == ~on_things).all()


def test_a_map_that_cannot_be_had_says_why(drawn: Drawn, network: LoadedNetwork) -> None:
    fresh = bench(drawn, 0, network)
    with pytest.raises(MissingNetworkError, match="has not run"):
        seen(fresh, "entropy")
    assert seen(fresh, "target").values.any(), "the truth needs no network"


def test_gains_are_those_of_inspections_with_the_oracles_on(drawn: Drawn, network: LoadedNetwork) -> None:
    small = bench(drawn, 0, network)
    small.run_network(never, lambda _fraction: None)
    settings = InspectionSettings(stuff_limit=0, score_threshold=0.0)
    gains = small.weigh_gains(WeighGains(1, "image", settings)).gains
    for result in gains.results:
        on = replace(settings, semantic_oracle=result.semantic_oracle, box_oracle=result.box_oracle)
        quality = small.measure(Measure(2, small.picture.source, on)).quality
        expected = PanopticQuality(quality.counts, small.opened(OpenImage(3, "i", small.picture.source), 0).categories)
        assert result.all == expected.all
    assert gains.both.all.pq > gains.as_it_is.all.pq
    assert small.weigh_gains(WeighGains(1, "image", settings), lambda: True) is None
