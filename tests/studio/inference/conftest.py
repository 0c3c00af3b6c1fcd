"""A small drawn data set, and a service that runs a small network on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lpsnet.assets import resource
from lpsnet.categories import Categories
from lpsnet.formats.coco_panoptic import CocoPanopticWriter
from lpsnet.structures import PanopticSegmentation
from lpsnet_studio.inference.messages import ImageSource, TruthSource
from tests.conftest import PROJECT
from tests.studio.inference.conversation import Conversation, test_service

SMALL_NETWORK = (
    "model.backbone.name=resnet18",
    "model.backbone.width=0.25",
    "model.backbone.weights=null",
    "model.channels=32",
    "model.semantic_head.channels=32",
    "input.short_side=128",
)


@dataclass(frozen=True)
class Drawn:
    """Drawn pictures with ground truth.

    Attributes:
        json_path: the data set.
        sources: its images.
        truths: their ground truth, in the indices of COCO's classes.
        photo: a picture without ground truth.
    """

    json_path: Path
    sources: tuple[ImageSource, ...]
    truths: tuple[PanopticSegmentation, ...]
    photo: ImageSource


@pytest.fixture(autouse=True)
def _services_find_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))


@pytest.fixture(scope="session")
def coco() -> Categories:
    return Categories.load(resource("categories", "coco_panoptic.json"))


def draw(seed: int, height: int, width: int, coco: Categories) -> tuple[np.ndarray, PanopticSegmentation]:
    """Draws sky, grass and some people as rectangles, and their ground truth."""
    rng = np.random.default_rng(seed)
    names = [entry.name for entry in coco]
    ids = np.full((height, width), 1, np.int32)
    ids[height // 2 :] = 2
    labels = {1: names.index("sky-other-merged"), 2: names.index("grass-merged")}
    for identity in range(3, 8):
        y, x = int(rng.integers(0, height * 3 // 4)), int(rng.integers(0, width * 3 // 4))
        ids[y : y + height // 4, x : x + width // 8] = identity
        labels[identity] = names.index("person")
    labels = {identity: label for identity, label in labels.items() if (ids == identity).any()}
    pixels = rng.integers(0, 256, (8, 3)).astype(np.uint8)[ids]
    return pixels, PanopticSegmentation.from_ids(ids, labels)


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory, coco: Categories) -> Drawn:
    """Three drawn images with ground truth; the last has 3.2 megapixels."""
    folder = tmp_path_factory.mktemp("drawn")
    (folder / "images").mkdir()
    json_path = folder / "panoptic.json"
    truths, paths = [], []
    with CocoPanopticWriter(json_path, None, coco) as writer:
        for number, (height, width) in enumerate([(240, 320), (200, 300), (1600, 2000)], start=1):
            pixels, truth = draw(number, height, width, coco)
            path = folder / "images" / f"{number}.png"
            Image.fromarray(pixels).save(path, compress_level=1)
            writer.add(number, path.name, truth)
            truths.append(truth)
            paths.append(path)
    photo = folder / "photo.jpg"
    Image.fromarray(draw(9, 300, 400, coco)[0]).save(photo)
    sources = tuple(
        ImageSource(str(path), TruthSource(str(json_path), number)) for number, path in enumerate(paths, start=1)
    )
    return Drawn(json_path, sources, tuple(truths), ImageSource(str(photo)))


@pytest.fixture(scope="session")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that holds the present fault of :mod:`tests.studio.inference.faulty_service`."""
    return tmp_path_factory.mktemp("faults") / "fault"


@pytest.fixture(scope="session")
def _running_service(faults: Path) -> Iterator[Conversation]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("FAULTS", str(faults))
        patched.setenv("PYTHONPATH", str(PROJECT))
        faults.write_text("none")
        with Conversation(test_service("faulty_service")) as conversation:
            conversation.wait_for_service()
            yield conversation


@pytest.fixture
def real(_running_service: Conversation, faults: Path, monkeypatch: pytest.MonkeyPatch) -> Conversation:
    """The real service with a small network: one process, or its successors, for all tests."""
    monkeypatch.setenv("FAULTS", str(faults))
    faults.write_text("none")
    return _running_service
